<?php
/**
 * How a key is saved.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Checks a key with its provider, encrypts it and puts it in the place of the one before. What that promises is said
 * at the Vault.
 *
 * @since 0.1.0
 */
final class Key_Saving {

	/**
	 * Does what Vault::save() promises.
	 *
	 * @since 0.1.0
	 *
	 * @param array  $known The provider's row of the table.
	 * @param Place  $place Place.
	 * @param string $key   The key.
	 * @param array  $args  Arguments of Vault::save().
	 * @return array|WP_Error See Vault::save().
	 * @throws \Byok\Exception\ByokException What the extension refuses.
	 */
	public static function run( array $known, Place $place, #[\SensitiveParameter] string $key, array $args ) {
		// Before the provider is asked: a key that could not be encrypted is not sent anywhere.
		$source = byok_key_source();
		if ( null !== $source['error'] ) {
			return Failure::because( $source['error'] );
		}

		$old = Key_Store::read_raw( $place );
		if ( is_wp_error( $old ) ) {
			return $old;
		}

		if ( null !== $old && ! ( $args['replace'] ?? true ) ) {
			return Failure::because( 'key_exists' );
		}

		$base_url = $args['base_url'] ?? self::kept_base_url( $place, $old );
		if ( ! is_string( $base_url ) ) {
			return Failure::because( 'base_url_malformed' );
		}
		$refused = Own_Providers::refuse( $known, $place->owner );
		if ( null !== $refused ) {
			return $refused;
		}

		$trimmed = Key_Text::trim( $key );
		$origin  = byok_origin( $place->provider, $base_url );
		$checked = byok_validate_key( $place->provider, $trimmed, '' === $base_url ? array() : array( 'base_url' => $base_url ) );

		if ( $checked['trimmed'] ) {
			// What was checked is not what would be stored.
			return Failure::because( 'key_not_ascii' );
		}
		$checked['trimmed'] = $trimmed !== $key;
		if ( 'invalid' === $checked['outcome'] ) {
			Announcement::refused( $place );
			return Failure::because( 'key_refused', Messages::refused( $known, $checked['recognised'] ), array( 'outcome' => 'invalid' ) );
		}
		if ( 'unknown' === $checked['outcome'] && ( $args['verified'] ?? false ) ) {
			return Failure::because( 'key_unverified', '', array( 'outcome' => 'unknown' ) );
		}
		if ( $known['custom_base_url'] && 'address_refused' === $checked['reason'] ) {
			// A name that leads to a private address is refused as the address itself is. A fixed address
			// that does is an outage, and not the person's mistake.
			return Failure::because( 'address_refused' );
		}

		$row = Key_Row::seal( $place, $trimmed, $origin, $base_url, $checked );
		if ( Key_Row::is_newer( $old ) && ! Previous_Key::is_proven( $row ) ) {
			// A row that this version cannot read cannot be kept beside the new one.
			return Failure::because( 'envelope_unsupported_version' );
		}
		$stored = Key_Swap::store(
			$place,
			$old,
			static function ( ?Key_Row $before ) use ( $place, $row, &$old ) {
				// A check may have renewed what is told of it.
				$old = null === $before ? $old : $before->to_raw();
				return $row->in_place_of( $place, $before );
			}
		);
		if ( $stored instanceof Key_Row && isset( $args['stored'] ) ) {
			$args['stored']( $old, $stored->to_raw() );
		}
		$info = is_wp_error( $stored ) ? $stored : Key_Info::stored( $known, $place );
		if ( is_wp_error( $info ) ) {
			return $info;
		}
		Canary::settle();
		Announcement::saved( $place->provider, $info );
		return $info + array(
			'saved'   => true,
			'checked' => $checked,
		);
	}

	/**
	 * The base URL of the key that is being replaced, or of the owner's first one of this provider, if its
	 * envelope vouches for it.
	 *
	 * @param Place       $place Place.
	 * @param string|null $raw   Stored text.
	 * @return string Base URL, or empty.
	 */
	private static function kept_base_url( Place $place, ?string $raw ): string {
		if ( null === $raw && Place::DEFAULT_SLOT !== $place->slot ) {
			$place = new Place( $place->owner, $place->provider );
			$raw   = Key_Store::read_raw( $place );
		}
		$row = is_string( $raw ) ? Key_Row::parse( $raw ) : null;
		return null !== $row && $row->opens( $place ) ? $row->base_url : '';
	}
}
