//! The proxy of the environment. Each check is made in a process of its own, since the environment
//! belongs to the whole process.

use std::process::Command;
use std::time::Duration;

use byok_engine::agent::{Client, Policy};
use byok_engine::check::{Outcome, check};
use byok_engine::credential::Credential;
use byok_engine::provider::find;
use byok_test_provider::Server;

const ROOT: &str = "BYOK_TEST_ROOT";
const ALLOW: &str = "BYOK_TEST_ALLOW_PROXY";

/// Runs the child below with the trap as its proxy; returns whether it succeeded.
fn run_child(server: &Server, allow_proxy: bool) -> bool {
    let proxy = format!("http://{}", server.trap());
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.args(["--ignored", "--exact", "child_makes_a_check"]);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command
            .env(name, &proxy)
            .env(name.to_ascii_lowercase(), &proxy);
    }
    command.env_remove("NO_PROXY").env_remove("no_proxy");
    command.env(ROOT, server.url());
    if allow_proxy {
        command.env(ALLOW, "1");
    }
    command.output().expect("a child").status.success()
}

#[test]
fn the_proxy_of_the_environment_is_ignored() {
    let server = Server::start().expect("a server");
    assert!(run_child(&server, false));
    assert_eq!(server.requests().len(), 1);
    assert_eq!(server.trapped(), 0);
}

#[test]
fn the_proxy_of_the_environment_is_used_when_allowed() {
    let server = Server::start().expect("a server");
    assert!(!run_child(&server, true));
    assert_eq!(server.requests().len(), 0);
    assert!(server.trapped() > 0);
}

#[test]
#[ignore = "run by the tests above"]
fn child_makes_a_check() {
    let root = std::env::var(ROOT).expect("run by a test above");
    let allow_proxy = std::env::var_os(ALLOW).is_some();
    let policy = Policy {
        test_provider: Some(root),
        allow_proxy,
        ..Policy::default()
    };
    let client = Client::new(policy).expect("a client");
    let provider = find("anthropic").expect("in the table");
    let credential = Credential::parse(b"sk-ant-api03-byok-test-valid").expect("a key");
    let checked = check(&client, provider, None, &credential, Duration::from_secs(5));
    assert_eq!(checked.expect("checked").outcome, Outcome::Valid);
}
