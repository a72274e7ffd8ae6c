<?php
/**
 * Tests of WordPress's HTTP API with stand-ins.
 *
 * @package byok
 */

namespace Byok\Tests;

use WpOrg\Requests\Requests;

/**
 * What WordPress does with a request is the same whether cURL or the gate carries it: each is made twice, with the key by
 * WordPress's own transport and with a stand-in, to the same address.
 */
final class HttpApiTest extends Test_Case {

	/**
	 * The key of this test.
	 *
	 * @var string
	 */
	private string $key = '';

	/**
	 * Files to remove.
	 *
	 * @var string[]
	 */
	private array $files = array();

	protected function setUp(): void {
		parent::setUp();
		$this->key = Test_Provider::key( 'openai' );
		self::save( 'openai', $this->key );
	}

	protected function tearDown(): void {
		array_map( 'unlink', array_filter( $this->files, 'file_exists' ) );
		parent::tearDown();
	}

	/**
	 * @dataProvider requests
	 *
	 * @param string $path What is asked.
	 * @param array  $args Arguments of wp_remote_request().
	 */
	public function test_the_gate_answers_as_curl_does( string $path, array $args ): void {
		list( $curl, $gate ) = $this->both( $path, $args );
		$this->assertSame( $curl, $gate );
	}

	/**
	 * Requests that are answered.
	 */
	public static function requests(): array {
		$json = array( 'Content-Type' => 'application/json' );
		return array(
			'GET'                         => array( 'echo?a=b', array() ),
			'GET with parameters'         => array( 'echo', array( 'body' => array( 'a' => 'b c&d=ü', 'e' => array( 'f' => '1', 'g' => '2' ) ) ) ),
			'GET with more parameters'    => array( 'echo?x=1', array( 'body' => array( 'a' => 'b' ) ) ),
			'GET with a fragment'         => array( 'echo?x=1#part', array() ),
			'GET without a status name'   => array( 'status?code=529', array() ),
			'GET of nothing'              => array( 'bytes?size=0', array() ),
			'HEAD'                        => array( 'status?code=200', array( 'method' => 'HEAD' ) ),
			'POST of JSON'                => array( 'echo', array( 'method' => 'POST', 'body' => '{"a":"b"}', 'headers' => $json ) ),
			'POST of a text'              => array( 'echo', array( 'method' => 'POST', 'body' => 'a' ) ),
			'POST of a form'              => array( 'echo', array( 'method' => 'POST', 'body' => array( 'a' => 'b c', 'd' => array( '1', '2' ) ) ) ),
			'POST of nothing'             => array( 'status?code=200', array( 'method' => 'POST' ) ),
			'PUT'                         => array( 'echo', array( 'method' => 'PUT', 'body' => '{}', 'headers' => $json ) ),
			'PATCH'                       => array( 'echo', array( 'method' => 'PATCH', 'body' => '{}', 'headers' => $json ) ),
			'DELETE of a form'            => array( 'echo', array( 'method' => 'DELETE', 'body' => array( 'a' => 'b' ) ) ),
			'cookies that are sent'       => array( 'echo', array( 'cookies' => array( 'one' => '1', 'two' => '2' ) ) ),
			'cookies that come'           => array( 'echo?in=header', array() ),
			'a name of its own'           => array( 'echo', array( 'user-agent' => 'somebody/1' ) ),
			'a name in a header'          => array( 'echo', array( 'headers' => array( 'user-agent' => 'somebody/2' ) ) ),
			'headers as a text'           => array( 'echo', array( 'headers' => "X-One: 1\r\nX-Two: 2" ) ),
			'an error'                    => array( 'status?code=400', array( 'method' => 'POST', 'body' => 'why', 'headers' => $json ) ),
			'an outage'                   => array( 'status?code=503', array() ),
			'a stream'                    => array( 'stream?count=3&ms=5', array() ),
			'a limit'                     => array( 'stream?count=3', array( 'limit_response_size' => 30 ) ),
			'a limit at its end'          => array( 'bytes?size=30', array( 'limit_response_size' => 30 ) ),
			'a limit of nothing'          => array( 'bytes?size=30', array( 'limit_response_size' => 0 ) ),
			'a file'                      => array( 'stream?count=3', array( 'stream' => true ) ),
			'a file with a limit'         => array( 'stream?count=3', array( 'stream' => true, 'limit_response_size' => 30 ) ),
			'a file of an error'          => array( 'status?code=404', array( 'stream' => true, 'method' => 'POST', 'body' => 'no' ) ),
			'a file in no folder'         => array( 'bytes?size=3', array( 'stream' => true, 'filename' => '/nowhere/at/all' ) ),
			'a large body'                => array( 'bytes?size=3000000', array() ),
			'nobody waits'                => array( 'bytes?size=3', array( 'blocking' => false ) ),
			'nobody waits for a file'     => array( 'bytes?size=3', array( 'blocking' => false, 'stream' => true ) ),
			'without redirects'           => array( 'bytes?size=3', array( 'redirection' => 0 ) ),
			'an old version of HTTP'      => array( 'bytes?size=3', array( 'httpversion' => '1.0' ) ),
			'a time beyond all'           => array( 'bytes?size=3', array( 'timeout' => 100000 ) ),
			'no time'                     => array( 'bytes?size=3', array( 'timeout' => 0 ) ),
			'certificates not looked at'  => array( 'bytes?size=3', array( 'sslverify' => false ) ),
			'no certificates'             => array( 'bytes?size=3', array( 'sslcertificates' => '/nowhere' ) ),
			'compressed'                  => array( 'bytes?size=3', array( 'headers' => array( 'Accept-Encoding' => 'identity' ), 'decompress' => true ) ),
		);
	}

