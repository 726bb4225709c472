//! Whether two graphs are the same, and whether two steps or two conditions are.

use std::collections::HashSet;

use strowger_stdlib::args;
use strowger_stdlib::signatures::{self, Split};
use strowger_stdlib::words;

use super::graph::{Condition, Graph, Link, Node};
use super::{formula, layout, truth};
use crate::jump::Shape;

/// Option letters with what stands in parentheses behind them.
type Letters = Vec<(u8, Vec<u8>)>;

/// The sides of a comparison.
type Sides = (Vec<u8>, Vec<u8>);

/// Whether two extensions do the same from their roots on; else what differs first, in words.
pub(super) fn compare(a: &Graph, b: &Graph, roots: &[(Link, Link)]) -> Result<(), String> {
    let mut seen: HashSet<(Link, Link)> = HashSet::new();
    let mut work = roots.to_vec();
    while let Some((x, y)) = work.pop() {
        let (x, y) = (a.settle(x), b.settle(y));
        if !seen.insert((x, y)) {
            continue;
        }
        match (x, y) {
            (Link::Off(_), Link::Off(_)) => {}
            (Link::Out(p), Link::Out(q)) if a.places[p] == b.places[q] => {}
            (Link::Step(s), Link::Step(t)) => match (&a.nodes[s], &b.nodes[t]) {
                (
                    Node::Run {
                        app,
                        args,
                        ends,
                        next,
                    },
                    Node::Run {
                        app: other,
                        args: theirs,
                        ends: stops,
                        next: on,
                    },
                ) if app == other && same_arguments(app, args, theirs) => {
                    if !(*ends && *stops) {
                        work.push((*next, *on));
                    }
                }
                (
                    Node::Branch { condition, yes, no },
                    Node::Branch {
                        condition: other,
                        yes: then,
                        no: otherwise,
                    },
                ) => match same_condition(condition, other) {
                    Some(true) => work.extend([(*yes, *then), (*no, *otherwise)]),
                    Some(false) => work.extend([(*yes, *otherwise), (*no, *then)]),
                    None => return Err(differs(a, x, b, y)),
                },
                _ => return Err(differs(a, x, b, y)),
            },
            _ => return Err(differs(a, x, b, y)),
        }
    }
    Ok(())
}

fn differs(a: &Graph, x: Link, b: &Graph, y: Link) -> String {
    let show = |g: &Graph, link: Link| match link {
        Link::Off(_) => "the end of the extension".to_owned(),
        Link::Out(p) => {
            let place = &g.places[p];
            let part = |p: &Option<Vec<u8>>| {
                String::from_utf8_lossy(p.as_deref().unwrap_or(b"")).into_owned()
            };
            format!(
                "Goto({},{},{})",
                part(&place.context),
                part(&place.exten),
                String::from_utf8_lossy(&place.priority)
            )
        }
        Link::Step(at) => match &g.nodes[at] {
            Node::Run { app, args, .. } => format!("{app}({})", String::from_utf8_lossy(args)),
            Node::Branch {
                condition: Condition::Text(text),
                ..
            } => {
                format!("GotoIf({})", String::from_utf8_lossy(text))
            }
            Node::Branch { .. } => "GotoIfTime".to_owned(),
            Node::Jump(_) => "Goto".to_owned(),
        },
    };
    format!("{} became {}", show(a, x), show(b, y))
}

