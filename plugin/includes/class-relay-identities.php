<?php
/**
 * Who uses the relay.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;
use WP_REST_Request;

defined( 'ABSPATH' ) || exit;

/**
 * Finds out who a request is from. What a request names explicitly, a key or a token, counts before who
 * happens to be signed in.
 *
 * Who names a token is counted before it is looked up, so that guesses are limited as requests are; whoever has a right one
 * is counted as a request only.
 *
 * @since 0.1.0
 */
final class Relay_Identities {

	/**
	 * The ways to be someone, in the order in which they are asked.
	 *
	 * @var array<class-string<Relay_Identity>>
	 */
	private const KINDS = array(
		Pass_Through_Identity::class,
		Visitor_Identity::class,
		Connect_Identity::class,
		User_Identity::class,
	);

	/**
	 * Who a request is from.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return Relay_Identity|WP_Error byok_relay_off, byok_relay_anonymous, byok_too_many_requests, and what the kinds
	 *                                 refuse with.
	 */
	public static function of( WP_REST_Request $request ) {
		if ( ! Relay_Settings::current()->enabled ) {
			return Failure::because( 'relay_off' );
		}
		$is_token = array() !== array_filter( array( 'visitor', 'secret' ), static fn( string $kind ) => '' !== Relay_Token::of( $request, Token::beginning( $kind ) ) );
		$refused  = $is_token ? Limits::take( array( 'address' => Relay_Address::current( Relay_Settings::current()->trusted_proxies ) ) ) : null;
		if ( null !== $refused ) {
			Relay_Token::forget( $request );
			return $refused;
		}
		$found = null;
		foreach ( self::KINDS as $kind ) {
			$found = $kind::recognise( $request );
			if ( null !== $found ) {
				break;
			}
		}
		Relay_Token::forget( $request );
		if ( $is_token && $found instanceof Relay_Identity ) {
			Limits::take_back();
		}
		return $found ?? Failure::because( 'relay_anonymous' );
	}
}
