//! Makes masks of hits: follows each to the end of its run, joins what overlaps, and copies the rest.
//!
//! It promises that the result is the same whether a text comes whole or in pieces, that each byte
//! is followed once for each class of characters, and that what it keeps of a run does not grow
//! with it. It does not know how hits come about.

use std::ops::Range;

use crate::mask::{self, Options};

use super::known::Hint;
use super::ledger::Ledger;
use super::table::table;
use super::text::{self, Class, Run, Text};

/// The rule that a hit is due to, by its place in the table.
#[derive(Clone, Debug)]
pub(super) enum Rule {
    Key(usize),
    Infix(usize),
    Stored(Hint),
    Name(usize),
}

impl Rule {
    /// Of hits that begin in the same place, what says most of the key comes first.
    fn rank(&self, length: usize) -> (u8, usize) {
        match self {
            // The longest prefix says most. No prefix has a hundred characters.
            Rule::Key(index) => {
                let prefixes = &table().keys[*index].prefixes;
                (0, 100 - prefixes.iter().map(String::len).max().unwrap_or(0))
            }
            Rule::Infix(index) => (1, *index),
            // Of two keys of which one begins with the other, the longer one.
            Rule::Stored(_) => (2, usize::MAX - length),
            Rule::Name(index) => (3, *index),
        }
    }

    pub fn id(&self) -> &str {
        match self {
            Rule::Key(index) => &table().keys[*index].id,
            Rule::Infix(index) => &table().infixes[*index].id,
            Rule::Stored(_) => "stored",
            Rule::Name(index) => &table().names[*index].id,
        }
    }

    pub fn provider(&self) -> Option<&str> {
        match self {
            Rule::Key(index) => table().keys[*index].provider.as_deref(),
            Rule::Infix(index) => table().infixes[*index].provider.as_deref(),
            Rule::Stored(hint) => hint.provider(),
            Rule::Name(_) => None,
        }
    }
}

