<?php
/**
 * Tests of how rows are written: by several people at once, and into databases that fail.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Key_Store;
use Byok\Place;
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

	public function test_a_check_meanwhile_does_not_make_a_save_fail(): void {
		self::save( 'anthropic', Test_Provider::key( 'anthropic', 'rate-limited' ) );
		$new = Test_Provider::key();
		self::before_query( 'UPDATE', static fn() => self::check_elsewhere( 'anthropic' ) );

		$this->assertTrue( self::save( 'anthropic', $new )['saved'] );
		$this->assertSame( $new, byok_get_key( 'anthropic' ) );
	}

	public function test_a_check_meanwhile_does_not_make_a_deletion_or_another_check_fail(): void {
		self::save( 'anthropic', Test_Provider::key( 'anthropic', 'rate-limited' ) );
		self::before_query( 'UPDATE', static fn() => self::check_elsewhere( 'anthropic' ) );
		Test_Provider::answer_always( 'restricted' );
		$this->assertSame( 'restricted', Vault::check( 'anthropic' )['outcome'] );

		Test_Provider::answer_always();
		self::before_query( 'DELETE', static fn() => self::check_elsewhere( 'anthropic' ) );
		$this->assertTrue( byok_delete_key( 'anthropic' ) );
		$this->assertNull( self::raw( 'anthropic' ) );
	}

	public function test_checks_that_never_end_do_not_keep_a_save_trying_for_ever(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$tries = 0;
		add_filter(
			'query',
			static function ( $query ) use ( &$tries ) {
				if ( str_starts_with( $query, 'UPDATE' ) && str_contains( $query, 'byok_key_' ) && ! str_contains( $query, 'byok-test-meanwhile' ) ) {
					// Another time of the same length: 1…, then 2…, then 3….
					++$tries;
					$GLOBALS['wpdb']->query( sprintf( "UPDATE {$GLOBALS['wpdb']->options} SET option_value = REPLACE( option_value, '\"checked_at\":%d', '\"checked_at\":%d' ) WHERE option_name = 'byok_key_anthropic' AND 'byok-test-meanwhile' <> ''", $tries, $tries + 1 ) );
				}
				return $query;
			}
		);
		self::assert_error( 'byok_conflict', byok_save_key( 'anthropic', Test_Provider::key() ) );
		$this->assertSame( 4, $tries );
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

	/**
	 * @dataProvider rows_of_another_server
	 *
	 * @param callable $theirs Makes such a row of one of ours.
	 */
	public function test_a_row_that_does_not_open_here_and_came_right_after_ours_is_not_taken_back( callable $theirs ): void {
		self::save( 'anthropic', Test_Provider::key() );
		$raw     = serialize( array( wp_json_encode( $theirs( self::row( 'anthropic' ) ) ) ) );
		$written = false;
		add_filter(
			'query',
			static function ( $query ) use ( &$written, $raw ) {
				if ( true === $written && str_starts_with( $query, 'SELECT option_value' ) ) {
					$written = 'and looked at';
					$GLOBALS['wpdb']->query( $GLOBALS['wpdb']->prepare( "/* theirs */ UPDATE {$GLOBALS['wpdb']->options} SET option_value = %s WHERE option_name = 'byok_key_anthropic'", $raw ) );
				} elseif ( false === $written && str_starts_with( $query, 'UPDATE' ) ) {
					$written = true;
				}
				return $query;
			}
		);
		self::assert_error( 'byok_conflict', byok_save_key( 'anthropic', Test_Provider::key() ) );
		$this->assertSame( 'and looked at', $written );
		$this->assertSame( $raw, self::raw( 'anthropic' ) );
	}

	public function rows_of_another_server(): array {
		return array(
			'of a newer version'   => array( static fn( $row ) => array( 'version' => 2 ) + $row ),
			'under another secret' => array( static fn( $row ) => array( 'envelope' => 'byok1.AAAAAAAAAAA.' . explode( '.', $row['envelope'] )[2] ) + $row ),
		);
	}

	public function test_a_key_that_is_not_proven_does_not_replace_a_row_of_a_newer_version(): void {
		self::save( 'anthropic', Test_Provider::key() );
		self::plant( 'anthropic', array( 'version' => 2 ) + self::row( 'anthropic' ) );
		$raw = self::raw( 'anthropic' );
		Test_Provider::answer_always( 'outage' );
		self::assert_error( 'byok_envelope_unsupported_version', byok_save_key( 'anthropic', Test_Provider::key() ) );
		$this->assertSame( $raw, self::raw( 'anthropic' ) );
	}

	/**
	 * @dataProvider read_backs
	 *
	 * @param string   $write What the write begins with.
	 * @param callable $act   Does what is to be read back.
	 * @param callable $then  Happens between the write and the look at it; answers the query to run, or null.
	 * @param bool     $done  Whether it is done afterwards.
	 */
	public function test_what_happens_between_a_write_and_the_look_at_it_is_told_right( string $write, callable $act, callable $then, bool $done ): void {
		self::save( 'anthropic', Test_Provider::key( 'anthropic', 'rate-limited' ) );
		$new     = Test_Provider::key();
		$written = false;
		add_filter(
			'query',
			static function ( $query ) use ( &$written, $write, $then ) {
				if ( true === $written && str_starts_with( $query, 'SELECT option_value' ) ) {
					$written = 'and looked at';
					return $then() ?? $query;
				}
				if ( false === $written && str_starts_with( $query, $write ) ) {
					$written = true;
				}
				return $query;
			}
		);
		$log    = ini_set( 'error_log', '/dev/null' );
		$result = $act( $new );
		ini_set( 'error_log', (string) $log );
		$this->assertSame( 'and looked at', $written );
		$this->assertSame( $done, ! is_wp_error( $result ) );
		$key = byok_get_key( 'anthropic' );
		if ( 'UPDATE' === $write ) {
			$this->assertSame( $new, $key );
		} else {
			self::assert_error( 'byok_key_absent', $key );
		}
	}

	public function read_backs(): array {
		$save   = static fn( $new ) => byok_save_key( 'anthropic', $new );
		$delete = static fn() => byok_delete_key( 'anthropic' );
		$fail   = static fn() => 'SELECT 1 FROM byok_test_no_such_table';
		$check  = static function () {
			self::check_elsewhere( 'anthropic' );
		};
		return array(
			'a check renews what is told of the new key' => array( 'UPDATE', $save, $check, true ),
			'the first look fails'                       => array( 'UPDATE', $save, $fail, true ),
			'the look after a deletion fails'            => array( 'DELETE', $delete, $fail, true ),
		);
	}

	/**
	 * The answer to a write is lost with the connection, and wpdb says "failed".
	 *
	 * @dataProvider lost_answers
	 *
	 * @param bool     $replacing Whether there is a key already.
	 * @param string   $write     What the write begins with.
	 * @param callable $act       Does it.
	 * @param callable $meanwhile Happens right after; gets the query. Null of it: the write took place.
	 * @param mixed    $told      Code of the error; null for success.
	 */
	public function test_a_write_that_is_said_to_have_failed_is_looked_at( bool $replacing, string $write, callable $act, callable $meanwhile, ?string $told ): void {
		$old = $replacing ? Test_Provider::key() : null;
		if ( $replacing ) {
			self::save( 'anthropic', $old );
		}
		$new     = Test_Provider::key();
		$written = false;
		$down    = false;
		add_filter(
			'query',
			static function ( $query ) use ( &$written, &$down, $write, $meanwhile ) {
				$ours = str_contains( $query, 'byok_key_' ) && ! str_starts_with( $query, '/*' );
				if ( $ours && ! $written && str_starts_with( $query, $write ) ) {
					$written = true;
					$down    = 'down' === $meanwhile( $query );
					return 'SELECT 1 FROM byok_test_no_such_table';
				}
				return $ours && $down ? 'SELECT 1 FROM byok_test_no_such_table' : $query;
			}
		);
		$log    = ini_set( 'error_log', '/dev/null' );
		$result = $act( $new );
		$down   = false;
		ini_set( 'error_log', (string) $log );
		$this->assertTrue( $written );
		if ( null === $told ) {
			$this->assertNotInstanceOf( \WP_Error::class, $result );
			$found = byok_get_key( 'anthropic' );
			'DELETE' === $write ? self::assert_error( 'byok_key_absent', $found ) : $this->assertSame( $new, $found );
			return;
		}
		self::assert_error( $told, $result, $new );
		if ( 'byok_storage_failed' === $told ) {
			$this->assertSame( $old, byok_get_key( 'anthropic' ) );
		}
	}

	public function lost_answers(): array {
		$save   = static fn( $new ) => byok_save_key( 'anthropic', $new );
		$delete = static fn() => byok_delete_key( 'anthropic' );
		$done   = static function ( $query ) {
			$GLOBALS['wpdb']->query( "/* done */ $query" );
		};
		$failed = static fn() => null;
		$down   = static fn() => 'down';
		$else   = static function () {
			self::save_elsewhere( 'anthropic', Test_Provider::key() );
		};
		$check  = static function ( $query ) {
			$GLOBALS['wpdb']->query( "/* done */ $query" );
			self::check_elsewhere( 'anthropic' );
		};
		return array(
			'replace, done'            => array( true, 'UPDATE', $save, $done, null ),
			'replace, done, checked'   => array( true, 'UPDATE', $save, $check, null ),
			'replace, not done'        => array( true, 'UPDATE', $save, $failed, 'byok_storage_failed' ),
			'replace, no more answers' => array( true, 'UPDATE', $save, $down, 'byok_storage_unsure' ),
			'replace, by another one'  => array( true, 'UPDATE', $save, $else, 'byok_conflict' ),
			'first, done'              => array( false, 'INSERT IGNORE', $save, $done, null ),
			'first, no more answers'   => array( false, 'INSERT IGNORE', $save, $down, 'byok_storage_unsure' ),
			'first, by another one'    => array( false, 'INSERT IGNORE', $save, $else, 'byok_conflict' ),
			'delete, done'             => array( true, 'DELETE', $delete, $done, null ),
			'delete, not done'         => array( true, 'DELETE', $delete, $failed, 'byok_storage_failed' ),
			'delete, no more answers'  => array( true, 'DELETE', $delete, $down, 'byok_storage_unsure' ),
			'delete, by another one'   => array( true, 'DELETE', $delete, $else, 'byok_conflict' ),
		);
	}

	public function test_envelopes_that_differ_only_in_case_or_spaces_are_different(): void {
		$this->assertTrue( Key_Store::replace( Place::of_site( 'anthropic' ), null, 'byok-test-AbC', '__return_false' ) );
		foreach ( array( 'byok-test-abc', 'byok-test-AbC ', 'byok-test-ÁbC' ) as $seen ) {
			self::assert_error( 'byok_conflict', Key_Store::replace( Place::of_site( 'anthropic' ), $seen, 'byok-test-new', '__return_false' ) );
			self::assert_error( 'byok_conflict', Key_Store::remove( Place::of_site( 'anthropic' ), $seen ) );
			$this->assertSame( 'byok-test-AbC', self::raw( 'anthropic' ) );
		}
		$this->assertTrue( Key_Store::replace( Place::of_site( 'anthropic' ), 'byok-test-AbC', 'byok-test-new', '__return_false' ) );
		$this->assertSame( 'byok-test-new', self::raw( 'anthropic' ) );
	}

	public function test_storing_what_is_stored_already_is_no_error(): void {
		$this->assertTrue( Key_Store::replace( Place::of_site( 'anthropic' ), null, 'byok-test', '__return_false' ) );
		$this->assertTrue( Key_Store::replace( Place::of_site( 'anthropic' ), 'byok-test', 'byok-test', '__return_false' ) );
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
			'other case'     => array( static fn( $query ) => preg_replace_callback( '/(byok1\.)([\w-]{11}\.[\w-]+)/', static fn( $found ) => $found[1] . strtolower( $found[2] ), $query, 1 ) ),
			'other field'    => array( static fn( $query ) => str_replace( 'outcome', 'OUTCOME', $query ) ),
			'other time'     => array( static fn( $query ) => preg_replace( '/(saved_at\W+)1/', '${1}2', $query ) ),
			'no row at all'  => array( static fn( $query ) => str_replace( 'version', 'VERSION', $query ) ),
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
		$this->assertFalse( get_option( 'byok_key_anthropic' ) );
		$this->assertArrayHasKey( 'byok_key_anthropic', (array) wp_cache_get( 'notoptions', 'options' ) );
		self::save( 'anthropic', Test_Provider::key() );
		$this->assertTrue( byok_has_key( 'anthropic' ) );
		$this->assertIsArray( get_option( 'byok_key_anthropic' ) );
	}

	public function test_a_stale_cache_serves_neither_a_replaced_nor_a_deleted_key(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$stale = self::raw( 'anthropic' );
		$new   = Test_Provider::key();
		self::save( 'anthropic', $new );

		// What another web server's cache may still hold.
		wp_cache_set( 'byok_key_anthropic', $stale, 'options' );
		$this->assertSame( unserialize( $stale ), get_option( 'byok_key_anthropic' ) );
		$this->assertSame( $new, byok_get_key( 'anthropic' ) );
		$this->assertSame( self::row( 'anthropic' )['hint'], byok_key_info( 'anthropic' )['hint'] );

		byok_delete_key( 'anthropic' );
		wp_cache_set( 'byok_key_anthropic', $stale, 'options' );
		self::assert_error( 'byok_key_absent', byok_get_key( 'anthropic' ) );
		$this->assertFalse( byok_has_key( 'anthropic' ) );
		$this->assertSame( 'absent', \Byok\Vault::all()['anthropic']['state'] );
	}

	public function test_a_cache_that_knows_of_no_row_hides_none(): void {
		$key = Test_Provider::key();
		self::save( 'anthropic', $key );
		wp_cache_set( 'notoptions', array( 'byok_key_anthropic' => true ), 'options' );
		$this->assertFalse( get_option( 'byok_key_anthropic' ) );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
		$this->assertSame( 'ready', byok_key_info( 'anthropic' )['state'] );
		$this->assertSame( 'ready', Vault::all()['anthropic']['state'] );
	}

	public function test_one_failing_query_does_not_make_keys_absent(): void {
		self::save( 'anthropic', Test_Provider::key() );
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		wp_cache_flush();
		wp_load_alloptions();

		// The first query that looks for rows, whichever it is.
		$failed = 0;
		add_filter(
			'query',
			static function ( $query ) use ( &$failed ) {
				if ( 0 === $failed && str_contains( $query, 'byok' ) ) {
					++$failed;
					return 'SELECT 1 FROM byok_test_no_such_table';
				}
				return $query;
			}
		);
		$log = ini_set( 'error_log', '/dev/null' );
		$all = Vault::all();
		ini_set( 'error_log', (string) $log );

		$this->assertSame( 1, $failed );
		$this->assertSame( array( 'ready', 'ready', 'absent' ), array( $all['anthropic']['state'], $all['openai']['state'], $all['groq']['state'] ) );
	}

	/**
	 * @dataProvider character_sets
	 *
	 * @param string $character_set Character set of the table.
	 */
	public function test_rows_are_ascii_and_work_in_a_table_of_any_character_set( string $character_set ): void {
		global $wpdb;
		$options = $wpdb->options;
		if ( 'mariadb' === getenv( 'BYOK_TEST_DATABASE' ) ) {
			// The site's own table stays as it is.
			$wpdb->options = "{$wpdb->prefix}byok_test_options";
			$wpdb->query( "DROP TABLE IF EXISTS $wpdb->options" );
			$wpdb->query( "CREATE TABLE $wpdb->options LIKE $options" );
			$this->assertNotFalse( $wpdb->query( "ALTER TABLE $wpdb->options CONVERT TO CHARACTER SET $character_set" ) );
			wp_cache_flush();
		}
		try {
			foreach ( array( 'valid', 'rate-limited', 'outage' ) as $behaviour ) {
				$key = Test_Provider::key( 'anthropic', $behaviour );
				$this->assertStringContainsString( '…', self::save( 'anthropic', $key )['hint'], 'the hint is not ASCII' );
				$this->assertSame( 1, preg_match( '/\A[\x20-\x7e]+\z/', self::raw( 'anthropic' ) ) );
				$this->assertSame( $key, byok_get_key( 'anthropic' ) );
				$this->assertIsArray( Vault::check( 'anthropic' ) );
			}
			$this->assertTrue( byok_delete_key( 'anthropic' ) );
			$this->assertNull( self::raw( 'anthropic' ) );
		} finally {
			if ( $options !== $wpdb->options ) {
				$wpdb->query( "DROP TABLE $wpdb->options" );
				$wpdb->options = $options;
				wp_cache_flush();
			}
		}
	}

	public function character_sets(): array {
		return array(
			'western'  => array( 'latin1' ),
			'cyrillic' => array( 'koi8r' ),
			'today'    => array( 'utf8mb4' ),
		);
	}

	public function test_what_someone_else_has_stored_is_never_made_an_object(): void {
		$GLOBALS['wpdb']->insert(
			$GLOBALS['wpdb']->options,
			array( 'option_name' => 'byok_key_anthropic', 'option_value' => serialize( new Woken() ), 'autoload' => 'off' )
		);
		wp_cache_flush();
		Woken::$times = 0;
		$this->assertSame( 'damaged', byok_key_info( 'anthropic' )['state'] );
		Vault::all();
		byok_get_key( 'anthropic' );
		Vault::check( 'anthropic' );
		self::save( 'anthropic', Test_Provider::key() );
		$this->assertSame( 0, Woken::$times );
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
				// The canary is no key and goes the usual way.
				if ( preg_match( '/^(pre_)?(add|update|delete)_option/', $hook ) && str_contains( $hook, Place::PREFIX ) ) {
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
	 * Checks a key in another process, with another outcome than before.
	 *
	 * @param string $provider Provider id.
	 */
	private static function check_elsewhere( string $provider ): void {
		$before = self::raw( $provider );
		Test_Provider::answer_always( 'no-credit' );
		$checked = Site::run( 'return Byok\Vault::check( $provider )["outcome"];', array( 'given' => array( 'provider' => $provider ) ) );
		Test_Provider::answer_always();
		self::assertSame( 'no_credit', $checked['result'] );
		self::assertNotSame( $before, self::raw( $provider ) );
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

/**
 * An object that counts how often it is made of stored text.
 */
final class Woken {

	/**
	 * How often.
	 *
	 * @var int
	 */
	public static int $times = 0;

	public function __wakeup() {
		++self::$times;
	}
}