	public function test_hooks_see_the_same_but_for_the_key(): void {
		$hooks = array( 'http_request_args', 'pre_http_request', 'https_ssl_verify', 'requests-requests.before_request', 'requests-request.progress', 'requests-requests.before_parse', 'requests-requests.before_redirect_check', 'requests-requests.after_request', 'http_api_debug', 'http_response' );
		$told  = array();
		foreach ( array( 'curl', 'gate' ) as $how ) {
			$seen = array();
			foreach ( $hooks as $hook ) {
				add_filter(
					$hook,
					static function ( ...$arguments ) use ( &$seen, $hook ) {
						$seen[] = $hook . ' ' . print_r( $arguments, true );
						return $arguments[0];
					},
					10,
					9
				);
			}
			$this->ask( $how, 'bytes?size=3', array( 'method' => 'POST', 'body' => '{}' ) );
			$told[ $how ] = $seen;
			foreach ( $hooks as $hook ) {
				remove_all_filters( $hook );
			}
			add_action( 'requests-requests.before_request', array( 'Byok\Key_Transport', 'take_over' ), 10, 5 );
		}
		$names = static fn( $seen ) => array_map( static fn( $text ) => strtok( $text, ' ' ), $seen );
		$this->assertSame( $names( $told['curl'] ), $names( $told['gate'] ) );
		$this->assertContains( 'http_api_debug', $names( $told['gate'] ) );
		// Others see the key without byok; with it they see that there is a key.
		$this->assertNotSame( array(), Leaks::find( $this->key, implode( $told['curl'] ) ) );
		self::assert_no_key( $this->key, implode( $told['gate'] ), 'what hooks see' );
		foreach ( array( 'http_request_args', 'http_api_debug', 'http_response' ) as $hook ) {
			$this->assertStringContainsString( byok_stand_in( 'openai' ), implode( preg_grep( "/^$hook /", $told['gate'] ) ), $hook );
		}
	}

	/**
	 * @dataProvider failures
	 *
	 * @param string $behaviour What the provider does.
	 */
	public function test_who_does_not_wait_is_not_told_of_the_network( string $behaviour ): void {
		self::save( 'openai', $this->key = Test_Provider::key( 'openai', 'valid' ) );
		Test_Provider::answer_always( $behaviour );
		list( $curl, $gate ) = $this->both( 'bytes?size=3', array( 'blocking' => false, 'timeout' => 0.01 ) );
		$this->assertSame( $curl, $gate );
		$this->assertFalse( $gate['answer']['response']['code'] );
		$this->assertSame( 'http_request_failed', $this->ask( 'gate', 'bytes?size=3', array( 'timeout' => 1 ) )['answer'] );
	}

