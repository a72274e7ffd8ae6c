<?php
/**
 * Numbers out of a stream of JSON.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Reads JSON as it comes, in pieces cut anywhere, and picks the numbers and texts of a few paths. It keeps
 * nothing else: neither the answer nor a part of it longer than a name, however long the answer is.
 *
 * A text that looks like JSON inside a JSON string is a string, so what a model writes is never taken for
 * the provider's own fields. Garbage gives nothing.
 *
 * It does not know what the fields mean.
 *
 * @since 0.1.0
 */
final class Usage_Scanner {

	/**
	 * Longest name, text or number that is read, in bytes. One that is longer is skipped.
	 */
	private const LONGEST = 256;

	/**
	 * Path of a list around everything. No name of a path is like it.
	 */
	private const LIST = '[]';

	/**
	 * What was found, by path; the last one of each counts.
	 *
	 * @var array<string, string>
	 */
	private array $found = array();

	/**
	 * Paths of the objects and lists that we are in, outermost first.
	 *
	 * @var string[]
	 */
	private array $open = array();

	/**
	 * How deep we are in something that is on no path.
	 *
	 * @var int
	 */
	private int $skipped = 0;

	/**
	 * Whether we are in a string, and whether its last byte was a backslash.
	 *
	 * @var bool
	 */
	private bool $in_string = false;

	/**
	 * See $in_string.
	 *
	 * @var bool
	 */
	private bool $escaped = false;

	/**
	 * The string, or the bytes outside of one, since the last mark; null when it is too long.
	 *
	 * @var string|null
	 */
	private ?string $text = '';

	/**
	 * Name of the value that comes; null for none.
	 *
	 * @var string|null
	 */
	private ?string $name = null;

	/**
	 * Whether $text is a string that has ended.
	 *
	 * @var bool
	 */
	private bool $is_string = false;

	/**
	 * Takes the field as it is.
	 *
	 * @since 0.1.0
	 *
	 * @param array<string, bool> $paths Paths of objects that are entered; true where numbers are picked, false
	 *                                   where only texts named in $texts are. Names are joined by `/`. Lists
	 *                                   are entered at the very outside only, and have no name.
	 * @param string[]            $texts Names of texts that are picked.
	 */
	public function __construct(
		private readonly array $paths,
		private readonly array $texts
	) {}

	/**
	 * Reads a piece.
	 *
	 * @since 0.1.0
	 *
	 * @param string $bytes Next bytes.
	 */
	public function feed( string $bytes ): void {
		$length = strlen( $bytes );
		for ( $at = 0; $at < $length; ) {
			if ( $this->in_string ) {
				$at = $this->read_string( $bytes, $at );
				continue;
			}
			if ( array() === $this->open && 0 === $this->skipped ) {
				// Before, between and behind values.
				$at += strcspn( $bytes, '{[', $at );
			} elseif ( $this->skipped > 0 ) {
				$at += strcspn( $bytes, '"{}[]', $at );
			} else {
				$run = strcspn( $bytes, '"{}[]:,', $at );
				$this->keep( $bytes, $at, $run );
				$at += $run;
			}
			if ( $at < $length ) {
				$this->mark( $bytes[ $at ] );
				++$at;
			}
		}
	}

	/**
	 * Begins anew, in the middle of whatever it was, and keeps what was found.
	 *
	 * @since 0.1.0
	 */
	public function restart(): void {
		$this->open      = array();
		$this->skipped   = 0;
		$this->in_string = false;
		$this->escaped   = false;
		$this->forget_text();
		$this->name = null;
	}

	/**
	 * A number that was found.
	 *
	 * @since 0.1.0
	 *
	 * @param string $path Path.
	 * @return int|null Null when there is none; what is no number from 0 on is none.
	 */
	public function number( string $path ): ?int {
		$found = $this->found[ $path ] ?? '';
		return preg_match( '/\A\d{1,15}(?:\.\d{1,15})?\z/', $found ) ? (int) round( (float) $found ) : null;
	}

	/**
	 * A text that was found.
	 *
	 * @since 0.1.0
	 *
	 * @param string $path Path.
	 * @return string|null Null when there is none.
	 */
	public function text( string $path ): ?string {
		$found = $this->found[ $path ] ?? '';
		$text  = str_starts_with( $found, '"' ) ? json_decode( $found . '"' ) : null;
		return is_string( $text ) && '' !== $text ? $text : null;
	}

