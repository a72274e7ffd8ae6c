<?php
/**
 * What other plugins call.
 *
 * Every function answers with a value or a WP_Error whose code begins with `byok_`; none throws. Check
 * with is_wp_error() before using an answer. They work on the current site and follow switch_to_blog().
 *
 * A key belongs to an owner: `site`, `network` (of a multisite installation), `user` (who is logged in),
 * `user:ID`, or, of people without an account, `visitor:ID` and `ref:ID`. Reading asks, when no owner is named, the person who is logged in, the site, the network,
 * and the server's configuration (`ANTHROPIC_API_KEY`, as an environment variable or constant), and uses
 * the first that has a key; see the filter `byok_key_order`. Saving and deleting mean the site's.
 *
 * They do not ask whether the current user may manage keys: that is yours to do, before saving or
 * deleting on someone's behalf.
 *
 * @package byok
 */

defined( 'ABSPATH' ) || exit;

/**
 * Checks a key with its provider, encrypts it and saves it in place of the one before.
 *
 *     $saved = byok_save_key( 'anthropic', wp_unslash( $_POST['key'] ) );
 *     if ( is_wp_error( $saved ) ) {
 *         return $saved; // The key before, if there was one, is still there.
 *     }
 *     echo esc_html( $saved['message'] );
 *
 * A key that the provider refuses is not saved. When the provider cannot be reached the key is saved
 * with the outcome `unknown`; the key before it, if it opens, is kept beside it, and is put back if the
 * provider refuses the new one at the next check. The check takes as long as `byok.timeout` allows, 15 seconds by default.
 *
 * @since 0.1.0
 *
 * @param string $provider Provider id, such as `anthropic`; see byok_providers().
 * @param string $key      The key, not slashed. White space around it is removed.
 * @param array  $args     {
 *     Optional.
 *
 *     @type string $base_url Base URL, for a provider with a custom one such as `openai-compatible`.
 *     @type string $owner    Whose key: `site` (default), `network`, `user` or `user:ID`.
 *     @type bool   $replace  False to refuse when there is a key already, in whatever state.
 *     @type string $slot     Label of a further key of the same provider, see byok_request(): lower-case letters,
 *                            digits and hyphens. Default `default`.
 * }
 * @return array|WP_Error {
 *     What byok_key_info() returns, and:
 *
 *     @type bool  $saved   True.
 *     @type array $checked What byok_validate_key() told; no secret.
 *
 *     Errors: `byok_key_refused` (the provider says the key is invalid), `byok_key_exists`, `byok_key_empty`,
 *     `byok_key_is_mask`, `byok_key_too_long`, `byok_key_control_character`, `byok_key_not_ascii`,
 *     `byok_key_wrong_kind`, `byok_provider_unknown`, `byok_base_url_*`, `byok_address_refused`,
 *     `byok_owner_unknown`, `byok_slot_malformed`,
 *     `byok_conflict` (someone else was faster), `byok_storage_failed`, `byok_storage_not_restored`, `byok_storage_unsure`,
 *     `byok_source_*` and `byok_salts_*` (the site has no usable secret), `byok_extension_missing`,
 *     `byok_extension_outdated`, `byok_internal`.
 * }
 */
function byok_save_key( string $provider, #[\SensitiveParameter] string $key, array $args = array() ) {
	$owner = Byok\Resolver::owner( $args['owner'] ?? 'site' );
	$place = is_wp_error( $owner ) ? $owner : Byok\Resolver::named( $provider, $args );
	return is_wp_error( $place ) ? $place : Byok\Vault::save( $place, $key, $args, $owner );
}

