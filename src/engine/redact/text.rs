//! Reads text as a key's characters, whichever way they are escaped.
//!
//! It promises to look at no more than a few bytes around a position, so that every caller stays
//! linear, and to remember when somebody asked for what has not arrived yet. It decodes what logs
//! are full of (`%2D`, `%252D`, `\/`, `\u002d`, `\x2d`, at any depth of backslashes); it does not
//! know whether the text really is JSON or a URL, nor needs to.

use std::cell::Cell;

use serde::Deserialize;

/// Backslashes before one escape: JSON in JSON in JSON has seven.
const BACKSLASHES: usize = 7;
/// The parameters of an ANSI colour (`38;2;255;255;255`) are no longer than this.
const ANSI: usize = 20;
/// `.`, `:` and `!` in a row within one value. More are no part of it: a run of them could be as
/// long as the text, and all of it would have to be kept until it is known how it ends.
const MARKS: usize = 4;

/// A text, or as much of it as has arrived.
pub(super) struct Text<'a> {
    bytes: &'a [u8],
    complete: bool,
    /// Whether what is behind the end would have mattered.
    asked: Cell<bool>,
}

impl<'a> Text<'a> {
    pub fn new(bytes: &'a [u8], complete: bool) -> Self {
        Text {
            bytes,
            complete,
            asked: Cell::new(false),
        }
    }

    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether nothing more will come.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Whether somebody has looked behind the end since the last call, and may see more there later.
    pub fn was_asked_for_more(&self) -> bool {
        self.asked.replace(false) && !self.complete
    }

    #[inline]
    pub fn get(&self, at: usize) -> Option<u8> {
        let byte = self.bytes.get(at).copied();
        if byte.is_none() {
            self.asked.set(true);
        }
        byte
    }

    #[inline]
    pub fn starts_with(&self, at: usize, word: &[u8]) -> bool {
        let rest = self.bytes.get(at..).unwrap_or_default();
        // Most words differ in their first letter.
        if let (Some(byte), Some(first)) = (rest.first(), word.first())
            && byte != first
        {
            return false;
        }
        if rest.len() < word.len() && word.starts_with(rest) {
            self.asked.set(true);
        }
        rest.starts_with(word)
    }
}

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

    #[inline]
    pub fn holds(self, byte: u8) -> bool {
        CLASSES[usize::from(byte)] >> (self as u8) & 1 == 1
    }

    const fn is_made_of(self, byte: u8) -> bool {
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' {
            return true;
        }
        match self {
            Class::Key => false,
            Class::Base64 => matches!(byte, b'+' | b'/' | b'='),
            Class::Value => matches!(
                byte,
                b'+' | b'/' | b'=' | b'.' | b'~' | b':' | b'@' | b'!' | b'^'
            ),
            // Backslash, `<`, `>` and `&` open an escape, a tag or an entity.
            Class::Quoted => {
                byte.is_ascii_graphic()
                    && !matches!(
                        byte,
                        b'"' | b'\'' | b'`' | b'\\' | b'<' | b'>' | b'&' | b'*'
                    )
            }
        }
    }
}

/// A bit for each class that holds a byte.
const CLASSES: [u8; 256] = {
    let all = [Class::Key, Class::Base64, Class::Value, Class::Quoted];
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut index = 0;
        while index < all.len() {
            if all[index].is_made_of(byte as u8) {
                classes[byte] |= 1 << (all[index] as u8);
            }
            index += 1;
        }
        byte += 1;
    }
    classes
};

