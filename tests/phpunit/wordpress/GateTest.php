<?php
/**
 * Tests of plugins that use keys through the gate.
 *
 * @package byok
 */

namespace Byok\Tests;

require_once __DIR__ . '/support/Gate_Plugins.php';

/**
 * Four plugins on a real site: one asks WordPress's AI client, one posts with a stand-in, one streams, and one hooks everything
 * and looks everywhere for the key.
 *
 * @group gate
 * @group connectors
 */
final class GateTest extends Test_Case {

	/**
	 * What the plugins do. Keys are in no text of this code.
	 */
	private const WORK = '
		$chat = "https://api.openai.com/v1/chat/completions";
		$echo = "https://api.deepseek.com/test-provider/echo";
		$code = static fn( $answer ) => is_wp_error( $answer ) ? $answer->get_error_code() . ": " . $answer->get_error_message() : wp_remote_retrieve_response_code( $answer );
		$keep = array();

		// Each of the plugins.
		$did = array( "asks" => asks_a_model( "groq" ) );
		$did["asks"]    = is_wp_error( $did["asks"] ) ? "error " . $did["asks"]->get_error_message() : $did["asks"];
		$did["posts"]   = $code( $keep[] = posts_with_a_stand_in( "openai", $chat ) );
		$did["answer"]  = json_decode( wp_remote_retrieve_body( end( $keep ) ), true )["choices"][0]["message"]["content"] ?? null;
		$did["streams"] = $code( $keep[] = streams_answers( "openai", "/test-provider/stream?count=5", static function ( $bytes, $head ) use ( &$streamed ) {
			Watches_Everything::look( func_get_args() );
			$streamed .= $bytes;
		} ) );
		$did["events"]  = substr_count( $streamed, "number" );
		$did["files"]   = $code( $keep[] = streams_answers_to_file( "deepseek", "$echo?in=stream", $file ) );
		$did["written"] = substr_count( file_get_contents( $file ), "/deepseek/test-provider/echo" );
		$did["asked"]   = $code( $keep[] = byok_request( "deepseek", "/test-provider/echo?in=header" ) );

		// Answers that repeat the key: in the body, in headers and cookies, in a stream, in an error.
		$did["echoes"] = array(
			$code( $keep[] = posts_with_a_stand_in( "deepseek", $echo ) ),
			$code( $keep[] = posts_with_a_stand_in( "deepseek", "$echo?in=header" ) ),
			$code( $keep[] = posts_with_a_stand_in( "deepseek", "$echo?in=stream", "X-Api-Key", "" ) ),
			$code( $keep[] = posts_with_a_stand_in( "mistral", "https://api.mistral.ai/v1/chat/completions" ) ),
			$code( $keep[] = byok_request( "mistral", "/models" ) ),
		);
		$did["masked"] = substr_count( print_r( $keep, true ), "…" );

		// What is refused, what fails, and what throws.
		$did["elsewhere"] = $code( $keep[] = posts_with_a_stand_in( "openai", "http://127.0.0.1:9/v1/chat/completions" ) );
		// A key that is refused gives way to the next.
		$did["spare"]     = $code( $keep[] = posts_with_a_stand_in( "together", "https://api.together.xyz/v1/chat/completions" ) );
		$did["outage"]    = $code( $keep[] = posts_with_a_stand_in( "xai", "https://api.x.ai/v1/chat/completions" ) );
		$throw = static function () { throw new DomainException( "mine" ); };
		foreach ( array( "http_request_args", "requests-byok.before_send", "byok_key_order", "requests-request.progress", "requests-byok.after_request", "http_response" ) as $hook ) {
			add_filter( $hook, $throw );
			try {
				posts_with_a_stand_in( "deepseek", $echo );
			} catch ( DomainException $thrown ) {
				$did["thrown"][] = $hook;
				Watches_Everything::look_at_thrown( $keep[] = $thrown );
			}
			remove_filter( $hook, $throw );
		}
		try {
			streams_answers( "deepseek", "/test-provider/echo?in=stream", $throw );
		} catch ( DomainException $thrown ) {
			$did["thrown"][] = "byok_stream";
			Watches_Everything::look_at_thrown( $keep[] = $thrown );
		}
		try {
			byok_request( new stdClass(), "/models" );
		} catch ( TypeError $thrown ) {
			Watches_Everything::look_at_thrown( $keep[] = $thrown );
		}
		Watches_Everything::look( get_defined_vars() );
		Watches_Everything::$seen[ print_r( $keep, true ) ] = true;
		$did["hooks"]  = Watches_Everything::$hooks;
		$did["marked"] = strrev( strrev( $mark ) . "-" . "kram" );
		unset( $keep );
		Watches_Everything::write();
		Watches_Everything::write_memory();
		return $did;';

