//! The envelope `byok1`: text-safe, versioned, key-committing and bound to its place.
//! `docs/format.md` is normative; code that disagrees with it is a security bug.
//!
//! It promises that no byte of plaintext appears before both the commitment and the tag are right,
//! and that every text has at most one reading. It does not know where root keys come from.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{AeadInOut, KeyInit, inout::InOutBuf};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::keyring::KeyRing;
use crate::root::{KEY_ID_LEN, Root};

#[cfg(not(poly1305_backend = "soft"))]
compile_error!("build with --cfg poly1305_backend=\"soft\" (see .cargo/config.toml)");

/// The longest plaintext, in bytes. Provider keys have some hundred bytes, service accounts a few
/// thousand; a bound keeps a hostile row from costing memory.
pub const PLAINTEXT_MAX: usize = 8192;

const PREFIX: &[u8] = b"byok1.";
/// `byok1.` kid `.`
const HEAD_LEN: usize = PREFIX.len() + KEY_ID_LEN + 1;
const NONCE_LEN: usize = 24;
const COMMITMENT_LEN: usize = 32;
const TAG_LEN: usize = 16;
/// What keys of messages are derived for; the context follows.
const LABEL: &[u8] = b"byok/v1/msg\0";
/// Bytes of the body beside the ciphertext.
const OVERHEAD: usize = NONCE_LEN + COMMITMENT_LEN + TAG_LEN;
/// Digits of a version number that are read as one; more is not an envelope of any future.
const VERSION_DIGITS_MAX: usize = 4;

/// What an envelope's state is for one ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Opens under the current key.
    Ready,
    /// Opens under a previous key.
    Stale,
    /// Its key, or its version, is not here.
    Locked,
    /// Not an envelope.
    Damaged,
}

impl State {
    /// The word for it in PHP, on screens and in the documentation.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Ready => "ready",
            State::Stale => "stale",
            State::Locked => "locked",
            State::Damaged => "damaged",
        }
    }
}

/// What can be told without decrypting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// Version of the format, when it is an envelope of any version.
    pub version: Option<u32>,
    /// Id of the root key, when the version is known.
    pub key_id: Option<String>,
    /// The state.
    pub state: State,
    /// Why it is locked or damaged.
    pub reason: Option<Error>,
}

/// A well-formed envelope of version 1.
pub struct Envelope {
    key_id: [u8; KEY_ID_LEN],
    body: Vec<u8>,
}

/// Length in characters of the envelope of a plaintext of `plaintext_len` bytes.
pub const fn sealed_len(plaintext_len: usize) -> usize {
    HEAD_LEN + encoded_len(OVERHEAD + plaintext_len)
}

const fn encoded_len(bytes: usize) -> usize {
    // Unpadded base64: 4 characters for 3 bytes; 2 for one left over, 3 for two.
    bytes / 3 * 4 + (bytes % 3 * 4).div_ceil(3)
}

/// [`sealed_len`] of a plaintext that can be encrypted.
///
/// # Errors
/// `PlaintextEmpty`, `PlaintextTooLong`.
pub fn room_for(plaintext: &[u8]) -> Result<usize> {
    match plaintext.len() {
        0 => Err(Error::PlaintextEmpty),
        length @ 1..=PLAINTEXT_MAX => Ok(sealed_len(length)),
        _ => Err(Error::PlaintextTooLong),
    }
}

/// Encrypts `plaintext` for this place, under the ring's current key.
///
/// # Errors
/// `PlaintextEmpty`, `PlaintextTooLong`, `RandomUnavailable`.
pub fn seal(ring: &KeyRing, context: &Context<'_>, plaintext: &[u8]) -> Result<String> {
    text_of(plaintext, |out| seal_into(ring, context, plaintext, out))
}

