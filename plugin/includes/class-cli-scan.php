<?php
/**
 * The command line: keys that lie around.
 *
 * @package byok
 */

namespace Byok;

use WP_CLI;
use WP_CLI\Utils;

defined( 'ABSPATH' ) || exit;

/**
 * Looks for keys in plain text, in the database and in logs, see Scan.
 *
 * @since 0.1.0
 */
final class Cli_Scan {

	/**
	 * Where to look.
	 */
	private const PLACES = array( 'options', 'users', 'posts', 'comments', 'terms', 'guests', 'network', 'logs' );

	/**
	 * Looks for keys that lie around in plain text. The status is 1 when any is left, or when not
	 * everything could be read.
	 *
	 * Looks through options and transients, fields of users, posts, comments and terms, what is kept of visitors without
	 * an account, the network's options, and logs: those that are named, WordPress's debug.log and PHP's error log. Prints no key, only masks.
	 *
	 * ## OPTIONS
	 *
	 * [<log>...]
	 * : Log files, also packed ones (.gz).
	 *
	 * [--in=<places>]
	 * : Look only there: options, users, posts, comments, terms, guests, network, logs. Logs that are named are looked
	 * through in any case.
	 *
	 * [--network]
	 * : All sites of the network, and not the current one only.
	 *
	 * [--all]
	 * : Also secrets of other kinds: whatever looks like one behind a name such as token or secret.
	 *
	 * [--scrub]
	 * : Mask the keys in the logs. There is no way back. The database is only looked at.
	 *
	 * [--yes]
	 * : Do not ask first.
	 *
	 * [--fields=<fields>]
	 * : Of site, kind, where, line, provider, key, rule, times.
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
	 * ## EXAMPLES
	 *
	 *     $ wp byok scan
	 *     $ wp byok scan --in=logs /var/log/nginx/access.log /var/log/nginx/access.log.*.gz
	 *     $ wp byok scan --in=logs --scrub /var/log/nginx/access.log.1
	 *     $ wp byok scan --network --format=json | jq .
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $args  Positional arguments.
	 * @param array    $named Named arguments.
	 */
	public function __invoke( #[\SensitiveParameter] $args, $named ) {
		Cli_Args::refuse_keys( $args, PHP_INT_MAX, false );
		$reason = Extension::reason();
		if ( null !== $reason ) {
			Cli_Args::fail( Failure::because( $reason ) );
		}
		$places = self::places( (string) ( $named['in'] ?? implode( ',', self::PLACES ) ) );
		$logs   = in_array( 'logs', $places, true ) || array() !== $args ? self::logs( $args ) : array();
		$format = $named['format'] ?? 'table';
		$report = new Scan_Report();
		$scan   = new Scan( isset( $named['all'] ), $report, 'table' === $format ? array( self::class, 'progress' ) : static fn() => static fn() => null );

		Cli_Args::check( $scan->tables( $places, isset( $named['network'] ) ? self::sites() : array( get_current_blog_id() ) ) );
		$leaking = array();
		$unread  = 0;
		foreach ( $logs as $log ) {
			$found = $scan->log( $log );
			if ( is_wp_error( $found ) ) {
				++$unread;
				WP_CLI::warning( byok_redact( $log->path ) . ': ' . $found->get_error_message() );
			} elseif ( $found > 0 ) {
				$leaking[] = array( $log, $found );
			}
		}

		$fields = ( isset( $named['network'] ) ? 'site,' : '' ) . 'kind,where,line,provider,key,times';
		Utils\format_items( $format, $report->lines(), $named['fields'] ?? $fields );
		if ( $report->untold() > 0 ) {
			/* translators: %s: a number. */
			WP_CLI::warning( sprintf( __( '%s more were found than are listed.', 'byok' ), number_format_i18n( $report->untold() ) ) );
		}
		$left = $report->count() - ( isset( $named['scrub'] ) ? self::scrub( $scan, $leaking, $named ) : 0 );
		if ( $left > 0 || $unread > 0 ) {
			WP_CLI::halt( 1 );
		}
		if ( 'table' === $format ) {
			WP_CLI::success( 0 === $report->count() ? __( 'No keys lie around there.', 'byok' ) : __( 'All of them are masked now.', 'byok' ) );
		}
	}

