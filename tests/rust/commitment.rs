//! A ciphertext that authenticates under two keys of one ring: only the commitment refuses it.
//!
//! Poly1305 is linear in each block, so somebody who has both keys solves for one block that makes
//! the tags agree (Len, Grubbs, Ristenpart: "Partitioning Oracle Attacks", USENIX Security 2021).

#![allow(clippy::unwrap_used)]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use byok_engine::Error;
use byok_engine::context::Context;
use byok_engine::envelope::{self, Envelope, State};
use byok_engine::keyring::{Given, KeyRing, assemble};
use chacha20::XChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use chacha20poly1305::aead::{AeadInOut, KeyInit, inout::InOutBuf};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use sha2::Sha256;

const NONCE: [u8; 24] = [0x40; 24];
const CIPHERTEXT_LEN: usize = 32;

/// One of the two keys, as `docs/format.md` derives it for an empty context.
struct Key {
    id: String,
    aad: Vec<u8>,
    cipher: [u8; 32],
    commitment: [u8; 32],
}

impl Key {
    fn new(root: [u8; 32]) -> Self {
        let mut raw = [0u8; 8];
        hkdf(&root, b"", b"byok/v1/kid", &mut raw);
        let id = URL_SAFE_NO_PAD.encode(raw);
        let aad = [format!("byok1.{id}.").as_bytes(), &[0; 7 * 2]].concat();
        let mut okm = [0u8; 64];
        let info = [b"byok/v1/msg\0", aad.as_slice()].concat();
        hkdf(&root, &NONCE, &info, &mut okm);
        Key {
            id,
            aad,
            cipher: okm[..32].try_into().unwrap(),
            commitment: okm[32..].try_into().unwrap(),
        }
    }

    /// `r` and `s` of Poly1305: the first bytes of the key stream.
    fn poly1305(&self) -> (Field, u128) {
        let mut stream = [0u8; 32];
        XChaCha20::new(&self.cipher.into(), &NONCE.into()).apply_keystream(&mut stream);
        let (r, s) = stream.split_at(16);
        let r = u128::from_le_bytes(r.try_into().unwrap());
        let clamped = r & 0x0fff_fffc_0fff_fffc_0fff_fffc_0fff_ffff;
        (
            Field::new(clamped, 0),
            u128::from_le_bytes(s.try_into().unwrap()),
        )
    }

    /// The tag before `s` is added, as `constant + factor × block` of the second block of the
    /// ciphertext.
    fn line(&self, first: &[u8; 16]) -> (Field, Field) {
        let (r, _) = self.poly1305();
        assert_eq!(self.aad.len(), 32);
        let mut lengths = [0u8; 16];
        lengths[0] = 32;
        lengths[8] = CIPHERTEXT_LEN as u8;
        let mut constant = Field::new(0, 0);
        let blocks = [&self.aad[..16], &self.aad[16..], first, &[], &lengths];
        for block in blocks {
            // The unknown block counts as nothing here.
            let value = match block {
                [] => Field::new(0, 0),
                block => Field::new(u128::from_le_bytes(block.try_into().unwrap()), 1),
            };
            constant = constant.plus(value).times(r);
        }
        (constant, r.times(r))
    }

    fn opens(&self, ciphertext: &[u8], tag: [u8; 16]) -> bool {
        let mut plaintext = vec![0u8; ciphertext.len()];
        let buffer = InOutBuf::new(ciphertext, &mut plaintext).unwrap();
        XChaCha20Poly1305::new(&self.cipher.into())
            .decrypt_inout_detached(&XNonce::from(NONCE), &self.aad, buffer, &Tag::from(tag))
            .is_ok()
    }

    fn envelope(&self, commitment: &[u8; 32], ciphertext: &[u8], tag: [u8; 16]) -> String {
        let body = [NONCE.as_slice(), commitment, ciphertext, &tag].concat();
        format!("byok1.{}.{}", self.id, URL_SAFE_NO_PAD.encode(body))
    }
}

fn hkdf(ikm: &[u8], salt: &[u8], info: &[u8], out: &mut [u8]) {
    Hkdf::<Sha256>::new(Some(salt), ikm)
        .expand(info, out)
        .unwrap();
}

/// A number modulo 2^130 - 5, in five words of 26 bits.
#[derive(Clone, Copy, PartialEq)]
struct Field([u64; 5]);

const WORD: u64 = (1 << 26) - 1;

impl Field {
    /// `low + high × 2^128`, with `high` below 4.
    fn new(low: u128, high: u64) -> Self {
        let word = |index: u32| (low >> (26 * index)) as u64 & WORD;
        let top = (low >> 104) as u64 | high << 24;
        Field([word(0), word(1), word(2), word(3), top])
    }

    /// Carries until every word has 26 bits; 2^130 is 5.
    fn carried(mut words: [u64; 5]) -> Self {
        for _ in 0..4 {
            for index in 0..5 {
                let carry = words[index] >> 26;
                words[index] &= WORD;
                match index {
                    4 => words[0] += carry * 5,
                    _ => words[index + 1] += carry,
                }
            }
        }
        Field(words)
    }

