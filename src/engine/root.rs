//! A root key: the 32 bytes that everything is derived from, and how a text becomes one.
//! `docs/format.md` is normative.
//!
//! It promises that a root lies in one place of wiped memory and that deriving from it leaves no
//! copy on the stack. It does not know where the text comes from.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::{Zeroizing, optimization_barrier};

use crate::error::{Error, Result};
use crate::protected::Protected;

/// Bytes of a root key.
pub const ROOT_LEN: usize = 32;
/// Characters of a key id in an envelope: 8 bytes in base64url.
pub const KEY_ID_LEN: usize = 11;
/// What a generated key begins with; 32 bytes in base64url follow.
pub const ROOT_PREFIX: &str = "byok-root:";
/// Characters of a generated key.
pub const GENERATED_LEN: usize = ROOT_PREFIX.len() + 43;
/// Left in the environment in place of a secret that was taken, so that a child process fails
/// with a clear reason instead of writing under a weaker source.
pub const TAKEN_MARK: &[u8] = b"(taken by byok)";
/// Fewer characters than this hold too little entropy to stand against a guess over a database leak.
const SECRET_MIN_CHARS: usize = 32;
/// A salt of fewer words than this, all of letters, is the sample configuration's phrase in some
/// language. Ten words chosen at random would be a fair secret.
const PHRASE_MIN_WORDS: usize = 10;
/// Bytes of stack that a derivation may have used. HKDF over SHA-256 uses some 1700, and 4700 in a
/// debug build.
const STACK_WIPED: usize = if cfg!(debug_assertions) { 16384 } else { 4096 };

/// A root key and its id.
pub struct Root {
    id: [u8; KEY_ID_LEN],
    bytes: Bytes,
}

/// Where the bytes of a root lie.
enum Bytes {
    /// For one request: made of constants, which PHP holds in plain memory anyway.
    Request(Box<Zeroizing<[u8; ROOT_LEN]>>),
    /// For the process: so many roots into memory that all of them share.
    Process(Arc<Protected>, usize),
}

impl Root {
    /// The root of a secret.
    ///
    /// # Errors
    /// `SourceTaken`, `SourceTooShort`, `SourceMalformed`.
    pub fn from_secret(secret: &[u8]) -> Result<Self> {
        Self::for_request(|out| from_secret(secret, out))
    }

    /// The root of WordPress's salts; `others` are its other secret constants, to notice
    /// duplicates.
    ///
    /// # Errors
    /// `SourceMissing` when both are empty, `SaltsPlaceholder`, `SaltsDuplicated`, `SaltsTooShort`.
    pub fn from_salts(key: &[u8], salt: &[u8], others: &[&[u8]]) -> Result<Self> {
        if let Some(error) = salts_fault(key, salt, others) {
            return Err(error);
        }
        let mut ikm = Zeroizing::new(Vec::with_capacity(key.len() + 1 + salt.len()));
        ikm.extend_from_slice(key);
        ikm.push(0);
        ikm.extend_from_slice(salt);
        Self::for_request(|out| {
            expand(&ikm, b"", b"byok/v1/root/salts", out);
            Ok(())
        })
    }

    /// The root at this place in memory of the process, counted in roots.
    pub(crate) fn of_process(memory: Arc<Protected>, index: usize) -> Self {
        Self::new(Bytes::Process(memory, index))
    }

    /// A root for vectors and tests.
    pub(crate) fn from_bytes(root: [u8; ROOT_LEN]) -> Self {
        Self::new(Bytes::Request(Box::new(Zeroizing::new(root))))
    }

    fn for_request(fill: impl FnOnce(&mut [u8]) -> Result<()>) -> Result<Self> {
        let mut bytes = Box::new(Zeroizing::new([0u8; ROOT_LEN]));
        fill(&mut bytes[..])?;
        Ok(Self::new(Bytes::Request(bytes)))
    }

