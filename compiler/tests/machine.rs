//! How plans run: the look-up order, subroutines, hang-ups in the middle of effects, digits, and the bounds.
#![allow(clippy::unwrap_used)]

mod world;

use strowger_vm::effect::Answer;
use strowger_vm::{
    Effect, Ending, Entry, FaultKind, Interrupt, Limits, Party, Place, Reply, Run, State, Step, Vm,
};
use world::{Ran, World, call, module, run, run_with, text};

fn dial(plan: &str, exten: &str, caller: Option<&str>) -> Ran {
    let module = module(plan);
    let mut entry = call("c", exten, 1);
    entry.party.caller.number = caller.map(|c| c.as_bytes().to_vec());
    run_with(
        &mut World::default(),
        &mut Vm::new(Limits::default()),
        &module,
        entry,
        |_, _| None,
    )
}

#[test]
fn an_extension_that_ends_goes_on_in_less_specific_ones() {
    let plan = "[c]\nexten => _1XX,1,NoOp(A)\nexten => _X.,1,NoOp(B)\nexten => _X.,2,NoOp(C)\nexten => _X!,3,NoOp(D)\n\
                include => x\n[x]\nexten => _.,4,NoOp(E)\n";
    let ran = dial(plan, "100", None);
    assert_eq!(ran.said(), "A C D E");
    assert!(matches!(ran.last, Step::Done(o) if o.why == Ending::FellThrough));
}

#[test]
fn the_trie_matcher_does_not_fall_through_within_a_context() {
    let plan = "[general]\nextenpatternmatchnew=yes\n[c]\nexten => _1XX,1,NoOp(A)\nexten => _X.,2,NoOp(C)\ninclude => x\n\
                [x]\nexten => _.,2,NoOp(E)\n";
    assert_eq!(dial(plan, "100", None).said(), "A E");
}

#[test]
fn a_number_from_an_include_does_not_settle_the_next_one() {
    let plan = "[general]\nextenpatternmatchnew=yes\n[c]\nexten => _1XX,1,NoOp(A)\nexten => _1XX,3,NoOp(B)\ninclude => x\n\
                [x]\nexten => _1XX,2,NoOp(C)\nexten => _1XX,3,NoOp(never)\n";
    assert_eq!(dial(plan, "100", None).said(), "A C B");
}

#[test]
fn the_trie_matcher_asks_for_the_caller_again_when_he_changes() {
    let plan = "[general]\nextenpatternmatchnew=yes\n[c]\nexten => _1XX!,1,Set(CALLERID(num)=55)\nexten => _1XX!,2,NoOp(early)\n\
                exten => _1XX/55,2,NoOp(form)\n";
    assert_eq!(dial(plan, "100", Some("7")).said(), "CALLERID(num)=55 form");
}

#[test]
fn caller_id_forms_come_first_and_fall_through_into_the_plain_entry() {
    let plan = "[c]\nexten => 1/5551212,1,NoOp(A)\nexten => 1/_555.,1,NoOp(B)\nexten => 1,1,NoOp(C)\nexten => 1,2,NoOp(D)\n";
    assert_eq!(dial(plan, "1", Some("5551212")).said(), "A D");
    assert_eq!(dial(plan, "1", Some("5559999")).said(), "B D");
    assert_eq!(dial(plan, "1", Some("1")).said(), "C D");
    let empty = "[c]\nexten => 1/,1,NoOp(nobody)\nexten => 1,1,NoOp(anybody)\n";
    assert_eq!(dial(empty, "1", None).said(), "nobody");
    assert_eq!(dial(empty, "1", Some("1")).said(), "anybody");
}

#[test]
fn a_caller_id_set_on_the_way_changes_what_follows() {
    let plan = "[c]\nexten => 1,1,Set(CALLERID(num)=55)\nexten => 1,2,NoOp(plain)\nexten => 1/55,2,NoOp(form)\n";
    assert_eq!(dial(plan, "1", Some("1")).said(), "CALLERID(num)=55 form");
}

#[test]
fn own_entries_beat_includes_and_earlier_includes_beat_later_ones() {
    let own = "[c]\nexten => _X.,1,NoOp(L)\ninclude => x\n[x]\nexten => 100,1,NoOp(I)\n";
    assert_eq!(dial(own, "100", None).said(), "L");
    let order = "[c]\ninclude => a\ninclude => b\n[a]\nexten => _a.,1,NoOp(pattern ${CONTEXT})\n[b]\nexten => aa,1,NoOp(exact)\n";
    assert_eq!(dial(order, "aa", None).said(), "pattern c");
}

