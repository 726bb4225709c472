//! The machine of one channel, and its loop.
//!
//! Nothing recursive stands on Rust's stack. Code of a step runs at the bottom; what it starts (a text met at run time, a
//! function that waits, an application) is a [`Frame`] above it. A frame either starts another one, or returns to the one
//! below, or leaves with an effect; the machine can stop at any of these points and be resumed, cloned or dropped.

use std::sync::Arc;

use strowger_stdlib::template::{Slice, Substitution};
use strowger_stdlib::{Value, expr};

use crate::adopt;
use crate::app::App;
use crate::control::{Exception, Phase};
use crate::effect::{Answer, Effect, Level, Reply};
use crate::frame::Variables;
use crate::function::Function;
use crate::inputs::{Entry, Inputs, Place, Run, Time};
use crate::limits::{Budget, Limits};
use crate::macro_::Macro;
use crate::module::Module;
use crate::party::Party;
use crate::quick::SCRATCH;
use crate::route::Route;
use crate::slow::Programs;
use crate::trace::{Trace, Trail};
use crate::typed::Call;
use crate::write::Write;
use crate::{FaultKind, Interrupt, Step, Text};

/// One channel's machine.
#[derive(Debug, Clone)]
pub struct Vm {
    pub(crate) party: Party,
    pub(crate) variables: Variables,
    pub(crate) trail: Trail,
    pub(crate) budget: Budget,
    /// Where the channel stands, by name and number.
    pub(crate) place: Place,
    /// The same as indices, if it was found there.
    pub(crate) route: Option<Route>,
    /// Where the context of that name mostly is.
    pub(crate) home: usize,
    /// Where an application wants to go.
    pub(crate) jump: Option<Place>,
    /// Macros that run, the innermost last.
    pub(crate) macros: Vec<Macro>,
    pub(crate) phase: Phase,
    /// The next instruction of the step that runs.
    pub(crate) pc: Option<u32>,
    /// The head of the step that is to run as quick code.
    pub(crate) quick: Option<u32>,
    /// Text in the making.
    pub(crate) scratch: Vec<u8>,
    pub(crate) temporaries: Vec<Value>,
    pub(crate) frames: Vec<Frame>,
    /// A line is open at the driver.
    open: bool,
    /// What ran when [`Vm::call`] came in between.
    pub(crate) suspended: Vec<Suspended>,
    pub(crate) hangup: Option<u16>,
    /// Hangup() ran: nothing may go on, whatever it ran in.
    pub(crate) hangs_up: bool,
    pub(crate) redirect: Option<Box<Place>>,
    pub(crate) timed_out: bool,
    pub(crate) exception: Option<Box<Exception>>,
    /// `[[context,]exten,]priority[(args)]`, newest last.
    pub(crate) handlers: Vec<Text>,
    /// `SHARED()` of this channel.
    pub(crate) shared: Vec<(Text, Text)>,
    pub(crate) ending: crate::Ending,
    /// The last subroutine of the driver came to its Return.
    pub(crate) returned: bool,
    pub(crate) programs: Programs,
    /// The plan that it runs; taken out while it does.
    pub(crate) module: Option<Arc<Module>>,
}

/// What stands above the code of a step.
#[derive(Debug, Clone)]
pub(crate) enum Frame {
    /// A text met at run time.
    Subst(Box<Substitution>),
    /// An expression.
    Expr(Box<expr::Machine>),
    /// Cuts what the frame above returns; that one is still to be started.
    Cut(Slice, Option<Box<Frame>>),
    /// A function that could not answer at once.
    Function(Box<Function>),
    /// Assignments still to be made.
    Write(Box<Write>),
    /// An application.
    App(Box<App>),
    /// A function in typed code, out of fuel.
    Typed(Box<Call>),
    /// The application of the step, when its effect's answer is its result: nothing is left of it.
    Asked,
}

