//! Which root keys this site has, where they come from, and which one an envelope names.
//!
//! It promises that the first source that is present writes, that every usable one reads, and that
//! a source that is present but unusable never gives way to a weaker one. It does not know how a
//! constant or an environment variable is read.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// Characters of a key id in an envelope: 8 bytes in base64url.
pub const KEY_ID_LEN: usize = 11;
/// What a generated key begins with; 32 bytes in base64url follow.
pub const ROOT_PREFIX: &str = "byok-root:";
/// Left in the environment in place of a secret that was taken, so that a child process fails
/// with a clear reason instead of writing under a weaker source.
pub const TAKEN_MARK: &[u8] = b"(taken by byok)";
/// Fewer characters than this hold too little entropy to stand against a guess over a database leak.
const SECRET_MIN_CHARS: usize = 32;
/// A salt of fewer words than this, all of letters, is the sample configuration's phrase in some
/// language. Ten words chosen at random would be a fair secret.
const PHRASE_MIN_WORDS: usize = 10;

/// The 32 bytes everything is derived from.
type Root = Zeroizing<[u8; 32]>;

/// Where a root key comes from, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The environment variable `BYOK_KEY`.
    Environment,
    /// The PHP constant `BYOK_KEY`.
    Constant,
    /// `AUTH_KEY` and `AUTH_SALT`.
    Salts,
}

impl Source {
    /// The word for it in PHP, on screens and in the documentation.
    pub fn as_str(self) -> &'static str {
        match self {
            Source::Environment => "environment",
            Source::Constant => "constant",
            Source::Salts => "salts",
        }
    }
}

/// What a process was given. A value that is present but not a string is given as empty.
#[derive(Default)]
pub struct Given<'a> {
    /// Value of the environment variable `BYOK_KEY`.
    pub environment: Option<&'a [u8]>,
    /// Value of the constant `BYOK_KEY`.
    pub constant: Option<&'a [u8]>,
    /// Value of the constant `AUTH_KEY`.
    pub auth_key: Option<&'a [u8]>,
    /// Value of the constant `AUTH_SALT`.
    pub auth_salt: Option<&'a [u8]>,
    /// The other secret constants of WordPress, to notice duplicates.
    pub other_salts: Vec<&'a [u8]>,
}

/// One root key and its id.
struct RootKey {
    id: [u8; KEY_ID_LEN],
    root: Root,
}

/// The root keys of a site: the first writes, all read.
pub struct KeyRing {
    keys: Vec<RootKey>,
}

/// The outcome of looking at all sources.
pub struct Assembled {
    /// The source that writes, or that should but cannot; `None` when nothing was given.
    pub source: Option<Source>,
    /// The ring, or why there is none.
    pub ring: Result<KeyRing>,
    /// Why weaker sources that are present cannot be read.
    pub warnings: Vec<Error>,
}

/// Looks at every source and builds the ring.
pub fn assemble(given: &Given<'_>) -> Assembled {
    let mut first = None;
    let mut keys: Vec<RootKey> = Vec::new();
    let mut failure = None;
    let mut warnings = Vec::new();
    let roots = [
        (Source::Environment, given.environment.map(root_from_secret)),
        (Source::Constant, given.constant.map(root_from_secret)),
        (Source::Salts, root_from_salts(given)),
    ];
    for (source, root) in roots {
        let Some(root) = root else { continue };
        let is_first = first.is_none();
        first.get_or_insert(source);
        match root {
            Ok(root) => keys.push(RootKey::new(root)),
            Err(error) if is_first => failure = Some(error),
            Err(error) => warnings.push(error),
        }
    }
    let ring = match (first, failure) {
        (None, _) => Err(Error::SourceMissing),
        (_, Some(error)) => Err(error),
        (_, None) => Ok(KeyRing { keys }),
    };
    Assembled {
        source: first,
        ring,
        warnings,
    }
}

impl KeyRing {
    /// Id of the key that writes.
    pub fn current_id(&self) -> &[u8; KEY_ID_LEN] {
        &self.current().id
    }

    /// Whether this is the id of the key that writes.
    pub fn is_current(&self, id: &[u8]) -> bool {
        id == self.current().id
    }

    /// The root key with this id.
    pub(crate) fn root(&self, id: &[u8]) -> Option<&[u8; 32]> {
        self.keys
            .iter()
            .find(|key| key.id == id)
            .map(|key| &*key.root)
    }

    /// Whether a key of the ring has this id.
    pub fn holds(&self, id: &[u8]) -> bool {
        self.root(id).is_some()
    }

