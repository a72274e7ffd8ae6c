<?php
/**
 * Needs BYOK_TEST_EXTENSION, the path of the built extension, and BYOK_TEST_PROVIDER, the address of
 * the running test provider. Each test starts PHP processes of its own: key sources, INI entries and
 * leaks are matters of a whole process.
 */

foreach ( array( 'BYOK_TEST_EXTENSION', 'BYOK_TEST_PROVIDER' ) as $name ) {
	if ( ! getenv( $name ) ) {
		fwrite( STDERR, "$name is not set; run bin/test.\n" );
		exit( 1 );
	}
}

require __DIR__ . '/ExtensionTestCase.php';
require __DIR__ . '/SendTestCase.php';
