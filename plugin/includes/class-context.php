<?php
/**
 * What an envelope is bound to.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Names the one place where a key belongs. An envelope opens only in the place it was encrypted for,
 * so a row copied to another provider, site or address is refused by the cipher.
 *
 * The site's URL is not part of it: sites move.
 *
 * @since 0.1.0
 */
final class Context {

	/**
	 * The place of a key of the current site. It follows switch_to_blog().
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param string $origin   The only origin that may receive the key.
	 * @return array<string, string> Context for byok_encrypt() and byok_decrypt().
	 */
	public static function of_site_key( string $provider, string $origin ): array {
		return array(
			'network'  => self::network(),
			'blog'     => (string) get_current_blog_id(),
			'owner'    => 'site',
			'provider' => $provider,
			'slot'     => 'default',
			'origin'   => $origin,
		);
	}

	/**
	 * Network of the current site.
	 *
	 * After switch_to_blog() to a site of another network, get_current_network_id() still tells the
	 * network of the request, under which that site could not open the row itself.
	 *
	 * @return string Decimal id.
	 */
	private static function network(): string {
		$site = is_multisite() ? get_site() : null;
		return (string) ( $site ? (int) $site->network_id : get_current_network_id() );
	}
}
