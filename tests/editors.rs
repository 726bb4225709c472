//! What is written for editors: the grammar that colours, and the file that names it.
#![allow(clippy::unwrap_used)]

use fancy_regex::Regex;
use serde_json::Value;
use std::path::Path;

fn read(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("editors/vscode")
        .join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Every pattern of a grammar with the path to it.
fn patterns(value: &Value, path: &str, out: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let below = format!("{path}/{name}");
                match (name.as_str(), field) {
                    ("match" | "begin" | "end", Value::String(text)) => {
                        out.push((below, text.clone()))
                    }
                    _ => patterns(field, &below, out),
                }
            }
        }
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                patterns(item, &format!("{path}/{i}"), out);
            }
        }
        _ => {}
    }
}

#[test]
fn the_grammar_is_one() {
    let grammar = read("syntaxes/asterisk.tmLanguage.json");
    let mut all = Vec::new();
    patterns(&grammar, "", &mut all);
    assert!(all.len() >= 30, "{}", all.len());
    for (path, pattern) in &all {
        Regex::new(pattern).unwrap_or_else(|fault| panic!("{path}: {fault}"));
    }
    // Every include leads to a rule.
    let text = grammar.to_string();
    let mut included = 0;
    for (at, _) in text.match_indices("\"include\":\"#") {
        let name = text[at + 12..].split('"').next().unwrap();
        assert!(grammar["repository"][name].is_object(), "{name}");
        included += 1;
    }
    assert!(included > 15, "{included}");
}

#[test]
fn the_grammar_reads_lines() {
    let grammar = read("syntaxes/asterisk.tmLanguage.json");
    for (rule, part, line, groups) in [
        (
            "header",
            "match",
            "[main](!,one) ; c",
            vec!["[", "main", "]", "(", "!,one", ")"],
        ),
        (
            "directive",
            "match",
            "#include \"x.conf\"",
            vec!["#include", "\"x.conf\""],
        ),
        (
            "exten",
            "begin",
            "exten => _[1,2]X.,1,NoOp()",
            vec!["exten", "=>", "_[1,2]X."],
        ),
        (
            "exten",
            "begin",
            "  EXTEN=100/200,n,NoOp()",
            vec!["EXTEN", "=", "100/200"],
        ),
        (
            "same",
            "begin",
            " same => n(top),NoOp()",
            vec!["same", "=>", "n(top)"],
        ),
        (
            "priority",
            "match",
            ",n+2(far),NoOp()",
            vec![",", "n+2", "(", "far", ")", ","],
        ),
        (
            "context-key",
            "begin",
            "include => other,9:00-17:00",
            vec!["include", "=>"],
        ),
        ("key", "begin", "secret = x", vec!["secret", "="]),
        ("block-comment", "begin", ";-- x", vec![]),
        ("comment", "match", "a ; b", vec![]),
    ] {
        let pattern = grammar["repository"][rule][part].as_str().unwrap();
        let found = Regex::new(pattern).unwrap().captures(line).unwrap();
        let found = found.unwrap_or_else(|| panic!("{rule}: {line}"));
        let seen: Vec<&str> = found.iter().skip(1).flatten().map(|m| m.as_str()).collect();
        assert_eq!(seen, groups, "{rule}: {line}");
    }
    for (rule, part, line) in [
        ("block-comment", "begin", ";--- a line"),
        ("comment", "match", "a \\; b"),
        ("comment", "match", ";-- x"),
        ("header", "match", "a = [b]"),
        ("key", "begin", "; a = b"),
    ] {
        let pattern = grammar["repository"][rule][part].as_str().unwrap();
        assert!(
            !Regex::new(pattern).unwrap().is_match(line).unwrap(),
            "{rule}: {line}"
        );
    }
}

#[test]
fn the_extension_names_what_is_there() {
    let package = read("package.json");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("editors/vscode");
    let contributes = &package["contributes"];
    for path in [
        &contributes["grammars"][0]["path"],
        &contributes["languages"][0]["configuration"],
    ] {
        assert!(folder.join(path.as_str().unwrap()).is_file(), "{path}");
    }
    read("language-configuration.json");
    // The YAML extension reads this: files of tests are checked and completed from their schema.
    let validation = &contributes["yamlValidation"][0];
    assert_eq!(validation["fileMatch"][0], "*.test.yaml");
    let schema = read(validation["url"].as_str().unwrap());
    let tests = &schema["$defs"]["a-test-file"]["properties"]["tests"];
    assert!(tests.is_object(), "{tests}");
    assert_eq!(package["version"], env!("CARGO_PKG_VERSION"));
    // It starts the program as the program wants to be started.
    let source = std::fs::read_to_string(folder.join("src/extension.ts")).unwrap();
    assert!(source.contains("args: [\"lsp\"]"));
}
