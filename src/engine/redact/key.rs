//! Judges a key by its format: a prefix and enough of a body, or a body around an infix.
//!
//! It promises to look at a bounded number of characters around each anchor. It does not know
//! where the key ends; `redact.rs` follows it.

use super::Hit;
use super::table::{Anchor, InfixRule, KeyRule, table};
use super::text::{self, Class, Window};
use std::ops::Range;

/// The longest key has fewer bytes than this before the end of its infix.
const BACK: usize = 210;
/// No prefix is longer; `bedrock-api-key-` has sixteen characters.
const PREFIX: usize = 24;

/// The key that belongs to an anchor, if it is one.
pub(super) fn judge(text: &[u8], anchor: Range<usize>, rule: Anchor) -> Option<Hit> {
    match rule {
        Anchor::Key(index) => prefixed(text, anchor, &table().keys[index]),
        Anchor::Infix(index) => around(text, anchor, &table().infixes[index]),
    }
}

fn prefixed(text: &[u8], prefix: Range<usize>, rule: &KeyRule) -> Option<Hit> {
    let body = Window::read(text, prefix.end, rule.class, rule.looks.window(rule.least));
    if body.bytes().len() < rule.least || !rule.looks.accepts(body.bytes()) {
        return None;
    }
    Some(Hit {
        start: prefix.start,
        end: body.end,
        class: rule.class,
        shown: shown(text, prefix.start),
        sure: rule.after.allows(text::before(text, prefix.start)),
    })
}

fn around(text: &[u8], infix: Range<usize>, rule: &InfixRule) -> Option<Hit> {
    let body = Window::read(text, infix.end, Class::Key, rule.least);
    if body.bytes().len() < rule.least {
        return None;
    }
    let start = opening(text, infix.start, rule)?;
    Some(Hit {
        start,
        end: body.end,
        class: Class::Key,
        shown: shown(text, start),
        sure: true,
    })
}

/// Where the key around an infix begins.
///
/// Reads forward from a fixed distance, because escapes cannot be read backwards.
fn opening(text: &[u8], infix: usize, rule: &InfixRule) -> Option<usize> {
    let opens = rule.opens.as_bytes();
    let mut at = infix.saturating_sub(BACK);
    let mut found = None;
    let mut length = 0;
    while at < infix
        && let Some(atom) = text::atom(text, at)
    {
        if !Class::Key.holds(atom.byte) {
            found = None;
        } else {
            if found.is_none() && Window::read(text, at, Class::Key, opens.len()).bytes() == opens {
                found = Some(at);
                length = 0;
            }
            length += 1;
        }
        at += atom.length;
    }
    found.filter(|_| length >= rule.behind)
}

/// A key that is known by its format shows its last four even if its beginning says nothing.
fn shown(text: &[u8], start: usize) -> Option<&'static str> {
    let window = Window::read(text, start, Class::Value, PREFIX);
    Some(table().shown(window.bytes()).unwrap_or(""))
}
