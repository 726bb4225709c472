//! A second machine for a call that is written down: it runs the same plan on what may be told, and what it asks is written.

use serde_json::{Map, Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use strowger_vm::effect::{Answer, Effect};
use strowger_vm::{
    Datum, Entry, Executed, Globals, Identity, Inputs, Interrupt, Limits, Module, Place, Reply,
    Run, Step, Text, Time, Trace, Vm,
};

use super::asked::{Class, asked, class};
use super::facts::{Facts, Kind, kind};
use super::line::{self, Delta};
use super::pseudonym::Pseudonyms;
use super::recorder::Turned;
use super::secret::{self, Secrets};
use crate::channel::End;

/// Keys that are held back until it is known whether they are one number. More: they are taken for one.
const HELD: usize = 64;
/// Steps between two effects that are written. More: counted.
const STEPS: usize = 1_000;
/// Numbers that a call made of others, remembered. More: they get pseudonyms of their own.
const MADE: usize = 1_000;

/// Why the rest of a call is not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    /// On what may be told, the plan goes another way.
    Elsewhere,
    /// The queue was full.
    Dropped,
}

impl Lost {
    pub(super) fn words(self) -> &'static str {
        match self {
            Lost::Elsewhere => {
                "what the plan does next depends on a secret or a real number, which is not written"
            }
            Lost::Dropped => "the queue of the record was full",
        }
    }
}

/// What all calls of a file have in common.
pub(super) struct Common<'w> {
    pub(super) facts: &'w Facts,
    pub(super) pseudonyms: &'w mut Pseudonyms,
    /// Real names and numbers are written; secrets never.
    pub(super) plain: bool,
}

/// See the head of this file.
#[derive(Debug)]
pub(super) struct Shadow {
    vm: Vm,
    step: Step,
    module: Arc<Module>,
    inputs: Inputs,
    /// The real globals of the last moment.
    globals: Arc<Globals>,
    began: Time,
    held: VecDeque<Turned>,
    secrets: Secrets,
    /// Real numbers that were made of others, by what the shadow made.
    made: HashMap<Text, Text>,
    /// The last step, and those since the last line.
    at: Option<Executed>,
    steps: Vec<Value>,
    more: usize,
}

type Line = Map<String, Value>;

impl Shadow {
    /// The line of the call's begin, and its shadow.
    pub(super) fn begin(
        common: &mut Common<'_>,
        module: &Arc<Module>,
        base: &Arc<Globals>,
        real: &Inputs,
        entry: Entry,
    ) -> (Line, Shadow) {
        let mut told = Teller {
            common,
            made: &HashMap::new(),
            context: context(&entry).clone(),
        };
        let entry = told.entry(entry);
        let changed = told.changes(base, &real.globals);
        let mut globals = Arc::clone(base);
        apply(&mut globals, &changed);
        let mut line = Line::new();
        line.insert("at".into(), line::moment(real.now));
        let told = Value::Object(line::entry(&entry));
        // It enters as the file says, so that whoever reads that finds the same.
        let entry = line::entry_of(&told).unwrap_or(entry);
        if let Value::Object(told) = told {
            line.extend(told);
        }
        if !changed.is_empty() {
            line.insert("globals".into(), line::delta(&changed));
        }
        let inputs = Inputs {
            globals,
            ..real.clone()
        };
        let mut vm = Vm::new(Limits::default());
        vm.trace_steps(true);
        let secrets = Secrets::of(&inputs.globals, &entry.variables);
        let step = vm.start(module, &inputs, entry);
        let mut shadow = Shadow {
            vm,
            step,
            module: Arc::clone(module),
            inputs,
            globals: Arc::clone(&real.globals),
            began: real.now,
            held: VecDeque::new(),
            secrets,
            made: HashMap::new(),
            at: None,
            steps: Vec::new(),
            more: 0,
        };
        shadow.go_on();
        (line, shadow)
    }

    /// Up to the next effect, or the end.
    fn go_on(&mut self) {
        loop {
            for happened in self.vm.take_trace() {
                let Trace::Step(step) = happened else {
                    continue;
                };
                if self.steps.len() < STEPS {
                    self.steps.push(passed(&step));
                } else {
                    self.more += 1;
                }
                self.at = Some(step);
            }
            if self.step != Step::OutOfFuel {
                return;
            }
            self.step = self.vm.resume(&self.module, &self.inputs, Reply::done());
        }
    }

