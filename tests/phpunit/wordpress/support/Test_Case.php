<?php
/**
 * What all tests share.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Guest_Table;
use Byok\Limit_Table;
use Byok\Webhook_Table;
use PHPUnit\Framework\TestCase;
use WP_Error;

/**
 * Starts every test with an administrator and without any key, and undoes what a test does to hooks.
 */
abstract class Test_Case extends TestCase {

	/**
	 * Hooks before the test.
	 *
	 * @var \WP_Hook[]
	 */
	private array $hooks = array();

	/**
	 * What the server has told before the test.
	 *
	 * @var array
	 */
	private array $server;

	/**
	 * Empties the site.
	 */
	protected function setUp(): void {
		$this->server = $_SERVER;
		foreach ( $GLOBALS['wp_filter'] as $name => $hook ) {
			$this->hooks[ $name ] = clone $hook;
		}
		self::remove_rows();
		wp_set_current_user( self::admin() );
		Test_Provider::answer_always();
	}

	/**
	 * Undoes what the test did.
	 */
	protected function tearDown(): void {
		$_SERVER              = $this->server;
		$GLOBALS['wp_filter'] = $this->hooks;
		while ( is_multisite() && ms_is_switched() ) {
			restore_current_blog();
		}
		self::remove_rows();
		unset( $GLOBALS['current_screen'] );
		wp_set_current_user( 0 );
	}

	/**
	 * Id of the administrator.
	 */
	protected static function admin(): int {
		return get_user_by( 'login', 'admin' )->ID;
	}

	/**
	 * Id of a user with a role; on a network one without any rights over it.
	 *
	 * @param string $role Role.
	 */
	protected static function user( string $role ): int {
		$user = get_user_by( 'login', "byok-test-$role" );
		if ( $user ) {
			return $user->ID;
		}
		return wp_insert_user(
			array(
				'user_login' => "byok-test-$role",
				'user_pass'  => wp_generate_password(),
				'user_email' => "byok-test-$role@example.org",
				'role'       => $role,
			)
		);
	}

	/**
	 * Deletes every row of ours.
	 */
	protected static function remove_rows(): void {
		global $wpdb;
		$tables = array(
			$wpdb->options  => 'option_name',
			$wpdb->usermeta => 'meta_key',
		);
		if ( is_multisite() ) {
			$tables[ $wpdb->sitemeta ] = 'meta_key';
		}
		foreach ( $tables as $table => $name ) {
			$wpdb->query( $wpdb->prepare( "DELETE FROM $table WHERE $name LIKE %s", $wpdb->esc_like( 'byok_' ) . '%' ) );
		}
		// With their times: one left behind makes the next transient of that name an old one.
		foreach ( array( 'transient_byok_', 'transient_timeout_byok_' ) as $name ) {
			$wpdb->query( $wpdb->prepare( "DELETE FROM $wpdb->options WHERE option_name LIKE %s", '%' . $wpdb->esc_like( $name ) . '%' ) );
		}
		$shown = $wpdb->suppress_errors();
		foreach ( array( Guest_Table::keys(), Guest_Table::visitors(), Webhook_Table::name(), Limit_Table::name() ) as $table ) {
			// Where there is none yet, there is nothing to delete.
			$wpdb->query( "DELETE FROM $table" );
		}
		$wpdb->suppress_errors( $shown );
		wp_unschedule_hook( 'byok_check_key' );
		wp_cache_flush();
	}

	/**
	 * The stored text of a provider's row, past all caches.
	 *
	 * @param string $provider Provider id.
	 */
	protected static function raw( string $provider ): ?string {
		global $wpdb;
		return $wpdb->get_var( $wpdb->prepare( "SELECT option_value FROM $wpdb->options WHERE option_name = %s", "byok_key_$provider" ) );
	}

	/**
	 * The fields of a provider's row.
	 *
	 * @param string $provider Provider id.
	 */
	protected static function row( string $provider ): array {
		return json_decode( unserialize( self::raw( $provider ) )[0], true, 3, JSON_THROW_ON_ERROR );
	}

	/**
	 * Stores something as a provider's row, as an attacker with access to the database would.
	 *
	 * @param string $provider Provider id.
	 * @param mixed  $value    Fields of a row, or another value of the option.
	 */
	protected static function plant( string $provider, $value ): void {
		update_option( "byok_key_$provider", is_array( $value ) ? array( wp_json_encode( $value ) ) : $value, false );
		wp_cache_flush();
	}

	/**
	 * Stores a key in an option in plaintext, as others do. Past update_option(), through which WordPress's connectors
	 * get to byok.
	 *
	 * @param string $name Name of the option.
	 * @param string $key  Key.
	 */
	protected static function plant_plaintext( string $name, string $key ): void {
		global $wpdb;
		$wpdb->delete( $wpdb->options, array( 'option_name' => $name ) );
		$wpdb->insert( $wpdb->options, array( 'option_name' => $name, 'option_value' => $key, 'autoload' => 'on' ) );
		wp_cache_flush();
	}

	/**
	 * Saves a key that must be accepted.
	 *
	 * @param string $provider Provider id.
	 * @param string $key      Key.
	 * @param array  $args     Arguments of byok_save_key().
	 * @return array What it returned.
	 */
	protected static function save( string $provider, string $key, array $args = array() ): array {
		$saved = byok_save_key( $provider, $key, $args );
		self::assertIsArray( $saved, $saved instanceof WP_Error ? $saved->get_error_code() : '' );
		return $saved;
	}

	/**
	 * Requires a certain error, which does not hold a key.
	 *
	 * @param string $code   Code.
	 * @param mixed  $result What a function returned.
	 * @param string $key    The key.
	 */
	protected static function assert_error( string $code, $result, string $key = '' ): void {
		self::assertInstanceOf( WP_Error::class, $result );
		self::assertSame( $code, $result->get_error_code() );
		self::assertNotSame( '', $result->get_error_message() );
		self::assertGreaterThanOrEqual( 400, $result->get_error_data()['status'] );
		if ( '' !== $key ) {
			self::assert_no_key( $key, print_r( $result, true ) );
		}
	}

	/**
	 * Requires that a text does not hold a key in any encoding.
	 *
	 * @param string $key  Key.
	 * @param string $text Text.
	 * @param string $what What the text is.
	 */
	protected static function assert_no_key( string $key, string $text, string $what = 'it' ): void {
		self::assertSame( array(), Leaks::find( $key, $text ), "$what holds the key" );
	}

	/**
	 * Runs something, once, right before the first query that begins in a certain way.
	 *
	 * @param string   $beginning Beginning of the query.
	 * @param callable $what      Gets the query, and may return another one.
	 */
	protected static function before_query( string $beginning, callable $what ): void {
		$done = false;
		add_filter(
			'query',
			static function ( $query ) use ( $beginning, $what, &$done ) {
				if ( $done || ! str_starts_with( $query, $beginning ) ) {
					return $query;
				}
				$done = true;
				return $what( $query ) ?? $query;
			}
		);
	}
}
