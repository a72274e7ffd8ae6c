//! What forms begin with and what they are, by hashes of their first 32, 64, 128… bytes and of all.
//!
//! It promises that a place of a text is read once, and only as far as some form begins so: forms
//! with the same beginning are known by one hash of it, so a thousand cost what one costs. How often
//! it looks up a whole form is bounded by the bytes that were read, because forms of the same length
//! are looked up together. It does not know where in a text to look.

use std::collections::HashMap;
use std::hash::Hasher as _;

use siphasher::sip128::Hasher128 as _;

use super::hint::Hint;
use super::secret::{ByHash, Secret};

/// How much of a form is compared first, before twice as much.
pub(super) const FIRST_PART: usize = 32;

/// Where the parts of a form end that are compared before all of it.
pub(super) fn part_ends(length: usize) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(FIRST_PART), |end| Some(end * 2))
        .take_while(move |end| *end < length)
}

/// One form of a key.
pub(super) struct Form {
    pub length: usize,
    hash: u128,
    /// Of its parts.
    parts: Vec<u64>,
    hint: Hint,
}

impl Form {
    pub fn new(secret: &Secret, form: &[u8], hint: Hint) -> Self {
        let mut hasher = secret.parts();
        let mut at = 0;
        let mut parts = Vec::new();
        for end in part_ends(form.len()) {
            hasher.write(&form[at..end]);
            at = end;
            parts.push(hasher.finish128().h1);
        }
        hasher.write(&form[at..]);
        Form {
            length: form.len(),
            hash: hasher.finish128().as_u128(),
            parts,
            hint,
        }
    }
}

/// How long forms may be that begin in a place, as far as the first part says.
#[derive(Clone, Copy, Default)]
pub(super) struct Lengths {
    /// Up to the length of the first part: a bit for each length less one.
    short: u32,
    is_longer: bool,
}

impl Lengths {
    pub fn add(&mut self, length: usize) {
        if length > FIRST_PART {
            self.is_longer = true;
        } else {
            self.short |= 1 << (length - 1);
        }
    }

    /// In order, at the beginning of the array.
    fn short(self) -> ([u16; FIRST_PART], usize) {
        let mut all = [0; FIRST_PART];
        let mut count = 0;
        let mut bits = self.short;
        while bits != 0 {
            all[count] = bits.trailing_zeros() as u16 + 1;
            count += 1;
            bits &= bits - 1;
        }
        (all, count)
    }
}

/// How forms go on that begin with a part.
#[derive(Default)]
struct After {
    /// Of those that end before the next part does or with it, in order. A key has 8,192 bytes, and a
    /// form six for each.
    lengths: Vec<u16>,
    is_longer: bool,
}

/// The beginnings of all forms.
#[derive(Default)]
pub(super) struct Beginnings {
    parts: HashMap<u64, After, ByHash>,
    whole: HashMap<u128, Hint, ByHash>,
}

impl Beginnings {
    pub fn add(&mut self, form: &Form) {
        for (index, part) in form.parts.iter().enumerate() {
            let after = self.parts.entry(*part).or_default();
            if index + 1 < form.parts.len() {
                after.is_longer = true;
            } else if let Err(at) = after.lengths.binary_search(&(form.length as u16)) {
                after.lengths.insert(at, form.length as u16);
            }
        }
        // The first key of two with the same form.
        let whole = self.whole.entry(form.hash);
        whole.or_insert_with(|| form.hint.clone());
    }

    /// Names the forms that the text begins with and that are longer than `done`, the shortest first.
    ///
    /// Returns how long the text must be to tell more; nothing when all is told.
    pub fn follow(
        &self,
        secret: &Secret,
        text: &[u8],
        lengths: Lengths,
        done: usize,
        mut found: impl FnMut(usize, &Hint),
    ) -> Option<usize> {
        let mut hasher = secret.parts();
        let mut at = 0;
        let (short, count) = lengths.short();
        let (mut lengths, mut is_longer) = (&short[..count], lengths.is_longer);
        let mut end = FIRST_PART;
        loop {
            for length in lengths {
                let length = usize::from(*length);
                let Some(more) = text.get(at..length) else {
                    let longest = lengths.last().copied().unwrap_or_default();
                    return Some(if is_longer { end } else { longest.into() });
                };
                hasher.write(more);
                at = length;
                if length > done
                    && let Some(hint) = self.whole.get(&hasher.finish128().as_u128())
                {
                    found(length, hint);
                }
            }
            if !is_longer {
                return None;
            }
            let Some(more) = text.get(at..end) else {
                return Some(end);
            };
            hasher.write(more);
            at = end;
            let after = self.parts.get(&hasher.finish128().h1)?;
            (lengths, is_longer) = (&after.lengths, after.is_longer);
            end *= 2;
        }
    }
}
