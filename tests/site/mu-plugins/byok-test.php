<?php
/**
 * Plugin Name: byok test helpers
 *
 * What the browser test needs of a site and a real site must not have: another plugin that uses a key,
 * a way to damage a row, and another direction and colour scheme of the admin screens.
 *
 * @package byok
 */

defined( 'ABSPATH' ) || exit;

// Avatars come from another host, which a test never asks.
add_filter( 'pre_option_show_avatars', '__return_zero' );

// phpcs:disable WordPress.Security.NonceVerification -- these only change how one page looks.
add_filter(
	'get_user_option_admin_color',
	static function ( $scheme ) {
		return isset( $_GET['byok_test_scheme'] ) ? sanitize_key( $_GET['byok_test_scheme'] ) : $scheme;
	}
);

if ( isset( $_GET['byok_test_direction'] ) && 'rtl' === $_GET['byok_test_direction'] ) {
	add_action(
		'init',
		static function () {
			$GLOBALS['wp_locale']->text_direction = 'rtl';
		},
		0
	);
	add_action(
		'wp_default_styles',
		static function ( $styles ) {
			$styles->text_direction = 'rtl';
		}
	);
}
// phpcs:enable

add_action(
	'rest_api_init',
	static function () {
		/*
		 * "Another plugin uses the key": answers a fingerprint, so that the test can tell which key is
		 * in force without the key ever being in an answer.
		 */
		register_rest_route(
			'byok-test/v1',
			'/fingerprint/(?P<provider>[a-z0-9-]+)',
			array(
				'methods'             => 'GET',
				'permission_callback' => '__return_true',
				'callback'            => static function ( WP_REST_Request $request ) {
					$key = byok_get_key( $request['provider'] );
					return is_wp_error( $key )
						? array( 'error' => $key->get_error_code() )
						: array( 'sha256' => hash( 'sha256', $key ) );
				},
			)
		);

		/*
		 * Writes or reads an option, as another plugin would that keeps a key in plain text. Reading tells a
		 * fingerprint.
		 */
		register_rest_route(
			'byok-test/v1',
			'/option/(?P<name>[a-z0-9_]+)',
			array(
				'methods'             => 'POST',
				'permission_callback' => static function () {
					return current_user_can( 'manage_options' );
				},
				'callback'            => static function ( WP_REST_Request $request ) {
					global $wpdb;
					if ( isset( $request['value'] ) ) {
						// Past update_option(), through which WordPress's connectors get to byok.
						$wpdb->delete( $wpdb->options, array( 'option_name' => $request['name'] ) );
						$wpdb->insert(
							$wpdb->options,
							array(
								'option_name'  => $request['name'],
								'option_value' => $request['value'],
								'autoload'     => 'off',
							)
						);
						wp_cache_flush();
					}
					// Not get_option(): WordPress's connectors mask theirs.
					$value = $wpdb->get_var( $wpdb->prepare( "SELECT option_value FROM $wpdb->options WHERE option_name = %s", $request['name'] ) );
					return array( 'sha256' => '' === (string) $value ? '' : hash( 'sha256', $value ) );
				},
			)
		);

		/*
		 * Gives many members a key: copies of a row that is not theirs, so each is damaged. What matters is
		 * that there are many to look at.
		 */
		register_rest_route(
			'byok-test/v1',
			'/members/(?P<count>[0-9]+)',
			array(
				'methods'             => 'POST',
				'permission_callback' => static function () {
					return current_user_can( 'manage_options' );
				},
				'callback'            => static function ( WP_REST_Request $request ) {
					global $wpdb;
					$wpdb->query( "DELETE FROM $wpdb->usermeta WHERE user_id > 900000" );
					for ( $user = 1; $user <= $request['count']; $user++ ) {
						$wpdb->insert(
							$wpdb->usermeta,
							array(
								'user_id'    => 900000 + $user,
								'meta_key'   => 'byok_key_groq', // phpcs:ignore WordPress.DB.SlowDBQuery -- written, not searched.
								'meta_value' => '{"not":"ours"}', // phpcs:ignore WordPress.DB.SlowDBQuery -- written, not searched.
							)
						);
					}
					return array( 'made' => (int) $request['count'] );
				},
			)
		);

		/*
		 * Changes a row as someone with the database would: `locked` names a root key that is not here,
		 * `damaged` flips one character of the ciphertext, and `kept` does as `locked` with the key that is kept beside it.
		 */
		register_rest_route(
			'byok-test/v1',
			'/break/(?P<provider>[a-z0-9-]+)/(?P<how>locked|damaged|kept)',
			array(
				'methods'             => 'POST',
				'permission_callback' => static function () {
					return current_user_can( 'manage_options' );
				},
				'callback'            => static function ( WP_REST_Request $request ) {
					$name = 'byok_key_' . $request['provider'];
					$row  = json_decode( get_option( $name )[0], true );
					if ( 'locked' === $request['how'] ) {
						$row['envelope'] = preg_replace( '/^byok1\.[^.]+\./', 'byok1.AAAAAAAAAAA.', $row['envelope'] );
					} elseif ( 'kept' === $request['how'] ) {
						$row['previous']['envelope'] = preg_replace( '/^byok1\.[^.]+\./', 'byok1.AAAAAAAAAAA.', $row['previous']['envelope'] );
					} else {
						$row['envelope'][40] = 'A' === $row['envelope'][40] ? 'B' : 'A';
					}
					return array( 'changed' => update_option( $name, array( wp_json_encode( $row ) ), false ) );
				},
			)
		);

		/*
		 * "This plugin asks a model", through byok.
		 */
		register_rest_route(
			'byok-test/v1',
			'/ask/(?P<provider>[a-z0-9-]+)',
			array(
				'methods'             => 'POST',
				'permission_callback' => static function () {
					return current_user_can( 'manage_options' );
				},
				'callback'            => static function ( WP_REST_Request $request ) {
					$answer = byok_request( $request['provider'], '/chat/completions', array( 'json' => array( 'model' => 'byok-test-model' ) ) );
					return is_wp_error( $answer )
						? array(
							'error'  => $answer->get_error_code(),
							'status' => $answer->get_error_data()['status'],
						)
						: array( 'status' => wp_remote_retrieve_response_code( $answer ) );
				},
			)
		);

		/*
		 * Makes usage of the last days: rows as the table has them, with `ago` in place of the day. Forgets
		 * everything before.
		 */
		register_rest_route(
			'byok-test/v1',
			'/usage',
			array(
				'methods'             => 'POST',
				'permission_callback' => static function () {
					return current_user_can( 'manage_options' );
				},
				'callback'            => static function ( WP_REST_Request $request ) {
					global $wpdb;
					Byok\Usage_Table::ensure();
					$wpdb->query( 'DELETE FROM ' . Byok\Usage_Table::name() );
					delete_option( 'byok_policy' );
					delete_site_option( 'byok_policy' );
					foreach ( $request['rows'] as $row ) {
						$row['day'] = gmdate( 'Y-m-d', time() - $row['ago'] * DAY_IN_SECONDS );
						unset( $row['ago'] );
						$wpdb->insert(
							Byok\Usage_Table::name(),
							$row + array(
								'blog'  => get_current_blog_id(),
								'owner' => 'site',
								'slot'  => 'default',
							)
						);
					}
					return array( 'made' => count( $request['rows'] ) );
				},
			)
		);
	}
);
