<?php
/**
 * WordPress's own connectors.
 *
 * @package byok
 */

namespace Byok;

use WP_Connector_Registry;

defined( 'ABSPATH' ) || exit;

/**
 * Knows which options of WordPress 7's Settings > Connectors hold the key of a provider of ours, and puts the
 * vault in the place of those options: what is read from them is a stand-in, what is written to them is
 * checked and encrypted, and WordPress's own rows stay empty.
 *
 * Options of connectors that byok has no provider for stay as WordPress keeps them, see Connector_Others.
 * Before WordPress 7 there are no connectors, and nothing of this runs.
 *
 * @since 0.1.0
 */
final class Connectors {

	/**
	 * The connectors that WordPress has by itself. Their options may be read before connectors are registered.
	 */
	private const BUILT_IN = array( 'anthropic', 'google', 'openai' );

	/**
	 * Provider ids by the name of the option.
	 *
	 * @var array<string, string>
	 */
	private static array $providers = array();

	/**
	 * Hooks everything about connectors, where there are any.
	 *
	 * @since 0.1.0
	 */
	public static function register_hooks(): void {
		if ( ! self::are_there() ) {
			return;
		}
		foreach ( self::BUILT_IN as $provider ) {
			self::bridge( "connectors_ai_{$provider}_api_key", $provider );
		}
		// After plugins have registered or changed theirs.
		add_action( 'wp_connectors_init', array( self::class, 'bridge_registered' ), PHP_INT_MAX );

		// Before WordPress makes connectors of the providers of its AI client, on 15, and after plugins with a
		// better one.
		add_action( 'init', array( AI_Providers::class, 'register' ), 14 );
		if ( remove_action( 'init', '_wp_connectors_pass_default_keys_to_ai_client', 20 ) ) {
			add_action( 'init', array( Connector_Client::class, 'pass_keys' ), 20 );
		}
		add_filter( 'script_module_data_options-connectors-wp-admin', array( Connector_Client::class, 'tell_connected' ), 20 );
		// Before any other listener, who may use the key.
		foreach ( array( 'byok_key_saved', 'byok_key_deleted', 'byok_key_checked' ) as $hook ) {
			add_action( $hook, array( Connector_Client::class, 'after_change' ), PHP_INT_MIN );
		}

		remove_filter( 'rest_post_dispatch', '_wp_connectors_rest_settings_dispatch', 10 );
		add_filter( 'rest_post_dispatch', array( Connector_Rest::class, 'tell_failure' ), 10, 3 );
		add_filter( 'rest_post_dispatch', array( Connector_Others::class, 'check_and_mask' ), 10, 3 );
		// Before anyone else's, who may log the request.
		add_filter( 'rest_request_before_callbacks', array( Connector_Rest::class, 'take_keys' ), PHP_INT_MIN, 3 );
		add_filter( 'rest_pre_get_setting', array( Connector_Rest::class, 'mask' ), PHP_INT_MAX, 2 );
		add_filter( 'rest_pre_update_setting', array( Connector_Others::class, 'before_update' ), PHP_INT_MAX, 3 );
	}

	/**
	 * Whether this WordPress has connectors.
	 *
	 * @since 0.1.0
	 */
	public static function are_there(): bool {
		return class_exists( WP_Connector_Registry::class, false ) && function_exists( 'wp_get_connectors' );
	}

	/**
	 * The provider whose key an option stands for.
	 *
	 * @since 0.1.0
	 *
	 * @param string $option Name of the option.
	 * @return string|null Provider id; null when the option is not bridged.
	 */
	public static function provider_of( string $option ): ?string {
		return self::$providers[ $option ] ?? null;
	}

	/**
	 * All bridged options.
	 *
	 * @since 0.1.0
	 *
	 * @return array<string, string> Provider ids by the name of the option.
	 */
	public static function all(): array {
		return self::$providers;
	}

	/**
	 * Bridges the options of registered connectors. Hooked to `wp_connectors_init`.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_Connector_Registry $registry All connectors.
	 */
	public static function bridge_registered( $registry ): void {
		foreach ( $registry->get_all_registered() as $id => $connector ) {
			$known  = 'ai_provider' === $connector['type'] ? Providers::find( (string) $id ) : null;
			$option = $connector['authentication']['setting_name'] ?? '';
			// A provider with an address of one's own cannot be set up with a key alone.
			if ( null !== $known && ! $known['custom_base_url'] && '' !== $option && 'api_key' === $connector['authentication']['method'] ) {
				self::bridge( $option, (string) $id );
			}
		}
	}

	/**
	 * Puts the vault in the place of an option.
	 *
	 * @param string $option   Name of the option.
	 * @param string $provider Provider id.
	 */
	private static function bridge( string $option, string $provider ): void {
		if ( isset( self::$providers[ $option ] ) ) {
			return;
		}
		self::$providers[ $option ] = $provider;
		add_filter( "pre_option_$option", array( Connector_Option::class, 'read' ), 10, 2 );
		// After those that clean the value. From here on nobody gets the key itself.
		add_filter( "sanitize_option_$option", array( Connector_Option::class, 'take' ), PHP_INT_MAX, 2 );
		add_filter( "pre_update_option_$option", array( Connector_Option::class, 'write' ), PHP_INT_MAX, 3 );
		add_action( "add_option_$option", array( Connector_Option::class, 'after_add' ), PHP_INT_MIN, 2 );
		add_action( "delete_option_$option", array( Connector_Option::class, 'after_delete' ), PHP_INT_MIN );
	}
}
