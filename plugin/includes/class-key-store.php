<?php
/**
 * Where rows are kept.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Keeps one row for each place, and replaces a row only when it still is what the caller has seen.
 *
 * WordPress's own update_option() and update_metadata() cannot do that: they compare with a cache, say
 * `false` for "failed" and for "unchanged" alike, and let the last writer win without a word.
 *
 * It knows nothing of keys, envelopes or providers' rules: values are strings to it.
 *
 * @since 0.1.0
 */
final class Key_Store {

	/**
	 * Reads a row from the database, past every cache and filter.
	 *
	 * Never through get_option(): a stale cache would go on serving a key that was replaced or deleted,
	 * "absent" is also its answer when the database is down, which it remembers, and it makes objects
	 * of whatever someone has stored.
	 *
	 * @since 0.1.0
	 *
	 * @param Place $place Place.
	 * @return string|null|WP_Error The stored text, null when there is no row, or byok_storage_failed.
	 */
	public static function read_raw( Place $place ) {
		global $wpdb;

		$in = Key_Table::of( $place->owner );
		// query() first: get_col() would answer with the rows of an earlier query when this one fails.
		$found = Quietly::run(
			static fn() => $wpdb->query(
				$wpdb->prepare( "SELECT {$in->value}, {$in->name} FROM {$in->table} WHERE {$in->name} = %s", $place->name() )
				. $in->and_owner() . " ORDER BY {$in->id} LIMIT 1"
			)
		);
		if ( false === $found ) {
			return Failure::because( 'storage_failed' );
		}

		// wpdb gives null for an empty text; that there is a row shows in its name.
		return array() === $wpdb->get_col( null, 1 ) ? null : (string) $wpdb->get_col()[0];
	}

	/**
	 * Reads all rows of an owner, as read_raw() does.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner $owner Owner.
	 * @return array<string, string>|WP_Error Stored texts by the ids of their places, or byok_storage_failed.
	 */
	public static function read_all( Owner $owner ) {
		global $wpdb;

		$in = Key_Table::of( $owner );
		return self::read_list(
			$in,
			$wpdb->prepare( "{$in->name} LIKE %s", $wpdb->esc_like( Place::PREFIX ) . '%' )
		);
	}

	/**
	 * Reads the rows of all slots of a provider, as read_raw() does.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner  $owner    Owner.
	 * @param string $provider Provider id.
	 * @return array<string, string>|WP_Error Stored texts by slot, `default` first, then by label; or
	 *                                        byok_storage_failed.
	 */
	public static function read_slots( Owner $owner, string $provider ) {
		global $wpdb;

		$in   = Key_Table::of( $owner );
		$name = ( new Place( $owner, $provider ) )->name();
		$rows = self::read_list(
			$in,
			$wpdb->prepare( "( {$in->name} = %s OR {$in->name} LIKE %s )", $name, $wpdb->esc_like( "$name." ) . '%' )
		);
		if ( is_wp_error( $rows ) ) {
			return $rows;
		}
		$slots = array();
		foreach ( $rows as $id => $raw ) {
			$slots[ Place::of( $owner, (string) $id )->slot ] = $raw;
		}
		return $slots;
	}

	/**
	 * Reads the rows that meet a condition.
	 *
	 * @param Key_Table $in    Table.
	 * @param string    $where SQL, prepared.
	 * @return array<string, string>|WP_Error Stored texts by the ids of their places, or byok_storage_failed.
	 */
	private static function read_list( Key_Table $in, string $where ) {
		global $wpdb;

		$found = Quietly::run(
			static fn() => $wpdb->query(
				"SELECT {$in->value}, {$in->name} FROM {$in->table} WHERE $where" . $in->and_owner() . " ORDER BY {$in->name}, {$in->id}"
			)
		);
		if ( false === $found ) {
			return Failure::because( 'storage_failed' );
		}

		$rows = array();
		foreach ( $wpdb->get_col( null, 1 ) as $at => $name ) {
			// Of several rows of one name the first counts, as in read_raw().
			$rows[ substr( $name, strlen( Place::PREFIX ) ) ] ??= (string) $wpdb->get_col()[ $at ];
		}
		return $rows;
	}

	/**
	 * Replaces a row, if it still is the old one, and reads back what was stored.
	 *
	 * @since 0.1.0
	 *
	 * @param Place       $place Place.
	 * @param string|null $old   The stored text that the caller has read; null for no row.
	 * @param string      $new   The text to store.
	 * @param callable    $whose Tells of a text that was read back whether it is `ours` (a check has only
	 *                           renewed what is told of it) or `theirs`; anything else for no good row.
	 * @return true|WP_Error byok_conflict when another one was faster, byok_storage_failed when the old
	 *                       row is still there, byok_storage_not_restored when it could not be put back,
	 *                       byok_storage_unsure when the database takes no question after the write.
	 */
	public static function replace( Place $place, ?string $old, string $new, callable $whose ) {
		if ( $old === $new ) {
			return true;
		}

		$written = null === $old ? self::insert( $place, $new ) : self::swap( $place, $old, $new );
		self::forget( $place );

		$found = self::read_back( $place );
		if ( is_wp_error( $found ) ) {
			return $found;
		}
		if ( $found === $new ) {
			return true;
		}
		if ( 0 === $written ) {
			return Failure::because( 'conflict' );
		}
		if ( false === $written && $found === $old ) {
			return Failure::because( 'storage_failed' );
		}

		// Ours was written, or may have been, and something else is there. Either someone else has saved a
		// good row since, which must stay, or the database did not keep what it was given.
		$owner = null === $found ? 'theirs' : $whose( $found );
		if ( 'ours' === $owner ) {
			return true;
		}
		return 'theirs' === $owner || false === $written ? Failure::because( 'conflict' ) : self::restore( $place, $old, $found );
	}

