//! `docs/dial/reference.md`: its grammar is that of `dial/src/grammar.lalrpop`, and it speaks of every word and every type.
//!
//! After a change of the grammar: `UPDATE=1 cargo test --test dial_reference`.
#![allow(clippy::unwrap_used)]

use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::vec::IntoIter;

const BEGIN: &str = "```ebnf\n";
const END: &str = "```\n";

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn reference() -> String {
    std::fs::read_to_string(file("docs/dial/reference.md")).unwrap()
}

/// A symbol of the grammar's file.
#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// `"context"`, with its quotes.
    Quoted(String),
    /// A name, `@L` with its sign.
    Name(String),
    Sign(char),
}

fn tokens(text: &str) -> Vec<Token> {
    let mut out = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                let mut word = String::from('"');
                for c in chars.by_ref() {
                    word.push(c);
                    if c == '"' {
                        break;
                    }
                }
                out.push(Token::Quoted(word));
            }
            c if c.is_alphanumeric() || c == '_' || c == '@' => {
                let mut word = String::from(c);
                while let Some(c) = chars.next_if(|c| c.is_alphanumeric() || *c == '_') {
                    word.push(c);
                }
                out.push(Token::Name(word));
            }
            c if c.is_whitespace() => {}
            c => out.push(Token::Sign(c)),
        }
    }
    out
}

/// Parts at a sign that stands in no brackets and no quotes.
fn parts(text: &str, at: char) -> Vec<String> {
    let (mut depth, mut quoted) = (0, false);
    let mut out = vec![String::new()];
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => depth -= 1,
            _ => {}
        }
        if c == at && depth == 0 && !quoted {
            out.push(String::new());
        } else if let Some(last) = out.last_mut() {
            last.push(c);
        }
    }
    out
}

/// What stands where the grammar has one symbol for what was read in braces.
fn in_braces(name: &str) -> Option<&'static str> {
    Some(match name {
        "BLOCK" => "\"{\" { Stmt } \"}\"",
        "ARMS" => "\"{\" { Arm } \"}\"",
        "ITEMS" => "\"{\" { Item } \"}\"",
        "TESTS" => "\"{\" { TestItem } \"}\"",
        _ => return None,
    })
}

struct Reader(Peekable<IntoIter<Token>>);

impl Reader {
    /// Symbols until a closing sign.
    fn row(&mut self) -> String {
        let mut out = Vec::new();
        while let Some(token) = self.0.peek() {
            if matches!(token, Token::Sign(')' | '>')) {
                break;
            }
            let one = self.symbol();
            if !one.is_empty() {
                out.push(one);
            }
        }
        out.join(" ")
    }

    fn symbol(&mut self) -> String {
        let one = match self.0.next().unwrap() {
            Token::Quoted(word) => word,
            Token::Name(at) if at.starts_with('@') => String::new(),
            // The one macro of the grammar.
            Token::Name(name) if name == "Comma" => {
                assert_eq!(self.0.next(), Some(Token::Sign('<')));
                let inner = self.row();
                assert_eq!(self.0.next(), Some(Token::Sign('>')));
                format!("[ {inner} {{ \",\" {inner} }} [ \",\" ] ]")
            }
            Token::Name(name) => in_braces(&name).unwrap_or(&name).to_owned(),
            Token::Sign('<') => {
                self.named();
                let inner = self.row();
                assert_eq!(self.0.next(), Some(Token::Sign('>')));
                inner
            }
            Token::Sign('(') => {
                let inner = self.row();
                assert_eq!(self.0.next(), Some(Token::Sign(')')));
                inner
            }
            Token::Sign(other) => panic!(
                "{other} before {:?}",
                self.0.clone().take(6).collect::<Vec<_>>()
            ),
        };
        match self.0.next_if_eq(&Token::Sign('?')) {
            Some(_) => format!("[ {one} ]"),
            None => one,
        }
    }