impl Frame {
    /// Bytes outside of it, as far as they may be many.
    fn memory(&self) -> usize {
        match self {
            Frame::Typed(call) => call.memory(),
            _ => 0,
        }
    }
}

impl From<Frame> for Act {
    fn from(frame: Frame) -> Act {
        Act::Push(frame)
    }
}

/// What a frame is given.
#[derive(Debug)]
pub(crate) enum Feed {
    /// It has just been started.
    Begin,
    /// The frame that it started returned this.
    Out(Out),
    /// The driver's answer to its effect.
    Reply(Answer),
}

/// What a frame returns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Out {
    /// A value.
    Value(Value),
    /// A function that ran and wrote nothing.
    Untouched,
    /// A function that is unknown or failed.
    Failed,
    /// The result of an application.
    Flow(Flow),
}

impl Out {
    /// As `${}` sees it.
    pub(crate) fn value(self) -> Value {
        match self {
            Out::Value(v) => v,
            Out::Untouched | Out::Failed | Out::Flow(_) => Value::EMPTY,
        }
    }
}

/// The result of an application (DL-148 to DL-153).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Flow {
    /// 0: the next priority, or where it jumped.
    Continue,
    /// -1: the dialplan ends.
    End,
    /// More digits are wanted for the current extension.
    Incomplete,
    /// A digit was pressed: it starts a new number.
    Digit(u8),
    /// The digit loop: nothing was pressed in time.
    Timeout,
    /// The digit loop: nothing matches these.
    Invalid(Text),
    /// A subroutine that the driver or a hangup started has returned.
    Returned,
    /// MacroExit.
    MacroExit,
}

/// What a frame does next.
pub(crate) enum Act {
    /// It starts another one and waits for it.
    Push(Frame),
    /// It starts another one in its place.
    Become(Frame),
    /// It is done.
    Return(Out),
    /// Nothing more in this round; the loop goes on with what is on top.
    Again,
    /// It needs the world.
    Leave(Effect),
}

/// What the machine was told at this moment.
#[derive(Clone, Copy)]
pub(crate) struct World<'a> {
    pub(crate) module: &'a Module,
    /// A newer plan, as long as the machine has not moved to it (see `adopt.rs`).
    pub(crate) newer: Option<&'a Arc<Module>>,
    pub(crate) inputs: &'a Inputs,
}

/// What waits while a subroutine runs in between.
#[derive(Debug, Clone)]
pub(crate) struct Suspended {
    pub(crate) place: Place,
    pub(crate) route: Option<Route>,
    macros: Vec<Macro>,
    phase: Phase,
    pub(crate) pc: Option<u32>,
    temporaries: Vec<Value>,
    pub(crate) frames: Vec<Frame>,
    /// Frames of subroutines then.
    depth: usize,
    /// A function of the plan started it, and wants the value; else the driver did, and its effect is open.
    inside: bool,
}

impl Vm {
    /// A machine that has not started.
    pub fn new(limits: Limits) -> Vm {
        Vm {
            party: Party::nobody(),
            variables: Variables::default(),
            trail: Trail::new(limits.trace),
            budget: Budget::new(limits),
            place: Place::default(),
            route: None,
            home: 0,
            jump: None,
            macros: Vec::new(),
            phase: Phase::Idle,
            pc: None,
            quick: None,
            scratch: Vec::new(),
            temporaries: Vec::new(),
            frames: Vec::new(),
            open: false,
            suspended: Vec::new(),
            hangup: None,
            hangs_up: false,
            redirect: None,
            timed_out: false,
            exception: None,
            handlers: Vec::new(),
            shared: Vec::new(),
            ending: crate::Ending::NoWay,
            returned: false,
            programs: Programs::default(),
            module: None,
        }
    }

