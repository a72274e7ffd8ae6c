//! The one place a key may be sent to: a base URL, taken apart and judged.
//!
//! It promises that a [`BaseUrl`] is a plain `https://host[:port][/path]` whose host is not known
//! to be on this machine or a private network, and that what was judged is what is sent: requests
//! are made from the parsed parts, never from the text. Names are judged again when they resolve,
//! see `resolver`. It does not know which provider an address belongs to.

use std::net::IpAddr;

use ureq::http::Uri;
use url::{Host, Url};

use crate::agent::Policy;
use crate::resolver::is_public;
use crate::{Error, Result};

/// The longest base URL, in bytes. An origin must fit a context field, and no real address comes
/// near it.
const MAX_LEN: usize = 2048;

/// Where the API of a provider begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    scheme: &'static str,
    host: Host,
    port: u16,
    /// Empty, or beginning with a slash; never ending with one.
    path: String,
}

impl BaseUrl {
    /// Takes a base URL apart and judges it.
    ///
    /// # Errors
    ///
    /// - `BaseUrlMalformed` when it is not a plain URL, or has a user name, query, fragment,
    ///   backslash, white space or control character.
    /// - `BaseUrlNotHttps` when it is not https and the policy does not allow its host and port.
    /// - `AddressRefused` when its host is a loopback, private or reserved address in any notation,
    ///   or `localhost`, and the policy does not allow it.
    pub fn parse(text: &str, policy: &Policy) -> Result<Self> {
        let base = Self::read(text)?;
        if policy.allows(&base.host, base.port) {
            return Ok(base);
        }
        if base.scheme != "https" {
            return Err(Error::BaseUrlNotHttps);
        }
        let refused = match base.address() {
            Some(address) => !is_public(address),
            None => base.is_localhost(),
        };
        if refused {
            Err(Error::AddressRefused)
        } else {
            Ok(base)
        }
    }

