//! Every state of a leg meets every command and every message once; the outcome is a table for people.

use std::fmt::Write as _;

use strowger_runtime::sip::Method;
use strowger_runtime::sip::stack::{
    Body, Command, Counts, InDialog, Invite, LegId, OwnerId, Reply, Why,
};

use crate::desk::{Ask, Desk};
use crate::world::{SDP, sdp};

fn body() -> String {
    String::from_utf8(SDP.to_vec()).unwrap()
}

/// A desk with one leg in a state, and what messages of the far end carry.
struct Stage {
    desk: Desk,
    leg: LegId,
    /// Call-ID, our tag, and the From and To values of the far end's requests.
    call: String,
    ours: String,
}

impl Stage {
    fn of(desk: Desk, leg: LegId) -> Stage {
        let ours = desk
            .sent
            .iter()
            .rev()
            .find(|m| m.method() == Some(Method::Invite))
            .unwrap();
        let tag = if ours.is_request() {
            ours.from().unwrap().tag()
        } else {
            ours.to().unwrap().tag()
        };
        let tag = tag
            .map(|t| String::from_utf8_lossy(t).into_owned())
            .unwrap_or_default();
        let call = String::from_utf8_lossy(ours.call_id().unwrap()).into_owned();
        Stage {
            leg,
            call,
            ours: tag,
            desk,
        }
    }

    fn request(&mut self, method: &str, number: u32, more: &str, body: &str) -> Vec<String> {
        let tag = if self.ours.is_empty() {
            String::new()
        } else {
            format!(";tag={}", self.ours)
        };
        let branch = format!("z9hG4bK{method}{number}");
        let call = self.call.clone();
        self.desk.ask(&Ask {
            method,
            branch: &branch,
            call: &call,
            number,
            to_tag: &tag,
            more,
            body,
        })
    }
}

fn serving() -> (Desk, LegId) {
    let mut d = Desk::new();
    let leg = d.admitted(&Ask {
        body: &body(),
        ..Ask::default()
    });
    (d, leg)
}

fn called(offer: bool) -> (Desk, LegId) {
    let mut d = Desk::new();
    let leg = d.leg();
    let offer = offer.then(|| sdp("near"));
    let invite = Invite {
        uri: "sip:62@192.0.2.2".into(),
        flows: vec![d.flow],
        offer,
        ..Default::default()
    };
    d.command(Command::Invite {
        leg,
        invite: Box::new(invite),
    });
    (d, leg)
}

