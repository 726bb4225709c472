//! Subroutines in the place of macros: calls, ends, and the variables of macros.

use std::collections::BTreeMap;

use crate::call::Call;
use crate::diagnostic::{Diagnostic, Edit};
use crate::fields::{Options, parts};
use crate::hir::{Context, Extension, Hir, Step};
use crate::jump::Shape;
use crate::source::{FileId, Sources, Text};

use super::{edit, rewrite};

/// Variables of macros, and what a subroutine has.
const VARIABLES: &[(&str, &str)] = &[
    ("MACRO_EXTEN", "STACK_PEEK(1,e)"),
    ("MACRO_CONTEXT", "STACK_PEEK(1,c)"),
    ("MACRO_PRIORITY", "STACK_PEEK(1,p)"),
];

/// Applications behind which nothing of the same extension runs.
const LAST: [&[u8]; 4] = [b"return", b"hangup", b"goto", b"macroexit"];

fn macro_contexts(hir: &Hir) -> impl Iterator<Item = &Context> {
    hir.contexts
        .iter()
        .filter(|c| c.name.starts_with(b"macro-"))
}

/// A macro as it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// The context in which that is.
    pub context: Vec<u8>,
    /// Its name; holes stand as they are written.
    pub name: Vec<u8>,
    /// What it is given, with commas between.
    pub arguments: Vec<u8>,
}

/// The macros that a plan calls.
#[must_use]
pub fn calls(hir: &Hir) -> Vec<Called> {
    let mut out = Vec::new();
    for context in &hir.contexts {
        let steps = context.extensions.iter().flat_map(|e| &e.steps);
        let commands = steps.flat_map(Step::commands);
        for call in commands.filter(|c| &*c.app == b"macro") {
            let args = call.args.bytes();
            let mut fields: Vec<Vec<u8>> = vec![Vec::new()];
            let shape = Shape::read(args);
            let mut from = 0;
            for i in shape.outside(args.len()) {
                if matches!(args[i], b',' | b'|') {
                    fields.push(Vec::new());
                    let last = fields.len() - 2;
                    fields[last] = args[from..i].to_vec();
                    from = i + 1;
                }
            }
            let last = fields.len() - 1;
            fields[last] = args[from..].to_vec();
            out.push(Called {
                context: context.name.clone(),
                name: fields[0].trim_ascii().to_vec(),
                arguments: fields[1..].join(&b','),
            });
        }
    }
    out
}

/// Calls that the checks do not mend, and variables; only for a release without macros.
pub(super) fn find(hir: &Hir, out: &mut Vec<Diagnostic>) {
    if hir.dialect.macros {
        return;
    }
    for step in hir.steps() {
        for call in step.commands() {
            match call.app.as_str() {
                "macro" if !call.own => out.extend(inner(call)),
                "macroexit" if !call.own => {
                    let at = call.name.span();
                    out.push(rewrite(
                        "M902",
                        at,
                        "end the subroutine",
                        vec![edit(at, "Return")],
                    ));
                }
                "macroif" => out.extend(branches(call)),
                "dial" => out.extend(option(call)),
                _ => {}
            }
        }
    }
    for context in macro_contexts(hir) {
        for step in context.extensions.iter().flat_map(|e| &e.steps) {
            variables(step, out);
        }
    }
}

/// `name,a,b` as the place of a subroutine: `macro-name,s,1(a,b)`.
fn target(args: &Text) -> Option<Vec<Edit>> {
    let shape = Shape::read(args.bytes());
    let comma = shape.find(args.bytes(), b',', 0);
    let name = args.slice(0..comma.unwrap_or(args.len()));
    if name.is_empty() || name.bytes().contains(&b'|') {
        return None;
    }
    let mut edits = vec![edit(args.place(0).before(), "macro-")];
    match comma {
        Some(comma) => {
            edits.push(edit(args.span_of(comma..comma + 1), ",s,1("));
            edits.push(edit(args.span().after(), ")"));
        }
        None => edits.push(edit(args.span().after(), ",s,1")),
    }
    Some(edits)
}

