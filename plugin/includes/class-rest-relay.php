<?php
/**
 * The REST routes of the relay.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;
use WP_REST_Request;
use WP_REST_Response;
use WP_REST_Server;

defined( 'ABSPATH' ) || exit;

/**
 * Passes requests on to a provider, with a key that the sender never sees:
 *
 *     ANY  /byok/v1/relay/{provider}/{path}
 *     POST /byok/v1/tickets                  { "provider": "openai", "uses": 1, "expires_in": 60, "origin": "https://app.example" }
 *
 * The second gives a ticket for the web server's own path, where there is one.
 *
 * @since 0.1.0
 */
final class Rest_Relay {

	/**
	 * Registers the routes.
	 *
	 * @since 0.1.0
	 */
	public static function register(): void {
		// No arguments are described: what is in the body or the query is the provider's, and an argument of ours in it
		// (OpenRouter has a field `provider`) is none.
		register_rest_route(
			'byok/v1',
			'/relay/(?P<provider>[A-Za-z0-9-]+)/(?P<path>.+)',
			array(
				array(
					'methods'             => WP_REST_Server::ALLMETHODS,
					'callback'            => array( self::class, 'relay' ),
					'permission_callback' => array( Relay_Access::class, 'may' ),
				),
			)
		);
		register_rest_route(
			'byok/v1',
			'/tickets',
			array(
				array(
					'methods'             => WP_REST_Server::CREATABLE,
					'callback'            => array( self::class, 'ticket' ),
					'permission_callback' => array( Relay_Access::class, 'may' ),
					'args'                => array(
						'provider'   => array(
							'description' => __( 'Provider id.', 'byok' ),
							'type'        => 'string',
							'required'    => true,
						),
						'paths'      => array(
							'description' => __( 'Which of the provider’s requests the ticket is for, as a method and a path: “POST /chat/completions”; all without it.', 'byok' ),
							'type'        => 'array',
							'items'       => array( 'type' => 'string' ),
							'minItems'    => 1,
						),
						'expires_in' => array(
							'description' => __( 'Seconds in which it can be used.', 'byok' ),
							'type'        => 'integer',
							'minimum'     => 1,
							'maximum'     => 900,
							'default'     => 60,
						),
						'origin'     => array(
							'description' => __( 'Whose pages may use it: one of the origins of the connect keys. For a server that hands the ticket to its page.', 'byok' ),
							'type'        => 'string',
						),
						'uses'       => array(
							'description' => __( 'How many requests it is for, at most what the limits of the site let pass at once. They count as soon as the ticket is made.', 'byok' ),
							'type'        => 'integer',
							'minimum'     => 1,
							'maximum'     => 1000,
							'default'     => 1,
						),
					),
				),
				'schema' => array( self::class, 'ticket_schema' ),
			)
		);
	}

	/**
	 * Passes a request on.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return Relay_Response|WP_Error
	 */
	public static function relay( $request ) {
		$settings = Relay_Settings::current();
		$identity = Relay_Access::of( $request );
		$provider = (string) $request->get_url_params()['provider'];
		$may      = is_wp_error( $identity ) ? $identity : $identity->may( $provider );
		if ( is_wp_error( $may ) ) {
			return $may;
		}
		$body   = (string) $request->get_body();
		$method = $request->get_method();
		$path   = self::path( $provider, $method, Relay_Path::of( $request ) );
		if ( is_wp_error( $path ) ) {
			return $path;
		}
		$refused = Relay_Access::too_large( strlen( $body ) )
			?? Relay_Models::refuse( $settings->models, $method, $path, $body, (string) $request->get_header( 'content_type' ) )
			?? Relay_Access::count( $identity, $provider );
		if ( null !== $refused ) {
			return $refused;
		}

		$asked = array(
			'method'             => $method,
			// Of a provider with an address of one's own the gate judges it, with that address.
			( Providers::find( $provider )['custom_base_url'] ? 'relay_path' : 'path' ) => $path,
			'headers'            => self::headers( $request ),
			'body'               => in_array( $method, array( 'GET', 'HEAD' ), true ) ? '' : $body,
			'timeout'            => 900,
			'first_byte_timeout' => $settings->caps['first_byte'],
			'idle_timeout'       => $settings->caps['idle'],
			// The sender hears of a limit, and decides.
			'retries'            => 0,
		);
		return new Relay_Response( $request, static fn( callable $on_chunk ) => $identity->send( $provider, $asked, $on_chunk ) );
	}

