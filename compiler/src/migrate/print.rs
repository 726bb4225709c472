//! Statements as lines of a `.dial` file.

use std::collections::{BTreeSet, HashSet};

use super::Pads;
use super::comment::{self, Comments};
use super::graph::{Condition, Graph, Link, Node, Place};
use super::ladder::{self, Ladder};
use super::names::{Names, What};
use super::statement::{Statement, Statements};
use super::structure::{Shape, Structure};
use super::text::{Number, Written, is_one, quoted, raw};
use crate::hir::{Extension, Hir};

/// What a body is written with.
pub(super) struct Printer<'p, 's> {
    pub(super) hir: &'p Hir,
    pub(super) extension: &'p Extension,
    pub(super) graph: &'p Graph,
    pub(super) number: Number,
    pub(super) names: &'p mut Names,
    pub(super) statements: &'p mut Statements,
    pub(super) comments: &'p mut Comments<'s>,
    /// How a context is named by `goto` and `include`: by itself, or through the import.
    pub(super) path: &'p dyn Fn(&mut Names, &[u8]) -> Option<String>,
    /// Whether a context of the file has this extension.
    pub(super) has: &'p dyn Fn(&[u8], &[u8]) -> bool,
    /// Names of labels by steps: the first is the one that is jumped to.
    pub(super) labels: Vec<Vec<String>>,
    pub(super) structure: &'p Structure,
    /// What was written.
    pub(super) lines: Vec<String>,
    pub(super) used: BTreeSet<(What, String)>,
    pub(super) count: usize,
    pub(super) doors: usize,
    /// What cannot be said.
    pub(super) fault: Option<String>,
    told: HashSet<usize>,
    /// Whether the end of the body needs a label.
    ends: bool,
}

/// The label of a body's end.
const END: &str = "end_of_body";

impl<'p, 's> Printer<'p, 's> {
    #[expect(clippy::too_many_arguments)] // all of what is known
    pub(super) fn new(
        hir: &'p Hir,
        extension: &'p Extension,
        graph: &'p Graph,
        number: Number,
        names: &'p mut Names,
        statements: &'p mut Statements,
        comments: &'p mut Comments<'s>,
        path: &'p dyn Fn(&mut Names, &[u8]) -> Option<String>,
        has: &'p dyn Fn(&[u8], &[u8]) -> bool,
        labels: Vec<Vec<String>>,
        structure: &'p Structure,
    ) -> Printer<'p, 's> {
        Printer {
            hir,
            extension,
            graph,
            number,
            names,
            statements,
            comments,
            path,
            has,
            labels,
            structure,
            lines: Vec::new(),
            used: BTreeSet::new(),
            count: 0,
            doors: 0,
            fault: None,
            told: HashSet::new(),
            ends: false,
        }
    }

    /// Writes the whole body.
    pub(super) fn body(&mut self, indent: usize, last: &[(String, Link)], pads: Pads) {
        let structure = self.structure;
        if pads.before > 0 {
            self.line(
                indent,
                "// Calls of shorter extensions go on below: at priorities that have to be higher than theirs.",
            );
        }
        for _ in 0..pads.before {
            self.say(indent, Statement::new(Written::plain("trace(\"\")")));
        }
        self.block(&structure.body, indent, true);
        // Labels of lines that only jumped elsewhere.
        let away: Vec<&(String, Link)> = last.iter().filter(|(_, to)| !to.is_off()).collect();
        if !away.is_empty() && super::structure::falls(&structure.body) {
            self.ends = true;
            self.say(
                indent,
                Statement::new(Written::plain(format!("goto @{END}"))),
            );
        }
        for (label, to) in away {
            self.line(indent, &format!("label {label}"));
            if let Link::Out(place) = to {
                self.shape(&Shape::Leave(*place), indent, false);
            }
        }
        if self.ends {
            self.line(indent, &format!("label {END}"));
        }
        for (label, _) in last.iter().filter(|(_, to)| to.is_off()) {
            self.line(indent, &format!("label {label}"));
        }
        if pads.behind > 0 {
            self.line(
                indent,
                "// A call that ends here would go on in another extension that has more steps.",
            );
        }
        for _ in 0..pads.behind {
            self.say(indent, Statement::new(Written::plain("trace(\"\")")));
        }
        // What nothing leads to, and the words about lines that only jumped.
        let reached = self.told.clone();
        for at in 0..self.extension.steps.len() {
            if reached.contains(&at) {
                continue;
            }
            self.remark(at, indent);
            let step = &self.extension.steps[at];
            let jumps = matches!(self.graph.nodes[at], Node::Jump(_));
            let silent = step.own().app.as_str() == "noop" && step.args.is_empty();
            if !jumps && !silent {
                let (app, args) = (step.app.lossy(), step.args.lossy());
                self.line(indent, &format!("// Nothing leads here: {app}({args})"));
            }
        }
    }

