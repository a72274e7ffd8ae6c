<?php
/**
 * Tests of what real requests leave behind: who has made them, and what they took.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Budget;
use Byok\Budget_Limits;
use Byok\Caller;
use Byok\Consent;
use Byok\Owner;
use Byok\Place;
use Byok\Usage_Figures;
use Byok\Usage_Table;

/**
 * A plugin, a must-use plugin and a theme, each with a REST route of its own that asks a provider, are put into the site;
 * the web server runs them.
 */
final class UsageRequestsTest extends Test_Case {

	/**
	 * What the test provider says that it has read and written.
	 */
	private const TOKENS = array( 11, 7 );

	/**
	 * The code of the three. It asks in the way that the request says, and tells what came back.
	 */
	private const CODE = '
		add_action( "rest_api_init", static function () {
			register_rest_route( "byok-test-caller/v1", "/NAME", array(
				"methods"             => "POST",
				"permission_callback" => "__return_true",
				"callback"            => static function ( $request ) {
					global $wpdb;
					list( $way, $provider, $path, $json ) = $request["ask"];
					$args    = null === $json ? array() : array( "json" => $json );
					$queries = array();
					add_filter( "query", static function ( $query ) use ( &$queries ) {
						$queries[] = $query;
						return $query;
					} );
					switch ( $way ) {
						case "request":
							$answer = byok_request( $provider, $path, $args );
							break;
						case "stream":
							$pieces = 0;
							$answer = byok_stream( $provider, $path, $args, static function () use ( &$pieces ) {
								++$pieces;
							} );
							break;
						case "throw":
							try {
								$answer = byok_stream( $provider, $path, $args, static function ( $bytes ) {
									throw new RuntimeException( "enough" );
								} );
							} catch ( RuntimeException $thrown ) {
								$answer = new WP_Error( "thrown", $thrown->getMessage() );
							}
							break;
						case "stop":
							$answer = byok_stream( $provider, $path, $args, "__return_false" );
							break;
						case "http":
							$known  = byok_providers()[ $provider ];
							$answer = wp_remote_post( $known["base_url"] . $path, array(
								"headers" => array( "Authorization" => "Bearer " . byok_stand_in( $provider ), "Content-Type" => "application/json" ),
								"body"    => wp_json_encode( $json ),
							) );
							break;
					}
					return array(
						"error"   => is_wp_error( $answer ) ? $answer->get_error_code() : null,
						"message" => is_wp_error( $answer ) ? $answer->get_error_message() : "",
						"data"    => is_wp_error( $answer ) ? $answer->get_error_data() : null,
						"status"  => wp_remote_retrieve_response_code( $answer ),
						"body"    => wp_remote_retrieve_body( $answer ),
						"pieces"  => $pieces ?? null,
						"queries" => $queries,
					);
				},
			) );
		} );';

	/**
	 * Where the theme is.
	 *
	 * @var string
	 */
	private static string $theme;

	/**
	 * The theme before.
	 *
	 * @var string
	 */
	private static string $theme_before;

	public static function setUpBeforeClass(): void {
		self::$theme        = get_theme_root() . '/byok-test-caller';
		self::$theme_before = get_stylesheet();
		foreach ( array( WP_PLUGIN_DIR . '/byok-test-caller', self::$theme ) as $folder ) {
			is_dir( $folder ) || mkdir( $folder );
		}
		file_put_contents( WP_PLUGIN_DIR . '/byok-test-caller/main.php', "<?php\n/* Plugin Name: Test caller */\nrequire __DIR__ . '/library.php';" );
		file_put_contents( WP_PLUGIN_DIR . '/byok-test-caller/library.php', '<?php ' . str_replace( 'NAME', 'plugin', self::CODE ) );
		file_put_contents( WPMU_PLUGIN_DIR . '/byok-test-caller.php', '<?php ' . str_replace( 'NAME', 'mu-plugin', self::CODE ) );
		file_put_contents( self::$theme . '/style.css', '/* Theme Name: Test caller */' );
		file_put_contents( self::$theme . '/index.php', '<?php' );
		file_put_contents( self::$theme . '/functions.php', '<?php ' . str_replace( 'NAME', 'theme', self::CODE ) );
		wp_cache_flush();
		wp_clean_themes_cache();
		activate_plugin( 'byok-test-caller/main.php' );
		switch_theme( 'byok-test-caller' );
	}