/// Whether two argument texts say the same to an application.
pub(super) fn same_arguments(app: &str, a: &[u8], b: &[u8]) -> bool {
    if a == b {
        return true;
    }
    let plain = |t: &[u8]| match app {
        "dial" => timed(&formula::plain(t)),
        _ => formula::plain(t),
    };
    let (a, b) = (plain(a), plain(b));
    let (a, b) = (a.as_slice(), b.as_slice());
    if a == b {
        return true;
    }
    if app == "set" {
        // The place that is written to has one name, and a truth is 1.
        let set = |t: &[u8]| {
            let t = formula::aliased(t);
            match t.as_slice() {
                b"CDR_PROP(disable)=true" => b"CDR_PROP(disable)=1".to_vec(),
                _ => t,
            }
        };
        return set(a) == set(b);
    }
    if app == "goto" || app == "gosub" {
        // An extension without a context is looked for where the call is (DL-245).
        let here = |t: &[u8]| {
            let rest = t.strip_prefix(b"${CHANNEL(context)},").unwrap_or(t);
            rest.to_vec()
        };
        return here(a) == here(b);
    }
    if app == "hangup" {
        // A cause has a number and a name.
        let case = |t: &[u8]| words::enumeration("Cause")?.case(std::str::from_utf8(t).ok()?);
        return case(a).is_some_and(|case_of| case(b) == Some(case_of));
    }
    let signature = signatures::application(app.as_bytes());
    let open = |t: &[u8]| t.windows(2).any(|w| matches!(w, b"${" | b"$["));
    if let Some(signature) = signature
        && signature.split == Split::Standard
        && !open(a)
        && !open(b)
        && same_fields(signature, a, b)
    {
        return true;
    }
    let Some(signature) = signature.filter(|s| s.split == Split::Standard && !s.repeats) else {
        return false;
    };
    let trim = |t: &[u8]| {
        let end = t.iter().rposition(|b| *b != b',').map_or(0, |i| i + 1);
        t[..end].to_vec()
    };
    let (a, b) = (trim(a), trim(b));
    if a == b {
        return true;
    }
    let Some(slot) = signature.option_slot() else {
        return false;
    };
    let (Some(a), Some(b)) = (sorted(&a, slot), sorted(&b, slot)) else {
        return false;
    };
    a == b
}

/// The arguments of a Dial, whose time is a number without the blanks around it, which mean nothing.
fn timed(arguments: &[u8]) -> Vec<u8> {
    let mut fields = layout::fields(arguments);
    if let Some(time) = fields.get_mut(1) {
        let number = time.trim_ascii();
        if !number.is_empty() && number.iter().all(u8::is_ascii_digit) {
            *time = number.to_vec();
        }
    }
    fields.join(&b',')
}

/// Whether the application finds the same in both: quotes and backslashes are taken away, and what is empty at the end.
fn same_fields(signature: &signatures::Signature, a: &[u8], b: &[u8]) -> bool {
    const MANY: usize = 1_000;
    let slots = match signature.repeats {
        true => MANY,
        false => signature.slots(),
    };
    let fields = |t: &[u8]| {
        let mut fields = args::split(t, slots);
        while fields.last().is_some_and(Vec::is_empty) {
            fields.pop();
        }
        fields
    };
    let (a, b) = (fields(a), fields(b));
    // The last one holds what stands behind it, as it is written.
    a == b && (!signature.text_last || a.len() < slots)
}

/// Fields, and the option letters in the order of the alphabet; none where a variable or a quote may hide some.
fn sorted(args: &[u8], slot: usize) -> Option<(Vec<Vec<u8>>, Letters)> {
    let shape = Shape::read(args);
    if shape
        .outside(args.len())
        .any(|i| matches!(args[i], b'"' | b'\\'))
    {
        return None;
    }
    let mut fields = layout::fields(args);
    if fields.len() <= slot {
        return None;
    }
    let options = layout::options(&fields[slot])?;
    let mut letters: Vec<(u8, Vec<u8>)> = options
        .into_iter()
        .map(|(l, a)| (l, a.unwrap_or_default()))
        .collect();
    letters.sort();
    let before = letters.len();
    letters.dedup_by_key(|(l, _)| *l);
    if letters.len() != before {
        return None;
    }
    fields[slot].clear();
    Some((fields, letters))
}

/// Whether two conditions ask the same: `true`, or the opposite: `false`.
pub(super) fn same_condition(a: &Condition, b: &Condition) -> Option<bool> {
    match (a, b) {
        (Condition::Text(a), Condition::Text(b)) => {
            // Blanks around what is true or not mean nothing (DL-224).
            let ((a, up), (b, down)) = (truth::normal(a), truth::normal(b));
            if a == b {
                return Some(up == down);
            }
            let (a, b) = (a.as_slice(), b.as_slice());
            let ((a, x), (b, y)) = (comparison(a)?, comparison(b)?);
            (a == b).then_some(x == y)
        }
        // What is not understood has to stay as it is.
        (Condition::Time(a, x, sound), Condition::Time(b, y, clear)) => {
            (a == b && (*sound && *clear || x == y)).then_some(true)
        }
        _ => None,
    }
}

