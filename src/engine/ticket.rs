//! Tickets: a stored key, sealed for a short time, for those who serve the relay without WordPress.
//!
//! It promises that a ticket opens only in processes of the same start of the same server, that it
//! is used no more often and no longer than it says, and not after it was ended, and that it tells its holder nothing: it is
//! sealed under a secret which is made at the start and never leaves protected memory. It does not
//! know who may have one.
//!
//! A ticket is `byok_tk_` and base64url of
//!
//! ```text
//! start[8] ‖ nonce[24] ‖ XChaCha20-Poly1305( fields ) ‖ tag[16]
//! ```
//!
//! with `"byok/v1/ticket" ‖ start ‖ tenant` as what is authenticated beside. Nothing keeps tickets,
//! so the format may change with each release.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret, SecretString};
use zeroize::{Zeroize, Zeroizing};

use crate::opened::Opened;
use crate::protected::Protected;
use crate::provider::{Provider, find};
use crate::uses::{Counted, Group, Uses, now};
use crate::{Error, Result};

/// How a ticket begins. It is known to the redaction of logs.
pub const PREFIX: &str = "byok_tk_";

/// The longest life of a ticket, in seconds. What was revoked where nobody could end its tickets, on
/// another server say, works no longer than this.
pub const MAX_LIFE: u32 = 900;

/// The most uses of a ticket.
pub const MAX_USES: u32 = 1000;

/// The longest ticket that is looked at: a key of the longest kind, with everything else.
const MAX_LEN: usize = 16 * 1024;

/// What it ends with: all tickets of a tenant, those with a key of somebody's, those of somebody.
const GROUPS: usize = 3;

const KEY_LEN: usize = 32;
const START_LEN: usize = 8;
const NONCE_LEN: usize = 24;
const TAG_LEN: usize = 16;

/// What a ticket allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Which of the provider's patterns, see [`Provider::relay`]; `None` for all.
    pub paths: Option<Vec<String>>,
    /// Seconds until it is over, 1 to [`MAX_LIFE`].
    pub life: u32,
    /// How often it may be used, 1 to [`MAX_USES`].
    pub uses: u32,
    /// The largest body, in bytes; `None` leaves it to the server.
    pub max_body: Option<u64>,
    /// The origin of the pages that may use it; empty for none but the site's own.
    pub origin: String,
    /// A word for logs.
    pub owner: String,
}

impl Default for Grant {
    fn default() -> Self {
        Self {
            paths: None,
            // Time to send one request.
            life: 60,
            uses: 1,
            max_body: None,
            origin: String::new(),
            owner: String::new(),
        }
    }
}

/// An opened ticket.
pub struct Ticket {
    /// The provider it is for.
    pub(crate) provider: &'static Provider,
    /// Base URL, for a provider with a custom one.
    pub(crate) base_url: Option<String>,
    /// The key; `None` for a provider that needs none.
    pub(crate) key: Option<SecretString>,
    /// See [`Grant::paths`].
    pub(crate) paths: Option<Vec<String>>,
    /// See [`Grant::max_body`].
    pub(crate) max_body: Option<u64>,
    /// See [`Grant::origin`].
    pub(crate) origin: String,
    /// See [`Grant::owner`].
    pub(crate) owner: String,
    counted: Counted,
    groups: [Group; GROUPS],
}

/// Makes and opens tickets.
pub struct Issuer {
    memory: Protected,
    start: [u8; START_LEN],
    uses: Uses,
}

impl Issuer {
    /// Makes the secret and the counters; before the processes are forked that shall share them.
    ///
    /// # Errors
    ///
    /// `RandomUnavailable` and `TicketsFull` when the system gives no random numbers or no memory.
    pub fn new() -> Result<Self> {
        let mut memory = Protected::new(KEY_LEN);
        getrandom::fill(&mut memory[..KEY_LEN]).map_err(|_| Error::RandomUnavailable)?;
        let mut start = [0; START_LEN];
        getrandom::fill(&mut start).map_err(|_| Error::RandomUnavailable)?;
        Ok(Self {
            memory,
            start,
            uses: Uses::new()?,
        })
    }

    /// Locks the secret in memory. A lock is not inherited over fork: each new process calls this.
    pub fn lock(&self) {
        self.memory.lock();
    }

