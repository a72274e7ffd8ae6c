//! What a server that streams by itself is told about one request: where it goes, and with which
//! key. nginx asks before it reads the request's body.
//!
//! It promises that a ticket is used for what it was made for and no more, that the address it names
//! was judged, and that the key is in the one answer, in wiped memory. It does not know how the
//! answer reaches the server.

use std::net::SocketAddr;

use zeroize::Zeroizing;

use crate::agent::Policy;
use crate::mask::mask;
use crate::provider::base_of;
use crate::relay;
use crate::resolver::look_up;
use crate::ticket::{Issuer, Ticket};
use crate::{Error, Result};

/// A request, as a server describes it. All of it is the client's, but for `prefix`.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The method.
    pub method: &'a str,
    /// The path and query, as the client wrote them.
    pub uri: &'a str,
    /// What stands before the provider's id in it: `/byok/relay/`.
    pub prefix: &'a str,
    /// The ticket.
    pub ticket: &'a [u8],
    /// The header `origin`; empty for none.
    pub origin: &'a str,
    /// The length of the body, when the client says it.
    pub length: Option<u64>,
    /// Whether it says that there is a body of no length. Over HTTP/2 none needs to say so.
    pub chunked: bool,
    /// What the client speaks with the server: `HTTP/1.1`.
    pub protocol: &'a str,
}

/// Uses a ticket for a request, and tells what the server needs to make it: headers, each ended by
/// CR LF, without the empty line.
///
/// # Errors
///
/// - `Ticket…` when the ticket does not open, is over, was ended, or was used up.
/// - `PathNotRelayed` for another provider or path than the ticket is for, and what
///   [`relay::path`] returns.
/// - `OriginRefused` when the page is of another origin.
/// - `RelayNeedsHttp2` for a custom base URL, when the client speaks an older protocol.
/// - `BodyTooLarge`, and `LengthMissing` when a ticket has a limit and the client says no length.
/// - `Dns` and `AddressRefused` for a custom base URL.
pub fn answer(
    issuer: &Issuer,
    policy: &Policy,
    tenant: &[u8],
    asked: &Asked<'_>,
) -> Result<Zeroizing<Vec<u8>>> {
    let ticket = issuer.open(asked.ticket, tenant)?;
    let rest = asked
        .uri
        .strip_prefix(asked.prefix)
        .ok_or(Error::PathRefused)?;
    let at = rest.find(['/', '?']).ok_or(Error::PathNotRelayed)?;
    let (id, path) = rest.split_at(at);
    if id != ticket.provider.id {
        return Err(Error::PathNotRelayed);
    }
    let base_url = ticket.base_url.as_deref();
    let path = relay::path(
        ticket.provider,
        asked.method,
        path,
        base_url,
        ticket.paths.as_deref(),
        policy,
    )?;
    // Who is no browser says what it likes here, and has no pages to be protected from.
    if !(asked.origin.is_empty() || ticket.origin.is_empty() || asked.origin == ticket.origin) {
        return Err(Error::OriginRefused);
    }
    // nginx passes an answer of a status below 200 on without a length. Over HTTP/1 what follows it is
    // the next answer of the site, whole: with its cookies, and for another request if it likes.
    // Over HTTP/2 each answer has frames of its own, and such a one is an error.
    if ticket.provider.custom_base_url() && !matches!(asked.protocol, "HTTP/2.0" | "HTTP/3.0") {
        return Err(Error::RelayNeedsHttp2);
    }
    if let Some(most) = ticket.max_body {
        match asked.length {
            Some(length) if length > most => return Err(Error::BodyTooLarge),
            // What has no body says so, but for methods that usually have none.
            None if asked.chunked || !matches!(asked.method, "GET" | "HEAD") => {
                return Err(Error::LengthMissing);
            }
            _ => {}
        }
    }
    issuer.take(&ticket)?;
    let (base, test) = (
        base_of(ticket.provider, base_url, policy)?,
        policy.test_base()?.is_some(),
    );
    // A provider with a fixed address has its connections kept by the server, under its id.
    let address = if ticket.provider.custom_base_url() || test {
        Some(look_up(&base, policy)?)
    } else {
        None
    };
    let authority = base.authority();
    let full = format!("{}{path}", base.path());
    Ok(headers(
        &ticket,
        &Upstream {
            address,
            scheme: base.scheme(),
            authority: &authority,
            name: base.name(),
            path: &full,
        },
    ))
}

/// Where a request goes.
struct Upstream<'a> {
    address: Option<SocketAddr>,
    scheme: &'a str,
    authority: &'a str,
    name: String,
    path: &'a str,
}

