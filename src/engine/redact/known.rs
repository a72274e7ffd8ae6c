//! Finds the keys that this process has met, whatever they look like and however they are written.
//!
//! It promises to keep no key: of each form only keyed hashes, under a secret that is made for this
//! process, locked in memory and left out of core dumps, and the hint that every list of keys shows.
//! The number of keys is bounded; the oldest are forgotten. It does not know keys shorter than eight
//! characters, nor what is no key (`worth.rs`): masking `required` would spoil every text.
//!
//! How: of each form the eight bytes at some places in its middle are known by their hash. Every
//! sixteenth place of a text is looked up in a bit table, so the time hardly depends on the number
//! of keys. Where two bits agree, a second hash is compared, and then that of the form's beginning,
//! which doubles until it is the whole form: who writes a text for it pays for each byte that is
//! looked at. What repeats itself is not learned; in a text that does so too, each place would be
//! the beginning of one. The middle, because a beginning that everybody knows would let who can
//! measure time guess the rest letter by letter.

use std::collections::VecDeque;
use std::hash::Hasher as _;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

use siphasher::sip::SipHasher13;
use siphasher::sip128::{self, Hasher128 as _, SipHasher24};

use super::cut::{Cut, Cuts, cuts};
use super::span::{Hit, Rule, Shown};
use super::table::table;
use super::text::Text;
use super::worth::is_worth_it;
use crate::credential::MAX_LEN;
use crate::forms::forms;
use crate::mask::{self, Options};
use crate::protected::Protected;

/// How many keys are remembered. A request meets a handful; a search through a whole network, some
/// hundred.
const KEYS: usize = 256;
/// A shorter key is no secret: local servers want any word.
const SHORTEST: usize = 8;
/// Bytes that are looked up at once.
const GRAM: usize = 8;
/// The most places between two look-ups.
const STRIDE: usize = 16;
/// Forms shorter than this are looked for apart, at more places.
const LONG: usize = STRIDE + GRAM - 1;
/// How far from its beginning a form is looked up at most: what a stream keeps back grows with it.
const DEPTH: usize = 16;
/// How many envelopes of one key are recognised: the current one and one in flight.
const ENVELOPES: usize = 4;
/// Bits of the table for each look-up that is known: one in some hundred others passes.
const BITS_PER_GRAM: usize = 32;
/// How much of a form is compared first, before twice as much.
const FIRST_PART: usize = 32;
/// From how many characters on it is looked whether a key repeats itself.
const REPEATING: usize = 64;
/// How many look-ups are searched one by one before they are sorted in.
const LOOSE: usize = 256;

static KNOWN: RwLock<Option<Known>> = RwLock::new(None);
/// Whether there is a key at all: most processes never meet one.
static ANY: AtomicBool = AtomicBool::new(false);
/// How often keys were forgotten for others.
static FORGOTTEN: AtomicU64 = AtomicU64::new(0);

/// Remembers a key, for the rest of the process.
///
/// `envelope` is what it was opened from, for [`is_known`].
pub fn learn(key: &[u8], provider: &[u8], envelope: Option<&[u8]>) {
    let Ok(mut slot) = KNOWN.write() else { return };
    if slot.is_none() {
        *slot = Known::new();
    }
    if let Some(known) = slot.as_mut() {
        if known.learn(key, provider, envelope) {
            FORGOTTEN.fetch_add(1, Ordering::Relaxed);
        }
        ANY.store(!known.keys.is_empty(), Ordering::Release);
    }
}

/// Whether the key in this envelope is remembered.
pub fn is_known(envelope: &[u8]) -> bool {
    let known = KNOWN.read();
    known.is_ok_and(|slot| slot.as_ref().is_some_and(|known| known.holds(envelope)))
}

/// How often keys were forgotten for others: whoever has made some known may have to do so again.
pub(super) fn forgotten() -> u64 {
    FORGOTTEN.load(Ordering::Relaxed)
}

/// What finds the keys that are remembered now.
pub(super) fn finders() -> Option<Arc<Finders>> {
    if !ANY.load(Ordering::Acquire) {
        return None;
    }
    let built = KNOWN.read().ok()?.as_ref()?.finders.clone();
    built.or_else(|| Some(KNOWN.write().ok()?.as_mut()?.finders()))
}

