<?php
/**
 * Where a key belongs.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Names the one place where a key belongs: an owner, a provider and a slot. An envelope opens only in the
 * place it was encrypted for, so a row copied to another provider, owner, slot or address is refused by the
 * cipher.
 *
 * Most owners have one key of a provider, in the slot `default`. Further ones have labels; the gate uses them
 * when the first is refused or limited, see Key_Slots.
 *
 * The site's URL is not part of it: sites move.
 *
 * @since 0.1.0
 */
final class Place {

	/**
	 * Beginning of the name of every row.
	 */
	public const PREFIX = 'byok_key_';

	/**
	 * The slot of the one key that most owners have.
	 */
	public const DEFAULT_SLOT = 'default';

	/**
	 * Takes the fields as they are.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner  $owner    Whose key.
	 * @param string $provider Provider id.
	 * @param string $slot     Which of several keys.
	 */
	public function __construct(
		public readonly Owner $owner,
		public readonly string $provider,
		public readonly string $slot = self::DEFAULT_SLOT
	) {}

	/**
	 * The place that an id names.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner  $owner Whose key.
	 * @param string $id    What id() tells.
	 */
	public static function of( Owner $owner, string $id ): self {
		// Ids of providers hold no dot.
		$parts = explode( '.', $id, 2 );
		return new self( $owner, $parts[0], $parts[1] ?? self::DEFAULT_SLOT );
	}

	/**
	 * The id of a place: a provider's, and a label behind it.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param string $slot     Slot.
	 * @return string Such as `openai` or `openai.backup`.
	 */
	public static function id_of( string $provider, string $slot ): string {
		return self::DEFAULT_SLOT === $slot ? $provider : "$provider.$slot";
	}

	/**
	 * Whether a text can be a slot: a label of up to 32 lower-case letters, digits and hyphens.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $slot Text.
	 */
	public static function is_slot( $slot ): bool {
		return is_string( $slot ) && 1 === preg_match( '/\A[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?\z/', $slot );
	}

	/**
	 * The place of a key of the current site.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 */
	public static function of_site( string $provider ): self {
		return new self( Owner::site(), $provider );
	}

	/**
	 * What it is called within its owner.
	 *
	 * @since 0.1.0
	 *
	 * @return string See id_of().
	 */
	public function id(): string {
		return self::id_of( $this->provider, $this->slot );
	}

	/**
	 * Name of the row.
	 *
	 * @since 0.1.0
	 *
	 * @return string Name of an option or of a meta field.
	 */
	public function name(): string {
		return self::PREFIX . $this->id();
	}

	/**
	 * What the envelope is bound to.
	 *
	 * @since 0.1.0
	 *
	 * @param string $origin The only address that may receive the key.
	 * @return array<string, string> Context for byok_encrypt() and the like.
	 */
	public function context( string $origin ): array {
		return array(
			'network'  => $this->owner->network_id(),
			'blog'     => $this->owner->blog_id(),
			'owner'    => $this->owner->word(),
			'provider' => $this->provider,
			'slot'     => $this->slot,
			'origin'   => $origin,
		);
	}
}
