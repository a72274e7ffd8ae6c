<?php
/**
 * Tests of the relay.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Caller;
use Byok\Consent;
use Byok\Owner;
use Byok\Place;
use Byok\Relay_Settings;
use Byok\Usage_Table;
use Byok\Vault;
use WP_REST_Request;

/**
 * Requests of signed-in users and of who brings a key, to the test provider.
 */
final class RelayTest extends Test_Case {

	private const CHAT = '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hello"}],"seed":12345678901234567890}';
	private const PLUGIN = WP_CONTENT_DIR . '/mu-plugins/byok-test-relay.php';
	private const JSON = array( 'Content-Type: application/json' );

	public function test_a_signed_in_user_asks_with_the_key_of_the_site(): void {
		global $wpdb;
		$key = Test_Provider::key( 'openai' );
		self::save( 'openai', $key );
		$wpdb->query( 'DELETE FROM ' . Usage_Table::name() );

		$answer = self::relay( self::user( 'editor' ), 'POST', 'openai/v1/chat/completions', self::CHAT );
		self::assertSame( 200, $answer['status'], $answer['body'] );
		self::assertSame( 'This is the test provider.', json_decode( $answer['body'], true )['choices'][0]['message']['content'] );
		self::assert_no_key( $key, $answer['headers'] . $answer['body'] );
		$used = $wpdb->get_row( 'SELECT caller, owner, model, requests, tokens_in FROM ' . Usage_Table::name(), ARRAY_A );
		self::assertSame( array( 'relay', 'site', 'gpt-4o-mini', '1', '11' ), array_map( 'strval', array_values( $used ) ) );
	}

	public function test_the_key_of_the_user_goes_before_that_of_the_site(): void {
		$keys = array( Test_Provider::key( 'openai' ), Test_Provider::key( 'openai' ) );
		$user = self::user( 'editor' );
		self::save( 'openai', $keys[0] );
		Vault::save( 'openai', $keys[1], array(), Owner::user( $user ) );
		self::assertSame( 200, self::relay( $user, 'GET', 'openai/models' )['status'] );
		self::assertSame( substr( $keys[1], -4 ), self::last_request()['key_end'] );
		self::assertSame( 200, self::relay( self::admin(), 'GET', 'openai/models' )['status'] );
		self::assertSame( substr( $keys[0], -4 ), self::last_request()['key_end'] );
	}

	public function test_events_come_as_they_are_sent(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$answer = self::relay( self::admin(), 'POST', 'openai/chat/completions', str_replace( '"seed"', '"stream":true,"seed"', self::CHAT ) );
		self::assertSame( 200, $answer['status'] );
		self::assertStringContainsStringIgnoringCase( "\r\ncontent-type: text/event-stream", $answer['headers'] );
		self::assertStringContainsStringIgnoringCase( "\r\nx-accel-buffering: no", $answer['headers'] );
		self::assertStringContainsString( "data: [DONE]\n\n", $answer['body'] );

		// A body that never ends: what is there already must not wait for the rest.
		self::save( 'huggingface', Test_Provider::key( 'huggingface' ) );
		$pieces = self::open( self::admin(), 'huggingface/models/test-provider/stream?ms=50', 1.0 );
		self::assertGreaterThan( 5, $pieces['pieces'] );
		self::assertGreaterThan( 0.5, $pieces['during'], 'They came one after the other.' );
	}

	public function test_when_the_browser_goes_the_request_to_the_provider_ends(): void {
		self::save( 'huggingface', Test_Provider::key( 'huggingface' ) );
		Relay_Settings::change( array( 'caps' => array( 'streams' => 1 ) ) );
		self::open( self::admin(), 'huggingface/models/test-provider/stream?ms=20', 0.5 );
		// The only place is free again: the process has noticed, and has left the provider.
		$until = microtime( true ) + 5;
		do {
			$status = self::relay( self::admin(), 'GET', 'huggingface/models/test-provider/stream?count=1' )['status'];
			usleep( 50000 );
		} while ( 503 === $status && microtime( true ) < $until );
		self::assertSame( 200, $status );
	}