#[test]
fn an_include_counts_only_at_its_time() {
    // The world begins in 1970, on a Thursday.
    let plan = "[c]\ninclude => a,*,mon-wed,*,*\ninclude => b,*,thu,*,*\ninclude => c\n[a]\nexten => 1,1,NoOp(a)\n[b]\n\
                exten => 1,1,NoOp(b)\n";
    assert_eq!(dial(plan, "1", None).said(), "b");
}

#[test]
fn a_subroutine_gives_back_what_it_hid() {
    let ran = run(
        "[main]\nexten => s,1,Set(ARG1=outer)\nsame => n,Set(v=mine)\nsame => n,Gosub(sub,1(a,b))\n\
                   same => n,NoOp(${ARG1}|${ARG2}|${ARGC}|${v}|${w}|${GOSUB_RETVAL})\n\
                   exten => sub,1,NoOp(${ARG1}${ARG2}${ARGC})\nsame => n,Set(LOCAL(v)=theirs)\nsame => n,Set(w=stays)\n\
                   same => n,Gosub(deep,1(x))\nsame => n,Return(done)\n\
                   exten => deep,1,NoOp(${ARG1}|${ARG2}|${v}|${LOCAL(v)}|${LOCAL_PEEK(1,v)}|${STACK_PEEK(1,e)})\nsame => n,Return()\n",
    );
    assert_eq!(text(&ran.steps[3].arguments), "ab2");
    assert_eq!(text(&ran.steps[7].arguments), "x||theirs||theirs|sub");
    let last = ran
        .steps
        .iter()
        .rfind(|s| s.priority == 4 && s.exten == b"s")
        .unwrap();
    assert_eq!(
        text(&last.arguments),
        "outer||mine|stays|done".replacen("||", "|||", 1)
    );
}

#[test]
fn h_runs_in_the_context_of_the_subroutine_in_which_the_call_ends() {
    let ran = run(
        "[main]\nexten => s,1,Gosub(hsub,s,1)\nexten => h,1,NoOp(mine)\n[hsub]\nexten => s,1,Hangup(17)\n\
                   exten => h,1,NoOp(sub ${HANGUPCAUSE})\n",
    );
    assert_eq!(ran.said(), "hsub,s,1 17 sub 17");
}

#[test]
fn a_hang_up_in_the_middle_of_any_effect_leads_to_h_with_the_reply_stored() {
    let lines = [
        "Answer()",
        "Dial(SIP/x,5)",
        "Playback(hello)",
        "Echo()",
        "Wait(3)",
        "WaitExten(3)",
        "Ringing()",
        "Progress()",
        "Busy(3)",
        "Congestion()",
        "SayDigits(12)",
        "SendText(hi)",
        "MessageSend(sip:x)",
        "NoOp(${DB(a/b)})",
        "Set(DB(a/b)=c)",
        "Set(GLOBAL(g)=1)",
        "Verbose(hi)",
        "Log(NOTICE,hi)",
        "NoOp($[${DB(a/b)} + 1])",
        "NoOp(${CUT(DB(a/b),-,1)})",
        "BackGround(hello)",
    ];
    for line in lines {
        let plan = format!(
            "[main]\nexten => s,1,{line}\nsame => n,NoOp(never)\nexten => h,1,NoOp(h ${{DIALSTATUS}} ${{HANGUPCAUSE}})\n"
        );
        let module = module(&plan);
        let mut vm = Vm::new(Limits::default());
        let mut entry = call("main", "s", 1);
        entry.party.state = State::Ring;
        let mut hit = 0;
        let ran = run_with(&mut World::default(), &mut vm, &module, entry, |_, vm| {
            hit += 1;
            vm.interrupt(Interrupt::Hangup { cause: 19 });
            Some(Reply::with(Answer::Gone).set("DIALSTATUS", "CANCEL"))
        });
        assert_eq!(hit, 1, "{line}");
        let last = ran.steps.last().unwrap();
        assert_eq!(
            (text(&last.exten), text(&last.arguments)),
            ("h".into(), "h CANCEL 19".into()),
            "{line}"
        );
        assert!(matches!(ran.last, Step::Done(o) if o.cause == 19), "{line}");
    }
}

