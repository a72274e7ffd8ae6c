<?php
/**
 * Tests of how often a member may try a key.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Attempts;
use Byok\Owner;

final class AttemptsTest extends Test_Case {

	/**
	 * Checks an hour.
	 */
	private const AN_HOUR = 20;

	/**
	 * The member.
	 *
	 * @var Owner
	 */
	private Owner $member;

	protected function setUp(): void {
		parent::setUp();
		$this->member = Owner::user( self::user( 'subscriber' ) );
		wp_set_current_user( $this->member->id );
	}

	public function test_a_member_tries_twenty_keys_an_hour_and_is_told_how_long_to_wait(): void {
		$this->assertSame( self::AN_HOUR, $this->allowed( self::AN_HOUR + 5 ) );
		$told = Attempts::count( $this->member );
		self::assert_error( 'byok_too_many_attempts', $told );
		$this->assertSame( 429, $told->get_error_data()['status'] );
		$this->assertGreaterThan( HOUR_IN_SECONDS - 60, $told->get_error_data()['retry_after'] );
		$this->assertLessThanOrEqual( HOUR_IN_SECONDS, $told->get_error_data()['retry_after'] );
	}

	public function test_others_have_their_own_count_and_administrators_none(): void {
		$this->allowed( self::AN_HOUR );
		$other = Owner::user( self::user( 'author' ) );
		wp_set_current_user( $other->id );
		$this->assertNull( Attempts::count( $other ) );
		wp_set_current_user( self::admin() );
		$this->assertNull( Attempts::count( $this->member ) );
		$this->assertNull( Attempts::count( Owner::site() ) );
	}

	public function test_after_an_hour_it_begins_anew_and_old_counts_are_gone(): void {
		global $wpdb;
		$this->allowed( self::AN_HOUR );
		$wpdb->query( "UPDATE {$wpdb->base_prefix}options SET option_value = option_value - 360100 WHERE option_name LIKE 'byok\_attempts\_%'" );
		$wpdb->query( "INSERT INTO {$wpdb->base_prefix}options (option_name, option_value, autoload) VALUES ('byok_attempts_of_somebody', '5', 'off')" );
		$this->assertSame( self::AN_HOUR, $this->allowed( self::AN_HOUR + 1 ) );
		$this->assertSame( '1', (string) $wpdb->get_var( "SELECT COUNT(*) FROM {$wpdb->base_prefix}options WHERE option_name LIKE 'byok\_attempts\_%'" ) );
	}

	/**
	 * @dataProvider steps
	 *
	 * @param int    $before How many were counted before.
	 * @param string $write  What the write begins with that another request comes before.
	 */
	public function test_two_requests_at_once_are_counted_as_two( int $before, string $write ): void {
		$allowed = $this->allowed( $before );
		self::before_query(
			$write,
			function () use ( &$allowed ) {
				$allowed += (int) Site::run( 'wp_set_current_user( $member ); return null === Byok\Attempts::count( Byok\Owner::user( $member ) );', array( 'given' => array( 'member' => $this->member->id ) ) )['result'];
			}
		);
		$allowed += $this->allowed( self::AN_HOUR );
		$this->assertSame( self::AN_HOUR, $allowed );
	}

	public function steps(): array {
		return array(
			'the first' => array( 0, 'INSERT' ),
			'the next'  => array( 1, 'UPDATE' ),
			'the last'  => array( self::AN_HOUR - 1, 'UPDATE' ),
		);
	}

	public function test_what_cannot_be_counted_is_not_allowed(): void {
		add_filter( 'query', static fn( $query ) => str_contains( $query, 'byok_attempts_' ) ? 'SELECT 1 FROM byok_test_no_such_table' : $query );
		$log  = ini_set( 'error_log', '/dev/null' );
		$told = Attempts::count( $this->member );
		ini_set( 'error_log', (string) $log );
		self::assert_error( 'byok_storage_failed', $told );
	}

	/**
	 * Counts as long as it is allowed.
	 *
	 * @param int $tries How often to try.
	 * @return int How many were allowed.
	 */
	private function allowed( int $tries ): int {
		$allowed = 0;
		for ( $try = 0; $try < $tries; $try++ ) {
			$allowed += (int) ( null === Attempts::count( $this->member ) );
		}
		return $allowed;
	}
}
