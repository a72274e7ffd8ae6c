<?php
/**
 * Who has a file open.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Looks at all processes, as far as the system shows them: Linux has them in /proc, and shows an ordinary user his
 * own.
 *
 * @since 0.1.0
 */
final class Open_Files {

	/**
	 * Where processes are shown. Tests put something else here.
	 *
	 * @var string
	 */
	public static string $processes = '/proc';

	/**
	 * Whether another process has a file open for writing.
	 *
	 * @since 0.1.0
	 *
	 * @param array $known What stat() tells of the file.
	 * @return bool|null Null when none was seen, but not all could be.
	 */
	public static function is_written( array $known ): ?bool {
		$all = true;
		foreach ( (array) glob( self::$processes . '/[0-9]*', GLOB_ONLYDIR | GLOB_NOSORT ) as $process ) {
			if ( (int) basename( $process ) === getmypid() ) {
				continue;
			}
			// A process may end at any moment.
			$files = @scandir( "$process/fd" ); // phpcs:ignore WordPress.PHP.NoSilencedErrors
			if ( false === $files ) {
				$all = $all && ! is_dir( $process );
				continue;
			}
			foreach ( array_diff( $files, array( '.', '..' ) ) as $number ) {
				$file = @stat( "$process/fd/$number" ); // phpcs:ignore WordPress.PHP.NoSilencedErrors
				if ( false !== $file && $file['ino'] === $known['ino'] && $file['dev'] === $known['dev'] && self::writes( "$process/fdinfo/$number" ) ) {
					return true;
				}
			}
		}
		return $all && is_dir( self::$processes . '/self' ) ? false : null;
	}

	/**
	 * Whether a file was opened for writing.
	 *
	 * @param string $info What the system tells of it.
	 */
	private static function writes( string $info ): bool {
		$told = (string) @file_get_contents( $info ); // phpcs:ignore WordPress
		// The two lowest bits of open(2)'s flags, in octal: 0 is for reading only.
		return ! preg_match( '/^flags:\s*([0-7]+)/m', $told, $flags ) || 0 !== ( octdec( $flags[1] ) & 3 );
	}
}
