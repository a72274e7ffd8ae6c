//! Judges a key by its format: a prefix and enough of a body, a body around an infix, or the same
//! in base64.
//!
//! It promises to look at a bounded number of characters around each anchor. It does not know
//! where the key ends; `span.rs` follows it.

use std::ops::Range;

use super::span::{Hit, Rule, Shown};
use super::table::{InfixRule, KeyRule, table};
use super::text::{self, Class, Text, Window};

/// The longest key has fewer bytes than this before its infix.
pub(super) const BACK: usize = 210;
/// No escape is longer. Whoever begins to read this much earlier is in step with the escapes.
const ESCAPE: usize = 16;
/// No prefix is longer; `bedrock-api-key-` has sixteen characters.
const PREFIX: usize = 24;

/// The key that begins with this prefix, if it is one.
pub(super) fn prefixed(
    text: &Text<'_>,
    prefix: Range<usize>,
    index: usize,
    hits: &mut Vec<Hit>,
) -> usize {
    let rule = &table().keys[index];
    let start = prefix.start;
    let body = Window::read(text, prefix.end, rule.class, rule.looks.window(rule.least));
    if body.bytes().len() >= rule.least && rule.looks.accepts(body.bytes()) {
        hits.push(Hit {
            start,
            end: body.end,
            class: Some(rule.class),
            shown: Shown::Ends(shown(text, start)),
            sure: rule.after.allows(text::before(text, start)),
            rule: Rule::Key(index),
        });
    } else if is_cut_argument(text, start, &body, rule) {
        hits.push(Hit {
            start,
            end: body.end,
            class: None,
            shown: Shown::First(shown(text, start)),
            sure: true,
            rule: Rule::Key(index),
        });
    }
    start
}

/// Whether this is the beginning of a key as PHP shows it among the arguments of a trace, where the
/// end of a long text is left out: `'sk-proj-abcdefg...'`.
fn is_cut_argument(text: &Text<'_>, start: usize, body: &Window, rule: &KeyRule) -> bool {
    let bytes = body.bytes();
    !bytes.is_empty()
        && bytes.len() < rule.least
        // `;` ends `&#039;`.
        && matches!(text::before(text, start), Some(b'\'' | b'"' | b';'))
        && rule.looks.accepts_part(bytes)
        && text.starts_with(body.end, b"...")
        && matches!(text.get(body.end + 3), Some(b'\'' | b'"' | b'&' | b'\\'))
}

/// The key around this infix, if it is one.
pub(super) fn around(
    text: &Text<'_>,
    infix: Range<usize>,
    index: usize,
    hits: &mut Vec<Hit>,
) -> usize {
    let rule = &table().infixes[index];
    let Some(start) = opening(text, infix.start, rule) else {
        return infix.start;
    };
    let body = Window::read(text, infix.end, Class::Key, rule.least);
    if body.bytes().len() >= rule.least {
        hits.push(Hit {
            start,
            end: body.end,
            class: Some(Class::Key),
            shown: Shown::Ends(shown(text, start)),
            sure: true,
            rule: Rule::Infix(index),
        });
    }
    start
}

/// Where the key around an infix begins.
///
/// Reads forward from a fixed distance, because escapes cannot be read backwards.
fn opening(text: &Text<'_>, infix: usize, rule: &InfixRule) -> Option<usize> {
    let opens = rule.opens.as_bytes();
    // All of it has arrived; what is behind the infix does not matter here.
    let head = Text::new(&text.bytes()[..infix], true);
    let first = infix.saturating_sub(BACK);
    let mut at = first.saturating_sub(ESCAPE);
    let mut found = None;
    let mut length = 0;
    while let Some(atom) = text::atom(&head, at) {
        if !Class::Key.holds(atom.byte) {
            found = None;
        } else if at >= first {
            if found.is_none() && Window::read(&head, at, Class::Key, opens.len()).bytes() == opens
            {
                found = Some(at);
                length = 0;
            }
            length += 1;
        }
        at += atom.length;
    }
    found.filter(|_| length >= rule.behind)
}

/// A key in base64, of which this is the beginning that the prefix alone decides.
///
/// `shift` tells how many bytes stood before the key in its group of three.
pub(super) fn encoded(
    text: &Text<'_>,
    anchor: Range<usize>,
    index: usize,
    prefix: &[u8],
    shift: usize,
    hits: &mut Vec<Hit>,
) -> usize {
    let rule = &table().keys[index];
    // The first character may hold the end of the prefix's first byte: that byte is left out.
    let prefix = &prefix[usize::from(shift > 0)..];
    let skipped = [0, 4, 6][shift];
    let wanted = prefix.len() + rule.looks.window(rule.least);
    let mut decoded = Vec::new();
    let (mut bits, mut held, mut at) = (0_u32, 0, anchor.start);
    while decoded.len() < wanted
        && let Some(atom) = text::atom(text, at)
        && let Some(value) = base64_value(atom.byte)
    {
        if at == anchor.start && skipped > 0 {
            bits = value & (0x3f >> skipped);
            held = 6 - skipped;
        } else {
            bits = (bits << 6 | value) & 0xffff;
            held += 6;
        }
        if held >= 8 {
            held -= 8;
            let byte = (bits >> held & 0xff) as u8;
            let is_good = match prefix.get(decoded.len()) {
                Some(expected) => byte == *expected,
                None => rule.class.holds(byte),
            };
            if !is_good {
                break;
            }
            decoded.push(byte);
        }
        at += atom.length;
    }
    let body = decoded.get(prefix.len()..).unwrap_or_default();
    if body.len() >= rule.least && rule.looks.accepts(body) {
        hits.push(Hit {
            start: anchor.start,
            end: at,
            class: Some(Class::Base64),
            shown: Shown::Nothing,
            sure: true,
            rule: Rule::Key(index),
        });
    }
    anchor.start
}

fn base64_value(byte: u8) -> Option<u32> {
    Some(u32::from(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    }))
}

/// A key that is known by its format shows its last four even if its beginning says nothing.
fn shown(text: &Text<'_>, start: usize) -> &'static str {
    let window = Window::read(text, start, Class::Value, PREFIX);
    table().shown(window.bytes()).unwrap_or("")
}
