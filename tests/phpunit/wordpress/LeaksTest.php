<?php
/**
 * Tests of the search for keys itself: a search that finds nothing proves nothing otherwise. And of what can be
 * taken out of a site: exports, reports, the output of commands.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Cli_Command;
use Byok\Cli_Import;
use Byok\Cli_Input;
use Byok\Owner;
use Byok\Vault;
use WP_CLI;
use WP_CLI_Double_Exit;

require_once __DIR__ . '/support/Wp_Cli_Double.php';

final class LeaksTest extends Test_Case {

	protected function tearDown(): void {
		delete_metadata( 'user', 0, 'byok_key_openai', '', true );
		delete_option( 'connectors_ai_groq_api_key' );
		Cli_Input::$stream = 'php://stdin';
		parent::tearDown();
	}

	/**
	 * @dataProvider encodings
	 *
	 * @param callable $encode Encodes a text.
	 */
	public function test_a_key_is_found_in_every_encoding( callable $encode ): void {
		$key = Test_Provider::key();
		for ( $offset = 0; $offset < 3; $offset++ ) {
			$this->assertNotSame( array(), Leaks::find( $key, 'before ' . $encode( str_repeat( 'x', $offset ) . $key . 'yz' ) . ' after' ) );
		}
		$this->assertSame( array(), Leaks::find( $key, $encode( Test_Provider::key() ) ), 'another key' );
	}

	public function encodings(): array {
		return array(
			'plain'     => array( 'strval' ),
			'serialize' => array( 'serialize' ),
			'url'       => array( 'rawurlencode' ),
			'json'      => array( 'json_encode' ),
			'base64'    => array( 'base64_encode' ),
			'base64url' => array( static fn( $text ) => strtr( base64_encode( $text ), '+/', '-_' ) ),
			'hex'       => array( 'bin2hex' ),
			'utf-16'    => array( static fn( $text ) => mb_convert_encoding( $text, 'UTF-16LE' ) ),
		);
	}

	public function test_nothing_that_can_be_taken_out_of_a_site_holds_a_key(): void {
		$keys = array( Test_Provider::key(), Test_Provider::key( 'openai' ), Test_Provider::key( 'groq' ) );
		self::save( 'anthropic', $keys[0] );
		$this->assertIsArray( Vault::save( 'openai', $keys[1], array(), Owner::user( self::admin() ) ) );
		// In plain text, as WordPress's own screen leaves it.
		self::plant_plaintext( 'connectors_ai_groq_api_key', $keys[2] );

		$takings = $this->takings();
		$this->assertStringContainsString( '<rss', $takings['the export of content'] );
		$this->assertStringContainsString( 'OpenAI', $takings['the export of personal data'] );
		foreach ( $takings as $what => $text ) {
			$this->assertNotSame( '', $text, $what );
			foreach ( $keys as $key ) {
				self::assert_no_key( $key, $text, $what );
			}
			$this->assertStringNotContainsString( 'byok1.', $text, $what );
		}
	}

	public function test_no_output_of_a_command_but_get_holds_a_key(): void {
		$key  = Test_Provider::key();
		$file = tempnam( sys_get_temp_dir(), 'byok' );
		file_put_contents( $file, $key );
		Cli_Input::$stream = $file;
		self::plant_plaintext( 'connectors_ai_groq_api_key', $key );
		$command = new Cli_Command();
		WP_CLI::reset();
		foreach (
			array(
				static fn() => $command->set( array( 'anthropic' ), array() ),
				static fn() => $command->set( array( 'openai' ), array() ),
				static fn() => $command->set( array( 'nobody' ), array() ),
				static fn() => $command->list_( array(), array( 'all' => true, 'fields' => 'provider,name,state,hint,outcome,age,saved,checked,owner,source,message' ) ),
				static fn() => $command->check( array(), array( 'all' => true ) ),
				static fn() => $command->status( array(), array() ),
				static fn() => ( new Cli_Import() )( array(), array() ),
				static fn() => ( new Cli_Import() )( array( 'connectors_ai_groq_api_key' ), array( 'replace' => true ) ),
				static fn() => $command->get( array( 'anthropic' ), array() ),
				static fn() => $command->delete( array( 'anthropic' ), array( 'yes' => true ) ),
			) as $run
		) {
			try {
				$run();
			} catch ( WP_CLI_Double_Exit $exit ) {
				continue;
			}
		}
		unlink( $file );
		$this->assertStringContainsString( 'Works.', WP_CLI::$out );
		$this->assertNotSame( '', WP_CLI::$err );
		self::assert_no_key( $key, WP_CLI::$out . WP_CLI::$err );
		$this->assertStringNotContainsString( 'byok1.', WP_CLI::$out . WP_CLI::$err );
	}

	/**
	 * What people take out of a site.
	 *
	 * @return array<string, string> Texts by what they are.
	 */
	private function takings(): array {
		require_once ABSPATH . 'wp-admin/includes/class-wp-debug-data.php';

		$personal = '';
		foreach ( apply_filters( 'wp_privacy_personal_data_exporters', array() ) as $exporter ) {
			$personal .= print_r( call_user_func( $exporter['callback'], get_userdata( self::admin() )->user_email, 1 ), true );
		}
		$debug  = apply_filters( 'debug_information', array() );
		$health = '';
		foreach ( apply_filters( 'site_status_tests', array( 'direct' => array() ) )['direct'] as $name => $test ) {
			$health .= str_starts_with( $name, 'byok' ) ? print_r( call_user_func( $test['test'] ), true ) : '';
		}
		return array(
			'the export of content'       => self::exported(),
			'the export of personal data' => $personal,
			'the debug information'       => \WP_Debug_Data::format( $debug, 'debug' ) . print_r( $debug, true ),
			'the results of Site Health'  => $health,
			'the routes'                  => wp_json_encode( array( rest_do_request( '/byok/v1/keys' )->get_data(), rest_do_request( '/byok/v1/status' )->get_data(), rest_do_request( '/byok/v1/import' )->get_data() ) ),
		);
	}

	/**
	 * The export of all content, as export_wp() writes it.
	 */
	private static function exported(): string {
		return Site::run(
			<<<'PHP'
				wp_set_current_user( get_user_by( 'login', 'admin' )->ID );
				require_once ABSPATH . 'wp-admin/includes/export.php';
				ob_start();
				export_wp();
				return ob_get_clean();
			PHP
		)['result'];
	}
}
