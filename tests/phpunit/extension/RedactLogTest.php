<?php

/** byok.redact_log: what PHP writes to its log or shows, on the command line and in the built-in server. */
final class RedactLogTest extends ExtensionTestCase {

	/** Every way PHP writes a message; `$key` is in it. */
	public function messages(): array {
		return array(
			'error_log'             => array( 'error_log( "failed with $key" );' ),
			'error_log of object'   => array( 'error_log( new RuntimeException( "failed with $key" ) );' ),
			'error_log to a file'   => array( 'error_log( "failed with $key\n", 3, $file );' ),
			'error_log to server'   => array( 'error_log( "failed with $key", 4 );' ),
			'call by name'          => array( '( "error_log" )( message: "failed with $key" );' ),
			'call_user_func'        => array( 'call_user_func_array( "error_log", array( "failed with $key" ) );' ),
			'first-class callable'  => array( '$log = error_log( ... ); $log( "failed with $key" );' ),
			'strict types'          => array( 'error_log( "failed with $key" );', 'declare( strict_types=1 );' ),
			'user warning'          => array( 'trigger_error( "failed with $key", E_USER_WARNING );' ),
			'warning of PHP'        => array( 'fopen( "/nowhere/$key", "r" );' ),
			'undefined key'         => array( '$a = array(); echo $a[ $key ];' ),
			'several lines'         => array( 'trigger_error( "one\ntwo $key\nthree\t$key" );' ),
			'exception'             => array( 'throw new RuntimeException( "failed with $key" );' ),
			'argument in a trace'   => array( 'function f( $x, $y ) { throw new LogicException( "failed" ); } f( $key, array( $key ) );' ),
			'previous exception'    => array( 'throw new LogicException( "outer", 0, new RuntimeException( "inner $key" ) );' ),
			'TypeError'             => array( 'function f( int $x ) {} f( $key );' ),
			'fatal error'           => array( 'trigger_error( "failed with $key", E_USER_ERROR );' ),
			'exception in shutdown' => array( 'register_shutdown_function( function () use ( $key ) { throw new Exception( "late $key" ); } ); exit( 3 );' ),
			'exception in output'   => array( 'ob_start( function ( $buffer ) use ( $key ) { trigger_error( "in a buffer $key" ); return $buffer; } ); echo "x";' ),
			'evaluated code'        => array( 'eval( "\'$key\' \'$key\';" );' ),
			'handler that logs'     => array( 'set_error_handler( function ( $n, $text ) { error_log( $text ); return false; } ); trigger_error( "failed with $key" );' ),
			'deprecated'            => array( 'trigger_error( "failed with $key", E_USER_DEPRECATED );' ),
			'five ways'             => array( 'error_log( $key ); error_log( json_encode( array( "k" => $key ) ) ); error_log( print_r( array( "x" => $key ), true ) ); error_log( base64_encode( "user:$key" ) ); error_log( urlencode( "?k=$key" ) ); throw new Exception( $key );' ),
		);
	}

	/** @dataProvider messages */
	public function test_no_key_is_in_any_log_or_on_the_page( string $code, string $declare = '' ): void {
		$key = $this->new_key();
		foreach ( array( 'log' => array( 'log_errors' => '1', 'display_errors' => '0' ), 'page' => array( 'display_errors' => '1' ), 'html' => array( 'display_errors' => '1', 'html_errors' => '1' ), 'stderr' => array( 'display_errors' => 'stderr' ), 'file' => array( 'log_errors' => '1', 'display_errors' => '0', 'error_log' => $this->directory() . '/error.log' ) ) as $where => $ini ) {
			$file = $this->directory() . '/other.log';
			list( , $output, $errors ) = $this->run_file( "$declare\n\$file = " . $this->literal( $file ) . '; $key = ' . $this->literal( $key ) . ";\n$code", $ini );
			$written = $output . $errors;
			foreach ( array( 'error.log', 'other.log' ) as $log ) {
				$path     = $this->directory() . "/$log";
				$written .= is_file( $path ) ? file_get_contents( $path ) : '';
				is_file( $path ) && unlink( $path );
			}
			if ( '' !== $written ) {
				$this->assert_free_of( $key, $written );
				$this->assertStringNotContainsString( substr( $key, 7, 12 ), $written, $where );
			}
			if ( 'file' === $where && ! str_contains( $code, '$file' ) ) {
				$this->assertStringContainsString( '…', $written, 'The message itself must be there.' );
			}
		}
	}

