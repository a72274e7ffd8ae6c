<?php
/**
 * Settings → API Keys.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * The page: header, notices, the list of cards, and what the browser script needs.
 *
 * All of it works without JavaScript, by plain forms; the script only saves the reloads.
 *
 * @since 0.1.0
 */
final class Settings_Page {

	/**
	 * Slug of the page.
	 */
	public const SLUG = 'byok';

	/**
	 * Providers without a key that are shown at once. The rest waits behind "More providers", because
	 * a list of forty is a wall.
	 */
	private const SHOWN_AT_ONCE = 12;

	/**
	 * Hooks the page.
	 *
	 * @since 0.1.0
	 */
	public static function register_hooks(): void {
		add_action( 'admin_menu', array( self::class, 'add_page' ) );
		add_action( 'admin_enqueue_scripts', array( self::class, 'enqueue' ) );
	}

	/**
	 * Address of the page.
	 *
	 * @since 0.1.0
	 */
	public static function url(): string {
		return admin_url( 'options-general.php?page=' . self::SLUG );
	}

	/**
	 * Adds the page to the menu, for those who may see it.
	 *
	 * @since 0.1.0
	 */
	public static function add_page(): void {
		// WordPress asks for this capability again before it prints the page, and answers 403 without it.
		add_options_page(
			__( 'API Keys', 'byok' ),
			__( 'API Keys', 'byok' ),
			Capability::name(),
			self::SLUG,
			array( self::class, 'render' )
		);
	}

	/**
	 * Loads the style and the script, on this page only.
	 *
	 * @since 0.1.0
	 *
	 * @param string $hook_suffix The admin page.
	 */
	public static function enqueue( string $hook_suffix ): void {
		if ( 'settings_page_' . self::SLUG !== $hook_suffix ) {
			return;
		}
		wp_enqueue_style( 'byok', plugins_url( 'assets/byok.css', BYOK_PLUGIN_FILE ), array( 'wp-admin', 'buttons' ), BYOK_VERSION );
		wp_enqueue_script( 'byok', plugins_url( 'assets/byok.js', BYOK_PLUGIN_FILE ), array( 'wp-api-fetch', 'wp-i18n', 'wp-a11y' ), BYOK_VERSION, true );
		wp_set_script_translations( 'byok', 'byok', plugin_dir_path( BYOK_PLUGIN_FILE ) . 'languages' );

		$data = array(
			'chips'     => Key_Chip::table(),
			'providers' => array_map(
				static function ( array $info ): array {
					return array(
						'name'     => (string) $info['name'],
						'prefixes' => array_values( $info['prefixes'] ),
					);
				},
				Vault::all()
			),
		);
		wp_add_inline_script(
			'byok',
			'window.byokScreen = ' . wp_json_encode( $data, JSON_HEX_TAG | JSON_HEX_AMP | JSON_UNESCAPED_SLASHES ) . ';',
			'before'
		);
	}

	/**
	 * Prints the page.
	 *
	 * @since 0.1.0
	 */
	public static function render(): void {
		if ( ! Capability::current_user_can() ) {
			return;
		}

		$source = null === Extension::reason() ? byok_key_source() : null;
		$usable = null !== $source && null === $source['error'];
		// Only the page that a posted form leads to; one that is opened meanwhile must not swallow it.
		// phpcs:ignore WordPress.Security.NonceVerification -- only tells what has already happened.
		$notice = isset( $_GET['byok_notice'] ) ? Screen_Notice::take() : null;

		?>
		<div class="wrap byok">
			<header class="byok-header">
				<div class="byok-header__text">
					<h1><?php echo esc_html( get_admin_page_title() ); ?></h1>
					<p><?php esc_html_e( 'Paste a key once. It is checked, encrypted and never shown again.', 'byok' ); ?></p>
				</div>
				<?php
				if ( null !== $source ) {
					Vault_State::render( $source );
				}
				?>
			</header>
			<hr class="wp-header-end">
			<div class="byok-column">
				<?php
				self::render_notices( $source );
				self::render_lists( Vault::all(), $usable, $notice );
				?>
			</div>
			<?php // Buttons that open or close a panel submit this form when there is no script. ?>
			<form id="byok-open" method="get" action="<?php echo esc_url( admin_url( 'options-general.php' ) ); ?>">
				<input type="hidden" name="page" value="<?php echo esc_attr( self::SLUG ); ?>">
			</form>
		</div>
		<?php
	}

	/**
	 * Prints what concerns the whole page.
	 *
	 * @param array|null $source What byok_key_source() tells; null without the extension.
	 */
	private static function render_notices( ?array $source ): void {
		if ( null === $source ) {
			self::render_notice(
				'bad',
				Messages::reason( (string) Extension::reason() ),
				/* translators: %s: PHP version. */
				sprintf( __( 'For PHP %s on this server, run as root in the folder of byok’s source:', 'byok' ), phpversion() ),
				Extension::commands()
			);
			return;
		}
		if ( null !== $source['error'] ) {
			self::render_notice( 'bad', __( 'Keys cannot be encrypted on this site yet', 'byok' ), Messages::reason( $source['error'] ) );
		}
		if ( in_array( 'test_provider', $source['warnings'], true ) ) {
			self::render_notice( 'warn', Messages::reason( 'test_provider' ), __( 'Paste test keys only.', 'byok' ) );
		}
	}

