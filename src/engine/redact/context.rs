//! Finds the value that belongs to a name: headers, URL parameters, JSON, dumps of PHP.
//!
//! It promises to look at a bounded stretch after each name. It does not parse: a log holds JSON
//! in a URL in a dump, cut anywhere, so the signs between a name and its value are taken as they
//! come.

use super::span::{Hit, Rule, Shown};
use super::table::{Form, Looks, table};
use super::text::{Class, Text, Window, backslashes};

/// From a name to its value, the indented brackets of a dump included.
const REACH: usize = 512;
/// The rest of a name: `token_for_deployments`.
const NAME: usize = 32;
/// What a class name in a dump of an object may take.
const VISIBILITY: usize = 128;
/// What a tag of HTML may take, and the spaces in front of a column.
const TAG: usize = 128;
/// The parameters of a colour (`38;2;255;255;255`).
const COLOUR: usize = 20;
/// Values that only stand next to a name, as in a call's arguments or a table, may as well be
/// another header's name.
const ARGUMENT: usize = 16;

/// Adds what stands after a name that ends at `end`. Returns where it would begin.
pub(super) fn judge(text: &Text<'_>, end: usize, index: usize, hits: &mut Vec<Hit>) -> usize {
    let rule = &table().names[index];
    let mut cursor = Cursor {
        text,
        at: end,
        limit: end + REACH,
    };
    let mut add = |at, class, least, looks| {
        hits.extend(value(text, at, class, least, looks, index));
    };
    match rule.form {
        Form::Parameter => {
            if cursor.any(&["=", "%3D", "%3d", "%253D", "\\u003d", "\\u003D"]) {
                add(cursor.at, Class::Value, rule.least, rule.looks);
            }
        }
        Form::Scheme => {
            if cursor.blanks() {
                let class = if cursor.quote() {
                    Class::Quoted
                } else {
                    Class::Value
                };
                add(cursor.at, class, rule.least, rule.looks);
            }
        }
        Form::Field | Form::Header => {
            if let Some(place) = place(&mut cursor, rule.longer) {
                let (least, looks) = match rule.form {
                    _ if place.beside => (rule.least.max(ARGUMENT), Looks::Random),
                    Form::Header => (rule.least, place.header_looks()),
                    _ => (rule.least, rule.looks),
                };
                add(place.at, place.class(), least, looks);
            }
        }
        Form::Authorization => {
            if let Some(place) = place(&mut cursor, rule.longer) {
                authorization(&mut cursor, &place, rule.least, &mut add);
                return place.at;
            }
        }
    }
    cursor.at
}

/// A scheme and the credentials after it, or credentials alone.
fn authorization(
    cursor: &mut Cursor<'_>,
    place: &Place,
    least: usize,
    add: &mut impl FnMut(usize, Class, usize, Looks),
) {
    let class = place.class();
    if cursor.scheme() {
        add(cursor.at, class, least, Looks::Any);
        return;
    }
    if place.beside {
        return;
    }
    let first = Window::read(cursor.text, place.at, class, NAME);
    cursor.at = first.end;
    if !cursor.blanks() {
        add(place.at, class, least, place.header_looks());
        return;
    }
    // Two words: a scheme nobody has heard of, or credentials and then something else.
    add(place.at, class, least, Looks::Mixed);
    if first
        .bytes()
        .iter()
        .all(|byte| byte.is_ascii_alphabetic() || *byte == b'-')
    {
        add(cursor.at, class, least, Looks::Mixed);
    }
}

/// The value at a position, if it is long enough and looks like a secret.
fn value(
    text: &Text<'_>,
    at: usize,
    class: Class,
    least: usize,
    looks: Looks,
    index: usize,
) -> Option<Hit> {
    let window = Window::read(text, at, class, looks.window(least).max(NAME));
    let bytes = window.bytes();
    if bytes.len() < least || !looks.accepts(&bytes[..bytes.len().min(looks.window(least))]) {
        return None;
    }
    // An address or a path, as in `token_endpoint` or `secret_file`.
    if bytes[..least].windows(3).any(|three| three == b"://") || b"/.".contains(&bytes[0]) {
        return None;
    }
    // What this redactor left before.
    if table().is_shown(bytes) && is_ellipsis(text, window.end) {
        return None;
    }
    Some(Hit {
        start: at,
        end: window.end,
        class: Some(class),
        shown: table().shown(bytes).map_or(Shown::Nothing, Shown::Ends),
        sure: true,
        rule: Rule::Name(index),
    })
}

