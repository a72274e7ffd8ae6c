<?php
/**
 * Moves the keys of many people to another secret, and says how long it took.
 *
 * php reencryption.php [FILE] — BYOK_STRESS_ROWS is how many people (100000). Every key must have been moved, and a few of
 * them are opened. It loses all keys of the site. FILE is given JSON: rows and seconds, and those of a plain loop in PHP.
 */

declare( strict_types=1 );

use Byok\Key_Row;
use Byok\Owner;
use Byok\Place;
use Byok\Reencryption;
use Byok\Tests\Test_Provider;

require __DIR__ . '/load.php';

global $wpdb;
$rows   = (int) ( getenv( 'BYOK_STRESS_ROWS' ) ?: 100000 );
$origin = byok_origin( 'anthropic' );
// People who are not there: only their rows count. Each has other fields as well, as real people do.
$first   = 1000000;
$samples = array();
$values  = array();
$wpdb->query( "DELETE FROM $wpdb->options WHERE option_name LIKE 'byok\_key\_%'" );
$wpdb->query( "DELETE FROM $wpdb->usermeta WHERE meta_key LIKE 'byok\_key\_%'" );
// The history that run.php has the database keep would be measured too.
foreach ( array( 'INSERT', 'UPDATE', 'DELETE' ) as $event ) {
	$wpdb->query( "DROP TRIGGER IF EXISTS byok_stress_{$wpdb->usermeta}_$event" );
}

for ( $user = $first; $user < $first + $rows; $user++ ) {
	$key   = Test_Provider::key();
	$place = new Place( Owner::user( $user ), 'anthropic' );
	$row   = Key_Row::seal( $place, $key, $origin, '', array( 'hint' => byok_mask( $key ), 'outcome' => 'valid', 'reason' => 'answered' ) );

	$values[] = $wpdb->prepare( "(%d, 'byok_key_anthropic', %s)", $user, $row->to_raw() );
	for ( $field = 0; $field < 8; $field++ ) {
		$values[] = "($user, 'byok_stress_$field', 'something about $user')";
	}
	if ( 0 === $user % 997 ) {
		$samples[ $user ] = hash( 'sha256', $key );
	}
	if ( count( $values ) > 1800 || $user === $first + $rows - 1 ) {
		$wpdb->query( "INSERT INTO $wpdb->usermeta (user_id, meta_key, meta_value) VALUES " . implode( ',', $values ) );
		$values = array();
	}
}

// The salts become the previous secret: another source writes from here on.
define( 'BYOK_KEY', byok_generate_key() );
$begun  = microtime( true );
$status = Reencryption::start();
while ( is_array( $status ) && ! $status['finished'] ) {
	$status = Reencryption::step( 5.0 );
}
$seconds = microtime( true ) - $begun;

$wrong = is_array( $status ) && $rows === $status['moved'] && 0 === $status['locked'] + $status['damaged'] + $status['busy'] ? 0 : 1;
foreach ( $samples as $user => $hash ) {
	$opened = Byok\Vault::get( 'anthropic', Owner::user( $user ) );
	$ready  = 'ready' === Byok\Vault::info( 'anthropic', Owner::user( $user ) )['state'];
	$wrong += $ready && is_string( $opened ) && hash( 'sha256', $opened ) === $hash ? 0 : 1;
}
// What a plugin would do otherwise: each row for itself, by WordPress's functions and ext/sodium, without a look back.
$some  = min( 2000, $rows );
$old   = random_bytes( SODIUM_CRYPTO_SECRETBOX_KEYBYTES );
$new   = random_bytes( SODIUM_CRYPTO_SECRETBOX_KEYBYTES );
$nonce = random_bytes( SODIUM_CRYPTO_SECRETBOX_NONCEBYTES );
for ( $user = $first; $user < $first + $some; $user++ ) {
	update_user_meta( $user, 'byok_key_anthropic', base64_encode( sodium_crypto_secretbox( Test_Provider::key(), $nonce, $old ) ) );
}
wp_cache_flush();
$loop = microtime( true );
foreach ( $wpdb->get_col( "SELECT user_id FROM $wpdb->usermeta WHERE meta_key = 'byok_key_anthropic' ORDER BY umeta_id LIMIT $some" ) as $user ) {
	$key = sodium_crypto_secretbox_open( base64_decode( get_user_meta( (int) $user, 'byok_key_anthropic', true ), true ), $nonce, $old );
	update_user_meta( (int) $user, 'byok_key_anthropic', base64_encode( sodium_crypto_secretbox( $key, $nonce, $new ) ) );
}
$loop = microtime( true ) - $loop;
$wpdb->query( "DELETE FROM $wpdb->usermeta WHERE user_id >= $first" );

if ( isset( $argv[1] ) ) {
	file_put_contents( $argv[1], json_encode( array( 'rows' => $rows, 'seconds' => $seconds, 'loop_rows' => $some, 'loop_seconds' => $loop ) ) );
}
printf( "%d keys encrypted anew in %.1f s, %.0f a second; %d opened\n", $rows, $seconds, $rows / $seconds, count( $samples ) );
printf( "%d passed, %d failed\n", 0 === $wrong ? 1 : 0, $wrong );
exit( 0 === $wrong ? 0 : 1 );
