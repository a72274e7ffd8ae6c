<?php
/**
 * Tests of streams whose reader goes away.
 *
 * @package byok
 */

namespace Byok\Tests;

require_once __DIR__ . '/support/Gate_Plugins.php';

/**
 * A plugin on the served site passes a stream on to a browser, which closes its window. php-fpm is asked the same in
 * tests/fpm/gate.php.
 *
 * @group gate
 */
final class GateClosingTest extends Test_Case {

	public static function setUpBeforeClass(): void {
		Gate_Plugins::install();
	}

	public static function tearDownAfterClass(): void {
		Gate_Plugins::remove();
	}

	/**
	 * @dataProvider ways
	 *
	 * @param string $query What the browser asks for, with {} for the test provider's address.
	 */
	public function test_the_connection_to_the_provider_ends_when_the_browser_is_gone( string $query ): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$this->wait_for_open( 1, 'connections of tests before' );
		$browser = $this->browse( str_replace( '{}', rawurlencode( getenv( 'BYOK_TEST_PROVIDER' ) . '/openai/v1/test-provider/stream?ms=20' ), $query ) );
		$this->assertStringContainsString( '"number": 3', $this->read( $browser, '"number": 3' ) );
		$this->wait_for_open( 2, 'the stream' );

		fclose( $browser );
		// Long before the stream's end, and before the provider gives up on whoever does not read.
		$this->wait_for_open( 1, 'the stream to be closed', 2 );
	}

	/**
	 * Ways to stream.
	 */
	public static function ways(): array {
		return array(
			'byok_stream()'   => array( '' ),
			'wp_remote_get()' => array( '&url={}' ),
		);
	}

	/** The counter-check: who has said that a browser does not matter goes on. */
	public function test_a_stream_goes_on_for_who_ignores_the_browser(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$this->wait_for_open( 1, 'connections of tests before' );
		$browser = $this->browse( '&stay=1&url=' . rawurlencode( getenv( 'BYOK_TEST_PROVIDER' ) . '/openai/v1/test-provider/stream?ms=20&count=150' ) );
		$this->read( $browser, '"number": 3' );
		fclose( $browser );
		usleep( 1500000 );
		$this->assertSame( 2, $this->open() );
	}

	/**
	 * Opens the page that streams.
	 *
	 * @param string $query Query.
	 * @return resource The connection.
	 */
	private function browse( string $query ) {
		$browser = stream_socket_client( 'tcp://' . substr( getenv( 'BYOK_TEST_URL' ), strlen( 'http://' ) ), $error, $message, 5 );
		stream_set_timeout( $browser, 20 );
		fwrite( $browser, "GET /wp-admin/admin-ajax.php?action=streams_answers$query HTTP/1.1\r\nHost: " . substr( getenv( 'BYOK_TEST_URL' ), strlen( 'http://' ) ) . "\r\n\r\n" );
		return $browser;
	}

	/**
	 * Reads until a text has come.
	 *
	 * @param resource $browser The connection.
	 * @param string   $text    Text.
	 */
	private function read( $browser, string $text ): string {
		for ( $all = ''; ! str_contains( $all, $text ) && ! feof( $browser ); ) {
			$read = (string) fread( $browser, 8192 );
			if ( '' === $read && stream_get_meta_data( $browser )['timed_out'] ) {
				break;
			}
			$all .= $read;
		}
		return $all;
	}

	/**
	 * How many connections the test provider has, with the one that asks.
	 */
	private function open(): int {
		return (int) file_get_contents( getenv( 'BYOK_TEST_PROVIDER' ) . '/__open' );
	}

	/**
	 * Waits until it has so many. It closes what nobody uses after five seconds.
	 *
	 * @param int    $number  Number.
	 * @param string $what    What is waited for.
	 * @param float  $seconds Seconds at most.
	 */
	private function wait_for_open( int $number, string $what, float $seconds = 8 ): void {
		for ( $start = microtime( true ); $this->open() !== $number && microtime( true ) - $start < $seconds; ) {
			usleep( 50000 );
		}
		$this->assertSame( $number, $this->open(), $what );
	}
}
