<?php
/**
 * Signatures of webhooks.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Reads the header of a signature and judges it: HMAC-SHA256, in hexadecimal, of the time in seconds, a dot and the body.
 * The time is signed too, so that a delivery that somebody has seen cannot be sent again later.
 *
 *     Byok-Signature: t=1790000000,v1=5f0c…
 *
 * There may be several v1, of several secrets, and fields that only a later version knows.
 *
 * It needs neither the extension nor the database.
 *
 * @since 0.1.0
 */
final class Webhook_Signature {

	/**
	 * Longest header that is read, in bytes.
	 */
	private const LONGEST = 2048;

	/**
	 * Whether a header is the signature of a body.
	 *
	 * @since 0.1.0
	 *
	 * @param string $body      Body, byte for byte.
	 * @param string $header    The header.
	 * @param string $secret    Secret of the endpoint.
	 * @param int    $tolerance Seconds that the time may differ.
	 * @param int    $now       Unix time.
	 */
	public static function verify( string $body, string $header, #[\SensitiveParameter] string $secret, int $tolerance, int $now ): bool {
		if ( '' === $secret || strlen( $header ) > self::LONGEST ) {
			return false;
		}
		$times      = array();
		$signatures = array();
		foreach ( explode( ',', $header ) as $field ) {
			list( $name, $value ) = explode( '=', trim( $field ), 2 ) + array( 1 => '' );
			if ( 't' === $name ) {
				$times[] = $value;
			} elseif ( 'v1' === $name ) {
				$signatures[] = $value;
			}
		}
		// Two times would leave open which one was signed.
		if ( 1 !== count( $times ) || ! preg_match( '/\A[1-9][0-9]{0,11}\z/', $times[0] ) || abs( $now - (int) $times[0] ) > $tolerance ) {
			return false;
		}
		$wanted = hash_hmac( 'sha256', $times[0] . '.' . $body, $secret );
		$found  = false;
		foreach ( $signatures as $signature ) {
			$found = hash_equals( $wanted, $signature ) || $found;
		}
		return $found;
	}
}
