//! Quick code: the steps that only move values and jump, without argument texts (vm.md 3, 3a).
//!
//! A step is written so that it gives up before it changes anything wherever a value is not what the words were written for;
//! it then runs as whole code. What has no short form at all is left to whole code from the beginning.

mod expression;
mod formula;
mod loops;
mod value;
mod writer;

use strowger_stdlib::table::QuickMap;
use strowger_stdlib::template::{Hole, HoleKind, Piece, Template};
use strowger_vm::{Builder, EntryId, PLACE_BYTES, Quick, read_target};

use crate::hir::{Extension, Step};

/// Bytes of an argument text as written: no limit of the language cuts what is shorter (DL-189).
const BYTES: usize = 4_000;

/// Steps by number and by label: where a jump within the extension leads.
struct Places<'h> {
    numbers: QuickMap<u32, usize>,
    labels: QuickMap<&'h [u8], usize>,
}

/// Where a branch leads.
enum Way<'t> {
    /// To the next priority.
    On,
    /// To a step of this extension.
    Step(usize),
    /// To a place of the plan.
    Place {
        context: Option<&'t [u8]>,
        exten: &'t [u8],
        priority: Result<u32, &'t [u8]>,
    },
    /// Whole code has to find out.
    Unknown,
}

/// Writes the quick code of an extension whose steps have been written.
/// `read` are the arguments of each step.
pub(crate) fn extension(
    builder: &mut Builder,
    entry: EntryId,
    extension: &Extension,
    read: &[Option<Template>],
) {
    if !extension.steps.iter().any(has_form) {
        return;
    }
    let steps = extension.steps.iter().enumerate();
    let places = Places {
        numbers: steps.clone().map(|(i, s)| (s.priority, i)).collect(),
        labels: steps
            .rev()
            .filter(|(_, s)| !s.shadowed)
            .filter_map(|(i, s)| Some((s.label.as_ref()?.bytes(), i)))
            .collect(),
    };
    let pairs = Pairs::of_steps(&extension.steps);
    let loops = loops::find(extension, read, &places, &pairs);
    let mut quick = builder.quick(entry);
    for (at, (step, read)) in extension.steps.iter().zip(read).enumerate() {
        quick.step(loops.get(&at), |q| {
            write(q, step, read.as_ref()?, &places, pairs.of(at))
        });
    }
    quick.finish();
}

fn has_form(step: &Step) -> bool {
    let app = step.app.bytes();
    ["Set", "NoOp", "Goto", "GotoIf"]
        .iter()
        .any(|name| app.eq_ignore_ascii_case(name.as_bytes()))
}

/// The `While` of each step that ends its loop, or goes back to it.
struct Pairs(QuickMap<usize, usize>);

impl Pairs {
    fn of_steps(steps: &[Step]) -> Pairs {
        let (mut pairs, mut open) = (QuickMap::default(), Vec::new());
        for (at, step) in steps.iter().enumerate() {
            let app = step.app.bytes();
            let is = |name: &str| app.eq_ignore_ascii_case(name.as_bytes());
            if is("While") {
                open.push(at);
            } else if is("ContinueWhile") {
                pairs.extend(open.last().map(|begin| (at, *begin)));
            } else if is("EndWhile") {
                pairs.extend(open.pop().map(|begin| (at, begin)));
            }
        }
        Pairs(pairs)
    }

    fn of(&self, at: usize) -> Option<usize> {
        self.0.get(&at).copied()
    }
}

fn write(
    q: &mut Quick,
    step: &Step,
    template: &Template,
    places: &Places,
    pair: Option<usize>,
) -> Option<()> {
    let args = step.args.bytes();
    if args.len() > BYTES {
        return None;
    }
    let app = step.app.bytes();
    let is = |name: &str| app.eq_ignore_ascii_case(name.as_bytes());
    if is("Set") {
        set(q, template)
    } else if is("NoOp") {
        // Its argument is read all the same where a function or an expression in it may have something to say.
        if template.pieces.iter().all(value::is_silent) {
            return Some(());
        }
        value::text(q, &template.pieces).map(|_| ())
    } else if is("Goto") {
        let target = template.as_plain().filter(|t| !t.is_empty())?;
        go(q, &way(target, step, places));
        Some(())
    } else if is("GotoIf") {
        goto_if(q, template, step, places)
    } else if is("While") {
        let [condition] = template.pieces.as_slice() else {
            return None;
        };
        let holds = value::text(q, std::slice::from_ref(condition))?;
        q.while_holds(holds);
        Some(())
    } else if let Some(begin) = pair
        && template.pieces.iter().all(value::is_silent)
    {
        q.round(begin);
        Some(())
    } else {
        q.run(app, template.as_plain()?)
    }
}

