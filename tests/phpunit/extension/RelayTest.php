<?php

/** What PHP code sees of the relay: paths, rules, tickets. */
final class RelayTest extends ExtensionTestCase {

	/** A ticket for a new key, as PHP code that needs one more line: `$ticket( array )`. */
	private function ticket_maker( string $key ): string {
		return self::SALTS . '$place = array( "owner" => "site", "origin" => byok_origin( "openai" ) );
			$envelope = byok_encrypt( ' . $this->literal( $key ) . ', $place );
			$ticket = static fn( array $options = array() ) => byok_ticket( "openai", $envelope, $place, $options );' . "\n";
	}

	public function test_paths_are_those_of_the_table(): void {
		$this->assertSame(
			array( '/chat/completions', '/messages', '/models/gemini:streamGenerateContent?alt=sse', '/models' ),
			$this->answer(
				'report( array(
					byok_relay_path( "openai", "POST", "/v1/chat/completions" ),
					byok_relay_path( "anthropic", "POST", "/v1/messages" ),
					byok_relay_path( "google", "POST", "/v1beta/models/gemini:streamGenerateContent?alt=sse" ),
					byok_relay_path( provider: "openai-compatible", method: "GET", path: "/a/v1/models", base_url: "https://e.example/a/v1" ),
				) );'
			)
		);
	}

	public function test_refusals_have_reasons(): void {
		$expected = array(
			'path_not_relayed'     => '"openai", "POST", "/files"',
			'path_refused'         => '"openai", "GET", "/models/../files"',
			'key_in_url'           => '"google", "GET", "/models?key=byok-test"',
			'request_malformed'    => '"openai", "get", "/models"',
			'provider_unknown'     => '"nobody", "GET", "/models"',
			'base_url_missing'     => '"openai-compatible", "GET", "/models"',
			'base_url_not_https'   => '"openai-compatible", "GET", "/models", "http://127.0.0.1/v1"',
			'base_url_not_allowed' => '"openai", "GET", "/models", "https://e.example"',
		);
		$code     = '';
		foreach ( $expected as $reason => $arguments ) {
			$code .= "'$reason' => reason( static fn() => byok_relay_path( $arguments ) ),";
		}
		$this->assertSame( array_combine( array_keys( $expected ), array_keys( $expected ) ), $this->answer( "report( array( $code ) );" ) );
	}

	public function test_the_rules_let_no_cookie_pass(): void {
		$rules = $this->answer( 'report( byok_relay_rules() );' );
		$this->assertSame( array( 'request_headers', 'response_headers' ), array_keys( $rules ) );
		$this->assertContains( 'anthropic-beta', $rules['request_headers'] );
		$this->assertContains( 'retry-after', $rules['response_headers'] );
		$this->assertSame( array(), array_intersect( array_merge( ...array_values( $rules ) ), array( 'cookie', 'set-cookie', 'authorization', 'location' ) ) );
	}

	public function test_a_ticket_holds_nothing_of_the_key(): void {
		$key    = $this->new_key( 'sk-proj-' );
		$ticket = $this->answer( $this->ticket_maker( $key ) . 'report( $ticket( array( "owner" => "user:5", "origin" => "https://app.example" ) ) );' );
		$this->assertMatchesRegularExpression( '/^byok_tk_[A-Za-z0-9_-]{100,}$/', $ticket );
		$sealed = base64_decode( strtr( substr( $ticket, 8 ), '-_', '+/' ) );
		foreach ( array( $ticket, $sealed ) as $text ) {
			$this->assert_free_of( $key, $text );
			$this->assertStringNotContainsString( 'user:5', $text );
			$this->assertStringNotContainsString( 'app.example', $text );
		}
	}

	public function test_what_a_ticket_cannot_allow_is_refused(): void {
		$refused = array(
			'array( "expires_in" => 0 )',
			'array( "expires_in" => 901 )',
			'array( "uses" => 0 )',
			'array( "uses" => 1001 )',
			'array( "uses" => "1" )',
			'array( "paths" => array( "POST /files" ) )',
			'array( "paths" => "GET /models" )',
			'array( "max_body" => -1 )',
			'array( "origin" => "*" )',
			'array( "origin" => "https://a.example\r\nX-A: 1" )',
			'array( "owner" => "a\nb" )',
			'array( "anything" => 1 )',
		);
		$code    = implode( ',', array_map( static fn( $options ) => "reason( static fn() => \$ticket( $options ) )", $refused ) );
		$this->assertSame( array_fill( 0, count( $refused ), 'option_invalid' ), $this->answer( $this->ticket_maker( $this->new_key( 'sk-proj-' ) ) . "report( array( $code ) );" ) );
		$elsewhere = 'report( reason( static fn() => byok_ticket( "groq", $envelope, $place ) ) );';
		$this->assertSame( 'origin_mismatch', $this->answer( $this->ticket_maker( $this->new_key( 'sk-proj-' ) ) . $elsewhere ) );
	}

	public function test_the_state_counts_tickets_and_no_command_shares_them(): void {
		$state = $this->answer( $this->ticket_maker( $this->new_key( 'sk-proj-' ) ) . '$ticket(); $ticket( array( "uses" => 9 ) ); report( byok_relay_state() );' );
		$this->assertSame(
			array(
				'server'   => 'cli',
				'shared'   => false,
				'tickets'  => 2,
				'capacity' => 65536,
				'offload'  => false,
			),
			$state
		);
	}

	public function test_without_a_server_that_takes_it_no_key_is_given_out(): void {
		list( $exit, $output, $errors ) = $this->run_php( 'byok_relay_offload();', array( 'byok.offload' => '1' ), array( 'BYOK_OFFLOAD' => 'auth-request' ) );
		$this->assertSame( array( 0, '' ), array( $exit, $errors ) );
		$this->assertSame( 'offload_missing', json_decode( $output, true )['error']['code'] );
	}
}
