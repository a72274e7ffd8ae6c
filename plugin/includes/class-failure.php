<?php
/**
 * Failures, as WordPress knows them.
 *
 * @package byok
 */

namespace Byok;

use Throwable;
use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Makes a WP_Error of a reason. The code is `byok_` and the reason, the message one of our fixed
 * texts, the data an HTTP status. Nothing of what was thrown or given in gets into it.
 *
 * @since 0.1.0
 */
final class Failure {

	/**
	 * HTTP status of reasons that are not 400. Keys that end in `_` stand for every reason that begins
	 * with them.
	 */
	private const STATUS = array(
		'provider_unknown'      => 404,
		'key_absent'            => 404,
		'key_refused'           => 422,
		'key_unverified'        => 503,
		'conflict'              => 409,
		'key_exists'            => 409,
		'connect_key_exists'    => 409,
		'import_nothing_found'  => 404,
		'import_not_ready'      => 500,
		'envelope_'             => 409,
		'origin_changed'        => 409,
		'storage_'              => 500,
		'internal'              => 500,
		'reveal_refused'        => 403,
		'sign_refused'          => 403,
		'too_many_attempts'     => 429,
		'not_approved'          => 403,
		'budget_exceeded'       => 429,
		'token_unknown'         => 401,
		'ref_unknown'           => 404,
		'pair_unknown'          => 404,
		'webhook_unknown'       => 404,
		'connect_public_key'    => 403,
		'connect_in_browser'    => 403,
		'connect_provider'      => 403,
		'provider_not_for_members' => 403,
		'relay_off'             => 403,
		'relay_kind_off'        => 403,
		'relay_anonymous'       => 401,
		'relay_forbidden'       => 403,
		'path_not_relayed'      => 403,
		'length_missing'        => 411,
		'tickets_full'          => 503,
		'relay_busy'            => 503,
		'relay_body_too_large'  => 413,
		'relay_tickets_'        => 409,
		'too_many_requests'     => 429,
		'origin_not_listed'     => 403,
		'model_not_allowed'     => 403,
		'credentials_absent'    => 401,
		'credentials_other_'    => 403,
		'timeout'               => 504,
		'dns'                   => 502,
		'connect'               => 502,
		'tls'                   => 502,
		'protocol'              => 502,
		'too_large'             => 502,
		'extension_'            => 503,
		'source_'               => 503,
		'key_file_'             => 503,
		'salts_'                => 503,
		'random_unavailable'    => 503,
		'ca_file_unusable'      => 503,
		'test_provider_refused' => 503,
	);

	/**
	 * The failure for a reason.
	 *
	 * @since 0.1.0
	 *
	 * @param string $reason  Reason code, such as `key_absent`.
	 * @param string $message Message, when there is a better one than the fixed text of the reason.
	 * @param array  $data    More data for the error; never anything secret.
	 * @return WP_Error Code `byok_<reason>`.
	 */
	public static function because( string $reason, string $message = '', array $data = array() ): WP_Error {
		return new WP_Error(
			'byok_' . $reason,
			'' === $message ? Messages::reason( $reason ) : $message,
			array( 'status' => self::status( $reason ) ) + $data
		);
	}

	/**
	 * The failure for an option that does not exist or has a value that it cannot have.
	 *
	 * @since 0.1.0
	 *
	 * @param string $option Its name: one of ours, never what somebody has typed.
	 * @return WP_Error byok_option_invalid, with the name as `option`.
	 */
	public static function option( string $option ): WP_Error {
		/* translators: %s: name of an option, such as "paths". */
		return self::because( 'option_invalid', sprintf( __( '“%s” has a value that it cannot have.', 'byok' ), $option ), compact( 'option' ) );
	}

	/**
	 * The failure for something that was thrown.
	 *
	 * @since 0.1.0
	 *
	 * @param Throwable $thrown What was thrown. Only byok's own exceptions are trusted to hold no input.
	 * @return WP_Error Code `byok_<reason>`; `byok_internal` for anything that is not byok's.
	 */
	public static function from( Throwable $thrown ): WP_Error {
		return self::because( $thrown instanceof Exception\ByokException ? $thrown->getReason() : 'internal' );
	}

	/**
	 * The reason of a failure.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_Error $failure One of ours.
	 * @return string Reason code.
	 */
	public static function reason( WP_Error $failure ): string {
		return substr( (string) $failure->get_error_code(), strlen( 'byok_' ) );
	}

	/**
	 * HTTP status of a reason.
	 *
	 * @param string $reason Reason code.
	 * @return int Status.
	 */
	private static function status( string $reason ): int {
		foreach ( self::STATUS as $beginning => $status ) {
			if ( $reason === $beginning || ( str_ends_with( $beginning, '_' ) && str_starts_with( $reason, $beginning ) ) ) {
				return $status;
			}
		}
		return 400;
	}
}
