<?php
/**
 * Tests of networks.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Canary;
use Byok\Key_Screen;
use Byok\Reencryption;
use WP_REST_Request;

/**
 * @group multisite
 */
final class MultisiteTest extends Test_Case {

	/**
	 * Number of sites to uninstall from: more than one batch.
	 */
	private const SITES = 150;

	/**
	 * Ids of the sites a test has made.
	 *
	 * @var int[]
	 */
	private array $sites = array();

	protected function setUp(): void {
		$this->assertTrue( is_multisite(), 'A single site leaves this group out.' );
		parent::setUp();
	}

	protected function tearDown(): void {
		global $wpdb;
		parent::tearDown();
		foreach ( $this->sites as $site ) {
			$wpdb->query( "DROP TABLE IF EXISTS {$wpdb->base_prefix}{$site}_options" );
			$wpdb->delete( $wpdb->blogs, array( 'blog_id' => $site ) );
			clean_blog_cache( $site );
		}
	}

	public function test_keys_follow_the_switched_site(): void {
		list( $other ) = $this->make_sites( 1 );
		$first         = Test_Provider::key();
		$second        = Test_Provider::key();

		self::save( 'anthropic', $first );
		switch_to_blog( $other );
		$this->assertSame( 'absent', byok_key_info( 'anthropic' )['state'] );
		self::assert_error( 'byok_key_absent', byok_get_key( 'anthropic' ) );
		self::save( 'anthropic', $second );
		$this->assertSame( $second, byok_get_key( 'anthropic' ) );
		restore_current_blog();

		$this->assertSame( $first, byok_get_key( 'anthropic' ) );
		switch_to_blog( $other );
		$this->assertSame( $second, byok_get_key( 'anthropic' ) );
		byok_delete_key( 'anthropic' );
		restore_current_blog();
		$this->assertSame( $first, byok_get_key( 'anthropic' ) );
	}

	public function test_the_row_of_another_site_is_refused(): void {
		list( $other ) = $this->make_sites( 1 );
		switch_to_blog( $other );
		self::save( 'anthropic', Test_Provider::key() );
		$row = self::row( 'anthropic' );
		restore_current_blog();

		self::plant( 'anthropic', $row );
		$this->assertSame( 'damaged', byok_key_info( 'anthropic' )['state'] );
		self::assert_error( 'byok_envelope_refused', byok_get_key( 'anthropic' ) );
		switch_to_blog( $other );
		$this->assertTrue( byok_has_key( 'anthropic' ), 'at its own site it opens' );
	}

	public function test_a_key_of_the_network_serves_every_site_without_one(): void {
		list( $other ) = $this->make_sites( 1 );
		$network       = Test_Provider::key();
		$own           = Test_Provider::key();
		$saved         = self::save( 'anthropic', $network, array( 'owner' => 'network' ) );
		$this->assertSame( array( 'network', 'network' ), array( $saved['owner'], $saved['source'] ) );

		$this->assertSame( $network, byok_get_key( 'anthropic' ) );
		switch_to_blog( $other );
		$this->assertSame( $network, byok_get_key( 'anthropic' ) );
		self::save( 'anthropic', $own );
		$this->assertSame( $own, byok_get_key( 'anthropic' ), 'the site’s own comes first' );
		$this->assertSame( $network, byok_get_key( 'anthropic', array( 'owner' => 'network' ) ) );
		restore_current_blog();
		$this->assertSame( 'network', byok_key_info( 'anthropic' )['source'] );
		$this->assertSame( 'absent', byok_key_info( 'anthropic', array( 'owner' => 'site' ) )['state'] );
		$this->assertTrue( byok_delete_key( 'anthropic' ), 'there is no key of the site' );
		$this->assertSame( $network, byok_get_key( 'anthropic' ), 'deleting means the site’s' );
		$this->assertTrue( byok_delete_key( 'anthropic', array( 'owner' => 'network' ) ) );
		self::assert_error( 'byok_key_absent', byok_get_key( 'anthropic' ) );
	}

