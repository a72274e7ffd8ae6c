<?php
/**
 * Where the plugin meets wp-admin.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Registers what pages of wp-admin need.
 *
 * It decides nothing.
 *
 * @since 0.1.0
 */
final class Admin_Hooks {

	/**
	 * Registers the hooks.
	 *
	 * @since 0.1.0
	 */
	public static function register(): void {
		$page = $GLOBALS['pagenow'] ?? '';
		// Where somebody looks after the site, and beside keys.
		if ( in_array( $page, array( 'index.php', 'plugins.php', 'site-health.php' ), true ) ) {
			add_action( 'admin_notices', array( Attention::class, 'render' ) );
		} elseif ( isset( $_GET['page'] ) ) { // phpcs:ignore WordPress.Security.NonceVerification.Recommended -- a page of byok's, perhaps.
			add_action( 'admin_notices', array( Approval_Notice::class, 'render' ) );
		}
		add_action( 'network_admin_notices', array( Notices::class, 'render' ) );
		add_action( 'network_admin_notices', array( Approval_Notice::class, 'render' ) );
		add_action( 'admin_init', array( self::class, 'make_tables' ) );
		if ( 'options.php' === $page && Connectors::are_there() ) {
			add_action( 'admin_init', array( Connectors::class, 'register_settings' ) );
		}
		if ( in_array( $_GET['page'] ?? '', array( 'byok-usage', 'byok-own-usage' ), true ) ) { // phpcs:ignore WordPress.Security -- compared only.
			// These are in no menu.
			add_action( 'admin_menu', array( Usage_Page::class, 'add_pages' ) );
			add_action( 'network_admin_menu', array( Usage_Page::class, 'add_network_page' ) );
			add_filter( 'submenu_file', array( Usage_Page::class, 'mark_in_menu' ) );
		}
		add_action( 'admin_menu', array( Admin_Menu::class, 'add_pages' ) );
		add_action( 'network_admin_menu', array( Network_Page::class, 'add_page' ) );
		add_action( 'admin_enqueue_scripts', array( Admin_Menu::class, 'enqueue' ) );
		if ( in_array( $page, array( 'post.php', 'post-new.php', 'site-editor.php', 'widgets.php', 'customize.php' ), true ) ) {
			// Not on init: that would have WordPress make its list of scripts, with nonces in it, in requests that print
			// none, and where salts are missing it would write some into the database.
			add_action( 'wp_default_scripts', array( Elements::class, 'add_script' ) );
			add_action( 'wp_default_styles', array( Elements::class, 'add_style' ) );
			add_action( 'admin_init', array( Elements::class, 'name_blocks' ) );
		}
		// WordPress runs this one on the own profile only.
		add_action( 'show_user_profile', array( Profile_Section::class, 'render_section' ) );
		// There is no `nopriv` twin: a visitor gets WordPress's own empty answer.
		foreach (
			array(
				'byok_key'       => Key_Form::class,
				'byok_unlock'    => Unlock_Form::class,
				'byok_reencrypt' => Reencryption_Form::class,
				'byok_import'    => Import_Form::class,
				'byok_relay'     => Relay_Form::class,
				'byok_usage'     => Usage_Form::class,
				'byok_connect'   => Connect_Form::class,
				'byok_webhooks'  => Webhook_Form::class,
			) as $action => $form
		) {
			add_action( "admin_post_$action", array( $form, 'handle' ) );
		}
	}

	/**
	 * Makes the tables that are missing: the plugin was not activated, but its files put in place. Looking costs a query, so
	 * a process does it once in an hour.
	 *
	 * @since 0.1.0
	 */
	public static function make_tables(): void {
		if ( Known_Keys::is_time_for( 'tables', HOUR_IN_SECONDS ) ) {
			Usage_Table::install_late();
		}
	}
}
