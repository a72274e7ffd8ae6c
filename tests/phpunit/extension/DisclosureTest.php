<?php

/** Attacks on what PHP shows: traces, dumps, warnings. */
final class DisclosureTest extends ExtensionTestCase {

	/** Every way to make a function of byok throw while a secret is among the arguments around it. */
	public function failures(): array {
		return array(
			'envelope'      => array( 'byok_decrypt( $secret )' ),
			'context field' => array( 'byok_encrypt( $secret, array( $secret => $secret ) )' ),
			'context type'  => array( 'byok_encrypt( $secret, array( "slot" => array( $secret ) ) )' ),
			'provider'      => array( 'byok_validate_key( $secret, $secret )' ),
			'option'        => array( 'byok_validate_key( "openai", $secret, array( $secret => $secret ) )' ),
			'base url'      => array( 'byok_validate_key( "openai-compatible", $secret, array( "base_url" => $secret ) )' ),
			'line break'    => array( 'byok_validate_key( "openai", "a\n" . $secret )' ),
			'not ascii'     => array( 'byok_validate_key( "openai", $secret . "é" )' ),
			'wrong kind'    => array( 'byok_validate_key( "anthropic", "sk-ant-admin01-" . $secret )' ),
			'too long'      => array( 'byok_encrypt( str_repeat( $secret, 500 ) )' ),
		);
	}

	/** @dataProvider failures */
	public function test_an_exception_shows_no_argument_of_any_frame( string $call ): void {
		$secret = $this->new_key();
		list( , $output, $errors ) = $this->run_php( self::SALTS . "
			class Holder { public function deeper( \$secret ) { return $call; } public static function outer( \$secret, \$again ) { return ( new self() )->deeper( \$secret ); } }
			try { call_user_func( array( 'Holder', 'outer' ), '$secret', array( '$secret' ) ); echo 'NOT THROWN'; }
			catch ( Byok\Exception\ByokException \$e ) {
				echo get_class( \$e ), ' ', \$e->getReason(), ' ', \$e, \"\n\";
				var_dump( \$e ); print_r( \$e ); var_export( \$e->getTrace() ); print_r( (array) \$e );
				echo json_encode( array( \$e->getMessage(), \$e->getTrace() ) ), serialize( \$e->getTrace() );
				error_log( \$e ); print_r( error_get_last() );
			}" );
		$this->assertStringNotContainsString( 'NOT THROWN', $output );
		$this->assertStringContainsString( 'Byok\Exception\\', $output );
		$this->assertStringContainsString( 'Holder', $output, 'The trace itself must be there.' );
		$this->assert_free_of( $secret, $output . $errors );
	}

	/** @dataProvider failures */
	public function test_an_uncaught_exception_shows_no_argument( string $call ): void {
		$secret = $this->new_key();
		list( $exit, $output, $errors ) = $this->run_php(
			self::SALTS . "function outer( \$secret ) { return $call; } outer( '$secret' );",
			array( 'log_errors' => '1', 'display_errors' => '1' )
		);
		$this->assertSame( 255, $exit );
		$this->assertStringContainsString( 'Uncaught Byok\Exception', $output . $errors );
		$this->assert_free_of( $secret, $output . $errors );
	}

	/** @dataProvider wrong_types */
	public function test_a_wrong_type_is_a_type_error_without_the_value( string $call ): void {
		$secret = $this->new_key();
		$seen   = $this->answer( self::SALTS . "
			\$secret = '$secret';
			try { $call; report( 'not thrown' ); } catch ( TypeError \$e ) { report( get_class( \$e ) . \$e ); }" );
		$this->assertStringStartsWith( 'TypeError', $seen );
		$this->assert_free_of( $secret, $seen );
		$this->assertStringNotContainsString( '4242', $seen );
	}

	public function wrong_types(): array {
		return array(
			'array to encrypt'  => array( 'byok_encrypt( array( $secret ) )' ),
			'int to encrypt'    => array( 'byok_encrypt( 4242 )' ),
			'array to validate' => array( 'byok_validate_key( "openai", array( $secret ) )' ),
			'array to mask'     => array( 'byok_mask( array( $secret ) )' ),
			'array to redact'   => array( 'byok_redact( array( $secret ) )' ),
			'array to look at'  => array( 'byok_holds_key( array( $secret ) )' ),
			'array to detect'   => array( 'byok_detect_provider( array( $secret ) )' ),
			'null context'      => array( 'byok_encrypt( $secret, null )' ),
			'string context'    => array( 'byok_encrypt( $secret, "x" )' ),
		);
	}

	public function test_exceptions_cannot_be_serialised_cloned_or_unserialised(): void {
		$told = $this->answer( '
			$e = null; try { byok_decrypt( "x" ); } catch ( Byok\Exception\ByokException $thrown ) { $e = $thrown; }
			$tries = array(
				fn() => serialize( $e ),
				fn() => clone $e,
				fn() => unserialize( \'O:32:"Byok\Exception\EnvelopeException":0:{}\' ),
			);
			report( array_map( function ( $try ) { try { $r = $try(); return is_object( $r ) ? "made" : $r; } catch ( Throwable $t ) { return "throws"; } }, $tries ) );' );
		$this->assertSame( array( 'throws', 'throws', 'throws' ), $told );
	}

	public function test_an_exception_has_the_place_of_the_call(): void {
		$told = $this->answer( self::SALTS . '
			try {

				byok_decrypt( "x" ); $line = __LINE__;
			} catch ( RuntimeException $e ) { }
			try { byok_encrypt( "" ); } catch ( InvalidArgumentException $i ) { }
			report( array( $e->getLine(), $e->getReason(), $i->getReason(), $e instanceof Byok\Exception\ByokException ) );' );
		$this->assertSame( 'envelope_malformed', $told[1] );
		$this->assertSame( 'plaintext_empty', $told[2] );
		$this->assertTrue( $told[3] );
		$this->assertGreaterThan( 3, $told[0] );
	}
}
