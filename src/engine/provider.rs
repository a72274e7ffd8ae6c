//! The providers: who they are, what their keys look like, how a key is checked and what each
//! answer means.
//!
//! It promises that every provider fact comes from `providers.json`, which is embedded in the
//! program, and that no provider is named in code: adding one is adding an object there. It does
//! not know how to make a request.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::agent::Policy;
use crate::check::Outcome;
use crate::origin::BaseUrl;
use crate::{Error, Result};

/// The table, read once. It is part of the program: a test reads it whole, so that no build with a
/// broken one passes, and the panic below cannot be met by a user.
static TABLE: LazyLock<Vec<Provider>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("providers.json")).expect("providers.json is well-formed")
});

/// One provider of `providers.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Provider {
    /// Stable id: lower case letters, digits and hyphens.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// One sentence for people.
    pub description: String,
    /// Where its API begins, without a slash at the end; `None` when each key brings its own.
    pub base_url: Option<String>,
    /// Where a key is made.
    pub key_page: Option<String>,
    /// Where credit is added.
    pub billing_page: Option<String>,
    /// How its keys begin, the usual one first. Empty when they have no common beginning.
    pub prefixes: Vec<String>,
    /// How the keys begin that must never be given to a site.
    #[serde(default)]
    pub refused_prefixes: Vec<String>,
    /// Those of `prefixes` that other providers use too, so that they identify nobody.
    #[serde(default)]
    pub shared_prefixes: Vec<String>,
    /// A text within its keys which identifies the provider in spite of a shared prefix.
    #[serde(default)]
    pub marker: Option<String>,
    /// What an empty field shows.
    pub placeholder: String,
    /// Whether it answers nobody without a key.
    pub key_required: bool,
    /// How a request carries the key.
    pub auth: Auth,
    /// Further headers that every request needs.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The cheapest call that proves a key.
    pub check: Check,
    /// Where it lists its models; `None` when it lists none, or thousands of everybody's.
    #[serde(default)]
    pub models: Option<Models>,
    /// What the relay offers of it, each a method and a path below the base URL, in which `*` is
    /// characters of one segment. What makes or reads data of an organisation is not among it:
    /// keys, files, batches and stored answers of others, billing, fine-tuning, administration.
    pub relay: Vec<String>,
}

/// How a request carries the key: always a header, never the URL, which ends up in logs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Auth {
    /// The header, in lower case.
    pub header: String,
    /// The word before the key, such as `Bearer`.
    #[serde(default)]
    pub scheme: Option<String>,
}

/// The cheapest call that proves a key, and what its answers mean.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Check {
    /// The method of the request.
    pub method: Method,
    /// What follows the base URL; may have a query.
    pub path: String,
    /// What success proves.
    pub proves: Proof,
    /// What the answers mean. The first that fits wins; when none fits the outcome is unknown.
    pub rules: Vec<Rule>,
}

/// Where the models are listed, and what a list looks like.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Models {
    /// What follows the base URL, with a query that asks for large pages.
    pub path: String,
    /// Where lists of models are in the answer (RFC 6901); those that are there count.
    pub lists: Vec<String>,
    /// The field of a model that requests name it by.
    pub id: String,
    /// What an id begins with that requests leave out.
    #[serde(default)]
    pub without: Option<String>,
    /// The field with a name for people.
    #[serde(default)]
    pub name: Option<String>,
    /// The field with the time when it was made: seconds since 1970, or a date.
    #[serde(default)]
    pub created: Option<String>,
    /// How the next page is asked for; `None` when there is one page.
    #[serde(default)]
    pub next: Option<Next>,
}

/// How the next page of a list is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Next {
    /// Where the answer has the mark of the next page (RFC 6901).
    pub pointer: String,
    /// Where the answer says whether there is a next page, when the mark alone does not.
    #[serde(default)]
    pub when: Option<String>,
    /// The parameter that takes the mark.
    pub parameter: String,
}

