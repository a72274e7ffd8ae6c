<?php
/**
 * Tests of the places where WordPress shows, exports or logs things.
 *
 * @package byok
 */

namespace Byok\Tests;

final class DisclosureTest extends Test_Case {

	/**
	 * The stored key.
	 *
	 * @var string
	 */
	private string $key;

	protected function setUp(): void {
		parent::setUp();
		// An end that no number, nonce or hash on a page has by chance.
		$this->key = Test_Provider::key() . 'ZqXk';
		self::save( 'anthropic', $this->key );
	}

	public function test_the_screen_of_all_options_shows_no_key(): void {
		$page = ( new Browser( self::admin() ) )->ask( 'GET', '/wp-admin/options.php' );
		$this->assertSame( 200, $page['status'] );
		$this->assertStringContainsString( 'byok_key_anthropic', $page['body'], 'the row is on the screen' );
		self::assert_no_key( $this->key, $page['body'] );
	}

	public function test_the_screen_of_all_options_cannot_change_a_row(): void {
		$page = ( new Browser( self::admin() ) )->ask( 'GET', '/wp-admin/options.php' );
		$this->assertSame( 1, preg_match( '/<input[^>]* name="byok_key_anthropic"[^>]*>/', $page['body'], $field ) );
		$this->assertStringContainsString( 'SERIALIZED DATA', $field[0] );
		$this->assertStringContainsString( 'disabled', $field[0] );
		$this->assertStringNotContainsString( 'byok1.', $page['body'] );
	}

	public function test_the_settings_page_shows_no_key_and_no_envelope(): void {
		$page = ( new Browser( self::admin() ) )->ask( 'GET', '/wp-admin/options-general.php?page=byok' );
		$this->assertSame( 200, $page['status'] );
		$this->assertStringContainsString( substr( $this->key, -4 ), $page['body'], 'the hint is on the page' );
		self::assert_no_key( $this->key, $page['body'] . $page['headers'] );
		$this->assertStringNotContainsString( 'byok1.', $page['body'] );
	}

	public function test_what_is_stored_is_escaped_wherever_it_is_shown(): void {
		$evil = '"><script>byok_test_alert(1)</script>';
		self::plant( 'anthropic', array( 'hint' => $evil . '…' ) + self::row( 'anthropic' ) );
		self::plant( 'openai', array( 'hint' => $evil, 'base_url' => $evil, 'origin' => $evil ) + self::row( 'anthropic' ) );

		$admin = new Browser( self::admin() );
		foreach ( array( 'options-general.php?page=byok', 'index.php', 'plugins.php' ) as $screen ) {
			$page = $admin->ask( 'GET', "/wp-admin/$screen" );
			$this->assertSame( 200, $page['status'] );
			$this->assertStringNotContainsString( '<script>byok_test_alert', $page['body'], $screen );
		}
		$page = $admin->ask( 'GET', '/wp-admin/options-general.php?page=byok' )['body'];
		$this->assertStringContainsString( '&lt;script&gt;byok_test_alert', $page, 'it is there, escaped' );

		$json = $admin->rest( 'GET', '/byok/v1/keys' );
		$this->assertStringContainsString( 'Content-Type: application/json', $json['headers'] );
		$this->assertStringContainsString( 'X-Content-Type-Options: nosniff', $json['headers'] );
	}

	public function test_notices_escape_their_texts(): void {
		self::plant( 'anthropic', array( 'envelope' => self::other_key_id( self::row( 'anthropic' )['envelope'] ) ) + self::row( 'anthropic' ) );
		add_filter( 'ngettext', static fn( $text ) => "<script>byok_test_alert(1)</script>$text" );
		set_current_screen( 'dashboard' );
		ob_start();
		\Byok\Notices::render();
		$notice = ob_get_clean();
		$this->assertStringContainsString( '&lt;script&gt;byok_test_alert', $notice );
		$this->assertStringNotContainsString( '<script', $notice );
	}

	public function test_notices_are_for_people_who_may_manage_keys_and_for_few_screens(): void {
		self::plant( 'anthropic', array( 'envelope' => self::other_key_id( self::row( 'anthropic' )['envelope'] ) ) + self::row( 'anthropic' ) );
		$shown = static function ( string $screen ): bool {
			set_current_screen( $screen );
			ob_start();
			\Byok\Notices::render();
			return '' !== ob_get_clean();
		};
		$this->assertTrue( $shown( 'dashboard' ) );
		$this->assertTrue( $shown( 'plugins' ) );
		$this->assertFalse( $shown( 'settings_page_byok' ), 'the page has a panel of its own' );
		$this->assertFalse( $shown( 'edit-post' ) );
		wp_set_current_user( self::user( 'editor' ) );
		$this->assertFalse( $shown( 'dashboard' ) );
	}

