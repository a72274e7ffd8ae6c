<?php
/**
 * What was counted, for people.
 *
 * @package byok
 */

namespace Byok;

use Throwable;

defined( 'ABSPATH' ) || exit;

/**
 * Reads what Usage has counted: sums for budgets, days and rows for screens, callers for questions. Each is
 * one query, and a database that fails has counted nothing.
 *
 * @since 0.1.0
 */
final class Usage_Figures {

	/**
	 * Rows of a list for people.
	 */
	private const MOST_ROWS = 500;

	/**
	 * The four sums.
	 */
	private const SUMS = 'SUM(requests) AS requests, SUM(errors) AS errors, SUM(tokens_in) AS tokens_in, SUM(tokens_out) AS tokens_out';

	/**
	 * Who has used the keys of an owner. One query.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner $owner Owner; of the network's keys, on all its sites.
	 * @param int   $days  How far back, in days.
	 * @return array<string, string[]> Names for people by provider id, the one with the most requests first.
	 */
	public static function callers( Owner $owner, int $days = 30 ): array {
		$rows  = self::ask(
			'SELECT provider, caller FROM ' . Usage_Table::name() . ' WHERE ' . self::of_owner( $owner, self::first_day( $days ) )
			. ' GROUP BY provider, caller ORDER BY SUM(requests) DESC, provider, caller LIMIT ' . self::MOST_ROWS
		);
		$names = array();
		foreach ( $rows as $row ) {
			$names[ $row['provider'] ][] = self::name_of( $row['caller'] );
		}
		return $names;
	}

	/**
	 * What a key was used for in a span of days, by caller. One query.
	 *
	 * @since 0.1.0
	 *
	 * @param Place  $place Place of the key.
	 * @param string $first First day, `YYYY-MM-DD`.
	 * @return array<string, array{requests: int, tokens: int}> By id of the caller.
	 */
	public static function sums( Place $place, string $first ): array {
		global $wpdb;

		$rows = self::ask(
			'SELECT caller, SUM(requests) AS requests, SUM(tokens_in) + SUM(tokens_out) AS tokens FROM ' . Usage_Table::name()
			. ' WHERE ' . self::of_owner( $place->owner, $first ) . $wpdb->prepare( ' AND provider = %s', $place->provider ) . ' GROUP BY caller'
		);
		$sums = array();
		foreach ( $rows as $row ) {
			$sums[ $row['caller'] ] = array(
				'requests' => (int) $row['requests'],
				'tokens'   => (int) $row['tokens'],
			);
		}
		return $sums;
	}

	/**
	 * What was used on each of the last days, of the keys that a page is about.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner $owner Whose page; a site's tells what was used on that site, of its and the network's keys.
	 * @param int   $days  Number of days, today included.
	 * @return array<string, array{requests: int, errors: int, tokens_in: int, tokens_out: int}> By day,
	 *                                        every one of them, the oldest first.
	 */
	public static function days( Owner $owner, int $days = 30 ): array {
		$found = array();
		for ( $ago = $days - 1; $ago >= 0; $ago-- ) {
			$found[ gmdate( 'Y-m-d', time() - $ago * DAY_IN_SECONDS ) ] = self::figures( array() );
		}
		$rows = self::ask(
			'SELECT day, ' . self::SUMS . ' FROM ' . Usage_Table::name() . ' WHERE ' . self::of_page( $owner, $days ) . ' GROUP BY day'
		);
		foreach ( $rows as $row ) {
			if ( isset( $found[ $row['day'] ] ) ) {
				$found[ $row['day'] ] = self::figures( $row );
			}
		}
		return $found;
	}

	/**
	 * What was used in the last days, by caller, provider and model.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner $owner Whose page, as for days().
	 * @param int   $days  Number of days, today included.
	 * @return array[] `caller`, `provider`, `model`, `requests`, `errors`, `tokens_in`, `tokens_out`; the
	 *                 one with the most requests first, 500 at most.
	 */
	public static function rows( Owner $owner, int $days = 30 ): array {
		$rows = self::ask(
			'SELECT caller, provider, model, ' . self::SUMS . ' FROM ' . Usage_Table::name() . ' WHERE ' . self::of_page( $owner, $days )
			. ' GROUP BY caller, provider, model ORDER BY SUM(requests) DESC, caller, provider, model LIMIT ' . self::MOST_ROWS
		);
		return array_map(
			static fn( array $row ) => array_intersect_key( $row, array_flip( array( 'caller', 'provider', 'model' ) ) ) + self::figures( $row ),
			$rows
		);
	}

