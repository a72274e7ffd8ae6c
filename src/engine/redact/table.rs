//! The rules: `redaction.json`, read once, and the words that tell where they may apply.
//!
//! It promises that a new key format is a new row of data, with examples that the tests run. It
//! does not know what a match means: `key.rs` judges keys, `context.rs` judges values.

use super::anchors::Anchors;
use super::choose::{Halves, PROBE};
use super::key::BACK;
use super::text::{Class, Window};
use super::words::{Sign, Word, words};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::sync::LazyLock;

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    // Invariant: the table is part of the build, and every test of this module parses it.
    Table::parse(include_str!("../redaction.json")).expect("redaction.json is well-formed")
});

/// The rules of this build.
pub(super) fn table() -> &'static Table {
    &TABLE
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    keys: Vec<KeyRule>,
    infixes: Vec<InfixRule>,
    names: Vec<NameRule>,
    schemes: Vec<String>,
    #[serde(rename = "clean")]
    _clean: IgnoredAny,
}

/// A key that is known by how it begins.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyRule {
    pub id: String,
    /// Id of the provider; `None` when several have such keys.
    pub provider: Option<String>,
    pub prefixes: Vec<String>,
    #[serde(rename = "encoded", default)]
    _encoded: IgnoredAny,
    /// What a mask shows; the prefix itself if absent.
    keep: Option<String>,
    /// How many characters must follow the prefix.
    pub least: usize,
    #[serde(default)]
    pub class: Class,
    #[serde(default)]
    pub looks: Looks,
    #[serde(default)]
    pub after: After,
    #[serde(rename = "hits")]
    _hits: IgnoredAny,
    #[serde(rename = "misses")]
    _misses: IgnoredAny,
}

/// A key that is known by something in its middle.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InfixRule {
    pub id: String,
    pub provider: Option<String>,
    #[serde(rename = "infix")]
    _infix: IgnoredAny,
    /// How the key begins; empty if any letter or digit will do.
    pub opens: String,
    /// How many characters must stand before the infix, the opening included.
    pub behind: usize,
    /// How many must follow it.
    pub least: usize,
    #[serde(rename = "hits")]
    _hits: IgnoredAny,
    #[serde(rename = "misses")]
    _misses: IgnoredAny,
}

/// A value that is known by the name before it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NameRule {
    pub id: String,
    #[serde(rename = "names")]
    _names: IgnoredAny,
    pub form: Form,
    /// Whether more of a name may follow: `token_for_deployments`.
    #[serde(default)]
    pub longer: bool,
    /// How many characters the value must have.
    pub least: usize,
    #[serde(default)]
    pub looks: Looks,
    #[serde(rename = "hits")]
    _hits: IgnoredAny,
    #[serde(rename = "misses")]
    _misses: IgnoredAny,
}

/// How a name is tied to its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Form {
    /// A scheme and credentials: `Authorization`.
    Authorization,
    /// A header's whole name, then a separator.
    Header,
    /// Any other name, then a separator.
    Field,
    /// `=` at once.
    Parameter,
    /// White space: `Bearer`.
    Scheme,
}

/// What the characters before a prefix may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum After {
    /// Anything: the prefix is long enough to be no accident.
    Anything,
    /// No letter and no digit.
    #[default]
    Word,
    /// Nor `-` or `_`: three characters turn up by accident in base64url and in class names.
    Token,
}

impl After {
    pub fn allows(self, before: Option<u8>) -> bool {
        match (self, before) {
            (After::Anything, _) | (_, None) => true,
            (After::Word, Some(byte)) => !byte.is_ascii_alphanumeric(),
            (After::Token, Some(byte)) => !Class::Key.holds(byte),
        }
    }
}

/// What tells a key from words. Each is judged on a fixed number of first characters and stays
/// true when more follow, so the answer does not depend on where a text was cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Looks {
    /// Any characters.
    Any,
    /// A digit, or both cases. Words of a slug or an identifier have neither.
    #[default]
    Mixed,
    /// Both cases more than once, or as `Random`.
    Cased,
    /// Hexadecimal digits only.
    Hex,
    /// Letters, digits and cases alternate as they do by chance only.
    Random,
}

impl Looks {
    /// How many characters are judged at most, for a rule that demands `least`.
    pub fn window(self, least: usize) -> usize {
        match self {
            Looks::Any | Looks::Hex => least,
            // Twenty characters of chance can be poor in digits or in one case, sixty are not.
            Looks::Mixed | Looks::Cased | Looks::Random => least.max(64),
        }
    }

    /// Whether the beginning of a body too short for a rule may be one.
    pub fn accepts_part(self, bytes: &[u8]) -> bool {
        match self {
            Looks::Any | Looks::Hex => self.accepts(bytes),
            Looks::Mixed | Looks::Cased | Looks::Random => Looks::Mixed.accepts(bytes),
        }
    }