    /// Starts running. Whatever ran before is forgotten.
    pub fn start(&mut self, module: &Arc<Module>, inputs: &Inputs, at: Entry) -> Step {
        self.forget_all();
        self.module = Some(Arc::clone(module));
        self.party = at.party;
        self.budget.begin(inputs.now);
        self.on(module, inputs, |vm, w| {
            for (name, value) in at.variables {
                vm.assign(w, &name, Value::text(&value));
            }
            vm.enter(w, at.run);
            vm.run(w, None)
        })
    }

    /// Runs something more on a channel that has run something: who is on it, its variables and its hangup handlers stay.
    pub fn again(&mut self, module: &Arc<Module>, inputs: &Inputs, run: Run) -> Step {
        self.stop();
        self.route = None;
        self.jump = None;
        self.hangs_up = false;
        self.redirect = None;
        self.timed_out = false;
        self.returned = false;
        self.ending = crate::Ending::NoWay;
        self.module.get_or_insert_with(|| Arc::clone(module));
        self.on(module, inputs, |vm, w| {
            vm.enter(w, run);
            vm.run(w, None)
        })
    }

    /// Whether the last subroutine, or the last application of [`Run::Line`], came to its end by itself.
    pub fn returned(&self) -> bool {
        self.returned
    }

    /// As new, but for what is only room.
    fn forget_all(&mut self) {
        self.stop();
        self.variables.clear();
        self.budget = Budget::new(self.budget.limits);
        self.place = Place::default();
        self.route = None;
        self.jump = None;
        self.hangup = None;
        self.hangs_up = false;
        self.redirect = None;
        self.timed_out = false;
        self.exception = None;
        self.handlers.clear();
        self.shared.clear();
        self.returned = false;
        self.ending = crate::Ending::NoWay;
    }

    /// Goes on after an effect (or after running out of fuel). `newest` is the plan of this moment: if it is another one than
    /// before, the call moves to it by name and number (DL-283), unless it was written for another Asterisk.
    pub fn resume(&mut self, newest: &Arc<Module>, inputs: &Inputs, reply: Reply) -> Step {
        if self.phase == Phase::Idle {
            return self.fault(FaultKind::Protocol);
        }
        self.on(newest, inputs, |vm, w| vm.take_reply(w, reply))
    }

    fn take_reply(&mut self, w: World, reply: Reply) -> Step {
        for (name, value) in reply.sets.into_iter().filter(|(name, _)| !name.is_empty()) {
            self.assign(w, &name, Value::text(&value));
        }
        if let Some(state) = reply.state {
            self.party.state = state;
        }
        if let Some(cause) = reply.cause {
            self.party.cause = cause;
        }
        if std::mem::take(&mut self.open) {
            // The usual answer to the usual application: its step is over.
            if let (Answer::Done, [Frame::Asked], None) =
                (&reply.answer, self.frames.as_slice(), w.newer)
            {
                self.pc = None;
                self.frames.clear();
                self.budget.burn(2);
                return match self.next_quick(w) {
                    Some(head) => self.run_on(w, head),
                    None => self.run(w, Some(Feed::Out(Out::Flow(Flow::Continue)))),
                };
            }
            return self.run(w, Some(Feed::Reply(reply.answer)));
        }
        // Nothing was asked: it had run out of fuel.
        if !self.budget.refill() {
            if let Some(function) = self.typed_place(w) {
                self.place = function;
            }
            return self.fault(FaultKind::Fuel);
        }
        self.run(w, None)
    }

    /// Does something on the plan that the machine runs, with the newest one in view.
    fn on(
        &mut self,
        newest: &Arc<Module>,
        inputs: &Inputs,
        act: impl FnOnce(&mut Vm, World) -> Step,
    ) -> Step {
        let Some(own) = self.module.take() else {
            return self.fault(FaultKind::Protocol);
        };
        let w = World {
            module: &own,
            newer: (!Arc::ptr_eq(&own, newest) && adopt::is_kin(&own, newest)).then_some(newest),
            inputs,
        };
        let step = act(self, w);
        // Unless it has moved.
        self.module.get_or_insert(own);
        step
    }

