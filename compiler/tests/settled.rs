//! A settled route goes from number to number without a look-up (vm.md 3a), and a call keeps going while its plan is replaced. Both
//! must be what Asterisk does, which looks context, extension and number up at every step: random plans are run, and held against a
//! model that enters the newest plan anew at each step with nothing but names, numbers, variables and the caller.
#![allow(clippy::unwrap_used)]

mod world;

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use strowger_vm::{
    Effect, Entry, Executed, Identity, Inputs, Limits, Module, Party, Place, Reply, Run, State,
    Step, Text, Time, Trace, Vm,
};
use world::{module, text};

const CONTEXTS: [&str; 3] = ["main", "b", "c"];
/// What is dialled, and where jumps lead.
const DIALLED: [&str; 4] = ["100", "155", "12", "s"];
/// What stands in the plan.
const NAMES: [&str; 14] = [
    "100", "155", "s", "_1XX", "_1XX!", "_1X.", "_1!", "_[1-2]X.", "_X.", "100/55", "_1XX/_5X",
    "_X./66", "i", "h",
];
/// Steps that are compared of one call.
const STEPS: usize = 60;

/// A line's application.
fn application() -> impl Strategy<Value = String> {
    let place = || {
        (0..CONTEXTS.len(), 0..DIALLED.len(), 1..5_u32)
            .prop_map(|(c, e, p)| (CONTEXTS[c], DIALLED[e], p))
    };
    prop_oneof![
        4 => Just("NoOp(${a}/${b}/${ARG1}/${ARGC}/${GOSUB_RETVAL}/${CALLERID(num)})".to_owned()),
        3 => Just("Verbose(${a}/${b}/${ARG1}/${ARGC}/${GOSUB_RETVAL}/${EXTEN}/${PRIORITY})".to_owned()),
        3 => Just("Wait(1)".to_owned()),
        1 => Just("NoOp(${DB(k/v)}${a})".to_owned()),
        2 => Just("Set(a=${a}x)".to_owned()),
        1 => Just("Set(b=${EXTEN}${PRIORITY}${DB(k/v)})".to_owned()),
        1 => Just("Set(LOCAL(a)=l${b})".to_owned()),
        2 => prop::sample::select(vec!["55", "66", "7"]).prop_map(|n| format!("Set(CALLERID(num)={n})")),
        1 => (1..6_u32).prop_map(|p| format!("Goto({p})")),
        1 => place().prop_map(|(_, e, p)| format!("Goto({e},{p})")),
        1 => place().prop_map(|(c, e, p)| format!("Goto({c},{e},{p})")),
        2 => place().prop_map(|(c, e, p)| format!("Gosub({c},{e},{p}(g${{a}}))")),
        1 => Just("Return(r${a})".to_owned()),
    ]
}

/// A plan of three contexts.
fn plan() -> impl Strategy<Value = String> {
    let numbers = prop::collection::btree_map(1..5_u32, application(), 1..5);
    let entries = prop::collection::btree_map(prop::sample::select(NAMES.to_vec()), numbers, 0..4);
    let includes = prop::collection::vec(
        (
            prop::sample::select(CONTEXTS.to_vec()),
            // Noon and midnight pass while a call runs.
            prop::sample::select(vec![
                "",
                ",*,*,*,*",
                ",00:00-11:59,*,*,*",
                ",12:00-23:59,*,*,*",
            ]),
        ),
        0..3,
    );
    let context = (entries, includes);
    (prop::collection::vec(context, 3), any::<bool>()).prop_map(|(contexts, best_only)| {
        let mut plan = format!(
            "[general]\nextenpatternmatchnew={}\n",
            if best_only { "yes" } else { "no" }
        );
        for (name, (entries, includes)) in CONTEXTS.iter().zip(contexts) {
            plan.push_str(&format!("[{name}]\n"));
            for (exten, numbers) in entries {
                for (number, application) in numbers {
                    plan.push_str(&format!("exten => {exten},{number},{application}\n"));
                }
            }
            for (context, times) in includes {
                plan.push_str(&format!("include => {context}{times}\n"));
            }
        }
        plan
    })
}

/// A script of plans: which one is there after so many effects.
struct Plans {
    all: Vec<Arc<Module>>,
    order: Vec<usize>,
}

impl Plans {
    fn at(&self, effects: usize) -> &Arc<Module> {
        let last = self.order.len() - 1;
        &self.all[self.order[effects.min(last)] % self.all.len()]
    }
}

/// Seven hours pass with each effect.
fn inputs(effects: usize) -> Inputs {
    Inputs {
        now: Time::from_seconds(effects as i64 * 25_200),
        ..Inputs::default()
    }
}

fn reply(effect: &Effect) -> Reply {
    match effect {
        Effect::DbGet { .. } => Reply::value("v"),
        _ => Reply::done(),
    }
}

