<?php
/**
 * One writer at a time for a first key.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Keeps two people from inserting the same row into a table that would take both. Options have unique
 * names; the meta tables of networks and users do not.
 *
 * The lock is an option, whose unique name makes taking it one atomic step on every database. Not
 * GET_LOCK(), which not every database has, and not a transaction, which would end one of the caller's.
 *
 * @since 0.1.0
 */
final class Insert_Lock {

	/**
	 * Beginning of the name of every lock.
	 */
	public const PREFIX = 'byok_lock_';

	/**
	 * After so many seconds a lock is taken from whoever has it: its process was killed. Inserting takes
	 * milliseconds.
	 */
	private const SECONDS = 30;

	/**
	 * Takes the fields as they are.
	 *
	 * @param string $name  Name of the option.
	 * @param string $token Our mark in it: when, and who.
	 */
	private function __construct(
		private readonly string $name,
		private readonly string $token
	) {}

	/**
	 * Takes the lock of a place.
	 *
	 * @since 0.1.0
	 *
	 * @param Place $place Place.
	 * @return self|null Null when someone else has it, or the database fails.
	 */
	public static function take( Place $place ): ?self {
		global $wpdb;

		$table = self::table();
		$name  = self::PREFIX . $place->owner->word() . ':' . $place->owner->id . ':' . $place->provider;
		$token = time() . '.' . bin2hex( random_bytes( 8 ) );
		// phpcs:disable WordPress.DB.PreparedSQL -- the table is WordPress's.
		$taken = $wpdb->query( $wpdb->prepare( "INSERT IGNORE INTO $table (option_name, option_value, autoload) VALUES (%s, %s, 'off')", $name, $token ) );
		if ( 0 === $taken ) {
			$held = (string) $wpdb->get_var( $wpdb->prepare( "SELECT option_value FROM $table WHERE option_name = %s", $name ) );
			if ( self::taken_at( $held ) + self::SECONDS < time() ) {
				$taken = $wpdb->query( $wpdb->prepare( "UPDATE $table SET option_value = %s WHERE option_name = %s AND option_value = %s", $token, $name, $held ) );
			}
		}
		// phpcs:enable
		return 1 === $taken ? new self( $name, $token ) : null;
	}

	/**
	 * Gives the lock back, if it still is ours.
	 *
	 * @since 0.1.0
	 */
	public function release(): void {
		global $wpdb;
		$table = self::table();
		$wpdb->query( $wpdb->prepare( "DELETE FROM $table WHERE option_name = %s AND option_value = %s", $this->name, $this->token ) ); // phpcs:ignore WordPress.DB.PreparedSQL -- the table is WordPress's.
	}

	/**
	 * When a lock was taken. Only the digits in front count: a cast would read `1e5` as a number too.
	 *
	 * @param string $token Mark in a lock; empty when it is gone already.
	 * @return int Unix time; 0 when it is none, so that nothing strange is waited for.
	 */
	private static function taken_at( string $token ): int {
		$taken_at = (string) strstr( $token, '.', true );
		return ctype_digit( $taken_at ) ? min( (int) $taken_at, time() ) : 0;
	}

	/**
	 * The options of the first site, which every site of every network sees.
	 */
	private static function table(): string {
		global $wpdb;
		return $wpdb->base_prefix . 'options';
	}
}
