<?php
/**
 * What is in a value.
 *
 * @package byok
 */

declare( strict_types=1 );

namespace Byok\Log;

use Closure;
use DOMNode;
use JsonSerializable;
use ReflectionFunction;
use ReflectionMethod;
use ReflectionReference;
use SplDoublyLinkedList;
use SplHeap;
use SplObjectStorage;
use SplPriorityQueue;
use Stringable;
use Throwable;
use WeakMap;

/**
 * What loggers see of a value: the properties of an object, what it becomes in JSON, its text; and what a part of it
 * is called.
 *
 * It does not know keys.
 *
 * @since 0.1.0
 */
final class Contents {

	/**
	 * Stands for what was not looked at, cannot be looked at, or is inside itself.
	 *
	 * @since 0.1.0
	 */
	public const LEFT_OUT = '(left out by byok)';

	/**
	 * What an item of an array is called: its key; in a list the list's own name; in a pair of `name` and `value`
	 * what the pair says.
	 *
	 * @since 0.1.0
	 *
	 * @param array      $items Array.
	 * @param int|string $key   Key of the item.
	 * @param string     $name  What the array is called.
	 */
	public static function name_of( #[\SensitiveParameter] array $items, int|string $key, string $name ): string {
		if ( is_int( $key ) ) {
			return $name;
		}
		return 'value' === $key && is_string( $items['name'] ?? null ) ? $items['name'] : $key;
	}

	/**
	 * Id of the reference that an item of an array is.
	 *
	 * @since 0.1.0
	 *
	 * @param array      $items Array.
	 * @param int|string $key   Key of the item.
	 * @return string|null Null when it is none.
	 */
	public static function reference_of( #[\SensitiveParameter] array $items, int|string $key ): ?string {
		return ReflectionReference::fromArrayElement( $items, $key )?->getId();
	}

	/**
	 * The public properties of an object, without asking it.
	 *
	 * @since 0.1.0
	 *
	 * @param object $thing Object.
	 */
	public static function public_of( #[\SensitiveParameter] object $thing ): array {
		return array_filter( (array) $thing, static fn( int|string $key ): bool => ! str_contains( (string) $key, "\0" ), ARRAY_FILTER_USE_KEY );
	}

	/**
	 * What PHP shows of an object in a dump and keeps elsewhere than in its properties.
	 *
	 * @since 0.1.0
	 *
	 * @param object $thing Object.
	 */
	public static function dumped_of( #[\SensitiveParameter] object $thing ): array {
		if ( $thing instanceof Closure ) {
			$function = new ReflectionFunction( $thing );
			return array( $function->getStaticVariables(), $function->getClosureThis() );
		}
		if ( $thing instanceof WeakMap ) {
			$pairs = array();
			foreach ( $thing as $key => $value ) {
				array_push( $pairs, $key, $value );
			}
			return $pairs;
		}
		if ( $thing instanceof DOMNode ) {
			return array( $thing->textContent, $thing->nodeValue );
		}
		foreach ( array( SplObjectStorage::class, SplDoublyLinkedList::class, SplHeap::class, SplPriorityQueue::class ) as $class ) {
			if ( $thing instanceof $class ) {
				// PHP's own, whatever a class below it says: it changes nothing.
				return ( new ReflectionMethod( $class, '__debugInfo' ) )->invoke( $thing );
			}
		}
		return array();
	}

	/**
	 * What an object becomes in JSON.
	 *
	 * @since 0.1.0
	 *
	 * @param JsonSerializable $thing Object.
	 */
	public static function json_of( #[\SensitiveParameter] JsonSerializable $thing ): mixed {
		try {
			$json = $thing->jsonSerialize();
			// One that becomes itself is encoded by its public properties.
			return $json === $thing ? self::public_of( $thing ) : $json;
		} catch ( Throwable $thrown ) {
			// It will throw for the logger as well, whose business that is.
			return self::LEFT_OUT;
		}
	}

	/**
	 * The text of an object.
	 *
	 * @since 0.1.0
	 *
	 * @param string|Stringable $thing Object, or a text.
	 */
	public static function string_of( #[\SensitiveParameter] string|Stringable $thing ): string {
		try {
			return (string) $thing;
		} catch ( Throwable $thrown ) {
			return self::LEFT_OUT;
		}
	}

	/**
	 * Whether a class writes its own text, not PHP's for exceptions.
	 *
	 * @since 0.1.0
	 *
	 * @param Throwable $thrown Exception.
	 */
	public static function has_own_text( #[\SensitiveParameter] Throwable $thrown ): bool {
		return ! ( new ReflectionMethod( $thrown, '__toString' ) )->isInternal();
	}
}
