//! Arguments as the releases before 1.6 read them (DL-288 to DL-290): commas become `|`, `'` and `\` vanish.

use crate::ast::End;
use crate::hir::Hir;
use crate::source::Text;

/// `App,args`: arguments without parentheses, as they stand (DL-073).
pub(super) fn bare(call: &Text) -> Option<(Text, Text, End)> {
    let bytes = call.bytes();
    let comma = bytes.iter().position(|b| *b == b',')?;
    if bytes[..comma].contains(&b'(') {
        return None;
    }
    let blanks = bytes.iter().take_while(|b| **b <= 32).count();
    Some((
        call.slice(blanks.min(comma)..comma),
        call.slice(comma + 1..bytes.len()),
        End::Closed,
    ))
}

/// Arguments in parentheses: single quotes and backslashes vanish, and commas outside of the quotes become `|`.
pub(super) fn separated(args: &Text) -> Text {
    let bytes = args.bytes();
    if !bytes.iter().any(|b| matches!(b, b',' | b'\\' | b'\'')) {
        return args.clone();
    }
    let mut kept = args.slice(0..0);
    let mut text = Vec::with_capacity(bytes.len());
    let (mut quoted, mut at, mut from) = (false, 0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' | b'\'' => {
                kept.append(&args.slice(from..at));
                from = at + 1;
                if bytes[at] == b'\'' {
                    quoted = !quoted;
                } else if let Some(next) = bytes.get(at + 1) {
                    text.push(*next);
                    at += 1;
                }
            }
            b',' if !quoted => text.push(b'|'),
            byte => text.push(byte),
        }
        at += 1;
    }
    kept.append(&args.slice(from..bytes.len()));
    kept.with_bytes(text)
}

/// The same plan with commas for pipes, for those who look at arguments without running them. A `|` in `$[...]` is an operator.
pub(crate) fn with_commas(hir: &Hir) -> Hir {
    let mut hir = hir.clone();
    let steps = hir
        .contexts
        .iter_mut()
        .flat_map(|c| &mut c.extensions)
        .flat_map(|e| &mut e.steps);
    for step in steps.filter(|s| s.args.bytes().contains(&b'|')) {
        let mut text = step.args.bytes().to_vec();
        let mut depth = 0usize;
        for at in 0..text.len() {
            match text[at] {
                b'[' if depth > 0 || at > 0 && text[at - 1] == b'$' => depth += 1,
                b']' => depth = depth.saturating_sub(1),
                b'|' if depth == 0 => text[at] = b',',
                _ => {}
            }
        }
        step.args = step.args.with_bytes(text);
    }
    hir
}

#[cfg(test)]
mod tests {
    use strowger_stdlib::Dialect;

    use super::*;
    use crate::source::{FileId, Span};

    fn call(call: &Text) -> (Text, Text, End) {
        crate::conf::exten::call(call, &Dialect::named("1.4").unwrap())
    }

    fn text(t: &str) -> Text {
        let span = Span {
            file: FileId(0),
            start: 0,
            end: t.len() as u32,
        };
        Text::new(t.as_bytes(), span)
    }

    #[test]
    fn calls_of_1_4() {
        for (written, app, args) in [
            ("Dial(SIP/1,20,tT)", "Dial", "SIP/1|20|tT"),
            ("Dial(SIP/1|20)", "Dial", "SIP/1|20"),
            ("Dial,SIP/1|20,tT", "Dial", "SIP/1|20,tT"),
            ("Set(a=x\\,y)", "Set", "a=x,y"),
            ("NoOp('a,b',c)", "NoOp", "a,b|c"),
            ("NoOp(\"a,b\")", "NoOp", "\"a|b\""),
            (" Answer", "Answer", ""),
            ("NoOp(a\\\\b\\)", "NoOp", "a\\b"),
        ] {
            let (found, arguments, _) = call(&text(written));
            assert_eq!(
                (found.lossy().as_ref(), arguments.lossy().as_ref()),
                (app, args),
                "{written}"
            );
        }
    }

    #[test]
    fn places_are_kept() {
        let written = text("Set(a=x\\,y,z)");
        let (_, args, _) = call(&written);
        assert_eq!(args.lossy(), "a=x,y|z");
        assert_eq!(args.place(3).start, 8);
        assert_eq!(args.place(6).start, 11);
    }
}
