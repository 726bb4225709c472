//! From the typed tree to the dialplan graph: the same priorities that an extensions.conf would have, so that all that works on a
//! plan works on these. What is written here runs on an Asterisk, too.
//!
//! Three rules hold everywhere:
//! * A text that nobody knows stands in no other text that is read again: functions are given the name of its variable.
//! * What is computed has no effect; what has an effect is a step. Steps run from left to right.
//! * The first value of a `channel` variable is a global variable of its name: it is read as long as the call has set none (DL-184).

mod call;
mod case;
mod choice;
mod compute;
mod control;
mod formula;
mod names;
mod number;
mod operand;
mod pieces;
mod steps;
mod text;
mod value;
mod walk;
mod writer;

use std::collections::HashSet;

use self::call::PASSED;
use self::operand::{Trust, trust};
use self::steps::Finished;
use self::walk::Node;
use self::writer::{STEPS, To, Writer};
use super::span;
use super::typed::{self, Body, ExprKind, LocalId, Place, Program, Scope};
use super::types::Type;
use crate::call::Reading;
use crate::diagnostic::Diagnostic;
use crate::draft::{Dashes, rank, split_caller, stored_name};
use crate::hir::{Context, Extension, Global, Hint, Hir, Include, Matches, Step};
use crate::pattern::overlap;
use crate::source::{Sources, Text};
use strowger_stdlib::words;
use strowger_vm::ON_MESSAGE;

/// Most bytes of the arguments of a step: what is longer would be cut (DL-189).
const ARGUMENT_BYTES: usize = 8_000;
/// Most steps of all files together.
const ALL_STEPS: usize = 1_000_000;

/// Adds what a program says to a plan.
pub(crate) fn lower(program: &Program, sources: &Sources, hir: &mut Hir) -> Vec<Diagnostic> {
    let shared = Shared::new(program, sources, hir);
    let mut lowering = Lowering {
        shared: &shared,
        found: Vec::new(),
        steps: 0,
        taken: HashSet::new(),
    };
    let mut contexts = Vec::new();
    for context in &program.contexts {
        contexts.push(lowering.context(context, hir.general.autofallthrough, false));
        if context.extensions.iter().any(|e| e.message) {
            contexts.push(lowering.context(context, hir.general.autofallthrough, true));
        }
    }
    for number in 0..program.subs.len() {
        contexts.extend(lowering.sub(number));
    }
    let globals = program.variables.iter();
    let globals = globals.filter_map(|v| global(v, program.migrated));
    hir.globals.extend(globals);
    for context in contexts {
        match hir.contexts.iter_mut().find(|c| c.name == context.name) {
            Some(there) => join(there, context),
            None => hir.contexts.push(context),
        }
    }
    hir.functions = compute::functions(program, sources);
    texts(hir);
    lowering.found
}

/// A context that includes one with `on message` takes its texts, too.
fn texts(hir: &mut Hir) {
    let of = |name: &[u8]| [name, ON_MESSAGE].concat();
    loop {
        let mut new: Vec<Context> = Vec::new();
        let mut more: Vec<(usize, Include)> = Vec::new();
        for context in &hir.contexts {
            for include in &context.includes {
                let name = of(&include.context);
                if hir.context(&name).is_none() || context.name.ends_with(ON_MESSAGE) {
                    continue;
                }
                let include = Include {
                    text: [
                        &name[..],
                        include
                            .text
                            .get(include.context.len()..)
                            .unwrap_or_default(),
                    ]
                    .concat(),
                    context: name,
                    ..include.clone()
                };
                let own = of(&context.name);
                let there = hir.contexts.iter().position(|c| c.name == own);
                match (there, new.iter_mut().find(|c| c.name == own)) {
                    (Some(at), _)
                        if hir.contexts[at]
                            .includes
                            .iter()
                            .any(|i| i.context == include.context && i.times == include.times) => {}
                    (Some(at), _) => more.push((at, include)),
                    (None, Some(made)) => made.includes.push(include),
                    (None, None) => new.push(Context {
                        name: own,
                        extensions: Vec::new(),
                        includes: vec![include],
                        switches: Vec::new(),
                        ignorepats: Vec::new(),
                        ..context.clone()
                    }),
                }
            }
        }
        if new.is_empty() && more.is_empty() {
            return;
        }
        for (at, include) in more {
            hir.contexts[at].includes.push(include);
        }
        hir.contexts.extend(new);
    }
}