/// What a mask shows.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shown {
    /// This beginning, and the last four characters of the run.
    Ends(&'static str),
    /// This beginning: the end is not the key's.
    First(&'static str),
    /// Nothing: this may not even be a key.
    Nothing,
    /// What the hint of the stored key shows.
    Hint,
}

/// A key, or a value that is taken for one.
#[derive(Clone, Debug)]
pub(super) struct Hit {
    pub start: usize,
    /// Where the characters that were judged end.
    pub end: usize,
    /// The run that is masked with them; `None` when it is known where the key ends.
    pub class: Option<Class>,
    pub shown: Shown,
    /// Whether there is a boundary before it. What is not sure counts only within what is.
    pub sure: bool,
    pub rule: Rule,
}

impl Hit {
    fn rank(&self) -> (u8, usize) {
        self.rule.rank(self.end - self.start)
    }
}

/// Hits that overlap, as far as the text has arrived.
struct Span {
    offset: u64,
    line: u64,
    /// One for each class of the hits.
    runs: [Option<Run>; Class::COUNT],
    /// Where it ends as far as is known.
    end: usize,
    shown: Shown,
    /// Of the first hit that names a provider, or of the first.
    rule: Rule,
    /// The hint of a stored key, and where this key ends.
    hint: Option<(Hint, usize)>,
    /// How far its characters were counted.
    read: usize,
    length: usize,
    last: [u8; mask::SHOWN],
}

/// Whether a hit belongs to a span.
enum Meets {
    Yes,
    No,
    /// That depends on what has not arrived.
    Unknown,
}

impl Span {
    fn new(hit: &Hit, offset: u64, line: u64) -> Self {
        let mut span = Span {
            offset,
            line,
            runs: [None; Class::COUNT],
            end: hit.end,
            shown: hit.shown,
            rule: hit.rule.clone(),
            hint: match &hit.rule {
                Rule::Stored(hint) => Some((hint.clone(), hit.end)),
                _ => None,
            },
            read: hit.start,
            length: 0,
            last: [0; mask::SHOWN],
        };
        span.add(hit);
        span
    }

    fn add(&mut self, hit: &Hit) {
        self.end = self.end.max(hit.end);
        if let Some(class) = hit.class {
            let run = &mut self.runs[class as usize];
            if run.is_none_or(|run| run.end < hit.end) {
                *run = Some(Run::new(class, hit.end));
            }
        }
        if self.rule.provider().is_none() && hit.rule.provider().is_some() {
            self.rule = hit.rule.clone();
        }
    }

    fn advance(&mut self, text: &Text<'_>) {
        for run in self.runs.iter_mut().flatten() {
            run.advance(text);
            self.end = self.end.max(run.end);
        }
        // The count is only as good as the end: what is behind it may not be part of the span.
        while self.read < self.end {
            let atom = text::atom(text, self.read);
            if text.was_asked_for_more() {
                return;
            }
            let Some(atom) = atom else { return };
            self.last.rotate_left(1);
            self.last[mask::SHOWN - 1] = atom.byte;
            self.length = self.length.saturating_add(1);
            self.read += atom.length;
        }
    }

    fn is_closed(&self) -> bool {
        self.runs.iter().flatten().all(|run| !run.is_open) && self.read >= self.end
    }

    fn meets(&self, hit: &Hit) -> Meets {
        if hit.start > self.end {
            return if self.is_closed() {
                Meets::No
            } else {
                Meets::Unknown
            };
        }
        let run = hit.class.and_then(|class| self.runs[class as usize]);
        if run.is_some_and(|run| run.is_open && run.end < hit.end) {
            Meets::Unknown
        } else {
            Meets::Yes
        }
    }

    fn mask(&self, options: &Options) -> String {
        match (self.shown, &self.hint) {
            (Shown::Hint, Some((hint, end))) if *end == self.end => hint.mask(options),
            (Shown::Hint, _) | (Shown::Nothing, _) => mask::ELLIPSIS.to_owned(),
            (Shown::First(first), _) => options.beginning(first),
            (Shown::Ends(first), _) => options.mask(first, self.length, &self.last),
        }
    }

    /// Where it still reads the text.
    fn reads_from(&self) -> usize {
        let runs = self.runs.iter().flatten().filter(|run| run.is_open);
        runs.map(|run| run.at).fold(self.read, usize::min)
    }

    fn move_by(&mut self, by: usize) {
        for run in self.runs.iter_mut().flatten() {
            run.at = run.at.saturating_sub(by);
            run.end = run.end.saturating_sub(by);
        }
        self.end -= by;
        self.read -= by;
        if let Some((_, end)) = &mut self.hint {
            *end = end.saturating_sub(by);
        }
    }
}

/// Where a text without its keys goes.
pub(super) trait Output {
    /// A part of the text, as it is.
    fn text(&mut self, text: &[u8], range: Range<usize>);
    /// A mask.
    fn mask(&mut self, mask: String);
}

impl Output for Vec<u8> {
    fn text(&mut self, text: &[u8], range: Range<usize>) {
        self.extend_from_slice(&text[range]);
    }

    fn mask(&mut self, mask: String) {
        self.extend_from_slice(mask.as_bytes());
    }
}

/// What has become of a text so far.
#[derive(Default)]
pub(super) struct Spans {
    /// Hits that wait for what stands before them to be decided.
    hits: Vec<Hit>,
    open: Option<Span>,
    /// Up to where the text was given out, masked or not.
    done: usize,
}

impl Spans {
    /// Where to add hits. Those that begin before `done` have come too late.
    pub fn hits(&mut self) -> &mut Vec<Hit> {
        &mut self.hits
    }

    /// Whether there is anything to mask.
    pub fn is_empty(&self) -> bool {
        self.open.is_none() && !self.hits.iter().any(|hit| hit.sure)
    }

    /// Up to where nothing needs the text any more.
    pub fn needs_from(&self) -> usize {
        let read = self.open.as_ref().map_or(self.done, Span::reads_from);
        self.hits.iter().map(|hit| hit.start).fold(read, usize::min)
    }

    /// Gives out what is decided. All hits that begin before `hold` are known.
    pub fn settle(
        &mut self,
        text: &Text<'_>,
        hold: usize,
        options: &Options,
        ledger: &mut Ledger,
        out: &mut impl Output,
    ) {
        self.hits.sort_by(|one, other| {
            let start = one.start.cmp(&other.start);
            start.then_with(|| one.rank().cmp(&other.rank()))
        });
        let mut hold = hold;
        let mut next = 0;
        while let Some(hit) = self.hits.get(next).filter(|hit| hit.start < hold) {
            let Some(span) = &mut self.open else {
                if hit.sure {
                    self.done = copy(text, self.done, hit.start, out);
                    let (offset, line) = ledger.place(text, hit.start);
                    self.open = Some(Span::new(hit, offset, line));
                }
                next += 1;
                continue;
            };
            span.advance(text);
            match span.meets(hit) {
                Meets::Yes => {
                    span.add(hit);
                    next += 1;
                }
                Meets::No => self.close(options, ledger, out),
                Meets::Unknown => hold = hit.start,
            }
        }
        self.hits.drain(..next);
        if let Some(span) = &mut self.open {
            span.advance(text);
            if span.is_closed() && (span.end < hold || text.is_complete()) {
                self.close(options, ledger, out);
            }
        }
        if self.open.is_none() {
            let end = hold.min(text.bytes().len());
            self.done = copy(text, self.done, end, out);
        }
    }

    fn close(&mut self, options: &Options, ledger: &mut Ledger, out: &mut impl Output) {
        if let Some(span) = self.open.take() {
            let mask = span.mask(options);
            ledger.enter(&span.rule, &mask, span.offset, span.line);
            out.mask(mask);
            self.done = span.end;
        }
    }

    /// The text begins so many bytes later.
    pub fn move_by(&mut self, by: usize) {
        self.done = self.done.saturating_sub(by);
        if let Some(span) = &mut self.open {
            span.move_by(by);
        }
        for hit in &mut self.hits {
            hit.start -= by;
            hit.end -= by;
        }
    }
}

fn copy(text: &Text<'_>, from: usize, to: usize, out: &mut impl Output) -> usize {
    if to <= from {
        return from;
    }
    out.text(text.bytes(), from..to);
    to
}
