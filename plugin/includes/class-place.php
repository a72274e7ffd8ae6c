<?php
/**
 * Where a key belongs.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Names the one place where a key belongs: an owner and a provider. An envelope opens only in the place
 * it was encrypted for, so a row copied to another provider, owner or address is refused by the cipher.
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
	 * Takes the fields as they are.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner  $owner    Whose key.
	 * @param string $provider Provider id.
	 */
	public function __construct(
		public readonly Owner $owner,
		public readonly string $provider
	) {}

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
	 * Name of the row.
	 *
	 * @since 0.1.0
	 *
	 * @return string Name of an option or of a meta field.
	 */
	public function name(): string {
		return self::PREFIX . $this->provider;
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
			'slot'     => 'default',
			'origin'   => $origin,
		);
	}
}
