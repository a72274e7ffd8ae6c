<?php
/**
 * Times encrypting and decrypting, beside what one would have otherwise and beside the limits.
 *
 * php -d extension=byok.so -d extension=libbyok_bench.so ciphers.php WORDPRESS ROUNDS — WORDPRESS is a folder of its
 * files, for the library that is bundled there. The answer is JSON: microseconds of one call for each round, by size and
 * name.
 */

declare( strict_types=1 );

use Byok\Tests\Peers;
use Byok\Tests\Rounds;

require __DIR__ . '/class-rounds.php';
require __DIR__ . '/class-peers.php';
[ , $wordpress, $rounds ] = $argv;
require "$wordpress/wp-includes/sodium_compat/autoload.php";

/** Seconds that each way has of one round. */
const SPENT = 0.01;

foreach ( array( 'AUTH_KEY', 'AUTH_SALT', 'LOGGED_IN_KEY', 'LOGGED_IN_SALT' ) as $salt ) {
	define( $salt, base64_encode( random_bytes( 48 ) ) );
}
// The same as in limits/ciphers.rs.
$context = array(
	'network'  => '1',
	'blog'     => '1',
	'owner'    => 'site',
	'provider' => 'openai',
	'slot'     => 'default',
	'origin'   => 'https://api.openai.com:443',
);
$peers   = new Peers( $context );
$answer  = array();

/**
 * Calls a function so many times with the same.
 *
 * @param callable $call  Function.
 * @param mixed    ...$of What it is given.
 */
function again( callable $call, mixed ...$of ): Closure {
	return static function ( int $times ) use ( $call, $of ): void {
		for ( $i = 0; $i < $times; $i++ ) {
			$call( ...$of );
		}
	};
}

/**
 * As a key looks, and never the same twice.
 *
 * @param int $bytes Its length.
 */
function fresh( int $bytes ): string {
	return substr( 'sk-proj-byok-test-' . bin2hex( random_bytes( intdiv( $bytes, 2 ) ) ), 0, $bytes );
}

foreach ( array( 108, 8192 ) as $bytes ) {
	$plaintext = fresh( $bytes );
	$envelope  = byok_encrypt( $plaintext, $context );
	$encrypt   = array(
		'nothing' => again( 'byok_bench_nothing', $plaintext, $context ),
		'kernel'  => static fn( int $times ) => byok_bench_cipher( 'encrypt', $bytes, $times ),
		'byok'    => again( 'byok_encrypt', $plaintext, $context ),
	);
	$decrypt   = array(
		'nothing' => again( 'byok_bench_nothing', $envelope, $context ),
		'kernel'  => static fn( int $times ) => byok_bench_cipher( 'decrypt', $bytes, $times ),
		'byok'    => again( 'byok_decrypt', $envelope, $context ),
	);
	foreach ( array( 'sodium', 'gcm', 'site_kit', 'secretbox', 'compat' ) as $peer ) {
		$in   = array( $peers, "{$peer}_encrypt" );
		$out  = array( $peers, "{$peer}_decrypt" );
		$text = $in( $plaintext );
		// What is compared must be the same work: a peer that is wrong would be fast.
		$opens = $plaintext === $out( $text );
		if ( in_array( $peer, array( 'sodium', 'compat' ), true ) ) {
			$opens = $opens && $plaintext === byok_decrypt( $text, $context ) && $plaintext === $out( $envelope );
		}
		if ( ! $opens ) {
			fwrite( STDERR, "$peer does not open what it wrote.\n" );
			exit( 1 );
		}
		$encrypt[ $peer ] = again( $in, $plaintext );
		$decrypt[ $peer ] = again( $out, $text );
	}
	$answer['encrypt'][ $bytes ] = Rounds::time( $encrypt, (int) $rounds, SPENT );
	$answer['decrypt'][ $bytes ] = Rounds::time( $decrypt, (int) $rounds, SPENT );
}

// The cipher alone: a mebibyte shows its speed, a key what each message costs.
foreach ( array( 108, 8192, 1 << 20 ) as $bytes ) {
	$text  = str_repeat( 'a', $bytes );
	$key   = random_bytes( 32 );
	$nonce = random_bytes( 24 );
	$ways  = array(
		'chacha20poly1305' => static fn( int $times ) => byok_bench_cipher( 'chacha20poly1305', $bytes, $times ),
		'ring'             => static fn( int $times ) => byok_bench_cipher( 'ring', $bytes, $times ),
		'libsodium'        => again( 'sodium_crypto_aead_xchacha20poly1305_ietf_encrypt', $text, '', $nonce, $key ),
		'openssl'          => static function ( int $times ) use ( $text, $key, $nonce ): void {
			for ( $i = 0; $i < $times; $i++ ) {
				openssl_encrypt( $text, 'chacha20-poly1305', $key, OPENSSL_RAW_DATA, substr( $nonce, 0, 12 ), $tag );
			}
		},
	);
	$answer['cipher'][ $bytes ] = Rounds::time( $ways, (int) $rounds, SPENT );
}

// A key that the process meets for the first time is made known to the redactor: last, as it knows many by then.
$keys = array_map( static fn() => fresh( 108 ), range( 1, 1000 ) );
$new  = static function ( int $times ) use ( $keys, $context ): void {
	for ( $i = 0; $i < $times; $i++ ) {
		// More than are remembered.
		byok_encrypt( $keys[ $i % 1000 ], $context );
	}
};
$answer['encrypt'][108] += Rounds::time( array( 'new' => $new ), (int) $rounds, SPENT );

echo json_encode( $answer );
