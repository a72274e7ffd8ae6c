<?php
/**
 * Checks that no provider with an address of one's own answers in the site's name: with an answer before the answer (1xx), with
 * another protocol, or with none.
 */

declare( strict_types=1 );

use Byok\Tests\Relay;
use Byok\Tests\Stage;

return static function ( Relay $relay, Stage $stage ): void {
	$key    = 'byok-test-valid-' . bin2hex( random_bytes( 20 ) );
	$ticket = $relay->hostile_ticket( $key, array( 'uses' => 1000 ) );
	$path   = '/byok/relay/openai-compatible/chat/completions';
	$forged = "HTTP/1.1 200 OK\r\nSet-Cookie: evil=1\r\nContent-Type: text/html\r\nContent-Length: 24\r\n\r\n<script>poison()</script";
	$asked  = static fn( string $raw ): string => "$path?do=raw&raw=" . bin2hex( $raw );
	$said   = static fn( string $uri, string $more = '' ): string => "POST $uri HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer $ticket\r\nContent-Type: application/json\r\nContent-Length: 2\r\n$more\r\n{}";

	$begin = array(
		'103'      => "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n",
		'100'      => "HTTP/1.1 100 Continue\r\n\r\n",
		'199'      => "HTTP/1.1 199 X\r\nContent-Type: text/plain\r\nContent-Length: 60\r\n\r\n",
		'101'      => "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
		'204'      => "HTTP/1.1 204 No Content\r\n\r\n",
		'304'      => "HTTP/1.1 304 Not Modified\r\n\r\n",
		'HTTP/0.9' => '',
	);
	$before = $relay->requests();
	foreach ( $begin as $what => $bytes ) {
		$raw  = ( '' === $bytes ? "no HTTP at all\r\n\r\n" : $bytes ) . $forged;
		$told = $relay->say( $said( $asked( $raw ) ) );
		$stage->check( "$what over HTTP/1.1: the provider is not asked", str_starts_with( $told, 'HTTP/1.1 400 ' ) && str_contains( $told, '"relay_needs_http2"' ) && ! str_contains( $told, 'evil' ), $told );
	}
	$stage->same( '… not once', $before, $relay->requests() );

	foreach ( $begin as $what => $bytes ) {
		// Two requests on one connection: what is behind an answer must not be the next one's.
		$curl = curl_init();
		$seen = '';
		$more = array(
			CURLOPT_RETURNTRANSFER => true,
			CURLOPT_TIMEOUT        => 10,
			CURLOPT_HEADERFUNCTION => static function ( $curl, string $line ) use ( &$seen ): int {
				$seen .= $line;
				return strlen( $line );
			},
		);
		curl_setopt_array( $curl, $more + $relay->place( $asked( ( '' === $bytes ? "no HTTP at all\r\n\r\n" : $bytes ) . $forged ) ) + array( CURLOPT_POSTFIELDS => '{}', CURLOPT_HTTPHEADER => array( "Authorization: Bearer $ticket", 'User-Agent: test' ) ) );
		curl_exec( $curl );
		$stage->check( "$what over HTTP/2: no cookie of the provider arrives", ! str_contains( strtolower( $seen ), 'set-cookie' ), $seen );
		$seen = '';
		curl_setopt_array( $curl, array( CURLOPT_URL => "http://127.0.0.1:{$relay->port_2}/byok/-/authorize", CURLOPT_HTTPGET => true, CURLOPT_HTTPHEADER => array() ) );
		$body = (string) curl_exec( $curl );
		// 0: curl has given the connection up.
		$stage->check( '… and the next answer is not the provider’s', in_array( curl_getinfo( $curl, CURLINFO_RESPONSE_CODE ), array( 404, 0 ), true ) && ! preg_match( '/poison|evil/', $seen . $body ), $seen . $body );
	}

	// A tunnel, in which nothing is masked.
	$before = $relay->requests();
	foreach ( array( 'websocket', 'h2c', '0' ) as $protocol ) {
		$told = $relay->say( $said( $asked( $begin['101'] . $forged ), "Upgrade: $protocol\r\nConnection: Upgrade\r\n" ) );
		$stage->check( "who asks for $protocol is refused", str_starts_with( $told, 'HTTP/1.1 400 ' ) && str_contains( $told, '"upgrade_refused"' ), $told );
	}
	$stage->same( '… and nobody is asked', $before, $relay->requests() );
};
