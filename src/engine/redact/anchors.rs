//! Finds words in a text at the speed of memory: hundreds of them, some in any letter case.
//!
//! It promises to find every place where a word stands and the text goes on, overlapping or not. Of
//! each word four bytes in a row are looked for by their fingerprint (`scan.rs`): those that are
//! rare in logs, and as few different ones as there can be. Only where they stand is the word
//! itself compared. It does not know what a word means.

use std::ops::Range;

use super::choose::{Halves, PROBE};
use super::scan::{BLOCK, Fingerprint, Places};
use super::words::{Sign, Word};

/// Bits of the table that leads from bytes to the words which hold them.
const SLOT_BITS: u32 = 12;

impl Word {
    fn stands_in(&self, text: &[u8]) -> bool {
        if self.any_case {
            text.eq_ignore_ascii_case(&self.text)
        } else {
            text == self.text
        }
    }
}

/// A word that stands in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub start: usize,
    pub end: usize,
    /// How much of the text was needed to see it.
    pub needs: usize,
    word: u16,
}

impl Place {
    /// The same place when the text begins so many bytes later.
    pub fn moved(self, by: usize) -> Self {
        Place {
            start: self.start.saturating_sub(by),
            end: self.end - by,
            needs: self.needs - by,
            ..self
        }
    }

    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// Bytes of a word, and where in the word they stand.
#[derive(Clone, Copy)]
struct Entry {
    /// The first three, folded.
    three: u32,
    /// What of the eight bytes around belongs to the word, and how it looks there, folded.
    mask: u64,
    around: u64,
    word: u16,
    offset: u16,
}

/// Words, and what finds them.
pub(super) struct Anchors {
    words: Vec<Word>,
    fingerprint: Fingerprint,
    /// For each hash the first of its entries, and where they end.
    slots: Vec<(u16, u16)>,
    /// A bit for each hash that has entries.
    filled: [u64; 1 << (SLOT_BITS - 6)],
    entries: Vec<Entry>,
    longest: usize,
}

impl Anchors {
    /// Words and what was decided for them, see `choose.rs`. They are fewer than 65,536.
    pub fn new(words: Vec<Word>, offsets: &[u8], halves: Halves) -> Self {
        let mut entries: Vec<Entry> = words
            .iter()
            .zip(offsets)
            .enumerate()
            .map(|(index, (word, &offset))| {
                let offset = usize::from(offset);
                let (mask, around) = around(&word.text, offset);
                Entry {
                    three: folded(&word.text[offset..]),
                    mask,
                    around,
                    word: index as u16,
                    offset: offset as u16,
                }
            })
            .collect();
        entries.sort_by_key(|entry| slot(entry.three));
        let mut slots = vec![(0, 0); 1 << SLOT_BITS];
        let mut filled = [0; 1 << (SLOT_BITS - 6)];
        for (index, entry) in entries.iter().enumerate() {
            let slot = slot(entry.three);
            filled[slot / 64] |= 1 << (slot % 64);
            let (first, end) = &mut slots[slot];
            if *end == 0 {
                *first = index as u16;
            }
            *end = index as u16 + 1;
        }
        Anchors {
            fingerprint: Fingerprint::new(halves),
            longest: words.iter().map(|word| word.text.len()).max().unwrap_or(0),
            words,
            slots,
            filled,
            entries,
        }
    }

    /// The length of the longest word.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// What the word at a place is the sign of.
    pub fn sign(&self, place: &Place) -> &Sign {
        &self.words[usize::from(place.word)].sign
    }

    /// Calls `found` for each word of which the four bytes begin in `range`, in order of these.
    pub fn find(&self, text: &[u8], range: Range<usize>, mut found: impl FnMut(Place)) {
        let mut places = Places::new();
        let mut start = range.start;
        while start < range.end {
            let end = range.end.min(start + BLOCK);
            let count = self.fingerprint.find(text, start..end, &mut places);
            let places = places.get(count);
            // Most of them have nothing in their slot. Those are left out without a branch, which
            // would be guessed wrong.
            let mut kept = 0;
            for index in 0..places.len() {
                let offset = places[index];
                let at = start + usize::from(offset);
                let slot = slot(folded(&text[at..at + PROBE]));
                places[kept] = offset;
                kept += usize::from(self.filled[slot / 64] >> (slot % 64) & 1 == 1);
            }
            for offset in &places[..kept] {
                self.compare(text, start + usize::from(*offset), &mut found);
            }
            start = end;
        }
    }