	/**
	 * Where the watching plugin writes.
	 *
	 * @var string
	 */
	private string $folder = '';

	public static function setUpBeforeClass(): void {
		Gate_Plugins::install();
	}

	public static function tearDownAfterClass(): void {
		Gate_Plugins::remove();
	}

	protected function setUp(): void {
		parent::setUp();
		$this->folder = sys_get_temp_dir() . '/byok-test-' . bin2hex( random_bytes( 8 ) );
		mkdir( $this->folder, 0700 );
	}

	protected function tearDown(): void {
		array_map( 'unlink', glob( "$this->folder/*" ) );
		rmdir( $this->folder );
		parent::tearDown();
	}

	/**
	 * @dataProvider caches
	 *
	 * @param bool $persistent Whether there is a persistent object cache.
	 */
	public function test_plugins_work_and_the_key_is_in_nothing_that_php_can_see( bool $persistent ): void {
		$keys = array(
			'groq'     => Test_Provider::key( 'groq' ),
			'openai'   => Test_Provider::key( 'openai' ),
			'xai'      => Test_Provider::key( 'xai', 'outage' ),
			'deepseek' => Test_Provider::key( 'deepseek' ),
			'mistral'  => Test_Provider::key( 'mistral', 'echo' ),
		);
		// The check refuses a key that the provider refuses; this one is refused only later.
		Test_Provider::answer_always( 'outage' );
		foreach ( $keys as $provider => $key ) {
			self::save( $provider, $key );
		}
		$keys['together'] = Test_Provider::key( 'together', 'rate-limited' );
		$keys['spare']    = Test_Provider::key( 'together' );
		self::save( 'together', $keys['together'] );
		self::save( 'together', $keys['spare'], array( 'slot' => 'spare' ) );
		Test_Provider::answer_always();
		$cache = WP_CONTENT_DIR . '/object-cache.php';
		if ( $persistent ) {
			copy( dirname( __DIR__, 2 ) . '/site/doubles/object-cache.php', $cache );
		}
		$asked = count( Test_Provider::requests() );
		$mark  = bin2hex( random_bytes( 12 ) );
		try {
			// No PHP code may open an envelope, the gate's neither.
			$ran    = $this->work( self::WORK, array( 'mark' => $mark ), array( 'byok.allow_reveal' => '0' ) );
			$cached = $persistent ? self::cached() : '';
		} finally {
			if ( $persistent ) {
				array_map( 'unlink', array_merge( array( $cache ), glob( WP_CONTENT_DIR . '/.byok-object-cache*' ) ) );
			}
		}
		$did = $ran['result'];

		// All of it has worked, with the key, at the provider.
		$this->assertSame( 'This is the test provider.', $did['asks'] );
		$this->assertSame( array( 200, 'This is the test provider.' ), array( $did['posts'], $did['answer'] ) );
		$this->assertSame( array( 200, 5 ), array( $did['streams'], $did['events'] ) );
		$this->assertSame( array( 200, 1 ), array( $did['files'], $did['written'] ) );
		$this->assertSame( 200, $did['asked'] );
		$this->assertSame( array( 200, 200, 200, 401, 401 ), $did['echoes'] );
		$this->assertGreaterThanOrEqual( 6, $did['masked'], 'nothing was echoed, so nothing was tested' );
		$this->assertStringStartsWith( 'byok_origin_mismatch: The request was on its way to another address', $did['elsewhere'] );
		$this->assertSame( 200, $did['spare'] );
		$this->assertSame( 500, $did['outage'] );
		$this->assertSame( array( 'http_request_args', 'requests-byok.before_send', 'byok_key_order', 'requests-request.progress', 'requests-byok.after_request', 'http_response', 'byok_stream' ), $did['thrown'] );
		$sent = array_slice( Test_Provider::requests(), $asked );
		$this->assertGreaterThan( 12, count( $sent ) );
		$this->assertSame( array( 'header' ), array_values( array_unique( array_column( $sent, 'key_in' ) ) ) );

		// Everybody who hooks was asked.
		foreach ( array( 'http_request_args', 'pre_http_request', 'http_headers_useragent', 'https_ssl_verify', 'http_api_debug', 'http_response', 'requests-requests.before_request', 'requests-requests.before_parse', 'requests-requests.after_request', 'requests-request.progress', 'requests-byok.before_send', 'requests-byok.after_request', 'byok_key_used', 'byok_stand_in_refused' ) as $hook ) {
			$this->assertGreaterThan( 0, $did['hooks'][ $hook ] ?? 0, $hook );
		}
		$this->assertArrayNotHasKey( 'http_api_curl', $did['hooks'] );

		$seen = file_get_contents( "$this->folder/seen" );
		$this->assertStringContainsString( 'byok-stand-in-', $seen );
		$this->assertStringContainsString( 'byok1.', $seen );
		$memory = file_get_contents( "$this->folder/memory" );
		$this->assertStringContainsString( $did['marked'], $memory, 'the search of the memory finds nothing at all' );
		$places = array(
			'what PHP can see'   => $seen,
			'phpinfo()'          => file_get_contents( "$this->folder/phpinfo" ),
			'the memory'         => $memory,
			'the output'         => $ran['output'],
			'the file'           => file_get_contents( "$this->folder/file" ),
			"PHP's log"          => (string) @file_get_contents( "$this->folder/log" ),
			"WordPress's log"    => (string) @file_get_contents( WP_CONTENT_DIR . '/debug.log' ),
			'the database'       => self::database(),
			'the object cache'   => $cached,
		);
		foreach ( $keys as $provider => $key ) {
			foreach ( $places as $place => $text ) {
				self::assert_no_key( $key, $text, "$place ($provider)" );
			}
		}
		$this->assertStringContainsString( 'byok1.', $places['the database'] );
		if ( $persistent ) {
			$this->assertStringContainsString( 'options', $cached );
		}
	}

