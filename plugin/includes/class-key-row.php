<?php
/**
 * One stored key.
 *
 * @package byok
 */

// A row that was edited must not be repaired: a number is not taken for a text, nor a text for a time.
declare( strict_types = 1 );

namespace Byok;

use Throwable;
use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * What a row holds: the envelope, and what may be shown without opening it. Never a key.
 *
 * Only the envelope is authentic. Everything beside it can be changed by whoever can write to the
 * database, so nothing is decided by it, and open() compares the address with the one in the envelope.
 *
 * It does not know where rows are kept.
 *
 * @since 0.1.0
 */
final class Key_Row {

	/**
	 * Version of the fields below.
	 */
	public const VERSION = 1;

	/**
	 * What a check can tell.
	 */
	public const OUTCOMES = array( 'valid', 'no_credit', 'rate_limited', 'restricted', 'invalid', 'unknown' );

	/**
	 * What an outcome is about: the key, or only that the provider answers. Some answer anyone.
	 */
	public const PROOFS = array( 'key', 'reachable' );

	/**
	 * Takes the fields as they are.
	 *
	 * @param string      $envelope   The encrypted key.
	 * @param string      $origin     The address that the key is bound to.
	 * @param string      $base_url   Base URL, empty when the provider's is fixed.
	 * @param string      $hint       The masked key.
	 * @param string|null $outcome    What the last check told.
	 * @param string|null $proof      What that is about; null when it could tell nothing.
	 * @param int|null    $checked_at When it was checked, Unix time.
	 * @param int|null    $resume_at  Until when another key of the same provider goes first, Unix time; null for none.
	 * @param int         $saved_at   When it was saved, Unix time.
	 * @param int|null    $saved_by   User id; null when no one was logged in.
	 * @param self|null   $previous   The key before, while this one is not proven.
	 */
	private function __construct(
		public readonly string $envelope,
		public readonly string $origin,
		public readonly string $base_url,
		public readonly string $hint,
		public readonly ?string $outcome,
		public readonly ?string $proof,
		public readonly ?int $checked_at,
		public readonly ?int $resume_at,
		public readonly int $saved_at,
		public readonly ?int $saved_by,
		public readonly ?self $previous
	) {}

	/**
	 * Reads what was stored.
	 *
	 * @since 0.1.0
	 *
	 * @param string|null $raw Stored text; null for no row.
	 * @return self|null Null when it is not a row of this version, whole and well typed.
	 */
	public static function parse( ?string $raw ): ?self {
		$stored = Row_Text::decode( $raw );
		if ( self::VERSION !== ( $stored['version'] ?? null ) ) {
			return null;
		}

		try {
			$previous = $stored['previous'] ?? null;
			return self::of_fields( $stored, null === $previous ? null : self::of_fields( $previous, null ) );
		} catch ( \TypeError | \DomainException $not_ours ) {
			return null;
		}
	}

	/**
	 * Whether a newer version of the plugin stored this.
	 *
	 * @since 0.1.0
	 *
	 * @param string|null $raw Stored text; null for no row.
	 */
	public static function is_newer( ?string $raw ): bool {
		$version = Row_Text::decode( $raw )['version'] ?? null;
		return is_int( $version ) && $version > self::VERSION;
	}

	/**
	 * Encrypts a key for its place.
	 *
	 * @since 0.1.0
	 *
	 * @param Place  $place    Place.
	 * @param string $key      The key, without white space around it.
	 * @param string $origin   The address it is bound to.
	 * @param string $base_url Base URL, or empty.
	 * @param array  $checked  What byok_validate_key() told.
	 * @return self The new row.
	 * @throws \Byok\Exception\ByokException When there is no usable key source.
	 */
	public static function seal(
		Place $place,
		#[\SensitiveParameter] string $key,
		string $origin,
		string $base_url,
		array $checked
	): self {
		$user = get_current_user_id();
		// One time for both: Recheck tells by it that there was no check since.
		$now = time();

		return new self(
			byok_encrypt( $key, $place->context( $origin ) ),
			$origin,
			$base_url,
			$checked['hint'],
			$checked['outcome'],
			self::proof( $checked ),
			$now,
			null,
			$now,
			0 === $user ? null : $user,
			null
		);
	}

