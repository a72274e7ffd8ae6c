<?php
/**
 * Writes the wp-config.php of a test site.
 *
 * php configure.php CONFIG.json FOLDER — the settings come from a file, not from the command line, because they hold
 * the database's password.
 */

declare( strict_types=1 );

[ , $settings_file, $folder ] = $argv;

$settings = json_decode( file_get_contents( $settings_file ), true, 4, JSON_THROW_ON_ERROR );

/**
 * Makes 64 random characters, as WordPress's own generator does; no quote and no backslash among them.
 */
function make_salt(): string {
	$letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!@#$%^&*()-_ []{}<>~+=,.;:/?|';
	$salt    = '';
	for ( $i = 0; $i < 64; $i++ ) {
		$salt .= $letters[ random_int( 0, strlen( $letters ) - 1 ) ];
	}
	return $salt;
}

/**
 * Answers the eight salts, or salts that are wrong in the way a test asks for.
 *
 * @param string $kind random, missing, placeholder, translated or duplicated.
 */
function salts( string $kind ): array {
	$names = array( 'AUTH_KEY', 'SECURE_AUTH_KEY', 'LOGGED_IN_KEY', 'NONCE_KEY', 'AUTH_SALT', 'SECURE_AUTH_SALT', 'LOGGED_IN_SALT', 'NONCE_SALT' );
	$one   = make_salt();
	$salts = array();
	foreach ( $names as $name ) {
		$salts[ $name ] = match ( $kind ) {
			'random'      => make_salt(),
			'missing'     => null,
			'placeholder' => 'put your unique phrase here',
			// From the German wp-config-sample.php.
			'translated'  => 'Füge hier deine Zeichenkette ein',
			'duplicated'  => $one,
		};
	}
	return array_filter( $salts, 'is_string' );
}

// A site for people may ask providers; with the test provider byok asks that one in their place.
$hosts = array( '127.0.0.1', 'localhost' );
if ( $settings['plain'] ) {
	$table = json_decode( file_get_contents( dirname( __DIR__, 2 ) . '/src/engine/providers.json' ), true, 16, JSON_THROW_ON_ERROR );
	$bases = array_filter( array_column( $table, 'base_url' ) );
	$hosts = array_merge( $hosts, array_map( static fn( string $base ) => parse_url( $base, PHP_URL_HOST ), $bases ) );
}

$constants = array(
	'DB_NAME'                    => $settings['db_name'],
	'DB_USER'                    => $settings['db_user'],
	'DB_PASSWORD'                => $settings['db_password'],
	'DB_HOST'                    => $settings['db_host'],
	'DB_CHARSET'                 => 'utf8mb4',
	'DB_COLLATE'                 => '',
	'WP_DEBUG'                   => true,
	'WP_DEBUG_LOG'               => true,
	'WP_DEBUG_DISPLAY'           => false,
	'SCRIPT_DEBUG'               => false,
	'WP_ENVIRONMENT_TYPE'        => 'local',
	// Nothing else leaves the machine through WordPress, and nothing runs beside the requests of a test.
	'WP_HTTP_BLOCK_EXTERNAL'     => true,
	'WP_ACCESSIBLE_HOSTS'        => implode( ',', array_unique( $hosts ) ),
	'DISABLE_WP_CRON'            => true,
	'AUTOMATIC_UPDATER_DISABLED' => true,
) + salts( $settings['salts'] );

$lines = array( '<?php', '// Written by bin/site: throw the site away and create it again instead of editing this.' );
foreach ( $constants as $name => $value ) {
	$lines[] = sprintf( "define( '%s', %s );", $name, var_export( $value, true ) );
}
$lines[] = '$table_prefix = \'wp_\';';

if ( $settings['multisite'] ) {
	// Made by install.php once the network's tables are there.
	$lines[] = "if ( is_file( __DIR__ . '/../network.php' ) ) {";
	$lines[] = "\trequire __DIR__ . '/../network.php';";
	$lines[] = '}';
} else {
	// So that a site can be served on another port later.
	$lines[] = "define( 'WP_HOME', trim( file_get_contents( __DIR__ . '/../url' ) ) );";
	$lines[] = "define( 'WP_SITEURL', WP_HOME );";
}
$lines[] = "if ( ! defined( 'ABSPATH' ) ) {";
$lines[] = "\tdefine( 'ABSPATH', __DIR__ . '/' );";
$lines[] = '}';
$lines[] = "require_once ABSPATH . 'wp-settings.php';";

file_put_contents( $folder . '/wp-config.php', implode( "\n", $lines ) . "\n" );
chmod( $folder . '/wp-config.php', 0600 );
