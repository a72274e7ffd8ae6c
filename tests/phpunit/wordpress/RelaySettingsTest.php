<?php
/**
 * Tests of the settings of the relay.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Relay_Address;
use Byok\Relay_Settings;

/**
 * What is let in by default, what can be set, and what a damaged row does.
 */
final class RelaySettingsTest extends Test_Case {

	public function test_only_people_with_an_account_are_let_in_by_default(): void {
		$settings = Relay_Settings::current();
		self::assertSame( array( true, true, false, false, false, false ), array( $settings->enabled, $settings->users, $settings->members, $settings->visitors, $settings->connect, $settings->pass_through ) );
		self::assertSame( array( array(), array(), array() ), array( $settings->origins, $settings->trusted_proxies, $settings->models ) );
	}

	public function test_what_is_set_stays_set_and_is_not_loaded_with_every_page(): void {
		self::assertInstanceOf( Relay_Settings::class, Relay_Settings::change( array( 'visitors' => true, 'origins' => array( 'https://App.example:443/' ) ) ) );
		self::assertInstanceOf( Relay_Settings::class, Relay_Settings::change( array( 'limits' => array( 'user' => array( 5, 10 ) ), 'caps' => array( 'idle' => 7 ) ) ) );
		// The same once more is no failure.
		self::assertInstanceOf( Relay_Settings::class, Relay_Settings::change( array( 'visitors' => true ) ) );
		wp_cache_flush();
		$settings = Relay_Settings::current();
		self::assertTrue( $settings->visitors );
		self::assertSame( array( 'https://app.example' ), $settings->origins );
		self::assertSame( array( array( 5, 10 ), array( 60, 60 ), 7, 120 ), array( $settings->limits['user'], $settings->limits['token'], $settings->caps['idle'], $settings->caps['first_byte'] ) );
		self::assertArrayNotHasKey( 'byok_relay', wp_load_alloptions( true ) );
	}

	/**
	 * @dataProvider malformed
	 *
	 * @param array $change What cannot be.
	 */
	public function test_what_cannot_be_is_refused_by_name( array $change ): void {
		$before  = Relay_Settings::current()->to_array();
		$refused = Relay_Settings::change( $change );
		self::assert_error( 'byok_relay_setting_malformed', $refused );
		self::assertSame( key( $change ), $refused->get_error_data()['setting'] );
		self::assertSame( $before, Relay_Settings::current()->to_array() );
	}

	public static function malformed(): array {
		$bad = array(
			array( 'nothing' => true ),
			array( 'enabled' => 1 ),
			array( 'origins' => 'https://app.example' ),
			array( 'origins' => array( '*' ) ),
			array( 'origins' => array( 'null' ) ),
			array( 'origins' => array( 'https://*.example' ) ),
			array( 'origins' => array( 'https://app.example/path' ) ),
			array( 'origins' => array( "https://app.example\nhttps://evil.example" ) ),
			array( 'origins' => array( 'https://user@app.example' ) ),
			array( 'origins' => array( 'javascript:alert(1)' ) ),
			array( 'trusted_proxies' => array( '10.0.0.0/33' ) ),
			array( 'trusted_proxies' => array( 'proxy.example' ) ),
			array( 'models' => array( 'a model' ) ),
			array( 'limits' => array( 'user' => array( 0, 60 ) ) ),
			array( 'limits' => array( 'user' => array( '5', 60 ) ) ),
			array( 'limits' => array( 'nobody' => array( 5, 60 ) ) ),
			array( 'limits' => 5 ),
			array( 'caps' => array( 'body' => -1 ) ),
			array( 'caps' => array( 'idle' => 1000000 ) ),
		);
		return array_map( static fn( array $change ) => array( $change ), $bad );
	}

