<?php
/**
 * Tests of how often the relay may be used.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Limit_Table;
use Byok\Limits;
use Byok\Relay_Settings;

/**
 * Counts, in the table and in a persistent object cache.
 */
final class LimitsTest extends Test_Case {

	private const CACHE = WP_CONTENT_DIR . '/object-cache.php';

	protected function setUp(): void {
		parent::setUp();
		// No test lasts until such windows end.
		Relay_Settings::change(
			array(
				'limits' => array(
					'user'    => array( 5, 31 * DAY_IN_SECONDS ),
					'address' => array( 8, 31 * DAY_IN_SECONDS ),
					'global'  => array( 20, 31 * DAY_IN_SECONDS ),
				),
			)
		);
	}

	protected function tearDown(): void {
		@unlink( self::CACHE );
		@unlink( WP_CONTENT_DIR . '/.byok-object-cache.sqlite' );
		parent::tearDown();
	}

	public function test_as_many_pass_as_are_allowed_and_each_bucket_is_its_own(): void {
		self::assertSame( 5, self::allowed( 9, array( 'user' => '1' ) ) );
		self::assertSame( 5, self::allowed( 9, array( 'user' => '2' ) ) );
		// Who is nobody is not counted: the command line has no address.
		self::assertSame( 9, self::allowed( 9, array( 'address' => '' ) ) );
	}

	public function test_a_refused_request_uses_nothing_up(): void {
		self::assertSame( 5, self::allowed( 40, array( 'address' => '192.0.2.1', 'global' => 'all', 'user' => '1' ) ) );
		// Three are left of the address, fifteen of the site.
		self::assertSame( 3, self::allowed( 9, array( 'address' => '192.0.2.1', 'user' => '2' ) ) );
		self::assertSame( 15, self::allowed( 40, array( 'global' => 'all' ) ) );
	}

	public function test_several_at_once_are_taken_whole_or_not_at_all(): void {
		self::assertNull( Limits::take( array( 'user' => '1' ), 3 ) );
		self::assert_error( 'byok_too_many_requests', Limits::take( array( 'user' => '1' ), 3 ) );
		self::assertNull( Limits::take( array( 'user' => '1' ), 2 ) );
		self::assert_error( 'byok_too_many_requests', Limits::take( array( 'user' => '2' ), 6 ) );
	}

	public function test_headers_tell_what_is_left_but_not_what_others_use(): void {
		Limits::take( array( 'user' => '1', 'address' => '192.0.2.1', 'global' => 'all' ), 2 );
		$headers = Limits::headers();
		self::assertSame( '"user";q=5;w=2678400, "address";q=8;w=2678400', $headers['RateLimit-Policy'] );
		self::assertMatchesRegularExpression( '/\A"user";r=3;t=\d+\z/', $headers['RateLimit'] );

		$refused = Limits::take( array( 'user' => '1' ), 4 );
		self::assertMatchesRegularExpression( '/\A"user";r=0;t=\d+\z/', Limits::headers()['RateLimit'] );
		$data = $refused->get_error_data();
		self::assertSame( array( 429, 'user' ), array( $data['status'], $data['limit'] ) );
		self::assertGreaterThan( 0, $data['retry_after'] );
	}

	public function test_a_window_ends(): void {
		Relay_Settings::change( array( 'limits' => array( 'user' => array( 2, 1 ) ) ) );
		$allowed = array();
		$from    = microtime( true );
		while ( microtime( true ) < $from + 10 && count( $allowed ) < 3 ) {
			$second = time();
			$passes = null === Limits::take( array( 'user' => '1' ) );
			// On a busy machine a second may end meanwhile: it is not told then for which one was counted.
			if ( $passes ) {
				$allowed[ $second ] = ( $allowed[ $second ] ?? 0 ) + ( time() === $second ? 1 : 0 );
			}
			usleep( 5000 );
		}
		// As many as may in each second, and again in the next.
		self::assertCount( 3, $allowed );
		self::assertSame( 2, max( $allowed ) );
	}

