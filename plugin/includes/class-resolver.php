<?php
/**
 * Which key applies.
 *
 * @package byok
 */

namespace Byok;

use Throwable;
use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Says whose key a call uses: a person's own, else the site's, else the network's, else the one that the
 * server's configuration gives. The first that has one decides, in whatever state its key is: a locked
 * key never gives way to another's, who would pay without being told.
 *
 * It does not open keys.
 *
 * @since 0.1.0
 */
final class Resolver {

	/**
	 * Who is asked, in this order.
	 */
	private const ORDER = array( 'user', 'site', 'network', 'server' );

	/**
	 * Gets the key that applies.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param array  $args     Arguments of byok_get_key().
	 * @return string|WP_Error The key; see byok_get_key() for the errors.
	 */
	public static function get( string $provider, array $args ) {
		try {
			$found = self::find( $provider, $args );
			if ( null === $found ) {
				return Failure::because( Extension::reason() ?? 'key_absent' );
			}
			if ( ! $found instanceof Server_Key ) {
				$id = is_wp_error( $found ) ? $found : self::id( $provider, $found, $args );
				return is_wp_error( $id ) ? $id : Vault::get( $id, $found );
			}
			if ( ! byok_key_source()['reveal'] ) {
				return Failure::because( 'reveal_refused' );
			}
			$key = $found->read();
			if ( '' === $key ) {
				return Failure::because( 'key_absent' );
			}
			Announcement::used( $provider, static fn() => $found->info() );
			return $key;
		} catch ( Throwable $thrown ) {
			return Failure::from( $thrown );
		}
	}

	/**
	 * Tells about the key that applies.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param array  $args     Arguments of byok_key_info().
	 * @return array|WP_Error Info, see byok_key_info().
	 */
	public static function info( string $provider, array $args ) {
		try {
			$found = self::find( $provider, $args );
			if ( null === $found ) {
				// Not even a row of the site's is looked at: it may not have been asked.
				return Key_Info::of( Providers::find( $provider ), Place::of_site( $provider ), null );
			}
			if ( $found instanceof Server_Key ) {
				return $found->info();
			}
			$id = is_wp_error( $found ) ? $found : self::id( $provider, $found, $args );
			return is_wp_error( $id ) ? $id : Vault::info( $id, $found );
		} catch ( Throwable $thrown ) {
			return Failure::from( $thrown );
		}
	}

	/**
	 * What a site without a key of its own uses instead, whoever is logged in.
	 *
	 * @since 0.1.0
	 *
	 * @param array $known The provider's row of the table.
	 * @return array|null Info; null when there is nothing.
	 */
	public static function inherited( array $known ): ?array {
		foreach ( self::order( $known['id'] ) as $kind ) {
			if ( 'network' === $kind && is_multisite() ) {
				$raws = Key_Store::read_slots( Owner::network(), $known['id'] );
				if ( is_array( $raws ) && array() !== $raws ) {
					$slots = array_map( 'strval', array_keys( $raws ) );
					$place = new Place( Owner::network(), $known['id'], Key_Slots::leading( $slots ) );
					return Key_Info::of( $known, $place, $raws[ $place->slot ], $slots );
				}
			}
			$given = 'server' === $kind && null === Extension::reason() ? Server_Key::find( $known ) : null;
			if ( null !== $given ) {
				return $given->info();
			}
		}
		return null;
	}

	/**
	 * The owner that a caller has named.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $word What was named, see Owner::parse().
	 * @return Owner|WP_Error The owner; byok_owner_unknown.
	 */
	public static function owner( $word ) {
		$owner = is_string( $word ) ? Owner::parse( $word ) : null;
		return $owner ?? Failure::because( 'owner_unknown' );
	}

	/**
	 * The key that a caller has named.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param array  $args     `slot`; without it the slot `default`.
	 * @return string|WP_Error Id of a place, see Place::id(); byok_slot_malformed.
	 */
	public static function named( string $provider, array $args ) {
		$slot = $args['slot'] ?? Place::DEFAULT_SLOT;
		return Place::is_slot( $slot ) ? Place::id_of( $provider, $slot ) : Failure::because( 'slot_malformed' );
	}

	/**
	 * Which of an owner's keys is meant: the one that is named, else the leading one.
	 *
	 * @param string $provider Provider id.
	 * @param Owner  $owner    Whose keys.
	 * @param array  $args     `slot`.
	 * @return string|WP_Error Id of a place; byok_slot_malformed, byok_storage_failed.
	 */
	private static function id( string $provider, Owner $owner, array $args ) {
		if ( isset( $args['slot'] ) ) {
			return self::named( $provider, $args );
		}
		$raws = Key_Store::read_slots( $owner, $provider );
		return is_wp_error( $raws ) ? $raws : Place::id_of( $provider, Key_Slots::leading( array_map( 'strval', array_keys( $raws ) ) ) );
	}

	/**
	 * Finds who decides.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param array  $args     `owner`, to ask only that one.
	 * @return Owner|Server_Key|WP_Error|null Null when nobody who is asked has a key.
	 */
	public static function find( string $provider, array $args ) {
		if ( isset( $args['owner'] ) ) {
			return self::owner( $args['owner'] );
		}
		$known = Providers::find( $provider );
		if ( null === $known ) {
			// The vault says why.
			return Owner::site();
		}

		foreach ( self::order( $provider ) as $kind ) {
			if ( 'server' === $kind ) {
				$given = null === Extension::reason() ? Server_Key::find( $known ) : null;
				if ( null !== $given ) {
					return $given;
				}
				continue;
			}

			// `user` is nobody where no one is logged in, `network` where there is none.
			$owner = Owner::parse( $kind );
			$raws  = null === $owner ? array() : Key_Store::read_slots( $owner, $provider );
			// What could not be read is not absent.
			if ( array() !== $raws ) {
				return is_wp_error( $raws ) ? $raws : $owner;
			}
		}
		return null;
	}

	/**
	 * Who is asked for a provider, in order.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @return string[] Some of self::ORDER.
	 */
	public static function order( string $provider ): array {
		/**
		 * Filters whose key applies: the first in this list that has one.
		 *
		 * @since 0.1.0
		 *
		 * @param string[] $order    `user` (who is logged in), `site`, `network` and `server` (environment
		 *                           variable or constant). Leave out who must not be asked.
		 * @param string   $provider Provider id.
		 */
		$order = apply_filters( 'byok_key_order', self::ORDER, $provider );
		return is_array( $order ) ? array_values( array_intersect( $order, self::ORDER ) ) : self::ORDER;
	}
}
