//! Keys that the process has met are masked in every form, and nothing else is.

use crate::redact_examples::{Chance, Example};
use crate::redact_properties::time;
use byok_engine::mask::mask;
use byok_engine::redact::{
    Options, Stream, is_known, learn, redact, redact_with, set_trace_length,
};
use std::borrow::Cow;
use std::time::Duration;

/// Keys that no rule knows.
const TEMPLATES: [&str; 6] = [
    "byok-test-{A-Za-z0-9:32}",
    "{0-9a-f:40}",
    "{A-Za-z0-9:32}",
    "{A-Za-z0-9+/:60}==",
    "{A-Za-z0-9:30}.{A-Za-z0-9_-:16}",
    "{A-Za-z0-9:10}",
];

fn new_key(chance: &mut Chance) -> String {
    let template = *chance.pick(&TEMPLATES);
    // A digit, because words are not learned.
    format!("7{}", Example::of(template, chance).text)
}

fn escaped(key: &str, which: impl Fn(u8) -> bool, escape: impl Fn(u8) -> String) -> String {
    key.bytes()
        .map(|byte| {
            if which(byte) {
                escape(byte)
            } else {
                char::from(byte).to_string()
            }
        })
        .collect()
}

fn base64(bytes: &[u8], url: bool) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    if url {
        URL_SAFE_NO_PAD.encode(bytes)
    } else {
        STANDARD.encode(bytes)
    }
}

/// Every way a program may write a key, and whether that is the key alone.
fn forms(key: &str) -> Vec<String> {
    let is_sign = |byte: u8| !byte.is_ascii_alphanumeric();
    let is_reserved = |byte: u8| is_sign(byte) && !b"-_.~".contains(&byte);
    let mut forms = vec![
        key.to_owned(),
        escaped(key, is_reserved, |byte| format!("%{byte:02X}")),
        escaped(key, is_reserved, |byte| format!("%{byte:02x}")),
        escaped(key, is_sign, |byte| format!("%{byte:02X}")),
        escaped(key, is_sign, |byte| format!("%25{byte:02X}")),
        escaped(key, |byte| byte == b'/', |_| "\\/".to_owned()),
        escaped(key, |byte| byte == b'/', |_| "\\\\\\/".to_owned()),
        escaped(key, is_sign, |byte| format!("\\u{byte:04x}")),
        escaped(key, |_| true, |byte| format!("{byte:02x}")),
        escaped(key, |_| true, |byte| format!("{byte:02X}")),
    ];
    forms.dedup();
    forms
}

fn show(text: &[u8]) -> String {
    text.escape_ascii().to_string()
}

#[test]
fn a_known_key_is_masked_in_every_form() {
    let mut chance = Chance::new(40);
    for _ in 0..60 {
        let key = new_key(&mut chance);
        learn(key.as_bytes(), b"mistral", None);
        for form in forms(&key) {
            for (before, after) in [
                ("", ""),
                ("x=", "&y"),
                ("abc", "def"),
                ("é", "é"),
                ("\n", "\n"),
            ] {
                let text = format!("{before}{form}{after}");
                let out = redact(text.as_bytes());
                let expected = format!("{before}{}{after}", mask(&key));
                assert_eq!(show(&out), show(expected.as_bytes()), "{text}");
            }
        }
        for before in ["", "u", "us", "user:", "{\"token\":\""] {
            for url in [false, true] {
                let text = base64(format!("{before}{key}\"}}").as_bytes(), url);
                let out = String::from_utf8_lossy(&redact(text.as_bytes())).into_owned();
                assert!(out.contains('…'), "{text}");
                assert!(out.len() < before.len() * 4 / 3 + 24, "{text} became {out}");
            }
        }
    }
}

#[test]
fn masks_of_a_known_key_show_what_they_should() {
    let key = Example::of("{A-Za-z0-9:31}0Qw4A", &mut Chance::new(41)).text;
    learn(key.as_bytes(), b"mistral", None);
    for (first, last, expected) in [
        (true, 4, "<…Qw4A>"),
        (false, 4, "<…Qw4A>"),
        (true, 2, "<…4A>"),
        (true, 0, "<…>"),
    ] {
        let out = redact_with(format!("<{key}>").as_bytes(), &Options { first, last }).into_owned();
        assert_eq!(show(&out), show(expected.as_bytes()));
    }
}

