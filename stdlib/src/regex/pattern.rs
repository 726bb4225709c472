//! Reads a pattern and lays it out as instructions.

use super::{Assertion, Error, Inst, Set, contains, insert, is_word};

/// Instructions of one compiled pattern.
const PROGRAM_LIMIT: usize = 20_000;

/// Groups inside each other.
const NESTING_LIMIT: usize = 200;

/// The largest count in `{m,n}`.
const REPEAT_LIMIT: u32 = 32_767;

/// A pattern, read.
pub(super) struct Pattern {
    pub(super) program: Vec<Inst>,
    pub(super) groups: usize,
    pub(super) has_references: bool,
}

/// Reads a pattern; the program lacks its final match.
pub(super) fn read(pattern: &[u8], fold: bool) -> Result<Pattern, Error> {
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
    Ok(Pattern {
        program,
        groups: parser.groups,
        has_references: parser.has_references,
    })
}

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