/// Adds to a context what a migrated file says of it: the rest stayed in extensions.conf.
fn join(there: &mut Context, more: Context) {
    there.extensions.extend(more.extensions);
    there
        .extensions
        .sort_by(|a, b| rank(&a.matches, a.caller.as_ref(), &b.matches, b.caller.as_ref()));
    there.includes.extend(more.includes);
}

/// What all bodies have in common.
struct Shared<'p> {
    program: &'p Program,
    sources: &'p Sources,
    /// Names that no local may have.
    reserved: HashSet<String>,
    /// Subroutines that are called with texts that cannot stand in an argument list.
    passed: HashSet<usize>,
    /// Some body calls another one by `gosub`.
    gosubs: bool,
}

impl<'p> Shared<'p> {
    fn new(program: &'p Program, sources: &'p Sources, hir: &Hir) -> Shared<'p> {
        let mut shared = Shared {
            program,
            sources,
            reserved: HashSet::new(),
            passed: HashSet::new(),
            gosubs: false,
        };
        let own = program.variables.iter().map(|v| v.conf.clone());
        let others = hir.globals.iter();
        let others = others.map(|g| String::from_utf8_lossy(&g.name).into_owned());
        shared.reserved.extend(own.chain(others));
        let contexts = program.contexts.iter().flat_map(|c| &c.extensions);
        let bodies = contexts.map(|e| &e.body);
        let bodies: Vec<&Body> = bodies.chain(program.subs.iter().map(|s| &s.body)).collect();
        let (mut passed, mut gosubs) = (HashSet::new(), false);
        for body in bodies {
            walk::block(&body.block, &mut |node| {
                gosubs |= matches!(node, Node::Expr(e) if matches!(*e.kind, ExprKind::Gosub(..)));
                if let Node::Expr(e) = node
                    && let ExprKind::Sub(number, args) = &*e.kind
                    && let Some(sub) = program.subs.get(*number)
                {
                    let mut pairs = args.iter().zip(&sub.body.locals);
                    if pairs.any(|(e, l)| !call::passes(shared.trust(&l.ty), e)) {
                        passed.insert(*number);
                    }
                }
            });
        }
        for number in &passed {
            let params = program.subs.get(*number).map_or(0, |s| s.params);
            let names: Vec<String> = (0..params).map(|i| shared.passed_as(*number, i)).collect();
            shared.reserved.extend(names);
        }
        shared.passed = passed;
        shared.gosubs = gosubs;
        shared
    }

    /// How far texts of a type are trusted. A migrated file pastes them wherever the lines pasted them, of which it was made.
    fn trust(&self, ty: &Type) -> Trust {
        let own = trust(ty, &self.program.enums);
        match self.program.migrated {
            true => own.max(Trust::Name),
            false => own,
        }
    }

    /// The variable in which a text is passed to a subroutine.
    fn passed_as(&self, sub: usize, param: usize) -> String {
        let Some(sub) = self.program.subs.get(sub) else {
            return String::new();
        };
        let name = sub.body.locals.get(param).map_or("", |l| l.name.as_str());
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let context: String = sub.conf.chars().map(plain).collect();
        format!("{context}_{name}")
    }
}

struct Lowering<'p> {
    shared: &'p Shared<'p>,
    found: Vec<Diagnostic>,
    steps: usize,
    /// Names of variables in the bodies so far, if some body calls another one by `gosub`: both run on one channel.
    taken: HashSet<String>,
}

