//! Subroutines and macros with what they are given.

use strowger_stdlib::template::has_hole;

use crate::call::Call;
use crate::fields;
use crate::jump::{Shape, branches_of_calls};
use crate::source::Text;

/// A subroutine or macro with what it is given.
pub(crate) struct Subroutine {
    /// Its context; `None`: computed.
    pub(crate) context: Option<Vec<u8>>,
    /// What it is given.
    pub(crate) args: Vec<Text>,
}

/// The subroutines and macros that an application calls; `here` is the context of the step.
pub(crate) fn subroutines(called: &Call, here: &[u8]) -> Vec<Subroutine> {
    let args = &called.args;
    match called.app.as_str() {
        "gosub" => gosub(args, here).into_iter().collect(),
        "gosubif" => {
            let branches = branches_of_calls(args, &Shape::read(args.bytes()));
            branches.iter().filter_map(|b| gosub(b, here)).collect()
        }
        "macro" | "macroexclusive" => {
            let mut parts = called.arguments().to_vec();
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
                fields::arguments(&inner)
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
