//! The simulator against the exchange: the scenarios of the examples' tests run in both, and the steps with their arguments, the statuses and
//! the prompts are the same. What the exchange writes down of its calls, run again, is the same too.
//!
//! The exchange is the real one, with its SIP stack, its registrar and its timers, and so are the phones; its wire is in memory and its clock
//! is paused and shows the scenario's time, so that nobody waits. Times are not compared.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code, unreachable_pub)]
#[path = "../../runtime/tests/exchange/net.rs"]
mod net;
#[allow(dead_code, unreachable_pub)]
#[path = "../../runtime/tests/exchange/phone.rs"]
mod phone;

mod exchange;
mod people;
mod simulated;
mod sockets;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use strowger::testing::Suite;
use strowger_runtime::sim::Scenario;

/// Scenarios with more call time than this run in the simulator only.
const LONGEST: Duration = Duration::from_secs(80);

/// What happened on one channel that the plan ran on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Track {
    /// `default,61,1 Dial(SIP/61)`.
    pub(crate) steps: Vec<String>,
    /// `DIALSTATUS=BUSY`.
    pub(crate) statuses: Vec<String>,
    pub(crate) prompts: Vec<String>,
}

/// All files of tests below a folder.
fn suites(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            suites(&path, found);
        } else if path.to_str().unwrap().ends_with(".test.yaml") {
            found.push(path);
        }
    }
}

/// What one of both came to, where they differ.
fn differ(scenario: &Scenario, simulated: &[Track], live: &[Track]) -> Option<String> {
    // Who hangs up while prompts are played cuts them short: the exchange tells of all that it had begun to play.
    let hangs_up = scenario.calls.iter().any(|call| !call.acts.is_empty());
    let same = |(a, b): (&Track, &Track)| {
        let prompts = a.prompts == b.prompts || hangs_up && b.prompts.starts_with(&a.prompts);
        a.steps == b.steps && a.statuses == b.statuses && prompts
    };
    let equal = simulated.len() == live.len() && simulated.iter().zip(live).all(same);
    (!equal).then(|| format!("simulator {simulated:#?}\nexchange {live:#?}"))
}

/// What came of the scenarios of some files.
#[derive(Default)]
struct Compared {
    same: usize,
    wrong: Vec<String>,
    left_out: BTreeMap<&'static str, usize>,
    again: exchange::Tally,
}

fn compare(files: &[PathBuf]) -> Compared {
    let sounds = exchange::Sounds::new();
    let mut all = Compared::default();
    for file in files {
        let suite = Suite::open(file).unwrap_or_else(|e| panic!("{e}"));
        let plan = std::fs::read(file.parent().unwrap().join("extensions.conf")).unwrap();
        for (name, scenario) in suite.scenarios() {
            let (simulated, took) = simulated::run(&plan, scenario);
            sounds.add(&simulated);
            if took > LONGEST {
                *all.left_out
                    .entry("more than 80 s of call time")
                    .or_default() += 1;
                continue;
            }
            match exchange::run(&plan, scenario, &sounds) {
                Err(reason) => *all.left_out.entry(reason).or_default() += 1,
                Ok((live, again)) => {
                    all.again.same += again.same;
                    let named = |why| format!("{}: {name}: {why}", file.display());
                    all.again.so_far.extend(again.so_far.into_iter().map(named));
                    all.again.other.extend(again.other.into_iter().map(named));
                    match differ(scenario, &simulated, &live) {
                        None => all.same += 1,
                        Some(how) => all.wrong.push(format!("{}: {name}\n{how}", file.display())),
                    }
                }
            }
        }
    }
    let Compared {
        same,
        wrong,
        left_out,
        again,
    } = &all;
    println!(
        "of these, {} recorded calls are the same when they run again; {} as far as they may be told",
        again.same,
        again.so_far.len()
    );
    assert!(again.other.is_empty(), "{}", again.other.join("\n"));
    println!("{same} scenarios are the same in both; left out: {left_out:#?}");
    assert!(
        wrong.is_empty(),
        "{} differ\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    all
}

#[test]
fn each_scenario_of_the_examples_is_the_same_in_the_simulator_and_in_the_exchange() {
    let mut files = Vec::new();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    suites(&examples, &mut files);
    let Compared {
        same,
        left_out,
        again,
        ..
    } = compare(&files);
    assert!(again.same > 300 && again.so_far.is_empty(), "{again:#?}");
    let left: usize = left_out.values().sum();
    assert!(same > 450 && left * 10 < same, "{same}, {left_out:#?}");
}

/// Menus, hours, keys, sub-routines, limits, hold: what the plans of the examples do not have.
#[test]
fn a_house_with_a_menu_is_the_same_in_the_simulator_and_in_the_exchange() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/plan/extensions.test.yaml");
    Suite::open(&file)
        .unwrap_or_else(|e| panic!("{e}"))
        .run()
        .assert();
    let Compared {
        same,
        left_out,
        again,
        ..
    } = compare(&[file]);
    // The PIN that stands in the plan is not written: what comes of it is not, either.
    assert!(again.same > 20 && again.so_far.len() == 2, "{again:#?}");
    assert!(same >= 25 && left_out.is_empty(), "{same}, {left_out:#?}");
}

