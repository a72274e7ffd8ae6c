<?php
/**
 * Tests of networks.
 *
 * @package byok
 */

namespace Byok\Tests;

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

	public function test_uninstalling_leaves_nothing_on_any_site(): void {
		global $wpdb;
		$sites = $this->make_sites( self::SITES );
		self::save( 'anthropic', Test_Provider::key() );
		$row = self::raw( 'anthropic' );
		foreach ( $sites as $site ) {
			$wpdb->insert( "{$wpdb->base_prefix}{$site}_options", array( 'option_name' => 'byok_key_anthropic', 'option_value' => $row, 'autoload' => 'off' ) );
		}
		$this->assertGreaterThan( self::SITES, $this->rows_left() );

		Site::run(
			"define( 'WP_UNINSTALL_PLUGIN', 'byok/byok.php' );\n( static function () { require WP_PLUGIN_DIR . '/byok/uninstall.php'; } )();\nreturn true;",
			array( 'extension' => false )
		);
		$this->assertSame( 0, $this->rows_left() );
	}

	public function test_deleting_a_copy_costs_no_key_while_any_site_uses_another(): void {
		global $wpdb;
		list( $other ) = $this->make_sites( 1 );
		self::save( 'anthropic', Test_Provider::key() );
		$wpdb->insert(
			"{$wpdb->base_prefix}{$other}_options",
			array( 'option_name' => 'active_plugins', 'option_value' => serialize( array( 'byok/byok.php' ) ), 'autoload' => 'on' )
		);

		// Neither this site nor a network as a whole uses any.
		$code = <<<'PHP'
			$here = get_current_blog_id();
			add_filter( 'pre_site_option_active_sitewide_plugins', '__return_empty_array' );
			add_filter( 'pre_option_active_plugins', static fn( $value ) => get_current_blog_id() === $here ? array() : $value );
			define( 'WP_UNINSTALL_PLUGIN', 'byok-1/byok.php' );
			( static function () { require WP_PLUGIN_DIR . '/byok/uninstall.php'; } )();
			return true;
		PHP;
		Site::run( $code );
		$this->assertSame( 1, $this->rows_left() );

		// Nothing but that site has kept them.
		$wpdb->delete( "{$wpdb->base_prefix}{$other}_options", array( 'option_name' => 'active_plugins' ) );
		Site::run( $code );
		$this->assertSame( 0, $this->rows_left() );
	}

	/**
	 * Number of rows of ours on all sites.
	 */
	private function rows_left(): int {
		global $wpdb;
		$count = 0;
		foreach ( array_merge( array( $wpdb->options ), array_map( static fn( $site ) => "{$wpdb->base_prefix}{$site}_options", $this->sites ) ) as $table ) {
			$count += (int) $wpdb->get_var( "SELECT COUNT(*) FROM $table WHERE option_name LIKE 'byok\_key\_%'" );
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
