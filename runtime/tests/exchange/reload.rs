//! New files while calls run: they go on, in the new plan.

use crate::phone::Phone;
use crate::world::{SIP, World};
use std::time::Duration;

/// One call that waits for ten seconds at number 2, and what it says then.
const PLAN: &str = "\
[globals]
G=first
[office]
exten => 100,1,Answer()
 same => n,Wait(10)
 same => n,NoOp(old ${G})
 same => n,Goto(200,1)
exten => 200,1,NoOp(old 200)
 same => n,Wait(10)
 same => n,Hangup()
exten => _6X,1,Dial(SIP/${EXTEN},20)
 same => n,NoOp(old ${DIALSTATUS})
";

const NEW: &str = "\
[globals]
G=second
[office]
exten => 100,1,Answer()
 same => n,Wait(99)
 same => n,NoOp(new ${G} ${other})
 same => n,Goto(200,1)
exten => 200,1,NoOp(new 200)
 same => n,Hangup()
exten => 300,1,Answer()
 same => n,NoOp(only here)
exten => _6X,1,Dial(SIP/${EXTEN},20)
 same => n,NoOp(new ${DIALSTATUS})
";

/// Calls 100 from 61 and lets one second pass.
async fn begun(world: &mut World) -> (Phone, strowger_runtime::sip::stack::LegId) {
    let mut a = world.registered("61").await;
    let call = a.call("100");
    a.answered(call).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.steps(), ["100:1 Answer()", "100:2 Wait(10)"]);
    (a, call)
}

#[tokio::test(start_paused = true)]
async fn a_call_goes_on_in_the_new_plan_and_new_calls_begin_there() {
    let mut world = World::with_plan(PLAN).await;
    let (mut a, call) = begun(&mut world).await;
    let mut b = world.registered("62").await;
    let before = b.call("300");
    assert_eq!(b.ended(before).await.0, 404);
    assert!(world.reload(NEW, SIP, &[]).await.is_empty());
    assert_eq!(world.codes(), ["no-extension", "reloaded"]);
    let after = b.call("300");
    b.answered(after).await;
    b.ended(after).await;
    assert_eq!(world.steps(), ["300:1 Answer()", "300:2 NoOp(only here)"]);
    assert_eq!(a.ended(call).await.0, 200);
    assert_eq!(
        world.steps(),
        [
            "100:3 NoOp(new second )",
            "100:4 Goto(200,1)",
            "200:1 NoOp(new 200)",
            "200:2 Hangup()"
        ]
    );
    world.nothing_left(&[&a, &b]).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_may_stay_on_its_plan_to_the_end() {
    let stay = [("strowger.toml", "[reload]\ncalls = \"stay\"\n")];
    let mut world = World::with_plan(PLAN).await;
    // Said from now on: the next call keeps the plan that it finds.
    world.reload(PLAN, SIP, &stay).await;
    let (mut a, call) = begun(&mut world).await;
    world.reload(NEW, SIP, &[]).await;
    assert_eq!(a.ended(call).await.0, 200);
    assert_eq!(
        world.steps(),
        [
            // The globals are everybody's.
            "100:3 NoOp(old second)",
            "100:4 Goto(200,1)",
            "200:1 NoOp(old 200)",
            "200:2 Wait(10)",
            "200:3 Hangup()"
        ]
    );
    world.nothing_left(&[&a]).await;
}

#[tokio::test(start_paused = true)]
async fn a_bridged_call_stays_up_while_plan_and_accounts_change() {
    let world = World::with_plan(PLAN).await;
    let (mut a, mut b) = (world.registered("61").await, world.registered("62").await);
    let call = a.call("62");
    let (ringing, _) = b.rings().await;
    // It rings while the plan changes, and it talks while its own account goes.
    world.reload(NEW, SIP, &[]).await;
    b.answer(ringing);
    a.answered(call).await;
    let only_63 = "[general]\ncontext=office\n[63]\ntype=friend\nhost=dynamic\nsecret=secret63\n";
    world.reload(NEW, only_63, &[]).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.engine.stats().channels, 1);
    b.hang_up(ringing);
    assert_eq!(a.ended(call).await, (200, 16));
    // Whoever is gone is a stranger from now on.
    let again = a.call("300");
    assert_ne!(a.ended(again).await.0, 200);
    world.nothing_left(&[&a, &b]).await;
}

#[tokio::test(start_paused = true)]
async fn an_unanswered_dial_goes_on_in_the_new_plan() {
    let mut world = World::with_plan(PLAN).await;
    let (mut a, mut b) = (world.registered("61").await, world.registered("62").await);
    let call = a.call("62");
    let (ringing, _) = b.rings().await;
    world.reload(NEW, SIP, &[]).await;
    assert_eq!(b.ended(ringing).await.0, 487);
    a.ended(call).await;
    assert_eq!(
        world.steps(),
        ["62:1 Dial(SIP/62,20)", "62:2 NoOp(new NOANSWER)"]
    );
    world.nothing_left(&[&a, &b]).await;
}

