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
 * Keeps one option row for each provider of the current site, and replaces a row only when it still is
 * what the caller has seen.
 *
 * WordPress's own update_option() cannot do that: it compares with a cache, says `false` for "failed"
 * and for "unchanged" alike, and lets the last writer win without a word.
 *
 * It knows nothing of keys, envelopes or providers' rules: values are strings to it.
 *
 * @since 0.1.0
 */
final class Key_Store {

	/**
	 * Beginning of every option name.
	 */
	public const PREFIX = 'byok_key_';

	/**
	 * Name of a provider's option.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @return string Option name.
	 */
	public static function name( string $provider ): string {
		return self::PREFIX . $provider;
	}

	/**
	 * Reads a row from the database, past every cache and filter of options.
	 *
	 * Never through get_option(): a stale cache would go on serving a key that was replaced or deleted,
	 * "absent" is also its answer when the database is down, which it remembers, and it makes objects
	 * of whatever someone has stored.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @return string|null|WP_Error The stored text, null when there is no row, or byok_storage_failed.
	 */
	public static function read_raw( string $provider ) {
		global $wpdb;

		// query() first: get_col() would answer with the rows of an earlier query when this one fails.
		$found = self::quietly(
			static fn() => $wpdb->query(
				$wpdb->prepare(
					"SELECT option_value, option_name FROM $wpdb->options WHERE option_name = %s LIMIT 1",
					self::name( $provider )
				)
			)
		);
		if ( false === $found ) {
			return Failure::because( 'storage_failed' );
		}

		// wpdb gives null for an empty text; that there is a row shows in its name.
		return array() === $wpdb->get_col( null, 1 ) ? null : (string) $wpdb->get_col()[0];
	}

	/**
	 * Reads all rows of the current site, as read_raw() does.
	 *
	 * @since 0.1.0
	 *
	 * @return array<string, string>|WP_Error Stored texts by provider id, or byok_storage_failed.
	 */
	public static function read_all() {
		global $wpdb;

		$found = self::quietly(
			static fn() => $wpdb->query(
				$wpdb->prepare(
					"SELECT option_value, option_name FROM $wpdb->options WHERE option_name LIKE %s ORDER BY option_name",
					$wpdb->esc_like( self::PREFIX ) . '%'
				)
			)
		);
		if ( false === $found ) {
			return Failure::because( 'storage_failed' );
		}

		$rows = array();
		foreach ( $wpdb->get_col( null, 1 ) as $at => $name ) {
			$rows[ substr( $name, strlen( self::PREFIX ) ) ] = (string) $wpdb->get_col()[ $at ];
		}
		return $rows;
	}

	/**
	 * Replaces a row, if it still is the old one, and reads back what was stored.
	 *
	 * @since 0.1.0
	 *
	 * @param string      $provider Provider id.
	 * @param string|null $old      The stored text that the caller has read; null for no row.
	 * @param string      $new      The text to store.
	 * @param callable    $is_sound Tells whether a text that was read back is a good row by someone else.
	 * @return true|WP_Error byok_conflict when another one was faster, byok_storage_failed when the old
	 *                       row is still there, byok_storage_not_restored when it could not be put back.
	 */
	public static function replace( string $provider, ?string $old, string $new, callable $is_sound ) {
		if ( $old === $new ) {
			return true;
		}

		$written = self::swap( $provider, $old, $new );
		self::forget( $provider );
		if ( false === $written ) {
			return Failure::because( 'storage_failed' );
		}

		$found = self::read_raw( $provider );
		if ( $found === $new ) {
			return true;
		}
		if ( 0 === $written ) {
			return is_wp_error( $found ) ? $found : Failure::because( 'conflict' );
		}

		// Ours was written, and something else is there. Either someone else has saved a good row since,
		// which must stay, or the database did not keep what it was given.
		if ( null === $found || ( is_string( $found ) && $is_sound( $found ) ) ) {
			return Failure::because( 'conflict' );
		}
		return self::restore( $provider, $old, $found );
	}

