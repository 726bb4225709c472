//! What the made-up world costs: a day of polling with a thousand calls beside it, and short calls one after the other.

use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher};
use std::sync::Arc;
use std::time::Duration;
use strowger_compiler::source::Sources;
use strowger_runtime::sim::{Act, Attempt, Call, Endpoint, Scenario, Simulation};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

const PLAN: &str = "\
[main]
exten => poll,1,Answer()
 same => n,Set(end=$[${EPOCH} + 86400])
 same => n(again),Wait(5)
 same => n,GotoIf($[${EPOCH} < ${end}]?again)
 same => n,Hangup()
exten => _6X,1,Set(CALLERID(name)=${EXTEN})
 same => n,Dial(PJSIP/${EXTEN},20)
 same => n,GotoIf($[\"${DIALSTATUS}\" = \"BUSY\"]?busy)
 same => n,Playback(vm-nobodyavail)
 same => n,Hangup()
 same => n(busy),Busy(3)
exten => menu,1,Answer()
 same => n,Background(menu)
 same => n,WaitExten(5)
exten => 1,1,Goto(61,1)
exten => t,1,Hangup()
";

fn simulation() -> Simulation {
    let sources = Sources::plan(PLAN);
    let compiled = strowger_compiler::compile(&sources, &strowger_compiler::Options::default());
    let module = compiled.module.expect("the plan compiles");
    module.prepare();
    Simulation::new(module)
}

fn endpoint(name: &str, attempt: Attempt) -> Endpoint {
    Endpoint {
        name: name.into(),
        attempts: vec![attempt],
        ..Endpoint::default()
    }
}

fn endpoints() -> Vec<Endpoint> {
    let s = Duration::from_secs;
    vec![
        endpoint(
            "PJSIP/61",
            Attempt::Answers {
                after: s(3),
                then: vec![Act::Talk(s(60)), Act::HangUp],
            },
        ),
        endpoint("PJSIP/62", Attempt::Busy { after: s(0) }),
        endpoint("PJSIP/63", Attempt::NeverAnswers),
    ]
}

fn call(at: u64, exten: &str) -> Call {
    Call {
        at: Duration::from_secs(at),
        from: b"PJSIP/1001".to_vec(),
        context: b"main".to_vec(),
        exten: exten.into(),
        ..Call::default()
    }
}

/// One call that polls every 5 s for 24 hours, and 1 000 ordinary calls in that time. Everything is written down.
#[divan::bench(sample_count = 20)]
fn a_day_of_polling_and_a_thousand_calls(bencher: Bencher<'_, '_>) {
    let mut calls = vec![call(0, "poll")];
    calls.extend((0..1_000).map(|n| call(n * 86, ["61", "62", "63"][n as usize % 3])));
    let scenario = Arc::new(Scenario {
        endpoints: endpoints(),
        calls,
        ..Scenario::default()
    });
    let mut simulation = simulation();
    let report = simulation.play(&scenario);
    assert_eq!(report.calls[0].elapsed(), Duration::from_secs(86_400));
    assert!(report.cut.is_none() && !report.stalled && report.unmocked.is_empty());
    bencher
        .counter(ItemsCount::new(report.answers.len()))
        .bench_local(|| simulation.play(&scenario));
}

fn short(bencher: Bencher<'_, '_>, call: Call, record: bool) {
    let scenario = Arc::new(Scenario {
        endpoints: endpoints(),
        calls: vec![call],
        ..Scenario::default()
    });
    let mut simulation = simulation();
    simulation.world.record = record;
    bencher
        .counter(ItemsCount::new(1usize))
        .bench_local(|| simulation.play(&scenario));
}

/// A call that is answered, each in a world of its own: calls a second of one core. Everything is written down.
#[divan::bench]
fn answered_call_recorded(bencher: Bencher<'_, '_>) {
    short(bencher, call(0, "61"), true);
}

/// The same without a trace.
#[divan::bench]
fn answered_call(bencher: Bencher<'_, '_>) {
    short(bencher, call(0, "61"), false);
}

/// A call to somebody busy, as the search over replies makes most: two steps, a Dial, a jump.
#[divan::bench]
fn busy_call_recorded(bencher: Bencher<'_, '_>) {
    short(bencher, call(0, "62"), true);
}

/// The same without a trace.
#[divan::bench]
fn busy_call(bencher: Bencher<'_, '_>) {
    short(bencher, call(0, "62"), false);
}

/// A menu: a key breaks the prompt, and somebody answers.
#[divan::bench]
fn menu_call_recorded(bencher: Bencher<'_, '_>) {
    let call = Call {
        acts: vec![Act::Answered, Act::Press(b"1".to_vec())],
        ..call(0, "menu")
    };
    short(bencher, call, true);
}