    fn plus(self, other: Self) -> Self {
        Self::carried(std::array::from_fn(|i| self.0[i] + other.0[i]))
    }

    fn minus(self, other: Self) -> Self {
        // Four times the modulus keeps every word positive.
        let modulus = [WORD - 4, WORD, WORD, WORD, WORD];
        Self::carried(std::array::from_fn(|i| {
            self.0[i] + 4 * modulus[i] - other.0[i]
        }))
    }

    fn times(self, other: Self) -> Self {
        let mut words = [0u64; 5];
        for (i, one) in self.0.iter().enumerate() {
            for (j, two) in other.0.iter().enumerate() {
                let wrapped = if i + j >= 5 { 5 } else { 1 };
                words[(i + j) % 5] += one * two * wrapped;
            }
        }
        Self::carried(words)
    }

    /// By Fermat: the power of 2^130 - 7.
    fn inverse(self) -> Self {
        let mut power = Field::new(1, 0);
        for bit in (0..130).rev() {
            power = power.times(power);
            // All bits are set but those of 6 = 0b110: 2^130 - 1 - 6.
            if bit != 1 && bit != 2 {
                power = power.times(self);
            }
        }
        power
    }

    /// The number, as `low + high × 2^128`.
    fn parts(self) -> (u128, u64) {
        // The words may still stand for a number of the modulus or a little more.
        let modulus = Field([WORD - 4, WORD, WORD, WORD, WORD]);
        let words = match self.0[0] >= WORD - 4 && self.0[1..] == modulus.0[1..] {
            true => [self.0[0] - (WORD - 4), 0, 0, 0, 0],
            false => self.0,
        };
        let low = (0..4).fold(0u128, |low, i| low | u128::from(words[i]) << (26 * i));
        (low | u128::from(words[4]) << 104, words[4] >> 24)
    }
}

/// A ciphertext and a tag that both keys accept.
fn collision(one: &Key, two: &Key) -> ([u8; CIPHERTEXT_LEN], [u8; 16]) {
    let (_, s_one) = one.poly1305();
    let (_, s_two) = two.poly1305();
    for attempt in 0..1000u128 {
        let first = attempt.to_le_bytes();
        let (constant_one, factor_one) = one.line(&first);
        let (constant_two, factor_two) = two.line(&first);
        // constant_one + factor_one x + s_one = constant_two + factor_two x + s_two
        let constants = constant_two
            .minus(constant_one)
            .plus(Field::new(s_two.wrapping_sub(s_one), 0));
        let block = constants.times(factor_one.minus(factor_two).inverse());
        // A whole block has exactly the bit 2^128 above its 16 bytes: one attempt in four.
        let (low, 1) = block.parts() else { continue };
        let mut ciphertext = [0u8; CIPHERTEXT_LEN];
        ciphertext[..16].copy_from_slice(&first);
        ciphertext[16..].copy_from_slice(&low.to_le_bytes());
        let (sum, _) = constant_one.plus(factor_one.times(block)).parts();
        let tag = sum.wrapping_add(s_one).to_le_bytes();
        // The sums may differ by a multiple of the modulus, which 2^128 does not divide: the next.
        if one.opens(&ciphertext, tag) && two.opens(&ciphertext, tag) {
            return (ciphertext, tag);
        }
    }
    panic!("no collision was found");
}

#[test]
fn a_ciphertext_of_two_keys_opens_under_the_one_it_commits_to() {
    let roots = [[1u8; 32], [2u8; 32]];
    let text = |root: &[u8; 32]| format!("byok-root:{}", URL_SAFE_NO_PAD.encode(root));
    let [current, previous] = roots.each_ref().map(text);
    let ring: KeyRing = assemble(&Given {
        constant: Some(current.as_bytes()),
        constant_previous: vec![previous.as_bytes()],
        ..Given::default()
    })
    .ring
    .ok()
    .unwrap();
    let [one, two] = roots.map(Key::new);
    let (ciphertext, tag) = collision(&one, &two);

    let context = Context::default();
    let open = |text: &str| {
        let opened = Envelope::parse(text.as_bytes())
            .unwrap()
            .open(&ring, &context);
        opened.map(|plaintext| plaintext.to_vec())
    };
    // Each opens with its own commitment: for the cipher alone this is one message of two keys.
    let of_one = one.envelope(&one.commitment, &ciphertext, tag);
    let of_two = two.envelope(&two.commitment, &ciphertext, tag);
    assert_ne!(open(&of_one).unwrap(), open(&of_two).unwrap());
    // With the other's, nothing but the commitment is wrong.
    for (key, other) in [(&one, &two), (&two, &one)] {
        let crafted = key.envelope(&other.commitment, &ciphertext, tag);
        assert_eq!(open(&crafted), Err(Error::EnvelopeRefused));
        let told = envelope::inspect_at(Ok(&ring), &context, crafted.as_bytes());
        assert_eq!(
            (told.state, told.reason),
            (State::Damaged, Some(Error::EnvelopeRefused))
        );
        assert_eq!(
            envelope::reencrypt(&ring, &context, crafted.as_bytes()),
            Err(Error::EnvelopeRefused)
        );
    }
}
