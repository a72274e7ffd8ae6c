<?php
/**
 * What happens to a key.
 *
 * @package byok
 */

namespace Byok;

use Throwable;
use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Saves, checks, opens and deletes the keys of the current site.
 *
 * It promises: a key is checked before it is stored, and stored only encrypted; a save that fails
 * leaves the old key as it was; a key that works is not given up for one that could not be verified;
 * nothing is ever thrown.
 *
 * It does not ask who is calling: permissions belong to the doors (REST, forms), see Capability.
 *
 * @since 0.1.0
 */
final class Vault {

	/**
	 * Tells about every provider.
	 *
	 * @since 0.1.0
	 *
	 * @return array<string, array> Infos by provider id, see byok_key_info().
	 */
	public static function all(): array {
		$rows  = Key_Store::read_all();
		$infos = array();
		foreach ( Providers::all() as $provider => $known ) {
			$info = self::safely(
				static fn() => is_wp_error( $rows )
					// One query that fails must not make a page of absent keys: ask for each row.
					? self::tell( $known )
					: Key_Info::of( $known, $rows[ $provider ] ?? null )
			);
			if ( ! is_wp_error( $info ) ) {
				$infos[ $provider ] = $info;
			}
		}
		return $infos;
	}

	/**
	 * Tells about one provider.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @return array|WP_Error Info, see byok_key_info(); byok_provider_unknown, byok_storage_failed.
	 */
	public static function info( string $provider ) {
		return self::safely(
			static function () use ( $provider ) {
				// Telling needs no extension: a row is there, whether it can be opened or not.
				$known = Providers::find( $provider );
				return null === $known
					? Failure::because( Extension::reason() ?? 'provider_unknown' )
					: self::tell( $known );
			}
		);
	}

	/**
	 * Opens a key.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @return string|WP_Error The key; see byok_get_key() for the errors.
	 */
	public static function get( string $provider ) {
		return self::safely(
			static function () use ( $provider ) {
				$known = self::known( $provider );
				$raw   = is_wp_error( $known ) ? $known : Key_Store::read_raw( $provider );
				$row   = is_wp_error( $raw ) ? $raw : self::row( $raw );
				$key   = is_wp_error( $row ) ? $row : $row->open( $provider );
				if ( ! is_wp_error( $key ) ) {
					Recheck::on_use( $provider, $row );
				}
				return $key;
			}
		);
	}

	/**
	 * Checks a key with its provider and saves it.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param string $key      The key. Never slashed: a form handler uses wp_unslash() first.
	 * @param array  $args     {
	 *     How.
	 *
	 *     @type string $base_url Base URL, for a provider with a custom one. When it is missing, the one of
	 *                            a stored key that opens is kept.
	 * }
	 * @return array|WP_Error Info with `saved` and `checked`; see byok_save_key() for the errors.
	 */
	public static function save( string $provider, #[\SensitiveParameter] string $key, array $args = array() ) {
		// Not through safely(): what a closure captures stands in every backtrace, a parameter of this
		// kind does not.
		try {
			$known = self::known( $provider );
			return is_wp_error( $known ) ? $known : self::check_and_save( $known, $key, $args );
		} catch ( Throwable $thrown ) {
			return Failure::from( $thrown );
		}
	}

	/**
	 * Checks a stored key with its provider once more. The key stays, whatever the provider says; but one
	 * that was never verified and is refused makes place for the key before it.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @return array|WP_Error Info with `checked` and `restored`; errors as of byok_get_key(), and
	 *                        byok_conflict when the key was changed meanwhile.
	 */
	public static function check( string $provider ) {
		return self::safely(
			static function () use ( $provider ) {
				$known = self::known( $provider );
				$old   = is_wp_error( $known ) ? $known : Key_Store::read_raw( $provider );
				$row   = is_wp_error( $old ) ? $old : self::row( $old );
				$key   = is_wp_error( $row ) ? $row : $row->open( $provider );
				if ( is_wp_error( $key ) ) {
					return $key;
				}

				$checked = byok_validate_key( $provider, $key, self::check_options( $row->base_url ) );
				unset( $key );
				$stored = Key_Swap::store(
					$provider,
					$old,
					static fn( Key_Row $now ) => $now->after_check( $provider, $checked )
				);
				if ( is_wp_error( $stored ) ) {
					return $stored;
				}

				$info = self::info( $provider );
				if ( is_wp_error( $info ) ) {
					return $info;
				}
				$restored = $stored->envelope !== $row->envelope;
				if ( $restored ) {
					$info['message'] = Messages::restored( $known );
				}
				Announcement::checked( $provider, $info );
				return $info + array(
					'checked'  => $checked,
					'restored' => $restored,
				);
			}
		);
	}

	/**
	 * Deletes a key, in whatever state it is.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @return true|WP_Error True when there is no key any more, also when there was none before.
	 */
	public static function delete( string $provider ) {
		return self::safely(
			static function () use ( $provider ) {
				$known = self::known( $provider );
				$old   = is_wp_error( $known ) ? $known : Key_Store::read_raw( $provider );
				if ( is_wp_error( $old ) || null === $old ) {
					return $old ?? true;
				}

				$removed = Key_Swap::remove( $provider, $old );
				if ( true === $removed ) {
					Announcement::deleted( $provider );
				}
				return $removed;
			}
		);
	}

