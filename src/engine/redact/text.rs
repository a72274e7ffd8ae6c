//! Reads text as a key's characters, whichever way they are escaped.
//!
//! It promises to look at no more than a few bytes around a position, so that every caller stays
//! linear. It decodes what logs are full of (`%2D`, `%252D`, `\/`, `\u002d`, `\x2d`, at any depth
//! of backslashes); it does not know whether the text really is JSON or a URL, nor needs to.

use serde::Deserialize;

/// Backslashes before one escape: JSON in JSON in JSON has seven.
const BACKSLASHES: usize = 7;
/// The parameters of an ANSI colour (`38;2;255;255;255`) are no longer than this.
const ANSI: usize = 20;

/// One character as it is meant, and the bytes it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Atom {
    /// The character; 0 for anything outside ASCII, which is in no key.
    pub byte: u8,
    /// How many bytes of the text stand for it, at least one.
    pub length: usize,
}

/// The characters that may follow each other in a key or value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Class {
    /// Letters, digits, `-` and `_`.
    #[default]
    Key,
    /// As `Key`, and `+`, `/`, `=`.
    Base64,
    /// What a header or a URL parameter holds.
    Value,
    /// What stands between two quotes.
    Quoted,
}

impl Class {
    /// How many classes there are.
    pub const COUNT: usize = 4;

    pub fn holds(self, byte: u8) -> bool {
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' {
            return true;
        }
        match self {
            Class::Key => false,
            Class::Base64 => b"+/=".contains(&byte),
            Class::Value => b"+/=.~:@!^".contains(&byte),
            // Backslash, `<`, `>` and `&` open an escape, a tag or an entity.
            Class::Quoted => byte.is_ascii_graphic() && !b"\"'`\\<>&*".contains(&byte),
        }
    }
}

/// Reads the character at a position; nothing at the end of the text.
pub(super) fn atom(text: &[u8], at: usize) -> Option<Atom> {
    let first = *text.get(at)?;
    let (byte, length) = match first {
        b'%' => percent(text, at),
        b'\\' => backslash(text, at),
        _ => None,
    }
    .unwrap_or((first, 1));
    Some(Atom {
        byte: if byte.is_ascii() { byte } else { 0 },
        length,
    })
}

fn percent(text: &[u8], at: usize) -> Option<(u8, usize)> {
    let byte = hex(text, at + 1, 2)?;
    if byte == u32::from(b'%')
        && let Some(inner) = hex(text, at + 3, 2)
    {
        return Some((ascii(inner), 5));
    }
    Some((ascii(byte), 3))
}

fn backslash(text: &[u8], at: usize) -> Option<(u8, usize)> {
    let count = backslashes(text, at);
    let next = at + count;
    match text.get(next)? {
        b'/' => Some((b'/', count + 1)),
        b'u' => hex(text, next + 1, 4).map(|value| (ascii(value), count + 5)),
        b'x' => hex(text, next + 1, 2).map(|value| (ascii(value), count + 3)),
        _ => None,
    }
}

/// How many backslashes stand at a position, as far as they are counted.
pub(super) fn backslashes(text: &[u8], at: usize) -> usize {
    text[at.min(text.len())..]
        .iter()
        .take(BACKSLASHES)
        .take_while(|&&byte| byte == b'\\')
        .count()
}

fn ascii(value: u32) -> u8 {
    u8::try_from(value).ok().filter(u8::is_ascii).unwrap_or(0)
}

fn hex(text: &[u8], at: usize, digits: usize) -> Option<u32> {
    text.get(at..at + digits)?
        .iter()
        .try_fold(0, |value, &byte| {
            Some(value * 16 + char::from(byte).to_digit(16)?)
        })
}

/// The first characters of a run, decoded.
pub(super) struct Window {
    bytes: [u8; Window::MOST],
    length: usize,
    /// Where the text goes on after them.
    pub end: usize,
}

impl Window {
    /// Longer than the longest body that a rule demands.
    pub const MOST: usize = 96;

