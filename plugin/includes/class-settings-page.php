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
	 * Hooks the page.
	 *
	 * @since 0.1.0
	 */
	public static function register_hooks(): void {
		add_action( 'admin_menu', array( self::class, 'add_page' ) );
	}

	/**
	 * Adds the page to the menu, for those who may see it.
	 *
	 * @since 0.1.0
	 */
	public static function add_page(): void {
		$screen = Key_Screen::site();
		// WordPress asks for this capability again before it prints the page, and answers 403 without it.
		$hook = add_options_page(
			$screen->title(),
			$screen->title(),
			Capability::name( $screen->owner ),
			$screen->slug(),
			array( self::class, 'render' )
		);
		Key_Page::enqueue_on( $hook );
	}

	/**
	 * Prints the page.
	 *
	 * @since 0.1.0
	 */
	public static function render(): void {
		Key_Page::render( Key_Screen::site() );
	}
}
