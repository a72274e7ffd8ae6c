<?php
/**
 * The REST route of re-encryption.
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
 * Moves keys to the site's current secret, a few seconds at a time: the caller asks again until the answer
 * says that it is finished, and has something to show meanwhile.
 *
 *     POST /byok/v1/reencrypt  { "scope": "site"|"all", "previous": { "key": "…" } }
 *
 * @since 0.1.0
 */
final class Rest_Reencryption {

	/**
	 * Seconds of work of one request.
	 */
	private const SECONDS = 5.0;

	/**
	 * Names of the parts of a previous secret.
	 */
	private const PARTS = array( 'key', 'auth_key', 'auth_salt' );

	/**
	 * What an answer tells.
	 */
	private const TOLD = array( 'key_id', 'seen', 'total', 'moved', 'locked', 'damaged', 'busy', 'finished' );

	/**
	 * Registers the route.
	 *
	 * @since 0.1.0
	 */
	public static function register(): void {
		register_rest_route(
			'byok/v1',
			'/reencrypt',
			array(
				array(
					'methods'             => WP_REST_Server::CREATABLE,
					'callback'            => array( self::class, 'step' ),
					'permission_callback' => array( self::class, 'may' ),
					'args'                => array(
						'scope'    => array(
							'description' => __( 'The keys of this site, or all keys of the installation.', 'byok' ),
							'type'        => 'string',
							'enum'        => array( 'site', 'all' ),
							'default'     => 'site',
						),
						'previous' => array(
							'description' => __( 'A previous secret of the site, which opens locked keys: a BYOK_KEY, or an AUTH_KEY and an AUTH_SALT. It is not kept.', 'byok' ),
							'type'        => 'object',
							'properties'  => array_fill_keys( self::PARTS, array( 'type' => 'string' ) ),
						),
					),
				),
			)
		);
	}

	/**
	 * Whether the current user may. On a network, the keys of all sites are the network's business.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return true|WP_Error
	 */
	public static function may( $request ) {
		return self::may_in( self::scope( $request ) );
	}

	/**
	 * The scope that a request asks for.
	 *
	 * @param WP_REST_Request $request Request.
	 * @return string `site` or `all`.
	 */
	private static function scope( WP_REST_Request $request ): string {
		return 'all' === $request['scope'] ? 'all' : 'site';
	}

	/**
	 * Whether the current user may do a scope.
	 *
	 * @param string $scope `site` or `all`.
	 * @return true|WP_Error
	 */
	private static function may_in( string $scope ) {
		$owner = 'all' === $scope && is_multisite() ? Owner::network() : Owner::site();
		if ( Capability::current_user_can( $owner ) ) {
			return true;
		}
		return new WP_Error(
			'byok_forbidden',
			__( 'Sorry, you are not allowed to manage these API keys.', 'byok' ),
			array( 'status' => rest_authorization_required_code() )
		);
	}

	/**
	 * Does some of the work.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response|WP_Error
	 */
	public static function step( $request ) {
		// Read once, before the request is changed, and judged again: this is the scope that is worked on.
		$scope = self::scope( $request );
		$may   = self::may_in( $scope );
		if ( true !== $may ) {
			Rest_Secret::forget( $request );
			return $may;
		}
		$previous = Rest_Secret::take( $request, 'previous' );
		$previous = is_array( $previous ) ? array_intersect_key( $previous, array_flip( self::PARTS ) ) : array();
		if ( 'all' === $scope ) {
			$status = Reencryption::step( self::SECONDS, $previous );
		} else {
			$status = Reencryption::site( $previous );
			if ( is_array( $status ) ) {
				$status += array(
					'total'    => $status['seen'],
					'finished' => true,
				);
			}
		}
		return is_wp_error( $status ) ? $status : rest_ensure_response( array_intersect_key( $status, array_flip( self::TOLD ) ) );
	}
}
