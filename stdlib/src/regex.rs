//! POSIX extended regular expressions over bytes, with the meaning that the C
//! library gives them: the leftmost match, and the longest of those. Bounded
//! in time and memory for any pattern and any text.

mod pattern;

use std::fmt;
use std::ops::Range;

/// Steps that one search may take; beyond them there is no match.
pub const STEP_LIMIT: usize = 20_000_000;

/// Why a pattern is no regular expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// `(` without `)`.
    Parenthesis,
    /// `[` without `]`.
    Bracket,
    /// A bad or open `{m,n}`.
    Braces,
    /// A repetition with nothing before it.
    Repetition,
    /// A range that runs backwards.
    Range,
    /// An unknown `[:class:]`.
    Class,
    /// A `\` at the end.
    Escape,
    /// `\1` to a group that is not complete.
    Reference,
    /// More than the bounds of this module allow.
    TooLarge,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::Parenthesis => "unmatched ( or \\(",
            Error::Bracket => "unmatched [, [^, [:, [., or [=",
            Error::Braces => "invalid content of \\{\\}",
            Error::Repetition => "invalid preceding regular expression",
            Error::Range => "invalid range end",
            Error::Class => "invalid character class name",
            Error::Escape => "trailing backslash",
            Error::Reference => "invalid back reference",
            Error::TooLarge => "regular expression too big",
        })
    }
}

impl std::error::Error for Error {}

/// A set of bytes.
type Set = [u64; 4];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Assertion {
    Start,
    End,
    WordEdge,
    NoWordEdge,
    WordStart,
    WordEnd,
}

#[derive(Clone, Debug)]
enum Inst {
    Set(Box<Set>),
    Assert(Assertion),
    Save(usize),
    /// Try the first, then the second.
    Split(usize, usize),
    Jump(usize),
    Reference(usize),
    Match,
}

/// A compiled regular expression.
#[derive(Clone, Debug)]
pub struct Regex {
    program: Vec<Inst>,
    groups: usize,
    has_references: bool,
}

/// A match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    slots: Vec<Option<usize>>,
}

impl Found {
    /// Where the match starts.
    pub fn start(&self) -> usize {
        self.slots[0].unwrap_or(0)
    }

    /// Where it ends.
    pub fn end(&self) -> usize {
        self.slots[1].unwrap_or(0)
    }

    /// What a group covers, if it took part.
    pub fn group(&self, number: usize) -> Option<Range<usize>> {
        let start = (*self.slots.get(2 * number)?)?;
        let end = (*self.slots.get(2 * number + 1)?)?;
        Some(start..end)
    }
}

impl Regex {
    /// Compiles a case-sensitive pattern.
    pub fn new(pattern: &[u8]) -> Result<Regex, Error> {
        Regex::compile(pattern, false)
    }

    /// Compiles a pattern that does not tell upper from lower case (ASCII).
    pub fn ignoring_case(pattern: &[u8]) -> Result<Regex, Error> {
        Regex::compile(pattern, true)
    }

    fn compile(pattern: &[u8], fold: bool) -> Result<Regex, Error> {
        let pattern = pattern::read(pattern, fold)?;
        let mut program = pattern.program;
        program.push(Inst::Match);
        Ok(Regex {
            program,
            groups: pattern.groups,
            has_references: pattern.has_references,
        })
    }

