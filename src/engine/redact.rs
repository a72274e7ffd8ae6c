//! Masks every key in a text, whatever the text is: a log line, JSON, a dump, binary.
//!
//! It promises that time grows linearly with the text, that a second pass changes nothing, that
//! bytes which are not part of a key stay as they are, and that a text without keys is returned
//! without a copy. It knows keys by their format or by the name before them (`redaction.json`), and
//! those that this process has met (`known.rs`); it misses a key without a prefix that stands
//! without a name, and was never met.
//!
//! How: `anchors.rs` finds the words that are the sign of a key, at the speed of memory. `key.rs`
//! and `context.rs` judge each on a bounded number of characters. Only then `span.rs` follows the
//! runs to their ends, and the union of all is masked. A mask holds `…`, which no run contains; so
//! what is left of a key is too short for any rule. A text that comes in pieces (`stream.rs`) goes
//! the same way: whoever asks for what has not arrived is asked again.

mod anchors;
// The engine needs what it decides with, not the decision itself.
#[cfg_attr(not(test), allow(dead_code))]
mod choose;
mod context;
mod cut;
mod key;
mod known;
mod ledger;
mod places;
mod scan;
mod span;
mod stream;
mod table;
mod text;
mod words;
mod worth;

use std::borrow::Cow;
use std::ops::Range;

use ledger::Ledger;
use span::{Output, Rule, Spans};
use stream::Search;
use table::table;
use text::Text;

pub use crate::mask::Options;
pub use cut::set_trace_length;
pub use known::{is_known, learn};
pub use ledger::Found;
pub use places::{is_due, made_known};
pub use stream::Stream;

/// Masks every key in a text. The text is returned as it is if there is none.
pub fn redact(text: &[u8]) -> Cow<'_, [u8]> {
    redact_with(text, &Options::default())
}

/// A text without its keys that is not written yet: so it can go where it shall be without a copy.
pub struct Redacted<'a> {
    text: &'a [u8],
    pieces: Vec<Piece>,
    length: usize,
}

enum Piece {
    Text(Range<usize>),
    Mask(String),
}

impl Redacted<'_> {
    /// Its length in bytes, never 0.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Writes it, piece by piece in order.
    pub fn write(&self, mut out: impl FnMut(&[u8])) {
        for piece in &self.pieces {
            match piece {
                Piece::Text(range) => out(&self.text[range.clone()]),
                Piece::Mask(mask) => out(mask.as_bytes()),
            }
        }
    }
}

impl Output for Redacted<'_> {
    fn text(&mut self, _: &[u8], range: Range<usize>) {
        self.length += range.len();
        self.pieces.push(Piece::Text(range));
    }

    fn mask(&mut self, mask: String) {
        self.length += mask.len();
        self.pieces.push(Piece::Mask(mask));
    }
}

/// As [`redact`], with masks that show less.
pub fn redact_with<'a>(text: &'a [u8], options: &Options) -> Cow<'a, [u8]> {
    match find(text, options) {
        None => Cow::Borrowed(text),
        Some(redacted) => {
            let mut out = Vec::with_capacity(redacted.len());
            redacted.write(|piece| out.extend_from_slice(piece));
            Cow::Owned(out)
        }
    }
}

/// As [`redact_with`], not written yet; nothing if there is no key.
pub fn find<'a>(text: &'a [u8], options: &Options) -> Option<Redacted<'a>> {
    let whole = Text::new(text, true);
    let mut spans = Spans::default();
    let hold = Search::default().look(&whole, spans.hits());
    if spans.is_empty() {
        return None;
    }
    let mut redacted = Redacted {
        text,
        pieces: Vec::new(),
        length: 0,
    };
    spans.settle(&whole, hold, options, &mut Ledger::default(), &mut redacted);
    Some(redacted)
}

/// Whether a text holds a key or token of a known format, whatever stands before it.
///
/// It does not look at the keys that this process has met: what refuses them would tell a stranger
/// whether a guess was right.
pub fn has_known_format(text: &[u8]) -> bool {
    let mut hits = Vec::new();
    Search::default().look(&Text::new(text, true), &mut hits);
    hits.iter()
        .any(|hit| hit.sure && matches!(hit.rule, Rule::Key(_) | Rule::Infix(_)))
}

/// What a mask shows of the beginning of a key; nothing if the prefix is not known.
pub(crate) fn known_prefix(key: &[u8]) -> Option<&'static str> {
    table().shown(key)
}