	public static function tearDownAfterClass(): void {
		deactivate_plugins( 'byok-test-caller/main.php' );
		switch_theme( self::$theme_before );
		unlink( WPMU_PLUGIN_DIR . '/byok-test-caller.php' );
		foreach ( array( WP_PLUGIN_DIR . '/byok-test-caller', self::$theme ) as $folder ) {
			array_map( 'unlink', glob( "$folder/*" ) );
			rmdir( $folder );
		}
		wp_cache_flush();
	}

	protected function setUp(): void {
		global $wpdb;
		parent::setUp();
		Usage_Table::ensure();
		$wpdb->query( 'DELETE FROM ' . Usage_Table::name() );
		Budget::forget();
	}

	protected function tearDown(): void {
		global $wpdb;
		parent::tearDown();
		$wpdb->query( 'DELETE FROM ' . Usage_Table::name() );
		Budget::forget();
	}

	public function test_plugin_must_use_plugin_and_theme_are_told_apart(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$callers = array(
			'plugin'    => 'plugin:byok-test-caller',
			'mu-plugin' => 'mu-plugin:byok-test-caller.php',
			'theme'     => 'theme:byok-test-caller',
		);
		foreach ( array_keys( $callers ) as $at => $who ) {
			for ( $i = 0; $i <= $at; $i++ ) {
				foreach ( array( 'request', 'http' ) as $way ) {
					$answer = self::ask( $who, $way );
					$this->assertSame( 200, $answer['status'], "$who $way " . $answer['message'] );
				}
			}
		}
		$rows = Usage_Figures::rows( Owner::site() );
		$this->assertSame( array( 6, 4, 2 ), array_column( $rows, 'requests' ) );
		$this->assertSame( array_reverse( array_values( $callers ) ), array_column( $rows, 'caller' ) );
		$this->assertSame( array( 'Test caller', 'byok-test-caller.php', 'Test caller' ), Usage_Figures::callers( Owner::site() )['openai'] );
	}

	/**
	 * @dataProvider families
	 *
	 * @param string      $provider Provider id.
	 * @param string      $path     Path.
	 * @param array       $json     What is asked.
	 * @param string      $way      How: `request` or `stream`.
	 * @param string|null $model    Model that must be counted.
	 * @param array       $tokens   Tokens that must be.
	 */
	public function test_figures_are_those_of_the_provider( string $provider, string $path, array $json, string $way, ?string $model = 'byok-test-model', array $tokens = self::TOKENS ): void {
		self::save( $provider, Test_Provider::key( $provider ) );
		$answer = self::ask( 'plugin', $way, array( $provider, $path, $json ) );
		$this->assertSame( 200, $answer['status'], $answer['message'] );
		if ( 'stream' === $way ) {
			$this->assertSame( '', $answer['body'] );
			$this->assertGreaterThan( 0, $answer['pieces'] );
		}
		$this->assertSame(
			array( array( 'caller' => 'plugin:byok-test-caller', 'provider' => $provider, 'model' => $model, 'requests' => 1, 'errors' => 0, 'tokens_in' => $tokens[0], 'tokens_out' => $tokens[1] ) ),
			Usage_Figures::rows( Owner::site() )
		);
		$this->assertSame( 1, Usage_Figures::days( Owner::site() )[ gmdate( 'Y-m-d' ) ]['requests'] );
	}

