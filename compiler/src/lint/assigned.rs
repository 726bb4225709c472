//! What `Set` assigns to what: names that are values, counters that others change too, patterns taken for numbers.

use strowger_stdlib::template::{HoleKind, Piece, Template, What, split_body};

use crate::diagnostic::Diagnostic;
use crate::fields::arguments;
use crate::hir::{Extension, Matches, Step};
use crate::lint::World;
use crate::lint::emptiness::one_variable;
use crate::lint::facts::{Facts, contains};
use crate::source::Text;

/// Applications whose arguments are places in the plan.
const JUMPING: [&[u8]; 7] = [
    b"goto",
    b"gosub",
    b"gotoif",
    b"gosubif",
    b"gotoiftime",
    b"noop",
    b"verbose",
];

pub(crate) fn check(world: &World<'_>, facts: &Facts, out: &mut Vec<Diagnostic>) {
    for extension in world
        .index
        .hir()
        .contexts
        .iter()
        .flat_map(|c| &c.extensions)
    {
        let mut locked = false;
        for step in &extension.steps {
            locked |= contains(step.args.bytes(), b"LOCK(");
            for (name, value) in step.own().assigned(world.dialect) {
                value_as_name(name, facts, out);
                if !locked {
                    raced(name, value, facts, out);
                }
            }
            pattern_as_value(extension, step, out);
        }
    }
}

/// `Set(${FOO}=1)`, where nothing suggests that FOO holds a name.
fn value_as_name(name: &Text, facts: &Facts, out: &mut Vec<Diagnostic>) {
    let template = Template::read(name.bytes());
    let Some(variable) = one_variable(&template) else {
        return;
    };
    // An argument or a variable that holds a name is a way to give a value back.
    if variable.starts_with(b"ARG") || facts.names.contains(&variable) {
        return;
    }
    let shown = String::from_utf8_lossy(&variable).into_owned();
    out.push(
        Diagnostic::new(
            "V504",
            format!("this sets the variable whose name is in `{shown}`"),
            name.span(),
        )
        .label(format!("not `{shown}` itself"))
        .fix(format!("write `{shown}`"), name.span(), shown, false),
    );
}

/// A global that is read, changed and written by calls that run at the same time.
fn raced(name: &Text, value: &Text, facts: &Facts, out: &mut Vec<Diagnostic>) {
    let Some(global) = name
        .trimmed()
        .bytes()
        .strip_prefix(b"GLOBAL(")
        .and_then(|n| n.strip_suffix(b")"))
        .map(<[u8]>::to_vec)
    else {
        return;
    };
    let template = Template::read(value.bytes());
    let whole = match template.pieces.as_slice() {
        [Piece::Hole(hole)] if hole.closed => hole,
        _ => return,
    };
    let counts = whole.kind == HoleKind::Expression
        && whole
            .body
            .pieces
            .iter()
            .any(|p| matches!(p, Piece::Text(t) if t.iter().any(|b| matches!(b, b'+' | b'-'))))
        || whole.body.as_plain().is_some_and(|b| {
            b.starts_with(b"MATH(") || b.starts_with(b"INC(") || b.starts_with(b"DEC(")
        })
        || matches!(whole.body.pieces.first(), Some(Piece::Text(t)) if t.starts_with(b"MATH("));
    let reads = template.holes().iter().any(|hole| {
        hole.kind == HoleKind::Variable
            && hole
                .body
                .as_plain()
                .is_some_and(|body| match split_body(body).what {
                    What::Variable(read) => read == global && facts.globals.contains(&read),
                    What::Call(call) => match call.name.as_slice() {
                        b"GLOBAL" => call.args == global,
                        b"INC" | b"DEC" => {
                            call.args
                                .strip_prefix(b"GLOBAL(")
                                .and_then(|n| n.strip_suffix(b")"))
                                == Some(global.as_slice())
                        }
                        _ => false,
                    },
                })
    });
    if !counts || !reads {
        return;
    }
    let shown = String::from_utf8_lossy(&global).into_owned();
    out.push(
        Diagnostic::new(
            "V521",
            format!("two calls at the same moment count `{shown}` only once"),
            name.span().to(value.span()),
        )
        .label("read, changed and written without a lock")
        .help(format!(
            "write `Set(LOCKED=${{LOCK({shown})}})` before and `Set(LOCKED=${{UNLOCK({shown})}})` behind"
        )),
    );
}

/// The pattern of the extension itself as an argument, where its number was meant.
fn pattern_as_value(extension: &Extension, step: &Step, out: &mut Vec<Diagnostic>) {
    let Matches::Pattern(_) = &extension.matches else {
        return;
    };
    let name = extension.name.as_slice();
    if !contains(step.args.bytes(), name) {
        return;
    }
    let app = &*step.own().app;
    if JUMPING.contains(&app) {
        return;
    }
    let parts = arguments(&step.args);
    let found = parts.iter().find_map(|part| {
        let at = part
            .bytes()
            .iter()
            .rposition(|b| *b == b'=')
            .map_or(0, |e| e + 1);
        let value = part.slice(at..part.len()).trimmed();
        (value.bytes() == name).then_some(value)
    });
    if let Some(value) = found {
        out.push(
            Diagnostic::new(
                "V524",
                format!(
                    "`{}` is the pattern, not the number that was dialled",
                    value.lossy()
                ),
                value.span(),
            )
            .label("this text itself")
            .fix("write `${EXTEN}`", value.span(), "${EXTEN}", false),
        );
    }
}
