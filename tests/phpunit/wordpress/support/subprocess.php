<?php
/**
 * What Site::run() starts: loads the site with other salts, if asked to, and runs the code from stdin.
 *
 * @package byok
 */

// phpcs:disable -- global code of a process of its own.
require dirname( __DIR__, 3 ) . '/site/request.php';

$byok_task = json_decode( stream_get_contents( STDIN ), true, 32, JSON_THROW_ON_ERROR );
pretend_request_to( $byok_task['url'] );

/**
 * The eight defines of wp-config.php, with other values.
 */
function byok_other_salts( string $kind ): string {
	$names = array( 'AUTH_KEY', 'SECURE_AUTH_KEY', 'LOGGED_IN_KEY', 'NONCE_KEY', 'AUTH_SALT', 'SECURE_AUTH_SALT', 'LOGGED_IN_SALT', 'NONCE_SALT' );
	$lines = '';
	foreach ( 'missing' === $kind ? array() : $names as $name ) {
		$value = str_starts_with( $kind, 'round ' ) ? hash( 'sha256', "$kind $name" ) : array(
			'placeholder' => 'put your unique phrase here',
			// From the German wp-config-sample.php.
			'translated'  => 'Füge hier deine Zeichenkette ein',
			'duplicated'  => str_repeat( 'the same for all ', 4 ),
			'changed'     => hash( 'sha256', "another $name" ),
		)[ $kind ];
		$lines .= sprintf( "define( '%s', %s );\n", $name, var_export( $value, true ) );
	}
	return $lines;
}

// The test wants to read the error itself.
define( 'WP_DISABLE_FATAL_ERROR_HANDLER', true );
define( 'ABSPATH', $byok_task['site'] . '/' );
foreach ( $byok_task['constants'] as $byok_name => $byok_value ) {
	define( $byok_name, $byok_value );
}
if ( 'own' === $byok_task['salts'] ) {
	require ABSPATH . 'wp-config.php';
} else {
	// The site's own configuration, but for the salts.
	$byok_config = preg_replace( "/^define\( '(AUTH|SECURE_AUTH|LOGGED_IN|NONCE)_(KEY|SALT)',.*\n/m", '', file_get_contents( ABSPATH . 'wp-config.php' ) );
	$byok_config = str_replace( '__DIR__', var_export( $byok_task['site'], true ), $byok_config );
	$byok_config = preg_replace( '/^<\?php/', '', byok_other_salts( $byok_task['salts'] ) . substr( $byok_config, strlen( '<?php' ) ) );
	eval( $byok_config );
}
require_once ABSPATH . 'wp-admin/includes/admin.php';

// Warnings are part of what a test looks at, whatever the site's configuration says.
ini_set( 'display_errors', '1' );
ini_set( 'log_errors', '0' );

$byok_result = ( static function ( string $code, array $given ) {
	extract( $given );
	return eval( $code );
} )( $byok_task['code'], $byok_task['given'] );

echo "\n--- result ---\n", json_encode( $byok_result, JSON_THROW_ON_ERROR );
