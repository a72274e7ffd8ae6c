<?php
/**
 * The web server's own path for the relay.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Tells whether nginx passes answers on itself, for requests with a ticket, see deploy/nginx.
 *
 * @since 0.1.0
 */
final class Relay_Offload {

	/**
	 * Where it is, in the root of the server.
	 */
	public const PATH = '/byok/relay/';

	/**
	 * Whether tickets of this process can be used: php-fpm shares their secret among its workers, and the server's
	 * configuration says that its nginx may be given keys.
	 *
	 * @since 0.1.0
	 */
	public static function is_here(): bool {
		$state   = null === Extension::reason() ? byok_relay_state() : array();
		$is_here = ( $state['shared'] ?? false ) && ( $state['offload'] ?? false );
		/**
		 * Filters whether there are tickets. A ticket opens on the server that has made it: behind a balancer that
		 * sends a visitor's requests to one server and then to another, return false.
		 *
		 * @since 0.1.0
		 *
		 * @param bool $is_here Whether this server could give them.
		 */
		return (bool) apply_filters( 'byok_relay_tickets', $is_here );
	}

	/**
	 * Base URL for clients that have a ticket.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 */
	public static function url( string $provider ): string {
		$url = preg_replace( '~\A([a-z]+://[^/?#]+).*\z~is', '$1', home_url() ) . self::PATH . $provider . '/';
		/**
		 * Filters where the web server's own path for the relay is.
		 *
		 * @since 0.1.0
		 *
		 * @param string $url      Base URL, with a slash at its end.
		 * @param string $provider Provider id.
		 */
		return (string) apply_filters( 'byok_relay_url', $url, $provider );
	}
}
