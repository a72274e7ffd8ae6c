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
 * Looks for keys in plain text, in the database and in logs, see Key_Scan.
 *
 * @since 0.1.0
 */
final class Cli_Scan {

	/**
	 * Where to look.
	 */
	private const PLACES = array( 'options', 'users', 'posts', 'comments', 'terms', 'network', 'logs' );

	/**
	 * WordPress's own secrets, and ours: they are where they belong, and no provider's.
	 */
	private const OWN = '/\A(?:(?:secure_)?(?:auth|logged_in|nonce)_(?:key|salt)|secret_key|session_tokens|_application_passwords|recovery_keys|byok_stand_in_secret)\z/';

	/**
	 * What looks.
	 *
	 * @var Key_Scan
	 */
	private Key_Scan $scan;

	/**
	 * What was found.
	 *
	 * @var Scan_Report
	 */
	private Scan_Report $report;

	/**
	 * Whether to show how far it is.
	 *
	 * @var bool
	 */
	private bool $is_table;

	/**
	 * Looks for keys that lie around in plain text. The status is 1 when any is left.
	 *
	 * Looks through options and transients, fields of users, posts, comments and terms, the network's options, and
	 * logs: those that are named, WordPress's debug.log and PHP's error log. Prints no key, only masks.
	 *
	 * ## OPTIONS
	 *
	 * [<log>...]
	 * : Log files, also packed ones (.gz).
	 *
	 * [--in=<places>]
	 * : Look only there: options, users, posts, comments, terms, network, logs.
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
		$logs   = in_array( 'logs', $places, true ) ? self::logs( $args ) : array();

		$this->scan     = new Key_Scan( isset( $named['all'] ) );
		$this->report   = new Scan_Report();
		$this->is_table = 'table' === ( $named['format'] ?? 'table' );
		foreach ( isset( $named['network'] ) ? self::sites() : array( get_current_blog_id() ) as $site ) {
			$this->look_through_site( $site, $places );
		}
		foreach ( array_intersect( array( 'users', 'network' ), $places ) as $place ) {
			$this->look_through( $place );
		}
		$leaking = array();
		foreach ( $logs as $log ) {
			$leaking[] = array( $log, $this->look_through_log( $log ) );
		}
		$leaking = array_filter( $leaking, static fn( array $log ) => $log[1] > 0 );

		$fields = ( isset( $named['network'] ) ? 'site,' : '' ) . 'kind,where,line,provider,key,times';
		Utils\format_items( $named['format'] ?? 'table', $this->report->lines(), $named['fields'] ?? $fields );
		if ( $this->report->untold() > 0 ) {
			/* translators: %s: a number. */
			WP_CLI::warning( sprintf( __( '%s more were found than are listed.', 'byok' ), number_format_i18n( $this->report->untold() ) ) );
		}
		$left = $this->report->count() - ( isset( $named['scrub'] ) ? $this->scrub( $leaking, $named ) : 0 );
		if ( $left > 0 ) {
			WP_CLI::halt( 1 );
		}
		if ( $this->is_table ) {
			WP_CLI::success( 0 === $this->report->count() ? __( 'No keys lie around there.', 'byok' ) : __( 'All of them are masked now.', 'byok' ) );
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
				// The name helps, and is one that the person has typed; a key was refused before.
				WP_CLI::error( byok_redact( $path ) . ': ' . $log->unreadable()->get_error_message() );
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
			$site = (int) $wpdb->get_var( $wpdb->prepare( "SELECT blog_id FROM $wpdb->blogs WHERE blog_id > %d ORDER BY blog_id LIMIT 1", $site ) );
			if ( 0 === $site ) {
				return;
			}
			yield $site;
		}
	}

	/**
	 * Looks through the tables that a site has of its own.
	 *
	 * @param int      $site   Site.
	 * @param string[] $places Places.
	 */
	private function look_through_site( int $site, array $places ): void {
		$is_other = get_current_blog_id() !== $site;
		if ( $is_other ) {
			switch_to_blog( $site );
			Known_Keys::remember( Owner::site() );
		}
		try {
			foreach ( array_intersect( array( 'options', 'posts', 'comments', 'terms' ), $places ) as $place ) {
				$this->look_through( $place );
			}
		} finally {
			if ( $is_other ) {
				restore_current_blog();
			}
		}
	}

	/**
	 * Looks through the tables of a place.
	 *
	 * @param string $place Place.
	 */
	private function look_through( string $place ): void {
		foreach ( Scan_Table::of( $place ) as $kind => $table ) {
			/* translators: %s: "options", "posts" and the like. */
			$progress = $this->progress( sprintf( __( 'Looking through %s', 'byok' ), $place ), $table->last() );
			$at       = 0;
			foreach ( $table->texts() as $text ) {
				Cli_Args::check( $text );
				$this->look_at( $kind, $text );
				$progress( $text['id'] - $at );
				$at = $text['id'];
			}
			$progress( null );
		}
	}

	/**
	 * Looks at a text of the database.
	 *
	 * @param string $kind What it is.
	 * @param array  $text From Scan_Table::texts().
	 */
	private function look_at( string $kind, array $text ): void {
		if ( preg_match( self::OWN, $text['name'] ) ) {
			return;
		}
		$findings = array();
		if ( is_array( $text['pieces'] ) ) {
			$findings = $this->scan->text( $text['pieces'][0], $text['name'] );
		} else {
			foreach ( $text['pieces'] as $piece ) {
				array_push( $findings, ...$this->scan->piece( $piece ) );
			}
			array_push( $findings, ...$this->scan->end() );
		}
		if ( array() === $findings ) {
			return;
		}
		if ( 'option' === $kind && preg_match( '/\A_(?:site_)?transient_(?<name>.+)\z/s', $text['name'], $transient ) ) {
			$kind         = 'transient';
			$text['name'] = $transient['name'];
		}
		$which = '' === $text['name'] ? $text['column'] : $text['name'];
		$this->report->add( $kind, ( 0 === $text['owner'] ? '' : $text['owner'] . ', ' ) . $which, $findings );
		$this->report->add_uncounted( $this->scan->missed() );
	}

	/**
	 * Looks through a log.
	 *
	 * @param Log_File $log Log.
	 * @return int How many keys are in it.
	 */
	private function look_through_log( Log_File $log ): int {
		$before   = $this->report->count();
		$progress = $this->progress( byok_redact( $log->path ), $log->size() );
		$at       = 0;
		foreach ( $log->pieces() as $read => $piece ) {
			$this->report->add( 'file', $log->path, $this->scan->piece( $piece ) );
			$progress( $read - $at );
			$at = $read;
		}
		$this->report->add( 'file', $log->path, $this->scan->end() );
		$this->report->add_uncounted( $this->scan->missed() );
		$progress( null );
		return $this->report->count() - $before;
	}

	/**
	 * Masks the keys in logs.
	 *
	 * @param array[] $logs  Logs, and how many keys were found in them.
	 * @param array   $named Named arguments.
	 * @return int How many of those keys are masked now.
	 */
	private function scrub( array $logs, array $named ): int {
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
		$masked = 0;
		foreach ( $logs as list( $log, $count ) ) {
			$path     = byok_redact( $log->path );
			$found    = 0;
			$redactor = new Redactor();
			$progress = $this->progress( $path, $log->size() );
			$at       = 0;
			$done     = $log->rewrite(
				static function ( ?string $piece ) use ( $redactor, &$found ): string {
					$safe   = null === $piece ? $redactor->finish() : $redactor->push( $piece );
					$found += count( $redactor->found() ) + $redactor->missed();
					return $safe;
				},
				static function ( int $read ) use ( $progress, &$at ): void {
					$progress( $read - $at );
					$at = $read;
				}
			);
			$progress( null );
			if ( is_wp_error( $done ) ) {
				WP_CLI::warning( "$path: " . $done->get_error_message() );
				continue;
			}
			$masked += $count;
			/* translators: 1: path of a file, 2: a number. */
			WP_CLI::log( sprintf( _n( '%1$s: %2$s key masked.', '%1$s: %2$s keys masked.', $found, 'byok' ), $path, number_format_i18n( $found ) ) );
		}
		return $masked;
	}

	/**
	 * A progress bar, for people.
	 *
	 * @param string $label What is being done.
	 * @param int    $total How much there is.
	 * @return callable Gets how much more was done, and null in the end.
	 */
	private function progress( string $label, int $total ): callable {
		if ( ! $this->is_table ) {
			return static fn( ?int $more ) => null;
		}
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
