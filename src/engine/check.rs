//! Checks a key: one request to its provider, and what the answer means.
//!
//! It promises one of six outcomes whatever the network does, within the time given, and that no
//! part of an answer's body is returned: providers repeat the key in their errors. It does not
//! know any provider; the table does.

use std::io::Read;
use std::time::{Duration, Instant};

use secrecy::ExposeSecret;
use serde::Deserialize;
use ureq::http::{HeaderName, HeaderValue, Response};
use ureq::{Body, http};
use zeroize::Zeroizing;

use crate::agent::{Client, secret_header};
use crate::credential::Credential;
use crate::failure::{reason_before_answer, reason_in_answer};
use crate::provider::{Method, Proof, Provider, base_of};
use crate::retry::retry_after;
use crate::{Error, Result, mask, redact};

pub use crate::failure::Reason;

/// The most bytes of a body, decoded. The longest list of models has some 200 KiB.
const MAX_BODY: u64 = 1024 * 1024;

/// What is known about a key. Only `Invalid` may refuse one.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// The provider answered as it does with a key that works. Where it answers anyone, that says
    /// nothing of the key, and the reason is `Keyless`.
    Valid,
    /// The account has no credit, which proves the key. Where the provider answers anyone, it may
    /// ask anyone for credit, and the reason is `Keyless`.
    NoCredit,
    /// The provider limits requests just now; some do so before they look at the key.
    RateLimited,
    /// The check was refused for something else than the key: region, project, permissions. Some
    /// refuse so before they look at the key.
    Restricted,
    /// The provider refuses the key itself.
    Invalid,
    /// The provider could not be asked, or its answer says nothing about the key.
    Unknown,
}

impl Outcome {
    /// Every outcome there is.
    pub const ALL: &[Self] = &[
        Self::Valid,
        Self::NoCredit,
        Self::RateLimited,
        Self::Restricted,
        Self::Invalid,
        Self::Unknown,
    ];

    /// The stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::NoCredit => "no_credit",
            Self::RateLimited => "rate_limited",
            Self::Restricted => "restricted",
            Self::Invalid => "invalid",
            Self::Unknown => "unknown",
        }
    }
}

/// The result of a check. It holds nothing of the key but the hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// What is known about the key.
    pub outcome: Outcome,
    /// Id of the provider.
    pub provider: String,
    /// The origin asked: `scheme://host:port`.
    pub origin: String,
    /// Where the outcome comes from.
    pub reason: Reason,
    /// Status of the answer.
    pub http_status: Option<u16>,
    /// Seconds the provider asks to wait.
    pub retry_after: Option<u32>,
    /// Whether the key looks like one of this provider.
    pub recognised: bool,
    /// Whether white space was removed around the key.
    pub trimmed: bool,
    /// The masked key.
    pub hint: String,
    /// Milliseconds the check took.
    pub elapsed_ms: u64,
}

/// Asks the provider whether a key works. `timeout` is for all of it: name, connection, answer.
///
/// # Errors
///
/// Only when nothing could be asked: `KeyWrongKind`, and what
/// [`origin_of`](crate::provider::origin_of) returns. Whatever happens on the network is an
/// outcome.
pub fn check(
    client: &Client,
    provider: &Provider,
    base_url: Option<&str>,
    credential: &Credential,
    timeout: Duration,
) -> Result<Checked> {
    let start = Instant::now();
    let key = credential.key.expose_secret();
    if provider.refuses(key) {
        return Err(Error::KeyWrongKind);
    }
    let base = base_of(provider, base_url, client.policy())?;
    let found = ask(
        client,
        provider,
        &base.join(&provider.check.path),
        key,
        timeout,
    )?;
    // What a provider refuses is anybody's text, and nobody's secret.
    if found.outcome != Outcome::Invalid {
        redact::learn(key.as_bytes(), provider.id.as_bytes(), None);
    }
    Ok(Checked {
        outcome: found.outcome,
        provider: provider.id.clone(),
        origin: base.origin(),
        reason: found.reason,
        http_status: found.http_status,
        retry_after: found.retry_after,
        recognised: provider.recognises(key),
        trimmed: credential.trimmed,
        hint: mask::mask(key),
        elapsed_ms: start.elapsed().as_millis().try_into().unwrap_or(u64::MAX),
    })
}

/// What one request told.
struct Found {
    outcome: Outcome,
    reason: Reason,
    http_status: Option<u16>,
    retry_after: Option<u32>,
}

fn ask(
    client: &Client,
    provider: &Provider,
    url: &str,
    key: &str,
    timeout: Duration,
) -> Result<Found> {
    let headers = headers(provider, key).ok_or(Error::KeyControlCharacter)?;
    let answer = match provider.check.method {
        Method::Get => client.get(url, headers, timeout),
        Method::Post => client.post(url, headers, timeout),
    };
    let mut response = match answer {
        Ok(response) => response,
        Err(error) => {
            let reason = reason_before_answer(&error);
            return Ok(Found {
                outcome: Outcome::Unknown,
                reason,
                http_status: None,
                retry_after: None,
            });
        }
    };
    let status = response.status();
    let (outcome, reason) = if status.is_redirection() {
        (Outcome::Unknown, Reason::Redirect)
    } else {
        match read(&mut response) {
            Err(error) => (Outcome::Unknown, reason_in_answer(&error)),
            Ok(body) => {
                let outcome = provider.check.outcome(status.as_u16(), &body);
                (outcome, reason_of(outcome, provider.check.proves))
            }
        }
    };
    let retry_after = retry_after(response.headers());
    Ok(Found {
        outcome,
        reason,
        http_status: Some(status.as_u16()),
        retry_after,
    })
}

