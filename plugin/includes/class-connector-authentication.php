<?php
/**
 * What WordPress's AI client is given in place of a key.
 *
 * @package byok
 */

namespace Byok;

use WordPress\AiClient\Common\Exception\RuntimeException;
use WordPress\AiClient\Providers\Http\Contracts\RequestAuthenticationInterface;
use WordPress\AiClient\Providers\Http\DTO\ApiKeyRequestAuthentication;
use WordPress\AiClient\Providers\Http\DTO\Request;

defined( 'ABSPATH' ) || exit;

/**
 * Authenticates requests with the stand-in of the site that is the current one when they are sent. WordPress
 * hands out keys once a request; a token made then would mean nothing after switch_to_blog().
 *
 * Only then it looks whether there is a key at all. A key that is still in WordPress's own row comes first, as
 * everywhere; last what the AI client had before, where byok has none.
 *
 * It holds no key of byok's, and no token either.
 *
 * @since 0.1.0
 */
final class Connector_Authentication extends ApiKeyRequestAuthentication {

	/**
	 * Takes a provider.
	 *
	 * @since 0.1.0
	 *
	 * @param string                              $provider Provider id.
	 * @param RequestAuthenticationInterface|null $other    What to use when there is no key.
	 */
	public function __construct( private readonly string $provider, private readonly ?RequestAuthenticationInterface $other = null ) {
		parent::__construct( '' );
	}

	/**
	 * One in the place of what the AI client has.
	 *
	 * @since 0.1.0
	 *
	 * @param RequestAuthenticationInterface|null $held     What it has.
	 * @param string                              $provider Provider id.
	 */
	public static function over( ?RequestAuthenticationInterface $held, string $provider ): self {
		if ( $held instanceof self ) {
			return $held;
		}
		// The client takes keys of the server's configuration from there itself, in plaintext.
		return new self( $provider, Connector_Keys::has_of_server( $provider ) ? null : $held );
	}

	/**
	 * Authenticates a request.
	 *
	 * @since 0.1.0
	 *
	 * @param Request $request Request.
	 * @return Request The request with a header.
	 * @throws RuntimeException When there is no key.
	 */
	public function authenticateRequest( Request $request ): Request {
		$key = $this->key();
		if ( '' === $key && null !== $this->other ) {
			return $this->other->authenticateRequest( $request );
		}
		return $request->withHeader( 'Authorization', 'Bearer ' . $this->getApiKey() );
	}

	/**
	 * The stand-in, for providers that have a header of their own.
	 *
	 * @since 0.1.0
	 *
	 * @throws RuntimeException When there is no key.
	 */
	public function getApiKey(): string {
		$key = $this->key();
		if ( '' === $key && $this->other instanceof ApiKeyRequestAuthentication ) {
			return $this->other->getApiKey();
		}
		if ( '' === $key ) {
			// As the client does when it was given none: a request without a key must not be sent.
			throw new RuntimeException( 'There is no API key.' );
		}
		return $key;
	}

	/**
	 * The same as an array, with an empty text when there is no key.
	 *
	 * @since 0.1.0
	 */
	public function toArray(): array {
		try {
			return array( self::KEY_API_KEY => $this->getApiKey() );
		} catch ( RuntimeException $thrown ) {
			return array( self::KEY_API_KEY => '' );
		}
	}

	/**
	 * What byok, or WordPress's own row, has.
	 *
	 * @return string Empty when there is no key.
	 */
	private function key(): string {
		$option = array_search( $this->provider, Connectors::all(), true );
		$plain  = false === $option ? '' : Connector_Option::plaintext( $option );
		if ( '' !== $plain ) {
			return $plain;
		}
		return Connector_Keys::has( $this->provider ) ? Connector_Keys::stand_in( $this->provider ) : '';
	}
}
