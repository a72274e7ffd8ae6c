<?php

/** Which source is in force, what is refused, and that no material shows. */
final class KeySourceTest extends ExtensionTestCase {

	/** @return array{0: ?string, 1: ?string, 2: array} Source, error, warnings. */
	private function source( string $code, array $environment = array(), array $ini = array() ): array {
		$told = $this->answer( $code . ' report( byok_key_source() );', $ini, $environment );
		$this->assertSame( null === $told['error'], null !== $told['key_id'] );
		$this->assertSame( null === $told['error'], null === $told['message'] );
		return array( $told['source'], $told['error'], $this->without_machine( $told['warnings'] ) );
	}

	public function test_nothing_given(): void {
		$this->assertSame( array( null, 'source_missing', array() ), $this->source( '' ) );
	}

	public function test_sources_have_an_order(): void {
		$constant    = "define( 'BYOK_KEY', '{$this->secret()}' );";
		$environment = array( 'BYOK_KEY' => $this->secret() );
		$this->assertSame( array( 'salts', null, array() ), $this->source( self::SALTS ) );
		$this->assertSame( array( 'constant', null, array() ), $this->source( self::SALTS . $constant ) );
		$this->assertSame( array( 'environment', null, array() ), $this->source( self::SALTS . $constant, $environment ) );
		$file = array( 'byok.key_file' => $this->key_file( $this->secret() ) );
		$this->assertSame( array( 'key_file', null, array() ), $this->source( self::SALTS . $constant, $environment, $file ) );
	}

	public function test_rows_of_the_salts_are_stale_and_open_after_a_stronger_source_came(): void {
		$envelope = $this->literal( $this->answer( self::SALTS . 'report( byok_encrypt( "byok-test" ) );' ) );
		$told     = $this->answer( self::SALTS . "report( array( byok_inspect( $envelope )['state'], byok_decrypt( $envelope ) ) );", array(), array( 'BYOK_KEY' => $this->secret() ) );
		$this->assertSame( array( 'stale', 'byok-test' ), $told );
	}

