//! A path of the search: what happened outside the plan, as a list of choices. It is a world that can be run, and a test that can be
//! saved.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use strowger_runtime::sim::{Act, Attempt, Endpoint, Scenario};
use strowger_vm::Time;

use crate::test::init::scalar;

/// How a called phone takes a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Takes {
    Answers,
    Busy,
    NeverAnswers,
    Congested,
    Unavailable,
}

/// So long it rings before it answers.
const RINGS: Duration = Duration::from_secs(1);
/// So long it talks.
pub(super) const TALKS: Duration = Duration::from_secs(10);

impl Takes {
    pub(crate) const ALL: [Takes; 5] = [
        Takes::Answers,
        Takes::Busy,
        Takes::NeverAnswers,
        Takes::Congested,
        Takes::Unavailable,
    ];

    /// `keys`: what it presses, so long after its answer.
    fn attempt(self, keys: &[(Duration, u8)]) -> Attempt {
        let after = Duration::ZERO;
        match self {
            Takes::Answers => {
                let mut past = Duration::ZERO;
                let mut then = Vec::new();
                for (at, key) in keys {
                    then.push(Act::Wait(at.saturating_sub(past)));
                    then.push(Act::Press(vec![*key]));
                    past = *at;
                }
                then.push(Act::Talk(TALKS.saturating_sub(past)));
                then.push(Act::HangUp);
                Attempt::Answers { after: RINGS, then }
            }
            Takes::Busy => Attempt::Busy { after },
            Takes::NeverAnswers => Attempt::NeverAnswers,
            Takes::Congested => Attempt::Congested { after },
            Takes::Unavailable => Attempt::Unavailable,
        }
    }

    /// As a test file says it.
    fn words(self, keys: &[(Duration, u8)]) -> String {
        match self {
            Takes::Answers if !keys.is_empty() => {
                let mut past = Duration::ZERO;
                let mut then = Vec::new();
                for (at, key) in keys {
                    let wait = span(at.saturating_sub(past));
                    then.push(format!(
                        "{{ wait: {wait} }}, {{ press: \"{}\" }}",
                        char::from(*key)
                    ));
                    past = *at;
                }
                let rest = span(TALKS.saturating_sub(past));
                format!(
                    "{{ answers: {{ after: {}, then: [{}, {{ talk: {rest} }}, hang up] }} }}",
                    span(RINGS),
                    then.join(", ")
                )
            }
            Takes::Answers => "answers after 1s, hangs up after 10s".to_owned(),
            Takes::Busy => "busy".to_owned(),
            Takes::NeverAnswers => "never answers".to_owned(),
            Takes::Congested => "congested".to_owned(),
            Takes::Unavailable => "unavailable".to_owned(),
        }
    }
}

/// One thing that goes otherwise than it would by itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Pick {
    /// These phones take the call so: each with how often it was called before.
    Phones(Vec<(Vec<u8>, usize)>, Takes),
    /// The caller presses a key, so long after the beginning.
    Key(Duration, u8),
    /// A called phone does, which was called so often before, so long after its answer.
    PhoneKey(Vec<u8>, usize, Duration, u8),
    /// The caller hangs up.
    HangUp(Duration),
    /// The database holds this value from the beginning.
    Stored(Vec<u8>, Vec<u8>),
    /// A text to this endpoint is answered so.
    Text(Vec<u8>, u16),
}

/// What happened outside the plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Path {
    pub(crate) picks: Vec<Pick>,
}

impl Path {
    pub(crate) fn with(&self, pick: Pick) -> Path {
        let mut picks = self.picks.clone();
        picks.push(pick);
        Path { picks }
    }

    pub(crate) fn hangs_up(&self) -> Option<Duration> {
        self.picks.iter().find_map(|p| match p {
            Pick::HangUp(at) => Some(*at),
            _ => None,
        })
    }

