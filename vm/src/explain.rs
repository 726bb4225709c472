//! Why a dialled number leads where it leads: every context that the look-up visits or would visit, and every entry that matches,
//! with what decided for or against it. For tools; the answer itself is [`Module::find`]'s, and order, caller-id forms and times
//! are judged by the same functions.

use std::cmp::Ordering;

use crate::Text;
use crate::inputs::Inputs;
use crate::module::{Entry, Module};
use crate::pattern::{ByteSet, Decided, Element, Found, Matches, Pattern, Question};
use crate::route::{CONTEXTS, Search, Want};

/// Entries of one context, and contexts, that an explanation names; the others are counted.
const NAMED: usize = 200;
/// Entries that nearly match which are named for each context.
const NEAR: usize = 5;
/// Entries to which more digits could lead that are named.
const LONGER: usize = 20;

/// The story of one look-up of priority 1.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Explanation {
    /// Contexts in the order in which they are visited; also those behind the winner, which nobody asks any more.
    pub visits: Vec<Visit>,
    /// The winner: index of the visit and of the candidate in it.
    pub winner: Option<(usize, usize)>,
    /// Whether a longer number could match, too: a phone goes on collecting digits (DL-137).
    pub more: bool,
    /// Entries to which more digits could lead, in the order in which they are tried; at most a few.
    pub longer: Vec<Candidate>,
    /// There were more contexts than are named here.
    pub cut: bool,
}

/// A context in a look-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Its name.
    pub context: Text,
    /// The context that includes it, and the include's time part; None for the one where the search begins.
    pub from: Option<(Text, Option<Text>)>,
    /// What became of it.
    pub seen: Seen,
    /// How many entries it holds.
    pub entries: usize,
    /// Those that match the number, in the order in which they are tried.
    pub candidates: Vec<Candidate>,
    /// How many more match than are named.
    pub unnamed: usize,
    /// Where nothing matches: those that come nearest, the nearest first.
    pub near: Vec<Near>,
    /// Its switches: they are not asked.
    pub switches: Vec<Text>,
}

/// What became of a context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Its entries were tried.
    Searched,
    /// An entry before it had answered.
    TooLate,
    /// The include's times do not hold at this moment (DL-126).
    Closed,
    /// It was visited before (DL-127).
    Again,
    /// There is no such context.
    Missing,
    /// More contexts than one look-up visits (DL-127).
    TooMany,
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its name as written.
    pub exten: Text,
    /// Its caller-id form; an empty one is for callers without a number.
    pub caller: Option<Text>,
    /// File of its first step.
    pub file: Text,
    /// Line of its first step.
    pub line: u32,
    /// What decided.
    pub verdict: Verdict,
}

/// Why an entry that matches wins or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It answers.
    Wins,
    /// Its caller-id form does not match the caller (DL-118).
    OtherCaller,
    /// It has no priority 1: the search went on (DL-119).
    NoFirstPriority,
    /// It stands behind the winner in the order of its context.
    Behind(Reason),
    /// With `extenpatternmatchnew` only the best entry of a context counts, and that one was not it (DL-122).
    NotTheBest,
    /// With `extenpatternmatchnew`, a pattern that ends is preferred to one that goes on with `!` (DL-122).
    EndBeforeBang,
    /// The winner stands in a context that is searched before this one: own entries before includes, includes in order (DL-125).
    LaterContext,
    /// The context is closed at this moment (DL-126).
    Closed,
    /// More digits could lead to it.
    Longer,
}

/// Why one of two entries of a context is tried before the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Plain names come before patterns (DL-110).
    PlainFirst,
    /// The patterns differ first at this position.
    Position {
        /// From 1.
        position: usize,
        /// What decides there.
        decided: Decided,
        /// What the winner wants there.
        winner: String,
        /// What the other one wants there.
        loser: String,
    },
    /// With a caller-id form before without (DL-117).
    CallerFirst,
    /// Two caller-id forms, in the order of names (DL-117).
    CallerOrder,
}

