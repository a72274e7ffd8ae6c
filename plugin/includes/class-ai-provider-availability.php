<?php
/**
 * Whether a provider can be used by WordPress's AI client.
 *
 * @package byok
 */

namespace Byok;

use WordPress\AiClient\Providers\Contracts\ProviderAvailabilityInterface;

defined( 'ABSPATH' ) || exit;

/**
 * Tells what the vault knows of the key. Nothing is sent: the client asks this on pages as well.
 *
 * @since 0.1.0
 */
final class AI_Provider_Availability implements ProviderAvailabilityInterface {

	/**
	 * Takes a provider.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 */
	public function __construct( private readonly string $provider ) {}

	/**
	 * Whether there is a key, and its provider did not refuse it.
	 *
	 * @since 0.1.0
	 */
	public function isConfigured(): bool {
		$option = array_search( $this->provider, Connectors::all(), true );
		// A key that is still in WordPress's own row is used as well.
		return Connector_Client::works( $this->provider ) || ( false !== $option && '' !== Connector_Option::plaintext( $option ) );
	}
}