	public function test_no_address_is_stored(): void {
		global $wpdb;
		Limits::take( array( 'address' => '192.0.2.77', 'user' => '4711' ) );
		$rows = wp_json_encode( $wpdb->get_results( 'SELECT * FROM ' . Limit_Table::name() ) );
		self::assertSame( 2, substr_count( $rows, 'bucket' ) );
		self::assertStringNotContainsString( '192.0.2', $rows );
		self::assertStringNotContainsString( hash( 'sha256', '192.0.2.77' ), $rows );
	}

	public function test_the_table_is_made_when_it_is_missing(): void {
		global $wpdb;
		$wpdb->query( 'DROP TABLE ' . Limit_Table::name() );
		self::assertSame( 5, self::allowed( 9, array( 'user' => '1' ) ) );
	}

	public function test_what_cannot_be_counted_is_not_allowed(): void {
		add_filter( 'query', static fn( $query ) => str_contains( $query, 'byok_limits' ) ? 'SELECT 1 FROM byok_test_no_such_table' : $query );
		$log  = ini_set( 'error_log', '/dev/null' );
		$told = Limits::take( array( 'user' => '1' ) );
		ini_set( 'error_log', (string) $log );
		self::assert_error( 'byok_storage_failed', $told );
	}

	/**
	 * @dataProvider stores
	 *
	 * @param bool $cache Whether there is a persistent object cache.
	 */
	public function test_of_many_processes_at_once_exactly_as_many_pass_as_are_allowed( bool $cache ): void {
		if ( $cache ) {
			copy( dirname( __DIR__, 2 ) . '/site/doubles/object-cache.php', self::CACHE );
		}
		Relay_Settings::change( array( 'limits' => array( 'user' => array( 30, 31 * DAY_IN_SECONDS ), 'global' => array( 100, 31 * DAY_IN_SECONDS ) ) ) );
		$results = Site::run_at_once( 6, '$n = 0; for ( $i = 0; $i < 10; $i++ ) { $n += (int) ( null === Byok\Limits::take( array( "user" => "7", "global" => "all" ) ) ); } return array( $n, (bool) wp_using_ext_object_cache() );' );
		self::assertSame( array_fill( 0, 6, $cache ), array_column( $results, 1 ) );
		self::assertSame( 30, array_sum( array_column( $results, 0 ) ) );
	}

	public static function stores(): array {
		return array(
			'in the table' => array( false ),
			'in the cache' => array( true ),
		);
	}

	/**
	 * Takes as often as it is told.
	 *
	 * @param int   $tries   How often.
	 * @param array $buckets Buckets.
	 * @return int How often it was allowed.
	 */
	private static function allowed( int $tries, array $buckets ): int {
		$allowed = 0;
		for ( $try = 0; $try < $tries; $try++ ) {
			$allowed += (int) ( null === Limits::take( $buckets ) );
		}
		return $allowed;
	}

	/**
	 * @group multisite
	 */
	public function test_the_sites_of_a_network_have_a_limit_together(): void {
		remove_all_actions( 'wp_initialize_site' );
		$other = wp_insert_site( array( 'domain' => get_network()->domain, 'path' => '/byok-test-' . bin2hex( random_bytes( 6 ) ) . '/', 'user_id' => self::admin() ) );
		Relay_Settings::change( array( 'limits' => array( 'global' => array( 3, 31 * DAY_IN_SECONDS ) ) ) );
		$take = static fn( int $uses = 1 ): ?string => ( Limits::take( array( 'global' => 'all' ), $uses ) )?->get_error_data()['limit'];
		self::assertNull( $take() );
		switch_to_blog( $other );
		try {
			// What this site says is for itself.
			update_option( 'byok_relay', array( 'limits' => array( 'global' => array( 1000, 31 * DAY_IN_SECONDS ) ) + Relay_Settings::LIMITS ), false );
			self::assertNull( $take( 2 ) );
			self::assertSame( 'network', $take() );
			self::assertNull( Limits::take( array( 'user' => '7' ) ), 'What counts one person counts no network.' );
		} finally {
			restore_current_blog();
			wp_delete_site( $other );
		}
		self::assertContains( $take(), array( 'network', 'global' ) );
	}
}
