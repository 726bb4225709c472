//! The people of a scenario at phones that speak SIP.

use crate::net::Net;
use crate::phone::{Phone, sdp};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use strowger_runtime::sim::{Act, Attempt, Endpoint, Scenario};
use strowger_runtime::sip::flow::Protocol;
use strowger_runtime::sip::headers::Method;
use strowger_runtime::sip::stack::{Answer, Command, Event, InDialog, LegId, Why};
use tokio::time::{Instant, sleep, sleep_until};

/// Where each trunk of PJSIP leads to.
pub(crate) const TRUNK: &str = "192.0.2.200:5060";

/// How long a key is pressed.
const KEY_MS: u32 = 100;

/// What stands before the `@` of an address.
pub(crate) fn user(address: &[u8]) -> String {
    let text = String::from_utf8_lossy(address).into_owned();
    let text = text.trim_start_matches('<').trim_end_matches('>');
    let text = text.split_once(':').map_or(text, |(_, rest)| rest);
    text.split('@').next().unwrap_or_default().to_owned()
}

/// What people do here that these phones cannot.
pub(crate) fn unsaid(scenario: &Scenario) -> Option<&'static str> {
    let can = |act: &Act| {
        matches!(
            act,
            Act::Wait(_)
                | Act::Talk(_)
                | Act::Answered
                | Act::HangUp
                | Act::Press(_)
                | Act::Hold
                | Act::Unhold
        )
    };
    let calls = scenario.calls.iter();
    if calls
        .clone()
        .any(|c| !c.keys.is_empty() || c.hangs_up.is_some() || !c.acts.iter().all(can))
    {
        return Some("texts, transfers, or prompts that a caller waits for");
    }
    let mut attempts = scenario.endpoints.iter().flat_map(|e| &e.attempts);
    let can_attempt = |attempt: &Attempt| match attempt {
        Attempt::Answers { then, .. } => then.iter().all(|act| {
            matches!(
                act,
                Act::Wait(_) | Act::Talk(_) | Act::Press(_) | Act::HangUp
            )
        }),
        Attempt::Fails { .. } | Attempt::Redirects { .. } => false,
        _ => true,
    };
    if !attempts.all(can_attempt) {
        return Some("what a called phone does");
    }
    None
}

/// Something that a called phone does next.
enum Next {
    Answer,
    Refuse(u16),
    Press(Vec<u8>),
    HangUp,
}

/// What a phone does with a call, each so long after the one before.
fn script(attempt: Option<&Attempt>) -> Vec<(Duration, Next)> {
    match attempt {
        Some(Attempt::Answers { after, then }) => {
            let mut out = vec![(*after, Next::Answer)];
            let mut wait = Duration::ZERO;
            for act in then {
                match act {
                    Act::Wait(span) | Act::Talk(span) => wait += *span,
                    Act::HangUp => out.push((std::mem::take(&mut wait), Next::HangUp)),
                    Act::Press(keys) => {
                        out.push((std::mem::take(&mut wait), Next::Press(keys.clone())));
                    }
                    _ => {}
                }
            }
            out
        }
        Some(Attempt::Busy { after }) => vec![(*after, Next::Refuse(486))],
        Some(Attempt::Declines { after }) => vec![(*after, Next::Refuse(603))],
        Some(Attempt::Congested { after }) => vec![(*after, Next::Refuse(503))],
        // Of the answers of a phone one whose cause counts as out of reach.
        Some(Attempt::Unavailable) => vec![(Duration::ZERO, Next::Refuse(404))],
        _ => Vec::new(),
    }
}

/// Puts each endpoint at its place, registered if it is.
pub(crate) async fn at_their_places(net: &Net, exchange: SocketAddr, scenario: &Scenario) {
    for (n, endpoint) in scenario.endpoints.iter().enumerate() {
        let name = String::from_utf8_lossy(&endpoint.name).into_owned();
        let (technology, resource) = name.split_once('/').unwrap();
        let (user, near) = match resource.split_once('@') {
            Some((user, _)) if technology == "PJSIP" => (user, TRUNK.to_owned()),
            Some((user, host)) => (user, format!("{host}:5060")),
            None => (resource, format!("192.0.2.{}:5060", 10 + n)),
        };
        let mut phone = Phone::new(net, user, &near, exchange, Protocol::Udp);
        let is_away = matches!(endpoint.attempts.first(), Some(Attempt::Unregistered));
        if !resource.contains('@') && !is_away {
            assert_eq!(phone.register(3600).await, 200, "{name} registers");
        }
        tokio::spawn(called(phone, endpoint.clone()));
    }
}

