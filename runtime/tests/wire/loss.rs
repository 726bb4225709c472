//! The same flows on a wire that loses, doubles and shuffles. A seed that fails prints its ladder.

use strowger_runtime::sip::stack::{Body, By, Command, InDialog, Why};

use crate::world::{Manner, Wire, World, sdp};

/// Seeds of one normal run; `STROWGER_SEEDS` asks for more.
fn seeds() -> u64 {
    std::env::var("STROWGER_SEEDS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(200)
}

fn many(flow: impl Fn(&mut World)) {
    for seed in 0..seeds() {
        let mut w = World::new(Wire::bad(seed));
        flow(&mut w);
        w.run();
        w.check();
        agree(&w);
    }
}

/// Both sides tell the same story of the one call between them, as far as one wire can make them.
fn agree(w: &World) {
    let [caller, called] = &w.sides;
    let story = &w.ladder;
    assert!(called.legs.len() <= 1, "one INVITE made two calls\n{story}");
    let Some(mine) = caller.legs.first() else {
        return;
    };
    let Some(theirs) = called.legs.first() else {
        assert!(
            !caller.answered.contains(mine),
            "answered by nobody\n{story}"
        );
        return;
    };
    let (mine_ended, theirs_ended) = (&caller.ended[mine], &called.ended[theirs]);
    let answered = caller.answered.contains(mine);
    // Whom we heard answer has said so, and had either our ACK, or in the end our BYE, or gave up.
    if answered {
        assert!(
            matches!(
                (theirs_ended.by, theirs_ended.status),
                (_, 200) | (By::Silence, 408)
            ),
            "{theirs_ended:?}\n{story}"
        );
    }
    // Who was acknowledged was heard, or has crossed our CANCEL.
    if called.settled.get(theirs) == Some(&200) {
        assert!(
            answered || (mine_ended.by, mine_ended.status) == (By::Us, 487),
            "{mine_ended:?}\n{story}"
        );
    }
}

#[test]
fn call_and_bye_by_the_caller() {
    many(|w| {
        let leg = w.call(0);
        w.end(0, 20_000, leg);
        w.sides[1].manner = Manner::Answers {
            ring: 100,
            answer: 3000,
        };
    });
}

#[test]
fn call_and_bye_by_the_called() {
    many(|w| {
        w.call(0);
        w.run_until(20_000);
        for leg in w.sides[1].legs.clone() {
            w.command(
                1,
                Command::End {
                    leg,
                    why: Why::default(),
                },
            );
        }
        for leg in w.sides[0].legs.clone() {
            w.end(0, 90_000, leg);
        }
    });
}

#[test]
fn cancel_at_any_moment() {
    for at in 0..seeds() {
        let mut w = World::new(Wire::bad(at));
        w.sides[1].manner = Manner::Answers {
            ring: 50,
            answer: 600,
        };
        let leg = w.call(0);
        w.end(0, at * 37 % 1500, leg);
        w.run();
        w.check();
        agree(&w);
    }
}

#[test]
fn busy() {
    many(|w| {
        w.sides[1].manner = Manner::Says(486);
        w.call(0);
    });
}

#[test]
fn no_answer() {
    many(|w| {
        w.sides[1].manner = Manner::Rings;
        let leg = w.call(0);
        w.end(0, 12_000, leg);
    });
}

#[test]
fn hold_and_glare() {
    many(|w| {
        let leg = w.call(0);
        w.run_until(10_000);
        w.command(
            0,
            Command::Offer {
                leg,
                sdp: Some(sdp("hold")),
            },
        );
        for called in w.sides[1].legs.clone() {
            w.command(
                1,
                Command::Offer {
                    leg: called,
                    sdp: Some(sdp("hold too")),
                },
            );
            w.later(
                1,
                100,
                Command::Offer {
                    leg: called,
                    sdp: Some(sdp("again")),
                },
            );
        }
        w.end(0, 60_000, leg);
    });
}

#[test]
fn late_offer() {
    many(|w| {
        let mut invite = w.invitation(0);
        invite.offer = None;
        let leg = w.call_with(0, invite);
        w.end(0, 30_000, leg);
    });
}

#[test]
fn texts_and_hang_up_from_both_sides() {
    many(|w| {
        let leg = w.call(0);
        for token in 0..5 {
            let text = Body {
                kind: "text/plain".into(),
                bytes: "hello".into(),
            };
            w.later(
                0,
                2000 * token,
                Command::Send {
                    leg,
                    token,
                    what: InDialog::Text(text),
                },
            );
        }
        w.run_until(6000);
        w.end(0, 1000, leg);
        for called in w.sides[1].legs.clone() {
            w.end(1, 1000, called);
        }
    });
}

#[test]
fn a_connection_that_breaks_at_any_moment() {
    for seed in 0..seeds() {
        let mut w = World::new(Wire {
            seed,
            ..Wire::stream()
        });
        w.sides[1].manner = Manner::Answers {
            ring: 100,
            answer: 2000,
        };
        let leg = w.call(0);
        w.end(0, 5000, leg);
        w.later(
            0,
            3000,
            Command::Offer {
                leg,
                sdp: Some(sdp("hold")),
            },
        );
        w.run_until(seed * 29 % 5800);
        w.break_stream();
        w.run();
        // A phone that nobody cancelled any more rings on; its owner has a time-out.
        for called in w.sides[1].legs.clone() {
            w.command(
                1,
                Command::End {
                    leg: called,
                    why: Why::default(),
                },
            );
        }
        w.run();
        for side in &w.sides {
            assert_eq!(
                side.stack.counts(),
                strowger_runtime::sip::stack::Counts::default(),
                "{}",
                w.ladder
            );
            assert!(
                side.legs.iter().all(|leg| side.ended.contains_key(leg)),
                "{}",
                w.ladder
            );
        }
    }
}