    fn compare(&self, text: &[u8], at: usize, found: &mut impl FnMut(Place)) {
        let three = folded(&text[at..at + PROBE]);
        let (first, end) = self.slots[slot(three)];
        let entries = &self.entries[usize::from(first)..usize::from(end)];
        // Many words hold the same four bytes: a glance at what is around leaves one or none.
        let around = at
            .checked_sub(PROBE)
            .and_then(|start| text[start..].first_chunk::<{ 2 * PROBE }>())
            .map(|bytes| u64::from_le_bytes(*bytes) | FOLD);
        match around {
            Some(around) => {
                for entry in entries {
                    if around & entry.mask == entry.around {
                        self.confirm(text, at, entry, found);
                    }
                }
            }
            // Too near to an end of the text for a glance.
            None => {
                for entry in entries.iter().filter(|entry| entry.three == three) {
                    self.confirm(text, at, entry, found);
                }
            }
        }
    }

    #[inline(always)]
    fn confirm(&self, text: &[u8], at: usize, entry: &Entry, found: &mut impl FnMut(Place)) {
        let word = &self.words[usize::from(entry.word)];
        if let Some(start) = at.checked_sub(usize::from(entry.offset))
            && let Some(stands) = text.get(start..start + word.text.len())
            && word.stands_in(stands)
        {
            found(Place {
                start,
                end: start + word.text.len(),
                needs: (start + word.text.len()).max(at + PROBE),
                word: entry.word,
            });
        }
    }
}

/// Three bytes without their letter case. Signs may fall together; the word is compared anyway.
#[inline]
fn folded(bytes: &[u8]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]) | 0x0020_2020
}

/// The letter case of eight bytes.
const FOLD: u64 = 0x2020_2020_2020_2020;

/// Of the four bytes before an offset and the four from there on: which belong to the word, and how
/// they look, folded.
fn around(word: &[u8], offset: usize) -> (u64, u64) {
    let (mut mask, mut around) = ([0; 2 * PROBE], [0; 2 * PROBE]);
    for (index, byte) in word.iter().enumerate() {
        if let Some(place) = (index + PROBE).checked_sub(offset)
            && place < 2 * PROBE
        {
            mask[place] = 0xff;
            around[place] = byte | 0x20;
        }
    }
    (u64::from_le_bytes(mask), u64::from_le_bytes(around))
}

#[inline]
fn slot(three: u32) -> usize {
    // Fibonacci hashing: the upper bits of the product depend on all of the lower ones.
    (three.wrapping_mul(0x9e37_79b1) >> (32 - SLOT_BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::choose::choose;

    fn anchors() -> Anchors {
        let words = [
            "sk-", "sk-ant-", "AIza", "AIz", "api_key", "api-key", "token",
        ];
        let words: Vec<Word> = words
            .iter()
            .enumerate()
            .map(|(index, text)| Word {
                text: text.as_bytes().to_vec(),
                any_case: index > 3,
                sign: Sign::Key(index),
            })
            .collect();
        let (offsets, halves) = choose(&words, b"GET /index.php?token=x HTTP/1.1");
        Anchors::new(words, &offsets, halves)
    }

    #[test]
    fn every_word_is_found_wherever_it_stands() {
        let anchors = anchors();
        for (index, word) in anchors.words.iter().enumerate() {
            for before in 0..200 {
                for after in [1, 2, 40, 100] {
                    let dots = |count| b".".repeat(count);
                    let text = [dots(before), word.text.clone(), dots(after)].concat();
                    let mut starts = Vec::new();
                    anchors.find(&text, 0..text.len(), |place| {
                        if *anchors.sign(&place) == Sign::Key(index) {
                            starts.push(place.start);
                        }
                    });
                    assert_eq!(starts, [before]);
                }
            }
        }
    }

    #[test]
    fn letter_case_matters_only_where_it_should() {
        let anchors = anchors();
        let count = |text: &str| {
            let mut count = 0;
            anchors.find(text.as_bytes(), 0..text.len(), |_| count += 1);
            count
        };
        assert_eq!(count("API_KEY Api-Key toKEN."), 3);
        assert_eq!(count("SK-ANT- aiza."), 0);
        assert_eq!(count("sk-ant-AIza."), 4);
    }
}