	public static function families(): array {
		$model = array( 'model' => 'byok-test-model' );
		$told  = $model + array( 'stream' => true, 'stream_options' => array( 'include_usage' => true ) );
		return array(
			'messages'                      => array( 'anthropic', '/messages', $model, 'request' ),
			'messages, stream'              => array( 'anthropic', '/messages', $model + array( 'stream' => true ), 'stream' ),
			'chat'                          => array( 'openai', '/chat/completions', $model, 'request' ),
			'chat, stream'                  => array( 'openai', '/chat/completions', $told, 'stream' ),
			'chat, stream, without figures' => array( 'openai', '/chat/completions', $model + array( 'stream' => true ), 'stream', 'byok-test-model', array( 0, 0 ) ),
			'responses'                     => array( 'openai', '/responses', $model, 'request' ),
			'responses, stream'             => array( 'openai', '/responses', $model + array( 'stream' => true ), 'stream' ),
			'generateContent'               => array( 'google', '/models/byok-test-model:generateContent', array( 'contents' => array() ), 'request' ),
			'generateContent, events'       => array( 'google', '/models/byok-test-model:streamGenerateContent?alt=sse', array( 'contents' => array() ), 'stream' ),
			'generateContent, list'         => array( 'google', '/models/byok-test-model:streamGenerateContent', array( 'contents' => array() ), 'stream' ),
			'chat of others'                => array( 'groq', '/chat/completions', $model, 'request' ),
			'chat of others, stream'        => array( 'mistral', '/chat/completions', $told, 'stream' ),
		);
	}

	public function test_what_fails_and_what_is_left_early_is_counted(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$status = static fn( int $code ) => array( 'openai', "/test-provider/status?code=$code", array( 'x' => 1 ) );
		foreach ( array( 200, 400, 429, 503 ) as $code ) {
			$this->assertSame( $code, self::ask( 'plugin', 'request', $status( $code ) )['status'] );
		}
		$days = Usage_Figures::days( Owner::site() )[ gmdate( 'Y-m-d' ) ];
		$this->assertSame( array( 4, 3 ), array( $days['requests'], $days['errors'] ) );

		$stream = array( 'openai', '/chat/completions', array( 'model' => 'm', 'stream' => true ) );
		$this->assertSame( 'thrown', self::ask( 'plugin', 'throw', $stream )['error'] );
		$this->assertSame( 200, self::ask( 'plugin', 'stop', $stream )['status'] );
		$days = Usage_Figures::days( Owner::site() )[ gmdate( 'Y-m-d' ) ];
		$this->assertSame( array( 6, 3 ), array( $days['requests'], $days['errors'] ), 'what a caller does with an answer is no failure of the request' );
	}

	public function test_a_budget_of_tokens_counts_what_does_not_tell_them(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$stream = array( 'openai', '/chat/completions', array( 'model' => 'm', 'stream' => true, 'x' => str_repeat( 'x', 400 ) ) );
		$used   = static fn() => array_values( array_intersect_key( Usage_Figures::days( Owner::site() )[ gmdate( 'Y-m-d' ) ], array( 'tokens_in' => 1, 'tokens_out' => 1 ) ) );
		$this->assertSame( 200, self::ask( 'plugin', 'stream', $stream )['status'] );
		$this->assertSame( array( 0, 0 ), $used(), 'without such a budget figures are the provider\'s alone' );

		Budget::set( Place::of_site( 'openai' ), '*', Budget_Limits::of( array( 'hard_tokens' => 150 ) ) );
		$this->assertSame( 200, self::ask( 'plugin', 'stream', $stream )['status'] );
		list( $in, $out ) = $used();
		$this->assertEqualsWithDelta( 110, $in, 10 );
		$this->assertGreaterThan( 1, $out );
		$this->assertSame( 200, self::ask( 'plugin', 'stop', $stream )['status'] );
		$this->assertGreaterThan( $out, $used()[1] );
		$this->assertSame( 'byok_budget_exceeded', self::ask( 'plugin', 'stream', $stream )['error'] );
	}

	public function test_what_was_never_sent_is_not_counted(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$this->assertSame( 'byok_path_refused', self::ask( 'plugin', 'request', array( 'openai', '/../x', null ) )['error'] );
		$this->assertSame( 'byok_key_absent', self::ask( 'plugin', 'request', array( 'groq', '/models', null ) )['error'] );
		$this->assertSame( array(), Usage_Figures::rows( Owner::site() ) );
	}

