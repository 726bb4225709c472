//! Calls between phones, and into applications.

use crate::phone::sdp;
use crate::world::World;
use std::time::Duration;
use strowger_runtime::sip::command::{Body, InDialog, Reply};
use strowger_runtime::sip::stack::{Command, Event};

const PLAN: &str = "\
[office]
exten => _6X,1,Dial(SIP/${EXTEN},20)
 same => n,NoOp(${DIALSTATUS} ${HANGUPCAUSE})
 same => n,Hangup()
exten => 3666,1,Answer()
 same => n,Echo()
exten => h,1,NoOp(h ${DIALSTATUS})
";

#[tokio::test(start_paused = true)]
async fn a_phone_registers_and_a_wrong_password_does_not() {
    let world = World::with_plan(PLAN).await;
    let mut good = world.phone("61");
    assert_eq!(good.register(3600).await, 200);
    let talk = world.net.between(good.near, world.near);
    assert_eq!(
        talk,
        [
            "> REGISTER sip:192.0.2.1:5060 SIP/2.0",
            "< SIP/2.0 401 Unauthorized",
            "> REGISTER sip:192.0.2.1:5060 SIP/2.0",
            "< SIP/2.0 200 OK"
        ]
    );
    let mut bad = world.phone("62");
    bad.password = "wrong".into();
    assert_eq!(bad.register(3600).await, 403);
    assert_eq!(world.engine.stats().bindings, 1);
    assert_eq!(good.register(0).await, 200);
    assert_eq!(world.engine.stats().bindings, 0);
    world.nothing_left(&[&good, &bad]).await;
}

#[tokio::test(start_paused = true)]
async fn two_phones_talk_and_the_called_one_hangs_up() {
    let mut world = World::with_plan(PLAN).await;
    let (mut a, mut b) = (world.registered("61").await, world.registered("62").await);
    let call = a.call("62");
    let (ringing, invite) = b.rings().await;
    let from = invite.message.from().unwrap();
    assert_eq!(
        (from.display().as_ref(), from.uri_text),
        (&b"Sixty One"[..], &b"sip:61@192.0.2.1"[..])
    );
    assert!(matches!(a.next().await, Event::Ringing(_)));
    tokio::time::sleep(Duration::from_secs(3)).await;
    b.answer(ringing);
    let answer = a.answered(call).await;
    assert!(
        answer.contains("m=audio") && answer.contains("c=IN IP4 192.0.2.1"),
        "{answer}"
    );
    tokio::time::sleep(Duration::from_secs(60)).await;
    b.hang_up(ringing);
    let (status, cause) = a.ended(call).await;
    assert_eq!((status, cause), (200, 16));
    // The answered Dial ended the plan of the caller; `h` saw the status.
    assert_eq!(
        world.steps(),
        ["62:1 Dial(SIP/62,20)", "h:1 NoOp(h ANSWER)"]
    );
    world.nothing_left(&[&a, &b]).await;
}

#[tokio::test(start_paused = true)]
async fn the_caller_hangs_up() {
    let mut world = World::with_plan(PLAN).await;
    let (mut a, mut b) = (world.registered("61").await, world.registered("62").await);
    let call = a.call("62");
    let (ringing, _) = b.rings().await;
    b.answer(ringing);
    a.answered(call).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    a.hang_up(call);
    assert_eq!(b.ended(ringing).await.0, 200);
    assert_eq!(
        world.steps(),
        ["62:1 Dial(SIP/62,20)", "h:1 NoOp(h ANSWER)"]
    );
    world.nothing_left(&[&a, &b]).await;
}

