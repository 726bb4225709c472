//! The published JSON schema of a test file: made by the program, and as strict as its reader.

use std::path::{Path, PathBuf};
use std::process::Command;

use fancy_regex::Regex;
use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value, json};

const PUBLISHED: &str = "editors/vscode/schemas/strowger-test.schema.json";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn printed() -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_strowger"))
        .args(["test", "--schema"])
        .output()
        .unwrap();
    String::from_utf8(out.stdout).unwrap()
}

/// `UPDATE=1 cargo test --test testing` writes it anew.
#[test]
fn the_published_schema_is_the_reader_s() {
    let path = root().join(PUBLISHED);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, printed()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), printed());
}

#[test]
fn what_the_reader_takes_fits_the_schema() {
    let schema: Value = serde_json::from_str(&printed()).unwrap();
    let mut all = Vec::new();
    test_files(&root().join("examples"), &mut all);
    all.push(root().join("tests/testing/everything.test.yaml"));
    assert!(all.len() > 5, "{all:?}");
    for path in all {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut wrong = Vec::new();
        validate(&schema, &schema, &value(&text), "", &mut wrong);
        assert!(wrong.is_empty(), "{}: {wrong:#?}", path.display());
    }
}

/// Every key of the table stands in one file, which the reader takes and runs.
#[test]
fn every_key_is_used_once() {
    let text = std::fs::read_to_string(root().join("tests/testing/everything.test.yaml")).unwrap();
    let schema: Value = serde_json::from_str(&printed()).unwrap();
    let mut used = Vec::new();
    keys(&value(&text), &mut used);
    let mut missing = Vec::new();
    for keys in std::iter::once(&schema).chain(schema["$defs"].as_object().unwrap().values()) {
        for (key, _) in keys["properties"].as_object().into_iter().flatten() {
            if !used.contains(key) {
                missing.push(key.clone());
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn what_the_reader_refuses_does_not_fit() {
    let schema: Value = serde_json::from_str(&printed()).unwrap();
    let test = |inner: &str| format!("tests:\n  - {{ name: a, dial: 1, {inner} }}\n");
    for text in [
        "tests: 1\n".to_owned(),
        "test: []\n".to_owned(),
        "{}\n".to_owned(),
        test("expect: { dialled: [] }"),
        test("expect: { time: [1] }"),
        test("expect: { reason: gone }"),
        test("expect: { small: 1 }"),
        test("seed: -1, expect: {}"),
        test("expects: {}"),
        test("with: { SIP/1: answer }, expect: {}"),
        test("with: { SIP/1: { answers: { afer: 1 } } }, expect: {}"),
        test("does: [hangup], expect: {}"),
    ] {
        let mut wrong = Vec::new();
        validate(&schema, &schema, &value(&text), "", &mut wrong);
        assert!(!wrong.is_empty(), "{text}");
    }
}

fn test_files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            test_files(&path, out);
        } else if path.to_string_lossy().ends_with(".test.yaml") {
            out.push(path);
        }
    }
}

fn keys(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, inner) in fields {
                out.push(key.clone());
                keys(inner, out);
            }
        }
        Value::Array(items) => items.iter().for_each(|i| keys(i, out)),
        _ => {}
    }
}

/// YAML as an editor reads it: numbers and truth values by the core schema.
fn value(text: &str) -> Value {
    let mut parser = Parser::new_from_str(text);
    let mut next = || parser.next_event().unwrap().unwrap().0.into_owned_event();
    loop {
        match next() {
            Owned::Other => {}
            event => return node(event, &mut next),
        }
    }
}

enum Owned {
    Scalar(String, bool),
    List,
    Map,
    End,
    Other,
}

trait IntoOwned {
    fn into_owned_event(self) -> Owned;
}

impl IntoOwned for Event<'_> {
    fn into_owned_event(self) -> Owned {
        match self {
            Event::Scalar(text, style, ..) => {
                Owned::Scalar(text.into_owned(), style == ScalarStyle::Plain)
            }
            Event::SequenceStart(..) => Owned::List,
            Event::MappingStart(..) => Owned::Map,
            Event::SequenceEnd | Event::MappingEnd => Owned::End,
            _ => Owned::Other,
        }
    }
}

