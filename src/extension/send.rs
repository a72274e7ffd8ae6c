//! `byok_send()`.

use std::ops::ControlFlow;
use std::time::Duration;

use byok_engine::opened::Opened;
use byok_engine::request::{Limits, MAX_RETRIES, Request};
use byok_engine::send::{Head, Sent, Sink, send};
use byok_engine::target::Target;
use byok_engine::{Error, Result};
use ext_php_rs::convert::IntoZval;
use ext_php_rs::prelude::*;
use ext_php_rs::types::{ZendCallable, ZendHashTable, Zval};

use crate::client::client;
use crate::envelopes;
use crate::providers::find;
use crate::shim::{self, OwnString};
use crate::values::{Array, Bytes, Callable, Failure, Table, call, guarded, seconds};

/// The longest of all times, in seconds. Who writes more means milliseconds.
const TIME_MAX: f64 = 900.0;

/// Sends a request with the key of an envelope.
#[php_function]
#[php(defaults(on_chunk = None))]
pub fn byok_send(
    provider: Bytes,
    envelope: Bytes,
    context: Array,
    request: Array,
    on_chunk: Option<Callable>,
) -> PhpResult<Table> {
    call(|| {
        let provider = find(provider.0)?;
        let given = Given::read(&request)?;
        let request = given.request(on_chunk.is_some())?;
        let place = envelopes::context(&context)?;
        let client = client()?;
        let opened = Opened::new(
            provider,
            given.base_url,
            client.policy(),
            &place,
            envelope.0,
            |parsed| envelopes::with_ring(|ring| parsed.open(ring, &place)),
        )?;
        let mut body = Vec::new();
        let sent = match on_chunk {
            None => send(&client, &opened, &request, &mut body)?,
            Some(Callable(callable)) => {
                let mut callback = Callback::of(callable);
                let sent = send(&client, &opened, &request, &mut callback);
                callback.end()?;
                sent?
            }
        };
        // What follows asks PHP for memory, and may not come back: the key is gone before.
        drop(opened);
        guarded(|| table(&sent, &body))?
    })
}

/// What a caller has given, not yet a request: its order does not matter.
struct Given<'a> {
    method: &'a str,
    target: Option<Target<'a>>,
    base_url: Option<&'a str>,
    headers: Vec<(&'a [u8], &'a Zval)>,
    body: &'a [u8],
    limits: Limits,
    max_bytes: Option<u64>,
    retries: Option<u32>,
}

impl<'a> Given<'a> {
    fn read(options: &Array<'a>) -> Result<Self> {
        let mut given = Self {
            method: "POST",
            target: None,
            base_url: None,
            headers: Vec::new(),
            body: b"",
            limits: Limits::default(),
            max_bytes: None,
            retries: None,
        };
        let limits = &mut given.limits;
        for (name, value) in options.entries() {
            if value.is_null() {
                continue;
            }
            match name {
                b"method" => given.method = text(value)?,
                b"path" | b"url" if given.target.is_some() => return Err(Error::OptionInvalid),
                b"path" => given.target = Some(Target::Path(text(value)?)),
                b"url" => given.target = Some(Target::Url(text(value)?)),
                // An empty address is what a form without the field sends.
                b"base_url" => given.base_url = Some(text(value)?).filter(|url| !url.is_empty()),
                b"headers" => given.headers = headers(value)?,
                b"body" => given.body = bytes(value)?,
                b"timeout" => limits.timeout = time(value)?,
                b"connect_timeout" => limits.connect = time(value)?,
                b"first_byte_timeout" => limits.first_byte = time(value)?,
                b"idle_timeout" => limits.idle = time(value)?,
                b"max_bytes" => given.max_bytes = Some(number(value, 1, u64::MAX)?),
                b"retries" => {
                    let most = u64::from(MAX_RETRIES);
                    given.retries = u32::try_from(number(value, 0, most)?).ok();
                }
                _ => return Err(Error::OptionInvalid),
            }
        }
        Ok(given)
    }

    fn request(&self, streams: bool) -> Result<Request<'a>> {
        let target = self.target.ok_or(Error::OptionInvalid)?;
        let mut request = Request::new(self.method, target)?;
        for (name, value) in &self.headers {
            for value in several(value) {
                match value.long() {
                    Some(number) => request.header(name, number.to_string().as_bytes())?,
                    None => request.header(name, bytes(value)?)?,
                }
            }
        }
        request.set_body(self.body)?;
        request.limits = self.limits;
        if streams || self.max_bytes.is_some() {
            request.limits.max_bytes = self.max_bytes;
        }
        request.retries = self.retries;
        Ok(request)
    }
}

