<?php
/**
 * A must-use plugin of the benchmark: takes byok out of the list of active plugins when a request asks for it, and says at
 * the end of each page what it took.
 */

declare( strict_types=1 );

if ( isset( $_SERVER['BYOK_BENCH_WITHOUT'] ) ) {
	add_filter( 'option_active_plugins', static fn( $plugins ) => array_values( array_diff( $plugins, array( 'byok/byok.php' ) ) ) );
}
if ( 'fpm-fcgi' !== PHP_SAPI ) {
	return;
}
add_action(
	'shutdown',
	static function (): void {
		printf(
			"\n<!-- byok-bench %s -->",
			json_encode(
				array(
					'pid'     => getmypid(),
					'active'  => defined( 'BYOK_VERSION' ),
					'queries' => $GLOBALS['wpdb']->num_queries,
					'opcache' => function_exists( 'opcache_get_status' ) && false !== opcache_get_status( false ),
					'memory'  => memory_get_peak_usage(),
				)
			)
		);
	},
	PHP_INT_MAX
);
