<?php
/**
 * The capture servers, seen from a test.
 *
 * @package byok
 */

namespace Byok\Tests;

use RuntimeException;

/**
 * Starts them, and tells what they were sent.
 */
final class Capture {

	/**
	 * Addresses by name: `plain`, `other`, `tls`.
	 *
	 * @var string[]
	 */
	public readonly array $addresses;

	/**
	 * Folder of their files.
	 *
	 * @var string
	 */
	public readonly string $folder;

	/**
	 * The process.
	 *
	 * @var resource
	 */
	private $process;

	/**
	 * Its standard input, which is its life.
	 *
	 * @var resource
	 */
	private $life;

	/**
	 * Starts them.
	 *
	 * @param string[] $hosts Names that their certificate is for, beside localhost.
	 */
	public function __construct( array $hosts = array() ) {
		$this->folder = sys_get_temp_dir() . '/byok-test-' . bin2hex( random_bytes( 8 ) );
		mkdir( $this->folder, 0700 );
		$pipes         = array();
		$this->process = proc_open(
			array( PHP_BINARY, '-n', __DIR__ . '/server.php', $this->folder, 'localhost', ...$hosts ),
			array( array( 'pipe', 'r' ), array( 'pipe', 'w' ), STDERR ),
			$pipes
		);
		$this->life    = $pipes[0];
		$line          = fgets( $pipes[1] );
		if ( false === $line ) {
			throw new RuntimeException( 'The capture servers did not start.' );
		}
		$this->addresses = json_decode( $line, true, 3, JSON_THROW_ON_ERROR );
	}

	/**
	 * Ends them.
	 */
	public function stop(): void {
		fclose( $this->life );
		proc_close( $this->process );
		array_map( 'unlink', glob( "$this->folder/*" ) );
		rmdir( $this->folder );
	}

	/**
	 * Sets what a server answers, and forgets what it was sent.
	 *
	 * @param string   $name    Name.
	 * @param string[] $answers Whole answers by path, `*` for any.
	 */
	public function answer( string $name, array $answers ): void {
		file_put_contents( "$this->folder/$name.answers", json_encode( $answers, JSON_THROW_ON_ERROR ) );
	}

	/**
	 * A redirect.
	 *
	 * @param int    $status   Status.
	 * @param string $location Where to.
	 */
	public static function redirect( int $status, string $location ): string {
		return "HTTP/1.1 $status Test\r\nlocation: $location\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
	}

	/**
	 * Everything that a server was sent.
	 *
	 * @param string $name Name.
	 */
	public function bytes( string $name ): string {
		return file_get_contents( "$this->folder/$name.bytes" );
	}

	/**
	 * How many connections were made to all, or to one.
	 *
	 * @param string|null $name Name.
	 */
	public function connections( ?string $name = null ): int {
		$count = 0;
		clearstatcache();
		foreach ( null === $name ? array_keys( $this->addresses ) : array( $name ) as $one ) {
			$count += filesize( "$this->folder/$one.connections" );
		}
		return $count;
	}

	/**
	 * Forgets what they were sent.
	 */
	public function forget(): void {
		foreach ( array_keys( $this->addresses ) as $name ) {
			file_put_contents( "$this->folder/$name.bytes", '' );
			file_put_contents( "$this->folder/$name.connections", '' );
			file_put_contents( "$this->folder/$name.answers", '{}' );
		}
	}
}
