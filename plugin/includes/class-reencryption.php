<?php
/**
 * Moving all keys to the site's current secret.
 *
 * @package byok
 */

namespace Byok;

use Throwable;
use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Moves every row, of all sites, networks and people, to the current secret, in steps. It can be stopped
 * at any point, by a killed process too: every row opens under one of the secrets, and the next step goes
 * on where the last one has written down that it was.
 *
 * It does not ask who is calling, and never has a key.
 *
 * @since 0.1.0
 */
final class Reencryption {

	/**
	 * Where it stands: an option of the installation.
	 */
	public const OPTION = 'byok_reencryption';

	/**
	 * Where the witness of a run sits: no key can have its place.
	 */
	private const CONTEXT = array( 'slot' => 're-encryption' );

	/**
	 * Begins, or begins again.
	 *
	 * @since 0.1.0
	 *
	 * @return array|WP_Error Status, see status(); byok_source_* and the like, byok_extension_missing.
	 */
	public static function start() {
		try {
			$source = null === Extension::reason() ? byok_key_source() : array( 'error' => Extension::reason() );
			if ( null !== $source['error'] ) {
				return Failure::because( $source['error'] );
			}
			$status = array(
				'key_id'     => $source['key_id'],
				'witness'    => byok_encrypt( 'byok', self::CONTEXT ),
				'started_at' => time(),
				'phase'      => 'sites',
				'cursor'     => 0,
				'seen'       => 0,
				'total'      => self::total(),
				'moved'      => 0,
				'locked'     => 0,
				'damaged'    => 0,
				'busy'       => 0,
				'finished'   => false,
			);
			return self::keep( $status );
		} catch ( Throwable $thrown ) {
			return Failure::from( $thrown );
		}
	}

	/**
	 * Goes on for some time.
	 *
	 * @since 0.1.0
	 *
	 * @param float $seconds  Seconds after which to stop; one batch is always done.
	 * @param array $previous A secret for this once, which opens locked rows, see byok_reencrypt(). It is
	 *                        not kept anywhere.
	 * @return array|WP_Error Status, see status(); byok_storage_failed, byok_storage_unsure,
	 *                        byok_option_invalid and byok_source_* when $previous is no secret, and the
	 *                        errors of start().
	 */
	public static function step( float $seconds, #[\SensitiveParameter] array $previous = array() ) {
		try {
			self::require_usable( $previous );
			$status = self::status();
			if ( null === $status || $status['finished'] || byok_key_source()['key_id'] !== $status['key_id'] ) {
				$status = self::start();
			}
			$until = microtime( true ) + $seconds;
			while ( ! is_wp_error( $status ) && ! $status['finished'] ) {
				$status = self::advance( $status, $previous );
				if ( is_array( $status ) && $status['finished'] ) {
					Canary::settle();
				}
				if ( microtime( true ) >= $until ) {
					break;
				}
			}
			return $status;
		} catch ( Throwable $thrown ) {
			return Failure::from( $thrown );
		}
	}

	/**
	 * Moves the rows of the current site only, and those of its guests.
	 *
	 * @since 0.1.0
	 *
	 * @param array $previous A secret for this once, see step().
	 * @return array|WP_Error Counts, see Key_Batch::move().
	 */
	public static function site( #[\SensitiveParameter] array $previous = array() ) {
		try {
			self::require_usable( $previous );
			$counts = self::all_of( 'site', $previous );
			$guests = is_wp_error( $counts ) ? $counts : self::all_of( 'guest', $previous, get_current_blog_id() );
			if ( is_wp_error( $guests ) ) {
				return $guests;
			}
			Canary::settle();
			return self::add( $counts, $guests );
		} catch ( Throwable $thrown ) {
			return Failure::from( $thrown );
		}
	}

	/**
	 * Moves all rows of a kind.
	 *
	 * @param string $kind     `site` or `guest`.
	 * @param array  $previous A secret for this once, see step().
	 * @param ?int   $blog     Of guests, only those of this site.
	 * @return array|WP_Error Counts, see Key_Batch::move().
	 */
	private static function all_of( string $kind, #[\SensitiveParameter] array $previous, ?int $blog = null ) {
		$counts = array();
		do {
			$batch = Key_Batch::move( $kind, $counts['last'] ?? 0, $previous, $blog );
			if ( is_wp_error( $batch ) ) {
				return $batch;
			}
			foreach ( $batch as $name => $count ) {
				$counts[ $name ] = 'last' === $name ? $count : $count + ( $counts[ $name ] ?? 0 );
			}
		} while ( $batch['seen'] > 0 );
		return $counts;
	}

	/**
	 * Where it stands.
	 *
	 * @since 0.1.0
	 *
	 * @return array|null {
	 *     Null when it was never begun.
	 *
	 *     @type string $key_id     Id of the secret that rows are moved to.
	 *     @type string $witness    Something that opens under this secret and the server's tenant then.
	 *     @type int    $started_at Unix time.
	 *     @type string $phase      `sites`, `networks`, `users`, `guests` or `done`.
	 *     @type int    $cursor     What was seen last in this phase.
	 *     @type int    $seen       What was looked at so far: rows of networks and people; sites.
	 *     @type int    $total      How much of that there was at the beginning.
	 *     @type int    $moved      Rows that were moved.
	 *     @type int    $locked     Rows whose secret is not here.
	 *     @type int    $damaged    Rows that are none.
	 *     @type int    $busy       Rows that somebody has changed meanwhile.
	 *     @type bool   $finished   Whether it is done.
	 * }
	 */
	public static function status(): ?array {
		$status = get_site_option( self::OPTION );
		return is_array( $status ) && isset( $status['key_id'], $status['phase'], $status['cursor'] ) ? $status : null;
	}

