<?php
/**
 * Where the plugin meets WordPress.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Registers every hook of the plugin, so that this one list tells what it does and when.
 *
 * It decides nothing.
 *
 * @since 0.1.0
 */
final class Plugin {

	/**
	 * Registers the hooks.
	 *
	 * Classes are named here and loaded when a hook fires: a page that shows nothing of byok must not pay for it. So
	 * the names of events stand here once more, see HooksTest. What only wp-admin or the REST API needs is in lists
	 * of their own. Translations need no hook, WordPress finds them by the header of the plugin.
	 *
	 * There is deliberately none for exports of content, heartbeat, registered settings or XML-RPC: keys take no
	 * part in any of them.
	 *
	 * @since 0.1.0
	 */
	public static function register_hooks(): void {
		// Before other plugins are loaded, which may write down what they see.
		if ( isset( $_SERVER['HTTP_X_BYOK_API_KEY'] ) ) {
			Passed_Key::take();
		}
		add_action( 'plugins_loaded', array( Known_Keys::class, 'of_site' ), PHP_INT_MIN );
		add_action( 'set_current_user', array( Known_Keys::class, 'of_user' ), PHP_INT_MIN );
		add_action( 'init', array( Elements::class, 'register' ) );
		add_action( 'enqueue_block_editor_assets', array( Blocks::class, 'tell_editor' ) );
		add_filter( 'script_module_data_byok', array( Browser_Module::class, 'data' ) );
		// Of every request through WordPress's HTTP API: those that carry a stand-in, also when another plugin
		// puts it in at this very place.
		add_action( 'requests-requests.before_request', array( Key_Transport::class, 'take_over' ), PHP_INT_MAX, 5 );
		add_filter( 'user_has_cap', array( self::class, 'grant_relay' ), 10, 2 );
		if ( isset( $_GET['byok-practice'] ) ) { // phpcs:ignore WordPress.Security.NonceVerification.Recommended -- nothing is changed by it.
			add_action( 'template_redirect', array( Practice_Page::class, 'maybe_render' ), 0 );
		}
		// Before anyone else's, so that they are there when a request comes in.
		add_action( 'rest_api_init', array( Rest_Hooks::class, 'register' ), PHP_INT_MIN );
		Connectors::register_hooks();

		// Before anyone else's, who may log the request: hence not with the other hooks of REST.
		add_filter( 'rest_request_before_callbacks', array( Rest_Address::class, 'refuse' ), PHP_INT_MIN, 3 );
		add_filter( 'rest_request_after_callbacks', array( Rest_Secret::class, 'forget_refused' ), PHP_INT_MIN, 3 );
		add_filter( 'rest_post_dispatch', array( Log_Guard::class, 'mask_rest_error' ), PHP_INT_MAX, 3 );

		add_action( 'http_api_debug', array( Log_Guard::class, 'before_debug' ), PHP_INT_MIN, 5 );
		add_action( 'wp_mail_failed', array( Log_Guard::class, 'before_mail_failed' ), PHP_INT_MIN );
		add_filter( 'debug_information', array( Site_Health::class, 'add_debug_information' ) );
		add_filter( 'debug_information', array( Log_Guard::class, 'mask_debug_information' ), PHP_INT_MAX );
		add_filter( 'site_status_tests', array( Site_Health_Tests::class, 'add' ) );
		add_action( 'admin_init', array( Privacy::class, 'suggest_policy' ) );
		add_filter( 'wp_privacy_personal_data_exporters', array( Privacy::class, 'add_exporter' ) );
		add_filter( 'wp_privacy_personal_data_erasers', array( Privacy::class, 'add_eraser' ) );
		add_filter( 'byok_relay_origins', array( Connect_Pairs::class, 'add_origins' ), 10, 2 );

		foreach ( array( 'byok_key_saved', 'byok_key_deleted' ) as $hook ) {
			add_action( $hook, array( Relay_Revocation::class, 'of_key' ), 10, 2 );
		}
		foreach ( array( 'deleted_user', 'remove_user_from_blog', 'set_user_role', 'add_user_role', 'remove_user_role' ) as $hook ) {
			add_action( $hook, array( Relay_Revocation::class, 'of_user' ) );
		}
		foreach ( array( 'add', 'update', 'delete' ) as $what ) {
			// Relay_Settings::OPTION: on most pages nobody needs that class.
			add_action( "{$what}_option_byok_relay", array( Relay_Revocation::class, 'of_all' ), 10, 0 );
		}
		add_action( 'byok_check_key', array( Recheck::class, 'run' ), 10, 2 );
		add_action( 'byok_prune_usage', array( Usage_Table::class, 'prune' ) );
		add_action( 'byok_prune_visitors', array( Visitors::class, 'prune' ) );
		add_action( 'byok_send_webhooks', array( Webhook_Sender::class, 'run' ) );
		add_action( 'byok_key_checked', array( Put_Back::class, 'after_check' ), 10, 2 );
		add_action( 'byok_key_checked', array( Webhook_Events::class, 'checked' ), 10, 3 );
		add_action( 'byok_key_saved', array( Put_Back::class, 'forget' ), 10, 2 );
		add_action( 'byok_key_saved', array( Webhook_Events::class, 'saved' ), 10, 2 );
		add_action( 'byok_key_deleted', array( Put_Back::class, 'forget' ), 10, 2 );
		add_action( 'byok_key_deleted', array( Webhook_Events::class, 'deleted' ), 10, 2 );
		add_action( 'byok_key_locked', array( Webhook_Events::class, 'locked' ), 10, 2 );
		add_action( 'byok_key_refused', array( Webhook_Events::class, 'refused' ), 10, 2 );

		$file = plugin_basename( BYOK_PLUGIN_FILE );
		add_action( "activate_$file", array( Usage_Table::class, 'install' ) );
		add_action( "activate_$file", array( Guest_Table::class, 'ensure' ) );
		add_action( 'deleted_user', array( Usage_Table::class, 'after_user_deleted' ) );
		add_action( 'wp_uninitialize_site', array( Usage_Table::class, 'forget_site' ) );
		add_action( 'wp_uninitialize_site', array( Guest_Table::class, 'forget_site' ) );
		add_action( 'wp_uninitialize_site', array( Webhook_Table::class, 'forget_site' ) );
		if ( is_admin() ) {
			add_filter( "plugin_action_links_$file", array( self::class, 'add_settings_link' ) );
			// Of a plugin that is active in the whole network WordPress does not know yet which page is asked for.
			if ( isset( $GLOBALS['pagenow'] ) ) {
				Admin_Hooks::register();
			} else {
				add_action( 'plugins_loaded', array( Admin_Hooks::class, 'register' ), 0 );
			}
		}
		if ( defined( 'WP_CLI' ) && WP_CLI ) {
			\WP_CLI::add_command( 'byok', Cli_Command::class );
			\WP_CLI::add_command( 'byok import', Cli_Import::class );
			\WP_CLI::add_command( 'byok rotate', Cli_Rotate::class );
			\WP_CLI::add_command( 'byok scan', Cli_Scan::class );
			\WP_CLI::add_command( 'byok relay', Cli_Relay::class );
			\WP_CLI::add_command( 'byok connect', Cli_Connect::class );
			\WP_CLI::add_command( 'byok visitor', Cli_Visitor::class );
			\WP_CLI::add_command( 'byok webhook', Cli_Webhook::class );
		}
		// As early as can be, and when all the rest is in place.
		if ( 'OPTIONS' === ( $_SERVER['REQUEST_METHOD'] ?? '' ) ) {
			Relay_Cors::answer_preflight();
		}
	}

	/**
	 * Gives the capability to use the relay to those who have it. Asked dozens of times on a page of wp-admin, and
	 * nearly never about this one.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $has    Capabilities of a user, by name.
	 * @param mixed $wanted Capabilities that are asked for.
	 * @return mixed The same, with ours.
	 */
	public static function grant_relay( $has, $wanted ) {
		return in_array( 'byok_use_relay', (array) $wanted, true ) ? User_Identity::grant( $has, $wanted ) : $has;
	}

	/**
	 * Adds "API Keys" to the plugin's line on the plugins screen.
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $links Links of the line.
	 * @return string[] The same, with ours first.
	 */
	public static function add_settings_link( $links ) {
		if ( ! Capability::current_user_can() ) {
			return $links;
		}

		$link = sprintf(
			'<a href="%s">%s</a>',
			esc_url( self::settings_url() ),
			esc_html__( 'API Keys', 'byok' )
		);
		return array_merge( array( 'byok' => $link ), (array) $links );
	}

	/**
	 * Address of the settings page.
	 *
	 * @since 0.1.0
	 *
	 * @return string Unescaped URL.
	 */
	public static function settings_url(): string {
		return admin_url( 'options-general.php?page=byok' );
	}
}
