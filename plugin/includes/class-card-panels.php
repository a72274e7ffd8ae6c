<?php
/**
 * What opens inside a card: the field for a key, and the question before removing one.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Prints the two panels of a card as plain forms.
 *
 * What it prints never holds a key: the field is always empty.
 *
 * @since 0.1.0
 */
final class Card_Panels {

	/**
	 * Prints the panel with the field.
	 *
	 * @since 0.1.0
	 *
	 * @param array $info Info of a provider.
	 * @param bool  $open Whether it is open.
	 */
	public static function render_key( array $info, bool $open ): void {
		$provider = (string) $info['provider'];
		?>
		<form class="byok-panel byok-key-form" id="<?php echo esc_attr( Provider_Card::id( $provider, 'panel-key' ) ); ?>" method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>" autocomplete="off" novalidate<?php Card_Parts::hidden( ! $open ); ?>>
			<?php Card_Parts::form_fields( $provider, 'save' ); ?>
			<?php if ( $info['custom_base_url'] ) : ?>
				<div class="byok-field">
					<label for="<?php echo esc_attr( Provider_Card::id( $provider, 'base-url' ) ); ?>"><?php esc_html_e( 'Base URL', 'byok' ); ?></label>
					<input
						type="url"
						class="byok-input byok-base-url-input"
						id="<?php echo esc_attr( Provider_Card::id( $provider, 'base-url' ) ); ?>"
						name="base_url"
						value="<?php echo esc_attr( (string) $info['base_url'] ); ?>"
						placeholder="https://llm.example.com/v1"
						dir="ltr"
						autocomplete="off"
						spellcheck="false"
						aria-describedby="<?php echo esc_attr( Provider_Card::id( $provider, 'base-url-help' ) ); ?>"
					>
					<p class="byok-help" id="<?php echo esc_attr( Provider_Card::id( $provider, 'base-url-help' ) ); ?>"><?php esc_html_e( 'The key is bound to this address and is never sent anywhere else.', 'byok' ); ?></p>
				</div>
			<?php endif; ?>
			<div class="byok-field">
				<div class="byok-field__head">
					<label for="<?php echo esc_attr( Provider_Card::id( $provider, 'key' ) ); ?>">
						<?php
						/* translators: %s: provider. */
						echo esc_html( sprintf( __( '%s API key', 'byok' ), $info['name'] ) );
						?>
					</label>
					<?php Card_Parts::link( (string) $info['key_page'], __( 'Get a key', 'byok' ), 'byok-get-key', empty( $info['key_page'] ) ); ?>
				</div>
				<?php self::render_key_field( $info, $open ); ?>
				<p class="byok-help byok-key-warning" id="<?php echo esc_attr( Provider_Card::id( $provider, 'key-warning' ) ); ?>" hidden></p>
			</div>
			<div class="byok-panel__foot">
				<button type="submit" class="button button-primary button-compact byok-save"><span class="byok-spinner" hidden></span><span class="byok-label"><?php esc_html_e( 'Check and save', 'byok' ); ?></span></button>
				<?php self::render_closer( $provider, __( 'Cancel', 'byok' ) ); ?>
			</div>
		</form>
		<?php
	}

	/**
	 * Prints the field for the key.
	 *
	 * It is a text field drawn as dots, not `type="password"`: browsers and password managers offer to
	 * remember every password field, `autocomplete="off"` or not, and an API key remembered as "the
	 * password of this site" is one more copy of it, synchronised to other machines. A text field with
	 * `autocomplete="off"` is kept by no browser, neither as a password nor in its form history or
	 * session; the two data attributes tell the password managers that do not ask the type. Where
	 * `-webkit-text-security` is not known (byok.css), the key is readable while it is being pasted.
	 *
	 * It is printed without `value`, always: nothing that was typed comes back.
	 *
	 * @param array $info Info of a provider.
	 * @param bool  $open Whether the panel is open, so that the field takes the focus.
	 */
	private static function render_key_field( array $info, bool $open ): void {
		$provider = (string) $info['provider'];
		?>
		<div class="byok-secret">
			<input
				type="text"
				class="byok-input byok-key-input"
				id="<?php echo esc_attr( Provider_Card::id( $provider, 'key' ) ); ?>"
				name="key"
				placeholder="<?php echo esc_attr( (string) $info['placeholder'] ); ?>"
				dir="ltr"
				autocomplete="off"
				autocapitalize="off"
				autocorrect="off"
				spellcheck="false"
				data-1p-ignore
				data-lpignore="true"
				data-bwignore
				aria-describedby="<?php echo esc_attr( Provider_Card::id( $provider, 'key-warning' ) ); ?>"
				<?php echo $open && empty( $info['custom_base_url'] ) ? 'autofocus' : ''; ?>
			>
			<button type="button" class="byok-show" aria-pressed="false" aria-controls="<?php echo esc_attr( Provider_Card::id( $provider, 'key' ) ); ?>" hidden><?php esc_html_e( 'Show', 'byok' ); ?></button>
		</div>
		<?php
	}

	/**
	 * Prints the question before a key is removed.
	 *
	 * @since 0.1.0
	 *
	 * @param array $info Info of a provider.
	 * @param bool  $open Whether it is open.
	 */
	public static function render_remove( array $info, bool $open ): void {
		$provider = (string) $info['provider'];
		?>
		<form class="byok-panel byok-remove-form" id="<?php echo esc_attr( Provider_Card::id( $provider, 'panel-remove' ) ); ?>" method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>" aria-describedby="<?php echo esc_attr( Provider_Card::id( $provider, 'remove-text' ) ); ?>"<?php Card_Parts::hidden( ! $open ); ?>>
			<?php Card_Parts::form_fields( $provider, 'remove' ); ?>
			<p class="byok-panel__text" id="<?php echo esc_attr( Provider_Card::id( $provider, 'remove-text' ) ); ?>">
				<strong>
					<?php
					/* translators: %s: provider. */
					echo esc_html( sprintf( __( 'Remove the %s key from this site?', 'byok' ), $info['name'] ) );
					?>
				</strong>
				<?php esc_html_e( 'Everything here that uses it stops working. The key itself stays valid with the provider, but it cannot be read back from this site.', 'byok' ); ?>
			</p>
			<div class="byok-panel__foot">
				<button type="submit" class="button button-compact byok-danger"<?php echo $open ? ' autofocus' : ''; ?>><span class="byok-spinner" hidden></span><span class="byok-label"><?php esc_html_e( 'Remove key', 'byok' ); ?></span></button>
				<?php self::render_closer( $provider, __( 'Keep it', 'byok' ) ); ?>
			</div>
		</form>
		<?php
	}

	/**
	 * Prints the button that closes a panel: the plain page again.
	 *
	 * @param string $provider Provider id.
	 * @param string $label    Text.
	 */
	private static function render_closer( string $provider, string $label ): void {
		?>
		<button type="submit" form="byok-open" formaction="<?php echo esc_url( admin_url( 'options-general.php' ) . '#' . Provider_Card::id( $provider ) ); ?>" class="button button-compact byok-close"><?php echo esc_html( $label ); ?></button>
		<?php
	}
}
