<?php
/**
 * How many answers PHP holds open.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Keeps workers of PHP for the site: each answer that PHP passes on holds one for as long as a model talks, and
 * with all of them taken no page is served any more. By default half of the workers may be held.
 *
 * Counted are locks on files, of this server alone, since its workers are its own. The system gives a lock back
 * when the process ends, however it ends: no count is left behind by a worker that was killed.
 *
 * @since 0.1.0
 */
final class Relay_Streams {

	/**
	 * How many there are where PHP does not tell how many workers it has.
	 */
	private const UNKNOWN = 4;

	/**
	 * The lock that this request holds.
	 *
	 * @var resource|null
	 */
	private static $held = null;

	/**
	 * Takes a place.
	 *
	 * @since 0.1.0
	 *
	 * @return bool False when all are taken.
	 */
	public static function take(): bool {
		if ( null !== self::$held ) {
			return true;
		}
		for ( $number = 0; $number < self::most(); $number++ ) {
			$name = self::file( $number );
			// One that is there is only read: it may be of another user, who has run the doctor. What is no plain file is
			// not ours, and could keep us waiting.
			// phpcs:ignore WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions -- one that cannot be opened is not free.
			$file = file_exists( $name ) && ! is_file( $name ) ? false : @fopen( $name, is_file( $name ) ? 'r' : 'c' );
			if ( is_resource( $file ) && flock( $file, LOCK_EX | LOCK_NB ) ) {
				self::$held = $file;
				return true;
			}
		}
		return false;
	}

	/**
	 * Gives the place back, for those who come after this request in the same process.
	 *
	 * @since 0.1.0
	 */
	public static function give_back(): void {
		if ( null !== self::$held ) {
			fclose( self::$held ); // phpcs:ignore WordPress.WP.AlternativeFunctions -- ends the lock.
			self::$held = null;
		}
	}

	/**
	 * How many places there are.
	 *
	 * @since 0.1.0
	 */
	public static function most(): int {
		$set = Relay_Settings::current()->caps['streams'];
		return $set > 0 ? $set : max( 1, intdiv( self::workers(), 2 ) );
	}

	/**
	 * How many workers this PHP has, as far as it tells: of php-fpm those that run or have run at once, which are all
	 * with `pm = static` and fewer else.
	 *
	 * @since 0.1.0
	 */
	public static function workers(): int {
		if ( function_exists( 'fpm_get_status' ) ) {
			$status = fpm_get_status();
			return max( (int) ( $status['total-processes'] ?? 0 ), (int) ( $status['max-active-processes'] ?? 0 ) );
		}
		$of_server = (int) getenv( 'PHP_CLI_SERVER_WORKERS' );
		return $of_server > 0 ? $of_server : 2 * self::UNKNOWN;
	}

	/**
	 * The file of a place. Nothing is ever written into it.
	 *
	 * @param int $number Number of the place.
	 */
	private static function file( int $number ): string {
		return get_temp_dir() . 'byok-relay-' . substr( hash( 'sha256', ABSPATH ), 0, 16 ) . "-$number";
	}
}
