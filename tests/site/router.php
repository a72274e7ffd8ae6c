<?php
/**
 * Router for PHP's built-in server: what a real web server's configuration does for WordPress.
 *
 * Without it the built-in server hands out wp-content/database/.ht.sqlite and debug.log to anyone. It is for tests and
 * the demonstration on loopback; it is no example for a public server.
 */

declare( strict_types=1 );

$root = rtrim( $_SERVER['DOCUMENT_ROOT'], '/' );
$path = rawurldecode( (string) parse_url( 'http://localhost' . $_SERVER['REQUEST_URI'], PHP_URL_PATH ) );

/**
 * Tells whether a path is never to be served: dot files (so `..` as well), the embedded database, logs and the
 * configuration with its copies.
 *
 * @param string $path Decoded path.
 */
$refused = static fn( string $path ): bool => 1 === preg_match(
	'#(^|[/\\\\])\.|\0|/wp-content/database(/|$)|\.(log|sqlite|sqlite-wal|sqlite-shm|sql)(/|$)|/wp-config[^/]*(/|$)#i',
	$path
);

if ( $refused( $path ) ) {
	http_response_code( 403 );
	header( 'Content-Type: text/plain' );
	echo "Refused.\n";
	return true;
}

// A network in subfolders: /second/wp-admin/ is the file /wp-admin/ with another site in the address.
$file = $path;
if ( ! file_exists( $root . $file ) && preg_match( '#^/[_0-9a-zA-Z-]+(/(?:wp-(?:content|admin|includes)(?:/.*)?|[^/]+\.php))$#', $file, $found ) && file_exists( $root . $found[1] ) ) {
	$file = $found[1];
}

if ( is_dir( $root . $file ) && '/' !== $file ) {
	if ( ! str_ends_with( $file, '/' ) ) {
		$query = (string) parse_url( 'http://localhost' . $_SERVER['REQUEST_URI'], PHP_URL_QUERY );
		// One slash in front: two would name another host.
		header( 'Location: /' . trim( $path, '/' ) . '/' . ( '' === $query ? '' : '?' . $query ), true, 301 );
		return true;
	}
	$file .= 'index.php';
}

if ( $file === $path && is_file( $root . $file ) ) {
	// As it is: PHP files are run, others sent.
	return false;
}

if ( is_file( $root . $file ) && ! str_ends_with( $file, '.php' ) ) {
	$types = array(
		'css' => 'text/css',
		'js'  => 'text/javascript',
		'svg' => 'image/svg+xml',
		'png' => 'image/png',
	);
	header( 'Content-Type: ' . ( $types[ pathinfo( $file, PATHINFO_EXTENSION ) ] ?? 'application/octet-stream' ) );
	readfile( $root . $file );
	return true;
}

// Everything that is no file is a page of WordPress.
$script = is_file( $root . $file ) ? $file : '/index.php';

$_SERVER['SCRIPT_NAME']     = $script;
$_SERVER['PHP_SELF']        = $script;
$_SERVER['SCRIPT_FILENAME'] = $root . $script;
chdir( dirname( $root . $script ) );
require $root . $script;
return true;
