//! Hashes that mean nothing to another process.

use std::hash::{BuildHasherDefault, Hasher};

use siphasher::sip::SipHasher13;
use siphasher::sip128::{self, Hasher128 as _, SipHasher24};

use super::grams::GRAM;
use crate::protected::Protected;

/// The secret of the hashes: three keys in protected memory.
pub(super) struct Secret(Protected);

impl Secret {
    const LEN: usize = 40;

    /// Nothing if there is no randomness: hashes without a secret would be as good as the keys.
    pub fn new() -> Option<Self> {
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
    pub fn factor(&self) -> u64 {
        self.word(4) | 1
    }

    pub fn gram(&self, bytes: &[u8]) -> u32 {
        // Half of it is enough to tell grams apart, and too little to find one.
        SipHasher13::new_with_keys(self.word(0), self.word(1)).hash(bytes) as u32
    }

    /// Tells keys apart, and envelopes. Of each call that opens one: the faster of the two.
    pub fn name(&self, bytes: &[u8]) -> u128 {
        sip128::SipHasher13::new_with_keys(self.word(0), self.word(1))
            .hash(bytes)
            .as_u128()
    }

    /// Tells envelopes apart that were opened: by nonce and commitment, which are at the beginning,
    /// and the tag at the end.
    pub fn name_of_envelope(&self, text: &[u8]) -> u128 {
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

    pub fn whole(&self, bytes: &[u8]) -> u128 {
        let mut parts = self.parts();
        parts.write(bytes);
        parts.finish128().as_u128()
    }

    /// The same, of bytes that come one after the other.
    pub fn parts(&self) -> SipHasher24 {
        SipHasher24::new_with_keys(self.word(2), self.word(3))
    }
}

/// The product by which eight bytes are looked up first.
#[inline]
pub(super) fn product(bytes: &[u8], factor: u64) -> u64 {
    let mut word = [0; GRAM];
    word.copy_from_slice(&bytes[..GRAM]);
    u64::from_le_bytes(word).wrapping_mul(factor)
}

/// Finds what is known by such a hash: nobody can choose it, so it need not be hashed again.
pub(super) type ByHash = BuildHasherDefault<Hashed>;

#[derive(Default)]
pub(super) struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u32(&mut self, hash: u32) {
        // The map looks at both ends.
        self.0 = u64::from(hash) << 32 | u64::from(hash);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write_u128(&mut self, hash: u128) {
        self.0 = hash as u64;
    }
}
