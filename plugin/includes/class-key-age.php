<?php
/**
 * Keys that have not been replaced for long.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Tells how old a key is and whether it is time for a new one. It only reminds: an old key works on.
 *
 * It knows when a key was saved here, not when the provider made it.
 *
 * @since 0.1.0
 */
final class Key_Age {

	/**
	 * Days after which a key is old, unless a filter says otherwise.
	 */
	private const DAYS = 365;

	/**
	 * How long ago a key was saved.
	 *
	 * @since 0.1.0
	 *
	 * @param array $info See byok_key_info().
	 * @return int|null Whole days; null when there is no key, or its time is not known.
	 */
	public static function days( array $info ): ?int {
		if ( 'absent' === ( $info['state'] ?? 'absent' ) || ! is_int( $info['saved_at'] ?? null ) ) {
			return null;
		}
		// A clock that was set back makes no key younger than new.
		return max( 0, intdiv( time() - $info['saved_at'], DAY_IN_SECONDS ) );
	}

	/**
	 * Whether it is time for a new key.
	 *
	 * @since 0.1.0
	 *
	 * @param array $info See byok_key_info().
	 */
	public static function is_old( array $info ): bool {
		$limit = self::limit();
		$days  = self::days( $info );
		return $limit > 0 && null !== $days && $days > $limit;
	}

	/**
	 * The reminder.
	 *
	 * @since 0.1.0
	 *
	 * @param array $info See byok_key_info().
	 * @return string A sentence; empty when the key is not old.
	 */
	public static function sentence( array $info ): string {
		return self::is_old( $info ) ? Messages::old_key( (int) self::days( $info ), $info['name'] ) : '';
	}

	/**
	 * Days after which a key is old.
	 *
	 * @return int Days; 0 for never.
	 */
	private static function limit(): int {
		/**
		 * Filters after how many days byok reminds of replacing a key.
		 *
		 * @since 0.1.0
		 *
		 * @param int $days Days; default 365. 0 for never.
		 */
		$days = apply_filters( 'byok_key_age_days', self::DAYS );
		return is_numeric( $days ) ? max( 0, (int) $days ) : self::DAYS;
	}
}
