<?php
/**
 * The command line: the relay.
 *
 * @package byok
 */

namespace Byok;

use WP_CLI;
use WP_CLI\Utils;

defined( 'ABSPATH' ) || exit;

/**
 * Shows and changes the settings of the relay, and looks whether it works.
 *
 * @since 0.1.0
 */
final class Cli_Relay {

	/**
	 * Shows the settings.
	 *
	 * ## OPTIONS
	 *
	 * [--format=<format>]
	 * : How: `table`, `json`, `csv` or `yaml`.
	 * ---
	 * default: table
	 * ---
	 *
	 * [<unexpected>...]
	 * : Not accepted: there is nothing to name.
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp byok relay status
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $args  Positional arguments.
	 * @param array    $named Named arguments.
	 */
	public function status( #[\SensitiveParameter] $args, $named ) {
		Cli_Args::refuse_keys( $args, 0 );
		$rows = array();
		foreach ( Relay_Words::of( Relay_Settings::current() ) as $setting => $value ) {
			$rows[] = compact( 'setting', 'value' );
		}
		Utils\format_items( $named['format'] ?? 'table', $rows, array( 'setting', 'value' ) );
	}

	/**
	 * Changes settings, all of them or none.
	 *
	 * Limits are requests and seconds; lists have commas between their entries and are replaced.
	 *
	 * ## OPTIONS
	 *
	 * <setting>...
	 * : `name=value`, with the names that `wp byok relay status` shows.
	 *
	 * [<unexpected>...]
	 * : Not accepted: a setting has a name and a value.
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp byok relay set origins=https://app.example visitors=on limits.token=30/60
	 *     $ wp byok relay set models=
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $args Positional arguments.
	 */
	public function set( #[\SensitiveParameter] $args ) {
		$words = array();
		foreach ( $args as $arg ) {
			if ( null === Extension::reason() && null !== byok_detect_provider( $arg ) ) {
				Cli_Args::fail( Failure::because( 'key_in_argument' ) );
			}
			list( $name, $text ) = array_pad( explode( '=', $arg, 2 ), 2, null );
			$words[ $name ]      = $text ?? '?';
		}
		$changes = Relay_Words::read( $words );
		$changed = is_wp_error( $changes ) ? $changes : Relay_Settings::change( $changes );
		if ( is_wp_error( $changed ) ) {
			$name = (string) ( $changed->get_error_data()['setting'] ?? '' );
			// A name of ours, and nothing else that was typed.
			$known = isset( Relay_Words::of( Relay_Settings::current() )[ $name ] ) || isset( Relay_Settings::current()->to_array()[ $name ] );
			WP_CLI::error( $changed->get_error_message() . ( $known ? " ($name)" : '' ) );
		}
		WP_CLI::success( __( 'The settings of the relay were changed.', 'byok' ) );
	}

	/**
	 * Looks whether the relay works on this server, and says what to do. The status is 1 when something is broken.
	 *
	 * It asks the site itself over the network, as a stranger would.
	 *
	 * ## OPTIONS
	 *
	 * [--format=<format>]
	 * : How: `table`, `json`, `csv` or `yaml`.
	 * ---
	 * default: table
	 * ---
	 *
	 * [<unexpected>...]
	 * : Not accepted: there is nothing to name.
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp byok relay doctor
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $args  Positional arguments.
	 * @param array    $named Named arguments.
	 */
	public function doctor( #[\SensitiveParameter] $args, $named ) {
		Cli_Args::refuse_keys( $args, 0 );
		$found = Relay_Doctor::look();
		Utils\format_items( $named['format'] ?? 'table', $found, array( 'status', 'name', 'message' ) );
		if ( in_array( 'critical', array_column( $found, 'status' ), true ) ) {
			WP_CLI::halt( 1 );
		}
	}
}
