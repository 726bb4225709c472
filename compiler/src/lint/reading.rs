//! Family `reading`: what Asterisk drops or misreads while it loads the lines of `extensions.conf`.
//!
//! Each function words one problem; when it is one is decided where lines are numbered and registered.

use strowger_stdlib::Dialect;

use crate::ast::{Exten, Line, Section};
use crate::diagnostic::{Diagnostic, Edit, Fix};
use crate::draft::scan_int;
use crate::edit_distance::nearest;
use crate::source::{Span, Text};

/// Keys that mean something in a context.
const KEYS: [&str; 8] = [
    "exten",
    "same",
    "include",
    "ignorepat",
    "switch",
    "lswitch",
    "eswitch",
    "autohints",
];
/// Names that `h`, `i`, `t` ... are: extensions that the exchange itself calls.
const SPECIAL: [&str; 9] = ["h", "i", "t", "s", "e", "T", "o", "a", "fax"];

/// Whether a key begins a step.
pub(crate) fn is_step_key(key: &[u8]) -> bool {
    key.eq_ignore_ascii_case(b"exten") || key.len() >= 4 && key[..4].eq_ignore_ascii_case(b"same")
}

/// Whether text is a priority: a number, a priority word, perhaps with an offset and a label.
pub(crate) fn is_priority(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let word = text
        .iter()
        .position(|b| matches!(b, b'(' | b'+'))
        .map_or(text, |i| &text[..i]);
    matches!(word, b"n" | b"next" | b"hint")
        || !word.is_empty() && word.iter().all(u8::is_ascii_digit)
}

pub(crate) fn step_outside(line: &Line, section: &str) -> Diagnostic {
    let label = if section == "globals" {
        "read as a global variable of this name"
    } else {
        "ignored"
    };
    Diagnostic::new(
        "S119",
        format!("`[{section}]` holds no extensions"),
        line.key.span(),
    )
    .label(label)
    .help("open a context with `[name]` before this line")
}

pub(crate) fn unknown_option(line: &Line) -> Diagnostic {
    const OPTIONS: [&str; 8] = [
        "static",
        "writeprotect",
        "autofallthrough",
        "extenpatternmatchnew",
        "clearglobalvars",
        "overrideswitch",
        "userscontext",
        "priorityjumping",
    ];
    let key = line.key.lossy().into_owned();
    let found = Diagnostic::new(
        "S138",
        format!("`[general]` has no option `{key}`"),
        line.key.span(),
    )
    .label("ignored");
    match nearest(&key, OPTIONS) {
        Some(near) => found.fix(format!("write `{near}`"), line.key.span(), near, false),
        None => found,
    }
}

pub(crate) fn context_again(section: &Section<'_>, first: Span) -> Diagnostic {
    let name = String::from_utf8_lossy(section.name).into_owned();
    Diagnostic::new(
        "S121",
        format!("the context `{name}` is opened a second time"),
        section.span,
    )
    .label("its lines are added to the first; numbering starts anew")
    .also(first, "opened here")
}

/// A function that `[globals]` writes.
pub(crate) fn not_written(line: &Line) -> Diagnostic {
    Diagnostic::new(
        "S142",
        format!(
            "`{}` is not written while the file is loaded",
            line.key.lossy()
        ),
        line.key.span(),
    )
    .label("only GLOBAL() is, of the functions")
}

pub(crate) fn general_again(section: &Section, first: Span) -> Diagnostic {
    Diagnostic::new("S146", "`[general]` is opened a second time", section.span)
        .label("none of these options is read")
        .also(first, "only these are")
        .help("write the options there, or `[general](+)` here")
}

/// Text that stands behind the number, the offset or the label of a priority that is read without it (DL-065 to DL-068).
pub(crate) fn behind_priority(exten: &Exten) -> Option<Diagnostic> {
    let number = |text: &Text| {
        let bytes = text.bytes();
        let blanks = bytes.iter().take_while(|b| **b <= 32).count();
        let sign = usize::from(matches!(bytes.get(blanks), Some(b'-' | b'+')));
        let from = blanks + sign;
        let digits = bytes[from..].iter().take_while(|b| b.is_ascii_digit());
        from + digits.count()
    };
    let rest = |text: &Text, from: usize| {
        let rest = text.slice(from.min(text.len())..text.len()).trimmed();
        (!rest.is_empty()).then(|| rest.span())
    };
    let numbered = scan_int(exten.priority.bytes()).is_some();
    let behind_label = || {
        let close = exten.field.bytes().iter().position(|b| *b == b')')?;
        rest(&exten.field, close + 1)
    };
    let place = numbered
        .then(|| rest(&exten.priority, number(&exten.priority)))
        .flatten()
        .or_else(|| exten.offset.as_ref().and_then(|o| rest(o, number(o))))
        .or_else(behind_label)?;
    Some(
        Diagnostic::new(
            "S107",
            format!("`{}` is read without its end", exten.field.lossy()),
            place,
        )
        .label("never read"),
    )
}

