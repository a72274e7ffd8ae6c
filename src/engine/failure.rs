//! What went wrong on the network, in one word.
//!
//! It promises a reason for every error of the HTTP client, and that the client's own texts, which
//! name addresses, are not passed on. It does not know what was asked.

use crate::Error;
use crate::resolver::AddressRefused;

/// Where an outcome comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The provider's answer says it.
    Answered,
    /// The provider answers anyone, so that nothing is known of the key.
    Keyless,
    /// No whole answer in time.
    Timeout,
    /// The name does not resolve.
    Dns,
    /// No connection.
    Connect,
    /// No trusted TLS.
    Tls,
    /// The name leads to a private or reserved address.
    AddressRefused,
    /// The answer is larger than any real one.
    TooLarge,
    /// The answer is not HTTP, or broke off.
    Protocol,
    /// The answer points elsewhere, where the key is not sent.
    Redirect,
}

impl Reason {
    /// The stable code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Keyless => "keyless",
            Self::Timeout => "timeout",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::AddressRefused => "address_refused",
            Self::TooLarge => "too_large",
            Self::Protocol => "protocol",
            Self::Redirect => "redirect",
        }
    }

    /// The same as an error; `None` when there is an answer.
    pub(crate) fn error(self) -> Option<Error> {
        match self {
            Self::Answered | Self::Keyless | Self::Redirect => None,
            Self::Timeout => Some(Error::Timeout),
            Self::Dns => Some(Error::Dns),
            Self::Connect => Some(Error::Connect),
            Self::Tls => Some(Error::Tls),
            Self::AddressRefused => Some(Error::AddressRefused),
            Self::TooLarge => Some(Error::TooLarge),
            Self::Protocol => Some(Error::Protocol),
        }
    }
}

/// Why there is no answer.
pub(crate) fn reason_before_answer(error: &ureq::Error) -> Reason {
    use std::io::ErrorKind;
    match error {
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::TlsRequired => Reason::Tls,
        ureq::Error::Io(error) => match error.kind() {
            ErrorKind::TimedOut => Reason::Timeout,
            // Before the first byte of an answer only rustls finds data invalid.
            ErrorKind::InvalidData => Reason::Tls,
            ErrorKind::UnexpectedEof
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe => Reason::Protocol,
            _ => Reason::Connect,
        },
        ureq::Error::ConnectionFailed | ureq::Error::ConnectProxyFailed(_) => Reason::Connect,
        ureq::Error::HostNotFound => Reason::Dns,
        ureq::Error::Other(error) if error.is::<AddressRefused>() => Reason::AddressRefused,
        error => reason_in_answer(error),
    }
}

/// Why an answer cannot be used.
pub(crate) fn reason_in_answer(error: &ureq::Error) -> Reason {
    match error {
        ureq::Error::Timeout(_) => Reason::Timeout,
        ureq::Error::LargeResponseHeader(..) | ureq::Error::BodyExceedsLimit(_) => Reason::TooLarge,
        _ => Reason::Protocol,
    }
}

/// Whether it failed before any byte of the request was sent, so that it may be made again whatever
/// it is.
pub(crate) fn is_before_sending(error: &ureq::Error) -> bool {
    use std::io::ErrorKind;
    match error {
        ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect)
        | ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed => true,
        ureq::Error::Io(error) => matches!(
            error.kind(),
            ErrorKind::ConnectionRefused
                | ErrorKind::HostUnreachable
                | ErrorKind::NetworkUnreachable
                | ErrorKind::AddrNotAvailable
        ),
        _ => false,
    }
}
