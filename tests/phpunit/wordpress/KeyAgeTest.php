<?php
/**
 * Tests of the reminder to replace old keys.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Key_Age;

final class KeyAgeTest extends Test_Case {

	/**
	 * @dataProvider ages
	 *
	 * @param mixed    $filtered What the filter says; null for no filter.
	 * @param int|null $days     Days since the key was saved; null when that is not known.
	 * @param bool     $old      Whether the key is old.
	 */
	public function test_a_key_is_old_after_as_many_days_as_the_filter_says( $filtered, ?int $days, bool $old ): void {
		if ( null !== $filtered ) {
			add_filter( 'byok_key_age_days', static fn() => $filtered );
		}
		$info = self::info( $days );
		$this->assertSame( $old, Key_Age::is_old( $info ) );
		$this->assertSame( $old, '' !== Key_Age::sentence( $info ) );
	}

	public function ages(): array {
		return array(
			'a year, by default'    => array( null, 365, false ),
			'more than a year'      => array( null, 366, true ),
			'new'                   => array( null, 0, false ),
			'thirty days'           => array( 30, 30, false ),
			'more than thirty days' => array( 30, 31, true ),
			'as a text'             => array( '30', 31, true ),
			'never'                 => array( 0, 9999, false ),
			'a negative number'     => array( -1, 9999, false ),
			'nonsense'              => array( array(), 366, true ),
			'time not known'        => array( null, null, false ),
		);
	}

	public function test_the_sentence_names_provider_and_days_and_never_the_key(): void {
		$info = self::info( 400 ) + array( 'hint' => 'sk-ant-…Qw4A' );
		$this->assertStringContainsString( 'Anthropic', Key_Age::sentence( $info ) );
		$this->assertStringContainsString( '400 days', Key_Age::sentence( $info ) );
		$this->assertStringNotContainsString( 'Qw4A', Key_Age::sentence( $info ) );
	}

	public function test_no_key_has_no_age_and_the_future_is_new(): void {
		$this->assertNull( Key_Age::days( array( 'state' => 'absent' ) + self::info( 400 ) ) );
		$this->assertFalse( Key_Age::is_old( array( 'state' => 'absent' ) + self::info( 400 ) ) );
		$this->assertSame( 0, Key_Age::days( self::info( -5 ) ) );
		$this->assertFalse( Key_Age::is_old( array() ) );
	}

	public function test_a_saved_key_has_an_age(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$this->assertSame( 0, Key_Age::days( byok_key_info( 'anthropic' ) ) );
		self::plant( 'anthropic', array( 'saved_at' => time() - 400 * DAY_IN_SECONDS ) + self::row( 'anthropic' ) );
		$this->assertSame( 400, Key_Age::days( byok_key_info( 'anthropic' ) ) );
		$this->assertTrue( Key_Age::is_old( byok_key_info( 'anthropic' ) ) );
	}

	/**
	 * What is told of a key.
	 *
	 * @param int|null $days Days since it was saved.
	 */
	private static function info( ?int $days ): array {
		return array(
			'provider' => 'anthropic',
			'name'     => 'Anthropic',
			'state'    => 'ready',
			'saved_at' => null === $days ? null : time() - $days * DAY_IN_SECONDS - 5,
		);
	}
}
