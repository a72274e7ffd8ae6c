<?php
/**
 * Makes a command-line script look to WordPress like a request to the site's own address.
 */

declare( strict_types=1 );

/**
 * Fills in what WordPress reads from a web server.
 *
 * @param string $url The site's address, such as http://127.0.0.1:8080.
 */
function pretend_request_to( string $url ): void {
	$port = parse_url( $url, PHP_URL_PORT );

	$_SERVER['HTTP_HOST']       = parse_url( $url, PHP_URL_HOST ) . ( $port ? ':' . $port : '' );
	$_SERVER['SERVER_NAME']     = parse_url( $url, PHP_URL_HOST );
	$_SERVER['SERVER_PORT']     = (string) ( $port ? $port : 80 );
	$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
	$_SERVER['REQUEST_METHOD']  = 'GET';
	$_SERVER['REQUEST_URI']     = '/';
	$_SERVER['REMOTE_ADDR']     = '127.0.0.1';
	$_SERVER['SCRIPT_NAME']     = '/index.php';
	$_SERVER['PHP_SELF']        = '/index.php';
}
