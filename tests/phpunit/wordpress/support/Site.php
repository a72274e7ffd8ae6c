<?php
/**
 * Other PHP processes in the site.
 *
 * @package byok
 */

namespace Byok\Tests;

use RuntimeException;

/**
 * Runs code in a PHP process of its own, inside the same site: with other salts, another tenant, without the extension.
 */
final class Site {

	/**
	 * Runs code and returns its result.
	 *
	 * @param string $code    PHP code that returns something JSON can hold. WordPress is loaded.
	 * @param array  $options {
	 *     What differs from this process.
	 *
	 *     @type bool     $extension False to run without the extension.
	 *     @type string   $salts     `missing`, `placeholder`, `translated`, `duplicated`, `changed`, or
	 *                               `round N`, which are always the same for one N.
	 *     @type array    $constants Constants by name.
	 *     @type string[] $variables Environment variables by name.
	 *     @type string[] $ini       Settings by name.
	 *     @type array    $given     Variables of the code.
	 *     @type bool     $killed    True when the code has its process killed, and so returns nothing.
	 * }
	 * @return array{result: mixed, output: string} The result, null of a killed process, and everything that was printed.
	 */
	public static function run( string $code, array $options = array() ): array {
		$command = self::command( $options['ini'] ?? array(), $options['extension'] ?? true );
		$pipes   = array();
		$process = proc_open(
			$command,
			array( array( 'pipe', 'r' ), array( 'pipe', 'w' ), array( 'redirect', 1 ) ),
			$pipes,
			null,
			( $options['variables'] ?? array() ) + getenv()
		);
		fwrite( $pipes[0], self::task( $code, $options ) );
		fclose( $pipes[0] );
		$output = stream_get_contents( $pipes[1] );
		fclose( $pipes[1] );
		$ended = self::wait( $process );
		if ( $options['killed'] ?? false ) {
			if ( SIGKILL !== $ended['termsig'] ) {
				throw new RuntimeException( "The process was not killed: $output" );
			}
			return array(
				'result' => null,
				'output' => $output,
			);
		}

		$parts = explode( "\n--- result ---\n", $output, 2 );
		if ( $ended['signaled'] || 0 !== $ended['exitcode'] || ! isset( $parts[1] ) ) {
			$how = $ended['signaled'] ? "by signal {$ended['termsig']}" : "with status {$ended['exitcode']}";
			throw new RuntimeException( "The process ended $how: $output" );
		}
		return array(
			'result' => json_decode( $parts[1], true, 32, JSON_THROW_ON_ERROR ),
			'output' => $output,
		);
	}

	/**
	 * Runs code in several processes, which begin together once all of them have loaded WordPress.
	 *
	 * @param int    $count Number of processes.
	 * @param string $code  PHP code, as for run().
	 * @return array What each has returned.
	 */
	public static function run_at_once( int $count, string $code ): array {
		$meeting = tempnam( sys_get_temp_dir(), 'byok-test-' );
		$wait    = 'file_put_contents( $meeting, ".", FILE_APPEND );
			for ( $until = microtime( true ) + 60; filesize( $meeting ) < $count && microtime( true ) < $until; clearstatcache() ) { usleep( 500 ); }';
		$task    = self::task( "$wait $code", array( 'given' => compact( 'meeting', 'count' ) ) );
		$running = array();
		for ( $number = 0; $number < $count; $number++ ) {
			$pipes   = array();
			$process = proc_open( self::command(), array( array( 'pipe', 'r' ), array( 'pipe', 'w' ), array( 'redirect', 1 ) ), $pipes );
			fwrite( $pipes[0], $task );
			fclose( $pipes[0] );
			$running[] = array( $process, $pipes[1] );
		}
		$results = array();
		foreach ( $running as list( $process, $pipe ) ) {
			$output = stream_get_contents( $pipe );
			fclose( $pipe );
			$parts = explode( "\n--- result ---\n", $output, 2 );
			if ( 0 !== proc_close( $process ) || ! isset( $parts[1] ) ) {
				throw new RuntimeException( "A process ended early: $output" );
			}
			$results[] = json_decode( $parts[1], true, 32, JSON_THROW_ON_ERROR );
		}
		unlink( $meeting );
		return $results;
	}

	/**
	 * What such a process reads.
	 *
	 * @param string $code    PHP code.
	 * @param array  $options As for run().
	 */
	private static function task( string $code, array $options ): string {
		return json_encode(
			array(
				'code'      => $code,
				'site'      => getenv( 'BYOK_TEST_SITE' ),
				'url'       => getenv( 'BYOK_TEST_URL' ),
				'salts'     => $options['salts'] ?? 'own',
				'constants' => $options['constants'] ?? array(),
				'given'     => $options['given'] ?? array(),
			),
			JSON_THROW_ON_ERROR
		);
	}

	/**
	 * How such a process is started; it reads its task from stdin.
	 *
	 * @param string[] $ini       Settings by name.
	 * @param bool     $extension Whether it has the extension.
	 * @return string[]
	 */
	public static function command( array $ini = array(), bool $extension = true ): array {
		$usual = $extension && array() === preg_grep( '/^byok\./', array_keys( $ini ), PREG_GREP_INVERT );
		$ini  += array(
			'display_errors'             => '1',
			'log_errors'                 => '0',
			'zend.exception_ignore_args' => '0',
		);
		// Code that was compiled for a PHP with other functions may be wrong: it has function_exists() answered.
		if ( $usual ) {
			$ini += array(
				'opcache.enable_cli'      => '1',
				'opcache.file_cache'      => self::compiled(),
				'opcache.file_cache_only' => '1',
			);
		}
		if ( $extension ) {
			$ini += array(
				'extension'          => getenv( 'BYOK_TEST_EXTENSION' ),
				'byok.test_provider' => getenv( 'BYOK_TEST_PROVIDER' ),
			);
		}
		$command = array( PHP_BINARY );
		foreach ( $ini as $name => $value ) {
			array_push( $command, '-d', "$name=$value" );
		}
		$command[] = __DIR__ . '/subprocess.php';
		return $command;
	}

	/**
	 * The folder where new processes find WordPress compiled: most of their time would go into that. What a test has
	 * just written is compiled anew, as ever.
	 */
	private static function compiled(): string {
		$folder = dirname( getenv( 'BYOK_TEST_SITE' ) ) . '/compiled';
		if ( ! is_dir( $folder ) ) {
			mkdir( $folder, 0700 );
		}
		return $folder;
	}

	/**
	 * Waits for the end of a process that has closed its output.
	 *
	 * @param resource $process From proc_open().
	 * @return array What proc_get_status() tells; proc_close() does not tell a signal from a status.
	 */
	private static function wait( $process ): array {
		$status = proc_get_status( $process );
		while ( $status['running'] ) {
			usleep( 1000 );
			$status = proc_get_status( $process );
		}
		proc_close( $process );
		return $status;
	}
}
