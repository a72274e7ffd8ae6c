//! `byok_ticket()`, `byok_end_tickets()`, `byok_relay_offload()` and `byok_relay_state()`.

use std::sync::RwLock;

use byok_engine::offload::{self, Asked};
use byok_engine::opened::Opened;
use byok_engine::ticket::{Grant, Issuer};
use byok_engine::uses::CAPACITY;
use byok_engine::{Error, Result};
use ext_php_rs::prelude::*;
use ext_php_rs::types::{ZendHashTable, Zval};
use zeroize::Zeroizing;

use crate::client::client;
use crate::providers::find;
use crate::values::{Array, Bytes, Table, call, guarded};
use crate::{envelopes, ini, server};

/// What nginx says in the parameter `BYOK_OFFLOAD` of FastCGI, which no client can set.
const OFFLOAD: &[u8] = b"auth-request";

/// Where tickets may be in a request: wherever the providers' own clients put a key.
const TICKET_HEADERS: [&str; 4] = [
    "HTTP_X_API_KEY",
    "HTTP_X_GOOG_API_KEY",
    "HTTP_API_KEY",
    "HTTP_XI_API_KEY",
];

/// Made when the module starts, so that all processes which are forked later share it.
static ISSUER: RwLock<Option<Issuer>> = RwLock::new(None);

/// Makes the issuer. Module start-up only. Where the system refuses, there are no tickets.
pub fn start() {
    if let Ok(mut slot) = ISSUER.write() {
        *slot = Issuer::new().ok();
    }
}

/// Wipes its secret. Module shut-down only.
pub fn end() {
    if let Ok(mut slot) = ISSUER.write() {
        *slot = None;
    }
}

/// Locks its secret in memory, once in each process.
pub fn begin_process() {
    let _ = with_issuer(|issuer| {
        issuer.lock();
        Ok(())
    });
}

fn with_issuer<T>(body: impl FnOnce(&Issuer) -> Result<T>) -> Result<T> {
    let slot = ISSUER.read().map_err(|_| Error::TicketsFull)?;
    body(slot.as_ref().ok_or(Error::TicketsFull)?)
}

/// Makes a ticket.
#[php_function]
#[php(defaults(options = Array::EMPTY))]
pub fn byok_ticket(
    provider: Bytes,
    envelope: Bytes,
    context: Array,
    options: Array,
) -> PhpResult<String> {
    call(|| {
        let provider = find(provider.0)?;
        let (base_url, grant) = grant(&options)?;
        let place = envelopes::context(&context)?;
        let client = client()?;
        let opened = Opened::new(
            provider,
            base_url,
            client.policy(),
            &place,
            envelope.0,
            |parsed| envelopes::with_ring(|ring| parsed.open(ring, &place)),
        )?;
        let tenant = ini::tenant();
        let of = place.owner();
        Ok(with_issuer(|issuer| {
            issuer.issue(&opened, of, &grant, tenant)
        })?)
    })
}

/// Ends tickets before their time.
#[php_function]
#[php(defaults(owner = Bytes::EMPTY))]
pub fn byok_end_tickets(owner: Bytes) -> PhpResult<()> {
    call(|| {
        // Where there are no tickets, none is left.
        let _ = with_issuer(|issuer| {
            issuer.end(owner.0, ini::tenant());
            Ok(())
        });
        Ok(())
    })
}

fn grant<'a>(options: &Array<'a>) -> Result<(Option<&'a str>, Grant)> {
    let mut grant = Grant::default();
    let mut base_url = None;
    for (name, value) in options.entries() {
        if value.is_null() {
            continue;
        }
        match name {
            b"base_url" => base_url = Some(text(value)?).filter(|url| !url.is_empty()),
            b"paths" => {
                let paths = value.array().ok_or(Error::OptionInvalid)?;
                let paths = paths.values().map(|path| text(path).map(str::to_owned));
                grant.paths = Some(paths.collect::<Result<_>>()?);
            }
            b"expires_in" => grant.life = number(value)?,
            b"uses" => grant.uses = number(value)?,
            b"max_body" => grant.max_body = Some(number(value)?),
            b"origin" => grant.origin = text(value)?.to_owned(),
            b"owner" => grant.owner = text(value)?.to_owned(),
            _ => return Err(Error::OptionInvalid),
        }
    }
    Ok((base_url, grant))
}

