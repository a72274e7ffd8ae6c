<?php
/**
 * The REST routes of connect keys.
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
 * For other applications, whose people bring keys to this site. With the public key of a pair, from a page of a listed
 * origin or from a server:
 *
 *     POST   /byok/v1/connect/keys/{provider}               { "key": "…", "ref_id": "…" }   stores, and replaces nothing
 *
 * with the secret one, from a server:
 *
 *     POST   /byok/v1/connect/refs                          a new ref_id
 *     GET    /byok/v1/connect/refs/{ref_id}/keys
 *     POST   /byok/v1/connect/refs/{ref_id}/keys/{provider}/check
 *     DELETE /byok/v1/connect/refs/{ref_id}/keys/{provider}
 *     DELETE /byok/v1/connect/refs/{ref_id}                 erases everything
 *
 * For administrators see Rest_Connect_Pairs; to use a key see Connect_Identity.
 *
 * A public key is known to everybody who sees the page. So what it stores for a `ref_id` is added and never put in the
 * place of a key that is there: nobody can have an application work with a key of theirs.
 *
 * @since 0.1.0
 */
final class Rest_Connect {

	/**
	 * Who requests are from, see Rest_Visitors.
	 *
	 * @var WeakMap<WP_REST_Request, array{0: Connect_Pair|WP_Error, 1: string}>|null
	 */
	private static ?WeakMap $seen = null;

	/**
	 * Registers the routes.
	 *
	 * @since 0.1.0
	 */
	public static function register(): void {
		$schema = array( 'schema' => array( Guest_Keys::class, 'schema' ) );
		$with   = array( 'args' => Guest_Keys::parameters() ) + $schema;
		$ref    = '/refs/(?P<ref_id>[a-z2-7]{28})';
		$one    = '/keys/(?P<provider>[A-Za-z0-9-]+)';

		$ref_id = array(
			'ref_id' => array(
				'description' => __( 'Whose key, see refs; without it somebody new.', 'byok' ),
				'type'        => 'string',
			),
		);
		self::route( $one, $with + array( self::on( WP_REST_Server::CREATABLE, 'save', 'may_store' ) + array( 'args' => Guest_Keys::key_parameter() + $ref_id ) ) );
		self::route( '/refs', array( self::on( WP_REST_Server::CREATABLE, 'add', 'may_use' ) ) );
		self::route( $ref, array( self::on( WP_REST_Server::DELETABLE, 'erase', 'may_leave' ) ) );
		self::route( "$ref/keys", array( self::on( WP_REST_Server::READABLE, 'keys', 'may_use' ) ) + $schema );
		self::route( $ref . $one, $with + array( self::on( WP_REST_Server::DELETABLE, 'delete', 'may_leave' ) ) );
		self::route( "$ref$one/check", $with + array( self::on( WP_REST_Server::CREATABLE, 'check', 'may_use' ) ) );
	}

	/**
	 * Registers a route.
	 *
	 * @param string $path      Path below connect.
	 * @param array  $endpoints Endpoints.
	 */
	private static function route( string $path, array $endpoints ): void {
		register_rest_route( 'byok/v1', "/connect$path", $endpoints );
	}

	/**
	 * An endpoint.
	 *
	 * @param string $methods    Methods.
	 * @param string $callback   Name of the method that answers.
	 * @param string $permission Name of the method that says who may.
	 */
	private static function on( string $methods, string $callback, string $permission ): array {
		return array(
			'methods'             => $methods,
			'callback'            => array( self::class, $callback ),
			'permission_callback' => array( self::class, $permission ),
		);
	}

	/**
	 * Whether a request has a public key, and comes from where that may be used.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return true|WP_Error
	 */
	public static function may_store( $request ) {
		$pair = self::pair( $request, 'public' );
		if ( is_wp_error( $pair ) ) {
			return $pair;
		}
		$refused = Relay_Cors::refuse( $request, $pair->origins );
		if ( null !== $refused ) {
			return $refused;
		}
		return $pair->serves( (string) $request['provider'] ) ? self::is_open() : Failure::because( 'connect_provider' );
	}

	/**
	 * Whether a request has a secret key, and a ref_id of its pair if it names one.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return true|WP_Error
	 */
	public static function may_use( $request ) {
		$may = self::may_leave( $request );
		return true === $may ? self::is_open() : $may;
	}

	/**
	 * The same, also where the site does not let connect keys in any more: what is stored can be removed.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return true|WP_Error
	 */
	public static function may_leave( $request ) {
		$pair = self::pair( $request, 'secret' );
		if ( is_wp_error( $pair ) ) {
			return $pair;
		}
		return isset( $request['ref_id'] ) && null === $pair->ref( $request['ref_id'] ) ? Failure::because( 'ref_unknown' ) : true;
	}

