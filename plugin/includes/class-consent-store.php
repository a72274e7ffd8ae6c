<?php
/**
 * Where decisions about the use of keys are kept.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Keeps one row of decisions for each owner: an option of the site, of the network, or a meta field of the
 * person. Two who decide at once both have their way: each change is made on what is stored, and made again
 * when that was changed meanwhile.
 *
 * Reads and writes past WordPress's caches, as Key_Store does and for the same reasons: a cache would go on
 * allowing what was withdrawn.
 *
 * @since 0.1.0
 */
final class Consent_Store {

	/**
	 * Name of the row.
	 */
	public const NAME = 'byok_policy';

	/**
	 * How often a change is tried. Many callers may be refused for the first time at once, each of which
	 * is one write.
	 */
	private const TRIES = 12;

	/**
	 * How long a policy is recent, in seconds: for the second question about the same request.
	 */
	private const RECENT = 1.0;

	/**
	 * The policy that was read last.
	 *
	 * @var array{policy: Consent_Policy, of: string, at: float}|null
	 */
	private static ?array $last = null;

	/**
	 * Reads the decisions of an owner.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner $owner Owner; a site must be the current one.
	 * @return Consent_Policy|WP_Error byok_storage_failed.
	 */
	public static function read( Owner $owner ) {
		self::$last = null;
		$raw        = self::read_raw( $owner );
		if ( is_wp_error( $raw ) ) {
			return $raw;
		}
		$policy     = Consent_Policy::parse( $raw );
		self::$last = array(
			'policy' => $policy,
			'of'     => $owner->word() . ' ' . $owner->id,
			'at'     => microtime( true ),
		);
		return $policy;
	}

	/**
	 * The decisions of an owner, without another query when they were read just now.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner $owner Owner; a site must be the current one.
	 * @return Consent_Policy|WP_Error byok_storage_failed.
	 */
	public static function recent( Owner $owner ) {
		$last = self::$last;
		$age  = null === $last ? -1.0 : microtime( true ) - $last['at'];
		if ( $age >= 0.0 && $age <= self::RECENT && $last['of'] === $owner->word() . ' ' . $owner->id ) {
			return $last['policy'];
		}
		return self::read( $owner );
	}

	/**
	 * Changes the decisions of an owner.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner    $owner  Owner; a site must be the current one.
	 * @param callable $change Gets the Consent_Policy and returns another one; is called again when someone
	 *                         else was faster.
	 * @return true|WP_Error byok_conflict, byok_storage_failed.
	 */
	public static function change( Owner $owner, callable $change ) {
		self::$last = null;
		for ( $try = 0; $try < self::TRIES; $try++ ) {
			if ( $try > 0 ) {
				// Not in step with whoever else is trying.
				usleep( random_int( 500, 4000 * $try ) );
			}
			$old = self::read_raw( $owner );
			if ( is_wp_error( $old ) ) {
				return $old;
			}
			$before = Consent_Policy::parse( $old );
			$after  = $change( $before );
			if ( $after === $before || $after->to_raw() === $old ) {
				return true;
			}
			$written = null === $old ? self::insert( $owner, $after->to_raw() ) : self::swap( $owner, $old, $after->to_raw() );
			Key_Table::of( $owner )->forget( self::NAME );
			if ( false === $written ) {
				return Failure::because( 'storage_failed' );
			}
			if ( $written > 0 ) {
				if ( 'site' === $owner->kind ) {
					Attention::raise();
				}
				return true;
			}
		}
		return Failure::because( 'conflict' );
	}

	/**
	 * Removes the decisions of an owner.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner $owner Owner; a site must be the current one.
	 * @return bool|WP_Error Whether there were any; byok_storage_failed.
	 */
	public static function forget( Owner $owner ) {
		global $wpdb;

		self::$last = null;
		$in         = Key_Table::of( $owner );
		$removed    = Quietly::run(
			static fn() => $wpdb->query( $wpdb->prepare( "DELETE FROM {$in->table} WHERE {$in->name} = %s", self::NAME ) . $in->and_owner() )
		);
		$in->forget( self::NAME );
		return false === $removed ? Failure::because( 'storage_failed' ) : $removed > 0;
	}

	/**
	 * Reads the row.
	 *
	 * @param Owner $owner Owner.
	 * @return string|null|WP_Error Stored text, null when there is none, or byok_storage_failed.
	 */
	private static function read_raw( Owner $owner ) {
		global $wpdb;

		$in = Key_Table::of( $owner );
		// query() first: get_col() would answer with the rows of an earlier query when this one fails.
		$found = Quietly::run(
			static fn() => $wpdb->query(
				$wpdb->prepare( "SELECT {$in->value}, {$in->name} FROM {$in->table} WHERE {$in->name} = %s", self::NAME )
				. $in->and_owner() . " ORDER BY {$in->id} LIMIT 1"
			)
		);
		if ( false === $found ) {
			return Failure::because( 'storage_failed' );
		}
		return array() === $wpdb->get_col( null, 1 ) ? null : (string) $wpdb->get_col()[0];
	}

	/**
	 * Writes a first row.
	 *
	 * @param Owner  $owner Owner.
	 * @param string $new   Text.
	 * @return int|false Number of rows written; false on an error.
	 */
	private static function insert( Owner $owner, string $new ) {
		global $wpdb;

		$in = Key_Table::of( $owner );
		if ( $in->has_unique_names() ) {
			return Quietly::run( static fn() => $wpdb->query( $in->insertion( self::NAME, $new ) ) ); // phpcs:ignore WordPress.DB.PreparedSQL -- it is.
		}

		// No provider has this id.
		$lock = Quietly::run( static fn() => Insert_Lock::take( new Place( $owner, self::NAME ) ) );
		if ( null === $lock ) {
			return 0;
		}
		try {
			$found = self::read_raw( $owner );
			if ( null !== $found ) {
				return is_wp_error( $found ) ? false : 0;
			}
			return Quietly::run( static fn() => $wpdb->query( $in->insertion( self::NAME, $new ) ) ); // phpcs:ignore WordPress.DB.PreparedSQL -- it is.
		} finally {
			Quietly::run( static fn() => $lock->release() );
		}
	}

	/**
	 * Writes a text where the old one is, compared as HEX for the sake of letter case.
	 *
	 * @param Owner  $owner Owner.
	 * @param string $old   Old text.
	 * @param string $new   New text.
	 * @return int|false Number of rows written; false on an error.
	 */
	private static function swap( Owner $owner, string $old, string $new ) {
		global $wpdb;

		$in = Key_Table::of( $owner );
		return Quietly::run(
			static fn() => $wpdb->query(
				$wpdb->prepare( "UPDATE {$in->table} SET {$in->value} = %s WHERE {$in->name} = %s", $new, self::NAME )
				. $in->and_owner()
				. $wpdb->prepare( " AND HEX({$in->value}) = %s", strtoupper( bin2hex( $old ) ) )
			)
		);
	}
}
