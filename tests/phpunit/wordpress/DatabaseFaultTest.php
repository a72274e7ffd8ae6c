<?php
/**
 * Tests of saves into a database whose server is killed, or whose disk is full.
 *
 * @package byok
 */

namespace Byok\Tests;

/**
 * Nothing here is simulated: the server gets SIGKILL, and the database refuses to grow. The group `faults` has a MariaDB
 * of its own.
 */
final class DatabaseFaultTest extends Test_Case {

	/**
	 * Rows of one size that fill up any database of these tests.
	 */
	private const FILLERS = 1000;

	/**
	 * A plugin of the served site that kills the database server right before the row is changed.
	 */
	private const KILL_SERVER = '<?php
		add_filter(
			"query",
			static function ( $sql ) {
				if ( str_starts_with( $sql, "UPDATE" ) && str_contains( $sql, "byok_key_" ) && posix_kill( %1$d, SIGKILL ) ) {
					while ( is_dir( "/proc/%1$d/fd" ) && @scandir( "/proc/%1$d/fd" ) ) {
						usleep( 1000 );
					}
				}
				return $sql;
			}
		);
	';

	/**
	 * Database servers that tests have started again.
	 *
	 * @var resource[]
	 */
	private static array $servers = array();

	public static function tearDownAfterClass(): void {
		foreach ( self::$servers as $server ) {
			proc_terminate( $server, SIGKILL );
			proc_close( $server );
		}
	}

	/**
	 * @group faults
	 */
	public function test_a_database_server_killed_in_a_save_costs_no_key(): void {
		$old = Test_Provider::key();
		$new = Test_Provider::key();
		self::save( 'anthropic', $old );
		$raw    = self::raw( 'anthropic' );
		$admin  = new Browser( self::admin() );
		$nonce  = 'X-WP-Nonce: ' . $admin->nonce();
		$plugin = getenv( 'BYOK_TEST_SITE' ) . '/wp-content/mu-plugins/byok-test-kill.php';
		$server = self::server();
		file_put_contents( $plugin, sprintf( self::KILL_SERVER, $server['pid'] ) );
		try {
			$told = $admin->ask( 'PUT', '/index.php?rest_route=/byok/v1/keys/anthropic', json_encode( array( 'key' => $new ) ), array( $nonce, 'Content-Type: application/json' ) );
		} finally {
			unlink( $plugin );
			$ended = ! is_dir( "/proc/{$server['pid']}/fd" ) || array() === (array) @scandir( "/proc/{$server['pid']}/fd" );
			$this->start_server( $server );
		}

		$this->assertTrue( $ended, 'the server was killed' );
		$this->assertSame( 500, $told['status'], $told['body'] );
		$this->assertStringContainsString( 'database', $told['body'] );
		self::assert_no_key( $new, $told['headers'] . $told['body'], 'the answer' );
		$this->assertSame( $raw, self::raw( 'anthropic' ) );
		$this->assertSame( $old, byok_get_key( 'anthropic' ) );

		$again = $admin->ask( 'PUT', '/index.php?rest_route=/byok/v1/keys/anthropic', json_encode( array( 'key' => $new ) ), array( $nonce, 'Content-Type: application/json' ) );
		$this->assertSame( 200, $again['status'], $again['body'] );
		$this->assertSame( $new, byok_get_key( 'anthropic' ) );
	}

	/**
	 * @group faults
	 */
	public function test_an_acknowledged_save_survives_the_database_server(): void {
		foreach ( array( 'first', 'second' ) as $which ) {
			$key = Test_Provider::key();
			self::save( 'anthropic', $key );
			$server = self::server();
			posix_kill( $server['pid'], SIGKILL );
			$this->start_server( $server );
			$this->assertSame( $key, byok_get_key( 'anthropic' ), "the $which key" );
		}
	}

	/**
	 * @group sqlite
	 * @dataProvider first_or_not
	 *
	 * @param bool $replacing Whether there is a key already.
	 */
	public function test_a_full_disk_keeps_the_old_key_and_is_told_sqlite( bool $replacing ): void {
		global $wpdb;
		$sqlite = $wpdb->dbh->get_connection()->get_pdo();
		$limit  = $sqlite->query( 'PRAGMA max_page_count' )->fetchColumn();
		$this->fill_and_save(
			$replacing,
			static fn() => $sqlite->query( 'PRAGMA max_page_count = ' . $sqlite->query( 'PRAGMA page_count' )->fetchColumn() ),
			static fn() => $sqlite->query( "PRAGMA max_page_count = $limit" ),
			'database or disk is full'
		);
	}

