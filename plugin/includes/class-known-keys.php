<?php
/**
 * Keys that are recognised whatever they look like.
 *
 * @package byok
 */

namespace Byok;

use Throwable;

defined( 'ABSPATH' ) || exit;

/**
 * Has the extension know the keys that are stored for this site, its network and who is logged in, so that they
 * are masked in logs even when they have no form of their own. It opens each once in the life of a PHP process,
 * and keeps a fingerprint; this side hands over ciphertext only.
 *
 * It costs a query for each request, two on a network; a member's rows come with WordPress's own query.
 *
 * @since 0.1.0
 */
final class Known_Keys {

	/**
	 * Makes the keys of the site and its network known. As early as can be: what is logged before it, is logged
	 * without it.
	 *
	 * @since 0.1.0
	 */
	public static function of_site(): void {
		self::remember( Owner::site() );
		if ( is_multisite() ) {
			self::remember( Owner::network() );
		}
	}

	/**
	 * Makes the keys of who is logged in known.
	 *
	 * @since 0.1.0
	 */
	public static function of_user(): void {
		$user = get_current_user_id();
		if ( $user > 0 ) {
			self::remember( Owner::user( $user ) );
		}
	}

	/**
	 * Makes an owner's keys known.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner $owner Owner.
	 */
	public static function remember( Owner $owner ): void {
		// Never in the way of a request: a key that does not open says so where it is used.
		try {
			$raws = null === Extension::reason() ? self::raws( $owner ) : array();
			$rows = array();
			foreach ( is_array( $raws ) ? $raws : array() as $provider => $raw ) {
				$row = Key_Row::parse( $raw );
				for ( ; null !== $row; $row = $row->previous ) {
					$rows[] = array( $row->envelope, ( new Place( $owner, (string) $provider ) )->context( $row->origin ) );
				}
			}
			if ( array() !== $rows ) {
				byok_redact_stored( $rows );
			}
		} catch ( Throwable $thrown ) {
			return;
		}
	}

	/**
	 * The stored texts of an owner.
	 *
	 * @param Owner $owner Owner.
	 * @return array<string, string>|\WP_Error By provider id.
	 */
	private static function raws( Owner $owner ) {
		if ( 'user' !== $owner->kind ) {
			return Key_Store::read_all( $owner );
		}
		$raws = array();
		// WordPress has all fields of who is logged in in its cache, and asked for all it hands out the stored texts.
		foreach ( (array) get_user_meta( $owner->id ) as $name => $values ) {
			if ( str_starts_with( (string) $name, Place::PREFIX ) ) {
				$raws[ substr( $name, strlen( Place::PREFIX ) ) ] = (string) $values[0];
			}
		}
		return $raws;
	}
}
