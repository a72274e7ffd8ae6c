<?php
/**
 * A php-fpm of the test's own.
 */

declare( strict_types=1 );

namespace Byok\Tests;

use RuntimeException;

/**
 * Starts php-fpm as root, with a pool user that is nobody special, and asks its workers.
 */
final class Fpm {

	/**
	 * The master.
	 *
	 * @var resource|null
	 */
	private $process = null;

	/**
	 * Takes what all instances share.
	 *
	 * @param string                $program The program.
	 * @param string                $folder  Folder for its files, which the pool user can read.
	 * @param string                $user    Pool user.
	 * @param array<string, string> $ini     Settings that every instance has.
	 */
	public function __construct(
		private string $program,
		private string $folder,
		private string $user,
		private array $ini
	) {}

	/**
	 * Starts it, in place of one that runs.
	 *
	 * @param array<string, string>                $ini         Settings of the master.
	 * @param array<string, string>                $environment Environment of the master, beside ours.
	 * @param array<string, array<string, string>> $pools       Configuration of each pool, beside what all have.
	 * @param string                               $php_ini     Text of php.ini.
	 * @param bool                                 $as_root     Whether root starts it, or the pool user.
	 */
	public function start( array $ini = array(), array $environment = array(), array $pools = array( 'www' => array() ), string $php_ini = '', bool $as_root = true ): void {
		$this->stop();
		$lines = array( '[global]', "error_log = {$this->folder}/fpm.log", 'process_control_timeout = 5s' );
		foreach ( $pools as $pool => $more ) {
			$settings = $more + array(
				'user'                 => $this->user,
				'listen'               => "{$this->folder}/$pool.socket",
				'listen.mode'          => '0600',
				'pm'                   => 'static',
				'pm.max_children'      => '3',
				'catch_workers_output' => 'yes',
			);
			$lines[] = "[$pool]";
			foreach ( $settings as $name => $value ) {
				$lines[] = "$name = $value";
			}
		}
		file_put_contents( "{$this->folder}/fpm.conf", implode( "\n", $lines ) . "\n" );
		file_put_contents( "{$this->folder}/php.ini", $php_ini );

		// It ends when this process does, however that ends.
		$user    = $as_root ? array() : array( "--reuid={$this->user}", '--regid=' . posix_getpwnam( $this->user )['gid'], '--clear-groups' );
		$command = array( 'setpriv', ...$user, '--pdeathsig', 'TERM', $this->program, '-F', '-y', "{$this->folder}/fpm.conf", '-c', "{$this->folder}/php.ini" );
		foreach ( $ini + $this->ini as $name => $value ) {
			array_push( $command, '-d', "$name=$value" );
		}
		$pipes         = array();
		$output        = array( 'file', "{$this->folder}/fpm.log", 'a' );
		// The modules that this PHP has loaded: the program may be here without its own configuration.
		$modules       = dirname( explode( ',', (string) php_ini_scanned_files() )[0] );
		$this->process = proc_open( $command, array( array( 'file', '/dev/null', 'r' ), $output, $output ), $pipes, $this->folder, $environment + array( 'PHP_INI_SCAN_DIR' => $modules ) + getenv() );
		$this->wait_for( fn() => count( $this->workers() ) >= count( $pools ) && count( glob( "{$this->folder}/*.socket" ) ) === count( $pools ), 'start' );
	}

	/**
	 * Has it read its configuration, key files and extensions anew.
	 */
	public function reload(): void {
		$before = $this->workers();
		posix_kill( $this->pid(), SIGUSR2 );
		$this->wait_for( fn() => array() !== $this->workers() && array() === array_intersect( $before, $this->workers() ), 'reload' );
	}

	/**
	 * Ends it.
	 */
	public function stop(): void {
		if ( null === $this->process ) {
			return;
		}
		proc_terminate( $this->process, SIGTERM );
		proc_close( $this->process );
		$this->process = null;
		array_map( 'unlink', glob( "{$this->folder}/*.socket" ) );
	}

	/**
	 * The master.
	 */
	public function pid(): int {
		return proc_get_status( $this->process )['pid'];
	}

	/**
	 * The workers.
	 *
	 * @return int[] Their pids.
	 */
	public function workers(): array {
		$pid = $this->pid();
		return array_map( 'intval', array_filter( explode( ' ', (string) @file_get_contents( "/proc/$pid/task/$pid/children" ) ) ) );
	}

	/**
	 * Asks a worker, or several at the same time.
	 *
	 * @param array  $task  What to run: code, given, site.
	 * @param string $pool  Pool.
	 * @param int    $times How many requests.
	 * @param array  $more  More parameters of FastCGI.
	 * @return array[] What they answered: pid and result.
	 */
	public function ask( array $task, string $pool = 'www', int $times = 1, array $more = array() ): array {
		$requests = array();
		while ( count( $requests ) < $times ) {
			$requests[] = $this->begin( $task, $pool, $more );
		}
		$answers = array();
		foreach ( $requests as $request ) {
			$text      = explode( "\r\n\r\n", stream_get_contents( $request['output'] ), 2 )[1] ?? '';
			$answers[] = json_decode( $text, true ) ?? throw new RuntimeException( "A worker answered: $text\n" . $this->log() );
			proc_close( $request['process'] );
		}
		return $answers;
	}

	/**
	 * Sends a request and does not wait for its answer.
	 *
	 * @param array  $task What to run.
	 * @param string $pool Pool.
	 * @param array  $more More parameters of FastCGI.
	 * @return array{process: resource, output: resource} The client.
	 */
	public function begin( array $task, string $pool = 'www', array $more = array() ): array {
		$body    = json_encode( $task, JSON_THROW_ON_ERROR );
		$pipes   = array();
		$process = proc_open(
			array( 'cgi-fcgi', '-bind', '-connect', "{$this->folder}/$pool.socket" ),
			array( array( 'pipe', 'r' ), array( 'pipe', 'w' ) ),
			$pipes,
			$this->folder,
			$more + array(
				'PATH'            => getenv( 'PATH' ),
				'REQUEST_METHOD'  => 'POST',
				'CONTENT_TYPE'    => 'application/octet-stream',
				'CONTENT_LENGTH'  => (string) strlen( $body ),
				'SCRIPT_FILENAME' => "{$this->folder}/page.php",
			)
		);
		fwrite( $pipes[0], $body );
		fclose( $pipes[0] );
		return array(
			'process' => $process,
			'output'  => $pipes[1],
		);
	}

	/**
	 * Waits for something.
	 *
	 * @param callable $happened Tells whether it has happened.
	 * @param string   $what     What it is.
	 */
	public function wait_for( callable $happened, string $what ): void {
		for ( $tries = 0; $tries < 1000; $tries++ ) {
			if ( $happened() ) {
				return;
			}
			if ( ! proc_get_status( $this->process )['running'] ) {
				break;
			}
			usleep( 10000 );
		}
		throw new RuntimeException( "php-fpm does not $what:\n" . $this->log() );
	}

	/**
	 * The end of what it has logged.
	 */
	private function log(): string {
		return substr( file_get_contents( "{$this->folder}/fpm.log" ), -3000 );
	}
}
