<?php
/**
 * Removes everything byok has stored, when it is uninstalled: keys, notices of the settings page, planned
 * checks; on a network, of every site.
 *
 * Runs without the plugin and without the extension.
 *
 * @package byok
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

( static function (): void {
	/**
	 * Removes what the current site has.
	 */
	$clean = static function (): void {
		global $wpdb;

		foreach ( array( 'byok_key_', '_transient_byok_', '_transient_timeout_byok_' ) as $prefix ) {
			$names = $wpdb->get_col(
				$wpdb->prepare( "SELECT option_name FROM $wpdb->options WHERE option_name LIKE %s", $wpdb->esc_like( $prefix ) . '%' )
			);
			// One by one, through WordPress: its caches forget them too.
			array_map( 'delete_option', $names );
		}
		wp_unschedule_hook( 'byok_check_key' );
	};

	if ( ! is_multisite() ) {
		$clean();
		return;
	}

	// In batches: a network may have more sites than fit in memory.
	$batch  = 100;
	$offset = 0;
	do {
		$sites = get_sites(
			array(
				'fields'  => 'ids',
				'number'  => $batch,
				'offset'  => $offset,
				'orderby' => 'id',
			)
		);
		foreach ( $sites as $site ) {
			switch_to_blog( $site );
			$clean();
			restore_current_blog();
		}
		$offset += $batch;
	} while ( count( $sites ) === $batch );
} )();
