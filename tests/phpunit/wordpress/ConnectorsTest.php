<?php
/**
 * Tests of the bridge to WordPress's connectors.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Connector_Authentication;
use Byok\Connector_Keys;
use Byok\Connector_Option;
use Byok\Connectors;
use Byok\Import;
use Byok\Owner;
use Byok\Stand_In;
use Byok\Vault;
use WordPress\AiClient\AiClient;

/**
 * Only where WordPress has connectors.
 *
 * @group connectors
 */
final class ConnectorsTest extends Test_Case {

	/**
	 * WordPress's own option for a key of Anthropic.
	 */
	private const OPTION = 'connectors_ai_anthropic_api_key';

	/**
	 * The option of a connector that byok has no provider for.
	 */
	private const ELSEWHERE = 'connectors_ai_elsewhere_api_key';

	/**
	 * The option of a provider that byok adds itself.
	 */
	private const GROQ = 'connectors_ai_groq_api_key';

	/**
	 * The administrator. Logged in before the site caches who is.
	 *
	 * @var Browser
	 */
	private Browser $browser;

	/**
	 * Queries that were sent from this process.
	 *
	 * @var string[]
	 */
	private static array $queries = array();

	public static function setUpBeforeClass(): void {
		copy( dirname( __DIR__, 2 ) . '/site/doubles/ai-providers.php', self::content( 'mu-plugins/byok-ai-providers.php' ) );
	}

	public static function tearDownAfterClass(): void {
		unlink( self::content( 'mu-plugins/byok-ai-providers.php' ) );
		self::remove_files();
	}

	protected function setUp(): void {
		parent::setUp();
		self::remove_options();
		Connector_Keys::forget();
		Connector_Option::take_failures();
		$this->browser = new Browser( self::admin() );
		self::$queries = array();
		add_filter(
			'query',
			static function ( $query ) {
				self::$queries[] = $query;
				return $query;
			},
			PHP_INT_MAX
		);
	}

	protected function tearDown(): void {
		parent::tearDown();
		self::remove_options();
		self::remove_files();
		Connector_Keys::forget();
	}

	// Reads and writes of the option, by any code.

	public function test_a_read_is_a_stand_in_or_nothing(): void {
		$this->assertSame( '', get_option( self::OPTION ) );
		$this->assertSame( '', get_option( self::OPTION, 'another default' ), 'there is a row for WordPress, and it is empty' );
		$key = Test_Provider::key();
		self::save( 'anthropic', $key );
		$read = get_option( self::OPTION );
		$this->assertTrue( Stand_In::is_in( $read ) );
		$this->assertSame( byok_stand_in( 'anthropic' ), $read );
		self::assert_no_key( $key, $read );
		byok_delete_key( 'anthropic' );
		$this->assertSame( '', get_option( self::OPTION ) );
	}

	public function test_a_key_of_the_server_is_read_as_a_stand_in(): void {
		$key = Test_Provider::key( 'openai' );
		putenv( "OPENAI_API_KEY=$key" );
		try {
			$this->assertSame( byok_stand_in( 'openai' ), get_option( 'connectors_ai_openai_api_key' ) );
		} finally {
			putenv( 'OPENAI_API_KEY' );
		}
		$this->assertSame( '', get_option( 'connectors_ai_openai_api_key' ) );
	}

	public function test_a_locked_or_damaged_key_still_is_one(): void {
		self::plant( 'anthropic', 'byok-test-damaged' );
		Connector_Keys::forget();
		$this->assertSame( byok_stand_in( 'anthropic' ), get_option( self::OPTION ) );
	}

	public function test_a_spare_key_is_one_too_and_goes_with_the_others(): void {
		$this->assertIsArray( byok_save_key( 'anthropic', Test_Provider::key(), array( 'slot' => 'spare' ) ) );
		$this->assertSame( byok_stand_in( 'anthropic' ), get_option( self::OPTION ) );
		$this->assertSame( 'valid', Connector_Keys::info( 'anthropic' )['outcome'] );
		self::save( 'anthropic', Test_Provider::key() );
		update_option( self::OPTION, '' );
		$this->assertSame( '', get_option( self::OPTION ) );
		$this->assertFalse( byok_has_key( 'anthropic' ) );
		$this->assertFalse( byok_has_key( 'anthropic', array( 'slot' => 'spare' ) ) );
	}

	public function test_many_reads_ask_the_database_once(): void {
		get_option( self::OPTION );
		self::$queries = array();
		foreach ( Connectors::all() as $option => $provider ) {
			for ( $i = 0; $i < 5; $i++ ) {
				get_option( $option );
			}
		}
		$about_keys = array_filter( self::$queries, static fn( $query ) => str_contains( $query, 'byok' ) && ! str_contains( $query, 'stand_in' ) );
		$this->assertCount( 0, $about_keys, implode( "\n", $about_keys ) );
	}

	public function test_a_read_survives_everything_that_throws(): void {
		add_filter(
			'byok_key_order',
			static function () {
				throw new \RuntimeException( 'a filter of someone else' );
			}
		);
		$this->assertSame( '', get_option( self::OPTION ) );
	}

