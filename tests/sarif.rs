//! What `check --format sarif` writes is SARIF 2.1.0, by the schema.
#![allow(clippy::unwrap_used)]

use std::process::Command;

use serde_json::Value;

const SCHEMA: &str = include_str!("sarif/sarif-schema-2.1.0.json");

/// Checks a value against a schema of JSON Schema draft 7, as far as SARIF's uses it. A word that is not known here is a failure.
fn validate(root: &Value, schema: &Value, value: &Value, at: &str, out: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(reference.strip_prefix('#').unwrap()).unwrap();
        return validate(root, target, value, at, out);
    }
    for (word, rule) in schema.as_object().unwrap() {
        let mut wrong = |why: String| out.push(format!("{at}: {why}"));
        match word.as_str() {
            "$schema" | "$id" | "title" | "description" | "default" | "definitions" => {}
            "type" => {
                let is = |name: &str| match name {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "number" => value.is_number(),
                    "boolean" => value.is_boolean(),
                    _ => panic!("{at}: type {name}"),
                };
                if !is(rule.as_str().unwrap()) {
                    wrong(format!("is no {rule}"));
                }
            }
            "enum" => {
                if !rule.as_array().unwrap().contains(value) {
                    wrong(format!("{value} is none of {rule}"));
                }
            }
            "required" => {
                for key in rule.as_array().unwrap() {
                    if value.get(key.as_str().unwrap()).is_none() {
                        wrong(format!("{key} is missing"));
                    }
                }
            }
            "minItems" => {
                if value
                    .as_array()
                    .is_some_and(|a| (a.len() as u64) < rule.as_u64().unwrap())
                {
                    wrong(format!("fewer than {rule} items"));
                }
            }
            "uniqueItems" => {
                let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
                let twice = |i: usize| items[..i].contains(&items[i]);
                if rule == &Value::Bool(true) && (0..items.len()).any(twice) {
                    wrong("holds an item twice".into());
                }
            }
            "minimum" | "maximum" => {
                let (n, limit) = (value.as_f64(), rule.as_f64().unwrap());
                let low = word == "minimum";
                if n.is_some_and(|n| if low { n < limit } else { n > limit }) {
                    wrong(format!("{value}: {word} is {rule}"));
                }
            }
            "format" => {
                let text = value.as_str().unwrap_or_default();
                let fits = match rule.as_str().unwrap() {
                    "uri" => text.contains("://"),
                    "uri-reference" => text
                        .bytes()
                        .all(|b| b.is_ascii_graphic() && !b"<>\"{}|\\^`".contains(&b)),
                    format => panic!("{at}: format {format}"),
                };
                if !fits {
                    wrong(format!("{value} is no {rule}"));
                }
            }
            "pattern" => panic!("{at}: a pattern for {value}"),
            "properties" | "additionalProperties" => {}
            "items" => {
                for (i, item) in value.as_array().into_iter().flatten().enumerate() {
                    validate(root, rule, item, &format!("{at}/{i}"), out);
                }
            }
            "anyOf" | "oneOf" => {
                let fit = |option: &&Value| {
                    let mut found = Vec::new();
                    validate(root, option, value, at, &mut found);
                    found.is_empty()
                };
                let fits = rule.as_array().unwrap().iter().filter(fit).count();
                if fits == 0 || word == "oneOf" && fits > 1 {
                    wrong(format!("fits {fits} of {word}"));
                }
            }
            word => panic!("{at}: {word}"),
        }
    }
    for (key, inner) in value.as_object().into_iter().flatten() {
        let at = format!("{at}/{key}");
        match (&schema["properties"][key], &schema["additionalProperties"]) {
            (Value::Null, Value::Bool(false)) => out.push(format!("{at}: is not allowed")),
            (Value::Null, Value::Null | Value::Bool(true)) => {}
            (Value::Null, more) => validate(root, more, inner, &at, out),
            (known, _) => validate(root, known, inner, &at, out),
        }
    }
}

fn faults(value: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let mut out = Vec::new();
    validate(&schema, &schema, value, "", &mut out);
    out
}

fn log(args: &[&str]) -> Value {
    let out = Command::new(env!("CARGO_BIN_EXE_strowger"))
        .args(["check", "--format", "sarif"])
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    serde_json::from_slice(&out.stdout).unwrap()
}

#[test]
fn the_validator_sees_what_is_wrong() {
    let mut good = log(&["examples/sms"]);
    good["runs"][0]["results"][0]["level"] = "warn".into();
    good["runs"][0]["results"][1]["message"] = Value::Null;
    good["runs"][0]["results"][2]["colour"] = "red".into();
    good["runs"][0]["tool"]["driver"]
        .as_object_mut()
        .unwrap()
        .remove("name");
    let faults = faults(&good);
    // A message that is none is told of its type and of its parts.
    assert_eq!(faults.len(), 5, "{faults:#?}");
}

#[test]
fn every_log_fits_the_schema() {
    for args in [
        &["examples/sms", "examples/lab"][..],
        &["examples"],
        &[
            "--profile",
            "strict",
            "--deny",
            "notes",
            "examples/two-phones",
        ],
    ] {
        let log = log(args);
        let faults = faults(&log);
        assert!(faults.is_empty(), "{args:?}: {faults:#?}");
        let run = &log["runs"][0];
        let results = run["results"].as_array().unwrap();
        assert!(!results.is_empty());
        for result in results {
            let rule = result["ruleIndex"].as_u64().unwrap() as usize;
            assert_eq!(run["tool"]["driver"]["rules"][rule]["id"], result["ruleId"]);
        }
    }
}

#[test]
fn columns_are_those_of_an_editor() {
    let folder = std::env::temp_dir().join(format!("strowger sarif-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let text = "[a]\nexten => 1,1,NoOp(é😀)\n same => n,NoOpe(x)\nsame => n,Set(X=é😀)trailing\n";
    std::fs::write(folder.join("extensions.conf"), text).unwrap();
    let log = log(&[folder.to_str().unwrap()]);
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(faults(&log), [""; 0]);
    let results = log["runs"][0]["results"].as_array().unwrap();
    let trailing = results.iter().find(|r| r["ruleId"] == "S107").unwrap();
    let at = &trailing["locations"][0]["physicalLocation"];
    // `same => n,Set(X=é😀)` is 20 units of UTF-16.
    assert_eq!(at["region"]["startColumn"], 21, "{at}");
    let uri = at["artifactLocation"]["uri"].as_str().unwrap();
    assert!(
        uri.starts_with("file:///") && uri.contains("strowger%20sarif"),
        "{uri}"
    );
}
