<?php

/** Checks against the test provider, through PHP. The engine's own tests cover the network in depth. */
final class ProviderTest extends ExtensionTestCase {

	private function ini(): array {
		return array( 'byok.test_provider' => getenv( 'BYOK_TEST_PROVIDER' ), 'byok.timeout' => '2' );
	}

	private function check( string $provider, string $key, string $options = 'array()' ): array {
		return $this->answer( sprintf( 'report( byok_validate_key( %s, %s, %s ) );', $this->literal( $provider ), $this->literal( $key ), $options ), $this->ini() );
	}

	public function outcomes(): array {
		$cases = array();
		foreach ( array( 'valid' => 'valid', 'no-credit' => 'no_credit', 'rate-limited' => 'rate_limited', 'restricted' => 'restricted', 'invalid' => 'invalid', 'outage' => 'unknown', 'hang' => 'unknown' ) as $behaviour => $outcome ) {
			$cases[ $behaviour ] = array( $behaviour, $outcome );
		}
		return $cases;
	}

	/** @dataProvider outcomes */
	public function test_each_outcome_is_told( string $behaviour, string $outcome ): void {
		$key  = $this->new_key( 'sk-ant-api03-', $behaviour );
		$told = $this->check( 'anthropic', $key );
		$this->assertSame( $outcome, $told['outcome'] );
		$this->assertSame( array( 'outcome', 'provider', 'origin', 'reason', 'http_status', 'retry_after', 'recognised', 'trimmed', 'hint', 'elapsed_ms' ), array_keys( $told ) );
		$this->assertSame( substr( $key, -4 ), substr( $told['hint'], -4 ) );
		$this->assert_free_of( $key, json_encode( $told ) );
	}

	public function test_white_space_around_a_key_is_trimmed_and_said(): void {
		$key = $this->new_key( 'gsk_' );
		$told = $this->check( 'groq', "  \t$key\r\n" );
		$this->assertSame( array( 'valid', true ), array( $told['outcome'], $told['trimmed'] ) );
		$this->assertFalse( $this->check( 'groq', $key )['trimmed'] );
	}

	/** @dataProvider bad_keys */
	public function test_a_key_that_no_header_may_carry_is_refused_before_any_request( string $key, string $reason ): void {
		$before = $this->requests();
		$this->assertSame( $reason, $this->answer( 'report( reason( fn() => byok_validate_key( "openai", ' . $key . ' ) ) );', $this->ini() ) );
		$this->assertSame( $before, $this->requests() );
	}

	public function bad_keys(): array {
		return array(
			'empty'           => array( '""', 'key_empty' ),
			'blank'           => array( '" \n\t "', 'key_empty' ),
			'line feed'       => array( '"sk-byok-test\nX-Evil: 1"', 'key_control_character' ),
			'carriage return' => array( '"sk-byok\rtest"', 'key_control_character' ),
			'nul'             => array( '"sk-byok\0test"', 'key_control_character' ),
			'inner space'     => array( '"sk-byok test"', 'key_control_character' ),
			'accent'          => array( '"sk-byok-tést"', 'key_not_ascii' ),
			'zero width'      => array( '"sk-byok\u{200b}-test"', 'key_not_ascii' ),
			'right to left'   => array( '"sk-byok\u{202e}-test"', 'key_not_ascii' ),
			'not utf-8'       => array( '"sk-byok\xff-test"', 'key_not_ascii' ),
			'too long'        => array( 'str_repeat( "k", 8193 )', 'key_too_long' ),
			'mask'            => array( '"sk-ant-…Qw4A"', 'key_is_mask' ),
		);
	}

	public function test_an_administration_key_is_refused(): void {
		$this->assertSame( 'key_wrong_kind', $this->answer( 'report( reason( fn() => byok_validate_key( "anthropic", "sk-ant-admin01-byok-test" ) ) );', $this->ini() ) );
	}