    /// How often tickets were made that can still be used.
    pub fn count(&self) -> usize {
        self.uses.count()
    }

    /// Makes a ticket for an opened key of somebody's, as the key's context names them.
    ///
    /// # Errors
    ///
    /// `OptionInvalid` when the grant allows what cannot be, or its texts cannot be in a header;
    /// `TicketsFull`, `RandomUnavailable`.
    pub fn issue(
        &self,
        opened: &Opened,
        of: &[u8],
        grant: &Grant,
        tenant: &[u8],
    ) -> Result<String> {
        let provider = opened.provider();
        let fits = (1..=MAX_LIFE).contains(&grant.life)
            && (1..=MAX_USES).contains(&grant.uses)
            && grant.max_body.is_none_or(|most| most < u64::MAX)
            && is_origin(&grant.origin)
            && is_word(&grant.owner);
        if !fits {
            return Err(Error::OptionInvalid);
        }
        let paths = bits(provider, grant.paths.as_deref())?;
        let base_url = if provider.custom_base_url() {
            opened.base().place()
        } else {
            String::new()
        };
        let key = opened.key().unwrap_or_default();
        let texts = [&provider.id, &base_url, &grant.origin, &grant.owner, key];

        let until = now() + grant.life;
        let counted = self.uses.begin(until, grant.uses, tenant)?;
        let groups = [b"", of, grant.owner.as_bytes()].map(|name| self.uses.group(tenant, name));
        let length = 28 + 8 * GROUPS + texts.iter().map(|text| 2 + text.len()).sum::<usize>();
        // Of its full size at once: a vector that grows leaves a copy of the key behind.
        let mut fields = Zeroizing::new(Vec::with_capacity(length));
        fields.extend(until.to_be_bytes());
        fields.extend(counted.place.to_be_bytes());
        fields.extend(counted.tag.to_be_bytes());
        fields.extend(paths.to_be_bytes());
        fields.extend(grant.max_body.unwrap_or(u64::MAX).to_be_bytes());
        for group in groups {
            fields.extend(group.number.to_be_bytes());
            fields.extend(group.ended.to_be_bytes());
        }
        for text in texts {
            let length = u16::try_from(text.len()).map_err(|_| Error::OptionInvalid)?;
            fields.extend(length.to_be_bytes());
            fields.extend_from_slice(text.as_bytes());
        }

        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|_| Error::RandomUnavailable)?;
        let tag = self
            .cipher()
            .encrypt_inout_detached(
                &XNonce::from(nonce),
                &self.beside(tenant),
                fields.as_mut_slice().into(),
            )
            .map_err(|_| Error::OptionInvalid)?;
        let sealed = [&self.start[..], &nonce, &fields, &tag].concat();
        Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(sealed)))
    }

    /// Opens a ticket, without using it.
    ///
    /// # Errors
    ///
    /// `TicketUnknown` when it is none, or was changed; `TicketElsewhere` when another server, or
    /// this one before it was started again, has made it; `TicketExpired`.
    pub fn open(&self, text: &[u8], tenant: &[u8]) -> Result<Ticket> {
        let sealed = text
            .strip_prefix(PREFIX.as_bytes())
            .filter(|rest| rest.len() <= MAX_LEN)
            .and_then(|rest| URL_SAFE_NO_PAD.decode(rest).ok())
            .ok_or(Error::TicketUnknown)?;
        let (start, rest) = sealed
            .split_first_chunk::<START_LEN>()
            .ok_or(Error::TicketUnknown)?;
        let (nonce, rest) = rest
            .split_first_chunk::<NONCE_LEN>()
            .ok_or(Error::TicketUnknown)?;
        let (ciphertext, tag) = rest
            .split_last_chunk::<TAG_LEN>()
            .ok_or(Error::TicketUnknown)?;
        if *start != self.start {
            return Err(Error::TicketElsewhere);
        }
        let mut fields = Zeroizing::new(ciphertext.to_vec());
        self.cipher()
            .decrypt_inout_detached(
                &XNonce::from(*nonce),
                &self.beside(tenant),
                fields.as_mut_slice().into(),
                &Tag::from(*tag),
            )
            .map_err(|_| Error::TicketUnknown)?;
        let mut reader = Reader(&fields);
        let ticket = reader.ticket().ok_or(Error::TicketUnknown)?;
        if reader.0.is_empty() {
            ticket
        } else {
            Err(Error::TicketUnknown)
        }
    }

    /// Takes one of a ticket's uses.
    ///
    /// # Errors
    ///
    /// `TicketEnded` when it was ended, `TicketSpent` when none is left.
    pub fn take(&self, ticket: &Ticket) -> Result<()> {
        if ticket.groups.iter().any(|group| self.uses.is_over(*group)) {
            return Err(Error::TicketEnded);
        }
        self.uses.take(ticket.counted)
    }

    /// Ends the tickets of a tenant that are with a key of this owner, or given to them; with an
    /// empty name all of the tenant's.
    pub fn end(&self, owner: &[u8], tenant: &[u8]) {
        self.uses.end(tenant, owner);
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        let mut key = chacha20poly1305::Key::default();
        key.copy_from_slice(&self.memory[..KEY_LEN]);
        let cipher = XChaCha20Poly1305::new(&key);
        key.zeroize();
        cipher
    }

    /// What is authenticated beside: two pools of one server that have tenants of their own cannot
    /// use each other's tickets.
    fn beside(&self, tenant: &[u8]) -> Vec<u8> {
        [b"byok/v1/ticket", &self.start[..], tenant].concat()
    }
}

