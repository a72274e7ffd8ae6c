<?php
/**
 * What a log is written in.
 *
 * @package byok
 */

namespace Byok;

use Generator;
use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Tells by its first bytes what a file is, whatever it is called, and unpacks what gzip has packed. Of a form that
 * nobody here reads it says so: what was not read has not been searched.
 *
 * @since 0.1.0
 */
final class Log_Form {

	/**
	 * How many bytes tell it.
	 *
	 * @since 0.1.0
	 */
	public const BEGINNING = 4096;

	/**
	 * How forms begin. UTF-16 has a mark, or every other byte of some letters is zero.
	 */
	private const FORMS = array(
		'gzip'   => '/\A\x1f\x8b/',
		'packed' => '/\A(?:BZh[1-9]|\xfd7zXZ\0|\x28\xb5\x2f\xfd|PK\x03\x04|\x1f\x9d|7z\xbc\xaf|\x04\x22\x4d\x18|LZIP)/',
		'utf16'  => '/\A(?:\xff\xfe|\xfe\xff|\0\0\xfe\xff|(?:[^\0]\0){8}|(?:\0[^\0]){8}|(?:[^\0]\0{3}){4}|(?:\0{3}[^\0]){4})/',
	);

	/**
	 * How much that is packed is unpacked at once, in bytes. It may become a thousand times as much.
	 */
	private const PIECE = 16384;

	/**
	 * What a file is.
	 *
	 * @since 0.1.0
	 *
	 * @param string $begins Its first bytes.
	 * @return string `gzip`; `packed` by something else; `utf16`, also UTF-32; else `text`.
	 */
	public static function of( #[\SensitiveParameter] string $begins ): string {
		foreach ( self::FORMS as $form => $pattern ) {
			if ( preg_match( $pattern, $begins ) ) {
				return $form;
			}
		}
		return 'text';
	}

	/**
	 * Why a form is not read.
	 *
	 * @since 0.1.0
	 *
	 * @param string $form From of().
	 * @return string|null log_packed, log_encoding; null when it is.
	 */
	public static function fault( string $form ): ?string {
		if ( 'gzip' === $form && ! function_exists( 'inflate_init' ) ) {
			return 'log_packed';
		}
		return array(
			'packed' => 'log_packed',
			'utf16'  => 'log_encoding',
		)[ $form ] ?? null;
	}

	/**
	 * Unpacks what gzip has packed, also several of them one after the other.
	 *
	 * @since 0.1.0
	 *
	 * @param resource $file File.
	 * @return Generator<int, string|WP_Error> Pieces, and how many bytes of the file were read by then. The last one
	 *     is an error when it is damaged or not all there: byok_log_damaged.
	 */
	public static function unpacked( $file ): Generator {
		$read = 0;
		$unit = null;
		// phpcs:disable WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions -- what fails is told here.
		while ( true ) {
			$packed = @fread( $file, self::PIECE );
			if ( false === $packed || '' === $packed ) {
				break;
			}
			$read += strlen( $packed );
			while ( '' !== $packed ) {
				if ( null === $unit && '' === trim( $packed, "\0" ) ) {
					// Behind the last one there may be zeros, to fill up a block.
					break;
				}
				$unit ??= inflate_init( ZLIB_ENCODING_GZIP );
				$before = inflate_get_read_len( $unit );
				$text   = @inflate_add( $unit, $packed );
				if ( false === $text ) {
					yield $read => Failure::because( 'log_damaged' );
					return;
				}
				if ( '' !== $text ) {
					yield $read => $text;
				}
				if ( ZLIB_STREAM_END !== inflate_get_status( $unit ) ) {
					break;
				}
				$packed = substr( $packed, inflate_get_read_len( $unit ) - $before );
				$unit   = null;
			}
		}
		// phpcs:enable
		if ( false === $packed || null !== $unit ) {
			yield $read => Failure::because( 'log_damaged' );
		}
	}
}
