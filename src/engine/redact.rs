//! Masks every key in a text, whatever the text is: a log line, JSON, a dump, binary.
//!
//! It promises that time grows linearly with the text, that a second pass changes nothing, that
//! bytes which are not part of a key stay as they are, and that a text without keys is returned
//! without a copy. It knows keys by their format or by the name before them (`redaction.json`);
//! it does not know which keys a site stores, and so misses a key without a prefix that stands
//! without a name.
//!
//! How: two automata find the places where a rule may apply. Each place is judged on a bounded
//! number of characters (`Window`). Only then are the runs followed to their ends, each byte once
//! for each class of characters, and the union of all spans is masked. A mask holds `…`, which no
//! run contains; so what is left of a key is too short for any rule.

mod context;
mod key;
mod table;
mod text;

use crate::mask;
use std::borrow::Cow;
use table::table;
use text::Class;

/// A hit that has no boundary before it counts if it begins this close to the end of another:
/// the last four characters stay, with what follows them, and must not be a key next time.
/// Four characters in their longest escape.
const TAIL: usize = 48;

/// Masks every key in a text. The text is returned as it is if there is none.
pub fn redact(text: &[u8]) -> Cow<'_, [u8]> {
    let table = table();
    let mut hits = Vec::new();
    for found in table.anchors.find_overlapping_iter(text) {
        let anchor = table.anchor_rules[found.pattern().as_usize()];
        hits.extend(key::judge(text, found.start()..found.end(), anchor));
    }
    for found in table.labels.find_overlapping_iter(text) {
        let rule = &table.names[table.label_rules[found.pattern().as_usize()]];
        context::judge(text, found.end(), rule, &mut hits);
    }
    // What is not sure counts only beside what is.
    if !hits.iter().any(|hit| hit.sure) {
        return Cow::Borrowed(text);
    }
    follow(text, &mut hits);
    Cow::Owned(render(text, &union(hits)))
}

/// What a mask shows of the beginning of a key; nothing if the prefix is not known.
pub(crate) fn known_prefix(key: &[u8]) -> Option<&'static str> {
    table().shown(key)
}

/// A key, or a value that is taken for one.
struct Hit {
    start: usize,
    /// Where the characters that were judged end; after `follow`, where the whole run ends.
    end: usize,
    class: Class,
    /// What the mask shows before the ellipsis; nothing if the last four are hidden too.
    shown: Option<&'static str>,
    /// Whether there is a boundary before it.
    sure: bool,
}

/// Follows every hit to the end of its run.
///
/// In order of where they go on, so that a run is read once however many hits it holds.
fn follow(text: &[u8], hits: &mut [Hit]) {
    hits.sort_by_key(|hit| hit.end);
    let mut ends = [0; Class::COUNT];
    for hit in hits {
        let end = &mut ends[hit.class as usize];
        if hit.end > *end {
            *end = text::run_end(text, hit.end, hit.class).max(hit.end);
        }
        hit.end = *end;
    }
}

/// The union of all spans, in order.
fn union(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by_key(|hit| hit.start);
    let mut spans: Vec<Hit> = Vec::new();
    for hit in hits {
        match spans.last_mut() {
            Some(span) if hit.start <= span.end => {
                let counts = hit.sure || hit.start + TAIL > span.end;
                span.end = if counts {
                    span.end.max(hit.end)
                } else {
                    span.end
                };
            }
            _ if hit.sure => spans.push(hit),
            _ => {}
        }
    }
    spans
}

fn render(text: &[u8], spans: &[Hit]) -> Vec<u8> {
    let mut output = Vec::with_capacity(text.len());
    let mut copied = 0;
    for span in spans {
        output.extend_from_slice(&text[copied..span.start]);
        output.extend_from_slice(mask_of(text, span).as_bytes());
        copied = span.end;
    }
    output.extend_from_slice(&text[copied..]);
    output
}

fn mask_of(text: &[u8], span: &Hit) -> String {
    let Some(shown) = span.shown else {
        return mask::ELLIPSIS.to_owned();
    };
    let mut last = [0; 4];
    let mut length = 0;
    let mut at = span.start;
    while at < span.end
        && let Some(atom) = text::atom(text, at)
    {
        last.rotate_left(1);
        last[3] = atom.byte;
        length += 1;
        at += atom.length;
    }
    mask::shape(shown, length, &last)
}
