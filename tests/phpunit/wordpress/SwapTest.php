<?php
/**
 * Tests of rows that were moved or edited in the database.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Place;
use Byok\Vault;

final class SwapTest extends Test_Case {

	public function test_the_row_of_one_provider_is_refused_as_another_s(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$row = self::row( 'openai' );

		foreach ( array( $row['origin'], get_providers_origin( 'groq' ) ) as $origin ) {
			self::plant( 'groq', array( 'origin' => $origin ) + $row );
			$this->assert_damaged( 'groq' );
		}
		$this->assertTrue( byok_has_key( 'openai' ) );
	}

	public function test_the_row_of_another_site_is_refused(): void {
		$this->assert_refused_when( array( 'blog' => '2' ) );
	}

	public function test_the_row_of_another_network_is_refused(): void {
		$this->assert_refused_when( array( 'network' => '2' ) );
	}

	public function test_the_row_of_a_user_is_refused_as_the_site_s_and_as_another_user_s(): void {
		$this->assert_refused_when( array( 'owner' => 'user:5' ) );

		$context  = array( 'owner' => 'user:5' ) + Place::of_site( 'anthropic' )->context( get_providers_origin( 'anthropic' ) );
		$envelope = byok_encrypt( Test_Provider::key(), $context );
		$this->expectException( \Byok\Exception\EnvelopeException::class );
		byok_decrypt( $envelope, array( 'owner' => 'user:6' ) + $context );
	}

	public function test_an_edited_base_url_is_refused_and_no_packet_leaves(): void {
		$base = getenv( 'BYOK_TEST_PROVIDER' ) . '/openai-compatible/v1';
		self::save( 'openai-compatible', Test_Provider::key( 'openai-compatible' ), array( 'base_url' => $base ) );
		$row  = self::row( 'openai-compatible' );
		$port = parse_url( $base, PHP_URL_PORT );

		// Another host of the same server: were the key sent there, the test provider would tell.
		$other = str_replace( '127.0.0.1', 'localhost', $base );
		foreach ( array( array( 'base_url' => $other ), array( 'base_url' => $other, 'origin' => "http://localhost:$port/openai-compatible/v1" ) ) as $edit ) {
			self::plant( 'openai-compatible', $edit + $row );
			$asked = count( Test_Provider::requests() );

			$this->assertNotContains( byok_key_info( 'openai-compatible' )['state'], array( 'ready', 'stale' ) );
			$this->assertWPError( byok_get_key( 'openai-compatible' ) );
			$this->assertWPError( Vault::check( 'openai-compatible' ) );
			$this->assertCount( $asked, Test_Provider::requests(), 'a request has left' );

			// The address of the attacker is not offered to the next key either.
			$this->assertSame( '', byok_key_info( 'openai-compatible' )['base_url'] );
			self::assert_error( 'byok_base_url_missing', byok_save_key( 'openai-compatible', Test_Provider::key( 'openai-compatible' ) ) );
		}
	}

	public function test_an_edited_path_of_a_base_url_is_refused_and_no_packet_leaves(): void {
		$base = getenv( 'BYOK_TEST_PROVIDER' ) . '/openai-compatible/v1';
		self::save( 'openai-compatible', Test_Provider::key( 'openai-compatible' ), array( 'base_url' => $base ) );
		$row = self::row( 'openai-compatible' );
		$this->assertStringEndsWith( '/openai-compatible/v1', $row['origin'] );

		// A gateway tells its customers apart by the path.
		$other = str_replace( '/v1', '/someone-else/v1', $base );
		foreach ( array( array( 'base_url' => $other ), array( 'base_url' => $other, 'origin' => byok_origin( 'openai-compatible', $other ) ) ) as $edit ) {
			self::plant( 'openai-compatible', $edit + $row );
			$this->assert_damaged( 'openai-compatible' );
			$this->assertSame( '', byok_key_info( 'openai-compatible' )['base_url'] );
			self::assert_error( 'byok_base_url_missing', byok_save_key( 'openai-compatible', Test_Provider::key( 'openai-compatible' ) ) );
		}
	}

	public function test_a_key_of_a_fixed_address_is_locked_while_the_server_names_another(): void {
		$key = Test_Provider::key();
		self::save( 'anthropic', $key );
		$raw = self::raw( 'anthropic' );

		// The row is as it was; only the test provider is gone from the server's settings.
		$seen = Site::run(
			'return array( byok_key_info( "anthropic" ), byok_get_key( "anthropic" )->get_error_code(), Byok\Vault::check( "anthropic" )->get_error_code() );',
			array( 'ini' => array( 'byok.test_provider' => '' ) )
		)['result'];
		$this->assertSame( array( 'locked', 'origin_changed' ), array( $seen[0]['state'], $seen[0]['reason'] ) );
		$this->assertStringContainsString( 'not lost', $seen[0]['message'] );
		$this->assertSame( array( 'byok_origin_changed', 'byok_origin_changed' ), array_slice( $seen, 1 ) );

		$this->assertSame( $raw, self::raw( 'anthropic' ) );
		$this->assertSame( $key, byok_get_key( 'anthropic' ), 'opens again when it is back' );
	}

	public function test_an_edited_base_url_is_refused_even_when_the_server_allows_that_address(): void {
		$base  = getenv( 'BYOK_TEST_PROVIDER' ) . '/openai-compatible/v1';
		$port  = parse_url( $base, PHP_URL_PORT );
		$other = str_replace( '127.0.0.1', 'localhost', $base );
		$ini   = array( 'ini' => array( 'byok.allow_hosts' => "localhost:$port" ) );
		$look  = 'return array( byok_key_info( "openai-compatible" )["state"], byok_get_key( "openai-compatible" )->get_error_code(), Byok\Vault::check( "openai-compatible" )->get_error_code() );';

		self::save( 'openai-compatible', Test_Provider::key( 'openai-compatible' ), array( 'base_url' => $base ) );
		$row   = self::row( 'openai-compatible' );
		$asked = count( Test_Provider::requests() );

		self::plant( 'openai-compatible', array( 'base_url' => $other ) + $row );
		$this->assertSame( array( 'damaged', 'byok_origin_changed', 'byok_origin_changed' ), Site::run( $look, $ini )['result'] );

		self::plant( 'openai-compatible', array( 'base_url' => $other, 'origin' => "http://localhost:$port/openai-compatible/v1" ) + $row );
		$this->assertSame( array( 'damaged', 'byok_envelope_refused', 'byok_envelope_refused' ), Site::run( $look, $ini )['result'] );

		$this->assertCount( $asked, Test_Provider::requests(), 'a request has left' );
		$this->assertSame( 'ready', Site::run( 'return byok_save_key( "openai-compatible", $key, array( "base_url" => $url ) )["state"];', $ini + array( 'given' => array( 'key' => Test_Provider::key( 'openai-compatible' ), 'url' => $other ) ) )['result'], 'the address itself is allowed' );
	}

	public function test_an_edited_origin_is_refused(): void {
		self::save( 'anthropic', Test_Provider::key() );
		self::plant( 'anthropic', array( 'origin' => 'https://example.org:443' ) + self::row( 'anthropic' ) );
		$this->assert_damaged( 'anthropic' );
	}

	public function test_an_older_row_of_the_same_place_opens(): void {
		// Not promised otherwise (docs/threat-model.md): nothing in the database tells which row is newest.
		$older = Test_Provider::key();
		self::save( 'anthropic', $older );
		$row = self::row( 'anthropic' );
		self::save( 'anthropic', Test_Provider::key() );
		self::plant( 'anthropic', $row );
		$this->assertSame( $older, byok_get_key( 'anthropic' ) );
	}

	public function test_the_rows_of_another_tenant_are_refused(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$raw  = self::raw( 'anthropic' );
		$code = 'return array( byok_key_info( "anthropic" )["state"], byok_key_info( "anthropic" )["reason"], byok_get_key( "anthropic" )->get_error_code() );';

		// A tenant that was changed concerns all rows, and they open again when it is put back.
		$other = Site::run( $code, array( 'ini' => array( 'byok.tenant' => 'another pool' ) ) );
		$this->assertSame( array( 'locked', 'tenant_changed', 'byok_envelope_refused' ), $other['result'] );

		// One row of another tenant was put there by someone.
		$there = Site::run( 'delete_option( "byok_canary" ); Byok\\Canary::settle(); ' . $code, array( 'ini' => array( 'byok.tenant' => 'another pool' ) ) );
		$this->assertSame( array( 'damaged', 'envelope_refused', 'byok_envelope_refused' ), $there['result'] );
		$this->assertSame( $raw, self::raw( 'anthropic' ) );
		$this->assertTrue( byok_has_key( 'anthropic' ) );
	}

	/**
	 * @dataProvider damaged_rows
	 *
	 * @param callable $damage Changes a row.
	 */
	public function test_a_damaged_row_is_told_kept_and_replaced( callable $damage ): void {
		self::save( 'anthropic', Test_Provider::key() );
		self::plant( 'anthropic', $damage( self::row( 'anthropic' ) ) );
		$this->assert_damaged( 'anthropic' );

		$new = Test_Provider::key();
		self::save( 'anthropic', $new );
		$this->assertSame( $new, byok_get_key( 'anthropic' ) );
	}

	public function damaged_rows(): array {
		$with = static fn( array $fields ) => static fn( array $row ) => $fields + $row;
		return array(
			'a plaintext key'        => array( static fn() => Test_Provider::key() ),
			'a number'               => array( static fn() => 17 ),
			'an empty text'          => array( static fn() => '' ),
			'an empty array'         => array( static fn() => array() ),
			'an object'              => array( static fn() => new \stdClass() ),
			'a plaintext envelope'   => array( static fn( $row ) => array( 'envelope' => Test_Provider::key() ) + $row ),
			'a list as envelope'     => array( $with( array( 'envelope' => array( 'byok1' ) ) ) ),
			'another format'         => array( static fn( $row ) => array( 'envelope' => str_replace( 'byok1.', 'byok01.', $row['envelope'] ) ) + $row ),
			'a changed last letter'  => array( static fn( $row ) => array( 'envelope' => substr( $row['envelope'], 0, -8 ) . strrev( substr( $row['envelope'], -8, 4 ) ) . substr( $row['envelope'], -4 ) . 'AAAA' ) + $row ),
			'a cut envelope'         => array( static fn( $row ) => array( 'envelope' => substr( $row['envelope'], 0, -20 ) ) + $row ),
			'an added line break'    => array( static fn( $row ) => array( 'envelope' => $row['envelope'] . "\n" ) + $row ),
			'no envelope'            => array( $with( array( 'envelope' => null ) ) ),
			'an outcome not of ours' => array( $with( array( 'outcome' => '<script>alert(1)</script>' ) ) ),
			'a text as time'         => array( $with( array( 'saved_at' => 'now' ) ) ),
			'a number as text'       => array( static fn( $row ) => array( 'saved_at' => (string) $row['saved_at'] ) + $row ),
			'a broken text'          => array( static fn( $row ) => substr( serialize( array( wp_json_encode( $row ) ) ), 0, -1 ) ),
			'broken JSON'            => array( static fn( $row ) => serialize( array( substr( wp_json_encode( $row ), 0, -1 ) ) ) ),
			'another length'         => array( static fn( $row ) => preg_replace( '/s:\d+/', 's:1', serialize( array( wp_json_encode( $row ) ) ) ) ),
			'JSON alone'             => array( static fn( $row ) => wp_json_encode( $row ) ),
			'a serialized row'       => array( static fn( $row ) => serialize( $row ) ),
			'a proof not of ours'    => array( $with( array( 'proof' => 'trust me' ) ) ),
			'a text as previous key' => array( $with( array( 'previous' => 'byok1.x' ) ) ),
			'half a previous key'    => array( $with( array( 'previous' => array( 'envelope' => 'byok1.x' ) ) ) ),
			'version 0'              => array( $with( array( 'version' => 0 ) ) ),
		);
	}

	/**
	 * @dataProvider newer_rows
	 *
	 * @param callable $change Changes a row.
	 */
	public function test_a_row_of_a_newer_version_is_locked_and_kept( callable $change ): void {
		self::save( 'anthropic', Test_Provider::key() );
		self::plant( 'anthropic', $change( self::row( 'anthropic' ) ) );
		$raw = self::raw( 'anthropic' );

		$this->assertSame( 'locked', byok_key_info( 'anthropic' )['state'] );
		self::assert_error( 'byok_envelope_unsupported_version', byok_get_key( 'anthropic' ) );
		self::assert_error( 'byok_envelope_unsupported_version', Vault::check( 'anthropic' ) );
		$this->assertSame( $raw, self::raw( 'anthropic' ) );
	}

	public function newer_rows(): array {
		return array(
			'nested deeper'   => array( static fn( $row ) => array( 'version' => 2, 'previous' => array( array( array( 'x' ) ) ) ) + $row ),
			'of the row'      => array( static fn( $row ) => array( 'version' => 2 ) + $row ),
			'of the envelope' => array( static fn( $row ) => array( 'envelope' => str_replace( 'byok1.', 'byok2.', $row['envelope'] ) ) + $row ),
		);
	}

	/**
	 * Requires that a key of another place is refused on this site.
	 *
	 * @param array $elsewhere What differs in its context.
	 */
	private function assert_refused_when( array $elsewhere ): void {
		self::save( 'anthropic', Test_Provider::key() );
		$row      = self::row( 'anthropic' );
		$context  = Place::of_site( 'anthropic' )->context( $row['origin'] );
		$envelope = byok_encrypt( Test_Provider::key(), $elsewhere + $context );
		$this->assertIsString( byok_decrypt( $envelope, $elsewhere + $context ), 'it opens in its own place' );

		self::plant( 'anthropic', array( 'envelope' => $envelope ) + $row );
		$this->assert_damaged( 'anthropic' );
	}

	/**
	 * Requires that a row is told to be damaged, opened by nothing and changed by no reading.
	 *
	 * @param string $provider Provider id.
	 */
	private function assert_damaged( string $provider ): void {
		$raw   = self::raw( $provider );
		$asked = count( Test_Provider::requests() );

		$info = byok_key_info( $provider );
		$this->assertSame( 'damaged', $info['state'] );
		$this->assertStringContainsString( 'changed outside byok', $info['message'] );
		$this->assertFalse( byok_has_key( $provider ) );
		$this->assertWPError( byok_get_key( $provider ) );
		$this->assertWPError( Vault::check( $provider ) );
		$this->assertSame( $raw, self::raw( $provider ) );
		$this->assertCount( $asked, Test_Provider::requests(), 'a request has left' );
	}

	/**
	 * Requires an error of ours.
	 *
	 * @param mixed $result What a function returned.
	 */
	private function assertWPError( $result ): void {
		$this->assertInstanceOf( \WP_Error::class, $result );
		$this->assertStringStartsWith( 'byok_', $result->get_error_code() );
	}
}

/**
 * The origin of a provider.
 *
 * @param string $provider Provider id.
 */
function get_providers_origin( string $provider ): string {
	return byok_origin( $provider );
}