	public function test_php_holds_no_more_answers_open_than_it_may(): void {
		self::save( 'huggingface', Test_Provider::key( 'huggingface' ) );
		Relay_Settings::change( array( 'caps' => array( 'streams' => 1 ) ) );
		$busy = null;
		self::open(
			self::admin(),
			'huggingface/models/test-provider/stream?ms=20',
			2.0,
			static function () use ( &$busy ) {
				$busy ??= self::relay( self::admin(), 'GET', 'huggingface/models/test-provider/stream?count=1' );
			}
		);
		self::assertSame( 503, $busy['status'] );
		self::assertStringContainsStringIgnoringCase( "\r\nretry-after: 2\r\n", $busy['headers'] );
		self::assertSame( 'relay_busy', json_decode( $busy['body'], true )['error']['code'] );
	}

	/**
	 * @dataProvider behaviours
	 *
	 * @param string   $behaviour What the provider does.
	 * @param int      $status    What comes through.
	 * @param string[] $has       Header lines that come through.
	 */
	public function test_what_the_provider_answers_comes_through( string $behaviour, int $status, array $has = array() ): void {
		$key = Test_Provider::key( 'openai', $behaviour );
		Test_Provider::answer_always( 'outage' );
		self::save( 'openai', $key );
		Test_Provider::answer_always();
		Relay_Settings::change( array( 'caps' => array( 'first_byte' => 1 ) ) );
		$answer = self::relay( self::admin(), 'POST', 'openai/chat/completions', self::CHAT );
		self::assertSame( $status, $answer['status'], $answer['body'] );
		foreach ( $has as $line ) {
			self::assertStringContainsStringIgnoringCase( "\r\n$line\r\n", $answer['headers'] );
		}
		self::assertStringNotContainsStringIgnoringCase( "\r\nlocation:", $answer['headers'] );
		self::assert_no_key( $key, $answer['headers'] . $answer['body'] );
		self::assertSame( 0, Test_Provider::trapped() );
	}

	public static function behaviours(): array {
		return array(
			'a limit, with the time to wait' => array( 'rate-limited', 429, array( 'retry-after: 7' ) ),
			'a refused key'                  => array( 'invalid', 401 ),
			'an error that repeats the key'  => array( 'echo', 401 ),
			'an outage'                      => array( 'outage', 500 ),
			'no answer'                      => array( 'hang', 504 ),
			'a closed connection'            => array( 'close', 502 ),
			'a redirect, which is not followed' => array( 'redirect', 302 ),
		);
	}