/// An entry that does not match, and how far it would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Near {
    /// Its name as written.
    pub exten: Text,
    /// Position of the number that it does not accept, from 1.
    pub position: usize,
    /// What it wants there; `end`: nothing more.
    pub wanted: String,
}

/// A context still to be visited.
struct Open {
    context: Option<usize>,
    name: Text,
    from: Option<(Text, Option<Text>)>,
    open: bool,
}

impl Module {
    /// The story of [`find`](Module::find). Empty where there is no such context.
    pub fn explain(
        &self,
        inputs: &Inputs,
        context: &[u8],
        dialled: &[u8],
        caller: Option<&[u8]>,
    ) -> Explanation {
        let ask = |question| self.first(inputs, context, dialled, caller, question);
        let found = ask(Question::Match);
        let mut story = Explanation {
            more: ask(Question::MatchMore).is_some(),
            ..Explanation::default()
        };
        let Some(start) = self.context(context) else {
            return story;
        };
        let search = Search::new(self, dialled, Want::Number(1), caller, Question::Match);
        story.longer = self.all_longer(&search, inputs, dialled, start);
        let mut visited = Vec::new();
        let mut open = vec![Open {
            context: Some(start),
            name: context.to_vec(),
            from: None,
            open: true,
        }];
        while let Some(next) = open.pop() {
            if story.visits.len() == CONTEXTS + NAMED {
                story.cut = true;
                break;
            }
            let again = next
                .context
                .is_some_and(|at| visited.contains(&self.folded(at)));
            let seen = match next.context {
                None => Seen::Missing,
                Some(_) if !next.open => Seen::Closed,
                Some(_) if again => Seen::Again,
                Some(_) if visited.len() == CONTEXTS => Seen::TooMany,
                Some(_) if story.winner.is_some() => Seen::TooLate,
                Some(_) => Seen::Searched,
            };
            let mut visit = Visit {
                context: next.name,
                from: next.from,
                seen,
                entries: 0,
                candidates: Vec::new(),
                unnamed: 0,
                near: Vec::new(),
                switches: Vec::new(),
            };
            let Some(at) = next
                .context
                .filter(|_| matches!(seen, Seen::Searched | Seen::TooLate | Seen::Closed))
            else {
                story.visits.push(visit);
                continue;
            };
            let here = &self.parts.contexts[at];
            visit.entries = here.entries.len();
            visit.switches = here.switches.iter().map(|s| self.text(*s).into()).collect();
            let winner = found.filter(|f| f.context == at).map(|f| f.entry);
            self.candidates(&search, dialled, at, winner, &mut visit);
            if seen == Seen::Searched
                && let Some(n) = visit
                    .candidates
                    .iter()
                    .position(|c| c.verdict == Verdict::Wins)
            {
                story.winner = Some((story.visits.len(), n));
            }
            story.visits.push(visit);
            if seen == Seen::Closed {
                continue;
            }
            visited.push(self.folded(at));
            for include in here.includes.iter().rev() {
                let name = self.text(include.context);
                let times = include.times.as_ref();
                open.push(Open {
                    context: self.context(name),
                    name: name.to_vec(),
                    from: Some((
                        self.text(here.name).to_vec(),
                        times.map(|(text, _)| self.text(*text).to_vec()),
                    )),
                    open: times
                        .is_none_or(|(_, t)| t.matches(inputs.now.moment(), &inputs.system.zone)),
                });
            }
        }
        story
    }

