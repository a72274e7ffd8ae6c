//! The redactor against its own table: every format, every form, and what must stay.

mod redact_examples;
mod redact_known;
mod redact_properties;
mod redact_stream;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use byok_engine::mask::{is_mask, mask};
use byok_engine::redact::redact;
use redact_examples::{Chance, Example, table};
use std::borrow::Cow;

/// What may stand before a key; `\b` of a regular expression misses many of them.
const BEFORE: &[&[u8]] = &[
    b"",
    b"\n",
    b"\r\n",
    b"\"",
    b"'",
    b" ",
    b"=",
    b":",
    b"/",
    b"(",
    b"[",
    b">",
    b",",
    b"\0",
    b"\xff",
    b"\\n",
    b"\\t",
    b"\\r\\n",
    b"\\\\n",
    b"\\\"",
    b"%3D",
    b"%253D",
    b"%22",
    b"%20",
    b"%0A",
    b"\\u003d",
    b"\\u0022",
    b"\\u000a",
    b"\\x22",
    b"&quot;",
    b"&#039;",
    b"\x1b[31m",
    b"\x1b[38;5;196m",
    b"\\e[1m",
    b"\\033[0m",
    b"\\u001b[31m",
    b"\\x1b[31m",
    b"^[[31m",
    "é".as_bytes(),
    "…".as_bytes(),
];

/// What may follow a key and is not part of it.
const AFTER: &[&[u8]] = &[
    b"",
    b"\n",
    b"\"",
    b"'",
    b" ",
    b",",
    b"\\n",
    b"\\\"",
    b"\\u0022",
    b"\\u0026x=1",
    b"&x=1",
    b"%22",
    b"%26x=1",
    b"%0A",
    b"\x1b[0m",
    b"\\e[0m",
    b"\\u001b[0m",
    b"</td>",
    b")",
    b"]",
    b"\0",
    b"\xff",
    "é".as_bytes(),
    "…".as_bytes(),
];

fn show(text: &[u8]) -> String {
    text.escape_ascii().to_string()
}

fn assert_untouched(text: &[u8]) {
    match redact(text) {
        Cow::Borrowed(same) => assert!(std::ptr::eq(same, text)),
        Cow::Owned(other) => panic!("{} became {}", show(text), show(&other)),
    }
}

#[test]
fn every_example_of_the_table_is_masked() {
    let table = table();
    for rule in table.keys.iter().chain(&table.infixes).chain(&table.names) {
        assert!(
            !rule.hits.is_empty() && !rule.misses.is_empty(),
            "{:?}",
            rule.prefixes
        );
        for template in &rule.hits {
            for seed in 0..50 {
                let example = Example::of(template, &mut Chance::new(seed));
                let output = redact(example.text.as_bytes());
                assert!(matches!(output, Cow::Owned(_)), "untouched: {template}");
                assert!(
                    !example.survives_in(&output),
                    "{template}: {}",
                    show(&output)
                );
                assert!(
                    !show(&output).contains("byok-test"),
                    "{template}: {}",
                    show(&output)
                );
                assert_untouched(&output);
            }
        }
    }
}

#[test]
fn what_is_no_key_stays() {
    let table = table();
    let rules = table.keys.iter().chain(&table.infixes).chain(&table.names);
    let misses = rules.flat_map(|rule| &rule.misses).chain(&table.clean);
    let set = include_str!("../vectors/not-keys.txt").lines();
    for template in misses.map(String::as_str).chain(set) {
        for seed in 0..50 {
            assert_untouched(
                Example::of(template, &mut Chance::new(seed))
                    .text
                    .as_bytes(),
            );
        }
    }
}

#[test]
fn a_key_is_shown_as_its_mask_within_any_boundaries() {
    let table = table();
    let mut chance = Chance::new(1);
    for rule in &table.keys {
        for template in &rule.hits {
            for before in BEFORE {
                for after in AFTER {
                    let key = Example::of(template, &mut chance).text;
                    let text = [before, key.as_bytes(), after].concat();
                    let expected = [before, mask(&key).as_bytes(), after].concat();
                    assert_eq!(show(&redact(&text)), show(&expected), "in {}", show(&text));
                }
            }
        }
    }
}

