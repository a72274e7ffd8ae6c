<?php
/**
 * Tests of pages of other origins.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Relay_Settings;

/**
 * What browsers are told about the relay, over HTTP.
 */
final class RelayCorsTest extends Test_Case {

	private const PLUGIN = WP_CONTENT_DIR . '/plugins/byok-test-late/byok-test-late.php';
	private const LISTED = 'https://app.example';

	protected function setUp(): void {
		parent::setUp();
		Relay_Settings::change( array( 'origins' => array( self::LISTED, 'http://localhost:5173' ) ) );
	}

	/**
	 * @dataProvider routes
	 *
	 * @param string $path  Path and query.
	 * @param bool   $is_ours Whether the route is one of the relay's.
	 */
	public function test_a_listed_origin_is_answered_without_loading_what_need_not_be( string $path, bool $is_ours = true ): void {
		global $wpdb;
		$active = get_option( 'active_plugins' );
		@mkdir( dirname( self::PLUGIN ) );
		file_put_contents( self::PLUGIN, "<?php\n/* Plugin Name: Late */\nheader( 'X-Late: loaded' );" );
		update_option( 'active_plugins', array_merge( $active, array( 'byok-test-late/byok-test-late.php' ) ) );
		try {
			$answer = self::preflight( $path, self::LISTED, 'authorization, content-type, x-stainless-lang' );
		} finally {
			update_option( 'active_plugins', $active );
			unlink( self::PLUGIN );
			rmdir( dirname( self::PLUGIN ) );
		}
		if ( ! $is_ours ) {
			self::assertStringContainsString( 'X-Late: loaded', $answer['headers'] );
			return;
		}
		self::assertSame( array( 204, '' ), array( $answer['status'], $answer['body'] ) );
		self::assertStringNotContainsString( 'X-Late', $answer['headers'] );
		self::assertSame( self::LISTED, self::header( $answer, 'Access-Control-Allow-Origin' ) );
		self::assertSame( 'authorization, content-type, x-stainless-lang', self::header( $answer, 'Access-Control-Allow-Headers' ) );
		self::assertNull( self::header( $answer, 'Access-Control-Allow-Credentials' ) );
		self::assertStringContainsString( 'Origin', self::header( $answer, 'Vary' ) );
	}

	public static function routes(): array {
		return array(
			'plain'               => array( '/index.php?rest_route=/byok/v1/relay/openai/chat/completions' ),
			'pretty'              => array( '/wp-json/byok/v1/relay/openai/chat/completions?a=1' ),
			'with index.php'      => array( '/index.php/wp-json/byok/v1/relay/openai/chat/completions' ),
			'encoded'             => array( '/?rest_route=%2Fbyok%2Fv1%2Ftickets' ),
			'models'              => array( '/wp-json/byok/v1/models?provider=openai' ),
			'visitors'            => array( '/wp-json/byok/v1/visitors' ),
			'keys are not'        => array( '/wp-json/byok/v1/keys', false ),
			'a name that is longer' => array( '/wp-json/byok/v1/modelsandmore', false ),
			'others are not'      => array( '/wp-json/wp/v2/posts', false ),
		);
	}

	/**
	 * @dataProvider others
	 *
	 * @param string $origin Origin.
	 */
	public function test_no_other_origin_is_told_anything( string $origin ): void {
		$asked = array(
			self::preflight( '/wp-json/byok/v1/relay/openai/models', $origin, 'authorization' ),
			( new Browser() )->ask( 'GET', '/wp-json/byok/v1/models?provider=openai', null, array( "Origin: $origin" ) ),
			( new Browser() )->ask( 'GET', '/wp-json/byok/v1/relay/openai/models', null, array( "Origin: $origin" ) ),
			( new Browser( self::admin() ) )->rest( 'GET', '/byok/v1/relay/openai/models', null, array( "Origin: $origin" ) ),
		);
		foreach ( $asked as $number => $answer ) {
			self::assertContains( $answer['status'], array( 401, 403 ), "request $number" );
			self::assertNull( self::header( $answer, 'Access-Control-Allow-Origin' ), "request $number" );
			self::assertNull( self::header( $answer, 'Access-Control-Allow-Credentials' ), "request $number" );
		}
	}

	public static function others(): array {
		$origins = array( 'https://evil.example', 'null', 'https://app.example.evil.example', 'http://app.example', 'https://app.example:8443', 'https://sub.app.example', 'HTTPS://APP.EXAMPLE', '*', 'file://' );
		return array_combine( $origins, array_map( static fn( string $origin ) => array( $origin ), $origins ) );
	}

