<?php
/**
 * What every posted form of the pages with keys goes through.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Lets a form in, or ends the request; reads its fields; and sends the browser back to the page, so that
 * a reload never posts a secret twice.
 *
 * It decides nothing about keys.
 *
 * @since 0.1.0
 */
final class Posted_Form {

	/**
	 * The page that a form is from, if the current user may use that page. Ends the request otherwise.
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $kinds Kinds of owners that have this form.
	 */
	public static function screen( array $kinds ): Key_Screen {
		$owner  = self::field( 'owner' );
		$owner  = '' === $owner ? 'site' : $owner;
		$screen = in_array( $owner, $kinds, true ) ? Key_Screen::of( $owner ) : null;
		// The capability comes first: someone without it learns nothing, not even whether a nonce is right.
		if ( null === $screen || ! $screen->is_allowed() ) {
			wp_die(
				esc_html__( 'Sorry, you are not allowed to manage these API keys.', 'byok' ),
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
		return $screen;
	}

	/**
	 * Ends the request when the nonce is not the one of this form.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Screen $screen Page.
	 * @param string     $what   What the nonce is for.
	 */
	public static function verify( Key_Screen $screen, string $what ): void {
		check_admin_referer( $screen->nonce_action( $what ) );
	}

	/**
	 * Reads a field. A field that is not text counts as empty.
	 *
	 * @since 0.1.0
	 *
	 * @param string $name Field.
	 */
	public static function field( string $name ): string {
		// phpcs:ignore WordPress.Security.NonceVerification, WordPress.Security.ValidatedSanitizedInput -- the nonce's name depends on a field; each caller sanitizes or says why not.
		$value = isset( $_POST[ $name ] ) ? wp_unslash( $_POST[ $name ] ) : '';
		return is_string( $value ) ? $value : '';
	}

	/**
	 * Reads a field with a secret and takes it out of the request: error handlers of other plugins like
	 * to dump that. A handler does so before anything else, because a refusal runs such code too. Not
	 * sanitized: that would silently alter a secret.
	 *
	 * @since 0.1.0
	 *
	 * @param string $name Field.
	 */
	public static function secret( string $name ): string {
		$value = self::field( $name );
		// phpcs:ignore WordPress.Security.NonceVerification -- nothing is read; verified by the callers.
		unset( $_POST[ $name ], $_REQUEST[ $name ], $_GET[ $name ] );
		return $value;
	}

	/**
	 * Sends the browser back to the page. The URL carries ids and nothing else. Never returns.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Screen $screen Page.
	 * @param string     $notice Id of the card or panel that tells what happened.
	 * @param string     $target Element id to jump to.
	 */
	public static function go_back( Key_Screen $screen, string $notice, string $target ): void {
		wp_safe_redirect( add_query_arg( 'byok_notice', $notice, $screen->url() ) . '#' . $target, 303 );
		exit;
	}
}
