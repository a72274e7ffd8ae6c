//! Keeps account of what was masked, for those who want to know: a search for keys lying around.
//!
//! It promises to hold masks only and to stay small. It does not know the text.

use super::span::Rule;
use super::text::Text;

/// Something that was masked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// Id of the provider; `None` when only its form, or the name before it, is known.
    pub provider: Option<String>,
    /// Id of the rule in `redaction.json`, or `stored`.
    pub rule: String,
    /// Its mask.
    pub masked: String,
    /// Where it stood, in bytes from the start of the text.
    pub offset: u64,
    /// The line it began in, from 1.
    pub line: u64,
}

/// The account of one text.
#[derive(Default)]
pub(super) struct Ledger {
    found: Vec<Found>,
    /// How many more there were than are kept.
    missed: u64,
    /// Whether somebody will ask; otherwise nothing is counted.
    is_kept: bool,
    /// How many bytes of the text came before the part that is at hand.
    before: u64,
    /// How many line breaks are before `counted`.
    lines: u64,
    /// A position in the part that is at hand.
    counted: usize,
}

impl Ledger {
    /// A report with more has long told that something is wrong.
    const MOST: usize = 10_000;

    /// One that keeps account.
    pub fn kept() -> Self {
        Ledger {
            is_kept: true,
            ..Ledger::default()
        }
    }

    /// Offset and line of a position that is not before the last one asked for.
    pub fn place(&mut self, text: &Text<'_>, at: usize) -> (u64, u64) {
        if !self.is_kept {
            return (0, 0);
        }
        let passed = text.bytes().get(self.counted..at).unwrap_or_default();
        self.lines += memchr::memchr_iter(b'\n', passed).count() as u64;
        self.counted = self.counted.max(at);
        (self.before + at as u64, self.lines + 1)
    }

    pub fn enter(&mut self, rule: &Rule, masked: &str, offset: u64, line: u64) {
        if !self.is_kept {
            return;
        }
        if self.found.len() == Self::MOST {
            self.missed += 1;
            return;
        }
        self.found.push(Found {
            provider: rule.provider().map(str::to_owned),
            rule: rule.id().to_owned(),
            masked: masked.to_owned(),
            offset,
            line,
        });
    }

    /// The text begins so many bytes later.
    pub fn move_by(&mut self, text: &Text<'_>, by: usize) {
        self.place(text, by.max(self.counted));
        self.counted = self.counted.saturating_sub(by);
        self.before += by as u64;
    }

    /// Another text begins.
    pub fn restart(&mut self) {
        (self.before, self.lines, self.counted) = (0, 0, 0);
    }

    pub fn take_found(&mut self) -> Vec<Found> {
        std::mem::take(&mut self.found)
    }

    pub fn take_missed(&mut self) -> u64 {
        std::mem::take(&mut self.missed)
    }
}
