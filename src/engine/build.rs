//! Decides how the words of `redaction.json` are looked for, and writes it down for `anchors.rs`.

#[path = "redact/choose.rs"]
mod choose;
// What a word is the sign of does not matter here.
#[allow(dead_code)]
#[path = "redact/words.rs"]
mod words;

use std::error::Error;
use std::path::Path;
use std::{env, fs};

const TABLE: &str = "redaction.json";
const SAMPLE: &str = "redact/sample.log";

fn main() -> Result<(), Box<dyn Error>> {
    for file in [TABLE, SAMPLE, "redact/choose.rs", "redact/words.rs"] {
        println!("cargo:rerun-if-changed={file}");
    }
    let words = words::words(&fs::read_to_string(TABLE)?)?;
    let (offsets, halves) = choose::choose(&words, &fs::read(SAMPLE)?);
    let halves: Vec<u8> = [halves.low, halves.high].concat().concat();
    let folder = env::var("OUT_DIR")?;
    fs::write(Path::new(&folder).join("offsets"), offsets)?;
    fs::write(Path::new(&folder).join("halves"), halves)?;
    Ok(())
}
