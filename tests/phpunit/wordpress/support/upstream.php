<?php
/**
 * A provider that answers as it is told, for PHP's own server: `what` in the query.
 */

declare( strict_types=1 );

$what = $_GET['what'] ?? 'echo';
if ( str_ends_with( (string) parse_url( $_SERVER['REQUEST_URI'], PHP_URL_PATH ), '/models' ) && 'echo' === $what ) {
	header( 'Content-Type: application/json' );
	echo '{"data":[{"id":"a-model"}]}';
	return;
}
switch ( $what ) {
	case 'hostile':
		// What would make a web server, a proxy or a browser do something.
		foreach ( array( 'X-Accel-Redirect: /wp-config.php', 'X-Sendfile: /etc/passwd', 'Set-Cookie: wordpress_logged_in=evil', 'Location: https://evil.example/', 'Refresh: 0;url=https://evil.example/', 'Link: <https://evil.example/>; rel=preload', 'Access-Control-Allow-Origin: *', 'Access-Control-Allow-Credentials: true', 'Clear-Site-Data: "*"', 'Strict-Transport-Security: max-age=0', 'Service-Worker-Allowed: /', 'Content-Type: text/html', 'X-Request-Id: kept', 'Retry-After: 5' ) as $line ) {
			header( $line );
		}
		http_response_code( 200 );
		echo '<script>alert(document.cookie)</script>';
		return;
	case 'binary':
		header( 'Content-Type: audio/mpeg' );
		echo implode( '', array_map( 'chr', range( 0, 255 ) ) );
		return;
	case 'numbers':
		header( 'Content-Type: application/json' );
		echo '{"n":12345678901234567890,"f":1.0,"e":1e400, "spaces" : "kept"}';
		return;
	case 'breaks':
		header( 'Content-Type: text/event-stream' );
		header( 'Content-Length: 1000' );
		echo "data: one\n\n";
		flush();
		usleep( 300000 );
		posix_kill( getmypid(), SIGKILL );
		return;
	case 'silence':
		header( 'Content-Type: text/event-stream' );
		echo "data: one\n\n";
		flush();
		sleep( 10 );
		return;
	case 'status':
		http_response_code( (int) $_GET['status'] );
		header( 'Content-Type: application/json' );
		echo '{"error":"overloaded"}';
		return;
	case 'nothing':
		http_response_code( 204 );
		return;
}
header( 'Content-Type: application/json' );
echo json_encode(
	array(
		'method'  => $_SERVER['REQUEST_METHOD'],
		'target'  => $_SERVER['REQUEST_URI'],
		'headers' => array_change_key_case( getallheaders() ),
		'bytes'   => strlen( (string) file_get_contents( 'php://input' ) ),
		'hash'    => hash( 'sha256', (string) file_get_contents( 'php://input' ) ),
	)
);
