//! A scenario in the exchange once more, over real sockets and in real time: its wall clock shows the scenario's moment, and so do its
//! phones call, answer and press keys, with audio. All run at once, so that nobody waits for long.

use crate::Track;
use crate::exchange::{Accounts, Sounds, seen};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use strowger_compiler::source::Sources;
use strowger_runtime::config::StoreChoice;
use strowger_runtime::media::{self, Media};
use strowger_runtime::phone::{Happened, Password, Phone, Settings};
use strowger_runtime::sim::{Act, Attempt, Endpoint, Scenario};
use strowger_runtime::sip::session::Terms;
use strowger_runtime::{Engine, Options, config};
use tokio::time::sleep;

/// So long each is watched after its last moment.
const LATER: Duration = Duration::from_secs(2);
/// A phone may take so long to be registered.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether built-in phones can play it.
pub(crate) fn can(scenario: &Scenario) -> bool {
    let phone = |endpoint: &Endpoint| {
        endpoint.attempts.len() <= 1
            && endpoint.attempts.iter().all(|attempt| match attempt {
                Attempt::Answers { then, .. } => then
                    .iter()
                    .all(|act| matches!(act, Act::Wait(_) | Act::Talk(_) | Act::HangUp)),
                Attempt::Busy { .. } | Attempt::NeverAnswers | Attempt::Unregistered => true,
                _ => false,
            })
    };
    let acts = scenario.calls.iter().flat_map(|call| &call.acts);
    scenario.calls.len() == 1
        && scenario.endpoints.iter().all(phone)
        && acts.into_iter().all(|act| {
            matches!(
                act,
                Act::Wait(_) | Act::Talk(_) | Act::HangUp | Act::Press(_) | Act::Hold | Act::Unhold
            )
        })
}

/// The phones of one scenario.
struct Place {
    exchange: SocketAddr,
    media: Arc<Media>,
}

impl Place {
    /// `SIP/61`, registered or not.
    async fn phone(&self, name: &[u8], registers: bool) -> Phone {
        let name = String::from_utf8_lossy(name).into_owned();
        let user = name.split_once('/').unwrap().1.to_owned();
        let settings = Settings {
            password: Password(format!("secret{user}")),
            near: SocketAddr::from(([127, 0, 0, 1], 0)),
            exchange: self.exchange,
            seed: [user.bytes().fold(1, u8::wrapping_add); 32],
            terms: Terms::default(),
            user,
        };
        let mut phone = Phone::start(settings, Arc::clone(&self.media))
            .await
            .unwrap();
        if registers {
            phone.register(600).await;
            loop {
                match phone.next(PATIENCE).await {
                    Some(Happened::Registered(200)) => break,
                    Some(_) => {}
                    None => panic!("{name} is not registered"),
                }
            }
        }
        phone
    }
}

/// A phone that is called.
async fn called(mut phone: Phone, attempt: Option<Attempt>) {
    while let Some(happened) = phone.next(Duration::from_secs(3600)).await {
        if !matches!(happened, Happened::Incoming(_)) {
            continue;
        }
        match &attempt {
            Some(Attempt::Answers { after, then }) => {
                sleep(*after).await;
                phone.answer().await;
                for act in then {
                    match act {
                        Act::Wait(span) | Act::Talk(span) => sleep(*span).await,
                        _ => phone.hang_up().await,
                    }
                }
            }
            // Not answered yet, it says that it is busy.
            Some(Attempt::Busy { after }) => {
                sleep(*after).await;
                phone.hang_up().await;
            }
            _ => {}
        }
    }
}

/// The one who calls.
async fn caller(phone: Phone, number: String, acts: Vec<Act>) {
    phone.call(&number).await;
    for act in acts {
        match act {
            Act::Wait(span) | Act::Talk(span) => sleep(span).await,
            Act::HangUp => phone.hang_up().await,
            Act::Hold => phone.hold(true).await,
            Act::Unhold => phone.hold(false).await,
            Act::Press(keys) => {
                for key in keys {
                    phone.press(key).await;
                    sleep(Duration::from_millis(200)).await;
                }
            }
            _ => {}
        }
    }
    std::future::pending::<()>().await;
}

/// What happened on each channel of the plan; `took`: how long it takes.
pub(crate) async fn run(
    plan: Vec<u8>,
    scenario: Arc<Scenario>,
    sounds: Arc<Sounds>,
    media: Arc<Media>,
    took: Duration,
) -> Vec<Track> {
    let accounts = Accounts::of(&scenario).unwrap();
    let mut sources = Sources::new();
    sources.add("extensions.conf", plan);
    for (name, text) in accounts.files(&scenario) {
        sources.add(name, text.as_bytes());
    }
    let compiled = strowger_compiler::compile(&sources, &strowger_compiler::Options::default());
    let (mut config, _) = config::load(&sources);
    config.directories.data = Some(sounds.folder().to_owned());
    config.options.store = StoreChoice::Memory;
    for listener in &mut config.listeners {
        listener.bind = SocketAddr::from(([127, 0, 0, 1], 0));
    }
    config.listeners.truncate(1);
    let mut globals = strowger_runtime::globals(&compiled.hir);
    globals.0.extend(scenario.globals.clone());
    let options = Options {
        globals,
        shows: Some(u64::try_from(scenario.start.0 / 1_000).unwrap()),
        ..Options::default()
    };
    let engine = Engine::start(config, compiled.module.unwrap(), options)
        .await
        .unwrap();
    let place = Place {
        exchange: engine.addresses()[0].address,
        media,
    };
    let mut people = tokio::task::JoinSet::new();
    for endpoint in &scenario.endpoints {
        let attempt = endpoint.attempts.first().cloned();
        let is_there = !matches!(attempt, Some(Attempt::Unregistered));
        let phone = place.phone(&endpoint.name, is_there).await;
        people.spawn(called(phone, attempt));
    }
    let call = &scenario.calls[0];
    let phone = place.phone(&call.from, false).await;
    let mut observer = engine.observe();
    let number = String::from_utf8_lossy(&call.exten).into_owned();
    people.spawn(caller(phone, number, call.acts.clone()));
    sleep(took + LATER).await;
    let tracks = seen(&mut observer, &place.exchange.ip().to_string());
    drop(people);
    engine.stop(Duration::ZERO).await;
    tracks
}

/// The audio of all phones.
pub(crate) fn media() -> Arc<Media> {
    Arc::new(Media::start(media::Settings::default()).unwrap())
}

/// How many of each kind there are, for who reads the numbers.
pub(crate) fn kinds(scenarios: &[(String, Arc<Scenario>, Duration)]) -> BTreeMap<&str, usize> {
    let mut kinds = BTreeMap::new();
    for (_, scenario, _) in scenarios {
        let kind = match scenario.calls[0].acts.as_slice() {
            [] => "who only calls",
            acts if acts.iter().any(|act| matches!(act, Act::Press(_))) => "who presses keys",
            _ => "who hangs up or holds",
        };
        *kinds.entry(kind).or_default() += 1;
    }
    kinds
}
