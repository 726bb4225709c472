//! Argument texts as the releases before 1.6 wrote them, made into today's before the application sees them.

use std::borrow::Cow;

use strowger_stdlib::{Value, args, pipes, signatures};

use crate::Text;
use crate::app::Kind;
use crate::module::Module;

/// Pairs that one Set of those releases takes.
const PAIRS: usize = 24;

/// The text of an application, for today's splitters (DL-288).
pub(crate) fn modern<'a>(kind: Kind, name: &[u8], text: Cow<'a, [u8]>) -> Cow<'a, [u8]> {
    let new = match kind {
        Kind::GotoIf | Kind::GosubIf | Kind::GotoIfTime => pipes::branches(&text),
        // Their text is not split as arguments are, or they know both ways themselves.
        Kind::Set
        | Kind::ExecIf
        | Kind::ExecIfTime
        | Kind::Macro
        | Kind::MacroExclusive
        | Kind::MacroIf => return text,
        // Text and options: SendText had options once.
        Kind::SendText => {
            let parts = pipes::split(&text, 3);
            Cow::Owned(parts.into_iter().next().unwrap_or_default())
        }
        _ => match signatures::application(name) {
            Some(signature) => pipes::modern(signature, &text),
            None => return text,
        },
    };
    match new {
        Cow::Borrowed(_) => text,
        Cow::Owned(new) => Cow::Owned(new),
    }
}

/// The text of a function's call.
pub(crate) fn of_function<'a>(module: &Module, name: &[u8], text: &'a [u8]) -> Cow<'a, [u8]> {
    if !module.dialect().pipes {
        return Cow::Borrowed(text);
    }
    signatures::function(name).map_or(Cow::Borrowed(text), |s| pipes::modern(s, text))
}

/// The pairs of a Set of those releases, what has no `=`, and whether the variables are to be global (DL-271).
pub(crate) fn set(module: &Module, text: &[u8]) -> (Vec<(Text, Value)>, Vec<Text>) {
    let dialect = module.dialect();
    let mut parts = if dialect.pipes {
        pipes::split(text, PAIRS)
    } else {
        args::split(text, PAIRS)
    };
    let mut global = false;
    if dialect.global_flag
        && parts.len() > 1
        && let Some(flags) = parts.pop_if(|last| !last.contains(&b'='))
    {
        global = flags.contains(&b'g');
    }
    let mut good = Vec::new();
    let mut bad = Vec::new();
    for part in parts {
        match args::assignment(&part) {
            Some((name, v)) if global => {
                good.push(([b"GLOBAL(", name, b")"].concat(), Value::text(v)));
            }
            Some((name, v)) => good.push((name.to_vec(), Value::text(v))),
            None => bad.push(part),
        }
    }
    (good, bad)
}
