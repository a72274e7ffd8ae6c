<?php
/**
 * Keys that are on this site already.
 *
 * @package byok
 */

namespace Byok;

use Throwable;
use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Moves keys from where others have left them into byok: checks and saves a key, makes sure that it
 * opens, and only then empties the old entry, if that still holds it.
 *
 * It does not ask who is calling, see Capability. It cannot know which backups hold the key, and says so.
 *
 * @since 0.1.0
 */
final class Import {

	/**
	 * What a key looks like: nothing of which addresses, sentences, lists or encoded data are made, and
	 * none of our envelopes. No provider has shorter ones, and the extension takes no longer one. Not
	 * is_email() for addresses: that would show the key to filters.
	 */
	private const KEY = '/\A(?!byok1\.)(?!.*:\/\/)[A-Za-z0-9._~+\/=:|$!%*^&#?-]{16,8192}\z/';

	/**
	 * What can be imported on the current site without asking for a name.
	 *
	 * @since 0.1.0
	 *
	 * @return array[] Each with `id` for run(), `label` (where it is), `provider` (id, or null when it has
	 *                 to be chosen), `hint` (the masked key) and `exists` (whether byok has a key for the
	 *                 provider already). Empty when there is nothing or nothing can be told.
	 */
	public static function found(): array {
		try {
			$rows = null === Extension::reason() ? Import_Store::read_known() : array();
			if ( is_wp_error( $rows ) ) {
				return array();
			}

			$found = array();
			foreach ( $rows as $name => $raw ) {
				$source = Import_Source::parse( (string) $name );
				$value  = is_wp_error( $source ) ? $source : self::value( $source, $raw );
				if ( is_wp_error( $value ) ) {
					continue;
				}
				$provider = $source->provider() ?? byok_detect_provider( $value['key'] );
				if ( self::has_own_address( $provider ) ) {
					continue;
				}
				$found[] = array(
					'id'       => $source->id,
					'label'    => Messages::import_label( $source->kind, $source->id ),
					'provider' => $provider,
					'hint'     => byok_mask( $value['key'] ),
					'exists'   => null !== $provider && self::has_key( $provider ),
				);
			}
			return $found;
		} catch ( Throwable $thrown ) {
			return array();
		}
	}

	/**
	 * Moves one key.
	 *
	 * @since 0.1.0
	 *
	 * @param string $source   Name of an option of the current site, or `name[key][sub]`.
	 * @param string $provider Provider id; empty to go by the option's name, then by the look of the key.
	 * @param bool   $replace  Whether to replace a key that byok has already.
	 * @return array|WP_Error Info of the saved key as of Vault::save(), with `imported_from` (the source),
	 *                        `scrubbed` (whether the old entry is empty now), `scrub_reason` (why not, as a
	 *                        code) and a `message` that tells all of it. Errors leave everything as it was:
	 *                        those of byok_save_key(), and byok_import_refused, byok_import_nothing_found,
	 *                        byok_import_provider_unknown, byok_import_own_address, byok_key_exists,
	 *                        byok_import_not_ready.
	 */
	public static function run( #[\SensitiveParameter] string $source, string $provider = '', bool $replace = false ) {
		// No closure here: what it captures would stand in backtraces.
		try {
			$reason = Extension::reason();
			if ( null !== $reason ) {
				return Failure::because( $reason );
			}
			$source = Import_Source::parse( $source );
			$raw    = is_wp_error( $source ) ? $source : Import_Store::read( $source->name );
			if ( is_wp_error( $raw ) ) {
				return $raw;
			}
			$value = null === $raw ? Failure::because( 'import_nothing_found' ) : self::value( $source, $raw );
			if ( is_wp_error( $value ) ) {
				return $value;
			}

			if ( '' === $provider ) {
				$provider = $source->provider() ?? byok_detect_provider( $value['key'] );
			}
			if ( null === $provider ) {
				return Failure::because( 'import_provider_unknown' );
			}
			return self::has_own_address( $provider )
				? Failure::because( 'import_own_address' )
				: self::move( $source, $provider, $raw, $value, $replace );
		} catch ( Throwable $thrown ) {
			return Failure::from( $thrown );
		}
	}

	/**
	 * Saves the key and empties the old entry.
	 *
	 * @param Import_Source $source   Where the key stands.
	 * @param string        $provider Provider id.
	 * @param string        $raw      Stored text of the option.
	 * @param array         $value    What value() has found.
	 * @param bool          $replace  Whether to replace a key that byok has already.
	 * @return array|WP_Error See run().
	 */
	private static function move(
		Import_Source $source,
		string $provider,
		#[\SensitiveParameter] string $raw,
		#[\SensitiveParameter] array $value,
		bool $replace
	) {
		// The vault looks and stores in one step: a key that somebody saves meanwhile is not replaced.
		$saved = Vault::save( $provider, $value['key'], compact( 'replace' ), Owner::site() );
		if ( is_wp_error( $saved ) ) {
			return $saved;
		}
		// What is in the database now, and not what was meant to be there.
		$now = Vault::info( $provider, Owner::site() );
		if ( is_wp_error( $now ) || 'ready' !== $now['state'] || byok_mask( $value['key'] ) !== $now['hint'] ) {
			return Failure::because( 'import_not_ready' );
		}

		// Only what its provider has said to be a key. The look of it is not enough: a wrong entry, or one
		// that was decrypted to noise, may be the one copy there is of something else.
		$reason = Previous_Key::proves( $now['outcome'], $now['proof'] ) ? null : 'import_not_confirmed';
		if ( null === $reason && ! Import_Store::replace( $source->name, $raw, $value['emptied'] ) ) {
			$reason = 'import_not_scrubbed';
		}
		return array(
			'imported_from' => $source->id,
			'scrubbed'      => null === $reason,
			'scrub_reason'  => $reason,
			'message'       => $now['message'] . ' ' . Messages::imported( $reason ),
		) + $saved;
	}

	/**
	 * Whether keys of a provider are sent to an address that people who manage keys choose. Any option of
	 * the site can be named for an import: with such a provider they could have another plugin's secrets
	 * sent to a server of theirs, which no screen shows them.
	 *
	 * @param string|null $provider Provider id.
	 */
	private static function has_own_address( ?string $provider ): bool {
		$known = null === $provider ? null : Providers::find( $provider );
		return null !== $known && $known['custom_base_url'];
	}

	/**
	 * The key in an option, and what the option is without it.
	 *
	 * @param Import_Source $source Where the key stands.
	 * @param string        $raw    Stored text of the option.
	 * @return array{key: string, emptied: string}|WP_Error byok_import_refused, byok_import_nothing_found.
	 */
	private static function value( Import_Source $source, #[\SensitiveParameter] string $raw ) {
		$found = Import_Value::find( $raw, $source->path );
		if ( false === $found ) {
			return Failure::because( 'import_refused' );
		}
		$text = 'example' === $source->kind ? Import_Cipher::open( $found['text'] ?? '' ) : $found['text'] ?? null;
		$key  = Key_Text::trim( (string) $text );
		if ( ! preg_match( self::KEY, $key ) ) {
			return Failure::because( 'import_nothing_found' );
		}
		return array(
			'key'     => $key,
			'emptied' => $found['emptied'],
		);
	}

	/**
	 * Whether there is a key of the site, in whatever state.
	 *
	 * @param string $provider Provider id.
	 */
	private static function has_key( string $provider ): bool {
		$info = Vault::info( $provider, Owner::site() );
		return is_wp_error( $info ) || 'absent' !== $info['state'];
	}
}
