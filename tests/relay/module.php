<?php
/**
 * Checks the browser module in front of a real nginx: its requests take nginx's own path, and reach the provider.
 */

declare( strict_types=1 );

use Byok\Tests\Relay;
use Byok\Tests\Stage;
use Byok\Tests\Test_Provider;

return static function ( Relay $relay, Stage $stage ): void {
	$limits = array_fill_keys( array( 'token', 'user', 'address', 'key', 'global', 'register' ), array( 100000, 60 ) );
	$stage->same( 'the relay is open to visitors', true, $stage->result( $stage->in_site( 'return ! is_wp_error( Byok\Relay_Settings::change( array( "visitors" => true, "limits" => $limits ) ) );', array( 'limits' => $limits ) ) ) );
	$stage->same( 'a page is told that there are tickets', 1, $stage->result( $stage->in_site( 'return Byok\Browser_Module::data( array() )["site"]["tickets"];', array() ) ) );

	$said      = array( array( 'role' => 'user', 'content' => 'Say something.' ) );
	$providers = array(
		'openai'    => array( '/chat/completions', array( 'messages' => $said ) ),
		'anthropic' => array( '/messages', array( 'max_tokens' => 64, 'messages' => $said ) ),
		'google'    => array( '/models/test:streamGenerateContent?alt=sse', array( 'contents' => array( array( 'parts' => array( array( 'text' => 'Say something.' ) ) ) ) ) ),
	);
	$given     = array( 'url' => "http://127.0.0.1:{$relay->port}" );
	foreach ( $providers as $provider => list( $path, $body ) ) {
		$given['providers'][ $provider ] = array(
			'key'  => Test_Provider::key( $provider ),
			'path' => $path,
			'body' => $body + array(
				'model'  => 'test',
				'stream' => true,
			),
		);
	}
	$process = proc_open( array( getenv( 'BYOK_TEST_NODE' ), __DIR__ . '/clients/module.mjs' ), array( array( 'pipe', 'r' ), array( 'pipe', 'w' ), STDERR ), $pipes );
	fwrite( $pipes[0], json_encode( $given ) );
	fclose( $pipes[0] );
	$told = json_decode( (string) stream_get_contents( $pipes[1] ), true );
	proc_close( $process );
	foreach ( $providers as $provider => list( $path ) ) {
		$path = strtok( $path, '?' );
		$stage->check( "the module streams an answer of $provider", ( $told[ $provider ]['events'] ?? 0 ) > 1, $told );
		$stage->same( '… with a ticket, by nginx alone', array( 'POST /wp-json/byok/v1/tickets', "POST /byok/relay/$provider$path" ), array_values( array_filter( $told[ $provider ]['asked'] ?? array(), static fn( $line ) => ! str_contains( $line, 'visitors' ) ) ) );
	}
};
