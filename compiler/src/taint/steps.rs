//! Following the steps of an extension: what each variable may hold of a caller, step by step.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use strowger_stdlib::template::Slice;

use super::reading::{hash_key, outer_fields, regex_bytes, strip};
use super::source::any;
use super::{ARGUMENTS, Link, Piece, Source, Taint, Term, Trail, Value, Var};
use crate::command::{Command, commands, fields, split};
use crate::hir::{Extension, Matches, Step};
use crate::jump::{self, Part, Shape, Target};
use crate::lint::facts::pairs;
use crate::pattern::{ByteSet, Element};
use crate::source::{Span, Text};
use crate::ways::{Kind, Node, macros, routines};

/// Variables that are kept apart within one extension; further ones are what anybody may have left in them.
const KEPT: usize = 256;

/// What a step does with callers' texts.
#[derive(Clone, Debug)]
pub(super) struct Op {
    /// The index of the step.
    step: u32,
    what: Do,
}

#[derive(Clone, Debug)]
enum Do {
    /// A jump from elsewhere may come here.
    Entry,
    Set {
        var: Var,
        terms: Rc<[Term]>,
        span: Span,
        /// Under a condition: the old value may stay.
        maybe: bool,
    },
    /// Keys are read into a variable.
    Keys { var: Var, span: Span },
    /// A condition leaves only these bytes to a variable.
    Checked { var: Var, allowed: ByteSet },
    /// Values are given to a subroutine.
    Give {
        to: Rc<[Node]>,
        values: Rc<[Box<[Term]>]>,
        /// The dialled number is given as MACRO_EXTEN.
        number: bool,
        span: Span,
    },
    /// The arguments of this extension stay in force elsewhere.
    Keep { to: Rc<[Node]> },
    /// A number is dialled by a jump.
    Dial {
        to: Rc<[Node]>,
        terms: Rc<[Term]>,
        span: Span,
    },
    /// The call may go on at another step of the extension.
    Branch { to: u32 },
    /// A program may have set any variable.
    Outside,
    /// It does not go on at the next.
    End,
}

/// What variables hold at a step; those that are not kept hold what anybody may have left in them.
#[derive(Clone, Default)]
struct State {
    kept: HashMap<Var, Value>,
    /// A program has run since: what variables were left with is not known any more.
    outside: bool,
}

/// A step that is looked at, and what its texts may hold there.
pub(crate) struct At<'t, 'a> {
    pub(crate) taint: &'t mut Taint<'a>,
    pub(crate) node: Node,
    state: &'t State,
    checked: &'t HashMap<Var, ByteSet>,
}

impl At<'_, '_> {
    /// What a text may hold of a caller here.
    pub(crate) fn value(&mut self, text: &Text) -> Value {
        let terms = self.taint.read(text);
        let here = Here {
            node: self.node,
            state: Some(self.state),
            checked: self.checked,
        };
        self.taint.value(&terms, &here)
    }

    /// The holes of a text with what they may hold.
    pub(crate) fn holes(&mut self, text: &Text) -> Vec<(Range<usize>, Value)> {
        let holes = Shape::read(text.bytes()).holes;
        holes
            .into_iter()
            .map(|hole| {
                let value = self.value(&text.slice(hole.clone()));
                (hole, value)
            })
            .collect()
    }
}

/// Where a text is read.
struct Here<'s> {
    node: Node,
    state: Option<&'s State>,
    checked: &'s HashMap<Var, ByteSet>,
}

/// A visitor of steps: it is told the index of each.
pub(crate) type Visit<'v> = dyn FnMut(&mut At<'_, '_>, u32, &Step) + 'v;

