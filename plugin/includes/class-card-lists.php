<?php
/**
 * The cards of a page, in lists.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Prints the cards: first the providers with a key, then the others in the table's order, which is the
 * most used first.
 *
 * Every list is printed, and one without cards is `hidden`, so that the script only has to move a card
 * from one to another.
 *
 * @since 0.1.0
 */
final class Card_Lists {

	/**
	 * Providers without a key that are shown at once. The rest waits behind "More providers", because
	 * a list of forty is a wall.
	 */
	private const SHOWN_AT_ONCE = 12;

	/**
	 * Prints the lists.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Screen     $screen    Page.
	 * @param array[]        $infos     Infos by provider id.
	 * @param (array|null)[] $inherited What is used where there is no key, by provider id.
	 * @param bool           $usable    Whether anything can be saved now.
	 * @param array|null     $notice    Notice from a posted form.
	 */
	public static function render( Key_Screen $screen, array $infos, array $inherited, bool $usable, ?array $notice ): void {
		$with    = array();
		$without = array();
		foreach ( $infos as $id => $info ) {
			if ( 'absent' === $info['state'] && null === $inherited[ $id ] ) {
				$without[] = $id;
			} else {
				$with[] = $id;
			}
		}
		list( $open_id, $panel ) = self::open_panel( $notice );

		$print = static function ( array $ids ) use ( $screen, $infos, $inherited, $usable, $notice, $open_id, $panel ): void {
			foreach ( $ids as $id ) {
				Provider_Card::render(
					$screen,
					$infos[ $id ],
					$inherited[ $id ],
					$id === $open_id ? $panel : '',
					null !== $notice && $id === $notice['provider'] ? $notice : null,
					$usable
				);
			}
		};

		if ( count( $infos ) > self::SHOWN_AT_ONCE ) {
			self::render_search( $screen );
		}
		self::render_list( 'with', $screen->heading(), $with, $print );
		// Without the extension nothing can be added, and there is no table of providers to list.
		if ( ! $usable && $with ) {
			return;
		}

		$first = array_slice( $without, 0, self::SHOWN_AT_ONCE );
		$more  = array_slice( $without, self::SHOWN_AT_ONCE );
		self::render_list( 'without', self::heading_without( (bool) $with ), $first, $print );
		if ( $more ) {
			$open = in_array( $open_id, $more, true ) || ( null !== $notice && in_array( $notice['provider'], $more, true ) );
			?>
			<details class="byok-more" data-count<?php echo $open ? ' open' : ''; ?>>
				<summary>
					<?php
					/* translators: %s: number of providers. */
					echo esc_html( sprintf( _n( '%s more provider', '%s more providers', count( $more ), 'byok' ), number_format_i18n( count( $more ) ) ) );
					?>
				</summary>
				<?php self::render_list( 'more', '', $more, $print ); ?>
			</details>
			<?php
		}
	}

	/**
	 * Heading above the cards without a key.
	 *
	 * @since 0.1.0
	 *
	 * @param bool $another Whether there is a card with one.
	 */
	public static function heading_without( bool $another ): string {
		return $another ? __( 'Add another provider', 'byok' ) : __( 'Add your first key', 'byok' );
	}

	/**
	 * Prints one list of cards.
	 *
	 * @param string   $name  Which one: `with`, `without` or `more`.
	 * @param string   $title Heading, or empty.
	 * @param string[] $ids   Provider ids.
	 * @param callable $print Prints the cards.
	 */
	private static function render_list( string $name, string $title, array $ids, callable $print ): void {
		?>
		<section class="byok-list" data-list="<?php echo esc_attr( $name ); ?>"<?php Card_Parts::hidden( ! $ids ); ?>>
			<?php if ( '' !== $title ) : ?>
				<h2 class="byok-section"><?php echo esc_html( $title ); ?></h2>
			<?php endif; ?>
			<?php // The role survives `list-style: none`, which makes VoiceOver forget that it is a list. ?>
			<ul class="byok-cards" role="list"><?php $print( $ids ); ?></ul>
		</section>
		<?php
	}

	/**
	 * Prints the search box. Only the script can filter, so it is hidden until there is one.
	 *
	 * @param Key_Screen $screen Page.
	 */
	private static function render_search( Key_Screen $screen ): void {
		?>
		<div class="byok-search" role="search" hidden>
			<label class="screen-reader-text" for="byok-search"><?php esc_html_e( 'Find a provider', 'byok' ); ?></label>
			<input type="search" id="byok-search" class="byok-input" placeholder="<?php esc_attr_e( 'Find a provider', 'byok' ); ?>" autocomplete="off">
			<p class="byok-help byok-search__none" hidden><?php 'user' === $screen->owner->kind ? esc_html_e( 'No provider has this name.', 'byok' ) : esc_html_e( 'No provider has this name. The OpenAI-compatible card takes any address.', 'byok' ); ?></p>
		</div>
		<?php
	}

	/**
	 * Which panel is open: the one that a posted form asks to open again, else the one in the URL.
	 *
	 * @param array|null $notice Notice from a posted form.
	 * @return array{0: string, 1: string} Provider id and panel; empty strings for none.
	 */
	private static function open_panel( ?array $notice ): array {
		if ( null !== $notice && '' !== $notice['panel'] ) {
			return array( $notice['provider'], $notice['panel'] );
		}
		// phpcs:ignore WordPress.Security.NonceVerification -- only opens a panel, changes nothing.
		$open = isset( $_GET['byok_open'] ) && is_string( $_GET['byok_open'] ) ? sanitize_text_field( wp_unslash( $_GET['byok_open'] ) ) : '';
		list( $provider, $panel ) = array_pad( explode( ':', $open, 2 ), 2, '' );
		return in_array( $panel, array( 'key', 'remove' ), true ) ? array( $provider, $panel ) : array( '', '' );
	}
}
