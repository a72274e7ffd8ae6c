<?php
/**
 * Tests of what the relay lets through, byte for byte.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Relay_Settings;

require_once __DIR__ . '/support/Relay_Node.php';

/**
 * A provider of the tests' own, at an address of one's own that the server allows, behind a web server that allows it.
 */
final class RelayBytesTest extends Test_Case {

	private static ?Relay_Node $upstream = null;
	private static ?Relay_Node $node     = null;

	public static function setUpBeforeClass(): void {
		self::$upstream = new Relay_Node( __DIR__ . '/support/upstream.php', __DIR__, array( 'enable_post_data_reading' => '0', 'output_buffering' => '0' ) );
		self::$node     = Relay_Node::of_site( self::ini() );
	}

	public static function tearDownAfterClass(): void {
		self::$node->stop();
		self::$upstream->stop();
	}

	protected function setUp(): void {
		parent::setUp();
		$code  = '$saved = byok_save_key( "openai-compatible", $key, array( "base_url" => $url . "/base/v1" ) ); return is_wp_error( $saved ) ? $saved->get_error_code() : $saved["saved"];';
		$saved = Site::run( $code, array( 'ini' => self::ini(), 'given' => array( 'key' => Test_Provider::key( 'openai-compatible' ), 'url' => self::$upstream->url ) ) );
		self::assertTrue( $saved['result'] );
	}

	/**
	 * @dataProvider bodies
	 *
	 * @param string $type Type.
	 * @param string $body Body.
	 */
	public function test_a_body_goes_through_as_it_is( string $type, string $body ): void {
		$told = json_decode( self::ask( 'POST', 'audio/transcriptions', $body, array( "Content-Type: $type" ) )['body'], true );
		self::assertSame( array( strlen( $body ), hash( 'sha256', $body ), $type ), array( $told['bytes'], $told['hash'], $told['headers']['content-type'] ) );
	}

	public static function bodies(): array {
		$all = implode( '', array_map( 'chr', range( 0, 255 ) ) );
		return array(
			'large integers'          => array( 'application/json', '{"seed":12345678901234567890,"t":1.0, "s" : "\u00fc\/"}' ),
			'JSON that is named oddly' => array( 'Application/JSON; charset=utf-8', '{"a":1e400}' ),
			'bytes'                   => array( 'application/octet-stream', $all . "\r\n" . $all ),
			'sound'                   => array( 'audio/wav', str_repeat( $all, 4096 ) ),
			'a form'                  => array( 'application/x-www-form-urlencoded', 'a=1&a=2&b[]=%20+%00&c' ),
			'a form with a file'      => array( 'multipart/form-data; boundary=x', "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n$all\r\n--x--\r\n" ),
			'a magic quote'           => array( 'text/plain', "it's \\ \" \0" ),
		);
	}

	public function test_address_and_headers_go_through_as_far_as_they_may(): void {
		$headers = array(
			'Content-Type: application/json',
			'OpenAI-Beta: assistants=v2',
			'anthropic-version: 2023-06-01',
			'Accept: text/event-stream',
			'X-Forwarded-For: 192.0.2.1',
			'X-Custom: no',
			'Referer: https://app.example/secret-page',
			'X-BYOK-Token: byok_xx_nothing',
		);
		$answer = self::ask( 'POST', 'chat/completions?b=%20%2B+x&a=1&a=2&c', '{}', $headers );
		self::assertSame( 200, $answer['status'], $answer['body'] );
		$told = json_decode( $answer['body'], true );
		self::assertSame( array( 'POST', '/base/v1/chat/completions?b=%20%2B+x&a=1&a=2&c' ), array( $told['method'], $told['target'] ) );
		self::assertSame( array( 'assistants=v2', '2023-06-01', 'text/event-stream' ), array( $told['headers']['openai-beta'], $told['headers']['anthropic-version'], $told['headers']['accept'] ) );
		foreach ( array( 'cookie', 'x-forwarded-for', 'x-custom', 'referer', 'x-wp-nonce', 'x-byok-token', 'origin' ) as $name ) {
			self::assertArrayNotHasKey( $name, $told['headers'] );
		}
		// The key is there, and masked on its way back.
		self::assertMatchesRegularExpression( '/\ABearer .*…/', $told['headers']['authorization'] );
	}

	public function test_the_path_of_the_base_url_is_dropped_when_the_client_repeats_it(): void {
		foreach ( array( 'chat/completions', 'v1/chat/completions', 'base/v1/chat/completions' ) as $path ) {
			$answer = self::ask( 'POST', $path, '{}' );
			if ( 200 === $answer['status'] ) {
				self::assertSame( '/base/v1/chat/completions', json_decode( $answer['body'], true )['target'], $path );
			} else {
				self::assertSame( 403, $answer['status'], $path );
			}
		}
	}

