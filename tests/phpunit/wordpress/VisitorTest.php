<?php
/**
 * Tests of visitor tokens.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Guest_Eraser;
use Byok\Guest_Table;
use Byok\Key_Store;
use Byok\Owner;
use Byok\Recheck;
use Byok\Relay_Settings;
use Byok\Token;
use Byok\Usage_Table;
use Byok\Visitor_Identity;
use Byok\Visitors;
use WP_REST_Request;
use WP_REST_Response;

final class VisitorTest extends Test_Case {

	protected function setUp(): void {
		parent::setUp();
		wp_set_current_user( 0 );
		$_SERVER['REMOTE_ADDR'] = '203.0.113.5';
		Relay_Settings::change( array( 'visitors' => true ) );
		$GLOBALS['wpdb']->query( 'DELETE FROM ' . Usage_Table::name() );
	}

	protected function tearDown(): void {
		unset( $_SERVER['REMOTE_ADDR'] );
		wp_unschedule_hook( Visitors::HOOK );
		parent::tearDown();
	}

	public function test_a_visitor_comes_goes_and_is_forgotten(): void {
		$made = $this->ask( 'POST', '', '' );
		$this->assertSame( 201, $made->get_status() );
		$this->assertSame( 'no-store', $made->get_headers()['Cache-Control'] );
		$token = $made->get_data()['token'];
		$owner = Owner::guest( 'visitor', $made->get_data()['visitor'] );
		$this->assertMatchesRegularExpression( '/\Abyok_vt_[a-z2-7]{20}[A-Za-z0-9_-]{43}\z/', $token );
		$this->assertEqualsWithDelta( time() + 30 * DAY_IN_SECONDS, $made->get_data()['expires_at'], 5 );

		$key   = Test_Provider::key();
		$saved = $this->ask( 'PUT', '/keys/anthropic', $token, compact( 'key' ) );
		$this->assertSame( array( 200, 'ready', 'valid' ), array( $saved->get_status(), $saved->get_data()['state'], $saved->get_data()['outcome'] ) );
		$listed = $this->ask( 'GET', '/keys', $token );
		$this->assertSame( array( array( 'anthropic', byok_mask( $key ) ) ), array_map( static fn( $one ) => array( $one['provider'], $one['hint'] ), $listed->get_data() ) );
		self::assert_no_key( $key, serialize( array( $saved->get_data(), $listed->get_data() ) ) );
		$this->assertSame( $key, byok_get_key( 'anthropic', array( 'owner' => $owner->word() ) ) );

		$this->assertSame( 'valid', $this->ask( 'POST', '/keys/anthropic/check', $token )->get_data()['outcome'] );
		$this->assertSame( array( 'deleted' => 1 ), $this->ask( 'DELETE', '/keys/anthropic', $token )->get_data() );
		$this->assert_refused( 404, 'byok_key_absent', $this->ask( 'DELETE', '/keys/anthropic', $token ) );
		$this->assertSame( array(), $this->ask( 'GET', '/keys', $token )->get_data() );
		$this->assertSame( array( 'revoked' => true, 'keys' => 0 ), $this->ask( 'DELETE', '/token', $token )->get_data() );
		$this->assert_refused( 401, 'byok_token_unknown', $this->ask( 'GET', '/keys', $token ) );
	}

	public function test_of_a_token_only_a_hash_is_kept(): void {
		global $wpdb;
		$made = Visitors::register();
		$row  = print_r( $wpdb->get_results( 'SELECT * FROM ' . Guest_Table::visitors(), ARRAY_A ), true );
		self::assert_no_key( $made['token']->reveal(), $row, 'the table' );
		$this->assertStringContainsString( hash( 'sha256', $made['token']->reveal() ), $row );
		self::assert_no_key( $made['token']->reveal(), print_r( $made['token'], true ), 'a dump' );
	}

	public function test_visitors_are_let_in_only_where_an_administrator_wants_it(): void {
		delete_option( Relay_Settings::OPTION );
		$this->assert_refused( 403, 'byok_relay_kind_off', $this->ask( 'POST', '', '' ) );

		$token = Visitors::register()['token']->reveal();
		$key   = Test_Provider::key();
		foreach ( array( array( 'GET', '/keys' ), array( 'PUT', '/keys/anthropic' ), array( 'POST', '/token/rotate' ), array( 'POST', '/keys/anthropic/check' ) ) as list( $method, $path ) ) {
			$this->assert_refused( 403, 'byok_relay_kind_off', $this->ask( $method, $path, $token, compact( 'key' ) ) );
		}
		self::assert_error( 'byok_relay_kind_off', Visitor_Identity::recognise( $this->request( 'GET', '/keys', $token ) ) );

		// Whoever wants to be forgotten is.
		$this->assertSame( 200, $this->ask( 'DELETE', '', $token )->get_status() );
		self::assert_error( 'byok_token_unknown', Visitors::find( $token ) );
	}

	/**
	 * @dataProvider tokens_that_are_none
	 *
	 * @param callable $other Makes one of a token that is good.
	 */
	public function test_nobody_learns_whether_a_token_exists( callable $other ): void {
		$token = Visitors::register()['token']->reveal();
		$none  = $other( $token );
		$this->assertNotSame( $token, $none );
		$first = $this->ask( 'GET', '/keys', 'byok_vt_' . str_repeat( 'a', 63 ) );
		foreach ( array( array( 'GET', '/keys' ), array( 'DELETE', '' ), array( 'DELETE', '/keys/anthropic' ), array( 'DELETE', '/keys/no-such-provider' ), array( 'POST', '/token/rotate' ), array( 'GET', '/token' ) ) as list( $method, $path ) ) {
			$answer = $this->ask( $method, $path, $none );
			$this->assert_refused( 401, 'byok_token_unknown', $answer );
			$this->assertSame( $first->get_data(), $answer->get_data() );
		}
		$this->assertIsArray( Visitors::find( $token ) );
	}

	public function tokens_that_are_none(): array {
		return array(
			'none'                => array( static fn( $token ) => '' ),
			'another secret'      => array( static fn( $token ) => substr( $token, 0, 28 ) . strrev( substr( $token, 28 ) ) ),
			'another id'          => array( static fn( $token ) => 'byok_vt_' . strrev( substr( $token, 8, 20 ) ) . substr( $token, 28 ) ),
			'too short'           => array( static fn( $token ) => substr( $token, 0, -1 ) ),
			'too long'            => array( static fn( $token ) => $token . 'a' ),
			'another letter case' => array( static fn( $token ) => strtr( $token, 'abcdefghij', 'ABCDEFGHIJ' ) . 'z' ),
			'the hash'            => array( static fn( $token ) => substr( $token, 0, 28 ) . substr( hash( 'sha256', $token ), 0, 43 ) ),
			'an injection'        => array( static fn( $token ) => "byok_vt_' OR 1=1 -- " ),
			'of another kind'     => array( static fn( $token ) => 'byok_sk_' . substr( $token, 8 ) ),
			'that has ended'      => array(
				static function ( $token ) {
					$ended = Visitors::register()['token'];
					$GLOBALS['wpdb']->query( $GLOBALS['wpdb']->prepare( 'UPDATE ' . Guest_Table::visitors() . ' SET expires_at = %d WHERE id = %s', time(), $ended->id ) );
					return $ended->reveal();
				},
			),
			'of another site'     => array(
				static function ( $token ) {
					$other = Visitors::register()['token'];
					$GLOBALS['wpdb']->query( $GLOBALS['wpdb']->prepare( 'UPDATE ' . Guest_Table::visitors() . ' SET blog = 7 WHERE id = %s', $other->id ) );
					return $other->reveal();
				},
			),
		);
	}

	public function test_a_token_is_not_read_from_an_address_or_a_body(): void {
		$token = Visitors::register()['token']->reveal();
		foreach ( array( 'token', 'X-BYOK-Token', 'x_byok_token', 'authorization' ) as $name ) {
			$request = $this->request( 'GET', '/keys', '' );
			$request->set_query_params( array( $name => $token ) );
			$this->assert_refused( 400, 'byok_key_in_url', rest_do_request( $request ) );
		}
	}

	public function test_a_token_that_is_used_goes_on_and_one_that_is_not_ends(): void {
		global $wpdb;
		$made = Visitors::register();
		$set  = static fn( int $used, int $expires ) => $wpdb->query( $wpdb->prepare( 'UPDATE ' . Guest_Table::visitors() . ' SET used_at = %d, expires_at = %d', $used, $expires ) );
		$set( time() - HOUR_IN_SECONDS, time() + HOUR_IN_SECONDS );
		$found = Visitors::find( $made['token']->reveal() );
		$this->assertEqualsWithDelta( time() + 30 * DAY_IN_SECONDS, $found['expires_at'], 5 );
		$this->assertSame( $found['expires_at'], Visitors::find( $made['token']->reveal() )['expires_at'] );

		// Not every request is a write.
		$writes = 0;
		add_filter(
			'query',
			static function ( $query ) use ( &$writes ) {
				$writes += str_starts_with( $query, 'UPDATE' ) ? 1 : 0;
				return $query;
			}
		);
		Visitors::find( $made['token']->reveal() );
		$this->assertSame( 0, $writes );

		add_filter( 'byok_visitor_days', static fn() => 2 );
		$set( 0, time() + HOUR_IN_SECONDS );
		$this->assertEqualsWithDelta( time() + 2 * DAY_IN_SECONDS, Visitors::find( $made['token']->reveal() )['expires_at'], 5 );
		$set( 0, time() - 1 );
		self::assert_error( 'byok_token_unknown', Visitors::find( $made['token']->reveal() ) );
	}

	public function test_what_an_ended_visitor_had_stored_is_removed(): void {
		global $wpdb;
		$gone  = $this->visitor();
		$stays = $this->visitor();
		$this->assertIsInt( wp_next_scheduled( Visitors::HOOK ) );
		$wpdb->query( $wpdb->prepare( 'UPDATE ' . Guest_Table::visitors() . ' SET expires_at = %d WHERE id = %s', time() - 1, $gone['owner']->id ) );
		do_action( Visitors::HOOK );
		$this->assertSame( array(), Key_Store::read_all( $gone['owner'] ) );
		$this->assertSame( array( $stays['owner']->id ), $wpdb->get_col( 'SELECT id FROM ' . Guest_Table::visitors() ) );
		$this->assertCount( 1, Key_Store::read_all( $stays['owner'] ) );
	}

	public function test_a_new_token_takes_the_place_of_the_old_one_and_keeps_the_keys(): void {
		$visitor = $this->visitor();
		$old     = $visitor['token']->reveal();
		$answer  = $this->ask( 'POST', '/token/rotate', $old )->get_data();
		$this->assertSame( $visitor['owner']->id, $answer['visitor'] );
		$this->assertNotSame( $old, $answer['token'] );
		$this->assert_refused( 401, 'byok_token_unknown', $this->ask( 'GET', '/keys', $old ) );
		$this->assertCount( 1, $this->ask( 'GET', '/keys', $answer['token'] )->get_data() );

		// Of two at once, one wins, and the token of the other is none.
		$theirs = null;
		self::before_query(
			'UPDATE `' . Guest_Table::visitors() . '` SET hash',
			static function () use ( $answer, &$theirs ): void {
				$theirs = Visitors::rotate( $answer['token'] );
			}
		);
		self::assert_error( 'byok_token_unknown', Visitors::rotate( $answer['token'] ) );
		$this->assertIsArray( Visitors::find( $theirs['token']->reveal() ) );
	}

	public function test_a_key_is_rotated_only_for_one_that_the_provider_accepts(): void {
		$visitor = $this->visitor();
		$token   = $visitor['token']->reveal();
		$args    = array( 'owner' => $visitor['owner']->word() );
		$key     = byok_get_key( 'anthropic', $args );
		$bad     = Test_Provider::key( 'anthropic', 'invalid' );
		$answer  = $this->ask( 'POST', '/keys/anthropic/rotate', $token, array( 'key' => $bad ) );
		$this->assert_refused( 422, 'byok_key_refused', $answer );
		self::assert_no_key( $bad, serialize( $answer->get_data() ) );
		Test_Provider::answer_always( 'outage' );
		$this->assert_refused( 503, 'byok_key_unverified', $this->ask( 'POST', '/keys/anthropic/rotate', $token, array( 'key' => Test_Provider::key() ) ) );
		Test_Provider::answer_always();
		$this->assertSame( $key, byok_get_key( 'anthropic', $args ) );

		$good = Test_Provider::key();
		$this->assertSame( 200, $this->ask( 'POST', '/keys/anthropic/rotate', $token, array( 'key' => $good ) )->get_status() );
		$this->assertSame( $good, byok_get_key( 'anthropic', $args ) );
		$this->assert_refused( 404, 'byok_key_absent', $this->ask( 'POST', '/keys/openai/rotate', $token, array( 'key' => Test_Provider::key( 'openai' ) ) ) );
	}

	public function test_nothing_is_stored_without_a_check_and_an_outage_is_no_refusal(): void {
		$token = Visitors::register()['token']->reveal();
		$bad   = Test_Provider::key( 'anthropic', 'invalid' );
		$this->assert_refused( 422, 'byok_key_refused', $this->ask( 'PUT', '/keys/anthropic', $token, array( 'key' => $bad ) ) );
		$this->assertSame( array(), $this->ask( 'GET', '/keys', $token )->get_data() );
		foreach ( array( 'no-credit' => 'no_credit', 'rate-limited' => 'rate_limited', 'outage' => 'unknown' ) as $behaviour => $outcome ) {
			$saved = $this->ask( 'PUT', '/keys/anthropic', $token, array( 'key' => Test_Provider::key( 'anthropic', $behaviour ) ) );
			$this->assertSame( array( 200, $outcome ), array( $saved->get_status(), $saved->get_data()['outcome'] ?? $saved->get_data() ) );
		}
	}

	public function test_an_erasure_leaves_nothing_and_touches_nobody_else(): void {
		global $wpdb;
		$gone  = $this->visitor();
		$stays = $this->visitor();
		foreach ( array( $gone, $stays ) as $visitor ) {
			byok_request( 'anthropic', '/models', array( 'owner' => $visitor['owner']->word() ) );
			Recheck::plan( new \Byok\Place( $visitor['owner'], 'anthropic' ) );
			set_transient( 'byok_put_back_visitor_' . $visitor['owner']->id . '_anthropic', 1, HOUR_IN_SECONDS );
		}
		$this->assertNotSame( array(), $this->found( $gone['owner']->id ) );
		$before = $this->found( $stays['owner']->id );

		$answer = $this->ask( 'DELETE', '', $gone['token']->reveal() );
		$this->assertSame( array( 'erased' => true, 'keys' => 1, 'usage' => 1 ), $answer->get_data() );
		$this->assertSame( array(), $this->found( $gone['owner']->id ) );
		$this->assertSame( $before, $this->found( $stays['owner']->id ) );
		$this->assert_refused( 401, 'byok_token_unknown', $this->ask( 'DELETE', '', $gone['token']->reveal() ) );
	}

	public function test_a_request_that_is_on_its_way_leaves_nothing_behind_an_erasure(): void {
		$visitor = $this->visitor();
		$owner   = $visitor['owner'];
		$args    = array( 'owner' => $owner->word(), 'caller' => \Byok\Caller::relay() );
		$asked   = array( 'method' => 'GET', 'path' => '/models', 'headers' => array() );
		$answer  = \Byok\Gate::send(
			'anthropic',
			$args,
			$asked,
			static function () use ( $owner ): bool {
				Guest_Eraser::erase( $owner );
				return true;
			}
		);
		$this->assertSame( 200, $answer['status'] );
		$this->assertSame( array(), $this->found( $owner->id ) );

		$other = $this->visitor();
		\Byok\Gate::send( 'anthropic', array( 'owner' => $other['owner']->word() ) + $args, $asked, static fn(): bool => true );
		$this->assertNotSame( array(), array_filter( $this->found( $other['owner']->id ), static fn( string $table ): bool => str_contains( $table, 'usage' ) ), 'Of who is there usage is counted.' );
	}

	public function test_an_erasure_that_fails_half_way_can_be_made_again(): void {
		$visitor = $this->visitor();
		byok_request( 'anthropic', '/models', array( 'owner' => $visitor['owner']->word() ) );
		self::before_query( 'DELETE FROM ' . Usage_Table::name(), static fn() => 'DELETE FROM byok_test_no_such_table' );
		$this->assert_refused( 500, 'byok_storage_failed', $this->ask( 'DELETE', '', $visitor['token']->reveal() ) );
		$this->assertSame( array( 'erased' => true, 'keys' => 0, 'usage' => 1 ), $this->ask( 'DELETE', '', $visitor['token']->reveal() )->get_data() );
		$this->assertSame( array(), $this->found( $visitor['owner']->id ) );
	}

	public function test_a_key_that_is_saved_while_its_visitor_is_erased_does_not_stay(): void {
		$visitor = Visitors::register();
		add_action(
			'byok_key_saved',
			static function () use ( $visitor ): void {
				Guest_Eraser::erase( $visitor['owner'] );
				Key_Store::replace( new \Byok\Place( $visitor['owner'], 'anthropic' ), null, 'x', static fn() => 'nobody' );
			}
		);
		$this->assert_refused( 401, 'byok_token_unknown', $this->ask( 'PUT', '/keys/anthropic', $visitor['token']->reveal(), array( 'key' => Test_Provider::key() ) ) );
		$this->assertSame( array(), $this->found( $visitor['owner']->id ) );
	}

	public function test_a_key_that_is_saved_while_the_token_changes_leaves_what_was_there(): void {
		$token = Visitors::register()['token']->reveal();
		$first = Test_Provider::key();
		$this->ask( 'PUT', '/keys/anthropic', $token, array( 'key' => $first ) );
		foreach ( array( 'one that is there' => 'anthropic', 'none' => 'groq' ) as $what => $provider ) {
			$new = $this->while_saved( $provider, $token, static fn() => Visitors::rotate( $token )['token']->reveal() );
			$this->assertSame( array( array( 'anthropic', '…' . substr( $first, -4 ) ) ), $this->hints( $new ), "What was saved in the place of $what was not taken back." );
			$token = $new;
		}
	}

	public function test_a_key_that_the_visitor_saves_in_between_stays(): void {
		foreach ( array( 'in the place of one' => true, 'as the first' => false ) as $what => $is_there ) {
			$token = Visitors::register()['token']->reveal();
			if ( $is_there ) {
				$this->ask( 'PUT', '/keys/anthropic', $token, array( 'key' => Test_Provider::key() ) );
			}
			$theirs = Test_Provider::key();
			$new    = $this->while_saved(
				'anthropic',
				$token,
				function () use ( $token, $theirs ): string {
					$new = Visitors::rotate( $token )['token']->reveal();
					$this->assertSame( 200, $this->ask( 'PUT', '/keys/anthropic', $new, array( 'key' => $theirs ) )->get_status() );
					return $new;
				}
			);
			$this->assertSame( array( array( 'anthropic', '…' . substr( $theirs, -4 ) ) ), $this->hints( $new ), $what );
		}
	}

	/**
	 * Saves a key with a token while something happens.
	 *
	 * @param string   $provider Provider.
	 * @param string   $token    Token.
	 * @param callable $happens  Happens between the save and its answer.
	 * @return string What it returns.
	 */
	private function while_saved( string $provider, string $token, callable $happens ): string {
		$new  = null;
		$hook = static function () use ( $happens, &$new, &$hook ): void {
			remove_action( 'byok_key_saved', $hook );
			$new = $happens();
		};
		add_action( 'byok_key_saved', $hook );
		$this->assert_refused( 401, 'byok_token_unknown', $this->ask( 'PUT', "/keys/$provider", $token, array( 'key' => Test_Provider::key( $provider ) ) ) );
		return (string) $new;
	}

	/**
	 * A visitor's keys.
	 *
	 * @param string $token Token.
	 * @return array[] Provider and the end of the hint of each.
	 */
	private function hints( string $token ): array {
		return array_map(
			static fn( array $key ): array => array( $key['provider'], mb_substr( $key['hint'], mb_strpos( $key['hint'], '…' ) ) ),
			$this->ask( 'GET', '/keys', $token )->get_data()
		);
	}

	public function test_a_visitor_s_requests_go_with_the_visitor_s_key_and_no_other(): void {
		wp_set_current_user( self::admin() );
		self::save( 'anthropic', Test_Provider::key() );
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$visitor  = $this->visitor();
		$identity = Visitor_Identity::recognise( $this->request( 'GET', '/keys', $visitor['token']->reveal() ) );
		$this->assertInstanceOf( Visitor_Identity::class, $identity );
		$this->assertSame( array( $visitor['owner']->word(), array( 'token' => $visitor['owner']->word() ), null ), array( $identity->id(), $identity->buckets(), $identity->origins() ) );
		$this->assertTrue( $identity->may( 'anthropic' ) );
		self::assert_error( 'byok_provider_unknown', $identity->may( 'no-such-provider' ) );

		$answer = $identity->send( 'anthropic', array( 'method' => 'GET', 'path' => '/models' ), null );
		$this->assertSame( 200, $answer['status'] );
		$sent = Test_Provider::requests();
		$this->assertSame( substr( byok_get_key( 'anthropic', array( 'owner' => $visitor['owner']->word() ) ), -4 ), end( $sent )['key_end'] );
		self::assert_error( 'byok_key_absent', $identity->send( 'openai', array( 'method' => 'GET', 'path' => '/models' ), null ) );
		$this->assertIsArray( $identity->models( 'anthropic' ) );
		self::assert_error( 'byok_key_absent', $identity->models( 'openai' ) );
		self::assert_error( 'byok_key_absent', $identity->ticket( 'openai', array() ) );
	}

	public function test_a_stolen_token_reads_moves_and_redirects_no_key(): void {
		$visitor = $this->visitor();
		$token   = $visitor['token']->reveal();
		$key     = byok_get_key( 'anthropic', array( 'owner' => $visitor['owner']->word() ) );
		$all     = array();
		foreach ( array( 'GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD' ) as $method ) {
			foreach ( array( '/keys', '/keys/anthropic', '/token', '/keys/anthropic/check', '/keys/anthropic/key' ) as $path ) {
				if ( 'DELETE' === $method ) {
					continue;
				}
				$params = array( 'base_url' => 'https://evil.example/v1', 'origin' => 'https://evil.example', 'owner' => 'site', 'context' => 'edit', '_fields' => 'key,envelope', '_embed' => '1' );
				$all[]  = serialize( $this->ask( $method, $path, $token, $params )->get_data() );
			}
		}
		self::assert_no_key( $key, implode( "\n", $all ) );
		$this->assertStringNotContainsString( 'byok1.', implode( "\n", $all ), 'nor ciphertext' );
		$this->assertStringNotContainsString( 'evil.example', serialize( Key_Store::read_all( $visitor['owner'] ) ) );
		$refused = $this->ask( 'PUT', '/keys/openai-compatible', $token, array( 'key' => Test_Provider::key( 'openai-compatible' ), 'base_url' => 'https://example.org/v1' ) );
		$this->assertGreaterThanOrEqual( 400, $refused->get_status() );
		$this->assertSame( array( 'anthropic' ), array_keys( Key_Store::read_all( $visitor['owner'] ) ) );
	}

	public function test_registrations_guesses_and_checks_are_limited(): void {
		Relay_Settings::change( array( 'limits' => array( 'register' => array( 2, 3600 ), 'own' => array( 3, 31 * DAY_IN_SECONDS ) ) ) );
		$this->assertSame( 201, $this->ask( 'POST', '', '' )->get_status() );
		$this->assertSame( 201, $this->ask( 'POST', '', '' )->get_status() );
		$this->assert_refused( 429, 'byok_too_many_requests', $this->ask( 'POST', '', '' ) );
		$_SERVER['REMOTE_ADDR'] = '203.0.113.6';
		$this->assertSame( 201, $this->ask( 'POST', '', '' )->get_status() );
		for ( $i = 0; $i < 3; $i++ ) {
			$this->assert_refused( 401, 'byok_token_unknown', $this->ask( 'GET', '/keys', Token::make( 'visitor' )->reveal() ) );
		}
		$this->assert_refused( 429, 'byok_too_many_requests', $this->ask( 'GET', '/keys', Token::make( 'visitor' )->reveal() ) );

		$_SERVER['REMOTE_ADDR'] = '203.0.113.7';
		Relay_Settings::change( array( 'limits' => array( 'own' => array( 1000, 3600 ) ) ) );
		$visitor = Visitors::register();
		$statuses = array();
		for ( $i = 0; $i < 21; $i++ ) {
			$statuses[] = $this->ask( 'PUT', '/keys/anthropic', $visitor['token']->reveal(), array( 'key' => Test_Provider::key( 'anthropic', 'invalid' ) ) )->get_status();
		}
		$this->assertSame( array_merge( array_fill( 0, 20, 422 ), array( 429 ) ), $statuses );
	}

	public function test_looking_after_one_s_keys_takes_nothing_of_the_relay_s_limits(): void {
		$long = 31 * DAY_IN_SECONDS;
		Relay_Settings::change( array( 'limits' => array( 'token' => array( 2, $long ), 'address' => array( 2, $long ), 'own' => array( 4, $long ) ) ) );
		$one   = Visitors::register()['token']->reveal();
		$other = Visitors::register()['token']->reveal();
		for ( $time = 0; $time < 4; $time++ ) {
			$this->assertSame( 200, $this->ask( 'GET', 0 === $time ? '/token' : '/keys', $one )->get_status(), "$time" );
		}
		// Who is behind the same address is not counted with them.
		$this->assertSame( 200, $this->ask( 'GET', '/keys', $other )->get_status() );
		$refused = $this->ask( 'GET', '/keys', $one );
		$this->assert_refused( 429, 'byok_too_many_requests', $refused );
		$this->assertSame( 'own', $refused->get_data()['data']['limit'] );
		// The relay has all its room, and takes none here.
		$ask = function ( string $token ): int {
			$request = new WP_REST_Request( 'GET', '/byok/v1/models' );
			$request->set_query_params( array( 'provider' => 'openai' ) );
			$request->set_header( 'X-BYOK-Token', $token );
			return rest_do_request( $request )->get_status();
		};
		$this->assertSame( array( 404, 404, 429 ), array( $ask( $one ), $ask( $one ), $ask( $one ) ), 'no key, but room' );
		$this->assertSame( 200, $this->ask( 'GET', '/keys', $other )->get_status() );
	}

	public function test_a_key_or_token_in_a_request_is_forgotten_also_when_it_is_refused(): void {
		$key     = Test_Provider::key();
		$request = $this->request( 'PUT', '/keys/anthropic', 'byok_vt_' . str_repeat( 'a', 63 ), compact( 'key' ) );
		rest_do_request( $request );
		self::assert_no_key( $key, print_r( $request, true ), 'the request' );
		$this->assertStringNotContainsString( 'byok_vt_', print_r( $request, true ) );

		$token   = Visitors::register()['token']->reveal();
		$request = $this->request( 'PUT', '/keys/anthropic', $token, array() );
		$request->set_query_params( compact( 'key' ) );
		$this->assert_refused( 400, 'byok_key_in_url', rest_do_request( $request ) );
		self::assert_no_key( $key, print_r( $request, true ), 'the request' );
		foreach ( array( array( 'x' ), 5, null, '' ) as $odd ) {
			$this->assertSame( 400, $this->ask( 'PUT', '/keys/anthropic', $token, array( 'key' => $odd ) )->get_status() );
		}
	}

	public function test_pages_of_other_origins_are_let_in_only_where_they_are_listed(): void {
		Relay_Settings::change( array( 'origins' => array( 'https://app.example' ) ) );
		$token = Visitors::register()['token']->reveal();
		foreach ( array( 'https://app.example' => 200, 'https://evil.example' => 403, home_url() => 200 ) as $origin => $status ) {
			foreach ( array( array( 'POST', '' ), array( 'GET', '/keys' ) ) as list( $method, $path ) ) {
				$request = $this->request( $method, $path, $token );
				$request->set_header( 'Origin', $origin );
				$answer = rest_do_request( $request );
				$this->assertSame( 200 === $status && 'POST' === $method ? 201 : $status, $answer->get_status(), "$origin $method" );
			}
		}
	}

	public function test_over_http_it_is_the_same_for_a_stranger(): void {
		$browser = new Browser();
		$made    = json_decode( $browser->rest( 'POST', '/byok/v1/visitors', array() )['body'], true );
		$this->assertArrayHasKey( 'token', $made );
		$key    = Test_Provider::key();
		$answer = $browser->rest( 'PUT', '/byok/v1/visitors/keys/anthropic', compact( 'key' ), array( 'Authorization: Bearer ' . $made['token'] ) );
		$this->assertSame( 200, $answer['status'], $answer['body'] );
		$this->assertStringContainsStringIgnoringCase( 'cache-control: no-store', $answer['headers'] );
		self::assert_no_key( $key, $answer['headers'] . $answer['body'] );
		foreach ( array( 'X-BYOK-Token: ', 'x-api-key: ', 'x-goog-api-key: ' ) as $header ) {
			$this->assertSame( 200, $browser->rest( 'GET', '/byok/v1/visitors/keys', null, array( $header . $made['token'] ) )['status'], $header );
		}
		$this->assertSame( 400, $browser->rest( 'GET', '/byok/v1/visitors/keys&token=' . $made['token'] )['status'] );
	}

	/**
	 * Makes a visitor with a key.
	 *
	 * @return array See Visitors::register().
	 */
	private function visitor(): array {
		$visitor = Visitors::register();
		self::save( 'anthropic', Test_Provider::key(), array( 'owner' => $visitor['owner']->word() ) );
		return $visitor;
	}

	/**
	 * Makes a request.
	 *
	 * @param string $method HTTP method.
	 * @param string $path   Path below visitors.
	 * @param string $token  Token.
	 * @param array  $body   Parameters.
	 */
	private function request( string $method, string $path, string $token, array $body = array() ): WP_REST_Request {
		$request = new WP_REST_Request( $method, "/byok/v1/visitors$path" );
		if ( '' !== $token ) {
			$request->set_header( 'Authorization', "Bearer $token" );
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
	 * @param string $path   Path below visitors.
	 * @param string $token  Token.
	 * @param array  $body   Parameters.
	 */
	private function ask( string $method, string $path, string $token, array $body = array() ): WP_REST_Response {
		return rest_do_request( $this->request( $method, $path, $token, $body ) );
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

	/**
	 * Where something is in the database.
	 *
	 * @param string $what What to look for.
	 * @return string[] Rows.
	 */
	private function found( string $what ): array {
		global $wpdb;
		$found = array();
		foreach ( $wpdb->get_col( 'SHOW TABLES' ) as $table ) {
			foreach ( $wpdb->get_results( "SELECT * FROM `$table`", ARRAY_A ) as $row ) {
				if ( str_contains( print_r( $row, true ), $what ) ) {
					$found[] = $table . ' ' . ( $row['option_name'] ?? '' );
				}
			}
		}
		return $found;
	}
}
