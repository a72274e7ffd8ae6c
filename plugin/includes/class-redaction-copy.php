<?php
/**
 * Keys in what WordPress hands around, to mask.
 *
 * @package byok
 */

namespace Byok;

use ArrayObject;
use ReflectionProperty;
use ReflectionReference;
use Throwable;

defined( 'ABSPATH' ) || exit;

/**
 * Makes one copy of a value in which every key is masked. What cannot be copied without its key is left out.
 *
 * @since 0.1.0
 */
final class Redaction_Copy {

	/**
	 * How deep a copy is.
	 */
	private const DEPTH = 32;

	/**
	 * How many items may still be looked at.
	 *
	 * @var int
	 */
	private int $left = Redaction_Search::WORK;

	/**
	 * Copies of objects, by the id of what they are of.
	 *
	 * @var array
	 */
	private array $copies = array();

	/**
	 * Copies a value, if it holds a key.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed  $value  Value.
	 * @param string $name   What it is called.
	 * @param int    $depth  How deep it is.
	 * @param array  $inside References that it is inside of, by id.
	 * @return mixed The same value, or a copy.
	 */
	public function of( #[\SensitiveParameter] $value, string $name, int $depth = 0, array $inside = array() ) {
		if ( is_string( $value ) ) {
			return Redaction::text( $value, $name );
		}
		if ( ! is_array( $value ) && ! is_object( $value ) ) {
			return $value;
		}
		if ( is_object( $value ) && isset( $this->copies[ spl_object_id( $value ) ] ) ) {
			return $this->copies[ spl_object_id( $value ) ];
		}
		if ( --$this->left <= 0 || $depth >= self::DEPTH ) {
			return Redaction::LEFT_OUT;
		}
		if ( is_array( $value ) ) {
			return $this->of_array( $value, $name, $depth, $inside );
		}
		return Redaction_Search::is_in( $value, $name, $this->left ) ? $this->of_object( $value, $name, $depth, $inside ) : $value;
	}

	/**
	 * Copies an array.
	 *
	 * @param array  $items  Array.
	 * @param string $name   What it is called.
	 * @param int    $depth  How deep it is.
	 * @param array  $inside References that it is inside of, by id.
	 */
	private function of_array( #[\SensitiveParameter] array $items, string $name, int $depth, array $inside ): array {
		$copy = array();
		foreach ( $items as $key => $item ) {
			if ( --$this->left <= 0 ) {
				$copy[] = Redaction::LEFT_OUT;
				break;
			}
			$safe = is_string( $key ) ? Redaction::text( $key ) : $key;
			// Two keys may have one mask.
			for ( $number = 2; $safe !== $key && array_key_exists( $safe, $copy ); $number++ ) {
				$safe = Redaction::text( $key ) . " ($number)";
			}
			$reference = is_array( $item ) ? ReflectionReference::fromArrayElement( $items, $key )?->getId() : null;
			if ( null !== $reference && isset( $inside[ $reference ] ) ) {
				$copy[ $safe ] = Redaction::LEFT_OUT;
				continue;
			}
			$around        = null === $reference ? $inside : array( $reference => true ) + $inside;
			$copy[ $safe ] = $this->of( $item, Redaction_Search::name_of( $items, $key, $name ), $depth + 1, $around );
		}
		return $copy;
	}

	/**
	 * Copies an object that holds a key.
	 *
	 * @param object $thing  Object.
	 * @param string $name   What it is called.
	 * @param int    $depth  How deep it is.
	 * @param array  $inside References that it is inside of, by id.
	 * @return object|string The copy; text when there can be none.
	 */
	private function of_object( #[\SensitiveParameter] object $thing, string $name, int $depth, array $inside ) {
		try {
			$copy = clone $thing;
			// Also for itself, wherever it is inside.
			$this->copies[ spl_object_id( $thing ) ] = $copy;

			$before = Redaction_Search::properties( $thing );
			if ( $thing instanceof ArrayObject ) {
				$copy->exchangeArray( $this->of_array( $before, $name, $depth, $inside ) );
				return $copy;
			}
			foreach ( $before as $key => $value ) {
				$parts  = explode( "\0", (string) $key );
				$called = (string) end( $parts );
				$safe   = $this->of( $value, Redaction_Search::name_of( $before, $called, $name ), $depth + 1, $inside );
				if ( ! is_array( $value ) && $safe === $value ) {
					continue;
				}
				if ( Redaction::text( $called ) !== $called || null !== ReflectionReference::fromArrayElement( $before, $key ) ) {
					// A key for a name; or a reference, which the copy shares.
					return $this->copies[ spl_object_id( $thing ) ] = Redaction::LEFT_OUT;
				}
				$class = 3 === count( $parts ) && '*' !== $parts[1] ? $parts[1] : $thing;
				if ( property_exists( $class, $called ) ) {
					( new ReflectionProperty( $class, $called ) )->setValue( $copy, $safe );
				} else {
					$copy->$called = $safe;
				}
			}
		} catch ( Throwable $refused ) {
			// Cannot be cloned, read-only, or of a type that a text is not.
			$copy = Redaction::LEFT_OUT;
		}
		if ( is_object( $copy ) && Redaction_Search::is_in( $copy, $name, $this->left ) ) {
			$copy = Redaction::LEFT_OUT;
		}
		$this->copies[ spl_object_id( $thing ) ] = $copy;
		return $copy;
	}
}
