//! The envelope from outside: frozen vectors and every way to tamper (`docs/threat-model.md`).

#![allow(clippy::unwrap_used)]

use std::collections::HashSet;
use std::sync::LazyLock;
use std::time::Duration;

use byok_engine::Error;
use byok_engine::context::Context;
use byok_engine::envelope::{self, Envelope, State};
use byok_engine::keyring::{Given, KeyRing, assemble};
use byok_engine::root::Root;
use rustix::time::{ClockId, clock_gettime};
use serde_json::Value;

const VECTORS: &str = include_str!("../vectors/envelope.json");

fn vectors() -> &'static Value {
    static READ: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(VECTORS).unwrap());
    &READ
}

fn ring() -> KeyRing {
    KeyRing::from_root(std::array::from_fn(|i| (i % 16) as u8))
}

fn context(fields: &Value) -> Context<'_> {
    let tenant = fields
        .get("tenant")
        .map_or("", |tenant| tenant.as_str().unwrap());
    let mut context = Context::new(tenant.as_bytes()).unwrap();
    for (name, value) in fields.as_object().unwrap() {
        if name != "tenant" {
            context
                .set(name.as_bytes(), value.as_str().unwrap().as_bytes())
                .unwrap();
        }
    }
    context
}

fn place() -> Context<'static> {
    context(&vectors()["valid"][0]["context"])
}

fn open(text: &[u8], context: &Context<'_>) -> Result<Vec<u8>, Error> {
    Envelope::parse(text)?
        .open(&ring(), context)
        .map(|plaintext| plaintext.to_vec())
}

#[test]
fn frozen_vectors_open_and_are_reproduced() {
    for vector in vectors()["valid"].as_array().unwrap() {
        let context = context(&vector["context"]);
        let plaintext = vector["plaintext"].as_str().unwrap().as_bytes();
        let text = vector["envelope"].as_str().unwrap();
        assert_eq!(open(text.as_bytes(), &context).unwrap(), plaintext);
        let nonce = [vector["nonce_byte"].as_u64().unwrap() as u8; 24];
        let again = envelope::seal_with_nonce(&ring(), &context, plaintext, nonce).unwrap();
        assert_eq!(again, text);
    }
}

#[test]
fn refused_vectors_are_refused_for_their_reason() {
    for vector in vectors()["refused"].as_array().unwrap() {
        let context = context(&vector["context"]);
        let error = open(vector["envelope"].as_str().unwrap().as_bytes(), &context).unwrap_err();
        assert_eq!(error.reason(), vector["reason"], "{}", vector["name"]);
    }
}

