<?php
/**
 * Tests of how the relay is set up.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Cli_Relay;
use Byok\Key_Screen;
use Byok\Relay_Doctor;
use Byok\Relay_Nginx;
use Byok\Relay_Settings;
use Byok\Relay_Words;
use Byok\Site_Health_Tests;
use WP_CLI;
use WP_CLI_Double_Exit;

require_once __DIR__ . '/support/Wp_Cli_Double.php';

/**
 * The panel on the page, the command line, Site Health and the doctor.
 */
final class RelayAdminTest extends Test_Case {

	public function test_the_panel_shows_what_is_set_and_changes_it(): void {
		Relay_Settings::change( array( 'visitors' => true, 'origins' => array( 'https://one.example' ) ) );
		$admin = new Browser( self::admin() );
		$page  = $admin->ask( 'GET', '/wp-admin/options-general.php?page=byok' )['body'];
		self::assertMatchesRegularExpression( '/name="visitors" value="1" checked=.checked./', $page );
		self::assertMatchesRegularExpression( '/name="pass_through" value="1">/', $page );
		self::assertStringContainsString( '>https://one.example</textarea>', $page );
		self::assertStringContainsString( 'PHP passes answers on', $page );

		$answer = $admin->ask( 'POST', '/wp-admin/admin-post.php', self::form( $admin, array( 'enabled' => '1', 'pass_through' => '1', 'origins' => "https://two.example\r\nhttps://three.example", 'requests_user' => '7', 'seconds_user' => '9' ) ) );
		self::assertSame( 303, $answer['status'] );
		wp_cache_flush();
		$settings = Relay_Settings::current();
		self::assertSame( array( true, false, false, true ), array( $settings->enabled, $settings->users, $settings->visitors, $settings->pass_through ) );
		self::assertSame( array( 'https://two.example', 'https://three.example' ), $settings->origins );
		self::assertSame( array( array( 7, 9 ), array( 60, 60 ) ), array( $settings->limits['user'], $settings->limits['token'] ) );
		self::assertStringContainsString( 'The settings of the relay were changed.', $admin->ask( 'GET', '/wp-admin/options-general.php?page=byok&byok_notice=relay' )['body'] );
	}

	public function test_what_cannot_be_is_told_and_nothing_changes(): void {
		$admin  = new Browser( self::admin() );
		$before = Relay_Settings::current()->to_array();
		$admin->ask( 'POST', '/wp-admin/admin-post.php', self::form( $admin, array( 'enabled' => '1', 'origins' => '<script>alert(1)</script>' ) ) );
		wp_cache_flush();
		self::assertSame( $before, Relay_Settings::current()->to_array() );
		$page = $admin->ask( 'GET', '/wp-admin/options-general.php?page=byok&byok_notice=relay' )['body'];
		self::assertStringContainsString( 'Nothing was changed. Pages that may call', $page );
		self::assertStringNotContainsString( '<script>alert(1)', $page );
	}

	public function test_only_administrators_with_a_nonce_change_it(): void {
		$admin  = new Browser( self::admin() );
		$editor = new Browser( self::user( 'editor' ) );
		$before = Relay_Settings::current()->to_array();
		$form   = self::form( $admin, array( 'visitors' => '1' ) );
		self::assertSame( 403, $admin->ask( 'POST', '/wp-admin/admin-post.php', array( '_wpnonce' => 'x' ) + $form )['status'] );
		self::assertSame( 403, $editor->ask( 'POST', '/wp-admin/admin-post.php', array( '_wpnonce' => $editor->nonce( Key_Screen::site()->nonce_action( 'relay' ) ) ) + $form )['status'] );
		self::assertSame( 405, $admin->ask( 'GET', '/wp-admin/admin-post.php?' . http_build_query( $form ) )['status'] );
		wp_cache_flush();
		self::assertSame( $before, Relay_Settings::current()->to_array() );
	}

	public function test_words_say_what_is_set(): void {
		$words = Relay_Words::of( Relay_Settings::current() );
		self::assertSame( array( 'on', 'off', '', '60/60', '20971520' ), array( $words['enabled'], $words['visitors'], $words['origins'], $words['limits.user'], $words['caps.body'] ) );
		$changes = Relay_Words::read( $words );
		self::assertEquals( Relay_Settings::current()->to_array(), $changes );
		foreach ( array( 'visitors' => 'maybe', 'limits.user' => '5', 'limits.nobody' => '5/5', 'limits' => '5/5', 'caps.body' => '1/2', 'caps.body.x' => '1', 'nothing' => 'on', 'users.x' => 'on', 'limits.key' => '99999999999/1' ) as $name => $text ) {
			self::assert_error( 'byok_relay_setting_malformed', Relay_Words::read( array( $name => $text ) ) );
		}
	}