	public function test_no_notice_without_a_problem(): void {
		set_current_screen( 'dashboard' );
		ob_start();
		\Byok\Notices::render();
		$this->assertSame( '', ob_get_clean() );
	}

	public function test_site_health_tells_source_and_key_id_only(): void {
		$info = \Byok\Site_Health::add_debug_information( array() )['byok'];
		$this->assertSame( 'salts', $info['fields']['source']['value'] );
		$this->assertSame( byok_key_source()['key_id'], $info['fields']['key_id']['value'] );
		$this->assertSame( '1', $info['fields']['keys_ready']['value'] );

		require_once ABSPATH . 'wp-admin/includes/class-wp-debug-data.php';
		$all    = apply_filters( 'debug_information', array() );
		$export = \WP_Debug_Data::format( $all, 'debug' ) . print_r( $all, true );
		$this->assertStringContainsString( 'byok', $export );
		self::assert_no_key( $this->key, $export );
		$this->assertStringNotContainsString( 'byok1.', $export );
		$this->assertStringNotContainsString( substr( $this->key, -4 ), print_r( $info, true ), 'not even the hint' );
		foreach ( array( AUTH_KEY, AUTH_SALT ) as $secret ) {
			$this->assertStringNotContainsString( $secret, $export );
		}
	}

	public function test_phpinfo_tells_no_secret(): void {
		ob_start();
		phpinfo( INFO_MODULES );
		$info = ob_get_clean();
		$this->assertStringContainsString( 'byok', $info );
		self::assert_no_key( $this->key, $info );
		foreach ( array( AUTH_KEY, AUTH_SALT ) as $secret ) {
			$this->assertStringNotContainsString( $secret, $info );
		}
	}

	public function test_heartbeat_and_admin_ajax_tell_nothing(): void {
		$admin = new Browser( self::admin() );
		$data  = array( 'data' => array( 'byok' => 1, 'byok_key' => 'anthropic' ), 'screen_id' => 'settings_page_byok' );
		foreach ( array( 'heartbeat', 'byok_key', 'byok', 'byok_get_key' ) as $action ) {
			$answer = $admin->ask( 'POST', '/wp-admin/admin-ajax.php', array( 'action' => $action, '_nonce' => $admin->nonce( 'heartbeat-nonce' ) ) + $data );
			self::assert_no_key( $this->key, $answer['body'], $action );
			$this->assertStringNotContainsString( 'byok1.', $answer['body'] );
			$this->assertSame( 'heartbeat' === $action ? 200 : 400, $answer['status'], $action );
		}
	}

	public function test_exports_tell_nothing(): void {
		$export = ( new Browser( self::admin() ) )->ask( 'GET', '/wp-admin/export.php?download=true&content=all' );
		$this->assertStringContainsString( '<rss', $export['body'] );
		self::assert_no_key( $this->key, $export['body'] );
		$this->assertStringNotContainsString( 'byok_key', $export['body'] );
		$this->assertStringNotContainsString( 'byok1.', $export['body'] );

		$told = '';
		foreach ( apply_filters( 'wp_privacy_personal_data_exporters', array() ) as $exporter ) {
			$told .= print_r( call_user_func( $exporter['callback'], 'admin@example.org', 1 ), true );
		}
		$this->assertNotSame( '', $told );
		self::assert_no_key( $this->key, $told );
		$this->assertStringNotContainsString( 'byok1.', $told );
	}

	public function test_public_pages_tell_nothing(): void {
		foreach ( array( '/', '/?feed=rss2', '/wp-login.php', '/index.php?rest_route=/' ) as $path ) {
			$page = ( new Browser() )->ask( 'GET', $path );
			$this->assertSame( 200, $page['status'], $path );
			self::assert_no_key( $this->key, $page['body'], $path );
			$this->assertStringNotContainsString( 'byok1.', $page['body'], $path );
			$this->assertStringNotContainsString( substr( $this->key, -4 ) . '"', $page['body'], $path );
		}
	}

