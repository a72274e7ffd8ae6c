<?php
/**
 * Tests of moving keys to the current secret.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Key_Row;
use Byok\Key_Store;
use Byok\Owner;
use Byok\Place;
use Byok\Reencryption;

final class ReencryptionTest extends Test_Case {

	/**
	 * Another secret, which the site gets.
	 */
	private const SECRET = 'byok-test-secret-of-the-site-0123456789-abcdef';

	public function test_what_is_wrong_with_an_entered_secret_is_said_of_it_and_not_of_the_server(): void {
		$said = \Byok\Messages::not_unlocked( \Byok\Failure::because( 'salts_placeholder' ) );
		$this->assertStringStartsWith( 'What was entered', $said );
		$this->assertStringNotContainsString( 'wp-config.php', $said );
		$this->assertStringContainsString( 'database', \Byok\Messages::not_unlocked( \Byok\Failure::because( 'storage_failed' ) ) );
	}

	public function test_keys_under_a_weaker_source_are_moved_to_the_current_one(): void {
		$keys = $this->make_keys( 3 );
		$this->assertSame( array( 'stale', 'stale' ), $this->states( array( 'constants' => array( 'BYOK_KEY' => self::SECRET ) ) ) );

		$seen = Site::run(
			'$status = Byok\Reencryption::step( 30.0 ); return array( $status, byok_key_info( "anthropic" )["state"] );',
			array( 'constants' => array( 'BYOK_KEY' => self::SECRET ) )
		)['result'];
		$this->assertTrue( $seen[0]['finished'] );
		$this->assertSame( array( 5, 0, 0, 0 ), array( $seen[0]['moved'], $seen[0]['locked'], $seen[0]['damaged'], $seen[0]['busy'] ) );
		$this->assertSame( 'ready', $seen[1] );
		$this->assert_keys( $keys, array( 'constants' => array( 'BYOK_KEY' => self::SECRET ), 'salts' => 'changed' ) );
	}

	public function test_moving_twice_changes_nothing_the_second_time(): void {
		$this->make_keys( 2 );
		$this->assertSame( 0, Reencryption::step( 30.0 )['moved'] );
		$raw = self::raw( 'anthropic' );
		$this->assertSame( 0, Reencryption::step( 30.0 )['moved'] );
		$this->assertSame( $raw, self::raw( 'anthropic' ) );
	}

	public function test_locked_keys_open_with_a_secret_given_once_which_is_kept_nowhere(): void {
		$keys   = $this->make_keys( 2 );
		$code   = 'return array( Byok\Reencryption::step( 30.0 ), Byok\Reencryption::step( 30.0, $previous ), Byok\Canary::changed_at() );';
		$former = array( 'auth_key' => AUTH_KEY, 'auth_salt' => AUTH_SALT );
		$seen   = Site::run( $code, array( 'salts' => 'changed', 'given' => array( 'previous' => $former ) ) )['result'];
		$this->assertSame( array( 0, 4 ), array( $seen[0]['moved'], $seen[0]['locked'] ) );
		$this->assertSame( array( 4, 0 ), array( $seen[1]['moved'], $seen[1]['locked'] ) );
		$this->assertNull( $seen[2] );
		$this->assert_keys( $keys, array( 'salts' => 'changed' ) );

		global $wpdb;
		foreach ( $wpdb->tables( 'all' ) as $table ) {
			foreach ( (array) $wpdb->get_results( "SELECT * FROM $table", ARRAY_A ) as $row ) {
				$this->assertStringNotContainsString( AUTH_KEY, implode( "\n", array_map( 'strval', $row ) ), $table );
			}
		}
	}

	public function test_a_wrong_secret_changes_nothing(): void {
		$this->make_keys( 1 );
		$raw  = self::raw( 'anthropic' );
		$seen = Site::run(
			'return array( Byok\Reencryption::step( 30.0, array( "key" => $wrong ) ), Byok\Reencryption::step( 30.0, array( "key" => "short" ) )->get_error_code(), Byok\Reencryption::site( array( "other" => "x" ) )->get_error_code(), Byok\Reencryption::site( array( "auth_key" => $wrong ) )->get_error_code() );',
			array( 'salts' => 'changed', 'given' => array( 'wrong' => self::SECRET ) )
		)['result'];
		$this->assertSame( array( 0, 3 ), array( $seen[0]['moved'], $seen[0]['locked'] ) );
		$this->assertSame( array( 'byok_source_too_short', 'byok_option_invalid', 'byok_source_missing' ), array_slice( $seen, 1 ) );
		$this->assertSame( $raw, self::raw( 'anthropic' ) );
		$this->assertTrue( byok_has_key( 'anthropic' ) );
	}

	/**
	 * The process is killed by force right before or after any of its writes.
	 *
	 * @dataProvider moments
	 *
	 * @param string $moment `before` or `after`.
	 * @param int    $number Which of the writes.
	 */
	public function test_it_may_be_killed_at_any_point_and_goes_on( string $moment, int $number ): void {
		$keys = $this->make_keys( 5 );
		$with = array( 'constants' => array( 'BYOK_KEY' => self::SECRET ) );
		$code = <<<'PHP'
			global $wpdb;
			$left = $number;
			add_filter(
				'query',
				static function ( $query ) use ( $moment, &$left ) {
					if ( ! preg_match( '/^(UPDATE|INSERT|REPLACE)/', $query ) || --$left > 0 ) {
						return $query;
					}
					if ( 'after' === $moment ) {
						$left = PHP_INT_MAX;
						$GLOBALS['wpdb']->query( $query );
					}
					posix_kill( getmypid(), SIGKILL );
				}
			);
			Byok\Reencryption::step( 30.0 );
			return 'it has ended';
		PHP;
		try {
			Site::run( $code, $with + array( 'given' => compact( 'moment', 'number' ) ) );
			$this->fail( 'It was not killed.' );
		} catch ( \RuntimeException $killed ) {
			$this->assertStringNotContainsString( 'it has ended', $killed->getMessage() );
		}

		// Every row opens under one of the two secrets, and the work can be finished.
		$this->assert_keys( $keys, $with );
		$this->assertTrue( Site::run( 'return Byok\Reencryption::step( 30.0 )["finished"];', $with )['result'] );
		$this->assert_keys( $keys, $with + array( 'salts' => 'changed' ) );
	}

	public function moments(): array {
		$moments = array();
		foreach ( array( 'before', 'after' ) as $moment ) {
			foreach ( range( 1, 4 ) as $number ) {
				$moments[ "$moment write $number" ] = array( $moment, $number );
			}
		}
		return $moments;
	}

	public function test_a_row_that_somebody_changes_meanwhile_is_left_to_them(): void {
		global $wpdb;
		$this->make_keys( 1 );
		$theirs = Test_Provider::key();
		$with   = array( 'constants' => array( 'BYOK_KEY' => self::SECRET ) );
		$code   = <<<'PHP'
			$done = false;
			add_filter(
				'query',
				static function ( $query ) use ( &$done, $theirs ) {
					if ( ! $done && str_contains( $query, 'CASE option_id' ) ) {
						$done = true;
						if ( is_wp_error( byok_save_key( 'anthropic', $theirs ) ) ) {
							throw new Exception( 'not saved' );
						}
					}
					return $query;
				}
			);
			$counts = Byok\Reencryption::site();
			return array( $counts['moved'], $counts['busy'], byok_get_key( 'anthropic' ) === $theirs );
		PHP;
		$this->assertSame( array( 1, 1, true ), Site::run( $code, $with + array( 'given' => array( 'theirs' => $theirs ) ) )['result'] );
	}

	public function test_a_database_that_fails_or_keeps_something_else_loses_no_row(): void {
		$keys = $this->make_keys( 1 );
		$with = array( 'constants' => array( 'BYOK_KEY' => self::SECRET ) );
		foreach (
			array(
				'fails'  => 'return "SELECT 1 FROM byok_test_no_such_table";',
				'mangles' => 'return str_replace( "envelope", "ENVELOPE", $query );',
			) as $what => $answer
		) {
			$code = 'add_filter( "query", static function ( $query ) { if ( str_contains( $query, "CASE option_id" ) ) { ' . $answer . ' } return $query; } ); ini_set( "error_log", "/dev/null" ); return Byok\Reencryption::site()->get_error_code();';
			$this->assertSame( 'byok_storage_failed', Site::run( $code, $with )['result'], $what );
			$this->assert_keys( $keys, $with );
		}
	}

	/**
	 * @dataProvider rows_of_others
	 *
	 * @param string $change What another server makes of the row.
	 * @param string $moment When: before our statement, or before our look at what it did.
	 */
	public function test_a_row_that_another_server_writes_meanwhile_is_not_taken_back( string $change, string $moment ): void {
		$this->make_keys( 0 );
		$code = <<<'PHP'
			global $wpdb;
			$raw   = $wpdb->get_var( "SELECT option_value FROM $wpdb->options WHERE option_name = 'byok_key_anthropic'" );
			$row   = json_decode( unserialize( $raw )[0], true );
			$other = 'text' === $change ? 'of somebody else' : serialize( array( wp_json_encode(
				'newer' === $change ? array( 'version' => 2 ) + $row : array( 'envelope' => 'byok1.AAAAAAAAAAA.' . explode( '.', $row['envelope'] )[2] ) + $row
			) ) );
			$done = false;
			add_filter(
				'query',
				static function ( $query ) use ( &$done, $moment, $other ) {
					if ( ! $done && str_contains( $query, 'before' === $moment ? 'CASE option_id' : 'SELECT option_id AS id, option_value AS value' ) && ! str_contains( $query, ' LIKE ' ) ) {
						$done = true;
						$GLOBALS['wpdb']->query( $GLOBALS['wpdb']->prepare( "UPDATE {$GLOBALS['wpdb']->options} SET option_value = %s WHERE option_name = 'byok_key_anthropic'", $other ) );
					}
					return $query;
				}
			);
			$counts = Byok\Reencryption::site();
			wp_cache_flush();
			return array( $done, $counts['moved'] ?? $counts, $counts['busy'] ?? null, get_option( 'byok_key_anthropic' ) === maybe_unserialize( $other ) );
		PHP;
		$seen = Site::run( $code, array( 'constants' => array( 'BYOK_KEY' => self::SECRET ), 'given' => compact( 'change', 'moment' ) ) );
		$this->assertSame( array( true, 1, 1, true ), $seen['result'] );
	}

	public function rows_of_others(): array {
		return array(
			'newer, before'       => array( 'newer', 'before' ),
			'newer, after'        => array( 'newer', 'after' ),
			'locked, after'       => array( 'locked', 'after' ),
			'not counted as ours' => array( 'text', 'before' ),
		);
	}

	public function test_a_database_that_changes_the_case_of_letters_loses_no_row(): void {
		$keys = $this->make_keys( 0 );
		$with = array( 'constants' => array( 'BYOK_KEY' => self::SECRET ) );
		$code = 'add_filter( "query", static fn( $query ) => str_contains( $query, "CASE option_id" ) ? preg_replace_callback( "/byok1\\.([\\w-]{11}\\.[\\w-]+)/", static fn( $found ) => "byok1." . strtolower( $found[1] ), $query ) : $query ); return Byok\Reencryption::site()->get_error_code();';
		$this->assertSame( 'byok_storage_failed', Site::run( $code, $with )['result'] );
		$this->assert_keys( $keys, $with );
	}

	/**
	 * @dataProvider lost_answers
	 *
	 * @param string $what What happens to the statement that is said to have failed.
	 * @param mixed  $told Number of moved keys, or the code of an error.
	 */
	public function test_a_statement_that_is_said_to_have_failed_is_looked_at( string $what, $told ): void {
		$keys = $this->make_keys( 0 );
		$with = array( 'constants' => array( 'BYOK_KEY' => self::SECRET ) );
		$code = <<<'PHP'
			ini_set( 'error_log', '/dev/null' );
			$failed = false;
			add_filter(
				'query',
				static function ( $query ) use ( &$failed, $what ) {
					if ( ! $failed && str_contains( $query, 'CASE option_id' ) ) {
						$failed = true;
						if ( 'done' === $what ) {
							$GLOBALS['wpdb']->query( $query );
						}
						return 'SELECT 1 FROM byok_test_no_such_table';
					}
					return $failed && 'down' === $what ? 'SELECT 1 FROM byok_test_no_such_table' : $query;
				}
			);
			$counts = Byok\Reencryption::site();
			return is_wp_error( $counts ) ? $counts->get_error_code() : $counts['moved'];
		PHP;
		$this->assertSame( $told, Site::run( $code, $with + array( 'given' => compact( 'what' ) ) )['result'] );
		$this->assert_keys( $keys, $with );
	}

	public function lost_answers(): array {
		return array(
			'done'            => array( 'done', 2 ),
			'not done'        => array( 'not done', 'byok_storage_failed' ),
			'no more answers' => array( 'down', 'byok_storage_unsure' ),
		);
	}

	/**
	 * @dataProvider tables
	 *
	 * @param string $kind `site` or `user`.
	 */
	public function test_no_statement_is_larger_than_the_strictest_host_takes( string $kind ): void {
		$long  = Test_Provider::key();
		$long .= str_repeat( 'x', 8192 - strlen( $long ) );
		$rows  = 30;
		for ( $number = 1; $number <= $rows; $number++ ) {
			$place = 'site' === $kind ? Place::of_site( "test-$number" ) : new Place( Owner::user( 100000 + $number ), 'anthropic' );
			$row   = Key_Row::seal( $place, $long, 'https://example.org:443', '', array( 'hint' => '…', 'outcome' => 'unknown', 'reason' => 'timeout' ) );
			$this->assertTrue( Key_Store::replace( $place, null, $row->to_raw(), '__return_false' ) );
		}
		$code = <<<'PHP'
			$sizes = array();
			add_filter(
				'query',
				static function ( $query ) use ( &$sizes ) {
					if ( str_contains( $query, ' = CASE ' ) ) {
						$sizes[] = strlen( $query );
					}
					return $query;
				}
			);
			$counts = 'site' === $kind ? Byok\Reencryption::site() : Byok\Reencryption::step( 60.0 );
			return array( $counts['moved'], $sizes );
		PHP;
		list( $moved, $sizes ) = Site::run( $code, array( 'constants' => array( 'BYOK_KEY' => self::SECRET ), 'given' => compact( 'kind' ) ) )['result'];
		$this->assertSame( $rows, $moved );
		$this->assertGreaterThan( 200 * 1024, max( $sizes ), 'still many at once' );
		$this->assertLessThan( 300 * 1024, max( $sizes ) );
	}

	public function tables(): array {
		return array(
			'of a site' => array( 'site' ),
			'of people' => array( 'user' ),
		);
	}

	public function test_damaged_rows_are_counted_and_left(): void {
		self::save( 'anthropic', Test_Provider::key() );
		self::plant( 'groq', array( 'envelope' => 'byok1.damaged' ) + self::row( 'anthropic' ) );
		self::plant( 'openai', self::row( 'anthropic' ) );
		$raw    = array( self::raw( 'groq' ), self::raw( 'openai' ) );
		$counts = Reencryption::site();
		$this->assertSame( array( 3, 0, 2 ), array( $counts['seen'], $counts['moved'], $counts['damaged'] ) );
		$this->assertSame( $raw, array( self::raw( 'groq' ), self::raw( 'openai' ) ) );
	}

	public function test_the_key_kept_beside_an_unverified_one_is_moved_too(): void {
		$old = Test_Provider::key();
		self::save( 'anthropic', $old );
		Test_Provider::answer_always( 'outage' );
		self::save( 'anthropic', Test_Provider::key() );
		$with = array( 'constants' => array( 'BYOK_KEY' => self::SECRET ) );
		$this->assertSame( 1, Site::run( 'return Byok\Reencryption::site()["moved"];', $with )['result'] );

		Test_Provider::answer_always( 'invalid' );
		$restored = Site::run( 'return array( Byok\Vault::check( "anthropic" )["restored"], byok_get_key( "anthropic" ) === $old );', $with + array( 'salts' => 'changed', 'given' => array( 'old' => $old ) ) );
		$this->assertSame( array( true, true ), $restored['result'] );
	}

	public function test_rest_moves_keys_and_forgets_the_secret(): void {
		$this->make_keys( 1 );
		$admin  = new Browser( self::admin() );
		$answer = $admin->rest( 'POST', '/byok/v1/reencrypt', array( 'previous' => array( 'key' => self::SECRET ) ) );
		$this->assertSame( 200, $answer['status'], $answer['body'] );
		$told = json_decode( $answer['body'], true );
		$this->assertSame( array( 2, 0, true ), array( $told['seen'], $told['moved'], $told['finished'] ) );
		$this->assertStringNotContainsString( 'secret-of-the-site', $answer['body'] );

		$this->assertSame( 400, $admin->rest( 'POST', '/byok/v1/reencrypt', array( 'previous' => array( 'key' => array() ) ) )['status'] );
		$this->assertSame( 400, $admin->rest( 'POST', '/byok/v1/reencrypt', array( 'scope' => 'world' ) )['status'] );
		foreach ( array( 'site', 'all' ) as $scope ) {
			$this->assertSame( 403, ( new Browser( self::user( 'editor' ) ) )->rest( 'POST', '/byok/v1/reencrypt', compact( 'scope' ) )['status'] );
			$this->assertSame( 401, ( new Browser() )->rest( 'POST', '/byok/v1/reencrypt', compact( 'scope' ) )['status'] );
		}
		$all = json_decode( $admin->rest( 'POST', '/byok/v1/reencrypt', array( 'scope' => 'all' ) )['body'], true );
		$this->assertTrue( $all['finished'] );
		$this->assertSame( 0, $all['moved'] );
	}

	/**
	 * Saves two keys of the site and one for each of some people.
	 *
	 * @param int $people How many.
	 * @return array[] Provider, owner and key of each.
	 */
	private function make_keys( int $people ): array {
		$keys = array( array( 'anthropic', 'site', Test_Provider::key() ), array( 'groq', 'site', Test_Provider::key( 'groq' ) ) );
		foreach ( array_slice( array( 'subscriber', 'contributor', 'author', 'editor', 'administrator' ), 0, $people ) as $role ) {
			$keys[] = array( 'anthropic', 'user:' . self::user( $role ), Test_Provider::key() );
		}
		foreach ( $keys as list( $provider, $owner, $key ) ) {
			self::save( $provider, $key, compact( 'owner' ) );
		}
		return $keys;
	}

	/**
	 * Requires that all keys open, each in its place, in a process of its own.
	 *
	 * @param array[] $keys    From make_keys().
	 * @param array   $options Options of Site::run().
	 */
	private function assert_keys( array $keys, array $options ): void {
		$code = <<<'PHP'
			$wrong = array();
			foreach ( $keys as list( $provider, $owner, $key ) ) {
				$got = byok_get_key( $provider, compact( 'owner' ) );
				if ( $key !== $got ) {
					$wrong[] = "$provider of $owner: " . ( is_wp_error( $got ) ? $got->get_error_code() : 'another key' );
				}
			}
			return $wrong;
		PHP;
		$this->assertSame( array(), Site::run( $code, $options + array( 'given' => compact( 'keys' ) ) )['result'] );
	}

	/**
	 * States of the two keys of the site.
	 *
	 * @param array $options Options of Site::run().
	 */
	private function states( array $options ): array {
		return Site::run( 'return array( byok_key_info( "anthropic", array( "owner" => "site" ) )["state"], byok_key_info( "groq" )["state"] );', $options )['result'];
	}
}
