//! Family `reading`, the application part of a step: parentheses, what stands behind them, and the holes in its arguments.

use crate::ast::{End, Exten, Line};
use crate::diagnostic::{Diagnostic, Edit, Fix};
use crate::lint::reading::is_priority;
use crate::source::{Sources, Span};

/// What is wrong with the application part of a step.
pub(crate) fn call(
    sources: &Sources,
    line: &Line,
    exten: &Exten,
    hint: bool,
    out: &mut Vec<Diagnostic>,
) {
    if hint || out.len() >= crate::conf::line::PROBLEMS {
        return;
    }
    let text = exten.call.bytes().trim_ascii_start();
    if text.is_empty() {
        let cut = exten.label_text().is_some() && exten.field.bytes().contains(&b'|');
        let found = Diagnostic::new("S104", "the step has no application", line.value.span())
            .label("a call that comes here is hung up");
        out.push(if cut {
            found.help("separate with commas; `|` is plain text here")
        } else {
            found
        });
        return;
    }
    for key in ["exten", "same", "include"] {
        if text
            .split_at_checked(key.len())
            .filter(|(word, _)| word.eq_ignore_ascii_case(key.as_bytes()))
            .is_some_and(|(_, r)| r.trim_ascii_start().starts_with(b"="))
        {
            let at = line
                .value
                .span_of(line.value.len() - text.len()..line.value.len());
            out.push(
                Diagnostic::new("S110", format!("a second `{key}` begins on this line"), at)
                    .label("read as the name of an application, which does not exist")
                    .fix("begin a new line", at.before(), "\n", false),
            );
            return;
        }
    }
    if exten.app.bytes().contains(&b',')
        && let Some(comma) = text.iter().position(|b| *b == b',')
        && is_priority(&text[..comma])
    {
        let start = exten.app.span().start;
        let word = String::from_utf8_lossy(&text[..comma]).into_owned();
        let gone = exten.app.span_of(0..comma + 1);
        out.push(
            Diagnostic::new(
                "S105",
                format!(
                    "the priority is written twice: `{}` and `{word}`",
                    exten.field.lossy()
                ),
                Span { start, ..gone },
            )
            .label("taken for a part of the application's name, so the call is hung up here")
            .fix(format!("remove `{word},`"), gone, "", true),
        );
        return;
    }
    if let Some(found) = cut_by_comment(sources, line, exten) {
        out.push(found);
        return;
    }
    match &exten.end {
        End::Bare => {
            if exten.app.bytes().contains(&b',') {
                let comma = exten
                    .app
                    .bytes()
                    .iter()
                    .position(|b| *b == b',')
                    .unwrap_or(0);
                let name = exten.app.slice(0..comma);
                let found = Diagnostic::new("A403", "the arguments are not in parentheses", exten.app.span())
                    .label("all of this is taken for the name of an application, so the call is hung up here");
                out.push(
                    with_parentheses(found, exten, comma)
                        .help(format!("write `{}(...)`", name.lossy())),
                );
            }
        }
        End::Open => open_call(line, exten, out),
        End::Trailing(rest) => {
            if rest.bytes().iter().any(|b| *b > 32) {
                out.push(
                    Diagnostic::new(
                        "S107",
                        "text after the closing parenthesis is thrown away",
                        rest.trimmed().span(),
                    )
                    .label("never read")
                    .help("begin a comment with `;`, or put the text inside the parentheses"),
                );
            }
        }
        End::Closed | End::Computed => {}
    }
    if exten.app.bytes().last().is_some_and(|b| *b <= 32)
        && !matches!(exten.end, End::Bare | End::Computed)
    {
        let name = exten.app.trimmed();
        let blank = exten.app.span_of(name.len()..exten.app.len());
        out.push(
            Diagnostic::new(
                "S139",
                format!(
                    "a blank stands between `{}` and its parenthesis",
                    name.lossy()
                ),
                blank,
            )
            .label("the blank belongs to the name, and no application is called so")
            .fix("remove the blank", blank, "", true),
        );
    }
    holes(exten, out);
}