#[test]
fn a_known_key_in_pieces_is_masked() {
    let mut chance = Chance::new(42);
    for _ in 0..12 {
        let key = new_key(&mut chance);
        learn(key.as_bytes(), b"", None);
        for form in forms(&key) {
            let text = format!("a text, with words {form}{form} {form}, and \"{form}\".");
            let whole = redact(text.as_bytes());
            assert!(!show(&whole).contains(&key[..8]), "{}", show(&whole));
            for at in 0..=text.len() {
                let mut stream = Stream::new(Options::default());
                let mut out = stream.push(&text.as_bytes()[..at]);
                out.extend(stream.push(&text.as_bytes()[at..]));
                out.extend(stream.finish());
                assert_eq!(show(&out), show(&whole), "{at} of {text}");
            }
            let mut stream = Stream::new(Options::default());
            let mut out: Vec<u8> = Vec::new();
            for byte in text.as_bytes() {
                out.extend(stream.push(&[*byte]));
            }
            out.extend(stream.finish());
            assert_eq!(show(&out), show(&whole), "{text}");
            let found = stream.take_found();
            assert!(
                found
                    .iter()
                    .all(|one| one.rule == "stored" && one.provider.is_none())
            );
        }
    }
}

#[test]
fn what_php_shows_of_a_known_key_in_a_trace_is_masked() {
    let key = Example::of("{A-Za-z0-9:31}7", &mut Chance::new(43)).text;
    learn(key.as_bytes(), b"mistral", None);
    let cut = &key[..15];
    for (text, expected) in [
        (
            format!("#0 x.php(3): f('{cut}...')"),
            "#0 x.php(3): f('…...')",
        ),
        (format!("f(&#039;{cut}...&#039;)"), "f(&#039;…...&#039;)"),
        (
            format!("\"f(\\u0027{cut}...\\u0027)\""),
            "\"f(\\u0027…...\\u0027)\"",
        ),
    ] {
        assert_eq!(show(&redact(text.as_bytes())), show(expected.as_bytes()));
        for at in 0..=text.len() {
            let mut stream = Stream::new(Options::default());
            let mut out = stream.push(&text.as_bytes()[..at]);
            out.extend(stream.push(&text.as_bytes()[at..]));
            out.extend(stream.finish());
            assert_eq!(show(&out), show(expected.as_bytes()), "{at} of {text}");
        }
    }
    // Less or more of it is something else.
    for text in [
        format!("'{}...'", &key[..14]),
        format!("'{cut}'"),
        format!("'{cut}..'"),
    ] {
        assert!(
            matches!(redact(text.as_bytes()), Cow::Borrowed(_)),
            "{text}"
        );
    }
}

#[test]
fn a_trace_shows_no_beginning_in_the_length_in_force() {
    let key = Example::of("{A-Za-z0-9:63}7", &mut Chance::new(49)).text;
    learn(key.as_bytes(), b"mistral", None);
    let known = format!("sk-ant-api03-{}7", &key[..40]);
    learn(known.as_bytes(), b"anthropic", None);
    for length in [8, 12, 15, 16, 24, 40, 63] {
        set_trace_length(length);
        for key in [&key, &known] {
            // A beginning that everybody knows may be shown, and the last four of a mask.
            if length > key.len() || key.starts_with("sk-ant") && length < 21 {
                continue;
            }
            let text = format!("#0 x.php(3): f('{}...', 3) and more", &key[..length]);
            let whole = redact(text.as_bytes());
            assert!(
                !show(&whole).contains(&key[length - 8..length]),
                "{length}: {}",
                show(&whole)
            );
            for at in 0..=text.len() {
                let mut stream = Stream::new(Options::default());
                let mut out = stream.push(&text.as_bytes()[..at]);
                out.extend(stream.push(&text.as_bytes()[at..]));
                out.extend(stream.finish());
                assert_eq!(show(&out), show(&whole), "{at} of {text}");
            }
        }
    }
    set_trace_length(7);
    let text = format!("f('{}...')", &key[..7]);
    assert!(matches!(redact(text.as_bytes()), Cow::Borrowed(_)));
    set_trace_length(15);
}

#[test]
fn words_and_what_is_short_are_not_learned() {
    for word in [
        "required",
        "not-needed",
        "ollama",
        "abc1234",
        "",
        "two words 1",
        "line\nbreak1",
        "schlüssel1",
    ] {
        learn(word.as_bytes(), b"", None);
        let text = format!("a {word} in a text");
        assert!(
            matches!(redact(text.as_bytes()), Cow::Borrowed(_)),
            "{word}"
        );
    }
}

#[test]
fn an_envelope_is_known_by_its_text() {
    let key = Example::of("{A-Za-z0-9:31}7", &mut Chance::new(44)).text;
    assert!(!is_known(b"byok1.one"));
    learn(key.as_bytes(), b"", Some(b"byok1.one"));
    learn(key.as_bytes(), b"", Some(b"byok1.two"));
    assert!(is_known(b"byok1.one") && is_known(b"byok1.two") && !is_known(b"byok1.three"));
}