#[test]
fn a_channel_that_is_gone_plays_nothing_in_h() {
    let ran =
        run("[main]\nexten => s,1,Hangup()\nexten => h,1,Playback(x)\nsame => n,NoOp(never)\n");
    assert!(ran.effects.is_empty(), "{:?}", ran.effects);
    assert_eq!(ran.steps.len(), 2);
}

#[test]
fn a_redirect_goes_on_elsewhere_without_h() {
    let module = module(
        "[main]\nexten => s,1,Wait(60)\nexten => h,1,NoOp(h)\n[other]\nexten => x,1,NoOp(there)\n",
    );
    let mut vm = Vm::new(Limits::default());
    let ran = run_with(
        &mut World::default(),
        &mut vm,
        &module,
        call("main", "s", 1),
        |_, vm| {
            vm.interrupt(Interrupt::Redirect(Place::new("other", "x", 1)));
            Some(Reply::with(Answer::Gone))
        },
    );
    assert_eq!(ran.said(), "60 there");
}

#[test]
fn the_absolute_timeout_cuts_a_wait() {
    let ran = run(
        "[main]\nexten => s,1,Set(TIMEOUT(absolute)=1)\nsame => n,Wait(5)\nsame => n,NoOp(no)\nexten => T,1,NoOp(T ${EPOCH})\n",
    );
    assert_eq!(ran.said(), "TIMEOUT(absolute)=1 5 T 1");
}

/// Runs a plan whose caller presses these keys, one at each wait.
fn press(plan: &str, keys: &str) -> Ran {
    let module = module(plan);
    let mut keys: Vec<u8> = keys.bytes().rev().collect();
    run_with(
        &mut World::default(),
        &mut Vm::new(Limits::default()),
        &module,
        call("main", "s", 1),
        |e, _| match e {
            Effect::Digit { .. } => keys.pop().map(|k| Reply::with(Answer::Digit(k))),
            _ => None,
        },
    )
}

#[test]
fn digits_are_collected_while_a_longer_number_could_match() {
    let plan = "[main]\nexten => s,1,WaitExten(3)\nsame => n,NoOp(later)\nexten => 1,1,NoOp(one)\nexten => 12,1,NoOp(twelve)\n\
                exten => _5X!,1,NoOp(early ${EXTEN})\nexten => _5XXX,1,NoOp(four ${EXTEN})\nexten => _6X.,1,NoOp(six ${EXTEN})\n\
                exten => i,1,NoOp(bad ${INVALID_EXTEN})\n";
    assert_eq!(press(plan, "12").said(), "3 twelve");
    assert_eq!(press(plan, "1").said(), "3 one");
    assert_eq!(press(plan, "5199").said(), "3 four 5199");
    assert_eq!(press(plan, "51").said(), "3 early 51");
    assert_eq!(press(plan, "9").said(), "3 bad 9");
    assert_eq!(press(plan, "6123").said(), "3 six 6123");
    assert_eq!(press(plan, "").said(), "3 later");
}

#[test]
fn without_autofallthrough_the_end_waits_for_digits() {
    let plan = "[general]\nautofallthrough=no\n[main]\nexten => s,1,NoOp(menu)\nexten => 7,1,NoOp(seven)\nsame => n,Hangup()\n\
                exten => t,1,NoOp(silence)\nsame => n,Hangup()\n";
    assert_eq!(press(plan, "7").said(), "menu seven");
    assert_eq!(press(plan, "").said(), "menu silence");
}

#[test]
fn a_digit_breaks_a_prompt_and_begins_a_number() {
    let module = module(
        "[main]\nexten => s,1,BackGround(menu)\nsame => n,NoOp(played)\nexten => 4,1,NoOp(four)\n",
    );
    let ran = run_with(
        &mut World::default(),
        &mut Vm::new(Limits::default()),
        &module,
        call("main", "s", 1),
        |e, _| {
            matches!(e, Effect::Play(_))
                .then(|| Reply::with(Answer::Digit(b'4')).set("BACKGROUNDSTATUS", "SUCCESS"))
        },
    );
    assert_eq!(ran.said(), "menu four");
}

