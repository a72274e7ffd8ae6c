//! Looks for keys in a text as it arrives, and gives out what is decided.
//!
//! It promises that what comes out does not depend on how the text was cut, that no part of a key
//! comes out before its mask, and that it holds a bounded number of bytes: a key or value that does
//! not end is swallowed as it comes. It keeps back only from where a key may begin; after a line
//! break that is nothing.

use super::choose::PROBE;
use super::context;
use super::key::{self, BACK};
use super::known::{Finders, Progress, finders};
use super::ledger::{Found, Ledger};
use super::span::{Hit, Spans};
use super::table::{is_key_part, table};
use super::text::Text;
use super::words::Sign;
use crate::mask::Options;

/// What may have to be read again before a position: a key up to its infix, the infix, and the
/// longest escape with a colour before a key.
const BEHIND: usize = BACK + 64;
/// How much is looked through for words and then, while it is in the processor's cache, for
/// stored keys.
const BLOCK: usize = 1 << 15;

/// How far a text was looked through.
#[derive(Default)]
pub(super) struct Search {
    /// Words that could not be judged yet.
    pending: Vec<super::anchors::Place>,
    searched: usize,
    progress: Progress,
}

impl Search {
    /// Adds all hits that are decided by now. All others will begin at the returned position or
    /// behind it.
    pub fn look(&mut self, text: &Text<'_>, hits: &mut Vec<Hit>) -> usize {
        let anchors = &table().anchors;
        let finders = finders();
        let finders = finders.as_deref();
        let length = text.bytes().len();
        let mut hold = usize::MAX;
        let mut pending = std::mem::take(&mut self.pending);
        pending.retain(|place| match judge(text, place, finders, hits) {
            Some(from) => {
                hold = hold.min(from);
                true
            }
            None => false,
        });
        if let Some(finders) = finders {
            finders.check_expected(text, &mut self.progress, hits);
        }

        // A word may have begun in the last piece.
        let before = self.searched;
        let mut at = before.saturating_sub(anchors.longest() + PROBE);
        while at < length {
            let end = length.min(at + BLOCK);
            anchors.find(text.bytes(), at..end, |place| {
                if place.needs > before
                    && let Some(from) = judge(text, &place, finders, hits)
                {
                    hold = hold.min(from);
                    pending.push(place);
                }
            });
            if let Some(finders) = finders {
                finders.find(text, end, &mut self.progress, hits);
            }
            at = end;
        }
        self.searched = length;
        self.pending = pending;
        if text.is_complete() {
            return usize::MAX;
        }
        if let Some(finders) = finders {
            hold = hold.min(finders.hold(text, &self.progress));
        }
        hold.min(last_word(text.bytes()))
    }

    /// Up to where nothing needs the text any more.
    fn needs_from(&self) -> usize {
        let words = self.pending.iter().map(|place| place.start);
        words.fold(self.progress.needs_from(), usize::min)
    }

    fn move_by(&mut self, by: usize) {
        self.searched -= by;
        self.progress.move_by(by);
        for place in &mut self.pending {
            *place = place.moved(by);
        }
    }
}

/// Adds what a word is the sign of. When that depends on what has not arrived, nothing is added,
/// and where it would begin is returned.
fn judge(
    text: &Text<'_>,
    place: &super::anchors::Place,
    finders: Option<&Finders>,
    hits: &mut Vec<Hit>,
) -> Option<usize> {
    text.was_asked_for_more();
    let count = hits.len();
    let from = match table().anchors.sign(place) {
        Sign::Key(rule) => key::prefixed(text, place.range(), *rule, hits),
        Sign::Infix(rule) => key::around(text, place.range(), *rule, hits),
        Sign::Encoded(rule, prefix, shift) => {
            key::encoded(text, place.range(), *rule, prefix.as_bytes(), *shift, hits)
        }
        Sign::Name(rule) => context::judge(text, place.end, *rule, hits),
        Sign::Cut => {
            if let Some(finders) = finders {
                finders.find_cut(text, place.start, hits);
            }
            place.start
        }
    };
    text.was_asked_for_more().then(|| {
        hits.truncate(count);
        from
    })
}

/// Where the last word begins: what follows may be the rest of a prefix, or an infix that makes a
/// key of it. An infix does not look further back than `BACK`.
fn last_word(text: &[u8]) -> usize {
    // `AQ.` is seen together with the byte behind it only.
    let text = text.strip_suffix(b".").unwrap_or(text);
    let from = text.len().saturating_sub(BEHIND);
    let last = text[from..].iter().rposition(|byte| !is_key_part(*byte));
    last.map_or(from, |last| from + last + 1)
}

/// Masks the keys of a text that comes in pieces.
pub struct Stream {
    options: Options,
    /// What is not decided, and what is needed to decide it.
    text: Vec<u8>,
    search: Search,
    spans: Spans,
    ledger: Ledger,
}

impl Stream {
    /// Starts a text.
    pub fn new(options: Options) -> Self {
        Stream {
            options,
            text: Vec::new(),
            search: Search::default(),
            spans: Spans::default(),
            ledger: Ledger::kept(),
        }
    }

    /// What its masks show.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Takes the next piece; returns what can be given out now.
    pub fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(piece.len());
        self.text.extend_from_slice(piece);
        self.advance(false, &mut out);
        self.forget();
        out
    }

    /// Ends the text; returns the rest. Afterwards another text can begin.
    pub fn finish(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        self.advance(true, &mut out);
        self.text.clear();
        self.search = Search::default();
        self.spans = Spans::default();
        self.ledger.restart();
        out
    }

    fn advance(&mut self, complete: bool, out: &mut Vec<u8>) {
        let text = Text::new(&self.text, complete);
        let hold = self.search.look(&text, self.spans.hits());
        self.spans
            .settle(&text, hold, &self.options, &mut self.ledger, out);
    }

    /// Lets go of the text that is needed no more.
    fn forget(&mut self) {
        let needed = self.spans.needs_from().min(self.search.needs_from());
        let by = needed.min(self.text.len()).saturating_sub(BEHIND);
        if by > 0 {
            let text = Text::new(&self.text, false);
            self.ledger.move_by(&text, by);
            self.text.drain(..by);
            self.search.move_by(by);
            self.spans.move_by(by);
        }
    }

    /// How many bytes of the text it has in memory.
    pub fn kept(&self) -> usize {
        self.text.len()
    }

    /// What was masked since the last call, in order, at most 10,000.
    pub fn take_found(&mut self) -> Vec<Found> {
        self.ledger.take_found()
    }

    /// How many more were masked since the last call than are kept for
    /// [`take_found`](Stream::take_found).
    pub fn take_missed(&mut self) -> u64 {
        self.ledger.take_missed()
    }
}
