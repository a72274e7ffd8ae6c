<?php
/**
 * The table of limits.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Makes and empties the table in which requests to the relay are counted. It is made when the first one is, so a
 * site without a relay, or with a persistent object cache, never has it.
 *
 * @since 0.1.0
 */
final class Limit_Table {

	/**
	 * Rows that are removed at once.
	 */
	private const STEP = 1000;

	/**
	 * Name of the table, one for all sites of an installation.
	 *
	 * @since 0.1.0
	 */
	public static function name(): string {
		global $wpdb;
		return $wpdb->base_prefix . 'byok_limits';
	}

	/**
	 * Makes the table.
	 *
	 * @since 0.1.0
	 */
	public static function create(): void {
		global $wpdb;
		$table = self::name();
		$ascii = $wpdb->has_cap( 'collation' ) ? 'DEFAULT CHARACTER SET ascii COLLATE ascii_bin' : '';
		// Not dbDelta(), which asks first whether it is there: of many requests that find it missing at once, each but one would
		// fail.
		// phpcs:ignore WordPress.DB.PreparedSQL -- the table is ours.
		$wpdb->query( "CREATE TABLE IF NOT EXISTS $table (bucket char(40) NOT NULL, ends bigint(20) unsigned NOT NULL, used bigint(20) unsigned NOT NULL, PRIMARY KEY  (bucket), KEY ends (ends)) $ascii" );
	}

	/**
	 * Removes counts of windows that are over, now and then. Who begins a window does it for the others.
	 *
	 * @since 0.1.0
	 */
	public static function prune(): void {
		global $wpdb;
		if ( 1 === random_int( 1, 20 ) ) {
			// phpcs:ignore WordPress.DB.PreparedSQL -- the table is ours.
			$wpdb->query( $wpdb->prepare( 'DELETE FROM ' . self::name() . ' WHERE ends < %d LIMIT ' . self::STEP, time() - HOUR_IN_SECONDS ) );
		}
	}
}
