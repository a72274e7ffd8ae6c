<?php
/**
 * Texts in a table of the database.
 *
 * @package byok
 */

namespace Byok;

use Generator;
use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Goes through all rows of a table by its primary key, a few at a time: however large the table is, no more than
 * some megabytes of it are here at once, and a text that is larger comes in pieces.
 *
 * Past WordPress's caches and filters, as Import_Store, and nothing is unserialized. It does not know what a key is.
 *
 * @since 0.1.0
 */
final class Scan_Table {

	/**
	 * How many rows are asked for their lengths at once.
	 */
	private const ROWS = 500;

	/**
	 * How many bytes of texts are read at once; a text that is larger is read in pieces of as many characters.
	 */
	private const BYTES = 4194304;

	/**
	 * Takes the fields as they are.
	 *
	 * @param string   $table Name of the table.
	 * @param string   $id    Column of the number.
	 * @param string   $name  Column of the name; empty when rows have none.
	 * @param string   $owner Column of what a row belongs to; empty when it belongs to nothing.
	 * @param string[] $texts Columns of texts.
	 */
	private function __construct(
		private readonly string $table,
		private readonly string $id,
		private readonly string $name,
		private readonly string $owner,
		private readonly array $texts
	) {}

	/**
	 * The tables of a place.
	 *
	 * @since 0.1.0
	 *
	 * @param string $place `options`, `users`, `posts`, `comments` or `terms` of the current site, `guests` or `network`.
	 * @return self[] Tables by what a row of them is.
	 */
	public static function of( string $place ): array {
		global $wpdb;

		$meta = static fn( string $table, string $owner, string $id = 'meta_id' ) => new self( $table, $id, 'meta_key', $owner, array( 'meta_value' ) );
		switch ( $place ) {
			case 'options':
				return array( 'option' => new self( $wpdb->options, 'option_id', 'option_name', '', array( 'option_value' ) ) );
			case 'users':
				return array( 'user meta' => $meta( $wpdb->usermeta, 'user_id', 'umeta_id' ) );
			case 'posts':
				return array(
					'post'      => new self( $wpdb->posts, 'ID', '', 'ID', array( 'post_content', 'post_title', 'post_excerpt', 'post_content_filtered' ) ),
					'post meta' => $meta( $wpdb->postmeta, 'post_id' ),
				);
			case 'comments':
				return array(
					'comment'      => new self( $wpdb->comments, 'comment_ID', '', 'comment_ID', array( 'comment_content' ) ),
					'comment meta' => $meta( $wpdb->commentmeta, 'comment_id' ),
				);
			case 'terms':
				return array( 'term meta' => $meta( $wpdb->termmeta, 'term_id' ) );
			case 'guests':
				Guest_Table::ensure();
				return array( 'guest' => new self( Guest_Table::keys(), 'id', 'name', '', array( 'value' ) ) );
			case 'network':
				return is_multisite() ? array( 'network option' => $meta( $wpdb->sitemeta, 'site_id' ) ) : array();
		}
		return array();
	}

	/**
	 * The number of the last row, which is about how much there is to go through.
	 *
	 * @since 0.1.0
	 */
	public function last(): int {
		global $wpdb;
		return (int) Quietly::run( fn() => $wpdb->get_var( "SELECT MAX({$this->id}) FROM {$this->table}" ) ); // phpcs:ignore WordPress.DB -- names of ours.
	}

	/**
	 * All texts, in the order of their rows.
	 *
	 * @since 0.1.0
	 *
	 * @return Generator<array{id: int, name: string, owner: int, column: string, pieces: iterable<string|WP_Error>}|WP_Error> The
	 *     last one is an error, when the database does not answer: byok_storage_failed.
	 */
	public function texts(): Generator {
		$after = 0;
		while ( true ) {
			$sizes = $this->query( "SELECT {$this->id} AS id, " . implode( ' + ', array_map( static fn( $text ) => "COALESCE(LENGTH($text), 0)", $this->texts ) ) . " AS size FROM {$this->table} WHERE {$this->id} > $after ORDER BY {$this->id} LIMIT " . self::ROWS );
			if ( is_wp_error( $sizes ) ) {
				yield $sizes;
				return;
			}
			if ( array() === $sizes ) {
				return;
			}
			foreach ( self::parcels( $sizes ) as $ids ) {
				yield from $this->rows( $ids );
			}
			$after = (int) end( $sizes )['id'];
		}
	}