	/**
	 * Right after a request, before much else has used the room that it has freed.
	 *
	 * @dataProvider ways
	 *
	 * @param string $code One request.
	 */
	public function test_the_memory_of_a_process_that_has_used_a_key_holds_nothing_of_it( string $code ): void {
		foreach ( array( 'openai', 'groq' ) as $provider ) {
			$keys[] = $key = Test_Provider::key( $provider );
			self::save( $provider, $key );
		}
		$mark = bin2hex( random_bytes( 12 ) );
		$ran  = $this->work( '$answer = ' . $code . '; $marked = strrev( strrev( $mark ) . "-kram" ); Watches_Everything::write_memory(); return array( is_wp_error( $answer ) ? $answer->get_error_message() : "", $marked );', array( 'mark' => $mark ), array( 'byok.allow_reveal' => '0' ) );
		$this->assertSame( array( '', "mark-$mark" ), $ran['result'] );
		$memory = file_get_contents( "$this->folder/memory" );
		$this->assertStringContainsString( "mark-$mark", $memory );
		foreach ( $keys as $key ) {
			self::assert_no_key( $key, $memory, 'the memory' );
		}
	}

	/**
	 * Ways to use a key.
	 */
	public static function ways(): array {
		return array(
			'the AI client'          => array( 'asks_a_model( "groq" )' ),
			'wp_remote_post()'       => array( 'posts_with_a_stand_in( "openai", "https://api.openai.com/v1/chat/completions" )' ),
			'a request that waits for nobody' => array( 'posts_with_a_stand_in( "openai", "https://api.openai.com/v1/chat/completions", "Authorization", "Bearer ", array( "blocking" => false ) )' ),
			'byok_request()'         => array( 'byok_request( "openai", "/models" )' ),
			'byok_stream()'          => array( 'streams_answers( "openai", "/test-provider/stream?count=5", static fn() => null )' ),
			'a stream that is ended' => array( 'streams_answers( "openai", "/test-provider/stream?ms=5", static fn() => false )' ),
			'a file'                 => array( 'streams_answers_to_file( "openai", "https://api.openai.com/v1/test-provider/stream?count=5", $file )' ),
		);
	}

