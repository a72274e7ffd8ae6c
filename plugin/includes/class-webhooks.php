<?php
/**
 * Webhooks.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Registers every hook of webhooks.
 *
 * It decides nothing.
 *
 * @since 0.1.0
 */
final class Webhooks {

	/**
	 * Registers the hooks.
	 *
	 * @since 0.1.0
	 */
	public static function register_hooks(): void {
		add_action( 'byok_key_saved', array( Webhook_Events::class, 'saved' ), 10, 2 );
		add_action( 'byok_key_deleted', array( Webhook_Events::class, 'deleted' ), 10, 2 );
		add_action( 'byok_key_locked', array( Webhook_Events::class, 'locked' ), 10, 2 );
		add_action( 'byok_key_refused', array( Webhook_Events::class, 'refused' ), 10, 2 );
		add_action( 'byok_key_checked', array( Webhook_Events::class, 'checked' ), 10, 3 );
		add_action( Webhook_Sender::HOOK, array( Webhook_Sender::class, 'run' ) );
		if ( is_admin() ) {
			Webhook_Form::register_hooks();
		}
		add_action( 'rest_api_init', array( Rest_Webhooks::class, 'register' ) );
		add_action( 'wp_uninitialize_site', array( Webhook_Table::class, 'forget_site' ) );
	}
}
