<?php
/**
 * Tests of WordPress's AI client with keys of byok.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Consent;
use Byok\Owner;
use Byok\Place;
use Byok\Usage_Figures;
use Byok\Usage_Table;

/**
 * Only where WordPress has connectors.
 *
 * WordPress asks the system for the address of a host before it sends a request. There are no such names where the tests
 * run, so a function of ours answers in the place of PHP's; what it answers is never connected to.
 *
 * @group connectors
 */
final class ConnectorPromptsTest extends Test_Case {

	/**
	 * An address that WordPress takes for one on the internet, and where nothing answers but name servers (RFC 7535).
	 */
	private const ADDRESS = '192.31.196.1';

	/**
	 * Generates a text, and tells what other plugins have seen of it.
	 */
	private const CODE = '
		function gethostbyname( string $host ): string {
			return in_array( $host, explode( ",", WP_ACCESSIBLE_HOSTS ), true ) ? BYOK_TEST_ADDRESS : $host;
		}
		$seen = "";
		foreach ( array( "http_request_args", "pre_http_request", "http_api_debug", "http_response", "http_headers_useragent", "requests-requests.before_request", "requests-requests.after_request", "query" ) as $hook ) {
			add_filter( $hook, static function ( ...$arguments ) use ( &$seen, $hook ) {
				$seen .= $hook . print_r( $arguments, true );
				return $arguments[0];
			}, 10, 9 );
		}
		$held = static function () use ( $provider ) {
			ob_start();
			$registry = WordPress\AiClient\AiClient::defaultRegistry();
			var_dump( $registry->getProviderRequestAuthentication( $provider ), $registry );
			return ob_get_clean();
		};
		$asks  = null === $file ? static fn( $provider ) => wp_ai_client_prompt( "Say hello." )->using_provider( $provider )->generate_text() : require $file;
		$text  = $asks( $provider );
		$seen .= $held() . print_r( array_diff_key( $GLOBALS, array( "GLOBALS" => 1, "byok_task" => 1 ) ), true );
		return array( is_wp_error( $text ) ? "error " . $text->get_error_message() : $text, $seen, byok_stand_in( $provider ) );';

	public static function setUpBeforeClass(): void {
		copy( dirname( __DIR__, 2 ) . '/site/doubles/ai-providers.php', getenv( 'BYOK_TEST_SITE' ) . '/wp-content/mu-plugins/byok-ai-providers.php' );
	}

	public static function tearDownAfterClass(): void {
		unlink( getenv( 'BYOK_TEST_SITE' ) . '/wp-content/mu-plugins/byok-ai-providers.php' );
	}

	/**
	 * @dataProvider providers
	 *
	 * @param string $provider Provider id.
	 */
	public function test_a_prompt_is_answered_and_nobody_sees_the_key( string $provider ): void {
		$key = Test_Provider::key( $provider );
		self::save( $provider, $key );
		$asked = count( Test_Provider::requests() );
		list( $text, $seen, $stand_in ) = $this->prompt( $provider );
		$this->assertStringStartsNotWith( 'error ', $text );
		$this->assertNotSame( '', $text );

		$sent = array_slice( Test_Provider::requests(), $asked );
		$this->assertCount( 2, $sent, 'the list of models, and the prompt' );
		$this->assertSame( array( 'GET', 'POST' ), array_column( $sent, 'method' ) );
		$this->assertStringContainsString( $stand_in, $seen );
		$this->assertStringContainsString( 'http_api_debug', $seen );
		self::assert_no_key( $key, $seen, 'what other plugins see' );
	}

	/**
	 * Providers of which the site has a key.
	 */
	public static function providers(): array {
		return array(
			'Anthropic, with a plugin of its own' => array( 'anthropic' ),
			'OpenAI, with a plugin of its own'    => array( 'openai' ),
			'Google, with a plugin of its own'    => array( 'google' ),
			'Groq, added by byok'                 => array( 'groq' ),
			'Mistral, added by byok'              => array( 'mistral' ),
			'OpenRouter, added by byok'           => array( 'openrouter' ),
		);
	}

	public function test_a_persistent_object_cache_holds_the_models_and_no_key(): void {
		$content = getenv( 'BYOK_TEST_SITE' ) . '/wp-content';
		$key     = Test_Provider::key( 'groq' );
		self::save( 'groq', $key );
		copy( dirname( __DIR__, 2 ) . '/site/doubles/object-cache.php', "$content/object-cache.php" );
		try {
			$asked = count( Test_Provider::requests() );
			foreach ( array( 'first', 'second' ) as $time ) {
				list( $text, $seen ) = $this->prompt( 'groq' );
				$this->assertStringStartsNotWith( 'error ', $text, $time );
				self::assert_no_key( $key, $seen, 'what other plugins see' );
			}
			$this->assertSame( array( 'GET', 'POST', 'POST' ), array_column( array_slice( Test_Provider::requests(), $asked ), 'method' ), 'the list of models is asked for once' );
			self::assert_no_key( $key, file_get_contents( "$content/.byok-object-cache.sqlite" ), 'the object cache' );
		} finally {
			unlink( "$content/object-cache.php" );
			unlink( "$content/.byok-object-cache.sqlite" );
		}
	}

