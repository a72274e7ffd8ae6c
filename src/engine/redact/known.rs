//! Finds the keys that this process has met, whatever they look like and however they are written.
//!
//! It promises to keep no key: of each form only keyed hashes, under a secret that is made for this
//! process, locked in memory and left out of core dumps, and the hint that every list of keys shows.
//! The number of keys is bounded; the oldest are forgotten. It does not know keys shorter than eight
//! characters, nor what is no key (`worth.rs`): masking `required` would spoil every text.
//!
//! How: of each form the eight bytes at some places in its middle are known by their hash. Every
//! sixteenth place of a text is looked up in a bit table (`grams.rs`), so the time hardly depends on
//! the number of keys. Where two bits agree, a second hash is compared, and then that of the form's
//! beginning, which doubles until it is the whole form (`beginnings.rs`): who writes a text for it pays
//! for each byte that is looked at, however many keys begin so. What repeats itself is not learned; in
//! a text that does so too, each place would be the beginning of one. The middle, because a beginning
//! that everybody knows would let who can measure time guess the rest letter by letter.

mod beginnings;
mod finders;
mod grams;
mod hint;
mod keys;
mod secret;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

pub(super) use finders::{Finders, Progress};
pub(super) use hint::Hint;
use keys::Known;

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
        ANY.store(!known.is_empty(), Ordering::Release);
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
    let built = KNOWN.read().ok()?.as_ref()?.built();
    built.or_else(|| Some(KNOWN.write().ok()?.as_mut()?.finders()))
}