/// Reads what was sealed, from the front.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    /// `None` when it is not what [`Issuer::issue`] writes, and so of another release.
    fn ticket(&mut self) -> Option<Result<Ticket>> {
        let until = u32::from_be_bytes(self.chunk()?);
        let counted = Counted {
            place: u32::from_be_bytes(self.chunk()?),
            tag: u32::from_be_bytes(self.chunk()?),
        };
        let paths = u64::from_be_bytes(self.chunk()?);
        let max_body = u64::from_be_bytes(self.chunk()?);
        let groups = [self.group()?, self.group()?, self.group()?];
        let provider = find(self.text()?).ok()?;
        let base_url = Some(self.text()?.to_owned()).filter(|url| !url.is_empty());
        let origin = self.text()?.to_owned();
        let owner = self.text()?.to_owned();
        let key = self.text()?;
        if until <= now() {
            self.0 = &[];
            return Some(Err(Error::TicketExpired));
        }
        Some(Ok(Ticket {
            provider,
            base_url,
            key: (!key.is_empty()).then(|| SecretString::from(key)),
            paths: chosen(provider, paths),
            max_body: Some(max_body).filter(|most| *most != u64::MAX),
            origin,
            owner,
            counted,
            groups,
        }))
    }

    fn group(&mut self) -> Option<Group> {
        Some(Group {
            number: u32::from_be_bytes(self.chunk()?),
            ended: u32::from_be_bytes(self.chunk()?),
        })
    }

    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (chunk, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*chunk)
    }

    fn text(&mut self) -> Option<&str> {
        let length = u16::from_be_bytes(self.chunk()?);
        let (text, rest) = self.0.split_at_checked(length.into())?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }
}

/// Patterns as bits, which keep a ticket short: it is sent in a header. All of them for all.
fn bits(provider: &Provider, some: Option<&[String]>) -> Result<u64> {
    let Some(some) = some else {
        return Ok(u64::MAX);
    };
    some.iter().try_fold(0, |bits, wanted| {
        let index = provider.relay.iter().position(|known| known == wanted);
        let index = index.ok_or(Error::OptionInvalid)?;
        Ok(bits | 1 << index)
    })
}

fn chosen(provider: &Provider, bits: u64) -> Option<Vec<String>> {
    (bits != u64::MAX).then(|| {
        let patterns = provider.relay.iter().enumerate();
        patterns
            .filter(|(index, _)| bits & (1 << index) != 0)
            .map(|(_, pattern)| pattern.clone())
            .collect()
    })
}

/// Whether a text is an origin as browsers send it, or empty. Extensions of browsers and apps have
/// schemes of their own.
fn is_origin(text: &str) -> bool {
    let in_scheme = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    let in_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]_".contains(&byte);
    text.is_empty()
        || text.len() <= 300
            && text.split_once("://").is_some_and(|(scheme, host)| {
                !scheme.is_empty()
                    && scheme.bytes().all(in_scheme)
                    && !host.is_empty()
                    && host.bytes().all(in_host)
            })
}

