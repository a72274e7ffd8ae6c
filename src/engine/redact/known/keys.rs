//! The keys that are remembered, the latest of them.
//!
//! It promises that no key is in here, only what `Form`, `Gram`, `Cut` and `Hint` keep of one, and that
//! their number is bounded. It does not know texts in which they may stand.

use std::collections::VecDeque;
use std::sync::Arc;

use super::beginnings::{Form, part_ends};
use super::finders::Finders;
use super::grams::{GRAM, Gram};
use super::hint::Hint;
use super::secret::Secret;
use crate::credential::MAX_LEN;
use crate::forms::forms;
use crate::redact::cut::{Cut, cuts};
use crate::redact::worth::is_worth_it;

/// How many keys are remembered. A request meets a handful; a search through a whole network, some
/// hundred.
const KEYS: usize = 256;
/// A shorter key is no secret: local servers want any word.
const SHORTEST: usize = 8;
/// How many envelopes of one key are recognised: the current one and one in flight.
const ENVELOPES: usize = 4;
/// From how many characters on it is looked whether a key repeats itself.
const REPEATING: usize = 64;

/// What is kept of a key.
pub(super) struct Key {
    hash: u128,
    envelopes: VecDeque<u128>,
    /// What PHP shows of it in a trace, as far as that is a secret.
    pub cuts: Vec<Cut>,
    pub hint: Hint,
    pub forms: Vec<(Form, Vec<Gram>)>,
}

/// The keys that are remembered.
pub(super) struct Known {
    secret: Arc<Secret>,
    /// The oldest first.
    keys: VecDeque<Key>,
    /// Built when they are needed.
    finders: Option<Arc<Finders>>,
}

impl Known {
    /// Nothing if there is no randomness.
    pub fn new() -> Option<Self> {
        Some(Known {
            secret: Arc::new(Secret::new()?),
            keys: VecDeque::new(),
            finders: None,
        })
    }

    /// True when others were forgotten for it.
    pub fn learn(&mut self, key: &[u8], provider: &[u8], envelope: Option<&[u8]>) -> bool {
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

    pub(super) fn make(&self, key: &[u8], hash: u128, provider: &[u8]) -> Key {
        let secret = &self.secret;
        let hint = Hint::of(key, provider);
        let forms = forms(key)
            .iter()
            .filter(|form| form.len() >= SHORTEST)
            .map(|form| {
                (
                    Form::new(secret, form, hint.clone()),
                    Gram::all_of(secret, form),
                )
            })
            .collect();
        let cuts = cuts(key, hint.first().len(), |bytes| secret.whole(bytes));
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

    pub fn holds(&self, envelope: &[u8]) -> bool {
        self.holds_name(self.secret.name_of_envelope(envelope))
    }

    fn holds_name(&self, name: u128) -> bool {
        let mut keys = self.keys.iter().rev();
        keys.any(|key| key.envelopes.contains(&name))
    }

    #[cfg(test)]
    pub fn secret(&self) -> Arc<Secret> {
        Arc::clone(&self.secret)
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// What finds them, if it is built.
    pub fn built(&self) -> Option<Arc<Finders>> {
        self.finders.clone()
    }

    /// What finds them.
    pub fn finders(&mut self) -> Arc<Finders> {
        let secret = &self.secret;
        let built = self.finders.get_or_insert_with(|| {
            let mut finders = Finders::new(secret);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::known::Progress;
    use crate::redact::text::Text;

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
}
