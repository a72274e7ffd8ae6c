<?php
/**
 * Keys in values of any kind.
 *
 * @package byok
 */

declare( strict_types=1 );

namespace Byok\Log;

use Closure;
use DateTimeInterface;
use JsonSerializable;
use LogicException;
use ReflectionReference;
use Stringable;
use Throwable;
use UnitEnum;

/**
 * Makes a copy of a value in which every key is masked, as byok_redact() does in a text. A value without a key
 * comes back as the very same one, its objects included; nothing that is given in is ever changed.
 *
 * An object is looked at as loggers print it: what it becomes in JSON, its text, its public properties. One that
 * shows a key is replaced by what it shows, without the key; a Throwable by one of the same class. What an object
 * hides is looked at as well, because some loggers dump it, but only so far: see HIDDEN.
 *
 * It does not know who logs, and needs neither Monolog nor PSR-3.
 *
 * @since 0.1.0
 */
final class Redaction {

	/**
	 * How many items are looked at to tell whether there is a key among them.
	 */
	private const ITEMS = 20000;

	/**
	 * How many are looked at in all, to copy what holds one: a part that holds another one is looked at twice.
	 * What lies behind them is left out of the copy.
	 */
	private const WORK = 200000;

	/**
	 * How many more are looked at of what objects hide: protected and private properties, and objects among the
	 * arguments in a trace. Hardly a logger prints them, and whole programs hang on some.
	 */
	private const HIDDEN = 1000;

	/**
	 * How deep a copy is. No logger prints as much, and PHP's own stack must bear it.
	 */
	private const DEPTH = 32;

	/**
	 * A placeholder of PSR-3.
	 */
	private const PLACE = '/\{([A-Za-z0-9_.]+)\}/';

	/**
	 * How many names of placeholders are looked at, how many places are filled to judge the message as it will read,
	 * and how many bytes before a place count.
	 */
	private const PLACES = 200;
	private const FILLED = 2000;
	private const FRONT  = 4096;

	/**
	 * Stands in a copy for what was not looked at, and for an object inside itself.
	 */
	private const LEFT_OUT = '(left out by byok)';

	/**
	 * Takes its options.
	 *
	 * @since 0.1.0
	 *
	 * @param array $options What a mask shows, see byok_redact().
	 * @throws LogicException                  When the extension is not loaded: nothing must be logged unmasked.
	 * @throws \Byok\Exception\InputException option_invalid.
	 */
	public function __construct( private readonly array $options = array() ) {
		if ( ! function_exists( 'byok_redact' ) ) {
			throw new LogicException( 'The PHP extension byok is not loaded, so keys cannot be masked.' );
		}
		byok_redact( '', $options );
	}

	/**
	 * Masks the keys of a message and its context.
	 *
	 * A value that is to be put into the message is seen with the words before its place: in `token={t}` the
	 * value of `t` is a secret, whatever it looks like. And the message is judged as it will read: values that make
	 * a key only together, or with the words around them, are all left out.
	 *
	 * @since 0.1.0
	 *
	 * @param string $message Message, with PSR-3's placeholders.
	 * @param array  $context Context.
	 * @return array{0: string, 1: array} Both.
	 */
	public function record( #[\SensitiveParameter] string $message, #[\SensitiveParameter] array $context ): array {
		$safe = $this->value( $context );
		preg_match_all( self::PLACE, $message, $places, PREG_OFFSET_CAPTURE | PREG_SET_ORDER );
		// Each name at its first place only: a message of nothing but places is not looked at as often as it has any.
		$named = array();
		foreach ( $places as list( list( , $at ), list( $name ) ) ) {
			$named[ $name ] ??= $at;
		}
		if ( array() === array_intersect_key( $named, $safe ) ) {
			return array( $this->text( $message ), $safe );
		}
		$texts = array();
		$plain = array();
		foreach ( array_slice( $named, 0, self::PLACES, true ) as $name => $at ) {
			$text = self::shown( $safe[ $name ] ?? null );
			if ( null === $text ) {
				continue;
			}
			// What was looked at is what is logged: an object may say something else the next time.
			$safe[ $name ] = is_object( $safe[ $name ] ) ? $text : $safe[ $name ];
			$plain[ $name ] = is_object( $context[ $name ] ) ? $text : (string) self::shown( $context[ $name ] );
			$front          = self::filled( substr( $message, max( 0, $at - self::FRONT ), min( $at, self::FRONT ) ), $texts );
			$masked         = $this->behind( $front, $text );
			if ( $masked !== $text ) {
				$safe[ $name ] = $masked;
			}
			$texts[ $name ] = $masked;
		}
		// As it will read. Behind so many places, and of so many words, nobody can tell.
		$parts = array_diff_key( $named, $texts );
		if ( count( $named ) > self::PLACES || count( $places ) > self::FILLED || $this->has_more( $message, $texts, $plain ) ) {
			foreach ( $texts as $name => $text ) {
				$safe[ $name ] = self::LEFT_OUT;
			}
			foreach ( $parts as $name => $at ) {
				if ( array_key_exists( $name, $safe ) ) {
					$safe[ $name ] = self::LEFT_OUT;
				}
			}
		}
		return array( $this->text( $message ), $safe );
	}

