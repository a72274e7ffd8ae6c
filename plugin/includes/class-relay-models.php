<?php
/**
 * Which models the relay lets through.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Compares the model that a request asks for with a site's list. It reads the body itself, whatever the request
 * calls it, and reads it as strictly as the strictest and as loosely as the loosest provider: a model that is
 * named twice, or in a field that only some providers read, or deeper inside, has to be allowed each time. A request
 * in which no model can be found is refused, and so is one that can be read in two ways.
 *
 * @since 0.1.0
 */
final class Relay_Models {

	/**
	 * Fields that name the model: of most; of ElevenLabs; those that OpenRouter tries in turn.
	 */
	private const OWN = array( 'model', 'model_id', 'models' );

	/**
	 * Fields that name one besides: `fallback_models`, `judge_model`, `modelId`. Words are parted by `_` here.
	 */
	private const NAMES = '/(?:\A|[_.-])models?(?:[_.-]?(?:id|name|slug))?\z/D';

	/**
	 * Fields that have models chosen elsewhere, by OpenRouter: what was saved there under a name, and what asks more models.
	 */
	private const CHOOSERS = array( 'preset', 'plugins' );

	/**
	 * Types of tools that have models of their own; and the one that has one of its own unless it names another.
	 */
	private const TOOLS = '/\A\s*(?:openrouter:.*|(image_generation))\s*\z/isD';

	/**
	 * The field whose entries may be objects, with models of their own.
	 */
	private const FALLBACKS = 'fallbacks';

	/**
	 * The field that stands for a model on some paths. Its value is no name that a list could have.
	 */
	private const VERSION = 'version';

	/**
	 * Why a request may not be made.
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $allowed The site's list; empty for all models.
	 * @param string   $method  HTTP method.
	 * @param string   $path    Path below the provider's base URL, with its query.
	 * @param string   $body    Body.
	 * @param string   $type    The header Content-Type.
	 * @return WP_Error|null byok_model_not_allowed, byok_model_missing; null when it may.
	 */
	public static function refuse( array $allowed, string $method, string $path, string $body, string $type = 'application/json' ): ?WP_Error {
		if ( array() === $allowed ) {
			return null;
		}
		list( $asked, $inside ) = self::in_body( $body, trim( $type ), 1 === preg_match( '~/predictions/?(?:\?|\z)~i', $path ) );
		$asked                  = array_merge( self::in_path( $path ), $asked );
		if ( in_array( null, array( ...$asked, ...$inside ), true ) ) {
			return Failure::because( 'model_missing' );
		}
		foreach ( array( ...$asked, ...$inside ) as $model ) {
			// Google writes models/… in a body.
			if ( ! in_array( $model, $allowed, true ) && ! in_array( preg_replace( '~\Amodels/~', '', $model ), $allowed, true ) ) {
				return Failure::because( 'model_not_allowed' );
			}
		}
		// Lists and the like use no model.
		return array() === $asked && ! in_array( $method, array( 'GET', 'HEAD' ), true ) ? Failure::because( 'model_missing' ) : null;
	}

	/**
	 * Models in a path and its query.
	 *
	 * @param string $path Path.
	 * @return string[]
	 */
	private static function in_path( string $path ): array {
		list( $path, $query ) = array_pad( explode( '?', $path, 2 ), 2, '' );
		$found                = array();
		// As /models/gemini-2.0-flash:generateContent, /models/owner/name/predictions, /deployments/name/chat/completions.
		if ( preg_match( '~/(?:models|deployments)/([^/:]+)(?:/([^/:]+))?~', $path, $parts ) ) {
			$own   = rawurldecode( $parts[1] );
			$found = array( isset( $parts[2] ) && str_contains( $path, '/models/' ) ? $own . '/' . rawurldecode( $parts[2] ) : $own );
		}
		foreach ( preg_split( '/[&;]/', $query ) as $pair ) {
			list( $name, $value ) = array_pad( explode( '=', $pair, 2 ), 2, '' );
			if ( self::is_field( urldecode( $name ) ) ) {
				$found[] = urldecode( $value );
			}
		}
		return $found;
	}

