<?php
/**
 * The command line.
 *
 * @package byok
 */

namespace Byok;

use WP_CLI;
use WP_CLI\Utils;

defined( 'ABSPATH' ) || exit;

/**
 * Manages the encrypted API keys of AI providers.
 *
 * Keys come from standard input and never from arguments, and only `get` prints one. Whoever may run
 * WP-CLI here has the database and wp-config.php, so no capability is asked.
 *
 * @since 0.1.0
 */
final class Cli_Command {

	/**
	 * Lists the stored keys.
	 *
	 * ## OPTIONS
	 *
	 * [--owner=<owner>]
	 * : Whose keys: site, network or user:<id>. Without it those of the site, and what it uses in their place.
	 *
	 * [--all]
	 * : Also providers without a key.
	 *
	 * [--fields=<fields>]
	 * : Of provider, slot, name, state, hint, outcome, age (days), saved, checked, owner, source, message.
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
	 *     $ wp byok list
	 *     $ wp byok list --owner=user:5 --format=json
	 *
	 * @subcommand list
	 * @since 0.1.0
	 *
	 * @param string[] $args  Positional arguments.
	 * @param array    $named Named arguments.
	 */
	public function list_( #[\SensitiveParameter] $args, $named ) {
		Cli_Args::refuse_keys( $args, 0 );
		$items = array();
		foreach ( Vault::all( Cli_Args::owner( $named ) ) as $id => $info ) {
			$known = Providers::find( (string) $id );
			if ( 'absent' === $info['state'] && ! isset( $named['owner'] ) && null !== $known ) {
				$info = Resolver::inherited( $known ) ?? $info;
			}
			if ( 'absent' !== $info['state'] || isset( $named['all'] ) ) {
				$items[] = self::item( $info );
			}
			foreach ( array_diff( $info['slots'], array( $info['slot'] ) ) as $slot ) {
				$items[] = self::item( Cli_Args::check( Vault::info( Place::id_of( (string) $id, $slot ), Cli_Args::owner( $named ) ) ) );
			}
		}
		self::print_items( $items, $named, 'provider,slot,state,hint,outcome,age,source' );
	}

	/**
	 * Checks a key with its provider and saves it, encrypted.
	 *
	 * The key comes from standard input. At a terminal, paste it when you are asked.
	 *
	 * ## OPTIONS
	 *
	 * <provider>
	 * : Provider id, such as anthropic.
	 *
	 * [--owner=<owner>]
	 * : Whose key: site, network or user:<id>.
	 * ---
	 * default: site
	 * ---
	 *
	 * [--slot=<label>]
	 * : Label of a further key of the provider, such as backup. It takes over while the first is limited or refused.
	 *
	 * [--base-url=<url>]
	 * : Address, for a provider with one of your own.
	 *
	 * [<unexpected>...]
	 * : Not accepted: a key must not be an argument.
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp byok set anthropic < key.txt
	 *     $ wp byok set anthropic --slot=backup < other-key.txt
	 *     $ pass show anthropic | wp byok set anthropic --owner=network
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $args  Positional arguments.
	 * @param array    $named Named arguments.
	 */
	public function set( #[\SensitiveParameter] $args, $named ) {
		Cli_Args::refuse_keys( $args, 1 );
		$options = isset( $named['base-url'] ) ? array( 'base_url' => (string) $named['base-url'] ) : array();
		$owner   = Cli_Args::owner( $named );
		$lines   = Cli_Input::lines( __( 'Paste the key and press Enter. It is not shown.', 'byok' ) );
		if ( array() === $lines ) {
			Cli_Args::fail( Failure::because( 'input_empty' ) );
		}
		// Several lines are refused as what they are, and not cut to the first.
		$saved = Cli_Args::check( Vault::save( Cli_Args::place( $args[0], $named ), implode( "\n", $lines ), $options, $owner ) );
		WP_CLI::success( self::told( $saved ) );
	}

