<?php
/**
 * Tests of what WordPress hands to those who log: by itself, without anybody calling byok.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Redaction;
use WP_Error;
use WP_HTTP_Requests_Response;
use WpOrg\Requests\Utility\CaseInsensitiveDictionary;

final class LogGuardTest extends Test_Case {

	protected function tearDown(): void {
		delete_option( 'byok_test_shown' );
		parent::tearDown();
	}

	public function test_a_logger_of_requests_gets_no_key_and_the_provider_gets_it(): void {
		$key  = Test_Provider::key();
		$seen = array();
		add_action(
			'http_api_debug',
			static function ( ...$given ) use ( &$seen ) {
				$seen[] = $given;
			},
			10,
			5
		);
		add_filter( 'http_request_args', static fn( $args ) => $args + array( 'seen' => true ) );
		$sent = array();
		add_action(
			'requests-requests.before_request',
			static function ( $url, $headers, $data ) use ( &$sent ) {
				$sent = array( $url, $headers['x-api-key'], $headers['Authorization'], $data['api_key'] );
			},
			10,
			3
		);
		$answer = wp_remote_post(
			getenv( 'BYOK_TEST_PROVIDER' ) . '/v1/models?key=' . $key,
			array(
				'headers' => array( 'x-api-key' => $key, 'Authorization' => "Bearer $key" ),
				'body'    => array( 'api_key' => $key, 'text' => 'hello' ),
			)
		);
		$this->assertIsArray( $answer );
		$this->assertSame( array( getenv( 'BYOK_TEST_PROVIDER' ) . '/v1/models?key=' . $key, $key, "Bearer $key", $key ), $sent, 'the request itself is not changed' );
		$this->assertCount( 1, $seen );
		list( $response, $context, $class, $args, $url ) = $seen[0];
		$this->assertSame( 'response', $context );
		$this->assertSame( 'WpOrg\Requests\Requests', $class );
		$this->assertTrue( $args['seen'] );
		$this->assertSame( 'hello', $args['body']['text'] );
		$this->assertSame( byok_mask( $key ), $args['headers']['x-api-key'] );
		$this->assertStringContainsString( byok_mask( $key ), $url );
		$this->assertInstanceOf( CaseInsensitiveDictionary::class, $response['headers'] );
		self::assert_no_key( $key, print_r( $seen, true ) );
		self::assert_no_key( $key, wp_json_encode( $seen ) );
	}

	public function test_an_answer_that_repeats_the_key_stays_an_answer_without_it(): void {
		$key  = Test_Provider::key();
		$seen = array();
		add_action( 'http_api_debug', static function ( $response ) use ( &$seen ) { $seen[] = $response; } );
		$answer = self::answer_with( $key );
		do_action( 'http_api_debug', $answer, 'response', 'WpOrg\Requests\Requests', array(), 'http://127.0.0.1/' );
		$this->assertStringContainsString( $key, $answer['body'], 'the caller has it as it came' );
		$this->assertSame( $key, wp_remote_retrieve_header( $answer, 'x-echo' ) );

		self::assert_no_key( $key, print_r( $seen, true ) );
		$this->assertSame( byok_mask( $key ), wp_remote_retrieve_header( $seen[0], 'X-Echo' ) );
		$this->assertInstanceOf( WP_HTTP_Requests_Response::class, $seen[0]['http_response'] );
		$this->assertSame( 401, $seen[0]['http_response']->get_status() );
		$this->assertSame( array( 'application/json' ), $seen[0]['http_response']->get_response_object()->headers->getValues( 'content-type' ) );
	}

	public function test_listeners_can_still_be_found_and_removed_and_get_as_many_arguments_as_they_want(): void {
		$key      = Test_Provider::key();
		$counts   = array();
		$listener = static function ( ...$given ) use ( &$counts ) {
			$counts[] = count( $given );
		};
		add_action( 'http_api_debug', $listener, 10, 2 );
		add_action( 'http_api_debug', static function ( ...$given ) use ( &$counts ) { $counts[] = count( $given ); }, 20, 0 );
		$fire = static fn() => do_action( 'http_api_debug', array(), 'response', '', array( 'headers' => array( 'x-api-key' => $key ) ), 'http://127.0.0.1/' );
		$fire();
		$fire();
		$this->assertSame( array( 2, 0, 2, 0 ), $counts );
		$this->assertSame( 10, has_action( 'http_api_debug', $listener ) );
		$this->assertTrue( remove_action( 'http_api_debug', $listener, 10 ) );
		$fire();
		$this->assertSame( array( 2, 0, 2, 0, 0 ), $counts );
	}

	public function test_listeners_of_a_request_without_a_key_are_left_alone(): void {
		$listener = static fn() => null;
		add_action( 'http_api_debug', $listener );
		$before = $GLOBALS['wp_filter']['http_api_debug']->callbacks;
		do_action( 'http_api_debug', array( 'body' => 'x' ), 'response', '', array( 'headers' => array( 'accept' => '*/*' ) ), 'http://127.0.0.1/' );
		$this->assertSame( $before, $GLOBALS['wp_filter']['http_api_debug']->callbacks );
	}

	public function test_a_mail_that_failed_is_handed_on_without_its_keys(): void {
		$key  = Test_Provider::key();
		$seen = array();
		add_action( 'wp_mail_failed', static function ( $error ) use ( &$seen ) { $seen[] = $error; } );
		// Nobody listens there.
		add_action(
			'phpmailer_init',
			static function ( $mailer ) {
				$mailer->Mailer = 'smtp';
				$mailer->Host   = '127.0.0.1';
				$mailer->Port   = 1;
			}
		);
		$sent = wp_mail( 'someone@example.org', "A key: $key", "This is your key:\n$key\nKeep it.", array( "X-Key: $key" ) );
		$this->assertFalse( $sent );
		$this->assertCount( 1, $seen );
		$data = $seen[0]->get_error_data( 'wp_mail_failed' );
		$this->assertSame( "This is your key:\n" . byok_mask( $key ) . "\nKeep it.", $data['message'] );
		$this->assertSame( array( 'someone@example.org' ), $data['to'] );
		$this->assertArrayHasKey( 'phpmailer_exception_code', $data );
		self::assert_no_key( $key, print_r( $seen, true ) );
	}

	public function test_an_error_is_masked_in_place_with_all_its_codes_and_data(): void {
		$key   = Test_Provider::key();
		$error = new WP_Error( 'one', "first $key", array( 'a' => $key ) );
		$error->add( 'one', 'second' );
		$error->add_data( 'newer', 'one' );
		$error->add( 'two', 'plain', 5 );
		$copy = clone $error;
		Redaction::in_place( $error );
		$this->assertSame( array( 'one', 'two' ), $error->get_error_codes() );
		$this->assertSame( array( 'first ' . byok_mask( $key ), 'second' ), $error->get_error_messages( 'one' ) );
		$this->assertSame( array( array( 'a' => byok_mask( $key ) ), 'newer' ), array_values( $error->get_all_error_data( 'one' ) ) );
		$this->assertSame( 5, $error->get_error_data( 'two' ) );
		$this->assertSame( "first $key", $copy->get_error_message() );
	}

	public function test_the_debug_information_of_all_plugins_passes(): void {
		require_once ABSPATH . 'wp-admin/includes/class-wp-debug-data.php';
		$key    = Test_Provider::key();
		$secret = bin2hex( random_bytes( 16 ) );
		$plain  = \WP_Debug_Data::debug_data();
		remove_all_filters( 'debug_information', PHP_INT_MAX );
		$this->assertSame( self::without_times( \WP_Debug_Data::debug_data() ), self::without_times( $plain ), 'nothing but keys is changed' );

		\Byok\Log_Guard::register_hooks();
		add_filter(
			'debug_information',
			static function ( $sections ) use ( $key, $secret ) {
				$sections['other'] = array(
					'label'  => 'Other plugin',
					'fields' => array(
						'token'   => array( 'label' => 'Token', 'value' => $key ),
						'list'    => array( 'label' => 'List', 'value' => array( 'one' => $key, 'two' => 2 ), 'debug' => "it is $key" ),
						'mistral' => array( 'label' => 'Mistral API key', 'value' => $secret, 'private' => true ),
						'plain'   => array( 'label' => 'Plain', 'value' => 'yes', 'debug' => true ),
					),
				);
				return $sections;
			},
			99
		);
		$info   = \WP_Debug_Data::debug_data();
		$fields = $info['other']['fields'];
		self::assert_no_key( $key, print_r( $info, true ) . \WP_Debug_Data::format( $info, 'debug' ) );
		$this->assertSame( array( byok_mask( $key ), array( 'one' => byok_mask( $key ), 'two' => 2 ), 'it is ' . byok_mask( $key ) ), array( $fields['token']['value'], $fields['list']['value'], $fields['list']['debug'] ) );
		$this->assertSame( array( '…', true ), array( $fields['mistral']['value'], $fields['mistral']['private'] ) );
		$this->assertSame( array( 'label' => 'Plain', 'value' => 'yes', 'debug' => true ), $fields['plain'] );
		$this->assertSame( 'garbage', \Byok\Log_Guard::mask_debug_information( 'garbage' ) );
	}

	public function test_an_error_of_a_route_of_ours_holds_no_key_that_others_have_put_in(): void {
		$key = Test_Provider::key();
		// As a plugin that validates requests and says what it has refused.
		add_filter( 'rest_pre_dispatch', static fn( $result, $server, $request ) => new WP_Error( 'refused', "Refused: $key", array( 'status' => 400, 'params' => array( 'key' => $key ), 'path' => $request->get_route() ) ), 10, 3 );
		foreach ( array( '/byok/v1/keys/anthropic', '/BYOK/v1/keys/anthropic' ) as $route ) {
			$data = self::served( $route );
			self::assert_no_key( $key, wp_json_encode( $data ) );
			$this->assertSame( array( 'refused', 'Refused: ' . byok_mask( $key ), 400 ), array( $data['code'], $data['message'], $data['data']['status'] ) );
		}
		$this->assertStringContainsString( $key, wp_json_encode( self::served( '/wp/v2/posts' ) ), 'routes of others are theirs' );
	}

	public function test_a_stand_in_is_left_as_it_is(): void {
		$key      = Test_Provider::key();
		$stand_in = byok_stand_in( 'anthropic' );
		$text     = "x-api-key: $stand_in and $key and $stand_in";
		$this->assertSame( "x-api-key: $stand_in and " . byok_mask( $key ) . " and $stand_in", Redaction::text( $text ) );
		$seen = array();
		add_action( 'http_api_debug', static function ( ...$given ) use ( &$seen ) { $seen = $given; }, 10, 5 );
		do_action( 'http_api_debug', array(), 'response', '', array( 'headers' => array( 'Authorization' => "Bearer $stand_in" ) ), 'http://127.0.0.1/' );
		$this->assertSame( "Bearer $stand_in", $seen[3]['headers']['Authorization'] );
	}

	/**
	 * @dataProvider shapes
	 *
	 * @param callable $make Makes a value of a key with a form and a secret without one.
	 */
	public function test_no_shape_of_a_value_lets_a_key_through( callable $make ): void {
		$key    = Test_Provider::key();
		$secret = bin2hex( random_bytes( 16 ) );
		$value  = $make( $key, $secret );
		$before = print_r( $value, true );
		$begun  = microtime( true );
		$safe   = Redaction::of( $value );
		$this->assertLessThan( 3, microtime( true ) - $begun );
		$text = print_r( $safe, true );
		self::assert_no_key( $key, $text );
		$this->assertStringNotContainsString( $secret, $text );
		$this->assertSame( $before, print_r( $value, true ), 'what was given in is not changed' );
		$this->assertSame( get_debug_type( $value ), get_debug_type( $safe ) );
	}

	public function shapes(): array {
		$deep = static function ( $value, int $depth ): array {
			for ( ; $depth >= 0; $depth-- ) {
				$value = array( 'n' => $value );
			}
			return $value;
		};
		return array(
			'two names with one mask'  => array( static fn( $key, $secret ) => array( 'x-api-key' => $secret, $key => 1, substr_replace( $key, 'zz', 25, 2 ) => 2 ) ),
			'very deep'                => array( static fn( $key ) => $deep( $key, 40 ) ),
			'an array inside itself'   => array(
				static function ( $key ) {
					$items         = array( 'k' => $key );
					$items['self'] = &$items;
					$items['more'] = &$items;
					return $items;
				},
			),
			'objects in objects'       => array( static fn( $key, $secret ) => (object) array( 'a' => (object) array( 'api_key' => $secret ), 'b' => $key ) ),
			'a property of that name'  => array( static fn( $key ) => array( (object) array( $key => 1 ) ) ),
			'a cookie'                 => array( static fn( $key ) => new \WP_Http_Cookie( array( 'name' => 'api_key', 'value' => $key ) ) ),
			'a list that is an object' => array( static fn( $key, $secret ) => new WP_Error( 'x', 'm', array( new \ArrayObject( array( 'x-api-key' => $secret, 'k' => $key ) ) ) ) ),
			'an exception'             => array(
				static function ( $key ) {
					$thrown = new \RuntimeException( "no $key" );
					// All of PHPUnit is in there.
					( new \ReflectionProperty( \Exception::class, 'trace' ) )->setValue( $thrown, array() );
					return array( $thrown );
				},
			),
			'a code of an error'       => array( static fn( $key ) => new WP_Error( $key, 'm' ) ),
			'name and value'           => array( static fn( $key, $secret ) => array( array( 'name' => 'x-api-key', 'value' => $secret ) ) ),
			'many'                     => array( static fn( $key ) => array_merge( array_fill( 0, 30000, 'x' ), array( $key ) ) ),
			'objects in a circle'      => array(
				static function ( $key ) {
					$all = new \stdClass();
					for ( $number = 0; $number < 500; $number++ ) {
						$all->items[] = (object) array( 'all' => $all, 'key' => $key, 'more' => array_fill( 0, 20, 'x' ) );
					}
					return $all;
				},
			),
		);
	}

	public function test_an_array_inside_itself_stops_no_listener(): void {
		$count = 0;
		add_action( 'http_api_debug', static function () use ( &$count ) { ++$count; }, 10, 5 );
		$args         = array( 'method' => 'GET' );
		$args['self'] = &$args;
		do_action( 'http_api_debug', array(), 'response', '', $args, 'http://127.0.0.1/' );
		$this->assertSame( 1, $count );
	}

	public function test_what_only_looks_like_a_stand_in_hides_no_key(): void {
		$key      = Test_Provider::key();
		$secret   = bin2hex( random_bytes( 16 ) );
		$stand_in = byok_stand_in( 'anthropic' );
		foreach ( array( "byok-stand-in-$key", "$key-byok-stand-in-AAAA", "x$key.byok-stand-in-", "byok-stand-in-A,$key", "byok-stand-in-A $secret", "$secret-byok-stand-in-AAAA", "$stand_in $secret", "$secret$stand_in" ) as $text ) {
			$safe = Redaction::text( $text, 'x-api-key' );
			self::assert_no_key( $key, $safe );
			$this->assertStringNotContainsString( $secret, $safe, $text );
		}
	}

	public function test_names_of_debug_information_are_masked_too(): void {
		$key  = Test_Provider::key();
		$info = \Byok\Log_Guard::mask_debug_information( array( 'x' => array( 'label' => "key $key", 'description' => "d $key", 'fields' => array( "f$key" => array( 'label' => "l $key", 'value' => 'y' ) ) ) ) );
		self::assert_no_key( $key, print_r( $info, true ) );
		$this->assertSame( 'key ' . byok_mask( $key ), $info['x']['label'] );
	}

	public function test_keys_of_the_site_and_the_member_are_masked_whatever_they_look_like(): void {
		$keys = array( Test_Provider::key( 'mistral' ), Test_Provider::key( 'mistral' ) );
		self::save( 'mistral', $keys[0] );
		self::save( 'mistral', $keys[1], array( 'owner' => 'user:' . self::admin() ) );
		$code = <<<'PHP'
			$user = get_user_by( 'login', 'admin' )->ID;
			$seen = array( byok_redact( "a $keys[0] b" ), byok_redact( "a $keys[1] b" ) );
			wp_set_current_user( $user );
			return array( ...$seen, byok_redact( "a $keys[1] b" ), byok_redact( base64_encode( "xy $keys[1] b" ) ) );
		PHP;
		$seen = Site::run( $code, array( 'given' => compact( 'keys' ) ) )['result'];
		$this->assertStringNotContainsString( $keys[0], $seen[0] );
		$this->assertSame( "a $keys[1] b", $seen[1], 'nobody is logged in yet' );
		$this->assertStringNotContainsString( $keys[1], $seen[2] );
		self::assert_no_key( $keys[1], $seen[3] );
	}

	public function test_without_the_extension_all_of_it_does_nothing(): void {
		$code = <<<'PHP'
			do_action( 'http_api_debug', array( 'body' => 'sk-ant-api03-byok-test' ), 'response', '', array(), 'http://127.0.0.1/' );
			$error = new WP_Error( 'wp_mail_failed', 'plain', array( 'to' => 'x' ) );
			do_action( 'wp_mail_failed', $error );
			return array( $error->get_error_message(), apply_filters( 'debug_information', array( 'a' => array( 'fields' => array( 'b' => array( 'value' => 'c' ) ) ) ) )['a'] );
		PHP;
		$this->assertSame( array( 'plain', array( 'fields' => array( 'b' => array( 'value' => 'c' ) ) ) ), Site::run( $code, array( 'extension' => false ) )['result'] );
	}

	/**
	 * What a browser gets of a route.
	 *
	 * @param string $route Route.
	 */
	private static function served( string $route ): array {
		$request  = new \WP_REST_Request( 'GET', $route );
		$response = rest_get_server()->dispatch( $request );
		$response = is_wp_error( $response ) ? rest_convert_error_to_response( $response ) : $response;
		return apply_filters( 'rest_post_dispatch', rest_ensure_response( $response ), rest_get_server(), $request )->get_data();
	}

	/**
	 * An answer of WordPress's HTTP API that repeats a key.
	 *
	 * @param string $key Key.
	 */
	private static function answer_with( string $key ): array {
		$answer              = new \WpOrg\Requests\Response();
		$answer->status_code = 401;
		$answer->body        = '{"error":"Incorrect API key: ' . $key . '"}';
		$answer->raw         = "HTTP/1.1 401\r\nx-echo: $key\r\n\r\n$answer->body";
		$answer->headers['x-echo']       = $key;
		$answer->headers['content-type'] = 'application/json';
		$object = new WP_HTTP_Requests_Response( $answer, '' );
		return array( 'http_response' => $object ) + $object->to_array();
	}

	/**
	 * Debug information without what changes from one second to the next.
	 *
	 * @param array $info Debug information.
	 */
	private static function without_times( array $info ): array {
		unset( $info['wp-paths-sizes'], $info['wp-server']['fields']['time'], $info['wp-server']['fields']['current'], $info['wp-server']['fields']['utc-time'], $info['wp-server']['fields']['server-time'] );
		return $info;
	}
}
