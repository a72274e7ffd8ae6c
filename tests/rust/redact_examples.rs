//! The examples of `redaction.json`, and a generator of texts with a fixed seed.
//!
//! Examples are templates, `"sk-{0-9a-f:32}byok-test"`, so that no text that looks like a real key
//! stands in the repository.

use serde::Deserialize;

#[derive(Deserialize)]
pub struct Table {
    pub keys: Vec<Rule>,
    pub infixes: Vec<Rule>,
    pub names: Vec<Rule>,
    pub clean: Vec<String>,
}

#[derive(Deserialize)]
pub struct Rule {
    #[serde(default)]
    pub prefixes: Vec<String>,
    #[serde(default)]
    pub names: Vec<String>,
    #[serde(default)]
    pub encoded: bool,
    pub hits: Vec<String>,
    pub misses: Vec<String>,
}

pub fn table() -> Table {
    serde_json::from_str(include_str!("../../src/engine/redaction.json")).expect("the table parses")
}

/// Numbers by chance, the same in every run (xorshift64*).
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(high).expect("31 bits fit") % limit
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// A text made of a template, and the parts of it that must not be seen again.
pub struct Example {
    pub text: String,
    pub secrets: Vec<String>,
}

impl Example {
    /// Fills every `{characters:count}`.
    pub fn of(template: &str, chance: &mut Chance) -> Example {
        let mut text = String::new();
        let mut secrets = Vec::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            text += before;
            // A brace without a count belongs to the text.
            let (slot, after_slot) = after.split_once('}').unwrap_or((after, ""));
            let Some((characters, count)) = slot
                .rsplit_once(':')
                .filter(|(set, _)| !set.contains('{'))
                .and_then(|(set, count)| Some((set, count.parse().ok()?)))
            else {
                text.push('{');
                rest = after;
                continue;
            };
            let alphabet = alphabet(characters);
            let part: String = (0..count).map(|_: usize| *chance.pick(&alphabet)).collect();
            text += &part;
            secrets.push(part);
            rest = after_slot;
        }
        text += rest;
        Example { text, secrets }
    }

    /// Whether eight characters of a secret in a row are in an output.
    pub fn survives_in(&self, output: &[u8]) -> bool {
        self.secrets
            .iter()
            .flat_map(|secret| secret.as_bytes().windows(8))
            .any(|part| output.windows(part.len()).any(|window| window == part))
    }
}

fn alphabet(set: &str) -> Vec<char> {
    let set: Vec<char> = set.chars().collect();
    let mut all = Vec::new();
    let mut at = 0;
    while at < set.len() {
        if at + 2 < set.len() && set[at + 1] == '-' {
            all.extend(set[at]..=set[at + 2]);
            at += 3;
        } else {
            all.push(set[at]);
            at += 1;
        }
    }
    all
}
