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
 * A process looks for keys of the site and its network that others have saved every five minutes, with one query,
 * two on a network. All other requests cost none: a member's rows come with WordPress's own query.
 *
 * @since 0.1.0
 */
final class Known_Keys {

	/**
	 * Seconds until a process looks for keys that others have saved, unless filtered.
	 */
	private const SECONDS = 5 * MINUTE_IN_SECONDS;

	/**
	 * Makes the keys of the site and its network known, unless this process has read them a moment ago. As early
	 * as can be: what is logged before it, is logged without it.
	 *
	 * @since 0.1.0
	 */
	public static function of_site(): void {
		foreach ( is_multisite() ? array( Owner::site(), Owner::network() ) : array( Owner::site() ) as $owner ) {
			if ( self::is_due( $owner ) ) {
				self::remember( $owner );
			}
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
			$raws = null === Extension::reason() ? self::raws( $owner ) : null;
			if ( ! is_array( $raws ) ) {
				// A database that does not answer now is asked by the next request.
				return;
			}
			$rows = array();
			foreach ( $raws as $id => $raw ) {
				$place = Place::of( $owner, (string) $id );
				$row   = Key_Row::parse( $raw );
				for ( ; null !== $row; $row = $row->previous ) {
					$rows[] = array( $row->envelope, $place->context( $row->origin ) );
				}
			}
			byok_redact_stored( $rows, self::name( $owner ) );
		} catch ( Throwable $thrown ) {
			return;
		}
	}

	/**
	 * Whether the rows of an owner are to be read.
	 *
	 * @param Owner $owner Owner.
	 */
	private static function is_due( Owner $owner ): bool {
		try {
			/**
			 * Filters how long a PHP process goes by the keys it has read last, to mask them in logs. Keys that
			 * others save meanwhile are masked by their forms and names only.
			 *
			 * Only must-use plugins come before it.
			 *
			 * @since 0.1.0
			 *
			 * @param int $seconds Seconds, 300 by default; 0 to read them with each request.
			 */
			$seconds = apply_filters( 'byok_redact_seconds', self::SECONDS );
			return null === Extension::reason() && byok_redact_due( self::name( $owner ), max( 0, (int) $seconds ) );
		} catch ( Throwable $thrown ) {
			return false;
		}
	}

	/**
	 * A name for where an owner's rows are, which no other owner of any site that this process serves has.
	 *
	 * @param Owner $owner Owner.
	 * @return string Empty for a person, whose rows need not be asked for.
	 */
	private static function name( Owner $owner ): string {
		global $wpdb;

		if ( 'user' === $owner->kind ) {
			return '';
		}
		// WordPress on SQLite has its database in the folder for content, and needs none of the constants.
		$site = array( WP_CONTENT_DIR, defined( 'DB_HOST' ) ? DB_HOST : '', defined( 'DB_NAME' ) ? DB_NAME : '', $wpdb->base_prefix );
		return implode( "\0", array_merge( $site, array( $owner->network_id(), $owner->blog_id(), $owner->word() ) ) );
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
