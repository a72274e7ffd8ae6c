<?php
/**
 * Checks of what deploy/nginx/make.php can be told: other logs, and some providers only, for when the name of another one cannot be
 * looked up, with which nginx would not start.
 */

declare( strict_types=1 );

use Byok\Tests\Relay;
use Byok\Tests\Stage;
use Byok\Tests\Test_Provider;

return static function ( Relay $relay, Stage $stage ): void {
	$folder = "{$stage->folder}/less";
	$maker  = dirname( __DIR__, 2 ) . '/deploy/nginx/make.php';
	$run    = static function ( string ...$command ): array {
		exec( implode( ' ', array_map( 'escapeshellarg', $command ) ) . ' 2>&1', $lines, $status );
		return array( $status, implode( "\n", $lines ) );
	};
	mkdir( $folder );
	$usual = array( file_get_contents( dirname( $maker ) . '/byok-http.conf' ), file_get_contents( dirname( $maker ) . '/byok-server.conf' ) );

	foreach ( array( '--bogus=1', "--to=$folder/nowhere", '--providers=openai', '--access-log=off' ) as $wrong ) {
		$stage->same( "make.php refuses $wrong", 1, $run( PHP_BINARY, $maker, $wrong )[0] );
	}
	foreach ( array( '--providers=nobody', '--access-log=byok.log', '--error-log=/x; user root', '--error-log=off' ) as $wrong ) {
		$stage->same( "make.php refuses $wrong, also with a folder", 1, $run( PHP_BINARY, $maker, "--to=$folder", $wrong )[0] );
	}
	$stage->same( '… and has written nothing', array( array(), $usual ), array( glob( "$folder/*" ), array( file_get_contents( dirname( $maker ) . '/byok-http.conf' ), file_get_contents( dirname( $maker ) . '/byok-server.conf' ) ) ) );

	// The site's nginx, with files of its own.
	$port  = Relay::unused_port();
	$write = static function ( string $unknown, string ...$options ) use ( $run, $maker, $folder, $stage, $relay, $port ): void {
		$run( PHP_BINARY, $maker, "--to=$folder", ...$options );
		$http = str_replace( $unknown, 'byok-test.invalid', file_get_contents( "$folder/byok-http.conf" ) );
		$http = preg_replace( '/server (?!byok-test\.invalid)[a-z0-9.-]+:443;/', "server 127.0.0.1:{$relay->hostile};", $http );
		file_put_contents( "$folder/byok-http.conf", str_replace( 'https://byok_', 'http://byok_', $http ) );
		file_put_contents( "$folder/byok-server.conf", str_replace( '/etc/ssl/certs/ca-certificates.crt', "{$stage->folder}/ca.pem", file_get_contents( "$folder/byok-server.conf" ) ) );
		$conf = strtr(
			file_get_contents( "{$stage->folder}/nginx.conf" ),
			array(
				"{$stage->folder}/byok-"     => "$folder/byok-",
				"{$stage->folder}/nginx-"    => "$folder/nginx-",
				"{$stage->folder}/nginx.pid" => "$folder/nginx.pid",
				":{$relay->port};"           => ":$port;",
				":{$relay->port_2} http2;"   => ':' . Relay::unused_port() . ' http2;',
			)
		);
		file_put_contents( "$folder/nginx.conf", $conf );
	};
	$logs  = array( "--access-log=$folder/requests.log", "--error-log=$folder/errors.log" );
	$nginx = array( getenv( 'BYOK_TEST_NGINX' ), '-p', $folder, '-c', "$folder/nginx.conf", '-e', "$folder/start.log" );

	$write( 'api.groq.com', ...$logs );
	list( $status, $said ) = $run( ...array( ...$nginx, '-t' ) );
	$stage->check( 'nginx does not start with a name that cannot be looked up, and says which and where', 0 !== $status && preg_match( '~host not found in upstream "byok-test\.invalid:443" in \S+byok-http\.conf:\d+~', $said ), $said );
	$write( 'api.groq.com', '--providers=openai,google', ...$logs );
	list( $status, $said ) = $run( ...array( ...$nginx, '-t' ) );
	$stage->same( 'without that provider it does', 0, $status );
	$stage->same( 'its files name no other log', array(), array_filter( preg_split( '/\n/', file_get_contents( "$folder/byok-server.conf" ) ), static fn( string $line ): bool => str_contains( $line, '/var/log' ) ) );

	// As on a real server, with nobody who stands in for the providers.
	$stage->fpm->start( array( 'byok.test_provider' => '' ), array(), array( 'www' => array( 'listen.owner' => $stage->user, 'listen.mode' => '0660' ) ) );
	$relay->run( $nginx );
	$relay->wait_for( static fn() => @fsockopen( '127.0.0.1', (int) $port ) );
	$ask = static function ( string $provider ) use ( $relay, $port ): array {
		$curl = curl_init( "http://127.0.0.1:$port/byok/relay/$provider/models?x=y" );
		curl_setopt_array( $curl, array( CURLOPT_RETURNTRANSFER => true, CURLOPT_TIMEOUT => 30, CURLOPT_HTTPHEADER => array( 'Authorization: Bearer ' . $relay->ticket( $provider, Test_Provider::key( $provider ) ) ) ) );
		$body = (string) curl_exec( $curl );
		return array( curl_getinfo( $curl, CURLINFO_RESPONSE_CODE ), json_decode( $body, true )['error']['code'] ?? null );
	};
	$stage->same( 'what is in the files is passed on', array( 200, null ), $ask( 'openai' ) );
	$stage->same( 'what was left out is refused, in JSON', array( 503, 'relay_unavailable' ), $ask( 'groq' ) );
	// nginx writes its line after the answer.
	$logged = static fn(): int => (int) preg_match_all( '~"GET /byok/relay/(?:openai|groq)/models" (?:200|503) ~', file_get_contents( "$folder/requests.log" ) );
	$relay->wait_for( static fn() => $logged() >= 2 );
	$stage->same( 'both are in the log that was chosen, without their queries', 2, $logged() );

	$run( PHP_BINARY, $maker, "--to=$folder", '--access-log=off' );
	$stage->check( 'there need not be a log', ! str_contains( file_get_contents( "$folder/byok-server.conf" ), 'byok.log byok' ) && str_contains( file_get_contents( "$folder/byok-server.conf" ), 'access_log off;' ) );
};
