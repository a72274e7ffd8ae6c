<?php
/**
 * The command line: visitors.
 *
 * @package byok
 */

namespace Byok;

use WP_CLI;
use WP_CLI\Utils;

defined( 'ABSPATH' ) || exit;

/**
 * Lists and removes people without an account, and what they have stored.
 *
 * @since 0.1.0
 */
final class Cli_Visitor {

	/**
	 * Lists visitors, those that were here last first. Nothing of a token is known.
	 *
	 * ## OPTIONS
	 *
	 * [--fields=<fields>]
	 * : Of id, created_at, used_at, expires_at, keys (number).
	 *
	 * [--format=<format>]
	 * : How to print it.
	 * ---
	 * default: table
	 * options:
	 *   - table
	 *   - json
	 *   - csv
	 *   - yaml
	 *   - count
	 * ---
	 *
	 * [<unexpected>...]
	 * : Not accepted.
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp byok visitor list --format=count
	 *
	 * @subcommand list
	 * @since 0.1.0
	 *
	 * @param string[] $args  Positional arguments.
	 * @param array    $named Named arguments.
	 */
	public function list_( #[\SensitiveParameter] $args, $named ) {
		Cli_Args::refuse_keys( $args, 0 );
		Utils\format_items( $named['format'] ?? 'table', Cli_Args::check( Visitors::all() ), $named['fields'] ?? 'id,created_at,used_at,expires_at,keys' );
	}

	/**
	 * Erases everything that is kept of a visitor, or of somebody whom another application knows by a ref_id.
	 *
	 * ## OPTIONS
	 *
	 * <owner>
	 * : visitor:<id> or ref:<ref_id>.
	 *
	 * [--yes]
	 * : Do not ask first.
	 *
	 * [<unexpected>...]
	 * : Not accepted.
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp byok visitor erase visitor:k3xq2mbd7vwz5hnc4rta
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $args  Positional arguments.
	 * @param array    $named Named arguments.
	 */
	public function erase( #[\SensitiveParameter] $args, $named ) {
		Cli_Args::refuse_keys( $args, 1, false );
		$guest = Owner::parse( (string) ( $args[0] ?? '' ) );
		if ( null === $guest || ! $guest->is_guest() ) {
			Cli_Args::fail( Failure::because( 'owner_unknown' ) );
		}
		WP_CLI::confirm( __( 'Erase this person’s keys, what they were used for, and the token? There is no way back.', 'byok' ), $named );
		$gone = Cli_Args::check( Guest_Eraser::erase( $guest ) );
		/* translators: %s: a number. */
		WP_CLI::success( sprintf( _n( 'Erased, with %s key.', 'Erased, with %s keys.', $gone['keys'], 'byok' ), number_format_i18n( $gone['keys'] ) ) );
	}
}
