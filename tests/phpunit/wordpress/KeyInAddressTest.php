<?php
/**
 * Tests of keys and tokens in addresses.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Connect_Pairs;
use Byok\Relay_Settings;
use Byok\Visitors;
use WP_REST_Request;

/**
 * Whatever the parameter is called, and whichever route of ours is asked: refused, not repeated, and not passed on.
 */
final class KeyInAddressTest extends Test_Case {

	protected function setUp(): void {
		parent::setUp();
		Relay_Settings::change( array( 'visitors' => true, 'connect' => true ) );
	}

	/**
	 * @dataProvider places
	 *
	 * @param string $method Method.
	 * @param string $route  Route and query; `KEY` is a key or a token.
	 */
	public function test_it_is_refused_and_not_repeated( string $method, string $route ): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$visitor = Visitors::register();
		$asked   = count( Test_Provider::requests() );
		$secrets = array( $visitor['token']->reveal(), Test_Provider::key( 'openai' ), Test_Provider::key( 'anthropic' ), 'byok_tk_' . str_repeat( 'aB3-', 30 ) );
		$whom    = array( new Browser( self::admin() ), new Browser() );
		$headers = array( array(), array( 'Authorization: Bearer ' . $visitor['token']->reveal() ) );
		foreach ( $secrets as $secret ) {
			foreach ( $whom as $number => $browser ) {
				$answer = $browser->rest( $method, str_replace( 'KEY', $secret, $route ), 'GET' === $method ? null : array( 'provider' => 'openai' ), $headers[ $number ] );
				self::assertSame( array( 400, 'byok_key_in_url' ), array( $answer['status'], json_decode( $answer['body'], true )['code'] ?? null ), $answer['body'] );
				self::assertStringNotContainsString( substr( $secret, 9 ), $answer['headers'] . $answer['body'] );
			}
		}
		self::assertCount( $asked, Test_Provider::requests() );
	}

	public static function places(): array {
		return array(
			'the relay'               => array( 'GET', '/byok/v1/relay/openai/models?x=KEY' ),
			'the relay, encoded'      => array( 'GET', '/byok/v1/relay/openai/models?x=%20KEY' ),
			'the relay, in its path'  => array( 'GET', '/byok/v1/relay/openai/models/KEY' ),
			'the relay, a name'       => array( 'POST', '/byok/v1/relay/openai/chat/completions?KEY=1' ),
			'tickets'                 => array( 'POST', '/byok/v1/tickets?x=KEY' ),
			'models'                  => array( 'GET', '/byok/v1/models?provider=openai&cursor=KEY' ),
			'models, as the provider' => array( 'GET', '/byok/v1/models?provider=KEY' ),
			'models, in a list'       => array( 'GET', '/byok/v1/models?provider=openai&x[y][]=KEY' ),
			'visitors'                => array( 'POST', '/byok/v1/visitors?token=KEY' ),
			'a visitor’s keys'        => array( 'GET', '/byok/v1/visitors/keys?token=KEY' ),
			'a visitor’s key'         => array( 'PUT', '/byok/v1/visitors/keys/openai?x=KEY' ),
			'connect keys'            => array( 'POST', '/byok/v1/connect/keys/openai?x=KEY' ),
			'people of connect keys'  => array( 'POST', '/byok/v1/connect/refs?x=KEY' ),
			'keys'                    => array( 'GET', '/byok/v1/keys?x=KEY' ),
			'health'                  => array( 'GET', '/byok/v1/health?x=KEY' ),
		);
	}

	public function test_it_is_taken_out_of_the_request(): void {
		// What listens to requests is registered with the server, and each test begins without what others have registered.
		$GLOBALS['wp_rest_server'] = null;

		$key     = Test_Provider::key( 'openai' );
		$token   = Visitors::register()['token']->reveal();
		$request = new WP_REST_Request( 'GET', '/byok/v1/visitors/keys' );
		$request->set_query_params( array( 'x' => $key, 'y' => array( $token ), 'slot' => 'spare' ) );
		$request->set_header( 'authorization', "Bearer $token" );
		self::assertSame( 400, rest_do_request( $request )->get_status() );
		self::assertStringNotContainsString( $token, print_r( $request, true ) );
		self::assert_no_key( $key, print_r( $request, true ) );
		self::assertSame( 'spare', $request['slot'] );
	}

	public function test_what_is_no_secret_passes(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$pair  = Connect_Pairs::make( 'An app', array(), array() )['pair'];
		$admin = new Browser( self::admin() );
		foreach ( array( 'pageToken=eyJsYXN0IjoibW9kZWxzIn0', "x={$pair->public_key}", 'x=sk-', 'after_id=claude-sonnet-test' ) as $query ) {
			$answer = $admin->rest( 'GET', "/byok/v1/relay/openai/models?$query" );
			self::assertSame( 200, $answer['status'], $answer['body'] );
		}
		// Other plugins' routes are not ours to judge.
		self::assertNotSame( 'byok_key_in_url', json_decode( $admin->rest( 'GET', '/wp/v2/posts?search=' . Test_Provider::key( 'openai' ) )['body'], true )['code'] ?? null );
	}
}
