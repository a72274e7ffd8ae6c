<?php
/**
 * Tests of where stand-ins lead.
 *
 * @package byok
 */

namespace Byok\Tests;

require_once __DIR__ . '/support/Gate_Plugins.php';
require_once dirname( __DIR__, 2 ) . '/capture/class-capture.php';

/**
 * What leaves for somewhere else than the key's own address, seen from there: servers that keep every byte they are sent.
 *
 * Requests are made in processes of their own, which have the keys as everybody has them: in the database, encrypted.
 *
 * @group gate
 */
final class StandInTest extends Test_Case {

	/**
	 * Makes requests, and tells what came of each: a status or an error, what was reported, and how many connections it
	 * has made to the capture servers. {openai} and the like are stand-ins, in every argument.
	 */
	private const ASK = '
		$reported = array();
		add_action( "byok_stand_in_refused", static function ( ...$told ) use ( &$reported ) {
			$reported[] = $told;
		}, 10, 9 );
		$count = static function () use ( $captured ) {
			clearstatcache();
			return array_sum( array_map( "filesize", glob( "$captured/*.connections" ) ) );
		};
		$fill = static function ( $value ) use ( &$fill ) {
			if ( is_array( $value ) ) {
				return array_map( $fill, array_combine( array_map( $fill, array_keys( $value ) ), $value ) );
			}
			return is_string( $value ) ? preg_replace_callback( "/\{([a-z-]+)\}/", static fn( $found ) => byok_stand_in( $found[1] ), $value ) : $value;
		};
		eval( $before );
		foreach ( $requests as $name => list( $url, $args ) ) {
			$made     = $count();
			$reported = array();
			$answer   = wp_remote_request( $fill( $url ), $fill( $args ) + array( "timeout" => 3 ) );
			// The servers write down a connection when they have taken it.
			usleep( 20000 );
			$told[ $name ] = array( is_wp_error( $answer ) ? $answer->get_error_message() : wp_remote_retrieve_response_code( $answer ), $reported, $count() - $made );
		}
		return $told;';

	/**
	 * What the refusals say.
	 */
	private const ELSEWHERE = 'The request was on its way to another address than the one that the key is for, so it was not sent.';
	private const MISPLACED = 'The request holds a stand-in for a key where no key belongs, so it was not sent. A key goes into a header.';
	private const UNKNOWN   = 'The stand-in for a key was not made by this site, so the request was not sent.';

	/**
	 * The name of a host whose address changes.
	 */
	private const REBOUND = 'models.rebound.example';

	/**
	 * The capture servers.
	 *
	 * @var Capture
	 */
	private static Capture $capture;

	/**
	 * Every key of this test.
	 *
	 * @var string[]
	 */
	private array $keys = array();

	public static function setUpBeforeClass(): void {
		Gate_Plugins::install();
		self::$capture = new Capture( array( self::REBOUND ) );
	}

	public static function tearDownAfterClass(): void {
		self::$capture->stop();
		Gate_Plugins::remove();
	}

	protected function setUp(): void {
		parent::setUp();
		foreach ( array( 'openai', 'anthropic' ) as $provider ) {
			$this->keys[] = $key = Test_Provider::key( $provider );
			self::save( $provider, $key );
		}
		self::$capture->forget();
	}

