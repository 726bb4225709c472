//! From what the file says about phones and callers to attempts and acts of the made-up world.

use std::time::Duration;
use strowger_runtime::sim::scenario::{Act, Attempt, Endpoint, HangUp, Moment};

use super::phrase::{self, Manner, Phrase};
use super::yaml::{Node, Value};
use crate::duration;

/// How long a phone rings before it answers, and how long it talks, where nothing is said.
pub(super) const RINGS: u64 = 1_000;
pub(super) const TALKS: u64 = 10_000;

/// What an endpoint does. The table has checked the value.
pub(crate) fn endpoint(name: &str, node: &Node, context: &str) -> Endpoint {
    let mut out = Endpoint {
        name: name.into(),
        context: context.into(),
        ..Endpoint::default()
    };
    for item in node.items() {
        if let Some(most) = item.get("calls at once").and_then(number) {
            out.most_calls = u32::try_from(most).ok();
        }
        if let Some(status) = item.get("texts").and_then(number) {
            out.texts = u16::try_from(status).ok();
        }
        out.attempts.extend(attempt(item));
    }
    out
}

/// The word of a mapping that says what a phone does with a call.
pub(crate) fn manners(node: &Node) -> impl Iterator<Item = (&super::yaml::Key, &Node)> {
    let entries = node.entries().iter();
    entries
        .filter(|(key, _)| phrase::manner(&key.name).is_some())
        .map(|(key, value)| (key, value))
}

fn attempt(node: &Node) -> Option<Attempt> {
    if let Some(text) = node.text() {
        return phrase::read(text).ok().and_then(said);
    }
    let (key, value) = manners(node).next()?;
    let (manner, _) = phrase::manner(&key.name)?;
    let after_ms = value.get("after").and_then(ms);
    if manner == Manner::Answers {
        let mut then: Vec<Act> = value
            .get("then")
            .map(Node::items)
            .unwrap_or_default()
            .iter()
            .flat_map(acts)
            .collect();
        let talks = value.get("hangs up");
        let never = talks.and_then(Node::text) == Some("never");
        match talks.and_then(ms) {
            Some(ms) => then.extend([Act::Talk(span(ms)), Act::HangUp]),
            // Who is told what to do does only that.
            None if never || !then.is_empty() => {}
            None => then.extend([Act::Talk(span(TALKS)), Act::HangUp]),
        }
        return Some(Attempt::Answers {
            after: span(after_ms.unwrap_or(RINGS)),
            then,
        });
    }
    if manner == Manner::Redirects {
        let to = value.get("to").and_then(Node::text).unwrap_or_default();
        return Some(Attempt::Redirects {
            after: span(after_ms.unwrap_or_default()),
            to: to.into(),
        });
    }
    said(Phrase {
        manner,
        after_ms,
        talks_ms: None,
    })
}

fn said(phrase: Phrase) -> Option<Attempt> {
    let after = span(phrase.after_ms.unwrap_or_default());
    Some(match phrase.manner {
        Manner::Answers => {
            let then = match phrase.talks_ms.unwrap_or(Some(TALKS)) {
                Some(ms) => vec![Act::Talk(span(ms)), Act::HangUp],
                None => Vec::new(),
            };
            Attempt::Answers {
                after: span(phrase.after_ms.unwrap_or(RINGS)),
                then,
            }
        }
        Manner::Busy => Attempt::Busy { after },
        Manner::NeverAnswers => Attempt::NeverAnswers,
        Manner::Declines => Attempt::Declines { after },
        Manner::Unavailable if after.is_zero() => Attempt::Unavailable,
        Manner::Unavailable => Attempt::Fails { after, cause: 20 },
        Manner::Unregistered => Attempt::Unregistered,
        Manner::Congested => Attempt::Congested { after },
        Manner::Drops => Attempt::drops_after(span(RINGS), after),
        // Where to, the words do not say.
        Manner::Redirects => return None,
    })
}

/// What a caller or a phone does.
pub(crate) fn acts(node: &Node) -> Vec<Act> {
    let mut acts = Vec::new();
    if let Some(word) = node.text() {
        acts.extend(bare(word));
        return acts;
    }
    for (key, value) in node.entries() {
        let text = || value.text().unwrap_or_default();
        match key.name.as_str() {
            "wait" | "after" => acts.extend(ms(value).map(|ms| Act::Wait(span(ms)))),
            "talk" => acts.extend(ms(value).map(|ms| Act::Talk(span(ms)))),
            "at answer" => acts.push(Act::Answered),
            "after prompt" => acts.push(Act::Prompt {
                name: text().into(),
                at: Moment::Ends,
            }),
            "during prompt" => acts.push(Act::Prompt {
                name: text().into(),
                at: Moment::Begins,
            }),
            "press" => acts.push(Act::Press(text().into())),
            "text" => acts.push(Act::Text(text().into())),
            "transfer" => acts.push(Act::BlindTransfer(text().into())),
            "attended transfer" => acts.push(Act::AttendedTransfer(text().into())),
            word => acts.extend(bare(word)),
        }
    }
    // `{ press: 2, after: 3s }` waits first, in whichever order it is written.
    acts.sort_by_key(|act| !matches!(act, Act::Wait(_) | Act::Answered | Act::Prompt { .. }));
    acts
}

fn bare(word: &str) -> Option<Act> {
    match word {
        "hang up" => Some(Act::HangUp),
        "hold" => Some(Act::Hold),
        "unhold" => Some(Act::Unhold),
        _ => None,
    }
}

/// When a caller hangs up. The table has checked the value.
pub(crate) fn hangs_up(node: &Node) -> Option<HangUp> {
    let at_effect = node.get("at effect").and_then(number);
    match at_effect.and_then(|n| u32::try_from(n).ok()) {
        Some(n) => Some(HangUp::AtEffect(n)),
        None => ms(node).map(|ms| HangUp::After(span(ms))),
    }
}

/// Milliseconds.
pub(crate) fn ms(node: &Node) -> Option<u64> {
    node.text().and_then(duration::read)
}

/// A whole number.
pub(crate) fn number(node: &Node) -> Option<u64> {
    node.text().and_then(|t| t.parse().ok())
}

/// So many milliseconds.
pub(crate) fn span(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Whether a mapping says what happens to a call at all.
pub(crate) fn says_nothing(node: &Node) -> bool {
    matches!(node.value, Value::Map(_)) && manners(node).next().is_none()
}
