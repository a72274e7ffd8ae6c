//! What the relay lets through: which paths of a provider, and which headers in each direction.
//!
//! It promises one answer for both data paths, and that a path it returns is one that
//! `providers.json` offers, with nothing in it that another reader may take for another path. It
//! does not know who asks, nor whether they may.

use std::sync::LazyLock;

use serde::Deserialize;
use ureq::http::Method;

use crate::agent::Policy;
use crate::provider::{Provider, base_of};
use crate::redact::has_known_format;
use crate::target::{decode, judge};
use crate::{Error, Result, origin::BaseUrl};

/// Read once; a test reads it too, so that no build with a broken one passes.
static RULES: LazyLock<Rules> = LazyLock::new(|| {
    serde_json::from_str(include_str!("relay.json")).expect("relay.json is well-formed")
});

/// The headers that pass, of `relay.json`. Names are in lower case.
///
/// Lists of what may pass, not of what may not: a header that a provider or a browser begins to
/// send tomorrow stays out until somebody has thought about it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Rules {
    /// From the client to the provider.
    pub request_headers: Vec<String>,
    /// From the provider to the client.
    pub response_headers: Vec<String>,
    /// Names of query parameters that carry keys: letters and digits of them, in lower case.
    key_parameters: Vec<String>,
}

/// The headers that pass.
pub fn rules() -> &'static Rules {
    &RULES
}

/// A request that a provider offers to the relay: a method and a path, in which `*` is one or more
/// characters of a segment.
pub(crate) struct Pattern<'a> {
    method: &'a str,
    path: &'a str,
}

impl<'a> Pattern<'a> {
    /// Reads `METHOD /path`.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        let (method, path) = text.split_once(' ')?;
        path.starts_with('/').then_some(Self { method, path })
    }

    fn fits(&self, method: &str, path: &str) -> bool {
        let (mut ours, mut theirs) = (self.path.split('/'), path.split('/'));
        self.method == method
            && loop {
                match (ours.next(), theirs.next()) {
                    (None, None) => break true,
                    (Some(ours), Some(theirs)) if segment_fits(ours, theirs) => {}
                    _ => break false,
                }
            }
    }
}

/// One `*` at most: the table's test sees to it.
fn segment_fits(pattern: &str, segment: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == segment,
        Some((before, after)) => segment
            .strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after))
            // `models/*` must not offer what only `models/*:verb` was meant to: a verb is none of a
            // name's characters.
            .is_some_and(|name| !name.is_empty() && !name.contains(':')),
    }
}

/// The path, below the base URL, of a request that a client wants relayed.
///
/// `path` is what the client wrote behind the provider's id, with its query. The base URL's own
/// path at its beginning is dropped: some clients write it, some leave it to the base URL. `some`
/// are the patterns to choose from, of those the provider has; `None` for all.
///
/// # Errors
///
/// - `RequestMalformed` for a method that no provider has.
/// - `PathRefused` when readers of the path may differ: dot segments, empty segments, encoded
///   slashes, dots or colons, backslashes, control characters, fragments.
/// - `PathNotRelayed` when the provider does not offer it.
/// - `KeyInUrl` when a query parameter is named as one that carries a key, or anything in the path
///   or the query is a key or token of a known format: it would be in the logs of everybody on the
///   way.
/// - What [`origin_of`](crate::provider::origin_of) returns.
pub fn path(
    provider: &Provider,
    method: &str,
    path: &str,
    base_url: Option<&str>,
    some: Option<&[String]>,
    policy: &Policy,
) -> Result<String> {
    let base = match &provider.base_url {
        // What clients write is the real one's, also when the test provider stands in.
        Some(fixed) => {
            base_of(provider, base_url, policy)?;
            BaseUrl::read(fixed)?
        }
        None => base_of(provider, base_url, policy)?,
    };
    Method::from_bytes(method.as_bytes()).map_err(|_| Error::RequestMalformed)?;
    if !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(Error::RequestMalformed);
    }
    let (name, query) = match path.split_once('?') {
        Some((name, query)) => (name, Some(query)),
        None => (path, None),
    };
    strict(path, name)?;
    let below = name
        .strip_prefix(base.path())
        .filter(|rest| rest.starts_with('/'))
        .unwrap_or(name);
    let some = some.unwrap_or(&provider.relay);
    let offered = provider
        .relay
        .iter()
        .filter(|pattern| some.contains(pattern))
        .filter_map(|pattern| Pattern::read(pattern))
        .any(|pattern| pattern.fits(method, below));
    if !offered {
        return Err(Error::PathNotRelayed);
    }
    let query = query.filter(|query| !query.is_empty());
    if below.split('/').any(is_a_key) || query.is_some_and(carries_a_key) {
        return Err(Error::KeyInUrl);
    }
    Ok(match query {
        Some(query) => format!("{below}?{query}"),
        None => below.to_owned(),
    })
}