    /// How many groups the pattern has.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// Whether there is a match anywhere.
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.find(text).is_some()
    }

    /// The leftmost longest match.
    pub fn find(&self, text: &[u8]) -> Option<Found> {
        if self.has_references {
            return self.find_by_trying(text);
        }
        let (start, end) = self.longest(text)?;
        let mut budget = STEP_LIMIT;
        let slots = self.trace(text, start, Some(end), true, &mut budget)?;
        Some(Found { slots })
    }

    /// Start and end of the leftmost longest match: all threads side by side,
    /// of two that reach the same place the one that started earlier is kept.
    fn longest(&self, text: &[u8]) -> Option<(usize, usize)> {
        let mut current = Threads::new(self.program.len());
        let mut next = Threads::new(self.program.len());
        let mut best: Option<(usize, usize)> = None;
        let mut budget = STEP_LIMIT;
        for at in 0..=text.len() {
            if best.is_none() {
                self.add(&mut current, 0, at, text, at, &mut budget);
            }
            if current.list.is_empty() && best.is_some() {
                break;
            }
            for index in 0..current.list.len() {
                let (pc, start) = current.list[index];
                if best.is_some_and(|(first, _)| start > first) {
                    continue;
                }
                match &self.program[pc] {
                    Inst::Match
                        if best.is_none_or(|(first, end)| {
                            start < first || (start == first && at > end)
                        }) =>
                    {
                        best = Some((start, at));
                    }
                    Inst::Set(set) if text.get(at).is_some_and(|byte| contains(set, *byte)) => {
                        self.add(&mut next, pc + 1, start, text, at + 1, &mut budget);
                    }
                    _ => {}
                }
            }
            if budget == 0 {
                return None;
            }
            std::mem::swap(&mut current, &mut next);
            next.clear();
        }
        best
    }

    fn add(
        &self,
        threads: &mut Threads,
        pc: usize,
        start: usize,
        text: &[u8],
        at: usize,
        budget: &mut usize,
    ) {
        let mut stack = vec![pc];
        while let Some(pc) = stack.pop() {
            *budget = budget.saturating_sub(1);
            if *budget == 0 {
                return;
            }
            match threads.started[pc] {
                Some(index) if threads.starts[index] <= start => continue,
                _ => {}
            }
            threads.note(pc, start);
            match &self.program[pc] {
                Inst::Jump(to) => stack.push(*to),
                Inst::Split(first, second) => {
                    stack.push(*second);
                    stack.push(*first);
                }
                Inst::Save(_) => stack.push(pc + 1),
                Inst::Assert(assertion) => {
                    if holds(*assertion, text, at) {
                        stack.push(pc + 1);
                    }
                }
                Inst::Set(_) | Inst::Match => threads.list.push((pc, start)),
                // Only reached with references, which go another way.
                Inst::Reference(_) => {}
            }
        }
    }

    /// Back-tracks from `start`. With `memo` a place that failed once is not
    /// tried again, which bounds the work by program times text; without it
    /// (references) the budget does. With `end`, only a match that ends there
    /// counts; without, the longest is looked for.
    fn trace(
        &self,
        text: &[u8],
        start: usize,
        end: Option<usize>,
        memo: bool,
        budget: &mut usize,
    ) -> Option<Vec<Option<usize>>> {
        let width = end.unwrap_or(text.len()) - start + 1;
        let mut seen = if memo {
            vec![0u64; (self.program.len() * width).div_ceil(64)]
        } else {
            Vec::new()
        };
        let mut slots = vec![None; 2 * (self.groups + 1)];
        slots[0] = Some(start);
        let mut best: Option<Vec<Option<usize>>> = None;
        let mut stack = vec![Undo::Go(0, start)];
        while let Some(undo) = stack.pop() {
            let (mut pc, mut at) = match undo {
                Undo::Go(pc, at) => (pc, at),
                Undo::Restore(slot, old) => {
                    slots[slot] = old;
                    continue;
                }
            };
            loop {
                if *budget == 0 {
                    return best;
                }
                *budget -= 1;
                if memo {
                    let bit = pc * width + (at - start);
                    let (word, mask) = (bit / 64, 1 << (bit % 64));
                    if seen[word] & mask != 0 {
                        break;
                    }
                    seen[word] |= mask;
                }
                match &self.program[pc] {
                    Inst::Set(set) => {
                        let limit = end.unwrap_or(text.len());
                        if at >= limit || !contains(set, text[at]) {
                            break;
                        }
                        at += 1;
                        pc += 1;
                    }
                    Inst::Assert(assertion) => {
                        if !holds(*assertion, text, at) {
                            break;
                        }
                        pc += 1;
                    }
                    Inst::Save(slot) => {
                        stack.push(Undo::Restore(*slot, slots[*slot]));
                        slots[*slot] = Some(at);
                        pc += 1;
                    }
                    Inst::Split(first, second) => {
                        stack.push(Undo::Go(*second, at));
                        pc = *first;
                    }
                    Inst::Jump(to) => pc = *to,
                    Inst::Reference(group) => {
                        let (Some(from), Some(to)) = (slots[2 * group], slots[2 * group + 1])
                        else {
                            break;
                        };
                        let length = to - from;
                        if text.len() - at < length || text[at..at + length] != text[from..to] {
                            break;
                        }
                        at += length;
                        pc += 1;
                    }
                    Inst::Match => {
                        if end.is_none_or(|end| end == at) {
                            slots[1] = Some(at);
                            let longer = best.as_ref().is_none_or(|best| best[1].unwrap_or(0) < at);
                            if longer {
                                best = Some(slots.clone());
                            }
                            if end.is_some() || at == text.len() {
                                return best;
                            }
                        }
                        break;
                    }
                }
            }
        }
        best
    }

    fn find_by_trying(&self, text: &[u8]) -> Option<Found> {
        let mut budget = STEP_LIMIT / 10;
        (0..=text.len()).find_map(|start| {
            self.trace(text, start, None, false, &mut budget)
                .map(|slots| Found { slots })
        })
    }
}

enum Undo {
    Go(usize, usize),
    Restore(usize, Option<usize>),
}

