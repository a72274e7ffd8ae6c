<?php
/**
 * Tests of members who use the relay with keys of their own.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Limit_Table;
use Byok\Owner;
use Byok\Privacy;
use Byok\Relay_Settings;
use Byok\Usage_Table;
use Byok\Vault;

/**
 * A key of one's own needs no right to the site's, and gives none.
 */
final class RelayMembersTest extends Test_Case {

	private const PLUGIN = WP_CONTENT_DIR . '/mu-plugins/byok-test-members.php';

	/**
	 * The member.
	 *
	 * @var int
	 */
	private int $member;

	/**
	 * The member's key, and the site's.
	 *
	 * @var string[]
	 */
	private array $keys;

	protected function setUp(): void {
		parent::setUp();
		$this->member = self::user( 'subscriber' );
		$this->keys   = array( Test_Provider::key( 'openai' ), Test_Provider::key( 'openai' ) );
		self::save( 'openai', $this->keys[1] );
		$GLOBALS['wpdb']->query( 'DELETE FROM ' . Usage_Table::name() );
	}

	protected function tearDown(): void {
		@unlink( self::PLUGIN );
		parent::tearDown();
		$GLOBALS['wpdb']->query( 'DELETE FROM ' . Usage_Table::name() );
	}

	public function test_a_member_asks_with_a_key_of_their_own_where_that_is_switched_on(): void {
		$this->save_own();
		$this->assert_refused( 403, 'relay_forbidden', self::relay( $this->member, 'openai/models' ) );

		Relay_Settings::change( array( 'members' => true ) );
		$answer = self::relay( $this->member, 'openai/models' );
		$this->assertSame( 200, $answer['status'], $answer['body'] );
		$this->assertSame( substr( $this->keys[0], -4 ), self::last()['key_end'] );
		$this->assertSame( 200, self::rest( $this->member, 'models?provider=openai' )['status'] );
		$this->assertSame( array( "user:$this->member" ), $GLOBALS['wpdb']->get_col( 'SELECT DISTINCT owner FROM ' . Usage_Table::name() ) );

		// Who may use the site's key does so still.
		$this->assertSame( 200, self::relay( self::user( 'editor' ), 'openai/models' )['status'] );
		$this->assertSame( substr( $this->keys[1], -4 ), self::last()['key_end'] );
	}

	public function test_a_member_never_gets_to_the_key_of_the_site(): void {
		Relay_Settings::change( array( 'members' => true, 'limits' => array( 'key' => array( 2, 31 * DAY_IN_SECONDS ) ) ) );
		$GLOBALS['wpdb']->query( 'DELETE FROM ' . Limit_Table::name() );
		$asked = count( Test_Provider::requests() );
		for ( $try = 0; $try < 3; $try++ ) {
			// From the third on the member's own bucket is used up; what is counted is no key of the site's.
			$this->assertContains( self::relay( $this->member, 'openai/models' )['status'], array( 404, 429 ) );
		}
		$this->assertCount( $asked, Test_Provider::requests() );
		$this->assertSame( 200, self::relay( self::user( 'editor' ), 'openai/models' )['status'], 'the bucket of the site’s key is not the member’s to use up' );

		Relay_Settings::change( array( 'limits' => Relay_Settings::LIMITS ) );
		file_put_contents( self::PLUGIN, '<?php add_filter( "byok_relay_tickets", "__return_true" );' );
		$this->assert_refused( 404, 'key_absent', self::rest( $this->member, 'models?provider=openai' ) );
		$this->assert_refused( 404, 'key_absent', self::rest( $this->member, 'tickets', '{"provider":"openai"}' ) );
		$this->assert_refused( 404, 'key_absent', self::relay( $this->member, 'openai/models' ) );
		$this->save_own();
		$this->assertSame( 201, self::rest( $this->member, 'tickets', '{"provider":"openai"}' )['status'] );
	}

	public function test_who_signs_in_may_no_less_than_a_visitor(): void {
		Relay_Settings::change( array( 'users' => false, 'visitors' => true ) );
		$this->assert_refused( 404, 'key_absent', self::relay( $this->member, 'openai/models' ) );
		$this->save_own();
		$this->assertSame( 200, self::relay( $this->member, 'openai/models' )['status'] );
		$this->assertSame( substr( $this->keys[0], -4 ), self::last()['key_end'] );
	}