	/**
	 * Prints a key.
	 *
	 * ## OPTIONS
	 *
	 * <provider>
	 * : Provider id.
	 *
	 * [--owner=<owner>]
	 * : Whose key: site, network or user:<id>. Without it the one that the site uses.
	 *
	 * [--slot=<label>]
	 * : Of several keys of the provider, the one of this label.
	 *
	 * [--yes]
	 * : Do not ask first.
	 *
	 * [<unexpected>...]
	 * : Not accepted.
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp byok get anthropic --yes | ssh other wp byok set anthropic
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $args  Positional arguments.
	 * @param array    $named Named arguments.
	 */
	public function get( #[\SensitiveParameter] $args, $named ) {
		Cli_Args::refuse_keys( $args, 1 );
		WP_CLI::confirm( __( 'The key will be printed in plain text. Go on?', 'byok' ), $named );
		WP_CLI::line( Cli_Args::check( byok_get_key( $args[0], array_intersect_key( $named, array_flip( array( 'owner', 'slot' ) ) ) ) ) );
	}

	/**
	 * Checks stored keys with their providers. The status is 1 when any is refused or cannot be opened.
	 *
	 * ## OPTIONS
	 *
	 * [<provider>]
	 * : Provider id.
	 *
	 * [--all]
	 * : All keys of the owner.
	 *
	 * [--owner=<owner>]
	 * : Whose keys: site, network or user:<id>.
	 * ---
	 * default: site
	 * ---
	 *
	 * [--slot=<label>]
	 * : Of several keys of the provider, the one of this label.
	 *
	 * [<unexpected>...]
	 * : Not accepted.
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp byok check anthropic
	 *     $ wp byok check --all || echo 'A key needs attention.'
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $args  Positional arguments.
	 * @param array    $named Named arguments.
	 */
	public function check( #[\SensitiveParameter] $args, $named ) {
		Cli_Args::refuse_keys( $args, 1 );
		$owner = Cli_Args::owner( $named );
		if ( ! isset( $named['all'] ) && ! isset( $args[0] ) ) {
			Cli_Args::fail( Failure::because( 'provider_missing' ) );
		}

		$ids = isset( $named['all'] )
			? self::stored( $owner )
			: array( Cli_Args::place( $args[0], $named ) );
		$bad = 0;
		foreach ( $ids as $id ) {
			$info = Vault::check( (string) $id, $owner );
			if ( is_wp_error( $info ) ) {
				++$bad;
				// The id may be anything when it was given as an argument.
				WP_CLI::warning( ( isset( $named['all'] ) ? "$id: " : '' ) . $info->get_error_message() );
				continue;
			}
			$bad += 'invalid' === $info['outcome'] ? 1 : 0;
			WP_CLI::line( "$id: " . self::told( $info ) );
		}
		if ( $bad > 0 ) {
			WP_CLI::halt( 1 );
		}
	}

	/**
	 * Deletes a key.
	 *
	 * ## OPTIONS
	 *
	 * <provider>
	 * : Provider id.
	 *
	 * [--owner=<owner>]
	 * : Whose key: site, network or user:<id>.
	 * ---
	 * default: site
	 * ---
	 *
	 * [--slot=<label>]
	 * : Of several keys of the provider, only the one of this label.
	 *
	 * [--yes]
	 * : Do not ask first.
	 *
	 * [<unexpected>...]
	 * : Not accepted.
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp byok delete anthropic --yes
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $args  Positional arguments.
	 * @param array    $named Named arguments.
	 */
	public function delete( #[\SensitiveParameter] $args, $named ) {
		Cli_Args::refuse_keys( $args, 1 );
		$owner = Cli_Args::owner( $named );
		$info  = Cli_Args::check( Vault::info( Cli_Args::place( $args[0], $named ), $owner ) );
		/* translators: 1: name of a provider, 2: owner of the key, such as "site". */
		WP_CLI::confirm( sprintf( __( 'Delete the key of %1$s (%2$s)?', 'byok' ), $info['name'], $owner->word() ), $named );
		Cli_Args::check( byok_delete_key( $args[0], array( 'owner' => $owner->word() ) + array_intersect_key( $named, array( 'slot' => '' ) ) ) );
		WP_CLI::success( Messages::state( 'absent' ) );
	}

