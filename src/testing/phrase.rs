//! What a phone does, in words: `answers after 2s, hangs up after 60s`, `busy after 5s`, `never answers`.

use crate::duration;
use strowger_compiler::edit_distance::nearest;

/// How a phone takes a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    Answers,
    Busy,
    NeverAnswers,
    Declines,
    Unavailable,
    Unregistered,
    Congested,
    Drops,
    Redirects,
}

/// Each manner by its word: whether it may take a while, and what it is.
pub(crate) const MANNERS: [(&str, Manner, bool, &str); 9] = [
    (
        "answers",
        Manner::Answers,
        true,
        "It rings, and somebody takes the call.",
    ),
    ("busy", Manner::Busy, true, "It is busy: 486."),
    (
        "never answers",
        Manner::NeverAnswers,
        false,
        "It rings for ever.",
    ),
    (
        "declines",
        Manner::Declines,
        true,
        "Somebody refuses the call: 603.",
    ),
    (
        "unavailable",
        Manner::Unavailable,
        true,
        "There is no way to reach it, as if it had gone: CHANUNAVAIL.",
    ),
    (
        "unregistered",
        Manner::Unregistered,
        false,
        "It is not registered, so nothing is sent to it.",
    ),
    (
        "congested",
        Manner::Congested,
        true,
        "There is no line to it: 503.",
    ),
    (
        "drops",
        Manner::Drops,
        true,
        "It answers, and so long after that the line is lost.",
    ),
    (
        "redirects",
        Manner::Redirects,
        true,
        "It sends the call elsewhere: 302.",
    ),
];

/// What the words say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Phrase {
    pub(crate) manner: Manner,
    /// Milliseconds until it does so.
    pub(crate) after_ms: Option<u64>,
    /// Milliseconds until it hangs up; `Some(None)`: never.
    pub(crate) talks_ms: Option<Option<u64>>,
}

/// The manner of a word.
pub(crate) fn manner(word: &str) -> Option<(Manner, bool)> {
    let found = MANNERS.iter().find(|(w, ..)| *w == word);
    found.map(|(_, manner, waits, _)| (*manner, *waits))
}

/// Reads the words.
///
/// # Errors
/// What is wrong and what to write.
pub(crate) fn read(text: &str) -> Result<Phrase, (String, String)> {
    let mut found: Option<Phrase> = None;
    let mut talks = None;
    for clause in text.split(',').map(str::trim) {
        let (word, after) = match clause.split_once(" after ") {
            Some((word, after)) => {
                let ms = duration::read(after).ok_or_else(|| {
                    (
                        format!("`{}` is no span of time", after.trim()),
                        "write it as `5s`, `500ms` or `2m`".to_owned(),
                    )
                })?;
                (word.trim(), Some(ms))
            }
            None => (clause, None),
        };
        match (word, after) {
            ("hangs up", Some(ms)) => talks = Some(Some(ms)),
            ("never hangs up", None) => talks = Some(None),
            _ => {
                let Some((manner, waits)) = manner(word).filter(|(m, _)| *m != Manner::Redirects)
                else {
                    return Err(unknown(word));
                };
                if found.is_some() {
                    return Err((
                        "a phone does one thing with a call".into(),
                        "for one call after the other write a list: [busy, answers]".into(),
                    ));
                }
                if after.is_some() && !waits {
                    return Err((
                        format!("`{word}` takes no time"),
                        format!("write `{word}` alone"),
                    ));
                }
                found = Some(Phrase {
                    manner,
                    after_ms: after,
                    talks_ms: None,
                });
            }
        }
    }
    let found = found.ok_or_else(|| unknown(text))?;
    if talks.is_some() && found.manner != Manner::Answers {
        return Err((
            "who does not answer cannot hang up".into(),
            "write `answers after 2s, hangs up after 60s`".into(),
        ));
    }
    Ok(Phrase {
        talks_ms: talks,
        ..found
    })
}

fn unknown(word: &str) -> (String, String) {
    let words = MANNERS
        .iter()
        .map(|(w, ..)| *w)
        .filter(|w| *w != "redirects");
    let hint = if word.starts_with("redirects") {
        "write it as a mapping: { redirects: { to: PJSIP/1003 } }".into()
    } else {
        match nearest(word, words.clone()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("a phone {}", words.collect::<Vec<_>>().join(", ")),
        }
    };
    (format!("`{word}` is nothing that a phone does"), hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_as_people_say_them() {
        let phrase = |manner, after_ms, talks_ms| {
            Ok(Phrase {
                manner,
                after_ms,
                talks_ms,
            })
        };
        assert_eq!(read("answers"), phrase(Manner::Answers, None, None));
        assert_eq!(
            read("answers after 2s, hangs up after 1m"),
            phrase(Manner::Answers, Some(2_000), Some(Some(60_000)))
        );
        assert_eq!(
            read("busy after 5s"),
            phrase(Manner::Busy, Some(5_000), None)
        );
        assert_eq!(
            read("never answers"),
            phrase(Manner::NeverAnswers, None, None)
        );
        for (text, wrong, hint) in [
            (
                "answer",
                "`answer` is nothing that a phone does",
                "did you mean `answers`?",
            ),
            (
                "busy after lunch",
                "`lunch` is no span of time",
                "write it as `5s`, `500ms` or `2m`",
            ),
            (
                "busy, hangs up after 3s",
                "who does not answer cannot hang up",
                "write `answers after 2s, hangs up after 60s`",
            ),
            (
                "never answers after 3s",
                "`never answers` takes no time",
                "write `never answers` alone",
            ),
            (
                "busy, answers",
                "a phone does one thing with a call",
                "for one call after the other write a list: [busy, answers]",
            ),
        ] {
            assert_eq!(read(text), Err((wrong.into(), hint.into())), "{text}");
        }
    }
}
