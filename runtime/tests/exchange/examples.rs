//! The single sites of `examples/` as they are published: calls and texts.

use crate::net::Net;
use crate::phone::Phone;
use crate::world::{World, of_folder};
use std::time::Duration;
use strowger_runtime::sip::flow::Protocol;
use strowger_runtime::sip::stack::Event;

const NEAR: &str = "192.0.2.1:5060";

/// A phone that has registered.
async fn phone(world: &World, user: &str, near: &str, password: &str) -> Phone {
    let mut phone = Phone::new(&world.net, user, near, world.near, Protocol::Udp);
    phone.password = password.into();
    assert_eq!(phone.register(3600).await, 200, "{user} registers");
    phone
}

#[tokio::test(start_paused = true)]
async fn two_phones_call_by_number_and_hear_themselves() {
    let mut world = of_folder(&Net::default(), NEAR, "two-phones").await;
    let secrets = secrets("two-phones");
    let (nlys, ealbouy) = (secret(&secrets, "nlys"), secret(&secrets, "ealbouy"));
    let mut a = phone(&world, "nlys", "192.0.2.61:5060", &nlys).await;
    let mut b = phone(&world, "ealbouy", "192.0.2.62:5060", &ealbouy).await;
    let call = a.call("62");
    let (ringing, invite) = b.rings().await;
    assert_eq!(
        invite.message.from().unwrap().uri_text,
        b"sip:61@192.0.2.1",
        "the caller id of the account, not the name that it registers by"
    );
    b.answer(ringing);
    a.answered(call).await;
    b.hang_up(ringing);
    a.ended(call).await;
    let call = b.call("61");
    let (ringing, _) = a.rings().await;
    a.answer(ringing);
    b.answered(call).await;
    b.hang_up(call);
    a.ended(ringing).await;
    let call = a.call("3666");
    a.answered(call).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    a.hang_up(call);
    a.ended(call).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(
        world.steps(),
        [
            "62:1 Dial(SIP/ealbouy)",
            "61:1 Dial(SIP/nlys)",
            "3666:1 Answer()",
            "3666:2 Goto(echo,3666,1)",
            "3666:1 Playback(demo-echotest)",
            "3666:2 Echo()"
        ]
    );
    world.nothing_left(&[&a, &b]).await;
}

#[tokio::test(start_paused = true)]
async fn sms_reaches_a_phone_or_brings_the_notice_of_the_service_center() {
    let mut world = of_folder(&Net::default(), NEAR, "sms").await;
    let mut a = phone(&world, "1001", "192.0.2.61:5060", "1001").await;
    let mut b = phone(&world, "1002", "192.0.2.62:5060", "1002").await;
    assert_eq!(a.text("1002", "dinner?").await, 202);
    assert_eq!(
        b.reads().await,
        ("sip:1001@192.0.2.1".to_owned(), "dinner?".to_owned())
    );
    assert_eq!(b.register(0).await, 200);
    assert_eq!(a.text("1002", "still there?").await, 202);
    let (from, body) = a.reads().await;
    assert!(from.starts_with("sip:ServiceCenter@"), "{from}");
    assert!(
        body.starts_with("\"[")
            && body.ends_with("] Your message to 1002 has failed. Retry later.\""),
        "{body}"
    );
    tokio::time::sleep(Duration::from_secs(1)).await;
    let steps = world.steps();
    for step in [
        "1002:2 NoOp(To sip:1002@192.0.2.1)",
        "1002:3 NoOp(From <sip:1001@192.0.2.1>)",
        "1002:5 Set(ACTUALTO=sip:1002)",
        "1002:7 NoOp(Send status is SUCCESS)",
        "1002:7 NoOp(Send status is FAILURE)",
        "1002:12 Set(ACTUALFROM=sip:1001)",
        "1002:13 MessageSend(sip:1001,ServiceCenter)",
    ] {
        assert!(steps.iter().any(|s| s == step), "{step}: {steps:#?}");
    }
    world.nothing_left(&[&a, &b]).await;
}

#[tokio::test(start_paused = true)]
async fn sms_lets_its_phones_call_each_other() {
    let mut world = of_folder(&Net::default(), NEAR, "sms").await;
    let mut a = phone(&world, "1001", "192.0.2.61:5060", "1001").await;
    let mut b = phone(&world, "1002", "192.0.2.62:5060", "1002").await;
    let call = a.call("1002");
    let (ringing, _) = b.rings().await;
    b.answer(ringing);
    a.answered(call).await;
    a.hang_up(call);
    b.ended(ringing).await;
    // Nobody answers: before the answer there is no dialog that a text could travel in, and the plan ends.
    let call = a.call("1002");
    let (ringing, _) = b.rings().await;
    assert_eq!(b.ended(ringing).await.0, 487);
    assert!(a.ended(call).await.0 >= 400);
    assert_eq!(
        world.steps(),
        [
            "1002:1 Dial(SIP/1002,30)",
            "1002:1 Dial(SIP/1002,30)",
            "1002:2 SendText(Welcome to Asterisk)"
        ]
    );
    // A stranger is sent away, although Asterisk would have looked for the context `public`.
    let mut stranger = Phone::new(
        &world.net,
        "x",
        "192.0.2.66:5060",
        world.near,
        Protocol::Udp,
    );
    let call = stranger.call("1002");
    assert!(matches!(stranger.ended(call).await.0, 401 | 403));
    world.nothing_left(&[&a, &b, &stranger]).await;
}

#[tokio::test(start_paused = true)]
async fn lab_carries_two_calls_and_says_so() {
    let mut world = of_folder(&Net::default(), NEAR, "lab").await;
    let mut a = phone(&world, "6001", "192.0.2.61:5060", "secret").await;
    let mut b = phone(&world, "6002", "192.0.2.62:5060", "secret").await;
    let mut calls = Vec::new();
    for _ in 0..2 {
        let call = a.call("6002");
        let (ringing, _) = b.rings().await;
        b.answer(ringing);
        a.answered(call).await;
        calls.push(call);
    }
    let third = a.call("6002");
    assert_eq!(a.ended(third).await.0, 503);
    assert!(world.codes().contains(&"rtp-ports"));
    a.hang_up(calls[0]);
    a.ended(calls[0]).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let fourth = a.call("6002");
    let (ringing, _) = b.rings().await;
    b.answer(ringing);
    a.answered(fourth).await;
    for call in [calls[1], fourth] {
        a.hang_up(call);
        a.ended(call).await;
    }
    // The end of the first one was passed over while the fourth was waited for.
    for _ in 0..2 {
        while !matches!(b.next().await, Event::Ended { .. }) {}
    }
    world.nothing_left(&[&a, &b]).await;
}

/// The file of devices of an example.
fn secrets(folder: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples")
        .join(folder)
        .join("sip.conf");
    std::fs::read_to_string(path).unwrap()
}

/// The `secret=` of a section.
fn secret(text: &str, section: &str) -> String {
    let (_, rest) = text.split_once(&format!("[{section}]")).unwrap();
    let line = rest
        .lines()
        .find_map(|l| l.strip_prefix("secret="))
        .unwrap();
    line.trim().to_owned()
}
