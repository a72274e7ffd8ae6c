<?php
/**
 * Messages with places for values.
 *
 * @package byok
 */

declare( strict_types=1 );

namespace Byok\Log;

use Stringable;

/**
 * Masks the keys that a message and the values for its places make together.
 *
 * It does not look into values that are no texts.
 *
 * @since 0.1.0
 */
final class Message {

	/**
	 * A placeholder. Names of PSR-3 have letters, digits, `_` and `.`, but loggers such as Monolog take any.
	 */
	private const PLACE = '/\{([^{}]+)\}/';

	/**
	 * How many names of placeholders are looked at, how many places are filled to judge the message as it will read,
	 * and how many bytes before a place count.
	 */
	private const PLACES = 200;
	private const FILLED = 2000;
	private const FRONT  = 4096;

	/**
	 * How many parts of a list are seen with the words before its place.
	 */
	private const PARTS = 20;

	/**
	 * Takes what knows keys.
	 *
	 * @since 0.1.0
	 *
	 * @param Text_Mask $mask Masks texts.
	 */
	public function __construct( private readonly Text_Mask $mask ) {}

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
	 * @param array  $safe    The same without the keys that its values hold by themselves.
	 * @return array{0: string, 1: array} Both.
	 */
	public function of( #[\SensitiveParameter] string $message, #[\SensitiveParameter] array $context, array $safe ): array {
		preg_match_all( self::PLACE, $message, $places, PREG_OFFSET_CAPTURE | PREG_SET_ORDER );
		// Each name at its first place only: a message of nothing but places is not looked at as often as it has any.
		$named = array();
		$count = 0;
		foreach ( $places as list( list( , $at ), list( $name ) ) ) {
			if ( array_key_exists( $name, $safe ) ) {
				$named[ $name ] ??= $at;
				++$count;
			}
		}
		if ( array() === $named ) {
			return array( $this->mask->of( $message ), $safe );
		}
		$texts = array();
		$plain = array();
		foreach ( array_slice( $named, 0, self::PLACES, true ) as $name => $at ) {
			$front = self::filled( substr( $message, max( 0, $at - self::FRONT ), min( $at, self::FRONT ) ), $texts );
			$text  = self::shown( $safe[ $name ] );
			if ( null === $text ) {
				$safe[ $name ] = is_array( $safe[ $name ] ) && $this->names_a_part( $front, $safe[ $name ] ) ? Contents::LEFT_OUT : $safe[ $name ];
				continue;
			}
			// What was looked at is what is logged: an object may say something else the next time.
			$safe[ $name ]  = is_object( $safe[ $name ] ) ? $text : $safe[ $name ];
			$plain[ $name ] = is_object( $context[ $name ] ) ? $text : (string) self::shown( $context[ $name ] );
			$masked         = $this->mask->behind( $front, $text );
			if ( $masked !== $text ) {
				$safe[ $name ] = $masked;
			}
			$texts[ $name ] = $masked;
		}
		// As it will read. Behind so many places, and of so many words, nobody can tell.
		$parts = array_diff_key( $named, $texts );
		if ( count( $named ) > self::PLACES || $count > self::FILLED || $this->has_more( $message, $texts, $plain ) ) {
			foreach ( $texts as $name => $text ) {
				$safe[ $name ] = Contents::LEFT_OUT;
			}
			foreach ( $parts as $name => $at ) {
				$safe[ $name ] = Contents::LEFT_OUT;
			}
		}
		return array( $this->mask->of( $message ), $safe );
	}

	/**
	 * Whether the words before a list, such as the values of a header, make a key of a part of it.
	 *
	 * @param string $front Words.
	 * @param array  $items List.
	 */
	private function names_a_part( #[\SensitiveParameter] string $front, #[\SensitiveParameter] array $items ): bool {
		foreach ( array_slice( $items, 0, self::PARTS ) as $item ) {
			$text = self::shown( $item );
			if ( null !== $text && $this->mask->behind( $front, $text ) !== $text ) {
				return true;
			}
		}
		return false;
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
		$safe  = $this->mask->of( $whole );
		if ( $safe !== $whole && self::filled( $this->mask->of( $message ), $texts ) !== $safe ) {
			return true;
		}
		// The rest of a key of which only the beginning was known by itself.
		$all  = self::filled( $message, $plain );
		$safe = $this->mask->of( $all );
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
		return is_string( $value ) || $value instanceof Stringable ? Contents::string_of( $value ) : null;
	}
}
