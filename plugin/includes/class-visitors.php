<?php
/**
 * Visitors.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Keeps who may come back without an account: for each visitor the hash of a token, when it was made and last used, and
 * when it ends. A token that is used goes on; one that is not ends after some days, and what its visitor had stored is
 * removed with it.
 *
 * Malformed, unknown, of another site, ended and revoked are one answer: nobody learns whether a token exists.
 *
 * It does not know how a token is sent, nor what a visitor may do.
 *
 * @since 0.1.0
 */
final class Visitors {

	/**
	 * The daily event that removes those whose time is over.
	 */
	public const HOOK = 'byok_prune_visitors';

	/**
	 * Days that a token lasts when it is not used.
	 */
	private const DAYS = 30;

	/**
	 * Seconds between two uses that are written down: not every request is a write.
	 */
	private const PAUSE = 5 * MINUTE_IN_SECONDS;

	/**
	 * How many are removed in one run of the event. The next one goes on.
	 */
	private const STEP = 500;

	/**
	 * Makes a visitor of the current site.
	 *
	 * @since 0.1.0
	 *
	 * @return array{owner: Owner, token: Token, expires_at: int}|WP_Error byok_storage_failed.
	 */
	public static function register() {
		Guest_Table::ensure();
		self::plan();
		$token      = Token::make( 'visitor' );
		$expires_at = time() + self::seconds();
		$written    = self::query(
			'INSERT INTO %i (id, blog, hash, created_at, used_at, expires_at) VALUES (%s, %d, %s, %d, %d, %d)',
			$token->id,
			get_current_blog_id(),
			$token->hash(),
			time(),
			time(),
			$expires_at
		);
		if ( 1 !== $written ) {
			return Failure::because( 'storage_failed' );
		}
		return array( 'owner' => Owner::guest( 'visitor', $token->id ) ) + compact( 'token', 'expires_at' );
	}

	/**
	 * Finds the visitor who has a token, and lets it go on.
	 *
	 * @since 0.1.0
	 *
	 * @param string $text What was sent.
	 * @return array{owner: Owner, created_at: int, expires_at: int}|WP_Error byok_token_unknown, byok_storage_failed.
	 */
	public static function find( #[\SensitiveParameter] string $text ) {
		global $wpdb;

		$token = Token::parse( 'visitor', $text );
		if ( null === $token ) {
			return Failure::because( 'token_unknown' );
		}
		Guest_Table::ensure();
		// query() first: get_row() would answer with the row of an earlier query when this one fails.
		$found = self::query( 'SELECT hash, created_at, used_at, expires_at FROM %i WHERE id = %s AND blog = %d', $token->id, get_current_blog_id() );
		if ( false === $found ) {
			return Failure::because( 'storage_failed' );
		}
		$row = $wpdb->last_result[0] ?? null;
		if ( ! $token->is( null === $row ? null : (string) $row->hash ) || (int) $row->expires_at <= time() ) {
			return Failure::because( 'token_unknown' );
		}
		return array(
			'owner'      => Owner::guest( 'visitor', $token->id ),
			'created_at' => (int) $row->created_at,
			'expires_at' => self::touch( $token, (int) $row->used_at, (int) $row->expires_at ),
		);
	}

	/**
	 * Whether a visitor who was found is still there, and still has this token, see Guest_Keys::save().
	 *
	 * @since 0.1.0
	 *
	 * @param string $text What was sent.
	 * @return string `yes`; `gone` when the visitor was erased or has ended; `changed` when the visitor has another token
	 *                by now, and when the database does not tell.
	 */
	public static function standing( #[\SensitiveParameter] string $text ): string {
		global $wpdb;

		if ( is_array( self::find( $text ) ) ) {
			return 'yes';
		}
		$token = Token::parse( 'visitor', $text );
		$found = null === $token ? 0 : self::query( 'SELECT expires_at FROM %i WHERE id = %s AND blog = %d', $token->id, get_current_blog_id() );
		$ends  = 1 === $found ? (int) $wpdb->last_result[0]->expires_at : 0;
		return false === $found || $ends > time() ? 'changed' : 'gone';
	}

	/**
	 * The visitors of the current site.
	 *
	 * @since 0.1.0
	 *
	 * @return array[]|WP_Error `id`, `created_at`, `used_at`, `expires_at` and the number of `keys`; those who were here
	 *                          last first. byok_storage_failed.
	 */
	public static function all() {
		global $wpdb;

		Guest_Table::ensure();
		$ask   = static fn( string $sql, ...$values ) => false === Quietly::run( static fn() => $wpdb->query( $wpdb->prepare( $sql, ...$values ) ) ) ? null : (array) $wpdb->last_result; // phpcs:ignore WordPress.DB.PreparedSQL -- prepared here.
		$found = $ask( 'SELECT id, created_at, used_at, expires_at FROM %i WHERE blog = %d ORDER BY used_at DESC, id', Guest_Table::visitors(), get_current_blog_id() );
		$rows  = $ask(
			'SELECT owner, COUNT(*) AS number FROM %i WHERE blog = %d AND name LIKE %s GROUP BY owner',
			Guest_Table::keys(),
			get_current_blog_id(),
			$wpdb->esc_like( Place::PREFIX ) . '%'
		);
		if ( null === $found || null === $rows ) {
			return Failure::because( 'storage_failed' );
		}
		$numbers = array_column( $rows, 'number', 'owner' );
		return array_map(
			static fn( object $row ) => array(
				'id'         => (string) $row->id,
				'created_at' => (int) $row->created_at,
				'used_at'    => (int) $row->used_at,
				'expires_at' => (int) $row->expires_at,
				'keys'       => (int) ( $numbers[ 'visitor:' . $row->id ] ?? 0 ),
			),
			$found
		);
	}