	public function test_the_command_line_shows_and_sets(): void {
		self::assertSame( 0, self::run_command( 'set', array( 'origins=https://a.example,https://b.example', 'visitors=on', 'limits.user=5/10' ) ) );
		self::assertSame( array( 'https://a.example', 'https://b.example' ), Relay_Settings::current()->origins );
		self::assertSame( 0, self::run_command( 'status', array(), array( 'format' => 'json' ) ) );
		$rows = array_column( json_decode( WP_CLI::$out, true ), 'value', 'setting' );
		self::assertSame( array( 'on', '5/10', 'https://a.example, https://b.example' ), array( $rows['visitors'], $rows['limits.user'], $rows['origins'] ) );

		self::assertSame( 1, self::run_command( 'set', array( 'users=off', 'limits.user=none' ) ) );
		self::assertStringContainsString( '(limits.user)', WP_CLI::$err );
		self::assertTrue( Relay_Settings::current()->users );
		$key = Test_Provider::key( 'openai' );
		self::assertSame( 1, self::run_command( 'set', array( $key ) ) );
		self::assert_no_key( $key, WP_CLI::$out . WP_CLI::$err );
		self::assertSame( 0, self::run_command( 'set', array( 'origins=' ) ) );
		self::assertSame( array(), Relay_Settings::current()->origins );
	}

	public function test_the_doctor_finds_what_is_there(): void {
		$found = array_column( Relay_Doctor::look(), null, 'name' );
		self::assertSame( array( 'good', 'recommended' ), array( $found['limits']['status'], $found['path']['status'] ), print_r( $found, true ) );
		self::assertArrayNotHasKey( 'route', $found );
		self::assertSame( 0, self::run_command( 'doctor', array() ) );
	}

	/**
	 * @dataProvider servers
	 *
	 * @param array  $answers  Status and body by what the address ends with.
	 * @param string $name     What is found.
	 * @param string $status   How it is.
	 */
	public function test_the_doctor_tells_servers_apart( array $answers, string $name, string $status ): void {
		$usual = array(
			'relay/openai/models' => array( 401, '{"error":{"code":"relay_anonymous"}}' ),
			'health'              => array( 200, '{"status":"ok","path":"php"}' ),
		);
		add_filter(
			'pre_http_request',
			static function ( $answer, $args, $url ) use ( $answers, $usual ) {
				foreach ( $answers + $usual as $end => list( $code, $body ) ) {
					if ( str_ends_with( $url, $end ) ) {
						return array( 'response' => array( 'code' => $code, 'message' => '' ), 'body' => $body, 'headers' => array(), 'cookies' => array() );
					}
				}
				return new \WP_Error( 'none', 'none' );
			},
			10,
			3
		);
		$found = array_column( Relay_Doctor::look(), null, 'name' );
		self::assertSame( $status, $found[ $name ]['status'] ?? null, print_r( $found, true ) );
		self::assertSame( 'critical' === $status ? 1 : 0, self::run_command( 'doctor', array() ) );
	}

	public static function servers(): array {
		$unknown = array( 401, '{"error":{"code":"ticket_unknown"}}' );
		return array(
			'nginx passes on'                  => array( array( '/byok/relay/openai/models' => $unknown, 'health' => array( 200, '{"path":"offload"}' ) ), 'path', 'good' ),
			'nginx, but PHP gives no tickets'  => array( array( '/byok/relay/openai/models' => $unknown ), 'path', 'critical' ),
			'PHP without the parameter'        => array( array( '/byok/relay/openai/models' => array( 501, '{"error":{"code":"offload_missing"}}' ) ), 'path', 'critical' ),
			'a page that is not found'         => array( array( '/byok/relay/openai/models' => array( 404, '<html>' ) ), 'path', 'recommended' ),
			'the REST API is blocked'          => array( array( '/byok/relay/openai/models' => array( 404, '' ), '/byok/v1/relay/openai/models' => array( 403, 'blocked' ) ), 'route', 'critical' ),
		);
	}

