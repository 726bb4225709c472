//! The same plan run in three ways: quick code, whole code, and as it is written, looked up at every step. Whatever a plan does,
//! the three do the same: the effects, their order, the variables at the end, where it stands and how it ends.
#![allow(clippy::unwrap_used)]

mod ways;
mod world;

use proptest::prelude::*;
use strowger_vm::{Effect, Entry, Limits, Party, Place, Reply, Step, Vm};
use ways::{Way, go};
use world::{World, module};

fn agree(plan: &str, at: Place, variables: &[(&str, &str)]) -> Result<(), TestCaseError> {
    let module = module(plan);
    let variables: Vec<_> = variables
        .iter()
        .map(|(n, v)| (n.as_bytes(), v.as_bytes()))
        .collect();
    let written = go(&module, &at, &variables, Way::Written);
    for way in [Way::Whole, Way::Quick] {
        let seen = go(&module, &at, &variables, way);
        prop_assert!(
            seen.agrees(&written),
            "{:?} differs from what is written, from {:?}:\n{}\n{}\n{:#?}\n{:#?}",
            way,
            at,
            plan,
            module.disassemble(),
            seen,
            written
        );
    }
    Ok(())
}

const VALUES: &[&str] = &[
    "",
    "0",
    "1",
    "7",
    "-5",
    "007",
    "08",
    "1.5",
    "abc",
    "a b",
    "a\"b",
    "\"q\"",
    "5abc",
    "x)y",
    "(z",
    "a:b",
    "a?b",
    "-0",
    "999999999999999999",
    "12345678901234567",
    "é",
    "$[1+1]",
    "${a}",
    ".5",
    "+3",
    " 4",
    "1-2-3",
    "b",
    "s",
    "n",
];

/// An operand of an expression, or something that looks like one.
fn operand() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(vec!["${a}", "${b}", "${i}", "${g}", "${EXTEN}", "${EXTEN:1}", "${PRIORITY}", "${unset}"]).prop_map(str::to_owned),
        4 => (-3i32..1002).prop_map(|n| n.to_string()),
        2 => prop::sample::select(vec!["\"${a}\"", "\"\"", "\"abc\"", "\"${a}${b}\"", "\"x${i}\"", "abc", "1.5", "007"]).prop_map(str::to_owned),
        2 => prop::sample::select(vec!["${LEN(${a})}", "${CUT(routes,-,2)}", "${ISNULL(${b})}", "${TOUPPER(${a})}", "${CALLERID(num)}",
            "${STRFTIME(${EPOCH},,%H)}", "${EXISTS(${a})}", "${DB(f/k)}", "${CUT(a,-,1-2)}", "${STRFTIME(${a},Europe/Paris,%Y-%m-%d)}",
            "${LEN(x${a}y)}", "${UNKNOWN(x)}"]).prop_map(str::to_owned),
    ]
}

fn expression() -> impl Strategy<Value = String> {
    operand().prop_recursive(3, 12, 3, |inner| {
        let sign = prop::sample::select(vec!["+", "-", "*", "/", "%", "=", "!=", "<", ">", "<=", ">=", "&", "|", " + ", " = ", " < ", ":", "=~"]);
        prop_oneof![
            5 => (inner.clone(), sign, inner.clone()).prop_map(|(a, s, b)| format!("{a}{s}{b}")),
            1 => inner.clone().prop_map(|a| format!("({a})")),
            1 => inner.clone().prop_map(|a| format!("!{a}")),
            1 => inner.clone().prop_map(|a| format!("-{a}")),
            1 => inner.clone().prop_map(|a| format!("ABS({a})")),
            1 => inner.clone().prop_map(|a| format!("ABS({a}) >= 1000000000000000000")),
            1 => (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("{a} ? {b} :: {c}")),
        ]
    })
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => expression().prop_map(|e| format!("$[{e}]")),
        3 => operand(),
        1 => prop::collection::vec(operand(), 2..4).prop_map(|v| v.join("-")),
        1 => prop::sample::select(VALUES.to_vec()).prop_map(|v| v.replace(';', "")),
    ]
}

fn target() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "1",
        "3",
        "top",
        "end",
        "+2",
        "-1",
        "nowhere",
        "b,1",
        "main,b,1",
        "other,s,1",
        "other,s,go",
        "99",
        "",
        "b,x",
        "other,12,1",
        ",b,2",
    ])
    .prop_map(str::to_owned)
}

