<?php
/**
 * Queries whose errors are not shown.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Keeps the errors of queries out of the page: they hold the query. They still go to the error log, where
 * they hold ciphertext at most.
 *
 * @since 0.1.0
 */
final class Quietly {

	/**
	 * Runs something.
	 *
	 * @since 0.1.0
	 *
	 * @param callable $query Runs queries.
	 * @return mixed What it returns.
	 */
	public static function run( callable $query ) {
		global $wpdb;

		$shown = $wpdb->hide_errors();
		try {
			return $query();
		} finally {
			if ( $shown ) {
				$wpdb->show_errors();
			}
		}
	}
}
