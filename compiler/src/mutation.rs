//! Small mistakes in a plan, each of which its tests should notice: a line left out, the branches of a condition swapped, a number, a
//! status, a time or a pattern that is another one.

use std::collections::HashSet;
use std::ops::Range;

use crate::call::Call;
use crate::diagnostic::Edit;
use crate::hir::{Extension, Hir, Matches, Step};
use crate::jump::branches_of_calls;
use crate::source::{Sources, Span, Text};

/// A plan gets no more of them.
pub const MUTANTS: usize = 5_000;

/// One changed plan.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// What is changed, in the order of places; all in one file.
    pub edits: Vec<Edit>,
    /// What is changed, in words: "`20` becomes `21`".
    pub words: String,
}

impl Mutant {
    /// Where the change is seen first.
    pub fn place(&self) -> Option<Span> {
        self.edits.first().map(|e| e.span)
    }

    /// The first line that it touches, before and after, without blanks around them.
    pub fn lines(&self, sources: &Sources) -> (String, String) {
        let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        let Some(place) = self.place() else {
            return Default::default();
        };
        let file = sources.file(place.file);
        let whole = file.line_range(file.line(place.start));
        let mut after = Vec::new();
        let mut from = whole.start;
        for edit in &self.edits {
            let (start, end) = (edit.span.start as usize, edit.span.end as usize);
            if start < from || end > whole.end {
                break;
            }
            after.extend_from_slice(&file.bytes()[from..start]);
            after.extend_from_slice(&edit.text);
            from = end;
        }
        after.extend_from_slice(&file.bytes()[from..whole.end]);
        (shown(&file.bytes()[whole]), shown(&after))
    }

    /// The files with the change.
    pub fn make(&self, sources: &Sources) -> Sources {
        let mut out = sources.clone();
        let Some(place) = self.place() else {
            return out;
        };
        let file = sources.file(place.file);
        let mut text = Vec::with_capacity(file.bytes().len());
        let mut from = 0;
        for edit in &self.edits {
            text.extend_from_slice(&file.bytes()[from..edit.span.start as usize]);
            text.extend_from_slice(&edit.text);
            from = edit.span.end as usize;
        }
        text.extend_from_slice(&file.bytes()[from..]);
        out.add(file.name(), text);
        out
    }
}

/// The changes of a plan in the order of their places, and whether there are more than [`MUTANTS`].
pub fn mutants(sources: &Sources, hir: &Hir) -> (Vec<Mutant>, bool) {
    let mut out = Mutants {
        sources,
        found: Vec::new(),
        seen: HashSet::new(),
        cut: false,
    };
    for context in &hir.contexts {
        for include in &context.includes {
            out.include(include.span, include.times.is_some());
        }
        for extension in &context.extensions {
            out.name(extension);
            for step in &extension.steps {
                out.step(step);
            }
        }
    }
    let place = |m: &Mutant| m.place().map(|p| (p.file, p.start));
    out.found.sort_by_key(place);
    (out.found, out.cut)
}