impl Taint<'_> {
    /// Shows every step of the plan with what variables hold before it.
    pub(crate) fn visit(&mut self, visit: &mut Visit<'_>) {
        for node in 0..self.ways.entries.len() as Node {
            self.follow(node, Some(visit));
        }
    }

    /// Reads what every step does.
    pub(super) fn gather(&mut self) {
        // Steps to which extensions other than their own jump.
        let mut named: HashSet<(Node, Vec<u8>)> = HashSet::new();
        for (entry, node) in self.ways.entries.iter().zip(0..) {
            for step in &entry.extension.steps {
                for target in jump::all_targets(step) {
                    let Part::Text(priority) = &target.priority else {
                        continue;
                    };
                    let priority = priority.trimmed();
                    if priority.bytes() == b"1" {
                        continue;
                    }
                    for to in self.ways.lead(node, &target) {
                        named.insert((to, priority.bytes().to_vec()));
                    }
                }
            }
        }
        for node in 0..self.ways.entries.len() as Node {
            let extension = self.ways.entries[node as usize].extension;
            let mut ops = Vec::new();
            let context = self
                .ways
                .of_context(self.ways.entries[node as usize].context);
            let mut looked_up = HashMap::new();
            for (step, number) in extension.steps.iter().zip(0u32..) {
                let is_named = |name: &[u8]| {
                    [node, context]
                        .iter()
                        .any(|to| named.contains(&(*to, name.to_vec())))
                };
                let from_elsewhere = !named.is_empty()
                    && (step.label.as_ref().is_some_and(|l| is_named(l.bytes()))
                        || number > 0 && is_named(step.priority.to_string().as_bytes()));
                if from_elsewhere {
                    ops.push(Op {
                        step: number,
                        what: Do::Entry,
                    });
                }
                for command in commands(step) {
                    self.lower(node, extension, number, &command, &mut ops);
                    self.looked_up(number, &command, &mut looked_up, &mut ops);
                }
            }
            self.ops.push(ops);
        }
    }

    fn lower(
        &mut self,
        node: Node,
        extension: &Extension,
        step: u32,
        command: &Command,
        ops: &mut Vec<Op>,
    ) {
        let mut push = |what: Do| ops.push(Op { step, what });
        let maybe = command.when.is_some();
        match command.app.as_slice() {
            b"set" | b"mset" => {
                for (name, value) in pairs(&command.app, &command.args, self.dialect) {
                    for what in self.assignment(&name, &value, maybe) {
                        push(what);
                    }
                }
            }
            b"read" | b"readexten" | b"sendimage" => {
                let first = fields(&command.args).swap_remove(0).trimmed();
                if !first.is_empty() && command.app != b"sendimage" {
                    let var = self.var(strip(first.bytes()));
                    push(Do::Keys {
                        var,
                        span: first.span(),
                    });
                }
            }
            b"goto" | b"gosub" | b"gotoif" | b"gosubif" | b"gotoiftime" | b"while" => {
                for (var, allowed) in self.checks(&command.args) {
                    push(Do::Checked { var, allowed });
                }
                for target in jump::targets_of(&command.app, &command.args) {
                    for what in self.jump(node, extension, step, &target) {
                        push(what);
                    }
                }
                if command.app == b"goto" && !maybe {
                    push(Do::End);
                }
            }
            b"execif" => {
                for (var, allowed) in self.checks(&command.args) {
                    push(Do::Checked { var, allowed });
                }
            }
            b"agi" | b"eagi" | b"deadagi" | b"stasis" => push(Do::Outside),
            b"hangup" | b"congestion" | b"busy" if !maybe => push(Do::End),
            b"return" => {
                let var = self.var(b"GOSUB_RETVAL");
                let terms = self.read(&command.args).into();
                let span = command.args.span();
                push(Do::Set {
                    var,
                    terms,
                    span,
                    maybe: false,
                });
                if !maybe {
                    push(Do::End);
                }
            }
            b"macro" | b"macroexclusive" | b"macroif" => {
                let to: Rc<[Node]> = self.leads(node, command, Kind::Gosub).into();
                for call in macros(command) {
                    let parts = fields(&call);
                    push(self.give(&to, &parts[1..], true, call.span()));
                }
            }
            b"dial" | b"retrydial" | b"page" | b"originate" => {
                for what in self.dial(node, command) {
                    push(what);
                }
            }
            _ => {}
        }
    }

    /// What was looked up in the database by a text, and a condition on what came of it: only keys of the database pass.
    fn looked_up(
        &mut self,
        step: u32,
        command: &Command,
        by: &mut HashMap<Vec<u8>, Var>,
        ops: &mut Vec<Op>,
    ) {
        match command.app.as_slice() {
            b"set" | b"mset" => {
                for (name, value) in pairs(&command.app, &command.args, self.dialect) {
                    let name = strip(name.trimmed().bytes()).to_vec();
                    let found = self.in_table(&value).into_iter().next();
                    match found {
                        Some(var) => by.insert(name, var),
                        None => by.remove(&name),
                    };
                }
            }
            b"gotoif" | b"execif" | b"gosubif" => {
                for (name, var) in by.iter() {
                    let hole = [b"${", name.as_slice(), b"}"].concat();
                    if find(command.args.bytes(), &hole).is_some() {
                        ops.push(Op {
                            step,
                            what: Do::Checked {
                                var: *var,
                                allowed: ByteSet::default(),
                            },
                        });
                    }
                }
            }
            _ => {}
        }
    }

    fn leads(&self, node: Node, command: &Command, kind: Kind) -> Vec<Node> {
        self.ways
            .targets(node, command)
            .into_iter()
            .filter(|(_, k, _)| *k == kind)
            .map(|(to, _, _)| to)
            .collect()
    }

    fn give(&mut self, to: &Rc<[Node]>, values: &[Text], number: bool, span: Span) -> Do {
        let values: Vec<Box<[Term]>> = values
            .iter()
            .take(ARGUMENTS)
            .map(|v| self.read(v).into())
            .collect();
        Do::Give {
            to: Rc::clone(to),
            values: values.into(),
            number,
            span,
        }
    }

    /// Local channels and routines of Dial.
    fn dial(&mut self, node: Node, command: &Command) -> Vec<Do> {
        let mut out = Vec::new();
        let bytes = command.args.bytes();
        if !bytes.contains(&b'$') {
            return out;
        }
        let parts = fields(&command.args);
        let at = if command.app == b"retrydial" { 3 } else { 0 };
        if bytes.windows(6).any(|w| w.eq_ignore_ascii_case(b"local/")) {
            for device in parts.get(at).into_iter().flat_map(|l| split(l, b'&')) {
                let device = device.trimmed();
                let is_local = device
                    .bytes()
                    .get(..6)
                    .is_some_and(|t| t.eq_ignore_ascii_case(b"local/"));
                if is_local {
                    let address = device.slice(6..device.len());
                    let exten = split(&address, b'@').swap_remove(0);
                    out.push(Do::Dial {
                        to: self.ways.of_local(node, &address).into(),
                        terms: self.read(&exten).into(),
                        span: device.span(),
                    });
                }
            }
        }
        if let Some(options) = parts.get(at + 2) {
            for routine in routines(options) {
                let to: Rc<[Node]> = match &routine.named {
                    Some(_) => self.leads(node, command, Kind::Gosub).into(),
                    None => self.ways.lead(node, &routine.target).into(),
                };
                let span = routine.target.whole.span();
                out.push(self.give(&to, &routine.arguments, false, span));
            }
        }
        out
    }

    fn jump(&mut self, node: Node, extension: &Extension, step: u32, target: &Target) -> Vec<Do> {
        let mut out = Vec::new();
        let here = matches!((&target.context, &target.exten), (Part::Here, Part::Here));
        if here && target.kind == jump::Kind::Goto {
            if let Part::Text(priority) = &target.priority
                && let Some(to) = step_of(extension, step as usize, priority.bytes())
            {
                out.push(Do::Branch { to });
            }
            return out;
        }
        let to: Rc<[Node]> = if here {
            [node].into()
        } else {
            self.ways.lead(node, target).into()
        };
        let span = target.whole.span();
        match target.kind {
            jump::Kind::Gosub => {
                let values = target.arguments.as_ref().map_or_else(Vec::new, |a| {
                    outer_fields(a).into_iter().map(|r| a.slice(r)).collect()
                });
                out.push(self.give(&to, &values, false, span));
            }
            jump::Kind::Goto => out.push(Do::Keep { to: Rc::clone(&to) }),
        }
        let terms = match &target.exten {
            Part::Here if here => Vec::new(),
            Part::Here => {
                let var = self.var(b"EXTEN");
                vec![Term::Var {
                    var,
                    slice: None,
                    span,
                }]
            }
            Part::Computed(text) => self.read(text),
            Part::Text(_) => Vec::new(),
        };
        if !terms.is_empty() {
            out.push(Do::Dial {
                to,
                terms: terms.into(),
                span,
            });
        }
        out
    }

    /// What `name=value` sets.
    fn assignment(&mut self, name: &Text, value: &Text, maybe: bool) -> Vec<Do> {
        let written = name.trimmed();
        let bytes = written.bytes();
        let set = |taint: &mut Self, to: &[u8], value: &Text| Do::Set {
            var: taint.var(to),
            terms: taint.read(value).into(),
            span: written.span(),
            maybe,
        };
        let Some(open) = bytes
            .iter()
            .position(|b| *b == b'(')
            .filter(|_| bytes.last() == Some(&b')'))
        else {
            if bytes.is_empty() || bytes.contains(&b'$') {
                return Vec::new();
            }
            return vec![set(self, strip(bytes), value)];
        };
        let (function, args) = (
            strip(&bytes[..open]),
            written.slice(open + 1..bytes.len() - 1),
        );
        match function {
            b"ARRAY" => fields(&args)
                .into_iter()
                .zip(fields(value))
                .map(|(name, value)| set(self, strip(name.trimmed().bytes()), &value))
                .collect(),
            b"GLOBAL" | b"LOCAL" | b"SHARED" | b"HASH" => {
                let parts = fields(&args);
                let name = parts[0].trimmed();
                let mut what = match parts.get(1) {
                    Some(key) if function == b"HASH" && !key.bytes().contains(&b'$') => {
                        let kept = hash_key(name.bytes(), key.bytes());
                        set(self, &kept, value)
                    }
                    _ => set(self, strip(name.bytes()), value),
                };
                // One key of a hash, or a variable of its own.
                if let Do::Set { maybe, .. } = &mut what
                    && function != b"LOCAL"
                {
                    *maybe = true;
                }
                vec![what]
            }
            b"CALLERID" if args.trimmed().bytes().eq_ignore_ascii_case(b"all") => {
                let mut all = vec![set(self, b"CALLERID(all)", value)];
                all.push(set(self, b"CALLERID(num)", value));
                all.push(set(self, b"CALLERID(name)", value));
                all
            }
            _ => match super::source::of_function(function, args.bytes()) {
                Some(kept) if function == b"CALLERID" => vec![set(self, &kept, value)],
                _ => Vec::new(),
            },
        }
    }

    /// The variables that a condition looks at as a whole, and the bytes that it leaves to them.
    fn checks(&mut self, args: &Text) -> Vec<(Var, ByteSet)> {
        let mut out = Vec::new();
        let shape = Shape::read(args.bytes());
        let question = shape.find(args.bytes(), b'?', 0).unwrap_or(args.len());
        let text = &args.slice(0..question);
        let bytes = text.bytes();
        let mut at = 0;
        while let Some(found) = find(&bytes[at..], b"REGEX(\"") {
            let start = at + found + b"REGEX(\"".len();
            let Some(end) = bytes[start..].iter().position(|b| *b == b'"') else {
                break;
            };
            at = start + end + 1;
            let rest = &bytes[at..];
            let close = rest
                .iter()
                .position(|b| *b == b')')
                .map_or(bytes.len(), |n| (at + n + 1).min(bytes.len()));
            if let Some(allowed) = regex_bytes(&bytes[start..start + end]) {
                // The subject ends at a `)`: that of the function, or of one inside such as `${CALLERID(num)}`.
                let subject = text.slice(at..(close + 1).min(bytes.len()));
                out.extend(self.subject(&subject).map(|var| (var, allowed)));
            }
        }
        // `"${X}" =~ "^[0-9]+$"` and `"${X}" : "..."`
        for operator in [&b"=~"[..], b":"] {
            if let Some(found) = find(bytes, operator)
                && let Some(start) = bytes[found..].iter().position(|b| *b == b'^')
            {
                let start = found + start;
                let end = bytes[start..]
                    .iter()
                    .position(|b| *b == b'"' || *b == b' ')
                    .map_or(bytes.len(), |n| start + n);
                if let Some(allowed) = regex_bytes(&bytes[start..end]) {
                    let from = bytes[..found].windows(2).rposition(|w| w == b"${");
                    let subject = text.slice(from.unwrap_or(found)..found);
                    out.extend(self.subject(&subject).map(|var| (var, allowed)));
                }
            }
        }
        out.extend(
            self.in_table(text)
                .into_iter()
                .map(|var| (var, ByteSet::default())),
        );
        out
    }

    /// The variables by which a text looks something up in a table that callers do not write: what is found there is harmless.
    fn in_table(&mut self, text: &Text) -> Vec<Var> {
        let bytes = text.bytes();
        let mut out = Vec::new();
        for table in [
            &b"DB_EXISTS("[..],
            b"DIALPLAN_EXISTS(",
            b"VALID_EXTEN(",
            b"DB(",
            b"VM_INFO(",
            b"MAILBOX_EXISTS(",
        ] {
            if let Some(found) = find(bytes, table) {
                let from = found + table.len();
                let end = Shape::read(&bytes[from..])
                    .holes
                    .first()
                    .map_or(from, |h| from + h.end);
                out.extend(self.subject(&text.slice(from..end)));
            }
        }
        out
    }

    /// The one variable that a text consists of.
    fn subject(&mut self, text: &Text) -> Option<Var> {
        let terms = self.read(text);
        match terms.as_slice() {
            [Term::Var { var, .. }] => Some(*var),
            _ => None,
        }
    }

    /// What `${EXTEN}` is on entry of each extension.
    pub(super) fn dial_in(&mut self) {
        let mut all = Vec::with_capacity(self.ways.entries.len());
        for node in 0..self.ways.entries.len() as Node {
            let entry = self.ways.entries[node as usize];
            let Matches::Pattern(pattern) = &entry.extension.matches else {
                all.push(Value::default());
                continue;
            };
            let mut value = Value::default();
            if self.open[entry.context] {
                let trail = self.mark(Trail {
                    link: Link::From(Source::Dialled),
                    span: entry.extension.span,
                    node,
                    before: None,
                });
                value.add(Piece {
                    bytes: any(),
                    trail,
                });
            } else {
                let context = self.ways.of_context(entry.context);
                for from in [node, context] {
                    if let Some(dialled) = self.dialled.get(&from) {
                        value.join(dialled);
                    }
                }
            }
            let mut bytes = ByteSet::default();
            for element in pattern.matching() {
                match element {
                    Element::Set(set) => bytes = bytes.or(*set),
                    _ => bytes = any(),
                }
            }
            all.push(value.masked(bytes));
        }
        self.exten = all;
    }

    fn value(&mut self, terms: &[Term], here: &Here<'_>) -> Value {
        let mut out = Value::default();
        for term in terms {
            match term {
                Term::Var { var, slice, span } => {
                    let value = self.variable(*var, *slice, *span, here);
                    out.join(&value);
                }
                Term::Masked { allowed, inner } => {
                    let value = self.value(inner, here);
                    out.join(&value.masked(*allowed));
                }
                Term::Freed(inner) => {
                    let value = self.value(inner, here);
                    for piece in value.0 {
                        out.add(Piece {
                            bytes: any(),
                            ..piece
                        });
                    }
                }
            }
        }
        out
    }

    fn variable(&mut self, var: Var, slice: Option<Slice>, span: Span, here: &Here<'_>) -> Value {
        let value = self.unchecked(var, slice, span, here);
        match here.checked.get(&var) {
            Some(allowed) => value.masked(*allowed),
            None => value,
        }
    }

    fn unchecked(&mut self, var: Var, slice: Option<Slice>, span: Span, here: &Here<'_>) -> Value {
        if let Some(kept) = here.state.and_then(|s| s.kept.get(&var)) {
            return kept.clone();
        }
        let node = here.node as usize;
        let (name, source) = &self.vars[var as usize];
        if name == b"EXTEN" {
            let value = self.exten.get(node).cloned().unwrap_or_default();
            let pattern = &self.ways.entries[node].extension.matches;
            return match (slice, pattern) {
                (Some(slice), Matches::Pattern(pattern)) => {
                    value.masked(sliced(pattern.matching(), slice))
                }
                _ => value,
            };
        }
        let argument = match name.as_slice() {
            b"MACRO_EXTEN" => Some(0),
            name => name
                .strip_prefix(b"ARG")
                .and_then(|n| std::str::from_utf8(n).ok()?.parse::<usize>().ok())
                .filter(|n| (1..=ARGUMENTS).contains(n)),
        };
        let mut value = Value::default();
        if let Some(number) = argument {
            let context = self.ways.of_context(self.ways.entries[node].context);
            for from in [here.node, context] {
                if let Some(given) = self.given.get(&from).and_then(|g| g.get(number)) {
                    value.join(given);
                }
            }
            return value;
        }
        if let Some(source) = *source {
            let trail = self.mark(Trail {
                link: Link::From(source),
                span,
                node: here.node,
                before: None,
            });
            value.add(Piece {
                bytes: source.bytes(),
                trail,
            });
        }
        if !here.state.is_some_and(|s| s.outside)
            && let Some(left) = self.left.get(&var)
        {
            value.join(left);
        }
        value
    }

    /// One extension from its first step to its last.
    pub(super) fn follow(&mut self, node: Node, mut visit: Option<&mut Visit<'_>>) {
        let ops = std::mem::take(&mut self.ops[node as usize]);
        let extension = self.ways.entries[node as usize].extension;
        let mut waiting: HashMap<u32, State> = HashMap::new();
        let back = ops
            .iter()
            .any(|op| matches!(op.what, Do::Branch { to } if to <= op.step));
        // A jump back brings values to steps before it: they are followed twice.
        let passes = if back { 2 } else { 1 };
        for pass in 1..=passes {
            let mut state = Some(State::default());
            let mut checked: HashMap<Var, ByteSet> = HashMap::new();
            let mut next = 0;
            for number in 0..extension.steps.len() as u32 {
                if next >= ops.len() && visit.is_none() {
                    break;
                }
                if let Some(other) = waiting.get(&number) {
                    state = Some(match state {
                        Some(state) => self.either(state, other.clone(), node),
                        None => other.clone(),
                    });
                }
                let start = next;
                while ops.get(next).is_some_and(|op| op.step == number) {
                    next += 1;
                }
                if matches!(ops.get(start), Some(Op { what: Do::Entry, step }) if *step == number) {
                    state = Some(match state {
                        Some(state) => self.either(state, State::default(), node),
                        None => State::default(),
                    });
                }
                // Conditions of a step hold for what it runs.
                for op in &ops[start..next] {
                    if let Do::Checked { var, allowed } = op.what {
                        let before = checked.get(&var).copied().unwrap_or(any());
                        checked.insert(var, before.and(allowed));
                    }
                }
                let current = state.take().unwrap_or_default();
                if pass == passes
                    && let Some(visit) = visit.as_deref_mut()
                {
                    let mut at = At {
                        taint: self,
                        node,
                        state: &current,
                        checked: &checked,
                    };
                    visit(&mut at, number, &extension.steps[number as usize]);
                }
                state = self.step(node, current, &checked, &ops[start..next], &mut waiting);
            }
        }
        self.ops[node as usize] = ops;
    }

    /// What holds after a step; None where the call does not go on.
    fn step(
        &mut self,
        node: Node,
        mut state: State,
        checked: &HashMap<Var, ByteSet>,
        ops: &[Op],
        waiting: &mut HashMap<u32, State>,
    ) -> Option<State> {
        let mut ends = false;
        for op in ops {
            let here = Here {
                node,
                state: Some(&state),
                checked,
            };
            match &op.what {
                Do::Entry | Do::Checked { .. } => {}
                Do::Set {
                    var,
                    terms,
                    span,
                    maybe,
                } => {
                    let value = self.value(terms, &here);
                    let mut value = self.on(&value, Link::Set(*var), *span, node);
                    self.leave(*var, &value);
                    if *maybe {
                        let old = self.unchecked(*var, None, *span, &here);
                        value.join(&old);
                    }
                    if state.kept.len() < KEPT || state.kept.contains_key(var) {
                        state.kept.insert(*var, value);
                    }
                }
                Do::Keys { var, span } => {
                    let trail = self.mark(Trail {
                        link: Link::From(Source::Keys),
                        span: *span,
                        node,
                        before: None,
                    });
                    let value = Value(vec![Piece {
                        bytes: Source::Keys.bytes(),
                        trail,
                    }]);
                    self.leave(*var, &value);
                    if state.kept.len() < KEPT || state.kept.contains_key(var) {
                        state.kept.insert(*var, value);
                    }
                }
                Do::Give {
                    to,
                    values,
                    number,
                    span,
                } => {
                    // The first place is that of the number.
                    let mut given = vec![Value::default()];
                    if *number {
                        let exten = self.exten.get(node as usize).cloned().unwrap_or_default();
                        given[0] = self.on(&exten, Link::Given, *span, node);
                    }
                    for terms in values.iter() {
                        let value = self.value(terms, &here);
                        given.push(self.on(&value, Link::Given, *span, node));
                    }
                    for to in to.iter() {
                        self.give_to(*to, &given);
                    }
                    // What the subroutine returns is the newest.
                    if let Some(var) = self.names.get(&b"GOSUB_RETVAL"[..]) {
                        state.kept.remove(var);
                    }
                }
                Do::Keep { to } => {
                    if let Some(mine) = self.given.get(&node).cloned() {
                        for to in to.iter().filter(|to| **to != node) {
                            self.give_to(*to, &mine);
                        }
                    }
                }
                Do::Dial { to, terms, span } => {
                    let value = self.value(terms, &here);
                    let value = self.on(&value, Link::Dialled, *span, node);
                    for to in to.iter() {
                        let entry = self.dialled.entry(*to).or_default();
                        let before = entry.clone();
                        entry.join(&value);
                        self.changed |= *entry != before;
                    }
                }
                Do::Branch { to } => {
                    let other = match waiting.remove(to) {
                        Some(before) => self.either(before, state.clone(), node),
                        None => state.clone(),
                    };
                    waiting.insert(*to, other);
                }
                Do::Outside => {
                    state.kept.retain(|var, _| {
                        let name = &self.vars[*var as usize].0;
                        name.contains(&b'(')
                    });
                    state.outside = true;
                }
                Do::End => ends = true,
            }
        }
        (!ends).then_some(state)
    }

    fn leave(&mut self, var: Var, value: &Value) {
        if value.0.is_empty() {
            return;
        }
        let entry = self.left.entry(var).or_default();
        let before = entry.clone();
        entry.join(value);
        self.changed |= *entry != before;
    }

    fn give_to(&mut self, to: Node, given: &[Value]) {
        let entry = self.given.entry(to).or_default();
        let before = entry.clone();
        if entry.len() < given.len() {
            entry.resize(given.len(), Value::default());
        }
        for (mine, new) in entry.iter_mut().zip(given) {
            mine.join(new);
        }
        self.changed |= *entry != before;
    }

    /// What holds where two ways meet.
    fn either(&mut self, a: State, b: State, node: Node) -> State {
        let none = HashMap::new();
        let mut out = State {
            outside: a.outside && b.outside,
            ..State::default()
        };
        let vars: HashSet<Var> = a.kept.keys().chain(b.kept.keys()).copied().collect();
        for var in vars {
            let mut value = Value::default();
            for state in [&a, &b] {
                let here = Here {
                    node,
                    state: Some(state),
                    checked: &none,
                };
                let span = self.ways.entries[node as usize].extension.span;
                let part = self.unchecked(var, None, span, &here);
                value.join(&part);
            }
            out.kept.insert(var, value);
        }
        out
    }
}

