<?php
/**
 * Makes a WordPress ready to be measured: a key, limits out of the way, an administrator's application password.
 *
 * php setup.php SITE URL — prints the header that signs in.
 */

declare( strict_types=1 );

require __DIR__ . '/../../site/request.php';
list( , $site, $url ) = $argv;
pretend_request_to( $url );
require "$site/wp-load.php";

$saved = byok_save_key( 'openai', 'sk-proj-byok-test-valid-' . bin2hex( random_bytes( 16 ) ) );
if ( is_wp_error( $saved ) ) {
	fwrite( STDERR, $saved->get_error_code() . "\n" );
	exit( 1 );
}
$all = array( 1000000000, 60 );
Byok\Relay_Settings::change( array( 'limits' => array_fill_keys( array( 'token', 'user', 'address', 'key', 'global' ), $all ) ) );
$user = get_user_by( 'login', 'admin' );
list( $password ) = WP_Application_Passwords::create_new_application_password( $user->ID, array( 'name' => 'relay ' . bin2hex( random_bytes( 4 ) ) ) );
echo 'authorization: Basic ', base64_encode( "admin:$password" ), "\n";
