<?php
/**
 * The REST routes about pairs of connect keys.
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
 * For administrators:
 *
 *     GET    /byok/v1/connect/pairs
 *     POST   /byok/v1/connect/pairs        { "name": "…", "origins": [ "https://app.example" ], "providers": [] }
 *     DELETE /byok/v1/connect/pairs/{id}   revokes it, and removes what was stored through it
 *
 * The secret key is in the answer to POST and nowhere else.
 *
 * @since 0.1.0
 */
final class Rest_Connect_Pairs {

	/**
	 * Registers the routes.
	 *
	 * @since 0.1.0
	 */
	public static function register(): void {
		$may   = array( 'permission_callback' => array( Rest_Import::class, 'may_manage_keys' ) );
		$texts = static fn( string $description ) => array(
			'description' => $description,
			'type'        => 'array',
			'items'       => array( 'type' => 'string' ),
			'default'     => array(),
		);
		register_rest_route(
			'byok/v1',
			'/connect/pairs',
			array(
				$may + array(
					'methods'  => WP_REST_Server::READABLE,
					'callback' => array( self::class, 'all' ),
				),
				$may + array(
					'methods'  => WP_REST_Server::CREATABLE,
					'callback' => array( self::class, 'add' ),
					'args'     => array(
						'name'      => array(
							'description' => __( 'What you call it.', 'byok' ),
							'type'        => 'string',
							'required'    => true,
						),
						'origins'   => $texts( __( 'Origins of the pages that may use the public key, such as https://app.example.', 'byok' ) ),
						'providers' => $texts( __( 'Ids of the only providers; none for all.', 'byok' ) ),
					),
				),
			)
		);
		register_rest_route(
			'byok/v1',
			'/connect/pairs/(?P<id>[a-z2-7]{8})',
			array(
				$may + array(
					'methods'  => WP_REST_Server::DELETABLE,
					'callback' => array( self::class, 'revoke' ),
				),
			)
		);
	}

	/**
	 * Lists pairs.
	 *
	 * @since 0.1.0
	 *
	 * @return WP_REST_Response|WP_Error
	 */
	public static function all() {
		$pairs = Connect_Pairs::all();
		return is_wp_error( $pairs ) ? $pairs : Guest_Keys::answer( array_map( static fn( Connect_Pair $pair ) => $pair->told(), $pairs ) );
	}

	/**
	 * Makes a pair.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response|WP_Error
	 */
	public static function add( $request ) {
		$made = Connect_Pairs::make( $request['name'], $request['origins'], $request['providers'] );
		return is_wp_error( $made ) ? $made : Guest_Keys::answer( $made['pair']->told() + array( 'secret_key' => $made['secret']->reveal() ), 201 );
	}

	/**
	 * Revokes a pair.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response|WP_Error
	 */
	public static function revoke( $request ) {
		$gone = Connect_Pairs::revoke( $request['id'] );
		return is_wp_error( $gone ) ? $gone : Guest_Keys::answer( array( 'revoked' => true ) + $gone );
	}
}
