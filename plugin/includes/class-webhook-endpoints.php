<?php
/**
 * The endpoints of a site's webhooks.
 *
 * @package byok
 */

namespace Byok;

use Throwable;
use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Makes, lists and removes endpoints. The secret of one is shown when it is made, and never again.
 *
 * It does not ask who is calling.
 *
 * @since 0.1.0
 */
final class Webhook_Endpoints {

	/**
	 * Beginning of the names of the options.
	 */
	public const PREFIX = 'byok_webhook_';

	/**
	 * Most endpoints of a site: each event is sent to every one.
	 */
	private const MOST = 20;

	/**
	 * All endpoints of the current site.
	 *
	 * @since 0.1.0
	 *
	 * @return Webhook_Endpoint[]|WP_Error By id, the oldest first; byok_storage_failed.
	 */
	public static function all() {
		$rows = self::rows()->all();
		return is_wp_error( $rows ) ? $rows : array_filter( array_map( array( Webhook_Endpoint::class, 'of' ), $rows ) );
	}

	/**
	 * One endpoint.
	 *
	 * @since 0.1.0
	 *
	 * @param string $id Id.
	 * @return Webhook_Endpoint|WP_Error byok_webhook_unknown, byok_storage_failed.
	 */
	public static function one( string $id ) {
		$row = preg_match( '/\A[a-z2-7]{8}\z/', $id ) ? self::rows()->one( $id ) : null;
		return is_wp_error( $row ) ? $row : Webhook_Endpoint::of( $row ) ?? Failure::because( 'webhook_unknown' );
	}

	/**
	 * Makes an endpoint.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $url    Address, https.
	 * @param mixed $events Events, some of Webhook_Endpoint::EVENTS; none for all.
	 * @return array{endpoint: Webhook_Endpoint, secret: string}|WP_Error As of Webhook_Endpoint::make(), byok_webhook_many,
	 *                       byok_source_* and the like, byok_storage_failed.
	 */
	public static function make( $url, $events ) {
		$reason = Extension::reason();
		$all    = null === $reason ? self::all() : Failure::because( $reason );
		if ( is_wp_error( $all ) || count( $all ) >= self::MOST ) {
			return is_wp_error( $all ) ? $all : Failure::because( 'webhook_many' );
		}
		$endpoint = Webhook_Endpoint::make( $url, $events );
		if ( is_wp_error( $endpoint ) ) {
			return $endpoint;
		}
		try {
			$secret = null;
			$row    = $endpoint->seal_secret( $secret );
		} catch ( Throwable $thrown ) {
			return Failure::from( $thrown );
		}
		// The secret first: an endpoint without one could not sign.
		$stored = Key_Swap::store( $endpoint->place(), null, static fn() => $row );
		$added  = is_wp_error( $stored ) ? $stored : self::rows()->add( $endpoint->id, $endpoint->to_array() );
		if ( is_wp_error( $added ) ) {
			self::remove_secret( $endpoint );
			return $added;
		}
		return compact( 'endpoint', 'secret' );
	}

	/**
	 * Removes an endpoint, with its secret and what was still to be sent to it.
	 *
	 * @since 0.1.0
	 *
	 * @param string $id Id.
	 * @return true|WP_Error byok_webhook_unknown, byok_storage_failed.
	 */
	public static function remove( string $id ) {
		$endpoint = self::one( $id );
		$removed  = is_wp_error( $endpoint ) ? $endpoint : self::rows()->remove( $id );
		if ( is_wp_error( $removed ) ) {
			return $removed;
		}
		Webhook_Table::forget_endpoint( $id );
		self::remove_secret( $endpoint );
		return true;
	}

	/**
	 * The row of an endpoint's secret.
	 *
	 * @since 0.1.0
	 *
	 * @param Webhook_Endpoint $endpoint Endpoint.
	 * @return Key_Row|WP_Error Errors as of Vault::row(), byok_storage_failed.
	 */
	public static function secret( Webhook_Endpoint $endpoint ) {
		$raw = Key_Store::read_raw( $endpoint->place() );
		return is_wp_error( $raw ) ? $raw : Vault::row( $raw );
	}

	/**
	 * Removes a secret.
	 *
	 * @param Webhook_Endpoint $endpoint Endpoint.
	 */
	private static function remove_secret( Webhook_Endpoint $endpoint ): void {
		$raw = Key_Store::read_raw( $endpoint->place() );
		if ( is_string( $raw ) ) {
			Key_Swap::remove( $endpoint->place(), $raw );
		}
	}

	/**
	 * The options.
	 */
	private static function rows(): Option_Rows {
		return new Option_Rows( self::PREFIX );
	}
}
