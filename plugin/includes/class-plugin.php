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
	 * There is deliberately none for exports of content, heartbeat, registered settings or XML-RPC: keys take no
	 * part in any of them.
	 *
	 * @since 0.1.0
	 */
	public static function register_hooks(): void {
		// Before other plugins are loaded, which may write down what they see.
		Passed_Key::take();
		add_action( 'init', array( self::class, 'load_translations' ) );
		add_action( 'init', array( Canary::class, 'look' ) );
		add_action( 'rest_api_init', array( Rest_Controller::class, 'register' ) );
		add_action( 'rest_api_init', array( Rest_Reencryption::class, 'register' ) );
		add_action( 'rest_api_init', array( Rest_Import::class, 'register' ) );
		// Before anyone else's, who may log the request.
		add_filter( 'rest_request_after_callbacks', array( Rest_Secret::class, 'forget_refused' ), PHP_INT_MIN, 3 );
		add_action( Recheck::HOOK, array( Recheck::class, 'run' ), 10, 2 );
		add_action( 'byok_key_checked', array( Put_Back::class, 'after_check' ), 10, 2 );
		add_action( 'byok_key_saved', array( Put_Back::class, 'forget' ), 10, 2 );
		add_action( 'byok_key_deleted', array( Put_Back::class, 'forget' ), 10, 2 );
		add_filter( 'debug_information', array( Site_Health::class, 'add_debug_information' ) );
		add_filter( 'site_status_tests', array( Site_Health_Tests::class, 'add' ) );
		add_filter( 'wp_privacy_personal_data_exporters', array( Privacy::class, 'add_exporter' ) );
		add_filter( 'wp_privacy_personal_data_erasers', array( Privacy::class, 'add_eraser' ) );
		add_action( 'admin_init', array( Privacy::class, 'suggest_policy' ) );
		register_activation_hook( BYOK_PLUGIN_FILE, array( Usage_Table::class, 'install' ) );
		add_action( 'admin_init', array( Usage_Table::class, 'install_late' ) );
		add_action( Usage_Table::HOOK, array( Usage_Table::class, 'prune' ) );
		add_action( 'deleted_user', array( Usage_Table::class, 'after_user_deleted' ) );
		add_action( 'wp_uninitialize_site', array( Usage_Table::class, 'forget_site' ) );
		Guests::register_hooks();
		Webhooks::register_hooks();
		add_action( 'rest_api_init', array( Rest_Usage::class, 'register' ) );
		// Of every request through WordPress's HTTP API: those that carry a stand-in, also when another plugin
		// puts it in at this very place.
		add_action( 'requests-requests.before_request', array( Key_Transport::class, 'take_over' ), PHP_INT_MAX, 5 );
		add_filter( 'user_has_cap', array( User_Identity::class, 'grant' ), 10, 2 );
		// Before the body of a request is read, and before WordPress's headers for other origins.
		add_action( 'rest_api_init', array( Relay_Access::class, 'look_early' ), PHP_INT_MAX );
		add_action( 'rest_api_init', array( Rest_Relay::class, 'register' ) );
		add_action( 'rest_api_init', array( Rest_Models::class, 'register' ) );
		add_action( 'rest_api_init', array( Rest_Health::class, 'register' ) );
		add_action( 'rest_api_init', array( Rest_Openapi::class, 'register' ) );
		add_filter( 'rest_post_dispatch', array( Rest_Relay::class, 'finish' ), 10, 3 );
		add_filter( 'rest_pre_serve_request', array( Relay_Cors::class, 'send_headers' ), 5, 3 );
		add_filter( 'rest_pre_serve_request', array( Relay_Response::class, 'serve' ), PHP_INT_MAX, 2 );
		Connectors::register_hooks();
		Log_Guard::register_hooks();
		Browser_Module::register_hooks();
		Practice_Page::register_hooks();
		Blocks::register_hooks();
		add_action( 'plugins_loaded', array( Known_Keys::class, 'of_site' ), PHP_INT_MIN );
		add_action( 'set_current_user', array( Known_Keys::class, 'of_user' ), PHP_INT_MIN );
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

		if ( is_admin() ) {
			add_action( 'admin_notices', array( Notices::class, 'render' ) );
			add_action( 'network_admin_notices', array( Notices::class, 'render' ) );
			add_filter(
				'plugin_action_links_' . plugin_basename( BYOK_PLUGIN_FILE ),
				array( self::class, 'add_settings_link' )
			);
			add_action( 'admin_notices', array( Approval_Notice::class, 'render' ) );
			add_action( 'network_admin_notices', array( Approval_Notice::class, 'render' ) );
			Usage_Page::register_hooks();
			Usage_Form::register_hooks();
			Settings_Page::register_hooks();
			Network_Page::register_hooks();
			Profile_Section::register_hooks();
			Key_Form::register_hooks();
			Unlock_Form::register_hooks();
			Reencryption_Form::register_hooks();
			Import_Form::register_hooks();
			Relay_Form::register_hooks();
		}
	}

	/**
	 * Loads the translations that come with the plugin.
	 *
	 * @since 0.1.0
	 */
	public static function load_translations(): void {
		load_plugin_textdomain( 'byok', false, dirname( plugin_basename( BYOK_PLUGIN_FILE ) ) . '/languages' );
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
