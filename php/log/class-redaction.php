<?php
/**
 * Keys in values of any kind.
 *
 * @package byok
 */

declare( strict_types=1 );

namespace Byok\Log;

/**
 * Makes a copy of a value in which every key is masked, as byok_redact() does in a text. A value without a key
 * comes back as the very same one, its objects included; nothing that is given in is ever changed.
 *
 * It does not know who logs, and needs neither Monolog nor PSR-3. How it looks is in Key_Search and Contents, how it
 * copies in Value_Copy, and what a message and its values make together in Message.
 *
 * @since 0.1.0
 */
final class Redaction {

	/**
	 * What masks texts.
	 *
	 * @var Text_Mask
	 */
	private Text_Mask $mask;

	/**
	 * Takes its options.
	 *
	 * @since 0.1.0
	 *
	 * @param array $options What a mask shows, see byok_redact().
	 * @throws \LogicException                 When the extension is not loaded: nothing must be logged unmasked.
	 * @throws \Byok\Exception\InputException option_invalid.
	 */
	public function __construct( array $options = array() ) {
		$this->mask = new Text_Mask( $options );
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
		return ( new Message( $this->mask ) )->of( $message, $context, $this->value( $context ) );
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
		return ( new Value_Copy( $this->mask ) )->of( $value, $name );
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
		return $this->mask->of( $text, $name );
	}
}
