<?php
/**
 * The REST route of models.
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
 * Lists the models that whoever asks may use through the relay:
 *
 *     GET /byok/v1/models?provider=openai
 *
 * @since 0.1.0
 */
final class Rest_Models {

	/**
	 * Registers the route.
	 *
	 * @since 0.1.0
	 */
	public static function register(): void {
		register_rest_route(
			'byok/v1',
			'/models',
			array(
				array(
					'methods'             => WP_REST_Server::READABLE,
					'callback'            => array( self::class, 'models' ),
					'permission_callback' => array( Relay_Access::class, 'may' ),
					'args'                => array(
						'provider' => array(
							'description' => __( 'Provider id.', 'byok' ),
							'type'        => 'string',
							'required'    => true,
						),
					),
				),
				'schema' => array( self::class, 'schema' ),
			)
		);
	}

	/**
	 * Lists them.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response|WP_Error
	 */
	public static function models( $request ) {
		$identity = Relay_Access::of( $request );
		$provider = (string) $request['provider'];
		$may      = is_wp_error( $identity ) ? $identity : $identity->may( $provider );
		$refused  = is_wp_error( $may ) ? $may : Relay_Access::count( $identity, $provider );
		if ( null !== $refused ) {
			return $refused;
		}
		$models  = $identity->models( $provider );
		$allowed = Relay_Settings::current()->models;
		if ( is_wp_error( $models ) ) {
			return $models;
		}
		return new WP_REST_Response(
			array_values( array_filter( $models, static fn( array $model ) => array() === $allowed || in_array( $model['id'], $allowed, true ) ) ),
			200,
			// Not all of the tokens that say who asks are headers that a cache knows for such.
			array( 'Cache-Control' => 'private, no-store' )
		);
	}

	/**
	 * The shape of a model.
	 *
	 * @since 0.1.0
	 */
	public static function schema(): array {
		return array(
			'$schema'    => 'http://json-schema.org/draft-04/schema#',
			'title'      => 'byok-models',
			'type'       => 'array',
			'items'      => array(
				'type'       => 'object',
				'properties' => array(
					'id'         => array(
						'description' => __( 'What requests name it.', 'byok' ),
						'type'        => 'string',
					),
					'name'       => array(
						'description' => __( 'What people call it.', 'byok' ),
						'type'        => 'string',
					),
					'created_at' => array(
						'description' => __( 'When it was published, Unix time.', 'byok' ),
						'type'        => array( 'integer', 'null' ),
					),
				),
			),
		);
	}
}
