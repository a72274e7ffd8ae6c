<?php
/**
 * What the checks of php-fpm share.
 */

declare( strict_types=1 );

namespace Byok\Tests;

use RuntimeException;

/**
 * A php-fpm, a WordPress that its pool user owns, secrets that only root can read, and a place to count.
 */
final class Stage {

	/**
	 * How many checks have passed, and failed.
	 *
	 * @var array{0: int, 1: int}
	 */
	public array $counts = array( 0, 0 );

	/**
	 * Takes its parts.
	 *
	 * @param Fpm    $fpm       The php-fpm.
	 * @param string $folder    Folder that the pool user can read; `site` in it is a WordPress of the pool user's.
	 * @param string $user      Pool user.
	 * @param string $extension The extension's file.
	 * @param string $provider  Address of the test provider.
	 */
	public function __construct(
		public readonly Fpm $fpm,
		public readonly string $folder,
		public readonly string $user,
		private readonly string $extension,
		private readonly string $provider
	) {}

	/**
	 * Counts a property that holds or does not.
	 *
	 * @param string $property The property.
	 * @param bool   $holds    Whether it holds.
	 * @param mixed  $seen     What was seen instead; never a secret of anyone.
	 */
	public function check( string $property, bool $holds, mixed $seen = null ): void {
		++$this->counts[ $holds ? 0 : 1 ];
		echo $holds ? 'ok      ' : 'FAILED  ', $property, "\n";
		if ( ! $holds && null !== $seen ) {
			echo '        ', json_encode( $seen, JSON_INVALID_UTF8_SUBSTITUTE | JSON_UNESCAPED_SLASHES ), "\n";
		}
	}

	/**
	 * Counts a property of which the value is known.
	 *
	 * @param string $property The property.
	 * @param mixed  $expected What is expected.
	 * @param mixed  $seen     What was seen.
	 */
	public function same( string $property, mixed $expected, mixed $seen ): void {
		$this->check( $property, $expected === $seen, $seen );
	}

	/**
	 * Code for a worker, with WordPress.
	 *
	 * @param string $code  PHP code that returns something JSON can hold.
	 * @param array  $given Its variables.
	 */
	public function in_site( string $code, array $given = array() ): array {
		return array(
			'code'  => $code,
			'given' => $given,
			'site'  => "{$this->folder}/site",
		);
	}

	/**
	 * Code for a worker, without WordPress.
	 *
	 * @param string $code  PHP code that returns something JSON can hold.
	 * @param array  $given Its variables.
	 */
	public function plain( string $code, array $given = array() ): array {
		return array( 'site' => null ) + $this->in_site( $code, $given );
	}

	/**
	 * What one worker returns.
	 *
	 * @param array  $task From in_site() or plain().
	 * @param string $pool Pool.
	 * @param array  $more More parameters of FastCGI.
	 */
	public function result( array $task, string $pool = 'www', array $more = array() ): mixed {
		return $this->fpm->ask( $task, $pool, 1, $more )[0]['result'];
	}

	/**
	 * What a PHP returns that the pool user starts by hand.
	 *
	 * @param array                 $task From in_site() or plain().
	 * @param array<string, string> $ini  Settings.
	 */
	public function by_hand( array $task, array $ini = array() ): mixed {
		$command = array( 'setpriv', "--reuid={$this->user}", '--regid=' . posix_getpwnam( $this->user )['gid'], '--clear-groups', PHP_BINARY );
		foreach ( $ini + array( 'extension' => $this->extension, 'byok.test_provider' => $this->provider ) as $name => $value ) {
			array_push( $command, '-d', "$name=$value" );
		}
		$pipes   = array();
		$process = proc_open( array( ...$command, "{$this->folder}/page.php" ), array( array( 'pipe', 'r' ), array( 'pipe', 'w' ) ), $pipes, $this->folder );
		fwrite( $pipes[0], json_encode( $task, JSON_THROW_ON_ERROR ) );
		fclose( $pipes[0] );
		$answer = stream_get_contents( $pipes[1] );
		proc_close( $process );
		return ( json_decode( $answer, true ) ?? throw new RuntimeException( "PHP answered: $answer" ) )['result'];
	}

	/**
	 * Writes a secret where only root can read it.
	 *
	 * @param string $secret The secret.
	 * @return string The file.
	 */
	public function key_file( string $secret ): string {
		$file = "{$this->folder}/private.key";
		if ( file_exists( $file ) ) {
			unlink( $file );
		}
		umask( 0377 );
		file_put_contents( $file, "$secret\n" );
		umask( 0022 );
		return $file;
	}

	/**
	 * What must not be found of a secret: its text, what it encodes, and the root key (docs/format.md, section 1).
	 *
	 * @param string $secret The secret.
	 * @return array<string, string> Bytes by name.
	 */
	public static function traces( string $secret ): array {
		if ( str_starts_with( $secret, 'byok-root:' ) ) {
			$text = substr( $secret, strlen( 'byok-root:' ) );
			return array(
				'text' => $text,
				'root' => base64_decode( strtr( $text, '-_', '+/' ) ),
			);
		}
		return array(
			'text' => $secret,
			'root' => hash_hkdf( 'sha256', $secret, 32, 'byok/v1/root/secret' ),
		);
	}

	/**
	 * A new secret that is a root key.
	 */
	public static function root(): string {
		return 'byok-root:' . rtrim( strtr( base64_encode( random_bytes( 32 ) ), '+/', '-_' ), '=' );
	}

	/**
	 * A new secret that is a text.
	 */
	public static function text(): string {
		return 'a phrase of the test ' . bin2hex( random_bytes( 24 ) );
	}

	/**
	 * The names of those traces that are in some bytes.
	 *
	 * @param string                $bytes  Bytes.
	 * @param array<string, string> $traces From traces().
	 * @return string[]
	 */
	public static function found( string $bytes, array $traces ): array {
		return array_keys( array_filter( $traces, static fn( string $trace ): bool => str_contains( $bytes, $trace ) ) );
	}
}
