<?php
/**
 * Connectors that byok has no provider for.
 *
 * @package byok
 */

namespace Byok;

use Exception;
use WordPress\AiClient\AiClient;
use WordPress\AiClient\Common\Contracts\CachesDataInterface;
use WordPress\AiClient\Providers\Http\DTO\ApiKeyRequestAuthentication;
use WordPress\AiClient\Providers\Http\Exception\ClientException;
use WP_REST_Request;
use WP_REST_Response;

defined( 'ABSPATH' ) || exit;

/**
 * Does for the other connectors what the filter of WordPress did that byok has taken out: masks their
 * credentials and checks new keys, with three outcomes. A key that its provider refuses is taken back, one
 * that could not be checked is kept.
 *
 * Their keys stay where WordPress keeps them, in plaintext: byok does not know which address they are for.
 *
 * @since 0.1.0
 */
final class Connector_Others {

	/**
	 * What an answer of a provider must be to say that the key is wrong.
	 */
	private const REFUSED = array( 400, 401, 403 );

	/**
	 * Settings that the request changes, as they were before.
	 *
	 * @var array<string, string>
	 */
	private static array $before = array();

	/**
	 * Remembers a setting before it is changed, and leaves it as it is when its own mask is posted.
	 *
	 * @since 0.1.0
	 *
	 * @param bool   $updated Whether someone has updated it already.
	 * @param string $name    Name of the setting.
	 * @param mixed  $value   New value.
	 * @return bool True to leave it.
	 */
	public static function before_update( $updated, $name, #[\SensitiveParameter] $value ) {
		if ( $updated || ! is_string( $value ) || ! isset( self::all()[ $name ] ) ) {
			return $updated;
		}
		if ( str_contains( $value, "\u{2022}" ) ) {
			return true;
		}
		self::$before[ $name ] = (string) get_option( $name, '' );
		return $updated;
	}

	/**
	 * Checks what the request has changed, and masks what the answer holds.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Response $response Answer.
	 * @param mixed            $server   Unused.
	 * @param WP_REST_Request  $request  Request.
	 * @return WP_REST_Response The answer.
	 */
	public static function check_and_mask( $response, $server, $request ) {
		$before       = self::$before;
		self::$before = array();
		$data         = $response->get_data();
		if ( ! Connector_Rest::is_settings_route( $request ) || ! is_array( $data ) || $response->is_error() ) {
			return $response;
		}

		$refused = null;
		foreach ( self::all() as $name => $connector ) {
			$value = $data[ $name ] ?? null;
			if ( is_array( $value ) && is_string( $value['password'] ?? null ) && '' !== $value['password'] ) {
				$data[ $name ]['password'] = Connector_Rest::mask_of( '' );
			}
			if ( ! is_string( $value ) || '' === $value ) {
				continue;
			}
			if ( isset( $before[ $name ] ) && 'ai_provider' === $connector['type'] && self::is_refused( $connector['id'], $value ) ) {
				update_option( $name, $before[ $name ] );
				$refused = Messages::refused( array( 'name' => $connector['name'], 'prefixes' => array() ), false );
				$value   = $before[ $name ];
			}
			$data[ $name ] = '' === $value ? '' : Connector_Rest::mask_of( $value );
		}
		$response->set_data( $data );
		return null === $refused ? $response : Connector_Rest::error( $response, Failure::because( 'key_refused', $refused ) );
	}

	/**
	 * The other connectors that have a key or a password.
	 *
	 * @return array<string, array> Connectors with their `id`, by the name of the setting.
	 */
	private static function all(): array {
		$all = array();
		foreach ( wp_get_connectors() as $id => $connector ) {
			$name = $connector['authentication']['setting_name'] ?? '';
			if ( '' !== $name && null === Connectors::provider_of( $name ) ) {
				$all[ $name ] = array( 'id' => (string) $id ) + $connector;
			}
		}
		return $all;
	}

	/**
	 * Whether a provider says that a key is wrong.
	 *
	 * @param string $id  Id of the connector and of the AI client's provider.
	 * @param string $key Key.
	 */
	private static function is_refused( string $id, #[\SensitiveParameter] string $key ): bool {
		try {
			$registry = AiClient::defaultRegistry();
			if ( ! $registry->hasProvider( $id ) ) {
				return false;
			}
			$registry->setProviderRequestAuthentication( $id, new ApiKeyRequestAuthentication( $key ) );
			$directory = $registry->getProviderClassName( $id )::modelMetadataDirectory();
			if ( $directory instanceof CachesDataInterface ) {
				// It is kept without the key that it was asked for with.
				$directory->invalidateCaches();
			}
			$directory->listModelMetadata();
			return false;
		} catch ( ClientException $answer ) {
			return in_array( $answer->getCode(), self::REFUSED, true );
		} catch ( Exception $unknown ) {
			return false;
		}
	}
}