	public function test_a_damaged_row_opens_nothing(): void {
		$damaged = array( 'text', 5, array( 'users' => 'no' ), array( 'origins' => array( '*' ) ), array( 'models' => 'gpt' ), array( 'limits' => array() ) );
		foreach ( $damaged as $value ) {
			update_option( 'byok_relay', $value, false );
			self::assertFalse( Relay_Settings::current()->enabled, wp_json_encode( $value ) );
			self::assertSame( array(), Relay_Settings::current()->origins );
		}
	}

	/**
	 * @dataProvider senders
	 *
	 * @param string $expected What is counted as one sender.
	 * @param string $peer     Who has connected.
	 * @param string $header   X-Forwarded-For.
	 * @param array  $trusted  Networks of proxies.
	 * @param string $server   How PHP is run.
	 */
	public function test_only_listed_proxies_tell_whom_they_speak_for( string $expected, string $peer, string $header, array $trusted, string $server = 'cli' ): void {
		$_SERVER['REMOTE_ADDR']          = $peer;
		$_SERVER['HTTP_X_FORWARDED_FOR'] = $header;
		try {
			self::assertSame( $expected, Relay_Address::current( array_map( array( Relay_Address::class, 'network' ), $trusted ), $server ) );
		} finally {
			unset( $_SERVER['REMOTE_ADDR'], $_SERVER['HTTP_X_FORWARDED_FOR'] );
		}
	}

	public static function senders(): array {
		$proxies = array( '10.0.0.0/8', '2001:db8:ffff::/48' );
		return array(
			'nobody is listed'                   => array( '192.0.2.1', '192.0.2.1', '203.0.113.9', array() ),
			'a stranger writes the header'       => array( '192.0.2.1', '192.0.2.1', '203.0.113.9', $proxies ),
			'a proxy speaks'                     => array( '203.0.113.9', '10.1.1.1', '203.0.113.9', $proxies ),
			'two proxies speak'                  => array( '203.0.113.9', '10.1.1.1', '203.0.113.9, 10.2.2.2', $proxies ),
			'whoever calls a proxy has lied'     => array( '203.0.113.9', '10.1.1.1', '198.51.100.5, 203.0.113.9', $proxies ),
			'a proxy says nothing'               => array( '10.1.1.1', '10.1.1.1', '', $proxies ),
			'a proxy says unknown'               => array( '10.1.1.1', '10.1.1.1', '198.51.100.5, unknown', $proxies ),
			'a port'                             => array( '203.0.113.9', '10.1.1.1', '203.0.113.9:4711', $proxies ),
			'a household has 64 bits'            => array( '2001:db8:1:2::/64', '2001:db8:1:2:3:4:5:6', '', array() ),
			'a proxy with the new protocol'      => array( '2001:db8:1:2::/64', '2001:db8:ffff::1', '[2001:db8:1:2::9]:443', $proxies ),
			'the old protocol within the new'    => array( '203.0.113.9', '::ffff:10.1.1.1', '203.0.113.9', $proxies ),
			'beside the network, in its bits'    => array( '172.32.0.1', '172.32.0.1', '203.0.113.9', array( '172.16.0.0/12' ) ),
			'within the network, in its bits'    => array( '203.0.113.9', '172.31.0.1', '203.0.113.9', array( '172.16.0.0/12' ) ),
			'the command line has none'          => array( '', '', '203.0.113.9', $proxies ),
			'a web server that says nothing'     => array( 'unknown', '', '203.0.113.9', $proxies, 'fpm-fcgi' ),
			'a socket'                           => array( 'unknown', 'unix:', '203.0.113.9', $proxies ),
			'a socket that is listed'            => array( '203.0.113.9', 'unix:', '198.51.100.5, 203.0.113.9', array( 'unix:' ) ),
			'a socket, and a proxy before it'    => array( '203.0.113.9', 'unix:', '203.0.113.9, 10.2.2.2', array( 'unix:', '10.0.0.0/8' ) ),
			'a stranger where a socket is listed' => array( '192.0.2.1', '192.0.2.1', '203.0.113.9', array( 'unix:' ) ),
			'no address'                         => array( 'unknown', 'garbage', '203.0.113.9', $proxies ),
		);
	}
}
