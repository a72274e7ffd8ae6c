<?php
/**
 * Checks of tickets: what one allows, for whom, how often and how long, whichever worker answers.
 */

declare( strict_types=1 );

use Byok\Tests\Leaks;
use Byok\Tests\Relay;
use Byok\Tests\Stage;
use Byok\Tests\Test_Provider;

return static function ( Relay $relay, Stage $stage ): void {
	$key    = Test_Provider::key( 'openai' );
	$bearer = static fn( string $ticket ): array => array( "Authorization: Bearer $ticket" );
	$told   = static fn( array $answer ): array => Relay::refusal( $answer );
	$chat   = '/byok/relay/openai/chat/completions';
	$json   = '{"model":"test"}';

	$stage->same( 'the files of deploy/nginx are what the tables say', 0, ( static function (): int {
		exec( escapeshellarg( PHP_BINARY ) . ' ' . escapeshellarg( __DIR__ . '/../../deploy/nginx/make.php' ) . ' --check 2>&1', $lines, $status );
		return $status;
	} )() );

	$state = $stage->result( $stage->plain( 'return byok_relay_state();' ) );
	$stage->same( 'workers of php-fpm share their tickets', array( 'fpm-fcgi', true, 0, 65536, true ), array_values( $state ) );

	$ticket = $relay->ticket( 'openai', $key );
	$answer = $relay->ask( $chat, $bearer( $ticket ), $json );
	$stage->same( 'a ticket of one worker is good at any, over TLS that is verified', 200, $answer['status'] );
	$stage->check( '… for the provider it is for', isset( json_decode( $answer['body'], true )['choices'] ), $answer );
	$stage->same( '… and once only', array( 401, 'ticket_spent' ), $told( $relay->ask( $chat, $bearer( $ticket ), $json ) ) );

	foreach ( array( 'openai' => 'Authorization: Bearer ', 'anthropic' => 'x-api-key: ', 'google' => 'x-goog-api-key: ', 'elevenlabs' => 'xi-api-key: ' ) as $provider => $header ) {
		$ticket = $relay->ticket( $provider, 'elevenlabs' === $provider ? 'sk_byok-test-valid-' . bin2hex( random_bytes( 16 ) ) : Test_Provider::key( $provider ) );
		$answer = $relay->ask( "/byok/relay/$provider/models", array( $header . $ticket ) );
		$stage->same( "$provider is asked with a ticket where its clients have a key", 200, $answer['status'] );
	}

	$ticket = $relay->ticket( 'openai', $key, array( 'uses' => 100 ) );
	$bad    = array(
		'no ticket'                    => array( '', $chat, 401, 'ticket_unknown' ),
		'a key in its place'           => array( $key, $chat, 401, 'ticket_unknown' ),
		'a changed ticket'             => array( substr( $ticket, 0, -2 ) . ( str_ends_with( $ticket, 'AA' ) ? 'BB' : 'AA' ), $chat, 401, 'ticket_unknown' ),
		'a ticket cut off'             => array( substr( $ticket, 0, 60 ), $chat, 401, 'ticket_unknown' ),
		'another provider'             => array( $ticket, '/byok/relay/groq/chat/completions', 403, 'path_not_relayed' ),
		'no such provider'             => array( $ticket, '/byok/relay/nobody/chat/completions', 403, 'path_not_relayed' ),
		'a path that is not offered'   => array( $ticket, '/byok/relay/openai/files', 403, 'path_not_relayed' ),
		'dot segments'                 => array( $ticket, '/byok/relay/openai/models/../files', 400, 'path_refused' ),
		'encoded dot segments'         => array( $ticket, '/byok/relay/openai/models/%2e%2e/files', 400, 'path_refused' ),
		'a double slash'               => array( $ticket, '/byok/relay/openai//chat/completions', 400, 'path_refused' ),
		'an encoded slash'             => array( $ticket, '/byok/relay/openai/chat%2fcompletions', 400, 'path_refused' ),
		'dots before the relay'        => array( $ticket, '/x/../byok/relay/openai/chat/completions', 400, 'path_refused' ),
		'a key in the address'         => array( $ticket, "$chat?key=byok-test", 400, 'key_in_url' ),
		'a key under another name'     => array( $ticket, "$chat?x=$key", 400, 'key_in_url' ),
		'a token under another name'   => array( $ticket, "$chat?cursor=$ticket", 400, 'key_in_url' ),
	);
	foreach ( $bad as $what => list( $token, $path, $status, $code ) ) {
		$stage->same( "$what: refused, in JSON", array( $status, $code ), $told( $relay->ask( $path, $bearer( $token ), $json ) ) );
	}
	$answer = $relay->ask( $chat, array( ...$bearer( 'x' ), 'Origin: https://app.example' ), $json );
	$stage->same( 'a refusal can be read by a page', 'https://app.example', $answer['headers']['access-control-allow-origin'] ?? null );

	// Cases of relay.md: a stolen token that names its own base URL, or another host.
	$before = $relay->requests();
	foreach ( array( 'X-Byok-Base-Url', 'X-Base-Url', 'X-Upstream', 'X-Byok-Connect', 'X-Byok-Host', 'X-Accel-Redirect', 'X-Forwarded-Host', 'X-Byok-Path', 'BYOK-OFFLOAD' ) as $header ) {
		$answer = $relay->ask( $chat, array( ...$bearer( $ticket ), "$header: http://127.0.0.1:{$relay->hostile}" ), $json );
		$stage->check( "a ticket goes where it was made for, whatever $header says", 200 === $answer['status'] && $before === $relay->requests(), $answer );
	}

	$bound = array( 'uses' => 9, 'origin' => 'https://app.example', 'paths' => array( 'POST /chat/completions' ), 'max_body' => 100 );
	$ticket = $relay->ticket( 'openai', $key, $bound );
	$answer = $relay->ask( $chat, array( ...$bearer( $ticket ), 'Origin: https://app.example' ), $json );
	$stage->same( 'a page of its origin may use a ticket, and read the answer', array( 200, 'https://app.example' ), array( $answer['status'], $answer['headers']['access-control-allow-origin'] ?? null ) );
	foreach ( array( 'https://evil.example', 'null', 'https://app.example.evil.example', 'http://app.example' ) as $origin ) {
		$stage->same( "… no page of $origin", array( 403, 'origin_refused' ), $told( $relay->ask( $chat, array( ...$bearer( $ticket ), "Origin: $origin" ), $json ) ) );
	}
	$stage->same( '… for no other path', array( 403, 'path_not_relayed' ), $told( $relay->ask( '/byok/relay/openai/models', $bearer( $ticket ) ) ) );
	$stage->same( '… with no larger body', array( 413, 'body_too_large' ), $told( $relay->ask( $chat, $bearer( $ticket ), str_repeat( 'a', 101 ) ) ) );
	$stage->same( '… nor one of unknown length', array( 411, 'length_missing' ), $told( $relay->ask( $chat, array( ...$bearer( $ticket ), 'Transfer-Encoding: chunked' ), $json ) ) );
	// nginx refuses before it has read the body, and what curl still sends may end the connection before the answer is read.
	for ( $tries = 0; $tries < 5; $tries++ ) {
		$answer = $relay->ask_by_http2( $chat, $bearer( $ticket ), str_repeat( 'a', 1000 ) );
		if ( 0 !== $answer['status'] ) {
			break;
		}
	}
	$stage->same( '… nor one over HTTP/2, which needs no word of a length', array( array( 411, 'length_missing' ), CURL_HTTP_VERSION_2 ), array( $told( $answer ), $answer['version'] ) );
	$stage->same( '… but what has no limit may', 200, $relay->ask_by_http2( $chat, $bearer( $relay->ticket( 'openai', $key ) ), $json )['status'] );
	$answer = $relay->ask( $chat, $bearer( $relay->ticket( 'openai', $key ) ), $json );
	$stage->check( 'a ticket without an origin says nothing to pages elsewhere', 200 === $answer['status'] && ! isset( $answer['headers']['access-control-allow-origin'] ), $answer['headers'] );

	// A server that makes a ticket for its page, as WordPress gives it.
	$made = $stage->result(
		$stage->in_site(
			'Byok\Relay_Settings::change( array( "connect" => true ) );
			$made  = Byok\Connect_Pairs::make( "test", array( "https://app.example" ), array() );
			$ref   = $made["pair"]->new_ref();
			$saved = byok_save_key( "openai", $key, array( "owner" => $ref->word() ) );
			$told  = array();
			foreach ( array( array(), array( "origin" => "https://app.example" ) ) as $more ) {
				$request = new WP_REST_Request( "POST", "/byok/v1/tickets" );
				$request->set_header( "authorization", "Bearer " . $made["secret"]->reveal() );
				$request->set_header( "x_byok_ref", $ref->id );
				$request->set_body_params( array( "provider" => "openai", "uses" => 5 ) + $more );
				$told[] = rest_do_request( $request )->get_data()["ticket"] ?? null;
			}
			return $told;',
			compact( 'key' )
		)
	);
	$page = static fn( int $which, string $origin ): array => $relay->ask( $chat, array( ...$bearer( (string) $made[ $which ] ), "Origin: $origin" ), $json );
	$stage->same( 'a ticket that a server has made for its page is read there', array( 200, 'https://app.example' ), array( $page( 1, 'https://app.example' )['status'], $page( 1, 'https://app.example' )['headers']['access-control-allow-origin'] ?? null ) );
	$stage->same( '… and nowhere else', array( 403, 'origin_refused' ), $told( $page( 1, 'https://two.example' ) ) );
	$stage->same( '… and one for no page is read by none', array( 200, null ), array( $page( 0, 'https://app.example' )['status'], $page( 0, 'https://app.example' )['headers']['access-control-allow-origin'] ?? null ) );

	$ticket = $relay->ticket( 'openai', $key, array( 'expires_in' => 1 ) );
	sleep( 2 );
	$stage->same( 'a ticket ends in time', array( 401, 'ticket_expired' ), $told( $relay->ask( $chat, $bearer( $ticket ), $json ) ) );

	// Six workers, fifty clients that hurry.
	$ticket = $relay->ticket( 'openai', $key, array( 'uses' => 100 ) );
	$multi  = curl_multi_init();
	curl_multi_setopt( $multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, 50 );
	$all = array();
	for ( $number = 0; $number < 1000; $number++ ) {
		$curl = curl_init( "http://127.0.0.1:{$relay->port}/byok/relay/openai/models" );
		curl_setopt_array( $curl, array( CURLOPT_RETURNTRANSFER => true, CURLOPT_HTTPHEADER => $bearer( $ticket ) ) );
		curl_multi_add_handle( $multi, $curl );
		$all[] = $curl;
	}
	do {
		curl_multi_exec( $multi, $running );
		curl_multi_select( $multi, 0.1 );
	} while ( $running );
	$statuses = array_count_values( array_map( static fn( $curl ): int => curl_getinfo( $curl, CURLINFO_RESPONSE_CODE ), $all ) );
	ksort( $statuses );
	$stage->same( 'of a thousand requests at once a ticket of a hundred uses lets exactly a hundred pass', array( 200 => 100, 401 => 900 ), $statuses );

	// Another web node, and this one started again.
	$ticket = $relay->ticket( 'openai', $key );
	$stage->fpm->reload();
	$stage->same( 'a ticket from before a reload is of another start', array( 401, 'ticket_elsewhere' ), $told( $relay->ask( $chat, $bearer( $ticket ), $json ) ) );
	$stage->same( 'no answer of PHP to the relay is a page by itself', 404, $relay->ask( '/byok/-/authorize' )['status'] );

	$by_itself = $relay->ask( '/relay-by-itself', $bearer( $relay->ticket( 'openai', $key ) ), $json );
	$stage->same( 'without nginx that asks, PHP gives no key out', array( 501, 'offload_missing' ), $told( $by_itself ) );
	$stage->same( '… in no header', array(), array_filter( array_keys( $by_itself['headers'] ), static fn( string $name ): bool => str_starts_with( $name, 'x-byok' ) ) );
	$forged = $relay->ask( '/relay-by-itself', array( ...$bearer( $relay->ticket( 'openai', $key ) ), 'Byok-Offload: auth-request', 'Byok_Offload: auth-request' ), $json );
	$stage->same( '… whatever the client says', array( 501, 'offload_missing' ), $told( $forged ) );
	$stage->same( 'no answer has held the key', array(), Leaks::find( $key, json_encode( array( $by_itself, $forged ) ) ) );
};