    /// What each phone does, call by call.
    fn phones(&self) -> BTreeMap<&[u8], Vec<Takes>> {
        let mut phones: BTreeMap<&[u8], Vec<Takes>> = BTreeMap::new();
        for pick in &self.picks {
            if let Pick::Phones(names, takes) = pick {
                for (name, times) in names {
                    let all = phones.entry(name).or_default();
                    // What nobody decided on goes on as before.
                    let last = all.last().copied().unwrap_or(Takes::Unavailable);
                    while all.len() < *times {
                        all.push(last);
                    }
                    all.truncate(*times);
                    all.push(*takes);
                }
            }
        }
        phones
    }

    /// What a phone presses when it is called for so many times.
    fn keys_of(&self, phone: &[u8], times: usize) -> Vec<(Duration, u8)> {
        let keys = self.picks.iter().filter_map(|p| match p {
            Pick::PhoneKey(name, n, at, key) if name.eq_ignore_ascii_case(phone) && *n == times => {
                Some((*at, *key))
            }
            _ => None,
        });
        keys.collect()
    }

    fn texts(&self) -> BTreeMap<&[u8], u16> {
        let texts = self.picks.iter().filter_map(|p| match p {
            Pick::Text(name, status) => Some((name.as_slice(), *status)),
            _ => None,
        });
        texts.collect()
    }

    /// The world of it. `start`: when it begins, if not as in `base`.
    pub(crate) fn scenario(&self, base: &Scenario, start: Time) -> Arc<Scenario> {
        let mut scene = base.clone();
        scene.start = start;
        let mut texts = self.texts();
        for (name, takes) in self.phones() {
            let texts = texts.remove(name);
            scene.endpoints.push(Endpoint {
                name: name.to_vec(),
                attempts: takes
                    .into_iter()
                    .enumerate()
                    .map(|(n, takes)| takes.attempt(&self.keys_of(name, n)))
                    .collect(),
                texts,
                ..Endpoint::default()
            });
        }
        for (name, status) in texts {
            scene.endpoints.push(Endpoint {
                name: name.to_vec(),
                attempts: vec![Attempt::Unavailable],
                texts: Some(status),
                ..Endpoint::default()
            });
        }
        let mut past = Duration::ZERO;
        let mut acts = Vec::new();
        for pick in &self.picks {
            let (at, act) = match pick {
                Pick::Key(at, key) => (*at, Act::Press(vec![*key])),
                Pick::HangUp(at) => (*at, Act::HangUp),
                Pick::Stored(key, value) => {
                    scene.database.insert(key.clone(), value.clone());
                    continue;
                }
                Pick::Phones(..) | Pick::PhoneKey(..) | Pick::Text(..) => continue,
            };
            acts.push(Act::Wait(at.saturating_sub(past)));
            acts.push(act);
            past = at;
        }
        if let Some(call) = scene.calls.first_mut() {
            call.acts = acts;
        }
        Arc::new(scene)
    }

    /// What phones do in it, as a test file says that: `PJSIP/61` to `[busy, answers]`. `also`: endpoints that are dialled and that
    /// nobody decided on.
    pub(crate) fn with_lines(&self, also: &[Vec<u8>]) -> Vec<String> {
        let mut texts = self.texts();
        let mut phones = self.phones();
        for name in also {
            phones
                .entry(name)
                .or_insert_with(|| vec![Takes::Unavailable]);
        }
        for name in texts.keys() {
            phones
                .entry(name)
                .or_insert_with(|| vec![Takes::Unavailable]);
        }
        let mut lines = Vec::new();
        for (name, takes) in phones {
            let name_words = scalar(&String::from_utf8_lossy(name));
            let words = takes.iter().enumerate();
            let words: Vec<String> = words
                .map(|(n, takes)| takes.words(&self.keys_of(name, n)))
                .collect();
            let inside = |text: &String| match text.starts_with('{') {
                true => text.clone(),
                false => quoted(text),
            };
            let value = match (texts.remove(name), words.as_slice()) {
                (Some(status), _) => format!("{{ unavailable: {{}}, texts: {status} }}"),
                (None, [one]) => one.clone(),
                (None, many) => {
                    let many: Vec<String> = many.iter().map(inside).collect();
                    format!("[{}]", many.join(", "))
                }
            };
            lines.push(format!("{name_words}: {value}"));
        }
        lines
    }

