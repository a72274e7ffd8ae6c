//! Decides how words are looked for: by which four of their bytes, and which of these together.
//!
//! It is run by the build script, for `scan.rs`, which compares a place in a text with all probes
//! of a group at once, by the halves of their bytes. It promises that a place which no choice lets
//! pass holds no word. What it decides costs or saves half of the time of a search; it does not
//! know logs but by their sample.

use std::collections::BTreeMap;

use super::words::Word;

/// How many bytes of a word are looked at.
pub(crate) const PROBE: usize = 4;
/// Groups of probes: as many as a byte has bits.
pub(crate) const GROUPS: usize = 8;

/// What looking for another probe costs anyway, in places of the sample.
const COST: usize = 3;
/// How often the probes are grouped anew, from another beginning. The best is taken.
const TRIES: usize = 3;

/// For each word where its probe stands.
pub(crate) type Offsets = Vec<u8>;

/// Groups for each half of a byte at each position: a bit is set where a group has a probe with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Halves {
    pub low: [[u8; 16]; PROBE],
    pub high: [[u8; 16]; PROBE],
}

/// Decides for these words, in texts like this one.
pub(crate) fn choose(words: &[Word], sample: &[u8]) -> (Offsets, Halves) {
    let offsets = offsets(words, sample);
    let probes = spelled(words, &offsets);
    let halves = grouped(&probes, &Sample::of(sample));
    (offsets, halves)
}

/// The bytes at an offset, without their letter case; zero stands for any byte behind the word.
fn probe(word: &[u8], offset: usize) -> [u8; PROBE] {
    std::array::from_fn(|index| word.get(offset + index).map_or(0, |byte| byte | 0x20))
}

/// The greedy cover: again and again the probe that finds most words for the least work.
fn offsets(words: &[Word], sample: &[u8]) -> Offsets {
    let mut seen: BTreeMap<[u8; PROBE], usize> = BTreeMap::new();
    for four in sample.windows(PROBE) {
        *seen.entry(probe(four, 0)).or_default() += 1;
        *seen.entry(probe(&four[..PROBE - 1], 0)).or_default() += 1;
    }
    let mut holders: BTreeMap<[u8; PROBE], Vec<(usize, u8)>> = BTreeMap::new();
    for (index, word) in words.iter().enumerate() {
        for offset in 0..=word.text.len().saturating_sub(PROBE) {
            let held = holders.entry(probe(&word.text, offset)).or_default();
            // No word is that long.
            held.push((index, offset as u8));
        }
    }
    let mut candidates: Vec<(usize, Vec<(usize, u8)>)> = holders
        .into_iter()
        .map(|(probe, held)| (COST + seen.get(&probe).copied().unwrap_or(0), held))
        .collect();

    let mut chosen = vec![None; words.len()];
    while let Some((_, held)) = candidates
        .iter()
        // The most words for the cost, without fractions: a / b > c / d when a * d > c * b.
        .max_by(|one, other| (one.1.len() * other.0).cmp(&(other.1.len() * one.0)))
    {
        for &(word, offset) in held {
            chosen[word].get_or_insert(offset);
        }
        for (_, held) in &mut candidates {
            held.retain(|(word, _)| chosen[*word].is_none());
        }
        candidates.retain(|(_, held)| !held.is_empty());
    }
    chosen.into_iter().map(Option::unwrap_or_default).collect()
}

/// The halves that the bytes of one probe, or of a group, may have at each position.
#[derive(Clone, Copy, Default)]
struct Probe {
    low: [u16; PROBE],
    high: [u16; PROBE],
}

impl Probe {
    fn allow(&mut self, position: usize, byte: u8) {
        self.low[position] |= 1 << (byte & 15);
        self.high[position] |= 1 << (byte >> 4);
    }

    fn with(mut self, other: &Probe) -> Self {
        for position in 0..PROBE {
            self.low[position] |= other.low[position];
            self.high[position] |= other.high[position];
        }
        self
    }

    fn allows(&self, position: usize, byte: u8) -> bool {
        self.low[position] >> (byte & 15) & self.high[position] >> (byte >> 4) & 1 == 1
    }
}

/// All that the chosen bytes may look like in a text.
fn spelled(words: &[Word], offsets: &[u8]) -> Vec<Probe> {
    let mut probes: BTreeMap<[u8; PROBE], Probe> = BTreeMap::new();
    for (word, &offset) in words.iter().zip(offsets) {
        let offset = usize::from(offset);
        let spellings = probes.entry(probe(&word.text, offset)).or_default();
        for position in 0..PROBE {
            match word.text.get(offset + position) {
                Some(byte) => {
                    spellings.allow(position, *byte);
                    if word.any_case {
                        spellings.allow(position, byte.to_ascii_uppercase());
                        spellings.allow(position, byte.to_ascii_lowercase());
                    }
                }
                None => (0..=u8::MAX).for_each(|byte| spellings.allow(position, byte)),
            }
        }
    }
    probes.into_values().collect()
}

/// Four bytes in a row of a text, and how often; and how often each byte.
struct Sample {
    fours: Vec<([u8; PROBE], f64)>,
    bytes: [f64; 256],
}

