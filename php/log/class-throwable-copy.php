<?php
/**
 * Exceptions without keys.
 *
 * @package byok
 */

declare( strict_types=1 );

namespace Byok\Log;

use Closure;
use Error;
use Exception;
use ReflectionClass;
use ReflectionException;
use ReflectionProperty;
use RuntimeException;
use Throwable;

/**
 * Copies an exception with its class, place, trace and previous ones, and has somebody else mask what it says. PHP
 * itself neither clones nor changes one.
 *
 * It does not know what a key is.
 *
 * @since 0.1.0
 */
final class Throwable_Copy {

	/**
	 * What PHP gives to every exception.
	 */
	private const GIVEN = array( 'message', 'string', 'code', 'file', 'line', 'trace', 'previous' );

	/**
	 * Copies one.
	 *
	 * @since 0.1.0
	 *
	 * @param Throwable $thrown Exception.
	 * @param Closure   $mask   Masks a value: `function ( mixed $value, string $name ): mixed`.
	 * @return Throwable One of the same class; a RuntimeException that names the class when PHP makes none.
	 */
	public static function of( #[\SensitiveParameter] Throwable $thrown, Closure $mask ): Throwable {
		$class = new ReflectionClass( $thrown );
		try {
			$copy = $class->newInstanceWithoutConstructor();
		} catch ( ReflectionException $final ) {
			// Internal and final: PHP makes them by their constructor only.
			return self::plain( $thrown, $mask );
		}
		self::copy_own( $class, $thrown, $copy, $mask );
		return self::give( $copy, self::given( $thrown, $mask ) );
	}

	/**
	 * Copies what PHP gives to every exception, and nothing that its class adds.
	 *
	 * @since 0.1.0
	 *
	 * @param Throwable $thrown Exception.
	 * @param Closure   $mask   Masks a value.
	 * @return Throwable A RuntimeException that names the class.
	 */
	public static function plain( #[\SensitiveParameter] Throwable $thrown, Closure $mask ): Throwable {
		$given            = self::given( $thrown, $mask );
		$given['message'] = $thrown::class . ': ' . $given['message'];
		return self::give( new RuntimeException(), $given );
	}

	/**
	 * What PHP gives to every exception, masked.
	 *
	 * @param Throwable $thrown Exception.
	 * @param Closure   $mask   Masks a value.
	 */
	private static function given( #[\SensitiveParameter] Throwable $thrown, Closure $mask ): array {
		$previous = null === $thrown->getPrevious() ? null : $mask( $thrown->getPrevious(), '' );
		return array(
			'message'  => $mask( $thrown->getMessage(), '' ),
			'code'     => $mask( $thrown->getCode(), '' ),
			'file'     => $mask( $thrown->getFile(), '' ),
			'line'     => $thrown->getLine(),
			'trace'    => self::trace( $thrown, $mask ),
			// One that goes round in a circle is left out.
			'previous' => $previous instanceof Throwable ? $previous : null,
		);
	}

	/**
	 * Gives it to a copy.
	 *
	 * @param Throwable $copy  Copy.
	 * @param array     $given Values by name.
	 */
	private static function give( Throwable $copy, #[\SensitiveParameter] array $given ): Throwable {
		$base = $copy instanceof Exception ? Exception::class : Error::class;
		foreach ( $given as $name => $value ) {
			( new ReflectionProperty( $base, $name ) )->setValue( $copy, $value );
		}
		return $copy;
	}

	/**
	 * The trace with masked arguments, names and places.
	 *
	 * @param Throwable $thrown Exception.
	 * @param Closure   $mask   Masks a value.
	 * @return array[] Frames.
	 */
	private static function trace( #[\SensitiveParameter] Throwable $thrown, Closure $mask ): array {
		$masked = array();
		foreach ( $thrown->getTrace() as $frame ) {
			if ( isset( $frame['args'] ) ) {
				$args          = $mask( $frame['args'], '' );
				$frame['args'] = is_array( $args ) ? $args : array();
			}
			foreach ( array( 'file', 'class', 'function' ) as $place ) {
				if ( isset( $frame[ $place ] ) ) {
					$frame[ $place ] = $mask( $frame[ $place ], '' );
				}
			}
			$masked[] = $frame;
		}
		return $masked;
	}

	/**
	 * Copies the properties that its class and those above it have added. One that would hold something else than
	 * its type allows stays empty.
	 *
	 * @param ReflectionClass $class  Class.
	 * @param Throwable       $thrown Exception.
	 * @param Throwable       $copy   Its copy.
	 * @param Closure         $mask   Masks a value.
	 */
	private static function copy_own( ReflectionClass $class, #[\SensitiveParameter] Throwable $thrown, Throwable $copy, Closure $mask ): void {
		for ( ; $class && ! in_array( $class->getName(), array( Exception::class, Error::class ), true ); $class = $class->getParentClass() ) {
			foreach ( $class->getProperties() as $property ) {
				if ( $property->isStatic() || in_array( $property->getName(), self::GIVEN, true ) || ! $property->isInitialized( $thrown ) ) {
					continue;
				}
				$value = $property->getValue( $thrown );
				$safe  = $mask( $value, $property->getName() );
				try {
					$property->setValue( $copy, is_object( $value ) && $safe !== $value ? null : $safe );
				} catch ( Error $refused ) {
					continue;
				}
			}
		}
	}
}