impl Lowering<'_> {
    /// What a context becomes: for calls, or for texts.
    fn context(&mut self, context: &typed::Context, falls_through: bool, texts: bool) -> Context {
        let keys: Vec<Key> = context.extensions.iter().map(Key::new).collect();
        let mut extensions: Vec<Extension> = Vec::new();
        let own = context.extensions.iter().zip(&keys);
        for (extension, key) in own.filter(|(extension, _)| extension.message == texts) {
            let place = span(extension.place.file, extension.place.at);
            // Whose next priority would run behind the last one (DL-119).
            let followed = !texts && keys.iter().any(|other| key.is_before(other));
            // A migrated body ends as the lines ended of which it was made.
            let closed = !self.shared.program.migrated
                && (!falls_through || !context.includes.is_empty() || followed);
            extensions.push(Extension {
                name: key.name.clone(),
                matches: key.matches.clone(),
                caller: key.caller.clone(),
                steps: self.extension(extension, closed),
                hint: None,
                span: place,
            });
        }
        for hint in context.hints.iter().filter(|_| !texts) {
            self.hint(hint, &mut extensions);
        }
        extensions
            .sort_by(|a, b| rank(&a.matches, a.caller.as_ref(), &b.matches, b.caller.as_ref()));
        let mut name = context.conf.clone().into_bytes();
        let mut included = context.includes.as_slice();
        if texts {
            name.extend_from_slice(ON_MESSAGE);
            included = &[];
        }
        let includes = included.iter().map(|include| {
            let times = include.times.as_ref().map(|t| t.clone().into_bytes());
            let text = match &include.times {
                Some(times) => format!("{},{times}", include.context),
                None => include.context.clone(),
            };
            Include {
                text: text.into_bytes(),
                context: include.context.clone().into_bytes(),
                times,
                span: span(include.place.file, include.place.at),
            }
        });
        Context {
            name,
            span: span(context.place.file, context.place.at),
            extensions,
            includes: includes.collect(),
            switches: Vec::new(),
            ignorepats: Vec::new(),
            autohints: false,
        }
    }

    fn extension(&mut self, extension: &typed::Extension, closed: bool) -> Vec<Step> {
        let taken = std::mem::take(&mut self.taken);
        let mut w = Writer::new(self.shared, &extension.body, None, extension.place, taken);
        match closed {
            true => control::block(&mut w, &with_causes(&extension.body.block), None),
            false => control::block(&mut w, &extension.body.block, None),
        }
        let end = w.end;
        w.place = extension.place;
        w.steps.bind(end);
        if w.steps.is_reachable() && closed {
            let dialled = w
                .steps
                .last_app()
                .is_some_and(|app| app.eq_ignore_ascii_case("Dial"));
            w.end("Hangup", if dialled { "${HANGUPCAUSE}" } else { "" });
        } else if w.steps.is_reachable() && w.steps.is_awaited() {
            w.end("NoOp", "");
        }
        self.finish(w, extension.place)
    }

    fn sub(&mut self, number: usize) -> Option<Context> {
        let sub = self.shared.program.subs.get(number)?;
        let taken = std::mem::take(&mut self.taken);
        let mut w = Writer::new(self.shared, &sub.body, Some(number), sub.place, taken);
        parameters(&mut w, number, sub);
        let value = sub.body.block.value.as_ref();
        let returns = value.is_some() && !matches!(sub.result, Type::Unit | Type::Never);
        let to = returns.then_some(To::Return);
        control::block(&mut w, &sub.body.block, to.as_ref());
        let end = w.end;
        w.place = sub.place;
        w.steps.bind(end);
        if w.steps.is_reachable() {
            w.end("Return", "");
        }
        let steps = self.finish(w, sub.place);
        let place = span(sub.place.file, sub.place.at);
        Some(Context {
            name: sub.conf.clone().into_bytes(),
            span: place,
            extensions: vec![Extension {
                name: b"s".to_vec(),
                matches: Matches::read(b"s"),
                caller: None,
                steps,
                hint: None,
                span: place,
            }],
            includes: Vec::new(),
            switches: Vec::new(),
            ignorepats: Vec::new(),
            autohints: false,
        })
    }

    /// The steps of a body as a plan has them.
    fn finish(&mut self, mut w: Writer, place: Place) -> Vec<Step> {
        w.write_faults();
        if w.steps.is_full() {
            w.report(
                "D318",
                format!("this becomes more than {STEPS} steps"),
                place,
            );
        }
        self.found.append(&mut w.found);
        if self.shared.gosubs {
            self.taken = w.names.into_taken();
        }
        self.steps += w.steps.count();
        if self.steps > ALL_STEPS {
            if self.found.iter().all(|d| d.code != "D318") {
                let place = span(place.file, place.at);
                let message = format!("the files become more than {ALL_STEPS} steps");
                self.found.push(Diagnostic::new("D318", message, place));
            }
            return Vec::new();
        }
        let finished = w.steps.finish(place);
        let steps = finished.into_iter().zip(1..);
        steps
            .map(|(step, priority)| self.step(step, priority))
            .collect()
    }

    fn step(&mut self, step: Finished, priority: u32) -> Step {
        let Place { file, at } = step.place;
        let place = span(file, at);
        if step.args.len() > ARGUMENT_BYTES {
            let message = format!("this becomes a text of more than {ARGUMENT_BYTES} bytes");
            self.found.push(Diagnostic::new("D318", message, place));
        }
        let line = self.shared.sources.file(file).line(at.start);
        let written = step.written.iter();
        let written = written.map(|(from, to, p)| (*from, *to, span(p.file, p.at)));
        Step {
            priority,
            written: (!step.written.is_empty()).then(|| written.collect()),
            label: step.label.map(|l| Text::new(l, place)),
            shadowed: false,
            app: Text::new(step.app, place),
            args: Text::new(step.args, place),
            span: place,
            file,
            line,
            listed_line: line,
            renamed: 0,
            reading: Reading::default(),
        }
    }

    fn hint(&self, hint: &typed::Hint, extensions: &mut Vec<Extension>) {
        let place = span(hint.place.file, hint.place.at);
        let line = self
            .shared
            .sources
            .file(hint.place.file)
            .line(hint.place.at.start);
        let name = stored_name(hint.name.as_bytes(), Dashes::Keep);
        let matches = Matches::read(&name);
        let devices = hint.devices.clone().into_bytes();
        let made = Hint {
            written: Text::new(devices.clone(), place),
            devices,
            name: None,
            label: None,
            file: hint.place.file,
            line,
            listed_line: line,
            renamed: 0,
        };
        let own = |e: &&mut Extension| e.matches == matches && e.caller.is_none();
        match extensions.iter_mut().find(own) {
            Some(extension) => extension.hint = Some(made),
            None => extensions.push(Extension {
                name,
                matches,
                caller: None,
                steps: Vec::new(),
                hint: Some(made),
                span: place,
            }),
        }
    }
}

