<?php
/**
 * The table of deliveries.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Keeps what is to be told to endpoints until it was, and a log of the last deliveries afterwards. When a delivery has
 * ended, its body and whose key it was about are taken out of its row. There is no key and no secret in it at any time.
 *
 * It sends nothing.
 *
 * @since 0.1.0
 */
final class Webhook_Table {

	/**
	 * Version of the columns, and the option that tells which one is there.
	 */
	public const VERSION = '1';
	public const OPTION  = 'byok_webhooks_version';

	/**
	 * How many deliveries that have ended are kept, for each site.
	 */
	public const KEPT = 200;

	/**
	 * For how many seconds a delivery is one process's. It takes ten at most.
	 */
	private const CLAIM = 2 * MINUTE_IN_SECONDS;

	/**
	 * Name of the table.
	 *
	 * @since 0.1.0
	 */
	public static function name(): string {
		global $wpdb;
		return $wpdb->base_prefix . 'byok_deliveries';
	}

	/**
	 * Makes the table if it is not there in this version. Costs one option when it is.
	 *
	 * @since 0.1.0
	 */
	public static function ensure(): void {
		global $wpdb;

		if ( self::VERSION === (string) get_site_option( self::OPTION, '' ) ) {
			return;
		}
		require_once ABSPATH . 'wp-admin/includes/upgrade.php';
		$ascii = $wpdb->has_cap( 'collation' ) ? 'DEFAULT CHARACTER SET ascii COLLATE ascii_bin' : '';
		$shown = $wpdb->suppress_errors();
		try {
			dbDelta(
				'CREATE TABLE ' . self::name() . " (
					id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
					blog bigint(20) unsigned NOT NULL,
					endpoint varchar(8) NOT NULL,
					event varchar(32) NOT NULL,
					type varchar(32) NOT NULL,
					owner varchar(32) NOT NULL,
					body text NOT NULL,
					attempts int unsigned NOT NULL DEFAULT 0,
					next_at bigint(20) unsigned NOT NULL DEFAULT 0,
					status int unsigned NOT NULL DEFAULT 0,
					reason varchar(64) NOT NULL DEFAULT '',
					created_at bigint(20) unsigned NOT NULL,
					tried_at bigint(20) unsigned NOT NULL DEFAULT 0,
					PRIMARY KEY  (id),
					KEY that_wait (blog,next_at)
				) $ascii;"
			);
			if ( false !== $wpdb->query( 'SELECT id FROM ' . self::name() . ' LIMIT 1' ) ) {
				update_site_option( self::OPTION, self::VERSION );
			}
		} finally {
			$wpdb->suppress_errors( $shown );
		}
	}

	/**
	 * Adds a delivery that is due.
	 *
	 * @since 0.1.0
	 *
	 * @param string $endpoint Id of the endpoint.
	 * @param string $event    Id of the event.
	 * @param string $type     Type of the event.
	 * @param string $owner    Whose key it is about.
	 * @param string $body     Body, ASCII.
	 * @return int|null Number of the row; null when the database fails.
	 */
	public static function add( string $endpoint, string $event, string $type, string $owner, string $body ): ?int {
		global $wpdb;
		self::ensure();
		$added = self::write( 'INSERT INTO %i (blog, endpoint, event, type, owner, body, next_at, created_at) VALUES (%d, %s, %s, %s, %s, %s, %d, %d)', get_current_blog_id(), $endpoint, $event, $type, $owner, $body, time(), time() );
		return 1 === $added ? (int) $wpdb->insert_id : null;
	}

	/**
	 * The next delivery that is due, which is the caller's from now on: two processes never have the same.
	 *
	 * @since 0.1.0
	 *
	 * @return object|null Row; null when there is none, or the database fails.
	 */
	public static function claim(): ?object {
		foreach ( self::read( 'SELECT * FROM %i WHERE blog = %d AND next_at > 0 AND next_at <= %d ORDER BY next_at, id LIMIT 10', get_current_blog_id(), time() ) as $row ) {
			if ( 1 === self::write( 'UPDATE %i SET next_at = %d WHERE id = %d AND next_at = %d', time() + self::CLAIM, $row->id, $row->next_at ) ) {
				return $row;
			}
		}
		return null;
	}

	/**
	 * Notes how a try has ended.
	 *
	 * @since 0.1.0
	 *
	 * @param object      $row     Row.
	 * @param int         $status  HTTP status; 0 when there was no answer.
	 * @param string|null $reason  Why there was none.
	 * @param int         $next_at When to try again, Unix time; 0 when it has ended.
	 */
	public static function note( object $row, int $status, ?string $reason, int $next_at ): void {
		$emptied = 0 === $next_at ? ", owner = '', body = ''" : '';
		self::write( "UPDATE %i SET attempts = attempts + 1, status = %d, reason = %s, tried_at = %d, next_at = %d$emptied WHERE id = %d", $status, (string) $reason, time(), $next_at, $row->id );
	}

	/**
	 * When the next delivery is due.
	 *
	 * @since 0.1.0
	 *
	 * @return int|null Unix time; null when there is none.
	 */
	public static function next_at(): ?int {
		$rows = self::read( 'SELECT MIN(next_at) AS next_at FROM %i WHERE blog = %d AND next_at > 0', get_current_blog_id() );
		return isset( $rows[0]->next_at ) ? (int) $rows[0]->next_at : null;
	}

	/**
	 * The last deliveries.
	 *
	 * @since 0.1.0
	 *
	 * @return array[] The newest first; without bodies, and without whose keys they are about.
	 */
	public static function log(): array {
		self::ensure();
		return array_map(
			static fn( object $row ) => array(
				'event'      => (string) $row->event,
				'type'       => (string) $row->type,
				'endpoint'   => (string) $row->endpoint,
				'created_at' => (int) $row->created_at,
				'attempts'   => (int) $row->attempts,
				'tried_at'   => 0 === (int) $row->tried_at ? null : (int) $row->tried_at,
				'status'     => 0 === (int) $row->status ? null : (int) $row->status,
				'reason'     => '' === $row->reason ? null : (string) $row->reason,
				'next_at'    => 0 === (int) $row->next_at ? null : (int) $row->next_at,
			),
			self::read( 'SELECT * FROM %i WHERE blog = %d ORDER BY id DESC LIMIT %d', get_current_blog_id(), self::KEPT )
		);
	}

	/**
	 * Removes the oldest of those that have ended.
	 *
	 * @since 0.1.0
	 */
	public static function prune(): void {
		$rows = self::read( 'SELECT id FROM %i WHERE blog = %d AND next_at = 0 ORDER BY id DESC LIMIT 1 OFFSET %d', get_current_blog_id(), self::KEPT );
		if ( array() !== $rows ) {
			self::write( 'DELETE FROM %i WHERE blog = %d AND next_at = 0 AND id <= %d', get_current_blog_id(), $rows[0]->id );
		}
	}

	/**
	 * Removes what is to be told of an owner's keys, and is not yet.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner $owner Owner.
	 */
	public static function forget_owner( Owner $owner ): void {
		self::ensure();
		self::write( 'DELETE FROM %i WHERE owner = %s', $owner->word() );
	}

	/**
	 * Removes what is to be sent to an endpoint, and what was.
	 *
	 * @since 0.1.0
	 *
	 * @param string $id Id of the endpoint.
	 */
	public static function forget_endpoint( string $id ): void {
		self::ensure();
		self::write( 'DELETE FROM %i WHERE blog = %d AND endpoint = %s', get_current_blog_id(), $id );
	}

	/**
	 * Removes the deliveries of a site that is being deleted. Hooked to `wp_uninitialize_site`.
	 *
	 * @since 0.1.0
	 *
	 * @param \WP_Site $site Site.
	 */
	public static function forget_site( $site ): void {
		self::ensure();
		self::write( 'DELETE FROM %i WHERE blog = %d', $site->blog_id );
	}

	/**
	 * Changes rows.
	 *
	 * @param string $sql       Query; the table comes first.
	 * @param mixed  ...$values Values.
	 * @return int|false How many; false on an error.
	 */
	private static function write( string $sql, ...$values ) {
		global $wpdb;
		return Quietly::run( static fn() => $wpdb->query( $wpdb->prepare( $sql, self::name(), ...$values ) ) ); // phpcs:ignore WordPress.DB.PreparedSQL -- of the callers.
	}

	/**
	 * Reads rows.
	 *
	 * @param string $sql       Query; the table comes first.
	 * @param mixed  ...$values Values.
	 * @return object[] None when the database fails.
	 */
	private static function read( string $sql, ...$values ): array {
		global $wpdb;
		return false === self::write( $sql, ...$values ) ? array() : (array) $wpdb->last_result;
	}
}
