<?php

/** byok_validate_envelope(): the check of a stored key, which goes only to the address it is bound to. */
final class ValidateEnvelopeTest extends ExtensionTestCase {

	private function ini( array $more = array() ): array {
		return $more + array( 'byok.test_provider' => getenv( 'BYOK_TEST_PROVIDER' ), 'byok.timeout' => '2' );
	}

	private function requests(): int {
		return count( json_decode( file_get_contents( getenv( 'BYOK_TEST_PROVIDER' ) . '/__requests' ), true, 512, JSON_THROW_ON_ERROR ) );
	}

	public function test_it_answers_like_the_check_of_the_key_itself(): void {
		foreach ( array( 'valid', 'no-credit', 'invalid', 'outage' ) as $behaviour ) {
			$key = $this->new_key( 'sk-ant-api03-', $behaviour );
			// The secret is in the first argument only: the second process has no plaintext to begin with.
			$envelope = $this->answer( self::SALTS . 'report( byok_encrypt( ' . $this->literal( $key ) . ', array( "provider" => "anthropic", "origin" => byok_origin( "anthropic" ) ) ) );', $this->ini() );
			list( $told, $direct ) = array(
				$this->answer( self::SALTS . 'report( byok_validate_envelope( "anthropic", ' . $this->literal( $envelope ) . ', array( "provider" => "anthropic", "origin" => byok_origin( "anthropic" ) ) ) );', $this->ini( array( 'byok.allow_reveal' => '0' ) ) ),
				$this->answer( 'report( byok_validate_key( "anthropic", ' . $this->literal( $key ) . ' ) );', $this->ini() ),
			);
			unset( $told['elapsed_ms'], $direct['elapsed_ms'] );
			$this->assertSame( $direct, $told );
			$this->assert_free_of( $key, json_encode( $told ) );
		}
	}

	public function test_an_address_of_ones_own_is_checked_with_its_base_url(): void {
		$address = getenv( 'BYOK_TEST_PROVIDER' );
		$host    = parse_url( $address, PHP_URL_HOST ) . ':' . parse_url( $address, PHP_URL_PORT );
		$base    = $address . '/openai-compatible/v1';
		$ini     = array( 'byok.allow_hosts' => $host, 'byok.timeout' => '2' );
		$told    = $this->answer( self::SALTS . "\$context = array( 'origin' => byok_origin( 'openai-compatible', '$base' ) );
			\$e = byok_encrypt( '{$this->new_key( 'sk-' )}', \$context );
			report( array( byok_validate_envelope( 'openai-compatible', \$e, \$context, array( 'base_url' => '$base' ) )['outcome'],
				reason( fn() => byok_validate_envelope( 'openai-compatible', \$e, \$context, array( 'base_url' => '$base/other' ) ) ) ) );", $ini );
		$this->assertSame( array( 'valid', 'origin_mismatch' ), $told );
	}

	public function test_a_key_is_not_sent_to_another_address(): void {
		$before = $this->requests();
		$told   = $this->answer( self::SALTS . '
			$seal = fn( $origin ) => byok_encrypt( "' . $this->new_key() . '", array( "origin" => $origin ) );
			$check = fn( $sealed, $given ) => reason( fn() => byok_validate_envelope( "anthropic", $seal( $sealed ), null === $given ? array() : array( "origin" => $given ) ) );
			$here = byok_origin( "anthropic" );
			report( array(
				$check( "https://api.anthropic.com:443", "https://api.anthropic.com:443" ), $check( $here, "https://api.anthropic.com:443" ),
				$check( "", null ), $check( "", "" ), $check( $here, null ), $check( "https://api.anthropic.com:443", $here ), $check( $here . "/", $here . "/" ),
			) );', $this->ini() );
		$mismatch = 'origin_mismatch';
		$this->assertSame( array( $mismatch, $mismatch, $mismatch, $mismatch, $mismatch, 'envelope_refused', $mismatch ), $told );
		$this->assertSame( $before, $this->requests(), 'A packet was sent.' );
	}

	public function test_what_cannot_be_checked_is_refused_before_any_request(): void {
		$before  = $this->requests();
		$context = 'array( "origin" => byok_origin( "anthropic" ) )';
		foreach ( array(
			"'nobody', 'x', array()"                                         => 'provider_unknown',
			"'anthropic', 'x', $context, array( 'time' => 1 )"               => 'option_invalid',
			"'anthropic', 'x', array( 'nope' => '' )"                        => 'context_unknown_field',
			"'anthropic', 'x', $context, array( 'base_url' => 'https://e' )" => 'base_url_not_allowed',
			"'anthropic', 'x', $context"                                     => 'envelope_malformed',
			"'anthropic', 'byok2.x', $context"                               => 'envelope_unsupported_version',
			"'anthropic', substr_replace( \$e, 'AAAAAAAAAAA', 6, 11 ), $context" => 'envelope_unknown_key',
			"'anthropic', \$e, $context + array( 'slot' => 'other' )"        => 'envelope_refused',
			"'anthropic', byok_encrypt( 'two words', $context ), $context"   => 'key_control_character',
			"'anthropic', byok_encrypt( 'sk-ant-admin01-byok-test', $context ), $context" => 'key_wrong_kind',
		) as $arguments => $reason ) {
			$this->assertSame( $reason, $this->answer( self::SALTS . "\$e = byok_encrypt( '{$this->new_key()}', $context ); report( reason( fn() => byok_validate_envelope( $arguments ) ) );", $this->ini() ), $arguments );
		}
		$this->assertSame( 'source_missing', $this->answer( 'report( reason( fn() => byok_validate_envelope( "anthropic", "byok1.1fh9TAZ8Tts.QEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAx_fqdOP0IOqkvRAi4Mi39P66pMi7vMozBWj7oGHsa6w0epz7Sku-IzvXsGcO7Bq6vxcz-X6_ou6Si96tCoR3M1Xs", ' . $context . ' ) ) );', $this->ini() ) );
		$this->assertSame( $before, $this->requests(), 'A packet was sent.' );
	}
}
