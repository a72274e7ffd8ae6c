<?php
/**
 * The secrets in a REST request.
 *
 * @package byok
 */

namespace Byok;

use WP_REST_Request;

defined( 'ABSPATH' ) || exit;

/**
 * Takes a secret out of a request as soon as it was read. Everything that runs later gets the same
 * request object: filters, listeners with a backtrace, plugins that log requests.
 *
 * Whatever runs before the route has seen it, and php://input keeps it for whoever reads that.
 *
 * @since 0.1.0
 */
final class Rest_Secret {

	/**
	 * Parameters that are secret: a key, and secrets of the site from before.
	 */
	private const NAMES = array(
		'key'      => '',
		'previous' => '',
	);

	/**
	 * Hands a secret out and forgets all of them.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @param string          $name    One of self::NAMES.
	 * @return mixed Its value; null when there is none.
	 */
	public static function take( WP_REST_Request $request, string $name ) {
		$secret = $request[ $name ];
		self::forget( $request );
		return $secret;
	}

	/**
	 * Removes the secrets from a request and from where WordPress got them. The other parameters stay.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @param array           $names   Their names, as keys.
	 */
	public static function forget( WP_REST_Request $request, array $names = self::NAMES ): void {
		if ( array() === array_intersect_key( $names, $request->get_params() ) && '' === (string) $request->get_body() ) {
			// An internal request during another one: what was posted is not ours to touch.
			return;
		}

		// What JSON can express but not be made of again (1e999) becomes 0 or null. Without a body the other
		// parameters would be the ones of the query, which nobody has looked at.
		$json = $request->get_json_params();
		$body = is_array( $json ) ? (string) wp_json_encode( array_diff_key( $json, $names ), JSON_PARTIAL_OUTPUT_ON_ERROR ) : '';

		// Parsed parameters of every kind, then the text they would be parsed from again.
		foreach ( array_keys( $names ) as $name ) {
			unset( $request[ $name ] );
		}
		$request->set_query_params( array_diff_key( $request->get_query_params(), $names ) );
		$request->set_body_params( array_diff_key( $request->get_body_params(), $names ) );
		$request->set_body( $body );

		// phpcs:disable WordPress.Security.NonceVerification -- nothing is read.
		$_GET     = array_diff_key( $_GET, $names );
		$_POST    = array_diff_key( $_POST, $names );
		$_REQUEST = array_diff_key( $_REQUEST, $names );
		// phpcs:enable
		if ( isset( $GLOBALS['HTTP_RAW_POST_DATA'] ) ) {
			// WordPress keeps the body here and parses it again when asked.
			$GLOBALS['HTTP_RAW_POST_DATA'] = $body; // phpcs:ignore WordPress.WP.GlobalVariablesOverride -- that is the purpose.
		}
	}

	/**
	 * Forgets the key of a request that was refused before the route read it.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $response Answer, passed on.
	 * @param mixed $handler  Unused.
	 * @param mixed $request  Request.
	 * @return mixed The answer.
	 */
	public static function forget_refused( $response, $handler, $request ) {
		if ( $request instanceof WP_REST_Request && preg_match( '~^/byok/v1/((network/|me/|visitors/|connect/)?keys/|reencrypt)~i', $request->get_route() ) ) {
			self::forget( $request );
		}
		return $response;
	}
}