/// Whether two plans are the same to all calls, wherever their lines stand.
pub fn same(one: &Hir, other: &Hir) -> bool {
    let texts = |list: &[Text]| -> Vec<Vec<u8>> { list.iter().map(|t| t.bytes().into()).collect() };
    let steps = |a: &Step, b: &Step| {
        let label = |s: &Step| s.label.as_ref().map(|l| l.bytes().to_vec());
        a.priority == b.priority
            && a.shadowed == b.shadowed
            && a.app.bytes() == b.app.bytes()
            && a.args.bytes() == b.args.bytes()
            && label(a) == label(b)
    };
    let entries = |a: &Extension, b: &Extension| {
        let caller = |e: &Extension| e.caller.as_ref().map(|c| c.text.clone());
        let hint = |e: &Extension| e.hint.as_ref().map(|h| h.devices.clone());
        a.name == b.name
            && caller(a) == caller(b)
            && hint(a) == hint(b)
            && a.steps.len() == b.steps.len()
            && a.steps.iter().zip(&b.steps).all(|(a, b)| steps(a, b))
    };
    let globals = |hir: &Hir| -> Vec<(Vec<u8>, Vec<u8>)> {
        let all = hir.globals.iter();
        all.map(|g| (g.name.clone(), g.value.clone())).collect()
    };
    let general = |hir: &Hir| {
        let g = &hir.general;
        let switch = g.overrideswitch.as_ref().map(|t| t.bytes().to_vec());
        (
            [
                g.autofallthrough,
                g.extenpatternmatchnew,
                g.clearglobalvars,
                g.priorityjumping,
            ],
            switch,
            g.userscontext.clone(),
        )
    };
    globals(one) == globals(other)
        && general(one) == general(other)
        && one.contexts.len() == other.contexts.len()
        && one.contexts.iter().zip(&other.contexts).all(|(a, b)| {
            a.name == b.name
                && a.autohints == b.autohints
                && texts(&a.ignorepats) == texts(&b.ignorepats)
                && a.includes.len() == b.includes.len()
                && a.includes
                    .iter()
                    .zip(&b.includes)
                    .all(|(a, b)| a.text == b.text)
                && a.switches.len() == b.switches.len()
                && a.switches
                    .iter()
                    .zip(&b.switches)
                    .all(|(a, b)| (&a.tech, &a.data) == (&b.tech, &b.data))
                && a.extensions.len() == b.extensions.len()
                && a.extensions
                    .iter()
                    .zip(&b.extensions)
                    .all(|(a, b)| entries(a, b))
        })
}

/// Applications that only write to the log: nobody who calls notices them.
const SILENT: [&[u8]; 4] = [b"noop", b"verbose", b"log", b"dumpchan"];

/// Words that stand for how something ended, and what each becomes.
const STATUSES: [(&[u8], &str); 14] = [
    (b"ANSWER", "BUSY"),
    (b"ANSWERED", "BUSY"),
    (b"BUSY", "NOANSWER"),
    (b"NOANSWER", "CHANUNAVAIL"),
    (b"CANCEL", "BUSY"),
    (b"CONGESTION", "BUSY"),
    (b"CHANUNAVAIL", "CONGESTION"),
    (b"SUCCESS", "FAILURE"),
    (b"FAILURE", "SUCCESS"),
    (b"FAILED", "SUCCESS"),
    (b"TIMEOUT", "FULL"),
    (b"NOT_INUSE", "INUSE"),
    (b"INUSE", "NOT_INUSE"),
    (b"UNAVAILABLE", "NOT_INUSE"),
];

/// Days and months in circles.
const CALENDAR: [&[&str]; 2] = [
    &["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ],
];

struct Mutants<'s> {
    sources: &'s Sources,
    found: Vec<Mutant>,
    /// Lines that templates copy are changed once.
    seen: HashSet<(Span, Vec<u8>)>,
    cut: bool,
}

