//! Where the key goes: into one header, to the address it is bound to, and nowhere else.

use std::time::Duration;

use byok_engine::Error;
use byok_engine::agent::{Client, Policy};
use byok_engine::opened::Opened;
use byok_engine::provider::{find, providers};
use byok_engine::request::Request;
use byok_engine::target::Target;
use byok_test_provider::Server;

use crate::check_support::key;
use crate::send_support::{Capture, get, opened, opened_at, place, ring, sent};

const OK: &[u8] = b"HTTP/1.1 200 Test\r\ncontent-length: 2\r\n\r\n{}";

fn allowing(capture: &Capture) -> Policy {
    Policy {
        allow_hosts: vec![capture.address.to_string()],
        ..Policy::default()
    }
}

#[test]
fn each_provider_gets_the_key_in_its_own_header_and_no_other() {
    let server = Server::start().expect("a server");
    for provider in providers() {
        let (client, opened, key) = opened_at(&server, &provider.id);
        let mut request = get("/test-provider/echo?in=stream");
        // A key of each provider, as a caller might have left it there.
        for other in providers() {
            let name = other.auth.header.as_bytes();
            request.header(name, b"Bearer other").expect("a header");
        }
        let mut chunks = crate::send_support::Chunks::default();
        let sent = byok_engine::send::send(&client, &opened, &request, &mut chunks);
        assert_eq!(sent.expect("sent").head.status, 200, "{}", provider.id);
        let received = server.requests().pop().expect("a request");
        assert_eq!(received.key_in, Some("header"), "{}", provider.id);
        let named = |name: &String| received.headers.iter().filter(|h| *h == name).count();
        for other in providers() {
            let own = usize::from(other.auth.header == provider.auth.header);
            assert_eq!(named(&other.auth.header), own, "{}", provider.id);
        }
        let text = String::from_utf8_lossy(&chunks.chunks.concat()).into_owned();
        assert!(!text.contains("other\""), "{text}");
        assert!(!text.contains(&key));
    }
}

#[test]
fn the_raw_request_has_the_key_once() {
    let capture = Capture::start(OK);
    let base = format!("http://{}/v1", capture.address);
    let key = key(find("openai-compatible").expect("in the table"), "valid");
    let policy = allowing(&capture);
    let opened = opened(&policy, "openai-compatible", Some(&base), &key).expect("opened");
    let client = Client::new(policy).expect("a client");
    sent(&client, &opened, &get("/models?a=b")).expect("sent");
    let received = capture.received();
    assert!(
        received.starts_with("GET /v1/models?a=b HTTP/1.1\r\n"),
        "{received}"
    );
    let line = format!("\r\nauthorization: Bearer {key}\r\n");
    assert_eq!(received.matches(&line).count(), 1, "{received}");
    assert_eq!(received.matches(&key).count(), 1);
}

#[test]
fn a_key_that_is_bound_elsewhere_is_not_opened() {
    let capture = Capture::start(OK);
    let policy = allowing(&capture);
    let provider = find("openai-compatible").expect("in the table");
    let here = format!("http://{}/v1", capture.address);
    let there = place(provider, "https://api.example.com:443/v1");
    let envelope =
        byok_engine::envelope::seal(&ring(), &there, b"byok-test-valid").expect("sealed");
    // The context names where it is bound, or where it is wanted; neither opens it.
    for (context, error) in [
        (there, Error::OriginMismatch),
        (place(provider, &here), Error::EnvelopeRefused),
        (place(provider, ""), Error::OriginMismatch),
    ] {
        let refused = Opened::with_ring(
            provider,
            Some(&here),
            &policy,
            &context,
            envelope.as_bytes(),
            &ring(),
        );
        assert_eq!(refused.err(), Some(error));
    }
    assert_eq!(capture.connections(), 0);
}

#[test]
fn no_path_or_address_leads_elsewhere() {
    let (capture, other) = (Capture::start(OK), Capture::start(OK));
    let policy = Policy {
        allow_hosts: vec![capture.address.to_string(), other.address.to_string()],
        ..Policy::default()
    };
    let base = format!("http://{}/a", capture.address);
    let opened = opened(&policy, "openai-compatible", Some(&base), "byok-test-valid");
    let opened = opened.expect("opened");
    let client = Client::new(policy).expect("a client");
    let other = &other;
    let elsewhere = other.address;
    for target in [
        format!("//{elsewhere}/a"),
        format!("@{elsewhere}/a"),
        format!("/\\{elsewhere}"),
        format!("\\\\{elsewhere}/"),
        "/../b".to_owned(),
        "/%2e%2e/b".to_owned(),
        format!("/#@{elsewhere}/"),
        format!("http://{elsewhere}/a"),
        "/x\r\nhost: evil.example".to_owned(),
    ] {
        let request = Request::new("GET", Target::Path(&target)).expect("a method");
        let refused = sent(&client, &opened, &request);
        assert_eq!(refused.err(), Some(Error::PathRefused), "{target}");
    }
    for target in [
        format!("http://{elsewhere}/a/x"),
        format!("http://{}@{elsewhere}/a/x", capture.address),
        format!("http://{}\\@{elsewhere}/a/x", capture.address),
        format!("https://{}/a/x", capture.address),
        format!("http://{}/b/x", capture.address),
        format!("http://localhost:{}/a/x", capture.address.port()),
    ] {
        let request = Request::new("GET", Target::Url(&target)).expect("a method");
        assert!(sent(&client, &opened, &request).is_err(), "{target}");
    }
    assert_eq!((capture.connections(), other.connections()), (0, 0));
}

