<?php
/**
 * Tests of keys that come with a request.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Credentials;
use LogicException;
use WP_REST_Request;

/**
 * What byok_credentials() gives to a plugin's own route, and where the key is afterwards: nowhere.
 */
final class CredentialsTest extends Test_Case {

	private const PLUGIN = WP_CONTENT_DIR . '/mu-plugins/byok-test-route.php';

	/**
	 * A plugin whose route uses the sender's key, and one that writes down whatever it sees.
	 */
	private const ROUTE = '<?php
		add_action( "rest_api_init", static function () {
			register_rest_route( "byok-test/v1", "/ask", array(
				"methods"             => "POST",
				"permission_callback" => "__return_true",
				"callback"            => static function ( $request ) {
					$credentials = byok_credentials( $request );
					if ( is_wp_error( $credentials ) ) {
						return $credentials;
					}
					$answer = $credentials->send( "/chat/completions", array( "json" => array( "model" => $credentials->model, "messages" => array() ) ) );
					ob_start();
					var_dump( $credentials, $request, $_SERVER, array_filter( $GLOBALS, static fn( $value ) => is_string( $value ) ) );
					print_r( $answer );
					debug_print_backtrace();
					return array( "status" => wp_remote_retrieve_response_code( $answer ), "model" => $credentials->model, "seen" => ob_get_clean(), "json" => wp_json_encode( $credentials ) );
				},
			) );
		} );';

	protected function tearDown(): void {
		@unlink( self::PLUGIN );
		parent::tearDown();
	}

	public function test_a_plugin_uses_a_key_that_it_never_sees(): void {
		@mkdir( dirname( self::PLUGIN ) );
		file_put_contents( self::PLUGIN, self::ROUTE );
		$key    = Test_Provider::key( 'openai' );
		$answer = self::post( array( "X-BYOK-Api-Key: $key", 'X-BYOK-Provider: openai', 'X-BYOK-Model: gpt-4o-mini' ) );
		self::assertSame( 200, $answer['status'], $answer['body'] );
		$told = json_decode( $answer['body'], true );
		self::assertSame( array( 200, 'gpt-4o-mini' ), array( $told['status'], $told['model'] ) );
		self::assertSame( array( 'provider' => 'openai', 'model' => 'gpt-4o-mini', 'key' => byok_mask( $key ) ), json_decode( $told['json'], true ) );
		self::assert_no_key( $key, $told['seen'], 'what the plugin has looked at' );
		self::assert_no_key( $key, $answer['body'] );
		self::assert_no_key( $key, self::database(), 'the database' );
	}

	/**
	 * As php-fpm fills it when variables_order has an E.
	 */
	public function test_no_key_or_token_stays_among_the_variables_of_the_environment(): void {
		$key    = Test_Provider::key( 'openai' );
		$server = $_SERVER;
		$_SERVER['HTTP_X_BYOK_API_KEY'] = $_ENV['HTTP_X_BYOK_API_KEY'] = $key;
		$_ENV['HTTP_AUTHORIZATION']     = 'Bearer byok_vt_' . str_repeat( 'a', 40 );
		$request                        = new \WP_REST_Request( 'POST', '/byok/v1/relay/openai/chat/completions' );
		$request->set_header( 'Authorization', $_ENV['HTTP_AUTHORIZATION'] );
		try {
			\Byok\Passed_Key::take();
			\Byok\Relay_Token::forget( $request );
			self::assertStringStartsWith( 'byok_in_', $_SERVER['HTTP_X_BYOK_API_KEY'] );
			self::assertArrayNotHasKey( 'HTTP_X_BYOK_API_KEY', $_ENV );
			self::assertArrayNotHasKey( 'HTTP_AUTHORIZATION', $_ENV );
		} finally {
			$_SERVER = $server;
			unset( $_ENV['HTTP_X_BYOK_API_KEY'], $_ENV['HTTP_AUTHORIZATION'] );
		}
	}

	/**
	 * @dataProvider refused
	 *
	 * @param string   $code    Code of the error.
	 * @param string[] $headers Headers by name; `KEY` stands for a key.
	 */
	public function test_what_is_missing_or_wrong_is_a_401( string $code, array $headers ): void {
		$key     = Test_Provider::key( 'openai' );
		$request = self::request( str_replace( 'KEY', $key, $headers ) );
		$told    = byok_credentials( $request );
		self::assert_error( $code, $told, $key );
		self::assertSame( 401, $told->get_error_data()['status'] );
		self::assert_no_key( $key, print_r( $request, true ), 'the request' );
	}

