<?php
/**
 * Where the plugin meets the REST API.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Registers what requests to the REST API need, when there is one.
 *
 * It decides nothing.
 *
 * @since 0.1.0
 */
final class Rest_Hooks {

	/**
	 * Registers the hooks.
	 *
	 * @since 0.1.0
	 */
	public static function register(): void {
		foreach (
			array(
				Rest_Controller::class,
				Rest_Reencryption::class,
				Rest_Import::class,
				Rest_Usage::class,
				Rest_Relay::class,
				Rest_Models::class,
				Rest_Health::class,
				Rest_Doctor::class,
				Rest_Openapi::class,
				Rest_Visitors::class,
				Rest_Connect::class,
				Rest_Connect_Pairs::class,
				Rest_Webhooks::class,
			) as $routes
		) {
			add_action( 'rest_api_init', array( $routes, 'register' ) );
		}
		add_action( 'rest_api_init', array( Elements::class, 'name_blocks' ) );
		add_action( 'rest_api_init', array( Practice_Page::class, 'register_route' ) );
		// Before the body of a request is read, and before WordPress's headers for other origins.
		add_action( 'rest_api_init', array( Relay_Access::class, 'look_early' ), PHP_INT_MAX );
		add_filter( 'rest_jsonp_enabled', array( Relay_Cors::class, 'without_scripts' ), PHP_INT_MAX );
		add_filter( 'rest_post_dispatch', array( Rest_Relay::class, 'finish' ), 10, 3 );
		add_filter( 'rest_pre_serve_request', array( Relay_Cors::class, 'send_headers' ), 5, 3 );
		add_filter( 'rest_pre_serve_request', array( Relay_Response::class, 'serve' ), PHP_INT_MAX, 2 );
		if ( Connectors::are_there() ) {
			Connectors::register_rest_hooks();
		}
	}
}
