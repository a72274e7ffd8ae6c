<?php
/**
 * The description of the REST routes.
 *
 * @package byok
 */

namespace Byok;

use WP_REST_Server;

defined( 'ABSPATH' ) || exit;

/**
 * Makes an OpenAPI 3.1 document of the routes that are registered, with the arguments and schemas that WordPress
 * checks requests by: what is described is what is there.
 *
 * @since 0.1.0
 */
final class Openapi {

	/**
	 * Beginning of our routes.
	 */
	private const BASE = '/byok/v1';

	/**
	 * Words of JSON Schema that WordPress understands too. Others in its schemas are for itself.
	 */
	private const WORDS = array( 'type', 'description', 'enum', 'format', 'default', 'minimum', 'maximum', 'minLength', 'maxLength', 'pattern', 'minItems', 'maxItems', 'uniqueItems', 'title' );

	/**
	 * Methods in which arguments are in the body.
	 */
	private const WITH_BODY = array( 'POST', 'PUT', 'PATCH' );

	/**
	 * Ways to be let in.
	 */
	private const SECURITY = array(
		'session'     => array( 'type' => 'apiKey', 'in' => 'header', 'name' => 'X-WP-Nonce', 'description' => 'The nonce of a signed-in user, with the cookie.' ),
		'application' => array( 'type' => 'http', 'scheme' => 'basic', 'description' => 'An application password of WordPress.' ),
		'token'       => array( 'type' => 'http', 'scheme' => 'bearer', 'description' => 'A visitor token or a connect key.' ),
		'passed'      => array( 'type' => 'apiKey', 'in' => 'header', 'name' => 'X-BYOK-Api-Key', 'description' => 'A key of one’s own, with X-BYOK-Provider.' ),
	);

	/**
	 * The document.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Server $server Server.
	 */
	public static function of( WP_REST_Server $server ): array {
		$paths = array();
		foreach ( $server->get_routes( 'byok/v1' ) as $route => $endpoints ) {
			$path = self::path( $route );
			if ( '' === $path ) {
				continue;
			}
			$schema = $server->get_route_options( $route )['schema'] ?? null;
			$schema = is_callable( $schema ) ? $schema() : array();
			foreach ( $endpoints as $endpoint ) {
				foreach ( array_keys( array_filter( $endpoint['methods'] ) ) as $method ) {
					$paths[ $path ][ strtolower( $method ) ] = self::operation( $path, $method, $endpoint, $schema );
				}
			}
		}
		ksort( $paths );
		return array(
			'openapi'    => '3.1.0',
			'info'       => array(
				'title'       => 'byok',
				'version'     => BYOK_VERSION,
				'description' => 'Keys of AI providers, and a relay to the providers. No route returns a key.',
				'license'     => array(
					'name'       => 'GPL-2.0-or-later',
					'identifier' => 'GPL-2.0-or-later',
				),
			),
			'servers'    => array( array( 'url' => untrailingslashit( rest_url( self::BASE ) ) ) ),
			'paths'      => $paths,
			'components' => array(
				'securitySchemes' => self::SECURITY,
				'schemas'         => array( 'Error' => self::error() ),
			),
		);
	}

	/**
	 * A route as a path.
	 *
	 * @param string $route Route, a regular expression.
	 * @return string Empty for the index of the namespace.
	 */
	private static function path( string $route ): string {
		return (string) preg_replace( '/\(\?P<([a-z_]+)>(?:[^()]|\([^()]*\))*\)/', '{$1}', stripslashes( substr( $route, strlen( self::BASE ) ) ) );
	}