	/**
	 * What providers do.
	 */
	public static function failures(): array {
		return array(
			'no answer'             => array( 'hang' ),
			'a connection that ends' => array( 'close' ),
		);
	}

	public function test_who_does_not_wait_is_told_of_a_refusal(): void {
		$answer = wp_remote_get( 'http://127.0.0.1:9/', array( 'blocking' => false, 'headers' => array( 'Authorization' => byok_stand_in( 'openai' ) ) ) );
		$this->assertInstanceOf( \WP_Error::class, $answer );
	}

	public function test_a_refusal_has_the_code_and_the_sentence_of_its_reason(): void {
		$heard = array();
		add_action(
			'http_api_debug',
			static function ( $response ) use ( &$heard ) {
				$heard[] = is_wp_error( $response ) ? $response->get_error_codes() : array();
			}
		);
		$ask = static fn( string $provider, string $url ) => wp_remote_get( $url, array( 'headers' => array( 'Authorization' => byok_stand_in( $provider ) ) ) );

		$absent = $ask( 'mistral', byok_origin( 'mistral' ) . '/v1/models' );
		self::assert_error( 'byok_key_absent', $absent );
		$this->assertSame( array( \Byok\Messages::reason( 'key_absent' ) ), $absent->get_error_messages() );
		$this->assertSame( array( 'status' => 404 ), $absent->get_error_data() );
		self::assert_error( 'byok_origin_mismatch', $ask( 'openai', 'http://127.0.0.1:9/' ) );
		$this->assertSame( array( array( 'byok_key_absent' ), array( 'byok_origin_mismatch' ) ), $heard );

		// A refusal that somebody has caught is not that of the next request.
		try {
			Requests::get( 'http://127.0.0.1:9/', array( 'Authorization' => byok_stand_in( 'openai' ) ), array( 'hooks' => new \WP_HTTP_Requests_Hooks( '', array() ) ) );
			$this->fail( 'sent' );
		} catch ( \WpOrg\Requests\Exception $refused ) {
			$this->assertSame( 'byok.origin_mismatch', $refused->getType() );
		}
		$this->assertSame( 'http_request_failed', wp_remote_get( 'http://127.0.0.1:9/' )->get_error_code() );
	}

	public function test_the_time_of_the_request_is_kept(): void {
		Test_Provider::answer_always( 'drip-body' );
		$start  = microtime( true );
		$answer = $this->ask( 'gate', 'bytes?size=3', array( 'timeout' => 1 ) );
		$this->assertSame( 'http_request_failed', $answer['answer'] );
		// It would drip for a minute and a half.
		$this->assertLessThan( 10, microtime( true ) - $start );
	}

	public function test_one_request_is_one_request(): void {
		$asked = count( Test_Provider::requests() );
		$this->assertSame( 503, $this->ask( 'gate', 'flaky?status=503&times=2&id=' . bin2hex( random_bytes( 8 ) ) )['answer']['response']['code'] );
		$this->assertCount( $asked + 1, Test_Provider::requests() );
	}

	public function test_headers_may_be_lists_and_objects(): void {
		$value  = new class() {
			public function __toString() {
				return 'object';
			}
		};
		$answer = wp_remote_get(
			$this->url( 'echo' ),
			array(
				'headers' => array(
					'Authorization' => array( 'Bearer ' . byok_stand_in( 'openai' ) ),
					'X-Many'        => array( 'a', 'b' ),
					'X-Object'      => $value,
					'X-Number'      => 7,
					'X-No'          => false,
				),
			)
		);
		$sent   = json_decode( wp_remote_retrieve_body( $answer ), true )['headers'];
		foreach ( array( array( 'x-many', 'a' ), array( 'x-many', 'b' ), array( 'x-object', 'object' ), array( 'x-number', '7' ) ) as $header ) {
			$this->assertContains( $header, $sent );
		}
		$this->assertSame( array( 'authorization' ), array_values( array_filter( array_column( $sent, 0 ), static fn( $name ) => 'authorization' === $name ) ) );
	}

