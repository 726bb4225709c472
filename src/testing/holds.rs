//! `expect` of a `.dial` file: an expression over what happened.

use std::sync::Arc;

use regex::bytes::RegexBuilder;
use strowger_compiler::Span;
use strowger_compiler::dial::test::{
    As, Ask, Compare, Formula, FormulaKind, MailPart, Part, Record, Value,
};

use super::case::{Expectation, Row, Subject};
use super::judge::{Failure, Judge, lossy, user};
use super::row::{self, Came};
use super::want::{REGEX, Want};
use crate::duration;

/// What a claim asks, and how it is written.
#[derive(Clone, Debug)]
pub(crate) struct Holds {
    pub(crate) formula: Formula,
    /// The text of the claim, from the beginning of its place.
    pub(crate) text: Arc<str>,
}

/// A value, and what came one after the other if it is such a list.
struct Found {
    value: Value,
    came: Option<Vec<Came>>,
    step: Option<usize>,
}

impl From<Value> for Found {
    fn from(value: Value) -> Found {
        Found {
            value,
            came: None,
            step: None,
        }
    }
}

impl Holds {
    /// How the call is to end, if that is all that it claims.
    pub(super) fn reason(&self) -> Option<&str> {
        let FormulaKind::Compare(Compare::Equal, a, b) = &self.formula.kind else {
            return None;
        };
        match (&a.kind, &b.kind) {
            (FormulaKind::Ask(_, Ask::Reason), FormulaKind::Known(Value::Text(text)))
            | (FormulaKind::Known(Value::Text(text)), FormulaKind::Ask(_, Ask::Reason)) => {
                Some(text)
            }
            _ => None,
        }
    }

    /// What stands at a place of the claim.
    fn written(&self, claim: Span, part: Span) -> String {
        let from = part.start.saturating_sub(claim.start) as usize;
        let to = part.end.saturating_sub(claim.start) as usize;
        let text = self.text.get(from..to).filter(|t| !t.is_empty());
        text.unwrap_or(&self.text).to_owned()
    }
}

impl Judge<'_> {
    /// What is not as a claim says.
    pub(super) fn holds(&self, e: &Expectation, holds: &Holds) -> Option<Failure> {
        let asked = Asked {
            judge: self,
            local: holds.text.contains("local(") || holds.text.contains("Local/"),
        };
        if asked.value(&holds.formula).value == Value::Bool(true) {
            return None;
        }
        if let FormulaKind::Compare(compare, left, right) = &holds.formula.kind {
            let (asks, other, compare) = match &left.kind {
                FormulaKind::Known(_) | FormulaKind::List(_) => (right, left, compare.turned()),
                _ => (left, right, *compare),
            };
            return Some(self.parted(e, holds, &asked, asks, compare, other));
        }
        let mut got = Vec::new();
        asked.told(&holds.formula, &mut |formula, value| {
            let line = format!(
                "{} is {}",
                holds.written(e.span, formula.span),
                shown(value)
            );
            if !got.contains(&line) {
                got.push(line);
            }
        });
        let got = match got.is_empty() {
            true => String::new(),
            false => format!(": {}", got.join(", ")),
        };
        Some(Failure {
            message: Some(format!("`{}` does not hold{got}", holds.text)),
            ..self.failure(e.span, "", None)
        })
    }

    /// Two values that do not compare so.
    fn parted(
        &self,
        e: &Expectation,
        holds: &Holds,
        asked: &Asked<'_, '_>,
        asks: &Formula,
        compare: Compare,
        other: &Formula,
    ) -> Failure {
        let key = holds.written(e.span, asks.span);
        let (have, want) = (asked.value(asks), asked.value(other).value);
        if let (Some(came), Value::List(wanted), Compare::Equal) = (&have.came, &want, compare) {
            let wanted: Row = wanted.iter().map(|v| Some(wanted_of(v))).collect();
            let e = Expectation { key, ..e.clone() };
            if let Some(failure) = self.row(&e, &wanted, came) {
                return failure;
            }
            return self.failure(e.span, &e.key, None);
        }
        let lines = |value: &Value| match value {
            Value::List(all) => all.iter().map(shown).collect(),
            one => vec![shown(one)],
        };
        let label = match is_variable(asks) {
            true => format!("{key} is {} since here", shown(&have.value)),
            false => "the last step of the call".to_owned(),
        };
        let expected = match compare {
            Compare::Equal => lines(&want),
            other => vec![format!("{} {}", other.word(), shown(&want))],
        };
        Failure {
            expected,
            source: self.source(have.step, &label),
            got: lines(&have.value),
            ..self.failure(e.span, &key, have.step)
        }
    }
}

