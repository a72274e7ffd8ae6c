<?php
/**
 * Plugins that use keys, on the site.
 *
 * @package byok
 */

namespace Byok\Tests;

/**
 * Puts the plugins of tests/site/plugins-for-tests on the site, activates them and runs code among them.
 */
final class Gate_Plugins {

	/**
	 * An address that WordPress takes for one on the internet, and where nothing answers but name servers (RFC 7535).
	 */
	private const ADDRESS = '192.31.196.1';

	/**
	 * In front of the code: WordPress asks PHP for the address of a host before some requests. There are no such names
	 * where the tests run, so a function of ours answers in the place of PHP's.
	 */
	private const NAMES = 'function gethostbyname( string $host ): string {
			return in_array( $host, explode( ",", BYOK_TEST_NAMES ), true ) ? BYOK_TEST_ADDRESS : $host;
		}
		';

	/**
	 * Installs and activates them.
	 */
	public static function install(): void {
		foreach ( self::names() as $name ) {
			$folder = WP_PLUGIN_DIR . "/$name";
			wp_mkdir_p( $folder );
			copy( self::source() . "/$name/$name.php", "$folder/$name.php" );
		}
		self::activate( true );
	}

	/**
	 * Removes them.
	 */
	public static function remove(): void {
		self::activate( false );
		foreach ( self::names() as $name ) {
			$folder = WP_PLUGIN_DIR . "/$name";
			unlink( "$folder/$name.php" );
			rmdir( $folder );
		}
	}

	/**
	 * Runs code in a process of its own, with the plugins and with hosts of providers that WordPress lets through.
	 *
	 * @param string $code    As of Site::run().
	 * @param array  $options As of Site::run(). With an empty `disable_functions` names are looked up as ever.
	 * @return array As of Site::run().
	 */
	public static function run( string $code, array $options = array() ): array {
		$hosts = array( '127.0.0.1', 'localhost' );
		foreach ( byok_providers() as $known ) {
			if ( null !== $known['base_url'] ) {
				$hosts[] = wp_parse_url( $known['base_url'], PHP_URL_HOST );
			}
		}
		$options['constants'] = ( $options['constants'] ?? array() ) + array(
			'WP_ACCESSIBLE_HOSTS' => implode( ',', $hosts ),
			'BYOK_TEST_NAMES'     => implode( ',', array_slice( $hosts, 2 ) ),
			'BYOK_TEST_ADDRESS'   => self::ADDRESS,
		);
		// A function that is disabled may be defined anew.
		$options['ini'] = ( $options['ini'] ?? array() ) + array( 'disable_functions' => 'gethostbyname' );
		return Site::run( ( '' === $options['ini']['disable_functions'] ? '' : self::NAMES ) . $code, $options );
	}

	/**
	 * Puts them on the list of active plugins, or takes them off. Not by activate_plugin(): they are not for this process.
	 *
	 * @param bool $active Whether they are to be active.
	 */
	private static function activate( bool $active ): void {
		$ours   = array_map( static fn( $name ) => "$name/$name.php", self::names() );
		$others = array_diff( (array) get_option( 'active_plugins' ), $ours );
		update_option( 'active_plugins', array_values( $active ? array_merge( $others, $ours ) : $others ) );
	}

	/**
	 * Their names.
	 *
	 * @return string[]
	 */
	private static function names(): array {
		return array_map( 'basename', glob( self::source() . '/*', GLOB_ONLYDIR ) );
	}

	/**
	 * Where they come from.
	 */
	private static function source(): string {
		return dirname( __DIR__, 3 ) . '/site/plugins-for-tests';
	}
}