	public function test_the_hook_is_what_keeps_it_out(): void {
		$key = $this->new_key();
		list( , , $errors ) = $this->run_file( 'error_log( ' . $this->literal( $key ) . ' ); trigger_error( ' . $this->literal( $key ) . ' );', array( 'byok.redact_log' => '0', 'log_errors' => '1', 'display_errors' => '0' ) );
		$this->assertSame( 2, substr_count( $errors, $key ) );
	}

	public function test_a_key_of_the_site_is_known_in_a_trace_that_shows_its_beginning(): void {
		$key = bin2hex( random_bytes( 20 ) );
		list( , , $errors ) = $this->run_file( self::SALTS . '
			byok_encrypt( $key = ' . $this->literal( $key ) . ' );
			function f( $x ) { throw new Exception( "failed" ); }
			f( $key );', array( 'zend.exception_string_param_max_len' => '15', 'log_errors' => '1', 'display_errors' => '0' ) );
		$this->assertStringContainsString( "f('…...')", $errors );
		$this->assertStringNotContainsString( substr( $key, 0, 8 ), $errors );
	}

	public function test_a_trace_shows_no_beginning_of_a_key_with_a_form(): void {
		foreach ( array( 'sk-ant-api03-' => 'sk-ant-', 'sk-proj-' => 'sk-proj-', 'gsk_' => 'gsk_', 'AIza' => 'AIza' ) as $prefix => $shown ) {
			$key = $prefix . 'a7B9' . bin2hex( random_bytes( 30 ) );
			list( , , $errors ) = $this->run_file( 'function f( $x ) { throw new Exception( "failed" ); } f( ' . $this->literal( $key ) . ' );', array( 'zend.exception_string_param_max_len' => '15', 'log_errors' => '1', 'display_errors' => '0' ) );
			$this->assertStringContainsString( "f('{$shown}…...')", $errors );
		}
	}

	public function test_what_is_no_key_is_written_as_it_is(): void {
		$text = "Größe 5 % <b>\"x\"</b> \\ \t sk-spinner token: 12 \x01";
		foreach ( array( '1', '0' ) as $on ) {
			$seen[] = $this->run_file( 'error_log( ' . $this->literal( $text ) . ' ); trigger_error( ' . $this->literal( $text ) . ' ); error_log( 12 ); error_log( null ?? "x", 0 ); throw new Exception( "a" );', array( 'byok.redact_log' => $on, 'log_errors' => '1', 'display_errors' => '0' ) );
		}
		$this->assertSame( $seen[1], $seen[0] );
		$this->assertStringContainsString( $text, $seen[0][2] );
	}

	public function test_error_log_keeps_its_signature_and_errors(): void {
		$told = $this->answer( '
			$try = function ( ...$a ) { try { return error_log( ...$a ); } catch ( Throwable $t ) { return get_class( $t ) . ": " . $t->getMessage(); } };
			$throws = new class { function __toString(): string { throw new DomainException( "from text" ); } };
			report( array( $try(), $try( array() ), $try( new stdClass() ), $try( $throws ), $try( "a", 3, "/nowhere/x/y" ), ( string ) new ReflectionFunction( "error_log" ) ) );', array( 'error_log' => '/dev/null', 'display_errors' => '0' ) );
		$this->assertSame( 'ArgumentCountError: error_log() expects at least 1 argument, 0 given', $told[0] );
		$this->assertSame( 'TypeError: error_log(): Argument #1 ($message) must be of type string, array given', $told[1] );
		$this->assertSame( 'TypeError: error_log(): Argument #1 ($message) must be of type string, stdClass given', $told[2] );
		$this->assertSame( 'DomainException: from text', $told[3] );
		$this->assertFalse( $told[4] );
		$this->assertStringContainsString( 'string $message', $told[5] );
	}

	public function test_strict_types_refuse_an_object_as_before(): void {
		list( , $output ) = $this->run_file( 'declare( strict_types=1 ); try { error_log( new Exception( "x" ) ); } catch ( TypeError $e ) { echo $e->getMessage(); }', array() );
		$this->assertSame( 'error_log(): Argument #1 ($message) must be of type string, Exception given', $output );
	}

	public function test_error_get_last_has_no_key(): void {
		$key  = $this->new_key();
		$told = $this->answer( '@trigger_error( ' . $this->literal( "failed with $key" ) . ' ); $last = error_get_last(); $copy = $last["message"] . "!"; unset( $last ); error_clear_last(); report( $copy );' );
		$this->assertSame( 'failed with sk-ant-…' . substr( $key, -4 ) . '!', $told );
	}

	public function test_a_request_that_has_no_memory_left_still_masks(): void {
		$key = $this->new_key();
		list( $exit, $output, $errors ) = $this->run_file( '
			$key = ' . $this->literal( $key ) . ';
			$hold = array();
			register_shutdown_function( function () use ( $key ) { error_log( "late $key" ); } );
			function grow( $key, &$hold ) { while ( true ) { $hold[] = str_repeat( $key, 1000 ); error_log( "grown with $key" ); } }
			grow( $key, $hold );', array( 'memory_limit' => '8M', 'log_errors' => '1', 'display_errors' => '1' ) );
		$this->assertSame( 255, $exit );
		$this->assertStringContainsString( 'Allowed memory size', $output );
		$this->assertStringContainsString( 'late sk-ant-…', $errors );
		$this->assert_free_of( $key, $output . $errors );
	}

	public function test_a_message_of_many_megabytes_is_masked(): void {
		$key = $this->new_key();
		list( , , $errors ) = $this->run_file( 'error_log( str_repeat( "x ", 4000000 ) . ' . $this->literal( $key ) . ' );', array( 'log_errors' => '1' ) );
		$this->assertStringEndsWith( 'sk-ant-…' . substr( $key, -4 ) . "\n", $errors );
	}

	public function test_time_runs_out_within_an_error_handler(): void {
		$key = $this->new_key();
		list( $exit, $output, $errors ) = $this->run_file( '
			set_time_limit( 1 );
			set_error_handler( function ( $n, $text ) { error_log( $text ); while ( true ) { } } );
			trigger_error( ' . $this->literal( "failed with $key" ) . ' );', array( 'log_errors' => '1' ) );
		$this->assertSame( 255, $exit );
		$this->assertStringContainsString( 'Maximum execution time', $output . $errors );
		$this->assert_free_of( $key, $output . $errors );
	}

	public function test_the_built_in_server_logs_and_shows_no_key(): void {
		$key  = $this->new_key();
		$site = $this->directory();
		file_put_contents( "$site/index.php", '<?php $key = ' . $this->literal( $key ) . '; error_log( "logged $key" ); error_log( "direct $key", 4 ); trigger_error( "warned $key" ); function f( $x ) { throw new Exception( "thrown $x" ); } f( $key );' );
		$port   = (int) substr( strrchr( stream_socket_get_name( stream_socket_server( 'tcp://127.0.0.1:0' ), false ), ':' ), 1 );
		$server = proc_open( array( PHP_BINARY, '-n', '-d', 'extension=' . getenv( 'BYOK_TEST_EXTENSION' ), '-d', 'display_errors=1', '-d', 'log_errors=1', '-d', 'html_errors=1', '-d', 'zend.exception_ignore_args=0', '-d', 'zend.exception_string_param_max_len=1000', '-S', "127.0.0.1:$port", '-t', $site ), array( 1 => array( 'file', "$site/server.log", 'a' ), 2 => array( 'file', "$site/server.log", 'a' ) ), $pipes );
		$page   = false;
		for ( $tries = 0; $tries < 100 && false === $page; $tries++ ) {
			usleep( 50000 );
			$page = @file_get_contents( "http://127.0.0.1:$port/", false, stream_context_create( array( 'http' => array( 'ignore_errors' => true ) ) ) );
		}
		proc_terminate( $server );
		proc_close( $server );
		$log = file_get_contents( "$site/server.log" );
		$this->assertSame( 5, substr_count( $log, 'thrown sk-ant-…' ) + substr_count( $log, 'warned sk-ant-…' ) + substr_count( $log, 'logged sk-ant-…' ) + substr_count( $log, 'direct sk-ant-…' ), $log );
		$this->assertStringContainsString( 'thrown sk-ant-…', $page );
		$this->assert_free_of( $key, $log . $page );
	}

	/** Runs a script in a file, because eval() and declare() have rules of their own. */
	private function run_file( string $code, array $ini ): array {
		$file = $this->directory() . '/script.php';
		file_put_contents( $file, "<?php $code" );
		$command = array( PHP_BINARY, '-n', '-d', 'extension=' . getenv( 'BYOK_TEST_EXTENSION' ) );
		foreach ( $ini + array( 'zend.exception_ignore_args' => '0', 'zend.exception_string_param_max_len' => '1000000', 'html_errors' => '0' ) as $name => $value ) {
			array_push( $command, '-d', "$name=$value" );
		}
		$process = proc_open( array( ...$command, $file ), array( 1 => array( 'pipe', 'w' ), 2 => array( 'file', $this->directory() . '/stderr', 'w' ) ), $pipes );
		$output  = stream_get_contents( $pipes[1] );
		$exit    = proc_close( $process );
		return array( $exit, $output, file_get_contents( $this->directory() . '/stderr' ) );
	}
}