	/**
	 * @dataProvider places
	 *
	 * @param array  $headers Headers, with {} for the stand-in.
	 * @param string $query   Query, with {} for the stand-in.
	 */
	public function test_a_key_arrives_in_its_own_header_wherever_the_stand_in_was( array $headers, string $query ): void {
		$token  = byok_stand_in( 'openai' );
		$answer = wp_remote_get( $this->url( 'echo' . str_replace( '{}', $token, $query ) ), array( 'headers' => str_replace( '{}', $token, $headers ) ) );
		$sent   = json_decode( wp_remote_retrieve_body( $answer ), true );
		$this->assertContains( array( 'authorization', 'Bearer ' . byok_key_info( 'openai' )['hint'] ), $sent['headers'] );
		$this->assertStringNotContainsString( 'byok-stand-in', json_encode( $sent ) );
		$this->assertStringNotContainsString( 'key=', $sent['query'] );
		$this->assertSame( array( 'header' ), array_column( array_slice( Test_Provider::requests(), -1 ), 'key_in' ) );
	}

	/**
	 * Where plugins put keys.
	 */
	public static function places(): array {
		return array(
			'a bearer'              => array( array( 'Authorization' => 'Bearer {}' ), '' ),
			'the key alone'         => array( array( 'authorization' => '{}' ), '' ),
			"another's header"      => array( array( 'x-api-key' => '{}' ), '' ),
			'a header of its own'   => array( array( 'X-My-Key' => '{}' ), '' ),
			'two headers'           => array( array( 'Authorization' => 'Bearer {}', 'x-api-key' => '{}' ), '' ),
			'a parameter'           => array( array(), '?key={}' ),
			'a parameter of others' => array( array(), '?a=1&key={}&b=2' ),
			'a header and a parameter' => array( array( 'Authorization' => 'Bearer {}' ), '?key={}' ),
		);
	}

	public function test_a_parameter_may_come_with_the_body_of_a_get_request(): void {
		$answer = wp_remote_get( $this->url( 'echo' ), array( 'body' => array( 'key' => byok_stand_in( 'openai' ), 'a' => 'b c' ) ) );
		$this->assertSame( 'a=b+c', json_decode( wp_remote_retrieve_body( $answer ), true )['query'] );
	}

	public function test_a_stand_in_in_a_body_beside_one_in_a_header_stays_what_it_is(): void {
		$token  = byok_stand_in( 'openai' );
		$answer = wp_remote_post( $this->url( 'echo' ), array( 'headers' => array( 'Authorization' => "Bearer $token" ), 'body' => "about $token" ) );
		$this->assertSame( "about $token", json_decode( wp_remote_retrieve_body( $answer ), true )['body'] );
	}

	public function test_several_requests_at_once(): void {
		// WordPress's HTTP API has no such thing, and Requests by itself does not ask anybody: the stand-in is what is sent.
		$headers = array( 'Authorization' => 'Bearer ' . byok_stand_in( 'openai' ) );
		$request = array( 'url' => $this->url( 'bytes?size=3' ), 'headers' => $headers );
		$options = array( 'verify' => false );
		$plain   = Requests::request_multiple( array( 'a' => $request ), $options );
		$this->assertSame( 401, $plain['a']->status_code );

		$told      = array();
		$options  += array( 'transport' => \Byok\Key_Transport::class );
		$elsewhere = array( 'url' => 'http://127.0.0.1:9/' ) + $request;
		$answers   = Requests::request_multiple( array( 'a' => $request, 'b' => $elsewhere, 'c' => $request ), $options + array( 'complete' => static function ( $answer, $id ) use ( &$told ) {
			$told[] = $id;
		} ) );
		$this->assertSame( array( 200, '   ', 200 ), array( $answers['a']->status_code, $answers['a']->body, $answers['c']->status_code ) );
		$this->assertInstanceOf( \WpOrg\Requests\Exception::class, $answers['b'] );
		sort( $told );
		$this->assertSame( array( 'a', 'b', 'c' ), $told );
		$this->assertSame( array(), Requests::request_multiple( array(), $options ) );
	}

