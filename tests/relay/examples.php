<?php
/**
 * Checks that the examples of the documentation run as they stand there, in a page of the site.
 */

declare( strict_types=1 );

use Byok\Tests\Relay;
use Byok\Tests\Stage;
use Byok\Tests\Test_Provider;

return static function ( Relay $relay, Stage $stage ): void {
	$key  = Test_Provider::key( 'anthropic' );
	$page = $stage->result(
		$stage->in_site(
			'Byok\Relay_Settings::change( array( "visitors" => true, "limits" => array_fill_keys( array( "token", "user", "address", "key", "global", "register" ), array( 100000, 60 ) ) ) );
			$visitor = Byok\Visitors::register();
			$saved   = array( byok_save_key( "openai", $openai, array( "owner" => $visitor["owner"]->word() ) ), byok_save_key( "anthropic", $anthropic, array( "owner" => "site" ) ) );
			$user    = get_users( array( "role" => "administrator", "number" => 1 ) )[0]->ID;
			$until   = time() + HOUR_IN_SECONDS;
			$session = wp_generate_auth_cookie( $user, $until, "logged_in", WP_Session_Tokens::get_instance( $user )->create( $until ) );
			$_COOKIE[ LOGGED_IN_COOKIE ] = $session;
			wp_set_current_user( $user );
			return array( "token" => $visitor["token"]->reveal(), "cookies" => LOGGED_IN_COOKIE . "=" . rawurlencode( $session ), "nonce" => wp_create_nonce( "wp_rest" ), "failed" => array_filter( $saved, "is_wp_error" ) );',
			array( 'openai' => Test_Provider::key( 'openai' ), 'anthropic' => $key )
		)
	);
	$stage->check( 'there are a visitor with a key, and a user', array() === $page['failed'] && 10 === strlen( $page['nonce'] ), $page['failed'] );

	$docs    = dirname( __DIR__, 2 ) . '/docs';
	$process = proc_open( array( getenv( 'BYOK_TEST_NODE' ), __DIR__ . '/clients/examples.mjs', "$docs/relay.md", "$docs/visitors.md" ), array( array( 'pipe', 'r' ), array( 'pipe', 'w' ), STDERR ), $pipes );
	fwrite( $pipes[0], json_encode( array( 'origin' => "http://127.0.0.1:{$relay->port}", 'key' => Test_Provider::key( 'openai' ) ) + $page ) );
	fclose( $pipes[0] );
	$told = json_decode( (string) stream_get_contents( $pipes[1] ), true );
	proc_close( $process );
	$stage->same( 'four examples of the documentation use a client', 4, count( (array) $told ) );
	foreach ( (array) $told as $name => $answer ) {
		$stage->check( "$name: runs as it stands there", '' !== ( $answer['says'] ?? '' ), $answer );
	}
};
