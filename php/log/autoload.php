<?php
/**
 * Loads the classes of Byok\Log where Composer does not.
 *
 * @package byok
 */

spl_autoload_register(
	static function ( string $class_name ): void {
		if ( ! str_starts_with( $class_name, 'Byok\\Log\\' ) ) {
			return;
		}
		// Byok\Log\Redacting_Logger is class-redacting-logger.php.
		$name = strtolower( str_replace( '_', '-', substr( $class_name, strlen( 'Byok\\Log\\' ) ) ) );
		$file = __DIR__ . '/class-' . $name . '.php';
		if ( is_file( $file ) ) {
			require_once $file;
		}
	}
);
