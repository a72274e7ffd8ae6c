<?php
/**
 * The functions of the byok extension. This file is the source of truth for their signatures; a
 * test compares it with reflection. It is never loaded beside the extension.
 *
 * @package byok
 */

// phpcs:disable

namespace {

	/**
	 * Encrypts a secret for one place. The result is safe to store as text.
	 *
	 * @param string $plaintext 1 to 8192 bytes.
	 * @param array  $context   {
	 *     Where the envelope belongs; it opens only under the same context. Strings; a missing field is
	 *     the empty string.
	 *
	 *     @type string $network  Decimal network id.
	 *     @type string $blog     Decimal site id; empty for a network key.
	 *     @type string $owner    `site`, `network`, `user:ID`, `visitor:ID` or `ref:ID`.
	 *     @type string $provider Provider id.
	 *     @type string $slot     `default`, or the label of the key.
	 *     @type string $origin   The only address that may receive the key, see byok_origin().
	 * }
	 * @return string An envelope, `byok1.…`.
	 * @throws \Byok\Exception\InputException     plaintext_empty, plaintext_too_long, context_*.
	 * @throws \Byok\Exception\KeySourceException source_*, salts_*, key_file_*, random_unavailable.
	 */
	function byok_encrypt( #[\SensitiveParameter] string $plaintext, array $context = [] ): string {}

	/**
	 * Opens an envelope.
	 *
	 * @param string $envelope What byok_encrypt() returned.
	 * @param array  $context  The context it was encrypted for.
	 * @return string The plaintext. Do not store, log or print it.
	 * @throws \Byok\Exception\InputException     context_*.
	 * @throws \Byok\Exception\EnvelopeException  envelope_malformed, envelope_unsupported_version,
	 *                                            envelope_unknown_key, envelope_refused, reveal_refused
	 *                                            (`byok.allow_reveal` is off).
	 * @throws \Byok\Exception\KeySourceException source_*, salts_*, key_file_*.
	 */
	function byok_decrypt( string $envelope, array $context = [] ): string {}

	/**
	 * Signs a message with the secret in an envelope, such as that of a webhook: HMAC-SHA256. The secret never becomes a
	 * PHP value; works with `byok.allow_reveal` off. The key of a provider signs nothing: a signature would tell whether a
	 * guess is right.
	 *
	 * @param string $envelope What byok_encrypt() returned.
	 * @param array  $context  The context it was encrypted for.
	 * @param string $message  Any bytes.
	 * @return string 64 hexadecimal digits in lower case, as hash_hmac( 'sha256', $message, $secret ) gives.
	 * @throws \Byok\Exception\InputException     context_*.
	 * @throws \Byok\Exception\EnvelopeException  envelope_malformed, envelope_unsupported_version,
	 *                                            envelope_unknown_key, envelope_refused; sign_refused for a context
	 *                                            with the id of a provider.
	 * @throws \Byok\Exception\KeySourceException source_*, salts_*, key_file_*.
	 */
	function byok_hmac( string $envelope, array $context, string $message ): string {}

	/**
	 * Tells about an envelope. Never throws for a bad envelope.
	 *
	 * @param string     $envelope Any string.
	 * @param array|null $context  The context it was encrypted for: then it is also tried whether it opens
	 *                             there. Null: nothing is decrypted. The plaintext is wiped, never returned.
	 * @return array {
	 *     @type int|null    $version Format version; null when it is not an envelope.
	 *     @type string|null $key_id  Id of the root key that opens it.
	 *     @type string      $state   `ready`, `stale` (opens under a previous key), `locked` (its key is not
	 *                                here) or `damaged` (not an envelope, or it does not open in this context).
	 *     @type string|null $reason  Why it is locked or damaged; null otherwise.
	 * }
	 * @throws \Byok\Exception\InputException context_*.
	 */
	function byok_inspect( string $envelope, ?array $context = null ): array {}

	/**
	 * Encrypts what is in an envelope again, under the current key and for the same context. The plaintext
	 * never becomes a PHP value; works with `byok.allow_reveal` off.
	 *
	 * @param string $envelope What byok_encrypt() returned, under any key of the ring or of `$previous`.
	 * @param array  $context  The context it was encrypted for.
	 * @param array  $previous {
	 *     Secrets that are used for this call only. Strings.
	 *
	 *     @type string $key       A former `BYOK_KEY`, or the line of a former key file.
	 *     @type string $auth_key  A former `AUTH_KEY`, together with
	 *     @type string $auth_salt the former `AUTH_SALT`.
	 * }
	 * @return string An envelope under the current key; the same text when it was under it already.
	 * @throws \Byok\Exception\InputException     context_*, option_invalid (an unknown name in `$previous`, or a
	 *                                            value that is not a string).
	 * @throws \Byok\Exception\EnvelopeException  envelope_malformed, envelope_unsupported_version,
	 *                                            envelope_unknown_key, envelope_refused.
	 * @throws \Byok\Exception\KeySourceException source_*, salts_* (of `$previous` too: source_missing when one
	 *                                            salt of two is given), key_file_*, random_unavailable.
	 */
	function byok_reencrypt( string $envelope, array $context = [], #[\SensitiveParameter] array $previous = [] ): string {}

	/**
	 * Makes a new key for `BYOK_KEY` or a key file.
	 *
	 * @return string `byok-root:` and 32 random bytes in base64url, 53 characters.
	 * @throws \Byok\Exception\KeySourceException random_unavailable.
	 */
	function byok_generate_key(): string {}

	/**
	 * Checks a key with its provider, by the cheapest call that proves it without cost.
	 *
	 * @param string $provider Provider id, see byok_providers().
	 * @param string $key      The key. Surrounding white space is removed.
	 * @param array  $options  {
	 *     @type string    $base_url Base URL, for providers with a custom one.
	 *     @type int|float $timeout  Seconds for the whole check, over 0 up to 60; default `byok.timeout`.
	 * }
	 * @return array {
	 *     @type string      $outcome     `valid`, `no_credit`, `rate_limited`, `restricted`, `invalid` or
	 *                                    `unknown` (the provider could not be asked).
	 *     @type string      $provider    Provider id.
	 *     @type string      $origin      The origin asked, `scheme://host:port`.
	 *     @type string      $reason      Why, in a code: `answered` (the status says it), `keyless` (public
	 *                                    or no key needed: nothing is known of the key), `timeout`, `dns`, `connect`, `tls`,
	 *                                    `address_refused`, `too_large`, `protocol`, `redirect`.
	 *     @type int|null    $http_status Status of the answer.
	 *     @type int|null    $retry_after Seconds the provider asks to wait.
	 *     @type bool        $recognised  Whether the key looks like one of this provider.
	 *     @type bool        $trimmed     Whether white space was removed around the key.
	 *     @type string      $hint        The masked key.
	 *     @type int         $elapsed_ms  Milliseconds the check took.
	 * }
	 * @throws \Byok\Exception\InputException   provider_unknown, option_invalid, key_*, base_url_*.
	 * @throws \Byok\Exception\NetworkException address_refused (a literal address), ca_file_unusable,
	 *                                          test_provider_refused.
	 */
	function byok_validate_key( string $provider, #[\SensitiveParameter] string $key, array $options = [] ): array {}

	/**
	 * Checks the key in an envelope with its provider. The key never becomes a PHP value; works with
	 * `byok.allow_reveal` off.
	 *
	 * @param string $provider Provider id, see byok_providers().
	 * @param string $envelope What byok_encrypt() returned.
	 * @param array  $context  The context it was encrypted for. Its `origin` must be what byok_origin() gives
	 *                         for this provider and `base_url`: a key goes only to the address it is bound to.
	 * @param array  $options  As for byok_validate_key().
	 * @return array As of byok_validate_key().
	 * @throws \Byok\Exception\InputException     provider_unknown, option_invalid, context_*, base_url_*,
	 *                                            origin_mismatch, key_* (what was encrypted is no key).
	 * @throws \Byok\Exception\EnvelopeException  envelope_malformed, envelope_unsupported_version,
	 *                                            envelope_unknown_key, envelope_refused.
	 * @throws \Byok\Exception\KeySourceException source_*, salts_*, key_file_*.
	 * @throws \Byok\Exception\NetworkException   address_refused (a literal address), ca_file_unusable,
	 *                                            test_provider_refused.
	 */
	function byok_validate_envelope( string $provider, string $envelope, array $context, array $options = [] ): array {}

	/**
	 * Sends a request to a provider with the key of an envelope. The key never becomes a PHP value; works with
	 * `byok.allow_reveal` off. It goes in the provider's own header, to the address it is bound to and to no
	 * other: a redirect is returned, not followed. Connections are kept and used again by later requests.
	 *
	 * @param string        $provider Provider id, see byok_providers().
	 * @param string        $envelope What byok_encrypt() returned; empty for a provider that needs no key.
	 * @param array         $context  The context it was encrypted for. Its `origin` must be what byok_origin()
	 *                                gives for this provider and `base_url`.
	 * @param array         $request  {
	 *     What to ask. A null is as good as nothing.
	 *
	 *     @type string    $method             GET, HEAD, POST (default), PUT, PATCH, DELETE or OPTIONS.
	 *     @type string    $path               What follows the provider's base URL, with the query: `/models`.
	 *     @type string    $url                Or a whole address, which must be at the provider's origin, and below
	 *                                         `base_url`. With `byok.test_provider`, the real provider's address
	 *                                         is understood and asked there.
	 *     @type array     $headers            Values by name, each a string, an integer or a list of them. Those
	 *                                         that carry keys (of any provider: `authorization`, `x-api-key`, …) or belong
	 *                                         to the connection (`host`, `content-length`, `accept-encoding`, …) are dropped.
	 *     @type string    $body               Not for GET and HEAD. It is JSON unless `content-type` says otherwise.
	 *     @type string    $base_url           Base URL, for providers with a custom one.
	 *     @type int|float $timeout            Seconds for all of it, with retries and callback; default 300.
	 *     @type int|float $connect_timeout    Seconds to look the name up and connect; default 10.
	 *     @type int|float $first_byte_timeout Seconds until the answer's headers are there; default 300.
	 *     @type int|float $idle_timeout       Seconds without a byte of the body; default 120. All times are over
	 *                                         0 and up to 900.
	 *     @type int       $max_bytes          Largest body, decoded; default 32 MiB, and none with a callback.
	 *     @type int       $retries            Further attempts, 0 to 3, after a random wait that respects
	 *                                         `retry-after` up to 20 seconds; default 2. Made when no connection
	 *                                         came about, and after 429, 502, 503, 504 and 529 when the method is
	 *                                         idempotent. A POST or PATCH is sent again after 429, 503 and 529, and only
	 *                                         when this is given. Never after the callback was called.
	 * }
	 * @param callable|null $on_chunk Called with the body as it arrives, decoded:
	 *                                `function ( string $bytes, array $head )`, where `$head` has `status` and
	 *                                `headers` as below. Nothing more is read while it runs. When it returns
	 *                                false or throws, or PHP has noticed that the browser is gone, the connection is
	 *                                closed at once; an exception comes through unchanged. PHP notices when
	 *                                it writes: print and flush(). After ignore_user_abort( true ) a browser that is
	 *                                gone does not matter.
	 * @return array {
	 *     @type int         $status      Status of the answer, whatever it is.
	 *     @type array       $headers     Lists of values by name in lower case, `set-cookie` among them; those
	 *                                    about the connection are left out, and what a body was compressed
	 *                                    with. The key is masked in them.
	 *     @type string      $body        The body, decoded, with the key masked; '' with a callback.
	 *     @type string|null $outcome     What the answer says of the key: `valid` (any 2xx), `no_credit`,
	 *                                    `rate_limited`, `restricted`, `invalid` or `unknown`; null when it is
	 *                                    about something else, such as an outage or the request.
	 *     @type int|null    $retry_after Seconds the provider asks to wait.
	 *     @type bool        $redacted    Whether the answer repeated the key, which was masked. The length in
	 *                                    `content-length` is then the one before.
	 *     @type int         $attempts    How many requests were made.
	 *     @type int         $elapsed_ms  Milliseconds it took.
	 *     @type bool        $stopped     Whether the callback, or the browser's absence, ended it.
	 * }
	 * @throws \Byok\Exception\InputException     provider_unknown, option_invalid, request_malformed,
	 *                                            path_refused, context_*, base_url_*, origin_mismatch, key_*
	 *                                            (what was encrypted is no key).
	 * @throws \Byok\Exception\EnvelopeException  envelope_malformed, envelope_unsupported_version,
	 *                                            envelope_unknown_key, envelope_refused.
	 * @throws \Byok\Exception\KeySourceException source_*, salts_*, key_file_*.
	 * @throws \Byok\Exception\NetworkException   timeout, dns, connect, tls, address_refused, too_large, protocol
	 *                                            (also after the callback was called), ca_file_unusable,
	 *                                            test_provider_refused.
	 */
	function byok_send( string $provider, string $envelope, array $context, #[\SensitiveParameter] array $request, ?callable $on_chunk = null ): array {}

	/**
	 * Lists the models of a provider that the key of an envelope may use, all pages of the list.
	 *
	 * @param string $provider Provider id, see byok_providers().
	 * @param string $envelope As for byok_send().
	 * @param array  $context  As for byok_send().
	 * @param array  $options  {
	 *     @type string    $base_url Base URL, for providers with a custom one.
	 *     @type int|float $timeout  Seconds for all pages, over 0 up to 60; default `byok.timeout`.
	 * }
	 * @return array<int, array{id: string, name: string, created_at: int|null}> In the provider's order, at
	 *     most 5000; the name is the id where there is none, the time in seconds since 1970.
	 * @throws \Byok\Exception\InputException     As byok_send(), and models_unsupported (there is no such list).
	 * @throws \Byok\Exception\EnvelopeException  As byok_send().
	 * @throws \Byok\Exception\KeySourceException As byok_send().
	 * @throws \Byok\Exception\NetworkException   As byok_send(), and models_unreadable (the provider refused, or
	 *                                            its answer is no such list).
	 */
	function byok_list_models( string $provider, string $envelope, array $context, array $options = [] ): array {}

	/**
	 * The path that a relayed request asks a provider for: one rule for all ways through the relay.
	 *
	 * @param string $provider Provider id, see byok_providers().
	 * @param string $method   The request's method, in upper case.
	 * @param string $path     What the client wrote behind the provider's id, with its query: `/models?limit=1`. The
	 *                         base URL's own path at its beginning is dropped, as some clients write it
	 *                         (`/v1/messages`) and some do not.
	 * @param string $base_url Base URL, for providers with a custom one.
	 * @return string The path below the base URL, with the query, for byok_send().
	 * @throws \Byok\Exception\InputException   provider_unknown, base_url_*, request_malformed (no such method),
	 *                                          path_refused (dot segments, empty segments, encoded slashes or dots,
	 *                                          backslashes, control characters, fragments), path_not_relayed (not on the
	 *                                          provider's list), key_in_url (a query parameter that is named like one for keys, or a key
	 *                                          or token of a known format anywhere, see byok_holds_key()).
	 * @throws \Byok\Exception\NetworkException address_refused, test_provider_refused.
	 */
	function byok_relay_path( string $provider, string $method, string $path, string $base_url = '' ): string {}

	/**
	 * The headers that the relay lets pass. All others stay out, cookies among them.
	 *
	 * @return array{request_headers: list<string>, response_headers: list<string>} Names in lower case.
	 */
	function byok_relay_rules(): array {}

	/**
	 * Makes a ticket: the key of an envelope, sealed for a short time, for byok_relay_offload(). Only the processes of
	 * this start of this server can open it, and it holds nothing that its holder could read, move or redirect.
	 *
	 * @param string $provider Provider id, see byok_providers().
	 * @param string $envelope As for byok_send().
	 * @param array  $context  As for byok_send().
	 * @param array  $options  {
	 *     What it allows. A null is as good as nothing.
	 *
	 *     @type string   $base_url   Base URL, for providers with a custom one.
	 *     @type string[] $paths      Which of the provider's `relay`, see byok_providers(); default all.
	 *     @type int      $expires_in Seconds, 1 to 900; default 60. A request that has begun goes on beyond.
	 *     @type int      $uses       How many requests, 1 to 1000; default 1. They are counted for all workers together.
	 *     @type int      $max_body   Largest body in bytes; default what the server takes.
	 *     @type string   $origin     Origin of the pages that may use it: `https://app.example`; default '', none but the
	 *                                site's own.
	 *     @type string   $owner      A word for logs, of letters, digits and `-_.:@`; default ''.
	 * }
	 * @return string `byok_tk_…`, for the header in which the provider's own clients send a key.
	 * @throws \Byok\Exception\InputException     As byok_send().
	 * @throws \Byok\Exception\EnvelopeException  As byok_send().
	 * @throws \Byok\Exception\KeySourceException As byok_send(), and random_unavailable.
	 * @throws \Byok\Exception\NetworkException   address_refused, ca_file_unusable, test_provider_refused, tickets_full.
	 */
	function byok_ticket( string $provider, string $envelope, array $context, array $options = [] ): string {}

	/**
	 * Ends tickets of this server before their time: those with a key of an owner, and those that were given to them. All
	 * that its processes have made, of this `byok.tenant`; others are of other servers, and end in time.
	 *
	 * @param string $owner As in the context of a key, or in the option `owner` of byok_ticket(); empty for all tickets.
	 */
	function byok_end_tickets( string $owner = '' ): void {}

	/**
	 * Answers nginx, which asks with `auth_request` whether a request to the relay may go, and where: all that
	 * `relay.php` of the plugin does. Needs no WordPress. It takes the ticket from `authorization: Bearer`,
	 * `x-api-key`, `x-goog-api-key`, `api-key` or `xi-api-key`, uses it, and gives the key to the server in a header that no
	 * PHP code sees.
	 *
	 * Anywhere else than behind such a server (the FastCGI parameter BYOK_OFFLOAD) it answers 501.
	 *
	 * @throws \Byok\Exception\NetworkException offload_missing (headers were sent before).
	 */
	function byok_relay_offload(): void {}

	/**
	 * Tells what the relay can do in this process. Never an exception.
	 *
	 * @return array{server: string, shared: bool, tickets: int, capacity: int, offload: bool} PHP's name for the server;
	 *     whether a ticket of this process opens in the one that answers the next request; how many can still be used,
	 *     and how many there may be; whether `byok.offload` allows this server to be given keys.
	 */
	function byok_relay_state(): array {}

	/**
	 * Masks a key for people: what names the provider, and the last four characters. Short keys are
	 * masked whole.
	 *
	 * @param string $key Any string.
	 * @return string Such as `sk-ant-…Qw4A`, or `…`.
	 */
	function byok_mask( #[\SensitiveParameter] string $key ): string {}

	/**
	 * Whether a text holds a key of a known format, or a token of byok's; also one that is written as in URLs or base64.
	 *
	 * Unlike byok_redact() it looks neither at names nor at the keys that this process has met, so what is refused because
	 * of it tells a stranger nothing about the keys that are here.
	 *
	 * @param string $text Any bytes.
	 */
	function byok_holds_key( #[\SensitiveParameter] string $text ): bool {}

	/**
	 * Masks every key in a text: those of a known format, those behind a name such as `x-api-key:`, and, whatever
	 * they look like, those that were encrypted, opened, checked or sent in this process before. Also when they are
	 * written as in URLs, JSON or base64.
	 *
	 * @param string $text    Any bytes.
	 * @param array  $options {
	 *     What a mask shows.
	 *
	 *     @type bool $first The characters that name the provider, as byok_mask() does; default true.
	 *     @type int  $last  How many characters of the end, 0 to 4; default 4.
	 * }
	 * @return string The same text with each key replaced by its mask; the very same string when there is none.
	 * @throws \Byok\Exception\InputException option_invalid.
	 */
	function byok_redact( #[\SensitiveParameter] string $text, array $options = [] ): string {}

	/**
	 * Has byok_redact() and all that stands on it know the keys in these envelopes, for the rest of the process.
	 * Each is opened inside the engine and wiped; only keyed fingerprints are kept, of at most 256 keys, the latest. An
	 * envelope that is known already is not opened again.
	 *
	 * @param array  $sealed Rows of an envelope and its context, see byok_encrypt(): `array{ 0: string, 1: array }`.
	 * @param string $place  What byok_redact_due() is asked for, if these are all keys of a place.
	 * @return int How many are known now. A row that does not open, or is none, is left out.
	 * @throws \Byok\Exception\InputException option_invalid: a row is no array. The place is due then.
	 */
	function byok_redact_stored( array $sealed, string $place = '' ): int {}

	/**
	 * Whether byok_redact_stored() is to be called for a place, such as a site: it was not within this time in this
	 * process, or keys were forgotten for others since. So a database need not be asked by each request of a worker.
	 *
	 * The time is that of a clock which nobody sets. Of the name of a place only a hash is kept, of at most 1,024 places.
	 *
	 * @param string $place   Any name that no other place has.
	 * @param int    $seconds How long what is known of it is good enough; 0 for not at all.
	 * @throws \Byok\Exception\InputException option_invalid: a negative time.
	 */
	function byok_redact_due( string $place, int $seconds = 300 ): bool {}

	/**
	 * The table of providers.
	 *
	 * @return array<string, array{id: string, name: string, description: string, base_url: string|null,
	 *     origin: string|null, custom_base_url: bool, key_required: bool, key_page: string|null,
	 *     billing_page: string|null, prefixes: list<string>, placeholder: string, relay: list<string>}> By id, most
	 *     used first. `relay` is what the relay offers: a method and a path below the base URL, such as
	 *     `GET /models/*`, in which `*` is characters of one segment.
	 */
	function byok_providers(): array {}

	/**
	 * Guesses the provider from the look of a key.
	 *
	 * @param string $key The key.
	 * @return string|null Provider id, or null when several or none would fit.
	 */
	function byok_detect_provider( #[\SensitiveParameter] string $key ): ?string {}

	/**
	 * The address that a key of this provider is bound to.
	 *
	 * @param string $provider Provider id.
	 * @param string $base_url Base URL, for providers with a custom one.
	 * @return string `scheme://host:port`, lower case, the port always written; with a custom base URL its
	 *                path follows.
	 * @throws \Byok\Exception\InputException   provider_unknown, base_url_*.
	 * @throws \Byok\Exception\NetworkException address_refused, test_provider_refused.
	 */
	function byok_origin( string $provider, string $base_url = '' ): string {}

	/**
	 * Tells which key source is in force. Never any key material, never an exception.
	 *
	 * @return array {
	 *     @type string|null $source           `key_file`, `environment`, `constant` or `salts`; null when there is
	 *                                         none.
	 *     @type string|null $key_id           Id of the current root key; null when it cannot be used.
	 *     @type string|null $error            Reason code when it cannot be used; null otherwise.
	 *     @type string|null $message          The same in a sentence.
	 *     @type string[]    $warnings         Reason codes: other sources and previous secrets that cannot be
	 *                                         used, `previous_key_files_late`, `key_file_own` (the key file
	 *                                         belongs to the user that PHP runs as), `environment_own`
	 *                                         (php-fpm did not start as root, and its master keeps the
	 *                                         environment in memory that PHP code may read), `memory_not_locked` (the
	 *                                         root may reach swap or a core dump) and `test_provider`.
	 *     @type string[]    $previous_key_ids Ids of the keys that only read, in order.
	 *     @type bool        $reveal           Whether byok_decrypt() gives out plaintexts: `byok.allow_reveal`.
	 * }
	 */
	function byok_key_source(): array {}
}

namespace Byok {

	/**
	 * Masks the keys of a text that comes in pieces, as byok_redact() does for a whole one: however the text is
	 * cut, no key gets out, and what comes out is the same. Keeps back only what may be part of a key.
	 *
	 * Cannot be cloned or serialised, and a dump of it shows nothing of the text.
	 */
	final class Redactor {

		/**
		 * Starts a text.
		 *
		 * @param array $options As of byok_redact().
		 * @throws \Byok\Exception\InputException option_invalid.
		 */
		public function __construct( array $options = [] ) {}

		/**
		 * Takes the next piece.
		 *
		 * @param string $piece Any bytes.
		 * @return string What can be given out now.
		 */
		public function push( #[\SensitiveParameter] string $piece ): string {}

		/**
		 * Ends the text. Afterwards another one can begin.
		 *
		 * @return string The rest.
		 */
		public function finish(): string {}

		/**
		 * What was masked since the last call, in order; at most 10,000.
		 *
		 * @return list<array{provider: string|null, rule: string, masked: string, offset: int, line: int}> Id of the
		 *     provider, null when only the form or the name before it is known; id of the rule (`stored`
		 *     for a key that was known); the mask; where it stood in the text, in bytes; its line, from 1.
		 */
		public function found(): array {}

		/**
		 * How many more were masked since the last call of this function than found() has room for.
		 */
		public function missed(): int {}
	}
}

namespace Byok\Exception {

	/** Implemented by every exception of byok. Messages are fixed texts and hold no input. */
	interface ByokException extends \Throwable {

		/**
		 * The reason as a stable code.
		 *
		 * @return string Such as `envelope_unknown_key`.
		 */
		public function getReason(): string;
	}

	/** An argument was refused before anything was done. */
	final class InputException extends \InvalidArgumentException implements ByokException {
		public function getReason(): string {}
	}

	/** An envelope could not be opened. */
	final class EnvelopeException extends \RuntimeException implements ByokException {
		public function getReason(): string {}
	}

	/** There is no usable root key. */
	final class KeySourceException extends \RuntimeException implements ByokException {
		public function getReason(): string {}
	}

	/** A request could not be made, or was refused by policy. */
	final class NetworkException extends \RuntimeException implements ByokException {
		public function getReason(): string {}
	}
}