    fn line(&mut self, indent: usize, text: &str) {
        self.lines.push(format!("{}{text}", "  ".repeat(indent)));
    }

    /// The comments of a line, and those of lines before it of which nothing is left.
    fn remark(&mut self, at: usize, indent: usize) {
        if !self.told.insert(at) {
            return;
        }
        let Some(step) = self.extension.steps.get(at) else {
            return;
        };
        for comment in self.comments.of(step.file, step.line) {
            self.line(indent, &comment::line(&comment));
        }
    }

    fn say(&mut self, indent: usize, statement: Statement) {
        self.used.extend(statement.names);
        self.count += 1;
        self.doors += usize::from(statement.door);
        self.line(indent, &statement.text);
    }

    fn block(&mut self, shapes: &[Shape], indent: usize, last: bool) {
        let mut i = 0;
        while i < shapes.len() {
            let ends = |from: usize| last && shapes[from..].iter().all(|s| matches!(s, Shape::End));
            if let Shape::Step(at, _) = &shapes[i]
                && let Some((marks, ladder)) = ladder::behind(&shapes[i + 1..], self.structure)
                && let Some(call) = self.dialled(*at)
                && let of = if call.0 { "Missed" } else { "DialStatus" }
                && let Some(others) = ladder.others(of)
            {
                for mark in &marks {
                    self.remark(*mark, indent);
                }
                i += 1 + marks.len() + ladder.length;
                self.matched(call.1, &ladder, &others, indent, ends(i));
                continue;
            }
            if let Some(ladder) = Ladder::read(&shapes[i..], self.structure)
                && let Some(mut others) = ladder.others("DialStatus")
            {
                // There may have been no call.
                others.push("None");
                i += ladder.length;
                let status = Statement::new(Written::plain("last_dial"));
                self.matched(status, &ladder, &others, indent, ends(i));
                continue;
            }
            self.shape(&shapes[i], indent, ends(i + 1));
            i += 1;
        }
    }

    /// A step that is a call of `dial` whose value nobody looks at, and whether it comes back only where nobody answered.
    fn dialled(&mut self, at: usize) -> Option<(bool, Statement)> {
        let Node::Run { args, .. } = &self.graph.nodes[at] else {
            return None;
        };
        let step = self.extension.steps.get(at)?;
        let found = self
            .statements
            .step(self.hir, step, args, self.number, self.names)?;
        let call = found.text.strip_prefix("let _ = ")?.to_owned();
        let missed = call.starts_with("dial(");
        if !missed && !call.starts_with("dial_and_return(") {
            return None;
        }
        let call = Statement {
            text: call,
            ..found
        };
        Some((missed, call))
    }

