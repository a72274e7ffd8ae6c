//! A provider that misbehaves: every request ends in time and within its size.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use byok_engine::Error;
use byok_engine::agent::{Client, Policy};
use byok_engine::opened::Opened;
use byok_engine::send::send;
use byok_test_provider::Server;

use crate::check_support::{SHORT, client};
use crate::send_support::{Chunks, get, opened, opened_at, post, sent};

fn misbehaving(server: &Server, word: &str) -> (Client, Opened) {
    let client = client(server);
    let key = format!("sk-ant-api03-byok-test-{word}-0123456789");
    let opened = opened(client.policy(), "anthropic", None, &key);
    (client, opened.expect("opened"))
}

fn assert_in_time(start: Instant) {
    assert!(
        start.elapsed() < SHORT + Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn each_time_has_its_bound() {
    let server = Server::start().expect("a server");
    for word in ["hang", "drip", "drip-body"] {
        let (client, opened) = misbehaving(&server, word);
        let start = Instant::now();
        let mut request = post("/messages", b"{}");
        request.limits.timeout = SHORT;
        assert_eq!(
            sent(&client, &opened, &request).err(),
            Some(Error::Timeout),
            "{word}"
        );
        assert_in_time(start);
    }
    for word in ["hang", "drip"] {
        let (client, opened) = misbehaving(&server, word);
        let start = Instant::now();
        let mut request = post("/messages", b"{}");
        request.limits.first_byte = SHORT;
        assert_eq!(
            sent(&client, &opened, &request).err(),
            Some(Error::Timeout),
            "{word}"
        );
        assert_in_time(start);
    }
}

#[test]
fn silence_has_a_bound_once_the_answer_has_begun() {
    let server = Server::start().expect("a server");
    let (client, opened, _) = opened_at(&server, "openai");
    let start = Instant::now();
    let mut request = get("/test-provider/stream?ms=3000");
    request.limits.idle = SHORT;
    let mut sink = Chunks::default();
    let ended = send(&client, &opened, &request, &mut sink);
    assert_eq!(ended.err(), Some(Error::Timeout));
    assert_eq!(sink.chunks.len(), 1);
    assert_in_time(start);

    // A model that thinks longer than that before its first byte is left to think.
    let mut request = get("/test-provider/stream?count=1&first=900");
    request.limits.idle = SHORT;
    let (told, _) = sent(&client, &opened, &request).expect("sent");
    assert!(told.elapsed_ms >= 900);
}

#[test]
fn a_slow_stream_that_goes_on_is_not_silence() {
    let server = Server::start().expect("a server");
    let (client, opened, _) = opened_at(&server, "openai");
    let mut request = get("/test-provider/stream?count=8&ms=150");
    request.limits.idle = Duration::from_millis(600);
    let mut sink = Chunks::default();
    let told = send(&client, &opened, &request, &mut sink).expect("sent");
    assert!(!told.stopped && told.elapsed_ms > 1000);
    // On a loaded machine two may arrive together.
    assert!(sink.chunks.len() > 4, "events are given when they come");
}

#[test]
fn the_time_to_connect_has_a_bound() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let policy = Policy {
        allow_hosts: vec![address.to_string()],
        ..Policy::default()
    };
    // It accepts, and never answers the handshake.
    let base = format!("https://{address}");
    let opened = opened(&policy, "openai-compatible", Some(&base), "byok-test-valid");
    let client = Client::new(policy).expect("a client");
    let mut request = get("/models");
    request.limits.connect = SHORT;
    // A handshake is no silence of the answer.
    request.limits.idle = Duration::from_millis(20);
    request.retries = Some(0);
    let start = Instant::now();
    let ended = sent(&client, &opened.expect("opened"), &request);
    assert_eq!(ended.err(), Some(Error::Timeout));
    assert!(start.elapsed() >= SHORT);
    assert_in_time(start);
}

#[test]
fn a_closed_port_is_tried_again_and_said() {
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address")
    };
    let policy = Policy {
        allow_hosts: vec![address.to_string()],
        ..Policy::default()
    };
    let base = format!("http://{address}");
    let opened = opened(&policy, "openai-compatible", Some(&base), "byok-test-valid");
    let client = Client::new(policy).expect("a client");
    let ended = sent(&client, &opened.expect("opened"), &post("/x", b"{}"));
    assert_eq!(ended.err(), Some(Error::Connect));
}

#[test]
fn sizes_have_bounds() {
    let server = Server::start().expect("a server");
    let (client, opened) = misbehaving(&server, "headers");
    let refused = sent(&client, &opened, &post("/messages", b"{}"));
    assert_eq!(refused.err(), Some(Error::TooLarge));

    for word in ["huge", "bomb"] {
        let (client, opened) = misbehaving(&server, word);
        let mut request = post("/messages", b"{}");
        request.limits.max_bytes = Some(1024 * 1024);
        let mut body = Vec::new();
        let refused = send(&client, &opened, &request, &mut body);
        assert_eq!(refused.err(), Some(Error::TooLarge), "{word}");
        assert!(body.len() <= 1024 * 1024, "{word}");
    }
    let (client, opened, _) = opened_at(&server, "openai");
    for (size, most, fits) in [(1000, 1000, true), (1001, 1000, false), (0, 1, true)] {
        let path = format!("/test-provider/bytes?size={size}");
        let mut request = get(&path);
        request.limits.max_bytes = Some(most);
        assert_eq!(sent(&client, &opened, &request).is_ok(), fits, "{size}");
    }
}

#[test]
fn the_usual_bound_is_32_mib() {
    let server = Server::start().expect("a server");
    let (client, opened) = misbehaving(&server, "huge");
    let refused = sent(&client, &opened, &post("/messages", b"{}"));
    assert_eq!(refused.err(), Some(Error::TooLarge));
    // With no bound, an endless stream ends when the sink has enough.
    let (client, opened, _) = opened_at(&server, "openai");
    let mut request = get("/test-provider/bytes?size=50331648");
    request.limits.max_bytes = None;
    let (_, body) = sent(&client, &opened, &request).expect("sent");
    assert_eq!(body.len(), 48 * 1024 * 1024);
}

#[test]
fn a_connection_that_breaks_off_is_said_and_not_tried_again() {
    let server = Server::start().expect("a server");
    let (client, opened) = misbehaving(&server, "close");
    let refused = sent(&client, &opened, &post("/messages", b"{}"));
    assert_eq!(refused.err(), Some(Error::Protocol));
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_sink_that_stops_ends_the_connection_and_no_other() {
    let server = Server::start().expect("a server");
    let (client, opened, _) = opened_at(&server, "openai");
    let mut sink = Chunks {
        most: 2,
        ..Chunks::default()
    };
    let start = Instant::now();
    let told = send(
        &client,
        &opened,
        &get("/test-provider/stream?ms=10"),
        &mut sink,
    );
    assert!(told.expect("sent").stopped);
    assert_eq!(sink.chunks.len(), 2);
    // It would go on for a minute and a half.
    assert!(start.elapsed() < Duration::from_secs(10));
    let (after, _) = sent(&client, &opened, &get("/models")).expect("sent");
    assert_eq!(after.head.status, 200);
    assert_eq!(
        server.connections(),
        2,
        "the stopped one cannot be used again"
    );
}
