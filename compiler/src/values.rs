//! Which texts variables hold where a step runs, as far as the plan tells: constants that `Set` gave them on the ways that lead there,
//! and what functions and slices make of these. What a caller, a program or the other side may have chosen is not known here.
//!
//! Followed are the steps of one extension, back from the step that asks. Where calls may come in from elsewhere, what came before is
//! not known; a global that nothing but `[globals]` sets is known everywhere.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use strowger_stdlib::args::{Priority, inheritance};
use strowger_stdlib::signatures;
use strowger_stdlib::template::{HoleKind, Piece, Template, What, has_hole, split_body};

use crate::call::Call;
use crate::constant::{Evaluated, Globals};
use crate::hir::{Extension, Global, Hir, Matches, Step};
use crate::jump::{self, Kind, Part, Target};
use crate::lint::facts::assigned_by;
use crate::source::Span;

/// Texts that one text may be; with more it counts as not known.
const TEXTS: usize = 16;
/// Variables that are looked up one behind the other: `Set(A=${B})`.
const DEPTH: usize = 4;
/// Steps that one question goes back.
const BACK: usize = 128;
/// Steps that all questions together may look at.
const WORK: usize = 200_000;
/// Longer values are not followed.
const LENGTH: usize = 256;

/// A step of the plan: context, extension and step by indices.
pub(crate) type At = (usize, usize, usize);

/// A text that another may be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Known {
    /// The text. It may hold `${EXTEN}` and `${CONTEXT}`, also slices of them, and no other variable.
    pub(crate) text: Vec<u8>,
    /// Where a variable in it was given its value.
    pub(crate) set: Option<Span>,
}

/// Targets that one with variables may be, each with where one of these was given its value.
pub(crate) type Meant = Rc<[(Target, Option<Span>)]>;

/// The variables of a plan.
pub(crate) struct Values<'a> {
    hir: &'a Hir,
    left: Cell<usize>,
    /// The last global of each name: that one counts.
    globals: OnceCell<HashMap<Vec<u8>, usize>>,
    ways: RefCell<HashMap<(usize, usize), Rc<Ways>>>,
    /// By step and place in it.
    targets: RefCell<HashMap<(At, Span), Option<Meant>>>,
    plan: OnceCell<Plan>,
}

/// How calls get to the steps of an extension.
struct Ways {
    /// The steps before each, one of which has run just before it.
    before: Vec<Vec<u32>>,
    /// Whether a call may also come from elsewhere.
    open: Vec<bool>,
}

/// What is true of the whole plan.
#[derive(Default)]
struct Plan {
    /// Labels and numbers that jumps name from elsewhere.
    labels: HashSet<Vec<u8>>,
    numbers: HashSet<u32>,
    /// A jump takes its priority from a variable.
    computed: bool,
    /// The extension that sets a variable; none: several do, or it is not said where.
    set_in: HashMap<Vec<u8>, Option<(usize, usize)>>,
    /// A name is put together: any variable may be set so, in this extension or in several.
    any: Option<Option<(usize, usize)>>,
    /// A program outside may set variables.
    outside: bool,
}

