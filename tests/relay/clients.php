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
	$tests = array(
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
	$stage->check( '… and tells why it is refused', 401 === ( $told['refused']['status'] ?? 0 ) && str_contains( $told['refused']['says'] ?? '', 'not a ticket' ), $told );
}
