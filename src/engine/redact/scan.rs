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

    /// Calls `found` with each place in `range` where a probe may stand, in order. All four bytes
    /// are in the text.
    #[inline]
    pub fn find(&self, text: &[u8], range: Range<usize>, found: impl FnMut(usize)) {
        let end = range.end.min(text.len().saturating_sub(PROBE - 1));
        let range = range.start..end.max(range.start);
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2, and the last place leaves four bytes of the text.
            return unsafe { self.find_with_avx2(text, range, found) };
        }
        self.find_plainly(text, range, found);
    }

    /// The twin of every other way.
    #[inline]
    fn find_plainly(&self, text: &[u8], range: Range<usize>, mut found: impl FnMut(usize)) {
        let start = range.start;
        let [first, second, third, fourth] = &self.whole;
        let Some(text) = text.get(start..range.end + PROBE - 1) else {
            return;
        };
        for (offset, four) in text.windows(PROBE).enumerate() {
            let groups = first[usize::from(four[0])]
                & second[usize::from(four[1])]
                & third[usize::from(four[2])]
                & fourth[usize::from(four[3])];
            if groups != 0 {
                found(start + offset);
            }
        }
    }

    /// # Safety
    ///
    /// The processor has AVX2, and `range.end + 3` is at most the length of the text.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    unsafe fn find_with_avx2(
        &self,
        text: &[u8],
        range: Range<usize>,
        mut found: impl FnMut(usize),
    ) {
        use std::arch::x86_64::{
            __m256i, _MM_HINT_T0, _mm_loadu_si128, _mm_prefetch, _mm256_and_si256,
            _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256,
            _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm256_setzero_si256,
            _mm256_shuffle_epi8, _mm256_srli_epi16, _mm256_testz_si256,
        };
        /// Places that one vector answers for.
        const STEP: usize = 32;
        /// What a vector at a place reads: three more bytes than places.
        const READ: usize = STEP + PROBE - 1;
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

        // The groups that each of the places from `at` on may belong to.
        //
        // Safety: `at + READ` is at most the length of the text.
        let groups = |at: usize| -> __m256i {
            let of = |position: usize| {
                // SAFETY: reads `at + position ..` and 32 bytes, position is at most 3.
                let read = unsafe { _mm256_loadu_si256(bytes.add(at + position).cast()) };
                let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(read), half);
                _mm256_and_si256(
                    _mm256_shuffle_epi8(low[position], _mm256_and_si256(read, half)),
                    _mm256_shuffle_epi8(high[position], upper),
                )
            };
            _mm256_and_si256(
                _mm256_and_si256(of(0), of(1)),
                _mm256_and_si256(of(2), of(3)),
            )
        };
        // A bit for each place that has no group.
        let none = |groups: __m256i| {
            _mm256_movemask_epi8(_mm256_cmpeq_epi8(groups, _mm256_setzero_si256())) as u32
        };

        let mut at = range.start;
        while at + 2 * STEP <= range.end {
            // Asking for memory is no access: it may lie behind the text.
            _mm_prefetch::<_MM_HINT_T0>(bytes.wrapping_add(at + AHEAD).cast());
            let (one, two) = (groups(at), groups(at + STEP));
            let any = _mm256_or_si256(one, two);
            if _mm256_testz_si256(any, any) == 0 {
                let mut places = !(u64::from(none(one)) | u64::from(none(two)) << STEP);
                while places != 0 {
                    found(at + places.trailing_zeros() as usize);
                    places &= places - 1;
                }
            }
            at += 2 * STEP;
        }
        while at < range.end {
            // The last vector ends where the text does, and leaves out what was seen already.
            let from = at.min(text.len().saturating_sub(READ));
            if text.len() < READ {
                return self.find_plainly(text, at..range.end, found);
            }
            let mut places = !none(groups(from)) & u32::MAX << (at - from);
            if range.end - from < STEP {
                places &= !(u32::MAX << (range.end - from));
            }
            while places != 0 {
                found(from + places.trailing_zeros() as usize);
                places &= places - 1;
            }
            at = from + STEP;
        }
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

    fn places(find: impl FnOnce(&mut dyn FnMut(usize))) -> Vec<usize> {
        let mut places = Vec::new();
        find(&mut |at| places.push(at));
        places
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
                    let quick = places(|found| fingerprint.find(&text, range.clone(), found));
                    let last = end.min(length.saturating_sub(PROBE - 1));
                    let plain = places(|found| {
                        fingerprint.find_plainly(&text, range.start..last.max(range.start), found);
                    });
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
                let found = places(|found| fingerprint.find(&text, 0..text.len(), found));
                assert!(found.contains(&before), "{before}");
            }
        }
    }
}
