//! The lines of `extensions.conf` (DL-044..094): sections of a [`Config`] become an [`ast::Plan`]. Never fails; what a line
//! means for the plan, and what is wrong with it there, is found when the graph is built.

use strowger_stdlib::Dialect;

use super::line::{Config, Value};
use super::pipes;
use crate::ast::{End, Entry, Exten, Kind, Label, Line, Plan, Section};
use crate::source::Text;

/// Reads the sections of a plan.
pub fn parse<'c>(config: &'c Config, dialect: &Dialect) -> Plan<'c> {
    let sections = config
        .sections()
        .map(|section| {
            let kind = if section.name.eq_ignore_ascii_case(b"general") {
                Kind::General
            } else if section.name.eq_ignore_ascii_case(b"globals") {
                Kind::Globals
            } else {
                Kind::Context
            };
            Section {
                name: &section.name,
                span: section.span,
                kind,
                values: &section.values,
                dialect: *dialect,
            }
        })
        .collect();
    Plan {
        sections,
        renamed: config.renamed.clone(),
    }
}

impl<'c> Section<'c> {
    /// Its lines.
    pub fn lines(self) -> impl Iterator<Item = Line<'c>> + 'c {
        self.values
            .iter()
            .map(move |value| line(value, self.kind, &self.dialect))
    }
}

/// Reads one line of a section.
pub fn line<'v>(value: &'v Value, kind: Kind, dialect: &Dialect) -> Line<'v> {
    let key = value.key.bytes();
    let is = |word: &str| key.eq_ignore_ascii_case(word.as_bytes());
    let entry = if kind != Kind::Context {
        Entry::Other
    } else if dialect.same_lines && key.len() >= 4 && key[..4].eq_ignore_ascii_case(b"same") {
        Entry::Exten(exten(&value.text, false, dialect))
    } else if is("exten") {
        Entry::Exten(exten(&value.text, true, dialect))
    } else if is("include") {
        Entry::Include
    } else if is("ignorepat") {
        Entry::IgnorePat
    } else if is("switch") {
        Entry::Switch
    } else if is("lswitch") {
        Entry::LiteralSwitch
    } else if is("eswitch") {
        Entry::LateSwitch
    } else if dialect.automatic_hints && is("autohints") {
        Entry::AutoHints
    } else {
        Entry::Other
    };
    Line {
        key: &value.key,
        value: &value.text,
        entry,
        line: value.line,
        listed_line: value.listed_line,
        renamed: value.renamed,
        inherited: value.inherited,
        comment: value.comment,
    }
}

/// Where a name ends: the first comma outside `[...]` and not behind a `\` (DL-057).
pub fn name_end(text: &[u8]) -> usize {
    let mut open = 0usize;
    let mut i = 0;
    while i < text.len() {
        match text[i] {
            b'\\' => i += 1,
            b'[' => open += 1,
            b']' => open = open.saturating_sub(1),
            b',' if open == 0 => return i,
            _ => {}
        }
        i += 1;
    }
    text.len()
}

/// Reads the value of an `exten` (with a name) or `same` line.
pub fn exten(value: &Text, named: bool, dialect: &Dialect) -> Exten {
    let mut at = 0;
    let name = named.then(|| {
        let end = if dialect.bracketed_names {
            name_end(value.bytes())
        } else {
            let comma = value.bytes().iter().position(|b| *b == b',');
            comma.unwrap_or(value.len())
        };
        at = (end + 1).min(value.len());
        value.slice(0..end)
    });
    let rest = &value.bytes()[at..];
    let field_end = at + rest.iter().position(|b| *b == b',').unwrap_or(rest.len());
    let field = value.slice(at..field_end).into_trimmed();
    let call_from = (field_end + 1).min(value.len());
    let call = value.slice(call_from..value.len());
    let (priority, offset, label) = priority(&field);
    let (app, args, end) = self::call(&call, dialect);
    Exten {
        name,
        field,
        priority,
        offset,
        label,
        app,
        args,
        end,
        call,
    }
}

/// The application and its arguments as a release reads them.
pub(super) fn call(call: &Text, dialect: &Dialect) -> (Text, Text, End) {
    if dialect.bare_calls
        && let Some(bare) = pipes::bare(call)
    {
        return bare;
    }
    let (app, args, end) = application(call);
    if dialect.pipes {
        (app, pipes::separated(&args), end)
    } else {
        (app, args, end)
    }
}

/// `n+10(label)` in its parts (DL-065..067). The offset is looked for before the label only.
fn priority(field: &Text) -> (Text, Option<Text>, Label) {
    let bytes = field.bytes();
    let open = bytes.iter().position(|b| *b == b'(');
    let label = match open {
        None => Label::None,
        Some(open) => match bytes[open + 1..].iter().position(|b| *b == b')') {
            None => Label::Open(field.span_of(open..bytes.len())),
            Some(0) => Label::None,
            Some(n) => Label::Some(field.slice(open + 1..open + 1 + n)),
        },
    };
    let end = open.unwrap_or(bytes.len());
    match bytes[..end].iter().position(|b| *b == b'+') {
        Some(plus) => (
            field.slice(0..plus),
            Some(field.slice(plus + 1..end)),
            label,
        ),
        None => (field.slice(0..end), None, label),
    }
}

/// `App(args)` in its parts (DL-073..076).
pub fn application(call: &Text) -> (Text, Text, End) {
    let bytes = call.bytes();
    let blanks = bytes.iter().position(|b| *b > 32).unwrap_or(bytes.len());
    let nothing = || call.slice(bytes.len()..bytes.len());
    let Some(open) = bytes.iter().position(|b| *b == b'(') else {
        return (call.slice(blanks..bytes.len()), nothing(), End::Bare);
    };
    let before = &bytes[..open];
    if before.windows(2).any(|w| w == b"${" || w == b"$[") {
        return (call.slice(blanks..bytes.len()), nothing(), End::Computed);
    }
    let app = call.slice(blanks.min(open)..open);
    match bytes[open + 1..]
        .iter()
        .rposition(|b| *b == b')')
        .map(|n| open + 1 + n)
    {
        None => (app, call.slice(open + 1..bytes.len()), End::Open),
        Some(close) => {
            let rest = call.slice(close + 1..bytes.len());
            let end = if rest.is_empty() {
                End::Closed
            } else {
                End::Trailing(rest)
            };
            (app, call.slice(open + 1..close), end)
        }
    }
}
