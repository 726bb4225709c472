//! Called channels that run dialplan of their own: what comes over the wire, and that nothing is left. That the steps are the
//! simulator's, `tests/live` shows.

use crate::phone::{Phone, sdp};
use crate::world::World;
use std::time::Duration;
use strowger_runtime::sip::command::InDialog;
use strowger_runtime::sip::stack::{Command, Event, LegId};
use tokio::time::{Instant, sleep};

const SIP: &str = "\
[general]
context=office
[61]
type=friend
host=dynamic
secret=secret61
dtmfmode=info
callerid=\"Sixty One\" <61>
[62]
type=friend
host=dynamic
secret=secret62
dtmfmode=info
";

const PLAN: &str = "\
[office]
exten => 1,1,Dial(SIP/62,20,D(1w2:9))
exten => 2,1,Dial(SIP/62,20,U(ask))
 same => n,NoOp(${DIALSTATUS})
exten => 3,1,Dial(SIP/62,20,F(after^s^1))
exten => 4,1,Dial(SIP/62,20,G(apart^s^1))
exten => 5,1,Dial(SIP/62,20,b(before^s^1))
exten => 6,1,Dial(SIP/62,20,U(long))
[ask]
exten => s,1,Read(KEY,,1,,,30)
 same => n,Return()
[after]
exten => s,1,Wait(3)
[apart]
exten => s,1,Wait(2)
 same => n,Wait(2)
[before]
exten => s,1,Set(CHANNEL(hangup_handler_push)=over,s,1)
 same => n,Return()
[over]
exten => s,1,NoOp(over)
 same => n,Return()
[long]
exten => s,1,Wait(100)
 same => n,NoOp(at last)
 same => n,Return()
";

async fn both() -> (World, Phone, Phone) {
    let world = World::with(PLAN, SIP).await;
    let (a, b) = (world.registered("61").await, world.registered("62").await);
    (world, a, b)
}

/// The next key that comes to a phone.
async fn key(phone: &mut Phone) -> char {
    loop {
        if let Event::Digit { digit, .. } = phone.next().await {
            return char::from(digit);
        }
    }
}

fn press(phone: &Phone, leg: LegId, digit: u8) {
    phone.command(Command::Send {
        leg,
        token: 0,
        what: InDialog::Digit(digit, 100),
    });
}

#[tokio::test(start_paused = true)]
async fn keys_come_before_the_caller_is_answered() {
    let (world, mut a, mut b) = both().await;
    let call = a.call("1");
    let (ringing, _) = b.rings().await;
    let answered = Instant::now();
    b.answer(ringing);
    assert_eq!(key(&mut b).await, '1');
    assert_eq!(answered.elapsed(), Duration::from_millis(100));
    assert_eq!(key(&mut b).await, '2');
    // The key, the pause behind it, and `w`.
    assert_eq!(answered.elapsed(), Duration::from_millis(100 + 350 + 500));
    // A key for the caller is sent where nobody is answered yet: it goes nowhere.
    a.answered(call).await;
    assert_eq!(answered.elapsed(), Duration::from_millis(1_300 + 450));
    b.hang_up(ringing);
    a.ended(call).await;
    world.nothing_left(&[&a, &b]).await;
}

#[tokio::test(start_paused = true)]
async fn after_the_question_it_is_a_call_as_any_other() {
    let (mut world, mut a, mut b) = both().await;
    let call = a.call("2");
    let (ringing, _) = b.rings().await;
    b.answer(ringing);
    sleep(Duration::from_secs(1)).await;
    press(&b, ringing, b'1');
    a.answered(call).await;
    assert_eq!(
        world.steps(),
        [
            "2:1 Dial(SIP/62,20,U(ask))",
            "s:1 Read(KEY,,1,,,30)",
            "s:2 Return()"
        ]
    );
    // It is a call as any other now: either side may hold it, and keys go through.
    b.command(Command::Offer {
        leg: ringing,
        sdp: Some(sdp(b.near, "sendonly")),
    });
    sleep(Duration::from_secs(1)).await;
    press(&b, ringing, b'7');
    assert_eq!(key(&mut a).await, '7');
    press(&a, call, b'8');
    assert_eq!(key(&mut b).await, '8');
    a.hang_up(call);
    assert_eq!(b.ended(ringing).await.0, 200);
    world.nothing_left(&[&a, &b]).await;
}

