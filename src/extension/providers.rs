//! `byok_validate_key()`, `byok_validate_envelope()`, `byok_providers()`, `byok_detect_provider()`, `byok_origin()`.

use std::time::Duration;

use byok_engine::credential::Credential;
use byok_engine::envelope::Envelope;
use byok_engine::provider::{self, Provider};
use byok_engine::{Error, Result, check};
use ext_php_rs::prelude::*;
use ext_php_rs::types::ZendHashTable;
use secrecy::ExposeSecret;

use crate::client::client;
use crate::values::{Array, Bytes, Failure, Table, call, seconds};
use crate::{envelopes, ini};

/// The options of a check, and of a list of models.
pub struct Options {
    /// Base URL, for providers with a custom one.
    pub base_url: Option<String>,
    /// Time for all of it.
    pub timeout: Duration,
}

/// Reads the options.
pub fn options(given: &Array<'_>) -> Result<Options> {
    let mut options = Options {
        base_url: None,
        timeout: ini::timeout(),
    };
    for (name, value) in given.entries() {
        match name {
            b"base_url" => {
                options.base_url = value
                    .str()
                    .map(str::to_owned)
                    .map(Some)
                    .ok_or(Error::OptionInvalid)?
            }
            b"timeout" => {
                options.timeout = seconds(value, ini::TIMEOUT_MAX).ok_or(Error::OptionInvalid)?;
            }
            _ => return Err(Error::OptionInvalid),
        }
    }
    // An empty address is what a form without the field sends.
    options.base_url = options.base_url.filter(|url| !url.is_empty());
    Ok(options)
}

/// The provider with this id.
pub fn find(id: &[u8]) -> Result<&'static Provider> {
    provider::find(std::str::from_utf8(id).map_err(|_| Error::ProviderUnknown)?)
}

/// Checks a key with its provider.
#[php_function]
#[php(defaults(options = Array::EMPTY))]
pub fn byok_validate_key(provider: Bytes, key: Bytes, options: Array) -> PhpResult<Table> {
    call(|| {
        let provider = find(provider.0)?;
        let options = self::options(&options)?;
        let credential = Credential::parse(key.0)?;
        ask(provider, &options, &credential)
    })
}

/// Checks the key of an envelope with its provider.
#[php_function]
#[php(defaults(options = Array::EMPTY))]
pub fn byok_validate_envelope(
    provider: Bytes,
    envelope: Bytes,
    context: Array,
    options: Array,
) -> PhpResult<Table> {
    call(|| {
        let provider = find(provider.0)?;
        let options = self::options(&options)?;
        let place = envelopes::context(&context)?;
        let origin = provider::origin_of(provider, options.base_url.as_deref(), &ini::policy())?;
        // The envelope only opens with the origin it is bound to. Without this, a caller could name
        // that one and have the key sent elsewhere.
        if place.origin() != origin.as_bytes() {
            return Err(Error::OriginMismatch.into());
        }
        let parsed = Envelope::parse(envelope.0)?;
        let plaintext = envelopes::with_ring(|ring| parsed.open(ring, &place))?;
        ask(provider, &options, &Credential::parse(&plaintext)?)
    })
}

/// Checks a key and tells what was found.
fn ask(
    provider: &Provider,
    options: &Options,
    credential: &Credential,
) -> std::result::Result<Table, Failure> {
    let checked = check::check(
        &*client()?,
        provider,
        options.base_url.as_deref(),
        credential,
        options.timeout,
    )?;
    let mut table = ZendHashTable::new();
    table.insert("outcome", checked.outcome.as_str())?;
    table.insert("provider", provider.id.as_str())?;
    table.insert("origin", checked.origin)?;
    table.insert("reason", checked.reason.as_str())?;
    table.insert("http_status", checked.http_status.map(i64::from))?;
    table.insert("retry_after", checked.retry_after.map(i64::from))?;
    table.insert("recognised", checked.recognised)?;
    table.insert("trimmed", checked.trimmed)?;
    table.insert("hint", checked.hint)?;
    table.insert(
        "elapsed_ms",
        i64::try_from(checked.elapsed_ms).unwrap_or(i64::MAX),
    )?;
    Ok(table)
}

/// The table of providers.
#[php_function]
pub fn byok_providers() -> PhpResult<Table> {
    call(|| {
        let policy = ini::policy();
        let mut table = ZendHashTable::new();
        for provider in provider::providers() {
            let mut row = ZendHashTable::new();
            row.insert("id", provider.id.as_str())?;
            row.insert("name", provider.name.as_str())?;
            row.insert("description", provider.description.as_str())?;
            row.insert("base_url", provider.base_url.as_deref())?;
            row.insert("origin", provider::origin_of(provider, None, &policy).ok())?;
            row.insert("custom_base_url", provider.base_url.is_none())?;
            row.insert("key_required", provider.key_required)?;
            row.insert("key_page", provider.key_page.as_deref())?;
            row.insert("billing_page", provider.billing_page.as_deref())?;
            row.insert("prefixes", provider.prefixes.clone())?;
            row.insert("placeholder", provider.placeholder.as_str())?;
            row.insert("relay", provider.relay.clone())?;
            table.insert(provider.id.as_str(), row)?;
        }
        Ok(table)
    })
}

/// Guesses the provider from the look of a key.
#[php_function]
pub fn byok_detect_provider(key: Bytes) -> PhpResult<Option<String>> {
    call(|| {
        Ok(Credential::parse(key.0)
            .ok()
            .and_then(|credential| provider::detect(credential.key.expose_secret()))
            .map(|provider| provider.id.clone()))
    })
}

/// The origin that a key of this provider is bound to.
#[php_function]
#[php(defaults(base_url = Bytes::EMPTY))]
pub fn byok_origin(provider: Bytes, base_url: Bytes) -> PhpResult<String> {
    call(|| {
        let provider = find(provider.0)?;
        let base_url = std::str::from_utf8(base_url.0).map_err(|_| Error::BaseUrlMalformed)?;
        let base_url = Some(base_url).filter(|url| !url.is_empty());
        Ok(provider::origin_of(provider, base_url, &ini::policy())?)
    })
}

/// Registers the functions of this file.
pub fn register(module: ModuleBuilder) -> ModuleBuilder {
    module
        .function(wrap_function!(byok_validate_key))
        .function(wrap_function!(byok_validate_envelope))
        .function(wrap_function!(byok_providers))
        .function(wrap_function!(byok_detect_provider))
        .function(wrap_function!(byok_origin))
}