/// Whether a text can be in a header and in a log.
fn is_word(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:@".contains(&byte);
    text.len() <= 100 && text.bytes().all(plain)
}

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ticket")
            .field("provider", &self.provider.id)
            .finish_non_exhaustive()
    }
}

impl Ticket {
    /// The key.
    pub(crate) fn key(&self) -> Option<&str> {
        self.key.as_ref().map(ExposeSecret::expose_secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::Policy;
    use crate::context::Context;
    use crate::envelope::seal;
    use crate::keyring::KeyRing;
    use crate::provider::{origin_of, providers};

    const KEY: &str = "sk-byok-test-0123456789";

    fn opened(id: &str, base: Option<&str>) -> Opened {
        let ring = KeyRing::from_root([7; 32]);
        let provider = find(id).expect("a provider");
        let policy = Policy::default();
        let mut place = Context::default();
        let origin = origin_of(provider, base, &policy).expect("an origin");
        place.set(b"origin", origin.as_bytes()).expect("a context");
        let envelope = seal(&ring, &place, KEY.as_bytes()).expect("sealed");
        let envelope = envelope.as_bytes();
        Opened::with_ring(provider, base, &policy, &place, envelope, &ring).expect("opened")
    }

    #[test]
    fn a_ticket_opens_with_what_it_was_made_of() {
        let issuer = Issuer::new().expect("an issuer");
        let grant = Grant {
            paths: Some(vec!["GET /models".into(), "POST /embeddings".into()]),
            max_body: Some(1000),
            origin: "https://app.example:8443".into(),
            owner: "user:5".into(),
            ..Grant::default()
        };
        let base = "https://gateway.example/tenant/v1";
        let opened = opened("openai-compatible", Some(base));
        let text = issuer
            .issue(&opened, b"site", &grant, b"")
            .expect("a ticket");
        assert!(text.starts_with("byok_tk_") && text.len() < 500, "{text}");
        let ticket = issuer.open(text.as_bytes(), b"").expect("opened");
        assert_eq!(ticket.provider.id, "openai-compatible");
        let place = "https://gateway.example:443/tenant/v1";
        assert_eq!(ticket.base_url.as_deref(), Some(place));
        assert_eq!(ticket.key(), Some(KEY));
        let mut paths = ticket.paths.clone().expect("paths");
        paths.sort();
        assert_eq!(Some(paths), grant.paths);
        assert_eq!(ticket.max_body, Some(1000));
        assert_eq!(
            (ticket.origin.as_str(), ticket.owner.as_str()),
            ("https://app.example:8443", "user:5")
        );
        assert!(!format!("{ticket:?}").contains("byok-test"));
        assert_eq!(issuer.take(&ticket), Ok(()));
        assert_eq!(issuer.take(&ticket), Err(Error::TicketSpent));
    }

    #[test]
    fn a_changed_ticket_is_unknown() {
        let issuer = Issuer::new().expect("an issuer");
        let opened = opened("openai", None);
        let text = issuer
            .issue(&opened, b"site", &Grant::default(), b"")
            .expect("one");
        let sealed = URL_SAFE_NO_PAD.decode(&text[8..]).expect("base64url");
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            let changed = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(&changed));
            let expected = if index < START_LEN {
                Error::TicketElsewhere
            } else {
                Error::TicketUnknown
            };
            let refused = issuer.open(changed.as_bytes(), b"");
            assert_eq!(refused.err(), Some(expected), "{index}");
        }
        for length in 0..text.len() {
            assert!(issuer.open(&text.as_bytes()[..length], b"").is_err());
        }
        for other in [
            "",
            "byok_tk_",
            "byok1.x",
            "Bearer x",
            "byok_tk_====",
            "byok_tk_\u{e4}",
        ] {
            let refused = issuer.open(other.as_bytes(), b"");
            assert_eq!(refused.err(), Some(Error::TicketUnknown), "{other}");
        }
        let long = format!("{PREFIX}{}", "A".repeat(MAX_LEN + 1));
        let refused = issuer.open(long.as_bytes(), b"");
        assert_eq!(refused.err(), Some(Error::TicketUnknown));
    }

