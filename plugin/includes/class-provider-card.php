<?php
/**
 * One card of the settings page.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Prints the card of one provider.
 *
 * Every part is printed in every state, and the ones that do not apply are `hidden`. So the browser
 * script never builds HTML: it sets texts and the `hidden` attribute, and both ways look the same.
 *
 * It knows words and markup. It never has a key: the vault only tells the masked hint.
 *
 * @since 0.1.0
 */
final class Provider_Card {

	/**
	 * Prints the card.
	 *
	 * @since 0.1.0
	 *
	 * @param array      $info   What Vault::info() tells of the provider.
	 * @param string     $panel  Panel that is open: `key`, `remove` or empty.
	 * @param array|null $notice What Screen_Notice::take() gave for this card.
	 * @param bool       $usable False when nothing can be saved now; the card then only tells.
	 */
	public static function render( array $info, string $panel, ?array $notice, bool $usable ): void {
		$provider = (string) $info['provider'];
		$has_key  = 'absent' !== $info['state'];
		?>
		<li
			class="byok-card"
			id="<?php echo esc_attr( self::id( $provider ) ); ?>"
			data-provider="<?php echo esc_attr( $provider ); ?>"
			data-state="<?php echo esc_attr( $info['state'] ); ?>"
			data-outcome="<?php echo esc_attr( (string) $info['outcome'] ); ?>"
		>
			<div class="byok-card__row">
				<span class="byok-tile" aria-hidden="true" style="--byok-hue: <?php echo absint( self::hue( $provider ) ); ?>"><?php echo esc_html( self::letter( (string) $info['name'] ) ); ?></span>
				<div class="byok-card__text">
					<div class="byok-card__title">
						<h3 class="byok-card__name" id="<?php echo esc_attr( self::id( $provider, 'name' ) ); ?>" tabindex="-1"><bdi><?php echo esc_html( $info['name'] ); ?></bdi></h3>
						<span class="byok-chip" data-tone="<?php echo esc_attr( Key_Chip::tone( $info ) ); ?>"<?php Card_Parts::hidden( ! $has_key ); ?>><?php echo esc_html( Key_Chip::word( $info ) ); ?></span>
					</div>
					<p class="byok-card__description"<?php Card_Parts::hidden( $has_key ); ?>><?php echo esc_html( $info['description'] ); ?></p>
					<p class="byok-card__facts"<?php Card_Parts::hidden( ! $has_key ); ?>>
						<span class="byok-fact"<?php Card_Parts::hidden( '' === (string) $info['hint'] ); ?>><code class="byok-hint" dir="ltr"><?php echo esc_html( (string) $info['hint'] ); ?></code></span>
						<span class="byok-fact"<?php Card_Parts::hidden( empty( $info['base_url'] ) ); ?>><bdi class="byok-base-url" dir="ltr"><?php echo esc_html( (string) $info['base_url'] ); ?></bdi></span>
						<?php self::render_checked( $info ); ?>
					</p>
				</div>
				<?php self::render_actions( $info, $panel, $usable ); ?>
			</div>
			<?php
			self::render_message( $info, $notice );
			if ( $usable ) {
				Card_Panels::render_key( $info, 'key' === $panel );
				Card_Panels::render_remove( $info, $has_key && 'remove' === $panel );
			}
			?>
		</li>
		<?php
	}

	/**
	 * Element id of a card or of a part of it.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param string $part     Part, or empty for the card.
	 */
	public static function id( string $provider, string $part = '' ): string {
		return 'byok-' . $provider . ( '' === $part ? '' : '-' . $part );
	}

	/**
	 * Prints "checked 3 minutes ago".
	 *
	 * @param array $info Info of a provider.
	 */
	private static function render_checked( array $info ): void {
		$when = (int) $info['checked_at'];
		$ago  = $when > time() - MINUTE_IN_SECONDS
			? __( 'checked just now', 'byok' )
			/* translators: %s: a length of time, such as "3 minutes". */
			: sprintf( __( 'checked %s ago', 'byok' ), human_time_diff( $when ) );
		?>
		<time
			class="byok-checked"
			datetime="<?php echo esc_attr( gmdate( 'c', $when ) ); ?>"
			title="<?php echo esc_attr( wp_date( get_option( 'date_format' ) . ' ' . get_option( 'time_format' ), $when ) ); ?>"
			<?php Card_Parts::hidden( ! $when ); ?>
		><?php echo esc_html( $ago ); ?></time>
		<?php
	}

