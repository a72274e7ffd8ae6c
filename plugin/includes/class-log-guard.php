<?php
/**
 * Keys on their way to somebody's log.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;
use WP_REST_Request;
use WP_REST_Response;

defined( 'ABSPATH' ) || exit;

/**
 * Masks keys where WordPress hands out what others write down: requests and answers of its HTTP API, mails that
 * could not be sent, the debug information that people paste into support threads, errors of byok's own routes.
 *
 * What PHP itself logs or shows, wp-content/debug.log with it, the extension looks after: byok.redact_log. What a
 * plugin writes into a file or a table of its own passes nobody.
 *
 * @since 0.1.0
 */
final class Log_Guard {

	/**
	 * Registers the hooks.
	 *
	 * @since 0.1.0
	 */
	public static function register_hooks(): void {
		add_action( 'http_api_debug', array( self::class, 'before_debug' ), PHP_INT_MIN, 5 );
		add_action( 'wp_mail_failed', array( self::class, 'before_mail_failed' ), PHP_INT_MIN );
		add_filter( 'debug_information', array( self::class, 'mask_debug_information' ), PHP_INT_MAX );
		add_filter( 'rest_post_dispatch', array( self::class, 'mask_rest_error' ), PHP_INT_MAX, 3 );
	}

	/**
	 * Has those who listen to requests get them without keys.
	 *
	 * An action's arguments are handed to each listener as they are, and the request's own are used again after it,
	 * so the listeners are wrapped instead; those of a request without a key are left alone. One that is called
	 * before this one, or listens to `all`, gets everything.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed ...$given Arguments of http_api_debug.
	 */
	public static function before_debug( ...$given ): void {
		$hook = $GLOBALS['wp_filter']['http_api_debug'] ?? null;
		if ( ! $hook instanceof \WP_Hook || ! Redaction::has_key( $given ) ) {
			return;
		}
		foreach ( $hook->callbacks as $priority => $listeners ) {
			foreach ( $listeners as $id => $listener ) {
				// The id stays, by which a listener is found and removed.
				if ( ! $listener['function'] instanceof Masked_Listener && array( self::class, 'before_debug' ) !== $listener['function'] ) {
					$hook->callbacks[ $priority ][ $id ]['function'] = new Masked_Listener( $listener['function'] );
				}
			}
		}
	}

	/**
	 * Masks the keys of a mail that could not be sent, for all who listen after this.
	 *
	 * The error is made for them alone, so it is changed itself.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $error What went wrong, with the mail as its data.
	 */
	public static function before_mail_failed( $error ): void {
		if ( $error instanceof WP_Error ) {
			Redaction::in_place( $error );
		}
	}

	/**
	 * Masks the keys in the debug information of all plugins.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $sections Sections.
	 * @return mixed The same without keys.
	 */
	public static function mask_debug_information( $sections ) {
		if ( ! is_array( $sections ) ) {
			return $sections;
		}
		foreach ( $sections as $id => $section ) {
			foreach ( is_array( $section ) ? (array) ( $section['fields'] ?? array() ) : array() as $name => $field ) {
				if ( is_array( $field ) ) {
					$sections[ $id ]['fields'][ $name ] = self::mask_field( $field, (string) $name );
				}
			}
		}
		// Names, labels and descriptions too.
		$safe = Redaction::of( $sections );
		return is_array( $safe ) ? $safe : array();
	}

	/**
	 * Masks the keys in one line of the debug information. What it is, is told by its id or by its label.
	 *
	 * @param array  $field Line.
	 * @param string $id    Its id.
	 * @return array The same without keys.
	 */
	private static function mask_field( #[\SensitiveParameter] array $field, string $id ): array {
		$label = is_string( $field['label'] ?? null ) ? $field['label'] : '';
		foreach ( array( 'value', 'debug' ) as $part ) {
			if ( isset( $field[ $part ] ) ) {
				$field[ $part ] = Redaction::of( Redaction::of( $field[ $part ], $id ), $label );
			}
		}
		return Redaction::of( $field );
	}

	/**
	 * Masks the keys in errors of byok's routes. Its own texts hold none; others may add theirs.
	 *
	 * After everybody else's filters and before the answer is put into an envelope.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $response Answer.
	 * @param mixed $server   Unused.
	 * @param mixed $request  Request.
	 * @return mixed The answer.
	 */
	public static function mask_rest_error( $response, $server, $request ) {
		if (
			$response instanceof WP_REST_Response && $response->is_error()
			&& $request instanceof WP_REST_Request && preg_match( '~^/byok/v1(?:/|$)~i', $request->get_route() )
		) {
			$response->set_data( Redaction::of( $response->get_data() ) );
		}
		return $response;
	}
}
