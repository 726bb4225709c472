//! What the build refuses in the words of `.dial`, and how it says so.
#![allow(clippy::unwrap_used, dead_code)]

#[path = "../src/causes.rs"]
mod causes;
#[path = "../build/signatures.rs"]
mod signatures;
#[path = "../build/words.rs"]
mod words;

use toml::{Table, Value};

/// What the build says of a word of this application.
fn said(word: &str) -> Result<(), String> {
    let entry: Table = r#"
        name = "Try"
        usage = "Try(file[,options])"
        summary = "Tries."
        parameters = ["file", "options"]
        options = { a = "none", b = "optional", c = "required" }
        sets = [{ name = "TRYSTATUS", values = ["DONE"] }]
        served = "unserved"
    "#
    .parse()
    .unwrap();
    let word: Table = word.parse().unwrap();
    words::Words::read()
        .unwrap()
        .add(false, &entry, &Value::Table(word))
}

/// The same of a word with one parameter.
fn of_param(param: &str) -> Result<(), String> {
    said(&format!(
        "name = \"try\"\nparams = [{{ name = \"p\", {param} }}]"
    ))
}

#[test]
fn sound_words_are_taken() {
    said("name = \"try\"").unwrap();
    said("name = \"try\"\nresult = \"Option(List(Str))\"\nnamed = 0\nfixed = \"ab\"\ngiven = { 1 = \"x\" }").unwrap();
    for param in [
        "type = \"Prompt\", slot = 0",
        "type = \"Prompt\", slot = 0, optional = true, by = \"place\"",
        "type = \"Str\", slot = 1, before = \"@\"",
        "type = \"Raw\", variable = 0",
        "flag = \"a\"",
        "flag = \"b\"",
        "type = \"Duration\", option = \"b\", in = \"milliseconds\"",
        "type = \"Int\", option = \"c\", part = 1",
        "type = \"Sides\", choice = { Caller = \"a\", Called = \"b\", Both = \"ab\" }",
        "word = \"skip\", slot = 1",
        "type = \"Raw\", set = \"MESSAGE(body)\"",
    ] {
        assert_eq!(of_param(param), Ok(()), "{param}");
    }
}

#[test]
fn mistakes_in_words_are_named() {
    let mut out = String::new();
    for word in [
        "summary = \"No name.\"",
        "name = \"try\"\nresults = \"Int\"",
        "name = \"try\"\nresult = \"Integer\"\nnamed = 0",
        "name = \"try\"\nresult = \"Option(Int\"\nnamed = 0",
        "name = \"try\"\nresult = \"Option(Unit)\"\nnamed = 0",
        "name = \"try\"\nresult = \"Int\"",
        "name = \"try\"\nstatus = \"TRYSTATUS\"",
        "name = \"try\"\nresult = \"Str\"\nstatus = \"DIALSTATUS\"",
        "name = \"try\"\nresult = \"Str\"\nstatus = \"TRYSTATUS\"\nnamed = 0",
        "name = \"try\"\nresult = \"Str\"\nnamed = 2",
        "name = \"try\"\nfixed = \"z\"",
        "name = \"try\"\nfixed = \"c\"",
        "name = \"try\"\ngiven = { 2 = \"x\" }",
        "name = \"try\"\nkind = \"place\"",
        "name = \"try\"\nparams = [{ name = \"p\", flag = \"a\" }, { name = \"p\", flag = \"b\" }]",
        "name = \"try\"\nparams = [{ name = \"p\", flag = \"a\" }, { name = \"q\", type = \"Str\", slot = 0 }]",
    ] {
        let why = said(word).unwrap_err();
        out += &format!("{}\n    {why}\n", word.replace('\n', "; "));
    }
    for param in [
        "slot = 0",
        "type = \"Text\", slot = 0",
        "type = \"Str\"",
        "type = \"Str\", slot = 2",
        "type = \"Str\", slot = -1",
        "type = \"Str\", slot = 0, variable = 0",
        "type = \"Str\", slot = 0, letter = \"a\"",
        "type = \"Str\", option = \"z\"",
        "type = \"Str\", option = \"a\"",
        "type = \"Str\", option = \"ab\"",
        "flag = \"c\"",
        "type = \"Str\", slot = 0, in = \"milliseconds\"",
        "type = \"Duration\", slot = 0, in = \"hours\"",
        "type = \"Str\", slot = 0, by = \"hand\"",
        "type = \"Str\", choice = { Caller = \"a\" }",
        "type = \"Sides\", choice = { Caller = \"a\", Called = \"b\" }",
        "type = \"Sides\", choice = { Caller = \"a\", Called = \"b\", Both = \"ab\", All = \"ab\" }",
        "type = \"Sides\", choice = { Caller = \"a\", Called = \"z\", Both = \"ab\" }",
    ] {
        out += &format!("{param}\n    {}\n", of_param(param).unwrap_err());
    }
    insta::assert_snapshot!(out);
}

#[test]
fn a_name_is_given_once() {
    let entry: Table = "name = \"Try\"\nsummary = \"Tries.\"".parse().unwrap();
    let word: Value = Value::Table("name = \"try\"".parse().unwrap());
    let mut words = words::Words::read().unwrap();
    words.add(false, &entry, &word).unwrap();
    assert_eq!(
        words.add(false, &entry, &word),
        Err("the word try is there already".to_owned())
    );
}