#[test]
fn the_time_is_said_and_the_call_answered() {
    let module = module("[c]\nexten => 1,1,SayUnixTime(1600000000,UTC,IMp)\n");
    let mut played = Vec::new();
    run_with(
        &mut World::default(),
        &mut Vm::new(Limits::default()),
        &module,
        call("c", "1", 1),
        |effect, _| {
            if let Effect::Play(play) = effect {
                assert!(play.answer);
                played.extend(play.files.iter().map(|f| text(f)));
            }
            None
        },
    );
    assert_eq!(played, ["digits/12", "digits/20", "digits/6", "digits/p-m"]);
}

#[test]
fn a_subroutine_can_be_asked_in_the_middle_of_a_text() {
    let ran = run(
        "[main]\nexten => s,1,NoOp([${EVAL_SUB(sub,1(4))}][$[${EVAL_SUB(sub,1(5))} + 1]][${EVAL_EXTEN(sub,3)}][${a}${ARG1}])\n\
                   same => n,NoOp(${EXTEN} [${EVAL_SUB(none,1)}] [${EVAL_SUB(ends,1)}])\n\
                   exten => sub,1,Set(a=${DB(x/y)}${ARG1})\nsame => n,Wait(1)\nsame => n,Return(${ARG1}0)\nexten => ends,1,NoOp(no return)\n",
    );
    let last = |priority: u32| {
        text(
            &ran.steps
                .iter()
                .rfind(|s| s.exten == b"s" && s.priority == priority)
                .unwrap()
                .arguments,
        )
    };
    assert_eq!(last(1), "[40][51][0][5]");
    assert_eq!(last(2), "s [] []");
}

#[test]
fn keys_are_read_into_a_variable() {
    let read = |args: &str, keys: &str| {
        let plan =
            format!("[main]\nexten => s,1,Read({args})\nsame => n,NoOp(${{v}} ${{READSTATUS}})\n");
        text(&press(&plan, keys).steps[1].arguments)
    };
    assert_eq!(read("v,,3", "1234"), "123 OK");
    assert_eq!(read("v", "12#"), "12 OK");
    assert_eq!(read("v", "12"), "12 TIMEOUT");
    assert_eq!(read("v,prompt,,t(*)", "1#*"), "1# OK");
    assert_eq!(read("v,,,e", "#"), "# OK");
    let plan = "[main]\nexten => s,1,WaitDigit(3,12)\nsame => n,NoOp(${WAITDIGITSTATUS} ${WAITDIGITRESULT})\n";
    assert_eq!(press(plan, "972").said(), "3,12 DTMF 2");
    assert_eq!(press(plan, "9").said(), "3,12 TIMEOUT ");
}

#[test]
fn a_busy_dial_that_falls_through_is_told_so() {
    let module = module("[main]\nexten => s,1,Dial(SIP/x)\n");
    let mut entry = call("main", "s", 1);
    entry.party.state = State::Ring;
    let ran = run_with(
        &mut World::default(),
        &mut Vm::new(Limits::default()),
        &module,
        entry,
        |e, _| matches!(e, Effect::Dial(_)).then(|| Reply::done().set("DIALSTATUS", "BUSY")),
    );
    assert!(matches!(
        &ran.effects[..],
        [
            Effect::Dial(_),
            Effect::Busy {
                timeout_ms: Some(10_000)
            }
        ]
    ));
    assert!(matches!(ran.last, Step::Done(o) if o.cause == 17));
}

#[test]
fn what_a_dialled_channel_inherits() {
    let ran = run(
        "[main]\nexten => s,1,Set(a=1)\nsame => n,Set(_b=2)\nsame => n,Set(__c=3)\nsame => n,Set(CALLERID(num)=61)\n\
                   same => n,Dial(SIP/x & PJSIP/y@z/w,20^5,tL(60000:3)U(sub^a))\n",
    );
    let Effect::Dial(d) = &ran.effects[0] else {
        panic!("{:?}", ran.effects)
    };
    assert_eq!(
        d.inherited,
        [
            (b"b".to_vec(), b"2".to_vec()),
            (b"__c".to_vec(), b"3".to_vec())
        ]
    );
    assert_eq!(
        d.targets
            .iter()
            .map(|t| (text(&t.technology), text(&t.resource)))
            .collect::<Vec<_>>(),
        [("SIP".into(), "x".into()), ("PJSIP".into(), "y@z/w".into())]
    );
    assert_eq!(
        (d.timeout_ms, d.progress_timeout_ms),
        (Some(20_000), Some(5_000))
    );
    assert_eq!(d.option(b'L'), Some(Some(&b"60000:3"[..])));
    assert_eq!(d.option(b't'), Some(None));
    assert_eq!(d.caller.number.as_deref(), Some(&b"61"[..]));
}

