//! The lists of models.

use std::time::Duration;

use byok_engine::Error;
use byok_engine::agent::Policy;
use byok_engine::models::models;
use byok_engine::provider::providers;
use byok_test_provider::Server;

use crate::check_support::{LONG, client};
use crate::send_support::{opened, opened_at};

#[test]
fn each_provider_lists_its_models() {
    let server = Server::start().expect("a server");
    for provider in providers() {
        let (client, opened, _) = opened_at(&server, &provider.id);
        let listed = models(&client, &opened, LONG);
        if provider.models.is_none() {
            assert_eq!(listed, Err(Error::ModelsUnsupported), "{}", provider.id);
            continue;
        }
        let listed = listed.expect(&provider.id);
        assert!(!listed.is_empty(), "{}", provider.id);
        for model in &listed {
            let plain = model.id.contains("test") || model.id.contains(['4', '5', '3']);
            assert!(plain && !model.name.is_empty(), "{} {model:?}", provider.id);
            assert!(!model.id.starts_with("models/"));
        }
    }
}

#[test]
fn all_pages_are_read_in_order() {
    let server = Server::start().expect("a server");
    for (id, expected) in [
        (
            "anthropic",
            &["claude-test", "claude-sonnet-4-5", "claude-test-2"][..],
        ),
        (
            "google",
            &["gemini-test", "gemini-2.5-flash", "gemini-test-2"],
        ),
        ("cohere", &["command-test", "rerank-test"]),
        ("deepgram", &["nova-test", "aura-test"]),
    ] {
        let (client, opened, _) = opened_at(&server, id);
        let listed = models(&client, &opened, LONG).expect(id);
        let ids: Vec<_> = listed.iter().map(|model| model.id.as_str()).collect();
        assert_eq!(ids, expected, "{id}");
    }
    let (client, opened, _) = opened_at(&server, "anthropic");
    let listed = models(&client, &opened, LONG).expect("a list");
    assert_eq!(listed[0].name, "Claude Test");
    assert_eq!(listed[0].created_at, Some(1_767_225_600));
}

#[test]
fn what_is_no_list_is_an_error() {
    let server = Server::start().expect("a server");
    for (word, error) in [
        ("invalid", Error::ModelsUnreadable),
        ("outage", Error::ModelsUnreadable),
        ("portal", Error::ModelsUnreadable),
        ("redirect", Error::ModelsUnreadable),
        ("huge", Error::TooLarge),
        ("hang", Error::Timeout),
    ] {
        let policy = Policy {
            test_provider: Some(server.url()),
            ..Policy::default()
        };
        let key = format!("sk-byok-test-{word}-0123456789");
        let opened = opened(&policy, "openai", None, &key).expect("opened");
        let timeout = if word == "hang" {
            Duration::from_millis(500)
        } else {
            LONG
        };
        let refused = models(&client(&server), &opened, timeout);
        assert_eq!(refused, Err(error), "{word}");
    }
    assert_eq!(server.trapped(), 0);
}