    /// A `match`; what is done for the other cases comes last.
    fn matched(
        &mut self,
        value: Statement,
        ladder: &Ladder,
        others: &[&str],
        indent: usize,
        tail: bool,
    ) {
        let text = format!("match {} {{", value.text);
        self.say(indent, Statement { text, ..value });
        // Each question is a statement of its own, as it was.
        self.count += ladder.arms.len();
        for arm in &ladder.arms {
            for mark in &arm.marks {
                self.remark(*mark, indent + 1);
            }
            self.arm(&arm.cases, arm.body, indent + 1, tail);
        }
        self.arm(others, ladder.rest, indent + 1, tail);
        self.line(indent, "}");
    }

    fn arm(&mut self, cases: &[&str], body: &[Shape], indent: usize, tail: bool) {
        let cases = cases.join(" | ");
        let head = self.lines.len();
        self.line(indent, &format!("{cases} -> {{"));
        self.block(body, indent + 1, tail);
        // One call or jump needs no block.
        if let [_, only] = &self.lines[head..] {
            let only = only.trim();
            if only.starts_with("goto ") || is_one(only) && only.contains('(') {
                let text = format!("{}{cases} -> {only}", "  ".repeat(indent));
                self.lines.truncate(head);
                self.lines.push(text);
                return;
            }
        }
        self.line(indent, "}");
    }

    fn shape(&mut self, shape: &Shape, indent: usize, tail: bool) {
        match shape {
            Shape::Mark(at) => {
                self.remark(*at, indent);
                if self.structure.labels.contains(at) {
                    for label in self.labels[*at].clone() {
                        self.line(indent, &format!("label {label}"));
                    }
                }
            }
            Shape::Step(at, _) => {
                let Node::Run { args, .. } = &self.graph.nodes[*at] else {
                    return;
                };
                let own = self.extension.steps.get(*at);
                let inner = at.checked_sub(self.extension.steps.len());
                let inner = inner.and_then(|n| self.graph.inner.get(n));
                let Some(step) = own.or(inner) else {
                    let goto = super::statement::goto(args, self.number, self.names);
                    // What only the call knows is let through.
                    let goto = goto.into_iter().find(|g| !g.open).unwrap_or_else(|| {
                        let args = raw(&String::from_utf8_lossy(args));
                        Written::plain(format!("app(\"Goto\", {args})"))
                    });
                    self.say(indent, Statement::new(goto));
                    return;
                };
                let found = self
                    .statements
                    .step(self.hir, step, args, self.number, self.names);
                match found {
                    Some(statement) => self.say(indent, statement),
                    None => {
                        let app = step.app.lossy();
                        self.fault =
                            Some(format!("{app} has no form in .dial (line {})", step.line));
                    }
                }
            }
            Shape::Goto(at) => {
                let text = match self.labels[*at].first() {
                    Some(label) => format!("goto @{label}"),
                    None => return,
                };
                self.say(indent, Statement::new(Written::plain(text)));
            }
            Shape::Leave(place) => {
                let place = self.graph.places[*place].clone();
                match self.leave(&place) {
                    Some(text) => self.say(indent, Statement::new(Written::plain(text))),
                    None => self.fault = Some("a jump has no form in .dial".to_owned()),
                }
            }
            Shape::End if tail => {}
            Shape::End => {
                self.ends = true;
                self.say(
                    indent,
                    Statement::new(Written::plain(format!("goto @{END}"))),
                );
            }
            Shape::Break => self.say(indent, Statement::new(Written::plain("break"))),
            Shape::Continue => self.say(indent, Statement::new(Written::plain("continue"))),
            Shape::If {
                condition,
                when,
                then,
                otherwise,
                ..
            } => {
                let Some(asked) = self.asked(condition, *when) else {
                    return;
                };
                self.open("if", asked, indent);
                self.block(then, indent + 1, tail);
                if !otherwise.is_empty() {
                    self.line(indent, "} else {");
                    self.block(otherwise, indent + 1, tail);
                }
                self.line(indent, "}");
            }
            Shape::While {
                condition,
                when,
                body,
                ..
            } => {
                let Some(asked) = self.asked(condition, *when) else {
                    return;
                };
                self.open("while", asked, indent);
                self.block(body, indent + 1, false);
                self.line(indent, "}");
            }
        }
    }

