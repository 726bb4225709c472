//! The applications that a step runs: its own, and those that `ExecIf`, `Exec` and their like run for it.

use strowger_stdlib::template::has_hole;

use crate::hir::Step;
use crate::jump::{Shape, branches_of_calls};
use crate::source::Text;

/// Applications that run another may stand in each other this deep.
const NESTING: usize = 4;

/// One application with its arguments.
pub(crate) struct Called {
    /// Its name in small letters.
    pub(crate) app: Vec<u8>,
    /// Its arguments as written.
    pub(crate) args: Text,
    /// It may be left out: it stands behind a condition.
    pub(crate) maybe: bool,
}

/// What a step runs. Applications whose names are computed are left out.
pub(crate) fn of(step: &Step) -> Vec<Called> {
    let mut found = Vec::new();
    let app = step.app.trimmed().bytes().to_ascii_lowercase();
    add(app, step.args.clone(), false, 0, &mut found);
    found
}

fn add(app: Vec<u8>, args: Text, maybe: bool, depth: usize, found: &mut Vec<Called>) {
    let inner = match app.as_slice() {
        b"execif" | b"execiftime" => branches_of_calls(&args, &Shape::read(args.bytes())),
        b"exec" | b"tryexec" => vec![args.clone()],
        _ => Vec::new(),
    };
    let conditional = maybe || app.starts_with(b"execif");
    found.push(Called { app, args, maybe });
    if depth >= NESTING {
        return;
    }
    for call in inner {
        let (app, args, _) = crate::conf::exten::application(&call);
        let name = app.trimmed();
        if !name.is_empty() && !has_hole(name.bytes()) {
            add(
                name.bytes().to_ascii_lowercase(),
                args,
                conditional,
                depth + 1,
                found,
            );
        }
    }
}

/// A subroutine or macro with what it is given.
pub(crate) struct Subroutine {
    /// Its context; `None`: computed.
    pub(crate) context: Option<Vec<u8>>,
    /// What it is given.
    pub(crate) args: Vec<Text>,
}

/// The subroutines and macros that an application calls; `here` is the context of the step.
pub(crate) fn subroutines(called: &Called, here: &[u8]) -> Vec<Subroutine> {
    let args = &called.args;
    match called.app.as_slice() {
        b"gosub" => gosub(args, here).into_iter().collect(),
        b"gosubif" => {
            let branches = branches_of_calls(args, &Shape::read(args.bytes()));
            branches.iter().filter_map(|b| gosub(b, here)).collect()
        }
        b"macro" | b"macroexclusive" => {
            let mut parts = super::arguments::split(args);
            let name = parts.remove(0);
            let known = !has_hole(name.bytes());
            vec![Subroutine {
                context: known.then(|| [b"macro-", name.bytes()].concat()),
                args: parts,
            }]
        }
        _ => Vec::new(),
    }
}

/// `[[context,]extension,]priority[(arguments)]`.
fn gosub(text: &Text, here: &[u8]) -> Option<Subroutine> {
    if text.is_empty() {
        return None;
    }
    let shape = Shape::read(text.bytes());
    let open = shape.find(text.bytes(), b'(', 0);
    let target = text.slice(0..open.unwrap_or(text.len()));
    let args = match open {
        Some(open) => {
            let rest = text.slice(open + 1..text.len());
            let end = rest.bytes().iter().rposition(|b| *b == b')');
            let inner = rest.slice(0..end.unwrap_or(rest.len()));
            if inner.is_empty() {
                Vec::new()
            } else {
                super::arguments::split(&inner)
            }
        }
        None => Vec::new(),
    };
    let holes = has_hole(target.bytes());
    let parts: Vec<&[u8]> = target.bytes().split(|b| *b == b',').collect();
    let context = match parts.as_slice() {
        _ if holes => None,
        [context, _, _] if !context.is_empty() => Some(*context),
        _ => Some(here),
    };
    Some(Subroutine {
        context: context.map(<[u8]>::to_vec),
        args,
    })
}
