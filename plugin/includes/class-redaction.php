<?php
/**
 * Keys in what WordPress hands around.
 *
 * @package byok
 */

namespace Byok;

use ArrayObject;
use ArrayIterator;
use Closure;
use DateTimeInterface;
use ReflectionProperty;
use ReflectionReference;
use Throwable;
use UnitEnum;
use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Makes copies in which every key is masked. What holds no key comes back as the very same; nothing that is given
 * in is ever changed. Arrays stay arrays, and objects objects of their class, such as WordPress's own errors,
 * answers and cookies. What cannot be copied without its key is left out, and says so.
 *
 * As Byok\Log\Redaction of php/log looks, but that one shows objects as loggers print them, and here others go on
 * working with them.
 *
 * Without the extension it does nothing.
 *
 * @since 0.1.0
 */
final class Redaction {

	/**
	 * How many items are looked at to tell whether there is a key among them.
	 */
	private const ITEMS = 20000;

	/**
	 * How many more are looked at of what objects hide: whole programs hang on some.
	 */
	private const HIDDEN = 5000;

	/**
	 * How many are looked at in all, to copy what holds one, and how deep a copy is.
	 */
	private const WORK  = 200000;
	private const DEPTH = 32;

	/**
	 * Stands in a copy for what was not looked at, or cannot be copied.
	 */
	private const LEFT_OUT = '(left out by byok)';

	/**
	 * How many items may still be looked at.
	 *
	 * @var int
	 */
	private int $left = self::WORK;

	/**
	 * Copies of objects, by the id of what they are of.
	 *
	 * @var array
	 */
	private array $copies = array();

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
		return self::has_key( $value, $name ) ? ( new self() )->copy( $value, $name, 0, array() ) : $value;
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
		$left = self::WORK;
		return null === Extension::reason() && self::holds( $value, $name, $left );
	}

	/**
	 * Whether a value holds a key somewhere, see has_key().
	 *
	 * @param mixed  $value Any value.
	 * @param string $name  What it is called.
	 * @param int    $left  How many items may still be looked at.
	 */
	private static function holds( #[\SensitiveParameter] $value, string $name, int &$left ): bool {
		$shown  = array( array( $value, $name ) );
		$hidden = array();
		// The objects themselves, so that no id is given to another one meanwhile.
		$seen = array();
		for ( $count = 0; array() !== $shown; $count++ ) {
			if ( $count > self::ITEMS || --$left <= 0 ) {
				return true;
			}
			list( $item, $called ) = array_pop( $shown );
			if ( is_string( $item ) && self::text( $item, $called ) !== $item ) {
				return true;
			}
			self::take_apart( $item, $called, $seen, $shown, $hidden );
		}
		for ( $count = 0; array() !== $hidden && $count < self::HIDDEN; $count++ ) {
			--$left;
			list( $item, $called ) = array_shift( $hidden );
			if ( is_string( $item ) && self::text( $item, $called ) !== $item ) {
				return true;
			}
			self::take_apart( $item, $called, $seen, $hidden, $hidden );
		}
		return false;
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
	 * @param array      $items Items.
	 * @param int|string $key   Key of the item.
	 * @param string     $name  What the items are called.
	 */
	private static function name_of( #[\SensitiveParameter] array $items, $key, string $name ): string {
		if ( is_int( $key ) ) {
			return $name;
		}
		return 'value' === $key && is_string( $items['name'] ?? null ) ? $items['name'] : $key;
	}

	/**
	 * All properties of an object, as PHP casts it: without asking it. Lists that are objects have their items.
	 *
	 * @param object $thing Object.
	 */
	private static function properties( #[\SensitiveParameter] object $thing ): array {
		return $thing instanceof ArrayObject || $thing instanceof ArrayIterator ? $thing->getArrayCopy() : (array) $thing;
	}

	/**
	 * Copies a value, if it holds a key.
	 *
	 * @param mixed  $value  Value.
	 * @param string $name   What it is called.
	 * @param int    $depth  How deep it is.
	 * @param array  $inside References that it is inside of, by id.
	 * @return mixed The same value, or a copy.
	 */
	private function copy( #[\SensitiveParameter] $value, string $name, int $depth, array $inside ) {
		if ( is_string( $value ) ) {
			return self::text( $value, $name );
		}
		if ( ! is_array( $value ) && ! is_object( $value ) ) {
			return $value;
		}
		if ( is_object( $value ) && isset( $this->copies[ spl_object_id( $value ) ] ) ) {
			return $this->copies[ spl_object_id( $value ) ];
		}
		if ( --$this->left <= 0 || $depth >= self::DEPTH ) {
			return self::LEFT_OUT;
		}
		if ( is_array( $value ) ) {
			return $this->copy_array( $value, $name, $depth, $inside );
		}
		return self::holds( $value, $name, $this->left ) ? $this->copy_object( $value, $name, $depth, $inside ) : $value;
	}

	/**
	 * Copies an array.
	 *
	 * @param array  $items  Array.
	 * @param string $name   What it is called.
	 * @param int    $depth  How deep it is.
	 * @param array  $inside References that it is inside of, by id.
	 */
	private function copy_array( #[\SensitiveParameter] array $items, string $name, int $depth, array $inside ): array {
		$copy = array();
		foreach ( $items as $key => $item ) {
			if ( --$this->left <= 0 ) {
				$copy[] = self::LEFT_OUT;
				break;
			}
			$safe = is_string( $key ) ? self::text( $key ) : $key;
			// Two keys may have one mask.
			for ( $number = 2; $safe !== $key && array_key_exists( $safe, $copy ); $number++ ) {
				$safe = self::text( $key ) . " ($number)";
			}
			$reference = is_array( $item ) ? ReflectionReference::fromArrayElement( $items, $key )?->getId() : null;
			if ( null !== $reference && isset( $inside[ $reference ] ) ) {
				$copy[ $safe ] = self::LEFT_OUT;
				continue;
			}
			$around        = null === $reference ? $inside : array( $reference => true ) + $inside;
			$copy[ $safe ] = $this->copy( $item, self::name_of( $items, $key, $name ), $depth + 1, $around );
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
	private function copy_object( #[\SensitiveParameter] object $thing, string $name, int $depth, array $inside ) {
		try {
			$copy = clone $thing;
			// Also for itself, wherever it is inside.
			$this->copies[ spl_object_id( $thing ) ] = $copy;

			$before = self::properties( $thing );
			if ( $thing instanceof ArrayObject ) {
				$copy->exchangeArray( $this->copy_array( $before, $name, $depth, $inside ) );
				return $copy;
			}
			foreach ( $before as $key => $value ) {
				$parts  = explode( "\0", (string) $key );
				$called = (string) end( $parts );
				$safe   = $this->copy( $value, self::name_of( $before, $called, $name ), $depth + 1, $inside );
				if ( ! is_array( $value ) && $safe === $value ) {
					continue;
				}
				if ( self::text( $called ) !== $called || null !== ReflectionReference::fromArrayElement( $before, $key ) ) {
					// A key for a name; or a reference, which the copy shares.
					return $this->copies[ spl_object_id( $thing ) ] = self::LEFT_OUT;
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
			$copy = self::LEFT_OUT;
		}
		if ( is_object( $copy ) && self::holds( $copy, $name, $this->left ) ) {
			$copy = self::LEFT_OUT;
		}
		$this->copies[ spl_object_id( $thing ) ] = $copy;
		return $copy;
	}
}