    /// Something happened to the call while it asked nothing.
    pub(super) fn interrupted(&mut self, why: Interrupt) {
        self.vm.interrupt(why);
    }

    /// The lines of a turn. Keys wait for those that follow.
    pub(super) fn turn(
        &mut self,
        common: &mut Common<'_>,
        turn: Turned,
        out: &mut Vec<Line>,
    ) -> Result<(), Lost> {
        let is_key = matches!(turn.reply.answer, Answer::Digit(_));
        let waits = is_key || !self.held.is_empty() && class(&turn.effect) == Class::Silent;
        if waits && turn.interrupt.is_none() && self.held.len() < HELD {
            self.held.push_back(turn);
            return Ok(());
        }
        if is_key {
            self.held.push_back(turn);
            return self.release(common, out);
        }
        self.release(common, out)?;
        self.one(common, turn, out)
    }

    /// What was held back, now that it is known what it is.
    fn release(&mut self, common: &mut Common<'_>, out: &mut Vec<Line>) -> Result<(), Lost> {
        while !self.held.is_empty() {
            let count = self.one_number();
            let number: Vec<Turned> = self.held.drain(..count).collect();
            let keys: Text = number.iter().filter_map(key).collect();
            let mut keys = self.keys(common, &keys).into_iter();
            for mut turn in number {
                if let Answer::Digit(digit) = &mut turn.reply.answer
                    && let Some(key) = keys.next()
                {
                    *digit = key;
                }
                self.one(common, turn, out)?;
            }
        }
        Ok(())
    }

    /// How many of those that are held back belong together: the keys that one step waits for, with one that broke the prompt before it.
    fn one_number(&self) -> usize {
        let mut held = self.held.iter();
        let mut last = held.next();
        let more = held.take_while(|turn| {
            let before = last.replace(turn);
            before.is_some_and(|before| {
                turn.place == before.place
                    || matches!(before.effect, Effect::Play(_) | Effect::Say { .. })
            })
        });
        1 + more.count()
    }

    /// Keys as they may be told: a long row of digits is a number.
    fn keys(&self, common: &mut Common<'_>, keys: &[u8]) -> Text {
        let is_secret = self.asks_secret();
        let context = &self.vm.place().context;
        let mut out = Text::new();
        for run in keys.chunk_by(|a, b| kind(*a) == kind(*b)) {
            match run.first().copied().map(kind) {
                Some(Kind::Digit) if is_secret => out.extend(common.pseudonyms.secret(run)),
                Some(Kind::Digit) if !common.plain => {
                    out.extend(common.pseudonyms.number(common.facts, run, context));
                }
                _ => out.extend_from_slice(run),
            }
        }
        out
    }

    /// Whether the step that waits for keys wants a secret.
    fn asks_secret(&self) -> bool {
        let Some(step) = &self.at else { return false };
        if secret::is_application(&step.application) {
            return true;
        }
        let into = step.arguments.split(|b| *b == b',').next();
        step.application.eq_ignore_ascii_case(b"Read") && into.is_some_and(secret::is_name)
    }