fn line() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "a",
        "b",
        "i",
        "_a",
        "__b",
        "EXTEN",
        "LOCAL(a)",
        "GLOBAL(g)",
        "DIALSTATUS",
    ]);
    prop_oneof![
        6 => (name, value()).prop_map(|(n, v)| format!("Set({n}={v})")),
        1 => Just("Set(i=$[${i}+1])".to_owned()),
        1 => Just("GotoIf($[${i} < 4]?top)".to_owned()),
        3 => (value(), target(), target()).prop_map(|(v, a, b)| format!("GotoIf({v}?{a}:{b})")),
        1 => target().prop_map(|t| format!("Goto({t})")),
        1 => value().prop_map(|v| format!("NoOp({v})")),
        1 => value().prop_map(|v| format!("Verbose({v})")),
        1 => (value(), value()).prop_map(|(c, v)| format!("ExecIf({c}?Set(b={v}))")),
        1 => Just("Gosub(sub,1(${a}))".to_owned()),
        1 => Just("Set(CALLERID(num)=55)".to_owned()),
        1 => Just("Return(${a})".to_owned()),
        1 => Just("MSet(a=1,b=${a})".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]

    #[test]
    fn quick_whole_and_written_agree(
        lines in prop::collection::vec(line(), 1..10),
        more in prop::collection::vec(line(), 0..4),
        exten in prop::sample::select(vec!["s", "12", "b"]),
        a in prop::sample::select(VALUES), b in prop::sample::select(VALUES),
        shape in 0u8..8,
    ) {
        let mut plan = String::from("[main]\nexten => s,1(top),Set(i=$[${i}+1])\n");
        for l in &lines {
            plan.push_str(&format!("same => n,{l}\n"));
        }
        plan.push_str("same => n(end),Verbose(${a}|${b}|${i}|${EXTEN}|${CONTEXT}|${PRIORITY})\n");
        plan.push_str("exten => _X.,1,Goto(s,1)\nexten => h,1,Verbose(h ${a} ${b})\nexten => b,1,Verbose(b)\n");
        for l in &more {
            plan.push_str(&format!("same => n,{l}\n"));
        }
        plan.push_str("exten => sub,1,Set(i=$[${i}+1])\nsame => n,Set(LOCAL(b)=${ARG1})\nsame => n,Return(${b})\n");
        // What makes routes settled or not.
        if shape & 1 != 0 {
            plan.push_str("exten => s/55,3,Verbose(caller)\n");
        }
        if shape & 2 != 0 {
            plan.push_str("include => other\n");
        }
        plan.push_str("[other]\nexten => s,1,Set(a=other)\nsame => n(go),Verbose(${a} ${CONTEXT})\n");
        if shape & 4 != 0 {
            plan.push_str("exten => _s.,2,Verbose(never)\nexten => _!,4,Verbose(bang ${EXTEN})\n");
        }
        agree(&plan, Place::new("main", exten, 1), &[("a", a), ("b", b), ("i", "0")])?;
    }

    #[test]
    fn expressions_agree(e in expression(), a in prop::sample::select(VALUES), b in prop::sample::select(VALUES), i in -3i64..10) {
        let plan = format!("[main]\nexten => s,1,Set(r=$[{e}])\nsame => n,GotoIf($[{e}]?yes)\nsame => n,Set(no=1)\nsame => n(yes),Verbose(${{r}}|${{no}})\n");
        agree(&plan, Place::new("main", "s", 1), &[("a", a), ("b", b), ("i", &i.to_string())])?;
    }
}

/// The plans of which a real Asterisk's answers are known; what whole code does with them is held against those elsewhere.
#[test]
fn the_three_ways_agree_on_measured_plans() {
    let cases = std::fs::read_to_string("../tests/golden/flow.jsonl").unwrap();
    let mut count = 0;
    for case in cases.lines() {
        let case: serde_json::Value = serde_json::from_str(case).unwrap();
        let start: Vec<&str> = case["start"].as_str().unwrap().split(',').collect();
        let at = Place::new(start[0], start[1], start[2].parse().unwrap());
        if let Err(e) = agree(case["text"].as_str().unwrap(), at, &[]) {
            panic!("{}: {e}", case["id"]);
        }
        count += 1;
    }
    assert!(count > 100, "{count}");
}

/// What was once read otherwise by quick code, or by whole code.
#[test]
fn the_three_ways_agree_on_what_once_went_wrong() {
    let fields = "-".repeat(40_000);
    let long = "x".repeat(3_999);
    let mut much = String::from("Set(r=$[\"${long}\" = \"${long}\"");
    for _ in 0..14 {
        much.push_str(" & \"${long}\" = \"${long}\"");
    }
    much.push_str(" & \"${long}\" = \"${long}x\"])");
    for line in [
        "Set(r=${STRFTIME(${a}5,,%S)})",
        "Set(r=${STRFTIME(${a} ,,%S)})",
        "Set(r=a${CUT(fields,-,32760-33000)})",
        "Set(r=a${CUT(fields,-,39990-)})",
        "Set(r=a${CUT(fields,-,1-32767)})",
        "Set(r=${LEN(${a}})",
        &much,
    ] {
        let plan = format!("[main]\nexten => s,1,{line}\nsame => n,Verbose(${{r}})\n");
        let variables = [("a", "2"), ("fields", &fields), ("long", &long)];
        if let Err(e) = agree(&plan, Place::new("main", "s", 1), &variables) {
            panic!("{line}: {e}");
        }
    }
}