impl<'a> Values<'a> {
    pub(crate) fn new(hir: &'a Hir) -> Values<'a> {
        Values {
            hir,
            left: Cell::new(WORK),
            globals: OnceCell::new(),
            ways: RefCell::default(),
            targets: RefCell::default(),
            plan: OnceCell::new(),
        }
    }

    /// What a target with variables may be, those filled in that are known; none: nothing is known of it.
    pub(crate) fn targets(&self, at: At, target: &Target) -> Option<Meant> {
        let whole = target.whole.bytes();
        if !has_hole(whole) {
            return None;
        }
        let key = (at, target.whole.span());
        if let Some(known) = self.targets.borrow().get(&key) {
            return known.clone();
        }
        let meant = self.meant(at, target, whole);
        self.targets.borrow_mut().insert(key, meant.clone());
        meant
    }

    fn meant(&self, at: At, target: &Target, whole: &[u8]) -> Option<Meant> {
        let (texts, any) = self.fill(at, whole);
        let read = |known: Known| {
            let target = target.filled(&known.text)?;
            Some((target, known.set))
        };
        any.then(|| texts.into_iter().filter_map(read).collect())
    }

    /// What a text may be; none: not known.
    pub(crate) fn texts(&self, at: At, text: &[u8]) -> Option<Vec<Known>> {
        self.read(at, text, DEPTH)
    }

    /// A text with what is known of it filled in; whether anything is. What is not known stays as it is written.
    fn fill(&self, at: At, text: &[u8]) -> (Vec<Known>, bool) {
        let nothing = Known {
            text: Vec::new(),
            set: None,
        };
        let mut out = vec![nothing];
        let mut any = false;
        for piece in Template::read(text).pieces {
            match piece {
                Piece::Text(plain) => out.iter_mut().for_each(|k| k.text.extend(&plain)),
                Piece::Hole(hole) => {
                    let raw = &text[hole.span.clone()];
                    let known = self.read(at, raw, DEPTH).filter(|known| {
                        // The call's own place is read elsewhere.
                        known.iter().any(|k| k.text != raw) && out.len() * known.len() <= TEXTS
                    });
                    match known {
                        Some(known) => {
                            any = true;
                            out = product(&out, &known);
                        }
                        None => out.iter_mut().for_each(|k| k.text.extend(raw)),
                    }
                }
            }
        }
        (out, any)
    }

    fn read(&self, at: At, text: &[u8], depth: usize) -> Option<Vec<Known>> {
        let mut out = vec![Known {
            text: Vec::new(),
            set: None,
        }];
        for piece in Template::read(text).pieces {
            let known = match piece {
                Piece::Text(plain) => vec![Known {
                    text: plain,
                    set: None,
                }],
                Piece::Hole(hole) => {
                    let plain = hole.body.as_plain().filter(|_| hole.closed).map(split_body);
                    let variable = plain.filter(|_| hole.kind == HoleKind::Variable);
                    match variable.map(|b| (b.what, b.slice.is_some())) {
                        Some((What::Variable(name), _)) if own(&name) => vec![Known {
                            text: text[hole.span.clone()].to_vec(),
                            set: None,
                        }],
                        Some((What::Variable(name), false)) => {
                            self.variable(at, &name, depth.checked_sub(1)?)?
                        }
                        _ => self.evaluated(at, &text[hole.span.clone()], depth.checked_sub(1)?)?,
                    }
                }
            };
            if out.len() * known.len() > TEXTS {
                return None;
            }
            out = product(&out, &known);
        }
        let short = out.iter().all(|k| k.text.len() <= LENGTH);
        short.then_some(out)
    }

    /// What functions, slices and expressions give for all values of the variables in them.
    fn evaluated(&self, at: At, text: &[u8], depth: usize) -> Option<Vec<Known>> {
        let mut done: Vec<Known> = Vec::new();
        let mut work = vec![(Globals::closed(self.hir.dialect), None)];
        while let Some((given, set)) = work.pop() {
            match given.evaluate(text) {
                Evaluated::Text(text) => done.push(Known { text, set }),
                Evaluated::Unknown => return None,
                Evaluated::Asks(name) => {
                    // A function that reads a global passes a variable of the call by.
                    if self.global(&name).is_none() && text.windows(7).any(|w| w == b"GLOBAL(") {
                        return None;
                    }
                    let values = match self.exten(at).filter(|_| name == b"EXTEN") {
                        Some(text) => vec![Known {
                            text: text.to_vec(),
                            set: None,
                        }],
                        None => self.variable(at, &name, depth)?,
                    };
                    for value in values {
                        let text = self.placed(at, value.text)?;
                        let mut given = given.clone();
                        given.set(&name, text);
                        work.push((given, value.set.or(set)));
                    }
                }
            }
            if done.len() + work.len() > TEXTS {
                return None;
            }
        }
        (!done.is_empty()).then_some(done)
    }

    /// The number that was dialled, where only one leads to an extension: dashes are left out when numbers are compared.
    fn exten(&self, at: At) -> Option<&'a [u8]> {
        match &self.extension(at)?.matches {
            Matches::Name(name) if !name.contains(&b'-') => Some(name),
            _ => None,
        }
    }

