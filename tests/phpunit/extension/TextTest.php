<?php

/** byok_mask() and byok_redact() through PHP; the rules themselves are tested in the engine. */
final class TextTest extends ExtensionTestCase {

	public function test_a_mask_shows_the_provider_and_the_last_four(): void {
		$key  = $this->new_key();
		$mask = $this->answer( 'report( byok_mask( ' . $this->literal( $key ) . ' ) );' );
		$this->assertStringStartsWith( 'sk-ant-', $mask );
		$this->assertStringEndsWith( substr( $key, -4 ), $mask );
		$this->assertStringNotContainsString( 'byok-test', $mask );
	}

	public function test_short_keys_and_other_bytes_are_masked_whole(): void {
		$this->assertSame( array( '…', '…', '…', '…' ), $this->answer( 'report( array_map( "byok_mask", array( "", "abcd", "sk-byok-test", "\xff\xfe" . str_repeat( "x", 40 ) ) ) );' ) );
	}

	public function test_keys_are_redacted_wherever_they_stand(): void {
		$keys = array( $this->new_key(), $this->new_key( 'gsk_' ), $this->new_key( 'sk-proj-' ) );
		$text = "GET /v1/models\nx-api-key: {$keys[0]}\nAuthorization: Bearer {$keys[1]}\n{\"key\":\"{$keys[2]}\"} \xff\0 end";
		$seen = $this->answer( '$r = byok_redact( base64_decode( ' . $this->literal( base64_encode( $text ) ) . ' ) ); report( array( base64_encode( $r ), byok_redact( $r ) === $r ) );' );
		$this->assertTrue( $seen[1] );
		$redacted = base64_decode( $seen[0] );
		foreach ( $keys as $key ) {
			$this->assert_free_of( $key, $redacted );
		}
		$this->assertStringStartsWith( "GET /v1/models\nx-api-key: ", $redacted );
		$this->assertStringEndsWith( " \xff\0 end", $redacted );
	}

	public function test_text_without_keys_is_the_same(): void {
		$this->assertTrue( $this->answer( '$t = random_bytes( 100000 ) . "no key here"; report( byok_redact( $t ) === $t && "" === byok_redact( "" ) );' ) );
	}

	public function test_a_known_format_is_seen_and_a_key_that_was_met_is_not_told(): void {
		$key  = $this->new_key();
		$told = $this->answer(
			self::SALTS . '$met = "byok-test-" . bin2hex( random_bytes( 16 ) );
			byok_encrypt( $met );
			report( array(
				array_map( "byok_holds_key", array( ' . $this->literal( $key ) . ', "a=' . urlencode( "Bearer $key" ) . '", "byok_vt_" . str_repeat( "a", 40 ) ) ),
				array_map( "byok_holds_key", array( "", "openai", "sk-", "api_key=abcdefgh12345678", $met ) ),
				byok_redact( $met ) === $met,
			) );'
		);
		$this->assertSame( array( array( true, true, true ), array( false, false, false, false, false ), false ), $told );
	}
}
