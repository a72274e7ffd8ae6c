//! Which texts are worth remembering as keys, when all that is known is that somebody gave them.
//!
//! It promises that nobody makes the redactor mask what logs are full of: words, numbers, addresses,
//! names of hosts and people. A provider's keys are none of these. It does not know whether a text is
//! a key.

use std::net::{IpAddr, SocketAddr};

use super::table::Looks;

/// A shorter text is one that happens to stand in others as well, unless it has letters and digits.
const SHORT: usize = 20;
/// Digits between two dots or colons of an address: a port has five.
const GROUP: usize = 5;
/// The longest name behind the last dot of a host.
const LAST_LABEL: usize = 24;

/// Whether a text may be remembered.
pub(super) fn is_worth_it(text: &[u8]) -> bool {
    let has = |is: fn(&u8) -> bool| text.iter().any(is);
    let is_mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
    text.iter().all(u8::is_ascii_graphic)
        && (is_mixed || text.len() >= SHORT && Looks::Mixed.accepts(text))
        && !text.iter().all(u8::is_ascii_digit)
        && !is_mail_or_url(text)
        && !is_address(text)
        && !is_host(text)
}

fn is_mail_or_url(text: &[u8]) -> bool {
    text.contains(&b'@') || text.windows(3).any(|three| three == b"://")
}

/// Of a machine, also with a port or a part of a network, and times and versions with them: a few
/// digits between dots and colons.
fn is_address(text: &[u8]) -> bool {
    let text_is = std::str::from_utf8(text).unwrap_or_default();
    let is_group = |group: &[u8]| group.len() <= GROUP && group.iter().all(u8::is_ascii_hexdigit);
    text_is.parse::<IpAddr>().is_ok()
        || text_is.parse::<SocketAddr>().is_ok()
        || text.split(|byte| b".:/[]".contains(byte)).all(is_group)
}

/// A name such as `www.example.org`, also with a port or a path.
fn is_host(text: &[u8]) -> bool {
    let end = text.iter().position(|byte| b":/".contains(byte));
    let name = &text[..end.unwrap_or(text.len())];
    let mut labels = name.split(|byte| *byte == b'.');
    let last = labels.next_back().unwrap_or_default();
    let is_label = |label: &[u8]| {
        let is_part =
            |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(byte);
        !label.is_empty() && label.iter().all(is_part)
    };
    name.contains(&b'.')
        && (2..=LAST_LABEL).contains(&last.len())
        && last.iter().all(u8::is_ascii_lowercase)
        && labels.all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_logs_are_full_of_is_not_remembered() {
        for text in [
            "203.0.113.77",
            "203.0.113.77:8080",
            "203.0.113.0/24",
            "2001:db8::8a2e:370:7334",
            "[2001:db8::1]:443",
            "00:1a:2b:3c:4d:5e",
            "2026-11-21",
            "10:42:17.123",
            "https://example.org/1aB",
            "someone7@example.org",
            "www2.example.org",
            "www2.example.org:8080/login",
            "1234567890123456789012345",
            "Administrator",
            "WordPressPlugin",
            "not-needed",
            "two words 1",
            "",
        ] {
            assert!(!is_worth_it(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn keys_are_remembered() {
        for text in [
            "byok-test-0123456789",
            "0f8fad5bd9cb469fa165708677289501",
            "0f8fad5b-d9cb-469f-a165-70867728950e",
            "0f8fad5b-d9cb-469f-a165-70867728950e:0f8fad5bd9cb469fa165708677289501",
            "0f8fad5bd9cb469fa165708677289501.byokTest7",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJieW9rLXRlc3QifQ.byok-test",
            "ByokTestByokTestByokTest",
            "a1b2c3d4",
            "Zx9/byok+test==",
        ] {
            assert!(is_worth_it(text.as_bytes()), "{text}");
        }
    }
}