	/** @dataProvider faults */
	public function test_a_fault_is_refused_and_never_falls_through( string $code, string $source, string $error ): void {
		$this->assertSame( array( $source, $error, array() ), $this->source( $code ) );
		$this->assertSame( array( $error, $error ), $this->answer( $code . '
			report( array( reason( fn() => byok_encrypt( "byok-test" ) ), reason( fn() => byok_decrypt( "byok1.1fh9TAZ8Tts.QEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAx_fqdOP0IOqkvRAi4Mi39P66pMi7vMozBWj7oGHsa6w0epz7Sku-IzvXsGcO7Bq6vxcz-X6_ou6Si96tCoR3M1Xs" ) ) ) );' ) );
	}

	public function faults(): array {
		$salts = static fn( $key, $salt, $more = '' ) => sprintf( "define( 'AUTH_KEY', '%s' ); define( 'AUTH_SALT', '%s' ); %s\n", $key, $salt, $more );
		return array(
			'constant too short'     => array( self::SALTS . "define( 'BYOK_KEY', 'short' );", 'constant', 'source_too_short' ),
			'constant empty'         => array( self::SALTS . "define( 'BYOK_KEY', '' );", 'constant', 'source_too_short' ),
			'constant false'         => array( self::SALTS . "define( 'BYOK_KEY', false );", 'constant', 'source_too_short' ),
			'constant cut'           => array( self::SALTS . "define( 'BYOK_KEY', 'byok-root:AAAA' );", 'constant', 'source_malformed' ),
			'placeholder'            => array( $salts( 'put your unique phrase here', self::AUTH_SALT ), 'salts', 'salts_placeholder' ),
			'translated placeholder' => array( $salts( self::AUTH_KEY, 'Füge hier deine Zeichenkette ein' ), 'salts', 'salts_placeholder' ),
			'the same twice'         => array( $salts( self::AUTH_KEY, self::AUTH_KEY ), 'salts', 'salts_duplicated' ),
			'the same elsewhere'     => array( $salts( self::AUTH_KEY, self::AUTH_SALT, "define( 'NONCE_SALT', AUTH_KEY );" ), 'salts', 'salts_duplicated' ),
			'too short'              => array( $salts( 'a1b2c3', self::AUTH_SALT ), 'salts', 'salts_too_short' ),
			'one of two'             => array( "define( 'AUTH_KEY', '" . self::AUTH_KEY . "' );", 'salts', 'source_missing' ),
			'both empty'             => array( $salts( '', '' ), 'salts', 'source_missing' ),
		);
	}

	public function test_an_environment_that_is_too_short_fails_closed(): void {
		$this->assertSame( array( 'environment', 'source_too_short', array() ), $this->source( self::SALTS, array( 'BYOK_KEY' => 'short' ) ) );
	}

	public function test_a_weaker_source_with_a_fault_is_a_warning(): void {
		$code = "define( 'AUTH_KEY', 'put your unique phrase here' ); define( 'AUTH_SALT', AUTH_KEY );";
		$this->assertSame( array( 'environment', null, array( 'salts_placeholder' ) ), $this->source( $code, array( 'BYOK_KEY' => $this->secret() ) ) );
	}

	/** @return array<string, array{0: string, 1: string}> Each variable, and one that shall be there too. */
	public function variables(): array {
		return array(
			'current'               => array( 'BYOK_KEY', 'BYOK_KEY_PREVIOUS' ),
			'previous'              => array( 'BYOK_KEY_PREVIOUS', 'BYOK_KEY' ),
			'previous on its own'   => array( 'BYOK_KEY_PREVIOUS', 'BYOK_TEST' ),
		);
	}

	/** @dataProvider variables */
	public function test_the_environment_is_taken_before_any_script_runs( string $name, string $other ): void {
		$secret = $this->secret();
		$seen   = $this->answer(
			'ob_start(); phpinfo(); $info = ob_get_clean();
			report( array( getenv( "' . $name . '" ), $_SERVER["' . $name . '"] ?? null, file_get_contents( "/proc/self/environ" ), shell_exec( "env" ), $info ) );',
			array( 'variables_order' => 'EGPCS' ),
			array( $name => $secret, $other => $this->secret(), 'PATH' => getenv( 'PATH' ) )
		);
		$this->assertSame( '(taken by byok)', $seen[0] );
		$this->assertStringContainsString( "PATH=", $seen[2] );
		$this->assert_free_of( $secret, json_encode( $seen ) );
	}

	/** @dataProvider variables */
	public function test_super_globals_that_are_made_before_any_module_starts_do_not_hold_the_environment( string $name, string $other ): void {
		$secret = $this->secret();
		$seen   = $this->answer(
			'report( array( $_SERVER["' . $name . '"], $_ENV["' . $name . '"], $GLOBALS ) );',
			array( 'variables_order' => 'EGPCS', 'auto_globals_jit' => '0' ),
			array( $name => $secret, $other => $this->secret() )
		);
		$this->assertSame( array( '(taken by byok)', '(taken by byok)' ), array_slice( $seen, 0, 2 ) );
		$this->assert_free_of( $secret, json_encode( $seen ) );
	}

	public function test_a_child_process_fails_closed_instead_of_writing_under_the_salts(): void {
		$arguments = array_map( 'escapeshellarg', array( PHP_BINARY, '-n', '-d', 'extension=' . getenv( 'BYOK_TEST_EXTENSION' ), '-r', self::SALTS . 'echo json_encode( byok_key_source() );' ) );
		$child     = $this->answer(
			self::SALTS . 'report( json_decode( shell_exec( ' . $this->literal( implode( ' ', $arguments ) ) . ' ), true ) );',
			array(),
			array( 'BYOK_KEY' => $this->secret(), 'PATH' => getenv( 'PATH' ) )
		);
		$this->assertSame( array( 'environment', 'source_taken' ), array( $child['source'], $child['error'] ) );
	}

	public function test_a_script_cannot_become_the_environment(): void {
		$told = $this->source( self::SALTS . "putenv( 'BYOK_KEY={$this->secret()}' );" );
		$this->assertSame( array( 'salts', null, array() ), $told );
	}

	public function test_phpinfo_and_key_source_show_no_material(): void {
		foreach ( array( 'key_file', 'environment', 'constant', 'salts' ) as $kind ) {
			$secret      = $this->secret();
			$code        = 'salts' === $kind ? self::SALTS : ( 'constant' === $kind ? "define( 'BYOK_KEY', '$secret' );" : '' );
			$environment = 'environment' === $kind ? array( 'BYOK_KEY' => $secret ) : array();
			$seen        = $this->answer( $code . ' ob_start(); phpinfo( INFO_MODULES ); report( array( byok_key_source(), ob_get_clean() ) );', 'key_file' === $kind ? array( 'byok.key_file' => $this->key_file( $secret ) ) : array(), $environment );
			$this->assertStringContainsString( "Key source => $kind", $seen[1] );
			$this->assertStringContainsString( 'Key id => ' . $seen[0]['key_id'], $seen[1] );
			foreach ( array( $secret, self::AUTH_KEY, self::AUTH_SALT ) as $material ) {
				$this->assert_free_of( $material, json_encode( $seen, JSON_UNESCAPED_SLASHES ) );
			}
		}
	}

	public function test_constants_defined_after_the_first_call_count(): void {
		$this->assertSame( array( null, 'salts', 'constant' ), $this->answer( '
			$seen = array( byok_key_source()["source"] );
			' . self::SALTS . ' $seen[] = byok_key_source()["source"];
			define( "BYOK_KEY", "' . $this->secret() . '" ); $seen[] = byok_key_source()["source"];
			report( $seen );' ) );
	}
}