/// The ellipsis of a mask, also after the mask went through JSON, a URL or HTML.
fn is_ellipsis(text: &Text<'_>, at: usize) -> bool {
    let spellings = [
        "…",
        "\\u2026",
        "%E2%80%A6",
        "%e2%80%a6",
        "&hellip;",
        "&#8230;",
    ];
    spellings
        .iter()
        .any(|spelling| text.starts_with(at, spelling.as_bytes()))
}

/// Where a value begins, and how it is tied to its name.
struct Place {
    at: usize,
    quoted: bool,
    spaced: bool,
    /// It stands next to the name, without a sign that it is its value.
    beside: bool,
}

impl Place {
    fn class(&self) -> Class {
        if self.quoted {
            Class::Quoted
        } else {
            Class::Value
        }
    }

    /// A header's value may be anything; `.api-key:first-child` is none.
    fn header_looks(&self) -> Looks {
        if self.quoted || self.spaced {
            Looks::Any
        } else {
            Looks::Mixed
        }
    }
}

/// Goes from a name over the separator to the value.
fn place(cursor: &mut Cursor<'_>, longer_name: bool) -> Option<Place> {
    if longer_name {
        cursor.name();
    }
    // Most words in a text are just words.
    if cursor
        .peek()
        .is_some_and(|byte| !b"\"'`]\\:=%& \t;,<>|(\r\n\x1b".contains(&byte))
    {
        return None;
    }
    let closed = cursor.quote();
    cursor.visibility(closed);
    cursor.any(&["]", "%5D", "%5d", " provided"]);
    let cell = cursor.cell();
    cursor.blanks_but_plus();

    let pair = !cell && cursor.pair(closed);
    let arrow = pair || cursor.any(&["=>", "=&gt;", "=\\u003e", "=\\u003E", "%3D%3E", "%3d%3e"]);
    let colon = !arrow
        && cursor.any(&[
            "===", "==", "=", ":=", ":", "%3D", "%3d", "%253D", "%3A", "%3a", "\\u003d", "\\u003D",
        ]);
    let serialized = !arrow && !colon && closed && cursor.any(&[";"]);
    let argument = !arrow && !colon && !serialized && closed && cursor.any(&[","]);
    let call = !closed && !arrow && !colon && !cell && cursor.any(&["("]);
    if !(arrow || colon || serialized || argument || cell || call) {
        return None;
    }

    let mut spaced = false;
    let mut lines = false;
    let mut noted = false;
    loop {
        spaced |= cursor.blanks_but_plus();
        while cursor.tag() {
            cursor.blanks_but_plus();
        }
        // Only a dump goes on in the next line; after an empty header the next header stands there.
        lines |= (arrow || noted) && cursor.lines();
        if !cursor.note() {
            break;
        }
        noted = true;
    }
    let quoted = cursor.any(&["b'", "b\""]) || cursor.quote();
    // Lists of Go and Java.
    let listed = !quoted && (colon || arrow) && cursor.any(&["["]);
    if (lines && !quoted && !noted) || (serialized && !noted) || ((argument || call) && !quoted) {
        return None;
    }
    Some(Place {
        at: cursor.at,
        quoted,
        spaced: spaced || lines,
        beside: argument || call || pair || listed || (cell && !arrow && !colon),
    })
}

