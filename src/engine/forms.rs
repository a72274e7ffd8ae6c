//! The forms that programs write a key in: as it is, escaped as in URLs, JSON or other languages'
//! strings, in base64 at any offset, in hexadecimal.
//!
//! It promises wiped memory. It does not know forms that were made to hide a key.

use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::wiped::Wiped;

/// Every form of a key, the longest first.
pub(crate) fn forms(key: &[u8]) -> Vec<Wiped> {
    const LOWER: &[u8; 16] = b"0123456789abcdef";
    const UPPER: &[u8; 16] = b"0123456789ABCDEF";
    let is_sign: fn(u8) -> bool = |byte| !byte.is_ascii_alphanumeric();
    let is_reserved: fn(u8) -> bool =
        |byte| !byte.is_ascii_alphanumeric() && !b"-_.~".contains(&byte);
    let is_special: fn(u8) -> bool = |byte| b"/\"\\".contains(&byte);
    let mut forms = vec![escaped(key, |_| false, |_, _| ())];
    // Most keys have nothing to escape for most readers: that is the key as it is.
    let mut add = |which: &dyn Fn(u8) -> bool, write: &dyn Fn(u8, &mut Wiped)| {
        if key.iter().any(|byte| which(*byte)) {
            forms.push(escaped(key, which, write));
        }
    };
    let backslash = |byte: u8, out: &mut Wiped| out.extend(&[b'\\', byte]);
    add(&|byte| byte == b'/', &backslash);
    add(&is_special, &backslash);
    // JSON within JSON.
    add(&is_special, &|byte, out| {
        out.extend(&[b'\\', b'\\', b'\\', byte]);
    });
    // Quoted-printable.
    add(&|byte| byte == b'=', &|_, out| out.extend(b"=3D"));
    for digits in [LOWER, UPPER] {
        let hex = |byte: u8, out: &mut Wiped| {
            out.extend(&[
                digits[usize::from(byte >> 4)],
                digits[usize::from(byte & 15)],
            ]);
        };
        add(&|_| true, &hex);
        for before in [&b"%"[..], b"%25"] {
            let percent = |byte: u8, out: &mut Wiped| {
                out.extend(before);
                hex(byte, out);
            };
            add(&is_sign, &percent);
            for kept in kept_of(key) {
                add(&|byte| is_reserved(byte) && !kept.contains(&byte), &percent);
            }
        }
        // JSON of PHP, and of those who escape for HTML, leave hyphens as they are.
        for before in [&b"\\u00"[..], b"\\x"] {
            let escape = |byte: u8, out: &mut Wiped| {
                out.extend(before);
                hex(byte, out);
            };
            add(&is_sign, &escape);
            for kept in kept_of(key) {
                add(&|byte| is_reserved(byte) && !kept.contains(&byte), &escape);
                if kept.contains(&b'/') {
                    let is_escaped =
                        |byte| is_reserved(byte) && (byte == b'/' || !kept.contains(&byte));
                    add(&is_escaped, &|byte, out| match byte {
                        b'/' => backslash(byte, out),
                        _ => escape(byte, out),
                    });
                }
            }
        }
    }
    for shift in 0..3 {
        forms.push(base64_of(&STANDARD_NO_PAD, key, shift));
        forms.push(base64_of(&URL_SAFE_NO_PAD, key, shift));
    }
    forms.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
    forms.dedup();
    forms
}

/// As [`forms`], and with every character escaped: only who wants to hide a key writes so.
pub(crate) fn forms_and_hidden(key: &[u8]) -> Vec<Wiped> {
    let mut all = forms(key);
    for before in ["%", "\\u00"] {
        for upper in [false, true] {
            all.push(escaped(
                key,
                |_| true,
                |byte, out| {
                    let digit = |value: u8| {
                        let digit = b"0123456789abcdef"[usize::from(value)];
                        if upper {
                            digit.to_ascii_uppercase()
                        } else {
                            digit
                        }
                    };
                    out.extend(before.as_bytes());
                    out.extend(&[digit(byte >> 4), digit(byte & 15)]);
                },
            ));
        }
    }
    all.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
    all.dedup();
    all
}

/// The signs of base64 that a program may keep while it escapes others: Python's `quote()` keeps `/`,
/// Go's `PathEscape()` `+` and `=`, and who mends by hand what has broken escapes just that. Those only
/// that are in the key.
fn kept_of(key: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new()];
    for sign in b"+/=".iter().filter(|sign| key.contains(sign)) {
        for index in 0..all.len() {
            let mut more: Vec<u8> = all[index].clone();
            more.push(*sign);
            all.push(more);
        }
    }
    all
}

/// The key with some of its bytes written in another way.
fn escaped(key: &[u8], which: impl Fn(u8) -> bool, write: impl Fn(u8, &mut Wiped)) -> Wiped {
    // The longest escape has six characters.
    let mut out = Wiped::with_room(key.len() * 6);
    for byte in key {
        if which(*byte) {
            write(*byte, &mut out);
        } else {
            out.extend(&[*byte]);
        }
    }
    out
}

/// The characters of base64 that only the key decides when `shift` bytes are before it.
fn base64_of(engine: &impl base64::Engine, key: &[u8], shift: usize) -> Wiped {
    let mut bytes = Wiped::with_room(shift + key.len());
    bytes.extend(&[0; 2][..shift]);
    bytes.extend(key);
    let mut text = Wiped::zeros(bytes.len().div_ceil(3) * 4);
    // The room is enough, so it does not fail.
    let _ = engine.encode_slice(&bytes, text.bytes_mut());
    let (start, end) = ((shift * 8).div_ceil(6), bytes.len() * 8 / 6);
    let mut form = Wiped::with_room(end - start);
    form.extend(&text[start..end]);
    form
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_there_once() {
        let forms = forms(b"byok-test/Aa0+Aa0+Aa0+Aa0=");
        let texts: Vec<&[u8]> = forms.iter().map(|form| &**form).collect();
        for expected in [
            &b"byok-test/Aa0+Aa0+Aa0+Aa0="[..],
            br"byok-test\/Aa0+Aa0+Aa0+Aa0=",
            br"byok-test\\\/Aa0+Aa0+Aa0+Aa0=",
            b"byok-test%2FAa0%2BAa0%2BAa0%2BAa0%3D",
            b"byok-test/Aa0%2BAa0%2BAa0%2BAa0%3D",
            b"byok-test%2FAa0+Aa0+Aa0+Aa0=",
            b"byok-test/Aa0%2bAa0%2bAa0%2bAa0=",
            b"byok-test/Aa0+Aa0+Aa0+Aa0%3D",
            b"byok-test/Aa0+Aa0+Aa0+Aa0=3D",
            b"byok-test/Aa0+Aa0+Aa0+Aa0\\u003d",
            b"byok-test/Aa0\\u002bAa0\\u002bAa0\\u002bAa0\\u003d",
            br"byok-test\/Aa0\u002bAa0\u002bAa0\u002bAa0=",
            br"byok-test\/Aa0\u002BAa0\u002BAa0\u002BAa0\u003D",
            b"byok%2dtest%2fAa0%2bAa0%2bAa0%2bAa0%3d",
            b"byok\\u002dtest\\u002fAa0\\u002bAa0\\u002bAa0\\u002bAa0\\u003d",
            b"62796f6b2d746573742f4161302b4161302b4161302b4161303d",
            b"Ynlvay10ZXN0L0FhMCtBYTArQWEwK0FhMD",
        ] {
            assert_eq!(
                texts.iter().filter(|text| **text == expected).count(),
                1,
                "{}",
                expected.escape_ascii()
            );
        }
    }
}
