<?php
/**
 * Which models the relay lets through.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Compares the model that a request asks for with a site's list. It reads the body itself, whatever the request
 * calls it, and reads it as strictly as the strictest and as loosely as the loosest provider: a model that is
 * named twice, or in a field that only some providers read, has to be allowed each time. A request in which no
 * model can be found is refused.
 *
 * @since 0.1.0
 */
final class Relay_Models {

	/**
	 * Fields that name a model: of most; of ElevenLabs; those that OpenRouter tries in turn.
	 */
	private const FIELDS = array( 'model', 'model_id', 'models' );

	/**
	 * Why a request may not be made.
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $allowed The site's list; empty for all models.
	 * @param string   $method  HTTP method.
	 * @param string   $path    Path below the provider's base URL, with its query.
	 * @param string   $body    Body.
	 * @return WP_Error|null byok_model_not_allowed, byok_model_missing; null when it may.
	 */
	public static function refuse( array $allowed, string $method, string $path, string $body ): ?WP_Error {
		if ( array() === $allowed ) {
			return null;
		}
		$asked = array_merge( self::in_path( $path ), self::in_body( $body ) );
		if ( in_array( null, $asked, true ) ) {
			return Failure::because( 'model_missing' );
		}
		if ( array() !== array_diff( $asked, $allowed ) ) {
			return Failure::because( 'model_not_allowed' );
		}
		// Lists and the like use no model.
		return array() === $asked && ! in_array( $method, array( 'GET', 'HEAD' ), true ) ? Failure::because( 'model_missing' ) : null;
	}

	/**
	 * Models in a path and its query.
	 *
	 * @param string $path Path.
	 * @return string[]
	 */
	private static function in_path( string $path ): array {
		list( $path, $query ) = array_pad( explode( '?', $path, 2 ), 2, '' );
		$found                = array();
		// As /models/gemini-2.0-flash:generateContent, /models/owner/name/predictions, /deployments/name/chat/completions.
		if ( preg_match( '~/(?:models|deployments)/([^/:]+)(?:/([^/:]+))?~', $path, $parts ) ) {
			$own   = rawurldecode( $parts[1] );
			$found = array( isset( $parts[2] ) && str_contains( $path, '/models/' ) ? $own . '/' . rawurldecode( $parts[2] ) : $own );
		}
		foreach ( explode( '&', $query ) as $pair ) {
			list( $name, $value ) = array_pad( explode( '=', $pair, 2 ), 2, '' );
			if ( self::is_field( urldecode( $name ) ) ) {
				$found[] = urldecode( $value );
			}
		}
		return $found;
	}

	/**
	 * Models in a body.
	 *
	 * @param string $body Body.
	 * @return array<string|null> Null for one that cannot be read.
	 */
	private static function in_body( string $body ): array {
		if ( '' === $body ) {
			return array();
		}
		$fields = json_decode( $body, true );
		if ( is_array( $fields ) ) {
			return self::in_json( $body );
		}
		// A form with a file, as for transcriptions.
		if ( str_starts_with( $body, '--' ) ) {
			preg_match_all( '~\r\n[^\r\n]*\bname="?([^"\r\n;]*)"?[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n([^\r\n]*)\r\n--~i', "\r\n" . $body, $parts, PREG_SET_ORDER );
			$found = array();
			foreach ( $parts as $part ) {
				if ( self::is_field( $part[1] ) ) {
					$found[] = $part[2];
				}
			}
			// One more than those that could be read is one that could not.
			$named = preg_match_all( '~\bname\*?="?(?:' . implode( '|', self::FIELDS ) . ')(?:\[[^\]]*\])?"?~i', $body );
			return count( $found ) === $named ? $found : array( null );
		}
		return array( null );
	}

	/**
	 * Models in an object of JSON. json_decode() would keep the last of two fields of one name, and others keep the
	 * first, or do not tell letters' case.
	 *
	 * @param string $body Valid JSON.
	 * @return array<string|null>
	 */
	private static function in_json( string $body ): array {
		$found = array();
		$depth = 0;
		$at    = 0;
		$field = null;
		while ( preg_match( '/"(?:[^"\\\\]++|\\\\.)*+"|[{}\[\]:,]/s', $body, $token, PREG_OFFSET_CAPTURE, $at ) ) {
			list( $text, $start ) = $token[0];
			$at                   = $start + strlen( $text );
			if ( '{' === $text || '[' === $text ) {
				++$depth;
			} elseif ( '}' === $text || ']' === $text ) {
				--$depth;
			} elseif ( ':' === $text && 1 === $depth && null !== $field && self::is_field( $field ) ) {
				$found = array_merge( $found, self::values( substr( $body, $at, 20000 ) ) );
			}
			$field = 1 === $depth && '"' === $text[0] && strlen( $text ) < 200 ? (string) json_decode( $text ) : null;
		}
		// What the expression gave up on was not looked at.
		return PREG_NO_ERROR === preg_last_error() ? $found : array( null );
	}

	/**
	 * The text, or the list of texts, that JSON begins with.
	 *
	 * @param string $json What stands behind a field's colon.
	 * @return array<string|null> A null when it is something else.
	 */
	private static function values( string $json ): array {
		if ( ! preg_match( '/\A\s*("(?:[^"\\\\]++|\\\\.)*+"|\[(?:\s*"(?:[^"\\\\]++|\\\\.)*+"\s*,?)*+\])/s', $json, $found ) ) {
			return array( null );
		}
		return array_map( 'strval', (array) json_decode( $found[1], true ) );
	}

	/**
	 * Whether a field names a model.
	 *
	 * @param string $name Name.
	 */
	private static function is_field( string $name ): bool {
		return in_array( strtolower( (string) preg_replace( '/\[[^\]]*\]\z/', '', trim( $name ) ) ), self::FIELDS, true );
	}
}
