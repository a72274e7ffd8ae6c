<?php
/**
 * Tests of byok_models().
 *
 * @package byok
 */

namespace Byok\Tests;

final class ModelListTest extends Test_Case {

	protected function setUp(): void {
		parent::setUp();
		$this->seen = count( Test_Provider::requests() );
	}

	/**
	 * @dataProvider providers
	 *
	 * @param string $provider Provider id.
	 * @param string $model    A model of its list.
	 */
	public function test_models_are_listed_in_the_provider_s_order_over_all_pages( string $provider, string $model ): void {
		self::save( $provider, Test_Provider::key( $provider ) );
		$models = byok_models( $provider );
		$this->assertIsArray( $models );
		$this->assertContains( $model, array_column( $models, 'id' ) );
		$this->assertSame( array( 'id', 'name', 'created_at' ), array_keys( $models[0] ) );
	}

	public function providers(): array {
		return array(
			'two pages'   => array( 'anthropic', 'claude-test-2' ),
			'bare list'   => array( 'openai', 'gpt-5-mini' ),
			'Google pages' => array( 'google', 'gemini-test-2' ),
		);
	}

	public function test_a_list_is_remembered_for_the_very_key_it_was_given_for(): void {
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		byok_models( 'openai' );
		$once = $this->asked();
		byok_models( 'openai' );
		$this->assertSame( $once, $this->asked(), 'remembered' );
		byok_models( 'openai', array( 'fresh' => true ) );
		$this->assertGreaterThan( $once, $this->asked(), 'asked on demand' );

		// Another key, another list: WordPress's own connectors keep the old one here.
		self::save( 'openai', Test_Provider::key( 'openai', 'outage' ) );
		$this->assertInstanceOf( \WP_Error::class, byok_models( 'openai' ) );
	}

	public function test_a_list_goes_with_its_key(): void {
		global $wpdb;
		$lists = static fn() => (int) $wpdb->get_var( "SELECT COUNT(*) FROM $wpdb->options WHERE option_name LIKE '%byok\_models\_%'" );
		$first = $lists();
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		byok_models( 'openai' );
		$this->assertGreaterThan( $first, $lists() );
		$this->assertTrue( byok_delete_key( 'openai' ) );
		$this->assertSame( $first, $lists() );
	}

	public function test_what_is_remembered_holds_no_key(): void {
		global $wpdb;
		$key = Test_Provider::key( 'openai' );
		self::save( 'openai', $key );
		byok_models( 'openai' );
		$stored = $wpdb->get_col( "SELECT option_value FROM $wpdb->options WHERE option_name LIKE '%byok\_models\_%'" );
		$this->assertNotSame( array(), $stored );
		self::assert_no_key( $key, implode( "\n", $stored ) );
	}

	public function test_what_goes_wrong_is_a_typed_error(): void {
		self::assert_error( 'byok_provider_unknown', byok_models( 'nobody' ) );
		self::assert_error( 'byok_key_absent', byok_models( 'openai' ) );
		self::save( 'openai', Test_Provider::key( 'openai' ) );
		self::assert_error( 'byok_slot_malformed', byok_models( 'openai', array( 'slot' => 'No label' ) ) );
		self::assert_error( 'byok_owner_unknown', byok_models( 'openai', array( 'owner' => 'nobody' ) ) );
		self::save( 'perplexity', Test_Provider::key( 'perplexity' ) );
		self::plant( 'openai', 'not a row' );
		self::assert_error( 'byok_envelope_malformed', byok_models( 'openai' ) );
	}

	public function test_spare_keys_and_the_server_s_key_are_asked_too(): void {
		putenv( 'GROQ_API_KEY=' . Test_Provider::key( 'groq' ) );
		try {
			$this->assertIsArray( byok_models( 'groq' ) );
		} finally {
			putenv( 'GROQ_API_KEY' );
		}
		self::save( 'openai', Test_Provider::key( 'openai' ), array( 'slot' => 'only' ) );
		$this->assertContains( 'gpt-test', array_column( byok_models( 'openai' ), 'id' ) );
	}

	/**
	 * How many requests the provider got in this test.
	 */
	private function asked(): int {
		return count( Test_Provider::requests() ) - $this->seen;
	}

	/**
	 * Requests before the test's own.
	 *
	 * @var int
	 */
	private int $seen = 0;
}
