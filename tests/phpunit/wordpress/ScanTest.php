<?php
/**
 * Tests of the search for keys that lie around, through a double of WP-CLI.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Cli_Scan;
use Byok\Key_Scan;
use Byok\Log_File;
use Byok\Log_Folder;
use Byok\Open_Files;
use Byok\Scan_Table;
use Byok\Stand_In;
use ReflectionMethod;
use WP_CLI;
use WP_CLI_Double_Exit;

require_once __DIR__ . '/support/Wp_Cli_Double.php';

final class ScanTest extends Test_Case {

	/**
	 * A folder for logs.
	 *
	 * @var string
	 */
	private string $logs;

	/**
	 * Ids of posts, comments and terms to delete.
	 *
	 * @var callable[]
	 */
	private array $undo = array();

	protected function setUp(): void {
		parent::setUp();
		WP_CLI::reset();
		$this->logs = sys_get_temp_dir() . '/byok-test-' . bin2hex( random_bytes( 6 ) ) . '/logs';
		mkdir( $this->logs, 0755, true );
		chmod( dirname( $this->logs ), 0755 );
		$this->see_all_processes();
		// What other tests have left is not of these.
		$GLOBALS['wpdb']->query( "DELETE FROM {$GLOBALS['wpdb']->options} WHERE option_name LIKE 'connectors\\_%'" );
		wp_cache_flush();
		foreach ( Log_File::of_php() as $log ) {
			file_put_contents( $log, '' );
		}
	}

	protected function tearDown(): void {
		Open_Files::$processes = '/proc';
		foreach ( $this->undo as $undo ) {
			$undo();
		}
		self::remove_folder( dirname( $this->logs ) );
		parent::tearDown();
	}

	/**
	 * Makes a system in which every process can be seen, whatever machine this runs on: processes that show() names.
	 */
	private function see_all_processes(): void {
		$processes = dirname( $this->logs ) . '/processes';
		mkdir( "$processes/1/fd", 0755, true );
		mkdir( "$processes/" . getmypid() . '/ns', 0755, true );
		symlink( 'pid:[4026531836]', "$processes/" . getmypid() . '/ns/pid' );
		symlink( (string) getmypid(), "$processes/self" );
		Open_Files::$processes = $processes;
	}

	/**
	 * Shows a process there.
	 *
	 * @param resource $process From proc_open().
	 */
	private static function show( $process ): void {
		$id = proc_get_status( $process )['pid'];
		symlink( "/proc/$id", Open_Files::$processes . "/$id" );
	}

	/**
	 * Removes a folder with all that is in it; links are not followed.
	 *
	 * @param string $folder Path.
	 */
	private static function remove_folder( string $folder ): void {
		foreach ( array_diff( scandir( $folder ), array( '.', '..' ) ) as $name ) {
			is_dir( "$folder/$name" ) && ! is_link( "$folder/$name" ) ? self::remove_folder( "$folder/$name" ) : unlink( "$folder/$name" );
		}
		rmdir( $folder );
	}

	public function test_a_site_as_it_is_has_no_findings(): void {
		self::save( 'anthropic', Test_Provider::key() );
		self::save( 'mistral', Test_Provider::key( 'mistral' ), array( 'owner' => 'user:' . self::admin() ) );
		byok_stand_in( 'anthropic' );
		$this->assertSame( array( 0, array() ), $this->scan() );
		$this->assertSame( array( 0, array() ), $this->scan( array(), array( 'all' => true, 'network' => true ) ), 'not even secrets of other kinds' );
	}

	public function test_keys_are_found_wherever_they_lie(): void {
		$key  = Test_Provider::key();
		$mask = byok_mask( $key );
		self::plant_plaintext( 'byok_test_option', $key );
		self::plant_plaintext( 'byok_test_settings', serialize( array( 'a' => 1, 'ai' => array( 'token' => $key ) ) ) );
		set_transient( 'byok_test_answer', array( 'body' => wp_json_encode( array( 'key' => $key ) ) ) );
		$this->undo[] = static fn() => delete_transient( 'byok_test_answer' );
		update_user_meta( self::admin(), 'byok_test_field', $key );
		$post         = wp_insert_post( array( 'post_title' => 'x', 'post_content' => "<p>My key is $key.</p>", 'post_excerpt' => $key, 'post_status' => 'draft' ) );
		$this->undo[] = static fn() => wp_delete_post( $post, true );
		update_post_meta( $post, 'builder', wp_slash( wp_json_encode( array( 'html' => "<a href=\"/?k=$key\">" ) ) ) );
		$comment      = wp_insert_comment( array( 'comment_post_ID' => $post, 'comment_content' => "look: $key" ) );
		update_comment_meta( $comment, 'agent', $key );
		$term         = wp_insert_term( 'byok-test-term', 'category' )['term_id'];
		$this->undo[] = static fn() => wp_delete_term( $term, 'category' );
		update_term_meta( $term, 'colour', $key );

		list( $status, $lines ) = $this->scan();
		$this->assertSame( 1, $status );
		$found = array();
		foreach ( $lines as $line ) {
			$this->assertSame( array( 'anthropic', $mask ), array( $line['provider'], $line['key'] ) );
			$found[ $line['kind'] ][] = $line['where'];
		}
		$this->assertSame(
			array(
				'option'       => array( 'byok_test_option', 'byok_test_settings' ),
				'transient'    => array( 'byok_test_answer' ),
				'post'         => array( "$post, post_content", "$post, post_excerpt" ),
				'post meta'    => array( "$post, builder" ),
				'comment'      => array( "$comment, comment_content" ),
				'comment meta' => array( "$comment, agent" ),
				'term meta'    => array( "$term, colour" ),
				'user meta'    => array( self::admin() . ', byok_test_field' ),
			),
			$found
		);
		self::assert_no_key( $key, WP_CLI::$out . WP_CLI::$err );
		$this->assertSame( $key, get_option( 'byok_test_option' ), 'the database is only looked at' );

		$this->assertSame( array( 'option', 'option', 'transient' ), array_column( $this->scan( array(), array( 'in' => 'options' ) )[1], 'kind' ) );
		$this->assertSame( array( 'post', 'post', 'post meta', 'term meta' ), array_column( $this->scan( array(), array( 'in' => 'terms, posts' ) )[1], 'kind' ) );
	}

	public function test_a_key_of_no_form_is_found_by_the_name_before_it_and_tells_the_provider(): void {
		$secret = bin2hex( random_bytes( 16 ) );
		self::plant_plaintext( 'byok_test_mistral_api_key', $secret );
		self::plant_plaintext( 'byok_test_x', serialize( array( 'openrouter' => array( 'api_key' => $secret ) ) ) );
		self::plant_plaintext( 'byok_test_plain', $secret );
		list( , $lines ) = $this->scan( array(), array( 'in' => 'options' ) );
		$this->assertSame( array( 'mistral', 'openrouter' ), array_column( $lines, 'provider' ) );
		self::assert_no_key( $secret, WP_CLI::$out );
	}

	public function test_a_key_that_is_stored_in_byok_is_found_whatever_it_looks_like(): void {
		$key = Test_Provider::key( 'mistral' );
		self::save( 'mistral', $key );
		self::plant_plaintext( 'byok_test_left_over', "a $key b" );
		list( $status, $lines ) = $this->scan( array(), array( 'in' => 'options' ) );
		$this->assertSame( array( 1, array( 'byok_test_left_over' ), 'mistral', 'stored' ), array( $status, array_column( $lines, 'where' ), $lines[0]['provider'], $lines[0]['rule'] ) );
	}

	public function test_secrets_of_other_kinds_are_told_when_asked_for(): void {
		self::plant_plaintext( 'byok_test_webhook_secret', 'aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1v' );
		$this->assertSame( array( 0, array() ), $this->scan( array(), array( 'in' => 'options' ) ) );
		$this->assertSame( array( 'byok_test_webhook_secret' ), array_column( $this->scan( array(), array( 'in' => 'options', 'all' => true ) )[1], 'where' ) );
	}

	public function test_what_byok_has_written_is_no_finding(): void {
		$envelope = byok_encrypt( Test_Provider::key(), array( 'owner' => 'site' ) );
		$stand_in = byok_stand_in( 'anthropic' );
		foreach ( array( "api_key: $envelope", "x-api-key: $stand_in", '"openai_api_key":"' . $stand_in . '"', 'Authorization: Bearer ' . $stand_in, 'sk-ant-…Qw4A and ' . byok_mask( Test_Provider::key() ) ) as $text ) {
			$this->assertSame( array(), ( new Key_Scan( true ) )->text( $text ), $text );
		}
		$this->assertCount( 1, ( new Key_Scan() )->text( "x-api-key: $stand_in, then " . Test_Provider::key() ) );
	}

	public function test_a_key_in_the_name_of_an_option_is_masked_in_the_report(): void {
		$key = Test_Provider::key();
		self::plant_plaintext( "byok_test_$key", $key );
		$this->scan( array(), array( 'in' => 'options' ) );
		self::assert_no_key( $key, WP_CLI::$out );
	}

	public function test_texts_that_are_larger_than_what_is_read_at_once(): void {
		$key = Test_Provider::key();
		self::plant_plaintext( 'byok_test_large', str_repeat( 'x ', 2097147 ) . $key . str_repeat( ' y', 3000000 ) );
		self::plant_plaintext( 'byok_test_small', $key );
		list( , $lines ) = $this->scan( array(), array( 'in' => 'options' ) );
		$this->assertSame( array( 'byok_test_large', 'byok_test_small' ), array_column( $lines, 'where' ) );
		$this->assertSame( array( 1, 1 ), array_column( $lines, 'times' ) );
	}

	public function test_a_large_table_is_read_in_batches_and_never_as_a_whole(): void {
		global $wpdb;
		$key  = Test_Provider::key();
		$name = 'byok_test_row';
		for ( $batch = 0; $batch < 4; $batch++ ) {
			$rows = array();
			for ( $row = 0; $row < 400; $row++ ) {
				$rows[] = $wpdb->prepare( '(%d, %s, %s)', 999999, $name, str_repeat( 'word ', 600 ) . ( 399 === $row ? $key : '' ) );
			}
			$wpdb->query( "INSERT INTO $wpdb->usermeta (user_id, meta_key, meta_value) VALUES " . implode( ',', $rows ) );
		}
		$this->undo[] = static fn() => delete_metadata( 'user', 0, $name, '', true );
		$most    = 0;
		$queries = array();
		add_filter(
			'query',
			static function ( $query ) use ( &$queries ) {
				$queries[] = $query;
				return $query;
			}
		);
		$count = 0;
		$ids   = array();
		foreach ( Scan_Table::of( 'users' )['user meta']->texts() as $text ) {
			$count += $name === $text['name'] ? 1 : 0;
			$ids[]  = $text['id'];
			$most   = max( $most, count( (array) $wpdb->last_result ) );
		}
		$this->assertSame( 1600, $count );
		$sorted = $ids;
		sort( $sorted );
		$this->assertSame( $sorted, $ids, 'by primary key' );
		$this->assertSame( 0, $most, 'what was read does not stay in the database object' );
		$this->assertGreaterThan( 7, count( $queries ) );
		foreach ( $queries as $query ) {
			$this->assertMatchesRegularExpression( '/LIMIT 500|IN \([\d,]+\)/', $query );
		}
		list( $status, $lines ) = $this->scan( array(), array( 'in' => 'users' ) );
		$this->assertSame( array( 1, 4 ), array( $status, $lines[0]['times'] ) );
	}

	public function test_a_database_that_does_not_answer_is_no_clean_bill(): void {
		self::before_query( 'SELECT option_id AS id', static fn() => 'SELECT nothing FROM nowhere' );
		$this->assertSame( 1, $this->run_command( array(), array( 'in' => 'options' ) ) );
		$this->assertStringContainsString( 'Error: ', WP_CLI::$err );
	}

	public function test_a_database_that_stops_answering_within_a_large_text_is_none_either(): void {
		self::plant_plaintext( 'byok_test_large', str_repeat( 'x ', 3000000 ) . Test_Provider::key() );
		self::before_query( 'SELECT SUBSTRING', static fn() => 'SELECT nothing FROM nowhere' );
		$this->assertSame( 1, $this->run_command( array(), array( 'in' => 'options' ) ) );
		$this->assertStringContainsString( 'Error: ', WP_CLI::$err );
	}

	/**
	 * @dataProvider unread
	 *
	 * @param string   $name Name of a log.
	 * @param callable $form Makes the log of a text.
	 * @param string   $says What is said of it.
	 */
	public function test_what_is_not_read_is_no_clean_bill( string $name, callable $form, string $says ): void {
		file_put_contents( "$this->logs/$name", $form( str_repeat( "some line of a log\n", 20000 ) . Test_Provider::key() . "\n" ) );
		$this->assertSame( 1, $this->run_command( array( "$this->logs/$name" ), array( 'in' => 'logs', 'format' => 'table' ) ) );
		$this->assertStringContainsString( $says, WP_CLI::$err );
		$this->assertStringNotContainsString( 'No keys', WP_CLI::$out );
	}

	public function unread(): array {
		return array(
			'gzip, cut off'         => array( 'a.log.gz', static fn( $text ) => substr( gzencode( $text ), 0, -40 ), 'not all there' ),
			'gzip without its end'  => array( 'a.log.gz', static fn( $text ) => substr( gzencode( $text ), 0, -4 ), 'not all there' ),
			'gzip, damaged'         => array( 'a.log.gz', static fn( $text ) => substr_replace( gzencode( $text ), str_repeat( 'x', 50 ), 60, 50 ), 'damaged' ),
			'gzip, wrong sum'       => array( 'a.log.gz', static fn( $text ) => substr_replace( gzencode( $text ), 'xxxx', -8, 4 ), 'damaged' ),
			'garbage behind gzip'   => array( 'a.log.gz', static fn( $text ) => gzencode( $text ) . 'garbage', 'damaged' ),
			'bzip2'                 => array( 'a.log.bz2', static fn() => 'BZh91AY&SY' . random_bytes( 50 ), 'packed' ),
			'xz'                    => array( 'a.log', static fn() => "\xfd7zXZ\0" . random_bytes( 50 ), 'packed' ),
			'UTF-16'                => array( 'a.log', static fn( $text ) => "\xff\xfe" . iconv( 'UTF-8', 'UTF-16LE', $text ), 'UTF-16' ),
			'UTF-16 without a mark' => array( 'a.log', static fn( $text ) => iconv( 'UTF-8', 'UTF-16BE', $text ), 'UTF-16' ),
		);
	}

	public function test_gzip_is_known_by_its_bytes_also_several_in_a_row(): void {
		$key = Test_Provider::key();
		file_put_contents( "$this->logs/a.log.1", gzencode( "one\n" ) . gzencode( '' ) . gzencode( str_repeat( "two\n", 300000 ) . "$key\n" ) . str_repeat( "\0", 512 ) );
		list( $status, $lines ) = $this->scan( array( "$this->logs/a.log.1" ), array( 'in' => 'logs' ) );
		$this->assertSame( array( 1, array( 300002 ), '' ), array( $status, array_column( $lines, 'line' ), WP_CLI::$err ) );
		$this->assertSame( 'byok_log_is_none', ( new Log_File( "$this->logs/a.log.1" ) )->refusal()->get_error_code() );
		// Zeros at the beginning are what rotating by copying leaves in a log.
		file_put_contents( "$this->logs/b.log", str_repeat( "\0", 5000 ) . "$key\n" );
		$this->assertSame( 1, $this->scan( array( "$this->logs/b.log" ), array( 'in' => 'logs' ) )[1][0]['times'] );
	}

	/**
	 * @group multisite
	 */
	public function test_all_sites_of_a_network_are_looked_through_and_told_apart(): void {
		$key = Test_Provider::key();
		$own = Test_Provider::key( 'mistral' );
		$id  = wp_insert_site( array( 'domain' => get_site()->domain, 'path' => '/byok-test-scan/', 'user_id' => self::admin() ) );
		$this->assertIsInt( $id );
		$this->undo[] = static fn() => wp_delete_site( $id );
		switch_to_blog( $id );
		self::plant_plaintext( 'byok_test_option', $key );
		// Known to byok on that site only, and of no form.
		self::save( 'mistral', $own );
		self::plant_plaintext( 'byok_test_left_over', "a $own b" );
		$post = wp_insert_post( array( 'post_title' => 'x', 'post_content' => $key ) );
		restore_current_blog();
		update_site_option( 'byok_test_network', $key );
		$this->undo[] = static fn() => delete_site_option( 'byok_test_network' );

		$this->assertSame( array( array( 1, 'network option' ) ), $this->sites_and_kinds( array() ) );
		$this->assertSame(
			array( array( $id, 'option' ), array( $id, 'option' ), array( $id, 'post' ), array( 1, 'network option' ) ),
			$this->sites_and_kinds( array( 'network' => true ) )
		);
		$this->assertSame( 1, get_current_blog_id() );
		self::assert_no_key( $key, WP_CLI::$out );
		self::assert_no_key( $own, WP_CLI::$out );
	}

	/**
	 * Looks, and tells sites and kinds of what was found.
	 *
	 * @param array $named Named arguments.
	 */
	private function sites_and_kinds( array $named ): array {
		$this->run_command( array(), array( 'format' => 'json', 'fields' => 'site,kind' ) + $named );
		return array_map( 'array_values', json_decode( WP_CLI::$out, true ) );
	}

	public function test_logs_are_read_with_lines_and_also_when_packed(): void {
		$keys = array( Test_Provider::key(), Test_Provider::key( 'openai' ) );
		$text = "first\nsecond $keys[0]\nthird " . rawurlencode( "k=$keys[1]" ) . "\n\nfifth $keys[0]\n";
		file_put_contents( "$this->logs/a.log", $text );
		file_put_contents( "$this->logs/b.log.gz", gzencode( $text ) );
		foreach ( array( 'a.log', 'b.log.gz' ) as $name ) {
			list( $status, $lines ) = $this->scan( array( "$this->logs/$name" ), array( 'in' => 'logs' ) );
			$this->assertSame( 1, $status );
			$this->assertSame( array( "$this->logs/$name" ), array_unique( array_column( $lines, 'where' ) ) );
			$this->assertSame( array( array( 2, 'anthropic', 2 ), array( 3, 'openai', 1 ) ), array_map( static fn( $line ) => array( $line['line'], $line['provider'], $line['times'] ), $lines ) );
		}
		foreach ( $keys as $key ) {
			self::assert_no_key( $key, WP_CLI::$out );
		}
		$this->assertSame( 1, $this->run_command( array( "$this->logs/none.log" ) ) );
		$this->assertStringContainsString( 'none.log: There is no such file', WP_CLI::$err );
	}

	public function test_the_logs_of_php_need_not_be_named(): void {
		$key = Test_Provider::key();
		file_put_contents( WP_CONTENT_DIR . '/debug.log', "a\nb $key\n" );
		$this->undo[] = static fn() => file_put_contents( WP_CONTENT_DIR . '/debug.log', '' );
		$this->assertSame( array( realpath( WP_CONTENT_DIR ) . '/debug.log' ), array_column( $this->scan( array(), array( 'in' => 'logs' ) )[1], 'where' ) );
	}

	public function test_scrubbing_masks_the_keys_and_changes_nothing_else(): void {
		$key  = Test_Provider::key();
		$log  = "$this->logs/access.log";
		$text = '';
		for ( $line = 0; $line < 30000; $line++ ) {
			$text .= "127.0.0.1 - - [21/Nov/2026] \"GET /page/$line?x=%20\xff HTTP/1.1\" 200\n" . ( 0 === $line % 1000 ? "said $key.\n" : '' );
		}
		file_put_contents( $log, $text );
		chmod( $log, 0640 );
		touch( $log, time() - 86400 );
		$before = stat( $log );

		$this->assertSame( 0, $this->run_command( array( $log ), array( 'in' => 'logs', 'scrub' => true ) ), 'no was said' );
		$this->assertStringContainsString( 'no way back', WP_CLI::$questions[0] );
		$this->assertSame( $text, file_get_contents( $log ) );

		$this->assertSame( 0, $this->run_command( array( $log ), array( 'in' => 'logs', 'scrub' => true, 'yes' => true ) ) );
		$this->assertStringContainsString( '30 keys masked', WP_CLI::$out );
		$this->assertSame( str_replace( $key, byok_mask( $key ), $text ), file_get_contents( $log ) );
		clearstatcache();
		$after = stat( $log );
		foreach ( array( 'mode', 'uid', 'gid', 'mtime' ) as $what ) {
			$this->assertSame( $before[ $what ], $after[ $what ], $what );
		}
		$this->assertSame( array( '.', '..', 'access.log' ), scandir( $this->logs ), 'nothing is left beside it' );
		$this->assertSame( array( 0, array() ), $this->scan( array( $log ), array( 'in' => 'logs' ) ) );
	}

	public function test_scrubbing_leaves_what_is_in_the_database_and_says_so(): void {
		$key = Test_Provider::key();
		file_put_contents( "$this->logs/a.log", "$key\n$key\n$key\n" );
		touch( "$this->logs/a.log", time() - 86400 );
		self::plant_plaintext( 'byok_test_option', $key );
		$this->assertSame( array( 1, array( 'option', 'file' ) ), array( $this->scan( array( "$this->logs/a.log" ), array( 'in' => 'options', 'scrub' => true, 'yes' => true ) )[0], array_column( json_decode( WP_CLI::$out, true ), 'kind' ) ) );
		self::assert_no_key( $key, file_get_contents( "$this->logs/a.log" ) );
	}

	/**
	 * @dataProvider no_logs
	 *
	 * @param string $name Name of a file.
	 */
	public function test_what_is_no_log_is_never_rewritten( string $name ): void {
		$key = Test_Provider::key();
		file_put_contents( "$this->logs/$name", "$key\n" );
		touch( "$this->logs/$name", time() - 86400 );
		$this->assertSame( 1, $this->run_command( array( "$this->logs/$name" ), array( 'in' => 'logs', 'scrub' => true, 'yes' => true ) ) );
		$this->assertStringContainsString( 'does not look like a log', WP_CLI::$err );
		$this->assertSame( "$key\n", file_get_contents( "$this->logs/$name" ) );
	}

	public function no_logs(): array {
		return array( array( 'wp-config.php' ), array( '.env' ), array( 'dump.sql' ), array( 'log.sqlite' ), array( 'access.log.gz' ), array( '.htaccess' ), array( 'settings.json' ) );
	}

	public function test_names_that_say_log(): void {
		$refusal = static fn( string $path ) => (string) ( new Log_File( $path ) )->refusal()?->get_error_code();
		$other   = dirname( $this->logs ) . '/catalogue';
		mkdir( $other );
		foreach ( array( 'debug.log', 'error_log', 'php8.2-fpm.log', 'access.log.1', 'syslog', 'error.log-20261121' ) as $name ) {
			file_put_contents( "$other/$name", 'x' );
			touch( "$other/$name", time() - 86400 );
			$this->assertSame( '', $refusal( "$other/$name" ), $name );
			unlink( "$other/$name" );
		}
		foreach ( array( 'blog.txt', 'notes', 'login' ) as $name ) {
			file_put_contents( "$other/$name", 'x' );
			$this->assertSame( 'byok_log_is_none', $refusal( "$other/$name" ), $name );
			unlink( "$other/$name" );
		}
		rmdir( $other );
		file_put_contents( "$this->logs/journal", "a\0b" );
		$this->assertSame( 'byok_log_is_none', $refusal( "$this->logs/journal" ), 'bytes that are no text' );
	}

	public function test_a_log_that_a_process_has_open_is_left_as_it_is(): void {
		$key = Test_Provider::key();
		$log = "$this->logs/error.log";
		file_put_contents( $log, "$key\n" );
		touch( $log, time() - 86400 );
		$holder = proc_open( array( PHP_BINARY, '-n', '-r', '$log = fopen( $argv[1], "ab" ); echo "open\n"; fgets( STDIN );', $log ), array( array( 'pipe', 'r' ), array( 'pipe', 'w' ) ), $pipes );
		fgets( $pipes[1] );
		self::show( $holder );
		$this->assertSame( 1, $this->run_command( array( $log ), array( 'in' => 'logs', 'scrub' => true, 'yes' => true ) ) );
		$this->assertStringContainsString( 'rotate the log first', WP_CLI::$err );
		$this->assertSame( "$key\n", file_get_contents( $log ) );
		fclose( $pipes[0] );
		proc_close( $holder );

		// One who reads it is in nobody's way.
		$reader = proc_open( array( PHP_BINARY, '-n', '-r', '$log = fopen( $argv[1], "rb" ); echo "open\n"; fgets( STDIN );', $log ), array( array( 'pipe', 'r' ), array( 'pipe', 'w' ) ), $pipes );
		fgets( $pipes[1] );
		self::show( $reader );
		$this->assertSame( 0, $this->run_command( array( $log ), array( 'in' => 'logs', 'scrub' => true, 'yes' => true ) ) );
		fclose( $pipes[0] );
		proc_close( $reader );
	}

	/**
	 * @dataProvider blindness
	 *
	 * @param callable $hide Hides processes; gets the folder of processes.
	 */
	public function test_where_processes_cannot_be_seen_only_logs_of_php_are_rewritten( callable $hide ): void {
		$log = "$this->logs/error.log";
		file_put_contents( $log, 'x' );
		touch( $log, time() - 86400 );
		$this->assertNull( ( new Log_File( $log ) )->refusal() );
		$hide( Open_Files::$processes );
		$this->assertSame( 'byok_log_maybe_in_use', ( new Log_File( $log ) )->refusal()->get_error_code() );
		// PHP opens its own log for every message.
		file_put_contents( WP_CONTENT_DIR . '/debug.log', 'x' );
		$this->assertNull( ( new Log_File( WP_CONTENT_DIR . '/debug.log' ) )->refusal() );
	}

	public function blindness(): array {
		$link = static function ( string $path, string $target ): void {
			unlink( $path );
			symlink( $target, $path );
		};
		return array(
			'no /proc'                    => array( static fn( $processes ) => unlink( "$processes/self" ) ),
			'a /proc of others'           => array( static fn( $processes ) => $link( "$processes/self", '1' ) ),
			'a container'                 => array( static fn( $processes ) => $link( "$processes/self/ns/pid", 'pid:[4026532123]' ) ),
			'hidepid'                     => array( static fn( $processes ) => rmdir( "$processes/1/fd" ) && rmdir( "$processes/1" ) ),
			'files that are not shown'    => array( static fn( $processes ) => rmdir( "$processes/1/fd" ) ),
			'a file that cannot be known' => array( static fn( $processes ) => symlink( '/nonexistent', "$processes/1/fd/3" ) ),
		);
	}

	public function test_root_becomes_the_owner_where_the_owner_gives_names(): void {
		if ( ! $this->is_root() ) {
			return;
		}
		$key    = Test_Provider::key();
		$secret = dirname( $this->logs ) . '/secret';
		file_put_contents( $secret, 'of root' );
		chmod( $secret, 0600 );
		$user = posix_getpwnam( 'www-data' ) ?: posix_getpwnam( 'nobody' );
		$log  = "$this->logs/app.log";
		foreach ( array( 0755, 01777 ) as $mode ) {
			file_put_contents( $log, str_repeat( "a line.\n", 500000 ) . "$key\n" );
			chown( $log, $user['uid'] );
			chgrp( $log, $user['gid'] );
			chmod( $log, 0640 );
			chown( $this->logs, 01777 === $mode ? 0 : $user['uid'] );
			chmod( $this->logs, $mode );
			$file = new Log_File( $log );
			// Somebody exchanges the new file for a link while it is being written.
			$swapped = array();
			$done    = $file->rewrite(
				function ( ?string $piece ) use ( $secret, &$swapped ): string {
					foreach ( array() === $swapped ? glob( "$this->logs/.byok-*" ) : array() as $beside ) {
						$this->assertSame( array( 0100640, fileowner( "$this->logs/app.log" ) ), array( fileperms( $beside ), fileowner( $beside ) ), 'it is the owner\'s from the beginning' );
						unlink( $beside );
						symlink( $secret, $beside );
						$swapped[] = $beside;
					}
					return (string) $piece;
				},
				static fn() => null
			);
			self::assert_error( 'byok_log_not_written', $done );
			$this->assertCount( 1, $swapped );
			clearstatcache();
			$this->assertSame( array( 0, 0, 0100600, 'of root' ), array( fileowner( $secret ), filegroup( $secret ), fileperms( $secret ), file_get_contents( $secret ) ) );
			$this->assertFalse( is_link( $log ) );
			$this->assertStringContainsString( $key, file_get_contents( $log ) );

			// And without anybody in the way it is done.
			$this->assertTrue( $file->rewrite( static fn( ?string $piece ) => str_replace( 'line', 'LINE', (string) $piece ), static fn() => null ) );
			clearstatcache();
			$this->assertSame( array( $user['uid'], $user['gid'], 0100640 ), array( fileowner( $log ), filegroup( $log ), fileperms( $log ) ) );
			$this->assertSame( 500000, substr_count( file_get_contents( $log ), "a LINE.\n" ) );
			$this->assertSame( array( 0, 0, getcwd() ), array( posix_geteuid(), posix_getegid(), getcwd() ) );
		}
		// In a folder of root's a log of another user stays that user's.
		chmod( $this->logs, 0755 );
		$this->assertTrue( $file->rewrite( static fn( ?string $piece ) => (string) $piece, static fn() => null ) );
		clearstatcache();
		$this->assertSame( array( $user['uid'], $user['gid'], 0100640 ), array( fileowner( $log ), filegroup( $log ), fileperms( $log ) ) );
	}

	public function test_folders_in_which_others_may_exchange_files_are_left_alone(): void {
		if ( ! $this->is_root() ) {
			return;
		}
		$log = "$this->logs/app.log";
		file_put_contents( $log, 'x' );
		$refusal = static function () use ( $log ): string {
			clearstatcache();
			return (string) ( new Log_File( $log ) )->refusal()?->get_error_code();
		};
		$this->assertSame( '', $refusal() );
		chmod( $this->logs, 0777 );
		$this->assertSame( 'byok_log_folder', $refusal() );
		chmod( $this->logs, 01777 );
		$this->assertSame( '', $refusal(), 'nobody takes the name of what is root\'s' );
		chmod( $this->logs, 0775 );
		$this->assertSame( 'byok_log_folder', $refusal(), 'a group that may write' );
		chmod( $this->logs, 0755 );
		chown( $this->logs, 33 );
		$this->assertSame( 'byok_log_folder', $refusal(), 'a log of root\'s in a folder of somebody else' );
		// An owner whom the system does not know cannot be become.
		chown( $log, 4242424 );
		$this->assertSame( 'byok_log_folder', $refusal() );
	}

	public function test_what_an_interrupted_run_has_left_is_removed_at_the_next_one(): void {
		$log = "$this->logs/app.log";
		$old = "$this->logs/.byok-0123456789abcdef";
		$new = "$this->logs/.byok-fedcba9876543210";
		foreach ( array( $log, $old, $new, "$this->logs/.byok-notes", "$this->logs/secret.txt" ) as $file ) {
			file_put_contents( $file, 'x' );
			touch( $file, time() - ( $file === $new ? 60 : 7200 ) );
		}
		symlink( "$this->logs/secret.txt", "$this->logs/.byok-00000000000000ff" );
		$this->assertTrue( ( new Log_File( $log ) )->rewrite( static fn( ?string $piece ) => (string) $piece, static fn() => null ) );
		$this->assertSame( array( '.', '..', '.byok-00000000000000ff', '.byok-fedcba9876543210', '.byok-notes', 'app.log', 'secret.txt' ), scandir( $this->logs ) );
	}

	/**
	 * Whether this runs as root; if not, that what is root's is left alone.
	 */
	private function is_root(): bool {
		if ( 0 === posix_geteuid() ) {
			return true;
		}
		$this->assertSame( 'log_owner', Log_Folder::refusal( stat( '/etc' ), lstat( '/etc/passwd' ) ) );
		return false;
	}

	public function test_a_log_with_a_second_name_or_of_another_user_is_left_as_it_is(): void {
		$log = "$this->logs/a.log";
		file_put_contents( $log, 'x' );
		touch( $log, time() - 86400 );
		link( $log, "$this->logs/b.log" );
		$this->assertSame( 'byok_log_linked', ( new Log_File( $log ) )->refusal()->get_error_code() );
		unlink( "$this->logs/b.log" );
		symlink( $log, "$this->logs/c.log" );
		$this->assertSame( realpath( $log ), ( new Log_File( "$this->logs/c.log" ) )->path, 'a link is followed' );
		$this->assertNull( ( new Log_File( "$this->logs/c.log" ) )->refusal() );
	}

	public function test_what_is_appended_meanwhile_is_kept(): void {
		$key  = Test_Provider::key();
		$log  = "$this->logs/a.log";
		$file = new Log_File( $log );
		file_put_contents( $log, str_repeat( "line\n", 500000 ) );
		touch( $log, time() - 86400 );
		$file  = new Log_File( $log );
		$times = 0;
		$done  = $file->rewrite(
			static function ( ?string $piece ) use ( $log, $key, &$times ): string {
				if ( $times < 5 ) {
					++$times;
					file_put_contents( $log, "appended $times\n", FILE_APPEND );
				}
				return strtoupper( (string) $piece );
			},
			static fn() => null
		);
		$this->assertTrue( $done );
		$text = file_get_contents( $log );
		$this->assertSame( 500000, substr_count( $text, "LINE\n" ) );
		for ( $number = 1; $number <= 5; $number++ ) {
			$this->assertSame( 1, substr_count( $text, "APPENDED $number\n" ) );
		}
	}

	public function test_what_writers_append_while_logs_are_rewritten_again_and_again_is_all_there(): void {
		$log = "$this->logs/a.log";
		touch( $log, time() - 86400 );
		$writers = array();
		for ( $writer = 0; $writer < 3; $writer++ ) {
			// As PHP's error log does: open, append one line, close.
			$code      = 'for ( $i = 0; $i < 4000; $i++ ) { file_put_contents( $argv[1], "$argv[2] $i\n", FILE_APPEND ); usleep( 200 ); }';
			$writers[] = proc_open( array( PHP_BINARY, '-n', '-r', $code, $log, "writer$writer" ), array(), $pipes );
			self::show( $writers[ $writer ] );
		}
		$done = 0;
		do {
			$result = ( new Log_File( $log ) )->rewrite( static fn( ?string $piece ) => (string) $piece, static fn() => null );
			$done  += true === $result ? 1 : 0;
			$alive  = array_filter( $writers, static fn( $writer ) => proc_get_status( $writer )['running'] );
		} while ( array() !== $alive );
		array_map( 'proc_close', $writers );
		$this->assertGreaterThan( 0, $done );
		$lines = file( $log, FILE_IGNORE_NEW_LINES );
		$this->assertCount( 12000, $lines );
		$this->assertCount( 12000, array_unique( $lines ) );
	}

	public function test_a_log_that_is_rotated_or_cut_off_meanwhile_is_left_as_it_is(): void {
		$log   = "$this->logs/a.log";
		$moved = "$this->logs/a.log.1";
		foreach ( array( 'rotated', 'cut off' ) as $how ) {
			file_put_contents( $log, str_repeat( "line\n", 500000 ) );
			touch( $log, time() - 86400 );
			$result = ( new Log_File( $log ) )->rewrite(
				static function ( ?string $piece ) use ( $log, $moved, $how ): string {
					if ( 'rotated' === $how ) {
						// Larger than the old one.
						rename( $log, $moved );
						file_put_contents( $log, str_repeat( "new\n", 1000000 ) );
					} else {
						file_put_contents( $log, "new\n" );
					}
					return (string) $piece;
				},
				static fn() => null
			);
			self::assert_error( 'byok_log_changed', $result );
			$this->assertSame( "new\n", substr( file_get_contents( $log ), -4 ) );
			$this->assertFalse( str_contains( file_get_contents( $log ), 'line' ) );
		}
	}

	public function test_a_full_disk_leaves_the_old_log(): void {
		$write = new ReflectionMethod( Log_File::class, 'write' );
		$full  = fopen( '/dev/full', 'wb' );
		stream_set_write_buffer( $full, 0 );
		$this->assertFalse( @$write->invoke( null, $full, 'text' ) );
	}

	public function test_an_exception_in_the_middle_leaves_the_log_and_nothing_beside_it(): void {
		$log = "$this->logs/a.log";
		file_put_contents( $log, "line\n" );
		touch( $log, time() - 86400 );
		try {
			( new Log_File( $log ) )->rewrite( static fn() => throw new \RuntimeException( 'no' ), static fn() => null );
			$this->fail( 'It must throw.' );
		} catch ( \RuntimeException $thrown ) {
			$this->assertSame( "line\n", file_get_contents( $log ) );
			$this->assertSame( array( '.', '..', 'a.log' ), scandir( $this->logs ) );
		}
	}

	public function test_a_key_in_the_arguments_and_an_unknown_place_are_refused(): void {
		$key = Test_Provider::key();
		$this->assertSame( 1, $this->run_command( array( $key ) ) );
		self::assert_no_key( $key, WP_CLI::$out . WP_CLI::$err );
		$secret = bin2hex( random_bytes( 16 ) );
		$this->assertSame( 1, $this->run_command( array( $secret ) ) );
		self::assert_no_key( $secret, WP_CLI::$out . WP_CLI::$err, 'a key of no form' );
		$this->assertSame( 1, $this->run_command( array(), array( 'in' => 'options,cellar' ) ) );
		$this->assertStringContainsString( 'no such place', WP_CLI::$err );
	}

	public function test_without_the_extension_it_says_so(): void {
		$code = 'require $double; try { ( new Byok\Cli_Scan() )( array(), array() ); } catch ( WP_CLI_Double_Exit $e ) { return WP_CLI::$err; }';
		$this->assertStringContainsString( 'extension', Site::run( $code, array( 'extension' => false, 'given' => array( 'double' => __DIR__ . '/support/Wp_Cli_Double.php' ) ) )['result'] );
	}

	public function test_the_command_is_documented_as_wp_cli_reads_it(): void {
		$doc = (string) ( new ReflectionMethod( Cli_Scan::class, '__invoke' ) )->getDocComment();
		foreach ( array( '## OPTIONS', '## EXAMPLES', '[<log>...]', '[--scrub]' ) as $part ) {
			$this->assertStringContainsString( $part, $doc );
		}
	}

	public function test_progress_ends_where_it_should(): void {
		file_put_contents( "$this->logs/a.log", str_repeat( "line\n", 700000 ) );
		$this->run_command( array( "$this->logs/a.log" ), array( 'in' => 'logs', 'format' => 'table' ) );
		$this->assertStringContainsString( 'Success: No keys lie around there.', WP_CLI::$out );
		$this->assertTrue( $GLOBALS['byok_test_progress']->finished );
	}

	/**
	 * Looks, and reads what was printed.
	 *
	 * @param string[] $logs  Logs.
	 * @param array    $named Named arguments.
	 * @return array{0: int, 1: array[]} Exit status and lines.
	 */
	private function scan( array $logs = array(), array $named = array() ): array {
		$status = $this->run_command( $logs, array( 'format' => 'json', 'fields' => 'kind,where,line,provider,key,rule,times' ) + $named );
		return array( $status, json_decode( WP_CLI::$out, true ) );
	}

	/**
	 * Runs the command.
	 *
	 * @param string[] $args  Positional arguments.
	 * @param array    $named Named arguments.
	 * @return int Exit status.
	 */
	private function run_command( array $args, array $named = array() ): int {
		$answer = WP_CLI::$answer;
		WP_CLI::reset();
		WP_CLI::$answer = $answer;
		try {
			( new Cli_Scan() )( $args, $named );
			return 0;
		} catch ( WP_CLI_Double_Exit $exit ) {
			return $exit->getCode();
		}
	}
}
