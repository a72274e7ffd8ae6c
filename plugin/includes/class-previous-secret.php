<?php
/**
 * A previous secret, as a person pastes it.
 *
 * @package byok
 */

namespace Byok;

use Throwable;
use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Reads a former BYOK_KEY, or a former AUTH_KEY and AUTH_SALT, from what was pasted: the value itself, or
 * the line of an old wp-config.php with it.
 *
 * A value is taken as it is, white space included: WordPress's own salts hold spaces. It keeps nothing.
 *
 * @since 0.1.0
 */
final class Previous_Secret {

	/**
	 * Names of the constants, by the names that byok_reencrypt() has for them.
	 */
	public const CONSTANTS = array(
		'auth_key'  => 'AUTH_KEY',
		'auth_salt' => 'AUTH_SALT',
		'key'       => 'BYOK_KEY',
	);

	/**
	 * What a character after a backslash means in PHP text between double quotes. Any other stays with
	 * its backslash.
	 */
	private const ESCAPES = array(
		'n'  => "\n",
		't'  => "\t",
		'r'  => "\r",
		'v'  => "\v",
		'e'  => "\e",
		'f'  => "\f",
		'\\' => '\\',
		'$'  => '$',
		'"'  => '"',
	);

	/**
	 * Reads what was pasted.
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $pasted What was pasted, by the names of CONSTANTS.
	 * @return array|WP_Error Argument of byok_reencrypt(); byok_previous_missing,
	 *                        byok_previous_other_constant, and what the extension says of a secret that
	 *                        cannot be one.
	 */
	public static function read( #[\SensitiveParameter] array $pasted ) {
		$previous = array();
		foreach ( self::CONSTANTS as $name => $constant ) {
			$value = self::value( (string) ( $pasted[ $name ] ?? '' ), $constant );
			if ( null === $value ) {
				return Failure::because( 'previous_other_constant' );
			}
			if ( '' !== $value ) {
				$previous[ $name ] = $value;
			}
		}
		if ( ! isset( $previous['key'] ) && ! isset( $previous['auth_key'], $previous['auth_salt'] ) ) {
			return Failure::because( 'previous_missing' );
		}
		try {
			// Whether it can be a secret at all, before it is tried on every key: a short one is a slip of
			// the hand, and not one that opens nothing.
			byok_reencrypt( byok_encrypt( 'byok' ), array(), $previous );
		} catch ( Throwable $thrown ) {
			return Failure::from( $thrown );
		}
		return $previous;
	}

	/**
	 * The value in a pasted text.
	 *
	 * @param string $text     What was pasted.
	 * @param string $constant Name of the constant that is asked for.
	 * @return string|null The value; empty for none; null when the text is the line of something else.
	 */
	private static function value( #[\SensitiveParameter] string $text, string $constant ): ?string {
		$define = '/\bdefine\s*\(\s*([\'"])%s\1\s*,\s*(?:\'((?:[^\'\\\\]|\\\\.)*+)\'|"((?:[^"\\\\]|\\\\.)*+)")\s*(?:,\s*\w+\s*)?\)/s';
		if ( preg_match( sprintf( $define, $constant . '(?:_PREVIOUS)?' ), $text, $found, PREG_UNMATCHED_AS_NULL ) ) {
			return null === $found[3] ? self::unescape_single( $found[2] ) : self::unescape_double( $found[3] );
		}
		// A whole line, of another constant: taken as a value it would open nothing, and not say why.
		return preg_match( '/\A\s*' . substr( sprintf( $define, '\w+' ), 1, -2 ) . '/s', $text ) ? null : $text;
	}

	/**
	 * What PHP text between single quotes means.
	 *
	 * @param string $text Text between the quotes.
	 */
	private static function unescape_single( #[\SensitiveParameter] string $text ): string {
		return preg_replace( "/\\\\([\\\\'])/", '$1', $text );
	}

	/**
	 * What PHP text between double quotes means. A variable in it is left as it is: its value is not here.
	 *
	 * @param string $text Text between the quotes.
	 */
	private static function unescape_double( #[\SensitiveParameter] string $text ): string {
		return preg_replace_callback(
			'/\\\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|u\{([0-9A-Fa-f]{1,6})\}|(.))/s',
			static function ( array $found ): string {
				if ( '' !== $found[1] ) {
					return chr( octdec( $found[1] ) & 0xFF );
				}
				if ( '' !== ( $found[2] ?? '' ) ) {
					return chr( hexdec( $found[2] ) );
				}
				if ( '' !== ( $found[3] ?? '' ) ) {
					return html_entity_decode( '&#x' . $found[3] . ';', ENT_QUOTES | ENT_HTML5, 'UTF-8' );
				}
				return self::ESCAPES[ $found[4] ] ?? '\\' . $found[4];
			},
			$text
		);
	}
}
