//! Family `patterns`: names and patterns that do not match what their author thinks.

use crate::diagnostic::Diagnostic;
use crate::hir::{Context, Extension, Matches};
use crate::lint::World;
use crate::lint::facts::Facts;
use crate::pattern::Element;

pub(crate) fn check(world: &World<'_>, facts: &Facts, out: &mut Vec<Diagnostic>) {
    for context in &world.index.hir().contexts {
        for extension in &context.extensions {
            match &extension.matches {
                Matches::Name(_) => no_underscore(facts, extension, out),
                Matches::Pattern(_) => pattern(extension, out),
            }
        }
        shadowed(world, context, out);
    }
}

fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A plain name that looks like a pattern (P702).
fn no_underscore(facts: &Facts, extension: &Extension, out: &mut Vec<Diagnostic>) {
    let name = &extension.name;
    let classes = name
        .iter()
        .filter(|b| matches!(b, b'X' | b'Z' | b'N'))
        .count();
    let others = name
        .iter()
        .all(|b| b.is_ascii_digit() || b"XZN.![]-*#+".contains(b));
    let digits = name.iter().any(u8::is_ascii_digit);
    let ends_wild = matches!(name.last(), Some(b'.' | b'!')) && name.len() > 1;
    if !others
        || !(classes >= 2 || classes == 1 && (digits || ends_wild) || digits && ends_wild)
        || facts.extensions.contains(name)
    {
        return;
    }
    let shown = show(name);
    out.push(
        Diagnostic::new(
            "P702",
            format!("`{shown}` is no pattern: patterns begin with `_`"),
            extension.span,
        )
        .label("matches only this very text")
        .fix(
            format!("write `_{shown}`"),
            extension.span.before(),
            "_",
            false,
        ),
    );
}

fn pattern(extension: &Extension, out: &mut Vec<Diagnostic>) {
    let text = &extension.name[1..];
    let shown = show(&extension.name);
    let Matches::Pattern(pattern) = &extension.matches else {
        return;
    };
    let matching = pattern.matching();
    if matching.len() < pattern.elements().len() {
        let end = if matches!(matching.last(), Some(Element::Dot)) {
            '.'
        } else {
            '!'
        };
        out.push(
            Diagnostic::new(
                "P704",
                format!("what follows the `{end}` of `{shown}` is never looked at"),
                extension.span,
            )
            .label(format!("`{end}` stands for the whole rest of the number")),
        );
    }
    if let Some(set) = matching
        .iter()
        .position(|e| matches!(e, Element::Set(s) if s.is_empty()))
    {
        out.push(
            Diagnostic::new("P705", format!("`{shown}` can never match"), extension.span).label(
                format!(
                    "the set at place {} is empty: a range must rise, as in `[1-5]`",
                    set + 1
                ),
            ),
        );
    }
    if has_comma_in_set(text) {
        out.push(
            Diagnostic::new(
                "P706",
                format!("the commas in the set of `{shown}` are members of it"),
                extension.span,
            )
            .label("sets need no commas: `[123]`"),
        );
    }
    let plain = !text.is_empty()
        && matching
            .iter()
            .all(|e| matches!(e, Element::Set(s) if s.len() == 1))
        && !text.contains(&b'[');
    if plain {
        out.push(
            Diagnostic::new(
                "P703",
                format!("`{shown}` holds nothing that varies"),
                extension.span,
            )
            .label("the `_` makes it a pattern, which is tried after all plain names"),
        );
    }
    if let Some(word) = word_with_classes(text) {
        let letter = word.bytes().find(|b| b"xzn".contains(b)).unwrap_or(b'x') as char;
        out.push(
            Diagnostic::new(
                "P707",
                format!("`{letter}` in `{word}` stands for a digit"),
                extension.span,
            )
            .label("x, z and n are digits in patterns, small ones too")
            .help(format!("write `[{letter}]` for the letter itself")),
        );
    }
}

fn has_comma_in_set(text: &[u8]) -> bool {
    let mut open = false;
    text.iter().any(|b| {
        match b {
            b'[' => open = true,
            b']' => open = false,
            _ => {}
        }
        open && *b == b','
    })
}

/// A word of small letters, three or more, in which x, z or n is one.
fn word_with_classes(text: &[u8]) -> Option<String> {
    let mut in_set = false;
    let mut word = Vec::new();
    for byte in text.iter().copied().chain(std::iter::once(b' ')) {
        match byte {
            b'[' => in_set = true,
            b']' => in_set = false,
            _ => {}
        }
        if byte.is_ascii_lowercase() && !in_set {
            word.push(byte);
            continue;
        }
        let classes = word.iter().filter(|b| b"xzn".contains(b)).count();
        if word.len() >= 3 && classes > 0 && classes * 2 < word.len() {
            return Some(show(&word));
        }
        word.clear();
    }
    None
}

/// Patterns whose every number an earlier entry takes, step by step (F324).
fn shadowed(world: &World<'_>, context: &Context, out: &mut Vec<Diagnostic>) {
    let patterns: Vec<&Extension> = context
        .extensions
        .iter()
        .filter(|e| e.caller.is_none() && matches!(e.matches, Matches::Pattern(_)))
        .collect();
    for (i, later) in patterns.iter().enumerate() {
        if !world.afford(i) {
            return;
        }
        let winner =
            patterns[..i]
                .iter()
                .find(|earlier| match (&earlier.matches, &later.matches) {
                    (Matches::Pattern(a), Matches::Pattern(b)) => {
                        a.covers(b)
                            && later
                                .steps
                                .iter()
                                .all(|s| earlier.step(s.priority).is_some())
                    }
                    _ => false,
                });
        if let Some(winner) = winner
            && !later.steps.is_empty()
            && !broken(later)
        {
            out.push(
                Diagnostic::new(
                    "F324",
                    format!("`{}` is never chosen", show(&later.name)),
                    later.span,
                )
                .label("every number that it matches goes to another pattern first")
                .also(
                    winner.span,
                    format!(
                        "`{}` is tried before it and takes them all",
                        show(&winner.name)
                    ),
                ),
            );
        }
    }
}

/// Patterns that match nothing are told elsewhere.
fn broken(extension: &Extension) -> bool {
    match &extension.matches {
        Matches::Pattern(p) => p.witness().is_none(),
        Matches::Name(_) => false,
    }
}
