//! Where a channel goes: from priority to priority, to `i`, `t`, `T`, `e`, `h`, into hangup handlers, to the end (DL section N).

use strowger_stdlib::Value;
use strowger_stdlib::{args, scan};

use crate::app::{App, Kind};
use crate::effect::Level;
use crate::inputs::{PLACE_BYTES, Place, Run};
use crate::known::Known;
use crate::pattern::Question;
use crate::route::{self, Route, Want};
use crate::run::{Act, Flow, Frame, Out, Vm, World};
use crate::{Ending, Outcome, Step, Text};

/// What the channel is doing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Phase {
    /// Nothing.
    Idle,
    /// A call.
    Call,
    /// A message outside a call.
    Message,
    /// `h`, after the end.
    Hangup,
    /// Hangup handlers, after `h`.
    Handlers,
    /// A subroutine for the driver.
    Sub,
    /// One application for the driver, still to be started.
    Line(Option<Text>),
    /// One text: application lines still to run (the next one last), then the text.
    Eval {
        before: Vec<Text>,
        text: Option<Text>,
    },
}

/// What `EXCEPTION()` tells.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Exception {
    pub(crate) reason: Text,
    pub(crate) place: Place,
}

impl Vm {
    /// Prepares what an entry wants; its variables are set already.
    pub(crate) fn enter(&mut self, w: World, run: Run) {
        match run {
            Run::Call(at) => {
                self.phase = Phase::Call;
                self.place = settled_place(at);
            }
            Run::Message(at) => {
                self.phase = Phase::Message;
                let context = w
                    .module
                    .entered_by_text(&at.context, &at.exten)
                    .into_owned();
                self.place = settled_place(Place { context, ..at });
            }
            Run::Sub(at, arguments) => self.enter_sub(w, at, &arguments),
            Run::Line(at, line) => {
                self.phase = Phase::Line(Some(line));
                self.place = settled_place(at);
            }
            Run::Over(at) => {
                self.phase = Phase::Hangup;
                self.budget.renew();
                self.place = at;
            }
            Run::Eval {
                place,
                mut before,
                text,
            } => {
                before.reverse();
                self.phase = Phase::Eval {
                    before,
                    text: Some(text),
                };
                self.place = place;
            }
        }
    }

    /// Enters a subroutine that does not return into the plan.
    pub(crate) fn enter_sub(&mut self, w: World, at: Place, arguments: &[Text]) {
        self.phase = Phase::Sub;
        let back = std::mem::replace(&mut self.place, settled_place(at));
        self.route = None;
        self.variables.push(w.module, back, arguments, true);
    }

    /// Decides what runs next, when nothing runs.
    pub(crate) fn control(&mut self, w: World, out: Option<Out>) -> Result<Act, Step> {
        match (&mut self.phase, out) {
            (Phase::Idle, _) => Err(self.fault(crate::FaultKind::Protocol)),
            (Phase::Eval { .. }, Some(Out::Value(value))) => {
                self.give_back(w, value.bytes().into_owned())
            }
            (
                Phase::Eval { before, text },
                None | Some(Out::Flow(Flow::Continue) | Out::Untouched),
            ) => {
                if let Some(line) = before.pop() {
                    return Ok(Self::run_line(w, &line));
                }
                match text.take() {
                    Some(text) => Ok(Act::Push(self.subst_frame(w, &text))),
                    None => self.give_back(w, Text::new()),
                }
            }
            (Phase::Eval { .. }, Some(Out::Flow(_) | Out::Failed)) => {
                self.end(w, Ending::Application)
            }
            (Phase::Line(line), None) if line.is_some() => {
                let line = line.take().unwrap_or_default();
                Ok(Self::run_line(w, &line))
            }
            (_, Some(Out::Flow(flow))) => self.after(w, flow),
            (_, Some(Out::Value(_) | Out::Untouched | Out::Failed) | None) => self.arrive(w),
        }
    }

