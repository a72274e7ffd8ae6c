<?php
/**
 * Removes everything byok has stored, when it is uninstalled: keys of sites, networks and people, notices
 * of the settings page, its own notes, planned work; on a network, of every site.
 *
 * Runs without the plugin and without the extension. Removes nothing while another copy of the plugin is
 * in use: a second upload ends up in a folder like byok-1, and tidying that up must not cost any key.
 *
 * @package byok
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

( static function (): void {
	// Loaded from elsewhere, perhaps as a must-use plugin, which no list of active plugins names.
	if ( defined( 'BYOK_PLUGIN_FILE' ) && dirname( BYOK_PLUGIN_FILE ) !== __DIR__ ) {
		return;
	}

	/**
	 * Whether another copy is among these active plugins. A copy keeps the name of the main file.
	 *
	 * @param mixed $plugins Main files below the folder of plugins.
	 */
	$has_other_copy = static function ( $plugins ): bool {
		foreach ( (array) $plugins as $plugin ) {
			if (
				is_string( $plugin )
				&& WP_UNINSTALL_PLUGIN !== $plugin
				&& 'byok.php' === basename( $plugin )
				&& is_file( WP_PLUGIN_DIR . '/' . $plugin )
			) {
				return true;
			}
		}
		return false;
	};

	/**
	 * Removes what the current site has.
	 */
	$clean = static function (): void {
		global $wpdb;

		foreach ( array( 'byok_key_', 'byok_lock_', 'byok_attempts_', '_transient_byok_', '_transient_timeout_byok_' ) as $prefix ) {
			$names = $wpdb->get_col(
				$wpdb->prepare( "SELECT option_name FROM $wpdb->options WHERE option_name LIKE %s", $wpdb->esc_like( $prefix ) . '%' )
			);
			// One by one, through WordPress: its caches forget them too.
			array_map( 'delete_option', $names );
		}
		// Of a single site; on a network the second is in the network's table, see below.
		delete_option( 'byok_canary' );
		delete_option( 'byok_reencryption' );

		// Every event of ours, also one that only a newer version knows.
		foreach ( (array) _get_cron_array() as $events ) {
			foreach ( array_keys( (array) $events ) as $hook ) {
				if ( str_starts_with( (string) $hook, 'byok_' ) ) {
					wp_unschedule_hook( $hook );
				}
			}
		}
	};

	/**
	 * Removes what belongs to no site: keys of people, and what networks have.
	 */
	$clean_shared = static function (): void {
		global $wpdb;

		if ( is_multisite() ) {
			foreach ( array( 'byok_', '_site_transient_byok_', '_site_transient_timeout_byok_' ) as $prefix ) {
				$rows = $wpdb->get_results(
					$wpdb->prepare( "SELECT site_id, meta_key FROM $wpdb->sitemeta WHERE meta_key LIKE %s", $wpdb->esc_like( $prefix ) . '%' )
				);
				foreach ( $rows as $row ) {
					// A name may have several rows in this table; this removes all.
					delete_network_option( (int) $row->site_id, $row->meta_key );
				}
			}
		}

		// In batches: there may be more people than fit in memory.
		$last = 0;
		do {
			$rows = $wpdb->get_results(
				$wpdb->prepare(
					"SELECT umeta_id, user_id FROM $wpdb->usermeta WHERE meta_key LIKE %s AND umeta_id > %d ORDER BY umeta_id LIMIT 500",
					$wpdb->esc_like( 'byok_key_' ) . '%',
					$last
				)
			);
			if ( array() !== $rows ) {
				$last = (int) end( $rows )->umeta_id;
				$ids  = implode( ',', array_map( 'intval', array_column( $rows, 'umeta_id' ) ) );
				$wpdb->query( "DELETE FROM $wpdb->usermeta WHERE umeta_id IN ($ids)" ); // phpcs:ignore WordPress.DB.PreparedSQL -- numbers.
				foreach ( array_unique( array_column( $rows, 'user_id' ) ) as $user ) {
					wp_cache_delete( (int) $user, 'user_meta' );
				}
			}
		} while ( array() !== $rows );
	};

	if ( ! is_multisite() ) {
		if ( ! $has_other_copy( get_option( 'active_plugins' ) ) ) {
			$clean();
			$clean_shared();
		}
		return;
	}

	/**
	 * Runs something on every site of every network, until it answers false.
	 *
	 * @param callable $work What to run.
	 * @return bool False when it was stopped.
	 */
	$on_each_site = static function ( callable $work ): bool {
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
				$go_on = $work();
				restore_current_blog();
				if ( false === $go_on ) {
					return false;
				}
			}
			$offset += $batch;
		} while ( count( $sites ) === $batch );
		return true;
	};

	foreach ( get_networks( array( 'fields' => 'ids' ) ) as $network ) {
		// Here the main files are the keys.
		if ( $has_other_copy( array_keys( (array) get_network_option( $network, 'active_sitewide_plugins' ) ) ) ) {
			return;
		}
	}
	if ( $on_each_site( static fn(): bool => ! $has_other_copy( get_option( 'active_plugins' ) ) ) ) {
		$on_each_site( $clean );
		$clean_shared();
	}
} )();