    /// `name:` or `mut name:` in front of a symbol.
    fn named(&mut self) {
        let mut ahead = self.0.clone();
        if ahead.peek() == Some(&Token::Name("mut".to_owned())) {
            ahead.next();
        }
        if matches!(ahead.next(), Some(Token::Name(_))) && ahead.next() == Some(Token::Sign(':')) {
            self.0 = ahead;
        }
    }
}

/// The grammar as people read it.
fn grammar() -> String {
    let source = std::fs::read_to_string(file("dial/src/grammar.lalrpop")).unwrap();
    let lines = source.lines().filter(|l| !l.trim_start().starts_with("//"));
    let source: String = lines.map(|l| format!("{l}\n")).collect();
    // What follows the tokens.
    let (_, rules) = source.split_once("\n}\n").unwrap();
    let mut out = String::new();
    for rule in parts(rules, ';') {
        let Some((head, body)) = rule.split_once(" = ") else {
            continue;
        };
        let name = head.trim().trim_start_matches("pub ");
        let name = name.split(':').next().unwrap();
        if name.contains('<') {
            continue; // a macro
        }
        let body = body.trim();
        let alternatives = match body.strip_prefix('{').and_then(|b| b.strip_suffix('}')) {
            Some(inner) => parts(inner, ','),
            None => vec![body.to_owned()],
        };
        let mut rows = Vec::new();
        let mut empty = false;
        for alternative in alternatives {
            if alternative.trim().is_empty() {
                continue;
            }
            let symbols = alternative.split("=>").next().unwrap();
            let mut reader = Reader(tokens(symbols).into_iter().peekable());
            let row = reader.row();
            assert_eq!(reader.0.next(), None, "{alternative}");
            match row.is_empty() {
                true => empty = true,
                false => rows.push(row),
            }
        }
        if rows == ["IDENT"] || rows == ["WORD"] || rows == ["UPPER"] || rows == ["PATTERN"] {
            continue;
        }
        if empty {
            rows = vec![format!("[ {} ]", rows.join(" | "))];
        }
        out.push_str(&format!(
            "{name:<14} = {}\n",
            rows.join("\n               | ")
        ));
    }
    let words = [
        ("Ident", "IDENT"),
        ("Upper", "UPPER"),
        ("Word", "WORD"),
        ("Pattern", "PATTERN"),
    ];
    for (rule, token) in words {
        out = replaced(&out, rule, token);
    }
    out
}

/// Whole words replaced.
fn replaced(text: &str, from: &str, to: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        out.push_str(if word == from { to } else { &word });
        word.clear();
        out.push(c);
    }
    out.pop();
    out
}

#[test]
fn the_grammar_is_that_of_the_parser() {
    let path = file("docs/dial/reference.md");
    let text = reference();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (there, after) = rest.split_once(END).unwrap();
    let made = grammar();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{made}{END}{after}")).unwrap();
        return;
    }
    assert!(
        there == made,
        "docs/dial/reference.md is stale: UPDATE=1 cargo test --test dial_reference"
    );
}

#[test]
fn every_word_and_every_type_is_spoken_of() {
    let text = reference();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (rules, after) = rest.split_once(END).unwrap();
    let told = format!("{before}{after}");
    let mut words: Vec<String> = tokens(rules)
        .into_iter()
        .filter_map(|t| match t {
            Token::Quoted(word) => Some(word.trim_matches('"').to_owned()),
            _ => None,
        })
        .collect();
    words.sort();
    words.dedup();
    assert!(words.len() > 60, "{words:?}");
    let missing: Vec<&String> = words.iter().filter(|word| !told.contains(*word)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let types = [
        "Str", "Raw", "Digits", "Int", "Bool", "Duration", "Time", "Pattern", "Hours", "Endpoint",
        "Trunk", "Host", "Uri", "Mailbox", "Prompt", "Never", "Unit", "Option", "List",
    ];
    let missing: Vec<_> = types
        .iter()
        .filter(|name| !told.contains(&format!("### {name}")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