	public function test_a_request_costs_one_query_to_decide_and_one_to_count(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		self::ask( 'plugin', 'request' );
		$about = array_values(
			array_filter(
				self::ask( 'plugin', 'request' )['queries'],
				static fn( $query ) => str_contains( $query, 'byok_policy' ) || str_contains( $query, 'byok_usage' )
			)
		);
		$this->assertCount( 2, $about, implode( "\n", $about ) );
		$this->assertStringStartsWith( 'SELECT', $about[0] );
		$this->assertStringStartsWith( 'INSERT', $about[1] );
	}

	public function test_pages_without_requests_ask_nothing_about_usage(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$log  = tempnam( sys_get_temp_dir(), 'byok' );
		$file = WPMU_PLUGIN_DIR . '/byok-test-queries.php';
		file_put_contents( $file, '<?php add_filter( "query", static function ( $query ) { file_put_contents( ' . var_export( $log, true ) . ', $query . "\n", FILE_APPEND ); return $query; } );' );
		try {
			( new Browser() )->ask( 'GET', '/' );
			( new Browser( self::admin() ) )->ask( 'GET', '/wp-admin/options-general.php' );
			$queries = file_get_contents( $log );
		} finally {
			unlink( $file );
			unlink( $log );
		}
		$this->assertStringContainsString( 'SELECT', $queries );
		$this->assertSame( array(), preg_grep( '/byok_usage\b|byok_policy/', explode( "\n", $queries ) ) );
	}

	public function test_ask_first_refuses_notes_and_takes_the_answer(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		Consent::set_mode( Place::of_site( 'openai' ), 'ask' );
		$asked  = count( Test_Provider::requests() );
		$admin  = new Browser( self::admin() );
		foreach ( array( 'request', 'stream', 'http' ) as $way ) {
			$answer = self::ask( 'plugin', $way );
			$this->assertStringContainsString( 'not approved', $answer['message'], $way );
			if ( 'http' !== $way ) {
				$this->assertSame( 'byok_not_approved', $answer['error'] );
				$this->assertSame( array( 'status' => 403, 'caller' => 'plugin:byok-test-caller' ), $answer['data'] );
			}
		}
		$this->assertCount( $asked, Test_Provider::requests(), 'nothing was sent' );
		$this->assertSame( array(), Usage_Figures::rows( Owner::site() ) );

		// A person finds it on the dashboard, and decides on the page.
		$this->assertStringContainsString( '“Test caller” wanted to use the OpenAI key', $admin->ask( 'GET', '/wp-admin/index.php' )['body'] );
		$page = $admin->ask( 'GET', '/wp-admin/options-general.php?page=byok-usage' )['body'];
		$this->assertSame( 1, substr_count( $page, 'name="do" value="approve" aria' ), 'one line, however often it asked' );
		$this->press( $admin, $page, 'approve' );
		$this->assertSame( 200, self::ask( 'plugin', 'request' )['status'] );
		$this->assertSame( 'byok_not_approved', self::ask( 'theme', 'request' )['error'], 'another one is another decision' );

		$page = $admin->ask( 'GET', '/wp-admin/options-general.php?page=byok-usage' )['body'];
		$this->press( $admin, $page, 'deny' );
		$this->assertSame( 'byok_not_approved', self::ask( 'theme', 'request' )['error'] );
		$this->assertSame( array(), Consent::pending( Owner::site() ), 'who was denied does not ask again' );
	}

