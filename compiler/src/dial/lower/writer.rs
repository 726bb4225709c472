//! What the steps of one body are written with.

use std::collections::{HashMap, HashSet};

use super::Shared;
use super::formula::Formula;
use super::names::Names;
use super::operand::{Operand, Read, Trust};
use super::steps::{Condition, Mark, Steps};
use super::walk;
use crate::diagnostic::Diagnostic;
use crate::dial::span;
use crate::dial::typed::{Body, Expr, ExprKind, LocalId, Place};
use crate::dial::types::Type;

/// Most steps of one extension.
pub(super) const STEPS: usize = 5_000;

/// Most statements of one extension, each counted as often as it is written.
const STATEMENTS: usize = 50_000;

/// What ends a call where a number would be wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    TooLarge,
    DivisionByZero,
}

impl Fault {
    fn message(self) -> &'static str {
        match self {
            Fault::TooLarge => "a number is too large",
            Fault::DivisionByZero => "division by zero",
        }
    }
}

/// Where a value goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum To {
    Local(LocalId),
    /// A variable that only the compiler knows.
    Between(String),
    /// What stands before `=`.
    Place(String),
    /// The subroutine returns it.
    Return,
}

/// Writes one body.
pub(super) struct Writer<'p> {
    pub(super) shared: &'p Shared<'p>,
    /// The subroutine whose body it is.
    pub(super) sub: Option<usize>,
    pub(super) names: Names<'p>,
    /// The types of the locals, and whether they are written once.
    locals: Vec<(Type, bool)>,
    pub(super) steps: Steps,
    /// The statement.
    pub(super) place: Place,
    /// Where `continue` and `break` lead.
    pub(super) loops: Vec<(Mark, Mark)>,
    labels: HashMap<String, Mark>,
    /// Labels of the program that stand before a step.
    bound: HashSet<String>,
    /// Behind the last statement.
    pub(super) end: Mark,
    has_labels: bool,
    /// Locals that were written before, whichever way led here: in a subroutine the first write makes them its own.
    written: HashSet<LocalId>,
    faults: Vec<(Fault, Place, Mark)>,
    /// Statements that were written.
    statements: usize,
    pub(super) found: Vec<Diagnostic>,
}

