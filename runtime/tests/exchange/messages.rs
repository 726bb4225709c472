//! Texts outside calls.

use crate::world::World;

const PLAN: &str = "\
[office]
exten => 1,1,Hangup()
[sms]
exten => _6X,1,NoOp(${MESSAGE(to)} ${MESSAGE(from)} ${MESSAGE(body)})
 same => n,Set(TO=${CUT(MESSAGE(to),@,1)})
 same => n,MessageSend(${TO},${MESSAGE(from)})
 same => n,NoOp(${MESSAGE_SEND_STATUS})
";

#[tokio::test(start_paused = true)]
async fn a_text_reaches_the_other_phone() {
    let mut world = World::with_plan(PLAN).await;
    let (mut a, mut b) = (world.registered("61").await, world.registered("62").await);
    assert_eq!(a.text("62", "dinner?").await, 202);
    let (from, body) = b.reads().await;
    assert_eq!(
        (from.as_str(), body.as_str()),
        ("sip:61@192.0.2.1", "dinner?")
    );
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(
        world.steps(),
        [
            "62:1 NoOp(sip:62@192.0.2.1 <sip:61@192.0.2.1> dinner?)",
            "62:2 Set(TO=sip:62)",
            "62:3 MessageSend(sip:62,<sip:61@192.0.2.1>)",
            "62:4 NoOp(SUCCESS)"
        ]
    );
    world.nothing_left(&[&a, &b]).await;
}

#[tokio::test(start_paused = true)]
async fn a_text_to_nobody_fails_at_once_and_one_without_an_extension_is_404() {
    let mut world = World::with_plan(PLAN).await;
    let mut a = world.registered("61").await;
    assert_eq!(a.text("69", "hello").await, 202);
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    assert_eq!(world.steps().last().unwrap(), "69:4 NoOp(FAILURE)");
    assert_eq!(a.text("700", "hello").await, 404);
    world.nothing_left(&[&a]).await;
}

#[tokio::test(start_paused = true)]
async fn options_are_answered() {
    let world = World::with_plan(PLAN).await;
    let mut a = world.registered("61").await;
    assert_eq!(a.options().await, 200);
    world.nothing_left(&[&a]).await;
}

/// `on message`: texts enter it, but for numbers that are written out; calls do not.
#[tokio::test(start_paused = true)]
async fn texts_enter_what_is_said_of_them_and_calls_do_not() {
    let conf = "#include \"texts.dial\"\n[office]\ninclude => inner\n[sms]\ninclude => inner\n";
    let dial = "\
context inner {
  on 62 {
    trace(\"written out\")
    hangup()
  }

  on `6X` {
    trace(\"a call\")
    hangup(UserBusy)
  }

  on message {
    trace(\"a text for {exten}\")
    hangup()
  }
}
";
    let sip = crate::world::SIP;
    let files = [
        ("extensions.conf", conf),
        ("texts.dial", dial),
        ("sip.conf", sip),
    ];
    let net = crate::net::Net::default();
    let mut world = crate::world::exchange(&net, "192.0.2.1:5060", &files).await;
    let mut a = world.registered("61").await;
    assert_eq!(a.text("69", "hello").await, 202);
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    assert_eq!(a.text("anna", "hello").await, 202);
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    assert_eq!(
        world.steps(),
        [
            "69:1 NoOp(a text for 69)",
            "69:2 Hangup()",
            "anna:1 NoOp(a text for anna)",
            "anna:2 Hangup()"
        ]
    );
    world.nothing_left(&[&a]).await;
}
