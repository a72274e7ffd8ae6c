//! Sends a request with a stored key, to the one address that the key is bound to.
//!
//! It promises that the key goes into one header of a request to that address, and comes back to
//! the caller in no form: an echo of it is masked. A redirect is returned, never followed. It does
//! not know who asks, nor whether they may; the plugin does.

use std::io::Read;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use ureq::Body;
use ureq::http::{self, HeaderMap, Response, Uri};
use zeroize::Zeroizing;

use crate::agent::Client;
use crate::check::Outcome;
use crate::echo::Echo;
use crate::failure::{is_before_sending, reason_before_answer, reason_in_answer};
use crate::opened::Opened;
use crate::request::{Request, is_hop_by_hop};
use crate::retry::{retry_after, wait};
use crate::wiped::Wiped;
use crate::{Error, Result};

/// Room for one read: what TLS sends in one record. Nothing beyond it is read while a callback runs.
const CHUNK: usize = 16 * 1024;

/// As much of an error's body is kept to tell what it says of the key. Real ones have under 4 KiB.
const ERROR_KEPT: usize = 64 * 1024;

/// The statuses that a busy provider answers with, and that pass.
const BUSY: [u16; 5] = [429, 502, 503, 504, 529];

/// Of these, the ones that say that nothing was done, so that even a POST may be made again.
const REFUSED: [u16; 3] = [429, 503, 529];

/// What an answer begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The status.
    pub status: u16,
    /// Names in lower case and values, as they came, without those about the connection.
    pub headers: Vec<(String, Vec<u8>)>,
}

/// Takes the body of an answer.
pub trait Sink {
    /// Takes the next bytes, decoded and free of the key; never none. [`ControlFlow::Break`] ends
    /// the request, and the connection is closed.
    fn take(&mut self, head: &Head, bytes: &[u8]) -> ControlFlow<()>;
}

/// Keeps the whole body.
impl Sink for Vec<u8> {
    fn take(&mut self, _: &Head, bytes: &[u8]) -> ControlFlow<()> {
        self.extend_from_slice(bytes);
        ControlFlow::Continue(())
    }
}

/// What came of a request. It holds nothing of the key but its mask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// What the answer began with.
    pub head: Head,
    /// What the answer says of the key; `None` when it says nothing.
    pub outcome: Option<Outcome>,
    /// Seconds the provider asks to wait.
    pub retry_after: Option<u32>,
    /// Whether the answer repeated the key, which was masked.
    pub redacted: bool,
    /// How many requests were made.
    pub attempts: u32,
    /// Milliseconds it took.
    pub elapsed_ms: u64,
    /// Whether the sink ended it.
    pub stopped: bool,
}

/// Sends a request and gives the body of its answer to the sink.
///
/// A request is made again, after a wait, when no connection was made; when a busy provider
/// answers with 429, 502, 503, 504 or 529 and the request is idempotent; and when a provider refuses a
/// POST or PATCH with 429, 503 or 529 and the caller has set the retries: then nothing was done, but
/// only the caller knows what a second bill would mean. Never after the sink was given anything.
///
/// # Errors
///
/// What [`Target::url`](crate::target::Target) returns, `KeyControlCharacter`, and `Timeout`, `Dns`,
/// `Connect`, `Tls`, `AddressRefused`, `TooLarge` or `Protocol`, also in the middle of a body.
pub fn send(
    client: &Client,
    opened: &Opened,
    request: &Request<'_>,
    sink: &mut dyn Sink,
) -> Result<Sent> {
    let start = Instant::now();
    let url = request
        .target
        .url(opened.provider(), opened.base(), client.policy())?;
    let headers = opened.headers(request)?;
    let mut attempts = 0;
    loop {
        attempts += 1;
        let left = request
            .limits
            .timeout
            .checked_sub(start.elapsed())
            .filter(|left| !left.is_zero())
            .ok_or(Error::Timeout)?;
        let last = attempts > request.retries();
        let (pause, found) = match ask(client, request, &url, headers.clone(), left) {
            Ok(response) if !is_of_an_answer(response.status().as_u16()) => {
                return Err(Error::Protocol);
            }
            Err(error) => {
                let pause = (!last && is_before_sending(&error)).then(|| wait(attempts - 1, None));
                (pause.flatten(), Err(reason_before_answer(&error).error()))
            }
            Ok(response) => {
                let asked = retry_after(response.headers());
                let again = !last && may_repeat(request, response.status().as_u16());
                let pause = again.then(|| wait(attempts - 1, asked)).flatten();
                (pause, Ok(response))
            }
        };
        let in_time = |pause: &Duration| start.elapsed() + *pause < request.limits.timeout;
        match (pause.filter(in_time), found) {
            (Some(pause), found) => {
                // Dropped unread, the connection would be closed.
                found.map(drain).ok();
                std::thread::sleep(pause);
            }
            (None, Err(error)) => return Err(error.unwrap_or(Error::Protocol)),
            (None, Ok(response)) => {
                let mut sent = receive(opened, request, response, sink)?;
                sent.attempts = attempts;
                sent.elapsed_ms = start.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
                return Ok(sent);
            }
        }
    }
}

