<?php
/**
 * The REST routes of visitors.
 *
 * @package byok
 */

namespace Byok;

use WeakMap;
use WP_Error;
use WP_REST_Request;
use WP_REST_Response;
use WP_REST_Server;

defined( 'ABSPATH' ) || exit;

/**
 * For people without an account, who hold a token in place of one:
 *
 *     POST   /byok/v1/visitors                          a new token
 *     DELETE /byok/v1/visitors                          erases everything
 *     GET    /byok/v1/visitors/token                    when it ends
 *     POST   /byok/v1/visitors/token/rotate             another one in its place
 *     DELETE /byok/v1/visitors/token                    revokes it
 *     GET    /byok/v1/visitors/keys
 *     PUT    /byok/v1/visitors/keys/{provider}          { "key": "…" }
 *     POST   /byok/v1/visitors/keys/{provider}/rotate   { "key": "…" }
 *     POST   /byok/v1/visitors/keys/{provider}/check
 *     DELETE /byok/v1/visitors/keys/{provider}
 *
 * A token is shown once, and is never read from an address. Whether one exists is told to nobody: every refused one has
 * the same answer. Looking after one's keys takes nothing of what the relay lets through: it has a limit of its own, `own`,
 * beside that of checks, see Attempts. Who wants to be forgotten is, also when the site does not let visitors in any more.
 *
 * @since 0.1.0
 */
final class Rest_Visitors {

	/**
	 * Who requests are from: tokens are taken out of requests when they are first looked at, and WordPress asks for
	 * permission more than once.
	 *
	 * @var WeakMap<WP_REST_Request, array{found: array|WP_Error|null, token: string}>|null
	 */
	private static ?WeakMap $seen = null;

	/**
	 * Registers the routes.
	 *
	 * @since 0.1.0
	 */
	public static function register(): void {
		$one   = '/keys/(?P<provider>[A-Za-z0-9-]+)';
		$with  = array( 'args' => Guest_Keys::parameters(), 'schema' => array( Guest_Keys::class, 'schema' ) );
		$gets  = WP_REST_Server::READABLE;
		$posts = WP_REST_Server::CREATABLE;
		$takes = WP_REST_Server::DELETABLE;

		self::route( '', array( self::on( $posts, 'add', array( self::class, 'may_register' ) ), self::on( $takes, 'erase', array( self::class, 'may_leave' ) ) ) );
		self::route( '/token', array( self::on( $gets, 'token' ), self::on( $takes, 'revoke', array( self::class, 'may_leave' ) ) ) );
		self::route( '/token/rotate', array( self::on( $posts, 'rotate_token' ) ) );
		self::route( '/keys', array( self::on( $gets, 'keys' ), 'schema' => $with['schema'] ) );
		self::route( $one, $with + array( self::on( WP_REST_Server::EDITABLE, 'save' ) + array( 'args' => Guest_Keys::key_parameter() ), self::on( $takes, 'delete', array( self::class, 'may_leave' ) ) ) );
		self::route( "$one/rotate", $with + array( self::on( $posts, 'rotate' ) + array( 'args' => Guest_Keys::key_parameter() ) ) );
		self::route( "$one/check", $with + array( self::on( $posts, 'check' ) ) );
	}

	/**
	 * Registers a route.
	 *
	 * @param string $path      Path below visitors.
	 * @param array  $endpoints Endpoints.
	 */
	private static function route( string $path, array $endpoints ): void {
		register_rest_route( 'byok/v1', "/visitors$path", $endpoints );
	}

	/**
	 * An endpoint.
	 *
	 * @param string        $methods    Methods.
	 * @param string        $callback   Name of the method that answers.
	 * @param callable|null $permission Who may; null for a visitor that is let in.
	 */
	private static function on( string $methods, string $callback, ?callable $permission = null ): array {
		return array(
			'methods'             => $methods,
			'callback'            => array( self::class, $callback ),
			'permission_callback' => $permission ?? array( self::class, 'is_visitor' ),
		);
	}

	/**
	 * Whether somebody may become a visitor.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return true|WP_Error
	 */
	public static function may_register( $request ) {
		return self::is_open() ? Relay_Cors::refuse( $request ) ?? true : Failure::because( 'relay_kind_off' );
	}

	/**
	 * Whether a request is from a visitor that is let in.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return true|WP_Error
	 */
	public static function is_visitor( $request ) {
		self::token_of( $request );
		if ( ! self::is_open() ) {
			return Failure::because( 'relay_kind_off' );
		}
		return self::may_leave( $request );
	}

	/**
	 * Whether a request is from a visitor, let in or not.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return true|WP_Error
	 */
	public static function may_leave( $request ) {
		$found = self::found( $request )['found'];
		return is_wp_error( $found ) ? $found : Relay_Cors::refuse( $request ) ?? true;
	}

	/**
	 * Makes a visitor.
	 *
	 * @since 0.1.0
	 *
	 * @return WP_REST_Response|WP_Error byok_too_many_requests, byok_storage_failed.
	 */
	public static function add() {
		$refused = Limits::take( array( 'register' => self::address() ) );
		$made    = $refused ?? Visitors::register();
		return is_wp_error( $made ) ? $made : self::answer( $made, 201 );
	}

	/**
	 * Tells when the token ends.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response
	 */
	public static function token( $request ) {
		return self::answer( self::found( $request )['found'] );
	}