/// `$[left = right]`, both sides without blanks around them; false for `!=`. Only sides that stay one operand whatever the call holds:
/// words and numbers, texts in quotes without holes, and DIALSTATUS in quotes, in which no quote can stand.
fn comparison(text: &[u8]) -> Option<(Sides, bool)> {
    let inner = text.strip_prefix(b"$[")?.strip_suffix(b"]")?;
    let text = std::str::from_utf8(inner).ok()?;
    let (left, right, equal) = match text.split_once("!=") {
        Some((left, right)) => (left, right, false),
        None => {
            let (left, right) = text.split_once('=')?;
            (left, right.strip_prefix('=').unwrap_or(right), true)
        }
    };
    let side = |side: &str| {
        let side = side.trim();
        let quoted = side.strip_prefix('"').and_then(|s| s.strip_suffix('"'));
        let plain = |t: &str| t.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let sound = match quoted {
            Some("${DIALSTATUS}") => true,
            Some(inner) => plain(inner),
            None => !side.is_empty() && plain(side),
        };
        sound.then(|| side.as_bytes().to_vec())
    };
    Some(((side(left)?, side(right)?), equal))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::{Options, Reading};
    use crate::migrate::graph::Reader;
    use crate::resolve::Index;
    use crate::source::Sources;

    /// Whether the lines of `s` in two plans do the same.
    fn same(one: &str, other: &str) -> bool {
        let read = |lines: &str| {
            let plan = format!("[a]\nexten => s,1,{}\n", lines.replace('~', "\nsame => n"));
            Reading::new(&Sources::plan(plan), &Options::default())
        };
        let (one, other) = (read(one), read(other));
        let graph = |reading: &Reading| {
            let index = Index::new(&reading.hir);
            let context = &reading.hir.contexts[0];
            Reader::new(&index, true).graph(context, &context.extensions[0])
        };
        let start = (Link::Step(0), Link::Step(0));
        compare(&graph(&one), &graph(&other), &[start]).is_ok()
    }

    #[test]
    fn what_is_the_same() {
        assert!(same("Answer~,Hangup", "Answer()~,NoOp()~,Hangup()"));
        assert!(same("Goto(x)~(x),Answer", "Answer"));
        let turned = "GotoIf($[1 != 2]?x)~,Answer~,Hangup~(x),Busy";
        assert!(same(
            "GotoIf($[1 = 2]?x)~,Busy~,Hangup~(x),Answer~,Hangup",
            turned
        ));
        assert!(same("Dial(SIP/1,20,tT)", "Dial(SIP/1,20,Tt,)"));
        assert!(same("Dial(SIP/1, 20 ,t)", "Dial(SIP/1,20,t)"));
        assert!(same("Hangup(16)", "Hangup(NORMAL_CLEARING)"));
        let loops = "Goto(t)~(l),Answer~(t),GotoIf(${X}?l)~,Busy";
        assert!(same("While(${X})~,Answer~,EndWhile~,Busy", loops));
        assert!(same("GotoIfTime(9:00-17:00,*,*,*?x)~(x),Answer", "Answer"));
    }

    #[test]
    fn what_is_not() {
        assert!(!same("Dial(SIP/1, ${X})", "Dial(SIP/1,${X})"));
        assert!(!same("Dial( SIP/1,20)", "Dial(SIP/1,20)"));
        assert!(!same("Wait( 1)", "Wait(1)"));
        assert!(!same("Answer", "Answer~,Answer"));
        assert!(!same("Playback(a)", "Playback(b)"));
        assert!(!same(
            "GotoIf($[1 = 2]?x)~,Busy~(x),Answer",
            "GotoIf($[1 != 2]?x)~,Busy~(x),Answer"
        ));
        // A quote in the value would end the text: then both are false.
        let not = "GotoIf($[\"${X}\" != \"a\"]?:x)~,Busy~(x),Answer";
        assert!(!same("GotoIf($[\"${X}\" = \"a\"]?x)~,Busy~(x),Answer", not));
        assert!(!same(
            "GotoIfTime(9:00-17:00,*,*,*?x)~,Busy~(x),Answer",
            "GotoIfTime(9:00-17:01,*,*,*?x)~,Busy~(x),Answer"
        ));
        assert!(!same("Dial(SIP/1,20,tT)", "Dial(SIP/1,20,t)"));
        assert!(!same("Hangup(16)", "Hangup(17)"));
        assert!(!same("Goto(a,b,1)", "Goto(a,c,1)"));
        assert!(!same("GotoIf(${RAND(1,2)}?x)~(x),Answer", "Answer"));
    }
}
