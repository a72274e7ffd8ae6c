//! What the answers of each provider mean.

use std::collections::BTreeSet;

use byok_engine::Error;
use byok_engine::check::{Outcome, Reason, check};
use byok_engine::credential::Credential;
use byok_engine::provider::{Proof, find, providers};
use byok_engine::redact::redact;
use byok_test_provider::Server;

use crate::check_support::{LONG, base_url, checked, checked_key, client, key};

#[test]
fn every_provider_can_be_tested() {
    let tested: BTreeSet<_> = byok_test_provider::ids().collect();
    let known: BTreeSet<_> = providers().iter().map(|p| p.id.as_str()).collect();
    assert_eq!(tested, known);
}

#[test]
fn each_provider_has_six_outcomes() {
    let words = [
        ("valid", Outcome::Valid),
        ("no-credit", Outcome::NoCredit),
        ("rate-limited", Outcome::RateLimited),
        ("restricted", Outcome::Restricted),
        ("invalid", Outcome::Invalid),
        ("outage", Outcome::Unknown),
    ];
    // What these providers say cannot be told from something else.
    let exceptions = [
        ("google", "no-credit", Outcome::RateLimited),
        ("openrouter", "restricted", Outcome::Unknown),
        ("fireworks", "restricted", Outcome::Invalid),
    ];
    let server = Server::start().expect("a server");
    for provider in providers() {
        for (word, usual) in words {
            let own = exceptions
                .iter()
                .find(|(id, w, _)| *id == provider.id && *w == word);
            let expected = own.map_or(usual, |(_, _, outcome)| *outcome);
            let checked = checked(&server, &provider.id, word, LONG);
            assert_eq!(
                checked.outcome, expected,
                "{} {word}: {checked:?}",
                provider.id
            );
            assert!(checked.http_status.is_some());
            let says_nothing = [Outcome::Valid, Outcome::NoCredit].contains(&expected);
            let keyless = provider.check.proves == Proof::Reachable && says_nothing;
            let reason = if keyless {
                Reason::Keyless
            } else {
                Reason::Answered
            };
            assert_eq!(checked.reason, reason, "{} {word}", provider.id);
            assert_eq!(checked.origin, server.url());
            let wait = (word == "rate-limited").then_some(7);
            assert_eq!(checked.retry_after, wait, "{} {word}", provider.id);
        }
    }
}

#[test]
fn what_a_provider_refuses_is_not_remembered_as_a_key() {
    let server = Server::start().expect("a server");
    for (word, is_remembered) in [("invalid", false), ("valid", true), ("outage", true)] {
        let key = format!("byok-test-{word}-no-form-of-its-own-7");
        let credential = Credential::parse(key.as_bytes()).expect("a key");
        let provider = find("mistral").expect("in the table");
        check(&client(&server), provider, None, &credential, LONG).expect("checked");
        let text = format!("a text with {key} in it");
        let is_masked = redact(text.as_bytes()) != text.as_bytes();
        assert_eq!(is_masked, is_remembered, "{word}");
    }
}

