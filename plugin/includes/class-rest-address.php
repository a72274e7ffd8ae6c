<?php
/**
 * The address of a REST request.
 *
 * @package byok
 */

namespace Byok;

use WP_REST_Request;

defined( 'ABSPATH' ) || exit;

/**
 * Refuses a request to a route of ours that has a key or a token in its address, whatever the parameter is called:
 * browsers, proxies and servers write addresses down. Known are the formats of the engine, see byok_holds_key().
 *
 * What the relay passes on is judged once more by the engine, as it was written, see byok_relay_path().
 *
 * @since 0.1.0
 */
final class Rest_Address {

	/**
	 * Refuses a request before its route, and whoever gives permission, has looked at it.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $response Answer so far, passed on.
	 * @param mixed $handler  Unused.
	 * @param mixed $request  Request. A key or token in its query is taken out of it.
	 * @return mixed byok_key_in_url, or what was passed.
	 */
	public static function refuse( $response, $handler, $request ) {
		if ( ! $request instanceof WP_REST_Request || ! preg_match( '~\A/byok/v1/~i', $request->get_route() ) || null !== Extension::reason() ) {
			return $response;
		}
		$names = array();
		foreach ( $request->get_query_params() as $name => $value ) {
			// WordPress has the route there, and of a route each segment is judged.
			if ( 'rest_route' !== $name && ( self::is_key( (string) $name ) || self::is_key( $value ) ) ) {
				$names[ $name ] = '';
			}
		}
		if ( array() === $names && array() === array_filter( explode( '/', $request->get_route() ), array( self::class, 'is_key' ) ) ) {
			return $response;
		}
		Rest_Secret::forget( $request, $names );
		Relay_Token::forget( $request );
		return Failure::because( 'key_in_url' );
	}

	/**
	 * Whether something is a key or a token, or holds one.
	 *
	 * @param mixed $value Text, or a list of what is in it.
	 */
	private static function is_key( $value ): bool {
		if ( is_array( $value ) ) {
			return array() !== array_filter( array_merge( array_map( 'strval', array_keys( $value ) ), array_values( $value ) ), array( self::class, 'is_key' ) );
		}
		// Who encodes twice writes the same.
		$text = (string) $value;
		return byok_holds_key( $text ) || byok_holds_key( rawurldecode( $text ) );
	}
}