	/**
	 * @dataProvider odd_requests
	 *
	 * @param array $args Arguments that some plugin may give.
	 */
	public function test_requests_without_a_stand_in_are_left_alone( array $args ): void {
		add_filter( 'requests-byok.before_send', static fn() => self::fail( 'the gate was asked' ) );
		if ( is_object( $args['body'] ?? null ) ) {
			// What WordPress's own transport says to that.
			$this->expectException( \WpOrg\Requests\Exception\InvalidArgument::class );
		}
		$answer = wp_remote_request( getenv( 'BYOK_TEST_PROVIDER' ) . '/__health', $args );
		$this->assertSame( 200, wp_remote_retrieve_response_code( $answer ) );
	}

	public function test_a_compressed_answer_comes_unpacked_and_bounded(): void {
		Test_Provider::answer_always( 'bomb' );
		list( $curl, $gate ) = $this->both( 'bytes?size=3', array( 'limit_response_size' => 100000 ) );
		$this->assertSame( 100000, strlen( $gate['answer']['body'] ) );
		$this->assertSame( $curl['answer']['body'], $gate['answer']['body'] );
		// It is not compressed any more, and does not say so: nobody tries to unpack it again.
		$this->assertSame( array( 'gzip', null ), array( $curl['answer']['headers']['content-encoding'], $gate['answer']['headers']['content-encoding'] ?? null ) );
		$gate = $this->ask( 'gate', 'bytes?size=3' );
		$this->assertSame( 16 * 1024 * 1024, strlen( $gate['answer']['body'] ) );
	}

	public function test_safe_requests_are_judged_by_wordpress_before_the_gate(): void {
		$args  = array( 'headers' => array( 'Authorization' => 'Bearer ' . byok_stand_in( 'openai' ) ) );
		$asked = count( Test_Provider::requests() );
		foreach ( array( wp_safe_remote_get( $this->url( 'echo' ), $args ), wp_safe_remote_post( $this->url( 'echo' ), $args ), wp_remote_get( $this->url( 'echo' ), $args + array( 'reject_unsafe_urls' => true ) ) ) as $answer ) {
			$this->assertSame( 'A valid URL was not provided.', $answer->get_error_message() );
		}
		$this->assertCount( $asked, Test_Provider::requests() );

		add_filter( 'http_request_host_is_external', '__return_true' );
		add_filter( 'http_allowed_safe_ports', static fn( $ports ) => array_merge( $ports, array( (int) wp_parse_url( getenv( 'BYOK_TEST_PROVIDER' ), PHP_URL_PORT ) ) ) );
		$this->assertSame( 200, wp_remote_retrieve_response_code( wp_safe_remote_get( $this->url( 'echo' ), $args ) ) );
	}

	public function test_hosts_that_the_site_blocks_are_blocked_before_the_gate(): void {
		$answer = wp_remote_get( 'https://api.openai.com/v1/models', array( 'headers' => array( 'Authorization' => 'Bearer ' . byok_stand_in( 'openai' ) ) ) );
		$this->assertSame( 'http_request_not_executed', $answer->get_error_code() );
	}

	public function test_another_plugin_may_answer_in_the_place_of_the_provider(): void {
		$asked = count( Test_Provider::requests() );
		add_filter( 'pre_http_request', static fn() => array( 'body' => 'mine' ) );
		$this->assertSame( array( 'body' => 'mine' ), wp_remote_get( $this->url( 'echo' ), array( 'headers' => array( 'Authorization' => byok_stand_in( 'openai' ) ) ) ) );
		$this->assertCount( $asked, Test_Provider::requests() );
	}

