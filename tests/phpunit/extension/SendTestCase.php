<?php

/** What the tests of byok_send() share. The key is in no process that sends it but as an envelope. */
abstract class SendTestCase extends ExtensionTestCase {

	protected function ini( array $more = array() ): array {
		return $more + array( 'byok.test_provider' => getenv( 'BYOK_TEST_PROVIDER' ), 'byok.allow_reveal' => '0' );
	}

	/** An envelope for a key, and PHP code that sends with it: `send( $request, $on_chunk )`. */
	protected function sender( string $key, string $provider = 'openai' ): string {
		$envelope = $this->answer( self::SALTS . 'report( byok_encrypt( ' . $this->literal( $key ) . ", array( 'provider' => '$provider', 'origin' => byok_origin( '$provider' ) ) ) );", $this->ini() );
		return self::SALTS . "function send( \$request, \$on_chunk = null ) {
			return byok_send( '$provider', '$envelope', array( 'provider' => '$provider', 'origin' => byok_origin( '$provider' ) ), \$request + array( 'method' => 'GET' ), \$on_chunk );
		}\n";
	}

	/** What the test provider's own paths tell. */
	protected function told( string $what ) {
		return json_decode( file_get_contents( getenv( 'BYOK_TEST_PROVIDER' ) . "/__$what" ), true, 512, JSON_THROW_ON_ERROR );
	}

	/** Waits until the test provider has no connection but the one that asks, and returns their number. */
	protected function quiet(): int {
		$this->wait_until( fn() => 1 === $this->told( 'open' ), 'A test before this one has left a connection open.' );
		return 1;
	}

	/** Waits up to five seconds. */
	protected function wait_until( callable $is_so, string $message ): void {
		for ( $tries = 0; $tries < 100 && ! $is_so(); $tries++ ) {
			usleep( 50000 );
		}
		$this->assertTrue( $is_so(), $message );
	}
}
