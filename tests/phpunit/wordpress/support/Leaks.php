<?php
/**
 * Search for keys.
 *
 * @package byok
 */

namespace Byok\Tests;

/**
 * Finds a key in a text, in every encoding that a program may have written it in.
 */
final class Leaks {

	/**
	 * Where a text holds the secret part of a key.
	 *
	 * The last four characters are the hint that is shown on purpose, and the front names the provider. What lies between
	 * is enough to recognise a key, and is found in a fragment as well.
	 *
	 * @param string $key  The key.
	 * @param string $text The text.
	 * @return string[] Names of the encodings it was found in.
	 */
	public static function find( string $key, string $text ): array {
		return array_keys( array_filter( self::needles( $key ), static fn( $needle ) => str_contains( $text, $needle ) ) );
	}

	/**
	 * What to look for.
	 *
	 * @param string $key The key.
	 * @return array<string, string> Bytes by encoding.
	 */
	private static function needles( string $key ): array {
		$secret  = substr( $key, -20, 16 );
		$needles = array(
			'plain'  => $secret,
			'url'    => rawurlencode( $secret ),
			'json'   => trim( json_encode( $secret ), '"' ),
			'html'   => htmlspecialchars( $secret, ENT_QUOTES ),
			'hex'    => bin2hex( $secret ),
			'HEX'    => strtoupper( bin2hex( $secret ) ),
			'utf-16' => implode( "\0", str_split( $secret ) ),
			'rot13'  => str_rot13( $secret ),
			'strrev' => strrev( $secret ),
		);

		// Base64 of the same bytes looks different at each of three offsets. The characters at both ends depend on the
		// neighbours and are left out.
		for ( $offset = 0; $offset < 3; $offset++ ) {
			$encoded = base64_encode( str_repeat( 'x', $offset ) . $secret );
			$needle  = substr( rtrim( $encoded, '=' ), $offset ? $offset + 1 : 0, -2 );

			$needles[ "base64+$offset" ]    = $needle;
			$needles[ "base64url+$offset" ] = strtr( $needle, '+/', '-_' );
		}
		return $needles;
	}
}
