<?php
/**
 * Rows as texts.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Writes the fields of a row as the option table keeps them, and reads them again: JSON that is ASCII throughout, as
 * the one member of a serialized list.
 *
 * ASCII comes back byte for byte from a table of any character set. JSON makes no object of what someone else stored.
 * The list around it keeps the row from being edited on the screen of all options, where a form left open would put an
 * old row back.
 *
 * It does not know what the fields mean.
 *
 * @since 0.1.0
 */
final class Row_Text {

	/**
	 * How deep a row may be nested. Ours have two levels; a newer one, which is told apart by its
	 * version, may have more.
	 */
	private const DEPTH = 8;

	/**
	 * Writes fields.
	 *
	 * @since 0.1.0
	 *
	 * @param array $fields Fields.
	 * @return string Text to store.
	 * @throws \JsonException When a field is no UTF-8.
	 */
	public static function encode( array $fields ): string {
		return serialize( array( wp_json_encode( $fields, JSON_THROW_ON_ERROR ) ) ); // phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions -- WordPress's own format of options.
	}

	/**
	 * Reads a stored text. Nothing is unserialized.
	 *
	 * @since 0.1.0
	 *
	 * @param string|null $raw Stored text; null for no row.
	 * @return array Fields of any type; empty when it is something else.
	 */
	public static function decode( ?string $raw ): array {
		if ( ! preg_match( '/\Aa:1:\{i:0;s:(\d+):"(.+)";\}\z/s', (string) $raw, $parts ) || strlen( $parts[2] ) !== (int) $parts[1] ) {
			return array();
		}
		$stored = json_decode( $parts[2], true, self::DEPTH );
		return is_array( $stored ) ? $stored : array();
	}
}
