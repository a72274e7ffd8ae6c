<?php
/**
 * The command line: connect keys.
 *
 * @package byok
 */

namespace Byok;

use WP_CLI;
use WP_CLI\Utils;

defined( 'ABSPATH' ) || exit;

/**
 * Makes, lists and revokes pairs of connect keys, with which other applications let their people bring keys.
 *
 * @since 0.1.0
 */
final class Cli_Connect {

	/**
	 * Lists the pairs.
	 *
	 * ## OPTIONS
	 *
	 * [--fields=<fields>]
	 * : Of id, name, origins, providers, public_key, created_at, created_by.
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
	 *     $ wp byok connect list
	 *
	 * @subcommand list
	 * @since 0.1.0
	 *
	 * @param string[] $args  Positional arguments.
	 * @param array    $named Named arguments.
	 */
	public function list_( #[\SensitiveParameter] $args, $named ) {
		Cli_Args::refuse_keys( $args, 0 );
		$items = array_map(
			static fn( Connect_Pair $pair ) => array_map( static fn( $field ) => is_array( $field ) ? implode( ', ', $field ) : $field, $pair->told() ),
			Cli_Args::check( Connect_Pairs::all() )
		);
		Utils\format_items( $named['format'] ?? 'table', $items, $named['fields'] ?? 'id,name,origins,providers,public_key' );
	}

	/**
	 * Makes a pair, and prints its two keys. The secret one is not shown again.
	 *
	 * ## OPTIONS
	 *
	 * <name>
	 * : What you call it.
	 *
	 * [--origins=<origins>]
	 * : Origins of the pages that may use the public key, such as https://app.example, separated by commas.
	 *
	 * [--providers=<ids>]
	 * : The only providers, separated by commas; without it all.
	 *
	 * [<unexpected>...]
	 * : Not accepted.
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp byok connect create "My app" --origins=https://app.example --providers=openai,anthropic
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $args  Positional arguments.
	 * @param array    $named Named arguments.
	 */
	public function create( #[\SensitiveParameter] $args, $named ) {
		Cli_Args::refuse_keys( $args, 1, false );
		$made = Cli_Args::check( Connect_Pairs::make( $args[0] ?? '', Cli_Args::words( $named['origins'] ?? '' ), Cli_Args::words( $named['providers'] ?? '' ) ) );
		WP_CLI::line( $made['pair']->public_key );
		WP_CLI::line( $made['secret']->reveal() );
		WP_CLI::success( __( 'The first is for pages, the second for your server only. It is not shown again.', 'byok' ) );
		if ( ! Relay_Settings::current()->connect ) {
			WP_CLI::warning( Messages::reason( 'relay_kind_off' ) );
		}
	}

	/**
	 * Revokes a pair, and removes the keys that were stored through it. There is no way back.
	 *
	 * ## OPTIONS
	 *
	 * <id>
	 * : Id of the pair, see list.
	 *
	 * [--yes]
	 * : Do not ask first.
	 *
	 * [<unexpected>...]
	 * : Not accepted.
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp byok connect revoke k3xq2mbd --yes
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $args  Positional arguments.
	 * @param array    $named Named arguments.
	 */
	public function revoke( #[\SensitiveParameter] $args, $named ) {
		Cli_Args::refuse_keys( $args, 1, false );
		WP_CLI::confirm( __( 'Revoke this pair, and remove all keys that were stored through it?', 'byok' ), $named );
		$gone = Cli_Args::check( Connect_Pairs::revoke( (string) ( $args[0] ?? '' ) ) );
		/* translators: %s: a number. */
		WP_CLI::success( sprintf( _n( 'Revoked. %s key was removed.', 'Revoked. %s keys were removed.', $gone['keys'], 'byok' ), number_format_i18n( $gone['keys'] ) ) );
	}
}