	/** All ways in which a request may want to take a stand-in elsewhere, in one process. */
	public function test_no_packet_goes_anywhere_else(): void {
		$plain = self::$capture->addresses['plain'];
		$tls   = 'localhost:' . explode( ':', self::$capture->addresses['tls'] )[1];
		$right = 'https://api.openai.com/v1/chat/completions';
		$auth  = array( 'Authorization' => 'Bearer {openai}' );
		$post  = array( 'method' => 'POST', 'headers' => $auth, 'body' => '{}' );
		$tests = array(
			// Elsewhere.
			'another host'                  => array( self::ELSEWHERE, "http://$plain/v1/chat/completions", $post ),
			'another host over TLS'         => array( self::ELSEWHERE, "https://$tls/v1", $post ),
			'one that is not verified'      => array( self::ELSEWHERE, "https://$tls/v1", $post + array( 'sslverify' => false ) ),
			'not over TLS'                  => array( self::ELSEWHERE, 'http://api.openai.com/v1/chat/completions', $post ),
			'not over TLS, on its port'     => array( self::ELSEWHERE, 'http://api.openai.com:443/v1/chat/completions', $post ),
			'another port'                  => array( self::ELSEWHERE, 'https://api.openai.com:8443/v1/chat/completions', $post ),
			'a name that goes on'           => array( self::ELSEWHERE, 'https://api.openai.com.localhost/v1', $post ),
			'a name with a dot'             => array( self::ELSEWHERE, 'https://api.openai.com./v1/models', $post ),
			'another provider'              => array( self::ELSEWHERE, 'https://api.anthropic.com/v1/messages', $post ),
			'a user who is the host'        => array( self::ELSEWHERE, "https://api.openai.com@$tls/v1", $post ),
			'a user and a password'         => array( self::ELSEWHERE, "https://api.openai.com:443@$tls/v1", $post ),
			'a user at the right host'      => array( self::ELSEWHERE, 'https://someone@api.openai.com/v1/models', $post ),
			'a path that is a host'         => array( self::ELSEWHERE, "https://api.openai.com//$plain/v1", $post ),
			'dots'                          => array( self::ELSEWHERE, 'https://api.openai.com/v1/..%2fx', $post ),
			'a host in a header'            => array( self::ELSEWHERE, "http://$plain/v1", array( 'headers' => $auth + array( 'Host' => 'api.openai.com' ) ) ),
			'streamed into a file'          => array( self::ELSEWHERE, "http://$plain/v1", array( 'headers' => $auth, 'stream' => true, 'filename' => self::$capture->folder . '/file' ) ),
			'while nobody waits'            => array( self::ELSEWHERE, "http://$plain/v1", $post + array( 'blocking' => false ) ),
			"with another's header"         => array( self::ELSEWHERE, "http://$plain/v1", array( 'headers' => array( 'x-api-key' => '{openai}' ) ) ),
			'in a query'                    => array( self::ELSEWHERE, "http://$plain/v1?key={openai}", array() ),
			'in parameters of a GET'        => array( self::ELSEWHERE, "http://$plain/v1", array( 'body' => array( 'key' => '{openai}' ) ) ),
			// Where no key belongs, elsewhere and at the right address.
			'in a body'                     => array( self::MISPLACED, "http://$plain/v1", array( 'method' => 'POST', 'body' => '{"key":"{openai}"}' ) ),
			'in a form'                     => array( self::MISPLACED, "http://$plain/v1", array( 'method' => 'POST', 'body' => array( 'a' => array( 'key' => '{openai}' ) ) ) ),
			'in a cookie'                   => array( self::MISPLACED, "http://$plain/v1", array( 'cookies' => array( 'key' => '{openai}' ) ) ),
			'in a cookie beside a header'   => array( self::MISPLACED, $right, $post + array( 'cookies' => array( 'key' => '{openai}' ) ) ),
			'in the name of the program'    => array( self::MISPLACED, $right, array( 'headers' => array( 'User-Agent' => '{openai}' ) ) ),
			'in a path'                     => array( self::MISPLACED, "http://$plain/v1/{openai}/x", array() ),
			'in a path of the right host'   => array( self::MISPLACED, 'https://api.openai.com/v1/{openai}', $post ),
			'as a user'                     => array( self::MISPLACED, "http://{openai}@$plain/v1", array() ),
			'as a password'                 => array( self::MISPLACED, 'https://a:{openai}@api.openai.com/v1/models', array() ),
			'in a body at the right host'   => array( self::MISPLACED, $right, array( 'method' => 'POST', 'body' => '{openai}' ) ),
			'two in two headers'            => array( self::MISPLACED, $right, array( 'headers' => $auth + array( 'x-api-key' => '{anthropic}' ) ) ),
			'two in one header'             => array( self::MISPLACED, $right, array( 'headers' => array( 'Authorization' => '{openai} {anthropic}' ) ) ),
			'one in a header, one in a query' => array( self::MISPLACED, "$right?key={anthropic}", $post ),
			// Not this site's.
			'one that goes on'              => array( self::UNKNOWN, $right, array( 'headers' => array( 'Authorization' => 'Bearer {openai}x' ) ) ),
			'one that is none'              => array( self::UNKNOWN, $right, array( 'headers' => array( 'Authorization' => 'Bearer sk-byok-stand-in-' ) ) ),
			'one that is invented'          => array( self::UNKNOWN, "http://$plain/v1", array( 'headers' => array( 'Authorization' => 'byok-stand-in-' . str_repeat( 'A', 60 ) ) ) ),
		);
		$asked = count( Test_Provider::requests() );
		$told  = $this->ask( array_map( static fn( $test ) => array_slice( $test, 1 ), $tests ) );
		foreach ( $tests as $name => list( $expected, $url ) ) {
			list( $message, $reported, $connections ) = $told[ $name ];
			$this->assertSame( array( $expected, 0 ), array( $message, $connections ), $name );
			// Reported, with the host that would have got it.
			$this->assertCount( 1, $reported, $name );
			$this->assertSame( parse_url( str_replace( array( '{', '}' ), '', $url ), PHP_URL_HOST ), $reported[0][0], $name );
			$this->assertContains( $reported[0][1], array( self::ELSEWHERE => array( 'origin_mismatch', 'path_refused' ), self::MISPLACED => array( 'stand_in_misplaced' ), self::UNKNOWN => array( 'stand_in_unknown' ) )[ $expected ], $name );
			$this->assertContains( $reported[0][2], array( 'core', 'unknown' ), $name );
		}
		$this->assertSame( 0, self::$capture->connections() );
		$this->assertSame( array(), array_diff( array_column( array_slice( Test_Provider::requests(), $asked ), 'path' ), array( '/openai/v1/models' ) ), 'the provider was asked too' );
		$this->assert_nothing_captured();
	}

