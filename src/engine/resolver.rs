//! Where a name leads: each address is judged before anything is sent to it.
//!
//! It promises that a connection is only ever made to an address that was judged in the same
//! look-up: the name is resolved once and the client connects to what this returns, so a name
//! server that changes its answer gains nothing. Where a connection is open already, no name is
//! looked up. It does not know what is asked there.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;
use url::Host;

use crate::Error;
use crate::agent::Policy;
use crate::origin::BaseUrl;

/// Resolves names and lets through public addresses, and whatever an allowed host leads to.
#[derive(Debug)]
pub(crate) struct JudgingResolver<R> {
    /// Makes the look-up.
    pub inner: R,
    /// The hosts and ports that may be anywhere.
    pub allowed: Vec<(Host, u16)>,
}

/// Puts a look-up off until a connection is made.
///
/// ureq asks for addresses before it knows whether a connection is open: a query to a name server,
/// and a thread to wait for it, with each request.
#[derive(Debug)]
pub(crate) struct LaterResolver;

/// Stands for an address that is not looked up yet. Nothing can be connected to at port 0.
const LATER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

impl Resolver for LaterResolver {
    fn resolve(
        &self,
        _: &Uri,
        _: &Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut later = self.empty();
        later.push(LATER);
        Ok(later)
    }
}

/// Whether these addresses are still to be looked up. There are none where a proxy does that.
pub(crate) fn is_later(addresses: &ResolvedSocketAddrs) -> bool {
    **addresses == [LATER]
}

/// The error inside [`ureq::Error::Other`] when no address may be used.
#[derive(Debug)]
pub(crate) struct AddressRefused;

impl fmt::Display for AddressRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name leads to a private or reserved address")
    }
}

impl std::error::Error for AddressRefused {}

impl<R: Resolver> Resolver for JudgingResolver<R> {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self
            .inner
            .resolve(uri, config, timeout)
            .map_err(|error| match error {
                // The system's look-up has no kind of its own for "no such name".
                ureq::Error::Io(_) => ureq::Error::HostNotFound,
                other => other,
            })?;
        let allowed = self.allows(uri);
        let mut judged = self.empty();
        for address in found
            .iter()
            .filter(|address| allowed || is_public(address.ip()))
        {
            judged.push(*address);
        }
        if judged.is_empty() {
            return Err(ureq::Error::Other(Box::new(AddressRefused)));
        }
        Ok(judged)
    }
}

impl<R> JudgingResolver<R> {
    fn allows(&self, uri: &Uri) -> bool {
        let port = uri.port_u16().or_else(|| match uri.scheme_str() {
            Some("https") => Some(443),
            Some("http") => Some(80),
            _ => None,
        });
        let host = uri.host().and_then(|host| Host::parse(host).ok());
        let (Some(host), Some(port)) = (host, port) else {
            return false;
        };
        self.allowed.contains(&(host, port))
    }
}

/// Looks a host up and judges where it leads, for a server that connects by itself. It is to connect
/// to this address, and not to look the name up again.
///
/// # Errors
///
/// `Dns`, and `AddressRefused` when no address may be used.
pub(crate) fn look_up(base: &BaseUrl, policy: &Policy) -> crate::Result<SocketAddr> {
    let (host, port) = base.host_and_port();
    let allowed = policy.allows(&host, port);
    let found: Vec<SocketAddr> = match host {
        Host::Ipv4(address) => vec![(address, port).into()],
        Host::Ipv6(address) => vec![(address, port).into()],
        Host::Domain(name) => (name.as_str(), port)
            .to_socket_addrs()
            .map_err(|_| Error::Dns)?
            .collect(),
    };
    chosen(&found, allowed)
}

/// The first address that may be used.
fn chosen(found: &[SocketAddr], allowed: bool) -> crate::Result<SocketAddr> {
    if found.is_empty() {
        return Err(Error::Dns);
    }
    found
        .iter()
        .find(|address| allowed || is_public(address.ip()))
        .copied()
        .ok_or(Error::AddressRefused)
}

/// The IPv4 blocks that are not the public internet (IANA special-purpose registry, RFC 6890).
const RESERVED_V4: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),      // this network, and "unspecified"
    (Ipv4Addr::new(10, 0, 0, 0), 8),     // private
    (Ipv4Addr::new(100, 64, 0, 0), 10),  // carrier-grade NAT, and some clouds' metadata
    (Ipv4Addr::new(127, 0, 0, 0), 8),    // loopback
    (Ipv4Addr::new(169, 254, 0, 0), 16), // link-local, and most clouds' metadata
    (Ipv4Addr::new(172, 16, 0, 0), 12),  // private
    (Ipv4Addr::new(192, 0, 0, 0), 24),   // protocol assignments
    (Ipv4Addr::new(192, 0, 2, 0), 24),   // documentation
    (Ipv4Addr::new(192, 88, 99, 0), 24), // 6to4 relays
    (Ipv4Addr::new(192, 168, 0, 0), 16), // private
    (Ipv4Addr::new(198, 18, 0, 0), 15),  // benchmarks
    (Ipv4Addr::new(198, 51, 100, 0), 24), // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24), // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 4),    // multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4),    // reserved, and broadcast
];

/// The only IPv6 block from which public addresses are given out. Loopback, unspecified, mapped
/// and compatible IPv4, NAT64 (64:ff9b::/96, 64:ff9b:1::/48), unique local, link-local and
/// multicast are all outside it.
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What inside that block is not the public internet.
const RESERVED_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments, Teredo, benchmarks
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4: holds an IPv4 address
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

