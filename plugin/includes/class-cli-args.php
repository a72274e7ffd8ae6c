<?php
/**
 * Arguments of commands.
 *
 * @package byok
 */

namespace Byok;

use WP_CLI;
use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Reads what the commands have in common, and ends a command with a sentence when it is not right. No
 * argument is ever printed: someone may have put a key there.
 *
 * @since 0.1.0
 */
final class Cli_Args {

	/**
	 * Length from which a word that means nothing may be a key.
	 */
	private const KEY_LENGTH = 20;

	/**
	 * Requires that there are not too many arguments, and that none is a key.
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $args        Positional arguments.
	 * @param int      $allowed     How many there may be.
	 * @param bool     $is_provider Whether those are ids of providers.
	 */
	public static function refuse_keys( #[\SensitiveParameter] array $args, int $allowed, bool $is_provider = true ): void {
		foreach ( $args as $at => $arg ) {
			$word       = (string) $arg;
			$is_nothing = $at >= $allowed || ( $is_provider && null === Providers::find( $word ) );
			if (
				( null === Extension::reason() && null !== byok_detect_provider( $word ) )
				|| ( $is_nothing && strlen( $word ) >= self::KEY_LENGTH )
			) {
				self::fail( Failure::because( 'key_in_argument' ) );
			}
		}
		if ( count( $args ) > $allowed ) {
			self::fail( Failure::because( 'argument_unexpected' ) );
		}
	}

	/**
	 * Whose keys are meant.
	 *
	 * @since 0.1.0
	 *
	 * @param array $named Named arguments.
	 * @return Owner The owner; the current site, when none is named.
	 */
	public static function owner( array $named ): Owner {
		$owner = Resolver::owner( $named['owner'] ?? 'site' );
		if ( is_wp_error( $owner ) ) {
			self::fail( $owner );
		}
		return $owner;
	}

	/**
	 * Which key of a provider is meant.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param array  $named    Named arguments.
	 * @return string Id of its place, see Place::id().
	 */
	public static function place( string $provider, array $named ): string {
		return (string) self::check( Resolver::named( $provider, $named ) );
	}

	/**
	 * Reads a list.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $words Words, separated by commas.
	 * @return string[]
	 */
	public static function words( $words ): array {
		return array_values( array_filter( array_map( 'trim', explode( ',', (string) $words ) ), static fn( string $word ) => '' !== $word ) );
	}

	/**
	 * Ends the command when something went wrong.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $result What a function returned.
	 * @return mixed The same, when it is not an error.
	 */
	public static function check( $result ) {
		if ( is_wp_error( $result ) ) {
			self::fail( $result );
		}
		return $result;
	}

	/**
	 * Ends the command with a sentence and status 1.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_Error $error What went wrong.
	 */
	public static function fail( WP_Error $error ): void {
		WP_CLI::error( $error->get_error_message() );
	}
}
