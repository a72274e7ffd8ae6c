<?php
/**
 * People without an account.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Registers every hook for people without an account: visitors, and those of other applications.
 *
 * It decides nothing.
 *
 * @since 0.1.0
 */
final class Guests {

	/**
	 * Registers the hooks.
	 *
	 * @since 0.1.0
	 */
	public static function register_hooks(): void {
		register_activation_hook( BYOK_PLUGIN_FILE, array( Guest_Table::class, 'ensure' ) );
		add_action( 'wp_uninitialize_site', array( Guest_Table::class, 'forget_site' ) );
		add_action( Visitors::HOOK, array( Visitors::class, 'prune' ) );
		add_action( 'rest_api_init', array( Rest_Visitors::class, 'register' ) );
		add_action( 'rest_api_init', array( Rest_Connect::class, 'register' ) );
		add_action( 'rest_api_init', array( Rest_Connect_Pairs::class, 'register' ) );
		if ( is_admin() ) {
			Connect_Form::register_hooks();
		}
		add_filter( 'byok_relay_origins', array( Connect_Pairs::class, 'add_origins' ), 10, 2 );
	}
}
