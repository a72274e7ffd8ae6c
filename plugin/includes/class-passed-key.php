<?php
/**
 * A key that comes with a request.
 *
 * @package byok
 */

namespace Byok;

use Throwable;
use WP_Error;
use WP_REST_Request;

defined( 'ABSPATH' ) || exit;

/**
 * Takes the key out of the header X-BYOK-Api-Key before other plugins see it, and keeps it encrypted for the rest
 * of this request: in its place stands a reference that is worth nothing anywhere else. It is never stored, and
 * never written down.
 *
 * What ran before this plugin was loaded has seen it, and so may code that asks the server itself for the headers.
 *
 * @since 0.1.0
 */
final class Passed_Key {

	/**
	 * The header, as $_SERVER and as a WP_REST_Request names it.
	 */
	private const IN_SERVER  = 'HTTP_X_BYOK_API_KEY';
	private const IN_REQUEST = 'x_byok_api_key';

	/**
	 * How a reference begins.
	 */
	private const PREFIX = 'byok_in_';

	/**
	 * What was taken, by reference: credentials, or the reason why there are none.
	 *
	 * @var array<string, Credentials|string>
	 */
	private static array $taken = array();

	/**
	 * Takes the key of the current request. Called when the plugin is loaded.
	 *
	 * @since 0.1.0
	 */
	public static function take(): void {
		if ( isset( $_SERVER[ self::IN_SERVER ] ) ) {
			// phpcs:disable WordPress.Security.ValidatedSanitizedInput -- WordPress has not slashed it yet; it is not changed.
			$_SERVER[ self::IN_SERVER ] = self::keep(
				(string) $_SERVER[ self::IN_SERVER ],
				(string) ( $_SERVER['HTTP_X_BYOK_PROVIDER'] ?? '' ),
				(string) ( $_SERVER['HTTP_X_BYOK_MODEL'] ?? '' )
			);
			// phpcs:enable
			// With variables_order=EGPCS and php-fpm, headers are there as well.
			unset( $_ENV[ self::IN_SERVER ] );
		}
	}

	/**
	 * The credentials in a request.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request. A key in it is replaced by its reference.
	 * @return Credentials|WP_Error|null Null when it brings no key; errors as of byok_credentials().
	 */
	public static function of( WP_REST_Request $request ) {
		$given = $request->get_header( self::IN_REQUEST );
		if ( null === $given ) {
			return null;
		}
		if ( ! isset( self::$taken[ $given ] ) ) {
			// A request that PHP code has made, and not the server.
			$given = self::keep( $given, (string) $request->get_header( 'x_byok_provider' ), (string) $request->get_header( 'x_byok_model' ) );
			$request->set_header( self::IN_REQUEST, $given );
		}
		$taken = self::$taken[ $given ];
		return is_string( $taken ) ? Failure::because( $taken ) : $taken;
	}

	/**
	 * Encrypts a key and keeps it for this request.
	 *
	 * @param string $key      Key.
	 * @param string $provider Provider id.
	 * @param string $model    Model; empty for none.
	 * @return string The reference.
	 */
	private static function keep( #[\SensitiveParameter] string $key, string $provider, string $model ): string {
		$reference = self::PREFIX . bin2hex( random_bytes( 16 ) );
		try {
			self::$taken[ $reference ] = self::read( Key_Text::trim( $key ), $provider, $model );
		} catch ( Throwable $thrown ) {
			self::$taken[ $reference ] = $thrown instanceof Exception\ByokException ? $thrown->getReason() : 'internal';
		}
		return $reference;
	}

	/**
	 * Reads what was sent.
	 *
	 * @param string $key      Key.
	 * @param string $provider Provider id.
	 * @param string $model    Model; empty for none.
	 * @return Credentials|string The credentials, or why there are none.
	 * @throws Exception\ByokException When it cannot be encrypted.
	 */
	private static function read( #[\SensitiveParameter] string $key, string $provider, string $model ) {
		$reason = Extension::reason();
		$known  = null === $reason ? Providers::find( $provider ) : null;
		if ( '' === $key || '' === $provider ) {
			return 'credentials_absent';
		}
		if ( null === $known ) {
			return $reason ?? 'provider_unknown';
		}
		if ( $known['custom_base_url'] ) {
			// Where a key goes is never for the request to say.
			return 'credentials_own_address';
		}
		if ( '' !== $model && ! preg_match( '/\A[\x21-\x7E]{1,200}\z/', $model ) ) {
			return 'request_malformed';
		}
		// A slot that no stored key has, another one for each request: what is sealed here opens nowhere else.
		$place     = new Place( Owner::site(), $provider, 'passed-' . bin2hex( random_bytes( 12 ) ) );
		$unchecked = array(
			'hint'    => byok_mask( $key ),
			'outcome' => 'unknown',
			'reason'  => '',
		);
		return new Credentials( $place, Key_Row::seal( $place, $key, byok_origin( $provider ), '', $unchecked ), $model );
	}
}