fn headers(ticket: &Ticket, upstream: &Upstream<'_>) -> Zeroizing<Vec<u8>> {
    let provider = ticket.provider;
    let key = ticket.key().unwrap_or_default();
    let connect = upstream.address.map(|address| address.to_string());
    let group = connect.as_ref().map_or(provider.id.as_str(), |_| "custom");
    let mask = mask(key);
    let lines: [(&str, &str); 11] = [
        ("Provider", &provider.id),
        ("Upstream", group),
        ("Scheme", upstream.scheme),
        ("Connect", connect.as_deref().unwrap_or_default()),
        ("Host", upstream.authority),
        ("Name", &upstream.name),
        ("Path", upstream.path),
        ("Origin", &ticket.origin),
        ("Owner", &ticket.owner),
        ("Mask", if key.is_empty() { "" } else { &mask }),
        // Alone, and once: the server has it in memory as long as the request lasts.
        ("Key", key),
    ];
    let size = |(name, value): &(&str, &str)| "X-Byok-: \r\n".len() + name.len() + value.len();
    // Of its full size at once: a vector that grows leaves a copy of the key behind.
    let mut out = Zeroizing::new(Vec::with_capacity(lines.iter().map(size).sum()));
    for (name, value) in lines {
        for part in ["X-Byok-", name, ": ", value, "\r\n"] {
            out.extend_from_slice(part.as_bytes());
        }
    }
    out
}

