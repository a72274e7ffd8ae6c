<?php
/**
 * The state of a stored key.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Tells `absent`, `ready`, `stale`, `locked` and `damaged` apart. They never collapse: a locked key is
 * not an absent one, and a damaged one is not locked.
 *
 * @since 0.1.0
 */
final class Key_State {

	/**
	 * Reasons, or beginnings of them, that go away when the server is put right: the key is locked, and
	 * opens again. For any other reason the row itself is at fault, and it is damaged.
	 */
	private const CURABLE = array(
		'source_',
		'salts_',
		'key_file_',
		'envelope_unknown_key',
		'envelope_unsupported_version',
		'random_unavailable',
		'address_refused',
		'test_provider_refused',
		'internal',
	);

	/**
	 * The state of what is stored for a place.
	 *
	 * The envelope is really opened: its key id alone would not tell a row that was moved or changed. The key
	 * that is kept beside it can make a ready one stale, and nothing else.
	 *
	 * @since 0.1.0
	 *
	 * @param Place       $place Place.
	 * @param string|null $raw   Stored text; null when there is no row.
	 * @return array{state: string, reason: string|null} Reason code for `locked` and `damaged`.
	 */
	public static function of( Place $place, ?string $raw ): array {
		if ( null === $raw ) {
			return self::state( 'absent' );
		}

		$reason = Extension::reason();
		if ( null !== $reason ) {
			return self::state( 'locked', $reason );
		}

		$row = Key_Row::parse( $raw );
		if ( null === $row ) {
			return Key_Row::is_newer( $raw )
				? self::state( 'locked', 'envelope_unsupported_version' )
				: self::state( 'damaged', 'envelope_malformed' );
		}

		$state = self::of_row( $place, $row );
		// A key that is kept beside a ready one needs the previous secret as long as it is under it.
		return 'ready' === $state['state'] && 'stale' === self::of_previous( $place, $row )['state'] ? self::state( 'stale' ) : $state;
	}

	/**
	 * The state of the key that is kept beside a row's.
	 *
	 * @since 0.1.0
	 *
	 * @param Place        $place Place.
	 * @param Key_Row|null $row   Row; null for none.
	 * @return array{state: string, reason: string|null} Reason code for `locked` and `damaged`.
	 */
	public static function of_previous( Place $place, ?Key_Row $row ): array {
		if ( null === $row?->previous ) {
			return self::state( 'absent' );
		}
		$reason = Extension::reason();
		return null === $reason ? self::of_row( $place, $row->previous ) : self::state( 'locked', $reason );
	}

	/**
	 * The state of a row, without the key that is kept beside it.
	 *
	 * @since 0.1.0
	 *
	 * @param Place   $place Place.
	 * @param Key_Row $row   Row.
	 * @return array{state: string, reason: string|null} Reason code for `locked` and `damaged`.
	 */
	public static function of_row( Place $place, Key_Row $row ): array {
		$fault = $row->fault( $place );
		if ( null !== $fault ) {
			$reason = Failure::reason( $fault );
			if ( 'envelope_refused' === $reason && Canary::is_refused() ) {
				// Not this row: the whole site's, by a change of the server's tenant.
				return self::state( 'locked', 'tenant_changed' );
			}
			$curable = 'origin_changed' === $reason
				? $row->is_of_another_server_address( $place )
				: self::is_curable( $reason );
			return self::state( $curable ? 'locked' : 'damaged', $reason );
		}
		return self::state( 'stale' === byok_inspect( $row->envelope )['state'] ? 'stale' : 'ready' );
	}

	/**
	 * Whether the row would open again once the server is put right.
	 *
	 * @param string $reason Reason code.
	 */
	private static function is_curable( string $reason ): bool {
		foreach ( self::CURABLE as $curable ) {
			if ( str_starts_with( $reason, $curable ) ) {
				return true;
			}
		}
		return false;
	}

	/**
	 * The answer of of().
	 *
	 * @param string      $state  State.
	 * @param string|null $reason Reason code.
	 * @return array{state: string, reason: string|null}
	 */
	private static function state( string $state, ?string $reason = null ): array {
		return array(
			'state'  => $state,
			'reason' => $reason,
		);
	}
}
