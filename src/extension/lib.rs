//! byok as a PHP extension: converts values, calls the engine, converts back.
//!
//! It promises that no panic crosses into PHP and that every failure is a typed exception without
//! any part of the input. It knows no rule: those are the engine's.

// The macros of ext-php-rs generate items without documentation.
#![allow(missing_docs)]

mod client;
mod envelopes;
mod environment;
mod ini;
mod log;
mod models;
mod providers;
mod redactor;
mod relay;
mod send;
mod server;
mod shim;
mod sources;
mod texts;
mod tickets;
mod values;

use ext_php_rs::prelude::*;
use ext_php_rs::zend::ModuleEntry;
use ext_php_rs::{info_table_end, info_table_row, info_table_start};

/// Parameters that carry a secret, counted from 0.
const SENSITIVE: [(&str, u32); 8] = [
    ("byok_encrypt", 0),
    ("byok_reencrypt", 2),
    ("byok_validate_key", 1),
    ("byok_mask", 0),
    ("byok_holds_key", 0),
    ("byok_redact", 0),
    ("byok_send", 3),
    ("byok_detect_provider", 0),
];

fn startup(_kind: i32, module: i32) -> i32 {
    // A panic's text may hold an input, and the default hook prints it. The hook is the process's,
    // but no other Rust in a PHP process should print panics either.
    std::panic::set_hook(Box::new(|_| {}));
    ini::register(module);
    shim::register_exceptions();
    shim::register_redactor();
    shim::hook_logs();
    sources::start();
    tickets::start();
    server::hook_multipart();
    if SENSITIVE
        .iter()
        .all(|(function, parameter)| shim::mark_sensitive(function, *parameter))
    {
        0
    } else {
        // Without the attribute a stack trace could show a key: better not to start.
        -1
    }
}

extern "C" fn shutdown(_kind: i32, _module: i32) -> i32 {
    shim::unhook();
    server::unhook_multipart();
    let _ = std::panic::catch_unwind(|| {
        sources::end();
        tickets::end();
    });
    0
}

extern "C" fn request_startup(_kind: i32, _module: i32) -> i32 {
    // An extern "C" function must not unwind; nothing here panics but by a fault of ours.
    let _ = std::panic::catch_unwind(|| {
        sources::forget();
        sources::begin_process();
    });
    0
}

extern "C" fn request_shutdown(_kind: i32, _module: i32) -> i32 {
    let _ = std::panic::catch_unwind(sources::forget);
    0
}

extern "C" fn request_over() -> i32 {
    // Modules that end their request after this one may still run PHP code: a session's handler.
    let _ = std::panic::catch_unwind(sources::forget);
    0
}

extern "C" fn info(module: *mut ModuleEntry) {
    let _ = std::panic::catch_unwind(|| {
        info_table_start!();
        info_table_row!("byok", "enabled");
        info_table_row!("Version", env!("CARGO_PKG_VERSION"));
        info_table_row!("Envelope", "byok1 (HKDF-SHA256, XChaCha20-Poly1305)");
        sources::with(|assembled| {
            info_table_row!(
                "Key source",
                assembled.source.map_or("none", |source| source.as_str())
            );
            match &assembled.ring {
                Ok(ring) => info_table_row!(
                    "Key id",
                    String::from_utf8_lossy(ring.current_id()).as_ref()
                ),
                Err(error) => info_table_row!("Key source error", error.reason()),
            }
        });
        info_table_end!();
        shim::display_ini(module.cast());
    });
}

/// Panics with its argument: proves in tests that a panic does not cross into PHP. Not in a release.
#[cfg(debug_assertions)]
#[php_function]
pub fn byok_test_panic(text: values::Bytes) -> PhpResult<()> {
    values::call(|| panic!("{}", String::from_utf8_lossy(text.0)))
}

/// Registers the functions with PHP.
#[php_module]
#[php(startup = "startup")]
pub fn get_module(module: ModuleBuilder) -> ModuleBuilder {
    let module = module
        .name("byok")
        .version(env!("CARGO_PKG_VERSION"))
        .shutdown_function(shutdown)
        .request_startup_function(request_startup)
        .request_shutdown_function(request_shutdown)
        .post_deactivate_function(request_over)
        .info_function(info);
    let module = texts::register(providers::register(envelopes::register(module)));
    let module = relay::register(models::register(send::register(module)));
    let module = tickets::register(module);
    #[cfg(debug_assertions)]
    let module = module.function(wrap_function!(byok_test_panic));
    module
}