/**
 * Gets a key, for one request to its provider.
 *
 *     $key = byok_get_key( 'anthropic' );
 *     if ( is_wp_error( $key ) ) {
 *         return $key;
 *     }
 *     $answer = wp_remote_post(
 *         'https://api.anthropic.com/v1/messages',
 *         array( 'headers' => array( 'x-api-key' => $key ), 'body' => $body )
 *     );
 *
 * Use it and forget it: do not store, log or print it, and send it nowhere but to the address that
 * byok_key_info() tells. It never goes into a URL.
 *
 * @since 0.1.0
 *
 * @param string $provider Provider id.
 * @param array  $args     {
 *     Optional.
 *
 *     @type string $owner Ask only this one: `site`, `network`, `user` or `user:ID`.
 *     @type string $slot  Of several keys, the one of this label; else the first: `default`, then by label.
 * }
 * @return string|WP_Error The key. Errors: `byok_key_absent`, `byok_envelope_unknown_key` (locked: the
 *                         site's secrets were changed), `byok_envelope_malformed`,
 *                         `byok_envelope_refused` (damaged), `byok_origin_changed` (damaged; locked when
 *                         it is the server that names another address for a provider with a fixed one),
 *                         `byok_envelope_unsupported_version`, `byok_provider_unknown`,
 *                         `byok_owner_unknown`, `byok_reveal_refused` (the server gives out no keys),
 *                         `byok_storage_failed`, `byok_source_*`, `byok_salts_*`,
 *                         `byok_extension_missing`, `byok_extension_outdated`, `byok_internal`.
 */
function byok_get_key( string $provider, array $args = array() ) {
	return Byok\Resolver::get( $provider, $args );
}

/**
 * Whether there is a key that can be used.
 *
 *     if ( ! byok_has_key( 'anthropic' ) ) {
 *         return; // byok_key_info() tells why: absent, locked or damaged.
 *     }
 *
 * @since 0.1.0
 *
 * @param string $provider Provider id.
 * @param array  $args     {
 *     Optional.
 *
 *     @type string $owner Ask only this one: `site`, `network`, `user` or `user:ID`.
 *     @type string $slot  Of several keys, the one of this label; else the first: `default`, then by label.
 * }
 * @return bool True when byok_get_key() would return one; false for none, for one that cannot be opened
 *              and for an unknown provider.
 */
function byok_has_key( string $provider, array $args = array() ): bool {
	$info = Byok\Resolver::info( $provider, $args );
	return ! is_wp_error( $info ) && in_array( $info['state'], array( 'ready', 'stale' ), true );
}

/**
 * Tells about a provider and its key, never the key.
 *
 *     $info = byok_key_info( 'anthropic' );
 *     if ( ! is_wp_error( $info ) ) {
 *         printf( '%s: %s', esc_html( $info['name'] ), esc_html( $info['message'] ) );
 *     }
 *
 * @since 0.1.0
 *
 * @param string $provider Provider id.
 * @param array  $args     {
 *     Optional.
 *
 *     @type string $owner Ask only this one: `site`, `network`, `user` or `user:ID`.
 *     @type string $slot  Of several keys, the one of this label; else the first: `default`, then by label.
 * }
 * @return array|WP_Error {
 *     Errors: `byok_provider_unknown`, `byok_storage_failed`, `byok_internal`; without the extension
 *     `byok_extension_missing` or `byok_extension_outdated` when there is no row for the provider either.
 *
 *     @type string      $provider        Provider id.
 *     @type string      $name            Name of the provider.
 *     @type string      $description     What it offers.
 *     @type string      $state           `absent`, `ready`, `stale` (it, or the key kept beside it, opens
 *                                        under a previous secret), `locked` (opens again when its
 *                                        secret is given back) or `damaged` (changed outside byok).
 *     @type string|null $reason          Why it is locked or damaged, as a code.
 *     @type string      $hint            The masked key; empty when it is not known.
 *     @type string      $previous_hint   The masked key before, kept while the new one is not verified;
 *                                        empty when there is none.
 *     @type string      $previous_state  State of that key, `absent` when there is none. A locked one opens
 *                                        again when its secret is given back; a damaged one is lost.
 *     @type string|null $previous_reason Why it is locked or damaged, as a code.
 *     @type string|null $outcome         What the last check told: `valid`, `no_credit`, `rate_limited`,
 *                                        `restricted`, `invalid` or `unknown`.
 *     @type string|null $proof           What that is about: `key`, or `reachable` when the provider
 *                                        answers anyone; null when nothing is known.
 *     @type string      $message         State and outcome in translated sentences; plain text.
 *     @type int|null    $checked_at      When it was checked, Unix time.
 *     @type int|null    $saved_at        When it was saved, Unix time.
 *     @type int|null    $saved_by        Id of the user who saved it.
 *     @type string      $slot            Which of the owner's keys of this provider: `default`, or a label.
 *     @type string[]    $slots           The slots in which the owner has a key of this provider.
 *     @type int|null    $resume_at       Until when the others go first, Unix time; null when it is not resting.
 *     @type string|null $origin          The only address that may receive the key: `scheme://host:port`,
 *                                        followed by the path when the base URL is a custom one.
 *     @type string      $base_url        Base URL; empty when it is fixed, or cannot be trusted.
 *     @type string      $owner           Whose key: `site`, `network` or `user:ID`.
 *     @type string      $source          Where it comes from: `site`, `network`, `user`, `environment` or
 *                                        `constant`.
 *     @type bool        $read_only       Whether it can be changed only where it was set: in the server's
 *                                        configuration.
 *     @type string|null $set_by          Name of that variable or constant.
 *     @type bool        $custom_base_url Whether the provider takes a base URL.
 *     @type bool        $key_required    Whether the provider needs a key.
 *     @type string|null $key_page        Page where a key can be made.
 *     @type string|null $billing_page    Page where credit can be added.
 *     @type string[]    $prefixes        How its keys begin.
 *     @type string      $placeholder     What a key looks like.
 * }
 */
