//! The applications that one step may run, those inside `ExecIf`, `Exec` and `TryExec` included, and their arguments in parts.

use strowger_stdlib::args::{self, OptionString};

use crate::hir::Step;
use crate::jump::{self, Shape};
use crate::source::Text;

/// Applications that run another may stand in each other this deep.
const NESTING: usize = 4;

/// One application that a step may run.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Its name in small letters, without blanks around it. Computed names stand as written.
    pub(crate) app: String,
    /// Its arguments.
    pub(crate) args: Text,
    /// A condition decides whether it runs.
    pub(crate) sometimes: bool,
}

/// What a step may run: itself, or what it runs in its place.
pub(crate) fn calls(step: &Step) -> Vec<Call> {
    let mut out = Vec::new();
    read(&step.app, &step.args, false, 0, &mut out);
    out
}

fn read(app: &Text, args: &Text, sometimes: bool, depth: usize, out: &mut Vec<Call>) {
    let name = app.trimmed().lossy().to_ascii_lowercase();
    if depth < NESTING {
        match name.as_str() {
            "execif" | "execiftime" => {
                for branch in jump::branches_of_calls(args, &Shape::read(args.bytes())) {
                    let (app, args, _) = crate::conf::exten::application(&branch);
                    read(&app, &args, true, depth + 1, out);
                }
                return;
            }
            "exec" | "tryexec" => {
                let (app, args, _) = crate::conf::exten::application(args);
                return read(&app, &args, sometimes, depth + 1, out);
            }
            _ => {}
        }
    }
    out.push(Call {
        app: name,
        args: args.clone(),
        sometimes,
    });
}

/// Arguments at their commas: outside of holes and parentheses.
pub(crate) fn parts(args: &Text) -> Vec<Text> {
    let bytes = args.bytes();
    let shape = Shape::read(bytes);
    let mut holes = shape.holes.iter().peekable();
    let mut out = Vec::new();
    let (mut at, mut from, mut depth) = (0, 0, 0usize);
    while at < bytes.len() {
        while holes.next_if(|h| h.end <= at).is_some() {}
        if let Some(hole) = holes.peek()
            && hole.contains(&at)
        {
            at = hole.end;
            continue;
        }
        match bytes[at] {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                out.push(args.slice(from..at));
                from = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    out.push(args.slice(from.min(bytes.len())..bytes.len()));
    out
}

/// The options of a call, and whether all of them are seen: a variable may hold more.
pub(crate) struct Options {
    written: OptionString,
    pub(crate) all: bool,
}

impl Options {
    /// The part of this number.
    pub(crate) fn read(parts: &[Text], slot: usize) -> Options {
        let text = parts.get(slot).map_or(&b""[..], |t| t.bytes());
        // A hole between parentheses is an argument of a letter and hides no letter.
        let mut depth = 0usize;
        let shape = Shape::read(text);
        let mut outside = text.iter().enumerate().filter(|(i, b)| {
            match b {
                b'(' if !shape.holes.iter().any(|h| h.contains(i)) => depth += 1,
                b')' if !shape.holes.iter().any(|h| h.contains(i)) => {
                    depth = depth.saturating_sub(1);
                }
                _ => {}
            }
            depth == 0 && shape.holes.iter().any(|h| h.start == *i)
        });
        let all = outside.next().is_none();
        Options {
            written: args::options(text),
            all,
        }
    }

    /// Whether a letter is there for certain.
    pub(crate) fn has(&self, letter: u8) -> bool {
        self.written.has(letter)
    }

    /// Whether a letter may be there.
    pub(crate) fn may_have(&self, letter: u8) -> bool {
        !self.all || self.written.has(letter)
    }

    /// What stands behind a letter.
    pub(crate) fn argument(&self, letter: u8) -> Option<&[u8]> {
        self.written.argument(letter)
    }
}
