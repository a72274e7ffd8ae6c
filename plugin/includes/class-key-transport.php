<?php
/**
 * Requests of WordPress's HTTP API that carry a stand-in.
 *
 * @package byok
 */

namespace Byok;

use Stringable;
use Throwable;
use WpOrg\Requests\Exception as Requests_Exception;
use WpOrg\Requests\Exception\InvalidArgument;
use WpOrg\Requests\Transport;
use WpOrg\Requests\Utility\InputValidator;

defined( 'ABSPATH' ) || exit;

/**
 * Carries one request of WordPress's HTTP API through the gate instead of cURL. Everything else about it is
 * WordPress's own: filters, redirects, cookies, files, limits, debugging. None of that ever sees the key.
 *
 * Takes the place of the transport, and not of the whole request (`pre_http_request`): see
 * docs/decisions/0007-the-gate-is-a-transport.md.
 *
 * @since 0.1.0
 */
final class Key_Transport implements Transport {

	/**
	 * Headers that the gate makes itself, or that are about the connection.
	 */
	private const OWN_HEADERS = array( 'host', 'content-length', 'connection', 'transfer-encoding', 'expect', 'accept-encoding' );

	/**
	 * Headers that no provider takes a key from: in them a stand-in is there by mistake, or by somebody's trick.
	 */
	private const KEYLESS_HEADERS = array( 'cookie', 'host', 'origin', 'referer', 'user-agent' );

	/**
	 * Reasons that tell of a stand-in that was on its way to somewhere else.
	 */
	private const ASTRAY = array( 'stand_in_misplaced', 'stand_in_unknown', 'origin_mismatch', 'path_refused' );

	/**
	 * Reasons that belong to the network: who does not wait for the answer is not told of them.
	 */
	private const OF_NETWORK = array( 'timeout', 'dns', 'connect', 'tls', 'protocol', 'too_large' );

	/**
	 * Shortest time in seconds, as of WordPress's own transports, and the longest that the extension takes.
	 */
	private const TIMES = array( 1.0, 900.0 );

	/**
	 * Puts itself into a request that carries a stand-in. Hooked to `requests-requests.before_request`, whose
	 * arguments are references.
	 *
	 * @since 0.1.0
	 *
	 * @param string       $url     Address.
	 * @param array        $headers Headers.
	 * @param array|string $data    Body.
	 * @param string       $type    Method.
	 * @param array        $options Options of the request.
	 */
	public static function take_over( &$url, &$headers, &$data, &$type, &$options ): void {
		$said = array( (string) $url, self::text( $data ) );
		foreach ( (array) $headers as $value ) {
			$said[] = self::line( $value );
		}
		foreach ( $said as $text ) {
			if ( Stand_In::is_in( $text ) ) {
				$options['transport'] = new self();
				return;
			}
		}
	}

	/**
	 * Sends a request.
	 *
	 * @since 0.1.0
	 *
	 * @param string       $url     Address.
	 * @param array        $headers Headers.
	 * @param array|string $data    Body, or parameters of the address for GET and HEAD.
	 * @param array        $options Options of the request.
	 * @return string The raw answer: status line, headers and body; without the body when that went into a file.
	 * @throws Requests_Exception When it is refused or cannot be sent.
	 */
	public function request( $url, $headers = array(), $data = array(), $options = array() ) {
		$headers  = (array) $headers;
		$type     = strtoupper( (string) $options['type'] );
		$in_query = is_array( $data ) && 'query' === $options['data_format'];
		$url      = self::address( (string) $url, $in_query ? $data : array() );
		// A redirect may have made a GET of a POST.
		$bodiless = $in_query || ( $options['redirected'] > 0 && in_array( $type, array( 'GET', 'HEAD' ), true ) );
		$body     = $bodiless ? '' : self::text( $data );
		$stand_in = self::stand_in( $url, $headers );
		$url      = self::without_stand_in( $url );
		$times    = array_map( static fn( $seconds ) => min( max( (float) $seconds, self::TIMES[0] ), self::TIMES[1] ), array( $options['timeout'], $options['connect_timeout'] ) );
		$sink     = new Response_Sink( $options );
		$options['hooks']->dispatch( 'byok.before_send', array( $url ) );
		try {
			$answer = Gate::send(
				$stand_in->provider,
				$stand_in->args,
				array(
					'method'             => $type,
					'url'                => $url,
					'headers'            => self::headers( $headers, (string) $options['useragent'], '' !== $body ),
					'body'               => $body,
					'timeout'            => $times[0],
					'connect_timeout'    => $times[1],
					// WordPress knows one time, and tries once.
					'first_byte_timeout' => $times[0],
					'idle_timeout'       => $times[0],
					'retries'            => 0,
				),
				array( $sink, 'write' )
			);
		} finally {
			$sink->close();
		}
		if ( is_wp_error( $answer ) ) {
			$reason = Failure::reason( $answer );
			if ( ! $options['blocking'] && in_array( $reason, self::OF_NETWORK, true ) ) {
				return '';
			}
			throw self::refusal( $reason, $url, $answer->get_error_message() );
		}

		$raw = sprintf( "HTTP/1.1 %d %s\r\n", $answer['status'], get_status_header_desc( $answer['status'] ) );
		foreach ( $answer['headers'] as $name => $values ) {
			foreach ( $values as $value ) {
				$raw .= "$name: $value\r\n";
			}
		}
		// Of a file's answer WordPress reads headers until the end.
		$raw = false === $options['filename'] ? "$raw\r\n" . $sink->body() : rtrim( $raw );
		$options['hooks']->dispatch( 'byok.after_request', array( &$raw ) );
		return $raw;
	}

