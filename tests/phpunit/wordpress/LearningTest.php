<?php
/**
 * Tests of what answers to requests, and not checks, tell of a key.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Recheck;

final class LearningTest extends Test_Case {

	public function test_a_refused_request_never_costs_the_key_that_is_not_proven_yet(): void {
		$old = Test_Provider::key( 'openai' );
		self::save( 'openai', $old );
		// A key of few permissions: saved, not proven, and the one before is kept.
		$new = Test_Provider::key( 'openai', 'restricted' );
		self::save( 'openai', $new );
		$this->assertNotSame( '', byok_key_info( 'openai' )['previous_hint'] );

		// A path for which no such key is good enough.
		Test_Provider::answer_always( 'invalid' );
		$this->assertSame( 401, wp_remote_retrieve_response_code( $this->post() ) );
		Test_Provider::answer_always();

		$info = byok_key_info( 'openai' );
		$this->assertSame( 'invalid', $info['outcome'], 'it is told' );
		$this->assertSame( $new, byok_get_key( 'openai' ), 'and stays' );
		$this->assertNotSame( '', $info['previous_hint'], 'with the one before' );
		// A check, which asks where only the key decides, puts it right.
		$this->assertIsInt( wp_next_scheduled( Recheck::HOOK, array( 'openai', 'site' ) ) );
		do_action( Recheck::HOOK, 'openai', 'site' );
		$this->assertSame( 'restricted', byok_key_info( 'openai' )['outcome'] );
	}

	public function test_an_answered_request_does_not_drop_the_key_before(): void {
		$old = Test_Provider::key( 'openai' );
		self::save( 'openai', $old );
		Test_Provider::answer_always( 'rate-limited' );
		$mistyped = Test_Provider::key( 'openai', 'invalid' );
		self::save( 'openai', $mistyped );
		// A service that answers anyone.
		Test_Provider::answer_always( 'valid' );
		$this->assertSame( 200, wp_remote_retrieve_response_code( $this->post() ) );
		$this->assertNotSame( '', byok_key_info( 'openai' )['previous_hint'] );

		Test_Provider::answer_always();
		do_action( Recheck::HOOK, 'openai', 'site' );
		$this->assertSame( $old, byok_get_key( 'openai' ), 'the check has put it back' );
	}

	public function test_what_anyone_may_read_proves_nothing(): void {
		Test_Provider::answer_always( 'rate-limited' );
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		Test_Provider::answer_always();
		$this->assertSame( 200, wp_remote_retrieve_response_code( byok_request( 'openai', '/models' ) ) );
		$this->assertSame( 'rate_limited', byok_key_info( 'openai' )['outcome'] );
		$this->assertSame( 200, wp_remote_retrieve_response_code( $this->post() ) );
		$this->assertSame( 'valid', byok_key_info( 'openai' )['outcome'] );
	}

	public function test_a_service_that_asks_anyone_for_credit_proves_nothing(): void {
		self::save( 'openai-compatible', Test_Provider::key(), array( 'base_url' => getenv( 'BYOK_TEST_PROVIDER' ) . '/openai-compatible/v1' ) );
		Test_Provider::answer_always( 'no-credit' );
		$this->assertSame( 402, wp_remote_retrieve_response_code( byok_request( 'openai-compatible', '/chat/completions', array( 'json' => array() ) ) ) );
		$info = byok_key_info( 'openai-compatible' );
		$this->assertSame( array( 'no_credit', 'reachable' ), array( $info['outcome'], $info['proof'] ) );
		$this->assertStringNotContainsString( 'The key is right', $info['message'] );
	}

	/**
	 * Asks a model.
	 *
	 * @return array The answer.
	 */
	private function post(): array {
		$answer = byok_request( 'openai', '/chat/completions', array( 'json' => array( 'model' => 'gpt-test', 'messages' => array() ) ) );
		$this->assertIsArray( $answer );
		return $answer;
	}
}
