//! Checks that follow calls through the whole plan: made only when somebody asks for an analysis.

use std::cell::RefCell;
use std::rc::Rc;
use strowger_stdlib::table::{QuickMap, QuickSet};

use crate::compile::Surroundings;
use crate::diagnostic::Diagnostic;
use crate::flow::Flow;
use crate::hir::{Context, Step};
use crate::lint::{Plan, World, facts, once};
use crate::resolve::{Candidate, Seen};
use crate::source::{Sources, Span};

mod after_dial;
mod branch;
mod cases;
mod circle;
mod entered;
mod include;
mod menu;
mod numbering;
mod numbers;
mod pairs;
mod similar;
mod subroutine;
mod unanswered;
mod unset;

/// Checks that follow calls through the whole plan.
pub(crate) fn check(
    plan: &Plan<'_>,
    sources: &Sources,
    name: &str,
    surroundings: &Surroundings,
) -> Vec<Diagnostic> {
    let world = &World::new(plan);
    let peers = &world.peers;
    let mut named = surroundings.entries.clone();
    named.extend(peers.contexts().map(|c| c.text.bytes().to_vec()));
    let flow = Flow::of(&world.index, &world.values, &named);
    let whole = Whole {
        world,
        flow: &flow,
        facts: world.facts(),
        counters: counters(world),
        searched: RefCell::default(),
        fragment: world.open,
    };
    let mut out = Vec::new();
    subroutine::check(&whole, &mut out);
    cases::check(&whole, &mut out);
    numbering::check(&whole, sources, &mut out);
    menu::check(&whole, &mut out);
    branch::check(&whole, &mut out);
    circle::check(&whole, &mut out);
    after_dial::check(&whole, &mut out);
    pairs::check(&whole, &mut out);
    include::check(&whole, &mut out);
    entered::check(&whole, sources, name, &mut out);
    similar::check(&whole, &mut out);
    unanswered::check(&whole, &mut out);
    unset::check(&whole, peers, sources, &mut out);
    numbers::check(&whole, sources, &surroundings.emergency, &mut out);
    once(&mut out);
    out
}

/// What the checks look at that follow calls.
pub(crate) struct Whole<'a> {
    pub(crate) world: &'a World<'a>,
    pub(crate) flow: &'a Flow<'a>,
    pub(crate) facts: &'a facts::Facts,
    /// Variables to which the plan gives a number somewhere.
    pub(crate) counters: QuickSet<Vec<u8>>,
    /// Contexts that a search visits, by the context in which it begins.
    searched: RefCell<QuickMap<usize, Searched<'a>>>,
    /// The plan is a part of a larger one: other parts may lead here, and have what is missing.
    pub(crate) fragment: bool,
}

/// Contexts in the order in which they are searched, and whether that is all.
type Searched<'a> = Rc<(Vec<&'a Context>, Seen)>;

impl<'a> Whole<'a> {
    /// Contexts that a search visits which begins in one, by number. None: the work would be too much.
    fn searched(&self, start: usize) -> Option<Searched<'a>> {
        if let Some(known) = self.searched.borrow().get(&start) {
            return Some(Rc::clone(known));
        }
        let name = &self.flow.hir().contexts[start].name;
        if !self.world.afford(1) {
            return None;
        }
        let found = Rc::new(self.world.index.searched(name));
        self.world
            .afford(found.0.iter().map(|c| 1 + c.includes.len()).sum());
        self.searched.borrow_mut().insert(start, Rc::clone(&found));
        Some(found)
    }

    /// Entries that a text may mean where a search begins, and whether more may be out of sight. None: the work would be too much.
    fn candidates(&self, start: usize, exten: &[u8]) -> Option<(Vec<Candidate<'a>>, Seen)> {
        let found = self.searched(start)?;
        let cost = self.world.index.patterns_in(&found.0) + found.0.len();
        if !self.world.afford(cost) {
            return None;
        }
        Some((self.world.index.candidates_in(&found.0, exten), found.1))
    }
}

fn counters(world: &World<'_>) -> QuickSet<Vec<u8>> {
    let mut out = QuickSet::default();
    let steps = world
        .index
        .hir()
        .contexts
        .iter()
        .flat_map(|c| &c.extensions);
    for step in steps.flat_map(|e| &e.steps) {
        for (name, value) in step.own().assigned(world.dialect) {
            let value = value.bytes().trim_ascii();
            if !value.is_empty() && value.iter().all(u8::is_ascii_digit) {
                out.insert(bare(name.bytes()).to_vec());
            }
        }
    }
    out
}

/// What stands behind the `=>` of a step's line, and where.
fn value<'s>(sources: &'s Sources, step: &Step) -> (Span, &'s [u8]) {
    let text = sources.bytes(step.span);
    let equals = text.iter().position(|b| *b == b'=').map_or(0, |at| at + 1);
    let arrow = usize::from(text.get(equals) == Some(&b'>'));
    let from = equals + arrow;
    let blanks = text[from..].iter().take_while(|b| **b <= 32).count();
    let mut span = step.span;
    span.start += (from + blanks) as u32;
    (span, &text[from + blanks..])
}

/// A variable's name without the marks of inheritance.
fn bare(name: &[u8]) -> &[u8] {
    strowger_stdlib::args::inheritance(name.trim_ascii()).0
}

/// Text for a message.
fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A plain text as a pattern writes it.
fn as_pattern(text: &[u8]) -> String {
    let mut out = String::new();
    for c in show(text).chars() {
        match c {
            'x' | 'X' | 'z' | 'Z' | 'n' | 'N' | '.' | '!' => out.extend(['[', c, ']']),
            _ => out.push(c),
        }
    }
    out
}
