//! The HTTP client, and what the server's owner allows it.
//!
//! It promises that a key leaves only over verified TLS to the address that was asked for (or in
//! plain text to a host the server's owner allowed): no redirect is followed, since a client
//! repeats headers such as `x-api-key` at the new address; no proxy is taken from the environment
//! unless allowed; each answer has a deadline and a largest size. It does not know what a key is
//! for, nor any provider.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use bytes::Bytes;
use ureq::http::{HeaderName, HeaderValue, Request, Response};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::{DefaultResolver, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport, time,
};
use ureq::{Agent, AsSendBody, Body, Proxy};
use url::Host;
use zeroize::Zeroizing;

use crate::origin::{BaseUrl, host_and_port};
use crate::request::Limits;
use crate::resolver::{JudgingResolver, LaterResolver, is_later};
use crate::wiped::wipe;
use crate::{Error, Result};

/// The longest time to connect, TLS included. A provider that takes longer is down, and somebody
/// waits at a screen.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an idle connection is still used. The load balancers of providers close theirs after a
/// minute or more.
const IDLE_AGE: Duration = Duration::from_secs(50);

/// The most bytes of headers in an answer. Providers send under 4 KiB.
const MAX_HEADERS: usize = 16 * 1024;

/// Room for one read: the largest headers must fit.
const INPUT_BUFFER: usize = 32 * 1024;

/// Room for one write: the longest header line is a key of 8192 bytes and its name.
const OUTPUT_BUFFER: usize = 16 * 1024;

/// What only the server's owner may allow. The default allows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Hosts, each `host:port`, that may be plain http, loopback or private. An entry of another
    /// form allows nothing.
    pub allow_hosts: Vec<String>,
    /// Base URL of a test provider on this machine, which then stands in for every provider with a
    /// fixed address.
    pub test_provider: Option<String>,
    /// Whether the proxy of the environment is used. It then looks names up itself, so resolved
    /// addresses are judged no more.
    pub allow_proxy: bool,
    /// PEM file of the certificate authorities to trust, instead of Mozilla's.
    pub ca_file: Option<PathBuf>,
}

impl Policy {
    /// Whether this host and port may be plain http, loopback or private.
    pub(crate) fn allows(&self, host: &Host, port: u16) -> bool {
        self.allowed().any(|(h, p)| h == *host && p == port)
            || self
                .test_base()
                .is_ok_and(|test| test.is_some_and(|t| t.is_at(host, port)))
    }

    fn allowed(&self) -> impl Iterator<Item = (Host, u16)> {
        self.allow_hosts
            .iter()
            .filter_map(|entry| host_and_port(entry))
    }

    /// Where the test provider is. It receives keys meant for others, so it must be on this
    /// machine: [`Error::TestProviderRefused`] otherwise.
    pub(crate) fn test_base(&self) -> Result<Option<BaseUrl>> {
        let Some(text) = self
            .test_provider
            .as_deref()
            .filter(|text| !text.is_empty())
        else {
            return Ok(None);
        };
        match BaseUrl::read(text) {
            Ok(base) if base.is_loopback() => Ok(Some(base)),
            _ => Err(Error::TestProviderRefused),
        }
    }

    /// Certificate authorities: those of the file, or Mozilla's.
    fn roots(&self) -> Result<RootCerts> {
        let Some(path) = &self.ca_file else {
            return Ok(RootCerts::WebPki);
        };
        let pem = std::fs::read(path).map_err(|_| Error::CaFileUnusable)?;
        let certificates = parse_pem(&pem)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(Ok(certificate)),
                Ok(_) => None,
                Err(_) => Some(Err(Error::CaFileUnusable)),
            })
            .collect::<Result<Vec<_>>>()?;
        if certificates.is_empty() {
            Err(Error::CaFileUnusable)
        } else {
            Ok(certificates.into())
        }
    }
}

/// One per process, not shared over a fork: it keeps connections open, which saves most of the
/// time of the next request.
#[derive(Debug)]
pub struct Client {
    policy: Policy,
    agent: Agent,
}