	public function test_a_key_of_one_s_own_that_does_not_open_gives_way_to_no_other(): void {
		Relay_Settings::change( array( 'members' => true ) );
		update_user_meta( $this->member, 'byok_key_openai', 'no row at all' );
		wp_cache_flush();
		$asked = count( Test_Provider::requests() );
		$this->assertSame( 409, self::relay( $this->member, 'openai/models' )['status'] );
		$this->assertCount( $asked, Test_Provider::requests() );
	}

	public function test_where_users_are_switched_off_everybody_has_their_own_key_only(): void {
		Relay_Settings::change( array( 'users' => false, 'members' => true ) );
		$editor = self::user( 'editor' );
		$this->assert_refused( 404, 'key_absent', self::relay( $editor, 'openai/models' ) );
		$this->save_own( $editor );
		$this->assertSame( 200, self::relay( $editor, 'openai/models' )['status'] );
		$this->assertSame( substr( $this->keys[0], -4 ), self::last()['key_end'] );
		Relay_Settings::change( array( 'members' => false ) );
		$this->assert_refused( 403, 'relay_kind_off', self::relay( $editor, 'openai/models' ) );
	}

	/**
	 * @dataProvider rules
	 *
	 * @param string $code What a site's own plugin says.
	 */
	public function test_where_keys_of_one_s_own_do_not_count_they_do_not_here( string $code ): void {
		Relay_Settings::change( array( 'members' => true ) );
		$this->save_own();
		file_put_contents( self::PLUGIN, "<?php $code" );
		$this->assert_refused( 403, 'relay_forbidden', self::relay( $this->member, 'openai/models' ) );
	}

	public function rules(): array {
		return array(
			'nobody has any'      => array( 'add_filter( "byok_own_key_capability", fn() => "do_not_allow" );' ),
			'only editors have'   => array( 'add_filter( "byok_own_key_capability", fn() => "edit_posts" );' ),
			'the site’s come first' => array( 'add_filter( "byok_key_order", fn() => array( "site" ) );' ),
		);
	}

	public function test_what_a_member_has_used_is_exported_and_erased(): void {
		Relay_Settings::change( array( 'members' => true ) );
		$this->save_own();
		self::relay( $this->member, 'openai/models' );
		$email = get_userdata( $this->member )->user_email;
		$data  = Privacy::export( $email )['data'];
		$this->assertSame( array( 'byok', 'byok-usage' ), array_column( $data, 'group_id' ) );
		$this->assertStringContainsString( 'The relay of this site', print_r( $data[1], true ) );
		self::assert_no_key( $this->keys[0], print_r( $data, true ) );

		$page = 0;
		do {
			$erased = Privacy::erase( $email, ++$page );
			$this->assertSame( array(), $erased['messages'] );
		} while ( ! $erased['done'] );
		$this->assertSame( array(), Privacy::export( $email )['data'] );
		$this->assert_refused( 404, 'key_absent', self::relay( $this->member, 'openai/models' ) );
	}

	/**
	 * Saves a key of somebody's own.
	 *
	 * @param int|null $user Who; the member.
	 */
	private function save_own( ?int $user = null ): void {
		$this->assertIsArray( Vault::save( 'openai', $this->keys[0], array(), Owner::user( $user ?? $this->member ) ) );
	}

	/**
	 * Asserts that an answer is a refusal.
	 *
	 * @param int    $status Status.
	 * @param string $code   Code, without its beginning.
	 * @param array  $answer Answer.
	 */
	private function assert_refused( int $status, string $code, array $answer ): void {
		$this->assertSame( array( $status, "byok_$code" ), array( $answer['status'], json_decode( $answer['body'], true )['code'] ?? '' ), $answer['body'] );
	}

	/**
	 * Asks the relay with cookie and nonce.
	 *
	 * @param int    $user User.
	 * @param string $path Provider and path.
	 */
	private static function relay( int $user, string $path ): array {
		return self::rest( $user, "relay/$path" );
	}

	/**
	 * Asks a route with cookie and nonce.
	 *
	 * @param int         $user User.
	 * @param string      $path Path of the route.
	 * @param string|null $body Body.
	 */
	private static function rest( int $user, string $path, ?string $body = null ): array {
		$browser = new Browser( $user );
		return $browser->ask( null === $body ? 'GET' : 'POST', '/index.php?rest_route=/byok/v1/' . strtr( $path, '?', '&' ), $body, array( 'Content-Type: application/json', 'X-WP-Nonce: ' . $browser->nonce() ) );
	}

	/**
	 * The last request that the test provider has got.
	 */
	private static function last(): array {
		$requests = Test_Provider::requests();
		return end( $requests );
	}
}
