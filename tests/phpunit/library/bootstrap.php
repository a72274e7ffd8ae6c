<?php
/**
 * Needs the extension in this PHP, and BYOK_TEST_LIBRARIES: a folder with Monolog and Psr/Log, as Debian's packages
 * have it in /usr/share/php.
 */

$libraries = (string) getenv( 'BYOK_TEST_LIBRARIES' );
if ( ! extension_loaded( 'byok' ) || ! is_dir( "$libraries/Monolog" ) || ! is_dir( "$libraries/Psr/Log" ) ) {
	fwrite( STDERR, "PHP must run with -d extension=…/byok.so, and BYOK_TEST_LIBRARIES name a folder with Monolog and Psr/Log.\n" );
	exit( 1 );
}

// In front of all others: the autoloaders of the packages know the installed version only.
spl_autoload_register(
	static function ( string $class_name ) use ( $libraries ): void {
		$file = $libraries . '/' . str_replace( '\\', '/', $class_name ) . '.php';
		if ( preg_match( '/\A(?:Monolog|Psr\\\\Log)\\\\/', $class_name ) && is_file( $file ) ) {
			require $file;
		}
	},
	true,
	true
);

require __DIR__ . '/../../../php/log/autoload.php';
require __DIR__ . '/../wordpress/support/Leaks.php';
require __DIR__ . '/LibraryTestCase.php';