    fn current(&self) -> &RootKey {
        // Invariant of `assemble`: a ring is only made of at least one key.
        &self.keys[0]
    }

    /// A ring of one root key, for vectors and tests.
    pub fn from_root(root: [u8; 32]) -> Self {
        KeyRing {
            keys: vec![RootKey::new(Zeroizing::new(root))],
        }
    }
}

impl RootKey {
    fn new(root: Root) -> Self {
        let mut raw = [0u8; 8];
        expand(&*root, b"", b"byok/v1/kid", &mut raw);
        let mut id = [0u8; KEY_ID_LEN];
        // 8 bytes are 11 characters: the slice always fits.
        let written = URL_SAFE_NO_PAD.encode_slice(raw, &mut id);
        debug_assert_eq!(written, Ok(KEY_ID_LEN));
        RootKey { id, root }
    }
}

/// HKDF-SHA256 (RFC 5869) into `out`, which must be at most 255 × 32 bytes.
pub(crate) fn expand(ikm: &[u8], salt: &[u8], info: &[u8], out: &mut [u8]) {
    let expanded = Hkdf::<Sha256>::new(Some(salt), ikm).expand(info, out);
    // The only failure is an output over 8160 bytes; callers ask for 64 at most.
    debug_assert!(expanded.is_ok());
}

fn root_from_secret(secret: &[u8]) -> Result<Root> {
    if secret == TAKEN_MARK {
        return Err(Error::SourceTaken);
    }
    if let Some(encoded) = secret.strip_prefix(ROOT_PREFIX.as_bytes()) {
        // 33 bytes: the decoder wants room for a whole last quantum.
        let mut root = Zeroizing::new([0u8; 33]);
        return match URL_SAFE_NO_PAD.decode_slice(encoded, &mut root[..]) {
            Ok(32) => {
                let mut exact = Zeroizing::new([0u8; 32]);
                exact.copy_from_slice(&root[..32]);
                Ok(exact)
            }
            _ => Err(Error::SourceMalformed),
        };
    }
    if characters(secret) < SECRET_MIN_CHARS {
        return Err(Error::SourceTooShort);
    }
    let mut root = Zeroizing::new([0u8; 32]);
    expand(secret, b"", b"byok/v1/root/secret", &mut root[..]);
    Ok(root)
}