	/**
	 * Opens the envelope, after comparing where the key would be sent with what it was saved for.
	 *
	 * @since 0.1.0
	 *
	 * @param Place $place Place.
	 * @return string|WP_Error The key, or why it stays closed.
	 */
	public function open( Place $place ) {
		try {
			return $this->fault( $place ) ?? byok_decrypt( $this->envelope, $place->context( $this->origin ) );
		} catch ( Throwable $thrown ) {
			return Failure::from( $thrown );
		}
	}

	/**
	 * Why the row cannot be opened. The extension tries it, and keeps the key to itself.
	 *
	 * @since 0.1.0
	 *
	 * @param Place $place Place.
	 * @return WP_Error|null Null when it can.
	 */
	public function fault( Place $place ): ?WP_Error {
		try {
			if ( byok_origin( $place->provider, $this->base_url ) !== $this->origin ) {
				return Failure::because( 'origin_changed' );
			}
			$reason = byok_inspect( $this->envelope, $place->context( $this->origin ) )['reason'];
			return null === $reason ? null : Failure::because( $reason );
		} catch ( Throwable $thrown ) {
			return Failure::from( $thrown );
		}
	}

	/**
	 * Whether the row can be opened.
	 *
	 * @since 0.1.0
	 *
	 * @param Place $place Place.
	 */
	public function opens( Place $place ): bool {
		return null === $this->fault( $place );
	}

	/**
	 * Checks the key with its provider. The key stays in the extension.
	 *
	 * @since 0.1.0
	 *
	 * @param Place $place Place.
	 * @return array|WP_Error What byok_validate_envelope() tells, or why the row stays closed.
	 */
	public function check( Place $place ) {
		try {
			return $this->fault( $place ) ?? byok_validate_envelope(
				$place->provider,
				$this->envelope,
				$place->context( $this->origin ),
				'' === $this->base_url ? array() : array( 'base_url' => $this->base_url )
			);
		} catch ( Throwable $thrown ) {
			return Failure::from( $thrown );
		}
	}

	/**
	 * The same key under the site's current secret, with the one kept beside it.
	 *
	 * @since 0.1.0
	 *
	 * @param Place $place    Place.
	 * @param array $previous A secret for this once, see byok_reencrypt().
	 * @return self|WP_Error A new row, equal to this one when there was nothing to do; or why it stays closed.
	 */
	public function reencrypted( Place $place, #[\SensitiveParameter] array $previous = array() ) {
		try {
			$envelope = byok_reencrypt( $this->envelope, $place->context( $this->origin ), $previous );
			$beside   = null === $this->previous ? null : $this->previous->reencrypted( $place, $previous );
		} catch ( Throwable $thrown ) {
			return Failure::from( $thrown );
		}
		return $this->with(
			array(
				'envelope' => $envelope,
				// One that does not open is no loss to the key in use; it stays as it is.
				'previous' => is_wp_error( $beside ) ? $this->previous : $beside,
			)
		);
	}

	/**
	 * Whether it is the server that names another address now, and not the row: the envelope vouches for
	 * the address in the row, and the provider has none that could be edited.
	 *
	 * @since 0.1.0
	 *
	 * @param Place $place Place.
	 */
	public function is_of_another_server_address( Place $place ): bool {
		return '' === $this->base_url
			&& null === byok_inspect( $this->envelope, $place->context( $this->origin ) )['reason'];
	}

	/**
	 * The row to store in place of another one.
	 *
	 * @since 0.1.0
	 *
	 * @param Place     $place  Place.
	 * @param self|null $before The row that is replaced, when it is one.
	 * @return self This row, or one that also keeps a key before, see Previous_Key.
	 */
	public function in_place_of( Place $place, ?self $before ): self {
		$kept = Previous_Key::beside( $place, $this, $before );
		return null === $kept ? $this : $this->with( array( 'previous' => $kept->with( array( 'previous' => null ) ) ) );
	}

