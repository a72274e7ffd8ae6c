<?php
/**
 * Checks of nginx's own table: each provider is asked at its own address, with its key where it belongs.
 */

declare( strict_types=1 );

use Byok\Tests\Relay;
use Byok\Tests\Stage;

return static function ( Relay $relay, Stage $stage ): void {
	$allowed = "127.0.0.1:{$relay->hostile}";
	// As on a real server: nobody stands in for the providers, but that their names lead here in nginx's configuration.
	$stage->fpm->start(
		array(
			'byok.test_provider' => '',
			'byok.allow_hosts'   => $allowed,
		),
		array(),
		array(
			'www' => array(
				'listen.owner' => $stage->user,
				'listen.mode'  => '0660',
			),
		)
	);
	$table = json_decode( file_get_contents( __DIR__ . '/../../src/engine/providers.json' ), true );
	foreach ( $table as $provider ) {
		$id                    = $provider['id'];
		$key                   = ( $provider['prefixes'][0] ?? '' ) . 'byok-test-' . bin2hex( random_bytes( 20 ) );
		$custom                = null === $provider['base_url'];
		$base                  = $provider['base_url'] ?? "http://$allowed/own";
		list( $method, $path ) = explode( ' ', $provider['relay'][0] );
		$path                  = str_replace( '*', 'a-model', $path );
		$ticket                = $relay->ticket( $id, $key, $custom ? array( 'base_url' => $base ) : array() );
		$answer                = $relay->ask( "/byok/relay/$id$path?a=b", array( "Authorization: Bearer $ticket" ), 'POST' === $method ? '{}' : null );
		$request               = $relay->last_request();
		$header                = $provider['auth']['header'];
		$stage->same(
			"$id is asked at its address, with its key in $header",
			array( 200, $method, (string) parse_url( $base, PHP_URL_PATH ) . "$path?a=b", $custom ? $allowed : parse_url( $base, PHP_URL_HOST ), array( ltrim( ( $provider['auth']['scheme'] ?? '' ) . " $key" ) ) ),
			array( $answer['status'], $request['method'], $request['uri'], $request['headers']['host'][0], $request['headers'][ $header ] ?? null )
		);
		$others = array_diff( array_unique( array_map( static fn( array $other ): string => $other['auth']['header'], $table ) ), array( $header ) );
		$stage->same( '… and no other', array(), array_intersect( $others, array_keys( $request['headers'] ) ) );
		foreach ( $provider['headers'] ?? array() as $name => $value ) {
			$stage->same( "… with $name, which a client may leave out", array( $value ), $request['headers'][ $name ] ?? null );
		}
	}

	$ticket  = $relay->ticket( 'ollama', '', array( 'base_url' => "http://$allowed" ) );
	$answer  = $relay->ask( '/byok/relay/ollama/api/chat', array( "Authorization: Bearer $ticket" ), '{}' );
	$request = $relay->last_request();
	$stage->same( 'a provider without a key gets none, and its answer is whole', array( 200, "{\"big\": 12345678901234567890}\n", '/api/chat', false ), array( $answer['status'], $answer['body'], $request['uri'], isset( $request['headers']['authorization'] ) ) );
};
