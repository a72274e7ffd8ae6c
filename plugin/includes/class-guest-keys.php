<?php
/**
 * What REST does with the keys of guests.
 *
 * @package byok
 */

namespace Byok;

use WeakMap;
use WP_Error;
use WP_REST_Request;
use WP_REST_Response;

defined( 'ABSPATH' ) || exit;

/**
 * Lists, saves, checks and deletes the keys of one person without an account, for the routes of visitors and of connect
 * keys. A key goes in; names, masks and states come out.
 *
 * It does not know how the person was recognised.
 *
 * @since 0.1.0
 */
final class Guest_Keys {

	/**
	 * Fields of an info that are told, see Rest_Schema::key().
	 */
	private const TOLD = array( 'provider', 'name', 'slot', 'state', 'reason', 'hint', 'previous_hint', 'outcome', 'proof', 'message', 'checked_at', 'saved_at', 'resume_at' );

	/**
	 * Keys of requests, until they are saved.
	 *
	 * @var WeakMap<WP_REST_Request, array{key: mixed, in_url: bool}>|null
	 */
	private static ?WeakMap $held = null;

	/**
	 * Takes the key out of a request, before anything else is done with it: to find out whom it is from takes queries,
	 * which others listen to.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 */
	public static function hold( WP_REST_Request $request ): void {
		self::$held ??= new WeakMap();
		if ( isset( $request['key'] ) ) {
			// Servers, proxies and browsers write addresses down. WordPress would take the key from there.
			$in_url = isset( $request->get_query_params()['key'] );
			$key    = Rest_Secret::take( $request, 'key' );

			self::$held[ $request ] = compact( 'key', 'in_url' );
		}
	}

	/**
	 * Lists keys.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner    $owner     Whose.
	 * @param string[] $providers Only of these providers; empty for all.
	 * @return WP_REST_Response|WP_Error byok_storage_failed.
	 */
	public static function list( Owner $owner, array $providers = array() ) {
		$rows = Key_Store::read_all( $owner );
		if ( is_wp_error( $rows ) ) {
			return $rows;
		}
		$told = array();
		foreach ( array_keys( $rows ) as $id ) {
			$info = Vault::info( (string) $id, $owner );
			if ( is_array( $info ) && 'absent' !== $info['state'] && ( array() === $providers || in_array( $info['provider'], $providers, true ) ) ) {
				$told[] = self::told( $info );
			}
		}
		return self::answer( $told );
	}

	/**
	 * Checks a key with its provider and saves it.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request with `provider`, `key` and `slot`. The key is taken out of it.
	 * @param Owner           $owner   Whose.
	 * @param array           $args    `replace` and `verified`, see Vault::save(); `exists`, true to refuse when there is no
	 *                                 key to be replaced.
	 * @param callable        $stays   Whether the owner may still store, asked after it was stored: `yes`; `gone` when there
	 *                                 is no such owner any more, so that what was stored is out of everybody's reach;
	 *                                 `changed` when the owner is there, but not for who has sent this.
	 * @return array|WP_Error What may be told; errors as of byok_save_key(), byok_too_many_attempts, byok_key_in_url.
	 */
	public static function save( WP_REST_Request $request, Owner $owner, array $args, #[\SensitiveParameter] callable $stays ) {
		self::hold( $request );
		list( 'key' => $key, 'in_url' => $in_url ) = self::$held[ $request ] ?? array( 'key' => '', 'in_url' => false );
		unset( self::$held[ $request ] );
		if ( $in_url ) {
			return Failure::because( 'key_in_url' );
		}
		if ( ! is_string( $key ) ) {
			return Failure::because( 'key_empty' );
		}
		$id = Resolver::named( (string) $request['provider'], array( 'slot' => $request['slot'] ) );
		if ( ! is_wp_error( $id ) && ( $args['exists'] ?? false ) ) {
			$raw = Key_Store::read_raw( Place::of( $owner, $id ) );
			$id  = is_wp_error( $raw ) ? $raw : ( null === $raw ? Failure::because( 'key_absent' ) : $id );
		}
		$refused = is_wp_error( $id ) ? $id : Attempts::count( $owner );
		$change  = null;
		$info    = $refused ?? Vault::save(
			$id,
			$key,
			$args + array(
				'stored' => static function ( ?string $before, string $written ) use ( &$change ): void {
					$change = array( $before, $written );
				},
			),
			$owner
		);
		if ( is_wp_error( $info ) ) {
			return $info;
		}
		$stays = $stays();
		if ( 'gone' === $stays ) {
			Vault::delete( $id, $owner );
		} elseif ( 'yes' !== $stays ) {
			// The owner has a key there, or stores one at this moment: nothing goes but what this request has written.
			Vault::undo( $id, $owner, ...$change );
		}
		return 'yes' === $stays ? self::told( $info ) : Failure::because( 'token_unknown' );
	}