	/** The counter-checks: the right request does deliver the key, and the capture servers do see one that is sent to them. */
	public function test_the_right_request_arrives_with_the_key(): void {
		$plain = self::$capture->addresses['plain'];
		$asked = count( Test_Provider::requests() );
		$auth  = array( 'headers' => array( 'Authorization' => 'Bearer {openai}' ) );
		$told  = $this->ask(
			array(
				'right'      => array( 'https://api.openai.com/v1/models', $auth ),
				'upper case' => array( 'HTTPS://API.OPENAI.COM/v1/models', $auth ),
				'the port'   => array( 'https://api.openai.com:443/v1/models', $auth ),
				'the key'    => array( "http://$plain/", array( 'headers' => array( 'Authorization' => 'Bearer ' . $this->keys[0] ) ) ),
			)
		);
		$this->assertSame( array( 200, 200, 200, 200 ), array_column( $told, 0 ) );
		$this->assertSame( array( 'header', 'header', 'header' ), array_column( array_slice( Test_Provider::requests(), $asked ), 'key_in' ) );
		$this->assertSame( array( 0, 0, 0, 1 ), array_column( $told, 2 ) );
		$this->assertStringContainsString( 'Authorization: Bearer ' . $this->keys[0], self::$capture->bytes( 'plain' ) );
	}

	public function test_proxies_get_nothing(): void {
		list( $host, $port ) = explode( ':', self::$capture->addresses['plain'] );
		$proxy = "http://$host:$port";
		$told  = $this->ask(
			array(
				'right'     => array( 'https://api.openai.com/v1/models', array( 'headers' => array( 'Authorization' => 'Bearer {openai}' ) ) ),
				'elsewhere' => array( 'http://models.example/v1', array( 'headers' => array( 'Authorization' => 'Bearer {openai}' ) ) ),
				'of others' => array( 'http://models.example/v1', array() ),
			),
			array(
				'constants' => array( 'WP_PROXY_HOST' => $host, 'WP_PROXY_PORT' => $port ),
				'variables' => array( 'HTTPS_PROXY' => $proxy, 'HTTP_PROXY' => $proxy, 'https_proxy' => $proxy, 'http_proxy' => $proxy, 'ALL_PROXY' => $proxy ),
			)
		);
		$this->assertSame( array( 200, array(), 0 ), $told['right'] );
		$this->assertSame( array( self::ELSEWHERE, 0 ), array( $told['elsewhere'][0], $told['elsewhere'][2] ) );
		// The counter-check: it is in use, for requests that are not byok's.
		$this->assertSame( array( 200, array(), 1 ), $told['of others'] );
		$this->assert_nothing_captured();
	}

