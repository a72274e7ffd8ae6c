<?php
/**
 * The end of tickets before their time.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Ends the tickets that nobody should have any more: when a key is deleted or replaced, when somebody may use it no longer, and
 * when the relay's settings change. A ticket has the key in it, and nginx asks no WordPress.
 *
 * It does not reach further than this server's php-fpm: after a change at the command line, or on another server, tickets end in
 * their time, which is a minute unless somebody asked for up to fifteen.
 *
 * @since 0.1.0
 */
final class Relay_Revocation {

	/**
	 * After a key was saved or deleted.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $provider Provider id.
	 * @param mixed $info     Info, see byok_key_info().
	 */
	public static function of_key( $provider, $info ): void {
		self::of( (string) ( $info['owner'] ?? '' ) );
	}

	/**
	 * After a user was deleted, or may do something else than before.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $user User id.
	 */
	public static function of_user( $user ): void {
		self::of( Owner::user( (int) $user )->word() );
	}

	/**
	 * All tickets.
	 *
	 * @since 0.1.0
	 */
	public static function of_all(): void {
		self::of( '' );
	}

	/**
	 * Those with a key of an owner, and those that the owner has.
	 *
	 * @since 0.1.0
	 *
	 * @param string $owner See Owner::word(); empty for all.
	 */
	public static function of( string $owner ): void {
		// An extension of an earlier version may be loaded until php-fpm is started again.
		if ( function_exists( 'byok_end_tickets' ) ) {
			byok_end_tickets( $owner );
		}
	}
}
