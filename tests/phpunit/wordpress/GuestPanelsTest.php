<?php
/**
 * Tests of the panels with connect keys and webhooks.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Connect_Pairs;
use Byok\Guest_Table;
use Byok\Relay_Settings;
use Byok\Webhook_Endpoints;
use Byok\Webhook_Sender;

final class GuestPanelsTest extends Test_Case {

	/**
	 * The page.
	 */
	private const PAGE = '/wp-admin/options-general.php?page=byok';

	protected function tearDown(): void {
		wp_unschedule_hook( Webhook_Sender::HOOK );
		parent::tearDown();
	}

	public function test_a_pair_is_made_shown_once_and_revoked_without_a_script(): void {
		$browser = new Browser( self::admin() );
		$this->assertStringNotContainsString( 'id="byok-connect"', $browser->ask( 'GET', self::PAGE )['body'], 'where connect keys are not let in, and there are none' );
		Relay_Settings::change( array( 'connect' => true ) );
		$this->assertStringContainsString( 'id="byok-connect"', $browser->ask( 'GET', self::PAGE )['body'] );

		$shown = $this->post( $browser, 'connect', array( 'do' => 'add', 'name' => 'My <b>app</b>', 'origins' => "https://app.example\nhttps://other.example" ) );
		$this->assertSame( 200, $shown['status'] );
		$this->assertMatchesRegularExpression( '~cache-control: .*no-store~i', $shown['headers'] );
		$this->assertSame( 1, preg_match( '/byok_sk_[\w-]{51}/', $shown['body'], $secret ) );
		$pair = Connect_Pairs::find( 'secret', $secret[0] );
		$this->assertSame( array( 'My app', array( 'https://app.example', 'https://other.example' ) ), array( $pair->name, $pair->origins ) );

		$page = $browser->ask( 'GET', self::PAGE )['body'];
		$this->assertStringContainsString( $pair->public_key, $page );
		self::assert_no_key( $secret[0], $page, 'the page' );
		self::save( 'anthropic', Test_Provider::key(), array( 'owner' => $pair->new_ref()->word() ) );
		$this->assertSame( 303, $this->post( $browser, 'connect', array( 'do' => 'revoke', 'id' => $pair->id ) )['status'] );
		$this->assertSame( array(), Connect_Pairs::all() );
		$this->assertSame( '0', (string) $GLOBALS['wpdb']->get_var( 'SELECT COUNT(*) FROM ' . Guest_Table::keys() ) );
		$this->assertStringContainsString( '1 key was removed', $browser->ask( 'GET', self::PAGE . '&byok_notice=connect' )['body'] );

		$this->post( $browser, 'connect', array( 'do' => 'add', 'name' => 'x', 'origins' => '*' ) );
		$this->assertSame( array(), Connect_Pairs::all() );
	}

	public function test_a_webhook_is_added_shown_once_tested_and_removed_without_a_script(): void {
		$browser = new Browser( self::admin() );
		$url     = getenv( 'BYOK_TEST_PROVIDER' ) . '/openai-compatible/v1/chat/completions';
		$this->post( $browser, 'webhooks', array( 'do' => 'add', 'url' => $url ) );
		$this->assertSame( array(), Webhook_Endpoints::all(), 'nothing was ticked' );
		$shown = $this->post( $browser, 'webhooks', array( 'do' => 'add', 'url' => $url, 'event_0' => '1', 'event_1' => '1' ) );
		$this->assertSame( 1, preg_match( '/byok_whsec_[\w-]{43}/', $shown['body'], $secret ) );
		$endpoint = current( Webhook_Endpoints::all() );
		$this->assertSame( array( $url, array( 'key.connected', 'key.revoked' ) ), array( $endpoint->url, $endpoint->events ) );

		self::save( 'anthropic', Test_Provider::key() );
		Webhook_Sender::run();
		$page = $browser->ask( 'GET', self::PAGE )['body'];
		$this->assertStringContainsString( $url, $page );
		$this->assertStringContainsString( 'with the status 200', $page );
		self::assert_no_key( $secret[0], $page, 'the page' );

		$this->post( $browser, 'webhooks', array( 'do' => 'test', 'id' => $endpoint->id ) );
		$this->assertStringContainsString( 'with the status 200', $browser->ask( 'GET', self::PAGE . '&byok_notice=webhooks' )['body'] );
		$this->post( $browser, 'webhooks', array( 'do' => 'remove', 'id' => $endpoint->id ) );
		$this->assertSame( array(), Webhook_Endpoints::all() );
		$this->post( $browser, 'webhooks', array( 'do' => 'add', 'url' => 'https://127.0.0.1/x', 'event_0' => '1' ) );
		$this->assertSame( array(), Webhook_Endpoints::all() );
	}

	public function test_what_somebody_has_written_into_the_database_is_escaped(): void {
		Relay_Settings::change( array( 'connect' => true ) );
		$pair = Connect_Pairs::make( 'x', array(), array() )['pair'];
		update_option( Connect_Pairs::PREFIX . $pair->id, wp_json_encode( array( 'name' => '<script>alert(1)</script>', 'origins' => array( '"><img src=x onerror=alert(2)>' ) ) + $pair->to_array() ) );
		$page = ( new Browser( self::admin() ) )->ask( 'GET', self::PAGE )['body'];
		$this->assertStringContainsString( '&lt;script&gt;alert(1)', $page );
		$this->assertStringNotContainsString( '<script>alert(1)', $page );
		$this->assertStringNotContainsString( '<img src=x', $page );
	}

	/**
	 * @dataProvider refusals
	 *
	 * @param string $role  Role.
	 * @param string $nonce What the nonce is for; empty for the right one.
	 */
	public function test_forms_of_others_are_refused( string $role, string $nonce ): void {
		Relay_Settings::change( array( 'connect' => true ) );
		$browser = new Browser( '' === $role ? 0 : self::user( $role ) );
		foreach ( array( array( 'connect', array( 'do' => 'add', 'name' => 'x' ) ), array( 'webhooks', array( 'do' => 'add', 'url' => 'https://example.org/', 'event_0' => '1' ) ) ) as list( $action, $fields ) ) {
			$status = $this->post( $browser, $action, $fields, $nonce )['status'];
			$this->assertContains( $status, array( 302, 400, 403 ) );
		}
		$this->assertSame( array( array(), array() ), array( Connect_Pairs::all(), Webhook_Endpoints::all() ) );
	}

	public function refusals(): array {
		return array(
			'a subscriber'      => array( 'subscriber', '' ),
			'an editor'         => array( 'editor', '' ),
			'the wrong nonce'   => array( 'administrator', 'key_anthropic' ),
			'nobody'            => array( '', '' ),
		);
	}

	/**
	 * Posts a form.
	 *
	 * @param Browser $browser Browser.
	 * @param string  $action  `connect` or `webhooks`.
	 * @param array   $fields  Fields.
	 * @param string  $nonce   What the nonce is for; empty for the right one.
	 */
	private function post( Browser $browser, string $action, array $fields, string $nonce = '' ): array {
		$nonce = $browser->nonce( \Byok\Key_Screen::site()->nonce_action( '' === $nonce ? $action : $nonce ) );
		return $browser->ask( 'POST', '/wp-admin/admin-post.php', array( 'action' => "byok_$action", 'owner' => 'site', '_wpnonce' => $nonce ) + $fields );
	}
}
