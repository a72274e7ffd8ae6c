<?php
/**
 * Tests of limits on several web servers.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Relay_Settings;

require_once __DIR__ . '/support/Relay_Node.php';

/**
 * Two web servers, one database, fifty clients that ask all at once. In a section of its own: ten thousand times
 * WordPress takes a while.
 *
 * @group nodes
 * @group mariadb
 */
final class NodesTest extends Test_Case {

	private const LIMIT    = 100;
	private const REQUESTS = 10000;
	private const CLIENTS  = 50;

	public function test_of_ten_thousand_requests_on_two_servers_exactly_as_many_pass_as_may(): void {
		Relay_Settings::change(
			array(
				'limits' => array(
					'user'    => array( self::LIMIT, 31 * DAY_IN_SECONDS ),
					'address' => array( 1000000, 31 * DAY_IN_SECONDS ),
					'key'     => array( 1000000, 31 * DAY_IN_SECONDS ),
					'global'  => array( 1000000, 31 * DAY_IN_SECONDS ),
				),
				// Of this test's servers all workers may be held.
				'caps'   => array( 'streams' => 100 ),
			)
		);
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$asked   = count( Test_Provider::requests() );
		$ini     = array( 'opcache.enable' => '1', 'opcache.enable_cli' => '1', 'opcache.validate_timestamps' => '0' );
		$nodes   = array( Relay_Node::of_site( $ini, 8 ), Relay_Node::of_site( $ini, 8 ) );
		$browser = new Browser( self::admin() );
		try {
			$statuses = self::ask_all( array_column( $nodes, 'url' ), $browser->cookies(), $browser->nonce() );
		} finally {
			foreach ( $nodes as $node ) {
				$node->stop();
			}
		}
		self::assertSame( array( 200 => self::LIMIT, 429 => self::REQUESTS - self::LIMIT ), $statuses['all'] );
		self::assertCount( $asked + self::LIMIT, Test_Provider::requests() );
		// Both have let some through, or it would be one server that is exact.
		self::assertGreaterThan( 0, min( $statuses['passed'] ) );
	}

	/**
	 * Sends all requests, each to one of the servers in turn, so many at once.
	 *
	 * @param string[] $urls    Addresses of the servers.
	 * @param string   $cookies Cookies.
	 * @param string   $nonce   Nonce.
	 * @return array{all: array<int, int>, passed: int[]} Numbers of answers by status, and of those that passed by server.
	 */
	private static function ask_all( array $urls, string $cookies, string $nonce ): array {
		$multi    = curl_multi_init();
		$begun    = 0;
		$statuses = array();
		$passed   = array( 0, 0 );
		$begin    = static function () use ( $multi, $urls, $cookies, $nonce, &$begun ) {
			$handle = curl_init( $urls[ $begun % 2 ] . '/index.php?rest_route=/byok/v1/relay/openai/models' );
			curl_setopt_array(
				$handle,
				array(
					CURLOPT_RETURNTRANSFER => true,
					CURLOPT_COOKIE         => $cookies,
					CURLOPT_HTTPHEADER     => array( "X-WP-Nonce: $nonce" ),
					CURLOPT_TIMEOUT        => 120,
					CURLOPT_PRIVATE        => (string) ( $begun % 2 ),
				)
			);
			curl_multi_add_handle( $multi, $handle );
			++$begun;
		};
		while ( $begun < self::CLIENTS ) {
			$begin();
		}
		do {
			curl_multi_exec( $multi, $running );
			curl_multi_select( $multi, 0.1 );
			while ( false !== ( $done = curl_multi_info_read( $multi ) ) ) {
				$handle              = $done['handle'];
				$status              = curl_getinfo( $handle, CURLINFO_RESPONSE_CODE );
				$statuses[ $status ] = ( $statuses[ $status ] ?? 0 ) + 1;
				$passed[ (int) curl_getinfo( $handle, CURLINFO_PRIVATE ) ] += 200 === $status ? 1 : 0;
				curl_multi_remove_handle( $multi, $handle );
				curl_close( $handle );
				if ( $begun < self::REQUESTS ) {
					$begin();
					$running = true;
				}
			}
		} while ( $running );
		ksort( $statuses );
		return array(
			'all'    => $statuses,
			'passed' => $passed,
		);
	}
}