    /// The same without judging where it leads.
    pub(crate) fn read(text: &str) -> Result<Self> {
        // The url crate repairs much, as browsers do: it turns a backslash into a slash and drops
        // tabs and line breaks. Another reader of the same text might see another host, so
        // whatever would need repair is refused. An @ is where a user name would end.
        let odd = |c: char| c.is_whitespace() || c.is_control() || "\\@?#".contains(c);
        if text.len() > MAX_LEN || text.contains(odd) {
            return Err(Error::BaseUrlMalformed);
        }
        let (scheme, rest) = text.split_once("://").ok_or(Error::BaseUrlMalformed)?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "https" => "https",
            "http" => "http",
            _ => return Err(Error::BaseUrlNotHttps),
        };
        if rest.starts_with('/') {
            return Err(Error::BaseUrlMalformed);
        }
        let url = Url::parse(text).map_err(|_| Error::BaseUrlMalformed)?;
        let host = url.host().ok_or(Error::BaseUrlMalformed)?.to_owned();
        if let Host::Domain(name) = &host {
            let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
            // `example.com.` is the same host under another origin: one spelling is enough.
            if !name.bytes().all(plain) || name.ends_with('.') {
                return Err(Error::BaseUrlMalformed);
            }
        }
        let port = url
            .port_or_known_default()
            .filter(|p| *p != 0)
            .ok_or(Error::BaseUrlMalformed)?;
        let path = url.path().trim_end_matches('/').to_owned();
        let base = Self {
            scheme,
            host,
            port,
            path,
        };
        if base.reads_the_same() {
            Ok(base)
        } else {
            Err(Error::BaseUrlMalformed)
        }
    }

    /// Whether the reader of URLs that makes the request finds the same parts.
    fn reads_the_same(&self) -> bool {
        let Ok(uri) = self.join("/").parse::<Uri>() else {
            return false;
        };
        self.is_origin_of(&uri) && uri.query().is_none()
    }

    /// What a key of a fixed address is bound to: `scheme://host:port`, lower case, the port always
    /// written.
    pub fn origin(&self) -> String {
        format!("{}://{}:{}", self.scheme, self.host, self.port)
    }

    /// What a key with an address of its own is bound to: the origin and the path. Gateways serve
    /// many customers on one host and tell them apart by the path.
    pub fn place(&self) -> String {
        self.join("")
    }

    /// The URL of a path below this one; the path begins with a slash.
    pub fn join(&self, path: &str) -> String {
        format!("{}{}{path}", self.origin(), self.path)
    }

    /// The stand-in for a fixed base URL below this one, at the test provider.
    pub(crate) fn join_base(&self, id: &str, fixed: &Self) -> Self {
        Self {
            path: format!("{}/{id}{}", self.path, fixed.path),
            ..self.clone()
        }
    }

    /// The same origin, without a path.
    pub(crate) fn without_path(&self) -> Self {
        Self {
            path: String::new(),
            ..self.clone()
        }
    }

    /// `http` or `https`.
    pub(crate) fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// The host, as TLS names it: without the brackets of an IPv6 address.
    pub(crate) fn name(&self) -> String {
        let name = self.host.to_string();
        name.trim_matches(['[', ']']).to_owned()
    }

    /// What the header `host` says: the port only where it is not the usual one.
    pub(crate) fn authority(&self) -> String {
        match (self.scheme, self.port) {
            ("https", 443) | ("http", 80) => self.host.to_string(),
            (_, port) => format!("{}:{port}", self.host),
        }
    }

    /// The path: empty, or beginning with a slash.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Whether there is a path.
    pub(crate) fn has_path(&self) -> bool {
        !self.path.is_empty()
    }

    /// Whether a path of this origin is below the own one.
    pub(crate) fn is_above(&self, path: &str) -> bool {
        path.strip_prefix(&self.path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
    }

    /// Whether the other has the same scheme, host and port.
    pub(crate) fn is_same_origin(&self, other: &Self) -> bool {
        self.scheme == other.scheme && other.is_at(&self.host, self.port)
    }

    /// Whether an address, as the client of HTTP reads it, has this scheme, host and port.
    pub(crate) fn is_origin_of(&self, uri: &Uri) -> bool {
        uri.scheme_str() == Some(self.scheme)
            && uri.host() == Some(self.host.to_string().as_str())
            && uri.port_u16() == Some(self.port)
    }

    /// Whether it is on this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        self.address()
            .map_or_else(|| self.is_localhost(), |address| address.is_loopback())
    }

    /// Whether it is this host and port.
    pub(crate) fn is_at(&self, host: &Host, port: u16) -> bool {
        self.host == *host && self.port == port
    }

    /// Its host and port.
    pub(crate) fn host_and_port(&self) -> (Host, u16) {
        (self.host.clone(), self.port)
    }

    /// The address, when the host is one.
    fn address(&self) -> Option<IpAddr> {
        match &self.host {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some((*address).into()),
            Host::Ipv6(address) => Some((*address).into()),
        }
    }

    /// Whether the name means this machine wherever it is looked up (RFC 6761, section 6.3).
    fn is_localhost(&self) -> bool {
        let Host::Domain(name) = &self.host else {
            return false;
        };
        name == "localhost" || name.ends_with(".localhost")
    }
}

