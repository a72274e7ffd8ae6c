//! What comes back: status, headers, body, and what they say of the key.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use byok_engine::agent::{Client, Policy};
use byok_engine::check::Outcome;
use byok_engine::request::Request;
use byok_engine::send::send;
use byok_engine::target::Target;
use byok_test_provider::Server;

use crate::send_support::{Chunks, get, opened, opened_at, post, sent};

#[test]
fn a_thousand_requests_need_one_connection() {
    let server = Server::start().expect("a server");
    let (client, opened, _) = opened_at(&server, "openai");
    for _ in 0..1000 {
        let (sent, _) = sent(&client, &opened, &get("/models")).expect("sent");
        assert_eq!(sent.head.status, 200);
    }
    assert_eq!((server.connections(), server.requests().len()), (1, 1000));
}

#[test]
fn a_thousand_requests_need_one_tls_connection() {
    let server = Server::start().expect("a server");
    let name = format!("byok-test-send-{}.pem", std::process::id());
    let file: PathBuf = std::env::temp_dir().join(name);
    std::fs::write(&file, server.authority()).expect("written");
    let policy = Policy {
        test_provider: Some(server.tls_url()),
        ca_file: Some(file.clone()),
        ..Policy::default()
    };
    let opened = opened(&policy, "openai", None, "sk-byok-test-valid").expect("opened");
    let client = Client::new(policy).expect("a client");
    std::fs::remove_file(file).expect("removed");
    for number in 0..1000 {
        let mut request = post("/chat/completions", b"{\"model\":\"gpt-test\"}");
        // Other limits are no reason for another connection.
        request.limits.idle = Duration::from_secs(60 + number % 7);
        request.limits.connect = Duration::from_secs(10 + number % 3);
        request.limits.first_byte = Duration::from_secs(100 + number % 5);
        let (sent, _) = sent(&client, &opened, &request).expect("sent");
        assert_eq!(sent.head.status, 200);
    }
    assert_eq!((server.connections(), server.resumed()), (1, 0));
}

#[test]
fn each_way_to_ask_a_model_is_answered_whole_and_as_a_stream() {
    let server = Server::start().expect("a server");
    let text = "This is the test provider.";
    for (id, path, body, streams) in [
        ("anthropic", "/messages", "{\"stream\":false}", false),
        ("openai", "/chat/completions", "{}", false),
        ("openai", "/responses", "{}", false),
        ("google", "/models/gemini-test:generateContent", "{}", false),
        ("anthropic", "/messages", "{\"stream\":true}", true),
        ("openai", "/chat/completions", "{\"stream\":true}", true),
        ("openai", "/responses", "{\"stream\":true}", true),
        (
            "google",
            "/models/gemini-test:streamGenerateContent?alt=sse",
            "{}",
            true,
        ),
        (
            "google",
            "/models/gemini-test:streamGenerateContent",
            "{}",
            true,
        ),
    ] {
        let (client, opened, _) = opened_at(&server, id);
        let mut sink = Chunks::default();
        let request = post(path, body.as_bytes());
        let sent = send(&client, &opened, &request, &mut sink).expect("sent");
        assert_eq!(
            (sent.head.status, sent.outcome),
            (200, Some(Outcome::Valid))
        );
        let whole = String::from_utf8_lossy(&sink.chunks.concat()).into_owned();
        assert_eq!(
            whole.contains(text),
            !streams || path == "/responses",
            "{path}: {whole}"
        );
        assert!(whole.contains("provider."), "{path}: {whole}");
    }
}

#[test]
fn the_providers_own_headers_are_added_unless_the_caller_has_set_them() {
    let server = Server::start().expect("a server");
    let (client, opened, _) = opened_at(&server, "anthropic");
    let (sent_, body) = sent(&client, &opened, &get("/test-provider/echo")).expect("sent");
    assert_eq!(sent_.head.status, 200);
    assert!(
        body.contains("[\"anthropic-version\",\"2023-06-01\"]"),
        "{body}"
    );

    let mut request = get("/test-provider/echo");
    let header = request.header(b"Anthropic-Version", b"2099-01-01");
    header.expect("a header");
    let (refused, _) = sent(&client, &opened, &request).expect("sent");
    // This provider's double insists on its version, so the caller's was sent.
    assert_eq!((refused.head.status, refused.outcome), (400, None));
}

#[test]
fn a_body_is_json_unless_it_is_said_to_be_something_else() {
    let server = Server::start().expect("a server");
    let (client, opened, _) = opened_at(&server, "openai");
    let mut request = post("/test-provider/echo", b"a=\xffb");
    let (_, body) = sent(&client, &opened, &request).expect("sent");
    assert!(
        body.contains("[\"content-type\",\"application/json\"]"),
        "{body}"
    );
    assert!(body.contains("a=\u{fffd}b"), "{body}");
    request
        .header(b"Content-Type", b"text/plain")
        .expect("a header");
    let (_, body) = sent(&client, &opened, &request).expect("sent");
    assert!(body.contains("[\"content-type\",\"text/plain\"]"), "{body}");
    for method in ["PUT", "PATCH", "DELETE"] {
        let target = Target::Path("/test-provider/echo");
        let mut request = Request::new(method, target).expect("a method");
        request.set_body(b"body").expect("a body");
        let (_, body) = sent(&client, &opened, &request).expect("sent");
        assert!(body.contains("\"body\":\"body\""), "{method}: {body}");
    }
}

