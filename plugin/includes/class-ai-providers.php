<?php
/**
 * The providers that byok adds to WordPress's AI client.
 *
 * @package byok
 */

namespace Byok;

use Exception;
use WordPress\AiClient\AiClient;

defined( 'ABSPATH' ) || exit;

/**
 * Adds providers of the table to the AI client, unless a plugin has added one of that id. Each becomes a
 * connector on the Connectors screen, and answers prompts.
 *
 * Not those of WordPress itself, which have official plugins of their own; nor those with an address of one's
 * own or with another API than OpenAI's.
 *
 * @since 0.1.0
 */
final class AI_Providers {

	/**
	 * Adds them. Hooked to `init`.
	 *
	 * @since 0.1.0
	 */
	public static function register(): void {
		if ( null !== Extension::reason() || ! wp_supports_ai() ) {
			return;
		}
		$classes = require __DIR__ . '/ai-provider-classes.php';
		try {
			$registry = AiClient::defaultRegistry();
			foreach ( $classes as $class_name ) {
				$known = Providers::find( $class_name::id() );
				if ( null !== $known && ! $registry->hasProvider( $known['id'] ) ) {
					$registry->registerProvider( $class_name );
				}
			}
		} catch ( Exception $thrown ) {
			// Another version of the client. Keys and everything else go on without these.
			return;
		}
	}
}