/// [`seal`] into `out`, which must have [`room_for`] it. It is ASCII then.
///
/// # Errors
/// As [`seal`].
pub fn seal_into(
    ring: &KeyRing,
    context: &Context<'_>,
    plaintext: &[u8],
    out: &mut [u8],
) -> Result<()> {
    let mut nonce = [0u8; NONCE_LEN];
    getrandom::fill(&mut nonce).map_err(|_| Error::RandomUnavailable)?;
    write(ring, context, plaintext, nonce, out)
}

/// [`seal`] with a nonce of the caller's: for test vectors. A nonce used twice under the same
/// context reveals both plaintexts.
#[doc(hidden)]
pub fn seal_with_nonce(
    ring: &KeyRing,
    context: &Context<'_>,
    plaintext: &[u8],
    nonce: [u8; NONCE_LEN],
) -> Result<String> {
    text_of(plaintext, |out| write(ring, context, plaintext, nonce, out))
}

/// The text that `write` makes of a plaintext.
fn text_of(plaintext: &[u8], write: impl FnOnce(&mut [u8]) -> Result<()>) -> Result<String> {
    let mut out = vec![0; room_for(plaintext)?];
    write(&mut out)?;
    String::from_utf8(out).map_err(|_| Error::EnvelopeMalformed)
}

fn write(
    ring: &KeyRing,
    context: &Context<'_>,
    plaintext: &[u8],
    nonce: [u8; NONCE_LEN],
    out: &mut [u8],
) -> Result<()> {
    let room = room_for(plaintext)?;
    debug_assert_eq!(out.len(), room);
    let root = ring.current();
    let head = head(root.id());
    let info = context.encode(LABEL, &head);
    let derived = Derived::new(root, &nonce, &info);

    let mut body = vec![0u8; OVERHEAD + plaintext.len()];
    let (front, back) = body.split_at_mut(NONCE_LEN + COMMITMENT_LEN);
    front[..NONCE_LEN].copy_from_slice(&nonce);
    front[NONCE_LEN..].copy_from_slice(derived.commitment());
    let (ciphertext, tag) = back.split_at_mut(plaintext.len());
    let buffer = InOutBuf::new(plaintext, ciphertext).map_err(|_| Error::PlaintextTooLong)?;
    let made = derived
        .cipher()
        .encrypt_inout_detached(&XNonce::from(nonce), &info[LABEL.len()..], buffer)
        .map_err(|_| Error::PlaintextTooLong)?;
    tag.copy_from_slice(&made);

    let (first, encoded) = out.split_at_mut(HEAD_LEN);
    first.copy_from_slice(&head);
    URL_SAFE_NO_PAD
        .encode_slice(&body, encoded)
        .map_err(|_| Error::PlaintextTooLong)?;
    Ok(())
}

/// Tells about any text, without decrypting and without failing. Without a ring, every envelope
/// is locked for the given reason.
pub fn inspect(ring: std::result::Result<&KeyRing, Error>, text: &[u8]) -> Inspection {
    let envelope = match Envelope::parse(text) {
        Ok(envelope) => envelope,
        Err(error) => {
            let version = (error == Error::EnvelopeUnsupportedVersion).then(|| version(text));
            return Inspection {
                version: version.flatten(),
                key_id: None,
                state: if version.is_some() {
                    State::Locked
                } else {
                    State::Damaged
                },
                reason: Some(error),
            };
        }
    };
    let (state, reason) = match ring {
        Err(error) => (State::Locked, Some(error)),
        Ok(ring) if ring.is_current(&envelope.key_id) => (State::Ready, None),
        Ok(ring) if ring.holds(&envelope.key_id) => (State::Stale, None),
        Ok(_) => (State::Locked, Some(Error::EnvelopeUnknownKey)),
    };
    Inspection {
        version: Some(1),
        key_id: Some(
            envelope
                .key_id
                .iter()
                .map(|byte| char::from(*byte))
                .collect(),
        ),
        state,
        reason,
    }
}

