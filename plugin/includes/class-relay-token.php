<?php
/**
 * The token in a request to the relay.
 *
 * @package byok
 */

namespace Byok;

use WP_REST_Request;

defined( 'ABSPATH' ) || exit;

/**
 * Reads a token from where the clients of providers put a key, so that they work unchanged: the token stands
 * where the key would. It is never read from an address, which servers write down.
 *
 * It does not know which tokens there are.
 *
 * @since 0.1.0
 */
final class Relay_Token {

	/**
	 * Headers that may carry a token; our own first.
	 */
	public const HEADERS = array( 'x_byok_token', 'authorization', 'x_api_key', 'x_goog_api_key', 'api_key', 'xi_api_key' );

	/**
	 * Longest token, in bytes. Ours are shorter.
	 */
	private const LONGEST = 512;

	/**
	 * The token of a request.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request   Request.
	 * @param string          $beginning How the wanted kind of token begins, such as `byok_vt_`.
	 * @return string Empty when there is none.
	 */
	public static function of( WP_REST_Request $request, string $beginning ): string {
		foreach ( self::HEADERS as $name ) {
			$value = trim( (string) $request->get_header( $name ) );
			if ( 'authorization' === $name ) {
				$value = preg_match( '/\A(?:Bearer|Token) +(\S+)\z/i', $value, $found ) ? $found[1] : '';
			}
			if ( str_starts_with( $value, $beginning ) && strlen( $value ) <= self::LONGEST ) {
				return $value;
			}
		}
		return '';
	}

	/**
	 * Takes all tokens out of a request, so that nothing that runs later, and may write down what it sees, has
	 * them. WordPress has made the request of $_SERVER, where they are removed too.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 */
	public static function forget( WP_REST_Request $request ): void {
		foreach ( self::HEADERS as $name ) {
			$value = (string) $request->get_header( $name );
			// What else is there is not ours: an application password, a token of another plugin.
			if ( ! preg_match( '/\A(?:(?:Bearer|Token) +)?byok_/i', trim( $value ) ) ) {
				continue;
			}
			$request->remove_header( $name );
			foreach ( array( 'HTTP_', 'REDIRECT_HTTP_' ) as $prefix ) {
				unset( $_SERVER[ $prefix . strtoupper( $name ) ], $_ENV[ $prefix . strtoupper( $name ) ] );
			}
		}
	}
}
