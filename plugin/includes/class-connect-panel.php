<?php
/**
 * Connect keys, on the page with the keys.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Prints the pairs of connect keys, a way to revoke each, and the form for another one. Only where the relay lets them
 * in, or there are some.
 *
 * @since 0.1.0
 */
final class Connect_Panel {

	/**
	 * Element id of the panel.
	 */
	public const ID = 'byok-connect';

	/**
	 * Prints the panel, for the site's administrators.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Screen $screen Page.
	 * @param array|null $notice Notice from a posted form.
	 */
	public static function render( Key_Screen $screen, ?array $notice ): void {
		$pairs = 'site' === $screen->owner->kind ? Connect_Pairs::all() : array();
		$pairs = is_wp_error( $pairs ) ? array() : $pairs;
		if ( 'site' !== $screen->owner->kind || ( array() === $pairs && ! Relay_Settings::current()->connect ) ) {
			return;
		}
		$id = self::ID;
		?>
		<details class="byok-more" id="<?php echo esc_attr( $id ); ?>"<?php echo null !== $notice && 'connect' === $notice['panel'] ? ' open' : ''; ?>>
			<summary><?php esc_html_e( 'Connect keys: let people of other apps bring keys', 'byok' ); ?></summary>
			<div class="byok-box">
				<p><?php esc_html_e( 'A pair has a public key, with which the app’s pages store keys here, and a secret one, with which its server uses and removes them.', 'byok' ); ?></p>
				<?php if ( array() !== $pairs ) : ?>
					<ul class="byok-import" role="list">
						<?php
						foreach ( $pairs as $pair ) {
							self::render_pair( $screen, $pair );
						}
						?>
					</ul>
				<?php endif; ?>
				<form method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>" autocomplete="off">
					<?php Card_Parts::hidden_fields( $screen, Connect_Form::ACTION, 'connect' ); ?>
					<input type="hidden" name="do" value="add">
					<div class="byok-field">
						<label for="<?php echo esc_attr( $id ); ?>-name"><?php esc_html_e( 'Name of the app', 'byok' ); ?></label>
						<input type="text" class="byok-input" id="<?php echo esc_attr( $id ); ?>-name" name="name" required maxlength="100" autocomplete="off">
					</div>
					<div class="byok-field">
						<label for="<?php echo esc_attr( $id ); ?>-origins"><?php esc_html_e( 'Pages that may store keys', 'byok' ); ?></label>
						<textarea class="byok-input" id="<?php echo esc_attr( $id ); ?>-origins" name="origins" rows="2" dir="ltr" placeholder="https://app.example" autocapitalize="off" spellcheck="false" aria-describedby="<?php echo esc_attr( $id ); ?>-help"></textarea>
						<p class="byok-help" id="<?php echo esc_attr( $id ); ?>-help"><?php esc_html_e( 'Their origins, one a line. Without any, only the app’s server can store keys.', 'byok' ); ?></p>
					</div>
					<div class="byok-panel__foot">
						<button type="submit" class="button button-compact"><?php esc_html_e( 'Make a pair', 'byok' ); ?></button>
					</div>
				</form>
			</div>
		</details>
		<?php
	}

	/**
	 * Prints one pair.
	 *
	 * @param Key_Screen   $screen Page.
	 * @param Connect_Pair $pair   Pair.
	 */
	private static function render_pair( Key_Screen $screen, Connect_Pair $pair ): void {
		$id = self::ID . '-' . $pair->id;
		?>
		<li class="byok-import__line">
			<p id="<?php echo esc_attr( $id ); ?>">
				<strong><bdi><?php echo esc_html( $pair->name ); ?></bdi></strong><br>
				<code class="byok-hint" dir="ltr"><?php echo esc_html( $pair->public_key ); ?></code><br>
				<span class="byok-help"><bdi dir="ltr"><?php echo esc_html( implode( ', ', array_merge( $pair->origins, $pair->providers ) ) ); ?></bdi></span>
			</p>
			<details>
				<summary class="button button-compact" aria-describedby="<?php echo esc_attr( $id ); ?>"><?php esc_html_e( 'Revoke', 'byok' ); ?></summary>
				<form class="byok-box__body" method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>">
					<?php Card_Parts::hidden_fields( $screen, Connect_Form::ACTION, 'connect' ); ?>
					<input type="hidden" name="do" value="revoke">
					<input type="hidden" name="id" value="<?php echo esc_attr( $pair->id ); ?>">
					<p><?php esc_html_e( 'The app can use this site no more, and all keys that were stored through this pair are removed. There is no way back.', 'byok' ); ?></p>
					<div class="byok-panel__foot">
						<button type="submit" class="button button-compact" aria-describedby="<?php echo esc_attr( $id ); ?>"><?php esc_html_e( 'Revoke and remove', 'byok' ); ?></button>
					</div>
				</form>
			</details>
		</li>
		<?php
	}
}
