//! Arguments and results in the shapes of PHP.

use ext_php_rs::boxed::ZBox;
use ext_php_rs::convert::{FromZval, StubLiteral};
use ext_php_rs::exception::{PhpException, PhpResult};
use ext_php_rs::flags::DataType;
use ext_php_rs::types::{ZendHashTable, Zval};

use byok_engine::Error;

use crate::shim;

/// A PHP string as bytes, without a copy.
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> FromZval<'a> for Bytes<'a> {
    const TYPE: DataType = DataType::String;

    fn from_zval(zval: &'a Zval) -> Option<Self> {
        zval.zend_str().map(|string| Bytes(string.as_bytes()))
    }
}

impl Bytes<'_> {
    /// The default.
    pub const EMPTY: Bytes<'static> = Bytes(b"");
}

impl StubLiteral for Bytes<'_> {
    fn stub_literal(&self) -> String {
        // Only the empty string is a default here.
        "''".to_owned()
    }
}

/// An `array $… = []`.
pub struct Array<'a>(Option<&'a ZendHashTable>);

impl Array<'_> {
    /// The default.
    pub const EMPTY: Array<'static> = Array(None);
}

impl<'a> Array<'a> {
    /// Its entries in order; the name is empty for a number as key, which no option has.
    pub fn entries(&self) -> impl Iterator<Item = (Vec<u8>, &'a Zval)> {
        self.0.into_iter().flat_map(|table| {
            table.iter().map(|(key, value)| {
                let name = match key {
                    ext_php_rs::types::ArrayKey::Long(_) => Vec::new(),
                    key => key.to_string().into_bytes(),
                };
                (name, value.dereference())
            })
        })
    }
}

impl<'a> FromZval<'a> for Array<'a> {
    const TYPE: DataType = DataType::Array;

    fn from_zval(zval: &'a Zval) -> Option<Self> {
        zval.array().map(|table| Array(Some(table)))
    }
}

impl StubLiteral for Array<'_> {
    fn stub_literal(&self) -> String {
        "[]".to_owned()
    }
}

/// A PHP array to return.
pub type Table = ZBox<ZendHashTable>;

/// Runs the body of a function: errors become exceptions, and a panic becomes an `Error` with a
/// fixed text, because a panic's own text may hold an input.
pub fn call<T>(body: impl FnOnce() -> Result<T, Failure>) -> PhpResult<T> {
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body));
    match outcome {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(Failure::Engine(error))) => Err(shim::exception(error)),
        Ok(Err(Failure::Php(error))) => Err(error.into()),
        Err(_) => Err(PhpException::new(
            "byok met an internal error; nothing was done. Please report it.".to_owned(),
            0,
            ext_php_rs::zend::ce::error(),
        )),
    }
}

/// Why a function failed.
pub enum Failure {
    /// The engine refused.
    Engine(Error),
    /// PHP could not take a value: it is out of memory, say.
    Php(ext_php_rs::error::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Engine(error)
    }
}

impl From<ext_php_rs::error::Error> for Failure {
    fn from(error: ext_php_rs::error::Error) -> Self {
        Failure::Php(error)
    }
}
