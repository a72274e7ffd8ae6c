<?php
/**
 * Plugin Name: Posts with a stand-in
 *
 * A plugin that was written for a key in an option, and now has a stand-in in its place. Nothing else of it was changed.
 *
 * @package byok
 */

defined( 'ABSPATH' ) || exit;

/**
 * Asks a model to say hello.
 *
 * @param string $provider Provider id.
 * @param string $url      Address.
 * @param string $header   Name of the header with the key.
 * @param string $scheme   What stands in front of the key.
 * @param array  $args     More arguments of wp_remote_request().
 * @return array|WP_Error Answer of wp_remote_request().
 */
function posts_with_a_stand_in( string $provider, string $url, string $header = 'Authorization', string $scheme = 'Bearer ', array $args = array() ) {
	$args['headers'] = ( $args['headers'] ?? array() ) + array(
		$header        => $scheme . byok_stand_in( $provider ),
		'Content-Type' => 'application/json',
	);
	return wp_remote_post(
		$url,
		$args + array(
			'body'    => wp_json_encode(
				array(
					'model'    => 'test',
					'messages' => array(
						array(
							'role'    => 'user',
							'content' => 'Say hello.',
						),
					),
				)
			),
			'timeout' => 20,
		)
	);
}