#[test]
fn a_key_is_masked_at_any_offset() {
    let table = table();
    let mut chance = Chance::new(2);
    for rule in &table.keys {
        let key = Example::of(&rule.hits[0], &mut chance).text;
        for offset in 0..140 {
            let mut text: Vec<u8> = (0..offset)
                .map(|_| 0x80 + chance.below(128) as u8)
                .collect();
            let mut expected = text.clone();
            text.extend(key.bytes());
            expected.extend(mask(&key).bytes());
            assert_eq!(show(&redact(&text)), show(&expected));
        }
    }
}

#[test]
fn escaped_keys_are_masked() {
    let escapes: [fn(u8) -> String; 7] = [
        |byte| format!("%{byte:02X}"),
        |byte| format!("%{byte:02x}"),
        |byte| format!("%25{byte:02X}"),
        |byte| format!("\\u{byte:04x}"),
        |byte| format!("\\u{byte:04X}"),
        |byte| format!("\\x{byte:02x}"),
        |byte| {
            if byte == b'/' {
                "\\\\\\/".to_owned()
            } else {
                char::from(byte).to_string()
            }
        },
    ];
    let table = table();
    let mut chance = Chance::new(3);
    for template in table.keys.iter().flat_map(|rule| &rule.hits) {
        for escape in escapes {
            let example = Example::of(template, &mut chance);
            let text: String = example
                .text
                .bytes()
                .map(|byte| {
                    if byte.is_ascii_alphanumeric() {
                        char::from(byte).to_string()
                    } else {
                        escape(byte)
                    }
                })
                .collect();
            assert_eq!(
                show(&redact(text.as_bytes())),
                show(mask(&example.text).as_bytes()),
                "{text}"
            );
        }
    }
}

#[test]
fn keys_in_base64_are_masked() {
    let engines = [STANDARD, URL_SAFE_NO_PAD];
    let table = table();
    let mut chance = Chance::new(9);
    let encoded = table.keys.iter().filter(|rule| rule.encoded);
    let templates: Vec<&String> = encoded.flat_map(|rule| &rule.hits).collect();
    assert!(templates.len() > 10);
    for template in templates {
        for before in ["", "u", "us", "user:", "{\"key\":\"", "Bearer "] {
            for engine in &engines {
                let key = Example::of(template, &mut chance).text;
                let text = engine.encode(format!("{before}{key}\"}}"));
                let out = redact(format!("x={text}\n").as_bytes()).into_owned();
                // What is left is what was before the key, and not even four characters of it.
                let left = String::from_utf8_lossy(&out).into_owned();
                assert!(
                    left.starts_with("x=") && left.ends_with("…\n"),
                    "{key}: {left}"
                );
                assert!(left.len() < 2 + before.len() * 4 / 3 + 8, "{key}: {left}");
                assert_untouched(&out);
            }
        }
    }
    // The beginning of a prefix in base64, with anything behind it.
    for text in [
        "c2stYW50LWlzIG5vIGtleSBhdCBhbGwgaGVyZQ==",
        "QUl6YSBpcyBhIHByZWZpeCBvZiBHb29nbGUncyBrZXlz",
    ] {
        assert_untouched(text.as_bytes());
    }
}

#[test]
fn arguments_that_php_has_cut_are_masked() {
    for (text, expected) in [
        ("f('sk-ant-api03-by...')", "f('sk-ant-…...')"),
        ("f('sk-proj-abcdefg...', 12)", "f('sk-proj-…...', 12)"),
        (
            "f(&#039;AIzaSyB0yk-test...&#039;)",
            "f(&#039;AIza…...&#039;)",
        ),
        ("\"f('hf_aBcDeFgHiJkL...')\"", "\"f('hf_…...')\""),
    ] {
        assert_eq!(String::from_utf8_lossy(&redact(text.as_bytes())), expected);
        assert_untouched(expected.as_bytes());
    }
    for text in [
        "f('sk-fading-circl...')",
        "f('hf_header_templ...')",
        "sk-ant-api03-by...",
        "f('sk-ant-...')",
        "f('task-ant-api03-...')",
    ] {
        assert_untouched(text.as_bytes());
    }
}

