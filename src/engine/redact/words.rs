//! The words that are the sign of a key, made of the rules: each in all the ways it is written.
//!
//! It promises that the same table gives the same words in the same order: the build script, which
//! decides how they are looked for, and the engine both make them. It knows of a rule no more than
//! its place in the table.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::Deserialize;

/// What of the table makes words.
#[derive(Deserialize)]
struct Source {
    keys: Vec<Key>,
    infixes: Vec<Infix>,
    names: Vec<Name>,
}

#[derive(Deserialize)]
struct Key {
    prefixes: Vec<String>,
    /// Whether it is looked for in base64 as well. Each such rule costs time on every text.
    #[serde(default)]
    encoded: bool,
}

#[derive(Deserialize)]
struct Infix {
    infix: String,
}

#[derive(Deserialize)]
struct Name {
    names: Vec<String>,
}

/// What a word in a text may be the sign of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// A key that begins here.
    Key(usize),
    /// A key around here.
    Infix(usize),
    /// A value that follows.
    Name(usize),
    /// A key in base64, with its prefix and how many bytes stood before it in its group of three.
    Encoded(usize, String, usize),
    /// The end of an argument that PHP has cut.
    Cut,
}

/// A word, and what it is the sign of.
pub(crate) struct Word {
    pub text: Vec<u8>,
    /// Whether it may stand in any letter case.
    pub any_case: bool,
    pub sign: Sign,
}

/// All words of a table.
pub(crate) fn words(json: &str) -> Result<Vec<Word>, serde_json::Error> {
    let table: Source = serde_json::from_str(json)?;
    let mut words = Vec::new();
    let mut add = |text: String, any_case: bool, sign: Sign| {
        words.push(Word {
            text: text.into_bytes(),
            any_case,
            sign,
        });
    };
    for (index, key) in table.keys.iter().enumerate() {
        for prefix in &key.prefixes {
            for spelling in spellings(prefix) {
                add(spelling, false, Sign::Key(index));
            }
            for shift in (0..3).filter(|_| key.encoded) {
                let sign = Sign::Encoded(index, prefix.clone(), shift);
                add(in_base64(prefix, shift), false, sign);
            }
        }
    }
    for (index, infix) in table.infixes.iter().enumerate() {
        add(infix.infix.clone(), false, Sign::Infix(index));
    }
    for (index, name) in table.names.iter().enumerate() {
        for spelling in name.names.iter().flat_map(|name| spellings(name)) {
            add(spelling, true, Sign::Name(index));
        }
    }
    // As in a trace, on an HTML page, and in JSON.
    for end in ["...'", "...&#039;", "...\\u0027"] {
        add(end.to_owned(), false, Sign::Cut);
    }
    Ok(words)
}

/// The characters of base64 that only the prefix decides when `shift` bytes are before it.
fn in_base64(prefix: &str, shift: usize) -> String {
    let text = STANDARD_NO_PAD.encode([&[0; 2][..shift], prefix.as_bytes()].concat());
    let (start, end) = ((shift * 8).div_ceil(6), (shift + prefix.len()) * 8 / 6);
    text[start..end].to_owned()
}

/// A word as it is, and with each sign in it escaped as URLs and JSON do.
fn spellings(word: &str) -> Vec<String> {
    let escaped = |escape: fn(u8) -> String| -> String {
        word.bytes()
            .map(|byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    escape(byte)
                }
            })
            .collect()
    };
    let mut all = vec![
        word.to_owned(),
        escaped(|byte| format!("%{byte:02X}")),
        escaped(|byte| format!("%{byte:02x}")),
        escaped(|byte| format!("%25{byte:02X}")),
        escaped(|byte| format!("%25{byte:02x}")),
        escaped(|byte| format!("\\u{byte:04x}")),
        escaped(|byte| format!("\\u{byte:04X}")),
        escaped(|byte| format!("\\x{byte:02x}")),
        escaped(|byte| format!("\\x{byte:02X}")),
    ];
    all.sort();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_spelled_in_each_escape() {
        let all = spellings("r8_");
        for spelling in ["r8_", "r8%5F", "r8%5f", "r8%255F", "r8\\u005f", "r8\\x5F"] {
            assert!(all.iter().any(|one| one == spelling), "{spelling}");
        }
    }

    #[test]
    fn base64_of_a_prefix_is_what_it_alone_decides() {
        for shift in 0..3 {
            let known = in_base64("sk-ant-", shift);
            for before in [&[0xff; 2][..shift], &[0; 2][..shift]] {
                for after in [&[0xff; 3], &[0; 3]] {
                    let text = STANDARD_NO_PAD.encode([before, b"sk-ant-", after].concat());
                    assert!(text.contains(&known), "{known} in {text}");
                }
            }
        }
    }
}
