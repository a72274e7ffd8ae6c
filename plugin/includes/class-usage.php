<?php
/**
 * What keys were used for.
 *
 * @package byok
 */

namespace Byok;

use Throwable;

defined( 'ABSPATH' ) || exit;

/**
 * Counts requests, errors and tokens: per day, site, owner of the key, provider, slot, caller and model.
 *
 * Days are those of UTC, like the days of most providers' bills, and do not depend on a setting that may be
 * changed. Nothing of a request or an answer is kept, no key, no hint and no person, but for the owner of a
 * key of one's own.
 *
 * Counting never costs anyone an answer: it does not throw, and what cannot be counted is not counted.
 *
 * @since 0.1.0
 */
final class Usage {

	/**
	 * Longest name of a model, in bytes.
	 */
	private const LONGEST_MODEL = 100;

	/**
	 * How often a row is written when the database says that others are in the way.
	 */
	private const TRIES = 8;

	/**
	 * Counts a request.
	 *
	 * @since 0.1.0
	 *
	 * @param Place  $place    Place of the key.
	 * @param Caller $caller   Who has made it.
	 * @param array  $usage    What Usage_Meter::usage() tells: `model`, `tokens_in`, `tokens_out`, each of
	 *                         which may be null.
	 * @param int    $status   HTTP status of the answer; 0 when there was none.
	 * @param int    $requests How many it are: those of a ticket are counted together, before they are made.
	 */
	public static function record( Place $place, Caller $caller, array $usage, int $status, int $requests = 1 ): void {
		try {
			$tokens_in  = self::tokens( $usage['tokens_in'] ?? null );
			$tokens_out = self::tokens( $usage['tokens_out'] ?? null );
			self::write(
				self::sql(
					array(
						gmdate( 'Y-m-d' ),
						get_current_blog_id(),
						Usage_Table::owner( $place->owner ),
						self::text( $place->provider, 64 ),
						self::text( $place->slot, 64 ),
						$caller->id(),
						self::text( $usage['model'] ?? '', self::LONGEST_MODEL ),
					),
					$status >= 200 && $status < 400 ? 0 : 1,
					$tokens_in,
					$tokens_out,
					$requests
				)
			);
			if ( $place->owner->is_guest() && ! Guest_Table::has( $place->owner ) ) {
				// Erased since the request began. Asked after it was written: who erases removes the token before the usage.
				Usage_Table::forget_owner( $place->owner );
				return;
			}
			Budget::count( $place, $caller, $tokens_in + $tokens_out, $requests );
		} catch ( Throwable $thrown ) {
			// Not the message, which may hold anything.
			if ( WP_DEBUG ) {
				error_log( 'byok: usage was not counted, ' . get_class( $thrown ) . '.' ); // phpcs:ignore WordPress.PHP.DevelopmentFunctions -- only while debugging.
			}
		}
	}

	/**
	 * A text that may be stored: printable ASCII, and short enough. It comes from a provider, or from a
	 * plugin, and may be anything.
	 *
	 * @param mixed $text    Text.
	 * @param int   $longest Bytes.
	 */
	private static function text( $text, int $longest ): string {
		$text = is_string( $text ) ? substr( $text, 0, 4 * $longest ) : '';
		// Without what has a meaning in HTML or SQL, should another plugin print or query it carelessly.
		return substr( trim( (string) preg_replace( '/(?:[^\x21-\x7E]|[<>"\'\\\\])+/', ' ', $text ) ), 0, $longest );
	}

	/**
	 * A number of tokens that may be added.
	 *
	 * @param mixed $tokens Number, or null.
	 */
	private static function tokens( $tokens ): int {
		return is_int( $tokens ) ? max( 0, min( $tokens, Budget_Limits::HIGHEST ) ) : 0;
	}

	/**
	 * The one query that counts.
	 *
	 * @param array $key        Values of the primary key.
	 * @param int   $errors     0 or 1.
	 * @param int   $tokens_in  Tokens of the request.
	 * @param int   $tokens_out Tokens of the answer.
	 * @param int   $requests   How many it are.
	 */
	private static function sql( array $key, int $errors, int $tokens_in, int $tokens_out, int $requests ): string {
		global $wpdb;
		return $wpdb->prepare(
			'INSERT INTO ' . Usage_Table::name() . ' (day, blog, owner, provider, slot, caller, model, requests, errors, tokens_in, tokens_out)
			VALUES (%s, %d, %s, %s, %s, %s, %s, %d, %d, %d, %d)
			ON DUPLICATE KEY UPDATE requests = requests + %d, errors = errors + %d, tokens_in = tokens_in + %d, tokens_out = tokens_out + %d',
			array_merge( $key, array( $requests, $errors, $tokens_in, $tokens_out, $requests, $errors, $tokens_in, $tokens_out ) )
		);
	}

	/**
	 * Writes, once more when others were in the way or the table was not there.
	 *
	 * @param string $sql Query.
	 */
	private static function write( string $sql ): void {
		global $wpdb;

		$shown   = $wpdb->suppress_errors();
		$created = false;
		try {
			for ( $try = 1; $try <= self::TRIES; $try++ ) {
				if ( false !== $wpdb->query( $sql ) ) { // phpcs:ignore WordPress.DB.PreparedSQL -- prepared by sql().
					return;
				}
				if ( preg_match( '/deadlock|lock wait|locked|has changed since/i', (string) $wpdb->last_error ) ) {
					usleep( random_int( 500, 3000 * $try ) );
				} elseif ( ! $created ) {
					// Not made yet, or removed. Asking before each request whether it is there would be a query.
					$created = true;
					Usage_Table::create();
				} else {
					return;
				}
			}
		} finally {
			$wpdb->suppress_errors( $shown );
		}
	}
}