/// What a list of keys shows of one, and its provider.
#[derive(Clone, Debug)]
pub(super) struct Hint(Arc<HintParts>);

#[derive(Debug)]
struct HintParts {
    provider: Option<String>,
    first: &'static str,
    length: usize,
    last: Vec<u8>,
}

impl Hint {
    fn of(key: &[u8], provider: &[u8]) -> Self {
        let provider = std::str::from_utf8(provider).ok();
        Hint(Arc::new(HintParts {
            provider: provider.filter(|id| !id.is_empty()).map(str::to_owned),
            first: table().shown(key).unwrap_or(""),
            length: key.len(),
            last: key[key.len() - mask::SHOWN..].to_vec(),
        }))
    }

    pub fn provider(&self) -> Option<&str> {
        self.0.provider.as_deref()
    }

    /// How long the key is.
    pub fn length(&self) -> usize {
        self.0.length
    }

    pub fn mask(&self, options: &Options) -> String {
        options.mask(self.0.first, self.0.length, &self.0.last)
    }
}

/// The secret of the hashes: three keys in protected memory.
struct Secret(Protected);

impl Secret {
    const LEN: usize = 40;

    fn new() -> Option<Self> {
        let mut memory = Protected::new(Self::LEN);
        getrandom::fill(&mut memory[..Self::LEN]).ok()?;
        Some(Secret(memory))
    }

    fn word(&self, index: usize) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.0[8 * index..8 * index + 8]);
        u64::from_le_bytes(bytes)
    }

    /// A factor: odd, so that no bit is lost.
    fn factor(&self) -> u64 {
        self.word(4) | 1
    }

    fn gram(&self, bytes: &[u8]) -> u32 {
        // Half of it is enough to tell grams apart, and too little to find one.
        SipHasher13::new_with_keys(self.word(0), self.word(1)).hash(bytes) as u32
    }

    /// Tells keys apart, and envelopes. Of each call that opens one: the faster of the two.
    fn name(&self, bytes: &[u8]) -> u128 {
        sip128::SipHasher13::new_with_keys(self.word(0), self.word(1))
            .hash(bytes)
            .as_u128()
    }

    /// Tells envelopes apart that were opened: by nonce and commitment, which are at the beginning,
    /// and the tag at the end.
    fn name_of_envelope(&self, text: &[u8]) -> u128 {
        const FIRST: usize = 96;
        const LAST: usize = 32;
        if text.len() <= FIRST + LAST {
            return self.name(text);
        }
        let mut ends = [0; FIRST + LAST];
        ends[..FIRST].copy_from_slice(&text[..FIRST]);
        ends[FIRST..].copy_from_slice(&text[text.len() - LAST..]);
        self.name(&ends)
    }

    fn whole(&self, bytes: &[u8]) -> u128 {
        let mut parts = self.parts();
        parts.write(bytes);
        parts.finish128().as_u128()
    }

    /// The same, of bytes that come one after the other.
    fn parts(&self) -> SipHasher24 {
        SipHasher24::new_with_keys(self.word(2), self.word(3))
    }
}

/// One form of a key.
#[derive(Clone)]
struct Form {
    length: usize,
    hash: u128,
    /// Of its first 32, 64, 128… bytes, as far as it is longer.
    parts: Arc<[u64]>,
    hint: Hint,
}

/// How a text compares with a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compared {
    Same,
    Different,
    /// The same so far; the rest decides when the text is so long.
    Until(usize),
}

impl Form {
    fn new(secret: &Secret, form: &[u8], hint: Hint) -> Self {
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
            parts: parts.into(),
            hint,
        }
    }
}

/// Where the parts of a form end that are compared before all of it.
fn part_ends(length: usize) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(FIRST_PART), |end| Some(end * 2))
        .take_while(move |end| *end < length)
}

/// The bytes from a place on, as far as somebody asked for them, for all forms that may stand there.
struct Stretch<'a> {
    secret: &'a Secret,
    bytes: &'a [u8],
    parts: Vec<u64>,
    hasher: SipHasher24,
    at: usize,
}