#[test]
fn what_is_nearly_a_known_key_stays() {
    let mut chance = Chance::new(45);
    let key = Example::of("{a-z:31}7", &mut chance).text;
    learn(key.as_bytes(), b"", None);
    for at in 0..key.len() {
        let mut other = key.clone().into_bytes();
        other[at] ^= 1;
        assert!(matches!(redact(&other), Cow::Borrowed(_)), "{at}");
    }
    for length in 0..key.len() {
        assert!(matches!(
            redact(&key.as_bytes()[..length]),
            Cow::Borrowed(_)
        ));
    }
}

/// Keys that somebody has made for it, and texts that are nearly full of them, cost some times as much
/// as any other text, and not a key's length for each byte.
#[test]
fn keys_made_for_it_slow_nothing_down() {
    let mut chance = Chance::new(46);
    let long = Example::of("{A-Za-z0-9:4000}", &mut chance).text;
    let short = &long[..60];
    let mut patterns = Vec::new();
    for (repeated, length) in [
        ("a", 8000),
        ("ab", 8000),
        (&long[..23], 7990),
        (short, 7980),
    ] {
        for end in ["A1", "B2", "C3", "D4"] {
            let key = repeated.repeat(length / repeated.len()) + end;
            learn(key.as_bytes(), b"", None);
        }
        patterns.push(repeated.to_owned());
    }
    // Nothing in these repeats itself: one half, or all but the end, is the same.
    for end in ["A1", "B2", "C3", "D4", "+=", "/=", "+/", "=="] {
        let key = long.clone() + end;
        learn(key.as_bytes(), b"", None);
        let key = format!("{}{}", &long[..1000], short.repeat(15)) + end;
        learn(key.as_bytes(), b"", None);
    }
    patterns.extend([40, 64, 100, 1000, 3999].map(|length| long[..length].to_owned()));
    patterns.push(format!("{}x", long));
    const SIZE: usize = 1 << 16;
    for pattern in patterns {
        let mut least = [Duration::MAX; 3];
        let bounded = (0..12).any(|_| {
            least[0] = least[0].min(time("no key is here, ", SIZE));
            least[1] = least[1].min(time(&pattern, SIZE));
            least[2] = least[2].min(time(&pattern, 4 * SIZE));
            least[1] < 100 * least[0] && least[2] < 9 * least[1]
        });
        assert!(bounded, "{}: {least:?}", &pattern[..pattern.len().min(70)]);
    }
}

#[test]
fn a_key_that_repeats_itself_a_little_is_masked() {
    let key = "byok-test-".to_owned()
        + &"0".repeat(30)
        + &Example::of("{A-Za-z0-9:40}", &mut Chance::new(47)).text;
    learn(key.as_bytes(), b"", None);
    assert!(!show(&redact(key.as_bytes())).contains("0000"));
}

#[test]
fn a_long_key_in_pieces_is_masked() {
    let key = Example::of("{A-Za-z0-9:3000}+7", &mut Chance::new(48)).text;
    learn(key.as_bytes(), b"", None);
    let text = format!("a {} {key} {}.", &key[..2999], &key[..700]);
    let whole = redact(text.as_bytes());
    assert_eq!(whole.len(), text.len() - key.len() + mask(&key).len());
    for step in [1, 7, 31, 64, 1000] {
        let mut stream = Stream::new(Options::default());
        let mut out: Vec<u8> = Vec::new();
        for piece in text.as_bytes().chunks(step) {
            out.extend(stream.push(piece));
        }
        out.extend(stream.finish());
        assert_eq!(show(&out), show(&whole), "{step}");
    }
}

#[test]
fn keys_that_begin_with_another_are_masked_the_same_in_pieces() {
    let head = Example::of("byok-test-{A-Za-z0-9:9}7", &mut Chance::new(50)).text;
    let all = Example::of("{A-Za-z0-9:160}", &mut Chance::new(51)).text;
    let keys: Vec<String> = [0, 3, 13, 40, 44, 45, 107, 108, 160]
        .into_iter()
        .map(|more| format!("{head}{}", &all[..more]))
        .collect();
    for key in &keys {
        learn(key.as_bytes(), b"mistral", None);
    }
    for (key, after) in keys
        .iter()
        .flat_map(|key| ["", " ", "~", "~~~~~~~~~~~~~~~~~~~~~~"].map(|after| (key, after)))
    {
        let text = format!("a {key}{after}");
        let expected = format!("a {}{after}", mask(key));
        assert_eq!(show(&redact(text.as_bytes())), show(expected.as_bytes()));
        for step in 1..40 {
            let mut stream = Stream::new(Options::default());
            let mut out: Vec<u8> = Vec::new();
            for piece in text.as_bytes().chunks(step) {
                out.extend(stream.push(piece));
            }
            out.extend(stream.finish());
            assert_eq!(show(&out), show(expected.as_bytes()), "{step} of {text}");
        }
    }
}
