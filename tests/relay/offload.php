<?php
/**
 * Checks of what nginx passes on and what it does not: the traps of such a set-up, each with a provider that steps into it.
 */

declare( strict_types=1 );

use Byok\Tests\Leaks;
use Byok\Tests\Relay;
use Byok\Tests\Stage;
use Byok\Tests\Test_Provider;

return static function ( Relay $relay, Stage $stage ): void {
	$key     = 'byok-test-valid-' . bin2hex( random_bytes( 20 ) );
	$folder  = $stage->folder;
	$path    = '/byok/relay/openai-compatible/chat/completions';
	$ticket  = $relay->hostile_ticket( $key, array( 'uses' => 1000, 'origin' => 'https://app.example' ) );
	$bearer  = array( "Authorization: Bearer $ticket" );
	$browser = array(
		...$bearer,
		'Content-Type: application/json',
		'Cookie: wordpress_logged_in_x=byok-test-cookie',
		'X-WP-Nonce: byok-test-nonce',
		'Origin: https://app.example',
		'Referer: https://app.example/page?secret=byok-test-referer',
		'X-Forwarded-For: 203.0.113.9',
		'User-Agent: byok-test-browser',
		'X-Stainless-Lang: js',
		'Anthropic-Beta: one,two',
		'OpenAI-Beta: three',
		'Idempotency-Key: four',
		'X-Api-Key: byok-test-other-key',
		'Connection: keep-alive, X-Hop',
		'X-Hop: 1',
	);

	// What reaches the provider (trap 3).
	$answer  = $relay->ask( "$path?x=%2F..&large=12345678901234567890", $browser, '{"n":12345678901234567890}' );
	$request = $relay->last_request();
	$stage->same( 'an answer comes as it is, large integers too', array( 200, "{\"big\": 12345678901234567890}\n" ), array( $answer['status'], $answer['body'] ) );
	$stage->same( 'the method, the path and the query arrive as they were written', array( 'POST', '/tenant/v1/chat/completions?x=%2F..&large=12345678901234567890' ), array( $request['method'], $request['uri'] ) );
	$stage->same( '… and the body', '{"n":12345678901234567890}', hex2bin( $request['body'] ) );
	$arrived = $request['headers'];
	$stage->same( 'the provider gets the key', array( "Bearer $key" ), $arrived['authorization'] );
	$known = array( 'accept', 'anthropic-beta', 'authorization', 'content-length', 'content-type', 'host', 'idempotency-key', 'openai-beta', 'user-agent' );
	$names = array_keys( $arrived );
	sort( $names );
	$stage->same( '… and of the headers those on the list', $known, $names );
	$stage->same( '… with their values', array( 'one,two', 'three', 'four', "127.0.0.1:{$relay->hostile}" ), array( $arrived['anthropic-beta'][0], $arrived['openai-beta'][0], $arrived['idempotency-key'][0], $arrived['host'][0] ) );
	$stage->check( '… and nothing of the ticket, cookies, nonce or page', ! preg_match( '/byok_tk_|byok-test-(cookie|nonce|referer|browser|other)/', json_encode( $request ) ), $request );

	$long = 'byok-test-valid-' . bin2hex( random_bytes( 2500 ) );
	$relay->ask( "$path?" . str_repeat( 'a', 3000 ), array( 'Authorization: Bearer ' . $relay->hostile_ticket( $long ) ), '{}' );
	$stage->same( 'a key of 5,000 characters and a long address fit', array( "Bearer $long" ), $relay->last_request()['headers']['authorization'] );

	// Bodies, exact to the byte.
	$body = random_bytes( 10 * 1024 * 1024 + 512 * 1024 );
	foreach ( array( 'with its length' => 'ask', 'without' => 'ask_by_http2' ) as $how => $ask ) {
		$relay->$ask( $path, array( ...$bearer, 'Content-Type: multipart/form-data; boundary=x' ), $body );
		$request = $relay->last_request();

		$stage->same( "a body of 10.5 MB arrives exact, $how, by POST", array( 'POST', strlen( $body ), hash( 'sha256', $body ), 'multipart/form-data; boundary=x' ), array( $request['method'], $request['length'], $request['sha256'], $request['headers']['content-type'][0] ) );
	}
	// Over HTTP/1, as all that nginx refuses before it has read a body: over HTTP/2 curl may give up before it has read the answer.
	$large  = '/byok/relay/openai/chat/completions';
	$answer = $relay->ask( $large, $bearer, str_repeat( 'a', 33 * 1024 * 1024 ) );
	$stage->same( 'a larger one than nginx takes is refused, in JSON', array( 413, 'body_too_large' ), Relay::refusal( $answer ) );

	// Nothing is buffered before the ticket is checked.
	$socket = stream_socket_client( "tcp://127.0.0.1:{$relay->port}" );
	fwrite( $socket, "POST $path HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer byok_tk_x\r\nContent-Length: 30000000\r\n\r\nfirst bytes" );
	stream_set_timeout( $socket, 5 );
	$line = (string) fgets( $socket );
	$stage->check( 'a wrong ticket is refused before the body has come', str_contains( $line, ' 401 ' ), $line );
	fclose( $socket );

	// What a provider sends to steer nginx or the browser (traps 1 and 4).
	$answer  = $relay->ask( "$path?do=accel", $browser, '{}' );
	$headers = $answer['headers'];
	$stage->check( 'X-Accel-Redirect of a provider serves no file of the server', str_contains( $answer['body'], 'steal()' ) && ! str_contains( $answer['body'], 'a file of the server' ), $answer );
	foreach ( array( 'set-cookie', 'refresh', 'link', 'clear-site-data', 'strict-transport-security', 'access-control-allow-credentials', 'service-worker-allowed', 'www-authenticate', 'x-accel-redirect', 'x-accel-buffering', 'x-byok-key', 'openai-organization' ) as $name ) {
		$stage->check( "$name of a provider reaches no browser", ! isset( $headers[ $name ] ), $headers );
	}
	$stage->same( 'an answer is inert at our origin', array( 'nosniff', "sandbox; default-src 'none'", 'no-store' ), array( $headers['x-content-type-options'], $headers['content-security-policy'], $headers['cache-control'] ) );
	$stage->same( '… and for the pages of its ticket only', 'https://app.example', $headers['access-control-allow-origin'] );
	$stage->same( 'retry-after, limits and ids of requests come through', array( '7', '3', 'req_1' ), array( $headers['retry-after'], $headers['anthropic-ratelimit-requests-remaining'], $headers['x-request-id'] ) );
	$stage->check( '… and pages may read them', str_contains( $headers['access-control-expose-headers'], 'retry-after' ) );
	$stage->same( 'every answer says who it is from', 'nginx', $headers['x-byok-relay'] );
	$steering = array( 'CDN-Cache-Control', 'Cloudflare-CDN-Cache-Control', 'Surrogate-Control', 'X-LiteSpeed-Cache-Control', 'Secure-Session-Registration', 'Secure-Session-Challenge', 'Sec-Session-Registration', 'Integrity-Policy', 'Integrity-Policy-Report-Only', 'Document-Isolation-Policy', 'Document-Isolation-Policy-Report-Only', 'Require-Document-Policy', 'Use-As-Dictionary', 'Activate-Storage-Access', 'Attribution-Reporting-Register-Source', 'Attribution-Reporting-Register-Trigger', 'Cross-Origin-Embedder-Policy-Report-Only', 'Cross-Origin-Opener-Policy-Report-Only', 'Permissions-Policy-Report-Only', 'X-Webkit-CSP', 'X-Content-Security-Policy', 'Content-Disposition', 'Upgrade', 'Trailer', 'No-Vary-Search' );
	$answer   = $relay->ask( "$path?do=raw&raw=" . bin2hex( "HTTP/1.1 200 OK\r\nX-Request-Id: req_2\r\n" . implode( '', array_map( static fn( string $name ): string => "$name: evil\r\n", $steering ) ) . "Content-Length: 2\r\n\r\n{}" ), $bearer, '{}' );
	$stage->same( 'no header that steers a cache, a session, a policy or a download reaches a browser', array( 'req_2', array() ), array( $answer['headers']['x-request-id'] ?? null, array_keys( $answer['headers'], 'evil', true ) ) );
	$answer = $relay->ask( "$path?do=away", $bearer, '{}' );
	$stage->same( 'a redirect is returned without where it leads', array( 307, 'away', null ), array( $answer['status'], $answer['body'], $answer['headers']['location'] ?? null ) );

	// A provider that repeats the key.
	$answer = $relay->ask( "$path?do=echo", $bearer, '{}' );
	$stage->same( 'a key that a provider repeats is masked, however it is cut', array( 401, 'Incorrect API key provided: …' . substr( $key, -4 ) . '.' ), array( $answer['status'], json_decode( $answer['body'], true )['error']['message'] ?? $answer['body'] ) );
	$stage->same( '… whole', array(), Leaks::find( $key, json_encode( $answer ) ) );

	foreach ( array( 'who takes gzip' => array( 'Accept-Encoding: gzip, br', 'User-Agent: test' ), 'who takes none' => array() ) as $who => $more ) {
		$answer = $relay->ask( "$path?do=gzip", array( ...$bearer, ...$more ), '{}' );
		$stage->same( "… and unpacked before that, for $who", array( array( 'key' => '…' . substr( $key, -4 ) ), null ), array( json_decode( $answer['body'], true ) ?? bin2hex( $answer['body'] ), $answer['headers']['content-encoding'] ?? null ) );
	}
	$before = $relay->requests();
	$answer = $relay->ask( $large, array( ...$bearer, 'Accept-Encoding: deflate, gzip' ), '{}' );
	$stage->same( '… which nginx cannot do for who takes gzip and does not say what it is: it is not asked', array( array( 406, 'user_agent_missing' ), $before ), array( Relay::refusal( $answer ), $relay->requests() ) );

	// In a header nginx does not look, so WordPress gives no ticket for an address of one's own.
	$given = array(
		'key'  => $key,
		'base' => "http://127.0.0.1:{$relay->hostile}/tenant/v1",
	);
	$asked = static fn( string $switch ): array => $stage->result(
		$stage->in_site(
			'wp_set_current_user( 1 );
			Byok\Relay_Settings::change( array( "own_address_tickets" => "on" === $switch ) );
			$saved   = byok_save_key( "openai-compatible", $key, array( "base_url" => $base ) );
			$request = new WP_REST_Request( "POST", "/byok/v1/tickets" );
			$request->set_body_params( array( "provider" => "openai-compatible" ) );
			$answer = rest_do_request( $request );
			Byok\Relay_Settings::change( array( "own_address_tickets" => false ) );
			return is_wp_error( $saved ) ? array( $saved->get_error_code() ) : array( $answer->get_status(), $answer->get_data()["code"] ?? substr( $answer->get_data()["ticket"], 0, 8 ) );',
			compact( 'switch' ) + $given
		)
	);
	$stage->same( 'there are no tickets for an address that may echo the key in a header', array( 409, 'byok_relay_tickets_own_address' ), $asked( 'off' ) );
	$stage->same( '… unless an administrator says so', array( 201, 'byok_tk_' ), $asked( 'on' ) );
	$answer = $stage->result(
		$stage->in_site(
			'$heads = array();
			Byok\Gate::send( "openai-compatible", array( "owner" => "site", "caller" => Byok\Caller::relay() ), array( "method" => "POST", "relay_path" => "/chat/completions?do=header", "body" => "{}", "headers" => array() ), static function ( $bytes, $head ) use ( &$heads ) { $heads[] = $head; return true; } );
			return json_encode( $heads );'
		)
	);
	$stage->same( '… and PHP has none of it in a header', array( true, array() ), array( str_contains( (string) $answer, '200' ), Leaks::find( $key, (string) $answer ) ) );

	// Another setting of the relay has ended the ticket.
	$ticket = $relay->hostile_ticket( $key, array( 'uses' => 1000, 'origin' => 'https://app.example' ) );
	$bearer = array( "Authorization: Bearer $ticket" );

	// No header of ours reaches a client (trap 2).
	foreach ( array( $path, "$path?do=accel", '/byok/relay/openai/models' ) as $asked ) {
		$names = array_keys( $relay->ask( $asked, $bearer, '{}' )['headers'] );
		$stage->same( "no header between PHP and nginx is in an answer of $asked", array( 'x-byok-relay' ), array_values( array_filter( $names, static fn( string $name ): bool => str_contains( $name, 'byok' ) || str_contains( $name, 'accel' ) ) ) );
	}

	// Pages of other origins (trap 8).
	$answer  = $relay->ask( $path, array( 'Origin: https://anywhere.example', 'Access-Control-Request-Method: POST', 'Access-Control-Request-Headers: authorization, x-stainless-lang' ), null, 'OPTIONS' );
	$headers = $answer['headers'];
	$stage->same( 'a preflight is answered by nginx alone', array( 204, 'https://anywhere.example', 'authorization, x-stainless-lang' ), array( $answer['status'], $headers['access-control-allow-origin'], $headers['access-control-allow-headers'] ) );
	$stage->check( '… without credentials', ! isset( $headers['access-control-allow-credentials'] ) );

	// Streams.
	$begin  = microtime( true );
	$first  = null;
	$events = 0;
	$curl   = curl_init();
	curl_setopt_array( $curl, $relay->place( "$path?do=stream&count=20&ms=50" ) + array( CURLOPT_HTTPHEADER => $bearer, CURLOPT_POSTFIELDS => '{}', CURLOPT_WRITEFUNCTION => static function ( $curl, string $bytes ) use ( &$first, &$events, $begin ): int {
		$first ??= microtime( true ) - $begin;
		$events += substr_count( $bytes, 'data: ' );
		return strlen( $bytes );
	} ) );
	curl_exec( $curl );
	$whole = microtime( true ) - $begin;
	$stage->check( 'events come as they are sent', 20 === $events && $whole - $first > 0.5 && $whole > 0.9, compact( 'events', 'first', 'whole' ) );

	$curl = curl_init();
	curl_setopt_array( $curl, $relay->place( "$path?do=stream&count=500&ms=10" ) + array( CURLOPT_HTTPHEADER => $bearer, CURLOPT_POSTFIELDS => '{}', CURLOPT_WRITEFUNCTION => static fn(): int => 0 ) );
	curl_exec( $curl );
	// It keeps the connection otherwise.
	unset( $curl );
	$gone = $relay->wait_for( static fn() => @file_get_contents( "$folder/hostile/gone" ) );
	$stage->check( 'a client that goes away ends the request at the provider, at once', (int) $gone < 150, $gone );

	$begin  = microtime( true );
	$answer = $relay->ask( "$path?do=late", $bearer, '{}' );
	$stage->same( 'a provider that says nothing is given up, in JSON (after 3 seconds here)', array( 504, 'timeout' ), Relay::refusal( $answer ) );
	$stage->check( '… in time', microtime( true ) - $begin < 6 );

	// TLS: the certificate is for `localhost`, not for the address.
	$wrong  = str_replace( 'localhost', '127.0.0.1', getenv( 'BYOK_TEST_PROVIDER_TLS' ) );
	$answer = $relay->ask( '/byok/relay/openai-compatible/chat/completions', array( 'Authorization: Bearer ' . $relay->ticket( 'openai-compatible', $key, array( 'base_url' => "$wrong/openai/v1" ) ) ), '{}' );
	$stage->same( 'a certificate of another name gets no key', array( 502, 'connect' ), Relay::refusal( $answer ) );
	$asked = array_filter( json_decode( file_get_contents( getenv( 'BYOK_TEST_PROVIDER' ) . '/__requests' ), true ), static fn( array $request ): bool => substr( $key, -4 ) === $request['key_end'] );
	$stage->same( '… nor a request', array(), $asked );

	// Addresses that must not be asked: when a ticket is made, and when it is used.
	foreach ( array( 'https://169.254.169.254/v1', 'https://[::ffff:127.0.0.1]/v1', 'https://[::]/v1', 'https://2130706433/v1', 'https://[64:ff9b::7f00:1]/v1', 'https://localhost/v1', 'https://10.0.0.1/v1' ) as $base ) {
		$stage->same( "no ticket for $base", 'address_refused', $relay->ticket( 'openai-compatible', $key, array( 'base_url' => $base ) ) );
	}
	foreach ( array( 'http://models.example/v1' => 'base_url_not_https', 'https://user@models.example/v1' => 'base_url_malformed', 'https://models.example/v1#x' => 'base_url_malformed', 'https://models.example\\@evil.example/v1' => 'base_url_malformed' ) as $base => $reason ) {
		$stage->same( "no ticket for $base", $reason, $relay->ticket( 'openai-compatible', $key, array( 'base_url' => $base ) ) );
	}

	// What nginx complains of, with a key that a client has put into the query: a large body, a provider that is not there
	// or says nothing, a client that goes away.
	$query  = 'key=byok-test-in-a-query';
	$nobody = $relay->ticket( 'openai-compatible', $key, array( 'base_url' => 'http://127.0.0.1:' . $relay->nobody . '/v1' ) );
	$answer = $relay->ask( "$large?$query", $bearer, str_repeat( 'a', 33 * 1024 * 1024 ) );
	$stage->same( 'a body that is too large, with a query', array( 413, 'body_too_large' ), Relay::refusal( $answer ) );
	$stage->same( 'a provider that is not there', array( 502, 'connect' ), Relay::refusal( $relay->ask( "$path?x=byok-test-in-a-query", array( "Authorization: Bearer $nobody" ), '{}' ) ) );
	$stage->same( 'a provider that says nothing', array( 504, 'timeout' ), Relay::refusal( $relay->ask( "$path?do=late&x=byok-test-in-a-query", $bearer, '{}' ) ) );
	$relay->ask( "/byok/relay/nobody?$query", $bearer );
	foreach ( glob( "$folder/logs/*" ) as $log ) {
		$stage->check( basename( $log ) . ' has nothing of a query', ! str_contains( (string) file_get_contents( $log ), 'in-a-query' ), substr( strstr( (string) file_get_contents( $log ), 'in-a-query', true ) ?: '', -300 ) );
	}

	// No key in any log (trap 5), nor in a worker's memory for longer than it takes.
	$ticket_lines = (string) file_get_contents( "$folder/logs/byok.log" );
	$stage->check( "nginx's log of the relay has requests without their queries", str_contains( $ticket_lines, '"POST /byok/relay/' ) && ! str_contains( $ticket_lines, '?' ), substr( $ticket_lines, 0, 300 ) );
	$relay->ask( $path, array( 'Authorization: Bearer ' . $relay->hostile_ticket( $key, array( 'owner' => 'visitor:byoktestvisitor' ) ) ), '{}' );
	// nginx writes the line when the answer is gone.
	$line = $relay->wait_for( static fn() => preg_match( '/^.* - visitor\S* \[.*$/m', file_get_contents( "$folder/logs/byok.log" ), $found ) ? $found[0] : null );
	$stage->check( '… and of visitors no id', str_contains( $line, ' - visitor [' ), $line );
	foreach ( array_merge( glob( "$folder/logs/*" ), array( "$folder/fpm.log" ) ) as $log ) {
		$text = (string) file_get_contents( $log );
		$stage->same( basename( $log ) . ' has no key and no ticket', array( array(), false ), array( Leaks::find( $key, $text ), str_contains( $text, substr( $ticket, 40, 40 ) ) ) );
	}
	// Workers that have only served nginx, but for the one that makes the ticket and has the key from this test.
	$stage->fpm->reload();
	$fresh = $relay->hostile_ticket( $key, array( 'uses' => 1000 ) );
	for ( $number = 0; $number < 60; $number++ ) {
		$relay->ask( $path, array( "Authorization: Bearer $fresh" ), '{}' );
	}
	$clean = 0;
	foreach ( $stage->fpm->workers() as $worker ) {
		$clean += (int) ! str_contains( memory_of( $worker ), substr( $key, 16 ) );
	}
	$stage->check( 'workers that have told nginx the key have none of it in their memory', $clean >= 5, "$clean of 6" );
};

/**
 * What a process has in its memory, but for what it keeps out of dumps.
 *
 * @param int $pid Process.
 */
function memory_of( int $pid ): string {
	preg_match_all( '/^([0-9a-f]+)-([0-9a-f]+) r\S+ .*?^VmFlags:([^\n]*)$/ms', file_get_contents( "/proc/$pid/smaps" ), $mappings, PREG_SET_ORDER );
	$memory = fopen( "/proc/$pid/mem", 'rb' );
	$all    = '';
	foreach ( $mappings as list( $line, $start, $end, $flags ) ) {
		if ( ! in_array( 'dd', explode( ' ', $flags ), true ) && ! str_contains( strtok( $line, "\n" ), '[v' ) ) {
			fseek( $memory, hexdec( $start ) );
			$all .= (string) @stream_get_contents( $memory, hexdec( $end ) - hexdec( $start ) );
		}
	}
	return $all;
}
