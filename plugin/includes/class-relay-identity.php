<?php
/**
 * Someone who uses the relay.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;
use WP_REST_Request;

defined( 'ABSPATH' ) || exit;

/**
 * One way to be someone: a signed-in user, a visitor with a token, a server or page with a connect key, or who
 * passes a key of their own through. Each knows how it shows in a request, what it may do, and with whose key
 * its requests go.
 *
 * It knows nothing of limits, paths, origins of the site or of what is passed on: that is the relay's.
 *
 * @since 0.1.0
 */
interface Relay_Identity {

	/**
	 * Looks for this kind in a request.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request. What is secret in it is taken out of it.
	 * @return self|WP_Error|null Who it is; an error when it is of this kind but is refused; null when it is of
	 *                            another kind.
	 */
	public static function recognise( WP_REST_Request $request ): self|WP_Error|null;

	/**
	 * Name for limits and usage.
	 *
	 * @since 0.1.0
	 *
	 * @return string `user:5`, `visitor:ID`, `ref:ID` or `pass`.
	 */
	public function id(): string;

	/**
	 * Which buckets of the limits count a request: kinds of Relay_Settings::LIMITS with what tells one bucket
	 * from another. The address, the provider and the whole site are counted by the relay itself.
	 *
	 * @since 0.1.0
	 *
	 * @return array<string, string> Such as `array( 'user' => '5' )` or `array( 'token' => 'ID' )`.
	 */
	public function buckets(): array;

	/**
	 * Whether requests to a provider may be made at all. Whether there is a key that opens shows when it is sent.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 */
	public function may( string $provider ): true|WP_Error;

	/**
	 * The origins that this one is bound to.
	 *
	 * @since 0.1.0
	 *
	 * @return string[]|null Such as `https://app.example`; null for the site's list.
	 */
	public function origins(): ?array;

	/**
	 * Sends a request through the gate.
	 *
	 * @since 0.1.0
	 *
	 * @param string        $provider Provider id.
	 * @param array         $request  See byok_send(); without base_url, which is the key's.
	 * @param callable|null $on_chunk Gets the body as it comes, see byok_send().
	 * @return array|WP_Error The answer, see byok_send().
	 */
	public function send( string $provider, array $request, ?callable $on_chunk );

	/**
	 * Lists the models that the key may use.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @return array|WP_Error As of byok_models().
	 */
	public function models( string $provider );

	/**
	 * Makes a ticket for the web server's own path.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param array  $options  See byok_ticket(); without base_url, which is the key's.
	 * @return string|WP_Error Ticket.
	 */
	public function ticket( string $provider, array $options );
}
