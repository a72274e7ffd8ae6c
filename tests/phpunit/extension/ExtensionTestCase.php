<?php

use PHPUnit\Framework\TestCase;

/** Runs PHP code in a process of its own, with the extension. */
abstract class ExtensionTestCase extends TestCase {

	const AUTH_KEY  = 'byok-test-auth-key 7hQ>pL2x9!vB4nM6cR8tY1wE3uI5oA0sD';
	const AUTH_SALT = 'byok-test-auth-salt k2J9f7D4s1A8g5H3l6Z0x!C2v4B6n8M';

	/** Defines salts as wp-config.php does. */
	const SALTS = "define( 'AUTH_KEY', '" . self::AUTH_KEY . "' ); define( 'AUTH_SALT', '" . self::AUTH_SALT . "' );\n";

	/** What a script gets in front: `report()` answers with JSON. */
	private const PRELUDE = <<<'PHP'
	function report( $value ) { echo "\x1e", json_encode( $value, JSON_THROW_ON_ERROR | JSON_INVALID_UTF8_SUBSTITUTE ); }
	function reason( callable $call ) {
		try { $call(); } catch ( Byok\Exception\ByokException $e ) { return $e->getReason(); }
		return null;
	}

	PHP;

	/**
	 * @param string                $code        PHP without the opening tag.
	 * @param array<string, string> $ini         INI entries.
	 * @param array<string, string> $environment Added to an otherwise empty environment.
	 * @param bool                  $loaded      Whether the extension is loaded.
	 * @return array{0: int, 1: string, 2: string} Exit code, standard output, standard error.
	 */
	protected function run_php( string $code, array $ini = array(), array $environment = array(), bool $loaded = true ): array {
		$command = array( PHP_BINARY, '-n', '-d', 'zend.exception_ignore_args=0', '-d', 'zend.exception_string_param_max_len=1000000', '-d', 'display_errors=1', '-d', 'html_errors=0', '-d', 'memory_limit=1G' );
		if ( $loaded ) {
			$ini = array( 'extension' => getenv( 'BYOK_TEST_EXTENSION' ) ) + $ini;
		}
		foreach ( $ini as $name => $value ) {
			array_push( $command, '-d', "$name=$value" );
		}
		// The script comes on standard input: a key in it is in no argument list.
		$process = proc_open( $command, array( array( 'pipe', 'r' ), array( 'pipe', 'w' ), array( 'pipe', 'w' ) ), $pipes, null, $environment );
		fwrite( $pipes[0], "<?php\n" . self::PRELUDE . $code );
		fclose( $pipes[0] );
		$output = stream_get_contents( $pipes[1] );
		$errors = stream_get_contents( $pipes[2] );
		return array( proc_close( $process ), $output, $errors );
	}

	/** Runs code that must succeed, and returns what it gave to report(). */
	protected function answer( string $code, array $ini = array(), array $environment = array() ) {
		list( $exit, $output, $errors ) = $this->run_php( $code, $ini, $environment );
		$parts = explode( "\x1e", $output );
		$this->assertSame( array( 0, '', 2 ), array( $exit, $errors, count( $parts ) ), "$output\n$errors" );
		return json_decode( $parts[1], true, 512, JSON_THROW_ON_ERROR );
	}

	/** A new secret for BYOK_KEY that is worth nothing. */
	protected function secret(): string {
		return 'byok-test-' . bin2hex( random_bytes( 24 ) );
	}

	/** A key file of the user who runs the tests, removed at the end of the test. */
	protected function key_file( string $content, int $mode = 0400 ): string {
		$path = $this->directory() . '/key-' . bin2hex( random_bytes( 4 ) );
		file_put_contents( $path, $content );
		chmod( $path, $mode );
		return $path;
	}

	/** A directory of this test's own, removed with what is in it at the end of the test. */
	protected function directory(): string {
		if ( '' === $this->directory ) {
			$this->directory = sys_get_temp_dir() . '/byok-test-' . bin2hex( random_bytes( 8 ) );
			mkdir( $this->directory, 0700 );
		}
		return $this->directory;
	}

	private string $directory = '';

	protected function tearDown(): void {
		if ( '' !== $this->directory ) {
			foreach ( glob( $this->directory . '/*' ) as $path ) {
				is_dir( $path ) && ! is_link( $path ) ? rmdir( $path ) : unlink( $path );
			}
			rmdir( $this->directory );
		}
	}

	/** Warnings of byok_key_source() that are a matter of this machine, not of the test. */
	protected function without_machine( array $warnings ): array {
		// A machine without room for locked memory; a person who runs the tests without being root.
		return array_values( array_diff( $warnings, array( 'memory_not_locked', 'key_file_own' ) ) );
	}

	/** A new key that is worth nothing. */
	protected function new_key( string $prefix = 'sk-ant-api03-', string $behaviour = 'valid' ): string {
		return $prefix . "byok-test-$behaviour-" . bin2hex( random_bytes( 24 ) );
	}

	/** Asserts that a text holds a secret in no encoding. */
	protected function assert_free_of( string $secret, string $text ): void {
		$this->assertNotSame( '', $text, 'There is nothing to search.' );
		$forms = array( $secret, urlencode( $secret ), json_encode( $secret ), bin2hex( $secret ), strrev( $secret ) );
		foreach ( array( '', 'x', 'xx' ) as $shift ) {
			// Only whole groups of four are the same whatever surrounds the secret.
			$forms[] = substr( base64_encode( $shift . $secret ), 4, -4 );
		}
		// PHP shortens long arguments in traces: a beginning is a leak too.
		$forms[] = substr( $secret, 0, 20 );
		foreach ( $forms as $form ) {
			$this->assertFalse( stripos( $text, $form ), 'The secret is in: ' . preg_replace( '/[A-Za-z0-9]{24,}/', '###', $text ) );
		}
	}

	/** Every readable mapping of a process that a core dump takes (proc(5): the flag `dd` leaves one out). */
	protected function dump( int $pid ): string {
		$maps   = file_get_contents( "/proc/$pid/smaps" );
		$memory = fopen( "/proc/$pid/mem", 'rb' );
		$all    = '';
		preg_match_all( '/^([0-9a-f]+)-([0-9a-f]+) r\S+ .*?^VmFlags:([^\n]*)$/ms', $maps, $mappings, PREG_SET_ORDER );
		foreach ( $mappings as list( $line, $start, $end, $flags ) ) {
			if ( in_array( 'dd', explode( ' ', $flags ), true ) || str_contains( strtok( $line, "\n" ), '[v' ) ) {
				continue;
			}
			fseek( $memory, hexdec( $start ) );
			// A page beyond the end of a file cannot be read; a dump has none of it either.
			$all .= (string) @stream_get_contents( $memory, hexdec( $end ) - hexdec( $start ) );
		}
		return $all;
	}

	/** PHP source of a string literal. */
	protected function literal( $value ): string {
		return var_export( $value, true );
	}
}