	public function test_a_list_refuses_and_notes_nothing(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$place = Place::of_site( 'openai' );
		Consent::set_mode( $place, 'listed' );
		Consent::decide( $place, 'theme:byok-test-caller', 'approve' );
		$this->assertSame( 'byok_not_approved', self::ask( 'plugin', 'request' )['error'] );
		$this->assertSame( 200, self::ask( 'theme', 'request' )['status'] );
		$this->assertSame( array(), Consent::pending( Owner::site() ) );

		// Who never gets to ask can be chosen from what is installed.
		$admin = new Browser( self::admin() );
		$page  = $admin->ask( 'GET', '/wp-admin/options-general.php?page=byok-usage' )['body'];
		$this->assertStringContainsString( '<option value="plugin:byok-test-caller">Test caller</option>', $page );
		$this->assertStringContainsString( '<option value="mu-plugin:byok-test-caller.php">', $page );
		$this->assertStringNotContainsString( '<option value="theme:byok-test-caller">', $page, 'it is approved' );
		$this->assertStringNotContainsString( '<option value="plugin:byok">', $page );
		$form = array( 'action' => 'byok_usage', 'owner' => 'site', 'provider' => 'openai', 'do' => 'approve', 'caller' => 'plugin:byok-test-caller' );
		$this->assertSame( 303, $admin->ask( 'POST', '/wp-admin/admin-post.php', $form + array( '_wpnonce' => $admin->nonce( 'byok_site_' . get_current_blog_id() . '_usage' ) ) )['status'] );
		$this->assertSame( 200, self::ask( 'plugin', 'request' )['status'] );
	}

	public function test_members_are_not_told_which_plugins_there_are(): void {
		$member = self::user( 'subscriber' );
		Consent::set_mode( new Place( Owner::user( $member ), 'openai' ), 'listed' );
		$page = ( new Browser( $member ) )->ask( 'GET', '/wp-admin/profile.php?page=byok-own-usage' )['body'];
		$this->assertStringContainsString( 'Nobody is approved yet', $page );
		$this->assertStringNotContainsString( 'plugin:byok-test-caller', $page );
	}

	public function test_budgets_of_key_and_caller_tell_and_refuse(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$place = Place::of_site( 'openai' );
		$admin = new Browser( self::admin() );
		Budget::set( $place, 'plugin:byok-test-caller', Budget_Limits::of( array( 'hard_requests' => 2 ) ) );
		Budget::set( $place, '*', Budget_Limits::of( array( 'soft_tokens' => 40, 'hard_tokens' => 70 ) ) );
		$said = fn( string $who ) => self::ask( $who, 'request' );

		$this->assertSame( array( 200, 200 ), array( $said( 'plugin' )['status'], $said( 'plugin' )['status'] ) );
		$refused = $said( 'plugin' );
		$this->assertSame( 'byok_budget_exceeded', $refused['error'] );
		$this->assertSame( 429, $refused['data']['status'] );
		$this->assertGreaterThan( 0, $refused['data']['retry_after'] );
		$this->assertStringContainsString( 'plugin or theme', $refused['message'] );
		$dashboard = $admin->ask( 'GET', '/wp-admin/index.php' )['body'];
		$this->assertStringContainsString( '“Test caller” has used up its budget of this month for the OpenAI key', $dashboard );
		$this->assertStringNotContainsString( 'wanted to be told of', $dashboard );

		// 36 tokens so far; the third request crosses the soft one, the fourth the hard one.
		$this->assertSame( 200, $said( 'theme' )['status'] );
		$this->assertStringContainsString( 'The OpenAI key has reached the budget of this month that you wanted to be told of', $admin->ask( 'GET', '/wp-admin/index.php' )['body'] );
		$this->assertSame( 200, $said( 'mu-plugin' )['status'] );
		foreach ( array( 'theme', 'mu-plugin' ) as $who ) {
			$refused = $said( $who );
			$this->assertSame( 'byok_budget_exceeded', $refused['error'] );
			$this->assertStringContainsString( 'budget of this key', $refused['message'] );
		}
		$this->assertStringContainsString( 'The OpenAI key has used up its budget of this month', $admin->ask( 'GET', '/wp-admin/index.php' )['body'] );
		$this->assertSame( 4, Usage_Figures::days( Owner::site() )[ gmdate( 'Y-m-d' ) ]['requests'], 'what was refused is not counted' );
	}