	public function test_the_doctor_answers_administrators_over_rest(): void {
		self::assertSame( 401, ( new Browser() )->rest( 'GET', '/byok/v1/doctor' )['status'] );
		self::assertSame( 403, ( new Browser( self::user( 'editor' ) ) )->rest( 'GET', '/byok/v1/doctor' )['status'] );
		foreach ( array( true, false ) as $enabled ) {
			Relay_Settings::change( compact( 'enabled' ) );
			$answer = ( new Browser( self::admin() ) )->rest( 'GET', '/byok/v1/doctor' );
			self::assertSame( 200, $answer['status'], $answer['body'] );
			$found = array_column( json_decode( $answer['body'], true ), null, 'name' );
			self::assertSame( array( 'good', 'recommended', array( 'name', 'status', 'message' ) ), array( $found['limits']['status'], $found['path']['status'], array_keys( $found['path'] ) ) );
			self::assertSame( $enabled, ! isset( $found['enabled'] ) );
			self::assertSame( array(), array_diff( array_column( $found, 'status' ), Relay_Doctor::STATUSES ) );
			self::assertMatchesRegularExpression( '/\r\ncache-control: [^\r]*no-store/i', $answer['headers'] );
		}
	}

	public function test_the_page_has_a_button_for_it(): void {
		$admin = new Browser( self::admin() );
		$page  = '/wp-admin/options-general.php?page=byok';
		$body  = $admin->ask( 'GET', $page )['body'];
		self::assertSame( 1, preg_match( '/name="byok_doctor" value="(\w+)">Check the data path</', $body, $nonce ) );
		self::assertStringNotContainsString( 'PHP passes answers on, and each open answer', $body );
		self::assertMatchesRegularExpression( '/<details class="byok-more" id="byok-relay">/', $body );

		$body = $admin->ask( 'GET', "$page&byok_doctor={$nonce[1]}" )['body'];
		self::assertMatchesRegularExpression( '/<details class="byok-more" id="byok-relay" open>/', $body );
		self::assertMatchesRegularExpression( '~data-tone="warn">Could be better</span> PHP passes answers on, and each open answer~', $body );
		self::assertMatchesRegularExpression( '~data-tone="good">Good</span> Requests are counted~', $body );
		// Nobody else's page has the site ask itself.
		foreach ( array( 'x', '', '1', substr( $nonce[1], 1 ) ) as $wrong ) {
			self::assertStringNotContainsString( 'Requests are counted', $admin->ask( 'GET', "$page&byok_doctor=$wrong" )['body'] );
		}
	}

	public function test_the_panel_says_where_connect_keys_are(): void {
		$admin = new Browser( self::admin() );
		$page  = static fn(): string => $admin->ask( 'GET', '/wp-admin/options-general.php?page=byok' )['body'];
		self::assertStringContainsString( 'the section “Connect keys”', $page() );
		Relay_Settings::change( array( 'connect' => true ) );
		self::assertStringNotContainsString( 'the section “Connect keys”', $page() );
	}

	/**
	 * @dataProvider nginxes
	 *
	 * @param string[]|null $configuration Text of its configuration; null for none that can be read.
	 * @param int[]         $files         How many files its workers may have open.
	 * @param array         $expected      Status by name.
	 */
	public function test_the_doctor_looks_whether_nginx_has_room( ?string $configuration, array $files, array $expected ): void {
		$folder = sys_get_temp_dir() . '/byok-test-' . bin2hex( random_bytes( 8 ) );
		mkdir( "$folder/7", 0700, true );
		file_put_contents( "$folder/7/cmdline", "nginx: master process\0" );
		file_put_contents( "$folder/7/limits", "Max open files            16                   16                   files\n" );
		foreach ( $files as $number => $most ) {
			mkdir( "$folder/1$number" );
			file_put_contents( "$folder/1$number/cmdline", "nginx: worker process\0" );
			file_put_contents( "$folder/1$number/limits", "Limit Soft Limit Hard Limit Units\nMax open files            $most                 524288               files     \n" );
		}
		if ( null !== $configuration ) {
			file_put_contents( "$folder/nginx.conf", $configuration );
		}
		$_SERVER['SERVER_SOFTWARE'] = 'nginx/1.22.1';
		try {
			$found = Relay_Nginx::look( array( "$folder/none.conf", "$folder/nginx.conf" ), $folder );
		} finally {
			unset( $_SERVER['SERVER_SOFTWARE'] );
			exec( 'rm -rf ' . escapeshellarg( $folder ) );
		}
		self::assertSame( $expected, array_column( $found, 'status', 'name' ), print_r( $found, true ) );
	}

