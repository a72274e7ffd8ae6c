<?php
/**
 * A visitor of the relay.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;
use WP_REST_Request;

defined( 'ABSPATH' ) || exit;

/**
 * Somebody without an account, who holds a visitor token. Requests go with the keys that this visitor has stored and
 * with no other: not the site's, nor those of whoever is signed in in the same browser.
 *
 * @since 0.1.0
 */
final class Visitor_Identity implements Relay_Identity {

	/**
	 * Takes the visitor.
	 *
	 * @param Owner $owner Visitor.
	 */
	private function __construct( public readonly Owner $owner ) {}

	/**
	 * Looks for a visitor token.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 */
	public static function recognise( WP_REST_Request $request ): self|WP_Error|null {
		$token = Relay_Token::of( $request, Token::beginning( 'visitor' ) );
		if ( '' === $token ) {
			return null;
		}
		if ( ! Relay_Settings::current()->visitors ) {
			return Failure::because( 'relay_kind_off' );
		}
		$found = Visitors::find( $token );
		if ( is_wp_error( $found ) ) {
			return $found;
		}
		Known_Keys::remember( $found['owner'] );
		return new self( $found['owner'] );
	}

	/**
	 * Name for limits and usage.
	 *
	 * @since 0.1.0
	 */
	public function id(): string {
		return $this->owner->word();
	}

	/**
	 * Buckets of the limits.
	 *
	 * @since 0.1.0
	 */
	public function buckets(): array {
		return array( 'token' => $this->owner->word() );
	}

	/**
	 * Whether requests to a provider may be made.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 */
	public function may( string $provider ): true|WP_Error {
		return Own_Providers::may( $provider, $this->owner );
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
		return Gate::send( $provider, $this->args(), $request, $on_chunk );
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
		return Gate::models( $provider, $this->args() );
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
		return Gate::ticket( $provider, $this->args(), $options );
	}

	/**
	 * Whose key, and who asks, for the gate.
	 */
	private function args(): array {
		return array(
			'owner'  => $this->owner->word(),
			'caller' => Caller::relay(),
		);
	}
}
