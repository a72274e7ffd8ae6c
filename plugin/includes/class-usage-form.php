<?php
/**
 * The forms of the page "Usage".
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Answers `admin-post.php?action=byok_usage`: decides about a caller, sets who may use a key, sets a budget.
 * The field `do` says which.
 *
 * @since 0.1.0
 */
final class Usage_Form {

	/**
	 * The admin-post action.
	 */
	public const ACTION = 'byok_usage';

	/**
	 * Prints the hidden fields that each of the forms needs.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Screen            $screen Page with the keys.
	 * @param array<string, string> $fields Fields of the form.
	 */
	public static function render_fields( Key_Screen $screen, array $fields ): void {
		// Not wp_nonce_field(): there are many forms, and each of its fields has the same id.
		$fields += array(
			'action'   => self::ACTION,
			'owner'    => $screen->owner->kind,
			'_wpnonce' => wp_create_nonce( $screen->nonce_action( 'usage' ) ),
		);
		foreach ( $fields as $name => $value ) {
			printf( '<input type="hidden" name="%s" value="%s">', esc_attr( $name ), esc_attr( $value ) );
		}
	}

	/**
	 * Handles a posted form. Never returns.
	 *
	 * @since 0.1.0
	 */
	public static function handle(): void {
		$screen = Posted_Form::screen( array( 'site', 'network', 'user' ) );
		Posted_Form::verify( $screen, 'usage' );

		$provider = sanitize_key( Posted_Form::field( 'provider' ) );
		$place    = new Place( $screen->owner, $provider );
		$do       = Posted_Form::field( 'do' );
		if ( 'see' !== $do && null === Providers::find( $provider ) ) {
			$done = Failure::because( 'provider_unknown' );
		} else {
			$done = self::act( $screen, $place, $do );
		}

		Screen_Notice::keep(
			$screen,
			'',
			is_wp_error( $done ) ? 'bad' : 'good',
			is_wp_error( $done ) ? $done->get_error_message() : __( 'Saved.', 'byok' )
		);
		wp_safe_redirect( add_query_arg( 'byok_notice', 'usage', Usage_Page::url( $screen ) ), 303 );
		exit;
	}

	/**
	 * Does what the form asks for.
	 *
	 * @param Key_Screen $screen Page.
	 * @param Place      $place  Place of the key.
	 * @param string     $do     What to do.
	 * @return true|WP_Error
	 */
	private static function act( Key_Screen $screen, Place $place, string $do ) {
		$caller = Posted_Form::field( 'caller' );
		switch ( $do ) {
			case 'see':
				return Budget::see( $screen->owner );
			case 'mode':
				return Consent::set_mode( $place, Posted_Form::field( 'mode' ) );
			case 'budget':
				$limits = Budget_Limits::read( array_combine( Budget_Limits::NAMES, array_map( array( Posted_Form::class, 'field' ), Budget_Limits::NAMES ) ) );
				return null === $limits ? Failure::because( 'budget_malformed' ) : Budget::set( $place, $caller, $limits );
			default:
				return Consent::decide( $place, $caller, $do );
		}
	}
}
