<?php
/**
 * Tests that an import sends nothing to an address of somebody's choice.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Cli_Import;
use Byok\Import;
use Byok\Key_Screen;
use WP_CLI;
use WP_CLI_Double_Exit;
use WP_REST_Request;

require_once __DIR__ . '/support/Wp_Cli_Double.php';

/**
 * An import names any option of the site, and its key is sent to the provider to be checked. With a provider whose
 * address people choose, that would hand other plugins' secrets to whoever may manage keys.
 */
final class ImportAddressTest extends Test_Case {

	/**
	 * The provider with an address of one's own.
	 */
	private const OWN = 'openai-compatible';

	/**
	 * An option that by its name is for that provider.
	 */
	private const CONNECTOR = 'connectors_ai_openai_compatible_api_key';

	/**
	 * What another plugin keeps.
	 */
	private const SECRET = 'byok-test-smtp-password-0123456789';

	/**
	 * The row of the key that is there, and the number of requests so far.
	 *
	 * @var array{0: string, 1: int}
	 */
	private array $before;

	protected function setUp(): void {
		parent::setUp();
		update_option( 'imp_test_settings', array( 'smtp_password' => self::SECRET ) );
		update_option( self::CONNECTOR, self::SECRET );
		self::save( self::OWN, Test_Provider::key( self::OWN ), array( 'base_url' => getenv( 'BYOK_TEST_PROVIDER' ) . '/' . self::OWN . '/v1' ) );
		$this->before = array( self::raw( self::OWN ), count( Test_Provider::requests() ) );
	}

	protected function tearDown(): void {
		delete_option( 'imp_test_settings' );
		delete_option( self::CONNECTOR );
		parent::tearDown();
	}

	/**
	 * @dataProvider sources
	 *
	 * @param string $source   Where the secret is.
	 * @param string $provider Provider id.
	 */
	public function test_the_import_itself( string $source, string $provider ): void {
		self::assert_error( 'byok_import_own_address', Import::run( $source, $provider, true ), self::SECRET );
		$this->assert_nothing_sent_or_changed();
	}

	/**
	 * @dataProvider sources
	 *
	 * @param string $source   Where the secret is.
	 * @param string $provider Provider id.
	 */
	public function test_by_rest( string $source, string $provider ): void {
		$request = new WP_REST_Request( 'POST', '/byok/v1/import' );
		$request->set_body_params( compact( 'source', 'provider' ) + array( 'replace' => true ) );
		$answer = rest_do_request( $request );
		$this->assertSame( array( 400, 'byok_import_own_address' ), array( $answer->get_status(), $answer->get_data()['code'] ) );
		$this->assert_nothing_sent_or_changed();
	}

	/**
	 * @dataProvider sources
	 *
	 * @param string $source   Where the secret is.
	 * @param string $provider Provider id.
	 */
	public function test_by_the_form( string $source, string $provider ): void {
		$admin = new Browser( self::admin() );
		$form  = compact( 'source', 'provider' ) + array(
			'action'   => 'byok_import',
			'owner'    => 'site',
			'replace'  => '1',
			'_wpnonce' => $admin->nonce( Key_Screen::site()->nonce_action( 'import' ) ),
		);
		$this->assertSame( 303, $admin->ask( 'POST', '/wp-admin/admin-post.php', $form )['status'] );
		$page = $admin->ask( 'GET', '/wp-admin/options-general.php?page=byok&byok_notice=import' )['body'];
		$this->assertStringContainsString( 'not moved to a provider with an address of your own', $page );
		$this->assert_nothing_sent_or_changed();
	}

	/**
	 * @dataProvider sources
	 *
	 * @param string $source   Where the secret is.
	 * @param string $provider Provider id.
	 */
	public function test_by_the_command_line( string $source, string $provider ): void {
		WP_CLI::reset();
		try {
			( new Cli_Import() )( array( $source ), array( 'provider' => $provider, 'replace' => true ) );
			$this->fail( 'it was not refused' );
		} catch ( WP_CLI_Double_Exit $ended ) {
			$this->assertSame( 1, $ended->getCode() );
		}
		$this->assertStringContainsString( 'not moved to a provider with an address of your own', WP_CLI::$err );
		$this->assert_nothing_sent_or_changed();
	}

	public function test_it_is_not_offered(): void {
		$this->assertSame( array(), Import::found() );
	}

	public function sources(): array {
		return array(
			'the provider is named'        => array( 'imp_test_settings[smtp_password]', self::OWN ),
			'the name of the option is it' => array( self::CONNECTOR, '' ),
		);
	}

	/**
	 * Requires that nobody was asked anything, and that all is as it was.
	 */
	private function assert_nothing_sent_or_changed(): void {
		wp_cache_flush();
		$this->assertSame( $this->before, array( self::raw( self::OWN ), count( Test_Provider::requests() ) ) );
		$this->assertSame( array( 'smtp_password' => self::SECRET ), get_option( 'imp_test_settings' ) );
		$this->assertSame( self::SECRET, get_option( self::CONNECTOR ) );
	}
}
