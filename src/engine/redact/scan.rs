//! Looks for four bytes in a row by their fingerprint, thirty-two places at a time.
//!
//! It promises to report every place where one of the probes stands. It may report others: a place
//! is compared by the halves of its bytes with all probes of a group at once (the idea of Teddy, in
//! Hyperscan and in aho-corasick, which stop at some dozen words). It does not know words.
//!
//! The only file with instructions of a processor. Where AVX2 is missing, its twin in plain Rust
//! does the same at a third of the speed; a test compares the two on texts by chance.

use std::ops::Range;

use super::choose::{Halves, PROBE};

/// How many places are looked at in one go.
pub(super) const BLOCK: usize = 512;
/// Places that one vector answers for.
const STEP: usize = 32;
/// Room that one step may write to.
const SPARE: usize = 2 * STEP;
/// How many places there are in a step at most, most of the time.
const SOME: usize = 4;

/// The probes, as a scan wants them.
pub(super) struct Fingerprint {
    /// For each of the four bytes and each lower half of a byte, the groups that have it.
    low: [[u8; 16]; PROBE],
    /// The same for the upper half.
    high: [[u8; 16]; PROBE],
    /// The same for whole bytes: `low` and `high` together.
    whole: [[u8; 256]; PROBE],
}

impl Fingerprint {
    pub fn new(Halves { low, high }: Halves) -> Self {
        let whole = std::array::from_fn(|position| {
            std::array::from_fn(|byte| low[position][byte & 15] & high[position][byte >> 4])
        });
        Fingerprint { low, high, whole }
    }

    /// Writes down each place in `range` where a probe may stand, in order and counted from its
    /// start, and returns how many there are. All four bytes are in the text. The range has at most [`BLOCK`] places.
    #[inline]
    pub fn find(&self, text: &[u8], range: Range<usize>, places: &mut Places) -> usize {
        let end = range.end.min(text.len().saturating_sub(PROBE - 1));
        let range = range.start..end.min(range.start + BLOCK);
        #[cfg(target_arch = "x86_64")]
        if range.len() >= STEP
            && std::arch::is_x86_feature_detected!("avx2")
            && std::arch::is_x86_feature_detected!("bmi1")
            && std::arch::is_x86_feature_detected!("popcnt")
        {
            // SAFETY: the processor has what it takes. The range has at least one step and at most
            // one block, and its last place leaves four bytes of the text.
            return unsafe { self.find_with_avx2(text, range, places) };
        }
        self.find_plainly(text, range, places)
    }

    /// The twin of every other way.
    #[inline]
    fn find_plainly(&self, text: &[u8], range: Range<usize>, places: &mut Places) -> usize {
        let [first, second, third, fourth] = &self.whole;
        let mut count = 0;
        if let Some(text) = text.get(range.start..range.end + PROBE - 1) {
            for (offset, four) in text.windows(PROBE).enumerate() {
                let groups = first[usize::from(four[0])]
                    & second[usize::from(four[1])]
                    & third[usize::from(four[2])]
                    & fourth[usize::from(four[3])];
                // Written in any case and kept if it counts: a branch would be guessed wrong.
                places.0[count] = offset as u16;
                count += usize::from(groups != 0);
            }
        }
        count
    }

    /// # Safety
    ///
    /// The processor has AVX2, BMI1 and POPCNT. The range has at least `STEP` and at most `BLOCK`
    /// places, and `range.end + 3` is at most the length of the text.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,popcnt")]
    unsafe fn find_with_avx2(
        &self,
        text: &[u8],
        range: Range<usize>,
        places: &mut Places,
    ) -> usize {
        use std::arch::x86_64::{
            __m256i, _MM_HINT_T0, _mm_loadu_si128, _mm_prefetch, _mm256_and_si256,
            _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256,
            _mm256_movemask_epi8, _mm256_set1_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8,
            _mm256_srli_epi16,
        };
        /// How far ahead memory is asked for. A log does not fit into a cache.
        const AHEAD: usize = 1024;

        let table = |half: &[u8; 16]| {
            // SAFETY: reads the sixteen bytes of the array.
            unsafe { _mm256_broadcastsi128_si256(_mm_loadu_si128(half.as_ptr().cast())) }
        };
        let low: [__m256i; PROBE] = std::array::from_fn(|position| table(&self.low[position]));
        let high: [__m256i; PROBE] = std::array::from_fn(|position| table(&self.high[position]));
        let half = _mm256_set1_epi8(15);
        let bytes = text.as_ptr();

        // A bit for each of the places from `at` on that has no group. `at + STEP` is at most the
        // end of the range.
        let none = |at: usize| -> u32 {
            let of = |position: usize| {
                // SAFETY: reads 32 bytes from `at + position`, and position is at most 3: no more
                // than `range.end + 3`.
                let read = unsafe { _mm256_loadu_si256(bytes.add(at + position).cast()) };
                let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(read), half);
                _mm256_and_si256(
                    _mm256_shuffle_epi8(low[position], _mm256_and_si256(read, half)),
                    _mm256_shuffle_epi8(high[position], upper),
                )
            };
            let groups = _mm256_and_si256(
                _mm256_and_si256(of(0), of(1)),
                _mm256_and_si256(of(2), of(3)),
            );
            _mm256_movemask_epi8(_mm256_cmpeq_epi8(groups, _mm256_setzero_si256())) as u32
        };