#[test]
fn every_flipped_byte_is_refused() {
    let text = envelope::seal(&ring(), &place(), b"sk-byok-test-flip").unwrap();
    for index in 0..text.len() {
        for bit in 0..8 {
            let mut changed = text.clone().into_bytes();
            changed[index] ^= 1 << bit;
            assert!(open(&changed, &place()).is_err(), "byte {index} bit {bit}");
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    let text = envelope::seal(&ring(), &place(), b"sk-byok-test-truncate").unwrap();
    for length in 0..text.len() {
        assert!(
            open(&text.as_bytes()[..length], &place()).is_err(),
            "{length} bytes"
        );
    }
}

#[test]
fn added_characters_are_malformed() {
    let text = envelope::seal(&ring(), &place(), b"sk-byok-test-added").unwrap();
    for added in ["\n", "\r\n", " ", "=", "==", "\0", "\t", "A", "."] {
        for changed in [
            format!("{text}{added}"),
            format!("{added}{text}"),
            text.replacen('.', &format!(".{added}"), 1),
        ] {
            let error = open(changed.as_bytes(), &place()).unwrap_err();
            // One more letter can be a well-formed, longer body: then the cipher refuses.
            assert!(
                matches!(error, Error::EnvelopeMalformed | Error::EnvelopeRefused),
                "{added:?}"
            );
            assert!(
                added == "A" || error == Error::EnvelopeMalformed,
                "{added:?}"
            );
        }
    }
}

#[test]
fn trailing_bits_that_are_not_zero_are_malformed() {
    // 72 + 1 bytes leave one byte over: the last character has four unused bits.
    let text = envelope::seal(&ring(), &place(), b"x").unwrap();
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = alphabet
        .iter()
        .position(|c| *c == *text.as_bytes().last().unwrap())
        .unwrap();
    assert_eq!(last % 16, 0);
    for bits in 1..16 {
        let mut changed = text.clone().into_bytes();
        *changed.last_mut().unwrap() = alphabet[last + bits];
        assert_eq!(open(&changed, &place()), Err(Error::EnvelopeMalformed));
    }
    // The key id too: 8 bytes leave two over.
    let mut changed = text.into_bytes();
    let id_end = 16;
    let last = alphabet.iter().position(|c| *c == changed[id_end]).unwrap();
    changed[id_end] = alphabet[last ^ 1];
    assert_eq!(open(&changed, &place()), Err(Error::EnvelopeMalformed));
}

#[test]
fn versions_are_told_apart() {
    let text = envelope::seal(&ring(), &place(), b"sk-byok-test-version").unwrap();
    let newer = text.replacen("byok1.", "byok2.", 1);
    assert_eq!(
        open(newer.as_bytes(), &place()),
        Err(Error::EnvelopeUnsupportedVersion)
    );
    let inspected = envelope::inspect(Ok(&ring()), newer.as_bytes());
    assert_eq!(
        (inspected.version, inspected.state),
        (Some(2), State::Locked)
    );
    let zero = text.replacen("byok1.", "byok01.", 1);
    assert_eq!(
        open(zero.as_bytes(), &place()),
        Err(Error::EnvelopeMalformed)
    );
    assert_eq!(
        envelope::inspect(Ok(&ring()), zero.as_bytes()).state,
        State::Damaged
    );
}

#[test]
fn a_plaintext_key_is_not_an_envelope() {
    for text in [
        "sk-ant-api03-byok-test-plain",
        "",
        "byok1",
        "byok1.",
        "byok1.x",
        "null",
        "a:1:{}",
    ] {
        assert_eq!(
            open(text.as_bytes(), &place()),
            Err(Error::EnvelopeMalformed),
            "{text}"
        );
        assert_eq!(
            envelope::inspect(Ok(&ring()), text.as_bytes()).state,
            State::Damaged
        );
    }
}

#[test]
fn text_that_looks_like_an_envelope_is_encrypted_as_data() {
    let text = envelope::seal(&ring(), &place(), b"byok1.x").unwrap();
    assert_eq!(open(text.as_bytes(), &place()).unwrap(), b"byok1.x");
}

#[test]
fn a_hundred_megabytes_are_refused_before_decoding() {
    let mut text = envelope::seal(&ring(), &place(), b"x").unwrap();
    text.extend(std::iter::repeat_n('A', 100_000_000));
    // Of this thread alone: the machine may be busy.
    let worked = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
    };
    let start = worked();
    assert_eq!(
        open(text.as_bytes(), &place()),
        Err(Error::EnvelopeMalformed)
    );
    let took = worked() - start;
    // Decoding 100 MB takes tens of milliseconds at the very least; the length check takes none.
    assert!(took < Duration::from_millis(5), "{took:?}");
}

#[test]
fn lengths_have_exact_bounds() {
    let seal = |length: usize| envelope::seal(&ring(), &place(), &vec![b'k'; length]);
    assert_eq!(seal(0), Err(Error::PlaintextEmpty));
    assert_eq!(seal(8193), Err(Error::PlaintextTooLong));
    for length in [1, 2, 3, 63, 64, 65, 8191, 8192] {
        let text = seal(length).unwrap();
        assert_eq!(text.len(), envelope::sealed_len(length));
        assert_eq!(open(text.as_bytes(), &place()).unwrap().len(), length);
    }
}

#[test]
fn nonces_never_repeat() {
    let texts: HashSet<_> = (0..100_000)
        .map(|_| envelope::seal(&ring(), &place(), b"same").unwrap()[18..50].to_owned())
        .collect();
    assert_eq!(texts.len(), 100_000);
}

#[test]
fn another_place_is_refused() {
    let fields = vectors()["valid"][0]["context"].clone();
    let text = envelope::seal(&ring(), &context(&fields), b"sk-byok-test-swap").unwrap();
    for (name, other) in [
        ("provider", "anthropic"),
        ("blog", "2"),
        ("network", "2"),
        ("owner", "user:5"),
        ("slot", "second"),
        ("origin", "https://api.openai.com.evil.example:443"),
        ("tenant", "pool-b"),
    ] {
        let mut changed = fields.clone();
        changed[name] = other.into();
        assert_eq!(
            open(text.as_bytes(), &context(&changed)),
            Err(Error::EnvelopeRefused),
            "{name}"
        );
    }
}

#[test]
fn field_boundaries_are_part_of_the_place() {
    let one = serde_json::json!({"provider": "a", "slot": "bc"});
    let two = serde_json::json!({"provider": "ab", "slot": "c"});
    let text = envelope::seal(&ring(), &context(&one), b"sk-byok-test-boundary").unwrap();
    assert_eq!(
        open(text.as_bytes(), &context(&two)),
        Err(Error::EnvelopeRefused)
    );
}

#[test]
fn an_unknown_key_is_locked_and_a_known_one_ready() {
    let text = envelope::seal(&ring(), &place(), b"sk-byok-test-locked").unwrap();
    let other = KeyRing::from_root([9; 32]);
    let parsed = Envelope::parse(text.as_bytes()).unwrap();
    assert_eq!(
        parsed.open(&other, &place()).unwrap_err(),
        Error::EnvelopeUnknownKey
    );
    assert_eq!(
        envelope::inspect(Ok(&other), text.as_bytes()).state,
        State::Locked
    );
    assert_eq!(
        envelope::inspect(Ok(&ring()), text.as_bytes()).state,
        State::Ready
    );
    let without = envelope::inspect(Err(Error::SaltsPlaceholder), text.as_bytes());
    assert_eq!(
        (without.state, without.reason),
        (State::Locked, Some(Error::SaltsPlaceholder))
    );
}

#[test]
fn a_refused_envelope_leaves_zeros() {
    let text = envelope::seal(&ring(), &place(), b"sk-byok-test-zeros").unwrap();
    let parsed = Envelope::parse(text.as_bytes()).unwrap();
    let mut out = vec![7u8; parsed.plaintext_len()];
    let elsewhere = Context::new(b"elsewhere").unwrap();
    assert_eq!(
        parsed.open_into(&ring(), &elsewhere, &mut out),
        Err(Error::EnvelopeRefused)
    );
    assert!(out.iter().all(|byte| *byte == 0));
}

const OLD: &[u8] = b"byok-test-secret-of-last-year-0123456789";
const NEW: &[u8] = b"byok-test-secret-of-this-year-0123456789";

/// A ring whose current key is of this secret.
fn ring_of(secret: &[u8], previous: &[&[u8]]) -> KeyRing {
    let given = Given {
        constant: Some(secret),
        constant_previous: previous.to_vec(),
        ..Given::default()
    };
    assemble(&given).ring.ok().unwrap()
}

#[test]
fn an_envelope_of_a_previous_key_is_stale_and_opens() {
    let text = envelope::seal(&ring_of(OLD, &[]), &place(), b"sk-byok-test-stale").unwrap();
    let ring = ring_of(NEW, &[OLD]);
    assert_eq!(
        envelope::inspect(Ok(&ring), text.as_bytes()).state,
        State::Stale
    );
    let opened = Envelope::parse(text.as_bytes())
        .unwrap()
        .open(&ring, &place());
    assert_eq!(*opened.unwrap(), b"sk-byok-test-stale");
}

#[test]
fn reencrypting_brings_an_envelope_under_the_current_key() {
    let text = envelope::seal(&ring_of(OLD, &[]), &place(), b"sk-byok-test-again").unwrap();
    let given_once = ring_of(NEW, &[]).with_previous(vec![Root::from_secret(OLD).unwrap()]);
    for ring in [ring_of(NEW, &[OLD]), given_once] {
        let again = envelope::reencrypt(&ring, &place(), text.as_bytes())
            .unwrap()
            .unwrap();
        let alone = ring_of(NEW, &[]);
        let opened = Envelope::parse(again.as_bytes())
            .unwrap()
            .open(&alone, &place());
        assert_eq!(*opened.unwrap(), b"sk-byok-test-again");
        // Nothing is left to do.
        assert_eq!(
            envelope::reencrypt(&ring, &place(), again.as_bytes()),
            Ok(None)
        );
    }
}

#[test]
fn what_does_not_open_is_not_reencrypted() {
    let text = envelope::seal(&ring_of(OLD, &[]), &place(), b"sk-byok-test-refused").unwrap();
    let elsewhere = Context::new(b"elsewhere").unwrap();
    let reencrypt = |ring: &KeyRing, context| envelope::reencrypt(ring, context, text.as_bytes());
    for ring in [ring_of(NEW, &[OLD]), ring_of(OLD, &[])] {
        assert_eq!(reencrypt(&ring, &elsewhere), Err(Error::EnvelopeRefused));
    }
    assert_eq!(
        reencrypt(&ring_of(NEW, &[]), &place()),
        Err(Error::EnvelopeUnknownKey)
    );
}

#[test]
fn an_envelope_of_another_tenant_is_damaged_where_it_lies() {
    let in_pool = |name: &'static [u8]| Context::new(name).unwrap();
    let text = envelope::seal(&ring(), &in_pool(b"pool-a"), b"sk-byok-test-tenant").unwrap();
    let told = |context| {
        let told = envelope::inspect_at(Ok(&ring()), &context, text.as_bytes());
        (told.state, told.reason)
    };
    assert_eq!(told(in_pool(b"pool-a")), (State::Ready, None));
    assert_eq!(
        told(in_pool(b"pool-b")),
        (State::Damaged, Some(Error::EnvelopeRefused))
    );
}