	public function test_rows_of_a_network_and_of_a_site_cannot_take_each_others_place(): void {
		self::save( 'anthropic', Test_Provider::key(), array( 'owner' => 'network' ) );
		update_option( 'byok_key_anthropic', get_network_option( null, 'byok_key_anthropic' ) );
		self::assert_error( 'byok_envelope_refused', byok_get_key( 'anthropic', array( 'owner' => 'site' ) ) );

		// Nor those of two networks.
		$GLOBALS['wpdb']->query( $GLOBALS['wpdb']->prepare( "UPDATE {$GLOBALS['wpdb']->sitemeta} SET site_id = 7 WHERE meta_key = %s", 'byok_key_anthropic' ) );
		self::assert_error( 'byok_envelope_refused', \Byok\Vault::get( 'anthropic', \Byok\Owner::network( 7 ) ) );
		$this->assertSame( 'damaged', \Byok\Vault::info( 'anthropic', \Byok\Owner::network( 7 ) )['state'] );
	}

	public function test_the_administrator_of_a_site_cannot_touch_the_networks_keys(): void {
		$key = Test_Provider::key();
		self::save( 'anthropic', $key, array( 'owner' => 'network' ) );
		$raw  = get_network_option( null, 'byok_key_anthropic' );
		$user = self::user( 'administrator' );
		wp_set_current_user( $user );
		$this->assertTrue( current_user_can( 'manage_options' ) );
		$this->assertFalse( \Byok\Capability::current_user_can( \Byok\Owner::network() ) );

		$browser = new Browser( $user );
		$this->assertSame( 200, $browser->rest( 'GET', '/byok/v1/keys' )['status'] );
		foreach ( array( 'GET', 'PUT', 'POST', 'DELETE' ) as $method ) {
			$answer = $browser->rest( $method, '/byok/v1/network/keys/anthropic', 'GET' === $method ? null : array( 'key' => Test_Provider::key() ) );
			$this->assertSame( 403, $answer['status'], $method );
			$this->assertStringNotContainsString( substr( $key, -4 ), $answer['body'], 'not even the hint' );
		}
		$this->assertSame( 403, $browser->rest( 'POST', '/byok/v1/network/keys/anthropic/check' )['status'] );
		$this->assertSame( 403, $browser->rest( 'POST', '/byok/v1/reencrypt', array( 'scope' => 'all' ) )['status'] );
		$this->assertSame( 200, $browser->rest( 'POST', '/byok/v1/reencrypt', array( 'scope' => 'site' ) )['status'] );
		// What the request says about the owner counts for nothing.
		$browser->rest( 'PUT', '/byok/v1/keys/anthropic', array( 'key' => Test_Provider::key(), 'owner' => 'network', 'kind' => 'network' ) );
		wp_cache_flush();
		$this->assertSame( $raw, get_network_option( null, 'byok_key_anthropic' ) );
	}

	/**
	 * @dataProvider disguised_scopes
	 *
	 * @param string $body   Body.
	 * @param int    $status Status.
	 */
	public function test_the_administrator_of_a_site_cannot_pass_one_scope_off_as_another( string $body, int $status ): void {
		self::save( 'anthropic', Test_Provider::key(), array( 'owner' => 'network' ) );
		delete_site_option( 'byok_reencryption' );
		wp_set_current_user( self::user( 'administrator' ) );
		$request = new WP_REST_Request( 'POST', '/byok/v1/reencrypt' );
		$request->set_header( 'content-type', 'application/json' );
		$request->set_body( $body );
		$request->set_query_params( array( 'scope' => 'all' ) );
		$answer = rest_do_request( $request );
		$this->assertSame( $status, $answer->get_status() );
		$this->assertNull( \Byok\Reencryption::status(), 'the work on all sites was not begun' );
	}

	public function disguised_scopes(): array {
		return array(
			'plainly'                         => array( '{}', 403 ),
			'for the site'                    => array( '{"scope":"site"}', 200 ),
			'a number that JSON cannot write' => array( '{"scope":"site","x":1e999}', 200 ),
			'with a previous secret'          => array( '{"scope":"site","previous":{"key":"byok-test-previous-secret-0123456789"},"x":1e999}', 200 ),
		);
	}

	public function test_what_changes_a_request_on_its_way_does_not_widen_its_scope(): void {
		delete_site_option( 'byok_reencryption' );
		wp_set_current_user( self::user( 'administrator' ) );
		$request = new WP_REST_Request( 'POST', '/byok/v1/reencrypt' );
		$request->set_param( 'scope', 'all' );
		// The route itself asks once more who is calling.
		self::assert_error( 'byok_forbidden', \Byok\Rest_Reencryption::step( $request ) );
		$this->assertNull( \Byok\Reencryption::status() );
	}