	/**
	 * Gives a visitor another token. The one before is none from then on.
	 *
	 * @since 0.1.0
	 *
	 * @param string $text The token so far.
	 * @return array{owner: Owner, token: Token, expires_at: int}|WP_Error byok_token_unknown, also when somebody else was
	 *                       faster; byok_storage_failed.
	 */
	public static function rotate( #[\SensitiveParameter] string $text ) {
		$found = self::find( $text );
		if ( is_wp_error( $found ) ) {
			return $found;
		}
		$old        = Token::parse( 'visitor', $text );
		$token      = Token::make( 'visitor', $old->id );
		$expires_at = time() + self::seconds();
		$written    = self::query(
			'UPDATE %i SET hash = %s, used_at = %d, expires_at = %d WHERE id = %s AND blog = %d AND hash = %s',
			$token->hash(),
			time(),
			$expires_at,
			$token->id,
			get_current_blog_id(),
			$old->hash()
		);
		if ( 1 !== $written ) {
			return Failure::because( false === $written ? 'storage_failed' : 'token_unknown' );
		}
		// Whoever had the old token may have made some.
		Relay_Revocation::of( $found['owner']->word() );
		return array( 'owner' => $found['owner'] ) + compact( 'token', 'expires_at' );
	}

	/**
	 * Removes visitors of this site whose time is over, with all that they have stored.
	 *
	 * @since 0.1.0
	 */
	public static function prune(): void {
		global $wpdb;

		Guest_Table::ensure();
		$found = self::query( 'SELECT id FROM %i WHERE blog = %d AND expires_at <= %d ORDER BY expires_at LIMIT %d', get_current_blog_id(), time(), self::STEP );
		foreach ( false === $found ? array() : $wpdb->get_col() as $id ) {
			$owner = Owner::guest( 'visitor', (string) $id );
			if ( null !== $owner ) {
				Guest_Eraser::erase( $owner );
			}
		}
		if ( self::STEP === $found ) {
			wp_schedule_single_event( time() + MINUTE_IN_SECONDS, self::HOOK );
		}
	}

	/**
	 * Plans the removal, which is needed from the first visitor on.
	 */
	private static function plan(): void {
		if ( ! wp_next_scheduled( self::HOOK ) ) {
			wp_schedule_event( time() + DAY_IN_SECONDS, 'daily', self::HOOK );
		}
	}

	/**
	 * Asks the table. No token gets here, so none is in a backtrace of those who listen to queries.
	 *
	 * @param string $sql       Query; the table comes first.
	 * @param mixed  ...$values Values.
	 * @return int|false Number of rows; false on an error.
	 */
	private static function query( string $sql, ...$values ) {
		global $wpdb;
		return Quietly::run( static fn() => $wpdb->query( $wpdb->prepare( $sql, Guest_Table::visitors(), ...$values ) ) ); // phpcs:ignore WordPress.DB.PreparedSQL -- of the callers.
	}

	/**
	 * Writes a use down, from time to time.
	 *
	 * @param Token $token      Token.
	 * @param int   $used_at    When it was used last.
	 * @param int   $expires_at When it would end.
	 * @return int When it ends.
	 */
	private static function touch( #[\SensitiveParameter] Token $token, int $used_at, int $expires_at ): int {
		$now = time();
		if ( $used_at > $now - self::PAUSE ) {
			return $expires_at;
		}
		$next    = $now + self::seconds();
		$written = self::query(
			'UPDATE %i SET used_at = %d, expires_at = %d WHERE id = %s AND blog = %d AND hash = %s',
			$now,
			$next,
			$token->id,
			get_current_blog_id(),
			$token->hash()
		);
		return 1 === $written ? $next : $expires_at;
	}

	/**
	 * How long a token lasts when it is not used.
	 *
	 * @return int Seconds.
	 */
	private static function seconds(): int {
		/**
		 * Filters how many days a visitor's token lasts when it is not used.
		 *
		 * @since 0.1.0
		 *
		 * @param int $days Days, 1 to 3650; default 30.
		 */
		$days = apply_filters( 'byok_visitor_days', self::DAYS );
		return ( is_numeric( $days ) ? max( 1, min( 3650, (int) $days ) ) : self::DAYS ) * DAY_IN_SECONDS;
	}
}