	/**
	 * @dataProvider tricks
	 *
	 * @param string     $before      Code of another plugin; `$plain` is an address of a capture server.
	 * @param int|string $answer      What came of the request.
	 * @param int        $connections Connections to the capture server.
	 * @param bool       $taken       Whether the stand-in came with them.
	 */
	public function test_what_other_plugins_do_to_a_request_gets_them_the_stand_in_at_most( string $before, $answer, int $connections, bool $taken = true ): void {
		$plain = self::$capture->addresses['plain'];
		$told  = $this->ask(
			array( 'request' => array( "https://api.openai.com/v1/models", array( 'headers' => array( 'Authorization' => 'Bearer {openai}' ) ) ) ),
			array(),
			"\$plain = 'http://$plain/v1/models'; $before"
		);
		$this->assertSame( array( $answer, $connections ), array( $told['request'][0], $told['request'][2] ) );
		if ( $connections > 0 ) {
			$this->assertSame( $taken, str_contains( self::$capture->bytes( 'plain' ), 'byok-stand-in-' ) );
		}
		$this->assert_nothing_captured();
	}

	/**
	 * What a plugin can do between the one that sends and the gate.
	 */
	public static function tricks(): array {
		$hook = static fn( $code, $priority = 20 ) => 'add_action( "requests-requests.before_request", static function ( &$url, &$headers, &$data, &$type, &$options ) use ( $plain ) { ' . $code . ' }, ' . $priority . ', 5 );';
		return array(
			'another address'              => array( $hook( '$url = $plain;' ), self::ELSEWHERE, 0 ),
			'another address, before'      => array( $hook( '$url = $plain;', 1 ), self::ELSEWHERE, 0 ),
			'another address, and no header' => array( $hook( '$url = $plain; $headers = array();' ), 200, 1, false ),
			'the same, after byok'         => array( $hook( '$url = $plain; $headers = array();', PHP_INT_MAX ), self::MISPLACED, 0 ),
			"WordPress's transport"        => array( $hook( '$url = $plain; unset( $options["transport"] );' ), self::ELSEWHERE, 0 ),
			'that, after byok'             => array( $hook( '$url = $plain; unset( $options["transport"] );', PHP_INT_MAX ), 200, 1 ),
			'another transport'            => array( $hook( '$url = $plain; $options["transport"] = "WpOrg\Requests\Transport\Fsockopen";' ), self::ELSEWHERE, 0 ),
			'another one, after byok'      => array( $hook( '$url = $plain; $options["transport"] = "WpOrg\Requests\Transport\Fsockopen";', PHP_INT_MAX ), 200, 1 ),
			'no byok'                      => array( 'remove_all_actions( "requests-requests.before_request" ); ' . $hook( '$url = $plain;' ), 200, 1 ),
			'cURL is led elsewhere'        => array( 'add_action( "http_api_curl", static function ( $curl ) use ( $plain ) { curl_setopt( $curl, CURLOPT_URL, $plain ); } );', 200, 0 ),
			'certificates are not checked' => array( 'add_filter( "https_ssl_verify", "__return_false" ); add_filter( "http_request_args", static fn( $args ) => array( "sslverify" => false ) + $args );', 200, 0 ),
		);
	}

	/**
	 * A base URL that was edited in the database.
	 */
	public function test_an_edited_base_url_gets_nothing(): void {
		$plain = self::$capture->addresses['plain'];
		$other = self::$capture->addresses['other'];
		$key   = $this->save_custom( "http://$plain/v1" );
		$row   = self::row( 'openai-compatible' );
		$this->assertSame( "http://$plain/v1", $row['base_url'] );
		$send  = array( 'method' => 'POST', 'headers' => array( 'Authorization' => 'Bearer {openai-compatible}' ), 'body' => '{}' );
		$sites = array(
			'there' => array( "http://$other/v1/chat/completions", $send ),
			'here'  => array( "http://$plain/v1/chat/completions", $send ),
		);
		foreach ( array( 'the base URL' => array( 'base_url' => "http://$other/v1" ), 'its origin too' => array( 'base_url' => "http://$other/v1", 'origin' => "http://$other/v1" ), 'a path' => array( 'base_url' => "http://$plain/v2" ) ) as $what => $edited ) {
			self::plant( 'openai-compatible', $edited + $row );
			$told = $this->ask( $sites );
			$this->assertIsString( $told['there'][0], $what );
			$this->assertIsString( $told['here'][0], $what );
			$this->assertIsString( $this->child( '$answer = byok_request( "openai-compatible", "/models" ); return is_wp_error( $answer ) ? $answer->get_error_code() : 0;' ), $what );
			$this->assertSame( 0, self::$capture->connections(), $what );
		}
		self::plant( 'openai-compatible', $row );
		$told = $this->ask( $sites );
		$this->assertSame( array( self::ELSEWHERE, 200 ), array_column( $told, 0 ) );
		$this->assertSame( array( 1, 0, 0 ), array( self::$capture->connections( 'plain' ), self::$capture->connections( 'other' ), self::$capture->connections( 'tls' ) ) );
		$this->assertStringContainsString( "\r\nauthorization: Bearer $key\r\n", self::$capture->bytes( 'plain' ) );
		$this->assertSame( 1, substr_count( self::$capture->bytes( 'plain' ), $key ) );
	}