	/**
	 * Reads on in a string.
	 *
	 * @param string $bytes Bytes.
	 * @param int    $at    Where we are.
	 * @return int Where we are then.
	 */
	private function read_string( string $bytes, int $at ): int {
		if ( $this->escaped ) {
			$this->escaped = false;
			$this->keep( $bytes, $at, 1 );
			return $at + 1;
		}
		$run = strcspn( $bytes, '"\\', $at );
		$this->keep( $bytes, $at, $run );
		$at += $run;
		if ( $at < strlen( $bytes ) ) {
			if ( '"' === $bytes[ $at ] ) {
				$this->in_string = false;
				$this->is_string = true;
			} else {
				$this->escaped = true;
				$this->keep( $bytes, $at, 1 );
			}
			++$at;
		}
		return $at;
	}

	/**
	 * Acts on a byte that divides.
	 *
	 * @param string $byte One of `"{}[]:,`.
	 */
	private function mark( string $byte ): void {
		switch ( $byte ) {
			case '"':
				$this->forget_text();
				$this->in_string = true;
				return;
			case '{':
			case '[':
				$this->enter( '{' === $byte );
				return;
			case '}':
			case ']':
				if ( $this->skipped > 0 ) {
					--$this->skipped;
				} else {
					$this->take();
					array_pop( $this->open );
				}
				$this->name = null;
				$this->forget_text();
				return;
			case ':':
				$this->name = $this->is_string ? $this->text : null;
				$this->forget_text();
				return;
			default:
				$this->take();
				$this->name = null;
				$this->forget_text();
		}
	}

	/**
	 * Enters an object or a list.
	 *
	 * @param bool $is_object Whether it is an object.
	 */
	private function enter( bool $is_object ): void {
		if ( $this->skipped > 0 ) {
			++$this->skipped;
			return;
		}
		if ( array() === $this->open && ! $is_object ) {
			$this->open[] = self::LIST;
		} elseif ( ! $is_object ) {
			$this->skipped = 1;
		} elseif ( array() === $this->open || self::LIST === end( $this->open ) ) {
			$this->open[] = '';
		} elseif ( null !== $this->name && isset( $this->paths[ $this->inner( $this->name ) ] ) ) {
			$this->open[] = $this->inner( $this->name );
		} else {
			$this->skipped = 1;
		}
		$this->name = null;
		$this->forget_text();
	}

	/**
	 * Takes the value that has ended, if it is on a path.
	 */
	private function take(): void {
		$path = end( $this->open );
		if ( null === $this->name || null === $this->text || ! isset( $this->paths[ $path ] ) ) {
			return;
		}
		if ( $this->is_string ) {
			if ( in_array( $this->name, $this->texts, true ) ) {
				$this->found[ $this->inner( $this->name ) ] = '"' . $this->text;
			}
		} elseif ( $this->paths[ $path ] ) {
			$text = trim( $this->text );
			// `null` says nothing, also of what was said before.
			if ( 1 === preg_match( '/\A\d/', $text ) ) {
				$this->found[ $this->inner( $this->name ) ] = $text;
			}
		}
	}

	/**
	 * Path of a name in the innermost object.
	 *
	 * @param string $name Name.
	 */
	private function inner( string $name ): string {
		$path = (string) end( $this->open );
		return '' === $path ? $name : $path . '/' . $name;
	}

	/**
	 * Keeps bytes, as long as they are a name or a value and not too many.
	 *
	 * @param string $bytes  Bytes.
	 * @param int    $at     The first.
	 * @param int    $length How many.
	 */
	private function keep( string $bytes, int $at, int $length ): void {
		if ( 0 === $length || null === $this->text || $this->skipped > 0 || ( $this->is_string && ! $this->in_string ) ) {
			return;
		}
		$this->text = strlen( $this->text ) + $length > self::LONGEST ? null : $this->text . substr( $bytes, $at, $length );
	}

	/**
	 * Begins another text.
	 */
	private function forget_text(): void {
		$this->text      = '';
		$this->is_string = false;
	}
}
