//! The Rust side of `shim.c`: the only place that calls it, with safe signatures.
//!
//! It promises that nothing borrowed from PHP outlives the request. It decides nothing.

use std::convert::Infallible;
use std::ffi::{CStr, c_char};

use byok_engine::Error;
use byok_engine::error::Kind;
use ext_php_rs::boxed::ZBox;
use ext_php_rs::convert::IntoZval;
use ext_php_rs::exception::PhpException;
use ext_php_rs::ffi::{zend_module_entry, zend_string};
use ext_php_rs::flags::DataType;
use ext_php_rs::types::{ZendHashTable, ZendStr, Zval};
use ext_php_rs::zend::ce;
use zeroize::Zeroize;

unsafe extern "C" {
    fn byok_register_exceptions();
    fn byok_exception(
        kind: u32,
        reason: *const c_char,
        reason_length: usize,
        message: *const c_char,
        message_length: usize,
        out: *mut Zval,
    );
    fn byok_mark_sensitive(name: *const c_char, length: usize, parameter: u32) -> i32;
    fn byok_string_alloc(length: usize) -> *mut zend_string;
    fn byok_string_room(length: usize) -> *mut zend_string;
    fn byok_string_bytes(string: *mut zend_string) -> *mut u8;
    fn byok_array_next(
        table: *const ZendHashTable,
        position: *mut u32,
        name: *mut *const zend_string,
    ) -> *const Zval;
    fn byok_constant(name: *const c_char, length: usize) -> *const Zval;
    fn byok_constant_count() -> u32;
    fn byok_ini_string(name: *const c_char, length: usize) -> *const c_char;
    fn byok_wipe_globals(
        name: *const c_char,
        length: usize,
        mark: *const c_char,
        mark_length: usize,
    );
    fn byok_is_fpm() -> bool;
    fn byok_has_fpm_request() -> bool;
    fn byok_is_preloading() -> bool;
    fn byok_is_browser_gone() -> bool;
    fn byok_register_redactor();
    fn byok_unregister_redactor();
    fn byok_hook_logs();
    fn byok_unhook_logs();
    fn byok_display_ini(module: *mut zend_module_entry);
}

/// Registers the exception classes. Module start-up only.
pub fn register_exceptions() {
    // SAFETY: called once, in module start-up, where classes are registered.
    unsafe { byok_register_exceptions() }
}

/// Registers `Byok\Redactor` and the stream filter. Module start-up only.
pub fn register_redactor() {
    // SAFETY: called once, in module start-up, where classes and filters are registered.
    unsafe { byok_register_redactor() }
}

/// Hooks the log functions of PHP. Module start-up only.
pub fn hook_logs() {
    // SAFETY: called once, in module start-up, while there is one thread.
    unsafe { byok_hook_logs() }
}

/// Undoes both. Module shut-down only.
pub fn unhook() {
    // SAFETY: called once, in module shut-down, while there is one thread.
    unsafe {
        byok_unhook_logs();
        byok_unregister_redactor();
    }
}

/// An exception of byok for this error.
pub fn exception(error: Error) -> PhpException {
    let kind = match error.kind() {
        Kind::Input => 0,
        Kind::Envelope => 1,
        Kind::KeySource => 2,
        Kind::Network => 3,
    };
    let (reason, message) = (error.reason(), error.message());
    let mut object = Zval::new();
    // SAFETY: `kind` is one of the shim's four, the strings are valid for the call, and `object` is
    // an undefined value that the shim fills.
    unsafe {
        byok_exception(
            kind,
            reason.as_ptr().cast(),
            reason.len(),
            message.as_ptr().cast(),
            message.len(),
            &raw mut object,
        );
    }
    PhpException::new(message.to_owned(), 0, ce::exception()).with_object(object)
}

/// Adds `#[\SensitiveParameter]` to a parameter, counted from 0. False when there is no such
/// function.
pub fn mark_sensitive(function: &str, parameter: u32) -> bool {
    // SAFETY: the name is valid for the call; the function table exists from module start-up on.
    unsafe { byok_mark_sensitive(function.as_ptr().cast(), function.len(), parameter) == 0 }
}

/// The value of a PHP constant.
///
/// The caller must not keep it beyond the request: constants are freed at its end.
pub fn constant<'request>(name: &str) -> Option<&'request Zval> {
    // SAFETY: the name is valid for the call; the value of a constant is neither changed nor freed
    // before the end of the request.
    unsafe { byok_constant(name.as_ptr().cast(), name.len()).as_ref() }
}

/// How many constants there are.
pub fn constant_count() -> u32 {
    // SAFETY: the table of constants exists from module start-up on.
    unsafe { byok_constant_count() }
}