	private function requests(): int {
		return count( json_decode( file_get_contents( getenv( 'BYOK_TEST_PROVIDER' ) . '/__requests' ), true, 512, JSON_THROW_ON_ERROR ) );
	}

	public function test_options_and_providers_are_checked(): void {
		$key = $this->literal( $this->new_key() );
		foreach ( array(
			"'nobody', $key"                                                       => 'provider_unknown',
			"\"openai\\xff\", $key"                                                => 'provider_unknown',
			"'openai', $key, array( 'time' => 1 )"                                 => 'option_invalid',
			"'openai', $key, array( 'timeout' => 0 )"                              => 'option_invalid',
			"'openai', $key, array( 'timeout' => 61 )"                             => 'option_invalid',
			"'openai', $key, array( 'timeout' => NAN )"                            => 'option_invalid',
			"'openai', $key, array( 'timeout' => '5' )"                            => 'option_invalid',
			"'openai', $key, array( 'base_url' => 1 )"                             => 'option_invalid',
			"'openai', $key, array( 'base_url' => 'https://example.com' )"         => 'base_url_not_allowed',
			"'openai-compatible', $key"                                            => 'base_url_missing',
			"'openai-compatible', $key, array( 'base_url' => 'http://e.example' )" => 'base_url_not_https',
			"'openai-compatible', $key, array( 'base_url' => 'https://a@b.example' )" => 'base_url_malformed',
			"'openai-compatible', $key, array( 'base_url' => 'https://169.254.169.254/' )" => 'address_refused',
		) as $arguments => $reason ) {
			$this->assertSame( $reason, $this->answer( "report( reason( fn() => byok_validate_key( $arguments ) ) );", $this->ini() ), $arguments );
		}
	}

	public function test_a_test_provider_elsewhere_is_refused(): void {
		$this->assertSame( 'test_provider_refused', $this->answer( 'report( reason( fn() => byok_validate_key( "openai", "sk-byok-test" ) ) );', array( 'byok.test_provider' => 'https://evil.example' ) ) );
	}

	public function test_a_test_provider_is_told(): void {
		$this->assertContains( 'test_provider', $this->answer( 'report( byok_key_source() );', $this->ini() )['warnings'] );
	}

	public function test_the_table_has_every_column_and_origins(): void {
		$table = $this->answer( 'report( byok_providers() );' );
		foreach ( array( 'anthropic', 'openai', 'google', 'groq', 'openrouter', 'mistral', 'openai-compatible' ) as $id ) {
			$this->assertSame( $id, $table[ $id ]['id'] );
			$this->assertSame( array( 'id', 'name', 'description', 'base_url', 'origin', 'custom_base_url', 'key_required', 'key_page', 'billing_page', 'prefixes', 'placeholder', 'relay' ), array_keys( $table[ $id ] ) );
		}
		$this->assertSame( 'https://api.anthropic.com:443', $table['anthropic']['origin'] );
		$this->assertNull( $table['openai-compatible']['origin'] );
		$this->assertTrue( $table['openai-compatible']['custom_base_url'] );
	}

	public function test_origins_are_canonical(): void {
		$this->assertSame(
			array( 'https://api.openai.com:443', 'https://xn--bcher-kva.example:8443/v1', 'https://e.example:443', 'https://e.example:443/b' ),
			$this->answer( 'report( array( byok_origin( "openai" ), byok_origin( provider: "openai-compatible", base_url: "HTTPS://Bücher.Example:8443/v1/" ), byok_origin( "openai-compatible", "https://e.example" ), byok_origin( "openai-compatible", "https://e.example/a/../b" ) ) );' )
		);
	}

	public function test_the_provider_is_detected_by_the_key(): void {
		$this->assertSame(
			array( 'anthropic', 'groq', 'openrouter', 'google', null, null ),
			$this->answer( 'report( array_map( "byok_detect_provider", array( "sk-ant-api03-byok-test", "gsk_byok-test", "sk-or-v1-byok-test", "AIzabyok-test", "byok-test", "" ) ) );' )
		);
	}
}
