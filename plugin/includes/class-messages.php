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
		if ( 'no_credit' === $outcome && 'reachable' === $proof ) {
			/* translators: %s: name of a provider. */
			return sprintf( __( '%s says that there is no credit. Saved; whether the key is right shows at its first use.', 'byok' ), $name );
		}
		switch ( $outcome ) {
			case 'valid':
				return __( 'Works. Saved and encrypted.', 'byok' );
			case 'no_credit':
				/* translators: %s: name of a provider. */
				return sprintf( __( 'The key is right, but the account has no credit. Saved; add credit at %s.', 'byok' ), $name );
			case 'rate_limited':
				/* translators: %s: name of a provider. */
				return sprintf( __( '%s is limiting requests just now, so the key is not verified yet. Saved.', 'byok' ), $name );
			case 'restricted':
				/* translators: %s: name of a provider. */
				return sprintf( __( '%s does not let this key list models here (region, project or permissions), so it is not verified. Saved.', 'byok' ), $name );
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
	 * @param string $state State of the key before, see Key_State.
	 * @return string Sentences; empty for none, and for a damaged one, which is no help.
	 */
	public static function previous_kept( string $state ): string {
		switch ( $state ) {
			case 'ready':
				return __( 'The key before it is kept until this one is verified.', 'byok' );
			case 'stale':
				return __( 'The key before it is kept until this one is verified, and opens under a previous secret of this site. Encrypt it anew before that secret is taken away.', 'byok' );
			case 'locked':
				return __( 'The key before it is kept until this one is verified, and is locked, not lost: it opens again when its secret is given back.', 'byok' );
		}
		return '';
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
	 * A key that is not used for a while, because another one stands in for it.
	 *
	 * @since 0.1.0
	 *
	 * @param int $until Until when, Unix time.
	 * @return string A sentence.
	 */
	public static function resting( int $until ): string {
		/* translators: %s: a length of time, such as "3 minutes". */
		return sprintf( __( 'Rests for %s; another key is used meanwhile.', 'byok' ), human_time_diff( time(), $until ) );
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
				return __( 'This key opens under a previous secret of this site. Encrypt it anew before that secret is taken away.', 'byok' );
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
		return self::secret_changed( $saved_at ) . ' '
			. __( 'This key is locked, not lost. Enter the previous secret, or paste the key again.', 'byok' );
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
		return self::secret_changed( $saved_at ) . ' ' . sprintf(
			/* translators: %s: a number. */
			_n(
				'%s key is locked, not lost. Enter the previous secret, or paste the key again.',
				'%s keys are locked, none is lost. Enter the previous secret, or paste the keys again.',
				$count,
				'byok'
			),
			number_format_i18n( $count )
		) . self::lost_source();
	}

	/**
	 * A stronger secret is missing from the server: that is put right there.
	 *
	 * @return string Sentences with a space in front; empty when none is missing.
	 */
	private static function lost_source(): string {
		$names = array(
			'key_file'    => __( 'the key file (byok.key_file)', 'byok' ),
			'environment' => __( 'the environment variable BYOK_KEY', 'byok' ),
			'constant'    => __( 'the constant BYOK_KEY', 'byok' ),
		);
		$lost  = Canary::lost_source();
		return null === $lost ? '' : ' ' . sprintf(
			/* translators: %s: where a secret was, such as "the constant BYOK_KEY". */
			__( 'Before, this site was protected by %s, which is not there any more. Put it back on the server first: entered here, the keys would be encrypted with the weaker secret that is in force now.', 'byok' ),
			$names[ $lost ]
		);
	}

	/**
	 * The secrets were changed, and it is not known here whose keys that has locked.
	 *
	 * @since 0.1.0
	 *
	 * @return string Sentences.
	 */
	public static function maybe_locked_keys(): string {
		return self::secret_changed( null ) . ' ' . __( 'Keys of sites or members may be locked, none is lost. Enter the previous secret to open them.', 'byok' );
	}

	/**
	 * How many keys of a member are locked, who cannot do anything about the site's secrets.
	 *
	 * @since 0.1.0
	 *
	 * @param int $count Number of keys.
	 * @return string Sentences.
	 */
	public static function own_locked_keys( int $count ): string {
		return self::secret_changed( null ) . ' ' . sprintf(
			/* translators: %s: a number. */
			_n(
				'%s key of yours is locked, not lost. An administrator of this site can open it again; or paste it again.',
				'%s keys of yours are locked, none is lost. An administrator of this site can open them again; or paste them again.',
				$count,
				'byok'
			),
			number_format_i18n( $count )
		);
	}

	/**
	 * What a previous secret, entered by a person, has done.
	 *
	 * @since 0.1.0
	 *
	 * @param int $opened Number of keys that it has opened.
	 * @param int $locked Number of keys that are still locked.
	 * @return string Sentences.
	 */
	public static function unlocked( int $opened, int $locked ): string {
		if ( 0 === $opened ) {
			return __( 'This secret opens none of the locked keys. Nothing was changed. Was it copied whole, and is it the one from before the change?', 'byok' );
		}
		$sentences = sprintf(
			/* translators: %s: a number. */
			_n(
				'%s key opens again. It is encrypted under the current secret now, so the previous one is not needed for it any more.',
				'%s keys open again. They are encrypted under the current secret now, so the previous one is not needed for them any more.',
				$opened,
				'byok'
			),
			number_format_i18n( $opened )
		);
		if ( 0 === $locked ) {
			return $sentences;
		}
		return $sentences . ' ' . sprintf(
			/* translators: %s: a number. */
			_n(
				'%s key is still locked: it was encrypted under another secret. Enter that one, or paste the key again.',
				'%s keys are still locked: they were encrypted under another secret. Enter that one, or paste the keys again.',
				$locked,
				'byok'
			),
			number_format_i18n( $locked )
		);
	}

	/**
	 * Why a previous secret, entered by a person, was not tried.
	 *
	 * @since 0.1.0
	 *
	 * @param \WP_Error $error What went wrong.
	 * @return string Sentences about what was entered, where that is to blame and not the server's own secret.
	 */
	public static function not_unlocked( \WP_Error $error ): string {
		$is_entered = preg_match( '/\A(?:salts|source|key_file)_/', Failure::reason( $error ) ) && null === Extension::reason() && null !== byok_key_source()['key_id'];
		return $is_entered
			? __( 'What was entered cannot be a secret of a site: it is a placeholder, too short, or the same text twice. Enter the BYOK_KEY, or the lines with AUTH_KEY and AUTH_SALT, from before the change. Nothing was changed.', 'byok' )
			: $error->get_error_message();
	}

	/**
	 * A long work that is not at its end.
	 *
	 * @since 0.1.0
	 *
	 * @param array $status See Reencryption::status().
	 * @return string A sentence.
	 */
	public static function progress( array $status ): string {
		return sprintf(
			/* translators: 1: number of keys and sites that were looked at, 2: number of all of them. */
			__( '%1$s of %2$s looked at.', 'byok' ),
			number_format_i18n( min( $status['seen'], $status['total'] ) ),
			number_format_i18n( $status['total'] )
		);
	}

	/**
	 * How encrypting keys anew has ended, on a page. The command line says it in numbers.
	 *
	 * @since 0.1.0
	 *
	 * @param array $counts Counts `moved`, `locked`, `damaged` and `busy`.
	 * @return string Sentences.
	 */
	public static function encrypted_anew( array $counts ): string {
		$sentences = array(
			/* translators: %s: a number. */
			_n( '%s key was encrypted anew.', '%s keys were encrypted anew.', $counts['moved'], 'byok' ) => $counts['moved'],
			/* translators: %s: a number. */
			_n( '%s key is still locked: its secret is not here. It is not lost.', '%s keys are still locked: their secret is not here. None is lost.', $counts['locked'], 'byok' ) => $counts['locked'],
			/* translators: %s: a number. */
			_n( '%s entry is damaged and was left as it is.', '%s entries are damaged and were left as they are.', $counts['damaged'], 'byok' ) => $counts['damaged'],
			/* translators: %s: a number. */
			_n( '%s key was changed by someone else meanwhile. Encrypt anew once more.', '%s keys were changed by someone else meanwhile. Encrypt anew once more.', $counts['busy'], 'byok' ) => $counts['busy'],
		);
		$told = array();
		foreach ( $sentences as $sentence => $count ) {
			if ( $count > 0 || array() === $told ) {
				$told[] = sprintf( $sentence, number_format_i18n( $count ) );
			}
		}
		return implode( ' ', $told );
	}

	/**
	 * When the site's secrets were changed, as exactly as it is known.
	 *
	 * @param int|null $saved_at When a key was saved under the old ones, if that is known.
	 * @return string A sentence.
	 */
	private static function secret_changed( ?int $saved_at ): string {
		$changed_at = Canary::changed_at();
		$day        = static fn( int $when ) => wp_date( get_option( 'date_format' ), $when );
		if ( null !== $changed_at ) {
			/* translators: %s: a date. */
			return sprintf( __( 'This site’s secret keys were changed on %s.', 'byok' ), $day( $changed_at ) );
		}
		return null === $saved_at
			? __( 'This site’s secret keys were changed.', 'byok' )
			/* translators: %s: a date. */
			: sprintf( __( 'This site’s secret keys were changed after %s.', 'byok' ), $day( $saved_at ) );
	}

	/**
	 * A key that the server's configuration gives.
	 *
	 * @since 0.1.0
	 *
	 * @param string $name   Name of the variable or constant.
	 * @param string $source `environment` or `constant`.
	 * @return string A sentence.
	 */
	public static function read_only( string $name, string $source ): string {
		return 'environment' === $source
			/* translators: %s: name of an environment variable. */
			? sprintf( __( 'Set by the environment variable %s in your server’s configuration.', 'byok' ), $name )
			/* translators: %s: name of a constant. */
			: sprintf( __( 'Set by the constant %s in your server’s configuration.', 'byok' ), $name );
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
			'key_in_url'                   => __( 'A key or token must not be part of an address: addresses are logged. Nothing was done. Replace the key at the provider, or the token here.', 'byok' ),
			'base_url_missing'             => __( 'This provider needs an address.', 'byok' ),
			'base_url_not_allowed'         => __( 'The address of this provider is fixed.', 'byok' ),
			'base_url_malformed'           => __( 'The address must look like https://host/path, without user name, query or fragment.', 'byok' ),
			'base_url_not_https'           => __( 'The address must begin with https://.', 'byok' ),
			'address_refused'              => __( 'This address is on a private or reserved network and is not allowed by the server’s configuration.', 'byok' ),
			'option_invalid'               => __( 'An option does not exist or has the wrong type.', 'byok' ),
			'base_url_not_for_members'     => __( 'Providers with an address of one’s own can be set up by administrators only.', 'byok' ),
			'provider_not_for_members'     => __( 'This site takes no keys of people’s own for this provider.', 'byok' ),
			'too_many_attempts'            => __( 'Those were many keys within an hour. Nothing was changed; try again later.', 'byok' ),
			'stand_in_misplaced'           => __( 'The request holds a stand-in for a key where no key belongs, so it was not sent. A key goes into a header.', 'byok' ),
			'stand_in_unknown'             => __( 'The stand-in for a key was not made by this site, so the request was not sent.', 'byok' ),
			'owner_unknown'                => __( 'There is no such owner of keys: use site, network, user or user:ID.', 'byok' ),
			'previous_missing'             => __( 'Enter the previous BYOK_KEY, or both the previous AUTH_KEY and AUTH_SALT. Nothing was changed.', 'byok' ),
			'previous_other_constant'      => __( 'A pasted line defines something else than its field asks for. Look for AUTH_KEY, AUTH_SALT or BYOK_KEY. Nothing was changed.', 'byok' ),
			'origin_mismatch'              => __( 'The address is not the one that the key was saved for, so the key stays closed. Paste the key again.', 'byok' ),
			'slot_malformed'               => __( 'A label has 1 to 32 lower-case letters, digits and hyphens. Nothing was changed.', 'byok' ),
			'provider_unknown'             => __( 'There is no such provider.', 'byok' ),

			// What is stored.
			'key_absent'                   => __( 'No key is stored.', 'byok' ),
			'envelope_malformed'           => __( 'The stored entry is not one of byok. Remove it or paste the key again.', 'byok' ),
			'envelope_refused'             => __( 'This entry was changed outside byok and was refused. Remove it or paste the key again.', 'byok' ),
			'origin_changed'               => __( 'The address is not the one that the key was saved for, so the key stays closed. Paste the key again.', 'byok' ),
			'envelope_unknown_key'         => __( 'This site’s secret keys were changed. The key is locked, not lost. Enter the previous secret, or paste the key again.', 'byok' ),
			'tenant_changed'               => __( 'The server’s setting byok.tenant is not the one that the keys of this site were saved under, or the site was copied to another place of a network. Put it back, or paste the key again.', 'byok' ),
			'envelope_unsupported_version' => __( 'It was saved by a newer version of byok. Update byok.', 'byok' ),

			'sign_refused'                 => __( 'The key of a provider signs nothing: a signature tells whether it was guessed.', 'byok' ),
			'reveal_refused'               => __( 'This server does not give out keys (byok.allow_reveal is off). Checks and requests through byok go on.', 'byok' ),

			// Who may use a key, and how much.
			'not_approved'                 => __( 'This plugin or theme was not approved to use this key, so nothing was sent. Whoever manages the key can approve it on the page API Keys → Usage.', 'byok' ),
			'budget_malformed'             => __( 'A budget is a whole number, such as 100000. Nothing was changed.', 'byok' ),
			'budget_exceeded'              => __( 'The budget of this month is used up, so nothing was sent. Whoever manages the key can raise it on the page API Keys → Usage.', 'byok' ),

			// Requests to providers.
			'request_malformed'            => __( 'The request has a method, a header or a body that cannot be sent. Nothing was sent.', 'byok' ),
			'path_refused'                 => __( 'The path of the request could lead away from the provider, so nothing was sent. It begins with one slash and holds no dot segments.', 'byok' ),
			'models_unsupported'           => __( 'This provider tells no list of its models.', 'byok' ),
			'models_unreadable'            => __( 'The provider’s list of models could not be read.', 'byok' ),
			'timeout'                      => __( 'The provider did not answer in time. Try again later, or allow the request more time.', 'byok' ),
			'dns'                          => __( 'The provider’s address was not found. Does this server reach the internet?', 'byok' ),
			'connect'                      => __( 'The provider could not be reached. Try again later.', 'byok' ),
			'tls'                          => __( 'A secure connection to the provider could not be made, so the key was not sent.', 'byok' ),
			'too_large'                    => __( 'The provider’s answer is larger than this request allows.', 'byok' ),
			'protocol'                     => __( 'The provider’s answer broke off or could not be understood. Try again later.', 'byok' ),

			// People without an account.
			'token_unknown'                => __( 'This token is not known here, or not any more.', 'byok' ),
			'ref_unknown'                  => __( 'This ref_id is none of these connect keys.', 'byok' ),
			'ref_missing'                  => __( 'Say whose key is meant: send its ref_id in the header X-BYOK-Ref.', 'byok' ),
			'pair_unknown'                 => __( 'There is no such pair of connect keys.', 'byok' ),
			'pair_malformed'               => __( 'A pair of connect keys needs a name, and its origins and providers must be ones that there are. Nothing was changed.', 'byok' ),
			'connect_public_key'           => __( 'A public connect key can only store keys. To use them, a server needs the secret one.', 'byok' ),
			'connect_in_browser'           => __( 'A secret connect key belongs on a server and must never be in a page. Revoke this pair and make another one.', 'byok' ),
			'connect_key_exists'           => __( 'There is a key for this person and provider already, and a public connect key replaces none. Nothing was changed. Have the app’s server delete that key first, then store this one.', 'byok' ),
			'connect_provider'             => __( 'These connect keys are not for this provider.', 'byok' ),
			'webhook_malformed'            => __( 'A webhook needs an address that begins with https:// and events that there are. Nothing was changed.', 'byok' ),
			'webhook_unknown'              => __( 'There is no such webhook.', 'byok' ),
			'webhook_many'                 => __( 'This site has as many webhooks as it can have. Remove one first.', 'byok' ),

			// The relay.
			'relay_off'                    => __( 'The relay of this site is switched off.', 'byok' ),
			'relay_kind_off'               => __( 'The relay of this site is switched off for this kind of access.', 'byok' ),
			'relay_anonymous'              => __( 'Say who you are: be signed in and send a nonce, or send a token of this site in place of the API key.', 'byok' ),
			'relay_forbidden'              => __( 'Sorry, you are not allowed to use the relay of this site.', 'byok' ),
			'relay_setting_malformed'      => __( 'A setting of the relay does not exist or has a value that it cannot have. Nothing was changed.', 'byok' ),
			'relay_busy'                   => __( 'This site holds as many answers open as it can. Try again in a moment.', 'byok' ),
			'relay_body_too_large'         => __( 'The request is larger than the relay of this site allows, so nothing was sent.', 'byok' ),
			'relay_tickets_unavailable'    => __( 'This server has no path of its own for the relay, so there are no tickets. Send the request to the relay itself.', 'byok' ),
			'relay_tickets_and_tokens'     => __( 'A budget of tokens holds for this key, and nobody counts the tokens of what is sent with a ticket. Send the request to the relay itself.', 'byok' ),
			'relay_tickets_and_models'     => __( 'This site allows only some models, which a ticket cannot tell. Send the request to the relay itself.', 'byok' ),
			'relay_tickets_own_address'    => __( 'This site gives no tickets for addresses of one’s own. Send the request to the relay itself, or have an administrator allow it.', 'byok' ),
			'path_not_relayed'             => __( 'The relay does not pass this method and path on to the provider.', 'byok' ),
			'length_missing'               => __( 'The request does not tell the length of its body, so it was not read.', 'byok' ),
			'tickets_full'                 => __( 'There are too many tickets that are not used yet. Try again in a moment.', 'byok' ),
			'too_many_requests'            => __( 'Those were too many requests within a short time. Nothing was sent; try again later.', 'byok' ),
			'origin_not_listed'            => __( 'Pages of this origin may not use the relay of this site. An administrator can list it.', 'byok' ),
			'model_not_allowed'            => __( 'This site does not allow this model, so nothing was sent.', 'byok' ),
			'model_missing'                => __( 'This site allows only some models, and the request names none that can be read, so nothing was sent.', 'byok' ),
			'credentials_absent'           => __( 'Send the API key in the header X-BYOK-Api-Key and the provider in X-BYOK-Provider.', 'byok' ),
			'credentials_other_provider'   => __( 'The API key that came with this request is for another provider, so nothing was sent.', 'byok' ),
			'credentials_own_address'      => __( 'A key that comes with a request goes to providers with a fixed address only.', 'byok' ),

			// The database.
			'conflict'                     => __( 'Someone else has changed this key in the meantime. Nothing of yours was saved; look at the key again.', 'byok' ),
			'storage_failed'               => __( 'The database could not store this. Nothing was changed; try again.', 'byok' ),
			'storage_unsure'               => __( 'The database does not answer any more, so it is not certain whether this was done. Look at the key again.', 'byok' ),
			'storage_not_restored'         => __( 'The database did not keep what it was given, and the entry before could not be put back. Paste the key again.', 'byok' ),

			// The server.
			'extension_missing'            => __( 'byok’s PHP extension is not loaded. Your keys are untouched.', 'byok' ),
			'extension_outdated'           => __( 'byok’s PHP extension is older than the plugin. Your keys are untouched.', 'byok' ),
			'source_missing'               => __( 'This site has no secret to encrypt with. Define AUTH_KEY and AUTH_SALT, or BYOK_KEY, in wp-config.php.', 'byok' ),
			'source_too_short'             => __( 'BYOK_KEY must have at least 32 characters.', 'byok' ),
			'source_malformed'             => __( 'BYOK_KEY begins with byok-root: but is not a complete key.', 'byok' ),
			'source_taken'                 => __( 'BYOK_KEY was taken by a parent process. Give this process its own.', 'byok' ),
			'key_file_relative'            => __( 'The path in byok.key_file must be absolute.', 'byok' ),
			'key_file_missing'             => __( 'The key file does not exist. Create it, or correct byok.key_file.', 'byok' ),
			'key_file_unreadable'          => __( 'The user that PHP starts as cannot read the key file. WP-CLI and cron jobs need a source of their own.', 'byok' ),
			'key_file_not_regular'         => __( 'The key file must be a regular file, not a link, a folder, a pipe or a device.', 'byok' ),
			'key_file_owner'               => __( 'The key file must belong to root (chown root).', 'byok' ),
			'key_file_mode'                => __( 'Only its owner may read the key file (chmod 400).', 'byok' ),
			'key_file_size'                => __( 'The key file must have 1 to 4096 bytes.', 'byok' ),
			'key_file_malformed'           => __( 'The key file must hold one line of text without control characters.', 'byok' ),
			'key_file_late'                => __( 'byok.key_file belongs into php.ini or conf.d: the configuration of a pool comes too late, when PHP cannot read the file any more.', 'byok' ),
			'previous_key_files_late'      => __( 'byok.previous_key_files belongs into php.ini or conf.d: the configuration of a pool comes too late, when PHP cannot read the files any more.', 'byok' ),
			'key_file_own'                 => __( 'The key file belongs to the user that PHP runs as, so PHP code can read it. Let it belong to root.', 'byok' ),
			'environment_own'              => __( 'php-fpm did not start as root, so PHP code may read BYOK_KEY in the memory of its master process. Start it as root, with another user for its workers.', 'byok' ),
			'memory_not_locked'            => __( 'The system does not let byok lock its secret in memory, so it may reach swap or a core dump. Raise the limit of locked memory (RLIMIT_MEMLOCK).', 'byok' ),
			'salts_placeholder'            => __( 'AUTH_KEY or AUTH_SALT in wp-config.php still has its placeholder text. Replace both with random text.', 'byok' ),
			'salts_duplicated'             => __( 'AUTH_KEY or AUTH_SALT in wp-config.php has the same value as another secret of this site. Give each its own.', 'byok' ),
			'salts_too_short'              => __( 'AUTH_KEY and AUTH_SALT in wp-config.php must have at least 32 characters each.', 'byok' ),
			'random_unavailable'           => __( 'The system gives no random numbers.', 'byok' ),
			'ca_file_unusable'             => __( 'The file of byok.ca_file cannot be read or holds no certificate.', 'byok' ),
			'test_provider_refused'        => __( 'byok.test_provider must be an address on this machine.', 'byok' ),
			'test_provider'                => __( 'Keys are checked with byok’s test provider, not with the real ones.', 'byok' ),
			'internal'                     => __( 'Something went wrong inside byok. Look at the state of the key before you try again.', 'byok' ),

			// Keys that are on the site already, and the command line.
			'key_unverified'               => __( 'The provider could not be asked about the new key, so the one before stays in use. Try again later.', 'byok' ),
			'key_exists'                   => __( 'byok has a key for this provider already. Nothing was changed; say that it shall be replaced if that is what you want.', 'byok' ),
			'import_refused'               => __( 'byok does not take keys from there. Nothing was changed.', 'byok' ),
			'import_nothing_found'         => __( 'Nothing that looks like a key was found there. Nothing was changed.', 'byok' ),
			'import_provider_unknown'      => __( 'The key does not show which provider it is for. Choose the provider. Nothing was changed.', 'byok' ),
			'import_own_address'           => __( 'Keys are not moved to a provider with an address of your own, because moving sends them there. Paste the key instead. Nothing was changed.', 'byok' ),
			'import_not_ready'             => __( 'The key was saved, but what is stored does not open. The old entry is as it was; look at the state of the key.', 'byok' ),
			'import_not_confirmed'         => __( 'The old entry is as it was, because the provider could not confirm the key yet. Import it again later.', 'byok' ),
			'import_not_scrubbed'          => __( 'The old entry could not be emptied, perhaps because it was changed in the meantime. Look at it: it may still hold a key.', 'byok' ),
			'key_in_argument'              => __( 'A key must not be an argument: it stays in the shell’s history and everyone on this server can see it. Nothing was changed. Give it on standard input; if this was a real key, replace it at the provider.', 'byok' ),
			'secret_in_argument'           => __( 'A secret must not be an argument: it stays in the shell’s history and everyone on this server can see it. Nothing was changed. Give it on standard input, after --previous without a value.', 'byok' ),
			'argument_unexpected'          => __( 'There are too many arguments. Nothing was changed.', 'byok' ),
			'provider_missing'             => __( 'Name a provider, or use --all.', 'byok' ),
			'place_unknown'                => __( 'There is no such place. Places are options, users, posts, comments, terms, network and logs.', 'byok' ),
			'log_unreadable'               => __( 'There is no such file, or it cannot be read.', 'byok' ),
			'log_damaged'                  => __( 'This file is damaged or not all there, so only a part of it was read.', 'byok' ),
			'log_packed'                   => __( 'This file is packed in a way that is not read here, so it was not searched. Unpack it first.', 'byok' ),
			'log_encoding'                 => __( 'This file is not in an encoding that is read here (it looks like UTF-16), so it was not searched. Convert it to UTF-8 first.', 'byok' ),
			'log_is_none'                  => __( 'This file does not look like a log, so it was left as it is: only logs are rewritten.', 'byok' ),
			'log_linked'                   => __( 'This file has a second name (a hard link), so it was left as it is.', 'byok' ),
			'log_owner'                    => __( 'This file belongs to another user, or its folder may not be written to. Nothing was changed; run this as its owner, or as root.', 'byok' ),
			'log_folder'                   => __( 'Others may exchange files in the folder of this one, so it was left as it is. Run this as the owner of the folder and the file, who alone may write there.', 'byok' ),
			'log_in_use'                   => __( 'A process has this file open and would go on writing into the old one. Nothing was changed; rotate the log first, and name the rotated file.', 'byok' ),
			'log_maybe_in_use'             => __( 'Another process may have this file open, and not all of them can be seen from here (another user, a container, hidepid). Nothing was changed; run this as root of the host.', 'byok' ),
			'log_changed'                  => __( 'This file was rotated or cut off in the meantime. Nothing was changed; run this again.', 'byok' ),
			'log_not_written'              => __( 'The new file could not be written, perhaps because the disk is full. Nothing was changed.', 'byok' ),
			'input_empty'                  => __( 'Nothing came on standard input. Nothing was changed.', 'byok' ),
			'input_not_a_secret'           => __( 'Give one line, the previous BYOK_KEY, or two lines, the previous AUTH_KEY and AUTH_SALT. Nothing was changed.', 'byok' ),
		);
	}

	/**
	 * Where a key is that can be imported.
	 *
	 * @since 0.1.0
	 *
	 * @param string $kind Kind of an Import_Source.
	 * @param string $id   The source.
	 * @return string A few words.
	 */
	public static function import_label( string $kind, string $id ): string {
		switch ( $kind ) {
			case 'connector':
				/* translators: %s: name of an option. */
				return sprintf( __( 'Settings → Connectors of WordPress (%s)', 'byok' ), $id );
			case 'example':
				/* translators: %s: name of an option. */
				return sprintf( __( 'The plugin BYOK Example (%s)', 'byok' ), $id );
			default:
				/* translators: %s: name of an option. */
				return sprintf( __( 'The option %s', 'byok' ), $id );
		}
	}

	/**
	 * A key was imported.
	 *
	 * @since 0.1.0
	 *
	 * @param string|null $reason Why the old entry was not emptied, a reason code; null when it was.
	 * @return string Sentences.
	 */
	public static function imported( ?string $reason ): string {
		return null === $reason
			? __( 'The key was moved to byok and the old entry was emptied: what reads the key from there will not find it any more. Backups made before still hold it; replace the key at the provider if others can read those.', 'byok' )
			: self::reason( $reason );
	}

	/**
	 * A key was saved long ago.
	 *
	 * @since 0.1.0
	 *
	 * @param int    $days Days since then.
	 * @param string $name Name of the provider.
	 * @return string A sentence.
	 */
	public static function old_key( int $days, string $name ): string {
		return sprintf(
			/* translators: 1: name of a provider, 2: number of days. */
			_n(
				'The key of %1$s was saved %2$s day ago. Make a new one at the provider, paste it here, then revoke the old one.',
				'The key of %1$s was saved %2$s days ago. Make a new one at the provider, paste it here, then revoke the old one.',
				$days,
				'byok'
			),
			$name,
			number_format_i18n( $days )
		);
	}

	/**
	 * The key source is one that whoever reads wp-config.php has.
	 *
	 * @since 0.1.0
	 *
	 * @param string $source `salts` or `constant`.
	 * @return string Sentences.
	 */
	public static function weak_source( string $source ): string {
		$what = 'constant' === $source
			? __( 'Your keys are encrypted with the constant BYOK_KEY.', 'byok' )
			: __( 'Your keys are encrypted with the salts of wp-config.php.', 'byok' );
		return $what . ' ' . __( 'Whoever steals only the database cannot read them; whoever also reads wp-config.php can. For more, keep a secret in a file that only the server’s owner can read (byok.key_file in php.ini), or in the environment variable BYOK_KEY. Keys saved so far still open.', 'byok' );
	}

	/**
	 * The key source is out of reach of the site's files.
	 *
	 * @since 0.1.0
	 *
	 * @return string A sentence.
	 */
	public static function strong_source(): string {
		return __( 'Neither the database nor the files of this site hold the secret that opens your keys.', 'byok' );
	}

	/**
	 * A test of Site Health has found nothing.
	 *
	 * @since 0.1.0
	 *
	 * @return string A sentence.
	 */
	public static function health_good(): string {
		return __( 'There is nothing to do.', 'byok' );
	}

	/**
	 * How many keys cannot be opened.
	 *
	 * @since 0.1.0
	 *
	 * @param string $state `locked` or `damaged`.
	 * @param int    $count Number of keys.
	 * @return string Sentences; empty for none.
	 */
	public static function closed_keys( string $state, int $count ): string {
		if ( 0 === $count ) {
			return '';
		}
		return 'locked' === $state
			/* translators: %s: a number. */
			? sprintf( _n( '%s key is locked, not lost. Give the server its previous secret back, or paste the key again.', '%s keys are locked, none is lost. Give the server its previous secret back, or paste the keys again.', $count, 'byok' ), number_format_i18n( $count ) )
			/* translators: %s: a number. */
			: sprintf( _n( '%s entry was changed outside byok and was refused. Remove it or paste the key again.', '%s entries were changed outside byok and were refused. Remove them or paste the keys again.', $count, 'byok' ), number_format_i18n( $count ) );
	}

	/**
	 * WordPress has stored secret keys in the database.
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $names   Names of the options.
	 * @param bool     $in_use  Whether one of them is what keys are encrypted with.
	 * @return string Sentences.
	 */
	public static function stored_salts( array $names, bool $in_use ): string {
		/* translators: %s: list of names of options. */
		$found = sprintf( __( 'The database holds secret keys of this site: %s. WordPress stores them there when wp-config.php has none.', 'byok' ), implode( ', ', $names ) );
		return $found . ' ' . ( $in_use
			? __( 'Your API keys are encrypted with them, so a copy of the database opens every key. Give wp-config.php new salts, encrypt the keys anew, and delete these options.', 'byok' )
			: __( 'Your API keys are not encrypted with them, but logins may be. Define all eight keys and salts in wp-config.php and delete these options.', 'byok' ) );
	}

	/**
	 * Keys lie in other settings.
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $labels Where, as of import_label().
	 * @return string Sentences.
	 */
	public static function other_keys( array $labels ): string {
		/* translators: %s: list of settings. */
		return sprintf( __( 'Keys that a copy of the database gives away, or this site’s salts open, are in: %s. Import them into byok, or delete them there.', 'byok' ), implode( ', ', $labels ) );
	}

	/**
	 * What a privacy policy may say of byok.
	 *
	 * @since 0.1.0
	 *
	 * @return string[] Paragraphs.
	 */
	public static function privacy_policy(): array {
		return array(
			__( 'People who save an API key of their own on this site have it stored here, encrypted, together with their user id, the time, the last four characters of the key, and what the provider said when the key was last checked. The key is sent to the provider it belongs to and to nobody else: to check it, and with every request that is made with it.', 'byok' ),
			__( 'The key is kept until its owner, an administrator or a request to erase personal data deletes it. It is not part of an export of personal data.', 'byok' ),
			__( 'What such a key is used for is counted for each day, plugin and model: requests, errors and tokens, nothing of what was asked or answered. Only its owner sees these figures. They are kept for about a year, are part of an export of personal data, and are deleted with a request to erase it. What the site’s own keys are used for is counted without naming anybody.', 'byok' ),
			__( 'Where this site lets visitors without an account bring a key, it gives them a token, of which it keeps only a fingerprint, with the times when it was made, last used and ends. A token that is not used for 30 days ends, and what was stored with it is deleted. Who holds the token can delete everything at any time.', 'byok' ),
			__( 'Where requests are sent through this site with a key, it counts for each person and each address how many there were, to limit them. Of an address it keeps a fingerprint only, which is deleted when the limit’s time is over.', 'byok' ),
		);
	}

	/**
	 * How a test of a webhook has ended.
	 *
	 * @since 0.1.0
	 *
	 * @param array $told See Webhook_Endpoint::send().
	 * @return string A sentence.
	 */
	public static function webhook_tested( array $told ): string {
		if ( null !== $told['reason'] ) {
			/* translators: %s: a sentence that says why. */
			return sprintf( __( 'Nothing was taken. %s', 'byok' ), self::reason( $told['reason'] ) );
		}
		return $told['status'] >= 200 && $told['status'] < 300
			/* translators: %s: a number, such as 200. */
			? sprintf( __( 'It was taken, with the status %s.', 'byok' ), $told['status'] )
			/* translators: %s: a number, such as 404. */
			: sprintf( __( 'It was not taken: the answer has the status %s.', 'byok' ), $told['status'] );
	}

	/**
	 * A person's key could not be deleted.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param string $why      A sentence.
	 * @return string A sentence.
	 */
	public static function not_erased( string $provider, string $why ): string {
		/* translators: 1: id of a provider, 2: a sentence that says why. */
		return sprintf( __( 'The API key of %1$s could not be deleted. %2$s', 'byok' ), $provider, $why );
	}

	/**
	 * What a person's keys were used for could not be deleted.
	 *
	 * @since 0.1.0
	 *
	 * @param string $why A sentence.
	 * @return string Sentences.
	 */
	public static function usage_not_erased( string $why ): string {
		/* translators: %s: a sentence that says why. */
		return sprintf( __( 'What the API keys were used for could not be deleted. %s', 'byok' ), $why );
	}

	/**
	 * A budget is used up.
	 *
	 * @since 0.1.0
	 *
	 * @param bool $whole Whether it is that of the whole key, not of one plugin or theme.
	 * @param int  $until When the month ends, Unix time; in UTC.
	 * @return string Sentences.
	 */
	public static function budget_exceeded( bool $whole, int $until ): string {
		$day = wp_date( get_option( 'date_format' ), $until, new \DateTimeZone( 'UTC' ) );
		return $whole
			/* translators: %s: a date. */
			? sprintf( __( 'The budget of this key is used up until %s, so nothing was sent. Whoever manages the key can raise it on the page API Keys → Usage.', 'byok' ), $day )
			/* translators: %s: a date. */
			: sprintf( __( 'The budget of this plugin or theme for this key is used up until %s, so nothing was sent. Whoever manages the key can raise it on the page API Keys → Usage.', 'byok' ), $day );
	}

	/**
	 * A budget is reached.
	 *
	 * @since 0.1.0
	 *
	 * @param string      $level    `soft` or `hard`.
	 * @param string      $provider Name of the provider.
	 * @param string|null $caller   Name of the plugin or theme; null for the budget of the whole key.
	 * @return string A sentence.
	 */
	public static function budget_reached( string $level, string $provider, ?string $caller ): string {
		if ( null === $caller ) {
			return 'hard' === $level
				/* translators: %s: name of a provider. */
				? sprintf( __( 'The %s key has used up its budget of this month. Requests with it are refused until the month ends.', 'byok' ), $provider )
				/* translators: %s: name of a provider. */
				: sprintf( __( 'The %s key has reached the budget of this month that you wanted to be told of. Requests go on.', 'byok' ), $provider );
		}
		return 'hard' === $level
			/* translators: 1: name of a plugin or theme, 2: name of a provider. */
			? sprintf( __( '“%1$s” has used up its budget of this month for the %2$s key. Its requests are refused until the month ends.', 'byok' ), $caller, $provider )
			/* translators: 1: name of a plugin or theme, 2: name of a provider. */
			: sprintf( __( '“%1$s” has reached the budget of this month for the %2$s key that you wanted to be told of. Requests go on.', 'byok' ), $caller, $provider );
	}

	/**
	 * A plugin or theme waits to be approved.
	 *
	 * @since 0.1.0
	 *
	 * @param string $caller   Its name.
	 * @param string $provider Name of the provider.
	 * @return string Sentences.
	 */
	public static function approval_wanted( string $caller, string $provider ): string {
		/* translators: 1: name of a plugin or theme, 2: name of a provider. */
		return sprintf( __( '“%1$s” wanted to use the %2$s key and was refused, because nobody has approved it yet.', 'byok' ), $caller, $provider );
	}

	/**
	 * Who may use a key.
	 *
	 * @since 0.1.0
	 *
	 * @param string $mode One of Consent_Policy::MODES.
	 * @return string A few words.
	 */
	public static function consent_mode( string $mode ): string {
		switch ( $mode ) {
			case 'all':
				return __( 'Every plugin and theme', 'byok' );
			case 'ask':
				return __( 'Approved ones, and ask me', 'byok' );
			default:
				return __( 'Approved ones only', 'byok' );
		}
	}

	/**
	 * How a re-encryption has ended.
	 *
	 * @since 0.1.0
	 *
	 * @param array $status See Reencryption::status().
	 * @return string Sentences.
	 */
	public static function reencrypted( array $status ): string {
		return sprintf(
			/* translators: 1 to 4: numbers of keys. */
			__( 'Encrypted anew: %1$s. Locked, waiting for their secret: %2$s. Damaged: %3$s. Changed by someone else meanwhile: %4$s.', 'byok' ),
			number_format_i18n( $status['moved'] ),
			number_format_i18n( $status['locked'] ),
			number_format_i18n( $status['damaged'] ),
			number_format_i18n( $status['busy'] )
		);
	}

	/**
	 * How to use a new key of the site.
	 *
	 * @since 0.1.0
	 *
	 * @return string[] Lines.
	 */
	public static function how_to_rotate(): array {
		return array(
			__( 'Nothing was changed. To use this key:', 'byok' ),
			__( '1. Keep a copy in a safe place. Without it, keys saved under it cannot be read.', 'byok' ),
			__( '2. Put it into the key file (byok.key_file in php.ini), or set it as BYOK_KEY in the environment or in wp-config.php. Keep the secret before it as the previous one: byok.previous_key_files or BYOK_KEY_PREVIOUS; nothing is needed if that were the salts.', 'byok' ),
			__( '3. Restart PHP and run: wp byok rotate', 'byok' ),
			__( '4. When nothing is locked any more, take the previous secret away.', 'byok' ),
		);
	}
}