fn party(caller: &str) -> Party {
    Party {
        state: State::Up,
        caller: Identity::new("", caller),
        ..Party::default()
    }
}

fn limits() -> Limits {
    Limits {
        fuel: 3_000,
        ..Limits::default()
    }
}

fn steps(vm: &mut Vm) -> impl Iterator<Item = Executed> {
    vm.take_trace().into_iter().filter_map(|t| match t {
        Trace::Step(step) => Some(step),
        _ => None,
    })
}

/// What the machine runs: its steps, and whether it came to an end.
fn ran(plans: &Plans, at: Place) -> (Vec<Executed>, bool) {
    let mut vm = Vm::new(limits());
    let mut effects = 0;
    let mut step = vm.start(plans.at(0), &inputs(0), Entry::call(party("7"), at));
    let mut all = Vec::new();
    loop {
        all.extend(steps(&mut vm));
        // `h` is compared where it begins.
        if let Some(h) = all.iter().position(|s| s.exten == b"h") {
            all.truncate(h + 1);
            return (all, true);
        }
        match step {
            _ if all.len() >= STEPS => {
                all.truncate(STEPS);
                return (all, false);
            }
            Step::Effect(e) => {
                effects += 1;
                step = vm.resume(plans.at(effects), &inputs(effects), reply(&e));
            }
            Step::Done(_) => return (all, true),
            // A loop without effects: what it did so far counts.
            Step::OutOfFuel => return (all, false),
            Step::Returned(_) | Step::Fault(_) => panic!("{step:?}"),
        }
    }
}

/// How a machine runs its code: what is observed is compared with what is compiled, and with what is read as it is written.
#[derive(Debug, Clone, Copy)]
enum Way {
    Quick,
    Whole,
    Written,
}

/// The effects of a call and where it stood, and whether it came to an end.
fn effects(plans: &Plans, at: Place, way: Way) -> (Vec<(Effect, Place)>, bool) {
    let mut vm = Vm::new(Limits {
        naive: matches!(way, Way::Written),
        ..limits()
    });
    vm.trace_steps(matches!(way, Way::Whole));
    let mut step = vm.start(plans.at(0), &inputs(0), Entry::call(party("7"), at));
    let mut all = Vec::new();
    while all.len() < STEPS {
        step = match step {
            Step::Effect(e) => {
                let answer = reply(&e);
                all.push((e, vm.place().clone()));
                vm.resume(plans.at(all.len()), &inputs(all.len()), answer)
            }
            Step::Done(_) => return (all, true),
            // They burn fuel at different rates.
            Step::OutOfFuel => break,
            Step::Returned(_) | Step::Fault(_) => panic!("{step:?}"),
        };
        vm.take_trace();
    }
    (all, false)
}

/// A subroutine of the model.
struct Frame {
    back: Place,
    undo: BTreeMap<String, Option<String>>,
    arguments: usize,
}

/// The model: a call as names and numbers.
struct Model<'a> {
    plans: &'a Plans,
    effects: usize,
    place: Place,
    caller: String,
    variables: BTreeMap<String, String>,
    frames: Vec<Frame>,
    /// The dialplan has ended: only `h` may follow.
    over: bool,
}

