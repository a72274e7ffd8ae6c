<?php
/**
 * Tests of how a changed secret is noticed and told.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Canary;

final class CanaryTest extends Test_Case {

	/**
	 * What the first request after a change finds, and what it has announced.
	 */
	private const LOOK = <<<'PHP'
		global $byok_test_heard;
		return array(
			'changed_at' => Byok\Canary::changed_at(),
			'heard'      => $byok_test_heard,
			'states'     => array_count_values( array_column( Byok\Vault::all(), 'state' ) ),
			'message'    => byok_key_info( 'anthropic' )['message'],
		);
	PHP;

	/**
	 * A must-use plugin of the test, which listens from the beginning of the request.
	 *
	 * @var string
	 */
	private string $listener = '';

	protected function setUp(): void {
		parent::setUp();
		$this->listener = WPMU_PLUGIN_DIR . '/byok-test-listener.php';
		file_put_contents(
			$this->listener,
			'<?php add_action( "byok_key_locked", function ( $provider, $info ) { $GLOBALS["byok_test_heard"][] = array( $provider, $info["state"] ); }, 10, 2 );'
		);
	}

	protected function tearDown(): void {
		unlink( $this->listener );
		parent::tearDown();
	}

	public function test_the_first_request_after_a_change_tells_and_dates_it(): void {
		self::save( 'anthropic', Test_Provider::key() );
		self::save( 'groq', Test_Provider::key( 'groq' ) );
		$this->assertNull( Canary::changed_at() );

		$before = time();
		$first  = Site::run( self::LOOK, array( 'salts' => 'changed' ) )['result'];
		$this->assertGreaterThanOrEqual( $before, $first['changed_at'] );
		$this->assertLessThanOrEqual( time(), $first['changed_at'] );
		$this->assertEqualsCanonicalizing( array( array( 'anthropic', 'locked' ), array( 'groq', 'locked' ) ), $first['heard'] );
		$this->assertSame( 2, $first['states']['locked'] );
		$this->assertStringContainsString( 'were changed on ' . wp_date( get_option( 'date_format' ), $first['changed_at'] ) . '.', $first['message'] );

		$second = Site::run( self::LOOK, array( 'salts' => 'changed' ) )['result'];
		$this->assertNull( $second['heard'], 'it is told once' );
		$this->assertSame( $first['changed_at'], $second['changed_at'] );
	}

	public function test_the_date_is_gone_when_no_key_is_locked_any_more(): void {
		self::save( 'anthropic', Test_Provider::key() );
		self::save( 'groq', Test_Provider::key( 'groq' ) );
		$code = 'byok_save_key( "anthropic", $key ); $one = Byok\Canary::changed_at(); byok_delete_key( "groq" ); return array( $one, Byok\Canary::changed_at() );';
		$seen = Site::run( $code, array( 'salts' => 'changed', 'given' => array( 'key' => Test_Provider::key() ) ) )['result'];
		$this->assertIsInt( $seen[0], 'one is still locked' );
		$this->assertNull( $seen[1] );
	}

	public function test_the_date_stays_while_keys_of_people_may_be_locked(): void {
		$member = self::user( 'subscriber' );
		self::save( 'anthropic', Test_Provider::key(), array( 'owner' => "user:$member" ) );
		self::save( 'anthropic', Test_Provider::key() );
		$former = array( 'auth_key' => AUTH_KEY, 'auth_salt' => AUTH_SALT );
		$code   = <<<'PHP'
			$seen = array();
			byok_save_key( 'anthropic', $key );
			$seen['no key of the site is locked']   = Byok\Canary::changed_at();
			$seen['that was locked']                = Byok\Reencryption::step( 30.0 )['locked'];
			$seen['a run that has found it locked'] = Byok\Canary::changed_at();
			Byok\Reencryption::site( $former );
			$seen['the keys of the site only']      = Byok\Canary::changed_at();
			$seen['still locked']                   = Byok\Reencryption::step( 30.0, $former )['locked'];
			$seen['none is']                        = Byok\Canary::changed_at();
			return $seen;
		PHP;
		$seen = Site::run( $code, array( 'salts' => 'changed', 'given' => array( 'key' => Test_Provider::key(), 'former' => $former ) ) )['result'];
		$this->assertIsInt( $seen['no key of the site is locked'] );
		$this->assertSame( 1, $seen['that was locked'] );
		$this->assertIsInt( $seen['a run that has found it locked'] );
		$this->assertIsInt( $seen['the keys of the site only'] );
		$this->assertSame( 0, $seen['still locked'] );
		$this->assertNull( $seen['none is'] );
	}

	public function test_a_run_from_before_the_change_does_not_count(): void {
		$member = self::user( 'subscriber' );
		self::save( 'anthropic', Test_Provider::key(), array( 'owner' => "user:$member" ) );
		$this->assertTrue( \Byok\Reencryption::step( 30.0 )['finished'] );
		$status                = \Byok\Reencryption::status();
		$status['started_at'] -= HOUR_IN_SECONDS;
		update_site_option( \Byok\Reencryption::OPTION, $status );

		// The secret was another for a while, and a member has saved a key under it.
		$seen               = get_option( Canary::OPTION );
		$seen['changed_at'] = time() - 5;
		$seen['written_at'] = $seen['changed_at'];
		update_option( Canary::OPTION, $seen );
		Canary::look();
		Canary::settle();
		$this->assertIsInt( Canary::changed_at() );

		$this->assertTrue( \Byok\Reencryption::start()['started_at'] > 0 && \Byok\Reencryption::step( 30.0 )['finished'] );
		$this->assertNull( Canary::changed_at() );
	}

	public function test_a_change_of_the_tenant_is_told_while_keys_of_people_wait_for_it(): void {
		$member = self::user( 'subscriber' );
		self::save( 'anthropic', Test_Provider::key(), array( 'owner' => "user:$member" ) );
		\Byok\Reencryption::step( 30.0 );
		$code = 'byok_save_key( "anthropic", $key ); return array( Byok\Canary::is_refused(), byok_key_info( "anthropic", array( "owner" => $owner ) )["state"] );';
		$with = array( 'ini' => array( 'byok.tenant' => 'another pool' ), 'given' => array( 'key' => Test_Provider::key(), 'owner' => "user:$member" ) );
		$this->assertSame( array( true, 'locked' ), Site::run( $code, $with )['result'] );
	}

	public function test_a_database_that_does_not_answer_does_not_take_the_date_away(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$code = 'add_filter( "query", static fn( $query ) => str_starts_with( $query, "SELECT" ) && str_contains( $query, "byok" ) && str_contains( $query, "key" ) ? "SELECT 1 FROM byok_test_no_such_table" : $query ); ini_set( "error_log", "/dev/null" ); Byok\Canary::settle(); return Byok\Canary::changed_at();';
		$this->assertIsInt( Site::run( $code, array( 'salts' => 'changed' ) )['result'] );
	}

	public function test_a_stronger_secret_that_is_missing_is_to_be_put_back(): void {
		$secret = array( 'constants' => array( 'BYOK_KEY' => 'byok-test-secret-of-the-site-0123456789-abcdef' ) );
		Site::run( 'return byok_save_key( "anthropic", $key )["state"];', $secret + array( 'given' => array( 'key' => Test_Provider::key() ) ) );
		$look = 'return array( Byok\Canary::lost_source(), Byok\Notices::locked() );';

		$lost = Site::run( $look )['result'];
		$this->assertSame( 'constant', $lost[0] );
		$this->assertStringContainsString( '1 key is locked, not lost.', $lost[1] );
		$this->assertStringContainsString( 'protected by the constant BYOK_KEY, which is not there any more. Put it back', $lost[1] );
	}

	public function test_a_secret_that_has_encrypted_nothing_here_is_not_said_to_be_missing(): void {
		self::save( 'anthropic', Test_Provider::key() );
		// A command with another secret in its environment, which only looks.
		Site::run( 'return 1;', array( 'variables' => array( 'BYOK_KEY' => 'byok-root:' . rtrim( strtr( base64_encode( random_bytes( 32 ) ), '+/', '-_' ), '=' ) ) ) );
		wp_cache_flush();
		$seen = get_option( Canary::OPTION );
		$this->assertSame( 'environment', $seen['source'] );
		// A minute later.
		update_option( Canary::OPTION, array( 'changed_at' => time() - 120 ) + $seen );
		$look = 'return array( Byok\Canary::changed_at(), Byok\Canary::lost_source(), byok_key_info( "anthropic" )["state"] );';
		$this->assertSame( array( null, null, 'ready' ), Site::run( $look )['result'], 'the secret of the keys is back' );

		update_option( Canary::OPTION, array( 'changed_at' => time() - 120 ) + $seen );
		$lost = Site::run( $look, array( 'salts' => 'changed' ) )['result'];
		$this->assertSame( array( null, 'locked' ), array( $lost[1], $lost[2] ), 'and salts that were changed meanwhile are all there is to tell' );
		$this->assertIsInt( $lost[0] );
	}

	public function test_a_secret_that_was_changed_for_one_as_strong_is_not_said_to_be_missing(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$look = 'return array( Byok\Canary::lost_source(), Byok\Notices::locked() );';
		foreach ( array( array( 'salts' => 'changed' ), array( 'salts' => 'changed', 'constants' => array( 'BYOK_KEY' => 'byok-test-secret-of-the-site-0123456789-abcdef' ) ) ) as $options ) {
			delete_option( Canary::OPTION );
			Canary::settle();
			$seen = Site::run( $look, $options )['result'];
			$this->assertNull( $seen[0] );
			$this->assertStringNotContainsString( 'Put it back', $seen[1] );
		}
	}

	public function test_two_servers_with_different_secrets_do_not_write_at_every_request(): void {
		self::save( 'anthropic', Test_Provider::key() );
		Site::run( 'return 1;', array( 'salts' => 'changed' ) );
		wp_cache_flush();
		$once = get_option( Canary::OPTION );
		Site::run( 'return 1;' );
		Site::run( 'return 1;', array( 'salts' => 'changed' ) );
		wp_cache_flush();
		$this->assertSame( $once, get_option( Canary::OPTION ) );
	}

	public function test_a_canary_that_someone_else_has_written_is_no_error(): void {
		self::save( 'anthropic', Test_Provider::key() );
		foreach ( array( 'text', array(), array( 'key_id' => 5, 'envelope' => '' ), array( 'key_id' => 'x', 'envelope' => 'byok1.x', 'changed_at' => 'today' ), array( 'key_id' => 'x', 'envelope' => 'byok1.x', 'source' => 5 ) ) as $planted ) {
			update_option( Canary::OPTION, $planted );
			Canary::look();
			$this->assertNull( Canary::changed_at() );
			$this->assertFalse( Canary::is_refused() );
			$this->assertTrue( byok_has_key( 'anthropic' ) );
		}
	}

	public function test_a_site_without_keys_has_no_canary(): void {
		Canary::look();
		$this->assertFalse( get_option( Canary::OPTION ) );
		byok_save_key( 'anthropic', Test_Provider::key( 'anthropic', 'invalid' ) );
		$this->assertFalse( get_option( Canary::OPTION ) );
	}

	public function test_a_bad_secret_is_no_change(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$this->assertNull( Site::run( self::LOOK, array( 'salts' => 'placeholder' ) )['result']['changed_at'] );
	}
}
