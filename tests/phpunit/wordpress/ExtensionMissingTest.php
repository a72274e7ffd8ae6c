<?php
/**
 * Tests of a server whose PHP does not load the extension.
 *
 * @package byok
 */

namespace Byok\Tests;

final class ExtensionMissingTest extends Test_Case {

	public function test_nothing_fails_and_the_rows_stay_as_they_are(): void {
		$key = Test_Provider::key();
		self::save( 'anthropic', $key );
		$raw = self::raw( 'anthropic' );

		$code = <<<'PHP'
			wp_set_current_user( get_user_by( 'login', 'admin' )->ID );
			$error  = static fn( $result ) => is_wp_error( $result ) ? $result->get_error_code() : 'no error';
			$render = static function ( callable $what ): string {
				ob_start();
				$what();
				return ob_get_clean();
			};
			$GLOBALS['title'] = 'API Keys';
			$seen = array(
				'loaded' => extension_loaded( 'byok' ),
				'info'   => byok_key_info( 'anthropic' ),
				'absent' => $error( byok_key_info( 'groq' ) ),
				'all'    => Byok\Vault::all(),
				'has'    => byok_has_key( 'anthropic' ),
				'get'    => $error( byok_get_key( 'anthropic' ) ),
				'save'   => $error( byok_save_key( 'anthropic', $key ) ),
				'first'  => $error( byok_save_key( 'groq', $key ) ),
				'check'  => $error( Byok\Vault::check( 'anthropic' ) ),
				'delete' => $error( byok_delete_key( 'anthropic' ) ),
				'rest'   => rest_do_request( '/byok/v1/keys/anthropic' )->get_data(),
				'status' => rest_do_request( '/byok/v1/status' )->get_data(),
				'health' => Byok\Site_Health::add_debug_information( array() )['byok']['fields']['extension']['value'],
				'page'   => $render( array( Byok\Settings_Page::class, 'render' ) ),
				'php'    => phpversion(),
			);
			set_current_screen( 'plugins' );
			$seen['notice'] = $render( array( Byok\Notices::class, 'render' ) );
			return $seen;
		PHP;
		$new  = Test_Provider::key();
		$run  = Site::run( $code, array( 'extension' => false, 'given' => array( 'key' => $new ) ) );
		$seen = $run['result'];

		$this->assertFalse( $seen['loaded'] );
		$this->assertSame( 'locked', $seen['info']['state'] );
		$this->assertSame( 'extension_missing', $seen['info']['reason'] );
		$this->assertStringContainsString( 'untouched', $seen['info']['message'] );
		$this->assertSame( array( 'anthropic' ), array_keys( $seen['all'] ) );
		$this->assertFalse( $seen['has'] );
		foreach ( array( 'absent', 'get', 'save', 'first', 'check', 'delete' ) as $what ) {
			$this->assertSame( 'byok_extension_missing', $seen[ $what ], $what );
		}
		$this->assertSame( 'locked', $seen['rest']['state'] );
		$this->assertFalse( $seen['status']['usable'] );
		$this->assertNull( $seen['status']['extension_version'] );
		$this->assertSame( 'not loaded', $seen['health'] );

		foreach ( array( 'notice', 'page' ) as $where ) {
			$this->assertStringContainsString( 'extension is not loaded', $seen[ $where ] );
			$this->assertStringContainsString( $seen['php'], $seen[ $where ] );
			$this->assertStringContainsString( ini_get( 'extension_dir' ) . '/byok.so', $seen[ $where ] );
		}

		$this->assertSame( '', strstr( $run['output'], "\n--- result ---\n", true ), 'something was printed' );
		self::assert_no_key( $new, $run['output'] );
		self::assert_no_key( $key, $run['output'] );
		$this->assertSame( $raw, self::raw( 'anthropic' ) );
		$this->assertNull( self::raw( 'groq' ) );
		wp_cache_flush();
		$this->assertSame( $key, byok_get_key( 'anthropic' ), 'and it opens when the extension is back' );
	}

	public function test_the_notice_names_a_folder_that_php_reads(): void {
		$commands = \Byok\Extension::commands();
		$this->assertNull( \Byok\Extension::problem() );
		$this->assertSame( 1, preg_match( "~> '(/.+)/30-byok\.ini'~", implode( "\n", $commands ), $found ) );
		$this->assertDirectoryExists( $found[1] );
	}
}
