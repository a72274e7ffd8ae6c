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
 * Saves, checks, opens and deletes the keys of a site, a network or a person.
 *
 * It promises: a key is checked before it is stored, and stored only encrypted; a save that fails
 * leaves the old key as it was; a key that works is not given up for one that could not be verified;
 * nothing is ever thrown.
 *
 * Every method takes the owner last; without one it means the current site. Which owner's key a call
 * should use is the Resolver's question. It does not ask who is calling: permissions belong to the doors
 * (REST, forms), see Capability.
 *
 * @since 0.1.0
 */
final class Vault {

	/**
	 * Tells about every provider: of several keys, about the leading one.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner|null $owner Whose keys.
	 * @return array<string, array> Infos by provider id, see byok_key_info().
	 */
	public static function all( ?Owner $owner = null ): array {
		$owner = $owner ?? Owner::site();
		$rows  = Key_Store::read_all( $owner );
		$slots = Key_Slots::by_provider( $owner, is_wp_error( $rows ) ? array() : array_keys( $rows ) );
		$infos = array();
		foreach ( Providers::all() as $provider => $known ) {
			$own   = $slots[ $provider ] ?? array();
			$place = new Place( $owner, (string) $provider, Key_Slots::leading( $own ) );
			$info  = self::safely(
				static fn() => is_wp_error( $rows )
					// One query that fails must not make a page of absent keys: ask for each row.
					? Key_Info::stored( $known, $place )
					: Key_Info::of( $known, $place, $rows[ $place->id() ] ?? null, $own )
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
	 * @param string     $provider Provider id, or the id of one of several places, see Place::id_of().
	 * @param Owner|null $owner    Whose key.
	 * @return array|WP_Error Info, see byok_key_info(); byok_provider_unknown, byok_storage_failed.
	 */
	public static function info( string $provider, ?Owner $owner = null ) {
		$place = Place::of( $owner ?? Owner::site(), $provider );
		return self::safely(
			static function () use ( $place ) {
				// Telling needs no extension: a row is there, whether it can be opened or not.
				$known = Providers::find( $place->provider );
				if ( null === $known ) {
					return Failure::because( Extension::reason() ?? 'provider_unknown' );
				}
				return Place::is_slot( $place->slot ) ? Key_Info::stored( $known, $place ) : Failure::because( 'slot_malformed' );
			}
		);
	}

	/**
	 * Opens a key.
	 *
	 * @since 0.1.0
	 *
	 * @param string     $provider Provider id, or the id of one of several places, see Place::id_of().
	 * @param Owner|null $owner    Whose key.
	 * @return string|WP_Error The key; see byok_get_key() for the errors.
	 */
	public static function get( string $provider, ?Owner $owner = null ) {
		$place = Place::of( $owner ?? Owner::site(), $provider );
		return self::safely(
			static function () use ( $place ) {
				$known = self::known( $place );
				$raw   = is_wp_error( $known ) ? $known : Key_Store::read_raw( $place );
				$row   = is_wp_error( $raw ) ? $raw : self::row( $raw );
				$key   = is_wp_error( $row ) ? $row : $row->open( $place );
				if ( ! is_wp_error( $key ) ) {
					Recheck::on_use( $place, $row );
					Announcement::used( $place->provider, static fn() => Key_Info::of( $known, $place, $raw ) );
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
	 * @param string     $provider Provider id, or the id of one of several places, see Place::id_of().
	 * @param string     $key      The key. Never slashed: a form handler uses wp_unslash() first.
	 * @param array      $args     {
	 *     How.
	 *
	 *     @type string $base_url Base URL, for a provider with a custom one. When it is missing, the one of
	 *                            a stored key that opens is kept.
	 *     @type bool   $replace  False to refuse (`byok_key_exists`) when there is a row already.
	 *     @type bool   $verified True to refuse (`byok_key_unverified`) when the provider could not be asked.
	 *     @type callable $stored Gets the stored text that was there before, null for none, and the one that was written,
	 *                            for undo().
	 * }
	 * @param Owner|null $owner    Whose key.
	 * @return array|WP_Error Info with `saved` and `checked`; see byok_save_key() for the errors.
	 */
	public static function save( string $provider, #[\SensitiveParameter] string $key, array $args = array(), ?Owner $owner = null ) {
		// Not through safely(): what a closure captures stands in every backtrace, a parameter of this
		// kind does not.
		try {
			$place = Place::of( $owner ?? Owner::site(), $provider );
			$known = self::known( $place );
			return is_wp_error( $known ) ? $known : Key_Saving::run( $known, $place, $key, $args );
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
	 * @param string     $provider Provider id, or the id of one of several places, see Place::id_of().
	 * @param Owner|null $owner    Whose key.
	 * @return array|WP_Error Info with `checked` and `restored`; errors as of byok_get_key(), and
	 *                        byok_conflict when the key was changed meanwhile.
	 */
	public static function check( string $provider, ?Owner $owner = null ) {
		$place = Place::of( $owner ?? Owner::site(), $provider );
		return self::safely(
			static function () use ( $place ) {
				$known   = self::known( $place );
				$old     = is_wp_error( $known ) ? $known : Key_Store::read_raw( $place );
				$row     = is_wp_error( $old ) ? $old : self::row( $old );
				$checked = is_wp_error( $row ) ? $row : $row->check( $place );
				if ( is_wp_error( $checked ) ) {
					return $checked;
				}

				$stored = Key_Swap::store(
					$place,
					$old,
					static fn( Key_Row $now ) => $now->after_check( $place, $checked )
				);
				$info = is_wp_error( $stored ) ? $stored : Key_Info::stored( $known, $place );
				if ( is_wp_error( $info ) ) {
					return $info;
				}
				$restored = $stored->envelope !== $row->envelope;
				if ( $restored ) {
					$info['message'] = Messages::restored( $known );
				}
				Announcement::checked( $place->provider, $info, $row->outcome, $checked['outcome'], false );
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
	 * @param string     $provider Provider id, or the id of one of several places, see Place::id_of().
	 * @param Owner|null $owner    Whose key.
	 * @return true|WP_Error True when there is no key any more, also when there was none before.
	 */
	public static function delete( string $provider, ?Owner $owner = null ) {
		$place = Place::of( $owner ?? Owner::site(), $provider );
		return self::safely(
			static function () use ( $place ) {
				$known = self::known( $place );
				$old   = is_wp_error( $known ) ? $known : Key_Store::read_raw( $place );
				if ( is_wp_error( $old ) || null === $old ) {
					return $old ?? true;
				}

				$removed = Key_Swap::remove( $place, $old );
				if ( true === $removed ) {
					Announcement::deleted( $place->provider, Key_Info::of( $known, $place, null ) );
					Canary::settle();
				}
				return $removed;
			}
		);
	}

	/**
	 * Takes a save back: what was there before is there again. What somebody else has stored since stays.
	 *
	 * @since 0.1.0
	 *
	 * @param string      $provider Provider id, or the id of one of several places, see Place::id_of().
	 * @param Owner       $owner    Whose key.
	 * @param string|null $before   Stored text that was there before; null for none.
	 * @param string      $written  Stored text that was written.
	 * @return true|WP_Error byok_conflict when something else is there; errors as of Key_Store::replace().
	 */
	public static function undo( string $provider, Owner $owner, ?string $before, string $written ) {
		$place = Place::of( $owner, $provider );
		return self::safely(
			static function () use ( $place, $before, $written ) {
				$known  = self::known( $place );
				$undone = is_wp_error( $known ) ? $known : Key_Swap::undo( $place, $written, $before );
				if ( true === $undone ) {
					Canary::settle();
					$info = Key_Info::stored( $known, $place );
					if ( null === $before ) {
						Announcement::deleted( $place->provider, Key_Info::of( $known, $place, null ) );
					} elseif ( is_array( $info ) ) {
						Announcement::saved( $place->provider, $info );
					}
				}
				return $undone;
			}
		);
	}

	/**
	 * Deletes all keys of an owner for a provider, in whatever state they are.
	 *
	 * @since 0.1.0
	 *
	 * @param string     $provider Provider id.
	 * @param Owner|null $owner    Whose keys.
	 * @return true|WP_Error True when there is none any more; else why the first that is left could not be
	 *                       deleted.
	 */
	public static function delete_all( string $provider, ?Owner $owner = null ) {
		$owner = $owner ?? Owner::site();
		return self::safely(
			static function () use ( $provider, $owner ) {
				$raws = Key_Store::read_slots( $owner, $provider );
				if ( is_wp_error( $raws ) ) {
					return $raws;
				}
				// Also with none: an unknown provider is told.
				$slots = array_unique( array( Place::DEFAULT_SLOT, ...array_map( 'strval', array_keys( $raws ) ) ) );
				$error = true;
				foreach ( $slots as $slot ) {
					$deleted = self::delete( Place::id_of( $provider, $slot ), $owner );
					$error   = true === $error ? $deleted : $error;
				}
				return $error;
			}
		);
	}

	/**
	 * The provider's row of the table, for anything that needs the extension.
	 *
	 * @param Place $place Place.
	 * @return array|WP_Error The row; byok_extension_missing, byok_extension_outdated, byok_provider_unknown,
	 *                        byok_slot_malformed.
	 */
	private static function known( Place $place ) {
		$reason = Extension::reason();
		if ( null !== $reason ) {
			return Failure::because( $reason );
		}
		$known = Providers::find( $place->provider ) ?? Failure::because( 'provider_unknown' );
		return Place::is_slot( $place->slot ) || is_wp_error( $known ) ? $known : Failure::because( 'slot_malformed' );
	}

	/**
	 * Reads a stored text as a row.
	 *
	 * @since 0.1.0
	 *
	 * @param string|null $raw Stored text; null for no row.
	 * @return Key_Row|WP_Error The row, or why it is none.
	 */
	public static function row( ?string $raw ) {
		if ( null === $raw ) {
			return Failure::because( 'key_absent' );
		}
		return Key_Row::parse( $raw )
			?? Failure::because( Key_Row::is_newer( $raw ) ? 'envelope_unsupported_version' : 'envelope_malformed' );
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