/// A macro that another application runs: `ExecIf(condition?Macro(x))`.
fn inner(call: &Call) -> Option<Diagnostic> {
    let mut edits = target(&call.args)?;
    edits.push(edit(call.name.span(), "Gosub"));
    Some(rewrite(
        "M902",
        call.name.span(),
        "call it as a subroutine",
        edits,
    ))
}

/// `MacroIf(condition?x,a:y,b)`.
fn branches(call: &Call) -> Option<Diagnostic> {
    let args = &call.args;
    let shape = Shape::read(args.bytes());
    let question = shape.find(args.bytes(), b'?', 0)?;
    let colon = shape.find(args.bytes(), b':', question + 1);
    let mut edits = vec![edit(call.name.span(), "GosubIf")];
    let yes = args.slice(question + 1..colon.unwrap_or(args.len()));
    if !yes.trimmed().is_empty() {
        edits.extend(target(&yes)?);
    }
    if let Some(colon) = colon {
        let no = args.slice(colon + 1..args.len());
        if !no.trimmed().is_empty() {
            edits.extend(target(&no)?);
        }
    }
    Some(rewrite(
        "M902",
        call.name.span(),
        "call them as subroutines",
        edits,
    ))
}

/// The option `M(x^a)` of Dial: `U(macro-x^a)`.
fn option(call: &Call) -> Option<Diagnostic> {
    let parts = parts(&call.args);
    if Options::read(&parts, 2).argument(b'M')?.is_empty() {
        return None;
    }
    let options = parts.get(2)?;
    let mut depth = 0usize;
    let at = options.bytes().windows(2).position(|w| {
        let here = depth == 0 && w == b"M(";
        match w[0] {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        here
    })?;
    let letter = options.span_of(at..at + 2);
    let edits = vec![edit(letter, "U(macro-")];
    Some(rewrite(
        "M902",
        letter,
        "run it as a subroutine (option `U`)",
        edits,
    ))
}

/// `${MACRO_EXTEN}`, and `MACRO_RESULT`, which a macro of Dial sets.
fn variables(step: &Step, out: &mut Vec<Diagnostic>) {
    let args = &step.args;
    let bytes = args.bytes();
    for (old, new) in VARIABLES {
        let hole = format!("${{{old}}}");
        let places = bytes.windows(hole.len()).enumerate();
        for (at, _) in places.filter(|(_, w)| *w == hole.as_bytes()) {
            let span = args.span_of(at + 2..at + 2 + old.len());
            let title = format!("write `{new}` instead of `{old}`");
            out.push(rewrite("M902", span, title, vec![edit(span, new)]));
        }
    }
    // It counts towards seven, the most macros in each other; subroutines have no such end.
    const DEPTH: &[u8] = b"${MACRO_DEPTH}";
    let places = bytes.windows(DEPTH.len()).enumerate();
    for (at, _) in places.filter(|(_, w)| *w == DEPTH) {
        let span = args.span_of(at..at + DEPTH.len());
        let title = "write `1` instead of `MACRO_DEPTH`: subroutines may call each other as deep as they like";
        out.push(rewrite("M902", span, title, vec![edit(span, "1")]));
    }
    const RESULT: &[u8] = b"MACRO_RESULT";
    if let Some(at) = bytes.windows(RESULT.len()).position(|w| w == RESULT) {
        let span = args.span_of(at..at + RESULT.len());
        let edits = vec![edit(span, "GOSUB_RESULT")];
        out.push(rewrite("M902", span, "write `GOSUB_RESULT`", edits));
    }
}

/// Whether the extension ends with this step if there is no next one: nothing runs off its end.
fn is_last(step: &Step) -> bool {
    if LAST.contains(&&*step.own().app) {
        return true;
    }
    // Both ways lead away.
    let (app, args) = (&*step.own().app, &step.args);
    let shape = Shape::read(args.bytes());
    let question = shape.find(args.bytes(), b'?', 0);
    let colon = question.and_then(|q| shape.find(args.bytes(), b':', q));
    app == b"gotoif"
        && matches!((question, colon), (Some(q), Some(c)) if c > q + 1 && c + 1 < args.len())
}

/// A macro may run off its end; a subroutine has to return. The lines are added behind the last one of the extension.
pub(super) fn returns(sources: &Sources, hir: &Hir, out: &mut Vec<Diagnostic>) {
    for context in macro_contexts(hir) {
        let mut behind: BTreeMap<(FileId, u32), (Vec<u8>, u32)> = BTreeMap::new();
        for extension in &context.extensions {
            if extension.name == b"h" {
                continue;
            }
            ends(sources, extension, &mut behind);
        }
        for ((file, line), (text, count)) in behind {
            let source = sources.file(file);
            let range = source.line_range(line);
            let at = range.start + source.line_bytes(line).len();
            let span = crate::source::Span {
                file,
                start: at as u32,
                end: at as u32,
            };
            let s = if count == 1 { "" } else { "s" };
            let title = format!("add {count} line{s} with `Return()` where the macro ended");
            out.push(rewrite("M902", span, title, vec![edit(span, text)]));
        }
    }
}

fn ends(
    sources: &Sources,
    extension: &Extension,
    behind: &mut BTreeMap<(FileId, u32), (Vec<u8>, u32)>,
) {
    let open: Vec<&Step> = extension
        .steps
        .iter()
        .filter(|s| !s.shadowed && extension.step(s.priority + 1).is_none() && !is_last(s))
        .collect();
    let Some(last) = extension.steps.iter().max_by_key(|s| (s.file, s.line)) else {
        return;
    };
    let end = sources.file(last.file).line_bytes(last.line);
    let newline: &[u8] = match sources
        .file(last.file)
        .bytes()
        .windows(2)
        .any(|w| w == b"\r\n")
    {
        true => b"\r\n",
        false => b"\n",
    };
    let alone = open.len() == 1;
    for step in open {
        let mut name = extension.name.clone();
        if let Some(caller) = &extension.caller {
            name.push(b'/');
            name.extend_from_slice(&caller.text);
        }
        // Where it is the only one, `n` is the number behind the last line.
        let own = alone && step.file == last.file && step.line == last.line;
        let same = end
            .trim_ascii_start()
            .to_ascii_lowercase()
            .starts_with(b"same");
        let text = if own && same {
            b"same => n,Return()".to_vec()
        } else {
            let number = match own {
                true => "n".to_owned(),
                false => (step.priority + 1).to_string(),
            };
            [
                b"exten => ",
                name.as_slice(),
                b",",
                number.as_bytes(),
                b",Return()",
            ]
            .concat()
        };
        let entry = behind.entry((last.file, last.line)).or_default();
        entry.0.extend_from_slice(newline);
        entry.0.extend(text);
        entry.1 += 1;
    }
}

/// What may mean something else in a subroutine.
pub(super) fn doubts(hir: &Hir, out: &mut Vec<Diagnostic>) {
    if hir.dialect.macros {
        return;
    }
    for context in macro_contexts(hir) {
        if let Some(h) = context.extensions.iter().find(|e| e.name == b"h") {
            let words =
                "a macro's own `h` did not run; that of a subroutine does, if the call ends inside";
            out.push(Diagnostic::new("M902", words, h.span).help("see whether both are meant"));
        }
        for step in context.extensions.iter().flat_map(|e| &e.steps) {
            let bytes = step.args.bytes();
            if bytes.windows(12).any(|w| w == b"MACRO_OFFSET") {
                let words =
                    "MACRO_OFFSET has no counterpart: a subroutine returns to the next priority";
                out.push(Diagnostic::new("M902", words, step.args.span()).help(
                    "give a value with Return(value), and test GOSUB_RETVAL behind the call",
                ));
            }
            let away = step.targets().iter().any(|t| {
                let other = t
                    .context
                    .constant()
                    .is_some_and(|c| c.bytes() != context.name);
                other && matches!(&*step.own().app, b"goto" | b"gotoif" | b"gotoiftime")
            });
            if away {
                let words = "this leaves the subroutine without returning: its place stays on the stack until the call ends";
                out.push(
                    Diagnostic::new("M902", words, step.args.span())
                        .help("write `StackPop()` before it where calls come here many times"),
                );
            }
        }
    }
}