    /// The entries of a context that match, judged; or those that nearly do.
    fn candidates(
        &self,
        search: &Search,
        dialled: &[u8],
        context: usize,
        winner: Option<usize>,
        visit: &mut Visit,
    ) {
        let entries = &self.parts.contexts[context].entries;
        let best_only = self.parts.options.best_only;
        // The trie matcher has chosen; nothing else of this context counts.
        let mut chosen = None;
        for (at, entry) in entries.iter().enumerate() {
            if entry
                .matches
                .answer(dialled, &search.plain, Question::Match)
                == Found::No
            {
                continue;
            }
            let fits = search.fits(entry);
            if best_only && fits && chosen.is_none() {
                chosen = Some(search.best_of_equal_prefix(entries, at));
            }
            let verdict = match visit.seen {
                Seen::Closed => Verdict::Closed,
                Seen::TooLate => Verdict::LaterContext,
                _ if winner == Some(at) => Verdict::Wins,
                _ if !fits => Verdict::OtherCaller,
                _ if chosen.is_some_and(|c| c > at) => Verdict::EndBeforeBang,
                _ if chosen.is_some_and(|c| c < at && winner.is_none()) => Verdict::NotTheBest,
                _ => match winner.filter(|w| *w < at).and_then(|w| entries.get(w)) {
                    Some(won) => Verdict::Behind(reason(won, entry)),
                    None => Verdict::NoFirstPriority,
                },
            };
            if visit.candidates.len() < NAMED || verdict == Verdict::Wins {
                visit.candidates.push(self.candidate(entry, verdict));
            } else {
                visit.unnamed += 1;
            }
        }
        if visit.candidates.is_empty() && visit.seen == Seen::Searched {
            let mut near: Vec<(usize, usize, String)> = Vec::new();
            for (at, entry) in entries.iter().enumerate() {
                let (position, wanted) = refusal(&entry.matches, &search.plain);
                let better = near.iter().take_while(|n| n.0 >= position).count();
                if better < NEAR {
                    near.insert(better, (position, at, wanted));
                    near.truncate(NEAR);
                }
            }
            visit.near = near
                .into_iter()
                .map(|(position, at, wanted)| Near {
                    exten: self.text(entries[at].name).to_vec(),
                    position: position + 1,
                    wanted,
                })
                .collect();
        }
    }

    /// The entries to which more digits could lead, in the order of the search.
    fn all_longer(
        &self,
        search: &Search,
        inputs: &Inputs,
        dialled: &[u8],
        start: usize,
    ) -> Vec<Candidate> {
        let mut out = Vec::new();
        let mut visited = Vec::new();
        let mut open = vec![start];
        while let Some(at) = open.pop() {
            let name = self.folded(at);
            if visited.len() == CONTEXTS || visited.contains(&name) {
                continue;
            }
            // What a complete number's context includes is not asked (DL-141).
            if self.longer(search, dialled, at, &mut out) {
                continue;
            }
            visited.push(name);
            for include in self.parts.contexts[at].includes.iter().rev() {
                let times = include.times.as_ref();
                if times.is_none_or(|(_, t)| t.matches(inputs.now.moment(), &inputs.system.zone)) {
                    open.extend(self.context(self.text(include.context)));
                }
            }
        }
        out
    }

    /// The entries of a context to which more digits could lead; whether one says that the number is complete.
    fn longer(
        &self,
        search: &Search,
        dialled: &[u8],
        context: usize,
        out: &mut Vec<Candidate>,
    ) -> bool {
        let before = out.len();
        for entry in &self.parts.contexts[context].entries {
            if !search.fits(entry) {
                continue;
            }
            match entry
                .matches
                .answer(dialled, &search.plain, Question::MatchMore)
            {
                Found::No => {}
                // A `!` is complete at once, whatever stands behind it (DL-141).
                Found::Early => return true,
                Found::Yes if out.len() == LONGER => return false,
                Found::Yes if entry.priority(1).is_some() => {
                    out.push(self.candidate(entry, Verdict::Longer));
                }
                // The trie matcher has its best entry, and looks at no other (DL-122).
                Found::Yes if self.parts.options.best_only && out.len() == before => return false,
                Found::Yes => {}
            }
        }
        false
    }

    fn candidate(&self, entry: &Entry, verdict: Verdict) -> Candidate {
        let step = entry.priorities.first();
        Candidate {
            exten: self.text(entry.name).to_vec(),
            caller: entry.caller.as_ref().map(spelled),
            file: step.map_or(Text::new(), |p| self.text(p.file).to_vec()),
            line: step.map_or(0, |p| p.line),
            verdict,
        }
    }
}

