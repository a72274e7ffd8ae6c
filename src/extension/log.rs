//! What PHP writes to its log or shows as an error: `byok.redact_log`. The hooks are in `log.c`.
//!
//! It promises that a message which could not be judged is not written. It does not know where a
//! message goes.

use std::borrow::Cow;
use std::ffi::c_char;
use std::ptr;

use byok_engine::redact;

use crate::ini;

/// What is written in place of a message when the engine itself fails.
const WITHHELD: &[u8] = b"(byok met an internal error and withheld this message)";

/// Whether messages pass the engine.
#[unsafe(no_mangle)]
extern "C" fn byok_log_is_on() -> bool {
    std::panic::catch_unwind(ini::redact_log).unwrap_or(true)
}

/// A message without its keys; null when it has none.
///
/// # Safety
///
/// `bytes` has `length` bytes, and `out_length` can be written.
#[unsafe(no_mangle)]
unsafe extern "C" fn byok_log_clean(
    bytes: *const c_char,
    length: usize,
    out_length: *mut usize,
) -> *mut c_char {
    // SAFETY: what the caller promises.
    let text = unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), length) };
    let clean = std::panic::catch_unwind(|| {
        ini::follow_trace_length();
        redact::redact(text)
    });
    let clean = match clean {
        Ok(Cow::Borrowed(_)) => return ptr::null_mut(),
        Ok(Cow::Owned(clean)) => clean,
        Err(_) => WITHHELD.to_vec(),
    };
    // SAFETY: what the caller promises.
    unsafe { out_length.write(clean.len()) };
    give(clean)
}

/// Gives bytes to C, with a NUL behind them.
pub fn give(mut bytes: Vec<u8>) -> *mut c_char {
    bytes.push(0);
    Box::into_raw(bytes.into_boxed_slice()).cast()
}

/// Frees what [`give`] gave.
///
/// # Safety
///
/// `bytes` came from [`give`] with this length, and was not freed.
#[unsafe(no_mangle)]
unsafe extern "C" fn byok_bytes_free(bytes: *mut c_char, length: usize) {
    let slice = ptr::slice_from_raw_parts_mut(bytes.cast::<u8>(), length + 1);
    // SAFETY: what the caller promises; the NUL belongs to it.
    drop(unsafe { Box::from_raw(slice) });
}
