<?php
/**
 * Every sentence about keys.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Says what happened, why, and what to do. All sentences are here, so that they can be read, compared
 * and translated together. They are plain text: escape them where they are printed.
 *
 * It never gets a key or anything a person typed, except a provider's name from the table.
 *
 * @since 0.1.0
 */
final class Messages {

	/**
	 * What a check of a key told.
	 *
	 * @since 0.1.0
	 *
	 * @param string      $outcome  One of Key_Row::OUTCOMES.
	 * @param array       $provider The provider's row of the table.
	 * @param string|null $proof    What the outcome is about, one of Key_Row::PROOFS.
	 * @return string Sentences.
	 */
	public static function outcome( string $outcome, array $provider, ?string $proof = 'key' ): string {
		$name = $provider['name'];

		if ( 'valid' === $outcome && 'reachable' === $proof ) {
			/* translators: %s: name of a provider. */
			return sprintf( __( '%s answers. Saved and encrypted; whether the key is right shows at its first use.', 'byok' ), $name );
		}
		switch ( $outcome ) {
			case 'valid':
				return __( 'Works. Saved and encrypted.', 'byok' );
			case 'no_credit':
				/* translators: %s: name of a provider. */
				return sprintf( __( 'The key is right, but the account has no credit. Saved; add credit at %s.', 'byok' ), $name );
			case 'rate_limited':
				/* translators: %s: name of a provider. */
				return sprintf( __( 'The key is right; %s is limiting requests just now. Saved.', 'byok' ), $name );
			case 'restricted':
				return __( 'The key is right but may not list models here (region, project or permissions). Saved.', 'byok' );
			case 'invalid':
				/* translators: %s: name of a provider. */
				return sprintf( __( '%s refused this key at the last check. It is still stored; replace it or check it again.', 'byok' ), $name );
			default:
				/* translators: %s: name of a provider. */
				return sprintf( __( '%s could not be reached, so the key is not verified yet. Saved; we check again on its first use.', 'byok' ), $name );
		}
	}

	/**
	 * A provider refused the key that was to be saved.
	 *
	 * @since 0.1.0
	 *
	 * @param array $provider   The provider's row of the table.
	 * @param bool  $recognised Whether the key looks like one of the provider.
	 * @return string Sentences.
	 */
	public static function refused( array $provider, bool $recognised ): string {
		/* translators: %s: name of a provider. */
		$sentence = sprintf( __( '%s refused this key. Nothing was changed. Was it copied whole?', 'byok' ), $provider['name'] );
		if ( $recognised || array() === $provider['prefixes'] ) {
			return $sentence;
		}
		/* translators: %s: beginning of the provider's keys, such as "sk-ant-". */
		return $sentence . ' ' . sprintf( __( 'Keys start with %s', 'byok' ), $provider['prefixes'][0] . '…' );
	}

	/**
	 * The key before one that is not verified yet is not lost.
	 *
	 * @since 0.1.0
	 *
	 * @return string A sentence.
	 */
	public static function previous_kept(): string {
		return __( 'The key before it is kept until this one is verified.', 'byok' );
	}

	/**
	 * A key that was saved during an outage is refused now, and the one before was put back.
	 *
	 * @since 0.1.0
	 *
	 * @param array $provider The provider's row of the table.
	 * @return string A sentence.
	 */
	public static function restored( array $provider ): string {
		/* translators: %s: name of a provider. */
		return sprintf( __( '%s refused the new key, so the key before it is in use again.', 'byok' ), $provider['name'] );
	}

	/**
	 * What the state of a stored key means.
	 *
	 * @since 0.1.0
	 *
	 * @param string      $state    State of a key, see Key_State.
	 * @param string|null $reason   Why it is locked or damaged, a reason code.
	 * @param int|null    $saved_at When the key was saved, if that is known.
	 * @return string Sentences; empty for `ready`, of which the outcome tells.
	 */
	public static function state( string $state, ?string $reason = null, ?int $saved_at = null ): string {
		switch ( $state ) {
			case 'absent':
				return __( 'No key is stored.', 'byok' );
			case 'ready':
				return '';
			case 'stale':
				return __( 'This key still opens, under the previous secret.', 'byok' );
			case 'damaged':
				return __( 'This entry was changed outside byok and was refused. Remove it or paste the key again.', 'byok' );
		}

		if ( 'origin_changed' === $reason ) {
			return __( 'This server now has another address for the provider than when the key was saved, so the key is locked, not lost. Put the server’s byok.test_provider setting back, or paste the key again.', 'byok' );
		}
		if ( 'envelope_unknown_key' !== $reason ) {
			return sprintf(
				/* translators: %s: a sentence that says why. */
				__( 'This key is locked, not lost. %s', 'byok' ),
				self::reason( (string) $reason )
			);
		}
		if ( null === $saved_at ) {
			return __( 'This site’s secret keys were changed. This key is locked, not lost. Give the server its previous secret back, or paste the key again.', 'byok' );
		}
		return sprintf(
			/* translators: %s: a date. */
			__( 'This site’s secret keys were changed after %s. This key is locked, not lost. Give the server its previous secret back, or paste the key again.', 'byok' ),
			wp_date( get_option( 'date_format' ), $saved_at )
		);
	}

