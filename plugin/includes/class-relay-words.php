<?php
/**
 * The relay's settings, as people write them.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Reads and writes settings as words: of a form or of the command line. Whether they may be so is for
 * Relay_Settings to say.
 *
 *     enabled on · origins https://app.example, https://other.example · limits.user 60/60 · caps.body 20971520
 *
 * @since 0.1.0
 */
final class Relay_Words {

	/**
	 * Settings that are lists.
	 */
	public const LISTS = array( 'origins', 'trusted_proxies', 'models' );

	/**
	 * Words for a switch.
	 */
	private const SWITCH = array(
		'on'    => true,
		'true'  => true,
		'yes'   => true,
		'1'     => true,
		'off'   => false,
		'false' => false,
		'no'    => false,
		'0'     => false,
	);

	/**
	 * Reads settings.
	 *
	 * @since 0.1.0
	 *
	 * @param array<string, string> $words Words by name; of limits and caps the kind follows a dot.
	 * @return array|WP_Error Changes for Relay_Settings::change(); byok_relay_setting_malformed with `setting`.
	 */
	public static function read( array $words ) {
		$changes = array();
		foreach ( $words as $name => $text ) {
			list( $group, $kind ) = array_pad( explode( '.', $name, 2 ), 2, null );
			$value                = self::value( $group, $kind, trim( $text ) );
			if ( null === $value ) {
				return Failure::because( 'relay_setting_malformed', '', array( 'setting' => $name ) );
			}
			if ( null === $kind ) {
				$changes[ $group ] = $value;
			} else {
				$changes[ $group ][ $kind ] = $value;
			}
		}
		return $changes;
	}

	/**
	 * All settings as words.
	 *
	 * @since 0.1.0
	 *
	 * @param Relay_Settings $settings Settings.
	 * @return array<string, string> By name.
	 */
	public static function of( Relay_Settings $settings ): array {
		$words = array();
		foreach ( $settings->to_array() as $name => $value ) {
			if ( is_bool( $value ) ) {
				$words[ $name ] = $value ? 'on' : 'off';
			} elseif ( in_array( $name, self::LISTS, true ) ) {
				$words[ $name ] = implode( ', ', $value );
			} else {
				foreach ( $value as $kind => $one ) {
					$words[ "$name.$kind" ] = implode( '/', (array) $one );
				}
			}
		}
		return $words;
	}

	/**
	 * Reads one.
	 *
	 * @param string      $group Name.
	 * @param string|null $kind  Kind of limit or cap.
	 * @param string      $text  Text.
	 * @return mixed Null when it cannot be read.
	 */
	private static function value( string $group, ?string $kind, string $text ) {
		if ( null === $kind && in_array( $group, self::LISTS, true ) ) {
			return preg_split( '/[\s,]+/', $text, -1, PREG_SPLIT_NO_EMPTY );
		}
		if ( null === $kind && isset( Relay_Settings::SWITCHES[ $group ] ) ) {
			return self::SWITCH[ strtolower( $text ) ] ?? null;
		}
		$numbers = preg_match( '~\A\d{1,10}(?:\s*/\s*\d{1,10})?\z~', $text ) ? array_map( 'intval', explode( '/', $text ) ) : array();
		if ( 'limits' === $group && isset( Relay_Settings::LIMITS[ (string) $kind ] ) && 2 === count( $numbers ) ) {
			return $numbers;
		}
		return 'caps' === $group && isset( Relay_Settings::CAPS[ (string) $kind ] ) && 1 === count( $numbers ) ? $numbers[0] : null;
	}
}
