<?php
/**
 * Activates the plugin as an administrator would; on a network for all its sites.
 *
 * php activate.php FOLDER URL
 */

declare( strict_types=1 );

require __DIR__ . '/request.php';

[ , $folder, $url ] = $argv;

pretend_request_to( $url );
require $folder . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/plugin.php';

wp_set_current_user( get_user_by( 'login', 'admin' )->ID );
$activated = activate_plugin( 'byok/byok.php', '', is_multisite() );
if ( is_wp_error( $activated ) ) {
	fwrite( STDERR, 'byok could not be activated: ' . wp_strip_all_tags( $activated->get_error_message() ) . "\n" );
	exit( 1 );
}