    /// Something happened meanwhile; the next [`Vm::resume`] acts on it, after it has stored the reply.
    pub fn interrupt(&mut self, why: Interrupt) {
        match why {
            Interrupt::Hangup { cause } => {
                if cause != 0 {
                    self.party.cause = cause;
                }
                self.hangup.get_or_insert(cause);
            }
            Interrupt::AbsoluteTimeout => self.timed_out = true,
            Interrupt::Redirect(place) => self.redirect = Some(Box::new(place)),
        }
    }

    /// Runs a subroutine while an effect is open; ends in [`Step::Returned`], after which the effect is open again.
    pub fn call(
        &mut self,
        newest: &Arc<Module>,
        inputs: &Inputs,
        sub: Place,
        args: Vec<Text>,
    ) -> Step {
        if self.suspended.len() > self.budget.limits.depth {
            return self.fault(FaultKind::Protocol);
        }
        self.module.get_or_insert_with(|| Arc::clone(newest));
        self.on(newest, inputs, |vm, w| {
            vm.suspend(false);
            vm.open = false;
            vm.enter_sub(w, sub, &args);
            vm.run(w, None)
        })
    }

    /// When the call must end (`TIMEOUT(absolute)`). The machine looks at it at each step; a driver that waits in an effect
    /// sends [`Interrupt::AbsoluteTimeout`].
    pub fn deadline(&self) -> Option<Time> {
        self.party.deadline
    }

    /// Who is on the channel.
    pub fn party(&self) -> &Party {
        &self.party
    }

    /// The same, for the driver: an update that came in while no effect told it (connected line, state).
    pub fn party_mut(&mut self) -> &mut Party {
        &mut self.party
    }

    /// Where the channel stands.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// A channel variable by name (not built-ins, not globals).
    pub fn variable(&self, name: &[u8]) -> Option<Text> {
        self.variables
            .get(self.module.as_ref()?, name)
            .map(|v| v.bytes().into_owned())
    }

    /// All channel variables by name, oldest first.
    pub fn variables(&self) -> Vec<(Text, Text)> {
        let all = self.module.as_ref().map(|m| self.variables.all(m));
        all.into_iter()
            .flatten()
            .map(|(n, v, _)| (n.to_vec(), v.bytes().into_owned()))
            .collect()
    }

    /// The same as an [`Entry`] takes them: with `_` or `__` before the names of those that are inherited.
    pub fn bequest(&self) -> Vec<(Text, Text)> {
        let all = self.module.as_ref().map(|m| self.variables.all(m));
        all.into_iter()
            .flatten()
            .map(|(n, v, mark)| ([mark.prefix(), n].concat(), v.bytes().into_owned()))
            .collect()
    }

    /// Bytes that the machine occupies: itself, the text of who is on the channel, variables, and what runs; texts that are
    /// shared count in full. Not the trace, which the driver takes.
    pub fn memory(&self) -> usize {
        let texts = |list: &[Text]| list.iter().map(Vec::capacity).sum::<usize>();
        size_of::<Vm>()
            + self.party.heap_bytes()
            + self.variables.heap_bytes()
            + self.place.context.capacity()
            + self.place.exten.capacity()
            + self.scratch.capacity()
            + self.temporaries.capacity() * size_of::<Value>()
            + self
                .temporaries
                .iter()
                .map(Value::heap_bytes)
                .sum::<usize>()
            + self.frames.capacity() * size_of::<Frame>()
            + self.frames.iter().map(Frame::memory).sum::<usize>()
            + self.macros.iter().map(Macro::memory).sum::<usize>()
            + self.suspended.capacity() * size_of::<Suspended>()
            + texts(&self.handlers)
    }

    /// Whether steps and writes of variables are to be traced, or only notes. While they are, nothing runs as quick code.
    pub fn trace_steps(&mut self, wanted: bool) {
        self.trail.want_steps(wanted);
    }

