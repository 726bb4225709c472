//! Numbers and the patterns that take them: surprising winners, emergency calls, ways of writing.

use strowger_stdlib::template::{HoleKind, Piece, Template, What, split_body};

use super::{Whole, show, value};
use crate::diagnostic::{Diagnostic, Edit, Fix};
use crate::dialled;
use crate::hir::{Context, Extension, Matches};
use crate::pattern::{Decided, Element, Pattern};
use crate::resolve::Seen;
use crate::source::Sources;
use strowger_vm::pattern::{Found, Question};

/// Numbers for help in many countries, where nobody has told which count.
const EMERGENCY: [&[u8]; 4] = [b"112", b"911", b"999", b"110"];

pub(crate) fn check(
    whole: &Whole<'_>,
    sources: &Sources,
    emergency: &[Vec<u8>],
    out: &mut Vec<Diagnostic>,
) {
    let own: Vec<&[u8]> = if emergency.is_empty() {
        EMERGENCY.to_vec()
    } else {
        emergency.iter().map(Vec::as_slice).collect()
    };
    for context in &whole.flow.hir().contexts {
        overlaps(whole, context, out);
        for extension in &context.extensions {
            help(whole, context, extension, &own, !emergency.is_empty(), out);
            spelling(sources, extension, out);
        }
        ignored(whole, context, out);
    }
}

/// How many numbers a fixed pattern means; None: any number.
fn size(pattern: &Pattern) -> Option<f64> {
    let mut size = 1.0;
    for element in pattern.matching() {
        match element {
            Element::Set(set) => size *= f64::from(set.len()),
            _ => return None,
        }
    }
    Some(size)
}

/// A text that both patterns match.
fn shared(a: &Pattern, b: &Pattern) -> Option<Vec<u8>> {
    let (mine, theirs) = (a.matching(), b.matching());
    let mut text = Vec::new();
    for i in 0..mine.len().max(theirs.len()) {
        match (mine.get(i), theirs.get(i)) {
            (Some(Element::Set(a)), Some(Element::Set(b))) => {
                if !a.meets(b) {
                    return None;
                }
                text.push(a.iter().find(|c| b.holds(*c))?);
            }
            (Some(Element::Set(set)), Some(Element::Dot | Element::Bang))
            | (Some(Element::Dot | Element::Bang), Some(Element::Set(set))) => {
                text.push(set.first()?);
                // The rest of the longer one.
                let rest = if mine.len() > theirs.len() {
                    mine
                } else {
                    theirs
                };
                for element in rest.iter().skip(i + 1) {
                    match element {
                        Element::Set(set) => text.push(set.first()?),
                        Element::Dot => text.push(b'0'),
                        _ => {}
                    }
                }
                break;
            }
            (Some(Element::Dot), _) | (_, Some(Element::Dot)) => {
                text.push(b'0');
                break;
            }
            _ => break,
        }
    }
    (a.matches(&text) && b.matches(&text)).then_some(text)
}

/// P708: two patterns share numbers, and the one that means fewer numbers does not get them.
fn overlaps(whole: &Whole<'_>, context: &Context, out: &mut Vec<Diagnostic>) {
    let patterns: Vec<(&Extension, &Pattern)> = context
        .extensions
        .iter()
        .filter(|e| e.caller.is_none())
        .filter_map(|e| match &e.matches {
            Matches::Pattern(p) => Some((e, p)),
            Matches::Name(_) => None,
        })
        .collect();
    for (i, (later, narrow)) in patterns.iter().enumerate() {
        if !whole.world.afford(i) {
            return;
        }
        let Some(few) = size(narrow) else { continue };
        for (earlier, wide) in &patterns[..i] {
            // Where all of it is taken, another finding says so.
            if wide.covers(narrow) || size(wide).is_some_and(|many| many <= few) {
                continue;
            }
            let Some(sample) = shared(wide, narrow) else {
                continue;
            };
            let Some((at, _, decided)) = wide.decide(narrow) else {
                continue;
            };
            let why = match decided {
                Decided::Members => "fewer characters are possible there",
                Decided::Kind => "it goes on where the other one ends",
                _ => "its characters come first there",
            };
            out.push(
                Diagnostic::new(
                    "P708",
                    format!(
                        "`{}` goes to `{}`, not to `{}`",
                        show(&sample),
                        show(&earlier.name),
                        show(&later.name)
                    ),
                    later.span,
                )
                .label("matches it too, and means fewer numbers on the whole")
                .also(
                    earlier.span,
                    format!("tried first: place {} decides, and {why}", at + 1),
                ),
            );
            break;
        }
    }
}

/// P709: a number for help that is sent out changed.
fn help(
    whole: &Whole<'_>,
    context: &Context,
    extension: &Extension,
    numbers: &[&[u8]],
    configured: bool,
    out: &mut Vec<Diagnostic>,
) {
    let Matches::Pattern(pattern) = &extension.matches else {
        return;
    };
    for number in numbers {
        if !pattern.matches(number) {
            continue;
        }
        // Where a call finds something better first, this pattern is not asked.
        let Some(c) = whole.world.index.number(&context.name) else {
            return;
        };
        let chosen = whole.flow.standing(c).iter().any(|start| {
            whole
                .candidates(*start, number)
                .is_some_and(|(found, seen)| {
                    seen == Seen::All
                        && found
                            .first()
                            .is_some_and(|c| std::ptr::eq(c.extension, extension))
                })
        });
        if !chosen {
            continue;
        }
        for step in &extension.steps {
            for destination in dialled::destinations(step) {
                let Some(sent) = sent(destination.resource.bytes(), number) else {
                    continue;
                };
                // Where nobody has said which numbers count, only those whose prefix is cut off are sure to be damaged.
                let damaged = configured || sent.len() < number.len();
                if sent == *number || !damaged {
                    continue;
                }
                let shown = show(number);
                out.push(
                    Diagnostic::new(
                        "P709",
                        format!("who dials {shown} reaches {}", show(&sent)),
                        destination.whole.span(),
                    )
                    .label("the number is changed before it is sent")
                    .also(
                        extension.span,
                        format!("`{}` takes {shown} too", show(&extension.name)),
                    )
                    .help(format!(
                        "add `exten => {shown},1,...` that dials the number as it is"
                    )),
                );
                return;
            }
        }
    }
}

