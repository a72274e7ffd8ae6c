//! Finds all forms of all keys in a text as it arrives.
//!
//! It promises the same hits however the text was cut, and that what it waits for grows with the
//! places where a form may begin, not with the forms. It does not know how hits become masks.

use std::ops::Range;
use std::sync::Arc;

use super::beginnings::{Beginnings, Lengths};
use super::grams::{Grams, LONG};
use super::hint::Hint;
use super::keys::Key;
use super::secret::Secret;
use crate::redact::cut::Cuts;
use crate::redact::span::{Hit, Rule, Shown};
use crate::redact::text::Text;

/// What finds all forms of all keys.
pub(in crate::redact) struct Finders {
    long: Grams,
    short: Grams,
    beginnings: Beginnings,
    cuts: Cuts,
    secret: Arc<Secret>,
}

/// Forms that may stand here, as soon as more of them has arrived.
struct Expected {
    start: usize,
    lengths: Lengths,
    /// What was there when this place was looked at last.
    done: usize,
    /// How much is needed to tell more, from the beginning.
    until: usize,
}

/// How far a text was looked through.
#[derive(Default)]
pub(in crate::redact) struct Progress {
    long: usize,
    short: usize,
    expected: Vec<Expected>,
}

impl Finders {
    pub(super) fn new(secret: &Arc<Secret>) -> Self {
        Finders {
            long: Grams::default(),
            short: Grams::default(),
            beginnings: Beginnings::default(),
            cuts: Cuts::default(),
            secret: Arc::clone(secret),
        }
    }

    pub(super) fn add(&mut self, key: &Key) {
        for (form, grams) in &key.forms {
            let among = if form.length < LONG {
                &mut self.short
            } else {
                &mut self.long
            };
            among.add(form.length, grams);
            self.beginnings.add(form);
        }
        self.cuts.add(&key.cuts, &key.hint);
    }

    /// Looks on, up to `end`, and adds what is found. What stands at the end of an incomplete text
    /// waits for the rest.
    pub fn find(&self, text: &Text<'_>, end: usize, progress: &mut Progress, hits: &mut Vec<Hit>) {
        let Progress {
            long,
            short,
            expected,
        } = progress;
        let mut found = |start: usize, lengths: Lengths| {
            let mut one = Expected {
                start,
                lengths,
                done: 0,
                until: 0,
            };
            if self.is_open(text, &mut one, hits) {
                expected.push(one);
            }
        };
        let bytes = text.bytes();
        *long = self.long.find(&self.secret, bytes, *long, end, &mut found);
        *short = self.short.find(&self.secret, bytes, *short, end, found);
    }

    /// Looks again at what was waited for.
    pub fn check_expected(&self, text: &Text<'_>, progress: &mut Progress, hits: &mut Vec<Hit>) {
        progress
            .expected
            .retain_mut(|one| self.is_open(text, one, hits));
    }

    /// Adds what stands here, as far as it has arrived. True when the rest decides.
    fn is_open(&self, text: &Text<'_>, one: &mut Expected, hits: &mut Vec<Hit>) -> bool {
        let bytes = &text.bytes()[one.start..];
        if bytes.len() < one.until && !text.is_complete() {
            return true;
        }
        // Read anew from the beginning, which is at most twice as much as it is long.
        let start = one.start;
        let more = self.beginnings.follow(
            &self.secret,
            bytes,
            one.lengths,
            one.done,
            |length, hint| {
                hits.push(stored(start..start + length, hint));
            },
        );
        one.done = bytes.len();
        one.until = more.unwrap_or(0);
        more.is_some() && !text.is_complete()
    }

    /// What PHP shows of a key among the arguments of a trace: its first characters, before `...'`.
    pub fn find_cut(&self, text: &Text<'_>, end: usize, hits: &mut Vec<Hit>) {
        let length = self.cuts.length();
        let Some(start) = end.checked_sub(length).filter(|_| length > 0) else {
            return;
        };
        let shown = &text.bytes()[start..end];
        if let Some(hint) = self.cuts.find(shown, |bytes| self.secret.whole(bytes)) {
            hits.push(Hit {
                shown: Shown::First(hint.first()),
                ..stored(start..end, hint)
            });
        }
    }

    /// From where on a form may begin that was not looked up yet, or waits for its end. Forms have
    /// no spaces and no line breaks, so most of the time that is the last word.
    pub fn hold(&self, text: &Text<'_>, progress: &Progress) -> usize {
        let bytes = text.bytes();
        let open = |among: &Grams, at: usize| among.open_from(at).unwrap_or(bytes.len());
        // With what PHP puts behind it.
        let cut = bytes.len().saturating_sub(self.cuts.length() + 3);
        let from = open(&self.long, progress.long)
            .min(open(&self.short, progress.short))
            .min(cut);
        let word = bytes[from..]
            .iter()
            .rposition(|byte| !byte.is_ascii_graphic())
            .map_or(from, |last| from + last + 1);
        word.min(progress.needs_from())
    }
}

impl Progress {
    /// The text begins so many bytes later.
    pub fn move_by(&mut self, by: usize) {
        self.long = self.long.saturating_sub(by);
        self.short = self.short.saturating_sub(by);
        for one in &mut self.expected {
            one.start -= by;
        }
    }

    /// Where the first form begins that is waited for.
    pub fn needs_from(&self) -> usize {
        let starts = self.expected.iter().map(|one| one.start);
        starts.fold(usize::MAX, usize::min)
    }
}

fn stored(range: Range<usize>, hint: &Hint) -> Hit {
    Hit {
        start: range.start,
        end: range.end,
        class: None,
        shown: Shown::Hint,
        sure: true,
        rule: Rule::Stored(hint.clone()),
    }
}

#[cfg(test)]
mod tests;
