use super::*;
use crate::redact::known::keys::Known;
use std::time::{Duration, Instant};

/// More than are remembered, so that a cost for each would show.
const MANY: usize = 1000;
/// What all of them begin with; nothing in it repeats itself.
const HEAD: &str = "sk-proj-byok-test-0Aa1Bb2Cc3Dd4Ee5Ff6Gg7Hh8Ii9Jj0Kk1Ll2Mm3Nn4Oo5Pp";

fn finders(keys: impl Iterator<Item = String>) -> Finders {
    let known = Known::new().unwrap();
    let mut finders = Finders::new(&known.secret());
    for (number, key) in keys.enumerate() {
        finders.add(&known.make(key.as_bytes(), number as u128, b""));
    }
    finders
}

fn find(finders: &Finders, text: &str) -> Vec<Hit> {
    let mut hits = Vec::new();
    let text = Text::new(text.as_bytes(), true);
    let end = text.bytes().len();
    finders.find(&text, end, &mut Progress::default(), &mut hits);
    hits
}

/// How much more a text that is nearly full of keys costs when there are many than with the first.
fn ratio(key: impl Fn(usize) -> String) -> f64 {
    let one = finders([key(0)].into_iter());
    let many = finders((0..MANY).map(&key));
    let nearly = format!("{}\n", &key(0)[..HEAD.len() + 3]).repeat(1000);
    let mut least = [Duration::MAX; 2];
    for _ in 0..5 {
        for (least, finders) in least.iter_mut().zip([&one, &many]) {
            let begun = Instant::now();
            assert!(find(finders, &nearly).is_empty());
            *least = begun.elapsed().min(*least);
        }
    }
    least[1].as_secs_f64() / least[0].as_secs_f64()
}

#[test]
fn a_thousand_keys_that_begin_alike_cost_what_one_costs() {
    let ratio = ratio(|index| format!("{HEAD}{:060}", index * 7919));
    assert!(ratio < 6.0, "{ratio}");
}

#[test]
fn of_any_length_they_cost_no_more_than_the_bytes_that_are_read() {
    let ratio = ratio(|index| format!("{HEAD}{:0length$}", index * 7919, length = 7 + index / 2));
    assert!(ratio < 40.0, "{ratio}");
}

#[test]
fn each_of_those_that_begin_alike_is_found() {
    let key = |index: usize| format!("{HEAD}{:0length$}", index * 7919, length = 7 + index / 2);
    let finders = finders((0..MANY).map(key));
    for index in 0..MANY {
        let text = format!("x {}, y", key(index));
        let hits = find(&finders, &text);
        assert!(
            hits.iter()
                .any(|hit| hit.start == 2 && hit.end == text.len() - 3),
            "{index}"
        );
    }
}

#[test]
fn what_is_waited_for_grows_with_the_places_only() {
    let finders = finders((0..MANY).map(|index| format!("{HEAD}{:060}", index * 7919)));
    let mut progress = Progress::default();
    let text = Text::new(HEAD.as_bytes(), false);
    finders.find(&text, HEAD.len(), &mut progress, &mut Vec::new());
    let count = progress.expected.len();
    assert!((1..=4).contains(&count), "{count}");
    assert_eq!(progress.needs_from(), 0);
}