	/**
	 * @dataProvider redirects
	 *
	 * @param int $status Status.
	 */
	public function test_a_redirect_to_another_host_is_not_followed( int $status ): void {
		$plain = self::$capture->addresses['plain'];
		$key   = $this->save_custom( "http://$plain/v1" );
		$there = array(
			'http://' . self::$capture->addresses['other'] . '/v1/stolen',
			'https://localhost:' . explode( ':', self::$capture->addresses['tls'] )[1] . '/v1/stolen',
			"http://127.0.0.1:$plain@" . self::$capture->addresses['other'] . '/v1',
			'//' . self::$capture->addresses['other'] . '/v1/stolen',
			// The same server by another name, and a path that is not below the base URL.
			'http://localhost:' . explode( ':', $plain )[1] . '/v1/stolen',
			'/admin/stolen',
			'/v1/../admin/stolen',
		);
		$ask = array();
		foreach ( $there as $number => $location ) {
			$answers[ "/v1/$number" ] = Capture::redirect( $status, $location );
			$ask[ $location ]         = array( "http://$plain/v1/$number", array( 'method' => 'POST', 'headers' => array( 'X-Api-Key' => '{openai-compatible}' ), 'body' => 'private', 'sslverify' => false ) );
		}
		self::$capture->answer( 'plain', $answers );
		$told = $this->ask( $ask );
		foreach ( $told as $location => list( $message, $reported, $connections ) ) {
			// One, to the server that redirects.
			$this->assertSame( 1, $connections, $location );
			$this->assertContains( $message, array( self::ELSEWHERE, 'A valid URL was not provided.' ), $location );
			$this->assertCount( 1, $reported, $location );
		}
		$this->assertSame( array( count( $there ), 0, 0 ), array( self::$capture->connections( 'plain' ), self::$capture->connections( 'other' ), self::$capture->connections( 'tls' ) ) );
		$this->assertSame( count( $there ), substr_count( self::$capture->bytes( 'plain' ), "authorization: Bearer $key" ) );
		$this->assertStringNotContainsString( 'stolen', self::$capture->bytes( 'plain' ) );

		// The counter-check: without byok, WordPress follows, and takes the key with it.
		self::$capture->answer( 'plain', array( '*' => Capture::redirect( $status, $there[0] ) ) );
		$told = $this->ask( array( 'bare' => array( "http://$plain/v1/x", array( 'headers' => array( 'X-Api-Key' => $key ) ) ) ) );
		$this->assertSame( array( 200, array(), 2 ), $told['bare'] );
		$this->assertStringContainsString( $key, self::$capture->bytes( 'other' ) );
	}

	/**
	 * Statuses of redirects.
	 */
	public static function redirects(): array {
		return array_combine( array( 301, 302, 303, 307, 308 ), array_map( static fn( $status ) => array( $status ), array( 301, 302, 303, 307, 308 ) ) );
	}

