//! Properties of the redactor on texts made by chance, with fixed seeds.

use crate::redact_examples::{Chance, Example, table};
use byok_engine::redact::redact;
use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// Everything that means something to the redactor, and what breaks it up.
pub fn fragments() -> Vec<Vec<u8>> {
    let table = table();
    let mut all: Vec<Vec<u8>> = Vec::new();
    for rule in table.keys.iter().chain(&table.infixes).chain(&table.names) {
        all.extend(
            rule.prefixes
                .iter()
                .chain(&rule.names)
                .map(|text| text.clone().into_bytes()),
        );
    }
    let signs: [&str; 62] = [
        "=",
        ":",
        " ",
        "\n",
        "\r\n",
        "\"",
        "'",
        "\\\"",
        "\\",
        "\\\\",
        "\\/",
        "/",
        "+",
        "-",
        "_",
        ".",
        "%",
        "%2",
        "%2D",
        "%252D",
        "%3D",
        "%22",
        "%20",
        "%fc-",
        "\\u002d",
        "\\u00",
        "\\u0022",
        "\\x2d",
        "=>",
        " => ",
        "]",
        "[",
        "(",
        ")",
        "{",
        "}",
        ";",
        ",",
        "&",
        "&amp;",
        "&quot;",
        "?key=",
        "&key=",
        "…",
        "\\u2026",
        "sk-ant-…Qw4A",
        "…ABSK",
        "…xxAQ",
        "T3BlbkFJ",
        "JQQJ9",
        "AQ",
        "ABSK",
        "\x1b[31m",
        "s:39:\"",
        "string(39) \"",
        "Array\n (\n [0] => ",
        "Authorization: Basic ",
        "://",
        "...'",
        "!!!!!",
        "c2stYW50L",
        "NrLWFudC",
    ];
    all.extend(signs.iter().map(|sign| sign.as_bytes().to_vec()));
    all.extend([vec![0], vec![0xff], vec![0xe2, 0x80], vec![0xc3]]);
    all
}

pub fn soup(fragments: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let bodies = [
        "{A-Za-z0-9:3}",
        "{0-9a-f:16}",
        "{A-Za-z0-9:24}",
        "{A-Za-z0-9_-:44}",
        "{0-9a-f:64}",
        "{a-z:5}",
    ];
    let mut text = Vec::new();
    for _ in 0..chance.below(24) {
        if chance.below(3) == 0 {
            let body = *chance.pick(&bodies);
            text.extend(Example::of(body, chance).text.bytes());
        } else {
            text.extend(chance.pick(fragments).iter());
        }
    }
    text
}

fn show(text: &[u8]) -> String {
    text.escape_ascii().to_string()
}

#[test]
fn a_second_pass_changes_nothing() {
    let fragments = fragments();
    let mut chance = Chance::new(10);
    let mut masked = 0;
    for _ in 0..20_000 {
        let text = soup(&fragments, &mut chance);
        let once = redact(&text);
        masked += usize::from(*once != *text);
        let twice = redact(&once);
        assert_eq!(show(&twice), show(&once), "from {}", show(&text));
    }
    assert!(masked > 3_000, "the soup has hardly any keys: {masked}");
}

/// What the fuzzer has found: a key that reaches further back than is looked began within an escape.
#[test]
fn a_mask_before_a_long_key_stays() {
    for length in 120..260 {
        let run = "P".repeat(length);
        let text = format!("x-api-key: sk-svcacct-\\u2026Qw4A{run}JQQJ99gQpsdgkU0c0G");
        let once = redact(text.as_bytes()).into_owned();
        assert_eq!(show(&redact(&once)), show(&once), "{length}");
    }
}

#[test]
fn random_bytes_are_no_keys() {
    let mut chance = Chance::new(11);
    for _ in 0..200 {
        let text: Vec<u8> = (0..chance.below(5000))
            .map(|_| chance.below(256) as u8)
            .collect();
        assert_eq!(show(&redact(&text)), show(&text));
    }
}

