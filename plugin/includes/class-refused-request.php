<?php
/**
 * The error of a request that was refused.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Gives the WP_Error of a request with a stand-in the code of its own reason. WordPress's HTTP API makes the same
 * `http_request_failed` of whatever a transport throws, and keeps the sentence only; its last hook has the error at
 * hand.
 *
 * Failures of the network keep WordPress's code: code that knows it asks again after those.
 *
 * @since 0.1.0
 */
final class Refused_Request {

	/**
	 * The code that WordPress gives.
	 */
	private const CODE = 'http_request_failed';

	/**
	 * What was refused last, and is not told yet.
	 *
	 * @var WP_Error|null
	 */
	private static ?WP_Error $refused = null;

	/**
	 * Remembers a refusal until WordPress has made an error of it.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_Error $refused Code and sentence.
	 */
	public static function remember( WP_Error $refused ): void {
		self::$refused = $refused;
		// Before others who listen: they see the same as the sender.
		add_action( 'http_api_debug', array( self::class, 'tell' ), PHP_INT_MIN );
	}

	/**
	 * Puts the code in place of WordPress's. Hooked to `http_api_debug`.
	 *
	 * @since 0.1.0
	 *
	 * @param array|WP_Error $response What the sender gets.
	 */
	public static function tell( $response ): void {
		remove_action( 'http_api_debug', array( self::class, 'tell' ), PHP_INT_MIN );
		$refused       = self::$refused;
		self::$refused = null;
		// Whoever uses Requests without WordPress's HTTP API has caught the refusal, and this is another request.
		if ( $response instanceof WP_Error && $refused?->get_error_message() === $response->get_error_message( self::CODE ) ) {
			$response->remove( self::CODE );
			$response->add( $refused->get_error_code(), $refused->get_error_message(), $refused->get_error_data() );
		}
	}
}