	/**
	 * @dataProvider writers
	 *
	 * @param callable $write Writes a key into the option.
	 */
	public function test_a_written_key_is_in_the_vault_and_never_in_a_query( callable $write ): void {
		$key  = Test_Provider::key();
		$told = array();
		add_action(
			'update_option_' . self::OPTION,
			static function ( ...$arguments ) use ( &$told ) {
				$told[] = $arguments;
			},
			10,
			3
		);
		$write( $key );
		$this->assertSame( array(), Connector_Option::take_failures() );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
		$this->assertSame( '', self::stored( self::OPTION ), 'the row is there and empty' );
		$this->assertSame( byok_stand_in( 'anthropic' ), get_option( self::OPTION ) );
		$this->assertNotSame( array(), self::$queries );
		self::assert_no_key( $key, implode( "\n", self::$queries ), 'a query' );
		self::assert_no_key( $key, self::database(), 'the database' );
		$this->assertSame( array( array( '', byok_stand_in( 'anthropic' ), self::OPTION ) ), $told, 'told once, and without the key' );
	}

	public static function writers(): array {
		return array(
			'update_option'                        => array(
				static function ( $key ) {
					update_option( self::OPTION, $key );
				},
			),
			'update_option where an empty row is'  => array(
				static function ( $key ) {
					self::plant_plaintext( self::OPTION, '' );
					update_option( self::OPTION, $key );
				},
			),
			'update_option over a plaintext row'   => array(
				static function ( $key ) {
					self::plant_plaintext( self::OPTION, Test_Provider::key() );
					update_option( self::OPTION, " $key \n" );
				},
			),
			'add_option'                           => array(
				static function ( $key ) {
					add_option( self::OPTION, $key );
				},
			),
			'add_option after WordPress has looked' => array(
				static function ( $key ) {
					get_option( self::OPTION );
					add_option( self::OPTION, $key );
				},
			),
		);
	}

	public function test_an_added_key_replaces_none(): void {
		$key = Test_Provider::key();
		self::save( 'anthropic', $key );
		$other = Test_Provider::key();
		add_option( self::OPTION, $other );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
		$this->assertContains( self::stored( self::OPTION ), array( null, '' ) );
		self::assert_no_key( $other, implode( "\n", self::$queries ), 'a query' );
	}

	public function test_what_is_no_text_is_never_written(): void {
		$key = Test_Provider::key();
		self::save( 'anthropic', $key );
		$other = Test_Provider::key();
		foreach ( array( array( 'key' => $other ), (object) array( 'key' => $other ) ) as $value ) {
			update_option( self::OPTION, $value );
			add_option( self::OPTION, $value );
			$this->assertSame( $key, byok_get_key( 'anthropic' ) );
			$this->assertContains( self::stored( self::OPTION ), array( null, '' ) );
		}
		self::assert_no_key( $other, implode( "\n", self::$queries ), 'a query' );
	}

	public function test_an_empty_text_and_delete_option_delete_the_key_as_in_wordpress(): void {
		foreach ( array( static fn() => update_option( self::OPTION, '' ), static fn() => delete_option( self::OPTION ) ) as $delete ) {
			update_option( self::OPTION, Test_Provider::key() );
			$this->assertTrue( byok_has_key( 'anthropic' ) );
			$delete();
			$this->assertFalse( byok_has_key( 'anthropic' ) );
			$this->assertSame( '', get_option( self::OPTION ) );
		}
	}

	/**
	 * @dataProvider harmless
	 *
	 * @param callable $text Makes the text.
	 */
	public function test_a_stand_in_or_a_mask_that_is_written_changes_nothing( callable $text ): void {
		$key = Test_Provider::key();
		self::save( 'anthropic', $key );
		$before = self::raw( 'anthropic' );
		update_option( self::OPTION, $text( $key ) );
		$this->assertSame( $before, self::raw( 'anthropic' ) );
		add_option( self::OPTION, $text( $key ) );
		$this->assertSame( $before, self::raw( 'anthropic' ) );
		$this->assertContains( self::stored( self::OPTION ), array( null, '' ) );
	}

	public static function harmless(): array {
		return array(
			'the stand-in'     => array( static fn() => get_option( self::OPTION ) ),
			'WordPress’s mask' => array( static fn( $key ) => _wp_connectors_mask_api_key( $key ) ),
			'byok’s mask'      => array( 'byok_mask' ),
			'dots'             => array( static fn() => '••••' ),
			'an old ticket'    => array( static fn() => 'byok-ticket-' . str_repeat( 'a', 32 ) ),
		);
	}

	public function test_a_refused_key_leaves_the_one_before(): void {
		$key = Test_Provider::key();
		update_option( self::OPTION, $key );
		$bad = Test_Provider::key( 'anthropic', 'invalid' );
		update_option( self::OPTION, $bad );
		$failures = Connector_Option::take_failures();
		self::assert_error( 'byok_key_refused', $failures[ self::OPTION ], $bad );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
		self::assert_no_key( $bad, implode( "\n", self::$queries ), 'a query' );
	}

	public function test_without_the_extension_a_key_is_refused_and_never_written(): void {
		$key = Test_Provider::key();
		$ran = Site::run(
			'global $wpdb;
			$queries = "";
			add_filter( "query", static function ( $query ) use ( &$queries ) { $queries .= $query; return $query; } );
			update_option( $name, $key );
			add_option( $name, $key );
			return array( $queries, get_option( $name ), Byok\Connector_Option::take_failures()[ $name ]->get_error_code() );',
			array(
				'extension' => false,
				'given'     => array( 'name' => self::OPTION, 'key' => $key ),
			)
		)['result'];
		self::assert_no_key( $key, $ran[0], 'a query' );
		$this->assertSame( array( '', 'byok_extension_missing' ), array_slice( $ran, 1 ) );
		self::assert_no_key( $key, self::database(), 'the database' );
	}