    /// `App(args)` as a line of a plan would run it here.
    fn run_line(w: World, line: &[u8]) -> Act {
        let (name, arguments) = args::application(line);
        let name = scan::trim_start(name);
        Act::Push(Frame::App(Box::new(App::line(
            w.module.known(name),
            name,
            arguments,
        ))))
    }

    /// The application of a step is done.
    fn after(&mut self, w: World, flow: Flow) -> Result<Act, Step> {
        let mut flow = flow;
        if !self.macros.is_empty()
            && let Some(act) = self.in_macro(w, &mut flow)
        {
            return Ok(act);
        }
        let called = matches!(self.phase, Phase::Call | Phase::Message);
        match flow {
            Flow::Returned if self.phase == Phase::Sub => {
                let value = self
                    .variables
                    .get(w.module, b"GOSUB_RETVAL")
                    .map(|v| v.bytes().into_owned());
                self.returned = true;
                self.give_back(w, value.unwrap_or_default())
            }
            Flow::Returned if self.phase == Phase::Handlers => self.next_handler(w),
            // Where it wanted to go, nobody asks.
            Flow::Continue if matches!(self.phase, Phase::Line(_)) && self.macros.is_empty() => {
                self.line_over(w)
            }
            Flow::Continue => {
                match self.jump.take() {
                    Some(place) => self.go(place),
                    None => self.advance_priority(w),
                }
                self.arrive(w)
            }
            // A hang-up, a redirect or the absolute timeout made the application end: those decide.
            Flow::End
                if called
                    && (self.hangup.is_some() || self.redirect.is_some() || self.is_late(w)) =>
            {
                self.jump = None;
                self.arrive(w)
            }
            Flow::Digit(d) if called => Ok(self.collect(vec![d])),
            Flow::Incomplete if called => {
                let dialled = self.place.exten.clone();
                if self.matches(w, &dialled, Question::MatchMore) {
                    let frame = App::collect_more(dialled);
                    Ok(Act::Push(Frame::App(Box::new(frame))))
                } else {
                    self.invalid(w, dialled)
                }
            }
            Flow::Timeout if called => self.silence(w),
            Flow::Invalid(digits) if called => self.invalid(w, digits),
            Flow::End
            | Flow::Digit(_)
            | Flow::Incomplete
            | Flow::Timeout
            | Flow::Invalid(_)
            | Flow::MacroExit
            | Flow::Returned => self.end(w, Ending::Application),
        }
    }

    /// Stands somewhere else now.
    pub(crate) fn go(&mut self, place: Place) {
        self.place = settled_place(place);
        self.route = None;
    }

    /// To the next number; a settled route needs no look-up for it.
    fn advance_priority(&mut self, w: World) {
        self.place.priority = self.place.priority.saturating_add(1);
        let number = self.place.priority;
        self.route = self.route.filter(|r| r.settled).and_then(|r| {
            let index = r.index.saturating_add(1);
            match w.module.priority(r.context, r.entry, index) {
                Some(p) if p.number == number => Some(Route { index, ..r }),
                _ => r.alone.then(|| r.past_the_end()),
            }
        });
    }

    /// Runs the step where the channel stands, if there is one.
    pub(crate) fn arrive(&mut self, w: World) -> Result<Act, Step> {
        if w.newer.is_some() && self.may_move(w.module) {
            // The loop moves first, and comes here again.
            return Ok(Act::Again);
        }
        if let Some(done) = self.latched(w) {
            return done;
        }
        if matches!(self.phase, Phase::Line(_)) && self.macros.is_empty() {
            return self.line_over(w);
        }
        self.budget.burn(1);
        let naive = self.budget.limits.naive;
        if self.route.is_none() || naive {
            self.home = w
                .module
                .context_near(self.home, &self.place.context)
                .unwrap_or(self.home);
            let found = self.find(
                w,
                &self.place.context,
                &self.place.exten,
                Want::Number(self.place.priority),
            );
            self.route = found;
        }
        match self
            .route
            .and_then(|r| w.module.priority(r.context, r.entry, r.index))
        {
            Some(_) if naive => {
                self.pc = None;
                Ok(self.begin_written(w))
            }
            Some(_) => {
                self.quick = self.quick_start(w);
                if self.quick.is_none() {
                    self.begin_whole(w);
                }
                Ok(Act::Again)
            }
            None => self.not_found(w),
        }
    }

