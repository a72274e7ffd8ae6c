//! Compiles the C files against the headers of the PHP that `php-config` belongs to.

use std::env;
use std::process::Command;

/// The C files: `shim.c` is what ext-php-rs cannot express, the others are hooks of Zend.
const FILES: [&str; 4] = ["shim.c", "redactor.c", "log.c", "relay.c"];

fn main() {
    for file in FILES {
        println!("cargo:rerun-if-changed={file}");
    }
    println!("cargo:rerun-if-env-changed=PHP_CONFIG");
    let php_config = env::var("PHP_CONFIG").unwrap_or_else(|_| "php-config".into());
    let includes = match Command::new(&php_config).arg("--includes").output() {
        Ok(output) if output.status.success() => output.stdout,
        _ => {
            println!(
                "cargo::error={php_config} does not run: install the headers of PHP (php8.2-dev on Debian 12)"
            );
            return;
        }
    };
    let mut build = cc::Build::new();
    for flag in String::from_utf8_lossy(&includes).split_whitespace() {
        build.include(flag.trim_start_matches("-I"));
    }
    build
        .files(FILES)
        .flag("-Wno-unused-parameter")
        .compile("byok_shim");
}