	// A key that was there before byok.

	public function test_a_key_in_plaintext_is_let_through_until_it_is_moved(): void {
		$key = Test_Provider::key();
		self::plant_plaintext( self::OPTION, $key );
		$this->assertSame( $key, get_option( self::OPTION ) );
		$this->assertSame( self::OPTION, Import::found()[0]['id'] );
		$this->assertSame( $key, self::stored( self::OPTION ), 'not touched' );

		// Also when byok has one already, until somebody decides.
		self::save( 'anthropic', Test_Provider::key() );
		$this->assertSame( $key, get_option( self::OPTION ) );

		$this->assertTrue( Import::run( self::OPTION, '', true )['scrubbed'] );
		$this->assertSame( byok_stand_in( 'anthropic' ), get_option( self::OPTION ) );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
	}

	public function test_a_key_in_plaintext_can_be_deleted_and_survives_a_refused_one(): void {
		$key = Test_Provider::key();
		self::plant_plaintext( self::OPTION, $key );
		update_option( self::OPTION, Test_Provider::key( 'anthropic', 'invalid' ) );
		$this->assertSame( $key, self::stored( self::OPTION ) );
		update_option( self::OPTION, '' );
		$this->assertSame( '', self::stored( self::OPTION ) );
		$this->assertSame( '', get_option( self::OPTION ) );
	}

	// Where and for whom.

	/**
	 * @group multisite
	 */
	public function test_the_answer_follows_switch_to_blog_and_the_network(): void {
		$other = wpmu_create_blog( wp_parse_url( home_url(), PHP_URL_HOST ) . ':' . wp_parse_url( home_url(), PHP_URL_PORT ), '/connectors-' . wp_rand() . '/', 'other', self::admin() );
		// It leaves that on, and then nothing is cached as it is on a site.
		wp_installing( false );
		$this->assertIsInt( $other );
		try {
			$key = Test_Provider::key();
			update_option( self::OPTION, $key );
			$here           = get_option( self::OPTION );
			$authentication = new Connector_Authentication( 'anthropic' );
			$this->assertSame( $here, $authentication->getApiKey() );

			switch_to_blog( $other );
			$this->assertSame( '', get_option( self::OPTION ) );
			update_option( self::OPTION, Test_Provider::key() );
			$there = get_option( self::OPTION );
			$this->assertNotSame( $here, $there );
			$this->assertSame( $there, $authentication->getApiKey(), 'what the AI client holds is for the current site' );
			byok_delete_key( 'anthropic' );
			$this->assertSame( '', get_option( self::OPTION ) );
			restore_current_blog();
			$this->assertSame( $here, get_option( self::OPTION ) );
			$this->assertSame( $key, byok_get_key( 'anthropic' ) );

			byok_delete_key( 'anthropic' );
			$this->assertSame( '', get_option( self::OPTION ) );
			$this->assertIsArray( Vault::save( 'anthropic', Test_Provider::key(), array(), Owner::network() ) );
			$this->assertSame( $here, get_option( self::OPTION ), 'the network’s key applies' );
		} finally {
			while ( ms_is_switched() ) {
				restore_current_blog();
			}
			wp_delete_site( $other );
		}
	}

	// The AI client.

	public function test_the_client_holds_no_key_wherever_it_is_from(): void {
		$keys = array( Test_Provider::key(), Test_Provider::key( 'openai' ), Test_Provider::key( 'groq' ) );
		self::save( 'anthropic', $keys[0] );
		self::save( 'groq', $keys[2] );
		$ran = Site::run(
			'ob_start();
			foreach ( array( "anthropic", "openai", "groq" ) as $id ) {
				$held = WordPress\AiClient\AiClient::defaultRegistry()->getProviderRequestAuthentication( $id );
				var_dump( $held, $held->toArray() );
				print_r( $held );
				echo serialize( $held ), json_encode( $held );
				$is[] = $held->getApiKey() === byok_stand_in( $id );
			}
			var_dump( WordPress\AiClient\AiClient::defaultRegistry() );
			return array( ob_get_clean(), $is, get_option( "connectors_ai_openai_api_key" ) === byok_stand_in( "openai" ) );',
			array( 'variables' => array( 'OPENAI_API_KEY' => $keys[1] ) )
		)['result'];
		foreach ( $keys as $key ) {
			self::assert_no_key( $key, $ran[0], 'the client' );
		}
		$this->assertSame( array( true, true, true ), $ran[1] );
		$this->assertTrue( $ran[2] );
	}