	public function test_four_processes_lose_no_request(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$running = curl_multi_init();
		$handles = array();
		for ( $i = 0; $i < 40; $i++ ) {
			$handle = curl_init( getenv( 'BYOK_TEST_URL' ) . '/index.php?rest_route=/byok-test-caller/v1/plugin' );
			curl_setopt_array( $handle, array( CURLOPT_RETURNTRANSFER => true, CURLOPT_PROXY => '', CURLOPT_TIMEOUT => 120, CURLOPT_HTTPHEADER => array( 'Content-Type: application/json' ), CURLOPT_POSTFIELDS => self::body( 'request', null ) ) );
			$handles[] = $handle;
		}
		// Four at a time: as many as the site's server has processes.
		foreach ( array_chunk( $handles, 4 ) as $four ) {
			foreach ( $four as $handle ) {
				curl_multi_add_handle( $running, $handle );
			}
			do {
				curl_multi_exec( $running, $active );
				curl_multi_select( $running, 0.1 );
			} while ( $active );
			foreach ( $four as $handle ) {
				$this->assertSame( 200, json_decode( curl_multi_getcontent( $handle ), true )['status'] ?? curl_multi_getcontent( $handle ) );
				curl_multi_remove_handle( $running, $handle );
			}
		}
		$row = Usage_Figures::rows( Owner::site() )[0];
		$this->assertSame( array( 40, 0, 40 * self::TOKENS[0], 40 * self::TOKENS[1] ), array( $row['requests'], $row['errors'], $row['tokens_in'], $row['tokens_out'] ) );
	}

	/**
	 * Presses a button of the first form that has it.
	 *
	 * @param Browser $browser  Who.
	 * @param string  $page     The page.
	 * @param string  $decision Value of the button.
	 */
	private function press( Browser $browser, string $page, string $decision ): void {
		$document = new \DOMDocument();
		@$document->loadHTML( '<?xml encoding="utf-8"?>' . $page ); // phpcs:ignore WordPress.PHP.NoSilencedErrors -- HTML 5.
		$path   = new \DOMXPath( $document );
		$fields = array( 'do' => $decision );
		foreach ( $path->query( "(//form[.//button[@name='do' and @value='$decision']])[1]//input" ) as $input ) {
			$fields[ $input->getAttribute( 'name' ) ] = $input->getAttribute( 'value' );
		}
		$this->assertSame( 303, $browser->ask( 'POST', '/wp-admin/admin-post.php', $fields )['status'] );
	}

	/**
	 * Has one of the three ask a provider.
	 *
	 * @param string     $who  `plugin`, `mu-plugin` or `theme`.
	 * @param string     $way  How.
	 * @param array|null $what Provider, path and JSON; null for a chat with OpenAI.
	 * @return array What came back.
	 */
	private static function ask( string $who, string $way, ?array $what = null ): array {
		if ( 'http' === $way ) {
			// The configuration of the served site has WordPress's HTTP API ask nobody.
			return Site::run(
				'$request = new WP_REST_Request( "POST", "/byok-test-caller/v1/$who" );
				$request->set_param( "ask", $ask );
				return rest_do_request( $request )->get_data();',
				array(
					'given'     => array( 'who' => $who ) + json_decode( self::body( $way, $what ), true ),
					'constants' => array( 'WP_ACCESSIBLE_HOSTS' => 'api.openai.com' ),
				)
			)['result'];
		}
		$answer = ( new Browser() )->ask( 'POST', "/index.php?rest_route=/byok-test-caller/v1/$who", self::body( $way, $what ), array( 'Content-Type: application/json' ) );
		$told   = json_decode( $answer['body'], true );
		self::assertIsArray( $told, $answer['body'] );
		self::assertArrayHasKey( 'error', $told, $answer['body'] );
		return $told;
	}

	/**
	 * The body of such a request.
	 *
	 * @param string     $way  How.
	 * @param array|null $what Provider, path and JSON; null for a chat with OpenAI.
	 */
	private static function body( string $way, ?array $what ): string {
		return json_encode( array( 'ask' => array_merge( array( $way ), $what ?? array( 'openai', '/chat/completions', array( 'model' => 'byok-test-model' ) ) ) ) );
	}
}
