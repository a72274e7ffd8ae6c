<?php
/**
 * The answer of the relay.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;
use WP_REST_Request;
use WP_REST_Response;

defined( 'ABSPATH' ) || exit;

/**
 * Passes a provider's answer on to whoever has asked: status and body as they are, as they come, and the headers
 * that are on the engine's list. Nothing else goes out, no cookie, no header of WordPress's, and nothing after it.
 *
 * As a WP_REST_Response it is empty. It is sent when WordPress sends it, so that no request that PHP code makes to
 * the route prints into the middle of something else.
 *
 * @since 0.1.0
 */
final class Relay_Response extends WP_REST_Response {

	/**
	 * Kinds of errors, as the clients of Anthropic and OpenAI know them, by status.
	 */
	private const KINDS = array(
		400 => 'invalid_request_error',
		401 => 'authentication_error',
		403 => 'permission_error',
		404 => 'not_found_error',
		413 => 'request_too_large',
		429 => 'rate_limit_error',
	);

	/**
	 * What sends the request: gets a callback for the body, and returns the answer, see byok_send().
	 *
	 * @var callable|null
	 */
	private $send = null;

	/**
	 * Whether something was sent.
	 *
	 * @var bool
	 */
	private bool $begun = false;

	/**
	 * Whether the answer is a stream of events.
	 *
	 * @var bool
	 */
	private bool $has_events = false;

	/**
	 * Takes a request.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request What was asked of us.
	 * @param callable|null   $send    Sends it on; null for nothing to send.
	 */
	public function __construct( private readonly WP_REST_Request $request, ?callable $send = null ) {
		parent::__construct();
		$this->send = $send;
	}

	/**
	 * Sends the answer, when WordPress is about to.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $served Whether somebody has answered already.
	 * @param mixed $result What is to be sent.
	 * @return mixed Whether somebody has.
	 */
	public static function serve( $served, $result ) {
		if ( $result instanceof self && ! $served ) {
			$result->pass_on();
			return true;
		}
		return $served;
	}

	/**
	 * The shape of an error: WordPress's, with the member in which the clients of providers look for it.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_Error $error Error.
	 */
	public static function shape( WP_Error $error ): array {
		$status = (int) ( $error->get_error_data()['status'] ?? 500 );
		return array(
			'type'    => 'error',
			'error'   => array(
				'type'    => self::KINDS[ $status ] ?? ( $status < 500 ? self::KINDS[400] : 'api_error' ),
				'code'    => preg_replace( '/\Abyok_/', '', (string) $error->get_error_code() ),
				'message' => $error->get_error_message(),
			),
			'code'    => $error->get_error_code(),
			'message' => $error->get_error_message(),
			'data'    => array( 'status' => $status ) + (array) $error->get_error_data(),
		);
	}

	/**
	 * Answers with an error.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_Error $error Error.
	 */
	public function refuse( WP_Error $error ): void {
		$shape   = self::shape( $error );
		$headers = array( 'content-type' => array( 'application/json; charset=utf-8' ) );
		$wait    = $error->get_error_data()['retry_after'] ?? null;
		if ( null !== $wait ) {
			$headers['retry-after'] = array( (string) $wait );
		}
		$this->begin( $shape['data']['status'], $headers );
		echo wp_json_encode( $shape, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE ); // phpcs:ignore WordPress.Security.EscapeOutput -- JSON.
	}

	/**
	 * Sends the request, and the answer as it comes.
	 */
	private function pass_on(): void {
		if ( ! Relay_Streams::take() ) {
			$this->refuse( Failure::because( 'relay_busy', '', array( 'retry_after' => 2 ) ) );
			return;
		}
		// A page that goes away must not end PHP in the middle: the connection to the provider would stay open, and
		// the model would go on talking at somebody's expense. The callback ends it.
		ignore_user_abort( true );
		// Waiting does not count everywhere, but talking may take long. The gate has limits of its own.
		set_time_limit( 0 );
		if ( PHP_SESSION_ACTIVE === session_status() ) {
			session_write_close();
		}

		$answer = ( $this->send )( array( $this, 'pass' ) );
		if ( is_wp_error( $answer ) ) {
			$this->break_off( $answer );
		} elseif ( ! $this->begun ) {
			$this->begin( $answer['status'], $answer['headers'] );
		}
		$this->end();
		Relay_Streams::give_back();
	}

