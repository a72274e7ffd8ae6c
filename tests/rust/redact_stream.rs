//! A text in pieces gives what it gives whole, however it is cut.

use crate::redact_examples::{Chance, Example, table};
use crate::redact_properties::{fragments, made, soup};
use byok_engine::redact::{Options, Stream, redact, redact_with};

fn show(text: &[u8]) -> String {
    text.escape_ascii().to_string()
}

/// What a stream gives out for these pieces.
fn streamed(pieces: &[&[u8]], options: Options) -> Vec<u8> {
    let mut stream = Stream::new(options);
    let mut out = Vec::new();
    for piece in pieces {
        out.extend(stream.push(piece));
    }
    out.extend(stream.finish());
    out
}

/// Pieces by chance; most are short.
fn cut<'a>(text: &'a [u8], chance: &mut Chance) -> Vec<&'a [u8]> {
    let most = [2, 5, 20, 200][chance.below(4)];
    let mut rest = text;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(chance.below(most).min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

#[test]
fn a_text_cut_anywhere_gives_the_same() {
    let fragments = fragments();
    let mut chance = Chance::new(20);
    let mut masked = 0;
    for _ in 0..1_500 {
        let text = soup(&fragments, &mut chance);
        let whole = redact(&text);
        masked += usize::from(*whole != *text);
        for at in 0..=text.len() {
            let (one, two) = text.split_at(at);
            let out = streamed(&[one, two], Options::default());
            assert_eq!(show(&out), show(&whole), "{} | {}", show(one), show(two));
        }
    }
    assert!(masked > 250, "the soup has hardly any keys: {masked}");
}

#[test]
fn a_text_in_many_pieces_gives_the_same() {
    let fragments = fragments();
    let mut chance = Chance::new(21);
    for _ in 0..20_000 {
        let text = soup(&fragments, &mut chance);
        let options = Options {
            first: chance.below(2) == 0,
            last: chance.below(5),
        };
        let whole = redact_with(&text, &options);
        let pieces = cut(&text, &mut chance);
        let out = streamed(&pieces, options);
        let pieces: Vec<String> = pieces.iter().map(|piece| show(piece)).collect();
        assert_eq!(show(&out), show(&whole), "{pieces:?}");
    }
}

#[test]
fn a_text_of_single_bytes_gives_the_same() {
    let fragments = fragments();
    let mut chance = Chance::new(22);
    for _ in 0..3_000 {
        let text = soup(&fragments, &mut chance);
        let pieces: Vec<&[u8]> = text.chunks(1).collect();
        let out = streamed(&pieces, Options::default());
        assert_eq!(show(&out), show(&redact(&text)), "{}", show(&text));
    }
}

#[test]
fn every_example_of_the_table_is_masked_in_pieces() {
    let table = table();
    let rules = table.keys.iter().chain(&table.infixes).chain(&table.names);
    let mut chance = Chance::new(23);
    for template in rules.flat_map(|rule| rule.hits.iter().chain(&rule.misses)) {
        for before in ["", "a", "\n", "x=\"", "%3D", "\\u0022", "'"] {
            let example = Example::of(template, &mut chance);
            let text = format!("{before}{}\n", example.text).into_bytes();
            let whole = redact(&text);
            for size in 1..12 {
                let pieces: Vec<&[u8]> = text.chunks(size).collect();
                let out = streamed(&pieces, Options::default());
                assert_eq!(show(&out), show(&whole), "{size}: {}", show(&text));
            }
        }
    }
}

#[test]
fn nothing_of_a_key_is_out_before_its_mask() {
    let table = table();
    let templates: Vec<&String> = table.keys.iter().flat_map(|rule| &rule.hits).collect();
    let mut chance = Chance::new(24);
    for _ in 0..500 {
        let key = made(&templates, &mut chance);
        let mut stream = Stream::new(Options::default());
        let mut out = stream.push(b"before ");
        assert_eq!(out, b"before ");
        for byte in key.text.as_bytes() {
            out.extend(stream.push(&[*byte]));
        }
        assert_eq!(show(&out), "before ", "{}", key.text);
    }
}

#[test]
fn after_a_line_break_nothing_is_kept_back() {
    let mut stream = Stream::new(Options::default());
    for line in [
        "GET /wp-admin/ HTTP/1.1 200\n",
        "PHP Warning:  Undefined array key \"token\" in /var/www/x.php on line 12\n",
        "a key at the end: sk-ant-\n",
        "{\"tokens\":12}\n",
        "\n",
    ] {
        assert_eq!(show(&stream.push(line.as_bytes())), show(line.as_bytes()));
    }
    // A word may be the beginning of a key, what is before it is not.
    assert_eq!(stream.push(b"Hello wor"), b"Hello ");
    assert_eq!(stream.push(b"ld! "), b"world! ");
    assert_eq!(stream.finish(), b"");
}

#[test]
fn a_key_without_end_is_swallowed_in_constant_memory() {
    for beginning in [
        "sk-ant-api03-",
        "token: a1B2",
        "x-api-key: '",
        "ABSK/",
        "c2stYW50L",
    ] {
        for filling in ["a1B2c3D4", "........", "a...", "%2D", "\\u002d", "aGVsbG8/"] {
            let mut stream = Stream::new(Options::default());
            let mut out = stream.push(beginning.as_bytes());
            out.extend(stream.push("a1B2c3D4".repeat(20).as_bytes()));
            let piece = filling.repeat(128);
            let mut kept = 0;
            for _ in 0..500 {
                out.extend(stream.push(piece.as_bytes()));
                kept = kept.max(stream.kept());
            }
            // What is kept of the text, and half a megabyte came.
            assert!(kept < 4_096, "{beginning} {filling}: {kept}");
        }
    }
}

#[test]
fn a_redactor_can_be_used_again() {
    let key = Example::of(
        "sk-ant-api03-{A-Za-z0-9:40}byok-testQw4A",
        &mut Chance::new(25),
    )
    .text;
    let mut stream = Stream::new(Options::default());
    for _ in 0..3 {
        let mut out = stream.push(format!("one\ntwo {}", &key[..20]).as_bytes());
        out.extend(stream.push(&key.as_bytes()[20..]));
        out.extend(stream.finish());
        assert_eq!(show(&out), show("one\ntwo sk-ant-…Qw4A".as_bytes()));
        let found = stream.take_found();
        assert_eq!(found.len(), 1);
        assert_eq!(
            (
                found[0].offset,
                found[0].line,
                &*found[0].rule,
                &*found[0].masked
            ),
            (8, 2, "anthropic-key", "sk-ant-…Qw4A")
        );
        assert_eq!(found[0].provider.as_deref(), Some("anthropic"));
    }
}

#[test]
fn places_do_not_depend_on_the_pieces() {
    let fragments = fragments();
    let mut chance = Chance::new(26);
    for _ in 0..2_000 {
        let mut text = soup(&fragments, &mut chance);
        text.push(b'\n');
        text.extend(soup(&fragments, &mut chance));
        let mut whole = Stream::new(Options::default());
        whole.push(&text);
        whole.finish();
        let mut pieces = Stream::new(Options::default());
        for piece in cut(&text, &mut chance) {
            pieces.push(piece);
        }
        pieces.finish();
        assert_eq!(pieces.take_found(), whole.take_found(), "{}", show(&text));
    }
}

#[test]
fn more_than_is_kept_is_counted() {
    let key = Example::of("AIza{A-Za-z0-9:35}", &mut Chance::new(27)).text;
    let mut stream = Stream::new(Options::default());
    for _ in 0..10_003 {
        stream.push(key.as_bytes());
        stream.push(b"\n");
    }
    stream.finish();
    let found = stream.take_found();
    assert_eq!((found.len(), stream.take_missed()), (10_000, 3));
    assert_eq!(found[9_999].line, 10_000);
    assert_eq!((stream.take_found().len(), stream.take_missed()), (0, 0));
}
