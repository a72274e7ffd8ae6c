//! Redaction under a fuzzer: whatever the text and however it is cut, it ends, twice is as good as
//! once, pieces give what the whole gives, and a key between two line breaks gets out in no case.

#![no_main]

use byok_engine::redact::{Options, Stream, learn, redact, redact_with};
use libfuzzer_sys::{Corpus, fuzz_target};

/// Keys that are worth nothing: of a format, and one that only its having been met tells.
const KEYS: [&str; 3] = [
    "sk-ant-api03-byok-test-0123456789-Aa0Bb1Cc2Dd3Ee4Ff5Gg6Hh7",
    "AIzabyok-test-0Aa1Bb2Cc3Dd4Ee5Ff6Gg7Hh8Ii9",
    "byok/test+0Aa1Bb2Cc3Dd4Ee5Ff6==",
];
/// Known as well: one that begins with the known one, and two that are the same for long. Their parts
/// are in the dictionary.
const ALIKE: [&str; 3] = [
    "byok/test+0Aa1Bb2Cc3Dd4Ee5Ff6==7Gg8",
    "byok-test-0Aa1Bb2Cc3Dd4Ee5Ff6Gg7Hh8Ii9Jj0Kk1Ll2Mm3Nn4Oo5Pp6Qq7Rr",
    "byok-test-0Aa1Bb2Cc3Dd4Ee5Ff6Gg7Hh8Ii9Jj0Kk1Ll2Mm3Nn4Oo5Pp7Vv8Ww9Xx",
];
/// The known one in base64.
const ENCODED: &str = "Ynlvay90ZXN0KzBBYTFCYjJDYzNEZDRFZTVGZjY9PQ";

fuzz_target!(
    init: for key in ALIKE.iter().chain([&KEYS[2]]) {
        learn(key.as_bytes(), b"mistral", None);
    },
    |data: &[u8]| -> Corpus {
        // The first bytes say how the rest is treated.
        let Some((&[way, step], text)) = data.split_first_chunk::<2>() else {
            return Corpus::Reject;
        };
        let options = Options {
            first: way & 1 == 0,
            last: usize::from(way >> 1 & 3) + usize::from(way >> 3 & 1),
        };

        let once = redact_with(text, &options);
        assert_eq!(redact_with(&once, &options), once, "a second pass changes the text");
        assert_eq!(streamed(text, step, options), *once, "pieces give another text");

        let secret = match way >> 4 & 7 {
            index @ 0..3 => KEYS[usize::from(index)],
            index @ 4..7 => ALIKE[usize::from(index) - 4],
            _ => ENCODED,
        };
        let middle = text.len() / 2;
        let text = [&text[..middle], b"\n", secret.as_bytes(), b"\n", &text[middle..]].concat();
        let body = &secret.as_bytes()[secret.len() - 28..secret.len() - 6];
        for out in [
            redact(&text).into_owned(),
            streamed(&text, step, Options::default()),
        ] {
            let is_out = out.windows(body.len()).any(|window| window == body);
            // Unless the text brings it along where nobody takes it for a key.
            assert!(!is_out || data.windows(body.len()).any(|window| window == body));
        }
        Corpus::Keep
    }
);

/// The text in pieces of up to `step` bytes, of changing length.
fn streamed(text: &[u8], step: u8, options: Options) -> Vec<u8> {
    let mut stream = Stream::new(options);
    let mut out = Vec::new();
    let mut rest = text;
    let mut length = usize::from(step);
    while !rest.is_empty() {
        length = (length * 7 + 3) % (usize::from(step) + 1) + 1;
        let (piece, after) = rest.split_at(length.min(rest.len()));
        out.extend(stream.push(piece));
        rest = after;
    }
    out.extend(stream.finish());
    out
}