	public function test_a_redirect_at_the_same_place_is_followed_as_wordpress_follows_it(): void {
		$plain = self::$capture->addresses['plain'];
		$key   = $this->save_custom( "http://$plain/v1" );
		$whole = "HTTP/1.1 200 Test\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
		$paths = array( '/v1/b' => $whole, '/v1/loop' => Capture::redirect( 302, '/v1/loop' ) );
		foreach ( array( 301, 302, 303, 307, 308 ) as $status ) {
			$paths[ "/v1/$status" ] = Capture::redirect( $status, '/v1/b' );
		}
		self::$capture->answer( 'plain', $paths );
		// The same by both: what arrives is compared, but for the header with the key and those that differ anyway.
		foreach ( array( 'gate' => '{openai-compatible}', 'curl' => $key ) as $how => $said ) {
			$args = array( 'method' => 'POST', 'headers' => array( 'X-Api-Key' => $said, 'Content-Type' => 'application/json' ), 'body' => '{"a":1}' );
			$ask  = array();
			foreach ( array( 301, 302, 303, 307, 308, 'loop' ) as $path ) {
				$ask[ $path ] = array( "http://$plain/v1/$path", $args );
			}
			$ask['once']  = array( "http://$plain/v1/302", array( 'redirection' => 1 ) + $args );
			$ask['never'] = array( "http://$plain/v1/302", array( 'redirection' => 0 ) + $args );
			$ask['head']  = array( "http://$plain/v1/302", array( 'method' => 'HEAD', 'body' => null ) + $args );

			$came[ $how ] = $this->ask( $ask );
			preg_match_all( '~(POST|GET|HEAD) (/\S+) HTTP/~', self::$capture->bytes( 'plain' ), $lines );
			$sent[ $how ]   = array( array_combine( array_keys( $lines[1] ), array_map( static fn( $method, $path ) => "$method $path", $lines[1], $lines[2] ) ) );
			$bodies[ $how ] = substr_count( self::$capture->bytes( 'plain' ), '{"a":1}' );
			$keys[ $how ]   = substr_count( self::$capture->bytes( 'plain' ), $key );
			self::$capture->forget();
			self::$capture->answer( 'plain', $paths );
		}
		$this->assertSame( $came['curl'], $came['gate'] );
		$this->assertSame( 'Too many redirects', $came['gate']['loop'][0] );
		$this->assertSame( array( 200, 200, 200, 302 ), array( $came['gate'][302][0], $came['gate'][307][0], $came['gate']['once'][0], $came['gate']['never'][0] ) );
		$this->assertSame( $sent['curl'], $sent['gate'] );
		$this->assertSame( $keys['curl'], $keys['gate'] );
		// WordPress sends the body of a POST again with the GET that it becomes; a GET has none here.
		$gets = count( preg_grep( '/^GET/', $sent['gate'][0] ) );
		$this->assertGreaterThan( 0, $gets );
		$this->assertSame( $bodies['curl'] - $gets, $bodies['gate'] );
	}

	public function test_certificates_are_checked_whatever_the_request_says(): void {
		$tls = 'localhost:' . explode( ':', self::$capture->addresses['tls'] )[1];
		$ca  = self::$capture->folder . '/ca.pem';
		$key = $this->save_custom( "https://$tls/v1", array( 'byok.ca_file' => $ca ) );
		$ask = array(
			'right'    => array( "https://$tls/v1/models", array( 'headers' => array( 'Authorization' => 'Bearer {openai-compatible}' ) ) ),
			'careless' => array( "https://$tls/v1/models", array( 'headers' => array( 'Authorization' => 'Bearer {openai-compatible}' ), 'sslverify' => false, 'sslcertificates' => $ca ) ),
		);
		$told = $this->ask( $ask, array(), 'add_filter( "https_ssl_verify", "__return_false" ); add_filter( "https_local_ssl_verify", "__return_false" );' );
		foreach ( $told as $name => list( $message, $reported, $connections ) ) {
			$this->assertIsString( $message, $name );
			$this->assertSame( array( array(), 1 ), array( $reported, $connections ), $name );
		}
		$this->assertNotSame( '', self::$capture->bytes( 'tls' ) );
		$this->assert_nothing_captured();

		// The counter-check: with an authority that the server's owner trusts, it arrives.
		$told = $this->ask( $ask, array( 'ini' => array( 'byok.ca_file' => $ca ) ) );
		$this->assertSame( array( 200, 200 ), array_column( $told, 0 ) );
		$this->assertStringContainsString( "authorization: Bearer $key", self::$capture->bytes( 'tls' ) );
	}

