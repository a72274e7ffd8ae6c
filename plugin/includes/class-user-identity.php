<?php
/**
 * A signed-in user of the relay.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;
use WP_REST_Request;

defined( 'ABSPATH' ) || exit;

/**
 * Who is signed in, by a cookie with its nonce or an application password: WordPress has checked that before, and
 * counts a cookie without a nonce as nobody. Requests go with the key that applies to that person: their own, the
 * site's, the network's or the server's.
 *
 * @since 0.1.0
 */
final class User_Identity implements Relay_Identity {

	/**
	 * The capability. Who may edit posts has it, unless a role says otherwise.
	 */
	public const CAPABILITY = 'byok_use_relay';

	/**
	 * Takes the user.
	 *
	 * @param int $user User id.
	 */
	private function __construct( private readonly int $user ) {}

	/**
	 * Gives the capability to who may edit posts, where no role grants or denies it itself.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $has    Capabilities of a user, by name.
	 * @param mixed $wanted Capabilities that are asked for.
	 * @return mixed The same, with ours.
	 */
	public static function grant( $has, $wanted ) {
		if ( is_array( $has ) && in_array( self::CAPABILITY, (array) $wanted, true ) && ! isset( $has[ self::CAPABILITY ] ) ) {
			/**
			 * Filters the capability that comes with the right to use the relay.
			 *
			 * @since 0.1.0
			 *
			 * @param string $capability Capability; default `edit_posts`. `do_not_allow` leaves it to roles that have
			 *                           `byok_use_relay`.
			 */
			$comes_with               = apply_filters( 'byok_relay_capability', 'edit_posts' );
			$has[ self::CAPABILITY ] = is_string( $comes_with ) && ! empty( $has[ $comes_with ] );
		}
		return $has;
	}

	/**
	 * Who is signed in.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Unused: WordPress has looked at it.
	 */
	public static function recognise( WP_REST_Request $request ): self|WP_Error|null {
		if ( ! is_user_logged_in() ) {
			return null;
		}
		if ( ! Relay_Settings::current()->users ) {
			return Failure::because( 'relay_kind_off' );
		}
		return current_user_can( self::CAPABILITY ) ? new self( get_current_user_id() ) : Failure::because( 'relay_forbidden' );
	}

	/**
	 * Name for limits and usage.
	 *
	 * @since 0.1.0
	 */
	public function id(): string {
		return 'user:' . $this->user;
	}

	/**
	 * Buckets of the limits.
	 *
	 * @since 0.1.0
	 */
	public function buckets(): array {
		return array( 'user' => (string) $this->user );
	}

	/**
	 * Whether requests to a provider may be made.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 */
	public function may( string $provider ): true|WP_Error {
		return null === Providers::find( $provider ) ? Failure::because( Extension::reason() ?? 'provider_unknown' ) : true;
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
		return Gate::send( $provider, array( 'caller' => Caller::relay() ), $request, $on_chunk );
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
		return Gate::models( $provider, array( 'caller' => Caller::relay() ) );
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
		return Gate::ticket( $provider, array( 'caller' => Caller::relay() ), $options );
	}
}