#[test]
fn answers_mean_what_the_providers_document() {
    use Outcome::{Invalid, NoCredit, RateLimited, Restricted, Unknown};
    for (id, status, body, outcome) in [
        (
            "anthropic",
            400,
            r#"{"error":{"message":"You have reached your specified API usage limits"}}"#,
            NoCredit,
        ),
        (
            "anthropic",
            400,
            r#"{"error":{"message":"Your CREDIT balance is too low"}}"#,
            NoCredit,
        ),
        (
            "anthropic",
            400,
            r#"{"error":{"message":"something else"}}"#,
            Unknown,
        ),
        ("anthropic", 402, "", NoCredit),
        (
            "anthropic",
            429,
            r#"{"error":{"type":"enforced_spend_limit_reached"}}"#,
            NoCredit,
        ),
        ("anthropic", 429, "", RateLimited),
        ("anthropic", 529, "", Unknown),
        (
            "openai",
            401,
            r#"{"error":{"message":"Missing scopes: api.model.read."}}"#,
            Restricted,
        ),
        (
            "openai",
            429,
            r#"{"error":{"code":"insufficient_quota"}}"#,
            NoCredit,
        ),
        (
            "openai",
            429,
            r#"{"error":{"code":"project_spend_limit_exceeded"}}"#,
            NoCredit,
        ),
        ("openai", 429, "{}", RateLimited),
        (
            "google",
            400,
            r#"{"error":{"message":"User location is not supported"}}"#,
            Unknown,
        ),
        (
            "google",
            400,
            r#"{"error":{"details":[{"reason":"API_KEY_INVALID"}]}}"#,
            Invalid,
        ),
        (
            "google",
            403,
            r#"{"error":{"message":"Your API key was reported as leaked."}}"#,
            Invalid,
        ),
        ("google", 403, "", Restricted),
        (
            "groq",
            400,
            r#"{"error":{"code":"organization_restricted"}}"#,
            Restricted,
        ),
        ("groq", 400, "{}", Unknown),
        (
            "openrouter",
            200,
            r#"{"data":{"limit_remaining":0}}"#,
            NoCredit,
        ),
        (
            "openrouter",
            200,
            r#"{"data":{"limit_remaining":-0.5}}"#,
            NoCredit,
        ),
        (
            "openrouter",
            200,
            r#"{"data":{"limit_remaining":null}}"#,
            Outcome::Valid,
        ),
        ("openrouter", 402, "", NoCredit),
        ("mistral", 402, "", NoCredit),
        (
            "openai-compatible",
            200,
            r#"[{"id":"model"}]"#,
            Outcome::Valid,
        ),
        (
            "openai-compatible",
            200,
            r#"{"error":"no such key"}"#,
            Unknown,
        ),
        ("openai-compatible", 200, "hello", Unknown),
        (
            "xai",
            400,
            r#"{"error":"Incorrect API key provided"}"#,
            Invalid,
        ),
        (
            "xai",
            200,
            r#"{"api_key_id":"a","api_key_disabled":true}"#,
            Restricted,
        ),
        (
            "xai",
            200,
            r#"{"api_key_id":"a","team_blocked":true}"#,
            Restricted,
        ),
        ("deepseek", 200, r#"{"is_available":false}"#, NoCredit),
        ("deepseek", 200, r#"{"is_available":"yes"}"#, Unknown),
        ("deepseek", 402, "", NoCredit),
        ("together", 200, r#"{"data":[{"id":"model"}]}"#, Unknown),
        ("cohere", 200, r#"{"valid":false}"#, Invalid),
        ("cohere", 200, r#"{"valid":1}"#, Unknown),
        ("fireworks", 412, "", NoCredit),
        (
            "elevenlabs",
            401,
            r#"{"detail":{"status":"missing_permissions"}}"#,
            Restricted,
        ),
        (
            "moonshot",
            429,
            r#"{"error":{"type":"exceeded_current_quota_error"}}"#,
            NoCredit,
        ),
        ("replicate", 402, "", NoCredit),
    ] {
        let provider = find(id).expect("in the table");
        assert_eq!(
            provider.check.outcome(status, body.as_bytes()),
            outcome,
            "{id} {status} {body}"
        );
    }
}

#[test]
fn an_answer_in_use_speaks_of_the_key_only_when_it_does() {
    use Outcome::{Invalid, NoCredit, RateLimited, Restricted, Unknown, Valid};
    for (id, status, body, outcome) in [
        ("openai", 200, "", Some(Valid)),
        ("openai", 201, "{}", Some(Valid)),
        ("openai", 401, "", Some(Invalid)),
        ("openai", 402, "", Some(Unknown)),
        ("openai", 403, "", Some(Restricted)),
        ("openai", 429, "", Some(RateLimited)),
        ("openai", 429, "insufficient_quota", Some(NoCredit)),
        ("openai", 302, "", None),
        ("openai", 400, "", None),
        ("openai", 404, "", None),
        ("openai", 500, "", None),
        ("openai", 529, "", None),
        (
            "anthropic",
            400,
            "credit balance is too low",
            Some(NoCredit),
        ),
        ("anthropic", 400, "max_tokens is required", None),
        ("google", 400, "API_KEY_INVALID", Some(Invalid)),
        ("google", 403, "reported as leaked", Some(Invalid)),
        // In a check these mean the key; in use they may mean the request.
        ("xai", 400, "", None),
        ("elevenlabs", 400, "", None),
        ("fireworks", 403, "", Some(Restricted)),
        ("fireworks", 412, "", None),
    ] {
        let provider = find(id).expect("in the table");
        let told = provider.check.outcome_in_use(status, body.as_bytes());
        assert_eq!(told, outcome, "{id} {status} {body}");
    }
}

#[test]
fn the_key_is_in_a_header_and_never_in_the_url() {
    for provider in providers() {
        let server = Server::start().expect("a server");
        checked(&server, &provider.id, "valid", LONG);
        let requests = server.requests();
        assert_eq!(requests.len(), 1, "{}", provider.id);
        assert_eq!(requests[0].key_in, Some("header"), "{}", provider.id);
        assert!(
            requests[0].headers.contains(&provider.auth.header),
            "{}",
            provider.id
        );
    }
}

#[test]
fn an_error_that_repeats_the_key_is_not_returned() {
    let server = Server::start().expect("a server");
    for provider in providers() {
        let key = key(provider, "echo");
        let checked = checked_key(&server, provider, &key, LONG);
        assert!(
            !format!("{checked:?}").contains("byok-test"),
            "{}",
            provider.id
        );
        assert_ne!(checked.outcome, Outcome::Valid);
        assert_eq!(checked.http_status, Some(401));
    }
}

#[test]
fn a_page_for_people_proves_nothing() {
    let server = Server::start().expect("a server");
    for provider in providers() {
        let checked = checked(&server, &provider.id, "portal", LONG);
        assert_eq!(checked.outcome, Outcome::Unknown, "{}", provider.id);
        assert_eq!(checked.http_status, Some(200));
    }
}

#[test]
fn an_administration_key_is_never_sent() {
    let server = Server::start().expect("a server");
    let mut tried = 0;
    for provider in providers() {
        for prefix in &provider.refused_prefixes {
            let key = format!("{prefix}-byok-test-valid");
            let credential = Credential::parse(key.as_bytes()).expect("a key");
            let base = base_url(provider, &server.url());
            let checked = check(
                &client(&server),
                provider,
                base.as_deref(),
                &credential,
                LONG,
            );
            assert_eq!(checked, Err(Error::KeyWrongKind), "{prefix}");
            tried += 1;
        }
    }
    assert!(tried > 0);
    assert_eq!(server.connections(), 0);
}

#[test]
fn the_look_of_a_key_is_told_but_decides_nothing() {
    let server = Server::start().expect("a server");
    for provider in providers() {
        let checked = checked(&server, &provider.id, "valid", LONG);
        assert!(checked.recognised && !checked.trimmed, "{}", provider.id);
    }
    let provider = find("anthropic").expect("in the table");
    let checked = checked_key(&server, provider, "  other-byok-test-valid\n", LONG);
    assert!(!checked.recognised && checked.trimmed);
    assert_eq!(checked.outcome, Outcome::Valid);
    assert_eq!(checked.provider, "anthropic");
}