#[tokio::test(start_paused = true)]
async fn the_caller_gives_up_while_it_rings() {
    let mut world = World::with_plan(PLAN).await;
    let (mut a, mut b) = (world.registered("61").await, world.registered("62").await);
    let call = a.call("62");
    let (ringing, _) = b.rings().await;
    assert!(matches!(a.next().await, Event::Ringing(_)));
    a.hang_up(call);
    assert_eq!(a.ended(call).await.0, 487);
    assert_eq!(b.ended(ringing).await.0, 487);
    assert!(
        world
            .net
            .between(world.near, b.near)
            .iter()
            .any(|l| l.starts_with("> CANCEL "))
    );
    assert_eq!(
        world.steps(),
        ["62:1 Dial(SIP/62,20)", "h:1 NoOp(h CANCEL)"]
    );
    world.nothing_left(&[&a, &b]).await;
}

#[tokio::test(start_paused = true)]
async fn what_the_called_phone_says_decides_the_dialstatus() {
    for (status, text) in [
        (486, "BUSY 17"),
        (480, "NOANSWER 19"),
        (603, "CHANUNAVAIL 21"),
        (503, "CONGESTION 34"),
    ] {
        let mut world = World::with_plan(PLAN).await;
        let (mut a, mut b) = (world.registered("61").await, world.registered("62").await);
        let call = a.call("62");
        b.refuses(status).await;
        let (final_status, _) = a.ended(call).await;
        let steps = world.steps();
        assert_eq!(
            steps[..2],
            [
                "62:1 Dial(SIP/62,20)".to_owned(),
                format!("62:2 NoOp({text})")
            ]
        );
        assert!(final_status >= 400, "{final_status}");
        world.nothing_left(&[&a, &b]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_answers_and_the_plan_goes_on() {
    let mut world = World::with_plan(PLAN).await;
    let (mut a, mut b) = (world.registered("61").await, world.registered("62").await);
    let begin = tokio::time::Instant::now();
    let call = a.call("62");
    let (ringing, _) = b.rings().await;
    assert_eq!(b.ended(ringing).await.0, 487);
    assert_eq!(begin.elapsed().as_secs(), 20);
    a.ended(call).await;
    assert_eq!(
        world.steps()[..2],
        ["62:1 Dial(SIP/62,20)", "62:2 NoOp(NOANSWER 0)"]
    );
    world.nothing_left(&[&a, &b]).await;
}

#[tokio::test(start_paused = true)]
async fn a_phone_that_is_not_registered_is_chanunavail_and_an_unknown_number_is_404() {
    let mut world = World::with_plan(PLAN).await;
    let mut a = world.registered("61").await;
    let call = a.call("63");
    a.ended(call).await;
    assert_eq!(
        world.steps()[..2],
        ["63:1 Dial(SIP/63,20)", "63:2 NoOp(CHANUNAVAIL 20)"]
    );
    let call = a.call("9999");
    assert_eq!(a.ended(call).await.0, 404);
    assert!(world.codes().contains(&"no-extension"));
    world.nothing_left(&[&a]).await;
}

#[tokio::test(start_paused = true)]
async fn echo_ends_with_the_call_and_hold_is_answered_meanwhile() {
    let mut world = World::with_plan(PLAN).await;
    let mut a = world.registered("61").await;
    let call = a.call("3666");
    a.answered(call).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    a.command(Command::Offer {
        leg: call,
        sdp: Some(sdp(a.near, "sendonly")),
    });
    let held = loop {
        if let Event::Settled { sdp, status, .. } = a.next().await {
            assert_eq!(status, 200);
            break String::from_utf8_lossy(&sdp.unwrap()).into_owned();
        }
    };
    assert!(held.contains("a=recvonly"), "{held}");
    a.hang_up(call);
    a.ended(call).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(
        world.steps(),
        ["3666:1 Answer()", "3666:2 Echo()", "h:1 NoOp(h )"]
    );
    world.nothing_left(&[&a]).await;
}

#[tokio::test(start_paused = true)]
async fn of_two_phones_the_first_to_answer_wins() {
    let plan = "[office]\nexten => 100,1,Dial(SIP/62&SIP/63,30,g)\n same => n,NoOp(${DIALSTATUS} ${DIALEDPEERNUMBER})\n";
    let mut world = World::with_plan(plan).await;
    let (mut a, mut b, mut c) = (
        world.registered("61").await,
        world.registered("62").await,
        world.registered("63").await,
    );
    let call = a.call("100");
    let (at_b, _) = b.rings().await;
    let (at_c, _) = c.rings().await;
    c.answer(at_c);
    a.answered(call).await;
    assert_eq!(b.ended(at_b).await.0, 487);
    c.hang_up(at_c);
    a.ended(call).await;
    assert_eq!(
        world.steps(),
        ["100:1 Dial(SIP/62&SIP/63,30,g)", "100:2 NoOp(ANSWER 63)"]
    );
    world.nothing_left(&[&a, &b, &c]).await;
}

#[tokio::test(start_paused = true)]
async fn a_full_port_range_is_503_for_the_caller() {
    let files = [
        ("extensions.conf", PLAN),
        ("sip.conf", crate::world::SIP),
        ("rtp.conf", "[general]\nrtpstart=16384\nrtpend=16385\n"),
    ];
    let net = crate::net::Net::default();
    let mut world = crate::world::exchange(&net, "192.0.2.1:5060", &files).await;
    let (mut a, mut b) = (world.registered("61").await, world.registered("62").await);
    let first = a.call("3666");
    a.answered(first).await;
    let second = b.call("3666");
    assert_eq!(b.ended(second).await.0, 503);
    assert!(world.codes().contains(&"rtp-ports"));
    a.hang_up(first);
    a.ended(first).await;
    world.nothing_left(&[&a, &b]).await;
}

#[tokio::test(start_paused = true)]
async fn busy_and_congestion_refuse_before_the_answer() {
    let plan = "[office]\nexten => 1,1,Busy()\nexten => 2,1,Congestion()\nexten => 3,1,Hangup(21)\nexten => 4,1,Ringing()\n same => n,Wait(2)\n same => n,Hangup()\n";
    let world = World::with_plan(plan).await;
    let mut a = world.registered("61").await;
    for (number, status) in [("1", 486), ("2", 503), ("3", 403), ("4", 603)] {
        let call = a.call(number);
        assert_eq!(a.ended(call).await.0, status, "{number}");
    }
    world.nothing_left(&[&a]).await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_drains_then_says_bye() {
    let world = World::with_plan(PLAN).await;
    let (mut a, mut b) = (world.registered("61").await, world.registered("62").await);
    let call = a.call("3666");
    a.answered(call).await;
    let stopping = tokio::spawn(world.engine.stop(Duration::from_secs(30)));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let late = b.call("3666");
    assert_eq!(b.ended(late).await.0, 503);
    let begin = tokio::time::Instant::now();
    a.ended(call).await;
    assert_eq!(begin.elapsed().as_secs(), 29);
    assert_eq!(stopping.await.unwrap().ended, 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_an_offer_gets_ours_in_the_answer() {
    let world = World::with_plan(PLAN).await;
    let mut a = world.registered("61").await;
    let call = a.call_with("3666", None);
    let offer = loop {
        if let Event::Answered { sdp, offer, .. } = a.next().await {
            assert!(offer);
            break String::from_utf8_lossy(&sdp.unwrap()).into_owned();
        }
    };
    assert!(
        offer.contains("m=audio") && offer.contains("PCMU/8000"),
        "{offer}"
    );
    a.command(Command::Reply {
        leg: call,
        reply: Reply::Sdp(a.sdp()),
    });
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(world.engine.stats().channels, 1);
    a.hang_up(call);
    a.ended(call).await;
    world.nothing_left(&[&a]).await;
}

#[tokio::test(start_paused = true)]
async fn early_media_reaches_the_caller_unless_ringing_is_faked() {
    for (options, early) in [("", true), (",r", false)] {
        let plan = format!("[office]\nexten => _6X,1,Dial(SIP/${{EXTEN}},20{options})\n");
        let world = World::with_plan(&plan).await;
        let (mut a, mut b) = (world.registered("61").await, world.registered("62").await);
        let call = a.call("62");
        let (ringing, _) = b.rings().await;
        b.command(Command::Progress {
            leg: ringing,
            sdp: b.sdp(),
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        b.answer(ringing);
        let mut progress = false;
        loop {
            match a.next().await {
                Event::Progress { sdp, .. } => progress |= sdp.is_some(),
                Event::Answered { .. } => break,
                _ => {}
            }
        }
        assert_eq!(progress, early, "{options}");
        a.hang_up(call);
        a.ended(call).await;
        b.ended(ringing).await;
        world.nothing_left(&[&a, &b]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn texts_keys_and_holds_inside_a_call() {
    let world = World::with_plan(PLAN).await;
    let (mut a, mut b) = (world.registered("61").await, world.registered("62").await);
    let call = a.call("62");
    let (ringing, _) = b.rings().await;
    b.answer(ringing);
    a.answered(call).await;
    let body = Body {
        kind: "text/plain".into(),
        bytes: "psst".into(),
    };
    a.command(Command::Send {
        leg: call,
        token: 1,
        what: InDialog::Text(body),
    });
    loop {
        if let Event::Text { body, .. } = b.next().await {
            assert_eq!(body.bytes, "psst");
            break;
        }
    }
    for (direction, answer) in [
        ("sendonly", "recvonly"),
        ("inactive", "inactive"),
        ("sendrecv", "sendrecv"),
    ] {
        b.command(Command::Offer {
            leg: ringing,
            sdp: Some(sdp(b.near, direction)),
        });
        loop {
            if let Event::Settled {
                sdp: Some(sdp),
                status,
                ..
            } = b.next().await
            {
                let sdp = String::from_utf8_lossy(&sdp).into_owned();
                assert!(
                    status == 200 && sdp.contains(&format!("a={answer}")),
                    "{status} {sdp}"
                );
                break;
            }
        }
    }
    a.hang_up(call);
    a.ended(call).await;
    b.ended(ringing).await;
    world.nothing_left(&[&a, &b]).await;
}

#[tokio::test(start_paused = true)]
async fn limits_end_a_call_and_g_goes_on() {
    let plan = "[office]\nexten => _6X,1,Dial(SIP/${EXTEN},20,gS(7))\n same => n,NoOp(${ANSWEREDTIME})\nexten => 9,1,Dial(IAX2/x&SIP/62,5)\n same => n,NoOp(${DIALSTATUS})\n";
    let mut world = World::with_plan(plan).await;
    let (mut a, mut b) = (world.registered("61").await, world.registered("62").await);
    let call = a.call("62");
    let (ringing, _) = b.rings().await;
    b.answer(ringing);
    a.answered(call).await;
    b.ended(ringing).await;
    a.ended(call).await;
    assert_eq!(world.steps()[1], "62:2 NoOp(7)");
    let call = a.call("9");
    b.refuses(486).await;
    a.ended(call).await;
    let mut steps = Vec::new();
    let mut codes = Vec::new();
    world.seen(&mut steps, &mut codes);
    assert_eq!(steps[1], "9:2 NoOp(BUSY)");
    assert!(codes.contains(&"no-technology"), "{codes:?}");
    world.nothing_left(&[&a, &b]).await;
}

#[tokio::test(start_paused = true)]
async fn a_key_pressed_right_after_the_answer_is_read() {
    let plan =
        "[office]\nexten => 1,1,Answer()\n same => n,Read(key,,1,,1,5)\n same => n,NoOp(${key})\n";
    let mut world = World::with_plan(plan).await;
    let mut a = world.registered("61").await;
    let call = a.call("1");
    a.answered(call).await;
    a.command(Command::Send {
        leg: call,
        token: 1,
        what: InDialog::Digit(b'7', 100),
    });
    a.ended(call).await;
    assert_eq!(world.steps()[2], "1:3 NoOp(7)");
    world.nothing_left(&[&a]).await;
}

#[tokio::test(start_paused = true)]
async fn shells_are_refused_unless_granted() {
    let plan = "[office]\nexten => 1,1,System(touch /tmp/never)\n same => n,NoOp(after)\n";
    let mut world = World::with_plan(plan).await;
    let mut a = world.registered("61").await;
    let call = a.call("1");
    a.ended(call).await;
    let mut steps = Vec::new();
    let mut codes = Vec::new();
    world.seen(&mut steps, &mut codes);
    assert_eq!(steps, ["1:1 System(touch /tmp/never)"]);
    assert!(codes.contains(&"refused-capability"), "{codes:?}");
    world.nothing_left(&[&a]).await;
}

#[tokio::test(start_paused = true)]
async fn an_account_without_a_codec_is_not_called() {
    let plan = "[office]\nexten => 1,1,Dial(SIP/old&SIP/62,5)\n same => n,NoOp(${DIALSTATUS} ${HANGUPCAUSE})\nexten => 2,1,Dial(SIP/old,5)\n same => n,NoOp(${DIALSTATUS} ${HANGUPCAUSE})\n";
    let sip = format!(
        "{}[old]\ntype=peer\nhost=192.0.2.90\ndisallow=all\nallow=g729\n",
        crate::world::SIP
    );
    let mut world = World::with(plan, &sip).await;
    let mut old = crate::phone::Phone::new(
        &world.net,
        "old",
        "192.0.2.90:5060",
        world.near,
        strowger_runtime::sip::flow::Protocol::Udp,
    );
    let (mut a, mut b) = (world.registered("61").await, world.registered("62").await);
    let call = a.call("1");
    b.refuses(486).await;
    a.ended(call).await;
    let call = a.call("2");
    a.ended(call).await;
    old.quiet(Duration::from_secs(5)).await;
    let (mut steps, mut codes) = (Vec::new(), Vec::new());
    world.seen(&mut steps, &mut codes);
    assert_eq!(
        (steps[1].as_str(), steps[3].as_str()),
        ("1:2 NoOp(BUSY 17)", "2:2 NoOp(CHANUNAVAIL 58)")
    );
    assert_eq!(codes, ["no-codec", "no-codec"]);
    world.nothing_left(&[&a, &b, &old]).await;
}

#[tokio::test(start_paused = true)]
async fn a_trace_shows_no_secret_of_a_dial_string() {
    let plan = "[office]\nexten => 1,1,Dial(SIP/u:hush@192.0.2.77&IAX2/g:hush@pbx.example/s,1)\n";
    let mut world = World::with_plan(plan).await;
    let mut a = world.registered("61").await;
    let call = a.call("1");
    a.ended(call).await;
    assert_eq!(
        world.steps(),
        ["1:1 Dial(SIP/u:***@192.0.2.77&IAX2/g:***@pbx.example/s,1)"]
    );
    world.nothing_left(&[&a]).await;
}

#[tokio::test(start_paused = true)]
async fn calls_and_texts_that_go_in_circles_come_to_an_end() {
    let mut world = World::with_plan(PLAN).await;
    let (mut a, mut b) = (world.registered("61").await, world.registered("62").await);
    a.headers = vec![("Max-Forwards".into(), "7".into())];
    let call = a.call("62");
    let (ringing, invite) = b.rings().await;
    assert_eq!(invite.message.max_forwards().unwrap(), 6);
    b.answer(ringing);
    a.answered(call).await;
    a.hang_up(call);
    assert_eq!(b.ended(ringing).await.0, 200);
    // The last hop may be served, but sends nothing on.
    a.headers = vec![("Max-Forwards".into(), "0".into())];
    let call = a.call("62");
    assert_eq!(a.ended(call).await.0, 483);
    let call = a.call("3666");
    a.answered(call).await;
    a.hang_up(call);
    world.nothing_left(&[&a, &b]).await;
    assert!(world.codes().contains(&"too-many-hops"));
}

/// A careless phone in plain text: it calls without an offer and leaves out the answer that its ACK must carry.
#[tokio::test(start_paused = true)]
async fn an_offer_of_ours_without_an_answer_ends_the_call() {
    let sip = "[general]\ncontext=office\nallowguest=yes\n";
    let world = World::with(PLAN, sip).await;
    let near = "192.0.2.99:5060".parse().unwrap();
    let mut heard = world.net.open(near);
    let text = |method: &str, tag: &str| {
        format!(
            "{method} sip:3666@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.99:5060;branch=z9hG4bK{method}\r\nMax-Forwards: 70\r\n\
             From: <sip:x@192.0.2.99>;tag=1\r\nTo: <sip:3666@192.0.2.1>{tag}\r\nCall-ID: bare\r\nCSeq: 1 {method}\r\n\
             Contact: <sip:x@192.0.2.99>\r\nContent-Length: 0\r\n\r\n"
        )
    };
    let send = |text: String| {
        world.net.send(
            near,
            world.near,
            strowger_runtime::sip::flow::Protocol::Udp,
            text.into(),
        );
    };
    send(text("INVITE", ""));
    let (mut acknowledged, mut ended) = (false, false);
    while !ended {
        let packet = tokio::time::timeout(Duration::from_secs(20), heard.recv())
            .await
            .expect("a BYE must come")
            .unwrap();
        let said = String::from_utf8_lossy(&packet.bytes).into_owned();
        if said.starts_with("SIP/2.0 200") && !acknowledged {
            let to = said.lines().find_map(|l| l.strip_prefix("To: ")).unwrap();
            let tag = to.rsplit_once(";tag=").unwrap().1;
            send(text("ACK", &format!(";tag={tag}")));
            acknowledged = true;
        }
        if said.starts_with("BYE ") {
            let head: Vec<&str> = said
                .lines()
                .filter(|l| {
                    ["Via:", "From:", "To:", "Call-ID:", "CSeq:"]
                        .iter()
                        .any(|n| l.starts_with(n))
                })
                .collect();
            send(format!(
                "SIP/2.0 200 OK\r\n{}\r\nContent-Length: 0\r\n\r\n",
                head.join("\r\n")
            ));
            ended = true;
        }
    }
    assert!(acknowledged);
    world.nothing_left(&[]).await;
}

#[tokio::test(start_paused = true)]
async fn a_dial_calls_so_many_targets_and_no_more() {
    let targets = vec!["SIP/62"; strowger_runtime::limits::TARGETS + 3].join("&");
    let plan =
        format!("[office]\nexten => 1,1,Dial({targets},5)\n same => n,NoOp(${{DIALSTATUS}})\n");
    let mut world = World::with_plan(&plan).await;
    let mut a = world.registered("61").await;
    let call = a.call("1");
    a.ended(call).await;
    let (mut steps, mut codes) = (Vec::new(), Vec::new());
    world.seen(&mut steps, &mut codes);
    let count = |code| codes.iter().filter(|c| **c == code).count();
    assert_eq!(count("not-registered"), strowger_runtime::limits::TARGETS);
    assert_eq!(steps[1], "1:2 NoOp(CHANUNAVAIL)");
    world.nothing_left(&[&a]).await;
}

#[tokio::test(start_paused = true)]
async fn a_number_that_more_digits_could_complete_is_484_unless_overlap_is_off() {
    for (more, incomplete) in [("", 484), ("allowoverlap=no\n", 404)] {
        let sip = crate::world::SIP.replace("[general]\n", &format!("[general]\n{more}"));
        let world = World::with(PLAN, &sip).await;
        let mut a = world.registered("61").await;
        for (number, status) in [
            ("366", incomplete),
            ("6", incomplete),
            ("3667", 404),
            ("36660", 404),
        ] {
            let call = a.call(number);
            assert_eq!(a.ended(call).await.0, status, "{number} {more}");
        }
        world.nothing_left(&[&a]).await;
    }
}
