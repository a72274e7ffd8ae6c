<?php
/**
 * The REST routes of usage.
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
 * Tells what keys were used for, and takes decisions about it.
 *
 *     GET  /byok/v1/usage   ?owner=site|network|user&days=30
 *     POST /byok/v1/policy  { "owner": …, "provider": "openai", "mode": "all"|"ask"|"listed" }
 *                           { "provider": …, "caller": "plugin:my-plugin", "decision": "approve"|"deny"|"forget" }
 *                           { "provider": …, "caller": "plugin:my-plugin" or "*", "budget": { "hard_tokens": 100000 } }
 *
 * Parts of the second may be posted together. It answers with the policy of the key.
 *
 * @since 0.1.0
 */
final class Rest_Usage {

	/**
	 * Registers the routes.
	 *
	 * @since 0.1.0
	 */
	public static function register(): void {
		$owner = array(
			'description' => __( 'Whose keys: of this site, of the network, or one’s own.', 'byok' ),
			'type'        => 'string',
			'enum'        => array( 'site', 'network', 'user' ),
			'default'     => 'site',
		);
		register_rest_route(
			'byok/v1',
			'/usage',
			array(
				array(
					'methods'             => WP_REST_Server::READABLE,
					'callback'            => array( self::class, 'usage' ),
					'permission_callback' => array( self::class, 'may' ),
					'args'                => array(
						'owner' => $owner,
						'days'  => array(
							'description' => __( 'Number of days, today included. They are days in UTC.', 'byok' ),
							'type'        => 'integer',
							'minimum'     => 1,
							'maximum'     => 400,
							'default'     => 30,
						),
					),
				),
			)
		);
		register_rest_route(
			'byok/v1',
			'/policy',
			array(
				array(
					'methods'             => WP_REST_Server::CREATABLE,
					'callback'            => array( self::class, 'decide' ),
					'permission_callback' => array( self::class, 'may' ),
					'args'                => array(
						'owner'    => $owner,
						'provider' => array(
							'description' => __( 'Provider id.', 'byok' ),
							'type'        => 'string',
							'required'    => true,
						),
						'mode'     => array(
							'description' => __( 'Who may use the key: everyone, or those who were approved. With `ask`, others are kept as pending.', 'byok' ),
							'type'        => 'string',
							'enum'        => Consent_Policy::MODES,
						),
						'caller'   => array(
							'description' => __( 'Id of a plugin or theme; `*` for the budget of the whole key.', 'byok' ),
							'type'        => 'string',
							'default'     => Consent_Policy::WHOLE_KEY,
						),
						'decision' => array(
							'description' => __( 'What is decided about the caller.', 'byok' ),
							'type'        => 'string',
							'enum'        => Consent::DECISIONS,
						),
						'budget'   => array(
							'description' => __( 'Monthly budget. Limits that are left out are removed.', 'byok' ),
							'type'        => 'object',
							'properties'  => array_fill_keys(
								Budget_Limits::NAMES,
								array(
									'type'    => array( 'integer', 'null' ),
									'minimum' => 0,
									'maximum' => Budget_Limits::HIGHEST,
								)
							),
							'additionalProperties' => false,
						),
					),
				),
			)
		);
	}

	/**
	 * Whether the current user may.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return true|WP_Error
	 */
	public static function may( $request ) {
		$screen = Key_Screen::of( (string) $request['owner'] );
		if ( null !== $screen && $screen->is_allowed() ) {
			return true;
		}
		return new WP_Error(
			'byok_forbidden',
			__( 'Sorry, you are not allowed to manage these API keys.', 'byok' ),
			array( 'status' => rest_authorization_required_code() )
		);
	}

	/**
	 * Tells what was used.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response
	 */
	public static function usage( $request ) {
		$owner = Key_Screen::of( $request['owner'] )->owner;
		$days  = (int) $request['days'];
		return rest_ensure_response(
			array(
				'days'    => Usage_Figures::days( $owner, $days ),
				'rows'    => Usage_Figures::rows( $owner, $days ),
				'pending' => Consent::pending( $owner ),
			)
		);
	}

	/**
	 * Takes decisions.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response|WP_Error
	 */
	public static function decide( $request ) {
		$place = new Place( Key_Screen::of( $request['owner'] )->owner, (string) $request['provider'] );
		if ( null === Providers::find( $place->provider ) ) {
			return Failure::because( 'provider_unknown' );
		}
		$limits = isset( $request['budget'] ) ? Budget_Limits::read( (array) $request['budget'] ) : null;
		if ( isset( $request['budget'] ) && null === $limits ) {
			return Failure::because( 'budget_malformed' );
		}

		$done = isset( $request['mode'] ) ? Consent::set_mode( $place, $request['mode'] ) : true;
		if ( true === $done && isset( $request['decision'] ) ) {
			$done = Consent::decide( $place, $request['caller'], $request['decision'] );
		}
		if ( true === $done && null !== $limits ) {
			$done = Budget::set( $place, $request['caller'], $limits );
		}
		if ( is_wp_error( $done ) ) {
			return $done;
		}

		$policy = Consent_Store::read( $place->owner );
		return is_wp_error( $policy ) ? $policy : rest_ensure_response( self::told( $policy, $place->provider ) );
	}

	/**
	 * What is told of the policy of a key.
	 *
	 * @param Consent_Policy $policy   Policy.
	 * @param string         $provider Provider id.
	 */
	private static function told( Consent_Policy $policy, string $provider ): array {
		return array(
			'provider' => $provider,
			'mode'     => $policy->mode( $provider ),
			'approved' => $policy->callers( $provider, 'approved' ),
			'denied'   => $policy->callers( $provider, 'denied' ),
			'pending'  => (object) $policy->pending( $provider ),
			'budgets'  => (object) array_map( static fn( Budget_Limits $limits ) => (object) $limits->to_array(), $policy->budgets( $provider ) ),
		);
	}
}
