<?php
/**
 * A page that does what no page should: logs a key in every way and dies with it in its arguments.
 *
 * Alone, or as a must-use plugin inside WordPress. The keys are posted, or come on standard input.
 */

declare( strict_types=1 );

/**
 * A key as programs write it.
 *
 * @param string $key      Key.
 * @param bool   $is_known Whether byok knows this very key, and so recognises it as hexadecimal digits as well.
 * @return string[] Texts.
 */
function byok_test_forms( string $key, bool $is_known ): array {
	$forms = array( $key, "($key)", rawurlencode( "key=$key&x" ), json_encode( array( 'path' => "a/$key", 'deep' => json_encode( "\"$key\"" ) ) ), serialize( array( $key ) ) );
	foreach ( array( '', 'x', 'xy' ) as $front ) {
		$forms[] = base64_encode( "$front$key and more" );
	}
	return $is_known ? array( ...$forms, bin2hex( $key ), strtoupper( bin2hex( $key ) ) ) : $forms;
}

/**
 * Writes a text wherever PHP writes logs.
 *
 * @param string $text Text.
 * @param string $log  A log of the page's own.
 */
function byok_test_log( string $text, string $log ): void {
	error_log( "way 1: $text" );
	error_log( "way 2: $text\n", 3, $log );
	error_log( "way 3: $text", 4 );
	trigger_error( "way 4: $text", E_USER_WARNING );
	openlog( 'byok-test', LOG_PERROR, LOG_USER );
	syslog( LOG_WARNING, "way 5: $text" );
	closelog();
}

/**
 * Dies with a key among its arguments.
 *
 * @param array  $options With a key in it.
 * @param string $key     Key.
 */
function byok_test_connect( array $options, string $key ): void {
	try {
		( static function ( string $key ): never {
			throw new LogicException( "way 6: refused $key" );
		} )( $key );
	} catch ( LogicException $refused ) {
		throw new RuntimeException( 'way 7: no connection: ' . json_encode( $options ), 7, $refused );
	}
}

/**
 * What the page does.
 *
 * @param array $given `keys`, `known` (how many of them byok knows) and `log`.
 */
function byok_test_die( array $given ): void {
	$known = $given['known'];
	foreach ( $given['keys'] as $key ) {
		foreach ( byok_test_forms( $key, $known-- > 0 ) as $form ) {
			byok_test_log( $form, $given['log'] );
		}
		$headers = array( 'x-api-key' => $key, 'Authorization' => array( "Bearer $key" ) );
		byok_test_log( print_r( $headers, true ) . var_export( $headers, true ), $given['log'] );
	}
	// Later than everything, when the page is dead already.
	register_shutdown_function( static fn() => error_log( 'way 8: ' . print_r( error_get_last(), true ) . $given['keys'][0] ) );
	byok_test_connect( array( 'headers' => $headers, 'url' => "https://example.org/?key={$given['keys'][0]}" ), $given['keys'][0] );
}

if ( defined( 'ABSPATH' ) ) {
	if ( isset( $_POST['byok-test'] ) ) {
		// No page of WordPress's own that says there was an error, which would hide it.
		define( 'WP_DISABLE_FATAL_ERROR_HANDLER', true );
		add_action(
			'template_redirect',
			static function (): void {
				$given = json_decode( wp_unslash( $_POST['byok-test'] ), true );
				// As a plugin that keeps a log of requests.
				add_action( 'http_api_debug', static fn( ...$seen ) => file_put_contents( $given['log'], 'way 9: ' . print_r( $seen, true ), FILE_APPEND ), 10, 5 );
				add_action( 'wp_mail_failed', static fn( $error ) => file_put_contents( $given['log'], 'way 10: ' . print_r( $error, true ), FILE_APPEND ) );
				foreach ( $given['keys'] as $key ) {
					wp_remote_get( 'http://127.0.0.1:1/', array( 'headers' => array( 'Authorization' => "Bearer $key" ) ) );
					do_action( 'wp_mail_failed', new WP_Error( 'wp_mail_failed', "refused $key", array( 'message' => $key ) ) );
				}
				byok_test_die( $given );
			}
		);
	}
} else {
	byok_test_die( json_decode( 'cli' === PHP_SAPI ? stream_get_contents( STDIN ) : $_POST['byok-test'], true, 8, JSON_THROW_ON_ERROR ) );
}