	/**
	 * What a person's own keys were used for, for an export of personal data.
	 *
	 * @since 0.1.0
	 *
	 * @param int $user User id.
	 * @param int $page Step, from 1.
	 * @param int $step Rows of a step.
	 * @return array[] `day`, `blog`, `provider`, `caller`, `model`, `requests`, `errors`, `tokens_in`, `tokens_out`.
	 */
	public static function of_user( int $user, int $page = 1, int $step = 200 ): array {
		global $wpdb;
		return self::ask(
			'SELECT day, blog, provider, caller, model, requests, errors, tokens_in, tokens_out FROM ' . Usage_Table::name()
			. $wpdb->prepare( ' WHERE owner = %s ORDER BY day, blog, provider, slot, caller, model LIMIT %d OFFSET %d', 'user:' . $user, $step, $step * ( max( 1, $page ) - 1 ) )
		);
	}

	/**
	 * What people call a caller.
	 *
	 * @since 0.1.0
	 *
	 * @param string $id Id, as it is stored.
	 */
	public static function name_of( string $id ): string {
		$caller = Caller::parse( $id );
		return null === $caller ? $id : $caller->name();
	}

	/**
	 * The four figures of a row.
	 *
	 * @param array $row Row; what is missing is 0.
	 * @return array{requests: int, errors: int, tokens_in: int, tokens_out: int}
	 */
	private static function figures( array $row ): array {
		$figures = array();
		foreach ( array( 'requests', 'errors', 'tokens_in', 'tokens_out' ) as $name ) {
			$figures[ $name ] = (int) ( $row[ $name ] ?? 0 );
		}
		return $figures;
	}

	/**
	 * The first of a number of days that end today.
	 *
	 * @param int $days Number.
	 */
	private static function first_day( int $days ): string {
		return gmdate( 'Y-m-d', time() - ( max( 1, $days ) - 1 ) * DAY_IN_SECONDS );
	}

	/**
	 * The condition that rows are of an owner's keys.
	 *
	 * @param Owner  $owner Owner.
	 * @param string $first First day.
	 * @return string SQL.
	 */
	private static function of_owner( Owner $owner, string $first ): string {
		global $wpdb;
		$of = $wpdb->prepare( 'owner = %s AND day >= %s', Usage_Table::owner( $owner ), $first );
		return 'site' === $owner->kind ? $of . $wpdb->prepare( ' AND blog = %d', $owner->id ) : $of;
	}

	/**
	 * The condition that rows are those of a page.
	 *
	 * @param Owner $owner Whose page.
	 * @param int   $days  Number of days.
	 * @return string SQL.
	 */
	private static function of_page( Owner $owner, int $days ): string {
		global $wpdb;
		$since = $wpdb->prepare( 'day >= %s', self::first_day( $days ) );
		if ( 'site' !== $owner->kind ) {
			return $since . $wpdb->prepare( ' AND owner = %s', Usage_Table::owner( $owner ) );
		}
		// What people do with keys of their own is theirs.
		return $since . $wpdb->prepare( ' AND blog = %d', $owner->id ) . " AND owner NOT LIKE 'user:%' AND owner NOT LIKE 'visitor:%' AND owner NOT LIKE 'ref:%'";
	}

	/**
	 * Asks for rows.
	 *
	 * @param string $sql Query, prepared.
	 * @return array[] None when the database fails.
	 */
	private static function ask( string $sql ): array {
		global $wpdb;

		$shown = $wpdb->suppress_errors();
		try {
			// query() first: get_results() would answer with the rows of an earlier query when this one fails.
			$rows = false === $wpdb->query( $sql ) ? array() : $wpdb->last_result; // phpcs:ignore WordPress.DB.PreparedSQL -- prepared by the callers.
			return array_map( static fn( $row ) => (array) $row, (array) $rows );
		} catch ( Throwable $thrown ) {
			return array();
		} finally {
			$wpdb->suppress_errors( $shown );
		}
	}
}
