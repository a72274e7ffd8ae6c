//! Masks one key wherever an answer repeats it, while the answer is still arriving.
//!
//! It promises that the key leaves in none of the forms that programs write it in: as it is,
//! escaped as in URLs, JSON or other languages' strings, in base64 at any offset, in hexadecimal.
//! It keeps back only bytes with which one of these forms may begin, and wipes its copies. It does
//! not know other keys, nor forms that were made to hide one.

use zeroize::Zeroizing;

use crate::forms::forms_and_hidden;
use crate::mask;
use crate::wiped::Wiped;

/// A shorter key is no secret: local servers want any word, and masking `none` would spoil texts.
const SHORTEST: usize = 8;

/// Finds one key in a stream of bytes.
pub(crate) struct Echo {
    /// The forms of the key; none when there is no key.
    forms: Vec<Wiped>,
    /// For each pair of bytes whether a form begins with it.
    begins: Zeroizing<Vec<u64>>,
    mask: String,
    /// What may be the beginning of a form.
    held: Wiped,
    found: bool,
}

impl Echo {
    /// Looks for this key in chunks of at most `chunk` bytes; for nothing when there is none.
    pub fn of(key: Option<&str>, chunk: usize) -> Self {
        let key = key.filter(|key| key.len() >= SHORTEST);
        let forms = key
            .map(|key| forms_and_hidden(key.as_bytes()))
            .unwrap_or_default();
        let mut begins = Zeroizing::new(vec![0; 1 << 10]);
        for form in &forms {
            let pair = pair(form);
            begins[pair >> 6] |= 1 << (pair & 63);
        }
        let longest = forms.iter().map(|form| form.len()).max().unwrap_or(0);
        Self {
            forms,
            begins,
            mask: key.map(mask::mask).unwrap_or_default(),
            held: Wiped::with_room(longest + chunk),
            found: false,
        }
    }

    /// Whether the key was found so far.
    pub fn found(&self) -> bool {
        self.found
    }

    /// Takes the next chunk; returns what is known to be free of the key by now.
    pub fn feed(&mut self, chunk: &[u8]) -> Vec<u8> {
        if self.forms.is_empty() {
            return chunk.to_vec();
        }
        if self.held.is_empty() {
            return self.pass(chunk);
        }
        let room = self.held.room();
        let mut text = std::mem::replace(&mut self.held, Wiped::with_room(room));
        text.extend(chunk);
        self.pass(&text)
    }

    /// Ends the stream; returns what was kept back, which is not the key.
    pub fn end(&mut self) -> Vec<u8> {
        let rest = self.held.to_vec();
        self.held.clear();
        rest
    }

    /// Masks a whole text.
    pub fn whole(&mut self, text: &[u8]) -> Vec<u8> {
        let mut clean = self.pass(text);
        clean.append(&mut self.end());
        clean
    }

    /// Whether a text holds the key in any letter case, as a header's name might.
    pub fn is_in_any_case(&self, text: &[u8]) -> bool {
        self.forms.iter().any(|form| {
            text.windows(form.len())
                .any(|part| part.eq_ignore_ascii_case(form))
        })
    }

    fn pass(&mut self, text: &[u8]) -> Vec<u8> {
        let mut clean = Vec::with_capacity(text.len());
        let mut copied = 0;
        let mut at = 0;
        while let Some(start) = self.next_beginning(text, at) {
            let rest = &text[start..];
            if let Some(form) = self.forms.iter().find(|form| rest.starts_with(form)) {
                clean.extend_from_slice(&text[copied..start]);
                clean.extend_from_slice(self.mask.as_bytes());
                at = start + form.len();
                copied = at;
                self.found = true;
            } else if self.forms.iter().any(|form| form.starts_with(rest)) {
                clean.extend_from_slice(&text[copied..start]);
                self.held.extend(rest);
                return clean;
            } else {
                at = start + 1;
            }
        }
        clean.extend_from_slice(&text[copied..]);
        clean
    }