fn headers(value: &Zval) -> Result<Vec<(&[u8], &Zval)>> {
    let table = value.array().ok_or(Error::OptionInvalid)?;
    Ok(Array::of(table).entries().collect())
}

/// The values of an array, or the one value.
fn several(value: &Zval) -> Vec<&Zval> {
    match value.array() {
        Some(table) => table.values().map(Zval::dereference).collect(),
        None => vec![value],
    }
}

fn bytes(value: &Zval) -> Result<&[u8]> {
    let text = value.zend_str().ok_or(Error::OptionInvalid)?;
    Ok(text.as_bytes())
}

fn text(value: &Zval) -> Result<&str> {
    std::str::from_utf8(bytes(value)?).map_err(|_| Error::OptionInvalid)
}

fn time(value: &Zval) -> Result<Duration> {
    seconds(value, TIME_MAX).ok_or(Error::OptionInvalid)
}

fn number(value: &Zval, least: u64, most: u64) -> Result<u64> {
    let number = value.long().and_then(|number| u64::try_from(number).ok());
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or(Error::OptionInvalid)
}

/// Gives the chunks of an answer to a PHP function.
struct Callback<'a> {
    callable: ZendCallable<'a>,
    /// `$head`, made once.
    head: Option<Zval>,
    /// Why it wants no more, if it did not say so itself.
    failure: Option<Failure>,
}

impl<'a> Callback<'a> {
    fn of(callable: ZendCallable<'a>) -> Self {
        Self {
            callable,
            head: None,
            failure: None,
        }
    }

    /// Why the request was ended, if not by the function's own wish.
    fn end(self) -> std::result::Result<(), Failure> {
        match self.failure {
            None => Ok(()),
            Some(failure) => {
                if matches!(failure, Failure::Bailout) {
                    // PHP gives its memory back whole; what it was doing is unknown.
                    std::mem::forget((self.callable, self.head));
                }
                Err(failure)
            }
        }
    }

    fn give(&mut self, head: &Head, chunk: &[u8]) -> std::result::Result<bool, Failure> {
        let head = match &mut self.head {
            Some(known) => known,
            slot => {
                let mut table = ZendHashTable::new();
                table.insert("status", i64::from(head.status))?;
                table.insert("headers", header_table(head)?)?;
                slot.insert(table.into_zval(false)?)
            }
        };
        let bytes = OwnString::of(chunk).into_zval(false)?;
        let wants = self.callable.try_call(vec![&bytes, &*head])?;
        Ok(!wants.is_false())
    }
}

impl Sink for Callback<'_> {
    fn take(&mut self, head: &Head, bytes: &[u8]) -> ControlFlow<()> {
        // A limit of time or memory jumps out of PHP code past every `Drop`: caught here, so that the
        // key is wiped and the connection closed before it goes on.
        match guarded(|| self.give(head, bytes)).and_then(|given| given) {
            Ok(true) if !shim::is_browser_gone() => ControlFlow::Continue(()),
            Ok(_) => ControlFlow::Break(()),
            Err(failure) => {
                self.failure = Some(failure);
                ControlFlow::Break(())
            }
        }
    }
}

/// Lower-case names and lists of values.
fn header_table(head: &Head) -> std::result::Result<Table, Failure> {
    let mut table = ZendHashTable::new();
    for (name, _) in &head.headers {
        if table.get(name.as_str()).is_some() {
            continue;
        }
        let mut values = ZendHashTable::new();
        for (_, value) in head.headers.iter().filter(|(other, _)| other == name) {
            values.push(OwnString::of(value))?;
        }
        table.insert(name.as_str(), values)?;
    }
    Ok(table)
}

fn table(sent: &Sent, body: &[u8]) -> std::result::Result<Table, Failure> {
    let mut table = ZendHashTable::new();
    table.insert("status", i64::from(sent.head.status))?;
    table.insert("headers", header_table(&sent.head)?)?;
    table.insert("body", OwnString::of(body))?;
    table.insert("outcome", sent.outcome.map(|outcome| outcome.as_str()))?;
    table.insert("retry_after", sent.retry_after.map(i64::from))?;
    table.insert("redacted", sent.redacted)?;
    table.insert("attempts", i64::from(sent.attempts))?;
    let elapsed = i64::try_from(sent.elapsed_ms).unwrap_or(i64::MAX);
    table.insert("elapsed_ms", elapsed)?;
    table.insert("stopped", sent.stopped)?;
    Ok(table)
}

/// Registers the functions of this file.
pub fn register(module: ModuleBuilder) -> ModuleBuilder {
    module.function(wrap_function!(byok_send))
}
