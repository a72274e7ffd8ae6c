//! How an answer is to be: chosen by the key, or forced for all keys.

/// One way to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The key works.
    Valid,
    /// The key is right, the account is empty.
    NoCredit,
    /// Too many requests, with a time to wait.
    RateLimited,
    /// The key may not list models.
    Restricted,
    /// The key is wrong.
    Invalid,
    /// Status 500.
    Outage,
    /// No answer at all.
    Hang,
    /// Headers that arrive byte by byte and never end.
    Drip,
    /// A body that arrives byte by byte and never ends.
    DripBody,
    /// A gigabyte of body.
    Huge,
    /// A few bytes that unpack to many.
    Bomb,
    /// 64 KiB of headers.
    Headers,
    /// A redirect to the trap, which is another host and port.
    Redirect,
    /// The key is wrong, and the error repeats it.
    Echo,
    /// The connection is closed without an answer.
    Close,
    /// Status 200, but a page for people: a captive portal, a parked domain.
    Portal,
}

impl Mode {
    /// Every mode with its word. Where one word begins another, the longer comes first.
    pub const ALL: &[(&str, Self)] = &[
        ("valid", Self::Valid),
        ("no-credit", Self::NoCredit),
        ("rate-limited", Self::RateLimited),
        ("restricted", Self::Restricted),
        ("invalid", Self::Invalid),
        ("outage", Self::Outage),
        ("hang", Self::Hang),
        ("drip-body", Self::DripBody),
        ("drip", Self::Drip),
        ("huge", Self::Huge),
        ("bomb", Self::Bomb),
        ("headers", Self::Headers),
        ("redirect", Self::Redirect),
        ("echo", Self::Echo),
        ("close", Self::Close),
        ("portal", Self::Portal),
    ];

    /// The mode that a key asks for: it holds `byok-test-` and the word. Any other key is wrong.
    pub fn of_key(key: &str) -> Self {
        let asked = key.split_once("byok-test-").and_then(|(_, rest)| {
            Self::ALL
                .iter()
                .find(|(word, _)| rest.starts_with(word))
                .map(|(_, mode)| *mode)
        });
        asked.unwrap_or(Self::Invalid)
    }

    /// The mode of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(w, _)| *w == word)
            .map(|(_, mode)| *mode)
    }

    /// The word of the mode.
    pub fn word(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, mode)| *mode == self)
            .map_or("", |(word, _)| word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_found_in_a_key() {
        for (word, mode) in Mode::ALL {
            assert_eq!(Mode::of_key(&format!("sk-byok-test-{word}-x")), *mode);
            assert_eq!(Mode::of_word(word), Some(*mode));
            assert_eq!(mode.word(), *word);
        }
    }

    #[test]
    fn another_key_is_wrong() {
        assert_eq!(Mode::of_key("sk-byok-test"), Mode::Invalid);
        assert_eq!(Mode::of_key("byok-test-anything"), Mode::Invalid);
    }
}