	public function test_the_networks_administrator_manages_them_by_rest(): void {
		$key    = Test_Provider::key();
		$super  = new Browser( self::admin() );
		$answer = $super->rest( 'PUT', '/byok/v1/network/keys/anthropic', array( 'key' => $key ) );
		$this->assertSame( array( 200, 'network' ), array( $answer['status'], json_decode( $answer['body'], true )['owner'] ) );
		wp_cache_flush();
		$this->assertSame( $key, byok_get_key( 'anthropic', array( 'owner' => 'network' ) ) );
		$this->assertSame( 200, $super->rest( 'DELETE', '/byok/v1/network/keys/anthropic' )['status'] );
		$this->assertNull( $GLOBALS['wpdb']->get_var( "SELECT meta_id FROM {$GLOBALS['wpdb']->sitemeta} WHERE meta_key LIKE 'byok\_key%'" ) );
	}

	public function test_the_administrator_of_a_site_does_not_see_the_hint_of_the_networks_key(): void {
		$key = Test_Provider::key();
		self::save( 'anthropic', $key, array( 'owner' => 'network' ) );
		putenv( 'GROQ_API_KEY=' . Test_Provider::key( 'groq' ) );
		try {
			$seen = static fn( string $provider ): string => Key_Screen::site()->inherited( $provider )['hint'];
			$page = static fn( int $user ): string => ( new Browser( $user ) )->ask( 'GET', '/wp-admin/options-general.php?page=byok' )['body'];
			$this->assertStringEndsWith( substr( $key, -4 ), $seen( 'anthropic' ), 'who manages the network sees it' );
			$this->assertNotSame( '', $seen( 'groq' ) );
			$this->assertStringContainsString( '…' . substr( $key, -4 ), html_entity_decode( $page( self::admin() ) ) );

			$user = self::user( 'administrator' );
			wp_set_current_user( $user );
			$this->assertSame( '', $seen( 'anthropic' ) );
			$this->assertSame( '', $seen( 'groq' ), 'the server is no business of theirs either' );
			$html = $page( $user );
			$this->assertStringContainsString( 'From your network', $html );
			$this->assertStringNotContainsString( '…' . substr( $key, -4 ), html_entity_decode( $html ) );
			$this->assertStringNotContainsString( '\u2026' . substr( $key, -4 ), $html, 'nor in what the script is given' );
		} finally {
			putenv( 'GROQ_API_KEY' );
		}
	}

	public function test_all_keys_of_a_network_are_moved_to_another_secret(): void {
		global $wpdb;
		$sites = $this->make_sites( 3 );
		$keys  = array( array( 0, 'network', Test_Provider::key() ), array( 0, 'user:' . self::user( 'subscriber' ), Test_Provider::key() ) );
		foreach ( $sites as $site ) {
			$keys[] = array( $site, 'site', Test_Provider::key() );
		}
		foreach ( $keys as list( $site, $owner, $key ) ) {
			switch_to_blog( $site ? $site : get_current_blog_id() );
			self::save( 'anthropic', $key, compact( 'owner' ) );
			restore_current_blog();
		}
		// A site whose tables are gone must not stop the others.
		$broken = $this->make_sites( 1 );
		$wpdb->query( "DROP TABLE {$wpdb->base_prefix}{$broken[0]}_options" );

		$code = <<<'PHP'
			ini_set( 'error_log', '/dev/null' );
			$status = Byok\Reencryption::step( 60.0 );
			$opened = 0;
			foreach ( $keys as list( $site, $owner, $key ) ) {
				switch_to_blog( $site ? $site : get_current_blog_id() );
				$info    = byok_key_info( 'anthropic', compact( 'owner' ) );
				$opened += 'ready' === $info['state'] && byok_get_key( 'anthropic', compact( 'owner' ) ) === $key ? 1 : 0;
				restore_current_blog();
			}
			return array( $status['moved'], $status['busy'], $status['finished'], $opened );
		PHP;
		$seen = Site::run( $code, array( 'constants' => array( 'BYOK_KEY' => 'byok-test-secret-of-the-site-0123456789-abcdef' ), 'given' => compact( 'keys' ) ) )['result'];
		$this->assertSame( array( 5, 1, true, 5 ), $seen );
	}

