<?php
/**
 * The REST routes of webhooks.
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
 *     GET    /byok/v1/webhooks
 *     POST   /byok/v1/webhooks             { "url": "https://…", "events": [ "key.revoked" ] }
 *     DELETE /byok/v1/webhooks/{id}
 *     POST   /byok/v1/webhooks/{id}/test   sends an event `ping` now
 *     GET    /byok/v1/webhooks/log         the last deliveries
 *
 * The secret of an endpoint is in the answer to POST and nowhere else.
 *
 * @since 0.1.0
 */
final class Rest_Webhooks {

	/**
	 * Registers the routes.
	 *
	 * @since 0.1.0
	 */
	public static function register(): void {
		$id = '/webhooks/(?P<id>[a-z2-7]{8})';
		self::route(
			'/webhooks',
			array( WP_REST_Server::READABLE, 'all', array() ),
			array(
				WP_REST_Server::CREATABLE,
				'add',
				array(
					'url'    => array(
						'description' => __( 'Address, https.', 'byok' ),
						'type'        => 'string',
						'required'    => true,
					),
					'events' => array(
						'description' => __( 'What it is told of; nothing for everything.', 'byok' ),
						'type'        => 'array',
						'items'       => array(
							'type' => 'string',
							'enum' => Webhook_Endpoint::EVENTS,
						),
						'default'     => array(),
					),
				),
			)
		);
		self::route( '/webhooks/log', array( WP_REST_Server::READABLE, 'log', array() ) );
		self::route( $id, array( WP_REST_Server::DELETABLE, 'remove', array() ) );
		self::route( "$id/test", array( WP_REST_Server::CREATABLE, 'test', array() ) );
	}

	/**
	 * Registers a route.
	 *
	 * @param string  $path         Path.
	 * @param array[] ...$endpoints Methods, name of the method that answers, and parameters.
	 */
	private static function route( string $path, array ...$endpoints ): void {
		register_rest_route(
			'byok/v1',
			$path,
			array_map(
				static fn( array $endpoint ) => array(
					'methods'             => $endpoint[0],
					'callback'            => array( self::class, $endpoint[1] ),
					'args'                => $endpoint[2],
					'permission_callback' => array( Rest_Import::class, 'may_manage_keys' ),
				),
				$endpoints
			)
		);
	}

	/**
	 * Lists endpoints.
	 *
	 * @since 0.1.0
	 *
	 * @return WP_REST_Response|WP_Error
	 */
	public static function all() {
		$all = Webhook_Endpoints::all();
		return is_wp_error( $all ) ? $all : Guest_Keys::answer( array_map( static fn( Webhook_Endpoint $endpoint ) => $endpoint->to_array(), array_values( $all ) ) );
	}

	/**
	 * Makes an endpoint.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response|WP_Error
	 */
	public static function add( $request ) {
		$made = Webhook_Endpoints::make( $request['url'], $request['events'] );
		return is_wp_error( $made ) ? $made : Guest_Keys::answer( $made['endpoint']->to_array() + array( 'secret' => $made['secret'] ), 201 );
	}

	/**
	 * Removes an endpoint.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response|WP_Error
	 */
	public static function remove( $request ) {
		$removed = Webhook_Endpoints::remove( $request['id'] );
		return is_wp_error( $removed ) ? $removed : Guest_Keys::answer( array( 'deleted' => true ) );
	}

	/**
	 * Sends an event of no meaning.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response|WP_Error
	 */
	public static function test( $request ) {
		$told = Webhook_Sender::test( $request['id'] );
		return is_wp_error( $told ) ? $told : Guest_Keys::answer( $told );
	}

	/**
	 * Lists the last deliveries.
	 *
	 * @since 0.1.0
	 *
	 * @return WP_REST_Response
	 */
	public static function log() {
		return Guest_Keys::answer( Webhook_Table::log() );
	}
}
