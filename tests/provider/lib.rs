//! A test provider: a real HTTP server on loopback that answers like the AI providers whose keys
//! byok uses. It is a double, not the real thing: it knows the path that a check asks, lists of
//! models, and one answer for each way to ask a model; and any key is right that says so itself
//! (`…byok-test-valid…`).
//!
//! Below `/{provider id}` it has the provider's own path, and looks for the key where that provider
//! does. The key chooses the answer, see [`Mode`]. It keeps a record of what was asked, without
//! keys. A second port is a trap: nothing should ever connect to it.

mod answer;
mod api;
mod double;
mod http;
mod mode;
mod tls;

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustls::{HandshakeKind, ServerConfig, ServerConnection, StreamOwned};
use serde::Serialize;
use serde_json::json;

use crate::api::Flaky;
use crate::http::{Answer, Request};

pub use crate::answer::ids;
pub use crate::mode::Mode;

/// How long an idle connection is kept, and how soon a hanging one notices its end.
const IDLE: Duration = Duration::from_secs(5);

/// One request that was received. It holds no key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// Such as `GET`.
    pub method: String,
    /// Without the query; with `…` in place of a test key.
    pub path: String,
    /// Names of the headers, in lower case.
    pub headers: Vec<String>,
    /// Where a test key was: `header`, `url`, `body` or nowhere.
    pub key_in: Option<&'static str>,
    /// The last four characters of a test key in a header, which tell keys of one test apart.
    pub key_end: Option<String>,
}

#[derive(Debug, Default)]
struct Shared {
    forced: Mutex<Option<Mode>>,
    requests: Mutex<Vec<Recorded>>,
    connections: AtomicUsize,
    open: AtomicUsize,
    resumed: AtomicUsize,
    trapped: AtomicUsize,
    flaky: Flaky,
    stopped: AtomicBool,
}

/// A running test provider. It stops when dropped.
#[derive(Debug)]
pub struct Server {
    http: SocketAddr,
    https: SocketAddr,
    trap: SocketAddr,
    authority: String,
    shared: Arc<Shared>,
}

impl Server {
    /// Starts on ports that are free.
    pub fn start() -> Result<Self, Box<dyn Error + Send + Sync>> {
        Self::start_on(0, 0)
    }

    /// Starts on these ports of 127.0.0.1; 0 means any that is free.
    pub fn start_on(http: u16, https: u16) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        let (plain, secure, trap) = (bind(http)?, bind(https)?, bind(0)?);
        let (tls, authority) = tls::make()?;
        let server = Self {
            http: plain.local_addr()?,
            https: secure.local_addr()?,
            trap: trap.local_addr()?,
            authority,
            shared: Arc::default(),
        };
        let location = format!("http://{}", server.trap);
        let shared = server.shared.clone();
        let (s, l) = (shared.clone(), location.clone());
        accept(plain, shared.clone(), move |stream| serve(stream, &s, &l));
        let (s, l) = (shared.clone(), location);
        accept(secure, shared.clone(), move |stream| {
            serve_tls(stream, &tls, &s, &l)
        });
        let s = shared.clone();
        accept(trap, shared, move |_| {
            s.trapped.fetch_add(1, Ordering::SeqCst);
            Ok(())
        });
        Ok(server)
    }

    /// Such as `http://127.0.0.1:41234`.
    pub fn url(&self) -> String {
        format!("http://{}", self.http)
    }

    /// Such as `https://localhost:41235`.
    pub fn tls_url(&self) -> String {
        format!("https://localhost:{}", self.https.port())
    }

    /// The port of [`Server::url`].
    pub fn port(&self) -> u16 {
        self.http.port()
    }

    /// The port of [`Server::tls_url`].
    pub fn tls_port(&self) -> u16 {
        self.https.port()
    }

    /// An address to which nothing should ever connect: the target of redirects.
    pub fn trap(&self) -> SocketAddr {
        self.trap
    }

    /// How many connections the trap has caught.
    pub fn trapped(&self) -> usize {
        self.shared.trapped.load(Ordering::SeqCst)
    }

    /// How many connections were made, not counting the trap's.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// How many TLS sessions were taken up again on a new connection.
    pub fn resumed(&self) -> usize {
        self.shared.resumed.load(Ordering::SeqCst)
    }

    /// What was asked, in order.
    pub fn requests(&self) -> Vec<Recorded> {
        lock(&self.shared.requests).clone()
    }

    /// The certificate, in PEM, of the authority that signed the one of [`Server::tls_url`].
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        for address in [self.http, self.https, self.trap] {
            // Wakes the thread that waits for a connection; when it is gone already, all the better.
            let _ = TcpStream::connect(address);
        }
    }
}

/// Takes connections in a thread, each served in one of its own.
fn accept(
    listener: TcpListener,
    shared: Arc<Shared>,
    serve: impl Fn(TcpStream) -> io::Result<()> + Clone + Send + 'static,
) {
    thread::spawn(move || {
        for stream in listener.incoming() {
            if shared.stopped.load(Ordering::SeqCst) {
                break;
            }
            let Ok(stream) = stream else { continue };
            let serve = serve.clone();
            // An error means that the client went away, which is what many tests are about.
            thread::spawn(move || {
                stream.set_read_timeout(Some(IDLE))?;
                // Head and body are two writes. The system would keep the second one back until the
                // client has acknowledged the first, for which that has 40 ms.
                stream.set_nodelay(true)?;
                serve(stream)
            });
        }
    });
}

