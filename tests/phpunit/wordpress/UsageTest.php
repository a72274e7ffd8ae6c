<?php
/**
 * Tests of what is counted.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Caller;
use Byok\Owner;
use Byok\Place;
use Byok\Usage;
use Byok\Usage_Figures;
use Byok\Usage_Table;

final class UsageTest extends Test_Case {

	protected function setUp(): void {
		parent::setUp();
		Usage_Table::ensure();
		self::empty_table();
	}

	protected function tearDown(): void {
		// First the hooks as they were: some tests make queries fail.
		parent::tearDown();
		self::empty_table();
		wp_unschedule_hook( Usage_Table::HOOK );
	}

	public function test_requests_errors_and_tokens_are_added_up(): void {
		self::record( 10, 20 );
		self::record( 1, 2, 429 );
		self::record( null, null, 0 );
		$this->assertSame(
			array( array( 'caller' => 'plugin:byok-test', 'provider' => 'openai', 'model' => 'gpt-4o', 'requests' => 3, 'errors' => 2, 'tokens_in' => 11, 'tokens_out' => 22 ) ),
			Usage_Figures::rows( Owner::site() )
		);
	}

	public function test_a_request_is_one_query(): void {
		self::record( 1, 1 );
		$queries = array();
		add_filter(
			'query',
			static function ( $query ) use ( &$queries ) {
				$queries[] = strtok( $query, ' ' );
				return $query;
			}
		);
		self::record( 1, 1 );
		$this->assertSame( array( 'INSERT' ), $queries );
	}

	public function test_callers_models_providers_and_owners_are_told_apart(): void {
		foreach ( array( 'plugin:a', 'plugin:b', 'theme:a' ) as $caller ) {
			self::record( 1, 0, 200, 'gpt-4o', $caller );
		}
		self::record( 1, 0, 200, 'gpt-4', 'plugin:a' );
		self::record( 1, 0, 200, 'gpt-4o', 'plugin:a', new Place( Owner::site(), 'groq' ) );
		$this->assertCount( 5, Usage_Figures::rows( Owner::site() ) );
		// The SQLite driver of WordPress compares all texts without regard to letter case.
		self::record( 1, 0, 200, 'gpt-4o', 'plugin:A' );
		$this->assertCount( 'sqlite' === getenv( 'BYOK_TEST_DATABASE' ) ? 5 : 6, Usage_Figures::rows( Owner::site() ) );
	}

	public function test_models_are_cleaned_and_bounded(): void {
		foreach ( array( "<script>\x00\n'\"\\ é" . str_repeat( 'x', 5000 ), '', null, array( 'x' ), "gpt'4" ) as $model ) {
			Usage::record( Place::of_site( 'openai' ), self::caller(), array( 'model' => $model, 'tokens_in' => 1, 'tokens_out' => 1 ), 200 );
		}
		$models = array_column( Usage_Figures::rows( Owner::site() ), 'model' );
		sort( $models );
		$this->assertSame( array( '', 'gpt 4', 'script ' . str_repeat( 'x', 93 ) ), $models );
	}

	public function test_odd_numbers_do_not_spoil_the_sums(): void {
		self::record( 5, 5 );
		self::record( -7, PHP_INT_MAX );
		Usage::record( Place::of_site( 'openai' ), self::caller(), array( 'model' => 'gpt-4o', 'tokens_in' => '9', 'tokens_out' => INF ), 200 );
		Usage::record( Place::of_site( 'openai' ), self::caller(), array(), 200 );
		$this->assertSame( 5, Usage_Figures::rows( Owner::site() )[0]['tokens_in'] );
		$this->assertSame( 1000000000005, Usage_Figures::rows( Owner::site() )[0]['tokens_out'] );
	}

	public function test_nothing_of_a_request_a_key_or_a_person_is_kept(): void {
		global $wpdb;
		$key = Test_Provider::key( 'openai' );
		self::save( 'openai', $key );
		Usage::record( Place::of_site( 'openai' ), self::caller(), array( 'model' => 'gpt-4o', 'tokens_in' => 1, 'tokens_out' => 1, 'body' => "secret $key" ), 200 );
		$rows = print_r( $wpdb->get_results( 'SELECT * FROM ' . Usage_Table::name() ), true );
		self::assert_no_key( $key, $rows );
		$this->assertStringNotContainsString( 'secret', $rows );
		$this->assertSame( array( 'day', 'blog', 'owner', 'provider', 'slot', 'caller', 'model', 'requests', 'errors', 'tokens_in', 'tokens_out' ), $wpdb->get_col( 'SHOW COLUMNS FROM ' . Usage_Table::name() ) );
	}

	public function test_sixteen_processes_are_counted_exactly(): void {
		$count = 'sqlite' === getenv( 'BYOK_TEST_DATABASE' ) ? 4 : 16;
		// All begin with the same first row, which none of them finds.
		Site::run_at_once(
			$count,
			'for ( $i = 0; $i < 50; $i++ ) {
				Byok\Usage::record( Byok\Place::of_site( "openai" ), Byok\Caller::parse( "plugin:byok-test" ), array( "model" => "m" . $i % 3, "tokens_in" => 2, "tokens_out" => 3 ), $i % 5 ? 200 : 500 );
			}'
		);
		$rows = Usage_Figures::rows( Owner::site() );
		$sums = array_map( static fn( string $name ) => array_sum( array_column( $rows, $name ) ), array( 'requests', 'errors', 'tokens_in', 'tokens_out' ) );
		$this->assertSame( array( $count * 50, $count * 10, $count * 100, $count * 150 ), $sums );
	}

	public function test_a_table_that_is_gone_is_made_again(): void {
		global $wpdb;
		$wpdb->query( 'DROP TABLE ' . Usage_Table::name() );
		self::record( 1, 2 );
		$this->assertSame( 1, Usage_Figures::rows( Owner::site() )[0]['requests'] );
	}

	public function test_a_first_request_makes_the_table_and_notes_its_version(): void {
		global $wpdb;
		$wpdb->query( 'DROP TABLE ' . Usage_Table::name() );
		delete_site_option( Usage_Table::OPTION );
		self::record( 1, 2 );
		$this->assertSame( Usage_Table::VERSION, get_site_option( Usage_Table::OPTION ) );
		$this->assertCount( 1, Usage_Figures::rows( Owner::site() ) );
	}

	public function test_making_the_table_twice_changes_nothing(): void {
		self::record( 1, 2 );
		require_once ABSPATH . 'wp-admin/includes/upgrade.php';
		Usage_Table::create();
		$this->assertCount( 1, Usage_Figures::rows( Owner::site() ) );
	}

	public function test_a_database_that_fails_costs_nobody_an_answer_and_prints_nothing(): void {
		$throws = false;
		add_filter(
			'query',
			static function ( $query ) use ( &$throws ) {
				if ( ! str_contains( $query, 'byok_usage' ) ) {
					return $query;
				}
				if ( $throws ) {
					throw new \RuntimeException( 'A debugging plugin.' );
				}
				return 'nonsense';
			}
		);
		$this->expectOutputString( '' );
		for ( $i = 0; $i < 2; $i++ ) {
			self::record( 1, 2 );
			$this->assertSame( array(), Usage_Figures::rows( Owner::site() ) );
			$this->assertSame( array(), Usage_Figures::callers( Owner::site() ) );
			$throws = true;
		}
	}

	public function test_days_are_complete_and_in_order(): void {
		self::record( 1, 2 );
		self::backdate( 3 );
		self::record( 4, 8 );
		self::record( 4, 8 );
		$days = Usage_Figures::days( Owner::site(), 30 );
		$this->assertCount( 30, $days );
		$this->assertSame( gmdate( 'Y-m-d' ), array_key_last( $days ) );
		$this->assertSame( 2, $days[ gmdate( 'Y-m-d' ) ]['requests'] );
		$this->assertSame( 1, $days[ gmdate( 'Y-m-d', time() - 3 * DAY_IN_SECONDS ) ]['tokens_in'] );
		$sorted = $days;
		ksort( $sorted );
		$this->assertSame( $sorted, $days );
	}

	public function test_what_is_old_is_removed_and_budgets_keep_their_month(): void {
		self::record( 1, 2 );
		self::backdate( 401 );
		self::record( 1, 2, 200, 'm399' );
		self::backdate( 399, 'm399' );
		self::record( 1, 2, 200, 'm31' );
		self::backdate( 31, 'm31' );
		do_action( Usage_Table::HOOK );
		$this->assertSame( array( 'm31', 'm399' ), self::models() );
		add_filter( 'byok_usage_days', static fn() => 1 );
		do_action( Usage_Table::HOOK );
		$this->assertSame( array( 'm31' ), self::models() );
	}

	public function test_the_removal_is_planned_once_a_day(): void {
		wp_unschedule_hook( Usage_Table::HOOK );
		Usage_Table::install();
		Usage_Table::install();
		$this->assertSame( 'daily', wp_get_schedule( Usage_Table::HOOK ) );
		$planned = array_filter( _get_cron_array(), static fn( $events ) => isset( $events[ Usage_Table::HOOK ] ) );
		$this->assertCount( 1, $planned );
	}

	public function test_what_people_do_with_their_own_keys_is_theirs(): void {
		$member = self::user( 'subscriber' );
		$own    = new Place( Owner::user( $member ), 'openai' );
		self::record( 1, 2, 200, 'own', 'plugin:byok-test', $own );
		self::record( 1, 2, 200, 'site' );
		$this->assertSame( array( 'site' ), array_column( Usage_Figures::rows( Owner::site() ), 'model' ) );
		$this->assertSame( array( 'own' ), array_column( Usage_Figures::rows( Owner::user( $member ) ), 'model' ) );
		$this->assertSame( array(), Usage_Figures::rows( Owner::user( self::admin() ) ) );

		$exported = Usage_Figures::of_user( $member );
		$this->assertSame( array( gmdate( 'Y-m-d' ), 'openai', 'plugin:byok-test', 'own', '1' ), array( $exported[0]['day'], $exported[0]['provider'], $exported[0]['caller'], $exported[0]['model'], (string) $exported[0]['requests'] ) );
		$this->assertSame( array(), Usage_Figures::of_user( $member, 2 ) );
		$this->assertSame( 1, Usage_Table::forget_user( $member ) );
		$this->assertSame( array( 'site' ), self::models() );
	}

	public function test_a_person_who_is_deleted_leaves_no_usage(): void {
		require_once ABSPATH . 'wp-admin/includes/user.php';
		require_once ABSPATH . 'wp-admin/includes/ms.php';
		$id = wp_insert_user( array( 'user_login' => 'byok-test-leaving', 'user_pass' => wp_generate_password(), 'user_email' => 'byok-test-leaving@example.org' ) );
		self::record( 1, 2, 200, 'own', 'plugin:byok-test', new Place( Owner::user( $id ), 'openai' ) );
		$this->assertTrue( is_multisite() ? wpmu_delete_user( $id ) : wp_delete_user( $id ) );
		$this->assertSame( array(), self::models() );
	}

	/**
	 * @group multisite
	 */
	public function test_sites_and_the_network_see_what_is_theirs(): void {
		$other = wp_insert_site( array( 'domain' => get_network()->domain, 'path' => '/byok-usage-' . wp_rand() . '/', 'network_id' => get_current_network_id(), 'user_id' => self::admin() ) );
		$this->assertIsInt( $other );
		$network = new Place( Owner::network(), 'openai' );
		self::record( 1, 2, 200, 'here' );
		self::record( 1, 2, 200, 'network-here', 'plugin:byok-test', $network );
		switch_to_blog( $other );
		self::record( 1, 2, 200, 'there', 'plugin:byok-test', Place::of_site( 'openai' ) );
		self::record( 1, 2, 200, 'network-there', 'plugin:byok-test', $network );
		$theirs = array_column( Usage_Figures::rows( Owner::site() ), 'model' );
		restore_current_blog();

		$this->assertSame( array( 'network-there', 'there' ), $theirs );
		$this->assertSame( array( 'here', 'network-here' ), array_column( Usage_Figures::rows( Owner::site() ), 'model' ) );
		$this->assertSame( array( 'network-here', 'network-there' ), array_column( Usage_Figures::rows( Owner::network() ), 'model' ) );
		wp_delete_site( $other );
		$this->assertSame( array( 'here', 'network-here' ), self::models() );
	}

	public function test_callers_of_a_key_are_named_the_most_busy_first(): void {
		self::record( 1, 2, 200, 'm', 'core' );
		self::record( 1, 2, 200, 'm', 'plugin:byok-test-busy' );
		self::record( 1, 2, 200, 'n', 'plugin:byok-test-busy' );
		self::record( 1, 2, 200, 'm', 'plugin:byok-test-old' );
		self::backdate( 40, 'm', 'plugin:byok-test-old' );
		self::record( 1, 2, 200, 'm', 'plugin:byok-test-own', new Place( Owner::user( self::admin() ), 'openai' ) );
		self::record( 1, 2, 200, 'm', 'plugin:byok-test-other', Place::of_site( 'groq' ) );
		$this->assertSame(
			array( 'openai' => array( 'byok-test-busy', Caller::parse( 'core' )->name() ), 'groq' => array( 'byok-test-other' ) ),
			Usage_Figures::callers( Owner::site() )
		);
		$this->assertSame( array( 'openai' => array( 'byok-test-own' ) ), Usage_Figures::callers( Owner::user( self::admin() ) ) );
	}

	public function test_the_question_before_a_removal_names_who_will_miss_the_key(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$page = fn() => ( new Browser( self::admin() ) )->ask( 'GET', '/wp-admin/options-general.php?page=byok&byok_open=openai:remove' )['body'];
		$this->assertStringNotContainsString( 'Used in the last 30 days', $page() );
		self::record( 1, 2, 200, 'm', 'plugin:byok-test-%3Cb%3E' );
		self::record( 1, 2, 200, 'm', 'core' );
		$text = $page();
		$this->assertStringContainsString( 'Used in the last 30 days by: WordPress itself and byok-test-&lt;b&gt;.', $text );
		for ( $i = 0; $i < 10; $i++ ) {
			self::record( 1, 2, 200, 'm', "plugin:byok-test-$i" );
		}
		$this->assertStringContainsString( ', and 7 more.', $page() );
	}

	public function test_the_pages_with_keys_link_to_their_usage(): void {
		$pages = array(
			'options-general.php?page=byok' => 'options-general.php?page=byok-usage',
			'users.php?page=byok-keys'      => 'users.php?page=byok-own-usage',
		);
		foreach ( $pages as $page => $usage ) {
			$this->assertStringContainsString( $usage, ( new Browser( self::admin() ) )->ask( 'GET', "/wp-admin/$page" )['body'] );
			$answer = ( new Browser( self::admin() ) )->ask( 'GET', "/wp-admin/$usage" );
			$this->assertSame( 200, $answer['status'] );
			$this->assertStringContainsString( str_replace( '&', '&#038;', $page ), $answer['body'], 'and back' );
		}
		$member = new Browser( self::user( 'subscriber' ) );
		$this->assertStringContainsString( 'profile.php?page=byok-own-usage', $member->ask( 'GET', '/wp-admin/profile.php?page=byok-keys' )['body'] );
		$this->assertSame( 200, $member->ask( 'GET', '/wp-admin/profile.php?page=byok-own-usage' )['status'] );
		$this->assertSame( 403, $member->ask( 'GET', '/wp-admin/options-general.php?page=byok-usage' )['status'] );
	}

	public function test_rest_tells_those_who_may(): void {
		self::record( 7, 2 );
		$this->assertSame( 401, ( new Browser() )->rest( 'GET', '/byok/v1/usage' )['status'] );
		$this->assertSame( 403, ( new Browser( self::user( 'editor' ) ) )->rest( 'GET', '/byok/v1/usage' )['status'] );
		$told = json_decode( ( new Browser( self::admin() ) )->rest( 'GET', '/byok/v1/usage?days=7' )['body'], true );
		$this->assertCount( 7, $told['days'] );
		$this->assertSame( 7, $told['rows'][0]['tokens_in'] );
		$own = json_decode( ( new Browser( self::user( 'editor' ) ) )->rest( 'GET', '/byok/v1/usage?owner=user' )['body'], true );
		$this->assertSame( array(), $own['rows'] );
	}

	public function test_the_page_has_the_same_figures_as_bars_and_as_tables(): void {
		$empty = ( new Browser( self::admin() ) )->ask( 'GET', '/wp-admin/options-general.php?page=byok-usage' )['body'];
		$this->assertStringContainsString( 'byok-usage__empty', $empty );
		$this->assertStringNotContainsString( '<svg class="byok-chart', $empty );

		for ( $i = 0; $i < 3; $i++ ) {
			self::record( 1000, 2000, $i ? 200 : 500 );
		}
		$page = ( new Browser( self::admin() ) )->ask( 'GET', '/wp-admin/options-general.php?page=byok-usage' )['body'];
		$this->assertSame( 1, preg_match_all( '/<rect class="byok-chart__bar"/', $page ) );
		$this->assertSame( 1, preg_match_all( '/byok-chart__bar--failed/', $page ) );
		$this->assertMatchesRegularExpression( '/<desc id="byok-chart-desc">[^<]*6,000/', $page );
		$this->assertSame( 30, preg_match_all( '/<th scope="row">/', $page ) );
		$this->assertStringContainsString( 'gpt-4o', $page );
	}

	/**
	 * Counts a request.
	 *
	 * @param int|null   $in     Tokens of the request.
	 * @param int|null   $out    Tokens of the answer.
	 * @param int        $status Status.
	 * @param string     $model  Model.
	 * @param string     $caller Id of the caller.
	 * @param Place|null $place  Place of the key; null for OpenAI's of the site.
	 */
	private static function record( ?int $in, ?int $out, int $status = 200, string $model = 'gpt-4o', string $caller = 'plugin:byok-test', ?Place $place = null ): void {
		Usage::record( $place ?? Place::of_site( 'openai' ), Caller::parse( $caller ), array( 'model' => $model, 'tokens_in' => $in, 'tokens_out' => $out ), $status );
	}

	/**
	 * Moves what was counted today into the past.
	 *
	 * @param int    $days   Days.
	 * @param string $model  Model.
	 * @param string $caller Caller.
	 */
	private static function backdate( int $days, string $model = 'gpt-4o', string $caller = 'plugin:byok-test' ): void {
		global $wpdb;
		$moved = $wpdb->query(
			$wpdb->prepare( 'UPDATE ' . Usage_Table::name() . ' SET day = %s WHERE day = %s AND model = %s AND caller = %s', gmdate( 'Y-m-d', time() - $days * DAY_IN_SECONDS ), gmdate( 'Y-m-d' ), $model, $caller )
		);
		self::assertSame( 1, $moved );
	}

	/**
	 * Models of all rows.
	 *
	 * @return string[]
	 */
	private static function models(): array {
		global $wpdb;
		return $wpdb->get_col( 'SELECT model FROM ' . Usage_Table::name() . ' ORDER BY model' );
	}

	/**
	 * A plugin.
	 */
	private static function caller(): Caller {
		return Caller::parse( 'plugin:byok-test' );
	}

	/**
	 * Forgets what was counted.
	 */
	private static function empty_table(): void {
		global $wpdb;
		$wpdb->query( 'DELETE FROM ' . Usage_Table::name() );
	}
}
