<?php
/**
 * Many rows at once.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Moves the next rows of a table to the site's current secret, many in one statement: a hundred thousand
 * members' keys take seconds and not an hour. Each row is replaced only if it still is what was read, and
 * is read back, as in Key_Store.
 *
 * It decides nothing about what comes next, and never has a key.
 *
 * @since 0.1.0
 */
final class Key_Batch {

	/**
	 * Rows that are read at once.
	 */
	private const ROWS = 200;

	/**
	 * About how many bytes one statement may have. A row with two keys of the longest kind has 70 kB in it;
	 * servers take a megabyte at least, and 200 of those rows are more than most hosts allow.
	 */
	private const BYTES = 256 * 1024;

	/**
	 * Moves the rows after a certain one.
	 *
	 * @since 0.1.0
	 *
	 * @param string $kind     `site`, `network`, `user` or `guest`: whose rows.
	 * @param int    $after    Number of the last row that was seen.
	 * @param array  $previous A secret for this once, see byok_reencrypt().
	 * @param ?int   $blog     Of guests, only those of this site.
	 * @return array|WP_Error {
	 *     What was done; byok_storage_failed, byok_storage_unsure.
	 *
	 *     @type int $last    Number of the last row; 0 when there are no more.
	 *     @type int $seen    Rows that were looked at.
	 *     @type int $moved   Rows that are under the current secret since.
	 *     @type int $locked  Rows whose secret, or that of the key kept beside, is not here.
	 *     @type int $damaged Rows that are none.
	 *     @type int $busy    Rows that somebody else has changed meanwhile.
	 * }
	 */
	public static function move( string $kind, int $after, #[\SensitiveParameter] array $previous, ?int $blog = null ) {
		$in   = Key_Table::of_kind( $kind );
		$rows = self::read( $in, $kind, $after, $blog );
		if ( is_wp_error( $rows ) ) {
			return $rows;
		}

		$counts = array_fill_keys( array( 'last', 'seen', 'moved', 'locked', 'damaged', 'busy' ), 0 );
		$swaps  = array();
		foreach ( $rows as $row ) {
			$owner = self::owner( $kind, $row );
			$place = null === $owner ? null : Place::of( $owner, substr( $row['name'], strlen( Place::PREFIX ) ) );
			$new   = null === $place ? 'damaged' : self::moved( $place, (string) $row['value'], $previous );

			$counts['last'] = (int) $row['id'];
			++$counts['seen'];
			if ( ! $new instanceof Key_Row ) {
				++$counts[ $new ];
				continue;
			}
			if ( null !== $new->previous && 'locked' === Key_State::of_row( $place, $new->previous )['state'] ) {
				// The one that is kept beside it waits for its secret, whatever becomes of this one.
				++$counts['locked'];
			}
			if ( $new->to_raw() !== $row['value'] ) {
				$swaps[ (int) $row['id'] ] = array( $place, (string) $row['value'], $new );
			}
		}

		foreach ( self::portions( $swaps ) as $portion ) {
			$moved = self::swap( $in, $portion );
			if ( is_wp_error( $moved ) ) {
				return $moved;
			}
			$counts['moved'] += $moved;
			$counts['busy']  += count( $portion ) - $moved;
		}
		return $counts;
	}

	/**
	 * Number of rows.
	 *
	 * @since 0.1.0
	 *
	 * @param string $kind `site`, `network`, `user` or `guest`.
	 */
	public static function count( string $kind ): int {
		global $wpdb;
		$in = Key_Table::of_kind( $kind );
		return (int) Quietly::run(
			static fn() => $wpdb->get_var(
				$wpdb->prepare( "SELECT COUNT(*) FROM {$in->table} WHERE {$in->name} LIKE %s", $wpdb->esc_like( Place::PREFIX ) . '%' )
			)
		);
	}

	/**
	 * Whether there are rows of people, with an account or without.
	 *
	 * @since 0.1.0
	 */
	public static function has_people(): bool {
		return self::count( 'user' ) > 0 || self::count( 'guest' ) > 0;
	}

	/**
	 * Whether there are rows of networks or people, which no site's page lists.
	 *
	 * @since 0.1.0
	 *
	 * @return bool True also when the database does not tell.
	 */
	public static function has_shared(): bool {
		global $wpdb;
		foreach ( is_multisite() ? array( 'network', 'user', 'guest' ) : array( 'user', 'guest' ) as $kind ) {
			$in    = Key_Table::of_kind( $kind );
			$found = Quietly::run(
				static fn() => $wpdb->query(
					$wpdb->prepare( "SELECT {$in->id} FROM {$in->table} WHERE {$in->name} LIKE %s LIMIT 1", $wpdb->esc_like( Place::PREFIX ) . '%' )
				)
			);
			if ( 0 !== $found ) {
				return true;
			}
		}
		return false;
	}

	/**
	 * The row under the current secret.
	 *
	 * @param Place  $place    Place.
	 * @param string $raw      Stored text.
	 * @param array  $previous A secret for this once.
	 * @return Key_Row|string The new row; else `locked` or `damaged`.
	 */
	private static function moved( Place $place, string $raw, #[\SensitiveParameter] array $previous ) {
		$row = Key_Row::parse( $raw );
		if ( null === $row ) {
			return Key_Row::is_newer( $raw ) ? 'locked' : 'damaged';
		}
		$new = $row->reencrypted( $place, $previous );
		if ( ! is_wp_error( $new ) ) {
			return $new;
		}
		return 'locked' === Key_State::of( $place, $raw )['state'] ? 'locked' : 'damaged';
	}

