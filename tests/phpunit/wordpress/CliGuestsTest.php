<?php
/**
 * Tests of the commands about connect keys, visitors and webhooks, through a double of WP-CLI.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Cli_Connect;
use Byok\Cli_Visitor;
use Byok\Cli_Webhook;
use Byok\Connect_Pairs;
use Byok\Key_Store;
use Byok\Owner;
use Byok\Relay_Settings;
use Byok\Visitors;
use Byok\Webhook_Endpoints;
use Byok\Webhook_Sender;
use WP_CLI;
use WP_CLI_Double_Exit;

require_once __DIR__ . '/support/Wp_Cli_Double.php';

final class CliGuestsTest extends Test_Case {

	protected function setUp(): void {
		parent::setUp();
		WP_CLI::reset();
	}

	protected function tearDown(): void {
		wp_unschedule_hook( Webhook_Sender::HOOK );
		wp_unschedule_hook( Visitors::HOOK );
		parent::tearDown();
	}

	public function test_pairs_of_connect_keys(): void {
		$this->assertSame( 0, $this->run_command( new Cli_Connect(), 'create', array( 'My app' ), array( 'origins' => 'https://app.example, https://other.example', 'providers' => 'openai' ) ) );
		list( $public, $secret ) = explode( "\n", WP_CLI::$out );
		$pair = Connect_Pairs::find( 'secret', $secret );
		$this->assertSame( array( 'My app', $public, array( 'https://app.example', 'https://other.example' ), array( 'openai' ) ), array( $pair->name, $pair->public_key, $pair->origins, $pair->providers ) );
		$this->assertStringContainsString( 'switched off', WP_CLI::$err, 'connect keys are not let in' );
		Relay_Settings::change( array( 'connect' => true ) );

		$this->assertSame( 0, $this->run_command( new Cli_Connect(), 'list_', array(), array( 'format' => 'json' ) ) );
		$this->assertStringContainsString( $pair->id, WP_CLI::$out );
		self::assert_no_key( $secret, WP_CLI::$out, 'the list' );

		$ref = $pair->new_ref();
		self::save( 'openai', Test_Provider::key( 'openai' ), array( 'owner' => $ref->word() ) );
		$this->assertSame( 0, $this->run_command( new Cli_Connect(), 'revoke', array( $pair->id ), array( 'yes' => true ) ) );
		$this->assertStringContainsString( '1 key was removed', WP_CLI::$out );
		$this->assertSame( array(), Key_Store::read_all( $ref ) );
		$this->assertSame( 1, $this->run_command( new Cli_Connect(), 'revoke', array( $pair->id ), array( 'yes' => true ) ) );
		$this->assertSame( 1, $this->run_command( new Cli_Connect(), 'create', array( '' ) ) );
		$this->assertSame( 1, $this->run_command( new Cli_Connect(), 'create', array( 'x' ), array( 'origins' => '*' ) ) );
	}

	public function test_visitors(): void {
		$visitor = Visitors::register();
		$owner   = $visitor['owner']->word();
		self::save( 'anthropic', Test_Provider::key(), compact( 'owner' ) );
		self::save( 'openai', Test_Provider::key( 'openai' ), compact( 'owner' ) );
		Visitors::register();
		$this->assertSame( 0, $this->run_command( new Cli_Visitor(), 'list_', array(), array( 'format' => 'json', 'fields' => 'id,keys' ) ) );
		$this->assertEqualsCanonicalizing( array( 0, 2 ), array_column( Visitors::all(), 'keys' ) );
		$this->assertStringContainsString( $visitor['owner']->id, WP_CLI::$out );
		self::assert_no_key( $visitor['token']->reveal(), WP_CLI::$out );

		foreach ( array( 'user:1', 'site', 'visitor:x', '' ) as $word ) {
			$this->assertSame( 1, $this->run_command( new Cli_Visitor(), 'erase', array( $word ), array( 'yes' => true ) ) );
		}
		$this->assertSame( 0, $this->run_command( new Cli_Visitor(), 'erase', array( $owner ), array( 'yes' => true ) ) );
		$this->assertStringContainsString( '2 keys', WP_CLI::$out );
		$this->assertSame( array(), Key_Store::read_all( $visitor['owner'] ) );
		$this->assertCount( 1, Visitors::all() );
	}

	public function test_webhooks(): void {
		$url = getenv( 'BYOK_TEST_PROVIDER' ) . '/openai-compatible/v1/chat/completions';
		$this->assertSame( 0, $this->run_command( new Cli_Webhook(), 'create', array( $url ), array( 'events' => 'key.revoked,key.disabled' ) ) );
		list( $id, $secret ) = explode( "\n", WP_CLI::$out );
		$this->assertSame( array( 'key.revoked', 'key.disabled' ), Webhook_Endpoints::one( $id )->events );
		$this->assertSame( 0, $this->run_command( new Cli_Webhook(), 'test', array( $id ) ) );
		$this->assertStringContainsString( '200', WP_CLI::$out );
		Test_Provider::answer_always( 'outage' );
		$this->assertSame( 1, $this->run_command( new Cli_Webhook(), 'test', array( $id ) ) );
		Test_Provider::answer_always();

		self::save( 'anthropic', Test_Provider::key() );
		byok_delete_key( 'anthropic' );
		Webhook_Sender::run();
		$this->assertSame( 0, $this->run_command( new Cli_Webhook(), 'log', array(), array( 'format' => 'json' ) ) );
		$this->assertStringContainsString( 'key.revoked', WP_CLI::$out );
		$this->assertSame( 0, $this->run_command( new Cli_Webhook(), 'list_', array(), array( 'format' => 'json' ) ) );
		$this->assertStringContainsString( $id, WP_CLI::$out );
		self::assert_no_key( $secret, WP_CLI::$out, 'the list' );

		$this->assertSame( 0, $this->run_command( new Cli_Webhook(), 'delete', array( $id ) ) );
		$this->assertSame( 1, $this->run_command( new Cli_Webhook(), 'delete', array( $id ) ) );
		$this->assertSame( 1, $this->run_command( new Cli_Webhook(), 'create', array( 'https://127.0.0.1/x' ) ) );
		$this->assertSame( 1, $this->run_command( new Cli_Webhook(), 'create', array( $url ), array( 'events' => 'key.read' ) ) );
	}

	public function test_the_figures_of_a_site_are_not_those_of_its_guests(): void {
		$visitor = Visitors::register();
		self::save( 'anthropic', Test_Provider::key(), array( 'owner' => $visitor['owner']->word() ) );
		$before = \Byok\Usage_Figures::rows( Owner::site() );
		byok_request( 'anthropic', '/models', array( 'owner' => $visitor['owner']->word() ) );
		$this->assertSame( $before, \Byok\Usage_Figures::rows( Owner::site() ) );
	}

	/**
	 * Runs a command.
	 *
	 * @param object $command Commands.
	 * @param string $name    Name of the method.
	 * @param array  $args    Positional arguments.
	 * @param array  $named   Named arguments.
	 * @return int Status.
	 */
	private function run_command( object $command, string $name, array $args, array $named = array() ): int {
		WP_CLI::reset();
		try {
			$command->$name( $args, $named );
			return 0;
		} catch ( WP_CLI_Double_Exit $exit ) {
			return $exit->getCode();
		}
	}
}