type Scene = (&'static str, fn() -> Stage);

fn stages() -> Vec<Scene> {
    vec![
        ("in: calling", || {
            let (d, leg) = serving();
            Stage::of(d, leg)
        }),
        ("in: early", || {
            let (mut d, leg) = serving();
            d.command(Command::Ring(leg));
            Stage::of(d, leg)
        }),
        ("in: answered", || {
            let (mut d, leg) = serving();
            d.command(Command::Answer {
                leg,
                sdp: sdp("near"),
            });
            Stage::of(d, leg)
        }),
        ("in: up", || {
            let (d, leg) = {
                let mut d = Desk::new();
                let (leg, _) = d.up();
                (d, leg)
            };
            Stage::of(d, leg)
        }),
        ("in: up, their offer open", || {
            let (d, leg) = {
                let mut d = Desk::new();
                let (leg, _) = d.up();
                (d, leg)
            };
            let mut s = Stage::of(d, leg);
            assert_eq!(s.request("INVITE", 2, "", &body()), ["100", "Offered"]);
            s
        }),
        ("in: up, our offer open", || {
            let (mut d, leg) = {
                let mut d = Desk::new();
                let (leg, _) = d.up();
                (d, leg)
            };
            d.command(Command::Offer {
                leg,
                sdp: Some(sdp("more")),
            });
            let mut s = Stage::of(d, leg);
            let m = s.desk.last().clone();
            s.ours = String::from_utf8_lossy(m.from().unwrap().tag().unwrap()).into_owned();
            s
        }),
        ("in: ending", || {
            let (mut d, leg) = {
                let mut d = Desk::new();
                let (leg, _) = d.up();
                (d, leg)
            };
            d.command(Command::End {
                leg,
                why: Why::default(),
            });
            Stage::of(d, leg)
        }),
        ("out: calling", || {
            let (d, leg) = called(true);
            Stage::of(d, leg)
        }),
        ("out: early", || {
            let (mut d, leg) = called(true);
            d.answer(Method::Invite, 180, "far", "", "");
            Stage::of(d, leg)
        }),
        ("out: their offer in 2xx", || {
            let (mut d, leg) = called(false);
            d.answer(Method::Invite, 200, "far", "", &body());
            Stage::of(d, leg)
        }),
        ("out: up", || {
            let (mut d, leg) = called(true);
            d.answer(Method::Invite, 200, "far", "", &body());
            Stage::of(d, leg)
        }),
        ("out: up, our offer open", || {
            let (mut d, leg) = called(true);
            d.answer(Method::Invite, 200, "far", "", &body());
            d.command(Command::Offer {
                leg,
                sdp: Some(sdp("more")),
            });
            Stage::of(d, leg)
        }),
        ("out: cancel wanted", || {
            let (mut d, leg) = called(true);
            d.command(Command::End {
                leg,
                why: Why::default(),
            });
            Stage::of(d, leg)
        }),
        ("out: cancelled", || {
            let (mut d, leg) = called(true);
            d.answer(Method::Invite, 180, "far", "", "");
            d.command(Command::End {
                leg,
                why: Why::default(),
            });
            Stage::of(d, leg)
        }),
        ("out: ending", || {
            let (mut d, leg) = called(true);
            d.answer(Method::Invite, 200, "far", "", &body());
            d.command(Command::End {
                leg,
                why: Why::default(),
            });
            Stage::of(d, leg)
        }),
    ]
}

type Act = Box<dyn Fn(&mut Stage) -> Vec<String>>;

fn acts() -> Vec<(String, Act)> {
    let mut acts: Vec<(String, Act)> = Vec::new();
    type Wish = (&'static str, fn(LegId) -> Command);
    let commands: Vec<Wish> = vec![
        ("Ring", Command::Ring),
        ("Progress", |leg| Command::Progress {
            leg,
            sdp: sdp("near"),
        }),
        ("Answer", |leg| Command::Answer {
            leg,
            sdp: sdp("near"),
        }),
        ("Offer", |leg| Command::Offer {
            leg,
            sdp: Some(sdp("new")),
        }),
        ("Offer, asked", |leg| Command::Offer { leg, sdp: None }),
        ("Reply", |leg| Command::Reply {
            leg,
            reply: Reply::Sdp(sdp("near")),
        }),
        ("Reply 488", |leg| Command::Reply {
            leg,
            reply: Reply::Refuse(488),
        }),
        ("Send", |leg| {
            let body = Body {
                kind: "text/plain".into(),
                bytes: "hi".into(),
            };
            Command::Send {
                leg,
                token: 1,
                what: InDialog::Text(body),
            }
        }),
        ("Give", |leg| Command::Give {
            leg,
            to: OwnerId(2),
        }),
        ("End", |leg| Command::End {
            leg,
            why: Why {
                status: 486,
                ..Why::default()
            },
        }),
    ];
    for (name, make) in commands {
        acts.push((
            format!("command {name}"),
            Box::new(move |s| s.desk.command(make(s.leg))),
        ));
    }
    let requests = [
        ("INVITE", "", true),
        ("ACK", "", false),
        ("BYE", "", false),
        ("UPDATE", "", true),
        ("UPDATE", "", false),
        ("INFO", "Content-Type: application/dtmf\r\n", false),
        ("MESSAGE", "Content-Type: text/plain\r\n", false),
        ("OPTIONS", "", false),
        ("REGISTER", "", false),
        ("PRACK", "", false),
        ("REFER", "", false),
        ("NOTIFY", "", false),
        ("SUBSCRIBE", "", false),
        ("PUBLISH", "", false),
        ("NONSENSE", "", false),
    ];
    for (method, more, with) in requests {
        let name = format!("{method}{}", if with { " with SDP" } else { "" });
        acts.push((
            name,
            Box::new(move |s| {
                let text = match method {
                    "INFO" => "5".to_string(),
                    "MESSAGE" => "hi".to_string(),
                    _ if with => body(),
                    _ => String::new(),
                };
                // ACK belongs to the first INVITE; everything else comes after all before.
                let number = if method == "ACK" { 1 } else { 10 };
                s.request(method, number, more, &text)
            }),
        ));
    }
    acts.push((
        "CANCEL".to_string(),
        Box::new(|s| {
            let call = s.call.clone();
            s.desk.ask(&Ask {
                method: "CANCEL",
                call: &call,
                ..Ask::default()
            })
        }),
    ));
    for status in [
        100, 180, 183, 200, 302, 401, 408, 481, 486, 487, 491, 500, 503, 603,
    ] {
        acts.push((
            format!("{status} to INVITE"),
            Box::new(move |s| {
                if !s
                    .desk
                    .sent
                    .iter()
                    .any(|m| m.is_request() && m.method() == Some(Method::Invite))
                {
                    return vec!["-".to_string()];
                }
                let text = if matches!(status, 183 | 200) {
                    body()
                } else {
                    String::new()
                };
                s.desk.answer(Method::Invite, status, "far", "", &text)
            }),
        ));
    }
    for ms in [32_000, 64_000] {
        acts.push((
            format!("{} s of silence", ms / 1000),
            Box::new(move |s| s.desk.pass(ms)),
        ));
    }
    acts
}

/// Repeats of one word become `word*n`.
fn squeeze(words: &[String]) -> String {
    let mut out: Vec<(String, usize)> = Vec::new();
    for word in words {
        match out.last_mut() {
            Some((last, n)) if last == word => *n += 1,
            _ => out.push((word.clone(), 1)),
        }
    }
    let words: Vec<String> = out
        .into_iter()
        .map(|(w, n)| if n == 1 { w } else { format!("{w}*{n}") })
        .collect();
    if words.is_empty() {
        "nothing".to_string()
    } else {
        words.join(", ")
    }
}

#[test]
fn every_state_meets_every_command_and_message() {
    let mut table = String::new();
    for (state, stage) in stages() {
        writeln!(table, "\n{state}").unwrap();
        for (act, run) in acts() {
            let mut s = stage();
            let words = run(&mut s);
            writeln!(table, "    {act:<20} {}", squeeze(&words)).unwrap();
            // Whatever happened, the call can be ended, and then nothing stays.
            let leg = s.leg;
            s.desk.command(Command::End {
                leg,
                why: Why::default(),
            });
            s.desk.pass(200_000);
            assert_eq!(s.desk.stack.counts(), Counts::default(), "{state}: {act}");
            let ends = s
                .desk
                .events
                .iter()
                .filter(|e| matches!(e, strowger_runtime::sip::stack::Event::Ended { .. }))
                .count();
            assert_eq!(ends, 1, "{state}: {act}");
        }
    }
    insta::assert_snapshot!(table);
}