/// The methods that checks use.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum Method {
    /// Reads.
    Get,
    /// Asks without a body.
    Post,
}

/// What a successful check proves.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Proof {
    /// That the key is right.
    Key,
    /// Only that somebody answers there: the call may be public.
    Reachable,
}

/// The meaning of one kind of answer. Every condition that is given must hold.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Rule {
    /// One of these statuses.
    pub status: Vec<u16>,
    /// One of these texts in the body, in any letter case.
    #[serde(default)]
    pub contains: Vec<String>,
    /// The body is JSON and has something at this pointer (RFC 6901). Success is believed only
    /// with it: a captive portal or a parked domain also answers 200.
    #[serde(default)]
    pub present: Option<String>,
    /// The body is JSON and has this switch at a pointer.
    #[serde(default)]
    pub equals: Option<Equals>,
    /// The body is JSON and has a number at a pointer which is not above a limit.
    #[serde(default)]
    pub at_most: Option<AtMost>,
    /// What it means.
    pub outcome: Outcome,
}

/// A condition on a switch in a JSON body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Equals {
    /// Where the switch is (RFC 6901).
    pub pointer: String,
    /// How it must be.
    pub value: bool,
}

/// A condition on a number in a JSON body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AtMost {
    /// Where the number is (RFC 6901).
    pub pointer: String,
    /// The largest number that fits.
    pub number: f64,
}

impl Provider {
    /// Whether each key brings the address it is for.
    pub fn custom_base_url(&self) -> bool {
        self.base_url.is_none()
    }

    /// Whether a key looks like one of this provider. Providers change their formats, so this may
    /// warn but never refuse.
    pub fn recognises(&self, key: &str) -> bool {
        let Some(own) = longest(&self.prefixes, key) else {
            // A provider without prefixes knows only that the key is not clearly another's.
            return self.prefixes.is_empty() && detect(key).is_none();
        };
        providers()
            .iter()
            .all(|p| longest(&p.prefixes, key).is_none_or(|len| len <= own))
    }

    /// Whether a key is of a kind that must not be given to a site.
    pub fn refuses(&self, key: &str) -> bool {
        longest(&self.refused_prefixes, key).is_some()
    }

    /// How clearly a key is of this provider: the length of the prefix that identifies it.
    fn identifies(&self, key: &str) -> Option<usize> {
        let marked = self
            .marker
            .as_ref()
            .is_some_and(|marker| key.contains(marker.as_str()));
        self.prefixes
            .iter()
            .filter(|prefix| key.starts_with(prefix.as_str()))
            .filter(|prefix| marked || !self.shared_prefixes.contains(prefix))
            .map(String::len)
            .max()
    }
}

impl Check {
    /// What the answer to any other request says of the key; `None` when it says nothing.
    ///
    /// A bare 400 may be about the request, so only what names its reason counts there; and a 403
    /// may be about the model that was asked for, so it alone never says that a key is invalid.
    pub fn outcome_in_use(&self, status: u16, body: &[u8]) -> Option<Outcome> {
        let told = || self.first(status, body, |rule| !rule.contains.is_empty());
        match status {
            200..=299 => Some(Outcome::Valid),
            401 | 402 | 429 => Some(self.outcome(status, body)),
            403 => told().or(match self.outcome(status, body) {
                Outcome::Invalid => Some(Outcome::Restricted),
                other => Some(other),
            }),
            _ => told(),
        }
    }

    /// What the answer to the check means. Whatever no rule knows is unknown.
    pub fn outcome(&self, status: u16, body: &[u8]) -> Outcome {
        self.first(status, body, |_| true)
            .unwrap_or(Outcome::Unknown)
    }

