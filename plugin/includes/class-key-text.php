<?php
/**
 * A key as it was pasted.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Takes off what a paste brings along, so that what is encrypted is exactly what was checked. It
 * refuses nothing: that is the extension's.
 *
 * @since 0.1.0
 */
final class Key_Text {

	/**
	 * What the extension takes at most, in bytes, white space included.
	 */
	private const LONGEST = 8192;

	/**
	 * Removes white space around a key, as the extension does before it checks one.
	 *
	 * @since 0.1.0
	 *
	 * @param string $pasted What was pasted.
	 * @return string The same without Unicode white space at both ends; as it was, when it is not UTF-8.
	 */
	public static function trim( #[\SensitiveParameter] string $pasted ): string {
		// Longer than any key: the extension refuses it, and searching it would only cost time.
		if ( strlen( $pasted ) > self::LONGEST ) {
			return $pasted;
		}

		// Unicode's property White_Space, which is what Rust's trim() removes: \s in this mode would
		// miss U+0085 and U+00A0 on some builds of PCRE.
		$space = '[\x{09}-\x{0D}\x{20}\x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]';
		return preg_replace( "/\A$space+|$space+\z/u", '', $pasted ) ?? $pasted;
	}
}