	/**
	 * Makes a ticket.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response|WP_Error
	 */
	public static function ticket( $request ) {
		$settings = Relay_Settings::current();
		$identity = Relay_Access::of( $request );
		$provider = (string) $request['provider'];
		$may      = is_wp_error( $identity ) ? $identity : $identity->may( $provider );
		if ( is_wp_error( $may ) ) {
			return $may;
		}
		if ( ! Relay_Offload::is_here() ) {
			return Failure::because( 'relay_tickets_unavailable' );
		}
		if ( array() !== $settings->models ) {
			return Failure::because( 'relay_tickets_and_models' );
		}
		if ( Providers::find( $provider )['custom_base_url'] && ! $settings->own_address_tickets ) {
			// Who listens there may send the key back, in a header say, where nginx does not look for it as PHP does.
			return Failure::because( 'relay_tickets_own_address' );
		}
		if ( array() !== array_diff( $request['paths'] ?? array(), Providers::find( $provider )['relay'] ) ) {
			/* translators: %s: an example, such as "POST /messages". */
			return Failure::because( 'option_invalid', sprintf( __( '“paths” has an entry that is none of the provider’s “relay”, such as “%s”. See the documentation of the relay.', 'byok' ), Providers::find( $provider )['relay'][0] ), array( 'option' => 'paths' ) );
		}
		$origin  = self::ticket_origin( $request, $identity );
		$refused = is_wp_error( $origin ) ? $origin : Relay_Access::count( $identity, $provider, (int) $request['uses'] );
		if ( null !== $refused ) {
			return $refused;
		}

		$expires = time() + (int) $request['expires_in'];
		$ticket  = $identity->ticket(
			$provider,
			array(
				'paths'      => $request['paths'],
				'expires_in' => (int) $request['expires_in'],
				'uses'       => (int) $request['uses'],
				'max_body'   => $settings->caps['body'],
				'origin'     => $origin,
				'owner'      => $identity->id(),
			)
		);
		if ( is_wp_error( $ticket ) ) {
			return $ticket;
		}
		$response = new WP_REST_Response(
			array(
				'ticket'     => $ticket,
				'expires_at' => $expires,
				'uses'       => (int) $request['uses'],
				'url'        => Relay_Offload::url( $provider ),
			),
			201
		);
		$response->header( 'Cache-Control', 'no-store' );
		return $response;
	}

	/**
	 * The shape of a ticket.
	 *
	 * @since 0.1.0
	 */
	public static function ticket_schema(): array {
		return array(
			'$schema'    => 'http://json-schema.org/draft-04/schema#',
			'title'      => 'byok-ticket',
			'type'       => 'object',
			'properties' => array(
				'ticket'     => array(
					'description' => __( 'Goes where the provider’s own client would send its key.', 'byok' ),
					'type'        => 'string',
				),
				'expires_at' => array(
					'description' => __( 'Until when a request can begin, Unix time.', 'byok' ),
					'type'        => 'integer',
				),
				'uses'       => array(
					'description' => __( 'How many requests it is for.', 'byok' ),
					'type'        => 'integer',
				),
				'url'        => array(
					'description' => __( 'Base URL for the provider’s client.', 'byok' ),
					'type'        => 'string',
					'format'      => 'uri',
				),
			),
		);
	}

	/**
	 * Adds to answers of our routes what clients of providers look for, and what limits tell.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $response Response.
	 * @param mixed $server   Unused.
	 * @param mixed $request  Request.
	 * @return mixed Response.
	 */
	public static function finish( $response, $server, $request ) {
		if ( ! $response instanceof WP_REST_Response || ! preg_match( '~\A/byok/v1/(?:relay|tickets|models)(?:/|\z)~i', $request->get_route() ) ) {
			return $response;
		}
		if ( $response->is_error() ) {
			$error = $response->as_error();
			$response->set_data( Relay_Response::shape( $error ) );
			$wait = $error->get_error_data()['retry_after'] ?? null;
			if ( null !== $wait ) {
				$response->header( 'Retry-After', (string) $wait );
			}
		}
		foreach ( Limits::headers() as $name => $value ) {
			$response->header( $name, $value );
		}
		return $response;
	}

	/**
	 * The origin whose pages may use a ticket.
	 *
	 * @param WP_REST_Request $request  Request.
	 * @param Relay_Identity  $identity Who asks for it.
	 * @return string|WP_Error That of the page that asks, empty for the site's own; or the one that is named by who has
	 *                         origins and is no page: a server with a secret key. Else byok_origin_not_listed.
	 */
	private static function ticket_origin( WP_REST_Request $request, Relay_Identity $identity ) {
		$page = (string) $request->get_header( 'origin' );
		if ( ! isset( $request['origin'] ) ) {
			return Relay_Cors::is_ours( $page ) ? '' : $page;
		}
		$named = Relay_Settings::origin( $request['origin'] );
		return null !== $named && in_array( $named, $identity->origins() ?? array(), true ) ? $named : Failure::because( 'origin_not_listed' );
	}

	/**
	 * The path below the provider's base URL.
	 *
	 * @param string $provider Provider id.
	 * @param string $method   HTTP method.
	 * @param string $path     What the client has written.
	 * @return string|WP_Error Path; of a provider with an address of one's own what was written, which the gate judges
	 *                         with that address.
	 */
	private static function path( string $provider, string $method, string $path ) {
		try {
			return Providers::find( $provider )['custom_base_url'] ? $path : byok_relay_path( $provider, $method, $path );
		} catch ( Exception\ByokException $refused ) {
			return Failure::from( $refused );
		}
	}

	/**
	 * The headers that may pass.
	 *
	 * @param WP_REST_Request $request Request.
	 * @return array<string, string[]>
	 */
	private static function headers( WP_REST_Request $request ): array {
		$headers = array();
		foreach ( byok_relay_rules()['request_headers'] as $name ) {
			$values = $request->get_header_as_array( $name );
			if ( null !== $values ) {
				$headers[ $name ] = $values;
			}
		}
		return $headers;
	}
}
