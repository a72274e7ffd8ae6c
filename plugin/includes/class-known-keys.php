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
	 * as can be: what is logged before it, is logged without it. Has the canary looked at as well, then, and when the
	 * secret is another than this process has met here.
	 *
	 * Every page runs this, so it loads nothing until there is something to do.
	 *
	 * @since 0.1.0
	 */
	public static function of_site(): void {
		if ( ! function_exists( 'byok_redact_due' ) ) {
			return;
		}
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
			$seconds = max( 0, (int) apply_filters( 'byok_redact_seconds', self::SECONDS ) );
			foreach ( is_multisite() ? array( 'site', 'network' ) : array( 'site' ) as $kind ) {
				if ( byok_redact_due( self::name( $kind ), $seconds ) ) {
					self::remember( 'site' === $kind ? Owner::site() : Owner::network() );
				}
			}
			$key_id = byok_key_source()['key_id'];
			if ( null !== $key_id && self::is_time_for( "canary $key_id", $seconds ) ) {
				add_action( 'init', array( Canary::class, 'look' ) );
			}
		} catch ( Throwable $thrown ) {
			return;
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
			foreach ( get_user_meta( $user ) ?: array() as $name => $values ) {
				if ( str_starts_with( (string) $name, 'byok' ) ) {
					self::remember( Owner::user( $user ) );
					return;
				}
			}
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
			// A person's rows need not be asked for, so they are never due.
			byok_redact_stored( $rows, 'user' === $owner->kind ? '' : self::name( $owner->word(), $owner->network_id(), $owner->blog_id() ) );
		} catch ( Throwable $thrown ) {
			return;
		}
	}

	/**
	 * Whether this process has not done something for the site for a while. Asking means doing it.
	 *
	 * @since 0.1.0
	 *
	 * @param string $what    What.
	 * @param int    $seconds How long it need not be done again.
	 */
	public static function is_time_for( string $what, int $seconds = self::SECONDS ): bool {
		if ( ! function_exists( 'byok_redact_due' ) ) {
			return true;
		}
		$place = self::name( 'site', null, null, $what );
		if ( ! byok_redact_due( $place, $seconds ) ) {
			return false;
		}
		byok_redact_stored( array(), $place );
		return true;
	}

	/**
	 * A name for where rows of an owner are, which no other owner of any site that this process serves has.
	 *
	 * @param string      $word    Which owner.
	 * @param string|null $network Id of the network; null for the current one.
	 * @param string|null $blog    Id of the site, empty for a network; null for the current one.
	 * @param string      $what    What else it is about.
	 */
	private static function name( string $word, ?string $network = null, ?string $blog = null, string $what = '' ): string {
		global $wpdb;
		$site      = is_multisite() ? get_site() : null;
		$network ??= (string) (int) ( $site ? $site->network_id : get_current_network_id() );
		$blog    ??= 'network' === $word ? '' : (string) get_current_blog_id();
		// WordPress on SQLite has its database in the folder for content, and needs none of the constants.
		return implode( "\0", array( WP_CONTENT_DIR, defined( 'DB_HOST' ) ? DB_HOST : '', defined( 'DB_NAME' ) ? DB_NAME : '', $wpdb->base_prefix, $network, $blog, $word, $what ) );
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
