<?php
/**
 * The address that a request comes from.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Tells who is counted as one sender. Behind a proxy all requests come from the proxy, and one bucket would be
 * everybody's; but anyone can write the header in which proxies tell whom they speak for. So it is read only when
 * the sender is a listed proxy, and from its end: each proxy adds who has called it, and the first entry from
 * behind that is no listed proxy is the last one that a listed proxy has seen itself.
 *
 * Who has no address is somebody all the same: all of them are counted as one.
 *
 * @since 0.1.0
 */
final class Relay_Address {

	/**
	 * What a web server says that is asked by another one through a socket of its own.
	 */
	private const SOCKET = 'unix:';

	/**
	 * The sender of the current request.
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $trusted Networks of proxies that are believed.
	 * @param string   $server  How PHP is run.
	 * @return string Address for a bucket, see bucket(). Empty when there is nobody: at the command line.
	 */
	public static function current( array $trusted, string $server = PHP_SAPI ): string {
		// phpcs:disable WordPress.Security.ValidatedSanitizedInput, WordPressVIPMinimum.Variables -- parsed as addresses.
		$sender  = (string) ( $_SERVER['REMOTE_ADDR'] ?? '' );
		$entries = explode( ',', (string) wp_unslash( $_SERVER['HTTP_X_FORWARDED_FOR'] ?? '' ) );
		// phpcs:enable
		while ( array() !== $entries && self::is_in( $sender, $trusted ) ) {
			$entry = self::plain( (string) array_pop( $entries ) );
			if ( false === filter_var( $entry, FILTER_VALIDATE_IP ) ) {
				// The proxy has written no address: everything before it may be made up.
				break;
			}
			$sender = $entry;
		}
		return '' === $sender && 'cli' === $server ? '' : self::bucket( $sender );
	}

	/**
	 * Reads a network.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $text Address, or address and length of the prefix: `10.0.0.0/8`; or `unix:`, a socket of this server.
	 * @return string|null The network, with its length; null when it is none.
	 */
	public static function network( $text ): ?string {
		if ( is_string( $text ) && self::SOCKET === trim( $text ) ) {
			return self::SOCKET;
		}
		list( $address, $length ) = array_pad( explode( '/', is_string( $text ) ? trim( $text ) : '', 2 ), 2, null );
		$packed                   = self::packed( $address );
		if ( null === $packed ) {
			return null;
		}
		$most = 8 * strlen( $packed );
		if ( null !== $length && ( ! preg_match( '/\A(?:0|[1-9]\d{0,2})\z/', $length ) || (int) $length > $most ) ) {
			return null;
		}
		return inet_ntop( $packed ) . '/' . ( $length ?? $most );
	}

	/**
	 * Whether an address is in one of these networks.
	 *
	 * @since 0.1.0
	 *
	 * @param string   $address  Address.
	 * @param string[] $networks Networks.
	 */
	public static function is_in( string $address, array $networks ): bool {
		$packed = self::packed( $address );
		if ( null === $packed ) {
			return self::SOCKET === $address && in_array( self::SOCKET, $networks, true );
		}
		foreach ( $networks as $network ) {
			list( $of, $length ) = explode( '/', "$network/" );
			$of                  = self::packed( $of );
			if ( strlen( (string) $of ) !== strlen( $packed ) ) {
				continue;
			}
			$bytes = intdiv( (int) $length, 8 );
			$bits  = ( 0xFF << ( 8 - (int) $length % 8 ) ) & 0xFF;
			$same  = substr( $of, 0, $bytes ) === substr( $packed, 0, $bytes );
			if ( $same && ( 0 === $bits || ( ord( $of[ $bytes ] ) & $bits ) === ( ord( $packed[ $bytes ] ) & $bits ) ) ) {
				return true;
			}
		}
		return false;
	}

	/**
	 * What is counted as one sender: an IPv4 address, or the 64 bits of an IPv6 one that a household has.
	 *
	 * @since 0.1.0
	 *
	 * @param string $address Address.
	 * @return string `unknown` when it is none.
	 */
	public static function bucket( string $address ): string {
		$packed = self::packed( $address );
		if ( null === $packed ) {
			return 'unknown';
		}
		return 16 === strlen( $packed ) ? inet_ntop( substr( $packed, 0, 8 ) . str_repeat( "\0", 8 ) ) . '/64' : inet_ntop( $packed );
	}

	/**
	 * An address in bytes. An IPv4 one that is written as IPv6 is the IPv4 one.
	 *
	 * @param string $address Address.
	 */
	private static function packed( string $address ): ?string {
		$packed = false === filter_var( $address, FILTER_VALIDATE_IP ) ? null : (string) inet_pton( $address );
		return null !== $packed && str_starts_with( $packed, "\0\0\0\0\0\0\0\0\0\0\xFF\xFF" ) ? substr( $packed, 12 ) : $packed;
	}

	/**
	 * An entry without port and brackets, as some proxies write it.
	 *
	 * @param string $entry Entry.
	 */
	private static function plain( string $entry ): string {
		return preg_replace( '/\A\[(.*)\](?::\d+)?\z|\A(\d+\.\d+\.\d+\.\d+):\d+\z/', '$1$2', trim( $entry, " \t\"" ) );
	}
}
