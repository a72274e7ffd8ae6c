<?php
/**
 * Loads the WordPress site that the tests run in, as a request to it would.
 *
 * The site has the plugin activated and an administrator called "admin"; bin/site makes such a one. It is found through
 * the environment:
 *
 *     BYOK_TEST_SITE       folder of WordPress
 *     BYOK_TEST_URL        its address, where it is being served
 *     BYOK_TEST_PROVIDER   address of the running test provider
 *     BYOK_TEST_EXTENSION  file of the extension, for the PHP processes that tests start
 *
 * and PHP runs with `-d extension=… -d byok.test_provider=…`. The tests delete every key of the site.
 *
 * @package byok
 */

// PHPUnit includes this file inside a method; these are what WordPress expects to be global.
global $wp, $wpdb, $wp_version, $wp_rewrite, $wp_query, $wp_the_query, $wp_object_cache, $wp_theme_directories,
	$wp_plugin_paths, $wp_filter, $shortcode_tags, $phpmailer, $table_prefix, $current_site, $current_blog, $blog_id,
	$public, $_wp_switched_stack, $switched, $pagenow, $wp_locale, $wp_roles, $wp_embed, $wp_widget_factory;

foreach ( array( 'BYOK_TEST_SITE', 'BYOK_TEST_URL', 'BYOK_TEST_PROVIDER', 'BYOK_TEST_EXTENSION' ) as $name ) {
	if ( '' === (string) getenv( $name ) ) {
		fwrite( STDERR, "$name is not set. Run bin/test, or see " . __FILE__ . "\n" );
		exit( 1 );
	}
}
if ( ! extension_loaded( 'byok' ) || ini_get( 'byok.test_provider' ) !== getenv( 'BYOK_TEST_PROVIDER' ) ) {
	fwrite( STDERR, "PHP must run with -d extension=\$BYOK_TEST_EXTENSION -d byok.test_provider=\$BYOK_TEST_PROVIDER\n" );
	exit( 1 );
}

require __DIR__ . '/../site/request.php';
pretend_request_to( getenv( 'BYOK_TEST_URL' ) );
require getenv( 'BYOK_TEST_SITE' ) . '/wp-load.php';

if ( ! defined( 'BYOK_VERSION' ) ) {
	fwrite( STDERR, "The plugin is not active on the site.\n" );
	exit( 1 );
}

// What only admin screens load by themselves.
require_once ABSPATH . 'wp-admin/includes/admin.php';

foreach ( array( 'Leaks', 'Test_Provider', 'Site', 'Browser', 'Test_Case' ) as $class_name ) {
	require __DIR__ . "/wordpress/support/$class_name.php";
}