    /// Reads up to `most` characters of the class.
    pub fn read(text: &[u8], from: usize, class: Class, most: usize) -> Window {
        let mut window = Window {
            bytes: [0; Window::MOST],
            length: 0,
            end: from,
        };
        while window.length < most.min(Window::MOST)
            && let Some(atom) = atom(text, window.end)
            && class.holds(atom.byte)
        {
            window.bytes[window.length] = atom.byte;
            window.length += 1;
            window.end += atom.length;
        }
        window
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// Where the run of a class ends. A sentence's last mark is not part of an unquoted value.
pub(super) fn run_end(text: &[u8], from: usize, class: Class) -> usize {
    let mut at = from;
    let mut end = from;
    while let Some(atom) = atom(text, at)
        && class.holds(atom.byte)
    {
        at += atom.length;
        if class != Class::Value || !b".:!".contains(&atom.byte) {
            end = at;
        }
    }
    end
}

/// The character before a position as it is meant; nothing at the start of the text.
///
/// `\n`, `%3D`, `\u0022` and the end of a colour look like letters and digits to `\b` and to
/// every scanner that relies on it; a key after them would be missed.
pub(super) fn before(text: &[u8], at: usize) -> Option<u8> {
    let head = &text[..at];
    let last = *head.last()?;
    for length in [3, 5, 6, 4] {
        if let Some(start) = at.checked_sub(length)
            && let Some(atom) = atom(head, start)
            && atom.length == length
        {
            return Some(atom.byte);
        }
    }
    if head.len() > 1 && head[head.len() - 2] == b'\\' && b"abefnrtv0".contains(&last) {
        return Some(b'\n');
    }
    if last.is_ascii_alphabetic() && ends_in_colour(&head[..head.len() - 1]) {
        return Some(0x1b);
    }
    Some(last)
}

fn ends_in_colour(head: &[u8]) -> bool {
    let parameters = head
        .iter()
        .rev()
        .take(ANSI)
        .take_while(|&&byte| byte.is_ascii_digit() || byte == b';')
        .count();
    let head = &head[..head.len() - parameters];
    let Some(head) = head
        .strip_suffix(b"[")
        .or_else(|| head.strip_suffix(b"%5B"))
    else {
        return false;
    };
    let escapes: [&[u8]; 9] = [
        b"\x1b", b"\\e", b"\\033", b"\\x1b", b"\\x1B", b"\\u001b", b"\\u001B", b"%1B", b"^[",
    ];
    escapes.iter().any(|escape| head.ends_with(escape))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_as_what_they_mean() {
        for text in [
            "-", "%2D", "%2d", "%252D", r"\u002d", r"\u002D", r"\\u002d", r"\x2D",
        ] {
            let read = atom(text.as_bytes(), 0);
            assert_eq!(
                read,
                Some(Atom {
                    byte: b'-',
                    length: text.len()
                }),
                "{text}"
            );
        }
        assert_eq!(
            atom(br"\\\/", 0),
            Some(Atom {
                byte: b'/',
                length: 4
            })
        );
        assert_eq!(atom(b"", 0), None);
    }

    #[test]
    fn what_is_no_escape_stands_for_itself() {
        for text in ["%", "%2", "%zz", "\\", r"\u00", r"\n"] {
            let first = text.as_bytes()[0];
            assert_eq!(
                atom(text.as_bytes(), 0),
                Some(Atom {
                    byte: first,
                    length: 1
                }),
                "{text}"
            );
        }
        for text in [&b"\xff"[..], b"\\u2026", b"%e2"] {
            assert_eq!(atom(text, 0).map(|atom| atom.byte), Some(0));
        }
    }

    #[test]
    fn letters_that_end_an_escape_are_no_letters() {
        let ends = [
            "\n",
            r"\n",
            r"\t",
            "%3D",
            "%253D",
            r"\u0022",
            r"\x22",
            "\x1b[0;31m",
            r"\e[1m",
        ];
        for end in ends {
            let text = format!("word{end}");
            let byte = before(text.as_bytes(), text.len()).expect("the text is not empty");
            assert!(!byte.is_ascii_alphanumeric(), "{end:?}");
        }
        assert_eq!(before(b"word", 4), Some(b'd'));
        assert_eq!(before(b"%2D", 3), Some(b'-'));
        assert_eq!(before(b"word", 0), None);
    }

    #[test]
    fn run_stops_before_the_end_of_a_sentence() {
        assert_eq!(run_end(b"a.b/c=. And", 0, Class::Value), 6);
        assert_eq!(run_end(b"ab%2Dc%22d", 0, Class::Key), 6);
    }
}