pub(crate) fn unknown_key(line: &Line, dialect: &Dialect) -> Diagnostic {
    let key = line.key.lossy().into_owned();
    let found = Diagnostic::new(
        "S109",
        format!("`{key}` means nothing in a context"),
        line.key.span(),
    )
    .label("the line is ignored");
    if !dialect.same_lines && key.to_ascii_lowercase().starts_with("same") {
        return found.help(format!(
            "`same` comes with Asterisk 1.6.2, and the plan is read as {dialect} does"
        ));
    }
    match nearest(&key, KEYS) {
        Some(near) => found.fix(format!("write `{near}`"), line.key.span(), near, false),
        None => {
            found.help("a context holds exten, same, include, ignorepat, hint and switch lines")
        }
    }
}

pub(crate) fn same_first(line: &Line) -> Diagnostic {
    Diagnostic::new(
        "S113",
        "`same` stands before any `exten` of this section",
        line.key.span(),
    )
    .label("there is no extension to continue; the line is dropped")
    .help("write `exten => NAME,1,...` first")
}

pub(crate) fn label_open(exten: &Exten, open: Span) -> Diagnostic {
    let comma = exten.call.bytes().contains(&b')');
    let found = Diagnostic::new("S108", "the label is not closed", open)
        .label("`)` is missing; the line is dropped");
    if comma {
        found.help("a label cannot hold a comma")
    } else {
        found.fix("add `)`", open.after(), ")", false)
    }
}

pub(crate) fn nothing_before(line: &Line, exten: &Exten, name: &[u8]) -> Diagnostic {
    let word = exten.priority.lossy().into_owned();
    let name = String::from_utf8_lossy(name).into_owned();
    Diagnostic::new(
        "S103",
        format!("`{word}` counts on from a line before it, and there is none in this section"),
        exten.priority.span(),
    )
    .label(if exten.name.is_some() {
        format!("`{name}` never gets this step")
    } else {
        "the line is dropped".to_owned()
    })
    .also(line.key.span(), "the line is dropped")
    .fix("write `1`", exten.priority.span(), "1", false)
}

pub(crate) fn not_positive(exten: &Exten) -> Diagnostic {
    Diagnostic::new(
        "S103",
        format!("`{}` is not a priority", exten.field.lossy()),
        exten.field.span(),
    )
    .label("priorities begin with 1; the line is dropped")
}

pub(crate) fn after_hint(_line: &Line, exten: &Exten, hint: Option<&Line>) -> Diagnostic {
    let found = Diagnostic::new(
        "S103",
        "`n` after a hint is dropped, and so is every `n` that follows",
        exten.priority.span(),
    )
    .label("counted on from the hint this is priority 0")
    .help("put the hint behind the numbered lines, or write the number");
    match hint {
        Some(line) => found.also(line.span(), "the count ends here"),
        None => found,
    }
}

