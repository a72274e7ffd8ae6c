<?php
/**
 * A page with keys.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * The page: header, notices, panels, the list of cards, and what the browser script needs. The same for
 * the site's keys, the network's and one's own; Key_Screen tells them apart.
 *
 * All of it works without JavaScript, by plain forms; the script only saves the reloads.
 *
 * @since 0.1.0
 */
final class Key_Page {

	/**
	 * Loads the style and the script, on one page only.
	 *
	 * @since 0.1.0
	 *
	 * @param string|false $page Hook suffix of the page; false for a person who may not see it.
	 */
	public static function enqueue_on( $page ): void {
		add_action(
			'admin_enqueue_scripts',
			static function ( string $hook_suffix ) use ( $page ): void {
				if ( $page === $hook_suffix ) {
					self::enqueue();
				}
			}
		);
	}

	/**
	 * Prints the page.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Screen $screen Page.
	 */
	public static function render( Key_Screen $screen ): void {
		if ( ! $screen->is_allowed() ) {
			return;
		}

		Canary::look();
		$source = null === Extension::reason() ? byok_key_source() : null;
		$usable = null !== $source && null === $source['error'];
		$infos  = $screen->infos();
		// Only the page that a posted form leads to; one that is opened meanwhile must not swallow it.
		// phpcs:ignore WordPress.Security.NonceVerification -- only tells what has already happened.
		$notice    = isset( $_GET['byok_notice'] ) ? Screen_Notice::take( $screen ) : null;
		$inherited = array();
		foreach ( array_keys( $infos ) as $provider ) {
			$inherited[ $provider ] = $screen->inherited( (string) $provider );
		}
		self::add_data( $screen, $infos, $inherited );

		?>
		<div class="wrap byok" data-owner="<?php echo esc_attr( $screen->owner->kind ); ?>">
			<header class="byok-header">
				<div class="byok-header__text">
					<h1><?php echo esc_html( $screen->title() ); ?></h1>
					<p><?php echo esc_html( $screen->introduction() ); ?></p>
				</div>
				<div class="byok-header__side">
					<?php
					// Members can do nothing about how the server keeps its secret.
					if ( null !== $source && 'user' !== $screen->owner->kind ) {
						Vault_State::render( $source );
					}
					?>
					<a class="byok-link" href="<?php echo esc_url( Usage_Page::url( $screen ) ); ?>"><?php esc_html_e( 'Usage and budgets', 'byok' ); ?></a>
				</div>
			</header>
			<hr class="wp-header-end">
			<div class="byok-column">
				<?php
				Page_Alerts::render( $screen, $source, $notice );
				if ( $usable ) {
					Unlock_Panel::render( $screen, $infos, $notice );
					Reencryption_Panel::render( $screen, $infos, $source );
					Import_Panel::render_found( $screen );
				}
				Card_Lists::render( $screen, $infos, $inherited, $usable, $notice );
				if ( $usable ) {
					Import_Panel::render_other( $screen, $notice );
					Relay_Panel::render( $screen, $notice );
					Connect_Panel::render( $screen, $notice );
					Webhook_Panel::render( $screen, $notice );
				}
				?>
			</div>
			<?php // Buttons that open or close a panel submit this form when there is no script. ?>
			<form id="byok-open" method="get" action="<?php echo esc_url( $screen->file() ); ?>">
				<input type="hidden" name="page" value="<?php echo esc_attr( $screen->slug() ); ?>">
			</form>
		</div>
		<?php
	}

	/**
	 * Loads the style and the script.
	 */
	public static function enqueue(): void {
		wp_enqueue_style( 'byok', plugins_url( 'assets/byok.css', BYOK_PLUGIN_FILE ), array( 'wp-admin', 'buttons' ), BYOK_VERSION );
		wp_enqueue_script( 'byok', plugins_url( 'assets/byok.js', BYOK_PLUGIN_FILE ), array( 'wp-api-fetch', 'wp-i18n', 'wp-a11y' ), BYOK_VERSION, true );
		wp_enqueue_script( 'byok-reencryption', plugins_url( 'assets/byok-reencryption.js', BYOK_PLUGIN_FILE ), array( 'byok' ), BYOK_VERSION, true );
		wp_set_script_translations( 'byok', 'byok', plugin_dir_path( BYOK_PLUGIN_FILE ) . 'languages' );
		wp_set_script_translations( 'byok-reencryption', 'byok', plugin_dir_path( BYOK_PLUGIN_FILE ) . 'languages' );
	}

	/**
	 * Hands the script what it needs. It is printed at the end of the page, so this is early enough.
	 *
	 * @param Key_Screen   $screen    Page.
	 * @param array[]      $infos     Infos by provider id.
	 * @param (array|null)[] $inherited What is used where there is no key, by provider id.
	 */
	private static function add_data( Key_Screen $screen, array $infos, array $inherited ): void {
		$providers = array();
		foreach ( $infos as $id => $info ) {
			$providers[ $id ] = array(
				'name'      => (string) $info['name'],
				'prefixes'  => array_values( $info['prefixes'] ),
				'inherited' => null === $inherited[ $id ] ? null : Key_Chip::inherited( $inherited[ $id ] ),
			);
		}
		$data = array(
			'chips'     => Key_Chip::table(),
			'providers' => (object) $providers,
			'route'     => $screen->route(),
			'words'     => array(
				'removed' => $screen->removed(),
				'first'   => Card_Lists::heading_without( false ),
				'another' => Card_Lists::heading_without( true ),
				'locked'  => (object) Unlock_Panel::sentences( $infos ),
				'stale'   => (object) Reencryption_Panel::sentences( $infos ),
			),
		);
		wp_add_inline_script(
			'byok',
			'window.byokScreen = ' . wp_json_encode( $data, JSON_HEX_TAG | JSON_HEX_AMP | JSON_UNESCAPED_SLASHES ) . ';',
			'before'
		);
	}
}