	/**
	 * @group faults
	 * @dataProvider first_or_not
	 *
	 * @param bool $replacing Whether there is a key already.
	 */
	public function test_a_full_disk_keeps_the_old_key_and_is_told_mariadb( bool $replacing ): void {
		$this->fill_and_save(
			$replacing,
			// The server of this group was started with such a limit. A full InnoDB cannot even delete.
			static fn() => null,
			function () {
				$server = self::server();
				$more   = static fn( array $found ): string => 'autoextend:max:' . ( (int) $found[1] + 32 ) . 'M';

				$server['command'] = preg_replace_callback( '/autoextend:max:(\d+)M/', $more, $server['command'] );
				posix_kill( $server['pid'], SIGKILL );
				$this->start_server( $server );
			},
			'is full'
		);
	}

	public function first_or_not(): array {
		return array(
			'replace'   => array( true ),
			'first key' => array( false ),
		);
	}

	/**
	 * Saves into a database without space, then into one with space.
	 *
	 * @param bool     $replacing Whether there is a key already.
	 * @param callable $limit     Keeps the database from growing.
	 * @param callable $unlimit   Lets it grow again.
	 * @param string   $error     What the database says then.
	 */
	private function fill_and_save( bool $replacing, callable $limit, callable $unlimit, string $error ): void {
		global $wpdb;
		$old = Test_Provider::key();
		// So long that no gap in a page takes it.
		$new = Test_Provider::key() . bin2hex( random_bytes( 3500 ) );
		if ( $replacing ) {
			self::save( 'anthropic', $old );
		}
		$raw = self::raw( 'anthropic' );
		$log = ini_set( 'error_log', '/dev/null' );
		$limit();
		try {
			// Each time until no more fits: the smaller for the gaps that the larger leave.
			foreach ( array( 1000000, 100000, 10000, 1000 ) as $bytes ) {
				$filler = str_repeat( 'x', $bytes );
				$number = 0;
				do {
					// Never the disk of the machine: a database without a limit is a mistake in running this.
					$this->assertLessThan( self::FILLERS, $number, 'The database takes more and more: it was not started with a limit.' );
					$name     = "byok_test_{$bytes}_" . ++$number;
					$inserted = $wpdb->query( "INSERT INTO $wpdb->options (option_name, option_value, autoload) VALUES ('$name', '$filler', 'off')" );
				} while ( $inserted );
				$this->assertStringContainsString( $error, $wpdb->last_error );
			}

			$errors = count( $GLOBALS['EZSQL_ERROR'] );
			$told   = byok_save_key( 'anthropic', $new );
			self::assert_error( 'byok_storage_failed', $told, $new );
			$this->assertStringContainsString( $error, $GLOBALS['EZSQL_ERROR'][ $errors ]['error_str'] );
			$this->assertSame( $raw, self::raw( 'anthropic' ) );
			$found = byok_get_key( 'anthropic' );
			$replacing ? $this->assertSame( $old, $found ) : self::assert_error( 'byok_key_absent', $found );
		} finally {
			$unlimit();
			ini_set( 'error_log', (string) $log );
			$wpdb->query( "DELETE FROM $wpdb->options WHERE option_name LIKE 'byok\_test\_%'" );
		}
		self::save( 'anthropic', $new );
		$this->assertSame( $new, byok_get_key( 'anthropic' ) );
	}

	/**
	 * The database server.
	 *
	 * @return array{pid: int, command: string[]}
	 */
	private static function server(): array {
		global $wpdb;
		$pid = (int) file_get_contents( $wpdb->get_var( 'SELECT @@pid_file' ) );
		return array(
			'pid'     => $pid,
			'command' => explode( "\0", rtrim( file_get_contents( "/proc/$pid/cmdline" ), "\0" ) ),
		);
	}

	/**
	 * Starts a killed database server again, and waits until it answers.
	 *
	 * @param array $server From server().
	 */
	private function start_server( array $server ): void {
		global $wpdb;
		$pipes = array();
		$log   = array( 'file', '/dev/null', 'a' );
		self::$servers[] = proc_open( $server['command'], array( array( 'file', '/dev/null', 'r' ), $log, $log ), $pipes );
		for ( $tries = 0; $tries < 300; $tries++ ) {
			usleep( 100000 );
			$connection = @mysqli_init();
			try {
				if ( @mysqli_real_connect( $connection, null, DB_USER, DB_PASSWORD, DB_NAME, null, substr( DB_HOST, strlen( 'localhost:' ) ) ) ) {
					$this->assertTrue( $wpdb->check_connection( false ) );
					return;
				}
			} catch ( \mysqli_sql_exception $gone ) {
				continue;
			}
		}
		$this->fail( 'The database server does not start again.' );
	}
}
