<?php
/**
 * Removes everything byok has stored, when it is uninstalled: keys of sites, networks and people, who may
 * use them, what they were used for, notices of the settings page, its own notes, planned work; on a
 * network, of every site.
 *
 * Runs without the plugin and without the extension. Removes nothing while another copy of the plugin is
 * installed, active or not: a second upload ends up in a folder like byok-1, and tidying up must not cost
 * any key, whichever of the two goes first. Deleting the last copy removes everything.
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
	 * Whether another folder of plugins has a copy. Which one is active, and on which sites, does not matter.
	 */
	$is_elsewhere = static function (): bool {
		$folders = scandir( WP_PLUGIN_DIR );
		foreach ( is_array( $folders ) ? $folders : array() as $folder ) {
			$file = WP_PLUGIN_DIR . "/$folder/byok.php";
			if ( dirname( WP_UNINSTALL_PLUGIN ) === $folder || '.' === $folder[0] || ! is_file( $file ) ) {
				continue;
			}
			if ( 'byok' === get_file_data( $file, array( 'domain' => 'Text Domain' ) )['domain'] ) {
				return true;
			}
		}
		// A folder that cannot be looked into may have one.
		return ! is_array( $folders );
	};
	if ( $is_elsewhere() ) {
		return;
	}

	/**
	 * Removes what the current site has.
	 */
	$clean = static function (): void {
		global $wpdb;

		foreach ( array( 'byok_key_', 'byok_lock_', 'byok_attempts_', 'byok_connect_', 'byok_webhook', '_transient_byok_', '_transient_timeout_byok_' ) as $prefix ) {
			$names = $wpdb->get_col(
				$wpdb->prepare( "SELECT option_name FROM $wpdb->options WHERE option_name LIKE %s", $wpdb->esc_like( $prefix ) . '%' )
			);
			// One by one, through WordPress: its caches forget them too.
			array_map( 'delete_option', $names );
		}
		// Of a single site; on a network some are in the network's table, see below.
		array_map( 'delete_option', array( 'byok_attention', 'byok_canary', 'byok_policy', 'byok_relay', 'byok_reencryption', 'byok_stand_in_secret', 'byok_usage_version', 'byok_guests_version' ) );

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
	 * Removes what belongs to no site: our tables, what people have, and what networks have.
	 */
	$clean_shared = static function (): void {
		global $wpdb;

		foreach ( array( 'usage', 'keys', 'visitors', 'deliveries', 'limits' ) as $table ) {
			$wpdb->query( "DROP TABLE IF EXISTS {$wpdb->base_prefix}byok_$table" ); // phpcs:ignore WordPress.DB.PreparedSQL -- names of ours.
		}

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
					"SELECT umeta_id, user_id FROM $wpdb->usermeta WHERE ( meta_key LIKE %s OR meta_key = 'byok_policy' ) AND umeta_id > %d ORDER BY umeta_id LIMIT 500",
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
		$clean();
		$clean_shared();
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
	$clean_shared();
} )();
