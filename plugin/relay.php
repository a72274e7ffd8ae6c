<?php
/**
 * What nginx asks before it relays a request: without WordPress, so that thousands of streams can begin at once.
 *
 * All of it is in the extension; it answers 501 wherever it is not asked by an nginx that was set up for it. See
 * deploy/nginx of the project.
 *
 * @package byok
 * @since 0.1.0
 */

declare( strict_types=1 );

// phpcs:ignore WordPress.PHP.IniSet.display_errors_Disallowed -- There is no WordPress here that would set it.
ini_set( 'display_errors', '0' );
if ( function_exists( 'byok_relay_offload' ) ) {
	byok_relay_offload();
} else {
	http_response_code( 501 );
}
