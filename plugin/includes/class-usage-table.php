<?php
/**
 * The table of usage.
 *
 * @package byok
 */

namespace Byok;

use Throwable;

defined( 'ABSPATH' ) || exit;

/**
 * Makes, empties and removes the one table of byok: what was used each day, by whom, of what. One table for
 * all sites of an installation.
 *
 * It does not know what is counted, nor when.
 *
 * @since 0.1.0
 */
final class Usage_Table {

	/**
	 * Version of the columns, and the option that tells which one is there.
	 */
	public const VERSION = '1';
	public const OPTION  = 'byok_usage_version';

	/**
	 * The daily event that removes what is old.
	 */
	public const HOOK = 'byok_prune_usage';

	/**
	 * Days that are kept: a year, and the month before it to compare with.
	 */
	private const DAYS = 400;

	/**
	 * Rows that are removed at once, so that nobody has to wait for a lock on the whole table.
	 */
	private const STEP = 5000;

	/**
	 * Name of the table.
	 *
	 * @since 0.1.0
	 */
	public static function name(): string {
		global $wpdb;
		return $wpdb->base_prefix . 'byok_usage';
	}

	/**
	 * An owner as the table names it. All sites' networks share the table, so a network has its id.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner $owner Owner.
	 */
	public static function owner( Owner $owner ): string {
		return 'network' === $owner->kind ? 'network:' . $owner->id : $owner->word();
	}

	/**
	 * Makes the table if it is not there in this version. Costs one option when it is.
	 *
	 * @since 0.1.0
	 */
	public static function ensure(): void {
		if ( self::VERSION !== (string) get_site_option( self::OPTION, '' ) ) {
			self::create();
		}
	}

	/**
	 * Makes the table, and plans the removal of what is old.
	 *
	 * @since 0.1.0
	 */
	public static function install(): void {
		self::ensure();
		if ( self::is_unplanned() ) {
			wp_schedule_event( time() + DAY_IN_SECONDS, 'daily', self::HOOK );
		}
	}

	/**
	 * Does so if it was not done: the plugin was not activated, but its files put in place. Hooked to `admin_init`.
	 *
	 * What is planned tells without a query; the table itself is looked at again once a day.
	 *
	 * @since 0.1.0
	 */
	public static function install_late(): void {
		if ( self::is_unplanned() ) {
			self::install();
		}
	}

	/**
	 * Makes the table, or brings its columns up to date.
	 *
	 * All texts are ASCII and compared by byte, so that two callers stay two. (WordPress's SQLite driver
	 * ignores collations: there, two folders that differ in letter case only are counted as one.) The
	 * primary key begins with the day, for screens and pruning; the other index is for budgets.
	 *
	 * @since 0.1.0
	 */
	public static function create(): void {
		global $wpdb;

		require_once ABSPATH . 'wp-admin/includes/upgrade.php';
		$table   = self::name();
		$ascii   = $wpdb->has_cap( 'collation' ) ? 'DEFAULT CHARACTER SET ascii COLLATE ascii_bin' : '';
		$columns = "CREATE TABLE $table (
			day date NOT NULL,
			blog bigint(20) unsigned NOT NULL,
			owner varchar(32) NOT NULL,
			provider varchar(64) NOT NULL,
			slot varchar(64) NOT NULL,
			caller varchar(100) NOT NULL,
			model varchar(100) NOT NULL,
			requests bigint(20) unsigned NOT NULL DEFAULT 0,
			errors bigint(20) unsigned NOT NULL DEFAULT 0,
			tokens_in bigint(20) unsigned NOT NULL DEFAULT 0,
			tokens_out bigint(20) unsigned NOT NULL DEFAULT 0,
			PRIMARY KEY  (day,blog,owner,provider,slot,caller,model),
			KEY of_a_key (owner,provider,blog,day)
		) $ascii;";
		$shown   = $wpdb->suppress_errors();
		try {
			dbDelta( $columns );
			if ( self::exists() ) {
				update_site_option( self::OPTION, self::VERSION );
			}
		} finally {
			$wpdb->suppress_errors( $shown );
		}
	}

	/**
	 * Removes what is older than it is kept, and brings the table up to date.
	 *
	 * @since 0.1.0
	 */
	public static function prune(): void {
		global $wpdb;

		self::ensure();
		/**
		 * Filters how many days of usage are kept.
		 *
		 * @since 0.1.0
		 *
		 * @param int $days Days; default 400. At least 32: budgets are by the month.
		 */
		$days  = apply_filters( 'byok_usage_days', self::DAYS );
		$days  = is_numeric( $days ) ? max( 32, (int) $days ) : self::DAYS;
		$first = gmdate( 'Y-m-d', time() - $days * DAY_IN_SECONDS );
		self::delete( $wpdb->prepare( 'day < %s', $first ) );
	}

	/**
	 * Removes what a person's own keys were used for.
	 *
	 * @since 0.1.0
	 *
	 * @param int $user User id.
	 * @return int|null Number of rows that were removed; null when the database fails.
	 */
	public static function forget_user( int $user ): ?int {
		return self::forget_owner( Owner::user( $user ) );
	}

	/**
	 * Removes what the keys of a person, with an account or without, were used for.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner $person The person.
	 * @return int|null Number of rows that were removed; null when the database fails.
	 */
	public static function forget_owner( Owner $person ): ?int {
		global $wpdb;
		self::ensure();
		return self::delete( $wpdb->prepare( 'owner = %s', self::owner( $person ) ) );
	}

	/**
	 * Does so when the person is deleted; not when they only leave a site of a network.
	 *
	 * @since 0.1.0
	 *
	 * @param int $user User id.
	 */
	public static function after_user_deleted( $user ): void {
		if ( ! get_userdata( (int) $user ) ) {
			self::forget_user( (int) $user );
		}
	}

	/**
	 * Removes what was used on a site that is being deleted.
	 *
	 * @since 0.1.0
	 *
	 * @param \WP_Site $site Site.
	 */
	public static function forget_site( $site ): void {
		global $wpdb;
		self::delete( $wpdb->prepare( "blog = %d AND owner NOT LIKE 'user:%%'", $site->blog_id ) );
	}

	/**
	 * Whether nobody removes what is old. The main site does it for all.
	 */
	private static function is_unplanned(): bool {
		return is_main_site() && ! wp_next_scheduled( self::HOOK );
	}

	/**
	 * Whether the table is there.
	 */
	private static function exists(): bool {
		global $wpdb;
		return false !== $wpdb->query( 'SELECT day FROM ' . self::name() . ' LIMIT 1' );
	}

	/**
	 * Removes rows, a step at a time.
	 *
	 * @param string $which Condition, prepared.
	 * @return int|null Number of rows that were removed; null when the database fails.
	 */
	private static function delete( string $which ): ?int {
		global $wpdb;

		$removed = 0;
		$shown   = $wpdb->suppress_errors();
		try {
			do {
				$step = $wpdb->query( 'DELETE FROM ' . self::name() . " WHERE $which LIMIT " . self::STEP ); // phpcs:ignore WordPress.DB.PreparedSQL -- prepared by the callers.
				if ( false === $step ) {
					return null;
				}
				$removed += $step;
			} while ( self::STEP === $step );
		} catch ( Throwable $ignored ) {
			// A database that cannot be asked now is asked tomorrow.
			return null;
		} finally {
			$wpdb->suppress_errors( $shown );
		}
		return $removed;
	}
}
