<?php
/**
 * Pages of other origins.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;
use WP_REST_Request;

defined( 'ABSPATH' ) || exit;

/**
 * Answers browsers that ask whether a page of another origin may use the relay. WordPress tells every page of every
 * origin that it may use its REST API, with cookies; on these routes only listed origins are told so, and never
 * with cookies: who calls from elsewhere brings a token.
 *
 * @since 0.1.0
 */
final class Relay_Cors {

	/**
	 * The routes. WordPress finds a route also when the end of a line follows it.
	 */
	private const ROUTES = '~\A/byok/v1/(?:relay|tickets|models|visitors|connect|health|openapi\.json)(?:[/\s]|\z)~i';

	/**
	 * Seconds for which a browser need not ask again. Lists of origins change seldom, and Chromium asks after two
	 * hours in any case.
	 */
	private const REMEMBERED = 600;

	/**
	 * Longest list of names of headers that is repeated to a browser.
	 */
	private const LONGEST = 2000;

	/**
	 * Answers a browser's question before a request, and ends the request. Called when the plugin is loaded: it needs
	 * the database and nothing else, no other plugin, theme or user.
	 *
	 * @since 0.1.0
	 */
	public static function answer_preflight(): void {
		// phpcs:disable WordPress.Security.ValidatedSanitizedInput -- compared with what is known.
		$is_question = 'OPTIONS' === ( $_SERVER['REQUEST_METHOD'] ?? '' ) && isset( $_SERVER['HTTP_ORIGIN'], $_SERVER['HTTP_ACCESS_CONTROL_REQUEST_METHOD'] );
		$route       = $is_question ? Relay_Path::route() : '';
		if ( ! preg_match( self::ROUTES, $route ) ) {
			return;
		}
		$origin = (string) $_SERVER['HTTP_ORIGIN'];
		$names  = (string) ( $_SERVER['HTTP_ACCESS_CONTROL_REQUEST_HEADERS'] ?? '' );
		// phpcs:enable
		header( 'Cache-Control: no-store' );
		header( 'Vary: Origin, Access-Control-Request-Headers' );
		if ( ! self::lists( $origin, $route ) ) {
			status_header( 403 );
			exit;
		}
		status_header( 204 );
		header( "Access-Control-Allow-Origin: $origin" );
		header( 'Access-Control-Allow-Methods: GET, HEAD, POST, PUT, PATCH, DELETE' );
		// The clients of providers send headers of their own, and more with every version. Which go on to a provider
		// is decided later, so a browser may send any.
		if ( strlen( $names ) <= self::LONGEST && preg_match( '/\A[A-Za-z0-9-]+(?: *, *[A-Za-z0-9-]+)*\z/', $names ) ) {
			header( "Access-Control-Allow-Headers: $names" );
		}
		header( 'Access-Control-Max-Age: ' . self::REMEMBERED );
		exit;
	}

	/**
	 * Sends our headers in place of WordPress's, on our routes.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $served  Passed on.
	 * @param mixed $result  Unused.
	 * @param mixed $request Request.
	 * @return mixed What was passed.
	 */
	public static function send_headers( $served, $result, $request ) {
		if ( $request instanceof WP_REST_Request && preg_match( self::ROUTES, $request->get_route() ) ) {
			remove_filter( 'rest_pre_serve_request', 'rest_send_cors_headers' );
			foreach ( array( 'Origin', 'Methods', 'Headers', 'Credentials' ) as $name ) {
				header_remove( "Access-Control-Allow-$name" );
			}
			header_remove( 'Access-Control-Expose-Headers' );
			foreach ( self::headers( $request ) as $name => $value ) {
				header( "$name: $value", 'Vary' !== $name );
			}
		}
		return $served;
	}

	/**
	 * The headers of an answer.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return array<string, string>
	 */
	public static function headers( WP_REST_Request $request ): array {
		$headers = array( 'Vary' => 'Origin' );
		$origin  = (string) $request->get_header( 'origin' );
		if ( '' !== $origin && self::lists( $origin, $request->get_route() ) ) {
			$rules                                    = null === Extension::reason() ? byok_relay_rules()['response_headers'] : array();
			$headers['Access-Control-Allow-Origin']   = $origin;
			$headers['Access-Control-Expose-Headers'] = implode( ', ', array_merge( array( 'ratelimit', 'ratelimit-policy', 'retry-after' ), array_diff( $rules, array( 'retry-after' ) ) ) );
		}
		return $headers;
	}

	/**
	 * Why a request of a page may not be answered.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @param string[]|null   $own     The only origins that may; null for the site's list.
	 * @return WP_Error|null byok_origin_not_listed; null when it may, or is of no page.
	 */
	public static function refuse( WP_REST_Request $request, ?array $own = null ): ?WP_Error {
		$origin = (string) $request->get_header( 'origin' );
		if ( '' === $origin ) {
			return self::is_of_another_page( $request ) ? Failure::because( 'origin_not_listed' ) : null;
		}
		if ( self::is_ours( $origin ) ) {
			return null;
		}
		$listed = null === $own ? self::lists( $origin, $request->get_route() ) : in_array( $origin, $own, true );
		return $listed ? null : Failure::because( 'origin_not_listed' );
	}

	/**
	 * Whether the answer may go out as a script, which pages of all origins can load. Hooked to `rest_jsonp_enabled`.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $enabled Whether it may.
	 * @return mixed The same; false on our routes.
	 */
	public static function without_scripts( $enabled ) {
		return preg_match( self::ROUTES, Relay_Path::route() ) ? false : $enabled;
	}

	/**
	 * Whether a request without an origin is made by a page all the same: as an image, a script or a link, which name none.
	 * Those are GET, so WordPress's `_method` in an address makes more of them than they could be.
	 *
	 * @param WP_REST_Request $request Request.
	 */
	private static function is_of_another_page( WP_REST_Request $request ): bool {
		// phpcs:disable WordPress.Security -- compared only.
		$is_disguised = isset( $_GET['_method'] ) && 'GET' === ( $_SERVER['REQUEST_METHOD'] ?? '' ) && 'GET' !== $request->get_method();
		// phpcs:enable
		return $is_disguised || 'cross-site' === $request->get_header( 'sec_fetch_site' );
	}

	/**
	 * Whether an origin is this site.
	 *
	 * @since 0.1.0
	 *
	 * @param string $origin Origin.
	 */
	public static function is_ours( string $origin ): bool {
		foreach ( array( home_url(), site_url() ) as $url ) {
			if ( preg_match( '~\A[a-z]+://[^/?#]+~i', $url, $found ) && Relay_Settings::origin( $found[0] ) === $origin ) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Whether pages of an origin may call a route.
	 *
	 * @param string $origin Origin, as a browser writes it.
	 * @param string $route  Route.
	 */
	private static function lists( string $origin, string $route ): bool {
		$settings = Relay_Settings::current();
		/**
		 * Filters which origins may call a route of the relay.
		 *
		 * @since 0.1.0
		 *
		 * @param string[] $origins Origins, such as `https://app.example`. There are no wildcards.
		 * @param string   $route   Route, such as `/byok/v1/relay/openai/models`.
		 */
		$origins = apply_filters( 'byok_relay_origins', $settings->origins, $route );
		return $settings->enabled && null !== Relay_Settings::origin( $origin ) && is_array( $origins ) && in_array( $origin, $origins, true );
	}
}
