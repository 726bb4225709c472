//! Whether what happened is what was expected.

use std::ops::Range;

use strowger_compiler::Span;
use strowger_runtime::End;
use strowger_runtime::sim::report::{self, CallReport, Kind, Of, Played, Report};
use strowger_stdlib::status::Cause;
use strowger_vm::effect::Effect;
use strowger_vm::trace::Source;
use strowger_vm::{Executed, Text, Trace};

use super::block;
use super::case::{Case, Expectation, Field, Mail, PhoneField, Row, Sent, Subject, What};
use super::row::{self, Came};
use super::want::Want;
use crate::duration;

/// Something that is not as it was expected, or that kept the test from saying so.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// Where the expectation stands; the name of the test where nobody expected anything.
    pub(crate) span: Span,
    /// One sentence where there is nothing to compare.
    pub(crate) message: Option<String>,
    /// Key and value, one member a line.
    pub(crate) expected: Vec<String>,
    /// What there was instead.
    pub(crate) got: Vec<String>,
    /// The key before both.
    pub(crate) key: String,
    /// The step where they part: its number in the trace.
    pub(crate) step: Option<usize>,
    /// The line of the plan, and what is to be seen there.
    pub(crate) source: Option<(Source, String)>,
    /// What to do.
    pub(crate) help: Option<String>,
}

/// Everything that is not as it was expected.
pub(crate) fn judge(
    case: &Case,
    report: &Report,
    accepted: Option<&str>,
    trace: &str,
) -> Vec<Failure> {
    let judge = Judge { case, report };
    let mut out = judge.unmocked();
    out.extend(judge.broken());
    for expectation in &case.expectations {
        out.extend(judge.expectation(expectation, accepted, trace));
    }
    out
}

/// Whether anything is not as a case expects it.
pub(crate) fn notices(case: &Case, report: &Report) -> bool {
    !judge(case, report, None, "").is_empty()
}

/// What a case came to, in the words of expectations.
pub(crate) struct Seen {
    pub(crate) path: Vec<String>,
    pub(crate) dialed: Vec<String>,
    pub(crate) heard: Vec<String>,
    pub(crate) said: Vec<String>,
    /// Where each message went, and its status.
    pub(crate) messages: Vec<(String, String)>,
    pub(crate) status: Option<String>,
    pub(crate) reason: &'static str,
}

/// What happened, for a first file of tests.
pub(crate) fn seen(case: &Case, report: &Report) -> Seen {
    let judge = Judge { case, report };
    let all = Subject::All;
    let shown = |came: Vec<Came>| came.into_iter().map(|c| c.shown).collect();
    let apps = judge.path(all).iter().map(|c| lossy(&c.forms[0])).collect();
    let variables = judge.variables(all).iter();
    let status = variables
        .clone()
        .find(|(n, v)| n == b"DIALSTATUS" && !v.is_empty());
    Seen {
        path: apps,
        dialed: shown(judge.dialed(all, false)),
        heard: shown(judge.heard(all)),
        said: shown(judge.said(all)),
        messages: report
            .sent
            .iter()
            .filter(|s| !s.inside_call)
            .map(|s| (lossy(&s.to), lossy(&s.status)))
            .collect(),
        status: status.map(|(_, v)| lossy(v)),
        reason: judge.reason(all),
    }
}

pub(super) struct Judge<'a> {
    case: &'a Case,
    pub(super) report: &'a Report,
}