/// Whether an address is on the public internet, as far as its number tells.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let within = |(block, len): &(Ipv4Addr, u32)| {
                (address.to_bits() ^ block.to_bits()) >> (32 - len) == 0
            };
            !RESERVED_V4.iter().any(within)
        }
        IpAddr::V6(address) => {
            let within = |(block, len): &(Ipv6Addr, u32)| {
                (address.to_bits() ^ block.to_bits()) >> (128 - len) == 0
            };
            within(&GLOBAL_V6) && !RESERVED_V6.iter().any(within)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use ureq::unversioned::transport::time::Duration;

    /// Gives the next answer at each look-up.
    #[derive(Debug)]
    struct Changing(Vec<Vec<&'static str>>, AtomicUsize);

    impl Resolver for Changing {
        fn resolve(
            &self,
            _: &Uri,
            _: &Config,
            _: NextTimeout,
        ) -> Result<ResolvedSocketAddrs, ureq::Error> {
            let mut found = self.empty();
            for address in &self.0[self.1.fetch_add(1, Ordering::SeqCst)] {
                found.push(address.parse().expect("an address"));
            }
            Ok(found)
        }
    }

    fn resolver(answers: Vec<Vec<&'static str>>, allowed: &[&str]) -> JudgingResolver<Changing> {
        JudgingResolver {
            inner: Changing(answers, AtomicUsize::new(0)),
            allowed: allowed
                .iter()
                .filter_map(|a| crate::origin::host_and_port(a))
                .collect(),
        }
    }

    fn resolve(resolver: &impl Resolver, url: &str) -> Result<Vec<String>, ureq::Error> {
        let timeout = NextTimeout {
            after: Duration::from_secs(1),
            reason: ureq::Timeout::Global,
            ..NextTimeout::default()
        };
        let found = resolver.resolve(&url.parse().expect("a URL"), &Config::default(), timeout)?;
        Ok(found.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_name_that_leads_inside_is_refused() {
        for address in [
            "127.0.0.1:443",
            "169.254.169.254:443",
            "[::1]:443",
            "[64:ff9b::808:808]:443",
        ] {
            let resolver = resolver(vec![vec![address]], &[]);
            let error = resolve(&resolver, "https://api.example.com:443").expect_err(address);
            let ureq::Error::Other(error) = error else {
                panic!("{address}: {error}")
            };
            assert!(error.is::<AddressRefused>());
        }
    }

    #[test]
    fn of_mixed_answers_only_the_public_ones_are_used() {
        let resolver = resolver(
            vec![vec!["10.0.0.1:443", "1.1.1.1:443", "[fd00::1]:443"]],
            &[],
        );
        let used = resolve(&resolver, "https://api.example.com:443").expect("one address");
        assert_eq!(used, ["1.1.1.1:443"]);
    }

    #[test]
    fn a_changed_answer_is_judged_again_and_one_look_up_is_made() {
        let resolver = resolver(vec![vec!["1.1.1.1:443"], vec!["127.0.0.1:443"]], &[]);
        assert!(resolve(&resolver, "https://api.example.com:443").is_ok());
        assert_eq!(resolver.inner.1.load(Ordering::SeqCst), 1);
        assert!(resolve(&resolver, "https://api.example.com:443").is_err());
        assert_eq!(resolver.inner.1.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn an_allowed_host_may_be_anywhere_on_its_port() {
        let inside = || vec![vec!["10.0.0.1:11434"]];
        let allowed = ["ollama.example:11434"];
        assert!(resolve(&resolver(inside(), &allowed), "http://ollama.example:11434").is_ok());
        assert!(resolve(&resolver(inside(), &allowed), "http://ollama.example:80").is_err());
        assert!(resolve(&resolver(inside(), &allowed), "http://other.example:11434").is_err());
    }

    #[test]
    fn a_server_that_connects_by_itself_is_given_a_judged_address() {
        let at = |text: &str| -> SocketAddr { text.parse().expect("an address") };
        let inside = [
            at("10.0.0.1:443"),
            at("[::1]:443"),
            at("169.254.169.254:443"),
        ];
        assert_eq!(chosen(&inside, false), Err(Error::AddressRefused));
        assert_eq!(chosen(&inside, true), Ok(at("10.0.0.1:443")));
        let mixed = [at("127.0.0.1:443"), at("1.1.1.1:443")];
        assert_eq!(chosen(&mixed, false), Ok(at("1.1.1.1:443")));
        assert_eq!(chosen(&[], false), Err(Error::Dns));
        for (base, address) in [
            (
                "https://[2606:4700::1111]:8443/v1",
                "[2606:4700::1111]:8443",
            ),
            ("https://1.1.1.1", "1.1.1.1:443"),
        ] {
            let base = BaseUrl::read(base).expect("a URL");
            assert_eq!(look_up(&base, &Policy::default()), Ok(at(address)));
        }
    }

    #[test]
    fn the_edges_of_the_blocks_are_right() {
        for (address, public) in [
            ("1.0.0.0", true),
            ("9.255.255.255", true),
            ("11.0.0.0", true),
            ("100.63.255.255", true),
            ("100.64.0.0", false),
            ("100.127.255.255", false),
            ("100.128.0.0", true),
            ("172.15.255.255", true),
            ("172.31.255.255", false),
            ("172.32.0.0", true),
            ("198.17.255.255", true),
            ("198.19.255.255", false),
            ("198.20.0.0", true),
            ("223.255.255.255", true),
            ("224.0.0.0", false),
            ("2000::", true),
            ("1fff:ffff::", false),
            ("2001:1ff:ffff::", false),
            ("2001:200::", true),
            ("2001:db7:ffff::", true),
            ("2001:db8::", false),
            ("2001:db9::", true),
            ("2003::", true),
            ("3fff:0fff::", false),
            ("3fff:1000::", true),
            ("4000::", false),
        ] {
            assert_eq!(
                is_public(address.parse().expect("an address")),
                public,
                "{address}"
            );
        }
    }
}