	/**
	 * Puts rows together that are small enough to be read at once.
	 *
	 * @param array[] $sizes Numbers and sizes of rows.
	 * @return int[][] Numbers. One that stands alone, and negative, is of a row that is too large.
	 */
	private static function parcels( array $sizes ): array {
		$parcels = array();
		$ids     = array();
		$sum     = 0;
		foreach ( $sizes as $row ) {
			$id   = (int) $row['id'];
			$size = (int) $row['size'];
			if ( $size > self::BYTES ) {
				$parcels[] = $ids;
				$parcels[] = array( -$id );
				$ids       = array();
				$sum       = 0;
				continue;
			}
			if ( $sum + $size > self::BYTES ) {
				$parcels[] = $ids;
				$ids       = array();
				$sum       = 0;
			}
			$ids[] = $id;
			$sum  += $size;
		}
		$parcels[] = $ids;
		return array_filter( $parcels );
	}

	/**
	 * The texts of some rows.
	 *
	 * @param int[] $ids Numbers, see parcels().
	 * @return Generator See texts().
	 */
	private function rows( array $ids ): Generator {
		$is_large = $ids[0] < 0;
		$columns  = "{$this->id} AS id, " . ( '' === $this->name ? "''" : $this->name ) . ' AS name, ' . ( '' === $this->owner ? '0' : $this->owner ) . ' AS owner';
		$columns .= $is_large ? '' : ', ' . implode( ', ', $this->texts );
		$rows     = $this->query( "SELECT $columns FROM {$this->table} WHERE {$this->id} IN (" . implode( ',', array_map( 'abs', $ids ) ) . ") ORDER BY {$this->id}" );
		if ( is_wp_error( $rows ) ) {
			yield $rows;
			return;
		}
		foreach ( $rows as $row ) {
			foreach ( $this->texts as $column ) {
				if ( $is_large || '' !== (string) $row[ $column ] ) {
					yield array(
						'id'     => (int) $row['id'],
						'name'   => (string) $row['name'],
						'owner'  => (int) $row['owner'],
						'column' => $column,
						'pieces' => $is_large ? $this->pieces( (int) $row['id'], $column ) : array( (string) $row[ $column ] ),
					);
				}
			}
		}
	}

	/**
	 * A large text in pieces.
	 *
	 * @param int    $id     Number of the row.
	 * @param string $column Column.
	 * @return Generator<string|WP_Error> The last one is an error, when the database does not answer.
	 */
	private function pieces( int $id, string $column ): Generator {
		for ( $from = 1; ; $from += self::BYTES ) {
			$rows = $this->query( "SELECT SUBSTRING($column, $from, " . self::BYTES . ") AS piece FROM {$this->table} WHERE {$this->id} = $id" );
			if ( is_wp_error( $rows ) ) {
				yield $rows;
				return;
			}
			$piece = (string) ( $rows[0]['piece'] ?? '' );
			if ( '' === $piece ) {
				return;
			}
			yield $piece;
		}
	}

	/**
	 * Asks the database. What it has answered does not stay in the database object.
	 *
	 * @param string $sql Query, of names and numbers of ours.
	 * @return array[]|WP_Error Rows, or byok_storage_failed.
	 */
	private function query( string $sql ) {
		global $wpdb;
		$found = Quietly::run( static fn() => $wpdb->query( $sql ) ); // phpcs:ignore WordPress.DB -- names and numbers of ours.
		$rows  = array_map( static fn( $row ) => (array) $row, $wpdb->last_result );
		$wpdb->flush();
		return false === $found ? Failure::because( 'storage_failed' ) : $rows;
	}
}
