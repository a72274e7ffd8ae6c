<?php
/**
 * The REST route for those who watch the site.
 *
 * @package byok
 */

namespace Byok;

use WP_REST_Response;
use WP_REST_Server;

defined( 'ABSPATH' ) || exit;

/**
 * Tells whether the relay can answer:
 *
 *     GET /byok/v1/health
 *
 * To anyone that and the data path, and nothing of keys, versions or settings; the rest to who manages keys.
 *
 * @since 0.1.0
 */
final class Rest_Health {

	/**
	 * Registers the route.
	 *
	 * @since 0.1.0
	 */
	public static function register(): void {
		register_rest_route(
			'byok/v1',
			'/health',
			array(
				array(
					'methods'             => WP_REST_Server::READABLE,
					'callback'            => array( self::class, 'health' ),
					'permission_callback' => '__return_true',
				),
				'schema' => array( self::class, 'schema' ),
			)
		);
	}

	/**
	 * Tells it.
	 *
	 * @since 0.1.0
	 */
	public static function health(): WP_REST_Response {
		$settings = Relay_Settings::current();
		$broken   = Notices::server();
		$can      = null === $broken && $settings->enabled;
		$health   = array(
			'status' => $can ? 'ok' : 'unavailable',
			'path'   => Relay_Offload::is_here() ? 'offload' : 'php',
		);
		if ( Capability::current_user_can() ) {
			$health += array(
				'problem'  => $broken,
				'enabled'  => $settings->enabled,
				'streams'  => Relay_Streams::most(),
				'workers'  => Relay_Streams::workers(),
				'counting' => wp_using_ext_object_cache() ? 'cache' : 'database',
				'tickets'  => null === Extension::reason() ? byok_relay_state() : null,
			);
		}
		$response = new WP_REST_Response( $health, $can ? 200 : 503 );
		$response->header( 'Cache-Control', 'no-store' );
		return $response;
	}

	/**
	 * The shape of it.
	 *
	 * @since 0.1.0
	 */
	public static function schema(): array {
		$for_managers = array( 'description' => __( 'Only for who manages keys.', 'byok' ) );
		return array(
			'$schema'    => 'http://json-schema.org/draft-04/schema#',
			'title'      => 'byok-health',
			'type'       => 'object',
			'properties' => array(
				'status'   => array(
					'description' => __( 'Whether the relay can answer.', 'byok' ),
					'type'        => 'string',
					'enum'        => array( 'ok', 'unavailable' ),
				),
				'path'     => array(
					'description' => __( 'Who passes answers on: the web server itself, for requests with a ticket, or PHP.', 'byok' ),
					'type'        => 'string',
					'enum'        => array( 'offload', 'php' ),
				),
				'problem'  => $for_managers + array( 'type' => array( 'string', 'null' ) ),
				'enabled'  => $for_managers + array( 'type' => 'boolean' ),
				'streams'  => $for_managers + array( 'type' => 'integer' ),
				'workers'  => $for_managers + array( 'type' => 'integer' ),
				'counting' => $for_managers + array(
					'type' => 'string',
					'enum' => array( 'cache', 'database' ),
				),
				'tickets'  => $for_managers + array( 'type' => array( 'object', 'null' ) ),
			),
		);
	}
}