	/**
	 * Tells the state of byok: key source, problems, how many keys there are.
	 *
	 * ## OPTIONS
	 *
	 * [--fields=<fields>]
	 * : Of field, value.
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
	 *     $ wp byok status --format=json
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $args  Positional arguments.
	 * @param array    $named Named arguments.
	 */
	public function status( #[\SensitiveParameter] $args, $named ) {
		Cli_Args::refuse_keys( $args, 0 );
		$source = null === Extension::reason() ? byok_key_source() : array();
		$values = array(
			'plugin'        => BYOK_VERSION,
			'extension'     => (string) Extension::version(),
			'source'        => $source['source'] ?? '',
			'key_id'        => $source['key_id'] ?? '',
			'previous'      => implode( ' ', $source['previous_key_ids'] ?? array() ),
			'problem'       => (string) Notices::server(),
			'warnings'      => implode( ' ', array_map( array( Messages::class, 'reason' ), $source['warnings'] ?? array() ) ),
			'changed_at'    => self::time( Canary::changed_at() ),
			'keys_of_users' => (string) Key_Batch::count( 'user' ),
		);
		foreach ( array_count_values( array_column( Vault::all(), 'state' ) ) as $state => $count ) {
			$values[ 'keys_' . $state ] = (string) $count;
		}
		$items = array();
		foreach ( $values as $field => $value ) {
			$items[] = compact( 'field', 'value' );
		}
		self::print_items( $items, $named, 'field,value' );
	}

	/**
	 * What is listed of a key.
	 *
	 * @param array $info See byok_key_info().
	 * @return array Values by field.
	 */
	private static function item( array $info ): array {
		return array(
			'provider' => $info['provider'],
			'slot'     => $info['slot'],
			'name'     => $info['name'],
			'state'    => $info['state'],
			'hint'     => $info['hint'],
			'outcome'  => (string) $info['outcome'],
			'age'      => (string) Key_Age::days( $info ),
			'saved'    => self::time( $info['saved_at'] ),
			'checked'  => self::time( $info['checked_at'] ),
			'owner'    => $info['owner'],
			'source'   => $info['source'],
			'message'  => self::told( $info ),
		);
	}

	/**
	 * Everything there is to say of a key.
	 *
	 * @param array $info See byok_key_info().
	 * @return string Sentences.
	 */
	private static function told( array $info ): string {
		return trim( $info['message'] . ' ' . Key_Age::sentence( $info ) );
	}

	/**
	 * A time that other programs read as well.
	 *
	 * @param int|null $time Unix time.
	 * @return string ISO 8601 in UTC; empty for null.
	 */
	private static function time( ?int $time ): string {
		return null === $time ? '' : gmdate( 'Y-m-d\TH:i:s\Z', $time );
	}

	/**
	 * Ids of the places in which an owner has a key, of all slots.
	 *
	 * @param Owner $owner Whose keys.
	 * @return string[]
	 */
	private static function stored( Owner $owner ): array {
		$ids = array();
		foreach ( Vault::all( $owner ) as $provider => $info ) {
			foreach ( $info['slots'] as $slot ) {
				$ids[] = Place::id_of( (string) $provider, $slot );
			}
		}
		return $ids;
	}

	/**
	 * Prints a list as it was asked for.
	 *
	 * @param array[] $items  Items.
	 * @param array   $named  Named arguments.
	 * @param string  $fields Fields, when none were asked for.
	 */
	private static function print_items( array $items, array $named, string $fields ): void {
		Utils\format_items( $named['format'] ?? 'table', $items, explode( ',', (string) ( $named['fields'] ?? $fields ) ) );
	}
}