/// The text that people read.
pub(crate) fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl<'a> Judge<'a> {
    /// What was wanted of the outside and nobody described.
    fn unmocked(&self) -> Vec<Failure> {
        let mut out: Vec<Failure> = Vec::new();
        for one in &self.report.unmocked {
            let what = lossy(&one.what);
            let given = |phone: &str| match self.case.in_dial {
                true => format!(
                    "add to the test: given {} = answers()",
                    block::constructor(phone)
                ),
                false => format!("add it below `with:` or `endpoints:`, as `{phone}: answers`"),
            };
            let (message, help) = match one.kind {
                Kind::Endpoint => (
                    format!("{what} was dialled, and nothing says what it does"),
                    given(&what),
                ),
                Kind::Text => (
                    format!("a text was sent to {what}, and nothing says whether it takes one"),
                    given(&endpoint_of(&what)),
                ),
                Kind::Function => (
                    format!("{what} reaches outside, and nothing says what it answers"),
                    match self.case.in_dial {
                        true => format!(
                            "add to the test: given function({}) = \"some text\"",
                            block::quoted(&what)
                        ),
                        false => format!("add it below `functions:`, as `{what}: some text`"),
                    },
                ),
                Kind::Application => (
                    format!("{what} is not served by the simulator: it did nothing"),
                    match (what.as_str(), self.case.in_dial) {
                        ("VoiceMail" | "MailboxExists", true) => {
                            "say which mailboxes there are: given mailboxes = [mailbox(\"1001\")]"
                        }
                        ("VoiceMail" | "MailboxExists", false) => {
                            "say which mailboxes there are: `mailboxes: [1001]`, or put voicemail.conf beside the plan"
                        }
                        _ => "a test cannot go through this step",
                    }
                    .to_owned(),
                ),
            };
            if out.iter().any(|f| f.message.as_ref() == Some(&message)) {
                continue;
            }
            let step = self.step_at(one.channel, &one.place.exten, one.place.priority, one.at);
            out.push(Failure {
                message: Some(message),
                source: one
                    .source
                    .clone()
                    .map(|s| (s, "this step wants it".to_owned())),
                help: Some(help),
                ..self.failure(self.case.span, "", step)
            });
        }
        out
    }

    /// What kept the calls from their end.
    fn broken(&self) -> Vec<Failure> {
        let mut out = Vec::new();
        let says = |reason: &str| {
            let expected = self.case.expectations.iter();
            expected
                .filter_map(|e| match &e.what {
                    What::Reason(r) => Some(r.as_str()),
                    What::Holds(holds) => holds.reason(),
                    _ => None,
                })
                .any(|r| r == reason)
        };
        if let Some(cut) = self.report.cut {
            out.push(self.plainly(cut.words().to_owned(), None, None));
        }
        for call in &self.report.calls {
            let last = call.channel.and_then(|c| self.last_step(c));
            if let Some(End::Fault(fault)) = &call.end
                && !says("fault")
            {
                out.push(self.plainly(fault.to_string(), last, None));
            }
            if call.stalled && !says("stalled") {
                out.push(self.plainly(
                    "the call would still be there: nobody hangs up".to_owned(),
                    last,
                    Some(match self.case.in_dial {
                        true => "let somebody end it, as by `hangs_up(after: 60s)` in braces behind `call`, or `expect reason == \"stalled\"`",
                        false => "let somebody end it, as by `does: [{ after: 60s, hang up: }]`, or expect `reason: stalled`",
                    }.to_owned()),
                ));
            }
        }
        out
    }

    fn plainly(&self, message: String, step: Option<usize>, help: Option<String>) -> Failure {
        Failure {
            message: Some(message),
            help,
            source: self.source(step, "here the call was"),
            ..self.failure(self.case.span, "", step)
        }
    }

    pub(super) fn failure(&self, span: Span, key: &str, step: Option<usize>) -> Failure {
        Failure {
            span,
            message: None,
            expected: Vec::new(),
            got: Vec::new(),
            key: key.to_owned(),
            step,
            source: None,
            help: None,
        }
    }

    /// The first call, or that of the subject.
    pub(super) fn call(&self, subject: Subject) -> Option<&'a CallReport> {
        match subject {
            Subject::All => self.report.calls.first(),
            Subject::Call(n) => self.report.calls.get(n),
        }
    }

    /// Whether something belongs to the subject.
    pub(super) fn counts(&self, subject: Subject, of: Of) -> bool {
        match (subject, of) {
            (Subject::All, _) => true,
            (Subject::Call(n), Of::Call(call)) => n == call,
            (Subject::Call(_), Of::Message(_)) => false,
        }
    }

    /// The channel whose steps are the path.
    pub(super) fn channel(&self, subject: Subject) -> Option<usize> {
        match self.call(subject) {
            Some(call) => call.channel,
            None => self.report.messages.first().and_then(|m| m.channel),
        }
    }

    pub(super) fn variables(&self, subject: Subject) -> &'a [(Text, Text)] {
        match self.call(subject) {
            Some(call) => &call.variables,
            None => self
                .report
                .messages
                .first()
                .map_or(&[], |m| m.variables.as_slice()),
        }
    }

    fn expectation(&self, e: &Expectation, accepted: Option<&str>, trace: &str) -> Option<Failure> {
        let subject = e.subject;
        match &e.what {
            What::Path(wanted) => self.row(e, wanted, &self.path(subject)),
            What::Dialed(wanted) => {
                let local = wanted
                    .iter()
                    .flatten()
                    .any(|w| w.written.contains("Local/"));
                self.row(e, wanted, &self.dialed(subject, local))
            }
            What::NeverDialed(wanted) => self.never(e, wanted, &self.dialed(subject, true)),
            What::Heard(wanted) => self.row(e, wanted, &self.heard(subject)),
            What::NeverHeard(wanted) => self.never(e, wanted, &self.heard(subject)),
            What::Phone(name, PhoneField::Heard(wanted)) => {
                self.row(e, wanted, &self.heard_at(subject, name))
            }
            What::Phone(name, PhoneField::Path(wanted)) => {
                self.row(e, wanted, &self.path_of(subject, name))
            }
            What::Phone(name, PhoneField::Keys(wanted)) => {
                let keys = self.keys_at(subject, name);
                let fits = wanted.fits(keys.as_bytes());
                let last = self.channel(subject).and_then(|c| self.last_step(c));
                self.unless(fits, e, wanted, keys, last)
            }
            What::Said(wanted) => self.row(e, wanted, &self.said(subject)),
            What::Texts(wanted) => self.row(e, wanted, &self.texts(subject)),
            What::Messages(wanted) => self.messages(e, wanted),
            What::Voicemail(wanted) => self.voicemail(e, wanted),
            What::Logs(wanted) => self.logs(e, wanted),
            What::NeverLogged(wanted) => self.never(e, wanted, &self.logged()),
            What::Cdr(field, wanted) => {
                let cdr = self.call(subject)?.cdr;
                match field {
                    Field::Disposition => {
                        let name = cdr.disposition.name();
                        let fits = wanted.fits(name.as_bytes());
                        self.unless(fits, e, wanted, name.to_owned(), None)
                    }
                    Field::Duration => self.seconds(e, wanted, cdr.duration().as_secs()),
                    Field::BillSec => self.seconds(e, wanted, cdr.billsec().as_secs()),
                }
            }
            What::Time(wanted) => {
                let elapsed = self.elapsed(subject)?;
                let ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
                let last = self.channel(subject).and_then(|c| self.last_step(c));
                self.unless(wanted.fits_time(ms), e, wanted, duration::told(ms), last)
            }
            What::Cause(wanted) => {
                let cause = self.cause(subject);
                let number = cause.to_string();
                let name = Cause(cause).name().unwrap_or_default();
                let fits = wanted.fits(number.as_bytes()) || wanted.fits(name.as_bytes());
                let last = self.channel(subject).and_then(|c| self.last_step(c));
                let got = format!("{number} ({name})");
                self.unless(fits, e, wanted, got, last)
            }
            What::Reason(wanted) => {
                let got = self.reason(subject);
                let last = self.channel(subject).and_then(|c| self.last_step(c));
                let wanted = Want::literally(wanted);
                self.unless(wanted.written == got, e, &wanted, got.to_owned(), last)
            }
            What::Answered(wanted) => {
                let yes = |b: bool| if b { "yes" } else { "no" };
                let got = self.call(subject)?.cdr.answer.is_some();
                let last = self.channel(subject).and_then(|c| self.last_step(c));
                let want = Want::literally(yes(*wanted));
                self.unless(got == *wanted, e, &want, yes(got).to_owned(), last)
            }
            What::Variable(name, wanted) => {
                let found = self
                    .variables(subject)
                    .iter()
                    .find(|(n, _)| n == name.as_bytes());
                let value = found.map(|(_, v)| v.as_slice());
                let step = self
                    .channel(subject)
                    .and_then(|c| self.set_at(c, name.as_bytes()));
                self.value(e, wanted, value, step)
            }
            What::Global(name, wanted) => {
                let value = self.report.globals.0.get(name.as_bytes());
                self.value(e, wanted, value.map(Vec::as_slice), None)
            }
            What::Database(key, wanted) => {
                let value = self.report.database.get(key.as_bytes());
                self.value(e, wanted, value.map(Vec::as_slice), None)
            }
            What::Holds(holds) => self.holds(e, holds),
            What::Snapshot => self.snapshot(e, accepted, trace),
        }
    }

    /// How long a call took, or everything where there are several.
    pub(super) fn elapsed(&self, subject: Subject) -> Option<std::time::Duration> {
        let of_call = self.call(subject).filter(|_| self.case.dialled.len() == 1);
        Some(match (subject, of_call) {
            (Subject::Call(_), _) => self.call(subject)?.elapsed(),
            (_, Some(call)) => call.elapsed(),
            _ => {
                let micros = self.report.ended.0 - self.report.began.0;
                std::time::Duration::from_micros(u64::try_from(micros).unwrap_or_default())
            }
        })
    }

    /// One after the other.
    pub(super) fn row(&self, e: &Expectation, wanted: &Row, came: &[Came]) -> Option<Failure> {
        let at = row::parting(wanted, came, |want, came| came.is(want))?;
        let step = match came.get(at) {
            Some(one) => one.step,
            None => self.channel(e.subject).and_then(|c| self.last_step(c)),
        };
        let label = match came.get(at) {
            Some(one) => format!("{}: here it is otherwise", one.shown),
            None if came.is_empty() => "nothing came before the call was over".to_owned(),
            None => "behind this nothing came any more".to_owned(),
        };
        Some(Failure {
            expected: row::shown(wanted),
            got: came.iter().map(|c| c.shown.clone()).collect(),
            source: self.source(step, &label),
            ..self.failure(e.span, &e.key, step)
        })
    }

    /// None of these.
    fn never(&self, e: &Expectation, wanted: &[Want], came: &[Came]) -> Option<Failure> {
        let one = came.iter().find(|c| wanted.iter().any(|w| c.is(w)))?;
        Some(Failure {
            expected: wanted.iter().map(|w| w.written.clone()).collect(),
            got: vec![one.shown.clone()],
            source: self.source(one.step, &format!("{}: this was not to be", one.shown)),
            ..self.failure(e.span, &e.key, one.step)
        })
    }

    /// Each of these, wherever.
    fn logs(&self, e: &Expectation, wanted: &[Want]) -> Option<Failure> {
        let came = self.logged();
        let missing = |w: &&Want| !came.iter().any(|c| c.is(w));
        let missing: Vec<&Want> = wanted.iter().filter(missing).collect();
        if missing.is_empty() {
            return None;
        }
        Some(Failure {
            expected: missing.iter().map(|w| w.written.clone()).collect(),
            got: came.into_iter().map(|c| c.shown).collect(),
            ..self.failure(e.span, &e.key, None)
        })
    }

    fn value(
        &self,
        e: &Expectation,
        wanted: &Want,
        value: Option<&[u8]>,
        step: Option<usize>,
    ) -> Option<Failure> {
        let fits = wanted.fits(value.unwrap_or_default());
        let got = value.map_or_else(|| "not set".to_owned(), |v| written(&lossy(v)));
        self.unless(fits, e, wanted, got, step)
    }

    fn seconds(&self, e: &Expectation, wanted: &Want, seconds: u64) -> Option<Failure> {
        let fits = wanted.fits_time(seconds * 1_000);
        self.unless(fits, e, wanted, format!("{seconds} s"), None)
    }

    fn unless(
        &self,
        fits: bool,
        e: &Expectation,
        wanted: &Want,
        got: String,
        step: Option<usize>,
    ) -> Option<Failure> {
        (!fits).then(|| Failure {
            expected: vec![written(&wanted.written)],
            source: self
                .source(step, &format!("{} is {got} since here", e.key))
                .filter(|_| matches!(e.what, What::Variable(..)))
                .or_else(|| self.source(step, "the last step of the call")),
            got: vec![got],
            ..self.failure(e.span, &e.key, step)
        })
    }

    fn snapshot(&self, e: &Expectation, accepted: Option<&str>, trace: &str) -> Option<Failure> {
        let Some(accepted) = accepted else {
            return Some(Failure {
                message: Some("this trace was never accepted".to_owned()),
                got: trace.lines().map(str::to_owned).collect(),
                help: Some("look at it, and accept it by `strowger test --accept`, or one by one by `--review`".to_owned()),
                ..self.failure(e.span, &e.key, None)
            });
        };
        (accepted != trace).then(|| Failure {
            expected: accepted.lines().map(str::to_owned).collect(),
            got: trace.lines().map(str::to_owned).collect(),
            help: Some("if that is right, accept it by `strowger test --accept`, or one by one by `--review`".to_owned()),
            ..self.failure(e.span, &e.key, None)
        })
    }

    /// The steps of the subject's channel.
    pub(super) fn path(&self, subject: Subject) -> Vec<Came> {
        match self.channel(subject) {
            Some(channel) => self.steps(|c| c == channel),
            None => Vec::new(),
        }
    }

    fn steps(&self, which: impl Fn(usize) -> bool) -> Vec<Came> {
        let steps = self.report.trace.iter().enumerate();
        steps
            .filter(|(_, h)| which(h.channel))
            .filter_map(|(n, h)| match &h.what {
                Trace::Step(step) => Some((n, step)),
                _ => None,
            })
            .map(|(n, step)| {
                let whole = format!("{}({})", lossy(&step.application), lossy(&step.arguments));
                Came {
                    shown: whole.clone(),
                    forms: vec![
                        step.application.clone(),
                        whole.into_bytes(),
                        place(step).into_bytes(),
                    ],
                    step: Some(n),
                }
            })
            .collect()
    }

    pub(super) fn dialed(&self, subject: Subject, local: bool) -> Vec<Came> {
        let mut out = Vec::new();
        for one in self
            .report
            .dialed
            .iter()
            .filter(|d| self.counts(subject, d.of))
        {
            if one.is_local() && !local {
                continue;
            }
            out.push(Came {
                shown: lossy(&one.endpoint),
                forms: vec![one.endpoint.clone()],
                step: self.step_at(one.channel, &one.place.exten, one.place.priority, one.at),
            });
        }
        out
    }

    /// Whether a channel is that of a phone which was called, and runs dialplan of its own.
    fn is_called(&self, channel: usize) -> bool {
        let channel = self.report.channels.get(channel);
        channel.is_some_and(|c| c.called)
    }

    /// Whether a channel is that of this phone, which was called.
    fn is_phone(&self, channel: usize, phone: &str) -> bool {
        let Some(channel) = self.report.channels.get(channel).filter(|c| c.called) else {
            return false;
        };
        let name = &channel.name;
        let dash = name.iter().rposition(|b| *b == b'-');
        name[..dash.unwrap_or(name.len())].eq_ignore_ascii_case(phone.as_bytes())
    }

    /// Prompts that somebody could hear, but those that were said.
    pub(super) fn heard(&self, subject: Subject) -> Vec<Came> {
        self.played(subject, |h| h.said.is_none() && !self.is_called(h.channel))
    }

    /// Prompts that a called phone could hear.
    pub(super) fn heard_at(&self, subject: Subject, phone: &str) -> Vec<Came> {
        self.played(subject, |h| self.is_phone(h.channel, phone))
    }

    fn played(&self, subject: Subject, which: impl Fn(&report::Heard) -> bool) -> Vec<Came> {
        let heard = self.report.heard.iter();
        heard
            .filter(|h| {
                self.counts(subject, h.of) && h.audible && h.how != Played::Missing && which(h)
            })
            .map(|h| Came {
                shown: lossy(&h.file),
                forms: vec![h.file.clone()],
                step: self.played_at(h),
            })
            .collect()
    }

    /// Keys that came to a phone.
    pub(super) fn keys_at(&self, subject: Subject, phone: &str) -> String {
        let received = self.report.received.iter().filter(|r| {
            self.counts(subject, r.of) && r.endpoint.eq_ignore_ascii_case(phone.as_bytes())
        });
        let keys = received.filter_map(|r| match r.what {
            report::Came::Key(key) => Some(char::from(key)),
            report::Came::Text(_) => None,
        });
        keys.collect()
    }

    /// What ran on the channels of a called phone.
    pub(super) fn path_of(&self, subject: Subject, phone: &str) -> Vec<Came> {
        let channels = &self.report.channels;
        let own = |n: usize| channels.get(n).is_some_and(|c| self.counts(subject, c.of));
        self.steps(|channel| own(channel) && self.is_phone(channel, phone))
    }

    /// What was spelled or counted: the argument of each SayDigits and its relatives.
    pub(super) fn said(&self, subject: Subject) -> Vec<Came> {
        let mut out: Vec<Came> = Vec::new();
        // The prompts of one utterance stand one behind the other on their channel.
        let mut rest: Vec<&report::Heard> = self
            .report
            .heard
            .iter()
            .filter(|h| self.counts(subject, h.of) && h.audible && h.how != Played::Missing)
            .filter(|h| h.said.is_some() && !self.is_called(h.channel))
            .collect();
        for answered in &self.report.answers {
            let within = |h: &&report::Heard| {
                h.channel == answered.channel && answered.asked <= h.at && h.until <= answered.at
            };
            let prompts = match &answered.effect {
                Effect::Say { prompts, .. } => prompts,
                // VoiceMail spells the number of the mailbox.
                Effect::Unserved { .. } => {
                    let said = rest.iter().find(|h| within(h)).and_then(|h| h.said.clone());
                    rest.retain(|h| !within(h));
                    out.extend(said.map(|text| Came {
                        shown: lossy(&text),
                        forms: vec![text],
                        step: self.before(answered.channel, answered.before),
                    }));
                    continue;
                }
                _ => continue,
            };
            let mut said: Option<&report::Heard> = None;
            for prompt in prompts {
                let next = rest.iter().position(|h| h.channel == answered.channel);
                match next {
                    Some(n) if rest[n].file == *prompt => said = said.or(Some(rest.remove(n))),
                    _ => break,
                }
            }
            if let Some(text) = said.and_then(|h| h.said.clone()) {
                out.push(Came {
                    shown: lossy(&text),
                    forms: vec![text],
                    step: self.before(answered.channel, answered.before),
                });
            }
        }
        out
    }

    pub(super) fn texts(&self, subject: Subject) -> Vec<Came> {
        let sent = self.report.sent.iter();
        sent.filter(|s| s.inside_call && self.counts(subject, s.of))
            .map(|s| Came {
                shown: lossy(&s.body),
                forms: vec![s.body.clone()],
                step: self.until(s.channel, s.at),
            })
            .collect()
    }

    /// Lines of the log, and what the machine had to say.
    pub(super) fn logged(&self) -> Vec<Came> {
        let own = self
            .report
            .logs
            .iter()
            .map(|l| (l.text.clone(), l.channel, l.at));
        let notes = self.report.trace.iter().filter_map(|h| match &h.what {
            Trace::Note { text, .. } => Some((text.clone().into_bytes(), h.channel, h.at)),
            _ => None,
        });
        let mut seen = Vec::new();
        own.chain(notes)
            .filter(|(text, channel, at)| {
                // What Log() says stands in the trace, too.
                let new = !seen.contains(&(text.clone(), *channel, *at));
                seen.push((text.clone(), *channel, *at));
                new
            })
            .map(|(text, channel, at)| Came {
                shown: lossy(&text),
                forms: vec![text],
                step: self.until(channel, at),
            })
            .collect()
    }

    fn messages(&self, e: &Expectation, wanted: &[Option<Sent>]) -> Option<Failure> {
        let came: Vec<&report::Sent> = self
            .report
            .sent
            .iter()
            .filter(|s| !s.inside_call && self.counts(e.subject, s.of))
            .collect();
        let fits = |want: &Sent, came: &&report::Sent| {
            let field =
                |want: &Option<Want>, text: &[u8]| want.as_ref().is_none_or(|w| w.fits(text));
            let address = |want: &Option<Want>, text: &[u8]| {
                field(want, text) || field(want, user(text).as_bytes())
            };
            address(&want.to, &came.to)
                && address(&want.from, &came.from)
                && field(&want.body, &came.body)
                && field(&want.status, &came.status)
        };
        let at = row::parting(wanted, &came, fits)?;
        let step = came.get(at).and_then(|s| self.until(s.channel, s.at));
        let got = came
            .iter()
            .map(|s| {
                format!(
                    "{{ to: {}, from: {}, status: {}, body: {} }}",
                    lossy(&s.to),
                    lossy(&s.from),
                    lossy(&s.status),
                    written(&lossy(&s.body))
                )
            })
            .collect();
        let fields = |want: &Sent| {
            let all = [
                ("to", &want.to),
                ("from", &want.from),
                ("status", &want.status),
                ("body", &want.body),
            ];
            let all: Vec<String> = all
                .into_iter()
                .filter_map(|(key, want)| Some(format!("{key}: {}", want.as_ref()?.written)))
                .collect();
            format!("{{ {} }}", all.join(", "))
        };
        Some(Failure {
            expected: wanted
                .iter()
                .map(|w| w.as_ref().map_or("...".to_owned(), fields))
                .collect(),
            got,
            source: self.source(step, "this message is another one than expected"),
            ..self.failure(e.span, &e.key, step)
        })
    }

    /// Messages that were left in mailboxes.
    pub(super) fn mail(&self, subject: Subject) -> Vec<&'a report::Mail> {
        let mail = self.report.mail.iter();
        mail.filter(|m| self.counts(subject, m.of)).collect()
    }

    /// The mailbox of a message, in all forms.
    pub(super) fn mailbox(&self, mail: &report::Mail) -> Came {
        let name = &mail.mailbox;
        let mut forms = vec![name.clone()];
        // Without a context it is that one.
        forms.extend(name.strip_suffix(b"@default").map(<[u8]>::to_vec));
        Came {
            shown: lossy(forms.last().unwrap_or(name)),
            forms,
            step: self.until(mail.channel, mail.at),
        }
    }

    fn voicemail(&self, e: &Expectation, wanted: &[Option<Mail>]) -> Option<Failure> {
        let came = self.mail(e.subject);
        let ms = |mail: &report::Mail| u64::try_from(mail.length.as_millis()).unwrap_or(u64::MAX);
        let fits = |want: &Mail, came: &&report::Mail| {
            let mailbox = want.mailbox.as_ref();
            let greeting = want.greeting.as_ref();
            let length = want.length.as_ref();
            mailbox.is_none_or(|w| self.mailbox(came).is(w))
                && greeting.is_none_or(|w| w == came.greeting.name())
                && length.is_none_or(|w| w.fits_time(ms(came)))
        };
        let at = row::parting(wanted, &came, fits)?;
        let step = came.get(at).and_then(|m| self.until(m.channel, m.at));
        let told = |mailbox: &str, greeting: &str, length: &str| {
            let all = [
                ("mailbox", mailbox),
                ("greeting", greeting),
                ("length", length),
            ];
            let all = all.iter().filter(|(_, value)| !value.is_empty());
            let all: Vec<String> = all.map(|(key, value)| format!("{key}: {value}")).collect();
            format!("{{ {} }}", all.join(", "))
        };
        let shown = |want: &Mail| {
            let written = |want: &Option<Want>| want.as_ref().map(|w| w.written.clone());
            let greeting = want.greeting.as_deref().unwrap_or_default();
            let mailbox = written(&want.mailbox).unwrap_or_default();
            told(
                &mailbox,
                greeting,
                &written(&want.length).unwrap_or_default(),
            )
        };
        let wanted = wanted.iter();
        let wanted = wanted.map(|w| w.as_ref().map_or("...".to_owned(), shown));
        let got = came.iter().map(|m| {
            let length = duration::told(ms(m));
            told(&self.mailbox(m).shown, m.greeting.name(), &length)
        });
        Some(Failure {
            expected: wanted.collect(),
            got: got.collect(),
            source: self.source(step, "this message is another one than expected"),
            ..self.failure(e.span, &e.key, step)
        })
    }

    pub(super) fn cause(&self, subject: Subject) -> u16 {
        match self.call(subject) {
            Some(call) => call.cause(),
            None => {
                let end = self.report.messages.first().and_then(|m| m.end.as_ref());
                end.map_or(0, End::cause)
            }
        }
    }

    /// How the call ended, in one of the words of the table.
    pub(super) fn reason(&self, subject: Subject) -> &'static str {
        let (end, stalled, channel) = match self.call(subject) {
            Some(call) => (call.end.as_ref(), call.stalled, call.channel),
            None => match self.report.messages.first() {
                Some(message) => (message.end.as_ref(), self.report.stalled, message.channel),
                None => (None, false, None),
            },
        };
        // A number that nothing answers has a channel, and no step runs on it.
        let mut steps = self.report.trace.iter();
        let ran = channel.is_some_and(|number| {
            steps.any(|h| h.channel == number && matches!(h.what, Trace::Step(_)))
        });
        match (end, self.cause(subject)) {
            _ if stalled => "stalled",
            (Some(End::Fault(_)), _) => "fault",
            _ if !ran => "not found",
            (_, 17) => "busy",
            (_, 34) => "congestion",
            _ => "hung up",
        }
    }

    /// The last step of a channel before an entry of the trace.
    fn before(&self, channel: usize, entry: usize) -> Option<usize> {
        let entry = entry.min(self.report.trace.len());
        self.find_last(0..entry, |h| h.channel == channel)
    }

    /// The last step of a channel until a moment.
    pub(super) fn until(&self, channel: usize, at: strowger_vm::Time) -> Option<usize> {
        self.find_last(0..self.report.trace.len(), |h| {
            h.channel == channel && h.at <= at
        })
    }

    pub(super) fn last_step(&self, channel: usize) -> Option<usize> {
        self.find_last(0..self.report.trace.len(), |h| h.channel == channel)
    }

    fn step_at(
        &self,
        channel: usize,
        exten: &[u8],
        priority: u32,
        at: strowger_vm::Time,
    ) -> Option<usize> {
        self.find_last(0..self.report.trace.len(), |h| {
            h.channel == channel
                && h.at <= at
                && matches!(&h.what, Trace::Step(s) if s.exten == exten && s.priority == priority)
        })
    }

    fn find_last(
        &self,
        range: Range<usize>,
        is: impl Fn(&strowger_runtime::sim::Happened) -> bool,
    ) -> Option<usize> {
        let start = range.start;
        let found = self.report.trace[range]
            .iter()
            .rposition(|h| matches!(h.what, Trace::Step(_)) && is(h));
        found.map(|n| n + start)
    }

    /// The step that played a prompt.
    fn played_at(&self, heard: &report::Heard) -> Option<usize> {
        let answered = self.report.answers.iter().find(|a| {
            a.channel == heard.channel
                && a.asked <= heard.at
                && heard.at <= a.at
                && matches!(&a.effect, Effect::Play(play) if play.files.contains(&heard.file))
        });
        match answered {
            Some(answered) => self.before(heard.channel, answered.before),
            None => self.until(heard.channel, heard.at),
        }
    }

    /// The step that set a variable last.
    pub(super) fn set_at(&self, channel: usize, name: &[u8]) -> Option<usize> {
        let set = self.report.trace.iter().rposition(|h| {
            h.channel == channel && matches!(&h.what, Trace::Set { name: n, .. } if n == name)
        })?;
        self.before(channel, set)
    }

    pub(super) fn source(&self, step: Option<usize>, label: &str) -> Option<(Source, String)> {
        match &self.report.trace.get(step?)?.what {
            Trace::Step(step) => Some((step.source.clone()?, label.to_owned())),
            _ => None,
        }
    }
}

/// `context,exten,priority`.
fn place(step: &Executed) -> String {
    format!(
        "{},{},{}",
        lossy(&step.context),
        lossy(&step.exten),
        step.priority
    )
}

/// An empty text is shown as one.
fn written(text: &str) -> String {
    if text.is_empty() {
        "\"\"".to_owned()
    } else {
        text.to_owned()
    }
}

/// What stands before the `@` of an address.
pub(super) fn user(address: &[u8]) -> String {
    let text = lossy(address);
    let text = text
        .rsplit_once('<')
        .map_or(text.as_str(), |(_, rest)| rest);
    let text = text.split_once(':').map_or(text, |(_, rest)| rest);
    let end = text.find(['@', '>', ';']).unwrap_or(text.len());
    text[..end].to_owned()
}

/// What stands before the `@` of an address.
pub(crate) fn user_of(address: &str) -> String {
    user(address.as_bytes())
}

/// `sip:1002@pbx` as an endpoint of a test file.
pub(crate) fn endpoint_of(address: &str) -> String {
    let technology = if address.starts_with("sip") {
        "SIP"
    } else {
        "PJSIP"
    };
    format!("{technology}/{}", user(address.as_bytes()))
}
