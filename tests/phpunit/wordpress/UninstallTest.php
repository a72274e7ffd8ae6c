<?php
/**
 * Tests of uninstalling, and of sites in a network.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Attempts;
use Byok\Budget;
use Byok\Budget_Limits;
use Byok\Caller;
use Byok\Connect_Pairs;
use Byok\Consent;
use Byok\Owner;
use Byok\Limits;
use Byok\Place;
use Byok\Relay_Settings;
use Byok\Usage;
use Byok\Usage_Table;
use Byok\Vault;
use Byok\Visitors;
use Byok\Webhook_Endpoints;

final class UninstallTest extends Test_Case {

	/**
	 * What WordPress does when a plugin is deleted, in a process without plugin code and extension.
	 */
	private const UNINSTALL = <<<'PHP'
		define( 'WP_UNINSTALL_PLUGIN', 'byok/byok.php' );
		( static function () {
			require WP_PLUGIN_DIR . '/byok/uninstall.php';
		} )();
		return get_current_blog_id();
	PHP;

	/**
	 * What WordPress does when an unused copy in byok-1 is deleted.
	 */
	private const UNINSTALL_COPY = <<<'PHP'
		if ( ! $listed ) {
			add_filter( 'pre_option_active_plugins', '__return_empty_array' );
			add_filter( 'pre_site_option_active_sitewide_plugins', '__return_empty_array' );
		}
		define( 'WP_UNINSTALL_PLUGIN', 'byok-1/byok.php' );
		( static function ( $folder ) {
			require WP_PLUGIN_DIR . "/$folder/uninstall.php";
		} )( $folder );
		return true;
	PHP;

	protected function tearDown(): void {
		global $wpdb;
		$wpdb->query( "DELETE FROM $wpdb->usermeta WHERE meta_key LIKE '%byok\_key\_%'" );
		$wpdb->query( "DELETE FROM $wpdb->options WHERE option_name LIKE 'byok\_lock\_%' OR option_name IN ( 'byok_canary', 'byok_reencryption' )" );
		if ( is_multisite() ) {
			$wpdb->query( "DELETE FROM $wpdb->sitemeta WHERE meta_key LIKE '%byok\_%'" );
		}
		wp_unschedule_hook( 'byok_of_a_newer_version' );
		delete_option( 'byok_test_other' );
		delete_option( 'other_byok_key_anthropic' );
		parent::tearDown();
	}

	public function test_uninstalling_leaves_nothing_of_ours_and_everything_else(): void {
		self::save( 'anthropic', Test_Provider::key() );
		self::plant( 'of-a-provider-that-is-gone', array( 'version' => 7 ) );
		set_transient( 'byok_notice_1', array( 'x' ), HOUR_IN_SECONDS );
		wp_schedule_single_event( time() + HOUR_IN_SECONDS, 'byok_check_key', array( 'anthropic' ) );
		update_option( 'byok_test_other', 'stays' );
		update_option( 'other_byok_key_anthropic', 'stays' );

		Site::run( self::UNINSTALL, array( 'extension' => false ) );
		wp_cache_flush();
		$this->assertSame( array(), self::left() );
		$this->assertFalse( wp_next_scheduled( 'byok_check_key', array( 'anthropic' ) ) );
		$this->assertSame( 'stays', get_option( 'byok_test_other' ) );
		$this->assertSame( 'stays', get_option( 'other_byok_key_anthropic' ) );
	}

	public function test_nothing_of_ours_is_left_anywhere_in_the_database(): void {
		global $wpdb;
		self::save( 'anthropic', Test_Provider::key() );
		$member = Owner::user( self::user( 'editor' ) );
		Vault::save( 'anthropic', Test_Provider::key(), array(), $member );
		$places = array( Place::of_site( 'anthropic' ), new Place( $member, 'anthropic' ) );
		if ( is_multisite() ) {
			Vault::save( 'anthropic', Test_Provider::key(), array(), Owner::network() );
			$places[] = new Place( Owner::network(), 'anthropic' );
		}
		foreach ( $places as $place ) {
			Consent::set_mode( $place, 'ask' );
			Consent::refuse( $place, Caller::parse( 'plugin:byok-uninstalled' ) );
			Budget::set( $place, '*', Budget_Limits::of( array( 'soft_requests' => 1 ) ) );
			Usage::record( $place, Caller::parse( 'plugin:byok-uninstalled' ), array(), 200 );
		}
		byok_stand_in( 'anthropic' );
		Usage_Table::install();
		$guest = Owner::guest( 'visitor', str_repeat( 'a', 20 ) );
		Vault::save( 'anthropic', Test_Provider::key(), array(), $guest );
		Attempts::count( $guest );
		Visitors::register();
		Connect_Pairs::make( 'An app', array(), array() );
		Webhook_Endpoints::make( 'https://example.org/hook', array() );
		byok_delete_key( 'anthropic', array( 'owner' => $guest->word() ) );
		Relay_Settings::change( array( 'visitors' => true ) );
		Limits::take( array( 'user' => '1' ) );
		// What a person does on the pages.
		$browser = new Browser( self::admin() );
		$browser->ask( 'GET', '/wp-admin/options-general.php?page=byok-usage' );
		$browser->ask( 'GET', '/wp-admin/options-general.php?page=byok' );
		$this->assertNotSame( array(), self::found(), 'the search finds what is there' );

		Site::run( self::UNINSTALL, array( 'extension' => false ) );
		wp_cache_flush();
		$this->assertSame( array(), self::found() );
		$this->assertSame( array(), preg_grep( '/byok_/', $wpdb->get_col( 'SHOW TABLES' ) ) );
	}

	public function test_uninstalling_leaves_no_note_lock_event_or_key_of_a_person(): void {
		global $wpdb;
		update_option( 'byok_canary', array( 'x' ) );
		update_option( 'byok_reencryption', array( 'x' ) );
		update_option( 'byok_lock_user:5:5:anthropic', '1.x' );
		update_option( 'byok_attempts_5', '1' );
		update_option( 'other_byok_key_anthropic', 'stays' );
		wp_schedule_single_event( time() + HOUR_IN_SECONDS, 'byok_check_key', array( 'anthropic', 'user:1' ) );
		wp_schedule_event( time() + HOUR_IN_SECONDS, 'daily', 'byok_of_a_newer_version' );
		wp_schedule_single_event( time() + HOUR_IN_SECONDS, 'other_byok_event' );

		// More people than one batch has.
		$values = implode( ',', array_map( static fn( $user ) => "($user,'byok_key_anthropic','x')", range( 100001, 101200 ) ) );
		$wpdb->query( "INSERT INTO $wpdb->usermeta (user_id, meta_key, meta_value) VALUES $values" );
		update_user_meta( self::admin(), 'byok_key_anthropic', 'x' );
		update_user_meta( self::admin(), 'other_byok_key_anthropic', 'stays' );
		update_user_meta( self::admin(), 'byokXkey_anthropic', 'stays' );

		Site::run( self::UNINSTALL, array( 'extension' => false ) );
		wp_cache_flush();
		$this->assertSame( array(), self::left() );
		$this->assertSame( '0', (string) $wpdb->get_var( "SELECT COUNT(*) FROM $wpdb->usermeta WHERE meta_key LIKE 'byok\_key\_%'" ) );
		$this->assertFalse( wp_next_scheduled( 'byok_check_key', array( 'anthropic', 'user:1' ) ) );
		$this->assertFalse( wp_next_scheduled( 'byok_of_a_newer_version' ) );
		$this->assertIsInt( wp_next_scheduled( 'other_byok_event' ) );
		$this->assertSame( 'stays', get_option( 'other_byok_key_anthropic' ) );
		$this->assertSame( 'stays', get_user_meta( self::admin(), 'other_byok_key_anthropic', true ) );
		$this->assertSame( 'stays', get_user_meta( self::admin(), 'byokXkey_anthropic', true ) );
		wp_unschedule_hook( 'other_byok_event' );
		delete_user_meta( self::admin(), 'byokXkey_anthropic' );
	}

	/**
	 * @group multisite
	 */
	public function test_uninstalling_leaves_nothing_of_the_networks(): void {
		global $wpdb;
		$network = get_current_network_id();
		foreach ( array( $network, $network + 1000 ) as $id ) {
			$wpdb->insert( $wpdb->sitemeta, array( 'site_id' => $id, 'meta_key' => 'byok_key_anthropic', 'meta_value' => 'x' ) );
			$wpdb->insert( $wpdb->sitemeta, array( 'site_id' => $id, 'meta_key' => 'byok_key_anthropic', 'meta_value' => 'twice' ) );
			$wpdb->insert( $wpdb->sitemeta, array( 'site_id' => $id, 'meta_key' => 'other_byok_key', 'meta_value' => 'stays' ) );
		}
		update_site_option( 'byok_reencryption', array( 'x' ) );

		Site::run( self::UNINSTALL, array( 'extension' => false ) );
		wp_cache_flush();
		$this->assertSame( '0', (string) $wpdb->get_var( "SELECT COUNT(*) FROM $wpdb->sitemeta WHERE meta_key LIKE 'byok\_%'" ) );
		$this->assertSame( '2', (string) $wpdb->get_var( "SELECT COUNT(*) FROM $wpdb->sitemeta WHERE meta_key = 'other_byok_key'" ) );
	}

	public function test_deleting_an_unused_copy_costs_no_key(): void {
		self::save( 'anthropic', Test_Provider::key() );
		update_user_meta( self::admin(), 'byok_key_anthropic', 'x' );
		$raw  = self::raw( 'anthropic' );
		$copy = WP_PLUGIN_DIR . '/byok-1';
		mkdir( $copy );
		try {
			copy( WP_PLUGIN_DIR . '/byok/uninstall.php', "$copy/uninstall.php" );
			copy( WP_PLUGIN_DIR . '/byok/byok.php', "$copy/byok.php" );
			// The one in use is loaded and listed; loaded only, as a must-use plugin; listed only, when
			// WordPress was told to skip plugins.
			foreach ( array( array( 'byok-1', true ), array( 'byok-1', false ), array( 'byok', true ) ) as list( $folder, $listed ) ) {
				Site::run( self::UNINSTALL_COPY, array( 'given' => compact( 'folder', 'listed' ) ) );
				$this->assertSame( $raw, self::raw( 'anthropic' ) );
				wp_cache_flush();
				$this->assertSame( 'x', get_user_meta( self::admin(), 'byok_key_anthropic', true ) );
			}

			// The one in use is only deactivated for the moment: neither copy takes the keys with it.
			Site::run( self::UNINSTALL_COPY, array( 'given' => array( 'folder' => 'byok', 'listed' => false ) ) );
			Site::run( self::UNINSTALL, array( 'extension' => false ) );
			$this->assertSame( $raw, self::raw( 'anthropic' ) );
		} finally {
			array_map( 'unlink', glob( "$copy/*" ) );
			rmdir( $copy );
		}

		// The last one does.
		Site::run( self::UNINSTALL, array( 'extension' => false ) );
		$this->assertNull( self::raw( 'anthropic' ) );
	}

	public function test_a_plugin_of_somebody_else_with_a_file_of_that_name_is_no_copy(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$other = WP_PLUGIN_DIR . '/byok-test-other';
		mkdir( $other );
		try {
			file_put_contents( "$other/byok.php", "<?php\n/**\n * Plugin Name: Bring your own kettle\n * Text Domain: kettle\n */\n" );
			Site::run( self::UNINSTALL, array( 'extension' => false ) );
			$this->assertNull( self::raw( 'anthropic' ) );
		} finally {
			unlink( "$other/byok.php" );
			rmdir( $other );
		}
	}

	public function test_uninstall_php_does_nothing_when_it_is_asked_for_directly(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$raw = self::raw( 'anthropic' );
		( new Browser( self::admin() ) )->ask( 'GET', '/wp-content/plugins/byok/uninstall.php' );
		foreach ( array( 'byok.php', 'functions.php', 'includes/class-vault.php', 'includes/autoload.php' ) as $file ) {
			$this->assertSame( '', ( new Browser() )->ask( 'GET', "/wp-content/plugins/byok/$file" )['body'], $file );
		}
		$this->assertSame( $raw, self::raw( 'anthropic' ) );
	}

	/**
	 * Rows of any table that hold our name, but for those that say that the plugin is active, those of tests, the name of
	 * the site, and what WordPress itself keeps of paragraphs that were suggested for its privacy policy.
	 *
	 * @return string[]
	 */
	private static function found(): array {
		global $wpdb;
		$found = array();
		foreach ( $wpdb->get_col( 'SHOW TABLES' ) as $table ) {
			foreach ( $wpdb->get_results( "SELECT * FROM `$table`", ARRAY_A ) as $row ) {
				// Neither a password's hash, which may contain any four letters.
				unset( $row['user_pass'], $row['user_activation_key'] );
				$text = preg_replace( '{byok/byok\.php|wp-content/plugins/byok|byok[-_]test[\w@.-]*}', '', print_r( $row, true ) );
				$is_other = in_array( $row['option_name'] ?? $row['meta_key'] ?? '', array( 'blogname', 'site_name', '_wp_suggested_privacy_policy_content' ), true );
				if ( ! $is_other && str_contains( strtolower( $text ), 'byok' ) ) {
					$found[] = "$table: $text";
				}
			}
		}
		return $found;
	}

	/**
	 * Names of our options on the current site.
	 *
	 * @return string[]
	 */
	private static function left(): array {
		global $wpdb;
		return $wpdb->get_col( "SELECT option_name FROM $wpdb->options WHERE option_name LIKE 'byok\_%' AND option_name <> 'byok_test_other' OR option_name LIKE '\_transient%byok%'" );
	}
}