/// Whether a status is that of an answer: not of one to come (1xx, RFC 9110 15.2), nor one that no
/// server may send, which each reader behind us would understand in another way.
fn is_of_an_answer(status: u16) -> bool {
    (200..600).contains(&status)
}

fn may_repeat(request: &Request<'_>, status: u16) -> bool {
    if request.is_idempotent() {
        BUSY.contains(&status)
    } else {
        request.retries.is_some() && REFUSED.contains(&status)
    }
}

/// Makes the request once.
fn ask(
    client: &Client,
    request: &Request<'_>,
    url: &Uri,
    headers: HeaderMap,
    left: Duration,
) -> std::result::Result<Response<Body>, ureq::Error> {
    let mut made = http::Request::builder()
        .method(request.method.clone())
        .uri(url.clone())
        .body(request.body)?;
    *made.headers_mut() = headers;
    client.run(made, &request.limits, left)
}

/// Reads a short answer to its end, so that its connection can be used again.
fn drain(mut response: Response<Body>) {
    let mut body = Zeroizing::new(Vec::with_capacity(ERROR_KEPT));
    let reader = response.body_mut().as_reader();
    let _ = reader.take(ERROR_KEPT as u64).read_to_end(&mut body);
}

/// Reads an answer, chunk by chunk.
fn receive(
    opened: &Opened,
    request: &Request<'_>,
    mut response: Response<Body>,
    sink: &mut dyn Sink,
) -> Result<Sent> {
    let mut echo = Echo::of(opened.key(), CHUNK);
    let head = head(&response, &mut echo);
    let retry_after = retry_after(response.headers());
    let mut delivery = Delivery {
        sink,
        kept: Vec::new(),
        keeps: !response.status().is_success(),
    };
    let mut buffer = Wiped::zeros(CHUNK);
    let mut total = 0;
    // ureq counts the bytes that arrive; a few of them can unpack to gigabytes.
    let mut body = response.body_mut().with_config().limit(u64::MAX).reader();
    let stopped = loop {
        let read = body
            .read(buffer.bytes_mut())
            .map_err(|error| broken(&ureq::Error::from(error)))?;
        total += read as u64;
        if request.limits.max_bytes.is_some_and(|most| total > most) {
            return Err(Error::TooLarge);
        }
        let clean = if read == 0 {
            echo.end()
        } else {
            echo.feed(&buffer[..read])
        };
        if delivery.give(&head, &clean).is_break() {
            break true;
        }
        if read == 0 {
            break false;
        }
    };
    Ok(Sent {
        outcome: opened
            .provider()
            .check
            .outcome_in_use(head.status, &delivery.kept),
        head,
        retry_after,
        redacted: echo.found(),
        attempts: 0,
        elapsed_ms: 0,
        stopped,
    })
}

/// Why a body cannot be read to its end.
fn broken(error: &ureq::Error) -> Error {
    reason_in_answer(error).error().unwrap_or(Error::Protocol)
}

/// Hands the body on, and keeps the beginning of an error's.
struct Delivery<'a> {
    sink: &'a mut dyn Sink,
    kept: Vec<u8>,
    keeps: bool,
}

impl Delivery<'_> {
    fn give(&mut self, head: &Head, bytes: &[u8]) -> ControlFlow<()> {
        if bytes.is_empty() {
            return ControlFlow::Continue(());
        }
        if self.keeps {
            let room = ERROR_KEPT.saturating_sub(self.kept.len());
            self.kept.extend(bytes.iter().take(room));
        }
        self.sink.take(head, bytes)
    }
}

