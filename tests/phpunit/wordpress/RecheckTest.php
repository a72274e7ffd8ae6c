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

		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
		$this->assertFalse( $this->planned(), 'not right after the last check' );

		self::plant( 'anthropic', array( 'checked_at' => time() - HOUR_IN_SECONDS ) + get_option( 'byok_key_anthropic' ) );
		$before = count( Test_Provider::requests() );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
		$this->assertTrue( $this->planned() );
		$this->assertCount( $before, Test_Provider::requests(), 'the use itself does not wait for a check' );

		Test_Provider::answer_always();
		do_action( Recheck::HOOK, 'anthropic' );
		$this->assertSame( 'valid', byok_key_info( 'anthropic' )['outcome'] );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
	}

	public function test_a_verified_key_is_not_checked_again(): void {
		self::save( 'anthropic', Test_Provider::key() );
		self::plant( 'anthropic', array( 'checked_at' => time() - YEAR_IN_SECONDS ) + get_option( 'byok_key_anthropic' ) );
		byok_get_key( 'anthropic' );
		$this->assertFalse( $this->planned() );
	}

	/**
	 * Whether a check is planned.
	 */
	private function planned(): bool {
		return false !== wp_next_scheduled( Recheck::HOOK, array( 'anthropic' ) );
	}
}
