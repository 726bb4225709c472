//! Running the code of a step: quick code first if it may, then whole code, or the text as it is written; each leads to an
//! application or to the next step.

use strowger_stdlib::{Value, expr};

use crate::Step;
use crate::app::{App, Waits};
use crate::builtin::{Builtin, global};
use crate::control::Phase;
use crate::effect::Effect;
use crate::known::Known;
use crate::module::StrId;
use crate::op::Op;
use crate::quick::Left;
use crate::run::{Act, Feed, Flow, Frame, Out, Vm, World};
use crate::trace::{Executed, Trace};

impl Vm {
    /// Runs code of the step until something is started above it, or the step ends.
    pub(crate) fn code(&mut self, w: World, feed: Option<Feed>) -> Result<Act, Step> {
        let code = &w.module.parts.code;
        let out = match feed {
            Some(Feed::Out(out)) => Some(out),
            // The bottom itself never leaves with an effect.
            Some(Feed::Reply(_) | Feed::Begin) | None => None,
        };
        if let Some(head) = self.quick.take()
            && let Some(act) = self.run_quick(w, head)
        {
            return act;
        }
        let Some(mut pc) = self.pc else {
            return match out {
                Some(Out::Value(arguments)) if self.budget.limits.naive && self.runs_steps() => {
                    self.run_written(w, arguments)
                }
                out => self.control(w, out),
            };
        };
        if let Some(out) = out {
            match (
                code.get(pc.wrapping_sub(1) as usize)
                    .map(|i| (i.op(), i.a())),
                out,
            ) {
                (Some((Op::App, _)), Out::Flow(flow)) => {
                    self.pc = None;
                    return self.control(w, Some(Out::Flow(flow)));
                }
                (Some((_, to)), out) => self.store(to, out.value()),
                (None, _) => {}
            }
        }
        loop {
            let Some(word) = code.get(pc as usize).copied() else {
                return self.control(w, None);
            };
            if self.budget.fuel == 0 {
                return Err(Step::OutOfFuel);
            }
            self.budget.burn(word.op().info().cost);
            pc += 1;
            self.pc = Some(pc);
            match word.op() {
                Op::Text => self.store(word.a(), Value::text(w.module.text(StrId(word.bc())))),
                Op::Var => {
                    let value = match self.variables.slot(word.b()) {
                        Some(v) => v.clone(),
                        None => global(w.inputs, w.module.slot_name(word.b())),
                    };
                    self.store(word.a(), value);
                }
                Op::Built => {
                    let value =
                        Builtin::from_byte(word.k()).map_or(Value::EMPTY, |b| self.builtin(w, b));
                    self.store(word.a(), value);
                }
                Op::Slice => {
                    let value = self.load(word.b());
                    let cut = w
                        .module
                        .parts
                        .slices
                        .get(usize::from(word.c()))
                        .map(|s| s.cut_value(&value));
                    self.store(word.a(), cut.unwrap_or(value));
                }
                Op::Cat => {
                    let mut text = self.join(word.b(), word.c());
                    text.truncate(strowger_stdlib::template::BODY_LIMIT);
                    self.store(word.a(), Value::text(&text));
                }
                Op::Result => {
                    let mut text = self.join(word.b(), word.c());
                    text.truncate(strowger_stdlib::template::RESULT_LIMIT);
                    self.store(word.a(), Value::text(&text));
                }
                Op::Call => {
                    let name = w.module.parts.functions.get(usize::from(word.c()));
                    let name = name.map_or(&b""[..], |id| w.module.text(*id));
                    let args = self.load(word.b());
                    match self.begin_function(w, name, &args.bytes()) {
                        Act::Return(out) => self.store(word.a(), out.value()),
                        act => return Ok(act),
                    }
                }
                Op::Body => {
                    let body = self.load(word.b());
                    match self.begin_body(w, &body.bytes()) {
                        Act::Return(out) => self.store(word.a(), out.value()),
                        act => return Ok(act),
                    }
                }
                Op::Expr => {
                    let text = self.load(word.b());
                    let program = self.programs.expression(&text.bytes(), w.module.dialect());
                    return Ok(Act::Push(Frame::Expr(Box::new(expr::Machine::new(
                        program,
                    )))));
                }
                Op::Subst => {
                    let text = self.load(word.b());
                    return Ok(Act::Push(self.subst_frame(w, &text.bytes())));
                }
                Op::App => {
                    let arguments = self.load(word.a());
                    return Ok(self.run_step(w, w.module.known_by_index(word.bc()), arguments));
                }
                Op::Next => {
                    self.pc = None;
                    return self.control(w, Some(Out::Flow(Flow::Continue)));
                }
                // Quick code only; a verified module has none here.
                _ => return self.control(w, None),
            }
        }
    }

    /// Runs quick code from the head of a step; `None`: a step is to run as whole code, from its beginning.
    fn run_quick(&mut self, w: World, head: u32) -> Option<Result<Act, Step>> {
        let left = self.quick(w, head);
        self.after_quick(w, left)
    }