    /// A text that may hold `${EXTEN}`, with the number in its place.
    fn placed(&self, at: At, text: Vec<u8>) -> Option<Vec<u8>> {
        if !has_hole(&text) {
            return Some(text);
        }
        let mut given = Globals::closed(self.hir.dialect);
        given.set(b"EXTEN", self.exten(at)?.to_vec());
        match given.evaluate(&text) {
            Evaluated::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What a variable may hold; what applications tell in variables of theirs is not followed.
    fn variable(&self, at: At, name: &[u8], depth: usize) -> Option<Vec<Known>> {
        if signatures::sets(name).is_some() {
            return None;
        }
        if let Some(global) = self.global(name) {
            let plan = self.plan();
            let fixed = plan.any.is_none() && !plan.outside && !plan.set_in.contains_key(name);
            return (fixed && !has_hole(&global.value)).then(|| {
                vec![Known {
                    text: global.value.clone(),
                    set: Some(global.span),
                }]
            });
        }
        let (c, e, s) = at;
        let extension = self.extension(at)?;
        let ways = self.ways(c, e, extension);
        let mut found: Vec<Known> = Vec::new();
        let mut seen = HashSet::new();
        let mut work = Vec::new();
        let enter = |s: usize, work: &mut Vec<u32>| {
            if ways.open[s] || ways.before[s].is_empty() {
                return None;
            }
            work.extend(&ways.before[s]);
            Some(())
        };
        enter(s, &mut work)?;
        while let Some(step) = work.pop() {
            if !seen.insert(step) {
                continue;
            }
            if seen.len() > BACK || self.left.get() == 0 {
                return None;
            }
            self.left.set(self.left.get() - 1);
            let s = step as usize;
            match self.does(&extension.steps[s], name, (c, e)) {
                Does::Nothing => enter(s, &mut work)?,
                Does::Anything => return None,
                Does::Sets(values, always) => {
                    for (value, span) in values {
                        for known in self.read((c, e, s), &value, depth)? {
                            let known = Known {
                                set: Some(span),
                                ..known
                            };
                            if !found.contains(&known) {
                                found.push(known);
                            }
                        }
                        if found.len() > TEXTS {
                            return None;
                        }
                    }
                    if !always {
                        enter(s, &mut work)?;
                    }
                }
            }
        }
        (!found.is_empty()).then_some(found)
    }

    fn global(&self, name: &[u8]) -> Option<&'a Global> {
        let globals = self.globals.get_or_init(|| {
            let all = self.hir.globals.iter().zip(0..);
            all.map(|(g, number)| (g.name.clone(), number)).collect()
        });
        self.hir.globals.get(*globals.get(name)?)
    }

    fn extension(&self, (c, e, _): At) -> Option<&'a Extension> {
        self.hir.contexts.get(c)?.extensions.get(e)
    }

    /// What a step does to a variable.
    fn does(&self, step: &Step, name: &[u8], home: (usize, usize)) -> Does {
        let all: Vec<&Call> = step.calls().collect();
        let mut values = Vec::new();
        let mut mentions = words(step.args.bytes(), name);
        for call in &all {
            for (to, value) in assigned_by(call, &self.hir.dialect) {
                if has_hole(to.bytes()) {
                    return Does::Anything;
                }
                if inheritance(to.trimmed().bytes()).0 == name {
                    mentions = mentions.saturating_sub(1);
                    match value {
                        Some(value) => values.push((value.bytes().to_vec(), value.span())),
                        None => return Does::Anything,
                    }
                }
            }
            if runs_others(call) && self.set_elsewhere(name, home) || runs_programs(call) {
                return Does::Anything;
            }
        }
        // `CUT(X,...)`, `${SET(X=1)}`: some of these change it.
        if mentions > 0 {
            return Does::Anything;
        }
        let always = match all.as_slice() {
            [one] => !one.sometimes(),
            two => two.len() == values.len(),
        };
        match values.is_empty() {
            true => Does::Nothing,
            false => Does::Sets(values, always),
        }
    }