    #[test]
    fn a_ticket_of_another_start_or_tenant_does_not_open() {
        let issuer = Issuer::new().expect("an issuer");
        let opened = opened("openai", None);
        let text = issuer
            .issue(&opened, b"site", &Grant::default(), b"one")
            .expect("one");
        let other = Issuer::new().expect("another");
        let refused = other.open(text.as_bytes(), b"one");
        assert_eq!(refused.err(), Some(Error::TicketElsewhere));
        let refused = issuer.open(text.as_bytes(), b"two");
        assert_eq!(refused.err(), Some(Error::TicketUnknown));
        assert!(issuer.open(text.as_bytes(), b"one").is_ok());
    }

    #[test]
    fn a_ticket_ends_in_time() {
        let issuer = Issuer::new().expect("an issuer");
        let opened = opened("openai", None);
        let grant = Grant {
            life: 1,
            ..Grant::default()
        };
        let text = issuer
            .issue(&opened, b"site", &grant, b"")
            .expect("a ticket");
        std::thread::sleep(std::time::Duration::from_millis(1100));
        let refused = issuer.open(text.as_bytes(), b"");
        assert_eq!(refused.err(), Some(Error::TicketExpired));
    }

    #[test]
    fn an_ended_ticket_is_over_and_others_go_on() {
        let issuer = Issuer::new().expect("an issuer");
        let opened = opened("openai", None);
        let ticket = |of: &[u8], owner: &str, tenant: &[u8]| {
            let grant = Grant {
                owner: owner.to_owned(),
                uses: 9,
                ..Grant::default()
            };
            let text = issuer.issue(&opened, of, &grant, tenant).expect("one");
            issuer.open(text.as_bytes(), tenant).expect("opened")
        };
        let sites = ticket(b"site", "user:5", b"");
        let own = ticket(b"user:6", "user:6", b"");
        let other = ticket(b"site", "user:5", b"other");
        issuer.end(b"user:7", b"");
        assert_eq!(issuer.take(&sites), Ok(()));
        issuer.end(b"user:5", b"");
        assert_eq!(issuer.take(&sites), Err(Error::TicketEnded));
        assert_eq!(issuer.take(&ticket(b"site", "user:5", b"")), Ok(()));
        let sites = ticket(b"site", "user:5", b"");
        issuer.end(b"site", b"");
        assert_eq!(issuer.take(&sites), Err(Error::TicketEnded));
        assert_eq!(issuer.take(&own), Ok(()));
        issuer.end(b"", b"");
        assert_eq!(issuer.take(&own), Err(Error::TicketEnded));
        assert_eq!(issuer.take(&other), Ok(()));
    }

    #[test]
    fn a_grant_of_the_impossible_is_refused() {
        let issuer = Issuer::new().expect("an issuer");
        let opened = opened("openai", None);
        let refused = |grant: Grant| issuer.issue(&opened, b"site", &grant, b"").err();
        let usual = Grant::default;
        for life in [0, MAX_LIFE + 1] {
            assert_eq!(
                refused(Grant { life, ..usual() }),
                Some(Error::OptionInvalid)
            );
        }
        for uses in [0, MAX_USES + 1] {
            assert_eq!(
                refused(Grant { uses, ..usual() }),
                Some(Error::OptionInvalid)
            );
        }
        for origin in [
            "null",
            "*",
            "https://",
            "://a",
            "https://a\r\nX: y",
            "https://a/b",
            "https://a\"",
        ] {
            let origin = origin.to_owned();
            assert_eq!(
                refused(Grant { origin, ..usual() }),
                Some(Error::OptionInvalid)
            );
        }
        for owner in ["a b", "a\n", "\"", "\u{e4}", &"a".repeat(101)] {
            let owner = owner.to_owned();
            assert_eq!(
                refused(Grant { owner, ..usual() }),
                Some(Error::OptionInvalid)
            );
        }
        let paths = Some(vec!["POST /files".to_owned()]);
        assert_eq!(
            refused(Grant { paths, ..usual() }),
            Some(Error::OptionInvalid)
        );
    }

    #[test]
    fn patterns_fit_their_bits() {
        // One bit is left for "all".
        assert!(providers().iter().all(|provider| provider.relay.len() < 64));
    }
}
