<?php
/**
 * Tests of people without an account who use the relay.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Connect_Pairs;
use Byok\Limit_Table;
use Byok\Owner;
use Byok\Relay_Settings;
use Byok\Usage_Table;
use Byok\Visitors;

final class GuestRelayTest extends Test_Case {

	/**
	 * Where the page of an app is.
	 */
	private const APP = 'https://app.example';

	protected function setUp(): void {
		parent::setUp();
		Relay_Settings::change( array( 'visitors' => true, 'connect' => true, 'origins' => array( self::APP ) ) );
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$GLOBALS['wpdb']->query( 'DELETE FROM ' . Usage_Table::name() );
	}

	protected function tearDown(): void {
		wp_unschedule_hook( Visitors::HOOK );
		parent::tearDown();
	}

	/**
	 * @dataProvider headers
	 *
	 * @param string $header Where a client of a provider puts its API key.
	 */
	public function test_a_visitor_s_token_stands_where_the_api_key_would( string $header ): void {
		list( $token, $owner, $key ) = $this->visitor();
		$answer = $this->relay( 'POST', 'openai/chat/completions', array( $header . $token, 'Origin: ' . self::APP ), array( 'model' => 'gpt-4o-mini', 'messages' => array() ) );
		$this->assertSame( 200, $answer['status'], $answer['body'] );
		$this->assertStringContainsString( 'Access-Control-Allow-Origin: ' . self::APP, $answer['headers'] );
		self::assert_no_key( $key, $answer['headers'] . $answer['body'] );
		$this->assertSame( substr( $key, -4 ), $this->last()['key_end'] );
		$used = $GLOBALS['wpdb']->get_results( 'SELECT owner, caller FROM ' . Usage_Table::name(), ARRAY_A );
		$this->assertSame( array( array( 'owner' => $owner->word(), 'caller' => 'relay' ) ), $used );
	}

	public function headers(): array {
		return array( array( 'Authorization: Bearer ' ), array( 'x-api-key: ' ), array( 'x-goog-api-key: ' ), array( 'X-BYOK-Token: ' ) );
	}

	public function test_a_provider_that_is_not_for_visitors_is_not_relayed_for_them(): void {
		list( $token ) = $this->visitor();
		file_put_contents( WPMU_PLUGIN_DIR . '/byok-test-own.php', '<?php add_filter( "byok_own_key_providers", fn() => array( "groq" ) );' );
		try {
			$answer = $this->relay( 'GET', 'openai/models', array( "X-BYOK-Token: $token" ) );
		} finally {
			unlink( WPMU_PLUGIN_DIR . '/byok-test-own.php' );
		}
		$this->assertSame( array( 403, 'provider_not_for_members' ), array( $answer['status'], json_decode( $answer['body'], true )['error']['code'] ?? $answer['body'] ) );
		$this->assertSame( 200, $this->relay( 'GET', 'openai/models', array( "X-BYOK-Token: $token" ) )['status'] );
	}

	public function test_a_server_names_whose_key_is_meant(): void {
		$made = Connect_Pairs::make( 'An app', array( self::APP ), array() );
		$keys = array();
		foreach ( array( 0, 1 ) as $at ) {
			$refs[ $at ] = $made['pair']->new_ref();
			$keys[ $at ] = Test_Provider::key( 'openai' );
			self::save( 'openai', $keys[ $at ], array( 'owner' => $refs[ $at ]->word() ) );
		}
		$bearer = 'Authorization: Bearer ' . $made['secret']->reveal();
		foreach ( $refs as $at => $ref ) {
			$this->assertSame( 200, $this->relay( 'GET', 'openai/models', array( $bearer, "X-BYOK-Ref: {$ref->id}" ) )['status'] );
			$this->assertSame( substr( $keys[ $at ], -4 ), $this->last()['key_end'] );
		}
		$this->assertSame( 400, $this->relay( 'GET', 'openai/models', array( $bearer ) )['status'] );
		$this->assertSame( 404, $this->relay( 'GET', 'openai/models', array( $bearer, 'X-BYOK-Ref: ' . str_repeat( 'a', 28 ) ) )['status'] );
		$this->assertSame( 403, $this->relay( 'GET', 'openai/models', array( $bearer, "X-BYOK-Ref: {$refs[0]->id}", 'Origin: ' . self::APP ) )['status'] );
		$this->assertSame( 403, $this->relay( 'GET', 'openai/models', array( 'Authorization: Bearer ' . $made['pair']->public_key, "X-BYOK-Ref: {$refs[0]->id}" ) )['status'] );
		$this->assertSame( 404, $this->relay( 'GET', 'anthropic/models', array( $bearer, "X-BYOK-Ref: {$refs[0]->id}" ) )['status'], 'no key, and not the site\'s' );
	}

	public function test_a_token_that_is_none_is_nobody_also_beside_a_cookie(): void {
		$before  = count( Test_Provider::requests() );
		$browser = new Browser( self::admin() );
		$headers = array( 'Authorization: Bearer byok_vt_' . str_repeat( 'a', 63 ) );
		$answer  = $browser->rest( 'GET', '/byok/v1/relay/openai/models', null, $headers );
		$this->assertSame( 401, $answer['status'] );
		$this->assertSame( 'token_unknown', json_decode( $answer['body'], true )['error']['code'] );
		$this->assertCount( $before, Test_Provider::requests() );
	}

	public function test_guesses_of_tokens_are_limited_as_requests_are(): void {
		list( $token ) = $this->visitor();
		$guess         = 'Authorization: Bearer byok_vt_' . str_repeat( 'a', 63 );
		$secret        = 'Authorization: Bearer byok_sk_' . str_repeat( 'a', 51 );
		$three         = array( 'limits' => array( 'address' => array( 3, 31 * DAY_IN_SECONDS ) ) );
		foreach ( array( 'a right token' => array( "Authorization: Bearer $token", 200 ), 'a guess' => array( $guess, 401 ), 'of a secret key' => array( $secret, 401 ) ) as $what => list( $header, $status ) ) {
			$GLOBALS['wpdb']->query( 'DELETE FROM ' . Limit_Table::name() );
			Relay_Settings::change( $three );
			$seen = array();
			for ( $number = 0; $number < 4; $number++ ) {
				$seen[] = $this->relay( 'GET', 'openai/models', array( $header ) )['status'];
			}
			$this->assertSame( array( $status, $status, $status, 429 ), $seen, $what );
			// The routes count together.
			foreach ( array( array( 'GET', 'models?provider=openai' ), array( 'POST', 'tickets' ) ) as list( $method, $path ) ) {
				$answer = ( new Browser() )->ask( $method, "/wp-json/byok/v1/$path", 'POST' === $method ? '{"provider":"openai"}' : null, array( 'Content-Type: application/json', $guess ) );
				$this->assertSame( 429, $answer['status'], $path );
			}
		}
	}

	/**
	 * @dataProvider elsewhere
	 *
	 * @param string[] $headers Header lines.
	 * @param string   $query   Query.
	 * @param array    $body    Body.
	 */
	public function test_a_stolen_token_sends_the_key_nowhere_else( array $headers, string $query, array $body ): void {
		list( $token, , $key ) = $this->visitor();
		$trapped = Test_Provider::trapped();
		$answer  = $this->relay( 'POST', "openai/chat/completions$query", array_merge( array( "Authorization: Bearer $token" ), $headers ), $body + array( 'model' => 'gpt-4o-mini', 'messages' => array() ) );
		self::assert_no_key( $key, $answer['headers'] . $answer['body'] );
		$this->assertSame( $trapped, Test_Provider::trapped() );
		if ( 200 === $answer['status'] ) {
			$this->assertSame( '/openai/v1/chat/completions', strtok( $this->last()['path'], '?' ) );
		}
	}

	public function elsewhere(): array {
		$evil = 'https://evil.example/v1';
		return array(
			'headers of other relays' => array( array( "X-Base-URL: $evil", "X-BYOK-Base-Url: $evil", "X-Forwarded-Host: evil.example", "X-Target: $evil" ), '', array() ),
			'the host'                => array( array( 'X-Host: evil.example', 'Forwarded: host=evil.example' ), '', array() ),
			'the query'               => array( array(), '&base_url=' . rawurlencode( $evil ) . '&url=' . rawurlencode( $evil ), array() ),
			'the body'                => array( array(), '', array( 'base_url' => $evil, 'url' => $evil, 'provider' => 'openai-compatible' ) ),
			'a redirect'              => array( array( "Location: $evil", "Referer: $evil" ), '', array() ),
		);
	}

	public function test_a_visitor_s_key_of_no_form_is_masked_in_logs(): void {
		$visitor = Visitors::register();
		$key     = Test_Provider::key( 'mistral' );
		self::save( 'mistral', $key, array( 'owner' => $visitor['owner']->word() ) );
		$seen = Site::run(
			'$before = byok_redact( "x $key y" );
			$request = new WP_REST_Request( "GET", "/byok/v1/models" );
			$request->set_header( "Authorization", "Bearer $token" );
			Byok\Visitor_Identity::recognise( $request );
			return array( $before, byok_redact( "x $key y" ) );',
			array( 'given' => array( 'key' => $key, 'token' => $visitor['token']->reveal() ) )
		)['result'];
		$this->assertStringContainsString( $key, $seen[0], 'nobody knows it yet' );
		self::assert_no_key( $key, $seen[1] );
	}

	public function test_models_and_limits_are_those_of_the_visitor(): void {
		list( $token ) = $this->visitor();
		Relay_Settings::change( array( 'limits' => array( 'token' => array( 2, 3600 ) ) ) );
		$statuses = array();
		foreach ( array( 'models', 'models', 'models' ) as $path ) {
			$statuses[] = $this->relay( 'GET', "openai/$path", array( "Authorization: Bearer $token" ) )['status'];
		}
		$this->assertSame( array( 200, 200, 429 ), $statuses );
		list( $other ) = $this->visitor();
		$this->assertSame( 200, $this->relay( 'GET', 'openai/models', array( "Authorization: Bearer $other" ) )['status'], 'another one\'s are others' );
	}

	public function test_a_revoked_visitor_is_out_at_once(): void {
		list( $token ) = $this->visitor();
		$this->assertSame( 200, $this->relay( 'GET', 'openai/models', array( "Authorization: Bearer $token" ) )['status'] );
		$this->assertSame( 200, ( new Browser() )->rest( 'DELETE', '/byok/v1/visitors/token', null, array( "Authorization: Bearer $token" ) )['status'] );
		$this->assertSame( 401, $this->relay( 'GET', 'openai/models', array( "Authorization: Bearer $token" ) )['status'] );
	}

	/**
	 * Makes a visitor with a key.
	 *
	 * @return array{0: string, 1: Owner, 2: string} Token, owner and key.
	 */
	private function visitor(): array {
		$visitor = Visitors::register();
		$key     = Test_Provider::key( 'openai' );
		self::save( 'openai', $key, array( 'owner' => $visitor['owner']->word() ) );
		return array( $visitor['token']->reveal(), $visitor['owner'], $key );
	}

	/**
	 * Asks the relay over HTTP, as nobody.
	 *
	 * @param string     $method  HTTP method.
	 * @param string     $path    Provider, path and query.
	 * @param string[]   $headers Header lines.
	 * @param array|null $body    Body.
	 */
	private function relay( string $method, string $path, array $headers, ?array $body = null ): array {
		return ( new Browser() )->rest( $method, "/byok/v1/relay/$path", $body, $headers );
	}

	/**
	 * The last request that the provider has got.
	 */
	private function last(): array {
		$requests = Test_Provider::requests();
		return end( $requests );
	}
}
