<?php
/**
 * Keys that were not verified when they were saved.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Checks a key that is not verified yet when it is first used: in a WP-Cron event of its own, so that
 * the request that uses the key does not wait.
 *
 * @since 0.1.0
 */
final class Recheck {

	/**
	 * The event. Its arguments are the id of a place, see Place::id(), and the word of an owner.
	 */
	public const HOOK = 'byok_check_key';

	/**
	 * Seconds from one of our checks to the next: a provider that is down is not asked at every use. The
	 * first use does not wait for it.
	 */
	private const PAUSE = 5 * MINUTE_IN_SECONDS;

	/**
	 * Plans a check, if the key needs one.
	 *
	 * @since 0.1.0
	 *
	 * @param Place   $place Place.
	 * @param Key_Row $row   The row that is being used.
	 */
	public static function on_use( Place $place, Key_Row $row ): void {
		// A limit passes as an outage does. Who has no key before it to lose can wait for a person's check.
		$may_change    = 'unknown' === $row->outcome || ( 'rate_limited' === $row->outcome && null !== $row->previous );
		$checked_since = (int) $row->checked_at > $row->saved_at;
		if ( ! $may_change || ( $checked_since && $row->checked_at > time() - self::PAUSE ) ) {
			return;
		}
		self::plan( $place );
	}

	/**
	 * Plans a check, as soon as may be.
	 *
	 * @since 0.1.0
	 *
	 * @param Place $place Place.
	 */
	public static function plan( Place $place ): void {
		$event = array( $place->id(), $place->owner->word() );
		if ( ! wp_next_scheduled( self::HOOK, $event ) ) {
			wp_schedule_single_event( time(), self::HOOK, $event );
		}
	}

	/**
	 * Takes back what was planned for an owner.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner $owner Whose keys.
	 */
	public static function forget( Owner $owner ): void {
		foreach ( (array) _get_cron_array() as $time => $hooks ) {
			foreach ( (array) ( $hooks[ self::HOOK ] ?? array() ) as $event ) {
				if ( $owner->word() === ( $event['args'][1] ?? null ) ) {
					wp_unschedule_event( (int) $time, self::HOOK, $event['args'] );
				}
			}
		}
	}

	/**
	 * Checks the key, when its event is due.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $provider Provider id, or the id of one of several places.
	 * @param mixed $owner    Word of an owner, see Owner::parse().
	 */
	public static function run( $provider, $owner = 'site' ): void {
		$owner = is_string( $owner ) ? Owner::parse( $owner ) : null;
		if ( is_string( $provider ) && null !== $owner ) {
			Vault::check( $provider, $owner );
		}
	}
}