#[test]
fn no_key_survives_in_any_surroundings() {
    let table = table();
    let templates: Vec<&String> = table.keys.iter().flat_map(|rule| &rule.hits).collect();
    let ends = [
        "\n", "\"", " ", "=", "%3D", "\\u0022", "\x1b[31m", "\\n", "&", ":", "\0", "/",
    ];
    let fragments = fragments();
    let mut chance = Chance::new(12);
    for _ in 0..10_000 {
        let mut text = soup(&fragments, &mut chance);
        text.extend(chance.pick(&ends).bytes());
        let key = made(&templates, &mut chance);
        text.extend(key.text.bytes());
        text.extend(soup(&fragments, &mut chance));
        let output = redact(&text);
        assert!(
            !key.survives_in(&output),
            "{} became {}",
            show(&text),
            show(&output)
        );
    }
}

#[test]
fn text_around_keys_stays() {
    let table = table();
    let templates: Vec<&String> = table.keys.iter().flat_map(|rule| &rule.hits).collect();
    let mut chance = Chance::new(13);
    for _ in 0..2_000 {
        let mut text = Vec::new();
        let mut expected = Vec::new();
        for _ in 0..chance.below(6) {
            let between: Vec<u8> = (0..chance.below(40))
                .map(|_| 0x80 + chance.below(128) as u8)
                .collect();
            let key = made(&templates, &mut chance).text;
            for (output, key) in [
                (&mut text, key.clone()),
                (&mut expected, byok_engine::mask::mask(&key)),
            ] {
                output.extend_from_slice(&between);
                output.push(b' ');
                output.extend(key.bytes());
                output.push(b'\n');
            }
        }
        assert_eq!(show(&redact(&text)), show(&expected));
    }
}

#[test]
fn time_grows_with_the_text_only() {
    /// Four times this is 1 MB in a release build; a test build is some thirty times slower.
    const SIZE: usize = if cfg!(debug_assertions) {
        1 << 15
    } else {
        1 << 18
    };
    let key = Example::of("sk-ant-{A-Za-z0-9:20}byok-test", &mut Chance::new(14)).text;
    let table = table();
    let mut patterns: Vec<String> = [
        "token=token=",
        "token",
        "tokentoken=a1B2",
        "sk-",
        "sk-ant-",
        "sk-a1B2",
        "sk_",
        "gsk_",
        "AIza",
        "ABSK",
        "T3BlbkFJ",
        "sk-T3BlbkFJ",
        "JQQJ9",
        "JQQJ9a",
        "%",
        "%25",
        "%2D",
        "\\",
        "\\\\u002d",
        "\\/",
        "\"",
        "[",
        "a",
        "a1B2",
        " ",
        "\n",
        "x-api-key:",
        "x-api-key: ",
        "x-api-key\"",
        "x-api-key => Array\n (\n [",
        "x-api-key[0] => ",
        "Authorization: Bearer ",
        "authorization:",
        "bearer ",
        "?key=",
        "&key=a1B2",
        "apikey:\"apikey",
        "secret=a1B2c3D4e5F6g7H8i9J0k1L2=",
        "[api_key:x:",
        ".",
        "token=a1B2c3D4.",
        "…",
        "sk-ant-…",
        "\x1b[31m",
        "key_key_",
        "fc-a",
        "sk%2Dant%2D",
    ]
    .map(str::to_owned)
    .to_vec();
    patterns.push(key.clone());
    patterns.push(format!("{key} "));
    patterns.push(format!("token={key}"));
    patterns.push(format!("{key}%2D"));
    patterns.extend(table.keys.iter().flat_map(|rule| rule.prefixes.clone()));
    for pattern in patterns {
        // Under 3 for each doubling; a square would be 16 in all.
        // Other processes only ever add to a measurement, so the least of each is the truest.
        let mut least = [Duration::MAX; 2];
        let linear = (0..12).any(|_| {
            least[0] = least[0].min(time(&pattern, SIZE));
            least[1] = least[1].min(time(&pattern, 4 * SIZE));
            least[1] < 9 * least[0]
        });
        assert!(linear, "{pattern:?}: {least:?}");
    }
}

/// The time that this takes of the processor.
pub fn time(pattern: &str, size: usize) -> Duration {
    let text = pattern.as_bytes().repeat(size / pattern.len());
    let worked = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
    };
    let start = worked();
    std::hint::black_box(redact(std::hint::black_box(&text)));
    worked() - start
}

pub fn made(templates: &[&String], chance: &mut Chance) -> Example {
    let template = *chance.pick(templates);
    Example::of(template, chance)
}
