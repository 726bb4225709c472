//! Patterns of extension names and caller-id forms (DL-095..117): what they match, and which of two is tried first.

use std::cmp::Ordering;

/// A set of byte values.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct ByteSet(pub(crate) [u64; 4]);

impl ByteSet {
    /// Only this byte.
    pub fn of(byte: u8) -> ByteSet {
        let mut set = ByteSet::default();
        set.insert(byte);
        set
    }

    /// All from the first to the last, both included; empty when they are the wrong way round.
    pub fn range(first: u8, last: u8) -> ByteSet {
        let mut set = ByteSet::default();
        for byte in first..=last {
            set.insert(byte);
        }
        set
    }

    /// Adds one.
    pub fn insert(&mut self, byte: u8) {
        self.0[byte as usize / 64] |= 1 << (byte % 64);
    }

    /// Whether it holds the byte.
    pub fn holds(&self, byte: u8) -> bool {
        self.0[byte as usize / 64] >> (byte % 64) & 1 == 1
    }

    /// How many bytes it holds.
    pub fn len(&self) -> u32 {
        self.0.iter().map(|w| w.count_ones()).sum()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.0 == [0; 4]
    }

    /// Its members, lowest first.
    pub fn iter(&self) -> impl Iterator<Item = u8> + '_ {
        (0..=255).filter(|b| self.holds(*b))
    }

    /// The lowest member.
    pub fn first(&self) -> Option<u8> {
        self.0
            .iter()
            .enumerate()
            .find(|(_, w)| **w != 0)
            .map(|(i, w)| (i as u32 * 64 + w.trailing_zeros()) as u8)
    }

    /// The members of either set.
    #[must_use]
    pub fn or(self, other: ByteSet) -> ByteSet {
        ByteSet(std::array::from_fn(|i| self.0[i] | other.0[i]))
    }

    /// The members of both sets.
    #[must_use]
    pub fn and(self, other: ByteSet) -> ByteSet {
        ByteSet(std::array::from_fn(|i| self.0[i] & other.0[i]))
    }

    /// All bytes that are no members.
    #[must_use]
    pub fn others(self) -> ByteSet {
        ByteSet(self.0.map(|w| !w))
    }

    /// Whether every member of `other` is a member.
    pub fn covers(&self, other: &ByteSet) -> bool {
        self.0.iter().zip(other.0).all(|(a, b)| b & !a == 0)
    }

    /// Whether the two have a member in common.
    pub fn meets(&self, other: &ByteSet) -> bool {
        self.0.iter().zip(other.0).any(|(a, b)| a & b != 0)
    }

    /// Smaller sets first, then the one with the lowest member, then the one that holds the lowest byte in which they differ
    /// (DL-112, DL-113).
    fn decide(&self, other: &ByteSet) -> (Ordering, Decided) {
        let by_size = self.len().cmp(&other.len());
        if by_size.is_ne() {
            return (by_size, Decided::Members);
        }
        let by_lowest = self.first().cmp(&other.first());
        if by_lowest.is_ne() {
            return (by_lowest, Decided::Lowest);
        }
        for (a, b) in self.0.iter().zip(other.0) {
            let differ = a ^ b;
            if differ != 0 {
                let order = if a >> differ.trailing_zeros() & 1 == 1 {
                    Ordering::Less
                } else {
                    Ordering::Greater
                };
                return (order, Decided::Differing);
            }
        }
        (Ordering::Equal, Decided::Differing)
    }
}

/// What decides between two patterns at the first position where they differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decided {
    /// The set with fewer members is first (DL-112).
    Members,
    /// As many members: the set with the lowest one is first (DL-112).
    Lowest,
    /// The same lowest member too: the set that holds the lowest byte in which they differ is first (DL-113).
    Differing,
    /// Sets, then `.`, then `!`, then the end of the pattern (DL-112, DL-115).
    Kind,
}

