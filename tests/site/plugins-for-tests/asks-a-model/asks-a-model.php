<?php
/**
 * Plugin Name: Asks a model
 *
 * A plugin as its author would write it for WordPress 7, who knows nothing of byok: it uses WordPress's own AI client.
 *
 * @package byok
 */

defined( 'ABSPATH' ) || exit;

/**
 * Asks a model to say hello.
 *
 * @param string $provider Provider id.
 * @return string|WP_Error What it says.
 */
function asks_a_model( string $provider ) {
	return wp_ai_client_prompt( 'Say hello.' )->using_provider( $provider )->generate_text();
}
