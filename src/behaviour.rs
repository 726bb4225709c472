//! What a made-up endpoint does, as people say it: `PJSIP/61=busy after 5s`.

use crate::duration;
use strowger_runtime::sim::Behaviour;

/// What to write where it is not understood.
pub(crate) const FORM: &str = "write ENDPOINT=WHAT, WHAT being answers, busy, noanswer, congestion, unavailable or refuses, with `after 5s` behind it if it takes a while, and for a call that is answered `hangs up after 60s` or `never hangs up`: 'PJSIP/61=answers after 2s, hangs up after 60s'";

/// Milliseconds until an endpoint answers, and until it hangs up, where nobody says.
const ANSWERS: u64 = 1_000;
const TALKS: u64 = 10_000;

/// `ENDPOINT=WHAT`: the endpoint and its behaviour.
pub(crate) fn read(text: &str) -> Option<(&str, Behaviour)> {
    let (endpoint, what) = text.split_once('=')?;
    Some((endpoint, does(what)?))
}

/// The behaviour alone.
pub(crate) fn does(what: &str) -> Option<Behaviour> {
    let mut behaviour = None;
    let mut talks = None;
    for clause in what.split(',').map(str::trim) {
        let (word, after) = match clause.split_once(" after ").or(clause.split_once(':')) {
            Some((word, after)) => (word.trim(), Some(duration::read(after.trim())?)),
            None => (clause, None),
        };
        match word {
            "hangs up" => talks = Some(Some(after?)),
            "never hangs up" => talks = Some(None),
            _ if behaviour.is_some() => return None,
            word => behaviour = Some(one(word, after)?),
        }
    }
    let answers = |after_ms| Behaviour::Answers {
        after_ms,
        talks_ms: talks.unwrap_or(Some(TALKS)),
    };
    let behaviour = match (behaviour, talks) {
        (None | Some(Behaviour::Answers { .. }), _) | (Some(_), None) => behaviour,
        // Who does not answer cannot hang up.
        (Some(_), Some(_)) => return None,
    };
    Some(match behaviour {
        None => answers(ANSWERS),
        Some(Behaviour::Answers { after_ms, .. }) => answers(after_ms),
        Some(other) => other,
    })
}

fn one(word: &str, after: Option<u64>) -> Option<Behaviour> {
    let (at_once, cause) = match word {
        "answers" => {
            return Some(Behaviour::Answers {
                after_ms: after.unwrap_or(ANSWERS),
                talks_ms: None,
            });
        }
        "noanswer" | "never answers" if after.is_none() => return Some(Behaviour::NoAnswer),
        "busy" => (Behaviour::Busy, 17),
        "congestion" => (Behaviour::Congestion, 34),
        "refuses" | "declines" => (Behaviour::Refuses, 21),
        "unavailable" => (Behaviour::Unavailable, 20),
        _ => return None,
    };
    Some(match after {
        None => at_once,
        Some(after_ms) => Behaviour::Fails { after_ms, cause },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behaviours_as_people_say_them() {
        let answers = |after_ms, talks_ms| Some(Behaviour::Answers { after_ms, talks_ms });
        for (text, expected) in [
            ("answers", answers(1_000, Some(10_000))),
            ("answers:2s", answers(2_000, Some(10_000))),
            ("answers after 2s", answers(2_000, Some(10_000))),
            (
                "answers after 1.5 s, hangs up after 2m",
                answers(1_500, Some(120_000)),
            ),
            ("hangs up after 60", answers(1_000, Some(60_000))),
            ("answers, never hangs up", answers(1_000, None)),
            ("busy", Some(Behaviour::Busy)),
            (
                "busy after 500ms",
                Some(Behaviour::Fails {
                    after_ms: 500,
                    cause: 17,
                }),
            ),
            (
                "refuses after 5s",
                Some(Behaviour::Fails {
                    after_ms: 5_000,
                    cause: 21,
                }),
            ),
            ("noanswer", Some(Behaviour::NoAnswer)),
            ("never answers", Some(Behaviour::NoAnswer)),
            ("declines", Some(Behaviour::Refuses)),
            ("sings", None),
            ("busy, hangs up after 5s", None),
            ("busy, answers", None),
            ("answers after a while", None),
            ("answers after 99999999s", None),
            ("", None),
        ] {
            let read = read(&format!("PJSIP/61={text}")).map(|(_, b)| b);
            assert_eq!(read, expected, "{text}");
        }
        assert_eq!(read("PJSIP/61").map(|(e, _)| e.to_owned()), None);
    }
}
