<?php
/**
 * Tests of how a PHP process comes to know the keys that it masks.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Owner;
use Byok\Vault;

require_once __DIR__ . '/support/Worker.php';

final class KnownKeysTest extends Test_Case {

	public function test_a_worker_reads_the_keys_of_a_site_once_and_masks_them_from_then_on(): void {
		$keys = array( Test_Provider::key( 'mistral' ), Test_Provider::key( 'mistral' ), Test_Provider::key( 'mistral' ) );
		self::save( 'mistral', $keys[0] );
		self::save( 'mistral', $keys[1], array( 'slot' => 'spare' ) );
		if ( is_multisite() ) {
			$this->assertIsArray( Vault::save( 'cohere', $keys[2], array(), Owner::network() ) );
		}
		$worker = new Worker();
		$reads  = is_multisite() ? array( 2, 0, 0 ) : array( 1, 0, 0 );
		foreach ( $reads as $expected ) {
			$page = $worker->ask( '/', array( 'text' => implode( ' ', $keys ) ) );
			$this->assertCount( $expected, self::looks( $page ) );
			self::assert_no_key( $keys[0], $page['text'] );
			self::assert_no_key( $keys[1], $page['text'] );
			$this->assertSame( ! is_multisite(), str_contains( $page['text'], $keys[2] ) );
		}
	}

	public function test_a_key_that_another_process_saves_is_known_after_the_interval(): void {
		$worker = new Worker();
		$key    = Test_Provider::key( 'mistral' );
		$asks   = static fn( array $options = array() ) => $worker->ask( '/', $options + array( 'text' => "a $key b" ) );
		$asks();
		self::save( 'mistral', $key );
		$page = $asks();
		$this->assertSame( array( array(), "a $key b" ), array( self::looks( $page ), $page['text'] ), 'not yet' );
		usleep( 1100000 );
		$page = $asks( array( 'seconds' => 1 ) );
		$this->assertNotSame( array(), self::looks( $page ) );
		self::assert_no_key( $key, $page['text'] );
		self::assert_no_key( $key, $asks()['text'] );
		foreach ( array( 0, -5, 'nonsense' ) as $seconds ) {
			$this->assertNotSame( array(), self::looks( $asks( array( 'seconds' => $seconds ) ) ), 'each time' );
		}
	}

	public function test_a_worker_that_saves_a_key_knows_it_at_once(): void {
		$worker = new Worker();
		$worker->ask( '/' );
		$key  = Test_Provider::key( 'mistral' );
		$page = $worker->ask( '/index.php?rest_route=/byok/v1/keys/mistral', array( 'user' => self::admin(), 'body' => array( 'key' => $key ), 'text' => "a $key b" ) );
		$this->assertSame( 200, $page['status'] );
		self::assert_no_key( $key, $page['text'] );
		self::assert_no_key( $key, $worker->ask( '/', array( 'text' => "a $key b" ) )['text'] );
	}

	/**
	 * @group multisite
	 */
	public function test_sites_of_a_network_do_not_share_what_was_read(): void {
		$path  = '/queries-' . wp_rand() . '/';
		$other = wpmu_create_blog( wp_parse_url( home_url(), PHP_URL_HOST ) . ':' . wp_parse_url( home_url(), PHP_URL_PORT ), $path, 'other', self::admin() );
		// It leaves that on, and then nothing is cached as it is on a site.
		wp_installing( false );
		$this->assertIsInt( $other );
		try {
			$key = Test_Provider::key( 'mistral' );
			switch_to_blog( $other );
			self::save( 'mistral', $key );
			restore_current_blog();
			$worker = new Worker();
			$this->assertCount( 2, self::looks( $worker->ask( '/' ) ), 'site and network' );
			$page = $worker->ask( $path, array( 'text' => "a $key b" ) );
			$this->assertSame( 200, $page['status'] );
			$this->assertCount( 1, self::looks( $page ), 'the other site, and not the network again' );
			self::assert_no_key( $key, $page['text'] );
			$this->assertSame( array(), self::looks( $worker->ask( $path ) ) );
			$this->assertSame( array(), self::looks( $worker->ask( '/' ) ) );
		} finally {
			while ( ms_is_switched() ) {
				restore_current_blog();
			}
			wp_delete_site( $other );
		}
	}

	/**
	 * The queries by which a worker looks for keys.
	 *
	 * @param array $page See Worker::ask().
	 * @return array[] Queries.
	 */
	private static function looks( array $page ): array {
		return array_values( array_filter( $page['queries'], static fn( array $query ) => str_contains( $query[1], 'Byok\Known_Keys' ) ) );
	}
}
