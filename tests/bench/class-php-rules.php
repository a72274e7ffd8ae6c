<?php
/**
 * The rules of redaction in plain PHP, for comparison.
 */

declare( strict_types=1 );

namespace Byok\Tests;

/**
 * What preg_replace_callback() can do with the rules of redaction.json: one short regular expression finds what may be a
 * key, and only that is compared with all rules.
 *
 * It knows less: no escaped forms, no stored keys, no dumps over several lines.
 */
final class Php_Rules {

	/**
	 * What may be a key, or a name and its value.
	 *
	 * @var string
	 */
	private string $candidates;

	/**
	 * What is a key.
	 *
	 * @var string
	 */
	private string $keys;

	/**
	 * What a line must hold to be looked at.
	 *
	 * @var string
	 */
	private string $gate;

	/**
	 * Reads the table.
	 *
	 * @param string $file Path of redaction.json.
	 */
	public function __construct( string $file ) {
		$table    = json_decode( file_get_contents( $file ), true, 16, JSON_THROW_ON_ERROR );
		$quoted   = static fn( array $texts ): string => implode( '|', array_map( static fn( $text ) => preg_quote( $text, '~' ), $texts ) );
		$prefixes = array();
		$rules    = array();
		foreach ( $table['keys'] as $rule ) {
			$prefixes = array_merge( $prefixes, $rule['prefixes'] );
			$rules[]  = '(?:' . $quoted( $rule['prefixes'] ) . ")[A-Za-z0-9+/=_-]{{$rule['least']},}";
		}
		// What begins like another is found with it.
		$shortest = array_filter( $prefixes, static fn( $one ) => array() === array_filter( $prefixes, static fn( $other ) => $other !== $one && str_starts_with( $one, $other ) ) );
		$tails    = array();
		foreach ( $table['names'] as $rule ) {
			foreach ( $rule['names'] as $name ) {
				preg_match( '/(?:key|[a-z]+)$/', $name, $tail );
				$tails[ $tail[0] ] = $tail[0];
			}
		}
		$key              = '(?:' . $quoted( $shortest ) . ')';
		$name             = '(?i:' . $quoted( $tails ) . ')';
		$this->keys       = '~^(?:' . implode( '|', $rules ) . ')~';
		$this->gate       = "~$key|$name~";
		$this->candidates = "~(?<![A-Za-z0-9])$key" . '[A-Za-z0-9+/=_-]{16,}+'
			. "|$name" . '[A-Za-z0-9_-]{0,32}+["\'\]\\\\ ]{0,6}+(?:=>|[:= ])[ "\'\\\\]{0,6}+(?:Bearer |Basic )?\K[A-Za-z0-9+/=.\~:@!^_-]{16,}+~';
	}

	/**
	 * Masks every key.
	 *
	 * @param string $text Any text.
	 */
	public function redact( string $text ): string {
		return preg_replace_callback(
			$this->candidates,
			function ( array $found ): string {
				$key = $found[0];
				// A digit, or both cases; then what stands behind a name is one, too.
				if ( 1 !== preg_match( $this->keys, $key ) && ! preg_match( '/\d.*\d|[a-z].*[A-Z]/', $key ) ) {
					return $key;
				}
				return substr( $key, 0, 7 ) . '…' . substr( $key, -4 );
			},
			$text
		) ?? throw new \RuntimeException( preg_last_error_msg() );
	}

	/**
	 * Masks every key, but looks closer only at lines that hold a word of the rules.
	 *
	 * @param string $text Any text.
	 */
	public function redact_lines( string $text ): string {
		$lines = explode( "\n", $text );
		foreach ( $lines as $index => $line ) {
			if ( 1 === preg_match( $this->gate, $line ) ) {
				$lines[ $index ] = $this->redact( $line );
			}
		}
		return implode( "\n", $lines );
	}
}
