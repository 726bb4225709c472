//! What every module is checked for before it may run.

use crate::builtin::Builtin;
use crate::guard::Comparison;
use crate::module::{BadModule, Entry, NOT_QUICK, Parts, StrId, TEMPORARIES, Wanted};
use crate::op::{Field, Form, Info, Instr, Kind, Op, TABLE};
use crate::pattern::Matches;
use crate::short::Short;

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
    let used: Vec<u64> = TABLE.iter().map(|info| used(info)).collect();
    for (form, code) in [(Form::Whole, &p.code), (Form::Quick, &p.quick)] {
        for (at, word) in code.iter().enumerate() {
            let info = word.op().info();
            if info.form != Form::Both && info.form != form {
                return refuse(format!("`{}` at {at} stands in the wrong code", info.name));
            }
            operands(p, at, *word, used[word.op() as usize])?;
        }
    }
    if !p.targets.iter().all(|t| {
        string(t.exten)
            && t.context.is_none_or(string)
            && match t.priority {
                Wanted::Number(_) => true,
                Wanted::Label(l) => string(l),
            }
    }) {
        return refuse("a target names a string that is not there".into());
    }
    if !p.formats.iter().all(|(z, f)| string(*z) && string(*f)) {
        return refuse("a time format is no string of the module".into());
    }
    // A step ends with `next`, and `app` stands before it: nothing runs from one step into another, or off the end.
    // `tops`: per word, the temporaries that the step uses from there on.
    let mut tops = vec![0; p.code.len()];
    let mut top = 0;
    let mut ended = false;
    for (at, word) in p.code.iter().enumerate().rev() {
        match word.op() {
            Op::Next => (ended, top) = (true, 0),
            Op::App if tops.get(at + 1) != Some(&0) || p.code[at + 1].op() != Op::Next => {
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
                let begins = at == 0 || p.code.get(at - 1).is_some_and(|w| w.op() == Op::Next);
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
            stretch(p, entry)?;
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

/// Checks that every operand points into its table.
fn operands(p: &Parts, at: usize, word: Instr, used: u64) -> Result<(), BadModule> {
    let op = word.op();
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
            Kind::Comparison => value < Comparison::COUNT,
            Kind::Flag => value < 2,
            Kind::Mark => value < 3,
            Kind::Short => Short::from_byte(value as u8).is_some_and(|f| f.count() == word.c()),
            Kind::Place => value < p.targets.len(),
            Kind::Format => value < p.formats.len(),
            // Of the extension: see `stretch`.
            Kind::Small | Kind::Number | Kind::Word | Kind::Near | Kind::Index => true,
        };
        if !sound {
            return Err(BadModule::Refused(format!(
                "operand {value} of `{}` at {at} is out of range",
                op.info().name
            )));
        }
        before = value;
    }
    // No operation touches what it does not name: unused fields are zero, so equal code has equal bytes.
    if word.bits() & !used != 0 {
        return Err(BadModule::Refused(format!(
            "unused bits of `{}` at {at} are set",
            op.info().name
        )));
    }
    Ok(())
}

/// Checks the quick code of an entry: every step has its head and they follow each other; a jump leads to a head of the same
/// entry or forward within its step; the last word leads away.
fn stretch(p: &Parts, entry: &Entry) -> Result<(), BadModule> {
    let refuse = |what: &str| Err(BadModule::Refused(format!("quick code: {what}")));
    let heads: Vec<usize> = entry
        .priorities
        .iter()
        .filter(|q| q.quick != NOT_QUICK)
        .map(|q| q.quick as usize)
        .collect();
    let Some(first) = heads.first().copied() else {
        return Ok(());
    };
    if heads.len() != entry.priorities.len() || entry.frame > TEMPORARIES {
        return refuse("only some steps have it");
    }
    // The stretch ends where the next one begins: with a head of index 0.
    let Some(rest) = p.quick.get(first..) else {
        return refuse("it is not there");
    };
    let behind = rest.iter().skip(1);
    let length = behind
        .take_while(|w| w.op() != Op::Step || w.bc() != 0)
        .count()
        + 1;
    let words = &rest[..length];
    let mut at_head = heads.iter().enumerate().peekable();
    for (i, word) in words.iter().enumerate() {
        let at = first + i;
        if word.op() == Op::Step {
            match at_head.next() {
                Some((n, head)) if *head == at && word.bc() as usize == n => continue,
                _ => return refuse("a step does not begin where it should"),
            }
        }
        let end = at_head.peek().map_or(first + length, |(_, head)| **head);
        let target = match word.op() {
            Op::Jump | Op::JumpIf => Some(word.bc() as usize),
            Op::JumpN => usize::try_from(at as i64 + 1 + i64::from(word.c() as i16)).ok(),
            _ => None,
        };
        let jumps = matches!(word.op(), Op::Jump | Op::JumpIf | Op::JumpN);
        if jumps && !target.is_some_and(|t| heads.binary_search(&t).is_ok() || (t > at && t < end))
        {
            return refuse("a jump leads nowhere");
        }
        let top = match word.op() {
            Op::Choose => highest(*word).max(u32::from(word.c()) + 2),
            _ => highest(*word),
        };
        if top > u32::from(entry.frame) {
            return refuse("a step uses more temporaries than it declares");
        }
    }
    let last = words.last().map(|w| w.op());
    let leads_away = matches!(last, Some(Op::Next | Op::Jump | Op::Goto | Op::Whole));
    if at_head.next().is_some() || !leads_away {
        return refuse("it does not end");
    }
    Ok(())
}

/// The bits of a word that an operation uses.
fn used(info: &Info) -> u64 {
    info.operands.iter().fold(0xff, |bits, (field, _)| {
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
    for (field, kind) in word.op().info().operands {
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
