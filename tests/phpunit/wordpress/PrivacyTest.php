<?php
/**
 * Tests of the export and the erasure of personal data.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Budget;
use Byok\Budget_Limits;
use Byok\Caller;
use Byok\Consent;
use Byok\Consent_Store;
use Byok\Owner;
use Byok\Place;
use Byok\Privacy;
use Byok\Usage;
use Byok\Usage_Figures;
use Byok\Usage_Table;
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
		parent::tearDown();
		$wpdb->query( "DELETE FROM $wpdb->usermeta WHERE meta_key LIKE 'byok\_key\_%'" );
		$wpdb->query( 'DELETE FROM ' . Usage_Table::name() );
		wp_cache_flush();
	}

	public function test_wordpress_knows_exporter_and_eraser(): void {
		$exporter = apply_filters( 'wp_privacy_personal_data_exporters', array() )['byok'];
		$eraser   = apply_filters( 'wp_privacy_personal_data_erasers', array() )['byok'];
		$this->assertSame( 'API keys', $exporter['exporter_friendly_name'] );
		$this->assertSame( 'API keys', $eraser['eraser_friendly_name'] );
		$this->assertSame( array( 'data', 'done' ), array_keys( call_user_func( $exporter['callback'], self::EMAIL, 1 ) ) );
		$this->assertSame( array( 'items_removed', 'items_retained', 'messages', 'done' ), array_keys( call_user_func( $eraser['callback'], self::EMAIL, 1 ) ) );
	}

	public function test_an_export_tells_of_a_person_s_own_keys_but_no_key_hint_or_ciphertext(): void {
		$key = $this->save_own( 'anthropic' );
		self::save( 'openai', Test_Provider::key( 'openai' ) );

		$export = self::export();
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
			$this->assertSame( array(), self::export( $email )['data'] );
			$this->assertSame( array( 'items_removed' => false, 'items_retained' => false, 'messages' => array() ), self::erase( $email ) );
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

		$this->assertSame( array( 'items_removed' => true, 'items_retained' => false, 'messages' => array() ), self::erase() );
		$this->assertEqualsCanonicalizing( array( 'anthropic', 'openai' ), $deleted );
		$this->assertSame( array(), $this->rows() );
		$this->assertTrue( byok_has_key( 'anthropic', array( 'owner' => 'user:' . self::admin() ) ) );
		$this->assertTrue( byok_has_key( 'anthropic', array( 'owner' => 'site' ) ) );
		$this->assertFalse( self::erase()['items_removed'], 'the second time there is nothing' );
	}

	public function test_locked_and_damaged_keys_are_exported_and_erased_too(): void {
		$this->save_own( 'anthropic' );
		update_user_meta( $this->user, 'byok_key_openai', 'byok-test-damaged' );
		$this->assertCount( 2, self::export()['data'] );
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
		$erased = self::erase();
		ini_set( 'error_log', (string) $log );

		$this->assertTrue( $erased['items_retained'] );
		$this->assertTrue( $erased['items_removed'], 'the other one is gone' );
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
		$this->assertTrue( self::erase()['items_removed'] );
		$this->assertSame( array(), $this->rows() );
	}

	public function test_usage_and_decisions_are_exported_and_erased_with_the_keys(): void {
		$person = Owner::user( $this->user );
		$place  = new Place( $person, 'anthropic' );
		$this->save_own( 'anthropic' );
		foreach ( array( $place, new Place( Owner::user( self::admin() ), 'anthropic' ), Place::of_site( 'anthropic' ) ) as $at => $whose ) {
			Usage::record( $whose, Caller::parse( 'plugin:byok-test' ), array( 'model' => "model-$at", 'tokens_in' => 7, 'tokens_out' => 8 ), 200 );
		}
		Consent::set_mode( $place, 'ask' );
		Consent::decide( $place, 'plugin:byok-test-friend', 'approve' );
		Budget::set( $place, '*', Budget_Limits::of( array( 'hard_tokens' => 12345 ) ) );

		$items = self::export()['data'];
		$this->assertEqualsCanonicalizing( array( 'byok', 'byok-usage', 'byok-decisions' ), array_column( $items, 'group_id' ) );
		$this->assertSame( $items, array_unique( $items, SORT_REGULAR ) );
		$text = print_r( $items, true );
		foreach ( array( gmdate( 'Y-m-d' ), 'model-0', 'byok-test-friend', '12345' ) as $told ) {
			$this->assertStringContainsString( $told, $text );
		}
		$this->assertStringNotContainsString( 'model-1', $text, 'somebody else’s' );
		$this->assertStringNotContainsString( 'model-2', $text, 'the site’s' );

		$this->assertTrue( self::erase()['items_removed'] );
		$this->assertSame( array(), self::export()['data'] );
		$this->assertSame( '', get_user_meta( $this->user, 'byok_policy', true ) );
		$this->assertCount( 1, Usage_Figures::of_user( self::admin() ) );
		$this->assertCount( 1, Usage_Figures::rows( Owner::site() ) );
	}

	public function test_spare_keys_are_exported_and_erased_too(): void {
		$this->save_own( 'anthropic' );
		$this->assertIsArray( byok_save_key( 'anthropic', Test_Provider::key(), array( 'owner' => "user:$this->user", 'slot' => 'spare' ) ) );
		update_user_meta( $this->user, 'byok_key_gone.spare', 'x' );
		$items = self::export()['data'];
		$this->assertSame( array( 'Anthropic', 'Anthropic (spare)' ), array_map( static fn( $item ) => $item['data'][0]['value'], $items ) );
		$this->assertTrue( self::erase()['items_removed'] );
		$this->assertSame( array(), $this->rows() );
	}

	public function test_many_rows_of_usage_are_exported_in_steps(): void {
		global $wpdb;
		Usage_Table::ensure();
		$values = implode( ',', array_map( fn( $at ) => "('2026-01-01',1,'user:$this->user','openai','default','core','model-$at',1,0,0,0)", range( 1, 401 ) ) );
		$wpdb->query( 'INSERT INTO ' . Usage_Table::name() . " (day, blog, owner, provider, slot, caller, model, requests, errors, tokens_in, tokens_out) VALUES $values" );
		update_user_meta( $this->user, 'byok_key_gone', 'x' );
		$items = self::export()['data'];
		$this->assertCount( 401, array_unique( array_column( $items, 'item_id' ) ) );
		$this->assertCount( 401, $items );
	}

	public function test_decisions_stay_while_a_key_does(): void {
		$this->save_own( 'anthropic' );
		Consent::set_mode( new Place( Owner::user( $this->user ), 'anthropic' ), 'listed' );
		self::before_query( "DELETE FROM {$GLOBALS['wpdb']->usermeta}", static fn() => 'SELECT 1 FROM byok_test_no_such_table' );
		$log = ini_set( 'error_log', '/dev/null' );
		$this->assertTrue( self::erase()['items_retained'] );
		ini_set( 'error_log', (string) $log );
		$this->assertSame( 'listed', Consent_Store::read( Owner::user( $this->user ) )->mode( 'anthropic' ) );
	}

	public function test_usage_that_cannot_be_deleted_is_told_as_retained(): void {
		Usage::record( new Place( Owner::user( $this->user ), 'anthropic' ), Caller::parse( 'core' ), array(), 200 );
		add_filter( 'query', static fn( $query ) => str_starts_with( $query, 'DELETE FROM ' . Usage_Table::name() ) ? 'nonsense' : $query );
		$log    = ini_set( 'error_log', '/dev/null' );
		$erased = self::erase();
		ini_set( 'error_log', (string) $log );
		$this->assertTrue( $erased['items_retained'] );
		$this->assertStringContainsString( 'used for', $erased['messages'][0] );
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
		$this->assertCount( 3, $told, 'two keys, and usage' );
		$this->assertSame( (int) ceil( count( byok_providers() ) / 20 ), $page );
		$this->assertSame( array( 'byok_key_anthropic', 'byok_key_gone' ), $this->rows() );
	}

	public function test_what_was_noted_in_passing_is_erased_too(): void {
		global $wpdb;
		$this->save_own( 'anthropic' );
		$other = Owner::user( self::user( 'author' ) );
		// Who manages the site's keys is not counted.
		wp_set_current_user( 0 );
		foreach ( array( Owner::user( $this->user ), $other ) as $owner ) {
			\Byok\Attempts::count( $owner );
			\Byok\Recheck::plan( new Place( $owner, 'anthropic' ) );
			set_transient( 'byok_put_back_' . str_replace( ':', '_', $owner->word() ) . '_anthropic', 1, HOUR_IN_SECONDS );
			\Byok\Webhook_Table::ensure();
			\Byok\Webhook_Table::add( 'byok-test', 'evt', 'key.connected', $owner->word(), '{}' );
		}
		$noted = static fn( Owner $owner ) => array(
			(int) $wpdb->get_var( $wpdb->prepare( "SELECT COUNT(*) FROM $wpdb->options WHERE option_name = %s", "byok_attempts_$owner->id" ) ),
			str_contains( wp_json_encode( _get_cron_array() ), wp_json_encode( $owner->word() ) ),
			get_transient( "byok_put_back_user_{$owner->id}_anthropic" ),
			(int) $wpdb->get_var( $wpdb->prepare( 'SELECT COUNT(*) FROM %i WHERE owner = %s', \Byok\Webhook_Table::name(), $owner->word() ) ),
		);
		$all   = $noted( $other );
		$this->assertSame( array( 1, true ), array_slice( $all, 0, 2 ) );
		$this->assertSame( $all, $noted( Owner::user( $this->user ) ) );
		self::erase();
		$this->assertSame( array( 0, false, false, 0 ), $noted( Owner::user( $this->user ) ) );
		$this->assertSame( $all, $noted( $other ), 'of others all stays' );
		\Byok\Person_Notes::forget( $other );
		\Byok\Person_Notes::forget_events( $other );
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
		$this->assertStringContainsString( 'Of an address it keeps a fingerprint only', $ours[0]['policy_text'] );
	}

	/**
	 * Exports as WordPress does, until it is done.
	 *
	 * @param string $email Address of the person.
	 */
	private static function export( string $email = self::EMAIL ): array {
		$data = array();
		for ( $page = 1; $page <= 20; $page++ ) {
			$step = Privacy::export( $email, $page );
			$data = array_merge( $data, $step['data'] );
			if ( $step['done'] ) {
				return array( 'data' => $data );
			}
		}
		self::fail( 'it does not end' );
	}

	/**
	 * Erases as WordPress does, until it is done.
	 *
	 * @param string $email Address of the person.
	 */
	private static function erase( string $email = self::EMAIL ): array {
		$all = array( 'items_removed' => false, 'items_retained' => false, 'messages' => array() );
		for ( $page = 1; $page <= 20; $page++ ) {
			$step = Privacy::erase( $email, $page );
			foreach ( array( 'items_removed', 'items_retained' ) as $flag ) {
				$all[ $flag ] = $all[ $flag ] || $step[ $flag ];
			}
			$all['messages'] = array_merge( $all['messages'], $step['messages'] );
			if ( $step['done'] ) {
				return $all;
			}
		}
		self::fail( 'it does not end' );
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