fn text(value: &Zval) -> Result<&str> {
    let text = value.dereference().zend_str().ok_or(Error::OptionInvalid)?;
    std::str::from_utf8(text.as_bytes()).map_err(|_| Error::OptionInvalid)
}

fn number<T: TryFrom<i64>>(value: &Zval) -> Result<T> {
    let number = value.long().ok_or(Error::OptionInvalid)?;
    T::try_from(number).map_err(|_| Error::OptionInvalid)
}

/// Answers nginx, which asks whether and where a request may go.
#[php_function]
pub fn byok_relay_offload() -> PhpResult<()> {
    call(|| {
        if server::parameter("BYOK_OFFLOAD") != OFFLOAD {
            // Nobody between here and the client would take the key out of the answer.
            let (status, json) = offload::refusal(Error::OffloadMissing);
            return guarded(|| server::answer_client(status, &json));
        }
        let told = if ini::allow_offload() {
            told()
        } else {
            Err(Error::OffloadMissing)
        };
        let answer = match told {
            Ok(headers) => whole(&[b"Status: 204\r\n", &headers]),
            Err(error) => {
                let (status, json) = offload::refusal(error);
                // nginx asks with `auth_request`, which knows no other refusal.
                whole(&[format!(
                    "Status: 403\r\nX-Byok-Status: {status}\r\nX-Byok-Error: {json}\r\n"
                )
                .as_bytes()])
            }
        };
        if server::answer_server(&answer) {
            Ok(())
        } else {
            Err(Error::OffloadMissing.into())
        }
    })
}

fn told() -> Result<Zeroizing<Vec<u8>>> {
    let asked = Asked {
        method: server::text("REQUEST_METHOD"),
        uri: server::text("REQUEST_URI"),
        prefix: server::text("BYOK_PREFIX"),
        ticket: ticket(),
        origin: server::text("HTTP_ORIGIN"),
        length: server::text("BYOK_BODY_LENGTH").parse().ok(),
        chunked: !server::parameter("HTTP_TRANSFER_ENCODING").is_empty(),
        protocol: server::text("SERVER_PROTOCOL"),
    };
    let policy = ini::policy();
    let tenant = ini::tenant();
    with_issuer(|issuer| offload::answer(issuer, &policy, tenant, &asked))
}

fn ticket() -> &'static [u8] {
    let authorization = server::parameter("HTTP_AUTHORIZATION");
    if let Some((scheme, rest)) = authorization.split_at_checked(7)
        && scheme.eq_ignore_ascii_case(b"bearer ")
    {
        return rest.trim_ascii();
    }
    TICKET_HEADERS
        .iter()
        .map(|name| server::parameter(name))
        .find(|value| !value.is_empty())
        .unwrap_or_default()
}

/// A whole answer, in one piece of memory that is wiped.
fn whole(parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut answer = Zeroizing::new(Vec::with_capacity(length + 2));
    for part in parts.iter().chain([&b"\r\n".as_slice()]) {
        answer.extend_from_slice(part);
    }
    answer
}

/// Tells what the relay can do here.
#[php_function]
pub fn byok_relay_state() -> PhpResult<Table> {
    call(|| {
        let tickets = with_issuer(|issuer| Ok(issuer.count()));
        let name = server::name();
        let mut table = ZendHashTable::new();
        table.insert("server", name)?;
        // One process answers one command there; whoever asks next has another secret.
        let shared = tickets.is_ok() && !matches!(name, "cli" | "phpdbg" | "embed");
        table.insert("shared", shared)?;
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        table.insert("tickets", count(tickets.unwrap_or(0)))?;
        table.insert("capacity", count(CAPACITY))?;
        table.insert("offload", ini::allow_offload() && name.ends_with("fcgi"))?;
        Ok(table)
    })
}

/// Registers the functions of this file.
pub fn register(module: ModuleBuilder) -> ModuleBuilder {
    module
        .function(wrap_function!(byok_ticket))
        .function(wrap_function!(byok_end_tickets))
        .function(wrap_function!(byok_relay_offload))
        .function(wrap_function!(byok_relay_state))
}