	/**
	 * Whether another row is this one after a check: the same key, of which only something newer is told.
	 *
	 * @since 0.1.0
	 *
	 * @param self $other Row.
	 */
	public function became( self $other ): bool {
		$told = array_flip( array( 'outcome', 'proof', 'checked_at', 'resume_at', 'previous' ) );
		return null !== $other->outcome
			&& $other->checked_at >= $this->checked_at
			&& array_diff_key( get_object_vars( $this ), $told ) === array_diff_key( get_object_vars( $other ), $told );
	}

	/**
	 * The row after a check.
	 *
	 * @since 0.1.0
	 *
	 * @param Place $place   Place.
	 * @param array $checked What byok_validate_envelope() told; or `outcome`, `reason`, `resume_at` and `by_request`:
	 *                       whether a request has told it and not a check. Requests go anywhere: where anyone is
	 *                       answered, or nobody with such a key. What they tell decides nothing about the key before.
	 * @return self A new row; the one before, when this key was never proven and is refused now.
	 */
	public function after_check( Place $place, array $checked ): self {
		$by_request = $checked['by_request'] ?? false;
		if ( ! $by_request && null !== $this->previous && Previous_Key::comes_back( $place, $this, $checked['outcome'] ) ) {
			return $this->previous;
		}
		$after = $this->with(
			array(
				'outcome'    => $checked['outcome'],
				'proof'      => self::proof( $checked ),
				'checked_at' => time(),
				'resume_at'  => $checked['resume_at'] ?? null,
			)
		);
		return ! $by_request && Previous_Key::is_proven( $after ) ? $after->with( array( 'previous' => null ) ) : $after;
	}

	/**
	 * The row as it is stored, see Row_Text.
	 *
	 * @since 0.1.0
	 *
	 * @return string Text to store.
	 */
	public function to_raw(): string {
		$fields = get_object_vars( $this );
		if ( null !== $this->previous ) {
			$fields['previous'] = get_object_vars( $this->previous );
			unset( $fields['previous']['previous'] );
		}
		return Row_Text::encode( array( 'version' => self::VERSION ) + $fields );
	}

	/**
	 * Makes a row of decoded fields.
	 *
	 * @param array     $fields   Fields of any type.
	 * @param self|null $previous The key before.
	 * @return self The row.
	 * @throws \TypeError       When a field has another type, or is missing.
	 * @throws \DomainException When a word is none of ours.
	 */
	private static function of_fields( array $fields, ?self $previous ): self {
		$row = new self(
			$fields['envelope'] ?? null,
			$fields['origin'] ?? null,
			$fields['base_url'] ?? null,
			$fields['hint'] ?? null,
			$fields['outcome'] ?? null,
			$fields['proof'] ?? null,
			$fields['checked_at'] ?? null,
			$fields['resume_at'] ?? null,
			$fields['saved_at'] ?? null,
			$fields['saved_by'] ?? null,
			$previous
		);
		if (
			! in_array( $row->outcome, array( null, ...self::OUTCOMES ), true )
			|| ! in_array( $row->proof, array( null, ...self::PROOFS ), true )
		) {
			throw new \DomainException();
		}
		return $row;
	}

	/**
	 * The same row with other values.
	 *
	 * @param array $fields New values by field.
	 * @return self A new row.
	 */
	private function with( array $fields ): self {
		return new self( ...array_merge( get_object_vars( $this ), $fields ) );
	}

	/**
	 * What a check was about.
	 *
	 * @param array $checked What byok_validate_key() told.
	 * @return string|null One of self::PROOFS; null when it could tell nothing.
	 */
	private static function proof( array $checked ): ?string {
		if ( 'unknown' === $checked['outcome'] ) {
			return null;
		}
		return 'keyless' === $checked['reason'] ? 'reachable' : 'key';
	}
}
