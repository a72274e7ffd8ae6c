<?php
/**
 * Options that are a list.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Keeps a list in which each entry is an option of its own, with a common beginning of the name: two people who add at
 * once both have their way, and a removal takes one entry only.
 *
 * Reads past WordPress's caches, as Key_Store does and for the same reason: a cache would go on allowing what was
 * removed. Entries are JSON; nothing is unserialized.
 *
 * @since 0.1.0
 */
final class Option_Rows {

	/**
	 * Takes the beginning.
	 *
	 * @since 0.1.0
	 *
	 * @param string $prefix Beginning of the names of the options.
	 */
	public function __construct( private readonly string $prefix ) {}

	/**
	 * All entries.
	 *
	 * @since 0.1.0
	 *
	 * @return array<string, array>|WP_Error Fields by id; byok_storage_failed.
	 */
	public function all() {
		global $wpdb;

		$found = Quietly::run(
			fn() => $wpdb->query( $wpdb->prepare( "SELECT option_name, option_value FROM $wpdb->options WHERE option_name LIKE %s ORDER BY option_id", $wpdb->esc_like( $this->prefix ) . '%' ) )
		);
		if ( false === $found ) {
			return Failure::because( 'storage_failed' );
		}
		$rows = array();
		foreach ( $wpdb->last_result as $row ) {
			$fields = json_decode( (string) $row->option_value, true, 8 );
			if ( is_array( $fields ) ) {
				$rows[ substr( $row->option_name, strlen( $this->prefix ) ) ] = $fields;
			}
		}
		return $rows;
	}

	/**
	 * One entry.
	 *
	 * @since 0.1.0
	 *
	 * @param string $id Id; letters and digits.
	 * @return array|null|WP_Error Fields, null when there is none; byok_storage_failed.
	 */
	public function one( string $id ) {
		global $wpdb;

		$found = Quietly::run( fn() => $wpdb->query( $wpdb->prepare( "SELECT option_value FROM $wpdb->options WHERE option_name = %s", $this->prefix . $id ) ) );
		if ( false === $found ) {
			return Failure::because( 'storage_failed' );
		}
		$fields = 0 === $found ? null : json_decode( (string) $wpdb->last_result[0]->option_value, true, 8 );
		return is_array( $fields ) ? $fields : null;
	}

	/**
	 * Adds an entry.
	 *
	 * @since 0.1.0
	 *
	 * @param string $id     Id; letters and digits.
	 * @param array  $fields Fields.
	 * @return true|WP_Error byok_conflict when there is one of this id; byok_storage_failed.
	 */
	public function add( string $id, array $fields ) {
		global $wpdb;

		$name    = $this->prefix . $id;
		$written = Quietly::run(
			static fn() => $wpdb->query(
				$wpdb->prepare( "INSERT IGNORE INTO $wpdb->options (option_name, option_value, autoload) VALUES (%s, %s, 'off')", $name, wp_json_encode( $fields, JSON_THROW_ON_ERROR ) )
			)
		);
		Key_Table::of( Owner::site() )->forget( $name );
		if ( 1 === $written ) {
			return true;
		}
		return Failure::because( false === $written ? 'storage_failed' : 'conflict' );
	}

	/**
	 * Removes an entry.
	 *
	 * @since 0.1.0
	 *
	 * @param string $id Id; letters and digits.
	 * @return bool|WP_Error Whether there was one; byok_storage_failed.
	 */
	public function remove( string $id ) {
		global $wpdb;

		$name    = $this->prefix . $id;
		$removed = Quietly::run( static fn() => $wpdb->query( $wpdb->prepare( "DELETE FROM $wpdb->options WHERE option_name = %s", $name ) ) );
		Key_Table::of( Owner::site() )->forget( $name );
		return false === $removed ? Failure::because( 'storage_failed' ) : $removed > 0;
	}
}