impl<'a> Stretch<'a> {
    fn new(secret: &'a Secret, bytes: &'a [u8]) -> Self {
        Stretch {
            secret,
            bytes,
            parts: Vec::new(),
            hasher: secret.parts(),
            at: 0,
        }
    }

    /// The hash of a part; `None` when it has not arrived.
    fn part(&mut self, index: usize) -> Option<u64> {
        while self.parts.len() <= index {
            let end = FIRST_PART << self.parts.len();
            self.hasher.write(self.bytes.get(self.at..end)?);
            self.at = end;
            self.parts.push(self.hasher.finish128().h1);
        }
        Some(self.parts[index])
    }

    fn compare(&mut self, form: &Form) -> Compared {
        for (index, expected) in form.parts.iter().enumerate() {
            match self.part(index) {
                Some(found) if found == *expected => {}
                Some(_) => return Compared::Different,
                None => return Compared::Until(FIRST_PART << index),
            }
        }
        let Some(bytes) = self.bytes.get(..form.length) else {
            return Compared::Until(form.length);
        };
        let found = if self.at <= bytes.len() {
            let mut hasher = self.hasher;
            hasher.write(&bytes[self.at..]);
            hasher.finish128().as_u128()
        } else {
            // A longer form was looked for before.
            self.secret.whole(bytes)
        };
        if found == form.hash {
            Compared::Same
        } else {
            Compared::Different
        }
    }
}

/// Eight bytes of a form.
#[derive(Clone, Copy)]
struct Gram {
    /// Where it is in the bit table: the upper half of a product.
    filter: u32,
    check: u32,
    /// From the beginning of the form.
    offset: usize,
}

struct Key {
    hash: u128,
    envelopes: VecDeque<u128>,
    /// What PHP shows of it in a trace, as far as that is a secret.
    cuts: Vec<Cut>,
    hint: Hint,
    forms: Vec<(Form, Vec<Gram>)>,
}

/// The keys that are remembered.
struct Known {
    secret: Arc<Secret>,
    /// The oldest first.
    keys: VecDeque<Key>,
    /// Built when they are needed.
    finders: Option<Arc<Finders>>,
}

impl Known {
    /// Nothing if there is no randomness: hashes without a secret would be as good as the keys.
    fn new() -> Option<Self> {
        Some(Known {
            secret: Arc::new(Secret::new()?),
            keys: VecDeque::new(),
            finders: None,
        })
    }

    /// True when others were forgotten for it.
    fn learn(&mut self, key: &[u8], provider: &[u8], envelope: Option<&[u8]>) -> bool {
        let envelope = envelope.map(|text| self.secret.name_of_envelope(text));
        // Opened again, most likely by the same request.
        if envelope.is_some_and(|name| self.holds_name(name)) {
            return false;
        }
        if !(SHORTEST..=MAX_LEN).contains(&key.len()) {
            return false;
        }
        let hash = self.secret.name(key);
        // A key that was met is most likely met again soon.
        if let Some(known) = self.keys.iter_mut().rev().find(|known| known.hash == hash) {
            known.add_envelope(envelope);
            return false;
        }
        if !is_worth_it(key) || self.repeats_itself(key) {
            return false;
        }
        let mut made = self.make(key, hash, provider);
        made.add_envelope(envelope);
        let is_full = self.keys.len() == KEYS;
        if is_full {
            // Half of them at once: what finds them has to be built anew then.
            self.keys.drain(..KEYS / 2);
            self.finders = None;
        }
        // A search that is going on has its own.
        match self.finders.as_mut().map(Arc::get_mut) {
            Some(Some(finders)) => finders.add(&made),
            Some(None) => self.finders = None,
            None => {}
        }
        self.keys.push_back(made);
        is_full
    }

