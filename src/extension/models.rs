//! `byok_list_models()`.

use byok_engine::models::{self, Model};
use byok_engine::opened::Opened;
use ext_php_rs::prelude::*;
use ext_php_rs::types::ZendHashTable;

use crate::client::client;
use crate::envelopes;
use crate::providers::{find, options};
use crate::values::{Array, Bytes, Failure, Table, call, guarded};

/// Lists the models of a provider.
#[php_function]
#[php(defaults(options = Array::EMPTY))]
pub fn byok_list_models(
    provider: Bytes,
    envelope: Bytes,
    context: Array,
    options: Array,
) -> PhpResult<Table> {
    call(|| {
        let provider = find(provider.0)?;
        let options = self::options(&options)?;
        let place = envelopes::context(&context)?;
        let client = client()?;
        let opened = Opened::new(
            provider,
            options.base_url.as_deref(),
            client.policy(),
            &place,
            envelope.0,
            |parsed| envelopes::with_ring(|ring| parsed.open(ring, &place)),
        )?;
        let found = models::models(&client, &opened, options.timeout)?;
        drop(opened);
        guarded(|| table(&found))?
    })
}

fn table(models: &[Model]) -> std::result::Result<Table, Failure> {
    let mut table = ZendHashTable::new();
    for model in models {
        let mut row = ZendHashTable::new();
        row.insert("id", model.id.as_str())?;
        row.insert("name", model.name.as_str())?;
        row.insert("created_at", model.created_at)?;
        table.push(row)?;
    }
    Ok(table)
}

/// Registers the functions of this file.
pub fn register(module: ModuleBuilder) -> ModuleBuilder {
    module.function(wrap_function!(byok_list_models))
}
