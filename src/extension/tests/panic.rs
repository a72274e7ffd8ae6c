//! A panic becomes a PHP `Error` with a fixed text, and nothing reaches standard error.
//!
//! The debug build has a function that panics with its argument; `cargo test` builds the extension
//! beside this test's executable.

use std::process::{Command, Stdio};

#[test]
fn a_panic_is_an_error_with_a_fixed_text_and_a_clean_stderr() {
    let extension = std::env::current_exe()
        .unwrap()
        .with_file_name("libbyok.so");
    let php = std::env::var("PHP").unwrap_or_else(|_| "php".into());
    let script = "try { byok_test_panic( $argv[1] ); } catch ( Error $e ) { echo get_class( $e ), '|', $e->getMessage(); } \
                  echo '|', byok_mask( 'short' );";
    let output = Command::new(php)
        .args(["-n", "-d"])
        .arg(format!("extension={}", extension.display()))
        .args(["-r", script, "--", "sk-byok-test-in-a-panic"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let seen = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        seen,
        "Error|byok met an internal error; nothing was done. Please report it.|…"
    );
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success());
}