	/**
	 * Not for the plugin of the provider, which only does what it is told to: otherwise approving that one would approve
	 * everybody.
	 *
	 * @dataProvider providers
	 *
	 * @param string $provider Provider id.
	 */
	public function test_prompts_are_counted_for_who_makes_them( string $provider ): void {
		global $wpdb;
		$file = WP_PLUGIN_DIR . '/byok-test-prompts/x.php';
		is_dir( dirname( $file ) ) || mkdir( dirname( $file ) );
		file_put_contents( $file, '<?php return static fn( $provider ) => wp_ai_client_prompt( "Say hello." )->using_provider( $provider )->generate_text();' );
		self::save( $provider, Test_Provider::key( $provider ) );
		Usage_Table::ensure();
		$wpdb->query( 'DELETE FROM ' . Usage_Table::name() );
		try {
			$this->assertStringStartsNotWith( 'error ', $this->prompt( $provider, array(), $file )[0] );
			$rows = Usage_Figures::rows( Owner::site() );
			// The list of models, and the prompt.
			$this->assertSame( array( 'plugin:byok-test-prompts' ), array_unique( array_column( $rows, 'caller' ) ) );
			$this->assertSame( 2, array_sum( array_column( $rows, 'requests' ) ) );
			$this->assertSame( array( 11, 7 ), array( array_sum( array_column( $rows, 'tokens_in' ) ), array_sum( array_column( $rows, 'tokens_out' ) ) ) );

			Consent::set_mode( Place::of_site( $provider ), 'listed' );
			$this->assertStringStartsWith( 'error ', $this->prompt( $provider, array(), $file )[0] );
			Consent::decide( Place::of_site( $provider ), 'plugin:byok-test-prompts', 'approve' );
			$this->assertStringStartsNotWith( 'error ', $this->prompt( $provider, array(), $file )[0] );
		} finally {
			$wpdb->query( 'DELETE FROM ' . Usage_Table::name() );
			unlink( $file );
			rmdir( dirname( $file ) );
		}
	}

	public function test_a_key_of_the_server_is_not_seen_either(): void {
		$key = Test_Provider::key( 'openai' );
		list( $text, $seen, $stand_in ) = $this->prompt( 'openai', array( 'OPENAI_API_KEY' => $key ) );
		$this->assertStringStartsNotWith( 'error ', $text );
		$this->assertStringContainsString( $stand_in, $seen );
		// Those of the environment are in $_SERVER and $_ENV by PHP's own doing, which the search leaves out.
		self::assert_no_key( $key, preg_replace( '/^\s*\[(OPENAI_API_KEY)\] => .*$/m', '', $seen ), 'what other plugins see' );
	}

	public function test_a_locked_key_answers_with_the_reason(): void {
		self::save( 'groq', Test_Provider::key( 'groq' ) );
		$row             = self::row( 'groq' );
		$row['envelope'] = preg_replace( '/^byok1\.[^.]+\./', 'byok1.AAAAAAAAAAA.', $row['envelope'] );
		self::plant( 'groq', $row );
		$asked = count( Test_Provider::requests() );
		$this->assertStringStartsWith( 'error ', $this->prompt( 'groq' )[0] );
		$this->assertCount( $asked, Test_Provider::requests() );
	}

	/**
	 * Generates a text in a process of its own.
	 *
	 * @param string      $provider  Provider id.
	 * @param string[]    $variables Environment variables by name.
	 * @param string|null $file      File whose function does it; null for code of the test.
	 * @return array{string, string, string} The text or an error, what was seen, and the stand-in.
	 */
	private function prompt( string $provider, array $variables = array(), ?string $file = null ): array {
		$hosts = array();
		foreach ( byok_providers() as $known ) {
			if ( null !== $known['base_url'] ) {
				$hosts[] = wp_parse_url( $known['base_url'], PHP_URL_HOST );
			}
		}
		return Site::run(
			self::CODE,
			array(
				'given'     => array( 'provider' => $provider, 'file' => $file ),
				'constants' => array(
					'WP_ACCESSIBLE_HOSTS' => implode( ',', $hosts ),
					'BYOK_TEST_ADDRESS'   => self::ADDRESS,
				),
				'variables' => $variables,
				// A function that is disabled may be defined anew.
				'ini'       => array( 'disable_functions' => 'gethostbyname' ),
			)
		)['result'];
	}
}