/// A priority that is neither a number nor a word nor a label: what was probably meant.
pub(crate) fn no_priority(
    line: &Line,
    exten: &Exten,
    name: &[u8],
    named_at: Option<&Line>,
) -> Diagnostic {
    let field = exten.field.lossy().into_owned();
    let place = if exten.field.is_empty() {
        line.value.span()
    } else {
        exten.field.span()
    };
    let found = |label: String| {
        Diagnostic::new("S103", format!("`{field}` is not a priority"), place).label(label)
    };
    let value = &line.value;
    if let Some(written) = &exten.name {
        if exten.field.is_empty() && exten.call.is_empty() {
            if written.bytes().contains(&b'[') && !written.bytes().contains(&b']') {
                return Diagnostic::new("P705", "the character set is not closed", written.span())
                    .label("`[` without `]` takes the rest of the line into the name, so there is no priority; the line is dropped");
            }
            if written.bytes().contains(&b'|') {
                return Diagnostic::new(
                    "S103",
                    "the line has no priority: `|` no longer separates its parts",
                    value.span(),
                )
                .label("all of this is taken for the extension's name; the line is dropped")
                .help("separate with commas: `exten => 100,1,Dial(...)`");
            }
            let label = if written.is_empty() {
                "nothing here; the line is dropped"
            } else {
                "no priority and no application; the line is dropped"
            };
            return Diagnostic::new("S103", "the line has no priority", value.span()).label(label);
        }
    } else if let [b'>', rest @ ..] = value.bytes() {
        let arrow = Span {
            end: line.value.place(0).end,
            start: line.key.span().end,
            ..line.value.span()
        };
        let arrow = if arrow.file == line.key.span().file {
            arrow
        } else {
            line.value.place(0)
        };
        let blanks = rest.iter().take_while(|b| **b <= 32).count();
        let shown = String::from_utf8_lossy(&rest[blanks..exten.field.len().max(blanks + 1) - 1])
            .into_owned();
        return Diagnostic::new("S103", format!("`{field}` is not a priority"), arrow.to(exten.field.span()))
            .label(format!("Asterisk reads `=>` and then a priority called `{field}`, finds none, and drops the line"))
            .fix(format!("replace `=>>` by `=>`, so that `{shown}` is the priority"), value.place(0), "", true);
    }
    if exten.name.is_none() {
        let second = exten
            .call
            .bytes()
            .split(|b| *b == b',')
            .next()
            .unwrap_or_default();
        let has_more = exten.call.bytes().contains(&b',');
        if has_more && is_priority(second) {
            let gone = exten.field.span().to(exten.call.span().before());
            let gone = Span {
                end: exten.call.span().start + leading_blanks(&exten.call) as u32,
                ..gone
            };
            let found = found("`same` already repeats the extension; Asterisk takes this for a priority and drops the line".to_owned());
            if exten.field.bytes() == name {
                return found.fix(format!("remove `{field},`"), gone, "", true);
            }
            let found = match named_at {
                Some(named) => found.also(
                    named.span(),
                    format!("`same` stands for `{}`", String::from_utf8_lossy(name)),
                ),
                None => found,
            };
            // A pattern or name of its own: either a copy of the name with a slip, or the start of a new extension.
            return found
                .fix(
                    format!("remove `{field},`"),
                    gone,
                    "",
                    exten.field.bytes().first() == Some(&b'_'),
                )
                .fix(
                    "begin a new extension: write `exten`",
                    line.key.span(),
                    "exten",
                    false,
                );
        }
        if SPECIAL.contains(&field.as_str()) {
            let mut found = found(format!(
                "`same` repeats the extension before it, so `{field}` is taken for a priority; the line is dropped"
            ));
            found.fixes.push(Fix {
                title: format!("begin the extension `{field}`"),
                edits: vec![
                    Edit {
                        span: line.key.span(),
                        text: b"exten".to_vec(),
                    },
                    Edit {
                        span: exten.field.span().after(),
                        text: b",1".to_vec(),
                    },
                ],
                safe: false,
            });
            return found;
        }
    }
    if let Some(word) = ["n", "s", "next", "same", "hint"].into_iter().find(|w| {
        exten
            .priority
            .bytes()
            .trim_ascii()
            .eq_ignore_ascii_case(w.as_bytes())
    }) {
        if exten.priority.bytes().trim_ascii() == word.as_bytes() {
            let blank = exten.priority.span_of(word.len()..exten.priority.len());
            return found(format!(
                "the blank before the parenthesis makes it the label `{word} `; the line is dropped"
            ))
            .fix("remove the blank", blank, "", true);
        }
        return found(
            "priority words are written in small letters; the line is dropped".to_owned(),
        )
        .fix(format!("write `{word}`"), exten.priority.span(), word, true);
    }
    if exten.priority.bytes().starts_with(b"n-") || exten.priority.bytes().starts_with(b"s-") {
        return found("only `+` may follow `n` and `s`; the line is dropped".to_owned());
    }
    let looks_like_call = matches!(exten.field.bytes().iter().position(|b| *b == b'('), Some(n) if n > 0)
        || exten.call.is_empty() && exten.field.bytes().iter().any(u8::is_ascii_alphabetic);
    if looks_like_call {
        let number = if named_at.is_some_and(|l| std::ptr::eq(l, line)) {
            "1"
        } else {
            "n"
        };
        return found(
            "an application stands where the priority belongs; the line is dropped".to_owned(),
        )
        .fix(
            format!("add the priority `{number}`"),
            exten.field.span().before(),
            format!("{number},"),
            false,
        );
    }
    let shown = String::from_utf8_lossy(name).into_owned();
    found(format!(
        "neither a number, nor `n`, nor a label that `{shown}` has up to here; the line is dropped"
    ))
}