	/**
	 * Gives out another token in place of the one that was sent.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response|WP_Error
	 */
	public static function rotate_token( $request ) {
		$made = Visitors::rotate( self::found( $request )['token'] );
		return is_wp_error( $made ) ? $made : self::answer( $made );
	}

	/**
	 * Revokes the token, and removes the keys that nobody could reach any more.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response|WP_Error
	 */
	public static function revoke( $request ) {
		$gone = Guest_Eraser::revoke( self::owner( $request ) );
		return is_wp_error( $gone ) ? $gone : Guest_Keys::answer( array( 'revoked' => true ) + $gone );
	}

	/**
	 * Erases everything that is kept of the visitor.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response|WP_Error
	 */
	public static function erase( $request ) {
		$gone = Guest_Eraser::erase( self::owner( $request ) );
		return is_wp_error( $gone ) ? $gone : Guest_Keys::answer( array( 'erased' => true ) + $gone );
	}

	/**
	 * Lists the visitor's keys.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response|WP_Error
	 */
	public static function keys( $request ) {
		return Guest_Keys::list( self::owner( $request ) );
	}

	/**
	 * Saves a key.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response|WP_Error
	 */
	public static function save( $request ) {
		return self::store( $request, array() );
	}

	/**
	 * Replaces a key by one that the provider has accepted. Until then the one before stays in use.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response|WP_Error
	 */
	public static function rotate( $request ) {
		return self::store( $request, array( 'verified' => true, 'exists' => true ) );
	}

	/**
	 * Checks a stored key once more.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response|WP_Error
	 */
	public static function check( $request ) {
		return Guest_Keys::check( $request, self::owner( $request ) );
	}

	/**
	 * Deletes a key.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response|WP_Error
	 */
	public static function delete( $request ) {
		return Guest_Keys::delete( $request, self::owner( $request ) );
	}

	/**
	 * Checks a key and stores it.
	 *
	 * @param WP_REST_Request $request Request.
	 * @param array           $args    See Guest_Keys::save().
	 * @return WP_REST_Response|WP_Error
	 */
	private static function store( WP_REST_Request $request, array $args ) {
		list( 'token' => $token, 'found' => $found ) = self::found( $request );
		$told = Guest_Keys::save( $request, $found['owner'], $args, static fn(): string => Visitors::standing( $token ) );
		return is_wp_error( $told ) ? $told : Guest_Keys::answer( $told );
	}

	/**
	 * Who a request is from. The first time, it is counted.
	 *
	 * @param WP_REST_Request $request Request.
	 * @return array{found: array|WP_Error, token: string} See Visitors::find().
	 */
	private static function found( WP_REST_Request $request ): array {
		$token = self::token_of( $request );
		if ( null === self::$seen[ $request ]['found'] ) {
			// Addresses are counted before anything is looked up, so that guessing is limited too. Who has a right token is
			// counted as that one: several people share an address.
			$address = self::address();
			$refused = Limits::take( array( 'own' => '' === $address ? '' : "address $address" ) );
			$found   = $refused ?? ( '' === $token ? Failure::because( 'token_unknown' ) : Visitors::find( $token ) );
			if ( is_array( $found ) ) {
				Known_Keys::remember( $found['owner'] );
				Limits::take_back();
				$found = Limits::take( array( 'own' => $found['owner']->word() ) ) ?? $found;
			}
			self::$seen[ $request ] = compact( 'found', 'token' );
		}
		return self::$seen[ $request ];
	}

	/**
	 * The token of a request, which is taken out of it before anything else, such as a query that others listen to.
	 *
	 * @param WP_REST_Request $request Request.
	 */
	private static function token_of( WP_REST_Request $request ): string {
		self::$seen ??= new WeakMap();
		if ( ! isset( self::$seen[ $request ] ) ) {
			$token = Relay_Token::of( $request, Token::beginning( 'visitor' ) );
			$found = null;
			Relay_Token::forget( $request );
			Guest_Keys::hold( $request );
			self::$seen[ $request ] = compact( 'found', 'token' );
		}
		return self::$seen[ $request ]['token'];
	}

	/**
	 * The visitor that a request is from, who was let through before.
	 *
	 * @param WP_REST_Request $request Request.
	 */
	private static function owner( WP_REST_Request $request ): Owner {
		return self::found( $request )['found']['owner'];
	}

	/**
	 * Whether the site lets visitors in.
	 */
	private static function is_open(): bool {
		$settings = Relay_Settings::current();
		return $settings->enabled && $settings->visitors;
	}

	/**
	 * Where a request comes from.
	 */
	private static function address(): string {
		return Relay_Address::current( Relay_Settings::current()->trusted_proxies );
	}

	/**
	 * Tells about a visitor, and a new token if there is one.
	 *
	 * @param array $visitor See Visitors.
	 * @param int   $status  HTTP status.
	 */
	private static function answer( array $visitor, int $status = 200 ): WP_REST_Response {
		return Guest_Keys::answer(
			array_filter(
				array(
					'visitor'    => $visitor['owner']->id,
					'token'      => isset( $visitor['token'] ) ? $visitor['token']->reveal() : null,
					'created_at' => $visitor['created_at'] ?? null,
					'expires_at' => $visitor['expires_at'],
				),
				static fn( $field ) => null !== $field
			),
			$status
		);
	}
}
