//! Plans with everything that makes routes unsettled, steps out of order, labels and jumps of all kinds, in several dialects; and
//! something happens while an effect is open: a hang-up, a redirect, a time-out, a newer plan, a subroutine in between. Quick code,
//! whole code and the written way do the same.
#![allow(clippy::unwrap_used)]

mod ways;
mod world;

use proptest::prelude::*;
use std::sync::Arc;
use strowger_compiler::{Options, Sources, compile};
use strowger_vm::{Module, Place};
use ways::Way;

fn build(plan: &str, dialect: &str) -> Option<Arc<Module>> {
    compile(
        &Sources::plan(plan),
        &Options {
            dialect: strowger_stdlib::Dialect::named(dialect)?,
            ..Options::default()
        },
    )
    .module
    .ok()
}

fn line() -> impl Strategy<Value = String> {
    let v = prop::sample::select(vec![
        "5",
        "0",
        "-3",
        "x",
        "",
        "${a}",
        "${b}",
        "${g}",
        "$[${a}+1]",
        "$[${a}>2]",
        "$[\"${b}\"=\"x\"]",
        "${EXTEN}",
        "${EXTEN:1}",
        "${PRIORITY}",
        "${CALLERID(num)}",
        "${CUT(routes,-,2)}",
        "${STRFTIME(${EPOCH},,%S)}",
        "${HANGUPCAUSE}",
        "${CONTEXT}",
        "${HINT}",
        "${ARG1}",
        "${LEN(${b})}",
        "a${a}",
    ]);
    let t = prop::sample::select(vec![
        "1",
        "2",
        "4",
        "7",
        "12",
        "l",
        "m",
        "q",
        "+1",
        "+2",
        "-1",
        "x,1",
        "12,1",
        "12,2",
        "12,m",
        "a,s,1",
        "b,s,1",
        "B,s,1",
        "a,s,l",
        "b,s,m",
        "b,12,2",
        "12-3,1",
        "a,12-3,m",
        "t",
        "h,1",
        "i,1",
        "T,1",
        "99",
        "12,7",
        "s,l",
        "_1X,1",
        "_1X,2",
        "",
        "0",
        "macro-k,s,1",
        "macro-k,s,2",
        "macro-k,s,m",
    ]);
    let n = prop::sample::select(vec!["a", "_a", "__a", "b", "_b", "ARG1", "__g", "TESTTIME"]);
    prop_oneof![
        6 => (n, v.clone()).prop_map(|(n, v)| format!("Set({n}={v})")),
        2 => Just("Set(a=$[${a}+1])".to_owned()),
        3 => (v.clone(), t.clone(), t.clone()).prop_map(|(v, a, b)| format!("GotoIf({v}?{a}:{b})")),
        1 => (t.clone(), t.clone()).prop_map(|(a, b)| format!("GotoIf($[${{a}} < 6]?{a}:{b})")),
        3 => t.clone().prop_map(|a| format!("Goto({a})")),
        2 => v.clone().prop_map(|v| format!("Verbose({v} ${{a}}/${{b}})")),
        2 => Just("Ringing()".to_owned()),
        1 => Just("Progress".to_owned()),
        1 => Just("Wait(1)".to_owned()),
        1 => Just("Answer()".to_owned()),
        1 => v.clone().prop_map(|v| format!("NoOp({v})")),
        1 => Just("Set(TIMEOUT(absolute)=2)".to_owned()),
        1 => v.clone().prop_map(|v| format!("Set(CALLERID(num)={v})")),
        1 => v.clone().prop_map(|v| format!("Set(LOCAL(a)={v})")),
        1 => Just("Set(GLOBAL(g)=${a})".to_owned()),
        1 => (t.clone(), v.clone()).prop_map(|(t, v)| format!("Gosub({t}({v}))")),
        1 => v.clone().prop_map(|v| format!("Return({v})")),
        1 => Just("Set(CHANNEL(hangup_handler_push)=a,12,1)".to_owned()),
        1 => v.clone().prop_map(|v| format!("Macro(k,{v})")),
        1 => Just("MacroExit()".to_owned()),
        1 => Just("Hangup()".to_owned()),
        1 => Just("StackPop()".to_owned()),
        1 => Just("Exec(Goto(b,s,1))".to_owned()),
        1 => Just("ExecIf($[${a}>1]?Goto(12,2))".to_owned()),
        1 => Just("While($[${a}<4])".to_owned()),
        1 => Just("EndWhile()".to_owned()),
        1 => Just("ImportVar(x=y,z)".to_owned()),
        1 => Just("Set(DELETE(a)=1)".to_owned()),
        1 => Just("NoSuchApp(${a})".to_owned()),
    ]
}