	/**
	 * One method of a path.
	 *
	 * @param string $path     Path.
	 * @param string $method   Method.
	 * @param array  $endpoint What is registered.
	 * @param array  $schema   Schema of the answer.
	 */
	private static function operation( string $path, string $method, array $endpoint, array $schema ): array {
		preg_match_all( '/\{([a-z_]+)\}/', $path, $in_path );
		$is_relay   = str_starts_with( $path, '/relay/' );
		$parameters = array();
		$fields     = array();
		$required   = array();
		foreach ( $in_path[1] as $name ) {
			$parameters[] = array(
				'name'     => $name,
				'in'       => 'path',
				'required' => true,
				'schema'   => self::schema( $endpoint['args'][ $name ] ?? array( 'type' => 'string' ) ),
			) + ( $is_relay && 'path' === $name ? array( 'description' => 'What follows the provider’s base URL; with slashes, which are not encoded.' ) : array() );
		}
		foreach ( array_diff_key( $endpoint['args'], array_flip( $in_path[1] ) ) as $name => $argument ) {
			if ( in_array( $method, self::WITH_BODY, true ) ) {
				$fields[ $name ] = self::schema( $argument );
				$required        = array_merge( $required, true === ( $argument['required'] ?? false ) ? array( $name ) : array() );
			} else {
				$parameters[] = array(
					'name'     => $name,
					'in'       => 'query',
					'required' => true === ( $argument['required'] ?? false ),
					'schema'   => self::schema( $argument ),
				);
			}
		}
		if ( is_array( $endpoint['callback'] ) && 'get_items' === $endpoint['callback'][1] ) {
			// WordPress describes one of them.
			$schema = array(
				'type'  => 'array',
				'items' => $schema,
			);
		}
		$operation = array(
			'operationId' => trim( (string) preg_replace( '/[^a-z]+/', '_', strtolower( $method . $path ) ), '_' ),
			'parameters'  => $parameters,
			'responses'   => array(
				'2XX'     => array(
					'description' => $is_relay ? 'What the provider answers, with its status.' : 'Done.',
					'content'     => array( ( $is_relay ? '*/*' : 'application/json' ) => array( 'schema' => $is_relay ? new \stdClass() : self::schema( $schema ) ) ),
				),
				'default' => array(
					'description' => 'Refused, or failed.',
					'content'     => array( 'application/json' => array( 'schema' => array( '$ref' => '#/components/schemas/Error' ) ) ),
				),
			),
			'security'    => '__return_true' === ( $endpoint['permission_callback'] ?? '' ) ? array() : array_map( static fn( string $name ) => array( $name => array() ), self::ways( $endpoint ) ),
		);
		if ( $is_relay && in_array( $method, self::WITH_BODY, true ) ) {
			$operation['requestBody'] = array( 'content' => array( '*/*' => array( 'schema' => new \stdClass() ) ) );
		} elseif ( array() !== $fields ) {
			$operation['requestBody'] = array(
				'required' => array() !== $required,
				'content'  => array(
					'application/json' => array(
						'schema' => array_filter(
							array(
								'type'       => 'object',
								'properties' => $fields,
								'required'   => $required,
							)
						),
					),
				),
			);
		}
		return $operation;
	}

	/**
	 * Ways to be let in to an endpoint.
	 *
	 * @param array $endpoint What is registered.
	 * @return string[] Names in self::SECURITY.
	 */
	private static function ways( array $endpoint ): array {
		$who = is_array( $endpoint['permission_callback'] ?? null ) ? $endpoint['permission_callback'][0] : '';
		if ( Relay_Access::class === $who ) {
			return array_keys( self::SECURITY );
		}
		return in_array( $who, array( Rest_Visitors::class, Rest_Connect::class ), true ) ? array( 'token', 'session', 'application' ) : array( 'session', 'application' );
	}

	/**
	 * A schema of WordPress's as one of JSON Schema 2020-12.
	 *
	 * @param array $schema Schema.
	 * @return array|\stdClass
	 */
	private static function schema( array $schema ) {
		$made = array_intersect_key( $schema, array_flip( self::WORDS ) );
		if ( isset( $schema['properties'] ) ) {
			$made['properties'] = array_map( array( self::class, 'schema' ), $schema['properties'] );
			$required           = array_keys( array_filter( $schema['properties'], static fn( $field ) => true === ( $field['required'] ?? false ) ) );
			if ( array() !== $required ) {
				$made['required'] = $required;
			}
		}
		if ( isset( $schema['items'] ) ) {
			$made['items'] = self::schema( $schema['items'] );
		}
		if ( isset( $schema['additionalProperties'] ) ) {
			$made['additionalProperties'] = is_array( $schema['additionalProperties'] ) ? self::schema( $schema['additionalProperties'] ) : $schema['additionalProperties'];
		}
		if ( true === ( $schema['readonly'] ?? false ) ) {
			$made['readOnly'] = true;
		}
		return array() === $made ? new \stdClass() : $made;
	}

	/**
	 * The shape of errors.
	 */
	private static function error(): array {
		return array(
			'type'       => 'object',
			'required'   => array( 'code', 'message' ),
			'properties' => array(
				'code'    => array(
					'type'        => 'string',
					'description' => 'Such as byok_key_absent.',
				),
				'message' => array( 'type' => 'string' ),
				'data'    => array(
					'type'       => array( 'object', 'null' ),
					'properties' => array( 'status' => array( 'type' => 'integer' ) ),
				),
				'error'   => array(
					'type'        => 'object',
					'description' => 'The same, where the clients of providers look for it. On the routes of the relay.',
					'properties'  => array(
						'type'    => array( 'type' => 'string' ),
						'code'    => array( 'type' => 'string' ),
						'message' => array( 'type' => 'string' ),
					),
				),
			),
		);
	}
}
