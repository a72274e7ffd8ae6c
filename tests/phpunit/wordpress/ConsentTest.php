<?php
/**
 * Tests of who may use a key.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Approval_Notice;
use Byok\Caller;
use Byok\Consent;
use Byok\Consent_Policy;
use Byok\Consent_Store;
use Byok\Owner;
use Byok\Place;

final class ConsentTest extends Test_Case {

	public function test_everyone_may_until_somebody_decides(): void {
		$this->assertNull( Consent::refuse( Place::of_site( 'openai' ), self::caller() ) );
		$this->assertNull( self::stored(), 'nothing is written' );
	}

	public function test_who_was_not_approved_is_refused_and_waits(): void {
		$place = Place::of_site( 'openai' );
		$this->assertTrue( Consent::set_mode( $place, 'ask' ) );
		$refused = Consent::refuse( $place, self::caller() );
		self::assert_error( 'byok_not_approved', $refused );
		$this->assertSame( 403, $refused->get_error_data()['status'] );
		$this->assertSame( 'plugin:byok-test', $refused->get_error_data()['caller'] );
		$this->assertStringNotContainsString( 'byok-test', $refused->get_error_message(), 'no input in a message' );

		$waiting = Consent::pending( Owner::site() );
		$this->assertSame( array( 'openai', 'plugin:byok-test' ), array( $waiting[0]['provider'], $waiting[0]['caller'] ) );
		$this->assertEqualsWithDelta( time(), $waiting[0]['since'], 5 );
		$this->assertNull( Consent::refuse( Place::of_site( 'anthropic' ), self::caller() ), 'another key is another decision' );
	}

	public function test_a_second_refusal_writes_nothing(): void {
		$place = Place::of_site( 'openai' );
		Consent::set_mode( $place, 'ask' );
		Consent::refuse( $place, self::caller() );
		$writes = 0;
		add_filter(
			'query',
			static function ( $query ) use ( &$writes ) {
				$writes += str_starts_with( $query, 'SELECT' ) ? 0 : 1;
				return $query;
			}
		);
		self::assert_error( 'byok_not_approved', Consent::refuse( $place, self::caller() ) );
		$this->assertSame( 0, $writes );
	}

	public function test_decisions_hold_at_once_and_can_be_taken_back(): void {
		$place = Place::of_site( 'openai' );
		Consent::set_mode( $place, 'ask' );
		Consent::refuse( $place, self::caller() );

		$this->assertTrue( Consent::decide( $place, 'plugin:byok-test', 'approve' ) );
		$this->assertNull( Consent::refuse( $place, self::caller() ) );
		$this->assertSame( array(), Consent::pending( Owner::site() ) );

		$this->assertTrue( Consent::decide( $place, 'plugin:byok-test', 'deny' ) );
		self::assert_error( 'byok_not_approved', Consent::refuse( $place, self::caller() ) );
		$this->assertSame( array(), Consent::pending( Owner::site() ), 'who was denied does not ask again' );

		$this->assertTrue( Consent::decide( $place, 'plugin:byok-test', 'forget' ) );
		self::assert_error( 'byok_not_approved', Consent::refuse( $place, self::caller() ) );
		$this->assertCount( 1, Consent::pending( Owner::site() ) );
	}

	public function test_with_a_list_others_are_refused_and_do_not_wait(): void {
		$place = Place::of_site( 'openai' );
		Consent::set_mode( $place, 'ask' );
		Consent::refuse( $place, self::caller() );
		Consent::set_mode( $place, 'listed' );
		self::assert_error( 'byok_not_approved', Consent::refuse( $place, self::caller() ) );
		$this->assertSame( array(), Consent::pending( Owner::site() ) );
		Consent::decide( $place, 'plugin:byok-test', 'approve' );
		$this->assertNull( Consent::refuse( $place, self::caller() ) );
	}

	public function test_an_approval_is_for_exactly_one(): void {
		$place = Place::of_site( 'openai' );
		Consent::set_mode( $place, 'listed' );
		Consent::decide( $place, 'plugin:byok-test', 'approve' );
		foreach ( array( 'plugin:Byok-test', 'plugin:byok-test2', 'mu-plugin:byok-test', 'theme:byok-test', 'core', 'cli', 'unknown' ) as $other ) {
			self::assert_error( 'byok_not_approved', Consent::refuse( $place, Caller::parse( $other ) ) );
		}
	}

	public function test_what_is_no_decision_is_refused(): void {
		$place = Place::of_site( 'openai' );
		self::assert_error( 'byok_option_invalid', Consent::set_mode( $place, 'none' ) );
		self::assert_error( 'byok_option_invalid', Consent::decide( $place, 'plugin:byok-test', 'maybe' ) );
		self::assert_error( 'byok_option_invalid', Consent::decide( $place, '*', 'approve' ) );
		self::assertSame( array( 'mode', 'decision', 'caller' ), array_map( static fn( $error ) => $error->get_error_data()['option'], array( Consent::set_mode( $place, 'none' ), Consent::decide( $place, 'plugin:byok-test', 'maybe' ), Consent::decide( $place, '*', 'approve' ) ) ) );
		$this->assertNull( self::stored() );
	}

	/**
	 * @dataProvider edited_rows
	 *
	 * @param string $json What somebody has written.
	 */
	public function test_an_edited_row_opens_no_door( string $json ): void {
		self::plant_policy( $json );
		self::assert_error( 'byok_not_approved', Consent::refuse( Place::of_site( 'openai' ), self::caller() ) );
		$this->assertSame( 'ask', self::policy()->mode( 'openai' ) );

		// Noting who wanted to must not turn the row into one that opens the other keys.
		self::assert_error( 'byok_not_approved', Consent::refuse( Place::of_site( 'openai' ), self::caller() ) );
		$this->assertSame( 'ask', self::policy()->mode( 'openai' ) );
		if ( ! str_contains( $json, '"other"' ) ) {
			self::assert_error( 'byok_not_approved', Consent::refuse( Place::of_site( 'groq' ), self::caller() ) );
		}

		Consent::decide( Place::of_site( 'openai' ), 'plugin:byok-test', 'approve' );
		$this->assertNull( Consent::refuse( Place::of_site( 'openai' ), self::caller() ) );
	}

	public static function edited_rows(): array {
		$key  = '{"mode":"ask","approved":[],"denied":[],"pending":[],"budgets":[],"reached":[]}';
		$rows = array(
			'empty'               => '',
			'words'               => 'everyone',
			'a list'              => '[]',
			'no version'          => '{"mode":"all","keys":{}}',
			'version is a text'   => '{"version":"1","mode":"all","keys":{}}',
			'newer version'       => '{"version":2,"mode":"all","keys":{}}',
			'no mode'             => '{"version":1,"keys":{}}',
			'another mode'        => '{"version":1,"mode":"listed","keys":{}}',
			'keys are a text'     => '{"version":1,"mode":"all","keys":"all"}',
			'cut'                 => '{"version":1,"mode":"all","keys":{',
		);
		$keys = array(
			'key is a text'        => '"all"',
			'key is null'          => 'null',
			'key has a mode only'  => '{"mode":"all"}',
			'mode in capitals'     => str_replace( '"ask"', '"ALL"', $key ),
			'mode is true'         => str_replace( '"ask"', 'true', $key ),
			'one field more'       => str_replace( '{"mode":"ask"', '{"allow":true,"mode":"all"', $key ),
			'everyone approved'    => str_replace( '"approved":[]', '"approved":["*"]', $key ),
			'approved is an object' => str_replace( '"approved":[]', '"approved":{"0":"plugin:byok-test","x":"plugin:byok-test"}', $key ),
			'approved is a number' => str_replace( '"approved":[]', '"approved":[0]', $key ),
			'approved and denied'  => str_replace( '"approved":[],"denied":[]', '"approved":["plugin:byok-test"],"denied":["plugin:byok-test"]', $key ),
			'a time is a text'     => str_replace( '"pending":[]', '"pending":{"core":"1"}', $key ),
			'a budget is a text'   => str_replace( array( '"ask"', '"budgets":[]' ), array( '"all"', '"budgets":{"*":{"hard_tokens":"5"}}' ), $key ),
			'a budget below zero'  => str_replace( array( '"ask"', '"budgets":[]' ), array( '"all"', '"budgets":{"*":{"hard_tokens":-1}}' ), $key ),
			'an unknown budget'    => str_replace( array( '"ask"', '"budgets":[]' ), array( '"all"', '"budgets":{"*":{"hard_money":1}}' ), $key ),
		);
		foreach ( $keys as $name => $json ) {
			$rows[ $name ] = '{"version":1,"mode":"all","keys":{"openai":' . $json . ',"other":' . $key . '}}';
		}
		return array_map( static fn( string $json ) => array( $json ), $rows );
	}

	public function test_a_row_that_is_not_in_our_form_at_all_opens_no_door(): void {
		foreach ( array( '', 'a:0:{}', 'O:8:"stdClass":0:{}', '{"version":1,"mode":"all","keys":{}}', 'a:1:{i:0;s:3:"{}";}' ) as $raw ) {
			self::plant_raw( $raw );
			self::assert_error( 'byok_not_approved', Consent::refuse( Place::of_site( 'openai' ), self::caller() ) );
		}
	}

	public function test_two_who_decide_at_once_both_have_their_way(): void {
		$place = Place::of_site( 'openai' );
		Consent::set_mode( $place, 'ask' );
		self::before_query(
			'UPDATE',
			static function () {
				Site::run( 'return Byok\Consent::decide( Byok\Place::of_site( "openai" ), "plugin:theirs", "approve" );' );
			}
		);
		$this->assertTrue( Consent::decide( $place, 'plugin:ours', 'approve' ) );
		$this->assertSame( array( 'plugin:theirs', 'plugin:ours' ), self::policy()->callers( 'openai', 'approved' ) );
	}

	public function test_a_first_decision_does_not_overwrite_one_that_was_faster(): void {
		self::before_query(
			'INSERT IGNORE',
			static function () {
				Site::run( 'return Byok\Consent::set_mode( Byok\Place::of_site( "groq" ), "listed" );' );
			}
		);
		$this->assertTrue( Consent::set_mode( Place::of_site( 'openai' ), 'ask' ) );
		$this->assertSame( array( 'listed', 'ask' ), array( self::policy()->mode( 'groq' ), self::policy()->mode( 'openai' ) ) );
	}

	public function test_a_database_that_fails_opens_no_door(): void {
		add_filter( 'query', static fn( $query ) => str_contains( $query, 'byok_policy' ) ? 'SELECT from nowhere' : $query );
		$log = ini_set( 'error_log', '/dev/null' );
		try {
			self::assert_error( 'byok_storage_failed', Consent::refuse( Place::of_site( 'openai' ), self::caller() ) );
		} finally {
			ini_set( 'error_log', $log );
		}
	}

	public function test_caches_do_not_go_on_allowing_what_was_withdrawn(): void {
		$place = Place::of_site( 'openai' );
		Consent::set_mode( $place, 'ask' );
		Consent::decide( $place, 'plugin:byok-test', 'approve' );
		$this->assertNull( Consent::refuse( $place, self::caller() ) );
		Site::run( 'return Byok\Consent::decide( Byok\Place::of_site( "openai" ), "plugin:byok-test", "forget" );' );
		self::assert_error( 'byok_not_approved', Consent::refuse( $place, self::caller() ) );
	}

	public function test_the_row_is_not_autoloaded_and_cannot_be_edited_on_the_screen_of_all_options(): void {
		global $wpdb;
		Consent::set_mode( Place::of_site( 'openai' ), 'ask' );
		$this->assertSame( 'off', $wpdb->get_var( "SELECT autoload FROM $wpdb->options WHERE option_name = 'byok_policy'" ) );
		$this->assertTrue( is_serialized( self::stored() ) );
	}

	public function test_nobody_fills_the_row_by_asking(): void {
		$policy = Consent_Policy::parse( null )->with_mode( 'openai', 'ask' );
		for ( $i = 0; $i < 500; $i++ ) {
			$policy = $policy->with_pending( 'openai', "plugin:p$i", 1 );
		}
		$this->assertCount( 200, $policy->pending( 'openai' ) );
		$this->assertEquals( $policy, Consent_Policy::parse( $policy->to_raw() ) );
	}

	public function test_people_decide_about_their_own_keys(): void {
		$place = new Place( Owner::user( self::user( 'subscriber' ) ), 'openai' );
		$this->assertTrue( Consent::set_mode( $place, 'ask' ) );
		self::assert_error( 'byok_not_approved', Consent::refuse( $place, self::caller() ) );
		$this->assertCount( 1, Consent::pending( $place->owner ) );
		$this->assertNull( Consent::refuse( Place::of_site( 'openai' ), self::caller() ), 'the site’s key is another one' );
		$this->assertNull( Consent::refuse( new Place( Owner::user( self::admin() ), 'openai' ), self::caller() ) );
	}

	/**
	 * @group multisite
	 */
	public function test_the_network_decides_about_its_keys_for_every_site(): void {
		$place = new Place( Owner::network(), 'openai' );
		$this->assertTrue( Consent::set_mode( $place, 'listed' ) );
		self::assert_error( 'byok_not_approved', Consent::refuse( $place, self::caller() ) );
		$this->assertNull( Consent::refuse( Place::of_site( 'openai' ), self::caller() ) );
	}

	public function test_who_manages_keys_is_told_who_waits_and_nobody_else_is(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$place = Place::of_site( 'openai' );
		Consent::set_mode( $place, 'ask' );
		Consent::refuse( $place, Caller::parse( 'plugin:byok-test-%3Cb%3E' ) );

		$this->assertStringContainsString( 'byok-test-&lt;b&gt;', self::notice( 'dashboard' ) );
		$this->assertStringContainsString( 'page=byok-usage', self::notice( 'settings_page_byok' ) );
		$this->assertSame( '', self::notice( 'edit-post' ) );
		wp_set_current_user( self::user( 'editor' ) );
		$this->assertSame( '', self::notice( 'dashboard' ) );
		wp_set_current_user( self::admin() );
		Consent::decide( $place, 'plugin:byok-test-%3Cb%3E', 'deny' );
		$this->assertSame( '', self::notice( 'dashboard' ) );
	}

	public function test_a_form_without_the_nonce_or_the_capability_decides_nothing(): void {
		$place = Place::of_site( 'openai' );
		Consent::set_mode( $place, 'ask' );
		Consent::refuse( $place, self::caller() );
		$form = array( 'action' => 'byok_usage', 'owner' => 'site', 'provider' => 'openai', 'caller' => 'plugin:byok-test', 'do' => 'approve' );
		$nonce = 'byok_site_' . get_current_blog_id() . '_usage';

		$admin  = new Browser( self::admin() );
		$editor = new Browser( self::user( 'editor' ) );
		$this->assertSame( 403, $admin->ask( 'POST', '/wp-admin/admin-post.php', $form + array( '_wpnonce' => 'x' ) )['status'] );
		$this->assertSame( 403, $editor->ask( 'POST', '/wp-admin/admin-post.php', $form + array( '_wpnonce' => $editor->nonce( $nonce ) ) )['status'] );
		$this->assertNotSame( 303, ( new Browser() )->ask( 'POST', '/wp-admin/admin-post.php', $form + array( '_wpnonce' => 'x' ) )['status'] );
		$this->assertSame( array(), self::policy()->callers( 'openai', 'approved' ) );

		$this->assertSame( 303, $admin->ask( 'POST', '/wp-admin/admin-post.php', $form + array( '_wpnonce' => $admin->nonce( $nonce ) ) )['status'] );
		$this->assertSame( array( 'plugin:byok-test' ), self::policy()->callers( 'openai', 'approved' ) );
	}

	public function test_the_page_shows_who_waits_and_escapes_names(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		Consent::set_mode( Place::of_site( 'openai' ), 'ask' );
		Consent::refuse( Place::of_site( 'openai' ), Caller::parse( 'plugin:byok-test-%3Cscript%3E' ) );
		$page = ( new Browser( self::admin() ) )->ask( 'GET', '/wp-admin/options-general.php?page=byok-usage' );
		$this->assertSame( 200, $page['status'] );
		$this->assertStringContainsString( 'byok-test-&lt;script&gt;', $page['body'] );
		$this->assertStringNotContainsString( 'byok-test-<script>', $page['body'] );
		$this->assertStringContainsString( 'value="approve"', $page['body'] );
		preg_match( '{<ul id="adminmenu">.*?<div id="wpcontent">}s', $page['body'], $menu );
		$this->assertFalse( str_contains( $menu[0], 'byok-usage' ), 'it is not in the menu' );
		$this->assertMatchesRegularExpression( '/page=byok["\'] class="current"/', $menu[0], 'the page it belongs to is marked' );
		$this->assertSame( 403, ( new Browser( self::user( 'editor' ) ) )->ask( 'GET', '/wp-admin/options-general.php?page=byok-usage' )['status'] );
	}

	public function test_rest_decides_for_those_who_may(): void {
		$admin = new Browser( self::admin() );
		$route = '/byok/v1/policy';
		foreach ( array( 401 => new Browser(), 403 => new Browser( self::user( 'editor' ) ) ) as $status => $other ) {
			$this->assertSame( $status, $other->rest( 'POST', $route, array( 'provider' => 'openai', 'mode' => 'all' ) )['status'] );
		}
		$answer = $admin->rest( 'POST', $route, array( 'provider' => 'openai', 'mode' => 'listed', 'caller' => 'plugin:byok-test', 'decision' => 'approve', 'budget' => array( 'hard_tokens' => 5 ) ) );
		$this->assertSame( 200, $answer['status'], $answer['body'] );
		$told = json_decode( $answer['body'], true );
		$this->assertSame( array( 'listed', array( 'plugin:byok-test' ), array( 'plugin:byok-test' => array( 'hard_tokens' => 5 ) ) ), array( $told['mode'], $told['approved'], $told['budgets'] ) );

		foreach ( array( array( 'mode' => 'none' ), array( 'decision' => 'maybe' ), array( 'budget' => array( 'hard_tokens' => -1 ) ), array( 'budget' => array( 'money' => 1 ) ), array( 'owner' => 'user:1' ) ) as $wrong ) {
			$this->assertSame( 400, $admin->rest( 'POST', $route, $wrong + array( 'provider' => 'openai' ) )['status'], print_r( $wrong, true ) );
		}
		$this->assertSame( 404, $admin->rest( 'POST', $route, array( 'provider' => 'nobody', 'mode' => 'all' ) )['status'] );
		$this->assertSame( 'listed', self::policy()->mode( 'openai' ) );
	}

	/**
	 * A plugin.
	 */
	private static function caller(): Caller {
		return Caller::parse( 'plugin:byok-test' );
	}

	/**
	 * The site's decisions.
	 */
	private static function policy(): Consent_Policy {
		return Consent_Store::read( Owner::site() );
	}

	/**
	 * The stored text.
	 */
	private static function stored(): ?string {
		global $wpdb;
		return $wpdb->get_var( "SELECT option_value FROM $wpdb->options WHERE option_name = 'byok_policy'" );
	}

	/**
	 * Stores JSON in the form of the row.
	 *
	 * @param string $json JSON.
	 */
	private static function plant_policy( string $json ): void {
		self::plant_raw( serialize( array( $json ) ) );
	}

	/**
	 * Stores a text as the row.
	 *
	 * @param string $raw Text.
	 */
	private static function plant_raw( string $raw ): void {
		global $wpdb;
		$wpdb->query( "DELETE FROM $wpdb->options WHERE option_name = 'byok_policy'" );
		$wpdb->insert( $wpdb->options, array( 'option_name' => 'byok_policy', 'option_value' => $raw, 'autoload' => 'off' ) );
	}

	/**
	 * What the notices of a screen print.
	 *
	 * @param string $screen Screen id.
	 */
	private static function notice( string $screen ): string {
		set_current_screen( $screen );
		ob_start();
		Approval_Notice::render();
		return ob_get_clean();
	}
}
