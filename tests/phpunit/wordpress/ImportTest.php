<?php
/**
 * Tests of moving keys that are on the site already.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Import;
use Byok\Import_Value;
use Byok\Vault;
use WP_REST_Request;

final class ImportTest extends Test_Case {

	/**
	 * WordPress's own option for a key of Anthropic.
	 */
	private const CONNECTOR = 'connectors_ai_anthropic_api_key';

	/**
	 * The option of the plugin "BYOK Example".
	 */
	private const EXAMPLE = 'byok_example_encrypted_api_key';

	/**
	 * The key to look for in backtraces. Not in a variable that a closure captures.
	 *
	 * @var string
	 */
	private static string $key = '';

	/**
	 * Whether a query or a listener has seen it.
	 *
	 * @var bool[]
	 */
	private static array $seen = array();

	protected function tearDown(): void {
		global $wpdb;
		parent::tearDown();
		$wpdb->query( "DELETE FROM $wpdb->options WHERE option_name LIKE 'connectors\_ai\_%' OR option_name LIKE 'byok\_example\_%' OR option_name LIKE 'imp\_test\_%'" );
		wp_cache_flush();
	}

	public function test_a_key_of_a_connector_is_moved_and_its_entry_emptied(): void {
		$key = Test_Provider::key();
		self::put( self::CONNECTOR, $key, 'yes' );

		$found = Import::found();
		$this->assertSame( array( self::CONNECTOR, 'anthropic', false ), array( $found[0]['id'], $found[0]['provider'], $found[0]['exists'] ) );
		$this->assertStringEndsWith( '…' . substr( $key, -4 ), $found[0]['hint'] );
		self::assert_no_key( $key, print_r( $found, true ) );

		$moved = Import::run( self::CONNECTOR );
		$this->assertIsArray( $moved );
		$this->assertTrue( $moved['saved'] );
		$this->assertTrue( $moved['scrubbed'] );
		$this->assertNull( $moved['scrub_reason'] );
		$this->assertSame( self::CONNECTOR, $moved['imported_from'] );
		$this->assertStringContainsString( 'Backups', $moved['message'] );
		$this->assertStringContainsString( 'not find it any more', $moved['message'] );
		self::assert_no_key( $key, print_r( $moved, true ) );

		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
		$this->assertSame( '', self::stored( self::CONNECTOR ), 'the row exists and is empty, as WordPress leaves it' );
		$this->assertSame( array(), Import::found() );
	}

	public function test_connectors_of_any_provider_of_the_table_are_found(): void {
		$keys = array( 'openai' => 'connectors_ai_openai_api_key', 'google' => 'connectors_ai_google_api_key', 'openrouter' => 'connectors_ai_provider_openrouter_api_key' );
		foreach ( $keys as $provider => $name ) {
			self::put( $name, Test_Provider::key( $provider ) );
		}
		$mistral = Test_Provider::key( 'mistral' );
		self::put( 'connectors_ai_mistral_api_key', $mistral );
		$by_id = array_column( Import::found(), 'provider', 'id' );
		foreach ( $keys as $provider => $name ) {
			$this->assertSame( $provider, $by_id[ $name ] );
		}
		$this->assertSame( 'mistral', $by_id['connectors_ai_mistral_api_key'], 'known by the name alone' );
		$this->assertTrue( Import::run( 'connectors_ai_mistral_api_key' )['scrubbed'] );
		$this->assertSame( $mistral, byok_get_key( 'mistral' ) );
	}

	public function test_what_is_not_a_key_is_not_found(): void {
		self::put( self::CONNECTOR, '' );
		self::put( 'connectors_ai_openai_api_key', '••••••••••••••••abcd' );
		self::put( 'connectors_ai_google_api_key', serialize( array( 'a' => 1 ) ) );
		self::put( 'connectors_spam_filtering_akismet_api_key', 'abcdef0123456789abcdef' );
		$this->assertSame( array(), Import::found() );
	}

	public function test_a_refused_key_changes_nothing(): void {
		$key = Test_Provider::key( 'anthropic', 'invalid' );
		self::put( self::CONNECTOR, $key );
		self::assert_error( 'byok_key_refused', Import::run( self::CONNECTOR ), $key );
		$this->assertSame( $key, self::stored( self::CONNECTOR ) );
		$this->assertNull( self::raw( 'anthropic' ) );
	}

	public function test_a_key_that_is_there_is_replaced_only_on_demand(): void {
		$old = Test_Provider::key();
		self::save( 'anthropic', $old );
		$key = Test_Provider::key();
		self::put( self::CONNECTOR, $key );
		$this->assertTrue( Import::found()[0]['exists'] );

		self::assert_error( 'byok_key_exists', Import::run( self::CONNECTOR ), $key );
		$this->assertSame( $old, byok_get_key( 'anthropic' ) );
		$this->assertSame( $key, self::stored( self::CONNECTOR ) );

		// In whatever state.
		self::plant( 'anthropic', 'byok-test-damaged' );
		self::assert_error( 'byok_key_exists', Import::run( self::CONNECTOR ) );
		$this->assertTrue( Import::run( self::CONNECTOR, '', true )['scrubbed'] );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
	}

	public function test_a_key_of_the_example_plugin_is_opened_and_moved(): void {
		$key = Test_Provider::key();
		self::put( self::EXAMPLE, self::as_the_example_does( $key ) );
		$this->assertSame( 'anthropic', Import::found()[0]['provider'] );
		$this->assertTrue( Import::run( self::EXAMPLE )['scrubbed'] );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
		$this->assertSame( '', self::stored( self::EXAMPLE ) );
	}

	/**
	 * @dataProvider unusable_ciphertexts
	 *
	 * @param callable $make Makes what is stored.
	 */
	public function test_a_ciphertext_that_gives_no_key_stays_as_it_is( callable $make ): void {
		$stored = $make();
		self::put( self::EXAMPLE, $stored );
		$asked = count( Test_Provider::requests() );
		$this->assertSame( array(), Import::found() );
		self::assert_error( 'byok_import_nothing_found', Import::run( self::EXAMPLE, 'mistral' ) );
		$this->assertSame( $stored, self::stored( self::EXAMPLE ) );
		$this->assertCount( $asked, Test_Provider::requests(), 'noise was sent to a provider' );
	}

	public function unusable_ciphertexts(): array {
		return array(
			'other salts'   => array( static fn() => self::as_the_example_does( Test_Provider::key(), 'another secret' ) ),
			'no text'       => array( static fn() => self::as_the_example_does( random_bytes( 40 ) ) ),
			'empty'         => array( static fn() => '' ),
			'no Base64'     => array( static fn() => '*** not base64 ***' ),
			'cut off'       => array( static fn() => substr( self::as_the_example_does( Test_Provider::key() ), 0, -6 ) ),
			'only an IV'    => array( static fn() => base64_encode( random_bytes( 16 ) ) ),
			'a sentence'    => array( static fn() => self::as_the_example_does( 'this is not a key at all, it has spaces' ) ),
			'a plain key'   => array( static fn() => Test_Provider::key() ),
		);
	}

	public function test_a_named_option_is_moved_with_a_detected_or_a_chosen_provider(): void {
		$groq = Test_Provider::key( 'groq' );
		self::put( 'imp_test_key', " $groq\n" );
		$this->assertTrue( Import::run( 'imp_test_key' )['scrubbed'] );
		$this->assertSame( $groq, byok_get_key( 'groq' ) );
		$this->assertSame( '', self::stored( 'imp_test_key' ) );

		$mistral = Test_Provider::key( 'mistral' );
		self::put( 'imp_test_key', $mistral );
		self::assert_error( 'byok_import_provider_unknown', Import::run( 'imp_test_key' ), $mistral );
		self::assert_error( 'byok_provider_unknown', Import::run( 'imp_test_key', 'nobody' ), $mistral );
		$this->assertSame( $mistral, self::stored( 'imp_test_key' ) );
		$this->assertTrue( Import::run( 'imp_test_key', 'mistral' )['scrubbed'] );
		$this->assertSame( $mistral, byok_get_key( 'mistral' ) );
	}

	public function test_one_element_of_an_array_is_emptied_and_no_byte_beside_it_touched(): void {
		$key  = Test_Provider::key( 'openai' );
		$with = static fn( string $value ) => serialize(
			array(
				'a'      => array( 1, -2, 0.1, true, null, 'x";s:3:"key";' ),
				'openai' => array( 'model' => 'gpt ü', 'key' => $value, 7 => 'seven' ),
				7        => 'z',
			)
		);
		self::put( 'imp_test_settings', $with( $key ) );
		$this->assertTrue( Import::run( 'imp_test_settings[openai][key]' )['scrubbed'] );
		$this->assertSame( $with( '' ), self::stored( 'imp_test_settings' ) );
		$this->assertSame( $key, byok_get_key( 'openai' ) );
		$this->assertSame( 'seven', get_option( 'imp_test_settings' )['openai'][7], 'WordPress reads it' );
	}

	public function test_floats_keep_the_digits_that_php_would_round(): void {
		$raw = 'a:2:{s:1:"f";d:0.1000000000000000055511151231257827;s:1:"k";s:3:"abc";}';
		$this->assertSame( 'a:2:{s:1:"f";d:0.1000000000000000055511151231257827;s:1:"k";s:0:"";}', Import_Value::find( $raw, array( 'k' ) )['emptied'] );
	}

	public function test_an_element_is_found_by_a_number_too(): void {
		$key = Test_Provider::key( 'openai' );
		self::put( 'imp_test_settings', serialize( array( 'keys' => array( 'x', $key ) ) ) );
		$this->assertTrue( Import::run( 'imp_test_settings[keys][1]' )['scrubbed'] );
		$this->assertSame( array( 'keys' => array( 'x', '' ) ), get_option( 'imp_test_settings' ) );
	}

	/**
	 * @dataProvider things_that_are_not_there
	 *
	 * @param string $source What is asked for.
	 */
	public function test_what_is_not_there_is_told( string $source ): void {
		self::put( 'imp_test_settings', serialize( array( 'openai' => array( 'key' => 'sk-proj-12345678901234567890', 'n' => 5 ) ) ) );
		self::put( 'imp_test_text', 'sk-proj-12345678901234567890' );
		self::assert_error( 'byok_import_nothing_found', Import::run( $source, 'openai' ) );
	}

	public function things_that_are_not_there(): array {
		return array(
			'no such option'       => array( 'imp_test_nothing' ),
			'other case'           => array( 'IMP_TEST_TEXT' ),
			'whole array'          => array( 'imp_test_settings' ),
			'inner array'          => array( 'imp_test_settings[openai]' ),
			'no such element'      => array( 'imp_test_settings[openai][other]' ),
			'below a text'         => array( 'imp_test_settings[openai][key][x]' ),
			'a number'             => array( 'imp_test_settings[openai][n]' ),
			'element of a text'    => array( 'imp_test_text[key]' ),
		);
	}

	/**
	 * @dataProvider values_that_are_refused
	 *
	 * @param string $raw Stored text.
	 */
	public function test_objects_and_references_are_refused_and_never_made( string $raw ): void {
		Import_Trap::$woken = 0;
		self::put( 'imp_test_settings', $raw );
		self::assert_error( 'byok_import_refused', Import::run( 'imp_test_settings[key]', 'openai' ) );
		$this->assertSame( 0, Import_Trap::$woken );
		$this->assertSame( $raw, self::stored( 'imp_test_settings' ) );
	}

	public function values_that_are_refused(): array {
		$key = 's:3:"key";s:28:"sk-proj-12345678901234567890";';
		return array(
			'object'           => array( 'a:2:{' . $key . 's:1:"o";O:22:"Byok\Tests\Import_Trap":0:{}}' ),
			'object first'     => array( 'a:2:{s:1:"o";O:22:"Byok\Tests\Import_Trap":0:{}' . $key . '}' ),
			'custom object'    => array( 'a:2:{' . $key . 's:1:"o";C:11:"ArrayObject":0:{}}' ),
			'reference'        => array( 'a:2:{' . $key . 's:1:"o";R:2;}' ),
			'recursion'        => array( 'a:2:{' . $key . 's:1:"o";r:1;}' ),
			'enumeration'      => array( 'a:2:{' . $key . 's:1:"o";E:7:"Foo:Bar";}' ),
			'twice'            => array( 'a:2:{' . $key . $key . '}' ),
			'too deep'         => array( 'a:2:{' . $key . 's:1:"o";' . str_repeat( 'a:1:{i:0;', 40 ) . 'N;' . str_repeat( '}', 40 ) . '}' ),
			'wrong length'     => array( 'a:1:{s:3:"key";s:29:"sk-proj-12345678901234567890";}' ),
			'wrong count'      => array( 'a:3:{' . $key . '}' ),
			'more behind'      => array( 'a:1:{' . $key . '}i:1;}' ),
		);
	}

	/**
	 * @dataProvider names_that_are_refused
	 *
	 * @param string $source What is asked for.
	 */
	public function test_options_of_byok_and_secrets_of_the_site_are_not_sent_to_anybody( string $source ): void {
		$asked = count( Test_Provider::requests() );
		$rows  = self::all_rows();
		self::assert_error( 'byok_import_refused', Import::run( $source, 'mistral' ) );
		$this->assertCount( $asked, Test_Provider::requests() );
		$this->assertSame( $rows, self::all_rows() );
	}

	public function names_that_are_refused(): array {
		$names = array( 'byok_key_anthropic', 'byok_key_anthropic[0]', 'BYOK_canary', 'siteurl', 'home', 'admin_email', 'active_plugins', 'auth_key', 'AUTH_SALT', 'nonce_salt', 'secure_auth_key', 'secret_key', 'wp_user_roles', 'cron', 'mailserver_pass', '_transient_x', '', '[a]', 'a[', 'a[]', 'a]b', "a\nb", str_repeat( 'a', 192 ), 'a' . str_repeat( '[b]', 9 ), 'sk-ant-api03-0123456789012345678901234567890123456789' );
		return array_combine( array_map( 'json_encode', $names ), array_map( static fn( $name ) => array( $name ), $names ) );
	}

	/**
	 * @dataProvider values_that_are_no_keys
	 *
	 * @param string $value Value of the option.
	 */
	public function test_what_does_not_look_like_a_key_is_not_sent_to_anybody( string $value ): void {
		self::put( 'imp_test_key', $value );
		$asked = count( Test_Provider::requests() );
		self::assert_error( 'byok_import_nothing_found', Import::run( 'imp_test_key', 'mistral' ) );
		$this->assertCount( $asked, Test_Provider::requests() );
		$this->assertSame( $value, self::stored( 'imp_test_key' ) );
	}

	public function values_that_are_no_keys(): array {
		return array(
			'sentence'   => array( 'Just another WordPress site' ),
			'address'    => array( 'https://example.org/a/long/path' ),
			'mail'       => array( 'somebody.with.a.long.name@example.org' ),
			'JSON'       => array( '{"key":"sk-proj-12345678901234567890"}' ),
			'short'      => array( 'twentytwenty' ),
			'long'       => array( str_repeat( 'a', 8193 ) ),
			'not ASCII'  => array( 'sk-proj-1234567890ü234567890' ),
			'mask'       => array( '••••••••••••••••••••1234' ),
			'envelope'   => array( 'byok1.1fh9TAZ8Tts.QEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAx' ),
			'serialized' => array( 'b:0;' ),
		);
	}

	public function test_an_outage_does_not_empty_what_nobody_knows_to_be_a_key(): void {
		$key = Test_Provider::key( 'mistral', 'outage' );
		self::put( 'imp_test_key', $key );
		$moved = Import::run( 'imp_test_key', 'mistral' );
		$this->assertFalse( $moved['scrubbed'] );
		$this->assertSame( 'import_not_confirmed', $moved['scrub_reason'] );
		$this->assertSame( $key, self::stored( 'imp_test_key' ) );

		// The look of it proves nothing either: what begins as its provider's keys do may be refused later, and
		// is then given up for the key before it.
		$before = Test_Provider::key();
		self::save( 'anthropic', $before );
		$alike = Test_Provider::key( 'anthropic', 'invalid' );
		self::put( self::CONNECTOR, $alike );
		Test_Provider::answer_always( 'outage' );
		$this->assertSame( 'import_not_confirmed', Import::run( self::CONNECTOR, '', true )['scrub_reason'] );
		Test_Provider::answer_always();
		$this->assertTrue( Vault::check( 'anthropic' )['restored'] );
		$this->assertSame( $before, byok_get_key( 'anthropic' ) );
		$this->assertSame( $alike, self::stored( self::CONNECTOR ), 'the one place where it is left' );

		// When the provider answers again, the same import empties the place.
		$key = Test_Provider::key();
		self::put( self::CONNECTOR, $key );
		Test_Provider::answer_always( 'outage' );
		$this->assertFalse( Import::run( self::CONNECTOR, '', true )['scrubbed'] );
		Test_Provider::answer_always();
		$this->assertTrue( Import::run( self::CONNECTOR, '', true )['scrubbed'] );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
		$this->assertSame( '', self::stored( self::CONNECTOR ) );
	}

	/**
	 * A limit or a refusal of a region is often told before the key is looked at.
	 *
	 * @dataProvider unproven
	 *
	 * @param string $behaviour What the provider answers.
	 */
	public function test_an_answer_that_proves_nothing_empties_nothing( string $behaviour ): void {
		$key = Test_Provider::key( 'anthropic', $behaviour );
		self::put( self::CONNECTOR, $key );
		$moved = Import::run( self::CONNECTOR );
		$this->assertSame( array( $behaviour, 'import_not_confirmed' ), array( str_replace( '_', '-', $moved['outcome'] ), $moved['scrub_reason'] ) );
		$this->assertSame( $key, self::stored( self::CONNECTOR ) );
	}

	public static function unproven(): array {
		return array(
			'limited'    => array( 'rate-limited' ),
			'restricted' => array( 'restricted' ),
		);
	}

	public function test_an_entry_that_was_edited_meanwhile_is_never_lost(): void {
		$newer = Test_Provider::key();
		self::put( self::CONNECTOR, Test_Provider::key() );
		self::before_query(
			"UPDATE {$GLOBALS['wpdb']->options} SET option_value = ''",
			static function () use ( $newer ) {
				self::put( self::CONNECTOR, $newer );
			}
		);
		$moved = Import::run( self::CONNECTOR );
		$this->assertFalse( $moved['scrubbed'] );
		$this->assertSame( 'import_not_scrubbed', $moved['scrub_reason'] );
		$this->assertStringContainsString( 'may still hold a key', $moved['message'] );
		$this->assertSame( $newer, self::stored( self::CONNECTOR ) );
		$this->assertTrue( byok_has_key( 'anthropic' ), 'the key was saved all the same' );
	}

	public function test_an_entry_that_differs_only_in_case_or_spaces_is_another(): void {
		foreach ( array( 'strtoupper', static fn( $key ) => "$key " ) as $edit ) {
			$key = Test_Provider::key();
			self::put( self::CONNECTOR, $key );
			$edited = $edit( $key );
			self::before_query(
				"UPDATE {$GLOBALS['wpdb']->options} SET option_value = ''",
				static fn() => $GLOBALS['wpdb']->update( $GLOBALS['wpdb']->options, array( 'option_value' => $edited ), array( 'option_name' => self::CONNECTOR ) ) && false ? '' : null
			);
			$this->assertFalse( Import::run( self::CONNECTOR, '', true )['scrubbed'] );
			$this->assertSame( $edited, self::stored( self::CONNECTOR ) );
		}
	}

	/**
	 * @dataProvider failing_databases
	 *
	 * @param string $beginning Query that fails.
	 * @param string $error     Code, or empty when the answer tells it.
	 */
	public function test_a_failing_database_is_told_and_nothing_is_lost( string $beginning, string $error ): void {
		$key = Test_Provider::key();
		self::put( self::CONNECTOR, $key );
		$options = $GLOBALS['wpdb']->options;
		self::before_query( str_replace( 'OPTIONS', $options, $beginning ), static fn() => 'SELECT 1 FROM byok_test_no_such_table' );
		$log   = self::logged( static fn() => Import::run( self::CONNECTOR ), $moved );
		self::assert_no_key( $key, $log, 'the error log' );
		if ( '' === $error ) {
			$this->assertFalse( $moved['scrubbed'] );
		} else {
			self::assert_error( $error, $moved, $key );
		}
		$this->assertSame( $key, self::stored( self::CONNECTOR ) );
	}

	public function failing_databases(): array {
		return array(
			'reading'  => array( 'SELECT option_name, option_value FROM OPTIONS WHERE option_name =', 'byok_storage_failed' ),
			'saving'   => array( 'INSERT IGNORE', 'byok_storage_failed' ),
			'emptying' => array( "UPDATE OPTIONS SET option_value = ''", '' ),
		);
	}

	public function test_a_key_that_does_not_open_afterwards_empties_nothing(): void {
		$key = Test_Provider::key();
		self::put( self::CONNECTOR, $key );
		// Somebody breaks the row right after it was saved; all that is told of the key stays.
		add_action(
			'byok_key_saved',
			static function () {
				$row = self::row( 'anthropic' );
				self::plant( 'anthropic', array( 'envelope' => substr( $row['envelope'], 0, -1 ) . ( str_ends_with( $row['envelope'], 'A' ) ? 'Q' : 'A' ) ) + $row );
			}
		);
		self::assert_error( 'byok_import_not_ready', Import::run( self::CONNECTOR ), $key );
		$this->assertSame( $key, self::stored( self::CONNECTOR ) );
	}

	public function test_a_key_that_someone_else_replaced_right_away_empties_nothing(): void {
		$key = Test_Provider::key();
		self::put( self::CONNECTOR, $key );
		$done = false;
		add_action(
			'byok_key_saved',
			static function () use ( &$done ) {
				if ( ! $done ) {
					$done = true;
					self::save( 'anthropic', Test_Provider::key() );
				}
			}
		);
		self::assert_error( 'byok_import_not_ready', Import::run( self::CONNECTOR ), $key );
		$this->assertSame( $key, self::stored( self::CONNECTOR ) );
	}

	public function test_no_cache_of_wordpress_keeps_the_plaintext(): void {
		$key = Test_Provider::key();
		self::put( self::CONNECTOR, $key, 'yes' );
		wp_cache_flush();
		$this->assertSame( $key, get_option( self::CONNECTOR ) );
		$this->assertSame( $key, wp_load_alloptions()[ self::CONNECTOR ] );
		wp_cache_set( self::CONNECTOR, $key, 'options' );

		Import::run( self::CONNECTOR );
		// Without flushing any cache. Where WordPress has connectors, a stand-in is read from now on.
		self::assert_no_key( $key, get_option( self::CONNECTOR ) );
		$this->assertSame( '', wp_load_alloptions()[ self::CONNECTOR ] ?? '' );
		foreach ( array( self::CONNECTOR, 'alloptions', 'notoptions' ) as $cached ) {
			self::assert_no_key( $key, print_r( wp_cache_get( $cached, 'options' ), true ), "the cache of $cached" );
		}
	}

	public function test_emptying_asks_no_filter_of_options(): void {
		self::put( self::CONNECTOR, Test_Provider::key() );
		$fired = array();
		$spy   = static function ( $value ) use ( &$fired ) {
			$fired[] = current_filter();
			return $value;
		};
		foreach ( array( 'pre_update_option', 'update_option', 'updated_option', 'pre_update_option_' . self::CONNECTOR, 'update_option_' . self::CONNECTOR, 'sanitize_option_' . self::CONNECTOR, 'option_' . self::CONNECTOR, 'pre_option_' . self::CONNECTOR ) as $hook ) {
			add_filter( $hook, $spy );
		}
		add_filter( 'pre_update_option', static fn( $value, $name ) => self::CONNECTOR === $name ? 'kept' : $value, 10, 2 );
		$this->assertTrue( Import::run( self::CONNECTOR )['scrubbed'] );
		$this->assertSame( array(), array_filter( $fired, static fn( $hook ) => str_contains( $hook, 'connectors' ) ) );
		$this->assertSame( '', self::stored( self::CONNECTOR ) );
	}

	/**
	 * @dataProvider sources_of_the_key
	 *
	 * @param string   $source Source.
	 * @param callable $make   Makes the stored text of a key.
	 */
	public function test_neither_a_query_nor_a_listener_sees_the_key_that_is_moved( string $source, callable $make ): void {
		global $wpdb;
		self::$key  = Test_Provider::key();
		self::$seen = array();
		self::put( strtok( $source, '[' ), $make( self::$key ) );
		wp_load_alloptions();
		$wpdb->flush();

		$look = static function ( $hook ) {
			foreach ( array( debug_backtrace(), ( new \Exception() )->getTrace() ) as $trace ) {
				$functions = array_map( static fn( $call ) => ( $call['class'] ?? '' ) . '::' . $call['function'], $trace );
				$last      = max( array( -1, ...array_keys( $functions, 'Byok\Import::run', true ), ...array_keys( $functions, 'Byok\Import::found', true ) ) );
				if ( $last >= 0 ) {
					$text  = print_r( array( array_slice( $trace, 0, $last + 1 ), func_get_args() ), true );
					$found = array() !== Leaks::find( self::$key, $text );

					self::$seen[ $hook ] = $found || ( self::$seen[ $hook ] ?? false );
				}
			}
		};
		// Every hook there is.
		add_filter( 'all', $look );
		Import::found();
		$this->assertTrue( Import::run( $source )['scrubbed'] );
		remove_filter( 'all', $look );
		$this->assertArrayHasKey( 'query', self::$seen );
		$this->assertArrayHasKey( 'byok_key_saved', self::$seen );
		$this->assertSame( array(), array_keys( array_filter( self::$seen ) ) );
		self::assert_no_key( self::$key, print_r( $wpdb, true ), 'the database object' );
	}

	public function sources_of_the_key(): array {
		return array(
			'connector' => array( self::CONNECTOR, static fn( $key ) => $key ),
			'example'   => array( self::EXAMPLE, static fn( $key ) => self::as_the_example_does( $key ) ),
			'array'     => array( 'imp_test_settings[a][b]', static fn( $key ) => serialize( array( 'a' => array( 'b' => $key ) ) ) ),
		);
	}

	public function test_the_key_is_in_no_table_afterwards(): void {
		$key = Test_Provider::key();
		self::put( self::CONNECTOR, $key );
		self::put( 'imp_test_settings', serialize( array( 'k' => Test_Provider::key( 'openai' ) ) ) );
		Import::run( self::CONNECTOR );
		Import::run( 'imp_test_settings[k]' );
		self::assert_no_key( $key, print_r( self::all_rows(), true ), 'the table of options' );
	}

	public function test_the_routes_are_for_people_who_may_manage_keys(): void {
		$key = Test_Provider::key();
		self::put( self::CONNECTOR, $key );
		foreach ( array( 0, self::user( 'editor' ) ) as $user ) {
			wp_set_current_user( $user );
			foreach ( array( 'GET', 'POST' ) as $method ) {
				$request = new WP_REST_Request( $method, '/byok/v1/import' );
				$request->set_param( 'source', self::CONNECTOR );
				$this->assertContains( rest_do_request( $request )->get_status(), array( 401, 403 ) );
			}
		}
		$this->assertSame( $key, self::stored( self::CONNECTOR ) );

		wp_set_current_user( self::admin() );
		$told = rest_do_request( new WP_REST_Request( 'GET', '/byok/v1/import' ) );
		$this->assertSame( 200, $told->get_status() );
		$this->assertSame( self::CONNECTOR, $told->get_data()[0]['id'] );
		self::assert_no_key( $key, wp_json_encode( $told->get_data() ) );

		$request = new WP_REST_Request( 'POST', '/byok/v1/import' );
		$request->set_body_params( array( 'source' => self::CONNECTOR ) );
		$answer = rest_do_request( $request );
		$this->assertSame( 200, $answer->get_status() );
		$this->assertTrue( $answer->get_data()['scrubbed'] );
		$this->assertSame( 'ready', $answer->get_data()['state'] );
		self::assert_no_key( $key, wp_json_encode( $answer->get_data() ) );

		$again = rest_do_request( $request );
		$this->assertSame( 404, $again->get_status() );
		$this->assertSame( 'byok_import_nothing_found', $again->get_data()['code'] );
	}

	public function test_without_the_extension_nothing_is_found_or_moved(): void {
		self::put( self::CONNECTOR, Test_Provider::key() );
		$result = Site::run( 'return array( Byok\Import::found(), Byok\Import::run( "' . self::CONNECTOR . '" )->get_error_code() );', array( 'extension' => false ) )['result'];
		$this->assertSame( array( array(), 'byok_extension_missing' ), $result );
	}

	public function test_a_network_key_does_not_stand_in_the_way(): void {
		$info = Vault::info( 'anthropic' );
		$this->assertSame( 'absent', $info['state'] );
		self::put( self::CONNECTOR, Test_Provider::key() );
		putenv( 'ANTHROPIC_API_KEY=' . Test_Provider::key() );
		try {
			$this->assertTrue( Import::run( self::CONNECTOR )['scrubbed'], 'the server’s key is not the site’s' );
		} finally {
			putenv( 'ANTHROPIC_API_KEY' );
		}
	}

	/**
	 * Stores a text as an option's, as it is.
	 *
	 * @param string $name     Name.
	 * @param string $raw      Text.
	 * @param string $autoload Whether WordPress loads it with every request.
	 */
	private static function put( string $name, string $raw, string $autoload = 'no' ): void {
		global $wpdb;
		$wpdb->delete( $wpdb->options, array( 'option_name' => $name ) );
		$wpdb->insert( $wpdb->options, array( 'option_name' => $name, 'option_value' => $raw, 'autoload' => $autoload ) );
		wp_cache_flush();
	}

	/**
	 * The stored text of an option.
	 *
	 * @param string $name Name.
	 */
	private static function stored( string $name ): ?string {
		global $wpdb;
		$row = $wpdb->get_row( $wpdb->prepare( "SELECT option_value FROM $wpdb->options WHERE option_name = %s", $name ) );
		return $row ? (string) $row->option_value : null;
	}

	/**
	 * All options.
	 */
	private static function all_rows(): array {
		global $wpdb;
		return $wpdb->get_results( "SELECT option_name, option_value FROM $wpdb->options WHERE option_name NOT LIKE '%transient%' ORDER BY option_name", ARRAY_N );
	}

	/**
	 * What the plugin "BYOK Example" stores.
	 *
	 * @param string $text   Text.
	 * @param string $secret Secret; the site's salts, when it is empty.
	 */
	private static function as_the_example_does( string $text, string $secret = '' ): string {
		$iv = random_bytes( 16 );
		return base64_encode( $iv . openssl_encrypt( $text, 'aes-256-cbc', hash( 'sha256', '' === $secret ? AUTH_KEY . AUTH_SALT : $secret, true ), OPENSSL_RAW_DATA, $iv ) );
	}

	/**
	 * Runs something and answers what it has written to the error log.
	 *
	 * @param callable $what   What to run.
	 * @param mixed    $result What it returned.
	 */
	private static function logged( callable $what, &$result ): string {
		$file = tempnam( sys_get_temp_dir(), 'byok' );
		$log  = ini_set( 'error_log', $file );
		try {
			$result = $what();
			return file_get_contents( $file );
		} finally {
			ini_set( 'error_log', (string) $log );
			unlink( $file );
		}
	}
}

/**
 * An object that tells when it is made of a stored text.
 */
final class Import_Trap {

	/**
	 * How often.
	 *
	 * @var int
	 */
	public static int $woken = 0;

	public function __wakeup() {
		++self::$woken;
	}
}
