//! `byok_mask()`, `byok_holds_key()`, `byok_redact()`, `byok_redact_stored()` and `byok_redact_due()`.

use std::time::Duration;

use byok_engine::envelope::Envelope;
use byok_engine::{Error, Result, mask, redact};
use ext_php_rs::convert::IntoZval;
use ext_php_rs::flags::DataType;
use ext_php_rs::prelude::*;
use ext_php_rs::types::{ZendHashTable, Zval};

use crate::envelopes;
use crate::ini;
use crate::redactor::options;
use crate::shim::OwnString;
use crate::values::{Array, Bytes, Text, call};

/// Masks a key for people.
#[php_function]
pub fn byok_mask(key: Bytes) -> PhpResult<String> {
    call(|| {
        // What is not text has no prefix that names a provider: masked whole, like a short key.
        Ok(mask::mask(std::str::from_utf8(key.0).unwrap_or_default()))
    })
}

/// Whether a text holds a key of a known format.
#[php_function]
pub fn byok_holds_key(text: Bytes) -> PhpResult<bool> {
    call(|| Ok(redact::has_known_format(text.0)))
}

/// Masks every key in a text.
#[php_function]
#[php(defaults(options = Array::EMPTY))]
pub fn byok_redact(text: Text, options: Array) -> PhpResult<Redacted> {
    call(|| {
        let options = self::options(&options)?;
        ini::follow_trace_length();
        Ok(match redact::find(text.bytes(), &options) {
            None => Redacted(text.same()),
            Some(found) => {
                let string = OwnString::in_pieces(found.len(), |out| found.write(out));
                Redacted(string.into_zval(false)?)
            }
        })
    })
}

/// A string: the one that was given, or another.
pub struct Redacted(Zval);

impl IntoZval for Redacted {
    const TYPE: DataType = DataType::String;
    const NULLABLE: bool = false;

    fn set_zval(self, zval: &mut Zval, _persistent: bool) -> ext_php_rs::error::Result<()> {
        *zval = self.0;
        Ok(())
    }
}

/// Has the redactor know the keys in these envelopes.
#[php_function]
#[php(defaults(place = Bytes::EMPTY))]
pub fn byok_redact_stored(sealed: Array, place: Bytes) -> PhpResult<i64> {
    call(|| {
        let mut opened = 0;
        for (_, row) in sealed.entries() {
            let row = row.array().ok_or(Error::OptionInvalid)?;
            // A row that does not open is no reason to know the others less.
            opened += i64::from(learn(row).is_ok());
        }
        if !place.0.is_empty() {
            redact::made_known(place.0);
        }
        Ok(opened)
    })
}

/// Whether the keys of a place were not made known to this process for so long.
#[php_function]
#[php(defaults(seconds = 300))]
pub fn byok_redact_due(place: Bytes, seconds: i64) -> PhpResult<bool> {
    call(|| {
        let seconds = u64::try_from(seconds).map_err(|_| Error::OptionInvalid)?;
        Ok(redact::is_due(place.0, Duration::from_secs(seconds)))
    })
}

fn learn(row: &ZendHashTable) -> Result<()> {
    let text = row
        .get_index(0)
        .and_then(Zval::zend_str)
        .ok_or(Error::OptionInvalid)?;
    let context = row
        .get_index(1)
        .and_then(Zval::array)
        .ok_or(Error::OptionInvalid)?;
    let place = envelopes::context(&Array::of(context))?;
    if redact::is_known(text.as_bytes()) {
        return Ok(());
    }
    let envelope = Envelope::parse(text.as_bytes())?;
    let plaintext = envelopes::with_ring(|ring| envelope.open(ring, &place))?;
    redact::learn(&plaintext, place.provider(), Some(text.as_bytes()));
    Ok(())
}

/// Registers the functions of this file.
pub fn register(module: ModuleBuilder) -> ModuleBuilder {
    module
        .function(wrap_function!(byok_mask))
        .function(wrap_function!(byok_holds_key))
        .function(wrap_function!(byok_redact))
        .function(wrap_function!(byok_redact_stored))
        .function(wrap_function!(byok_redact_due))
}