/// Gives the parameters of a subroutine their names.
fn parameters(w: &mut Writer, number: usize, sub: &typed::Sub) {
    let free = |i: usize| {
        let ty = sub.body.locals.get(i).map(|l| &l.ty);
        ty.is_some_and(|ty| w.trust(ty) < Trust::Name)
    };
    let all: Vec<(usize, bool)> = (0..sub.params).map(|i| (i, free(i))).collect();
    let is_passed = w.shared.passed.contains(&number);
    if is_passed {
        // Who calls it from an extensions.conf passes all in the usual way.
        for (i, _) in all.iter().filter(|(_, free)| *free) {
            let name = w.shared.passed_as(number, *i);
            w.run("Set", format!("{name}=${{ARG{}}}", i + 1));
        }
        let mark = w.label(PASSED);
        let place = w.place;
        w.steps.label(PASSED, mark, place);
    }
    for (i, free) in all {
        let id = LocalId(i as u32);
        let argument = format!("ARG{}", i + 1);
        if is_passed && free {
            let name = w.shared.passed_as(number, i);
            w.store_text(&To::Local(id), &format!("${{{name}}}"));
        } else if walk::assigns(&sub.body.block, id) && !w.is_migrated() {
            w.store_text(&To::Local(id), &format!("${{{argument}}}"));
        } else {
            w.is_parameter(id, argument);
        }
    }
}