	/**
	 * Sends several requests, one after the other.
	 *
	 * WordPress's HTTP API has no such thing. This is for who asks for it by `'transport' => Key_Transport::class`.
	 *
	 * @since 0.1.0
	 *
	 * @param array $requests Requests.
	 * @param array $options  Options of all.
	 * @return array Raw answers or exceptions.
	 * @throws InvalidArgument When it is no list.
	 */
	public function request_multiple( $requests, $options ) {
		if ( ! InputValidator::has_array_access( $requests ) || ! InputValidator::is_iterable( $requests ) ) {
			throw InvalidArgument::create( 1, '$requests', 'array|ArrayAccess&Traversable', gettype( $requests ) );
		}
		$answers = array();
		foreach ( $requests as $id => $request ) {
			try {
				$answers[ $id ] = $this->request( $request['url'], $request['headers'], $request['data'], $request['options'] );
			} catch ( Requests_Exception $refused ) {
				$answers[ $id ] = $refused;
				$request['options']['hooks']->dispatch( 'transport.internal.parse_error', array( &$answers[ $id ], $request ) );
				$request['options']['hooks']->dispatch( 'multiple.request.complete', array( &$answers[ $id ], $id ) );
			}
		}
		return $answers;
	}

	/**
	 * Whether this transport can be used.
	 *
	 * @since 0.1.0
	 *
	 * @param array $capabilities Unused.
	 */
	public static function test( $capabilities = array() ) {
		return null === Extension::reason();
	}

	/**
	 * The address as it is asked: with parameters, without a fragment.
	 *
	 * @param string $url        Address.
	 * @param array  $parameters More parameters.
	 */
	private static function address( string $url, array $parameters ): string {
		$url   = explode( '#', $url, 2 )[0];
		$query = http_build_query( $parameters, '', '&' );
		return '' === $query ? $url : $url . ( str_contains( $url, '?' ) ? '&' : '?' ) . $query;
	}

	/**
	 * The one stand-in of a request: in headers, or in parameters of the address.
	 *
	 * @param string $url     Address.
	 * @param array  $headers Headers.
	 * @return Stand_In The stand-in.
	 * @throws Requests_Exception When it is somewhere else, is another site's, or there are several.
	 */
	private static function stand_in( string $url, array $headers ): Stand_In {
		$kept   = self::without_stand_in( $url );
		$tokens = $kept === $url ? array() : Stand_In::tokens( $url );
		$astray = Stand_In::is_in( $kept );
		foreach ( $headers as $name => $value ) {
			$found  = Stand_In::tokens( self::line( $value ) );
			$tokens = array_merge( $tokens, $found );
			$astray = $astray || ( array() !== $found && in_array( strtolower( (string) $name ), self::KEYLESS_HEADERS, true ) );
		}
		if ( $astray || 1 !== count( array_unique( $tokens ) ) ) {
			throw self::refusal( 'stand_in_misplaced', $url );
		}
		return Stand_In::read( $tokens[0] ) ?? throw self::refusal( 'stand_in_unknown', $url );
	}

