<?php
/**
 * Tests of who is calling.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Caller;

final class CallerTest extends Test_Case {

	/**
	 * A file of a plugin: calls what it is given.
	 */
	private const CALLS = '<?php return static function ( callable $call ) { return $call(); };';

	/**
	 * A file of a plugin: asks from code that was evaluated, within code that was evaluated.
	 */
	private const EVALUATES = '<?php return static function () { return eval( "return eval( \'return \\\\Byok\\\\Caller::current();\' );" ); };';

	/**
	 * Files and links that a test has made, and folders, in this order.
	 *
	 * @var string[]
	 */
	private array $made = array();

	protected function tearDown(): void {
		foreach ( array_reverse( $this->made ) as $path ) {
			if ( is_dir( $path ) && ! is_link( $path ) ) {
				rmdir( $path );
			} else {
				unlink( $path );
			}
		}
		parent::tearDown();
	}

	public function test_a_plugin_is_named_by_its_folder_also_from_a_library_inside(): void {
		$file = $this->make( WP_PLUGIN_DIR . '/byok-test-plugin-a/vendor/lib/x.php', self::CALLS );
		$this->assertSame( 'plugin:byok-test-plugin-a', self::ask_from( $file ) );
	}

	public function test_a_plugin_of_one_file_is_named_by_the_file(): void {
		$this->assertSame( 'plugin:byok-test-single.php', self::ask_from( $this->make( WP_PLUGIN_DIR . '/byok-test-single.php', self::CALLS ) ) );
	}

	public function test_must_use_plugins_are_told_apart_from_plugins(): void {
		$this->assertSame( 'mu-plugin:byok-test-x.php', self::ask_from( $this->make( WPMU_PLUGIN_DIR . '/byok-test-x.php', self::CALLS ) ) );
		$this->assertSame( 'mu-plugin:byok-test-mu', self::ask_from( $this->make( WPMU_PLUGIN_DIR . '/byok-test-mu/x.php', self::CALLS ) ) );
	}

	public function test_child_and_parent_theme_are_two(): void {
		$parent = $this->make( get_theme_root() . '/byok-test-parent/inc/x.php', self::CALLS );
		$child  = $this->make( get_theme_root() . '/byok-test-child/functions.php', self::CALLS );
		$this->assertSame( 'theme:byok-test-parent', self::ask_from( $parent ) );
		$this->assertSame( 'theme:byok-test-child', self::ask_from( $child ) );
	}

	public function test_a_theme_in_a_folder_of_several_has_two_parts(): void {
		$this->make( get_theme_root() . '/byok-test-several/one/style.css', '/* Theme Name: One */' );
		$file = $this->make( get_theme_root() . '/byok-test-several/one/functions.php', self::CALLS );
		$this->assertSame( 'theme:byok-test-several/one', self::ask_from( $file ) );
	}

	public function test_the_nearest_plugin_counts(): void {
		$outer = require $this->make( WP_PLUGIN_DIR . '/byok-test-outer/x.php', self::CALLS );
		$inner = require $this->make( WP_PLUGIN_DIR . '/byok-test-inner/x.php', self::CALLS );
		$this->assertSame( 'plugin:byok-test-inner', $outer( static fn() => $inner( array( Caller::class, 'current' ) ) )->id() );
	}

	public function test_a_linked_folder_is_the_plugin_whose_folder_it_is(): void {
		global $wp_plugin_paths;
		$before = $wp_plugin_paths;
		$real   = $this->make( sys_get_temp_dir() . '/byok-test-elsewhere-' . getmypid() . '/main.php', self::CALLS );
		$link   = WP_PLUGIN_DIR . '/byok-test-linked';
		symlink( dirname( $real ), $link );
		$this->made[] = $link;
		try {
			wp_register_plugin_realpath( "$link/main.php" );
			$this->assertSame( 'plugin:byok-test-linked', self::ask_from( "$link/main.php" ) );
		} finally {
			$wp_plugin_paths = $before;
		}
	}

	public function test_a_linked_file_is_the_must_use_plugin_that_it_is_linked_as(): void {
		// The tests' own is such a one.
		$file = WPMU_PLUGIN_DIR . '/byok-test.php';
		$this->assertTrue( is_link( $file ) );
		$link = WPMU_PLUGIN_DIR . '/byok-test-link.php';
		$real = $this->make( sys_get_temp_dir() . '/byok-test-real-' . getmypid() . '/byok-test-link.php', self::CALLS );
		symlink( $real, $link );
		$this->made[] = $link;
		$this->assertSame( 'mu-plugin:byok-test-link.php', self::ask_from( $link ) );
	}

	public function test_callbacks_of_hooks_are_their_plugin_s(): void {
		$calls = require $this->make( WP_PLUGIN_DIR . '/byok-test-hooks/x.php', self::CALLS );
		$seen  = array();
		add_action(
			'byok_test_cron',
			static function () use ( $calls, &$seen ) {
				$seen[] = $calls( array( Caller::class, 'current' ) )->id();
				// What PHP itself calls has no file.
				$seen[] = $calls( static fn() => array_map( static fn() => Caller::current(), array( 1 ) )[0] )->id();
			}
		);
		do_action_ref_array( 'byok_test_cron', array() );
		$this->assertSame( array( 'plugin:byok-test-hooks', 'plugin:byok-test-hooks' ), $seen );
	}

	public function test_code_that_was_evaluated_is_the_plugin_s_that_evaluates(): void {
		$asks = require $this->make( WP_PLUGIN_DIR . '/byok-test-eval/x (1) : y.php', self::EVALUATES );
		$this->assertSame( 'plugin:byok-test-eval', $asks()->id() );
	}

	public function test_a_deep_stack_is_looked_through(): void {
		$calls = require $this->make( WP_PLUGIN_DIR . '/byok-test-deep/x.php', self::CALLS );
		$dive  = static function ( int $depth ) use ( &$dive ) {
			return 0 === $depth ? Caller::current() : $dive( $depth - 1 );
		};
		$this->assertSame( 'plugin:byok-test-deep', $calls( static fn() => $dive( 100 ) )->id() );
	}

	public function test_nobody_is_core_when_all_is_core_s_and_unknown_otherwise(): void {
		$this->assertSame( 'unknown', Caller::current()->id() );

		$file   = $this->make( ABSPATH . 'byok-test-core.php', '<?php require "' . dirname( __DIR__, 2 ) . '/site/request.php"; pretend_request_to( getenv( "BYOK_TEST_URL" ) ); require __DIR__ . "/wp-load.php"; echo "<", apply_filters( "byok_test", Byok\Caller::current()->id() ), ">";' );
		$output = shell_exec( escapeshellarg( PHP_BINARY ) . ' -d extension=' . escapeshellarg( getenv( 'BYOK_TEST_EXTENSION' ) ) . ' ' . escapeshellarg( $file ) . ' 2>&1' );
		$this->assertStringContainsString( '<core>', $output );
	}

	public function test_the_command_line_is_one_where_no_plugin_is(): void {
		$file = $this->make( WP_PLUGIN_DIR . '/byok-test-cli/x.php', self::CALLS );
		$code = 'define( "WP_CLI", true ); return array( Byok\Caller::current()->id(), ( require $file )( array( "Byok\Caller", "current" ) )->id() );';
		$this->assertSame( array( 'cli', 'plugin:byok-test-cli' ), Site::run( $code, array( 'given' => compact( 'file' ) ) )['result'] );
	}

	/**
	 * @dataProvider odd_names
	 *
	 * @param string $folder Folder.
	 */
	public function test_odd_names_become_ids_that_can_be_read_again( string $folder ): void {
		$id = self::ask_from( $this->make( WP_PLUGIN_DIR . "/$folder/x.php", self::CALLS ) );
		$this->assertMatchesRegularExpression( '{\Aplugin:[\x21-\x7E]+\z}', $id );
		$this->assertLessThanOrEqual( 100, strlen( $id ) );
		$this->assertSame( $id, Caller::parse( $id )->id() );
	}

	public static function odd_names(): array {
		return array(
			'space'        => array( 'byok test "space" <b>' ),
			'not ASCII'    => array( 'byok-tést-名前' ),
			'long'         => array( 'byok-test-' . str_repeat( 'x', 200 ) ),
			'long escapes' => array( 'byok-test-' . str_repeat( 'é', 60 ) ),
		);
	}

	public function test_two_long_names_stay_two(): void {
		$one   = self::ask_from( $this->make( WP_PLUGIN_DIR . '/byok-test-' . str_repeat( 'x', 120 ) . '1/x.php', self::CALLS ) );
		$other = self::ask_from( $this->make( WP_PLUGIN_DIR . '/byok-test-' . str_repeat( 'x', 120 ) . '2/x.php', self::CALLS ) );
		$this->assertNotSame( $one, $other );
	}

	public function test_what_is_no_id_is_not_read(): void {
		foreach ( array( '', '*', 'plugin:', 'plugin', 'core:x', 'plugin:a b', "plugin:a\n", 'plugin:<b>', 'other:x', 'plugin:' . str_repeat( 'x', 81 ) ) as $id ) {
			$this->assertNull( Caller::parse( $id ), $id );
		}
	}

	public function test_names_are_those_of_headers(): void {
		$this->make( WP_PLUGIN_DIR . '/byok-test-named/main.php', "<?php\n/* Plugin Name: A <b>named</b> one */\n" );
		$this->make( get_theme_root() . '/byok-test-theme/index.php', '' );
		$this->make( get_theme_root() . '/byok-test-theme/style.css', '/* Theme Name: A theme */' );
		wp_cache_delete( 'plugins', 'plugins' );
		wp_clean_themes_cache();
		$this->assertSame( 'A named one', Caller::parse( 'plugin:byok-test-named' )->name() );
		$this->assertSame( 'A theme', Caller::parse( 'theme:byok-test-theme' )->name() );
		$this->assertSame( 'byok-test-gone', Caller::parse( 'plugin:byok-test-gone' )->name() );
		foreach ( array( 'core', 'cli', 'unknown' ) as $id ) {
			$this->assertNotSame( $id, Caller::parse( $id )->name() );
		}
	}

	public function test_asking_is_cheap(): void {
		$calls = require $this->make( WP_PLUGIN_DIR . '/byok-test-cheap/x.php', self::CALLS );
		$best  = INF;
		$asks  = static function () use ( &$best ) {
			// As deep as core's HTTP API and AI client put us, below the plugin.
			$dive = static function ( int $depth ) use ( &$dive ) {
				return 0 === $depth ? Caller::current() : $dive( $depth - 1 );
			};
			for ( $round = 0; $round < 20; $round++ ) {
				$began = hrtime( true );
				for ( $i = 0; $i < 100; $i++ ) {
					$dive( 12 );
				}
				$best = min( $best, ( hrtime( true ) - $began ) / 100 / 1000 );
			}
		};
		add_action( 'byok_test_cheap', static fn() => $calls( $asks ) );
		do_action( 'byok_test_cheap' );
		if ( getenv( 'BYOK_TEST_TIMES' ) ) {
			fwrite( STDERR, sprintf( "\nCaller::current(): %.1f µs with the calls that lead to it\n", $best ) );
		}
		$this->assertLessThan( 200, $best, 'microseconds' );
	}

	/**
	 * The id that code in a file has.
	 *
	 * @param string $file File.
	 */
	private static function ask_from( string $file ): string {
		return ( require $file )( array( Caller::class, 'current' ) )->id();
	}

	/**
	 * Makes a file, and the folders above it that there are not.
	 *
	 * @param string $path Path.
	 * @param string $text Content.
	 * @return string Path.
	 */
	private function make( string $path, string $text ): string {
		$missing = array();
		for ( $folder = dirname( $path ); ! is_dir( $folder ); $folder = dirname( $folder ) ) {
			$missing[] = $folder;
		}
		foreach ( array_reverse( $missing ) as $folder ) {
			mkdir( $folder );
			$this->made[] = $folder;
		}
		file_put_contents( $path, $text );
		$this->made[] = $path;
		return $path;
	}
}
