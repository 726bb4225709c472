//! The same flows on a network that loses, repeats and delays a fifth of all datagrams: nothing is stuck, nothing is left.

use crate::net::Net;
use crate::phone::Phone;
use crate::world::{SIP, World, exchange};
use std::time::Duration;
use strowger_runtime::sip::command::{Answer, Command, LegId};
use strowger_runtime::sip::flow::Protocol;
use strowger_runtime::sip::stack::Event;

const PLAN: &str = "\
[office]
exten => _6X,1,Dial(SIP/${EXTEN},20)
 same => n,Hangup()
exten => 3666,1,Answer()
 same => n,Echo()
[sms]
exten => _6X,1,MessageSend(sip:${EXTEN},${MESSAGE(from)})
";

/// Registers, however often it takes.
async fn register(phone: &mut Phone) {
    for _ in 0..10 {
        if phone.register(3600).await == 200 {
            return;
        }
    }
    panic!("{} cannot register", phone.user);
}

/// A phone in the hand of somebody who takes each call after a second, each text at once, and hangs up after `talk`.
async fn callee(mut phone: Phone, talk: Option<Duration>) -> Phone {
    let mut next = 1_000;
    let mut quiet = 0;
    let mut talking: Option<LegId> = None;
    while quiet < 2 {
        let event = tokio::time::timeout(Duration::from_secs(60), phone.any()).await;
        match event {
            Ok(Event::Incoming(incoming)) => {
                if incoming.message.method() == Some(strowger_runtime::sip::Method::Message) {
                    phone.command(Command::Respond {
                        incoming,
                        answer: Answer::status(200),
                    });
                    continue;
                }
                next += 1;
                let leg = LegId(next);
                phone.command(Command::Admit {
                    incoming,
                    leg,
                    credentials: Vec::new(),
                });
                phone.command(Command::Ring(leg));
                tokio::time::sleep(Duration::from_secs(1)).await;
                phone.answer(leg);
                if let Some(talk) = talk {
                    tokio::time::sleep(talk).await;
                    phone.hang_up(leg);
                } else {
                    talking = Some(leg);
                }
            }
            Ok(_) => {}
            Err(_) => quiet += 1,
        }
    }
    if let Some(leg) = talking {
        phone.hang_up(leg);
    }
    phone
}

#[tokio::test(start_paused = true)]
async fn a_fifth_of_all_datagrams_is_lost_repeated_or_late() {
    for seed in 0..40_u64 {
        let net = Net::lossy(seed);
        let files = [("extensions.conf", PLAN), ("sip.conf", SIP)];
        let world: World = exchange(&net, "192.0.2.1:5060", &files).await;
        let mut a = Phone::new(&net, "61", "192.0.2.61:5060", world.near, Protocol::Udp);
        let mut b = Phone::new(&net, "62", "192.0.2.62:5060", world.near, Protocol::Udp);
        register(&mut a).await;
        register(&mut b).await;
        let b = tokio::spawn(callee(b, (seed % 2 == 0).then_some(Duration::from_secs(5))));
        // A call, given up at another moment in each run; a text meanwhile.
        let call = a.call("62");
        tokio::time::sleep(Duration::from_millis(seed * 150)).await;
        if seed % 3 == 0 {
            a.text("62", "on my way").await;
        }
        tokio::time::sleep(Duration::from_secs(seed % 9)).await;
        a.hang_up(call);
        a.ended(call).await;
        let echo = a.call("3666");
        tokio::time::sleep(Duration::from_millis(seed * 37)).await;
        a.hang_up(echo);
        a.ended(echo).await;
        let b = b.await.unwrap();
        // What a phone forgot without a word (its BYE was lost to the last repeat) ends by the exchange's own timers.
        world.nothing_left(&[&a, &b]).await;
        assert_eq!(world.engine.stats().waiting, 0, "seed {seed}");
    }
}