	/**
	 * @dataProvider strangers
	 *
	 * @param int      $status  Status.
	 * @param string   $code    Code.
	 * @param string   $role    Role; empty for nobody, `cookie` for a cookie without a nonce.
	 * @param string   $path    Path.
	 * @param string[] $headers Headers.
	 */
	public function test_who_may_not_gets_a_typed_error_and_no_hint( int $status, string $code, string $role, string $path, array $headers = array() ): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$asked   = count( Test_Provider::requests() );
		$browser = new Browser( '' === $role ? 0 : self::user( 'cookie' === $role ? 'editor' : $role ) );
		if ( 'cookie' !== $role && '' !== $role ) {
			$headers[] = 'X-WP-Nonce: ' . $browser->nonce();
		}
		$answer = $browser->ask( 'POST', "/index.php?rest_route=/byok/v1/relay/$path", self::CHAT, array_merge( self::JSON, $headers ) );
		self::assertSame( $status, $answer['status'], $answer['body'] );
		$error = json_decode( $answer['body'], true );
		self::assertSame( $code, $error['error']['code'] );
		self::assertSame( array( 'error', "byok_$code", $error['message'] ), array( $error['type'], $error['code'], $error['error']['message'] ) );
		self::assertCount( $asked, Test_Provider::requests() );
	}

	public static function strangers(): array {
		return array(
			'nobody'                          => array( 401, 'relay_anonymous', '', 'openai/chat/completions' ),
			'nobody, of no provider'          => array( 401, 'relay_anonymous', '', 'nobody/chat/completions' ),
			'a cookie without its nonce'      => array( 401, 'relay_anonymous', 'cookie', 'openai/chat/completions' ),
			'a token that is none'            => array( 401, 'relay_anonymous', '', 'openai/chat/completions', array( 'Authorization: Bearer something' ) ),
			'a reader'                        => array( 403, 'relay_forbidden', 'subscriber', 'openai/chat/completions' ),
			'a page that is not listed'       => array( 403, 'origin_not_listed', 'editor', 'openai/chat/completions', array( 'Origin: https://evil.example' ) ),
			'a page of no origin'             => array( 403, 'origin_not_listed', 'editor', 'openai/chat/completions', array( 'Origin: null' ) ),
			'no provider'                     => array( 404, 'provider_unknown', 'editor', 'nobody/chat/completions' ),
			'no key'                          => array( 404, 'key_absent', 'editor', 'mistral/chat/completions' ),
			'what is not relayed'             => array( 403, 'path_not_relayed', 'editor', 'openai/files' ),
			'an encoded slash'                => array( 400, 'path_refused', 'editor', 'openai/chat%252fcompletions' ),
			'dots'                            => array( 400, 'path_refused', 'editor', 'openai/chat/../completions' ),
			'a key in the address'            => array( 400, 'key_in_url', 'editor', 'openai/chat/completions&api_key=x' ),
			'a key, where that is not wanted' => array( 403, 'relay_kind_off', '', 'openai/chat/completions', array( 'X-BYOK-Api-Key: sk-byok-test-x', 'X-BYOK-Provider: openai' ) ),
		);
	}

	public function test_what_is_broken_is_a_typed_error_and_nothing_more(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$malformed = self::relay( self::admin(), 'POST', 'openai/chat/completions', '{"model":' );
		self::assertSame( array( 400, 'rest_invalid_json' ), array( $malformed['status'], json_decode( $malformed['body'], true )['error']['code'] ) );

		// A row that was edited, and one that was moved here from another provider.
		$row = self::row( 'openai' );
		self::plant( 'openai', array( 'envelope' => substr( $row['envelope'], 0, -4 ) . 'AAAA' ) + $row );
		self::plant( 'groq', $row );
		self::plant( 'mistral', 'no row at all' );
		foreach ( array( 'openai', 'groq', 'mistral' ) as $provider ) {
			$answer = self::relay( self::admin(), 'GET', "$provider/models" );
			$error  = json_decode( $answer['body'], true );
			self::assertSame( 409, $answer['status'], $answer['body'] );
			self::assertSame( array( 'type', 'error', 'code', 'message', 'data' ), array_keys( $error ) );
			self::assertStringNotContainsString( 'byok1.', $answer['body'] );
			self::assertStringNotContainsString( '.php', $answer['body'] );
		}
	}

	public function test_nothing_in_a_request_says_where_a_key_goes(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$trapped = Test_Provider::trapped();
		$browser = new Browser( self::admin() );
		$evil    = 'http://127.0.0.1:9/v1';
		$headers = array( "X-BYOK-Base-URL: $evil", "X-Base-URL: $evil", 'X-Forwarded-Host: 127.0.0.1:9', "X-Original-URL: $evil", 'X-HTTP-Method-Override: GET', 'X-WP-Nonce: ' . $browser->nonce() );
		$answer  = $browser->ask( 'POST', "/index.php?rest_route=/byok/v1/relay/openai/models&base_url=$evil", json_encode( array( 'base_url' => $evil, 'provider' => 'groq', 'path' => 'files' ) ), array_merge( self::JSON, $headers ) );
		self::assertSame( 200, $answer['status'], $answer['body'] );
		self::assertSame( array( 'GET', '/openai/v1/models' ), array( self::last_request()['method'], self::last_request()['path'] ) );
		self::assertSame( $trapped, Test_Provider::trapped() );
	}

	public function test_the_relay_can_be_switched_off_and_the_capability_given(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$reader = self::user( 'subscriber' );
		get_userdata( $reader )->add_cap( 'byok_use_relay' );
		self::assertSame( 200, self::relay( $reader, 'GET', 'openai/models' )['status'] );
		get_userdata( $reader )->remove_cap( 'byok_use_relay' );
		self::assertSame( 403, self::relay( $reader, 'GET', 'openai/models' )['status'] );

		Relay_Settings::change( array( 'users' => false ) );
		self::assertStringContainsString( 'relay_kind_off', self::relay( self::admin(), 'GET', 'openai/models' )['body'] );
		Relay_Settings::change( array( 'users' => true, 'enabled' => false ) );
		self::assertStringContainsString( 'byok_relay_off', self::relay( self::admin(), 'GET', 'openai/models' )['body'] );
	}

	public function test_approval_and_limits_apply(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		Consent::set_mode( Place::of_site( 'openai' ), 'ask' );
		self::assertStringContainsString( 'byok_not_approved', self::relay( self::admin(), 'GET', 'openai/models' )['body'] );
		self::assertSame( 'relay', Consent::pending( Owner::site() )[0]['caller'] );
		Consent::decide( Place::of_site( 'openai' ), Caller::relay()->id(), 'approve' );

		Relay_Settings::change( array( 'limits' => array( 'user' => array( 2, 31 * DAY_IN_SECONDS ) ) ) );
		$statuses = array();
		for ( $try = 0; $try < 4; $try++ ) {
			$answer     = self::relay( self::admin(), 'GET', 'openai/models' );
			$statuses[] = $answer['status'];
		}
		self::assertSame( array( 200, 200, 429, 429 ), $statuses );
		self::assertMatchesRegularExpression( '/\r\nratelimit: "user";r=0;t=\d+\r\n/i', $answer['headers'] );
		self::assertMatchesRegularExpression( '/\r\nretry-after: \d+\r\n/i', $answer['headers'] );
		self::assertSame( 'rate_limit_error', json_decode( $answer['body'], true )['error']['type'] );
		// Another user has a bucket of their own.
		$answer = self::relay( self::user( 'editor' ), 'GET', 'openai/models' );
		self::assertSame( 200, $answer['status'] );
		self::assertStringContainsStringIgnoringCase( "\r\nRateLimit-Policy: \"user\";q=2;w=2678400, \"address\";q=120;w=60\r\n", $answer['headers'] );
		self::assertStringContainsStringIgnoringCase( "\r\nRateLimit: \"user\";r=1;t=", $answer['headers'] );
	}

	public function test_a_key_that_is_brought_along_is_used_and_nowhere_else(): void {
		global $wpdb;
		Relay_Settings::change( array( 'pass_through' => true ) );
		$wpdb->query( 'DELETE FROM ' . Usage_Table::name() );
		$key     = Test_Provider::key( 'openai' );
		$headers = array( "X-BYOK-Api-Key: $key", 'X-BYOK-Provider: openai' );
		$answer  = ( new Browser() )->ask( 'POST', '/index.php?rest_route=/byok/v1/relay/openai/chat/completions', self::CHAT, array_merge( self::JSON, $headers ) );
		self::assertSame( 200, $answer['status'], $answer['body'] );
		self::assertSame( substr( $key, -4 ), self::last_request()['key_end'] );
		self::assertNotContains( 'x-byok-api-key', self::last_request()['headers'] );
		self::assertSame( '0', (string) $wpdb->get_var( 'SELECT COUNT(*) FROM ' . Usage_Table::name() ) );
		self::assertNull( self::raw( 'openai' ) );

		$answer = ( new Browser() )->ask( 'GET', '/index.php?rest_route=/byok/v1/relay/groq/models', null, $headers );
		self::assertSame( array( 403, 'credentials_other_provider' ), array( $answer['status'], json_decode( $answer['body'], true )['error']['code'] ) );
		$answer = ( new Browser() )->ask( 'POST', '/index.php?rest_route=/byok/v1/relay/openai-compatible/chat/completions', self::CHAT, array( "X-BYOK-Api-Key: $key", 'X-BYOK-Provider: openai-compatible' ) );
		self::assertSame( 'credentials_own_address', json_decode( $answer['body'], true )['error']['code'] );
	}

	public function test_an_application_password_is_a_signed_in_user(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$user = self::user( 'editor' );
		// WordPress wants TLS for them, which this server does not speak.
		file_put_contents( self::PLUGIN, '<?php add_filter( "wp_is_application_passwords_available", "__return_true" );' );
		add_filter( 'wp_is_application_passwords_available', '__return_true' );
		list( $password, $made ) = \WP_Application_Passwords::create_new_application_password( $user, array( 'name' => 'relay' ) );
		try {
			$ask   = static fn( string $password ) => ( new Browser() )->ask( 'GET', '/wp-json/byok/v1/relay/openai/models', null, array( 'Authorization: Basic ' . base64_encode( "byok-test-editor:$password" ) ) );
			$right = $ask( $password );
			$wrong = $ask( 'wrong' );
		} finally {
			unlink( self::PLUGIN );
			\WP_Application_Passwords::delete_application_password( $user, $made['uuid'] );
		}
		self::assertSame( 200, $right['status'], $right['body'] );
		self::assertSame( array( 401, 'error' ), array( $wrong['status'], json_decode( $wrong['body'], true )['type'] ) );
	}

	public function test_large_bodies_of_strangers_are_not_read(): void {
		$note = WP_CONTENT_DIR . '/byok-test-peak';
		file_put_contents( self::PLUGIN, "<?php register_shutdown_function( static fn() => file_put_contents( '$note', memory_get_peak_usage() ) );" );
		$ask = static function ( int $size, array $headers = array(), string $uri = '/index.php?rest_route=/byok/v1/relay/openai/chat/completions' ) use ( $note ): array {
			$answer = ( new Browser() )->ask( 'POST', $uri, str_repeat( 'x', $size ), array_merge( self::JSON, $headers ) );
			usleep( 50000 );
			return array( $answer['status'], json_decode( $answer['body'], true )['error']['type'], (int) file_get_contents( $note ) );
		};
		try {
			$small = $ask( 10 );
			$large = $ask( 12 * 1048576 );
			// WordPress understands more than one way to write a route.
			$written = array();
			foreach ( array( '/index.php?rest.route=/byok/v1/relay/openai/chat/completions', '/index.php?%72est%5Froute=%2Fbyok/v1/relay/openai/x', '/index.php?rest_route[]=x&rest%20route=/byok/v1/relay/openai/x', '/wp-json/byok%2Fv1/relay/openai/x', '/wp-json/byok/v1/%72elay/openai/x' ) as $uri ) {
				$written[ $uri ] = $ask( 12 * 1048576, array(), $uri );
			}
			$token = $ask( 12 * 1048576, array( 'Authorization: Bearer byok_vt_' . str_repeat( 'a', 60 ) ) );
			Relay_Settings::change( array( 'caps' => array( 'body' => 1048576 ) ) );
			$too_large = $ask( 12 * 1048576 );
		} finally {
			unlink( self::PLUGIN );
			unlink( $note );
		}
		self::assertSame( array( 401, 'authentication_error' ), array_slice( $small, 0, 2 ) );
		self::assertSame( array( 401, 'authentication_error' ), array_slice( $large, 0, 2 ) );
		self::assertContains( $token[0], array( 401, 403 ) );
		self::assertSame( array( 413, 'request_too_large' ), array_slice( $too_large, 0, 2 ) );
		foreach ( array( $large, $token, $too_large ) + $written as $uri => $one ) {
			self::assertLessThan( 4 * 1048576, $one[2] - $small[2], (string) $uri );
			self::assertContains( $one[0], array( 400, 401, 403, 413 ), (string) $uri );
		}
	}

	public function test_a_request_that_php_code_makes_prints_nothing(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$asked = count( Test_Provider::requests() );
		ob_start();
		$response = rest_do_request( new WP_REST_Request( 'GET', '/byok/v1/relay/openai/models' ) );
		self::assertSame( '', ob_get_clean() );
		self::assertSame( 200, $response->get_status() );
		self::assertNull( $response->get_data() );
		self::assertCount( $asked, Test_Provider::requests() );
	}

	/**
	 * Sends a request to the relay with cookie and nonce.
	 *
	 * @param int         $user   User.
	 * @param string      $method HTTP method.
	 * @param string      $path   Provider and path.
	 * @param string|null $body   Body.
	 * @return array{status: int, headers: string, body: string}
	 */
	private static function relay( int $user, string $method, string $path, ?string $body = null ): array {
		$browser = new Browser( $user );
		return $browser->ask( $method, '/index.php?rest_route=/byok/v1/relay/' . strtr( $path, '?', '&' ), $body, array_merge( self::JSON, array( 'X-WP-Nonce: ' . $browser->nonce() ) ) );
	}

	/**
	 * Reads an endless answer for a while, and goes away.
	 *
	 * @param int           $user    User.
	 * @param string        $path    Provider and path.
	 * @param float         $seconds How long after its first piece.
	 * @param callable|null $during  Is called with the second piece.
	 * @return array{pieces: int, during: float} Number of pieces, and how long after the first the last came.
	 */
	private static function open( int $user, string $path, float $seconds, ?callable $during = null ): array {
		$browser = new Browser( $user );
		$first   = INF;
		$told    = array( 'pieces' => 0, 'during' => 0.0 );
		$handle  = curl_init( getenv( 'BYOK_TEST_URL' ) . '/index.php?rest_route=/byok/v1/relay/' . strtr( $path, '?', '&' ) );
		curl_setopt_array(
			$handle,
			array(
				CURLOPT_HTTPHEADER    => array( 'X-WP-Nonce: ' . $browser->nonce() ),
				CURLOPT_COOKIE        => $browser->cookies(),
				CURLOPT_TIMEOUT       => 20,
				CURLOPT_WRITEFUNCTION => static function ( $handle, string $bytes ) use ( $seconds, $during, &$first, &$told ) {
					$first          = min( $first, microtime( true ) );
					$told['during'] = microtime( true ) - $first;
					if ( 2 === ++$told['pieces'] && null !== $during ) {
						$during();
					}
					return $told['during'] < $seconds ? strlen( $bytes ) : 0;
				},
			)
		);
		curl_exec( $handle );
		curl_close( $handle );
		return $told;
	}

	/**
	 * The last request that the test provider has got.
	 */
	private static function last_request(): array {
		$requests = Test_Provider::requests();
		return end( $requests );
	}

	/**
	 * A page may put into a path what somebody else has written.
	 */
	public function test_an_address_with_two_routes_reaches_none(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$browser = new Browser( self::admin() );
		$nonce   = array( 'X-WP-Nonce: ' . $browser->nonce() );
		foreach ( array( '/wp-json/byok/v1/relay/openai/models/x?rest_route=/byok/v1/keys/openai&_method=DELETE', '/wp-json/byok/v1/relay/openai/models/x?rest%5Froute=/byok/v1/keys/openai&_method=DELETE', '/index.php?rest_route=/byok/v1/relay/openai/models/x&rest.route=/byok/v1/keys/openai&_method=DELETE', '/index.php?rest_route=%2Fbyok%2Fv1%2Frelay%2Fopenai/models/x&rest_route=/byok/v1/keys/openai&_method=DELETE' ) as $address ) {
			$answer = $browser->ask( 'GET', $address, null, $nonce );
			self::assertSame( array( 400, 'byok_path_refused' ), array( $answer['status'], json_decode( $answer['body'], true )['code'] ?? null ), $address );
			self::assertTrue( byok_has_key( 'openai' ) );
		}
		self::assertSame( 200, $browser->ask( 'GET', '/index.php?rest_route=/byok/v1/relay/openai/models&a=1', null, $nonce )['status'] );
	}
}
