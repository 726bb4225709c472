//! POSIX extended regular expressions over bytes, with the meaning that the C
//! library gives them: the leftmost match, and the longest of those. Bounded
//! in time and memory for any pattern and any text.

use std::fmt;
use std::ops::Range;

/// Steps that one search may take; beyond them there is no match.
pub const STEP_LIMIT: usize = 20_000_000;

/// Instructions of one compiled pattern.
const PROGRAM_LIMIT: usize = 20_000;

/// Groups inside each other.
const NESTING_LIMIT: usize = 200;

/// The largest count in `{m,n}`.
const REPEAT_LIMIT: u32 = 32_767;

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

#[derive(Clone, Debug)]
enum Node {
    Empty,
    Set(Box<Set>),
    Assert(Assertion),
    Group(usize, Box<Node>),
    Reference(usize),
    Sequence(Vec<Node>),
    Choice(Vec<Node>),
    Repeat {
        node: Box<Node>,
        least: u32,
        most: Option<u32>,
    },
}

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
        let mut parser = Parser {
            pattern,
            at: 0,
            groups: 0,
            closed: Vec::new(),
            depth: 0,
            fold,
            has_references: false,
        };
        let node = parser.choice()?;
        let mut program = Vec::new();
        emit(&node, &mut program)?;
        program.push(Inst::Match);
        Ok(Regex {
            program,
            groups: parser.groups,
            has_references: parser.has_references,
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

fn emit(node: &Node, program: &mut Vec<Inst>) -> Result<(), Error> {
    if program.len() > PROGRAM_LIMIT {
        return Err(Error::TooLarge);
    }
    match node {
        Node::Empty => {}
        Node::Set(set) => program.push(Inst::Set(set.clone())),
        Node::Assert(assertion) => program.push(Inst::Assert(*assertion)),
        Node::Reference(group) => program.push(Inst::Reference(*group)),
        Node::Group(number, inner) => {
            program.push(Inst::Save(2 * number));
            emit(inner, program)?;
            program.push(Inst::Save(2 * number + 1));
        }
        Node::Sequence(nodes) => {
            for node in nodes {
                emit(node, program)?;
            }
        }
        Node::Choice(nodes) => {
            let mut ends = Vec::new();
            for (index, node) in nodes.iter().enumerate() {
                if index + 1 == nodes.len() {
                    emit(node, program)?;
                    break;
                }
                let split = program.len();
                program.push(Inst::Split(split + 1, 0));
                emit(node, program)?;
                ends.push(program.len());
                program.push(Inst::Jump(0));
                program[split] = Inst::Split(split + 1, program.len());
            }
            let end = program.len();
            for jump in ends {
                program[jump] = Inst::Jump(end);
            }
        }
        Node::Repeat { node, least, most } => {
            let before = program.len();
            for _ in 0..*least {
                emit(node, program)?;
                if program.len() == before {
                    // Copies of nothing are nothing.
                    break;
                }
            }
            match most {
                None => {
                    let split = program.len();
                    program.push(Inst::Split(split + 1, 0));
                    emit(node, program)?;
                    program.push(Inst::Jump(split));
                    program[split] = Inst::Split(split + 1, program.len());
                }
                Some(most) => {
                    let mut splits = Vec::new();
                    for _ in *least..*most {
                        splits.push(program.len());
                        let next = program.len() + 1;
                        program.push(Inst::Split(next, 0));
                        emit(node, program)?;
                    }
                    let end = program.len();
                    for split in splits {
                        program[split] = Inst::Split(split + 1, end);
                    }
                }
            }
        }
    }
    if program.len() > PROGRAM_LIMIT {
        return Err(Error::TooLarge);
    }
    Ok(())
}

struct Parser<'a> {
    pattern: &'a [u8],
    at: usize,
    groups: usize,
    closed: Vec<usize>,
    depth: usize,
    fold: bool,
    has_references: bool,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.pattern.get(self.at).copied()
    }

    fn choice(&mut self) -> Result<Node, Error> {
        let mut branches = vec![self.sequence()?];
        while self.peek() == Some(b'|') {
            self.at += 1;
            branches.push(self.sequence()?);
        }
        Ok(match branches.len() {
            1 => branches.pop().unwrap_or(Node::Empty),
            _ => Node::Choice(branches),
        })
    }

    fn sequence(&mut self) -> Result<Node, Error> {
        let mut nodes = Vec::new();
        loop {
            match self.peek() {
                None | Some(b'|') => break,
                Some(b')') if self.depth > 0 => break,
                Some(_) => {
                    let first = nodes.is_empty();
                    nodes.push(self.repeated(first)?);
                }
            }
        }
        Ok(match nodes.len() {
            0 => Node::Empty,
            1 => nodes.pop().unwrap_or(Node::Empty),
            _ => Node::Sequence(nodes),
        })
    }

    fn repeated(&mut self, first: bool) -> Result<Node, Error> {
        if first && matches!(self.peek(), Some(b'*' | b'+' | b'?' | b'{')) {
            return Err(Error::Repetition);
        }
        let mut node = self.atom()?;
        let mut stacked = 0;
        loop {
            let (least, most) = match self.peek() {
                Some(b'*') => (0, None),
                Some(b'+') => (1, None),
                Some(b'?') => (0, Some(1)),
                Some(b'{') => {
                    self.at += 1;
                    let counts = self.counts()?;
                    self.at -= 1;
                    counts
                }
                _ => return Ok(node),
            };
            self.at += 1;
            stacked += 1;
            if stacked > NESTING_LIMIT {
                return Err(Error::TooLarge);
            }
            if matches!(node, Node::Assert(_)) {
                // The C library refuses to repeat an anchor.
                return Err(Error::Repetition);
            }
            node = match node {
                // A star of a star is a star.
                Node::Repeat {
                    node: inner,
                    least: 0,
                    most: None,
                } if least <= 1 && most.is_none() => Node::Repeat {
                    node: inner,
                    least: 0,
                    most: None,
                },
                node => Node::Repeat {
                    node: Box::new(node),
                    least,
                    most,
                },
            };
        }
    }

    /// `m}`, `m,}`, `,n}` or `m,n}`; leaves the place behind the brace.
    fn counts(&mut self) -> Result<(u32, Option<u32>), Error> {
        let least = self.count()?;
        let (least, most) = match self.peek() {
            Some(b',') => {
                self.at += 1;
                let most = self.count()?;
                if least.is_none() && most.is_none() {
                    return Err(Error::Braces);
                }
                (least.unwrap_or(0), most)
            }
            _ => {
                let least = least.ok_or(Error::Braces)?;
                (least, Some(least))
            }
        };
        if self.peek() != Some(b'}') || most.is_some_and(|most| most < least) {
            return Err(Error::Braces);
        }
        self.at += 1;
        Ok((least, most))
    }

    fn count(&mut self) -> Result<Option<u32>, Error> {
        let mut number = None;
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            let sum = number.unwrap_or(0) * 10 + u32::from(digit - b'0');
            if sum > REPEAT_LIMIT {
                return Err(Error::Braces);
            }
            number = Some(sum);
            self.at += 1;
        }
        Ok(number)
    }

    fn atom(&mut self) -> Result<Node, Error> {
        let byte = self.peek().unwrap_or(0);
        self.at += 1;
        Ok(match byte {
            b'(' => {
                if self.depth >= NESTING_LIMIT {
                    return Err(Error::TooLarge);
                }
                self.groups += 1;
                let number = self.groups;
                self.depth += 1;
                let inner = self.choice()?;
                self.depth -= 1;
                if self.peek() != Some(b')') {
                    return Err(Error::Parenthesis);
                }
                self.at += 1;
                self.closed.push(number);
                Node::Group(number, Box::new(inner))
            }
            b'[' => self.bracket()?,
            b'.' => Node::Set(Box::new([u64::MAX; 4])),
            b'^' => Node::Assert(Assertion::Start),
            b'$' => Node::Assert(Assertion::End),
            b'\\' => {
                let byte = self.peek().ok_or(Error::Escape)?;
                self.at += 1;
                match byte {
                    b'w' | b'W' => {
                        let mut set: Set = [0; 4];
                        for other in 0..=255u8 {
                            if is_word(other) == (byte == b'w') {
                                insert(&mut set, other);
                            }
                        }
                        Node::Set(Box::new(set))
                    }
                    b's' | b'S' => {
                        let mut set: Set = [0; 4];
                        for other in 0..=255u8 {
                            if crate::scan::is_space(other) == (byte == b's') {
                                insert(&mut set, other);
                            }
                        }
                        Node::Set(Box::new(set))
                    }
                    b'b' => Node::Assert(Assertion::WordEdge),
                    b'B' => Node::Assert(Assertion::NoWordEdge),
                    b'<' => Node::Assert(Assertion::WordStart),
                    b'>' => Node::Assert(Assertion::WordEnd),
                    b'`' => Node::Assert(Assertion::Start),
                    b'\'' => Node::Assert(Assertion::End),
                    b'1'..=b'9' => {
                        let group = usize::from(byte - b'0');
                        if !self.closed.contains(&group) {
                            return Err(Error::Reference);
                        }
                        self.has_references = true;
                        Node::Reference(group)
                    }
                    byte => self.literal(byte),
                }
            }
            byte => self.literal(byte),
        })
    }

    fn literal(&self, byte: u8) -> Node {
        let mut set: Set = [0; 4];
        insert(&mut set, byte);
        if self.fold {
            insert(&mut set, byte.to_ascii_lowercase());
            insert(&mut set, byte.to_ascii_uppercase());
        }
        Node::Set(Box::new(set))
    }

    fn bracket(&mut self) -> Result<Node, Error> {
        let mut set: Set = [0; 4];
        let negated = self.peek() == Some(b'^');
        if negated {
            self.at += 1;
        }
        let mut first = true;
        loop {
            let byte = self.peek().ok_or(Error::Bracket)?;
            if byte == b']' && !first {
                self.at += 1;
                break;
            }
            first = false;
            if byte == b'[' && self.pattern.get(self.at + 1) == Some(&b':') {
                self.class(&mut set)?;
                continue;
            }
            let low = self.element()?;
            let is_range = self.peek() == Some(b'-')
                && self
                    .pattern
                    .get(self.at + 1)
                    .is_some_and(|next| *next != b']');
            if !is_range {
                insert(&mut set, low);
                continue;
            }
            self.at += 1;
            let high = self.element()?;
            if high < low {
                return Err(Error::Range);
            }
            for byte in low..=high {
                insert(&mut set, byte);
            }
        }
        if self.fold {
            for byte in b'a'..=b'z' {
                let upper = byte.to_ascii_uppercase();
                if contains(&set, byte) || contains(&set, upper) {
                    insert(&mut set, byte);
                    insert(&mut set, upper);
                }
            }
        }
        if negated {
            for word in &mut set {
                *word = !*word;
            }
        }
        Ok(Node::Set(Box::new(set)))
    }

    /// One byte of a bracket expression: itself, `[.x.]` or `[=x=]`.
    fn element(&mut self) -> Result<u8, Error> {
        let byte = self.peek().ok_or(Error::Bracket)?;
        if byte == b'['
            && let Some(mark @ (b'.' | b'=')) = self.pattern.get(self.at + 1).copied()
        {
            let element = *self.pattern.get(self.at + 2).ok_or(Error::Bracket)?;
            if self.pattern.get(self.at + 3..self.at + 5) != Some(&[mark, b']']) {
                return Err(Error::Bracket);
            }
            self.at += 5;
            return Ok(element);
        }
        self.at += 1;
        Ok(byte)
    }

    fn class(&mut self, set: &mut Set) -> Result<(), Error> {
        let rest = &self.pattern[self.at + 2..];
        let length = rest
            .windows(2)
            .position(|pair| pair == b":]")
            .ok_or(Error::Bracket)?;
        let test: fn(&u8) -> bool = match &rest[..length] {
            b"alpha" => u8::is_ascii_alphabetic,
            b"digit" => u8::is_ascii_digit,
            b"alnum" => u8::is_ascii_alphanumeric,
            b"upper" => u8::is_ascii_uppercase,
            b"lower" => u8::is_ascii_lowercase,
            b"space" => |byte| crate::scan::is_space(*byte),
            b"blank" => |byte| matches!(byte, b' ' | b'\t'),
            b"punct" => u8::is_ascii_punctuation,
            b"print" => |byte| (0x20..0x7f).contains(byte),
            b"graph" => u8::is_ascii_graphic,
            b"cntrl" => u8::is_ascii_control,
            b"xdigit" => u8::is_ascii_hexdigit,
            _ => return Err(Error::Class),
        };
        for byte in 0..=255u8 {
            if test(&byte) {
                insert(set, byte);
            }
        }
        self.at += 2 + length + 2;
        Ok(())
    }
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
