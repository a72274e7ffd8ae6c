<?php
/**
 * The providers that byok adds to WordPress's AI client.
 *
 * @package byok
 */

namespace Byok;

use Exception;
use WordPress\AiClient\Providers\ProviderRegistry;

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
	 * Adds them.
	 *
	 * @since 0.1.0
	 *
	 * @param ProviderRegistry $registry Registry of the client.
	 */
	public static function register( ProviderRegistry $registry ): void {
		if ( null !== Extension::reason() || ! wp_supports_ai() ) {
			return;
		}
		$classes = require_once __DIR__ . '/ai-provider-classes.php';
		try {
			foreach ( is_array( $classes ) ? $classes : array() as $class_name ) {
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
