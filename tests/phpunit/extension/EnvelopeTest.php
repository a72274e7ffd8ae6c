<?php

/** The envelope through PHP, by the vectors that every language reads. */
final class EnvelopeTest extends ExtensionTestCase {

	private const VECTORS = __DIR__ . '/../../vectors/envelope.json';

	private function vectors(): array {
		return json_decode( file_get_contents( self::VECTORS ), true, 512, JSON_THROW_ON_ERROR );
	}

	/** The root key of the vectors, as a generated key. */
	private function root(): string {
		$root = str_repeat( implode( '', array_map( 'chr', range( 0, 15 ) ) ), 2 );
		return 'byok-root:' . rtrim( strtr( base64_encode( $root ), '+/', '-_' ), '=' );
	}

	private function open( array $vector ) {
		$tenant = $vector['context']['tenant'];
		unset( $vector['context']['tenant'] );
		$code = sprintf(
			"define( 'BYOK_KEY', %s ); try { report( byok_decrypt( %s, %s ) ); } catch ( Byok\Exception\ByokException \$e ) { report( array( \$e->getReason() ) ); }",
			$this->literal( $this->root() ),
			$this->literal( $vector['envelope'] ),
			$this->literal( $vector['context'] )
		);
		return $this->answer( $code, array( 'byok.tenant' => $tenant ) );
	}

	public function test_frozen_vectors_open(): void {
		foreach ( $this->vectors()['valid'] as $vector ) {
			$this->assertSame( $vector['plaintext'], $this->open( $vector ), $vector['name'] );
		}
	}

	public function test_refused_vectors_are_refused_for_their_reason(): void {
		foreach ( $this->vectors()['refused'] as $vector ) {
			$this->assertSame( array( $vector['reason'] ), $this->open( $vector ), $vector['name'] );
		}
	}

