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

	public function test_a_stronger_secret_that_is_missing_is_to_be_put_back(): void {
		$secret = array( 'constants' => array( 'BYOK_KEY' => 'byok-test-secret-of-the-site-0123456789-abcdef' ) );
		Site::run( 'return byok_save_key( "anthropic", $key )["state"];', $secret + array( 'given' => array( 'key' => Test_Provider::key() ) ) );
		$look = 'return array( Byok\Canary::lost_source(), Byok\Notices::locked() );';

		$lost = Site::run( $look )['result'];
		$this->assertSame( 'constant', $lost[0] );
		$this->assertStringContainsString( '1 key is locked, not lost.', $lost[1] );
		$this->assertStringContainsString( 'protected by the constant BYOK_KEY, which is not there any more. Put it back', $lost[1] );
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
