//! What the tests of requests share.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use byok_engine::Result;
use byok_engine::agent::{Client, Policy};
use byok_engine::context::Context;
use byok_engine::envelope::seal;
use byok_engine::keyring::KeyRing;
use byok_engine::opened::Opened;
use byok_engine::provider::{Provider, find, origin_of};
use byok_engine::request::Request;
use byok_engine::send::{Head, Sent, Sink, send};
use byok_engine::target::Target;
use byok_test_provider::Server;

use crate::check_support::{base_url, client, key};

/// A ring that is worth nothing.
pub fn ring() -> KeyRing {
    KeyRing::from_root([7; 32])
}

/// The place of a key for one origin.
pub fn place<'a>(provider: &'a Provider, origin: &'a str) -> Context<'a> {
    let mut context = Context::new(b"").expect("a context");
    let fields = [("provider", provider.id.as_str()), ("origin", origin)];
    for (name, value) in fields {
        let set = context.set(name.as_bytes(), value.as_bytes());
        set.expect("a field");
    }
    context
}

/// Encrypts a key where it belongs, and opens it to be sent.
pub fn opened(policy: &Policy, id: &str, base_url: Option<&str>, key: &str) -> Result<Opened> {
    let provider = find(id)?;
    let origin = origin_of(provider, base_url, policy)?;
    let place = place(provider, &origin);
    let envelope = seal(&ring(), &place, key.as_bytes())?;
    Opened::with_ring(
        provider,
        base_url,
        policy,
        &place,
        envelope.as_bytes(),
        &ring(),
    )
}

/// A key that is right, opened to be sent to the test provider.
pub fn opened_at(server: &Server, id: &str) -> (Client, Opened, String) {
    let client = client(server);
    let provider = find(id).expect("in the table");
    let key = key(provider, "valid");
    let base = base_url(provider, &server.url());
    let opened = opened(client.policy(), id, base.as_deref(), &key).expect("opened");
    (client, opened, key)
}

/// A GET request for a path.
pub fn get(path: &str) -> Request<'_> {
    Request::new("GET", Target::Path(path)).expect("a request")
}

/// A POST request of JSON to a path.
pub fn post<'a>(path: &'a str, body: &'a [u8]) -> Request<'a> {
    let mut request = Request::new("POST", Target::Path(path)).expect("a request");
    request.set_body(body).expect("a body");
    request
}

/// Sends, and keeps the whole body.
pub fn sent(client: &Client, opened: &Opened, request: &Request<'_>) -> Result<(Sent, String)> {
    let mut body = Vec::new();
    let sent = send(client, opened, request, &mut body)?;
    Ok((sent, String::from_utf8_lossy(&body).into_owned()))
}

/// Keeps the chunks, and stops after so many.
#[derive(Default)]
pub struct Chunks {
    pub chunks: Vec<Vec<u8>>,
    pub most: usize,
}

impl Sink for Chunks {
    fn take(&mut self, head: &Head, bytes: &[u8]) -> ControlFlow<()> {
        assert!(head.status > 0 && !bytes.is_empty());
        self.chunks.push(bytes.to_vec());
        if self.chunks.len() == self.most {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// A server that keeps whatever it receives, on every connection, and answers as told.
pub struct Capture {
    pub address: SocketAddr,
    received: Arc<Mutex<Vec<u8>>>,
    connections: Arc<Mutex<usize>>,
}

impl Capture {
    pub fn start(answer: &'static [u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (received, connections) = (Arc::<Mutex<Vec<u8>>>::default(), Arc::default());
        let capture = Self {
            address,
            received: Arc::clone(&received),
            connections: Arc::clone(&connections),
        };
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                *connections.lock().expect("no panic before") += 1;
                let received = Arc::clone(&received);
                thread::spawn(move || {
                    stream
                        .set_read_timeout(Some(Duration::from_secs(5)))
                        .expect("a timeout");
                    let mut buffer = [0; 4096];
                    while let Ok(length @ 1..) = stream.read(&mut buffer) {
                        let mut all = received.lock().expect("no panic before");
                        all.extend(&buffer[..length]);
                        let whole = all.ends_with(b"\r\n\r\n");
                        drop(all);
                        if whole && stream.write_all(answer).is_err() {
                            break;
                        }
                    }
                });
            }
        });
        capture
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        *self.connections.lock().expect("no panic before")
    }

    /// Everything that was received.
    pub fn received(&self) -> String {
        let received = self.received.lock().expect("no panic before");
        String::from_utf8_lossy(&received).into_owned()
    }
}