impl Client {
    /// Makes a client. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// `CaFileUnusable` or `TestProviderRefused` when that part of the policy cannot be followed.
    pub fn new(policy: Policy) -> Result<Self> {
        Self::with_resolver(policy, DefaultResolver::default())
    }

    /// The same with another way to look names up.
    pub(crate) fn with_resolver(policy: Policy, inner: impl Resolver) -> Result<Self> {
        let test = policy.test_base()?;
        let proxy = policy.allow_proxy.then(Proxy::try_from_env).flatten();
        let config = Agent::config_builder()
            .tls_config(TlsConfig::builder().root_certs(policy.roots()?).build())
            // `BaseUrl` is the judge of each address; this is the second lock.
            .https_only(policy.allow_hosts.is_empty() && test.is_none())
            .proxy(proxy.clone())
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .max_idle_age(IDLE_AGE)
            .max_response_header_size(MAX_HEADERS)
            .input_buffer_size(INPUT_BUFFER)
            .output_buffer_size(OUTPUT_BUFFER)
            .user_agent(concat!("byok/", env!("CARGO_PKG_VERSION")))
            .build();
        let allowed = policy
            .allowed()
            .chain(test.map(|test| test.host_and_port()))
            // A proxy is mostly a neighbour; allowing it is the meaning of the setting.
            .chain(proxy.and_then(|p| Some((Host::parse(p.host()).ok()?, p.port()))))
            .collect();
        let connector = CarefulConnector {
            inner: DefaultConnector::default(),
            resolver: JudgingResolver { inner, allowed },
        };
        Ok(Self {
            policy,
            agent: Agent::with_parts(config, connector, LaterResolver),
        })
    }

    /// What the client was made with.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Makes a GET request. The answer is returned whatever its status, a redirect too.
    pub(crate) fn get(
        &self,
        url: &str,
        headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
        timeout: Duration,
    ) -> std::result::Result<Response<Body>, ureq::Error> {
        let request = self
            .agent
            .get(url)
            .config()
            .timeout_global(Some(timeout))
            .build();
        headers
            .into_iter()
            .fold(request, |request, (name, value)| {
                request.header(name, value)
            })
            .call()
    }

    /// Makes a POST request without a body.
    pub(crate) fn post(
        &self,
        url: &str,
        headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
        timeout: Duration,
    ) -> std::result::Result<Response<Body>, ureq::Error> {
        let request = self
            .agent
            .post(url)
            .config()
            .timeout_global(Some(timeout))
            .build();
        headers
            .into_iter()
            .fold(request, |request, (name, value)| {
                request.header(name, value)
            })
            .send_empty()
    }

    /// Makes any request, with what is left of its time. The answer is returned whatever its status.
    pub(crate) fn run(
        &self,
        request: Request<impl AsSendBody>,
        limits: &Limits,
        left: Duration,
    ) -> std::result::Result<Response<Body>, ureq::Error> {
        let request = self
            .agent
            .configure_request(request)
            .timeout_global(Some(left))
            .timeout_connect(Some(limits.connect))
            .timeout_recv_response(Some(limits.first_byte))
            .timeout_per_read(Some(limits.idle))
            .build();
        self.agent.run(request)
    }
}

/// A header value with a secret in it: marked, so that it is not printed or indexed, and wiped when
/// the last reference is gone. `None` when the secret cannot be in a header.
///
/// What is left after a request is made: nothing of ours. ureq writes the value into its output
/// buffer, which [`WipedTransport`] wipes; over TLS, rustls encrypts from that buffer into its own,
/// and the kernel keeps what it has not sent.
pub(crate) fn secret_header(scheme: Option<&str>, secret: &str) -> Option<HeaderValue> {
    let scheme = scheme.map(|scheme| [scheme, " "]).unwrap_or_default();
    // The room is exact: a vector that grows leaves its old bytes behind.
    let len = scheme.iter().map(|part| part.len()).sum::<usize>() + secret.len();
    let mut value = Zeroizing::new(Vec::with_capacity(len));
    for part in scheme.into_iter().chain([secret]) {
        value.extend_from_slice(part.as_bytes());
    }
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(value)).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Connects as ureq does, with four differences.
#[derive(Debug)]
struct CarefulConnector<R> {
    inner: DefaultConnector,
    resolver: JudgingResolver<R>,
}

