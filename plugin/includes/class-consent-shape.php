<?php
/**
 * What decisions about a key must look like.
 *
 * @package byok
 */

// A row that was edited must not be repaired: a text is not taken for a number.
declare( strict_types = 1 );

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Tells whether something that was stored has the fields of Consent_Policy::NOTHING, each of its type. What
 * has not is nobody's decision: whoever edits the row by hand must not open a door.
 *
 * @since 0.1.0
 */
final class Consent_Shape {

	/**
	 * Whether something that was stored is decisions about a key, whole and well typed.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $key What was stored.
	 */
	public static function is_sound( $key ): bool {
		if ( ! is_array( $key ) || array_diff_key( Consent_Policy::NOTHING, $key ) || array_diff_key( $key, Consent_Policy::NOTHING ) ) {
			return false;
		}
		if ( ! in_array( $key['mode'], Consent_Policy::MODES, true ) ) {
			return false;
		}
		foreach ( array( 'approved', 'denied' ) as $list ) {
			if ( ! is_array( $key[ $list ] ) || ! array_is_list( $key[ $list ] ) || array() !== array_filter( $key[ $list ], array( self::class, 'is_no_caller' ) ) ) {
				return false;
			}
		}
		foreach ( array( 'pending', 'budgets', 'reached' ) as $table ) {
			if ( ! is_array( $key[ $table ] ) ) {
				return false;
			}
		}
		if ( array_intersect( $key['approved'], $key['denied'] ) ) {
			return false;
		}
		foreach ( $key['pending'] as $caller => $since ) {
			if ( self::is_no_caller( $caller ) || ! is_int( $since ) ) {
				return false;
			}
		}
		foreach ( $key['budgets'] as $caller => $limits ) {
			if ( ( Consent_Policy::WHOLE_KEY !== $caller && self::is_no_caller( $caller ) ) || ! Budget_Limits::is_sound( $limits ) ) {
				return false;
			}
		}
		return array() === array_filter( $key['reached'], static fn( $month ) => ! is_string( $month ) );
	}

	/**
	 * Whether something is no id of a caller.
	 *
	 * @param mixed $caller What was stored.
	 */
	private static function is_no_caller( $caller ): bool {
		return ! is_string( $caller ) || null === Caller::parse( $caller );
	}
}
