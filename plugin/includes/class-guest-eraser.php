<?php
/**
 * The end of a guest.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Removes what is kept of a person without an account. A revocation removes the keys, which nobody could reach any
 * more, and the token. An erasure also removes what the keys were used for, and every note about them.
 *
 * What names the person goes last: where something fails, the same request can be made again.
 *
 * It does not ask who is calling.
 *
 * @since 0.1.0
 */
final class Guest_Eraser {

	/**
	 * Removes keys and token.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner $guest Guest.
	 * @return array{keys: int}|WP_Error How many keys were removed; byok_storage_failed and the like.
	 */
	public static function revoke( Owner $guest ) {
		$keys    = self::keys( $guest );
		$removed = is_wp_error( $keys ) ? 0 : Guest_Table::forget( $guest );
		Relay_Revocation::of( $guest->word() );
		if ( is_wp_error( $keys ) || null === $removed ) {
			return is_wp_error( $keys ) ? $keys : Failure::because( 'storage_failed' );
		}
		return compact( 'keys' );
	}

	/**
	 * Removes everything.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner $guest Guest.
	 * @return array{keys: int, usage: int}|WP_Error How many keys and rows of usage were removed; byok_storage_failed and
	 *                                               the like.
	 */
	public static function erase( Owner $guest ) {
		// What is still to be told of the keys is not told any more, but for their end.
		Person_Notes::forget_events( $guest );
		$keys  = self::keys( $guest );
		$usage = is_wp_error( $keys ) ? 0 : Usage_Table::forget_owner( $guest );
		if ( is_wp_error( $keys ) || null === $usage ) {
			return is_wp_error( $keys ) ? $keys : Failure::because( 'storage_failed' );
		}
		Person_Notes::forget( $guest );
		Relay_Revocation::of( $guest->word() );
		// The usage once more: a request that was on its way has written its own down, and finds the guest gone from now on.
		$later = null === Guest_Table::forget( $guest ) ? null : Usage_Table::forget_owner( $guest );
		if ( null === $later ) {
			return Failure::because( 'storage_failed' );
		}
		$usage += $later;
		return compact( 'keys', 'usage' );
	}

	/**
	 * Deletes all keys, as a person would one by one: listeners are told of each.
	 *
	 * @param Owner $guest Guest.
	 * @return int|WP_Error How many there were; why one could not be deleted.
	 */
	private static function keys( Owner $guest ) {
		$rows = Key_Store::read_all( $guest );
		if ( is_wp_error( $rows ) ) {
			return $rows;
		}
		foreach ( array_keys( $rows ) as $id ) {
			$deleted = Vault::delete( (string) $id, $guest );
			if ( ! is_wp_error( $deleted ) ) {
				continue;
			}
			// A provider that the table does not have any more, or no extension: the row goes away all the same.
			$place   = Place::of( $guest, (string) $id );
			$raw     = Key_Store::read_raw( $place );
			$removed = is_string( $raw ) ? Key_Store::remove( $place, $raw ) : $raw;
			if ( is_wp_error( $removed ) ) {
				return $removed;
			}
		}
		return count( $rows );
	}
}
