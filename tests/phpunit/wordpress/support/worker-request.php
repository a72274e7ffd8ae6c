<?php
/**
 * What a Worker runs for each request: the site's router, with an account of the queries.
 *
 * @package byok
 */

// phpcs:disable -- before WordPress.
( static function (): void {
	$report = getenv( 'BYOK_TEST_REPORT' );
	$wanted = json_decode( file_get_contents( $report ), true );
	if ( ! is_array( $wanted ) ) {
		// Whoever looks whether the server is there.
		return;
	}
	define( 'SAVEQUERIES', true );
	define( 'DISABLE_WP_CRON', true );
	// WordPress takes filters over that are there before it.
	$filter = static function ( string $name, $value ): void {
		$GLOBALS['wp_filter'][ $name ][10][] = array(
			'function'      => static fn() => $value,
			'accepted_args' => 0,
		);
	};
	if ( false === ( $wanted['plugins'] ?? true ) ) {
		$filter( 'pre_option_active_plugins', array() );
		$filter( 'pre_site_option_active_sitewide_plugins', array() );
	}
	if ( isset( $wanted['seconds'] ) ) {
		$filter( 'byok_redact_seconds', $wanted['seconds'] );
	}
	register_shutdown_function(
		static function () use ( $report, $wanted ): void {
			global $wpdb;
			$done = array(
				'queries' => array_map( static fn( array $query ) => array( $query[0], $query[2] ), $wpdb->queries ?? array() ),
				'files'   => array_map( 'basename', array_values( array_filter( get_included_files(), static fn( string $file ) => str_starts_with( $file, dirname( __DIR__, 4 ) . '/plugin/' ) ) ) ),
				'text'    => function_exists( 'byok_redact' ) ? byok_redact( $wanted['text'] ?? '' ) : '',
			);
			file_put_contents( "$report.new", json_encode( $done, JSON_THROW_ON_ERROR | JSON_INVALID_UTF8_SUBSTITUTE ) );
			rename( "$report.new", $report );
		}
	);
} )();

return require dirname( __DIR__, 3 ) . '/site/router.php';