	/**
	 * @dataProvider disguises
	 *
	 * @param string   $query   Query.
	 * @param string[] $headers Headers.
	 */
	public function test_a_page_that_names_no_origin_gets_no_visitor( string $query, array $headers = array() ): void {
		Relay_Settings::change( array( 'visitors' => true ) );
		$answer = ( new Browser() )->ask( str_contains( $query, '_method' ) ? 'GET' : 'POST', "/wp-json/byok/v1/visitors$query", null, $headers );
		self::assertContains( $answer['status'], array( 400, 403 ), $answer['body'] );
		self::assertStringNotContainsString( 'byok_vt_', $answer['body'] );
		self::assertSame( 201, ( new Browser() )->ask( 'POST', '/wp-json/byok/v1/visitors', null, array( 'Sec-Fetch-Site: none' ) )['status'] );
	}

	public static function disguises(): array {
		return array(
			'a script'                    => array( '?_method=POST&_jsonp=f' ),
			'an image'                    => array( '?_method=POST' ),
			'a script of a POST'          => array( '?_jsonp=f' ),
			'a form that hides where from' => array( '', array( 'Sec-Fetch-Site: cross-site' ) ),
		);
	}

	public function test_a_route_with_the_end_of_a_line_is_the_same_route(): void {
		foreach ( array( '/index.php?rest_route=/byok/v1/models%0A', '/index.php?rest_route=/byok/v1/models%0A&provider=openai' ) as $path ) {
			$answer = ( new Browser() )->ask( 'GET', $path, null, array( 'Origin: https://evil.example' ) );
			self::assertNull( self::header( $answer, 'Access-Control-Allow-Origin' ), $path );
			self::assertSame( 403, self::preflight( $path, 'https://evil.example', '' )['status'], $path );
		}
	}

	public function test_an_answer_tells_the_listed_origin_what_it_may_read(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$answers = array(
			( new Browser( self::admin() ) )->rest( 'GET', '/byok/v1/relay/openai/models', null, array( 'Origin: ' . self::LISTED ) ),
			( new Browser( self::admin() ) )->rest( 'GET', '/byok/v1/relay/openai/files', null, array( 'Origin: ' . self::LISTED ) ),
			( new Browser() )->ask( 'GET', '/wp-json/byok/v1/relay/openai/models', null, array( 'Origin: ' . self::LISTED ) ),
		);
		self::assertSame( array( 200, 403, 401 ), array_column( $answers, 'status' ) );
		foreach ( $answers as $answer ) {
			self::assertSame( self::LISTED, self::header( $answer, 'Access-Control-Allow-Origin' ) );
			self::assertStringContainsString( 'retry-after', self::header( $answer, 'Access-Control-Expose-Headers' ) );
			self::assertNull( self::header( $answer, 'Access-Control-Allow-Credentials' ) );
			self::assertStringContainsString( 'Origin', self::header( $answer, 'Vary' ) );
		}
		// The site's own pages send their origin too.
		self::assertSame( 200, ( new Browser( self::admin() ) )->rest( 'GET', '/byok/v1/relay/openai/models', null, array( 'Origin: ' . getenv( 'BYOK_TEST_URL' ) ) )['status'] );
	}

	public function test_names_of_headers_that_are_none_are_not_repeated(): void {
		$answer = self::preflight( '/wp-json/byok/v1/relay/openai/models', self::LISTED, 'authorization, <script>' );
		self::assertSame( 204, $answer['status'] );
		self::assertNull( self::header( $answer, 'Access-Control-Allow-Headers' ) );
	}

	public function test_when_the_relay_is_off_no_origin_may(): void {
		Relay_Settings::change( array( 'enabled' => false ) );
		self::assertSame( 403, self::preflight( '/wp-json/byok/v1/relay/openai/models', self::LISTED, '' )['status'] );
	}

	public function test_other_routes_are_answered_as_wordpress_does(): void {
		$answer = ( new Browser() )->ask( 'GET', '/wp-json/wp/v2/types', null, array( 'Origin: https://other.example' ) );
		self::assertSame( array( 200, 'https://other.example' ), array( $answer['status'], self::header( $answer, 'Access-Control-Allow-Origin' ) ) );
	}

	/**
	 * Asks as a browser does before a request.
	 *
	 * @param string $path   Path and query.
	 * @param string $origin Origin.
	 * @param string $names  Names of headers.
	 */
	private static function preflight( string $path, string $origin, string $names ): array {
		$headers = array( "Origin: $origin", 'Access-Control-Request-Method: POST' );
		return ( new Browser() )->ask( 'OPTIONS', $path, null, '' === $names ? $headers : array_merge( $headers, array( "Access-Control-Request-Headers: $names" ) ) );
	}

	/**
	 * A header of an answer.
	 *
	 * @param array  $answer Answer.
	 * @param string $name   Name.
	 */
	private static function header( array $answer, string $name ): ?string {
		preg_match_all( "/^$name: *(.*?)\r?$/mi", $answer['headers'], $found );
		return array() === $found[1] ? null : implode( ', ', $found[1] );
	}
}
