<?php

/** byok_send() without a callback. The engine's own tests cover the network in depth. */
final class SendTest extends SendTestCase {

	public function test_an_answer_has_all_its_parts(): void {
		$key  = $this->new_key( 'sk-' );
		$told = $this->answer( $this->sender( $key ) . 'report( send( array( "path" => "/test-provider/echo?in=header" ) ) );', $this->ini() );
		$this->assertSame( array( 'status', 'headers', 'body', 'outcome', 'retry_after', 'redacted', 'attempts', 'elapsed_ms', 'stopped' ), array_keys( $told ) );
		$this->assertSame( array( 200, '{}', 'valid', null, true, 1, false ), array( $told['status'], $told['body'], $told['outcome'], $told['retry_after'], $told['redacted'], $told['attempts'], $told['stopped'] ) );
		$this->assertSame( array( 'a=1', 'b=2' ), $told['headers']['set-cookie'] );
		$this->assertSame( array( 'Bearer sk-…' . substr( $key, -4 ), 'two' ), $told['headers']['x-echo'] );
		$this->assertArrayNotHasKey( 'connection', $told['headers'] );
		$this->assert_free_of( $key, json_encode( $told ) );
	}

	public function test_the_request_is_sent_as_it_is_given(): void {
		$key  = $this->new_key( 'sk-' );
		$told = $this->answer( $this->sender( $key ) . '$answer = send( array( "method" => "POST", "path" => "/test-provider/echo?a=b", "body" => "{\"n\":1}", "headers" => array(
			"X-One" => "1", "x-many" => array( "a", "b" ), "X-Number" => 7, "Authorization" => "Bearer other", "x-api-key" => "other", "Host" => "evil.example", "Content-Length" => 3, "Accept-Encoding" => "br" ) ) );
			report( json_decode( $answer["body"], true ) );', $this->ini() );
		$this->assertSame( array( 'POST', '/openai/v1/test-provider/echo', 'a=b', '{"n":1}' ), array( $told['method'], $told['path'], $told['query'], $told['body'] ) );
		$headers = array();
		foreach ( $told['headers'] as list( $name, $value ) ) {
			$headers[ $name ][] = $value;
		}
		$this->assertSame( array( array( '1' ), array( 'a', 'b' ), array( '7' ) ), array( $headers['x-one'], $headers['x-many'], $headers['x-number'] ) );
		$this->assertSame( array( 'Bearer sk-…' . substr( $key, -4 ) ), $headers['authorization'] );
		$this->assertSame( array( array( '7' ), array( 'gzip' ) ), array( $headers['content-length'], $headers['accept-encoding'] ) );
		$this->assertArrayNotHasKey( 'x-api-key', $headers );
		$this->assertStringNotContainsString( 'evil', json_encode( $headers ) );
	}

	/** @dataProvider bad_requests */
	public function test_a_bad_request_is_refused_before_anything_is_sent( string $request, string $reason ): void {
		$before = count( $this->told( 'requests' ) );
		$this->assertSame( $reason, $this->answer( $this->sender( $this->new_key( 'sk-' ) ) . "report( reason( fn() => send( $request ) ) );", $this->ini() ) );
		$this->assertCount( $before, $this->told( 'requests' ) );
	}

	public function bad_requests(): array {
		return array(
			'nothing'          => array( 'array()', 'option_invalid' ),
			'path and URL'     => array( 'array( "path" => "/a", "url" => "https://api.openai.com/a" )', 'option_invalid' ),
			'unknown name'     => array( 'array( "path" => "/a", "verify" => false )', 'option_invalid' ),
			'number as path'   => array( 'array( "path" => 1 )', 'option_invalid' ),
			'no time'          => array( 'array( "path" => "/a", "timeout" => 0 )', 'option_invalid' ),
			'too much time'    => array( 'array( "path" => "/a", "idle_timeout" => 901 )', 'option_invalid' ),
			'too many retries' => array( 'array( "path" => "/a", "retries" => 4 )', 'option_invalid' ),
			'negative size'    => array( 'array( "path" => "/a", "max_bytes" => -1 )', 'option_invalid' ),
			'headers'          => array( 'array( "path" => "/a", "headers" => "x: 1" )', 'option_invalid' ),
			'header value'     => array( 'array( "path" => "/a", "headers" => array( "x" => array( true ) ) )', 'option_invalid' ),
			'line in a value'  => array( 'array( "path" => "/a", "headers" => array( "x" => "1\r\ny: 2" ) )', 'request_malformed' ),
			'line in a name'   => array( 'array( "path" => "/a", "headers" => array( "x: 1\r\ny" => "2" ) )', 'request_malformed' ),
			'list of headers'  => array( 'array( "path" => "/a", "headers" => array( "x: 1" ) )', 'request_malformed' ),
			'method'           => array( 'array( "path" => "/a", "method" => "TRACE" )', 'request_malformed' ),
			'body of a GET'    => array( 'array( "path" => "/a", "body" => "x" )', 'request_malformed' ),
			'other host'       => array( 'array( "path" => "//evil.example/a" )', 'path_refused' ),
			'dots'             => array( 'array( "path" => "/a/%2e%2e/b" )', 'path_refused' ),
			'other URL'        => array( 'array( "url" => "https://evil.example/v1/models" )', 'origin_mismatch' ),
			'plain URL'        => array( 'array( "url" => "http://api.openai.com/v1/models" )', 'origin_mismatch' ),
			'base URL'         => array( 'array( "path" => "/a", "base_url" => "https://evil.example" )', 'base_url_not_allowed' ),
		);
	}

	public function test_a_whole_address_of_the_provider_is_understood(): void {
		$told = $this->answer( $this->sender( $this->new_key( 'sk-' ) ) . 'report( array(
			send( array( "url" => "https://api.openai.com/v1/models?x=1", "path" => null ) )["status"], send( array( "url" => "https://api.openai.com/nothing" ) )["status"] ) );', $this->ini() );
		$this->assertSame( array( 200, 404 ), $told );
	}

	public function test_a_key_goes_only_where_it_is_bound_to(): void {
		$before = count( $this->told( 'requests' ) );
		$told   = $this->answer( self::SALTS . '
			$here = byok_origin( "openai" ); $there = "https://evil.example:443";
			$try = fn( $sealed, $given ) => reason( fn() => byok_send( "openai", byok_encrypt( "sk-byok-test-valid", array( "origin" => $sealed ) ), array( "origin" => $given ), array( "path" => "/models" ) ) );
			report( array( $try( $there, $there ), $try( $there, $here ), $try( $here, "" ), $try( "", "" ),
				reason( fn() => byok_send( "openai", "", array( "origin" => $here ), array( "path" => "/models" ) ) ),
				reason( fn() => byok_send( "nobody", "", array(), array( "path" => "/models" ) ) ) ) );', array( 'byok.test_provider' => getenv( 'BYOK_TEST_PROVIDER' ) ) );
		$this->assertSame( array( 'origin_mismatch', 'envelope_refused', 'origin_mismatch', 'origin_mismatch', 'envelope_malformed', 'provider_unknown' ), $told );
		$this->assertCount( $before, $this->told( 'requests' ) );
	}

	/** @dataProvider failures */
	public function test_each_failure_has_its_reason( string $behaviour, string $reason ): void {
		$key  = $this->new_key( 'sk-', $behaviour );
		$told = $this->answer( $this->sender( $key ) . 'try { send( array( "method" => "POST", "path" => "/chat/completions", "timeout" => 0.5, "max_bytes" => 100000 ) ); } catch ( Throwable $e ) {
			report( array( get_class( $e ), $e->getReason(), $e->getMessage(), print_r( $e, true ) ) ); }', $this->ini() );
		$this->assertSame( array( 'Byok\Exception\NetworkException', $reason ), array_slice( $told, 0, 2 ) );
		$this->assert_free_of( $key, $told[2] . $told[3] );
	}

	public function failures(): array {
		return array(
			'silence'      => array( 'hang', 'timeout' ),
			'drip'         => array( 'drip', 'timeout' ),
			'drip of body' => array( 'drip-body', 'timeout' ),
			'too large'    => array( 'huge', 'too_large' ),
			'bomb'         => array( 'bomb', 'too_large' ),
			'headers'      => array( 'headers', 'too_large' ),
			'breaks off'   => array( 'close', 'protocol' ),
		);
	}

	public function test_a_redirect_is_returned(): void {
		$trapped = $this->told( 'trapped' );
		$told    = $this->answer( $this->sender( $this->new_key( 'sk-', 'redirect' ) ) . 'report( send( array( "path" => "/models" ) ) );', $this->ini() );
		$this->assertSame( array( 302, null ), array( $told['status'], $told['outcome'] ) );
		$this->assertStringEndsWith( '/elsewhere', $told['headers']['location'][0] );
		$this->assertSame( $trapped, $this->told( 'trapped' ) );
	}

	public function test_the_same_connection_serves_all_requests(): void {
		$before = $this->told( 'connections' );
		$told   = $this->answer( $this->sender( $this->new_key( 'sk-' ) ) . 'for ( $i = 0; $i < 1000; $i++ ) { $ok[] = send( array( "path" => "/models" ) )["status"]; } report( array_unique( $ok ) );', $this->ini() );
		$this->assertSame( array( 200 ), $told );
		// One of them is this test's own question.
		$this->assertSame( 2, $this->told( 'connections' ) - $before );
	}

	public function test_a_forked_process_has_connections_of_its_own(): void {
		$before = $this->told( 'connections' );
		$told   = $this->answer( $this->sender( $this->new_key( 'sk-' ) ) . '
			$statuses = array( send( array( "path" => "/models" ) )["status"] );
			$child = pcntl_fork();
			if ( 0 === $child ) {
				for ( $i = 0; $i < 20; $i++ ) { $ok = 200 === send( array( "path" => "/models" ) )["status"]; if ( ! $ok ) { exit( 1 ); } }
				exit( 0 );
			}
			for ( $i = 0; $i < 20; $i++ ) { $statuses[] = send( array( "path" => "/models" ) )["status"]; }
			pcntl_waitpid( $child, $status );
			$statuses[] = send( array( "path" => "/models" ) )["status"];
			report( array( array_unique( $statuses ), pcntl_wexitstatus( $status ) ) );', $this->ini() );
		$this->assertSame( array( array( 200 ), 0 ), $told );
		$this->assertSame( 3, $this->told( 'connections' ) - $before );
	}

	public function test_the_key_is_in_nothing_that_php_can_see(): void {
		$key  = $this->new_key( 'sk-' );
		list( $exit, $output, $errors ) = $this->run_php( $this->sender( $key ) . '
			function outer( $request ) { return send( $request, function ( $bytes, $head ) { var_dump( $bytes, $head, debug_backtrace(), get_defined_vars() ); } ); }
			var_dump( send( array( "path" => "/test-provider/echo" ) ), outer( array( "path" => "/test-provider/echo?in=stream" ) ) );
			try { send( array( "path" => "/models" ), function () { throw new Exception( "mine" ); } ); } catch ( Exception $e ) { var_dump( $e->getTrace() ); echo $e, json_encode( (array) $e ); }
			try { send( array( "path" => "/../x" ) ); } catch ( Exception $e ) { var_dump( $e ); echo $e; }
			var_dump( $GLOBALS, get_defined_constants(), error_get_last() ); phpinfo();', $this->ini() );
		$this->assertSame( array( 0, '' ), array( $exit, $errors ) );
		$this->assertStringContainsString( 'sk-…' . substr( $key, -4 ), $output );
		$this->assert_free_of( $key, $output );
	}
}
