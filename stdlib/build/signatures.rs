//! Makes `src/signatures/*.toml` into two constant lists of `Signature`, so that no start of the program reads them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use toml::{Table, Value};

use crate::words::Words;

/// The files, in the order of the lists.
const FILES: [&str; 8] = [
    "call",
    "media",
    "flow",
    "service",
    "historical",
    "functions",
    "functions-channel",
    "functions-historical",
];

/// Source text, or what is wrong.
pub(crate) type Written = Result<String, String>;

/// Writes `signatures.rs` and `words.rs` into the folder of what is built.
pub(crate) fn write() -> Result<(), String> {
    let mut out = String::new();
    let mut words = Words::read()?;
    let mut lists = [("application", String::new()), ("function", String::new())];
    for file in FILES {
        let path = format!("src/signatures/{file}.toml");
        println!("cargo::rerun-if-changed={path}");
        let text = std::fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
        let mut table: Table = text.parse().map_err(|e| format!("{path}: {e}"))?;
        for (kind, list) in &mut lists {
            let Some(entries) = table.remove(*kind) else {
                continue;
            };
            for entry in tables(&entries).map_err(|e| format!("{path}: {e}"))? {
                let name = entry.get("name").and_then(Value::as_str).unwrap_or("?");
                let written = signature(entry).map_err(|e| format!("{path}, {name}: {e}"))?;
                let _ = writeln!(list, "{written},");
                if let Some(dial) = entry.get("dial") {
                    let added = words.add(*kind == "function", entry, dial);
                    added.map_err(|e| format!("{path}, {name}: {e}"))?;
                }
            }
        }
        if let Some((key, _)) = table.iter().next() {
            return Err(format!("{path}: what is `{key}`?"));
        }
    }
    let [(_, applications), (_, functions)] = lists;
    let _ = writeln!(
        out,
        "static APPLICATIONS: &[Signature] = &[{applications}];"
    );
    let _ = writeln!(out, "static FUNCTIONS: &[Signature] = &[{functions}];");
    let folder = std::env::var("OUT_DIR").map_err(|e| e.to_string())?;
    for (file, text) in [("signatures.rs", out), ("words.rs", words.end())] {
        std::fs::write(Path::new(&folder).join(file), text).map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// One entry as an expression. Every key must be one of those named here.
fn signature(entry: &Table) -> Written {
    let mut keys = Keys::of(entry);
    // The words of `.dial` are another list.
    keys.take("dial");
    let fields = [
        ("name", text(keys.need("name")?)?),
        (
            "lower",
            text(
                &keys
                    .need("name")?
                    .as_str()
                    .map_or(Value::Boolean(false), |n| n.to_ascii_lowercase().into()),
            )?,
        ),
        ("usage", text(keys.need("usage")?)?),
        ("summary", text(keys.need("summary")?)?),
        ("parameters", texts(keys.take("parameters"))?),
        ("least", number(keys.take("least"))?),
        ("repeats", flag(keys.take("repeats"))?),
        ("text_last", flag(keys.take("text_last"))?),
        ("split", word("Split", keys.take("split"), "standard")?),
        ("options", options(keys.take("options"))?),
        ("sets", sets(keys.take("sets"))?),
        ("capability", capability(keys.take("capability"))?),
        ("since", optional(keys.take("since"))?),
        ("until", optional(keys.take("until"))?),
        ("replaced_by", optional(keys.take("replaced_by"))?),
        ("served", word("Served", Some(keys.need("served")?), "")?),
        ("reviewed", flag(keys.take("reviewed"))?),
        ("read", flag(keys.take("read"))?),
        ("write", flag(keys.take("write"))?),
        ("reads_variable", flag(keys.take("reads_variable"))?),
        ("own", flag(keys.take("own"))?),
    ];
    keys.end()?;
    Ok(structure("Signature", &fields))
}

/// The keys of a table, and which of them nobody has asked for.
pub(crate) struct Keys<'t> {
    entry: &'t Table,
    left: BTreeSet<&'t str>,
}

impl<'t> Keys<'t> {
    pub(crate) fn of(entry: &'t Table) -> Keys<'t> {
        Keys {
            entry,
            left: entry.keys().map(String::as_str).collect(),
        }
    }

    pub(crate) fn take(&mut self, key: &str) -> Option<&'t Value> {
        self.left.remove(key);
        self.entry.get(key)
    }

    pub(crate) fn need(&mut self, key: &str) -> Result<&'t Value, String> {
        self.take(key).ok_or_else(|| format!("no `{key}`"))
    }

    pub(crate) fn end(self) -> Result<(), String> {
        match self.left.first() {
            Some(key) => Err(format!("what is `{key}`?")),
            None => Ok(()),
        }
    }
}

