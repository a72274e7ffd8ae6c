//! When the keys of a place were last made known, so that whoever keeps them in a database need not
//! read them anew for each request of a process.
//!
//! It promises to keep no name of a place: hashes only, of a bounded number. It does not know what a
//! place is, nor which keys are there.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::known;

/// How many places are remembered; one takes some forty bytes. Few processes serve more sites.
const PLACES: usize = 1024;

static MADE_KNOWN: Mutex<Option<Places>> = Mutex::new(None);

/// Whether the keys of a place were not made known within this time.
pub fn is_due(place: &[u8], within: Duration) -> bool {
    with(|places| places.is_due(place, within, Instant::now(), known::forgotten()))
}

/// Notes that the keys of a place are known now.
pub fn made_known(place: &[u8]) {
    with(|places| places.note(place, Instant::now(), known::forgotten()));
}

fn with<R>(body: impl FnOnce(&mut Places) -> R) -> R {
    // What a panic left half done is at worst a place too few.
    let mut places = MADE_KNOWN.lock().unwrap_or_else(|held| held.into_inner());
    body(places.get_or_insert_with(Places::default))
}

#[derive(Default)]
struct Places {
    hasher: RandomState,
    /// When, and how often keys had been forgotten by then.
    noted: HashMap<u64, (Instant, u64)>,
}

impl Places {
    fn is_due(&self, place: &[u8], within: Duration, now: Instant, forgotten: u64) -> bool {
        self.noted
            .get(&self.hasher.hash_one(place))
            .is_none_or(|&(at, before)| {
                // Among what was forgotten since may be its keys.
                before != forgotten || now.saturating_duration_since(at) >= within
            })
    }

    fn note(&mut self, place: &[u8], now: Instant, forgotten: u64) {
        let hash = self.hasher.hash_one(place);
        if self.noted.len() == PLACES && !self.noted.contains_key(&hash) {
            // Each of them is due once more.
            self.noted.clear();
        }
        self.noted.insert(hash, (now, forgotten));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITHIN: Duration = Duration::from_secs(300);

    #[test]
    fn a_place_is_due_once_in_each_interval() {
        let mut places = Places::default();
        let start = Instant::now();
        let later = |seconds| start + Duration::from_secs(seconds);
        assert!(places.is_due(b"one", WITHIN, start, 0));
        // Asking alone makes nothing known.
        assert!(places.is_due(b"one", WITHIN, start, 0));
        places.note(b"one", start, 0);
        assert!(!places.is_due(b"one", WITHIN, start, 0));
        assert!(!places.is_due(b"one", WITHIN, later(299), 0));
        assert!(places.is_due(b"one", WITHIN, later(300), 0));
        assert!(places.is_due(b"one", Duration::ZERO, start, 0));
        assert!(places.is_due(b"two", WITHIN, start, 0));
        places.note(b"one", later(300), 0);
        assert!(!places.is_due(b"one", WITHIN, later(301), 0));
    }

    #[test]
    fn a_place_is_due_when_keys_were_forgotten() {
        let mut places = Places::default();
        let now = Instant::now();
        places.note(b"one", now, 0);
        assert!(places.is_due(b"one", WITHIN, now, 1));
        places.note(b"one", now, 1);
        assert!(!places.is_due(b"one", WITHIN, now, 1));
    }

    #[test]
    fn the_number_of_places_is_bounded() {
        let mut places = Places::default();
        let now = Instant::now();
        for index in 0..10 * PLACES {
            places.note(&index.to_le_bytes(), now, 0);
            assert!(places.noted.len() <= PLACES);
            assert!(!places.is_due(&index.to_le_bytes(), WITHIN, now, 0));
        }
    }
}
