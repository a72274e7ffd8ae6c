<?php
/**
 * Tests of several keys for one provider.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Key_Screen;
use Byok\Key_Slots;
use Byok\Place;
use Byok\Privacy;
use Byok\Spare_Keys;
use Byok\Vault;

require_once __DIR__ . '/support/Relay_Node.php';

final class SlotsTest extends Test_Case {

	private const ASK = array( 'json' => array( 'model' => 'gpt-test', 'messages' => array( array( 'role' => 'user', 'content' => 'Hello' ) ) ) );

	protected function setUp(): void {
		parent::setUp();
		$this->seen = count( Test_Provider::requests() );
	}

	public function test_spare_keys_are_masked_in_logs_as_the_first_one(): void {
		$keys = array( Test_Provider::key( 'mistral' ), Test_Provider::key( 'mistral' ) );
		self::save( 'mistral', $keys[0] );
		self::save( 'mistral', $keys[1], array( 'slot' => 'spare' ) );
		$seen = Site::run( 'return byok_redact( implode( " and ", $keys ) );', array( 'given' => compact( 'keys' ) ) )['result'];
		self::assert_no_key( $keys[0], $seen );
		self::assert_no_key( $keys[1], $seen, 'of the spare key' );
	}

	/**
	 * @dataProvider spent
	 *
	 * @param string $behaviour What the provider does with the first key.
	 * @param string $outcome   What is to be known of it afterwards.
	 * @param int    $rest      How long it rests, in seconds.
	 */
	public function test_a_refused_or_limited_key_gives_way_to_the_next_within_one_request( string $behaviour, string $outcome, int $rest ): void {
		$first  = $this->save_spent( 'openai', $behaviour );
		$backup = Test_Provider::key( 'openai' );
		self::save( 'openai', $backup, array( 'slot' => 'backup' ) );

		$this->assertSame( 200, $this->ask() );
		$this->assertSame( self::ends( $first, $backup ), $this->ends_used() );

		$info = byok_key_info( 'openai' );
		$this->assertSame( $outcome, $info['outcome'] );
		$this->assertEqualsWithDelta( time() + $rest, $info['resume_at'], 5 );
		$this->assertSame( array( 'default', 'backup' ), $info['slots'] );

		// It rests now: the next request does not try it.
		$this->assertSame( 200, $this->ask() );
		$this->assertSame( self::ends( $first, $backup, $backup ), $this->ends_used() );
	}

	public function spent(): array {
		return array(
			// The test provider asks for 7 seconds.
			'limited'   => array( 'rate-limited', 'rate_limited', 7 ),
			'no credit' => array( 'no-credit', 'no_credit', HOUR_IN_SECONDS ),
			'revoked'   => array( 'invalid', 'invalid', HOUR_IN_SECONDS ),
		);
	}

	public function test_after_its_rest_a_key_goes_first_again(): void {
		$first  = $this->save_spent( 'openai', 'rate-limited' );
		$backup = Test_Provider::key( 'openai' );
		self::save( 'openai', $backup, array( 'slot' => 'backup' ) );
		$this->ask();
		self::plant( 'openai', array( 'resume_at' => time() - 1 ) + self::row( 'openai' ) );

		$this->ask();
		$this->assertSame( self::ends( $first, $backup, $first, $backup ), $this->ends_used() );
		$this->assertGreaterThan( time(), byok_key_info( 'openai' )['resume_at'], 'it rests again' );
	}

	public function test_when_all_rest_the_first_to_wake_is_asked_and_its_answer_comes_through(): void {
		$first  = $this->save_spent( 'openai', 'rate-limited' );
		$second = $this->save_spent( 'openai', 'no-credit', array( 'slot' => 'backup' ) );

		$this->assertSame( 429, $this->ask(), 'the last answer' );
		$this->assertSame( self::ends( $first, $second ), $this->ends_used() );
		$answer = byok_request( 'openai', '/chat/completions', self::ASK );
		$this->assertStringContainsString( 'insufficient_quota', wp_remote_retrieve_body( $answer ) );
	}

	public function test_somebody_who_listens_gets_one_answer(): void {
		$this->save_spent( 'openai', 'rate-limited' );
		self::save( 'openai', Test_Provider::key( 'openai' ), array( 'slot' => 'backup' ) );
		$heard = '';
		$codes = array();
		$this->listen( $heard, $codes );
		$this->assertSame( array( 200 ), $codes );
		$this->assertStringNotContainsString( 'Rate limit', $heard );

		// With nothing to fall back to, the refusal is what it gets.
		byok_delete_key( 'openai', array( 'slot' => 'backup' ) );
		$this->listen( $heard, $codes );
		$this->assertSame( array( 429 ), $codes );
		$this->assertStringContainsString( 'Rate limit', $heard );
	}

	public function test_a_refusal_too_long_to_be_kept_back_is_the_answer(): void {
		$script = tempnam( sys_get_temp_dir(), 'byok-test-' );
		file_put_contents(
			$script,
			<<<'PHP'
			<?php
			$lists = str_ends_with( $_SERVER['REQUEST_URI'], '/models' );
			$first = str_ends_with( $_SERVER['HTTP_AUTHORIZATION'] ?? '', 'AAAA' );
			http_response_code( $lists || ! $first ? 200 : 429 );
			header( 'Content-Type: application/json' );
			echo $lists ? '{"data":[]}' : ( $first ? str_repeat( 'refused ', 16384 ) : 'the second answer' );
			PHP
		);
		$server = new Relay_Node( $script, sys_get_temp_dir() );
		$code   = <<<'PHP'
			foreach ( array( 'default' => 'AAAA', 'backup' => 'BBBB' ) as $slot => $end ) {
				byok_save_key( 'openai', 'sk-proj-byok-test-' . bin2hex( random_bytes( 16 ) ) . $end, array( 'slot' => $slot ) );
			}
			$heard = '';
			$codes = array();
			$listen = static function ( string $bytes, array $head ) use ( &$heard, &$codes ) {
				$heard .= $bytes;
				$codes  = array_values( array_unique( array_merge( $codes, array( $head['status'] ) ) ) );
			};
			$answer = byok_stream( 'openai', '/chat/completions', $ask + array( 'retries' => 0 ), $listen );
			$next   = byok_request( 'openai', '/chat/completions', $ask );
			byok_delete_key( 'openai' );
			return array( $codes, wp_remote_retrieve_response_code( $answer ), md5( $heard ), wp_remote_retrieve_body( $next ) );
		PHP;
		try {
			$result = Site::run( $code, array( 'given' => array( 'ask' => self::ASK ), 'ini' => array( 'byok.test_provider' => $server->url ) ) )['result'];
		} finally {
			$server->stop();
			unlink( $script );
		}
		// And next time the other key goes first.
		$this->assertSame( array( array( 429 ), 429, md5( str_repeat( 'refused ', 16384 ) ), 'the second answer' ), $result );
	}

	public function test_an_answer_is_cut_off_where_the_caller_wants(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$whole  = wp_remote_retrieve_body( byok_request( 'openai', '/models' ) );
		$answer = byok_request( 'openai', '/models', array( 'limit_response_size' => 20 ) );
		$this->assertSame( array( 200, substr( $whole, 0, 20 ) ), array( wp_remote_retrieve_response_code( $answer ), wp_remote_retrieve_body( $answer ) ) );
		$this->assertSame( substr( $whole, 0, 20 ), $answer['http_response']->get_data() );
		$this->assertSame( $whole, wp_remote_retrieve_body( byok_request( 'openai', '/models', array( 'limit_response_size' => 1000000 ) ) ) );
		$heard = '';
		byok_stream( 'openai', '/models', array( 'limit_response_size' => 20 ), static function ( string $bytes ) use ( &$heard ): void { $heard .= $bytes; } );
		$this->assertSame( substr( $whole, 0, 20 ), $heard );
	}

	public function test_a_refusal_that_was_kept_back_is_told_when_the_next_key_stays_closed(): void {
		$this->save_spent( 'openai', 'rate-limited' );
		self::save( 'openai', Test_Provider::key( 'openai' ), array( 'slot' => 'backup' ) );
		self::plant( 'openai.backup', 'not a row' );
		$heard = '';
		$codes = array();
		$this->listen( $heard, $codes );
		$this->assertSame( array( 429 ), $codes );
		$this->assertStringContainsString( 'Rate limit', $heard );
	}

	public function test_a_key_that_stays_closed_gives_way_to_the_next_of_its_owner_only(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		self::plant( 'openai', 'not a row' );
		self::assert_error( 'byok_envelope_malformed', byok_request( 'openai', '/models' ) );

		$backup = Test_Provider::key( 'openai' );
		self::save( 'openai', $backup, array( 'slot' => 'backup' ) );
		$this->assertSame( 200, $this->ask() );
		$this->assertSame( self::ends( $backup ), $this->ends_used() );
	}

	public function test_with_one_key_a_limit_is_no_rest(): void {
		$first = $this->save_spent( 'openai', 'rate-limited' );
		$this->assertSame( 429, $this->ask() );
		$this->assertSame( 429, $this->ask() );
		$this->assertNull( byok_key_info( 'openai' )['resume_at'] );
		$this->assertSame( self::ends( $first, $first ), $this->ends_used() );
	}

	public function test_a_slot_that_is_named_is_the_only_one_asked(): void {
		$this->save_spent( 'openai', 'rate-limited' );
		$backup = Test_Provider::key( 'openai' );
		self::save( 'openai', $backup, array( 'slot' => 'backup' ) );

		$this->assertSame( 429, $this->ask( array( 'slot' => 'default' ) ) );
		$this->assertSame( 200, $this->ask( array( 'slot' => 'backup' ) ) );
		self::assert_error( 'byok_key_absent', byok_request( 'openai', '/models', array( 'slot' => 'other' ) ) );
		self::assert_error( 'byok_slot_malformed', byok_request( 'openai', '/models', array( 'slot' => 'No label' ) ) );
		$this->assertSame( $backup, byok_get_key( 'openai', array( 'slot' => 'backup' ) ) );
		self::assert_error( 'byok_key_absent', byok_get_key( 'openai', array( 'slot' => 'other' ) ) );
	}

	public function test_a_row_moved_to_another_slot_does_not_open(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		self::plant( 'openai.backup', self::row( 'openai' ) );
		self::assert_error( 'byok_envelope_refused', byok_get_key( 'openai', array( 'slot' => 'backup' ) ) );
	}

	public function test_deleting_takes_one_slot_or_all(): void {
		foreach ( array( 'default', 'backup', 'third' ) as $slot ) {
			self::save( 'openai', Test_Provider::key( 'openai' ), array( 'slot' => $slot ) );
		}
		self::save( 'anthropic', Test_Provider::key() );

		$this->assertTrue( byok_delete_key( 'openai', array( 'slot' => 'default' ) ) );
		$info = byok_key_info( 'openai' );
		$this->assertSame( array( 'ready', 'backup', array( 'backup', 'third' ) ), array( $info['state'], $info['slot'], $info['slots'] ) );
		$this->assertTrue( byok_has_key( 'openai' ) );
		$this->assertSame( $info['hint'], Vault::all()['openai']['hint'], 'the card shows the leading one' );

		$this->assertTrue( byok_delete_key( 'openai' ) );
		$this->assertFalse( byok_has_key( 'openai' ) );
		$this->assertSame( array(), byok_key_info( 'openai' )['slots'] );
		$this->assertTrue( byok_has_key( 'anthropic' ) );
		self::assert_error( 'byok_slot_malformed', byok_delete_key( 'anthropic', array( 'slot' => '../x' ) ) );
	}

	/**
	 * @dataProvider labels
	 *
	 * @param mixed $slot  Label.
	 * @param bool  $taken Whether it is one.
	 */
	public function test_a_label_is_short_and_plain( $slot, bool $taken ): void {
		$this->assertSame( $taken, Place::is_slot( $slot ) );
		if ( ! $taken ) {
			self::assert_error( 'byok_slot_malformed', byok_save_key( 'openai', Test_Provider::key( 'openai' ), array( 'slot' => $slot ) ) );
			$this->assertSame( array(), byok_key_info( 'openai' )['slots'] );
		}
	}

	public function labels(): array {
		return array(
			'a letter'   => array( 'a', true ),
			'the most'   => array( str_repeat( 'a', 32 ), true ),
			'hyphen'     => array( 'team-2', true ),
			'too long'   => array( str_repeat( 'a', 33 ), false ),
			'empty'      => array( '', false ),
			'upper case' => array( 'Backup', false ),
			'a dot'      => array( 'a.b', false ),
			'a line'     => array( "a\n", false ),
			'a hyphen'   => array( '-a', false ),
			'a list'     => array( array( 'a' ), false ),
		);
	}

	public function test_members_have_several_too_and_their_export_and_erasure_know_all(): void {
		$user = self::user( 'editor' );
		foreach ( array( 'default', 'backup' ) as $slot ) {
			self::save( 'openai', Test_Provider::key( 'openai' ), array( 'slot' => $slot, 'owner' => "user:$user" ) );
		}
		$told = array();
		for ( $page = 1, $done = false; ! $done; $page++ ) {
			$step = Privacy::export( get_userdata( $user )->user_email, $page );
			$told = array_merge( $told, array_column( $step['data'], 'item_id' ) );
			$done = $step['done'];
		}
		$this->assertContains( 'byok-key-openai', $told );
		$this->assertContains( 'byok-key-openai.backup', $told );
		for ( $page = 1, $done = false; ! $done; $page++ ) {
			$done = Privacy::erase( get_userdata( $user )->user_email, $page )['done'];
		}
		$this->assertSame( array(), byok_key_info( 'openai', array( 'owner' => "user:$user" ) )['slots'] );
	}

	public function test_rest_saves_checks_tells_and_deletes_one_of_several(): void {
		$this->rest( 'POST', array( 'key' => Test_Provider::key( 'openai' ) ) );
		$saved = $this->rest( 'POST', array( 'key' => Test_Provider::key( 'openai' ), 'slot' => 'backup' ) );
		$this->assertSame( array( 'backup', array( 'default', 'backup' ) ), array( $saved['slot'], $saved['slots'] ) );
		$this->assertSame( $saved['hint'], $this->rest( 'GET', array( 'slot' => 'backup' ) )['hint'] );
		$this->assertNotSame( $saved['hint'], $this->rest( 'GET' )['hint'] );
		$this->assertSame( 'backup', $this->rest( 'POST', array( 'slot' => 'backup' ), '/check' )['slot'] );
		$this->assertSame( 'byok_slot_malformed', $this->rest( 'POST', array( 'key' => Test_Provider::key( 'openai' ), 'slot' => 'No' ) )['code'] );

		$left = $this->rest( 'DELETE', array( 'slot' => 'default' ) );
		$this->assertSame( array( 'ready', 'backup', true ), array( $left['state'], $left['slot'], $left['deleted'] ) );
		$this->assertSame( 'absent', $this->rest( 'DELETE' )['state'] );
	}

	public function test_the_card_shows_spare_keys_and_its_forms_are_about_one_of_them(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$hint = self::save( 'openai', Test_Provider::key( 'openai' ), array( 'slot' => 'spare-1' ) )['hint'];
		ob_start();
		Spare_Keys::render( Key_Screen::site(), Vault::all()['openai'] );
		$html = ob_get_clean();
		$this->assertStringContainsString( '1 spare key', $html );
		$this->assertStringContainsString( $hint, $html );
		$this->assertStringContainsString( '<input type="hidden" name="slot" value="spare-1">', $html );
		$this->assertStringContainsString( 'value="spare-2"', $html, 'a label that is free' );
	}

	public function test_rests_end_and_have_a_bound(): void {
		$this->assertSame( 1007, Key_Slots::resume_at( 'rate_limited', 7, 1000 ) );
		$this->assertSame( 1060, Key_Slots::resume_at( 'rate_limited', null, 1000 ) );
		$this->assertSame( 1001, Key_Slots::resume_at( 'rate_limited', -5, 1000 ) );
		$this->assertSame( 1000 + DAY_IN_SECONDS, Key_Slots::resume_at( 'rate_limited', PHP_INT_MAX, 1000 ) );
		$this->assertNull( Key_Slots::resume_at( 'valid', 60, 1000 ) );
		$this->assertNull( Key_Slots::resume_at( null, 60, 1000 ) );
		$this->assertNull( Key_Slots::resume_at( 'unknown', 60, 1000 ) );
	}

	public function test_rows_of_others_with_a_similar_name_are_not_slots(): void {
		self::save( 'openai-compatible', Test_Provider::key( 'openai-compatible' ), array( 'base_url' => getenv( 'BYOK_TEST_PROVIDER' ) . '/openai-compatible/v1' ) );
		$this->assertSame( array(), byok_key_info( 'openai' )['slots'] );
		$this->assertFalse( byok_has_key( 'openai' ) );
	}

	/**
	 * Asks the REST interface.
	 *
	 * @param string $method HTTP method.
	 * @param array  $params Parameters.
	 * @param string $tail   End of the path.
	 * @return array Data of the answer.
	 */
	private function rest( string $method, array $params = array(), string $tail = '' ): array {
		$request = new \WP_REST_Request( $method, '/byok/v1/keys/openai' . $tail );
		if ( 'POST' === $method ) {
			$request->set_body_params( $params );
		} else {
			$request->set_query_params( $params );
		}
		return (array) rest_do_request( $request )->get_data();
	}

	/**
	 * Saves a key that works, of which the provider then thinks otherwise.
	 *
	 * @param string $provider  Provider id.
	 * @param string $behaviour What the provider does with it.
	 * @param array  $args      Arguments of byok_save_key().
	 * @return string The key.
	 */
	private function save_spent( string $provider, string $behaviour, array $args = array() ): string {
		$key = Test_Provider::key( $provider, $behaviour );
		Test_Provider::answer_always( 'valid' );
		self::save( $provider, $key, $args );
		Test_Provider::answer_always();
		return $key;
	}

	/**
	 * Asks a model.
	 *
	 * @param array $args More arguments of byok_request().
	 * @return int Status.
	 */
	private function ask( array $args = array() ): int {
		$answer = byok_request( 'openai', '/chat/completions', $args + self::ASK );
		$this->assertIsArray( $answer );
		return wp_remote_retrieve_response_code( $answer );
	}

	/**
	 * Asks a model and listens.
	 *
	 * @param string $heard What came.
	 * @param int[]  $codes Statuses that came with it.
	 */
	private function listen( string &$heard, array &$codes ): void {
		$heard = '';
		$codes = array();
		byok_stream(
			'openai',
			'/chat/completions',
			self::ASK,
			static function ( string $bytes, array $head ) use ( &$heard, &$codes ) {
				$heard .= $bytes;
				$codes  = array_values( array_unique( array_merge( $codes, array( $head['status'] ) ) ) );
			}
		);
	}

	/**
	 * The ends of the keys that the provider got with questions in this test.
	 *
	 * @return string[]
	 */
	private function ends_used(): array {
		$keys = array();
		foreach ( array_slice( Test_Provider::requests(), $this->seen ) as $request ) {
			if ( 'POST' === $request['method'] ) {
				$keys[] = $request['key_end'];
			}
		}
		return $keys;
	}

	/**
	 * The ends of keys.
	 *
	 * @param string ...$keys Keys.
	 * @return string[]
	 */
	private static function ends( string ...$keys ): array {
		return array_map( static fn( string $key ) => substr( $key, -4 ), $keys );
	}

	/**
	 * Requests before the test's own.
	 *
	 * @var int
	 */
	private int $seen = 0;
}
