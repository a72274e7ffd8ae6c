<?php
/**
 * Tests of the pages with keys and of the forms on them.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Key_Page;
use Byok\Key_Screen;
use Byok\Messages;
use Byok\Previous_Secret;
use Byok\Reencryption;
use Byok\Reencryption_Panel;

final class ScreenTest extends Test_Case {

	/**
	 * A secret as WordPress makes them: with spaces, quotes and backslashes left out of none of the tests.
	 */
	private const SECRET = ' one \' two " three \\ four $five #six byok-test ';

	/**
	 * @dataProvider pasted
	 *
	 * @param string $pasted What was pasted into the field for BYOK_KEY.
	 * @param string $means  The secret.
	 */
	public function test_a_pasted_value_or_line_means_the_secret_in_it( string $pasted, string $means ): void {
		$this->assertSame( array( 'key' => $means ), Previous_Secret::read( array( 'key' => $pasted ) ) );
	}

	public function pasted(): array {
		$single = str_replace( array( '\\', '\'' ), array( '\\\\', '\\\'' ), self::SECRET );
		$double = str_replace( array( '\\', '"', '$' ), array( '\\\\', '\\"', '\\$' ), self::SECRET );
		$long   = str_repeat( 'a-word-', 8 );
		return array(
			'as it is'               => array( self::SECRET, self::SECRET ),
			'single quotes'          => array( "define( 'BYOK_KEY', '$single' );", self::SECRET ),
			'what PHP writes'        => array( 'define("BYOK_KEY",' . var_export( self::SECRET, true ) . ');', self::SECRET ),
			'double quotes'          => array( "define('BYOK_KEY', \"$double\");", self::SECRET ),
			'a previous one'         => array( "  define( 'BYOK_KEY_PREVIOUS', '$long' ); // old", $long ),
			'escapes'                => array( 'define( "BYOK_KEY", "' . $long . '\\x41\\101\\u{41}\\t\\q" );', $long . "AAA\t\\q" ),
			'no escape in single'    => array( "define( 'BYOK_KEY', '$long\\n' );", $long . '\\n' ),
			'among others'           => array( "define( 'AUTH_KEY', 'x' ); define( 'BYOK_KEY', '$long' ); define( 'AUTH_SALT', 'y' );", $long ),
			'a parenthesis in it'    => array( "define( 'BYOK_KEY', '$long'' . ');" , "define( 'BYOK_KEY', '$long'' . ');" ),
			'a value about a define' => array( "$long define( 'NONCE_KEY', 'x' );", "$long define( 'NONCE_KEY', 'x' );" ),
			'text around a quote'    => array( "'$long'", "'$long'" ),
		);
	}

	public function test_salts_need_both_and_may_be_one_block(): void {
		$words = array( str_repeat( 'key ', 16 ), str_repeat( 'salt ', 16 ) );
		$block = "define('AUTH_KEY',         '$words[0]');\ndefine('SECURE_AUTH_KEY',  'no');\ndefine('AUTH_SALT',        '$words[1]');";
		$this->assertSame(
			array(
				'auth_key'  => $words[0],
				'auth_salt' => $words[1],
			),
			Previous_Secret::read(
				array(
					'auth_key'  => $block,
					'auth_salt' => $block,
				)
			)
		);
		self::assert_error( 'byok_previous_missing', Previous_Secret::read( array( 'auth_key' => $words[0] ) ) );
		self::assert_error( 'byok_previous_missing', Previous_Secret::read( array() ) );
		self::assert_error( 'byok_previous_other_constant', Previous_Secret::read( array( 'key' => "define( 'NONCE_KEY', '$words[0]' );" ) ) );
		self::assert_error( 'byok_source_too_short', Previous_Secret::read( array( 'key' => 'short' ) ) );
	}

	public function test_a_previous_secret_that_opens_nothing_is_nowhere_afterwards(): void {
		global $wpdb;
		self::save( 'anthropic', Test_Provider::key() );
		$locked = array( 'envelope' => preg_replace( '/^byok1\.[^.]+\./', 'byok1.AAAAAAAAAAA.', self::row( 'anthropic' )['envelope'] ) ) + self::row( 'anthropic' );
		self::plant( 'anthropic', $locked );
		$raw    = self::raw( 'anthropic' );
		$secret = Test_Provider::key();
		$admin  = new Browser( self::admin() );

		$posted = $admin->ask(
			'POST',
			'/wp-admin/admin-post.php',
			array(
				'action'       => 'byok_unlock',
				'owner'        => 'site',
				'_wpnonce'     => $admin->nonce( Key_Screen::site()->nonce_action( 'unlock' ) ),
				'previous_key' => $secret,
			)
		);
		$this->assertSame( 303, $posted['status'] );
		self::assert_no_key( $secret, $posted['headers'] . $posted['body'], 'the answer' );
		foreach ( array( $wpdb->options, $wpdb->usermeta ) as $table ) {
			self::assert_no_key( $secret, print_r( $wpdb->get_results( "SELECT * FROM $table", ARRAY_N ), true ), $table );
		}
		$page = $admin->ask( 'GET', '/wp-admin/options-general.php?page=byok&byok_notice=unlock' )['body'];
		$this->assertStringContainsString( esc_html( Messages::unlocked( 0, 1 ) ), $page );
		$this->assertStringContainsString( '1 key is locked, not lost', $page );
		self::assert_no_key( $secret, $page, 'the page' );
		$this->assertSame( $raw, self::raw( 'anthropic' ) );
	}

	public function test_a_form_needs_the_right_page_nonce_and_method(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$raw   = self::raw( 'anthropic' );
		$admin = new Browser( self::admin() );
		wp_set_current_user( self::admin() );
		$nonces = array(
			'site'   => $admin->nonce( Key_Screen::site()->nonce_action( 'key_anthropic' ) ),
			'user'   => $admin->nonce( Key_Screen::own()->nonce_action( 'key_anthropic' ) ),
			'unlock' => $admin->nonce( Key_Screen::site()->nonce_action( 'unlock' ) ),
		);
		$post = static fn( array $form, string $method = 'POST' ) => $admin->ask( $method, '/wp-admin/admin-post.php' . ( 'GET' === $method ? '?' . http_build_query( $form ) : '' ), 'GET' === $method ? null : $form )['status'];
		$form = array(
			'action'   => 'byok_key',
			'owner'    => 'site',
			'provider' => 'anthropic',
			'do'       => 'remove',
		);
		$this->assertSame( 403, $post( $form ) );
		$this->assertSame( 403, $post( array( '_wpnonce' => $nonces['user'] ) + $form ) );
		$this->assertSame( 403, $post( array( '_wpnonce' => $nonces['unlock'] ) + $form ) );
		$this->assertSame( 403, $post( array( '_wpnonce' => $nonces['site'], 'owner' => 'user' ) + $form ) );
		$this->assertSame( 405, $post( array( '_wpnonce' => $nonces['site'] ) + $form, 'GET' ) );
		foreach ( array( 'user:1', 'nobody', is_multisite() ? 'sites' : 'network' ) as $owner ) {
			$this->assertSame( 403, $post( array( '_wpnonce' => $nonces['site'], 'owner' => $owner ) + $form ), $owner );
		}
		$this->assertSame( $raw, self::raw( 'anthropic' ) );
		$this->assertSame( 303, $post( array( '_wpnonce' => $nonces['site'] ) + $form ) );
		wp_cache_flush();
		$this->assertNull( self::raw( 'anthropic' ) );
	}

	public function test_a_long_work_shows_how_far_it_is_and_goes_on(): void {
		if ( is_multisite() ) {
			$admin = new Browser( self::admin() );
			$page  = '/wp-admin/network/settings.php?page=byok';
			$from  = Key_Screen::network();
		} else {
			$admin = new Browser( self::admin() );
			$page  = '/wp-admin/options-general.php?page=byok';
			$from  = Key_Screen::site();
		}
		self::save( 'anthropic', Test_Provider::key() );
		foreach ( range( 1, 300 ) as $user ) {
			add_user_meta( 900000 + $user, 'byok_key_groq', '{"not":"ours"}' );
		}
		$status = Reencryption::start();
		update_site_option( Reencryption::OPTION, array( 'seen' => 120 ) + $status );

		$html = $admin->ask( 'GET', $page )['body'];
		$this->assertStringContainsString( 'Go on', $html );
		$this->assertStringContainsString( '120 of ' . number_format_i18n( $status['total'] ) . ' looked at.', $html );
		$this->assertMatchesRegularExpression( '/<progress max="' . $status['total'] . '" value="120"/', $html );

		$posted = $admin->ask(
			'POST',
			'/wp-admin/admin-post.php',
			array(
				'action'   => 'byok_reencrypt',
				'owner'    => $from->owner->kind,
				'_wpnonce' => $admin->nonce( $from->nonce_action( 'reencrypt' ) ),
			)
		);
		$this->assertSame( 303, $posted['status'] );
		$html = $admin->ask( 'GET', $page . '&byok_notice=reencryption' )['body'];
		$this->assertStringContainsString( '300 entries are damaged and were left as they are.', $html );
		$this->assertStringNotContainsString( 'id="byok-reencryption"', $html );
	}

	public function test_the_page_of_a_member_tells_nothing_of_the_site(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$hint   = byok_key_info( 'anthropic' )['hint'];
		$member = self::user( 'subscriber' );
		wp_set_current_user( $member );
		$page = self::render( Key_Screen::own() );
		$this->assertStringNotContainsString( $hint, $page );
		$this->assertStringNotContainsString( 'byok-vault', $page );
		$this->assertStringNotContainsString( 'byok-openai-compatible', $page );
		$this->assertStringNotContainsString( 'byok-import', $page );
		$this->assertStringContainsString( 'name="owner" value="user"', $page );
		$this->assertSame( '', self::render( Key_Screen::site() ), 'the site\'s page is not for them' );

		add_filter( 'byok_own_key_capability', static fn() => 'do_not_allow' );
		$this->assertSame( '', self::render( Key_Screen::own() ) );
		ob_start();
		\Byok\Profile_Section::render_section( get_userdata( $member ) );
		$this->assertSame( '', ob_get_clean() );
	}

	public function test_the_section_of_the_profile_is_about_oneself_only(): void {
		ob_start();
		\Byok\Profile_Section::render_section( get_userdata( self::user( 'subscriber' ) ) );
		$this->assertSame( '', ob_get_clean() );
	}

	public function test_an_old_key_reminds_quietly(): void {
		self::save( 'anthropic', Test_Provider::key() );
		$this->assertStringContainsString( '<p class="byok-card__old" hidden>', self::render( Key_Screen::site() ) );
		self::plant( 'anthropic', array( 'saved_at' => time() - 400 * DAY_IN_SECONDS ) + self::row( 'anthropic' ) );
		$this->assertMatchesRegularExpression( '/<p class="byok-card__old">The key of Anthropic was saved 400 days ago\./', self::render( Key_Screen::site() ) );
	}

	public function test_what_a_webhook_tells_of_is_said_in_words(): void {
		$page = self::render( Key_Screen::site() );
		foreach ( \Byok\Webhook_Endpoint::EVENTS as $event ) {
			$this->assertMatchesRegularExpression( '/<span>A [a-z ,]+\. <code dir="ltr">' . preg_quote( $event, '/' ) . '</', $page );
		}
	}

	public function test_texts_of_the_page_are_escaped(): void {
		self::save( 'anthropic', Test_Provider::key() );
		self::plant( 'anthropic', array( 'envelope' => preg_replace( '/^byok1\.[^.]+\./', 'byok1.AAAAAAAAAAA.', self::row( 'anthropic' )['envelope'] ) ) + self::row( 'anthropic' ) );
		foreach ( array( 'gettext', 'ngettext' ) as $filter ) {
			add_filter( $filter, static fn( $text ) => "<script>byok_test_alert(1)</script>\"'$text" );
		}
		$page = self::render( Key_Screen::site() ) . self::render( Key_Screen::own() );
		$this->assertStringContainsString( '&lt;script&gt;byok_test_alert', $page );
		$this->assertStringNotContainsString( '<script>byok_test_alert', $page );
		$this->assertStringContainsString( 'id="byok-unlock"', $page );
	}

	public function test_a_locked_key_that_is_only_kept_opens_the_panel_too(): void {
		self::save( 'anthropic', Test_Provider::key() );
		self::save( 'anthropic', Test_Provider::key( 'anthropic', 'outage' ) );
		$this->assertStringNotContainsString( 'id="byok-unlock"', self::render( Key_Screen::site() ) );

		$row                         = self::row( 'anthropic' );
		$row['previous']['envelope'] = preg_replace( '/^byok1\.[^.]+\./', 'byok1.AAAAAAAAAAA.', $row['previous']['envelope'] );
		self::plant( 'anthropic', $row );
		$page = self::render( Key_Screen::site() );
		$this->assertStringContainsString( 'id="byok-unlock"', $page );
		$this->assertStringContainsString( '1 key is locked, not lost.', $page );
		$this->assertMatchesRegularExpression( '/id="byok-anthropic"\s[^>]*data-state="ready"\s[^>]*data-waits="true"/', $page );
	}

	public function test_a_check_in_the_background_that_puts_a_key_back_is_told(): void {
		self::save( 'anthropic', Test_Provider::key() );
		self::save( 'anthropic', Test_Provider::key( 'anthropic', 'outage' ) );
		Test_Provider::answer_always( 'invalid' );
		add_filter( 'wp_doing_cron', '__return_true' );
		\Byok\Recheck::run( 'anthropic', 'site' );
		remove_filter( 'wp_doing_cron', '__return_true' );
		Test_Provider::answer_always();
		$sentence = esc_html( Messages::restored( array( 'name' => 'Anthropic' ) ) );
		$this->assertStringContainsString( $sentence, self::render( Key_Screen::site() ) );
		$this->assertStringNotContainsString( $sentence, self::render( Key_Screen::own() ) );
		\Byok\Vault::check( 'anthropic' );
		$this->assertStringNotContainsString( $sentence, self::render( Key_Screen::site() ) );
	}

	/**
	 * @group multisite
	 */
	public function test_the_network_s_keys_are_the_network_s_business(): void {
		$this->assertTrue( is_multisite() );
		$key = Test_Provider::key();
		$this->assertIsArray( \Byok\Vault::save( 'anthropic', $key, array(), \Byok\Owner::network() ) );
		$network = new Browser( self::admin() );
		$page    = $network->ask( 'GET', '/wp-admin/network/settings.php?page=byok' );
		$this->assertSame( 200, $page['status'] );
		$this->assertStringContainsString( 'Keys here serve every site of the network that has none of its own.', $page['body'] );

		// A site's administrator sees that there is one, and cannot change it.
		$local = self::user( 'administrator' );
		wp_set_current_user( $local );
		$html = self::render( Key_Screen::site() );
		$this->assertMatchesRegularExpression( '/id="byok-anthropic".*?From your network.*?Use another key here/s', $html );
		$this->assertSame( '', self::render( Key_Screen::network() ) );
		$this->assertSame( 'site', Reencryption_Panel::scope( Key_Screen::site() ) );
		$this->assertSame( 'all', Reencryption_Panel::scope( Key_Screen::network() ) );

		$browser = new Browser( $local );
		$this->assertSame( 403, $browser->ask( 'GET', '/wp-admin/network/settings.php?page=byok' )['status'] );
		foreach ( array( 'byok_key', 'byok_unlock', 'byok_reencrypt', 'byok_import' ) as $action ) {
			$form = array(
				'action'   => $action,
				'owner'    => 'network',
				'provider' => 'anthropic',
				'do'       => 'remove',
				'_wpnonce' => $browser->nonce( Key_Screen::network()->nonce_action( 'key_anthropic' ) ),
			);
			$this->assertSame( 403, $browser->ask( 'POST', '/wp-admin/admin-post.php', $form )['status'], $action );
		}
		$this->assertSame( 'ready', \Byok\Vault::info( 'anthropic', \Byok\Owner::network() )['state'] );

		$form['action']   = 'byok_key';
		$form['_wpnonce'] = $network->nonce( Key_Screen::network()->nonce_action( 'key_anthropic' ) );
		$this->assertSame( 303, $network->ask( 'POST', '/wp-admin/admin-post.php', $form )['status'] );
		wp_cache_flush();
		$this->assertSame( 'absent', \Byok\Vault::info( 'anthropic', \Byok\Owner::network() )['state'] );
	}

	/**
	 * Prints a page.
	 *
	 * @param Key_Screen $screen Page.
	 */
	private static function render( Key_Screen $screen ): string {
		ob_start();
		Key_Page::render( $screen );
		return ob_get_clean();
	}
}