fn node(event: Owned, next: &mut dyn FnMut() -> Owned) -> Value {
    match event {
        Owned::Scalar(text, false) => json!(text),
        Owned::Scalar(text, true) => match text.as_str() {
            "" | "~" | "null" => Value::Null,
            "true" => json!(true),
            "false" => json!(false),
            _ => match (text.parse::<u64>(), text.parse::<f64>()) {
                (Ok(n), _) => json!(n),
                (_, Ok(n)) => json!(n),
                _ => json!(text),
            },
        },
        Owned::List => {
            let mut items = Vec::new();
            loop {
                match next() {
                    Owned::End => return items.into(),
                    event => items.push(node(event, next)),
                }
            }
        }
        Owned::Map => {
            let mut fields = Map::new();
            loop {
                let key = match next() {
                    Owned::End => return fields.into(),
                    Owned::Scalar(text, _) => text,
                    _ => panic!("a key that is no text"),
                };
                let event = next();
                fields.insert(key, node(event, next));
            }
        }
        Owned::End | Owned::Other => panic!("no value"),
    }
}

/// Checks a value by the words that our schema uses. A word that is not known here is a failure.
fn validate(root: &Value, schema: &Value, value: &Value, at: &str, out: &mut Vec<String>) {
    let matches = |pattern: &str, text: &str| Regex::new(pattern).unwrap().is_match(text).unwrap();
    for (word, rule) in schema.as_object().unwrap() {
        let fits = match word.as_str() {
            "$schema" | "$defs" | "title" | "description" => true,
            "properties" | "patternProperties" | "additionalProperties" => true,
            "$ref" => {
                let target = root.pointer(&rule.as_str().unwrap()[1..]).unwrap();
                validate(root, target, value, at, out);
                true
            }
            "type" => {
                let is = |name: &Value| match name.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "integer" => value.is_u64() || value.is_i64(),
                    "number" => value.is_number(),
                    "boolean" => value.is_boolean(),
                    "null" => value.is_null(),
                    name => panic!("type {name}"),
                };
                match rule {
                    Value::Array(names) => names.iter().any(is),
                    name => is(name),
                }
            }
            "enum" => rule.as_array().unwrap().contains(value),
            "const" => rule == value,
            "minimum" => value.as_f64().is_none_or(|n| n >= rule.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|n| n <= rule.as_f64().unwrap()),
            "pattern" => value
                .as_str()
                .is_none_or(|t| matches(rule.as_str().unwrap(), t)),
            "required" => rule
                .as_array()
                .unwrap()
                .iter()
                .all(|key| value.get(key.as_str().unwrap()).is_some()),
            "items" => {
                for (n, item) in value.as_array().into_iter().flatten().enumerate() {
                    validate(root, rule, item, &format!("{at}/{n}"), out);
                }
                true
            }
            "anyOf" | "oneOf" => {
                let fit = |option: &&Value| {
                    let mut wrong = Vec::new();
                    validate(root, option, value, at, &mut wrong);
                    wrong.is_empty()
                };
                let fits = rule.as_array().unwrap().iter().filter(fit).count();
                fits > 0 && (word == "anyOf" || fits == 1)
            }
            word => panic!("{at}: {word}"),
        };
        if !fits {
            out.push(format!("{at}: {word} of {value}"));
        }
    }
    for (key, inner) in value.as_object().into_iter().flatten() {
        let at = format!("{at}/{key}");
        if let Some(known) = schema["properties"].get(key) {
            validate(root, known, inner, &at, out);
            continue;
        }
        let patterns = schema["patternProperties"]
            .as_object()
            .into_iter()
            .flatten();
        let by_pattern: Vec<_> = patterns.filter(|(p, _)| matches(p, key)).collect();
        if !by_pattern.is_empty() {
            by_pattern
                .iter()
                .for_each(|(_, s)| validate(root, s, inner, &at, out));
            continue;
        }
        match &schema["additionalProperties"] {
            Value::Bool(false) => out.push(format!("{at}: is not allowed")),
            Value::Null | Value::Bool(true) => {}
            more => validate(root, more, inner, &at, out),
        }
    }
}
