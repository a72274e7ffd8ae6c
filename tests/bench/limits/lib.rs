//! What byok is measured against, as an extension of PHP: a call that does nothing, the engine's work
//! without PHP, the same cipher by others, and a request with bare ureq.
//!
//! Everything is called from one PHP process, in turn, so that what else the machine does meets all
//! of it alike. It promises nothing about secrets, and is never installed.

// The macros of ext-php-rs generate items without documentation.
#![allow(missing_docs)]

mod ciphers;
mod requests;

use ext_php_rs::binary_slice::BinarySlice;
use ext_php_rs::prelude::*;
use ext_php_rs::types::ZendHashTable;

/// Takes what `byok_encrypt()` takes, and returns a text.
#[php_function]
pub fn byok_bench_nothing(_text: BinarySlice<u8>, _context: &ZendHashTable) -> String {
    String::new()
}

/// Does one kind of work on so many bytes, so many times; returns the nanoseconds of all of them.
#[php_function]
pub fn byok_bench_cipher(work: &str, bytes: u32, times: u32) -> PhpResult<i64> {
    let took = ciphers::time(work, bytes as usize, times)
        .ok_or_else(|| PhpException::from("no such work".to_owned()))?;
    Ok(i64::try_from(took.as_nanos()).unwrap_or(i64::MAX))
}

/// Makes a POST request with an agent that stays; returns the status.
#[php_function]
pub fn byok_bench_request(url: &str, ca_file: &str, key: &str, body: &str) -> PhpResult<i64> {
    requests::post(url, ca_file, key, body).map_err(|error| PhpException::from(error.to_string()))
}

#[php_module]
pub fn get_module(module: ModuleBuilder) -> ModuleBuilder {
    module
        .name("byok_bench")
        .function(wrap_function!(byok_bench_nothing))
        .function(wrap_function!(byok_bench_cipher))
        .function(wrap_function!(byok_bench_request))
}