    fn make(&self, key: &[u8], hash: u128, provider: &[u8]) -> Key {
        let hint = Hint::of(key, provider);
        let factor = self.secret.factor();
        let forms = forms(key)
            .iter()
            .filter(|form| form.len() >= SHORTEST)
            .map(|form| {
                let stride = stride(form.len());
                let first = depth(form.len());
                let grams = (first..first + stride)
                    .map(|offset| {
                        let bytes = &form[offset..offset + GRAM];
                        Gram {
                            filter: (product(bytes, factor) >> 32) as u32,
                            check: self.secret.gram(bytes),
                            offset,
                        }
                    })
                    .collect();
                (Form::new(&self.secret, form, hint.clone()), grams)
            })
            .collect();
        let cuts = cuts(key, hint.0.first.len(), |bytes| self.secret.whole(bytes));
        Key {
            hash,
            envelopes: VecDeque::new(),
            cuts,
            hint,
            forms,
        }
    }

    /// Whether most of a beginning of it is there more than once. Eight characters of chance are there
    /// once.
    fn repeats_itself(&self, key: &[u8]) -> bool {
        if key.len() < REPEATING {
            return false;
        }
        let windows = key.windows(GRAM);
        let grams: Vec<u32> = windows.map(|bytes| self.secret.gram(bytes)).collect();
        let lengths = part_ends(key.len()).filter(|length| *length >= REPEATING);
        lengths.chain([key.len()]).any(|length| {
            let mut grams = grams[..length + 1 - GRAM].to_vec();
            let all = grams.len();
            grams.sort_unstable();
            grams.dedup();
            grams.len() * 2 < all
        })
    }

    fn holds(&self, envelope: &[u8]) -> bool {
        self.holds_name(self.secret.name_of_envelope(envelope))
    }

    fn holds_name(&self, name: u128) -> bool {
        let mut keys = self.keys.iter().rev();
        keys.any(|key| key.envelopes.contains(&name))
    }

    fn finders(&mut self) -> Arc<Finders> {
        let secret = &self.secret;
        let built = self.finders.get_or_insert_with(|| {
            let mut finders = Finders {
                long: Finder::default(),
                short: Finder::default(),
                cuts: Cuts::default(),
                secret: Arc::clone(secret),
            };
            self.keys.iter().for_each(|key| finders.add(key));
            Arc::new(finders)
        });
        Arc::clone(built)
    }
}

impl Key {
    fn add_envelope(&mut self, envelope: Option<u128>) {
        if let Some(hash) = envelope
            && !self.envelopes.contains(&hash)
        {
            self.envelopes.truncate(ENVELOPES - 1);
            self.envelopes.push_front(hash);
        }
    }
}

/// How many places of a form are looked up, so that one look-up in as many places of a text is
/// enough.
fn stride(length: usize) -> usize {
    (length + 1 - GRAM).min(STRIDE)
}

/// Where these places begin: in its middle, but not too far behind.
fn depth(length: usize) -> usize {
    ((length + 1 - GRAM - stride(length)) / 2).min(DEPTH)
}

#[inline]
fn product(bytes: &[u8], factor: u64) -> u64 {
    let mut word = [0; GRAM];
    word.copy_from_slice(&bytes[..GRAM]);
    u64::from_le_bytes(word).wrapping_mul(factor)
}

/// The two bits of a look-up in its word of the table: from the lower half of the filter, which
/// the choice of the word does not use.
#[inline]
fn bits(filter: u32) -> u64 {
    1 << (filter & 63) | 1 << (filter >> 6 & 63)
}

/// Forms that are looked for together.
#[derive(Default)]
struct Finder {
    /// The bit table. Empty when there is nothing to look for.
    table: Vec<u64>,
    /// How many bits of a filter choose the word of the table.
    width: u32,
    stride: usize,
    /// The greatest distance from the beginning of a form to a place that is looked up.
    reach: usize,
    grams: Vec<Entry>,
    /// How many of these are sorted by `check`.
    sorted: usize,
    forms: Vec<Form>,
}

/// A look-up that is known, and the form it belongs to.
#[derive(Clone, Copy)]
struct Entry {
    check: u32,
    filter: u32,
    form: u32,
    offset: u32,
}