	/**
	 * Reads where to look.
	 *
	 * @param string $words Words, separated by commas.
	 * @return string[] Places.
	 */
	private static function places( string $words ): array {
		$places = array_map( 'trim', explode( ',', $words ) );
		if ( array() !== array_diff( $places, self::PLACES ) ) {
			Cli_Args::fail( Failure::because( 'place_unknown' ) );
		}
		return $places;
	}

	/**
	 * The logs to look through. One that was named must be there.
	 *
	 * @param string[] $named Paths.
	 * @return Log_File[] Logs.
	 */
	private static function logs( array $named ): array {
		$logs = array();
		foreach ( $named as $path ) {
			$log = new Log_File( $path );
			if ( null !== $log->unreadable() ) {
				// A word that is no path may be a key of any form.
				$which = preg_match( '~[/.]~', $path ) ? byok_redact( $path ) . ': ' : '';
				WP_CLI::error( $which . $log->unreadable()->get_error_message() );
			}
			$logs[ $log->path ] = $log;
		}
		foreach ( Log_File::of_php() as $path ) {
			$log = new Log_File( $path );
			if ( null === $log->unreadable() ) {
				$logs[ $log->path ] = $log;
			}
		}
		return array_values( $logs );
	}

	/**
	 * All sites of the network.
	 *
	 * @return iterable<int> Their ids.
	 */
	private static function sites(): iterable {
		global $wpdb;
		if ( ! is_multisite() ) {
			yield get_current_blog_id();
			return;
		}
		for ( $site = 0; ; ) {
			$next = $wpdb->get_var( $wpdb->prepare( "SELECT blog_id FROM $wpdb->blogs WHERE blog_id > %d ORDER BY blog_id LIMIT 1", $site ) );
			if ( null === $next && '' !== $wpdb->last_error ) {
				Cli_Args::fail( Failure::because( 'storage_failed' ) );
			}
			$site = (int) $next;
			if ( 0 === $site ) {
				return;
			}
			yield $site;
		}
	}

	/**
	 * Masks the keys in logs.
	 *
	 * @param Scan    $scan  What masks.
	 * @param array[] $logs  Logs, and how many keys were found in them.
	 * @param array   $named Named arguments.
	 * @return int How many of those keys are masked now.
	 */
	private static function scrub( Scan $scan, array $logs, array $named ): int {
		if ( array() === $logs ) {
			return 0;
		}
		WP_CLI::confirm(
			sprintf(
				/* translators: %s: a number. */
				_n( 'Mask the keys in %s log? There is no way back.', 'Mask the keys in %s logs? There is no way back.', count( $logs ), 'byok' ),
				number_format_i18n( count( $logs ) )
			),
			$named
		);
		$gone = 0;
		foreach ( $logs as list( $log, $found ) ) {
			$path   = byok_redact( $log->path );
			$masked = $scan->mask( $log );
			if ( is_wp_error( $masked ) ) {
				WP_CLI::warning( "$path: " . $masked->get_error_message() );
				continue;
			}
			$gone += $found;
			if ( 'table' !== ( $named['format'] ?? 'table' ) ) {
				// A program reads standard output.
				continue;
			}
			/* translators: 1: path of a file, 2: a number. */
			WP_CLI::log( sprintf( _n( '%1$s: %2$s key masked.', '%1$s: %2$s keys masked.', $masked, 'byok' ), $path, number_format_i18n( $masked ) ) );
		}
		return $gone;
	}

	/**
	 * A progress bar, for people.
	 *
	 * @since 0.1.0
	 *
	 * @param string $label What is being done.
	 * @param int    $total How much there is.
	 * @return callable See Scan::__construct().
	 */
	public static function progress( string $label, int $total ): callable {
		$bar = Utils\make_progress_bar( $label, $total );
		return static function ( ?int $more ) use ( $bar ): void {
			if ( null === $more ) {
				$bar->finish();
			} elseif ( $more > 0 ) {
				$bar->tick( $more );
			}
		};
	}
}
