//! Writes what the fuzzer begins with: the examples of `redaction.json`, each as a file, and its
//! words as a dictionary.
//!
//! seeds FOLDER DICTIONARY

#[path = "../tests/rust/redact_examples.rs"]
mod examples;

use std::path::Path;
use std::{env, fs, io};

use examples::{Chance, Example, table};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [folder, dictionary] = arguments.as_slice() else {
        return Err(io::Error::other("usage: seeds FOLDER DICTIONARY"));
    };
    fs::create_dir_all(folder)?;
    let table = table();
    let rules = || table.keys.iter().chain(&table.infixes).chain(&table.names);
    let examples = rules().flat_map(|rule| rule.hits.iter().chain(&rule.misses));
    for (index, template) in examples.chain(&table.clean).enumerate() {
        let example = Example::of(template, &mut Chance::new(index as u64));
        assert!(example.secrets.is_empty() || !example.survives_in(b""));
        // How the fuzz target treats a text is in its first two bytes.
        let seed = [&[index as u8, 7][..], example.text.as_bytes()].concat();
        fs::write(Path::new(folder).join(format!("seed-{index:04}")), seed)?;
    }

    let words = rules().flat_map(|rule| rule.prefixes.iter().chain(&rule.names));
    let signs = [
        "%2D", "%25", "\\u002d", "\\/", "\u{2026}", "...'", "=>", "Bearer ", "\x1b[31m",
    ];
    // Of the known keys of redaction.rs.
    let known = [
        "byok/test+0Aa1Bb2Cc3Dd4Ee5Ff6==",
        "7Gg8",
        "byok-test-0Aa1Bb2Cc3Dd4Ee5Ff6Gg7Hh8Ii9Jj0Kk1Ll2Mm3Nn4Oo5Pp",
        "6Qq7Rr",
        "7Vv8Ww9Xx",
    ];
    let lines: String = words
        .map(String::as_str)
        .chain(signs)
        .chain(known)
        .map(|word| {
            let bytes: String = word.bytes().map(|byte| format!("\\x{byte:02x}")).collect();
            format!("\"{bytes}\"\n")
        })
        .collect();
    fs::write(dictionary, lines)
}