/// Steps with labels, perhaps out of order and with gaps.
fn steps(name: &'static str) -> impl Strategy<Value = String> {
    prop::collection::vec(
        (
            line(),
            prop::sample::select(vec!["", "", "(l)", "(m)", "(q)", "(-1)", "(1)"]),
        ),
        1..6,
    )
    .prop_flat_map(|lines| {
        let n = lines.len();
        (
            Just(lines),
            prop::collection::vec(0u32..9, n),
            any::<bool>(),
        )
    })
    .prop_map(move |(lines, jumps, orderly)| {
        let mut out = String::new();
        for (i, (l, label)) in lines.iter().enumerate() {
            let p = if orderly {
                i as u32 + 1
            } else if i == 0 {
                1
            } else {
                jumps[i] + 1
            };
            out.push_str(&format!("exten => {name},{p}{label},{l}\n"));
        }
        out
    })
}

fn plan() -> impl Strategy<Value = String> {
    let entries = || {
        prop_oneof![
            steps("s"),
            steps("12"),
            steps("_1X"),
            steps("_1."),
            steps("_1!"),
            steps("_[1-3]2"),
            steps("12/55"),
            steps("12/_5."),
            steps("s/"),
            steps("s/100"),
            steps("1-2"),
            steps("12-3"),
            steps("h"),
            steps("i"),
            steps("t"),
            steps("T"),
            steps("e"),
            steps("x"),
            steps("_x")
        ]
    };
    let include = prop::sample::select(vec![
        "",
        "",
        "include => b\n",
        "include => B\n",
        "include => b,09:00-17:00,*,*,*\n",
        "include => b,00:00-00:01,*,*,*\n",
        "switch => Local/x@y\n",
        "ignorepat => 1\n",
        "include => c\n",
    ]);
    let general = prop::sample::select(vec![
        "",
        "[general]\nextenpatternmatchnew=yes\n",
        "[general]\nautofallthrough=no\n",
    ]);
    (
        general,
        steps("s"),
        prop::collection::vec(entries(), 0..5),
        include.clone(),
        prop::collection::vec(entries(), 1..4),
        include,
        prop::collection::vec(entries(), 0..3),
        steps("s"),
        prop::sample::select(vec!["b", "B"]),
    )
        .prop_map(|(g, s, a, ia, b, ib, c, k, bname)| {
            format!(
                "{g}[a]\n{s}{}{ia}[{bname}]\nexten => s,1,Verbose(b)\n{}{ib}[c]\n{}[macro-k]\n{k}",
                a.concat(),
                b.concat(),
                c.concat()
            )
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600,  ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_three_ways_agree(plan in plan(), newer in plan(), what in 0u8..9, when in 0usize..6, dialect in prop::sample::select(vec!["23", "20", "1.8", "1.6.2", "11", "1.4"]), exten in prop::sample::select(vec!["s", "12", "12-3", "1-2"]), a in prop::sample::select(vec!["0", "3", "x", "a\"b"])) {
        let (Some(old), Some(new)) = (build(&plan, dialect), build(&newer, dialect)) else { return Ok(()) };
        let at = Place::new("a", exten, 1);
        let vars: Vec<(&[u8], &[u8])> = vec![(b"a", a.as_bytes()), (b"_b", b"x")];
        let run = |way| {
            let new = Arc::clone(&new);
            let old = Arc::clone(&old);
            let mut current = Arc::clone(&old);
            ways::go_with(&old, &at, &vars, way, move |n, vm, world, reply| {
                if n != when { return None; }
                use strowger_vm::Interrupt;
                match what {
                    0 => vm.interrupt(Interrupt::Hangup { cause: 16 }),
                    1 => vm.interrupt(Interrupt::Redirect(Place::new("b", "s", 1))),
                    2 => vm.interrupt(Interrupt::Redirect(Place::new("a", "12", 2))),
                    3 => vm.interrupt(Interrupt::AbsoluteTimeout),
                    4 => world.now = strowger_vm::Time::from_seconds(1_773_232_200 + 40_000),
                    5 | 6 => { current = Arc::clone(&new); return Some(current.clone()); }
                    7 => *reply = strowger_vm::Reply { answer: strowger_vm::effect::Answer::Jump(Place::new("a", "12", 2)), ..strowger_vm::Reply::done() },
                    _ => {
                        let mut step = vm.call(&current, &world.inputs(), Place::new("a", "12", 1), vec![b"p".to_vec()]);
                        for _ in 0..80 {
                            step = match step {
                                strowger_vm::Step::Effect(e) => { let r = world.perform(vm, e); vm.resume(&current, &world.inputs(), r) }
                                strowger_vm::Step::OutOfFuel => vm.resume(&current, &world.inputs(), strowger_vm::Reply::done()),
                                _ => break,
                            };
                        }
                    }
                }
                None
            })
        };
        let written = run(Way::Written);
        for way in [Way::Whole, Way::Quick] {
            let seen = run(way);
            prop_assert!(seen.agrees(&written), "{way:?} {dialect} what={what} when={when} {at:?} a={a}\n{plan}\nNEWER\n{newer}\n{}\n{seen:#?}\n{written:#?}", old.disassemble());
        }
    }
}