    /// Whether other steps than those of an extension may set a variable.
    fn set_elsewhere(&self, name: &[u8], home: (usize, usize)) -> bool {
        let plan = self.plan();
        let not_here = |by: &Option<(usize, usize)>| *by != Some(home);
        plan.any.as_ref().is_some_and(not_here) || plan.set_in.get(name).is_some_and(not_here)
    }

    fn ways(&self, c: usize, e: usize, extension: &Extension) -> Rc<Ways> {
        if let Some(known) = self.ways.borrow().get(&(c, e)) {
            return Rc::clone(known);
        }
        let ways = Rc::new(Ways::read(extension, self.plan()));
        self.ways.borrow_mut().insert((c, e), Rc::clone(&ways));
        ways
    }

    fn plan(&self) -> &Plan {
        self.plan.get_or_init(|| Plan::read(self.hir))
    }
}

/// What a step does to a variable.
enum Does {
    Nothing,
    /// Gives it one of these, each with where it is written; whether it always does.
    Sets(Vec<(Vec<u8>, Span)>, bool),
    Anything,
}

/// Whether a name tells where the call is.
fn own(name: &[u8]) -> bool {
    matches!(name, b"EXTEN" | b"CONTEXT")
}

/// Each of the first with each of the second behind it.
fn product(first: &[Known], second: &[Known]) -> Vec<Known> {
    first
        .iter()
        .flat_map(|a| {
            second.iter().map(|b| Known {
                text: [a.text.as_slice(), &b.text].concat(),
                set: a.set.or(b.set),
            })
        })
        .collect()
}

/// How often a name stands in a text as a word of its own and is not just read.
fn words(text: &[u8], name: &[u8]) -> usize {
    let word = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    (0..(text.len() + 1).saturating_sub(name.len()))
        .filter(|at| {
            let before = &text[..*at];
            let marks = before.iter().rev().take_while(|b| **b == b'_').count();
            text[*at..].starts_with(name)
                && !before.ends_with(b"${")
                && !word(before[..before.len() - marks].last())
                && !word(text.get(at + name.len()))
        })
        .count()
}

/// Applications that run steps elsewhere and come back.
fn runs_others(call: &Call) -> bool {
    matches!(
        call.app.as_str(),
        "gosub" | "gosubif" | "macro" | "macroif" | "macroexclusive" | "dial" | "queue"
    ) || has_hole(&call.app)
}

/// Applications behind which a program may have set anything.
fn runs_programs(call: &Call) -> bool {
    crate::lint::facts::OUTSIDE.contains(&call.app.as_str())
}

impl Ways {
    fn read(extension: &Extension, plan: &Plan) -> Ways {
        let steps = &extension.steps;
        let mut before: Vec<Vec<u32>> = vec![Vec::new(); steps.len()];
        let mut open: Vec<bool> = steps
            .iter()
            .map(|step| {
                let label = step.label.as_ref();
                step.priority == 1
                    || plan.numbers.contains(&step.priority)
                    || label.is_some_and(|l| plan.computed || plan.labels.contains(l.bytes()))
            })
            .collect();
        let mut blocks = false;
        for (s, step) in steps.iter().enumerate() {
            let app = &*step.own().app;
            let number = s as u32;
            let targets = step.targets();
            for target in targets {
                if let Local::Step(to) = local(extension, s, target) {
                    before[to].push(number);
                }
            }
            let both = || [true, false].map(|b| targets.iter().any(|t| t.branch == Some(b)));
            let ends = match app {
                b"goto" => !step.args.is_empty(),
                b"gotoif" | b"gotoiftime" => both() == [true; 2],
                b"hangup" | b"busy" | b"congestion" | b"return" | b"macroexit" => true,
                b"while" | b"endwhile" | b"exitwhile" | b"continuewhile" | b"if" | b"elseif"
                | b"else" | b"endif" | b"exitif" => {
                    blocks = true;
                    false
                }
                _ => false,
            };
            let Some(next) = steps.get(s + 1) else {
                continue;
            };
            if next.priority != step.priority.wrapping_add(1) {
                // Another entry that matches the same number may have what lies between.
                open[s + 1] = true;
            } else if !ends {
                before[s + 1].push(number);
            }
        }
        // Loops and branches of blocks are not followed.
        if blocks {
            open.fill(true);
        }
        Ways { before, open }
    }
}