/// The same house over real sockets: real time, real audio, all at once. What takes long is left to the comparison in virtual time.
#[test]
fn a_house_with_a_menu_is_the_same_over_real_sockets() {
    over_real_sockets("tests/live/plan/extensions.test.yaml");
}

/// And the options of Dial.
#[test]
fn options_of_dial_are_the_same_over_real_sockets() {
    over_real_sockets("tests/live/dial/extensions.test.yaml");
}

fn over_real_sockets(file: &str) {
    const LONGEST: Duration = Duration::from_secs(13);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let suite = Suite::open(&file).unwrap_or_else(|e| panic!("{e}"));
    let plan = std::fs::read(file.parent().unwrap().join("extensions.conf")).unwrap();
    let sounds = Arc::new(exchange::Sounds::new());
    let mut all = Vec::new();
    let mut expected = Vec::new();
    for (name, scenario) in suite.scenarios().filter(|(_, one)| sockets::can(one)) {
        let (simulated, took) = simulated::run(&plan, scenario);
        if took <= LONGEST {
            sounds.add(&simulated);
            all.push((name.to_owned(), Arc::clone(scenario), took));
            expected.push(simulated);
        }
    }
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let media = sockets::media();
    // A machine that is busy with something else may be late: what differs is played once more.
    let mut left: Vec<usize> = (0..all.len()).collect();
    let mut wrong = Vec::new();
    for _ in 0..2 {
        let started: Vec<_> = left
            .drain(..)
            .map(|n| {
                let (_, scenario, took) = &all[n];
                let (sounds, media) = (Arc::clone(&sounds), Arc::clone(&media));
                let run = sockets::run(plan.clone(), Arc::clone(scenario), sounds, media, *took);
                (n, tokio.spawn(run))
            })
            .collect();
        wrong.clear();
        for (n, run) in started {
            let (name, scenario, _) = &all[n];
            let live = tokio.block_on(run).unwrap();
            if let Some(how) = differ(scenario, &expected[n], &live) {
                wrong.push(format!("{name}\n{how}"));
                left.push(n);
            }
        }
    }
    println!(
        "{} scenarios over real sockets: {:?}",
        all.len(),
        sockets::kinds(&all)
    );
    assert!(
        wrong.is_empty(),
        "{} differ\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(all.len() >= 20, "{}", all.len());
}

/// Called channels that run dialplan of their own, are told keys, and go on alone.
#[test]
fn options_of_dial_are_the_same_in_the_simulator_and_in_the_exchange() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/dial/extensions.test.yaml");
    Suite::open(&file)
        .unwrap_or_else(|e| panic!("{e}"))
        .run()
        .assert();
    let Compared { same, left_out, .. } = compare(&[file]);
    assert!(same >= 30 && left_out.is_empty(), "{same}, {left_out:#?}");
}
