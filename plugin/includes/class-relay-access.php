<?php
/**
 * Whether a request to the relay is let in.
 *
 * @package byok
 */

namespace Byok;

use WeakMap;
use WP_Error;
use WP_REST_Request;
use WP_User;

defined( 'ABSPATH' ) || exit;

/**
 * Asks of each request who it is from, whether pages of its origin may call, whether that one may use the provider,
 * and how often; and asks the first of that before the body of the request is read, so that strangers fill no
 * memory.
 *
 * @since 0.1.0
 */
final class Relay_Access {

	/**
	 * Who requests are from.
	 *
	 * @var WeakMap<WP_REST_Request, Relay_Identity|WP_Error>|null
	 */
	private static ?WeakMap $known = null;

	/**
	 * Who the HTTP request is from, as its headers alone told, until its route asks. A token is out of them by then.
	 *
	 * @var Relay_Identity|null
	 */
	private static ?Relay_Identity $early = null;

	/**
	 * Refuses a request to the relay by its headers, before WordPress reads its body.
	 *
	 * @since 0.1.0
	 */
	public static function look_early(): void {
		if ( Relay_Path::is_ambiguous() ) {
			( new Relay_Response( new WP_REST_Request() ) )->refuse( Failure::because( 'path_refused' ) );
			exit;
		}
		if ( ! preg_match( '~\A' . Relay_Path::BASE . '~i', Relay_Path::route() ) || 'OPTIONS' === ( $_SERVER['REQUEST_METHOD'] ?? '' ) ) {
			return;
		}
		$request = new WP_REST_Request( 'POST', Relay_Path::route() );
		$request->set_headers( rest_get_server()->get_headers( wp_unslash( $_SERVER ) ) );
		$refused = self::too_large( (int) ( $_SERVER['CONTENT_LENGTH'] ?? 0 ) );
		if ( null === $refused && isset( $_SERVER['HTTP_TRANSFER_ENCODING'] ) && ! isset( $_SERVER['CONTENT_LENGTH'] ) ) {
			$refused = Failure::because( 'length_missing' );
		}
		if ( null === $refused ) {
			// As WordPress does next: an application password counts only from here on.
			$user = $GLOBALS['current_user'] ?? null;
			if ( $user instanceof WP_User && ! $user->exists() ) {
				$GLOBALS['current_user'] = null; // phpcs:ignore WordPress.WP.GlobalVariablesOverride -- see above.
			}
			$found = Relay_Identities::of( $request );
			// A cookie is worth nothing without its nonce, of which WordPress asks later.
			self::$early = $found instanceof Relay_Identity && ! $found instanceof User_Identity ? $found : null;
			$refused     = is_wp_error( $found ) ? $found : null;
		}
		if ( null !== $refused ) {
			( new Relay_Response( $request ) )->refuse( $refused );
			exit;
		}
	}

	/**
	 * Who a request is from.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return Relay_Identity|WP_Error
	 */
	public static function of( WP_REST_Request $request ) {
		self::$known           ??= new WeakMap();
		self::$known[ $request ] ??= self::$early ?? Relay_Identities::of( $request );
		self::$early             = null;
		return self::$known[ $request ];
	}

	/**
	 * Whether a request is let in; of its provider the route decides. For the routes' permission.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return true|WP_Error
	 */
	public static function may( WP_REST_Request $request ) {
		$identity = self::of( $request );
		if ( is_wp_error( $identity ) ) {
			return $identity;
		}
		return Relay_Cors::refuse( $request, $identity->origins() ) ?? true;
	}

	/**
	 * Counts requests of somebody to a provider.
	 *
	 * @since 0.1.0
	 *
	 * @param Relay_Identity $identity Who.
	 * @param string         $provider Provider id.
	 * @param int            $uses     How many.
	 * @return WP_Error|null byok_uses_above_limit when they are more than could ever be made at once, byok_too_many_requests,
	 *                       byok_storage_failed; null when they may be made.
	 */
	public static function count( Relay_Identity $identity, string $provider, int $uses = 1 ): ?WP_Error {
		$buckets = $identity->buckets() + array(
			'address' => Relay_Address::current( Relay_Settings::current()->trusted_proxies ),
			'key'     => self::key( $identity, $provider ),
			'global'  => 'all',
		);
		$most    = $uses > 1 ? Limits::most( $buckets ) : $uses;
		if ( $uses > $most ) {
			// Who waits and asks again would be refused for ever.
			return Failure::because(
				'uses_above_limit',
				/* translators: %s: a number. */
				sprintf( __( 'The limits of this site let at most %s requests pass at once, so a ticket cannot have more uses. Nothing was counted.', 'byok' ), number_format_i18n( $most ) ),
				array( 'most' => $most )
			);
		}
		return Limits::take( $buckets, $uses );
	}

	/**
	 * Why a body is not taken.
	 *
	 * @since 0.1.0
	 *
	 * @param int $bytes Its size.
	 * @return WP_Error|null byok_relay_body_too_large.
	 */
	public static function too_large( int $bytes ): ?WP_Error {
		return $bytes > Relay_Settings::current()->caps['body'] ? Failure::because( 'relay_body_too_large' ) : null;
	}

	/**
	 * Which key is used, for its bucket. People who have none of their own share the site's.
	 *
	 * @param Relay_Identity $identity Who.
	 * @param string         $provider Provider id.
	 * @return string Empty when it is nobody's here.
	 */
	private static function key( Relay_Identity $identity, string $provider ): string {
		if ( $identity instanceof Pass_Through_Identity ) {
			return '';
		}
		if ( ! $identity instanceof User_Identity ) {
			return $provider . ' ' . $identity->id();
		}
		$found = $identity->key_of( $provider );
		return $provider . ' ' . ( $found instanceof Owner ? $found->word() : 'server' );
	}
}
