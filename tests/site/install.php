<?php
/**
 * Installs WordPress into a prepared folder, and a network when one is wanted.
 *
 * php install.php FOLDER URL single|multisite — the administrator's password is read from stdin.
 */

declare( strict_types=1 );

require __DIR__ . '/request.php';

[ , $folder, $url, $kind ] = $argv;
$password = trim( stream_get_contents( STDIN ) );

pretend_request_to( $url );
define( 'WP_INSTALLING', true );
require $folder . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';

// There is no mail on a test machine, and nobody to write to.
add_filter( 'pre_wp_mail', '__return_true' );

wp_install( 'byok', 'admin', 'admin@example.org', false, '', wp_slash( $password ) );
if ( ! get_user_by( 'login', 'admin' ) ) {
	fwrite( STDERR, "WordPress did not create its administrator: {$wpdb->last_error}\n" );
	exit( 1 );
}

// Avatars come from elsewhere; nothing of these sites may be asked for outside this machine.
update_option( 'show_avatars', 0 );

if ( 'multisite' !== $kind ) {
	// The installer asks its own address whether permalinks work; nothing serves it yet. Our router does.
	$wp_rewrite->set_permalink_structure( '/%postname%/' );
	flush_rewrite_rules();
	exit( 0 );
}

foreach ( $wpdb->tables( 'ms_global' ) as $table => $prefixed ) {
	$wpdb->$table = $prefixed;
}
install_network();
$populated = populate_network( 1, $_SERVER['HTTP_HOST'], 'admin@example.org', 'byok network' );
if ( is_wp_error( $populated ) ) {
	fwrite( STDERR, $populated->get_error_message() . "\n" );
	exit( 1 );
}

$network = array(
	'MULTISITE'            => true,
	'SUBDOMAIN_INSTALL'    => false,
	'DOMAIN_CURRENT_SITE'  => $_SERVER['HTTP_HOST'],
	'PATH_CURRENT_SITE'    => '/',
	'SITE_ID_CURRENT_SITE' => 1,
	'BLOG_ID_CURRENT_SITE' => 1,
);
$lines   = array( '<?php' );
foreach ( $network as $name => $value ) {
	$lines[] = sprintf( "define( '%s', %s );", $name, var_export( $value, true ) );
}
file_put_contents( dirname( $folder ) . '/network.php', implode( "\n", $lines ) . "\n" );
