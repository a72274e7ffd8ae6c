<?php
/**
 * The REST route that describes the others.
 *
 * @package byok
 */

namespace Byok;

use WP_REST_Response;
use WP_REST_Server;

defined( 'ABSPATH' ) || exit;

/**
 * Gives the OpenAPI document, to anyone: WordPress lists its routes to anyone too.
 *
 *     GET /byok/v1/openapi.json
 *
 * @since 0.1.0
 */
final class Rest_Openapi {

	/**
	 * Registers the route.
	 *
	 * @since 0.1.0
	 */
	public static function register(): void {
		register_rest_route(
			'byok/v1',
			'/openapi\.json',
			array(
				array(
					'methods'             => WP_REST_Server::READABLE,
					'callback'            => static fn() => new WP_REST_Response( Openapi::of( rest_get_server() ) ),
					'permission_callback' => '__return_true',
				),
			)
		);
	}
}
