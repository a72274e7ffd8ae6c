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
 * when the process ends, however it ends: no count is left behind by a worker that was killed. The files are in a folder
 * that nobody else can open, so that nobody else takes all places.
 *
 * @since 0.1.0
 */
final class Relay_Streams {

	/**
	 * How many there are where PHP does not tell how many workers it has.
	 */
	private const UNKNOWN = 4;

	/**
	 * How many names a folder may have. Somebody may have taken one of them.
	 */
	private const NAMES = 10;

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
		$folder = self::folder();
		for ( $number = 0; null !== $folder && $number < self::most(); $number++ ) {
			// phpcs:ignore WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions -- one that cannot be opened is not free.
			$file = @fopen( "$folder/$number", 'c' );
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
	 * The folder with a file for each place, into which nothing is ever written.
	 *
	 * All may write to where it is, so its name is told to nobody, and one that is there counts only when it is ours alone.
	 *
	 * @since 0.1.0
	 *
	 * @return string|null Null when it cannot be made.
	 */
	public static function folder(): ?string {
		// phpcs:disable WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions -- another request may make it.
		$file = tmpfile();
		$user = is_resource( $file ) ? fstat( $file )['uid'] : -1;
		$salt = ( defined( 'NONCE_SALT' ) ? (string) NONCE_SALT : '' ) . ( defined( 'AUTH_SALT' ) ? (string) AUTH_SALT : '' );
		for ( $number = 0; $number < self::NAMES; $number++ ) {
			$folder = get_temp_dir() . 'byok-relay-' . substr( hash_hmac( 'sha256', ABSPATH . "\n$user\n$number", $salt ), 0, 32 );
			@mkdir( $folder, 0700 );
			clearstatcache( true, $folder );
			$found = @lstat( $folder );
			// A folder that only its owner may use.
			if ( false !== $found && 0040000 === ( $found['mode'] & 0170077 ) && $user === $found['uid'] ) {
				return $folder;
			}
		}
		// phpcs:enable
		return null;
	}
}