#[tokio::test(start_paused = true)]
async fn the_called_side_hangs_up_while_it_is_asked() {
    let (mut world, mut a, mut b) = both().await;
    let call = a.call("2");
    let (ringing, _) = b.rings().await;
    b.answer(ringing);
    sleep(Duration::from_secs(1)).await;
    b.hang_up(ringing);
    let (status, _) = a.ended(call).await;
    assert!(status >= 400, "{status}");
    assert_eq!(
        world.steps(),
        ["2:1 Dial(SIP/62,20,U(ask))", "s:1 Read(KEY,,1,,,30)"]
    );
    world.nothing_left(&[&a, &b]).await;
}

/// As Asterisk has it: the routine goes on, and what it says counts for nobody.
#[tokio::test(start_paused = true)]
async fn a_routine_outlives_its_caller() {
    let (mut world, mut a, mut b) = both().await;
    let call = a.call("6");
    let (ringing, _) = b.rings().await;
    b.answer(ringing);
    sleep(Duration::from_secs(20)).await;
    a.hang_up(call);
    a.ended(call).await;
    let begin = Instant::now();
    b.ended(ringing).await;
    assert_eq!(begin.elapsed().as_secs(), 80);
    assert_eq!(
        world.steps().last().map(String::as_str),
        Some("s:3 Return()")
    );
    assert!(world.codes().is_empty());
    world.nothing_left(&[&a, &b]).await;
}

#[tokio::test(start_paused = true)]
async fn an_exchange_that_stops_does_not_wait_for_a_routine() {
    let (world, mut a, mut b) = both().await;
    let call = a.call("6");
    let (ringing, _) = b.rings().await;
    b.answer(ringing);
    sleep(Duration::from_secs(1)).await;
    let begin = Instant::now();
    let stopping = world.engine.stop(Duration::from_secs(2));
    let (.., ended) = tokio::join!(stopping, a.ended(call), b.ended(ringing));
    assert_eq!(ended.0, 200);
    assert!(
        begin.elapsed() < Duration::from_secs(10),
        "{:?}",
        begin.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn the_called_side_goes_on_alone_and_may_hang_up_there() {
    for leaves in [false, true] {
        let (mut world, mut a, mut b) = both().await;
        let call = a.call("3");
        let (ringing, _) = b.rings().await;
        b.answer(ringing);
        a.answered(call).await;
        sleep(Duration::from_secs(1)).await;
        let begin = Instant::now();
        a.hang_up(call);
        a.ended(call).await;
        if leaves {
            sleep(Duration::from_secs(1)).await;
            b.hang_up(ringing);
        }
        b.ended(ringing).await;
        assert_eq!(begin.elapsed().as_secs(), if leaves { 1 } else { 3 });
        assert_eq!(
            world.steps(),
            ["3:1 Dial(SIP/62,20,F(after^s^1))", "s:1 Wait(3)"]
        );
        world.nothing_left(&[&a, &b]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn both_go_on_by_themselves() {
    let (world, mut a, mut b) = both().await;
    let call = a.call("4");
    let (ringing, _) = b.rings().await;
    let begin = Instant::now();
    b.answer(ringing);
    // The called side stands one priority further.
    b.ended(ringing).await;
    assert_eq!(begin.elapsed().as_secs(), 2);
    a.ended(call).await;
    assert_eq!(begin.elapsed().as_secs(), 4);
    world.nothing_left(&[&a, &b]).await;
}

#[tokio::test(start_paused = true)]
async fn handlers_run_on_a_line_that_nobody_took() {
    let (mut world, mut a, mut b) = both().await;
    let call = a.call("5");
    b.refuses(486).await;
    a.ended(call).await;
    assert_eq!(
        world.steps().last().map(String::as_str),
        Some("s:2 Return()")
    );
    let call = a.call("5");
    let (ringing, _) = b.rings().await;
    a.hang_up(call);
    b.ended(ringing).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(
        world.steps().last().map(String::as_str),
        Some("s:2 Return()")
    );
    world.nothing_left(&[&a, &b]).await;
}
