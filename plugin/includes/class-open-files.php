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
 * own, and one in a container those of the container.
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
	 * The namespace of the system's own processes, which has all others in it. The kernel gives it this number.
	 */
	private const EVERYBODY = 'pid:[4026531836]';

	/**
	 * Whether another process has a file open for writing.
	 *
	 * @since 0.1.0
	 *
	 * @param array $known What stat() tells of the file.
	 * @return bool|null Null when none was seen, but not all could be.
	 */
	public static function is_written( array $known ): ?bool {
		$all = self::is_everybody_here();
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
				if ( false === $file ) {
					// Closed meanwhile, or not for us to see.
					clearstatcache( true );
					$all = $all && ! is_link( "$process/fd/$number" );
					continue;
				}
				if ( $file['ino'] === $known['ino'] && $file['dev'] === $known['dev'] && self::writes( "$process/fdinfo/$number" ) ) {
					return true;
				}
			}
		}
		return $all ? false : null;
	}

	/**
	 * Whether the processes that are shown are all that there are, and not those of a container or of one user only.
	 */
	private static function is_everybody_here(): bool {
		// phpcs:disable WordPress.PHP.NoSilencedErrors -- not every system has it.
		return is_dir( self::$processes . '/1' )
			&& (string) getmypid() === @readlink( self::$processes . '/self' )
			&& self::EVERYBODY === @readlink( self::$processes . '/self/ns/pid' );
		// phpcs:enable
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
