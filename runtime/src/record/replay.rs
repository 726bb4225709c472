//! A recorded call on the plan of today: while the plan asks what it asked then, it is told what it was told then; where it asks
//! something else, its behaviour has changed.
//!
//! What only asks (the database, functions, random numbers) may come in another order, or not any more. Lines of a log are not looked
//! at. Time is what it was.

use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use strowger_vm::effect::{Answer, Effect};
use strowger_vm::{
    Executed, Globals, Inputs, Interrupt, Limits, Module, Place, Reply, Run, Step, Time, Trace, Vm,
};

use super::asked::{Class, asked, class, class_of};
use super::reader::{Head, Recorded, Turn};
use super::secret::Secrets;
use super::shadow::apply;
use crate::channel::End;

/// Steps that are kept to be shown. Of a longer call the first ones.
const STEPS: usize = 2_000;

/// What came of a recorded call today.
#[derive(Debug, Clone, PartialEq)]
pub struct Replayed {
    /// The same, or not.
    pub verdict: Verdict,
    /// The steps of today, up to there.
    pub steps: Vec<Executed>,
    /// What was asked and told of today, up to there.
    pub said: Vec<Said>,
    /// How it ended today, if it did.
    pub end: Option<End>,
}

/// Whether a call does what it did.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It does.
    Same,
    /// As far as the record goes; why it goes no further.
    SameSoFar(String),
    /// It does not.
    Changed(Box<Change>),
}

/// The place where behaviour changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// When, by the clock of the record.
    pub at: Time,
    /// The turn that was expected: its number; `None`: the end of the call.
    pub turn: Option<usize>,
    /// What is there instead.
    pub now: Now,
    /// Where the channel stands.
    pub place: Place,
    /// The last step that began; what stands in the arguments of the next one is asked before that begins.
    pub step: Option<Executed>,
}

/// What a call does now.
#[derive(Debug, Clone, PartialEq)]
pub enum Now {
    /// It asks this.
    Asks(Value),
    /// It reads something that the record does not hold.
    Reads(Value),
    /// It ends.
    Ends(End),
    /// Its number leads nowhere: it would be refused.
    Refused,
}

/// An effect of today with its reply from the record.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// What was asked.
    pub effect: Effect,
    /// When.
    pub asked: Time,
    /// When it was told.
    pub answered: Time,
    /// What it was told.
    pub reply: Reply,
    /// What happened to the channel meanwhile.
    pub interrupt: Option<Interrupt>,
}

struct Running<'r> {
    call: &'r Recorded,
    vm: Vm,
    inputs: Inputs,
    secrets: Secrets,
    /// The next turn that is not only a question.
    next: usize,
    /// What was asked by each question, and which of its turns were not used yet.
    reads: HashMap<String, VecDeque<usize>>,
    /// The last answer to each question.
    known: HashMap<String, Reply>,
    /// Turns that were told already.
    used: Vec<bool>,
    steps: Vec<Executed>,
    step: Option<Executed>,
    said: Vec<Said>,
}

/// Runs a call again. `base`: the global variables that the files of this plan set.
#[must_use]
pub fn replay(module: &Arc<Module>, base: &Arc<Globals>, head: &Head, call: &Recorded) -> Replayed {
    let mut globals = Arc::clone(base);
    apply(&mut globals, &call.globals);
    let inputs = Inputs {
        now: call.at,
        globals,
        system: Arc::clone(&head.system),
    };
    let mut reads: HashMap<String, VecDeque<usize>> = HashMap::new();
    for (n, turn) in call.turns.iter().enumerate() {
        if class_of(&turn.asks) == Class::Read {
            reads.entry(turn.asks.to_string()).or_default().push_back(n);
        }
    }
    let mut vm = Vm::new(Limits::default());
    vm.trace_steps(true);
    let mut run = Running {
        call,
        vm,
        secrets: Secrets::of(&inputs.globals, &call.entry.variables),
        inputs,
        next: 0,
        reads,
        known: HashMap::new(),
        used: vec![false; call.turns.len()],
        steps: Vec::new(),
        step: None,
        said: Vec::new(),
    };
    let (verdict, end) = run.all(module);
    Replayed {
        verdict,
        steps: run.steps,
        said: run.said,
        end,
    }
}

