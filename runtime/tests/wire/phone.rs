//! A phone is a stack too: it registers, calls and texts through a door that asks who it is.

use strowger_runtime::sip::digest::Nonces;
use strowger_runtime::sip::stack::{
    Body, By, Command, Credentials, Event, Party, Request, RequestId, Secret,
};
use strowger_runtime::sip::{Message, Name};

use crate::world::{Wire, World};

fn guarded(wire: Wire) -> World {
    let mut w = World::new(wire);
    w.sides[1].door = Some((Nonces::new([3; 32], 30_000), "61", "right"));
    w
}

fn credentials(password: &'static str) -> Vec<Credentials> {
    vec![Credentials {
        realm: None,
        username: "61".into(),
        secret: Secret::Plain(password.into()),
    }]
}

fn register(w: &World, password: &'static str, cseq: u32) -> Request {
    let exchange = w.sides[1].address;
    let me = Party {
        display: "".into(),
        uri: format!("sip:61@{exchange}").into(),
    };
    Request {
        method: "REGISTER".into(),
        uri: format!("sip:{exchange}").into(),
        flows: vec![w.flow(0)],
        from: me.clone(),
        to: me,
        contact: Some("61".into()),
        call_id: Some("registrations-of-61".into()),
        cseq,
        headers: vec![("Expires".into(), "3600".into())],
        body: None,
        credentials: credentials(password),
    }
}

fn ask(w: &mut World, id: u64, request: Request) {
    w.command(
        0,
        Command::Request {
            id: RequestId(id),
            request: Box::new(request),
        },
    );
    w.run_until(w.now / 1000 + 40_000);
}

fn answers(w: &World) -> Vec<(u64, u16)> {
    let answer = |e: &Event| {
        if let Event::Response { id, status, .. } = e {
            Some((id.0, *status))
        } else {
            None
        }
    };
    w.sides[0].events.iter().filter_map(answer).collect()
}

#[test]
fn registers_with_a_challenge_and_again() {
    for wire in [Wire::good(), Wire::stream()] {
        let mut w = guarded(wire);
        let first = register(&w, "right", 1);
        ask(&mut w, 1, first);
        assert_eq!(answers(&w), [(1, 200)], "{}", w.ladder);
        let registers: Vec<&Message> = w
            .sent
            .iter()
            .filter(|(from, _)| *from == 0)
            .map(|(_, m)| m)
            .collect();
        let numbers: Vec<u32> = registers.iter().map(|m| m.cseq().unwrap().number).collect();
        assert_eq!(numbers, [1, 2]);
        assert!(
            registers
                .iter()
                .all(|m| m.call_id().unwrap() == b"registrations-of-61")
        );
        assert_eq!(registers[0].get(Name::Expires).unwrap(), b"3600");
        let again = register(&w, "right", 3);
        ask(&mut w, 2, again);
        assert_eq!(answers(&w), [(1, 200), (2, 200)]);
        w.run();
        w.check();
    }
}

#[test]
fn a_wrong_password_is_refused() {
    let mut w = guarded(Wire::good());
    let request = register(&w, "wrong", 1);
    ask(&mut w, 1, request);
    assert_eq!(answers(&w), [(1, 403)]);
}

#[test]
fn a_call_and_a_text_prove_who_they_are() {
    let mut w = guarded(Wire::good());
    let mut invite = w.invitation(0);
    invite.credentials = credentials("right");
    let leg = w.call_with(0, invite);
    w.run_until(5000);
    assert!(w.sides[0].answered.contains(&leg), "{}", w.ladder);
    let text = Request {
        method: "MESSAGE".into(),
        body: Some(Body {
            kind: "text/plain".into(),
            bytes: "hello".into(),
        }),
        contact: None,
        ..register(&w, "right", 0)
    };
    ask(&mut w, 7, text);
    assert_eq!(answers(&w), [(7, 200)]);
    w.end(0, 0, leg);
    w.run();
    w.check();
    // A stranger never gets further than the question.
    let mut w = guarded(Wire::good());
    let leg = w.call(0);
    w.run();
    w.check();
    let ended = &w.sides[0].ended[&leg];
    assert_eq!(
        (ended.by, ended.status, ended.challenged),
        (By::Them, 401, true)
    );
    assert!(w.sides[1].legs.is_empty());
}

#[test]
fn registering_over_a_bad_wire() {
    let mut done = 0;
    for seed in 0..100 {
        let mut w = guarded(Wire::bad(seed));
        let request = register(&w, "right", 1);
        ask(&mut w, 1, request);
        w.run();
        w.check();
        let answers = answers(&w);
        assert_eq!(answers.len(), 1, "{}", w.ladder);
        done += usize::from(answers[0].1 == 200);
    }
    assert!(done >= 98, "{done} of 100");
}
