<?php
/**
 * Keys that others keep on this site.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Prints which keys were found elsewhere on the site, and the forms that move them here. Each asks first,
 * because what reads the old place will not find the key there any more.
 *
 * It has no key: the import tells hints only.
 *
 * @since 0.1.0
 */
final class Import_Panel {

	/**
	 * Element id of the form for an option that nobody knows.
	 */
	public const OTHER_ID = 'byok-import-other';

	/**
	 * Prints what was found, if anything was.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Screen $screen Page.
	 */
	public static function render_found( Key_Screen $screen ): void {
		$found = 'site' === $screen->owner->kind ? Import::found() : array();
		if ( ! $found ) {
			return;
		}
		?>
		<section class="byok-box" id="byok-import" data-tone="neutral" aria-labelledby="byok-import-title">
			<h2 id="byok-import-title"><?php esc_html_e( 'Keys found elsewhere on this site', 'byok' ); ?></h2>
			<p><?php esc_html_e( 'Whoever reads the database can read them there. Moved here, a key is checked and encrypted, and the old entry is emptied.', 'byok' ); ?></p>
			<ul class="byok-import" role="list">
				<?php
				foreach ( $found as $number => $one ) {
					self::render_one( $screen, $one, $number );
				}
				?>
			</ul>
		</section>
		<?php
	}

	/**
	 * Prints the form for a key in any other option.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Screen $screen Page.
	 * @param array|null $notice Notice from a posted form.
	 */
	public static function render_other( Key_Screen $screen, ?array $notice ): void {
		if ( 'site' !== $screen->owner->kind ) {
			return;
		}
		$id = self::OTHER_ID;
		?>
		<details class="byok-more byok-import-other" id="<?php echo esc_attr( $id ); ?>"<?php echo null !== $notice && 'import' === $notice['panel'] ? ' open' : ''; ?>>
			<summary><?php esc_html_e( 'Move a key here from another plugin', 'byok' ); ?></summary>
			<form class="byok-box" method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>" autocomplete="off">
				<?php Card_Parts::hidden_fields( $screen, Import_Form::ACTION, 'import' ); ?>
				<div class="byok-field">
					<label for="<?php echo esc_attr( $id ); ?>-source"><?php esc_html_e( 'Name of the option that holds the key', 'byok' ); ?></label>
					<input type="text" class="byok-input" id="<?php echo esc_attr( $id ); ?>-source" name="source" required dir="ltr" placeholder="my_plugin_settings[api_key]" autocomplete="off" autocapitalize="off" spellcheck="false" aria-describedby="<?php echo esc_attr( $id ); ?>-help">
					<p class="byok-help" id="<?php echo esc_attr( $id ); ?>-help"><?php esc_html_e( 'As in the table wp_options. When the option is a list, add the name of the entry in brackets.', 'byok' ); ?></p>
				</div>
				<?php self::render_select( $id . '-provider', true ); ?>
				<p class="byok-choice"><label><input type="checkbox" name="replace" value="1"> <span><?php esc_html_e( 'Replace the key that is here already, if there is one', 'byok' ); ?></span></label></p>
				<p class="byok-help"><?php esc_html_e( 'The old entry is emptied: a plugin that reads the key from there will no longer find it.', 'byok' ); ?></p>
				<div class="byok-panel__foot">
					<button type="submit" class="button button-compact"><?php esc_html_e( 'Move it here', 'byok' ); ?></button>
				</div>
			</form>
		</details>
		<?php
	}

