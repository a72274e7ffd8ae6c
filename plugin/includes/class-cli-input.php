<?php
/**
 * What comes on standard input.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Reads secrets from standard input, the one way to hand them to a command that leaves no trace in the
 * shell's history or in the list of processes. At a terminal they are not echoed.
 *
 * It does not know what they are for.
 *
 * @since 0.1.0
 */
final class Cli_Input {

	/**
	 * Where to read from. Tests put something else here.
	 *
	 * @var string
	 */
	public static string $stream = 'php://stdin';

	/**
	 * What is read at most, in bytes. Keys are shorter; what is longer is refused by the extension.
	 */
	private const LONGEST = 16384;

	/**
	 * Reads lines until the end of the input; at a terminal no more than are wanted.
	 *
	 * @since 0.1.0
	 *
	 * @param string $prompt What to paste, for people at a terminal.
	 * @param int    $wanted Number of lines that are wanted at most.
	 * @return string[] Lines without their ends; empty ones at the end are left out. White space stays.
	 */
	public static function lines( string $prompt, int $wanted = 1 ): array {
		$stream = fopen( self::$stream, 'r' ); // phpcs:ignore WordPress.WP.AlternativeFunctions -- standard input.
		if ( false === $stream ) {
			return array();
		}
		$terminal = stream_isatty( $stream );
		if ( $terminal ) {
			// Not on standard output, which may be kept in a file.
			file_put_contents( 'php://stderr', $prompt . "\n" ); // phpcs:ignore WordPress.WP.AlternativeFunctions -- a terminal.
			self::echo( false );
		}
		try {
			$text = '';
			for ( $left = $wanted; ! $terminal || $left > 0; $left-- ) {
				$line = fgets( $stream, self::LONGEST );
				if ( false === $line || strlen( $text ) > self::LONGEST ) {
					break;
				}
				$text .= $line;
			}
		} finally {
			if ( $terminal ) {
				self::echo( true );
			}
			fclose( $stream ); // phpcs:ignore WordPress.WP.AlternativeFunctions -- standard input.
		}
		$text = rtrim( $text, "\r\n" );
		return '' === $text ? array() : preg_split( '/\r?\n/', $text );
	}

	/**
	 * Has the terminal show what is typed, or not.
	 *
	 * @param bool $shown Whether to show it.
	 */
	private static function echo( bool $shown ): void {
		if ( function_exists( 'shell_exec' ) ) {
			shell_exec( $shown ? 'stty echo 2>/dev/null' : 'stty -echo 2>/dev/null' ); // phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions -- a fixed command.
		}
	}
}
