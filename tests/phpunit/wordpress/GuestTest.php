<?php
/**
 * Tests of the keys of people without an account.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Canary;
use Byok\Guest_Table;
use Byok\Key_Batch;
use Byok\Key_Store;
use Byok\Owner;
use Byok\Own_Providers;
use Byok\Reencryption;
use Byok\Scan;
use Byok\Scan_Report;
use Byok\Usage_Table;
use Byok\Vault;

final class GuestTest extends Test_Case {

	/**
	 * Two visitors and somebody whom an application knows.
	 */
	private const ANNA = 'visitor:aaaaaaaaaaaaaaaaaaaa';
	private const BERT = 'visitor:bbbbbbbbbbbbbbbbbbbb';
	private const CARL = 'ref:cccccccccccccccccccccccccccc';

	public function test_guests_have_keys_of_their_own(): void {
		$keys = array();
		foreach ( array( self::ANNA, self::BERT, self::CARL ) as $owner ) {
			$keys[ $owner ] = Test_Provider::key();
			$saved          = self::save( 'anthropic', $keys[ $owner ], compact( 'owner' ) );
			$this->assertSame( array( $owner, 'ready' ), array( $saved['owner'], $saved['state'] ) );
			$this->assertSame( strtok( $owner, ':' ), $saved['source'] );
		}
		foreach ( $keys as $owner => $key ) {
			$this->assertSame( $key, byok_get_key( 'anthropic', compact( 'owner' ) ) );
		}
		self::assert_error( 'byok_key_absent', byok_get_key( 'anthropic' ) );
		$this->assertNull( self::raw( 'anthropic' ) );
		self::assert_no_key( $keys[ self::ANNA ], print_r( $this->rows(), true ), 'the table' );

		$this->assertTrue( byok_delete_key( 'anthropic', array( 'owner' => self::ANNA ) ) );
		self::assert_error( 'byok_key_absent', byok_get_key( 'anthropic', array( 'owner' => self::ANNA ) ) );
		$this->assertSame( $keys[ self::BERT ], byok_get_key( 'anthropic', array( 'owner' => self::BERT ) ) );
	}

	public function test_their_keys_send_requests(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ), array( 'owner' => self::CARL ) );
		$answer = byok_request( 'openai', '/models', array( 'owner' => self::CARL ) );
		$this->assertIsArray( $answer );
		$this->assertSame( 200, $answer['response']['code'] );
		self::assert_error( 'byok_key_absent', byok_request( 'openai', '/models', array( 'owner' => self::ANNA ) ) );
	}

	public function test_the_row_of_one_guest_does_not_open_for_another_nor_on_another_site(): void {
		global $wpdb;
		self::save( 'anthropic', Test_Provider::key(), array( 'owner' => self::ANNA ) );
		$wpdb->query( $wpdb->prepare( 'UPDATE ' . Guest_Table::keys() . ' SET owner = %s', self::BERT ) );
		self::assert_error( 'byok_envelope_refused', byok_get_key( 'anthropic', array( 'owner' => self::BERT ) ) );

		$wpdb->query( $wpdb->prepare( 'UPDATE ' . Guest_Table::keys() . ' SET owner = %s, name = %s', self::ANNA, 'byok_key_openai' ) );
		self::assert_error( 'byok_envelope_refused', byok_get_key( 'openai', array( 'owner' => self::ANNA ) ) );

		$wpdb->query( $wpdb->prepare( 'UPDATE ' . Guest_Table::keys() . ' SET blog = 7, name = %s', 'byok_key_anthropic' ) );
		self::assert_error( 'byok_key_absent', byok_get_key( 'anthropic', array( 'owner' => self::ANNA ) ) );
		$elsewhere = Owner::guest( 'visitor', substr( self::ANNA, 8 ), 7 );
		$this->assertSame( 'damaged', Vault::info( 'anthropic', $elsewhere )['state'] );
	}

	/**
	 * @dataProvider words_of_nobody
	 *
	 * @param string $word Word.
	 */
	public function test_a_word_that_can_be_no_guest_is_refused( string $word ): void {
		self::assert_error( 'byok_owner_unknown', byok_save_key( 'anthropic', Test_Provider::key(), array( 'owner' => $word ) ) );
	}

	public function words_of_nobody(): array {
		return array_map(
			static fn( $word ) => array( $word ),
			array( 'visitor', 'visitor:', 'visitor:5', 'ref:', self::ANNA . 'a', self::ANNA . "\n", strtoupper( self::ANNA ), 'visitor:aaaaaaaaaaaaaaaaaaa1', 'ref:' . substr( self::ANNA, 8 ), 'guest:' . substr( self::ANNA, 8 ) )
		);
	}

	public function test_guests_do_not_choose_where_this_server_sends_requests(): void {
		$key = Test_Provider::key( 'openai-compatible' );
		foreach ( array( self::ANNA, self::CARL ) as $owner ) {
			$refused = byok_save_key( 'openai-compatible', $key, array( 'owner' => $owner, 'base_url' => 'https://example.org/v1' ) );
			self::assert_error( 'byok_base_url_not_for_members', $refused, $key );
		}
		$this->assertSame( array(), $this->rows() );
	}

	public function test_what_is_not_offered_to_people_is_refused_and_not_used(): void {
		$owner = Owner::parse( self::ANNA );
		$key   = Test_Provider::key();
		self::save( 'anthropic', $key, array( 'owner' => self::ANNA ) );
		self::save( 'groq', Test_Provider::key( 'groq' ) );
		add_filter( 'byok_own_key_providers', static fn( array $ids, string $kind ) => 'visitor' === $kind ? array( 'openai' ) : $ids, 10, 2 );
		self::assert_error( 'byok_provider_not_for_members', byok_save_key( 'anthropic', $key, array( 'owner' => self::ANNA ) ), $key );
		self::assert_error( 'byok_provider_not_for_members', Own_Providers::may( 'anthropic', $owner ) );
		self::assert_error( 'byok_base_url_not_for_members', Own_Providers::may( 'ollama', $owner ) );
		self::assert_error( 'byok_provider_unknown', Own_Providers::may( 'nobody', $owner ) );
		$this->assertTrue( Own_Providers::may( 'openai', $owner ) );

		// Others, and the site, are not held to it; and what there is can be seen and removed.
		$this->assertTrue( Own_Providers::may( 'anthropic', Owner::user( self::admin() ) ) );
		$this->assertNull( Own_Providers::refuse( byok_providers()['ollama'], Owner::site() ) );
		$this->assertSame( array( 'anthropic', 'openai' ), array_keys( Own_Providers::offered( Vault::all( $owner ), $owner ) ) );
		$this->assertTrue( byok_delete_key( 'anthropic', array( 'owner' => self::ANNA ) ) );
		$this->assertSame( array( 'openai' ), array_keys( Own_Providers::offered( Vault::all( $owner ), $owner ) ) );
	}

	public function test_of_two_who_save_at_once_the_second_is_told(): void {
		$theirs = Test_Provider::key();
		self::before_query(
			'INSERT IGNORE INTO ' . Guest_Table::keys(),
			static function () use ( $theirs ): void {
				self::save( 'anthropic', $theirs, array( 'owner' => self::ANNA ) );
			}
		);
		self::assert_error( 'byok_conflict', byok_save_key( 'anthropic', Test_Provider::key(), array( 'owner' => self::ANNA ) ) );
		$this->assertSame( $theirs, byok_get_key( 'anthropic', array( 'owner' => self::ANNA ) ) );
		$this->assertCount( 1, $this->rows() );

		// Nor does a save take the place of one that came between.
		$last = Test_Provider::key();
		self::before_query(
			'UPDATE ' . Guest_Table::keys(),
			static function () use ( $last ): void {
				self::save( 'anthropic', $last, array( 'owner' => self::ANNA ) );
			}
		);
		self::assert_error( 'byok_conflict', byok_save_key( 'anthropic', Test_Provider::key(), array( 'owner' => self::ANNA ) ) );
		$this->assertSame( $last, byok_get_key( 'anthropic', array( 'owner' => self::ANNA ) ) );
	}

	public function test_several_keys_of_one_guest(): void {
		self::save( 'anthropic', Test_Provider::key(), array( 'owner' => self::ANNA ) );
		$info = self::save( 'anthropic', Test_Provider::key(), array( 'owner' => self::ANNA, 'slot' => 'spare' ) );
		$this->assertSame( array( 'default', 'spare' ), $info['slots'] );
		$this->assertTrue( byok_delete_key( 'anthropic', array( 'owner' => self::ANNA ) ) );
		$this->assertSame( array(), $this->rows() );
	}

	public function test_a_key_that_must_be_verified_is_refused_during_an_outage_and_the_one_before_stays(): void {
		$key   = Test_Provider::key();
		$guest = Owner::parse( self::ANNA );
		self::save( 'anthropic', $key, array( 'owner' => self::ANNA ) );
		Test_Provider::answer_always( 'outage' );
		$next = Test_Provider::key();
		self::assert_error( 'byok_key_unverified', Vault::save( 'anthropic', $next, array( 'verified' => true ), $guest ), $next );
		Test_Provider::answer_always();
		$this->assertSame( $key, byok_get_key( 'anthropic', array( 'owner' => self::ANNA ) ) );
		$this->assertSame( '', Vault::info( 'anthropic', $guest )['previous_hint'] );
		$this->assertIsArray( Vault::save( 'anthropic', $next, array( 'verified' => true ), $guest ) );
		$this->assertSame( $next, byok_get_key( 'anthropic', array( 'owner' => self::ANNA ) ) );
	}

	public function test_keys_of_guests_wait_for_their_secret_and_are_moved_to_another_one(): void {
		$key = Test_Provider::key();
		self::save( 'anthropic', $key, array( 'owner' => self::ANNA ) );
		self::save( 'openai', Test_Provider::key( 'openai' ), array( 'owner' => self::CARL ) );
		$code = <<<'PHP'
			$args   = array( 'owner' => $owner );
			$before = byok_key_info( 'anthropic', $args )['state'];
			$first  = Byok\Reencryption::step( 30.0 );
			$second = Byok\Reencryption::step( 30.0, $previous );
			return array( $before, $first['locked'], $first['total'], $second['moved'], $second['seen'], byok_key_info( 'anthropic', $args )['state'], byok_get_key( 'anthropic', $args ) === $key );
		PHP;
		$given = array( 'owner' => self::ANNA, 'key' => $key, 'previous' => array( 'auth_key' => AUTH_KEY, 'auth_salt' => AUTH_SALT ) );
		$seen  = Site::run( $code, array( 'salts' => 'changed', 'given' => $given ) )['result'];
		$sites = is_multisite() ? (int) get_sites( array( 'count' => true ) ) : 1;
		$this->assertSame( array( 'locked', 2, 2 + $sites, 2, 2 + $sites, 'ready', true ), $seen );
	}

	public function test_a_site_s_own_run_takes_its_guests_along_and_no_other_s(): void {
		global $wpdb;
		foreach ( array( self::ANNA, self::BERT ) as $owner ) {
			self::save( 'anthropic', Test_Provider::key(), compact( 'owner' ) );
		}
		$wpdb->query( $wpdb->prepare( 'UPDATE ' . Guest_Table::keys() . ' SET blog = 7 WHERE owner = %s', self::BERT ) );
		$seen = Site::run(
			'return Byok\Reencryption::site();',
			array( 'constants' => array( 'BYOK_KEY' => 'byok-test-secret-of-the-site-0123456789-abcdef' ) )
		)['result'];
		$this->assertSame( array( 1, 1, 0 ), array( $seen['seen'], $seen['moved'], $seen['damaged'] ) );
	}

	public function test_a_row_of_nobody_is_damaged_and_stays(): void {
		global $wpdb;
		self::save( 'anthropic', Test_Provider::key(), array( 'owner' => self::ANNA ) );
		$wpdb->query( 'UPDATE ' . Guest_Table::keys() . " SET owner = 'visitor'" );
		$this->assertSame( 1, Reencryption::step( 30.0 )['damaged'] );
		$this->assertCount( 1, $this->rows() );
	}

	public function test_the_offer_to_enter_the_old_secret_stays_while_a_guest_s_key_may_be_locked(): void {
		self::save( 'anthropic', Test_Provider::key() );
		self::save( 'anthropic', Test_Provider::key(), array( 'owner' => self::ANNA ) );
		$this->assertTrue( Key_Batch::has_people() );
		update_option( Canary::OPTION, array( 'changed_at' => time() ) + get_option( Canary::OPTION ) );
		Canary::settle();
		$this->assertIsInt( Canary::changed_at() );
		byok_delete_key( 'anthropic', array( 'owner' => self::ANNA ) );
		Canary::settle();
		$this->assertNull( Canary::changed_at() );
		$this->assertFalse( Key_Batch::has_people() );
	}

	public function test_a_plaintext_key_among_them_is_found(): void {
		global $wpdb;
		self::save( 'anthropic', Test_Provider::key(), array( 'owner' => self::ANNA ) );
		$report = new Scan_Report();
		$scan   = new Scan( false, $report, static fn() => static fn() => null );
		$this->assertTrue( $scan->tables( array( 'guests' ), array() ) );
		$this->assertSame( 0, $report->count() );

		$wpdb->query( $wpdb->prepare( 'UPDATE ' . Guest_Table::keys() . ' SET value = %s', Test_Provider::key() ) );
		$this->assertTrue( $scan->tables( array( 'guests' ), array() ) );
		$this->assertSame( array( 'guest', 'byok_key_anthropic', 'anthropic' ), array( $report->lines()[0]['kind'], $report->lines()[0]['where'], $report->lines()[0]['provider'] ) );
	}

	public function test_tables_that_are_gone_are_made_again(): void {
		global $wpdb;
		foreach ( array( Guest_Table::keys(), Guest_Table::visitors() ) as $table ) {
			$wpdb->query( "DROP TABLE IF EXISTS $table" );
		}
		delete_site_option( Guest_Table::OPTION );
		self::save( 'anthropic', Test_Provider::key(), array( 'owner' => self::ANNA ) );
		$this->assertSame( 'ready', byok_key_info( 'anthropic', array( 'owner' => self::ANNA ) )['state'] );
		$before = $this->rows();
		Guest_Table::create();
		$this->assertSame( $before, $this->rows() );
	}

	public function test_forgetting_a_guest_leaves_the_others(): void {
		foreach ( array( self::ANNA, self::BERT ) as $owner ) {
			self::save( 'anthropic', Test_Provider::key(), compact( 'owner' ) );
			self::save( 'openai', Test_Provider::key( 'openai' ), compact( 'owner' ) );
			byok_request( 'openai', '/models', compact( 'owner' ) );
		}
		$this->assertSame( 2, Guest_Table::forget( Owner::parse( self::ANNA ) ) );
		$this->assertSame( 0, Guest_Table::forget( Owner::parse( self::ANNA ) ) );
		$this->assertSame( 1, Usage_Table::forget_owner( Owner::parse( self::ANNA ) ) );
		$this->assertCount( 2, Key_Store::read_all( Owner::parse( self::BERT ) ) );
		$this->assertSame( 1, Usage_Table::forget_owner( Owner::parse( self::BERT ) ) );
	}

	/**
	 * @group multisite
	 */
	public function test_guests_belong_to_a_site_and_go_with_it(): void {
		remove_all_actions( 'wp_initialize_site' );
		$other = wp_insert_site( array( 'domain' => get_network()->domain, 'path' => '/byok-test-' . bin2hex( random_bytes( 6 ) ) . '/', 'user_id' => self::admin() ) );
		$key   = Test_Provider::key();
		self::save( 'anthropic', $key, array( 'owner' => self::ANNA ) );
		switch_to_blog( $other );
		self::assert_error( 'byok_key_absent', byok_get_key( 'anthropic', array( 'owner' => self::ANNA ) ) );
		Vault::save( 'anthropic', Test_Provider::key(), array(), Owner::guest( 'visitor', substr( self::BERT, 8 ) ) );
		restore_current_blog();
		$this->assertCount( 2, $this->rows() );
		self::assert_error( 'byok_key_absent', byok_get_key( 'anthropic', array( 'owner' => self::BERT ) ) );
		$this->assertSame( 'ready', Vault::info( 'anthropic', Owner::guest( 'visitor', substr( self::BERT, 8 ), $other ) )['state'] );

		wp_delete_site( $other );
		$this->assertCount( 1, $this->rows() );
		$this->assertSame( $key, byok_get_key( 'anthropic', array( 'owner' => self::ANNA ) ) );
	}

	/**
	 * The table as it is.
	 *
	 * @return array[]
	 */
	private function rows(): array {
		global $wpdb;
		Guest_Table::ensure();
		return $wpdb->get_results( 'SELECT * FROM ' . Guest_Table::keys(), ARRAY_A );
	}
}
