//! One error type for the engine: a reason code per case, and fixed texts.
//!
//! It promises that no message holds any part of an input, so that an error may be logged or shown
//! anywhere. It does not know how an error is reported: PHP makes exceptions of them, the plugin
//! `WP_Error( 'byok_<reason>' )`.

use std::fmt;

/// What the engine returns.
pub type Result<T> = std::result::Result<T, Error>;

/// Which part refused; PHP has one exception class for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An argument was refused before anything was done.
    Input,
    /// An envelope could not be opened.
    Envelope,
    /// No usable root key.
    KeySource,
    /// A request could not be made or was refused by policy.
    Network,
}

macro_rules! errors {
    ($($(#[$doc:meta])* $name:ident = $kind:ident, $reason:literal, $message:literal;)*) => {
        /// Everything that can go wrong, one variant for each reason.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Error { $($(#[$doc])* $name,)* }

        impl Error {
            /// Every error there is, for tables and tests.
            pub const ALL: &[Error] = &[$(Error::$name),*];

            /// Which part refused.
            pub fn kind(self) -> Kind {
                match self { $(Error::$name => Kind::$kind,)* }
            }

            /// The stable code: lower case, words joined by `_`.
            pub fn reason(self) -> &'static str {
                match self { $(Error::$name => $reason,)* }
            }

            /// The fixed text for people.
            pub fn message(self) -> &'static str {
                match self { $(Error::$name => $message,)* }
            }
        }
    };
}

