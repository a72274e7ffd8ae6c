//! `byok_encrypt()`, `byok_decrypt()`, `byok_inspect()`, `byok_reencrypt()`, and the key source:
//! `byok_key_source()`, `byok_generate_key()`.

use byok_engine::context::Context;
use byok_engine::envelope::{self, Envelope};
use byok_engine::keyring::{self, KeyRing};
use byok_engine::root::{self, Root};
use byok_engine::{Error, Result, mac, redact};
use ext_php_rs::prelude::*;
use ext_php_rs::types::ZendHashTable;

use crate::shim::OwnString;
use crate::values::{Array, Bytes, Table, call};
use crate::{ini, providers, sources};

/// The place that a context names.
pub fn context<'a>(fields: &Array<'a>) -> Result<Context<'a>> {
    let mut context = Context::new(ini::tenant())?;
    for (name, value) in fields.entries() {
        let value = value.zend_str().ok_or(Error::ContextNotString)?;
        context.set(name, value.as_bytes())?;
    }
    Ok(context)
}

/// Calls `body` with the ring of this request, or fails with why there is none.
pub fn with_ring<R>(body: impl FnOnce(&KeyRing) -> Result<R>) -> Result<R> {
    sources::with(|assembled| body(assembled.ring.as_ref().map_err(|error| *error)?))
}

/// Encrypts a secret for one place.
#[php_function]
#[php(defaults(context = Array::EMPTY))]
pub fn byok_encrypt(plaintext: Bytes, context: Array) -> PhpResult<OwnString> {
    call(|| {
        let place = self::context(&context)?;
        // PHP is asked for memory before the ring is in use: it may not come back.
        Ok(OwnString::with(envelope::room_for(plaintext.0)?, |out| {
            with_ring(|ring| envelope::seal_into(ring, &place, plaintext.0, out))?;
            redact::learn(plaintext.0, place.provider(), Some(out));
            Ok::<_, Error>(())
        })?)
    })
}

/// Opens an envelope.
#[php_function]
#[php(defaults(context = Array::EMPTY))]
pub fn byok_decrypt(envelope: Bytes, context: Array) -> PhpResult<OwnString> {
    call(|| {
        if !ini::allow_reveal() {
            return Err(Error::RevealRefused.into());
        }
        let place = self::context(&context)?;
        let parsed = Envelope::parse(envelope.0)?;
        Ok(OwnString::with(parsed.plaintext_len(), |out| {
            with_ring(|ring| parsed.open_into(ring, &place, out))?;
            redact::learn(out, place.provider(), Some(envelope.0));
            Ok::<_, Error>(())
        })?)
    })
}

/// Tells about an envelope; with a context, also whether it opens there.
#[php_function]
#[php(defaults(context = None))]
pub fn byok_inspect(envelope: Bytes, context: Option<Array>) -> PhpResult<Table> {
    call(|| {
        let place = context.as_ref().map(self::context).transpose()?;
        let told = sources::with(|assembled| {
            let ring = assembled.ring.as_ref().map_err(|error| *error);
            match &place {
                None => envelope::inspect(ring, envelope.0),
                Some(place) => envelope::inspect_at(ring, place, envelope.0),
            }
        });
        let mut table = ZendHashTable::new();
        table.insert("version", told.version.map(i64::from))?;
        table.insert("key_id", told.key_id)?;
        table.insert("state", told.state.as_str())?;
        table.insert("reason", told.reason.map(Error::reason))?;
        Ok(table)
    })
}

/// Encrypts the plaintext of an envelope again, under the current key.
#[php_function]
#[php(defaults(context = Array::EMPTY, previous = Array::EMPTY))]
pub fn byok_reencrypt(envelope: Bytes, context: Array, previous: Array) -> PhpResult<String> {
    call(|| {
        let place = self::context(&context)?;
        let previous = roots(&previous)?;
        let written = with_ring(|ring| {
            envelope::reencrypt(&ring.with_previous(previous), &place, envelope.0)
        })?;
        // What is current already is a well-formed envelope, and so ASCII.
        Ok(written.unwrap_or_else(|| String::from_utf8_lossy(envelope.0).into_owned()))
    })
}

/// The roots of secrets that are given for one call.
fn roots(given: &Array<'_>) -> Result<Vec<Root>> {
    let (mut secret, mut key, mut salt) = (None, None, None);
    for (name, value) in given.entries() {
        let slot = match name {
            b"key" => &mut secret,
            b"auth_key" => &mut key,
            b"auth_salt" => &mut salt,
            _ => return Err(Error::OptionInvalid),
        };
        let value = value.zend_str().ok_or(Error::OptionInvalid)?;
        *slot = Some(value.as_bytes());
    }
    let secret = secret.map(Root::from_secret);
    secret
        .into_iter()
        .chain(keyring::salts(key, salt, &[]))
        .collect()
}

/// Signs a message with the secret in an envelope.
#[php_function]
pub fn byok_hmac(envelope: Bytes, context: Array, message: Bytes) -> PhpResult<String> {
    call(|| {
        let place = self::context(&context)?;
        // Who may not read a key could try guesses of it against what it signs.
        if providers::find(place.provider()).is_ok() {
            return Err(Error::SignRefused.into());
        }
        let parsed = Envelope::parse(envelope.0)?;
        let secret = with_ring(|ring| parsed.open(ring, &place))?;
        Ok(mac::sign(&secret, message.0))
    })
}

/// Makes a new key.
#[php_function]
pub fn byok_generate_key() -> PhpResult<OwnString> {
    call(|| {
        let text = root::generate()?;
        OwnString::with(text.len(), |out| {
            out.copy_from_slice(text.as_bytes());
            Ok(())
        })
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
            let key_id = ring.ok().map(|ring| text(ring.current_id()));
            let previous: Vec<String> = ring
                .ok()
                .into_iter()
                .flat_map(KeyRing::previous_ids)
                .map(|id| text(id))
                .collect();
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
            table.insert("warnings", warnings)?;
            table.insert("previous_key_ids", previous)?;
            table.insert("reveal", ini::allow_reveal())
        })?;
        Ok(table)
    })
}

fn text(id: &[u8]) -> String {
    String::from_utf8_lossy(id).into_owned()
}

/// Registers the functions of this file.
pub fn register(module: ModuleBuilder) -> ModuleBuilder {
    module
        .function(wrap_function!(byok_encrypt))
        .function(wrap_function!(byok_decrypt))
        .function(wrap_function!(byok_inspect))
        .function(wrap_function!(byok_reencrypt))
        .function(wrap_function!(byok_hmac))
        .function(wrap_function!(byok_generate_key))
        .function(wrap_function!(byok_key_source))
}
