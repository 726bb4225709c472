//! What may stand in a test file, as data: by this the reader checks, and from this the schema is made.

use strowger_compiler::edit_distance::nearest;
use strowger_compiler::{Diagnostic, Span};

use super::phrase;
use super::problem::problem;
use super::want::Want;
use super::yaml::{Key, Node, Value};
use crate::duration;
use crate::moment::{self, Moment};

/// Keys that are named to somebody who wrote no mapping.
const KEYS: usize = 6;

/// What a value may be.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Any text, a number too.
    Text,
    /// A whole number, at most so great.
    Number(u64),
    /// `yes` or `no`.
    Flag,
    /// `5s`, `500ms`, `2m`; a bare number is seconds.
    Duration,
    /// `2026-03-02 10:00:00 Europe/Paris`.
    Moment,
    /// A name of a time zone.
    Zone,
    /// What a phone does, in words: `busy after 5s`.
    Phrase,
    /// A text to compare with: itself, `/a regular expression/`, or `>= 12s`.
    Want,
    /// One of these words.
    Words(&'static [(&'static str, &'static str)]),
    /// Any number of these; a single one may stand without brackets.
    List(&'static Shape),
    /// These keys.
    Map(&'static Keys),
    /// Any names, each with such a value.
    Named(&'static Shape),
    /// One of these; they differ in whether they are a text, a list or a mapping.
    Either(&'static [Shape]),
}

/// The keys of a mapping.
#[derive(Debug)]
pub(crate) struct Keys {
    /// What the mapping is, with its article: `a test`.
    pub(crate) what: &'static str,
    /// In groups, because mappings share some.
    pub(crate) keys: &'static [&'static [Entry]],
    /// What names of variables may stand beside the keys, and what they are given.
    pub(crate) variables: Option<&'static Shape>,
    /// What is to be said of a key that is none.
    pub(crate) hint: &'static str,
}

/// One key.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) shape: &'static Shape,
    pub(crate) about: &'static str,
    pub(crate) required: bool,
}

/// A key that may stand.
pub(crate) const fn may(name: &'static str, shape: &'static Shape, about: &'static str) -> Entry {
    Entry {
        name,
        shape,
        about,
        required: false,
    }
}

/// A key that must stand.
pub(crate) const fn must(name: &'static str, shape: &'static Shape, about: &'static str) -> Entry {
    Entry {
        required: true,
        ..may(name, shape, about)
    }
}

/// Whether a key of a mapping with [`Keys::variables`] is the name of a variable: no small letters.
pub(crate) fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && !name.contains(|c: char| c.is_ascii_lowercase())
}

impl Shape {
    /// What is expected, in words: `a text`.
    fn words(&self) -> String {
        match self {
            Shape::Text | Shape::Want => "a text".into(),
            Shape::Number(u64::MAX) => "a whole number".into(),
            Shape::Number(most) => format!("a whole number up to {most}"),
            Shape::Flag => "yes or no".into(),
            Shape::Duration => "a time as `5s`, `500ms` or `2m`".into(),
            Shape::Moment => {
                "a moment as `2026-03-02 10:00` or `2026-03-02 10:00 Europe/Paris`".into()
            }
            Shape::Zone => "a zone as `Europe/Paris`".into(),
            Shape::Phrase => "what the phone does".into(),
            Shape::Words(words) => {
                let words: Vec<String> = words.iter().map(|(w, _)| format!("`{w}`")).collect();
                format!("one of {}", words.join(", "))
            }
            Shape::List(_) => "a list".into(),
            Shape::Map(keys) => keys.what.into(),
            Shape::Named(_) => "a mapping of names".into(),
            Shape::Either(shapes) => {
                let all: Vec<String> = shapes.iter().map(Shape::words).collect();
                all.join(", or ")
            }
        }
    }

    /// How a mapping is written where something else stands.
    fn written(&self, node: &Node) -> Option<String> {
        let keys = match self {
            Shape::Map(keys) => keys,
            Shape::Named(_) => return Some("write `NAME: value` pairs here".into()),
            Shape::List(inner) => return inner.written(node),
            Shape::Either(shapes) => return shapes.iter().find_map(|s| s.written(node)),
            _ => return None,
        };
        let all = || keys.keys.iter().flat_map(|group| group.iter());
        if let Value::Text(text) = &node.value
            && let Some(entry) = all().find(|e| e.name == text.text)
        {
            let value = match entry.shape {
                Shape::Flag | Shape::Either([Shape::Flag, ..]) => "yes",
                _ => "...",
            };
            return Some(format!("write {{ {}: {value} }}", entry.name));
        }
        let names: Vec<&str> = all().take(KEYS).map(|e| e.name).collect();
        let more = if all().nth(KEYS).is_some() {
            " ..."
        } else {
            ""
        };
        Some(format!(
            "write `key: value` pairs here; keys are {}{more}",
            names.join(", ")
        ))
    }

    /// Whether a value is of this kind, whatever is in it.
    fn kind(&self, node: &Node) -> bool {
        match (self, &node.value) {
            (Shape::Either(shapes), _) => shapes.iter().any(|s| s.kind(node)),
            (Shape::List(_), Value::List(_)) => true,
            (Shape::List(inner), _) => node.is_empty() || inner.kind(node),
            (Shape::Map(_) | Shape::Named(_), Value::Map(_)) => true,
            (Shape::Map(_) | Shape::Named(_), _) => node.is_empty(),
            (_, Value::Text(_)) => true,
            (_, _) => false,
        }
    }

    /// Tells everything that is wrong with a value.
    pub(crate) fn check(&self, node: &Node, found: &mut Vec<Diagnostic>) {
        if let Shape::Either(shapes) = self
            && let Some(fits) = shapes.iter().find(|s| s.kind(node))
        {
            fits.check(node, found);
            return;
        }
        if !self.kind(node) {
            let what = match &node.value {
                Value::Text(text) if text.text.is_empty() => "nothing".into(),
                Value::Text(_) => "a text".to_owned(),
                Value::List(_) => "a list".into(),
                Value::Map(_) => "a mapping".into(),
            };
            let wanted = self.words();
            let wrong = problem(format!("{wanted} is expected here"), node.span)
                .label(format!("this is {what}"));
            found.push(match self.written(node) {
                Some(help) => wrong.help(help),
                None => wrong,
            });
            return;
        }
        match self {
            Shape::List(inner) => {
                for item in node.items() {
                    inner.check(item, found);
                }
            }
            Shape::Named(inner) => {
                for (_, value) in node.entries() {
                    inner.check(value, found);
                }
            }
            Shape::Map(keys) => keys.check(node, found),
            _ => {
                let text = node.text().unwrap_or_default();
                if let Some(wrong) = self.wrong(text) {
                    found.push(wrong.at(node.span));
                }
            }
        }
    }

    /// What is wrong with a text.
    fn wrong(&self, text: &str) -> Option<Wrong> {
        let unless = |fits: bool| {
            (!fits).then(|| Wrong {
                message: format!("`{text}` is not {}", self.words()),
                hint: None,
            })
        };
        match self {
            Shape::Number(most) => unless(text.parse::<u64>().is_ok_and(|n| n <= *most)),
            Shape::Flag => unless(flag(text).is_some()),
            Shape::Duration => unless(duration::read(text).is_some()),
            Shape::Moment => (Moment::read(text).is_none()).then(|| Wrong {
                message: format!("`{text}` is not a moment"),
                hint: Some(moment::FORM.into()),
            }),
            Shape::Zone => unless(strowger_stdlib::time::Zone::named(text.as_bytes()).is_some()),
            Shape::Words(words) => {
                let known = words.iter().any(|(w, _)| *w == text);
                let meant = nearest(text, words.iter().map(|(w, _)| *w));
                unless(known).map(|wrong| Wrong {
                    hint: meant.map(|m| format!("did you mean `{m}`?")),
                    ..wrong
                })
            }
            Shape::Want => Want::read(text).err().map(|why| Wrong {
                message: why,
                hint: None,
            }),
            Shape::Phrase => phrase::read(text).err().map(|(message, hint)| Wrong {
                message,
                hint: Some(hint),
            }),
            _ => None,
        }
    }
}

struct Wrong {
    message: String,
    hint: Option<String>,
}

impl Wrong {
    fn at(self, span: Span) -> Diagnostic {
        let found = problem(self.message, span);
        match self.hint {
            Some(hint) => found.help(hint),
            None => found,
        }
    }
}

impl Keys {
    /// All entries.
    pub(crate) fn all(&self) -> impl Iterator<Item = &'static Entry> + Clone {
        self.keys.iter().flat_map(|group| group.iter())
    }

    /// The entry of a key.
    pub(crate) fn entry(&self, name: &str) -> Option<&'static Entry> {
        self.all().find(|e| e.name == name)
    }

    fn check(&self, node: &Node, found: &mut Vec<Diagnostic>) {
        for (key, value) in node.entries() {
            match (self.entry(&key.name), self.variables) {
                (Some(entry), _) => entry.shape.check(value, found),
                (None, Some(shape)) if is_variable(&key.name) => shape.check(value, found),
                (None, _) => found.push(self.unknown(key)),
            }
        }
        for entry in self.all().filter(|e| e.required) {
            if node.get(entry.name).is_none() {
                found.push(
                    problem(
                        format!("{} needs `{}`", self.what, entry.name),
                        first_line(node),
                    )
                    .label(format!("there is no `{}` in it", entry.name))
                    .help(format!("{}: {}", entry.name, entry.about)),
                );
            }
        }
    }

    fn unknown(&self, key: &Key) -> Diagnostic {
        let names = self.all().map(|e| e.name);
        let found = problem(
            format!("`{}` is no key of {}", key.name, self.what),
            key.span,
        );
        let found = match nearest(&key.name, names.clone()) {
            Some(meant) => found.help(format!("did you mean `{meant}`?")),
            None => {
                let names: Vec<&str> = names.collect();
                found.help(format!("there are {}", names.join(", ")))
            }
        };
        if self.hint.is_empty() {
            found
        } else {
            found.help(self.hint)
        }
    }
}

/// A long mapping is shown by its first key.
fn first_line(node: &Node) -> Span {
    node.entries()
        .first()
        .map_or(node.span, |(key, _)| key.span)
}

/// `yes` or `no` as people and YAML write it.
pub(crate) fn flag(text: &str) -> Option<bool> {
    match text {
        "yes" | "true" | "on" => Some(true),
        "no" | "false" | "off" => Some(false),
        _ => None,
    }
}