	public function test_the_client_looks_for_a_key_when_it_is_used_and_sends_nothing_without_one(): void {
		$keys = array( Test_Provider::key( 'groq' ), Test_Provider::key( 'groq' ) );
		$code = '
			global $wpdb;
			$held = WordPress\AiClient\AiClient::defaultRegistry()->getProviderRequestAuthentication( "groq" );
			$tell = static function () use ( &$held ) {
				try {
					$request = new WordPress\AiClient\Providers\Http\DTO\Request( WordPress\AiClient\Providers\Http\Enums\HttpMethodEnum::GET(), "https://example.org/" );
					return array( $held->getApiKey(), $held->authenticateRequest( $request )->getHeaderAsString( "Authorization" ) );
				} catch ( WordPress\AiClient\Common\Exception\RuntimeException $thrown ) {
					return array( $thrown->getMessage(), json_encode( $held ) );
				}
			};
			$told[] = $tell();
			// What somebody else has given the client stays where byok has no key, and only there.
			$held   = Byok\Connector_Authentication::over( new WordPress\AiClient\Providers\Http\DTO\ApiKeyRequestAuthentication( $keys[0] ), "groq" );
			$told[] = $tell();
			$again  = Byok\Connector_Authentication::over( $held, "groq" ) === $held;
			$saved  = byok_save_key( "groq", $keys[1] );
			Byok\Connector_Keys::forget();
			$told[] = $tell();
			$wpdb->replace( $wpdb->options, array( "option_name" => "connectors_ai_groq_api_key", "option_value" => $keys[1], "autoload" => "off" ) );
			wp_cache_flush();
			$told[] = $tell();
			$wpdb->delete( $wpdb->options, array( "option_name" => "connectors_ai_groq_api_key" ) );
			return array( $told, byok_stand_in( "groq" ), $again, is_array( $saved ) );';
		$ran  = Site::run( $code, array( 'given' => compact( 'keys' ) ) )['result'];
		$this->assertTrue( $ran[2] && $ran[3] );
		$this->assertSame(
			array(
				array( 'There is no API key.', '{"apiKey":""}' ),
				array( $keys[0], "Bearer $keys[0]" ),
				array( $ran[1], "Bearer $ran[1]" ),
				array( $keys[1], "Bearer $keys[1]" ),
			),
			$ran[0]
		);
	}

	public function test_providers_of_the_table_are_connectors_with_a_class_for_each(): void {
		$ran = Site::run(
			'$classes = ( new ReflectionClass( Byok\AI_Provider_Groq::class ) )->getFileName();
			foreach ( wp_get_connectors() as $id => $connector ) {
				$told[ $id ] = array( $connector["type"], $connector["authentication"]["setting_name"] ?? null );
			}
			$registry = WordPress\AiClient\AiClient::defaultRegistry();
			foreach ( $registry->getRegisteredProviderIds() as $id ) {
				$class_name     = $registry->getProviderClassName( $id );
				$classes_of[$id] = is_subclass_of( $class_name, Byok\AI_Provider::class ) ? $class_name::url( "chat/completions" ) : "another";
			}
			// Only the REST API and options.php need them.
			$before = get_registered_settings();
			rest_get_server();
			return array( $told, $classes_of, array_keys( array_diff_key( get_registered_settings(), $before ) ) );'
		)['result'];
		list( $connectors, $classes, $settings ) = $ran;
		foreach ( byok_providers() as $id => $known ) {
			if ( $known['custom_base_url'] || in_array( $id, array( 'anthropic', 'google', 'openai' ), true ) ) {
				$this->assertNotSame( $known['base_url'] . '/chat/completions', $classes[ $id ] ?? null, $id );
				continue;
			}
			if ( in_array( $id, self::NOT_FOR_THE_CLIENT, true ) ) {
				$this->assertArrayNotHasKey( $id, $classes );
				continue;
			}
			$name = 'connectors_ai_' . str_replace( '-', '_', $id ) . '_api_key';
			$this->assertSame( $known['base_url'] . '/chat/completions', $classes[ $id ] ?? "add $id to plugin/includes/ai-provider-classes.php, or to NOT_FOR_THE_CLIENT here" );
			$this->assertSame( array( 'ai_provider', $name ), $connectors[ $id ] );
			$this->assertContains( $name, $settings );
		}
		$this->assertSame( 'another', $classes['anthropic'], 'a plugin’s own provider is not replaced' );
	}

	/**
	 * Providers of the table that do not generate text with OpenAI's API below their base URL.
	 */
	private const NOT_FOR_THE_CLIENT = array( 'azure-openai', 'cohere', 'deepgram', 'elevenlabs', 'huggingface', 'lmstudio', 'ollama', 'replicate' );

	public function test_an_added_provider_makes_the_requests_of_openais_api_with_a_stand_in(): void {
		$key = Test_Provider::key( 'mistral' );
		self::save( 'mistral', $key );
		$ran = Site::run(
			'$sent = array();
			// The provider: what passes here has not been sent yet, and the key has not been put in.
			add_filter( "pre_http_request", static function ( $pre, $args, $url ) use ( &$sent ) {
				$sent[] = array( $args["method"], $url, $args["headers"], $args["body"] );
				$body   = str_ends_with( $url, "/models" )
					? array( "data" => array( array( "id" => "mistral-embed" ), array( "id" => "gone", "capabilities" => array( "completion_chat" => false ) ), array( "id" => "mistral-test" ) ) )
					: array( "choices" => array( array( "finish_reason" => "eos", "message" => array( "role" => "assistant", "content" => "Hello from Mistral." ) ) ), "usage" => array( "prompt_tokens" => 3, "completion_tokens" => 4, "total_tokens" => 7 ) );
				return array( "headers" => array( "content-type" => "application/json" ), "body" => json_encode( $body ), "response" => array( "code" => 200, "message" => "OK" ), "cookies" => array(), "filename" => null );
			}, 10, 3 );
			$text = wp_ai_client_prompt( "Say hello." )->using_provider( "mistral" )->using_temperature( 0.5 )->generate_text();
			return array( is_wp_error( $text ) ? $text->get_error_message() : $text, $sent, byok_stand_in( "mistral" ) );'
		)['result'];
		list( $text, $sent, $stand_in ) = $ran;
		$this->assertSame( 'Hello from Mistral.', $text );
		$this->assertSame( array( array( 'GET', 'https://api.mistral.ai/v1/models' ), array( 'POST', 'https://api.mistral.ai/v1/chat/completions' ) ), array_map( static fn( $one ) => array_slice( $one, 0, 2 ), $sent ) );
		foreach ( $sent as $one ) {
			$this->assertSame( "Bearer $stand_in", array_change_key_case( $one[2] )['authorization'] );
		}
		$this->assertSame( 'mistral-test', json_decode( $sent[1][3], true )['model'], 'models that do not chat are left out' );
		self::assert_no_key( $key, print_r( $sent, true ) );
	}