function byok_key_info( string $provider, array $args = array() ) {
	return Byok\Resolver::info( $provider, $args );
}

/**
 * Deletes a key, in whatever state it is, with the one that was kept beside it.
 *
 *     $deleted = byok_delete_key( 'anthropic' );
 *     if ( is_wp_error( $deleted ) ) {
 *         return $deleted; // It is still there.
 *     }
 *
 * @since 0.1.0
 *
 * @param string $provider Provider id.
 * @param array  $args     {
 *     Optional.
 *
 *     @type string $owner Whose key: `site` (default), `network`, `user` or `user:ID`.
 *     @type string $slot  Of several keys, only the one of this label; else all of the provider.
 * }
 * @return true|WP_Error True when there is no key any more, also when there was none before. Errors:
 *                       `byok_provider_unknown`, `byok_conflict`, `byok_storage_failed`,
 *                       `byok_storage_unsure`, `byok_extension_missing`, `byok_extension_outdated`, `byok_internal`.
 */
function byok_delete_key( string $provider, array $args = array() ) {
	$owner = Byok\Resolver::owner( $args['owner'] ?? 'site' );
	$place = is_wp_error( $owner ) ? $owner : Byok\Resolver::named( $provider, $args );
	if ( is_wp_error( $place ) ) {
		return $place;
	}
	return isset( $args['slot'] ) ? Byok\Vault::delete( $place, $owner ) : Byok\Vault::delete_all( $provider, $owner );
}