	/**
	 * Reads the next rows.
	 *
	 * @param Key_Table $in    Table.
	 * @param string    $kind  `site`, `network`, `user` or `guest`.
	 * @param int       $after Number of the last row that was seen.
	 * @param ?int      $blog  Of guests, only those of this site.
	 * @return array[]|WP_Error Rows with id, name, value, owner and, of guests, blog.
	 */
	private static function read( Key_Table $in, string $kind, int $after, ?int $blog ) {
		global $wpdb;

		$owner  = '' === $in->owner_column ? '0 AS owner' : "{$in->owner_column} AS owner";
		$owner .= 'guest' === $kind ? ', blog' : '';
		$where  = null === $blog ? '' : $wpdb->prepare( 'blog = %d AND', $blog );
		$found = Quietly::run(
			static fn() => $wpdb->query(
				$wpdb->prepare(
					"SELECT {$in->id} AS id, {$in->name} AS name, {$in->value} AS value, $owner FROM {$in->table}
					WHERE $where {$in->id} > %d AND {$in->name} LIKE %s ORDER BY {$in->id} LIMIT %d",
					$after,
					$wpdb->esc_like( Place::PREFIX ) . '%',
					self::ROWS
				)
			)
		);
		return false === $found
			? Failure::because( 'storage_failed' )
			: array_map( static fn( $row ) => (array) $row, $wpdb->last_result );
	}

	/**
	 * Rows for one statement each.
	 *
	 * @param array[] $swaps As of swap().
	 * @return array[][] The same in portions.
	 */
	private static function portions( array $swaps ): array {
		$portions = array();
		$bytes    = self::BYTES;
		foreach ( $swaps as $number => $swap ) {
			// The old text as HEX, and the new one, which is as long.
			$bytes += 3 * strlen( $swap[1] );
			if ( $bytes > self::BYTES ) {
				$portions[] = array();
				$bytes      = 3 * strlen( $swap[1] );
			}
			$portions[ array_key_last( $portions ) ][ $number ] = $swap;
		}
		return $portions;
	}

	/**
	 * Replaces rows that still are what was read.
	 *
	 * @param Key_Table $in    Table.
	 * @param array[]   $swaps Place, old text and new row by number of the row.
	 * @return int|WP_Error Number of rows that hold the new text; byok_storage_failed, byok_storage_unsure.
	 */
	private static function swap( Key_Table $in, array $swaps ) {
		global $wpdb;

		$numbers = implode( ',', array_keys( $swaps ) );
		$old     = '';
		$new     = '';
		foreach ( $swaps as $number => $swap ) {
			$old .= $wpdb->prepare( ' WHEN %d THEN %s', $number, strtoupper( bin2hex( $swap[1] ) ) );
			$new .= $wpdb->prepare( ' WHEN %d THEN %s', $number, $swap[2]->to_raw() );
		}
		$written = Quietly::run(
			static fn() => $wpdb->query(
				"UPDATE {$in->table} SET {$in->value} = CASE {$in->id}$new END WHERE {$in->id} IN ($numbers) AND HEX({$in->value}) = CASE {$in->id}$old END"
			)
		);
		foreach ( $swaps as list( $place ) ) {
			Key_Table::of( $place->owner )->forget( $place->name() );
		}

		// Whatever was said of the write, as in Key_Store; and once more, over another connection.
		$look  = "SELECT {$in->id} AS id, {$in->value} AS value FROM {$in->table} WHERE {$in->id} IN ($numbers)";
		$found = Quietly::run( static fn() => $wpdb->query( $look ) );
		if ( false === $found ) {
			$found = Quietly::run( static fn() => $wpdb->query( $look ) );
		}
		if ( false === $found ) {
			return Failure::because( 'storage_unsure' );
		}
		$left    = 0;
		$moved   = 0;
		$mangled = array();
		foreach ( $wpdb->last_result as $row ) {
			list( $place, $before, $after ) = $swaps[ (int) $row->id ];

			$value = (string) $row->value;
			if ( $before === $value ) {
				++$left;
				continue;
			}
			$whose = $after->to_raw() === $value ? 'ours' : Key_Swap::whose( $place, $after, $value );
			if ( 'ours' === $whose ) {
				++$moved;
			} elseif ( 'nobody' === $whose ) {
				$mangled[ (int) $row->id ] = $value;
			}
		}
		if ( false === $written ) {
			return 0 < $left ? Failure::because( 'storage_failed' ) : $moved;
		}
		if ( array() === $mangled || count( $mangled ) > $written - $moved ) {
			// Of those that are none, some were not counted as written: they are not what became of ours.
			return $moved;
		}
		// The database did not keep what it was given.
		foreach ( $mangled as $number => $found ) {
			Quietly::run(
				static fn() => $wpdb->query(
					$wpdb->prepare(
						"UPDATE {$in->table} SET {$in->value} = %s WHERE {$in->id} = %d AND HEX({$in->value}) = %s",
						$swaps[ $number ][1],
						$number,
						strtoupper( bin2hex( $found ) )
					)
				)
			);
		}
		return Failure::because( 'storage_failed' );
	}

	/**
	 * The owner of a row.
	 *
	 * @param string $kind `site`, `network`, `user` or `guest`.
	 * @param array  $row  Row; a site is the current one.
	 * @return Owner|null Null when it can be nobody's.
	 */
	private static function owner( string $kind, array $row ): ?Owner {
		switch ( $kind ) {
			case 'network':
				return Owner::network( (int) $row['owner'] );
			case 'user':
				return Owner::user( (int) $row['owner'] );
			case 'guest':
				list( $of, $id ) = explode( ':', (string) $row['owner'], 2 ) + array( 1 => '' );
				return Owner::guest( $of, $id, (int) $row['blog'] );
			default:
				return Owner::site();
		}
	}
}
