<?php
/**
 * The models of a provider.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Asks a provider which models a key may use, and remembers the answer for a while: screens ask often, and lists
 * change seldom. It is remembered for the very key it was given for, never for another one.
 *
 * @since 0.1.0
 */
final class Model_List {

	/**
	 * Beginning of the name of the transient.
	 */
	private const PREFIX = 'byok_models_';

	/**
	 * Seconds that a list is remembered.
	 */
	private const LIFETIME = HOUR_IN_SECONDS;

	/**
	 * The models.
	 *
	 * @since 0.1.0
	 *
	 * @param Place   $place  Place of the key.
	 * @param Key_Row $row    Row of the key; it opens.
	 * @param Caller  $caller Who asks.
	 * @param bool    $fresh  Whether to ask the provider in any case.
	 * @return array[] See byok_list_models().
	 * @throws Exception\ByokException What the extension refuses, and when there is no answer.
	 */
	public static function of( Place $place, Key_Row $row, Caller $caller, bool $fresh ): array {
		// A replaced or re-encrypted key has another envelope. A key of the server, which has no hint, has another
		// with each request: nothing is remembered for it.
		$name  = self::name( $place, $row );
		$known = $fresh ? false : get_transient( $name );
		if ( is_array( $known ) ) {
			return $known;
		}
		$models = byok_list_models(
			$place->provider,
			$row->envelope,
			$place->context( $row->origin ),
			'' === $row->base_url ? array() : array( 'base_url' => $row->base_url )
		);
		Usage::record( $place, $caller, array(), 200 );
		if ( '' !== $row->hint ) {
			set_transient( $name, $models, self::LIFETIME );
		}
		return $models;
	}

	/**
	 * Forgets the list of a key that is removed.
	 *
	 * @since 0.1.0
	 *
	 * @param Place  $place Place of the key.
	 * @param string $raw   What was stored there.
	 */
	public static function forget( Place $place, string $raw ): void {
		$row = Key_Row::parse( $raw );
		if ( null !== $row ) {
			delete_transient( self::name( $place, $row ) );
		}
	}

	/**
	 * Name of the transient.
	 *
	 * @param Place   $place Place of the key.
	 * @param Key_Row $row   Row of the key.
	 */
	private static function name( Place $place, Key_Row $row ): string {
		return self::PREFIX . substr( hash( 'sha256', $place->provider . ' ' . $row->envelope ), 0, 32 );
	}
}