impl Mutants<'_> {
    fn add(&mut self, edits: Vec<Edit>, words: String) {
        let Some(first) = edits.first() else {
            return;
        };
        let fits = |e: &Edit| e.span.file == first.span.file;
        if !edits.iter().all(fits) || !self.seen.insert((first.span, first.text.clone())) {
            return;
        }
        if self.found.len() == MUTANTS {
            self.cut = true;
            return;
        }
        self.found.push(Mutant { edits, words });
    }

    /// Some bytes of a text become others.
    fn change(&mut self, text: &Text, range: Range<usize>, to: &str) {
        let span = text.span_of(range.clone());
        let old = &text.bytes()[range];
        // A text that stands in its file otherwise, as behind a line that was joined, is left alone.
        if self.sources.bytes(span) != old {
            return;
        }
        let words = format!("`{}` becomes `{to}`", String::from_utf8_lossy(old));
        let text = to.as_bytes().to_vec();
        self.add(vec![Edit { span, text }], words);
    }

    fn step(&mut self, step: &Step) {
        let own = step.own();
        if SILENT.contains(&&*own.app) || own.app.is_empty() {
            return;
        }
        let file = self.sources.file(step.file);
        let line = file.line_range(step.line);
        let text = file.bytes()[line.clone()].trim_ascii_end();
        let span = Span {
            file: step.file,
            start: line.start as u32,
            end: (line.start + text.len()) as u32,
        };
        self.add(
            vec![Edit {
                span,
                text: Vec::new(),
            }],
            "a line is missing".to_owned(),
        );
        for command in step.commands() {
            self.swapped(command);
        }
        let timed = matches!(&*own.app, b"gotoiftime" | b"execiftime");
        let times = own.shape.find(step.args.bytes(), b'?', 0);
        let times = times.filter(|_| timed).unwrap_or(0);
        self.times(&step.args, 0..times);
        self.numbers(&step.args, times..step.args.len(), false);
        self.statuses(&step.args);
    }

    /// The branches of a condition.
    fn swapped(&mut self, command: &Call) {
        let conditional = matches!(
            &*command.app,
            b"gotoif" | b"gosubif" | b"gotoiftime" | b"execif" | b"execiftime" | b"macroif"
        );
        let branches = branches_of_calls(&command.args, &command.shape);
        let Some(first) = branches.first().filter(|_| conditional) else {
            return;
        };
        let second = branches.get(1).map_or(&b""[..], Text::bytes);
        if first.bytes() == second {
            return;
        }
        let question = command.shape.find(command.args.bytes(), b'?', 0);
        let Some(from) = question.map(|q| q + 1) else {
            return;
        };
        let span = command.args.span_of(from..command.args.len());
        if span.is_empty() || self.sources.bytes(span) != &command.args.bytes()[from..] {
            return;
        }
        let text = [second, b":", first.bytes()].concat();
        let words = format!("the branches of `{}` are swapped", command.name.lossy());
        self.add(vec![Edit { span, text }], words);
    }

    /// Every number becomes one that is near. In times one that is smaller, for a day has no more hours.
    fn numbers(&mut self, text: &Text, within: Range<usize>, smaller: bool) {
        let bytes = text.bytes();
        for at in within {
            let ends = !bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
            if !bytes[at].is_ascii_digit() || !ends {
                continue;
            }
            let from = bytes[..at].iter().rposition(|b| !b.is_ascii_digit());
            let from = from.map_or(0, |n| n + 1);
            let near = match (bytes[at], smaller) {
                (b'0', true) => b'1',
                (digit, true) => digit - 1,
                (b'9', false) => b'8',
                (digit, false) => digit + 1,
            };
            let mut to = bytes[from..=at].to_vec();
            if let Some(last) = to.last_mut() {
                *last = near;
            }
            self.change(text, from..at + 1, &String::from_utf8_lossy(&to));
        }
    }

    fn statuses(&mut self, text: &Text) {
        for word in words(text.bytes()) {
            let found = STATUSES
                .iter()
                .find(|(s, _)| *s == &text.bytes()[word.clone()]);
            if let Some((_, to)) = found {
                self.change(text, word, to);
            }
        }
    }

    /// Numbers, days and months of a time condition.
    fn times(&mut self, text: &Text, within: Range<usize>) {
        for word in words(&text.bytes()[within.clone()]) {
            let word = within.start + word.start..within.start + word.end;
            let name = text.bytes()[word.clone()].to_ascii_lowercase();
            let place = |circle: &&[&'static str]| {
                let at = circle.iter().position(|n| n.as_bytes() == name)?;
                Some(circle[(at + 1) % circle.len()])
            };
            if let Some(next) = CALENDAR.iter().find_map(place) {
                self.change(text, word, next);
            }
        }
        self.numbers(text, within, true);
    }

    fn include(&mut self, span: Span, timed: bool) {
        let bytes = self.sources.bytes(span);
        let text = Text::new(bytes, span);
        let comma = bytes.iter().position(|b| matches!(b, b',' | b'|'));
        if let Some(comma) = comma.filter(|_| timed) {
            self.times(&text, comma + 1..text.len());
        }
    }

    /// The name of an entry, on all its lines.
    fn name(&mut self, extension: &Extension) {
        let written = self.sources.bytes(extension.span);
        let mut lines: Vec<Span> = Vec::new();
        for step in &extension.steps {
            let span = self
                .named(step)
                .filter(|s| self.sources.bytes(*s) == written);
            lines.extend(span.filter(|s| !lines.contains(s)));
        }
        lines.sort_by_key(|s| (s.file, s.start));
        for new in names(written, matches!(extension.matches, Matches::Name(_))) {
            let edit = |span: &Span| Edit {
                span: *span,
                text: new.clone(),
            };
            let show = String::from_utf8_lossy;
            let words = format!("`{}` becomes `{}`", show(written), show(&new));
            self.add(lines.iter().map(edit).collect(), words);
        }
    }

    /// Where a line names its extension; none: it says `same`.
    fn named(&self, step: &Step) -> Option<Span> {
        let line = self.sources.bytes(step.span);
        let key = line.iter().position(|b| *b == b'=')?;
        if !line[..key].trim_ascii().eq_ignore_ascii_case(b"exten") {
            return None;
        }
        let arrow = usize::from(line.get(key + 1) == Some(&b'>'));
        let from = key + 1 + arrow;
        let end = from + line[from..].iter().position(|b| matches!(b, b',' | b'/'))?;
        let blanks = line[from..end].iter().take_while(|b| **b <= 32).count();
        let name = line[from..end].trim_ascii();
        let start = step.span.start + (from + blanks) as u32;
        Some(Span {
            file: step.span.file,
            start,
            end: start + name.len() as u32,
        })
    }
}