	/**
	 * Prints the buttons of the card at rest.
	 *
	 * The ones that open a panel submit a plain GET form, which asks for the same page with the panel
	 * open. The script opens the panel in place instead.
	 *
	 * @param array  $info   Info of a provider.
	 * @param string $panel  Open panel.
	 * @param bool   $usable Whether anything can be done.
	 */
	private static function render_actions( array $info, string $panel, bool $usable ): void {
		if ( ! $usable ) {
			return;
		}
		$provider = (string) $info['provider'];
		$has_key  = 'absent' !== $info['state'];
		// A locked or damaged key cannot be opened, so there is nothing to check.
		$opens = in_array( $info['state'], array( 'ready', 'stale' ), true );
		?>
		<div class="byok-card__actions">
			<?php self::render_opener( $provider, 'key', __( 'Add key', 'byok' ), 'byok-add', $has_key, $panel ); ?>
			<form class="byok-check-form" method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>"<?php Card_Parts::hidden( ! $opens ); ?>>
				<?php Card_Parts::form_fields( $provider, 'check' ); ?>
				<button type="submit" class="button button-compact byok-check" aria-describedby="<?php echo esc_attr( self::id( $provider, 'name' ) ); ?>"><span class="byok-spinner" hidden></span><span class="byok-label"><?php esc_html_e( 'Check again', 'byok' ); ?></span></button>
			</form>
			<?php
			self::render_opener( $provider, 'key', __( 'Replace', 'byok' ), 'byok-replace', ! $has_key, $panel );
			self::render_opener( $provider, 'remove', __( 'Remove', 'byok' ), 'byok-remove', ! $has_key, $panel );
			?>
		</div>
		<?php
	}

	/**
	 * Prints a button that opens a panel.
	 *
	 * @param string $provider Provider id.
	 * @param string $opens    `key` or `remove`.
	 * @param string $label    Text.
	 * @param string $name     Its CSS class.
	 * @param bool   $hidden   Whether it does not apply now.
	 * @param string $panel    Open panel.
	 */
	private static function render_opener( string $provider, string $opens, string $label, string $name, bool $hidden, string $panel ): void {
		?>
		<button
			type="submit"
			form="byok-open"
			name="byok_open"
			value="<?php echo esc_attr( $provider . ':' . $opens ); ?>"
			formaction="<?php echo esc_url( admin_url( 'options-general.php' ) . '#' . self::id( $provider ) ); ?>"
			class="button button-compact <?php echo esc_attr( $name ); ?>"
			aria-controls="<?php echo esc_attr( self::id( $provider, 'panel-' . $opens ) ); ?>"
			aria-expanded="<?php echo $opens === $panel ? 'true' : 'false'; ?>"
			aria-describedby="<?php echo esc_attr( self::id( $provider, 'name' ) ); ?>"
			data-opens="<?php echo esc_attr( $opens ); ?>"
			<?php Card_Parts::hidden( $hidden ); ?>
		><?php echo esc_html( $label ); ?></button>
		<?php
	}

	/**
	 * Prints the sentence under the row: what just happened, or what is wrong. A key that works and
	 * that nobody just touched needs no sentence.
	 *
	 * @param array      $info   Info of a provider.
	 * @param array|null $notice Notice of this card.
	 */
	private static function render_message( array $info, ?array $notice ): void {
		$works   = null === $info['outcome'] || ( 'valid' === $info['outcome'] && 'reachable' !== $info['proof'] );
		$fine    = 'absent' === $info['state'] || ( 'ready' === $info['state'] && $works );
		$message = $fine ? '' : (string) $info['message'];
		$tone    = Key_Chip::tone( $info );
		if ( null !== $notice ) {
			$message = $notice['message'];
			$tone    = in_array( $notice['tone'], Key_Chip::TONES, true ) ? $notice['tone'] : 'neutral';
		}
		$billing = 'no_credit' === $info['outcome'] && ! empty( $info['billing_page'] );
		?>
		<p class="byok-message" data-tone="<?php echo esc_attr( $tone ); ?>" tabindex="-1"<?php Card_Parts::hidden( '' === $message ); ?><?php echo null !== $notice && '' === $notice['panel'] ? ' autofocus' : ''; ?>>
			<span class="byok-message__text"><?php echo esc_html( $message ); ?></span>
			<?php
			Card_Parts::link(
				(string) $info['billing_page'],
				/* translators: %s: provider. */
				sprintf( __( 'Open %s billing', 'byok' ), $info['name'] ),
				'byok-billing',
				! $billing
			);
			?>
		</p>
		<?php
	}

	/**
	 * The letter of the tile. We ship no brand's logo: we have no right to.
	 *
	 * @param string $name Name of the provider.
	 */
	private static function letter( string $name ): string {
		return function_exists( 'mb_substr' ) ? mb_strtoupper( mb_substr( $name, 0, 1 ) ) : strtoupper( substr( $name, 0, 1 ) );
	}

	/**
	 * The colour of the tile: always the same for a provider, spread over the circle.
	 *
	 * @param string $provider Provider id.
	 */
	private static function hue( string $provider ): int {
		return crc32( $provider ) % 360;
	}
}
