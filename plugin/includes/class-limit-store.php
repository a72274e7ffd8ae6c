<?php
/**
 * Where requests are counted.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Adds to a count if there is room: in the persistent object cache, where adding is one step of its server, else
 * in a table, where it is one statement. Both are exact for many at once, on any number of web servers that share
 * the cache or the database.
 *
 * A cache that is full or restarted forgets counts, and with them what was used of the window. Whoever minds sets
 * the filter below.
 *
 * @since 0.1.0
 */
final class Limit_Store {

	/**
	 * Group of the object cache.
	 */
	private const GROUP = 'byok-limits';

	/**
	 * How often a statement is tried when others are in the way.
	 */
	private const TRIES = 12;

	/**
	 * Adds to a count.
	 *
	 * @since 0.1.0
	 *
	 * @param string $name  Name of the count, 40 characters.
	 * @param int    $ends  When it may be forgotten, Unix time.
	 * @param int    $uses  What is added.
	 * @param int    $limit What it may become.
	 * @return int|false|null The count; null when there is no room, false when it could not be counted.
	 */
	public static function add( string $name, int $ends, int $uses, int $limit ) {
		$used = self::cached() ? self::add_cached( $name, $ends, $uses ) : false;
		if ( is_int( $used ) ) {
			if ( $used <= $limit ) {
				return $used;
			}
			wp_cache_decr( $name, $uses, self::GROUP );
			return null;
		}
		return self::add_stored( $name, $ends, $uses, $limit );
	}

	/**
	 * Takes back what was added, when the request was not made after all.
	 *
	 * @since 0.1.0
	 *
	 * @param string $name Name of the count.
	 * @param int    $ends When it ends.
	 * @param int    $uses What was added.
	 */
	public static function give_back( string $name, int $ends, int $uses ): void {
		global $wpdb;
		if ( self::cached() && false !== wp_cache_decr( $name, $uses, self::GROUP ) ) {
			return;
		}
		self::write( $wpdb->prepare( 'UPDATE ' . Limit_Table::name() . ' SET used = used - %d WHERE bucket = %s AND used >= %d', $uses, $name, $uses ) );
	}

	/**
	 * Whether the object cache counts.
	 */
	private static function cached(): bool {
		/**
		 * Filters whether the relay's limits are counted in the object cache. Some caches are each web server's own:
		 * with several servers return false, and the database counts.
		 *
		 * @since 0.1.0
		 *
		 * @param bool $cached Whether there is a persistent object cache.
		 */
		return (bool) apply_filters( 'byok_limits_in_cache', wp_using_ext_object_cache() );
	}

	/**
	 * Adds in the cache.
	 *
	 * @param string $name Name.
	 * @param int    $ends When it ends.
	 * @param int    $uses What is added.
	 * @return int|false The count; false when the cache does not answer.
	 */
	private static function add_cached( string $name, int $ends, int $uses ) {
		// Of several who begin, one succeeds, and the others find what it has made.
		wp_cache_add( $name, 0, self::GROUP, max( 1, $ends - time() ) + MINUTE_IN_SECONDS );
		$used = wp_cache_incr( $name, $uses, self::GROUP );
		return is_int( $used ) && $used >= $uses ? $used : false;
	}

	/**
	 * Adds in the table: one statement, or three at the beginning of a window.
	 *
	 * @param string $name  Name.
	 * @param int    $ends  When it ends.
	 * @param int    $uses  What is added.
	 * @param int    $limit What it may become.
	 * @return int|false|null As of add().
	 */
	private static function add_stored( string $name, int $ends, int $uses, int $limit ) {
		global $wpdb;
		$table = Limit_Table::name();
		// phpcs:disable WordPress.DB.PreparedSQL -- the table is ours.
		$add   = $wpdb->prepare( "UPDATE $table SET used = used + %d WHERE bucket = %s AND used <= %d", $uses, $name, $limit - $uses );
		$begin = $wpdb->prepare( "INSERT IGNORE INTO $table (bucket, ends, used) VALUES (%s, %d, %d)", $name, $ends, $uses );
		// phpcs:enable
		foreach ( $uses <= $limit ? array( $add, $begin, $add ) : array() as $step => $sql ) {
			$written = self::write( $sql );
			if ( false === $written ) {
				return false;
			}
			if ( 0 < $written ) {
				if ( 1 === $step ) {
					Limit_Table::prune();
					return $uses;
				}
				return self::used( $name );
			}
		}
		return null;
	}

	/**
	 * What a count is now.
	 *
	 * @param string $name Name.
	 */
	private static function used( string $name ): int {
		global $wpdb;
		// phpcs:ignore WordPress.DB.PreparedSQL -- the table is ours.
		return (int) Quietly::run( static fn() => $wpdb->get_var( $wpdb->prepare( 'SELECT used FROM ' . Limit_Table::name() . ' WHERE bucket = %s', $name ) ) );
	}

	/**
	 * Writes, once more when others were in the way or the table was not there.
	 *
	 * @param string $sql Statement.
	 * @return int|false Number of rows written.
	 */
	private static function write( string $sql ) {
		global $wpdb;

		$shown   = $wpdb->suppress_errors();
		$created = false;
		try {
			for ( $try = 1; $try <= self::TRIES; $try++ ) {
				$written = $wpdb->query( $sql ); // phpcs:ignore WordPress.DB.PreparedSQL -- prepared by the callers.
				if ( is_int( $written ) ) {
					return $written;
				}
				if ( preg_match( '/deadlock|lock wait|locked|has changed since/i', (string) $wpdb->last_error ) ) {
					usleep( random_int( 500, 3000 * $try ) );
				} elseif ( ! $created ) {
					$created = true;
					Limit_Table::create();
				} else {
					return false;
				}
			}
			return false;
		} finally {
			$wpdb->suppress_errors( $shown );
		}
	}
}