	public static function refused(): array {
		return array(
			'nothing'             => array( 'byok_credentials_absent', array() ),
			'no provider'         => array( 'byok_credentials_absent', array( 'X-BYOK-Api-Key' => 'KEY' ) ),
			'no key'              => array( 'byok_credentials_absent', array( 'X-BYOK-Provider' => 'openai' ) ),
			'an empty key'        => array( 'byok_credentials_absent', array( 'X-BYOK-Api-Key' => ' ', 'X-BYOK-Provider' => 'openai' ) ),
			'an unknown provider' => array( 'byok_provider_unknown', array( 'X-BYOK-Api-Key' => 'KEY', 'X-BYOK-Provider' => 'nobody' ) ),
			'an address'          => array( 'byok_credentials_own_address', array( 'X-BYOK-Api-Key' => 'KEY', 'X-BYOK-Provider' => 'openai-compatible' ) ),
			'a model that is none' => array( 'byok_request_malformed', array( 'X-BYOK-Api-Key' => 'KEY', 'X-BYOK-Provider' => 'openai', 'X-BYOK-Model' => 'a model' ) ),
			'a made up reference' => array( 'byok_credentials_absent', array( 'X-BYOK-Api-Key' => 'byok_in_0123', 'X-BYOK-Provider' => '' ) ),
		);
	}

	public function test_credentials_cannot_be_changed_stored_or_copied(): void {
		$key   = Test_Provider::key( 'openai' );
		$found = byok_credentials( self::request( array( 'X-BYOK-Api-Key' => $key, 'X-BYOK-Provider' => 'openai' ) ) );
		self::assertInstanceOf( Credentials::class, $found );
		self::assertSame( array( 'openai', '', byok_mask( $key ) ), array( $found->provider, $found->model, $found->mask ) );
		$attempts = array(
			static fn() => $found->model = 'other',
			static fn() => $found->key = 'other',
			static fn() => serialize( $found ),
			static fn() => clone $found,
			static fn() => unserialize( 'O:16:"Byok\Credentials":0:{}' ),
		);
		foreach ( $attempts as $number => $attempt ) {
			try {
				$attempt();
				self::fail( "attempt $number was allowed" );
			} catch ( \Error | LogicException $expected ) {
				self::assert_no_key( $key, $expected->getMessage() );
			}
		}
		foreach ( array( print_r( $found, true ), var_export( $found, true ), wp_json_encode( $found ), print_r( (array) $found, true ) ) as $shown ) {
			self::assert_no_key( $key, $shown );
		}
	}

	public function test_what_is_sealed_for_one_request_opens_nowhere_else(): void {
		$key  = Test_Provider::key( 'openai' );
		$args = array( 'X-BYOK-Api-Key' => $key, 'X-BYOK-Provider' => 'openai' );
		preg_match_all( '/byok1\.[\w.-]+/', print_r( (array) byok_credentials( self::request( $args ) ), true ), $envelopes );
		self::assertNotSame( array(), $envelopes[0] );
		foreach ( $envelopes[0] as $envelope ) {
			self::plant( 'openai', array( 'version' => 1, 'envelope' => $envelope, 'origin' => byok_origin( 'openai' ), 'base_url' => '', 'hint' => '', 'outcome' => null, 'proof' => null, 'checked_at' => null, 'resume_at' => null, 'saved_at' => time(), 'saved_by' => null, 'previous' => null ) );
			self::assertSame( 'damaged', byok_key_info( 'openai' )['state'] );
		}
	}

	/**
	 * A request with headers.
	 *
	 * @param string[] $headers Headers by name.
	 */
	private static function request( array $headers ): WP_REST_Request {
		$request = new WP_REST_Request( 'POST', '/byok-test/v1/ask' );
		foreach ( $headers as $name => $value ) {
			$request->set_header( $name, $value );
		}
		return $request;
	}

	/**
	 * Posts to the route over HTTP.
	 *
	 * @param string[] $headers Header lines.
	 * @return array{status: int, body: string}
	 */
	private static function post( array $headers ): array {
		$handle = curl_init( getenv( 'BYOK_TEST_URL' ) . '/index.php?rest_route=/byok-test/v1/ask' );
		curl_setopt_array( $handle, array( CURLOPT_RETURNTRANSFER => true, CURLOPT_POST => true, CURLOPT_POSTFIELDS => '', CURLOPT_HTTPHEADER => $headers ) );
		$body = (string) curl_exec( $handle );
		return array( 'status' => curl_getinfo( $handle, CURLINFO_RESPONSE_CODE ), 'body' => $body );
	}

	/**
	 * All of the database.
	 */
	private static function database(): string {
		global $wpdb;
		$all = '';
		foreach ( $wpdb->get_col( 'SHOW TABLES' ) as $table ) {
			$all .= wp_json_encode( $wpdb->get_results( "SELECT * FROM $table" ), JSON_UNESCAPED_SLASHES );
		}
		return $all;
	}
}
