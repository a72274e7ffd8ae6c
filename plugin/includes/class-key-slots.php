<?php
/**
 * Several keys of one provider.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Says in which order the keys of one owner for one provider are used: the one in the slot `default`, then
 * the labelled ones by their labels. A key that the provider has just refused or limited rests for a while,
 * and the next takes its place; if all rest, the one whose rest ends first is asked again.
 *
 * It neither opens keys nor stores anything. Whose keys they are is the Resolver's question.
 *
 * @since 0.1.0
 */
final class Key_Slots {

	/**
	 * Seconds that a key rests, by what an answer has told of it, when the provider names no time. A limit
	 * is often one of a minute. An account without credit, or a key that was revoked, needs a person, who
	 * may have come in the meantime.
	 */
	private const REST = array(
		'rate_limited' => MINUTE_IN_SECONDS,
		'no_credit'    => HOUR_IN_SECONDS,
		'invalid'      => HOUR_IN_SECONDS,
	);

	/**
	 * Longest rest, in seconds, whatever a provider says: a slip of theirs must not shut a key out for ever.
	 */
	private const LONGEST_REST = DAY_IN_SECONDS;

	/**
	 * The slot that is told of when none is named: `default`, or the first label when there is no such row.
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $slots Slots that have a row.
	 * @return string Slot.
	 */
	public static function leading( array $slots ): string {
		sort( $slots, SORT_STRING );
		return in_array( Place::DEFAULT_SLOT, $slots, true ) ? Place::DEFAULT_SLOT : $slots[0] ?? Place::DEFAULT_SLOT;
	}

	/**
	 * The slots that have a row, by provider.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner    $owner Whose rows.
	 * @param string[] $ids   Ids of their places.
	 * @return array<string, string[]> Slots, `default` first.
	 */
	public static function by_provider( Owner $owner, array $ids ): array {
		$slots = array();
		foreach ( $ids as $id ) {
			$place                       = Place::of( $owner, (string) $id );
			$slots[ $place->provider ][] = $place->slot;
		}
		return array_map( array( self::class, 'sorted' ), $slots );
	}

	/**
	 * The places to try, in turn.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner                 $owner    Whose keys.
	 * @param string                $provider Provider id.
	 * @param array<string, string> $raws     Stored texts by slot.
	 * @param int                   $now      Unix time.
	 * @return Place[] Places, the next to be used first; those at rest last, the one that wakes first before
	 *                 the others.
	 */
	public static function in_turn( Owner $owner, string $provider, array $raws, int $now ): array {
		$turns = array();
		foreach ( self::sorted( array_map( 'strval', array_keys( $raws ) ) ) as $at => $slot ) {
			$row     = Key_Row::parse( $raws[ $slot ] );
			$until   = null === $row ? 0 : (int) $row->resume_at;
			$turns[] = array( $until > $now ? $until : 0, $at, new Place( $owner, $provider, $slot ) );
		}
		// By the end of the rest, then by the slot: lists of numbers compare member by member.
		usort( $turns, static fn( array $one, array $other ) => array( $one[0], $one[1] ) <=> array( $other[0], $other[1] ) );
		return array_column( $turns, 2 );
	}

	/**
	 * When a key that was refused or limited is used again.
	 *
	 * @since 0.1.0
	 *
	 * @param string|null $outcome     What the answer has told of the key, one of Key_Row::OUTCOMES.
	 * @param int|null    $retry_after Seconds that the provider asks to wait.
	 * @param int         $now         Unix time.
	 * @return int|null Unix time; null when there is nothing to rest from.
	 */
	public static function resume_at( ?string $outcome, ?int $retry_after, int $now ): ?int {
		if ( ! isset( self::REST[ $outcome ] ) ) {
			return null;
		}
		return $now + max( 1, min( $retry_after ?? self::REST[ $outcome ], self::LONGEST_REST ) );
	}

	/**
	 * Slots in their order.
	 *
	 * @param string[] $slots Slots.
	 * @return string[] `default` first, then by label.
	 */
	private static function sorted( array $slots ): array {
		sort( $slots, SORT_STRING );
		return array_values( array_unique( array_merge( array_intersect( array( Place::DEFAULT_SLOT ), $slots ), $slots ) ) );
	}
}