/// [`inspect`] that also tries to open the envelope at this place: what its key refuses is
/// damaged. The plaintext is wiped.
pub fn inspect_at(
    ring: std::result::Result<&KeyRing, Error>,
    context: &Context<'_>,
    text: &[u8],
) -> Inspection {
    let told = inspect(ring, text);
    let opened = match (told.state, ring) {
        (State::Ready | State::Stale, Ok(ring)) => {
            Envelope::parse(text).and_then(|envelope| envelope.open(ring, context))
        }
        _ => return told,
    };
    match opened {
        Ok(_) => told,
        Err(error) => Inspection {
            state: State::Damaged,
            reason: Some(error),
            ..told
        },
    }
}

/// Encrypts the plaintext of an envelope again, under the ring's current key and for the same
/// place. `None` when it already is under that key, and opens.
///
/// # Errors
/// Those of [`Envelope::parse`] and [`Envelope::open`], and `RandomUnavailable`.
pub fn reencrypt(ring: &KeyRing, context: &Context<'_>, text: &[u8]) -> Result<Option<String>> {
    let envelope = Envelope::parse(text)?;
    let plaintext = envelope.open(ring, context)?;
    if ring.is_current(&envelope.key_id) {
        return Ok(None);
    }
    seal(ring, context, &plaintext).map(Some)
}

impl Envelope {
    /// Reads an envelope; nothing is decrypted.
    ///
    /// # Errors
    /// `EnvelopeMalformed`, `EnvelopeUnsupportedVersion`.
    pub fn parse(text: &[u8]) -> Result<Self> {
        let Some(rest) = text.strip_prefix(PREFIX) else {
            return Err(match version(text) {
                Some(_) => Error::EnvelopeUnsupportedVersion,
                None => Error::EnvelopeMalformed,
            });
        };
        // The length first: nothing is decoded or copied of a text that cannot be an envelope.
        if text.len() < sealed_len(1) || text.len() > sealed_len(PLAINTEXT_MAX) {
            return Err(Error::EnvelopeMalformed);
        }
        let (key_id, rest) = rest.split_at(KEY_ID_LEN);
        let Some(encoded) = rest.strip_prefix(b".") else {
            return Err(Error::EnvelopeMalformed);
        };
        // The decoder refuses padding, other alphabets and non-zero trailing bits.
        let mut id_bytes = [0u8; 9];
        match URL_SAFE_NO_PAD.decode_slice(key_id, &mut id_bytes) {
            Ok(8) => {}
            _ => return Err(Error::EnvelopeMalformed),
        }
        let body = URL_SAFE_NO_PAD
            .decode(encoded)
            .map_err(|_| Error::EnvelopeMalformed)?;
        if body.len() <= OVERHEAD || body.len() > OVERHEAD + PLAINTEXT_MAX {
            return Err(Error::EnvelopeMalformed);
        }
        let mut id = [0u8; KEY_ID_LEN];
        id.copy_from_slice(key_id);
        Ok(Envelope { key_id: id, body })
    }

    /// Length of the plaintext in bytes.
    pub fn plaintext_len(&self) -> usize {
        self.body.len() - OVERHEAD
    }

    /// Decrypts into `out`, which must have [`Envelope::plaintext_len`] bytes. On failure `out`
    /// holds zeros.
    ///
    /// # Errors
    /// `EnvelopeUnknownKey`, `EnvelopeRefused`.
    pub fn open_into(&self, ring: &KeyRing, context: &Context<'_>, out: &mut [u8]) -> Result<()> {
        let root = ring.root(&self.key_id).ok_or(Error::EnvelopeUnknownKey)?;
        let opened = self.decrypt(root, context, out);
        if opened.is_err() {
            out.zeroize();
        }
        opened
    }

