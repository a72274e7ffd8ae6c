//! The environment variables that hold a secret, and how they are wiped from a process.
//!
//! It promises that after [`wipe`] neither the environment nor any copy of it that the server has
//! made since the process was forked holds their text. It does not know what the text is for.

use std::ffi::{CStr, c_char, c_int};
use std::ptr;
use std::sync::Once;
use std::sync::atomic::{AtomicPtr, Ordering};

use byok_engine::root::TAKEN_MARK;
use zeroize::Zeroize;

use crate::shim;

/// The secret that writes.
pub const KEY: &CStr = c"BYOK_KEY";
/// The secret before.
pub const PREVIOUS: &CStr = c"BYOK_KEY_PREVIOUS";

const NAMES: [&CStr; 2] = [KEY, PREVIOUS];

/// Where the value of each variable lay when this process was forked; null when it was not set.
static AT_FORK: [AtomicPtr<c_char>; NAMES.len()] = [const { AtomicPtr::new(ptr::null_mut()) }; 2];

/// Remembers in every child where its secrets lie, for [`wipe`]. Module start-up only.
///
/// With `clear_env = yes`, its default, php-fpm copies its environment to the heap and forgets it
/// in the child before any module hears of the child. Right after the fork it is still known. The
/// child is not yet known to be a worker then: it may be the master that goes into the background,
/// which needs its environment for a reload. So it is wiped at the first request only.
pub fn follow_forks() {
    unsafe extern "C" {
        fn pthread_atfork(
            prepare: Option<extern "C" fn()>,
            parent: Option<extern "C" fn()>,
            child: Option<extern "C" fn()>,
        ) -> c_int;
    }
    static FOLLOWED: Once = Once::new();
    // SAFETY: the handler lives as long as this module does: the C library forgets it when the
    // module is unloaded. It fails for lack of memory only, and then the heap copy stays.
    FOLLOWED.call_once(|| unsafe {
        pthread_atfork(None, None, Some(remember));
    });
}

extern "C" fn remember() {
    for (name, slot) in NAMES.iter().zip(&AT_FORK) {
        slot.store(find(name), Ordering::Relaxed);
    }
}

/// Overwrites each variable wherever it lies, so that neither `phpinfo()`, `getenv()`, a child
/// process, `/proc/self/environ` nor a core dump shows it, nor `$_SERVER` and `$_ENV` where PHP has
/// already copied it. Before the first request of a process only.
pub fn wipe() {
    for (name, slot) in NAMES.iter().zip(&AT_FORK) {
        let now = find(name);
        if !now.is_null() {
            shim::wipe_globals(name, TAKEN_MARK);
            // SAFETY: getenv gave a NUL-terminated string in this process's own environment; no PHP
            // code runs yet, so nobody else reads it.
            unsafe { wipe_string(now) };
        }
        let forked = slot.swap(ptr::null_mut(), Ordering::Relaxed);
        // SAFETY: a value in the environment of the fork stands behind its name and `=`. Clearing
        // the environment forgets its strings and frees none. Had a server freed them all the same,
        // the allocator would have overwritten the name, and nothing is touched.
        unsafe {
            if !forked.is_null() && forked != now && stands_behind(name, forked) {
                wipe_string(forked);
            }
        }
        wipe_initial(name);
    }
}

/// # Safety
///
/// As many bytes as the name and `=` have can be read before `value`.
unsafe fn stands_behind(name: &CStr, value: *const c_char) -> bool {
    let length = name.count_bytes() + 1;
    // SAFETY: what the caller promises.
    let before = unsafe { std::slice::from_raw_parts(value.cast::<u8>().sub(length), length) };
    before.starts_with(name.to_bytes()) && before.ends_with(b"=")
}

/// # Safety
///
/// It is a NUL-terminated string that nobody else uses.
unsafe fn wipe_string(value: *mut c_char) {
    // SAFETY: what the caller promises.
    unsafe {
        let length = CStr::from_ptr(value).count_bytes();
        wipe_value(std::slice::from_raw_parts_mut(value.cast(), length));
    }
}

/// PHP moves its environment to make room for the process title; the kernel still shows the old
/// place.
fn wipe_initial(name: &CStr) {
    let Some((start, end)) = initial_environment() else {
        return;
    };
    // SAFETY: the kernel says that this range of our own stack holds the initial environment.
    let initial = unsafe { std::slice::from_raw_parts_mut(start as *mut u8, end - start) };
    for entry in initial.split_mut(|byte| *byte == 0) {
        if let Some((variable, value)) = entry.split_at_mut_checked(name.count_bytes() + 1)
            && variable.starts_with(name.to_bytes())
            && variable.ends_with(b"=")
        {
            wipe_value(value);
        }
    }
}

fn wipe_value(value: &mut [u8]) {
    value.zeroize();
    let length = TAKEN_MARK.len().min(value.len());
    value[..length].copy_from_slice(&TAKEN_MARK[..length]);
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

/// The value of a variable. Module start-up only.
pub fn value(name: &CStr) -> Option<&'static [u8]> {
    let value = find(name);
    // SAFETY: getenv gave a NUL-terminated string, and nothing changes the environment while
    // modules start.
    (!value.is_null()).then(|| unsafe { CStr::from_ptr(value) }.to_bytes())
}

fn find(name: &CStr) -> *mut c_char {
    unsafe extern "C" {
        fn getenv(name: *const c_char) -> *mut c_char;
    }
    // SAFETY: it only reads; at module start-up, in the child of a fork and before the first
    // request of a process there is one thread.
    unsafe { getenv(name.as_ptr()) }
}