/// One position of a pattern.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Element {
    /// One byte of the set; a literal is a set of one.
    Set(ByteSet),
    /// `.`: one or more bytes, whatever they are. What follows is never looked at.
    Dot,
    /// `!`: any number of bytes; the number is complete at once. What follows is never looked at.
    Bang,
    /// `[` without `]`, or `[]` at the end: never matches.
    Broken,
}

impl Element {
    fn decide(&self, other: &Element) -> (Ordering, Decided) {
        match (self, other) {
            (Element::Set(a), Element::Set(b)) => a.decide(b),
            (a, b) => (a.class().cmp(&b.class()), Decided::Kind),
        }
    }

    /// Sets, then `.`, then `!`, then the end of a pattern (3), then broken sets.
    fn class(&self) -> u8 {
        match self {
            Element::Set(_) => 0,
            Element::Dot => 1,
            Element::Bang => 2,
            Element::Broken => 4,
        }
    }
}

/// A pattern without its `_`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Pattern {
    pub(crate) elements: Vec<Element>,
}

impl Pattern {
    /// Reads what stands behind the `_` of a name without blanks (DL-095..104, no escapes: the default matcher). Never fails.
    pub fn read(text: &[u8]) -> Pattern {
        let mut elements = Vec::new();
        let mut i = 0;
        while i < text.len() {
            let byte = text[i];
            i += 1;
            elements.push(match byte {
                b'-' => continue,
                b'X' | b'x' => Element::Set(ByteSet::range(b'0', b'9')),
                b'Z' | b'z' => Element::Set(ByteSet::range(b'1', b'9')),
                b'N' | b'n' => Element::Set(ByteSet::range(b'2', b'9')),
                b'.' => Element::Dot,
                b'!' => Element::Bang,
                b'[' => match text[i..].iter().position(|b| *b == b']') {
                    None => Element::Broken,
                    // Skipped, unless the text is at its end already when the set is reached: then it is not complete.
                    Some(0) => {
                        i += 1;
                        let open = matches!(elements.last(), None | Some(Element::Set(_)));
                        if open && text[i..].iter().all(|b| *b == b'-') {
                            elements.push(Element::Broken);
                        }
                        continue;
                    }
                    Some(n) => {
                        let set = members(&text[i..i + n]);
                        i += n + 1;
                        Element::Set(set)
                    }
                },
                literal => Element::Set(ByteSet::of(literal)),
            });
        }
        Pattern { elements }
    }

    /// All positions, also those behind a `.` or `!`.
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// The positions that matter when matching: up to the first `.` or `!`, that one included.
    pub fn matching(&self) -> &[Element] {
        let end = self
            .elements
            .iter()
            .position(|e| matches!(e, Element::Dot | Element::Bang))
            .map_or(self.elements.len(), |i| i + 1);
        &self.elements[..end]
    }

    /// Whether a dialled text is matched. Dashes of the dialled text do not count (DL-104).
    pub fn matches(&self, dialled: &[u8]) -> bool {
        let mut rest = dialled.iter().copied().filter(|b| *b != b'-');
        for element in self.matching() {
            match element {
                Element::Set(set) => {
                    if !rest.next().is_some_and(|b| set.holds(b)) {
                        return false;
                    }
                }
                Element::Dot => return rest.next().is_some(),
                Element::Bang => return true,
                Element::Broken => return false,
            }
        }
        rest.next().is_none()
    }

    /// Whether everything that `other` matches is matched.
    pub fn covers(&self, other: &Pattern) -> bool {
        let (mine, theirs) = (self.matching(), other.matching());
        if theirs
            .iter()
            .any(|e| matches!(e, Element::Broken) || matches!(e, Element::Set(s) if s.is_empty()))
        {
            return true;
        }
        let mut i = 0;
        loop {
            match (mine.get(i), theirs.get(i)) {
                (None, None) | (Some(Element::Bang), _) => return true,
                (Some(Element::Dot), Some(Element::Set(_) | Element::Dot)) => return true,
                (Some(Element::Set(a)), Some(Element::Set(b))) if a.covers(b) => i += 1,
                _ => return false,
            }
        }
    }