/**
 * Sends a request to a provider with the key that applies. Takes and returns what wp_remote_request() does,
 * so that existing code changes one word; the key is put in on the way, and no PHP code ever has it.
 *
 *     $answer = byok_request(
 *         'anthropic',
 *         '/messages',
 *         array( 'json' => array( 'model' => $model, 'max_tokens' => 500, 'messages' => $messages ) )
 *     );
 *     if ( is_wp_error( $answer ) ) {
 *         return $answer;
 *     }
 *     $message = json_decode( wp_remote_retrieve_body( $answer ), true );
 *
 * Of several keys for one provider (see the argument `slot` of byok_save_key()) the one in the slot `default` is
 * used first, then the others by their labels. One that the provider refuses or limits, or whose account has
 * no credit, gives way to the next within the same request, and rests: for as long as the provider asks, else
 * a minute after a limit and an hour after the others.
 *
 * It goes to the address that the key is bound to and nowhere else. Redirects are returned, not followed. An
 * echo of the key in the answer is masked. When the provider says that the key is invalid or has no credit,
 * the state of the key says so from then on.
 *
 * @since 0.1.0
 *
 * @param string $provider Provider id.
 * @param string $path     Path below the provider's base URL, with its query, such as `/messages`.
 * @param array  $args     {
 *     Optional. As of wp_remote_request(), as far as it makes sense here.
 *
 *     @type string       $method             HTTP method; default `POST` with a body, else `GET`.
 *     @type array        $headers            Headers by name. The provider's own, such as its version, and the
 *                                            one with the key are added.
 *     @type string|array $body               Body; an array is sent as a form.
 *     @type mixed        $json               In place of a body: what to send as JSON.
 *     @type float        $timeout            Seconds for the whole request, default 60.
 *     @type float        $connect_timeout    Seconds until there is a connection.
 *     @type float        $first_byte_timeout Seconds until the answer begins.
 *     @type float        $idle_timeout       Seconds between two pieces of the answer.
 *     @type int          $max_bytes          Bytes of the answer's body at most; a longer one is an error.
 *     @type int          $limit_response_size Bytes of the answer's body at most; a longer one is cut off there, as
 *                                            by wp_remote_request().
 *     @type int          $retries            How often to try again, 0 to 3; only what is safe to repeat is.
 *     @type string       $owner              Whose key, see byok_get_key().
 *     @type string       $slot               Only the key of this label.
 *
 *     Others of wp_remote_request() are without effect. One that neither knows is an error.
 * }
 * @return array|WP_Error As of wp_remote_request(). Errors: those of byok_get_key() about the key,
 *                        `byok_not_approved`, `byok_budget_exceeded`, `byok_option_invalid`,
 *                        `byok_timeout`, `byok_dns`, `byok_connect`, `byok_tls`, `byok_address_refused`,
 *                        `byok_too_large`, `byok_protocol`.
 */
function byok_request( string $provider, string $path, array $args = array() ) {
	return Byok\Provider_Request::send( $provider, $path, $args );
}

/**
 * Sends a request and hands out the answer piece by piece, as it comes.
 *
 *     byok_stream(
 *         'openai',
 *         '/chat/completions',
 *         array( 'json' => array( 'model' => $model, 'messages' => $messages, 'stream' => true ) ),
 *         function ( $bytes ) {
 *             echo $bytes;
 *             flush();
 *         }
 *     );
 *
 * Pieces end anywhere, not at events or lines. What the function throws comes through; when it returns
 * false, or the browser has gone away, the connection to the provider is closed.
 *
 * @since 0.1.0
 *
 * @param string   $provider Provider id.
 * @param string   $path     Path below the provider's base URL.
 * @param array    $args     As of byok_request().
 * @param callable $on_chunk Gets `string $bytes, array $head` (status and headers); returns false to stop.
 * @return array|WP_Error As of byok_request(), with an empty body.
 */
function byok_stream( string $provider, string $path, array $args, callable $on_chunk ) {
	return Byok\Provider_Request::send( $provider, $path, $args, $on_chunk );
}

/**
 * Lists the models that the key that applies may use, from the provider's own list.
 *
 *     $models = byok_models( 'mistral' );
 *     if ( ! is_wp_error( $models ) ) {
 *         $names = array_column( $models, 'name', 'id' );
 *     }
 *
 * @since 0.1.0
 *
 * @param string $provider Provider id.
 * @param array  $args     {
 *     Optional.
 *
 *     @type string $owner Whose key, see byok_get_key().
 *     @type string $slot  Only the key of this label.
 *     @type bool   $fresh Ask the provider now. Otherwise a list is remembered for an hour.
 * }
 * @return array[]|WP_Error Lists of `id`, `name` and `created_at` (Unix time or null), in the provider's order.
 *                          Errors: those of byok_request(), `byok_models_unsupported` (there is no such list),
 *                          `byok_models_unreadable` (the provider refused, or gave something else).
 */
function byok_models( string $provider, array $args = array() ) {
	return Byok\Gate::models( $provider, $args );
}

