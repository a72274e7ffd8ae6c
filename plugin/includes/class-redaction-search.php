<?php
/**
 * Keys in what WordPress hands around, to find.
 *
 * @package byok
 */

namespace Byok;

use ArrayIterator;
use ArrayObject;
use Closure;
use DateTimeInterface;
use ReflectionReference;
use UnitEnum;

defined( 'ABSPATH' ) || exit;

/**
 * Tells whether there is a key in a value, and what the parts of a value are called.
 *
 * @since 0.1.0
 */
final class Redaction_Search {

	/**
	 * How many items are looked at to tell whether there is a key among them.
	 */
	private const ITEMS = 20000;

	/**
	 * How many more are looked at of what objects hide: whole programs hang on some.
	 */
	private const HIDDEN = 5000;

	/**
	 * How many items may be looked at in all, also to copy what holds a key.
	 *
	 * @since 0.1.0
	 */
	public const WORK = 200000;

	/**
	 * Whether a value holds a key somewhere. One that is too large to tell holds one.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed  $value Any value.
	 * @param string $name  What it is called.
	 * @param int    $left  How many items may still be looked at.
	 */
	public static function is_in( #[\SensitiveParameter] $value, string $name, int &$left ): bool {
		$shown  = array( array( $value, $name ) );
		$hidden = array();
		// The objects themselves, so that no id is given to another one meanwhile.
		$seen = array();
		for ( $count = 0; array() !== $shown; $count++ ) {
			if ( $count > self::ITEMS || --$left <= 0 ) {
				return true;
			}
			list( $item, $called ) = array_pop( $shown );
			if ( is_string( $item ) && Redaction::text( $item, $called ) !== $item ) {
				return true;
			}
			self::take_apart( $item, $called, $seen, $shown, $hidden );
		}
		for ( $count = 0; array() !== $hidden && $count < self::HIDDEN; $count++ ) {
			--$left;
			list( $item, $called ) = array_shift( $hidden );
			if ( is_string( $item ) && Redaction::text( $item, $called ) !== $item ) {
				return true;
			}
			self::take_apart( $item, $called, $seen, $hidden, $hidden );
		}
		return false;
	}

	/**
	 * Puts what is in an item where it is to be looked at.
	 *
	 * @param mixed    $item   Anything.
	 * @param string   $name   What it is called.
	 * @param array    $seen   What was taken apart already, by id.
	 * @param array[]  $shown  Gets what everybody sees of it, and what it is called.
	 * @param array[]  $hidden Gets what it hides.
	 */
	private static function take_apart( #[\SensitiveParameter] $item, string $name, array &$seen, array &$shown, array &$hidden ): void {
		if ( is_object( $item ) ) {
			// Of these nobody prints more than is theirs to know.
			if ( isset( $seen[ spl_object_id( $item ) ] ) || $item instanceof Closure || $item instanceof UnitEnum || $item instanceof DateTimeInterface ) {
				return;
			}
			$seen[ spl_object_id( $item ) ] = $item;
			$item                           = self::properties( $item );
		}
		foreach ( is_array( $item ) ? $item : array() as $key => $part ) {
			// A protected or private property has its class in its key, between NULs.
			$called    = is_string( $key ) ? substr( (string) strrchr( "\0$key", "\0" ), 1 ) : $key;
			$is_hidden = $called !== $key;
			if ( is_string( $called ) ) {
				$shown[] = array( $called, '' );
			}
			$reference = is_array( $part ) ? ReflectionReference::fromArrayElement( $item, $key )?->getId() : null;
			if ( null !== $reference ) {
				// An array that is inside itself.
				if ( isset( $seen[ $reference ] ) ) {
					continue;
				}
				$seen[ $reference ] = true;
			}
			if ( ! is_string( $part ) && ! is_array( $part ) && ! is_object( $part ) ) {
				continue;
			}
			$entry = array( $part, self::name_of( $item, $called, $name ) );
			if ( $is_hidden ) {
				$hidden[] = $entry;
			} else {
				$shown[] = $entry;
			}
			if ( count( $shown ) > 2 * self::ITEMS ) {
				return;
			}
		}
	}

	/**
	 * What an item is called: its key; in a list the list's own name; in a pair of `name` and `value` what the pair
	 * says.
	 *
	 * @since 0.1.0
	 *
	 * @param array      $items Items.
	 * @param int|string $key   Key of the item.
	 * @param string     $name  What the items are called.
	 */
	public static function name_of( #[\SensitiveParameter] array $items, $key, string $name ): string {
		if ( is_int( $key ) ) {
			return $name;
		}
		return 'value' === $key && is_string( $items['name'] ?? null ) ? $items['name'] : $key;
	}

	/**
	 * All properties of an object, as PHP casts it: without asking it. Lists that are objects have their items.
	 *
	 * @since 0.1.0
	 *
	 * @param object $thing Object.
	 */
	public static function properties( #[\SensitiveParameter] object $thing ): array {
		return $thing instanceof ArrayObject || $thing instanceof ArrayIterator ? $thing->getArrayCopy() : (array) $thing;
	}
}