	public static function nginxes(): array {
		return array(
			'as Debian has it'             => array( "events {\n\tworker_connections 768;\n\t# multi_accept on;\n}", array( 1024 ), array( 'connections' => 'recommended', 'files' => 'recommended' ) ),
			'on one line'                  => array( 'events { worker_connections 512; }', array(), array( 'connections' => 'recommended' ) ),
			'many connections, few files'  => array( 'worker_rlimit_nofile 65536; events { worker_connections 32768; }', array( 65536, 20000 ), array( 'files' => 'recommended' ) ),
			'enough of both'               => array( "events { worker_connections 32768; }", array( 65536, 65536 ), array() ),
			'what is a comment only'       => array( "events {\n#\tworker_connections 768;\n\tworker_connections 8192;\n}", array(), array() ),
			'nothing can be seen'          => array( null, array(), array( 'connections' => 'unseen' ) ),
			'a configuration without it'   => array( 'include /etc/nginx/main/*;', array( 65536 ), array( 'connections' => 'unseen' ) ),
		);
	}

	public function test_of_another_server_nothing_is_said(): void {
		self::assertSame( array(), Relay_Nginx::look( array(), '/byok-test-nowhere' ) );
	}

	public function test_the_doctor_says_when_nothing_can_be_counted(): void {
		add_filter( 'query', static fn( $query ) => str_contains( $query, 'byok_limits' ) ? 'SELECT 1 FROM byok_test_no_such_table' : $query );
		$log   = ini_set( 'error_log', '/dev/null' );
		$found = array_column( Relay_Doctor::look(), null, 'name' );
		ini_set( 'error_log', (string) $log );
		self::assertSame( 'critical', $found['limits']['status'] );
	}

	public function test_site_health_tells_of_a_proxy_and_of_plain_origins(): void {
		self::assertSame( 'good', Site_Health_Tests::relay()['status'] );
		$_SERVER['REMOTE_ADDR']          = '10.0.0.5';
		$_SERVER['HTTP_X_FORWARDED_FOR'] = '192.0.2.1';
		try {
			$told = Site_Health_Tests::relay();
			self::assertSame( 'recommended', $told['status'] );
			self::assertStringContainsString( 'proxy that is not listed', $told['description'] );
			self::assertStringNotContainsString( '10.0.0.5', $told['description'] );
			Relay_Settings::change( array( 'trusted_proxies' => array( '10.0.0.0/8' ) ) );
			self::assertSame( 'good', Site_Health_Tests::relay()['status'] );
		} finally {
			unset( $_SERVER['REMOTE_ADDR'], $_SERVER['HTTP_X_FORWARDED_FOR'] );
		}
		Relay_Settings::change( array( 'origins' => array( 'http://localhost:3000' ) ) );
		self::assertSame( 'good', Site_Health_Tests::relay()['status'] );
		Relay_Settings::change( array( 'origins' => array( 'http://app.example' ) ) );
		self::assertSame( 'recommended', Site_Health_Tests::relay()['status'] );
	}

	/**
	 * The posted form.
	 *
	 * @param Browser $browser Who posts it.
	 * @param array   $fields  Fields that differ.
	 */
	private static function form( Browser $browser, array $fields ): array {
		$form = array( 'action' => 'byok_relay', 'owner' => 'site', '_wpnonce' => $browser->nonce( Key_Screen::site()->nonce_action( 'relay' ) ) );
		foreach ( Relay_Settings::LIMITS as $kind => list( $requests, $seconds ) ) {
			$form[ "requests_$kind" ] = (string) $requests;
			$form[ "seconds_$kind" ]  = (string) $seconds;
		}
		return $fields + $form;
	}

	/**
	 * Runs a command.
	 *
	 * @param string $command Command.
	 * @param array  $args    Positional arguments.
	 * @param array  $named   Named arguments.
	 * @return int Exit status.
	 */
	private static function run_command( string $command, array $args, array $named = array() ): int {
		WP_CLI::reset();
		try {
			( new Cli_Relay() )->$command( $args, $named );
			return 0;
		} catch ( WP_CLI_Double_Exit $exit ) {
			return $exit->getCode();
		}
	}
}