/// `None` when neither constant is there at all.
fn root_from_salts(given: &Given<'_>) -> Option<Result<Root>> {
    let (key, salt) = match (given.auth_key, given.auth_salt) {
        (None, None) => return None,
        (Some(key), Some(salt)) => (key, salt),
        _ => return Some(Err(Error::SourceMissing)),
    };
    if let Some(error) = salts_fault(key, salt, &given.other_salts) {
        return Some(Err(error));
    }
    let mut ikm = Zeroizing::new(Vec::with_capacity(key.len() + 1 + salt.len()));
    ikm.extend_from_slice(key);
    ikm.push(0);
    ikm.extend_from_slice(salt);
    let mut root = Zeroizing::new([0u8; 32]);
    expand(&ikm, b"", b"byok/v1/root/salts", &mut root[..]);
    Some(Ok(root))
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

    const SECRET: &[u8] = b"byok-test-secret-of-the-environment-0123456789";
    const KEY: &[u8] = b"byok-test-auth-key 7hQ>pL2x9!vB4nM6cR8tY1wE3uI5oA0sD";
    const SALT: &[u8] = b"byok-test-auth-salt k2J9f7D4s1A8g5H3l6Z0x!C2v4B6n8M";

    fn salts<'a>(key: &'a [u8], salt: &'a [u8]) -> Given<'a> {
        Given {
            auth_key: Some(key),
            auth_salt: Some(salt),
            ..Given::default()
        }
    }

    fn fault(given: &Given<'_>) -> Option<Error> {
        assemble(given).ring.err()
    }

    #[test]
    fn nothing_given_is_source_missing() {
        let assembled = assemble(&Given::default());
        assert_eq!(assembled.source, None);
        assert_eq!(assembled.ring.err(), Some(Error::SourceMissing));
    }

    #[test]
    fn the_strongest_source_writes_and_all_read() {
        let given = Given {
            environment: Some(SECRET),
            constant: Some(b"byok-test-secret-of-the-constant-0123456789"),
            ..salts(KEY, SALT)
        };
        let all = assemble(&given);
        assert_eq!(all.source, Some(Source::Environment));
        let ring = all.ring.unwrap();
        let salts_only = assemble(&salts(KEY, SALT)).ring.unwrap();
        assert!(ring.holds(salts_only.current_id()));
        assert!(!ring.is_current(salts_only.current_id()));
        assert!(!salts_only.holds(ring.current_id()));
    }

    #[test]
    fn an_unusable_source_never_gives_way_to_a_weaker_one() {
        let given = Given {
            environment: Some(b""),
            ..salts(KEY, SALT)
        };
        let assembled = assemble(&given);
        assert_eq!(assembled.source, Some(Source::Environment));
        assert_eq!(assembled.ring.err(), Some(Error::SourceTooShort));
    }

    #[test]
    fn an_unusable_weaker_source_is_a_warning() {
        let given = Given {
            constant: Some(SECRET),
            ..salts(KEY, KEY)
        };
        let assembled = assemble(&given);
        assert!(assembled.ring.is_ok());
        assert_eq!(assembled.warnings, [Error::SaltsDuplicated]);
    }

    #[test]
    fn a_secret_moves_between_environment_and_constant() {
        let environment = Given {
            environment: Some(SECRET),
            ..Given::default()
        };
        let constant = Given {
            constant: Some(SECRET),
            ..Given::default()
        };
        assert_eq!(
            assemble(&environment).ring.unwrap().current_id(),
            assemble(&constant).ring.unwrap().current_id()
        );
    }

    #[test]
    fn a_taken_environment_says_so() {
        let given = Given {
            environment: Some(TAKEN_MARK),
            ..Given::default()
        };
        assert_eq!(fault(&given), Some(Error::SourceTaken));
    }

    #[test]
    fn a_generated_key_is_the_root_itself() {
        let root: [u8; 32] = std::array::from_fn(|i| i as u8);
        let text = format!("{ROOT_PREFIX}{}", URL_SAFE_NO_PAD.encode(root));
        let given = Given {
            constant: Some(text.as_bytes()),
            ..Given::default()
        };
        assert_eq!(
            assemble(&given).ring.unwrap().current_id(),
            KeyRing::from_root(root).current_id()
        );
    }

    #[test]
    fn a_cut_generated_key_is_refused_and_not_taken_as_a_passphrase() {
        let text = format!("{ROOT_PREFIX}{}", URL_SAFE_NO_PAD.encode([7u8; 31]));
        for secret in [text.clone(), format!("{text}AAAA"), format!("{text}=")] {
            let given = Given {
                constant: Some(secret.as_bytes()),
                ..Given::default()
            };
            assert_eq!(
                fault(&given),
                Some(Error::SourceMalformed),
                "{}",
                secret.len()
            );
        }
    }

    #[test]
    fn secrets_are_counted_in_characters() {
        for (length, expected) in [(31, Some(Error::SourceTooShort)), (32, None)] {
            let secret = "é".repeat(length);
            let given = Given {
                constant: Some(secret.as_bytes()),
                ..Given::default()
            };
            assert_eq!(fault(&given), expected);
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
            assert_eq!(
                fault(&salts(phrase.as_bytes(), SALT)),
                Some(Error::SaltsPlaceholder),
                "{phrase}"
            );
            assert_eq!(
                fault(&salts(KEY, phrase.as_bytes())),
                Some(Error::SaltsPlaceholder),
                "{phrase}"
            );
        }
    }

    #[test]
    fn missing_short_and_duplicated_salts_are_refused() {
        let half = Given {
            auth_key: Some(KEY),
            ..Given::default()
        };
        assert_eq!(fault(&half), Some(Error::SourceMissing));
        assert_eq!(fault(&salts(b"", b"")), Some(Error::SourceMissing));
        assert_eq!(fault(&salts(&KEY[..31], SALT)), Some(Error::SaltsTooShort));
        assert_eq!(fault(&salts(KEY, KEY)), Some(Error::SaltsDuplicated));
        let other = Given {
            other_salts: vec![SALT],
            ..salts(KEY, SALT)
        };
        assert_eq!(fault(&other), Some(Error::SaltsDuplicated));
        assert_eq!(fault(&salts(KEY, SALT)), None);
    }

    #[test]
    fn key_and_salt_cannot_trade_bytes() {
        let joined = [KEY, SALT].concat();
        let one = salts(&joined[..40], &joined[40..]);
        let two = salts(&joined[..41], &joined[41..]);
        assert_ne!(
            assemble(&one).ring.unwrap().current_id(),
            assemble(&two).ring.unwrap().current_id()
        );
    }
}