    /// A condition as it is asked; what has no form is the fault of the whole.
    fn asked(&mut self, condition: &Condition, when: bool) -> Option<Written> {
        let asked = self
            .statements
            .condition(condition, when, self.number, self.names);
        if asked.is_none() {
            self.fault = Some(unasked(condition));
        }
        asked
    }

    fn open(&mut self, word: &str, asked: Written, indent: usize) {
        let text = format!("{word} {} {{", asked.text);
        self.say(indent, Statement::new(Written { text, ..asked }));
    }

    /// A jump to a place outside.
    fn leave(&mut self, place: &Place) -> Option<String> {
        let text = |part: &Option<Vec<u8>>| match part {
            Some(bytes) => std::str::from_utf8(bytes).ok().map(str::to_owned),
            None => Some(String::new()),
        };
        let (context, exten) = (text(&place.context)?, text(&place.exten)?);
        let priority = std::str::from_utf8(&place.priority).ok()?;
        let (Some(to), Some(number)) = (&place.context, &place.exten) else {
            if self.number == Number::None && place.exten.is_none() {
                // There is no dialled number to name.
                return Some(format!("app(\"Goto\", {})", raw(&priority_of(place)?)));
            }
            let to = match &place.context {
                None => "channel.context".to_owned(),
                Some(to) => match (self.path)(self.names, to) {
                    Some(path) if priority == "1" && place.exten.is_none() => {
                        return Some(match (self.has)(to, b"s") {
                            true => format!("goto {path}.(exten)"),
                            false => format!("goto {path}"),
                        });
                    }
                    _ => quoted(&context),
                },
            };
            let number = match &place.exten {
                None => "exten".to_owned(),
                Some(_) => quoted(&exten),
            };
            let last = match priority {
                "1" => "1".to_owned(),
                label => quoted(label),
            };
            return Some(format!("goto dynamic({to}, {number}, {last})"));
        };
        if priority == "1"
            && let Some(path) = (self.path)(self.names, to)
        {
            if exten == "s" && (self.has)(to, number) {
                return Some(format!("goto {path}"));
            }
            if !exten.is_empty() && exten.bytes().all(|b| b.is_ascii_digit()) {
                return Some(format!("goto {path}.{exten}"));
            }
            // A name that is none of an event.
            if (self.has)(to, number)
                && let Some(name) = super::text::number(number, true).filter(|n| n.starts_with('"'))
            {
                return Some(format!("goto {path}.{name}"));
            }
        }
        let last = match priority.bytes().all(|b| b.is_ascii_digit()) {
            true => priority.to_owned(),
            false => quoted(priority),
        };
        Some(format!(
            "goto dynamic({}, {}, {last})",
            quoted(&context),
            quoted(&exten)
        ))
    }

    /// Whether an entry of the file is settled at once.
    pub(super) fn settles(graph: &Graph, link: Link) -> Option<usize> {
        match graph.settle(link) {
            Link::Step(at) => Some(at),
            _ => None,
        }
    }
}

/// A jump as Asterisk writes it.
fn priority_of(place: &Place) -> Option<String> {
    let text = |part: &Option<Vec<u8>>| match part {
        Some(bytes) => std::str::from_utf8(bytes).ok().map(str::to_owned),
        None => Some("${EXTEN}".to_owned()),
    };
    let priority = std::str::from_utf8(&place.priority).ok()?;
    Some(match &place.context {
        None if place.exten.is_none() => priority.to_owned(),
        None => format!("{},{priority}", text(&place.exten)?),
        Some(to) => format!(
            "{},{},{priority}",
            std::str::from_utf8(to).ok()?,
            text(&place.exten)?
        ),
    })
}

fn unasked(condition: &Condition) -> String {
    let (Condition::Text(text) | Condition::Time(_, text, _)) = condition;
    format!(
        "the condition {} has no form in .dial",
        String::from_utf8_lossy(text)
    )
}
