<?php
/**
 * WordPress's own connectors.
 *
 * @package byok
 */

namespace Byok;

use WordPress\AiClient\AiClient;
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
	 * When WordPress registers settings of connectors, on `init`.
	 */
	private const SETTINGS = 20;

	/**
	 * Provider ids by the name of the option.
	 *
	 * @var array<string, string>
	 */
	private static array $providers = array();

	/**
	 * See own().
	 *
	 * @var array<string, array{string, string, string}>|null
	 */
	private static ?array $own = null;

	/**
	 * Hooks everything about connectors that any page may ask for, where there are any.
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
		add_action( 'delete_option', array( self::class, 'before_delete' ), PHP_INT_MAX );
		// Before plugins that change connectors, and after those that register or change theirs.
		add_action( 'wp_connectors_init', array( self::class, 'add_own' ), PHP_INT_MIN );
		add_action( 'wp_connectors_init', array( self::class, 'bridge_registered' ), PHP_INT_MAX );

		AI_Registry::put_in_place();
		// Before anyone else's, who may log the request: hence not with the other hooks of REST.
		add_filter( 'rest_request_before_callbacks', array( Connector_Rest::class, 'take_keys' ), PHP_INT_MIN, 3 );
		// Before WordPress makes connectors of the providers of its AI client, on 15, and after plugins with a
		// better one.
		add_action( 'init', array( self::class, 'add_providers' ), 14 );
		if ( remove_action( 'init', '_wp_connectors_pass_default_keys_to_ai_client', 20 ) ) {
			add_action( 'init', array( self::class, 'pass_keys' ), 20 );
		}
		add_filter( 'script_module_data_options-connectors-wp-admin', array( Connector_Client::class, 'tell_connected' ), 20 );
		// Before any other listener, who may use the key.
		foreach ( array( 'byok_key_saved', 'byok_key_deleted', 'byok_key_checked' ) as $hook ) {
			add_action( $hook, array( Connector_Client::class, 'after_change' ), PHP_INT_MIN );
		}
	}

	/**
	 * Hooks what only requests to the REST API need.
	 *
	 * @since 0.1.0
	 */
	public static function register_rest_hooks(): void {
		add_action( 'rest_api_init', array( self::class, 'register_settings' ) );
		remove_filter( 'rest_post_dispatch', '_wp_connectors_rest_settings_dispatch', 10 );
		add_filter( 'rest_post_dispatch', array( Connector_Rest::class, 'tell_failure' ), 10, 3 );
		add_filter( 'rest_post_dispatch', array( Connector_Others::class, 'check_and_mask' ), 10, 3 );
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
	 * Adds byok's providers to the AI client, or leaves that to the first who asks for one. Hooked to `init`.
	 *
	 * @since 0.1.0
	 */
	public static function add_providers(): void {
		if ( null === AI_Registry::in_place() ) {
			AI_Providers::register( AiClient::defaultRegistry() );
		}
	}

	/**
	 * Adds the connectors that WordPress would make of byok's providers if they were there. Hooked to
	 * `wp_connectors_init`.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_Connector_Registry $connectors All connectors.
	 */
	public static function add_own( $connectors ): void {
		$registry = AI_Registry::in_place();
		if ( null === $registry || null !== Extension::reason() || ! wp_supports_ai() ) {
			return;
		}
		foreach ( self::own() as $id => list( $name, $description, $key_page ) ) {
			if ( $connectors->is_registered( $id ) ) {
				continue;
			}
			$connectors->register(
				$id,
				array(
					'name'           => $name,
					'description'    => $description,
					'type'           => 'ai_provider',
					'authentication' => array(
						'method'          => 'api_key',
						'credentials_url' => $key_page,
						'setting_name'    => "connectors_ai_{$id}_api_key",
						'constant_name'   => strtoupper( $id ) . '_API_KEY',
						'env_var_name'    => strtoupper( $id ) . '_API_KEY',
					),
					'plugin'         => array( 'is_active' => array( self::class, 'is_active' ) ),
				)
			);
		}
		$registry->open();
	}

	/**
	 * Whether byok's connectors are active, which they are; but on `init` WordPress asks in order to register
	 * their settings, which only the REST API and `options.php` need, see register_settings().
	 *
	 * @since 0.1.0
	 */
	public static function is_active(): bool {
		return ! doing_action( 'init' ) || self::SETTINGS !== $GLOBALS['wp_filter']['init']->current_priority();
	}

	/**
	 * Has WordPress register the settings that it has not registered on `init`.
	 *
	 * @since 0.1.0
	 */
	public static function register_settings(): void {
		if ( function_exists( '_wp_register_default_connector_settings' ) ) {
			_wp_register_default_connector_settings();
		}
	}

	/**
	 * Passes keys to the AI client, in the place of WordPress's own function. Hooked to `init`.
	 *
	 * Where no other plugin has a provider, the first who asks the client for something has it done.
	 *
	 * @since 0.1.0
	 */
	public static function pass_keys(): void {
		if ( true !== AI_Registry::in_place()?->is_waiting() ) {
			Connector_Client::pass_keys();
		}
	}

	/**
	 * Bridges the options of registered connectors. Hooked to `wp_connectors_init`.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_Connector_Registry $registry All connectors.
	 */
	public static function bridge_registered( $registry ): void {
		$own = self::own();
		foreach ( $registry->get_all_registered() as $id => $connector ) {
			$option = $connector['authentication']['setting_name'] ?? '';
			if ( 'ai_provider' !== $connector['type'] || 'api_key' !== $connector['authentication']['method'] || '' === $option || isset( self::$providers[ $option ] ) ) {
				continue;
			}
			// Not looked up when it need not be.
			$known = isset( $own[ $id ] ) ? array( 'custom_base_url' => false ) : Providers::find( (string) $id );
			// A provider with an address of one's own cannot be set up with a key alone.
			if ( null !== $known && ! $known['custom_base_url'] ) {
				self::bridge( $option, (string) $id );
			}
		}
	}

	/**
	 * Takes the key out of what is to be written, and has the rest of the way watched. Hooked to `sanitize_option_{name}`.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed  $value  What is to be written.
	 * @param string $option Name of the option.
	 * @return mixed See Connector_Option::take().
	 */
	public static function take( #[\SensitiveParameter] $value, $option ) {
		// Here and not before: a page that writes none of these options, as nearly all are, has fewer hooks by dozens.
		add_filter( "pre_update_option_$option", array( Connector_Option::class, 'write' ), PHP_INT_MAX, 3 );
		add_action( "add_option_$option", array( Connector_Option::class, 'after_add' ), PHP_INT_MIN, 2 );
		return Connector_Option::take( $value, $option );
	}

	/**
	 * Has the deletion of an option watched. Hooked to `delete_option`.
	 *
	 * @since 0.1.0
	 *
	 * @param string $option Name of the option.
	 */
	public static function before_delete( $option ): void {
		if ( isset( self::$providers[ $option ] ) ) {
			add_action( "delete_option_$option", array( Connector_Option::class, 'after_delete' ), PHP_INT_MIN );
		}
	}

	/**
	 * The connectors that byok adds.
	 *
	 * @since 0.1.0
	 *
	 * @return array<string, array{string, string, string}> Name, description and page for keys, by provider id.
	 */
	public static function own(): array {
		self::$own ??= require __DIR__ . '/connector-table.php';
		return self::$own;
	}

	/**
	 * Puts the vault in the place of an option.
	 *
	 * @param string $option   Name of the option.
	 * @param string $provider Provider id.
	 */
	private static function bridge( string $option, string $provider ): void {
		if ( ! isset( self::$providers[ $option ] ) ) {
			self::$providers[ $option ] = $provider;
			add_filter( "pre_option_$option", array( Connector_Option::class, 'read' ), 10, 2 );
			// After those that clean the value. From here on nobody gets the key itself.
			add_filter( "sanitize_option_$option", array( self::class, 'take' ), PHP_INT_MAX, 2 );
		}
	}
}
