//! The beginnings of keys that PHP shows of long arguments in a trace.
//!
//! It promises to know them in the length that is in force where the text is judged, as long as they
//! tell enough of a key. It does not know beginnings in other lengths, as in logs of other servers,
//! nor any that are escaped.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap};

use super::known::Hint;

/// What PHP shows of an argument unless it is told otherwise.
const USUAL: usize = 15;
/// So many characters that only the key has make its beginning a secret.
const SECRET: usize = 8;

thread_local! {
    static LENGTH: Cell<usize> = const { Cell::new(USUAL) };
}

/// Says how much of an argument PHP shows in this thread: `zend.exception_string_param_max_len`.
pub fn set_trace_length(length: usize) {
    LENGTH.set(length);
}

/// One beginning of a key.
pub(super) struct Cut {
    pub length: usize,
    /// Whether it stands for all that are longer.
    pub is_longest: bool,
    pub hash: u128,
}

/// The beginnings of a key that are remembered: each that is a secret up to the usual length, so that
/// a longer one has one of them at its beginning.
pub(super) fn cuts(key: &[u8], public: usize, hash: impl Fn(&[u8]) -> u128) -> Vec<Cut> {
    let least = public + SECRET;
    let most = least.max(USUAL);
    let lengths = (least..=most).filter(|length| *length < key.len());
    lengths
        .map(|length| Cut {
            length,
            is_longest: length == most,
            hash: hash(&key[..length]),
        })
        .collect()
}

/// Those of all keys.
#[derive(Default)]
pub(super) struct Cuts {
    known: HashMap<u128, (usize, Hint)>,
    /// Lengths that stand for longer ones as well.
    longest: BTreeSet<usize>,
    /// The longest key: nothing of it is cut where so much is shown.
    key: usize,
}

impl Cuts {
    pub fn add(&mut self, cuts: &[Cut], hint: &Hint) {
        self.key = self.key.max(hint.length());
        for cut in cuts {
            self.known.insert(cut.hash, (cut.length, hint.clone()));
            if cut.is_longest {
                self.longest.insert(cut.length);
            }
        }
    }

    /// How long a beginning is now; 0 when there is none to look for.
    pub fn length(&self) -> usize {
        match LENGTH.get() {
            length if length < self.key && length >= SECRET => length,
            _ => 0,
        }
    }

    /// The key that begins so.
    pub fn find(&self, shown: &[u8], hash: impl Fn(&[u8]) -> u128) -> Option<&Hint> {
        let known = |length: usize| {
            let (of, hint) = self.known.get(&hash(&shown[..length]))?;
            (*of == length).then_some(hint)
        };
        let mut shorter = self.longest.range(..shown.len());
        known(shown.len()).or_else(|| shorter.find_map(|length| known(*length)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_that_everybody_knows_is_no_secret() {
        let lengths = |key: &[u8], public| -> Vec<usize> {
            let cuts = cuts(key, public, |_| 0);
            assert!(cuts.iter().filter(|cut| cut.is_longest).count() <= 1);
            cuts.iter().map(|cut| cut.length).collect()
        };
        let key = b"byok-test-0123456789-0123456789";
        assert_eq!(lengths(key, 0), [8, 9, 10, 11, 12, 13, 14, 15]);
        assert_eq!(lengths(key, 7), [15]);
        assert_eq!(lengths(key, 13), [21]);
        assert_eq!(lengths(&key[..10], 0), [8, 9]);
    }
}