    fn one(
        &mut self,
        common: &mut Common<'_>,
        turn: Turned,
        out: &mut Vec<Line>,
    ) -> Result<(), Lost> {
        let Step::Effect(effect) = &self.step else {
            return Err(Lost::Elsewhere);
        };
        let mut asks = asked(effect);
        self.secrets.veil(&mut asks);
        if !self.is_kin(common.plain, effect, &asks, &turn) {
            return Err(Lost::Elsewhere);
        }
        let mut line = Line::new();
        line.insert("t".into(), line::seconds(self.began, turn.asked));
        line.insert("took".into(), line::seconds(turn.asked, turn.inputs.now));
        if !common.plain {
            learn(&mut self.made, &turn.effect, effect);
        }
        let mut told = Teller {
            common,
            made: &self.made,
            context: self.vm.place().context.clone(),
        };
        let reply = told.reply(effect, turn.reply);
        let interrupt = turn.interrupt.map(|why| told.interrupt(why));
        let mut changed = Delta::new();
        if !Arc::ptr_eq(&self.globals, &turn.inputs.globals) {
            changed = told.changes(&self.globals, &turn.inputs.globals);
            self.globals = Arc::clone(&turn.inputs.globals);
            apply(&mut self.inputs.globals, &changed);
        }
        self.inputs.now = turn.inputs.now;
        let reloaded = !Arc::ptr_eq(&self.module, &turn.module);
        self.module = turn.module;
        // A line of a log is no line here, unless something happened meanwhile.
        if asks != Value::Null || interrupt.is_some() || !changed.is_empty() || reloaded {
            self.put_steps(&mut line);
            if reloaded {
                line.insert("reloaded".into(), json!(true));
            }
            line.insert("asks".into(), asks);
            line.insert("gets".into(), line::reply(&reply));
            if let Some(why) = &interrupt {
                line.insert("then".into(), line::interrupt(why));
            }
            if !changed.is_empty() {
                line.insert("globals".into(), line::delta(&changed));
            }
            out.push(line);
        }
        if let Some(why) = interrupt {
            self.vm.interrupt(why);
        }
        self.step = self.vm.resume(&self.module, &self.inputs, reply);
        self.go_on();
        Ok(())
    }

    /// Whether the shadow asks what the call asked.
    fn is_kin(&self, plain: bool, effect: &Effect, asks: &Value, turn: &Turned) -> bool {
        let place = self.vm.place();
        let stands = place.context == turn.place.context && place.priority == turn.place.priority;
        if !stands || std::mem::discriminant(effect) != std::mem::discriminant(&turn.effect) {
            return false;
        }
        if plain {
            let mut real = asked(&turn.effect);
            self.secrets.veil(&mut real);
            return *asks == real || has_mask(asks);
        }
        match (effect, &turn.effect) {
            (Effect::Dial(one), Effect::Dial(other)) => {
                one.targets.len() == other.targets.len() && one.timeout_ms == other.timeout_ms
            }
            (Effect::Play(one), Effect::Play(other)) => one.files.len() == other.files.len(),
            (Effect::Say { prompts: one, .. }, Effect::Say { prompts: other, .. }) => {
                one.len() == other.len()
            }
            (
                Effect::ReadFunction { function: one, .. },
                Effect::ReadFunction {
                    function: other, ..
                },
            ) => one == other,
            _ => true,
        }
    }

    /// The lines at the end of the call.
    pub(super) fn end(
        mut self,
        common: &mut Common<'_>,
        end: Option<&End>,
        now: Time,
        out: &mut Vec<Line>,
    ) -> Result<(), Lost> {
        self.release(common, out)?;
        let ended = match (&self.step, end) {
            (_, None) => return Ok(()),
            (Step::Done(one), Some(End::Done(other))) if one.why == other.why => {
                json!({ "how": "over", "why": format!("{:?}", one.why), "cause": one.cause })
            }
            (Step::Fault(one), Some(End::Fault(other))) if one.kind == other.kind => {
                json!({ "how": "fault", "why": one.kind.to_string() })
            }
            (Step::Returned(_), Some(End::Returned(_))) => json!({ "how": "returned" }),
            _ => return Err(Lost::Elsewhere),
        };
        let mut line = Line::new();
        line.insert("t".into(), line::seconds(self.began, now));
        self.put_steps(&mut line);
        line.insert("ends".into(), ended);
        out.push(line);
        Ok(())
    }

    fn put_steps(&mut self, line: &mut Line) {
        if !self.steps.is_empty() {
            line.insert("steps".into(), json!(std::mem::take(&mut self.steps)));
        }
        if self.more > 0 {
            line.insert("more".into(), json!(std::mem::take(&mut self.more)));
        }
    }
}

/// Whether a secret was blotted out of what is asked: then it cannot be compared to the letter.
fn has_mask(asks: &Value) -> bool {
    asks.to_string().contains("***")
}

/// The key that was pressed.
fn key(turn: &Turned) -> Option<u8> {
    match turn.reply.answer {
        Answer::Digit(digit) => Some(digit),
        _ => None,
    }
}

