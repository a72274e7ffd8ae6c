<?php
/**
 * Tests of what the plugin costs where nothing of it is shown.
 *
 * @package byok
 */

namespace Byok\Tests;

require_once __DIR__ . '/support/Worker.php';

final class QueriesTest extends Test_Case {

	/**
	 * Pages on which byok shows nothing, and whether somebody is logged in.
	 */
	public function pages(): array {
		return array(
			'front page'                => array( '/', false ),
			'front page of a member'    => array( '/', true ),
			'a REST route of WordPress' => array( '/index.php?rest_route=/wp/v2/posts', false ),
			'a page of the admin'       => array( '/wp-admin/edit.php', true ),
			'settings of the admin'     => array( '/wp-admin/options-reading.php', true ),
		);
	}

	/**
	 * @dataProvider pages
	 *
	 * @param string $path      Path.
	 * @param bool   $is_member Whether somebody is logged in.
	 */
	public function test_a_page_without_anything_of_byok_costs_no_query( string $path, bool $is_member ): void {
		$options = array( 'user' => $is_member ? self::admin() : 0 );
		$worker  = new Worker();
		foreach ( array( 'no key', 'keys' ) as $state ) {
			if ( 'keys' === $state ) {
				self::save( 'anthropic', Test_Provider::key() );
				self::save( 'groq', Test_Provider::key( 'groq' ), array( 'slot' => 'spare' ) );
				self::save( 'mistral', Test_Provider::key( 'mistral' ), array( 'owner' => 'user:' . self::admin() ) );
			}
			// What is done once: WordPress's transients, the plugin's table, the first look at the keys.
			$worker->ask( $path, $options );
			$worker->ask( $path, array( 'plugins' => false ) + $options );
			$with    = $worker->ask( $path, $options );
			$without = $worker->ask( $path, array( 'plugins' => false ) + $options );
			$this->assertSame( array( 200, 200 ), array( $with['status'], $without['status'] ) );
			$this->assertGreaterThan( 3, count( $without['queries'] ) );
			$this->assertSame( array(), self::more( $with, $without ), $state );
			$this->assertLessThanOrEqual( count( $without['queries'] ), count( $with['queries'] ), $state );
		}
	}

	public function test_the_dashboard_asks_nothing_when_there_is_nothing_to_tell(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$worker  = new Worker();
		$options = array( 'user' => self::admin() );
		foreach ( array( '/wp-admin/index.php', '/wp-admin/plugins.php' ) as $path ) {
			// What is done once, and what saving a key has left to look at.
			$worker->ask( $path, $options );
			$worker->ask( $path, array( 'plugins' => false ) + $options );
			$with    = $worker->ask( $path, $options );
			$without = $worker->ask( $path, array( 'plugins' => false ) + $options );
			$this->assertSame( array( 200, 200 ), array( $with['status'], $without['status'] ) );
			$this->assertSame( array(), self::more( $with, $without ), $path );
		}
	}

	public function test_nothing_of_byok_is_autoloaded_when_there_is_nothing_to_tell(): void {
		self::save( 'anthropic', Test_Provider::key() );
		( new Worker() )->ask( '/wp-admin/index.php', array( 'user' => self::admin() ) );
		wp_cache_flush();
		$names = preg_grep( '/byok/', array_keys( wp_load_alloptions( true ) ) );
		$this->assertSame( array(), array_values( $names ) );
		$this->assertIsArray( get_option( \Byok\Canary::OPTION ), 'it is there, and not autoloaded' );
	}

	/**
	 * Whoever adds to this list makes every page of every site slower.
	 */
	public function test_a_front_page_loads_few_files(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$worker = new Worker();
		$worker->ask( '/' );
		$files = $worker->ask( '/' )['files'];
		$few   = array( 'autoload.php', 'byok.php', 'class-connectors.php', 'class-elements.php', 'class-known-keys.php', 'class-plugin.php', 'functions.php' );
		if ( \Byok\Connectors::are_there() ) {
			array_push( $few, 'class-ai-registry.php', 'class-extension.php', 'connector-table.php' );
		}
		$this->assertEqualsCanonicalizing( $few, $files );
	}

	/**
	 * The queries that byok has made, or that are not made without it.
	 *
	 * @param array $with    See Worker::ask().
	 * @param array $without The same.
	 * @return array[] Queries.
	 */
	private static function more( array $with, array $without ): array {
		$usual = array_column( $without['queries'], 0 );
		return array_values( array_filter( $with['queries'], static fn( array $query ) => str_contains( $query[1], 'Byok\\' ) || ( str_contains( $query[0], 'byok' ) && ! in_array( $query[0], $usual, true ) ) ) );
	}
}
