<?php
/**
 * A search for keys that lie around.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Looks through tables and logs, writes down what it finds, and masks keys in logs. It never changes the database.
 *
 * It does not know who asks, nor what is printed.
 *
 * @since 0.1.0
 */
final class Scan {

	/**
	 * Tables that each site has of its own, see Scan_Table.
	 */
	private const OF_SITE = array( 'options', 'posts', 'comments', 'terms' );

	/**
	 * Tables that all sites share.
	 */
	private const OF_ALL = array( 'users', 'guests', 'network' );

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
	 * Makes something that is told of the progress.
	 *
	 * @var callable
	 */
	private $progress;

	/**
	 * Takes what it needs.
	 *
	 * @since 0.1.0
	 *
	 * @param bool        $all      Whether secrets of other kinds count, see Key_Scan.
	 * @param Scan_Report $report   Gets what is found.
	 * @param callable    $progress `function ( string $label, int $total ): callable`; what it returns is told how much
	 *                              more was done, and null in the end.
	 */
	public function __construct( bool $all, private readonly Scan_Report $report, callable $progress ) {
		$this->scan     = new Key_Scan( $all );
		$this->progress = $progress;
	}

	/**
	 * Looks through the tables of sites, and those that all share.
	 *
	 * @since 0.1.0
	 *
	 * @param string[]      $places Where to look: `options`, `posts`, `comments`, `terms`, `users`, `guests`, `network`.
	 * @param iterable<int> $sites  Ids of sites.
	 * @return true|WP_Error byok_storage_failed.
	 */
	public function tables( array $places, iterable $sites ) {
		foreach ( $sites as $site ) {
			$is_other = get_current_blog_id() !== $site;
			if ( $is_other ) {
				switch_to_blog( $site );
				Known_Keys::remember( Owner::site() );
			}
			try {
				$done = $this->each( array_intersect( self::OF_SITE, $places ) );
			} finally {
				if ( $is_other ) {
					restore_current_blog();
				}
			}
			if ( true !== $done ) {
				return $done;
			}
		}
		return $this->each( array_intersect( self::OF_ALL, $places ) );
	}

	/**
	 * Looks through a log.
	 *
	 * @since 0.1.0
	 *
	 * @param Log_File $log Log.
	 * @return int|WP_Error How many keys are in it; the errors of Log_File::pieces() when not all of it was read. What
	 *                      was found until then is in the report.
	 */
	public function log( Log_File $log ) {
		$before   = $this->report->count();
		$progress = ( $this->progress )( byok_redact( $log->path ), $log->size() );
		$at       = 0;
		$fault    = null;
		foreach ( $log->pieces() as $read => $piece ) {
			if ( is_wp_error( $piece ) ) {
				$fault = $piece;
				break;
			}
			$this->report->add( 'file', $log->path, $this->scan->piece( $piece ) );
			$progress( $read - $at );
			$at = $read;
		}
		$this->report->add( 'file', $log->path, $this->scan->end() );
		$this->report->add_untold( $this->scan->missed() );
		$progress( null );
		return $fault ?? $this->report->count() - $before;
	}

	/**
	 * Masks the keys in a log: everything that would have been masked when it was written.
	 *
	 * @since 0.1.0
	 *
	 * @param Log_File $log Log.
	 * @return int|WP_Error How many were masked; the errors of Log_File::rewrite().
	 */
	public function mask( Log_File $log ) {
		$masked   = 0;
		$at       = 0;
		$redactor = new Redactor();
		$progress = ( $this->progress )( byok_redact( $log->path ), $log->size() );
		$done     = $log->rewrite(
			static function ( ?string $piece ) use ( $redactor, &$masked ): string {
				$safe    = null === $piece ? $redactor->finish() : $redactor->push( $piece );
				$masked += count( $redactor->found() ) + $redactor->missed();
				return $safe;
			},
			static function ( int $read ) use ( $progress, &$at ): void {
				$progress( $read - $at );
				$at = $read;
			}
		);
		$progress( null );
		return true === $done ? $masked : $done;
	}

	/**
	 * Looks through the tables of places.
	 *
	 * @param string[] $places Places.
	 * @return true|WP_Error byok_storage_failed.
	 */
	private function each( array $places ) {
		foreach ( $places as $place ) {
			foreach ( Scan_Table::of( $place ) as $kind => $table ) {
				/* translators: %s: "options", "posts" and the like. */
				$progress = ( $this->progress )( sprintf( __( 'Looking through %s', 'byok' ), $place ), $table->last() );
				$at       = 0;
				foreach ( $table->texts() as $text ) {
					if ( is_wp_error( $text ) ) {
						return $text;
					}
					$done = $this->look_at( $kind, $text );
					if ( is_wp_error( $done ) ) {
						return $done;
					}
					$progress( $text['id'] - $at );
					$at = $text['id'];
				}
				$progress( null );
			}
		}
		return true;
	}

	/**
	 * Looks at a text of the database.
	 *
	 * @param string $kind What it is.
	 * @param array  $text From Scan_Table::texts().
	 * @return true|WP_Error byok_storage_failed.
	 */
	private function look_at( string $kind, #[\SensitiveParameter] array $text ) {
		if ( preg_match( self::OWN, $text['name'] ) ) {
			return true;
		}
		$findings = array();
		if ( is_array( $text['pieces'] ) ) {
			$findings = $this->scan->text( $text['pieces'][0], $text['name'] );
		} else {
			foreach ( $text['pieces'] as $piece ) {
				if ( is_wp_error( $piece ) ) {
					return $piece;
				}
				array_push( $findings, ...$this->scan->piece( $piece ) );
			}
			array_push( $findings, ...$this->scan->end() );
		}
		if ( array() === $findings ) {
			return true;
		}
		if ( 'option' === $kind && preg_match( '/\A_(?:site_)?transient_(?<name>.+)\z/s', $text['name'], $transient ) ) {
			$kind         = 'transient';
			$text['name'] = $transient['name'];
		}
		$which = '' === $text['name'] ? $text['column'] : $text['name'];
		$this->report->add( $kind, ( 0 === $text['owner'] ? '' : $text['owner'] . ', ' ) . $which, $findings );
		$this->report->add_untold( $this->scan->missed() );
		return true;
	}
}
