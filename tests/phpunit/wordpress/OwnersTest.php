<?php
/**
 * Tests of whose key it is, and which one applies.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Insert_Lock;
use Byok\Owner;
use Byok\Place;
use Byok\Vault;

final class OwnersTest extends Test_Case {

	protected function tearDown(): void {
		putenv( 'ANTHROPIC_API_KEY' );
		parent::tearDown();
	}

	public function test_a_member_brings_a_key_of_their_own(): void {
		$member = self::user( 'subscriber' );
		$own    = Test_Provider::key();
		$site   = Test_Provider::key();
		self::save( 'anthropic', $site );
		$saved = self::save( 'anthropic', $own, array( 'owner' => "user:$member" ) );
		$this->assertSame( array( "user:$member", 'user' ), array( $saved['owner'], $saved['source'] ) );

		$this->assertSame( $site, byok_get_key( 'anthropic' ), 'the administrator has none' );
		wp_set_current_user( $member );
		$this->assertSame( $own, byok_get_key( 'anthropic' ) );
		$this->assertSame( 'user', byok_key_info( 'anthropic' )['source'] );
		$this->assertSame( $site, byok_get_key( 'anthropic', array( 'owner' => 'site' ) ) );
		wp_set_current_user( 0 );
		$this->assertSame( $site, byok_get_key( 'anthropic' ), 'no one is logged in' );

		self::assert_no_key( $own, print_r( get_user_meta( $member ), true ) );
		$this->assertTrue( byok_delete_key( 'anthropic', array( 'owner' => "user:$member" ) ) );
		wp_set_current_user( $member );
		$this->assertSame( $site, byok_get_key( 'anthropic' ) );
	}

	public function test_the_row_of_one_person_does_not_open_for_another(): void {
		$five = self::user( 'subscriber' );
		$six  = self::user( 'editor' );
		self::save( 'anthropic', Test_Provider::key(), array( 'owner' => "user:$five" ) );
		update_user_meta( $six, 'byok_key_anthropic', wp_slash( get_user_meta( $five, 'byok_key_anthropic', true ) ) );
		self::assert_error( 'byok_envelope_refused', byok_get_key( 'anthropic', array( 'owner' => "user:$six" ) ) );
		$this->assertSame( 'damaged', byok_key_info( 'anthropic', array( 'owner' => "user:$six" ) )['state'] );
		$this->assertTrue( byok_has_key( 'anthropic', array( 'owner' => "user:$five" ) ) );

		// Nor as the site's, and the site's not as theirs.
		update_option( 'byok_key_anthropic', get_user_meta( $five, 'byok_key_anthropic', true ) );
		self::assert_error( 'byok_envelope_refused', byok_get_key( 'anthropic', array( 'owner' => 'site' ) ) );
	}

	public function test_the_first_who_has_a_key_decides_also_when_it_does_not_open(): void {
		$member = self::user( 'subscriber' );
		self::save( 'anthropic', Test_Provider::key() );
		update_user_meta( $member, 'byok_key_anthropic', array( 'byok1.damaged' ) );
		wp_set_current_user( $member );
		self::assert_error( 'byok_envelope_malformed', byok_get_key( 'anthropic' ) );
		$this->assertFalse( byok_has_key( 'anthropic' ) );
		$this->assertSame( array( 'damaged', 'user' ), array( byok_key_info( 'anthropic' )['state'], byok_key_info( 'anthropic' )['source'] ) );
	}

	public function test_the_order_can_be_filtered(): void {
		$member = self::user( 'subscriber' );
		$site   = Test_Provider::key();
		self::save( 'anthropic', $site );
		self::save( 'anthropic', Test_Provider::key(), array( 'owner' => "user:$member" ) );
		wp_set_current_user( $member );
		add_filter( 'byok_key_order', static fn() => array( 'site', 'user' ) );
		$this->assertSame( $site, byok_get_key( 'anthropic' ) );

		// Nonsense asks nobody, and is no error.
		add_filter( 'byok_key_order', static fn() => array( 'everybody' ) );
		self::assert_error( 'byok_key_absent', byok_get_key( 'anthropic' ) );
	}

	/**
	 * @dataProvider orders_without_the_site
	 *
	 * @param string[] $order Who is asked.
	 */
	public function test_a_site_that_is_not_to_be_asked_gives_no_key( array $order ): void {
		$member = self::user( 'subscriber' );
		self::save( 'anthropic', Test_Provider::key() );
		add_filter( 'byok_key_order', static fn() => $order );
		wp_set_current_user( $member );

		$queries = array();
		add_filter(
			'query',
			static function ( $query ) use ( &$queries ) {
				$queries[] = $query;
				return $query;
			}
		);
		self::assert_error( 'byok_key_absent', byok_get_key( 'anthropic' ) );
		$this->assertFalse( byok_has_key( 'anthropic' ) );
		$info = byok_key_info( 'anthropic' );
		$this->assertSame( array( 'anthropic', 'absent', '', null, null ), array( $info['provider'], $info['state'], $info['hint'], $info['outcome'], $info['saved_at'] ) );
		$this->assertSame( array(), preg_grep( "/option_name = 'byok_key_/", $queries ), 'the row of the site is not even read' );

		// A key of their own counts, and the site's for who asks for it by name.
		$own = Test_Provider::key();
		self::save( 'anthropic', $own, array( 'owner' => "user:$member" ) );
		self::assert_error( 'byok_key_absent', byok_get_key( 'groq' ) );
		if ( in_array( 'user', $order, true ) ) {
			$this->assertSame( $own, byok_get_key( 'anthropic' ) );
		} else {
			self::assert_error( 'byok_key_absent', byok_get_key( 'anthropic' ) );
		}
		$this->assertSame( 'ready', byok_key_info( 'anthropic', array( 'owner' => 'site' ) )['state'] );
	}

	public function orders_without_the_site(): array {
		return array(
			'one’s own only'     => array( array( 'user' ) ),
			'all but the site'   => array( array( 'user', 'network', 'server' ) ),
			'the server only'    => array( array( 'server' ) ),
			'nobody'             => array( array() ),
			'nobody there is'    => array( array( 'nobody' ) ),
		);
	}

	public function test_owners_that_do_not_exist_are_refused(): void {
		foreach ( array( 'user:999999', 'user:0', 'user:05', 'user:', 'blog', '', 'site ', 'user:1 ' ) as $word ) {
			self::assert_error( 'byok_owner_unknown', byok_get_key( 'anthropic', array( 'owner' => $word ) ) );
			self::assert_error( 'byok_owner_unknown', byok_save_key( 'anthropic', Test_Provider::key(), array( 'owner' => $word ) ) );
			self::assert_error( 'byok_owner_unknown', byok_delete_key( 'anthropic', array( 'owner' => $word ) ) );
		}
		self::assert_error( 'byok_owner_unknown', byok_get_key( 'anthropic', array( 'owner' => array( 'site' ) ) ) );
		wp_set_current_user( 0 );
		self::assert_error( 'byok_owner_unknown', byok_get_key( 'anthropic', array( 'owner' => 'user' ) ) );
	}

	public function test_a_key_in_the_environment_is_used_last_and_cannot_be_changed_here(): void {
		$given = Test_Provider::key();
		putenv( "ANTHROPIC_API_KEY=$given" );
		$info = byok_key_info( 'anthropic' );
		$this->assertSame( array( 'ready', 'environment', true, 'ANTHROPIC_API_KEY' ), array( $info['state'], $info['source'], $info['read_only'], $info['set_by'] ) );
		$this->assertStringEndsWith( substr( $given, -4 ), $info['hint'] );
		$this->assertStringContainsString( 'ANTHROPIC_API_KEY', $info['message'] );
		self::assert_no_key( $given, print_r( $info, true ) );
		$this->assertSame( $given, byok_get_key( 'anthropic' ) );
		$this->assertTrue( byok_delete_key( 'anthropic' ), 'there is nothing of the site to delete' );
		$this->assertSame( $given, byok_get_key( 'anthropic' ) );

		$own = Test_Provider::key();
		self::save( 'anthropic', $own );
		$this->assertSame( $own, byok_get_key( 'anthropic' ) );
		$this->assertSame( 'site', byok_key_info( 'anthropic' )['source'] );
	}

	public function test_a_key_in_a_constant_is_used_too(): void {
		$key  = Test_Provider::key( 'groq' );
		$seen = Site::run(
			'$i = byok_key_info( "groq" ); return array( $i["source"], $i["set_by"], byok_get_key( "groq" ) === $key, byok_has_key( "openai-compatible" ) );',
			array( 'constants' => array( 'GROQ_API_KEY' => $key, 'OPENAI_COMPATIBLE_API_KEY' => $key ), 'given' => array( 'key' => $key ) )
		);
		$this->assertSame( array( 'constant', 'GROQ_API_KEY', true, false ), $seen['result'] );
	}

	public function test_a_server_that_gives_out_no_keys_gives_out_none(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$code = <<<'PHP'
			putenv( 'GROQ_API_KEY=gsk_byok-test-0123456789' );
			return array(
				byok_get_key( 'anthropic' )->get_error_code(),
				byok_get_key( 'groq' )->get_error_code(),
				byok_key_info( 'anthropic' )['state'],
				Byok\Vault::check( 'anthropic' )['outcome'],
				byok_save_key( 'openai', $key )['state'],
			);
		PHP;
		$seen = Site::run( $code, array( 'ini' => array( 'byok.allow_reveal' => '0' ), 'given' => array( 'key' => Test_Provider::key( 'openai' ) ) ) );
		$this->assertSame( array( 'byok_reveal_refused', 'byok_reveal_refused', 'ready', 'valid', 'ready' ), $seen['result'] );
	}

	public function test_members_do_not_choose_an_address(): void {
		$member = self::user( 'subscriber' );
		$key    = Test_Provider::key( 'openai-compatible' );
		$asked  = count( Test_Provider::requests() );
		$result = byok_save_key( 'openai-compatible', $key, array( 'owner' => "user:$member", 'base_url' => 'https://example.org/v1' ) );
		self::assert_error( 'byok_base_url_not_for_members', $result, $key );
		$this->assertCount( $asked, Test_Provider::requests() );
	}

	public function test_of_two_who_bring_the_same_first_key_the_loser_is_told_and_one_row_is_left(): void {
		global $wpdb;
		$member = self::user( 'subscriber' );
		$theirs = Test_Provider::key();
		self::before_query(
			"INSERT INTO $wpdb->usermeta",
			function () use ( $member, $theirs ) {
				// We hold the lock: who comes now is told.
				$code = 'return byok_save_key( "anthropic", $key, array( "owner" => $owner ) )->get_error_code();';
				$this->assertSame( 'byok_conflict', Site::run( $code, array( 'given' => array( 'key' => $theirs, 'owner' => "user:$member" ) ) )['result'] );
			}
		);
		$ours = Test_Provider::key();
		self::save( 'anthropic', $ours, array( 'owner' => "user:$member" ) );
		$this->assertSame( '1', $wpdb->get_var( $wpdb->prepare( "SELECT COUNT(*) FROM $wpdb->usermeta WHERE user_id = %d AND meta_key = 'byok_key_anthropic'", $member ) ) );
		$this->assertSame( $ours, byok_get_key( 'anthropic', array( 'owner' => "user:$member" ) ) );
		$this->assertSame( '0', $wpdb->get_var( "SELECT COUNT(*) FROM $wpdb->options WHERE option_name LIKE 'byok\_lock\_%'" ) );
	}

	public function test_a_lock_that_a_killed_process_has_left_is_taken_over(): void {
		global $wpdb;
		$member = self::user( 'subscriber' );
		$place  = new Place( Owner::user( $member ), 'anthropic' );
		$this->assertNotNull( Insert_Lock::take( $place ) );
		$this->assertNull( Insert_Lock::take( $place ) );
		self::assert_error( 'byok_conflict', byok_save_key( 'anthropic', Test_Provider::key(), array( 'owner' => "user:$member" ) ) );

		$wpdb->query( $wpdb->prepare( "UPDATE $wpdb->options SET option_value = %s WHERE option_name LIKE 'byok\_lock\_%%'", ( time() - 31 ) . '.0123' ) );
		self::save( 'anthropic', Test_Provider::key(), array( 'owner' => "user:$member" ) );
	}

	public function test_a_lock_does_not_keep_another_person_waiting(): void {
		$this->assertNotNull( Insert_Lock::take( new Place( Owner::user( self::user( 'subscriber' ) ), 'anthropic' ) ) );
		$this->assertNotNull( Insert_Lock::take( new Place( Owner::user( self::user( 'editor' ) ), 'anthropic' ) ) );
	}

	public function test_a_person_who_is_deleted_takes_their_key_along(): void {
		global $wpdb;
		$id = wp_insert_user( array( 'user_login' => 'byok-test-leaving', 'user_pass' => wp_generate_password(), 'user_email' => 'byok-test-leaving@example.org' ) );
		self::save( 'anthropic', Test_Provider::key(), array( 'owner' => "user:$id" ) );
		require_once ABSPATH . 'wp-admin/includes/user.php';
		require_once ABSPATH . 'wp-admin/includes/ms.php';
		$this->assertTrue( is_multisite() ? wpmu_delete_user( $id ) : wp_delete_user( $id ) );
		$this->assertSame( '0', $wpdb->get_var( $wpdb->prepare( "SELECT COUNT(*) FROM $wpdb->usermeta WHERE user_id = %d", $id ) ) );
		self::assert_error( 'byok_owner_unknown', byok_get_key( 'anthropic', array( 'owner' => "user:$id" ) ) );
	}

	public function test_a_key_of_ones_own_is_rechecked_as_such(): void {
		$member = self::user( 'subscriber' );
		$key    = Test_Provider::key( 'anthropic', 'valid' );
		Test_Provider::answer_always( 'outage' );
		$this->assertSame( 'unknown', self::save( 'anthropic', $key, array( 'owner' => "user:$member" ) )['outcome'] );
		byok_get_key( 'anthropic', array( 'owner' => "user:$member" ) );
		$this->assertNotFalse( wp_next_scheduled( 'byok_check_key', array( 'anthropic', "user:$member" ) ) );

		Test_Provider::answer_always();
		wp_set_current_user( 0 );
		do_action( 'byok_check_key', 'anthropic', "user:$member" );
		$this->assertSame( 'valid', byok_key_info( 'anthropic', array( 'owner' => "user:$member" ) )['outcome'] );
	}

	public function test_listeners_are_told_whose_key_was_used_and_never_the_key(): void {
		$member = self::user( 'subscriber' );
		$key    = Test_Provider::key();
		$heard  = array();
		foreach ( array( 'saved', 'checked', 'used', 'deleted' ) as $what ) {
			add_action(
				"byok_key_$what",
				static function ( ...$arguments ) use ( $what, &$heard ) {
					$heard[ $what ] = $arguments;
				},
				10,
				9
			);
		}
		$owner = array( 'owner' => "user:$member" );
		self::save( 'anthropic', $key, $owner );
		byok_get_key( 'anthropic', $owner );
		Vault::check( 'anthropic', Owner::user( $member ) );
		byok_delete_key( 'anthropic', $owner );

		$this->assertSame( array( 'saved', 'used', 'checked', 'deleted' ), array_keys( $heard ) );
		foreach ( $heard as $what => $arguments ) {
			$this->assertCount( 'checked' === $what ? 3 : 2, $arguments, $what );
			$this->assertSame( array( 'anthropic', "user:$member" ), array( $arguments[0], $arguments[1]['owner'] ), $what );
		}
		$this->assertSame( array( 'before' => 'valid', 'outcome' => 'valid', 'by_request' => false ), $heard['checked'][2] );
		self::assert_no_key( $key, print_r( $heard, true ) );
	}

	public function test_rest_gives_each_person_their_own_keys_and_nobody_elses(): void {
		$member = self::user( 'subscriber' );
		$other  = self::user( 'editor' );
		$key    = Test_Provider::key();
		$answer = ( new Browser( $member ) )->rest( 'PUT', '/byok/v1/me/keys/anthropic', array( 'key' => $key ) );
		$this->assertSame( 200, $answer['status'], $answer['body'] );
		$this->assertSame( "user:$member", json_decode( $answer['body'], true )['owner'] );
		self::assert_no_key( $key, $answer['body'] );
		wp_cache_flush();
		$this->assertSame( $key, byok_get_key( 'anthropic', array( 'owner' => "user:$member" ) ) );

		$theirs = json_decode( ( new Browser( $other ) )->rest( 'GET', '/byok/v1/me/keys/anthropic' )['body'], true );
		$this->assertSame( 'absent', $theirs['state'] );
		foreach ( array( 'GET', 'PUT', 'DELETE' ) as $method ) {
			$this->assertSame( 401, ( new Browser() )->rest( $method, '/byok/v1/me/keys/anthropic', 'GET' === $method ? null : array( 'key' => $key ) )['status'] );
			$this->assertSame( 403, ( new Browser( $member ) )->rest( $method, '/byok/v1/keys/anthropic', 'GET' === $method ? null : array( 'key' => $key ) )['status'] );
		}
		$this->assertSame( 200, ( new Browser( $member ) )->rest( 'DELETE', '/byok/v1/me/keys/anthropic' )['status'] );
		wp_cache_flush();
		$this->assertSame( 'absent', byok_key_info( 'anthropic', array( 'owner' => "user:$member" ) )['state'] );
	}

	public function test_a_member_cannot_try_out_a_list_of_keys(): void {
		$member  = new Browser( self::user( 'subscriber' ) );
		$refused = 0;
		for ( $i = 0; $i < 22; $i++ ) {
			$status   = $member->rest( 'PUT', '/byok/v1/me/keys/anthropic', array( 'key' => Test_Provider::key( 'anthropic', 'invalid' ) ) )['status'];
			$refused += 429 === $status ? 1 : 0;
		}
		$this->assertSame( 2, $refused );
	}

	public function test_own_keys_can_be_switched_off(): void {
		add_filter( 'byok_own_key_capability', static fn() => 'do_not_allow' );
		$this->assertFalse( \Byok\Capability::current_user_can( Owner::user( get_current_user_id() ) ) );
		remove_all_filters( 'byok_own_key_capability' );
		$this->assertTrue( \Byok\Capability::current_user_can( Owner::user( get_current_user_id() ) ) );
		$this->assertFalse( \Byok\Capability::current_user_can( Owner::user( self::user( 'subscriber' ) ) ), 'not even an administrator another person’s' );
	}
}