    /// What the first rule of some says that fits.
    fn first(&self, status: u16, body: &[u8], some: impl Fn(&Rule) -> bool) -> Option<Outcome> {
        let json = LazyLock::new(|| serde_json::from_slice::<serde_json::Value>(body).ok());
        self.rules
            .iter()
            .filter(|rule| rule.status.contains(&status) && some(rule))
            .filter(|rule| {
                rule.contains.is_empty() || rule.contains.iter().any(|text| holds(body, text))
            })
            .filter(|rule| {
                let Some(pointer) = &rule.present else {
                    return true;
                };
                json.as_ref()
                    .is_some_and(|json| json.pointer(pointer).is_some())
            })
            .filter(|rule| {
                let Some(equals) = &rule.equals else {
                    return true;
                };
                json.as_ref()
                    .is_some_and(|json| json.pointer(&equals.pointer) == Some(&equals.value.into()))
            })
            .find(|rule| {
                let Some(limit) = &rule.at_most else {
                    return true;
                };
                let number = json
                    .as_ref()
                    .and_then(|json| json.pointer(&limit.pointer)?.as_f64());
                number.is_some_and(|number| number <= limit.number)
            })
            .map(|rule| rule.outcome)
    }
}

/// All providers, most used first.
pub fn providers() -> &'static [Provider] {
    &TABLE
}

/// The provider with this id, or [`Error::ProviderUnknown`].
pub fn find(id: &str) -> Result<&'static Provider> {
    providers()
        .iter()
        .find(|p| p.id == id)
        .ok_or(Error::ProviderUnknown)
}

/// The provider that a key clearly belongs to; `None` when several or none would fit. The longest
/// prefix wins, as `sk-…` is also how longer ones begin.
pub fn detect(key: &str) -> Option<&'static Provider> {
    let fits = |p: &'static Provider| p.identifies(key).map(|len| (len, p));
    let (best, provider) = providers()
        .iter()
        .filter_map(fits)
        .max_by_key(|(len, _)| *len)?;
    let rivals = providers()
        .iter()
        .filter_map(fits)
        .filter(|(len, _)| *len == best)
        .count();
    (rivals == 1).then_some(provider)
}

/// The only address that may receive a key of this provider: `scheme://host:port`, and the path too
/// when the key brings its own base URL.
///
/// # Errors
///
/// `BaseUrlMissing` or `BaseUrlNotAllowed` when the provider needs a base URL or has a fixed one,
/// `BaseUrlMalformed`, `BaseUrlNotHttps` or `AddressRefused` as [`BaseUrl::parse`] says, and
/// `TestProviderRefused` when the policy's test provider is not on this machine.
pub fn origin_of(provider: &Provider, base_url: Option<&str>, policy: &Policy) -> Result<String> {
    let base = base_of(provider, base_url, policy)?;
    Ok(if provider.custom_base_url() {
        base.place()
    } else {
        base.origin()
    })
}

/// Where the provider's API begins for one key. An empty base URL counts as none.
pub(crate) fn base_of(
    provider: &Provider,
    base_url: Option<&str>,
    policy: &Policy,
) -> Result<BaseUrl> {
    let given = base_url.filter(|url| !url.is_empty());
    match (&provider.base_url, given) {
        (None, None) => Err(Error::BaseUrlMissing),
        (None, Some(url)) => BaseUrl::parse(url, policy),
        (Some(_), Some(_)) => Err(Error::BaseUrlNotAllowed),
        (Some(fixed), None) => {
            let base = BaseUrl::parse(fixed, policy)?;
            match policy.test_base()? {
                None => Ok(base),
                Some(test) => Ok(test.join_base(&provider.id, &base)),
            }
        }
    }
}

/// The length of the longest prefix that fits.
fn longest(prefixes: &[String], key: &str) -> Option<usize> {
    prefixes
        .iter()
        .filter(|prefix| key.starts_with(prefix.as_str()))
        .map(String::len)
        .max()
}

