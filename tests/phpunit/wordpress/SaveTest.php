<?php
/**
 * Tests of saving, checking, reading and deleting a key.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Key_Row;

final class SaveTest extends Test_Case {

	public function test_a_saved_key_is_encrypted_and_comes_back(): void {
		$key   = Test_Provider::key();
		$saved = self::save( 'anthropic', $key );

		$this->assertTrue( $saved['saved'] );
		$this->assertSame( 'ready', $saved['state'] );
		$this->assertSame( 'valid', $saved['outcome'] );
		$this->assertSame( self::admin(), $saved['saved_by'] );
		$this->assertEqualsWithDelta( time(), $saved['saved_at'], 5 );
		$this->assertSame( 'Works. Saved and encrypted.', $saved['message'] );
		$this->assertStringEndsWith( substr( $key, -4 ), $saved['hint'] );

		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
		$this->assertTrue( byok_has_key( 'anthropic' ) );
		self::assert_no_key( $key, self::raw( 'anthropic' ), 'the row' );
		self::assert_no_key( $key, print_r( $saved, true ), 'the answer' );
	}

	public function test_a_row_is_not_autoloaded(): void {
		global $wpdb;
		self::save( 'anthropic', Test_Provider::key() );
		$this->assertSame( 'off', $wpdb->get_var( "SELECT autoload FROM $wpdb->options WHERE option_name = 'byok_key_anthropic'" ) );
		$this->assertArrayNotHasKey( 'byok_key_anthropic', wp_load_alloptions( true ) );
	}

	/**
	 * @dataProvider kept_outcomes
	 *
	 * @param string $behaviour What the provider does.
	 * @param string $outcome   What is to be told.
	 */
	public function test_every_outcome_but_invalid_is_saved( string $behaviour, string $outcome ): void {
		$key   = Test_Provider::key( 'anthropic', $behaviour );
		$saved = self::save( 'anthropic', $key );
		$this->assertSame( $outcome, $saved['outcome'] );
		$this->assertSame( $outcome, $saved['checked']['outcome'] );
		$this->assertStringContainsString( 'Saved', $saved['message'] );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
	}

	public function kept_outcomes(): array {
		return array(
			'valid'        => array( 'valid', 'valid' ),
			'no credit'    => array( 'no-credit', 'no_credit' ),
			'rate limited' => array( 'rate-limited', 'rate_limited' ),
			'restricted'   => array( 'restricted', 'restricted' ),
			'outage'       => array( 'outage', 'unknown' ),
			'no answer'    => array( 'close', 'unknown' ),
		);
	}

	public function test_an_outage_while_replacing_keeps_the_new_key_as_not_yet_verified(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$new   = Test_Provider::key( 'anthropic', 'outage' );
		$saved = self::save( 'anthropic', $new );
		$this->assertSame( 'unknown', $saved['outcome'] );
		$this->assertStringContainsString( 'not verified yet', $saved['message'] );
		$this->assertSame( $new, byok_get_key( 'anthropic' ) );
	}

	public function test_a_refused_key_leaves_the_old_one_in_place(): void {
		$old = Test_Provider::key();
		self::save( 'anthropic', $old );
		$raw = self::raw( 'anthropic' );

		$bad    = Test_Provider::key( 'anthropic', 'invalid' );
		$result = byok_save_key( 'anthropic', $bad );
		self::assert_error( 'byok_key_refused', $result, $bad );
		$this->assertSame( 422, $result->get_error_data()['status'] );
		$this->assertSame( 'invalid', $result->get_error_data()['outcome'] );
		$this->assertStringContainsString( 'Nothing was changed', $result->get_error_message() );
		$this->assertSame( $raw, self::raw( 'anthropic' ) );
		$this->assertSame( $old, byok_get_key( 'anthropic' ) );
	}

	public function test_a_refusal_tells_how_keys_start_to_whom_it_helps(): void {
		$like   = byok_save_key( 'anthropic', Test_Provider::key( 'anthropic', 'invalid' ) );
		$unlike = byok_save_key( 'anthropic', 'byok-test-invalid-' . bin2hex( random_bytes( 8 ) ) );
		$this->assertStringNotContainsString( 'Keys start with', $like->get_error_message() );
		$this->assertStringEndsWith( 'Keys start with sk-ant-api03-…', $unlike->get_error_message() );
	}

	public function test_a_refused_first_key_leaves_no_row(): void {
		self::assert_error( 'byok_key_refused', byok_save_key( 'anthropic', Test_Provider::key( 'anthropic', 'invalid' ) ) );
		$this->assertNull( self::raw( 'anthropic' ) );
		$this->assertSame( 'absent', byok_key_info( 'anthropic' )['state'] );
	}

	public function test_an_answer_that_echoes_the_key_does_not_leak_it(): void {
		$key    = Test_Provider::key( 'anthropic', 'echo' );
		$result = byok_save_key( 'anthropic', $key );
		self::assert_error( 'byok_key_refused', $result, $key );
	}

	/**
	 * @dataProvider what_is_no_key
	 *
	 * @param string $code  Error.
	 * @param string $input What is pasted.
	 */
	public function test_what_is_no_key_changes_nothing( string $code, string $input ): void {
		self::save( 'anthropic', Test_Provider::key() );
		$raw = self::raw( 'anthropic' );
		self::assert_error( $code, byok_save_key( 'anthropic', $input ) );
		$this->assertSame( $raw, self::raw( 'anthropic' ) );
	}

	public function what_is_no_key(): array {
		return array(
			'empty'            => array( 'byok_key_empty', '' ),
			'only spaces'      => array( 'byok_key_empty', " \t\u{a0}\n" ),
			'the hint'         => array( 'byok_key_is_mask', 'sk-ant-…Qw4A' ),
			'a bullet mask'    => array( 'byok_key_is_mask', '••••••••Qw4A' ),
			'a line break'     => array( 'byok_key_control_character', "sk-ant-api03-byok-test\r\nX-Other: 1" ),
			'NUL'              => array( 'byok_key_control_character', "sk-ant-api03-byok-test\0more" ),
			'an inner space'   => array( 'byok_key_control_character', 'sk-ant-api03-byok-test more' ),
			'a letter outside' => array( 'byok_key_not_ascii', 'sk-ant-api03-byok-tést' ),
			'right to left'    => array( 'byok_key_not_ascii', "sk-ant-api03-\u{202e}byok-test" ),
			'zero width'       => array( 'byok_key_not_ascii', "\u{200b}sk-ant-api03-byok-test" ),
			'byte order mark'  => array( 'byok_key_not_ascii', "\u{feff}sk-ant-api03-byok-test" ),
			'invalid UTF-8'    => array( 'byok_key_not_ascii', "sk-ant-api03-byok-test\xff\xfe" ),
			'far too long'     => array( 'byok_key_too_long', str_repeat( 'byok-test', 1000 ) ),
			'an admin key'     => array( 'byok_key_wrong_kind', 'sk-ant-admin01-byok-test-valid-0123456789' ),
		);
	}

	public function test_the_shown_hint_posted_back_changes_nothing(): void {
		$saved = self::save( 'anthropic', Test_Provider::key() );
		$raw   = self::raw( 'anthropic' );
		self::assert_error( 'byok_key_is_mask', byok_save_key( 'anthropic', $saved['hint'] ) );
		$this->assertSame( $raw, self::raw( 'anthropic' ) );
	}

	public function test_a_refusal_does_not_echo_the_input(): void {
		$key    = Test_Provider::key() . "\u{202e}x";
		$result = byok_save_key( 'anthropic', $key );
		self::assert_error( 'byok_key_not_ascii', $result, Test_Provider::key() );
		$this->assertStringNotContainsString( 'byok-test', print_r( $result, true ) );
	}

	/**
	 * @dataProvider white_space
	 *
	 * @param string $before In front of the key.
	 * @param string $after  Behind the key.
	 */
	public function test_white_space_around_a_key_is_removed_and_said( string $before, string $after ): void {
		$key   = Test_Provider::key();
		$saved = self::save( 'anthropic', $before . $key . $after );
		$this->assertTrue( $saved['checked']['trimmed'] );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
	}

	public function white_space(): array {
		return array(
			'spaces'         => array( '  ', ' ' ),
			'a line break'   => array( '', "\r\n" ),
			'no-break space' => array( "\u{a0}", "\u{202f}" ),
			'wide space'     => array( "\u{3000}\t", "\u{2003}" ),
			'separators'     => array( "\u{2028}", "\u{85}" ),
		);
	}

	public function test_a_key_without_white_space_is_not_said_to_be_trimmed(): void {
		$this->assertFalse( self::save( 'anthropic', Test_Provider::key() )['checked']['trimmed'] );
	}

	public function test_a_key_that_looks_like_an_envelope_is_data(): void {
		$key = 'byok1.x-byok-test-valid-' . bin2hex( random_bytes( 8 ) );
		self::save( 'mistral', $key );
		$this->assertSame( $key, byok_get_key( 'mistral' ) );
		self::assert_no_key( $key, self::raw( 'mistral' ) );
	}

	public function test_a_key_with_backslashes_and_quotes_is_kept_as_it_is(): void {
		$key = 'byok-test-valid-\\\'"\\\\0' . bin2hex( random_bytes( 8 ) );
		self::save( 'mistral', $key );
		$this->assertSame( $key, byok_get_key( 'mistral' ) );
	}

	public function test_a_short_key_is_masked_whole(): void {
		$saved = self::save( 'mistral', 'byok-test-valid' );
		$this->assertSame( '…', $saved['hint'] );
	}

	public function test_a_wrong_type_is_a_type_error_without_the_value(): void {
		$secret = 'byok-test-' . bin2hex( random_bytes( 8 ) );
		try {
			byok_save_key( 'anthropic', array( $secret ) );
			$this->fail( 'An array was taken for a key.' );
		} catch ( \TypeError $error ) {
			$this->assertStringNotContainsString( $secret, (string) $error );
			$this->assertStringNotContainsString( $secret, print_r( $error->getTrace()[0], true ) );
		}
		$this->assertNull( self::raw( 'anthropic' ) );
	}

	public function test_a_check_renews_the_outcome_and_keeps_the_key(): void {
		$key = Test_Provider::key();
		self::save( 'anthropic', $key );
		$envelope = self::row( 'anthropic' )['envelope'];

		Test_Provider::answer_always( 'invalid' );
		$checked = byok_check( 'anthropic' );
		$this->assertSame( 'invalid', $checked['outcome'] );
		$this->assertSame( 'invalid', $checked['checked']['outcome'] );
		$this->assertStringContainsString( 'still stored', $checked['message'] );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
		$this->assertSame( $envelope, self::row( 'anthropic' )['envelope'] );

		Test_Provider::answer_always();
		$this->assertSame( 'valid', byok_check( 'anthropic' )['outcome'] );
	}

	public function test_a_deleted_key_is_gone(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$this->assertTrue( byok_delete_key( 'anthropic' ) );
		$this->assertNull( self::raw( 'anthropic' ) );
		$this->assertFalse( byok_has_key( 'anthropic' ) );
		self::assert_error( 'byok_key_absent', byok_get_key( 'anthropic' ) );
		$this->assertTrue( byok_delete_key( 'anthropic' ), 'deleting twice is no error' );
	}

	public function test_a_check_of_a_service_that_answers_anyone_does_not_say_that_the_key_works(): void {
		$saved = self::save( 'openai-compatible', Test_Provider::key( 'openai-compatible' ), array( 'base_url' => self::own_address() ) );
		$this->assertSame( 'valid', $saved['outcome'] );
		$this->assertSame( 'reachable', $saved['proof'] );
		$this->assertSame( 'OpenAI-compatible answers. Saved and encrypted; whether the key is right shows at its first use.', $saved['message'] );
		$this->assertSame( 'Reachable', \Byok\Key_Chip::word( $saved ) );
		$this->assertSame( 'reachable', byok_check( 'openai-compatible' )['proof'] );

		$proven = self::save( 'anthropic', Test_Provider::key() );
		$this->assertSame( 'key', $proven['proof'] );
		$this->assertSame( 'Works', \Byok\Key_Chip::word( $proven ) );
		$this->assertNull( self::save( 'groq', Test_Provider::key( 'groq', 'outage' ) )['proof'] );
	}

	public function test_a_name_that_leads_to_a_private_address_is_refused(): void {
		// The name of a machine leads to itself, or to a private network. It is in /etc/hosts where no
		// name server knows it.
		preg_match_all( '/[a-z][a-z0-9.-]*/i', preg_replace( '/#.*/', '', file_get_contents( '/etc/hosts' ) ), $names );
		$names = array_filter(
			array( gethostname(), ...$names[0] ),
			static fn( $name ) => gethostbyname( $name ) !== $name && ! str_ends_with( $name, 'localhost' )
		);
		$this->assertNotSame( array(), $names, 'this machine does not know a name of its own' );
		$name = reset( $names );

		$key    = Test_Provider::key( 'openai-compatible' );
		$before = count( Test_Provider::requests() );
		$result = byok_save_key( 'openai-compatible', $key, array( 'base_url' => "https://$name/v1" ) );
		self::assert_error( 'byok_address_refused', $result, $key );
		$this->assertNull( self::raw( 'openai-compatible' ) );
		$this->assertCount( $before, Test_Provider::requests() );
	}

	public function test_an_address_that_does_not_exist_yet_is_saved_as_unknown(): void {
		$saved = self::save( 'openai-compatible', Test_Provider::key( 'openai-compatible' ), array( 'base_url' => 'https://byok-test.invalid/v1' ) );
		$this->assertSame( array( 'unknown', 'dns' ), array( $saved['outcome'], $saved['checked']['reason'] ) );
	}

	public function test_an_unknown_provider_is_an_error_everywhere(): void {
		self::assert_error( 'byok_provider_unknown', byok_save_key( 'nobody', Test_Provider::key() ) );
		self::assert_error( 'byok_provider_unknown', byok_get_key( 'nobody' ) );
		self::assert_error( 'byok_provider_unknown', byok_key_info( 'nobody' ) );
		self::assert_error( 'byok_provider_unknown', byok_delete_key( 'nobody' ) );
		self::assert_error( 'byok_provider_unknown', byok_get_key( 'Anthropic' ) );
		$this->assertFalse( byok_has_key( 'nobody' ) );
	}

	public function test_listeners_hear_of_everything_and_never_get_a_key(): void {
		$heard = array();
		foreach ( array( 'byok_key_saved', 'byok_key_checked', 'byok_key_deleted' ) as $action ) {
			add_action(
				$action,
				static function ( ...$args ) use ( $action, &$heard ) {
					$heard[] = array( $action, $args );
				},
				10,
				5
			);
		}
		$key = Test_Provider::key();
		self::save( 'anthropic', $key );
		byok_check( 'anthropic' );
		byok_delete_key( 'anthropic' );
		$this->assertSame( array( 'byok_key_saved', 'byok_key_checked', 'byok_key_deleted' ), array_column( $heard, 0 ) );
		self::assert_no_key( $key, print_r( $heard, true ) );
	}

	public function test_a_listener_that_throws_does_not_undo_or_hide_a_save(): void {
		$key = Test_Provider::key();
		add_action(
			'byok_key_saved',
			static function () {
				throw new \RuntimeException( 'listener' );
			}
		);
		$this->assertTrue( self::save( 'anthropic', $key )['saved'] );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
	}

	public function test_all_rows_are_told_in_the_order_of_the_table(): void {
		self::save( 'google', Test_Provider::key( 'google' ) );
		$all = \Byok\Vault::all();
		$this->assertSame( array_keys( byok_providers() ), array_keys( $all ) );
		$this->assertSame( 'ready', $all['google']['state'] );
		$this->assertSame( 'absent', $all['openai']['state'] );
	}

	public function test_every_provider_of_the_table_can_be_used(): void {
		foreach ( byok_providers() as $id => $provider ) {
			$key  = Test_Provider::key( $id );
			$args = $provider['custom_base_url'] ? array( 'base_url' => getenv( 'BYOK_TEST_PROVIDER' ) . "/$id/v1" ) : array();
			self::save( $id, $key, $args );
			$this->assertSame( $key, byok_get_key( $id ) );
		}
	}

	public function test_replacing_a_key_keeps_the_base_url_of_one_that_opens(): void {
		$url = self::own_address();
		self::save( 'openai-compatible', Test_Provider::key( 'openai-compatible' ), array( 'base_url' => $url ) );
		$this->assertSame( $url, self::save( 'openai-compatible', Test_Provider::key( 'openai-compatible' ) )['base_url'] );
	}

	public function test_stored_rows_have_exactly_these_fields(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$row = self::row( 'anthropic' );
		$this->assertSame(
			array( 'version', 'envelope', 'origin', 'base_url', 'hint', 'outcome', 'proof', 'checked_at', 'resume_at', 'saved_at', 'saved_by', 'previous' ),
			array_keys( $row )
		);
		$this->assertSame( Key_Row::VERSION, $row['version'] );
	}

	/**
	 * A base URL at the test provider.
	 */
	private static function own_address(): string {
		return getenv( 'BYOK_TEST_PROVIDER' ) . '/openai-compatible/v1';
	}
}

/**
 * Checks a stored key again.
 *
 * @param string $provider Provider id.
 * @return array|\WP_Error
 */
function byok_check( string $provider ) {
	return \Byok\Vault::check( $provider );
}