	/**
	 * Prints one line, with the question that opens below it.
	 *
	 * @param Key_Screen $screen Page.
	 * @param array      $one    What Import::found() tells of it.
	 * @param int        $number Number of the line.
	 */
	private static function render_one( Key_Screen $screen, array $one, int $number ): void {
		$known = null === $one['provider'] ? null : Providers::find( $one['provider'] );
		$id    = 'byok-import-' . $number;
		/* translators: %s: name of a provider. */
		$title = null === $known ? __( 'A key', 'byok' ) : sprintf( __( '%s key', 'byok' ), $known['name'] );
		?>
		<li class="byok-import__line">
			<p id="<?php echo esc_attr( $id ); ?>">
				<strong><bdi><?php echo esc_html( $title ); ?></bdi></strong>
				<code class="byok-hint" dir="ltr"><?php echo esc_html( $one['hint'] ); ?></code><br>
				<span class="byok-help"><?php echo esc_html( $one['label'] ); ?></span>
			</p>
			<details>
				<summary class="button button-compact" aria-describedby="<?php echo esc_attr( $id ); ?>"><?php esc_html_e( 'Move it here', 'byok' ); ?></summary>
				<form class="byok-box__body" method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>">
					<?php Card_Parts::hidden_fields( $screen, Import_Form::ACTION, 'import' ); ?>
					<input type="hidden" name="source" value="<?php echo esc_attr( $one['id'] ); ?>">
					<?php
					if ( null === $known ) {
						self::render_select( $id . '-provider', false );
					} else {
						?>
						<input type="hidden" name="provider" value="<?php echo esc_attr( $known['id'] ); ?>">
						<?php
					}
					?>
					<p>
						<?php
						echo esc_html( self::warning( $one['id'] ) );
						if ( $one['exists'] ) {
							/* translators: %s: name of a provider. */
							echo ' <strong>' . esc_html( sprintf( __( 'It replaces the %s key that is here already.', 'byok' ), $known['name'] ) ) . '</strong>';
						}
						?>
					</p>
					<?php if ( $one['exists'] ) : ?>
						<input type="hidden" name="replace" value="1">
					<?php endif; ?>
					<div class="byok-panel__foot">
						<button type="submit" class="button button-primary button-compact" aria-describedby="<?php echo esc_attr( $id ); ?>"><?php esc_html_e( 'Check and move', 'byok' ); ?></button>
					</div>
				</form>
			</details>
		</li>
		<?php
	}

	/**
	 * What moving a key breaks.
	 *
	 * @param string $source Where it is.
	 */
	private static function warning( string $source ): string {
		if ( null !== Connectors::provider_of( $source ) ) {
			return __( 'The old entry is emptied. WordPress’s own AI client and plugins that ask byok for the key go on; what reads the key itself from there will no longer find it.', 'byok' );
		}
		return str_starts_with( $source, 'connectors_' )
			? __( 'The old entry is emptied: what reads the key from there, such as WordPress’s own AI client, will no longer find it. Plugins that ask byok for the key go on.', 'byok' )
			: __( 'The old entry is emptied: what reads the key from there will no longer find it. Plugins that ask byok for the key go on.', 'byok' );
	}

	/**
	 * Prints the choice of a provider. Those with an address of one's own are left out: an option with a
	 * key does not tell the address.
	 *
	 * @param string $id     Element id.
	 * @param bool   $detect Whether it can be left to the look of the key.
	 */
	private static function render_select( string $id, bool $detect ): void {
		?>
		<div class="byok-field">
			<label for="<?php echo esc_attr( $id ); ?>"><?php esc_html_e( 'Provider', 'byok' ); ?></label>
			<select class="byok-input" id="<?php echo esc_attr( $id ); ?>" name="provider"<?php echo $detect ? '' : ' required'; ?>>
				<option value=""><?php $detect ? esc_html_e( 'Tell by the look of the key', 'byok' ) : esc_html_e( 'Choose a provider', 'byok' ); ?></option>
				<?php foreach ( Providers::all() as $provider => $known ) : ?>
					<?php if ( ! $known['custom_base_url'] ) : ?>
						<option value="<?php echo esc_attr( (string) $provider ); ?>"><?php echo esc_html( $known['name'] ); ?></option>
					<?php endif; ?>
				<?php endforeach; ?>
			</select>
		</div>
		<?php
	}
}
