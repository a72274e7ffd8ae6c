<?php
/**
 * The module in the browser.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Tells the script module `byok` about this site and who looks at the page. It is written into the page as
 * data, so that a strict Content-Security-Policy has nothing against it.
 *
 * It tells nothing of any key.
 *
 * @since 0.1.0
 */
final class Browser_Module {

	/**
	 * Name of the module.
	 */
	public const ID = 'byok';

	/**
	 * Providers with an address of one's own that an author has put into a form of this page.
	 *
	 * @var string[]
	 */
	private static array $named = array();

	/**
	 * Offers providers on this page because their author has named them. Those with an address of one's own are offered
	 * nowhere else: this site keeps no keys of people for them, so they are for who wants them in the browser.
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $ids Ids of providers of the table.
	 */
	public static function offer( array $ids ): void {
		$ids         = array_filter( $ids, static fn( string $id ) => Providers::find( $id )['custom_base_url'] ?? false );
		self::$named = array_values( array_unique( array_merge( self::$named, $ids ) ) );
	}

	/**
	 * What the module is told.
	 *
	 * @since 0.1.0
	 *
	 * @param array $data What others have added.
	 * @return array The options of createBYOK(), see browser/src/byok.ts.
	 */
	public static function data( $data ): array {
		$settings = array(
			'site'      => self::site(),
			'namespace' => self::storage_name(),
			'practice'  => array(
				'url'  => Practice_Page::url(),
				'safe' => Practice::is_safe(),
			),
			'words'     => Browser_Words::all(),
		);
		if ( false !== filter_var( trim( (string) wp_parse_url( home_url(), PHP_URL_HOST ), '[]' ), FILTER_VALIDATE_IP ) ) {
			// Browsers make no passkeys for an address without a name.
			$settings['modes'] = array( 'site', 'browser', 'memory' );
		}
		if ( null === Extension::reason() ) {
			// Else there is no table, and the module has its own for what stays in the browser.
			$settings['providers'] = array_merge( Own_Providers::ids( is_user_logged_in() ? 'user' : 'visitor' ), self::$named );
		}

		/**
		 * Filters what the module in the browser is told: providers, modes, words …
		 *
		 * Everything in it can be read by whoever sees the page.
		 *
		 * @since 0.1.0
		 *
		 * @param array $settings Options of createBYOK().
		 */
		return (array) apply_filters( 'byok_browser_settings', $settings + (array) $data );
	}

	/**
	 * What names in the browser's storage begin with. Sites in folders of one address share that storage.
	 */
	private static function storage_name(): string {
		return 'byok' . untrailingslashit( (string) wp_parse_url( home_url( '/' ), PHP_URL_PATH ) );
	}

	/**
	 * Where this site can be asked, and as whom.
	 *
	 * @return array|null See SiteOptions in browser/src/site.ts; null for somebody who cannot keep a key here.
	 */
	private static function site(): ?array {
		if ( ! Practice::is_safe() ) {
			return null;
		}
		if ( is_user_logged_in() ) {
			// Pages of who is logged in are not kept for others, and so no nonce is.
			return Capability::current_user_can( Owner::user( get_current_user_id() ) ) ? array(
				'root'     => rest_url(),
				'nonce'    => wp_create_nonce( 'wp_rest' ),
				'nonceUrl' => admin_url( 'admin-ajax.php?action=rest-nonce' ),
				'relay'    => Practice::may_relay(),
				'tickets'  => self::tickets(),
			) : null;
		}
		return Practice::relay()['visitors'] ? array(
			'root'     => rest_url(),
			'visitors' => true,
			'relay'    => true,
			'tickets'  => self::tickets(),
		) : null;
	}

	/**
	 * How many requests a ticket for the web server's own path is for: one, since all of them count as soon as it is made.
	 *
	 * @return int 0 where there is no such path, or there are no tickets for it.
	 */
	private static function tickets(): int {
		return Relay_Offload::is_here() && array() === Relay_Settings::current()->models ? 1 : 0;
	}
}
