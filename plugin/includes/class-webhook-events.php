<?php
/**
 * What webhooks tell of.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Listens to what happens to keys, and puts it on the list of what is to be told. Nothing is sent here: whoever saves a
 * key does not wait for somebody else's server.
 *
 *     key.connected          a key was checked and saved
 *     key.revoked            a key was deleted
 *     key.disabled           the provider refuses a key that it took before, or it is locked
 *     key.validation_failed  a check has found a key invalid: one to be saved, which was not, or a stored one
 *
 * What is told names a provider, an owner and a state. No key, no hint, no ciphertext.
 *
 * @since 0.1.0
 */
final class Webhook_Events {

	/**
	 * Hooked to `byok_key_saved`.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param array  $info     See byok_key_info().
	 */
	public static function saved( $provider, $info ): void {
		self::add( 'key.connected', (string) $provider, $info );
	}

	/**
	 * Hooked to `byok_key_deleted`.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param array  $info     See byok_key_info().
	 */
	public static function deleted( $provider, $info ): void {
		self::add( 'key.revoked', (string) $provider, $info );
	}

	/**
	 * Hooked to `byok_key_locked`.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param array  $info     See byok_key_info().
	 */
	public static function locked( $provider, $info ): void {
		self::add( 'key.disabled', (string) $provider, $info );
	}

	/**
	 * Hooked to `byok_key_refused`.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param array  $refused  See the action.
	 */
	public static function refused( $provider, $refused ): void {
		self::add( 'key.validation_failed', (string) $provider, $refused );
	}

	/**
	 * Hooked to `byok_key_checked`.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param array  $info     See byok_key_info().
	 * @param array  $checked  See the action.
	 */
	public static function checked( $provider, $info, $checked = array() ): void {
		if ( 'invalid' !== ( $checked['outcome'] ?? null ) ) {
			return;
		}
		if ( ! $checked['by_request'] ) {
			self::add( 'key.validation_failed', (string) $provider, array( 'outcome' => 'invalid' ) + $info );
		}
		// Where the key before was put back, none is out of use.
		if ( 'invalid' !== $checked['before'] && 'invalid' === $info['outcome'] ) {
			self::add( 'key.disabled', (string) $provider, $info );
		}
	}

	/**
	 * Puts an event on the list, for every endpoint that is told of it.
	 *
	 * @param string $type     One of Webhook_Endpoint::EVENTS.
	 * @param string $provider Provider id.
	 * @param array  $info     What happened: `owner`, `slot`, `state`, `outcome`.
	 */
	private static function add( string $type, string $provider, array $info ): void {
		$endpoints = Webhook_Endpoints::all();
		$endpoints = array_filter( is_array( $endpoints ) ? $endpoints : array(), static fn( Webhook_Endpoint $endpoint ) => in_array( $type, $endpoint->events, true ) );
		if ( array() === $endpoints ) {
			return;
		}
		$event = self::event( $type, array( 'provider' => $provider ) + array_intersect_key( $info, array_flip( array( 'owner', 'slot', 'state', 'outcome' ) ) ) );
		foreach ( $endpoints as $endpoint ) {
			Webhook_Table::add( $endpoint->id, $event['id'], $type, (string) ( $info['owner'] ?? '' ), (string) wp_json_encode( $event ) );
		}
		Webhook_Sender::plan( time() );
	}

	/**
	 * An event.
	 *
	 * @since 0.1.0
	 *
	 * @param string $type Type.
	 * @param array  $data What happened.
	 * @return array{id: string, type: string, created: int, site: string, data: array}
	 */
	public static function event( string $type, array $data ): array {
		return array(
			'id'      => 'evt_' . Token::id( 24 ),
			'type'    => $type,
			'created' => time(),
			'site'    => home_url( '/' ),
			'data'    => $data,
		);
	}
}
