<?php
/**
 * How much a key may be used in a month.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Compares what was used this month with the budgets of a key and of a caller. A soft one tells somebody,
 * once a month; a hard one refuses requests until the month ends.
 *
 * A month is one of UTC, as the days of Usage. How many tokens a request takes is known afterwards, and
 * requests that are under way are not counted yet, so the last ones before the end go over it.
 *
 * @since 0.1.0
 */
final class Budget {

	/**
	 * Seconds for which sums are remembered. A web request is shorter; a worker that goes on for hours has
	 * to notice what others use.
	 */
	private const REMEMBERED = 30;

	/**
	 * Sums of this month by key, of those keys that have a budget, and what was told of.
	 *
	 * @var array<string, array{asked_at: int, month: string, policy: Consent_Policy, sums: array, told: array}>
	 */
	private static array $known = array();

	/**
	 * Why a caller may not use a key any more this month. Ask Consent first: then this costs no query where
	 * there is no budget, and one, the first time, where there is.
	 *
	 * @since 0.1.0
	 *
	 * @param Place  $place  Place of the key.
	 * @param Caller $caller Who is calling.
	 * @param int    $uses   How many requests a ticket is for; 0 for one request without a ticket.
	 * @return WP_Error|null byok_budget_exceeded, byok_relay_tickets_and_tokens, byok_storage_failed; null when it may.
	 */
	public static function refuse( Place $place, Caller $caller, int $uses = 0 ): ?WP_Error {
		$policy = Consent_Store::recent( $place->owner );
		if ( is_wp_error( $policy ) ) {
			return $policy;
		}
		$name    = self::name( $place );
		$budgets = self::that_concern( $policy->budgets( $place->provider ), $caller->id() );
		if ( array() === $budgets ) {
			unset( self::$known[ $name ] );
			return null;
		}

		$month = gmdate( 'Y-m' );
		$known = self::$known[ $name ] ?? null;
		if ( null === $known || $known['month'] !== $month || $known['asked_at'] + self::REMEMBERED < time() ) {
			$known = array(
				'asked_at' => time(),
				'month'    => $month,
				'sums'     => Usage_Figures::sums( $place, $month . '-01' ),
				'told'     => array(),
			);
		}
		self::$known[ $name ] = array( 'policy' => $policy ) + $known;

		self::tell( $place, $caller->id() );
		foreach ( $budgets as $whose => $limits ) {
			$used              = self::used( $name, (string) $whose );
			$used['requests'] += max( 0, $uses - 1 );
			if ( null !== $limits->used_up( 'hard', $used ) ) {
				$until = self::until();
				return Failure::because(
					'budget_exceeded',
					Messages::budget_exceeded( Consent_Policy::WHOLE_KEY === $whose, $until ),
					array(
						'until'       => gmdate( 'Y-m-d', $until ),
						'retry_after' => max( 1, $until - time() ),
					)
				);
			}
			if ( $uses > 0 && null !== $limits->limit( 'hard_tokens' ) ) {
				// Nobody would count them.
				return Failure::because( 'relay_tickets_and_tokens' );
			}
		}
		return null;
	}

