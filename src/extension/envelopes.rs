//! `byok_encrypt()`, `byok_decrypt()`, `byok_inspect()`, `byok_key_source()`.

use byok_engine::context::Context;
use byok_engine::envelope::{self, Envelope};
use byok_engine::{Error, Result};
use ext_php_rs::prelude::*;
use ext_php_rs::types::ZendHashTable;

use crate::shim::OwnString;
use crate::values::{Array, Bytes, Table, call};
use crate::{ini, sources};

fn context(fields: &Array<'_>) -> Result<Context> {
    let mut context = Context::new(ini::tenant().as_bytes())?;
    for (name, value) in fields.entries() {
        let value = value.zend_str().ok_or(Error::ContextNotString)?;
        context.set(&name, value.as_bytes())?;
    }
    Ok(context)
}

/// Encrypts a secret for one place.
#[php_function]
#[php(defaults(context = Array::EMPTY))]
pub fn byok_encrypt(plaintext: Bytes, context: Array) -> PhpResult<String> {
    call(|| {
        let place = self::context(&context)?;
        Ok(sources::with(|assembled| {
            let ring = assembled.ring.as_ref().map_err(|error| *error)?;
            envelope::seal(ring, &place, plaintext.0)
        })?)
    })
}

/// Opens an envelope.
#[php_function]
#[php(defaults(context = Array::EMPTY))]
pub fn byok_decrypt(envelope: Bytes, context: Array) -> PhpResult<OwnString> {
    call(|| {
        let place = self::context(&context)?;
        let parsed = Envelope::parse(envelope.0)?;
        Ok(sources::with(|assembled| {
            let ring = assembled.ring.as_ref().map_err(|error| *error)?;
            OwnString::with(parsed.plaintext_len(), |out| {
                parsed.open_into(ring, &place, out)
            })
        })?)
    })
}

/// Tells about an envelope without decrypting it.
#[php_function]
pub fn byok_inspect(envelope: Bytes) -> PhpResult<Table> {
    call(|| {
        let told = sources::with(|assembled| {
            envelope::inspect(assembled.ring.as_ref().map_err(|error| *error), envelope.0)
        });
        let mut table = ZendHashTable::new();
        table.insert("version", told.version.map(i64::from))?;
        table.insert("key_id", told.key_id)?;
        table.insert("state", told.state.as_str())?;
        table.insert("reason", told.reason.map(Error::reason))?;
        Ok(table)
    })
}

/// Tells which key source is in force.
#[php_function]
pub fn byok_key_source() -> PhpResult<Table> {
    call(|| {
        let mut table = ZendHashTable::new();
        sources::with(|assembled| -> ext_php_rs::error::Result<()> {
            let ring = assembled.ring.as_ref();
            let error = ring.err().copied();
            let key_id = ring
                .ok()
                .map(|ring| String::from_utf8_lossy(ring.current_id()).into_owned());
            let mut warnings: Vec<&str> = assembled
                .warnings
                .iter()
                .map(|error| error.reason())
                .collect();
            if ini::policy().test_provider.is_some() {
                warnings.push("test_provider");
            }
            table.insert("source", assembled.source.map(|source| source.as_str()))?;
            table.insert("key_id", key_id)?;
            table.insert("error", error.map(Error::reason))?;
            table.insert("message", error.map(Error::message))?;
            table.insert("warnings", warnings)
        })?;
        Ok(table)
    })
}

/// Registers the functions of this file.
pub fn register(module: ModuleBuilder) -> ModuleBuilder {
    module
        .function(wrap_function!(byok_encrypt))
        .function(wrap_function!(byok_decrypt))
        .function(wrap_function!(byok_inspect))
        .function(wrap_function!(byok_key_source))
}
