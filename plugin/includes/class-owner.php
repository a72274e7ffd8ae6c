<?php
/**
 * Whose keys.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Names who a key belongs to: a site, a network, or a person who brought their own. A person has an account, or is a
 * guest of one site: a visitor who holds a token, or somebody whom another application knows by a `ref_id`.
 *
 * It does not know where keys are kept, who may change them, nor whether a guest exists.
 *
 * @since 0.1.0
 */
final class Owner {

	/**
	 * What the ids of guests look like. They are random: see Token. A `ref_id` begins with the id of its pair of connect
	 * keys, so that no other pair can use it.
	 */
	private const GUESTS = array(
		'visitor' => '[a-z2-7]{20}',
		'ref'     => '[a-z2-7]{28}',
	);

	/**
	 * Takes the fields as they are.
	 *
	 * @param string     $kind `site`, `network`, `user`, `visitor` or `ref`.
	 * @param int|string $id   Id of the site, the network, the user or the guest.
	 * @param int        $blog Id of the site that a guest belongs to; 0 for the others.
	 */
	private function __construct(
		public readonly string $kind,
		public readonly int|string $id,
		public readonly int $blog = 0
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
		return new self( 'network', $id ?? self::network_of( null ) );
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
	 * Somebody without an account.
	 *
	 * @since 0.1.0
	 *
	 * @param string   $kind `visitor` or `ref`.
	 * @param string   $id   Id.
	 * @param int|null $blog Id of the site that the guest belongs to; null for the current one.
	 * @return self|null Null when nobody can have this id.
	 */
	public static function guest( string $kind, string $id, ?int $blog = null ): ?self {
		$shape = self::GUESTS[ $kind ] ?? null;
		if ( null === $shape || ! preg_match( "/\\A$shape\\z/", $id ) ) {
			return null;
		}
		return new self( $kind, $id, $blog ?? get_current_blog_id() );
	}

	/**
	 * Whether it is somebody without an account.
	 *
	 * @since 0.1.0
	 */
	public function is_guest(): bool {
		return isset( self::GUESTS[ $this->kind ] );
	}

	/**
	 * Reads what a caller or a person at the command line has written.
	 *
	 * @since 0.1.0
	 *
	 * @param string $word `site`, `network`, `user` for who is logged in, `user:ID`, or `visitor:ID` and `ref:ID` for
	 *                     a guest of the current site.
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
		list( $kind, $id ) = explode( ':', $word, 2 ) + array( 1 => '' );
		if ( isset( self::GUESTS[ $kind ] ) ) {
			return self::guest( $kind, $id );
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
	 * @return string `site`, `network`, `user:ID`, `visitor:ID` or `ref:ID`; at most 32 bytes.
	 */
	public function word(): string {
		return in_array( $this->kind, array( 'site', 'network' ), true ) ? $this->kind : $this->kind . ':' . $this->id;
	}

	/**
	 * The network that the owner's envelopes are bound to.
	 *
	 * The keys of a person with an account are bound to none: people are shared by all networks of an installation.
	 *
	 * @since 0.1.0
	 *
	 * @return string Decimal id, or empty.
	 */
	public function network_id(): string {
		switch ( $this->kind ) {
			case 'site':
				return (string) self::network_of( null );
			case 'network':
				return (string) $this->id;
			case 'user':
				return '';
		}
		return (string) self::network_of( $this->blog );
	}

	/**
	 * The site that the owner's envelopes are bound to.
	 *
	 * @since 0.1.0
	 *
	 * @return string Decimal id; empty when it belongs to no site.
	 */
	public function blog_id(): string {
		if ( $this->is_guest() ) {
			return (string) $this->blog;
		}
		return 'site' === $this->kind ? (string) $this->id : '';
	}

	/**
	 * Network of a site.
	 *
	 * After switch_to_blog() to a site of another network, get_current_network_id() still tells the
	 * network of the request, under which that site could not open its rows itself.
	 *
	 * @param int|null $blog Id of the site; null for the current one.
	 * @return int Id.
	 */
	private static function network_of( ?int $blog ): int {
		$site = is_multisite() ? get_site( $blog ) : null;
		return $site ? (int) $site->network_id : get_current_network_id();
	}
}