	/**
	 * Whether tokens of a caller count for a budget. Ask refuse() first.
	 *
	 * @since 0.1.0
	 *
	 * @param Place  $place  Place of the key.
	 * @param Caller $caller Who is calling.
	 */
	public static function counts_tokens( Place $place, Caller $caller ): bool {
		$policy = self::$known[ self::name( $place ) ]['policy'] ?? null;
		foreach ( null === $policy ? array() : self::that_concern( $policy->budgets( $place->provider ), $caller->id() ) as $limits ) {
			if ( null !== $limits->limit( 'hard_tokens' ) || null !== $limits->limit( 'soft_tokens' ) ) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Adds what was just used to the sums that are remembered, and tells when that reached a budget.
	 *
	 * @since 0.1.0
	 *
	 * @param Place  $place    Place of the key.
	 * @param Caller $caller   Who has used it.
	 * @param int    $tokens   Tokens.
	 * @param int    $requests Requests.
	 */
	public static function count( Place $place, Caller $caller, int $tokens, int $requests = 1 ): void {
		$name = self::name( $place );
		if ( ! isset( self::$known[ $name ] ) ) {
			return;
		}
		$used = self::$known[ $name ]['sums'][ $caller->id() ] ?? array(
			'requests' => 0,
			'tokens'   => 0,
		);
		$used['requests'] += $requests;
		$used['tokens']   += $tokens;

		self::$known[ $name ]['sums'][ $caller->id() ] = $used;
		self::tell( $place, $caller->id() );
	}

	/**
	 * Sets a budget.
	 *
	 * @since 0.1.0
	 *
	 * @param Place         $place  Place of the key.
	 * @param string        $caller Id of the caller, or Consent_Policy::WHOLE_KEY.
	 * @param Budget_Limits $limits The budget; without any limit it is removed.
	 * @return true|WP_Error byok_option_invalid, byok_conflict, byok_storage_failed.
	 */
	public static function set( Place $place, string $caller, Budget_Limits $limits ) {
		if ( Consent_Policy::WHOLE_KEY !== $caller && null === Caller::parse( $caller ) ) {
			return Failure::option( 'caller' );
		}
		unset( self::$known[ self::name( $place ) ] );
		return Consent_Store::change(
			$place->owner,
			static fn( Consent_Policy $now ) => $now->with_budget( $place->provider, $caller, $limits )
		);
	}

	/**
	 * Budgets of an owner's keys that are reached this month, as they are now.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner $owner Whose keys.
	 * @return array{provider: string, caller: string, level: string, seen: bool}[] `caller` is WHOLE_KEY for
	 *                      all of them together; `level` is `soft` or `hard`, the higher one reached; `seen`
	 *                      tells that somebody has put the notice away this month.
	 */
	public static function reached( Owner $owner ): array {
		$policy = Consent_Store::read( $owner );
		$found  = array();
		foreach ( is_wp_error( $policy ) ? array() : $policy->providers() as $provider ) {
			$budgets = $policy->budgets( $provider );
			$sums    = array() === $budgets ? array() : Usage_Figures::sums( new Place( $owner, $provider ), gmdate( 'Y-m-01' ) );
			foreach ( $budgets as $caller => $limits ) {
				$caller = (string) $caller;
				foreach ( array( 'hard', 'soft' ) as $level ) {
					if ( null !== $limits->used_up( $level, self::sum( $sums, $caller ) ) ) {
						$seen    = $policy->reached( $provider, "seen $level $caller" ) === gmdate( 'Y-m' );
						$found[] = compact( 'provider', 'caller', 'level', 'seen' );
						break;
					}
				}
			}
		}
		return $found;
	}

	/**
	 * Puts the notices of this month away.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner $owner Whose keys.
	 * @return true|WP_Error byok_conflict, byok_storage_failed.
	 */
	public static function see( Owner $owner ) {
		$reached = self::reached( $owner );
		return Consent_Store::change(
			$owner,
			static function ( Consent_Policy $now ) use ( $reached ) {
				foreach ( $reached as $one ) {
					$now = $now->with_reached( $one['provider'], "seen $one[level] $one[caller]", gmdate( 'Y-m' ) );
				}
				return $now;
			}
		);
	}

	/**
	 * Forgets what is remembered, as the next request would have. For tests and long-running processes.
	 *
	 * @since 0.1.0
	 */
	public static function forget(): void {
		self::$known = array();
	}

	/**
	 * Tells about budgets that are reached and were not told of this month.
	 *
	 * @param Place  $place  Place of the key.
	 * @param string $caller Who is calling.
	 */
	private static function tell( Place $place, string $caller ): void {
		$name   = self::name( $place );
		$policy = self::$known[ $name ]['policy'];
		foreach ( self::that_concern( $policy->budgets( $place->provider ), $caller ) as $whose => $limits ) {
			foreach ( array( 'soft', 'hard' ) as $level ) {
				$used = self::used( $name, (string) $whose );
				$unit = $limits->used_up( $level, $used );
				if ( null !== $unit && self::is_first( $place, $level . ' ' . $whose ) ) {
					Announcement::budget_reached(
						$place->provider,
						array(
							'owner'  => $place->owner->word(),
							'caller' => Consent_Policy::WHOLE_KEY === $whose ? null : (string) $whose,
							'level'  => $level,
							'unit'   => $unit,
							'limit'  => $limits->limit( $level . '_' . $unit ),
							'used'   => $used[ $unit ],
							'month'  => self::$known[ $name ]['month'],
						)
					);
				}
			}
		}
	}

	/**
	 * Whether something is to be told of now. Of several processes that notice at once, the one whose note
	 * is stored tells.
	 *
	 * @param Place  $place Place of the key.
	 * @param string $what  What is told.
	 */
	private static function is_first( Place $place, string $what ): bool {
		$known = &self::$known[ self::name( $place ) ];
		$month = $known['month'];
		if ( isset( $known['told'][ $what ] ) || $known['policy']->reached( $place->provider, $what ) === $month ) {
			return false;
		}
		$known['told'][ $what ] = true;

		$ours  = false;
		$noted = Consent_Store::change(
			$place->owner,
			static function ( Consent_Policy $now ) use ( $place, $what, $month, &$ours ) {
				$ours = $now->reached( $place->provider, $what ) !== $month;
				return $ours ? $now->with_reached( $place->provider, $what, $month ) : $now;
			}
		);
		return true === $noted && $ours;
	}

	/**
	 * The budgets of a key that a caller's request counts for.
	 *
	 * @param array<string, Budget_Limits> $budgets Budgets of the key.
	 * @param string                       $caller  Id of the caller.
	 * @return array<string, Budget_Limits>
	 */
	private static function that_concern( array $budgets, string $caller ): array {
		return array_intersect_key(
			$budgets,
			array(
				Consent_Policy::WHOLE_KEY => true,
				$caller                   => true,
			)
		);
	}

	/**
	 * What was used this month, as far as it is remembered.
	 *
	 * @param string $name  Name of the key, see name().
	 * @param string $whose Id of a caller, or WHOLE_KEY.
	 * @return array{requests: int, tokens: int}
	 */
	private static function used( string $name, string $whose ): array {
		return self::sum( self::$known[ $name ]['sums'], $whose );
	}

	/**
	 * The sum of a caller, or of all of them.
	 *
	 * @param array  $sums  Sums by id of the caller.
	 * @param string $whose Id of a caller, or WHOLE_KEY.
	 * @return array{requests: int, tokens: int}
	 */
	private static function sum( array $sums, string $whose ): array {
		$chosen = Consent_Policy::WHOLE_KEY === $whose ? $sums : array_intersect_key( $sums, array( $whose => true ) );
		return array(
			'requests' => array_sum( array_column( $chosen, 'requests' ) ),
			'tokens'   => array_sum( array_column( $chosen, 'tokens' ) ),
		);
	}

	/**
	 * What a key is remembered under.
	 *
	 * @param Place $place Place of the key.
	 */
	private static function name( Place $place ): string {
		return $place->owner->word() . ' ' . $place->owner->id . ' ' . $place->provider;
	}

	/**
	 * When the month ends.
	 *
	 * @return int Unix time of the first second of the next one.
	 */
	private static function until(): int {
		return gmmktime( 0, 0, 0, (int) gmdate( 'n' ) + 1, 1 );
	}
}
