//! `byok_mask()` and `byok_redact()`.

use std::borrow::Cow;

use byok_engine::{mask, redact};
use ext_php_rs::prelude::*;

use crate::shim::OwnString;
use crate::values::{Bytes, call};

/// Masks a key for people.
#[php_function]
pub fn byok_mask(key: Bytes) -> PhpResult<String> {
    call(|| {
        // What is not text has no prefix that names a provider: masked whole, like a short key.
        Ok(mask::mask(std::str::from_utf8(key.0).unwrap_or_default()))
    })
}

/// Masks every key in a text.
#[php_function]
pub fn byok_redact(text: Bytes) -> PhpResult<OwnString> {
    call(|| {
        let redacted: Cow<'_, [u8]> = redact::redact(text.0);
        OwnString::with(redacted.len(), |out| {
            out.copy_from_slice(&redacted);
            Ok(())
        })
    })
}

/// Registers the functions of this file.
pub fn register(module: ModuleBuilder) -> ModuleBuilder {
    module
        .function(wrap_function!(byok_mask))
        .function(wrap_function!(byok_redact))
}