impl Finder {
    fn add(&mut self, form: &Form, grams: &[Gram]) {
        let least = if self.forms.is_empty() {
            STRIDE
        } else {
            self.stride
        };
        self.stride = least.min(grams.len());
        for gram in grams {
            // Both are below 2³²: there are 256 keys, and a form has some ten thousand bytes.
            self.grams.push(Entry {
                check: gram.check,
                filter: gram.filter,
                form: self.forms.len() as u32,
                offset: gram.offset as u32,
            });
            self.reach = self.reach.max(gram.offset);
        }
        self.forms.push(form.clone());
        let from = if self.grams.len() * BITS_PER_GRAM > self.table.len() * 64 {
            let words = (2 * self.grams.len() * BITS_PER_GRAM / 64).next_power_of_two();
            self.table = vec![0; words.max(64)];
            self.width = self.table.len().trailing_zeros();
            0
        } else {
            self.grams.len() - grams.len()
        };
        for entry in &self.grams[from..] {
            self.table[(entry.filter >> (32 - self.width)) as usize] |= bits(entry.filter);
        }
        if self.grams.len() - self.sorted > LOOSE {
            self.grams[self.sorted..].sort_unstable_by_key(|entry| entry.check);
            // The stable sort sees two sorted runs, and merges them.
            self.grams.sort_by_key(|entry| entry.check);
            self.sorted = self.grams.len();
        }
    }

    /// Looks up every `stride`th place from `at` on, up to `end`. Returns the place after them.
    #[inline]
    fn find(
        &self,
        secret: &Secret,
        text: &[u8],
        at: usize,
        end: usize,
        mut found: impl FnMut(&mut Stretch<'_>, usize, &Form),
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
        found: &mut impl FnMut(&mut Stretch<'_>, usize, &Form),
    ) {
        let check = secret.gram(&text[at..at + GRAM]);
        let (sorted, loose) = self.grams.split_at(self.sorted);
        let first = sorted.partition_point(|entry| entry.check < check);
        let same = sorted[first..]
            .iter()
            .take_while(|entry| entry.check == check);
        // All forms that would begin in one place read it once. There are no more places than there
        // are different offsets: some thirty.
        let mut stretches: [Option<Stretch<'_>>; DEPTH + STRIDE] = std::array::from_fn(|_| None);
        for entry in same.chain(loose.iter().filter(|entry| entry.check == check)) {
            let offset = entry.offset as usize;
            if let Some(start) = at.checked_sub(offset) {
                let stretch =
                    stretches[offset].get_or_insert_with(|| Stretch::new(secret, &text[start..]));
                found(stretch, start, &self.forms[entry.form as usize]);
            }
        }
    }
}

/// What finds all forms of all keys.
pub(super) struct Finders {
    long: Finder,
    short: Finder,
    cuts: Cuts,
    secret: Arc<Secret>,
}

/// A form that may stand here, as soon as more of it has arrived.
pub(super) struct Expected {
    start: usize,
    /// How much of it, from its beginning.
    until: usize,
    form: Form,
}

/// How far a text was looked through.
#[derive(Default)]
pub(super) struct Progress {
    long: usize,
    short: usize,
    expected: Vec<Expected>,
}

impl Finders {
    fn add(&mut self, key: &Key) {
        for (form, grams) in &key.forms {
            if form.length < LONG {
                self.short.add(form, grams);
            } else {
                self.long.add(form, grams);
            }
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
        let mut found =
            |stretch: &mut Stretch<'_>, start: usize, form: &Form| match stretch.compare(form) {
                Compared::Same => hits.push(stored(start..start + form.length, &form.hint)),
                Compared::Until(until) if !text.is_complete() => expected.push(Expected {
                    start,
                    until,
                    form: form.clone(),
                }),
                _ => {}
            };
        let bytes = text.bytes();
        *long = self.long.find(&self.secret, bytes, *long, end, &mut found);
        *short = self.short.find(&self.secret, bytes, *short, end, found);
    }

    /// Looks again at what was waited for.
    pub fn check_expected(&self, text: &Text<'_>, progress: &mut Progress, hits: &mut Vec<Hit>) {
        let bytes = text.bytes();
        progress.expected.retain_mut(|one| {
            if bytes.len() < one.start + one.until {
                return true;
            }
            // Read anew, which is at most twice as much as it is long.
            match Stretch::new(&self.secret, &bytes[one.start..]).compare(&one.form) {
                Compared::Same => {
                    hits.push(stored(
                        one.start..one.start + one.form.length,
                        &one.form.hint,
                    ));
                    false
                }
                Compared::Different => false,
                Compared::Until(until) => {
                    one.until = until;
                    true
                }
            }
        });
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
                shown: Shown::First(hint.0.first),
                ..stored(start..end, hint)
            });
        }
    }

