<?php
/**
 * Tests of the command line, through a double of WP-CLI.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Cli_Command;
use Byok\Cli_Connect;
use Byok\Cli_Import;
use Byok\Cli_Input;
use Byok\Cli_Relay;
use Byok\Cli_Rotate;
use Byok\Cli_Visitor;
use Byok\Cli_Webhook;
use Byok\Owner;
use Byok\Vault;
use ReflectionClass;
use ReflectionMethod;
use WP_CLI;
use WP_CLI_Double_Exit;

require_once __DIR__ . '/support/Wp_Cli_Double.php';

final class CliTest extends Test_Case {

	/**
	 * Name of the file that stands for standard input.
	 *
	 * @var string
	 */
	private string $input;

	protected function setUp(): void {
		parent::setUp();
		WP_CLI::reset();
		$this->input       = tempnam( sys_get_temp_dir(), 'byok' );
		Cli_Input::$stream = $this->input;
	}

	protected function tearDown(): void {
		Cli_Input::$stream = 'php://stdin';
		unlink( $this->input );
		delete_metadata( 'user', 0, 'byok_key_anthropic', '', true );
		delete_metadata( 'user', 0, 'byok_key_openai', '', true );
		delete_site_option( 'byok_reencryption' );
		delete_option( 'byok_canary' );
		delete_option( 'connectors_ai_anthropic_api_key' );
		parent::tearDown();
	}

	public function test_a_key_is_saved_from_standard_input_and_not_echoed(): void {
		$key = Test_Provider::key();
		$this->assertSame( 0, $this->run_command( 'set', array( 'anthropic' ), array( 'owner' => 'site' ), "$key\n" ) );
		$this->assertStringContainsString( 'Success: Works.', WP_CLI::$out );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
		self::assert_no_key( $key, WP_CLI::$out . WP_CLI::$err );
	}

	public function test_a_refused_key_ends_with_status_1_and_is_not_saved(): void {
		$key = Test_Provider::key( 'anthropic', 'invalid' );
		$this->assertSame( 1, $this->run_command( 'set', array( 'anthropic' ), array(), $key ) );
		$this->assertStringContainsString( 'refused this key', WP_CLI::$err );
		$this->assertNull( self::raw( 'anthropic' ) );
		self::assert_no_key( $key, WP_CLI::$out . WP_CLI::$err );
	}

	public function test_nothing_on_standard_input_and_several_lines_are_told(): void {
		$this->assertSame( 1, $this->run_command( 'set', array( 'anthropic' ), array(), "\n" ) );
		$this->assertStringContainsString( 'Nothing came', WP_CLI::$err );
		$asked = count( Test_Provider::requests() );
		$this->assertSame( 1, $this->run_command( 'set', array( 'anthropic' ), array(), Test_Provider::key() . "\n" . Test_Provider::key() . "\n" ) );
		$this->assertCount( $asked, Test_Provider::requests() );
		$this->assertNull( self::raw( 'anthropic' ) );
	}

	/**
	 * @dataProvider commands_with_a_key
	 *
	 * @param string   $command Command.
	 * @param callable $args    Makes the arguments of a key.
	 * @param string   $key     Provider whose key it is.
	 */
	public function test_a_key_in_the_arguments_is_refused_and_not_echoed( string $command, callable $args, string $provider ): void {
		$key = Test_Provider::key( $provider );
		$raw = self::raw( 'anthropic' );
		$this->assertSame( 1, $this->run_command( $command, $args( $key ), array( 'yes' => true ), Test_Provider::key() ) );
		$this->assertStringContainsString( 'must not be an argument', WP_CLI::$err );
		self::assert_no_key( $key, WP_CLI::$out . WP_CLI::$err );
		$this->assertStringNotContainsString( substr( $key, -6 ), WP_CLI::$out . WP_CLI::$err );
		$this->assertSame( $raw, self::raw( 'anthropic' ) );
	}

	public function commands_with_a_key(): array {
		$cases = array();
		foreach ( array( 'anthropic', 'mistral' ) as $provider ) {
			foreach ( array( 'set', 'get', 'check', 'delete' ) as $command ) {
				$cases[ "$command, behind, $provider" ]   = array( $command, static fn( $key ) => array( 'anthropic', $key ), $provider );
				$cases[ "$command, in place, $provider" ] = array( $command, static fn( $key ) => array( $key ), $provider );
			}
			foreach ( array( 'list', 'status', 'rotate' ) as $command ) {
				$cases[ "$command, $provider" ] = array( $command, static fn( $key ) => array( $key ), $provider );
			}
			$cases[ "import, behind, $provider" ] = array( 'import', static fn( $key ) => array( 'a', $key ), $provider );
		}
		$cases['import, in place'] = array( 'import', static fn( $key ) => array( $key ), 'anthropic' );
		return $cases;
	}

	public function test_too_many_arguments_are_refused_without_echoing_them(): void {
		$this->assertSame( 1, $this->run_command( 'get', array( 'anthropic', 'hunter2' ), array( 'yes' => true ) ) );
		$this->assertStringContainsString( 'too many', WP_CLI::$err );
		$this->assertStringNotContainsString( 'hunter2', WP_CLI::$out . WP_CLI::$err );
	}

	public function test_get_asks_first_and_then_prints_the_key_alone(): void {
		$key = Test_Provider::key();
		self::save( 'anthropic', $key );
		$this->assertSame( 0, $this->run_command( 'get', array( 'anthropic' ) ) );
		$this->assertCount( 1, WP_CLI::$questions );
		self::assert_no_key( $key, WP_CLI::$out . WP_CLI::$err );

		$this->run_command( 'get', array( 'anthropic' ), array( 'yes' => true ) );
		$this->assertSame( "$key\n", WP_CLI::$out );

		$this->assertSame( 1, $this->run_command( 'get', array( 'openai' ), array( 'yes' => true ) ) );
		$this->assertStringContainsString( 'No key is stored', WP_CLI::$err );
		$this->assertSame( '', WP_CLI::$out );
	}

	public function test_owners_have_their_own_keys(): void {
		$site = Test_Provider::key();
		$mine = Test_Provider::key();
		$user = 'user:' . self::user( 'editor' );
		$this->run_command( 'set', array( 'anthropic' ), array(), $site );
		$this->run_command( 'set', array( 'anthropic' ), array( 'owner' => $user ), $mine );
		$this->assertSame( $mine, byok_get_key( 'anthropic', array( 'owner' => $user ) ) );

		$this->run_command( 'get', array( 'anthropic' ), array( 'yes' => true, 'owner' => $user ) );
		$this->assertSame( "$mine\n", WP_CLI::$out );
		$this->run_command( 'get', array( 'anthropic' ), array( 'yes' => true ) );
		$this->assertSame( "$site\n", WP_CLI::$out );

		$this->run_command( 'list', array(), array( 'owner' => $user, 'fields' => 'provider,owner', 'format' => 'json' ) );
		$this->assertSame( '[{"provider":"anthropic","owner":"' . $user . '"}]', WP_CLI::$out );

		$this->run_command( 'delete', array( 'anthropic' ), array( 'owner' => $user, 'yes' => true ) );
		$this->assertFalse( byok_has_key( 'anthropic', array( 'owner' => $user ) ) );
		$this->assertTrue( byok_has_key( 'anthropic', array( 'owner' => 'site' ) ) );
	}

	/**
	 * @dataProvider commands_with_owners
	 *
	 * @param string $command Command.
	 * @param array  $args    Arguments.
	 */
	public function test_an_unknown_owner_is_refused( string $command, array $args ): void {
		foreach ( array( 'nobody', 'user:0', 'user:999999999', 'network', true, '' ) as $owner ) {
			if ( 'network' === $owner && is_multisite() ) {
				continue;
			}
			$this->assertSame( 1, $this->run_command( $command, $args, array( 'owner' => $owner, 'yes' => true ), Test_Provider::key() ) );
			$this->assertStringContainsString( 'no such owner', WP_CLI::$err );
		}
		$this->assertNull( self::raw( 'anthropic' ) );
	}

	public function commands_with_owners(): array {
		return array(
			'list'   => array( 'list', array() ),
			'set'    => array( 'set', array( 'anthropic' ) ),
			'get'    => array( 'get', array( 'anthropic' ) ),
			'check'  => array( 'check', array( 'anthropic' ) ),
			'delete' => array( 'delete', array( 'anthropic' ) ),
		);
	}

	public function test_list_tells_the_stored_keys_and_never_a_key(): void {
		$key = Test_Provider::key();
		self::save( 'anthropic', $key );
		$this->run_command( 'list', array(), array( 'fields' => 'provider,name,state,hint,outcome,age,saved,checked,owner,source,message', 'format' => 'json' ) );
		$list = json_decode( WP_CLI::$out, true );
		$this->assertCount( 1, $list );
		$this->assertSame( array( 'anthropic', 'ready', 'valid', '0', 'site' ), array( $list[0]['provider'], $list[0]['state'], $list[0]['outcome'], $list[0]['age'], $list[0]['owner'] ) );
		$this->assertMatchesRegularExpression( '/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/', $list[0]['saved'] );
		self::assert_no_key( $key, WP_CLI::$out );

		$this->run_command( 'list', array(), array( 'format' => 'count' ) );
		$this->assertSame( '1', WP_CLI::$out );
		$this->run_command( 'list', array(), array( 'all' => true, 'format' => 'count' ) );
		$this->assertSame( (string) count( byok_providers() ), WP_CLI::$out );
	}

	public function test_list_tells_what_the_server_gives_in_place_of_a_key(): void {
		$key = Test_Provider::key( 'openai' );
		putenv( "OPENAI_API_KEY=$key" );
		try {
			$this->run_command( 'list', array(), array( 'format' => 'json' ) );
			$this->assertSame( array( 'openai', 'environment' ), array( json_decode( WP_CLI::$out, true )[0]['provider'], json_decode( WP_CLI::$out, true )[0]['source'] ) );
			self::assert_no_key( $key, WP_CLI::$out );
			$this->run_command( 'list', array(), array( 'owner' => 'site', 'format' => 'count' ) );
			$this->assertSame( '0', WP_CLI::$out );
		} finally {
			putenv( 'OPENAI_API_KEY' );
		}
	}

	public function test_check_has_status_1_when_any_key_is_invalid(): void {
		self::save( 'anthropic', Test_Provider::key() );
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$this->assertSame( 0, $this->run_command( 'check', array(), array( 'all' => true ) ) );
		$this->assertStringContainsString( 'anthropic: Works.', WP_CLI::$out );
		$this->assertStringContainsString( 'openai: Works.', WP_CLI::$out );
		$this->assertSame( 0, $this->run_command( 'check', array( 'anthropic' ) ) );
		$this->assertStringNotContainsString( 'openai', WP_CLI::$out );

		Test_Provider::answer_always( 'invalid' );
		$this->assertSame( 1, $this->run_command( 'check', array( 'anthropic' ) ) );
		$this->assertSame( 1, $this->run_command( 'check', array(), array( 'all' => true ) ) );
		$this->assertStringContainsString( 'openai: ', WP_CLI::$out, 'the first bad one does not end it' );

		Test_Provider::answer_always( 'outage' );
		$this->assertSame( 0, $this->run_command( 'check', array(), array( 'all' => true ) ), 'an outage is no refusal' );
	}

	public function test_check_has_status_1_when_a_key_cannot_be_opened_or_none_is_named(): void {
		self::plant( 'anthropic', 'byok-test-damaged' );
		$this->assertSame( 1, $this->run_command( 'check', array(), array( 'all' => true ) ) );
		$this->assertSame( 1, $this->run_command( 'check', array( 'openai' ) ) );
		$this->assertStringContainsString( 'No key is stored', WP_CLI::$err );
		$this->assertSame( 1, $this->run_command( 'check', array() ) );
		$this->assertStringContainsString( '--all', WP_CLI::$err );
	}

	public function test_delete_asks_first(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$this->run_command( 'delete', array( 'anthropic' ) );
		$this->assertStringContainsString( 'Anthropic', WP_CLI::$questions[0] );
		$this->assertTrue( byok_has_key( 'anthropic' ) );
		WP_CLI::$answer = 'y';
		$this->assertSame( 0, $this->run_command( 'delete', array( 'anthropic' ) ) );
		$this->assertNull( self::raw( 'anthropic' ) );
		$this->assertSame( 1, $this->run_command( 'delete', array( 'nobody' ), array( 'yes' => true ) ) );
	}

	public function test_import_lists_and_moves(): void {
		$key = Test_Provider::key();
		self::plant_plaintext( 'connectors_ai_anthropic_api_key', $key );
		$this->run_command( 'import', array(), array( 'format' => 'json' ) );
		$this->assertSame( 'connectors_ai_anthropic_api_key', json_decode( WP_CLI::$out, true )[0]['source'] );
		self::assert_no_key( $key, WP_CLI::$out );
		$this->assertNull( self::raw( 'anthropic' ), 'only told' );

		$this->assertSame( 0, $this->run_command( 'import', array( 'connectors_ai_anthropic_api_key' ) ) );
		$this->assertStringContainsString( 'Success: ', WP_CLI::$out );
		self::assert_no_key( $key, WP_CLI::$out );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );

		self::plant_plaintext( 'connectors_ai_anthropic_api_key', Test_Provider::key() );
		$this->assertSame( 1, $this->run_command( 'import', array( 'connectors_ai_anthropic_api_key' ) ) );
		$this->assertSame( 0, $this->run_command( 'import', array( 'connectors_ai_anthropic_api_key' ), array( 'replace' => true ) ) );
		$this->assertSame( 1, $this->run_command( 'import', array( 'connectors_ai_anthropic_api_key' ) ) );
	}

	public function test_an_import_that_left_the_old_entry_has_status_1(): void {
		self::plant_plaintext( 'connectors_ai_anthropic_api_key', Test_Provider::key() );
		self::before_query( "UPDATE {$GLOBALS['wpdb']->options} SET option_value = ''", static fn() => 'SELECT 1' );
		$this->assertSame( 1, $this->run_command( 'import', array( 'connectors_ai_anthropic_api_key' ) ) );
		$this->assertStringContainsString( 'could not be emptied', WP_CLI::$err );
	}

	public function test_rotate_moves_every_key_with_the_previous_salts_from_standard_input(): void {
		$key   = Test_Provider::key();
		$salts = array( hash( 'sha256', 'another AUTH_KEY' ), hash( 'sha256', 'another AUTH_SALT' ) );
		self::save_under( array( 'salts' => 'changed' ), 'anthropic', $key );
		$this->assertSame( 'locked', byok_key_info( 'anthropic' )['state'] );

		$this->assertSame( 1, $this->run_command( 'rotate', array() ), 'locked keys are left' );
		$this->assertStringContainsString( 'Locked, waiting for their secret: 1', WP_CLI::$err );

		$this->assertSame( 0, $this->run_command( 'rotate', array(), array( 'previous' => true ), implode( "\n", $salts ) . "\n" ) );
		$this->assertStringContainsString( 'Encrypted anew: 1', WP_CLI::$out );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
		$this->assertTrue( $GLOBALS['byok_test_progress']->finished );
		$this->assertSame( $GLOBALS['byok_test_progress']->count, $GLOBALS['byok_test_progress']->ticks );
		foreach ( array( ...$salts, AUTH_KEY ) as $secret ) {
			$this->assertStringNotContainsString( $secret, WP_CLI::$out . WP_CLI::$err );
		}
	}

	public function test_rotate_with_a_previous_key_of_one_line(): void {
		$secret = byok_generate_key();
		$key    = Test_Provider::key();
		self::save_under( array( 'constants' => array( 'BYOK_KEY' => $secret ) ), 'anthropic', $key );
		$this->assertSame( 1, $this->run_command( 'rotate', array(), array( 'previous' => true ), '' ) );
		$this->assertStringContainsString( 'Nothing came', WP_CLI::$err );
		$this->assertSame( 1, $this->run_command( 'rotate', array(), array( 'previous' => true ), "a\nb\nc\n" ) );
		$this->assertSame( 0, $this->run_command( 'rotate', array(), array( 'previous' => true ), "$secret\r\n" ) );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
		$this->assertStringNotContainsString( $secret, WP_CLI::$out . WP_CLI::$err );
	}

	public function test_rotate_takes_no_secret_as_an_argument(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$raw    = self::raw( 'anthropic' );
		$secret = 'a previous secret of the site, in the list of processes';
		foreach ( array( $secret, '', '0' ) as $value ) {
			// Standard input would do, but the secret is out already: say so.
			$this->assertSame( 1, $this->run_command( 'rotate', array(), array( 'previous' => $value ), "$secret\n" ), $value );
			$this->assertStringContainsString( 'A secret must not be an argument', WP_CLI::$err );
			$this->assertStringNotContainsString( $secret, WP_CLI::$out . WP_CLI::$err );
		}
		$this->assertNull( \Byok\Reencryption::status(), 'nothing was begun' );
		$this->assertSame( $raw, self::raw( 'anthropic' ) );
		$this->assertSame( 0, $this->run_command( 'rotate', array(), array( 'previous' => false ) ), '--no-previous is none' );
	}

	public function test_rotate_generate_prints_a_key_and_changes_nothing(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$raw = self::raw( 'anthropic' );
		$this->assertSame( 0, $this->run_command( 'rotate', array(), array( 'generate' => true ) ) );
		$this->assertMatchesRegularExpression( '/\Abyok-root:[A-Za-z0-9_-]{43}\n/', WP_CLI::$out );
		$this->assertStringContainsString( 'Nothing was changed', WP_CLI::$out );
		$first = strtok( WP_CLI::$out, "\n" );
		$this->run_command( 'rotate', array(), array( 'generate' => true ) );
		$this->assertNotSame( $first, strtok( WP_CLI::$out, "\n" ) );
		$this->assertSame( $raw, self::raw( 'anthropic' ) );
		$this->assertFalse( get_site_option( 'byok_reencryption' ) );
	}

	public function test_status_tells_source_and_states(): void {
		$key = Test_Provider::key();
		self::save( 'anthropic', $key );
		$this->run_command( 'status', array(), array( 'format' => 'json' ) );
		$values = array_column( json_decode( WP_CLI::$out, true ), 'value', 'field' );
		$this->assertSame( 'salts', $values['source'] );
		$this->assertSame( byok_key_source()['key_id'], $values['key_id'] );
		$this->assertSame( '1', $values['keys_ready'] );
		$this->assertSame( '', $values['problem'] );
		self::assert_no_key( $key, WP_CLI::$out );
		$this->assertStringNotContainsString( substr( $key, -4 ), WP_CLI::$out, 'not even the hint' );
	}

	public function test_status_tells_what_is_missing_without_the_extension(): void {
		$code = 'require $double; ( new Byok\Cli_Command() )->status( array(), array() ); return WP_CLI::$out;';
		$out  = Site::run( $code, array( 'extension' => false, 'given' => array( 'double' => __DIR__ . '/support/Wp_Cli_Double.php' ) ) )['result'];
		$this->assertStringContainsString( 'not loaded', $out );
		$this->assertStringContainsString( 'cargo build', $out );
	}

	public function test_a_locked_key_shows_in_list_and_status(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$code = 'require $double; ( new Byok\Cli_Command() )->list_( array(), array() ); ( new Byok\Cli_Command() )->status( array(), array() ); return WP_CLI::$out;';
		$out  = Site::run( $code, array( 'salts' => 'changed', 'given' => array( 'double' => __DIR__ . '/support/Wp_Cli_Double.php' ) ) )['result'];
		$this->assertStringContainsString( "anthropic\tdefault\tlocked", $out );
		$this->assertStringContainsString( "keys_locked\t1", $out );
	}

	public function test_commands_are_registered_under_wp_cli_only(): void {
		$code = <<<'PHP'
			require $double;
			Byok\Plugin::register_hooks();
			$before = array_keys( WP_CLI::$commands );
			define( 'WP_CLI', true );
			Byok\Plugin::register_hooks();
			return array( $before, array_keys( WP_CLI::$commands ) );
		PHP;
		$this->assertSame(
			array( array(), array( 'byok', 'byok import', 'byok rotate', 'byok scan', 'byok relay', 'byok connect', 'byok visitor', 'byok webhook' ) ),
			Site::run( $code, array( 'given' => array( 'double' => __DIR__ . '/support/Wp_Cli_Double.php' ) ) )['result']
		);
	}

	public function test_every_command_is_documented_as_wp_cli_reads_it(): void {
		$methods = array( new ReflectionMethod( Cli_Import::class, '__invoke' ), new ReflectionMethod( Cli_Rotate::class, '__invoke' ) );
		foreach ( array( Cli_Command::class, Cli_Connect::class, Cli_Relay::class, Cli_Visitor::class, Cli_Webhook::class ) as $class ) {
			array_push( $methods, ...( new ReflectionClass( $class ) )->getMethods( ReflectionMethod::IS_PUBLIC ) );
		}
		$this->assertGreaterThan( 16, count( $methods ) );
		foreach ( $methods as $method ) {
			$doc = (string) $method->getDocComment();
			$this->assertStringContainsString( '## OPTIONS', $doc, $method->name );
			$this->assertStringContainsString( '## EXAMPLES', $doc, $method->name );
			// Otherwise WP-CLI refuses a further argument itself, and prints it.
			$this->assertStringContainsString( '[<unexpected>...]', $doc, $method->name );
		}
	}

	/**
	 * Runs a command.
	 *
	 * @param string $command Name.
	 * @param array  $args    Positional arguments.
	 * @param array  $named   Named arguments.
	 * @param string $input   What comes on standard input.
	 * @return int Exit status.
	 */
	private function run_command( string $command, array $args, array $named = array(), string $input = '' ): int {
		$answer = WP_CLI::$answer;
		WP_CLI::reset();
		WP_CLI::$answer = $answer;
		file_put_contents( $this->input, $input );
		try {
			switch ( $command ) {
				case 'import':
					( new Cli_Import() )( $args, $named );
					break;
				case 'rotate':
					( new Cli_Rotate() )( $args, $named );
					break;
				case 'list':
					( new Cli_Command() )->list_( $args, $named );
					break;
				default:
					( new Cli_Command() )->$command( $args, $named );
			}
			return 0;
		} catch ( WP_CLI_Double_Exit $exit ) {
			return $exit->getCode();
		}
	}

	/**
	 * Stores a key as a site with another secret would have done.
	 *
	 * @param array  $secret   Options of Site::run().
	 * @param string $provider Provider id.
	 * @param string $key      Key.
	 */
	private static function save_under( array $secret, string $provider, string $key ): void {
		$code = <<<'PHP'
			$saved = byok_save_key( $provider, $key );
			return is_wp_error( $saved ) ? $saved->get_error_code() : $saved['state'];
		PHP;
		$saved = Site::run( $code, $secret + array( 'given' => compact( 'provider', 'key' ) ) )['result'];
		self::assertSame( 'ready', $saved );
		wp_cache_flush();
	}
}
