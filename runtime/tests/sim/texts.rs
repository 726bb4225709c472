//! Texts, outside calls and inside.

use crate::{call, endpoint, notes, play, s, steps, text};
use strowger_runtime::sim::report::{Came, Kind, Of};
use strowger_runtime::sim::{Act, Attempt, Call, Endpoint, Message, Scenario};

const PLAN: &str = "\
[sms]
exten => _X.,1,Wait(${MESSAGE_DATA(slow)})
 same => n,MessageSend(pjsip:${EXTEN},${MESSAGE(from)})
 same => n,ExecIf($[\"${MESSAGE_SEND_STATUS}\" != \"SUCCESS\"]?MessageSend(pjsip:back,<sip:pbx>))
[main]
exten => inside,1,SendText(too early)
 same => n,Answer()
 same => n,SendText(hello)
 same => n,Wait(1)
exten => talk,1,Dial(PJSIP/61,20)
exten => dial,1,Dial(PJSIP/61)
";

fn message(from: &str, to: &str, body: &str, slow: &str) -> Message {
    Message {
        from: format!("<sip:{from}@pbx>").into_bytes(),
        to: format!("sip:{to}@pbx").into_bytes(),
        context: b"sms".to_vec(),
        body: body.into(),
        headers: vec![(b"slow".to_vec(), slow.into())],
        ..Message::default()
    }
}

fn sent(report: &strowger_runtime::sim::Report) -> Vec<String> {
    let sent = report.sent.iter();
    sent.map(|sent| {
        format!(
            "{} {} {}",
            text(&sent.to),
            text(&sent.body),
            text(&sent.status)
        )
    })
    .collect()
}

#[test]
fn those_of_one_sender_keep_their_order_and_delay_nobody_else() {
    let report = play(
        PLAN,
        Scenario {
            endpoints: vec![endpoint("22", vec![Attempt::NeverAnswers])],
            messages: vec![
                message("1", "22", "first", "5"),
                message("1", "22", "second", "0"),
                message("2", "22", "other", "1"),
            ],
            ..Scenario::default()
        },
    );
    assert_eq!(
        sent(&report),
        [
            "pjsip:22 other SUCCESS",
            "pjsip:22 first SUCCESS",
            "pjsip:22 second SUCCESS",
        ]
    );
    assert_eq!(report.sent[0].of, Of::Message(2));
    assert!(report.messages.iter().all(|message| message.end.is_some()));
}

#[test]
fn a_text_reaches_who_is_there() {
    let status = |phone: Option<Endpoint>| {
        let report = play(
            PLAN,
            Scenario {
                endpoints: phone.into_iter().collect(),
                messages: vec![message("1", "22", "x", "0")],
                ..Scenario::default()
            },
        );
        (sent(&report)[0].clone(), report.unmocked)
    };
    let busy = endpoint("22", vec![Attempt::Busy { after: s(0) }]);
    assert_eq!(status(Some(busy)).0, "pjsip:22 x SUCCESS");
    for attempt in [Attempt::Unregistered, Attempt::Unavailable] {
        let away = endpoint("22", vec![attempt]);
        assert_eq!(status(Some(away)).0, "pjsip:22 x FAILURE");
    }
    let refuses = Endpoint {
        texts: Some(488),
        ..endpoint("22", Vec::new())
    };
    assert_eq!(status(Some(refuses)).0, "pjsip:22 x FAILURE");
    let (sent, unmocked) = status(None);
    assert_eq!(sent, "pjsip:22 x FAILURE");
    assert_eq!(unmocked[0].kind, Kind::Text);
    assert_eq!(unmocked[0].what, b"pjsip:22");
}

#[test]
fn the_sender_hears_of_a_failure() {
    let report = play(
        PLAN,
        Scenario {
            endpoints: vec![
                endpoint("22", vec![Attempt::Unregistered]),
                endpoint("back", Vec::new()),
            ],
            messages: vec![message("1", "22", "lunch?", "0")],
            ..Scenario::default()
        },
    );
    assert_eq!(
        sent(&report),
        ["pjsip:22 lunch? FAILURE", "pjsip:back lunch? SUCCESS"]
    );
}

#[test]
fn inside_a_call_they_travel_after_the_answer() {
    let report = play(
        PLAN,
        Scenario {
            calls: vec![call("1", "inside")],
            ..Scenario::default()
        },
    );
    assert_eq!(
        sent(&report),
        ["PJSIP/1 too early UNSUPPORTED", "PJSIP/1 hello SUCCESS"]
    );
    assert_eq!(report.received.len(), 1);
    assert_eq!(report.received[0].what, Came::Text(b"hello".to_vec()));
}

#[test]
fn two_who_talk_can_write_to_each_other() {
    let then = vec![
        Act::Wait(s(2)),
        Act::Text(b"hi".to_vec()),
        Act::Wait(s(9)),
        Act::HangUp,
    ];
    let report = play(
        PLAN,
        Scenario {
            endpoints: vec![endpoint("61", vec![Attempt::Answers { after: s(1), then }])],
            calls: vec![Call {
                acts: vec![Act::Answered, Act::Text(b"ho".to_vec())],
                ..call("1", "talk")
            }],
            ..Scenario::default()
        },
    );
    let came: Vec<_> = report
        .received
        .iter()
        .map(|r| (text(&r.endpoint), r.what.clone()))
        .collect();
    assert_eq!(
        came,
        [
            ("PJSIP/61".to_owned(), Came::Text(b"ho".to_vec())),
            ("PJSIP/1".to_owned(), Came::Text(b"hi".to_vec())),
        ]
    );
}

#[test]
fn the_channel_of_a_text_has_no_audio() {
    let mut text = message("1", "dial", "x", "0");
    text.context = b"main".to_vec();
    let report = play(
        PLAN,
        Scenario {
            endpoints: vec![endpoint("61", Vec::new())],
            messages: vec![text],
            ..Scenario::default()
        },
    );
    assert!(report.dialed.is_empty());
    assert_eq!(steps(&report), ["0 m0 Dial(PJSIP/61)"]);
    assert!(notes(&report)[0].contains("this channel has no audio"));
}
