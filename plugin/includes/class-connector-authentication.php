<?php
/**
 * What WordPress's AI client is given in place of a key.
 *
 * @package byok
 */

namespace Byok;

use WordPress\AiClient\Providers\Http\DTO\ApiKeyRequestAuthentication;

defined( 'ABSPATH' ) || exit;

/**
 * Authenticates requests with the stand-in of the site that is the current one when they are sent. WordPress
 * hands out keys once a request; a token made then would mean nothing after switch_to_blog().
 *
 * It holds no key, and no token either.
 *
 * @since 0.1.0
 */
final class Connector_Authentication extends ApiKeyRequestAuthentication {

	/**
	 * Takes a provider.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 */
	public function __construct( private readonly string $provider ) {
		parent::__construct( '' );
	}

	/**
	 * Authenticates a request.
	 *
	 * @since 0.1.0
	 *
	 * @param \WordPress\AiClient\Providers\Http\DTO\Request $request Request.
	 * @return \WordPress\AiClient\Providers\Http\DTO\Request The request with a header.
	 */
	public function authenticateRequest( \WordPress\AiClient\Providers\Http\DTO\Request $request ): \WordPress\AiClient\Providers\Http\DTO\Request {
		return $request->withHeader( 'Authorization', 'Bearer ' . $this->getApiKey() );
	}

	/**
	 * The stand-in, for providers that have a header of their own.
	 *
	 * @since 0.1.0
	 */
	public function getApiKey(): string {
		return Connector_Keys::stand_in( $this->provider );
	}

	/**
	 * The same as an array.
	 *
	 * @since 0.1.0
	 */
	public function toArray(): array {
		return array( self::KEY_API_KEY => $this->getApiKey() );
	}
}
