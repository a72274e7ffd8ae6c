<?php
/**
 * Which keys connectors have.
 *
 * @package byok
 */

namespace Byok;

use Throwable;

defined( 'ABSPATH' ) || exit;

/**
 * Tells quickly for which providers a key applies on the current site, whoever is logged in: one of the site,
 * the network or the server, in whatever state it is. A locked key still is the one that applies.
 *
 * Who asks, asks for many: all are looked up at once and remembered, failures too. Nothing here throws: it is called from filters of options. It opens no key.
 *
 * @since 0.1.0
 */
final class Connector_Keys {

	/**
	 * What is stored, by site and by kind of owner: for each provider the id of the key's place, of several
	 * keys the leading one's.
	 *
	 * @var array<int, array<string, array<string, string>>>
	 */
	private static array $stored = array();

	/**
	 * Whether there is a key.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 */
	public static function has( string $provider ): bool {
		try {
			if ( self::has_of_server( $provider ) ) {
				return true;
			}
			foreach ( Resolver::order( $provider ) as $kind ) {
				if ( isset( self::stored( $kind )[ $provider ] ) ) {
					return true;
				}
			}
			return false;
		} catch ( Throwable $thrown ) {
			return false;
		}
	}

	/**
	 * Whether the server gives a key that may apply. Costs no query.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 */
	public static function has_of_server( string $provider ): bool {
		try {
			$known = null === Extension::reason() ? Providers::find( $provider ) : null;
			return null !== $known && in_array( 'server', Resolver::order( $provider ), true ) && null !== Server_Key::find( $known );
		} catch ( Throwable $thrown ) {
			return false;
		}
	}

	/**
	 * Tells about the key that has() is about.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @return array|null Info, see byok_key_info(); null when there is no key, or it cannot be told.
	 */
	public static function info( string $provider ): ?array {
		try {
			$known = Providers::find( $provider );
			if ( null === $known ) {
				return null;
			}
			if ( in_array( 'site', Resolver::order( $provider ), true ) && isset( self::stored( 'site' )[ $provider ] ) ) {
				$info = Resolver::info( $provider, array( 'owner' => 'site' ) );
				return is_wp_error( $info ) ? null : $info;
			}
			return Resolver::inherited( $known );
		} catch ( Throwable $thrown ) {
			return null;
		}
	}

	/**
	 * The token that WordPress gets in place of a key.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @return string Empty when the provider is not known.
	 */
	public static function stand_in( string $provider ): string {
		try {
			$known = Providers::find( $provider );
			return null === $known ? '' : Stand_In::of( $known, array() );
		} catch ( Throwable $thrown ) {
			return '';
		}
	}

	/**
	 * Forgets what was looked up.
	 *
	 * @since 0.1.0
	 */
	public static function forget(): void {
		self::$stored = array();
	}

	/**
	 * What is stored for an owner.
	 *
	 * @param string $kind `site` or `network`; of anyone else nothing is told.
	 * @return array<string, string> Ids of places by provider id, see Place::id().
	 */
	private static function stored( string $kind ): array {
		if ( 'site' !== $kind && ( 'network' !== $kind || ! is_multisite() ) ) {
			return array();
		}
		// By site, so that switch_to_blog() needs no forgetting.
		$blog = get_current_blog_id();
		if ( ! isset( self::$stored[ $blog ][ $kind ] ) ) {
			$rows = Key_Store::read_all( 'site' === $kind ? Owner::site() : Owner::network() );

			self::$stored[ $blog ][ $kind ] = is_wp_error( $rows ) ? array() : array_fill_keys( array_keys( Key_Slots::by_provider( Owner::site(), array_keys( $rows ) ) ), true );
		}
		return self::$stored[ $blog ][ $kind ];
	}
}
