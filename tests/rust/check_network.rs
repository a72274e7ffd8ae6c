//! A network that misbehaves: each check ends in time, and the key goes nowhere else.

use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use byok_engine::Error;
use byok_engine::agent::{Client, Policy};
use byok_engine::check::{Checked, Outcome, Reason, check};
use byok_engine::credential::Credential;
use byok_engine::provider::{find, origin_of, providers};
use byok_test_provider::Server;

use crate::check_support::{LONG, SHORT, checked, client, key};

/// Checks a key at an address of one's own, which is allowed.
fn checked_at(base_url: &str, allow: String, timeout: Duration) -> Checked {
    let policy = Policy {
        allow_hosts: vec![allow],
        ..Policy::default()
    };
    let client = Client::new(policy).expect("a client");
    let provider = find("openai-compatible").expect("in the table");
    let credential = Credential::parse(key(provider, "valid").as_bytes()).expect("a key");
    check(&client, provider, Some(base_url), &credential, timeout).expect("checked")
}

/// The deadline holds, with some room for a loaded machine.
fn assert_in_time(start: Instant) {
    assert!(
        start.elapsed() < SHORT + Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn a_silent_or_dripping_provider_meets_the_deadline() {
    let server = Server::start().expect("a server");
    for word in ["hang", "drip", "drip-body"] {
        let start = Instant::now();
        let checked = checked(&server, "anthropic", word, SHORT);
        assert_in_time(start);
        assert_eq!(
            (checked.outcome, checked.reason),
            (Outcome::Unknown, Reason::Timeout),
            "{word}"
        );
        assert!(checked.elapsed_ms >= 300, "{word}: {}", checked.elapsed_ms);
    }
}

#[test]
fn a_connection_that_is_never_made_meets_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    // Nobody accepts: once the queue is full the system answers no more.
    let mut queue = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
        queue.push(stream);
        assert!(queue.len() < 10_000, "the queue has no end");
    }
    let start = Instant::now();
    let checked = checked_at(&format!("http://{address}"), address.to_string(), SHORT);
    assert_in_time(start);
    assert_eq!(
        (checked.outcome, checked.reason),
        (Outcome::Unknown, Reason::Timeout)
    );
}

#[test]
fn a_tls_handshake_that_never_ends_meets_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let start = Instant::now();
    let checked = checked_at(&format!("https://{address}"), address.to_string(), SHORT);
    assert_in_time(start);
    assert_eq!(
        (checked.outcome, checked.reason),
        (Outcome::Unknown, Reason::Timeout)
    );
}

#[test]
fn answers_have_a_largest_size() {
    let server = Server::start().expect("a server");
    for word in ["huge", "bomb", "headers"] {
        let checked = checked(&server, "openai", word, LONG);
        let found = (checked.outcome, checked.reason);
        assert_eq!(found, (Outcome::Unknown, Reason::TooLarge), "{word}");
    }
}

#[test]
fn a_redirect_is_returned_and_not_followed() {
    let server = Server::start().expect("a server");
    for provider in providers() {
        let checked = checked(&server, &provider.id, "redirect", LONG);
        assert_eq!(
            (checked.outcome, checked.reason),
            (Outcome::Unknown, Reason::Redirect)
        );
        assert_eq!(checked.http_status, Some(302));
    }
    assert_eq!(server.requests().len(), providers().len());
    assert_eq!(server.trapped(), 0);
}

#[test]
fn a_connection_that_breaks_off_is_no_answer() {
    let server = Server::start().expect("a server");
    let checked = checked(&server, "groq", "close", LONG);
    assert_eq!(
        (checked.outcome, checked.reason),
        (Outcome::Unknown, Reason::Protocol)
    );
    assert_eq!(checked.http_status, None);
}

#[test]
fn a_closed_port_is_said() {
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address")
    };
    let checked = checked_at(&format!("http://{address}"), address.to_string(), LONG);
    assert_eq!(
        (checked.outcome, checked.reason),
        (Outcome::Unknown, Reason::Connect)
    );
}

#[test]
fn a_refused_address_gets_no_connection() {
    let server = Server::start().expect("a server");
    let provider = find("openai-compatible").expect("in the table");
    let credential = Credential::parse(key(provider, "valid").as_bytes()).expect("a key");
    let client = Client::new(Policy::default()).expect("a client");
    let (port, tls_port) = (server.port(), server.tls_port());
    for (base, error) in [
        (
            format!("http://127.0.0.1:{port}/v1"),
            Error::BaseUrlNotHttps,
        ),
        (
            format!("https://127.0.0.1:{tls_port}/v1"),
            Error::AddressRefused,
        ),
        (
            format!("https://2130706433:{tls_port}/v1"),
            Error::AddressRefused,
        ),
        (
            format!("https://[::ffff:127.0.0.1]:{tls_port}/v1"),
            Error::AddressRefused,
        ),
        (
            format!("https://localhost:{tls_port}/v1"),
            Error::AddressRefused,
        ),
        (
            format!("https://api.example.com@127.0.0.1:{tls_port}/v1"),
            Error::BaseUrlMalformed,
        ),
        (
            format!("https://127.0.0.1:{tls_port}\\@api.example.com"),
            Error::BaseUrlMalformed,
        ),
        (String::new(), Error::BaseUrlMissing),
    ] {
        let checked = check(&client, provider, Some(&base), &credential, LONG);
        assert_eq!(checked, Err(error), "{base}");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn the_address_of_a_built_in_provider_is_fixed() {
    let policy = Policy::default();
    for provider in providers().iter().filter(|p| !p.custom_base_url()) {
        let moved = origin_of(provider, Some("https://api.example.com"), &policy);
        assert_eq!(moved, Err(Error::BaseUrlNotAllowed), "{}", provider.id);
        let origin = origin_of(provider, None, &policy).expect("an origin");
        assert!(
            origin.starts_with("https://") && origin.ends_with(":443"),
            "{origin}"
        );
    }
}

#[test]
fn a_base_url_of_ones_own_is_bound_with_its_path() {
    let policy = Policy::default();
    let custom = providers().iter().find(|p| p.custom_base_url());
    let place = |url| origin_of(custom.expect("one"), Some(url), &policy).expect("a place");
    assert_ne!(
        place("https://gateway.example/a"),
        place("https://gateway.example/b")
    );
    assert_ne!(
        place("https://gateway.example/a"),
        place("https://gateway.example")
    );
    assert_ne!(
        place("https://gateway.example/a"),
        place("https://gateway.example/A")
    );
    assert_eq!(
        place("https://gateway.example/a/"),
        place("https://GATEWAY.example:443/b/../a")
    );
}

#[test]
fn the_test_provider_stands_in_for_built_in_providers_only() {
    let server = Server::start().expect("a server");
    let client = client(&server);
    for provider in providers() {
        let given = provider
            .custom_base_url()
            .then_some("https://api.example.com/v1");
        let origin = origin_of(provider, given, client.policy()).expect("an origin");
        let expected = given.map_or(server.url(), |_| {
            "https://api.example.com:443/v1".to_owned()
        });
        assert_eq!(origin, expected, "{}", provider.id);
    }
}

#[test]
fn a_connection_is_used_again() {
    let server = Server::start().expect("a server");
    let client = client(&server);
    for provider in providers().iter().filter(|p| !p.custom_base_url()) {
        let credential = Credential::parse(key(provider, "valid").as_bytes()).expect("a key");
        for seconds in [5, 6] {
            let timeout = Duration::from_secs(seconds);
            check(&client, provider, None, &credential, timeout).expect("checked");
        }
    }
    assert_eq!(server.connections(), 1);
}