        let mut count = 0;
        let mut at = range.start;
        while at + 2 * STEP <= range.end {
            // Asking for memory is no access: it may lie behind the text.
            _mm_prefetch::<_MM_HINT_T0>(bytes.wrapping_add(at + AHEAD).cast());
            let found = !(u64::from(none(at)) | (u64::from(none(at + STEP)) << STEP));
            count = places.add(count, at - range.start, found);
            at += 2 * STEP;
        }
        while at < range.end {
            // The last step ends where the range does, and leaves out what was seen already.
            let from = at.min(range.end - STEP);
            let found = !none(from) & (u32::MAX << (at - from));
            count = places.add(count, from - range.start, u64::from(found));
            at = from + STEP;
        }
        count
    }
}

/// Places in a text, as a scan writes them down.
pub(super) struct Places([u16; BLOCK + SPARE]);

impl Places {
    pub fn new() -> Self {
        Places([0; BLOCK + SPARE])
    }

    pub fn get(&mut self, count: usize) -> &mut [u16] {
        &mut self.0[..count]
    }

    /// Adds a place for each bit. Four are written in any case: how many there are is seldom
    /// guessed right, and seldom there are more.
    #[inline(always)]
    fn add(&mut self, count: usize, at: usize, mut bits: u64) -> usize {
        let all = bits.count_ones() as usize;
        let room = &mut self.0[count..count + SPARE];
        for place in &mut room[..SOME] {
            *place = (at + bits.trailing_zeros() as usize) as u16;
            bits &= bits.wrapping_sub(1);
        }
        if all > SOME {
            for place in &mut room[SOME..all] {
                *place = (at + bits.trailing_zeros() as usize) as u16;
                bits &= bits.wrapping_sub(1);
            }
        }
        count + all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROBES: [&[u8; PROBE]; 5] = [b"sk-a", b"AIza", b"oken", b"%2Da", b"\xff\x00\x80\x7f"];

    fn fingerprint() -> Fingerprint {
        let mut halves = Halves::default();
        for (group, bytes) in PROBES.iter().enumerate() {
            for (position, byte) in bytes.iter().enumerate() {
                halves.low[position][usize::from(byte & 15)] |= 1 << group;
                halves.high[position][usize::from(byte >> 4)] |= 1 << group;
            }
        }
        Fingerprint::new(halves)
    }

    fn places(find: impl FnOnce(&mut Places) -> usize) -> Vec<u16> {
        let mut places = Places::new();
        let count = find(&mut places);
        places.get(count).to_vec()
    }

    #[test]
    fn every_way_finds_the_same() {
        let fingerprint = fingerprint();
        let mut state = 1_u64;
        let alphabet = b"sk-AIzaoken%2D\xff\x00\x80\x7f .";
        for length in (0_usize..300).chain([1000, 5000]) {
            let text: Vec<u8> = (0..length)
                .map(|_| {
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1);
                    alphabet[(state >> 33) as usize % alphabet.len()]
                })
                .collect();
            for start in [0, 1, 31, 32, 63, 100] {
                for end in [length / 2, length.saturating_sub(4), length] {
                    let range = start.min(end)..end;
                    let quick = places(|places| fingerprint.find(&text, range.clone(), places));
                    let last = end.min(length.saturating_sub(PROBE - 1));
                    let range = range.start..last.max(range.start).min(range.start + BLOCK);
                    let plain =
                        places(|places| fingerprint.find_plainly(&text, range.clone(), places));
                    assert_eq!(quick, plain, "{range:?} of {length}");
                }
            }
        }
    }

    #[test]
    fn every_probe_is_reported() {
        let fingerprint = fingerprint();
        for probe in PROBES {
            for before in 0..100 {
                let text = [&vec![b' '; before], &probe[..], &vec![b' '; 100 - before]].concat();
                let found = places(|places| fingerprint.find(&text, 0..text.len(), places));
                assert!(found.contains(&(before as u16)), "{before}");
            }
        }
    }
}
