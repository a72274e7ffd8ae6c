<?php
/**
 * How often a member may try a key.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Limits the checks that a person, with an account or without, causes with keys of their own: each one is a request to a provider from
 * this server, and would tell whoever found a list of keys which of them are good.
 *
 * People who manage the keys of the site are not limited.
 *
 * The count is a row that every step changes in one statement of the database: many requests at once get no
 * more than their share. A transient would be read, counted up and written back, each time from the same
 * number; and a persistent cache may forget the count whenever it needs the room.
 *
 * @since 0.1.0
 */
final class Attempts {

	/**
	 * Beginning of the name of every count.
	 */
	public const PREFIX = 'byok_attempts_';

	/**
	 * Checks an hour. Nobody needs as many for a handful of providers.
	 */
	private const AN_HOUR = 20;

	/**
	 * A count is stored as the time when its hour ends, times this, plus the number of checks: one number
	 * that one statement can compare and change.
	 */
	private const ROOM = 100;

	/**
	 * Counts one, if there is one left.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner $owner Whose key is to be checked.
	 * @return WP_Error|null byok_too_many_attempts; byok_storage_failed when it could not be counted; null
	 *                       when it may go on.
	 */
	public static function count( Owner $owner ): ?WP_Error {
		if ( ! $owner->is_guest() && ( 'user' !== $owner->kind || Capability::current_user_can() ) ) {
			return null;
		}
		return self::count_in( self::name( $owner ) );
	}

	/**
	 * Counts one of somebody who has no id yet, if there is one left.
	 *
	 * @since 0.1.0
	 *
	 * @param string $who What tells them from others; it is not stored.
	 * @return WP_Error|null As of count().
	 */
	public static function count_of( string $who ): ?WP_Error {
		return self::count_in( self::PREFIX . substr( hash( 'sha256', get_current_blog_id() . " $who" ), 0, 32 ) );
	}

	/**
	 * Counts one.
	 *
	 * @param string $name Name of the option.
	 * @return WP_Error|null As of count().
	 */
	private static function count_in( string $name ): ?WP_Error {
		$counted = Quietly::run( static fn() => self::begin( $name ) ?: self::add( $name ) ); // phpcs:ignore Universal.Operators.DisallowShortTernary -- 0 and false alike.
		if ( false === $counted ) {
			return Failure::because( 'storage_failed' );
		}
		return 0 < $counted ? null : Failure::because( 'too_many_attempts', '', array( 'retry_after' => self::wait( $name ) ) );
	}

	/**
	 * Removes the count of an owner.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner $owner Whose keys.
	 */
	public static function forget( Owner $owner ): void {
		global $wpdb;
		$table = self::table();
		Quietly::run( static fn() => $wpdb->query( $wpdb->prepare( "DELETE FROM $table WHERE option_name = %s", self::name( $owner ) ) ) ); // phpcs:ignore WordPress.DB.PreparedSQL -- the table is WordPress's.
	}

	/**
	 * Removes the counts of all people of a pair of connect keys.
	 *
	 * @since 0.1.0
	 *
	 * @param string $pair Id of the pair.
	 */
	public static function forget_pair( string $pair ): void {
		global $wpdb;
		$table = self::table();
		Quietly::run( static fn() => $wpdb->query( $wpdb->prepare( "DELETE FROM $table WHERE option_name LIKE %s", $wpdb->esc_like( self::PREFIX . 'ref:' . $pair ) . '%' ) ) ); // phpcs:ignore WordPress.DB.PreparedSQL -- the table is WordPress's.
	}

	/**
	 * Name of the option.
	 *
	 * @param Owner $owner Whose keys.
	 */
	private static function name( Owner $owner ): string {
		return self::PREFIX . ( $owner->is_guest() ? $owner->word() : $owner->id );
	}

	/**
	 * Begins an hour with its first check, unless one has begun. Hours of anybody that are over go away.
	 *
	 * @param string $name Name of the option.
	 * @return int|false Number of rows written; false on an error.
	 */
	private static function begin( string $name ) {
		global $wpdb;
		$table = self::table();
		// phpcs:disable WordPress.DB.PreparedSQL -- the table is WordPress's.
		$wpdb->query( $wpdb->prepare( "DELETE FROM $table WHERE option_name LIKE %s AND option_value + 0 < %d", $wpdb->esc_like( self::PREFIX ) . '%', time() * self::ROOM ) );
		return $wpdb->query(
			$wpdb->prepare(
				"INSERT IGNORE INTO $table (option_name, option_value, autoload) VALUES (%s, %s, 'off')",
				$name,
				(string) ( ( time() + HOUR_IN_SECONDS ) * self::ROOM + 1 )
			)
		);
		// phpcs:enable
	}

	/**
	 * Counts one more, if there is one left.
	 *
	 * @param string $name Name of the option.
	 * @return int|false Number of rows written; false on an error.
	 */
	private static function add( string $name ) {
		global $wpdb;
		$table = self::table();
		return $wpdb->query( $wpdb->prepare( "UPDATE $table SET option_value = option_value + 1 WHERE option_name = %s AND option_value %% %d < %d", $name, self::ROOM, self::AN_HOUR ) ); // phpcs:ignore WordPress.DB.PreparedSQL -- the table is WordPress's.
	}

	/**
	 * How long to wait for the end of the hour.
	 *
	 * @param string $name Name of the option.
	 * @return int Seconds.
	 */
	private static function wait( string $name ): int {
		global $wpdb;
		$table = self::table();
		$value = (int) Quietly::run( static fn() => $wpdb->get_var( $wpdb->prepare( "SELECT option_value FROM $table WHERE option_name = %s", $name ) ) ); // phpcs:ignore WordPress.DB.PreparedSQL -- the table is WordPress's.
		return max( 1, min( HOUR_IN_SECONDS, intdiv( $value, self::ROOM ) - time() ) );
	}

	/**
	 * The options of the first site, which every site of every network sees: a person is counted once.
	 */
	private static function table(): string {
		global $wpdb;
		return $wpdb->base_prefix . 'options';
	}
}