#[test]
fn headers_come_back_as_lists_without_those_of_the_connection() {
    let server = Server::start().expect("a server");
    let (client, opened, key) = opened_at(&server, "openai");
    let (sent, _) = sent(&client, &opened, &get("/test-provider/echo?in=header")).expect("sent");
    let of = |name: &str| -> Vec<_> {
        let named = sent.head.headers.iter().filter(|(n, _)| n == name);
        named
            .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
            .collect()
    };
    assert_eq!(of("set-cookie"), ["a=1", "b=2"]);
    assert_eq!(
        of("x-echo"),
        [
            format!("Bearer sk-proj-…{}", &key[key.len() - 4..]),
            "two".into()
        ]
    );
    assert!(of("connection").is_empty() && of("x-hop").is_empty());
    assert!(sent.redacted);
}

#[test]
fn a_busy_provider_is_asked_again_when_that_is_safe() {
    let server = Server::start().expect("a server");
    let (client, opened, _) = opened_at(&server, "openai");
    let cases = [
        ("GET", 503, 1, None, 200, 2),
        ("GET", 529, 2, None, 200, 3),
        ("DELETE", 502, 1, None, 200, 2),
        ("PUT", 504, 1, None, 200, 2),
        ("GET", 429, 3, Some(3), 200, 4),
        ("GET", 503, 9, Some(1), 503, 2),
        ("GET", 503, 1, Some(0), 503, 1),
        ("GET", 500, 1, None, 500, 1),
        ("POST", 503, 1, None, 503, 1),
        ("POST", 429, 1, None, 429, 1),
        ("POST", 429, 1, Some(2), 200, 2),
        ("POST", 503, 1, Some(2), 200, 2),
        // Something may have been done and billed behind a gateway that gave up.
        ("POST", 502, 1, Some(2), 502, 1),
        ("POST", 504, 1, Some(2), 504, 1),
    ];
    for (number, (method, status, times, retries, expected, attempts)) in
        cases.into_iter().enumerate()
    {
        let path = format!("/test-provider/flaky?status={status}&times={times}&id={number}");
        let mut request = Request::new(method, Target::Path(&path)).expect("a method");
        request.retries = retries;
        let (sent, _) = sent(&client, &opened, &request).expect("sent");
        let found = (sent.head.status, sent.attempts);
        assert_eq!(found, (expected, attempts), "{method} {status} {retries:?}");
    }
    // The answers in between were read to their end.
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_wait_that_is_asked_for_is_kept_within_bounds() {
    let server = Server::start().expect("a server");
    let (client, opened, _) = opened_at(&server, "openai");
    let start = Instant::now();
    let request = get("/test-provider/flaky?status=429&times=1&id=a&after=1");
    let (answer, _) = sent(&client, &opened, &request).expect("sent");
    assert_eq!((answer.head.status, answer.attempts), (200, 2));
    assert!(start.elapsed() >= Duration::from_secs(1));

    let start = Instant::now();
    let request = get("/test-provider/flaky?status=429&times=1&id=b&after=3600");
    let (answer, _) = sent(&client, &opened, &request).expect("sent");
    assert_eq!((answer.head.status, answer.attempts), (429, 1));
    assert_eq!(answer.retry_after, Some(3600));

    let mut request = get("/test-provider/flaky?status=429&times=1&id=c&after=10");
    request.limits.timeout = Duration::from_secs(8);
    let (answer, _) = sent(&client, &opened, &request).expect("sent");
    assert_eq!((answer.head.status, answer.retry_after), (429, Some(10)));
    assert!(start.elapsed() < Duration::from_secs(8));
}

#[test]
fn nothing_is_sent_again_after_the_sink_was_given_bytes() {
    let server = Server::start().expect("a server");
    let (client, opened, _) = opened_at(&server, "openai");
    let mut sink = Chunks::default();
    let mut request = get("/test-provider/stream?ms=20");
    request.limits.timeout = Duration::from_millis(500);
    request.retries = Some(3);
    let ended = send(&client, &opened, &request, &mut sink);
    assert_eq!(ended.err(), Some(byok_engine::Error::Timeout));
    assert!(sink.chunks.len() > 3);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn outcomes_are_those_of_the_key() {
    let server = Server::start().expect("a server");
    for (word, outcome) in [
        ("no-credit", Outcome::NoCredit),
        ("rate-limited", Outcome::RateLimited),
        ("restricted", Outcome::Restricted),
        ("invalid", Outcome::Invalid),
    ] {
        let key = format!("sk-ant-api03-byok-test-{word}-0123456789");
        let policy = Policy {
            test_provider: Some(server.url()),
            ..Policy::default()
        };
        let opened = opened(&policy, "anthropic", None, &key).expect("opened");
        let client = Client::new(policy).expect("a client");
        let mut request = post("/messages", b"{}");
        request.retries = Some(0);
        let mut sink = Chunks::default();
        let told = send(&client, &opened, &request, &mut sink).expect("sent");
        assert_eq!(told.outcome, Some(outcome), "{word}");
        let wait = (word == "rate-limited").then_some(7);
        assert_eq!(told.retry_after, wait);
    }
}
