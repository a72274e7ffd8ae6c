<?php
/**
 * Checks of requests through the gate: one worker keeps one connection, and ends it when the browser is gone.
 */

declare( strict_types=1 );

use Byok\Tests\Leaks;
use Byok\Tests\Stage;
use Byok\Tests\Test_Provider;

return static function ( Stage $stage ): void {
	$fpm      = $stage->fpm;
	$provider = getenv( 'BYOK_TEST_PROVIDER' );
	$told     = static fn( string $what ): int => (int) file_get_contents( "$provider/__$what" );
	$key      = Test_Provider::key( 'openai' );
	$one      = array( 'www' => array( 'pm.max_children' => '1' ) );

	// As long as it takes, a thousand calls on one connection: of byok_request(), byok_stream() and WordPress's HTTP API, in
	// request after request of one worker.
	$fpm->start( array(), array(), $one );
	$stage->same( 'a key is saved', true, $stage->result( $stage->in_site( '$saved = byok_save_key( "openai", $key ); return is_wp_error( $saved ) ? $saved->get_error_code() : $saved["saved"];', array( 'key' => $key ) ) ) );
	$fpm->start( array(), array(), $one );
	$task   = $stage->in_site(
		'$with = array( "headers" => array( "Authorization" => "Bearer " . byok_stand_in( "openai" ), "Content-Type" => "application/json" ), "timeout" => 20 );
		$path  = "/test-provider/bytes?size=100";
		for ( $number = 0; $number < 5; $number++ ) {
			$answers[] = byok_request( "openai", "/models" );
			$answers[] = byok_stream( "openai", "/test-provider/stream?count=2", array(), static fn() => null );
			$answers[] = wp_remote_get( "$provider/openai/v1$path", $with );
			$answers[] = wp_remote_post( "$provider/openai/v1/chat/completions", $with + array( "body" => "{}" ) );
		}
		return array_count_values( array_map( static fn( $answer ) => is_wp_error( $answer ) ? $answer->get_error_message() : wp_remote_retrieve_response_code( $answer ), $answers ) );',
		array( 'provider' => $provider )
	);
	$before = $told( 'connections' );
	$pids   = array();
	$codes  = array();
	for ( $request = 0; $request < 50; $request++ ) {
		$answer = $fpm->ask( $task )[0];
		$pids[] = $answer['pid'];
		foreach ( $answer['result'] as $code => $count ) {
			$codes[ $code ] = ( $codes[ $code ] ?? 0 ) + $count;
		}
	}
	$connections = $told( 'connections' ) - $before - 1;
	$stage->same( 'a thousand calls in 50 requests are answered', array( 200 => 1000 ), $codes );
	$stage->same( '… by one worker', 1, count( array_unique( $pids ) ) );
	$stage->same( '… on one connection to the provider', 1, $connections );

	// The counter-check: WordPress's own transport opens one for each.
	$before = $told( 'connections' );
	$stage->result( $stage->in_site( 'for ( $number = 0; $number < 5; $number++ ) { wp_remote_get( "$provider/__health" ); } return true;', array( 'provider' => $provider ) ) );
	$stage->same( '… where WordPress by itself opens one for each', 5, $told( 'connections' ) - $before - 1 );

	// A browser that goes away.
	$until = static function ( int $number ) use ( $told, $fpm ): int {
		for ( $tries = 0; $tries < 600 && $told( 'open' ) !== $number; $tries++ ) {
			usleep( 50000 );
		}
		return $told( 'open' );
	};
	$stream = 'while ( ob_get_level() > 0 ) { ob_end_clean(); }
		ignore_user_abort( $stay );
		$say = static function ( $bytes ) { echo $bytes; flush(); };
		if ( $how ) {
			byok_stream( "openai", "/test-provider/stream?ms=20&count=200", array(), $say );
		} else {
			add_action( "requests-request.progress", $say );
			wp_remote_get( "$provider/openai/v1/test-provider/stream?ms=20&count=200", array( "timeout" => 60, "headers" => array( "Authorization" => byok_stand_in( "openai" ) ) ) );
		}
		return true;';
	foreach ( array( 'byok_stream()' => true, "WordPress's HTTP API" => false ) as $name => $how ) {
		foreach ( array( false, true ) as $stay ) {
			$stage->same( 'nothing is open but the question', 1, $until( 1 ) );
			$browser = $fpm->begin( $stage->in_site( $stream, compact( 'how', 'stay', 'provider' ) ) );
			for ( $came = ''; ! str_contains( $came, '"number": 3' ) && ! feof( $browser['output'] ); ) {
				$came .= (string) fgets( $browser['output'] );
			}
			$stage->check( "a stream of $name comes while it goes on", str_contains( $came, '"number": 3' ) && 2 === $told( 'open' ), $came );
			proc_terminate( $browser['process'], SIGKILL );
			proc_close( $browser['process'] );
			usleep( 1000000 );
			// It would go on for another three seconds.
			$stage->same( $stay ? '… and goes on for who ignores that the browser is gone' : '… and ends when the browser is gone', $stay ? 2 : 1, $told( 'open' ) );
		}
	}
	$stage->same( 'nothing is open but the question', 1, $until( 1 ) );
	$answer = $stage->result( $stage->in_site( '$answer = byok_request( "openai", "/models" ); return is_wp_error( $answer ) ? $answer->get_error_code() : wp_remote_retrieve_response_code( $answer );' ) );
	$stage->same( 'the worker works on', 200, $answer );
	$fpm->stop();
	$stage->same( "php-fpm's log has no key", array(), Leaks::find( $key, (string) file_get_contents( "{$stage->folder}/fpm.log" ) ) );
};
