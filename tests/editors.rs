//! What is written for editors: the grammar that colours, and the file that names it.
#![allow(clippy::unwrap_used)]

use fancy_regex::Regex;
use serde_json::Value;
use std::collections::BTreeSet;
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
fn the_grammars_are_some() {
    is_grammar("syntaxes/asterisk.tmLanguage.json");
    is_grammar("syntaxes/dial.tmLanguage.json");
}

fn is_grammar(name: &str) {
    let grammar = read(name);
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
        &contributes["grammars"][1]["path"],
        &contributes["languages"][0]["configuration"],
        &contributes["languages"][1]["configuration"],
    ] {
        assert!(folder.join(path.as_str().unwrap()).is_file(), "{path}");
    }
    read("language-configuration.json");
    read("dial-configuration.json");
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

/// The keywords of `.dial`, from its grammar.
fn keywords() -> BTreeSet<String> {
    let grammar = text("dial/src/grammar.lalrpop");
    let words = grammar.lines().filter_map(|line| {
        let (word, _) = line.trim().strip_prefix('"')?.split_once("\" => Kind::")?;
        // A word behind `import` only.
        let word = word.starts_with(|c: char| c.is_ascii_lowercase()) && word != "conf";
        word.then(|| line.trim()[1..].split('"').next().unwrap().to_owned())
    });
    words.collect()
}

fn text(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn the_words_of_dial_are_those_of_its_grammar() {
    let keywords = keywords();
    assert!(keywords.len() > 30, "{keywords:?}");
    let tree_sitter = text("editors/tree-sitter-dial/grammar.js");
    let list = tree_sitter.split("const KEYWORDS = [").nth(1).unwrap();
    let list: BTreeSet<String> = list
        .split(']')
        .next()
        .unwrap()
        .split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect();
    assert_eq!(list, keywords);
    let colours = text("editors/vscode/syntaxes/dial.tmLanguage.json");
    for word in &keywords {
        let named = Regex::new(&format!(r"[(|]{word}(?:\(|[|)])|\b{word}\b")).unwrap();
        assert!(named.is_match(&colours).unwrap(), "{word} has no colour");
    }
}

#[test]
fn the_grammar_of_dial_reads_lines() {
    let grammar = read("syntaxes/dial.tmLanguage.json");
    let rule = |name: &str, i: usize| {
        let rule = &grammar["repository"][name];
        let pattern = rule["patterns"][i]["match"].as_str();
        let pattern = pattern.or(rule["match"].as_str()).unwrap();
        Regex::new(pattern).unwrap()
    };
    for (name, i, line, groups) in [
        (
            "declaration",
            0,
            "import conf \"a.conf\" as a",
            vec!["import", "conf"],
        ),
        (
            "declaration",
            1,
            "import std/holidays as h",
            vec!["import", "std/holidays"],
        ),
        (
            "declaration",
            2,
            "fn team_for(key: Digits) -> Team {",
            vec!["fn", "team_for"],
        ),
        (
            "declaration",
            3,
            "context office as \"default\" {",
            vec!["context", "office"],
        ),
        (
            "declaration",
            5,
            "channel inherit* tenant: Str",
            vec!["channel inherit*", "tenant"],
        ),
        ("item", 0, "  on start {", vec!["on", "start"]),
        ("item", 1, "  on 61 {", vec!["on"]),
        ("goto", 0, "goto @again", vec!["goto", "@", "again"]),
        ("goto", 0, "goto phones.61", vec!["goto", "phones"]),
        ("goto", 0, "gosub phones.61(a)", vec!["gosub", "phones"]),
        ("argument", 0, "dial(a, ring: 20s)", vec!["ring", ":"]),
        ("field", 0, "message.from", vec![".", "from"]),
        ("number", 0, "wait(500ms)", vec!["500", "ms"]),
    ] {
        let found = rule(name, i).captures(line).unwrap();
        let found = found.unwrap_or_else(|| panic!("{name}: {line}"));
        let seen: Vec<&str> = found.iter().skip(1).flatten().map(|m| m.as_str()).collect();
        assert_eq!(seen, groups, "{name}: {line}");
    }
}
