<?php
/**
 * Changes of a stored key.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Stores or removes a row in place of the one that was read, and nothing else: whoever comes second is
 * told. A check that ran meanwhile does not count, it only renews what is told of the same key.
 *
 * It never has a key.
 *
 * @since 0.1.0
 */
final class Key_Swap {

	/**
	 * How often to try again. A check takes seconds, so one more would do.
	 */
	private const RETRIES = 3;

	/**
	 * Stores a row.
	 *
	 * @since 0.1.0
	 *
	 * @param Place       $place Place.
	 * @param string|null $seen  Stored text that was read; null for no row.
	 * @param callable    $next  Makes the new row; gets the stored one, null when there is none.
	 * @return Key_Row|WP_Error What was stored; errors as of Key_Store::replace().
	 */
	public static function store( Place $place, ?string $seen, callable $next ) {
		$row    = null;
		$stored = self::insist(
			$place,
			$seen,
			static function ( ?string $old ) use ( $place, $next, &$row ) {
				$row = $next( Key_Row::parse( $old ) );
				return Key_Store::replace(
					$place,
					$old,
					$row->to_raw(),
					static fn( string $found ): string => self::whose( $place, $row, $found )
				);
			}
		);
		return is_wp_error( $stored ) ? $stored : $row;
	}

	/**
	 * Removes a row.
	 *
	 * @since 0.1.0
	 *
	 * @param Place  $place Place.
	 * @param string $seen  Stored text that was read.
	 * @return true|WP_Error Errors as of Key_Store::remove().
	 */
	public static function remove( Place $place, string $seen ) {
		return self::insist( $place, $seen, static fn( string $old ) => Key_Store::remove( $place, $old ) );
	}

	/**
	 * Puts back what was there before a row was stored, as long as that row is the one that is there.
	 *
	 * @since 0.1.0
	 *
	 * @param Place       $place   Place.
	 * @param string      $written Stored text of the row.
	 * @param string|null $before  Stored text before; null for no row.
	 * @return true|WP_Error byok_conflict when another row is there; errors as of Key_Store::replace().
	 */
	public static function undo( Place $place, string $written, ?string $before ) {
		return self::insist(
			$place,
			$written,
			static fn( string $old ) => null === $before
				? Key_Store::remove( $place, $old )
				: Key_Store::replace( $place, $old, $before, static fn(): string => 'theirs' )
		);
	}

	/**
	 * Whose a text is that was read back where a row was written.
	 *
	 * A row that does not open here is somebody's all the same when it only waits for its secret or for a
	 * newer version: another server of the site may have both. It must stay.
	 *
	 * @since 0.1.0
	 *
	 * @param Place   $place Place.
	 * @param Key_Row $row   The row that was written.
	 * @param string  $found The text.
	 * @return string `ours`, when a check has only renewed what is told of it; `theirs`; `nobody`, when it
	 *                is what the database has made of ours.
	 */
	public static function whose( Place $place, Key_Row $row, string $found ): string {
		$other = Key_Row::parse( $found );
		if ( null === $other ) {
			return Key_Row::is_newer( $found ) ? 'theirs' : 'nobody';
		}
		if ( $other->envelope === $row->envelope ) {
			return $row->became( $other ) ? 'ours' : 'nobody';
		}
		// With the letters' case changed, ours would seem to be under another secret.
		$is_ours = 0 === strcasecmp( $other->envelope, $row->envelope );
		return $is_ours || 'damaged' === Key_State::of_row( $place, $other )['state'] ? 'nobody' : 'theirs';
	}

	/**
	 * Tries a change again as long as only a check came between.
	 *
	 * @param Place       $place Place.
	 * @param string|null $seen  Stored text that was read; null for no row.
	 * @param callable    $change   Makes the change; gets the text to replace.
	 * @return true|WP_Error What the last try returned.
	 */
	private static function insist( Place $place, ?string $seen, callable $change ) {
		for ( $left = self::RETRIES; ; $left-- ) {
			$done = $change( $seen );
			if ( ! is_wp_error( $done ) || 'conflict' !== Failure::reason( $done ) || 0 === $left ) {
				return $done;
			}

			$found = Key_Store::read_raw( $place );
			if ( is_wp_error( $found ) || ! self::hold_the_same_key( $seen, $found ) ) {
				return $done;
			}
			$seen = $found;
		}
	}

	/**
	 * Whether two stored texts differ only in what is told of a key.
	 *
	 * @param string|null $one   Stored text; null for no row.
	 * @param string|null $other Another one.
	 */
	private static function hold_the_same_key( ?string $one, ?string $other ): bool {
		$one   = Key_Row::parse( $one );
		$other = Key_Row::parse( $other );
		return null !== $one && null !== $other && $one->envelope === $other->envelope;
	}
}
