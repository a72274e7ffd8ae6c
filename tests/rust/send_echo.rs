//! A provider that repeats the key: nobody sees it.

use std::ops::ControlFlow;

use byok_engine::send::{Head, Sink, send};
use byok_test_provider::Server;

use crate::send_support::{Chunks, get, opened_at, post, sent};

#[test]
fn an_echo_is_masked_in_headers_and_body() {
    let server = Server::start().expect("a server");
    for provider in byok_engine::provider::providers() {
        let (client, opened, key) = opened_at(&server, &provider.id);
        for path in ["/test-provider/echo", "/test-provider/echo?in=header"] {
            let (sent, body) = sent(&client, &opened, &get(path)).expect("sent");
            assert!(sent.redacted, "{} {path}", provider.id);
            let all = format!("{body}{:?}", sent.head);
            assert!(
                !all.contains(&key) && !body.contains("byok-test-valid"),
                "{all}"
            );
        }
    }
}

#[test]
fn an_echo_is_masked_in_a_stream_of_small_pieces() {
    let server = Server::start().expect("a server");
    let (client, opened, key) = opened_at(&server, "anthropic");
    let mut sink = Chunks::default();
    let path = "/test-provider/echo?in=stream";
    let told = send(&client, &opened, &get(path), &mut sink).expect("sent");
    assert!(told.redacted);
    assert!(sink.chunks.len() > 10, "it is a stream");
    let text = String::from_utf8_lossy(&sink.chunks.concat()).into_owned();
    let mask = format!("sk-ant-…{}", &key[key.len() - 4..]);
    assert_eq!(
        (text.matches(&key).count(), text.matches(&mask).count()),
        (0, 1)
    );
}

#[test]
fn an_answer_without_the_key_is_untouched() {
    let server = Server::start().expect("a server");
    let (client, opened, _) = opened_at(&server, "openai");
    let body: Vec<u8> = (1..=u8::MAX).cycle().take(100_000).collect();
    let request = post("/test-provider/status?code=200", &body);
    let mut received = Vec::new();
    let told = send(&client, &opened, &request, &mut received).expect("sent");
    assert!(!told.redacted && received == body);
}

/// Looks at each chunk on its own, as a browser would.
struct Watch {
    key: String,
    seen: String,
}

impl Sink for Watch {
    fn take(&mut self, _: &Head, bytes: &[u8]) -> ControlFlow<()> {
        self.seen.push_str(&String::from_utf8_lossy(bytes));
        assert!(!self.seen.contains(&self.key));
        ControlFlow::Continue(())
    }
}

#[test]
fn a_key_in_the_body_of_a_request_is_masked_in_its_echo_too() {
    let server = Server::start().expect("a server");
    let (client, opened, key) = opened_at(&server, "openai");
    let body = format!("{key}{}{key}", &key[..key.len() - 1]);
    let request = post("/test-provider/status?code=400", body.as_bytes());
    let mut sink = Watch {
        key,
        seen: String::new(),
    };
    let told = send(&client, &opened, &request, &mut sink).expect("sent");
    assert!(told.redacted);
    assert_eq!(sink.seen.matches('…').count(), 2);
}