    /// Goes on where quick code stopped; `None` as for [`Vm::run_quick`].
    pub(crate) fn after_quick(&mut self, w: World, mut left: Left) -> Option<Result<Act, Step>> {
        loop {
            if let Some(effect) = self.asks(w, left) {
                return Some(Ok(Act::Leave(effect)));
            }
            match left {
                Left::Whole => {
                    self.begin_whole(w);
                    return None;
                }
                Left::Run(application, text) => {
                    let known = w.module.known_by_index(u32::from(application));
                    let arguments = Value::text(w.module.text(text));
                    return Some(Ok(self.run_step(w, known, arguments)));
                }
                Left::Next => return Some(self.control(w, Some(Out::Flow(Flow::Continue)))),
                Left::Gone => {
                    self.leave_macros_behind(w);
                    match self.arrive(w) {
                        Ok(Act::Again) => match self.quick.take() {
                            Some(head) => left = self.quick(w, head),
                            None => return self.pc.is_none().then_some(Ok(Act::Again)),
                        },
                        other => return Some(other),
                    }
                }
                // It arrives at that step again, unless something was latched meanwhile; or the bound of memory ends it.
                Left::Spent if self.budget.fuel == 0 => return Some(Err(Step::OutOfFuel)),
                Left::Spent => return Some(Ok(Act::Again)),
            }
        }
    }

    /// The effect of an application that only asks for one; its frame stands already.
    pub(crate) fn asks(&mut self, w: World, left: Left) -> Option<Effect> {
        let Left::Run(application, _) = left else {
            return None;
        };
        let Known::Here(kind) = w.module.known_by_index(u32::from(application)) else {
            return None;
        };
        let effect = kind.only_asks().filter(|_| w.newer.is_none())?;
        if self.frames.capacity() == 0 {
            self.frames.reserve_exact(1);
        }
        self.frames.push(Frame::Asked);
        Some(effect)
    }

    /// The code of the step where the channel stands, from its beginning.
    pub(crate) fn begin_whole(&mut self, w: World) {
        let step = self
            .route
            .and_then(|r| w.module.priority(r.context, r.entry, r.index));
        if let Some(step) = step {
            self.temporaries.clear();
            self.temporaries
                .resize(usize::from(step.frame), Value::EMPTY);
            self.pc = Some(step.pc);
        }
    }

    /// Reads the step as it is written: the reference that compiled code is held against.
    pub(crate) fn begin_written(&mut self, w: World) -> Act {
        let step = self
            .route
            .and_then(|r| w.module.priority(r.context, r.entry, r.index));
        let Some(step) = step else {
            return Act::Return(Out::Flow(Flow::End));
        };
        let known = w.module.known(w.module.text(step.application));
        if matches!(known, Known::Nowhere) {
            // Its arguments are not even read.
            return self.run_step(w, known, Value::EMPTY);
        }
        self.subst_frame(w, w.module.text(step.arguments)).into()
    }

    fn run_written(&mut self, w: World, arguments: Value) -> Result<Act, Step> {
        let step = self
            .route
            .and_then(|r| w.module.priority(r.context, r.entry, r.index));
        let known = step.map_or(Known::Nowhere, |p| {
            w.module.known(w.module.text(p.application))
        });
        Ok(self.run_step(w, known, arguments))
    }

    fn runs_steps(&self) -> bool {
        !matches!(self.phase, Phase::Idle | Phase::Eval { .. })
    }

    /// Traces the priority and starts its application.
    fn run_step(&mut self, w: World, known: Known, arguments: Value) -> Act {
        let step = self
            .route
            .and_then(|r| w.module.priority(r.context, r.entry, r.index));
        let name = step.map_or(&b""[..], |p| w.module.text(p.application));
        // Asterisk says nothing of a step that it cannot run, but that it cannot run it.
        if self.trail.wants_steps() && !matches!(known, Known::Nowhere) {
            self.trail.push(Trace::Step(Executed {
                context: self.place.context.clone(),
                exten: self.place.exten.clone(),
                priority: self.place.priority,
                application: name.to_vec(),
                arguments: arguments.bytes().into_owned(),
                source: step.and_then(|p| w.module.source(p)),
            }));
        }
        self.budget.burn(2);
        // An application that is done at once, as most are, never becomes a frame.
        let mut app = App::new(known, name, arguments);
        if w.newer.is_some() {
            // Its labels and loops are those of the newer plan: the loop moves first.
            return Act::Push(Frame::App(Box::new(app)));
        }
        match self.application(w, &mut app, Feed::Begin) {
            act @ (Act::Leave(_) | Act::Push(_)) => {
                if self.frames.capacity() == 0 {
                    self.frames.reserve_exact(2);
                }
                self.frames.push(match app.state {
                    Waits::Effect if !app.jumps => Frame::Asked,
                    _ => Frame::App(Box::new(app)),
                });
                act
            }
            act => act,
        }
    }

    fn load(&self, t: u16) -> Value {
        self.temporaries
            .get(usize::from(t))
            .cloned()
            .unwrap_or_default()
    }

    fn store(&mut self, t: u16, value: Value) {
        // A verified step declares all temporaries that it uses.
        if let Some(place) = self.temporaries.get_mut(usize::from(t)) {
            *place = value;
        }
    }

    fn join(&mut self, from: u16, count: u16) -> Vec<u8> {
        let mut text = Vec::new();
        for value in self
            .temporaries
            .iter()
            .skip(usize::from(from))
            .take(usize::from(count))
        {
            value.append_to(&mut text);
        }
        self.budget.burn_text(text.len());
        text
    }
}
