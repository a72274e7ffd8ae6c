<?php
/**
 * Keys in values, to find.
 *
 * @package byok
 */

declare( strict_types=1 );

namespace Byok\Log;

use JsonSerializable;
use Stringable;
use Throwable;
use UnitEnum;

/**
 * Tells whether there is a key in a value.
 *
 * An object is looked at as loggers print it: what it becomes in JSON, its text, its public properties. What it
 * hides is looked at as well, because some loggers dump it, but only so far: see HIDDEN.
 *
 * @since 0.1.0
 */
final class Key_Search {

	/**
	 * How many items are looked at to tell whether there is a key among them.
	 */
	private const ITEMS = 20000;

	/**
	 * How many more are looked at of what objects hide: protected and private properties, and objects among the
	 * arguments in a trace. Hardly a logger prints them, and whole programs hang on some.
	 */
	private const HIDDEN = 1000;

	/**
	 * Takes what knows keys.
	 *
	 * @since 0.1.0
	 *
	 * @param Text_Mask $mask Masks texts.
	 */
	public function __construct( private readonly Text_Mask $mask ) {}

	/**
	 * Whether a value holds a key somewhere. One that is too large to tell holds one.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed  $value Value.
	 * @param string $name  What it is called.
	 * @param int    $left  How many items may still be looked at.
	 */
	public function is_in( #[\SensitiveParameter] mixed $value, string $name, int &$left ): bool {
		$shown  = array( array( $value, $name ) );
		$hidden = array();
		// The objects themselves, so that no id is given to another one meanwhile.
		$seen = array();
		for ( $count = 0; $shown; $count++ ) {
			if ( $count > self::ITEMS || --$left <= 0 ) {
				return true;
			}
			list( $item, $called ) = array_pop( $shown );
			if ( $this->is_key( $item, $called ) ) {
				return true;
			}
			array_push( $shown, ...self::parts( $item, $called, $seen, $hidden ) );
		}
		for ( $count = 0; $hidden && $count < self::HIDDEN; $count++ ) {
			--$left;
			list( $item, $called ) = array_shift( $hidden );
			if ( $this->is_key( $item, $called ) ) {
				return true;
			}
			array_push( $hidden, ...self::parts( $item, $called, $seen, $hidden ) );
		}
		return false;
	}

	/**
	 * Whether an exception shows a key by what it does, not by what it has.
	 *
	 * @since 0.1.0
	 *
	 * @param Throwable $thrown Exception.
	 * @param int       $left   How many items may still be looked at.
	 */
	public function is_shown_by( #[\SensitiveParameter] Throwable $thrown, int &$left ): bool {
		$said = array();
		if ( Contents::has_own_text( $thrown ) ) {
			$said[] = Contents::string_of( $thrown );
		}
		if ( $thrown instanceof JsonSerializable ) {
			$said[] = Contents::json_of( $thrown );
		}
		// One that cannot say it any more, of what is left to it, would fail in the logger.
		return in_array( Contents::LEFT_OUT, $said, true ) || $this->is_in( $said, '', $left );
	}

	/**
	 * Whether a text holds a key.
	 *
	 * @param mixed  $item Anything.
	 * @param string $name What it is called.
	 */
	private function is_key( #[\SensitiveParameter] mixed $item, string $name ): bool {
		return is_string( $item ) && $this->mask->of( $item, $name ) !== $item;
	}

	/**
	 * What is in an item.
	 *
	 * @param mixed    $item   Anything.
	 * @param string   $name   What it is called.
	 * @param object[] $seen   What was taken apart already, by id.
	 * @param array[]  $hidden Gets what the item hides.
	 * @return array[] Values and what they are called.
	 */
	private static function parts( #[\SensitiveParameter] mixed $item, string $name, array &$seen, #[\SensitiveParameter] array &$hidden ): array {
		if ( is_array( $item ) ) {
			return self::parts_of_array( $item, $name, $seen );
		}
		// What an enum shows is in the program.
		if ( ! is_object( $item ) || $item instanceof UnitEnum || isset( $seen[ spl_object_id( $item ) ] ) ) {
			return array();
		}
		$seen[ spl_object_id( $item ) ] = $item;

		$public = Contents::public_of( $item );
		$parts  = self::parts_of_array( $public, $name, $seen );
		if ( $item instanceof Throwable ) {
			array_push( $parts, ...self::parts_of_thrown( $item, $hidden ) );
		} elseif ( $item instanceof Stringable ) {
			$parts[] = array( Contents::string_of( $item ), $name );
		}
		if ( $item instanceof JsonSerializable ) {
			$parts[] = array( Contents::json_of( $item ), $name );
		}
		foreach ( array_diff_key( (array) $item, $public ) as $key => $value ) {
			// A protected or private property has its class in its key, between NULs. A trace was looked at.
			$called = substr( (string) strrchr( "\0$key", "\0" ), 1 );
			if ( 'trace' !== $called || ! $item instanceof Throwable ) {
				$hidden[] = array( $value, $called );
			}
		}
		foreach ( Contents::dumped_of( $item ) as $called => $value ) {
			$hidden[] = array( $value, is_string( $called ) ? $called : $name );
		}
		return $parts;
	}

	/**
	 * What PHP and its class say of an exception.
	 *
	 * @param Throwable $thrown Exception.
	 * @param array[]   $hidden Gets the objects in its trace.
	 * @return array[] Values and what they are called.
	 */
	private static function parts_of_thrown( #[\SensitiveParameter] Throwable $thrown, #[\SensitiveParameter] array &$hidden ): array {
		$parts = array();
		foreach ( array( $thrown->getMessage(), $thrown->getCode(), $thrown->getFile(), $thrown->getPrevious() ) as $part ) {
			$parts[] = array( $part, '' );
		}
		if ( Contents::has_own_text( $thrown ) ) {
			$parts[] = array( Contents::string_of( $thrown ), '' );
		}
		foreach ( $thrown->getTrace() as $frame ) {
			foreach ( $frame['args'] ?? array() as $argument ) {
				if ( is_object( $argument ) ) {
					$hidden[] = array( $argument, '' );
				} else {
					$parts[] = array( $argument, '' );
				}
			}
			unset( $frame['args'] );
			$parts[] = array( $frame, '' );
		}
		return $parts;
	}

	/**
	 * What is in an array: its values, and its keys.
	 *
	 * @param array    $items Array.
	 * @param string   $name  What it is called.
	 * @param object[] $seen  What was taken apart already, by id.
	 * @return array[] Values and what they are called.
	 */
	private static function parts_of_array( #[\SensitiveParameter] array $items, string $name, array &$seen ): array {
		$parts = array();
		foreach ( $items as $key => $item ) {
			if ( is_string( $key ) ) {
				$parts[] = array( $key, '' );
			}
			// An array that is inside itself.
			$reference = is_array( $item ) ? Contents::reference_of( $items, $key ) : null;
			if ( null !== $reference ) {
				if ( isset( $seen[ $reference ] ) ) {
					continue;
				}
				$seen[ $reference ] = $reference;
			}
			if ( is_string( $item ) || is_array( $item ) || is_object( $item ) ) {
				$parts[] = array( $item, Contents::name_of( $items, $key, $name ) );
			}
			if ( count( $parts ) > self::ITEMS ) {
				break;
			}
		}
		return $parts;
	}
}