/// A phone that is called, one call at a time.
async fn called(mut phone: Phone, endpoint: Endpoint) {
    let mut tries = 0;
    let mut legs = 1_000_000;
    // The call, what comes next, and when.
    let mut current: Option<(LegId, std::vec::IntoIter<(Duration, Next)>)> = None;
    let mut due: Option<(Instant, Next)> = None;
    loop {
        let timer = async {
            match &due {
                Some((at, _)) => sleep_until(*at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            event = phone.any() => match event {
                Event::Incoming(incoming) => {
                    let respond = |status| Command::Respond {
                        incoming: incoming.clone(),
                        answer: Answer::status(status),
                    };
                    if incoming.message.method() != Some(Method::Invite) {
                        phone.command(respond(endpoint.texts.unwrap_or(200)));
                        continue;
                    }
                    if current.is_some() {
                        phone.command(respond(486));
                        continue;
                    }
                    let attempt = endpoint.attempts.get(tries).or(endpoint.attempts.last());
                    tries += 1;
                    let mut acts = script(attempt).into_iter();
                    let first = acts.next();
                    if let Some((after, Next::Refuse(status))) = &first
                        && after.is_zero()
                    {
                        phone.command(respond(*status));
                        continue;
                    }
                    legs += 1;
                    let leg = LegId(legs);
                    phone.command(Command::Admit {
                        incoming: incoming.clone(),
                        leg,
                        credentials: Vec::new(),
                    });
                    phone.command(Command::Ring(leg));
                    due = first.map(|(after, next)| (Instant::now() + after, next));
                    current = Some((leg, acts));
                }
                Event::Ended { leg, .. } if current.as_ref().is_some_and(|c| c.0 == leg) => {
                    current = None;
                    due = None;
                }
                _ => {}
            },
            () = timer => {
                let (Some((leg, acts)), Some((_, next))) = (&mut current, due.take()) else {
                    continue;
                };
                let leg = *leg;
                due = acts.next().map(|(after, next)| (Instant::now() + after, next));
                match next {
                    Next::Answer => phone.answer(leg),
                    Next::HangUp => phone.hang_up(leg),
                    Next::Press(keys) => {
                        for key in keys {
                            phone.command(Command::Send {
                                leg,
                                token: 0,
                                what: InDialog::Digit(key, KEY_MS),
                            });
                        }
                    }
                    Next::Refuse(status) => phone.command(Command::End {
                        leg,
                        why: Why { status, ..Why::default() },
                    }),
                }
            }
        }
    }
}

/// Lets all calls and texts come, each at its moment.
pub(crate) fn call(net: &Net, exchange: SocketAddr, scenario: &Arc<Scenario>) {
    for (n, call) in scenario.calls.iter().enumerate() {
        let name = String::from_utf8_lossy(&call.from).into_owned();
        let user = name.split_once('/').unwrap().1.to_owned();
        let near = format!("192.0.2.{}:5060", 100 + n);
        let phone = Phone::new(net, &user, &near, exchange, Protocol::Udp);
        tokio::spawn(caller(phone, Arc::clone(scenario), n));
    }
    let (net, scenario) = (net.clone(), Arc::clone(scenario));
    tokio::spawn(async move {
        for (n, message) in scenario.messages.iter().enumerate() {
            let near = format!("192.0.2.{}:5060", 150 + n);
            let from = user(&message.from);
            let mut phone = Phone::new(&net, &from, &near, exchange, Protocol::Udp);
            let body = String::from_utf8_lossy(&message.body).into_owned();
            assert_eq!(phone.text(&user(&message.to), &body).await, 202);
        }
    });
}

async fn caller(mut phone: Phone, scenario: Arc<Scenario>, number: usize) {
    let call = &scenario.calls[number];
    sleep(call.at).await;
    let leg = phone.call(&String::from_utf8_lossy(&call.exten));
    for act in &call.acts {
        match act {
            Act::Wait(span) | Act::Talk(span) => sleep(*span).await,
            Act::Answered => drop(phone.answered(leg).await),
            Act::HangUp => phone.hang_up(leg),
            Act::Press(keys) => {
                for key in keys {
                    phone.command(Command::Send {
                        leg,
                        token: 0,
                        what: InDialog::Digit(*key, KEY_MS),
                    });
                }
            }
            Act::Hold | Act::Unhold => {
                let direction = match act {
                    Act::Hold => "sendonly",
                    _ => "sendrecv",
                };
                phone.command(Command::Offer {
                    leg,
                    sdp: Some(sdp(phone.near, direction)),
                });
            }
            _ => {}
        }
    }
    // Whatever comes now, the stack answers it.
    std::future::pending::<()>().await;
}
