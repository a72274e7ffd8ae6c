//! A key as a person pastes it, made fit to be sent in a header.
//!
//! It promises that whatever it lets through is printable ASCII without spaces, so that no key can
//! end a header line and begin another, and that a refusal never repeats the key. It does not know
//! what any provider's keys look like.

use secrecy::SecretString;

use crate::{Error, Result, mask};

/// The longest key there may be, in bytes: what an envelope holds. Real keys have under 300; some
/// gateways take signed tokens of a few thousand.
pub const MAX_LEN: usize = 8192;

/// A key that may be sent.
#[derive(Debug)]
pub struct Credential {
    /// The key: printable ASCII, 1 to [`MAX_LEN`] bytes.
    pub key: SecretString,
    /// Whether white space was removed around it.
    pub trimmed: bool,
}

impl Credential {
    /// Takes a pasted key. White space around it is removed, once.
    ///
    /// # Errors
    ///
    /// - `KeyTooLong` when there are more than [`MAX_LEN`] bytes, white space included.
    /// - `KeyEmpty` when nothing but white space is there.
    /// - `KeyIsMask` when it is the hint of a stored key.
    /// - `KeyNotAscii` when it holds a character outside ASCII, or is not UTF-8.
    /// - `KeyControlCharacter` when it holds a space, a line break, NUL or another control.
    pub fn parse(input: &[u8]) -> Result<Self> {
        if input.len() > MAX_LEN {
            return Err(Error::KeyTooLong);
        }
        let text = std::str::from_utf8(input).map_err(|_| Error::KeyNotAscii)?;
        let key = text.trim();
        if key.is_empty() {
            return Err(Error::KeyEmpty);
        }
        // Before the look at its characters: a mask is not ASCII, and deserves the better answer.
        if mask::is_mask(key) {
            return Err(Error::KeyIsMask);
        }
        if !key.is_ascii() {
            return Err(Error::KeyNotAscii);
        }
        if !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Error::KeyControlCharacter);
        }
        Ok(Self {
            trimmed: key.len() != text.len(),
            key: SecretString::from(key),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn refused(input: &[u8]) -> Error {
        Credential::parse(input).expect_err("must be refused")
    }

    #[test]
    fn surrounding_white_space_is_trimmed_and_said() {
        for input in [
            " k-byok-test",
            "k-byok-test\r\n",
            "\t\u{a0}k-byok-test\u{2003}\n",
        ] {
            let credential = Credential::parse(input.as_bytes()).expect("a key");
            assert_eq!(credential.key.expose_secret(), "k-byok-test");
            assert!(credential.trimmed);
        }
        assert!(!Credential::parse(b"k-byok-test").expect("a key").trimmed);
    }

    #[test]
    fn nothing_is_no_key() {
        for input in ["", " ", "\r\n", "\u{3000}"] {
            assert_eq!(refused(input.as_bytes()), Error::KeyEmpty);
        }
    }

    #[test]
    fn inner_controls_and_spaces_are_refused() {
        for byte in (0..=b' ').chain([0x7f]) {
            let input = [b"k-byok".as_slice(), &[byte], b"test"].concat();
            assert_eq!(refused(&input), Error::KeyControlCharacter, "{byte}");
        }
        assert_eq!(refused(b"k-byok-test\0"), Error::KeyControlCharacter);
        assert_eq!(refused(b"k\r\nX-Byok-Test: 1"), Error::KeyControlCharacter);
    }

    #[test]
    fn characters_outside_ascii_are_refused() {
        // Umlaut, right-to-left override, zero-width space, byte order mark, full-width letter.
        for c in ['ä', '\u{202e}', '\u{200b}', '\u{feff}', 'ｋ'] {
            assert_eq!(
                refused(format!("k-byok{c}test").as_bytes()),
                Error::KeyNotAscii
            );
            assert_eq!(
                refused(format!("{c}k-byok-test").as_bytes()),
                Error::KeyNotAscii
            );
        }
        assert_eq!(refused(b"k-byok\xfftest"), Error::KeyNotAscii);
    }

    #[test]
    fn a_mask_is_not_a_key() {
        assert_eq!(refused("sk-ant-…Qw4A".as_bytes()), Error::KeyIsMask);
    }

    #[test]
    fn the_length_has_a_limit() {
        assert!(Credential::parse(&[b'k'; MAX_LEN]).is_ok());
        assert_eq!(refused(&[b'k'; MAX_LEN + 1]), Error::KeyTooLong);
    }

    #[test]
    fn a_credential_does_not_print_its_key() {
        let credential = Credential::parse(b"k-byok-test").expect("a key");
        assert!(!format!("{credential:?}").contains("byok-test"));
    }
}
