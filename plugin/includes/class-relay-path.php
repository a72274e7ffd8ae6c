<?php
/**
 * The path that the client of the relay has written.
 *
 * @package byok
 */

namespace Byok;

use WP_REST_Request;

defined( 'ABSPATH' ) || exit;

/**
 * Finds what a client has written behind the provider's id, byte for byte: WordPress decodes parts of an address
 * on its way to a route, and what was `%2F` would be a slash afterwards. Whether it may be asked for is the
 * engine's to say, see byok_relay_path().
 *
 * @since 0.1.0
 */
final class Relay_Path {

	/**
	 * Where the relay is, in the names of routes.
	 */
	public const BASE = '/byok/v1/relay/';

	/**
	 * How routes of byok begin.
	 */
	private const OURS_BEGIN = '~\A/byok/v1/~i';

	/**
	 * Parameters of the query that are for WordPress; a nonce among them.
	 */
	private const OURS = array( 'rest_route', '_wpnonce', '_method', '_envelope', '_embed', '_fields', '_jsonp', '_locale' );

	/**
	 * The route that the current HTTP request asks for, before WordPress has looked at it; and as soon as it has, what it
	 * has made of the address, which may be written in many ways.
	 *
	 * @since 0.1.0
	 *
	 * @return string Such as `/byok/v1/models`; empty when it is none of byok's.
	 */
	public static function route(): string {
		$route = $GLOBALS['wp']->query_vars['rest_route'] ?? null;
		return is_string( $route ) && preg_match( self::OURS_BEGIN, $route ) ? $route : self::split()[0];
	}

	/**
	 * Whether an address names the relay and, once more, a route. WordPress would take the second: a page that puts what others
	 * have written into a path, as it is, would ask any route in the name of who looks at it.
	 *
	 * @since 0.1.0
	 */
	public static function is_ambiguous(): bool {
		// phpcs:ignore WordPress.Security.ValidatedSanitizedInput -- compared only.
		list( $path, $query ) = array_pad( explode( '?', (string) ( $_SERVER['REQUEST_URI'] ?? '' ), 2 ), 2, '' );
		if ( false === stripos( rawurldecode( $path . $query ), self::BASE ) ) {
			return false;
		}
		$routes = false === stripos( rawurldecode( $path ), '/' . rest_get_url_prefix() . '/' ) ? 0 : 1;
		foreach ( explode( '&', $query ) as $pair ) {
			// As PHP reads names, which is not as they are written.
			parse_str( $pair, $read );
			$routes += isset( $read['rest_route'] ) ? 1 : 0;
		}
		return $routes > 1;
	}

	/**
	 * What a request to the relay asks its provider for.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return string Path and query, for byok_relay_path().
	 */
	public static function of( WP_REST_Request $request ): string {
		$params = $request->get_url_params();
		$routed = '/' . ( $params['path'] ?? '' );

		list( $route, $query ) = self::split();
		$start                 = strlen( self::BASE . ( $params['provider'] ?? '' ) );
		$raw                   = substr( $route, $start );
		// WordPress takes a slash at the end away.
		$is_this = 0 === strncasecmp( $route, self::BASE . ( $params['provider'] ?? '' ) . '/', $start + 1 )
			&& trim( rawurldecode( $raw ), '/' ) === trim( rawurldecode( $routed ), '/' );
		if ( ! $is_this ) {
			// A request that PHP code has made.
			$raw   = $routed;
			$query = http_build_query( array_diff_key( $request->get_query_params(), array_flip( self::OURS ) ), '', '&', PHP_QUERY_RFC3986 );
		}
		return $raw . ( '' === $query ? '' : '?' . $query );
	}

	/**
	 * Takes the address of the current HTTP request apart.
	 *
	 * @return array{0: string, 1: string} Route as it was written, empty when it is none of byok's; and the query
	 *                                     without what is for WordPress.
	 */
	private static function split(): array {
		// phpcs:ignore WordPress.Security.ValidatedSanitizedInput -- compared byte for byte; WordPress slashes no slashes.
		list( $path, $query ) = array_pad( explode( '?', (string) ( $_SERVER['REQUEST_URI'] ?? '' ), 2 ), 2, '' );
		$route                = '';
		$kept                 = array();
		foreach ( '' === $query ? array() : explode( '&', $query ) as $pair ) {
			list( $name, $value ) = array_pad( explode( '=', $pair, 2 ), 2, '' );
			$name                 = urldecode( $name );
			if ( 'rest_route' === $name ) {
				$route = urldecode( $value );
			} elseif ( ! in_array( $name, self::OURS, true ) ) {
				$kept[] = $pair;
			}
		}
		if ( '' === $route && preg_match( '~/' . preg_quote( rest_get_url_prefix(), '~' ) . '(/byok/v1/.*)\z~is', $path, $found ) ) {
			$route = $found[1];
		}
		return array( preg_match( self::OURS_BEGIN, $route ) ? $route : '', implode( '&', $kept ) );
	}
}
