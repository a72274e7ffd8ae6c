<?php
/**
 * Requests in the shape of WordPress's HTTP API.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;
use WP_Http;
use WP_HTTP_Requests_Response;
use WpOrg\Requests\Cookie;
use WpOrg\Requests\Cookie\Jar;
use WpOrg\Requests\Response;
use WpOrg\Requests\Response\Headers;

defined( 'ABSPATH' ) || exit;

/**
 * Translates between wp_remote_request() and the gate: what goes in and what comes out have the same shape,
 * so that existing code changes one word.
 *
 * @since 0.1.0
 */
final class Provider_Request {

	/**
	 * Seconds that a request may take, when the caller does not say: models think for a while.
	 */
	private const TIMEOUT = 60;

	/**
	 * Options of our own, see byok_request().
	 */
	private const OPTIONS = array( 'method', 'headers', 'body', 'json', 'timeout', 'connect_timeout', 'first_byte_timeout', 'idle_timeout', 'max_bytes', 'limit_response_size', 'retries', 'owner', 'slot' );

	/**
	 * Options of wp_remote_request() that mean nothing here: existing code changes one word.
	 */
	private const OF_WORDPRESS = array( 'blocking', 'compress', 'cookies', 'data_format', 'decompress', 'filename', 'httpversion', 'redirection', 'reject_unsafe_urls', 'sslcertificates', 'sslverify', 'stream', 'user-agent' );

	/**
	 * Sends a request, see byok_request() and byok_stream().
	 *
	 * @since 0.1.0
	 *
	 * @param string        $provider Provider id.
	 * @param string        $path     Path below the provider's base URL.
	 * @param array         $args     Arguments of byok_request().
	 * @param callable|null $on_chunk Gets the body as it comes.
	 * @return array|WP_Error The answer, in the shape of wp_remote_request().
	 */
	public static function send( string $provider, string $path, array $args, ?callable $on_chunk = null ) {
		$whose = array_intersect_key( $args, array_flip( array( 'owner', 'slot' ) ) );
		$limit = (int) ( $args['limit_response_size'] ?? 0 );
		if ( $limit <= 0 ) {
			return self::through( static fn( array $request ) => Gate::send( $provider, $whose, $request, $on_chunk ), $path, $args );
		}

		// As WordPress's own requests: what is beyond it is cut off, and no error.
		$body   = '';
		$taken  = 0;
		$listen = static function ( string $bytes, array $head ) use ( $on_chunk, $limit, &$body, &$taken ) {
			$bytes  = substr( $bytes, 0, $limit - $taken );
			$taken += strlen( $bytes );
			if ( null === $on_chunk ) {
				$body .= $bytes;
			}
			$goes_on = null === $on_chunk || false !== $on_chunk( $bytes, $head );
			return $goes_on && $taken < $limit;
		};
		$answer = self::through( static fn( array $request ) => Gate::send( $provider, $whose, $request, $listen ), $path, $args );
		if ( is_wp_error( $answer ) ) {
			return $answer;
		}
		$answer['http_response']->set_data( $body );
		return array( 'body' => $body ) + $answer;
	}

	/**
	 * Sends a request through a gate that the caller has.
	 *
	 * @since 0.1.0
	 *
	 * @param callable $gate Gets the request and returns the answer, both in the shape of byok_send(), or a WP_Error.
	 * @param string   $path Path below the provider's base URL.
	 * @param array    $args Arguments of byok_request().
	 * @return array|WP_Error The answer, in the shape of wp_remote_request().
	 */
	public static function through( callable $gate, string $path, array $args ) {
		$request = self::request( $path, $args );
		if ( is_wp_error( $request ) ) {
			return $request;
		}
		$answer = $gate( $request );
		return is_wp_error( $answer ) ? $answer : self::answer( $answer );
	}

	/**
	 * The request in the shape of byok_send().
	 *
	 * @param string $path Path.
	 * @param array  $args Arguments.
	 * @return array|WP_Error Request; byok_option_invalid.
	 */
	private static function request( string $path, array $args ) {
		$unknown = array_diff( array_keys( $args ), self::OPTIONS, self::OF_WORDPRESS );
		if ( array() !== $unknown ) {
			return self::unknown( (string) reset( $unknown ) );
		}
		$headers = $args['headers'] ?? array();
		// WordPress takes them as a text too.
		$headers = is_array( $headers ) ? $headers : WP_Http::processHeaders( (string) $headers )['headers'];
		$body    = $args['body'] ?? '';
		$type    = null;
		if ( array_key_exists( 'json', $args ) ) {
			$body = wp_json_encode( $args['json'] );
			if ( false === $body ) {
				return Failure::option( 'json' );
			}
			$type = 'application/json';
		} elseif ( is_array( $body ) || is_object( $body ) ) {
			$body = http_build_query( $body, '', '&' );
			$type = 'application/x-www-form-urlencoded';
		}
		if ( null !== $type && ! array_key_exists( 'content-type', array_change_key_case( $headers ) ) ) {
			$headers['Content-Type'] = $type;
		}

		return array(
			'method'  => strtoupper( (string) ( $args['method'] ?? ( '' === $body ? 'GET' : 'POST' ) ) ),
			'path'    => $path,
			'headers' => array_map(
				static fn( $value ) => is_array( $value ) ? array_map( 'strval', $value ) : (string) $value,
				$headers
			),
			'body'    => (string) $body,
			'timeout' => (float) ( $args['timeout'] ?? self::TIMEOUT ),
		) + array_intersect_key( $args, array_flip( array( 'connect_timeout', 'first_byte_timeout', 'idle_timeout', 'max_bytes', 'retries' ) ) );
	}

	/**
	 * The failure of an option that there is not: misspelt, it would be without effect, and nobody would know.
	 *
	 * @param string $name Name.
	 * @return WP_Error byok_option_invalid, which names it.
	 */
	private static function unknown( string $name ): WP_Error {
		// Digits are in keys, and not in the names of options: whoever has mixed up the arguments must not find one in a log.
		if ( ! preg_match( '/\A[A-Za-z_-]{1,40}\z/', $name ) ) {
			return Failure::because( 'option_invalid' );
		}
		/* translators: %s: name of an option, such as "timeout". */
		return Failure::because( 'option_invalid', sprintf( __( 'There is no option “%s”.', 'byok' ), $name ) );
	}

	/**
	 * The answer in the shape of wp_remote_request().
	 *
	 * @param array $answer What byok_send() returned.
	 * @return array Answer.
	 */
	private static function answer( array $answer ): array {
		$response              = new Response();
		$response->headers     = new Headers();
		$response->body        = $answer['body'];
		$response->status_code = $answer['status'];
		$response->success     = $answer['status'] >= 200 && $answer['status'] < 300;
		foreach ( $answer['headers'] as $name => $values ) {
			foreach ( $values as $value ) {
				$response->headers[ $name ] = $value;
			}
		}
		$response->cookies = new Jar( Cookie::parse_from_headers( $response->headers ) );

		$http = new WP_HTTP_Requests_Response( $response );
		return $http->to_array() + array( 'http_response' => $http );
	}
}
