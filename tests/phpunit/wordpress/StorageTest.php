<?php
/**
 * Tests of how rows are written: by several people at once, and into databases that fail.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Key_Store;
use Byok\Vault;

final class StorageTest extends Test_Case {

	public function test_two_who_save_two_providers_both_keep_theirs(): void {
		$theirs = Test_Provider::key( 'openai' );
		$ours   = Test_Provider::key();
		self::before_query( 'INSERT IGNORE', static fn() => self::save_elsewhere( 'openai', $theirs ) );

		self::save( 'anthropic', $ours );
		wp_cache_flush();
		$this->assertSame( $ours, byok_get_key( 'anthropic' ) );
		$this->assertSame( $theirs, byok_get_key( 'openai' ) );
	}

	public function test_of_two_who_save_the_same_first_key_the_loser_is_told(): void {
		$theirs = Test_Provider::key();
		self::before_query( 'INSERT IGNORE', static fn() => self::save_elsewhere( 'anthropic', $theirs ) );

		$result = byok_save_key( 'anthropic', Test_Provider::key() );
		self::assert_error( 'byok_conflict', $result );
		$this->assertSame( 409, $result->get_error_data()['status'] );
		$this->assertSame( $theirs, byok_get_key( 'anthropic' ), 'without flushing any cache' );
	}

	public function test_of_two_who_replace_the_same_key_the_loser_is_told(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$theirs = Test_Provider::key();
		self::before_query( 'UPDATE', static fn() => self::save_elsewhere( 'anthropic', $theirs ) );

		self::assert_error( 'byok_conflict', byok_save_key( 'anthropic', Test_Provider::key() ) );
		$this->assertSame( $theirs, byok_get_key( 'anthropic' ), 'without flushing any cache' );
	}

	public function test_a_check_does_not_overwrite_a_key_that_was_saved_meanwhile(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$theirs = Test_Provider::key();
		// Makes the row of the check differ from the stored one even within the same second.
		Test_Provider::answer_always( 'rate-limited' );
		self::before_query( 'UPDATE', static fn() => self::save_elsewhere( 'anthropic', $theirs ) );

		self::assert_error( 'byok_conflict', Vault::check( 'anthropic' ) );
		$this->assertSame( $theirs, byok_get_key( 'anthropic' ) );
	}

	public function test_a_deletion_does_not_take_a_key_that_was_saved_meanwhile(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$theirs = Test_Provider::key();
		self::before_query( 'DELETE', static fn() => self::save_elsewhere( 'anthropic', $theirs ) );

		self::assert_error( 'byok_conflict', byok_delete_key( 'anthropic' ) );
		$this->assertSame( $theirs, byok_get_key( 'anthropic' ) );
	}

	public function test_a_key_saved_right_after_ours_is_not_taken_back(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$theirs  = Test_Provider::key();
		$written = false;
		add_filter(
			'query',
			static function ( $query ) use ( &$written, $theirs ) {
				if ( str_starts_with( $query, 'UPDATE' ) && null === $written ) {
					return $query;
				}
				if ( $written && str_starts_with( $query, 'SELECT option_value' ) ) {
					// Between our write and our look at it.
					$written = null;
					self::save_elsewhere( 'anthropic', $theirs );
				} elseif ( str_starts_with( $query, 'UPDATE' ) ) {
					$written = true;
				}
				return $query;
			}
		);
		self::assert_error( 'byok_conflict', byok_save_key( 'anthropic', Test_Provider::key() ) );
		$this->assertNull( $written, 'the other save took place' );
		$this->assertSame( $theirs, byok_get_key( 'anthropic' ) );
	}

	public function test_envelopes_that_differ_only_in_case_or_spaces_are_different(): void {
		$this->assertTrue( Key_Store::replace( 'anthropic', null, 'byok-test-AbC', '__return_false' ) );
		foreach ( array( 'byok-test-abc', 'byok-test-AbC ', 'byok-test-ÁbC' ) as $seen ) {
			self::assert_error( 'byok_conflict', Key_Store::replace( 'anthropic', $seen, 'byok-test-new', '__return_false' ) );
			self::assert_error( 'byok_conflict', Key_Store::remove( 'anthropic', $seen ) );
			$this->assertSame( 'byok-test-AbC', self::raw( 'anthropic' ) );
		}
		$this->assertTrue( Key_Store::replace( 'anthropic', 'byok-test-AbC', 'byok-test-new', '__return_false' ) );
		$this->assertSame( 'byok-test-new', self::raw( 'anthropic' ) );
	}

	public function test_storing_what_is_stored_already_is_no_error(): void {
		$this->assertTrue( Key_Store::replace( 'anthropic', null, 'byok-test', '__return_false' ) );
		$this->assertTrue( Key_Store::replace( 'anthropic', 'byok-test', 'byok-test', '__return_false' ) );
		$this->assertSame( 'byok-test', self::raw( 'anthropic' ) );
	}

	public function test_checking_twice_in_a_second_is_no_error(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$this->assertIsArray( Vault::check( 'anthropic' ) );
		$this->assertIsArray( Vault::check( 'anthropic' ) );
	}

	/**
	 * @dataProvider failing_queries
	 *
	 * @param bool   $replacing Whether there is a key already.
	 * @param string $beginning Which query fails.
	 */
	public function test_a_failing_database_keeps_the_old_key_and_is_told( bool $replacing, string $beginning ): void {
		$old = Test_Provider::key();
		if ( $replacing ) {
			self::save( 'anthropic', $old );
		}
		$raw = self::raw( 'anthropic' );

		$new    = Test_Provider::key();
		$result = self::with_failing_query( $beginning, static fn() => byok_save_key( 'anthropic', $new ) );
		self::assert_error( 'byok_storage_failed', $result, $new );
		$this->assertSame( 500, $result->get_error_data()['status'] );
		$this->assertSame( $raw, self::raw( 'anthropic' ) );
		if ( $replacing ) {
			$this->assertSame( $old, byok_get_key( 'anthropic' ) );
		} else {
			$this->assertSame( 'absent', byok_key_info( 'anthropic' )['state'] );
		}
	}

	public function failing_queries(): array {
		return array(
			'replace'            => array( true, 'UPDATE' ),
			'first key'          => array( false, 'INSERT IGNORE' ),
			'reading the old'    => array( true, 'SELECT option_value' ),
			'reading for a first' => array( false, 'SELECT option_value' ),
		);
	}

	public function test_a_failing_database_is_not_taken_for_an_absent_key(): void {
		self::save( 'anthropic', Test_Provider::key() );
		wp_cache_flush();
		wp_load_alloptions();
		$failing = static fn( callable $what ) => self::with_failing_query( 'SELECT', $what );

		self::assert_error( 'byok_storage_failed', $failing( static fn() => byok_get_key( 'anthropic' ) ) );
		wp_cache_flush();
		wp_load_alloptions();
		self::assert_error( 'byok_storage_failed', $failing( static fn() => byok_key_info( 'anthropic' ) ) );
	}

	public function test_a_failing_deletion_is_told(): void {
		$key = Test_Provider::key();
		self::save( 'anthropic', $key );
		self::assert_error( 'byok_storage_failed', self::with_failing_query( 'DELETE', static fn() => byok_delete_key( 'anthropic' ) ) );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
	}

	public function test_a_failing_query_prints_nothing(): void {
		global $wpdb;
		$wpdb->show_errors();
		ob_start();
		self::with_failing_query( 'INSERT IGNORE', static fn() => byok_save_key( 'anthropic', Test_Provider::key() ) );
		$this->assertSame( '', ob_get_clean() );
		$this->assertTrue( $wpdb->show_errors );
		$wpdb->hide_errors();
	}

	/**
	 * @dataProvider mangling
	 *
	 * @param callable $mangle What the database makes of a value.
	 */
	public function test_a_database_that_keeps_something_else_gets_the_old_row_back( callable $mangle ): void {
		$old = Test_Provider::key();
		self::save( 'anthropic', $old );
		$raw = self::raw( 'anthropic' );
		self::before_query( 'UPDATE', $mangle );

		self::assert_error( 'byok_storage_failed', byok_save_key( 'anthropic', Test_Provider::key() ) );
		$this->assertSame( $raw, self::raw( 'anthropic' ) );
		$this->assertSame( $old, byok_get_key( 'anthropic' ) );
	}

	/**
	 * @dataProvider mangling
	 *
	 * @param callable $mangle What the database makes of a value.
	 */
	public function test_a_database_that_keeps_something_else_of_a_first_key_gets_no_row( callable $mangle ): void {
		self::before_query( 'INSERT IGNORE', $mangle );
		self::assert_error( 'byok_storage_failed', byok_save_key( 'anthropic', Test_Provider::key() ) );
		$this->assertNull( self::raw( 'anthropic' ) );
	}

	public function mangling(): array {
		return array(
			'other envelope' => array( static fn( $query ) => str_replace( 'byok1.', 'BYOK1.', $query ) ),
			'other field'    => array( static fn( $query ) => str_replace( 'outcome', 'OUTCOME', $query ) ),
			'other time'     => array( static fn( $query ) => preg_replace( '/(saved_at\W+i:)1/', '${1}2', $query ) ),
			'no row at all'  => array( static fn( $query ) => preg_replace( '/a:9:\{/', 'a:8:{', $query ) ),
		);
	}

	public function test_a_row_that_was_autoloaded_once_is_not_read_from_that_cache(): void {
		update_option( 'byok_key_anthropic', 'byok-test-old', true );
		wp_load_alloptions( true );

		$key = Test_Provider::key();
		self::save( 'anthropic', $key );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
		$this->assertArrayNotHasKey( 'byok_key_anthropic', wp_load_alloptions() );
		$this->assertArrayNotHasKey( 'byok_key_anthropic', wp_load_alloptions( true ) );
	}

	public function test_a_row_that_was_missing_once_is_found(): void {
		$this->assertFalse( byok_has_key( 'anthropic' ) );
		$this->assertArrayHasKey( 'byok_key_anthropic', (array) wp_cache_get( 'notoptions', 'options' ) );
		self::save( 'anthropic', Test_Provider::key() );
		$this->assertTrue( byok_has_key( 'anthropic' ) );
		$this->assertIsArray( get_option( 'byok_key_anthropic' ) );
	}

	public function test_caches_hold_ciphertext_only(): void {
		global $wp_object_cache, $wpdb;
		$key = Test_Provider::key();
		self::save( 'anthropic', $key );
		byok_get_key( 'anthropic' );
		byok_key_info( 'anthropic' );
		Vault::check( 'anthropic' );
		self::assert_no_key( $key, print_r( $wp_object_cache, true ) . serialize( $wp_object_cache ), 'the object cache' );
		self::assert_no_key( $key, print_r( $wpdb->queries ?? array(), true ) . $wpdb->last_query, 'the list of queries' );
	}

	public function test_no_table_of_the_database_holds_the_key(): void {
		global $wpdb;
		$key = Test_Provider::key();
		self::save( 'anthropic', $key );
		byok_get_key( 'anthropic' );
		Vault::check( 'anthropic' );
		byok_save_key( 'anthropic', Test_Provider::key( 'anthropic', 'invalid' ) );

		$rows = 0;
		foreach ( $wpdb->tables( 'all' ) as $table ) {
			foreach ( (array) $wpdb->get_results( "SELECT * FROM $table", ARRAY_A ) as $row ) {
				++$rows;
				self::assertSame( array(), Leaks::find( $key, implode( "\n", array_map( 'strval', $row ) ) ), $table );
			}
		}
		$this->assertGreaterThan( 50, $rows );
	}

	public function test_update_option_hooks_do_not_fire(): void {
		$fired = array();
		add_action(
			'all',
			static function ( $hook ) use ( &$fired ) {
				if ( preg_match( '/^(pre_)?(add|update|delete)_option/', $hook ) ) {
					$fired[] = $hook;
				}
			}
		);
		self::save( 'anthropic', Test_Provider::key() );
		self::save( 'anthropic', Test_Provider::key() );
		byok_delete_key( 'anthropic' );
		$this->assertSame( array(), $fired );
	}

	/**
	 * Saves a key in another process.
	 *
	 * @param string $provider Provider id.
	 * @param string $key      Key.
	 */
	private static function save_elsewhere( string $provider, string $key ): void {
		$saved = Site::run(
			'return byok_save_key( $provider, $key )["saved"];',
			array( 'given' => array( 'provider' => $provider, 'key' => $key ) )
		);
		self::assertTrue( $saved['result'] );
	}

	/**
	 * Runs something while certain queries on our rows fail.
	 *
	 * @param string   $beginning Beginning of these queries.
	 * @param callable $what      What to run.
	 * @return mixed What it returns.
	 */
	private static function with_failing_query( string $beginning, callable $what ) {
		$fail = static fn( $query ) => str_starts_with( $query, $beginning ) && str_contains( $query, 'byok_key_' )
			? 'SELECT 1 FROM byok_test_no_such_table'
			: $query;
		add_filter( 'query', $fail );
		$log = ini_set( 'error_log', '/dev/null' );
		try {
			return $what();
		} finally {
			ini_set( 'error_log', (string) $log );
			remove_filter( 'query', $fail );
		}
	}
}
