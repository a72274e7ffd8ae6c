<?php
/**
 * Another web server of the site.
 *
 * @package byok
 */

namespace Byok\Tests;

use RuntimeException;

/**
 * PHP's own server, on a port of its own: a second one for the site of the tests, or one that answers with a script.
 */
final class Relay_Node {

	/**
	 * Its address.
	 *
	 * @var string
	 */
	public readonly string $url;

	/**
	 * Its process.
	 *
	 * @var resource
	 */
	private $process;

	/**
	 * Starts it.
	 *
	 * @param string   $script  Router.
	 * @param string   $root    Root of documents.
	 * @param string[] $ini     Settings by name.
	 * @param int      $workers Number of processes.
	 */
	public function __construct( string $script, string $root, array $ini = array(), int $workers = 4 ) {
		$socket = stream_socket_server( 'tcp://127.0.0.1:0' );
		$name   = stream_socket_get_name( $socket, false );
		fclose( $socket );
		$this->url = "http://$name";
		// A process group of its own, so that its workers end with it.
		$command = array( 'setsid', PHP_BINARY );
		foreach ( $ini as $setting => $value ) {
			array_push( $command, '-d', "$setting=$value" );
		}
		array_push( $command, '-S', $name, '-t', $root, $script );
		$this->process = proc_open( $command, array( array( 'file', '/dev/null', 'r' ), array( 'file', '/dev/null', 'w' ), array( 'file', '/dev/null', 'w' ) ), $pipes, null, array( 'PHP_CLI_SERVER_WORKERS' => (string) $workers ) + getenv() );
		for ( $try = 0; $try < 200; $try++ ) {
			$open = @stream_socket_client( "tcp://$name", $number, $text, 1 );
			if ( $open ) {
				fclose( $open );
				return;
			}
			usleep( 20000 );
		}
		throw new RuntimeException( 'The server does not start.' );
	}

	/**
	 * A server of the site of the tests.
	 *
	 * @param string[] $ini     Settings by name.
	 * @param int      $workers Number of processes.
	 */
	public static function of_site( array $ini = array(), int $workers = 4 ): self {
		$ini += array(
			'extension'                  => getenv( 'BYOK_TEST_EXTENSION' ),
			'byok.test_provider'         => getenv( 'BYOK_TEST_PROVIDER' ),
			'memory_limit'               => '256M',
			'display_errors'             => '0',
			'sendmail_path'              => 'true',
			'zend.exception_ignore_args' => '0',
		);
		return new self( dirname( __DIR__, 3 ) . '/site/router.php', getenv( 'BYOK_TEST_SITE' ), $ini, $workers );
	}

	/**
	 * Ends it.
	 */
	public function stop(): void {
		posix_kill( -proc_get_status( $this->process )['pid'], SIGKILL );
		proc_close( $this->process );
	}
}