impl<R: Resolver> Connector for CarefulConnector<R> {
    type Out = WipedTransport;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<()>,
    ) -> std::result::Result<Option<Self::Out>, ureq::Error> {
        // A handshake has the time to connect.
        let mut timeout = NextTimeout {
            per_read: None,
            ..details.timeout
        };
        let mut addrs = details.addrs.clone();
        if is_later(&addrs) {
            let begun = Instant::now();
            addrs = self
                .resolver
                .resolve(details.uri, details.config, timeout)?;
            timeout = less(timeout, begun.elapsed())?;
        }
        let details = ConnectionDetails {
            uri: details.uri,
            addrs,
            config: details.config,
            // Our requests differ from the agent in their deadline only. Called a request of its
            // own, each would parse the certificate authorities again and resume no TLS session.
            request_level: false,
            // For the name of a proxy.
            resolver: &self.resolver,
            now: details.now,
            timeout,
            current_time: details.current_time.clone(),
            run_connector: details.run_connector.clone(),
            register_shutdown: details.register_shutdown.clone(),
        };
        Ok(self
            .inner
            .connect(&details, chained)?
            .map(|inner| WipedTransport {
                inner,
                answers: false,
            }))
    }
}

/// What is left of a time.
fn less(timeout: NextTimeout, spent: Duration) -> std::result::Result<NextTimeout, ureq::Error> {
    let after = match timeout.after {
        time::Duration::Exact(after) => {
            let left = after.checked_sub(spent).filter(|left| !left.is_zero());
            time::Duration::Exact(left.ok_or(ureq::Error::Timeout(timeout.reason))?)
        }
        never => never,
    };
    Ok(NextTimeout { after, ..timeout })
}

/// Wipes what was sent from the output buffer, which otherwise lives as long as the connection; and
/// an answer from the input buffer when it has been read: a provider may repeat the key. Until an answer begins, the time between two reads has no bound of its own.
#[derive(Debug)]
struct WipedTransport {
    inner: Box<dyn Transport>,
    answers: bool,
}