	public function test_a_name_that_changes_its_address_gets_nothing(): void {
		$port    = explode( ':', self::$capture->addresses['tls'] )[1];
		$base    = 'https://' . self::REBOUND . ":$port/v1";
		$ca      = array( 'byok.ca_file' => self::$capture->folder . '/ca.pem' );
		$library = self::$capture->folder . '/libnss_byoktest.so.2';
		exec( 'cc -shared -fPIC -Wl,-soname,libnss_byoktest.so.2 -o ' . escapeshellarg( $library ) . ' ' . escapeshellarg( dirname( __DIR__, 2 ) . '/capture/names.c' ) . ' 2>&1', $output, $status );
		$this->assertSame( 0, $status, implode( "\n", $output ) );
		$names = static fn( $addresses ) => array( 'LD_PRELOAD' => $library, 'LD_LIBRARY_PATH' => self::$capture->folder, 'BYOK_TEST_NAMES' => self::REBOUND . "=$addresses" );
		$key   = $this->save_custom( $base, $ca + array( 'byok.allow_hosts' => self::REBOUND . ":$port" ), $names( '127.0.0.1' ) );
		$args  = array( 'headers' => array( 'Authorization' => 'Bearer {openai-compatible}' ), 'timeout' => 2 );
		$safe  = 'add_filter( "http_allowed_safe_ports", static fn( $ports ) => array_merge( $ports, array( ' . (int) $port . ' ) ) );';
		$ask   = function ( $addresses, $ini, $args ) use ( $base, $names, $safe, $ca ) {
			$options = array(
				'ini'       => $ini + $ca + array( 'disable_functions' => '' ),
				'variables' => $names( $addresses ),
			);
			return $this->ask( array( 'rebound' => array( "$base/models", $args ) ), $options, $safe )['rebound'];
		};
		$public = '192.31.196.1';

		// WordPress looks the name up and finds it public; then it is not. The refusal is about the address that was connected to.
		$told = $ask( "$public,127.0.0.1", array( 'byok.allow_hosts' => '' ), $args + array( 'reject_unsafe_urls' => true ) );
		$this->assertStringContainsString( 'private or reserved network', $told[0] );
		$this->assertSame( 0, $told[2] );
		// It is public when the engine looks, and not when anybody looked again to connect.
		$told = $ask( "$public,127.0.0.1", array( 'byok.allow_hosts' => '' ), $args );
		$this->assertIsString( $told[0] );
		$this->assertStringNotContainsString( 'private or reserved network', $told[0] );
		$this->assertSame( 0, $told[2] );
		$this->assert_nothing_captured();

		// The counter-check: when the server's owner allows it, it arrives.
		$told = $ask( "$public,127.0.0.1", array( 'byok.allow_hosts' => self::REBOUND . ":$port" ), $args + array( 'reject_unsafe_urls' => true ) );
		$this->assertSame( array( 200, array(), 1 ), $told );
		$this->assertStringContainsString( "authorization: Bearer $key", self::$capture->bytes( 'tls' ) );
	}

	public function test_without_the_extension_nothing_is_sent(): void {
		$token = byok_stand_in( 'openai' );
		$plain = self::$capture->addresses['plain'];
		foreach ( array( "http://$plain/v1", getenv( 'BYOK_TEST_PROVIDER' ) . '/openai/v1/models' ) as $url ) {
			$asked = count( Test_Provider::requests() );
			$told  = $this->ask( array( 'request' => array( $url, array( 'headers' => array( 'Authorization' => "Bearer $token" ) ) ) ), array( 'extension' => false ) );
			$this->assertIsString( $told['request'][0] );
			$this->assertCount( $asked, Test_Provider::requests() );
		}
		$this->assertSame( 0, self::$capture->connections() );
	}

