<?php
/**
 * Tests of the routes beside the relay.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Relay_Settings;
use WP_REST_Request;

/**
 * Models, health, tickets and the description of it all.
 */
final class RelayRoutesTest extends Test_Case {

	public function test_models_are_those_of_the_key_that_applies(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$all = self::ask( 'GET', '/byok/v1/models', array( 'provider' => 'openai' ) );
		self::assertSame( 200, $all->get_status() );
		self::assertSame( byok_models( 'openai' ), $all->get_data() );
		self::assertNotSame( array(), $all->get_data() );

		$one = $all->get_data()[0]['id'];
		Relay_Settings::change( array( 'models' => array( $one ) ) );
		self::assertSame( array( $one ), array_column( self::ask( 'GET', '/byok/v1/models', array( 'provider' => 'openai' ) )->get_data(), 'id' ) );
		self::assertSame( 'byok_key_absent', self::ask( 'GET', '/byok/v1/models', array( 'provider' => 'groq' ) )->get_data()['code'] );
		self::assertSame( 'byok_provider_unknown', self::ask( 'GET', '/byok/v1/models', array( 'provider' => 'nobody' ) )->get_data()['code'] );
	}

	public function test_strangers_learn_nothing_from_models(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		foreach ( array( 0 => 401, self::user( 'subscriber' ) => 403 ) as $user => $status ) {
			wp_set_current_user( $user );
			$answers = array();
			foreach ( array( 'openai', 'groq', 'nobody' ) as $provider ) {
				$answer = self::ask( 'GET', '/byok/v1/models', array( 'provider' => $provider ) );
				self::assertSame( $status, $answer->get_status() );
				$answers[] = $answer->get_data();
			}
			self::assertSame( 1, count( array_unique( $answers, SORT_REGULAR ) ) );
		}
	}

	public function test_health_tells_strangers_only_whether_it_works(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$told = ( new Browser() )->ask( 'GET', '/wp-json/byok/v1/health' );
		self::assertSame( array( 200, '{"status":"ok","path":"php"}' ), array( $told['status'], $told['body'] ) );
		self::assertStringNotContainsStringIgnoringCase( 'x-powered-by: byok', $told['headers'] );
		$all = ( new Browser( self::admin() ) )->rest( 'GET', '/byok/v1/health' );
		self::assertSame( array( 'status', 'path', 'problem', 'enabled', 'streams', 'workers', 'counting', 'tickets' ), array_keys( json_decode( $all['body'], true ) ) );

		Relay_Settings::change( array( 'enabled' => false ) );
		$told = ( new Browser() )->ask( 'GET', '/wp-json/byok/v1/health' );
		self::assertSame( array( 503, '{"status":"unavailable","path":"php"}' ), array( $told['status'], $told['body'] ) );
	}

	public function test_health_tells_of_a_missing_extension_and_the_relay_does_not_break(): void {
		$ran = Site::run(
			'wp_set_current_user( $admin ); $out = array(); foreach ( array( "/byok/v1/health", "/byok/v1/relay/openai/models", "/byok/v1/models" ) as $route ) { $r = new WP_REST_Request( "GET", $route ); $r["provider"] = "openai"; $a = rest_do_request( $r ); $out[] = array( $a->get_status(), $a->get_data()["code"] ?? $a->get_data()["status"] ); } return $out;',
			array( 'extension' => false, 'given' => array( 'admin' => self::admin() ) )
		);
		self::assertSame( array( array( 503, 'unavailable' ), array( 503, 'byok_extension_missing' ), array( 503, 'byok_extension_missing' ) ), $ran['result'] );
	}

	public function test_without_a_path_of_the_web_server_there_are_no_tickets(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$answer = self::ask( 'POST', '/byok/v1/tickets', array( 'provider' => 'openai' ) );
		self::assertSame( array( 409, 'byok_relay_tickets_unavailable' ), array( $answer->get_status(), $answer->get_data()['code'] ) );
		wp_set_current_user( 0 );
		self::assertSame( 401, self::ask( 'POST', '/byok/v1/tickets', array( 'provider' => 'openai' ) )->get_status() );
	}

	public function test_every_route_is_described(): void {
		$document = json_decode( ( new Browser() )->ask( 'GET', '/wp-json/byok/v1/openapi.json' )['body'], true );
		self::assertSame( '3.1.0', $document['openapi'] );
		$described = array();
		foreach ( $document['paths'] as $path => $operations ) {
			foreach ( $operations as $method => $operation ) {
				$described[] = $operation['operationId'];
				preg_match_all( '/\{(\w+)\}/', $path, $names );
				$in_path = array_column( array_filter( $operation['parameters'], static fn( $one ) => 'path' === $one['in'] ), 'name' );
				self::assertSame( $names[1], $in_path, "$method $path" );
			}
		}
		$registered = 0;
		foreach ( rest_get_server()->get_routes( 'byok/v1' ) as $route => $endpoints ) {
			if ( '/byok/v1' !== $route && ! str_starts_with( $route, '/byok/v1/network' ) ) {
				$registered += array_sum( array_map( static fn( $endpoint ) => count( array_filter( $endpoint['methods'] ) ), $endpoints ) );
			}
		}
		$described = array_filter( $described, static fn( $id ) => ! str_contains( $id, '_network_' ) );
		self::assertSame( $registered, count( array_unique( $described ) ) );

		$ticket = $document['paths']['/tickets']['post']['requestBody']['content']['application/json']['schema'];
		self::assertSame( array( array( 'provider' ), 900, 60 ), array( $ticket['required'], $ticket['properties']['expires_in']['maximum'], $ticket['properties']['expires_in']['default'] ) );
		self::assertSame( array(), $document['paths']['/health']['get']['security'] );
		self::assertSame( 'array', $document['paths']['/keys']['get']['responses']['2XX']['content']['application/json']['schema']['type'] );
	}

	/**
	 * Asks a route within this process.
	 *
	 * @param string $method HTTP method.
	 * @param string $route  Route.
	 * @param array  $params Parameters.
	 */
	private static function ask( string $method, string $route, array $params ): \WP_REST_Response {
		$request = new WP_REST_Request( $method, $route );
		foreach ( $params as $name => $value ) {
			$request[ $name ] = $value;
		}
		return rest_do_request( $request );
	}
}
