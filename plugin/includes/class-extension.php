<?php
/**
 * The native extension, seen from the plugin.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Tells whether the extension is there and new enough, and what to do when it is not.
 *
 * It never falls back to anything: without the extension keys are neither read nor written.
 *
 * @since 0.1.0
 */
final class Extension {

	/**
	 * The oldest extension that has every function the plugin calls.
	 */
	public const MINIMUM_VERSION = '0.1.0';

	/**
	 * Why the extension cannot be used, as a reason code.
	 *
	 * @since 0.1.0
	 *
	 * @return string|null `extension_missing`, `extension_outdated`, or null when it can be used.
	 */
	public static function reason(): ?string {
		$version = self::version();
		if ( null === $version ) {
			return 'extension_missing';
		}
		return version_compare( $version, self::MINIMUM_VERSION, '<' ) ? 'extension_outdated' : null;
	}

	/**
	 * Version of the loaded extension.
	 *
	 * @since 0.1.0
	 *
	 * @return string|null Null when it is not loaded.
	 */
	public static function version(): ?string {
		$version = phpversion( 'byok' );
		return false === $version ? null : $version;
	}

	/**
	 * What is wrong with the extension and how to put it right, in plain text: one command a line.
	 *
	 * The text holds paths of this server: show it only to people who may manage keys.
	 *
	 * @since 0.1.0
	 *
	 * @return string|null Null when the extension can be used.
	 */
	public static function problem(): ?string {
		$reason = self::reason();
		if ( null === $reason ) {
			return null;
		}

		$sentence = sprintf(
			/* translators: 1: a sentence that says what is wrong, 2: PHP version. Shell commands follow. */
			__( '%1$s For PHP %2$s on this server, run as root in the folder of byok’s source:', 'byok' ),
			Messages::reason( $reason ),
			phpversion()
		);
		return $sentence . "\n" . implode( "\n", self::commands() );
	}

	/**
	 * The shell commands that install the extension for the PHP that runs this very request.
	 *
	 * @since 0.1.0
	 *
	 * @return string[] Commands, in order.
	 */
	public static function commands(): array {
		$commands = array(
			'cargo build --release -p byok',
			// install(1) replaces the file instead of writing into one that workers have mapped.
			'install -m 0644 target/release/libbyok.so ' . escapeshellarg( ini_get( 'extension_dir' ) . '/byok.so' ),
			self::enable_command(),
		);

		$restart = self::restart_command();
		if ( null !== $restart ) {
			$commands[] = $restart;
		}
		return $commands;
	}

	/**
	 * The command that has PHP load the extension.
	 *
	 * @return string Command.
	 */
	private static function enable_command(): string {
		$folder = self::ini_folder();
		if ( null !== $folder ) {
			return "echo 'extension=byok' > " . escapeshellarg( $folder . '/30-byok.ini' );
		}
		$loaded = php_ini_loaded_file();
		return "echo 'extension=byok' >> " . escapeshellarg( $loaded ? $loaded : PHP_CONFIG_FILE_PATH . '/php.ini' );
	}

	/**
	 * The folder whose .ini files this PHP reads.
	 *
	 * @return string|null Null when it reads only php.ini.
	 */
	private static function ini_folder(): ?string {
		$scanned = php_ini_scanned_files();
		if ( is_string( $scanned ) && '' !== trim( $scanned ) ) {
			return dirname( trim( strtok( $scanned, ',' ) ) );
		}
		return '' === PHP_CONFIG_FILE_SCAN_DIR ? null : PHP_CONFIG_FILE_SCAN_DIR;
	}

	/**
	 * The command after which the web server's PHP has the extension.
	 *
	 * @return string|null Null when there is no service to restart.
	 */
	private static function restart_command(): ?string {
		switch ( PHP_SAPI ) {
			case 'fpm-fcgi':
				return sprintf( 'systemctl restart php%d.%d-fpm', PHP_MAJOR_VERSION, PHP_MINOR_VERSION );
			case 'apache2handler':
				return 'systemctl restart apache2';
			case 'litespeed':
				return 'systemctl restart lsws';
			default:
				return null;
		}
	}
}
