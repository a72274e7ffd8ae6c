<?php
/**
 * Plugin Name: Streams answers
 *
 * A plugin that passes an answer on as it comes, and one that has WordPress write it into a file.
 *
 * @package byok
 */

defined( 'ABSPATH' ) || exit;

/**
 * Hands an answer to a function, piece by piece.
 *
 * @param string   $provider Provider id.
 * @param string   $path     Path.
 * @param callable $on_chunk Gets the pieces.
 * @return array|WP_Error Answer of byok_stream().
 */
function streams_answers( string $provider, string $path, callable $on_chunk ) {
	return byok_stream( $provider, $path, array( 'timeout' => 60 ), $on_chunk );
}

/**
 * Has an answer written into a file.
 *
 * @param string $provider Provider id.
 * @param string $url      Address.
 * @param string $file     File.
 * @return array|WP_Error Answer of wp_remote_get().
 */
function streams_answers_to_file( string $provider, string $url, string $file ) {
	return wp_remote_get(
		$url,
		array(
			'stream'   => true,
			'filename' => $file,
			'headers'  => array( 'Authorization' => 'Bearer ' . byok_stand_in( $provider ) ),
			'timeout'  => 20,
		)
	);
}

/**
 * A stream without an end for somebody's browser: what a chat on a site does.
 */
$streams_answers_to_browser = static function () {
	while ( ob_get_level() > 0 ) {
		ob_end_flush();
	}
	header( 'Content-Type: text/event-stream' );
	$say = static function ( string $bytes ) {
		echo $bytes; // phpcs:ignore WordPress.Security.EscapeOutput -- no HTML.
		flush();
	};
	// phpcs:disable WordPress.Security -- a test.
	ignore_user_abort( isset( $_GET['stay'] ) );
	$url = (string) wp_unslash( $_GET['url'] ?? '' );
	if ( '' === $url ) {
		byok_stream( 'openai', '/test-provider/stream?ms=20', array( 'timeout' => 60 ), $say );
	} else {
		add_action( 'requests-request.progress', $say );
		wp_remote_get(
			$url,
			array(
				'headers' => array( 'Authorization' => 'Bearer ' . byok_stand_in( 'openai' ) ),
				'timeout' => 60,
			)
		);
	}
	// phpcs:enable
	exit;
};
add_action( 'wp_ajax_nopriv_streams_answers', $streams_answers_to_browser );
add_action( 'wp_ajax_streams_answers', $streams_answers_to_browser );