    /// What the caller does, as a test file says that.
    pub(crate) fn does(&self) -> Vec<String> {
        let mut past = Duration::ZERO;
        let mut lines = Vec::new();
        for pick in &self.picks {
            let (at, act) = match pick {
                Pick::Key(at, key) => (*at, format!("press: \"{}\"", char::from(*key))),
                Pick::HangUp(at) => (*at, "hang up: {}".to_owned()),
                Pick::Phones(..) | Pick::PhoneKey(..) | Pick::Stored(..) | Pick::Text(..) => {
                    continue;
                }
            };
            let wait = at.saturating_sub(past);
            lines.push(format!("{{ after: {}, {act} }}", span(wait)));
            past = at;
        }
        lines
    }

    /// What the database holds, as a test file says that.
    pub(crate) fn stored(&self) -> Vec<String> {
        let stored = self.picks.iter().filter_map(|p| match p {
            Pick::Stored(key, value) => Some(format!(
                "{}: {}",
                scalar(&String::from_utf8_lossy(key)),
                quoted(&String::from_utf8_lossy(value))
            )),
            _ => None,
        });
        stored.collect()
    }

    /// In words, one choice after the other. `also`: as for [`with_lines`](Path::with_lines).
    pub(crate) fn words(&self, also: &[Vec<u8>]) -> String {
        let mut out = String::new();
        for name in also {
            if !out.is_empty() {
                out.push_str("; ");
            }
            let _ = write!(
                out,
                "{} {}",
                String::from_utf8_lossy(name),
                says(Takes::Unavailable, 1)
            );
        }
        for pick in &self.picks {
            if !out.is_empty() {
                out.push_str("; ");
            }
            let _ = match pick {
                Pick::Phones(names, takes) => {
                    let names: Vec<_> = names
                        .iter()
                        .map(|(n, _)| String::from_utf8_lossy(n).into_owned())
                        .collect();
                    write!(out, "{} {}", names.join(" and "), says(*takes, names.len()))
                }
                Pick::Key(at, key) => {
                    write!(
                        out,
                        "the caller presses {} after {}",
                        char::from(*key),
                        span(*at)
                    )
                }
                Pick::PhoneKey(name, _, at, key) => write!(
                    out,
                    "{} presses {} {} after its answer",
                    String::from_utf8_lossy(name),
                    char::from(*key),
                    span(*at)
                ),
                Pick::HangUp(at) => write!(out, "the caller hangs up after {}", span(*at)),
                Pick::Stored(key, value) => write!(
                    out,
                    "the database holds {} = {}",
                    String::from_utf8_lossy(key),
                    String::from_utf8_lossy(value)
                ),
                Pick::Text(name, status) => write!(
                    out,
                    "a text to {} is answered with {status}",
                    String::from_utf8_lossy(name)
                ),
            };
        }
        out
    }
}

fn says(takes: Takes, phones: usize) -> &'static str {
    match (takes, phones) {
        (Takes::Answers, 1) => "answers",
        (Takes::Answers, _) => "answer",
        (Takes::Busy, 1) => "is busy",
        (Takes::Busy, _) => "are busy",
        (Takes::NeverAnswers, 1) => "never answers",
        (Takes::NeverAnswers, _) => "never answer",
        (Takes::Congested, 1) => "has no line",
        (Takes::Congested, _) => "have no line",
        (Takes::Unavailable, 1) => "is unavailable",
        (Takes::Unavailable, _) => "are unavailable",
    }
}

/// A text in quotes, as JSON and YAML read it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// `1500ms`, `2s`.
pub(crate) fn span(time: Duration) -> String {
    let ms = time.as_millis();
    if ms.is_multiple_of(1_000) {
        format!("{}s", ms / 1_000)
    } else {
        format!("{ms}ms")
    }
}