pub(crate) fn structure(name: &str, fields: &[(&str, String)]) -> String {
    let mut out = format!("{name} {{");
    for (field, value) in fields {
        let _ = write!(out, "{field}: {value}, ");
    }
    out + "}"
}

pub(crate) fn list(items: impl Iterator<Item = Written>) -> Written {
    let items: Vec<String> = items.collect::<Result<_, _>>()?;
    Ok(format!("&[{}]", items.join(", ")))
}

pub(crate) fn tables(value: &Value) -> Result<Vec<&Table>, String> {
    let list = value.as_array().ok_or("no list of tables")?;
    let table = |v| Value::as_table(v).ok_or_else(|| "no table".to_owned());
    list.iter().map(table).collect()
}

pub(crate) fn text(value: &Value) -> Written {
    let text = value.as_str().ok_or("no text")?;
    Ok(format!("{text:?}"))
}

fn optional(value: Option<&Value>) -> Written {
    match value {
        Some(value) => Ok(format!("Some({})", text(value)?)),
        None => Ok("None".to_owned()),
    }
}

pub(crate) fn texts(value: Option<&Value>) -> Written {
    let items = match value {
        Some(value) => value.as_array().ok_or("no list")?.as_slice(),
        None => &[],
    };
    list(items.iter().map(text))
}

fn number(value: Option<&Value>) -> Written {
    let number = value.map_or(Some(0), Value::as_integer);
    Ok(number.ok_or("no number")?.to_string())
}

pub(crate) fn flag(value: Option<&Value>) -> Written {
    let flag = value.map_or(Some(false), Value::as_bool);
    Ok(flag.ok_or("neither true nor false")?.to_string())
}

/// A variant of an enumeration; the compiler says if there is none of this name.
fn word(of: &str, value: Option<&Value>, default: &str) -> Written {
    let word = value
        .map_or(Some(default), Value::as_str)
        .ok_or("no word")?;
    let (first, rest) = word.split_at_checked(1).ok_or("no word")?;
    Ok(format!("{of}::{}{rest}", first.to_ascii_uppercase()))
}

fn capability(value: Option<&Value>) -> Written {
    match value {
        Some(_) => Ok(format!("Some({})", word("Capability", value, "")?)),
        None => Ok("None".to_owned()),
    }
}

fn options(value: Option<&Value>) -> Written {
    let Some(value) = value else {
        return Ok("&[]".to_owned());
    };
    let table = value.as_table().ok_or("options are no table")?;
    let mut letters = Vec::new();
    for (key, argument) in table {
        let mut letter = key.chars();
        match (letter.next(), letter.next()) {
            (Some(letter), None) => letters.push((letter, argument)),
            _ => return Err(format!("`{key}` is no letter")),
        }
    }
    letters.sort_by_key(|(letter, _)| *letter);
    list(letters.into_iter().map(|(letter, argument)| {
        let argument = word("OptionArgument", Some(argument), "")?;
        Ok(format!("({letter:?}, {argument})"))
    }))
}

fn sets(value: Option<&Value>) -> Written {
    let Some(value) = value else {
        return Ok("&[]".to_owned());
    };
    list(tables(value)?.into_iter().map(|entry| {
        let mut keys = Keys::of(entry);
        let fields = [
            ("name", text(keys.need("name")?)?),
            ("values", texts(keys.take("values"))?),
        ];
        keys.end()?;
        Ok(structure("Sets", &fields))
    }))
}