/// The number that a dial string sends when `number` was dialled: digits around `${EXTEN}` and what is cut off it.
fn sent(resource: &[u8], number: &[u8]) -> Option<Vec<u8>> {
    let mut out: Vec<u8> = Vec::new();
    let mut found = false;
    for piece in Template::read(resource).pieces {
        match piece {
            Piece::Text(text) => {
                let digit = |b: &u8| b.is_ascii_digit() || *b == b'+';
                if found {
                    out.extend(text.iter().take_while(|b| digit(b)));
                    return Some(out);
                }
                let from = text.iter().rposition(|b| !digit(b)).map_or(0, |i| i + 1);
                out = text[from..].to_vec();
            }
            Piece::Hole(hole) if hole.kind == HoleKind::Variable => {
                let body = split_body(hole.body.as_plain()?);
                match body.what {
                    What::Variable(name) if name == b"EXTEN" && !found => {
                        found = true;
                        let part: &[u8] = match body.slice {
                            Some(slice) => slice.cut(number),
                            None => number,
                        };
                        out.extend_from_slice(part);
                    }
                    // A prefix or a trunk from a variable: nobody knows.
                    _ if found => return Some(out),
                    _ => return None,
                }
            }
            Piece::Hole(_) => return None,
        }
    }
    found.then_some(out)
}

/// P710: a set that has a shorter name.
fn spelling(sources: &Sources, extension: &Extension, out: &mut Vec<Diagnostic>) {
    let Matches::Pattern(pattern) = &extension.matches else {
        return;
    };
    let name = &extension.name;
    let Some(short) = canonical(&name[1..]) else {
        return;
    };
    if Pattern::read(&short) != *pattern || short == name[1..] {
        return;
    }
    let shown = format!("_{}", show(&short));
    // Every line that writes the name.
    let mut edits = Vec::new();
    for step in &extension.steps {
        let (mut span, text) = value(sources, step);
        if text.starts_with(name) && text.get(name.len()).is_some_and(|b| b",/".contains(b)) {
            span.end = span.start + name.len() as u32;
            edits.push(Edit {
                span,
                text: shown.clone().into_bytes(),
            });
        }
    }
    let mut found = Diagnostic::new(
        "P710",
        format!("`{}` has a shorter form", show(name)),
        extension.span,
    )
    .label(format!("the same as `{shown}`"));
    if !edits.is_empty() {
        found.fixes.push(Fix {
            title: format!("write `{shown}`"),
            edits,
            safe: true,
        });
    }
    out.push(found);
}

/// A pattern without its `_` in the usual letters. None: it has something in it that is not a plain set.
fn canonical(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut i = 0;
    while i < text.len() {
        let byte = text[i];
        i += 1;
        match byte {
            b'x' | b'z' | b'n' => out.push(byte.to_ascii_uppercase()),
            b'.' | b'!' => {
                out.extend_from_slice(&text[i - 1..]);
                return Some(out);
            }
            b'[' => {
                let end = i + text[i..].iter().position(|b| *b == b']')?;
                let set = &text[i..end];
                match set {
                    b"0-9" => out.push(b'X'),
                    b"1-9" => out.push(b'Z'),
                    b"2-9" => out.push(b'N'),
                    [one] if one.is_ascii_digit() => out.push(*one),
                    _ => out.extend_from_slice(&text[i - 1..=end]),
                }
                i = end + 1;
            }
            _ => out.push(byte),
        }
    }
    Some(out)
}

/// P711: a dial tone goes on behind digits with which no number begins.
fn ignored(whole: &Whole<'_>, context: &Context, out: &mut Vec<Diagnostic>) {
    if context.ignorepats.is_empty() {
        return;
    }
    let number = whole.world.index.number(&context.name);
    let Some(found) = number.and_then(|c| whole.searched(c)) else {
        return;
    };
    let searched = &found.0;
    if found.1 == Seen::Some || whole.fragment {
        return;
    }
    let entries: usize = searched.iter().map(|c| c.extensions.len()).sum();
    for pattern in &context.ignorepats {
        let text = pattern.trimmed();
        let digits = text.bytes().strip_prefix(b"_").unwrap_or(text.bytes());
        if digits.is_empty()
            || !digits
                .iter()
                .all(|b| b.is_ascii_digit() || b"*#".contains(b))
            || !whole.world.afford(entries)
        {
            continue;
        }
        let begins = searched
            .iter()
            .flat_map(|c| &c.extensions)
            .any(|e| e.matches.answer(digits, digits, Question::CanMatch) != Found::No);
        if !begins {
            out.push(
                Diagnostic::new(
                    "P711",
                    format!("no extension begins with `{}`", show(digits)),
                    text.span(),
                )
                .label("`ignorepat` keeps the dial tone for numbers that do not exist here"),
            );
        }
    }
}
