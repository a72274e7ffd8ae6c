<?php
/**
 * Which providers people may bring keys of their own for.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * The one answer to "may this person keep and use a key of this provider here?", for members, visitors and people of connect
 * keys: forms offer what it allows, and the vault and the relay refuse the rest.
 *
 * People do not choose where this server sends requests to, so providers with an address of one's own are for
 * administrators. What stays in a browser is not its question.
 *
 * @since 0.1.0
 */
final class Own_Providers {

	/**
	 * Ids of the providers that somebody may bring keys for.
	 *
	 * @since 0.1.0
	 *
	 * @param string $kind `user`, `visitor` or `ref`.
	 * @return string[] Ids, the most used first.
	 */
	public static function ids( string $kind ): array {
		$ids = array_map( 'strval', array_keys( array_filter( Providers::all(), static fn( array $known ) => ! $known['custom_base_url'] ) ) );
		/**
		 * Filters for which providers people may bring keys of their own.
		 *
		 * @since 0.1.0
		 *
		 * @param string[] $ids  Provider ids; those with a fixed address. No others can be added.
		 * @param string   $kind Whose: `user` (members), `visitor`, or `ref` (people of connect keys).
		 */
		$allowed = apply_filters( 'byok_own_key_providers', $ids, $kind );
		return is_array( $allowed ) ? array_values( array_intersect( $ids, $allowed ) ) : $ids;
	}

	/**
	 * Why somebody may not bring a key for a provider.
	 *
	 * @since 0.1.0
	 *
	 * @param array $known The provider's row of the table.
	 * @param Owner $owner Whose key.
	 * @return WP_Error|null byok_base_url_not_for_members, byok_provider_not_for_members; null when it is allowed, and for keys
	 *                       of sites and networks.
	 */
	public static function refuse( array $known, Owner $owner ): ?WP_Error {
		if ( ( 'user' !== $owner->kind && ! $owner->is_guest() ) || in_array( $known['id'], self::ids( $owner->kind ), true ) ) {
			return null;
		}
		return Failure::because( $known['custom_base_url'] ? 'base_url_not_for_members' : 'provider_not_for_members' );
	}

	/**
	 * Whether requests may be made to a provider with a key of somebody's own, for the relay.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param Owner  $owner    Whose key.
	 * @return true|WP_Error byok_provider_unknown, and as of refuse().
	 */
	public static function may( string $provider, Owner $owner ): true|WP_Error {
		$known = Providers::find( $provider );
		return null === $known ? Failure::because( Extension::reason() ?? 'provider_unknown' ) : self::refuse( $known, $owner ) ?? true;
	}

	/**
	 * Leaves out of a list what is not offered. A key that there is stays in it: its owner may want to remove it.
	 *
	 * @since 0.1.0
	 *
	 * @param array<string, array> $infos Infos by provider id, see byok_key_info().
	 * @param Owner                $owner Whose keys.
	 * @return array<string, array> The same, for keys of sites and networks all of them.
	 */
	public static function offered( array $infos, Owner $owner ): array {
		return array_filter( $infos, static fn( array $info ) => 'absent' !== $info['state'] || null === self::refuse( array( 'id' => $info['provider'] ) + $info, $owner ) );
	}
}