	/**
	 * How many keys are locked since the site's secrets were changed.
	 *
	 * @since 0.1.0
	 *
	 * @param int      $count    Number of keys.
	 * @param int|null $saved_at When the last of them was saved, if that is known.
	 * @return string Sentences.
	 */
	public static function locked_keys( int $count, ?int $saved_at ): string {
		$sentence = null === $saved_at
			? __( 'This site’s secret keys were changed.', 'byok' )
			/* translators: %s: a date. */
			: sprintf( __( 'This site’s secret keys were changed after %s.', 'byok' ), wp_date( get_option( 'date_format' ), $saved_at ) );

		return $sentence . ' ' . sprintf(
			/* translators: %s: a number. */
			_n(
				'%s key is locked, none is lost. Give the server its previous secret back, or paste the key again.',
				'%s keys are locked, none is lost. Give the server its previous secret back, or paste the keys again.',
				$count,
				'byok'
			),
			number_format_i18n( $count )
		);
	}

	/**
	 * Why something was refused.
	 *
	 * @since 0.1.0
	 *
	 * @param string $reason Reason code, ours or the extension's.
	 * @return string A sentence; a general one for a code that is not known here.
	 */
	public static function reason( string $reason ): string {
		return self::reasons()[ $reason ]
			/* translators: %s: a code such as "key_too_long". */
			?? sprintf( __( 'byok refused this (%s). Nothing was changed.', 'byok' ), $reason );
	}

	/**
	 * The sentence of each reason.
	 *
	 * @return array<string, string>
	 */
	private static function reasons(): array {
		return array(
			// What was given in.
			'key_empty'                    => __( 'The key is empty. Nothing was changed.', 'byok' ),
			'key_too_long'                 => __( 'The key is longer than 8192 characters. Nothing was changed.', 'byok' ),
			'key_control_character'        => __( 'The key contains a space, a line break or a control character. Copy it again, on its own.', 'byok' ),
			'key_not_ascii'                => __( 'The key contains characters that no provider uses, perhaps invisible ones. Copy it again from the provider’s page.', 'byok' ),
			'key_is_mask'                  => __( 'This is the hint of the stored key, not a key. Nothing was changed.', 'byok' ),
			'key_wrong_kind'               => __( 'This is an administration key. Create an ordinary API key instead.', 'byok' ),
			'key_in_url'                   => __( 'A key must not be part of an address: addresses are logged. Nothing was changed. Replace this key at the provider.', 'byok' ),
			'base_url_missing'             => __( 'This provider needs an address.', 'byok' ),
			'base_url_not_allowed'         => __( 'The address of this provider is fixed.', 'byok' ),
			'base_url_malformed'           => __( 'The address must look like https://host/path, without user name, query or fragment.', 'byok' ),
			'base_url_not_https'           => __( 'The address must begin with https://.', 'byok' ),
			'address_refused'              => __( 'This address is on a private or reserved network and is not allowed by the server’s configuration.', 'byok' ),
			'option_invalid'               => __( 'An option does not exist or has the wrong type.', 'byok' ),
			'provider_unknown'             => __( 'There is no such provider.', 'byok' ),

			// What is stored.
			'key_absent'                   => __( 'No key is stored.', 'byok' ),
			'envelope_malformed'           => __( 'The stored entry is not one of byok. Remove it or paste the key again.', 'byok' ),
			'envelope_refused'             => __( 'This entry was changed outside byok and was refused. Remove it or paste the key again.', 'byok' ),
			'origin_changed'               => __( 'The address is not the one that the key was saved for, so the key stays closed. Paste the key again.', 'byok' ),
			'envelope_unknown_key'         => __( 'This site’s secret keys were changed. The key is locked, not lost. Give the server its previous secret back, or paste the key again.', 'byok' ),
			'envelope_unsupported_version' => __( 'It was saved by a newer version of byok. Update byok.', 'byok' ),

			// The database.
			'conflict'                     => __( 'Someone else has changed this key in the meantime. Nothing of yours was saved; look at the key again.', 'byok' ),
			'storage_failed'               => __( 'The database could not store this. Nothing was changed; try again.', 'byok' ),
			'storage_not_restored'         => __( 'The database did not keep what it was given, and the entry before could not be put back. Paste the key again.', 'byok' ),

			// The server.
			'extension_missing'            => __( 'byok’s PHP extension is not loaded. Your keys are untouched.', 'byok' ),
			'extension_outdated'           => __( 'byok’s PHP extension is older than the plugin. Your keys are untouched.', 'byok' ),
			'source_missing'               => __( 'This site has no secret to encrypt with. Define AUTH_KEY and AUTH_SALT, or BYOK_KEY, in wp-config.php.', 'byok' ),
			'source_too_short'             => __( 'BYOK_KEY must have at least 32 characters.', 'byok' ),
			'source_malformed'             => __( 'BYOK_KEY begins with byok-root: but is not a complete key.', 'byok' ),
			'source_taken'                 => __( 'BYOK_KEY was taken by a parent process. Give this process its own.', 'byok' ),
			'salts_placeholder'            => __( 'AUTH_KEY or AUTH_SALT in wp-config.php still has its placeholder text. Replace both with random text.', 'byok' ),
			'salts_duplicated'             => __( 'AUTH_KEY or AUTH_SALT in wp-config.php has the same value as another secret of this site. Give each its own.', 'byok' ),
			'salts_too_short'              => __( 'AUTH_KEY and AUTH_SALT in wp-config.php must have at least 32 characters each.', 'byok' ),
			'random_unavailable'           => __( 'The system gives no random numbers.', 'byok' ),
			'ca_file_unusable'             => __( 'The file of byok.ca_file cannot be read or holds no certificate.', 'byok' ),
			'test_provider_refused'        => __( 'byok.test_provider must be an address on this machine.', 'byok' ),
			'test_provider'                => __( 'Keys are checked with byok’s test provider, not with the real ones.', 'byok' ),
			'internal'                     => __( 'Something went wrong inside byok. Look at the state of the key before you try again.', 'byok' ),
		);
	}
}