	public function test_a_provider_without_a_key_is_asked_nothing(): void {
		$ran = Site::run(
			'$asked = 0;
			add_filter( "pre_http_request", static function ( $pre ) use ( &$asked ) { ++$asked; return new WP_Error( "asked" ); } );
			$registry = WordPress\AiClient\AiClient::defaultRegistry();
			return array( $registry->isProviderConfigured( "groq" ), $registry->isProviderConfigured( "mistral" ), $asked );'
		)['result'];
		$this->assertSame( array( false, false, 0 ), $ran );
	}

	// The defects of WordPress's own screen, over HTTP.

	/**
	 * @dataProvider caches
	 *
	 * @param bool $persistent Whether the site has a persistent object cache.
	 */
	public function test_a_key_that_is_posted_is_saved_and_shown_as_a_mask( bool $persistent ): void {
		$this->use_cache( $persistent );
		$this->record();
		$key    = Test_Provider::key();
		$answer = $this->post( array( self::OPTION => $key ) );
		$this->assertSame( 200, $answer['status'], $answer['body'] );
		$this->assertSame( str_repeat( '•', 16 ) . substr( $key, -4 ), $answer['data'][ self::OPTION ] );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
		$this->assertSame( '', self::stored( self::OPTION ) );
		$this->assert_nowhere( $key );
		$this->assertStringContainsString( 'update_option', $this->recorded() );

		$this->assertSame( '', $this->post( array( self::OPTION => '' ) )['data'][ self::OPTION ] );
		$this->assertSame( 'absent', byok_key_info( 'anthropic' )['state'] );
		$this->assertSame( 200, $this->post( array( self::OPTION => $key ) )['status'] );
		$this->assertSame( '', $this->post( array( self::OPTION => null ) )['data'][ self::OPTION ] );
		$this->assertSame( 'absent', byok_key_info( 'anthropic' )['state'] );
	}

	/**
	 * Defect 1.
	 *
	 * @dataProvider caches
	 *
	 * @param bool $persistent Whether the site has a persistent object cache.
	 */
	public function test_saving_something_else_during_an_outage_erases_nothing( bool $persistent ): void {
		$this->use_cache( $persistent );
		$keys = array( self::OPTION => Test_Provider::key(), self::GROQ => Test_Provider::key( 'groq' ) );
		foreach ( $keys as $name => $key ) {
			$this->assertSame( 200, $this->post( array( $name => $key ) )['status'] );
		}
		self::plant_plaintext( self::ELSEWHERE, 'elsewhere-key-0123456789' );
		$this->forget_cache();
		$before = array( self::raw( 'anthropic' ), self::raw( 'groq' ) );
		foreach ( array( 'outage', 'rate-limited', 'close' ) as $number => $trouble ) {
			Test_Provider::answer_always( $trouble );
			update_option( 'byok_test_outage', 1 );
			$this->forget_cache();
			$answer = $this->post( array( 'title' => "Title $number" ) );
			$this->assertSame( 200, $answer['status'], $answer['body'] );
			$this->assertSame( "Title $number", $answer['data']['title'] );
			$this->assertSame( $before, array( self::raw( 'anthropic' ), self::raw( 'groq' ) ) );
			$this->assertStringEndsWith( substr( $keys[ self::OPTION ], -4 ), $answer['data'][ self::OPTION ] );
			$this->assertSame( 'elsewhere-key-0123456789', self::stored( self::ELSEWHERE ) );
		}
		Test_Provider::answer_always();
		$this->assertSame( $keys[ self::OPTION ], byok_get_key( 'anthropic' ) );
	}

	/**
	 * Defect 2.
	 *
	 * @dataProvider caches
	 *
	 * @param bool $persistent Whether the site has a persistent object cache.
	 */
	public function test_the_mask_that_is_posted_back_changes_nothing( bool $persistent ): void {
		$this->use_cache( $persistent );
		$key = Test_Provider::key();
		$this->post( array( self::OPTION => $key ) );
		self::plant_plaintext( self::ELSEWHERE, 'elsewhere-key-0123456789' );
		$this->forget_cache();
		$before = self::raw( 'anthropic' );
		$asked  = count( Test_Provider::requests() );
		$read   = json_decode( $this->browser->rest( 'GET', '/wp/v2/settings' )['body'], true );
		$answer = $this->post( array( self::OPTION => $read[ self::OPTION ], self::ELSEWHERE => $read[ self::ELSEWHERE ] ) );
		$this->assertSame( 200, $answer['status'], $answer['body'] );
		$this->assertSame( $read[ self::OPTION ], $answer['data'][ self::OPTION ] );
		$this->assertSame( $before, self::raw( 'anthropic' ) );
		$this->assertCount( $asked, Test_Provider::requests() );
		$this->assertSame( 'elsewhere-key-0123456789', self::stored( self::ELSEWHERE ) );
	}