	public function test_nothing_is_logged_or_displayed_when_things_fail(): void {
		$code = <<<'PHP'
			$log = tempnam( sys_get_temp_dir(), 'byok' );
			ini_set( 'log_errors', '1' );
			ini_set( 'error_log', $log );
			ini_set( 'display_errors', '1' );
			global $wpdb;
			$wpdb->show_errors();

			$errors   = array();
			$errors[] = byok_save_key( 'anthropic', $key );
			$errors[] = byok_save_key( 'anthropic', "$key\r\nX: y" );
			$errors[] = byok_save_key( 'anthropic', "$key\u{202e}" );
			$errors[] = byok_save_key( $key, $key );
			$errors[] = byok_save_key( 'openai-compatible', $key, array( 'base_url' => "https://user:$key@example.org/?key=$key" ) );
			$errors[] = byok_save_key( 'openai-compatible', $key, array( 'base_url' => array( $key ) ) );

			// A database that fails, and a listener that throws: both are logged.
			$fail = static fn( $query ) => str_starts_with( $query, 'INSERT IGNORE' ) ? 'INSERT IGNORE INTO byok_test_none VALUES (1)' : $query;
			add_filter( 'query', $fail );
			$errors[] = byok_save_key( 'groq', $key );
			remove_filter( 'query', $fail );
			add_action( 'byok_key_saved', static function () { throw new RuntimeException( 'listener' ); } );
			$errors[] = byok_save_key( 'mistral', $key );

			// A mistake of another plugin's, with the key in reach of the trace.
			try {
				byok_save_key( 'anthropic', $key, $key );
			} catch ( TypeError $error ) {
				error_log( (string) $error );
				echo $error;
			}
			$logged = file_get_contents( $log );
			unlink( $log );
			return array(
				'logged' => $logged,
				'last'   => error_get_last(),
				'errors' => count( array_filter( $errors, 'is_wp_error' ) ),
				'texts'  => print_r( array_filter( $errors, 'is_wp_error' ), true ),
			);
		PHP;
		$bad = Test_Provider::key( 'mistral', 'echo' );
		$run = Site::run( $code, array( 'given' => array( 'key' => $bad ) ) );
		$this->assertSame( 8, $run['result']['errors'] );
		$this->assertStringContainsString( 'TypeError', $run['result']['logged'] );
		self::assert_no_key( $bad, $run['output'], 'the output, the log or an error' );
		self::assert_no_key( $bad, print_r( $run['result'], true ) );
	}

	public function test_the_site_s_debug_log_holds_no_key_after_failing_requests(): void {
		$admin = new Browser( self::admin() );
		$keys  = array( $this->key );
		foreach ( array( 'valid', 'invalid', 'echo', 'outage', 'close' ) as $behaviour ) {
			$keys[] = Test_Provider::key( 'anthropic', $behaviour );
			$admin->rest( 'PUT', '/byok/v1/keys/anthropic', array( 'key' => end( $keys ) ) );
			$admin->ask( 'POST', '/index.php?rest_route=/byok/v1/keys/anthropic', '{"key":"' . end( $keys ) . "\xff\"", array( 'Content-Type: application/json', 'X-WP-Nonce: ' . $admin->nonce() ) );
		}
		$log = getenv( 'BYOK_TEST_SITE' ) . '/wp-content/debug.log';
		$this->assertTrue( WP_DEBUG_LOG );
		$text = is_file( $log ) ? file_get_contents( $log ) : '';
		foreach ( $keys as $key ) {
			self::assert_no_key( $key, $text, 'debug.log' );
		}
	}

	public function test_invalid_utf8_in_json_is_an_error_without_an_echo(): void {
		$key    = Test_Provider::key();
		$admin  = new Browser( self::admin() );
		$raw    = self::raw( 'anthropic' );
		$answer = $admin->ask( 'PUT', '/index.php?rest_route=/byok/v1/keys/anthropic', "{\"key\":\"$key\xff\"}", array( 'Content-Type: application/json', 'X-WP-Nonce: ' . $admin->nonce() ) );
		$this->assertSame( 400, $answer['status'] );
		$this->assertIsArray( json_decode( $answer['body'], true ) );
		self::assert_no_key( $key, $answer['body'] );
		$this->assertSame( $raw, self::raw( 'anthropic' ) );
	}

	/**
	 * The same envelope under a key id that nobody has.
	 *
	 * @param string $envelope Envelope.
	 */
	private static function other_key_id( string $envelope ): string {
		return preg_replace( '/^byok1\.[^.]+/', 'byok1.' . rtrim( strtr( base64_encode( random_bytes( 8 ) ), '+/', '-_' ), '=' ), $envelope );
	}
}
