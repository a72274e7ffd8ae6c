<?php
/**
 * Keys in what WordPress hands around.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;
use WP_HTTP_Requests_Response;
use WpOrg\Requests\Response;
use WpOrg\Requests\Response\Headers;
use WpOrg\Requests\Utility\CaseInsensitiveDictionary;

defined( 'ABSPATH' ) || exit;

/**
 * Makes copies in which every key is masked. What holds no key comes back as the very same; nothing that is given
 * in is ever changed. Arrays stay arrays, and WordPress's own errors and answers stay what they are; objects of
 * others are not looked into.
 *
 * Without the extension it does nothing.
 *
 * @since 0.1.0
 */
final class Redaction {

	/**
	 * How deep an array is looked into.
	 */
	private const DEPTH = 32;

	/**
	 * Masks the keys of a text. A stand-in is no key, and whoever reads a log wants to know that there was one.
	 *
	 * @since 0.1.0
	 *
	 * @param string $text Any bytes.
	 * @param string $name What it is called: a name such as `x-api-key` makes a key of what follows.
	 * @return string The same text, or another one.
	 */
	public static function text( #[\SensitiveParameter] string $text, string $name = '' ): string {
		if ( '' === $text || null !== Extension::reason() ) {
			return $text;
		}
		if ( Stand_In::is_in( $text ) ) {
			$parts = Stand_In::split( $text );
			// Every second part is a stand-in.
			foreach ( $parts as $at => $part ) {
				$parts[ $at ] = 0 === $at % 2 ? byok_redact( $part ) : $part;
			}
			return implode( '', $parts );
		}
		if ( '' === $name ) {
			return byok_redact( $text );
		}
		$whole  = "$name: $text";
		$masked = byok_redact( $whole );
		if ( $masked === $whole ) {
			return $text;
		}
		// A key in the name moves everything.
		return str_starts_with( $masked, "$name: " ) ? substr( $masked, strlen( "$name: " ) ) : byok_redact( $text );
	}

	/**
	 * Masks the keys of a value.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed  $value Any value.
	 * @param string $name  What it is called, such as the key it has in an array.
	 * @return mixed The same value, or a copy.
	 */
	public static function of( #[\SensitiveParameter] $value, string $name = '' ) {
		return self::copy( $value, $name, self::DEPTH );
	}

	/**
	 * Masks the keys of an error in place, for all who have it in their hands.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_Error $error Error.
	 */
	public static function in_place( #[\SensitiveParameter] WP_Error $error ): void {
		$safe = self::of( $error );
		if ( $safe === $error ) {
			return;
		}
		foreach ( $error->get_error_codes() as $code ) {
			$error->remove( $code );
		}
		$error->merge_from( $safe );
	}

	/**
	 * Copies a value, if it holds a key.
	 *
	 * @param mixed  $value Value.
	 * @param string $name  What it is called.
	 * @param int    $depth How deep arrays are still looked into.
	 * @return mixed The same value, or a copy.
	 */
	private static function copy( #[\SensitiveParameter] $value, string $name, int $depth ) {
		if ( is_string( $value ) ) {
			return self::text( $value, $name );
		}
		if ( is_array( $value ) ) {
			return $depth > 0 ? self::copy_array( $value, $name, $depth - 1 ) : $value;
		}
		if ( $value instanceof WP_Error ) {
			return self::copy_error( $value, $depth - 1 );
		}
		if ( $value instanceof CaseInsensitiveDictionary ) {
			return self::copy_headers( $value );
		}
		if ( $value instanceof WP_HTTP_Requests_Response ) {
			$answer = $value->get_response_object();
			$safe   = self::copy_answer( $answer );
			return $safe === $answer ? $value : new WP_HTTP_Requests_Response( $safe, (string) $value->to_array()['filename'] );
		}
		return $value instanceof Response ? self::copy_answer( $value ) : $value;
	}

	/**
	 * Copies an array.
	 *
	 * @param array  $items Array.
	 * @param string $name  What it is called, and with it the items of a list.
	 * @param int    $depth How deep arrays are still looked into.
	 * @return array The same array, or a copy.
	 */
	private static function copy_array( #[\SensitiveParameter] array $items, string $name, int $depth ): array {
		$copy = array();
		foreach ( $items as $key => $item ) {
			$safe          = is_string( $key ) ? self::text( $key ) : $key;
			$copy[ $safe ] = self::copy( $item, is_string( $key ) ? $key : $name, $depth );
		}
		// Two keys of one mask would lose an item.
		return count( $copy ) === count( $items ) ? $copy : array_values( array_map( static fn( $item ) => self::copy( $item, $name, $depth ), $items ) );
	}

	/**
	 * Copies an error.
	 *
	 * @param WP_Error $error Error.
	 * @param int      $depth How deep arrays are still looked into.
	 * @return WP_Error The same error, or a copy.
	 */
	private static function copy_error( #[\SensitiveParameter] WP_Error $error, int $depth ): WP_Error {
		$copy    = new WP_Error();
		$changed = false;
		foreach ( $error->get_error_codes() as $code ) {
			$messages = $error->get_error_messages( $code );
			$data     = $error->get_all_error_data( $code );
			$safe     = array( self::copy( $messages, '', $depth ), self::copy( $data, '', $depth ) );
			$changed  = $changed || array( $messages, $data ) !== $safe;
			foreach ( $safe[0] as $message ) {
				$copy->add( $code, $message );
			}
			foreach ( $safe[1] as $one ) {
				$copy->add_data( $one, $code );
			}
		}
		return $changed ? $copy : $error;
	}

	/**
	 * Copies an answer of the library that WordPress sends requests with.
	 *
	 * @param Response $answer Answer.
	 * @return Response The same answer, or a copy.
	 */
	private static function copy_answer( #[\SensitiveParameter] Response $answer ): Response {
		$safe = array();
		foreach ( array( 'body', 'raw', 'url', 'headers', 'history' ) as $part ) {
			$safe[ $part ] = self::copy( $answer->$part, '', self::DEPTH );
			if ( $safe[ $part ] === $answer->$part ) {
				unset( $safe[ $part ] );
			}
		}
		if ( array() === $safe ) {
			return $answer;
		}
		$copy = clone $answer;
		foreach ( $safe as $part => $value ) {
			$copy->$part = $value;
		}
		return $copy;
	}

	/**
	 * Copies the headers of an answer.
	 *
	 * @param CaseInsensitiveDictionary $headers Headers.
	 * @return CaseInsensitiveDictionary The same headers, or a copy.
	 */
	private static function copy_headers( #[\SensitiveParameter] CaseInsensitiveDictionary $headers ): CaseInsensitiveDictionary {
		$all  = $headers->getAll();
		$safe = self::copy( $all, '', self::DEPTH );
		if ( $safe === $all ) {
			return $headers;
		}
		$copy = $headers instanceof Headers ? new Headers() : new CaseInsensitiveDictionary();
		foreach ( $safe as $name => $values ) {
			// The one keeps lists and adds to them, the other what it is given.
			foreach ( $headers instanceof Headers ? $values : array( $values ) as $value ) {
				$copy[ $name ] = $value;
			}
		}
		return $copy;
	}
}