/// Reads forward over signs, never beyond its limit.
struct Cursor<'a> {
    text: &'a Text<'a>,
    at: usize,
    limit: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        if self.at < self.limit {
            self.text.get(self.at)
        } else {
            None
        }
    }

    /// Whether one of these bytes stands here: a quick look, for most of what may stand does not.
    #[inline]
    fn is_at(&self, bytes: &[u8]) -> bool {
        self.peek().is_some_and(|byte| bytes.contains(&byte))
    }

    /// Skips the first of these words that stands here.
    #[inline]
    fn any(&mut self, words: &[&str]) -> bool {
        let Some(first) = self.peek() else {
            return false;
        };
        let found = words.iter().find(|word| {
            // Most differ in their first letter.
            word.as_bytes().first() == Some(&first)
                && self.at + word.len() <= self.limit
                && self.text.starts_with(self.at, word.as_bytes())
        });
        self.at += found.map_or(0, |word| word.len());
        found.is_some()
    }

    fn skip(&mut self, most: usize, is: impl Fn(u8) -> bool) -> bool {
        let start = self.at;
        while self.at - start < most && self.peek().is_some_and(&is) {
            self.at += 1;
        }
        self.at > start
    }

    fn name(&mut self) {
        self.skip(NAME, |byte| Class::Key.holds(byte));
    }

    /// Skips spaces, also escaped ones. A `+` is a space in a query, and part of a value elsewhere.
    fn blanks(&mut self) -> bool {
        self.blanks_but_plus() | self.any(&["+"])
    }

    fn blanks_but_plus(&mut self) -> bool {
        if !self.is_at(b" \t%\\&\x1b") {
            return false;
        }
        let start = self.at;
        while self.skip(REACH, |byte| byte == b' ' || byte == b'\t')
            || self.any(&["%20", "%09", "\\t", "\\u0020", "&nbsp;"])
            || self.colour()
        {}
        self.at > start
    }

    /// Skips what changes the colour on a terminal.
    fn colour(&mut self) -> bool {
        let start = self.at;
        let is_one = self.any(&["\x1b[", "\\u001b[", "\\e[", "\\033[", "\\x1b["]) && {
            self.skip(COLOUR, |byte| byte.is_ascii_digit() || byte == b';');
            self.any(&["m"])
        };
        if !is_one {
            self.at = start;
        }
        is_one
    }

    /// Skips the end of a table's cell and the beginning of the next one, or the end of the tag
    /// whose name is all there was.
    fn cell(&mut self) -> bool {
        let start = self.at;
        self.skip(TAG, |byte| byte == b' ');
        if !self.is_at(b"|\t<>&") {
            self.at = start;
            return false;
        }
        if self.any(&["|", "\t"]) {
            return true;
        }
        let mut found = self.any(&[">", "&gt;"]);
        while self.tag() {
            found = true;
            self.blanks_but_plus();
            self.lines();
        }
        if found {
            self.quote();
        } else {
            self.at = start;
        }
        found
    }

    /// Skips a tag of HTML or XML. Not one with a mask in it: its bound counts bytes, and with the key
    /// in place of the mask it may have been too long.
    fn tag(&mut self) -> bool {
        if !self.is_at(b"<") {
            return false;
        }
        let start = self.at;
        if self.any(&["<![CDATA["]) {
            return true;
        }
        let is_one = self.any(&["<"])
            && self.skip(TAG, |byte| byte.is_ascii() && !b"<>\r\n".contains(&byte))
            && self.any(&[">"]);
        if !is_one {
            self.at = start;
        }
        is_one
    }

    /// Skips what is between the name and the value where both are values themselves: of `name`
    /// and `value` in JSON or HTML, or of two columns of a row. And in a form, the empty line.
    fn pair(&mut self, closed: bool) -> bool {
        let start = self.at;
        let may_be = match self.peek() {
            Some(b'\n' | b'\r' | b'\\') => true,
            Some(b',' | b'v' | b'o' | b'm') => closed,
            _ => false,
        };
        if !may_be {
            return false;
        }
        if closed && self.any(&["\r\n\r\n", "\n\n", "\\r\\n\\r\\n"]) {
            return true;
        }
        self.any(&[","]);
        self.blanks_but_plus();
        self.lines();
        self.any(&["["]);
        self.quote();
        let is_named = self.any(&["value", "option_value", "meta_value"]);
        self.quote();
        self.any(&["]"]);
        self.blanks_but_plus();
        if is_named && self.any(&["=>", "=", ":"]) {
            return true;
        }
        self.at = start;
        false
    }

    /// Skips line breaks and the spaces after them.
    fn lines(&mut self) -> bool {
        let mut found = false;
        while self.skip(REACH, |byte| byte == b'\n' || byte == b'\r') || self.any(&["\\n", "\\r"]) {
            found = true;
            self.blanks_but_plus();
        }
        found
    }

    /// Skips quotes, however often escaped.
    fn quote(&mut self) -> bool {
        let start = self.at;
        loop {
            let here = self.at;
            self.at += backslashes(self.text, here);
            let escaped = self.at > here && self.any(&["u0022", "u0027", "x22", "x27"]);
            let plain = self.any(&["\"", "'", "`"]);
            if escaped || plain {
                continue;
            }
            self.at = here;
            if !self.any(&[
                "&quot;", "&#34;", "&#034;", "&#39;", "&#039;", "&apos;", "%22", "%27", "%2522",
            ]) {
                break;
            }
        }
        self.at > start
    }

    /// Skips `:protected` or `:"Class":private` in the dump of an object.
    fn visibility(&mut self, closed: bool) {
        if !self.is_at(b":") {
            return;
        }
        let start = self.at;
        if self.any(&[":protected", ":private"]) {
            return;
        }
        // var_dump() puts the class between quotes, print_r() does not.
        let before: &[&str] = if closed {
            &[":\"", ":\\\"", ":&quot;"]
        } else {
            &[":"]
        };
        let is_private = self.any(before)
            && self.skip(VISIBILITY, |byte| Class::Key.holds(byte) || byte == b'\\')
            && {
                self.quote();
                self.any(&[":private"])
            };
        if !is_private {
            self.at = start;
        }
    }

    /// Skips one of the notes that a dump puts before a value: its type, or the list it stands in.
    fn note(&mut self) -> bool {
        if !self.is_at(b"sAai[0123456789") {
            return false;
        }
        let start = self.at;
        if self.any(&["string(", "array("]) {
            if self.number() && self.any(&[")"]) {
                self.blanks_but_plus();
                self.any(&["{"]);
                return true;
            }
        } else if self.any(&["array (", "Array ("]) {
            return true;
        } else if self.any(&["string"]) {
            // Xdebug's, on a page.
            if self.tag() {
                return true;
            }
        } else if self.any(&["Array"]) {
            if (self.lines() | self.blanks_but_plus()) && self.any(&["("]) {
                return true;
            }
        } else if self.any(&["array:"]) {
            if self.number() && (self.blanks_but_plus() | self.any(&["["])) {
                return true;
            }
        } else if self.any(&["s:", "a:"]) {
            if self.number() && self.any(&[":{", ":"]) {
                return true;
            }
        } else if self.any(&["i:"]) {
            if self.number() && self.any(&[";"]) {
                return true;
            }
        } else if self.any(&["["]) {
            if self.number() && self.any(&["]"]) && self.arrow() {
                return true;
            }
            self.at = start + 1;
            self.blanks_but_plus();
            self.lines();
            let after = self.at;
            if self.quote() {
                self.at = after;
                return true;
            }
        } else if self.number() && self.arrow() {
            return true;
        }
        self.at = start;
        false
    }

    fn arrow(&mut self) -> bool {
        self.blanks_but_plus();
        self.any(&["=>", "=&gt;"])
    }

    fn number(&mut self) -> bool {
        self.skip(10, |byte| byte.is_ascii_digit())
    }

    /// Skips a known scheme and the spaces after it.
    fn scheme(&mut self) -> bool {
        let start = self.at;
        for scheme in &table().schemes {
            let is_scheme = scheme
                .bytes()
                .all(|byte| self.skip(1, |other| other.eq_ignore_ascii_case(&byte)));
            if is_scheme && self.blanks() {
                return true;
            }
            self.at = start;
        }
        false
    }
}
