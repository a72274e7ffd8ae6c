<?php
/**
 * Tests of how tickets are made.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Budget;
use Byok\Budget_Limits;
use Byok\Connect_Pairs;
use Byok\Place;
use Byok\Relay_Settings;
use Byok\Usage_Table;
use Byok\Visitors;

/**
 * As on a server that lets nginx be given keys, which PHP's own server is not. What a ticket opens is tested in
 * tests/relay.
 */
final class RelayTicketsTest extends Test_Case {

	private const PLUGIN = WP_CONTENT_DIR . '/mu-plugins/byok-test-tickets.php';

	public static function setUpBeforeClass(): void {
		file_put_contents( self::PLUGIN, '<?php add_filter( "byok_relay_tickets", "__return_true" );' );
	}

	public static function tearDownAfterClass(): void {
		unlink( self::PLUGIN );
	}

	protected function setUp(): void {
		parent::setUp();
		global $wpdb;
		$wpdb->query( 'DELETE FROM ' . Usage_Table::name() );
	}

	public function test_a_ticket_holds_no_key_and_says_where_it_is_for(): void {
		$key = Test_Provider::key( 'openai' );
		self::save( 'openai', $key );
		$asked  = count( Test_Provider::requests() );
		$answer = self::ask( array( 'provider' => 'openai', 'paths' => array( 'POST /chat/completions' ), 'expires_in' => 30, 'uses' => 3 ) );
		self::assertSame( 201, $answer['status'], $answer['body'] );
		$ticket = json_decode( $answer['body'], true );
		self::assertSame( array( 'ticket', 'expires_at', 'uses', 'url' ), array_keys( $ticket ) );
		self::assertStringStartsWith( 'byok_tk_', $ticket['ticket'] );
		self::assertEqualsWithDelta( time() + 30, $ticket['expires_at'], 2 );
		self::assertSame( array( 3, preg_replace( '~^(https?://[^/]+).*$~', '$1', home_url() ) . '/byok/relay/openai/' ), array( $ticket['uses'], $ticket['url'] ) );
		self::assert_no_key( $key, $answer['headers'] . $answer['body'] );
		self::assert_no_key( $key, (string) base64_decode( strtr( substr( $ticket['ticket'], 8 ), '-_', '+/' ) ) );
		self::assertMatchesRegularExpression( '/\r\ncache-control: [^\r]*no-store/i', $answer['headers'] );
		self::assertCount( $asked, Test_Provider::requests() );
	}

	public function test_its_requests_count_when_it_is_made(): void {
		global $wpdb;
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		Relay_Settings::change( array( 'limits' => array( 'user' => array( 5, 31 * DAY_IN_SECONDS ) ) ) );
		self::assertSame( 201, self::ask( array( 'provider' => 'openai', 'uses' => 4 ) )['status'] );
		self::assertSame( 429, self::ask( array( 'provider' => 'openai', 'uses' => 2 ) )['status'] );
		self::assertSame( 429, self::ask( array( 'provider' => 'openai', 'uses' => 5 ) )['status'] );
		self::assertSame( 201, self::ask( array( 'provider' => 'openai', 'uses' => 1 ) )['status'] );
		self::assertSame( array( 'relay', '5' ), array_map( 'strval', $wpdb->get_row( 'SELECT caller, requests FROM ' . Usage_Table::name(), ARRAY_N ) ) );
	}

	public function test_more_uses_than_could_ever_be_are_no_matter_of_time(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		Relay_Settings::change( array( 'limits' => array( 'user' => array( 70, 60 ), 'address' => array( 50, 3600 ) ) ) );
		$answer = self::ask( array( 'provider' => 'openai', 'uses' => 51 ) );
		$error  = json_decode( $answer['body'], true );
		self::assertSame( array( 400, 'uses_above_limit', 50 ), array( $answer['status'], $error['error']['code'], $error['data']['most'] ) );
		self::assertStringContainsString( 'at most 50 requests', $error['message'] );
		self::assertStringNotContainsStringIgnoringCase( 'retry-after', $answer['headers'] );
		// Nothing of it was counted.
		self::assertSame( 201, self::ask( array( 'provider' => 'openai', 'uses' => 50 ) )['status'] );
	}

	public function test_paths_that_are_not_the_provider_s_are_named_as_the_fault(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		foreach ( array( 'GET /files', '/chat/completions', 'POST /v1/chat/completions', 'post /chat/completions', '<b>' ) as $path ) {
			$answer = self::ask( array( 'provider' => 'openai', 'paths' => array( 'POST /chat/completions', $path ) ) );
			$error  = json_decode( $answer['body'], true );
			self::assertSame( array( 400, 'option_invalid', 'paths' ), array( $answer['status'], $error['error']['code'], $error['data']['option'] ), $path );
			self::assertStringContainsString( '“paths”', $error['message'] );
			self::assertStringContainsString( 'POST /', $error['message'] );
			self::assertStringNotContainsString( '<b>', $error['message'] );
		}
		self::assertSame( 201, self::ask( array( 'provider' => 'openai', 'paths' => byok_providers()['openai']['relay'] ) )['status'] );
	}