/// The entries of an array in order, without a copy; the name is empty for a number as key.
pub fn entries(table: &ZendHashTable) -> impl Iterator<Item = (&[u8], &Zval)> {
    let mut position = 0;
    std::iter::from_fn(move || {
        let mut name = std::ptr::null();
        // SAFETY: the table lives as long as what is borrowed from it, and nothing is added to it
        // while it is borrowed. The position is the one that the shim gave.
        unsafe {
            let value = byok_array_next(table, &raw mut position, &raw mut name).as_ref()?;
            let name = name.as_ref().map_or(&[][..], |name| name.as_bytes());
            Some((name, value.dereference()))
        }
    })
}

/// The value of an INI entry; empty when it has none.
pub fn ini(name: &CStr) -> String {
    String::from_utf8_lossy(ini_bytes(name)).into_owned()
}

/// The same without a copy.
///
/// The caller must not keep it beyond the call that PHP has made: all entries are
/// `PHP_INI_SYSTEM`, so no code of the request changes them, but the next request may.
pub fn ini_bytes<'request>(name: &CStr) -> &'request [u8] {
    // SAFETY: the name is valid for the call; the value is a NUL-terminated string of the entry, or
    // null, and lives as long as the entry is not changed.
    unsafe {
        let value = byok_ini_string(name.as_ptr(), name.count_bytes());
        if value.is_null() {
            &[]
        } else {
            CStr::from_ptr(value).to_bytes()
        }
    }
}

/// Puts `mark` in place of an environment variable that PHP has copied into `$_SERVER` and `$_ENV`.
/// Request start-up only.
pub fn wipe_globals(name: &CStr, mark: &[u8]) {
    // SAFETY: the texts are valid for the call; the super-globals exist during a request.
    unsafe {
        byok_wipe_globals(
            name.as_ptr(),
            name.count_bytes(),
            mark.as_ptr().cast(),
            mark.len(),
        );
    }
}

/// Whether this is php-fpm.
pub fn is_fpm() -> bool {
    // SAFETY: reads the name of the server, which PHP set before any module started.
    unsafe { byok_is_fpm() }
}

/// Whether php-fpm has accepted a request in this process.
pub fn has_fpm_request() -> bool {
    // SAFETY: reads what the server has set up, in the thread that serves.
    unsafe { byok_has_fpm_request() }
}

/// Whether this request is opcache's preloading in the master of php-fpm.
pub fn is_preloading() -> bool {
    // SAFETY: reads what PHP set up before any request.
    unsafe { byok_is_preloading() }
}

/// Whether who asked for this request is known to be gone, and the request should end with it.
pub fn is_browser_gone() -> bool {
    // SAFETY: reads what PHP knows of the current request.
    unsafe { byok_is_browser_gone() }
}

/// Prints this module's INI entries into `phpinfo()`.
pub fn display_ini(module: *mut zend_module_entry) {
    // SAFETY: PHP gave us the module to print.
    unsafe { byok_display_ini(module) }
}

/// A PHP string that is written in place, so that no other copy of a plaintext is left behind.
pub struct OwnString(ZBox<ZendStr>);

impl OwnString {
    /// A copy of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let copied = Self::with(bytes.len(), |out| {
            out.copy_from_slice(bytes);
            Ok::<_, Infallible>(())
        });
        match copied {
            Ok(string) => string,
            Err(never) => match never {},
        }
    }

    /// Makes a string of `length` bytes of the pieces that `write` gives. More is cut off; where
    /// less comes, the rest is zero.
    pub fn in_pieces(length: usize, write: impl FnOnce(&mut dyn FnMut(&[u8]))) -> Self {
        // SAFETY: a fresh string, ours alone, of `length` bytes and a NUL.
        let (string, start) = unsafe {
            let string = byok_string_room(length);
            (ZBox::from_raw(string), byok_string_bytes(string))
        };
        let mut written = 0;
        write(&mut |piece| {
            let count = piece.len().min(length - written);
            // SAFETY: `count` bytes fit behind what was written, and the piece is no part of it.
            unsafe {
                start
                    .add(written)
                    .copy_from_nonoverlapping(piece.as_ptr(), count)
            };
            written += count;
        });
        // SAFETY: what was not written still belongs to the string, and the NUL.
        unsafe { start.add(written).write_bytes(0, length - written + 1) };
        OwnString(string)
    }

    /// Makes a string of `length` bytes and lets `write` fill it. On failure it is wiped.
    pub fn with<E>(
        length: usize,
        write: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<Self, E> {
        // SAFETY: a fresh string, ours alone, of `length` bytes and a NUL.
        let (string, bytes) = unsafe {
            let string = byok_string_alloc(length);
            let bytes = std::slice::from_raw_parts_mut(byok_string_bytes(string), length);
            (ZBox::from_raw(string), bytes)
        };
        match write(bytes) {
            Ok(()) => Ok(OwnString(string)),
            Err(error) => {
                bytes.zeroize();
                Err(error)
            }
        }
    }
}

impl IntoZval for OwnString {
    const TYPE: DataType = DataType::String;
    const NULLABLE: bool = false;

    fn set_zval(self, zval: &mut Zval, _persistent: bool) -> ext_php_rs::error::Result<()> {
        zval.set_zend_string(self.0);
        Ok(())
    }
}
