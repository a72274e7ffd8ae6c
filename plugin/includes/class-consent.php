<?php
/**
 * Whether a caller may use a key.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Decides whether a plugin or theme may use a key, and writes down who wanted to and was never decided
 * about. Nobody is approved because nobody objected.
 *
 * It stops code that asks byok, as every honest plugin does. It does not know keys, and cannot keep code
 * from taking another one's name: see Caller.
 *
 * @since 0.1.0
 */
final class Consent {

	/**
	 * What can be decided about a caller.
	 */
	public const DECISIONS = array( 'approve', 'deny', 'forget' );

	/**
	 * Why a caller may not use a key. One query, past every cache: what was withdrawn is withdrawn at once.
	 *
	 * @since 0.1.0
	 *
	 * @param Place  $place  Place of the key.
	 * @param Caller $caller Who is calling.
	 * @return WP_Error|null byok_not_approved, byok_storage_failed; null when the caller may.
	 */
	public static function refuse( Place $place, Caller $caller ): ?WP_Error {
		$policy = Consent_Store::read( $place->owner );
		if ( is_wp_error( $policy ) ) {
			return $policy;
		}
		$id = $caller->id();
		if ( $policy->allows( $place->provider, $id ) ) {
			return null;
		}

		// Only a first refusal is a write.
		if ( $policy->with_pending( $place->provider, $id, time() ) !== $policy ) {
			Consent_Store::change(
				$place->owner,
				static fn( Consent_Policy $now ) => $now->with_pending( $place->provider, $id, time() )
			);
		}
		return Failure::because( 'not_approved', '', array( 'caller' => $id ) );
	}

	/**
	 * Sets who may use a key.
	 *
	 * @since 0.1.0
	 *
	 * @param Place  $place Place of the key.
	 * @param string $mode  One of Consent_Policy::MODES.
	 * @return true|WP_Error byok_option_invalid, byok_conflict, byok_storage_failed.
	 */
	public static function set_mode( Place $place, string $mode ) {
		if ( ! in_array( $mode, Consent_Policy::MODES, true ) ) {
			return Failure::option( 'mode' );
		}
		return self::change( $place, static fn( Consent_Policy $now ) => $now->with_mode( $place->provider, $mode ) );
	}

	/**
	 * Decides about a caller.
	 *
	 * @since 0.1.0
	 *
	 * @param Place  $place    Place of the key.
	 * @param string $caller   Id of the caller.
	 * @param string $decision One of self::DECISIONS.
	 * @return true|WP_Error byok_option_invalid, byok_conflict, byok_storage_failed.
	 */
	public static function decide( Place $place, string $caller, string $decision ) {
		if ( null === Caller::parse( $caller ) || ! in_array( $decision, self::DECISIONS, true ) ) {
			return Failure::option( null === Caller::parse( $caller ) ? 'caller' : 'decision' );
		}
		return self::change( $place, static fn( Consent_Policy $now ) => $now->with_decision( $place->provider, $caller, $decision ) );
	}

	/**
	 * Changes what may be done with a key. Tickets that were made before are asked for again.
	 *
	 * @param Place    $place  Place of the key.
	 * @param callable $change See Consent_Store::change().
	 * @return true|WP_Error byok_conflict, byok_storage_failed.
	 */
	private static function change( Place $place, callable $change ) {
		$changed = Consent_Store::change( $place->owner, $change );
		Relay_Revocation::of( $place->owner->word() );
		return $changed;
	}

	/**
	 * Who waits for a decision.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner $owner Whose keys.
	 * @return array{provider: string, caller: string, since: int}[] The longest waiting first.
	 */
	public static function pending( Owner $owner ): array {
		$policy = Consent_Store::read( $owner );
		$found  = array();
		foreach ( is_wp_error( $policy ) ? array() : $policy->providers() as $provider ) {
			foreach ( $policy->pending( $provider ) as $caller => $since ) {
				$found[] = compact( 'provider', 'caller', 'since' );
			}
		}
		usort( $found, static fn( array $one, array $other ) => $one['since'] <=> $other['since'] );
		return $found;
	}
}