	/**
	 * Removes a row, if it still is the one that the caller has read.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param string $old      The stored text.
	 * @return true|WP_Error byok_conflict or byok_storage_failed.
	 */
	public static function remove( string $provider, string $old ) {
		$written = self::delete_exact( $provider, $old );
		self::forget( $provider );
		if ( false === $written ) {
			return Failure::because( 'storage_failed' );
		}

		$found = self::read_raw( $provider );
		if ( null === $found || is_wp_error( $found ) ) {
			return $found ?? true;
		}
		return Failure::because( 'conflict' );
	}

	/**
	 * Writes a value where the old one is.
	 *
	 * Texts are compared as HEX: the collation of the table takes `A` for `a` and ignores spaces at the
	 * end, and an envelope differs in exactly such things.
	 *
	 * @param string      $provider Provider id.
	 * @param string|null $old      Old text; null for no row.
	 * @param string      $new      New text.
	 * @return int|false Number of rows written; false on an error.
	 */
	private static function swap( string $provider, ?string $old, string $new ) {
		global $wpdb;

		if ( null === $old ) {
			// IGNORE: a row that someone else has inserted meanwhile stays, and counts as 0 written.
			$query = $wpdb->prepare(
				"INSERT IGNORE INTO $wpdb->options (option_name, option_value, autoload) VALUES (%s, %s, 'off')",
				self::name( $provider ),
				$new
			);
		} else {
			$query = $wpdb->prepare(
				"UPDATE $wpdb->options SET option_value = %s, autoload = 'off' WHERE option_name = %s AND HEX(option_value) = %s",
				$new,
				self::name( $provider ),
				strtoupper( bin2hex( $old ) )
			);
		}
		return self::quietly( static fn() => $wpdb->query( $query ) ); // phpcs:ignore WordPress.DB.PreparedSQL -- prepared above.
	}

	/**
	 * Deletes a row that still is the old one.
	 *
	 * @param string $provider Provider id.
	 * @param string $old      Old text.
	 * @return int|false Number of rows deleted; false on an error.
	 */
	private static function delete_exact( string $provider, string $old ) {
		global $wpdb;

		return self::quietly(
			static fn() => $wpdb->query(
				$wpdb->prepare(
					"DELETE FROM $wpdb->options WHERE option_name = %s AND HEX(option_value) = %s",
					self::name( $provider ),
					strtoupper( bin2hex( $old ) )
				)
			)
		);
	}

	/**
	 * Puts the old row back after the database kept something else than it was given.
	 *
	 * @param string          $provider Provider id.
	 * @param string|null     $old      Old text; null for no row.
	 * @param string|WP_Error $found    What was read back.
	 * @return WP_Error Always: the save has failed.
	 */
	private static function restore( string $provider, ?string $old, $found ): WP_Error {
		if ( is_string( $found ) ) {
			if ( null === $old ) {
				self::delete_exact( $provider, $found );
			} else {
				self::swap( $provider, $found, $old );
			}
			self::forget( $provider );
		}
		return Failure::because( self::read_raw( $provider ) === $old ? 'storage_failed' : 'storage_not_restored' );
	}

	/**
	 * Removes a row from WordPress's caches of options, after it was written past them.
	 *
	 * @param string $provider Provider id.
	 */
	private static function forget( string $provider ): void {
		$name = self::name( $provider );

		wp_cache_delete( $name, 'options' );

		// "There is no such option" and, for a row that was once autoloaded, its old value.
		foreach ( array( 'notoptions', 'alloptions' ) as $list ) {
			$cached = wp_cache_get( $list, 'options', true );
			if ( is_array( $cached ) && array_key_exists( $name, $cached ) ) {
				unset( $cached[ $name ] );
				wp_cache_set( $list, $cached, 'options' );
			}
		}
	}

	/**
	 * Runs a query without printing its error into the page. It still goes to the error log, where it
	 * holds ciphertext at most.
	 *
	 * @param callable $query Runs the query.
	 * @return mixed What it returns.
	 */
	private static function quietly( callable $query ) {
		global $wpdb;

		$shown = $wpdb->hide_errors();
		try {
			return $query();
		} finally {
			if ( $shown ) {
				$wpdb->show_errors();
			}
		}
	}
}
