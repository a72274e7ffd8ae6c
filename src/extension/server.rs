//! The Rust side of `relay.c`: what the server that runs PHP says of a request, and answers to it.
//!
//! It promises that nothing borrowed from the server outlives the request. It does not know tickets.

use std::ffi::{CStr, c_char};

unsafe extern "C" {
    fn byok_server_parameter(name: *const c_char, length: usize) -> *const c_char;
    fn byok_server_name() -> *const c_char;
    fn byok_answer_server(bytes: *const c_char, length: usize) -> bool;
    fn byok_answer_client(status: i32, json: *const c_char, length: usize);
    fn byok_hook_multipart();
    fn byok_unhook_multipart();
}

/// A parameter of the request as the server gave it; empty when there is none. The caller must not
/// keep it beyond the request.
pub fn parameter<'request>(name: &str) -> &'request [u8] {
    // SAFETY: the name is valid for the call; the server keeps its parameters for the request.
    unsafe {
        let value = byok_server_parameter(name.as_ptr().cast(), name.len());
        if value.is_null() {
            &[]
        } else {
            CStr::from_ptr(value).to_bytes()
        }
    }
}

/// The same as text; empty when it is none.
pub fn text<'request>(name: &str) -> &'request str {
    std::str::from_utf8(parameter(name)).unwrap_or_default()
}

/// PHP's name for the server, such as `fpm-fcgi`.
pub fn name() -> &'static str {
    // SAFETY: PHP set it before any module started, for as long as the process lives.
    unsafe { CStr::from_ptr(byok_server_name()) }
        .to_str()
        .unwrap_or_default()
}

/// Sends a whole answer to the server, headers and all, past all of PHP. False when PHP has sent
/// headers already.
pub fn answer_server(bytes: &[u8]) -> bool {
    // SAFETY: the bytes are valid for the call, which keeps none of them; a request is going on.
    unsafe { byok_answer_server(bytes.as_ptr().cast(), bytes.len()) }
}

/// Answers as any PHP page does. It may make PHP give the request up.
pub fn answer_client(status: u16, json: &str) {
    // SAFETY: the text is valid for the call, which copies it; a request is going on.
    unsafe { byok_answer_client(status.into(), json.as_ptr().cast(), json.len()) }
}

/// Takes PHP's place in reading multipart bodies. Module start-up only.
pub fn hook_multipart() {
    // SAFETY: called once, in module start-up, while there is one thread.
    unsafe { byok_hook_multipart() }
}

/// Gives it back. Module shut-down only.
pub fn unhook_multipart() {
    // SAFETY: called once, in module shut-down, while there is one thread.
    unsafe { byok_unhook_multipart() }
}

/// Where WordPress has the relay, behind its prefix for REST.
const ROUTE: &str = "/byok/v1/relay/";

/// Whether a request is for the relay: by its path, or by `rest_route`.
///
/// # Safety
///
/// `uri` has `length` bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn byok_is_relayed(uri: *const c_char, length: usize) -> bool {
    // SAFETY: what the caller promises.
    let uri = unsafe { std::slice::from_raw_parts(uri.cast::<u8>(), length) };
    std::panic::catch_unwind(|| is_relayed(uri)).unwrap_or(false)
}

fn is_relayed(uri: &[u8]) -> bool {
    let uri = String::from_utf8_lossy(uri).to_ascii_lowercase();
    // Slashes are all that clients encode of it.
    let (path, query) = uri.split_once('?').unwrap_or((&uri, ""));
    let route = |value: &str| value.replace("%2f", "/").starts_with(ROUTE);
    path.contains(ROUTE)
        || query
            .split('&')
            .filter_map(|parameter| parameter.strip_prefix("rest_route="))
            .any(route)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_for_the_relay_are_known() {
        for uri in [
            "/wp-json/byok/v1/relay/openai/audio/transcriptions",
            "/blog/WP-JSON/BYOK/v1/relay/openai/x?y",
            "/?rest_route=/byok/v1/relay/openai/x",
            "/index.php?a=b&rest_route=%2Fbyok%2Fv1%2Frelay%2Fopenai",
        ] {
            assert!(is_relayed(uri.as_bytes()), "{uri}");
        }
        for uri in [
            "/wp-admin/async-upload.php",
            "/wp-json/byok/v1/relays/openai",
            "/wp-json/byok/v1/keys?referer=/wp-json/byok/v1/relay/openai",
            "/wp-admin/upload.php?rest_routes=/byok/v1/relay/x",
            "",
        ] {
            assert!(!is_relayed(uri.as_bytes()), "{uri}");
        }
    }
}
