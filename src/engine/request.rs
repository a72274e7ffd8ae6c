//! A request as a caller makes it, made fit to be sent with a key.
//!
//! It promises that no header can end its line and begin another, that none carries a key of any
//! provider, and that what belongs to the connection is left to the client. It does not know the
//! key; `send` adds it.

use std::time::Duration;

use ureq::http::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, EXPECT, HOST, PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use ureq::http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::provider::providers;
use crate::target::Target;
use crate::{Error, Result};

/// The methods that APIs use. `CONNECT` and `TRACE` are for proxies, and `TRACE` repeats the key.
const METHODS: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];

/// The longest header value, in bytes: what servers take of one line.
const MAX_VALUE: usize = 8 * 1024;

/// The most headers. Real requests have under twenty.
const MAX_HEADERS: usize = 64;

/// The most times a request is made again.
pub const MAX_RETRIES: u32 = 3;

/// Attempts beside the first when the caller does not say.
const RETRIES: u32 = 2;

/// A request to a provider, without its key.
#[derive(Debug)]
pub struct Request<'a> {
    pub(crate) method: Method,
    pub(crate) target: Target<'a>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: &'a [u8],
    /// The bounds of time and size.
    pub limits: Limits,
    /// Attempts beside the first, up to [`MAX_RETRIES`]; `None` leaves it to the method.
    pub retries: Option<u32>,
}

/// The bounds of one request. Times run together: the first that is over ends the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For all of it, with its retries and what a callback does.
    pub timeout: Duration,
    /// To look the name up and connect, TLS included.
    pub connect: Duration,
    /// From the whole request to the whole head of the answer: how long a model may think.
    pub first_byte: Duration,
    /// Without a single byte of the body.
    pub idle: Duration,
    /// The most bytes of the decoded body; `None` for no bound.
    pub max_bytes: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // Long answers of large models take some minutes.
            timeout: Duration::from_secs(300),
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(300),
            // Streams of reasoning models send pings well within a minute.
            idle: Duration::from_secs(120),
            // An image in base64 has some 10 MiB; more would meet PHP's memory limit.
            max_bytes: Some(32 * 1024 * 1024),
        }
    }
}

impl<'a> Request<'a> {
    /// A request without headers and body, with the usual limits.
    ///
    /// # Errors
    ///
    /// `RequestMalformed` for a method that no API uses.
    pub fn new(method: &str, target: Target<'a>) -> Result<Self> {
        let method = METHODS
            .into_iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(method))
            .ok_or(Error::RequestMalformed)?;
        Ok(Self {
            method,
            target,
            headers: HeaderMap::new(),
            body: &[],
            limits: Limits::default(),
            retries: None,
        })
    }

    /// Adds a header; one that is there keeps its values. What carries a key or belongs to the
    /// connection is left out: `authorization`, `x-api-key` and the like are the engine's, and an
    /// encoding that it cannot decode is of no use.
    ///
    /// # Errors
    ///
    /// `RequestMalformed` for a name that is no token, for a value with a line break, NUL or
    /// another control character, and for too many or too long ones.
    pub fn header(&mut self, name: &[u8], value: &[u8]) -> Result<()> {
        let name = HeaderName::from_bytes(name).map_err(|_| Error::RequestMalformed)?;
        let value = HeaderValue::from_bytes(value).map_err(|_| Error::RequestMalformed)?;
        if value.len() > MAX_VALUE || self.headers.len() >= MAX_HEADERS {
            return Err(Error::RequestMalformed);
        }
        if !carries_a_key(&name) && !is_hop_by_hop(&name) && !is_ours(&name) {
            self.headers.append(name, value);
        }
        Ok(())
    }

    /// Sets the body. JSON is what it is taken for when no header says otherwise.
    ///
    /// # Errors
    ///
    /// `RequestMalformed` when the method has none.
    pub fn set_body(&mut self, body: &'a [u8]) -> Result<()> {
        if !body.is_empty() && matches!(self.method, Method::GET | Method::HEAD) {
            return Err(Error::RequestMalformed);
        }
        self.body = body;
        Ok(())
    }

    /// Whether making it twice is the same as making it once (RFC 9110, section 9.2.2).
    pub(crate) fn is_idempotent(&self) -> bool {
        !matches!(self.method, Method::POST | Method::PATCH)
    }

    /// Attempts beside the first.
    pub(crate) fn retries(&self) -> u32 {
        self.retries.unwrap_or(RETRIES).min(MAX_RETRIES)
    }
}

