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
 * counts a cookie without a nonce as nobody. Who has the capability sends requests with the key that applies: their own, the
 * site's, the network's or the server's. A key of one's own needs no right to the site's: where the switch `members` or
 * `visitors` is on, everybody else who may have one sends with that, and never with another.
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
	 * @param Owner $user     The user.
	 * @param bool  $own_only Whether only keys of this user's own may be used.
	 */
	private function __construct( private readonly Owner $user, private readonly bool $own_only ) {}

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
		return self::current();
	}

	/**
	 * Who is signed in, and may use the relay. Whether the relay is on at all is not asked here.
	 *
	 * @since 0.1.0
	 *
	 * @return self|WP_Error|null byok_relay_kind_off, byok_relay_forbidden; null for nobody.
	 */
	public static function current(): self|WP_Error|null {
		$settings = Relay_Settings::current();
		$user     = Owner::user( get_current_user_id() );
		if ( ! is_user_logged_in() ) {
			return null;
		}
		if ( $settings->users && current_user_can( self::CAPABILITY ) ) {
			return new self( $user, false );
		}
		// Who lets strangers in with keys of their own does not turn them away when they sign in.
		$members = $settings->members || $settings->visitors;
		if ( $members && Capability::current_user_can( $user ) ) {
			return new self( $user, true );
		}
		return Failure::because( $settings->users || $members ? 'relay_forbidden' : 'relay_kind_off' );
	}

	/**
	 * Name for limits and usage.
	 *
	 * @since 0.1.0
	 */
	public function id(): string {
		return $this->user->word();
	}

	/**
	 * Buckets of the limits.
	 *
	 * @since 0.1.0
	 */
	public function buckets(): array {
		return array( 'user' => (string) $this->user->id );
	}

	/**
	 * Whether requests to a provider may be made.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 */
	public function may( string $provider ): true|WP_Error {
		if ( ! $this->own_only ) {
			return null === Providers::find( $provider ) ? Failure::because( Extension::reason() ?? 'provider_unknown' ) : true;
		}
		$may = Own_Providers::may( $provider, $this->user );
		// Where keys of one's own do not count, they do not here either.
		return is_wp_error( $may ) || in_array( 'user', Resolver::order( $provider ), true ) ? $may : Failure::because( 'relay_forbidden' );
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
	 * Whose key requests to a provider go with.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @return Owner|Server_Key|WP_Error|null See Resolver::find().
	 */
	public function key_of( string $provider ) {
		return Resolver::find( $provider, $this->args() );
	}

	/**
	 * Whose key, and who asks, for the gate.
	 */
	private function args(): array {
		return ( $this->own_only ? array( 'owner' => $this->user->word() ) : array() ) + array( 'caller' => Caller::relay() );
	}
}
