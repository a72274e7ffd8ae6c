//! What people see in place of a key: the part that names the provider, and the last four.
//!
//! It promises that at least eight characters stay hidden, that a short key is hidden whole, and
//! that a mask is never taken for a key again. It does not know how long the key was: the length
//! is not shown.

use crate::redact;

/// Stands for what is hidden. Not ASCII, so it is in no key and ends every match of the redactor.
pub(crate) const ELLIPSIS: &str = "…";

/// How much of the end is shown: the most that providers' own pages show.
pub(crate) const SHOWN: usize = 4;
/// A shorter key is hidden whole: four of fifteen characters would already narrow it down.
const SHORTEST: usize = 16;
/// At least this many characters stay hidden behind prefix and end.
const HIDDEN: usize = 8;

/// What a mask shows of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The characters that name the provider; by default they are shown.
    pub first: bool,
    /// How many characters of the end, at most [`Options::MOST`], the default.
    pub last: usize,
}

impl Options {
    /// The most that is shown of the end.
    pub const MOST: usize = SHOWN;

    /// The mask of a key of this length: its prefix, the ellipsis and its last characters.
    pub(crate) fn mask(&self, prefix: &str, length: usize, last: &[u8]) -> String {
        let hidden = length.saturating_sub(prefix.len() + SHOWN);
        match std::str::from_utf8(last) {
            Ok(last)
                if length >= SHORTEST
                    && hidden >= HIDDEN
                    && last.len() == SHOWN
                    && last.bytes().all(|byte| byte.is_ascii_graphic()) =>
            {
                let last = &last[SHOWN - self.last.min(SHOWN)..];
                format!("{}{last}", self.beginning(prefix))
            }
            _ => ELLIPSIS.to_owned(),
        }
    }

    /// The mask of a key of which only the beginning is there.
    pub(crate) fn beginning(&self, prefix: &str) -> String {
        format!("{}{ELLIPSIS}", if self.first { prefix } else { "" })
    }
}

impl Default for Options {
    fn default() -> Self {
        Options {
            first: true,
            last: Self::MOST,
        }
    }
}

/// Masks one key: `sk-ant-…Qw4A`, or `…` alone if the key is too short to show anything of it.
///
/// Which prefixes are shown is data: `redaction.json`.
pub fn mask(key: &str) -> String {
    let tail = key.len().saturating_sub(SHOWN);
    Options::default().mask(
        redact::known_prefix(key.as_bytes()).unwrap_or(""),
        key.len(),
        &key.as_bytes()[tail..],
    )
}

/// Tells whether a text is a mask, ours or another's, and so cannot be a key.
///
/// Providers and WordPress show bullets, asterisks or three dots; no key holds a run of them.
pub fn is_mask(text: &str) -> bool {
    text.contains(['…', '•', '●', '∗', '＊']) || text.contains("...") || text.contains("***")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn provider_and_last_four_are_shown() {
        let key = format!("sk-ant-api03-{}byok-testQw4A", "x".repeat(80));
        assert_eq!(mask(&key), "sk-ant-…Qw4A");
    }

    #[test]
    fn unknown_prefix_is_hidden() {
        assert_eq!(mask("byok-test-0123456789abcdefQw4A"), "…Qw4A");
    }

    #[test]
    fn short_key_is_hidden_whole() {
        for length in 0..SHORTEST {
            assert_eq!(mask(&"k".repeat(length)), "…", "{length}");
        }
        assert_eq!(mask(&"k".repeat(SHORTEST)), "…kkkk");
    }

    #[test]
    fn eight_characters_stay_hidden_behind_a_long_prefix() {
        assert_eq!(mask(&format!("sk-svcacct-{}", "k".repeat(11))), "…");
        assert_eq!(
            mask(&format!("sk-svcacct-{}", "k".repeat(12))),
            "sk-svcacct-…kkkk"
        );
    }

    #[test]
    fn no_character_is_cut_and_no_control_character_shown() {
        assert_eq!(mask(&"é".repeat(20)), "…");
        assert_eq!(mask(&format!("a{}", "é".repeat(20))), "…");
        assert_eq!(mask("byok-test-byok-test-byok\n\x1b[m"), "…");
    }

    #[test]
    fn masks_are_known_and_keys_are_not() {
        for text in [
            "…",
            "sk-ant-…Qw4A",
            "••••••••••••Qw4A",
            "********Qw4A",
            "sk-...Qw4A",
        ] {
            assert!(is_mask(text), "{text}");
        }
        for text in [
            "",
            "sk-byok-test-01.02",
            "byok-test*",
            "AQ.byok-test",
            "a..b",
        ] {
            assert!(!is_mask(text), "{text}");
        }
    }

    #[test]
    fn mask_of_a_mask_is_a_mask() {
        for text in ["…", "sk-ant-…Qw4A", "bedrock-api-key-…Qw4A"] {
            assert_eq!(mask(text), "…");
        }
    }
}