	public function test_any_bytes_come_back(): void {
		$same = $this->answer( self::SALTS . '
			$all = implode( "", array_map( "chr", range( 0, 255 ) ) );
			$context = array( "provider" => "openai", "origin" => "https://api.openai.com:443" );
			report( array( byok_decrypt( byok_encrypt( $all, $context ), $context ) === $all, byok_decrypt( byok_encrypt( "byok1.x" ) ) ) );' );
		$this->assertSame( array( true, 'byok1.x' ), $same );
	}

	public function test_named_arguments_work(): void {
		$this->assertSame( 'byok-test', $this->answer( self::SALTS . '
			report( byok_decrypt( context: array( "slot" => "a" ), envelope: byok_encrypt( context: array( "slot" => "a" ), plaintext: "byok-test" ) ) );' ) );
	}

	public function test_another_tenant_is_refused(): void {
		$envelope = $this->answer( self::SALTS . 'report( byok_encrypt( "byok-test" ) );', array( 'byok.tenant' => 'pool-a' ) );
		$open     = self::SALTS . 'report( array( reason( fn() => byok_decrypt( ' . $this->literal( $envelope ) . ' ) ) ) );';
		$this->assertSame( array( null ), $this->answer( $open, array( 'byok.tenant' => 'pool-a' ) ) );
		$this->assertSame( array( 'envelope_refused' ), $this->answer( $open, array( 'byok.tenant' => 'pool-b' ) ) );
		$this->assertSame( array( 'envelope_refused' ), $this->answer( $open ) );
	}

	public function test_a_tenant_cannot_be_set_by_a_script_nor_by_the_context(): void {
		$this->assertSame( array( false, 'context_unknown_field' ), $this->answer( self::SALTS . '
			report( array( ini_set( "byok.tenant", "x" ), reason( fn() => byok_encrypt( "byok-test", array( "tenant" => "x" ) ) ) ) );' ) );
	}

	/** @dataProvider bad_contexts */
	public function test_bad_contexts_are_refused( string $context, string $reason ): void {
		$this->assertSame( $reason, $this->answer( self::SALTS . "report( reason( fn() => byok_encrypt( 'byok-test', $context ) ) );" ) );
	}

	public function bad_contexts(): array {
		return array(
			'unknown field' => array( "array( 'Provider' => 'openai' )", 'context_unknown_field' ),
			'list'          => array( "array( 'openai' )", 'context_unknown_field' ),
			'integer'       => array( "array( 'blog' => 1 )", 'context_not_string' ),
			'null'          => array( "array( 'blog' => null )", 'context_not_string' ),
			'too long'      => array( "array( 'slot' => str_repeat( 'x', 65536 ) )", 'context_too_long' ),
		);
	}

	public function test_lengths_have_bounds(): void {
		$this->assertSame( array( 'plaintext_empty', null, 'plaintext_too_long' ), $this->answer( self::SALTS . '
			report( array_map( fn( $n ) => reason( fn() => byok_encrypt( str_repeat( "k", $n ) ) ), array( 0, 8192, 8193 ) ) );' ) );
	}

	public function test_a_hundred_megabytes_are_refused_at_once(): void {
		list( $reason, $grown ) = $this->answer( self::SALTS . '
			$huge = "byok1." . str_repeat( "A", 100000000 );
			$before = memory_get_peak_usage();
			$reason = reason( fn() => byok_decrypt( $huge ) );
			report( array( $reason, memory_get_peak_usage() - $before ) );' );
		$this->assertSame( 'envelope_malformed', $reason );
		$this->assertLessThan( 100000, $grown );
	}

	public function test_inspect_tells_and_never_throws(): void {
		$told = $this->answer( self::SALTS . '
			$e = byok_encrypt( "byok-test" );
			report( array( byok_inspect( $e ), byok_inspect( "byok2.zz" ), byok_inspect( "sk-byok-test" ), byok_inspect( substr_replace( $e, "AAAAAAAAAAA", 6, 11 ) ), substr( $e, 6, 11 ) ) );' );
		$id   = array_pop( $told );
		$this->assertSame(
			array(
				array( 'version' => 1, 'key_id' => $id, 'state' => 'ready', 'reason' => null ),
				array( 'version' => 2, 'key_id' => null, 'state' => 'locked', 'reason' => 'envelope_unsupported_version' ),
				array( 'version' => null, 'key_id' => null, 'state' => 'damaged', 'reason' => 'envelope_malformed' ),
				array( 'version' => 1, 'key_id' => 'AAAAAAAAAAA', 'state' => 'locked', 'reason' => 'envelope_unknown_key' ),
			),
			$told
		);
	}

	public function test_a_message_is_signed_with_what_is_sealed(): void {
		$secret = $this->new_key( 'byok_whsec_' );
		$signed = $this->answer(
			self::SALTS . '$place = array( "slot" => "webhook" ); $envelope = byok_encrypt( ' . $this->literal( $secret ) . ', $place );
			report( array( byok_hmac( $envelope, $place, "1.body" ), reason( static fn() => byok_hmac( $envelope, array( "slot" => "other" ), "1.body" ) ) ) );',
			array( 'byok.allow_reveal' => '0' )
		);
		$this->assertSame( array( hash_hmac( 'sha256', '1.body', $secret ), 'envelope_refused' ), $signed );
	}

	public function test_a_provider_s_key_signs_nothing(): void {
		$told = $this->answer(
			self::SALTS . '$place = array( "owner" => "site", "provider" => "openai", "origin" => byok_origin( "openai" ) );
			$envelope = byok_encrypt( ' . $this->literal( $this->new_key( 'sk-' ) ) . ', $place );
			report( array( reason( static fn() => byok_hmac( $envelope, $place, "" ) ), reason( static fn() => byok_hmac( $envelope, array( "provider" => "" ) + $place, "" ) ) ) );'
		);
		$this->assertSame( array( 'sign_refused', 'envelope_refused' ), $told );
	}
}