#[tokio::test(start_paused = true)]
async fn accounts_come_and_change_and_contacts_stay() {
    let world = World::with_plan(PLAN).await;
    let mut a = world.registered("61").await;
    let mut new = world.phone("64");
    assert_eq!(new.register(3600).await, 403);
    let sip = format!(
        "{}[64]\ntype=friend\nhost=dynamic\nsecret=secret64\n",
        SIP.replace("secret61", "other")
    );
    world.reload(PLAN, &sip, &[]).await;
    assert_eq!(new.register(3600).await, 200);
    // Its contact is still there: it is called without having registered again.
    let call = new.call("61");
    let (ringing, _) = a.rings().await;
    a.answer(ringing);
    new.answered(call).await;
    new.hang_up(call);
    a.ended(ringing).await;
    // But its old password counts no more.
    assert_eq!(a.register(3600).await, 403);
    a.password = "other".into();
    assert_eq!(a.register(3600).await, 200);
    assert_eq!(world.engine.stats().bindings, 2);
    world.nothing_left(&[&a, &new]).await;
}

#[tokio::test(start_paused = true)]
async fn globals_survive_unless_the_plan_says_otherwise() {
    let plan = |more: &str, globals: &str| {
        format!(
            "[general]\n{more}\n[globals]\n{globals}\n[office]\nexten => 1,1,Set(GLOBAL(run)=time)\n same => n,Set(GLOBAL(kept)=changed)\n"
        )
    };
    let world = World::with_plan(&plan("", "kept=file\ngone=file\n")).await;
    let mut a = world.registered("61").await;
    let globals = || {
        let all = world.engine.globals();
        let all = all.0.iter().map(|(n, v)| {
            format!(
                "{}={}",
                String::from_utf8_lossy(n),
                String::from_utf8_lossy(v)
            )
        });
        all.collect::<Vec<_>>().join(" ")
    };
    let call = a.call("1");
    a.ended(call).await;
    assert_eq!(globals(), "gone=file kept=changed run=time");
    // The file's own count again, what it does not mention stays, and it can read what is there.
    world
        .reload(
            &plan("clearglobalvars=yes", "kept=file\nread=${run}/${gone}\n"),
            SIP,
            &[],
        )
        .await;
    assert_eq!(globals(), "gone=file kept=file read=time/file run=time");
    // Now they are wiped first.
    world
        .reload_and(&plan("", "kept=file\nread=${run}\n"), SIP, &[], true)
        .await;
    assert_eq!(globals(), "kept=file read=");
    world.nothing_left(&[&a]).await;
}

#[tokio::test(start_paused = true)]
async fn autofallthrough_keeps_its_value_when_its_line_is_gone() {
    let plan = |line: &str| {
        format!("[general]\n{line}\n[office]\nexten => 1,1,Answer()\nexten => t,1,Hangup()\n")
    };
    let mut world = World::with_plan(&plan("autofallthrough=no")).await;
    let mut a = world.registered("61").await;
    let mut ends = async |world: &mut World| {
        let call = a.call("1");
        a.answered(call).await;
        a.ended(call).await;
        world.steps().len()
    };
    assert_eq!(ends(&mut world).await, 2, "it waits for digits, then `t`");
    world.reload(&plan(""), SIP, &[]).await;
    assert_eq!(ends(&mut world).await, 2, "as before");
    world.reload(&plan("autofallthrough=yes"), SIP, &[]).await;
    assert_eq!(ends(&mut world).await, 1, "it ends");
    world.reload(&plan(""), SIP, &[]).await;
    assert_eq!(ends(&mut world).await, 1, "as before");
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_restart_is_named() {
    let mut world = World::with_plan(PLAN).await;
    let sip = SIP.replace(
        "[general]",
        "[general]\nudpbindaddr=127.0.0.1:5070\ntcpenable=yes\ntimert1=700",
    );
    let more = [
        ("rtp.conf", "[general]\nrtpstart=20000\nrtpend=20100\n"),
        (
            "asterisk.conf",
            "[directories]\nastdatadir => /srv/x\n[options]\nsystemname=other\n",
        ),
        ("strowger.toml", "[store]\nlocation = \"memory\"\n"),
    ];
    let waiting = world.reload(PLAN, &sip, &more).await;
    insta::assert_snapshot!(waiting.join("\n"));
    assert_eq!(
        world.codes(),
        [&["needs-restart"; 8][..waiting.len()], &["reloaded"]].concat()
    );
    // What was not taken over is asked for again, and only that.
    let again = world.reload(PLAN, &sip, &more).await;
    assert_eq!(again, waiting);
    assert!(world.reload(PLAN, SIP, &[]).await.is_empty());
    let a = world.registered("61").await;
    world.nothing_left(&[&a]).await;
}