	/**
	 * Whether a message that is filled holds a key that neither it nor a value holds alone.
	 *
	 * @param string   $message Message.
	 * @param string[] $texts   Values by name, masked.
	 * @param string[] $plain   The same as they came.
	 */
	private function has_more( #[\SensitiveParameter] string $message, #[\SensitiveParameter] array $texts, #[\SensitiveParameter] array $plain ): bool {
		$whole = self::filled( $message, $texts );
		$safe  = $this->text( $whole );
		if ( $safe !== $whole && self::filled( $this->text( $message ), $texts ) !== $safe ) {
			return true;
		}
		// The rest of a key of which only the beginning was known by itself.
		$all  = self::filled( $message, $plain );
		$safe = $this->text( $all );
		foreach ( $safe === $all ? array() : $texts as $name => $text ) {
			if ( $text === $plain[ $name ] && ! str_contains( $safe, $text ) && str_contains( $all, $text ) ) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Puts values into a message.
	 *
	 * @param string   $message Message.
	 * @param string[] $texts   Values by name.
	 */
	private static function filled( #[\SensitiveParameter] string $message, #[\SensitiveParameter] array $texts ): string {
		$left = self::FILLED;
		return (string) preg_replace_callback(
			self::PLACE,
			static function ( array $place ) use ( $texts, &$left ): string {
				return isset( $texts[ $place[1] ] ) && --$left >= 0 ? $texts[ $place[1] ] : $place[0];
			},
			$message
		);
	}

	/**
	 * What a value is in a message.
	 *
	 * @param mixed $value Value.
	 * @return string|null Null when loggers put no text there.
	 */
	private static function shown( #[\SensitiveParameter] mixed $value ): ?string {
		if ( is_int( $value ) || is_float( $value ) ) {
			return (string) $value;
		}
		return is_string( $value ) || $value instanceof Stringable ? self::string_of( $value ) : null;
	}

	/**
	 * Masks the keys of a value.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed  $value Any value.
	 * @param string $name  What it is called, such as the key it has in an array.
	 * @return mixed The same, or a copy.
	 */
	public function value( #[\SensitiveParameter] mixed $value, string $name = '' ): mixed {
		$left = self::WORK;
		return $this->copy( $value, $name, 0, array(), $left );
	}

	/**
	 * Masks the keys of a text.
	 *
	 * @since 0.1.0
	 *
	 * @param string $text Any bytes.
	 * @param string $name What it is called.
	 * @return string The same, or another one.
	 */
	public function text( #[\SensitiveParameter] string $text, string $name = '' ): string {
		return '' === $name || '' === $text ? byok_redact( $text, $this->options ) : $this->behind( "$name: ", $text );
	}

	/**
	 * Masks the keys of a text that stands behind another one.
	 *
	 * @param string $front The text before.
	 * @param string $text  The text.
	 * @return string The text, without the one before.
	 */
	private function behind( #[\SensitiveParameter] string $front, #[\SensitiveParameter] string $text ): string {
		$whole  = $front . $text;
		$masked = byok_redact( $whole, $this->options );
		if ( $masked === $whole ) {
			return $text;
		}
		// A key in the front, or across both, moves everything.
		return str_starts_with( $masked, $front ) ? substr( $masked, strlen( $front ) ) : byok_redact( $text, $this->options );
	}

	/**
	 * Copies a value, if it holds a key.
	 *
	 * @param mixed  $value  Value.
	 * @param string $name   What it is called.
	 * @param int    $depth  How deep it is.
	 * @param array  $inside What it is inside of, by id.
	 * @param int    $left   How many items may still be looked at.
	 */
	private function copy( #[\SensitiveParameter] mixed $value, string $name, int $depth, array $inside, int &$left ): mixed {
		if ( is_string( $value ) ) {
			return $this->text( $value, $name );
		}
		if ( ( ! is_array( $value ) && ! is_object( $value ) ) || ! $this->holds_key( $value, $name, $left ) ) {
			return $value;
		}
		if ( $left <= 0 || $depth >= self::DEPTH ) {
			return self::LEFT_OUT;
		}
		if ( is_array( $value ) ) {
			return $this->copy_array( $value, $name, $depth, $inside, $left );
		}

		$id = spl_object_id( $value );
		if ( isset( $inside[ $id ] ) ) {
			return self::LEFT_OUT;
		}
		$inside[ $id ] = true;
		if ( $value instanceof Throwable ) {
			return Throwable_Copy::of( $value, fn( mixed $part, string $called ) => $this->copy( $part, $called, $depth + 1, $inside, $left ) );
		}
		if ( $value instanceof JsonSerializable ) {
			return $this->copy( self::json_of( $value ), $name, $depth + 1, $inside, $left );
		}
		if ( $value instanceof Stringable ) {
			return $this->text( self::string_of( $value ), $name );
		}
		return array( $value::class => $this->copy( self::public_of( $value ), $name, $depth + 1, $inside, $left ) );
	}

	/**
	 * Copies an array that holds a key somewhere.
	 *
	 * @param array  $items  Array.
	 * @param string $name   What it is called.
	 * @param int    $depth  How deep it is.
	 * @param array  $inside What it is inside of, by id.
	 * @param int    $left   How many items may still be looked at.
	 */
	private function copy_array( #[\SensitiveParameter] array $items, string $name, int $depth, array $inside, int &$left ): array {
		$copy = array();
		foreach ( $items as $key => $item ) {
			if ( --$left <= 0 ) {
				$copy[] = self::LEFT_OUT;
				break;
			}
			$safe = is_string( $key ) ? $this->text( $key ) : $key;
			// Two keys may have one mask.
			for ( $number = 2; $safe !== $key && array_key_exists( $safe, $copy ); $number++ ) {
				$safe = $this->text( $key ) . " ($number)";
			}
			$within = self::reference_of( $items, $key );
			if ( null !== $within && isset( $inside[ $within ] ) ) {
				$copy[ $safe ] = self::LEFT_OUT;
				continue;
			}
			$around        = null === $within ? $inside : array( $within => true ) + $inside;
			$copy[ $safe ] = $this->copy( $item, self::name_of( $items, $key, $name ), $depth + 1, $around, $left );
		}
		return $copy;
	}

	/**
	 * Whether a value holds a key somewhere. One that is too large to tell holds one.
	 *
	 * @param mixed  $value Value.
	 * @param string $name  What it is called.
	 * @param int    $left  How many items may still be looked at.
	 */
	private function holds_key( #[\SensitiveParameter] mixed $value, string $name, int &$left ): bool {
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
	 * Whether a text holds a key.
	 *
	 * @param mixed  $item Anything.
	 * @param string $name What it is called.
	 */
	private function is_key( #[\SensitiveParameter] mixed $item, string $name ): bool {
		return is_string( $item ) && $this->text( $item, $name ) !== $item;
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
		// Of these nobody prints more than is theirs to know.
		if ( ! is_object( $item ) || $item instanceof Closure || $item instanceof UnitEnum || $item instanceof DateTimeInterface || isset( $seen[ spl_object_id( $item ) ] ) ) {
			return array();
		}
		$seen[ spl_object_id( $item ) ] = $item;

		$public = self::public_of( $item );
		$parts  = self::parts_of_array( $public, $name, $seen );
		if ( $item instanceof Throwable ) {
			$parts[] = array( $item->getMessage(), '' );
			$parts[] = array( $item->getPrevious(), '' );
			foreach ( array_merge( ...array_column( $item->getTrace(), 'args' ) ) as $argument ) {
				if ( is_object( $argument ) ) {
					$hidden[] = array( $argument, '' );
				} else {
					$parts[] = array( $argument, '' );
				}
			}
		} elseif ( $item instanceof Stringable ) {
			$parts[] = array( self::string_of( $item ), $name );
		}
		if ( $item instanceof JsonSerializable ) {
			$parts[] = array( self::json_of( $item ), $name );
		}
		foreach ( array_diff_key( (array) $item, $public ) as $key => $value ) {
			// A protected or private property has its class in its key, between NULs. A trace was looked at.
			$called = substr( (string) strrchr( "\0$key", "\0" ), 1 );
			if ( 'trace' !== $called || ! $item instanceof Throwable ) {
				$hidden[] = array( $value, $called );
			}
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
			$reference = is_array( $item ) ? self::reference_of( $items, $key ) : null;
			if ( null !== $reference ) {
				if ( isset( $seen[ $reference ] ) ) {
					continue;
				}
				$seen[ $reference ] = $reference;
			}
			if ( is_string( $item ) || is_array( $item ) || is_object( $item ) ) {
				$parts[] = array( $item, self::name_of( $items, $key, $name ) );
			}
			if ( count( $parts ) > self::ITEMS ) {
				break;
			}
		}
		return $parts;
	}

	/**
	 * What an item of an array is called: its key; in a list the list's own name; in a pair of `name` and `value`
	 * what the pair says.
	 *
	 * @param array      $items Array.
	 * @param int|string $key   Key of the item.
	 * @param string     $name  What the array is called.
	 */
	private static function name_of( #[\SensitiveParameter] array $items, int|string $key, string $name ): string {
		if ( is_int( $key ) ) {
			return $name;
		}
		return 'value' === $key && is_string( $items['name'] ?? null ) ? $items['name'] : $key;
	}

	/**
	 * Id of the reference that an item of an array is.
	 *
	 * @param array      $items Array.
	 * @param int|string $key   Key of the item.
	 * @return string|null Null when it is none.
	 */
	private static function reference_of( #[\SensitiveParameter] array $items, int|string $key ): ?string {
		return ReflectionReference::fromArrayElement( $items, $key )?->getId();
	}

	/**
	 * The public properties of an object, without asking it.
	 *
	 * @param object $thing Object.
	 */
	private static function public_of( #[\SensitiveParameter] object $thing ): array {
		return array_filter( (array) $thing, static fn( int|string $key ): bool => ! str_contains( (string) $key, "\0" ), ARRAY_FILTER_USE_KEY );
	}

	/**
	 * What an object becomes in JSON.
	 *
	 * @param JsonSerializable $thing Object.
	 */
	private static function json_of( #[\SensitiveParameter] JsonSerializable $thing ): mixed {
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
	 * @param string|Stringable $thing Object, or a text.
	 */
	private static function string_of( #[\SensitiveParameter] string|Stringable $thing ): string {
		try {
			return (string) $thing;
		} catch ( Throwable $thrown ) {
			return self::LEFT_OUT;
		}
	}
}