impl Transport for WipedTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(
        &mut self,
        amount: usize,
        timeout: NextTimeout,
    ) -> std::result::Result<(), ureq::Error> {
        self.answers = false;
        let sent = self.inner.transmit_output(amount, timeout);
        wipe(&mut self.inner.buffers().output()[..amount]);
        sent
    }

    fn await_input(&mut self, timeout: NextTimeout) -> std::result::Result<bool, ureq::Error> {
        let per_read = timeout.per_read.filter(|_| self.answers);
        let arrived = self.inner.await_input(NextTimeout {
            per_read,
            ..timeout
        });
        self.answers |= matches!(arrived, Ok(true));
        arrived
    }

    /// Asked when an answer has been read to its end, before the connection waits for the next one.
    fn is_open(&mut self) -> bool {
        self.wipe_input();
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

impl WipedTransport {
    fn wipe_input(&mut self) {
        let buffers = self.inner.buffers();
        // What is not consumed yet is somebody's answer; what is consumed counts as free room.
        if buffers.input().is_empty() {
            wipe(buffers.input_append_buf());
        }
    }
}

/// Also of a connection that is not used again.
impl Drop for WipedTransport {
    fn drop(&mut self) {
        let unread = self.inner.buffers().input().len();
        self.inner.buffers().input_consume(unread);
        self.wipe_input();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ureq::unversioned::transport::LazyBuffers;

    /// Sends nothing, or fails to.
    #[derive(Debug)]
    struct Nowhere(LazyBuffers, bool);

    impl Transport for Nowhere {
        fn buffers(&mut self) -> &mut dyn Buffers {
            &mut self.0
        }

        fn transmit_output(
            &mut self,
            _: usize,
            _: NextTimeout,
        ) -> std::result::Result<(), ureq::Error> {
            if self.1 {
                Ok(())
            } else {
                Err(ureq::Error::ConnectionFailed)
            }
        }

        fn await_input(&mut self, _: NextTimeout) -> std::result::Result<bool, ureq::Error> {
            Ok(false)
        }

        fn is_open(&mut self) -> bool {
            true
        }
    }

    #[test]
    fn what_was_sent_is_wiped() {
        for works in [true, false] {
            let inner = Box::new(Nowhere(LazyBuffers::new(64, 64), works));
            let mut transport = WipedTransport {
                inner,
                answers: false,
            };
            let key = b"byok-test";
            transport.buffers().output()[..key.len()].copy_from_slice(key);
            let sent = transport.transmit_output(key.len(), NextTimeout::default());
            assert_eq!(sent.is_ok(), works);
            assert!(transport.buffers().output().iter().all(|b| *b == 0));
        }
    }

    #[test]
    fn what_was_read_is_wiped() {
        let inner = Box::new(Nowhere(LazyBuffers::new(64, 64), true));
        let mut transport = WipedTransport {
            inner,
            answers: false,
        };
        let key = b"byok-test";
        transport.buffers().input_append_buf()[..key.len()].copy_from_slice(key);
        transport.buffers().input_appended(key.len());
        transport.is_open();
        assert_eq!(transport.buffers().input(), key, "nobody has read it");
        transport.buffers().input_consume(key.len());
        transport.is_open();
        assert!(
            transport
                .buffers()
                .input_append_buf()
                .iter()
                .all(|b| *b == 0)
        );
    }

    #[test]
    fn a_secret_header_is_whole_and_does_not_print() {
        let header = secret_header(Some("Bearer"), "sk-byok-test").expect("a header");
        assert_eq!(header.as_bytes(), b"Bearer sk-byok-test");
        assert!(!format!("{header:?}").contains("byok-test"));
        let header = secret_header(None, "sk-byok-test").expect("a header");
        assert_eq!(header.as_bytes(), b"sk-byok-test");
    }

    #[test]
    fn a_secret_cannot_begin_another_header() {
        for secret in ["byok-test\r\nX-A: 1", "byok-test\n", "byok-test\0"] {
            assert!(secret_header(Some("Bearer"), secret).is_none());
        }
    }

    #[test]
    fn without_an_allowance_nothing_leaves_in_plain_text() {
        let client = Client::new(Policy::default()).expect("a client");
        let error = client
            .get("http://1.1.1.1/", [], Duration::from_secs(1))
            .expect_err("refused");
        assert!(matches!(error, ureq::Error::RequireHttpsOnly(_)));
    }

    #[test]
    fn the_test_provider_must_be_on_this_machine() {
        for (url, accepted) in [
            ("http://127.0.0.1:8080", true),
            ("http://[::1]:8080", true),
            ("https://localhost:8443", true),
            ("", true),
            ("http://10.0.0.1:8080", false),
            ("https://api.example.com", false),
            ("http://127.0.0.1.example.com", false),
            ("http://0.0.0.0:8080", false),
            ("http://127.0.0.1@example.com", false),
            ("127.0.0.1:8080", false),
        ] {
            let policy = Policy {
                test_provider: Some(url.into()),
                ..Policy::default()
            };
            let expected = if accepted {
                None
            } else {
                Some(Error::TestProviderRefused)
            };
            assert_eq!(Client::new(policy).err(), expected, "{url}");
        }
    }

    #[test]
    fn a_file_without_certificates_is_refused() {
        for file in [
            "/nonexistent",
            "/dev/null",
            concat!(env!("CARGO_MANIFEST_DIR"), "/agent.rs"),
        ] {
            let policy = Policy {
                ca_file: Some(file.into()),
                ..Policy::default()
            };
            assert_eq!(
                Client::new(policy).err(),
                Some(Error::CaFileUnusable),
                "{file}"
            );
        }
    }
}
