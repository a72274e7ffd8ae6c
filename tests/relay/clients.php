<?php
/**
 * Checks with the providers' own clients, unchanged but for base URL and token, over both data paths.
 */

declare( strict_types=1 );

use Byok\Tests\Relay;
use Byok\Tests\Stage;
use Byok\Tests\Test_Provider;

/**
 * Runs the clients of one language.
 *
 * @param string[] $command What runs them.
 * @param array    $given   Base URL and token of each.
 */
function run_clients( array $command, array $given ): array {
	$process = proc_open( $command, array( array( 'pipe', 'r' ), array( 'pipe', 'w' ), STDERR ), $pipes );
	fwrite( $pipes[0], json_encode( $given ) );
	fclose( $pipes[0] );
	$told = stream_get_contents( $pipes[1] );
	proc_close( $process );
	return json_decode( $told, true ) ?? array( 'failed' => $told );
}

return static function ( Relay $relay, Stage $stage ): void {
	$languages = array(
		'JavaScript' => array( array( getenv( 'BYOK_TEST_NODE' ), __DIR__ . '/clients/clients.mjs' ), array( 'openai', 'anthropic', 'google' ) ),
		'Python'     => array( array( getenv( 'BYOK_TEST_PYTHON' ), __DIR__ . '/clients/clients.py' ), array( 'openai', 'anthropic' ) ),
	);
	// Somebody without an account, who brings a key and gets a token that is good on both paths.
	$limits = array_fill_keys( array( 'token', 'user', 'address', 'key', 'global', 'register' ), array( 100000, 60 ) );
	$stage->same( 'the relay is open to visitors', true, $stage->result( $stage->in_site( '$changed = Byok\Relay_Settings::change( array( "visitors" => true, "limits" => $limits ) ); return ! is_wp_error( $changed );', array( 'limits' => $limits ) ) ) );
	$made    = json_decode( $relay->ask( '/wp-json/byok/v1/visitors', array( 'Content-Type: application/json' ), '{}' )['body'], true );
	$visitor = (string) ( $made['token'] ?? '' );
	$stage->check( 'a visitor gets a token', str_starts_with( $visitor, 'byok_vt_' ), array_keys( (array) $made ) );
	foreach ( array( 'openai', 'anthropic', 'google' ) as $provider ) {
		$saved = $relay->ask( "/wp-json/byok/v1/visitors/keys/$provider", array( 'Content-Type: application/json', "Authorization: Bearer $visitor" ), json_encode( array( 'key' => Test_Provider::key( $provider ) ) ), 'PUT' );
		$stage->check( "… and brings a key of $provider", $saved['status'] < 300, $saved );
	}

	$tests = array(
		'PHP'                       => static fn( string $provider ): array => array( 'base' => "http://127.0.0.1:{$relay->port}/wp-json/byok/v1/relay/$provider", 'token' => $visitor ),
		'nginx, a ticket of WordPress' => static function ( string $provider ) use ( $relay, $visitor ): array {
			$answer = $relay->ask( '/wp-json/byok/v1/tickets', array( 'Content-Type: application/json', "Authorization: Bearer $visitor" ), json_encode( array( 'provider' => $provider, 'uses' => 20 ) ) );
			$told   = json_decode( $answer['body'], true );
			return array( 'base' => rtrim( $told['url'] ?? $answer['body'], '/' ), 'token' => $told['ticket'] ?? '' );
		},
		'nginx' => static function ( string $provider ) use ( $relay ): array {
			$ticket = $relay->ticket( $provider, Test_Provider::key( $provider ), array( 'uses' => 20 ) );
			return array( 'base' => "http://127.0.0.1:{$relay->port}/byok/relay/$provider", 'token' => $ticket );
		},
	);
	foreach ( $tests as $path => $way ) {
		foreach ( $languages as $language => list( $command, $providers ) ) {
			$told = run_clients( $command, array_combine( $providers, array_map( $way, $providers ) ) );
			foreach ( $providers as $provider ) {
				check_client( $stage, "$path: $provider's client for $language", $told[ $provider ] ?? $told );
			}
		}
	}
};

/**
 * Checks what one client was told.
 *
 * @param Stage  $stage Stage.
 * @param string $who   Which client.
 * @param array  $told  What it was told.
 */
function check_client( Stage $stage, string $who, array $told ): void {
	$stage->check( "$who gets an answer", '' !== ( $told['plain'] ?? '' ), $told );
	$stage->check( '… and the same as a stream of events', ( $told['events'] ?? 0 ) > 2 && ( $told['text'] ?? '' ) === ( $told['plain'] ?? null ), $told );
	if ( isset( $told['response'] ) ) {
		$stage->check( '… also of the newer API', '' !== $told['response'] && $told['response'] === $told['streamed'], $told );
	}
	if ( isset( $told['models'] ) ) {
		$stage->check( '… and a list of models', $told['models'] > 1, $told );
	}
	$stage->check( '… and tells why it is refused', 401 === ( $told['refused']['status'] ?? 0 ) && preg_match( '/ticket|token|sign|log/i', $told['refused']['says'] ?? '' ), $told );
}