fn passed(step: &Executed) -> Value {
    let source = step.source.as_ref();
    let source = source.map(|s| format!("{}:{}", s.file, s.line));
    json!([
        line::text(&step.context),
        line::text(&step.exten),
        step.priority,
        line::text(&step.application),
        source.unwrap_or_default(),
    ])
}

fn context(entry: &Entry) -> &Text {
    &entry.run.place().context
}

/// Global variables, changed.
pub(super) fn apply(globals: &mut Arc<Globals>, changed: &[(Text, Option<Text>)]) {
    if changed.is_empty() {
        return;
    }
    let table = &mut Arc::make_mut(globals).0;
    for (name, value) in changed {
        match value {
            Some(value) => table.insert(name.clone(), value.clone()),
            None => table.remove(name),
        };
    }
}

/// Numbers that the plan made of real ones, by what the shadow made in the same place.
fn learn(made: &mut HashMap<Text, Text>, real: &Effect, told: &Effect) {
    let mut pair = |real: &[u8], told: &[u8]| {
        let runs = |text: &[u8]| -> Vec<Text> {
            text.chunk_by(|a, b| kind(*a) == kind(*b))
                .filter(|run| run.len() >= super::pseudonym::SHORTEST)
                .filter(|run| run.first().copied().map(kind) == Some(Kind::Digit))
                .map(<[u8]>::to_vec)
                .collect()
        };
        let (real, told) = (runs(real), runs(told));
        if real.len() == told.len() && made.len() < MADE {
            made.extend(
                real.into_iter()
                    .zip(told)
                    .filter(|(a, b)| a.len() == b.len()),
            );
        }
    };
    match (real, told) {
        (Effect::Dial(real), Effect::Dial(told)) => {
            for (real, told) in real.targets.iter().zip(&told.targets) {
                pair(&real.resource, &told.resource);
            }
        }
        (Effect::DbPut { value: real, .. }, Effect::DbPut { value: told, .. }) => pair(real, told),
        (
            Effect::SetGlobal {
                value: Some(real), ..
            },
            Effect::SetGlobal {
                value: Some(told), ..
            },
        ) => {
            pair(real, told);
        }
        (Effect::WriteFunction { value: real, .. }, Effect::WriteFunction { value: told, .. }) => {
            pair(real, told)
        }
        _ => {}
    }
}

/// Makes of what came from outside what may be told.
struct Teller<'t, 'w> {
    common: &'t mut Common<'w>,
    made: &'t HashMap<Text, Text>,
    context: Text,
}

impl Teller<'_, '_> {
    /// A text with other numbers, and with other words where they may be names.
    fn text(&mut self, text: &[u8], words: impl Fn(&[u8]) -> bool) -> Text {
        if self.common.plain {
            return text.to_vec();
        }
        self.common
            .pseudonyms
            .text(self.common.facts, text, words, self.made, &self.context)
    }

    /// A name or a text of somebody.
    fn name(&mut self, text: &[u8]) -> Text {
        self.text(text, |_| true)
    }

    /// A value of the outside: words in capitals are statuses and technologies.
    fn value(&mut self, text: &[u8]) -> Text {
        self.text(text, |word| !word.iter().all(u8::is_ascii_uppercase))
    }

    fn named(&mut self, name: &[u8], value: &[u8]) -> Text {
        if secret::is_name(name) {
            self.common.pseudonyms.secret(value)
        } else {
            self.value(value)
        }
    }

    /// `PJSIP/1001-0000001a`: the number at the end is only counted.
    fn channel(&mut self, name: &[u8]) -> Text {
        let counted = name.len().checked_sub(9).filter(|at| {
            let tail = &name[*at..];
            tail.starts_with(b"-") && tail[1..].iter().all(u8::is_ascii_hexdigit)
        });
        let (own, tail) = name.split_at(counted.unwrap_or(name.len()));
        [self.value(own), tail.to_vec()].concat()
    }

    /// `<sip:1001@pbx>`: the schemes are nobody's name.
    fn address(&mut self, address: &[u8]) -> Text {
        self.text(address, |word| {
            ![&b"sip"[..], b"sips", b"pjsip", b"tel"].contains(&word)
        })
    }

