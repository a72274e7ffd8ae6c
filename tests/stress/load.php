<?php
/**
 * Loads the WordPress of the stress test, and what all its processes know.
 *
 * BYOK_TEST_SITE is the folder of WordPress, BYOK_TEST_URL its address.
 */

declare( strict_types=1 );

require __DIR__ . '/../site/request.php';
require __DIR__ . '/../phpunit/wordpress/support/Test_Provider.php';
pretend_request_to( getenv( 'BYOK_TEST_URL' ) );
require getenv( 'BYOK_TEST_SITE' ) . '/wp-load.php';

// Connections that are killed are no news here.
ini_set( 'log_errors', '0' );
ini_set( 'display_errors', '0' );

/**
 * The envelope in a stored text: it is the same as long as the key is, while the rest tells of checks.
 *
 * @param string|null $text Stored text.
 */
function envelope_of( ?string $text ): ?string {
	return preg_match( '/"envelope":"(byok1\.[^"]+)"/', (string) $text, $found ) ? $found[1] : null;
}