    /// What happened while the channel waited decides now.
    fn latched(&mut self, w: World) -> Option<Result<Act, Step>> {
        match self.phase {
            Phase::Call | Phase::Message | Phase::Sub | Phase::Line(_) if self.hangup.is_some() => {
                Some(self.end(w, Ending::HungUp))
            }
            // Hangup() ran inside of something that went on.
            Phase::Call | Phase::Message | Phase::Sub | Phase::Line(_) if self.hangs_up => {
                Some(self.end(w, Ending::Application))
            }
            Phase::Call | Phase::Message => {
                if let Some(place) = self.redirect.take() {
                    self.drop_macros(w);
                    self.go(*place);
                    return None;
                }
                if self.is_late(w) {
                    self.timed_out = false;
                    self.party.deadline = None;
                    self.leave_macros(w);
                    if self.exists(w, b"T") {
                        self.go(self.special(b"T"));
                        return None;
                    }
                    return Some(self.raise(w, b"ABSOLUTETIMEOUT"));
                }
                None
            }
            // Its caller deals with it.
            Phase::Sub | Phase::Line(_) if self.redirect.is_some() || self.is_late(w) => {
                Some(self.end(w, Ending::Application))
            }
            _ => None,
        }
    }

    /// Whether something may decide where it goes, other than its plan. A deadline is looked at by its time elsewhere.
    pub(crate) fn is_latched(&self) -> bool {
        self.hangup.is_some()
            || self.hangs_up
            || self.redirect.is_some()
            || self.timed_out
            || self.party.deadline.is_some()
    }

    /// Whether what happened meanwhile decides where it goes, at this moment.
    pub(crate) fn is_interrupted(&self, w: World) -> bool {
        self.hangup.is_some() || self.hangs_up || self.redirect.is_some() || self.is_late(w)
    }

    fn is_late(&self, w: World) -> bool {
        self.timed_out || self.party.deadline.is_some_and(|at| at <= w.inputs.now)
    }

    pub(crate) fn find(&self, w: World, context: &[u8], exten: &[u8], want: Want) -> Option<Route> {
        let start = w.module.context_near(self.home, context)?;
        let caller = self.party.caller.number.as_deref();
        route::find(
            w.module,
            w.inputs,
            start,
            exten,
            want,
            caller,
            Question::Match,
        )
    }

    /// Whether this extension exists in the present context.
    pub(crate) fn exists(&self, w: World, exten: &[u8]) -> bool {
        self.find(w, &self.place.context, exten, Want::Number(1))
            .is_some()
    }

    /// Whether a call that ends here goes on at `h`.
    fn has_h(&self, w: World) -> bool {
        let home = w.module.context_near(self.home, &self.place.context);
        let never = home.is_some_and(|c| !self.budget.limits.naive && w.module.ends_without_h(c));
        !never && self.exists(w, b"h")
    }

    /// Whether `e` takes what goes wrong here (DL-160).
    pub(crate) fn takes_errors(&self, w: World) -> bool {
        w.module.dialect().error_extension && self.exists(w, b"e")
    }

    pub(crate) fn matches(&self, w: World, dialled: &[u8], question: Question) -> bool {
        self.matches_in(w, &self.place.context, dialled, question)
    }

    pub(crate) fn matches_in(
        &self,
        w: World,
        context: &[u8],
        dialled: &[u8],
        question: Question,
    ) -> bool {
        let Some(start) = w.module.context_near(self.home, context) else {
            return false;
        };
        let caller = self.party.caller.number.as_deref();
        let want = Want::Number(1);
        route::find(w.module, w.inputs, start, dialled, want, caller, question).is_some()
    }

