//! Arguments and results in the shapes of PHP.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use ext_php_rs::boxed::ZBox;
use ext_php_rs::convert::{FromZval, StubLiteral};
use ext_php_rs::exception::{PhpException, PhpResult};
use ext_php_rs::flags::DataType;
use ext_php_rs::types::{ZendCallable, ZendHashTable, Zval};
use ext_php_rs::zend::{CatchError, bailout, try_catch};

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

/// A PHP string that may be returned as it is.
pub struct Text<'a>(&'a Zval);

impl Text<'_> {
    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        self.0.zend_str().map_or(&[], |string| string.as_bytes())
    }

    /// The same string once more, without a copy.
    pub fn same(&self) -> Zval {
        self.0.shallow_clone()
    }
}

impl<'a> FromZval<'a> for Text<'a> {
    const TYPE: DataType = DataType::String;

    fn from_zval(zval: &'a Zval) -> Option<Self> {
        let zval = zval.dereference();
        zval.is_string().then_some(Text(zval))
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
    /// An array within another.
    pub fn of(table: &'a ZendHashTable) -> Self {
        Array(Some(table))
    }

    /// Its entries in order; the name is empty for a number as key, which no option has.
    pub fn entries(&self) -> impl Iterator<Item = (&'a [u8], &'a Zval)> + use<'a> {
        self.0.into_iter().flat_map(shim::entries)
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

/// A `?callable $… = null`.
pub struct Callable<'a>(pub ZendCallable<'a>);

impl<'a> FromZval<'a> for Callable<'a> {
    const TYPE: DataType = DataType::Callable;

    fn from_zval(zval: &'a Zval) -> Option<Self> {
        ZendCallable::new(zval).ok().map(Callable)
    }
}

impl StubLiteral for Callable<'_> {
    fn stub_literal(&self) -> String {
        // Only `null` is a default here, and that is the literal of `None`.
        "null".to_owned()
    }
}

/// A PHP array to return.
pub type Table = ZBox<ZendHashTable>;

/// Runs the body of a function: errors become exceptions, and a panic becomes an `Error` with a
/// fixed text, because a panic's own text may hold an input.
pub fn call<T>(body: impl FnOnce() -> Result<T, Failure>) -> PhpResult<T> {
    let outcome = std::panic::catch_unwind(AssertUnwindSafe(body));
    match outcome {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(Failure::Engine(error))) => Err(shim::exception(error)),
        Ok(Err(Failure::Php(error))) => Err(error.into()),
        // SAFETY: PHP called us, so there is a frame that catches it; all of ours is dropped.
        Ok(Err(Failure::Bailout)) => unsafe { bailout() },
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
    /// PHP could not take a value, or has an exception of its own, which goes on unchanged.
    Php(ext_php_rs::error::Error),
    /// PHP gives the request up: a limit of time or memory, a fatal error, `exit`.
    Bailout,
}

/// Runs what may make PHP give the request up, which jumps past every `Drop` of ours, and catches
/// that. [`call`] lets it go on.
pub fn guarded<T>(body: impl FnOnce() -> T) -> Result<T, Failure> {
    match try_catch(AssertUnwindSafe(body)) {
        Ok(value) => Ok(value),
        Err(CatchError::Panic(_)) => panic!("within a guarded call"),
        Err(_) => Err(Failure::Bailout),
    }
}

/// Seconds as a duration, if over 0 and at most `most`.
pub fn seconds(value: &Zval, most: f64) -> Option<Duration> {
    let seconds = value
        .double()
        .or_else(|| value.long().map(|seconds| seconds as f64))?;
    (seconds > 0.0 && seconds <= most).then(|| Duration::from_secs_f64(seconds))
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
