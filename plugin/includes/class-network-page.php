<?php
/**
 * Network Admin → Settings → API Keys.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Puts the page with the network's keys into the network's menu. What is on it is Key_Page's.
 *
 * @since 0.1.0
 */
final class Network_Page {

	/**
	 * Adds the page to the menu, for those who may see it.
	 *
	 * @since 0.1.0
	 */
	public static function add_page(): void {
		$screen = Key_Screen::network();
		$hook   = add_submenu_page(
			'settings.php',
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
		Key_Page::render( Key_Screen::network() );
	}
}
