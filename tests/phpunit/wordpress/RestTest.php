<?php
/**
 * Tests of the REST routes, over HTTP.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Key_Row;
use Byok\Key_Screen;

final class RestTest extends Test_Case {

	/**
	 * Every route with its method.
	 */
	private const ROUTES = array(
		array( 'GET', '/byok/v1/status' ),
		array( 'GET', '/byok/v1/keys' ),
		array( 'GET', '/byok/v1/keys/%s' ),
		array( 'PUT', '/byok/v1/keys/%s' ),
		array( 'POST', '/byok/v1/keys/%s' ),
		array( 'PATCH', '/byok/v1/keys/%s' ),
		array( 'DELETE', '/byok/v1/keys/%s' ),
		array( 'POST', '/byok/v1/keys/%s/check' ),
	);

	public function test_strangers_are_refused_without_a_hint_of_what_exists(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$raw = self::raw( 'anthropic' );

		$people = array(
			401 => new Browser(),
			403 => new Browser( self::user( 'editor' ) ),
		);
		$people['subscriber'] = new Browser( self::user( 'subscriber' ) );

		foreach ( $people as $status => $browser ) {
			foreach ( self::ROUTES as list( $method, $route ) ) {
				$answers = array();
				foreach ( array( 'anthropic', 'openai', 'nobody', 'ANTHROPIC' ) as $provider ) {
					$answer = $browser->rest( $method, sprintf( $route, $provider ), 'GET' === $method ? null : array( 'key' => Test_Provider::key() ) );
					$this->assertSame( 'subscriber' === $status ? 403 : $status, $answer['status'], "$method $route" );
					$answers[] = $answer['body'];
				}
				$this->assertCount( 1, array_unique( $answers ), "$method $route tells providers apart" );
			}
		}
		$this->assertSame( $raw, self::raw( 'anthropic' ) );
		$this->assertNull( self::raw( 'openai' ) );
	}

	public function test_strangers_get_no_validation_errors(): void {
		$answer = ( new Browser() )->rest( 'PUT', '/byok/v1/keys/anthropic', array() );
		$this->assertSame( 401, $answer['status'] );
	}

	public function test_a_capability_of_the_site_s_choice_decides(): void {
		$seen = array();
		foreach ( array( 'edit_posts', '', null, 'do_not_allow' ) as $capability ) {
			$filter = static fn() => $capability;
			add_filter( 'byok_capability', $filter );
			foreach ( array( 'editor' => self::user( 'editor' ), 'admin' => self::admin() ) as $who => $user ) {
				wp_set_current_user( $user );
				$seen[ var_export( $capability, true ) ][ $who ] = rest_do_request( '/byok/v1/keys' )->get_status();
			}
			remove_filter( 'byok_capability', $filter );
		}
		$this->assertSame( array( 'editor' => 200, 'admin' => 200 ), $seen["'edit_posts'"] );
		$this->assertSame( array( 'editor' => 403, 'admin' => 200 ), $seen["''"] );
		$this->assertSame( array( 'editor' => 403, 'admin' => 200 ), $seen['NULL'] );
		$this->assertSame( array( 'editor' => 403, 'admin' => 403 ), $seen["'do_not_allow'"] );
	}

	public function test_a_missing_wrong_or_foreign_nonce_is_refused(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$raw   = self::raw( 'anthropic' );
		$admin = new Browser( self::admin() );
		$path  = '/index.php?rest_route=/byok/v1/keys/anthropic';
		$json  = 'Content-Type: application/json';
		$body  = json_encode( array( 'key' => Test_Provider::key() ) );

		foreach ( array( 'PUT', 'DELETE', 'GET' ) as $method ) {
			$sent = 'PUT' === $method ? $body : null;
			$this->assertSame( 401, $admin->ask( $method, $path, $sent, array( $json ) )['status'], 'missing' );
			foreach ( array( 'wrong', ( new Browser( self::user( 'editor' ) ) )->nonce(), $admin->nonce( 'byok_key_anthropic' ) ) as $nonce ) {
				$this->assertSame( 403, $admin->ask( $method, $path, $sent, array( $json, "X-WP-Nonce: $nonce" ) )['status'] );
			}
		}
		$this->assertSame( $raw, self::raw( 'anthropic' ) );
	}

	public function test_the_form_refuses_a_missing_or_foreign_nonce(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$raw   = self::raw( 'anthropic' );
		$admin = new Browser( self::admin() );
		$named = static fn( Key_Screen $screen, string $provider ) => $screen->nonce_action( "key_$provider" );
		$site  = Key_Screen::site();
		$form  = array(
			'action'   => 'byok_key',
			'provider' => 'anthropic',
			'do'       => 'save',
			'key'      => Test_Provider::key(),
		);
		$nonces = array(
			'missing'               => null,
			'wrong'                 => 'wrong',
			'of another provider'   => $admin->nonce( $named( $site, 'openai' ) ),
			'of another person'     => ( new Browser( self::user( 'editor' ) ) )->nonce( $named( $site, 'anthropic' ) ),
			'of another owner'      => $admin->nonce( $named( Key_Screen::own(), 'anthropic' ) ),
		);
		foreach ( $nonces as $what => $nonce ) {
			foreach ( array( 'save', 'remove', 'check' ) as $do ) {
				$answer = $admin->ask( 'POST', '/wp-admin/admin-post.php', array_filter( array( 'do' => $do, '_wpnonce' => $nonce ) + $form ) );
				$this->assertSame( 403, $answer['status'], "$what, $do" );
				$this->assertSame( $raw, self::raw( 'anthropic' ), "$what, $do" );
			}
		}

		$answer = $admin->ask( 'POST', '/wp-admin/admin-post.php', array( '_wpnonce' => $admin->nonce( $named( $site, 'anthropic' ) ) ) + $form );
		$this->assertSame( 303, $answer['status'] );
		self::assert_no_key( $form['key'], $answer['headers'] . $answer['body'] );
		wp_cache_flush();
		$this->assertSame( $form['key'], byok_get_key( 'anthropic' ), 'the right nonce saves' );
	}

	public function test_a_key_goes_through_its_whole_life(): void {
		$key   = Test_Provider::key();
		$admin = new Browser( self::admin() );

		$saved = $admin->rest( 'PUT', '/byok/v1/keys/anthropic', array( 'key' => $key ) );
		$this->assertSame( 200, $saved['status'], $saved['body'] );
		$data = json_decode( $saved['body'], true );
		$this->assertTrue( $data['saved'] );
		$this->assertSame( 'valid', $data['outcome'] );
		$this->assertSame( 'valid', $data['checked']['outcome'] );
		wp_cache_flush();
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );

		$checked = $admin->rest( 'POST', '/byok/v1/keys/anthropic/check' );
		$this->assertSame( 200, $checked['status'] );
		$this->assertSame( 'valid', json_decode( $checked['body'], true )['checked']['outcome'] );

		$deleted = $admin->rest( 'DELETE', '/byok/v1/keys/anthropic' );
		$this->assertSame( 200, $deleted['status'] );
		$this->assertSame( array( true, 'absent' ), array( json_decode( $deleted['body'], true )['deleted'], json_decode( $deleted['body'], true )['state'] ) );
		$this->assertNull( self::raw( 'anthropic' ) );

		foreach ( array( $saved, $checked, $deleted ) as $answer ) {
			self::assert_no_key( $key, $answer['headers'] . $answer['body'] );
		}
	}

	public function test_a_key_is_not_slashed_on_its_way(): void {
		$key = 'byok-test-valid-\\"\'\\\\' . bin2hex( random_bytes( 8 ) );
		foreach ( array( 'json', 'form' ) as $kind ) {
			self::remove_rows();
			$admin  = new Browser( self::admin() );
			$answer = 'json' === $kind
				? $admin->rest( 'POST', '/byok/v1/keys/mistral', array( 'key' => $key ) )
				: $admin->ask( 'POST', '/index.php?rest_route=/byok/v1/keys/mistral', array( 'key' => $key ), array( 'X-WP-Nonce: ' . $admin->nonce() ) );
			$this->assertSame( 200, $answer['status'], $answer['body'] );
			wp_cache_flush();
			$this->assertSame( $key, byok_get_key( 'mistral' ), $kind );
		}
	}

	/**
	 * @dataProvider refusals
	 *
	 * @param int    $status   Status.
	 * @param string $code     Error code.
	 * @param string $provider Provider id.
	 * @param array  $body     Parameters.
	 */
	public function test_refusals_have_a_code_and_a_status( int $status, string $code, string $provider, array $body ): void {
		$answer = ( new Browser( self::admin() ) )->rest( 'PUT', "/byok/v1/keys/$provider", $body );
		$this->assertSame( $status, $answer['status'] );
		$this->assertSame( $code, json_decode( $answer['body'], true )['code'] );
		$this->assertStringNotContainsString( 'byok-test', $answer['body'] );
		$this->assertNull( self::raw( $provider ) );
	}

	public function refusals(): array {
		return array(
			'refused'          => array( 422, 'byok_key_refused', 'anthropic', array( 'key' => Test_Provider::key( 'anthropic', 'invalid' ) ) ),
			'no key'           => array( 400, 'byok_key_empty', 'anthropic', array() ),
			'empty'            => array( 400, 'byok_key_empty', 'anthropic', array( 'key' => '' ) ),
			'the mask'         => array( 400, 'byok_key_is_mask', 'anthropic', array( 'key' => 'sk-ant-…Qw4A' ) ),
			'an array'         => array( 400, 'rest_invalid_param', 'anthropic', array( 'key' => array( 'byok-test-valid-0123456789' ) ) ),
			'a number'         => array( 400, 'rest_invalid_param', 'anthropic', array( 'key' => 1234567890123456 ) ),
			'no such provider' => array( 404, 'byok_provider_unknown', 'nobody', array( 'key' => 'byok-test-valid-0123456789' ) ),
			'other case'       => array( 404, 'byok_provider_unknown', 'Anthropic', array( 'key' => 'byok-test-valid-0123456789' ) ),
			'no address'       => array( 400, 'byok_base_url_missing', 'openai-compatible', array( 'key' => 'byok-test-valid-0123456789' ) ),
			'a fixed address'  => array( 400, 'byok_base_url_not_allowed', 'anthropic', array( 'key' => 'byok-test-valid-0123456789', 'base_url' => 'https://example.org' ) ),
			'no https'         => array( 400, 'byok_base_url_not_https', 'openai-compatible', array( 'key' => 'byok-test-valid-0123456789', 'base_url' => 'http://example.org/v1' ) ),
			'a private host'   => array( 400, 'byok_address_refused', 'openai-compatible', array( 'key' => 'byok-test-valid-0123456789', 'base_url' => 'https://169.254.169.254/v1' ) ),
		);
	}

	public function test_a_key_in_the_address_is_refused(): void {
		$key    = Test_Provider::key();
		$before = count( Test_Provider::requests() );
		foreach ( array( array( 'PUT', '/anthropic' ), array( 'POST', '/anthropic' ), array( 'GET', '/anthropic' ), array( 'GET', '' ) ) as list( $method, $path ) ) {
			$answer = ( new Browser( self::admin() ) )->rest( $method, "/byok/v1/keys$path?key=$key", array() );
			$this->assertSame( 400, $answer['status'] );
			$this->assertSame( 'byok_key_in_url', json_decode( $answer['body'], true )['code'] );
			self::assert_no_key( $key, $answer['headers'] . $answer['body'] );
		}
		$this->assertNull( self::raw( 'anthropic' ) );
		$this->assertCount( $before, Test_Provider::requests() );
	}

	public function test_no_way_of_asking_gives_a_key_or_an_envelope(): void {
		$key = Test_Provider::key();
		self::save( 'anthropic', $key );
		$admin = new Browser( self::admin() );
		$one   = '/byok/v1/keys/anthropic';
		$batch = array( 'requests' => array( array( 'method' => 'POST', 'path' => "$one/check" ), array( 'method' => 'PUT', 'path' => $one, 'body' => array( 'key' => '' ) ) ) );

		$answers = array(
			'one'               => $admin->rest( 'GET', $one ),
			'list'              => $admin->rest( 'GET', '/byok/v1/keys' ),
			'status'            => $admin->rest( 'GET', '/byok/v1/status' ),
			'context edit'      => $admin->rest( 'GET', "$one?context=edit" ),
			'list context edit' => $admin->rest( 'GET', '/byok/v1/keys?context=edit' ),
			'embed'             => $admin->rest( 'GET', "$one?_embed=1" ),
			'fields'            => $admin->rest( 'GET', "$one?_fields=key,envelope,hint" ),
			'envelope'          => $admin->rest( 'GET', "$one?_envelope=1" ),
			'upper case'        => $admin->rest( 'GET', '/BYOK/V1/KEYS/anthropic' ),
			'HEAD'              => $admin->rest( 'HEAD', $one ),
			'OPTIONS'           => $admin->rest( 'OPTIONS', $one ),
			'_method'           => $admin->rest( 'POST', "$one?_method=GET" ),
			'method header'     => $admin->rest( 'POST', $one, null, array( 'X-HTTP-Method-Override: GET' ) ),
			'_method PUT'       => $admin->rest( 'POST', "$one?_method=PUT", array( 'key' => 'sk-ant-…Qw4A' ) ),
			'batch'             => $admin->rest( 'POST', '/batch/v1', $batch ),
			'settings'          => $admin->rest( 'GET', '/wp/v2/settings' ),
			'index'             => $admin->rest( 'GET', '/' ),
			'namespace'         => $admin->rest( 'GET', '/byok/v1' ),
		);
		foreach ( $answers as $how => $answer ) {
			self::assert_no_key( $key, $answer['headers'] . $answer['body'], $how );
			$this->assertStringNotContainsString( 'byok1.', $answer['body'], $how );
			$this->assertStringNotContainsString( 'envelope', str_replace( '_envelope', '', $answer['body'] ), $how );
		}

		// The test would prove nothing if these had simply failed.
		foreach ( array( 'one', 'list', 'status', 'context edit', 'embed', 'fields', 'upper case', 'HEAD', '_method', 'method header', 'settings', 'index', 'namespace' ) as $how ) {
			$this->assertSame( 200, $answers[ $how ]['status'], $how );
		}
		$this->assertSame( '{"hint":', substr( $answers['fields']['body'], 0, 8 ) );
		$this->assertSame( '', $answers['HEAD']['body'] );
		$this->assertStringNotContainsString( 'byok_key_', $answers['settings']['body'] );
		foreach ( json_decode( $answers['batch']['body'], true )['responses'] as $response ) {
			$this->assertSame( 'rest_batch_not_allowed', $response['body']['code'] );
		}
		$this->assertSame( $key, byok_get_key( 'anthropic' ), 'and nothing has changed it' );
	}

	public function test_answers_are_exactly_the_fields_of_the_schema(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$schema = ( new \Byok\Rest_Controller() )->get_item_schema()['properties'];
		$this->assertSame( array(), $schema['key']['context'] );

		$request = new \WP_REST_Request( 'POST', '/byok/v1/keys/anthropic/check' );
		$data    = rest_do_request( $request )->get_data();
		$this->assertSame( array(), array_diff( array_keys( $data ), array_keys( $schema ) ) );
		foreach ( $data as $name => $value ) {
			$this->assertTrue( rest_validate_value_from_schema( $value, array_diff_key( $schema[ $name ], array( 'readonly' => 1 ) ), $name ), $name );
		}
		$told = array_keys( array_filter( $schema, static fn( $field ) => in_array( 'view', $field['context'], true ) ) );
		$this->assertSame( array(), array_diff( $told, array_keys( $data ), array( 'deleted', 'saved' ) ), 'a field is missing' );
		$this->assertArrayNotHasKey( 'saved', $data, 'a check saves nothing' );
		$this->assertContains( $data['outcome'], Key_Row::OUTCOMES );
	}

	public function test_the_status_tells_source_and_states(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$data = rest_do_request( '/byok/v1/status' )->get_data();
		$this->assertTrue( $data['usable'] );
		$this->assertNull( $data['problem'] );
		$this->assertSame( 'salts', $data['source'] );
		$this->assertSame( byok_key_source()['key_id'], $data['key_id'] );
		$this->assertContains( 'test_provider', $data['warnings'] );
		$this->assertSame( 1, $data['states']->ready );
	}
}
