<?php
/**
 * What is noted about a person in passing.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Removes what is kept of a person, with an account or without, beside keys and usage: counts of checks, checks that are
 * planned, keys that were put back, and events that are still to be told of the keys.
 *
 * All of it ends by itself soon. Who asks to be forgotten does not have to wait.
 *
 * @since 0.1.0
 */
final class Person_Notes {

	/**
	 * Removes what is still to be told of a person's keys. Before the keys go: their end is told.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner $person The person.
	 */
	public static function forget_events( Owner $person ): void {
		Webhook_Table::forget_owner( $person );
	}

	/**
	 * Removes the rest, once there is no key any more.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner $person The person.
	 */
	public static function forget( Owner $person ): void {
		Attempts::forget( $person );
		Recheck::forget( $person );
		foreach ( array_keys( Providers::all() ) as $provider ) {
			Put_Back::forget( $provider, array( 'owner' => $person->word(), 'provider' => $provider ) );
		}
	}
}
