//! Arguments against the table of signatures: how many there are, and which letters stand among the options.

use strowger_stdlib::args;
use strowger_stdlib::signatures::{OptionArgument, Signature, Split};
use strowger_stdlib::template::has_hole;

use crate::diagnostic::Diagnostic;
use crate::jump::Shape;
use crate::source::{Span, Text};

/// Words that some applications take in the place of option letters.
const WORDS: [&[u8]; 3] = [b"skip", b"noanswer", b"indication"];

/// Number of arguments and option letters of an application or a function; `name` is where it is called, and `parts` splits the arguments.
pub(crate) fn check(
    code: &'static str,
    signature: &Signature,
    name: Span,
    args: &Text,
    parts: impl FnOnce() -> Vec<Text>,
    out: &mut Vec<Diagnostic>,
) {
    match signature.split {
        Split::Standard | Split::Raw => {}
        Split::Whole => {
            // Only whether there is anything at all.
            if signature.least > 0 && args.is_empty() {
                out.push(few(code, signature, name, 0));
            }
            return;
        }
        _ => return,
    }
    let any = signature.least == 0
        && signature
            .most()
            .is_none_or(|m| m <= 1 || signature.text_last);
    if any && signature.options.is_empty() {
        return;
    }
    let parts = parts();
    let given = if args.is_empty() { 0 } else { parts.len() };
    if given < signature.least {
        // A value as a whole argument may bring commas along.
        if !parts.iter().any(|p| is_hole(&p.trimmed())) {
            let place = if args.is_empty() { name } else { args.span() };
            out.push(few(code, signature, place, given));
        }
        return;
    }
    many(code, signature, args, &parts, out);
    if let Some(slot) = signature.option_slot()
        && let Some(written) = parts.get(slot)
        && !signature.options.is_empty()
    {
        options(signature, written, out);
    }
}

/// Whether text is one hole and nothing else.
fn is_hole(text: &Text) -> bool {
    matches!(Shape::read(text.bytes()).holes.as_slice(), [hole] if hole.len() == text.len())
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn few(code: &'static str, signature: &Signature, place: Span, given: usize) -> Diagnostic {
    let least = signature.least;
    Diagnostic::new(
        code,
        format!(
            "`{}` needs {least} argument{}",
            signature.name,
            plural(least)
        ),
        place,
    )
    .label(format!("{given} given"))
    .help(format!("`{}`", signature.usage))
}

/// More arguments than there are: the rest belongs to the last one (DL-232).
fn many(
    code: &'static str,
    signature: &Signature,
    args: &Text,
    parts: &[Text],
    out: &mut Vec<Diagnostic>,
) {
    let Some(most) = signature.most().filter(|m| *m > 1 && !signature.text_last) else {
        return;
    };
    // A comma behind the last one changes nothing.
    let given = parts
        .iter()
        .rposition(|p| !p.trimmed().is_empty())
        .map_or(0, |last| last + 1);
    if given <= most {
        return;
    }
    let from = parts[..most].iter().map(|p| p.len() + 1).sum::<usize>();
    let last = &signature.parameters[most - 1];
    out.push(
        Diagnostic::new(
            code,
            format!(
                "`{}` takes no more than {most} argument{}",
                signature.name,
                plural(most)
            ),
            args.span_of(from..args.len()),
        )
        .label(format!("{given} given; this is read as a part of `{last}`"))
        .help(format!("`{}`", signature.usage)),
    );
}

fn options(signature: &Signature, written: &Text, out: &mut Vec<Diagnostic>) {
    let text = written.bytes();
    if has_hole(text) || WORDS.iter().any(|w| text.eq_ignore_ascii_case(w)) {
        return;
    }
    let known = |letter: char| signature.option(letter);
    for letter in args::options(text).letters {
        let shown = char::from(letter.letter);
        let at = written.span_of(letter.at..letter.at + 1);
        match known(shown) {
            // A letter that needs its argument does nothing without it.
            Some(OptionArgument::Required) if letter.argument.is_none() => {
                out.push(
                    Diagnostic::new(
                        "A405",
                        format!(
                            "the option `{shown}` of `{}` needs an argument",
                            signature.name
                        ),
                        at,
                    )
                    .label("does nothing without it")
                    .help(format!("write `{shown}(...)`")),
                );
                return;
            }
            Some(_) => {}
            None if shown.is_ascii_alphanumeric() => {
                let found = Diagnostic::new(
                    "A405",
                    format!("`{}` has no option `{shown}`", signature.name),
                    at,
                )
                .label("ignored");
                let other = if shown.is_ascii_lowercase() {
                    shown.to_ascii_uppercase()
                } else {
                    shown.to_ascii_lowercase()
                };
                out.push(if known(other).is_some() {
                    found.help(format!("`{other}` is one; letter case matters"))
                } else {
                    found
                });
                return;
            }
            None => {}
        }
    }
}