/// Whether a body holds an ASCII text, in any letter case.
fn holds(body: &[u8], text: &str) -> bool {
    body.windows(text.len().max(1))
        .any(|part| part.eq_ignore_ascii_case(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn id_of(key: &str) -> Option<&'static str> {
        detect(key).map(|p| p.id.as_str())
    }

    #[test]
    fn an_address_of_ones_own_must_answer_with_a_list() {
        let custom = providers().iter().find(|p| p.custom_base_url());
        let outcome = |body: &[u8]| custom.expect("one").check.outcome(200, body);
        assert_eq!(outcome(br#"{"data": []}"#), Outcome::Valid);
        assert_eq!(outcome(br#"[{"id": "model"}]"#), Outcome::Valid);
        for body in [
            br#"{"error": "no such key"}"#.as_slice(),
            b"{}",
            b"",
            b"<html>",
        ] {
            assert_eq!(outcome(body), Outcome::Unknown);
        }
    }

    #[test]
    fn the_table_is_consistent() {
        let ids: HashSet<_> = providers().iter().map(|p| &p.id).collect();
        assert_eq!(ids.len(), providers().len());
        for p in providers() {
            let id = &p.id;
            assert!(
                id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'),
                "{id}"
            );
            assert_eq!(p.auth.header, p.auth.header.to_ascii_lowercase(), "{id}");
            assert!(p.check.path.starts_with('/'), "{id}");
            assert!(
                p.shared_prefixes.iter().all(|s| p.prefixes.contains(s)),
                "{id}"
            );
            for url in [&p.base_url, &p.key_page, &p.billing_page]
                .into_iter()
                .flatten()
            {
                assert!(
                    BaseUrl::parse(url, &Policy::default()).is_ok(),
                    "{id}: {url}"
                );
            }
            let valid = p.check.rules.iter().filter(|r| r.outcome == Outcome::Valid);
            for rule in valid {
                let shown = rule.present.is_some() || rule.equals.is_some();
                assert!(shown, "{id}: a bare 200 proves nothing");
            }
            for path in p.models.iter().map(|models| &models.path) {
                assert!(path.starts_with('/'), "{id}");
            }
            let texts = p.check.rules.iter().flat_map(|r| &r.contains);
            assert!(
                texts.into_iter().all(|t| !t.is_empty() && t.is_ascii()),
                "{id}"
            );
        }
    }

    #[test]
    fn an_unknown_field_is_refused() {
        let with = include_str!("providers.json").replacen("\"name\"", "\"nmae\": 1, \"name\"", 1);
        assert!(serde_json::from_str::<Vec<Provider>>(&with).is_err());
    }

    #[test]
    fn the_longest_prefix_decides() {
        assert_eq!(id_of("sk-ant-api03-byok-test"), Some("anthropic"));
        assert_eq!(id_of("sk-or-v1-byok-test"), Some("openrouter"));
        assert_eq!(id_of("sk-proj-byok-test"), Some("openai"));
        assert_eq!(id_of("AIzabyok-test"), Some("google"));
        assert_eq!(id_of("gsk_byok-test"), Some("groq"));
    }

    #[test]
    fn a_shared_prefix_identifies_nobody() {
        assert_eq!(id_of("sk-byok-test"), None);
        assert_eq!(id_of("sk-byok-test-T3BlbkFJ-byok-test"), Some("openai"));
        assert_eq!(id_of("byok-test"), None);
    }

    #[test]
    fn a_key_of_another_provider_is_not_recognised() {
        let openai = find("openai").expect("in the table");
        assert!(openai.recognises("sk-byok-test"));
        assert!(!openai.recognises("sk-ant-api03-byok-test"));
        assert!(!openai.recognises("byok-test"));
        let mistral = find("mistral").expect("in the table");
        assert!(mistral.recognises("byok-test"));
        assert!(!mistral.recognises("gsk_byok-test"));
    }

    #[test]
    fn what_no_rule_knows_is_unknown() {
        for p in providers() {
            for status in [204, 301, 404, 408, 418, 500, 503, 529] {
                assert_eq!(
                    p.check.outcome(status, b"{}"),
                    Outcome::Unknown,
                    "{} {status}",
                    p.id
                );
            }
            assert_eq!(
                p.check.outcome(200, b"<html>log in</html>"),
                Outcome::Unknown,
                "{}",
                p.id
            );
        }
    }
}