    fn identity(&mut self, who: Identity) -> Identity {
        Identity {
            name: who.name.map(|name| self.name(&name)),
            number: who.number.map(|number| self.name(&number)),
            details: None,
        }
    }

    fn place(&mut self, place: Place) -> Place {
        Place {
            exten: self.text(&place.exten, |_| false),
            ..place
        }
    }

    fn entry(&mut self, entry: Entry) -> Entry {
        let mut party = entry.party;
        party.name = self.channel(&party.name);
        party.caller = self.identity(party.caller);
        party.dialed = self.text(&party.dialed, |_| false);
        party.account = self.value(&party.account);
        // Nothing else is known of a channel that comes.
        party.linked_id.clone_from(&party.unique_id);
        let message = &mut party.message;
        message.to = self.address(&message.to);
        message.from = self.address(&message.from);
        message.body = self.name(&message.body);
        for Datum { name, value, .. } in &mut message.data {
            *value = if secret::is_name(name) {
                self.common.pseudonyms.secret(value)
            } else {
                self.address(value)
            };
        }
        let variables = entry.variables.into_iter();
        let variables = variables.map(|(name, value)| {
            let value = self.named(&name, &value);
            (name, value)
        });
        Entry {
            party,
            variables: variables.collect(),
            run: match entry.run {
                Run::Call(place) => Run::Call(self.place(place)),
                Run::Message(place) => Run::Message(self.place(place)),
                other => other,
            },
        }
    }

    fn reply(&mut self, effect: &Effect, reply: Reply) -> Reply {
        let is_secret = match effect {
            Effect::DbGet { family, key } | Effect::DbDelete { family, key, .. } => {
                secret::is_name(family) || secret::is_name(key)
            }
            Effect::ReadFunction { function, args } => {
                secret::is_name(function) || secret::is_name(args)
            }
            _ => false,
        };
        let answer = match reply.answer {
            Answer::Value(value) if is_secret => {
                Answer::Value(self.common.pseudonyms.secret(&value))
            }
            Answer::Value(value) => Answer::Value(match effect {
                // Nothing of anybody: what was drawn, how many there are, how a phone is.
                Effect::Random { .. } => value,
                Effect::ReadFunction { function, .. } if is_plain(function) => value,
                _ => self.value(&value),
            }),
            Answer::Jump(place) => Answer::Jump(self.place(place)),
            other => other,
        };
        let sets = reply.sets.into_iter().map(|(name, value)| {
            let value = match name.as_slice() {
                b"DIALEDPEERNAME" => self.channel(&value),
                // How it came out, and how long it took.
                name if [&b"STATUS"[..], b"TIME", b"_MS", b"TYPE"]
                    .iter()
                    .any(|end| name.ends_with(end)) =>
                {
                    value
                }
                _ => self.value(&value),
            };
            (name, value)
        });
        Reply {
            answer,
            sets: sets.collect(),
            ..reply
        }
    }

    fn interrupt(&mut self, why: Interrupt) -> Interrupt {
        match why {
            Interrupt::Redirect(place) => Interrupt::Redirect(self.place(place)),
            other => other,
        }
    }

    /// What differs between two tables, as it may be told.
    fn changes(&mut self, old: &Globals, new: &Globals) -> Delta {
        let gone = old.0.keys().filter(|name| !new.0.contains_key(*name));
        let mut out: Delta = gone.map(|name| (name.clone(), None)).collect();
        for (name, value) in &new.0 {
            if old.0.get(name) != Some(value) {
                out.push((name.clone(), Some(self.named(name, value))));
            }
        }
        out
    }
}

/// Functions whose value tells nothing of anybody.
fn is_plain(function: &[u8]) -> bool {
    [
        &b"DEVICE_STATE"[..],
        b"EXTENSION_STATE",
        b"GROUP_COUNT",
        b"GROUP_MATCH_COUNT",
        b"DB_KEYCOUNT",
        b"CHANNEL_EXISTS",
        b"LOCK",
        b"TRYLOCK",
        b"UNLOCK",
        b"QUEUE_EXISTS",
        b"QUEUE_WAITING_COUNT",
        b"VMCOUNT",
    ]
    .contains(&function)
}