    pub fn accepts(self, bytes: &[u8]) -> bool {
        let count = |is: fn(&u8) -> bool| bytes.iter().filter(|byte| is(byte)).count();
        let digits = count(u8::is_ascii_digit);
        let upper = count(u8::is_ascii_uppercase);
        let lower = count(u8::is_ascii_lowercase);
        match self {
            Looks::Any => true,
            Looks::Mixed => digits > 0 || (upper > 0 && lower > 0),
            Looks::Cased => (upper > 1 && lower > 1) || Looks::Random.accepts(bytes),
            Looks::Hex => bytes.iter().all(u8::is_ascii_hexdigit),
            Looks::Random => {
                let changes = changes(bytes);
                (digits > 1 && changes > 3)
                    || (digits > 0 && changes > 5)
                    || changes > 11
                    || digits > 15
            }
        }
    }
}

/// How often the kind of character changes within words: `col-12-md-6` never does.
fn changes(bytes: &[u8]) -> usize {
    let kind = |byte: u8| match byte {
        b'0'..=b'9' => Some(0),
        b'A'..=b'Z' => Some(1),
        b'a'..=b'z' => Some(2),
        _ => None,
    };
    bytes
        .windows(2)
        .filter(|pair| match (kind(pair[0]), kind(pair[1])) {
            (Some(one), Some(two)) => one != two,
            _ => false,
        })
        .count()
}

/// The rules and what finds them.
pub(super) struct Table {
    pub keys: Vec<KeyRule>,
    pub infixes: Vec<InfixRule>,
    pub names: Vec<NameRule>,
    /// Known authentication schemes, in lower case.
    pub schemes: Vec<String>,
    /// Finds prefixes, infixes and names.
    pub anchors: Anchors,
    /// Each prefix and what is shown of it, longest first.
    shown: Vec<(String, String)>,
}

impl Table {
    fn parse(json: &str) -> Result<Table, Box<dyn std::error::Error>> {
        let Source {
            keys,
            infixes,
            names,
            schemes,
            ..
        } = serde_json::from_str(json)?;

        let mut shown = Vec::new();
        for rule in &keys {
            if rule.least > Window::MOST {
                return Err("a body is longer than what is looked at".into());
            }
            for prefix in &rule.prefixes {
                shown.push((prefix.clone(), rule.keep.as_ref().unwrap_or(prefix).clone()));
            }
        }
        shown.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));

        let words = words(json)?;
        // What is kept back at the end of a piece relies on it, see `stream.rs`.
        if !words.iter().all(is_kept_back) {
            return Err("a piece could end within a word and give its beginning out".into());
        }
        Ok(Table {
            anchors: Anchors::new(
                words,
                include_bytes!(concat!(env!("OUT_DIR"), "/offsets")),
                halves(include_bytes!(concat!(env!("OUT_DIR"), "/halves"))),
            ),
            keys,
            infixes,
            names,
            schemes,
            shown,
        })
    }

    /// What a mask shows of the beginning of a key; nothing if the prefix is not known.
    pub fn shown(&self, key: &[u8]) -> Option<&str> {
        self.shown
            .iter()
            .find(|(prefix, _)| key.starts_with(prefix.as_bytes()))
            .map(|(_, keep)| &**keep)
    }

    /// Tells whether a text is the part of a mask before the ellipsis.
    pub fn is_shown(&self, text: &[u8]) -> bool {
        self.shown.iter().any(|(_, keep)| keep.as_bytes() == text)
    }
}

/// What `build.rs` has decided.
fn halves(bytes: &[u8; 2 * PROBE * 16]) -> Halves {
    let half = |index: usize| std::array::from_fn(|lower| bytes[16 * index + lower]);
    Halves {
        low: std::array::from_fn(half),
        high: std::array::from_fn(|position| half(PROBE + position)),
    }
}

/// Whether a word that stands in a key consists of what may stand in one, but for a dot at its end.
fn is_kept_back(word: &Word) -> bool {
    let text = &word.text;
    match word.sign {
        Sign::Name(_) | Sign::Cut => true,
        _ => {
            let text = text.strip_suffix(b".").unwrap_or(text);
            text.len() < BACK && text.iter().all(|byte| is_key_part(*byte))
        }
    }
}

/// Whether a byte may stand within a key of the class `Key`, escaped or not.
pub(super) fn is_key_part(byte: u8) -> bool {
    Class::Key.holds(byte) || byte == b'%' || byte == b'\\'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers_do_not_look_random() {
        for text in [
            "fading-circle-container-wrapper",
            "col-12-md-6-lg-4-xl-3",
            "SK-translation-file",
        ] {
            assert!(!Looks::Random.accepts(text.as_bytes()), "{text}");
        }
        for text in ["3f2a9c1b7d4e8f60aa12", "aK3fQz9LmN2xWv7RtY5b"] {
            assert!(Looks::Random.accepts(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn longest_prefix_is_shown() {
        assert_eq!(table().shown(b"sk-ant-api03-byok-test"), Some("sk-ant-"));
        assert_eq!(table().shown(b"sk-byok-test"), Some("sk-"));
        assert_eq!(table().shown(b"byok-test"), None);
    }
}
