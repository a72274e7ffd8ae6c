<?php
/**
 * Tests of how much a key may be used.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Approval_Notice;
use Byok\Budget;
use Byok\Budget_Limits;
use Byok\Caller;
use Byok\Consent;
use Byok\Owner;
use Byok\Place;
use Byok\Usage;
use Byok\Usage_Table;

final class BudgetTest extends Test_Case {

	protected function setUp(): void {
		parent::setUp();
		Usage_Table::ensure();
		self::forget();
	}

	protected function tearDown(): void {
		self::forget();
		parent::tearDown();
	}

	public function test_without_a_budget_nothing_is_refused_and_nothing_asked(): void {
		$place = Place::of_site( 'openai' );
		Usage::record( $place, self::caller(), array(), 200 );
		$queries = 0;
		add_filter(
			'query',
			static function ( $query ) use ( &$queries ) {
				++$queries;
				return $query;
			}
		);
		Consent::refuse( $place, self::caller() );
		$this->assertNull( Budget::refuse( $place, self::caller() ) );
		$this->assertSame( 1, $queries, 'the one for the decisions' );
	}

	public function test_with_a_budget_the_sums_are_asked_for_once(): void {
		$place = Place::of_site( 'openai' );
		Budget::set( $place, '*', Budget_Limits::of( array( 'hard_requests' => 1000 ) ) );
		Budget::refuse( $place, self::caller() );
		$queries = array();
		add_filter(
			'query',
			static function ( $query ) use ( &$queries ) {
				$queries[] = $query;
				return $query;
			}
		);
		Consent::refuse( $place, self::caller() );
		Budget::refuse( $place, self::caller() );
		$this->assertCount( 1, $queries );
	}

	public function test_a_hard_budget_refuses_the_request_after_it(): void {
		$place = Place::of_site( 'openai' );
		Budget::set( $place, '*', Budget_Limits::of( array( 'hard_requests' => 2 ) ) );
		for ( $i = 0; $i < 2; $i++ ) {
			$this->assertNull( Budget::refuse( $place, self::caller() ) );
			Usage::record( $place, self::caller( (string) $i ), array(), 200 );
		}
		$refused = Budget::refuse( $place, self::caller() );
		self::assert_error( 'byok_budget_exceeded', $refused );
		$data = $refused->get_error_data();
		$this->assertSame( 429, $data['status'] );
		$this->assertSame( gmdate( 'Y-m-d', gmmktime( 0, 0, 0, (int) gmdate( 'n' ) + 1, 1 ) ), $data['until'] );
		$this->assertStringContainsString( wp_date( get_option( 'date_format' ), strtotime( $data['until'] . ' UTC' ), new \DateTimeZone( 'UTC' ) ), $refused->get_error_message() );
		$this->assertGreaterThan( 0, $data['retry_after'] );
		$this->assertLessThanOrEqual( 31 * DAY_IN_SECONDS, $data['retry_after'] );
		$this->assertNull( Budget::refuse( Place::of_site( 'groq' ), self::caller() ), 'another key has its own' );
	}

	public function test_tokens_of_both_directions_count(): void {
		$place = Place::of_site( 'openai' );
		Budget::set( $place, '*', Budget_Limits::of( array( 'hard_tokens' => 100 ) ) );
		Usage::record( $place, self::caller(), array( 'tokens_in' => 60, 'tokens_out' => 39 ), 200 );
		$this->assertNull( Budget::refuse( $place, self::caller() ) );
		Usage::record( $place, self::caller(), array( 'tokens_in' => 0, 'tokens_out' => 1 ), 200 );
		self::assert_error( 'byok_budget_exceeded', Budget::refuse( $place, self::caller() ) );
	}

	public function test_what_other_processes_use_counts(): void {
		$place = Place::of_site( 'openai' );
		Budget::set( $place, '*', Budget_Limits::of( array( 'hard_requests' => 1 ) ) );
		Site::run( 'Byok\Usage::record( Byok\Place::of_site( "openai" ), Byok\Caller::parse( "core" ), array(), 200 ); return 1;' );
		self::assert_error( 'byok_budget_exceeded', Budget::refuse( $place, self::caller() ) );
	}

	public function test_a_budget_of_a_caller_is_that_caller_s(): void {
		$place = Place::of_site( 'openai' );
		Budget::set( $place, 'plugin:byok-test-1', Budget_Limits::of( array( 'hard_requests' => 1 ) ) );
		Usage::record( $place, self::caller( '1' ), array(), 200 );
		self::assert_error( 'byok_budget_exceeded', Budget::refuse( $place, self::caller( '1' ) ) );
		$this->assertNull( Budget::refuse( $place, self::caller( '2' ) ) );
	}

	public function test_zero_is_a_budget(): void {
		Budget::set( Place::of_site( 'openai' ), '*', Budget_Limits::of( array( 'hard_tokens' => 0 ) ) );
		self::assert_error( 'byok_budget_exceeded', Budget::refuse( Place::of_site( 'openai' ), self::caller() ) );
	}

	public function test_last_month_does_not_count(): void {
		global $wpdb;
		$place = Place::of_site( 'openai' );
		Budget::set( $place, '*', Budget_Limits::of( array( 'hard_requests' => 1 ) ) );
		Usage::record( $place, self::caller(), array(), 200 );
		$wpdb->query( 'UPDATE ' . Usage_Table::name() . " SET day = '" . gmdate( 'Y-m-d', strtotime( gmdate( 'Y-m-01' ) ) - 1 ) . "'" );
		Budget::forget();
		$this->assertNull( Budget::refuse( $place, self::caller() ) );
	}

	public function test_a_raised_budget_holds_at_once(): void {
		$place = Place::of_site( 'openai' );
		Budget::set( $place, '*', Budget_Limits::of( array( 'hard_requests' => 1 ) ) );
		Usage::record( $place, self::caller(), array(), 200 );
		self::assert_error( 'byok_budget_exceeded', Budget::refuse( $place, self::caller() ) );
		Site::run( 'return Byok\Budget::set( Byok\Place::of_site( "openai" ), "*", Byok\Budget_Limits::of( array( "hard_requests" => 2 ) ) );' );
		Consent::refuse( $place, self::caller() );
		$this->assertNull( Budget::refuse( $place, self::caller() ) );
		Budget::set( $place, '*', Budget_Limits::of( array() ) );
		$this->assertNull( Budget::refuse( $place, self::caller() ) );
	}

	public function test_a_soft_budget_tells_once_a_month_and_refuses_nothing(): void {
		$place = Place::of_site( 'openai' );
		$told  = array();
		add_action(
			'byok_budget_reached',
			static function ( $provider, $budget ) use ( &$told ) {
				$told[] = array( $provider, $budget['level'], $budget['unit'], $budget['limit'], $budget['used'], $budget['caller'], $budget['owner'] );
			},
			10,
			2
		);
		Budget::set( $place, '*', Budget_Limits::of( array( 'soft_tokens' => 10, 'hard_tokens' => 30 ) ) );
		for ( $i = 0; $i < 4; $i++ ) {
			Budget::refuse( $place, self::caller() );
			Usage::record( $place, self::caller(), array( 'tokens_in' => 6, 'tokens_out' => 0 ), 200 );
		}
		$this->assertSame( array( array( 'openai', 'soft', 'tokens', 10, 12, null, 'site' ) ), $told );
		$this->assertNull( Budget::refuse( $place, self::caller() ) );

		// Not again in another process either.
		$again = Site::run( 'add_action( "byok_budget_reached", function () { $GLOBALS["told"] = true; } ); Byok\Budget::refuse( Byok\Place::of_site( "openai" ), Byok\Caller::parse( "core" ) ); return isset( $GLOBALS["told"] );' );
		$this->assertFalse( $again['result'] );

		Usage::record( $place, self::caller(), array( 'tokens_in' => 6, 'tokens_out' => 0 ), 200 );
		self::assert_error( 'byok_budget_exceeded', Budget::refuse( $place, self::caller() ) );
		$this->assertSame( array( 'soft', 'hard' ), array_column( $told, 1 ) );
	}

	public function test_a_listener_that_throws_refuses_nothing(): void {
		add_action(
			'byok_budget_reached',
			static function () {
				throw new \RuntimeException();
			}
		);
		Budget::set( Place::of_site( 'openai' ), '*', Budget_Limits::of( array( 'soft_requests' => 0 ) ) );
		$this->assertNull( Budget::refuse( Place::of_site( 'openai' ), self::caller() ) );
	}

	public function test_a_notice_tells_until_it_is_put_away(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		$place = Place::of_site( 'openai' );
		Budget::set( $place, 'plugin:byok-test-x', Budget_Limits::of( array( 'soft_requests' => 1 ) ) );
		$this->assertSame( '', self::notice() );
		Usage::record( $place, self::caller( 'x' ), array(), 200 );
		$this->assertStringContainsString( 'byok-test-x', self::notice() );
		$this->assertTrue( Budget::see( Owner::site() ) );
		$this->assertSame( '', self::notice() );
		// Another budget is news.
		Budget::set( $place, '*', Budget_Limits::of( array( 'hard_requests' => 1 ) ) );
		$this->assertStringContainsString( 'byok-budgets-notice', self::notice() );
	}

	/**
	 * @dataProvider typed
	 *
	 * @param string   $typed    What was typed.
	 * @param int|null $expected Limit.
	 * @param bool     $is_read  Whether it is a budget.
	 */
	public function test_numbers_are_read_as_people_write_them( string $typed, ?int $expected, bool $is_read ): void {
		$limits = Budget_Limits::read( array( 'hard_tokens' => $typed ) );
		$this->assertSame( $is_read, null !== $limits );
		$this->assertSame( $expected, null === $limits ? null : $limits->limit( 'hard_tokens' ) );
	}

	public static function typed(): array {
		return array(
			array( '', null, true ),
			array( ' 5 ', 5, true ),
			array( '0', 0, true ),
			array( '1,000,000', 1000000, true ),
			array( '1.000.000', 1000000, true ),
			array( "1\u{202F}000", 1000, true ),
			array( "1'000", 1000, true ),
			array( '1.5', null, false ),
			array( '1,00', null, false ),
			array( '-1', null, false ),
			array( '1e6', null, false ),
			array( 'many', null, false ),
			array( '99999999999999999999', null, false ),
			array( '1000000000001', null, false ),
			array( "\xff", null, false ),
		);
	}

	public function test_the_form_sets_a_budget_and_refuses_what_is_none(): void {
		$admin = new Browser( self::admin() );
		$form  = array( 'action' => 'byok_usage', 'owner' => 'site', 'provider' => 'openai', 'caller' => '*', 'do' => 'budget', '_wpnonce' => $admin->nonce( 'byok_site_' . get_current_blog_id() . '_usage' ) );
		$this->assertSame( 303, $admin->ask( 'POST', '/wp-admin/admin-post.php', $form + array( 'hard_tokens' => '1,000', 'soft_tokens' => '' ) )['status'] );
		$this->assertSame( array( 'hard_tokens' => 1000 ), \Byok\Consent_Store::read( Owner::site() )->budgets( 'openai' )['*']->to_array() );
		$admin->ask( 'POST', '/wp-admin/admin-post.php', $form + array( 'hard_tokens' => 'many' ) );
		$this->assertSame( array( 'hard_tokens' => 1000 ), \Byok\Consent_Store::read( Owner::site() )->budgets( 'openai' )['*']->to_array() );
	}

	/**
	 * A plugin.
	 *
	 * @param string $name What it is called after.
	 */
	private static function caller( string $name = '0' ): Caller {
		return Caller::parse( "plugin:byok-test-$name" );
	}

	/**
	 * What the notices of the dashboard print.
	 */
	private static function notice(): string {
		set_current_screen( 'dashboard' );
		ob_start();
		Approval_Notice::render();
		return ob_get_clean();
	}

	/**
	 * Forgets what was counted.
	 */
	private static function forget(): void {
		global $wpdb;
		$wpdb->query( 'DELETE FROM ' . Usage_Table::name() );
		Budget::forget();
	}
}
