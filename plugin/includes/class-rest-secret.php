<?php
/**
 * The key in a REST request.
 *
 * @package byok
 */

namespace Byok;

use WP_REST_Request;

defined( 'ABSPATH' ) || exit;

/**
 * Takes the key out of a request as soon as it was read. Everything that runs later gets the same
 * request object: filters, listeners with a backtrace, plugins that log requests.
 *
 * Whatever runs before the route has seen it, and php://input keeps it for whoever reads that.
 *
 * @since 0.1.0
 */
final class Rest_Secret {

	/**
	 * Hands the key out and forgets it.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return string The key; empty when there is none.
	 */
	public static function take( WP_REST_Request $request ): string {
		$key = (string) $request['key'];
		self::forget( $request );
		return $key;
	}

	/**
	 * Removes the key from a request and from where WordPress got it. The other parameters stay.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 */
	public static function forget( WP_REST_Request $request ): void {
		if ( null === $request['key'] && '' === (string) $request->get_body() ) {
			// An internal request during another one: what was posted is not ours to touch.
			return;
		}

		$json = $request->get_json_params();
		$body = is_array( $json ) ? (string) wp_json_encode( array_diff_key( $json, array( 'key' => '' ) ) ) : '';

		// Parsed parameters of every kind, then the text they would be parsed from again.
		unset( $request['key'] );
		$request->set_query_params( array_diff_key( $request->get_query_params(), array( 'key' => '' ) ) );
		$request->set_body_params( array_diff_key( $request->get_body_params(), array( 'key' => '' ) ) );
		$request->set_body( $body );

		// phpcs:ignore WordPress.Security.NonceVerification -- nothing is read.
		unset( $_GET['key'], $_POST['key'], $_REQUEST['key'] );
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
		if ( $request instanceof WP_REST_Request && preg_match( '~^/byok/v1/keys/~i', $request->get_route() ) ) {
			self::forget( $request );
		}
		return $response;
	}
}
