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
		$ini = ( $options['ini'] ?? array() ) + array(
			'display_errors'             => '1',
			'log_errors'                 => '0',
			'zend.exception_ignore_args' => '0',
		);
		if ( $options['extension'] ?? true ) {
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

		$pipes   = array();
		$process = proc_open(
			$command,
			array( array( 'pipe', 'r' ), array( 'pipe', 'w' ), array( 'redirect', 1 ) ),
			$pipes,
			null,
			( $options['variables'] ?? array() ) + getenv()
		);
		fwrite(
			$pipes[0],
			json_encode(
				array(
					'code'      => $code,
					'site'      => getenv( 'BYOK_TEST_SITE' ),
					'url'       => getenv( 'BYOK_TEST_URL' ),
					'salts'     => $options['salts'] ?? 'own',
					'constants' => $options['constants'] ?? array(),
					'given'     => $options['given'] ?? array(),
				),
				JSON_THROW_ON_ERROR
			)
		);
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