	/**
	 * Passes a piece of the body on.
	 *
	 * @since 0.1.0
	 *
	 * @param string $bytes Bytes.
	 * @param array  $head  Status and headers.
	 * @return bool False when nobody is there any more.
	 */
	public function pass( string $bytes, array $head ): bool {
		if ( ! $this->begun ) {
			$this->begin( $head['status'], $head['headers'] );
		}
		echo $bytes; // phpcs:ignore WordPress.Security.EscapeOutput -- the provider's answer, which no browser shows as a page.
		flush();
		return ! connection_aborted();
	}

	/**
	 * Sends status and headers: those of the provider that may pass, and ours.
	 *
	 * @param int                     $status  Status.
	 * @param array<string, string[]> $headers Headers of the provider.
	 */
	private function begin( int $status, array $headers ): void {
		$this->begun = true;
		while ( ob_get_level() > 0 && ob_end_clean() ) {
			continue;
		}
		// Would hold everything back until there is enough to compress.
		ini_set( 'zlib.output_compression', '0' ); // phpcs:ignore WordPress.PHP.IniSet -- see above.
		header_remove();
		// Not status_header(), which leaves 200 for what it has no name for, such as Anthropic's 529 for "overloaded".
		header( wp_get_server_protocol() . " $status " . ( get_status_header_desc( $status ) ?: 'Other' ), true, $status );
		$allowed = null === Extension::reason() ? byok_relay_rules()['response_headers'] : array( 'content-type', 'retry-after' );
		foreach ( array_intersect_key( $headers, array_flip( $allowed ) ) as $name => $values ) {
			foreach ( $values as $value ) {
				header( "$name: $value", false );
			}
		}
		// Without a type, PHP would write its own: a page.
		if ( ! isset( $headers['content-type'] ) ) {
			header( 'content-type: application/octet-stream' );
		}
		$ours = array(
			'Cache-Control'           => 'no-store',
			'X-Accel-Buffering'       => 'no',
			'X-Content-Type-Options'  => 'nosniff',
			'Content-Security-Policy' => 'sandbox',
			'X-Robots-Tag'            => 'noindex',
		);
		foreach ( $ours + Limits::headers() + Relay_Cors::headers( $this->request ) as $name => $value ) {
			header( "$name: $value" );
		}
		$this->has_events = str_starts_with( $headers['content-type'][0] ?? '', 'text/event-stream' );
	}

	/**
	 * Tells that there is no answer, or no more of it.
	 *
	 * @param WP_Error $error Why.
	 */
	private function break_off( WP_Error $error ): void {
		if ( ! $this->begun ) {
			$this->refuse( $error );
		} elseif ( $this->has_events && ! connection_aborted() ) {
			// A stream that just ends looks whole to some clients. This form all of them take for an error.
			$shape = array_intersect_key( self::shape( $error ), array_flip( array( 'type', 'error' ) ) );
			echo "\n\nevent: error\ndata: " . wp_json_encode( $shape, JSON_UNESCAPED_SLASHES ) . "\n\n"; // phpcs:ignore WordPress.Security.EscapeOutput -- JSON.
		}
	}

	/**
	 * Ends the answer. What other code prints at the end of the request goes nowhere.
	 */
	private function end(): void {
		flush();
		if ( function_exists( 'fastcgi_finish_request' ) ) {
			fastcgi_finish_request();
		}
		$swallow = static function (): void {
			ob_start( static fn() => '' );
		};
		$swallow();
		// WordPress sends everything that is held back when it shuts down, and ends this with it.
		add_action( 'shutdown', $swallow, 2 );
	}
}
