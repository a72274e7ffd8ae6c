//! Reads what the key ring is made of: the environment once, the constants once a request.
//!
//! It promises that the environment variable is gone from a process that serves requests before
//! any PHP code runs there, and that roots made of constants are wiped when the request ends. It
//! does not know which source is better.

use std::cell::RefCell;
use std::ffi::{CStr, c_char};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use byok_engine::keyring::{self, Assembled, Given};
use zeroize::{Zeroize, Zeroizing};

use crate::shim;

const ENVIRONMENT: &CStr = c"BYOK_KEY";

/// The secret constants of WordPress beside `AUTH_KEY` and `AUTH_SALT`.
const OTHER_SALTS: [&str; 6] = [
    "SECURE_AUTH_KEY",
    "LOGGED_IN_KEY",
    "NONCE_KEY",
    "SECURE_AUTH_SALT",
    "LOGGED_IN_SALT",
    "NONCE_SALT",
];

static FROM_ENVIRONMENT: OnceLock<Option<Zeroizing<Vec<u8>>>> = OnceLock::new();
/// The process whose environment was wiped last: forked workers have their own copy.
static WIPED_PID: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// The ring of this request, and which constants it was made of.
    static RING: RefCell<Option<(Seen, Assembled)>> = const { RefCell::new(None) };
}

/// Address and length of each constant: within a request a constant may appear, but never change.
type Seen = [Option<(usize, usize)>; 3 + OTHER_SALTS.len()];

/// Takes `BYOK_KEY` from the environment. Module start-up only: later, PHP code may have set it.
pub fn take_environment() {
    FROM_ENVIRONMENT
        .get_or_init(|| environment_value().map(|value| Zeroizing::new(value.to_bytes().to_vec())));
}

/// Overwrites the variable wherever it lies, so that neither `phpinfo()`, `getenv()`, a child process
/// nor `/proc/self/environ` shows it, nor
/// `$_SERVER` and `$_ENV` where PHP has already copied it. The master of php-fpm never comes here and keeps its own for
/// a reload.
pub fn wipe_environment() {
    let pid = std::process::id();
    if shim::is_preloading() || WIPED_PID.swap(pid, Ordering::Relaxed) == pid {
        return;
    }
    if environment_value().is_some() {
        shim::wipe_globals(ENVIRONMENT, keyring::TAKEN_MARK);
    }
    if let Some(value) = environment_value() {
        let start = value.as_ptr().cast::<u8>().cast_mut();
        // SAFETY: getenv gave a NUL-terminated string in this process's own environment; no PHP code
        // runs yet, so nobody else reads it.
        wipe_value(unsafe { std::slice::from_raw_parts_mut(start, value.count_bytes()) });
    }
    // PHP moves its environment to make room for the process title; the kernel still shows the old
    // place.
    let Some((start, end)) = initial_environment() else {
        return;
    };
    // SAFETY: the kernel says that this range of our own stack holds the initial environment.
    let initial = unsafe { std::slice::from_raw_parts_mut(start as *mut u8, end - start) };
    for entry in initial.split_mut(|byte| *byte == 0) {
        if let Some((name, value)) = entry.split_at_mut_checked(ENVIRONMENT.count_bytes() + 1)
            && name.starts_with(ENVIRONMENT.to_bytes())
            && name.ends_with(b"=")
        {
            wipe_value(value);
        }
    }
}

fn wipe_value(value: &mut [u8]) {
    value.zeroize();
    let length = keyring::TAKEN_MARK.len().min(value.len());
    value[..length].copy_from_slice(&keyring::TAKEN_MARK[..length]);
}

/// Where the kernel put the environment (`proc(5)`: `env_start` and `env_end`, fields 50 and 51 of
/// `stat`). `None` where there is no such file.
fn initial_environment() -> Option<(usize, usize)> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in parentheses and may hold spaces.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(50 - 3);
    let start = fields.next()?.parse().ok()?;
    let end = fields.next()?.parse().ok()?;
    (start != 0 && end > start).then_some((start, end))
}

/// Calls `body` with the ring of this request.
pub fn with<R>(body: impl FnOnce(&Assembled) -> R) -> R {
    let constants = constants();
    let seen = constants.map(|value| value.map(|bytes| (bytes.as_ptr() as usize, bytes.len())));
    RING.with_borrow_mut(|cached| {
        if cached.as_ref().is_none_or(|(before, _)| *before != seen) {
            *cached = Some((seen, assemble(&constants)));
        }
        // Invariant: filled above.
        let (_, assembled) = cached.as_ref().expect("the ring was just assembled");
        body(assembled)
    })
}

/// Forgets and wipes the ring at the end of a request.
pub fn forget() {
    RING.with_borrow_mut(|cached| *cached = None);
}

fn constants<'request>() -> [Option<&'request [u8]>; 3 + OTHER_SALTS.len()] {
    let mut values = [None; 3 + OTHER_SALTS.len()];
    let names = ["BYOK_KEY", "AUTH_KEY", "AUTH_SALT"]
        .into_iter()
        .chain(OTHER_SALTS);
    for (value, name) in values.iter_mut().zip(names) {
        *value = shim::constant(name);
    }
    values
}

fn assemble(constants: &[Option<&[u8]>]) -> Assembled {
    keyring::assemble(&Given {
        environment: FROM_ENVIRONMENT
            .get()
            .and_then(|value| value.as_ref())
            .map(|value| value.as_slice()),
        constant: constants[0],
        auth_key: constants[1],
        auth_salt: constants[2],
        other_salts: constants[3..].iter().flatten().copied().collect(),
    })
}

fn environment_value() -> Option<&'static CStr> {
    unsafe extern "C" {
        fn getenv(name: *const c_char) -> *const c_char;
    }
    // SAFETY: at module start-up and before the first request of a process there is one thread, and
    // nothing changes the environment while the value is looked at.
    unsafe {
        let value = getenv(ENVIRONMENT.as_ptr());
        (!value.is_null()).then(|| CStr::from_ptr(value))
    }
}
