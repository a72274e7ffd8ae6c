<?php
/**
 * What the workers run: the code they are sent, with WordPress or without.
 *
 * The request's body is JSON: `code` returns something JSON can hold, `given` are its variables, `site` is the folder of
 * a WordPress to load, or null. It answers with the result and the worker's pid. It listens to root only.
 */

declare( strict_types=1 );

$task = json_decode( file_get_contents( 'cli' === PHP_SAPI ? 'php://stdin' : 'php://input' ), true, 8, JSON_THROW_ON_ERROR );
if ( null !== $task['site'] ) {
	require __DIR__ . '/request.php';
	pretend_request_to( 'http://127.0.0.1' );
	require $task['site'] . '/wp-load.php';
}

$result = ( static function ( string $code, array $given ) {
	extract( $given );
	return eval( $code );
} )( $task['code'], $task['given'] );

echo json_encode( array( 'pid' => getmypid(), 'result' => $result ), JSON_THROW_ON_ERROR | JSON_INVALID_UTF8_SUBSTITUTE );
