//! Reads what the key ring is made of: files and environment once, the constants once a request.
//!
//! It promises that the environment variables are gone from a process that serves requests before
//! any PHP code runs there, and that roots made of constants are wiped when the request ends and
//! never serve the next one. It does not know which source is better.

use std::cell::RefCell;
use std::sync::RwLock;
use std::sync::atomic::{AtomicU32, Ordering};

use byok_engine::keyring::{self, Assembled, Given};
use byok_engine::process::{AtStart, ProcessKeys};
use ext_php_rs::types::Zval;

use crate::{environment, ini, shim, tickets};

/// The constants a ring is made of, in the order of `assemble`. From `OTHER_SALTS` on, the secret
/// constants of WordPress that must differ from `AUTH_KEY` and `AUTH_SALT`.
const CONSTANTS: [&str; 12] = [
    "BYOK_KEY",
    "BYOK_KEY_PREVIOUS",
    "AUTH_KEY",
    "AUTH_SALT",
    "AUTH_KEY_PREVIOUS",
    "AUTH_SALT_PREVIOUS",
    "SECURE_AUTH_KEY",
    "LOGGED_IN_KEY",
    "NONCE_KEY",
    "SECURE_AUTH_SALT",
    "LOGGED_IN_SALT",
    "NONCE_SALT",
];
const OTHER_SALTS: usize = 6;

/// What this process was given. A server may start its modules twice in one process.
static PROCESS: RwLock<Option<ProcessKeys>> = RwLock::new(None);
/// The process that began last: forked workers have their own environment and no locked memory.
static BEGUN_PID: AtomicU32 = AtomicU32::new(0);

thread_local! {
    static RING: RefCell<Option<Ring>> = const { RefCell::new(None) };
}

/// The ring of this request, and what it was made of.
struct Ring {
    /// How many constants there were when they were last looked at.
    count: u32,
    seen: Seen,
    assembled: Assembled,
}

/// The constants of a request.
type Constants<'request> = [Option<&'request Zval>; CONSTANTS.len()];

/// Address and length of each constant: within a request a constant may appear, but never change.
type Seen = [Option<(usize, usize)>; CONSTANTS.len()];

/// Derives the roots of key files and environment. Module start-up only: PHP may still be root
/// then, and later PHP code may have set a variable.
pub fn start() {
    let process = ProcessKeys::derive(&AtStart {
        key_file: &ini::key_file(),
        previous_key_files: &ini::previous_key_files(),
        environment: environment::value(environment::KEY),
        environment_previous: environment::value(environment::PREVIOUS),
        environment_kept: shim::is_fpm(),
    });
    set_process(Some(process));
    environment::follow_forks();
}

/// Wipes the roots of the process. Module shut-down only.
pub fn end() {
    set_process(None);
}

fn set_process(process: Option<ProcessKeys>) {
    // Nothing panics while it holds the lock.
    if let Ok(mut slot) = PROCESS.write() {
        *slot = process;
    }
}

/// Before the first request of a process: locks its roots in memory and wipes its environment. The
/// master of php-fpm never comes here and keeps its own for a reload.
pub fn begin_process() {
    let pid = std::process::id();
    if shim::is_preloading() || BEGUN_PID.swap(pid, Ordering::Relaxed) == pid {
        return;
    }
    if let Ok(slot) = PROCESS.read()
        && let Some(process) = &*slot
    {
        process.lock();
    }
    tickets::begin_process();
    environment::wipe();
}

/// Calls `body` with the ring of this request.
pub fn with<R>(body: impl FnOnce(&Assembled) -> R) -> R {
    let count = shim::constant_count();
    RING.with_borrow_mut(|cached| {
        // While their number is the same, none has appeared.
        match cached {
            Some(ring) if ring.count == count => body(&ring.assembled),
            cached => body(&look(cached, count).assembled),
        }
    })
}

/// Looks at the constants, and assembles the ring anew when one has appeared.
fn look(cached: &mut Option<Ring>, count: u32) -> &Ring {
    let constants = CONSTANTS.map(shim::constant);
    let seen = constants.map(|value| value.map(place));
    let assembled = match cached.take() {
        Some(ring) if ring.seen == seen => ring.assembled,
        _ => assemble(&constants),
    };
    cached.insert(Ring {
        count,
        seen,
        assembled,
    })
}

/// Forgets and wipes the ring of a request.
///
/// At its end, when no PHP code can run any more, and before the next begins: what is left of
/// another request would be taken for this one's, whose constants may lie at the same addresses.
pub fn forget() {
    RING.with_borrow_mut(|cached| *cached = None);
}

fn assemble(constants: &Constants<'_>) -> Assembled {
    let process = PROCESS.read().ok();
    let text = |index: usize| constants[index].map(bytes);
    keyring::assemble(&Given {
        process: process.as_ref().and_then(|slot| slot.as_ref()),
        key_file: &ini::key_file(),
        previous_key_files: &ini::previous_key_files(),
        constant: text(0),
        constant_previous: constants[1].map(texts).unwrap_or_default(),
        auth_key: text(2),
        auth_salt: text(3),
        auth_key_previous: text(4),
        auth_salt_previous: text(5),
        other_salts: (OTHER_SALTS..CONSTANTS.len()).filter_map(text).collect(),
    })
}

/// Where the value of a constant lies. A number or the like is as good as any other: it is refused.
fn place(value: &Zval) -> (usize, usize) {
    match (value.zend_str(), value.array()) {
        (Some(string), _) => (string.as_bytes().as_ptr() as usize, string.len()),
        (_, Some(table)) => (std::ptr::from_ref(table) as usize, table.len()),
        _ => (0, 0),
    }
}

/// The bytes of a string; empty when it is none.
fn bytes(value: &Zval) -> &[u8] {
    value.zend_str().map_or(&[], |string| string.as_bytes())
}

/// The values of an array, or the one value.
fn texts(value: &Zval) -> Vec<&[u8]> {
    match value.array() {
        Some(table) => table.values().map(bytes).collect(),
        None => vec![bytes(value)],
    }
}
