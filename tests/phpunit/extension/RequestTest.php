<?php

/** Two requests in one process: nothing of the first is left in the second. */
final class RequestTest extends ExtensionTestCase {

	/** Defines another BYOK_KEY in each request; the path says which, and what to do follows it. */
	private const ROUTER = <<<'PHP'
	<?php
	define( 'BYOK_KEY', file_get_contents( __DIR__ . '/secret-' . $_GET['n'] ) );
	$source = byok_key_source();
	echo json_encode( array( getmypid(), $source['key_id'], $source['previous_key_ids'], byok_encrypt( 'byok-test' ), byok_inspect( file_get_contents( 'php://input' ), array() ) ) );
	PHP;

	/** Tells how many pages are locked and left out of core dumps, and who serves. */
	private const MAPPING = <<<'PHP'
	<?php
	preg_match_all( '/^KernelPageSize: +(\d+) .*?^Rss: +(\d+) .*?^VmFlags:([^\n]*)$/ms', file_get_contents( '/proc/self/smaps' ), $mappings, PREG_SET_ORDER );
	$pages = 0;
	foreach ( $mappings as list( , $page, $size, $flags ) ) {
		$pages += array() === array_diff( array( 'dd', 'lo' ), explode( ' ', $flags ) ) ? $size / $page : 0;
	}
	$stat = explode( ' ', file_get_contents( '/proc/self/stat' ) );
	echo json_encode( array( (int) $stat[3], $pages, byok_key_source()['warnings'] ) );
	PHP;

	/**
	 * Runs `php -S` with a router, and `$test` with its port and process id.
	 *
	 * @param array<string, string> $environment Its whole environment.
	 */
	private function serve( string $router, array $environment, callable $test ): void {
		file_put_contents( $this->directory() . '/router.php', $router );
		$port    = $this->free_port();
		$command = array( PHP_BINARY, '-n', '-d', 'extension=' . getenv( 'BYOK_TEST_EXTENSION' ), '-S', "127.0.0.1:$port", $this->directory() . '/router.php' );
		$log     = array( 'file', $this->directory() . '/log', 'a' );
		$server  = proc_open( $command, array( array( 'pipe', 'r' ), $log, $log ), $pipes, $this->directory(), $environment );
		try {
			$test( $port, proc_get_status( $server )['pid'] );
		} finally {
			// The workers first: they outlive a server that is ended.
			$pid = proc_get_status( $server )['pid'];
			foreach ( array_filter( explode( ' ', file_get_contents( "/proc/$pid/task/$pid/children" ) ) ) as $worker ) {
				posix_kill( (int) $worker, 15 );
			}
			proc_terminate( $server );
			proc_close( $server );
		}
	}

	public function test_the_ring_is_forgotten_at_the_end_of_a_request(): void {
		file_put_contents( $this->directory() . '/secret-0', $this->secret() );
		file_put_contents( $this->directory() . '/secret-1', $this->secret() );
		$this->serve( self::ROUTER, array(), function ( int $port ): void {
			// All requests are of one shape, so that PHP puts the other constant at the same address: a ring that
			// was kept would not be noticed by where its constants lie.
			$this->request( $port, 0, str_repeat( 'x', 126 ) );
			list( $pid, $id, , $envelope ) = $this->request( $port, 0, str_repeat( 'x', 126 ) );
			$this->assertSame( 126, strlen( $envelope ) );
			list( $again, $other, $previous, , $told ) = $this->request( $port, 1, $envelope );
			$this->assertSame( $pid, $again, 'The requests were served by two processes.' );
			$this->assertNotSame( $id, $other );
			$this->assertSame( array(), $previous );
			$this->assertSame( array( $id, 'locked', 'envelope_unknown_key' ), array( $told['key_id'], $told['state'], $told['reason'] ) );
			// And the first one's ring comes back with its constant.
			$this->assertSame( 'ready', $this->request( $port, 0, $envelope )[4]['state'] );
		} );
	}

	public function test_a_worker_locks_the_secrets_that_its_parent_made(): void {
		$environment = array( 'BYOK_KEY' => $this->secret(), 'PHP_CLI_SERVER_WORKERS' => '2' );
		$this->serve( self::MAPPING, $environment, function ( int $port, int $server ): void {
			// The parent serves too; whoever comes first gets a request.
			for ( $tries = 0; $tries < 200; $tries++ ) {
				list( $parent, $pages, $warnings ) = $this->request( $port, 0, '' );
				if ( $server === $parent ) {
					break;
				}
			}
			$this->assertSame( $server, $parent, 'No request was served by a worker.' );
			// One of the root, one of what tickets are sealed with. A machine without room for locked memory says so.
			$this->assertSame( in_array( 'memory_not_locked', $warnings, true ) ? 0 : 2, $pages );
		} );
	}

	private function free_port(): int {
		$socket = stream_socket_server( 'tcp://127.0.0.1:0' );
		$name   = stream_socket_get_name( $socket, false );
		fclose( $socket );
		return (int) substr( strrchr( $name, ':' ), 1 );
	}

	private function request( int $port, int $number, string $body ): array {
		$context = stream_context_create( array( 'http' => array( 'method' => 'POST', 'content' => $body, 'header' => 'Content-Type: text/plain' ) ) );
		for ( $tries = 0; $tries < 100; $tries++ ) {
			$answer = @file_get_contents( "http://127.0.0.1:$port/?n=$number", false, $context );
			if ( false !== $answer ) {
				return json_decode( $answer, true, 512, JSON_THROW_ON_ERROR );
			}
			usleep( 50000 );
		}
		$this->fail( 'The server does not answer.' );
	}
}
