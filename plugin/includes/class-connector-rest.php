<?php
/**
 * Keys in WordPress's route of settings.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;
use WP_REST_Request;
use WP_REST_Response;

defined( 'ABSPATH' ) || exit;

/**
 * Takes keys out of requests to `/wp/v2/settings`, which the Connectors screen saves through, and answers with
 * masks. A key that was refused makes the answer an error; the key before it is still there.
 *
 * With Connector_Others it takes the place of WordPress's own filter, which checks every key in the answer, also
 * those that were not sent, and erases what could not be checked.
 *
 * @since 0.1.0
 */
final class Connector_Rest {

	/**
	 * Dots of a mask, as WordPress writes them.
	 */
	private const DOTS = 16;

	/**
	 * Puts tickets in the place of keys, before other plugins get the request.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $response Answer, passed on.
	 * @param mixed $handler  Unused.
	 * @param mixed $request  Request.
	 * @return mixed The answer.
	 */
	public static function take_keys( $response, $handler, $request ) {
		if ( ! $request instanceof WP_REST_Request || ! self::is_settings_route( $request ) ) {
			return $response;
		}
		// What an earlier request of the same process has left.
		Connector_Option::take_failures();

		$names   = array_intersect_key( Connectors::all(), $request->get_params() );
		$tickets = array();
		foreach ( array_keys( $names ) as $name ) {
			$value = $request[ $name ];
			// Null is how a client of the REST API resets a setting.
			$value            = null === $value ? '' : $value;
			$tickets[ $name ] = is_string( $value ) && Connector_Option::is_no_key( $value ) ? $value : Connector_Ticket::issue( is_string( $value ) ? $value : null );
		}
		if ( array() !== $tickets ) {
			Rest_Secret::forget( $request, $tickets );
			foreach ( $tickets as $name => $ticket ) {
				$request->set_param( $name, $ticket );
			}
		}
		return $response;
	}

	/**
	 * Answers a setting with a mask, whatever route it is asked through.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed  $value Value; null to have WordPress read the option.
	 * @param string $name  Name of the setting.
	 * @return mixed The value, or a mask.
	 */
	public static function mask( $value, $name ) {
		$provider = Connectors::provider_of( (string) $name );
		if ( null === $provider ) {
			return $value;
		}
		$plaintext = Connector_Option::plaintext( $name );
		if ( '' !== $plaintext ) {
			return self::mask_of( $plaintext );
		}
		$info = Connector_Keys::has( $provider ) ? Connector_Keys::info( $provider ) : null;
		if ( null === $info ) {
			return '' === get_option( $name ) ? '' : self::dots();
		}
		// The end of the hint, which is all dots for a short key.
		$hint = explode( "\u{2026}", $info['hint'] );
		return self::dots() . ( count( $hint ) > 1 ? end( $hint ) : '' );
	}

	/**
	 * The mask of a key that is kept in plaintext.
	 *
	 * @since 0.1.0
	 *
	 * @param string $key Key.
	 * @return string Dots, and the last four characters of a key that is long enough for it.
	 */
	public static function mask_of( #[\SensitiveParameter] string $key ): string {
		$hint = explode( "\u{2026}", function_exists( 'byok_mask' ) ? byok_mask( $key ) : '' );
		return self::dots() . ( count( $hint ) > 1 ? end( $hint ) : '' );
	}

	/**
	 * Makes an error of the answer when a key was not saved or deleted. What else the request has changed
	 * stays changed.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Response $response Answer.
	 * @param mixed            $server   Unused.
	 * @param WP_REST_Request  $request  Request.
	 * @return WP_REST_Response The answer, or the error.
	 */
	public static function tell_failure( $response, $server, $request ) {
		if ( ! self::is_settings_route( $request ) ) {
			return $response;
		}
		$failures = Connector_Option::take_failures();
		$first    = reset( $failures );
		return $first instanceof WP_Error && ! $response->is_error() ? self::error( $response, $first ) : $response;
	}

	/**
	 * Whether a request is about settings. Compared as WordPress matches routes.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 */
	public static function is_settings_route( WP_REST_Request $request ): bool {
		return 1 === preg_match( '@^/wp/v2/settings$@i', $request->get_route() );
	}

	/**
	 * An error in the place of an answer.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Response $response Answer.
	 * @param WP_Error         $error    Error.
	 */
	public static function error( WP_REST_Response $response, WP_Error $error ): WP_REST_Response {
		$answer = rest_convert_error_to_response( $error );
		$answer->set_headers( $response->get_headers() );
		$answer->set_matched_route( $response->get_matched_route() );
		$answer->set_matched_handler( $response->get_matched_handler() );
		return $answer;
	}

	/**
	 * Dots of a mask.
	 */
	private static function dots(): string {
		return str_repeat( "\u{2022}", self::DOTS );
	}
}
