//! What the release that a plan is read as does not know, or not any more.

use strowger_stdlib::Dialect;
use strowger_stdlib::dialect::{SWITCHES, When};
use strowger_stdlib::signatures::{Signature, Version};
use strowger_stdlib::template::has_hole;

use crate::ast::Line;
use crate::call::Call;
use crate::conf::line::boolean;
use crate::diagnostic::{Diagnostic, Edit, Fix};
use crate::edit_distance::nearest;
use crate::fields::{Options, parts};
use crate::hir::Step;
use crate::jump::Shape;
use crate::lint::World;
use crate::source::Text;

/// The family of Macro.
const MACROS: [&[u8]; 4] = [b"macro", b"macroexclusive", b"macroif", b"macroexit"];

pub(crate) fn check(world: &World<'_>, out: &mut Vec<Diagnostic>) {
    for step in world
        .index
        .hir()
        .contexts
        .iter()
        .flat_map(|c| &c.extensions)
        .flat_map(|e| &e.steps)
    {
        if world.dialect.macros {
            for name in called(step) {
                unknown_macro(world, &name, out);
            }
        } else {
            out.extend(macro_in(step));
            for call in step.calls() {
                out.extend(macro_of(world, call));
            }
        }
        if world.dialect.branches_in_execif {
            old_set(world, step, out);
        } else {
            new_form(world, step, out);
        }
    }
}

/// Whether an application is one of the family of Macro, in a release that has lost it.
pub(crate) fn is_macro(signature: &Signature, version: Version) -> bool {
    MACROS.contains(&signature.name.to_ascii_lowercase().as_bytes())
        && signature
            .until
            .and_then(Version::read)
            .is_some_and(|until| version >= until)
}

/// M902: the call, without knowing its arguments.
pub(crate) fn macro_gone(app: &Text, shown: &str) -> Diagnostic {
    Diagnostic::new(
        "M902",
        format!("`{shown}` is gone since Asterisk 21"),
        app.span(),
    )
    .label("the call ends here")
    .help("write `Gosub(macro-NAME,s,1(arguments))` and end each way through [macro-NAME] with `Return()`; or, to keep the macros, write `asterisk_version = 20` under [dialplan] in strowger.toml")
}

/// The same with its repair; the finding without it stands already.
fn macro_in(step: &Step) -> Option<Diagnostic> {
    let app = &*step.own().app;
    if !app.starts_with(b"macro") {
        return None;
    }
    let args = &step.args;
    let shown = step.app.lossy().into_owned();
    let edit = |span, text: &str| Edit {
        span,
        text: text.as_bytes().to_vec(),
    };
    let mut fix = Fix {
        title: "call it as a subroutine".to_owned(),
        edits: vec![edit(step.app.span(), "Gosub")],
        safe: false,
    };
    match app {
        b"macro" if !args.is_empty() => {
            let shape = Shape::read(args.bytes());
            let comma = shape.find(args.bytes(), b',', 0);
            let name = args.slice(0..comma.unwrap_or(args.len()));
            // With a pipe it is no name alone.
            if name.is_empty() || name.bytes().contains(&b'|') {
                return None;
            }
            fix.edits.push(edit(args.place(0).before(), "macro-"));
            match comma {
                Some(comma) => {
                    fix.edits
                        .push(edit(args.span_of(comma..comma + 1), ",s,1("));
                    fix.edits.push(edit(args.span().after(), ")"));
                }
                None => fix.edits.push(edit(args.span().after(), ",s,1")),
            }
        }
        b"macroexit" => {
            fix.title = "return from a subroutine".to_owned();
            fix.edits = vec![edit(step.app.span(), "Return")];
        }
        _ => return None,
    }
    let mut found = macro_gone(&step.app, &shown);
    found.fixes.push(fix);
    Some(found)
}