/// Why the first is tried before the second.
fn reason(first: &Entry, second: &Entry) -> Reason {
    match (&first.matches, &second.matches) {
        (Matches::Name(_), Matches::Pattern(_)) => return Reason::PlainFirst,
        (Matches::Pattern(a), Matches::Pattern(b)) => {
            if let Some((at, Ordering::Less, decided)) = a.decide(b) {
                let word = |p: &Pattern| p.elements().get(at).map_or("end".into(), element);
                return Reason::Position {
                    position: at + 1,
                    decided,
                    winner: word(a),
                    loser: word(b),
                };
            }
        }
        _ => {}
    }
    if second.caller.is_none() {
        Reason::CallerFirst
    } else {
        Reason::CallerOrder
    }
}

/// Where a number is refused, from 0, and what is wanted there.
fn refusal(matches: &Matches, plain: &[u8]) -> (usize, String) {
    match matches {
        Matches::Name(name) => {
            let at = name.iter().zip(plain).take_while(|(a, b)| a == b).count();
            let wanted = name
                .get(at)
                .map(|b| element(&Element::Set(ByteSet::of(*b))));
            (at, wanted.unwrap_or_else(|| "end".into()))
        }
        Matches::Pattern(pattern) => {
            for (at, e) in pattern.matching().iter().enumerate() {
                let accepted = match (e, plain.get(at)) {
                    (Element::Set(set), Some(b)) => set.holds(*b),
                    (Element::Dot, b) => b.is_some(),
                    (Element::Bang, _) => true,
                    (Element::Set(_), None) | (Element::Broken, _) => false,
                };
                if !accepted {
                    return (at, element(e));
                }
            }
            (pattern.matching().len(), "end".into())
        }
    }
}

/// A position as people write it.
fn element(e: &Element) -> String {
    let set = match e {
        Element::Set(set) => set,
        Element::Dot => return ".".into(),
        Element::Bang => return "!".into(),
        Element::Broken => return "[ without members or without ]".into(),
    };
    for (name, range) in [('X', b'0'), ('Z', b'1'), ('N', b'2')] {
        if *set == ByteSet::range(range, b'9') {
            return name.into();
        }
    }
    let mut out = String::new();
    let mut members = set.iter().peekable();
    while let Some(first) = members.next() {
        let mut last = first;
        while let Some(next) = members.next_if(|b| *b == last + 1) {
            last = next;
        }
        out.push_str(&first.escape_ascii().to_string());
        if last > first {
            if last > first + 1 {
                out.push('-');
            }
            out.push_str(&last.escape_ascii().to_string());
        }
    }
    // A letter that would mean a class must be in brackets.
    let class = set.first().is_some_and(|b| b"xXzZnN.![]".contains(&b));
    if set.len() == 1 && !class {
        out
    } else {
        format!("[{out}]")
    }
}

/// A name or caller-id form as people write it.
fn spelled(matches: &Matches) -> Text {
    match matches {
        Matches::Name(name) => name.clone(),
        Matches::Pattern(p) => {
            let elements: String = p.elements().iter().map(element).collect();
            format!("_{elements}").into_bytes()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_as_people_write_them() {
        let all = |t: &str| String::from_utf8(spelled(&Matches::read(t.as_bytes()))).unwrap();
        assert_eq!(all("_nXz[2-49]1.!"), "_NXZ[2-49]1.!");
        assert_eq!(all("_[cab][]x"), "_[a-c]X");
        assert_eq!(all("_[ab][n]"), "_[ab][n]");
        assert_eq!(all("5-55"), "555");
    }

    #[test]
    fn a_number_is_refused_at_a_position() {
        let at =
            |name: &str, number: &str| refusal(&Matches::read(name.as_bytes()), number.as_bytes());
        assert_eq!(at("_12X", "13"), (1, "2".into()));
        assert_eq!(at("_12X", "12"), (2, "X".into()));
        assert_eq!(at("_1.", "1"), (1, ".".into()));
        assert_eq!(at("12", "123"), (2, "end".into()));
    }
}