#[test]
fn dial_without_a_device_goes_on() {
    let ran = run(
        "[main]\nexten => s,1,Dial()\nsame => n,NoOp(${DIALSTATUS})\nsame => n,Dial(SIP/x,,L(5)\nsame => n,NoOp(no)\n",
    );
    assert!(ran.said().contains("CHANUNAVAIL"));
    assert!(
        !ran.said().contains("no "),
        "an option without its parenthesis ends the call"
    );
}

#[test]
fn a_message_runs_no_h() {
    let module = module(
        "[sms]\nexten => _X.,1,Set(MESSAGE(body)=${MESSAGE(body)}!)\nsame => n,Set(MESSAGE_DATA(X-Id)=7)\n\
                         same => n,MessageSend(sip:${EXTEN},${MESSAGE(from)})\nsame => n,NoOp(${MESSAGE_SEND_STATUS})\nexten => h,1,NoOp(h)\n",
    );
    let mut party = Party {
        name: b"Message/ast_msg_queue".to_vec(),
        state: State::Up,
        ..Party::default()
    };
    party.message.from = b"<sip:61@h>".to_vec();
    party.message.body = b"hello".to_vec();
    let entry = Entry {
        party,
        variables: Vec::new(),
        run: Run::Message(Place::new("sms", "62", 1)),
    };
    let ran = run_with(
        &mut World::default(),
        &mut Vm::new(Limits::default()),
        &module,
        entry,
        |e, _| {
            matches!(e, Effect::SendMessage(_))
                .then(|| Reply::done().set("MESSAGE_SEND_STATUS", "SUCCESS"))
        },
    );
    let Effect::SendMessage(m) = &ran.effects[0] else {
        panic!("{:?}", ran.effects)
    };
    assert_eq!(
        (text(&m.destination), text(&m.from), text(&m.message.body)),
        ("sip:62".into(), "<sip:61@h>".into(), "hello!".into())
    );
    assert_eq!(m.message.data.len(), 1);
    assert_eq!(text(&ran.steps.last().unwrap().arguments), "SUCCESS");
}

#[test]
fn a_subroutine_for_the_driver_returns_its_value_and_leaves_the_effect_open() {
    let module = module(
        "[main]\nexten => s,1,Dial(SIP/x)\nsame => n,NoOp(${who})\n[pre]\nexten => s,1,Set(who=${ARG1})\nsame => n,Return(r-${ARG2})\n",
    );
    let mut vm = Vm::new(Limits::default());
    let world = World::default();
    assert!(matches!(
        vm.start(&module, &world.inputs(), call("main", "s", 1)),
        Step::Effect(Effect::Dial(_))
    ));
    let step = vm.call(
        &module,
        &world.inputs(),
        Place::new("pre", "s", 1),
        vec![b"me".to_vec(), b"2".to_vec()],
    );
    assert_eq!(step, Step::Returned(b"r-2".to_vec()));
    assert!(matches!(
        vm.resume(&module, &world.inputs(), Reply::done()),
        Step::Done(_)
    ));
    assert_eq!(vm.variable(b"who").as_deref(), Some(&b"me"[..]));
    assert_eq!(vm.variable(b"ARG1"), None);
}

#[test]
fn a_loop_without_effects_is_stopped_in_the_end() {
    let module = module("[main]\nexten => s,1,Goto(1)\n");
    let mut vm = Vm::new(Limits {
        fuel: 1_000,
        refills: 5,
        ..Limits::default()
    });
    let world = World::default();
    let mut step = vm.start(&module, &world.inputs(), call("main", "s", 1));
    let mut rounds = 0;
    while step == Step::OutOfFuel {
        rounds += 1;
        vm.take_trace();
        step = vm.resume(&module, &world.inputs(), Reply::done());
    }
    assert_eq!(rounds, 5);
    assert!(matches!(step, Step::Fault(f) if f.kind == FaultKind::Fuel && f.place.exten == b"s"));
}

