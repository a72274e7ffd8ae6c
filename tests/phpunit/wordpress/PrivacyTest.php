<?php
/**
 * Tests of the export and the erasure of personal data.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Owner;
use Byok\Privacy;
use Byok\Vault;

final class PrivacyTest extends Test_Case {

	/**
	 * Address of the person.
	 */
	private const EMAIL = 'byok-test-editor@example.org';

	/**
	 * The person.
	 *
	 * @var int
	 */
	private int $user;

	protected function setUp(): void {
		parent::setUp();
		$this->user = self::user( 'editor' );
	}

	protected function tearDown(): void {
		global $wpdb;
		$wpdb->query( "DELETE FROM $wpdb->usermeta WHERE meta_key LIKE 'byok\_key\_%'" );
		wp_cache_flush();
		parent::tearDown();
	}

	public function test_wordpress_knows_exporter_and_eraser(): void {
		$exporter = apply_filters( 'wp_privacy_personal_data_exporters', array() )['byok'];
		$eraser   = apply_filters( 'wp_privacy_personal_data_erasers', array() )['byok'];
		$this->assertSame( 'API keys', $exporter['exporter_friendly_name'] );
		$this->assertSame( 'API keys', $eraser['eraser_friendly_name'] );
		$this->assertTrue( call_user_func( $exporter['callback'], self::EMAIL, 1 )['done'] );
		$this->assertTrue( call_user_func( $eraser['callback'], self::EMAIL, 1 )['done'] );
	}

	public function test_an_export_tells_of_a_person_s_own_keys_but_no_key_hint_or_ciphertext(): void {
		$key = $this->save_own( 'anthropic' );
		self::save( 'openai', Test_Provider::key( 'openai' ) );

		$export = Privacy::export( self::EMAIL );
		$this->assertTrue( $export['done'] );
		$this->assertCount( 1, $export['data'], 'the site’s key is not personal' );
		$data = array_column( $export['data'][0]['data'], 'value', 'name' );
		$this->assertSame( array( 'Provider', 'Owner', 'Saved', 'Last check' ), array_keys( $data ) );
		$this->assertSame( 'Anthropic', $data['Provider'] );
		$this->assertSame( "user:$this->user", $data['Owner'] );
		$this->assertStringStartsWith( gmdate( 'Y-' ), $data['Saved'] );

		$text = print_r( $export, true );
		self::assert_no_key( $key, $text );
		$this->assertStringNotContainsString( substr( $key, -4 ), $text, 'not even the hint' );
		$this->assertStringNotContainsString( 'byok1.', $text );
	}

	public function test_somebody_else_and_nobody_have_nothing_to_export(): void {
		$this->save_own( 'anthropic' );
		foreach ( array( 'nobody@example.org', get_userdata( self::user( 'author' ) )->user_email, '' ) as $email ) {
			$this->assertSame( array( 'data' => array(), 'done' => true ), Privacy::export( $email ) );
			$this->assertSame( array( 'items_removed' => false, 'items_retained' => false, 'messages' => array(), 'done' => true ), Privacy::erase( $email ) );
		}
		$this->assertTrue( byok_has_key( 'anthropic', array( 'owner' => "user:$this->user" ) ) );
	}

	public function test_an_erasure_deletes_a_person_s_own_keys_and_no_other(): void {
		$this->save_own( 'anthropic' );
		$this->save_own( 'openai' );
		Vault::save( 'anthropic', Test_Provider::key(), array(), Owner::user( self::admin() ) );
		self::save( 'anthropic', Test_Provider::key() );
		$deleted = array();
		add_action(
			'byok_key_deleted',
			static function ( $provider ) use ( &$deleted ) {
				$deleted[] = $provider;
			}
		);

		$erased = Privacy::erase( self::EMAIL );
		$this->assertSame( array( 'items_removed' => true, 'items_retained' => false, 'messages' => array(), 'done' => true ), $erased );
		$this->assertEqualsCanonicalizing( array( 'anthropic', 'openai' ), $deleted );
		$this->assertSame( array(), $this->rows() );
		$this->assertTrue( byok_has_key( 'anthropic', array( 'owner' => 'user:' . self::admin() ) ) );
		$this->assertTrue( byok_has_key( 'anthropic', array( 'owner' => 'site' ) ) );
		$this->assertFalse( Privacy::erase( self::EMAIL )['items_removed'], 'the second time there is nothing' );
	}

	public function test_locked_and_damaged_keys_are_exported_and_erased_too(): void {
		$this->save_own( 'anthropic' );
		update_user_meta( $this->user, 'byok_key_openai', 'byok-test-damaged' );
		$this->assertCount( 2, Privacy::export( self::EMAIL )['data'] );
		$erased = Site::run( 'return Byok\Privacy::erase( $email );', array( 'salts' => 'changed', 'given' => array( 'email' => self::EMAIL ) ) )['result'];
		$this->assertTrue( $erased['items_removed'] );
		wp_cache_flush();
		$this->assertSame( array(), $this->rows() );
	}

	public function test_what_could_not_be_deleted_is_told_as_retained(): void {
		$this->save_own( 'anthropic' );
		$this->save_own( 'openai' );
		self::before_query( "DELETE FROM {$GLOBALS['wpdb']->usermeta}", static fn() => 'SELECT 1 FROM byok_test_no_such_table' );
		$log    = ini_set( 'error_log', '/dev/null' );
		$erased = Privacy::erase( self::EMAIL );
		ini_set( 'error_log', (string) $log );

		$this->assertTrue( $erased['items_retained'] );
		$this->assertTrue( $erased['items_removed'], 'the other one is gone' );
		$this->assertTrue( $erased['done'] );
		$this->assertStringContainsString( 'anthropic', $erased['messages'][0] );
		$this->assertSame( array( 'byok_key_anthropic' ), $this->rows() );
	}

	public function test_without_the_extension_keys_are_told_and_retained(): void {
		$this->save_own( 'anthropic' );
		list( $export, $erased ) = Site::run(
			'return array( Byok\Privacy::export( $email ), Byok\Privacy::erase( $email ) );',
			array( 'extension' => false, 'given' => array( 'email' => self::EMAIL ) )
		)['result'];
		$this->assertTrue( $export['done'] );
		$this->assertTrue( $erased['items_retained'] );
		$this->assertStringContainsString( 'not loaded', $erased['messages'][0] );
		$this->assertSame( array( 'byok_key_anthropic' ), $this->rows() );
	}

	public function test_rows_of_a_provider_that_is_gone_are_erased_too(): void {
		update_user_meta( $this->user, 'byok_key_gone', 'x' );
		$erased = Privacy::erase( self::EMAIL );
		$this->assertTrue( $erased['items_removed'] );
		$this->assertSame( array(), $this->rows() );
	}

	public function test_steps_meet_every_row_once(): void {
		$this->save_own( 'anthropic' );
		update_user_meta( $this->user, 'byok_key_gone', 'x' );
		// Nothing can be deleted, so every row is told, in one of the steps.
		add_filter( 'query', static fn( $query ) => str_starts_with( $query, 'DELETE' ) ? 'SELECT 1 FROM byok_test_no_such_table' : $query );
		$log  = ini_set( 'error_log', '/dev/null' );
		$told = array();
		for ( $page = 1; $page <= 50; $page++ ) {
			$erased = Privacy::erase( self::EMAIL, $page );
			$told   = array_merge( $told, $erased['messages'] );
			if ( $erased['done'] ) {
				break;
			}
		}
		ini_set( 'error_log', (string) $log );
		$this->assertCount( 2, $told );
		$this->assertSame( (int) ceil( count( byok_providers() ) / 20 ), $page );
		$this->assertSame( array( 'byok_key_anthropic', 'byok_key_gone' ), $this->rows() );
	}

	public function test_a_paragraph_for_the_privacy_policy_is_suggested(): void {
		require_once ABSPATH . 'wp-admin/includes/class-wp-privacy-policy-content.php';
		$code = <<<'PHP'
			wp_set_current_user( get_user_by( 'login', 'admin' )->ID );
			require_once ABSPATH . 'wp-admin/includes/class-wp-privacy-policy-content.php';
			set_current_screen( 'dashboard' );
			do_action( 'admin_init' );
			return WP_Privacy_Policy_Content::get_suggested_policy_text();
		PHP;
		$texts = Site::run( $code )['result'];
		$ours  = array_values( array_filter( $texts, static fn( $text ) => 'byok' === $text['plugin_name'] ) );
		$this->assertCount( 1, $ours );
		$this->assertStringContainsString( 'encrypted', $ours[0]['policy_text'] );
	}

	/**
	 * Saves a key of the person's own.
	 *
	 * @param string $provider Provider id.
	 * @return string The key.
	 */
	private function save_own( string $provider ): string {
		$key = Test_Provider::key( $provider );
		$this->assertIsArray( Vault::save( $provider, $key, array(), Owner::user( $this->user ) ) );
		return $key;
	}

	/**
	 * Names of the person's rows.
	 *
	 * @return string[]
	 */
	private function rows(): array {
		global $wpdb;
		return $wpdb->get_col( $wpdb->prepare( "SELECT meta_key FROM $wpdb->usermeta WHERE user_id = %d AND meta_key LIKE %s ORDER BY meta_key", $this->user, 'byok\_key\_%' ) );
	}
}