	/**
	 * Removes a row, if it still is the one that the caller has read.
	 *
	 * @since 0.1.0
	 *
	 * @param Place  $place Place.
	 * @param string $old   The stored text.
	 * @return true|WP_Error byok_conflict, byok_storage_failed when the row is still there,
	 *                       byok_storage_unsure when the database takes no question after the deletion.
	 */
	public static function remove( Place $place, string $old ) {
		$written = self::delete_exact( $place, $old );
		self::forget( $place );
		Model_List::forget( $place, $old );

		$found = self::read_back( $place );
		if ( is_wp_error( $found ) ) {
			// What was counted as deleted is gone, whether the database answers again or not.
			return $written > 0 ? true : $found;
		}
		if ( null === $found ) {
			return true;
		}
		return Failure::because( false === $written && $found === $old ? 'storage_failed' : 'conflict' );
	}

	/**
	 * Reads what is there after a write, whatever the database said of it: a connection that broke may have
	 * taken the answer with it and not the write.
	 *
	 * @param Place $place Place.
	 * @return string|null|WP_Error As of read_raw(), but byok_storage_unsure.
	 */
	private static function read_back( Place $place ) {
		$found = self::read_raw( $place );
		if ( is_wp_error( $found ) ) {
			// Once more: a connection that broke is another one by now.
			$found = self::read_raw( $place );
		}
		return is_wp_error( $found ) ? Failure::because( 'storage_unsure' ) : $found;
	}

	/**
	 * Writes a first row.
	 *
	 * @param Place  $place Place.
	 * @param string $new   New text.
	 * @return int|false Number of rows written, 0 when there is one already; false on an error.
	 */
	private static function insert( Place $place, string $new ) {
		global $wpdb;

		$in = Key_Table::of( $place->owner );
		if ( $in->has_unique_names() ) {
			// A row that someone else has inserted meanwhile stays, and counts as 0 written.
			return Quietly::run( static fn() => $wpdb->query( $in->insertion( $place->name(), $new ) ) ); // phpcs:ignore WordPress.DB.PreparedSQL -- it is.
		}

		$lock = Quietly::run( static fn() => Insert_Lock::take( $place ) );
		if ( null === $lock ) {
			return 0;
		}
		try {
			$found = self::read_raw( $place );
			if ( null !== $found ) {
				return is_wp_error( $found ) ? false : 0;
			}
			return Quietly::run( static fn() => $wpdb->query( $in->insertion( $place->name(), $new ) ) ); // phpcs:ignore WordPress.DB.PreparedSQL -- it is.
		} finally {
			Quietly::run( static fn() => $lock->release() );
		}
	}

	/**
	 * Writes a text where the old one is.
	 *
	 * Texts are compared as HEX: the collation of the table takes `A` for `a` and ignores spaces at the
	 * end, and an envelope differs in exactly such things.
	 *
	 * @param Place  $place Place.
	 * @param string $old   Old text.
	 * @param string $new   New text.
	 * @return int|false Number of rows written; false on an error.
	 */
	private static function swap( Place $place, string $old, string $new ) {
		global $wpdb;

		$in = Key_Table::of( $place->owner );
		return Quietly::run(
			static fn() => $wpdb->query(
				$wpdb->prepare( "UPDATE {$in->table} SET {$in->value} = %s{$in->and_set()} WHERE {$in->name} = %s", $new, $place->name() )
				. self::and_exactly( $in, $old )
			)
		);
	}

	/**
	 * Deletes a row that still is the old one.
	 *
	 * @param Place  $place Place.
	 * @param string $old   Old text.
	 * @return int|false Number of rows deleted; false on an error.
	 */
	private static function delete_exact( Place $place, string $old ) {
		global $wpdb;

		$in = Key_Table::of( $place->owner );
		return Quietly::run(
			static fn() => $wpdb->query(
				$wpdb->prepare( "DELETE FROM {$in->table} WHERE {$in->name} = %s", $place->name() ) . self::and_exactly( $in, $old )
			)
		);
	}

	/**
	 * The condition that a row is the owner's and holds exactly a text.
	 *
	 * @param Key_Table $in   Table.
	 * @param string    $text The text.
	 * @return string SQL.
	 */
	private static function and_exactly( Key_Table $in, string $text ): string {
		global $wpdb;
		return $in->and_owner() . $wpdb->prepare( " AND HEX({$in->value}) = %s", strtoupper( bin2hex( $text ) ) );
	}

	/**
	 * Puts the old row back after the database kept something else than it was given.
	 *
	 * @param Place       $place Place.
	 * @param string|null $old   Old text; null for no row.
	 * @param string      $found What was read back.
	 * @return WP_Error Always: the save has failed.
	 */
	private static function restore( Place $place, ?string $old, string $found ): WP_Error {
		if ( null === $old ) {
			self::delete_exact( $place, $found );
		} else {
			self::swap( $place, $found, $old );
		}
		self::forget( $place );
		return Failure::because( self::read_raw( $place ) === $old ? 'storage_failed' : 'storage_not_restored' );
	}

	/**
	 * Removes a row from WordPress's caches, after it was written past them.
	 *
	 * @param Place $place Place.
	 */
	private static function forget( Place $place ): void {
		Key_Table::of( $place->owner )->forget( $place->name() );
	}
}