fn leading_blanks(text: &Text) -> usize {
    text.bytes().iter().take_while(|b| **b <= 32).count()
}

/// What is wrong with a name. Said once per entry.
pub(crate) fn name(line: &Line, exten: &Exten, name: &[u8]) -> Option<Diagnostic> {
    let written = exten.name.as_ref()?;
    let shown = String::from_utf8_lossy(name).into_owned();
    if name.is_empty() {
        return Some(
            Diagnostic::new(
                "S141",
                "the extension has no name",
                if written.is_empty() {
                    line.span()
                } else {
                    written.span()
                },
            )
            .label(if written.is_empty() {
                "the line is dropped"
            } else {
                "this is empty when the file is loaded; the line is dropped"
            }),
        );
    }
    if matches!(name[0], b'>' | b'=') && matches!(written.bytes().first(), Some(b'>' | b'=')) {
        let sign = name[0] as char;
        let more = written.bytes()[1..]
            .iter()
            .take_while(|b| **b <= 32)
            .count();
        return Some(
            Diagnostic::new(
                "S140",
                format!("the extension is called `{shown}`"),
                written.span(),
            )
            .label(format!(
                "the second `{sign}` belongs to the name; nobody dials this"
            ))
            .fix(
                format!("remove the second `{sign}`"),
                written.span_of(0..1 + more),
                "",
                true,
            ),
        );
    }
    if name == b"_." || name == b"_!" {
        let better = if name == b"_." { "_X." } else { "_X!" };
        return Some(
            Diagnostic::new(
                "P701",
                format!("`{shown}` matches everything, also `h`, `i`, `t`, `s` and `fax`"),
                written.span(),
            )
            .label("catches hang-ups, time-outs and mistyped jumps too")
            .help(format!(
                "begin with what callers dial: `{better}` for numbers"
            )),
        );
    }
    None
}

/// `n` continued from another extension.
pub(crate) fn continued(
    line: &Line,
    exten: &Exten,
    before: &Line,
    priority: i32,
    last: Option<u32>,
) -> Diagnostic {
    let word = exten.priority.lossy().into_owned();
    let label = match last {
        None => format!("this is priority {priority}; the extension has no priority 1"),
        Some(last) => format!("this is priority {priority}, while the extension's last is {last}"),
    };
    let meant = last.map_or(1, |l| l + 1);
    let _ = line;
    Diagnostic::new(
        "F330",
        format!("`{word}` counts on from another extension"),
        exten.priority.span(),
    )
    .label(label)
    .also(
        before.span(),
        "`n` continues the line before it, whatever its extension",
    )
    .fix(
        format!("write `{meant}`"),
        exten.priority.span(),
        meant.to_string(),
        false,
    )
}

/// A step that is there already.
pub(crate) fn duplicate(exten: &Exten, what: &str, name: &[u8], first: Span) -> Diagnostic {
    let shown = String::from_utf8_lossy(name).into_owned();
    let place = exten.field.span();
    let found = Diagnostic::new(
        "F302",
        format!("{what} of `{shown}` is written twice"),
        place,
    )
    .label("dropped: the first one stays")
    .also(first, "this one is used");
    match scan_int(exten.priority.bytes()) {
        Some(1) => found.help("write `n` to continue the extension"),
        _ => found,
    }
}

pub(crate) fn label_again(label: &Text, first: Option<Span>) -> Diagnostic {
    let found = Diagnostic::new(
        "F303",
        format!(
            "the label `{}` is used twice in this extension",
            label.lossy()
        ),
        label.span(),
    )
    .label("dropped: jumps go to the first");
    match first {
        Some(first) => found.also(first, "the first"),
        None => found,
    }
}

pub(crate) fn include_again(line: &Line, first: Span) -> Diagnostic {
    Diagnostic::new(
        "R209",
        format!("`{}` is included twice", line.value.lossy()),
        line.value.span(),
    )
    .label("the second is ignored")
    .also(first, "included here")
}
