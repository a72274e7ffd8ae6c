<?php
/**
 * What an owner has decided about the use of their keys.
 *
 * @package byok
 */

// A row that was edited must not be repaired: a text is not taken for a number.
declare( strict_types = 1 );

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * The decisions about all keys of one owner: who may use each, who has asked, and how much a month.
 *
 * Whoever edits the row by hand must not open a door: a row that is not ours closes every key to everyone
 * until somebody approves them, and so does a part that is not ours for its key.
 *
 * A decision is about a provider. Several keys for it, in slots, share it: they stand in for each other.
 *
 * It does not know where it is stored, nor whose it is.
 *
 * @since 0.1.0
 */
final class Consent_Policy {

	/**
	 * Version of the fields.
	 */
	public const VERSION = 1;

	/**
	 * Who may use a key: everyone, whoever was approved, whoever is on the list. The last two differ in
	 * what happens to another one: only `ask` writes down that they wanted to.
	 */
	public const MODES = array( 'all', 'ask', 'listed' );

	/**
	 * Whoever the budget of the whole key is for, among the callers.
	 */
	public const WHOLE_KEY = '*';

	/**
	 * Callers in one list. A site has fewer plugins; more would be somebody filling the row.
	 */
	private const MOST_CALLERS = 200;

	/**
	 * Longest row, in bytes: more than all lists of all providers need.
	 */
	private const LONGEST = 1048576;

	/**
	 * What is decided about a key that nobody has decided about.
	 */
	public const NOTHING = array(
		'mode'     => 'all',
		'approved' => array(),
		'denied'   => array(),
		'pending'  => array(),
		'budgets'  => array(),
		'reached'  => array(),
	);

	/**
	 * Takes the fields as they are.
	 *
	 * @param string               $mode What holds for keys that are not among them: `all` or `ask`.
	 * @param array<string, array> $keys Decisions by provider id, with the fields of self::NOTHING.
	 */
	private function __construct(
		private readonly string $mode,
		private readonly array $keys
	) {}

	/**
	 * Reads what was stored.
	 *
	 * @since 0.1.0
	 *
	 * @param string|null $raw Stored text; null for no row.
	 */
	public static function parse( ?string $raw ): self {
		if ( null === $raw ) {
			return new self( 'all', array() );
		}
		$closed = new self( 'ask', array() );
		if (
			strlen( $raw ) > self::LONGEST
			|| ! preg_match( '/\Aa:1:\{i:0;s:(\d+):"(.+)";\}\z/s', $raw, $parts )
			|| strlen( $parts[2] ) !== (int) $parts[1]
		) {
			return $closed;
		}
		$stored = json_decode( $parts[2], true, 8 );
		if (
			! is_array( $stored )
			|| self::VERSION !== ( $stored['version'] ?? null )
			|| ! in_array( $stored['mode'] ?? null, array( 'all', 'ask' ), true )
			|| ! is_array( $stored['keys'] ?? null )
		) {
			return $closed;
		}

		$keys = array();
		foreach ( $stored['keys'] as $provider => $key ) {
			$keys[ (string) $provider ] = Consent_Shape::is_sound( $key ) ? $key : array( 'mode' => 'ask' ) + self::NOTHING;
		}
		return new self( $stored['mode'], $keys );
	}

	/**
	 * As the table keeps it; in the form of Key_Row, for the same reasons.
	 *
	 * @since 0.1.0
	 *
	 * @return string Text to store; ASCII.
	 */
	public function to_raw(): string {
		$fields = array(
			'version' => self::VERSION,
			'mode'    => $this->mode,
			'keys'    => (object) $this->keys,
		);
		return serialize( array( wp_json_encode( $fields, JSON_THROW_ON_ERROR ) ) ); // phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions -- WordPress's own format of options.
	}

	/**
	 * Providers that something was decided about, or asked for.
	 *
	 * @since 0.1.0
	 *
	 * @return string[] Provider ids.
	 */
	public function providers(): array {
		return array_map( 'strval', array_keys( $this->keys ) );
	}

	/**
	 * Who may use a key.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @return string One of self::MODES.
	 */
	public function mode( string $provider ): string {
		return $this->key( $provider )['mode'];
	}

	/**
	 * Whether a caller may use a key.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param string $caller   Id of the caller.
	 */
	public function allows( string $provider, string $caller ): bool {
		$key = $this->key( $provider );
		return 'all' === $key['mode'] || in_array( $caller, $key['approved'], true );
	}

	/**
	 * Callers in a list.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param string $list     `approved` or `denied`.
	 * @return string[] Ids.
	 */
	public function callers( string $provider, string $list ): array {
		return $this->key( $provider )[ $list ];
	}

