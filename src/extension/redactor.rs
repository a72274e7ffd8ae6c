//! `Byok\Redactor` and the stream filter `byok.redact`: what `redactor.c` calls.
//!
//! It promises that no panic crosses into C: then nothing more of that text is given out. It does
//! not know the rules.

use std::ffi::c_char;
use std::panic::AssertUnwindSafe;
use std::ptr;

use byok_engine::redact::{Found, Options, Stream};
use byok_engine::{Error, Result};
use ext_php_rs::convert::IntoZval;
use ext_php_rs::types::{ZendHashTable, Zval};

use crate::ini;
use crate::log::give;
use crate::shim::{self, OwnString};
use crate::values::{Array, Failure, Table};

/// Reads the options of `byok_redact()` and `Byok\Redactor`.
pub fn options(given: &Array<'_>) -> Result<Options> {
    let mut options = Options::default();
    for (name, value) in given.entries() {
        match name {
            b"first" => options.first = value.bool().ok_or(Error::OptionInvalid)?,
            b"last" => {
                options.last = value
                    .long()
                    .and_then(|last| usize::try_from(last).ok())
                    .filter(|last| *last <= Options::MOST)
                    .ok_or(Error::OptionInvalid)?;
            }
            _ => return Err(Error::OptionInvalid),
        }
    }
    Ok(options)
}

/// A new redactor, with the options' defaults.
#[unsafe(no_mangle)]
extern "C" fn byok_redactor_new() -> *mut Stream {
    let made = std::panic::catch_unwind(|| Box::new(Stream::new(Options::default())));
    made.map_or(ptr::null_mut(), Box::into_raw)
}

/// # Safety
///
/// `state` came from [`byok_redactor_new`] and is used no more.
#[unsafe(no_mangle)]
unsafe extern "C" fn byok_redactor_free(state: *mut Stream) {
    if !state.is_null() {
        // SAFETY: what the caller promises.
        let state = unsafe { Box::from_raw(state) };
        let _ = std::panic::catch_unwind(AssertUnwindSafe(|| drop(state)));
    }
}

/// Sets the options and starts anew. False when they are refused; the exception is thrown then.
///
/// # Safety
///
/// `state` came from [`byok_redactor_new`]; `given` is null or an array.
#[unsafe(no_mangle)]
unsafe extern "C" fn byok_redactor_options(
    state: *mut Stream,
    given: *const ZendHashTable,
) -> bool {
    // SAFETY: what the caller promises.
    let (state, given) = unsafe { (state.as_mut(), given.as_ref()) };
    let read = std::panic::catch_unwind(|| {
        given.map_or(Ok(Options::default()), |table| options(&Array::of(table)))
    });
    match (state, read) {
        (Some(state), Ok(Ok(options))) => {
            *state = Stream::new(options);
            true
        }
        (_, Ok(Err(error))) => {
            shim::exception(error).throw();
            false
        }
        _ => false,
    }
}

/// Runs `body` on a redactor. After a panic its text is forgotten: what is left may be half a key.
fn on(state: *mut Stream, body: impl FnOnce(&mut Stream) -> Vec<u8>) -> Vec<u8> {
    // SAFETY: all callers have it from `byok_redactor_new` and one thread uses it.
    let Some(state) = (unsafe { state.as_mut() }) else {
        return Vec::new();
    };
    let judge = || {
        ini::follow_trace_length();
        body(state)
    };
    std::panic::catch_unwind(AssertUnwindSafe(judge)).unwrap_or_else(|_| {
        *state = Stream::new(*state.options());
        Vec::new()
    })
}

fn put(bytes: &[u8], out: *mut Zval) {
    // PHP may give the request up for lack of memory here; nothing of ours is locked.
    let string = OwnString::of(bytes);
    // SAFETY: the caller's `out` is its own undefined return value.
    if let Some(out) = unsafe { out.as_mut() } {
        let _ = string.set_zval(out, false);
    }
}

/// # Safety
///
/// `state` came from [`byok_redactor_new`], `bytes` has `length` bytes, `out` can be written.
#[unsafe(no_mangle)]
unsafe extern "C" fn byok_redactor_push(
    state: *mut Stream,
    bytes: *const c_char,
    length: usize,
    out: *mut Zval,
) {
    // SAFETY: what the caller promises.
    let piece = unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), length) };
    put(&on(state, |stream| stream.push(piece)), out);
}

/// # Safety
///
/// `state` came from [`byok_redactor_new`], `out` can be written.
#[unsafe(no_mangle)]
unsafe extern "C" fn byok_redactor_finish(state: *mut Stream, out: *mut Zval) {
    put(&on(state, Stream::finish), out);
}

/// # Safety
///
/// `state` came from [`byok_redactor_new`], `out` can be written.
#[unsafe(no_mangle)]
unsafe extern "C" fn byok_redactor_found(state: *mut Stream, out: *mut Zval) {
    let mut found = Vec::new();
    on(state, |stream| {
        found = stream.take_found();
        Vec::new()
    });
    // SAFETY: what the caller promises.
    if let (Ok(table), Some(out)) = (table(&found), unsafe { out.as_mut() }) {
        let _ = table.set_zval(out, false);
    }
}

fn table(found: &[Found]) -> std::result::Result<Table, Failure> {
    let mut table = ZendHashTable::new();
    for one in found {
        let mut row = ZendHashTable::new();
        row.insert("provider", one.provider.as_deref())?;
        row.insert("rule", &*one.rule)?;
        row.insert("masked", &*one.masked)?;
        row.insert("offset", i64::try_from(one.offset).unwrap_or(i64::MAX))?;
        row.insert("line", i64::try_from(one.line).unwrap_or(i64::MAX))?;
        table.push(row)?;
    }
    Ok(table)
}

/// # Safety
///
/// `state` came from [`byok_redactor_new`].
#[unsafe(no_mangle)]
unsafe extern "C" fn byok_redactor_missed(state: *mut Stream) -> i64 {
    let mut missed = 0;
    on(state, |stream| {
        missed = stream.take_missed();
        Vec::new()
    });
    i64::try_from(missed).unwrap_or(i64::MAX)
}

/// What may be given out after these bytes; with `close`, all that is left.
///
/// # Safety
///
/// `state` came from [`byok_redactor_new`], `bytes` has `length` bytes or is null, `out_length` can
/// be written.
#[unsafe(no_mangle)]
unsafe extern "C" fn byok_redactor_take(
    state: *mut Stream,
    bytes: *const c_char,
    length: usize,
    close: bool,
    out_length: *mut usize,
) -> *mut c_char {
    let piece = if bytes.is_null() {
        &[]
    } else {
        // SAFETY: what the caller promises.
        unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), length) }
    };
    let clean = on(state, |stream| {
        let mut clean = stream.push(piece);
        if close {
            clean.append(&mut stream.finish());
        }
        clean
    });
    // SAFETY: what the caller promises.
    unsafe { out_length.write(clean.len()) };
    give(clean)
}