/// Parentheses that are still open where a comment begins, and closed in it (DL-010).
fn cut_by_comment(sources: &Sources, line: &Line, exten: &Exten) -> Option<Diagnostic> {
    let comment = line.comment?;
    let call = exten.call.bytes();
    let open =
        call.iter().filter(|b| **b == b'(').count() > call.iter().filter(|b| **b == b')').count();
    let joined = exten.call.span().end == comment.start && !matches!(exten.end, End::Bare);
    if !(open
        && sources.bytes(comment).contains(&b')')
        && (joined || matches!(exten.end, End::Open)))
    {
        return None;
    }
    let semicolon = Span {
        end: comment.start + 1,
        ..comment
    };
    Some(
        Diagnostic::new(
            "S112",
            "`;` begins a comment, also inside parentheses and quotes",
            semicolon,
        )
        .label("the arguments end here")
        .also(
            Span {
                start: semicolon.end,
                ..comment
            },
            "never read",
        )
        .fix("write `\\;`", semicolon, "\\;", false),
    )
}

fn with_parentheses(found: Diagnostic, exten: &Exten, comma: usize) -> Diagnostic {
    let mut found = found;
    found.fixes.push(Fix {
        title: "put them in parentheses".to_owned(),
        edits: vec![
            Edit {
                span: exten.app.span_of(comma..comma + 1),
                text: b"(".to_vec(),
            },
            Edit {
                span: exten.app.span().after(),
                text: b")".to_vec(),
            },
        ],
        safe: false,
    });
    found
}

/// `App(args` without `)`.
fn open_call(line: &Line, exten: &Exten, out: &mut Vec<Diagnostic>) {
    let name = exten.app.trimmed();
    let open = Span {
        start: exten.app.span().end,
        end: exten.app.span().end + 1,
        ..exten.app.span()
    };
    out.push(
        Diagnostic::new(
            "S106",
            format!("the parenthesis of `{}` is not closed", name.lossy()),
            open,
        )
        .label("no `)` follows on this line")
        .also(
            line.value.span().after(),
            "Asterisk takes everything up to here",
        )
        .fix("add `)` at the end", line.value.span().after(), ")", true),
    );
}

/// `${` and `$[` without their ends, and near misses of `${`.
fn holes(exten: &Exten, out: &mut Vec<Diagnostic>) {
    let bytes = exten.args.bytes();
    if !bytes.contains(&b'$') {
        return;
    }
    let mut open: Vec<(u8, usize)> = Vec::new();
    // The text outside of variables, and a `}` that closes nothing.
    let (mut before, mut stray) = (Vec::new(), None);
    let mut i = 0;
    while i < bytes.len() {
        if open.is_empty() && !(bytes[i] == b'$' && bytes.get(i + 1) == Some(&b'{')) {
            before.push(bytes[i]);
        }
        match bytes[i] {
            b'$' if matches!(bytes.get(i + 1), Some(b'{' | b'[')) => {
                open.push((bytes[i + 1], i));
                i += 1;
            }
            b'{' if open.last().is_some_and(|(b, _)| *b == b'{') => open.push((b'{', i)),
            b'[' if open.last().is_some_and(|(b, _)| *b == b'[') => open.push((b'[', i)),
            b'}' if open.last().is_some_and(|(b, _)| *b == b'{') => {
                open.pop();
            }
            // `${X}}`, where no `{` of the text itself waits for it.
            b'}' if open.is_empty() && bytes[..i].ends_with(b"}") && !before.contains(&b'{') => {
                stray.get_or_insert(i);
            }
            b']' if open.last().is_some_and(|(b, _)| *b == b'[') => {
                open.pop();
            }
            _ => {}
        }
        i += 1;
    }
    if let Some(at) = stray {
        let span = exten.args.span_of(at..at + 1);
        out.push(
            Diagnostic::new("S115", "this `}` closes nothing", span)
                .label("a part of the text: it is written out, or compared")
                .fix("remove it", span, "", false),
        );
    }
    let first = open.iter().find(|(_, at)| bytes[*at] == b'$');
    if let Some((kind, at)) = first {
        let (opener, closer) = if *kind == b'{' {
            ("${", "}")
        } else {
            ("$[", "]")
        };
        out.push(
            Diagnostic::new(
                "S115",
                format!("`{opener}` is not closed by `{closer}`"),
                exten.args.span_of(*at..at + 2),
            )
            .label("everything from here to the end of the arguments is taken into it"),
        );
    }
}