impl<'r> Running<'r> {
    fn all(&mut self, module: &Arc<Module>) -> (Verdict, Option<End>) {
        let entry = self.call.entry.clone();
        if let Run::Call(place) | Run::Message(place) = &entry.run {
            let caller = entry.party.caller.number.as_deref();
            let context = match &entry.run {
                // Where `on message` stands, a text enters there.
                Run::Message(_) => module.entered_by_text(&place.context, &place.exten),
                _ => (&*place.context).into(),
            };
            if !module.exists(&self.inputs, &context, &place.exten, caller) {
                let place = place.clone();
                return (self.changed(Some(0), Now::Refused, place), None);
            }
        }
        let mut step = self.vm.start(module, &self.inputs, entry);
        loop {
            self.look();
            let reply = match step {
                Step::OutOfFuel => Reply::done(),
                Step::Effect(effect) => match self.answer(effect) {
                    Ok(reply) => reply,
                    Err(verdict) => return (verdict, None),
                },
                Step::Done(outcome) => return self.over(End::Done(outcome)),
                Step::Fault(fault) => return self.over(End::Fault(fault)),
                Step::Returned(value) => return self.over(End::Returned(value)),
            };
            step = self.vm.resume(module, &self.inputs, reply);
        }
    }

    fn look(&mut self) {
        for happened in self.vm.take_trace() {
            if let Trace::Step(step) = happened {
                if self.steps.len() < STEPS {
                    self.steps.push(step.clone());
                } else {
                    // Nobody reads on; and without it a loop is through sooner.
                    self.vm.trace_steps(false);
                }
                self.step = Some(step);
            }
        }
    }

    fn changed(&self, turn: Option<usize>, now: Now, place: Place) -> Verdict {
        let turn = turn.filter(|n| *n < self.call.turns.len());
        let at = match turn.and_then(|n| self.call.turns.get(n)) {
            Some(turn) => turn.asked,
            None => self.inputs.now,
        };
        Verdict::Changed(Box::new(Change {
            at,
            turn,
            now,
            place,
            step: self.step.clone(),
        }))
    }

    /// Why the record goes no further, if it does not hold the whole call.
    fn breaks_off(&self) -> Option<String> {
        match (&self.call.lost, &self.call.end) {
            (Some(why), _) => Some(why.clone()),
            (None, None) => Some("the exchange stopped".into()),
            (None, Some(_)) => None,
        }
    }

    /// What the record has to say to it.
    fn answer(&mut self, effect: Effect) -> Result<Reply, Verdict> {
        let mut asks = asked(&effect);
        self.secrets.veil(&mut asks);
        let place = self.vm.place().clone();
        let call = self.call;
        match class(&effect) {
            Class::Silent => {
                // It is in the record only if something happened meanwhile.
                let turn = call.turns.get(self.next);
                if turn.is_some_and(|turn| class_of(&turn.asks) == Class::Silent) {
                    self.next += 1;
                    return Ok(self.use_turn(effect, self.next - 1));
                }
                Ok(Reply::done())
            }
            Class::Read => {
                let key = asks.to_string();
                if let Some(n) = self.reads.get_mut(&key).and_then(VecDeque::pop_front) {
                    self.known.insert(key, call.turns[n].reply.clone());
                    return Ok(self.use_turn(effect, n));
                }
                if let Some(reply) = self.known.get(&key) {
                    return Ok(reply.clone());
                }
                if self.is_past_the_end() {
                    return Err(self.so_far(asks, place));
                }
                Err(self.changed(Some(self.next), Now::Reads(asks), place))
            }
            Class::Deed => {
                let (missed, turn) = self.next_deed();
                let Some(turn) = turn else {
                    return Err(self.so_far(asks, place));
                };
                if turn.asks != asks {
                    return Err(self.changed(Some(self.next), Now::Asks(asks), place));
                }
                self.next += 1;
                if let Effect::DbPut { family, key, value } = &effect {
                    // Who reads it now, reads what was written.
                    let read = json!({
                        "do": "DbGet", "family": super::line::text(family), "key": super::line::text(key),
                    });
                    let reply = Reply::with(Answer::Value(value.clone()));
                    self.known.insert(read.to_string(), reply);
                }
                if let Effect::SetGlobal { name, value } = &effect {
                    apply(&mut self.inputs.globals, &[(name.clone(), value.clone())]);
                }
                for why in missed {
                    self.vm.interrupt(why);
                }
                Ok(self.use_turn(effect, self.next - 1))
            }
        }
    }