    /// The next place from which a form may begin, also with the last byte of the text.
    fn next_beginning(&self, text: &[u8], from: usize) -> Option<usize> {
        let tail = text.get(from..)?;
        let inside = tail.windows(2).position(|bytes| {
            let pair = pair(bytes);
            self.begins[pair >> 6] >> (pair & 63) & 1 == 1
        });
        if let Some(offset) = inside {
            return Some(from + offset);
        }
        let last = tail.last()?;
        self.forms
            .iter()
            .any(|form| form.first() == Some(last))
            .then(|| text.len() - 1)
    }
}

/// The number of the first two bytes.
fn pair(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    const KEY: &str = "sk-byok-test/0123456789+AbCdEf==";

    fn stream(chunks: &[&[u8]]) -> (String, bool) {
        let most = chunks.iter().map(|chunk| chunk.len()).max().unwrap_or(0);
        let mut echo = Echo::of(Some(KEY), most);
        let mut clean = Vec::new();
        for chunk in chunks {
            clean.append(&mut echo.feed(chunk));
        }
        clean.append(&mut echo.end());
        (String::from_utf8_lossy(&clean).into_owned(), echo.found())
    }

    #[test]
    fn every_form_is_masked() {
        let slash = KEY.replace('/', "\\/");
        let signs = |before: &str| -> String {
            KEY.chars()
                .map(|c| match c.is_ascii_alphanumeric() {
                    true => c.to_string(),
                    false => format!("{before}{:02x}", u32::from(c)),
                })
                .collect()
        };
        let url = KEY
            .replace('/', "%2F")
            .replace('+', "%2B")
            .replace('=', "%3D");
        let hex: String = KEY.bytes().map(|byte| format!("{byte:02x}")).collect();
        for form in [
            KEY.to_owned(),
            slash,
            signs("%"),
            signs("%25"),
            signs("\\u00"),
            url,
            hex,
            KEY.bytes().map(|byte| format!("%{byte:02X}")).collect(),
            KEY.bytes().map(|byte| format!("\\u{byte:04x}")).collect(),
        ] {
            let text = format!("before {form} after");
            let (clean, found) = stream(&[text.as_bytes()]);
            assert_eq!(clean, "before sk-…Ef== after".replace("Ef==", &KEY[28..]));
            assert!(found);
        }
        for before in ["", "B", "user:", "Bearer "] {
            let text = STANDARD.encode(format!("{before}{KEY}"));
            let (clean, found) = stream(&[text.as_bytes()]);
            assert!(found && clean.len() < 24, "{before}: {clean}");
        }
    }

    #[test]
    fn the_key_is_found_across_any_two_chunks() {
        let text = format!("data: {KEY}\n\ndata: sk-byok-{KEY}{KEY}s");
        let (expected, _) = stream(&[text.as_bytes()]);
        assert!(!expected.contains("0123456789"));
        for first in 0..text.len() {
            let (one, rest) = text.as_bytes().split_at(first);
            assert_eq!(stream(&[one, rest]).0, expected, "{first}");
            for second in 0..rest.len() {
                let (two, three) = rest.split_at(second);
                assert_eq!(stream(&[one, two, three]).0, expected, "{first} {second}");
            }
        }
    }

    #[test]
    fn only_a_beginning_of_the_key_is_kept_back() {
        let mut echo = Echo::of(Some(KEY), 64);
        assert_eq!(echo.feed(b"data: {}\n\n"), b"data: {}\n\n");
        assert_eq!(echo.feed(b"a sk-by"), b"a ");
        assert_eq!(echo.feed(b"te\n"), b"sk-byte\n");
        assert_eq!(echo.end(), b"");
        assert!(!echo.found());
    }

    #[test]
    fn what_is_no_key_stays_as_it_is() {
        let text: Vec<u8> = (0..=255).cycle().take(5000).collect();
        let (clean, found) = {
            let mut echo = Echo::of(Some(KEY), 5000);
            (echo.whole(&text), echo.found())
        };
        assert!(clean == text && !found);
        let mut none = Echo::of(None, 8);
        assert_eq!(none.feed(b"sk-byok"), b"sk-byok");
        let mut word = Echo::of(Some("ollama"), 8);
        assert_eq!(word.feed(b"ollama"), b"ollama");
    }
}
