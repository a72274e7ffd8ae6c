<?php

/** Previous secrets of every kind: they read, never write, and a bad one is a warning. */
final class PreviousSecretTest extends ExtensionTestCase {

	/** A previous pair of salts. */
	private const OLD_SALTS = array( 'byok-test-old-auth-key 7hQ>pL2x9!vB4nM6cR8tY1wE3uI5', 'byok-test-old-auth-salt k2J9f7D4s1A8g5H3l6Z0x!C2v4B6' );

	/** An envelope under this environment, and the id of its key. */
	private function envelope( string $code, array $environment = array() ): array {
		return $this->answer( $code . 'report( array( byok_encrypt( "byok-test" ), byok_key_source()["key_id"] ) );', array(), $environment );
	}

	/** Asserts that an envelope opens as stale beside another current key. */
	private function assert_stale( array $envelope, string $code, array $ini = array(), array $environment = array() ): void {
		list( $text, $id ) = $envelope;
		$text = $this->literal( $text );
		$told = $this->answer( "$code define( 'BYOK_KEY', '{$this->secret()}' ); \$s = byok_key_source();
			report( array( byok_inspect( $text, array() )['state'], byok_decrypt( $text ), \$s['previous_key_ids'], \$s['source'], \$s['warnings'], \$s['key_id'] ) );", $ini, $environment );
		$this->assertSame( array( 'stale', 'byok-test', array( $id ), 'constant' ), array_slice( $told, 0, 4 ) );
		$this->assertSame( array(), $this->without_machine( $told[4] ) );
		$this->assertNotSame( $id, $told[5] );
	}

	public function test_each_kind_of_previous_secret_reads(): void {
		$secret   = $this->secret();
		$envelope = $this->envelope( '', array( 'BYOK_KEY' => $secret ) );
		$this->assert_stale( $envelope, "define( 'BYOK_KEY_PREVIOUS', '$secret' );" );
		$this->assert_stale( $envelope, "define( 'BYOK_KEY_PREVIOUS', array( '$secret' ) );" );
		$this->assert_stale( $envelope, '', array( 'byok.previous_key_files' => $this->key_file( "$secret\n" ) ) );
		$this->assert_stale( $envelope, '', array(), array( 'BYOK_KEY_PREVIOUS' => $secret ) );
	}

	public function test_previous_salts_read(): void {
		list( $key, $salt ) = self::OLD_SALTS;
		$envelope = $this->envelope( "define( 'AUTH_KEY', '$key' ); define( 'AUTH_SALT', '$salt' );" );
		$this->assert_stale( $envelope, "define( 'AUTH_KEY_PREVIOUS', '$key' ); define( 'AUTH_SALT_PREVIOUS', '$salt' );" );
	}

	public function test_several_are_read_in_order_and_each_once(): void {
		$secrets = array( $this->secret(), $this->secret(), $this->secret(), $this->secret(), $this->secret() );
		$ids     = array();
		foreach ( $secrets as $secret ) {
			$ids[] = $this->answer( 'report( byok_key_source()["key_id"] );', array(), array( 'BYOK_KEY' => $secret ) );
		}
		$told = $this->answer(
			"define( 'BYOK_KEY', '{$secrets[0]}' ); define( 'BYOK_KEY_PREVIOUS', array( '{$secrets[3]}', 'x' => '{$secrets[4]}', '{$secrets[1]}' ) ); report( byok_key_source() );",
			array( 'byok.previous_key_files' => $this->key_file( $secrets[1] ) . ':' . $this->key_file( $secrets[0] ) ),
			array( 'BYOK_KEY_PREVIOUS' => $secrets[2] )
		);
		$this->assertSame( $ids, array_merge( array( $told['key_id'] ), $told['previous_key_ids'] ) );
	}

	public function test_a_bad_one_is_a_warning(): void {
		$told = $this->answer(
			self::SALTS . "define( 'BYOK_KEY_PREVIOUS', array( 'short', 12, null, 'byok-root:AAAA' ) ); define( 'AUTH_KEY_PREVIOUS', 'put your unique phrase here' ); define( 'AUTH_SALT_PREVIOUS', 'x' ); report( byok_key_source() );",
			array( 'byok.previous_key_files' => '/nowhere/byok.key:byok.key' ),
			array( 'BYOK_KEY_PREVIOUS' => '(taken by byok)' )
		);
		$this->assertSame( array( 'salts', null, array() ), array( $told['source'], $told['error'], $told['previous_key_ids'] ) );
		$this->assertSame(
			array( 'key_file_missing', 'key_file_relative', 'source_taken', 'source_too_short', 'source_too_short', 'source_too_short', 'source_malformed', 'salts_placeholder' ),
			$this->without_machine( $told['warnings'] )
		);
	}

	public function test_previous_secrets_alone_are_no_source(): void {
		$told = $this->answer( "define( 'BYOK_KEY_PREVIOUS', '{$this->secret()}' ); report( byok_key_source() );", array( 'byok.previous_key_files' => $this->key_file( $this->secret() ) ) );
		$this->assertSame( array( null, 'source_missing', array() ), array( $told['source'], $told['error'], $told['previous_key_ids'] ) );
	}
}
