<?php

/** byok_list_models(). The engine's own tests cover each provider. */
final class ModelsTest extends SendTestCase {

	private function models( string $provider, string $key, string $options = 'array()' ) {
		$envelope = $this->answer( self::SALTS . 'report( byok_encrypt( ' . $this->literal( $key ) . ", array( 'origin' => byok_origin( '$provider' ) ) ) );", $this->ini() );
		return $this->answer( self::SALTS . "try { report( byok_list_models( '$provider', '$envelope', array( 'origin' => byok_origin( '$provider' ) ), $options ) ); } catch ( Byok\Exception\ByokException \$e ) { report( array( get_class( \$e ), \$e->getReason() ) ); }", $this->ini() );
	}

	public function test_all_pages_are_listed(): void {
		$made = array( 'created_at' => 1767225600 );
		$this->assertSame( array(
			array( 'id' => 'claude-test', 'name' => 'Claude Test' ) + $made,
			array( 'id' => 'claude-sonnet-4-5', 'name' => 'Claude Sonnet 4.5' ) + $made,
			array( 'id' => 'claude-test-2', 'name' => 'Claude Test 2' ) + $made,
		), $this->models( 'anthropic', $this->new_key() ) );
		$google = $this->models( 'google', $this->new_key( 'AIza' ) );
		$this->assertSame( array( 'id' => 'gemini-test', 'name' => 'Gemini Test', 'created_at' => null ), $google[0] );
		$this->assertCount( 3, $google );
	}

	public function test_what_goes_wrong_is_said(): void {
		$this->assertSame( array( 'Byok\Exception\InputException', 'models_unsupported' ), $this->models( 'replicate', $this->new_key( 'r8_' ) ) );
		$this->assertSame( array( 'Byok\Exception\NetworkException', 'models_unreadable' ), $this->models( 'openai', $this->new_key( 'sk-', 'invalid' ) ) );
		$this->assertSame( array( 'Byok\Exception\NetworkException', 'timeout' ), $this->models( 'openai', $this->new_key( 'sk-', 'hang' ), 'array( "timeout" => 0.4 )' ) );
		$this->assertSame( array( 'Byok\Exception\InputException', 'option_invalid' ), $this->models( 'openai', $this->new_key( 'sk-' ), 'array( "page" => 2 )' ) );
	}
}
