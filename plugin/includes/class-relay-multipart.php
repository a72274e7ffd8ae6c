<?php
/**
 * Forms with files, as the relay reads them.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Takes a body of multipart/form-data apart, to find what its fields are called. Readers differ in what they make of
 * folded lines, encoded names, blanks and text in front of the first part: what is written in any such way is not read at
 * all, so that nobody reads another form than this. The usual clients write none of it.
 *
 * It keeps nothing of a body but where its parts are.
 *
 * @since 0.1.0
 */
final class Relay_Multipart {

	/**
	 * What a part may say of itself. The names of fields are those that providers have.
	 */
	private const DISPOSITION = '/\Aform-data; name="([A-Za-z0-9_.\[\]-]+)"(?:; filename="[^"\\\\\x00-\x1F\x7F]*")?\z/';

	/**
	 * Other headers of a part, and what they may say.
	 */
	private const OTHERS = array(
		'content-type'              => '/\A[\x20-\x7E]*\z/',
		'content-length'            => '/\A\d+\z/',
		'content-transfer-encoding' => '/\A(?:7bit|8bit|binary)\z/i',
	);

	/**
	 * The most that a value of these fields has.
	 */
	private const LONGEST = 1000;

	/**
	 * Values of some fields of a form.
	 *
	 * @since 0.1.0
	 *
	 * @param string   $type   The header Content-Type.
	 * @param string   $body   The body.
	 * @param callable $wanted Whether a field of a name is wanted.
	 * @return string[]|null Their values in the order of the parts; null for a form that others may read in another way.
	 */
	public static function values( string $type, string $body, callable $wanted ): ?array {
		if ( ! preg_match( '~\Amultipart/form-data;\s*boundary=("?)([A-Za-z0-9\'()+_./:=?-]{1,70})\1\z~i', $type, $found ) ) {
			return null;
		}
		$mark  = '--' . $found[2];
		$wide  = strlen( $mark );
		$found = array();
		$parts = 0;
		// Nothing stands in front of the first part.
		for ( $at = 0; "$mark\r\n" === substr( $body, $at, $wide + 2 ); ) {
			$head = strpos( $body, "\r\n\r\n", $at );
			$end  = false === $head ? false : strpos( $body, "\r\n$mark", $head + 2 );
			$name = false === $end ? null : self::name( substr( $body, $at + $wide + 2, min( $head - $at - $wide - 2, 10000 ) ) );
			if ( null === $name ) {
				return null;
			}
			if ( $wanted( $name ) ) {
				$found[] = substr( $body, $head + 4, max( 0, min( $end - $head - 4, self::LONGEST ) ) );
			}
			$at = $end + 2;
			++$parts;
		}
		// Nor behind the last, and a mark is nowhere else.
		$is_whole = $parts > 0 && in_array( substr( $body, $at ), array( "$mark--", "$mark--\r\n" ), true ) && substr_count( $body, $mark ) === $parts + 1;
		return $is_whole ? $found : null;
	}

	/**
	 * What a part's field is called.
	 *
	 * @param string $head Its headers.
	 */
	private static function name( string $head ): ?string {
		$name = null;
		foreach ( explode( "\r\n", $head ) as $line ) {
			list( $header, $value ) = array_pad( explode( ':', $line, 2 ), 2, '' );
			$header                 = strtolower( $header );
			$value                  = trim( $value, ' ' );
			if ( 'content-disposition' === $header && null === $name && preg_match( self::DISPOSITION, $value, $found ) ) {
				$name = $found[1];
			} elseif ( ! preg_match( self::OTHERS[ $header ] ?? '/(?!)/', $value ) ) {
				return null;
			}
		}
		return $name;
	}
}