    /// The next turn that somebody notices, and what happened in those that are skipped.
    fn next_deed(&mut self) -> (Vec<Interrupt>, Option<&'r Turn>) {
        let call = self.call;
        let mut missed = Vec::new();
        while let Some(turn) = call.turns.get(self.next) {
            if class_of(&turn.asks) == Class::Deed {
                return (missed, Some(turn));
            }
            let is_used = self.used.get(self.next).copied().unwrap_or(true);
            if !is_used {
                missed.extend(turn.interrupt.clone());
                apply(&mut self.inputs.globals, &turn.globals);
            }
            self.next += 1;
        }
        (missed, None)
    }

    /// The dialplan is over today.
    fn over(&mut self, end: End) -> (Verdict, Option<End>) {
        let place = match &end {
            End::Fault(fault) => fault.place.clone(),
            _ => self.vm.place().clone(),
        };
        let (_, left) = self.next_deed();
        let was = &self.call.end;
        let verdict = match (left, was) {
            (Some(_), _) => self.changed(Some(self.next), Now::Ends(end.clone()), place),
            (None, None) => Verdict::SameSoFar(self.breaks_off().unwrap_or_default()),
            (None, Some(was)) => {
                let (how, why, cause) = match &end {
                    End::Done(outcome) => ("over", String::new(), outcome.cause),
                    End::Fault(fault) => ("fault", fault.kind.to_string(), 0),
                    End::Returned(_) => ("returned", String::new(), 0),
                };
                // Which application ended it, nobody outside hears.
                let is_same =
                    was.how == how && was.cause == cause && (how != "fault" || was.why == why);
                if is_same {
                    Verdict::Same
                } else {
                    self.changed(None, Now::Ends(end.clone()), place)
                }
            }
        };
        (verdict, Some(end))
    }

    fn is_past_the_end(&self) -> bool {
        let mut left = self.call.turns[self.next.min(self.call.turns.len())..].iter();
        !left.any(|turn| class_of(&turn.asks) == Class::Deed)
    }

    /// There is nothing more in the record.
    fn so_far(&self, asks: Value, place: Place) -> Verdict {
        match self.breaks_off() {
            Some(why) => Verdict::SameSoFar(why),
            None => self.changed(None, Now::Asks(asks), place),
        }
    }

    fn use_turn(&mut self, effect: Effect, number: usize) -> Reply {
        let call = self.call;
        let Some(turn) = call.turns.get(number) else {
            return Reply::done();
        };
        if let Some(used) = self.used.get_mut(number) {
            *used = true;
        }
        self.inputs.now = self.inputs.now.max(turn.answered);
        apply(&mut self.inputs.globals, &turn.globals);
        if let Some(why) = &turn.interrupt {
            self.vm.interrupt(why.clone());
        }
        self.said.push(Said {
            effect,
            asked: turn.asked,
            answered: turn.answered,
            reply: turn.reply.clone(),
            interrupt: turn.interrupt.clone(),
        });
        turn.reply.clone()
    }
}
