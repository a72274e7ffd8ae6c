<?php
/**
 * Tests of replacing a key by one that is not proven: the provider is down, limits, or answers anyone.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Vault;

final class PreviousKeyTest extends Test_Case {

	/**
	 * The key that works.
	 *
	 * @var string
	 */
	private string $old;

	/**
	 * The key that could not be verified.
	 *
	 * @var string
	 */
	private string $new;

	protected function setUp(): void {
		parent::setUp();
		$this->old = Test_Provider::key();
		$this->new = Test_Provider::key();
		self::save( 'anthropic', $this->old );
	}

	public function test_the_new_key_is_used_and_the_old_one_is_kept(): void {
		$saved = $this->replace_during_an_outage();
		$this->assertSame( 'unknown', $saved['outcome'] );
		$this->assertStringEndsWith( substr( $this->old, -4 ), $saved['previous_hint'] );
		$this->assertStringEndsWith( 'The key before it is kept until this one is verified.', $saved['message'] );
		$this->assertSame( $this->new, byok_get_key( 'anthropic' ) );
		foreach ( array( $this->old, $this->new ) as $key ) {
			self::assert_no_key( $key, self::raw( 'anthropic' ) . print_r( $saved, true ) );
		}
	}

	public function test_a_new_key_that_is_refused_makes_place_for_the_old_one(): void {
		$this->replace_during_an_outage();
		$heard = null;
		add_action(
			'byok_key_checked',
			static function ( $provider, $info ) use ( &$heard ) {
				$heard = $info;
			},
			10,
			2
		);

		Test_Provider::answer_always( 'invalid' );
		$checked = Vault::check( 'anthropic' );
		$this->assertTrue( $checked['restored'] );
		$this->assertSame( 'Anthropic refused the new key, so the key before it is in use again.', $checked['message'] );
		$this->assertSame( $checked['message'], $heard['message'] );
		$this->assertSame( 'invalid', $checked['checked']['outcome'] );
		$this->assertSame( array( 'ready', 'valid', '' ), array( $checked['state'], $checked['outcome'], $checked['previous_hint'] ) );
		$this->assertSame( $this->old, byok_get_key( 'anthropic' ) );
		$this->assertNull( self::row( 'anthropic' )['previous'] );

		// The old one is refused as well: there is none before it, so it stays.
		$this->assertFalse( Vault::check( 'anthropic' )['restored'] );
		$this->assertSame( $this->old, byok_get_key( 'anthropic' ) );
	}

	/**
	 * @dataProvider unproven
	 *
	 * @param string $provider  Provider.
	 * @param string $behaviour What the provider answers.
	 */
	public function test_a_key_that_is_not_proven_does_not_cost_the_one_before( string $provider, string $behaviour ): void {
		$args = 'openai-compatible' === $provider ? array( 'base_url' => getenv( 'BYOK_TEST_PROVIDER' ) . '/openai-compatible/v1' ) : array();
		$old  = Test_Provider::key( $provider );
		self::save( $provider, $old, $args );
		Test_Provider::answer_always( $behaviour );
		$saved = self::save( $provider, $this->new );
		$this->assertSame( $this->new, byok_get_key( $provider ) );
		$this->assertStringEndsWith( substr( $old, -4 ), $saved['previous_hint'] );
		$this->assertStringNotContainsString( 'The key is right', $saved['message'] );

		Test_Provider::answer_always( 'invalid' );
		$this->assertTrue( Vault::check( $provider )['restored'] );
		$this->assertSame( $old, byok_get_key( $provider ) );
	}

	public function unproven(): array {
		return array(
			'limited'        => array( 'anthropic', 'rate-limited' ),
			'restricted'     => array( 'anthropic', 'restricted' ),
			'answers anyone' => array( 'openai-compatible', 'valid' ),
			'asks anyone for credit' => array( 'openai-compatible', 'no-credit' ),
		);
	}

	/**
	 * @dataProvider proven
	 *
	 * @param string $behaviour What the provider answers.
	 */
	public function test_a_key_that_is_proven_replaces_the_one_before_at_once( string $behaviour ): void {
		$this->replace_during_an_outage();
		Test_Provider::answer_always( $behaviour );
		$this->assertSame( '', self::save( 'anthropic', Test_Provider::key() )['previous_hint'] );
		$this->assertNull( self::row( 'anthropic' )['previous'] );
	}

	public function proven(): array {
		return array(
			'valid'     => array( 'valid' ),
			'no credit' => array( 'no-credit' ),
		);
	}

	public function test_a_key_that_has_long_been_in_use_without_proof_is_the_one_to_keep(): void {
		Test_Provider::answer_always( 'restricted' );
		self::save( 'anthropic', $this->new );
		self::plant( 'anthropic', array( 'saved_at' => time() - 2 * DAY_IN_SECONDS ) + self::row( 'anthropic' ) );
		$saved = self::save( 'anthropic', Test_Provider::key() );
		$this->assertStringEndsWith( substr( $this->new, -4 ), $saved['previous_hint'] );
	}

	public function test_a_key_that_has_long_been_in_use_without_proof_stays_when_it_is_refused(): void {
		Test_Provider::answer_always( 'restricted' );
		self::save( 'anthropic', $this->new );
		self::plant( 'anthropic', array( 'saved_at' => time() - 2 * DAY_IN_SECONDS ) + self::row( 'anthropic' ) );
		Test_Provider::answer_always( 'invalid' );
		$checked = Vault::check( 'anthropic' );
		$this->assertFalse( $checked['restored'] );
		$this->assertStringEndsWith( substr( $this->old, -4 ), $checked['previous_hint'], 'neither is lost' );
		$this->assertSame( $this->new, byok_get_key( 'anthropic' ) );
	}

	public function test_a_limited_key_is_checked_when_it_is_used(): void {
		Test_Provider::answer_always( 'rate-limited' );
		self::save( 'anthropic', $this->new );
		byok_get_key( 'anthropic' );
		$this->assertIsInt( wp_next_scheduled( \Byok\Recheck::HOOK, array( 'anthropic', 'site' ) ) );
	}

	public function test_a_locked_key_is_not_given_up_in_an_outage(): void {
		Test_Provider::answer_always( 'outage' );
		$saved = Site::run( 'return byok_save_key( "anthropic", $key );', array( 'salts' => 'changed', 'given' => array( 'key' => $this->new ) ) )['result'];
		$this->assertStringEndsWith( substr( $this->old, -4 ), $saved['previous_hint'] );
		$this->assertSame( 'ready', $saved['state'] );

		// The old secret returns: what is kept opens, once the new key is refused under its own.
		Test_Provider::answer_always( 'invalid' );
		$code     = 'return array( Byok\Vault::check( "anthropic" )["restored"], byok_get_key( "anthropic" ) === $old );';
		$previous = array( 'AUTH_KEY_PREVIOUS' => AUTH_KEY, 'AUTH_SALT_PREVIOUS' => AUTH_SALT );
		$seen     = Site::run( $code, array( 'salts' => 'changed', 'constants' => $previous, 'given' => array( 'old' => $this->old ) ) )['result'];
		$this->assertSame( array( true, true ), $seen );
	}

	/**
	 * @dataProvider answers
	 *
	 * @param string $behaviour What the provider answers.
	 * @param bool   $kept      Whether the old key is still needed.
	 */
	public function test_the_old_key_is_dropped_as_soon_as_the_new_one_is_proven( string $behaviour, bool $kept ): void {
		$this->replace_during_an_outage();
		Test_Provider::answer_always( $behaviour );
		$checked = Vault::check( 'anthropic' );
		$this->assertFalse( $checked['restored'] );
		$this->assertSame( $kept, '' !== $checked['previous_hint'] );
		$this->assertSame( $kept, null !== self::row( 'anthropic' )['previous'] );
		$this->assertSame( $this->new, byok_get_key( 'anthropic' ) );
	}

	public function answers(): array {
		return array(
			'valid'        => array( 'valid', false ),
			'no credit'    => array( 'no-credit', false ),
			'rate limited' => array( 'rate-limited', true ),
			'restricted'   => array( 'restricted', true ),
			'still down'   => array( 'outage', true ),
		);
	}

	public function test_of_several_tries_during_an_outage_the_key_before_all_is_kept(): void {
		$this->replace_during_an_outage();
		Test_Provider::answer_always( 'outage' );
		self::save( 'anthropic', Test_Provider::key() );
		$this->assertStringEndsWith( substr( $this->old, -4 ), byok_key_info( 'anthropic' )['previous_hint'] );
		$this->assertArrayNotHasKey( 'previous', self::row( 'anthropic' )['previous'], 'no chain of them' );

		Test_Provider::answer_always( 'invalid' );
		$this->assertTrue( Vault::check( 'anthropic' )['restored'] );
		$this->assertSame( $this->old, byok_get_key( 'anthropic' ) );
	}

	public function test_a_key_that_was_checked_during_the_outage_is_kept_too(): void {
		Test_Provider::answer_always( 'outage' );
		$this->assertSame( 'unknown', Vault::check( 'anthropic' )['outcome'] );
		self::save( 'anthropic', $this->new );
		Test_Provider::answer_always( 'invalid' );
		Vault::check( 'anthropic' );
		$this->assertSame( $this->old, byok_get_key( 'anthropic' ) );
	}

	public function test_a_key_that_does_not_open_is_not_kept(): void {
		self::plant( 'anthropic', array( 'envelope' => 'byok1.damaged' ) + self::row( 'anthropic' ) );
		$saved = $this->replace_during_an_outage();
		$this->assertSame( '', $saved['previous_hint'] );
		$this->assertStringNotContainsString( 'kept', $saved['message'] );
	}

	public function test_an_old_key_that_was_edited_is_not_put_back(): void {
		$this->replace_during_an_outage();
		$row = self::row( 'anthropic' );
		$row['previous']['origin'] = 'https://example.org:443';
		self::plant( 'anthropic', $row );

		Test_Provider::answer_always( 'invalid' );
		$this->assertFalse( Vault::check( 'anthropic' )['restored'] );
		$this->assertSame( $this->new, byok_get_key( 'anthropic' ) );
	}

	public function test_deleting_removes_both(): void {
		$this->replace_during_an_outage();
		$this->assertTrue( byok_delete_key( 'anthropic' ) );
		$this->assertNull( self::raw( 'anthropic' ) );
		self::assert_error( 'byok_key_absent', byok_get_key( 'anthropic' ) );
	}

	public function test_the_event_puts_the_old_key_back_by_itself(): void {
		$this->replace_during_an_outage();
		byok_get_key( 'anthropic' );
		Test_Provider::answer_always( 'invalid' );
		do_action( \Byok\Recheck::HOOK, 'anthropic' );
		$this->assertSame( $this->old, byok_get_key( 'anthropic' ) );
	}

	/**
	 * @dataProvider closed_for_now
	 *
	 * @param callable $close What closes the kept key for some time.
	 */
	public function test_a_kept_key_that_is_closed_for_now_is_not_lost_when_the_new_one_is_refused( callable $close ): void {
		$this->replace_during_an_outage();
		$close();
		$kept = self::row( 'anthropic' )['previous'];
		$this->assertStringContainsString( 'is locked, not lost', byok_key_info( 'anthropic' )['message'] );
		$this->assertSame( 'ready', byok_key_info( 'anthropic' )['state'], 'the key in use is not' );

		Test_Provider::answer_always( 'invalid' );
		$checked = Vault::check( 'anthropic' );
		$this->assertFalse( $checked['restored'] );
		$this->assertSame( $this->new, byok_get_key( 'anthropic' ) );
		$this->assertSame( $kept, self::row( 'anthropic' )['previous'] );
	}

	public function closed_for_now(): array {
		$edit = static fn( callable $change ) => static function () use ( $change ) {
			$row             = self::row( 'anthropic' );
			$row['previous'] = $change( $row['previous'] );
			self::plant( 'anthropic', $row );
		};
		return array(
			'under another secret' => array( $edit( static fn( $kept ) => array( 'envelope' => 'byok1.AAAAAAAAAAA.' . explode( '.', $kept['envelope'] )[2] ) + $kept ) ),
			'of a newer version'   => array( $edit( static fn( $kept ) => array( 'envelope' => str_replace( 'byok1.', 'byok2.', $kept['envelope'] ) ) + $kept ) ),
		);
	}

	public function test_a_kept_key_under_a_previous_secret_makes_the_row_stale_until_both_are_encrypted_anew(): void {
		$with = array( 'constants' => array( 'BYOK_KEY' => 'byok-test-secret-of-the-site-0123456789-abcdef' ) );
		$tell = 'return array( byok_key_info( "anthropic" )["state"], byok_key_info( "anthropic" )["message"] );';
		Test_Provider::answer_always( 'outage' );
		Site::run( 'return byok_save_key( "anthropic", $key )["state"];', $with + array( 'given' => array( 'key' => $this->new ) ) );

		// The new key is under the new secret, the kept one under the salts.
		list( $state, $message ) = Site::run( $tell, $with )['result'];
		$this->assertSame( 'stale', $state );
		$this->assertStringNotContainsString( 'This key opens under a previous secret', $message );
		$this->assertStringContainsString( 'The key before it is kept until this one is verified, and opens under a previous secret', $message );

		$this->assertSame( 1, Site::run( 'return Byok\Reencryption::site()["moved"];', $with )['result'] );
		list( $state, $message ) = Site::run( $tell, $with )['result'];
		$this->assertSame( 'ready', $state );
		$this->assertStringEndsWith( 'The key before it is kept until this one is verified.', $message );
	}

	public function test_a_kept_key_whose_secret_is_not_here_is_counted_as_locked(): void {
		Test_Provider::answer_always( 'outage' );
		$code = 'byok_save_key( "anthropic", $key ); $counts = Byok\Reencryption::site(); return array( $counts["moved"], $counts["locked"] );';
		$this->assertSame( array( 0, 1 ), Site::run( $code, array( 'salts' => 'changed', 'given' => array( 'key' => $this->new ) ) )['result'] );
	}

	public function test_a_kept_key_whose_secret_is_entered_opens_again_and_is_counted(): void {
		Test_Provider::answer_always( 'outage' );
		Site::run( 'byok_save_key( "anthropic", $key );', array( 'salts' => 'changed', 'given' => array( 'key' => $this->new ) ) );
		$code = '
			$tell   = static fn() => array_intersect_key( byok_key_info( "anthropic" ), array_flip( array( "state", "previous_state", "previous_reason" ) ) );
			$before = $tell();
			$done   = ( new ReflectionMethod( Byok\Unlock_Form::class, "unlock" ) )->invoke( null, Byok\Key_Screen::site(), $secret, false );
			return array( $before, $done["opened"], $done["locked"], $tell() );';
		$seen = Site::run( $code, array( 'salts' => 'changed', 'given' => array( 'secret' => array( 'auth_key' => AUTH_KEY, 'auth_salt' => AUTH_SALT ) ) ) )['result'];
		$ready = array(
			'state'           => 'ready',
			'previous_state'  => 'ready',
			'previous_reason' => null,
		);
		$this->assertSame( array( array_merge( $ready, array( 'previous_state' => 'locked', 'previous_reason' => 'envelope_unknown_key' ) ), 1, 0, $ready ), $seen );
	}

	public function test_of_no_kept_key_there_is_no_state(): void {
		$info = byok_key_info( 'anthropic' );
		$this->assertSame( array( 'absent', null ), array( $info['previous_state'], $info['previous_reason'] ) );
		$this->assertSame( 'absent', byok_key_info( 'mistral' )['previous_state'] );
	}

	/**
	 * Saves the new key while the provider is down.
	 *
	 * @return array What was told.
	 */
	private function replace_during_an_outage(): array {
		Test_Provider::answer_always( 'outage' );
		$saved = self::save( 'anthropic', $this->new );
		Test_Provider::answer_always();
		return $saved;
	}
}
