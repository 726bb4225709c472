//! Where the steps of a plan lead: the targets that `Goto`, `Gosub` and their relatives name in their arguments (DL-238,
//! DL-244 to DL-251, DL-257).

use std::ops::Range;

use crate::hir::Step;
use crate::source::Text;

/// How a target is reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The call goes on there.
    Goto,
    /// The call goes there and comes back.
    Gosub,
}

/// A part of a target.
#[derive(Clone, Debug)]
pub enum Part {
    /// Not written, or written empty: where the call is.
    Here,
    /// This text.
    Text(Text),
    /// Holds variables.
    Computed(Text),
}

impl Part {
    fn read(text: Text) -> Part {
        if strowger_stdlib::template::has_hole(text.bytes()) {
            Part::Computed(text)
        } else {
            Part::Text(text)
        }
    }

    /// The text, if it is constant.
    pub fn constant(&self) -> Option<&Text> {
        match self {
            Part::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// One target of one step.
#[derive(Clone, Debug)]
pub struct Target {
    /// How it is reached.
    pub kind: Kind,
    /// The context.
    pub context: Part,
    /// The extension.
    pub exten: Part,
    /// The priority or label.
    pub priority: Part,
    /// All of it.
    pub whole: Text,
    /// Behind `?` (true) or behind the `:` (false) of a condition.
    pub branch: Option<bool>,
    /// What a subroutine is given: the text in parentheses.
    pub arguments: Option<Text>,
}

/// The targets that a step names, but those that are a variable as a whole: nothing is known of them.
pub fn targets(step: &Step) -> Vec<Target> {
    let mut found = all_targets(step);
    found.retain(|t| !t.is_unknown());
    found
}

/// The targets that a step names, also those of which nothing is known.
pub fn all_targets(step: &Step) -> Vec<Target> {
    let mut found = Vec::new();
    of_call(step.app.bytes(), &step.args, 0, &mut found);
    found
}

impl Target {
    /// One variable that may hold commas.
    fn is_unknown(&self) -> bool {
        matches!(
            (&self.context, &self.exten, &self.priority),
            (Part::Here, Part::Here, Part::Computed(_))
        ) && !self.whole.bytes().starts_with(b",")
    }
}

/// Applications that run another may stand in each other this deep.
const NESTING: usize = 4;

/// The targets that one application names.
pub(crate) fn targets_of(app: &[u8], args: &Text) -> Vec<Target> {
    let mut found = Vec::new();
    of_call(app, args, 0, &mut found);
    found
}

fn of_call(app: &[u8], args: &Text, depth: usize, found: &mut Vec<Target>) {
    let shape = Shape::read(args.bytes());
    let branches = |found: &mut Vec<Target>, kind| {
        for (branch, which) in branches(args, &shape).into_iter().zip([true, false]) {
            found.extend(target(kind, branch).map(|t| Target {
                branch: Some(which),
                ..t
            }));
        }
    };
    match app.to_ascii_lowercase().as_slice() {
        b"goto" => found.extend(target(Kind::Goto, args.clone())),
        b"gosub" => found.extend(target(Kind::Gosub, args.clone())),
        b"gotoif" | b"gotoiftime" => branches(found, Kind::Goto),
        b"gosubif" => branches(found, Kind::Gosub),
        b"execif" | b"execiftime" if depth < NESTING => {
            let calls = branches_of_calls(args, &shape);
            for (branch, which) in calls.into_iter().zip([true, false]) {
                let before = found.len();
                nested(&branch, depth, found);
                for target in &mut found[before..] {
                    target.branch.get_or_insert(which);
                }
            }
        }
        b"exec" | b"tryexec" if depth < NESTING => nested(args, depth, found),
        _ => {}
    }
}

fn nested(call: &Text, depth: usize, found: &mut Vec<Target>) {
    let (app, args, _) = crate::conf::exten::application(call);
    if !strowger_stdlib::template::has_hole(app.bytes()) {
        of_call(app.trimmed().bytes(), &args, depth + 1, found);
    }
}

/// `[[context,]extension,]priority[(arguments)]`.
fn target(kind: Kind, text: Text) -> Option<Target> {
    let (whole, arguments) = match kind {
        Kind::Goto => (text, None),
        Kind::Gosub => {
            let shape = Shape::read(text.bytes());
            let open = shape.find(text.bytes(), b'(', 0);
            let close = text.bytes().iter().rposition(|b| *b == b')');
            let arguments = open
                .zip(close)
                .filter(|(open, close)| open < close)
                .map(|(open, close)| text.slice(open + 1..close));
            (text.slice(0..open.unwrap_or(text.len())), arguments)
        }
    };
    if whole.is_empty() {
        return None;
    }
    let shape = Shape::read(whole.bytes());
    let first = shape.find(whole.bytes(), b',', 0);
    let second = first.and_then(|f| shape.find(whole.bytes(), b',', f + 1));
    let part = |range: Range<usize>| {
        if range.is_empty() {
            Part::Here
        } else {
            Part::read(whole.slice(range))
        }
    };
    let all = whole.len();
    let (context, exten, priority) = match (first, second) {
        (None, _) => (Part::Here, Part::Here, part(0..all)),
        // A variable may hold commas, so fewer parts are seen than there will be.
        (Some(f), None) if shape.holes.iter().any(|h| h.start < f) => (
            Part::Computed(whole.slice(0..f)),
            Part::Computed(whole.slice(0..f)),
            part(f + 1..all),
        ),
        (Some(f), None) => (Part::Here, part(0..f), part(f + 1..all)),
        (Some(f), Some(s)) => (part(0..f), part(f + 1..s), part(s + 1..all)),
    };
    Some(Target {
        kind,
        context,
        exten,
        priority,
        whole,
        branch: None,
        arguments,
    })
}

/// What stands behind `?`, cut at the first `:`, nothing protected (DL-238).
fn branches(args: &Text, shape: &Shape) -> Vec<Text> {
    let bytes = args.bytes();
    let Some(question) = shape.find(bytes, b'?', 0) else {
        return Vec::new();
    };
    let colon = shape.find(bytes, b':', question + 1);
    let mut out = vec![args.slice(question + 1..colon.unwrap_or(bytes.len()))];
    out.extend(colon.map(|c| args.slice(c + 1..bytes.len())));
    out
}

/// What stands behind `?`, cut at the first `:` outside parentheses (DL-237).
pub(crate) fn branches_of_calls(args: &Text, shape: &Shape) -> Vec<Text> {
    let bytes = args.bytes();
    let Some(question) = shape.find(bytes, b'?', 0) else {
        return Vec::new();
    };
    let mut depth = 0usize;
    let mut colon = None;
    for (i, byte) in bytes.iter().enumerate().skip(question + 1) {
        if shape.holes.iter().any(|h| h.contains(&i)) {
            continue;
        }
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b':' if depth == 0 => {
                colon = Some(i);
                break;
            }
            _ => {}
        }
    }
    let mut out = vec![args.slice(question + 1..colon.unwrap_or(bytes.len()))];
    out.extend(colon.map(|c| args.slice(c + 1..bytes.len())));
    out
}

/// Which bytes of a text are holes.
pub(crate) struct Shape {
    pub(crate) holes: Vec<Range<usize>>,
}

impl Shape {
    /// Reads as [`Template::read`](strowger_stdlib::template::Template::read) does, the outermost level only.
    pub(crate) fn read(text: &[u8]) -> Shape {
        let mut holes = Vec::new();
        let mut at = 0;
        while at + 1 < text.len() {
            let (open, close) = match text[at..at + 2] {
                [b'$', b'{'] => (b'{', b'}'),
                [b'$', b'['] => (b'[', b']'),
                _ => {
                    at += 1;
                    continue;
                }
            };
            let mut depth = 0usize;
            let end = text[at + 1..].iter().position(|byte| {
                if *byte == open {
                    depth += 1;
                } else if *byte == close {
                    depth -= 1;
                }
                depth == 0
            });
            let end = end.map_or(text.len(), |n| at + n + 2);
            holes.push(at..end);
            at = end;
        }
        Shape { holes }
    }

    /// The first `byte` from `from` on that stands outside holes.
    pub(crate) fn find(&self, text: &[u8], byte: u8, from: usize) -> Option<usize> {
        let mut at = from;
        let mut holes = self.holes.iter().peekable();
        while at < text.len() {
            while holes.next_if(|h| h.end <= at).is_some() {}
            if let Some(hole) = holes.peek()
                && hole.contains(&at)
            {
                at = hole.end;
                continue;
            }
            if text[at] == byte {
                return Some(at);
            }
            at += 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use strowger_stdlib::template::{Piece, Template};

    use super::*;

    #[test]
    fn holes_are_where_the_reader_of_templates_sees_them() {
        for text in [
            "",
            "$",
            "${a}b$[1+${c}]",
            "x${a{b}c}",
            "${open",
            "$[${a]}",
            "$${a}",
            "${a}}${b}",
        ] {
            let pieces = Template::read(text.as_bytes()).pieces;
            let spans: Vec<Range<usize>> = pieces
                .iter()
                .filter_map(|p| match p {
                    Piece::Hole(hole) => Some(hole.span.clone()),
                    Piece::Text(_) => None,
                })
                .collect();
            assert_eq!(Shape::read(text.as_bytes()).holes, spans, "{text}");
        }
    }
}
