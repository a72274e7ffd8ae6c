<?php
/**
 * Small pieces that the cards of the settings page share.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Prints pieces of HTML. It escapes what it is given and decides nothing.
 *
 * @since 0.1.0
 */
final class Card_Parts {

	/**
	 * Prints what each form posts besides its own fields.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param string $action   `save`, `check` or `remove`.
	 */
	public static function form_fields( string $provider, string $action ): void {
		// wp_nonce_field() would print the same element id in every form of the page.
		?>
		<input type="hidden" name="action" value="<?php echo esc_attr( Key_Form::ACTION ); ?>">
		<input type="hidden" name="provider" value="<?php echo esc_attr( $provider ); ?>">
		<input type="hidden" name="do" value="<?php echo esc_attr( $action ); ?>">
		<input type="hidden" name="_wpnonce" value="<?php echo esc_attr( wp_create_nonce( Key_Form::nonce_action( $provider ) ) ); ?>">
		<?php
	}

	/**
	 * Prints a link to a page of the provider.
	 *
	 * @since 0.1.0
	 *
	 * @param string $url    Address.
	 * @param string $label  Text.
	 * @param string $name   CSS class.
	 * @param bool   $hidden Whether it does not apply now.
	 */
	public static function link( string $url, string $label, string $name, bool $hidden ): void {
		if ( '' === $url ) {
			return;
		}
		?>
		<a class="byok-link <?php echo esc_attr( $name ); ?>" href="<?php echo esc_url( $url ); ?>" target="_blank" rel="noopener noreferrer"<?php self::hidden( $hidden ); ?>><?php echo esc_html( $label ); ?><span aria-hidden="true"> ↗</span><span class="screen-reader-text"> <?php esc_html_e( '(opens in a new tab)', 'byok' ); ?></span></a>
		<?php
	}

	/**
	 * Prints the attribute that hides an element from everyone.
	 *
	 * @since 0.1.0
	 *
	 * @param bool $hidden Whether to.
	 */
	public static function hidden( bool $hidden ): void {
		echo $hidden ? ' hidden' : '';
	}
}