	/**
	 * Checks a stored key once more.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request with `provider` and `slot`.
	 * @param Owner           $owner   Whose.
	 * @return WP_REST_Response|WP_Error Errors as of byok_get_key(), byok_too_many_attempts.
	 */
	public static function check( WP_REST_Request $request, Owner $owner ) {
		$id      = Resolver::named( (string) $request['provider'], array( 'slot' => $request['slot'] ) );
		$refused = is_wp_error( $id ) ? $id : Attempts::count( $owner );
		$info    = $refused ?? Vault::check( $id, $owner );
		return is_wp_error( $info ) ? $info : self::answer( self::told( $info ) );
	}

	/**
	 * Deletes a key, or all of a provider.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request with `provider` and `slot`.
	 * @param Owner           $owner   Whose.
	 * @return WP_REST_Response|WP_Error How many were deleted; byok_key_absent when there was none, and errors as of
	 *                                   byok_delete_key().
	 */
	public static function delete( WP_REST_Request $request, Owner $owner ) {
		$raws = Key_Store::read_slots( $owner, (string) $request['provider'] );
		if ( is_wp_error( $raws ) ) {
			return $raws;
		}
		$raws = isset( $request['slot'] ) ? array_intersect_key( $raws, array( (string) $request['slot'] => '' ) ) : $raws;
		if ( array() === $raws ) {
			return Failure::because( 'key_absent' );
		}
		foreach ( array_keys( $raws ) as $slot ) {
			$deleted = Vault::delete( Place::id_of( (string) $request['provider'], (string) $slot ), $owner );
			if ( is_wp_error( $deleted ) ) {
				return $deleted;
			}
		}
		return self::answer( array( 'deleted' => count( $raws ) ) );
	}

	/**
	 * What may be told of a key.
	 *
	 * @since 0.1.0
	 *
	 * @param array $info Info, see byok_key_info().
	 */
	public static function told( array $info ): array {
		return array_intersect_key( $info, array_flip( self::TOLD ) );
	}

	/**
	 * The shape of told().
	 *
	 * @since 0.1.0
	 *
	 * @return array Schema.
	 */
	public static function schema(): array {
		$schema = Rest_Schema::key();
		return array(
			'title'      => 'byok-guest-key',
			'properties' => array_intersect_key( $schema['properties'], array_flip( self::TOLD ) ),
		) + $schema;
	}

	/**
	 * Parameters of routes about one key.
	 *
	 * @since 0.1.0
	 */
	public static function parameters(): array {
		return array(
			'provider' => array(
				'description' => __( 'Provider id.', 'byok' ),
				'type'        => 'string',
			),
			'slot'     => array(
				'description' => __( 'Label of one of several keys of the provider. Without it the first one is meant, and a deletion takes all.', 'byok' ),
				'type'        => 'string',
			),
		);
	}

	/**
	 * The parameter that is a key.
	 *
	 * @since 0.1.0
	 */
	public static function key_parameter(): array {
		return array(
			'key' => array(
				'description' => __( 'The key. It is checked with the provider, encrypted, and never given back.', 'byok' ),
				'type'        => 'string',
				'required'    => true,
			),
		);
	}

	/**
	 * An answer that no cache keeps: it is one person's.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $data   What to tell.
	 * @param int   $status HTTP status.
	 */
	public static function answer( $data, int $status = 200 ): WP_REST_Response {
		return new WP_REST_Response( $data, $status, array( 'Cache-Control' => 'no-store' ) + Limits::headers() );
	}
}