	/**
	 * The headers to send: without the stand-in, which the extension puts the key in place of.
	 *
	 * @param array  $headers   Headers.
	 * @param string $useragent Name of the program.
	 * @param bool   $has_body  Whether there is a body.
	 * @return array Headers.
	 */
	private static function headers( array $headers, string $useragent, bool $has_body ): array {
		$kept = array();
		foreach ( $headers as $name => $value ) {
			if ( ! is_int( $name ) && ! in_array( strtolower( $name ), self::OWN_HEADERS, true ) && ! Stand_In::is_in( self::line( $value ) ) ) {
				$kept[ $name ] = is_array( $value ) ? array_map( array( self::class, 'line' ), array_values( $value ) ) : self::line( $value );
			}
		}
		// What cURL adds by itself.
		$missing = array_diff_key(
			array_filter(
				array(
					'user-agent'   => $useragent,
					'content-type' => $has_body ? 'application/x-www-form-urlencoded' : '',
				)
			),
			array_change_key_case( $kept )
		);
		return $kept + $missing;
	}

	/**
	 * An address without the parameters that hold a stand-in: no key ever stands in an address.
	 *
	 * @param string $url Address, without a fragment.
	 */
	private static function without_stand_in( string $url ): string {
		list( $front, $query ) = explode( '?', $url, 2 ) + array( '', '' );
		if ( ! Stand_In::is_in( $query ) ) {
			return $url;
		}
		$kept = array_filter( explode( '&', $query ), static fn( string $pair ) => ! Stand_In::is_in( $pair ) );
		return array() === $kept ? $front : $front . '?' . implode( '&', $kept );
	}

	/**
	 * A body as it is sent.
	 *
	 * @param mixed $data Body.
	 */
	private static function text( $data ): string {
		return is_array( $data ) ? http_build_query( $data, '', '&' ) : self::line( $data );
	}

	/**
	 * A value as a text, whatever some plugin has put there.
	 *
	 * @param mixed $value Value.
	 */
	private static function line( $value ): string {
		if ( is_array( $value ) ) {
			return implode( ' ', array_map( array( self::class, 'line' ), $value ) );
		}
		return is_scalar( $value ) || $value instanceof Stringable ? (string) $value : '';
	}

	/**
	 * The exception that WordPress makes a WP_Error of.
	 *
	 * @param string $reason  Reason code.
	 * @param string $url     Address.
	 * @param string $message A sentence; without it, that of the reason.
	 */
	private static function refusal( string $reason, string $url, string $message = '' ): Requests_Exception {
		if ( in_array( $reason, self::ASTRAY, true ) ) {
			self::report( $reason, $url );
		}
		if ( in_array( $reason, array( 'origin_mismatch', 'path_refused' ), true ) ) {
			$message = __( 'The request was on its way to another address than the one that the key is for, so it was not sent.', 'byok' );
		}
		$refused = Failure::because( $reason, $message );
		if ( ! in_array( $reason, self::OF_NETWORK, true ) ) {
			Refused_Request::remember( $refused );
		}
		return new Requests_Exception( $refused->get_error_message(), "byok.$reason" );
	}

	/**
	 * Tells of a stand-in that was on its way to somewhere else.
	 *
	 * @param string $reason Reason code.
	 * @param string $url    Address.
	 */
	private static function report( string $reason, string $url ): void {
		$host = (string) preg_replace( '/[^a-z0-9.:\[\]_-]/', '', strtolower( (string) wp_parse_url( $url, PHP_URL_HOST ) ) );
		try {
			/**
			 * Fires when a request was refused because it would have taken a stand-in somewhere else than to the
			 * address of its key. Nothing was sent.
			 *
			 * @since 0.1.0
			 *
			 * @param string $host   Host that the request was for; empty when the address has none.
			 * @param string $reason `origin_mismatch` or `path_refused` (another address), `stand_in_misplaced` (not
			 *                       in a header or parameter, or several in one request), `stand_in_unknown`
			 *                       (of another site).
			 * @param string $caller Plugin or theme that has sent it, such as `plugin:my-plugin`.
			 */
			do_action( 'byok_stand_in_refused', $host, $reason, Caller::current()->id() );
		} catch ( Throwable $thrown ) {
			// The refusal stands, whatever a listener does.
			$thrown = null;
		}
		if ( WP_DEBUG ) {
			error_log( "byok: a request to $host was refused: $reason." ); // phpcs:ignore WordPress.PHP.DevelopmentFunctions -- only while debugging.
		}
	}
}