	/**
	 * Whether all rows, of everybody, were found to open under the current secret and tenant.
	 *
	 * @since 0.1.0
	 *
	 * @param int $since Only a run that was begun then or later counts, Unix time.
	 */
	public static function has_opened_all_since( int $since ): bool {
		$status = self::status();
		return null !== $status
			&& $status['finished']
			&& 0 === $status['locked']
			&& $status['started_at'] >= $since
			&& byok_key_source()['key_id'] === $status['key_id']
			&& null === byok_inspect( (string) ( $status['witness'] ?? '' ), self::CONTEXT )['reason'];
	}

	/**
	 * Refuses a secret that is none, before any row is looked at: each would seem to be at fault.
	 *
	 * @param array $previous A secret for this once.
	 * @throws \Byok\Exception\ByokException Why it cannot be one.
	 */
	private static function require_usable( #[\SensitiveParameter] array $previous ): void {
		if ( array() !== $previous ) {
			byok_reencrypt( byok_encrypt( 'byok', array() ), array(), $previous );
		}
	}

	/**
	 * Does the next piece of work, and writes down that it was done.
	 *
	 * @param array $status   Status.
	 * @param array $previous A secret for this once.
	 * @return array|WP_Error The next status.
	 */
	private static function advance( array $status, #[\SensitiveParameter] array $previous ) {
		switch ( $status['phase'] ) {
			case 'sites':
				return self::advance_site( $status, $previous );
			case 'networks':
				return self::advance_rows( $status, 'network', 'users', $previous );
			case 'users':
				return self::advance_rows( $status, 'user', 'guests', $previous );
			default:
				return self::advance_rows( $status, 'guest', 'done', $previous );
		}
	}

	/**
	 * Does the next site.
	 *
	 * @param array $status   Status.
	 * @param array $previous A secret for this once.
	 * @return array|WP_Error The next status.
	 */
	private static function advance_site( array $status, #[\SensitiveParameter] array $previous ) {
		$site = self::site_after( $status['cursor'] );
		if ( null === $site ) {
			return self::keep( self::to_phase( $status, is_multisite() ? 'networks' : 'users' ) );
		}

		if ( is_multisite() ) {
			switch_to_blog( $site );
		}
		try {
			// Its guests have a phase of their own, which can be stopped among them.
			$counts = self::all_of( 'site', $previous );
			Canary::settle();
		} finally {
			if ( is_multisite() ) {
				restore_current_blog();
			}
		}
		if ( is_wp_error( $counts ) ) {
			if ( ! is_multisite() ) {
				return $counts;
			}
			// One site of many without its tables must not stop the others.
			$counts = array( 'busy' => 1 );
		}
		$status['cursor'] = $site;
		return self::keep( self::add( $status, array( 'seen' => 1 ) + $counts ) );
	}

	/**
	 * Does the next rows of networks or people.
	 *
	 * @param array  $status   Status.
	 * @param string $kind     `network`, `user` or `guest`.
	 * @param string $next     Phase that comes after.
	 * @param array  $previous A secret for this once.
	 * @return array|WP_Error The next status.
	 */
	private static function advance_rows( array $status, string $kind, string $next, #[\SensitiveParameter] array $previous ) {
		$counts = Key_Batch::move( $kind, $status['cursor'], $previous );
		if ( is_wp_error( $counts ) ) {
			return $counts;
		}
		if ( 0 === $counts['seen'] ) {
			return self::keep( self::to_phase( $status, $next ) );
		}
		$status['cursor'] = $counts['last'];
		return self::keep( self::add( $status, $counts ) );
	}

	/**
	 * The site after another one, by id.
	 *
	 * @param int $site Id of a site; 0 for the first.
	 * @return int|null Null when it was the last.
	 */
	private static function site_after( int $site ): ?int {
		global $wpdb;
		if ( ! is_multisite() ) {
			return 0 === $site ? get_current_blog_id() : null;
		}
		$next = $wpdb->get_var( $wpdb->prepare( "SELECT blog_id FROM $wpdb->blogs WHERE blog_id > %d ORDER BY blog_id LIMIT 1", $site ) );
		return null === $next ? null : (int) $next;
	}

	/**
	 * How much there is to look at.
	 *
	 * @return int Number of sites, and of rows of networks and people.
	 */
	private static function total(): int {
		$sites = is_multisite() ? (int) get_sites( array( 'count' => true ) ) : 1;
		return $sites + ( is_multisite() ? Key_Batch::count( 'network' ) : 0 ) + Key_Batch::count( 'user' ) + Key_Batch::count( 'guest' );
	}

	/**
	 * The status at the beginning of a phase.
	 *
	 * @param array  $status Status.
	 * @param string $phase  Phase.
	 * @return array Status.
	 */
	private static function to_phase( array $status, string $phase ): array {
		$finished = 'done' === $phase;
		return array_merge( $status, array( 'cursor' => 0 ), compact( 'phase', 'finished' ) );
	}

	/**
	 * The status with counts added.
	 *
	 * @param array $status Status.
	 * @param array $counts Counts.
	 * @return array Status.
	 */
	private static function add( array $status, array $counts ): array {
		foreach ( array( 'seen', 'moved', 'locked', 'damaged', 'busy' ) as $name ) {
			$status[ $name ] += $counts[ $name ] ?? 0;
		}
		return $status;
	}

	/**
	 * Writes the status down.
	 *
	 * @param array $status Status.
	 * @return array The same.
	 */
	private static function keep( array $status ): array {
		update_site_option( self::OPTION, $status );
		return $status;
	}
}
