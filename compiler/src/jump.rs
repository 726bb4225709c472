//! Where the steps of a plan lead: the targets that `Goto`, `Gosub` and their relatives name in their arguments (DL-238,
//! DL-244 to DL-251, DL-257).

use std::ops::Range;

use crate::call::Call;
use crate::hir::Step;
use crate::source::{Span, Text};

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
pub fn targets(step: &Step) -> impl Iterator<Item = &Target> {
    step.targets().iter().filter(|t| !t.is_unknown())
}

impl Target {
    /// One variable that may hold commas.
    pub(crate) fn is_unknown(&self) -> bool {
        matches!(
            (&self.context, &self.exten, &self.priority),
            (Part::Here, Part::Here, Part::Computed(_))
        ) && !self.whole.bytes().starts_with(b",")
    }
}

/// Adds the targets that one application names.
pub(crate) fn of_call(call: &Call, found: &mut Vec<Target>) {
    let (args, shape) = (&call.args, &call.shape);
    let mut branches = |kind| {
        for (branch, which) in branches(args, shape).into_iter().zip([true, false]) {
            found.extend(target(kind, branch).map(|t| Target {
                branch: Some(which),
                ..t
            }));
        }
    };
    let kind = match &*call.app {
        b"gotoif" | b"gotoiftime" => return branches(Kind::Goto),
        b"gosubif" => return branches(Kind::Gosub),
        b"goto" => Kind::Goto,
        b"gosub" => Kind::Gosub,
        _ => return,
    };
    let branch = call.when().map(|when| when.1);
    found.extend(target(kind, args.clone()).map(|t| Target { branch, ..t }));
}

/// `[[context,]extension,]priority[(arguments)]`.
fn target(kind: Kind, text: Text) -> Option<Target> {
    let (whole, arguments) = match kind {
        Kind::Goto => (text, None),
        Kind::Gosub => {
            let shape = Shape::read(text.bytes());
            let open = shape.find(text.bytes(), b'(', 0);
            let close = text.bytes().iter().rposition(|b| *b == b')');
            // Without the parenthesis at the end all of the rest is taken.
            let arguments = open.map(|open| {
                let close = close.filter(|close| open < *close);
                text.slice(open + 1..close.unwrap_or(text.len()))
            });
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

/// The routine that a hangup handler names: as for `Gosub`.
pub(crate) fn handler(text: Text) -> Option<Target> {
    target(Kind::Gosub, text)
}

/// The target that a text is which stands at `place`, or takes the place of what stands there.
pub(crate) fn written(kind: Kind, text: &[u8], place: Span) -> Option<Target> {
    let mut target = target(kind, Text::new(text, place))?;
    for part in [&mut target.context, &mut target.exten, &mut target.priority] {
        if let Part::Text(text) | Part::Computed(text) = part {
            *text = Text::new(text.bytes(), place);
        }
    }
    target.whole = Text::new(target.whole.bytes(), place);
    Some(target)
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
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) holes: Vec<Range<usize>>,
}

impl Shape {
    /// Reads as [`Template::read`](strowger_stdlib::template::Template::read) does, the outermost level only.
    pub(crate) fn read(text: &[u8]) -> Shape {
        let mut holes = Vec::new();
        let mut at = 0;
        if !text.contains(&b'$') {
            return Shape { holes };
        }
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

    /// The places of a text of this length that stand outside holes.
    pub(crate) fn outside(&self, length: usize) -> impl Iterator<Item = usize> + '_ {
        let mut from = 0;
        let ends = self
            .holes
            .iter()
            .cloned()
            .chain(std::iter::once(length..length));
        ends.flat_map(move |hole| std::mem::replace(&mut from, hole.end)..hole.start.min(length))
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
