<?php
/**
 * The actions other plugins can listen to.
 *
 * @package byok
 */

namespace Byok;

use Throwable;

defined( 'ABSPATH' ) || exit;

/**
 * Tells other plugins what happened to a key. They never get the key, and a listener that throws does
 * not turn a save that has happened into a failure.
 *
 * @since 0.1.0
 */
final class Announcement {

	/**
	 * Announces a saved key.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param array  $info     See byok_key_info().
	 */
	public static function saved( string $provider, array $info ): void {
		self::announce(
			static function () use ( $provider, $info ) {
				/**
				 * Fires after a key was checked and saved.
				 *
				 * @since 0.1.0
				 *
				 * @param string $provider Provider id.
				 * @param array  $info     See byok_key_info().
				 */
				do_action( 'byok_key_saved', $provider, $info );
			}
		);
	}

	/**
	 * Announces a stored key that was checked again.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param array  $info     See byok_key_info().
	 */
	public static function checked( string $provider, array $info ): void {
		self::announce(
			static function () use ( $provider, $info ) {
				/**
				 * Fires after a stored key was checked again.
				 *
				 * @since 0.1.0
				 *
				 * @param string $provider Provider id.
				 * @param array  $info     See byok_key_info().
				 */
				do_action( 'byok_key_checked', $provider, $info );
			}
		);
	}

	/**
	 * Announces a deleted key.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 */
	public static function deleted( string $provider ): void {
		self::announce(
			static function () use ( $provider ) {
				/**
				 * Fires after a key was deleted.
				 *
				 * @since 0.1.0
				 *
				 * @param string $provider Provider id.
				 */
				do_action( 'byok_key_deleted', $provider );
			}
		);
	}

	/**
	 * Fires an action and survives its listeners.
	 *
	 * @param callable $fire Fires it.
	 */
	private static function announce( callable $fire ): void {
		try {
			$fire();
		} catch ( Throwable $thrown ) {
			// Not trigger_error(): handlers of other plugins make exceptions of that. And not the message,
			// which is not ours and may hold anything.
			if ( WP_DEBUG ) {
				error_log( 'byok: a listener threw ' . get_class( $thrown ) . '.' ); // phpcs:ignore WordPress.PHP.DevelopmentFunctions -- only while debugging.
			}
		}
	}
}
