//! Finds the places of a text where a form may stand, by eight bytes of its middle.
//!
//! It promises that a place of a text costs a look-up in a bit table, and one with these eight bytes
//! as many steps as there are different distances to the beginning of a form, some thirty at most:
//! what is known is one entry for each, however many forms have it. It does not know what stands
//! before and after these bytes.

use std::collections::HashMap;

use super::beginnings::Lengths;
use super::secret::{ByHash, Secret, product};

/// Bytes that are looked up at once.
pub(super) const GRAM: usize = 8;
/// The most places between two look-ups.
const STRIDE: usize = 16;
/// Forms shorter than this are looked for apart, at more places.
pub(super) const LONG: usize = STRIDE + GRAM - 1;
/// How far from its beginning a form is looked up at most: what a stream keeps back grows with it.
const DEPTH: usize = 16;
/// Bits of the table for each look-up that is known: one in some hundred others passes.
const BITS_PER_GRAM: usize = 32;
/// Ends a chain of entries.
const END: u32 = u32::MAX;

/// How many places of a form are looked up, so that one look-up in as many places of a text is
/// enough.
fn stride(length: usize) -> usize {
    (length + 1 - GRAM).min(STRIDE)
}

/// Where these places begin: in its middle, but not too far behind.
fn depth(length: usize) -> usize {
    ((length + 1 - GRAM - stride(length)) / 2).min(DEPTH)
}

/// Eight bytes of a form.
#[derive(Clone, Copy)]
pub(super) struct Gram {
    /// Where it is in the bit table: the upper half of a product.
    filter: u32,
    check: u32,
    /// From the beginning of the form.
    offset: u32,
}

impl Gram {
    /// Those that a form is looked up by.
    pub fn all_of(secret: &Secret, form: &[u8]) -> Vec<Gram> {
        let factor = secret.factor();
        let first = depth(form.len());
        let offsets = first..first + stride(form.len());
        let grams = offsets.map(|offset| {
            let bytes = &form[offset..offset + GRAM];
            Gram {
                filter: (product(bytes, factor) >> 32) as u32,
                check: secret.gram(bytes),
                offset: offset as u32,
            }
        });
        grams.collect()
    }
}

/// The two bits of a look-up in its word of the table: from the lower half of the filter, which
/// the choice of the word does not use.
#[inline]
fn bits(filter: u32) -> u64 {
    1 << (filter & 63) | 1 << (filter >> 6 & 63)
}

/// What is known of eight bytes in one distance from the beginning of forms.
#[derive(Clone, Copy)]
struct Entry {
    filter: u32,
    offset: u32,
    lengths: Lengths,
    /// The next one of the same eight bytes.
    next: u32,
}

/// Forms that are looked for together.
#[derive(Default)]
pub(super) struct Grams {
    /// The bit table. Empty when there is nothing to look for.
    table: Vec<u64>,
    /// How many bits of a filter choose the word of the table.
    width: u32,
    stride: usize,
    /// The greatest distance from the beginning of a form to a place that is looked up.
    reach: usize,
    entries: Vec<Entry>,
    /// The first entry of eight bytes.
    first: HashMap<u32, u32, ByHash>,
}

impl Grams {
    /// Adds a form of this length.
    pub fn add(&mut self, length: usize, grams: &[Gram]) {
        let least = if self.entries.is_empty() {
            STRIDE
        } else {
            self.stride
        };
        self.stride = least.min(grams.len());
        let before = self.entries.len();
        for gram in grams {
            self.entry(gram).lengths.add(length);
            self.reach = self.reach.max(gram.offset as usize);
        }
        let from = if self.entries.len() * BITS_PER_GRAM > self.table.len() * 64 {
            let words = (2 * self.entries.len() * BITS_PER_GRAM / 64).next_power_of_two();
            self.table = vec![0; words.max(64)];
            self.width = self.table.len().trailing_zeros();
            0
        } else {
            before
        };
        for entry in &self.entries[from..] {
            self.table[(entry.filter >> (32 - self.width)) as usize] |= bits(entry.filter);
        }
    }

    fn entry(&mut self, gram: &Gram) -> &mut Entry {
        let first = self.first.entry(gram.check).or_insert(END);
        let mut index = *first;
        while let Some(entry) = self.entries.get(index as usize) {
            // Others may have the same hash.
            if entry.offset == gram.offset && entry.filter == gram.filter {
                break;
            }
            index = entry.next;
        }
        if index == END {
            // Far below 2³²: there are 256 keys.
            index = self.entries.len() as u32;
            self.entries.push(Entry {
                filter: gram.filter,
                offset: gram.offset,
                lengths: Lengths::default(),
                next: std::mem::replace(first, index),
            });
        }
        &mut self.entries[index as usize]
    }

    /// Looks up every `stride`th place from `at` on, up to `end`. Returns the place after them.
    #[inline]
    pub fn find(
        &self,
        secret: &Secret,
        text: &[u8],
        at: usize,
        end: usize,
        mut found: impl FnMut(usize, Lengths),
    ) -> usize {
        if self.table.is_empty() {
            return end.max(at);
        }
        let factor = secret.factor();
        let shift = 32 - self.width;
        let mut at = at;
        while at < end
            && let Some(gram) = text.get(at..at + GRAM)
        {
            let filter = (product(gram, factor) >> 32) as u32;
            let bits = bits(filter);
            // The shift leaves no more bits than the table has words.
            if self.table[(filter >> shift) as usize] & bits == bits {
                self.confirm(secret, text, at, &mut found);
            }
            at += self.stride;
        }
        at
    }

    #[cold]
    fn confirm(
        &self,
        secret: &Secret,
        text: &[u8],
        at: usize,
        found: &mut impl FnMut(usize, Lengths),
    ) {
        let check = secret.gram(&text[at..at + GRAM]);
        let mut index = self.first.get(&check).copied().unwrap_or(END);
        while let Some(entry) = self.entries.get(index as usize) {
            if let Some(start) = at.checked_sub(entry.offset as usize) {
                found(start, entry.lengths);
            }
            index = entry.next;
        }
    }

    /// From where on a form may begin that was not looked up yet, when the next look-up is at `at`;
    /// nothing when there is nothing to look for.
    pub fn open_from(&self, at: usize) -> Option<usize> {
        (!self.table.is_empty()).then(|| at.saturating_sub(self.reach))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_looked_up_at_enough_places() {
        for length in GRAM..200 {
            let (stride, depth) = (stride(length), depth(length));
            assert!(
                stride >= 1 && depth + stride + GRAM - 1 <= length,
                "{length}"
            );
            assert!(length < LONG || stride == STRIDE);
        }
    }
}