    /// A text that it matches: the lowest member of each set, `0` for what `.` stands for. None when nothing can match.
    pub fn witness(&self) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        for element in self.matching() {
            match element {
                Element::Set(set) => out.push(set.first()?),
                Element::Dot => out.push(b'0'),
                Element::Bang => {}
                Element::Broken => return None,
            }
        }
        Some(out)
    }

    /// Whether a text denotes the same positions.
    fn is_spelled(&self, text: &[u8]) -> bool {
        // The first positions differ nearly always, so nothing is allocated for them.
        let first = text.iter().copied().find(|b| *b != b'-');
        let differs = match (self.elements.first(), first) {
            (Some(Element::Set(set)), Some(c)) if !matches!(c, b'[' | b'.' | b'!') => {
                !set.holds(c) && !b"xXzZnN".contains(&c)
            }
            _ => false,
        };
        !differs && Pattern::read(text).rank(self).is_eq()
    }

    /// Which is tried first (DL-111..116). Equal: the same positions, so the same entry (DL-090).
    pub fn rank(&self, other: &Pattern) -> Ordering {
        self.decide(other).map_or(Ordering::Equal, |(_, o, _)| o)
    }

    /// The first position (from 0) in which two patterns differ, which of them is tried first, and why. None: the same positions.
    pub fn decide(&self, other: &Pattern) -> Option<(usize, Ordering, Decided)> {
        for i in 0.. {
            let (order, why) = match (self.elements.get(i), other.elements.get(i)) {
                (None, None) => return None,
                (Some(a), Some(b)) => a.decide(b),
                (Some(a), None) => (a.class().cmp(&3), Decided::Kind),
                (None, Some(b)) => (3.cmp(&b.class()), Decided::Kind),
            };
            if order.is_ne() {
                return Some((i, order, why));
            }
        }
        None
    }
}

/// Members of a set: single bytes and ranges; `-` first or last is a member (DL-097).
fn members(text: &[u8]) -> ByteSet {
    let mut set = ByteSet::default();
    let mut i = 0;
    while i < text.len() {
        if i + 2 < text.len() && text[i + 1] == b'-' {
            for byte in text[i]..=text[i + 2] {
                set.insert(byte);
            }
            i += 3;
        } else {
            set.insert(text[i]);
            i += 1;
        }
    }
    set
}

/// What a name or a caller-id form matches.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Matches {
    /// Exactly this text, dashes left out.
    Name(Vec<u8>),
    /// A pattern.
    Pattern(Pattern),
}

/// The three questions about dialled text (DL-137).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Is it complete?
    Match,
    /// Could it, or a longer text, match?
    CanMatch,
    /// Could a longer text match?
    MatchMore,
}

/// The answer to a [`Question`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// No.
    No,
    /// Yes.
    Yes,
    /// A `!` was reached: yes, and nothing more should be dialled (DL-141).
    Early,
}

impl Pattern {
    /// Answers a question about a dialled text without dashes (DL-139 to DL-141).
    pub fn answer(&self, dialled: &[u8], question: Question) -> Found {
        let mut rest = dialled.iter();
        for element in &self.elements {
            match element {
                Element::Broken => return Found::No,
                Element::Bang => return Found::Early,
                Element::Set(set) => match rest.next() {
                    Some(b) if set.holds(*b) => {}
                    Some(_) => return Found::No,
                    None => {
                        return if question == Question::Match {
                            Found::No
                        } else {
                            Found::Yes
                        };
                    }
                },
                Element::Dot => {
                    return if rest.next().is_some() || question != Question::Match {
                        Found::Yes
                    } else {
                        Found::No
                    };
                }
            }
        }
        if rest.next().is_none() && question != Question::MatchMore {
            Found::Yes
        } else {
            Found::No
        }
    }
}

impl Matches {
    /// Reads a name: a pattern if it starts with `_`, else its bytes without dashes (DL-063, DL-095).
    pub fn read(name: &[u8]) -> Matches {
        match name.split_first() {
            Some((b'_', pattern)) => Matches::Pattern(Pattern::read(pattern)),
            _ => Matches::Name(without_dashes(name)),
        }
    }

