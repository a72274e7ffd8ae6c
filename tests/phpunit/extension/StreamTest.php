<?php

/** byok_send() with a callback. */
final class StreamTest extends SendTestCase {

	public function test_chunks_come_as_they_arrive(): void {
		$told = $this->answer( $this->sender( $this->new_key( 'sk-' ) ) . '$start = microtime( true );
			$answer = send( array( "path" => "/test-provider/stream?count=4&ms=300" ), function ( $bytes, $head ) use ( &$chunks, $start ) {
				$chunks[] = array( $bytes, $head["status"], $head["headers"]["content-type"], microtime( true ) - $start );
			} );
			report( array( $answer, $chunks ) );', $this->ini() );
		list( $answer, $chunks ) = $told;
		$this->assertSame( array( 200, '', 'valid', false ), array( $answer['status'], $answer['body'], $answer['outcome'], $answer['stopped'] ) );
		$this->assertSame( "data: {\"number\": 1}\n\ndata: {\"number\": 2}\n\ndata: {\"number\": 3}\n\ndata: {\"number\": 4}\n\n", implode( '', array_column( $chunks, 0 ) ) );
		$this->assertSame( array( 200, array( 'text/event-stream' ) ), array( $chunks[0][1], $chunks[0][2] ) );
		// 0.9 seconds lie between them; a busy machine may hand out the first one late.
		$this->assertGreaterThan( 0.25, end( $chunks )[3] - $chunks[0][3], 'The first chunk waited for the others.' );
		$this->assertGreaterThan( 0.8, end( $chunks )[3] );
	}

	public function test_an_answer_without_a_body_calls_nobody(): void {
		$told = $this->answer( $this->sender( $this->new_key( 'sk-' ) ) . '$called = 0; $answer = send( array( "path" => "/test-provider/bytes?size=0" ), function () use ( &$called ) { $called++; } ); report( array( $answer["status"], $called ) );', $this->ini() );
		$this->assertSame( array( 200, 0 ), $told );
	}

	public function test_false_stops_and_closes_the_connection(): void {
		$open = $this->quiet();
		$told = $this->answer( $this->sender( $this->new_key( 'sk-' ) ) . '$called = 0;
			$answer = send( array( "path" => "/test-provider/stream?ms=5" ), function () use ( &$called ) { return ++$called < 3; } );
			// The process lives on: the connection is closed by the end of the request alone.
			for ( $tries = 0; $tries < 100; $tries++ ) {
				usleep( 50000 );
				$closed = json_decode( file_get_contents( ini_get( "byok.test_provider" ) . "/__open" ) ) <= ' . $open . ';
				if ( $closed ) { break; }
			}
			report( array( $answer["stopped"], $answer["status"], $called, $closed ) );', $this->ini() );
		$this->assertSame( array( true, 200, 3, true ), $told );
	}

	public function test_only_false_stops(): void {
		$told = $this->answer( $this->sender( $this->new_key( 'sk-' ) ) . 'foreach ( array( null, 0, "", array(), true ) as $value ) {
			$answers[] = send( array( "path" => "/test-provider/stream?count=3" ), fn() => $value )["stopped"]; } report( $answers );', $this->ini() );
		$this->assertSame( array_fill( 0, 5, false ), $told );
	}

	public function test_an_exception_comes_through_unchanged_and_closes_the_connection(): void {
		$told = $this->answer( $this->sender( $this->new_key( 'sk-' ) ) . '
			final class Mine extends DomainException { public $more = 7; }
			$thrown = new Mine( "text", 42, new LogicException( "before" ) );
			try { send( array( "path" => "/test-provider/stream?ms=5" ), function () use ( $thrown ) { throw $thrown; } ); } catch ( Throwable $caught ) {}
			$same = $caught === $thrown && null === error_get_last();
			try { send( array( "path" => "/models" ), "no_such_function" ); } catch ( TypeError $e ) { $type = true; }
			try { send( array( "path" => "/models" ), function ( int $bytes ) {} ); } catch ( TypeError $e ) { $argument = true; }
			report( array( $same, $type, $argument, send( array( "path" => "/models" ) )["status"] ) );', $this->ini() );
		$this->assertSame( array( true, true, true, 200 ), $told );
	}

	public function test_a_callback_may_send_too(): void {
		$told = $this->answer( $this->sender( $this->new_key( 'sk-' ) ) . '
			send( array( "path" => "/test-provider/stream?count=2&ms=100" ), function () use ( &$inner ) {
				$inner[] = send( array( "path" => "/models" ) )["status"];
				$inner[] = byok_inspect( "x" )["state"];
				try { send( array( "path" => "/models" ), function () { throw new Exception( "inner" ); } ); } catch ( Exception $e ) { $inner[] = $e->getMessage(); }
			} );
			report( $inner );', $this->ini() );
		$this->assertSame( array( 200, 'damaged', 'inner', 200, 'damaged', 'inner' ), $told );
	}

	public function test_a_fiber_may_wait_in_the_callback(): void {
		$told = $this->answer( $this->sender( $this->new_key( 'sk-' ) ) . '
			$fiber = new Fiber( fn() => send( array( "path" => "/test-provider/stream?count=3&ms=100" ), function ( $bytes ) { Fiber::suspend( $bytes ); } )["status"] );
			for ( $seen = array( $fiber->start() ); ! $fiber->isTerminated(); ) { $other = send( array( "path" => "/models" ) )["status"]; $seen[] = $fiber->resume(); }
			report( array( count( array_filter( $seen ) ), $fiber->getReturn(), $other ) );', $this->ini() );
		$this->assertSame( array( 3, 200, 200 ), $told );
	}

	public function test_exit_in_the_callback_ends_the_script(): void {
		list( $exit, $output ) = $this->run_php( $this->sender( $this->new_key( 'sk-' ) ) . '
			register_shutdown_function( function () { echo "shut down ", send( array( "path" => "/models" ) )["status"]; } );
			send( array( "path" => "/test-provider/stream?ms=5" ), function () { exit( 3 ); } ); echo "not reached";', $this->ini() );
		$this->assertSame( array( 3, 'shut down 200' ), array( $exit, $output ) );
	}

	public function test_an_error_s_body_is_streamed_and_still_speaks_of_the_key(): void {
		$told = $this->answer( $this->sender( $this->new_key( 'sk-ant-api03-', 'no-credit' ), 'anthropic' ) . '
			$answer = send( array( "path" => "/models" ), function ( $bytes ) use ( &$all ) { $all .= $bytes; } ); report( array( $answer["outcome"], $answer["status"], $answer["body"], str_contains( $all, "credit balance" ) ) );', $this->ini() );
		$this->assertSame( array( 'no_credit', 400, '', true ), $told );
	}

	/**
	 * PHP gives the request up in the callback, which jumps past every destructor.
	 *
	 * @dataProvider ends
	 */
	public function test_the_key_is_gone_after_a_fatal_end_and_the_client_still_works( string $end ): void {
		$key  = $this->new_key( 'sk-' );
		$code = $this->sender( $key ) . '
			ini_set( "display_errors", "0" );
			register_shutdown_function( function () {
				ini_set( "memory_limit", "1G" ); set_time_limit( 0 );
				echo json_encode( array( error_get_last()["type"] ?? null, send( array( "path" => "/models" ) )["status"], hash( "sha256", "byok-test-planted" ) ) ), "\n";
				fgets( STDIN );
			} );
			send( array( "path" => "/test-provider/stream?ms=5" ), function () { ' . $end . ' } );';
		file_put_contents( $this->directory() . '/work.php', "<?php\n$code" );
		$command = array( PHP_BINARY, '-n', '-d', 'extension=' . getenv( 'BYOK_TEST_EXTENSION' ), '-d', 'memory_limit=32M' );
		foreach ( $this->ini() as $name => $value ) {
			array_push( $command, '-d', "$name=$value" );
		}
		$command[] = $this->directory() . '/work.php';
		$process   = proc_open( $command, array( array( 'pipe', 'r' ), array( 'pipe', 'w' ), array( 'file', '/dev/null', 'w' ) ), $pipes, null, array() );
		$line      = (string) fgets( $pipes[1] );
		$memory    = $this->dump( proc_get_status( $process )['pid'] );
		fwrite( $pipes[0], "\n" );
		proc_close( $process );
		$told = json_decode( $line, true );
		$this->assertIsArray( $told, $line );
		$this->assertSame( 200, $told[1] );
		$this->assertStringContainsString( hash( 'sha256', 'byok-test-planted' ), $memory, 'The search finds nothing at all.' );
		foreach ( str_split( substr( $key, strlen( 'sk-byok-test-valid-' ) ), 16 ) as $part ) {
			$this->assertFalse( strpos( $memory, $part ), 'The key is still in memory.' );
		}
	}

	public function ends(): array {
		return array(
			'no end'             => array( 'return false;' ),
			'an exception'       => array( 'throw new Exception( "mine" );' ),
			'the memory limit'   => array( 'str_repeat( "x", 100 * 1024 * 1024 );' ),
			'the time limit'     => array( 'set_time_limit( 1 ); while ( true ) {}' ),
			'a fatal error'      => array( 'trigger_error( "over", E_USER_ERROR );' ),
			'exit'               => array( 'exit( 1 );' ),
		);
	}

	public function test_nothing_is_read_ahead_while_the_callback_runs(): void {
		$server  = stream_socket_server( 'tcp://127.0.0.1:0' );
		$address = stream_socket_get_name( $server, false );
		$code    = self::SALTS . "\$c = array( 'origin' => byok_origin( 'openai-compatible', 'http://$address' ) );
			byok_send( 'openai-compatible', byok_encrypt( 'byok-test-valid', \$c ), \$c, array( 'path' => '/x', 'base_url' => 'http://$address', 'method' => 'GET' ),
				function ( \$bytes ) { echo strlen( \$bytes ), \"\\n\"; fgets( STDIN ); return false; } );";
		file_put_contents( $this->directory() . '/work.php', "<?php\n$code" );
		$process = proc_open( array( PHP_BINARY, '-n', '-d', 'extension=' . getenv( 'BYOK_TEST_EXTENSION' ), '-d', "byok.allow_hosts=$address", $this->directory() . '/work.php' ), array( array( 'pipe', 'r' ), array( 'pipe', 'w' ), STDERR ), $pipes, null, array() );
		$stream  = stream_socket_accept( $server, 10 );
		fread( $stream, 8192 );
		fwrite( $stream, "HTTP/1.1 200 Test\r\ncontent-length: 1000000000\r\n\r\n" );
		stream_set_blocking( $stream, false );
		$block = str_repeat( 'x', 65536 );
		$taken = 0;
		for ( $idle = 0; $idle < 20 && $taken < 100000000; ) {
			$written = (int) @fwrite( $stream, $block );
			$taken  += $written;
			$idle    = $written ? 0 : $idle + 1;
			$written || usleep( 50000 );
		}
		$this->assertLessThanOrEqual( 16384, (int) fgets( $pipes[1] ) );
		$resident = (int) preg_replace( '/.*VmRSS:\s+(\d+) kB.*/s', '$1', file_get_contents( '/proc/' . proc_get_status( $process )['pid'] . '/status' ) );
		fwrite( $pipes[0], "\n" );
		$this->assertSame( 0, proc_close( $process ) );
		// What the kernel keeps for both sides; nothing of it is in the process.
		$this->assertLessThan( 32000000, $taken );
		$this->assertLessThan( 80000, $resident );
	}

	/** A page that streams to the browser until that is gone, then notes how it ended. */
	private const PAGE = <<<'PHP'
	ignore_user_abort( '0' !== $_GET['ignore'] );
	register_shutdown_function( function () { file_put_contents( __DIR__ . '/ended', json_encode( array( connection_status(), $GLOBALS['count'], $GLOBALS['answer']['stopped'] ?? null ) ) ); } );
	$count  = 0;
	$answer = send( array( 'path' => '/test-provider/stream?ms=20' . ( '1' === $_GET['ignore'] ? '&count=60' : '' ) ), function ( $bytes ) { $GLOBALS['count'] += substr_count( $bytes, 'data:' ); echo $bytes; flush(); '2' === $_GET['ignore'] && connection_aborted() && ignore_user_abort( false ); } );
	PHP;

	/** @dataProvider aborts */
	public function test_the_provider_is_left_when_the_browser_is_gone( string $ignore, bool $goes_on, ?bool $stops ): void {
		$open = $this->quiet();
		file_put_contents( $this->directory() . '/router.php', "<?php\n" . $this->sender( $this->new_key( 'sk-' ) ) . self::PAGE );
		$listener = stream_socket_server( 'tcp://127.0.0.1:0' );
		$port     = (int) substr( strrchr( stream_socket_get_name( $listener, false ), ':' ), 1 );
		fclose( $listener );
		$command = array( PHP_BINARY, '-n', '-d', 'extension=' . getenv( 'BYOK_TEST_EXTENSION' ), '-d', 'byok.test_provider=' . getenv( 'BYOK_TEST_PROVIDER' ), '-S', "127.0.0.1:$port", $this->directory() . '/router.php' );
		$log     = array( 'file', $this->directory() . '/log', 'a' );
		$server  = proc_open( $command, array( array( 'pipe', 'r' ), $log, $log ), $pipes, $this->directory(), array() );
		try {
			$browser = false;
			$this->wait_until( function () use ( &$browser, $port ) {
				$browser = $browser ?: @stream_socket_client( "tcp://127.0.0.1:$port", $code, $text, 1 );
				return false !== $browser;
			}, 'There is no server.' );
			fwrite( $browser, "GET /?ignore=$ignore HTTP/1.0\r\n\r\n" );
			$this->assertStringContainsString( '200', fgets( $browser ) );
			while ( ! str_contains( (string) fgets( $browser ), '"number": 5' ) ) {
				$this->assertFalse( feof( $browser ) );
			}
			$this->assertGreaterThan( $open, $this->told( 'open' ) );
			// Closed with unread bytes in it: the server hears of it at its next write.
			fclose( $browser );
			$this->wait_until( fn() => file_exists( $this->directory() . '/ended' ), 'The page goes on.' );
			list( $status, $count, $stopped ) = json_decode( file_get_contents( $this->directory() . '/ended' ), true );
			$this->assertSame( 1, $status & 1, 'PHP has not noticed.' );
			$this->assertSame( $goes_on, 60 === $count );
			$this->assertSame( $stops, $stopped );
			$this->wait_until( fn() => $this->told( 'open' ) <= $open + ( $goes_on ? 1 : 0 ), 'The connection to the provider is still open.' );
		} finally {
			proc_terminate( $server );
			proc_close( $server );
		}
	}

	public function aborts(): array {
		return array(
			// PHP gives the request up when it writes, so that there is no answer.
			'as usual'                  => array( '0', false, null ),
			'ignore_user_abort()'       => array( '1', true, false ),
			'ignored only at the write' => array( '2', false, true ),
		);
	}
}