fn fault(plan: &str, limits: Limits) -> FaultKind {
    let module = module(plan);
    let ran = run_with(
        &mut World::default(),
        &mut Vm::new(limits),
        &module,
        call("main", "s", 1),
        |_, _| None,
    );
    match ran.last {
        Step::Fault(f) => f.kind,
        other => panic!("{other:?}"),
    }
}

#[test]
fn memory_depth_and_effects_are_bounded() {
    let grow = "[main]\nexten => s,1,Set(a${b}=${a}0123456789012345678901234567890123456789)\nsame => n,Set(b=${b}x)\nsame => n,Goto(1)\n";
    assert_eq!(
        fault(
            grow,
            Limits {
                memory: 10_000,
                ..Limits::default()
            }
        ),
        FaultKind::Memory
    );
    assert_eq!(
        fault("[main]\nexten => s,1,Gosub(1)\n", Limits::default()),
        FaultKind::Depth
    );
    assert_eq!(
        fault(
            "[main]\nexten => s,1,Verbose(x)\nsame => n,Goto(1)\n",
            Limits::default()
        ),
        FaultKind::Effects
    );
    let waits = "[main]\nexten => s,1,Wait(2)\nsame => n,Goto(1)\n";
    assert_eq!(
        fault(
            waits,
            Limits {
                effects: 50,
                ..Limits::default()
            }
        ),
        FaultKind::Effects
    );
}

#[test]
fn a_text_that_evaluates_itself_for_ever_ends() {
    let ran = run(
        "[main]\nexten => s,1,Set(D=$)\nsame => n,Set(a=${D}{EVAL(${D}{a})})\nsame => n,NoOp([${EVAL(${a})}])\n",
    );
    assert_eq!(text(&ran.steps[2].arguments), "[]");
    assert!(
        ran.notes.iter().any(|n| n.contains("deep")),
        "{:?}",
        ran.notes
    );
}

#[test]
fn a_machine_can_be_cloned_in_the_middle_of_an_expression() {
    let module = module("[main]\nexten => s,1,NoOp($[ ${DB(a/b)} + 4 ] ${CUT(DB(e/f),-,2)})\n");
    let world = World::default();
    let mut vm = Vm::new(Limits::default());
    let mut step = vm.start(&module, &world.inputs(), call("main", "s", 1));
    let mut asked = Vec::new();
    while let Step::Effect(Effect::DbGet { family, .. }) = &step {
        let value = match family.as_slice() {
            b"a" => "3",
            b"e" => "x-y",
            _ => "4",
        };
        asked.push(text(family));
        vm = vm.clone();
        step = vm.resume(&module, &world.inputs(), Reply::value(value));
    }
    assert_eq!(
        asked.join(""),
        "ae",
        "a name with a slash is no function call in an expression"
    );
    assert!(matches!(step, Step::Done(_)));
}

#[test]
fn the_published_message_plan_sends_on_and_tells_of_failures() {
    let module = module(include_str!("../../examples/two-phones/extensions.conf"));
    let deliver = |status: &'static str| {
        let mut party = Party {
            state: State::Up,
            ..Party::default()
        };
        party.message.from = b"\"61\" <sip:61@127.0.0.1>".to_vec();
        party.message.to = b"sip:ealbouy@127.0.0.1".to_vec();
        party.message.body = b"hello".to_vec();
        let run = Run::Message(Place::new("sms", "ealbouy", 1));
        let entry = Entry {
            party,
            variables: Vec::new(),
            run,
        };
        let mut vm = Vm::new(Limits::default());
        let ran = run_with(&mut World::default(), &mut vm, &module, entry, |_, _| {
            Some(Reply::done().set("MESSAGE_SEND_STATUS", status))
        });
        let sent = ran.effects.into_iter().map(|e| match e {
            Effect::SendMessage(m) => (text(&m.destination), text(&m.from), text(&m.message.body)),
            other => panic!("{other:?}"),
        });
        sent.collect::<Vec<_>>()
    };
    // The quotes vanish, as in every argument but the last that an application declares.
    let first = (
        "sip:ealbouy".into(),
        "61 <sip:61@127.0.0.1>".into(),
        "hello".into(),
    );
    assert_eq!(deliver("SUCCESS"), std::slice::from_ref(&first));
    let notice = "\"[01011970-00:00:00] Your message to ealbouy has failed. Retry later.\"";
    assert_eq!(
        deliver("FAILURE"),
        [
            first,
            ("sip:61".into(), "ServiceCenter".into(), notice.into())
        ]
    );
}
