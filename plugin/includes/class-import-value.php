<?php
/**
 * A key inside an option.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Finds a text in what is stored for an option, and takes it out without touching any byte beside it.
 *
 * It reads WordPress's format of arrays itself: nothing is unserialized, so no object is ever made, and
 * an option that holds one, or a reference, is refused.
 *
 * It does not know what a key is.
 *
 * @since 0.1.0
 */
final class Import_Value {

	/**
	 * How deep an array may be nested.
	 */
	private const DEPTH = 32;

	/**
	 * What a value without parts looks like.
	 */
	private const SCALAR = '/\G(?:N|b:[01]|i:[+-]?\d+|d:[^;:{}]+);/';

	/**
	 * Finds a text.
	 *
	 * @since 0.1.0
	 *
	 * @param string   $raw  Stored text of the option.
	 * @param string[] $path Keys of the element; empty for the option itself.
	 * @return array{text: string, emptied: string}|null|false The text and what to store without it. Null
	 *                                                        when there is no text in that place, false
	 *                                                        when the option is not to be touched.
	 */
	public static function find( #[\SensitiveParameter] string $raw, array $path ) {
		if ( ! is_serialized( $raw ) ) {
			return array() !== $path ? null : array(
				'text'    => $raw,
				'emptied' => '',
			);
		}

		$at    = 0;
		$found = array();
		if ( ! self::read( $raw, $at, $path, $found, 0 ) || strlen( $raw ) !== $at || count( $found ) > 1 ) {
			return false;
		}
		if ( array() === $found ) {
			return null;
		}
		list( $from, $to, $text ) = $found[0];
		return array(
			'text'    => $text,
			'emptied' => substr_replace( $raw, 's:0:"";', $from, $to - $from ),
		);
	}

	/**
	 * Reads one value.
	 *
	 * @param string        $raw   Stored text.
	 * @param int           $at    Where the value begins; then where it has ended.
	 * @param string[]|null $path  Keys that are still to follow; null when this is another branch.
	 * @param array         $found Texts that were found: where they begin and end, and the text.
	 * @param int           $depth How deep this is.
	 * @return bool False when this is no value, or one that is refused.
	 */
	private static function read( #[\SensitiveParameter] string $raw, int &$at, ?array $path, #[\SensitiveParameter] array &$found, int $depth ): bool {
		if ( $depth > self::DEPTH ) {
			return false;
		}
		if ( preg_match( self::SCALAR, $raw, $scalar, 0, $at ) ) {
			$at += strlen( $scalar[0] );
			return true;
		}

		$from = $at;
		$text = self::read_text( $raw, $at );
		if ( null !== $text ) {
			if ( array() === $path ) {
				$found[] = array( $from, $at, $text );
			}
			return true;
		}

		if ( ! preg_match( '/\Ga:(\d{1,9}):\{/', $raw, $head, 0, $at ) ) {
			return false;
		}
		$at += strlen( $head[0] );
		for ( $left = (int) $head[1]; $left > 0; $left-- ) {
			$key = self::read_key( $raw, $at );
			if ( null === $key ) {
				return false;
			}
			$branch = array() !== (array) $path && $key === $path[0] ? array_slice( $path, 1 ) : null;
			if ( ! self::read( $raw, $at, $branch, $found, $depth + 1 ) ) {
				return false;
			}
		}
		$ends = '}' === substr( $raw, $at, 1 );
		++$at;
		return $ends;
	}

	/**
	 * Reads a key of an array.
	 *
	 * @param string $raw Stored text.
	 * @param int    $at  Where the key begins; then where it has ended.
	 * @return string|null Null when this is none.
	 */
	private static function read_key( #[\SensitiveParameter] string $raw, int &$at ): ?string {
		if ( preg_match( '/\Gi:(-?\d+);/', $raw, $number, 0, $at ) ) {
			$at += strlen( $number[0] );
			return $number[1];
		}
		return self::read_text( $raw, $at );
	}

	/**
	 * Reads a text.
	 *
	 * @param string $raw Stored text.
	 * @param int    $at  Where it begins; then where it has ended.
	 * @return string|null Null when this is none.
	 */
	private static function read_text( #[\SensitiveParameter] string $raw, int &$at ): ?string {
		if ( ! preg_match( '/\Gs:(\d{1,9}):"/', $raw, $head, 0, $at ) ) {
			return null;
		}
		$from = $at + strlen( $head[0] );
		$to   = $from + (int) $head[1];
		if ( '";' !== substr( $raw, $to, 2 ) ) {
			return null;
		}
		$at = $to + 2;
		return substr( $raw, $from, $to - $from );
	}
}
