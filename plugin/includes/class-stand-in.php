<?php
/**
 * Tokens that stand for a key.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Makes tokens that look like a provider's key and are worth nothing anywhere else: only the gate of this
 * very site knows what they stand for, and puts the key in their place on the way to the key's own address.
 *
 * A token says whose key is meant and is signed, so that a visitor who may type a key of their own into
 * some form cannot type one that means the site's.
 *
 * It has no key and opens none.
 *
 * @since 0.1.0
 */
final class Stand_In {

	/**
	 * What every token holds. No provider's keys do.
	 */
	private const MARK = 'byok-stand-in-';

	/**
	 * The option that holds the secret they are signed with. It opens nothing.
	 */
	public const OPTION = 'byok_stand_in_secret';

	/**
	 * Bytes of a signature: nobody guesses sixteen.
	 */
	private const SIGNATURE = 16;

	/**
	 * Takes the fields as they are.
	 *
	 * @param string $provider Provider id.
	 * @param array  $args     Arguments of byok_request() that say which key.
	 */
	private function __construct(
		public readonly string $provider,
		public readonly array $args
	) {}

	/**
	 * The token of a provider's key.
	 *
	 * @since 0.1.0
	 *
	 * @param array $provider The provider's row of the table.
	 * @param array $args     `owner`; without it, who applies is decided when the token is used.
	 * @return string Letters, digits, `-` and `_`.
	 */
	public static function of( array $provider, array $args ): string {
		$said = implode( ' ', array( get_current_blog_id(), $provider['id'], $args['owner'] ?? '' ) );
		return ( $provider['prefixes'][0] ?? '' ) . self::MARK . self::encode( self::sign( $said ) . $said );
	}

	/**
	 * Whether a text holds something that looks like a token. A quick look: nearly all requests of a site
	 * have none.
	 *
	 * @since 0.1.0
	 *
	 * @param string $text Text.
	 */
	public static function is_in( string $text ): bool {
		return str_contains( $text, self::MARK );
	}

	/**
	 * Splits a text at what looks like tokens.
	 *
	 * @since 0.1.0
	 *
	 * @param string $text Text.
	 * @return string[] In turn a text without tokens, which may be empty, and a token.
	 */
	public static function split( #[\SensitiveParameter] string $text ): array {
		$pattern = '/((?<![A-Za-z0-9_-])[A-Za-z0-9_-]{0,40}?' . self::MARK . '[A-Za-z0-9_-]{0,420})/';
		$parts   = preg_split( $pattern, $text, -1, PREG_SPLIT_DELIM_CAPTURE );
		return false === $parts ? array( $text ) : $parts;
	}

	/**
	 * Whether this site has made a token, beginning and all: what only looks like one may have a key in it.
	 *
	 * @since 0.1.0
	 *
	 * @param string $token One of split().
	 */
	public static function is_ours( #[\SensitiveParameter] string $token ): bool {
		$at = strpos( $token, self::MARK );
		if ( false === $at || ! is_string( get_option( self::OPTION ) ) || null === self::read( substr( $token, $at ) ) ) {
			return false;
		}
		return 0 === $at || in_array( substr( $token, 0, $at ), array_map( static fn( $provider ) => $provider['prefixes'][0] ?? '', Providers::all() ), true );
	}

	/**
	 * What looks like a token in a text.
	 *
	 * @since 0.1.0
	 *
	 * @param string $text Text, such as the value of a header.
	 * @return string[] Each once, without the beginning that is as of the provider's keys.
	 */
	public static function tokens( string $text ): array {
		preg_match_all( '/' . self::MARK . '[A-Za-z0-9_-]*/', $text, $found );
		return array_values( array_unique( $found[0] ) );
	}

	/**
	 * Reads a token.
	 *
	 * @since 0.1.0
	 *
	 * @param string $token One of tokens().
	 * @return self|null Null when this site has not signed it.
	 */
	public static function read( string $token ): ?self {
		if ( ! preg_match( '/\A' . self::MARK . '([A-Za-z0-9_-]{24,400})\z/', $token, $found ) ) {
			return null;
		}
		$signed = base64_decode( strtr( $found[1], '-_', '+/' ), true );
		$said   = substr( (string) $signed, self::SIGNATURE );
		$parts  = explode( ' ', $said );
		if (
			3 !== count( $parts )
			// One spelling only: the last character has bits that mean nothing.
			|| self::encode( (string) $signed ) !== $found[1]
			|| ! hash_equals( self::sign( $said ), substr( (string) $signed, 0, self::SIGNATURE ) )
			|| get_current_blog_id() !== (int) $parts[0]
		) {
			return null;
		}
		return new self( $parts[1], '' === $parts[2] ? array() : array( 'owner' => $parts[2] ) );
	}

	/**
	 * Signs a text.
	 *
	 * @param string $said Text.
	 * @return string Bytes.
	 */
	private static function sign( string $said ): string {
		return substr( hash_hmac( 'sha256', $said, self::secret(), true ), 0, self::SIGNATURE );
	}

	/**
	 * The secret of this site that tokens are signed with; made at the first use.
	 *
	 * Not one of WordPress's salts: a token that was pasted somewhere must survive their change.
	 */
	private static function secret(): string {
		$secret = get_option( self::OPTION );
		if ( ! is_string( $secret ) || strlen( $secret ) < 64 ) {
			add_option( self::OPTION, bin2hex( random_bytes( 32 ) ), '', false );
			// Whoever was first has made it.
			$secret = (string) get_option( self::OPTION );
		}
		return $secret;
	}

	/**
	 * Bytes as letters, digits, `-` and `_`.
	 *
	 * @param string $bytes Bytes.
	 */
	private static function encode( string $bytes ): string {
		return rtrim( strtr( base64_encode( $bytes ), '+/', '-_' ), '=' );
	}
}
