<?php
/**
 * How often a member may try a key.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Limits the checks that a person causes with keys of their own: each one is a request to a provider from
 * this server, and would tell whoever found a list of keys which of them are good.
 *
 * People who manage the keys of the site are not limited.
 *
 * @since 0.1.0
 */
final class Attempts {

	/**
	 * Checks an hour. Nobody needs as many for a handful of providers.
	 */
	private const AN_HOUR = 20;

	/**
	 * Counts one, if there is one left.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner $owner Whose key is to be checked.
	 * @return WP_Error|null byok_too_many_attempts; null when it may go on.
	 */
	public static function count( Owner $owner ): ?WP_Error {
		if ( 'user' !== $owner->kind || Capability::current_user_can() ) {
			return null;
		}

		$name   = 'byok_attempts_' . $owner->id;
		$begun  = get_transient( $name );
		$begun  = is_array( $begun ) && isset( $begun['until'], $begun['count'] ) ? $begun : array( 'until' => time() + HOUR_IN_SECONDS, 'count' => 0 );
		$waits  = max( 1, (int) $begun['until'] - time() );
		++$begun['count'];
		if ( $begun['count'] > self::AN_HOUR ) {
			return Failure::because( 'too_many_attempts', '', array( 'retry_after' => $waits ) );
		}
		set_transient( $name, $begun, $waits );
		return null;
	}
}
