<?php
/**
 * How much a month.
 *
 * @package byok
 */

// A row that was edited must not be repaired: a text is not taken for a number.
declare( strict_types = 1 );

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * A monthly budget: requests and tokens, above which someone is told (soft) or requests are refused (hard).
 *
 * Not money: what a token costs differs by model, by direction and by contract, and changes.
 *
 * @since 0.1.0
 */
final class Budget_Limits {

	/**
	 * Names of the limits.
	 */
	public const NAMES = array( 'soft_requests', 'hard_requests', 'soft_tokens', 'hard_tokens' );

	/**
	 * Highest limit: what is more is no limit, and sums stay exact in JavaScript too.
	 */
	public const HIGHEST = 1000000000000;

	/**
	 * Takes the fields as they are.
	 *
	 * @param array<string, int> $limits Limits by name; those that are missing do not exist.
	 */
	private function __construct( private readonly array $limits ) {}

	/**
	 * Makes one of limits.
	 *
	 * @since 0.1.0
	 *
	 * @param array $limits Limits by name. What is no limit is left out.
	 */
	public static function of( array $limits ): self {
		$found = array();
		foreach ( self::NAMES as $name ) {
			if ( self::is_limit( $limits[ $name ] ?? null ) ) {
				$found[ $name ] = $limits[ $name ];
			}
		}
		return new self( $found );
	}

	/**
	 * Reads limits that a person has typed.
	 *
	 * @since 0.1.0
	 *
	 * @param array $typed Texts or numbers by name; empty or null for no limit.
	 * @return self|null Null when one of them is no whole number from 0 to HIGHEST.
	 */
	public static function read( array $typed ): ?self {
		$found = array();
		foreach ( self::NAMES as $name ) {
			$text = $typed[ $name ] ?? '';
			// Numbers are pasted with their separators: 1,000 and 1.000 and 1 000 are the same whole number.
			$text = is_int( $text ) || is_string( $text ) ? preg_replace( '/(?<=\d)[ ,.\x{00A0}\x{202F}\x{2019}\'](?=\d{3}(?!\d))/u', '', trim( (string) $text ) ) : null;
			if ( '' === $text ) {
				continue;
			}
			if ( null === $text || ! preg_match( '/\A\d{1,13}\z/', $text ) || ! self::is_limit( (int) $text ) ) {
				return null;
			}
			$found[ $name ] = (int) $text;
		}
		return new self( $found );
	}

	/**
	 * Whether something that was stored is a budget.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $limits What was stored.
	 */
	public static function is_sound( $limits ): bool {
		return is_array( $limits )
			&& array() === array_diff_key( $limits, array_flip( self::NAMES ) )
			&& count( array_filter( $limits, array( self::class, 'is_limit' ) ) ) === count( $limits );
	}

	/**
	 * One of the limits.
	 *
	 * @since 0.1.0
	 *
	 * @param string $name One of self::NAMES.
	 * @return int|null Null when there is none.
	 */
	public function limit( string $name ): ?int {
		return $this->limits[ $name ] ?? null;
	}

	/**
	 * Whether there is no limit at all.
	 *
	 * @since 0.1.0
	 */
	public function is_empty(): bool {
		return array() === $this->limits;
	}

	/**
	 * The limits that exist.
	 *
	 * @since 0.1.0
	 *
	 * @return array<string, int>
	 */
	public function to_array(): array {
		return $this->limits;
	}

	/**
	 * Whether a limit is used up: what is counted has reached it.
	 *
	 * @since 0.1.0
	 *
	 * @param string                            $level `soft` or `hard`.
	 * @param array{requests: int, tokens: int} $used  What was used this month.
	 * @return string|null `requests` or `tokens`; null when it is not.
	 */
	public function used_up( string $level, array $used ): ?string {
		foreach ( array( 'requests', 'tokens' ) as $unit ) {
			$limit = $this->limit( $level . '_' . $unit );
			if ( null !== $limit && $used[ $unit ] >= $limit ) {
				return $unit;
			}
		}
		return null;
	}

	/**
	 * Whether something is a limit. 0 is one: nothing at all.
	 *
	 * @param mixed $limit Anything.
	 */
	private static function is_limit( $limit ): bool {
		return is_int( $limit ) && $limit >= 0 && $limit <= self::HIGHEST;
	}
}
