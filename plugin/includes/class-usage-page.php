<?php
/**
 * API Keys → Usage.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * The page that tells what keys were used for, and where it is decided who may use them and how much. One
 * beside each page with keys: the site's, the network's, one's own. It is not in the menu; the page with the
 * keys links to it.
 *
 * All of it works without JavaScript.
 *
 * @since 0.1.0
 */
final class Usage_Page {

	/**
	 * Name of the page in its address.
	 */
	public const SLUG = 'byok-usage';

	/**
	 * Days that are shown.
	 */
	private const DAYS = 30;

	/**
	 * Adds the site's page and one's own, for those who may see them.
	 *
	 * @since 0.1.0
	 */
	public static function add_pages(): void {
		self::add( Key_Screen::site() );
		if ( is_user_logged_in() ) {
			self::add( Key_Screen::own() );
		}
	}

	/**
	 * Adds the network's page.
	 *
	 * @since 0.1.0
	 */
	public static function add_network_page(): void {
		self::add( Key_Screen::network() );
	}

	/**
	 * Marks the page with the keys in the menu, which this one belongs to.
	 *
	 * @since 0.1.0
	 *
	 * @param string|null $file Marked entry.
	 * @return string|null
	 */
	public static function mark_in_menu( $file ) {
		global $plugin_page;
		if ( self::SLUG === $plugin_page ) {
			return 'byok';
		}
		return self::own_slug() === $plugin_page ? Key_Screen::own()->slug() : $file;
	}

	/**
	 * Address of the page beside one with keys.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Screen $screen Page with keys.
	 */
	public static function url( Key_Screen $screen ): string {
		return add_query_arg( 'page', self::slug( $screen ), $screen->file() );
	}

	/**
	 * Prints the page.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Screen $screen Page with keys that it belongs to.
	 */
	public static function render( Key_Screen $screen ): void {
		if ( ! $screen->is_allowed() ) {
			return;
		}
		// phpcs:ignore WordPress.Security.NonceVerification -- only tells what has already happened.
		$notice = isset( $_GET['byok_notice'] ) ? Screen_Notice::take( $screen ) : null;
		$days   = Usage_Figures::days( $screen->owner, self::DAYS );
		$rows   = Usage_Figures::rows( $screen->owner, self::DAYS );
		?>
		<div class="wrap byok byok-usage">
			<header class="byok-header">
				<div class="byok-header__text">
					<h1><?php esc_html_e( 'Usage and budgets', 'byok' ); ?></h1>
					<p><?php esc_html_e( 'Who has used which key, who may, and how much. Days are days in UTC.', 'byok' ); ?></p>
				</div>
				<a class="byok-link" href="<?php echo esc_url( $screen->url() ); ?>"><?php echo esc_html( $screen->title() ); ?></a>
			</header>
			<hr class="wp-header-end">
			<div class="byok-column byok-usage__column">
				<?php
				if ( null !== $notice && '' !== $notice['message'] ) {
					printf(
						'<div class="byok-alert" data-tone="%s" role="status"><p>%s</p></div>',
						esc_attr( $notice['tone'] ),
						esc_html( $notice['message'] )
					);
				}
				Approval_Panel::render( $screen );
				Usage_Chart::render( $days );
				Usage_Report::render( $rows );
				Budget_Panel::render( $screen, $rows );
				?>
			</div>
		</div>
		<?php
	}

	/**
	 * Loads the styles.
	 *
	 * @since 0.1.0
	 */
	public static function enqueue(): void {
		wp_enqueue_style( 'byok', plugins_url( 'assets/byok.css', BYOK_PLUGIN_FILE ), array( 'wp-admin', 'buttons' ), BYOK_VERSION );
		wp_enqueue_style( 'byok-usage', plugins_url( 'assets/byok-usage.css', BYOK_PLUGIN_FILE ), array( 'byok' ), BYOK_VERSION );
	}

	/**
	 * Adds a page and hides it: WordPress finds it under its parent, and the menu does not show it.
	 *
	 * @param Key_Screen $screen Page with keys that it belongs to.
	 */
	private static function add( Key_Screen $screen ): void {
		$parent = basename( (string) wp_parse_url( $screen->file(), PHP_URL_PATH ) );
		$title  = __( 'Usage and budgets', 'byok' );
		$hook   = add_submenu_page(
			$parent,
			$title,
			$title,
			Capability::name( $screen->owner ),
			self::slug( $screen ),
			static function () use ( $screen ): void {
				self::render( $screen );
			}
		);
		// Once everything has been decided by the menu, and before it is printed.
		add_action(
			'admin_head',
			static function () use ( $parent, $screen ): void {
				remove_submenu_page( $parent, self::slug( $screen ) );
			}
		);
		add_action(
			'admin_enqueue_scripts',
			static function ( string $suffix ) use ( $hook ): void {
				if ( $suffix === $hook ) {
					self::enqueue();
				}
			}
		);
	}

	/**
	 * Name of a page in its address. People's own has another one: it may have the same parent as another
	 * plugin's page of the site.
	 *
	 * @param Key_Screen $screen Page with keys that it belongs to.
	 */
	private static function slug( Key_Screen $screen ): string {
		return 'user' === $screen->owner->kind ? self::own_slug() : self::SLUG;
	}

	/**
	 * Name of the page of one's own keys.
	 */
	private static function own_slug(): string {
		return 'byok-own-usage';
	}
}