#[test]
fn a_hangup_handler_that_asks_for_itself_again_is_a_fault() {
    let module = module(
        "[main]\nexten => s,1,Set(CHANNEL(hangup_handler_push)=main,again,1)\nexten => again,1,Set(CHANNEL(hangup_handler_push)=main,again,1)\n",
    );
    for way in [Way::Written, Way::Whole, Way::Quick] {
        let seen = go(&module, &Place::new("main", "s", 1), &[], way);
        assert_eq!(seen.end, None, "{way:?}");
    }
}

#[test]
fn what_is_not_closed_is_told_in_all_ways() {
    for text in [
        "$[1+1",
        "a${b",
        "${LEN(x}",
        "x${CUT(a,-,1}y",
        "$[${LEN(x]",
        "${LEN(${a}",
    ] {
        let plan = format!(
            "[main]\nexten => s,1,Set(a={text})\nsame => n,NoOp({text})\nsame => n,GotoIf({text}?4:5)\nsame => n,NoOp(end)\n"
        );
        let module = module(&plan);
        let at = Place::new("main", "s", 1);
        let written = go(&module, &at, &[], Way::Written);
        assert!(!written.notes.is_empty(), "{text}");
        for way in [Way::Whole, Way::Quick] {
            assert_eq!(go(&module, &at, &[], way), written, "{way:?} {text}");
        }
    }
}

#[test]
fn a_hang_up_between_two_portions_of_fuel_ends_a_quick_loop() {
    let module = module(
        "[main]\nexten => s,1(top),Set(i=$[${i}+1])\nsame => n,Goto(top)\nexten => h,1,Verbose(h ${i})\n",
    );
    let mut vm = Vm::new(Limits {
        fuel: 1_000,
        ..Limits::default()
    });
    vm.trace_steps(false);
    let world = World::default();
    let mut entry = Entry::call(Party::default(), Place::new("main", "s", 1));
    entry.variables.push((b"i".to_vec(), b"0".to_vec()));
    assert_eq!(vm.start(&module, &world.inputs(), entry), Step::OutOfFuel);
    vm.interrupt(strowger_vm::Interrupt::Hangup { cause: 16 });
    let step = vm.resume(&module, &world.inputs(), Reply::done());
    assert!(
        matches!(step, Step::Effect(Effect::Verbose { .. })),
        "{step:?}"
    );
}

#[test]
fn a_quick_loop_that_fills_the_memory_is_a_fault() {
    let module = module(
        "[main]\nexten => s,1(top),Set(a=${a}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa)\nsame => n,Goto(top)\n",
    );
    let mut vm = Vm::new(Limits {
        memory: 2_000,
        ..Limits::default()
    });
    vm.trace_steps(false);
    let entry = Entry::call(Party::default(), Place::new("main", "s", 1));
    let step = vm.start(&module, &World::default().inputs(), entry);
    assert!(matches!(step, Step::Fault(f) if f.kind == strowger_vm::FaultKind::Memory));
}

/// What a channel costs while it waits, in a large plan.
#[test]
fn an_idle_channel_is_small() {
    let mut plan = String::from(
        "[main]\nexten => _X.,1,Set(area=${EXTEN:0:3})\nsame => n,Set(list=${CUT(routes,-,2)})\nsame => n,Set(hour=${STRFTIME(${EPOCH},,%H)})\n\
        same => n,GotoIf($[${hour} > 8]?day)\nsame => n(day),Set(target=PJSIP/${EXTEN:1}@${list}-trunk)\nsame => n,Dial(${target},30,tT)\n",
    );
    for n in 0..2_000 {
        plan.push_str(&format!("exten => x{n},1,Set(variable{n}=${{other{n}}})\n"));
    }
    let module = module(&plan);
    let mut vm = Vm::new(Limits::default());
    vm.trace_steps(false);
    let mut party = Party {
        name: b"PJSIP/reception-0000001a".to_vec(),
        unique_id: b"1795251165.126".to_vec(),
        linked_id: b"1795251165.126".to_vec(),
        technology: b"PJSIP".to_vec(),
        ..Party::default()
    };
    party.caller = strowger_vm::Identity::new("Reception", "100");
    let step = vm.start(
        &module,
        &World::default().inputs(),
        Entry::call(party, Place::new("main", "0301234", 1)),
    );
    assert!(matches!(step, Step::Effect(Effect::Dial(_))), "{step:?}");
    println!("an idle channel: {} bytes", vm.memory());
    assert!(vm.memory() <= 2_048, "{} bytes", vm.memory());
}
