<?php
/**
 * Who brings a key with each request to the relay.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;
use WP_REST_Request;

defined( 'ABSPATH' ) || exit;

/**
 * A request with the headers X-BYOK-Api-Key and X-BYOK-Provider: the key is used for it and forgotten. Nobody is
 * asked who they are, since nobody else's key or money is used; the address and the site are counted.
 *
 * @since 0.1.0
 */
final class Pass_Through_Identity implements Relay_Identity {

	/**
	 * Takes what was sent.
	 *
	 * @param Credentials $credentials Credentials.
	 */
	private function __construct( private readonly Credentials $credentials ) {}

	/**
	 * Looks for a key in the request.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 */
	public static function recognise( WP_REST_Request $request ): self|WP_Error|null {
		$credentials = Passed_Key::of( $request );
		if ( null === $credentials ) {
			return null;
		}
		if ( ! Relay_Settings::current()->pass_through ) {
			return Failure::because( 'relay_kind_off' );
		}
		return is_wp_error( $credentials ) ? $credentials : new self( $credentials );
	}

	/**
	 * Name for limits.
	 *
	 * @since 0.1.0
	 */
	public function id(): string {
		return 'pass';
	}

	/**
	 * Buckets of the limits: none of its own. To tell keys apart something of them would have to be kept.
	 *
	 * @since 0.1.0
	 */
	public function buckets(): array {
		return array();
	}

	/**
	 * Whether requests to a provider may be made: only to the one that the key is for.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 */
	public function may( string $provider ): true|WP_Error {
		return $provider === $this->credentials->provider ? true : Failure::because( 'credentials_other_provider' );
	}

	/**
	 * Origins it is bound to: the site's list.
	 *
	 * @since 0.1.0
	 */
	public function origins(): ?array {
		return null;
	}

	/**
	 * Sends a request.
	 *
	 * @since 0.1.0
	 *
	 * @param string        $provider Provider id.
	 * @param array         $request  Request.
	 * @param callable|null $on_chunk Gets the body as it comes.
	 * @return array|WP_Error
	 */
	public function send( string $provider, array $request, ?callable $on_chunk ) {
		$may = $this->may( $provider );
		return true === $may ? $this->credentials->pass( $request, $on_chunk ) : $may;
	}

	/**
	 * Lists models.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @return array|WP_Error
	 */
	public function models( string $provider ) {
		$may = $this->may( $provider );
		return true === $may ? $this->credentials->models() : $may;
	}

	/**
	 * Makes a ticket.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param array  $options  Options.
	 * @return string|WP_Error
	 */
	public function ticket( string $provider, array $options ) {
		$may = $this->may( $provider );
		return true === $may ? $this->credentials->ticket( $options ) : $may;
	}
}
