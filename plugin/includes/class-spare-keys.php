<?php
/**
 * Further keys of one provider, on its card.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Prints the spare keys of a provider, closed until somebody opens it: most people have one key. The forms are
 * plain ones, also with a script; the page is loaded anew after each.
 *
 * It never has a key: the vault only tells masked hints.
 *
 * @since 0.1.0
 */
final class Spare_Keys {

	/**
	 * Prints the part of the card.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Screen $screen Page.
	 * @param array      $info   Info of the leading key.
	 */
	public static function render( Key_Screen $screen, array $info ): void {
		$provider = (string) $info['provider'];
		$labels   = array_values( array_diff( $info['slots'], array( $info['slot'] ) ) );
		$id       = Provider_Card::id( $provider, 'spare' );
		?>
		<details class="byok-spare" id="<?php echo esc_attr( $id ); ?>"<?php Card_Parts::hidden( 'absent' === $info['state'] ); ?>>
			<summary>
				<?php
				echo esc_html(
					array() === $labels
						? __( 'Add a spare key', 'byok' )
						/* translators: %s: number of keys. */
						: sprintf( _n( '%s spare key', '%s spare keys', count( $labels ), 'byok' ), number_format_i18n( count( $labels ) ) )
				);
				?>
			</summary>
			<p class="byok-help"><?php esc_html_e( 'A spare key takes over while the one above is limited, refused or out of credit.', 'byok' ); ?></p>
			<?php if ( array() !== $labels ) : ?>
				<ul class="byok-spare__list" role="list">
					<?php
					foreach ( $labels as $label ) {
						self::render_key( $screen, $provider, $label );
					}
					?>
				</ul>
			<?php endif; ?>
			<form class="byok-spare__form" method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>" autocomplete="off">
				<?php Card_Parts::form_fields( $screen, $provider, 'save' ); ?>
				<div class="byok-field">
					<label for="<?php echo esc_attr( "$id-label" ); ?>"><?php esc_html_e( 'Label', 'byok' ); ?></label>
					<input type="text" class="byok-input" id="<?php echo esc_attr( "$id-label" ); ?>" name="slot" required maxlength="32" pattern="[a-z0-9]([a-z0-9\-]{0,30}[a-z0-9])?" autocomplete="off" autocapitalize="off" spellcheck="false" dir="ltr" value="<?php echo esc_attr( self::next_label( $info['slots'] ) ); ?>" aria-describedby="<?php echo esc_attr( "$id-help" ); ?>">
					<p class="byok-help" id="<?php echo esc_attr( "$id-help" ); ?>"><?php esc_html_e( 'Lower-case letters, digits and hyphens. Spare keys are used in the order of their labels.', 'byok' ); ?></p>
				</div>
				<div class="byok-field">
					<label for="<?php echo esc_attr( "$id-key" ); ?>">
						<?php
						/* translators: %s: provider. */
						echo esc_html( sprintf( __( 'Spare %s API key', 'byok' ), $info['name'] ) );
						?>
					</label>
					<?php Card_Parts::secret_field( "$id-key", 'key', '', (string) $info['placeholder'] ); ?>
				</div>
				<div class="byok-panel__foot">
					<button type="submit" class="button button-compact"><span class="byok-spinner" hidden></span><span class="byok-label"><?php esc_html_e( 'Check and save', 'byok' ); ?></span></button>
				</div>
			</form>
		</details>
		<?php
	}

	/**
	 * Prints the line of one spare key.
	 *
	 * @param Key_Screen $screen   Page.
	 * @param string     $provider Provider id.
	 * @param string     $label    Its label.
	 */
	private static function render_key( Key_Screen $screen, string $provider, string $label ): void {
		$info = Vault::info( Place::id_of( $provider, $label ), $screen->owner );
		if ( is_wp_error( $info ) || 'absent' === $info['state'] ) {
			return;
		}
		$rests = null === $info['resume_at'] ? '' : Messages::resting( $info['resume_at'] );
		?>
		<li class="byok-spare__key">
			<span class="byok-spare__label"><bdi dir="ltr"><?php echo esc_html( $label ); ?></bdi></span>
			<span class="byok-chip" data-tone="<?php echo esc_attr( Key_Chip::tone( $info ) ); ?>"><?php echo esc_html( Key_Chip::word( $info ) ); ?></span>
			<code class="byok-hint" dir="ltr"><?php echo esc_html( $info['hint'] ); ?></code>
			<span class="byok-spare__actions">
				<?php
				if ( in_array( $info['state'], array( 'ready', 'stale' ), true ) ) {
					/* translators: %s: label of a key. */
					self::render_button( $screen, $provider, $label, 'check', __( 'Check again', 'byok' ), sprintf( __( 'Check the key “%s” again', 'byok' ), $label ) );
				}
				/* translators: %s: label of a key. */
				self::render_button( $screen, $provider, $label, 'remove', __( 'Remove', 'byok' ), sprintf( __( 'Remove the key “%s”', 'byok' ), $label ) );
				?>
			</span>
			<?php if ( '' !== $rests ) : ?>
				<span class="byok-help"><?php echo esc_html( $rests ); ?></span>
			<?php endif; ?>
		</li>
		<?php
	}

	/**
	 * Prints a form of one button.
	 *
	 * @param Key_Screen $screen   Page.
	 * @param string     $provider Provider id.
	 * @param string     $label    Label of the key.
	 * @param string     $action   `check` or `remove`.
	 * @param string     $text     Text.
	 * @param string     $name     What it is called by those who hear it alone.
	 */
	private static function render_button( Key_Screen $screen, string $provider, string $label, string $action, string $text, string $name ): void {
		?>
		<form class="byok-spare__form" method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>">
			<?php Card_Parts::form_fields( $screen, $provider, $action ); ?>
			<input type="hidden" name="slot" value="<?php echo esc_attr( $label ); ?>">
			<button type="submit" class="button button-compact" aria-label="<?php echo esc_attr( $name ); ?>"><span class="byok-spinner" hidden></span><span class="byok-label"><?php echo esc_html( $text ); ?></span></button>
		</form>
		<?php
	}

	/**
	 * A label that is free.
	 *
	 * @param string[] $taken Slots in use.
	 */
	private static function next_label( array $taken ): string {
		for ( $number = 1; in_array( "spare-$number", $taken, true ); $number++ ) {
			continue;
		}
		return "spare-$number";
	}
}