	/**
	 * Defects 3 and 4.
	 *
	 * @dataProvider caches
	 *
	 * @param bool $persistent Whether the site has a persistent object cache.
	 */
	public function test_a_wrong_key_is_refused_and_the_good_one_stays( bool $persistent ): void {
		$this->use_cache( $persistent );
		$key = Test_Provider::key();
		$this->post( array( self::OPTION => $key ) );
		$this->cache_models();
		$this->record();
		$bad    = Test_Provider::key( 'anthropic', 'invalid' );
		$answer = $this->post( array( self::OPTION => $bad, 'title' => 'Kept' ) );
		$this->assertSame( 422, $answer['status'], $answer['body'] );
		$this->assertSame( 'byok_key_refused', $answer['data']['code'] );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
		$this->assert_nowhere( $bad );

		// With no key before, so that nothing but the check can tell.
		$this->post( array( self::OPTION => '' ) );
		$this->cache_models();
		$this->assertSame( 422, $this->post( array( self::OPTION => $bad ) )['status'] );
		$this->assertSame( 'absent', byok_key_info( 'anthropic' )['state'] );
	}

	/**
	 * @dataProvider caches
	 *
	 * @param bool $persistent Whether the site has a persistent object cache.
	 */
	public function test_a_key_that_cannot_be_checked_is_saved( bool $persistent ): void {
		$this->use_cache( $persistent );
		Test_Provider::answer_always( 'outage' );
		$key    = Test_Provider::key();
		$answer = $this->post( array( self::OPTION => $key ) );
		Test_Provider::answer_always();
		$this->assertSame( 200, $answer['status'], $answer['body'] );
		$this->assertStringEndsWith( substr( $key, -4 ), $answer['data'][ self::OPTION ] );
		$this->assertSame( 'unknown', byok_key_info( 'anthropic' )['outcome'] );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
	}

	/**
	 * A list of models is kept without the key that it was fetched with.
	 */
	public function test_a_changed_key_makes_the_client_forget_the_models(): void {
		$this->use_cache( true );
		$this->cache_models();
		$this->assertTrue( $this->has_models() );
		$this->post( array( self::OPTION => Test_Provider::key() ) );
		$this->assertFalse( $this->has_models() );
		$this->cache_models();
		$this->post( array( self::OPTION => '' ) );
		$this->assertFalse( $this->has_models() );
	}

	/**
	 * Defect 5.
	 *
	 * @dataProvider routes
	 *
	 * @param string $route      Route, as somebody may write it.
	 * @param bool   $persistent Whether the site has a persistent object cache.
	 */
	public function test_the_route_in_another_letter_case_is_masked_and_checked( string $route, bool $persistent ): void {
		$this->use_cache( $persistent );
		$key = Test_Provider::key();
		$this->assertSame( 200, $this->browser->rest( 'POST', $route, array( self::OPTION => $key ) )['status'] );
		self::plant_plaintext( self::ELSEWHERE, 'elsewhere-key-0123456789' );
		self::plant_plaintext( 'connectors_ai_google_api_key', 'AIza-byok-test-in-plaintext-0123456789' );
		$this->forget_cache();
		$read = $this->browser->rest( 'GET', $route );
		$data = json_decode( $read['body'], true );
		$this->assertSame( str_repeat( '•', 16 ) . substr( $key, -4 ), $data[ self::OPTION ] );
		$this->assertStringNotContainsString( 'elsewhere-key', $read['body'] );
		$this->assertStringNotContainsString( 'in-plaintext', $read['body'] );
		$this->assertFalse( Stand_In::is_in( $read['body'] ) );

		$refused = $this->browser->rest( 'POST', $route, array( self::OPTION => Test_Provider::key( 'anthropic', 'invalid' ) ) );
		$this->assertSame( 422, $refused['status'], $refused['body'] );
		$refused = $this->browser->rest( 'POST', $route, array( self::ELSEWHERE => 'elsewhere-invalid-9876543210' ) );
		$this->assertSame( 422, $refused['status'], $refused['body'] );
		$this->assertSame( 'elsewhere-key-0123456789', self::stored( self::ELSEWHERE ) );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
	}

	public static function routes(): array {
		$routes = array();
		foreach ( self::caches() as $cache => list( $persistent ) ) {
			$routes[ "as it is, $cache" ]     = array( '/wp/v2/settings', $persistent );
			$routes[ "capitals, $cache" ]     = array( '/WP/V2/Settings', $persistent );
			$routes[ "a line break, $cache" ] = array( '/wp/v2/settings%0A', $persistent );
		}
		return $routes;
	}

	public function test_a_batch_is_masked_and_checked(): void {
		$bad     = Test_Provider::key( 'anthropic', 'invalid' );
		$answer  = $this->browser->rest( 'POST', '/batch/v1', array( 'requests' => array( array( 'path' => '/wp/v2/Settings', 'body' => array( self::OPTION => $bad ) ) ) ) );
		self::assert_no_key( $bad, $answer['body'] );
		$this->assertSame( 'absent', byok_key_info( 'anthropic' )['state'] );
		$this->assertFalse( Stand_In::is_in( $answer['body'] ) );
	}