/// Whether a header of this name may carry a key, of any provider: the key of one must not go to
/// another, and the caller's stand-in is replaced.
fn carries_a_key(name: &HeaderName) -> bool {
    name == PROXY_AUTHORIZATION
        || providers()
            .iter()
            .any(|provider| provider.auth.header == name.as_str())
}

/// Whether a header is about the connection (RFC 9110, section 7.6.1).
pub(crate) fn is_hop_by_hop(name: &HeaderName) -> bool {
    [
        CONNECTION,
        PROXY_AUTHENTICATE,
        TE,
        TRAILER,
        TRANSFER_ENCODING,
        UPGRADE,
    ]
    .contains(name)
        || matches!(name.as_str(), "keep-alive" | "proxy-connection")
}

/// Whether the client writes a header itself.
fn is_ours(name: &HeaderName) -> bool {
    [HOST, CONTENT_LENGTH, EXPECT, ACCEPT_ENCODING].contains(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str) -> Result<Request<'static>> {
        Request::new(method, Target::Path("/models"))
    }

    #[test]
    fn only_methods_of_apis_are_sent() {
        for method in ["GET", "post", "Patch", "DELETE"] {
            assert!(request(method).is_ok(), "{method}");
        }
        for method in ["", "TRACE", "CONNECT", "GET /", "G\r\nET", "PROPFIND"] {
            assert_eq!(request(method).err(), Some(Error::RequestMalformed));
        }
    }

    #[test]
    fn no_header_begins_another() {
        let mut request = request("GET").expect("a method");
        for (name, value) in [
            (&b"x-a"[..], &b"1\r\nx-b: 2"[..]),
            (b"x-a", b"1\n"),
            (b"x-a", b"1\0"),
            (b"x-a", b"\x7f"),
            (b"x-a: 1\r\nx-b", b"2"),
            (b"x a", b"1"),
            (b"", b"1"),
            (b"x-\xc3\xa4", b"1"),
            (b"x-a", &[b'a'; MAX_VALUE + 1]),
        ] {
            assert_eq!(request.header(name, value), Err(Error::RequestMalformed));
        }
        assert!(request.headers.is_empty());
        for count in 0..MAX_HEADERS {
            assert!(
                request
                    .header(format!("x-{count}").as_bytes(), b"1")
                    .is_ok()
            );
        }
        assert_eq!(request.header(b"x-a", b"1"), Err(Error::RequestMalformed));
    }

    #[test]
    fn keys_and_the_connection_are_not_the_callers() {
        let mut request = request("GET").expect("a method");
        for name in [
            "Authorization",
            "X-API-Key",
            "x-goog-api-key",
            "Proxy-Authorization",
            "Host",
            "Content-Length",
            "Transfer-Encoding",
            "Connection",
            "Keep-Alive",
            "TE",
            "Expect",
            "Accept-Encoding",
        ] {
            assert_eq!(request.header(name.as_bytes(), b"byok-test"), Ok(()));
        }
        assert!(request.headers.is_empty(), "{:?}", request.headers);
        for value in [b"one", b"two"] {
            assert_eq!(request.header(b"Accept", value), Ok(()));
        }
        assert_eq!(request.headers.get_all("accept").iter().count(), 2);
    }

    #[test]
    fn only_reading_has_no_body() {
        assert!(request("GET").expect("a method").set_body(b"{}").is_err());
        assert!(request("GET").expect("a method").set_body(b"").is_ok());
        assert!(request("POST").expect("a method").set_body(b"{}").is_ok());
    }
}