/// The headers of a check; `None` when the key cannot be in one.
fn headers(provider: &Provider, key: &str) -> Option<Vec<(HeaderName, HeaderValue)>> {
    let auth = &provider.auth;
    let mut headers = vec![(
        name(&auth.header)?,
        secret_header(auth.scheme.as_deref(), key)?,
    )];
    for (header, value) in &provider.headers {
        headers.push((name(header)?, HeaderValue::from_str(value).ok()?));
    }
    headers.push((
        http::header::ACCEPT,
        HeaderValue::from_static("application/json"),
    ));
    Some(headers)
}

fn name(header: &str) -> Option<HeaderName> {
    HeaderName::from_bytes(header.as_bytes()).ok()
}

/// The whole body, wiped when it was read: it may repeat the key.
fn read(response: &mut Response<Body>) -> std::result::Result<Zeroizing<Vec<u8>>, ureq::Error> {
    let mut body = Zeroizing::new(Vec::new());
    // ureq counts the bytes that arrive; a few of them can unpack to gigabytes.
    let reader = response.body_mut().with_config().limit(MAX_BODY).reader();
    reader.take(MAX_BODY + 1).read_to_end(&mut body)?;
    match body.len() as u64 {
        0..=MAX_BODY => Ok(body),
        _ => Err(ureq::Error::BodyExceedsLimit(MAX_BODY)),
    }
}

fn reason_of(outcome: Outcome, proves: Proof) -> Reason {
    match (outcome, proves) {
        (Outcome::Valid | Outcome::NoCredit, Proof::Reachable) => Reason::Keyless,
        _ => Reason::Answered,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::collections::VecDeque;
    use std::net::SocketAddr;
    use std::sync::Mutex;

    use byok_test_provider::Server;
    use ureq::Error as HttpError;
    use ureq::config::Config;
    use ureq::http::Uri;
    use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
    use ureq::unversioned::transport::NextTimeout;

    use crate::agent::Policy;
    use crate::provider;

    /// A name server with a new answer for each look-up, whatever the name; at last it knows none.
    #[derive(Debug)]
    pub(crate) struct Leads(pub Mutex<VecDeque<SocketAddr>>);

    impl Resolver for Leads {
        fn resolve(
            &self,
            _: &Uri,
            _: &Config,
            _: NextTimeout,
        ) -> std::result::Result<ResolvedSocketAddrs, HttpError> {
            let answer = self.0.lock().expect("no panic before").pop_front();
            let mut found = self.empty();
            found.push(answer.ok_or_else(|| std::io::Error::other("no such name"))?);
            Ok(found)
        }
    }

    /// Checks a key at a custom address while the name server says this.
    fn checked(leads: &[SocketAddr], base_url: &str, allow: &[&str]) -> Checked {
        let leads = Leads(Mutex::new(leads.iter().copied().collect()));
        let allow_hosts = allow.iter().map(|host| (*host).to_owned()).collect();
        let policy = Policy {
            allow_hosts,
            ..Policy::default()
        };
        let client = Client::with_resolver(policy, leads).expect("a client");
        let custom = provider::providers().iter().find(|p| p.custom_base_url());
        let credential = Credential::parse(b"byok-test-valid").expect("a key");
        let timeout = Duration::from_secs(5);
        check(
            &client,
            custom.expect("one"),
            Some(base_url),
            &credential,
            timeout,
        )
        .expect("checked")
    }

    #[test]
    fn a_name_that_leads_inside_gets_no_connection() {
        let server = Server::start().expect("a server");
        for base in ["https://rebound.example", "https://rebound.example:8443/v1"] {
            let checked = checked(&[server.trap()], base, &[]);
            assert_eq!(checked.outcome, Outcome::Unknown);
            assert_eq!(checked.reason, Reason::AddressRefused);
        }
        assert_eq!(server.trapped(), 0);
    }

    #[test]
    fn an_allowed_name_may_lead_inside() {
        let server = Server::start().expect("a server");
        let leads = [([127, 0, 0, 1], server.port()).into()];
        let base = "http://models.example:8080/openai-compatible/v1";
        let checked = checked(&leads, base, &["models.example:8080"]);
        assert_eq!(checked.outcome, Outcome::Valid);
        assert_eq!(checked.origin, "http://models.example:8080");
    }

    #[test]
    fn the_judged_address_is_the_one_connected_to() {
        let server = Server::start().expect("a server");
        let leads = [
            ([127, 0, 0, 1], server.port()).into(),
            server.trap(),
            server.trap(),
        ];
        let base = "http://models.example:8080/openai-compatible/v1";
        let checked = checked(&leads, base, &["models.example:8080"]);
        assert_eq!(checked.outcome, Outcome::Valid);
        assert_eq!(server.trapped(), 0);
    }

    #[test]
    fn an_unknown_name_is_said() {
        let checked = checked(&[], "https://models.example", &[]);
        assert_eq!(
            (checked.outcome, checked.reason),
            (Outcome::Unknown, Reason::Dns)
        );
    }

    #[test]
    fn words_are_distinct() {
        let words: std::collections::HashSet<_> = Outcome::ALL
            .iter()
            .map(|outcome| outcome.as_str())
            .collect();
        assert_eq!(words.len(), Outcome::ALL.len());
    }
}
