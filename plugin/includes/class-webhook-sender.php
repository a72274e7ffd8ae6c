<?php
/**
 * The deliverer of webhooks.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Sends what is due, in an event of WP-Cron, and tries again what was not taken: after a minute, later and later, for
 * about two days. An endpoint takes an event with any status of 200 to 299; a redirect is not followed and is none.
 *
 * Each try is signed anew, with its own time. The id of the event stays, so that who has got it twice knows.
 *
 * @since 0.1.0
 */
final class Webhook_Sender {

	/**
	 * The event.
	 */
	public const HOOK = 'byok_send_webhooks';

	/**
	 * Seconds until the next try, after each that has failed. After the last one it is given up.
	 */
	private const WAITS = array( MINUTE_IN_SECONDS, 5 * MINUTE_IN_SECONDS, 30 * MINUTE_IN_SECONDS, 2 * HOUR_IN_SECONDS, 6 * HOUR_IN_SECONDS, 12 * HOUR_IN_SECONDS, DAY_IN_SECONDS );

	/**
	 * Seconds after which one run stops and another goes on. The last delivery may take ten more.
	 */
	private const SECONDS = 20;

	/**
	 * Plans a run, unless there is one by then.
	 *
	 * @since 0.1.0
	 *
	 * @param int $time Unix time.
	 */
	public static function plan( int $time ): void {
		$planned = wp_next_scheduled( self::HOOK );
		if ( false === $planned || $planned > $time ) {
			wp_unschedule_hook( self::HOOK );
			wp_schedule_single_event( $time, self::HOOK );
		}
	}

	/**
	 * Sends what is due.
	 *
	 * @since 0.1.0
	 */
	public static function run(): void {
		Webhook_Table::ensure();
		$until = time() + self::SECONDS;
		while ( time() < $until ) {
			$row = Webhook_Table::claim();
			if ( null === $row ) {
				break;
			}
			self::deliver( $row );
		}
		Webhook_Table::prune();
		$next_at = Webhook_Table::next_at();
		if ( null !== $next_at ) {
			// Not sooner than in a while when the database has not kept what was noted.
			self::plan( max( $next_at, time() + 5 ) );
		}
	}

	/**
	 * Sends an event of no meaning to an endpoint, now, to see whether it is taken.
	 *
	 * @since 0.1.0
	 *
	 * @param string $id Id of the endpoint.
	 * @return array{status: int, reason: string|null}|WP_Error As of Webhook_Endpoint::send(); byok_webhook_unknown, and
	 *                           why the secret does not open.
	 */
	public static function test( string $id ) {
		$endpoint = Webhook_Endpoints::one( $id );
		$secret   = is_wp_error( $endpoint ) ? $endpoint : Webhook_Endpoints::secret( $endpoint );
		if ( is_wp_error( $secret ) ) {
			return $secret;
		}
		$event = Webhook_Events::event( 'ping', array() );
		return $endpoint->send( $secret, $event['id'], (string) wp_json_encode( array( 'data' => (object) array() ) + $event ) );
	}

	/**
	 * Tries one delivery.
	 *
	 * @param object $row Row of Webhook_Table.
	 */
	private static function deliver( object $row ): void {
		$endpoint = Webhook_Endpoints::one( (string) $row->endpoint );
		$secret   = is_wp_error( $endpoint ) ? $endpoint : Webhook_Endpoints::secret( $endpoint );
		$answer   = is_wp_error( $secret )
			? array(
				'status' => 0,
				'reason' => Failure::reason( $secret ),
			)
			: $endpoint->send( $secret, (string) $row->event, (string) $row->body );

		$taken   = $answer['status'] >= 200 && $answer['status'] < 300;
		$wait    = self::WAITS[ (int) $row->attempts ] ?? null;
		$is_gone = is_wp_error( $endpoint ) && 'webhook_unknown' === Failure::reason( $endpoint );
		Webhook_Table::note( $row, $answer['status'], $answer['reason'], $taken || $is_gone || null === $wait ? 0 : time() + $wait );
	}
}