    /// What happened since the last time; empties it.
    pub fn take_trace(&mut self) -> Vec<Trace> {
        self.trail.take()
    }

    pub(crate) fn fault(&mut self, kind: FaultKind) -> Step {
        let place = self.place.clone();
        self.stop();
        Step::Fault(crate::Fault { kind, place })
    }

    /// Nothing runs any more.
    fn stop(&mut self) {
        self.phase = Phase::Idle;
        self.pc = None;
        self.quick = None;
        self.frames.clear();
        self.macros.clear();
        self.suspended.clear();
        self.open = false;
    }

    pub(crate) fn note(&mut self, level: Level, text: impl Into<String>) {
        self.trail.push(Trace::Note {
            level,
            text: text.into(),
        });
    }

    pub(crate) fn warn(&mut self, text: impl Into<String>) {
        self.note(Level::Warning, text);
    }

    /// Puts aside what runs, for a subroutine.
    pub(crate) fn suspend(&mut self, inside: bool) {
        self.suspended.push(Suspended {
            place: std::mem::take(&mut self.place),
            route: self.route.take(),
            macros: std::mem::take(&mut self.macros),
            phase: std::mem::replace(&mut self.phase, Phase::Sub),
            pc: self.pc.take(),
            temporaries: std::mem::take(&mut self.temporaries),
            frames: std::mem::take(&mut self.frames),
            depth: self.variables.depth(),
            inside,
        });
    }

    /// Goes back to what a subroutine came in between of.
    pub(crate) fn give_back(&mut self, w: World, value: Text) -> Result<Act, Step> {
        let Some(s) = self.suspended.pop() else {
            self.stop();
            return Err(Step::Returned(value));
        };
        self.drop_macros(w);
        while self.variables.depth() > s.depth {
            self.leave_frame(w);
        }
        self.place = s.place;
        self.route = s.route;
        self.macros = s.macros;
        self.phase = s.phase;
        self.pc = s.pc;
        self.temporaries = s.temporaries;
        self.frames = s.frames;
        if s.inside {
            return Ok(Act::Return(Out::Value(Value::text(&value))));
        }
        self.open = true;
        Err(Step::Returned(value))
    }

    pub(crate) fn finish(&mut self, outcome: crate::Outcome) -> Step {
        self.stop();
        Step::Done(outcome)
    }

    /// Runs quick code from the head of a step on, and whatever comes behind it.
    fn run_on(&mut self, w: World, head: u32) -> Step {
        let left = self.quick(w, head);
        let act = match self.asks(w, left) {
            Some(effect) => Ok(Act::Leave(effect)),
            None => self.after_quick(w, left).unwrap_or(Ok(Act::Again)),
        };
        let feed = match act {
            Ok(Act::Leave(effect)) => match self.leave(w, effect) {
                Ok(step) => return step,
                Err(gone) => Some(gone),
            },
            Ok(Act::Push(frame) | Act::Become(frame)) => {
                self.frames.push(frame);
                None
            }
            Ok(Act::Return(out)) => Some(Feed::Out(out)),
            Ok(Act::Again) => None,
            Err(step) => return step,
        };
        self.run(w, feed)
    }

    /// Stops with an effect, unless it needs a channel that is gone.
    #[inline]
    fn leave(&mut self, w: World, effect: Effect) -> Result<Step, Feed> {
        self.scratch.shrink_to(SCRATCH);
        if self.is_gone() && is_media(&effect) {
            return Err(Feed::Reply(Answer::Gone));
        }
        if !self.budget.effect(w.inputs.now) {
            return Ok(self.fault(FaultKind::Effects));
        }
        self.open = true;
        Ok(Step::Effect(effect))
    }