    /// No such priority (DL-154).
    fn not_found(&mut self, w: World) -> Result<Act, Step> {
        if !self.macros.is_empty() {
            return Ok(self.macro_ends(w));
        }
        if !matches!(self.phase, Phase::Call | Phase::Message) {
            return self.end(w, Ending::FellThrough);
        }
        // An entry that is alone here is the only one to have a first priority.
        let entry = self
            .route
            .filter(|r| r.alone)
            .and_then(|r| w.module.entry(r));
        let exists = match entry {
            Some(entry) => entry.priority(1).is_some(),
            None => self.exists(w, &self.place.exten),
        };
        if !exists {
            return self.invalid(w, self.place.exten.clone());
        }
        if !w.module.parts.options.autofallthrough {
            return Ok(self.collect(Text::new()));
        }
        let status = self.read(w, b"DIALSTATUS").bytes().to_ascii_uppercase();
        match status.as_slice() {
            b"BUSY" => Ok(Self::tone(Kind::Busy)),
            b"CONGESTION" | b"CHANUNAVAIL" => Ok(Self::tone(Kind::Congestion)),
            _ => self.end(w, Ending::FellThrough),
        }
    }

    /// Ten seconds of a tone, then the end.
    fn tone(kind: Kind) -> Act {
        Act::Push(Frame::App(Box::new(App::new(
            Known::Here(kind),
            b"",
            Value::int(10),
        ))))
    }

    /// Waits for digits of a number (DL-143).
    fn collect(&mut self, digits: Text) -> Act {
        Act::Push(Frame::App(Box::new(App::collect(digits))))
    }

    /// `i`, else `e`, else the end.
    pub(crate) fn invalid(&mut self, w: World, exten: Text) -> Result<Act, Step> {
        if self.exists(w, b"i") {
            self.assign(w, b"INVALID_EXTEN", Value::text(&exten));
            self.go(self.special(b"i"));
            return self.arrive(w);
        }
        if self.takes_errors(w) {
            return self.raise(w, b"INVALID");
        }
        self.warn(format!(
            "the channel was sent to the invalid extension {},{},{}, and there is no `i` to deal with it",
            self.place.context.escape_ascii(),
            exten.escape_ascii(),
            self.place.priority
        ));
        self.end(w, Ending::NoWay)
    }

    /// `t`, else `e`, else the end (DL-157).
    pub(crate) fn silence(&mut self, w: World) -> Result<Act, Step> {
        if self.exists(w, b"t") {
            self.go(self.special(b"t"));
            return self.arrive(w);
        }
        if self.takes_errors(w) {
            return self.raise(w, b"RESPONSETIMEOUT");
        }
        self.warn(format!(
            "nothing was dialled in time, and {} has no `t`",
            self.place.context.escape_ascii()
        ));
        self.end(w, Ending::NoWay)
    }

    /// To `e` of the present context.
    fn raise(&mut self, w: World, reason: &[u8]) -> Result<Act, Step> {
        let e = self.exception(reason);
        if !self.takes_errors(w) {
            return self.end(w, Ending::NoWay);
        }
        self.go(e);
        self.arrive(w)
    }

    /// Describes an exception that happens here; where it leads, whether there is an `e` or not.
    pub(crate) fn exception(&mut self, reason: &[u8]) -> Place {
        self.exception = Some(Box::new(Exception {
            reason: reason.to_vec(),
            place: self.place.clone(),
        }));
        self.special(b"e")
    }

    /// The first priority of an extension of the present context.
    pub(crate) fn special(&self, exten: &[u8]) -> Place {
        Place {
            exten: exten.to_vec(),
            priority: 1,
            context: self.place.context.clone(),
        }
    }

