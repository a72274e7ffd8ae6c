<?php
/**
 * The forms of the settings page, when they are posted without JavaScript.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Answers `admin-post.php?action=byok_key`: save, check, remove. Then sends the browser back to the
 * page, so that a reload never posts a key twice.
 *
 * It decides nothing about keys; that is the vault's.
 *
 * @since 0.1.0
 */
final class Key_Form {

	/**
	 * The admin-post action.
	 */
	public const ACTION = 'byok_key';

	/**
	 * Hooks the handler. There is no `nopriv` twin: a visitor gets WordPress's own empty answer.
	 *
	 * @since 0.1.0
	 */
	public static function register_hooks(): void {
		add_action( 'admin_post_' . self::ACTION, array( self::class, 'handle' ) );
	}

	/**
	 * Name of the nonce of one provider: a nonce seen on one card is useless on another.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 */
	public static function nonce_action( string $provider ): string {
		return 'byok_key_' . $provider;
	}

	/**
	 * Handles one posted form. Never returns.
	 *
	 * @since 0.1.0
	 */
	public static function handle(): void {
		// The capability comes first: someone without it learns nothing, not even whether a nonce is right.
		if ( ! Capability::current_user_can() ) {
			wp_die(
				esc_html__( 'Sorry, you are not allowed to manage API keys on this site.', 'byok' ),
				'',
				array( 'response' => 403 )
			);
		}

		// admin-post.php also runs for GET, where a key would be in the URL and so in the server's log.
		if ( 'POST' !== ( isset( $_SERVER['REQUEST_METHOD'] ) ? $_SERVER['REQUEST_METHOD'] : '' ) ) {
			wp_die(
				esc_html__( 'This address only answers the forms of the API Keys page.', 'byok' ),
				'',
				array( 'response' => 405 )
			);
		}

		$provider = sanitize_key( self::posted( 'provider' ) );
		check_admin_referer( self::nonce_action( $provider ) );

		$do = sanitize_key( self::posted( 'do' ) );
		if ( 'save' === $do ) {
			self::save( $provider );
		} elseif ( 'check' === $do ) {
			self::check( $provider );
		} elseif ( 'remove' === $do ) {
			self::remove( $provider );
		}

		self::back_to_card( $provider );
	}

	/**
	 * Checks and saves the posted key.
	 *
	 * @param string $provider Provider id.
	 */
	private static function save( string $provider ): void {
		// Neither is sanitized: that would silently alter a key, and the vault refuses what is not one.
		$key = self::posted( 'key' );

		// Only a card with this field posts it. Emptied it means "no address", which the vault refuses;
		// it never means the address of before, which the person has just deleted.
		// phpcs:ignore WordPress.Security.NonceVerification -- verified by handle().
		$args = isset( $_POST['base_url'] ) ? array( 'base_url' => trim( self::posted( 'base_url' ) ) ) : array();

		// Error handlers of other plugins like to dump the request; from here on it holds no key.
		// phpcs:ignore WordPress.Security.NonceVerification -- verified by handle().
		unset( $_POST['key'], $_REQUEST['key'] );

		self::keep_result( $provider, Vault::save( $provider, $key, $args ), 'key' );
	}

	/**
	 * Checks the stored key once more.
	 *
	 * @param string $provider Provider id.
	 */
	private static function check( string $provider ): void {
		self::keep_result( $provider, Vault::check( $provider ), '' );
	}

	/**
	 * Removes the stored key.
	 *
	 * @param string $provider Provider id.
	 */
	private static function remove( string $provider ): void {
		$result = Vault::delete( $provider );
		if ( $result instanceof WP_Error ) {
			Screen_Notice::keep( $provider, 'bad', $result->get_error_message() );
			return;
		}
		Screen_Notice::keep( $provider, 'good', __( 'The key was removed from this site.', 'byok' ) );
	}

	/**
	 * Keeps the sentence for what the vault answered.
	 *
	 * @param string         $provider Provider id.
	 * @param array|WP_Error $result   What the vault answered.
	 * @param string         $panel    Panel to open again after an error.
	 */
	private static function keep_result( string $provider, $result, string $panel ): void {
		if ( $result instanceof WP_Error ) {
			Screen_Notice::keep( $provider, 'bad', $result->get_error_message(), $panel );
			return;
		}
		Screen_Notice::keep( $provider, Key_Chip::tone_of_answer( $result ), Key_Chip::sentence( $result ) );
	}

	/**
	 * Sends the browser back to the card. The URL carries the provider's id and nothing else.
	 *
	 * @param string $provider Provider id.
	 */
	private static function back_to_card( string $provider ): void {
		$url = add_query_arg( 'byok_notice', $provider, Settings_Page::url() );
		wp_safe_redirect( $url . '#' . Provider_Card::id( $provider ), 303 );
		exit;
	}

	/**
	 * Reads a posted field. A field that is not text counts as empty.
	 *
	 * @param string $name Field.
	 */
	private static function posted( string $name ): string {
		// phpcs:ignore WordPress.Security.NonceVerification, WordPress.Security.ValidatedSanitizedInput -- the nonce's name depends on a field; each caller sanitizes or says why not.
		$value = isset( $_POST[ $name ] ) ? wp_unslash( $_POST[ $name ] ) : '';
		return is_string( $value ) ? $value : '';
	}
}
