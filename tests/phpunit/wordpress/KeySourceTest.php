<?php
/**
 * Tests of what happens when the site's own secrets are missing, bad or changed.
 *
 * @package byok
 */

namespace Byok\Tests;

final class KeySourceTest extends Test_Case {

	/**
	 * What a site with such salts tells and does, and which secrets it then has in its database.
	 */
	private const LOOK = <<<'PHP'
		global $wpdb;
		wp_set_current_user( get_user_by( 'login', 'admin' )->ID );
		$error = static fn( $result ) => is_wp_error( $result ) ? $result->get_error_code() : 'no error';
		$seen  = array(
			'info'   => byok_key_info( 'anthropic' ),
			'get'    => $error( byok_get_key( 'anthropic' ) ),
			'has'    => byok_has_key( 'anthropic' ),
			'save'   => $error( byok_save_key( 'anthropic', $key ) ),
			'first'  => $error( byok_save_key( 'groq', $key ) ),
			'check'  => $error( Byok\Vault::check( 'anthropic' ) ),
			'status' => rest_do_request( '/byok/v1/status' )->get_data(),
		);
		set_current_screen( 'dashboard' );
		ob_start();
		Byok\Notices::render();
		$seen['notice'] = ob_get_clean();
		$names = array();
		foreach ( array( 'auth', 'secure_auth', 'logged_in', 'nonce' ) as $scheme ) {
			array_push( $names, "{$scheme}_key", "{$scheme}_salt" );
		}
		$list = "'" . implode( "','", $names ) . "','secret_key'";
		$seen['salts'] = $wpdb->get_col( "SELECT option_name FROM $wpdb->options WHERE option_name IN ( $list )" );
		if ( is_multisite() ) {
			$seen['salts'] = array_merge( $seen['salts'], $wpdb->get_col( "SELECT meta_key FROM $wpdb->sitemeta WHERE meta_key IN ( $list )" ) );
		}
		return $seen;
	PHP;

	/**
	 * @dataProvider bad_salts
	 *
	 * @param string $salts  What the configuration has.
	 * @param string $reason Reason code.
	 */
	public function test_bad_salts_lock_the_keys_and_are_told( string $salts, string $reason ): void {
		$key = Test_Provider::key();
		self::save( 'anthropic', $key );
		$raw   = self::raw( 'anthropic' );
		$asked = count( Test_Provider::requests() );

		$seen = Site::run( self::LOOK, array( 'salts' => $salts, 'given' => array( 'key' => Test_Provider::key() ) ) )['result'];

		$this->assertSame( 'locked', $seen['info']['state'] );
		$this->assertStringContainsString( 'not lost', $seen['info']['message'] );
		$this->assertFalse( $seen['has'] );
		$this->assertSame( "byok_$reason", $seen['save'] );
		$this->assertSame( "byok_$reason", $seen['first'] );
		$this->assertNotSame( 'no error', $seen['get'] );
		$this->assertNotSame( 'no error', $seen['check'] );
		$this->assertFalse( $seen['status']['usable'] );
		$this->assertStringContainsString( 'wp-config.php', $seen['status']['problem'] );
		$this->assertStringContainsString( 'notice-error', $seen['notice'] );
		$this->assertStringContainsString( 'wp-config.php', $seen['notice'] );
		$this->assertSame( array(), $seen['salts'], 'salts are in the database' );

		$this->assertSame( $raw, self::raw( 'anthropic' ), 'the row is untouched' );
		$this->assertNull( self::raw( 'groq' ) );
		$this->assertCount( $asked, Test_Provider::requests(), 'a key that could not be encrypted was sent' );
		$this->assertSame( $key, byok_get_key( 'anthropic' ), 'opens again with the right salts' );
	}

	public function bad_salts(): array {
		return array(
			'missing'     => array( 'missing', 'source_missing' ),
			'placeholder' => array( 'placeholder', 'salts_placeholder' ),
			'translated'  => array( 'translated', 'salts_placeholder' ),
			'duplicated'  => array( 'duplicated', 'salts_duplicated' ),
		);
	}

	public function test_changed_salts_lock_the_keys_until_they_are_back(): void {
		$key = Test_Provider::key();
		self::save( 'anthropic', $key );
		self::save( 'google', Test_Provider::key( 'google' ) );
		$raw = self::raw( 'anthropic' );

		$code = <<<'PHP'
			wp_set_current_user( get_user_by( 'login', 'admin' )->ID );
			set_current_screen( 'dashboard' );
			ob_start();
			Byok\Notices::render();
			return array( byok_key_info( 'anthropic' ), byok_get_key( 'anthropic' )->get_error_code(), ob_get_clean() );
		PHP;
		list( $info, $error, $notice ) = Site::run( $code, array( 'salts' => 'changed' ) )['result'];

		$this->assertSame( 'locked', $info['state'] );
		$this->assertSame( 'envelope_unknown_key', $info['reason'] );
		$this->assertStringContainsString( 'secret keys were changed', $info['message'] );
		$this->assertStringEndsWith( substr( $key, -4 ), $info['hint'] );
		$this->assertSame( 'byok_envelope_unknown_key', $error );
		$this->assertStringContainsString( '2 keys are locked, none is lost', $notice );

		$this->assertSame( $raw, self::raw( 'anthropic' ) );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
	}

	public function test_a_locked_key_can_be_replaced_and_deleted(): void {
		self::save( 'anthropic', Test_Provider::key() );
		self::save( 'groq', Test_Provider::key( 'groq' ) );
		$new    = Test_Provider::key();
		$result = Site::run(
			'return array( byok_save_key( "anthropic", $new )["state"], byok_get_key( "anthropic" ) === $new, byok_delete_key( "groq" ) );',
			array( 'salts' => 'changed', 'given' => array( 'new' => $new ) )
		)['result'];
		$this->assertSame( array( 'ready', true, true ), $result );

		wp_cache_flush();
		$this->assertSame( 'locked', byok_key_info( 'anthropic' )['state'], 'it is under the other salts now' );
		$this->assertSame( 'absent', byok_key_info( 'groq' )['state'] );
	}
}
