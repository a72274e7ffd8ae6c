<?php
/**
 * Tests of webhooks.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Guest_Eraser;
use Byok\Key_Store;
use Byok\Owner;
use Byok\Visitors;
use Byok\Webhook_Endpoint;
use Byok\Webhook_Endpoints;
use Byok\Webhook_Sender;
use Byok\Webhook_Signature;
use Byok\Webhook_Table;
use WP_REST_Request;

final class WebhookTest extends Test_Case {

	protected function tearDown(): void {
		wp_unschedule_hook( Webhook_Sender::HOOK );
		wp_unschedule_hook( Visitors::HOOK );
		parent::tearDown();
	}

	/**
	 * @dataProvider vectors
	 *
	 * @param array $case Case of tests/vectors/webhook.json.
	 */
	public function test_signatures_are_judged_as_the_vectors_say( array $case ): void {
		$this->assertSame( $case['valid'], Webhook_Signature::verify( $case['body'], $case['header'], $case['secret'], $case['tolerance'], $case['now'] ) );
	}

	public function vectors(): array {
		$cases = json_decode( file_get_contents( dirname( __DIR__, 2 ) . '/vectors/webhook.json' ), true, 8, JSON_THROW_ON_ERROR )['cases'];
		return array_combine( array_column( $cases, 'name' ), array_map( static fn( array $case ) => array( $case ), $cases ) );
	}

	public function test_the_window_is_five_minutes_from_now(): void {
		$header = static fn( int $time ) => "t=$time,v1=" . hash_hmac( 'sha256', "$time.x", 'byok-test-secret' );
		$this->assertTrue( byok_verify_webhook( 'x', $header( time() ), 'byok-test-secret' ) );
		$this->assertTrue( byok_verify_webhook( 'x', $header( time() - 290 ), 'byok-test-secret' ) );
		$this->assertFalse( byok_verify_webhook( 'x', $header( time() - 310 ), 'byok-test-secret' ) );
		$this->assertFalse( byok_verify_webhook( 'x', $header( time() + 310 ), 'byok-test-secret' ) );
		$this->assertTrue( byok_verify_webhook( 'x', $header( time() - 310 ), 'byok-test-secret', 600 ) );
		$this->assertFalse( byok_verify_webhook( 'x', str_repeat( 'a=b,', 1000 ) . $header( time() ), 'byok-test-secret' ) );
	}

	public function test_an_endpoint_is_told_with_a_signature_of_its_secret(): void {
		$made = $this->endpoint();
		$key  = Test_Provider::key();
		self::save( 'anthropic', $key );
		$body = $this->waiting()[0]->body;
		self::assert_no_key( $key, $body );
		$this->assertStringNotContainsString( substr( $key, -4 ), $body, 'nor a hint' );
		$this->assertSame( array( 'provider' => 'anthropic', 'owner' => 'site', 'slot' => 'default', 'state' => 'ready', 'outcome' => 'valid' ), $this->sorted( json_decode( $body, true )['data'] ) );

		$before = count( Test_Provider::requests() );
		$row    = Webhook_Endpoints::secret( $made['endpoint'] );
		$this->assertSame( $made['secret'], byok_decrypt( $row->envelope, $made['endpoint']->place()->context( $row->origin ) ) );
		$signed = $made['endpoint']->sign( $row, $body, time() );
		do_action( Webhook_Sender::HOOK );
		$sent = array_slice( Test_Provider::requests(), $before );
		$this->assertCount( 1, $sent );
		$this->assertSame( array( 'POST', '/openai-compatible/v1/chat/completions' ), array( $sent[0]['method'], $sent[0]['path'] ) );
		foreach ( array( 'byok-event-id', 'byok-signature', 'content-type' ) as $header ) {
			$this->assertContains( $header, $sent[0]['headers'] );
		}
		$this->assertNotContains( 'authorization', $sent[0]['headers'] );
		$this->assertTrue( byok_verify_webhook( $body, $signed, $made['secret'] ) );
		$this->assertFalse( byok_verify_webhook( $body, $signed, 'byok_whsec_other' ) );

		$log = Webhook_Table::log();
		$this->assertSame( array( 'key.connected', 1, 200, null, null ), array( $log[0]['type'], $log[0]['attempts'], $log[0]['status'], $log[0]['reason'], $log[0]['next_at'] ) );
		do_action( Webhook_Sender::HOOK );
		$this->assertCount( $before + 1, Test_Provider::requests(), 'once' );
	}

	public function test_each_event_is_told_when_it_happens(): void {
		$this->endpoint();
		self::save( 'anthropic', Test_Provider::key() );
		$this->assertSame( array( 'key.connected' ), $this->told() );
		byok_save_key( 'anthropic', Test_Provider::key( 'anthropic', 'invalid' ) );
		$this->assertSame( array( 'key.validation_failed' ), $this->told() );
		byok_check( 'anthropic' );
		$this->assertSame( array(), $this->told() );

		Test_Provider::answer_always( 'outage' );
		byok_check( 'anthropic' );
		$this->assertSame( array(), $this->told(), 'an outage is no refusal' );
		Test_Provider::answer_always( 'invalid' );
		byok_check( 'anthropic' );
		$this->assertSame( array( 'key.validation_failed', 'key.disabled' ), $this->told() );
		byok_check( 'anthropic' );
		$this->assertSame( array( 'key.validation_failed' ), $this->told(), 'it was out of use before' );

		Test_Provider::answer_always();
		byok_check( 'anthropic' );
		$this->told();
		Test_Provider::answer_always( 'invalid' );
		byok_request( 'anthropic', '/messages', array( 'json' => array() ) );
		$this->assertSame( array( 'key.disabled' ), $this->told(), 'a request is no check' );
		byok_delete_key( 'anthropic' );
		$this->assertSame( array( 'key.revoked' ), $this->told() );
	}

	public function test_a_key_that_was_put_back_is_not_out_of_use(): void {
		self::save( 'anthropic', Test_Provider::key() );
		Test_Provider::answer_always( 'outage' );
		self::save( 'anthropic', Test_Provider::key( 'anthropic', 'invalid' ) );
		Test_Provider::answer_always();
		$this->endpoint();
		$this->assertTrue( byok_check( 'anthropic' )['restored'] );
		$this->assertSame( array( 'key.validation_failed' ), $this->told() );
	}

	public function test_endpoints_are_told_of_what_they_ask_for(): void {
		$one = $this->endpoint( array( 'key.revoked' ) );
		$all = $this->endpoint();
		self::save( 'anthropic', Test_Provider::key() );
		$this->assertSame( array( $all['endpoint']->id ), array_column( $this->waiting(), 'endpoint' ) );
		byok_delete_key( 'anthropic' );
		$rows = array_values( array_filter( $this->waiting(), static fn( $row ) => 'key.revoked' === $row->type ) );
		$this->assertEqualsCanonicalizing( array( $one['endpoint']->id, $all['endpoint']->id ), array_column( $rows, 'endpoint' ) );
		$this->assertSame( $rows[0]->event, $rows[1]->event, 'one event' );
		$this->assertMatchesRegularExpression( '/\Aevt_[a-z2-7]{24}\z/', $rows[0]->event );
	}

	public function test_what_is_not_taken_is_tried_later_and_later_and_then_given_up(): void {
		global $wpdb;
		$this->endpoint();
		self::save( 'anthropic', Test_Provider::key() );
		$event = $this->waiting()[0]->event;
		Test_Provider::answer_always( 'outage' );
		$waits = array();
		for ( $try = 1; $try <= 8; $try++ ) {
			$now = time();
			Webhook_Sender::run();
			$log = Webhook_Table::log()[0];
			$this->assertSame( array( $event, $try ), array( $log['event'], $log['attempts'] ) );
			$this->assertGreaterThanOrEqual( 500, $log['status'] );
			$waits[] = null === $log['next_at'] ? null : (int) round( ( $log['next_at'] - $now ) / 60 );
			$wpdb->query( 'UPDATE ' . Webhook_Table::name() . ' SET next_at = 1 WHERE next_at > 0' );
		}
		$this->assertSame( array( 1, 5, 30, 120, 360, 720, 1440, null ), $waits );
		$this->assertSame( array(), $this->waiting() );
		$this->assertSame( '', (string) $wpdb->get_var( 'SELECT body FROM ' . Webhook_Table::name() ) );
	}

	public function test_a_run_is_planned_for_when_something_is_due(): void {
		$this->endpoint();
		$this->assertFalse( wp_next_scheduled( Webhook_Sender::HOOK ) );
		Test_Provider::answer_always( 'outage' );
		self::save( 'anthropic', Test_Provider::key() );
		$this->assertEqualsWithDelta( time(), wp_next_scheduled( Webhook_Sender::HOOK ), 2 );
		wp_unschedule_hook( Webhook_Sender::HOOK );
		Webhook_Sender::run();
		$this->assertEqualsWithDelta( time() + MINUTE_IN_SECONDS, wp_next_scheduled( Webhook_Sender::HOOK ), 2 );
		self::save( 'openai', Test_Provider::key( 'openai', 'outage' ) );
		$this->assertEqualsWithDelta( time(), wp_next_scheduled( Webhook_Sender::HOOK ), 2, 'sooner' );
		$this->assertCount( 1, array_filter( (array) _get_cron_array(), static fn( $hooks ) => isset( $hooks[ Webhook_Sender::HOOK ] ) ) );
	}

	public function test_two_processes_do_not_send_the_same(): void {
		$this->endpoint();
		self::save( 'anthropic', Test_Provider::key() );
		$theirs = null;
		self::before_query(
			'UPDATE `' . Webhook_Table::name(),
			static function () use ( &$theirs ): void {
				$theirs = Webhook_Table::claim();
			}
		);
		$this->assertNull( Webhook_Table::claim() );
		$this->assertIsObject( $theirs );
		$this->assertNull( Webhook_Table::claim(), 'nor a moment later' );
	}

	/**
	 * @dataProvider addresses_that_are_refused
	 *
	 * @param string $code Code.
	 * @param mixed  $url  Address.
	 */
	public function test_an_endpoint_is_on_the_internet_and_over_tls( string $code, $url ): void {
		self::assert_error( $code, Webhook_Endpoints::make( $url, array() ) );
		$this->assertSame( array(), Webhook_Endpoints::all() );
		$this->assertSame( array(), Key_Store::read_all( Owner::site() ) );
	}

	public function addresses_that_are_refused(): array {
		return array(
			'no TLS'           => array( 'byok_base_url_not_https', 'http://example.org/hook' ),
			'this server'      => array( 'byok_address_refused', 'https://127.0.0.1/hook' ),
			'metadata'         => array( 'byok_address_refused', 'https://169.254.169.254/latest' ),
			'private'          => array( 'byok_address_refused', 'https://10.0.0.5/hook' ),
			'any address'      => array( 'byok_address_refused', 'https://[::]/hook' ),
			'mapped'           => array( 'byok_address_refused', 'https://[::ffff:127.0.0.1]/hook' ),
			'a number'         => array( 'byok_address_refused', 'https://2130706433/hook' ),
			'NAT64'            => array( 'byok_address_refused', 'https://[64:ff9b::7f00:1]/hook' ),
			'a user name'      => array( 'byok_base_url_malformed', 'https://user:pass@example.org/hook' ),
			'a fragment'       => array( 'byok_webhook_malformed', 'https://example.org/#x' ),
			'a backslash'      => array( 'byok_webhook_malformed', 'https://example.org\\@evil.example/' ),
			'another scheme'   => array( 'byok_webhook_malformed', 'file:///etc/passwd' ),
			'no address'       => array( 'byok_webhook_malformed', 'hook' ),
			'markup'           => array( 'byok_webhook_malformed', 'https://example.org/"><script>' ),
			'a line feed'      => array( 'byok_webhook_malformed', "https://example.org/\nX: y" ),
			'too long'         => array( 'byok_webhook_malformed', 'https://example.org/' . str_repeat( 'a', 2000 ) ),
			'something else'   => array( 'byok_webhook_malformed', array( 'x' ) ),
		);
	}

	public function test_a_name_that_leads_to_a_private_address_gets_nothing(): void {
		// A name of this machine, as /etc/hosts has it.
		$name = gethostname();
		$this->assertNotSame( $name, gethostbyname( $name ), 'this machine has a name' );
		$made = Webhook_Endpoints::make( "https://$name/hook", array() );
		$told = is_wp_error( $made ) ? array( 'status' => 0, 'reason' => substr( $made->get_error_code(), 5 ) ) : Webhook_Sender::test( $made['endpoint']->id );
		$this->assertSame( array( 'status' => 0, 'reason' => 'address_refused' ), $told );
	}

	public function test_an_endpoint_that_is_edited_in_the_database_gets_nothing(): void {
		$made   = $this->endpoint();
		$fields = $made['endpoint']->to_array();
		$this->assertSame( 200, Webhook_Sender::test( $made['endpoint']->id )['status'] );
		update_option( Webhook_Endpoints::PREFIX . $fields['id'], wp_json_encode( array( 'url' => $this->address( 'other' ) ) + $fields ) );
		$before = count( Test_Provider::requests() );
		$this->assertSame( array( 'status' => 0, 'reason' => 'envelope_refused' ), Webhook_Sender::test( $fields['id'] ) );
		self::save( 'anthropic', Test_Provider::key() );
		$before = count( Test_Provider::requests() );
		Webhook_Sender::run();
		$this->assertCount( $before, Test_Provider::requests() );
		$this->assertSame( 'envelope_refused', Webhook_Table::log()[0]['reason'] );
	}

	public function test_a_secret_is_shown_once_kept_encrypted_and_moved_with_the_keys(): void {
		global $wpdb;
		$made = $this->rest( 'POST', '', array( 'url' => $this->address() ) );
		$this->assertSame( 201, $made->get_status() );
		$secret = $made->get_data()['secret'];
		$this->assertMatchesRegularExpression( '/\Abyok_whsec_[\w-]{43}\z/', $secret );
		self::assert_no_key( $secret, print_r( $wpdb->get_results( "SELECT * FROM $wpdb->options", ARRAY_A ), true ), 'the database' );
		self::assert_no_key( $secret, serialize( $this->rest( 'GET', '' )->get_data() ), 'the list' );
		$this->assertStringNotContainsString( substr( $secret, 12, 20 ), byok_redact( "x $secret y" ), 'a log' );

		$id   = $made->get_data()['id'];
		$code = <<<'PHP'
			$before = Byok\Webhook_Sender::test( $id );
			$moved  = Byok\Reencryption::step( 30.0, $previous )['moved'];
			$after  = Byok\Webhook_Sender::test( $id );
			$place  = Byok\Webhook_Endpoints::one( $id )->place();
			$row    = Byok\Webhook_Endpoints::secret( Byok\Webhook_Endpoints::one( $id ) );
			return array( $before['reason'], $moved, $after['status'], $secret === byok_decrypt( $row->envelope, $place->context( $row->origin ) ) );
		PHP;
		$seen = Site::run( $code, array( 'salts' => 'changed', 'given' => array( 'id' => $id, 'secret' => $secret, 'previous' => array( 'auth_key' => AUTH_KEY, 'auth_salt' => AUTH_SALT ) ) ) )['result'];
		$this->assertSame( array( 'envelope_unknown_key', 1, 200, true ), $seen );
	}

	public function test_a_server_that_gives_out_no_keys_signs_all_the_same(): void {
		$made = $this->endpoint();
		$code = '$endpoint = Byok\Webhook_Endpoints::one( $id );
			$signed = $endpoint->sign( Byok\Webhook_Endpoints::secret( $endpoint ), "x", time() );
			return array( byok_key_source()["reveal"], byok_verify_webhook( "x", $signed, $secret ), Byok\Webhook_Sender::test( $id )["status"] );';
		$seen = Site::run( $code, array( 'ini' => array( 'byok.allow_reveal' => '0' ), 'given' => array( 'id' => $made['endpoint']->id, 'secret' => $made['secret'] ) ) )['result'];
		$this->assertSame( array( false, true, 200 ), $seen );
	}

	public function test_a_secret_is_no_key_of_a_provider(): void {
		$made = $this->endpoint();
		$this->assertArrayNotHasKey( Webhook_Endpoint::PLACE . $made['endpoint']->id, \Byok\Vault::all() );
		self::assert_error( 'byok_provider_unknown', byok_get_key( Webhook_Endpoint::PLACE . $made['endpoint']->id ) );
		$listed = Site::run( 'return array_keys( Byok\Providers::all() );', array( 'extension' => false ) )['result'];
		$this->assertSame( array(), $listed );
	}

	public function test_only_the_last_deliveries_are_kept_and_none_that_waits_is_lost(): void {
		global $wpdb;
		$id = $this->endpoint()['endpoint']->id;
		for ( $i = 0; $i < 230; $i++ ) {
			Webhook_Table::add( $id, "evt_$i", 'key.revoked', 'site', '{}' );
		}
		$wpdb->query( 'UPDATE ' . Webhook_Table::name() . " SET next_at = 0 WHERE event NOT IN ( 'evt_0', 'evt_5' )" );
		$wpdb->query( 'UPDATE ' . Webhook_Table::name() . ' SET next_at = ' . ( time() + 500 ) . ' WHERE next_at > 0' );
		Webhook_Sender::run();
		$left = $wpdb->get_col( 'SELECT event FROM ' . Webhook_Table::name() . ' ORDER BY id' );
		$this->assertSame( array( 202, 'evt_0', 'evt_5', 'evt_30', 'evt_229' ), array( count( $left ), $left[0], $left[1], $left[2], end( $left ) ) );
		$this->assertCount( 200, $this->rest( 'GET', '/log' )->get_data() );
	}

	public function test_a_removed_endpoint_leaves_nothing(): void {
		global $wpdb;
		$id = $this->endpoint()['endpoint']->id;
		self::save( 'anthropic', Test_Provider::key() );
		$this->assertSame( array( 'deleted' => true ), $this->rest( 'DELETE', "/$id" )->get_data() );
		$this->assertSame( 'byok_webhook_unknown', $this->rest( 'DELETE', "/$id" )->get_data()['code'] );
		$this->assertSame( array(), Webhook_Table::log() );
		$this->assertSame( array(), $wpdb->get_col( "SELECT option_name FROM $wpdb->options WHERE option_name LIKE '%webhook%' AND option_name <> '" . Webhook_Table::OPTION . "'" ) );

		// One that goes away while something waits for it.
		Webhook_Table::add( $id, 'evt_x', 'key.revoked', 'site', '{}' );
		Webhook_Sender::run();
		$this->assertSame( array( 'webhook_unknown', null ), array( Webhook_Table::log()[0]['reason'], Webhook_Table::log()[0]['next_at'] ) );
	}

	public function test_a_guest_who_is_erased_is_in_no_event_but_the_last(): void {
		$this->endpoint();
		$visitor = Visitors::register();
		self::save( 'anthropic', Test_Provider::key(), array( 'owner' => $visitor['owner']->word() ) );
		byok_save_key( 'openai', Test_Provider::key( 'openai', 'invalid' ), array( 'owner' => $visitor['owner']->word() ) );
		$this->assertCount( 2, $this->waiting() );
		Guest_Eraser::erase( $visitor['owner'] );
		$this->assertSame( array( 'key.revoked' ), array_column( $this->waiting(), 'type' ) );
		Webhook_Sender::run();
		$this->assertStringNotContainsString( $visitor['owner']->id, print_r( $GLOBALS['wpdb']->get_results( 'SELECT * FROM ' . Webhook_Table::name() ), true ) );
	}

	/**
	 * @dataProvider people
	 *
	 * @param string $role Role; empty for nobody.
	 */
	public function test_nobody_else_manages_webhooks( string $role ): void {
		$id = $this->endpoint()['endpoint']->id;
		wp_set_current_user( '' === $role ? 0 : self::user( $role ) );
		foreach ( array( array( 'GET', '' ), array( 'POST', '' ), array( 'GET', '/log' ), array( 'DELETE', "/$id" ), array( 'DELETE', '/aaaaaaaa' ), array( 'POST', "/$id/test" ) ) as list( $method, $path ) ) {
			$answer = $this->rest( $method, $path, array( 'url' => $this->address() ) );
			$this->assertSame( array( '' === $role ? 401 : 403, 'byok_forbidden' ), array( $answer->get_status(), $answer->get_data()['code'] ) );
		}
		$this->assertCount( 1, Webhook_Endpoints::all() );
	}

	public function people(): array {
		return array( array( '' ), array( 'subscriber' ), array( 'editor' ) );
	}

	public function test_there_is_a_limit_to_endpoints_and_unknown_events_are_refused(): void {
		$this->assertSame( 400, $this->rest( 'POST', '', array( 'url' => $this->address(), 'events' => array( 'key.read' ) ) )->get_status() );
		self::assert_error( 'byok_webhook_malformed', Webhook_Endpoints::make( $this->address(), array( 'key.read' ) ) );
		self::assert_error( 'byok_webhook_malformed', Webhook_Endpoints::make( $this->address(), array( array() ) ) );
		for ( $i = 0; $i < 20; $i++ ) {
			$this->endpoint();
		}
		self::assert_error( 'byok_webhook_many', Webhook_Endpoints::make( $this->address(), array() ) );
	}

	public function test_whoever_saves_a_key_does_not_wait_for_an_endpoint(): void {
		$this->endpoint();
		$before = count( Test_Provider::requests() );
		self::save( 'anthropic', Test_Provider::key() );
		$this->assertCount( $before + 1, Test_Provider::requests(), 'the check of the key alone' );

		// Nor is a save lost because of a database that does not take the event.
		self::before_query( 'INSERT INTO `' . Webhook_Table::name(), static fn() => 'INSERT INTO byok_test_no_such_table VALUES (1)' );
		$this->assertTrue( self::save( 'openai', Test_Provider::key( 'openai' ) )['saved'] );
	}

	public function test_a_redirect_is_not_followed_and_counts_as_not_taken(): void {
		$trapped = Test_Provider::trapped();
		$made    = $this->endpoint();
		Test_Provider::answer_always( 'redirect' );
		$told = Webhook_Sender::test( $made['endpoint']->id );
		Test_Provider::answer_always();
		$this->assertGreaterThanOrEqual( 300, $told['status'] );
		$this->assertLessThan( 400, $told['status'] );
		$this->assertSame( $trapped, Test_Provider::trapped() );
	}

	/**
	 * Makes an endpoint at the test provider.
	 *
	 * @param string[] $events Events.
	 * @return array See Webhook_Endpoints::make().
	 */
	private function endpoint( array $events = array() ): array {
		$made = Webhook_Endpoints::make( $this->address(), $events );
		$this->assertIsArray( $made, is_wp_error( $made ) ? $made->get_error_code() : '' );
		return $made;
	}

	/**
	 * An address at the test provider, which takes anything.
	 *
	 * @param string $path Path.
	 */
	private function address( string $path = 'chat/completions' ): string {
		return getenv( 'BYOK_TEST_PROVIDER' ) . "/openai-compatible/v1/$path";
	}

	/**
	 * What waits to be sent.
	 *
	 * @return object[]
	 */
	private function waiting(): array {
		global $wpdb;
		Webhook_Table::ensure();
		return $wpdb->get_results( 'SELECT * FROM ' . Webhook_Table::name() . ' WHERE next_at > 0 ORDER BY id' );
	}

	/**
	 * Types of events since the last call.
	 *
	 * @return string[]
	 */
	private function told(): array {
		$types = array_column( $this->waiting(), 'type' );
		$GLOBALS['wpdb']->query( 'DELETE FROM ' . Webhook_Table::name() );
		return $types;
	}

	/**
	 * Fields in the order of the documentation.
	 *
	 * @param array $data Fields.
	 */
	private function sorted( array $data ): array {
		return array_replace( array_flip( array( 'provider', 'owner', 'slot', 'state', 'outcome' ) ), $data );
	}

	/**
	 * Asks a route.
	 *
	 * @param string $method HTTP method.
	 * @param string $path   Path below webhooks.
	 * @param array  $params Parameters.
	 */
	private function rest( string $method, string $path, array $params = array() ): \WP_REST_Response {
		$request = new WP_REST_Request( $method, "/byok/v1/webhooks$path" );
		if ( 'POST' === $method ) {
			$request->set_header( 'Content-Type', 'application/json' );
			$request->set_body( wp_json_encode( $params ) );
		}
		return rest_do_request( $request );
	}
}