	/**
	 * Models in a body.
	 *
	 * @param string $body    Body.
	 * @param string $type    The header Content-Type.
	 * @param bool   $version Whether a version would stand for a model.
	 * @return array{0: array<string|null>, 1: array<string|null>} Those of the request itself, and those deeper inside, which
	 *                                                             it cannot do with alone. Null for one that cannot be read.
	 */
	private static function in_body( string $body, string $type, bool $version ): array {
		if ( '' === $body ) {
			return array( array(), array() );
		}
		if ( preg_match( '~,|urlencoded~i', $type ) ) {
			// Of two types one reader takes the first and another the last; and a form's fields can stand in what is JSON too.
			return array( array( null ), array() );
		}
		if ( false !== stripos( $type, 'multipart' ) ) {
			// A form with a file, as for transcriptions.
			return array( Relay_Multipart::values( $type, $body, array( self::class, 'is_field' ) ) ?? array( null ), array() );
		}
		return is_array( json_decode( $body, true ) ) ? self::in_json( $body, $version ) : array( array( null ), array() );
	}

	/**
	 * Models in an object of JSON. json_decode() would keep the last of two fields of one name, and others keep the
	 * first, or do not tell letters' case.
	 *
	 * @param string $body    Valid JSON.
	 * @param bool   $version See in_body().
	 * @return array{0: array<string|null>, 1: array<string|null>} See in_body().
	 */
	private static function in_json( string $body, bool $version ): array {
		$found = array( array(), array() );
		// Of each object and list that is open: whether it is an object, the field of ours that its values are of, whether it is a
		// tool that has to name a model, and whether it does.
		$open  = array();
		$lower = '';
		$key   = true;
		$field = null;
		for ( $at = 0; preg_match( '/"(?:[^"\\\\]++|\\\\.)*+"|[{}\[\]:,]/s', $body, $token, PREG_OFFSET_CAPTURE, $at ); ) {
			list( $text, $start ) = $token[0];
			$at                   = $start + strlen( $text );
			$inside               = 1 === count( $open ) && $open[0][0] ? 0 : 1;
			if ( '{' === $text || '[' === $text ) {
				$in_list = array() !== $open && ! end( $open )[0];
				if ( '{' === $text && null !== $field && ( 0 === $inside || ( $in_list && self::FALLBACKS !== $field ) ) ) {
					$found[ $inside ][] = null;
				}
				$open[] = array( '{' === $text, $field, false, false );
				$key    = '{' === $text;
				$field  = $key ? null : $field;
			} elseif ( '}' === $text || ']' === $text ) {
				list( , , $needs, $has ) = array_pop( $open ) ?? array( false, null, false, false );
				if ( $needs && ! $has ) {
					$found[1][] = "\0tool";
				}
			} elseif ( ',' === $text ) {
				list( $key, $field ) = end( $open );
				$field               = $key ? null : $field;
			} elseif ( ':' === $text ) {
				$key = false;
				if ( 0 === $inside && in_array( $field, self::OWN, true ) && ! preg_match( '/\G\s*["\[{]/', $body, $unused, 0, $at ) ) {
					$found[0][] = null;
				}
			} elseif ( $key ) {
				$name  = strlen( $text ) < 200 ? trim( (string) json_decode( $text ) ) : '';
				$lower = strtolower( $name );
				$field = self::is_field( $name ) ? $lower : null;
				if ( $version && 0 === $inside && self::VERSION === $lower ) {
					$found[0][] = null;
				}
				if ( 0 === $inside && in_array( $lower, self::CHOOSERS, true ) ) {
					// The name of no model, so it is not allowed.
					$found[1][] = "\0$lower";
				}
			} elseif ( 'type' === $lower && preg_match( self::TOOLS, (string) json_decode( $text ), $tool ) ) {
				if ( isset( $tool[1] ) ) {
					$open[ count( $open ) - 1 ][2] = true;
				} else {
					$found[1][] = "\0tool";
				}
			} elseif ( null !== $field ) {
				$is_own                  = 0 === $inside || ( 2 === count( $open ) && $open[0][0] && ! $open[1][0] );
				$is_own                  = $is_own && in_array( $field, self::OWN, true );
				$found[ $is_own ? 0 : 1 ][] = (string) json_decode( $text );
				$open[ count( $open ) - 1 ][3] = true;
			}
		}
		// What the expression gave up on was not looked at.
		return PREG_NO_ERROR === preg_last_error() ? $found : array( array( null ), array() );
	}

	/**
	 * Whether a field names a model.
	 *
	 * @since 0.1.0
	 *
	 * @param string $name Name.
	 */
	public static function is_field( string $name ): bool {
		$name = (string) preg_replace( array( '/\[[^\]]*\]\z/', '/(?<=[a-z])(?=[A-Z])/' ), array( '', '_' ), trim( $name ) );
		return self::FALLBACKS === strtolower( $name ) || 1 === preg_match( self::NAMES, strtolower( $name ) );
	}
}