/// Threads of one text position, in order; per instruction the earliest start.
struct Threads {
    list: Vec<(usize, usize)>,
    started: Vec<Option<usize>>,
    starts: Vec<usize>,
    touched: Vec<usize>,
}

impl Threads {
    fn new(size: usize) -> Threads {
        Threads {
            list: Vec::new(),
            started: vec![None; size],
            starts: Vec::new(),
            touched: Vec::new(),
        }
    }

    fn note(&mut self, pc: usize, start: usize) {
        self.started[pc] = Some(self.starts.len());
        self.starts.push(start);
        self.touched.push(pc);
    }

    fn clear(&mut self) {
        self.list.clear();
        self.starts.clear();
        for pc in self.touched.drain(..) {
            self.started[pc] = None;
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn holds(assertion: Assertion, text: &[u8], at: usize) -> bool {
    let before = at > 0 && is_word(text[at - 1]);
    let after = text.get(at).is_some_and(|byte| is_word(*byte));
    match assertion {
        Assertion::Start => at == 0,
        Assertion::End => at == text.len(),
        Assertion::WordEdge => before != after,
        Assertion::NoWordEdge => before == after,
        Assertion::WordStart => !before && after,
        Assertion::WordEnd => before && !after,
    }
}

fn contains(set: &Set, byte: u8) -> bool {
    set[usize::from(byte / 64)] & (1 << (byte % 64)) != 0
}

fn insert(set: &mut Set, byte: u8) {
    set[usize::from(byte / 64)] |= 1 << (byte % 64);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(pattern: &str, text: &str) -> Option<(usize, usize)> {
        Regex::new(pattern.as_bytes())
            .unwrap()
            .find(text.as_bytes())
            .map(|found| (found.start(), found.end()))
    }

    #[test]
    fn the_leftmost_longest_match_is_found() {
        assert_eq!(found("a|ab|abc", "xabcd"), Some((1, 4)));
        assert_eq!(found("(a|ab)(c|bcd)", "abcd"), Some((0, 4)));
        assert_eq!(found("b*", "abb"), Some((0, 0)));
        assert_eq!(found("[^/]*/", "ab/c"), Some((0, 3)));
        assert_eq!(found("^$", ""), Some((0, 0)));
        assert_eq!(found("x{2,3}", "xxxx"), Some((0, 3)));
        assert_eq!(found("[]a]+", "b]a]"), Some((1, 4)));
        assert_eq!(found("[a-]+", "b-a"), Some((1, 3)));
        assert_eq!(found("[[:digit:]]+", "ab12"), Some((2, 4)));
        assert_eq!(found("a)", "a)"), Some((0, 2)));
        assert_eq!(found("(a)\\1", "xaay"), Some((1, 3)));
        assert_eq!(found("\\bfoo\\>", "a foo b"), Some((2, 5)));
        assert_eq!(found("abc", "abd"), None);
    }

    #[test]
    fn groups_are_told() {
        let regex = Regex::new(b"<sip:(.*)@").unwrap();
        let found = regex.find(b"<sip:bob@host>").unwrap();
        assert_eq!(found.group(1), Some(5..8));
        let regex = Regex::new(b"(555)?(1212)").unwrap();
        let found = regex.find(b"1212").unwrap();
        assert_eq!(found.group(1), None);
        assert_eq!(found.group(2), Some(0..4));
    }

    #[test]
    fn bad_patterns_are_refused() {
        for (pattern, error) in [
            ("(", Error::Parenthesis),
            ("[", Error::Bracket),
            ("*", Error::Repetition),
            ("a|*", Error::Repetition),
            ("a{", Error::Braces),
            ("a{2,1}", Error::Braces),
            ("\\", Error::Escape),
            ("[b-a]", Error::Range),
            ("[[:foo:]]", Error::Class),
            ("\\1", Error::Reference),
            ("((((a{99}){99}){99}){99})", Error::TooLarge),
        ] {
            assert_eq!(
                Regex::new(pattern.as_bytes()).unwrap_err(),
                error,
                "{pattern}"
            );
        }
    }

    #[test]
    fn nothing_takes_for_ever() {
        let text = "a".repeat(8000);
        assert_eq!(found("(a*)*b", &text), None);
        assert_eq!(found("(a|a)*", &text), Some((0, 8000)));
        assert_eq!(found("((a*)*)*\\1b", &text), None);
    }

    proptest! {
        #[test]
        fn no_input_panics(pattern in "[-a-c()|*+?{}0-3,.^$\\[\\]\\\\]{0,24}", text in "[a-c0]{0,24}") {
            if let Ok(regex) = Regex::new(pattern.as_bytes())
                && let Some(found) = regex.find(text.as_bytes()) {
                prop_assert!(found.start() <= found.end());
                prop_assert!(found.end() <= text.len());
            }
        }
    }
}