	/**
	 * Callers that wait for a decision.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @return array<string, int> When each was refused first, Unix time, by id.
	 */
	public function pending( string $provider ): array {
		return $this->key( $provider )['pending'];
	}

	/**
	 * The budgets of a key.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @return array<string, Budget_Limits> By id of the caller; WHOLE_KEY for all of them together.
	 */
	public function budgets( string $provider ): array {
		return array_map( array( Budget_Limits::class, 'of' ), $this->key( $provider )['budgets'] );
	}

	/**
	 * The month in which something was told of last.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param string $what     What was told.
	 * @return string Such as `2026-11`; empty for never.
	 */
	public function reached( string $provider, string $what ): string {
		return $this->key( $provider )['reached'][ $what ] ?? '';
	}

	/**
	 * With another answer to who may use a key.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param string $mode     One of self::MODES.
	 */
	public function with_mode( string $provider, string $mode ): self {
		$changes = array( 'mode' => $mode );
		if ( 'ask' !== $mode ) {
			$changes['pending'] = array();
		}
		return $this->with( $provider, $changes );
	}

	/**
	 * With a caller that waits, unless it does so or was decided about, or too many wait.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param string $caller   Id of the caller.
	 * @param int    $now      Unix time.
	 */
	public function with_pending( string $provider, string $caller, int $now ): self {
		$key   = $this->key( $provider );
		$known = isset( $key['pending'][ $caller ] )
			|| in_array( $caller, $key['denied'], true )
			|| in_array( $caller, $key['approved'], true );
		if ( $known || 'ask' !== $key['mode'] || count( $key['pending'] ) >= self::MOST_CALLERS ) {
			return $this;
		}
		return $this->with( $provider, array( 'pending' => $key['pending'] + array( $caller => $now ) ) );
	}

	/**
	 * With a decision about a caller.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param string $caller   Id of the caller.
	 * @param string $decision `approve`, `deny`, or `forget`: as if it had never asked.
	 */
	public function with_decision( string $provider, string $caller, string $decision ): self {
		$key  = $this->key( $provider );
		$list = array(
			'approve' => 'approved',
			'deny'    => 'denied',
		)[ $decision ] ?? '';
		foreach ( array( 'approved', 'denied' ) as $name ) {
			$key[ $name ] = array_values( array_diff( $key[ $name ], array( $caller ) ) );
		}
		unset( $key['pending'][ $caller ] );
		if ( '' !== $list ) {
			// The oldest gives way, when somebody has filled the list.
			$key[ $list ] = array_slice( array_merge( $key[ $list ], array( $caller ) ), -self::MOST_CALLERS );
		}
		return $this->with( $provider, $key );
	}

	/**
	 * With another budget.
	 *
	 * @since 0.1.0
	 *
	 * @param string        $provider Provider id.
	 * @param string        $caller   Id of the caller, or WHOLE_KEY.
	 * @param Budget_Limits $limits   The budget; without any limit it is removed.
	 */
	public function with_budget( string $provider, string $caller, Budget_Limits $limits ): self {
		$key = $this->key( $provider );
		unset( $key['budgets'][ $caller ] );
		if ( ! $limits->is_empty() ) {
			$key['budgets'] = array_slice( array( $caller => $limits->to_array() ) + $key['budgets'], 0, self::MOST_CALLERS );
		}
		// Another budget is another thing to be told of.
		foreach ( array_keys( $key['reached'] ) as $what ) {
			if ( str_ends_with( (string) $what, ' ' . $caller ) ) {
				unset( $key['reached'][ $what ] );
			}
		}
		return $this->with( $provider, $key );
	}

	/**
	 * With a note that something was told of in a month.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param string $what     What was told.
	 * @param string $month    Such as `2026-11`.
	 */
	public function with_reached( string $provider, string $what, string $month ): self {
		// What was told in other months is of no more use.
		$told          = array_filter( $this->key( $provider )['reached'], static fn( string $other ) => $other === $month );
		$told[ $what ] = $month;
		return $this->with( $provider, array( 'reached' => $told ) );
	}

	/**
	 * What is decided about a key.
	 *
	 * @param string $provider Provider id.
	 * @return array Fields of self::NOTHING.
	 */
	private function key( string $provider ): array {
		return $this->keys[ $provider ] ?? array( 'mode' => $this->mode ) + self::NOTHING;
	}

	/**
	 * The same with other decisions about a key.
	 *
	 * @param string $provider Provider id.
	 * @param array  $fields   Fields of self::NOTHING.
	 */
	private function with( string $provider, array $fields ): self {
		return new self( $this->mode, array( $provider => array_merge( $this->key( $provider ), $fields ) ) + $this->keys );
	}
}