impl Sample {
    fn of(text: &[u8]) -> Self {
        let mut fours: BTreeMap<[u8; PROBE], f64> = BTreeMap::new();
        for window in text.windows(PROBE) {
            *fours.entry(probe_as_it_is(window)).or_default() += 1.0;
        }
        // No byte is impossible.
        let mut bytes = [1.0; 256];
        for byte in text {
            bytes[usize::from(*byte)] += 1.0;
        }
        let all: f64 = bytes.iter().sum();
        Sample {
            fours: fours.into_iter().collect(),
            bytes: bytes.map(|count| count / all),
        }
    }

    /// How many places of the text pass a group. What is not in the sample may be in a log: half of
    /// the cost is what chance would give.
    fn cost(&self, group: &Probe) -> f64 {
        let seen: f64 = self
            .fours
            .iter()
            .filter(|(four, _)| {
                four.iter()
                    .enumerate()
                    .all(|(position, byte)| group.allows(position, *byte))
            })
            .map(|(_, count)| count)
            .sum();
        let all: f64 = self.fours.iter().map(|(_, count)| count).sum();
        let chance: f64 = (0..PROBE)
            .map(|position| {
                let allowed = (0..=u8::MAX).filter(|byte| group.allows(position, *byte));
                allowed
                    .map(|byte| self.bytes[usize::from(byte)])
                    .sum::<f64>()
            })
            .product();
        seen + 0.5 * chance * all
    }
}

fn probe_as_it_is(window: &[u8]) -> [u8; PROBE] {
    std::array::from_fn(|index| window[index])
}

/// Puts each probe where it costs least, and moves probes as long as that makes it better.
fn grouped(probes: &[Probe], sample: &Sample) -> Halves {
    let mut best = (f64::INFINITY, Vec::new());
    for attempt in 0..TRIES {
        let mut groups = Grouping::new(probes, sample);
        // Orders that have nothing in common; seven, eleven, … are no factors of most numbers.
        let step = [7, 11, 13][attempt % 3];
        for index in 0..probes.len() {
            groups.add((index * step + attempt) % probes.len());
        }
        for index in 0..probes.len() {
            groups.add(index);
        }
        // As long as there is a move that helps.
        while (0..probes.len())
            .filter(|index| groups.improve(*index))
            .count()
            > 0
        {}
        let cost = groups.costs.iter().sum();
        if cost < best.0 {
            best = (
                cost,
                (0..GROUPS).map(|group| groups.group(group, None)).collect(),
            );
        }
    }
    let mut halves = Halves::default();
    for (bit, group) in best.1.iter().enumerate() {
        for position in 0..PROBE {
            for half in 0..16 {
                halves.low[position][half] |= u8::from(group.low[position] >> half & 1 == 1) << bit;
                halves.high[position][half] |=
                    u8::from(group.high[position] >> half & 1 == 1) << bit;
            }
        }
    }
    halves
}

struct Grouping<'a> {
    probes: &'a [Probe],
    sample: &'a Sample,
    /// The group of each probe.
    places: Vec<Option<usize>>,
    costs: [f64; GROUPS],
}

impl<'a> Grouping<'a> {
    fn new(probes: &'a [Probe], sample: &'a Sample) -> Self {
        Grouping {
            probes,
            sample,
            places: vec![None; probes.len()],
            costs: [0.0; GROUPS],
        }
    }

    /// A group without one of its probes.
    fn group(&self, group: usize, without: Option<usize>) -> Probe {
        let members = self.places.iter().enumerate();
        members
            .filter(|(index, place)| **place == Some(group) && Some(*index) != without)
            .fold(Probe::default(), |all, (index, _)| {
                all.with(&self.probes[index])
            })
    }

    /// The group that a probe makes least worse, by how much, and what it costs then.
    fn cheapest(&self, index: usize) -> (usize, f64, f64) {
        let mut best = (0, f64::INFINITY, 0.0);
        for group in 0..GROUPS {
            let grown = self.group(group, Some(index)).with(&self.probes[index]);
            let cost = self.sample.cost(&grown);
            let without = match self.places[index] {
                Some(place) if place == group => self.sample.cost(&self.group(group, Some(index))),
                _ => self.costs[group],
            };
            if cost - without < best.1 {
                best = (group, cost - without, cost);
            }
        }
        best
    }

    fn add(&mut self, index: usize) {
        if self.places[index].is_none() {
            let (group, _, cost) = self.cheapest(index);
            self.places[index] = Some(group);
            self.costs[group] = cost;
        }
    }

    /// Moves a probe to a better group, if there is one.
    fn improve(&mut self, index: usize) -> bool {
        let Some(place) = self.places[index] else {
            return false;
        };
        let without = self.sample.cost(&self.group(place, Some(index)));
        let saved = self.costs[place] - without;
        let (group, added, cost) = self.cheapest(index);
        if group == place || added + 0.01 > saved {
            return false;
        }
        self.places[index] = Some(group);
        self.costs[place] = without;
        self.costs[group] = cost;
        true
    }
}