/// Reads `host:port`, with the host in the form that [`Url`] gives it. `None` when it is neither.
pub(crate) fn host_and_port(text: &str) -> Option<(Host, u16)> {
    let (host, port) = text.trim().rsplit_once(':')?;
    Some((Host::parse(host).ok()?, port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<BaseUrl> {
        BaseUrl::parse(text, &Policy::default())
    }

    fn allowing(host: &str) -> Policy {
        Policy {
            allow_hosts: vec![host.into()],
            ..Policy::default()
        }
    }

    #[test]
    fn origins_are_canonical() {
        for (text, origin) in [
            ("https://api.example.com", "https://api.example.com:443"),
            ("HTTPS://API.Example.COM/v1/", "https://api.example.com:443"),
            (
                "https://api.example.com:8443/v1",
                "https://api.example.com:8443",
            ),
            (
                "https://bücher.example",
                "https://xn--bcher-kva.example:443",
            ),
            (
                "https://[2606:4700:0:0::1111]/",
                "https://[2606:4700::1111]:443",
            ),
            ("https://0x01010101", "https://1.1.1.1:443"),
        ] {
            assert_eq!(parse(text).expect(text).origin(), origin);
        }
    }

    #[test]
    fn paths_are_joined_with_one_slash() {
        for text in ["https://api.example.com/v1", "https://api.example.com/v1//"] {
            let url = parse(text).expect(text).join("/models");
            assert_eq!(url, "https://api.example.com:443/v1/models");
        }
        let root = parse("https://api.example.com").expect("a URL");
        assert_eq!(root.join("/models"), "https://api.example.com:443/models");
    }

    #[test]
    fn private_addresses_are_refused_in_every_notation() {
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "%31%32%37.0.0.1",
            "１２７.0.0.1",
            "169.254.169.254",
            "2852039166",
            "0.0.0.0",
            "0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "[::]",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:8.8.8.8]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[64:ff9b::8.8.8.8]",
            "[2002:7f00:1::]",
            "[fe80::1]",
            "[fd00::1]",
            "[ff02::1]",
            "localhost",
            "LocalHost",
            "api.localhost",
        ] {
            let refused = parse(&format!("https://{host}/v1"));
            assert_eq!(refused, Err(Error::AddressRefused), "{host}");
        }
    }

    #[test]
    fn only_https_is_accepted() {
        for text in [
            "http://api.example.com",
            "http://127.0.0.1:8080",
            "ftp://example.com",
        ] {
            assert_eq!(parse(text), Err(Error::BaseUrlNotHttps), "{text}");
        }
        assert!(parse("file:///etc/passwd").is_err());
    }

    #[test]
    fn what_two_readers_may_read_differently_is_refused() {
        for text in [
            "",
            "api.example.com",
            "https:api.example.com",
            "https:/api.example.com",
            "https:///api.example.com",
            "https://",
            "https://:443",
            "https://user@api.example.com",
            "https://user:pass@api.example.com",
            "https://@api.example.com",
            "https://api.example.com/@v1",
            "https://api.example.com\\@evil.example",
            "https:\\\\api.example.com",
            "https://api.example.com?a",
            "https://api.example.com/?",
            "https://api.example.com/v1?key=byok-test",
            "https://api.example.com#a",
            "https://api.example.com/#",
            " https://api.example.com",
            "https://api.example.com\n",
            "https://api.exa\tmple.com",
            "https://api.example.com/v1\0",
            "https://api.example.com/v 1",
            "https://api.example.com.",
            "https://api.example.com:0",
            "https://api.example.com:99999",
            "https://api.example.com:x",
            "https://api..example.com:443:443",
            "https://[::1",
            "https://[fe80::1%25eth0]",
            "https://a{b.example",
            "https://1.2.3.4.5",
            "https://256.1.1.1",
        ] {
            assert_eq!(parse(text), Err(Error::BaseUrlMalformed), "{text:?}");
        }
        let long = format!("https://api.example.com/{}", "a".repeat(MAX_LEN));
        assert_eq!(parse(&long), Err(Error::BaseUrlMalformed));
    }

    #[test]
    fn an_allowed_host_is_allowed_with_its_port_only() {
        let policy = allowing("127.0.0.1:8080");
        for text in [
            "http://127.0.0.1:8080/v1",
            "https://127.0.0.1:8080",
            "http://127.1:8080",
        ] {
            assert!(BaseUrl::parse(text, &policy).is_ok(), "{text}");
        }
        let other = BaseUrl::parse("https://127.0.0.1:8081", &policy);
        assert_eq!(other, Err(Error::AddressRefused));
        let other = BaseUrl::parse("http://127.0.0.1", &policy);
        assert_eq!(other, Err(Error::BaseUrlNotHttps));

        let policy = allowing("Models.Example:80");
        assert!(BaseUrl::parse("http://models.example", &policy).is_ok());
        let policy = allowing("[::1]:11434");
        assert!(BaseUrl::parse("http://[0:0::1]:11434", &policy).is_ok());
    }

    #[test]
    fn an_allowance_without_a_port_allows_nothing() {
        for entry in ["", "127.0.0.1", "*", ":8080", "127.0.0.1:", "127.0.0.1:*"] {
            let refused = BaseUrl::parse("http://127.0.0.1:8080", &allowing(entry));
            assert_eq!(refused, Err(Error::BaseUrlNotHttps), "{entry}");
        }
    }
}