    fn new(bytes: Bytes) -> Self {
        let mut root = Root {
            id: [0u8; KEY_ID_LEN],
            bytes,
        };
        let mut raw = [0u8; 8];
        root.expand(b"", b"byok/v1/kid", &mut raw);
        // 8 bytes are 11 characters: the slice always fits.
        let written = URL_SAFE_NO_PAD.encode_slice(raw, &mut root.id);
        debug_assert_eq!(written, Ok(KEY_ID_LEN));
        root
    }

    /// Its id.
    pub fn id(&self) -> &[u8; KEY_ID_LEN] {
        &self.id
    }

    /// HKDF-SHA256 (RFC 5869) of this root into `out`, which must be at most 255 × 32 bytes.
    pub(crate) fn expand(&self, salt: &[u8], info: &[u8], out: &mut [u8]) {
        let ikm = match &self.bytes {
            Bytes::Request(bytes) => &bytes[..],
            Bytes::Process(memory, index) => &memory[index * ROOT_LEN..][..ROOT_LEN],
        };
        expand(ikm, salt, info, out);
    }
}

/// A new key from the system's random number generator: [`ROOT_PREFIX`] and 32 bytes in base64url.
///
/// # Errors
/// `RandomUnavailable`.
pub fn generate() -> Result<Zeroizing<String>> {
    let mut root = Zeroizing::new([0u8; ROOT_LEN]);
    getrandom::fill(&mut root[..]).map_err(|_| Error::RandomUnavailable)?;
    let mut text = Zeroizing::new(String::with_capacity(GENERATED_LEN));
    text.push_str(ROOT_PREFIX);
    without_a_trace(|| URL_SAFE_NO_PAD.encode_string(&root[..], &mut text));
    Ok(text)
}

/// Writes the root of a secret into `out`, which has [`ROOT_LEN`] bytes.
///
/// # Errors
/// `SourceTaken`, `SourceTooShort`, `SourceMalformed`.
pub(crate) fn from_secret(secret: &[u8], out: &mut [u8]) -> Result<()> {
    if secret == TAKEN_MARK {
        return Err(Error::SourceTaken);
    }
    if let Some(encoded) = secret.strip_prefix(ROOT_PREFIX.as_bytes()) {
        return without_a_trace(|| {
            // 33 bytes: the decoder wants room for a whole last quantum.
            let mut root = Zeroizing::new([0u8; ROOT_LEN + 1]);
            match URL_SAFE_NO_PAD.decode_slice(encoded, &mut root[..]) {
                Ok(ROOT_LEN) => {
                    out.copy_from_slice(&root[..ROOT_LEN]);
                    Ok(())
                }
                _ => Err(Error::SourceMalformed),
            }
        });
    }
    if characters(secret) < SECRET_MIN_CHARS {
        return Err(Error::SourceTooShort);
    }
    expand(secret, b"", b"byok/v1/root/secret", out);
    Ok(())
}

fn expand(ikm: &[u8], salt: &[u8], info: &[u8], out: &mut [u8]) {
    let expanded = without_a_trace(|| Hkdf::<Sha256>::new(Some(salt), ikm).expand(info, out));
    // The only failure is an output over 8160 bytes; callers ask for 64 at most.
    debug_assert!(expanded.is_ok());
}

/// Runs `work` and wipes the stack that it used. SHA-256 hashes a root as a block of a message and
/// HKDF makes one of its output: what a destructor does not know (moved values, spilled registers)
/// stays behind. Protected memory would be of little use if a core dump had the root on the stack.
fn without_a_trace<R>(work: impl FnOnce() -> R) -> R {
    // A frame of its own, which begins where that of `wipe_stack` will.
    #[inline(never)]
    fn apart<R>(work: impl FnOnce() -> R) -> R {
        work()
    }
    let result = apart(work);
    wipe_stack();
    result
}

/// Overwrites the stack below the caller's frame.
#[inline(never)]
fn wipe_stack() {
    let below = [0u8; STACK_WIPED];
    optimization_barrier(&below);
}

