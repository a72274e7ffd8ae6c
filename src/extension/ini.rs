//! The INI entries. All are `PHP_INI_SYSTEM`: only who administers PHP may say which hosts a key may
//! go to, never a plugin or a `.user.ini`.
//!
//! php-fpm also takes values from whoever sends it a request, and asks no permission for them. It
//! promises that those change nothing here. It does not know what else such a request may set: one
//! that can load native code needs no entry of ours.

use std::ffi::{CStr, c_int, c_void};
use std::path::PathBuf;
use std::time::Duration;

use byok_engine::agent::Policy;
use ext_php_rs::ffi::{zend_ini_entry, zend_string};
use ext_php_rs::flags::IniEntryPermission;
use ext_php_rs::zend::{IniEntryDef, IniEntryDefs};

use crate::shim;

const KEY_FILE: &CStr = c"byok.key_file";
const PREVIOUS_KEY_FILES: &CStr = c"byok.previous_key_files";
const ALLOW_REVEAL: &CStr = c"byok.allow_reveal";
const OFFLOAD: &CStr = c"byok.offload";
const TENANT: &CStr = c"byok.tenant";
const TIMEOUT: &CStr = c"byok.timeout";
const ALLOW_HOSTS: &CStr = c"byok.allow_hosts";
const ALLOW_PROXY: &CStr = c"byok.allow_proxy";
const CA_FILE: &CStr = c"byok.ca_file";
const REDACT_LOG: &CStr = c"byok.redact_log";
const TEST_PROVIDER: &CStr = c"byok.test_provider";

/// Seconds for a check when `byok.timeout` makes no sense. Providers answer a model list within
/// two; an administrator waits fifteen at most.
const TIMEOUT_DEFAULT: f64 = 15.0;
/// A worker of php-fpm must not be held longer than this by one check.
pub const TIMEOUT_MAX: f64 = 60.0;

static ENTRIES: IniEntryDefs<12> = IniEntryDefs::new([
    entry(KEY_FILE, c""),
    entry(PREVIOUS_KEY_FILES, c""),
    entry(ALLOW_REVEAL, c"1"),
    entry(OFFLOAD, c""),
    entry(TENANT, c""),
    entry(TIMEOUT, c"15"),
    entry(ALLOW_HOSTS, c""),
    entry(ALLOW_PROXY, c"0"),
    entry(CA_FILE, c""),
    entry(REDACT_LOG, c"1"),
    entry(TEST_PROVIDER, c""),
    IniEntryDef::end(),
]);

const fn entry(name: &'static CStr, default: &'static CStr) -> IniEntryDef {
    IniEntryDef {
        on_modify: Some(on_modify),
        ..IniEntryDef::new(name, default, IniEntryPermission::System)
    }
}

const ACCEPTED: c_int = 0;
const REFUSED: c_int = -1;

/// Refuses what a FastCGI request brings along: `PHP_ADMIN_VALUE` and `PHP_VALUE`.
///
/// The user of a pool can often reach its own socket, and php-fpm would keep such a value for every
/// later request of the worker: `byok.allow_reveal=1`, another pool's tenant, a test provider that
/// is given the keys. A pool's own configuration comes before the first request is accepted.
///
/// What php-fpm does not set itself stays with PHP and its permissions: for that, PHP marks the
/// entry as modified first. It is how sections of `php.ini` for a host or a path come, and the old
/// value at the end of the request.
unsafe extern "C" fn on_modify(
    entry: *mut zend_ini_entry,
    _value: *mut zend_string,
    _argument: *mut c_void,
    _base: *mut c_void,
    _unused: *mut c_void,
    _stage: c_int,
) -> c_int {
    // SAFETY: PHP and php-fpm hand over the registered entry that they are about to change.
    let modified = unsafe { (*entry).modified != 0 };
    if shim::has_fpm_request() && !modified {
        REFUSED
    } else {
        ACCEPTED
    }
}

/// Registers the entries. Module start-up only.
pub fn register(module: i32) {
    IniEntryDef::register(ENTRIES.as_slice(), module);
}

/// `byok.key_file`: path of the file that holds the root key's secret. Read at module start-up.
pub fn key_file() -> String {
    shim::ini(KEY_FILE)
}

/// `byok.previous_key_files`: paths, separated by `:`, of files that only read. Read at module
/// start-up.
pub fn previous_key_files() -> String {
    shim::ini(PREVIOUS_KEY_FILES)
}

/// `byok.allow_reveal`: whether PHP code may have a plaintext.
pub fn allow_reveal() -> bool {
    is_on(ALLOW_REVEAL)
}

/// `byok.offload`: whether nginx may be given keys for what it streams. Who can reach the socket of
/// php-fpm can ask like nginx: where PHP code is denied plaintexts, that has to be allowed as well.
pub fn allow_offload() -> bool {
    if shim::ini(OFFLOAD).trim().is_empty() {
        allow_reveal()
    } else {
        is_on(OFFLOAD)
    }
}

/// `byok.redact_log`: whether what PHP writes to its log or shows as an error passes the redactor.
pub fn redact_log() -> bool {
    is_on(REDACT_LOG)
}

/// Has the redactor know how much of an argument PHP shows in traces, which a script may change at
/// any time.
pub fn follow_trace_length() {
    let length = shim::ini(c"zend.exception_string_param_max_len")
        .trim()
        .parse();
    // PHP's own default where there is no such entry.
    byok_engine::redact::set_trace_length(length.unwrap_or(15));
}

/// `byok.tenant`: binds envelopes to a pool of php-fpm, so that two pools with one key cannot open
/// each other's.
pub fn tenant<'request>() -> &'request [u8] {
    shim::ini_bytes(TENANT)
}

/// `byok.timeout`: time for a whole check, in seconds.
pub fn timeout() -> Duration {
    let seconds = shim::ini(TIMEOUT).trim().parse().unwrap_or(TIMEOUT_DEFAULT);
    duration(seconds).unwrap_or(Duration::from_secs_f64(TIMEOUT_DEFAULT))
}

fn duration(seconds: f64) -> Option<Duration> {
    (seconds > 0.0 && seconds <= TIMEOUT_MAX).then(|| Duration::from_secs_f64(seconds))
}

/// Where requests may go: `byok.allow_hosts` (a list of `host:port` that may be on a private
/// network or without TLS), `byok.allow_proxy`, `byok.ca_file` (PEM, in place of the built-in
/// roots), `byok.test_provider` (a server on this machine that stands in for every provider).
pub fn policy() -> Policy {
    Policy {
        allow_hosts: shim::ini(ALLOW_HOSTS)
            .split([',', ' '])
            .filter(|host| !host.is_empty())
            .map(str::to_ascii_lowercase)
            .collect(),
        test_provider: Some(shim::ini(TEST_PROVIDER)).filter(|url| !url.is_empty()),
        allow_proxy: is_on(ALLOW_PROXY),
        ca_file: Some(shim::ini(CA_FILE))
            .filter(|path| !path.is_empty())
            .map(PathBuf::from),
    }
}

/// Whether a switch is on. `php.ini` turns the words into `1`, other ways to set an entry do not.
fn is_on(name: &CStr) -> bool {
    let value = shim::ini_bytes(name).trim_ascii();
    let words: [&[u8]; 4] = [b"1", b"on", b"yes", b"true"];
    words.iter().any(|word| value.eq_ignore_ascii_case(word))
}
