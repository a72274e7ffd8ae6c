<?php
/**
 * Keys on their way into the vault.
 *
 * @package byok
 */

namespace Byok;

use SensitiveParameterValue;

defined( 'ABSPATH' ) || exit;

/**
 * Holds a key between two hooks of WordPress, and hands a ticket for it through whatever lies between: other
 * plugins' filters and, with add_option(), the database.
 *
 * A ticket is random, good for one time, and only in the request that has made it.
 *
 * @since 0.1.0
 */
final class Connector_Ticket {

	/**
	 * Beginning of every ticket.
	 */
	private const MARK = 'byok-ticket-';

	/**
	 * Keys by their ticket. The object keeps them out of dumps and refuses to be serialized.
	 *
	 * @var array<string, SensitiveParameterValue>
	 */
	private static array $held = array();

	/**
	 * Takes a key and gives a ticket.
	 *
	 * @since 0.1.0
	 *
	 * @param string|null $key Key; null for a ticket that is worth nothing.
	 * @return string Letters, digits and `-`, which no filter changes.
	 */
	public static function issue( #[\SensitiveParameter] ?string $key ): string {
		$ticket = self::MARK . bin2hex( random_bytes( 16 ) );
		if ( null !== $key ) {
			self::$held[ $ticket ] = new SensitiveParameterValue( $key );
		}
		return $ticket;
	}

	/**
	 * Takes a ticket and gives the key.
	 *
	 * @since 0.1.0
	 *
	 * @param string $ticket Ticket.
	 * @return string|null Null when it is worth nothing, or not any more.
	 */
	public static function redeem( string $ticket ): ?string {
		$held = self::$held[ $ticket ] ?? null;
		unset( self::$held[ $ticket ] );
		return null === $held ? null : $held->getValue();
	}

	/**
	 * Whether a text is a ticket, of whatever worth.
	 *
	 * @since 0.1.0
	 *
	 * @param string $text Text.
	 */
	public static function is_one( #[\SensitiveParameter] string $text ): bool {
		return str_starts_with( $text, self::MARK );
	}
}