fn salts_fault(key: &[u8], salt: &[u8], others: &[&[u8]]) -> Option<Error> {
    if key.is_empty() && salt.is_empty() {
        return Some(Error::SourceMissing);
    }
    // The placeholder first: it is also short and often the same eight times, and says most.
    if is_phrase(key) || is_phrase(salt) {
        return Some(Error::SaltsPlaceholder);
    }
    if key == salt || others.iter().any(|other| *other == key || *other == salt) {
        return Some(Error::SaltsDuplicated);
    }
    if characters(key) < SECRET_MIN_CHARS || characters(salt) < SECRET_MIN_CHARS {
        return Some(Error::SaltsTooShort);
    }
    None
}

/// Whether this is a phrase for people: a few words and nothing but letters. This knows the
/// sample's "put your unique phrase here" in every language, without a list of translations.
fn is_phrase(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else {
        return false;
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    let plain = |c: char| c.is_alphabetic() || !c.is_ascii() || "'.,!-".contains(c);
    // One long word of ASCII letters may be a random secret; one of another script is a phrase.
    (words.len() > 1 || (words.len() == 1 && !text.is_ascii()))
        && words.len() < PHRASE_MIN_WORDS
        && words.iter().all(|word| word.chars().all(plain))
}

fn characters(value: &[u8]) -> usize {
    std::str::from_utf8(value).map_or(value.len(), |text| text.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"byok-test-auth-key 7hQ>pL2x9!vB4nM6cR8tY1wE3uI5oA0sD";
    const SALT: &[u8] = b"byok-test-auth-salt k2J9f7D4s1A8g5H3l6Z0x!C2v4B6n8M";

    /// Looks at the stack below a frame. What it needs is made before, as calls overwrite the stack.
    struct Probe {
        memory: std::fs::File,
        stack: Vec<u8>,
    }

    impl Probe {
        fn new() -> Self {
            Probe {
                memory: std::fs::File::open("/proc/self/mem").unwrap(),
                stack: vec![0; 64 * 1024],
            }
        }

        /// Whether it holds a half of the value, also in words of the other byte order, as SHA-256
        /// takes a block.
        #[inline(never)]
        fn finds(&mut self, value: &[u8]) -> bool {
            let here = 0u8;
            let start = std::ptr::from_ref(&here) as u64 - self.stack.len() as u64;
            let read = std::os::unix::fs::FileExt::read_at(&self.memory, &mut self.stack, start);
            assert_eq!(read.unwrap(), self.stack.len());
            let mut swapped = value.to_vec();
            swapped.chunks_exact_mut(4).for_each(<[u8]>::reverse);
            [value, &swapped]
                .into_iter()
                .flat_map(|value| value.chunks_exact(16))
                .any(|part| self.stack.windows(16).any(|window| window == part))
        }
    }

    /// Leaves a value on the stack, 2000 bytes deep.
    #[inline(never)]
    fn careless(value: &[u8]) {
        let mut frame = [0u8; 2000];
        frame[..value.len()].copy_from_slice(value);
        std::hint::black_box(&mut frame);
    }

    #[test]
    fn what_work_leaves_on_the_stack_is_wiped() {
        let mut value = [0u8; ROOT_LEN];
        getrandom::fill(&mut value).unwrap();
        let mut probe = Probe::new();
        careless(&value);
        assert!(probe.finds(&value), "The search finds nothing at all.");
        without_a_trace(|| careless(&value));
        assert!(!probe.finds(&value));
    }

    #[test]
    fn a_derivation_leaves_no_trace_on_the_stack() {
        let mut bytes = [0u8; ROOT_LEN];
        getrandom::fill(&mut bytes).unwrap();
        let root = Root::from_bytes(bytes);
        let text = format!("{ROOT_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
        let passphrase = &text.as_bytes()[1..];
        let mut out = [0u8; 64];
        let mut probe = Probe::new();

        root.expand(b"salt", &[0; 200], &mut out);
        assert!(!probe.finds(&bytes));
        from_secret(text.as_bytes(), &mut out[..ROOT_LEN]).unwrap();
        assert!(!probe.finds(&bytes));
        from_secret(passphrase, &mut out[..ROOT_LEN]).unwrap();
        assert!(!probe.finds(passphrase));
        assert!(!probe.finds(&out[..ROOT_LEN]));
    }

    fn secret_fault(secret: &[u8]) -> Option<Error> {
        Root::from_secret(secret).err()
    }

    fn fault(key: &[u8], salt: &[u8]) -> Option<Error> {
        Root::from_salts(key, salt, &[]).err()
    }

    #[test]
    fn a_taken_environment_says_so() {
        assert_eq!(secret_fault(TAKEN_MARK), Some(Error::SourceTaken));
    }

    #[test]
    fn a_written_root_is_the_root_itself() {
        let root: [u8; 32] = std::array::from_fn(|i| i as u8);
        let text = format!("{ROOT_PREFIX}{}", URL_SAFE_NO_PAD.encode(root));
        assert_eq!(
            Root::from_secret(text.as_bytes()).unwrap().id(),
            Root::from_bytes(root).id()
        );
    }

    #[test]
    fn generated_keys_are_whole_roots_and_differ() {
        let one = generate().unwrap();
        assert_eq!(one.len(), GENERATED_LEN);
        let encoded = one.strip_prefix(ROOT_PREFIX).unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(encoded).unwrap().len(), ROOT_LEN);
        assert!(Root::from_secret(one.as_bytes()).is_ok());
        assert_ne!(*one, *generate().unwrap());
    }

    #[test]
    fn a_cut_generated_key_is_refused_and_not_taken_as_a_passphrase() {
        let text = format!("{ROOT_PREFIX}{}", URL_SAFE_NO_PAD.encode([7u8; 31]));
        for secret in [text.clone(), format!("{text}AAAA"), format!("{text}=")] {
            let fault = secret_fault(secret.as_bytes());
            assert_eq!(fault, Some(Error::SourceMalformed), "{}", secret.len());
        }
    }

    #[test]
    fn secrets_are_counted_in_characters() {
        for (length, expected) in [(31, Some(Error::SourceTooShort)), (32, None)] {
            assert_eq!(secret_fault("é".repeat(length).as_bytes()), expected);
        }
    }

    #[test]
    fn placeholders_are_refused_in_every_language() {
        for phrase in [
            "put your unique phrase here",
            "Füge hier deine Zeichenkette ein",
            "mettez une phrase unique ici",
            "pon aquí tu frase aleatoria",
            "впишите сюда уникальную фразу",
            "ここにユニークなフレーズを入れてください",
            "在此输入您的唯一字符串短语",
            "ضع هنا عبارة فريدة خاصة بك",
            "यहाँ अपना अद्वितीय वाक्यांश डालें",
        ] {
            let expected = Some(Error::SaltsPlaceholder);
            assert_eq!(fault(phrase.as_bytes(), SALT), expected, "{phrase}");
            assert_eq!(fault(KEY, phrase.as_bytes()), expected, "{phrase}");
        }
    }

    #[test]
    fn empty_short_and_duplicated_salts_are_refused() {
        assert_eq!(fault(b"", b""), Some(Error::SourceMissing));
        assert_eq!(fault(&KEY[..31], SALT), Some(Error::SaltsTooShort));
        assert_eq!(fault(KEY, KEY), Some(Error::SaltsDuplicated));
        assert_eq!(
            Root::from_salts(KEY, SALT, &[SALT]).err(),
            Some(Error::SaltsDuplicated)
        );
        assert_eq!(fault(KEY, SALT), None);
    }

    #[test]
    fn key_and_salt_cannot_trade_bytes() {
        let joined = [KEY, SALT].concat();
        let one = Root::from_salts(&joined[..40], &joined[40..], &[]).unwrap();
        let two = Root::from_salts(&joined[..41], &joined[41..], &[]).unwrap();
        assert_ne!(one.id(), two.id());
    }
}