/// What a target means within an extension.
enum Local {
    Step(usize),
    /// It leads, or may lead, out of it.
    Elsewhere,
    /// The priority is computed.
    Computed,
}

fn local(extension: &Extension, s: usize, target: &Target) -> Local {
    let priority = match (&target.context, &target.exten, &target.priority) {
        (Part::Here, Part::Here, Part::Text(text)) => text.bytes(),
        (_, _, Part::Computed(_)) => return Local::Computed,
        _ => return Local::Elsewhere,
    };
    let number = |n: i64| {
        let n = u32::try_from(n).ok()?;
        let steps = &extension.steps;
        steps.binary_search_by_key(&n, |s| s.priority).ok()
    };
    let found = match Priority::read(priority) {
        Priority::Number(n) => number(n),
        Priority::Relative(by) => i64::from(extension.steps[s].priority)
            .checked_add(by)
            .and_then(number),
        Priority::Label(label) => extension.steps.iter().position(|s| {
            let own = s.label.as_ref().filter(|_| !s.shadowed);
            own.is_some_and(|l| l.bytes() == label.as_slice())
        }),
    };
    found.map_or(Local::Elsewhere, Local::Step)
}

impl Plan {
    fn read(hir: &Hir) -> Plan {
        let mut plan = Plan::default();
        for (c, context) in hir.contexts.iter().enumerate() {
            for (e, extension) in context.extensions.iter().enumerate() {
                for (s, step) in extension.steps.iter().enumerate() {
                    for target in step.targets() {
                        plan.jump(target, local(extension, s, target));
                    }
                    for call in step.calls() {
                        plan.outside |= runs_programs(call);
                        for (name, _) in assigned_by(call, &hir.dialect) {
                            plan.sets(inheritance(name.trimmed().bytes()).0, (c, e));
                        }
                    }
                }
            }
        }
        plan
    }

    fn jump(&mut self, target: &Target, to: Local) {
        match (to, &target.priority) {
            (Local::Computed, _) => self.computed = true,
            (Local::Elsewhere, Part::Text(text)) => match Priority::read(text.bytes()) {
                Priority::Number(n) => self.numbers.extend(u32::try_from(n).ok()),
                Priority::Label(label) => {
                    self.labels.insert(label);
                }
                Priority::Relative(_) => {}
            },
            _ => {}
        }
    }

    fn sets(&mut self, name: &[u8], home: (usize, usize)) {
        let merge = |known: Option<Option<(usize, usize)>>| match known {
            Some(before) if before != Some(home) => None,
            _ => Some(home),
        };
        if has_hole(name) {
            self.any = Some(merge(self.any));
            return;
        }
        // `GLOBAL(X)`, `MASTER_CHANNEL(X)`, `ARRAY(X,Y)`.
        if let Some(open) = name.iter().position(|b| *b == b'(') {
            for word in name[open..].split(|b| !(b.is_ascii_alphanumeric() || *b == b'_')) {
                self.set_in.insert(inheritance(word).0.to_vec(), None);
            }
            return;
        }
        let merged = merge(self.set_in.get(name).copied());
        self.set_in.insert(name.to_vec(), merged);
    }
}

impl Target {
    /// The target that this text is in the place of what is written.
    fn filled(&self, text: &[u8]) -> Option<Target> {
        let place = self.whole.span();
        let mut target = jump::written(self.kind, text, place)?;
        target.branch = self.branch;
        if self.kind == Kind::Gosub && self.arguments.is_some() {
            target.arguments.clone_from(&self.arguments);
        }
        Some(target)
    }
}
