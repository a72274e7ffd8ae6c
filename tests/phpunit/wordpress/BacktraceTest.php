<?php
/**
 * Tests of what other code can see of the calls under way while a key is saved.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Relay_Settings;
use Byok\Vault;
use Byok\Visitors;
use WP_REST_Request;

final class BacktraceTest extends Test_Case {

	/**
	 * The key to look for. Not in a variable that a closure captures: it would be seen there.
	 *
	 * @var string
	 */
	private static string $key;

	/**
	 * Hooks that were looked from, and whether the key was to be seen.
	 *
	 * @var bool[]
	 */
	private static array $seen = array();

	protected function setUp(): void {
		parent::setUp();
		// The hooks of REST are added with the server: one from an earlier test has none any more.
		$GLOBALS['wp_rest_server'] = null;
		self::$seen                = array();
		self::$key                 = Test_Provider::key();
	}

	public function test_neither_a_query_nor_a_listener_sees_a_key_that_is_saved(): void {
		self::look_at_everything( 'byok_save_key' );
		self::save( 'anthropic', self::$key );
		self::save( 'anthropic', self::$key );
		self::assert_nothing_seen( 'query', 'byok_key_saved' );
	}

	public function test_neither_a_query_nor_a_listener_sees_a_key_that_is_checked(): void {
		self::save( 'anthropic', self::$key );
		self::look_at_everything( 'check' );
		Vault::check( 'anthropic' );
		self::assert_nothing_seen( 'query', 'byok_key_checked' );
	}

	public function test_neither_a_query_nor_a_listener_sees_a_key_that_is_opened(): void {
		Test_Provider::answer_always( 'outage' );
		self::save( 'anthropic', self::$key );
		self::look_at_everything( 'byok_get_key' );
		// The first use also plans a check.
		byok_get_key( 'anthropic' );
		self::assert_nothing_seen( 'query', 'schedule_event' );
	}

	/**
	 * @dataProvider secrets_of_a_visitor
	 *
	 * @param string $what `key` or `token`.
	 */
	public function test_neither_a_query_nor_a_listener_sees_what_a_visitor_sends( string $what ): void {
		Relay_Settings::change( array( 'visitors' => true ) );
		$visitor = Visitors::register();
		$key     = self::$key;
		$token   = $visitor['token']->reveal();
		if ( 'token' === $what ) {
			self::$key = $token;
		}
		$asks = static function ( string $method, string $path, array $body = array() ) use ( &$token ) {
			$request = new WP_REST_Request( $method, "/byok/v1/visitors$path" );
			$request->set_header( 'Authorization', "Bearer $token" );
			$request->set_header( 'Content-Type', 'application/json' );
			$request->set_body( wp_json_encode( $body ) );
			return $request;
		};
		$request = $asks( 'PUT', '/keys/anthropic', compact( 'key' ) );
		rest_do_request( '/byok/v1/visitors/token' );
		// As far as the methods that WordPress's server, which is large, has called.
		self::look_at_everything( 'is_visitor', 'may_leave', 'save', 'rotate_token' );
		$this->assertSame( 200, rest_do_request( $request )->get_status() );
		self::assert_nothing_seen( 'query', 'byok_key_saved' );
		$this->assertSame( 200, rest_do_request( $asks( 'POST', '/token/rotate' ) )->get_status() );
		self::assert_nothing_seen( 'query' );
	}

	public function secrets_of_a_visitor(): array {
		return array( array( 'key' ), array( 'token' ) );
	}

	public function test_a_key_in_a_backtrace_would_be_found(): void {
		self::look_at_everything( 'careless' );
		self::careless( self::$key );
		$this->assertSame( array( 'query' => true ), self::$seen );
	}

	/**
	 * @dataProvider kinds_of_request
	 *
	 * @param string $kind How the key is sent.
	 */
	public function test_nothing_that_runs_after_the_route_began_sees_a_key_in_the_request( string $kind ): void {
		$request = new WP_REST_Request( 'PUT', '/byok/v1/keys/anthropic' );
		if ( 'JSON' === $kind ) {
			$request->set_header( 'Content-Type', 'application/json' );
			$request->set_body( wp_json_encode( array( 'key' => self::$key, 'other' => 'stays', '_fields' => 'hint' ) ) );
		} elseif ( 'form' === $kind ) {
			$request->set_header( 'Content-Type', 'application/x-www-form-urlencoded' );
			$request->set_body( http_build_query( array( 'key' => self::$key, 'other' => 'stays', '_fields' => 'hint' ) ) );
		} else {
			$request->set_body_params( array( 'key' => self::$key, 'other' => 'stays', '_fields' => 'hint' ) );
		}

		// What WordPress asks the database before the route runs is cached from here on.
		// Its own options every request reads first of all; the test has emptied that cache.
		wp_load_alloptions();
		rest_do_request( '/byok/v1/keys/anthropic' );
		self::look_at_everything( 'rest_do_request' );
		$answer = rest_do_request( $request );
		$this->assertSame( 200, $answer->get_status() );
		$this->assertSame( array( 'hint' ), array_keys( $answer->get_data() ), 'the other parameters still count' );
		$this->assertSame( self::$key, byok_get_key( 'anthropic' ) );
		$this->assertSame( 'stays', $request['other'] );
		$this->assertNull( $request['key'] );
		self::assert_no_key( self::$key, print_r( $request, true ), 'the request' );
		self::assert_nothing_seen( 'query', 'byok_key_saved', 'rest_request_after_callbacks' );
	}

	public function kinds_of_request(): array {
		return array(
			'JSON'       => array( 'JSON' ),
			'form'       => array( 'form' ),
			'parameters' => array( 'parameters' ),
		);
	}

	/**
	 * @dataProvider what_cannot_be_written_again
	 *
	 * @param string $value A value in JSON.
	 */
	public function test_the_other_parameters_stay_when_one_cannot_be_written_again( string $value ): void {
		$request = new WP_REST_Request( 'PUT', '/byok/v1/keys/anthropic' );
		$request->set_header( 'Content-Type', 'application/json' );
		$request->set_body( '{"key":"' . self::$key . '","other":"stays","unwritable":' . $value . '}' );
		// The query comes after the body, and must not become what counts.
		$request->set_query_params( array( 'other' => 'of the query' ) );
		$this->assertSame( 200, rest_do_request( $request )->get_status() );
		$this->assertSame( 'stays', $request['other'] );
		$this->assertNull( $request['key'] );
		self::assert_no_key( self::$key, print_r( $request, true ), 'the request' );
	}

	public function what_cannot_be_written_again(): array {
		return array(
			'infinity'       => array( '1e999' ),
			'deep in a list' => array( '[[{"a":-1e999}]]' ),
		);
	}

	/**
	 * @dataProvider refused_requests
	 *
	 * @param string $role  Who asks.
	 * @param string $where Where the key is.
	 */
	public function test_what_logs_requests_sees_no_key_in_a_refused_one( string $role, string $where ): void {
		$request = new WP_REST_Request( 'PUT', '/byok/v1/keys/anthropic' );
		if ( 'URL' === $where ) {
			$request->set_query_params( array( 'key' => self::$key ) );
		} else {
			$request->set_header( 'Content-Type', 'application/json' );
			$request->set_body( '{"key":"' . self::$key . ( 'broken' === $where ? '' : '"}' ) );
		}
		wp_set_current_user( 'admin' === $role ? self::admin() : self::user( $role ) );
		add_filter(
			'rest_request_after_callbacks',
			static function ( $response, $handler, $request ) {
				self::$seen[] = array() !== Leaks::find( self::$key, print_r( $request, true ) );
				return $response;
			},
			10,
			3
		);
		$this->assertGreaterThanOrEqual( 400, rest_do_request( $request )->get_status() );
		$this->assertSame( array( false ), self::$seen );
		self::assert_no_key( self::$key, print_r( $request, true ) );
	}

	public function refused_requests(): array {
		return array(
			'not allowed'       => array( 'editor', 'JSON' ),
			'key in the URL'    => array( 'admin', 'URL' ),
			'URL, not allowed'  => array( 'editor', 'URL' ),
			'broken JSON'       => array( 'admin', 'broken' ),
		);
	}

	public function test_posted_fields_of_another_request_are_left_alone(): void {
		$_POST['key'] = 'of another form';
		try {
			rest_do_request( '/byok/v1/keys/anthropic' );
			$this->assertSame( 'of another form', $_POST['key'] );
		} finally {
			unset( $_POST['key'] );
		}
	}

	/**
	 * Asks the database with a key in its arguments.
	 *
	 * @param string $key Key.
	 */
	private static function careless( string $key ): void {
		$GLOBALS['wpdb']->query( 'SELECT 1' );
	}

	/**
	 * Looks at the calls under way from every query and hook of interest, as a logger would.
	 *
	 * @param string ...$until The outermost functions to look at; what called them has the key of course.
	 */
	private static function look_at_everything( string ...$until ): void {
		$look = static function ( $value ) use ( $until ) {
			foreach ( array( debug_backtrace(), ( new \Exception() )->getTrace() ) as $trace ) {
				$last = array_keys( array_intersect( array_column( $trace, 'function' ), $until ) );
				if ( array() !== $last ) {
					$text  = print_r( array_slice( $trace, 0, max( $last ) + 1 ), true );
					$found = array() !== Leaks::find( self::$key, $text );

					self::$seen[ current_filter() ] = $found || ( self::$seen[ current_filter() ] ?? false );
				}
			}
			return $value;
		};
		foreach ( array( 'query', 'byok_key_saved', 'byok_key_checked', 'schedule_event', 'rest_request_after_callbacks' ) as $hook ) {
			add_filter( $hook, $look );
		}
	}

	/**
	 * Requires that there was something to see, and no key in it.
	 *
	 * @param string ...$hooks Hooks that must have been looked from.
	 */
	private static function assert_nothing_seen( string ...$hooks ): void {
		self::assertSame( array(), array_diff( $hooks, array_keys( self::$seen ) ), 'a hook did not run' );
		self::assertSame( array(), array_keys( array_filter( self::$seen ) ), 'the key was seen from a hook' );
	}
}