/**
 * Gives a token that stands for the key that applies: for code that wants a key and sends its requests through
 * WordPress's HTTP API. On the way to the provider the key is put in its place; to any other address the
 * request is refused. The token is worth nothing outside of this site.
 *
 *     wp_remote_post(
 *         'https://api.anthropic.com/v1/messages',
 *         array( 'headers' => array( 'x-api-key' => byok_stand_in( 'anthropic' ) ), 'body' => $body )
 *     );
 *
 * @since 0.1.0
 *
 * @param string $provider Provider id.
 * @param array  $args     {
 *     Optional.
 *
 *     @type string $owner Whose key; without it that is decided when the token is used, see byok_get_key().
 * }
 * @return string|WP_Error The token, whether there is a key or not. Errors: `byok_provider_unknown`,
 *                         `byok_owner_unknown`, `byok_extension_missing`.
 */
function byok_stand_in( string $provider, array $args = array() ) {
	$known = Byok\Providers::find( $provider );
	if ( null === $known ) {
		return Byok\Failure::because( Byok\Extension::reason() ?? 'provider_unknown' );
	}
	if ( isset( $args['owner'] ) ) {
		$owner = Byok\Resolver::owner( $args['owner'] );
		if ( is_wp_error( $owner ) ) {
			return $owner;
		}
		$args['owner'] = $owner->word();
	}
	return Byok\Stand_In::of( $known, $args );
}

/**
 * Takes what the sender of a REST request has brought along: a provider, a model and an API key of their own, in
 * the headers X-BYOK-Provider, X-BYOK-Model and X-BYOK-Api-Key. For routes of your own that use such a key once and
 * keep nothing; whether the sender may use your route is yours to decide.
 *
 *     $credentials = byok_credentials( $request );
 *     if ( is_wp_error( $credentials ) ) {
 *         return $credentials; // 401: says which headers are wanted.
 *     }
 *     return $credentials->send( '/messages', array( 'json' => array( 'model' => $credentials->model, … ) ) );
 *
 * The key is encrypted before other plugins are loaded and replaced by a reference in $_SERVER; no PHP code can read
 * it. It goes to the provider's fixed address only, is not stored, and is counted nowhere.
 *
 * @since 0.1.0
 *
 * @param WP_REST_Request $request Request.
 * @return Byok\Credentials|WP_Error Immutable: `provider`, `model` (empty for none), `mask`, and `send( $path, $args,
 *                                   $on_chunk )` as byok_request() and byok_stream(). Errors, all with the status 401:
 *                                   `byok_credentials_absent`, `byok_credentials_own_address`,
 *                                   `byok_provider_unknown`, `byok_request_malformed` (the model is none),
 *                                   `byok_source_*`, `byok_salts_*`, `byok_extension_missing`.
 */
function byok_credentials( WP_REST_Request $request ) {
	$found = Byok\Passed_Key::of( $request ) ?? Byok\Failure::because( 'credentials_absent' );
	if ( is_wp_error( $found ) ) {
		$found->add_data( array( 'status' => 401 ) );
	}
	return $found;
}

/**
 * Whether a webhook of byok is genuine: for whoever receives one, on this site or another.
 *
 *     $body = file_get_contents( 'php://input' );
 *     if ( ! byok_verify_webhook( $body, $_SERVER['HTTP_BYOK_SIGNATURE'] ?? '', $secret ) ) {
 *         status_header( 400 );
 *         exit;
 *     }
 *
 * The same event may come more than once; it has the same `Byok-Event-Id` then. Needs neither the extension nor the
 * database.
 *
 * @since 0.1.0
 *
 * @param string $body      Body of the request, byte for byte.
 * @param string $header    The header `Byok-Signature`.
 * @param string $secret    Secret of the webhook, `byok_whsec_…`.
 * @param int    $tolerance Seconds that the time of the signature may differ from now. Default 300.
 * @return bool True when it was signed with the secret, just now.
 */
function byok_verify_webhook( string $body, string $header, #[\SensitiveParameter] string $secret, int $tolerance = 300 ): bool {
	return Byok\Webhook_Signature::verify( $body, $header, $secret, $tolerance, time() );
}
