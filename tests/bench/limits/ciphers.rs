//! The engine's work without PHP, and the cipher alone, by several implementations.

use std::hint::black_box;
use std::time::{Duration, Instant};

use byok_engine::context::Context;
use byok_engine::envelope::{Envelope, PLAINTEXT_MAX, seal, seal_into, sealed_len};
use byok_engine::keyring::KeyRing;
use chacha20::hchacha;
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};

/// How long so many runs take; `None` when there is no such work, or not of so many bytes.
pub fn time(work: &str, bytes: usize, times: u32) -> Option<Duration> {
    let ring = KeyRing::from_root([7; 32]);
    let place = place()?;
    let mut text = vec![b'a'; bytes];
    match work {
        "encrypt" if bytes <= PLAINTEXT_MAX => {
            let mut out = vec![0; sealed_len(bytes)];
            Some(timed(times, || {
                seal_into(&ring, &place, black_box(&text), &mut out)
            }))
        }
        "decrypt" if bytes <= PLAINTEXT_MAX => {
            let envelope = seal(&ring, &place, &text).ok()?;
            Some(timed(times, || {
                let parsed = Envelope::parse(black_box(envelope.as_bytes()))?;
                parsed.open_into(&ring, &place, &mut text)
            }))
        }
        "chacha20poly1305" => Some(timed(times, || ours(&mut text))),
        "ring" => Some(timed(times, || by_ring(&mut text))),
        _ => None,
    }
}

fn timed<R>(times: u32, mut run: impl FnMut() -> R) -> Duration {
    let begun = Instant::now();
    for _ in 0..times {
        black_box(run());
    }
    begun.elapsed()
}

/// The same as in `ciphers.php`.
fn place() -> Option<Context<'static>> {
    let mut place = Context::new(b"").ok()?;
    for (name, value) in [
        ("network", "1"),
        ("blog", "1"),
        ("owner", "site"),
        ("provider", "openai"),
        ("slot", "default"),
        ("origin", "https://api.openai.com:443"),
    ] {
        place.set(name.as_bytes(), value.as_bytes()).ok()?;
    }
    Some(place)
}

const KEY: [u8; 32] = [7; 32];
const NONCE: [u8; 24] = [9; 24];

/// XChaCha20-Poly1305 as the engine has it, in place.
fn ours(text: &mut [u8]) {
    let cipher = XChaCha20Poly1305::new(&KEY.into());
    let tag = cipher.encrypt_inout_detached(&XNonce::from(NONCE), b"", text.into());
    let _ = black_box(tag);
}

/// XChaCha20-Poly1305 of ring, which leaves the first step to its caller.
fn by_ring(text: &mut [u8]) {
    let (first, rest) = NONCE.split_at(16);
    let mut half = [0; 16];
    half.copy_from_slice(first);
    let key = hchacha::<chacha20::R20>(&KEY.into(), &half.into());
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(rest);
    if let Ok(key) = UnboundKey::new(&CHACHA20_POLY1305, &key) {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = LessSafeKey::new(key).seal_in_place_separate_tag(nonce, Aad::empty(), text);
        let _ = black_box(tag);
    }
}