fn serve_tls(
    stream: TcpStream,
    config: &Arc<ServerConfig>,
    shared: &Shared,
    trap: &str,
) -> io::Result<()> {
    let connection = ServerConnection::new(config.clone()).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    stream.conn.complete_io(&mut stream.sock)?;
    if stream.conn.handshake_kind() == Some(HandshakeKind::Resumed) {
        shared.resumed.fetch_add(1, Ordering::SeqCst);
    }
    serve(stream, shared, trap)
}

/// Counts a connection as long as it is open.
fn serve(stream: impl Read + Write, shared: &Shared, trap: &str) -> io::Result<()> {
    shared.connections.fetch_add(1, Ordering::SeqCst);
    shared.open.fetch_add(1, Ordering::SeqCst);
    let served = answer_all(stream, shared, trap);
    shared.open.fetch_sub(1, Ordering::SeqCst);
    served
}

/// Answers the requests of one connection.
fn answer_all(mut stream: impl Read + Write, shared: &Shared, trap: &str) -> io::Result<()> {
    while let Some(request) = Request::read(&mut stream)? {
        let again = match request.path.strip_prefix("/__") {
            Some(command) => {
                control(&request.method, command, shared).write(&mut stream)?;
                true
            }
            None => {
                lock(&shared.requests).push(record(&request));
                let forced = *lock(&shared.forced);
                answer::answer(&request, forced, trap, &shared.flaky, &mut stream)?
            }
        };
        if !again || request.header("connection") == Some("close") {
            break;
        }
    }
    Ok(())
}

/// What tests of other languages use.
fn control(method: &str, command: &str, shared: &Shared) -> Answer {
    match (method, command.split_once('/').unwrap_or((command, ""))) {
        ("GET", ("health", "")) => Answer::json(200, &json!({ "ok": true })),
        ("GET", ("requests", "")) => Answer::json(200, &json!(*lock(&shared.requests))),
        ("GET", ("connections", "")) => {
            Answer::json(200, &json!(shared.connections.load(Ordering::SeqCst)))
        }
        ("GET", ("open", "")) => Answer::json(200, &json!(shared.open.load(Ordering::SeqCst))),
        ("GET", ("trapped", "")) => {
            Answer::json(200, &json!(shared.trapped.load(Ordering::SeqCst)))
        }
        ("POST", ("mode", "")) => {
            *lock(&shared.forced) = None;
            Answer::json(200, &json!({ "mode": null }))
        }
        ("POST", ("mode", word)) => match Mode::of_word(&word.replace('_', "-")) {
            Some(mode) => {
                *lock(&shared.forced) = Some(mode);
                Answer::json(200, &json!({ "mode": mode.word() }))
            }
            None => Answer::json(404, &json!({ "error": "no such mode" })),
        },
        _ => Answer::json(404, &json!({ "error": "no such command" })),
    }
}

fn record(request: &Request) -> Recorded {
    let is_key = |text: &str| text.contains("byok-test");
    let key_in = if is_key(&request.path) || is_key(&request.query) {
        Some("url")
    } else if request.headers.iter().any(|(_, value)| is_key(value)) {
        Some("header")
    } else {
        is_key(&String::from_utf8_lossy(&request.body)).then_some("body")
    };
    Recorded {
        method: request.method.clone(),
        path: if is_key(&request.path) {
            "…".to_owned()
        } else {
            request.path.clone()
        },
        headers: request
            .headers
            .iter()
            .map(|(name, _)| name.clone())
            .collect(),
        key_in,
        key_end: request
            .headers
            .iter()
            .find(|(_, value)| is_key(value))
            .and_then(|(_, value)| value.get(value.len().saturating_sub(4)..))
            .map(str::to_owned),
    }
}

/// A test that panicked while it held the lock has failed anyway; the record is still good.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_for_what_is_not_here_hears_what_is() {
        let server = Server::start().expect("a server");
        for (path, says) in [
            ("/openai/v1/images/generations", "POST /chat/completions"),
            ("/nobody/v1/models", "/openai/…"),
        ] {
            let mut stream = TcpStream::connect(server.http).expect("a connection");
            let request = format!(
                "POST {path} HTTP/1.1\r\nauthorization: Bearer sk-byok-test-valid-0123456789\r\n\
                 content-length: 2\r\nconnection: close\r\n\r\n{{}}"
            );
            stream.write_all(request.as_bytes()).expect("a request");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).expect("an answer");
            assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
            assert!(answer.contains(says), "{answer}");
            assert!(!answer.contains("sk-byok-test"), "{answer}");
        }
    }

    #[test]
    fn an_answer_does_not_wait_for_an_acknowledgement() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::<Shared>::default();
        let (told, hears) = std::sync::mpsc::channel();
        accept(listener, shared.clone(), move |stream| {
            told.send(stream.nodelay()?).map_err(io::Error::other)
        });
        let _client = TcpStream::connect(address).expect("a connection");
        assert_eq!(hears.recv_timeout(IDLE), Ok(true));
        shared.stopped.store(true, Ordering::SeqCst);
        TcpStream::connect(address).expect("the last connection");
    }
}