    /// This phase is over.
    pub(crate) fn end(&mut self, w: World, why: Ending) -> Result<Act, Step> {
        self.jump = None;
        self.leave_macros(w);
        match self.phase {
            Phase::Call => {
                self.ending = why;
                self.phase = Phase::Hangup;
                self.budget.renew();
                if self.has_h(w) {
                    self.go(self.special(b"h"));
                    return self.arrive(w);
                }
                self.next_handler(w)
            }
            Phase::Hangup => self.next_handler(w),
            Phase::Handlers => {
                self.unwind(w);
                self.assign(w, b"GOSUB_RETVAL", Value::EMPTY);
                self.next_handler(w)
            }
            Phase::Sub => {
                self.unwind(w);
                self.assign(w, b"GOSUB_RETVAL", Value::EMPTY);
                self.give_back(w, Text::new())
            }
            Phase::Idle | Phase::Message | Phase::Line(_) | Phase::Eval { .. } => {
                self.ending = why;
                Err(self.done())
            }
        }
    }

    /// The application of [`Run::Line`] is done.
    fn line_over(&mut self, w: World) -> Result<Act, Step> {
        self.jump = None;
        self.returned = true;
        self.give_back(w, Text::new())
    }

    /// Drops the frames of a routine that did not return, its own one included (DL-259).
    fn unwind(&mut self, w: World) {
        while self.leave_frame(w).is_some_and(|f| !f.outermost) {}
    }

    /// The newest hangup handler that is left (DL-162), else the end.
    fn next_handler(&mut self, w: World) -> Result<Act, Step> {
        while let Some(handler) = self.handlers.pop() {
            let (target, arguments) = args::gosub(&handler);
            match self.target(w, target) {
                Some(place)
                    if self
                        .find(
                            w,
                            &place.context,
                            &place.exten,
                            Want::Number(place.priority),
                        )
                        .is_some() =>
                {
                    self.enter_sub(w, place, &arguments);
                    self.phase = Phase::Handlers;
                    self.budget.renew();
                    return self.arrive(w);
                }
                _ => self.note(
                    Level::Error,
                    format!(
                        "the hangup handler {} does not exist",
                        handler.escape_ascii()
                    ),
                ),
            }
        }
        Err(self.done())
    }

    fn done(&mut self) -> Step {
        let outcome = Outcome {
            cause: self.party.cause,
            why: self.ending,
        };
        self.finish(outcome)
    }

    /// Drops the top frame; what it hid shows again.
    pub(crate) fn leave_frame(&mut self, w: World) -> Option<crate::frame::Gosub> {
        let (frame, names) = self.variables.pop(w.module)?;
        for name in names {
            let value = self
                .variables
                .get(w.module, &name)
                .map(|v| v.bytes().into_owned());
            self.trail.push(crate::Trace::Set { name, value });
        }
        Some(frame)
    }

    /// Sets a channel variable; its name may carry `_` or `__`. Not for functions.
    pub(crate) fn assign(&mut self, w: World, name: &[u8], value: Value) {
        let (mark, name) = crate::frame::Mark::split(name);
        if self.trail.wants_steps() {
            self.trail.push(crate::Trace::Set {
                name: name.to_vec(),
                value: Some(value.bytes().into_owned()),
            });
        }
        self.variables.set(w.module, name, value, mark);
    }

    /// Unsets a channel variable; marks of inheritance are no part of its name.
    pub(crate) fn forget(&mut self, w: World, name: &[u8]) {
        let (_, name) = crate::frame::Mark::split(name);
        self.trail.push(crate::Trace::Set {
            name: name.to_vec(),
            value: None,
        });
        self.variables.unset(w.module, name);
    }
}

/// An empty extension means `s`, no priority means the first.
fn settled_place(mut at: Place) -> Place {
    at.context.truncate(PLACE_BYTES);
    at.exten.truncate(PLACE_BYTES);
    if at.exten.is_empty() {
        at.exten = b"s".to_vec();
    }
    at
}
