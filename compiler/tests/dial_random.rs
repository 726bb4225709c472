//! Programs over the whole language that are well typed by the way they are made: they compile, what they become runs without a fault
//! but for declared limits, and neither layout nor writing them from their trees changes what they mean.
#![allow(clippy::unwrap_used)]

#[path = "programs/typed.rs"]
mod programs;
mod world;

use programs::{Dice, program};
use strowger_compiler::{Compiled, Hir, Level, Options, Sources, compile};
use strowger_dial::print::{format, same_words};
use strowger_dial::{parse, write};
use strowger_vm::{Fault, FaultKind, Limits, Step, Vm};
use world::{World, call, run_with};

/// Programs that are tried.
const PROGRAMS: u64 = 150;

/// Codes that a limit has: numbers, sizes.
const LIMITS: [&str; 2] = ["D318", "D407"];

fn compiled(text: &str) -> Compiled {
    let options = Options {
        plan: "main.dial".to_owned(),
        ..Options::default()
    };
    compile(&Sources::new().with("main.dial", text), &options)
}

/// What a plan does, but for places in files: those that messages name, too.
fn meaning(hir: &Hir) -> String {
    let mut out = String::new();
    let show = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
    let placeless = |args: &str| match args.split_once("main.dial line ") {
        Some((before, after)) => {
            format!(
                "{before}{}",
                after.trim_start_matches(|c: char| c.is_ascii_digit())
            )
        }
        None => args.to_owned(),
    };
    for global in &hir.globals {
        out += &format!("{}={}\n", show(&global.name), show(&global.value));
    }
    for context in &hir.contexts {
        out += &format!("[{}]\n", show(&context.name));
        for include in &context.includes {
            out += &format!("include {}\n", show(&include.text));
        }
        for extension in &context.extensions {
            let hint = extension.hint.as_ref().map(|h| show(&h.devices));
            out += &format!("{} {hint:?}\n", show(&extension.name));
            for step in &extension.steps {
                let label = step.label.as_ref().map(|l| l.lossy().into_owned());
                let (app, args) = (step.app.lossy(), placeless(&step.args.lossy()));
                out += &format!("{} {label:?} {app}({args})\n", step.priority);
            }
        }
    }
    out
}

/// The program of a seed, if the language admits it: it may be too large.
fn sound(seed: u64) -> Option<(String, Compiled)> {
    let text = program(&mut Dice::new(seed));
    let plan = compiled(&text);
    let errors: Vec<_> = plan
        .diagnostics
        .iter()
        .filter(|d| d.level == Level::Error)
        .map(|d| {
            let (start, end) = (d.primary.span.start as usize, d.primary.span.end as usize);
            (d.code, d.message.clone(), text[start..end].to_owned())
        })
        .collect();
    if !errors.is_empty() && errors.iter().all(|(code, ..)| LIMITS.contains(code)) {
        return None;
    }
    assert!(errors.is_empty(), "seed {seed}: {errors:#?}\n{text}");
    Some((text, plan))
}

/// Runs the entries of a plan; how many steps, and how many runs a limit has ended.
fn run(seed: u64, text: &str, plan: &Compiled) -> (usize, usize) {
    let module = plan.module.as_ref().unwrap();
    let (mut ran, mut limited) = (0, 0);
    for exten in ["s", "61", "62", "755"] {
        let mut world = World::default();
        for global in &plan.hir.globals {
            let (name, value) = (global.name.clone(), global.value.clone());
            world.globals.insert(name, value);
        }
        let mut vm = Vm::new(Limits::default());
        let entry = call("main", exten, 1);
        let done = run_with(&mut world, &mut vm, module, entry, |_, _| None);
        ran += done.steps.len();
        let effects = FaultKind::Effects;
        if matches!(done.last, Step::Fault(Fault { kind, .. }) if kind == effects) {
            // Little time passes in this world, and much is asked in a loop.
            limited += 1;
            continue;
        }
        assert!(
            matches!(done.last, Step::Done(_)),
            "seed {seed} {exten}: {:?}\n{text}",
            done.last
        );
        // What the machine itself remarks is that something is not as it is meant.
        assert!(
            done.notes.is_empty(),
            "seed {seed} {exten}: {:?}\n{text}\n{}",
            done.notes,
            meaning(&plan.hir)
        );
    }
    (ran, limited)
}

/// More of them: `PROGRAMS=2000 cargo test -p strowger-compiler --test dial_random`.
#[test]
fn what_is_well_typed_runs_and_is_the_same_in_any_layout() {
    let wanted = std::env::var("PROGRAMS").ok().and_then(|n| n.parse().ok());
    let programs = wanted.unwrap_or(PROGRAMS);
    let (mut ran, mut limited) = (0, 0);
    for seed in 0..programs {
        let Some((text, plan)) = sound(seed) else {
            continue;
        };
        let (steps, ended) = run(seed, &text, &plan);
        ran += steps;
        limited += ended;
        let means = meaning(&plan.hir);
        // Layout.
        let laid = format(&text).unwrap();
        assert!(same_words(&text, &laid), "seed {seed}\n{text}");
        assert_eq!(format(&laid).as_ref(), Some(&laid), "seed {seed}\n{text}");
        let again = meaning(&compiled(&laid).hir);
        assert_eq!(again, means, "seed {seed}\n{text}");
        // Written from its tree.
        let written = write::write(&parse(&text).module);
        let read = parse(&written);
        assert!(read.errors.is_empty(), "seed {seed}\n{written}");
        assert_eq!(write::write(&read.module), written, "seed {seed}\n{text}");
        let again = meaning(&compiled(&written).hir);
        assert_eq!(again, means, "seed {seed}\n{text}");
    }
    assert!(
        limited * 10 < programs as usize,
        "{limited} runs ended at a limit"
    );
    assert!(
        ran > 50 * programs as usize,
        "{ran} steps are too few to mean something"
    );
}

/// So that the tests above say something: the programs hold every statement.
#[test]
fn the_programs_hold_the_whole_language() {
    let all: String = (0..PROGRAMS)
        .map(|seed| program(&mut Dice::new(seed)))
        .collect();
    for piece in [
        "while ",
        "for ",
        "match ",
        "else if",
        "goto @",
        "gosub called.7",
        "= gosub ",
        "gosub dynamic(",
        "label ",
        "break",
        "continue",
        "let _",
        "return ",
        "-> Team",
        "Support(",
        "Some(",
        "None",
        "?? ",
        " in short",
        "now in open",
        "db(",
        "asterisk(",
        "channel(",
        "caller.name =",
        "exten[1..]",
        "inherit*",
        "as \"KEPT",
        "dial(",
        "int(",
        "keep(",
        "{{kept}}",
        " % ",
        "not (",
    ] {
        assert!(all.contains(piece), "{piece}");
    }
}
