//! A prefix that one line strips and another one dials (V523).

use strowger_stdlib::table::QuickMap;

use strowger_stdlib::template::{HoleKind, Template, What, split_body};

use crate::diagnostic::Diagnostic;
use crate::dialled;
use crate::hir::{Extension, Matches};
use crate::lint::World;
use crate::pattern::Element;
use crate::source::Span;

/// A line that dials the number of the call over a trunk.
struct Dialled {
    /// How many digits are left out.
    stripped: i32,
    place: Span,
    /// The destination without the number.
    trunk: Vec<u8>,
    /// The digit that every number of the pattern begins with.
    digit: u8,
    /// Fewest digits of the pattern.
    length: usize,
}

/// Patterns of fewer digits are short numbers, emergency numbers among them: they are dialled as they are.
const SHORT: usize = 5;

pub(crate) fn check(world: &World<'_>, out: &mut Vec<Diagnostic>) {
    for context in &world.index.hir().contexts {
        let mut siblings: QuickMap<(Vec<u8>, u8), Vec<Dialled>> = QuickMap::default();
        for extension in &context.extensions {
            let dialled = dialled_by(extension);
            if let (Some(strips), Some(whole)) = (
                dialled.iter().find(|d| d.stripped > 0),
                dialled.iter().find(|d| d.stripped == 0),
            ) && strips.trunk != whole.trunk
            {
                out.push(told(extension, whole, strips));
                continue;
            }
            for one in dialled {
                siblings
                    .entry((one.trunk.clone(), one.digit))
                    .or_default()
                    .push(one);
            }
        }
        let mut groups: Vec<_> = siblings.into_values().collect();
        groups.sort_by_key(|g| g.first().map(|d| (d.place.file, d.place.start)));
        for group in groups {
            let strips: Vec<&Dialled> = group.iter().filter(|d| d.stripped > 0).collect();
            let mut whole = group
                .iter()
                .filter(|d| d.stripped == 0 && d.length >= SHORT && d.digit >= b'2');
            if let ([first, _, ..], Some(odd), None) =
                (strips.as_slice(), whole.next(), whole.next())
            {
                let digit = char::from(odd.digit);
                out.push(
                    Diagnostic::new(
                        "V523",
                        format!("the prefix `{digit}` is dialled too"),
                        odd.place,
                    )
                    .label("the whole number, with its prefix")
                    .also(first.place, "other lines leave it out on the same trunk"),
                );
            }
        }
    }
}

fn told(extension: &Extension, whole: &Dialled, strips: &Dialled) -> Diagnostic {
    Diagnostic::new(
        "V523",
        format!(
            "one line of `{}` leaves out {} digit{} and another dials all of the number",
            String::from_utf8_lossy(&extension.name),
            strips.stripped,
            if strips.stripped == 1 { "" } else { "s" }
        ),
        whole.place,
    )
    .label("the whole number, with its prefix")
    .also(strips.place, "without the prefix")
}

/// The lines of an extension that dial its number, if its pattern begins with a certain digit.
fn dialled_by(extension: &Extension) -> Vec<Dialled> {
    let Matches::Pattern(pattern) = &extension.matches else {
        return Vec::new();
    };
    let Some(Element::Set(first)) = pattern.matching().first() else {
        return Vec::new();
    };
    let Some(digit) = first
        .first()
        .filter(|d| first.len() == 1 && d.is_ascii_digit())
    else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for destination in extension.steps.iter().flat_map(dialled::destinations) {
        let template = Template::read(destination.resource.bytes());
        let number = template.holes().into_iter().find_map(|hole| {
            let body = split_body(hole.body.as_plain()?);
            let exten = hole.kind == HoleKind::Variable
                && matches!(&body.what, What::Variable(name) if name == b"EXTEN");
            let stripped = body.slice.map_or(0, |s| s.offset);
            (exten && stripped >= 0 && body.slice.is_none_or(|s| s.length.is_none()))
                .then_some((hole.span.clone(), stripped))
        });
        let Some((span, stripped)) = number else {
            continue;
        };
        let bytes = destination.resource.bytes();
        // A digit before the hole is a prefix of another kind.
        let before = bytes[..span.start].last();
        if span.len() == bytes.len()
            || before.is_some_and(|b| b.is_ascii_digit() || *b == b'+' || *b == b'}')
        {
            continue;
        }
        let mut trunk = destination.tech.bytes().to_ascii_lowercase();
        trunk.push(b'/');
        trunk.extend_from_slice(&bytes[..span.start]);
        trunk.push(0);
        trunk.extend_from_slice(&bytes[span.end..]);
        found.push(Dialled {
            stripped,
            place: destination.resource.span_of(span),
            trunk,
            digit,
            length: pattern.matching().len(),
        });
    }
    found
}
