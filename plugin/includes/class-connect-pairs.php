<?php
/**
 * The pairs of connect keys of a site.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Makes, finds and revokes pairs of connect keys. Revoking one removes what was stored through it: nobody could reach
 * that any more.
 *
 * It does not ask who is calling.
 *
 * @since 0.1.0
 */
final class Connect_Pairs {

	/**
	 * Beginning of the names of the options.
	 */
	public const PREFIX = 'byok_connect_';

	/**
	 * All pairs of the current site.
	 *
	 * @since 0.1.0
	 *
	 * @return Connect_Pair[]|WP_Error The oldest first; byok_storage_failed.
	 */
	public static function all() {
		$rows = self::rows()->all();
		return is_wp_error( $rows ) ? $rows : array_values( array_filter( array_map( array( Connect_Pair::class, 'of' ), $rows ) ) );
	}

	/**
	 * Makes a pair.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $name      Name.
	 * @param mixed $origins   Origins of pages that may use the public key, such as `https://app.example`.
	 * @param mixed $providers The only providers; empty for all.
	 * @return array{pair: Connect_Pair, secret: Token}|WP_Error byok_pair_malformed, byok_storage_failed.
	 */
	public static function make( $name, $origins, $providers ) {
		$secret = null;
		$pair   = Connect_Pair::make( $name, $origins, $providers, $secret );
		if ( null === $pair ) {
			return Failure::because( 'pair_malformed' );
		}
		$added = self::rows()->add( $pair->id, $pair->to_array() );
		return is_wp_error( $added ) ? $added : compact( 'pair', 'secret' );
	}

	/**
	 * Finds the pair that a token belongs to.
	 *
	 * @since 0.1.0
	 *
	 * @param string $kind `public` or `secret`.
	 * @param string $text What was sent.
	 * @return Connect_Pair|WP_Error byok_token_unknown, byok_storage_failed.
	 */
	public static function find( string $kind, #[\SensitiveParameter] string $text ) {
		$token = Token::parse( $kind, $text );
		$row   = null === $token ? null : self::rows()->one( $token->id );
		if ( is_wp_error( $row ) ) {
			return $row;
		}
		$pair = null === $row ? null : Connect_Pair::of( $row );
		return null !== $pair && $pair->has( $token ) ? $pair : Failure::because( 'token_unknown' );
	}

	/**
	 * Whether a pair is still what it was when a request came, see Guest_Keys::save().
	 *
	 * @since 0.1.0
	 *
	 * @param Connect_Pair $pair As it was.
	 * @param string       $text The public key that was sent.
	 * @return string `yes`, `gone` or `changed`.
	 */
	public static function standing( Connect_Pair $pair, #[\SensitiveParameter] string $text ): string {
		$found = self::find( 'public', $text );
		if ( is_wp_error( $found ) ) {
			return 'token_unknown' === Failure::reason( $found ) ? 'gone' : 'changed';
		}
		return $pair == $found ? 'yes' : 'changed'; // phpcs:ignore Universal.Operators.StrictComparisons -- two objects of the same fields.
	}

	/**
	 * Adds the origins of all pairs, for a browser that asks, without any key, whether a page may store one.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed  $origins Origins.
	 * @param string $route   Route.
	 * @return mixed The same, with ours on the route where pages store keys.
	 */
	public static function add_origins( $origins, $route ) {
		if ( ! is_array( $origins ) || ! preg_match( '~\A/byok/v1/connect/keys/~i', (string) $route ) ) {
			return $origins;
		}
		$pairs = self::all();
		return array_merge( $origins, ...array_map( static fn( Connect_Pair $pair ) => $pair->origins, is_array( $pairs ) ? $pairs : array() ) );
	}

	/**
	 * Revokes a pair, and removes the keys that were stored through it. Also when there is no such pair any more: an
	 * earlier revocation may have failed half-way.
	 *
	 * @since 0.1.0
	 *
	 * @param string $id Id of the pair.
	 * @return array{keys: int}|WP_Error How many keys were removed; byok_pair_unknown, byok_storage_failed.
	 */
	public static function revoke( string $id ) {
		global $wpdb;

		if ( ! preg_match( '/\A[a-z2-7]{8}\z/', $id ) ) {
			return Failure::because( 'pair_unknown' );
		}
		// The pair first: from now on nothing can be added.
		$was_there = self::rows()->remove( $id );
		if ( is_wp_error( $was_there ) ) {
			return $was_there;
		}
		// A ticket is known by its person, not by the pair.
		Relay_Revocation::of_all();
		Guest_Table::ensure();
		$keys = Quietly::run(
			static fn() => $wpdb->query( $wpdb->prepare( 'DELETE FROM ' . Guest_Table::keys() . ' WHERE blog = %d AND owner LIKE %s', get_current_blog_id(), $wpdb->esc_like( "ref:$id" ) . '%' ) )
		);
		if ( false === $keys ) {
			return Failure::because( 'storage_failed' );
		}
		Attempts::forget_pair( $id );
		return $was_there || $keys > 0 ? compact( 'keys' ) : Failure::because( 'pair_unknown' );
	}

	/**
	 * The options.
	 */
	private static function rows(): Option_Rows {
		return new Option_Rows( self::PREFIX );
	}
}
