<?php
/**
 * One PHP process that answers many requests.
 *
 * @package byok
 */

namespace Byok\Tests;

use RuntimeException;

/**
 * Serves the site with a single process, as one worker of php-fpm does, and tells of each request which queries it
 * made. It ends with the object.
 */
final class Worker {

	/**
	 * The process.
	 *
	 * @var resource
	 */
	private $process;

	/**
	 * Its address.
	 *
	 * @var string
	 */
	private string $address;

	/**
	 * Where it writes what it did.
	 *
	 * @var string
	 */
	private string $report;

	/**
	 * Starts it.
	 */
	public function __construct() {
		$this->report  = tempnam( sys_get_temp_dir(), 'byok-test-' );
		$this->address = '127.0.0.1:' . substr( strrchr( stream_socket_get_name( stream_socket_server( 'tcp://127.0.0.1:0' ), false ), ':' ), 1 );
		$ini           = array(
			'extension'          => getenv( 'BYOK_TEST_EXTENSION' ),
			'byok.test_provider' => getenv( 'BYOK_TEST_PROVIDER' ),
			'sendmail_path'      => 'true',
			'display_errors'     => '0',
			'log_errors'         => '1',
		);
		$command       = array( PHP_BINARY );
		foreach ( $ini as $name => $value ) {
			array_push( $command, '-d', "$name=$value" );
		}
		array_push( $command, '-S', $this->address, '-t', getenv( 'BYOK_TEST_SITE' ), __DIR__ . '/worker-request.php' );
		$environment   = array( 'BYOK_TEST_REPORT' => $this->report ) + getenv();
		unset( $environment['PHP_CLI_SERVER_WORKERS'] );
		$log           = array( 'file', "$this->report.log", 'a' );
		$this->process = proc_open( $command, array( array( 'file', '/dev/null', 'r' ), $log, $log ), $pipes, null, $environment );
		for ( $tries = 0; false === @stream_socket_client( "tcp://$this->address" ); $tries++ ) {
			if ( 100 === $tries ) {
				throw new RuntimeException( 'No server: ' . file_get_contents( "$this->report.log" ) );
			}
			usleep( 50000 );
		}
	}

	/**
	 * Ends it.
	 */
	public function __destruct() {
		proc_terminate( $this->process );
		proc_close( $this->process );
		array_map( 'unlink', array( $this->report, "$this->report.log" ) );
	}

	/**
	 * Asks for a page.
	 *
	 * @param string $path    Path and query.
	 * @param array  $options {
	 *     How.
	 *
	 *     @type int    $user    Who is logged in; nobody by default.
	 *     @type bool   $plugins False to leave all plugins out.
	 *     @type int    $seconds What byok_redact_seconds is filtered to.
	 *     @type string $text    A text to redact when the page is made.
	 *     @type array  $body    What to post to a REST route.
	 * }
	 * @return array{status: int, queries: array{0: string, 1: string}[], files: string[], text: string} Status of the answer;
	 *                          queries, each with who called; files of the plugin that were loaded; the text, redacted.
	 */
	public function ask( string $path, array $options = array() ): array {
		file_put_contents( $this->report, json_encode( array_diff_key( $options, array( 'body' => 1 ) ), JSON_THROW_ON_ERROR ) );
		$browser = new Browser( $options['user'] ?? 0, "http://$this->address" );
		$answer  = isset( $options['body'] )
			? $browser->ask( 'POST', $path, json_encode( $options['body'] ), array( 'Content-Type: application/json', 'X-WP-Nonce: ' . $browser->nonce() ) )
			: $browser->ask( 'GET', $path );
		// The server answers before its shutdown functions have run.
		for ( $tries = 0; $tries < 200; $tries++ ) {
			$report = json_decode( file_get_contents( $this->report ), true );
			if ( isset( $report['queries'] ) ) {
				return array( 'status' => $answer['status'] ) + $report;
			}
			usleep( 10000 );
		}
		throw new RuntimeException( 'No report: ' . file_get_contents( "$this->report.log" ) );
	}
}
