<?php
/**
 * Tests of blocks, shortcodes, the script module and the page about this site's practice.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Blocks;
use Byok\Browser_Module;
use Byok\Browser_Words;
use Byok\Practice;
use Byok\Practice_Page;
use WP_Block_Type_Registry;

final class BrowserTest extends Test_Case {

	public function test_the_words_are_those_of_the_module(): void {
		$source = file_get_contents( dirname( BYOK_PLUGIN_FILE, 2 ) . '/browser/src/words.ts' );
		preg_match_all( "/^\t(\w+): '((?:[^'\\\\]|\\\\.)*)',$/m", $source, $found );
		$english = array_combine( $found[1], array_map( 'stripslashes', $found[2] ) );
		$this->assertGreaterThan( 80, count( $english ) );
		$this->assertSame( $english, Browser_Words::all() );
	}

	public function test_the_blocks_print_elements_and_load_the_module(): void {
		$registry = WP_Block_Type_Registry::get_instance();
		foreach ( array(
			'byok/api-key'   => '<byok-settings',
			'byok/key-badge' => '<byok-badge',
			'byok/chat'      => 'class="byok-chat"',
		) as $name => $expected ) {
			$this->assertTrue( $registry->is_registered( $name ), $name );
			$html = do_blocks( "<!-- wp:$name /-->" );
			$this->assertStringContainsString( $expected, $html );
			$this->assertStringContainsString( 'wp-block-byok-' . substr( $name, 5 ), $html );
			$this->assertStringNotContainsString( 'style="', $html, 'a strict policy refuses it' );
		}
		$page = self::printed();
		$this->assertStringContainsString( 'assets/byok.module.js', $page );
		$this->assertStringContainsString( 'assets/byok-chat.js', $page );
		$this->assertStringNotContainsString( 'type="importmap"', $page );
	}

	public function test_what_an_author_chooses_is_limited_to_what_there_is(): void {
		$html = do_blocks( '<!-- wp:byok/api-key {"providers":["openai","nobody\"><script>"],"modes":["passkey","everywhere"],"theme":"dark\" onload=\"x"} /-->' );
		$this->assertStringContainsString( '<byok-settings providers="openai" modes="passkey">', $html );
		$this->assertStringNotContainsString( '<script', $html );
		$this->assertStringNotContainsString( 'onload', $html );
		$this->assertSame(
			'<byok-settings providers="openai anthropic" modes="passkey site" theme="light">',
			strstr( do_shortcode( '[byok_key providers="openai, anthropic evil" modes="passkey,site" theme="light"]' ), '<noscript', true )
		);
		$this->assertStringStartsWith( '<byok-settings><noscript>', do_shortcode( '[byok_key]' ) );
		$this->assertStringContainsString( '<byok-badge theme="dark"><a href="' . esc_url( Practice_Page::url() ), do_shortcode( '[byok_badge theme="dark"]' ) );
		$this->assertStringNotContainsString( 'theme', do_shortcode( '[byok_badge theme="\'x"]' ) );
	}

	public function test_the_module_is_told_of_the_site_and_who_is_logged_in_and_of_no_key(): void {
		$key = Test_Provider::key();
		self::save( 'anthropic', $key );
		$data = Browser_Module::data( array() );
		$this->assertSame( rest_url(), $data['site']['root'] );
		$this->assertNotFalse( wp_verify_nonce( $data['site']['nonce'], 'wp_rest' ) );
		$this->assertTrue( $data['practice']['safe'] );
		self::assert_no_key( $key, wp_json_encode( $data ) );
		$this->assertStringNotContainsString( substr( $key, -4 ), wp_json_encode( $data ) );

		wp_set_current_user( 0 );
		$this->assertNull( Browser_Module::data( array() )['site'], 'a stranger has no nonce and no place here' );

		wp_set_current_user( self::user( 'subscriber' ) );
		$this->assertNotNull( Browser_Module::data( array() )['site'] );
		add_filter( 'byok_own_key_capability', static fn() => 'do_not_allow' );
		$this->assertNull( Browser_Module::data( array() )['site'], 'members may not have keys of their own' );
	}

	public function test_a_form_offers_what_this_site_takes_from_this_person(): void {
		$offered = static fn() => Browser_Module::data( array() )['providers'];
		$own     = array_keys( array_filter( byok_providers(), static fn( array $known ) => $known['custom_base_url'] ) );
		$this->assertContains( 'openai-compatible', $own );
		foreach ( array( 'administrator', 'subscriber', '' ) as $role ) {
			wp_set_current_user( '' === $role ? 0 : self::user( $role ) );
			$this->assertSame( array_values( array_diff( array_keys( byok_providers() ), $own ) ), $offered(), $role );
		}
		add_filter( 'byok_own_key_providers', static fn( array $ids, string $kind ) => 'visitor' === $kind ? array( 'groq', 'ollama', 'anthropic', 'nobody' ) : null, 10, 2 );
		$this->assertSame( array( 'anthropic', 'groq' ), $offered(), 'no more than there are, in their order' );
		wp_set_current_user( self::user( 'subscriber' ) );
		$this->assertNotContains( 'ollama', $offered() );
		$this->assertContains( 'openai', $offered(), 'what is no list changes nothing' );
	}

	public function test_an_address_of_one_s_own_is_offered_only_where_an_author_names_it(): void {
		$named = static fn( string $code ) => Site::run( "$code return array_values( array_intersect( array( 'ollama', 'lmstudio', 'azure-openai' ), Byok\Browser_Module::data( array() )['providers'] ) );" )['result'];
		$this->assertSame( array(), $named( 'do_shortcode( "[byok_key]" ); do_blocks( "<!-- wp:byok/api-key /--><!-- wp:byok/chat /-->" );' ) );
		$this->assertSame( array( 'ollama' ), $named( 'do_shortcode( "[byok_key providers=\"ollama openai\"]" );' ) );
		$this->assertSame( array( 'lmstudio' ), $named( 'do_blocks( "<!-- wp:byok/chat {\"providers\":[\"lmstudio\",\"azure-openai\"]} /-->" );' ) );
	}

	public function test_the_chat_looks_as_the_form_does(): void {
		$root   = dirname( BYOK_PLUGIN_FILE, 2 );
		$values = static function ( string $file ) use ( $root ): array {
			preg_match_all( '/^\t(--[\w-]+|font): (.+);$/m', strtok( str_replace( "\r", '', file_get_contents( "$root/$file" ) ), '}' ), $found );
			return array_combine( $found[1], $found[2] );
		};
		$chat = $values( 'plugin/assets/byok-chat.css' );
		$this->assertGreaterThan( 8, count( $chat ) );
		$this->assertSame( array_intersect_key( $values( 'browser/src/elements/style.css' ), $chat ), $chat );
		$this->assertStringContainsString( 'data-theme="dark"', do_blocks( '<!-- wp:byok/chat {"theme":"dark"} /-->' ) );
		$this->assertStringNotContainsString( 'data-theme', do_blocks( '<!-- wp:byok/chat {"theme":"\"x"} /-->' ) );
	}

	public function test_the_chat_asks_only_whom_it_can_ask(): void {
		$asks = static fn( string $block ) => explode( ' ', preg_match( '/data-provider="([^"]*)"/', do_blocks( $block ), $found ) ? $found[1] : '' );
		$all  = $asks( '<!-- wp:byok/chat /-->' );
		$this->assertSame( array( 'anthropic', 'openai', 'google' ), array_slice( $all, 0, 3 ) );
		$this->assertSame( array(), array_intersect( array( 'elevenlabs', 'deepgram', 'replicate', 'huggingface', 'cohere' ), $all ) );
		$this->assertSame( array( 'groq' ), $asks( '<!-- wp:byok/chat {"providers":["elevenlabs","groq"]} /-->' ) );
		$this->assertSame( $all, $asks( '<!-- wp:byok/chat {"providers":["elevenlabs"]} /-->' ) );
	}

	public function test_sites_in_folders_of_one_address_name_their_keys_apart(): void {
		foreach ( array( 'https://example.org' => 'byok', 'https://example.org/a' => 'byok/a', 'https://example.org/a/b' => 'byok/a/b' ) as $home => $name ) {
			$filter = static fn( $url, $path ) => $home . $path;
			add_filter( 'home_url', $filter, 10, 2 );
			$this->assertSame( $name, Browser_Module::data( array() )['namespace'] );
			remove_filter( 'home_url', $filter );
		}
	}

	public function test_no_passkey_is_offered_where_browsers_make_none(): void {
		foreach ( array( 'https://example.org' => false, 'http://localhost:8080' => false, 'http://127.0.0.1:8460' => true, 'http://[::1]:8460' => true ) as $home => $is_number ) {
			$filter = static fn( $url, $path ) => $home . $path;
			add_filter( 'home_url', $filter, 10, 2 );
			$this->assertSame( $is_number ? array( 'site', 'browser', 'memory' ) : null, Browser_Module::data( array() )['modes'] ?? null, $home );
			remove_filter( 'home_url', $filter );
		}
	}

	public function test_a_page_may_change_what_the_module_is_told(): void {
		add_filter( 'byok_browser_settings', static fn( array $settings ) => array( 'providers' => array( 'openai' ) ) + $settings );
		$this->assertSame( array( 'openai' ), Browser_Module::data( array( 'own' => 1 ) )['providers'] );
	}

	public function test_the_data_stand_in_the_page_as_data(): void {
		do_shortcode( '[byok_key]' );
		$this->assertSame( 1, preg_match( '#<script ([^>]*)>\s*(\{.*\})\s*</script>#', self::printed(), $found ) );
		$this->assertStringContainsString( 'type="application/json"', $found[1] );
		$this->assertStringContainsString( 'id="wp-script-module-data-byok"', $found[1] );
		$this->assertSame( Browser_Module::data( array() ), json_decode( $found[2], true ) );
	}

	public function test_everybody_reads_how_keys_are_kept_here(): void {
		$key = Test_Provider::key();
		self::save( 'anthropic', $key );
		$answer = ( new Browser() )->ask( 'GET', '/?byok-practice=1' );
		$this->assertSame( 200, $answer['status'] );
		$this->assertStringContainsString( 'Keys are encrypted before they are stored', $answer['body'] );
		$this->assertStringContainsString( 'The secret is in this site’s configuration', html_entity_decode( $answer['body'] ) );
		$this->assertStringNotContainsString( '<script', $answer['body'] );
		$this->assertStringContainsString( "Content-Security-Policy: default-src 'none'; style-src 'self'", $answer['headers'] );
		self::assert_no_key( $key, $answer['body'] );
		$this->assertStringNotContainsString( (string) byok_key_source()['key_id'], $answer['body'] );

		$told = ( new Browser() )->rest( 'GET', '/byok/v1/practice' );
		$this->assertSame( 200, $told['status'] );
		$this->assertTrue( rest_validate_value_from_schema( json_decode( $told['body'], true ), Practice_Page::schema() ) );
		$this->assertSame( array_keys( Practice::facts() ), array_keys( json_decode( $told['body'], true )['facts'] ) );
		$this->assertSame( 200, ( new Browser() )->ask( 'GET', '/' )['status'] );
		$this->assertStringNotContainsString( 'byok-practice__lead', ( new Browser() )->ask( 'GET', '/' )['body'] );
	}

	public function test_blocks_make_no_list_of_scripts_where_none_is_printed(): void {
		$made = Site::run( 'return isset( $GLOBALS["wp_scripts"] );', array( 'salts' => 'missing' ) )['result'];
		$this->assertFalse( $made, 'WordPress makes nonces for it, and salts in the database for these' );
		$this->assertFalse( get_site_option( 'nonce_key' ) );
	}

	/**
	 * States of a site, the fact that tells of them, how, and part of what is said.
	 */
	public static function states(): array {
		$secret = 'byok-test ' . str_repeat( 'x', 40 );
		return array(
			'salts'              => array( array(), 'secret', 'warn', 'wp-config.php' ),
			'a constant'         => array( array( 'constants' => array( 'BYOK_KEY' => $secret ) ), 'secret', 'warn', 'wp-config.php' ),
			'an environment'     => array( array( 'variables' => array( 'BYOK_KEY' => $secret ) ), 'secret', 'good', 'in the environment of the server' ),
			'plugins may read'   => array( array(), 'reading', 'warn', 'Plugins of this site can ask for a key and get it' ),
			'plugins may not'    => array( array( 'ini' => array( 'byok.allow_reveal' => '0' ) ), 'reading', 'good', 'get none themselves' ),
			'own network'        => array( array( 'ini' => array( 'byok.allow_hosts' => '127.0.0.1:11434' ) ), 'sending', 'good', 'on its own network' ),
			'relay'              => array( array(), 'sending', 'good', 'Browsers of members whom the site trusts with that can have requests sent' ),
			'no salts'           => array( array( 'salts' => 'missing' ), 'encryption', 'bad', 'this site takes no keys' ),
			'without extension'  => array( array( 'extension' => false ), 'encryption', 'bad', 'this site takes no keys' ),
		);
	}

	/**
	 * @dataProvider states
	 *
	 * @param array  $options Options of Site::run().
	 * @param string $name    Name of the fact.
	 * @param string $tone    Its tone.
	 * @param string $words   Part of it.
	 */
	public function test_what_is_said_follows_the_real_state( array $options, string $name, string $tone, string $words ): void {
		$told = Site::run( 'return array( \Byok\Practice::facts(), \Byok\Browser_Module::data( array() ) );', $options )['result'];
		$this->assertSame( $tone, $told[0][ $name ]['tone'] );
		$this->assertStringContainsString( $words, $told[0][ $name ]['text'] );
		$this->assertSame( 'bad' !== $tone, $told[1]['practice']['safe'] );
		$this->assertArrayNotHasKey( 'bad' === $tone ? 'secret' : 'none', $told[0] );
	}

	public function test_what_is_said_of_the_relay_follows_its_settings(): void {
		$text = static fn() => Practice::facts()['sending']['text'];
		update_option( 'byok_relay', array( 'users' => false, 'members' => true ) );
		$this->assertStringContainsString( 'Browsers of members can have requests sent with their own keys. The key itself', $text() );
		update_option( 'byok_relay', array( 'users' => false, 'visitors' => true ) );
		$this->assertStringContainsString( 'Browsers of members and visitors can have requests sent with their own keys. The key itself', $text() );
		update_option( 'byok_relay', array( 'visitors' => true ) );
		$this->assertStringContainsString( 'with their own keys. Browsers of members whom the site trusts with that', $text() );
		wp_set_current_user( 0 );
		$this->assertSame( array( 'root' => rest_url(), 'visitors' => true, 'relay' => true, 'tickets' => 0 ), Browser_Module::data( array() )['site'] );
		update_option( 'byok_relay', array( 'enabled' => false, 'visitors' => true, 'pass_through' => true ) );
		$this->assertStringContainsString( 'Browsers cannot have requests sent', $text() );
		$this->assertNull( Browser_Module::data( array() )['site'] );
		update_option( 'byok_relay', array( 'pass_through' => true ) );
		$this->assertStringContainsString( 'has it passed on, and not stored', $text() );
	}

	public function test_the_module_is_told_whether_there_are_tickets(): void {
		$told = static fn() => Browser_Module::data( array() )['site']['tickets'];
		$this->assertSame( 0, $told(), 'no web server passes answers on here' );
		add_filter( 'byok_relay_tickets', '__return_true' );
		$this->assertSame( 1, $told() );
		update_option( 'byok_relay', array( 'models' => array( 'test' ) ) );
		$this->assertSame( 0, $told(), 'a ticket cannot tell models' );
	}

	public function test_only_who_may_use_the_relay_is_told_of_it(): void {
		wp_set_current_user( self::user( 'editor' ) );
		$this->assertTrue( Browser_Module::data( array() )['site']['relay'] );
		wp_set_current_user( self::user( 'subscriber' ) );
		$this->assertFalse( Browser_Module::data( array() )['site']['relay'] );
		update_option( 'byok_relay', array( 'users' => false, 'members' => true ) );
		$this->assertTrue( Browser_Module::data( array() )['site']['relay'], 'with a key of their own' );
		update_option( 'byok_relay', array( 'enabled' => false, 'members' => true ) );
		$this->assertFalse( Browser_Module::data( array() )['site']['relay'] );
	}

	/**
	 * What a page prints at its end for the modules that it has.
	 */
	private static function printed(): string {
		ob_start();
		wp_script_modules()->print_import_map();
		wp_script_modules()->print_enqueued_script_modules();
		wp_script_modules()->print_script_module_data();
		return ob_get_clean();
	}
}
