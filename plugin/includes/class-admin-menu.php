<?php
/**
 * The plugin's pages in the menus of wp-admin.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Adds the pages with keys for those who may see them. Every page of wp-admin runs this, so it names the pages and
 * loads none.
 *
 * @since 0.1.0
 */
final class Admin_Menu {

	/**
	 * Hook suffixes of the pages.
	 *
	 * @var array<string|false>
	 */
	private static array $pages = array();

	/**
	 * Adds the pages.
	 *
	 * @since 0.1.0
	 */
	public static function add_pages(): void {
		$site = __( 'API Keys', 'byok' );
		$own  = __( 'Your API Keys', 'byok' );
		// WordPress asks for this capability again before it prints the page, and answers 403 without it.
		self::$pages[] = add_submenu_page( 'options-general.php', $site, $site, Capability::name(), 'byok', array( Settings_Page::class, 'render' ) );
		self::$pages[] = add_submenu_page( 'profile.php', $own, $own, Capability::name( Owner::user( get_current_user_id() ) ), 'byok-keys', array( Profile_Section::class, 'render_page' ) );
	}

	/**
	 * Loads the style and the script, on these pages only. Hooked to `admin_enqueue_scripts`.
	 *
	 * @since 0.1.0
	 *
	 * @param string $suffix Hook suffix of the current page.
	 */
	public static function enqueue( $suffix ): void {
		if ( in_array( $suffix, self::$pages, true ) ) {
			Key_Page::enqueue();
		}
	}
}
