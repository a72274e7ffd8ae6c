<?php
/**
 * Times the same request to a provider in several ways, in turn.
 *
 * php requests.php setup | kept ROUNDS | first WAY — prints JSON: microseconds by way, `wall` of the clock and `cpu` of the
 * processor. BYOK_BENCH_CA is the certificate authority of the test provider. With BYOK_TEST_SITE and BYOK_TEST_URL, a
 * WordPress with byok, also its ways. `first` makes one request, the first of its process; `kept` makes one in each way
 * in every round, so that what else the machine does meets all of them. `setup` stores the key.
 */

declare( strict_types=1 );

use Byok\Place;
use Byok\Tests\Rounds;

require __DIR__ . '/class-rounds.php';
require __DIR__ . '/../phpunit/wordpress/support/Test_Provider.php';
$has_wordpress = false !== getenv( 'BYOK_TEST_SITE' );
if ( $has_wordpress ) {
	require __DIR__ . '/../site/request.php';
	pretend_request_to( getenv( 'BYOK_TEST_URL' ) );
	define( 'WP_DISABLE_FATAL_ERROR_HANDLER', true );
	require getenv( 'BYOK_TEST_SITE' ) . '/wp-load.php';
} else {
	foreach ( array( 'AUTH_KEY', 'AUTH_SALT' ) as $salt ) {
		define( $salt, base64_encode( random_bytes( 48 ) ) );
	}
}

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
	exit( is_wp_error( $saved ) ? 1 : 0 );
}

$origin   = byok_origin( 'openai' );
$context  = $has_wordpress ? Place::of_site( 'openai' )->context( $origin ) : array( 'owner' => 'site', 'provider' => 'openai', 'origin' => $origin );
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
$ways = array(
	'ureq'           => static fn() => byok_bench_request( $url, $ca, $key, $body ),
	'byok_send'      => static fn() => byok_send( 'openai', $envelope, $context, array( 'method' => 'POST', 'path' => '/chat/completions', 'headers' => $headers, 'body' => $body ) )['status'],
	'curl_kept'      => static function () use ( $curl, &$kept ) {
		$kept ??= curl_init();
		return $curl( $kept );
	},
	'curl_new'       => static fn() => $curl( curl_init() ),
	'check'          => static fn() => 'valid' === byok_validate_key( 'openai', $key )['outcome'] ? 200 : 0,
	'byok_request'   => static fn() => wp_remote_retrieve_response_code( byok_request( 'openai', '/chat/completions', array( 'headers' => $headers, 'body' => $body ) ) ),
	'stand_in'       => static fn() => wp_remote_retrieve_response_code( wp_remote_post( 'https://api.openai.com/v1/chat/completions', array( 'headers' => $headers + array( 'Authorization' => 'Bearer ' . byok_stand_in( 'openai' ) ), 'body' => $body ) ) ),
	'wp_remote_post' => static fn() => wp_remote_retrieve_response_code( wp_remote_post( $url, array( 'headers' => $headers + array( 'Authorization' => "Bearer $key" ), 'body' => $body, 'sslcertificates' => $ca ) ) ),
);
if ( ! $has_wordpress ) {
	unset( $ways['byok_request'], $ways['stand_in'], $ways['wp_remote_post'] );
}

$time = static function ( string $way ) use ( $ways ): array {
	$cpu    = Rounds::cpu();
	$begun  = hrtime( true );
	$status = $ways[ $way ]();
	$wall   = ( hrtime( true ) - $begun ) / 1000;
	$cpu    = Rounds::cpu() - $cpu;
	if ( 200 !== $status ) {
		fwrite( STDERR, "$way: the answer is $status\n" );
		exit( 1 );
	}
	return array( $wall, $cpu );
};

$answer = array();
if ( 'first' === $argv[1] ) {
	[ $answer['wall'][ $argv[2] ][], $answer['cpu'][ $argv[2] ][] ] = $time( $argv[2] );
} else {
	for ( $round = -10; $round < (int) $argv[2]; $round++ ) {
		// Each round in another order: who follows a long one finds cold caches.
		$order = array_keys( $ways );
		shuffle( $order );
		foreach ( $order as $way ) {
			[ $wall, $cpu ] = $time( $way );
			// The first ones connect, and fill caches.
			if ( $round >= 0 ) {
				$answer['wall'][ $way ][] = $wall;
				$answer['cpu'][ $way ][]  = $cpu;
			}
		}
	}
}
echo json_encode( $answer );
