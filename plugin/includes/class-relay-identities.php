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
	 * @return Relay_Identity|WP_Error byok_relay_off, byok_relay_anonymous, and what the kinds refuse with.
	 */
	public static function of( WP_REST_Request $request ) {
		if ( ! Relay_Settings::current()->enabled ) {
			return Failure::because( 'relay_off' );
		}
		$found = null;
		foreach ( self::KINDS as $kind ) {
			$found = $kind::recognise( $request );
			if ( null !== $found ) {
				break;
			}
		}
		Relay_Token::forget( $request );
		return $found ?? Failure::because( 'relay_anonymous' );
	}
}