    /// From where on a form may begin that was not looked up yet, or waits for its end. Forms have
    /// no spaces and no line breaks, so most of the time that is the last word.
    pub fn hold(&self, text: &Text<'_>, progress: &Progress) -> usize {
        let bytes = text.bytes();
        let open = |finder: &Finder, at: usize| {
            if finder.table.is_empty() {
                bytes.len()
            } else {
                at.saturating_sub(finder.reach)
            }
        };
        // With what PHP puts behind it.
        let cut = bytes.len().saturating_sub(self.cuts.length() + 3);
        let from = open(&self.long, progress.long)
            .min(open(&self.short, progress.short))
            .min(cut);
        let word = bytes[from..]
            .iter()
            .rposition(|byte| !byte.is_ascii_graphic())
            .map_or(from, |last| from + last + 1);
        let expected = progress.expected.iter().map(|one| one.start);
        expected.fold(word, usize::min)
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
mod tests {
    use super::*;

    #[test]
    fn the_oldest_keys_are_forgotten() {
        let mut known = Known::new().unwrap();
        let key = |index: usize| format!("byok-test-{index:030}");
        let is_found = |known: &mut Known, index: usize| {
            let text = key(index);
            let mut hits = Vec::new();
            let text = Text::new(text.as_bytes(), true);
            let mut progress = Progress::default();
            known.finders().find(&text, 40, &mut progress, &mut hits);
            hits.len() == 1
        };
        for index in 0..KEYS + 3 {
            let envelope = format!("byok1.{index}");
            let others = known.learn(key(index).as_bytes(), b"", Some(envelope.as_bytes()));
            assert_eq!(others, index == KEYS);
            // Learned while they are looked for.
            assert!(is_found(&mut known, index));
            assert!(known.keys.len() <= KEYS);
        }
        let first = KEYS / 2;
        for index in 0..KEYS + 3 {
            assert_eq!(is_found(&mut known, index), index >= first, "{index}");
            assert_eq!(
                known.holds(format!("byok1.{index}").as_bytes()),
                index >= first
            );
        }
        assert!(!is_found(&mut known, KEYS + 3));
    }

    #[test]
    fn a_key_is_kept_once() {
        let mut known = Known::new().unwrap();
        for envelope in 0..2 * ENVELOPES {
            known.learn(b"byok-test-0123456789", b"", Some(&[envelope as u8]));
        }
        assert_eq!(known.keys.len(), 1);
        assert_eq!(known.keys[0].envelopes.len(), ENVELOPES);
        assert!(known.holds(&[2 * ENVELOPES as u8 - 1]) && !known.holds(&[0]));
    }

    #[test]
    fn envelopes_differ_by_nonce_commitment_and_tag() {
        let mut known = Known::new().unwrap();
        let first = vec![b'A'; 18 + 128];
        known.learn(b"byok-test-0123456789", b"", Some(&first));
        // The nonce begins behind `byok1.`, the key's id and a point; the commitment ends at 93.
        for (count, at) in [18, 49, 92, 124, 145].into_iter().enumerate() {
            let mut other = first.clone();
            other[at] = b'B';
            assert!(!known.holds(&other), "{at}");
            known.learn(
                format!("byok-test-{count:020}").as_bytes(),
                b"",
                Some(&other),
            );
            assert!(known.holds(&other) && known.keys.len() == count + 2);
        }
    }

    #[test]
    fn every_form_is_looked_up_at_enough_places() {
        for length in SHORTEST..200 {
            let (stride, depth) = (stride(length), depth(length));
            assert!(
                stride >= 1 && depth + stride + GRAM - 1 <= length,
                "{length}"
            );
            assert!(length < LONG || stride == STRIDE);
        }
    }
}