/// A body whose last statement is a choice: ways that end with a Dial end with its cause, as a body does that ends with one.
fn with_causes(block: &typed::Block) -> typed::Block {
    let mut block = block.clone();
    if let Some(typed::Stmt {
        kind: typed::StmtKind::Expr(e),
        ..
    }) = block.stmts.last_mut()
    {
        match &mut *e.kind {
            ExprKind::If(_, then, otherwise) => {
                *then = ended(then);
                if let Some(otherwise) = otherwise {
                    *otherwise = ended(otherwise);
                }
            }
            ExprKind::Match(_, arms) => {
                for arm in arms {
                    arm.body = ended(&arm.body);
                }
            }
            ExprKind::Block(inner) => *inner = with_causes(inner),
            _ => {}
        }
    }
    block
}

fn ended(block: &typed::Block) -> typed::Block {
    let mut block = with_causes(block);
    let dialled = block.stmts.last().and_then(|stmt| match &stmt.kind {
        typed::StmtKind::Expr(e) => match &*e.kind {
            ExprKind::Word { word, .. } if word.calls == "Dial" => Some(stmt.place),
            _ => None,
        },
        _ => None,
    });
    if let (Some(place), Some(word)) = (dialled, words::named("hangup")) {
        let made = |ty, kind| typed::Expr {
            place,
            ty,
            kind: Box::new(kind),
        };
        let cause = vec![typed::TextPart::Asterisk("${HANGUPCAUSE}".to_owned())];
        let cause = made(Type::Str, ExprKind::Text(cause));
        let mut args: Vec<Option<typed::Expr>> = vec![None; word.params.len()];
        if let Some(first) = args.first_mut() {
            *first = Some(cause);
        }
        let hangup = made(Type::Never, ExprKind::Word { word, args });
        block.stmts.push(typed::Stmt {
            place,
            kind: typed::StmtKind::Expr(hangup),
        });
    }
    block
}

/// A global variable, or the first value of a channel variable.
fn global(variable: &typed::Variable, migrated: bool) -> Option<Global> {
    if migrated && variable.value.is_none() && matches!(variable.scope, Scope::Channel(_)) {
        // The lines had none.
        return None;
    }
    let zero = matches!(
        variable.ty,
        Type::Int | Type::Bool | Type::Duration | Type::Time
    );
    let value = match (&variable.value, variable.scope) {
        (Some(value), Scope::Global) => value.as_str(),
        (Some(value), Scope::Channel(_)) if !value.is_empty() => value.as_str(),
        (None, _) if zero => "0",
        _ => return None,
    };
    let place = span(variable.place.file, variable.place.at);
    Some(Global {
        name: variable.conf.clone().into_bytes(),
        value: value.as_bytes().to_vec(),
        written: Text::new(text::constant(value), place),
        span: place,
    })
}

/// What an entry answers to.
struct Key {
    name: Vec<u8>,
    matches: Matches,
    caller: Option<crate::hir::Caller>,
}

impl Key {
    fn new(extension: &typed::Extension) -> Key {
        let mut written = extension.name.clone().into_bytes();
        if let Some(from) = &extension.from {
            written.push(b'/');
            written.extend_from_slice(from.as_bytes());
        }
        let (name, caller) = split_caller(written);
        let name = stored_name(&name, Dashes::Keep);
        Key {
            matches: Matches::read(&name),
            name,
            caller,
        }
    }

    /// Whether the other one is tried behind this one for some number.
    fn is_before(&self, other: &Key) -> bool {
        let order = rank(
            &self.matches,
            self.caller.as_ref(),
            &other.matches,
            other.caller.as_ref(),
        );
        order.is_lt() && overlap(&self.matches, &other.matches)
    }
}
