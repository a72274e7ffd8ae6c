<?php
/**
 * Tests of connect keys.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Connect_Identity;
use Byok\Connect_Pair;
use Byok\Connect_Pairs;
use Byok\Key_Store;
use Byok\Owner;
use Byok\Relay_Settings;
use Byok\Usage_Table;
use WP_REST_Request;
use WP_REST_Response;

final class ConnectTest extends Test_Case {

	/**
	 * Where the page of the application is.
	 */
	private const APP = 'https://app.example';

	/**
	 * A pair, and its secret key.
	 *
	 * @var Connect_Pair
	 */
	private Connect_Pair $pair;
	private string $secret;

	protected function setUp(): void {
		parent::setUp();
		$_SERVER['REMOTE_ADDR'] = '203.0.113.5';
		Relay_Settings::change( array( 'connect' => true ) );
		$made         = Connect_Pairs::make( 'An app', array( self::APP ), array() );
		$this->pair   = $made['pair'];
		$this->secret = $made['secret']->reveal();
		$GLOBALS['wpdb']->query( 'DELETE FROM ' . Usage_Table::name() );
	}

	protected function tearDown(): void {
		unset( $_SERVER['REMOTE_ADDR'] );
		parent::tearDown();
	}

	public function test_an_administrator_makes_lists_and_revokes_pairs(): void {
		$made = $this->ask( 'POST', '/pairs', '', array( 'name' => ' <b>My</b> app ', 'origins' => array( 'https://App.example:443/', 'https://app.example' ), 'providers' => array( 'openai' ) ) );
		$this->assertSame( 201, $made->get_status() );
		$pair = $made->get_data();
		$this->assertSame( array( 'My app', array( self::APP ), array( 'openai' ), self::admin() ), array( $pair['name'], $pair['origins'], $pair['providers'], $pair['created_by'] ) );
		$this->assertMatchesRegularExpression( '/\Abyok_pk_[a-z2-7]{8}[\w-]{43}\z/', $pair['public_key'] );
		$this->assertMatchesRegularExpression( '/\Abyok_sk_[a-z2-7]{8}[\w-]{43}\z/', $pair['secret_key'] );
		$this->assertNotSame( substr( $pair['public_key'], 16 ), substr( $pair['secret_key'], 16 ) );

		$all = $this->ask( 'GET', '/pairs' )->get_data();
		$this->assertSame( array( $this->pair->id, $pair['id'] ), array_column( $all, 'id' ) );
		self::assert_no_key( $pair['secret_key'], serialize( $all ), 'the list' );
		$this->assertArrayNotHasKey( 'hash', $all[1] );
		self::assert_no_key( $pair['secret_key'], print_r( $GLOBALS['wpdb']->get_results( "SELECT * FROM {$GLOBALS['wpdb']->options}", ARRAY_A ), true ), 'the database' );

		$this->assertSame( array( 'revoked' => true, 'keys' => 0 ), $this->ask( 'DELETE', '/pairs/' . $pair['id'] )->get_data() );
		$this->assert_refused( 404, 'byok_pair_unknown', $this->ask( 'DELETE', '/pairs/' . $pair['id'] ) );
		$this->assertCount( 1, $this->ask( 'GET', '/pairs' )->get_data() );
	}

	/**
	 * @dataProvider pairs_that_are_none
	 *
	 * @param array $fields Fields.
	 */
	public function test_a_pair_that_is_not_sound_is_not_made( array $fields ): void {
		$this->assert_refused( 400, $fields['code'] ?? 'byok_pair_malformed', $this->ask( 'POST', '/pairs', '', $fields + array( 'name' => 'x' ) ) );
		$this->assertCount( 1, Connect_Pairs::all() );
	}

	public function pairs_that_are_none(): array {
		return array(
			'no name'          => array( array( 'name' => " \t" ) ),
			'a long name'      => array( array( 'name' => str_repeat( 'ä', 101 ) ) ),
			'any origin'       => array( array( 'origins' => array( '*' ) ) ),
			'the null origin'  => array( array( 'origins' => array( 'null' ) ) ),
			'an address'       => array( array( 'origins' => array( 'https://app.example/path' ) ) ),
			'no such provider' => array( array( 'providers' => array( 'no-such-provider' ) ) ),
			'no list'          => array( array( 'code' => 'rest_invalid_param', 'origins' => array( array( 'x' ) ) ) ),
		);
	}

	/**
	 * @dataProvider people
	 *
	 * @param string $role Role; empty for nobody.
	 */
	public function test_nobody_else_manages_pairs( string $role ): void {
		wp_set_current_user( '' === $role ? 0 : self::user( $role ) );
		foreach ( array( array( 'GET', '/pairs' ), array( 'POST', '/pairs' ), array( 'DELETE', '/pairs/' . $this->pair->id ), array( 'DELETE', '/pairs/aaaaaaaa' ) ) as list( $method, $path ) ) {
			foreach ( array( '', $this->secret, $this->pair->public_key ) as $token ) {
				$this->assert_refused( '' === $role ? 401 : 403, 'byok_forbidden', $this->ask( $method, $path, $token, array( 'name' => 'x' ) ) );
			}
		}
		$this->assertCount( 1, Connect_Pairs::all() );
	}

	public function people(): array {
		return array( array( '' ), array( 'subscriber' ), array( 'editor' ) );
	}

	public function test_a_page_stores_a_key_and_a_server_uses_and_revokes_it(): void {
		wp_set_current_user( 0 );
		$key    = Test_Provider::key();
		$stored = $this->ask( 'POST', '/keys/anthropic', $this->pair->public_key, compact( 'key' ), self::APP );
		$this->assertSame( array( 201, 'ready', 'valid' ), array( $stored->get_status(), $stored->get_data()['state'], $stored->get_data()['outcome'] ) );
		$this->assertSame( 'no-store', $stored->get_headers()['Cache-Control'] );
		self::assert_no_key( $key, serialize( $stored->get_data() ) );
		$ref = $stored->get_data()['ref_id'];
		$this->assertMatchesRegularExpression( '/\A' . $this->pair->id . '[a-z2-7]{20}\z/', $ref );

		$listed = $this->ask( 'GET', "/refs/$ref/keys", $this->secret );
		$this->assertSame( array( array( 'anthropic', byok_mask( $key ) ) ), array_map( static fn( $one ) => array( $one['provider'], $one['hint'] ), $listed->get_data() ) );
		$this->assertSame( 'valid', $this->ask( 'POST', "/refs/$ref/keys/anthropic/check", $this->secret )->get_data()['outcome'] );

		$identity = Connect_Identity::recognise( $this->request( 'GET', '/x', $this->secret, array(), '', $ref ) );
		$this->assertInstanceOf( Connect_Identity::class, $identity );
		$this->assertSame( array( "ref:$ref", array( 'token' => "ref:$ref" ), array( self::APP ) ), array( $identity->id(), $identity->buckets(), $identity->origins() ) );
		$answer = $identity->send( 'anthropic', array( 'method' => 'GET', 'path' => '/models' ), null );
		$this->assertSame( 200, $answer['status'] );
		self::assert_error( 'byok_key_absent', $identity->send( 'openai', array( 'method' => 'GET', 'path' => '/models' ), null ) );
		$this->assertIsArray( $identity->models( 'anthropic' ) );

		$this->assertSame( array( 'deleted' => 1 ), $this->ask( 'DELETE', "/refs/$ref/keys/anthropic", $this->secret )->get_data() );
		self::assert_error( 'byok_key_absent', $identity->send( 'anthropic', array( 'method' => 'GET', 'path' => '/models' ), null ) );
		// The request, and the list of models.
		$this->assertSame( array( 'erased' => true, 'keys' => 0, 'usage' => 1 ), $this->ask( 'DELETE', "/refs/$ref", $this->secret )->get_data() );
	}

	public function test_a_server_can_name_the_ref_id_before(): void {
		$ref = $this->ask( 'POST', '/refs', $this->secret )->get_data()['ref_id'];
		$this->assertSame( array(), $this->ask( 'GET', "/refs/$ref/keys", $this->secret )->get_data() );
		foreach ( array( 'anthropic', 'openai' ) as $provider ) {
			$stored = $this->ask( 'POST', "/keys/$provider", $this->pair->public_key, array( 'key' => Test_Provider::key( $provider ), 'ref_id' => $ref ), self::APP );
			$this->assertSame( array( 201, $ref ), array( $stored->get_status(), $stored->get_data()['ref_id'] ) );
		}
		$this->assertCount( 2, $this->ask( 'GET', "/refs/$ref/keys", $this->secret )->get_data() );
	}

	public function test_a_public_key_only_stores(): void {
		$ref = $this->stored();
		foreach ( array( array( 'GET', "/refs/$ref/keys" ), array( 'POST', '/refs' ), array( 'DELETE', "/refs/$ref" ), array( 'DELETE', "/refs/$ref/keys/anthropic" ), array( 'POST', "/refs/$ref/keys/anthropic/check" ) ) as list( $method, $path ) ) {
			$this->assert_refused( 401, 'byok_token_unknown', $this->ask( $method, $path, $this->pair->public_key, array(), self::APP ) );
		}
		self::assert_error( 'byok_connect_public_key', Connect_Identity::recognise( $this->request( 'GET', '/x', $this->pair->public_key, array(), self::APP, $ref ) ) );
		$this->assertNotSame( 200, $this->ask( 'GET', '/keys/anthropic', $this->pair->public_key, array(), self::APP )->get_status() );
	}

	public function test_nobody_can_have_an_application_work_with_a_key_of_theirs(): void {
		$ref = $this->stored();
		$raw = Key_Store::read_all( Owner::guest( 'ref', $ref ) );
		foreach ( array( array(), array( 'slot' => 'spare' ), array( 'replace' => true ), array( 'slot' => 'default' ) ) as $more ) {
			$mine = Test_Provider::key();
			$this->assert_refused( 409, 'byok_connect_key_exists', $this->ask( 'POST', '/keys/anthropic', $this->pair->public_key, array( 'key' => $mine, 'ref_id' => $ref ) + $more, self::APP ) );
		}
		$this->assertSame( $raw, Key_Store::read_all( Owner::guest( 'ref', $ref ) ) );
		$this->assertStringContainsString( 'server delete that key first', \Byok\Messages::reason( 'connect_key_exists' ) );

		$own = $this->ask( 'POST', '/keys/openai-compatible', $this->pair->public_key, array( 'key' => Test_Provider::key( 'openai-compatible' ), 'ref_id' => $ref, 'base_url' => 'https://evil.example/v1' ), self::APP );
		$this->assertGreaterThanOrEqual( 400, $own->get_status() );
		$this->assertSame( $raw, Key_Store::read_all( Owner::guest( 'ref', $ref ) ) );
	}

	public function test_a_public_key_works_on_listed_origins_only(): void {
		foreach ( array( 'https://evil.example', 'http://app.example', 'https://app.example:8443', 'https://app.example.evil.example', 'https://sub.app.example', 'null', 'HTTPS://APP.EXAMPLE ' ) as $origin ) {
			$key = Test_Provider::key();
			$this->assert_refused( 403, 'byok_origin_not_listed', $this->ask( 'POST', '/keys/anthropic', $this->pair->public_key, compact( 'key' ), $origin ) );
		}
		$this->assertSame( 201, $this->ask( 'POST', '/keys/anthropic', $this->pair->public_key, array( 'key' => Test_Provider::key() ), self::APP )->get_status() );
	}

	public function test_a_browser_is_told_so_before_it_sends_a_key(): void {
		$browser = new Browser();
		$ask     = static fn( string $origin, string $route ) => $browser->rest( 'OPTIONS', "/byok/v1/$route", null, array( "Origin: $origin", 'Access-Control-Request-Method: POST', 'Access-Control-Request-Headers: authorization, content-type' ) );
		$answer  = $ask( self::APP, 'connect/keys/anthropic' );
		$this->assertSame( 204, $answer['status'] );
		$this->assertStringContainsString( 'Access-Control-Allow-Origin: ' . self::APP, $answer['headers'] );
		foreach ( array( array( 'https://evil.example', 'connect/keys/anthropic' ), array( self::APP, 'connect/pairs' ), array( self::APP, 'visitors' ), array( self::APP, 'relay/openai/models' ) ) as list( $origin, $route ) ) {
			$answer = $ask( $origin, $route );
			$this->assertSame( 403, $answer['status'], $route );
			$this->assertStringNotContainsStringIgnoringCase( 'access-control-allow-origin', $answer['headers'] );
		}

		$key    = Test_Provider::key();
		$stored = $browser->rest( 'POST', '/byok/v1/connect/keys/anthropic', compact( 'key' ), array( 'Origin: ' . self::APP, 'Authorization: Bearer ' . $this->pair->public_key ) );
		$this->assertSame( 201, $stored['status'], $stored['body'] );
		$this->assertStringContainsString( 'Access-Control-Allow-Origin: ' . self::APP, $stored['headers'] );
		$this->assertStringNotContainsStringIgnoringCase( 'access-control-allow-credentials', $stored['headers'] );
		self::assert_no_key( $key, $stored['headers'] . $stored['body'] );
	}

	public function test_a_secret_key_in_a_page_is_refused_everywhere(): void {
		$ref = $this->stored();
		foreach ( array( self::APP, 'https://evil.example' ) as $origin ) {
			$this->assert_refused( 403, 'byok_connect_in_browser', $this->ask( 'GET', "/refs/$ref/keys", $this->secret, array(), $origin ) );
			$this->assert_refused( 403, 'byok_connect_in_browser', $this->ask( 'POST', '/keys/openai', $this->secret, array( 'key' => 'x' ), $origin ) );
			self::assert_error( 'byok_connect_in_browser', Connect_Identity::recognise( $this->request( 'GET', '/x', $this->secret, array(), $origin, $ref ) ) );
		}
	}

	public function test_one_pair_reaches_nothing_of_another(): void {
		$ref   = $this->stored();
		$other = Connect_Pairs::make( 'Another app', array( self::APP ), array() );
		foreach ( array( array( 'GET', "/refs/$ref/keys" ), array( 'DELETE', "/refs/$ref" ), array( 'DELETE', "/refs/$ref/keys/anthropic" ), array( 'POST', "/refs/$ref/keys/anthropic/check" ) ) as list( $method, $path ) ) {
			$this->assert_refused( 404, 'byok_ref_unknown', $this->ask( $method, $path, $other['secret']->reveal() ) );
		}
		self::assert_error( 'byok_ref_unknown', Connect_Identity::recognise( $this->request( 'GET', '/x', $other['secret']->reveal(), array(), '', $ref ) ) );
		self::assert_error( 'byok_ref_missing', Connect_Identity::recognise( $this->request( 'GET', '/x', $this->secret ) ) );
		$this->assert_refused( 404, 'byok_ref_unknown', $this->ask( 'POST', '/keys/openai', $other['pair']->public_key, array( 'key' => Test_Provider::key( 'openai' ), 'ref_id' => $ref ), self::APP ) );
		$this->assertCount( 1, Key_Store::read_all( Owner::guest( 'ref', $ref ) ) );
	}

	/**
	 * @dataProvider keys_that_are_none
	 *
	 * @param callable $other Makes one of the secret key.
	 */
	public function test_nobody_learns_whether_a_pair_exists( callable $other ): void {
		$ref = $this->stored();
		foreach ( array( "/refs/$ref/keys", '/refs/' . str_repeat( 'a', 28 ) . '/keys' ) as $path ) {
			$this->assert_refused( 401, 'byok_token_unknown', $this->ask( 'GET', $path, $other( $this->secret ) ) );
		}
		if ( str_starts_with( $other( $this->secret ), 'byok_sk_' ) ) {
			self::assert_error( 'byok_token_unknown', Connect_Identity::recognise( $this->request( 'GET', '/x', $other( $this->secret ), array(), '', $ref ) ) );
		}
	}

	public function keys_that_are_none(): array {
		return array(
			'none'           => array( static fn( $secret ) => '' ),
			'another secret' => array( static fn( $secret ) => substr( $secret, 0, 16 ) . strrev( substr( $secret, 16 ) ) ),
			'another id'     => array( static fn( $secret ) => 'byok_sk_aaaaaaaa' . substr( $secret, 16 ) ),
			'longer'         => array( static fn( $secret ) => $secret . 'a' ),
			'an injection'   => array( static fn( $secret ) => "byok_sk_%'OR'1'='1" ),
		);
	}

	public function test_a_pair_is_for_its_providers_only(): void {
		$made = Connect_Pairs::make( 'An app', array( self::APP ), array( 'openai' ) );
		$this->assert_refused( 403, 'byok_connect_provider', $this->ask( 'POST', '/keys/anthropic', $made['pair']->public_key, array( 'key' => Test_Provider::key() ), self::APP ) );
		$ref      = $made['pair']->new_ref();
		$identity = Connect_Identity::recognise( $this->request( 'GET', '/x', $made['secret']->reveal(), array(), '', $ref->id ) );
		$this->assertTrue( $identity->may( 'openai' ) );
		self::assert_error( 'byok_connect_provider', $identity->may( 'anthropic' ) );
		self::assert_error( 'byok_provider_unknown', $identity->may( 'no-such-provider' ) );
	}

	public function test_revoking_a_pair_ends_everything_of_it_and_nothing_else(): void {
		$ref   = $this->stored();
		$other = Connect_Pairs::make( 'Another app', array( self::APP ), array() );
		$their = $other['pair']->new_ref();
		self::save( 'anthropic', Test_Provider::key(), array( 'owner' => $their->word() ) );
		$this->assertSame( array( 'revoked' => true, 'keys' => 1 ), $this->ask( 'DELETE', '/pairs/' . $this->pair->id )->get_data() );
		$this->assertSame( array(), Key_Store::read_all( Owner::guest( 'ref', $ref ) ) );
		$this->assertCount( 1, Key_Store::read_all( $their ) );
		$this->assert_refused( 401, 'byok_token_unknown', $this->ask( 'GET', "/refs/$ref/keys", $this->secret ) );
		$this->assert_refused( 401, 'byok_token_unknown', $this->ask( 'POST', '/keys/anthropic', $this->pair->public_key, array( 'key' => Test_Provider::key() ), self::APP ) );
	}

	public function test_a_revoked_pair_leaves_no_counts_of_checks(): void {
		global $wpdb;
		$counts = static fn( string $pair ): int => (int) $wpdb->get_var( $wpdb->prepare( "SELECT COUNT(*) FROM {$wpdb->base_prefix}options WHERE option_name LIKE %s", '%ref:' . $pair . '%' ) );
		$other  = \Byok\Connect_Pairs::make( 'Another', array( self::APP ), array() )['pair'];
		foreach ( array( $this->pair, $other ) as $pair ) {
			\Byok\Attempts::count( $pair->new_ref() );
			self::assertSame( 1, $counts( $pair->id ) );
		}
		\Byok\Connect_Pairs::revoke( $this->pair->id );
		self::assertSame( array( 0, 1 ), array( $counts( $this->pair->id ), $counts( $other->id ) ) );
	}

	public function test_a_key_that_is_stored_while_its_pair_is_revoked_does_not_stay(): void {
		add_action( 'byok_key_saved', fn() => ( new \Byok\Option_Rows( Connect_Pairs::PREFIX ) )->remove( $this->pair->id ) );
		$this->assert_refused( 401, 'byok_token_unknown', $this->ask( 'POST', '/keys/anthropic', $this->pair->public_key, array( 'key' => Test_Provider::key() ), self::APP ) );
		$this->assertSame( '0', (string) $GLOBALS['wpdb']->get_var( 'SELECT COUNT(*) FROM ' . \Byok\Guest_Table::keys() ) );
	}

	public function test_connect_keys_are_let_in_only_where_an_administrator_wants_it(): void {
		$ref = $this->stored();
		Relay_Settings::change( array( 'connect' => false ) );
		$this->assert_refused( 403, 'byok_relay_kind_off', $this->ask( 'POST', '/keys/openai', $this->pair->public_key, array( 'key' => Test_Provider::key( 'openai' ) ), self::APP ) );
		$this->assert_refused( 403, 'byok_relay_kind_off', $this->ask( 'GET', "/refs/$ref/keys", $this->secret ) );
		$this->assert_refused( 403, 'byok_relay_kind_off', $this->ask( 'POST', '/refs', $this->secret ) );
		self::assert_error( 'byok_relay_kind_off', Connect_Identity::recognise( $this->request( 'GET', '/x', $this->secret, array(), '', $ref ) ) );
		// What is stored can be removed.
		$this->assertSame( 200, $this->ask( 'DELETE', "/refs/$ref", $this->secret )->get_status() );
	}

	public function test_checks_through_a_public_key_are_limited(): void {
		$statuses = array();
		for ( $i = 0; $i < 22; $i++ ) {
			$key        = Test_Provider::key( 'anthropic', 'invalid' );
			$statuses[] = $this->ask( 'POST', '/keys/anthropic', $this->pair->public_key, compact( 'key' ), self::APP )->get_status();
		}
		$this->assertSame( array_merge( array_fill( 0, 20, 422 ), array( 429, 429 ) ), $statuses );
		$_SERVER['REMOTE_ADDR'] = '203.0.113.6';
		$this->assertSame( 422, $this->ask( 'POST', '/keys/anthropic', $this->pair->public_key, compact( 'key' ), self::APP )->get_status() );
	}

	public function test_a_row_of_the_options_that_is_not_sound_is_no_pair(): void {
		$fields = $this->pair->to_array();
		$this->assertNotNull( Connect_Pair::of( $fields ) );
		foreach ( array( 'id' => 'x', 'name' => '', 'origins' => 'x', 'providers' => array( 5 ), 'public_key' => 'byok_pk_', 'hash' => '', 'created_at' => '5', 'created_by' => null ) as $field => $value ) {
			$this->assertNull( Connect_Pair::of( array( $field => $value ) + $fields ), $field );
		}
		$this->assertNull( Connect_Pair::of( 'x' ) );
		update_option( Connect_Pairs::PREFIX . 'aaaaaaaa', 'a:0:{}' );
		$this->assertCount( 1, Connect_Pairs::all() );
	}

	public function test_keys_in_requests_are_forgotten(): void {
		$key = Test_Provider::key();
		foreach ( array( $this->pair->public_key, 'byok_pk_aaaaaaaa' . str_repeat( 'a', 43 ) ) as $token ) {
			$request = $this->request( 'POST', '/keys/anthropic', $token, compact( 'key' ), 'https://evil.example' );
			rest_do_request( $request );
			self::assert_no_key( $key, print_r( $request, true ), 'the request' );
			$this->assertStringNotContainsString( substr( $token, 8 ), print_r( $request, true ) );
		}
	}

	/**
	 * Stores a key as a page does.
	 *
	 * @return string The ref_id.
	 */
	private function stored(): string {
		$ref = $this->pair->new_ref();
		self::save( 'anthropic', Test_Provider::key(), array( 'owner' => $ref->word() ) );
		return $ref->id;
	}

	/**
	 * Makes a request.
	 *
	 * @param string $method HTTP method.
	 * @param string $path   Path below connect.
	 * @param string $token  Connect key.
	 * @param array  $body   Parameters.
	 * @param string $origin Origin of the page; empty for a server.
	 * @param string $ref    The header that names whose key is meant.
	 */
	private function request( string $method, string $path, string $token, array $body = array(), string $origin = '', string $ref = '' ): WP_REST_Request {
		$request = new WP_REST_Request( $method, "/byok/v1/connect$path" );
		foreach ( array_filter( array( 'Authorization' => '' === $token ? '' : "Bearer $token", 'Origin' => $origin, 'X-BYOK-Ref' => $ref ) ) as $name => $value ) {
			$request->set_header( $name, $value );
		}
		if ( array() !== $body ) {
			$request->set_header( 'Content-Type', 'application/json' );
			$request->set_body( json_encode( $body ) );
		}
		return $request;
	}

	/**
	 * Asks a route.
	 *
	 * @param string $method HTTP method.
	 * @param string $path   Path below connect.
	 * @param string $token  Connect key.
	 * @param array  $body   Parameters.
	 * @param string $origin Origin of the page; empty for a server.
	 */
	private function ask( string $method, string $path, string $token = '', array $body = array(), string $origin = '' ): WP_REST_Response {
		return rest_do_request( $this->request( $method, $path, $token, $body, $origin ) );
	}

	/**
	 * Requires a refusal.
	 *
	 * @param int              $status HTTP status.
	 * @param string           $code   Code.
	 * @param WP_REST_Response $answer Answer.
	 */
	private function assert_refused( int $status, string $code, WP_REST_Response $answer ): void {
		$this->assertSame( array( $status, $code ), array( $answer->get_status(), $answer->get_data()['code'] ?? $answer->get_data() ) );
	}
}
