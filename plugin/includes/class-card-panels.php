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
	 * @param Key_Screen $screen Page.
	 * @param array      $info   Info of a provider.
	 * @param bool       $open   Whether it is open.
	 */
	public static function render_key( Key_Screen $screen, array $info, bool $open ): void {
		$provider = (string) $info['provider'];
		?>
		<form class="byok-panel byok-key-form" id="<?php echo esc_attr( Provider_Card::id( $provider, 'panel-key' ) ); ?>" method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>" autocomplete="off" novalidate<?php Card_Parts::hidden( ! $open ); ?>>
			<?php Card_Parts::form_fields( $screen, $provider, 'save', $info['slot'] ); ?>
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
				<?php
				Card_Parts::secret_field(
					Provider_Card::id( $provider, 'key' ),
					'key',
					Provider_Card::id( $provider, 'key-warning' ),
					(string) $info['placeholder'],
					$open && empty( $info['custom_base_url'] )
				);
				?>
				<p class="byok-help byok-key-warning" id="<?php echo esc_attr( Provider_Card::id( $provider, 'key-warning' ) ); ?>" hidden></p>
			</div>
			<div class="byok-panel__foot">
				<button type="submit" class="button button-primary button-compact byok-save"><span class="byok-spinner" hidden></span><span class="byok-label"><?php esc_html_e( 'Check and save', 'byok' ); ?></span></button>
				<?php self::render_closer( $screen, $provider, __( 'Cancel', 'byok' ) ); ?>
			</div>
		</form>
		<?php
	}

	/**
	 * Prints the question before a key is removed.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Screen $screen    Page.
	 * @param array      $info      Info of a provider.
	 * @param bool       $open      Whether it is open.
	 * @param array|null $inherited What is used when the key is gone.
	 */
	public static function render_remove( Key_Screen $screen, array $info, bool $open, ?array $inherited ): void {
		$provider = (string) $info['provider'];
		?>
		<form class="byok-panel byok-remove-form" id="<?php echo esc_attr( Provider_Card::id( $provider, 'panel-remove' ) ); ?>" method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>" aria-describedby="<?php echo esc_attr( Provider_Card::id( $provider, 'remove-text' ) ); ?>"<?php Card_Parts::hidden( ! $open ); ?>>
			<?php Card_Parts::form_fields( $screen, $provider, 'remove', $info['slot'] ); ?>
			<p class="byok-panel__text" id="<?php echo esc_attr( Provider_Card::id( $provider, 'remove-text' ) ); ?>">
				<strong><?php echo esc_html( $screen->removal_question( (string) $info['name'] ) ); ?></strong>
				<?php echo esc_html( trim( $screen->removal_consequence( $inherited, $info['slots'] ) . ' ' . $screen->removal_callers( $provider ) ) ); ?>
			</p>
			<div class="byok-panel__foot">
				<button type="submit" class="button button-compact byok-danger"<?php echo $open ? ' autofocus' : ''; ?>><span class="byok-spinner" hidden></span><span class="byok-label"><?php esc_html_e( 'Remove key', 'byok' ); ?></span></button>
				<?php self::render_closer( $screen, $provider, __( 'Keep it', 'byok' ) ); ?>
			</div>
		</form>
		<?php
	}

	/**
	 * Prints the button that closes a panel: the plain page again.
	 *
	 * @param Key_Screen $screen   Page.
	 * @param string     $provider Provider id.
	 * @param string     $label    Text.
	 */
	private static function render_closer( Key_Screen $screen, string $provider, string $label ): void {
		?>
		<button type="submit" form="byok-open" formaction="<?php echo esc_url( $screen->file() . '#' . Provider_Card::id( $provider ) ); ?>" class="button button-compact byok-close"><?php echo esc_html( $label ); ?></button>
		<?php
	}
}