	public function test_what_a_hostile_provider_wants_does_not_happen(): void {
		$answer = self::ask( 'POST', 'chat/completions?what=hostile', '{}' );
		self::assertSame( array( 200, '<script>alert(document.cookie)</script>' ), array( $answer['status'], $answer['body'] ) );
		preg_match_all( '/^([A-Za-z-]+):/m', $answer['headers'], $names );
		$names = array_map( 'strtolower', $names[1] );
		sort( $names );
		self::assertSame(
			array( 'cache-control', 'connection', 'content-security-policy', 'content-type', 'date', 'host', 'ratelimit', 'ratelimit-policy', 'retry-after', 'vary', 'x-accel-buffering', 'x-content-type-options', 'x-request-id', 'x-robots-tag' ),
			$names
		);
		self::assertMatchesRegularExpression( '/\r\nContent-Security-Policy: sandbox\r\n/i', $answer['headers'] );
	}

	public function test_an_answer_goes_through_as_it_is(): void {
		self::assertSame( implode( '', array_map( 'chr', range( 0, 255 ) ) ), self::ask( 'POST', 'audio/speech?what=binary', '{}' )['body'] );
		self::assertSame( '{"n":12345678901234567890,"f":1.0,"e":1e400, "spaces" : "kept"}', self::ask( 'POST', 'chat/completions?what=numbers', '{}' )['body'] );
		$nothing = self::ask( 'POST', 'chat/completions?what=nothing', '{}' );
		self::assertSame( array( 204, '' ), array( $nothing['status'], $nothing['body'] ) );
	}

	public function test_a_status_goes_through_also_where_wordpress_has_no_name_for_it(): void {
		foreach ( array( 201, 299, 402, 420, 498, 499, 500, 520, 524, 529, 530, 599 ) as $status ) {
			$answer = self::ask( 'POST', "chat/completions?what=status&status=$status", '{}' );
			self::assertSame( array( $status, '{"error":"overloaded"}' ), array( $answer['status'], $answer['body'] ) );
		}
	}

	public function test_a_stream_that_breaks_off_does_not_look_whole(): void {
		Relay_Settings::change( array( 'caps' => array( 'idle' => 1 ) ) );
		foreach ( array( 'breaks' => 'protocol', 'silence' => 'timeout' ) as $what => $reason ) {
			$began  = microtime( true );
			$answer = self::ask( 'POST', "chat/completions?what=$what", '{}' );
			self::assertLessThan( 5, microtime( true ) - $began );
			self::assertStringStartsWith( "data: one\n\n", $answer['body'], $what . $answer['headers'] );
			preg_match( '/\nevent: error\ndata: (.*)\n\n\z/', $answer['body'], $found );
			self::assertSame( $reason, json_decode( $found[1] ?? '', true )['error']['code'] ?? null, $answer['body'] );
		}
	}

	public function test_nothing_that_other_code_prints_gets_into_an_answer(): void {
		$plugin = WP_CONTENT_DIR . '/mu-plugins/byok-test-prints.php';
		file_put_contents( $plugin, '<?php echo "before"; add_action( "shutdown", static fn() => print( "after" ) ); register_shutdown_function( static fn() => print( "last" ) ); add_filter( "rest_post_dispatch", static function ( $r ) { setcookie( "a", "b" ); header( "X-Powered-By: me" ); return $r; } );' );
		try {
			$answer = self::ask( 'POST', 'chat/completions?what=numbers', '{}' );
		} finally {
			unlink( $plugin );
		}
		self::assertSame( '{"n":12345678901234567890,"f":1.0,"e":1e400, "spaces" : "kept"}', $answer['body'] );
		self::assertStringNotContainsStringIgnoringCase( "\r\nset-cookie", $answer['headers'] );
		self::assertStringNotContainsStringIgnoringCase( "\r\nx-powered-by", $answer['headers'] );
	}

	/**
	 * Settings of PHP that allow the provider's address.
	 */
	private static function ini(): array {
		return array(
			'byok.allow_hosts' => (string) preg_replace( '~\Ahttp://~', '', self::$upstream->url ),
			'output_buffering' => '4096',
		);
	}

	/**
	 * Asks the relay on the server that allows the address.
	 *
	 * @param string   $method  HTTP method.
	 * @param string   $path    Path.
	 * @param string   $body    Body.
	 * @param string[] $headers Header lines.
	 * @return array{status: int, headers: string, body: string}
	 */
	private static function ask( string $method, string $path, string $body, array $headers = array( 'Content-Type: application/json' ) ): array {
		$browser = new Browser( self::admin(), self::$node->url );
		return $browser->ask( $method, "/wp-json/byok/v1/relay/openai-compatible/$path", $body, array_merge( $headers, array( 'X-WP-Nonce: ' . $browser->nonce() ) ) );
	}
}
