<?php
/**
 * Servers that keep every byte they are sent: what somebody would see at the other end, or on the way.
 *
 * php server.php FOLDER HOST… — listens on free ports of 127.0.0.1, makes certificates for the hosts, and prints one line of
 * JSON with the addresses:
 *
 *     plain, other   speak HTTP
 *     tls            speaks HTTP over TLS
 *
 * In the folder are then, for each of them, NAME.bytes with what was received (over TLS both what came, which is the beginning
 * of the handshake, and what was in it) and NAME.connections with one byte for each connection; `ca.pem` is the authority that
&
 * the path of a request, `PATH=`, from there. It ends when its standard input does.
 */

declare( strict_types=1 );

list( , $folder ) = $argv;
$hosts            = array_slice( $argv, 2 );

/**
 * Makes an authority, and a certificate of it for some hosts.
 *
 * @param string   $folder Folder.
 * @param string[] $hosts  Names.
 */
function make_certificates( string $folder, array $hosts ): void {
	$names = implode( ',', array_map( static fn( string $host ): string => "DNS:$host", $hosts ) );
	file_put_contents( "$folder/openssl.cnf", "[req]\ndistinguished_name=dn\n[dn]\n[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n[host]\nbasicConstraints=CA:FALSE\nsubjectAltName=$names\n" );
	$options = array(
		'config'           => "$folder/openssl.cnf",
		'private_key_type' => OPENSSL_KEYTYPE_EC,
		'curve_name'       => 'prime256v1',
		'private_key_bits' => 2048,
		'digest_alg'       => 'sha256',
	);
	$made    = array();
	foreach ( array( 'ca', 'host' ) as $what ) {
		$key     = openssl_pkey_new( $options );
		$request = openssl_csr_new( array( 'commonName' => "byok test $what" ), $key, $options );
		$signed  = openssl_csr_sign( $request, $made['ca'][0] ?? null, $made['ca'][1] ?? $key, 2, array( 'x509_extensions' => $what ) + $options, random_int( 1, PHP_INT_MAX ) );

		$made[ $what ] = array( $signed, $key );
	}
	openssl_x509_export( $made['ca'][0], $authority );
	openssl_x509_export( $made['host'][0], $certificate );
	openssl_pkey_export( $made['host'][1], $key, null, $options );
	file_put_contents( "$folder/ca.pem", $authority );
	file_put_contents( "$folder/host.pem", $certificate . $key . $authority );
}

/**
 * Answers a request.
 *
 * @param string $folder   Folder.
 * @param string $name     Name of the server.
 * @param string $received What was received.
 * @return string|null The answer; null while the request is not whole.
 */
function answer( string $folder, string $name, string $received ): ?string {
	$end = strpos( $received, "\r\n\r\n" );
	if ( false === $end ) {
		return null;
	}
	$length = preg_match( '/^content-length: *(\d+)/mi', substr( $received, 0, $end ), $found ) ? (int) $found[1] : 0;
	if ( strlen( $received ) < $end + 4 + $length ) {
		return null;
	}
	$answers = is_file( "$folder/$name.answers" ) ? json_decode( file_get_contents( "$folder/$name.answers" ), true ) : array();
	$path    = explode( ' ', $received )[1] ?? '';
	return $answers[ $path ] ?? $answers['*'] ?? "HTTP/1.1 200 Test\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
}

make_certificates( $folder, $hosts );
$servers   = array();
$addresses = array();
foreach ( array( 'plain', 'other', 'tls' ) as $name ) {
	$servers[ $name ]   = stream_socket_server( 'tcp://127.0.0.1:0' );
	$addresses[ $name ] = stream_socket_get_name( $servers[ $name ], false );
	touch( "$folder/$name.bytes" );
	touch( "$folder/$name.connections" );
}
$secure = array(
	'local_cert'        => "$folder/host.pem",
	'verify_peer'       => false,
	'allow_self_signed' => true,
);
echo json_encode( $addresses ), "\n";

$open = array();
while ( true ) {
	$read  = array_merge( array( STDIN ), array_values( $servers ), array_column( $open, 'stream' ) );
	$write = null;
	$other = null;
	stream_select( $read, $write, $other, 60 );
	foreach ( $read as $stream ) {
		if ( STDIN === $stream ) {
			exit( 0 );
		}
		$name = array_search( $stream, $servers, true );
		if ( false !== $name ) {
			$accepted = stream_socket_accept( $stream, 1 );
			file_put_contents( "$folder/$name.connections", '.', FILE_APPEND );
			if ( 'tls' === $name ) {
				// What anybody on the way sees of it, before there is any secrecy.
				stream_set_timeout( $accepted, 5 );
				file_put_contents( "$folder/$name.bytes", (string) stream_socket_recvfrom( $accepted, 65536, STREAM_PEEK ), FILE_APPEND );
				stream_context_set_option( $accepted, array( 'ssl' => $secure ) );
				if ( ! @stream_socket_enable_crypto( $accepted, true, STREAM_CRYPTO_METHOD_TLS_SERVER ) ) {
					fclose( $accepted );
					continue;
				}
			}
			stream_set_blocking( $accepted, false );
			$open[ (int) $accepted ] = array(
				'stream'   => $accepted,
				'name'     => $name,
				'received' => '',
			);
			continue;
		}
		$number = (int) $stream;
		$bytes  = (string) fread( $stream, 65536 );
		if ( '' === $bytes && feof( $stream ) ) {
			fclose( $stream );
			unset( $open[ $number ] );
			continue;
		}
		$name = $open[ $number ]['name'];
		file_put_contents( "$folder/$name.bytes", $bytes, FILE_APPEND );
		$open[ $number ]['received'] .= $bytes;

		$answer = answer( $folder, $name, $open[ $number ]['received'] );
		if ( null !== $answer ) {
			fwrite( $stream, $answer );
			fclose( $stream );
			unset( $open[ $number ] );
		}
	}
}
