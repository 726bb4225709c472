//! Which variables hold numbers, truths or texts of the plan, as far as its lines tell. The proof does not rest on it: what is written
//! is compared as text.

use std::collections::HashMap;

use strowger_stdlib::template::{HoleKind, Piece, Template};

use super::formula::{self, Stands};
use super::text::{self, Number};
use crate::hir::Hir;

/// Rounds in which a variable that is set from another one loses its type with it.
const ROUNDS: usize = 20;

#[derive(Default)]
struct Facts {
    number: usize,
    truth: usize,
    word: usize,
    quoted: usize,
    /// What it is set to, and what `exten` is there.
    set: Vec<(Vec<u8>, Number)>,
    /// Something else sets it.
    given: bool,
}

/// Types of variables, by their names in extensions.conf. What is not there may hold anything.
pub(super) fn kinds(hir: &Hir) -> HashMap<String, &'static str> {
    let mut all: HashMap<String, Facts> = HashMap::new();
    for global in &hir.globals {
        let Ok(name) = std::str::from_utf8(&global.name) else {
            continue;
        };
        let facts = all.entry(name.to_owned()).or_default();
        facts.set.push((global.value.clone(), Number::None));
    }
    for context in &hir.contexts {
        for extension in &context.extensions {
            let number = text::proves(&extension.name);
            for step in &extension.steps {
                for call in step.calls() {
                    for (name, value) in call.assigned(&hir.dialect) {
                        let Ok(name) = std::str::from_utf8(name.bytes()) else {
                            continue;
                        };
                        let inner = name
                            .strip_prefix("GLOBAL(")
                            .and_then(|n| n.strip_suffix(')'));
                        let name = inner.unwrap_or(name.trim_start_matches('_'));
                        let facts = all.entry(name.to_owned()).or_default();
                        facts.set.push((value.bytes().to_vec(), number));
                    }
                    if matches!(&*call.app, b"read" | b"while" | b"array" | b"odbc")
                        && let Some(first) = call.arguments().first()
                        && let Ok(name) = std::str::from_utf8(first.bytes())
                    {
                        all.entry(name.to_owned()).or_default().given = true;
                    }
                }
                let args = step.args.bytes();
                for inner in formula::inside(args) {
                    for (name, stands) in formula::variables(&inner) {
                        let Ok(name) = String::from_utf8(name) else {
                            continue;
                        };
                        let facts = all.entry(name).or_default();
                        match stands {
                            Stands::Number => facts.number += 1,
                            Stands::Word => facts.word += 1,
                            Stands::Quoted => facts.quoted += 1,
                        }
                    }
                }
                let asks = matches!(
                    &*step.own().app,
                    b"gotoif" | b"execif" | b"while" | b"gosubif"
                );
                if asks
                    && let Some(Piece::Hole(hole)) = Template::read(args).pieces.first()
                    && hole.kind == HoleKind::Variable
                    && let Some(name) = hole.body.as_plain()
                    && let Ok(name) = std::str::from_utf8(name)
                    && matches!(args.get(hole.span.end), None | Some(b'?'))
                {
                    all.entry(name.to_owned()).or_default().truth += 1;
                }
            }
        }
    }
    all.retain(|name, _| super::names::is_variable(name));
    let mut kinds: HashMap<String, &'static str> = HashMap::new();
    for (name, facts) in &all {
        let only = |of: &dyn Fn(&[u8]) -> bool| facts.set.iter().all(|(v, _)| of(v));
        let truths = |v: &[u8]| matches!(v, b"0" | b"1");
        if facts.truth > 0 && facts.number + facts.word == 0 && only(&truths) && !facts.given {
            if !facts.set.is_empty() {
                kinds.insert(name.clone(), "Bool");
            }
        } else if facts.number > 0 && facts.word == 0 && only(&|v| is_number(v)) {
            kinds.insert(name.clone(), "Int");
        } else if !facts.set.is_empty() && !facts.given {
            kinds.insert(name.clone(), "Str");
        }
    }
    // What is set from something that may hold anything may hold anything.
    for _ in 0..ROUNDS {
        let before = kinds.len();
        let own = kinds.clone();
        kinds.retain(|name, ty| {
            *ty != "Str"
                || all[name]
                    .set
                    .iter()
                    .all(|(v, number)| is_known(v, *number, &own))
        });
        kinds.retain(|name, ty| *ty != "Int" || all[name].set.iter().all(|(v, _)| counts(v, &own)));
        if kinds.len() == before {
            return kinds;
        }
    }
    kinds.retain(|_, ty| *ty == "Bool");
    kinds
}

/// Whether a value looks like a whole number, or is counted.
fn is_number(value: &[u8]) -> bool {
    let text = std::str::from_utf8(value).unwrap_or_default();
    let own = text.parse::<u32>().is_ok_and(|n| n.to_string() == text);
    own || text.starts_with("$[") && text.ends_with(']') || text.starts_with("${")
}

/// Whether all that is in a counted value are numbers.
fn counts(value: &[u8], kinds: &HashMap<String, &'static str>) -> bool {
    let of = |name: &[u8]| {
        let name = std::str::from_utf8(name).unwrap_or_default();
        name.contains('(') || kinds.get(name) == Some(&"Int")
    };
    if let Some(inner) = value.strip_prefix(b"$[").and_then(|v| v.strip_suffix(b"]")) {
        let all = formula::variables(inner);
        return all.iter().all(|(name, s)| *s == Stands::Number && of(name));
    }
    match value.strip_prefix(b"${").and_then(|v| v.strip_suffix(b"}")) {
        Some(name) => of(name),
        None => true,
    }
}

/// Whether a value is made of what the plan says itself.
fn is_known(value: &[u8], number: Number, kinds: &HashMap<String, &'static str>) -> bool {
    Template::read(value)
        .pieces
        .iter()
        .all(|piece| match piece {
            Piece::Text(_) => true,
            Piece::Hole(hole) => {
                let name = hole
                    .body
                    .as_plain()
                    .and_then(|b| std::str::from_utf8(b).ok());
                let Some(name) = name.filter(|_| hole.kind == HoleKind::Variable) else {
                    return false;
                };
                let name = name.split(':').next().unwrap_or_default();
                name == "EXTEN" && number == Number::Digits || kinds.contains_key(name)
            }
        })
}
