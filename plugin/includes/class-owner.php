<?php
/**
 * Whose keys.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Names who a key belongs to: a site, a network, or a person who brought their own.
 *
 * It does not know where keys are kept, nor who may change them.
 *
 * @since 0.1.0
 */
final class Owner {

	/**
	 * Takes the fields as they are.
	 *
	 * @param string $kind `site`, `network` or `user`.
	 * @param int    $id   Id of the site, the network or the user.
	 */
	private function __construct(
		public readonly string $kind,
		public readonly int $id
	) {}

	/**
	 * The current site. Ask again after switch_to_blog().
	 *
	 * @since 0.1.0
	 */
	public static function site(): self {
		return new self( 'site', get_current_blog_id() );
	}

	/**
	 * A network; its keys serve every site that has none of its own.
	 *
	 * @since 0.1.0
	 *
	 * @param int|null $id Network id; null for the network of the current site.
	 */
	public static function network( ?int $id = null ): self {
		return new self( 'network', $id ?? self::current_network() );
	}

	/**
	 * A person, on every site where they have an account.
	 *
	 * @since 0.1.0
	 *
	 * @param int $id User id.
	 */
	public static function user( int $id ): self {
		return new self( 'user', $id );
	}

	/**
	 * Reads what a caller or a person at the command line has written.
	 *
	 * @since 0.1.0
	 *
	 * @param string $word `site`, `network`, `user` for who is logged in, or `user:ID`.
	 * @return self|null Null when there is no such owner.
	 */
	public static function parse( string $word ): ?self {
		if ( 'site' === $word ) {
			return self::site();
		}
		if ( 'network' === $word ) {
			return is_multisite() ? self::network() : null;
		}
		if ( 'user' === $word ) {
			$word = 'user:' . get_current_user_id();
		}
		if ( ! preg_match( '/\Auser:([1-9][0-9]{0,17})\z/', $word, $found ) ) {
			return null;
		}
		return get_userdata( (int) $found[1] ) ? self::user( (int) $found[1] ) : null;
	}

	/**
	 * The word for it, as parse() reads it and as the envelope is bound to it.
	 *
	 * @since 0.1.0
	 *
	 * @return string `site`, `network` or `user:ID`.
	 */
	public function word(): string {
		return 'user' === $this->kind ? 'user:' . $this->id : $this->kind;
	}

	/**
	 * The network that the owner's envelopes are bound to.
	 *
	 * A person's keys are bound to none: people are shared by all networks of an installation.
	 *
	 * @since 0.1.0
	 *
	 * @return string Decimal id, or empty.
	 */
	public function network_id(): string {
		switch ( $this->kind ) {
			case 'site':
				return (string) self::current_network();
			case 'network':
				return (string) $this->id;
		}
		return '';
	}

	/**
	 * The site that the owner's envelopes are bound to.
	 *
	 * @since 0.1.0
	 *
	 * @return string Decimal id; empty when it is not a site.
	 */
	public function blog_id(): string {
		return 'site' === $this->kind ? (string) $this->id : '';
	}

	/**
	 * Network of the current site.
	 *
	 * After switch_to_blog() to a site of another network, get_current_network_id() still tells the
	 * network of the request, under which that site could not open its rows itself.
	 *
	 * @return int Id.
	 */
	private static function current_network(): int {
		$site = is_multisite() ? get_site() : null;
		return $site ? (int) $site->network_id : get_current_network_id();
	}
}
