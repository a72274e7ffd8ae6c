<?php
/**
 * One card of a page with keys.
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
	 * @param Key_Screen $screen    Page.
	 * @param array      $info      What Vault::info() tells of the provider.
	 * @param array|null $inherited What is used when there is no key, see Key_Screen::inherited().
	 * @param string     $panel     Panel that is open: `key`, `remove` or empty.
	 * @param array|null $notice    What Screen_Notice::take() gave for this card.
	 * @param bool       $usable    False when nothing can be saved now; the card then only tells.
	 */
	public static function render( Key_Screen $screen, array $info, ?array $inherited, string $panel, ?array $notice, bool $usable ): void {
		$provider = (string) $info['provider'];
		$has_key  = 'absent' !== $info['state'];
		$instead  = $has_key || null === $inherited ? null : Key_Chip::inherited( $inherited );
		$in_use   = $has_key || null !== $instead;
		$hint     = $instead['hint'] ?? (string) $info['hint'];
		// A key that does not open has more pressing news than its age.
		$old      = self::opens( $info ) ? Key_Age::sentence( $info ) : '';
		?>
		<li
			class="byok-card"
			id="<?php echo esc_attr( self::id( $provider ) ); ?>"
			data-provider="<?php echo esc_attr( $provider ); ?>"
			data-slot="<?php echo esc_attr( $info['slot'] ); ?>"
			data-state="<?php echo esc_attr( $info['state'] ); ?>"
			data-waits="<?php echo Key_Info::waits_for_secret( $info ) ? 'true' : 'false'; ?>"
			data-outcome="<?php echo esc_attr( (string) $info['outcome'] ); ?>"
		>
			<div class="byok-card__row">
				<span class="byok-tile" aria-hidden="true" style="--byok-hue: <?php echo absint( self::hue( $provider ) ); ?>"><?php echo esc_html( self::letter( (string) $info['name'] ) ); ?></span>
				<div class="byok-card__text">
					<div class="byok-card__title">
						<h3 class="byok-card__name" id="<?php echo esc_attr( self::id( $provider, 'name' ) ); ?>" tabindex="-1"><bdi><?php echo esc_html( $info['name'] ); ?></bdi></h3>
						<span class="byok-chip" data-tone="<?php echo esc_attr( $instead['tone'] ?? Key_Chip::tone( $info ) ); ?>"<?php Card_Parts::hidden( ! $in_use ); ?>><?php echo esc_html( $instead['word'] ?? Key_Chip::word( $info ) ); ?></span>
					</div>
					<p class="byok-card__description"<?php Card_Parts::hidden( $in_use ); ?>><?php echo esc_html( $info['description'] ); ?></p>
					<p class="byok-card__facts"<?php Card_Parts::hidden( ! $in_use ); ?>>
						<span class="byok-fact"<?php Card_Parts::hidden( '' === $hint ); ?>><code class="byok-hint" dir="ltr"><?php echo esc_html( $hint ); ?></code></span>
						<span class="byok-fact"<?php Card_Parts::hidden( empty( $info['base_url'] ) ); ?>><bdi class="byok-base-url" dir="ltr"><?php echo esc_html( (string) $info['base_url'] ); ?></bdi></span>
						<?php self::render_checked( $info ); ?>
					</p>
					<p class="byok-card__instead"<?php Card_Parts::hidden( null === $instead ); ?>><?php echo esc_html( $instead['sentence'] ?? '' ); ?></p>
				</div>
				<?php self::render_actions( $screen, $info, null !== $instead, $panel, $usable ); ?>
			</div>
			<p class="byok-card__old"<?php Card_Parts::hidden( '' === $old ); ?>><?php echo esc_html( $old ); ?></p>
			<?php
			self::render_message( $screen, $info, $notice ?? Put_Back::notice( $info ) );
			if ( $usable ) {
				Card_Panels::render_key( $screen, $info, 'key' === $panel );
				Card_Panels::render_remove( $screen, $info, $has_key && 'remove' === $panel, $inherited );
				Spare_Keys::render( $screen, $info );
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
		// A card without a key has the place for it, for when there is one.
		$ago = 0 === $when ? '' : $ago;
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
	 * @param Key_Screen $screen    Page.
	 * @param array      $info      Info of a provider.
	 * @param bool       $inherited Whether another owner's key is used here.
	 * @param string     $panel     Open panel.
	 * @param bool       $usable    Whether anything can be done.
	 */
	private static function render_actions( Key_Screen $screen, array $info, bool $inherited, string $panel, bool $usable ): void {
		if ( ! $usable ) {
			return;
		}
		$provider = (string) $info['provider'];
		$has_key  = 'absent' !== $info['state'];
		$opens    = self::opens( $info );
		?>
		<div class="byok-card__actions">
			<?php self::render_opener( $screen, $provider, 'key', $inherited ? __( 'Use another key here', 'byok' ) : __( 'Add key', 'byok' ), 'byok-add', $has_key, $panel ); ?>
			<form class="byok-check-form" method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>"<?php Card_Parts::hidden( ! $opens ); ?>>
				<?php Card_Parts::form_fields( $screen, $provider, 'check', $info['slot'] ); ?>
				<button type="submit" class="button button-compact byok-check" aria-describedby="<?php echo esc_attr( self::id( $provider, 'name' ) ); ?>"><span class="byok-spinner" hidden></span><span class="byok-label"><?php esc_html_e( 'Check again', 'byok' ); ?></span></button>
			</form>
			<?php
			self::render_opener( $screen, $provider, 'key', __( 'Replace', 'byok' ), 'byok-replace', ! $has_key, $panel );
			self::render_opener( $screen, $provider, 'remove', __( 'Remove', 'byok' ), 'byok-remove', ! $has_key, $panel );
			?>
		</div>
		<?php
	}

	/**
	 * Prints a button that opens a panel.
	 *
	 * @param Key_Screen $screen   Page.
	 * @param string     $provider Provider id.
	 * @param string     $opens    `key` or `remove`.
	 * @param string     $label    Text.
	 * @param string     $name     Its CSS class.
	 * @param bool       $hidden   Whether it does not apply now.
	 * @param string     $panel    Open panel.
	 */
	private static function render_opener( Key_Screen $screen, string $provider, string $opens, string $label, string $name, bool $hidden, string $panel ): void {
		?>
		<button
			type="submit"
			form="byok-open"
			name="byok_open"
			value="<?php echo esc_attr( $provider . ':' . $opens ); ?>"
			formaction="<?php echo esc_url( $screen->file() . '#' . self::id( $provider ) ); ?>"
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
	 * @param Key_Screen $screen Page.
	 * @param array      $info   Info of a provider.
	 * @param array|null $notice Notice of this card.
	 */
	private static function render_message( Key_Screen $screen, array $info, ?array $notice ): void {
		$message = self::message( $screen, $info );
		$tone    = Key_Chip::tone( $info );
		if ( null !== $notice ) {
			$message = $notice['message'];
			$tone    = in_array( $notice['tone'], Key_Chip::TONES, true ) ? $notice['tone'] : 'neutral';
		}
		$billing = 'no_credit' === $info['outcome'] && self::opens( $info ) && ! empty( $info['billing_page'] );
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
	 * The sentence of a card at rest. What is said once above the cards is not said on each of them.
	 *
	 * @param Key_Screen $screen Page.
	 * @param array      $info   Info of a provider.
	 * @return string Sentences; empty when there is nothing to say.
	 */
	private static function message( Key_Screen $screen, array $info ): string {
		$works = null === $info['outcome'] || ( 'valid' === $info['outcome'] && 'reachable' !== $info['proof'] );
		if ( 'absent' === $info['state'] || ( $works && self::opens( $info ) ) ) {
			return '';
		}
		if ( 'stale' === $info['state'] ) {
			return Messages::outcome( (string) $info['outcome'], $info, $info['proof'] );
		}
		if ( 'envelope_unknown_key' === $info['reason'] ) {
			return 'user' === $screen->owner->kind
				? __( 'This key is locked, not lost. Paste it again, or ask an administrator of this site.', 'byok' )
				: __( 'This key is locked, not lost. Enter the previous secret above, or paste the key again.', 'byok' );
		}
		return (string) $info['message'];
	}

	/**
	 * Whether the key can be opened: one that is locked or damaged cannot be checked.
	 *
	 * @param array $info Info of a provider.
	 */
	private static function opens( array $info ): bool {
		return in_array( $info['state'], array( 'ready', 'stale' ), true );
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
