<?php
/**
 * Small pieces that the cards and panels of the pages share.
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
	 * Prints what each form of a card posts besides its own fields.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Screen $screen   Page.
	 * @param string     $provider Provider id.
	 * @param string     $action   `save`, `check` or `remove`.
	 * @param string     $slot     Slot of the key; empty for a form that asks for it.
	 */
	public static function form_fields( Key_Screen $screen, string $provider, string $action, string $slot = '' ): void {
		self::hidden_fields( $screen, Key_Form::ACTION, 'key_' . $provider );
		?>
		<input type="hidden" name="provider" value="<?php echo esc_attr( $provider ); ?>">
		<input type="hidden" name="do" value="<?php echo esc_attr( $action ); ?>">
		<?php
		if ( '' !== $slot && Place::DEFAULT_SLOT !== $slot ) {
			?>
			<input type="hidden" name="slot" value="<?php echo esc_attr( $slot ); ?>">
			<?php
		}
	}

	/**
	 * Prints what every form posts: which handler, whose keys, and the nonce.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Screen $screen Page.
	 * @param string     $action The admin-post action.
	 * @param string     $nonce  What the nonce is for, see Key_Screen::nonce_action().
	 */
	public static function hidden_fields( Key_Screen $screen, string $action, string $nonce ): void {
		// wp_nonce_field() would print the same element id in every form of the page.
		?>
		<input type="hidden" name="action" value="<?php echo esc_attr( $action ); ?>">
		<input type="hidden" name="owner" value="<?php echo esc_attr( $screen->owner->kind ); ?>">
		<input type="hidden" name="_wpnonce" value="<?php echo esc_attr( wp_create_nonce( $screen->nonce_action( $nonce ) ) ); ?>">
		<?php
	}

	/**
	 * Prints a field for a secret.
	 *
	 * It is a text field drawn as dots, not `type="password"`: browsers and password managers offer to
	 * remember every password field, `autocomplete="off"` or not, and an API key remembered as "the
	 * password of this site" is one more copy of it, synchronised to other machines. A text field with
	 * `autocomplete="off"` is kept by no browser, neither as a password nor in its form history or
	 * session; the two data attributes tell the password managers that do not ask the type. Where
	 * `-webkit-text-security` is not known (byok.css), the secret is readable while it is being pasted.
	 *
	 * It is printed without `value`, always: nothing that was typed comes back.
	 *
	 * @since 0.1.0
	 *
	 * @param string $id          Element id.
	 * @param string $name        Name that it is posted under.
	 * @param string $described   Id of the element that describes it, or empty.
	 * @param string $placeholder What it looks like. Never empty: byok.css tells an empty field by it.
	 * @param bool   $focus       Whether it takes the focus.
	 */
	public static function secret_field( string $id, string $name, string $described, string $placeholder, bool $focus = false ): void {
		?>
		<div class="byok-secret">
			<input
				type="text"
				class="byok-input byok-key-input"
				id="<?php echo esc_attr( $id ); ?>"
				name="<?php echo esc_attr( $name ); ?>"
				placeholder="<?php echo esc_attr( '' === $placeholder ? ' ' : $placeholder ); ?>"
				dir="ltr"
				autocomplete="off"
				autocapitalize="off"
				autocorrect="off"
				spellcheck="false"
				data-1p-ignore
				data-lpignore="true"
				data-bwignore
				<?php if ( '' !== $described ) : ?>
				aria-describedby="<?php echo esc_attr( $described ); ?>"
				<?php endif; ?>
				<?php echo $focus ? 'autofocus' : ''; ?>
			>
			<button type="button" class="byok-show" aria-pressed="false" aria-controls="<?php echo esc_attr( $id ); ?>" hidden><?php esc_html_e( 'Show', 'byok' ); ?></button>
		</div>
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