/// Stricter than for callers within the site: a browser and two servers read this path as well.
fn strict(whole: &str, name: &str) -> Result<()> {
    judge(whole)?;
    let lower = name.to_ascii_lowercase();
    // `%25` is a way to write any of the others, for who decodes twice.
    // A colon (`%3a`) begins a verb, which `*` must not be.
    let encoded = ["%2f", "%2e", "%3a", "%5c", "%25"];
    if lower.contains("//")
        || lower.ends_with('/')
        || lower.contains(';')
        || encoded.iter().any(|code| lower.contains(code))
        || !is_well_encoded(&lower)
    {
        return Err(Error::PathRefused);
    }
    Ok(())
}

/// Whether each `%` begins a byte in two hexadecimal digits.
fn is_well_encoded(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| {
        rest.as_bytes()
            .get(..2)
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

/// Whether a part of an address is a key or a token, or holds one, of a known format. A name and its
/// value are looked at apart, so that a cursor in `page_token` passes.
fn is_a_key(part: &str) -> bool {
    let once = decode(part.as_bytes());
    has_known_format(&once) || has_known_format(&decode(&once))
}

fn carries_a_key(query: &str) -> bool {
    query.split(['&', ';']).any(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        if is_a_key(name) || is_a_key(value) {
            return true;
        }
        // `API-Key`, `$.key`, `api%5Fkey`: letters and digits are what a reader of names sees.
        let mut name = decode(&decode(name.as_bytes()));
        name.retain(u8::is_ascii_alphanumeric);
        name.make_ascii_lowercase();
        rules()
            .key_parameters
            .iter()
            .any(|known| known.as_bytes() == name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::{find, providers};

    fn asked(id: &str, method: &str, asked: &str) -> Result<String> {
        path(find(id)?, method, asked, None, None, &Policy::default())
    }

    #[test]
    fn the_tables_are_consistent() {
        for provider in providers() {
            assert!(!provider.relay.is_empty(), "{}", provider.id);
            for text in &provider.relay {
                let pattern = Pattern::read(text).expect(text);
                assert!(matches!(pattern.method, "GET" | "POST"), "{text}");
                assert!(judge(pattern.path).is_ok(), "{text}");
                let stars = |segment: &str| segment.matches('*').count() <= 1;
                assert!(pattern.path.split('/').all(stars), "{text}");
            }
        }
        let rules = rules();
        for names in [
            &rules.request_headers,
            &rules.response_headers,
            &rules.key_parameters,
        ] {
            assert!(names.is_sorted(), "{names:?}");
            assert!(!names.is_empty());
        }
    }

    #[test]
    fn no_list_lets_a_secret_or_a_cookie_pass() {
        let rules = rules();
        let both = rules.request_headers.iter().chain(&rules.response_headers);
        for name in both {
            assert!(!name.contains("cookie"), "{name}");
            assert!(!name.contains("key") || name == "idempotency-key", "{name}");
            assert!(
                !providers().iter().any(|p| p.auth.header == *name),
                "{name}"
            );
        }
        for name in ["location", "refresh", "link", "x-accel-redirect"] {
            assert!(!rules.response_headers.iter().any(|known| known == name));
        }
    }

    #[test]
    fn what_the_table_offers_passes_with_its_query() {
        for (id, method, wants, gets) in [
            ("openai", "POST", "/chat/completions", "/chat/completions"),
            (
                "openai",
                "GET",
                "/models?limit=1&x=%2F..",
                "/models?limit=1&x=%2F..",
            ),
            ("openai", "GET", "/models/gpt-4.1", "/models/gpt-4.1"),
            ("openai", "GET", "/models?", "/models"),
            // The base URL's own path, as Anthropic's and Google's clients write it.
            (
                "openai",
                "POST",
                "/v1/chat/completions",
                "/chat/completions",
            ),
            ("anthropic", "POST", "/v1/messages", "/messages"),
            (
                "anthropic",
                "POST",
                "/messages?beta=true",
                "/messages?beta=true",
            ),
            (
                "google",
                "POST",
                "/v1beta/models/gemini-pro:streamGenerateContent?alt=sse",
                "/models/gemini-pro:streamGenerateContent?alt=sse",
            ),
        ] {
            assert_eq!(asked(id, method, wants), Ok(gets.into()), "{wants}");
        }
    }

    #[test]
    fn what_the_table_does_not_offer_is_refused() {
        for (id, method, wants) in [
            ("openai", "DELETE", "/models/gpt"),
            ("openai", "GET", "/chat/completions"),
            ("openai", "POST", "/files"),
            ("openai", "GET", "/organization/admin_api_keys"),
            ("openai", "GET", "/models/a/b"),
            ("openai", "POST", "/CHAT/completions"),
            ("openai", "POST", "/chat/completions/x"),
            ("openai", "POST", "/v1/v1/chat/completions"),
            ("openai", "POST", "/v1"),
            ("anthropic", "POST", "/messages/batches"),
            ("google", "POST", "/models/a:tuneModel"),
            ("google", "GET", "/models/a:generateContent"),
            ("google", "POST", "/models/:generateContent"),
            ("google", "POST", "/v1/models/a:generateContent"),
            ("replicate", "GET", "/predictions"),
        ] {
            let refused = asked(id, method, wants);
            assert_eq!(refused, Err(Error::PathNotRelayed), "{method} {wants}");
        }
        for method in ["", "get", "GET /", "G\nET", "PO ST"] {
            let refused = asked("openai", method, "/models");
            assert_eq!(refused, Err(Error::RequestMalformed), "{method:?}");
        }
    }

    #[test]
    fn what_two_readers_may_read_differently_is_refused() {
        for wants in [
            "",
            "models",
            "//models",
            "/models//a",
            "/models/",
            "/../models",
            "/v1/../../models",
            "/models/.",
            "/models/%2e%2e",
            "/models/a%2Fb",
            "/models/a%2fb",
            "/models/a%252fb",
            "/models/a%5cb",
            "/models/a%3Adelete",
            "/models/a%3adelete",
            "/models\\a",
            "/models/a;b",
            "/models#a",
            "/models/a b",
            "/models/a\r\nx-a: 1",
            "/models/a%0a",
            "/models/a%00",
            "/models/a%zz",
            "/models/a%4",
            "/models/\u{e4}",
            "//user@evil.example/models",
            "https://evil.example/models",
            "@evil.example/models",
            "/models?a#b",
            "/models?a b",
        ] {
            assert_eq!(
                asked("openai", "GET", wants),
                Err(Error::PathRefused),
                "{wants:?}"
            );
        }
    }

    #[test]
    fn a_key_is_never_passed_in_a_url() {
        for query in [
            "key=a",
            "alt=sse&key=a",
            "KEY",
            "a=1;key=2",
            "api_key=a",
            "api-key=a",
            "api%5Fkey=a",
            "k%65y=a",
            "k%2565y=a",
            "access_token=a",
            "$.key=a",
        ] {
            let refused = asked("google", "GET", &format!("/models?{query}"));
            assert_eq!(refused, Err(Error::KeyInUrl), "{query}");
        }
        for query in [
            "pageToken=a",
            "page_token=a",
            "max_tokens=1",
            "alt=sse",
            "keys=a",
        ] {
            assert!(asked("google", "GET", &format!("/models?{query}")).is_ok());
        }
    }

    #[test]
    fn a_key_under_any_name_and_anywhere_in_an_address_is_refused() {
        let random = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6";
        for key in [
            format!("byok_vt_{random}"),
            format!("byok_sk_{random}"),
            format!("byok_tk_{random}"),
            format!("sk-ant-api03-byok-test-{random}"),
            format!("sk-proj-byok-test-{random}"),
            format!("AIzaSyB{}", &random[..32]),
        ] {
            let spelled = |percent| {
                key.replacen(
                    &key[5..6],
                    &format!("{percent}{:02X}", key.as_bytes()[5]),
                    1,
                )
            };
            for wants in [
                format!("/models?x={key}"),
                format!("/models?pageToken={key}&alt=sse"),
                format!("/models?alt=sse;x={key}"),
                format!("/models?{key}"),
                format!("/models?{key}=1"),
                format!("/models?x=Bearer%20{key}"),
                format!("/models?x={}", spelled("%")),
                format!("/models?x={}", spelled("%25")),
                format!("/models/{key}"),
                format!("/models/{}", spelled("%")),
            ] {
                let refused = asked("google", "GET", &wants);
                assert_eq!(refused, Err(Error::KeyInUrl), "{wants}");
            }
        }
        for query in [
            "pageToken=ChEIARINZ2VtaW5pLTIuNS1wcm8aAggBIgIQAQ",
            "page_token=eyJsYXN0IjoibW9kZWxzL2dlbWluaSJ9",
            "after_id=claude-sonnet-test-20260101",
            "x=byok_pk_aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6",
            "x=sk-",
            "beta=true",
        ] {
            let passed = asked("google", "GET", &format!("/models?{query}"));
            assert!(passed.is_ok(), "{query}: {passed:?}");
        }
    }

    #[test]
    fn an_address_of_ones_own_has_a_path_of_its_own() {
        let provider = find("openai-compatible").expect("a provider");
        let asked =
            |base, wants| path(provider, "GET", wants, Some(base), None, &Policy::default());
        let base = "https://gateway.example/tenant/v1";
        for wants in ["/models", "/tenant/v1/models"] {
            assert_eq!(asked(base, wants), Ok("/models".into()), "{wants}");
        }
        assert_eq!(asked(base, "/v1/models"), Err(Error::PathNotRelayed));
        let refused = asked("http://127.0.0.1:8080", "/models");
        assert_eq!(refused, Err(Error::BaseUrlNotHttps));
        let missing = path(provider, "GET", "/models", None, None, &Policy::default());
        assert_eq!(missing, Err(Error::BaseUrlMissing));
    }

    #[test]
    fn a_choice_of_patterns_offers_no_more() {
        let provider = find("openai").expect("a provider");
        let some = ["GET /models".to_owned(), "POST /files".to_owned()];
        let asked = |method, wants| {
            path(
                provider,
                method,
                wants,
                None,
                Some(&some),
                &Policy::default(),
            )
        };
        assert!(asked("GET", "/models").is_ok());
        for (method, wants) in [("POST", "/chat/completions"), ("POST", "/files")] {
            assert_eq!(asked(method, wants), Err(Error::PathNotRelayed));
        }
    }

    #[test]
    fn the_test_provider_changes_nothing() {
        let policy = Policy {
            test_provider: Some("http://127.0.0.1:8080".into()),
            ..Policy::default()
        };
        let provider = find("openai").expect("a provider");
        let told = path(provider, "GET", "/v1/models", None, None, &policy);
        assert_eq!(told, Ok("/models".into()));
    }
}
