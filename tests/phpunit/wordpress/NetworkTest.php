<?php
/**
 * Tests of what leaves the server when a key is saved.
 *
 * @package byok
 */

namespace Byok\Tests;

final class NetworkTest extends Test_Case {

	/**
	 * @dataProvider providers
	 *
	 * @param string $provider Provider id.
	 */
	public function test_a_key_travels_in_a_header_and_never_in_a_url( string $provider ): void {
		$before = count( Test_Provider::requests() );
		self::save( $provider, Test_Provider::key( $provider ) );

		$requests = array_slice( Test_Provider::requests(), $before );
		$this->assertCount( 1, $requests, 'one request for one save' );
		$this->assertSame( 'header', $requests[0]['key_in'] );
		$this->assertStringStartsWith( "/$provider/", $requests[0]['path'] );
	}

	public function providers(): array {
		return array(
			'google'    => array( 'google' ),
			'anthropic' => array( 'anthropic' ),
			'openai'    => array( 'openai' ),
		);
	}

	public function test_a_google_key_is_in_google_s_own_header(): void {
		$before = count( Test_Provider::requests() );
		self::save( 'google', Test_Provider::key( 'google' ) );
		$headers = Test_Provider::requests()[ $before ]['headers'];
		$this->assertContains( 'x-goog-api-key', $headers );
		$this->assertNotContains( 'authorization', $headers );
	}

	public function test_a_redirect_to_another_host_is_not_followed(): void {
		$key   = Test_Provider::key( 'anthropic', 'redirect' );
		$saved = self::save( 'anthropic', $key );
		$this->assertSame( 'unknown', $saved['outcome'] );
		$this->assertSame( 'redirect', $saved['checked']['reason'] );
		$this->assertSame( 0, Test_Provider::trapped(), 'the other host was contacted' );
	}

	public function test_reading_asks_nobody(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$before = count( Test_Provider::requests() );
		byok_get_key( 'anthropic' );
		byok_has_key( 'anthropic' );
		byok_key_info( 'anthropic' );
		\Byok\Vault::all();
		$this->assertCount( $before, Test_Provider::requests() );
	}

	public function test_nothing_goes_through_wordpress_own_http_client(): void {
		$seen = array();
		add_filter(
			'pre_http_request',
			static function ( $answer, $args, $url ) use ( &$seen ) {
				$seen[] = $url;
				return $answer;
			},
			10,
			3
		);
		self::save( 'anthropic', Test_Provider::key() );
		$this->assertSame( array(), $seen );
	}
}
