//! The certificate decides whether a key is sent.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::thread;

use byok_engine::agent::{Client, Policy};
use byok_engine::check::{Checked, Outcome, Reason, check};
use byok_engine::credential::Credential;
use byok_engine::provider::find;
use byok_test_provider::Server;

use crate::check_support::{LONG, key};

/// A file with the server's authority, removed when dropped.
struct Authority(PathBuf);

impl Authority {
    fn of(server: &Server) -> Self {
        let name = format!("byok-test-{}-{}.pem", std::process::id(), server.tls_port());
        let file = std::env::temp_dir().join(name);
        std::fs::write(&file, server.authority()).expect("written");
        Self(file)
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn checked(root: &str, ca_file: Option<PathBuf>) -> Checked {
    let policy = Policy {
        test_provider: Some(root.to_owned()),
        ca_file,
        ..Policy::default()
    };
    let client = Client::new(policy).expect("a client");
    let provider = find("anthropic").expect("in the table");
    let credential = Credential::parse(key(provider, "valid").as_bytes()).expect("a key");
    check(&client, provider, None, &credential, LONG).expect("checked")
}

fn assert_refused(server: &Server, checked: &Checked) {
    assert_eq!(
        (checked.outcome, checked.reason),
        (Outcome::Unknown, Reason::Tls)
    );
    assert_eq!(checked.http_status, None);
    assert_eq!(server.requests(), []);
}

#[test]
fn a_trusted_certificate_is_accepted() {
    let server = Server::start().expect("a server");
    let authority = Authority::of(&server);
    let checked = checked(&server.tls_url(), Some(authority.0.clone()));
    assert_eq!(
        (checked.outcome, checked.reason),
        (Outcome::Valid, Reason::Answered)
    );
    assert_eq!(checked.origin, server.tls_url());
}

#[test]
fn a_new_connection_takes_up_the_session() {
    let server = Server::start().expect("a server");
    let authority = Authority::of(&server);
    let test_provider = Some(server.tls_url());
    let policy = Policy {
        test_provider,
        ca_file: Some(authority.0.clone()),
        ..Policy::default()
    };
    let client = Client::new(policy).expect("a client");
    let provider = find("anthropic").expect("in the table");
    for word in ["valid", "close", "valid"] {
        let credential = Credential::parse(key(provider, word).as_bytes()).expect("a key");
        check(&client, provider, None, &credential, LONG).expect("checked");
    }
    assert_eq!((server.connections(), server.resumed()), (2, 1));
}

#[test]
fn an_unknown_authority_is_refused() {
    let server = Server::start().expect("a server");
    assert_refused(&server, &checked(&server.tls_url(), None));

    let other = Authority::of(&Server::start().expect("a server"));
    assert_refused(&server, &checked(&server.tls_url(), Some(other.0.clone())));
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let server = Server::start().expect("a server");
    let authority = Authority::of(&server);
    let root = format!("https://127.0.0.1:{}", server.tls_port());
    assert_refused(&server, &checked(&root, Some(authority.0.clone())));
}

#[test]
fn a_server_without_tls_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        stream
            .write_all(b"HTTP/1.1 400 Test\r\ncontent-length: 0\r\n\r\n")
            .expect("written");
        let mut received = Vec::new();
        stream.read_to_end(&mut received).map(|_| received)
    });
    let checked = checked(&format!("https://{address}"), None);
    assert_eq!(
        (checked.outcome, checked.reason),
        (Outcome::Unknown, Reason::Tls)
    );
    let received = server.join().expect("no panic").unwrap_or_default();
    assert!(!received.windows(9).any(|part| part == b"byok-test"));
}
