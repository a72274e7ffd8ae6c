<?php
/**
 * Who may manage keys.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * The one answer to "may this person see and change these keys?". It does not know where it is asked.
 *
 * @since 0.1.0
 */
final class Capability {

	/**
	 * Name of the capability that an owner's keys need.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner|null $owner Whose keys; null for those of the current site.
	 * @return string Capability.
	 */
	public static function name( ?Owner $owner = null ): string {
		switch ( null === $owner ? 'site' : $owner->kind ) {
			case 'network':
				$default = 'manage_network_options';
				/**
				 * Filters the capability that managing the keys of a network needs.
				 *
				 * @since 0.1.0
				 *
				 * @param string $capability Capability; default `manage_network_options`.
				 */
				$capability = apply_filters( 'byok_network_capability', $default );
				break;
			case 'user':
				$default = 'read';
				/**
				 * Filters the capability that having a key of one's own needs. `do_not_allow` takes the
				 * possibility away.
				 *
				 * @since 0.1.0
				 *
				 * @param string $capability Capability; default `read`, which every member has.
				 */
				$capability = apply_filters( 'byok_own_key_capability', $default );
				break;
			default:
				$default = 'manage_options';
				/**
				 * Filters the capability that managing API keys needs.
				 *
				 * @since 0.1.0
				 *
				 * @param string $capability Capability; default `manage_options`.
				 */
				$capability = apply_filters( 'byok_capability', $default );
		}

		// A filter that returns nothing must not open the door.
		return is_string( $capability ) && '' !== $capability ? $capability : $default;
	}

	/**
	 * Whether the current user may manage an owner's keys. A person's keys are that person's alone.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner|null $owner Whose keys; null for those of the current site.
	 */
	public static function current_user_can( ?Owner $owner = null ): bool {
		if ( null !== $owner && 'user' === $owner->kind && get_current_user_id() !== $owner->id ) {
			return false;
		}
		return current_user_can( self::name( $owner ) );
	}
}
