<?php
/**
 * One stored key.
 *
 * @package byok
 */

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
	 * Takes the fields as they are.
	 *
	 * @param string      $envelope   The encrypted key.
	 * @param string      $origin     The origin that the key is bound to.
	 * @param string      $base_url   Base URL, empty when the provider's is fixed.
	 * @param string      $hint       The masked key.
	 * @param string|null $outcome    What the last check told.
	 * @param int|null    $checked_at When it was checked, Unix time.
	 * @param int         $saved_at   When it was saved, Unix time.
	 * @param int|null    $saved_by   User id; null when no one was logged in.
	 */
	private function __construct(
		public readonly string $envelope,
		public readonly string $origin,
		public readonly string $base_url,
		public readonly string $hint,
		public readonly ?string $outcome,
		public readonly ?int $checked_at,
		public readonly int $saved_at,
		public readonly ?int $saved_by
	) {}

	/**
	 * Reads what was stored.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $stored Value of the option; any type.
	 * @return self|null Null when it is not a row of this version, whole and well typed.
	 */
	public static function parse( $stored ): ?self {
		if ( ! is_array( $stored ) || self::VERSION !== ( $stored['version'] ?? null ) ) {
			return null;
		}

		try {
			$row = new self(
				$stored['envelope'] ?? null,
				$stored['origin'] ?? null,
				$stored['base_url'] ?? null,
				$stored['hint'] ?? null,
				$stored['outcome'] ?? null,
				$stored['checked_at'] ?? null,
				$stored['saved_at'] ?? null,
				$stored['saved_by'] ?? null
			);
		} catch ( \TypeError $wrong_type ) {
			return null;
		}

		return null === $row->outcome || in_array( $row->outcome, self::OUTCOMES, true ) ? $row : null;
	}

	/**
	 * Whether a newer version of the plugin stored this.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $stored Value of the option.
	 */
	public static function is_newer( $stored ): bool {
		return is_array( $stored ) && is_int( $stored['version'] ?? null ) && $stored['version'] > self::VERSION;
	}

	/**
	 * Encrypts a key for its place on the current site.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param string $key      The key, without white space around it.
	 * @param string $origin   The origin it is bound to.
	 * @param string $base_url Base URL, or empty.
	 * @param array  $checked  What byok_validate_key() told.
	 * @return self The new row.
	 * @throws \Byok\Exception\ByokException When there is no usable key source.
	 */
	public static function seal(
		string $provider,
		#[\SensitiveParameter] string $key,
		string $origin,
		string $base_url,
		array $checked
	): self {
		$user = get_current_user_id();

		return new self(
			byok_encrypt( $key, Context::of_site_key( $provider, $origin ) ),
			$origin,
			$base_url,
			$checked['hint'],
			$checked['outcome'],
			time(),
			time(),
			0 === $user ? null : $user
		);
	}

	/**
	 * Opens the envelope, after comparing where the key would be sent with what it was saved for.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @return string|WP_Error The key, or why it stays closed.
	 */
	public function open( string $provider ) {
		try {
			if ( byok_origin( $provider, $this->base_url ) !== $this->origin ) {
				return Failure::because( 'origin_changed' );
			}
			return byok_decrypt( $this->envelope, Context::of_site_key( $provider, $this->origin ) );
		} catch ( Throwable $thrown ) {
			return Failure::from( $thrown );
		}
	}

	/**
	 * The same row after a check.
	 *
	 * @since 0.1.0
	 *
	 * @param string $outcome What the check told.
	 * @return self A new row.
	 */
	public function with_outcome( string $outcome ): self {
		return new self(
			$this->envelope,
			$this->origin,
			$this->base_url,
			$this->hint,
			$outcome,
			time(),
			$this->saved_at,
			$this->saved_by
		);
	}

	/**
	 * The row as the option table keeps it.
	 *
	 * @since 0.1.0
	 *
	 * @return string Serialized array.
	 */
	public function to_raw(): string {
		return maybe_serialize(
			array(
				'version'    => self::VERSION,
				'envelope'   => $this->envelope,
				'origin'     => $this->origin,
				'base_url'   => $this->base_url,
				'hint'       => $this->hint,
				'outcome'    => $this->outcome,
				'checked_at' => $this->checked_at,
				'saved_at'   => $this->saved_at,
				'saved_by'   => $this->saved_by,
			)
		);
	}
}