#[test]
fn a_redirect_is_returned_and_the_other_host_sees_nothing() {
    let trap = Capture::start(OK);
    let location = format!("http://{}/stolen", trap.address);
    for status in [301, 302, 303, 307, 308] {
        let answer =
            format!("HTTP/1.1 {status} Test\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
        let capture = Capture::start(answer.leak().as_bytes());
        // The other host is allowed too, so that nothing but the rule keeps the key from it.
        let policy = Policy {
            allow_hosts: vec![capture.address.to_string(), trap.address.to_string()],
            ..Policy::default()
        };
        let base = format!("http://{}", capture.address);
        let opened = opened(&policy, "openai-compatible", Some(&base), "byok-test-valid");
        let client = Client::new(policy).expect("a client");
        let (sent, body) = sent(&client, &opened.expect("opened"), &get("/x")).expect("sent");
        assert_eq!(
            (sent.head.status, sent.outcome, body.as_str()),
            (status, None, "")
        );
        let told = ("location".to_owned(), location.clone().into_bytes());
        assert!(sent.head.headers.contains(&told));
        assert_eq!(capture.connections(), 1);
    }
    assert_eq!((trap.connections(), trap.received()), (0, String::new()));
}

#[test]
fn plain_http_and_private_addresses_get_nothing() {
    let capture = Capture::start(OK);
    let port = capture.address.port();
    for (base, error) in [
        (format!("http://127.0.0.1:{port}"), Error::BaseUrlNotHttps),
        (format!("https://127.0.0.1:{port}"), Error::AddressRefused),
        (format!("https://2130706433:{port}"), Error::AddressRefused),
        (
            format!("https://[::ffff:127.0.0.1]:{port}"),
            Error::AddressRefused,
        ),
        ("https://[::]".to_owned(), Error::AddressRefused),
        ("https://169.254.169.254".to_owned(), Error::AddressRefused),
        (
            "https://[64:ff9b::7f00:1]".to_owned(),
            Error::AddressRefused,
        ),
        (
            format!("https://a@127.0.0.1:{port}"),
            Error::BaseUrlMalformed,
        ),
        (
            format!("https://127.0.0.1:{port}/#a"),
            Error::BaseUrlMalformed,
        ),
    ] {
        let policy = Policy::default();
        let refused = opened(&policy, "openai-compatible", Some(&base), "byok-test-valid");
        assert_eq!(refused.err(), Some(error), "{base}");
    }
    assert_eq!(capture.connections(), 0);
}

#[test]
fn without_a_trusted_certificate_the_key_stays_here() {
    // It speaks no TLS: whatever it receives is what a listener would see.
    let capture = Capture::start(b"HTTP/1.1 400 Test\r\ncontent-length: 0\r\n\r\n");
    let base = format!("https://{}", capture.address);
    let policy = allowing(&capture);
    let opened = opened(&policy, "openai-compatible", Some(&base), "byok-test-valid");
    let client = Client::new(policy).expect("a client");
    let mut request = get("/models");
    request.limits.timeout = Duration::from_millis(600);
    request.retries = Some(0);
    assert!(sent(&client, &opened.expect("opened"), &request).is_err());
    assert!(capture.connections() > 0);
    assert!(!capture.received().contains("byok-test"));

    // One that does, with a certificate that nobody vouches for.
    let server = Server::start().expect("a server");
    let policy = Policy {
        test_provider: Some(server.tls_url()),
        ..Policy::default()
    };
    let opened = crate::send_support::opened(&policy, "openai", None, "sk-byok-test-valid");
    let client = Client::new(policy).expect("a client");
    let refused = sent(&client, &opened.expect("opened"), &get("/models"));
    assert_eq!(refused.err(), Some(Error::Tls));
    assert_eq!(server.requests(), []);
}

#[test]
fn a_provider_without_keys_gets_none() {
    let server = Server::start().expect("a server");
    for id in ["ollama", "lmstudio", "openai-compatible"] {
        let provider = find(id).expect("in the table");
        let base = format!("{}/{id}/v1", server.url());
        let policy = Policy {
            allow_hosts: vec![format!("127.0.0.1:{}", server.port())],
            ..Policy::default()
        };
        let place = place(provider, &base);
        let opened = Opened::with_ring(provider, Some(&base), &policy, &place, b"", &ring());
        let client = Client::new(policy).expect("a client");
        let path = if id == "ollama" {
            "/api/tags"
        } else {
            "/models"
        };
        let (sent, _) = sent(&client, &opened.expect("opened"), &get(path)).expect("sent");
        assert_eq!(sent.head.status, 200, "{id}");
        let received = server.requests().pop().expect("a request");
        assert!(
            !received.headers.contains(&"authorization".to_owned()),
            "{id}"
        );
    }
    let provider = find("openai").expect("in the table");
    let policy = Policy::default();
    let place = place(provider, "https://api.openai.com:443");
    let refused = Opened::with_ring(provider, None, &policy, &place, b"", &ring());
    assert_eq!(refused.err(), Some(Error::EnvelopeMalformed));
}

#[test]
fn an_administration_key_is_not_sent() {
    let policy = Policy::default();
    let refused = opened(&policy, "anthropic", None, "sk-ant-admin01-byok-test");
    assert_eq!(refused.err(), Some(Error::KeyWrongKind));
    let refused = opened(&policy, "anthropic", None, "sk-ant\r\nx-a: byok-test");
    assert_eq!(refused.err(), Some(Error::KeyControlCharacter));
}