errors! {
    /// The plaintext to encrypt is empty.
    PlaintextEmpty = Input, "plaintext_empty", "There is nothing to encrypt: the plaintext is empty.";
    /// The plaintext to encrypt is longer than 8192 bytes.
    PlaintextTooLong = Input, "plaintext_too_long", "The plaintext is longer than 8192 bytes.";
    /// The context has a field that does not exist.
    ContextUnknownField = Input, "context_unknown_field", "The context may hold only network, blog, owner, provider, slot and origin.";
    /// A context field is not a string.
    ContextNotString = Input, "context_not_string", "Every context field must be a string.";
    /// A context field is longer than 65535 bytes.
    ContextTooLong = Input, "context_too_long", "A context field is longer than 65535 bytes.";
    /// The key is empty, or white space only.
    KeyEmpty = Input, "key_empty", "The key is empty.";
    /// The key is longer than 8192 bytes.
    KeyTooLong = Input, "key_too_long", "The key is longer than 8192 bytes.";
    /// The key holds a line break, NUL, a space or another control character.
    KeyControlCharacter = Input, "key_control_character", "The key contains a space, a line break or a control character. Copy it again, on its own.";
    /// The key holds a character outside ASCII, visible or not.
    KeyNotAscii = Input, "key_not_ascii", "The key contains characters that no provider uses, perhaps invisible ones. Copy it again from the provider's page.";
    /// The key is the mask that is shown in its place.
    KeyIsMask = Input, "key_is_mask", "This is the hint of a stored key, not a key.";
    /// The key is of a kind that must not be given to a site, such as an organisation's admin key.
    KeyWrongKind = Input, "key_wrong_kind", "This is an administration key. Create an ordinary API key instead.";
    /// No provider has this id.
    ProviderUnknown = Input, "provider_unknown", "There is no such provider.";
    /// An option of the check does not exist or has the wrong type.
    OptionInvalid = Input, "option_invalid", "An option does not exist or has the wrong type.";
    /// The provider needs a base URL and none was given.
    BaseUrlMissing = Input, "base_url_missing", "This provider needs a base URL.";
    /// A base URL was given for a provider that has a fixed one.
    BaseUrlNotAllowed = Input, "base_url_not_allowed", "The address of this provider is fixed.";
    /// The base URL is not a plain `https://host[:port][/path]`.
    BaseUrlMalformed = Input, "base_url_malformed", "The base URL must look like https://host/path, without user name, query or fragment.";
    /// The base URL is not https.
    BaseUrlNotHttps = Input, "base_url_not_https", "The base URL must begin with https://.";
    /// The key is bound to another address than the one it would be sent to.
    OriginMismatch = Input, "origin_mismatch", "This key is bound to another address than the one it would be sent to.";
    /// A request's method, a header or its body cannot be sent.
    RequestMalformed = Input, "request_malformed", "The request has a method, header or body that cannot be sent.";
    /// A request's path could lead away from the provider's API.
    PathRefused = Input, "path_refused", "The path must begin with one slash and hold neither dot segments, backslashes, fragments nor unescaped characters.";
    /// The relay does not offer this method and path of the provider.
    PathNotRelayed = Input, "path_not_relayed", "The relay does not offer this request of the provider.";
    /// A path or query carries a key or a token.
    KeyInUrl = Input, "key_in_url", "A key or token must not be in an address, where logs keep it.";
    /// A page of another origin than the ticket's asks.
    OriginRefused = Input, "origin_refused", "This page may not use the relay with that ticket.";
    /// A ticket for an address of one's own is used over HTTP/1, where a provider could answer for the site.
    RelayNeedsHttp2 = Input, "relay_needs_http2", "With an address of its own this provider is asked here over HTTP/2 or HTTP/3 only. Use the relay of WordPress.";
    /// The body is larger than the ticket allows.
    BodyTooLarge = Input, "body_too_large", "The request is larger than allowed.";
    /// The ticket has a limit and the request does not say how long its body is.
    LengthMissing = Input, "length_missing", "The request must say how long it is (content-length).";
    /// The provider has no list of models that byok can read.
    ModelsUnsupported = Input, "models_unsupported", "This provider has no list of models.";
    /// The address is loopback, private or reserved, and not allowed by `byok.allow_hosts`.
    AddressRefused = Network, "address_refused", "This address is on a private or reserved network and is not allowed by the server's configuration.";

    /// Not an envelope: wrong prefix, length, alphabet or padding.
    EnvelopeMalformed = Envelope, "envelope_malformed", "This is not a byok envelope.";
    /// A well-formed envelope of a version that this build cannot open.
    EnvelopeUnsupportedVersion = Envelope, "envelope_unsupported_version", "This envelope was written by a newer version of byok.";
    /// No key in the ring has the envelope's key id.
    EnvelopeUnknownKey = Envelope, "envelope_unknown_key", "This envelope was encrypted under another key. It opens again when that key is given back.";
    /// The cipher refused: changed, or moved from another place.
    EnvelopeRefused = Envelope, "envelope_refused", "This envelope was changed, or belongs to another place.";
    /// This is no ticket, or it was changed.
    TicketUnknown = Envelope, "ticket_unknown", "This is not a ticket of the relay.";
    /// A ticket of another server, or of this one before it was started again.
    TicketElsewhere = Envelope, "ticket_elsewhere", "This ticket was made by another server, or before this one was started again. Get a new one.";
    /// The time of a ticket is over.
    TicketExpired = Envelope, "ticket_expired", "This ticket has expired. Get a new one.";
    /// A ticket was used as often as it may be.
    TicketSpent = Envelope, "ticket_spent", "This ticket has been used as often as it may be. Get a new one.";
    /// What a ticket was made with was deleted or changed, or it was ended with all others.
    TicketEnded = Envelope, "ticket_ended", "This ticket was ended before its time. Get a new one.";
    /// A message is to be signed with the key of a provider.
    SignRefused = Envelope, "sign_refused", "A provider's key signs nothing: a signature tells whether it was guessed.";
    /// `byok.allow_reveal` is off.
    RevealRefused = Envelope, "reveal_refused", "This server does not give out keys (byok.allow_reveal is off). They can still be checked and re-encrypted.";

    /// Neither a key nor salts are there.
    SourceMissing = KeySource, "source_missing", "This site has no key source: define BYOK_KEY, or AUTH_KEY and AUTH_SALT.";
    /// A secret (`BYOK_KEY`, a key file) has fewer than 32 characters.
    SourceTooShort = KeySource, "source_too_short", "The secret in BYOK_KEY or the key file must have at least 32 characters.";
    /// A secret begins with `byok-root:` but 32 bytes in base64url do not follow.
    SourceMalformed = KeySource, "source_malformed", "The secret in BYOK_KEY or the key file begins with byok-root: but is not a complete key.";
    /// The environment variable `BYOK_KEY` or `BYOK_KEY_PREVIOUS` was taken by a parent process.
    SourceTaken = KeySource, "source_taken", "BYOK_KEY was taken by a parent process. Give this process its own.";
    /// `AUTH_KEY` or `AUTH_SALT` still has the text of the sample configuration.
    SaltsPlaceholder = KeySource, "salts_placeholder", "AUTH_KEY or AUTH_SALT still has its placeholder text.";
    /// `AUTH_KEY` or `AUTH_SALT` is used for another secret too.
    SaltsDuplicated = KeySource, "salts_duplicated", "AUTH_KEY or AUTH_SALT has the same value as another secret key of this site.";
    /// `AUTH_KEY` or `AUTH_SALT` has fewer than 32 characters.
    SaltsTooShort = KeySource, "salts_too_short", "AUTH_KEY and AUTH_SALT must have at least 32 characters each.";
    /// The path of a key file does not begin with a slash.
    KeyFileRelative = KeySource, "key_file_relative", "The path of the key file must be absolute.";
    /// There is no such key file.
    KeyFileMissing = KeySource, "key_file_missing", "The key file does not exist. Create it, or correct byok.key_file.";
    /// The user that PHP starts as may not read the key file, or reading fails.
    KeyFileUnreadable = KeySource, "key_file_unreadable", "The key file cannot be read by the user that PHP starts as. WP-CLI and cron jobs need a source of their own.";
    /// The key file is a link, directory, pipe, socket or device.
    KeyFileNotRegular = KeySource, "key_file_not_regular", "The key file must be a regular file, not a link, directory, pipe or device.";
    /// The key file belongs to a user who is not trusted.
    KeyFileOwner = KeySource, "key_file_owner", "The key file must belong to root (chown root).";
    /// Others than its owner may do something with the key file.
    KeyFileMode = KeySource, "key_file_mode", "The key file must be readable by its owner only (chmod 400).";
    /// The key file is empty or longer than 4096 bytes.
    KeyFileSize = KeySource, "key_file_size", "The key file must have 1 to 4096 bytes.";
    /// The key file has several lines or a control character.
    KeyFileMalformed = KeySource, "key_file_malformed", "The key file must hold one line of text without control characters.";
    /// `byok.key_file` is another one than when PHP started.
    KeyFileLate = KeySource, "key_file_late", "byok.key_file belongs into php.ini or conf.d, where PHP reads it before php-fpm drops its privileges. The configuration of a pool comes too late.";
    /// A warning: `byok.previous_key_files` is another one than when PHP started.
    PreviousKeyFilesLate = KeySource, "previous_key_files_late", "byok.previous_key_files belongs into php.ini or conf.d, where PHP reads it before php-fpm drops its privileges. The configuration of a pool comes too late.";
    /// A warning: a key file belongs to the user that PHP runs as, who is not root.
    KeyFileOwn = KeySource, "key_file_own", "The key file belongs to the user that PHP runs as, so PHP code can read it. Let it belong to root.";
    /// A warning: the environment stays with a process of the user that PHP runs as, who is not root.
    EnvironmentOwn = KeySource, "environment_own", "php-fpm did not start as root, so PHP code may read BYOK_KEY in the memory of its master process. Start it as root, with another user for its workers.";
    /// A warning: the memory of root keys could not be locked, or not be left out of core dumps.
    MemoryNotLocked = KeySource, "memory_not_locked", "The system does not let byok lock the root key in memory, so it may reach swap or a core dump. Raise the limit of locked memory (RLIMIT_MEMLOCK).";

    /// The system's random number generator failed.
    RandomUnavailable = KeySource, "random_unavailable", "The system gives no random numbers.";
    /// No whole answer came in time.
    Timeout = Network, "timeout", "The provider did not answer in time.";
    /// The provider's name does not resolve.
    Dns = Network, "dns", "The provider's name cannot be looked up.";
    /// No connection could be made.
    Connect = Network, "connect", "There is no connection to the provider.";
    /// No trusted TLS connection could be made.
    Tls = Network, "tls", "The provider's certificate is not trusted, or TLS failed.";
    /// The answer's headers or decoded body are larger than allowed.
    TooLarge = Network, "too_large", "The provider's answer is larger than allowed.";
    /// The answer is not HTTP, or broke off.
    Protocol = Network, "protocol", "The provider's answer broke off or is not HTTP.";
    /// The list of models is not what the provider documents, or the provider refused to give it.
    ModelsUnreadable = Network, "models_unreadable", "The provider did not give a list of models.";
    /// `byok.ca_file` cannot be read or holds no certificate.
    CaFileUnusable = Network, "ca_file_unusable", "The file of byok.ca_file cannot be read or holds no certificate.";
    /// There is no room for another ticket.
    TicketsFull = Network, "tickets_full", "There are too many tickets of the relay at the moment.";
    /// The server does not stream for the relay, or may not.
    OffloadMissing = Network, "offload_missing", "This server is not set up to stream for the relay.";
    /// `byok.test_provider` is not an http(s) URL on loopback.
    TestProviderRefused = Network, "test_provider_refused", "byok.test_provider must be an address on this machine.";
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn reasons_are_distinct_and_plain() {
        let reasons: HashSet<_> = Error::ALL.iter().map(|e| e.reason()).collect();
        assert_eq!(reasons.len(), Error::ALL.len());
        for reason in reasons {
            assert!(
                reason
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'),
                "{reason}"
            );
        }
    }
}
