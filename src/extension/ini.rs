//! The INI entries. All are `PHP_INI_SYSTEM`: only who administers PHP may say which hosts a key may
//! go to, never a plugin or a `.user.ini`.

use std::ffi::CStr;
use std::path::PathBuf;
use std::time::Duration;

use byok_engine::agent::Policy;
use ext_php_rs::flags::IniEntryPermission;
use ext_php_rs::zend::{IniEntryDef, IniEntryDefs};

use crate::shim;

const KEY_FILE: &CStr = c"byok.key_file";
const PREVIOUS_KEY_FILES: &CStr = c"byok.previous_key_files";
const ALLOW_REVEAL: &CStr = c"byok.allow_reveal";
const TENANT: &CStr = c"byok.tenant";
const TIMEOUT: &CStr = c"byok.timeout";
const ALLOW_HOSTS: &CStr = c"byok.allow_hosts";
const ALLOW_PROXY: &CStr = c"byok.allow_proxy";
const CA_FILE: &CStr = c"byok.ca_file";
const TEST_PROVIDER: &CStr = c"byok.test_provider";

/// Seconds for a check when `byok.timeout` makes no sense. Providers answer a model list within
/// two; an administrator waits fifteen at most.
const TIMEOUT_DEFAULT: f64 = 15.0;
/// A worker of php-fpm must not be held longer than this by one check.
pub const TIMEOUT_MAX: f64 = 60.0;

static ENTRIES: IniEntryDefs<10> = IniEntryDefs::new([
    IniEntryDef::new(KEY_FILE, c"", IniEntryPermission::System),
    IniEntryDef::new(PREVIOUS_KEY_FILES, c"", IniEntryPermission::System),
    IniEntryDef::new(ALLOW_REVEAL, c"1", IniEntryPermission::System),
    IniEntryDef::new(TENANT, c"", IniEntryPermission::System),
    IniEntryDef::new(TIMEOUT, c"15", IniEntryPermission::System),
    IniEntryDef::new(ALLOW_HOSTS, c"", IniEntryPermission::System),
    IniEntryDef::new(ALLOW_PROXY, c"0", IniEntryPermission::System),
    IniEntryDef::new(CA_FILE, c"", IniEntryPermission::System),
    IniEntryDef::new(TEST_PROVIDER, c"", IniEntryPermission::System),
    IniEntryDef::end(),
]);

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

/// `byok.tenant`: binds envelopes to a pool of php-fpm, so that two pools with one key cannot open
/// each other's.
pub fn tenant() -> String {
    shim::ini(TENANT)
}

/// `byok.timeout`: time for a whole check, in seconds.
pub fn timeout() -> Duration {
    let seconds = shim::ini(TIMEOUT).trim().parse().unwrap_or(TIMEOUT_DEFAULT);
    duration(seconds).unwrap_or(Duration::from_secs_f64(TIMEOUT_DEFAULT))
}

/// Seconds as a duration, if over 0 and at most [`TIMEOUT_MAX`].
pub fn duration(seconds: f64) -> Option<Duration> {
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
    let value = shim::ini(name).trim().to_ascii_lowercase();
    matches!(value.as_str(), "1" | "on" | "yes" | "true")
}
