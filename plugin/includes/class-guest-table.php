<?php
/**
 * The tables of people without an account.
 *
 * @package byok
 */

namespace Byok;

use Throwable;

defined( 'ABSPATH' ) || exit;

/**
 * Makes, empties and removes the two tables of guests, see Owner: their keys, and the tokens by which visitors are known.
 * Both serve all sites of an installation; each row names the site it belongs to.
 *
 * Keys are as everywhere: an envelope, and what may be shown without opening it. Of a token there is a hash.
 *
 * It does not know what a token is worth, nor what a row means.
 *
 * @since 0.1.0
 */
final class Guest_Table {

	/**
	 * Version of the columns, and the option that tells which one is there.
	 */
	public const VERSION = '1';
	public const OPTION  = 'byok_guests_version';

	/**
	 * Name of the table of keys.
	 *
	 * @since 0.1.0
	 */
	public static function keys(): string {
		global $wpdb;
		return $wpdb->base_prefix . 'byok_keys';
	}

	/**
	 * Name of the table of visitors.
	 *
	 * @since 0.1.0
	 */
	public static function visitors(): string {
		global $wpdb;
		return $wpdb->base_prefix . 'byok_visitors';
	}

	/**
	 * Makes the tables if they are not there in this version. Costs one option when they are.
	 *
	 * @since 0.1.0
	 */
	public static function ensure(): void {
		if ( self::VERSION !== (string) get_site_option( self::OPTION, '' ) ) {
			self::create();
		}
	}

	/**
	 * Makes the tables, or brings their columns up to date.
	 *
	 * Names and owners are ASCII and compared by byte; ids have lower-case letters only, because WordPress's SQLite
	 * driver ignores collations. A key's row has the name that an option of the site would have.
	 *
	 * @since 0.1.0
	 */
	public static function create(): void {
		global $wpdb;

		require_once ABSPATH . 'wp-admin/includes/upgrade.php';
		$ascii = $wpdb->has_cap( 'collation' ) ? 'DEFAULT CHARACTER SET ascii COLLATE ascii_bin' : '';
		$shown = $wpdb->suppress_errors();
		try {
			dbDelta(
				array(
					'CREATE TABLE ' . self::keys() . " (
						id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
						owner varchar(32) NOT NULL,
						name varchar(128) NOT NULL,
						value longtext NOT NULL,
						blog bigint(20) unsigned NOT NULL,
						PRIMARY KEY  (id),
						UNIQUE KEY of_an_owner (owner,name),
						KEY of_a_site (blog)
					) $ascii;",
					'CREATE TABLE ' . self::visitors() . " (
						id varchar(20) NOT NULL,
						blog bigint(20) unsigned NOT NULL,
						hash char(64) NOT NULL,
						created_at bigint(20) unsigned NOT NULL,
						used_at bigint(20) unsigned NOT NULL,
						expires_at bigint(20) unsigned NOT NULL,
						PRIMARY KEY  (id),
						KEY that_end (blog,expires_at)
					) $ascii;",
				)
			);
			if ( self::exist() ) {
				update_site_option( self::OPTION, self::VERSION );
			}
		} finally {
			$wpdb->suppress_errors( $shown );
		}
	}

	/**
	 * Removes everything that is kept of a guest: keys, decisions about them, and the token. What they were used for is
	 * elsewhere, see Usage_Table::forget_owner().
	 *
	 * @since 0.1.0
	 *
	 * @param Owner $guest Guest.
	 * @return int|null Number of rows that were removed; null when the database fails.
	 */
	public static function forget( Owner $guest ): ?int {
		global $wpdb;
		self::ensure();
		return Quietly::run(
			static function () use ( $wpdb, $guest ): ?int {
				$keys = $wpdb->query( $wpdb->prepare( 'DELETE FROM ' . self::keys() . ' WHERE owner = %s AND blog = %d', $guest->word(), $guest->blog ) );
				if ( false === $keys || 'visitor' !== $guest->kind ) {
					return false === $keys ? null : $keys;
				}
				// The token last: when something fails, it can be tried again.
				$visitors = $wpdb->query( $wpdb->prepare( 'DELETE FROM ' . self::visitors() . ' WHERE id = %s AND blog = %d', $guest->id, $guest->blog ) );
				return false === $visitors ? null : $keys + $visitors;
			}
		);
	}

	/**
	 * Whether something is kept of a guest: a token or a key.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner $guest Guest.
	 * @return bool True also when the database does not tell.
	 */
	public static function has( Owner $guest ): bool {
		global $wpdb;
		self::ensure();
		$asked = array( $wpdb->prepare( 'SELECT owner FROM ' . self::keys() . ' WHERE owner = %s AND blog = %d LIMIT 1', $guest->word(), $guest->blog ) );
		if ( 'visitor' === $guest->kind ) {
			$asked[] = $wpdb->prepare( 'SELECT id FROM ' . self::visitors() . ' WHERE id = %s AND blog = %d', $guest->id, $guest->blog );
		}
		foreach ( $asked as $sql ) {
			if ( 0 !== Quietly::run( static fn() => $wpdb->query( $sql ) ) ) { // phpcs:ignore WordPress.DB.PreparedSQL -- prepared above.
				return true;
			}
		}
		return false;
	}

	/**
	 * Removes the guests of a site that is being deleted. Hooked to `wp_uninitialize_site`.
	 *
	 * @since 0.1.0
	 *
	 * @param \WP_Site $site Site.
	 */
	public static function forget_site( $site ): void {
		global $wpdb;
		self::ensure();
		foreach ( array( self::keys(), self::visitors() ) as $table ) {
			try {
				Quietly::run( static fn() => $wpdb->query( $wpdb->prepare( "DELETE FROM $table WHERE blog = %d", $site->blog_id ) ) ); // phpcs:ignore WordPress.DB.PreparedSQL -- the table is ours.
			} catch ( Throwable $thrown ) {
				// The site goes away all the same.
				continue;
			}
		}
	}

	/**
	 * Whether both tables are there.
	 */
	private static function exist(): bool {
		global $wpdb;
		return false !== $wpdb->query( 'SELECT id FROM ' . self::keys() . ' LIMIT 1' ) && false !== $wpdb->query( 'SELECT id FROM ' . self::visitors() . ' LIMIT 1' );
	}
}