	public function test_a_token_means_one_key_of_one_site(): void {
		$token = byok_stand_in( 'openai' );
		$this->assertMatchesRegularExpression( '/\Ask-proj-byok-stand-in-[A-Za-z0-9_-]+\z/', $token );
		$this->assertSame( $token, byok_stand_in( 'openai' ) );
		$this->assertNotSame( $token, byok_stand_in( 'openai', array( 'owner' => 'site' ) ) );
		self::assert_error( 'byok_provider_unknown', byok_stand_in( 'nobody' ) );
		self::assert_error( 'byok_owner_unknown', byok_stand_in( 'openai', array( 'owner' => 'nobody' ) ) );

		// Another site has another secret.
		$url     = getenv( 'BYOK_TEST_PROVIDER' ) . '/openai/v1/models';
		$headers = array( 'headers' => array( 'Authorization' => "Bearer $token" ) );
		$this->assertSame( 200, wp_remote_retrieve_response_code( wp_remote_get( $url, $headers ) ) );
		update_option( 'byok_stand_in_secret', bin2hex( random_bytes( 32 ) ) );
		$this->assertSame( self::UNKNOWN, wp_remote_get( $url, $headers )->get_error_message() );
		// No character of it can be another one.
		$token = byok_stand_in( 'openai' );
		for ( $at = strlen( 'sk-proj-byok-stand-in-' ); $at < strlen( $token ); $at++ ) {
			$changed        = $token;
			$changed[ $at ] = 'A' === $changed[ $at ] ? 'B' : 'A';
			$answer         = wp_remote_get( $url, array( 'headers' => array( 'Authorization' => "Bearer $changed" ) ) );
			$this->assertInstanceOf( \WP_Error::class, $answer, "character $at" );
		}
	}

	public function test_a_listener_that_throws_does_not_let_it_through(): void {
		add_action( 'byok_stand_in_refused', static fn() => throw new \DomainException( 'mine' ) );
		$answer = wp_remote_get( 'http://' . self::$capture->addresses['plain'] . '/', array( 'headers' => array( 'Authorization' => 'Bearer ' . byok_stand_in( 'openai' ) ) ) );
		$this->assertSame( self::ELSEWHERE, $answer->get_error_message() );
		$this->assertSame( 0, self::$capture->connections() );
	}

	/**
	 * Saves a key for an address of its own, in a process that may.
	 *
	 * @param string   $base_url  Base URL.
	 * @param array    $ini       Settings.
	 * @param string[] $variables Environment.
	 * @return string The key.
	 */
	private function save_custom( string $base_url, array $ini = array(), array $variables = array() ): string {
		$this->keys[] = $key = Test_Provider::key( 'openai-compatible' );
		$saved        = $this->child( 'wp_set_current_user( 1 ); $saved = byok_save_key( "openai-compatible", $key, array( "base_url" => $base_url ) ); return is_wp_error( $saved ) ? $saved->get_error_code() : $saved["saved"];', compact( 'key', 'base_url' ), array( 'ini' => $ini, 'variables' => $variables ) );
		$this->assertTrue( $saved );
		$this->assertStringContainsString( $key, self::$capture->bytes( 'plain' ) . self::$capture->bytes( 'tls' ), 'the check of the key was not captured' );
		wp_cache_flush();
		self::$capture->forget();
		return $key;
	}

	/**
	 * Makes requests, see ASK.
	 *
	 * @param array  $requests Address and arguments by name.
	 * @param array  $options  As of Site::run().
	 * @param string $before   Code that runs before.
	 * @return array What came of each.
	 */
	private function ask( array $requests, array $options = array(), string $before = '' ): array {
		return $this->child( self::ASK, array( 'requests' => $requests, 'before' => $before, 'captured' => self::$capture->folder ), $options );
	}

	/**
	 * Runs code beside the plugins, in a PHP that may ask the capture servers.
	 *
	 * @param string $code    Code.
	 * @param array  $given   Its variables.
	 * @param array  $options As of Site::run().
	 * @return mixed What it returns.
	 */
	private function child( string $code, array $given = array(), array $options = array() ) {
		$ports          = array_map( static fn( $address ) => explode( ':', $address )[1], self::$capture->addresses );
		$options['ini'] = ( $options['ini'] ?? array() ) + array( 'byok.allow_hosts' => "127.0.0.1:{$ports['plain']},127.0.0.1:{$ports['other']},localhost:{$ports['tls']},localhost:{$ports['plain']}" );
		// WordPress blocks nothing.
		$options['constants'] = ( $options['constants'] ?? array() ) + array( 'WP_ACCESSIBLE_HOSTS' => '*' );
		return Gate_Plugins::run( $code, $options + array( 'given' => $given ) )['result'];
	}

	/**
	 * Requires that no capture server was sent any key, in any encoding.
	 */
	private function assert_nothing_captured(): void {
		foreach ( array_keys( self::$capture->addresses ) as $name ) {
			foreach ( $this->keys as $key ) {
				self::assert_no_key( $key, self::$capture->bytes( $name ), "what $name was sent" );
			}
		}
	}
}