/// The status of a refusal, and what it says to the client, as JSON that the providers' own clients
/// understand. It holds nothing of the request.
pub fn refusal(error: Error) -> (u16, String) {
    let status = match error {
        Error::TicketUnknown
        | Error::TicketExpired
        | Error::TicketSpent
        | Error::TicketEnded
        | Error::TicketElsewhere => 401,
        Error::OriginRefused | Error::PathNotRelayed | Error::AddressRefused => 403,
        Error::LengthMissing => 411,
        Error::BodyTooLarge => 413,
        Error::OffloadMissing => 501,
        Error::Dns | Error::Connect => 502,
        Error::PathRefused | Error::RequestMalformed | Error::KeyInUrl | Error::RelayNeedsHttp2 => {
            400
        }
        _ => 500,
    };
    let kind = match status {
        401 => "authentication_error",
        403 => "permission_error",
        413 => "request_too_large",
        400..500 => "invalid_request_error",
        _ => "api_error",
    };
    let (reason, message) = (error.reason(), error.message());
    let json = serde_json::json!({
        "type": "error",
        "error": { "type": kind, "code": reason, "message": message },
    });
    (status, json.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Context;
    use crate::envelope::seal;
    use crate::keyring::KeyRing;
    use crate::opened::Opened;
    use crate::provider::{find, origin_of};
    use crate::ticket::Grant;

    const KEY: &str = "sk-proj-byok-test-0123456789abcdef";

    fn policy() -> Policy {
        Policy {
            allow_hosts: vec!["127.0.0.1:8080".into()],
            ..Policy::default()
        }
    }

    fn ticket(issuer: &Issuer, id: &str, base: Option<&str>, grant: &Grant) -> String {
        let ring = KeyRing::from_root([7; 32]);
        let provider = find(id).expect("a provider");
        let mut place = Context::default();
        let origin = origin_of(provider, base, &policy()).expect("an origin");
        place.set(b"origin", origin.as_bytes()).expect("a context");
        let sealed = seal(&ring, &place, KEY.as_bytes()).expect("sealed");
        let sealed = sealed.as_bytes();
        let opened = Opened::with_ring(provider, base, &policy(), &place, sealed, &ring);
        let opened = opened.expect("opened");
        issuer
            .issue(&opened, b"site", grant, b"")
            .expect("a ticket")
    }

    fn asked<'a>(uri: &'a str, ticket: &'a str) -> Asked<'a> {
        Asked {
            method: "POST",
            uri,
            prefix: "/byok/relay/",
            ticket: ticket.as_bytes(),
            origin: "",
            length: Some(2),
            chunked: false,
            protocol: "HTTP/2.0",
        }
    }

    fn told(issuer: &Issuer, asked: &Asked<'_>) -> Result<String> {
        let told = answer(issuer, &policy(), b"", asked)?;
        assert_eq!(told.len(), told.capacity(), "a copy was left behind");
        Ok(String::from_utf8(told.to_vec()).expect("text"))
    }

    #[test]
    fn a_fixed_provider_is_named_and_gets_its_key() {
        let issuer = Issuer::new().expect("an issuer");
        let grant = Grant {
            origin: "https://app.example".into(),
            owner: "user:5".into(),
            ..Grant::default()
        };
        let ticket = ticket(&issuer, "openai", None, &grant);
        let uri = "/byok/relay/openai/v1/chat/completions?x=1";
        let told = told(&issuer, &asked(uri, &ticket)).expect("an answer");
        for line in [
            "X-Byok-Upstream: openai",
            "X-Byok-Connect: ",
            "X-Byok-Host: api.openai.com",
            "X-Byok-Name: api.openai.com",
            "X-Byok-Path: /v1/chat/completions?x=1",
            "X-Byok-Origin: https://app.example",
            "X-Byok-Owner: user:5",
            "X-Byok-Mask: sk-proj-…cdef",
            &format!("X-Byok-Key: {KEY}"),
        ] {
            assert!(told.split("\r\n").any(|l| l == line), "{line} in {told}");
        }
    }

    #[test]
    fn an_address_of_ones_own_is_looked_up_and_judged() {
        let issuer = Issuer::new().expect("an issuer");
        let base = "http://127.0.0.1:8080/tenant";
        let ticket = ticket(&issuer, "openai-compatible", Some(base), &Grant::default());
        let uri = "/byok/relay/openai-compatible/chat/completions";
        let asked = asked(uri, &ticket);
        // Allowed when the ticket was made, and no longer.
        let refused = answer(&issuer, &Policy::default(), b"", &asked);
        assert_eq!(refused.err(), Some(Error::BaseUrlNotHttps));
        let told = told(&issuer, &asked).expect("an answer");
        for line in [
            "X-Byok-Upstream: custom",
            "X-Byok-Scheme: http",
            "X-Byok-Connect: 127.0.0.1:8080",
            "X-Byok-Host: 127.0.0.1:8080",
            "X-Byok-Path: /tenant/chat/completions",
        ] {
            assert!(told.split("\r\n").any(|l| l == line), "{line} in {told}");
        }
    }

    #[test]
    fn a_ticket_is_for_what_it_was_made_for() {
        let issuer = Issuer::new().expect("an issuer");
        let grant = Grant {
            paths: Some(vec!["POST /chat/completions".into()]),
            origin: "https://app.example".into(),
            max_body: Some(100),
            uses: 1,
            ..Grant::default()
        };
        let ticket = ticket(&issuer, "openai", None, &grant);
        let usual = asked("/byok/relay/openai/chat/completions", &ticket);
        let with = |uri| Asked { uri, ..usual };
        for (asked, error) in [
            (
                with("/byok/relay/groq/chat/completions"),
                Error::PathNotRelayed,
            ),
            (with("/byok/relay/openai/embeddings"), Error::PathNotRelayed),
            (with("/byok/relay/openai/files"), Error::PathNotRelayed),
            (with("/byok/relay/openai"), Error::PathNotRelayed),
            (
                with("/byok/relay/openai?/chat/completions"),
                Error::PathRefused,
            ),
            (
                with("/x/../byok/relay/openai/chat/completions"),
                Error::PathRefused,
            ),
            (
                with("/byok/relay/openai//chat/completions"),
                Error::PathRefused,
            ),
            (
                with("/byok/relay/openai/chat/completions?key=a"),
                Error::KeyInUrl,
            ),
            (
                Asked {
                    method: "GET",
                    ..usual
                },
                Error::PathNotRelayed,
            ),
            (
                Asked {
                    origin: "https://evil.example",
                    ..usual
                },
                Error::OriginRefused,
            ),
            (
                Asked {
                    origin: "null",
                    ..usual
                },
                Error::OriginRefused,
            ),
            (
                Asked {
                    length: Some(101),
                    ..usual
                },
                Error::BodyTooLarge,
            ),
            (
                Asked {
                    length: None,
                    chunked: true,
                    ..usual
                },
                Error::LengthMissing,
            ),
            (
                // As over HTTP/2, where a body needs neither a length nor a word of it.
                Asked {
                    length: None,
                    ..usual
                },
                Error::LengthMissing,
            ),
            (
                Asked {
                    ticket: b"",
                    ..usual
                },
                Error::TicketUnknown,
            ),
        ] {
            assert_eq!(told(&issuer, &asked), Err(error), "{asked:?}");
        }
        // None of these has used it.
        let origin = "https://app.example";
        assert!(told(&issuer, &Asked { origin, ..usual }).is_ok());
        assert_eq!(told(&issuer, &usual), Err(Error::TicketSpent));
    }

    #[test]
    fn an_address_of_ones_own_answers_nobody_where_it_could_answer_for_the_site() {
        let issuer = Issuer::new().expect("an issuer");
        let base = Some("http://127.0.0.1:8080/tenant");
        let own = ticket(&issuer, "openai-compatible", base, &Grant::default());
        let own = asked("/byok/relay/openai-compatible/chat/completions", &own);
        let fixed = ticket(&issuer, "openai", None, &Grant::default());
        let fixed = asked("/byok/relay/openai/chat/completions", &fixed);
        for protocol in ["HTTP/1.1", "HTTP/1.0", "HTTP/0.9", "", "http/2.0"] {
            let refused = told(&issuer, &Asked { protocol, ..own });
            assert_eq!(refused, Err(Error::RelayNeedsHttp2), "{protocol}");
        }
        // None of these has used it.
        let protocol = "HTTP/3.0";
        assert!(told(&issuer, &Asked { protocol, ..own }).is_ok());
        let protocol = "HTTP/1.1";
        assert!(told(&issuer, &Asked { protocol, ..fixed }).is_ok());
    }

    #[test]
    fn refusals_are_json_of_fixed_texts() {
        for error in Error::ALL {
            let (status, json) = refusal(*error);
            assert!((400..600).contains(&status), "{error:?}");
            assert!(json.contains(error.reason()) && !json.contains(['\r', '\n']));
            assert!(json.is_ascii(), "a header of HTTP has it: {json}");
        }
    }
}
