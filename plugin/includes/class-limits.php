<?php
/**
 * How often the relay may be used.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Counts requests in buckets: of a token, a user, an address, a key, the whole site. Each kind has a number of
 * requests for a number of seconds. Time is cut into windows that are the same for every web server, and in each
 * of them no more than that number passes, however many ask at once. On a network the number of its main site for a whole
 * site counts for all sites together too: they share workers, and places for tickets.
 *
 * What it tells in headers is of draft-ietf-httpapi-ratelimit-headers-10.
 *
 * @since 0.1.0
 */
final class Limits {

	/**
	 * Kinds whose state is told to whom they count. What others use of a key or a site is not told, unless it is why
	 * a request is refused.
	 */
	private const TOLD = array( 'token', 'user', 'address', 'register', 'own' );

	/**
	 * The kind that counts all sites of a network.
	 */
	private const NETWORK = 'network';

	/**
	 * What was counted last: by kind what may be used, what was used, and when the window ends.
	 *
	 * @var array<string, array{limit: int, seconds: int, used: int, ends: int}>
	 */
	private static array $last = array();

	/**
	 * The windows that were added to last: name, and when it ends; and how much.
	 *
	 * @var array{windows: array<string, int>, uses: int}
	 */
	private static array $taken = array( 'windows' => array(), 'uses' => 0 );

	/**
	 * Counts requests, if all buckets have room for them; else none of them counts.
	 *
	 * @since 0.1.0
	 *
	 * @param array<string, string> $buckets Which bucket of each kind, see Relay_Settings::LIMITS. An empty one is nobody's.
	 * @param int                   $uses    How many requests.
	 * @return WP_Error|null byok_too_many_requests with `retry_after`, byok_storage_failed; null when they may be made.
	 */
	public static function take( array $buckets, int $uses = 1 ): ?WP_Error {
		self::$last  = array();
		self::$taken = array( 'windows' => array(), 'uses' => 0 );
		$taken       = array();
		$now         = time();
		foreach ( self::that_count( $buckets ) as $kind => list( $id, $limit, $seconds ) ) {
			$ends = ( intdiv( $now, $seconds ) + 1 ) * $seconds;
			$name = self::name( $kind, $id, $seconds, $ends );
			$used = Limit_Store::add( $name, $ends, $uses, $limit );
			if ( is_int( $used ) ) {
				$taken[ $name ]      = $ends;
				self::$last[ $kind ] = compact( 'limit', 'seconds', 'used', 'ends' );
				continue;
			}
			foreach ( $taken as $other => $its_end ) {
				Limit_Store::give_back( $other, $its_end, $uses );
			}
			if ( false === $used ) {
				self::$last = array();
				return Failure::because( 'storage_failed' );
			}
			self::$last = array( $kind => array( 'used' => $limit ) + compact( 'limit', 'seconds', 'ends' ) );
			return Failure::because( 'too_many_requests', '', array( 'retry_after' => max( 1, $ends - $now ), 'limit' => $kind ) );
		}
		self::$taken = array( 'windows' => $taken, 'uses' => $uses );
		return null;
	}

	/**
	 * How many requests buckets have room for at once, in a window in which nothing was counted.
	 *
	 * @since 0.1.0
	 *
	 * @param array<string, string> $buckets As of take().
	 */
	public static function most( array $buckets ): int {
		return min( PHP_INT_MAX, ...array_values( array_map( static fn( array $one ) => $one[1], self::that_count( $buckets ) ) ) );
	}

	/**
	 * The buckets that count, with what each of them lets pass.
	 *
	 * @param array<string, string> $buckets As of take().
	 * @return array<string, array{0: string, 1: int, 2: int}> Id, requests and seconds, by kind.
	 */
	private static function that_count( array $buckets ): array {
		$limits = Relay_Settings::current()->limits;
		if ( '' !== ( $buckets['global'] ?? '' ) && is_multisite() ) {
			$buckets[ self::NETWORK ] = $buckets['global'];
			$limits[ self::NETWORK ]  = self::of_network();
		}
		$found = array();
		foreach ( array_filter( $buckets, static fn( string $id ) => '' !== $id ) as $kind => $id ) {
			$found[ $kind ] = array( $id, ...$limits[ $kind ] );
		}
		return $found;
	}

	/**
	 * Takes back what was counted last, for what is counted again in another way.
	 *
	 * @since 0.1.0
	 */
	public static function take_back(): void {
		foreach ( self::$taken['windows'] as $name => $ends ) {
			Limit_Store::give_back( $name, $ends, self::$taken['uses'] );
		}
		self::$last  = array();
		self::$taken = array( 'windows' => array(), 'uses' => 0 );
	}

	/**
	 * Tells about what was counted last, in headers.
	 *
	 * @since 0.1.0
	 *
	 * @return array<string, string> `RateLimit-Policy` with all policies, `RateLimit` with the one that has the
	 *                               least left; and `Retry-After` when a request was refused.
	 */
	public static function headers(): array {
		$refused  = 1 === count( self::$last ) && end( self::$last )['used'] >= end( self::$last )['limit'];
		$told     = $refused ? self::$last : array_intersect_key( self::$last, array_flip( self::TOLD ) );
		$policies = array();
		$least    = null;
		foreach ( $told as $kind => $one ) {
			$policies[] = sprintf( '"%s";q=%d;w=%d', $kind, $one['limit'], $one['seconds'] );
			$left       = max( 0, $one['limit'] - $one['used'] );
			if ( null === $least || $left < $least[1] ) {
				$least = array( $kind, $left, max( 1, $one['ends'] - time() ) );
			}
		}
		return null === $least ? array() : array(
			'RateLimit-Policy' => implode( ', ', $policies ),
			'RateLimit'        => sprintf( '"%s";r=%d;t=%d', ...$least ),
		);
	}

	/**
	 * What a window of a bucket is counted under. Addresses and ids are not stored as they are.
	 *
	 * @param string $kind    Kind.
	 * @param string $id      Id.
	 * @param int    $seconds Length of the window.
	 * @param int    $ends    When it ends.
	 */
	private static function name( string $kind, string $id, int $seconds, int $ends ): string {
		// Not wp_salt(), which would store a salt where none is configured. This is no secret of ours to keep.
		$salt = defined( 'NONCE_SALT' ) ? (string) NONCE_SALT : '';
		$of   = self::NETWORK === $kind ? 'network ' . get_current_network_id() : get_current_blog_id();
		return substr( hash_hmac( 'sha256', implode( "\n", array( $of, $kind, $id, $seconds, $ends ) ), $salt ), 0, 40 );
	}

	/**
	 * What the main site of the network allows.
	 *
	 * @return array{int, int} Requests and seconds.
	 */
	private static function of_network(): array {
		$stored = get_blog_option( get_main_site_id(), Relay_Settings::OPTION, array() );
		return Relay_Settings::of( is_array( $stored ) ? $stored : array() )->limits['global'];
	}
}