	/**
	 * Checks a key with its provider and stores it.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response|WP_Error
	 */
	public static function save( $request ) {
		list( $pair, $token ) = self::seen( $request, 'public' );

		$ref = isset( $request['ref_id'] ) ? $pair->ref( $request['ref_id'] ) : $pair->new_ref();
		// A key in another slot would take over when the first is limited, and so is no addition either.
		$raws    = null === $ref ? Failure::because( 'ref_unknown' ) : Key_Store::read_slots( $ref, (string) $request['provider'] );
		$refused = is_wp_error( $raws ) ? $raws : ( array() === $raws ? null : Failure::because( 'connect_key_exists' ) );
		$refused ??= Attempts::count_of( $pair->id . self::address() );
		unset( $request['slot'] );
		if ( null !== $refused ) {
			Rest_Secret::forget( $request );
			return $refused;
		}
		$told = Guest_Keys::save( $request, $ref, array( 'replace' => false ), static fn(): string => Connect_Pairs::standing( $pair, $token ) );
		if ( is_wp_error( $told ) ) {
			// Another request was faster.
			return 'key_exists' === Failure::reason( $told ) ? Failure::because( 'connect_key_exists' ) : $told;
		}
		return Guest_Keys::answer( array( 'ref_id' => $ref->id ) + $told, 201 );
	}

	/**
	 * Makes a `ref_id`. Nothing is stored for it yet.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response
	 */
	public static function add( $request ) {
		return Guest_Keys::answer( array( 'ref_id' => self::pair( $request, 'secret' )->new_ref()->id ), 201 );
	}

	/**
	 * Lists keys.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response|WP_Error
	 */
	public static function keys( $request ) {
		return Guest_Keys::list( self::ref( $request ) );
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
		return Guest_Keys::check( $request, self::ref( $request ) );
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
		return Guest_Keys::delete( $request, self::ref( $request ) );
	}

	/**
	 * Erases everything that is kept of a person.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response|WP_Error
	 */
	public static function erase( $request ) {
		$gone = Guest_Eraser::erase( self::ref( $request ) );
		return is_wp_error( $gone ) ? $gone : Guest_Keys::answer( array( 'erased' => true ) + $gone );
	}

	/**
	 * Whether the site lets connect keys in.
	 *
	 * @return true|WP_Error
	 */
	private static function is_open() {
		$settings = Relay_Settings::current();
		return $settings->enabled && $settings->connect ? true : Failure::because( 'relay_kind_off' );
	}

	/**
	 * Where a request comes from.
	 */
	private static function address(): string {
		return Relay_Address::current( Relay_Settings::current()->trusted_proxies );
	}

	/**
	 * Whom a request names, which was let through before.
	 *
	 * @param WP_REST_Request $request Request.
	 */
	private static function ref( WP_REST_Request $request ): Owner {
		return self::pair( $request, 'secret' )->ref( $request['ref_id'] );
	}

	/**
	 * The pair that a request is of.
	 *
	 * @param WP_REST_Request $request Request.
	 * @param string          $kind    `public` or `secret`.
	 * @return Connect_Pair|WP_Error
	 */
	private static function pair( WP_REST_Request $request, string $kind ) {
		return self::seen( $request, $kind )[0];
	}

	/**
	 * The pair that a request is of, and the key that it has. The first time, it is counted.
	 *
	 * @param WP_REST_Request $request Request.
	 * @param string          $kind    `public` or `secret`.
	 * @return array{0: Connect_Pair|WP_Error, 1: string}
	 */
	private static function seen( WP_REST_Request $request, string $kind ): array {
		self::$seen ??= new WeakMap();
		if ( ! isset( self::$seen[ $request ] ) ) {
			$token   = Relay_Token::of( $request, Token::beginning( $kind ) );
			$other   = '' === $token && 'public' === $kind ? Relay_Token::of( $request, Token::beginning( 'secret' ) ) : '';
			Relay_Token::forget( $request );
			Guest_Keys::hold( $request );

			$refused = Limits::take( array( 'address' => self::address() ) );
			if ( null === $refused && '' !== (string) $request->get_header( 'origin' ) && ( 'secret' === $kind ? $token : $other ) !== '' ) {
				$refused = Failure::because( 'connect_in_browser' );
			}
			self::$seen[ $request ] = array( $refused ?? Connect_Pairs::find( $kind, $token ), $token );
		}
		return self::$seen[ $request ];
	}
}
