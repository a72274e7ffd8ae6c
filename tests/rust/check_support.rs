//! What the tests of checks share.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use byok_engine::agent::{Client, Policy};
use byok_engine::check::{Checked, check};
use byok_engine::credential::Credential;
use byok_engine::provider::{Provider, find};
use byok_test_provider::Server;

/// Long enough for a loaded machine; no test should need it.
pub const LONG: Duration = Duration::from_secs(20);

/// Short enough to wait for.
pub const SHORT: Duration = Duration::from_millis(400);

/// A key of this provider that asks for an answer, different each time.
pub fn key(provider: &Provider, word: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let prefix = provider.prefixes.first().map_or("", String::as_str);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!(
        "{prefix}byok-test-{word}-{:08x}{count:08x}",
        std::process::id()
    )
}

/// A client that asks the test provider in place of the real ones.
pub fn client(server: &Server) -> Client {
    let policy = Policy {
        test_provider: Some(server.url()),
        ..Policy::default()
    };
    Client::new(policy).expect("a client")
}

/// The base URL to give for a provider, if it needs one.
pub fn base_url(provider: &Provider, root: &str) -> Option<String> {
    provider
        .custom_base_url()
        .then(|| format!("{root}/{}/v1", provider.id))
}

/// The result for a key that asks for this answer.
pub fn checked(server: &Server, id: &str, word: &str, timeout: Duration) -> Checked {
    let provider = find(id).expect("in the table");
    checked_key(server, provider, &key(provider, word), timeout)
}

/// The result for this key.
pub fn checked_key(server: &Server, provider: &Provider, key: &str, timeout: Duration) -> Checked {
    let credential = Credential::parse(key.as_bytes()).expect("a key");
    let base = base_url(provider, &server.url());
    check(
        &client(server),
        provider,
        base.as_deref(),
        &credential,
        timeout,
    )
    .expect("checked")
}
