<?php
/**
 * The REST route that looks whether the relay works.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;
use WP_REST_Response;
use WP_REST_Server;

defined( 'ABSPATH' ) || exit;

/**
 * Tells who manages keys what the doctor finds, as `wp byok relay doctor` does, where there is no command line:
 *
 *     GET /byok/v1/doctor
 *
 * The site is asked over the network for it, which takes some seconds where nothing answers.
 *
 * @since 0.1.0
 */
final class Rest_Doctor {

	/**
	 * Registers the route.
	 *
	 * @since 0.1.0
	 */
	public static function register(): void {
		register_rest_route(
			'byok/v1',
			'/doctor',
			array(
				array(
					'methods'             => WP_REST_Server::READABLE,
					'callback'            => array( self::class, 'get_items' ),
					'permission_callback' => array( self::class, 'may_manage_keys' ),
				),
				'schema' => array( self::class, 'schema' ),
			)
		);
	}

	/**
	 * Whether the current user may use the route.
	 *
	 * @since 0.1.0
	 *
	 * @return true|WP_Error
	 */
	public static function may_manage_keys() {
		return Rest_Import::may_manage_keys();
	}

	/**
	 * Looks.
	 *
	 * @since 0.1.0
	 */
	public static function get_items(): WP_REST_Response {
		$response = new WP_REST_Response( Relay_Doctor::look() );
		$response->header( 'Cache-Control', 'no-store' );
		return $response;
	}

	/**
	 * The shape of a finding.
	 *
	 * @since 0.1.0
	 */
	public static function schema(): array {
		return array(
			'$schema'    => 'http://json-schema.org/draft-04/schema#',
			'title'      => 'byok-finding',
			'type'       => 'object',
			'properties' => array(
				'name'    => array(
					'description' => __( 'What was looked at.', 'byok' ),
					'type'        => 'string',
				),
				'status'  => array(
					'description' => __( 'How it is; “unseen” is what PHP is not shown.', 'byok' ),
					'type'        => 'string',
					'enum'        => Relay_Doctor::STATUSES,
				),
				'message' => array(
					'description' => __( 'What that means, and what to do.', 'byok' ),
					'type'        => 'string',
				),
			),
		);
	}
}
