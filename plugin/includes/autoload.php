<?php
/**
 * Loads the plugin's classes when they are first used.
 *
 * @package byok
 */

defined( 'ABSPATH' ) || exit;

spl_autoload_register(
	static function ( string $class_name ): void {
		if ( ! str_starts_with( $class_name, 'Byok\\' ) ) {
			return;
		}

		// Byok\Key_Store is class-key-store.php. Byok\Exception\… is the extension's and has no file.
		$name = strtolower( str_replace( '_', '-', substr( $class_name, strlen( 'Byok\\' ) ) ) );
		$file = __DIR__ . '/class-' . $name . '.php';

		if ( ! str_contains( $name, '\\' ) && is_file( $file ) ) {
			require_once $file;
		}
	}
);