	/**
	 * Kinds of object caches.
	 */
	public static function caches(): array {
		return array(
			'no persistent object cache' => array( false ),
			'a persistent object cache'  => array( true ),
		);
	}

	/**
	 * The counter-check: what a plugin does that asks for the key itself is found, wherever it has put it.
	 *
	 * @dataProvider places
	 *
	 * @param string $code Puts `$key` somewhere.
	 */
	public function test_a_key_that_php_has_is_found( string $code ): void {
		$key = Test_Provider::key( 'openai' );
		self::save( 'openai', $key );
		$this->work( '$key = byok_get_key( "openai" ); if ( ! is_string( $key ) ) { throw new Exception( $key->get_error_code() ); } ' . $code . ' Watches_Everything::write(); Watches_Everything::write_memory(); return true;' );
		$this->assertNotSame( array(), Leaks::find( $key, file_get_contents( "$this->folder/seen" ) ), 'the plugin has not seen it' );
		$this->assertNotSame( array(), Leaks::find( $key, file_get_contents( "$this->folder/memory" ) ), 'it is not in the memory' );
	}

	/**
	 * Where a key may be.
	 */
	public static function places(): array {
		return array(
			'a global'                   => array( '$GLOBALS["somewhere"] = array( "a" => array( base64_encode( "x$key" ) ) ); Watches_Everything::look( 1 );' ),
			'a private property'         => array( '$GLOBALS["somewhere"] = new class( $key ) { public function __construct( private string $k ) {} }; unset( $key ); Watches_Everything::look( 1 );' ),
			'a closure'                  => array( 'add_filter( "x", static fn() => $key ); Watches_Everything::look( 1 );' ),
			"somebody's argument"        => array( '( static function ( $a ) { apply_filters( "anything", 1 ); } )( $key );' ),
			"somebody's object"          => array( '( new class( $key ) { public function __construct( private string $k ) {} public function f() { apply_filters( "anything", 1 ); } } )->f();' ),
			'a hook of the HTTP API'     => array( 'wp_remote_get( "http://127.0.0.1:9/", array( "headers" => array( "x" => bin2hex( $key ) ) ) );' ),
			'a static variable'          => array( 'function somewhere( $k ) { static $kept; $kept = $kept ?? $k; } somewhere( $key ); Watches_Everything::look( 1 );' ),
			'a trace'                    => array( 'try { ( static function ( $a ) { throw new Exception( "x" ); } )( $key ); } catch ( Exception $e ) { Watches_Everything::look_at_thrown( $e ); }' ),
		);
	}

	/**
	 * Runs code beside the plugins, watched.
	 *
	 * @param string $code  Code.
	 * @param array  $given Its variables.
	 * @param array  $ini   Settings.
	 */
	private function work( string $code, array $given = array(), array $ini = array() ): array {
		return Gate_Plugins::run(
			$code,
			array(
				'given'     => $given + array( 'file' => "$this->folder/file" ),
				'constants' => array( 'BYOK_TEST_WATCH' => $this->folder ),
				'ini'       => $ini + array(
					'disable_functions'                   => 'gethostbyname',
					'zend.exception_ignore_args'          => '0',
					'zend.exception_string_param_max_len' => '1000000',
					'opcache.enable_cli'                  => '0',
					'memory_limit'                        => '2G',
					'log_errors'                          => '1',
					'error_log'                           => "$this->folder/log",
				),
			)
		);
	}

	/**
	 * All rows of all tables, and the bytes of the database's files where there are any.
	 */
	private static function database(): string {
		global $wpdb;
		$all = '';
		foreach ( $wpdb->get_col( 'SHOW TABLES' ) as $table ) {
			$all .= print_r( $wpdb->get_results( "SELECT * FROM `$table`", ARRAY_A ), true );
		}
		// By another process: where one closes a file, SQLite loses its locks on it.
		return $all . shell_exec( 'cat ' . escapeshellarg( WP_CONTENT_DIR ) . '/database/.ht.sqlite* 2>/dev/null' );
	}

	/**
	 * The files of the object cache's double.
	 */
	private static function cached(): string {
		return implode( '', array_map( 'file_get_contents', glob( WP_CONTENT_DIR . '/.byok-object-cache*' ) ) );
	}
}
