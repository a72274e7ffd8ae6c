<?php
/**
 * Plugin Name: byok test secrets
 *
 * Defines the constants that a test has written into byok-test-constants.json beside the site's folder, as
 * wp-config.php would. An edit of wp-config.php itself is seen only seconds later, where PHP keeps
 * compiled files.
 *
 * @package byok
 */

defined( 'ABSPATH' ) || exit;

( static function (): void {
	$file = dirname( ABSPATH ) . '/byok-test-constants.json';
	// phpcs:ignore WordPress.WP.AlternativeFunctions -- a local file.
	$constants = is_file( $file ) ? json_decode( (string) file_get_contents( $file ), true ) : null;
	foreach ( is_array( $constants ) ? $constants : array() as $name => $value ) {
		defined( $name ) || define( $name, $value );
	}
} )();
