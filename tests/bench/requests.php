<?php
/**
 * Times the same request to a provider in several ways, in turn.
 *
 * php requests.php first|kept METHOD|COUNT — prints JSON: nanoseconds by method. BYOK_TEST_SITE and BYOK_TEST_URL name a
 * WordPress with byok, BYOK_BENCH_CA the certificate authority of the test provider. `first` makes one request, the first
 * of its process; `kept` makes COUNT requests in each way, one after the other, so that what else the machine does
 * meets all of them. `setup` stores the key.
 */

declare( strict_types=1 );

use Byok\Place;

require __DIR__ . '/../site/request.php';
require __DIR__ . '/../phpunit/wordpress/support/Test_Provider.php';
pretend_request_to( getenv( 'BYOK_TEST_URL' ) );
define( 'WP_DISABLE_FATAL_ERROR_HANDLER', true );
require getenv( 'BYOK_TEST_SITE' ) . '/wp-load.php';

$key  = getenv( 'BYOK_BENCH_KEY' );
$ca   = getenv( 'BYOK_BENCH_CA' );
$url  = ini_get( 'byok.test_provider' ) . '/openai/v1/chat/completions';
$body = json_encode(
	array(
		'model'    => 'gpt-test',
		'messages' => array( array( 'role' => 'user', 'content' => str_repeat( 'Hello, how are you? ', 10 ) ) ),
	)
);

if ( 'setup' === $argv[1] ) {
	$saved = byok_save_key( 'openai', $key );
	echo json_encode( array( 'saved' => ! is_wp_error( $saved ), 'url' => $url, 'body' => $body ) );
	exit;
}

$place    = Place::of_site( 'openai' );
$origin   = byok_origin( 'openai' );
$context  = $place->context( $origin );
$envelope = byok_encrypt( $key, $context );
$headers  = array( 'Content-Type' => 'application/json' );
$kept     = null;

$curl = static function ( $handle ) use ( $url, $body, $key, $ca ): int {
	curl_setopt_array(
		$handle,
		array(
			CURLOPT_URL            => $url,
			CURLOPT_POST           => true,
			CURLOPT_POSTFIELDS     => $body,
			CURLOPT_HTTPHEADER     => array( 'Content-Type: application/json', "Authorization: Bearer $key" ),
			CURLOPT_RETURNTRANSFER => true,
			CURLOPT_CAINFO         => $ca,
		)
	);
	curl_exec( $handle );
	return curl_getinfo( $handle, CURLINFO_RESPONSE_CODE );
};

// The stand-in is for OpenAI's own address; byok asks the test provider in its place.
$methods = array(
	'byok_send'      => static fn() => byok_send( 'openai', $envelope, $context, array( 'method' => 'POST', 'path' => '/chat/completions', 'headers' => $headers, 'body' => $body ) )['status'],
	'byok_request'   => static fn() => wp_remote_retrieve_response_code( byok_request( 'openai', '/chat/completions', array( 'headers' => $headers, 'body' => $body ) ) ),
	'stand_in'       => static fn() => wp_remote_retrieve_response_code( wp_remote_post( 'https://api.openai.com/v1/chat/completions', array( 'headers' => $headers + array( 'Authorization' => 'Bearer ' . byok_stand_in( 'openai' ) ), 'body' => $body ) ) ),
	'wp_remote_post' => static fn() => wp_remote_retrieve_response_code( wp_remote_post( $url, array( 'headers' => $headers + array( 'Authorization' => "Bearer $key" ), 'body' => $body, 'sslcertificates' => $ca ) ) ),
	'curl_new'       => static fn() => $curl( curl_init() ),
	'curl_kept'      => static function () use ( $curl, &$kept ) {
		$kept ??= curl_init();
		return $curl( $kept );
	},
	'check'          => static fn() => 'valid' === byok_validate_key( 'openai', $key )['outcome'] ? 200 : 0,
);

$time = static function ( string $method ) use ( $methods ): int {
	$begun  = hrtime( true );
	$status = $methods[ $method ]();
	$took   = hrtime( true ) - $begun;
	if ( 200 !== $status ) {
		fwrite( STDERR, "$method: the answer is not 200\n" );
		exit( 1 );
	}
	return $took;
};

$times = array();
if ( 'first' === $argv[1] ) {
	$times[ $argv[2] ] = array( $time( $argv[2] ) );
} else {
	for ( $round = 0; $round < (int) $argv[2] + 5; $round++ ) {
		foreach ( array_keys( $methods ) as $method ) {
			$took = $time( $method );
			if ( $round >= 5 ) {
				// The first ones connect, and fill caches.
				$times[ $method ][] = $took;
			}
		}
	}
}
echo json_encode( $times );
