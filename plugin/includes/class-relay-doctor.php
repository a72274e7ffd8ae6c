<?php
/**
 * Whether the relay works on this server.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Looks at what the relay needs, and asks the site itself as a stranger would. It tells what to do, and changes
 * nothing.
 *
 * @since 0.1.0
 */
final class Relay_Doctor {

	/**
	 * How something can be; the last is what PHP is not shown.
	 */
	public const STATUSES = array( 'good', 'recommended', 'critical', 'unseen' );

	/**
	 * Seconds to wait for the site's own answer.
	 */
	private const PATIENCE = 5;

	/**
	 * Looks at everything.
	 *
	 * @since 0.1.0
	 *
	 * @return array{name: string, status: string, message: string}[] `status` is one of self::STATUSES.
	 */
	public static function look(): array {
		return array_merge( self::settings(), self::server(), self::paths(), Relay_Nginx::look() );
	}

	/**
	 * What the site itself knows. Asks nobody.
	 *
	 * @since 0.1.0
	 */
	public static function settings(): array {
		$settings = Relay_Settings::current();
		$problem  = Notices::server();
		$found    = array();
		if ( null !== $problem ) {
			$found[] = self::one( 'extension', 'critical', $problem );
		}
		if ( ! $settings->enabled ) {
			$found[] = self::one( 'enabled', 'good', __( 'The relay is switched off.', 'byok' ) );
		}
		$plain = array_filter( $settings->origins, static fn( string $origin ) => str_starts_with( $origin, 'http://' ) && ! preg_match( '~\Ahttp://(?:localhost|127\.0\.0\.1|\[::1\])(?::|\z)~', $origin ) );
		if ( array() !== $plain ) {
			$found[] = self::one( 'origins', 'recommended', __( 'An origin on the list is not encrypted (http://). Whoever is on the way to its readers can change its pages, and use the relay in their name.', 'byok' ) );
		}
		// phpcs:ignore WordPress.Security.ValidatedSanitizedInput -- only compared.
		$peer = (string) ( $_SERVER['REMOTE_ADDR'] ?? '' );
		if ( isset( $_SERVER['HTTP_X_FORWARDED_FOR'] ) && ! Relay_Address::is_in( $peer, $settings->trusted_proxies ) ) {
			$found[] = self::one( 'proxies', 'recommended', __( 'Requests come through a proxy that is not listed, so all its visitors share one limit for their address. If the proxy is yours, list its network as a trusted proxy.', 'byok' ) );
		}
		return $found;
	}

	/**
	 * What the server gives. Writes a count and takes a lock, and gives both back.
	 */
	private static function server(): array {
		$found = array();
		$name  = substr( hash( 'sha256', random_bytes( 16 ) ), 0, 40 );
		$works = 1 === Limit_Store::add( $name, time() + MINUTE_IN_SECONDS, 1, 1 ) && null === Limit_Store::add( $name, time() + MINUTE_IN_SECONDS, 1, 1 );
		Limit_Store::give_back( $name, time(), 1 );
		if ( ! $works ) {
			$found[] = self::one( 'limits', 'critical', __( 'Requests cannot be counted, so none is let through. Look at the object cache, or at the rights of the database user.', 'byok' ) );
		} elseif ( wp_using_ext_object_cache() ) {
			$found[] = self::one( 'limits', 'good', __( 'Requests are counted in the object cache. If there are several web servers, they must share it.', 'byok' ) );
		} else {
			$found[] = self::one( 'limits', 'good', __( 'Requests are counted in the database.', 'byok' ) );
		}
		if ( Relay_Streams::take() ) {
			Relay_Streams::give_back();
		} elseif ( null === Relay_Streams::folder() ) {
			$found[] = self::one( 'streams', 'critical', __( 'The folder for temporary files cannot be written to. Without it answers cannot be counted, so PHP passes none on.', 'byok' ) );
		}
		return $found;
	}

	/**
	 * Asks the site, on both paths.
	 */
	private static function paths(): array {
		$found  = array();
		$route  = self::ask( rest_url( 'byok/v1/relay/openai/models' ) );
		$health = self::ask( rest_url( 'byok/v1/health' ) );
		if ( ! in_array( $route['code'], array( 'relay_anonymous', 'relay_off' ), true ) ) {
			$found[] = self::one( 'route', 'critical', __( 'The site does not answer requests to its own relay. Something in front of it, or another plugin, may block the REST API.', 'byok' ) );
		}
		$server = self::ask( Relay_Offload::url( 'openai' ) . 'models', array( 'Authorization' => 'Bearer byok_tk_doctor' ) );
		$is_set = 401 === $server['status'] && str_starts_with( $server['code'], 'ticket_' );
		if ( $is_set && 'offload' === ( $health['json']['path'] ?? '' ) ) {
			$found[] = self::one( 'path', 'good', __( 'The web server passes answers on itself, for requests with a ticket: thousands at once.', 'byok' ) );
		} elseif ( $is_set ) {
			$found[] = self::one( 'path', 'critical', __( 'The web server is set up for the relay, but PHP may not give it keys, so there are no tickets. Set byok.offload in the configuration of PHP, and let the web server use the same php-fpm as the site.', 'byok' ) );
		} elseif ( 501 === $server['status'] ) {
			$found[] = self::one( 'path', 'critical', __( 'The address of the relay leads to PHP, but not as deploy/nginx says: the parameter BYOK_OFFLOAD is missing. Nothing is passed on there.', 'byok' ) );
		} else {
			$found[] = self::one(
				'path',
				'recommended',
				__( 'PHP passes answers on, and each open answer holds one of its workers: some at once. For more, have nginx do it, as deploy/nginx says.', 'byok' )
			);
		}
		return $found;
	}

	/**
	 * Asks an address of this site.
	 *
	 * @param string   $url     Address.
	 * @param string[] $headers Headers.
	 * @return array{status: int, code: string, json: mixed} Zero when there is no answer.
	 */
	private static function ask( string $url, array $headers = array() ): array {
		$answer = wp_remote_get(
			$url,
			array(
				'timeout'     => self::PATIENCE,
				'redirection' => 0,
				'headers'     => $headers,
				// As WordPress does when it asks itself.
				'sslverify'   => apply_filters( 'https_local_ssl_verify', false ), // phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals -- WordPress's.
			)
		);
		$json = json_decode( (string) wp_remote_retrieve_body( $answer ), true );
		return array(
			'status' => (int) wp_remote_retrieve_response_code( $answer ),
			'code'   => is_string( $json['error']['code'] ?? null ) ? $json['error']['code'] : '',
			'json'   => $json,
		);
	}

	/**
	 * One finding.
	 *
	 * @since 0.1.0
	 *
	 * @param string $name    What was looked at.
	 * @param string $status  How it is.
	 * @param string $message A sentence.
	 */
	public static function one( string $name, string $status, string $message ): array {
		return compact( 'name', 'status', 'message' );
	}
}