	/**
	 * Requests of others.
	 */
	public static function odd_requests(): array {
		return array(
			'a key of its own'    => array( array( 'headers' => array( 'Authorization' => 'Bearer sk-mine' ) ) ),
			'a list of headers'   => array( array( 'headers' => array( 'a', 'b' ) ) ),
			'a body of null'      => array( array( 'body' => null ) ),
			'an object as a body' => array( array( 'method' => 'POST', 'body' => new \stdClass() ) ),
		);
	}

	public function test_byok_request_names_an_option_that_it_does_not_know(): void {
		$asked = count( Test_Provider::requests() );
		foreach ( array( array( 'time_out' => 1 ), array( 'limit_response_size' => 20, 'time_out' => 1 ) ) as $args ) {
			$refused = byok_request( 'openai', '/models', $args );
			self::assert_error( 'byok_option_invalid', $refused );
			$this->assertSame( 'There is no option “time_out”.', $refused->get_error_message() );
			self::assert_error( 'byok_option_invalid', byok_stream( 'openai', '/models', $args, static fn() => null ) );
		}
		// A key in the wrong place is not said.
		foreach ( array( $this->key, 'x', '<b>' ) as $name ) {
			$refused = byok_request( 'openai', '/models', array( $name => 1 ) );
			$this->assertSame( 'x' === $name, str_contains( $refused->get_error_message(), $name ) );
		}
		$this->assertCount( $asked, Test_Provider::requests() );
		// What wp_remote_request() fills in is known to be without effect.
		add_filter( 'http_request_args', static fn( $args ) => $GLOBALS['byok_test_args'] = $args );
		wp_remote_get( 'http://127.0.0.1:9/' );
		$this->assertSame( 200, wp_remote_retrieve_response_code( byok_request( 'openai', '/models', array( 'body' => '', 'headers' => array() ) + array_diff_key( $GLOBALS['byok_test_args'], array( '_redirection' => 1 ) ) ) ) );
		unset( $GLOBALS['byok_test_args'] );
	}

	public function test_byok_request_takes_and_gives_what_wp_remote_request_does(): void {
		$direct = byok_request( 'openai', '/test-provider/echo?in=header', array( 'headers' => "X-One: 1\r\nX-Two: 2" ) );
		$this->assertSame( array( 200, 'OK' ), array( wp_remote_retrieve_response_code( $direct ), wp_remote_retrieve_response_message( $direct ) ) );
		$this->assertSame( array( 'a' => '1', 'b' => '2' ), array_column( array_map( static fn( $cookie ) => array( $cookie->name, $cookie->value ), wp_remote_retrieve_cookies( $direct ) ), 1, 0 ) );
		$this->assertSame( '1', wp_remote_retrieve_cookie_value( $direct, 'a' ) );

		$usual = wp_remote_get( $this->url( 'echo?in=header' ), array( 'headers' => array( 'Authorization' => 'Bearer ' . byok_stand_in( 'openai' ) ) ) );
		$this->assertSame( array_keys( $usual ), array_keys( $direct ) );
		$this->assertSame( $usual['headers']->getAll(), $direct['headers']->getAll() );

		$form = byok_request( 'openai', '/test-provider/echo', array( 'body' => array( 'a' => 'b c' ), 'headers' => array( 'content-type' => 'application/x-www-form-urlencoded; charset=utf-8' ) ) );
		$sent = json_decode( wp_remote_retrieve_body( $form ), true );
		$this->assertSame( array( 'POST', 'a=b+c' ), array( $sent['method'], $sent['body'] ) );
		$this->assertSame( array( 'application/x-www-form-urlencoded; charset=utf-8' ), array_values( array_column( array_filter( $sent['headers'], static fn( $header ) => 'content-type' === $header[0] ), 1 ) ) );
	}

	/**
	 * Makes a request with the key, and with a stand-in.
	 *
	 * @param string $path What is asked.
	 * @param array  $args Arguments of wp_remote_request().
	 * @return array{array, array} What came of them, without what is different for a reason.
	 */
	private function both( string $path, array $args ): array {
		return array( $this->ask( 'curl', $path, $args ), $this->ask( 'gate', $path, $args ) );
	}