/// Words of letters, digits and `_`.
fn words(bytes: &[u8]) -> Vec<Range<usize>> {
    let is_word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let mut out = Vec::new();
    let mut from = 0;
    while from < bytes.len() {
        let length = bytes[from..].iter().take_while(|b| is_word(b)).count();
        if length > 0 {
            out.push(from..from + length);
        }
        from += length + 1;
    }
    out
}

/// Names near one: each digit another, the first letter of a pattern wider or narrower, one digit more, one less, another end.
fn names(name: &[u8], plain: bool) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    let with = |at: usize, byte: u8| {
        let mut new = name.to_vec();
        new[at] = byte;
        new
    };
    if name.is_empty() || plain && !name.iter().all(u8::is_ascii_digit) {
        return out;
    }
    let mut set = false;
    let mut letter = false;
    for (at, byte) in name.iter().enumerate() {
        match byte {
            b'[' => set = true,
            b']' => set = false,
            b'9' => out.push(with(at, b'8')),
            b'0'..=b'8' => out.push(with(at, byte + 1)),
            _ if set || plain || at == 0 => {}
            b'X' | b'x' | b'Z' | b'z' | b'N' | b'n' if !letter => {
                letter = true;
                let to = match byte.to_ascii_uppercase() {
                    b'X' => b'N',
                    b'Z' => b'X',
                    _ => b'X',
                };
                out.push(with(at, to));
            }
            b'.' => out.push(with(at, b'X')),
            b'!' => out.push(with(at, b'.')),
            _ => {}
        }
    }
    let open_end = matches!(name.last(), Some(b'.' | b'!'));
    if !plain && !open_end {
        out.push([name, b"X"].concat());
        if name.len() > 2 && name.last() != Some(&b']') {
            out.push(name[..name.len() - 1].to_vec());
        }
    }
    out
}