/// M902: a macro that another application runs: option `M` of Dial, and the seventh argument of Queue, which names a subroutine now.
fn macro_of(world: &World<'_>, call: &Call) -> Option<Diagnostic> {
    let parts = parts(&call.args);
    match call.app.as_str() {
        "dial" => {
            Options::read(&parts, 2).argument(b'M')?;
            let found = Diagnostic::new(
                "M902",
                "the option `M` of Dial is gone since Asterisk 21",
                parts.get(2)?.span(),
            );
            Some(found.label("ignored: the macro does not run").help(
                "write `U(name)`, which runs a subroutine, and end each way through it with `Return()`",
            ))
        }
        "queue" => {
            let name = parts.get(6)?.trimmed();
            let old = [b"macro-", name.bytes()].concat();
            let index = &world.index;
            if index.context(&old).is_none() || index.context(name.bytes()).is_some() {
                return None;
            }
            let found = Diagnostic::new(
                "M902",
                "the seventh argument of Queue names a subroutine since Asterisk 21, no macro",
                name.span(),
            );
            Some(
                found
                    .label(format!("there is no context `{}`", name.lossy()))
                    .help(format!(
                        "write `{}`, and end each way through it with `Return()`",
                        String::from_utf8_lossy(&old)
                    )),
            )
        }
        _ => None,
    }
}

/// The macros that a step calls, by names that hold no variable.
fn called(step: &Step) -> Vec<Text> {
    let (args, shape) = (&step.args, &step.own().shape);
    let calls = match &*step.own().app {
        b"macro" | b"macroexclusive" => vec![args.clone()],
        b"macroif" => {
            let question = shape.find(args.bytes(), b'?', 0);
            let Some(question) = question else {
                return Vec::new();
            };
            let colon = shape.find(args.bytes(), b':', question + 1);
            let end = colon.unwrap_or(args.len());
            let mut calls = vec![args.slice(question + 1..end)];
            calls.extend(colon.map(|c| args.slice(c + 1..args.len())));
            calls
        }
        _ => return Vec::new(),
    };
    calls
        .into_iter()
        .map(|call| {
            let end = Shape::read(call.bytes()).find(call.bytes(), b',', 0);
            call.slice(0..end.unwrap_or(call.len()))
        })
        .filter(|name| !name.is_empty() && !has_hole(name.bytes()))
        .collect()
}

/// R206: there is no such macro, or it cannot be entered.
fn unknown_macro(world: &World<'_>, name: &Text, out: &mut Vec<Diagnostic>) {
    if world.open {
        return;
    }
    let shown = name.lossy().into_owned();
    let context = format!("macro-{shown}");
    if world.index.context(context.as_bytes()).is_some() {
        let enters = |exten: &[u8]| !world.index.candidates(context.as_bytes(), exten).is_empty();
        if !enters(b"s") && !enters(b"~~s~~") {
            out.push(
                Diagnostic::new(
                    "R206",
                    format!("`{context}` has no extension `s`"),
                    name.span(),
                )
                .label("the macro does not run; the call goes on behind it"),
            );
        }
        return;
    }
    let found = Diagnostic::new("R206", format!("there is no macro `{shown}`"), name.span()).label(
        format!("no context `{context}`; the call goes on behind it"),
    );
    if shown.contains('|') {
        return out.push(found.help("separate the arguments with commas; `|` is plain text"));
    }
    let hir = world.index.hir();
    if !world.afford(hir.contexts.len()) {
        return out.push(found);
    }
    let names: Vec<String> = hir
        .contexts
        .iter()
        .filter_map(|c| c.name.strip_prefix(b"macro-"))
        .map(|n| String::from_utf8_lossy(n).into_owned())
        .collect();
    out.push(match nearest(&shown, names.iter().map(String::as_str)) {
        Some(near) => found.fix(format!("write `{near}`"), name.span(), near, false),
        None => found,
    });
}

