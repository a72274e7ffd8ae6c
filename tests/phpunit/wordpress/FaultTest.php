<?php
/**
 * Tests of saves that are cut short: the process is killed, or its connection to the database.
 *
 * @package byok
 */

namespace Byok\Tests;

use wpdb;

/**
 * Nothing here is simulated: processes get SIGKILL.
 */
final class FaultTest extends Test_Case {

	/**
	 * What a process runs: has itself killed at one moment of a save, or of a deletion. `$query` is how the query begins
	 * that changes the row; it is cut off before, or after, or in SQLite when it has run and is not committed.
	 */
	private const KILL_IN_SAVE = '
		$changing = false;
		$die      = static fn() => posix_kill( getmypid(), SIGKILL );
		if ( "committing" === $moment ) {
			$GLOBALS["wpdb"]->dbh->get_connection()->set_query_logger(
				static function ( $sql ) use ( $die, &$changing ) {
					if ( $changing && "COMMIT" === $sql ) {
						$die();
					}
				}
			);
		}
		add_filter(
			"query",
			static function ( $sql ) use ( $query, $moment, $die, &$changing ) {
				if ( $changing && "after" === $moment ) {
					$die();
				}
				$changing = $changing || ( str_starts_with( $sql, $query ) && str_contains( $sql, "byok_key_" ) );
				if ( $changing && "before" === $moment ) {
					$die();
				}
				return $sql;
			}
		);
		return "DELETE" === $query ? byok_delete_key( "anthropic" ) : byok_save_key( "anthropic", $key, array( "owner" => $owner ) );
	';

	/**
	 * @dataProvider moments_of_a_save
	 *
	 * @param string $owner     Whose key.
	 * @param bool   $replacing Whether there is a key already.
	 * @param string $moment    When the process is killed.
	 */
	public function test_a_killed_save_leaves_the_whole_old_row_or_the_whole_new_one( string $owner, bool $replacing, string $moment ): void {
		$this->kill_in_save( $owner, $replacing, $moment );
	}

	public function moments_of_a_save(): array {
		return array(
			'site: replace, before'   => array( 'site', true, 'before' ),
			'site: replace, after'    => array( 'site', true, 'after' ),
			'site: first key, before' => array( 'site', false, 'before' ),
			'site: first key, after'  => array( 'site', false, 'after' ),
			'user: replace, before'   => array( 'user:1', true, 'before' ),
			'user: replace, after'    => array( 'user:1', true, 'after' ),
			'user: first key, after'  => array( 'user:1', false, 'after' ),
		);
	}

	/**
	 * First keys of a user are kept apart by a lock, which a killed process leaves behind.
	 *
	 * @dataProvider lock_endings
	 *
	 * @param string $ending Ending of the lock's mark, behind its time; it is random.
	 */
	public function test_the_lock_of_a_killed_save_is_respected_for_a_while_and_no_longer( string $ending ): void {
		global $wpdb;
		$key = Test_Provider::key();
		self::run_killed( 'INSERT', 'before', $key, 'user:1' );
		$this->assertNull( self::raw_of( 'user:1' ) );

		$age = static function ( int $seconds ) use ( $wpdb, $ending ): int {
			$locks = $wpdb->get_results( "SELECT * FROM $wpdb->base_prefix" . "options WHERE option_name LIKE 'byok\_lock\_%'" );
			preg_match( '/^\d+(\D)/', $locks[0]->option_value ?? '', $mark );
			$wpdb->update( "{$wpdb->base_prefix}options", array( 'option_value' => time() - $seconds . ( $mark[1] ?? '' ) . $ending ), array( 'option_name' => $locks[0]->option_name ?? '' ) );
			return count( $locks );
		};
		$this->assertSame( 1, $age( 1 ) );
		self::assert_error( 'byok_conflict', byok_save_key( 'anthropic', $key, array( 'owner' => 'user:1' ) ) );
		$this->assertNull( self::raw_of( 'user:1' ) );
		$age( 60 );
		self::save( 'anthropic', $key, array( 'owner' => 'user:1' ) );
		$this->assertSame( $key, byok_get_key( 'anthropic', array( 'owner' => 'user:1' ) ) );
		$this->assertSame( 0, $age( 0 ), 'the lock is given back' );
	}

	public function lock_endings(): array {
		// Some look like an exponent, which must make no other time of it.
		return array(
			'letters first'  => array( 'abcdef0123456789' ),
			'a small power'  => array( '1e2bcdef01234567' ),
			'a huge power'   => array( '4e30abcdef012345' ),
			'an endless one' => array( '4e999bcdef012345' ),
		);
	}

	/**
	 * @group sqlite
	 */
	public function test_a_save_killed_before_sqlite_commits_it_leaves_the_old_row(): void {
		foreach ( array( 'site', 'user:1' ) as $owner ) {
			$this->kill_in_save( $owner, true, 'committing' );
		}
		self::remove_rows();
		$this->kill_in_save( 'site', false, 'committing' );
	}

