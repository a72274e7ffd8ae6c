<?php
/**
 * Who may manage keys.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * The one answer to "may this person see and change keys?". It does not know where it is asked.
 *
 * @since 0.1.0
 */
final class Capability {

	/**
	 * Name of the capability that is needed.
	 *
	 * @since 0.1.0
	 *
	 * @return string Capability.
	 */
	public static function name(): string {
		/**
		 * Filters the capability that managing API keys needs.
		 *
		 * @since 0.1.0
		 *
		 * @param string $capability Capability; default `manage_options`.
		 */
		$capability = apply_filters( 'byok_capability', 'manage_options' );

		// A filter that returns nothing must not open the door.
		return is_string( $capability ) && '' !== $capability ? $capability : 'manage_options';
	}

	/**
	 * Whether the current user may manage keys on the current site.
	 *
	 * @since 0.1.0
	 */
	public static function current_user_can(): bool {
		return current_user_can( self::name() );
	}
}
