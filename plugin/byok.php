<?php
/**
 * Plugin Name:       byok
 * Description:       Paste an AI provider key once. It is checked with the provider, encrypted by a native extension and never shown again.
 * Version:           0.1.0
 * Requires at least: 6.8
 * Requires PHP:      8.2
 * License:           GPL-2.0-or-later
 * License URI:       https://www.gnu.org/licenses/gpl-2.0.html
 * Text Domain:       byok
 * Domain Path:       /languages
 *
 * @package byok
 */

defined( 'ABSPATH' ) || exit;

// A second copy of the plugin stands back: two would answer the same routes and forms.
if ( defined( 'BYOK_VERSION' ) ) {
	return;
}

define( 'BYOK_VERSION', '0.1.0' );
define( 'BYOK_PLUGIN_FILE', __FILE__ );

require_once __DIR__ . '/includes/autoload.php';
require_once __DIR__ . '/functions.php';

Byok\Plugin::register_hooks();
