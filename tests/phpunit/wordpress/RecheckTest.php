<?php
/**
 * Tests of keys that could not be verified when they were saved.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Recheck;

final class RecheckTest extends Test_Case {

	public function test_an_unverified_key_is_checked_after_its_first_use(): void {
		Test_Provider::answer_always( 'outage' );
		$key = Test_Provider::key();
		$this->assertSame( 'unknown', self::save( 'anthropic', $key )['outcome'] );

		$this->assertFalse( $this->planned(), 'before it is used' );

		$before = count( Test_Provider::requests() );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
		$this->assertTrue( $this->planned() );
		$this->assertCount( $before, Test_Provider::requests(), 'the use itself does not wait for a check' );

		Test_Provider::answer_always();
		do_action( Recheck::HOOK, 'anthropic' );
		$this->assertSame( 'valid', byok_key_info( 'anthropic' )['outcome'] );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
	}

	public function test_after_the_first_use_a_provider_that_is_down_is_left_in_peace_for_a_while(): void {
		Test_Provider::answer_always( 'outage' );
		self::save( 'anthropic', Test_Provider::key() );
		byok_get_key( 'anthropic' );
		$this->assertTrue( $this->planned() );

		// The event has run a minute after the save, and found the provider still down.
		wp_unschedule_hook( Recheck::HOOK );
		do_action( Recheck::HOOK, 'anthropic' );
		$minute_ago = array( 'saved_at' => time() - MINUTE_IN_SECONDS );
		self::plant( 'anthropic', $minute_ago + self::row( 'anthropic' ) );
		byok_get_key( 'anthropic' );
		$this->assertFalse( $this->planned(), 'again at once' );

		self::plant( 'anthropic', array( 'saved_at' => time() - DAY_IN_SECONDS, 'checked_at' => time() - HOUR_IN_SECONDS ) + self::row( 'anthropic' ) );
		byok_get_key( 'anthropic' );
		$this->assertTrue( $this->planned(), 'an hour later' );
	}

	public function test_a_key_that_does_not_open_is_not_planned_to_be_checked(): void {
		Test_Provider::answer_always( 'outage' );
		self::save( 'anthropic', Test_Provider::key() );
		self::plant( 'anthropic', array( 'envelope' => 'byok1.damaged' ) + self::row( 'anthropic' ) );
		byok_get_key( 'anthropic' );
		$this->assertFalse( $this->planned() );
	}

	public function test_a_verified_key_is_not_checked_again(): void {
		self::save( 'anthropic', Test_Provider::key() );
		self::plant( 'anthropic', array( 'checked_at' => time() - YEAR_IN_SECONDS ) + self::row( 'anthropic' ) );
		byok_get_key( 'anthropic' );
		$this->assertFalse( $this->planned() );
	}

	/**
	 * Whether a check is planned.
	 */
	private function planned(): bool {
		return false !== wp_next_scheduled( Recheck::HOOK, array( 'anthropic', 'site' ) );
	}
}