/// M911: `Set(a=1|b=2)`, which set two variables before 1.6.
fn old_set(world: &World<'_>, step: &Step, out: &mut Vec<Diagnostic>) {
    let args = &step.args;
    if !step.app.bytes().eq_ignore_ascii_case(b"set") || world.dialect.pipes {
        return;
    }
    let shape = Shape::read(args.bytes());
    let Some(equals) = shape.find(args.bytes(), b'=', 0) else {
        return;
    };
    let Some(pipe) = shape.find(args.bytes(), b'|', equals) else {
        return;
    };
    let rest = &args.bytes()[pipe + 1..];
    let word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let length = rest.iter().take_while(|b| word(b)).count();
    // A name that begins with a digit, or a text with quotes before, was hardly meant.
    if length == 0
        || rest[0].is_ascii_digit()
        || rest.get(length) != Some(&b'=')
        || rest.get(length + 1) == Some(&b'=')
        || args.bytes()[..pipe].contains(&b'"')
    {
        return;
    }
    let mut found = Diagnostic::new(
        "M911",
        "`Set` sets one variable",
        args.span_of(pipe..pipe + 1),
    )
    .label("plain text since Asterisk 1.6: all of this becomes a part of the value");
    let mut edits = vec![Edit {
        span: step.app.span(),
        text: b"MSet".to_vec(),
    }];
    let mut from = equals;
    while let Some(at) = shape.find(args.bytes(), b'|', from) {
        edits.push(Edit {
            span: args.span_of(at..at + 1),
            text: b",".to_vec(),
        });
        from = at + 1;
    }
    found.fixes.push(Fix {
        title: "write `MSet`, which sets several".to_owned(),
        edits,
        safe: false,
    });
    out.push(found);
}

/// M913: a form that came later.
fn new_form(world: &World<'_>, step: &Step, out: &mut Vec<Diagnostic>) {
    let args = &step.args;
    if !step.app.bytes().eq_ignore_ascii_case(b"execif") {
        return;
    }
    let shape = Shape::read(args.bytes());
    let question = shape.find(args.bytes(), b'?', 0);
    if let Some(question) = question
        && shape
            .find(args.bytes(), b',', 0)
            .is_none_or(|comma| question < comma)
        && shape.find(args.bytes(), b'(', question).is_some()
    {
        out.push(
            Diagnostic::new(
                "M913",
                "`ExecIf(condition?App(arguments))` comes with Asterisk 1.6",
                args.span(),
            )
            .label(format!(
                "the plan is read as Asterisk {} does",
                world.dialect
            ))
            .help("write `ExecIf(condition|App|arguments)`"),
        );
    }
}

/// M912: an option of `[general]` that the release does not read. Nothing is said of one that asks for what is so anyway.
pub(crate) fn option(line: &Line, dialect: &Dialect) -> Option<Diagnostic> {
    let key = line.key.lossy().to_ascii_lowercase();
    let value = line.value.bytes();
    let asks = match key.as_str() {
        "userscontext" => value != b"default",
        "overrideswitch" => !value.is_empty(),
        _ => boolean(value) == Some(true),
    };
    if !asks {
        return None;
    }
    let switch = match key.as_str() {
        "extenpatternmatchnew" => "trie_matcher",
        "overrideswitch" => "override_switch",
        "userscontext" => "users_context",
        _ => "priority_jumping",
    };
    let when = SWITCHES.iter().find(|s| s.name == switch).map(|s| s.when);
    let message = match when {
        Some(When::Since(since)) => format!("`{key}` comes with Asterisk {since}"),
        Some(When::Until(until)) => format!("`{key}` is gone since Asterisk {until}"),
        None => format!("`{key}` is not read"),
    };
    let found = Diagnostic::new("M912", message, line.key.span()).label(format!(
        "ignored: the plan is read as Asterisk {dialect} does"
    ));
    Some(if key == "priorityjumping" {
        found.help("for jumps to n+101 write `asterisk_version = \"1.4\"` under [dialplan] in strowger.toml; or test DIALSTATUS behind Dial")
    } else {
        found
    })
}