#[test]
fn a_longer_piece_of_a_masked_key_is_masked_too() {
    let table = table();
    let mut chance = Chance::new(4);
    for template in table.keys.iter().flat_map(|rule| &rule.hits) {
        let key = Example::of(template, &mut chance).text;
        let masked: Vec<bool> = (0..=key.len())
            .map(|end| matches!(redact(&key.as_bytes()[..end]), Cow::Owned(_)))
            .collect();
        let first = masked
            .iter()
            .position(|&masked| masked)
            .expect("the whole key is masked");
        assert!(
            masked[first..].iter().all(|&masked| masked),
            "{template}: {masked:?}"
        );
    }
}

#[test]
fn spans_that_overlap_become_one_mask() {
    let mut chance = Chance::new(5);
    let google = Example::of("AIza{A-Za-z0-9:35}", &mut chance).text;
    let text = format!("?key={google}.byok-test/{google}&x=1");
    assert_eq!(String::from_utf8_lossy(&redact(text.as_bytes())), {
        format!("?key=AIza…{}&x=1", &google[google.len() - 4..])
    });
    let twice = format!("{google} {google}");
    let masked = mask(&google);
    assert_eq!(
        String::from_utf8_lossy(&redact(twice.as_bytes())),
        format!("{masked} {masked}")
    );
}

#[test]
fn a_name_reaches_no_further_when_what_was_between_is_masked() {
    let key = Example::of("{A-Za-z0-9:40}byok-test", &mut Chance::new(7)).text;
    let value = Example::of("{A-Za-z0-9:30}byok-test", &mut Chance::new(8)).text;
    let filler = "\u{449}".repeat(20);
    let text = format!("<td>API key</td {filler} BYOK_KEY={key}{filler}> {value}\n");
    let once = redact(text.as_bytes());
    assert!(!String::from_utf8_lossy(&once).contains(&key));
    assert_eq!(
        String::from_utf8_lossy(&redact(&once)),
        String::from_utf8_lossy(&once)
    );
}

#[test]
fn a_value_without_a_known_prefix_is_masked_whole() {
    let value = Example::of("{A-Za-z0-9:30}byok-test", &mut Chance::new(6)).text;
    let text = format!("x-api-key: {value}\r\nHost: example.com");
    assert_eq!(
        String::from_utf8_lossy(&redact(text.as_bytes())),
        "x-api-key: …\r\nHost: example.com"
    );
}

#[test]
fn a_value_with_a_known_prefix_is_shown_as_its_mask() {
    let key = Example::of(
        "sk-ant-api03-{A-Za-z0-9:60}byok-testQw4A",
        &mut Chance::new(7),
    )
    .text;
    for (text, expected) in [
        (
            format!("Authorization: Bearer {key}\n"),
            "Authorization: Bearer sk-ant-…Qw4A\n",
        ),
        (
            format!("'x-api-key' => '{key}',"),
            "'x-api-key' => 'sk-ant-…Qw4A',",
        ),
        (format!("?a=1&key={key}&b=2"), "?a=1&key=sk-ant-…Qw4A&b=2"),
    ] {
        assert_eq!(String::from_utf8_lossy(&redact(text.as_bytes())), expected);
    }
}

#[test]
fn masks_stay_as_they_are() {
    let table = table();
    let mut chance = Chance::new(8);
    for template in table.keys.iter().flat_map(|rule| &rule.hits) {
        let shown = mask(&Example::of(template, &mut chance).text);
        assert!(is_mask(&shown));
        for name in table.names.iter().flat_map(|rule| &rule.names) {
            for form in [
                "{n}: {m}",
                "\"{n}\":\"{m}\"",
                "{n}={m}",
                "{n} {m}",
                "[{n}] => {m}",
                "{m}{n}={m}",
            ] {
                assert_untouched(form.replace("{n}", name).replace("{m}", &shown).as_bytes());
            }
        }
    }
}

#[test]
fn an_empty_text_is_borrowed() {
    assert_untouched(b"");
}
