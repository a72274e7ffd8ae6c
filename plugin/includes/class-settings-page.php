<?php
/**
 * Settings → API Keys.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Puts the page with the site's keys into the menu. What is on it is Key_Page's.
 *
 * @since 0.1.0
 */
final class Settings_Page {

	/**
	 * Prints the page.
	 *
	 * @since 0.1.0
	 */
	public static function render(): void {
		Key_Page::render( Key_Screen::site() );
	}
}
