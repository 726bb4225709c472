//! What every module is checked for before it may run.

use crate::builtin::Builtin;
use crate::guard::Comparison;
use crate::module::{BadModule, Entry, NOT_QUICK, Parts, StrId, TEMPORARIES, Wanted};
use crate::op::{Field, Form, Info, Instr, Kind, Op, TABLE};
use crate::pattern::Matches;
use crate::short::Short;
use crate::typed;

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
    for function in &p.typed {
        if !string(function.name) || !string(function.file) {
            return refuse("a function names a string that is not there".into());
        }
        typed::verify(function, &p.typed).map_err(BadModule::Refused)?;
    }
    for l in &p.loops {
        typed::verify_loop(l, p.names.len()).map_err(BadModule::Refused)?;
    }
    let limits = Limits::of(p);
    // Per word: one more than the highest temporary that it names.
    let mut highest = [Vec::new(), Vec::new()];
    for (n, (form, code)) in [(Form::Whole, &p.code), (Form::Quick, &p.quick)]
        .into_iter()
        .enumerate()
    {
        highest[n].reserve(code.len());
        for (at, word) in code.iter().enumerate() {
            let info = word.op().info();
            if info.form != Form::Both && info.form != form {
                return refuse(format!("`{}` at {at} stands in the wrong code", info.name));
            }
            highest[n].push(limits.operands(at, *word)?);
        }
    }
    let [highest, quick_highest] = highest;
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
            _ => top = top.max(highest[at]),
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
            sound &= entry.typed.is_none_or(|n| (n as usize) < p.typed.len());
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
                if tops[at] > q.frame {
                    return refuse(format!(
                        "the step at {at} uses more temporaries than it declares"
                    ));
                }
            }
            stretch(p, entry, &quick_highest)?;
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

/// What operands may be.
struct Limits {
    /// By kind: the first value that is too large.
    below: [u64; KINDS],
    /// By operation: the bits of a word that it uses.
    used: Vec<u64>,
}

/// More kinds of operand than there are.
const KINDS: usize = 32;

impl Limits {
    fn of(p: &Parts) -> Limits {
        let mut below = [0; KINDS];
        for (_, kind) in TABLE.iter().flat_map(|info| info.operands) {
            below[*kind as usize] = match kind {
                Kind::Write | Kind::Read => u64::from(TEMPORARIES),
                Kind::Text => p.strings.len() as u64,
                Kind::Slot => p.names.len() as u64,
                Kind::Builtin => Builtin::ALL.len() as u64,
                Kind::Slice => p.slices.len() as u64,
                Kind::Function => p.functions.len() as u64,
                Kind::Application => p.applications.len() as u64,
                Kind::Comparison => Comparison::COUNT as u64,
                Kind::Flag => 2,
                Kind::Mark => 3,
                Kind::Place => p.targets.len() as u64,
                Kind::Format => p.formats.len() as u64,
                Kind::Loop => p.loops.len() as u64,
                // With what stands beside them.
                Kind::Count | Kind::Short => u64::MAX,
                // Of the extension: see `stretch`.
                Kind::Byte | Kind::Small | Kind::Number | Kind::Word | Kind::Near | Kind::Index => {
                    u64::MAX
                }
            };
        }
        let used = TABLE.iter().map(used).collect();
        Limits { below, used }
    }

    /// Checks that every operand points into its table; one more than the highest temporary that the word names.
    fn operands(&self, at: usize, word: Instr) -> Result<u16, BadModule> {
        let info = word.op().info();
        let (mut before, mut top) = (0, 0);
        for (field, kind) in info.operands {
            let value = word.field(*field);
            let mut sound = u64::from(value) < self.below[*kind as usize];
            match kind {
                Kind::Write | Kind::Read => top = top.max(value + 1),
                Kind::Count => {
                    // Both have 16 bits.
                    top = top.max(before + value);
                    sound = top <= u32::from(TEMPORARIES);
                }
                Kind::Short => {
                    sound = Short::from_byte(value as u8).is_some_and(|f| f.count() == word.c());
                }
                _ => {}
            }
            if !sound {
                return Err(BadModule::Refused(format!(
                    "operand {value} of `{}` at {at} is out of range",
                    info.name
                )));
            }
            before = value;
        }
        // No operation touches what it does not name: unused fields are zero, so equal code has equal bytes.
        if word.bits() & !self.used[word.op() as usize] != 0 {
            return Err(BadModule::Refused(format!(
                "unused bits of `{}` at {at} are set",
                info.name
            )));
        }
        // At most the temporaries that there are.
        Ok(top as u16)
    }
}

/// Checks the quick code of an entry: every step has its head and they follow each other; a jump leads to a head of the same
/// entry or forward within its step; the last word leads away.
fn stretch(p: &Parts, entry: &Entry, highest: &[u16]) -> Result<(), BadModule> {
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
    let Some(rest) = p.quick.get(first..).filter(|rest| !rest.is_empty()) else {
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
            Op::Jump | Op::JumpIf | Op::Round => Some(word.bc() as usize),
            Op::JumpN => usize::try_from(at as i64 + 1 + i64::from(word.c() as i16)).ok(),
            _ => None,
        };
        let jumps = matches!(word.op(), Op::Jump | Op::JumpIf | Op::JumpN | Op::Round);
        let to_head = target.is_some_and(|t| heads.binary_search(&t).is_ok());
        let onward = target.is_some_and(|t| t > at && t < end) && word.op() != Op::Round;
        if jumps && !to_head && !onward {
            return refuse("a jump leads nowhere");
        }
        if word.op() == Op::Loop {
            let begun = at
                .checked_sub(1)
                .and_then(|head| heads.binary_search(&head).ok());
            let l = p.loops.get(word.bc() as usize);
            let fits = l
                .zip(begun)
                .is_some_and(|(l, step)| l.fits(heads.len(), step));
            if !fits {
                return refuse("a loop is not that of its step");
            }
        }
        let top = match word.op() {
            Op::Choose => highest[at].max(word.c().saturating_add(2)),
            _ => highest[at],
        };
        if top > entry.frame {
            return refuse("a step uses more temporaries than it declares");
        }
    }
    let last = words.last().map(|w| w.op());
    let leads_away = matches!(
        last,
        Some(Op::Next | Op::Jump | Op::Goto | Op::Run | Op::Whole)
    );
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
