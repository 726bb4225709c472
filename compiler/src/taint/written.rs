//! What each step of the plan does with callers' texts, read from how it is written.

use std::rc::Rc;
use strowger_stdlib::table::{QuickMap, QuickSet};

use super::reading::{hash_key, outer_fields, regex_bytes, strip};
use super::{ARGUMENTS, Taint, Term, Var};
use crate::call::Call;
use crate::fields::{fields, split};
use crate::hir::Extension;
use crate::jump::{self, Part, Shape, Target};
use crate::pattern::ByteSet;
use crate::source::{Span, Text};
use crate::ways::{Kind, Node, macros, routines};

/// What a step does with callers' texts.
#[derive(Clone, Debug)]
pub(super) struct Op {
    /// The index of the step.
    pub(super) step: u32,
    pub(super) what: Do,
}

#[derive(Clone, Debug)]
pub(super) enum Do {
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

impl Taint<'_> {
    /// Reads what every step does.
    pub(super) fn gather(&mut self) {
        // Steps to which extensions other than their own jump.
        let mut named: QuickSet<(Node, Vec<u8>)> = QuickSet::default();
        for (entry, node) in self.ways.entries.iter().zip(0..) {
            for (step, number) in entry.extension.steps.iter().zip(0..) {
                for target in step.targets() {
                    for target in self.ways.meant(node, number, target).iter() {
                        self.named(node, target, &mut named);
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
            let mut looked_up = QuickMap::default();
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
                for command in step.commands() {
                    self.lower(node, extension, number, command, &mut ops);
                    self.looked_up(number, command, &mut looked_up, &mut ops);
                }
            }
            self.ops.push(ops);
        }
    }

    /// The step to which a target leads in another extension, by the name that is jumped to.
    fn named(&self, node: Node, target: &Target, named: &mut QuickSet<(Node, Vec<u8>)>) {
        let Part::Text(priority) = &target.priority else {
            return;
        };
        let priority = priority.trimmed();
        if priority.bytes() != b"1" {
            for to in self.ways.lead(node, target) {
                named.insert((to, priority.bytes().to_vec()));
            }
        }
    }

    fn lower(
        &mut self,
        node: Node,
        extension: &Extension,
        step: u32,
        command: &Call,
        ops: &mut Vec<Op>,
    ) {
        let mut push = |what: Do| ops.push(Op { step, what });
        let maybe = command.sometimes();
        match &*command.app {
            b"set" | b"mset" => {
                for (name, value) in command.assigned(self.dialect) {
                    for what in self.assignment(name, value, maybe) {
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
                for target in extension.steps[step as usize].targets_of(command) {
                    for target in self.ways.meant(node, step, target).iter() {
                        for what in self.jump(node, extension, step, target) {
                            push(what);
                        }
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
                let to: Rc<[Node]> = self.leads(node, step, command, Kind::Gosub).into();
                for call in macros(command) {
                    let parts = fields(&call);
                    push(self.give(&to, &parts[1..], true, call.span()));
                }
            }
            b"dial" | b"retrydial" | b"page" | b"originate" => {
                for what in self.dial(node, step, command) {
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
        command: &Call,
        by: &mut QuickMap<Vec<u8>, Var>,
        ops: &mut Vec<Op>,
    ) {
        match &*command.app {
            b"set" | b"mset" => {
                for (name, value) in command.assigned(self.dialect) {
                    let name = strip(name.trimmed().bytes()).to_vec();
                    let found = self.in_table(value).into_iter().next();
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

    fn leads(&self, node: Node, step: u32, command: &Call, kind: Kind) -> Vec<Node> {
        self.ways
            .targets(node, step, command)
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
    fn dial(&mut self, node: Node, step: u32, command: &Call) -> Vec<Do> {
        let mut out = Vec::new();
        let bytes = command.args.bytes();
        if !bytes.contains(&b'$') {
            return out;
        }
        let parts = command.arguments();
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
                    Some(_) => self.leads(node, step, command, Kind::Gosub).into(),
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