impl Model<'_> {
    /// The first step of a machine that knows nothing but this.
    fn first(&mut self) -> Option<Executed> {
        let mut vm = Vm::new(limits());
        let variables = self.variables.iter();
        let entry = Entry {
            party: party(&self.caller),
            variables: variables
                .map(|(n, v)| (Text::from(n.as_bytes()), Text::from(v.as_bytes())))
                .collect(),
            run: Run::Call(self.place.clone()),
        };
        let newest = Arc::clone(self.plans.at(self.effects));
        let mut step = vm.start(&newest, &inputs(self.effects), entry);
        loop {
            if let Some(first) = steps(&mut vm).next() {
                return Some(first).filter(|s| !self.over || s.exten == b"h");
            }
            let Step::Effect(e) = step else { return None };
            // Asked by its arguments: the step is found already, and stays what it is.
            self.effects += 1;
            step = vm.resume(&newest, &inputs(self.effects), reply(&e));
        }
    }

    fn set_local(&mut self, name: &str, value: String) {
        let old = self.variables.insert(name.to_owned(), value);
        if let Some(frame) = self.frames.last_mut() {
            frame.undo.entry(name.to_owned()).or_insert(old);
        }
    }

    /// Does what a step does.
    fn does(&mut self, step: &Executed) {
        self.place = Place::new(step.context.clone(), step.exten.clone(), step.priority + 1);
        let argument = text(&step.arguments);
        match step.application.as_slice() {
            b"Wait" | b"Verbose" => self.effects += 1,
            b"Set" => {
                let (name, value) = argument.split_once('=').unwrap();
                match name {
                    "CALLERID(num)" => self.caller = value.to_owned(),
                    "LOCAL(a)" if self.frames.is_empty() => {}
                    "LOCAL(a)" => self.set_local("a", value.to_owned()),
                    _ => drop(self.variables.insert(name.to_owned(), value.to_owned())),
                }
            }
            b"Goto" => self.place = target(&argument, step),
            b"Gosub" => {
                let (at, given) = argument.trim_end_matches(')').split_once('(').unwrap();
                let to = target(at, step);
                // It must be there when Gosub runs.
                let back = std::mem::replace(&mut self.place, to.clone());
                let found = self.peek();
                if found.is_none_or(|s| {
                    (s.context, s.exten, s.priority) != (to.context, to.exten, to.priority)
                }) {
                    return self.end(step);
                }
                let around = self.frames.last().map_or(0, |f| f.arguments);
                let arguments = around.max(1);
                self.frames.push(Frame {
                    back,
                    undo: BTreeMap::new(),
                    arguments,
                });
                for n in 1..=arguments {
                    let value = if n == 1 { given } else { "" };
                    self.set_local(&format!("ARG{n}"), value.to_owned());
                }
                self.set_local("ARGC", "1".to_owned());
            }
            b"Return" => {
                let Some(frame) = self.frames.pop() else {
                    return self.end(step);
                };
                for (name, old) in frame.undo {
                    match old {
                        Some(value) => self.variables.insert(name, value),
                        None => self.variables.remove(&name),
                    };
                }
                self.variables.insert("GOSUB_RETVAL".into(), argument);
                self.place = frame.back;
            }
            _ => {}
        }
    }

    /// The step where the call would stand, without going there.
    fn peek(&mut self) -> Option<Executed> {
        let effects = self.effects;
        let first = self.first();
        self.effects = effects;
        first
    }

    fn end(&mut self, step: &Executed) {
        self.place = Place::new(step.context.clone(), "h", 1);
        self.over = true;
    }
}

/// `[[context,]exten,]priority` from where a step stands.
fn target(argument: &str, step: &Executed) -> Place {
    let mut parts = argument.rsplit(',');
    let priority = parts.next().unwrap().parse().unwrap();
    let exten = parts
        .next()
        .map_or(step.exten.clone(), |e| e.as_bytes().to_vec());
    let context = parts
        .next()
        .map_or(step.context.clone(), |c| c.as_bytes().to_vec());
    Place::new(context, exten, priority)
}

fn shown(step: Option<&Executed>) -> String {
    step.map_or("the end".into(), |s| {
        format!(
            "{},{},{} {}({}) of line {:?}",
            text(&s.context),
            text(&s.exten),
            s.priority,
            text(&s.application),
            text(&s.arguments),
            s.source.as_ref().map(|s| s.line)
        )
    })
}

/// Runs a call in both ways.
fn compare(plans: &Plans, at: Place) -> Result<(), TestCaseError> {
    let (steps, ended) = ran(plans, at.clone());
    let mut model = Model {
        plans,
        effects: 0,
        place: at,
        caller: "7".into(),
        variables: BTreeMap::new(),
        frames: Vec::new(),
        over: false,
    };
    for step in &steps {
        let first = model.first();
        prop_assert_eq!(shown(Some(step)), shown(first.as_ref()));
        model.does(step);
    }
    if ended && steps.last().is_none_or(|s| s.exten != b"h") {
        prop_assert_eq!("the end", shown(model.first().as_ref()));
    }
    Ok(())
}

/// Calls everything that there is.
fn compare_all(plans: &Plans) -> Result<(), TestCaseError> {
    for context in CONTEXTS {
        for dialled in DIALLED {
            let at = Place::new(context, dialled, 1);
            let (written, ended) = effects(plans, at.clone(), Way::Written);
            for way in [Way::Quick, Way::Whole] {
                let (seen, also) = effects(plans, at.clone(), way);
                let common = seen.len().min(written.len());
                prop_assert_eq!(&seen[..common], &written[..common], "{:?}", way);
                if ended && also {
                    prop_assert_eq!(seen.len(), written.len(), "{:?}", way);
                }
            }
            compare(plans, at)?;
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn routes_are_those_of_a_look_up_at_every_step(plan in plan()) {
        compare_all(&Plans { all: vec![module(&plan)], order: vec![0] })?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, ..ProptestConfig::default() })]

    #[test]
    fn a_call_follows_whatever_plan_there_is(
        texts in prop::collection::vec(plan(), 2..4),
        order in prop::collection::vec(0..6_usize, 1..40),
    ) {
        compare_all(&Plans { all: texts.iter().map(|t| module(t)).collect(), order })?;
    }
}
