<?php
/**
 * Keys that were saved during an outage.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Checks a key that is not verified yet when it is first used: in a WP-Cron event of its own, so that
 * the request that uses the key does not wait.
 *
 * @since 0.1.0
 */
final class Recheck {

	/**
	 * The event. Its one argument is a provider id.
	 */
	public const HOOK = 'byok_check_key';

	/**
	 * Seconds from one of our checks to the next: a provider that is down is not asked at every use. The
	 * first use does not wait for it.
	 */
	private const PAUSE = 5 * MINUTE_IN_SECONDS;

	/**
	 * Plans a check, if the key needs one.
	 *
	 * @since 0.1.0
	 *
	 * @param string  $provider Provider id.
	 * @param Key_Row $row      The row that is being used.
	 */
	public static function on_use( string $provider, Key_Row $row ): void {
		$checked_since = (int) $row->checked_at > $row->saved_at;
		if ( 'unknown' !== $row->outcome || ( $checked_since && $row->checked_at > time() - self::PAUSE ) ) {
			return;
		}
		if ( ! wp_next_scheduled( self::HOOK, array( $provider ) ) ) {
			wp_schedule_single_event( time(), self::HOOK, array( $provider ) );
		}
	}

	/**
	 * Checks the key, when its event is due.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $provider Provider id.
	 */
	public static function run( $provider ): void {
		if ( is_string( $provider ) ) {
			Vault::check( $provider );
		}
	}
}