/// `Set(name=value)` with a constant name that is no function: the name, how often `_` stands before it, the value.
fn assignment(template: &Template) -> Option<(&[u8], u8, Vec<Piece>)> {
    let [Piece::Text(first), rest @ ..] = template.pieces.as_slice() else {
        return None;
    };
    let at = first.iter().position(|b| *b == b'=')?;
    let (name, text) = (&first[..at], &first[at + 1..]);
    let (mark, name) = match name {
        [b'_', b'_', name @ ..] => (2, name),
        [b'_', name @ ..] => (1, name),
        name => (0, name),
    };
    if name.is_empty() || name.ends_with(b")") {
        return None;
    }
    let mut pieces = rest.to_vec();
    if !text.is_empty() {
        pieces.insert(0, Piece::Text(text.to_vec()));
    }
    Some((name, mark, pieces))
}

fn set(q: &mut Quick, template: &Template) -> Option<()> {
    let (name, mark, pieces) = assignment(template)?;
    if mark == 0
        && let [Piece::Hole(hole)] = pieces.as_slice()
        && hole.kind == HoleKind::Expression
        && let Some((from, n)) = expression::increase(&hole.body)
    {
        return q.increase(name, &from, n);
    }
    value::set(q, &pieces, name, mark)
}

/// `GotoIf(condition?then:otherwise)` where the condition is one hole and the targets are constant.
fn branches_of(template: &Template) -> Option<(&Hole, &[u8], &[u8])> {
    let [Piece::Hole(condition), Piece::Text(targets)] = template.pieces.as_slice() else {
        return None;
    };
    let targets = targets.strip_prefix(b"?")?;
    let (then, otherwise) = match targets.iter().position(|b| *b == b':') {
        Some(at) => (&targets[..at], &targets[at + 1..]),
        None => (targets, &b""[..]),
    };
    Some((condition, then, otherwise))
}

fn goto_if(q: &mut Quick, template: &Template, step: &Step, places: &Places) -> Option<()> {
    let (condition, then, otherwise) = branches_of(template)?;
    let then = branch(then, step, places);
    let otherwise = branch(otherwise, step, places);
    if condition.kind == HoleKind::Expression
        && let Some((how, name, n)) = expression::comparison(&condition.body)
    {
        let (how, step, other) = match (&then, &otherwise) {
            (Way::Step(step), other) => (how, step, other),
            (other, Way::Step(step)) => (how.opposite(), step, other),
            _ => return branches(q, condition, &then, &otherwise),
        };
        q.jump_compared(how, &name, n, *step)?;
        go(q, other);
        return Some(());
    }
    branches(q, condition, &then, &otherwise)
}

/// An empty target means: go on.
fn branch<'t>(target: &'t [u8], step: &Step, places: &Places) -> Way<'t> {
    if target.is_empty() {
        Way::On
    } else {
        way(target, step, places)
    }
}

/// A condition that is computed first.
fn branches(q: &mut Quick, condition: &Hole, then: &Way, otherwise: &Way) -> Option<()> {
    let holds = value::hole(q, condition)?;
    match (then, otherwise) {
        (Way::Step(step), way) => {
            q.jump_if(true, holds, *step);
            go(q, way);
        }
        (way, Way::Step(step)) => {
            q.jump_if(false, holds, *step);
            go(q, way);
        }
        (Way::On, way) => {
            let end = q.skip_if(true, holds);
            go(q, way);
            q.land(end);
        }
        (way, Way::On) => {
            let end = q.skip_if(false, holds);
            go(q, way);
            q.land(end);
        }
        (one, other) => {
            let to = q.skip_if(false, holds);
            go(q, one);
            q.land(to);
            go(q, other);
        }
    }
    Some(())
}

fn go(q: &mut Quick, way: &Way) {
    match way {
        Way::On => {}
        Way::Step(step) => q.jump(*step),
        Way::Place {
            context,
            exten,
            priority,
        } => {
            if q.goto(*context, exten, *priority).is_none() {
                q.whole();
            }
        }
        Way::Unknown => q.whole(),
    }
}

/// Where a constant target leads. Within an extension the label or the number is looked for in this extension first, and a
/// settled route means that it is the first candidate (vm.md 3a).
fn way<'t>(target: &'t [u8], step: &Step, places: &Places) -> Way<'t> {
    let target = read_target(target, step.priority);
    match (target.context, target.exten, target.priority) {
        (None, None, Ok(n)) => places
            .numbers
            .get(&n)
            .map_or(Way::Unknown, |s| Way::Step(*s)),
        (None, None, Err(label)) => places
            .labels
            .get(label)
            .map_or(Way::Unknown, |s| Way::Step(*s)),
        (context, Some(exten), priority)
            if !exten.is_empty()
                && context != Some(b"")
                && exten.len().max(context.map_or(0, <[u8]>::len)) <= PLACE_BYTES =>
        {
            Way::Place {
                context,
                exten,
                priority,
            }
        }
        _ => Way::Unknown,
    }
}
