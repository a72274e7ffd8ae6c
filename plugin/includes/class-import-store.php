<?php
/**
 * The rows that keys are imported from.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Reads options that are not byok's, and empties them only when they still are what the caller has seen.
 *
 * Past update_option() and its filters: WordPress checks keys again there, and others listen and write
 * down what was. For the same reason no query holds what is to be replaced, not even as HEX, and what a
 * query has read does not stay in the database object, which stands in backtraces.
 *
 * It does not know what a key is.
 *
 * @since 0.1.0
 */
final class Import_Store {

	/**
	 * Reads an option of the current site from the database.
	 *
	 * @since 0.1.0
	 *
	 * @param string $name Name of the option.
	 * @return string|null|WP_Error The stored text, null when there is no row, or byok_storage_failed.
	 */
	public static function read( string $name ) {
		global $wpdb;

		$rows = self::rows( $wpdb->prepare( 'option_name = %s', $name ) );
		if ( is_wp_error( $rows ) ) {
			return $rows;
		}
		// Only the very name: a database that compares without case must not give another row away.
		return $rows[ $name ] ?? null;
	}

	/**
	 * Reads the options that are known to hold keys.
	 *
	 * @since 0.1.0
	 *
	 * @return array<string, string>|WP_Error Stored texts by name, or byok_storage_failed.
	 */
	public static function read_known() {
		global $wpdb;

		$like = array_map( static fn( string $pattern ) => $wpdb->prepare( 'option_name LIKE %s', $pattern ), Import_Source::PATTERNS );
		return self::rows( implode( ' OR ', $like ) . ' ORDER BY option_name' );
	}

	/**
	 * Writes a text where the old one is, and looks whether it is there.
	 *
	 * The old text is compared by a digest of it and a number that is used once: the query is seen by
	 * filters and kept in logs. MD5, because every database has it; nobody gains by a collision of his
	 * own option with itself.
	 *
	 * @since 0.1.0
	 *
	 * @param string $name Name of the option.
	 * @param string $old  The stored text that the caller has read.
	 * @param string $new  The text to store.
	 * @return bool Whether the new text is what is stored now. False leaves what someone else has stored.
	 */
	public static function replace( string $name, #[\SensitiveParameter] string $old, #[\SensitiveParameter] string $new ): bool {
		global $wpdb;

		$once = bin2hex( random_bytes( 16 ) );
		$sql  = $wpdb->prepare(
			"UPDATE $wpdb->options SET option_value = %s WHERE option_name = %s AND MD5(CONCAT(%s, option_value)) = %s",
			$new,
			$name,
			$once,
			md5( $once . $old )
		);

		// Not only hidden but not logged either: an array may hold more secrets than the one.
		$suppressed = $wpdb->suppress_errors();
		$wpdb->query( $sql ); // phpcs:ignore WordPress.DB.PreparedSQL -- prepared above.
		$wpdb->suppress_errors( $suppressed );

		Key_Table::of( Owner::site() )->forget( $name );
		return self::read( $name ) === $new;
	}

	/**
	 * Reads rows.
	 *
	 * @param string $where Prepared condition.
	 * @return array<string, string>|WP_Error Stored texts by name, or byok_storage_failed.
	 */
	private static function rows( string $where ) {
		global $wpdb;

		$suppressed = $wpdb->suppress_errors();
		// query() first: get_results() would answer with an earlier query's rows when this one fails.
		$found = $wpdb->query( "SELECT option_name, option_value FROM $wpdb->options WHERE $where" ); // phpcs:ignore WordPress.DB.PreparedSQL -- prepared by the callers.
		$wpdb->suppress_errors( $suppressed );
		if ( false === $found ) {
			return Failure::because( 'storage_failed' );
		}

		$rows = array();
		foreach ( (array) $wpdb->last_result as $row ) {
			$rows[ $row->option_name ] = (string) $row->option_value;
		}
		$wpdb->flush();
		return $rows;
	}
}
