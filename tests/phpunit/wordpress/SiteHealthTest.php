<?php
/**
 * Tests of what Tools → Site Health tells and warns of.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Canary;
use Byok\Owner;
use Byok\Site_Health;
use Byok\Site_Health_Tests;
use Byok\Vault;

final class SiteHealthTest extends Test_Case {

	/**
	 * Results of all tests, by name, for code that runs elsewhere.
	 */
	private const ALL = <<<'PHP'
		$results = array();
		foreach ( apply_filters( 'site_status_tests', array( 'direct' => array(), 'async' => array() ) )['direct'] as $name => $test ) {
			if ( str_starts_with( $name, 'byok_' ) ) {
				$results[ $name ] = call_user_func( $test['test'] );
			}
		}
		return $results;
	PHP;

	protected function tearDown(): void {
		foreach ( array( 'auth_key', 'nonce_salt', 'connectors_ai_openai_api_key', Canary::OPTION ) as $name ) {
			delete_option( $name );
			delete_site_option( $name );
		}
		delete_metadata( 'user', 0, 'byok_key_anthropic', '', true );
		parent::tearDown();
	}

	public function test_the_tests_are_direct_ones_of_security_and_whole(): void {
		$results = $this->results();
		$this->assertSame( array( 'byok_key_source', 'byok_key_states', 'byok_salts', 'byok_other_keys', 'byok_key_age', 'byok_relay' ), array_keys( $results ) );
		foreach ( $results as $name => $result ) {
			$this->assertSame( $name, $result['test'] );
			$this->assertSame( 'Security', $result['badge']['label'] );
			$this->assertContains( $result['status'], array( 'good', 'recommended', 'critical' ) );
			$this->assertNotSame( '', $result['label'] );
			$this->assertStringStartsWith( '<p>', $result['description'] );
			$this->assertStringContainsString( 'options-general.php?page=byok', $result['actions'] );
		}
	}

	public function test_other_tests_are_left_as_they_are(): void {
		$tests = array( 'direct' => array( 'other' => array( 'label' => 'x' ) ), 'async' => array( 'more' => array() ) );
		$added = Site_Health_Tests::add( $tests );
		$this->assertSame( $tests['direct']['other'], $added['direct']['other'] );
		$this->assertSame( $tests['async'], $added['async'] );
		$this->assertNull( Site_Health_Tests::add( null ) );
	}

	public function test_wordpress_own_site_health_runs_them(): void {
		require_once ABSPATH . 'wp-admin/includes/class-wp-site-health.php';
		$this->assertArrayHasKey( 'byok_key_source', \WP_Site_Health::get_tests()['direct'] );
	}

	public function test_salts_as_key_source_could_be_better_and_it_is_said_how(): void {
		$result = $this->results()['byok_key_source'];
		$this->assertSame( 'recommended', $result['status'] );
		$this->assertStringContainsString( 'salts of wp-config.php', $result['description'] );
		$this->assertStringContainsString( 'byok.key_file', $result['description'] );
		$this->assertStringContainsString( 'test provider', $result['description'], 'a warning of the source is named' );
	}

	public function test_a_constant_could_be_better_and_the_environment_is_good(): void {
		$secret = byok_generate_key();
		$result = Site::run( self::ALL, array( 'constants' => array( 'BYOK_KEY' => $secret ) ) )['result']['byok_key_source'];
		$this->assertSame( 'recommended', $result['status'] );
		$this->assertStringContainsString( 'constant BYOK_KEY', $result['description'] );

		$run    = Site::run( self::ALL, array( 'variables' => array( 'BYOK_KEY' => $secret ), 'ini' => array( 'byok.test_provider' => '' ) ) );
		$result = $run['result']['byok_key_source'];
		// Where the tests run, memory may not be lockable; that is then the one thing to say.
		$this->assertSame( str_contains( $result['description'], 'swap' ) ? 'recommended' : 'good', $result['status'], $result['description'] );
		$this->assertStringNotContainsString( $secret, $run['output'] );
	}

	/**
	 * @dataProvider unusable_sources
	 *
	 * @param array  $options Options of Site::run().
	 * @param string $word    What is said.
	 */
	public function test_an_unusable_key_source_is_critical_with_its_reason( array $options, string $word ): void {
		$result = Site::run( self::ALL, $options )['result']['byok_key_source'];
		$this->assertSame( 'critical', $result['status'] );
		$this->assertStringContainsString( $word, $result['description'] );
	}

	public function test_a_warning_about_the_key_file_is_named(): void {
		$file = tempnam( sys_get_temp_dir(), 'byok-test-key-file' );
		file_put_contents( $file, byok_generate_key() . "\n" );
		try {
			// Readable by others, as a previous key file: a fault, but none that stops anything.
			chmod( $file, 0644 );
			$result = Site::run( self::ALL, array( 'variables' => array( 'BYOK_KEY' => byok_generate_key() ), 'ini' => array( 'byok.previous_key_files' => $file ) ) )['result']['byok_key_source'];
			$this->assertSame( 'recommended', $result['status'] );
			$this->assertStringContainsString( 'chmod 400', $result['description'] );
			$this->assertStringNotContainsString( $file, print_r( $result, true ) );

			// In force it stops everything.
			$result = Site::run( self::ALL, array( 'ini' => array( 'byok.key_file' => $file ) ) )['result']['byok_key_source'];
			$this->assertSame( 'critical', $result['status'] );
			$this->assertStringContainsString( 'chmod 400', $result['description'] );
		} finally {
			unlink( $file );
		}
	}

	public function unusable_sources(): array {
		return array(
			'no extension' => array( array( 'extension' => false ), 'cargo build' ),
			'no salts'     => array( array( 'salts' => 'missing' ), 'Define AUTH_KEY' ),
			'placeholder'  => array( array( 'salts' => 'placeholder' ), 'placeholder text' ),
			'short key'    => array( array( 'constants' => array( 'BYOK_KEY' => 'short' ) ), 'at least 32 characters' ),
		);
	}

	public function test_locked_and_damaged_keys_are_critical_and_counted(): void {
		$this->assertSame( 'good', $this->results()['byok_key_states']['status'] );
		self::save( 'anthropic', Test_Provider::key() );
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$this->assertSame( 'good', $this->results()['byok_key_states']['status'] );

		$locked = Site::run( self::ALL, array( 'salts' => 'changed' ) )['result']['byok_key_states'];
		$this->assertSame( 'critical', $locked['status'] );
		$this->assertStringContainsString( '2 keys are locked, none is lost', $locked['description'] );

		self::plant( 'openai', 'byok-test-damaged' );
		$damaged = $this->results()['byok_key_states'];
		$this->assertSame( 'critical', $damaged['status'] );
		$this->assertStringContainsString( '1 entry was changed outside byok', $damaged['description'] );
		$this->assertStringNotContainsString( 'locked', $damaged['description'] );
	}

	public function test_salts_in_the_database_are_named_but_not_told(): void {
		$this->assertSame( 'good', $this->results()['byok_salts']['status'] );
		$salt = 'byok-test-' . bin2hex( random_bytes( 20 ) );
		update_site_option( 'nonce_salt', $salt );
		$result = $this->results()['byok_salts'];
		$this->assertSame( 'recommended', $result['status'] );
		$this->assertStringContainsString( 'nonce_salt', $result['description'] );
		$this->assertStringNotContainsString( $salt, print_r( $result, true ) );
	}

	public function test_a_salt_in_the_database_that_keys_are_encrypted_with_is_critical(): void {
		update_option( 'auth_key', AUTH_KEY );
		$result = $this->results()['byok_salts'];
		$this->assertSame( 'critical', $result['status'] );
		$this->assertStringContainsString( 'a copy of the database opens every key', $result['description'] );
		$this->assertStringNotContainsString( esc_html( AUTH_KEY ), print_r( $result, true ) );
	}

	public function test_keys_in_other_settings_are_named_by_their_place(): void {
		$this->assertSame( 'good', $this->results()['byok_other_keys']['status'] );
		$key = Test_Provider::key( 'openai' );
		self::plant_plaintext( 'connectors_ai_openai_api_key', $key );
		$result = $this->results()['byok_other_keys'];
		$this->assertSame( 'recommended', $result['status'] );
		$this->assertStringContainsString( 'connectors_ai_openai_api_key', $result['description'] );
		$this->assertStringNotContainsString( substr( $key, -4 ), print_r( $result, true ), 'not even the hint' );
	}

	public function test_old_keys_are_named(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$this->assertSame( 'good', $this->results()['byok_key_age']['status'] );
		self::plant( 'anthropic', array( 'saved_at' => time() - 366 * DAY_IN_SECONDS ) + self::row( 'anthropic' ) );
		$result = $this->results()['byok_key_age'];
		$this->assertSame( 'recommended', $result['status'] );
		$this->assertStringContainsString( 'The key of Anthropic was saved 366 days ago', $result['description'] );
		add_filter( 'byok_key_age_days', '__return_zero' );
		$this->assertSame( 'good', $this->results()['byok_key_age']['status'] );
	}

	public function test_results_hold_no_markup_of_others(): void {
		// What a table of providers or a row could smuggle in.
		$result = ( new \ReflectionMethod( Site_Health_Tests::class, 'result' ) );
		$result->setAccessible( true );
		$told = $result->invoke( null, 'byok_x', 'good', 'x', array( '<script>alert(1)</script>' ) );
		$this->assertStringNotContainsString( '<script', $told['description'] );
	}

	public function test_the_debug_section_tells_source_counts_and_changes(): void {
		self::save( 'anthropic', Test_Provider::key() );
		Vault::save( 'anthropic', Test_Provider::key(), array(), Owner::user( self::admin() ) );
		$fields = Site_Health::add_debug_information( array() )['byok']['fields'];
		$this->assertSame( 'salts', $fields['source']['value'] );
		$this->assertSame( byok_key_source()['key_id'], $fields['key_id']['value'] );
		$this->assertSame( '0', $fields['previous']['value'] );
		$this->assertSame( byok_key_source()['reveal'] ? 'yes' : 'no', $fields['reveal']['value'] );
		$this->assertContains( $fields['memory']['value'], array( 'yes', 'no' ) );
		$this->assertSame( '1', $fields['keys_ready']['value'] );
		$this->assertSame( '1', $fields['user_keys']['value'] );
		$this->assertSame( 'no change seen', $fields['changed_at']['value'] );
		$this->assertSame( is_multisite(), isset( $fields['network_keys_absent'] ) );

		update_option( Canary::OPTION, array( 'key_id' => 'x', 'envelope' => 'y', 'changed_at' => 86400 ) );
		$this->assertSame( '1970-01-02 00:00:00 UTC', Site_Health::add_debug_information( array() )['byok']['fields']['changed_at']['value'] );
	}

	public function test_paths_are_private_and_not_copied(): void {
		$file = tempnam( sys_get_temp_dir(), 'byok-test-key-file' );
		file_put_contents( $file, byok_generate_key() . "\n" );
		chmod( $file, 0600 );
		try {
			$code = <<<'PHP'
				require_once ABSPATH . 'wp-admin/includes/class-wp-debug-data.php';
				$sections = Byok\Site_Health::add_debug_information( array() );
				return array( $sections['byok']['fields'], WP_Debug_Data::format( $sections, 'debug' ), WP_Debug_Data::format( $sections, 'info' ) );
			PHP;
			$run = Site::run( $code, array( 'ini' => array( 'byok.key_file' => $file ) ) );
			list( $fields, $debug, $info ) = $run['result'];
			$this->assertSame( $file, $fields['key_file']['value'] );
			$this->assertTrue( $fields['key_file']['private'] );
			$this->assertStringNotContainsString( $file, $debug . $info );
			$this->assertStringContainsString( 'key_file', $debug );
			$this->assertStringNotContainsString( trim( file_get_contents( $file ) ), $run['output'] );
		} finally {
			unlink( $file );
		}
	}

	public function test_without_the_extension_the_section_still_counts(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$fields = Site::run( 'return Byok\Site_Health::add_debug_information( array() )["byok"]["fields"];', array( 'extension' => false ) )['result'];
		$this->assertSame( '1', $fields['keys_locked']['value'] );
		$this->assertArrayNotHasKey( 'source', $fields );
		$this->assertSame( '0', $fields['user_keys']['value'] );
	}

	public function test_many_people_cost_one_query(): void {
		global $wpdb;
		// What WordPress caches is cached from here on.
		Site_Health::add_debug_information( array() );
		$before = $wpdb->num_queries;
		Site_Health::add_debug_information( array() );
		$few = $wpdb->num_queries - $before;
		foreach ( range( 1, 30 ) as $user ) {
			$wpdb->insert( $wpdb->usermeta, array( 'user_id' => 100000 + $user, 'meta_key' => 'byok_key_anthropic', 'meta_value' => 'x' ) );
		}
		$before = $wpdb->num_queries;
		$fields = Site_Health::add_debug_information( array() )['byok']['fields'];
		$this->assertSame( '30', $fields['user_keys']['value'] );
		$this->assertSame( $few, $wpdb->num_queries - $before );
	}

	/**
	 * Results of all tests.
	 *
	 * @return array[] By name.
	 */
	private function results(): array {
		return eval( self::ALL );
	}
}