struct Asked<'j, 'a> {
    judge: &'j Judge<'a>,
    /// Places behind `Local/` count as dialled.
    local: bool,
}

impl Asked<'_, '_> {
    fn value(&self, formula: &Formula) -> Found {
        match &formula.kind {
            FormulaKind::Known(value) => value.clone().into(),
            FormulaKind::Ask(call, ask) => {
                let subject = call.map_or(Subject::All, Subject::Call);
                self.asked(subject, ask)
            }
            FormulaKind::Read(of, how) => {
                let found = self.value(of);
                let value = match found.value {
                    Value::Text(text) => read(&text, how),
                    other => other,
                };
                Found { value, ..found }
            }
            FormulaKind::List(all) => {
                Value::List(all.iter().map(|f| self.value(f).value).collect()).into()
            }
            FormulaKind::Count(of) => match self.value(of).value {
                Value::List(all) => Value::Int(i64::try_from(all.len()).unwrap_or(i64::MAX)).into(),
                _ => Value::Nothing.into(),
            },
            FormulaKind::Item(of, place) => {
                let found = self.value(of);
                let came = found.came.as_ref().and_then(|came| came.get(*place));
                let step = came.and_then(|c| c.step);
                let value = match found.value {
                    Value::List(mut all) if *place < all.len() => all.swap_remove(*place),
                    _ => Value::Nothing,
                };
                Found {
                    value,
                    came: None,
                    step,
                }
            }
            FormulaKind::Not(of) => Value::Bool(!self.holds(of)).into(),
            FormulaKind::Both(a, b) => Value::Bool(self.holds(a) && self.holds(b)).into(),
            FormulaKind::Either(a, b) => Value::Bool(self.holds(a) || self.holds(b)).into(),
            FormulaKind::Compare(compare, a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                Value::Bool(self.compares(*compare, &a, &b)).into()
            }
            FormulaKind::In(one, list) => {
                let (one, list) = (self.value(one).value, self.value(list));
                let held = match (&list.came, &list.value, &one) {
                    (Some(came), _, Value::Text(text)) => {
                        let want = Want::literally(text);
                        came.iter().any(|c| c.is(&want))
                    }
                    (_, Value::List(all), one) => all.contains(one),
                    _ => false,
                };
                Value::Bool(held).into()
            }
            FormulaKind::Matches(text, regex) => {
                let text = text_of(&self.value(text).value);
                let regex = RegexBuilder::new(regex)
                    .size_limit(REGEX)
                    .dot_matches_new_line(true)
                    .build();
                let matches = match (regex, text) {
                    (Ok(regex), Some(text)) => regex.is_match(text.as_bytes()),
                    _ => false,
                };
                Value::Bool(matches).into()
            }
            FormulaKind::Contains(text, part) => {
                let (text, part) = (self.value(text).value, self.value(part).value);
                let held = match (text_of(&text), text_of(&part)) {
                    (Some(text), Some(part)) => text.contains(&part),
                    _ => false,
                };
                Value::Bool(held).into()
            }
        }
    }

    fn holds(&self, formula: &Formula) -> bool {
        self.value(formula).value == Value::Bool(true)
    }

