//! The applications that a step runs: its own, and those that stand in ExecIf, Exec and TryExec.

use std::ops::Range;

use strowger_stdlib::template::has_hole;

use crate::conf::exten;
use crate::hir::Step;
use crate::jump::{Shape, branches_of_calls};
use crate::source::Text;

/// Applications that run another may stand in each other this deep.
const NESTING: usize = 4;

/// One application with its arguments.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    /// Its name in lower case.
    pub(crate) app: Vec<u8>,
    /// Its name as written.
    pub(crate) name: Text,
    /// Its arguments.
    pub(crate) args: Text,
    /// The condition under which it runs, and whether it must hold.
    pub(crate) when: Option<(Text, bool)>,
}

/// What a step runs. The application that runs another comes first.
pub(crate) fn commands(step: &Step) -> Vec<Command> {
    let mut found = Vec::with_capacity(1);
    add(&step.app, &step.args, None, 0, &mut found);
    found
}

fn add(
    name: &Text,
    args: &Text,
    when: Option<(Text, bool)>,
    depth: usize,
    found: &mut Vec<Command>,
) {
    let app = name.bytes().to_ascii_lowercase();
    let inner: Vec<(Text, Option<(Text, bool)>)> = match app.as_slice() {
        b"execif" | b"execiftime" if depth < NESTING => {
            let shape = Shape::read(args.bytes());
            let condition = shape.find(args.bytes(), b'?', 0).unwrap_or(0);
            let condition = args.slice(0..condition);
            let calls = branches_of_calls(args, &shape).into_iter();
            calls
                .zip([true, false])
                .map(|(call, holds)| (call, Some((condition.clone(), holds))))
                .collect()
        }
        b"exec" | b"tryexec" if depth < NESTING => vec![(args.clone(), when.clone())],
        _ => Vec::new(),
    };
    found.push(Command {
        app,
        name: name.clone(),
        args: args.clone(),
        when,
    });
    for (call, when) in inner {
        let (name, args, _) = exten::application(&call);
        let name = name.into_trimmed();
        if !name.is_empty() && !has_hole(name.bytes()) {
            add(&name, &args, when, depth + 1, found);
        }
    }
}

/// The parts of an argument text between commas that stand outside holes.
pub(crate) fn fields(text: &Text) -> Vec<Text> {
    split(text, b',')
}

/// The parts of a text between separators that stand outside holes.
pub(crate) fn split(text: &Text, separator: u8) -> Vec<Text> {
    let bytes = text.bytes();
    let mut out = Vec::new();
    let (mut from, mut at) = (0, 0);
    // Each hole is passed once: a line may have thousands.
    for hole in Shape::read(bytes).holes.into_iter().map(Some).chain([None]) {
        let end = hole.as_ref().map_or(bytes.len(), |h| h.start);
        while let Some(found) = bytes[at..end].iter().position(|b| *b == separator) {
            out.push(text.slice(from..at + found));
            at += found + 1;
            from = at;
        }
        at = hole.map_or(end, |h| h.end);
    }
    out.push(text.slice(from..bytes.len()));
    out
}

/// The argument of an option letter: `M(name^arg)` of `tTM(name^arg)`.
pub(crate) fn option(options: &Text, letter: u8) -> Option<Text> {
    letters(options)
        .into_iter()
        .find(|(found, _)| *found == letter)
        .and_then(|(_, range)| range)
        .map(|range| options.slice(range))
}

/// Whether an option letter is given.
pub(crate) fn has_option(options: &Text, letter: u8) -> bool {
    letters(options).iter().any(|(found, _)| *found == letter)
}

/// The letters of an option text, and where their arguments stand (DL-239, DL-240).
fn letters(options: &Text) -> Vec<(u8, Option<Range<usize>>)> {
    let bytes = options.bytes();
    let mut holes = Shape::read(bytes).holes.into_iter().peekable();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        while holes.next_if(|h| h.end <= at).is_some() {}
        if let Some(hole) = holes.peek()
            && hole.contains(&at)
        {
            at = hole.end;
            continue;
        }
        let letter = bytes[at];
        at += 1;
        if bytes.get(at) != Some(&b'(') {
            out.push((letter, None));
            continue;
        }
        let mut depth = 0usize;
        let close = bytes[at..].iter().position(|b| {
            match b {
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        let end = close.map_or(bytes.len(), |n| at + n);
        out.push((letter, Some(at + 1..end)));
        at = end + 1;
    }
    out
}