	public function test_approval_and_budget_are_asked_when_it_is_made(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		Budget::set( Place::of_site( 'openai' ), '*', Budget_Limits::of( array( 'hard_requests' => 3 ) ) );
		$code = static fn( int $uses ) => json_decode( self::ask( array( 'provider' => 'openai', 'uses' => $uses ) )['body'], true )['error']['code'] ?? null;
		self::assertSame( array( 'budget_exceeded', null, 'budget_exceeded', null, 'budget_exceeded' ), array_map( $code, array( 4, 2, 2, 1, 1 ) ) );

		Budget::set( Place::of_site( 'openai' ), '*', Budget_Limits::of( array( 'soft_tokens' => 1000000 ) ) );
		self::assertNull( $code( 1 ) );
		Budget::set( Place::of_site( 'openai' ), '*', Budget_Limits::of( array( 'hard_tokens' => 1000000 ) ) );
		self::assertSame( 'relay_tickets_and_tokens', $code( 1 ) );
	}

	public function test_there_are_none_for_an_address_of_ones_own_until_an_administrator_says_so(): void {
		$base = getenv( 'BYOK_TEST_PROVIDER' ) . '/openai-compatible/v1';
		self::save( 'openai-compatible', Test_Provider::key( 'openai' ), array( 'base_url' => $base ) );
		$ask = static fn(): array => self::ask( array( 'provider' => 'openai-compatible' ) );
		self::assertSame( array( 409, 'relay_tickets_own_address' ), array( $ask()['status'], json_decode( $ask()['body'], true )['error']['code'] ) );
		Relay_Settings::change( array( 'own_address_tickets' => true ) );
		self::assertSame( 201, $ask()['status'] );
	}

	public function test_a_server_names_whose_page_a_ticket_is_for(): void {
		Relay_Settings::change( array( 'connect' => true, 'visitors' => true ) );
		$made = Connect_Pairs::make( 'An app', array( 'https://app.example', 'https://two.example' ), array() );
		$ref  = $made['pair']->new_ref();
		self::save( 'openai', Test_Provider::key( 'openai' ), array( 'owner' => $ref->word() ) );
		$visitor = Visitors::register();
		self::save( 'openai', Test_Provider::key( 'openai' ), array( 'owner' => $visitor['owner']->word() ) );
		$secret = array( 'Authorization: Bearer ' . $made['secret']->reveal(), "X-BYOK-Ref: {$ref->id}" );
		$ask    = static fn( array $headers, ?string $origin ): int => ( new Browser() )->ask( 'POST', '/wp-json/byok/v1/tickets', wp_json_encode( array_filter( array( 'provider' => 'openai', 'origin' => $origin ), 'is_string' ) ), array_merge( array( 'Content-Type: application/json' ), $headers ) )['status'];
		foreach ( array( null, 'https://app.example', 'https://TWO.example:443/' ) as $origin ) {
			self::assertSame( 201, $ask( $secret, $origin ), (string) $origin );
		}
		foreach ( array( 'https://evil.example', 'https://app.example.evil.example', '*', 'null', '', 'http://app.example' ) as $origin ) {
			self::assertSame( 403, $ask( $secret, $origin ), $origin );
			self::assertSame( 403, $ask( array( 'Authorization: Bearer ' . $visitor['token']->reveal() ), 'https://app.example' ), 'A visitor has none to choose from.' );
		}
	}

	/**
	 * @dataProvider refused
	 *
	 * @param int    $status Status.
	 * @param string $code   Code.
	 * @param array  $fields Fields.
	 * @param array  $set    Settings.
	 */
	public function test_what_cannot_be_had_is_told( int $status, string $code, array $fields, array $set = array() ): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		Relay_Settings::change( $set );
		$answer = self::ask( $fields );
		self::assertSame( array( $status, $code ), array( $answer['status'], json_decode( $answer['body'], true )['error']['code'] ), $answer['body'] );
	}

	public static function refused(): array {
		return array(
			'no provider'             => array( 400, 'rest_missing_callback_param', array() ),
			'no such provider'        => array( 404, 'provider_unknown', array( 'provider' => 'nobody' ) ),
			'no key'                  => array( 404, 'key_absent', array( 'provider' => 'groq' ) ),
			'too long'                => array( 400, 'rest_invalid_param', array( 'provider' => 'openai', 'expires_in' => 901 ) ),
			'too often'               => array( 400, 'rest_invalid_param', array( 'provider' => 'openai', 'uses' => 1001 ) ),
			'a path that is not relayed' => array( 400, 'option_invalid', array( 'provider' => 'openai', 'paths' => array( 'GET /files' ) ) ),
			'only some models'        => array( 409, 'relay_tickets_and_models', array( 'provider' => 'openai' ), array( 'models' => array( 'gpt-4o-mini' ) ) ),
			'the relay is off'        => array( 403, 'relay_off', array( 'provider' => 'openai' ), array( 'enabled' => false ) ),
		);
	}

	public function test_a_key_that_is_brought_along_can_be_in_a_ticket(): void {
		Relay_Settings::change( array( 'pass_through' => true ) );
		$key    = Test_Provider::key( 'openai' );
		$answer = ( new Browser() )->ask( 'POST', '/wp-json/byok/v1/tickets', '{"provider":"openai"}', array( 'Content-Type: application/json', "X-BYOK-Api-Key: $key", 'X-BYOK-Provider: openai' ) );
		self::assertSame( 201, $answer['status'], $answer['body'] );
		self::assert_no_key( $key, $answer['headers'] . $answer['body'] );
	}

	/**
	 * Asks for a ticket.
	 *
	 * @param array $fields Fields.
	 * @return array{status: int, headers: string, body: string}
	 */
	private static function ask( array $fields ): array {
		$browser = new Browser( self::user( 'editor' ) );
		return $browser->rest( 'POST', '/byok/v1/tickets', $fields );
	}
}