/// What an answer begins with, free of the key. A header that has it in its name is left out.
fn head(response: &Response<Body>, echo: &mut Echo) -> Head {
    let named = response.headers().get_all(http::header::CONNECTION);
    let closing: Vec<String> = named
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    let mut headers = Vec::new();
    for (name, value) in response.headers() {
        let is_named = closing.iter().any(|closing| closing == name.as_str());
        if is_hop_by_hop(name) || is_named || echo.is_in_any_case(name.as_str().as_bytes()) {
            continue;
        }
        headers.push((name.as_str().to_owned(), echo.whole(value.as_bytes())));
    }
    Head {
        status: response.status().as_u16(),
        headers,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::SocketAddr;
    use std::sync::Mutex;

    use byok_test_provider::Server;

    use crate::agent::Policy;
    use crate::check::tests::Leads;
    use crate::context::Context;
    use crate::envelope::seal;
    use crate::keyring::KeyRing;
    use crate::provider::{find, origin_of};
    use crate::target::Target;

    /// Sends twice to a name while the name server says this.
    fn sent(leads: &[SocketAddr], base_url: &str, allow: &[&str]) -> [Result<u16>; 2] {
        let leads = Leads(Mutex::new(leads.iter().copied().collect()));
        let policy = Policy {
            allow_hosts: allow.iter().map(|host| (*host).to_owned()).collect(),
            ..Policy::default()
        };
        let client = Client::with_resolver(policy.clone(), leads).expect("a client");
        let provider = find("openai-compatible").expect("in the table");
        let base = Some(base_url);
        let ring = KeyRing::from_root([7; 32]);
        let mut place = Context::new(b"").expect("a context");
        let origin = origin_of(provider, base, &policy).expect("an origin");
        place.set(b"origin", origin.as_bytes()).expect("set");
        let envelope = seal(&ring, &place, b"byok-test-valid").expect("sealed");
        let envelope = envelope.as_bytes();
        let opened = Opened::with_ring(provider, base, &policy, &place, envelope, &ring);
        let opened = opened.expect("opened");
        [0, 1].map(|_| {
            let mut request = Request::new("GET", Target::Path("/models")).expect("a method");
            request.retries = Some(0);
            let sent = send(&client, &opened, &request, &mut Vec::new())?;
            Ok(sent.head.status)
        })
    }

    #[test]
    fn a_name_that_leads_inside_gets_no_connection() {
        let server = Server::start().expect("a server");
        let leads = [server.trap(), server.trap()];
        for base in ["https://rebound.example", "https://rebound.example:8443/v1"] {
            assert_eq!(sent(&leads, base, &[]), [Err(Error::AddressRefused); 2]);
        }
        assert_eq!(server.trapped(), 0);
    }

    #[test]
    fn the_judged_address_is_the_one_connected_to() {
        let server = Server::start().expect("a server");
        let here = ([127, 0, 0, 1], server.port()).into();
        let base = "http://models.example:8080/openai-compatible/v1";
        let allow = ["models.example:8080"];
        // The name server changes its mind between the look-ups; within one there is one answer.
        assert_eq!(sent(&[here, server.trap()], base, &allow), [Ok(200); 2]);
        assert_eq!((server.connections(), server.trapped()), (1, 0));
    }

    #[test]
    fn a_name_is_looked_up_to_connect_and_not_again() {
        let server = Server::start().expect("a server");
        let here = ([127, 0, 0, 1], server.port()).into();
        let base = "http://models.example:8080/openai-compatible/v1";
        // The name server has nothing to say the second time.
        let sent = sent(&[here], base, &["models.example:8080"]);
        assert_eq!(sent, [Ok(200); 2]);
        assert_eq!(server.connections(), 1);
    }

    #[test]
    fn an_unknown_name_is_said() {
        let told = sent(&[], "https://models.example", &[]);
        assert_eq!(told, [Err(Error::Dns); 2]);
    }

    /// Sends a request to somebody who answers with this status.
    fn answered(status: &str) -> Result<u16> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let here = listener.local_addr().expect("an address");
        let line = format!("HTTP/1.1 {status} X\r\n");
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let _ = stream.read(&mut [0; 4096]);
            let rest = "Upgrade: x\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n";
            let _ = stream.write_all(format!("{line}{rest}").as_bytes());
        });
        let host = format!("models.example:{}", here.port());
        let [first, _] = sent(&[here], &format!("http://{host}/v1"), &[&host]);
        first
    }

    #[test]
    fn a_status_that_ends_no_request_is_no_answer() {
        for status in ["101", "199", "600", "700", "999", "000", "099"] {
            assert_eq!(answered(status), Err(Error::Protocol), "{status}");
        }
        for status in [200, 299, 307, 404, 529, 599] {
            assert_eq!(answered(&status.to_string()), Ok(status));
        }
    }
}
