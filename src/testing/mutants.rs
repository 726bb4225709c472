//! Small mistakes, made on purpose in the text of a plan: what tests should notice.

use std::collections::HashSet;
use std::ops::Range;

use strowger_compiler::hir::{Hir, Matches, Step};
use strowger_compiler::{FileId, Sources, Span};

/// Most mistakes of one plan.
pub(crate) const MUTANTS: usize = 2_000;
/// Most of one kind in one step.
const OF_A_STEP: usize = 8;

/// One mistake.
#[derive(Clone, Debug)]
pub(crate) struct Mutant {
    pub(crate) kind: Kind,
    pub(crate) file: FileId,
    pub(crate) line: u32,
    /// What goes away, as bytes of the file.
    pub(crate) range: Range<usize>,
    /// What stands there instead.
    pub(crate) text: Vec<u8>,
}

/// What kind of mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Line,
    Branches,
    Number,
    Status,
    Pattern,
}

impl Kind {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Kind::Line => "a line less",
            Kind::Branches => "branches swapped",
            Kind::Number => "another number",
            Kind::Status => "another status",
            Kind::Pattern => "another pattern",
        }
    }
}

impl Mutant {
    /// The files with the mistake in them.
    pub(crate) fn made(&self, sources: &Sources) -> Sources {
        let file = sources.file(self.file);
        let (name, mut bytes) = (file.name().to_owned(), file.bytes().to_vec());
        bytes.splice(self.range.clone(), self.text.iter().copied());
        let mut sources = sources.clone();
        sources.add(&name, bytes);
        sources
    }

    /// The line before and after.
    pub(crate) fn lines(&self, sources: &Sources) -> (String, String) {
        let file = sources.file(self.file);
        let whole = file.line_range(self.line);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        let before = &file.bytes()[whole.clone()];
        let mut after = before.to_vec();
        let from = self
            .range
            .start
            .saturating_sub(whole.start)
            .min(after.len());
        let to = self.range.end.saturating_sub(whole.start).min(after.len());
        after.splice(from..to.max(from), self.text.iter().copied());
        (text(before), text(&after))
    }
}

/// The mistakes of a plan, in the order of its lines, and how many were left out.
pub(crate) fn mutants(hir: &Hir, sources: &Sources) -> (Vec<Mutant>, usize) {
    let mut all = Vec::new();
    let mut seen = HashSet::new();
    for extension in hir.contexts.iter().flat_map(|c| &c.extensions) {
        for step in &extension.steps {
            // A file that several contexts include has its steps in each.
            if seen.insert((step.file, step.line)) {
                of_step(step, sources, &mut all);
            }
        }
        if seen.insert((extension.span.file, u32::MAX - extension.span.start))
            && matches!(extension.matches, Matches::Pattern(_))
        {
            of_pattern(extension.span, sources, &mut all);
        }
    }
    all.sort_by_key(|m| (m.file, m.range.start, m.kind));
    let left = all.len().saturating_sub(MUTANTS);
    all.truncate(MUTANTS);
    (all, left)
}

fn of_step(step: &Step, sources: &Sources, out: &mut Vec<Mutant>) {
    let file = sources.file(step.file);
    let whole = file.line_range(step.line);
    let line = &file.bytes()[whole.clone()];
    let end = line.iter().rposition(|b| !b.is_ascii_whitespace());
    let Some(end) = end.map(|at| at + 1) else {
        return;
    };
    let mut add = |kind, range: Range<usize>, text: Vec<u8>| {
        out.push(Mutant {
            kind,
            file: step.file,
            line: step.line,
            range,
            text,
        });
    };
    add(Kind::Line, whole.start..whole.start + end, Vec::new());
    let args = step.args.span();
    let range = args.start as usize..args.end as usize;
    let text = step.args.bytes();
    // Only what stands in the file as it is read: not what several pieces make up.
    if args.file != step.file || file.bytes().get(range.clone()) != Some(text) {
        return;
    }
    let at = range.start;
    let app = step.app.trimmed().bytes().to_ascii_lowercase();
    if matches!(
        app.as_slice(),
        b"gotoif" | b"gotoiftime" | b"gosubif" | b"execif" | b"execiftime"
    ) && let Some((from, swapped)) = swapped(text)
    {
        add(Kind::Branches, at + from..range.end, swapped);
    }
    for number in numbers(text).into_iter().take(OF_A_STEP) {
        let other = next(&text[number.clone()]);
        add(Kind::Number, at + number.start..at + number.end, other);
    }
    for (status, other) in statuses(text).into_iter().take(OF_A_STEP) {
        add(Kind::Status, at + status.start..at + status.end, other);
    }
}

/// `?a:b` as `?b:a`, from the question mark on.
fn swapped(args: &[u8]) -> Option<(usize, Vec<u8>)> {
    let mark = outside(args, 0).find(|at| args[*at] == b'?')?;
    let colon = outside(args, mark + 1).find(|at| args[*at] == b':');
    let (yes, no) = match colon {
        Some(colon) => (&args[mark + 1..colon], &args[colon + 1..]),
        None => (&args[mark + 1..], &b""[..]),
    };
    let mut text = vec![b'?'];
    text.extend_from_slice(no);
    if !yes.is_empty() {
        text.push(b':');
        text.extend_from_slice(yes);
    }
    Some((mark, text))
}