	public function test_a_killed_deletion_leaves_the_whole_row_or_none(): void {
		$key = Test_Provider::key();
		self::save( 'anthropic', $key );
		self::run_killed( 'DELETE', 'before' );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
		self::run_killed( 'DELETE', 'after' );
		$this->assertNull( self::raw( 'anthropic' ) );
	}

	public function test_a_save_killed_while_the_provider_is_asked_leaves_the_old_row(): void {
		$old = Test_Provider::key();
		self::save( 'anthropic', $old );
		$raw = self::raw( 'anthropic' );
		Test_Provider::answer_always( 'hang' );
		Site::run(
			'pcntl_async_signals( false );
			if ( 0 === pcntl_fork() ) {
				usleep( 300000 );
				posix_kill( posix_getppid(), SIGKILL );
				posix_kill( getmypid(), SIGKILL );
			}
			return byok_save_key( "anthropic", $key );',
			array( 'killed' => true, 'given' => array( 'key' => Test_Provider::key() ) )
		);
		Test_Provider::answer_always();
		$this->assertSame( $raw, self::raw( 'anthropic' ) );
		$this->assertSame( $old, byok_get_key( 'anthropic' ) );
	}

	/**
	 * @group mariadb
	 * @dataProvider changes
	 *
	 * @param string $query How the query begins that changes the row.
	 */
	public function test_a_change_whose_answer_is_lost_on_the_way_is_told_as_it_is( string $query ): void {
		global $wpdb;
		$old = Test_Provider::key();
		$new = Test_Provider::key();
		if ( 'INSERT IGNORE' !== $query ) {
			self::save( 'anthropic', $old );
		}
		$lost  = false;
		$other = self::other_connection();
		self::before_query(
			$query,
			static function ( $sql ) use ( $wpdb, $other, &$lost ) {
				// Somewhere else, so that nobody hears of it; then our own connection ends, and WordPress makes
				// another one and sends the query once more.
				$lost = 1 === $other->query( $sql );
				$other->query( 'KILL ' . mysqli_thread_id( $wpdb->dbh ) );
			}
		);

		$told = 'DELETE' === $query ? byok_delete_key( 'anthropic' ) : byok_save_key( 'anthropic', $new );
		$this->assertTrue( $lost, 'the row was changed' );
		$this->assertFalse( is_wp_error( $told ) );
		$found = byok_get_key( 'anthropic' );
		'DELETE' === $query ? self::assert_error( 'byok_key_absent', $found ) : $this->assertSame( $new, $found );
	}

	public function changes(): array {
		return array(
			'replace'   => array( 'UPDATE' ),
			'first key' => array( 'INSERT IGNORE' ),
			'delete'    => array( 'DELETE' ),
		);
	}

	/**
	 * Has a save killed, and looks at what is left.
	 *
	 * @param string $owner     Whose key.
	 * @param bool   $replacing Whether there is a key already.
	 * @param string $moment    When.
	 */
	private function kill_in_save( string $owner, bool $replacing, string $moment ): void {
		$args = array( 'owner' => $owner );
		$old  = Test_Provider::key();
		$new  = Test_Provider::key();
		if ( $replacing ) {
			self::save( 'anthropic', $old, $args );
		}
		$raw = self::raw_of( $owner );
		self::run_killed( $replacing ? 'UPDATE' : 'INSERT', $moment, $new, $owner );

		$found = byok_get_key( 'anthropic', $args );
		if ( 'after' === $moment ) {
			$this->assertNotSame( $raw, self::raw_of( $owner ) );
			$this->assertSame( 'ready', byok_key_info( 'anthropic', $args )['state'] );
			$this->assertSame( $new, $found );
		} else {
			$this->assertSame( $raw, self::raw_of( $owner ) );
			$replacing ? $this->assertSame( $old, $found ) : self::assert_error( 'byok_key_absent', $found );
		}
		// Nothing is left locked: the next save does as ever.
		$next = Test_Provider::key();
		self::save( 'anthropic', $next, $args );
		$this->assertSame( $next, byok_get_key( 'anthropic', $args ) );
	}

	/**
	 * The stored text of an owner, past all caches.
	 *
	 * @param string $owner Owner.
	 */
	private static function raw_of( string $owner ): ?string {
		global $wpdb;
		return 'site' === $owner
			? self::raw( 'anthropic' )
			: $wpdb->get_var( "SELECT meta_value FROM $wpdb->usermeta WHERE user_id = 1 AND meta_key = 'byok_key_anthropic'" );
	}

	/**
	 * Runs a process that is killed while it changes the row.
	 *
	 * @param string $query  How the query begins that changes it.
	 * @param string $moment When.
	 * @param string $key    Key to save.
	 * @param string $owner  Whose.
	 */
	private static function run_killed( string $query, string $moment, string $key = '', string $owner = 'site' ): void {
		Site::run(
			self::KILL_IN_SAVE,
			array( 'killed' => true, 'given' => array( 'query' => $query, 'moment' => $moment, 'key' => $key, 'owner' => $owner ) )
		);
		wp_cache_flush();
	}

	/**
	 * A second connection to the database.
	 */
	private static function other_connection(): wpdb {
		return new wpdb( DB_USER, DB_PASSWORD, DB_NAME, DB_HOST );
	}
}