	public function test_the_date_of_a_change_goes_away_on_every_site_when_the_whole_network_is_done(): void {
		list( $other ) = $this->make_sites( 1 );
		self::save( 'anthropic', Test_Provider::key(), array( 'owner' => 'user:' . self::user( 'subscriber' ) ) );
		switch_to_blog( $other );
		self::save( 'anthropic', Test_Provider::key() );
		$now = time();
		update_option( Canary::OPTION, array( 'changed_at' => $now, 'written_at' => $now ) + get_option( Canary::OPTION ) );
		Reencryption::site();
		$this->assertSame( $now, Canary::changed_at(), 'a member\'s key may still be locked' );
		restore_current_blog();

		$this->assertTrue( Reencryption::step( 60.0 )['finished'] );
		switch_to_blog( $other );
		$this->assertSame( $now, Canary::changed_at() );
		// The next request to that site.
		Canary::look();
		$this->assertNull( Canary::changed_at() );
		$this->assertTrue( byok_has_key( 'anthropic' ) );
		restore_current_blog();
	}

	public function test_a_members_key_goes_with_them_to_every_site(): void {
		list( $other ) = $this->make_sites( 1 );
		$member        = self::user( 'subscriber' );
		$key           = Test_Provider::key();
		self::save( 'anthropic', $key, array( 'owner' => "user:$member" ) );
		wp_set_current_user( $member );
		switch_to_blog( $other );
		$this->assertSame( $key, byok_get_key( 'anthropic' ) );
	}

	public function test_uninstalling_leaves_nothing_on_any_site(): void {
		global $wpdb;
		$sites = $this->make_sites( self::SITES );
		self::save( 'anthropic', Test_Provider::key() );
		$row = self::raw( 'anthropic' );
		foreach ( $sites as $site ) {
			foreach ( array( 'byok_key_anthropic', 'byok_canary' ) as $name ) {
				$wpdb->insert( "{$wpdb->base_prefix}{$site}_options", array( 'option_name' => $name, 'option_value' => $row, 'autoload' => 'off' ) );
			}
		}
		self::save( 'anthropic', Test_Provider::key(), array( 'owner' => 'network' ) );
		self::save( 'anthropic', Test_Provider::key(), array( 'owner' => 'user:' . self::user( 'subscriber' ) ) );
		\Byok\Reencryption::start();
		$this->assertGreaterThan( 2 * self::SITES + 4, $this->rows_left() );

		Site::run(
			"define( 'WP_UNINSTALL_PLUGIN', 'byok/byok.php' );\n( static function () { require WP_PLUGIN_DIR . '/byok/uninstall.php'; } )();\nreturn true;",
			array( 'extension' => false )
		);
		$this->assertSame( 0, $this->rows_left() );
	}

	/**
	 * Number of rows of ours on all sites.
	 */
	private function rows_left(): int {
		global $wpdb;
		$count = 0;
		foreach ( array_merge( array( $wpdb->options ), array_map( static fn( $site ) => "{$wpdb->base_prefix}{$site}_options", $this->sites ) ) as $table ) {
			$count += (int) $wpdb->get_var( "SELECT COUNT(*) FROM $table WHERE option_name LIKE 'byok\_%'" );
		}
		foreach ( array( $wpdb->sitemeta, $wpdb->usermeta ) as $table ) {
			$count += (int) $wpdb->get_var( "SELECT COUNT(*) FROM $table WHERE meta_key LIKE 'byok\_%'" );
		}
		return $count;
	}

	/**
	 * Makes sites that have nothing but their options: all that byok uses, and quick to make.
	 *
	 * @param int $count How many.
	 * @return int[] Their ids.
	 */
	private function make_sites( int $count ): array {
		global $wpdb;
		remove_all_actions( 'wp_initialize_site' );
		$made = array();
		for ( $i = 0; $i < $count; $i++ ) {
			$site = wp_insert_site(
				array(
					'domain'  => get_network()->domain,
					'path'    => '/byok-test-' . bin2hex( random_bytes( 6 ) ) . '/',
					'user_id' => self::admin(),
				)
			);
			$this->assertIsInt( $site );
			$wpdb->query( "CREATE TABLE {$wpdb->base_prefix}{$site}_options LIKE $wpdb->options" );
			$made[] = $site;
		}
		$this->sites = array_merge( $this->sites, $made );
		return $made;
	}
}
