<?php
/**
 * WordPress's AI client.
 *
 * @package byok
 */

namespace Byok;

use Exception;
use WordPress\AiClient\AiClient;
use WordPress\AiClient\Common\Contracts\CachesDataInterface;

defined( 'ABSPATH' ) || exit;

/**
 * Gives the AI client stand-ins for the keys that byok has, and has it forget what it knew of the key before.
 *
 * It sends nothing itself.
 *
 * @since 0.1.0
 */
final class Connector_Client {

	/**
	 * Passes keys to the client, in the place of WordPress's own function. Hooked to `init`.
	 *
	 * For bridged options it passes what finds the key when it is used: nearly no request uses one, and looking
	 * for it would cost each of them queries.
	 *
	 * @since 0.1.0
	 */
	public static function pass_keys(): void {
		Connector_Option::hide( '_wp_connectors_pass_default_keys_to_ai_client' );
		foreach ( Connectors::all() as $provider ) {
			self::pass_stand_in( $provider );
		}
	}

	/**
	 * Catches up with a key that was saved, deleted or checked.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 */
	public static function after_change( $provider ): void {
		Connector_Keys::forget();
		if ( ! in_array( $provider, Connectors::all(), true ) || ! did_action( 'wp_connectors_init' ) ) {
			return;
		}
		try {
			$registry = AiClient::defaultRegistry();
			if ( ! $registry->hasProvider( $provider ) ) {
				return;
			}
			$directory = $registry->getProviderClassName( $provider )::modelMetadataDirectory();
			if ( $directory instanceof CachesDataInterface ) {
				// It is kept without the key that it was asked for with.
				$directory->invalidateCaches();
			}
			if ( null === $registry->getProviderRequestAuthentication( $provider ) ) {
				self::pass_stand_in( $provider );
			}
		} catch ( Exception $thrown ) {
			// Of a provider of someone else. The key itself has been changed.
			return;
		}
	}

	/**
	 * Tells the screen whether connectors work, from what the last check or use of the key has told, and not
	 * from a model list that was fetched with another key.
	 *
	 * @since 0.1.0
	 *
	 * @param array $data Data of the screen.
	 * @return array The same.
	 */
	public static function tell_connected( $data ) {
		$connectors = $data['connectors'] ?? null;
		foreach ( is_array( $connectors ) ? $connectors : array() as $id => $connector ) {
			$option   = (string) ( $connector['authentication']['settingName'] ?? '' );
			$provider = Connectors::provider_of( $option );
			if ( null === $provider || '' !== Connector_Option::plaintext( $option ) ) {
				continue;
			}
			$data['connectors'][ $id ]['authentication']['isConnected'] = self::is_registered( $provider ) && self::works( $provider );
		}
		return $data;
	}

	/**
	 * Whether there is a key that opens and that its provider did not refuse.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 */
	public static function works( string $provider ): bool {
		$info = Connector_Keys::has( $provider ) ? Connector_Keys::info( $provider ) : null;
		return null !== $info && in_array( $info['state'], array( 'ready', 'stale' ), true ) && 'invalid' !== $info['outcome'];
	}

	/**
	 * Whether the client has a provider.
	 *
	 * @param string $provider Provider id.
	 */
	private static function is_registered( string $provider ): bool {
		return AiClient::defaultRegistry()->hasProvider( $provider );
	}

	/**
	 * Passes a stand-in to the client.
	 *
	 * @param string $provider Provider id.
	 */
	private static function pass_stand_in( string $provider ): void {
		try {
			if ( self::is_registered( $provider ) ) {
				$registry = AiClient::defaultRegistry();
				$held     = $registry->getProviderRequestAuthentication( $provider );
				$registry->setProviderRequestAuthentication( $provider, Connector_Authentication::over( $held, $provider ) );
			}
		} catch ( Exception $thrown ) {
			// A provider of someone else that takes no key.
			return;
		}
	}
}
