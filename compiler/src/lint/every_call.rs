//! The calls of applications in a plan, also those that `Exec` and `ExecIf` make, and what is known of their arguments before any call.

use strowger_stdlib::table::{QuickMap, QuickSet};

use strowger_stdlib::Dialect;
use strowger_stdlib::template::{HoleKind, Piece, Template, has_hole};

use crate::call::Call;
use crate::fields;
use crate::hir::{Context, Extension, Hir, Matches, Step};
use crate::jump::Shape;
use crate::source::Text;

/// One call of an application, and where it stands.
pub(crate) struct Made<'a> {
    pub(crate) context: &'a Context,
    pub(crate) extension: &'a Extension,
    pub(crate) step: &'a Step,
    call: &'a Call,
}

impl Made<'_> {
    /// The arguments, without blanks around them.
    pub(crate) fn arguments(&self) -> Vec<Text> {
        self.call.arguments().iter().map(Text::trimmed).collect()
    }
}

impl std::ops::Deref for Made<'_> {
    type Target = Call;

    fn deref(&self) -> &Call {
        self.call
    }
}

/// Every call of a plan, in its order.
pub(crate) fn each<'a>(hir: &'a Hir, look: &mut dyn FnMut(&Made<'a>)) {
    for context in &hir.contexts {
        for extension in &context.extensions {
            for step in &extension.steps {
                for call in step.commands() {
                    look(&Made {
                        context,
                        extension,
                        step,
                        call,
                    });
                }
            }
        }
    }
}

/// Arguments between commas outside of variables, quotes and brackets, without blanks around them.
pub(crate) fn split(args: &Text) -> Vec<Text> {
    let parts = fields::arguments(args).into_iter();
    parts.map(|part| part.trimmed()).collect()
}

/// The parts of a list, without blanks around them.
pub(crate) fn parts(list: &Text, separator: u8) -> Vec<Text> {
    let shape = Shape::read(list.bytes());
    let mut out = Vec::new();
    let mut from = 0;
    while from <= list.len() {
        let end = shape
            .find(list.bytes(), separator, from)
            .unwrap_or(list.len());
        let part = list.slice(from..end).trimmed();
        from = end + 1;
        if !part.is_empty() {
            out.push(part);
        }
    }
    out
}

/// A function that a text reads: `NAME(arguments)` inside of `${}`.
pub(crate) struct Read {
    pub(crate) name: Text,
    pub(crate) args: Text,
}

/// The functions that a text reads whose names and arguments stand in it as they are.
pub(crate) fn reads(text: &Text) -> Vec<Read> {
    if !has_hole(text.bytes()) || !text.bytes().contains(&b'(') {
        return Vec::new();
    }
    let mut out = Vec::new();
    for hole in Template::read(text.bytes()).holes() {
        let Some(Piece::Text(head)) = hole.body.pieces.first() else {
            continue;
        };
        if hole.kind != HoleKind::Variable || !hole.closed || hole.too_deep {
            continue;
        }
        let Some(open) = head.iter().position(|b| *b == b'(') else {
            continue;
        };
        let (start, end) = (hole.span.start + 2, hole.span.end - 1);
        let body = text.slice(start..end);
        let close = body.bytes().iter().rposition(|b| *b == b')');
        out.push(Read {
            name: text.slice(start..start + open),
            args: body.slice((open + 1).min(body.len())..close.unwrap_or(body.len()).max(open + 1)),
        });
    }
    out
}

/// What is known of texts with variables before any call.
pub(crate) struct Known<'a> {
    /// Globals that no line of the plan sets.
    globals: QuickMap<&'a [u8], &'a [u8]>,
}

impl<'a> Known<'a> {
    pub(crate) fn gather(hir: &'a Hir, dialect: &Dialect) -> Known<'a> {
        if hir.globals.is_empty() {
            return Known {
                globals: QuickMap::default(),
            };
        }
        let mut set: QuickSet<Vec<u8>> = QuickSet::default();
        each(hir, &mut |call| {
            let first = |set: &mut QuickSet<Vec<u8>>| {
                set.extend(call.arguments().first().map(|n| n.bytes().to_vec()));
            };
            match &*call.app {
                b"read" => first(&mut set),
                b"set" | b"mset" => {
                    for (name, _) in call.assigned(dialect) {
                        let name = name.bytes();
                        let name = name
                            .strip_prefix(b"GLOBAL(")
                            .map_or(name, |rest| rest.strip_suffix(b")").unwrap_or(rest));
                        let bare = name.iter().position(|b| *b != b'_').unwrap_or(0);
                        set.insert(name[bare..].to_vec());
                    }
                }
                _ => {}
            }
        });
        let globals = hir.globals.iter();
        Known {
            globals: globals
                .filter(|g| !set.contains(&g.name))
                .map(|g| (g.name.as_slice(), g.value.as_slice()))
                .collect(),
        }
    }

    /// The value that a text has in every call that comes to this step; None if it depends on the call.
    pub(crate) fn value(&self, text: &Text, extension: &Extension) -> Option<Vec<u8>> {
        if !has_hole(text.bytes()) {
            return Some(text.bytes().to_vec());
        }
        let mut out = Vec::new();
        for piece in Template::read(text.bytes()).pieces {
            match piece {
                Piece::Text(text) => out.extend(text),
                Piece::Hole(hole) if hole.kind == HoleKind::Variable => {
                    match hole.body.as_plain()? {
                        b"EXTEN" => out.extend(dialled(extension)?),
                        name => out.extend(*self.globals.get(name)?),
                    }
                }
                Piece::Hole(_) => return None,
            }
        }
        Some(out)
    }
}

/// What `${EXTEN}` is in an extension that is a plain number.
fn dialled(extension: &Extension) -> Option<&[u8]> {
    match &extension.matches {
        Matches::Name(name) if name.len() > 1 && name.iter().all(u8::is_ascii_digit) => Some(name),
        _ => None,
    }
}