	/**
	 * Defect 6.
	 *
	 * @dataProvider caches
	 *
	 * @param bool $persistent Whether the site has a persistent object cache.
	 */
	public function test_short_keys_are_masked_whole( bool $persistent ): void {
		$this->use_cache( $persistent );
		self::plant_plaintext( self::ELSEWHERE, 'abcd' );
		self::plant_plaintext( self::OPTION, 'abcd' );
		$this->forget_cache();
		$data = json_decode( $this->browser->rest( 'GET', '/wp/v2/settings' )['body'], true );
		$this->assertSame( str_repeat( '•', 16 ), $data[ self::ELSEWHERE ] );
		$this->assertSame( str_repeat( '•', 16 ), $data[ self::OPTION ] );
	}

	/**
	 * Defect 7, as far as no request is sent; see ConnectorPromptsTest.
	 *
	 * @dataProvider caches
	 *
	 * @param bool $persistent Whether the site has a persistent object cache.
	 */
	public function test_the_screen_tells_what_byok_knows_and_no_key( bool $persistent ): void {
		$this->use_cache( $persistent );
		$key = Test_Provider::key();
		$this->post( array( self::OPTION => $key ) );
		$this->post( array( self::GROQ => Test_Provider::key( 'groq' ) ) );
		$page = $this->browser->ask( 'GET', '/wp-admin/options-connectors.php' );
		$this->assertSame( 200, $page['status'] );
		$this->assertSame( 1, preg_match( '~<script id="wp-script-module-data-options-connectors-wp-admin" type="application/json">\s*(\{.*?)\s*</script>~s', $page['body'], $found ) );
		$told = json_decode( $found[1], true )['connectors'];
		$this->assertTrue( $told['anthropic']['authentication']['isConnected'] );
		$this->assertTrue( $told['groq']['authentication']['isConnected'] );
		$this->assertFalse( $told['mistral']['authentication']['isConnected'] );
		$this->assertFalse( $told['openai']['authentication']['isConnected'] );
		self::assert_no_key( $key, $page['body'] );
	}

	public function test_only_who_may_change_settings_can_change_keys(): void {
		$key = Test_Provider::key();
		foreach ( array( 0, self::user( 'subscriber' ), self::user( 'editor' ) ) as $user ) {
			$answer = ( new Browser( $user ) )->rest( 'POST', '/wp/v2/settings', array( self::OPTION => $key ) );
			$this->assertContains( $answer['status'], array( 401, 403 ) );
		}
		$this->assertSame( 'absent', byok_key_info( 'anthropic' )['state'] );
		$this->assertNotContains( $key, array_column( Test_Provider::requests(), 'key' ) );
	}

	// Connectors that byok has no provider for.

	public function test_other_connectors_keep_working_without_the_defects(): void {
		$good = 'elsewhere-good-0123456789';
		$this->assertSame( str_repeat( '•', 16 ) . '6789', $this->post( array( self::ELSEWHERE => $good ) )['data'][ self::ELSEWHERE ] );
		$this->assertSame( $good, self::stored( self::ELSEWHERE ) );
		$this->assertSame( 422, $this->post( array( self::ELSEWHERE => 'elsewhere-invalid-0123456789' ) )['status'] );
		$this->assertSame( $good, self::stored( self::ELSEWHERE ) );
		$this->assertSame( 200, $this->post( array( self::ELSEWHERE => 'elsewhere-outage-0123456789' ) )['status'] );
		$this->assertSame( 'elsewhere-outage-0123456789', self::stored( self::ELSEWHERE ), 'could not be checked, and is kept' );
		$this->assertSame( '', $this->post( array( self::ELSEWHERE => '' ) )['data'][ self::ELSEWHERE ] );
	}

	// Deactivation.

	/**
	 * @dataProvider caches
	 *
	 * @param bool $persistent Whether the site has a persistent object cache.
	 */
	public function test_deactivation_loses_nothing_and_writes_no_plaintext( bool $persistent ): void {
		$this->use_cache( $persistent );
		$key = Test_Provider::key();
		$this->post( array( self::OPTION => $key ) );
		$before = self::raw( 'anthropic' );
		$this->forget_cache();
		deactivate_plugins( 'byok/byok.php', false, is_multisite() );
		try {
			$this->forget_cache();
			$this->assertSame( '', self::stored( self::OPTION ) );
			$ran = Site::run( 'return array( class_exists( "Byok\Plugin" ), get_option( $name ) );', array( 'given' => array( 'name' => self::OPTION ) ) )['result'];
			$this->assertSame( array( false, '' ), $ran, 'WordPress finds no key, and no ciphertext that it would send as one' );
			// WordPress's own next save of settings, with its own filter.
			$answer = $this->browser->rest( 'POST', '/wp/v2/settings', array( 'title' => 'Without byok' ) );
			$this->assertSame( 200, $answer['status'], $answer['body'] );
			$this->assertSame( $before, self::raw( 'anthropic' ) );
			self::assert_no_key( $key, self::database(), 'the database' );
		} finally {
			activate_plugin( 'byok/byok.php', '', is_multisite(), true );
			$this->forget_cache();
		}
		$data = json_decode( $this->browser->rest( 'GET', '/wp/v2/settings' )['body'], true );
		$this->assertStringEndsWith( substr( $key, -4 ), $data[ self::OPTION ] );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
	}