	/**
	 * Makes a request.
	 *
	 * @param string $how  `curl` or `gate`.
	 * @param string $path What is asked.
	 * @param array  $args Arguments of wp_remote_request().
	 * @return array What came of it, without what is different for a reason.
	 */
	private function ask( string $how, string $path, array $args = array() ): array {
		$key     = 'curl' === $how ? $this->key : byok_stand_in( 'openai' );
		$headers = $args['headers'] ?? array();

		$args['headers'] = is_string( $headers ) ? "$headers\r\nAuthorization: Bearer $key" : $headers + array( 'Authorization' => "Bearer $key" );
		if ( ( $args['stream'] ?? false ) && ! isset( $args['filename'] ) ) {
			$this->files[] = $args['filename'] = sys_get_temp_dir() . '/byok-test-' . bin2hex( random_bytes( 8 ) );
		}
		$debugged = array();
		$debug    = static function ( ...$arguments ) use ( &$debugged ) {
			$debugged[] = array( is_wp_error( $arguments[0] ), $arguments[1], $arguments[2], array_keys( $arguments[3] ), $arguments[4] );
		};
		add_action( 'http_api_debug', $debug, 10, 5 );
		$answer = wp_remote_request( $this->url( $path ), $args + array( 'timeout' => 10 ) );
		remove_action( 'http_api_debug', $debug );
		$file = isset( $args['filename'] ) && file_exists( $args['filename'] ) ? file_get_contents( $args['filename'] ) : null;
		if ( is_wp_error( $answer ) ) {
			return array( 'answer' => $answer->get_error_code(), 'debugged' => $debugged, 'file' => $file );
		}

		$answer['headers'] = is_object( $answer['headers'] ) ? $answer['headers']->getAll() : $answer['headers'];
		$answer['cookies'] = array_map( static fn( $cookie ) => array( $cookie->name, $cookie->value, $cookie->path, $cookie->domain ), $answer['cookies'] );
		$answer['body']    = $this->comparable( $answer['body'] );
		if ( isset( $answer['http_response'] ) ) {
			$answer['http_response'] = array( $answer['http_response']->get_status(), $this->comparable( $answer['http_response']->get_data() ), $answer['http_response']->get_response_object()->url );
		}
		unset( $answer['filename'] );
		// About the connection, which is another one; and the key, which is masked. Its length is told as it was.
		unset( $answer['headers']['connection'], $answer['headers']['x-hop'] );
		if ( isset( $answer['headers']['x-echo'] ) ) {
			$this->assertStringContainsString( 'curl' === $how ? $this->key : '…', implode( ' ', (array) $answer['headers']['x-echo'] ) );
			unset( $answer['headers']['x-echo'] );
		}
		if ( str_contains( $path, 'echo' ) ) {
			unset( $answer['headers']['content-length'] );
		}
		return array( 'answer' => $answer, 'debugged' => $debugged, 'file' => $file );
	}

	/**
	 * What the provider has received, without what every client does in its own way.
	 *
	 * @param string $body Body of an answer.
	 */
	private function comparable( string $body ): string {
		$received = json_decode( $body, true );
		if ( ! isset( $received['headers'] ) ) {
			return $body;
		}
		$kept = array();
		foreach ( $received['headers'] as list( $name, $value ) ) {
			if ( 'authorization' === $name ) {
				$this->assertStringStartsWith( 'Bearer sk-proj-', $value );
			} elseif ( ! in_array( $name, array( 'connection', 'accept', 'accept-encoding', 'host', 'content-length' ), true ) ) {
				$kept[] = "$name: $value";
			}
		}
		sort( $kept );
		return json_encode( array( 'headers' => $kept ) + $received );
	}

	/**
	 * An address at the test provider, which both transports can ask.
	 *
	 * @param string $path Path below its own tests'.
	 */
	private function url( string $path ): string {
		return getenv( 'BYOK_TEST_PROVIDER' ) . '/openai/v1/test-provider/' . $path;
	}
}