	/**
	 * Does what save() promises.
	 *
	 * @param array  $known The provider's row of the table.
	 * @param string $key   The key.
	 * @param array  $args  Arguments of save().
	 * @return array|WP_Error See save().
	 * @throws \Byok\Exception\ByokException What the extension refuses.
	 */
	private static function check_and_save( array $known, #[\SensitiveParameter] string $key, array $args ) {
		$provider = $known['id'];

		// Before the provider is asked: a key that could not be encrypted is not sent anywhere.
		$source = byok_key_source();
		if ( null !== $source['error'] ) {
			return Failure::because( $source['error'] );
		}

		$old = Key_Store::read_raw( $provider );
		if ( is_wp_error( $old ) ) {
			return $old;
		}

		$base_url = $args['base_url'] ?? self::kept_base_url( $provider, $old );
		if ( ! is_string( $base_url ) ) {
			return Failure::because( 'base_url_malformed' );
		}

		$trimmed = Key_Text::trim( $key );
		$origin  = byok_origin( $provider, $base_url );
		$checked = byok_validate_key( $provider, $trimmed, self::check_options( $base_url ) );

		if ( $checked['trimmed'] ) {
			// What was checked is not what would be stored.
			return Failure::because( 'key_not_ascii' );
		}
		$checked['trimmed'] = $trimmed !== $key;
		if ( 'invalid' === $checked['outcome'] ) {
			return Failure::because( 'key_refused', Messages::refused( $known, $checked['recognised'] ), array( 'outcome' => 'invalid' ) );
		}
		if ( $known['custom_base_url'] && 'address_refused' === $checked['reason'] ) {
			// A name that leads to a private address is refused as the address itself is. A fixed address
			// that does is an outage, and not the person's mistake.
			return Failure::because( 'address_refused' );
		}

		$row    = Key_Row::seal( $provider, $trimmed, $origin, $base_url, $checked );
		$stored = Key_Swap::store(
			$provider,
			$old,
			static fn( ?Key_Row $before ) => $row->in_place_of( $provider, $before )
		);
		if ( is_wp_error( $stored ) ) {
			return $stored;
		}

		$info = self::info( $provider );
		if ( is_wp_error( $info ) ) {
			return $info;
		}
		Announcement::saved( $provider, $info );
		return $info + array(
			'saved'   => true,
			'checked' => $checked,
		);
	}

	/**
	 * Tells about a provider of the table.
	 *
	 * @param array $known The provider's row of the table.
	 * @return array|WP_Error Info; byok_storage_failed.
	 */
	private static function tell( array $known ) {
		$raw = Key_Store::read_raw( $known['id'] );
		return is_wp_error( $raw ) ? $raw : Key_Info::of( $known, $raw );
	}

	/**
	 * The provider's row of the table, for anything that needs the extension.
	 *
	 * @param string $provider Provider id.
	 * @return array|WP_Error The row; byok_extension_missing, byok_extension_outdated, byok_provider_unknown.
	 */
	private static function known( string $provider ) {
		$reason = Extension::reason();
		if ( null !== $reason ) {
			return Failure::because( $reason );
		}
		return Providers::find( $provider ) ?? Failure::because( 'provider_unknown' );
	}

	/**
	 * Reads a stored text as a row.
	 *
	 * @param string|null $raw Stored text; null for no row.
	 * @return Key_Row|WP_Error The row, or why it is none.
	 */
	private static function row( ?string $raw ) {
		if ( null === $raw ) {
			return Failure::because( 'key_absent' );
		}
		return Key_Row::parse( $raw )
			?? Failure::because( Key_Row::is_newer( $raw ) ? 'envelope_unsupported_version' : 'envelope_malformed' );
	}

	/**
	 * The base URL of the key that is being replaced, if its envelope vouches for it.
	 *
	 * @param string      $provider Provider id.
	 * @param string|null $raw      Stored text.
	 * @return string Base URL, or empty.
	 */
	private static function kept_base_url( string $provider, ?string $raw ): string {
		$row = Key_Row::parse( $raw );
		return null !== $row && $row->opens( $provider ) ? $row->base_url : '';
	}

	/**
	 * Options of byok_validate_key().
	 *
	 * @param string $base_url Base URL, or empty.
	 * @return array Options.
	 */
	private static function check_options( string $base_url ): array {
		return '' === $base_url ? array() : array( 'base_url' => $base_url );
	}

	/**
	 * Runs something and makes a WP_Error of whatever it throws.
	 *
	 * @param callable $work What to run. It captures no key, see save().
	 * @return mixed What it returns, or WP_Error.
	 */
	private static function safely( callable $work ) {
		try {
			return $work();
		} catch ( Throwable $thrown ) {
			return Failure::from( $thrown );
		}
	}
}
