//! `test` blocks of `.dial` files, as a test file would say them.

use std::fmt::Write;

use strowger_compiler::dial::test::{Block, Key, Said, SaidKind};

use super::yaml::{self, Node, Text, Value};

/// The world of a block and its calls, as a test of a test file.
pub(crate) fn node(block: &Block) -> Node {
    let name = Key {
        name: "name".to_owned(),
        span: block.span,
    };
    let title = Node {
        span: block.span,
        value: text(&block.title, false),
    };
    let entries = std::iter::once((key(&name), title)).chain(block.said.iter().map(entry));
    Node {
        span: block.span,
        value: Value::Map(entries.collect()),
    }
}

fn key(key: &Key) -> yaml::Key {
    yaml::Key {
        span: key.span,
        name: key.name.clone(),
    }
}

fn entry((name, said): &(Key, Said)) -> (yaml::Key, Node) {
    (key(name), value(said))
}

fn value(said: &Said) -> Node {
    Node {
        span: said.span,
        value: match &said.kind {
            SaidKind::Nothing => text("", true),
            SaidKind::Text(words) => text(words, false),
            SaidKind::List(items) => Value::List(items.iter().map(value).collect()),
            SaidKind::Map(entries) => Value::Map(entries.iter().map(entry).collect()),
        },
    }
}

/// A text with quotes, or, without them, a value that is not there.
fn text(text: &str, plain: bool) -> Value {
    Value::Text(Text {
        text: text.to_owned(),
        plain,
    })
}

/// An endpoint as a `.dial` file writes it: `pjsip("61")`.
pub(crate) fn constructor(name: &str) -> String {
    let plain = |text: &str| !text.contains(['&', ',', '|', '(', ')', '/', '@']);
    let (technology, rest) = name.split_once('/').unwrap_or(("", name));
    match (technology, rest.split_once('@')) {
        ("PJSIP", None) if plain(rest) => format!("pjsip({})", quoted(rest)),
        ("SIP", None) if plain(rest) => format!("sip({})", quoted(rest)),
        ("PJSIP", Some((user, trunk))) if plain(user) && plain(trunk) => {
            format!("trunk({}).to({})", quoted(trunk), quoted(user))
        }
        _ => format!("device({})", quoted(name)),
    }
}

/// A text in quotes.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '{' => out.push_str("{{"),
            '}' => out.push_str("}}"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::super::keys;
    use super::super::phrase;
    use super::super::shape::{Keys, Shape};
    use strowger_compiler::dial::test::{ACTS, MANNER_ARGUMENTS, MANNERS, OF_CALLERS, REASONS};

    fn names(shape: &'static Shape) -> Vec<&'static str> {
        let of = |keys: &'static Keys| keys.all().map(|e| e.name).collect();
        match shape {
            Shape::Map(keys) => of(keys),
            Shape::Either(shapes) => shapes.iter().flat_map(names).collect(),
            _ => Vec::new(),
        }
    }

    /// Both notations say the same things: what has a key has a word, and the other way round.
    #[test]
    fn each_key_has_a_word() {
        let sorted = |mut all: Vec<&'static str>| {
            all.sort_unstable();
            all.dedup();
            all
        };
        let of = |which: fn(&strowger_compiler::dial::test::Act) -> &'static str| {
            let keys = ACTS.iter().map(which).filter(|k| !k.is_empty());
            sorted(keys.collect())
        };
        assert_eq!(of(|a| a.phone), sorted(names(&keys::PHONE_ACT)));
        assert_eq!(of(|a| a.caller), sorted(names(&keys::CALLER_ACT)));
        let manners: Vec<_> = phrase::MANNERS.iter().map(|(w, ..)| *w).collect();
        let words: Vec<_> = MANNERS.iter().map(|(_, key)| *key).collect();
        assert_eq!(words, manners);
        let phone = sorted(names(&keys::PHONE));
        let of_phone = MANNER_ARGUMENTS.iter().map(|(_, key)| *key);
        let all: Vec<&str> = of_phone.chain(manners).collect();
        assert!(phone.iter().all(|key| all.contains(key)), "{phone:?}");
        for (_, key) in OF_CALLERS {
            assert!(keys::CALL_KEYS.iter().any(|e| e.name == key), "{key}");
        }
        let reasons: Vec<_> = keys::REASONS.iter().map(|(word, _)| *word).collect();
        assert_eq!(reasons, REASONS);
    }
}