impl<'p> Writer<'p> {
    pub(super) fn new(
        shared: &'p Shared<'p>,
        body: &Body,
        sub: Option<usize>,
        place: Place,
        taken: HashSet<String>,
    ) -> Writer<'p> {
        let mut steps = Steps::new(STEPS);
        let end = steps.mark("end");
        Writer {
            shared,
            sub,
            names: Names::new(body, &shared.reserved, taken),
            locals: walk::locals(body),
            steps,
            place,
            loops: Vec::new(),
            labels: HashMap::new(),
            bound: HashSet::new(),
            end,
            has_labels: !walk::labels(&body.block).is_empty(),
            written: HashSet::new(),
            faults: Vec::new(),
            statements: 0,
            found: Vec::new(),
        }
    }

    /// Whether one more statement can be written: a `for` in a `for` may write the same ones again and again, and no step of them.
    pub(super) fn goes_on(&mut self) -> bool {
        self.statements += 1;
        if self.statements > STATEMENTS {
            self.steps.fill();
        }
        !self.steps.is_full()
    }

    pub(super) fn run(&mut self, app: &str, args: impl Into<String>) {
        self.steps.run(app, args.into(), self.place);
    }

    pub(super) fn end(&mut self, app: &str, args: impl Into<String>) {
        self.steps.end(app, args.into(), self.place);
    }

    pub(super) fn jump(&mut self, to: Mark) {
        self.steps.jump(to, self.place);
    }

    pub(super) fn branch_on(&mut self, mut formula: Formula, when: bool, to: Mark) {
        if self.is_migrated() {
            // What is pasted may be read as something else, and then both may be true.
            formula.opposite = None;
        }
        let condition = Condition::Formula(formula);
        self.steps.branch(condition, when, to, self.place);
    }

    pub(super) fn report(&mut self, code: &'static str, message: impl Into<String>, place: Place) {
        let found = Diagnostic::new(code, message, span(place.file, place.at));
        self.found.push(found);
    }

    /// The mark of a label of the program.
    pub(super) fn label(&mut self, label: &str) -> Mark {
        if let Some(mark) = self.labels.get(label) {
            return *mark;
        }
        let mark = self.steps.mark("label");
        self.labels.insert(label.to_owned(), mark);
        mark
    }

    /// A label of the program stands here.
    pub(super) fn bind_label(&mut self, label: &str, place: Place) {
        let mark = self.label(label);
        match self.bound.insert(label.to_owned()) {
            true => self.steps.label(label, mark, place),
            false => self.steps.label_again(mark),
        }
    }

    /// Forgets where labels are: the body of a `for` is written once more, and its jumps stay in it. What they were.
    pub(super) fn forget_labels(&mut self, labels: &[&str]) -> Vec<(String, Mark)> {
        let known = labels.iter();
        known
            .filter_map(|label| self.labels.remove_entry(*label))
            .collect()
    }

    /// Jumps from outside lead to the first of several.
    pub(super) fn remember_labels(&mut self, labels: Vec<(String, Mark)>) {
        self.labels.extend(labels);
    }

    /// A variable for a value in between.
    pub(super) fn between(&mut self) -> To {
        To::Between(self.names.between("value"))
    }

    /// What stands before `=` where a place is written.
    fn target(&mut self, to: &To) -> String {
        match to {
            To::Local(id) => {
                let first = self.written.insert(*id);
                let name = self.names.local(*id);
                // What a migrated sub is given stands in the frame of the call already.
                let is_given = self.is_migrated() && name.starts_with("ARG");
                if self.sub.is_some() && !is_given && (first || self.has_labels) {
                    format!("LOCAL({name})")
                } else {
                    name.to_owned()
                }
            }
            To::Between(name) if self.sub.is_some() => format!("LOCAL({name})"),
            To::Between(name) => name.clone(),
            To::Place(target) => target.clone(),
            To::Return => String::new(),
        }
    }

    /// What is written for sure at this point, to come back to where another way begins.
    pub(super) fn written(&self) -> HashSet<LocalId> {
        self.written.clone()
    }

    /// Another way begins where so much was written; what the way before it has written.
    pub(super) fn begin_way(&mut self, written: &HashSet<LocalId>) -> HashSet<LocalId> {
        std::mem::replace(&mut self.written, written.clone())
    }

    /// Ways come together: only what all of them have written is written for sure.
    pub(super) fn join_ways(&mut self, other: &HashSet<LocalId>) {
        self.written.retain(|local| other.contains(local));
    }

    /// Writes a value.
    pub(super) fn store(&mut self, to: &To, value: &Operand) {
        if let (Some(own), Operand::Read(read)) = (self.variable(to), value)
            && read.slice.is_none()
            && read.name == own
            && !self.is_first(to)
        {
            return;
        }
        self.store_text(to, &value.value());
    }

    /// Writes a text of the dialplan as a value.
    pub(super) fn store_text(&mut self, to: &To, text: &str) {
        if *to == To::Return {
            self.end("Return", text);
            return;
        }
        let target = self.target(to);
        self.run("Set", format!("{target}={text}"));
    }

    fn is_first(&self, to: &To) -> bool {
        matches!(to, To::Local(id) if self.sub.is_some() && !self.written.contains(id))
    }

    /// The variable that a place is, if it is one.
    pub(super) fn variable(&self, to: &To) -> Option<String> {
        match to {
            To::Local(id) => Some(self.names.local(*id).to_owned()),
            To::Between(name) => Some(name.clone()),
            To::Place(_) | To::Return => None,
        }
    }

    /// Makes a variable that an application writes by its name.
    pub(super) fn declare(&mut self, to: &To) -> Option<String> {
        let name = self.variable(to)?;
        if self.sub.is_some() {
            // The application would write a variable of the caller.
            let first = self.target(to);
            if first != name {
                self.run("Set", format!("{first}="));
            }
        } else {
            self.target(to);
        }
        Some(name)
    }

    /// A parameter keeps the name that it is passed by.
    pub(super) fn is_parameter(&mut self, id: LocalId, name: String) {
        self.written.insert(id);
        self.names.rename(id, name);
    }

    /// A value as a variable that nothing writes any more.
    pub(super) fn settle(&mut self, value: Operand) -> Operand {
        match value {
            Operand::Constant(_) => value,
            Operand::Read(ref read) if read.fixed => value,
            value => Operand::Read(self.keep(&value)),
        }
    }

    /// Keeps a value in a variable of its own.
    pub(super) fn keep(&mut self, value: &Operand) -> Read {
        let to = self.between();
        self.store(&to, value);
        let name = self.variable(&to).unwrap_or_default();
        Read {
            fixed: true,
            ..Read::new(name)
        }
    }

    /// A value that can be asked twice: functions may answer otherwise the second time.
    pub(super) fn steady(&mut self, value: Operand) -> Operand {
        let calls = match &value {
            Operand::Constant(_) => false,
            Operand::Read(read) => read.name.contains('('),
            Operand::Formula(formula) => formula.text.contains('('),
            Operand::Written(_) => true,
        };
        if calls {
            Operand::Read(self.keep(&value))
        } else {
            value
        }
    }

    pub(super) fn trust(&self, ty: &Type) -> Trust {
        self.shared.trust(ty)
    }

    /// Whether the file stands for lines of an extensions.conf.
    pub(super) fn is_migrated(&self) -> bool {
        self.shared.program.migrated
    }

    /// What the value of an expression can hold: a local keeps what its declaration says, and a number what its pattern says, whatever
    /// they are taken for.
    pub(super) fn trust_of(&self, e: &Expr) -> Trust {
        let own = match &*e.kind {
            ExprKind::Local(id) => self.locals.get(id.0 as usize).map(|(ty, _)| self.trust(ty)),
            ExprKind::Exten { digits: true, .. } => Some(self.trust(&Type::Digits)),
            ExprKind::Just(inner) => Some(self.trust_of(inner)),
            _ => None,
        };
        self.trust(&e.ty).max(own.unwrap_or(Trust::Text))
    }

    /// What reads a local.
    pub(super) fn local(&self, id: LocalId) -> Read {
        Read {
            fixed: self
                .locals
                .get(id.0 as usize)
                .is_some_and(|(_, fixed)| *fixed),
            ..Read::new(self.names.local(id))
        }
    }

    /// Where the call ends because of a fault at this place.
    pub(super) fn fault(&mut self, fault: Fault) -> Mark {
        let same = |(f, p, _): &&(Fault, Place, Mark)| *f == fault && *p == self.place;
        if let Some((_, _, mark)) = self.faults.iter().find(same) {
            return *mark;
        }
        let mark = self.steps.mark("fault");
        self.faults.push((fault, self.place, mark));
        mark
    }

    /// Writes what happens where a number is wrong.
    pub(super) fn write_faults(&mut self) {
        for (fault, place, mark) in std::mem::take(&mut self.faults) {
            if !self.steps.is_used(mark) {
                continue;
            }
            self.place = place;
            self.steps.bind(mark);
            let file = self.shared.sources.file(place.file);
            let line = file.line(place.at.start);
            let name = super::text::constant(file.name());
            self.run(
                "Log",
                format!("ERROR,{name} line {line}: {}", fault.message()),
            );
            self.end("RaiseException", "ARITHMETIC");
        }
    }

    /// Whether a place may be written before an expression is computed to its end.
    pub(super) fn is_free(&self, to: &To, e: &Expr) -> bool {
        match to {
            To::Local(id) => !walk::mentions(e, *id),
            To::Between(_) => true,
            To::Place(_) | To::Return => false,
        }
    }
}