	public static function caches(): array {
		return array(
			'without a persistent object cache' => array( false ),
			'with a persistent object cache'    => array( true ),
		);
	}

	/**
	 * Saves settings as the Connectors screen does.
	 *
	 * @param array $settings Settings.
	 * @return array{status: int, body: string, data: array}
	 */
	private function post( array $settings ): array {
		$answer = $this->browser->rest( 'POST', '/wp/v2/settings', $settings );
		// What another process has stored.
		wp_cache_flush();
		Connector_Keys::forget();
		return $answer + array( 'data' => json_decode( $answer['body'], true ) );
	}

	/**
	 * Gives the served site a persistent object cache, or none.
	 *
	 * @param bool $persistent Whether it has one.
	 */
	private function use_cache( bool $persistent ): void {
		if ( ! $persistent ) {
			$this->assertFalse( Site::run( 'return (bool) wp_using_ext_object_cache();' )['result'] );
			return;
		}
		copy( dirname( __DIR__, 2 ) . '/site/doubles/object-cache.php', self::content( 'object-cache.php' ) );
		Site::run( 'wp_cache_set( "byok", "kept", "byok-test" ); return 1;' );
		$this->assertSame( 'kept', Site::run( 'return wp_cache_get( "byok", "byok-test" );' )['result'], 'the cache persists' );
	}

	/**
	 * Has the site's cache forget what was changed from here.
	 */
	private function forget_cache(): void {
		wp_cache_flush();
		Connector_Keys::forget();
		if ( is_file( self::content( 'object-cache.php' ) ) ) {
			Site::run( 'wp_cache_flush(); return 1;' );
		}
	}

	/**
	 * Has the site's cache hold a list of models, as after a prompt.
	 */
	private function cache_models(): void {
		Site::run(
			'$directory = Byok_Double_Anthropic::modelMetadataDirectory();
			$set = new ReflectionMethod( $directory, "setCache" );
			$set->setAccessible( true );
			return $set->invoke( $directory, "models", array( "claude-test" => new WordPress\AiClient\Providers\Models\DTO\ModelMetadata( "claude-test", "Claude", array( WordPress\AiClient\Providers\Models\Enums\CapabilityEnum::textGeneration() ), array() ) ), 86400 );'
		);
	}

	/**
	 * Whether the site's cache holds one.
	 */
	private function has_models(): bool {
		return Site::run(
			'$directory = Byok_Double_Anthropic::modelMetadataDirectory();
			$has = new ReflectionMethod( $directory, "hasCache" );
			$has->setAccessible( true );
			return $has->invoke( $directory, "models" );'
		)['result'];
	}

	/**
	 * Has the site write down what other plugins see.
	 */
	private function record(): void {
		file_put_contents( self::content( '.byok-recorded' ), '' );
	}

	/**
	 * What it has written down.
	 */
	private function recorded(): string {
		return file_get_contents( self::content( '.byok-recorded' ) );
	}

	/**
	 * Requires that a key is nowhere in what the site stores, caches or shows to other plugins.
	 *
	 * @param string $key Key.
	 */
	private function assert_nowhere( string $key ): void {
		$this->assertStringContainsString( 'rest_request_after_callbacks', $this->recorded() );
		$this->assertStringContainsString( 'SELECT', $this->recorded() );
		self::assert_no_key( $key, $this->recorded(), 'what other plugins see' );
		self::assert_no_key( $key, self::database(), 'the database' );
		if ( is_file( self::content( '.byok-object-cache.sqlite' ) ) ) {
			self::assert_no_key( $key, file_get_contents( self::content( '.byok-object-cache.sqlite' ) ), 'the object cache' );
		}
	}

	/**
	 * Everything in the database, as text.
	 */
	private static function database(): string {
		global $wpdb;
		$text = '';
		foreach ( $wpdb->get_col( 'SHOW TABLES' ) as $table ) {
			$text .= print_r( $wpdb->get_results( "SELECT * FROM `$table`", ARRAY_A ), true );
		}
		self::assertStringContainsString( 'siteurl', $text );
		return $text;
	}

	/**
	 * What WordPress's own row holds, past all caches and filters.
	 *
	 * @param string $name Name of the option.
	 */
	private static function stored( string $name ): ?string {
		global $wpdb;
		// Not get_var(), for which an empty text is none.
		return $wpdb->get_row( $wpdb->prepare( "SELECT option_value FROM $wpdb->options WHERE option_name = %s", $name ) )->option_value ?? null;
	}

	/**
	 * Removes WordPress's own rows.
	 */
	private static function remove_options(): void {
		global $wpdb;
		$wpdb->query( "DELETE FROM $wpdb->options WHERE option_name LIKE 'connectors\_ai\_%' OR option_name = 'byok_test_outage'" );
		wp_cache_flush();
	}

	/**
	 * Removes what a test has put into the site's folder.
	 */
	private static function remove_files(): void {
		foreach ( array( 'object-cache.php', '.byok-object-cache.sqlite', '.byok-recorded' ) as $file ) {
			if ( is_file( self::content( $file ) ) ) {
				unlink( self::content( $file ) );
			}
		}
	}

	/**
	 * A file of the site's.
	 *
	 * @param string $file Path below wp-content.
	 */
	private static function content( string $file ): string {
		return getenv( 'BYOK_TEST_SITE' ) . "/wp-content/$file";
	}
}
