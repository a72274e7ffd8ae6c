<?php
/**
 * The REST routes of the import.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;
use WP_REST_Request;
use WP_REST_Response;
use WP_REST_Server;

defined( 'ABSPATH' ) || exit;

/**
 * Lets people who may manage keys move the ones that are on the site already.
 *
 *     GET  /byok/v1/import
 *     POST /byok/v1/import     { "source": "…", "provider": "…", "replace": false }
 *
 * No key is in a request or an answer: a source is a name.
 *
 * @since 0.1.0
 */
final class Rest_Import {

	/**
	 * Registers the routes.
	 *
	 * @since 0.1.0
	 */
	public static function register(): void {
		register_rest_route(
			'byok/v1',
			'/import',
			array(
				array(
					'methods'             => WP_REST_Server::READABLE,
					'callback'            => array( self::class, 'found' ),
					'permission_callback' => array( self::class, 'may_manage_keys' ),
				),
				array(
					'methods'             => WP_REST_Server::CREATABLE,
					'callback'            => array( self::class, 'run' ),
					'permission_callback' => array( self::class, 'may_manage_keys' ),
					'args'                => array(
						'source'   => array(
							'description' => __( 'Name of an option, or name[key] for one element of it.', 'byok' ),
							'type'        => 'string',
							'required'    => true,
						),
						'provider' => array(
							'description' => __( 'Provider id; empty to detect it.', 'byok' ),
							'type'        => 'string',
							'default'     => '',
						),
						'replace'  => array(
							'description' => __( 'Whether to replace a key that is stored already.', 'byok' ),
							'type'        => 'boolean',
							'default'     => false,
						),
					),
				),
			)
		);
	}

	/**
	 * Whether the current user may use these routes.
	 *
	 * @since 0.1.0
	 *
	 * @return true|WP_Error
	 */
	public static function may_manage_keys() {
		return Capability::current_user_can() ? true : new WP_Error(
			'byok_forbidden',
			__( 'Sorry, you are not allowed to manage API keys on this site.', 'byok' ),
			array( 'status' => rest_authorization_required_code() )
		);
	}

	/**
	 * Tells what can be imported.
	 *
	 * @since 0.1.0
	 *
	 * @return WP_REST_Response
	 */
	public static function found() {
		return rest_ensure_response( Import::found() );
	}

	/**
	 * Moves one key.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response|WP_Error
	 */
	public static function run( $request ) {
		$moved = Import::run( $request['source'], $request['provider'], $request['replace'] );
		if ( is_wp_error( $moved ) ) {
			return $moved;
		}
		// The fields that may be told of any key, and ours.
		$told = array_diff_key( Rest_Schema::key()['properties'], array( 'key' => true ) ) + array_fill_keys( array( 'imported_from', 'scrubbed', 'scrub_reason' ), true );
		return rest_ensure_response( array_intersect_key( $moved, $told ) );
	}
}