	/**
	 * Prints one notice.
	 *
	 * @param string   $tone     One of Key_Chip::TONES.
	 * @param string   $title    What happened.
	 * @param string   $message  Why, and what to do.
	 * @param string[] $commands What to run for it.
	 */
	private static function render_notice( string $tone, string $title, string $message, array $commands = array() ): void {
		?>
		<div class="byok-alert" data-tone="<?php echo esc_attr( $tone ); ?>">
			<h2><?php echo esc_html( $title ); ?></h2>
			<p><?php echo esc_html( $message ); ?></p>
			<?php if ( $commands ) : ?>
				<pre dir="ltr" tabindex="0"><code><?php echo esc_html( implode( "\n", $commands ) ); ?></code></pre>
			<?php endif; ?>
		</div>
		<?php
	}

	/**
	 * Prints the cards: first the providers with a key, then the others in the table's order, which is
	 * the most used first.
	 *
	 * @param array      $providers Infos by provider id.
	 * @param bool       $usable    Whether anything can be saved now.
	 * @param array|null $notice    Notice from a posted form.
	 */
	private static function render_lists( array $providers, bool $usable, ?array $notice ): void {
		$with    = array();
		$without = array();
		foreach ( $providers as $id => $info ) {
			if ( 'absent' === $info['state'] ) {
				$without[ $id ] = $info;
			} else {
				$with[ $id ] = $info;
			}
		}
		list( $open_id, $panel ) = self::open_panel( $notice );

		if ( count( $providers ) > self::SHOWN_AT_ONCE ) {
			self::render_search();
		}
		if ( $with ) {
			self::render_list( __( 'Your keys', 'byok' ), $with, $open_id, $panel, $usable, $notice );
		}
		// Without the extension nothing can be added, and there is no table of providers to list.
		if ( ! $usable && $with ) {
			return;
		}

		$first = array_slice( $without, 0, self::SHOWN_AT_ONCE, true );
		$more  = array_slice( $without, self::SHOWN_AT_ONCE, null, true );
		if ( $first ) {
			self::render_list( $with ? __( 'Add another provider', 'byok' ) : __( 'Add your first key', 'byok' ), $first, $open_id, $panel, $usable, $notice );
		}
		if ( $more ) {
			?>
			<details class="byok-more"<?php echo isset( $more[ $open_id ] ) || ( null !== $notice && isset( $more[ $notice['provider'] ] ) ) ? ' open' : ''; ?>>
				<summary>
					<?php
					/* translators: %s: number of providers. */
					echo esc_html( sprintf( _n( '%s more provider', '%s more providers', count( $more ), 'byok' ), number_format_i18n( count( $more ) ) ) );
					?>
				</summary>
				<?php self::render_list( '', $more, $open_id, $panel, $usable, $notice ); ?>
			</details>
			<?php
		}
	}

	/**
	 * Prints one list of cards.
	 *
	 * @param string     $title     Heading, or empty.
	 * @param array      $providers Infos by provider id.
	 * @param string     $open_id   Provider whose panel is open.
	 * @param string     $panel     That panel.
	 * @param bool       $usable    Whether anything can be saved now.
	 * @param array|null $notice    Notice from a posted form.
	 */
	private static function render_list( string $title, array $providers, string $open_id, string $panel, bool $usable, ?array $notice ): void {
		if ( '' !== $title ) {
			echo '<h2 class="byok-section">' . esc_html( $title ) . '</h2>';
		}
		// The role survives `list-style: none`, which makes VoiceOver forget that it is a list.
		echo '<ul class="byok-cards" role="list">';
		foreach ( $providers as $id => $info ) {
			Provider_Card::render(
				$info,
				$id === $open_id ? $panel : '',
				null !== $notice && $id === $notice['provider'] ? $notice : null,
				$usable
			);
		}
		echo '</ul>';
	}

	/**
	 * Prints the search box. Only the script can filter, so it is hidden until there is one.
	 */
	private static function render_search(): void {
		?>
		<div class="byok-search" role="search" hidden>
			<label class="screen-reader-text" for="byok-search"><?php esc_html_e( 'Find a provider', 'byok' ); ?></label>
			<input type="search" id="byok-search" class="byok-input" placeholder="<?php esc_attr_e( 'Find a provider', 'byok' ); ?>" autocomplete="off">
			<p class="byok-help byok-search__none" hidden><?php esc_html_e( 'No provider has this name. The OpenAI-compatible card takes any address.', 'byok' ); ?></p>
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
