<?php
/**
 * The command line: webhooks.
 *
 * @package byok
 */

namespace Byok;

use WP_CLI;
use WP_CLI\Utils;

defined( 'ABSPATH' ) || exit;

/**
 * Manages the addresses that are told what happens to keys.
 *
 * @since 0.1.0
 */
final class Cli_Webhook {

	/**
	 * Lists the webhooks.
	 *
	 * ## OPTIONS
	 *
	 * [--fields=<fields>]
	 * : Of id, url, events, created_at, created_by.
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
	 *     $ wp byok webhook list
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
			static fn( Webhook_Endpoint $endpoint ) => array( 'events' => implode( ', ', $endpoint->events ) ) + $endpoint->to_array(),
			array_values( Cli_Args::check( Webhook_Endpoints::all() ) )
		);
		Utils\format_items( $named['format'] ?? 'table', $items, $named['fields'] ?? 'id,url,events' );
	}

	/**
	 * Makes a webhook, and prints its secret. It is not shown again.
	 *
	 * ## OPTIONS
	 *
	 * <url>
	 * : Address, https.
	 *
	 * [--events=<events>]
	 * : Of key.connected, key.revoked, key.disabled, key.validation_failed, separated by commas; without it all.
	 *
	 * [<unexpected>...]
	 * : Not accepted.
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp byok webhook create https://example.org/hook --events=key.revoked,key.disabled
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $args  Positional arguments.
	 * @param array    $named Named arguments.
	 */
	public function create( #[\SensitiveParameter] $args, $named ) {
		Cli_Args::refuse_keys( $args, 1, false );
		$made = Cli_Args::check( Webhook_Endpoints::make( $args[0] ?? '', Cli_Args::words( $named['events'] ?? '' ) ) );
		WP_CLI::line( $made['endpoint']->id );
		WP_CLI::line( $made['secret'] );
		WP_CLI::success( __( 'The first is its id, the second the secret of its signatures. It is not shown again.', 'byok' ) );
	}

	/**
	 * Removes a webhook, with what was still to be sent to it.
	 *
	 * ## OPTIONS
	 *
	 * <id>
	 * : Id, see list.
	 *
	 * [<unexpected>...]
	 * : Not accepted.
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp byok webhook delete k3xq2mbd
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $args Positional arguments.
	 */
	public function delete( #[\SensitiveParameter] $args ) {
		Cli_Args::refuse_keys( $args, 1, false );
		Cli_Args::check( Webhook_Endpoints::remove( (string) ( $args[0] ?? '' ) ) );
		WP_CLI::success( __( 'Removed.', 'byok' ) );
	}

	/**
	 * Sends an event of no meaning, to see whether it is taken. The status is 1 when it is not.
	 *
	 * ## OPTIONS
	 *
	 * <id>
	 * : Id, see list.
	 *
	 * [<unexpected>...]
	 * : Not accepted.
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp byok webhook test k3xq2mbd
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $args Positional arguments.
	 */
	public function test( #[\SensitiveParameter] $args ) {
		Cli_Args::refuse_keys( $args, 1, false );
		$told     = Cli_Args::check( Webhook_Sender::test( (string) ( $args[0] ?? '' ) ) );
		$sentence = Messages::webhook_tested( $told );
		if ( $told['status'] >= 200 && $told['status'] < 300 ) {
			WP_CLI::success( $sentence );
			return;
		}
		WP_CLI::warning( $sentence );
		WP_CLI::halt( 1 );
	}

	/**
	 * Lists the last deliveries, and those that wait.
	 *
	 * ## OPTIONS
	 *
	 * [--fields=<fields>]
	 * : Of event, type, endpoint, created_at, attempts, tried_at, status, reason, next_at.
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
	 *     $ wp byok webhook log --format=json
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $args  Positional arguments.
	 * @param array    $named Named arguments.
	 */
	public function log( #[\SensitiveParameter] $args, $named ) {
		Cli_Args::refuse_keys( $args, 0 );
		Utils\format_items( $named['format'] ?? 'table', Webhook_Table::log(), $named['fields'] ?? 'created_at,type,endpoint,attempts,status,reason,next_at' );
	}
}