/// Places that stand in no brackets.
fn outside(text: &[u8], from: usize) -> impl Iterator<Item = usize> {
    let mut depth = 0_usize;
    (from..text.len()).filter(move |at| match text[*at] {
        b'(' | b'[' | b'{' => {
            depth += 1;
            false
        }
        b')' | b']' | b'}' => {
            depth = depth.saturating_sub(1);
            false
        }
        _ => depth == 0,
    })
}

/// Numbers that are no part of a word.
fn numbers(text: &[u8]) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if !text[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let end = text[at..]
            .iter()
            .position(|b| !b.is_ascii_digit())
            .map_or(text.len(), |n| at + n);
        let word = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_');
        let before = at.checked_sub(1).and_then(|at| text.get(at));
        if !word(before) && !word(text.get(end)) {
            all.push(at..end);
        }
        at = end;
    }
    all
}

/// The next number with as many digits.
fn next(number: &[u8]) -> Vec<u8> {
    let mut other = number.to_vec();
    if let Some(last) = other.last_mut() {
        *last = if *last == b'9' { b'8' } else { *last + 1 };
    }
    other
}

/// Words of `DIALSTATUS`, each with another one.
fn statuses(text: &[u8]) -> Vec<(Range<usize>, Vec<u8>)> {
    const WORDS: [&[u8]; 6] = [
        b"BUSY",
        b"NOANSWER",
        b"CONGESTION",
        b"CHANUNAVAIL",
        b"ANSWER",
        b"CANCEL",
    ];
    let mut all = Vec::new();
    for (n, word) in WORDS.iter().enumerate() {
        for at in 0..text.len() {
            let end = at + word.len();
            let letter = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
            let before = at.checked_sub(1).and_then(|at| text.get(at));
            if text[at..].starts_with(word) && !letter(before) && !letter(text.get(end)) {
                all.push((at..end, WORDS[(n + 1) % WORDS.len()].to_vec()));
            }
        }
    }
    all
}

/// Each sign of a pattern with the next one of its kind.
fn of_pattern(span: Span, sources: &Sources, out: &mut Vec<Mutant>) {
    let name = sources.bytes(span);
    let line = sources.file(span.file).line(span.start);
    let mut in_class = false;
    let mut count = 0;
    for (at, sign) in name.iter().enumerate() {
        let other = match sign {
            b'[' => {
                in_class = true;
                continue;
            }
            b']' => {
                in_class = false;
                continue;
            }
            b'0'..=b'8' => sign + 1,
            b'9' => b'8',
            b'X' | b'x' if !in_class => b'Z',
            b'Z' | b'z' if !in_class => b'N',
            b'N' | b'n' if !in_class => b'X',
            _ => continue,
        };
        if at == 0 || name[0] != b'_' || count == OF_A_STEP {
            continue;
        }
        count += 1;
        let from = span.start as usize + at;
        out.push(Mutant {
            kind: Kind::Pattern,
            file: span.file,
            line,
            range: from..from + 1,
            text: vec![other],
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(line: &str) -> Vec<String> {
        let sources = Sources::plan(format!("[a]\n{line}\n"));
        let compiled = strowger_compiler::compile(&sources, &Default::default());
        let (all, left) = mutants(&compiled.hir, &sources);
        assert_eq!(left, 0);
        all.iter().map(|m| m.lines(&sources).1).collect()
    }

    #[test]
    fn each_kind_of_mistake() {
        assert_eq!(
            made("exten => _1X,1,GotoIf($[\"${DIALSTATUS}\" = \"BUSY\"]?2:9)"),
            [
                "",
                "exten => _2X,1,GotoIf($[\"${DIALSTATUS}\" = \"BUSY\"]?2:9)",
                "exten => _1Z,1,GotoIf($[\"${DIALSTATUS}\" = \"BUSY\"]?2:9)",
                "exten => _1X,1,GotoIf($[\"${DIALSTATUS}\" = \"NOANSWER\"]?2:9)",
                "exten => _1X,1,GotoIf($[\"${DIALSTATUS}\" = \"BUSY\"]?9:2)",
                "exten => _1X,1,GotoIf($[\"${DIALSTATUS}\" = \"BUSY\"]?3:9)",
                "exten => _1X,1,GotoIf($[\"${DIALSTATUS}\" = \"BUSY\"]?2:8)",
            ]
        );
        assert_eq!(
            made("exten => 7,1,ExecIf(${x}?Set(a=b))"),
            ["", "exten => 7,1,ExecIf(${x}?:Set(a=b))"]
        );
        // What is a part of a word is left alone.
        assert_eq!(made("exten => 7,1,Playback(vm-x1y)"), [""]);
    }
}
