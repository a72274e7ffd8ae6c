<?php
/**
 * An application that uses the relay for its people.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;
use WP_REST_Request;

defined( 'ABSPATH' ) || exit;

/**
 * A server that holds a secret connect key, and names in a header whose key is meant. A public connect key is
 * recognised and refused: it may only store.
 *
 * A secret key that comes from a page is refused too, so that nobody ships one: browsers name the origin of a page,
 * servers have none.
 *
 * @since 0.1.0
 */
final class Connect_Identity implements Relay_Identity {

	/**
	 * The header that names whose key is meant.
	 */
	public const HEADER = 'x_byok_ref';

	/**
	 * Takes the pair, and whose key is meant.
	 *
	 * @param Connect_Pair $pair  Pair.
	 * @param Owner        $owner Whom the ref_id stands for.
	 */
	private function __construct(
		public readonly Connect_Pair $pair,
		public readonly Owner $owner
	) {}

	/**
	 * Looks for a connect key.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 */
	public static function recognise( WP_REST_Request $request ): self|WP_Error|null {
		$pair = self::secret( $request );
		if ( null === $pair && '' !== Relay_Token::of( $request, Token::beginning( 'public' ) ) ) {
			return Failure::because( 'connect_public_key' );
		}
		if ( ! $pair instanceof Connect_Pair ) {
			return $pair;
		}
		$ref = trim( (string) $request->get_header( self::HEADER ) );
		if ( '' === $ref ) {
			return Failure::because( 'ref_missing' );
		}
		$owner = $pair->ref( $ref );
		if ( null === $owner ) {
			return Failure::because( 'ref_unknown' );
		}
		Known_Keys::remember( $owner );
		return new self( $pair, $owner );
	}

	/**
	 * The pair whose secret key a request has.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return Connect_Pair|WP_Error|null Null when there is none in it.
	 */
	public static function secret( WP_REST_Request $request ): Connect_Pair|WP_Error|null {
		$token = Relay_Token::of( $request, Token::beginning( 'secret' ) );
		if ( '' === $token ) {
			return null;
		}
		if ( '' !== (string) $request->get_header( 'origin' ) ) {
			return Failure::because( 'connect_in_browser' );
		}
		return Relay_Settings::current()->connect ? Connect_Pairs::find( 'secret', $token ) : Failure::because( 'relay_kind_off' );
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
	 * Buckets of the limits: each of the application's people has one.
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
		$may = Own_Providers::may( $provider, $this->owner );
		return is_wp_error( $may ) || $this->pair->serves( $provider ) ? $may : Failure::because( 'connect_provider' );
	}

	/**
	 * Origins it is bound to: those of the pair, for tickets that its server hands to its pages.
	 *
	 * @since 0.1.0
	 */
	public function origins(): ?array {
		return $this->pair->origins;
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