/// Reads the character at a position; nothing at the end of the text.
#[inline]
pub(super) fn atom(text: &Text<'_>, at: usize) -> Option<Atom> {
    let first = text.get(at)?;
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

fn percent(text: &Text<'_>, at: usize) -> Option<(u8, usize)> {
    let byte = hex(text, at + 1, 2)?;
    if byte == u32::from(b'%')
        && let Some(inner) = hex(text, at + 3, 2)
    {
        return Some((ascii(inner), 5));
    }
    Some((ascii(byte), 3))
}

fn backslash(text: &Text<'_>, at: usize) -> Option<(u8, usize)> {
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
pub(super) fn backslashes(text: &Text<'_>, at: usize) -> usize {
    (0..BACKSLASHES)
        .take_while(|offset| text.get(at + offset) == Some(b'\\'))
        .count()
}

fn ascii(value: u32) -> u8 {
    u8::try_from(value).ok().filter(u8::is_ascii).unwrap_or(0)
}

fn hex(text: &Text<'_>, at: usize, digits: usize) -> Option<u32> {
    (0..digits).try_fold(0, |value, offset| {
        let digit = char::from(text.get(at + offset)?).to_digit(16)?;
        Some(value * 16 + digit)
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
    pub fn read(text: &Text<'_>, from: usize, class: Class, most: usize) -> Window {
        let mut window = Window {
            bytes: [0; Window::MOST],
            length: 0,
            end: from,
        };
        let most = most.min(Window::MOST);
        // Nearly all are plain; the loop below takes what is escaped.
        for byte in text.bytes.get(from..).unwrap_or_default().iter().take(most) {
            if !class.holds(*byte) || *byte == b'%' {
                break;
            }
            window.bytes[window.length] = *byte;
            window.length += 1;
        }
        window.end += window.length;
        while window.length < most
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

/// Follows the characters of a class to where they end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    class: Class,
    /// How far the text was read.
    pub at: usize,
    /// Where the run ends as far as is known. A sentence's last mark is not part of a value.
    pub end: usize,
    marks: usize,
    /// Whether the run may go on where the text does.
    pub is_open: bool,
}

impl Run {
    pub fn new(class: Class, at: usize) -> Self {
        Run {
            class,
            at,
            end: at,
            marks: 0,
            is_open: true,
        }
    }

    /// Reads on, as far as the text has arrived.
    pub fn advance(&mut self, text: &Text<'_>) {
        while self.is_open {
            let read = atom(text, self.at);
            if text.was_asked_for_more() {
                return;
            }
            let Some(atom) = read.filter(|atom| self.class.holds(atom.byte)) else {
                self.is_open = false;
                return;
            };
            self.at += atom.length;
            if self.class == Class::Value && b".:!".contains(&atom.byte) {
                self.marks += 1;
                self.is_open = self.marks <= MARKS;
            } else {
                self.marks = 0;
                self.end = self.at;
            }
        }
    }
}

/// The character before a position as it is meant; nothing at the start of the text.
///
/// `\n`, `%3D`, `\u0022` and the end of a colour look like letters and digits to `\b` and to
/// every scanner that relies on it; a key after them would be missed.
pub(super) fn before(text: &Text<'_>, at: usize) -> Option<u8> {
    let head = &text.bytes[..at];
    let last = *head.last()?;
    if last.is_ascii_graphic() {
        let text = Text::new(head, true);
        for length in [3, 5, 6, 4] {
            if let Some(start) = at.checked_sub(length)
                && let Some(atom) = atom(&text, start)
                && atom.length == length
            {
                return Some(atom.byte);
            }
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
            let read = atom(&Text::new(text.as_bytes(), true), 0);
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
            atom(&Text::new(br"\\\/", true), 0),
            Some(Atom {
                byte: b'/',
                length: 4
            })
        );
        assert_eq!(atom(&Text::new(b"", true), 0), None);
    }

    #[test]
    fn what_is_no_escape_stands_for_itself() {
        for text in ["%", "%2", "%zz", "\\", r"\u00", r"\n"] {
            let first = text.as_bytes()[0];
            assert_eq!(
                atom(&Text::new(text.as_bytes(), true), 0),
                Some(Atom {
                    byte: first,
                    length: 1
                }),
                "{text}"
            );
        }
        for text in [&b"\xff"[..], b"\\u2026", b"%e2"] {
            assert_eq!(
                atom(&Text::new(text, true), 0).map(|atom| atom.byte),
                Some(0)
            );
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
            let byte = before(&Text::new(text.as_bytes(), true), text.len())
                .expect("the text is not empty");
            assert!(!byte.is_ascii_alphanumeric(), "{end:?}");
        }
        assert_eq!(before(&Text::new(b"word", true), 4), Some(b'd'));
        assert_eq!(before(&Text::new(b"%2D", true), 3), Some(b'-'));
        assert_eq!(before(&Text::new(b"word", true), 0), None);
    }

    fn run_end(text: &[u8], class: Class) -> usize {
        let mut run = Run::new(class, 0);
        run.advance(&Text::new(text, true));
        run.end
    }

    #[test]
    fn run_stops_before_the_end_of_a_sentence() {
        assert_eq!(run_end(b"a.b/c=. And", Class::Value), 6);
        assert_eq!(run_end(b"ab%2Dc%22d", Class::Key), 6);
        assert_eq!(run_end(b"a....b c", Class::Value), 6);
        assert_eq!(run_end(b"a.....b c", Class::Value), 1);
    }

    #[test]
    fn a_run_waits_for_the_rest_of_an_escape() {
        for (text, at) in [
            ("ab%", 2),
            ("ab%2", 2),
            ("ab\\u00", 2),
            ("ab", 2),
            ("a.", 2),
        ] {
            let mut run = Run::new(Class::Value, 0);
            run.advance(&Text::new(text.as_bytes(), false));
            assert!(run.is_open && run.at == at, "{text}");
        }
        let mut run = Run::new(Class::Key, 0);
        run.advance(&Text::new(b"ab%2D\"", false));
        assert!(!run.is_open && run.end == 5);
    }
}
