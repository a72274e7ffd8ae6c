<?php
/**
 * The command line: a new secret for the site.
 *
 * @package byok
 */

namespace Byok;

use WP_CLI;
use WP_CLI\Utils;

defined( 'ABSPATH' ) || exit;

/**
 * Encrypts all keys anew under the secret that is in force now, see Reencryption.
 *
 * @since 0.1.0
 */
final class Cli_Rotate {

	/**
	 * Seconds of one step, after which the progress is shown.
	 */
	private const STEP = 1.0;

	/**
	 * Encrypts all keys anew, of all sites, networks and users, under the secret that is in force now.
	 *
	 * It can be stopped and run again. The status is 1 when some keys could not be moved.
	 *
	 * ## OPTIONS
	 *
	 * [--previous]
	 * : Read the previous secret from standard input, and use it this once: one line, the previous BYOK_KEY,
	 * or two lines, the previous AUTH_KEY and AUTH_SALT.
	 *
	 * [--generate]
	 * : Only print a new key and how to use it.
	 *
	 * [<unexpected>...]
	 * : Not accepted: a secret must not be an argument.
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp byok rotate --generate
	 *     $ wp byok rotate
	 *     $ wp byok rotate --previous < old-salts.txt
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $args  Positional arguments.
	 * @param array    $named Named arguments.
	 */
	public function __invoke( #[\SensitiveParameter] $args, #[\SensitiveParameter] $named ) {
		Cli_Args::refuse_keys( $args, 0 );
		if ( ! is_bool( $named['previous'] ?? true ) ) {
			// A secret of the site, which the list of processes and the shell's history now have too.
			Cli_Args::fail( Failure::because( 'secret_in_argument' ) );
		}
		if ( isset( $named['generate'] ) ) {
			self::generate();
			return;
		}

		$previous = ! empty( $named['previous'] ) ? self::previous() : array();
		$status   = Cli_Args::check( Reencryption::start() );
		$progress = Utils\make_progress_bar( __( 'Encrypting keys anew', 'byok' ), $status['total'] );
		while ( ! $status['finished'] ) {
			$before = $status;
			$status = Cli_Args::check( Reencryption::step( self::STEP, $previous ) );
			$progress->tick( max( 0, $status['seen'] - $before['seen'] ) );
			if ( $status === $before ) {
				// Nothing moves: another process has begun anew, or the database keeps nothing.
				Cli_Args::fail( Failure::because( 'conflict' ) );
			}
		}
		$progress->finish();

		$sentence = Messages::reencrypted( $status );
		if ( 0 === $status['locked'] + $status['damaged'] + $status['busy'] ) {
			WP_CLI::success( $sentence );
			return;
		}
		WP_CLI::warning( $sentence );
		WP_CLI::halt( 1 );
	}

	/**
	 * Prints a new key. It is in no database and no file yet.
	 */
	private static function generate(): void {
		$reason = Extension::reason();
		if ( null !== $reason ) {
			Cli_Args::fail( Failure::because( $reason ) );
		}
		WP_CLI::line( byok_generate_key() );
		foreach ( Messages::how_to_rotate() as $line ) {
			WP_CLI::log( $line );
		}
	}

	/**
	 * Reads the previous secret.
	 *
	 * @return array<string, string> See byok_reencrypt().
	 */
	private static function previous(): array {
		$lines = Cli_Input::lines( __( 'Paste the previous secret and press Enter: the BYOK_KEY and an empty line, or AUTH_KEY and AUTH_SALT, each on a line. It is not shown.', 'byok' ), 2 );
		switch ( count( $lines ) ) {
			case 1:
				return array( 'key' => $lines[0] );
			case 2:
				return array(
					'auth_key'  => $lines[0],
					'auth_salt' => $lines[1],
				);
		}
		Cli_Args::fail( Failure::because( array() === $lines ? 'input_empty' : 'input_not_a_secret' ) );
		return array();
	}
}
