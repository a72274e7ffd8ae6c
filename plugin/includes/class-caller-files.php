<?php
/**
 * Whose files are.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Tells of a file whether it is WordPress's, byok's, or which plugin's or theme's, by the folders that
 * WordPress has them in, links resolved. For Caller.
 *
 * It does not read files, and does not ask who is calling.
 *
 * @since 0.1.0
 */
final class Caller_Files {

	/**
	 * What a file is when it names nobody: WordPress's or byok's own; in no plugin or theme; WordPress's AI
	 * client.
	 */
	public const PASSED_OVER = 0;
	public const UNKNOWN     = 1;
	public const AI_CLIENT   = 2;

	/**
	 * Whose each file is, as far as that was asked.
	 *
	 * @var array<string, Caller|int>
	 */
	private static array $files = array();

	/**
	 * Folders, with a slash at their end, and their resolved paths.
	 *
	 * @var array<string, string[]>
	 */
	private static array $folders = array();

	/**
	 * Whose a file is.
	 *
	 * @since 0.1.0
	 *
	 * @param string $file Path, as a stack names it: resolved, or of code that was evaluated.
	 * @return Caller|int A caller, or one of PASSED_OVER, UNKNOWN and AI_CLIENT.
	 */
	public static function whose( string $file ) {
		return self::$files[ $file ] ??= self::find( $file );
	}

	/**
	 * Looks for whose a file is.
	 *
	 * @param string $file Path.
	 * @return Caller|int See whose().
	 */
	private static function find( string $file ) {
		// "/a/file.php(12) : eval()'d code" is the file's.
		if ( str_contains( $file, ') : ' ) && preg_match( "/\A(.*?)\(\d+\) : (?:eval\(\)'d code|runtime-created function)/s", $file, $found ) ) {
			$file = $found[1];
		}
		$file = str_replace( '\\', '/', $file );

		if ( str_starts_with( (string) self::below( 'core', $file ), 'wp-includes/php-ai-client/' ) ) {
			return self::AI_CLIENT;
		}
		if ( null !== self::below( 'own', $file ) || self::is_core( $file ) ) {
			return self::PASSED_OVER;
		}
		return self::in_linked_folder( $file ) ?? self::in_folder( $file ) ?? self::linked_itself( $file ) ?? self::UNKNOWN;
	}

	/**
	 * Whether a file is WordPress's: its folders, and what lies beside them.
	 *
	 * @param string $file Path.
	 */
	private static function is_core( string $file ): bool {
		$rest = self::below( 'core', $file );
		if ( null !== $rest ) {
			return ! str_contains( $rest, '/' ) || str_starts_with( $rest, 'wp-includes/' ) || str_starts_with( $rest, 'wp-admin/' );
		}
		// Where WordPress has a folder of its own, these two are one above it.
		return in_array( self::below( 'above', $file ), array( 'wp-config.php', 'index.php' ), true );
	}

	/**
	 * The plugin whose folder is a link to where a file is.
	 *
	 * @param string $file Path.
	 */
	private static function in_linked_folder( string $file ): ?Caller {
		global $wp_plugin_paths;

		foreach ( (array) $wp_plugin_paths as $folder => $real ) {
			if ( str_starts_with( $file, rtrim( (string) $real, '/' ) . '/' ) ) {
				$linked = self::in_folder( rtrim( (string) $folder, '/' ) . '/x.php' );
				if ( null !== $linked ) {
					return $linked;
				}
			}
		}
		return null;
	}

	/**
	 * The plugin or theme in whose folder a file is.
	 *
	 * @param string $file Path.
	 */
	private static function in_folder( string $file ): ?Caller {
		foreach ( array( 'mu-plugin', 'plugin', 'theme' ) as $kind ) {
			$rest = self::below( $kind, $file );
			if ( null !== $rest ) {
				return Caller::of( $kind, 'theme' === $kind ? self::theme( $rest ) : explode( '/', $rest )[0] );
			}
		}
		return null;
	}

	/**
	 * The plugin of one file, or the theme, that is itself a link to where a file is. WordPress keeps no
	 * list of those.
	 *
	 * @param string $file Path.
	 */
	private static function linked_itself( string $file ): ?Caller {
		$plugins = array(
			'mu-plugin' => wp_get_mu_plugins(),
			'plugin'    => array_merge( wp_get_active_and_valid_plugins(), is_multisite() ? wp_get_active_network_plugins() : array() ),
		);
		foreach ( $plugins as $kind => $files ) {
			foreach ( $files as $plugin ) {
				if ( basename( $plugin ) === basename( $file ) && self::real( $plugin ) === $file ) {
					return self::in_folder( str_replace( '\\', '/', $plugin ) ) ?? Caller::of( $kind, basename( $plugin ) );
				}
			}
		}
		$themes = array(
			get_stylesheet() => get_stylesheet_directory(),
			get_template()   => get_template_directory(),
		);
		foreach ( $themes as $slug => $folder ) {
			if ( str_starts_with( $file, self::real( $folder ) . '/' ) ) {
				return Caller::of( 'theme', (string) $slug );
			}
		}
		return null;
	}

	/**
	 * The part of a theme's path that names it: one folder, or two for a theme in a folder of several.
	 *
	 * @param string $rest Path below the folder of themes.
	 */
	private static function theme( string $rest ): string {
		$parts = explode( '/', $rest );
		if ( count( $parts ) > 2 ) {
			foreach ( self::folders( 'theme' ) as $folder ) {
				if ( ! is_file( "$folder$parts[0]/style.css" ) && is_file( "$folder$parts[0]/$parts[1]/style.css" ) ) {
					return $parts[0] . '/' . $parts[1];
				}
			}
		}
		return $parts[0];
	}

	/**
	 * The part of a path that is below a folder.
	 *
	 * @param string $which Which folder, see folders().
	 * @param string $file  Path.
	 * @return string|null Null when it is not below.
	 */
	private static function below( string $which, string $file ): ?string {
		foreach ( self::$folders[ $which ] ??= self::folders( $which ) as $folder ) {
			if ( str_starts_with( $file, $folder ) ) {
				return substr( $file, strlen( $folder ) );
			}
		}
		return null;
	}

	/**
	 * Folders by what is in them.
	 *
	 * @param string $which `own`, `core`, `above` or one of the kinds.
	 * @return string[] As WordPress names them and as they really are, with a slash at the end.
	 */
	private static function folders( string $which ): array {
		global $wp_theme_directories;

		$folders = array(
			'own'       => array( dirname( BYOK_PLUGIN_FILE ) ),
			'core'      => array( ABSPATH ),
			'above'     => array( dirname( ABSPATH ) ),
			'plugin'    => array( WP_PLUGIN_DIR ),
			'mu-plugin' => array( WPMU_PLUGIN_DIR ),
			'theme'     => (array) $wp_theme_directories,
		)[ $which ];
		$found   = array();
		foreach ( $folders as $folder ) {
			$folder  = (string) $folder;
			$found[] = rtrim( str_replace( '\\', '/', $folder ), '/' ) . '/';
			$found[] = self::real( $folder ) . '/';
		}
		return array_values( array_diff( array_unique( $found ), array( '/' ) ) );
	}

	/**
	 * A path with its links resolved.
	 *
	 * @param string $path Path.
	 * @return string Empty when there is nothing.
	 */
	private static function real( string $path ): string {
		return rtrim( str_replace( '\\', '/', (string) realpath( $path ) ), '/' );
	}
}