/// The bytes that a part of a dialled number may hold.
fn sliced(elements: &[Element], slice: Slice) -> ByteSet {
    let fixed: Vec<ByteSet> = elements
        .iter()
        .map_while(|e| match e {
            Element::Set(set) => Some(*set),
            _ => None,
        })
        .collect();
    let open = fixed.len() < elements.len();
    let all = fixed
        .iter()
        .fold(ByteSet::default(), |all, set| all.or(*set))
        .or(if open { any() } else { ByteSet::default() });
    let (Ok(from), Some(Ok(length))) = (
        usize::try_from(slice.offset),
        slice.length.map(usize::try_from),
    ) else {
        let from = usize::try_from(slice.offset).unwrap_or(0);
        return if open {
            any()
        } else {
            union(fixed.get(from..))
        };
    };
    match fixed.get(from..from.saturating_add(length)) {
        Some(part) => union(Some(part)),
        None if open => all,
        None => union(fixed.get(from..)),
    }
}

fn union(sets: Option<&[ByteSet]>) -> ByteSet {
    sets.into_iter()
        .flatten()
        .fold(ByteSet::default(), |all, set| all.or(*set))
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|w| w == what)
}

/// The step that a number, a label, or a distance from a step means in an extension.
fn step_of(extension: &Extension, from: usize, priority: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(priority).ok()?.trim();
    let number = |n: u32| {
        extension
            .steps
            .binary_search_by_key(&n, |s| s.priority)
            .ok()
    };
    let base = || extension.steps.get(from).map(|s| s.priority);
    let found = if let Some(distance) = text.strip_prefix('+') {
        number(base()?.checked_add(distance.parse().ok()?)?)
    } else if let Some(distance) = text.strip_prefix('-') {
        number(base()?.checked_sub(distance.parse().ok()?)?)
    } else if let Ok(n) = text.parse() {
        number(n)
    } else {
        extension.steps.iter().position(|s| {
            s.label
                .as_ref()
                .is_some_and(|l| l.bytes() == text.as_bytes())
        })
    };
    found.and_then(|n| u32::try_from(n).ok())
}