    /// Decrypts into wiped memory.
    ///
    /// # Errors
    /// As [`Envelope::open_into`].
    pub fn open(&self, ring: &KeyRing, context: &Context<'_>) -> Result<Zeroizing<Vec<u8>>> {
        let mut plaintext = Zeroizing::new(vec![0u8; self.plaintext_len()]);
        self.open_into(ring, context, &mut plaintext)?;
        Ok(plaintext)
    }

    fn decrypt(&self, root: &Root, context: &Context<'_>, out: &mut [u8]) -> Result<()> {
        let info = context.encode(LABEL, &head(&self.key_id));
        let (front, back) = self.body.split_at(NONCE_LEN + COMMITMENT_LEN);
        let (nonce, commitment) = front.split_at(NONCE_LEN);
        let (ciphertext, tag) = back.split_at(self.plaintext_len());
        let nonce: [u8; NONCE_LEN] = nonce.try_into().map_err(|_| Error::EnvelopeMalformed)?;
        let tag: [u8; TAG_LEN] = tag.try_into().map_err(|_| Error::EnvelopeMalformed)?;
        let derived = Derived::new(root, &nonce, &info);
        // Poly1305 does not commit to a key: one ciphertext can be made to open under two. The
        // commitment does, so a ring of several keys is no oracle.
        if !bool::from(derived.commitment().ct_eq(commitment)) {
            return Err(Error::EnvelopeRefused);
        }
        let buffer = InOutBuf::new(ciphertext, out).map_err(|_| Error::EnvelopeMalformed)?;
        derived
            .cipher()
            .decrypt_inout_detached(
                &XNonce::from(nonce),
                &info[LABEL.len()..],
                buffer,
                &Tag::from(tag),
            )
            .map_err(|_| Error::EnvelopeRefused)
    }
}

/// `byok1.` kid `.`
fn head(key_id: &[u8; KEY_ID_LEN]) -> [u8; HEAD_LEN] {
    let mut head = [b'.'; HEAD_LEN];
    head[..PREFIX.len()].copy_from_slice(PREFIX);
    head[PREFIX.len()..HEAD_LEN - 1].copy_from_slice(key_id);
    head
}

/// The version of an envelope of any version: `byok`, a number without leading zero, a point.
fn version(text: &[u8]) -> Option<u32> {
    let rest = text.strip_prefix(b"byok")?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0
        || digits > VERSION_DIGITS_MAX
        || rest[0] == b'0'
        || rest.get(digits) != Some(&b'.')
    {
        return None;
    }
    Some(
        rest[..digits]
            .iter()
            .fold(0, |number, digit| number * 10 + u32::from(digit - b'0')),
    )
}

/// Cipher key and commitment of one message.
struct Derived(Zeroizing<[u8; 64]>);

impl Derived {
    fn new(root: &Root, nonce: &[u8; NONCE_LEN], info: &[u8]) -> Self {
        let mut okm = Zeroizing::new([0u8; 64]);
        root.expand(nonce, info, &mut okm[..]);
        Derived(okm)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        let mut key = chacha20poly1305::Key::default();
        key.copy_from_slice(&self.0[..32]);
        let cipher = XChaCha20Poly1305::new(&key);
        key.zeroize();
        cipher
    }

    fn commitment(&self) -> &[u8] {
        &self.0[32..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_agree_with_the_encoder() {
        for bytes in 0..200 {
            assert_eq!(
                encoded_len(bytes),
                URL_SAFE_NO_PAD.encode(vec![0; bytes]).len()
            );
        }
    }

    #[test]
    fn versions_are_canonical_numbers() {
        for (text, expected) in [
            ("byok2.", Some(2)),
            ("byok9999.x", Some(9999)),
            ("byok99999.x", None),
            ("byok01.", None),
            ("byok0.", None),
            ("byok.", None),
            ("byok2", None),
            ("BYOK2.", None),
            ("byok2,", None),
        ] {
            assert_eq!(version(text.as_bytes()), expected, "{text}");
        }
    }
}