    fn compares(&self, compare: Compare, a: &Found, b: &Found) -> bool {
        let order = match (&a.value, &b.value) {
            (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
            (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
            _ => None,
        };
        match compare {
            Compare::Equal => same(a, b),
            Compare::Unequal => !same(a, b),
            Compare::Less => order.is_some_and(|o| o.is_lt()),
            Compare::LessEqual => order.is_some_and(|o| o.is_le()),
            Compare::Greater => order.is_some_and(|o| o.is_gt()),
            Compare::GreaterEqual => order.is_some_and(|o| o.is_ge()),
        }
    }

    fn asked(&self, of: Subject, ask: &Ask) -> Found {
        let judge = self.judge;
        let last = || judge.channel(of).and_then(|c| judge.last_step(c));
        let plain = |value: Value| Found {
            value,
            came: None,
            step: last(),
        };
        let milliseconds = |time: std::time::Duration| {
            Value::Duration(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
        };
        match ask {
            Ask::Dialed => list(judge.dialed(of, self.local)),
            Ask::Heard => list(judge.heard(of)),
            Ask::Spoken => list(judge.said(of)),
            Ask::Texts => list(judge.texts(of)),
            Ask::Logs => list(judge.logged()),
            Ask::Apps => list(applications(judge.path(of))),
            Ask::Path => list(judge.path(of)),
            Ask::PhoneHeard(phone) => list(judge.heard_at(of, phone)),
            Ask::PhoneApps(phone) => list(applications(judge.path_of(of, phone))),
            Ask::PhoneKeys(phone) => plain(Value::Text(judge.keys_at(of, phone))),
            Ask::Messages(part) => {
                let sent = judge.report.sent.iter();
                let sent = sent.filter(|s| !s.inside_call && judge.counts(of, s.of));
                let part = |s: &strowger_runtime::sim::report::Sent| match part {
                    Part::To => user(&s.to),
                    Part::From => user(&s.from),
                    Part::Body => lossy(&s.body),
                    Part::Status => lossy(&s.status),
                };
                let came = sent.map(|s| {
                    let text = part(s);
                    Came {
                        forms: vec![text.clone().into_bytes()],
                        shown: text,
                        step: judge.until(s.channel, s.at),
                    }
                });
                list(came.collect())
            }
            Ask::Mail(part) => match part {
                MailPart::Mailbox => list(
                    judge
                        .mail(of)
                        .into_iter()
                        .map(|m| judge.mailbox(m))
                        .collect(),
                ),
                MailPart::Greeting => {
                    let named = |m: &strowger_runtime::sim::report::Mail| Came {
                        shown: m.greeting.name().to_owned(),
                        forms: vec![m.greeting.name().into()],
                        step: judge.until(m.channel, m.at),
                    };
                    list(judge.mail(of).into_iter().map(named).collect())
                }
                MailPart::Length => {
                    let all = judge.mail(of).into_iter().map(|m| milliseconds(m.length));
                    plain(Value::List(all.collect()))
                }
            },
            Ask::MailIn(mailbox) => {
                let want = Want::literally(mailbox);
                let all = judge.mail(of).into_iter().map(|m| judge.mailbox(m));
                list(all.filter(|m| m.is(&want)).collect())
            }
            Ask::Cause => plain(Value::Text(judge.cause(of).to_string())),
            Ask::Reason => plain(Value::Text(judge.reason(of).to_owned())),
            Ask::Answered => {
                let call = judge.call(of);
                plain(Value::Bool(call.is_some_and(|c| c.cdr.answer.is_some())))
            }
            Ask::Elapsed => match judge.elapsed(of) {
                Some(elapsed) => plain(milliseconds(elapsed)),
                None => plain(Value::Nothing),
            },
            Ask::Effects => {
                let channel = judge.channel(of);
                let answers = judge.report.answers.iter();
                let count = answers.filter(|a| Some(a.channel) == channel).count();
                plain(Value::Int(i64::try_from(count).unwrap_or(i64::MAX)))
            }
            Ask::Record(field) => {
                let Some(call) = judge.call(of) else {
                    return plain(Value::Nothing);
                };
                let whole = |time: std::time::Duration| Value::Duration(time.as_secs() * 1_000);
                plain(match field {
                    Record::Disposition => Value::Text(call.cdr.disposition.name().to_owned()),
                    Record::Duration => whole(call.cdr.duration()),
                    Record::BillSec => whole(call.cdr.billsec()),
                })
            }
            Ask::Variable(name) => {
                let own = judge.variables(of).iter();
                let own = own.clone().find(|(n, _)| n == name.as_bytes());
                let step = judge
                    .channel(of)
                    .and_then(|c| judge.set_at(c, name.as_bytes()));
                match own {
                    Some((_, value)) => Found {
                        value: Value::Text(lossy(value)),
                        came: None,
                        step,
                    },
                    // As `${NAME}` reads it.
                    None => self.asked(of, &Ask::Global(name.clone())),
                }
            }
            Ask::Global(name) => {
                let value = judge.report.globals.0.get(name.as_bytes());
                Value::Text(value.map(|v| lossy(v)).unwrap_or_default()).into()
            }
            Ask::Database(key) => {
                let value = judge.report.database.get(key.as_bytes());
                Value::Text(value.map(|v| lossy(v)).unwrap_or_default()).into()
            }
            Ask::Trace => Value::Nothing.into(),
        }
    }

    /// Each thing that was asked, with its answer.
    fn told(&self, formula: &Formula, tell: &mut dyn FnMut(&Formula, &Value)) {
        match &formula.kind {
            FormulaKind::Known(_) => {}
            FormulaKind::Ask(..)
            | FormulaKind::Read(..)
            | FormulaKind::Count(_)
            | FormulaKind::Item(..) => {
                tell(formula, &self.value(formula).value);
            }
            FormulaKind::List(all) => all.iter().for_each(|f| self.told(f, tell)),
            FormulaKind::Not(of) | FormulaKind::Matches(of, _) => self.told(of, tell),
            FormulaKind::Both(a, b)
            | FormulaKind::Either(a, b)
            | FormulaKind::Compare(_, a, b)
            | FormulaKind::In(a, b)
            | FormulaKind::Contains(a, b) => {
                self.told(a, tell);
                self.told(b, tell);
            }
        }
    }
}

/// Whether it asks for a variable, which was set somewhere.
fn is_variable(formula: &Formula) -> bool {
    match &formula.kind {
        FormulaKind::Ask(_, ask) => matches!(ask, Ask::Variable(_)),
        FormulaKind::Read(of, _) => is_variable(of),
        _ => false,
    }
}

/// Steps by their applications alone.
fn applications(mut came: Vec<Came>) -> Vec<Came> {
    for one in &mut came {
        one.shown = lossy(&one.forms[0]);
        one.forms.truncate(1);
    }
    came
}

fn list(came: Vec<Came>) -> Found {
    let values = came.iter().map(|c| Value::Text(c.shown.clone()));
    Found {
        value: Value::List(values.collect()),
        came: Some(came),
        step: None,
    }
}

/// Whether two values are the same; what came is looked at in all its forms.
fn same(a: &Found, b: &Found) -> bool {
    match (a, b) {
        (
            Found {
                came: Some(came), ..
            },
            Found {
                value: Value::List(wanted),
                came: None,
                ..
            },
        )
        | (
            Found {
                value: Value::List(wanted),
                came: None,
                ..
            },
            Found {
                came: Some(came), ..
            },
        ) => {
            let wanted: Row = wanted.iter().map(|v| Some(wanted_of(v))).collect();
            row::parting(&wanted, came, |want, came| came.is(want)).is_none()
        }
        _ => a.value == b.value,
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    }
}

fn wanted_of(value: &Value) -> Want {
    match value {
        Value::Text(text) => Want::literally(text),
        other => Want::literally(&shown(other)),
    }
}

/// A text as a value of a type; nothing where it is none.
fn read(text: &str, how: &As) -> Value {
    match how {
        As::Text => Value::Text(text.to_owned()),
        As::Int => text
            .trim()
            .parse()
            .map(Value::Int)
            .unwrap_or(Value::Nothing),
        As::Bool => Value::Bool(!matches!(text.trim(), "" | "0")),
        As::Duration => duration::read(text).map_or(Value::Nothing, Value::Duration),
        As::Case(cases) => {
            let named =
                |(_, spellings): &&(String, Vec<String>)| spellings.iter().any(|s| s == text);
            match cases.iter().find(named) {
                Some((name, _)) => Value::Text(name.clone()),
                None if text.is_empty() => Value::Nothing,
                None => Value::Text(text.to_owned()),
            }
        }
        As::Option(_) if text.is_empty() => Value::Nothing,
        As::Option(of) => read(text, of),
    }
}

/// As people read it.
fn shown(value: &Value) -> String {
    match value {
        Value::Nothing => "nothing".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Duration(ms) => duration::told(*ms),
        Value::Text(text) if text.is_empty() => "\"\"".to_owned(),
        Value::Text(text) => text.clone(),
        Value::List(all) => {
            let all: Vec<String> = all.iter().map(shown).collect();
            format!("[{}]", all.join(", "))
        }
    }
}
