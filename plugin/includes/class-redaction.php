<?php
/**
 * Keys in what WordPress hands around.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Makes copies in which every key is masked. What holds no key comes back as the very same; nothing that is given
 * in is ever changed. Arrays stay arrays, and objects objects of their class, such as WordPress's own errors,
 * answers and cookies. What cannot be copied without its key is left out, and says so.
 *
 * As Byok\Log\Redaction of php/log looks, but that one shows objects as loggers print them, and here others go on
 * working with them. How it looks is in Redaction_Search, how it copies in Redaction_Copy.
 *
 * Without the extension it does nothing.
 *
 * @since 0.1.0
 */
final class Redaction {

	/**
	 * Stands in a copy for what was not looked at, or cannot be copied.
	 *
	 * @since 0.1.0
	 */
	public const LEFT_OUT = '(left out by byok)';

	/**
	 * Masks the keys of a text. A stand-in of this site is no key, and whoever reads a log wants to know that there
	 * was one.
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
		if ( ! Stand_In::is_in( $text ) ) {
			return self::named( $text, $name );
		}
		$safe = '';
		$rest = '';
		foreach ( Stand_In::split( $text ) as $at => $part ) {
			// Every second part looks like a stand-in; what only looks so belongs to the text around it.
			if ( 1 === $at % 2 && Stand_In::is_ours( $part ) ) {
				$safe .= self::named( $rest, $name ) . $part;
				$rest  = '';
			} else {
				$rest .= $part;
			}
		}
		$safe .= self::named( $rest, $name );
		// The word behind one that only looks so has the name before it as well.
		return Stand_In::is_in( $rest ) && '' !== $name
			? (string) preg_replace_callback( '/\S+/', static fn( $word ) => Stand_In::is_ours( $word[0] ) ? $word[0] : self::named( $word[0], $name ), $safe )
			: $safe;
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
		return self::has_key( $value, $name ) ? ( new Redaction_Copy() )->of( $value, $name ) : $value;
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
		if ( $safe instanceof WP_Error ) {
			$error->merge_from( $safe );
		} else {
			$error->add( 'byok_left_out', self::LEFT_OUT );
		}
	}

	/**
	 * Whether a value holds a key somewhere. One that is too large to tell holds one.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed  $value Any value.
	 * @param string $name  What it is called.
	 */
	public static function has_key( #[\SensitiveParameter] $value, string $name = '' ): bool {
		$left = Redaction_Search::WORK;
		return null === Extension::reason() && Redaction_Search::is_in( $value, $name, $left );
	}

	/**
	 * Masks the keys of a text that holds no stand-in.
	 *
	 * @param string $text Text.
	 * @param string $name What it is called.
	 */
	private static function named( #[\SensitiveParameter] string $text, string $name ): string {
		if ( '' === $name || '' === $text ) {
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
}
