<?php

/** byok_reencrypt() and byok.allow_reveal: the plaintext changes its key without becoming a PHP value. */
final class ReencryptTest extends ExtensionTestCase {

	private const CONTEXT = 'array( "provider" => "openai", "slot" => "default" )';

	/** An envelope of "byok-test" in CONTEXT, as a PHP literal. */
	private function envelope( string $code, array $environment = array() ): string {
		return $this->literal( $this->answer( $code . 'report( byok_encrypt( "byok-test", ' . self::CONTEXT . ' ) );', array(), $environment ) );
	}

	/** Reports whether the new envelope is another, is current, and holds the same. */
	private function reencrypted( string $code, string $envelope, string $previous = 'array()', array $ini = array() ): array {
		return $this->answer( $code . "
			\$new = byok_reencrypt( $envelope, " . self::CONTEXT . ", $previous );
			report( array( \$new !== $envelope, byok_inspect( \$new, " . self::CONTEXT . " )['state'], byok_decrypt( \$new, " . self::CONTEXT . ' ) ) );', $ini );
	}

	public function test_an_envelope_of_a_previous_key_comes_under_the_current_one(): void {
		$secret   = $this->secret();
		$envelope = $this->envelope( '', array( 'BYOK_KEY' => $secret ) );
		$this->assertSame( array( true, 'ready', 'byok-test' ), $this->reencrypted( self::SALTS . "define( 'BYOK_KEY_PREVIOUS', '$secret' );", $envelope ) );
	}

	public function test_a_secret_may_be_given_for_one_call(): void {
		$secret   = $this->secret();
		$envelope = $this->envelope( '', array( 'BYOK_KEY' => $secret ) );
		$this->assertSame( array( true, 'ready', 'byok-test' ), $this->reencrypted( self::SALTS, $envelope, "array( 'key' => '$secret' )" ) );
		// For that call only.
		$this->assertSame(
			array( null, 'locked', array() ),
			$this->answer( self::SALTS . "report( array( reason( fn() => byok_reencrypt( $envelope, " . self::CONTEXT . ", array( 'key' => '$secret' ) ) ), byok_inspect( $envelope )['state'], byok_key_source()['previous_key_ids'] ) );" )
		);
	}

	public function test_salts_may_be_given_for_one_call(): void {
		$envelope = $this->envelope( self::SALTS );
		$previous = $this->literal( array( 'auth_key' => self::AUTH_KEY, 'auth_salt' => self::AUTH_SALT ) );
		$this->assertSame( array( true, 'ready', 'byok-test' ), $this->reencrypted( "define( 'BYOK_KEY', '{$this->secret()}' );", $envelope, $previous ) );
	}

	public function test_what_is_current_already_stays_as_it_is(): void {
		$envelope = $this->envelope( self::SALTS );
		$this->assertSame( array( false, 'ready', 'byok-test' ), $this->reencrypted( self::SALTS, $envelope ) );
	}

	public function test_what_does_not_open_is_refused(): void {
		$envelope = $this->envelope( self::SALTS );
		$current  = "define( 'BYOK_KEY', '{$this->secret()}' );";
		foreach ( array(
			// Under the current key, but of another place: it must not be called current.
			array( self::SALTS, "$envelope, array( 'slot' => 'other' )", 'envelope_refused' ),
			array( $current . self::SALTS, "$envelope, array( 'slot' => 'other' )", 'envelope_refused' ),
			array( $current, "$envelope, " . self::CONTEXT, 'envelope_unknown_key' ),
			array( $current, "'byok1.x'", 'envelope_malformed' ),
			array( $current, "'byok2.x'", 'envelope_unsupported_version' ),
			array( '', "$envelope, " . self::CONTEXT, 'source_missing' ),
			array( $current, "$envelope, array( 'nope' => '' )", 'context_unknown_field' ),
			array( $current, "$envelope, array(), array( 'secret' => 'x' )", 'option_invalid' ),
			array( $current, "$envelope, array(), array( 'x' )", 'option_invalid' ),
			array( $current, "$envelope, array(), array( 'key' => 1 )", 'option_invalid' ),
			array( $current, "$envelope, array(), array( 'key' => null )", 'option_invalid' ),
			array( $current, "$envelope, array(), array( 'key' => 'short' )", 'source_too_short' ),
			array( $current, "$envelope, array(), array( 'key' => 'byok-root:AAAA' )", 'source_malformed' ),
			array( $current, "$envelope, array(), array( 'auth_key' => '" . self::AUTH_KEY . "' )", 'source_missing' ),
			array( $current, "$envelope, array(), array( 'auth_key' => 'put your unique phrase here', 'auth_salt' => 'x' )", 'salts_placeholder' ),
		) as list( $code, $arguments, $reason ) ) {
			$this->assertSame( $reason, $this->answer( "$code report( reason( fn() => byok_reencrypt( $arguments ) ) );" ), $arguments );
		}
	}

	public function test_a_server_that_gives_out_no_keys_does_everything_else(): void {
		$secret   = $this->secret();
		$envelope = $this->envelope( '', array( 'BYOK_KEY' => $secret ) );
		foreach ( array( '0', 'Off', '', 'no', 'nonsense' ) as $off ) {
			$told = $this->answer(
				self::SALTS . "\$previous = array( 'key' => '$secret' ); \$new = byok_reencrypt( $envelope, " . self::CONTEXT . ", \$previous );
				report( array(
					reason( fn() => byok_decrypt( \$new, " . self::CONTEXT . " ) ), byok_inspect( \$new, " . self::CONTEXT . " )['state'], byok_reencrypt( \$new, " . self::CONTEXT . " ) === \$new,
					byok_inspect( byok_encrypt( 'byok-test' ), array() )['state'], byok_key_source()['reveal'], ini_set( 'byok.allow_reveal', '1' ), reason( fn() => byok_decrypt( 'x' ) ),
				) );",
				array( 'byok.allow_reveal' => $off )
			);
			$this->assertSame( array( 'reveal_refused', 'ready', true, 'ready', false, false, 'reveal_refused' ), $told, $off );
		}
		$this->assertTrue( $this->answer( 'report( byok_key_source()["reveal"] );' ) );
		$this->assertTrue( $this->answer( 'report( byok_key_source()["reveal"] );', array( 'byok.allow_reveal' => 'On' ) ) );
	}

	public function test_inspect_tells_what_does_not_open_where_it_lies(): void {
		$told = $this->answer( self::SALTS . '
			$e = byok_encrypt( "byok-test", array( "slot" => "a" ) );
			$changed = substr( $e, 0, -4 ) . strrev( substr( $e, -4 ) );
			$state = fn( ...$a ) => array( byok_inspect( ...$a )["state"], byok_inspect( ...$a )["reason"] );
			report( array(
				$state( $e, array( "slot" => "a" ) ), $state( $e, array( "slot" => "b" ) ), $state( $e, array() ), $state( $e, null ), $state( $e ),
				$state( $changed, array( "slot" => "a" ) ), $state( substr_replace( $e, "AAAAAAAAAAA", 6, 11 ), array() ), $state( "x", array() ),
				reason( fn() => byok_inspect( "x", array( "nope" => "" ) ) ), reason( fn() => byok_inspect( $e, array( "slot" => 1 ) ) ),
			) );' );
		$refused = array( 'damaged', 'envelope_refused' );
		$this->assertSame(
			array( array( 'ready', null ), $refused, $refused, array( 'ready', null ), array( 'ready', null ), $refused, array( 'locked', 'envelope_unknown_key' ), array( 'damaged', 'envelope_malformed' ), 'context_unknown_field', 'context_not_string' ),
			$told
		);
	}

	public function test_generated_keys_differ_and_are_whole(): void {
		list( $one, $two ) = $this->answer( 'report( array( byok_generate_key(), byok_generate_key() ) );' );
		$this->assertNotSame( $one, $two );
		foreach ( array( $one, $two ) as $key ) {
			$this->assertMatchesRegularExpression( '/^byok-root:[A-Za-z0-9_-]{43}$/D', $key );
			$this->assertNull( $this->answer( "define( 'BYOK_KEY', '$key' ); report( byok_key_source()['error'] );" ) );
		}
	}
}
