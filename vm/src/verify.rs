//! What every module is checked for before it may run.

use crate::builtin::Builtin;
use crate::module::{BadModule, Parts, StrId, TEMPORARIES};
use crate::op::{Field, Instr, Kind, Op};
use crate::pattern::Matches;

/// Checks that every index points into its table and that every step is straight code that ends (linear in the size).
pub(crate) fn verify(p: &Parts) -> Result<(), BadModule> {
    let refuse = |what: String| Err(BadModule::Refused(what));
    if p.names.len() > usize::from(u16::MAX) {
        return Err(BadModule::TooLarge("variable names", usize::from(u16::MAX)));
    }
    let string = |id: StrId| (id.0 as usize) < p.strings.len();
    let lists = p.names.iter().chain(&p.functions).chain(&p.applications);
    if lists.into_iter().any(|id| !string(*id)) {
        return refuse("a name is no string of the module".into());
    }
    for (at, word) in p.code.iter().enumerate() {
        let Some(op) = word.op() else {
            return refuse(format!("no such instruction at {at}"));
        };
        let mut before = 0;
        for (field, kind) in op.info().operands {
            let value = word.field(*field) as usize;
            let sound = match kind {
                Kind::Write | Kind::Read => value < usize::from(TEMPORARIES),
                Kind::Count => before + value <= usize::from(TEMPORARIES),
                Kind::Text => value < p.strings.len(),
                Kind::Slot => value < p.names.len(),
                Kind::Builtin => value < Builtin::ALL.len(),
                Kind::Slice => value < p.slices.len(),
                Kind::Function => value < p.functions.len(),
                Kind::Application => value < p.applications.len(),
            };
            if !sound {
                return refuse(format!(
                    "operand {value} of `{}` at {at} is out of range",
                    op.info().name
                ));
            }
            before = value;
        }
        // No operation touches what it does not name: unused fields are zero, so equal code has equal bytes.
        if word.0 & !used(op) != 0 {
            return refuse(format!(
                "unused bits of `{}` at {at} are set",
                op.info().name
            ));
        }
    }
    // A step ends with `next`, and `app` stands before it: nothing runs from one step into another, or off the end.
    // `tops`: per word, the temporaries that the step uses from there on.
    let mut tops = vec![0; p.code.len()];
    let mut top = 0;
    let mut ended = false;
    for (at, word) in p.code.iter().enumerate().rev() {
        match word.op() {
            Some(Op::Next) => (ended, top) = (true, 0),
            Some(Op::App)
                if tops.get(at + 1) != Some(&0) || p.code[at + 1].op() != Some(Op::Next) =>
            {
                return refuse(format!("`app` at {at} is not followed by `next`"));
            }
            _ if !ended => return refuse("the code does not end".into()),
            _ => top = top.max(highest(*word)),
        }
        tops[at] = top;
    }
    for context in &p.contexts {
        let mut sound = string(context.name)
            && context.switches.iter().all(|s| string(*s))
            && context
                .includes
                .iter()
                .all(|i| string(i.context) && i.times.as_ref().is_none_or(|(t, _)| string(*t)));
        for entry in &context.entries {
            sound &= string(entry.name) && entry.hint.is_none_or(|(d, n)| string(d) && string(n));
            for q in &entry.priorities {
                sound &= [q.application, q.arguments, q.file]
                    .into_iter()
                    .chain(q.label)
                    .all(string);
                let at = q.pc as usize;
                let begins = at == 0 || p.code.get(at - 1).and_then(|w| w.op()) == Some(Op::Next);
                if at >= p.code.len() || !begins {
                    return refuse(format!(
                        "priority {} points at {at}, where no step begins",
                        q.number
                    ));
                }
                if q.frame > TEMPORARIES || q.number == 0 || q.number > i32::MAX as u32 {
                    return refuse(format!("priority {} is out of range", q.number));
                }
                if tops[at] > u32::from(q.frame) {
                    return refuse(format!(
                        "the step at {at} uses more temporaries than it declares"
                    ));
                }
            }
            if entry
                .priorities
                .windows(2)
                .any(|w| w[0].number >= w[1].number)
            {
                return refuse("priorities are not in rising order".into());
            }
        }
        if !sound {
            return refuse("a context names a string that is not there".into());
        }
        let names = context
            .entries
            .iter()
            .take_while(|e| matches!(e.matches, Matches::Name(_)))
            .count();
        if context.entries[names..]
            .iter()
            .any(|e| matches!(e.matches, Matches::Name(_)))
        {
            return refuse("a plain name stands behind a pattern".into());
        }
    }
    Ok(())
}

/// The bits of a word that an operation uses.
fn used(op: Op) -> u64 {
    op.info().operands.iter().fold(0xff, |bits, (field, _)| {
        bits | match field {
            Field::K => 0xff00,
            Field::A => 0xffff_0000,
            Field::B => 0xffff_0000_0000,
            Field::C => 0xffff_0000_0000_0000,
            Field::BC => 0xffff_ffff_0000_0000,
        }
    })
}

/// One more than the highest temporary that a word names.
fn highest(word: Instr) -> u32 {
    let mut top = 0;
    let mut before = 0;
    for (field, kind) in word.op().map_or(&[][..], |op| op.info().operands) {
        let value = word.field(*field);
        match kind {
            Kind::Write | Kind::Read => top = top.max(value + 1),
            Kind::Count => top = top.max(before + value),
            _ => {}
        }
        before = value;
    }
    top
}