    /// Whether a text is matched; dashes of the text do not count. A text that starts with `_` also matches the pattern that is
    /// spelled so (DL-106).
    pub fn matches(&self, text: &[u8]) -> bool {
        match self {
            Matches::Name(name) => text
                .iter()
                .copied()
                .filter(|b| *b != b'-')
                .eq(name.iter().copied()),
            Matches::Pattern(pattern) => {
                text.strip_prefix(b"_")
                    .is_some_and(|t| pattern.is_spelled(t))
                    || pattern.matches(text)
            }
        }
    }

    /// Answers a question about a dialled text; `plain` is the same text without dashes.
    pub fn answer(&self, dialled: &[u8], plain: &[u8], question: Question) -> Found {
        let more = question != Question::Match;
        match self {
            Matches::Name(name) if name.as_slice() == plain => {
                if question == Question::MatchMore {
                    Found::No
                } else {
                    Found::Yes
                }
            }
            Matches::Name(name) => {
                if more && name.starts_with(plain) {
                    Found::Yes
                } else {
                    Found::No
                }
            }
            Matches::Pattern(pattern) => {
                if !more
                    && dialled
                        .strip_prefix(b"_")
                        .is_some_and(|t| pattern.is_spelled(t))
                {
                    return Found::Yes;
                }
                pattern.answer(plain, question)
            }
        }
    }

    /// The order in which entries of a context are tried: plain names by their bytes, then patterns (DL-110).
    pub fn rank(&self, other: &Matches) -> Ordering {
        match (self, other) {
            (Matches::Name(a), Matches::Name(b)) => a.cmp(b),
            (Matches::Name(_), Matches::Pattern(_)) => Ordering::Less,
            (Matches::Pattern(_), Matches::Name(_)) => Ordering::Greater,
            (Matches::Pattern(a), Matches::Pattern(b)) => a.rank(b),
        }
    }
}

/// A name without the dashes that do not count.
pub fn without_dashes(name: &[u8]) -> Vec<u8> {
    name.iter().copied().filter(|b| *b != b'-').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(names: &[&str]) -> Vec<String> {
        let mut list: Vec<(Matches, String)> = names
            .iter()
            .map(|n| (Matches::read(n.as_bytes()), (*n).to_owned()))
            .collect();
        list.sort_by(|a, b| a.0.rank(&b.0));
        list.into_iter().map(|(_, n)| n).collect()
    }

    #[test]
    fn the_observed_order_of_patterns() {
        let observed = [
            "_*X", "_12", "_1X", "_aX", "_[12]X", "_[89]X", "_NX", "_ZX", "_XXX", "_XX", "_X.",
            "_X!", "_X", "_.", "_!",
        ];
        let mut shuffled = observed;
        shuffled.reverse();
        assert_eq!(order(&shuffled), observed);
        assert_eq!(order(&["_X", "5", "_5", "s"]), ["5", "s", "_5", "_X"]);
    }

    #[test]
    fn sets_and_ends() {
        let p = |t: &str| Pattern::read(t.as_bytes());
        assert!(p("[2-49]").matches(b"9") && !p("[2-49]").matches(b"5"));
        assert!(p("[a-]").matches(b"a") && p("[]1").matches(b"1"));
        assert!(!p("1[]").matches(b"1") && !p("1[]-").matches(b"1"));
        assert!(!p("9.").matches(b"9") && p("9!").matches(b"9") && p("1.2").matches(b"1abc"));
        assert!(p("NXX-XXXX").matches(b"555-1234"));
        assert!(!p("[12").matches(b"1"));
        assert_eq!(p("[1-9]X"), p("zx"));
        assert!(p("X.").covers(&p("12")) && p("X!").covers(&p("X")) && !p("X.").covers(&p("X!")));
        assert_eq!(p("N[3-5].").witness(), Some(b"230".to_vec()));
    }
}
