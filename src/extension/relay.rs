//! `byok_relay_path()` and `byok_relay_rules()`.

use byok_engine::{Error, relay};
use ext_php_rs::prelude::*;
use ext_php_rs::types::ZendHashTable;

use crate::ini;
use crate::providers::find;
use crate::values::{Bytes, Table, call};

/// The path that a relayed request asks a provider for.
#[php_function]
#[php(defaults(base_url = Bytes::EMPTY))]
pub fn byok_relay_path(
    provider: Bytes,
    method: Bytes,
    path: Bytes,
    base_url: Bytes,
) -> PhpResult<String> {
    call(|| {
        let provider = find(provider.0)?;
        let method = std::str::from_utf8(method.0).map_err(|_| Error::RequestMalformed)?;
        let path = std::str::from_utf8(path.0).map_err(|_| Error::PathRefused)?;
        let base_url = std::str::from_utf8(base_url.0).map_err(|_| Error::BaseUrlMalformed)?;
        let base_url = Some(base_url).filter(|url| !url.is_empty());
        let policy = ini::policy();
        Ok(relay::path(
            provider, method, path, base_url, None, &policy,
        )?)
    })
}

/// The headers that the relay lets pass.
#[php_function]
pub fn byok_relay_rules() -> PhpResult<Table> {
    call(|| {
        let rules = relay::rules();
        let mut table = ZendHashTable::new();
        table.insert("request_headers", rules.request_headers.clone())?;
        table.insert("response_headers", rules.response_headers.clone())?;
        Ok(table)
    })
}

/// Registers the functions of this file.
pub fn register(module: ModuleBuilder) -> ModuleBuilder {
    module
        .function(wrap_function!(byok_relay_path))
        .function(wrap_function!(byok_relay_rules))
}
