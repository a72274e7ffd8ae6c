<?php
/**
 * Keys in values, to mask.
 *
 * @package byok
 */

declare( strict_types=1 );

namespace Byok\Log;

use JsonSerializable;
use Stringable;
use Throwable;

/**
 * Makes one copy of a value in which every key is masked. An object that shows a key is replaced by what it shows,
 * without the key; a Throwable by one of the same class.
 *
 * @since 0.1.0
 */
final class Value_Copy {

	/**
	 * How many items are looked at in all, to copy what holds a key: a part that holds another one is looked at twice.
	 * What lies behind them is left out of the copy.
	 */
	private const WORK = 200000;

	/**
	 * How deep a copy is. No logger prints as much, and PHP's own stack must bear it.
	 */
	private const DEPTH = 32;

	/**
	 * What finds keys.
	 *
	 * @var Key_Search
	 */
	private Key_Search $search;

	/**
	 * How many items may still be looked at.
	 *
	 * @var int
	 */
	private int $left = self::WORK;

	/**
	 * Takes what knows keys.
	 *
	 * @since 0.1.0
	 *
	 * @param Text_Mask $mask Masks texts.
	 */
	public function __construct( private readonly Text_Mask $mask ) {
		$this->search = new Key_Search( $mask );
	}

	/**
	 * Copies a value, if it holds a key.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed  $value  Value.
	 * @param string $name   What it is called.
	 * @param int    $depth  How deep it is.
	 * @param array  $inside What it is inside of, by id.
	 */
	public function of( #[\SensitiveParameter] mixed $value, string $name = '', int $depth = 0, array $inside = array() ): mixed {
		if ( is_string( $value ) ) {
			return $this->mask->of( $value, $name );
		}
		if ( ( ! is_array( $value ) && ! is_object( $value ) ) || ! $this->search->is_in( $value, $name, $this->left ) ) {
			return $value;
		}
		if ( $this->left <= 0 || $depth >= self::DEPTH ) {
			return Contents::LEFT_OUT;
		}
		if ( is_array( $value ) ) {
			return $this->of_array( $value, $name, $depth, $inside );
		}

		$id = spl_object_id( $value );
		if ( isset( $inside[ $id ] ) ) {
			return Contents::LEFT_OUT;
		}
		$inside[ $id ] = true;
		if ( $value instanceof Throwable ) {
			$mask = fn( mixed $part, string $called ) => $this->of( $part, $called, $depth + 1, $inside );
			$copy = Throwable_Copy::of( $value, $mask );
			return $this->search->is_shown_by( $copy, $this->left ) ? Throwable_Copy::plain( $value, $mask ) : $copy;
		}
		if ( $value instanceof JsonSerializable ) {
			return $this->of( Contents::json_of( $value ), $name, $depth + 1, $inside );
		}
		if ( $value instanceof Stringable ) {
			return $this->mask->of( Contents::string_of( $value ), $name );
		}
		return array( $value::class => $this->of( Contents::public_of( $value ), $name, $depth + 1, $inside ) );
	}

	/**
	 * Copies an array that holds a key somewhere.
	 *
	 * @param array  $items  Array.
	 * @param string $name   What it is called.
	 * @param int    $depth  How deep it is.
	 * @param array  $inside What it is inside of, by id.
	 */
	private function of_array( #[\SensitiveParameter] array $items, string $name, int $depth, array $inside ): array {
		$copy = array();
		foreach ( $items as $key => $item ) {
			if ( --$this->left <= 0 ) {
				$copy[] = Contents::LEFT_OUT;
				break;
			}
			$safe = is_string( $key ) ? $this->mask->of( $key ) : $key;
			// Two keys may have one mask.
			for ( $number = 2; $safe !== $key && array_key_exists( $safe, $copy ); $number++ ) {
				$safe = $this->mask->of( $key ) . " ($number)";
			}
			$within = Contents::reference_of( $items, $key );
			if ( null !== $within && isset( $inside[ $within ] ) ) {
				$copy[ $safe ] = Contents::LEFT_OUT;
				continue;
			}
			$around        = null === $within ? $inside : array( $within => true ) + $inside;
			$copy[ $safe ] = $this->of( $item, Contents::name_of( $items, $key, $name ), $depth + 1, $around );
		}
		return $copy;
	}
}