    /// The loop.
    fn run(&mut self, mut w: World, mut feed: Option<Feed>) -> Step {
        loop {
            // Arguments in hand belong to the step that was read before.
            if let Some(newer) = w.newer
                && !matches!(feed, Some(Feed::Out(Out::Value(_))))
                && self.may_move(w.module)
            {
                self.adopt(w.inputs, w.module, newer);
                w.module = newer;
                w.newer = None;
            }
            if let Some(kind) = self.over_limits() {
                return self.fault(kind);
            }
            // With a feed in hand the round is finished first, or it would be lost.
            if self.budget.fuel == 0 && feed.is_none() {
                return Step::OutOfFuel;
            }
            let act = match self.frames.pop() {
                Some(mut frame) => {
                    let given = feed.take().unwrap_or(Feed::Begin);
                    self.budget.burn(2);
                    let act = self.advance(w, &mut frame, given);
                    if matches!(act, Act::Push(_) | Act::Leave(_)) {
                        self.frames.push(frame);
                    }
                    act
                }
                None => match self.code(w, feed.take()) {
                    Ok(act) => act,
                    Err(step) => return step,
                },
            };
            match act {
                Act::Push(next) | Act::Become(next) => self.frames.push(next),
                Act::Again => {}
                Act::Return(out) => feed = Some(Feed::Out(out)),
                Act::Leave(effect) => match self.leave(w, effect) {
                    Ok(step) => return step,
                    Err(gone) => feed = Some(gone),
                },
            }
        }
    }

    fn over_limits(&self) -> Option<FaultKind> {
        let limits = &self.budget.limits;
        if self.variables.bytes() > limits.memory {
            Some(FaultKind::Memory)
        } else if self.variables.depth() > limits.depth || self.frames.len() > limits.depth {
            Some(FaultKind::Depth)
        } else {
            None
        }
    }

    /// The channel was hung up, or its dialplan has ended and `h` or a hangup handler runs.
    pub(crate) fn is_gone(&self) -> bool {
        self.hangup.is_some() || matches!(self.phase, Phase::Hangup | Phase::Handlers)
    }

    fn advance(&mut self, w: World, frame: &mut Frame, feed: Feed) -> Act {
        match frame {
            Frame::Subst(s) => self.substitute(w, s, feed),
            Frame::Expr(m) => self.evaluate(w, m, feed),
            Frame::Cut(slice, above) => match (feed, above.take()) {
                (Feed::Begin, Some(above)) => Act::Push(*above),
                (Feed::Out(Out::Value(v)), _) => Act::Return(Out::Value(slice.cut_value(&v))),
                (Feed::Out(other), _) => Act::Return(other),
                (Feed::Begin | Feed::Reply(_), _) => Act::Return(Out::Failed),
            },
            Frame::Function(f) => self.function(w, f, feed),
            Frame::Write(q) => self.write(w, q, feed),
            Frame::App(a) => self.application(w, a, feed),
            Frame::Typed(call) => self.go_on_typed(w, call, &feed),
            Frame::Asked => match feed {
                Feed::Reply(answer) => {
                    let step = self
                        .route
                        .and_then(|r| w.module.priority(r.context, r.entry, r.index));
                    let name = step.map_or(&b""[..], |p| w.module.text(p.application));
                    self.answered(name, answer)
                }
                Feed::Begin | Feed::Out(_) => Act::Return(Out::Flow(Flow::End)),
            },
        }
    }
}

/// Whether an effect needs the media path, which is gone when the channel is (DL-161).
fn is_media(e: &Effect) -> bool {
    matches!(
        e,
        Effect::Answer { .. }
            | Effect::Dial(_)
            | Effect::Play(_)
            | Effect::Say { .. }
            | Effect::Echo
            | Effect::Wait { .. }
            | Effect::Digit { .. }
            | Effect::Ringing
            | Effect::Progress
            | Effect::Proceeding
            | Effect::Busy { .. }
            | Effect::Congestion { .. }
            | Effect::SendText { .. }
    )
}
