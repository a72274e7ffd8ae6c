<?php
/**
 * Keys in texts.
 *
 * @package byok
 */

declare( strict_types=1 );

namespace Byok\Log;

use LogicException;

/**
 * Masks the keys of a text, as byok_redact() does, seen with what stands before it or what it is called.
 *
 * It does not know values of other kinds.
 *
 * @since 0.1.0
 */
final class Text_Mask {

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
	 * Masks the keys of a text.
	 *
	 * @since 0.1.0
	 *
	 * @param string $text Any bytes.
	 * @param string $name What it is called.
	 * @return string The same, or another one.
	 */
	public function of( #[\SensitiveParameter] string $text, string $name = '' ): string {
		return '' === $name || '' === $text ? byok_redact( $text, $this->options ) : $this->behind( "$name: ", $text );
	}

	/**
	 * Masks the keys of a text that stands behind another one.
	 *
	 * @since 0.1.0
	 *
	 * @param string $front The text before.
	 * @param string $text  The text.
	 * @return string The text, without the one before.
	 */
	public function behind( #[\SensitiveParameter] string $front, #[\SensitiveParameter] string $text ): string {
		$whole  = $front . $text;
		$masked = byok_redact( $whole, $this->options );
		if ( $masked === $whole ) {
			return $text;
		}
		// A key in the front, or across both, moves everything.
		return str_starts_with( $masked, $front ) ? substr( $masked, strlen( $front ) ) : byok_redact( $text, $this->options );
	}
}
