<?php
/**
 * A provider that means no good, and one that remembers every byte.
 *
 * php hostile.php FOLDER — listens on any port of 127.0.0.1, which it writes to FOLDER/port. Each request is a line of JSON in
 * FOLDER/requests. What it answers is chosen by the parameter `do`:
 *
 * - `accel`: headers that steer nginx, and a page's own origin.
 * - `away`: a redirect to another address.
 * - `echo`: the key that it was sent, in its body, in pieces.
 * - `header`: the key, in a header and in a cookie.
 * - `gzip`: the key, packed though nobody has asked for that.
 * - `stream`: `count` events, `ms` milliseconds apart; when the other side goes, FOLDER/gone says after how many.
 * - `raw`: the bytes that `raw` has in hexadecimal, and nothing else.
 * - `late`: nothing, for as long as it is waited.
 * - else: JSON.
 */

declare( strict_types=1 );

$folder = $argv[1];
$server = stream_socket_server( 'tcp://127.0.0.1:0' );
file_put_contents( "$folder/port.new", substr( strrchr( stream_socket_get_name( $server, false ), ':' ), 1 ) );
rename( "$folder/port.new", "$folder/port" );
pcntl_signal( SIGCHLD, SIG_IGN );
while ( true ) {
	$client = @stream_socket_accept( $server, 3600 );
	if ( false !== $client && 0 === pcntl_fork() ) {
		serve( $client, $folder );
		exit;
	}
	if ( false !== $client ) {
		fclose( $client );
	}
}

/**
 * Answers one request.
 *
 * @param resource $client Connection.
 * @param string   $folder Where to write to.
 */
function serve( $client, string $folder ): void {
	for ( $head = ''; ! str_ends_with( $head, "\r\n\r\n" ); ) {
		$line = fgets( $client );
		if ( false === $line ) {
			return;
		}
		$head .= $line;
	}
	$lines = explode( "\r\n", rtrim( $head ) );
	list( $method, $uri ) = explode( ' ', $lines[0] );
	$headers = array();
	foreach ( array_slice( $lines, 1 ) as $line ) {
		list( $name, $value )             = explode( ':', $line, 2 );
		$headers[ strtolower( $name ) ][] = trim( $value );
	}
	$length = (int) ( $headers['content-length'][0] ?? 0 );
	$hash   = hash_init( 'sha256' );
	$body   = '';
	for ( $left = $length; $left > 0 && ! feof( $client ); $left -= strlen( $bytes ) ) {
		$bytes = (string) fread( $client, min( $left, 65536 ) );
		hash_update( $hash, $bytes );
		$body .= strlen( $body ) < 1000 ? $bytes : '';
	}
	$request = array(
		'method'  => $method,
		'uri'     => $uri,
		'headers' => $headers,
		'length'  => $length - $left,
		'sha256'  => hash_final( $hash ),
		'body'    => bin2hex( substr( $body, 0, 1000 ) ),
	);
	file_put_contents( "$folder/requests", json_encode( $request ) . "\n", FILE_APPEND | LOCK_EX );
	parse_str( (string) parse_url( $uri, PHP_URL_QUERY ), $asked );
	$key = trim( preg_replace( '/^\w+ /', '', $headers['authorization'][0] ?? '' ) );
	switch ( $asked['do'] ?? '' ) {
		case 'accel':
			$answer = implode(
				"\r\n",
				array(
					'X-Accel-Redirect: /secret',
					'X-Accel-Buffering: yes',
					'X-Accel-Limit-Rate: 1',
					'Set-Cookie: stolen=1; Path=/',
					'Refresh: 0; url=https://evil.example',
					'Link: <https://evil.example>; rel=preload',
					'Clear-Site-Data: "*"',
					'Strict-Transport-Security: max-age=0',
					'Access-Control-Allow-Origin: *',
					'Access-Control-Allow-Credentials: true',
					'Content-Security-Policy: script-src *',
					'Service-Worker-Allowed: /',
					'WWW-Authenticate: Basic realm="password?"',
					'Cache-Control: public, max-age=99999',
					'X-Byok-Key: fake',
					'Openai-Organization: org-secret',
					'Retry-After: 7',
					'Anthropic-Ratelimit-Requests-Remaining: 3',
					'X-Request-Id: req_1',
				)
			);
			fwrite( $client, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n$answer\r\nContent-Length: 32\r\nConnection: close\r\n\r\n<script>steal()</script>12345678" );
			break;
		case 'away':
			fwrite( $client, "HTTP/1.1 307 Away\r\nLocation: https://evil.example/elsewhere\r\nContent-Length: 4\r\nConnection: close\r\n\r\naway" );
			break;
		case 'echo':
			fwrite( $client, "HTTP/1.1 401 No\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" );
			foreach ( str_split( json_encode( array( 'error' => array( 'message' => "Incorrect API key provided: $key." ) ) ), 7 ) as $piece ) {
				fwrite( $client, $piece );
				usleep( 2000 );
			}
			break;
		case 'header':
			fwrite( $client, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Echo: $key\r\nX-Request-Id: $key\r\nSet-Cookie: key=$key\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}" );
			break;
		case 'gzip':
			$packed = gzencode( "{\"key\":\"$key\"}" );
			fwrite( $client, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: " . strlen( $packed ) . "\r\nConnection: close\r\n\r\n$packed" );
			break;
		case 'stream':
			fwrite( $client, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" );
			for ( $number = 1; $number <= ( $asked['count'] ?? 20 ); $number++ ) {
				if ( false === @fwrite( $client, "data: {\"number\": $number}\n\n" ) ) {
					file_put_contents( "$folder/gone", (string) $number );
					return;
				}
				usleep( 1000 * (int) ( $asked['ms'] ?? 10 ) );
			}
			break;
		case 'raw':
			fwrite( $client, hex2bin( $asked['raw'] ) );
			// Who is given a tunnel says something.
			stream_set_timeout( $client, 1 );
			fread( $client, 1000 );
			break;
		case 'late':
			fread( $client, 1 );
			break;
		default:
			fwrite( $client, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 30\r\nConnection: close\r\n\r\n{\"big\": 12345678901234567890}\n" );
	}
	fclose( $client );
}
