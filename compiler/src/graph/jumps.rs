//! Which step leads to which, by indices: the targets of every step, resolved as far as the plan tells.

use std::collections::{BTreeMap, HashMap};

use super::{At, Why};
use crate::dialled;
use crate::flow::statuses;
use crate::hir::{Extension, Hir, Step};
use crate::jump::{self, Part, Target};
use crate::resolve::Index;
use crate::ways::known;

/// Comparisons of names with patterns that one graph may cost; targets beyond it count as computed.
const WORK: usize = 20_000_000;

/// Where a jump leads.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum To {
    Step(At),
    Context(usize),
    Computed(String),
    Missing(String),
}

pub(super) struct Jump {
    pub(super) from: At,
    pub(super) to: To,
    pub(super) why: Why,
    pub(super) label: String,
}

pub(super) struct Jumps<'h> {
    pub(super) hir: &'h Hir,
    pub(super) index: Index<'h>,
    /// Entries by context and name in memory, to find their indices again.
    places: HashMap<*const Extension, (usize, usize)>,
    left: usize,
    pub(super) jumps: Vec<Jump>,
}

impl<'h> Jumps<'h> {
    pub(super) fn new(hir: &'h Hir) -> Jumps<'h> {
        let mut places = HashMap::new();
        for (c, context) in hir.contexts.iter().enumerate() {
            for (e, extension) in context.extensions.iter().enumerate() {
                places.insert(std::ptr::from_ref(extension), (c, e));
            }
        }
        Jumps {
            hir,
            index: Index::new(hir),
            places,
            left: WORK,
            jumps: Vec::new(),
        }
    }

    /// Reads every step.
    pub(super) fn read(&mut self) {
        for (c, context) in self.hir.contexts.iter().enumerate() {
            for (e, extension) in context.extensions.iter().enumerate() {
                self.extension((c, e), extension);
            }
        }
    }

    fn extension(&mut self, (c, e): (usize, usize), extension: &'h Extension) {
        let mut loops = Vec::new();
        for (s, step) in extension.steps.iter().enumerate() {
            let from = (c, e, s);
            for target in step.targets() {
                let why = match (target.kind, target.branch) {
                    (jump::Kind::Gosub, _) => Why::Gosub,
                    (jump::Kind::Goto, Some(_)) => Why::Branch,
                    (jump::Kind::Goto, None) => Why::Goto,
                };
                let branch = match target.branch {
                    Some(true) => "then",
                    Some(false) => "else",
                    None => "",
                };
                for (to, value) in self.targets(from, extension, target) {
                    let label = [branch, value.as_str()];
                    let label: Vec<&str> = label.into_iter().filter(|l| !l.is_empty()).collect();
                    self.jump(from, to, why, label.join(" "));
                }
            }
            for destination in dialled::destinations(step) {
                if destination.tech.bytes().eq_ignore_ascii_case(b"Local") {
                    self.local(from, extension, &destination.resource.lossy());
                }
            }
            match step.app.bytes().to_ascii_lowercase().as_slice() {
                b"while" => loops.push(s),
                b"endwhile" => {
                    if let Some(start) = loops.pop() {
                        self.jump(from, To::Step((c, e, start)), Why::Loop, String::new());
                        if s + 1 < extension.steps.len() {
                            let behind = To::Step((c, e, s + 1));
                            self.jump((c, e, start), behind, Why::Loop, "done".into());
                        }
                    }
                }
                b"waitexten" | b"background" => {
                    for (name, why) in [(b"t", Why::Timeout), (b"i", Why::Invalid)] {
                        if step.app.len() == 10 && why == Why::Timeout {
                            continue; // Background does not wait
                        }
                        self.special(from, name, why);
                    }
                }
                _ => {}
            }
        }
    }

    fn jump(&mut self, from: At, to: To, why: Why, label: String) {
        let same = |j: &&mut Jump| j.from == from && j.to == to && j.why == why;
        match self.jumps.iter_mut().rev().take(64).find(same) {
            Some(jump) if !label.is_empty() && !jump.label.is_empty() => {
                jump.label = format!("{}, {label}", jump.label);
            }
            Some(_) => {}
            None => self.jumps.push(Jump {
                from,
                to,
                why,
                label,
            }),
        }
    }

    /// `t` or `i` of the context in which a step waits for digits.
    fn special(&mut self, from: At, name: &[u8], why: Why) {
        let context = &self.hir.contexts[from.0];
        if let Some(to) = self.find(&context.name, name, b"1") {
            self.jump(from, To::Step(to), why, String::new());
        }
    }

    /// `exten@context[/n]`.
    fn local(&mut self, from: At, extension: &Extension, resource: &str) {
        let address = resource.split('/').next().unwrap_or_default();
        let (exten, context) = address.split_once('@').unwrap_or((address, "default"));
        let to = match self.known(from, extension, exten.as_bytes()) {
            Some(exten) => self.step_or_missing(context.as_bytes(), &exten, b"1"),
            None => self.context_or_computed(context.as_bytes(), exten),
        };
        self.jump(from, to, Why::Local, String::new());
    }

    /// Where a target may lead, and for which values.
    fn targets(&mut self, from: At, extension: &Extension, target: &Target) -> Vec<(To, String)> {
        let whole = target.whole.lossy().into_owned();
        let here = &self.hir.contexts[from.0];
        // `s-${DIALSTATUS},1`: what a variable holds might have commas, but the status has none.
        if let (Part::Computed(context), Part::Computed(exten), Part::Text(priority)) =
            (&target.context, &target.exten, &target.priority)
            && context.bytes() == exten.bytes()
        {
            if let Some(exten) = self.known(from, extension, exten.bytes()) {
                let to = self.step_or_missing(&here.name, &exten, priority.bytes());
                return vec![(to, String::new())];
            }
            let by_status = self.by_status(&here.name, exten.bytes(), priority.bytes());
            if !by_status.is_empty() {
                return by_status;
            }
        }
        let context = match &target.context {
            Part::Here => here.name.clone(),
            Part::Text(text) | Part::Computed(text) => {
                match self.known(from, extension, text.bytes()) {
                    Some(name) => name,
                    None => return vec![(To::Computed(whole), String::new())],
                }
            }
        };
        let priority = match &target.priority {
            Part::Here => b"1".to_vec(),
            Part::Text(text) => text.bytes().to_vec(),
            Part::Computed(_) => {
                let to = match (&target.context, &target.exten) {
                    (Part::Here, Part::Here) => To::Computed(whole.clone()),
                    _ => self.context_or_computed(&context, &whole),
                };
                return vec![(to, whole)];
            }
        };
        let written = match &target.exten {
            Part::Here => {
                // The extension that runs: another pattern may have matched, but this one is drawn.
                let at = step_of(extension, from.2, &priority);
                if matches!(target.context, Part::Here)
                    && let Some(s) = at
                {
                    return vec![(To::Step((from.0, from.1, s)), String::new())];
                }
                extension.name.clone()
            }
            Part::Text(text) | Part::Computed(text) => text.bytes().to_vec(),
        };
        if let Some(exten) = self.known(from, extension, &written) {
            let to = self.step_or_missing(&context, &exten, &priority);
            return vec![(to, String::new())];
        }
        let by_status = self.by_status(&context, &written, &priority);
        if !by_status.is_empty() {
            return by_status;
        }
        let label = String::from_utf8_lossy(&written).into_owned();
        vec![(self.context_or_computed(&context, &whole), label)]
    }

    fn known(&self, from: At, extension: &Extension, text: &[u8]) -> Option<Vec<u8>> {
        known(text, extension, &self.hir.contexts[from.0].name)
    }

    /// An extension that holds `${DIALSTATUS}` and nothing else unknown: one target for each status that has one.
    fn by_status(&mut self, context: &[u8], written: &[u8], priority: &[u8]) -> Vec<(To, String)> {
        const HOLE: &[u8] = b"${DIALSTATUS}";
        let Some(at) = written.windows(HOLE.len()).position(|w| w == HOLE) else {
            return Vec::new();
        };
        let (before, after) = (&written[..at], &written[at + HOLE.len()..]);
        if jump::Shape::read(before).holes.len() + jump::Shape::read(after).holes.len() > 0 {
            return Vec::new();
        }
        let mut found: BTreeMap<To, Vec<&str>> = BTreeMap::new();
        for status in statuses(b"DIALSTATUS").unwrap_or_default() {
            let name = [before, status.as_bytes(), after].concat();
            if let Some(to) = self.find(context, &name, priority) {
                found.entry(To::Step(to)).or_default().push(status);
            }
        }
        found
            .into_iter()
            .map(|(to, values)| (to, values.join(", ")))
            .collect()
    }

    fn context_or_computed(&self, context: &[u8], text: &str) -> To {
        match self.index.number(context) {
            Some(c) => To::Context(c),
            None => To::Computed(text.to_owned()),
        }
    }

    fn step_or_missing(&mut self, context: &[u8], exten: &[u8], priority: &[u8]) -> To {
        let lossy = String::from_utf8_lossy;
        match self.find(context, exten, priority) {
            Some(at) => To::Step(at),
            None => To::Missing(format!(
                "{},{},{}",
                lossy(context),
                lossy(exten),
                lossy(priority)
            )),
        }
    }

    /// The first step that a jump to these texts may find, whatever the caller and the time are.
    fn find(&mut self, context: &[u8], exten: &[u8], priority: &[u8]) -> Option<At> {
        let (contexts, _) = self.index.searched(context);
        let cost = self.index.patterns_in(&contexts) + contexts.len();
        self.left = self.left.checked_sub(cost)?;
        // A pattern may be named as it is written.
        for candidate in self.index.candidates_in(&contexts, exten) {
            let s = step_of(candidate.extension, 0, priority);
            if let Some(s) = s {
                let (c, e) = *self.places.get(&std::ptr::from_ref(candidate.extension))?;
                return Some((c, e, s));
            }
        }
        None
    }
}

/// The step that a number, a label, or a distance from a step means in an extension.
fn step_of(extension: &Extension, from: usize, priority: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(priority).ok()?.trim();
    let number = |n: u32| extension.steps.iter().position(|s| s.priority == n);
    if let Some(distance) = text.strip_prefix('+') {
        let base = extension.steps.get(from)?.priority;
        return number(base.checked_add(distance.parse().ok()?)?);
    }
    if let Some(distance) = text.strip_prefix('-') {
        let base = extension.steps.get(from)?.priority;
        return number(base.checked_sub(distance.parse().ok()?)?);
    }
    match text.parse() {
        Ok(n) => number(n),
        Err(_) => {
            let has = |s: &Step| {
                s.label
                    .as_ref()
                    .is_some_and(|l| l.bytes() == text.as_bytes())
            };
            extension.steps.iter().position(has)
        }
    }
}
