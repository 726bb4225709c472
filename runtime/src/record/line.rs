//! The notation of a record: values as JSON and back. Text is bytes: what is no UTF-8 is `{"hex": "..."}`.

use serde_json::{Map, Value, json};
use strowger_vm::effect::Answer;
use strowger_vm::{Datum, Entry, Identity, Interrupt, Message, Party, Place, Reply, Run, State};
use strowger_vm::{Text, Time};

/// Members of one list that are read. More: the line is bad.
const MEMBERS: usize = 100_000;

/// Names of states, in the order of [`STATES`].
const STATES: [State; 6] = [
    State::Down,
    State::Ring,
    State::Ringing,
    State::Up,
    State::Busy,
    State::Dialing,
];

pub(super) fn text(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => json!(text),
        Err(_) => {
            let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
            json!({ "hex": hex })
        }
    }
}

pub(super) fn bytes(value: &Value) -> Option<Text> {
    if let Some(text) = value.as_str() {
        return Some(text.into());
    }
    let hex = value.get("hex")?.as_str()?.as_bytes();
    let nibble = |b: u8| {
        char::from(b)
            .to_digit(16)
            .and_then(|n| u8::try_from(n).ok())
    };
    if hex.len() % 2 == 1 {
        return None;
    }
    hex.chunks(2)
        .map(|pair| Some(nibble(pair[0])? << 4 | nibble(pair[1])?))
        .collect()
}

/// A member that may be missing, then it is empty.
pub(super) fn member(map: &Value, key: &str) -> Option<Text> {
    map.get(key).map_or(Some(Text::new()), bytes)
}

/// Seconds with six places, and back.
pub(super) fn seconds(from: Time, to: Time) -> Value {
    json!(to.0.saturating_sub(from.0) as f64 / 1e6)
}

pub(super) fn micros(value: Option<&Value>) -> Option<i64> {
    /// A hundred years.
    const LONGEST: f64 = 3.2e9;
    let seconds = value?.as_f64()?;
    (-LONGEST..=LONGEST)
        .contains(&seconds)
        .then(|| (seconds * 1e6).round() as i64)
}

/// `2026-03-02T10:00:00.000000Z`.
pub(super) fn moment(at: Time) -> Value {
    let at = jiff::Timestamp::from_microsecond(at.0).unwrap_or_default();
    json!(at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string())
}

pub(super) fn time(value: Option<&Value>) -> Option<Time> {
    let at: jiff::Timestamp = value?.as_str()?.parse().ok()?;
    Some(Time(at.as_microsecond()))
}

/// Puts what is not empty.
pub(super) fn put(map: &mut Map<String, Value>, key: &str, bytes: &[u8]) {
    if !bytes.is_empty() {
        map.insert(key.into(), text(bytes));
    }
}

pub(super) fn pairs(list: &[(Text, Text)]) -> Value {
    list.iter()
        .map(|(name, value)| json!([text(name), text(value)]))
        .collect()
}

pub(super) fn pairs_of(value: Option<&Value>) -> Option<Vec<(Text, Text)>> {
    let Some(value) = value else {
        return Some(Vec::new());
    };
    let list = value.as_array().filter(|list| list.len() <= MEMBERS)?;
    list.iter()
        .map(|pair| Some((bytes(pair.get(0)?)?, bytes(pair.get(1)?)?)))
        .collect()
}

/// Globals that changed; `None`: gone.
pub(super) type Delta = Vec<(Text, Option<Text>)>;

pub(super) fn delta(list: &[(Text, Option<Text>)]) -> Value {
    list.iter()
        .map(|(name, value)| json!([text(name), value.as_deref().map(text)]))
        .collect()
}

pub(super) fn delta_of(value: Option<&Value>) -> Option<Delta> {
    let Some(value) = value else {
        return Some(Vec::new());
    };
    let list = value.as_array().filter(|list| list.len() <= MEMBERS)?;
    list.iter()
        .map(|pair| {
            let value = match pair.get(1)? {
                Value::Null => None,
                value => Some(bytes(value)?),
            };
            Some((bytes(pair.get(0)?)?, value))
        })
        .collect()
}

pub(super) fn place(place: &Place) -> Value {
    json!([text(&place.context), text(&place.exten), place.priority])
}

pub(super) fn place_of(value: Option<&Value>) -> Option<Place> {
    let value = value?;
    Some(Place {
        context: bytes(value.get(0)?)?,
        exten: bytes(value.get(1)?)?,
        priority: u32::try_from(value.get(2)?.as_u64()?).ok()?,
    })
}

fn state_of(name: &str) -> Option<State> {
    STATES.into_iter().find(|state| state.as_str() == name)
}

pub(super) fn entry(entry: &Entry) -> Map<String, Value> {
    let mut out = Map::new();
    let (run, at) = match &entry.run {
        Run::Message(at) => ("message", at),
        Run::Call(at) | Run::Sub(at, _) | Run::Line(at, _) | Run::Over(at) => ("call", at),
        Run::Eval { place, .. } => ("call", place),
    };
    out.insert("run".into(), json!(run));
    out.insert("enters".into(), place(at));
    let party = &entry.party;
    let mut who = Map::new();
    for (key, value) in [
        ("channel", &party.name),
        ("unique_id", &party.unique_id),
        ("technology", &party.technology),
        ("dialed", &party.dialed),
        ("language", &party.language),
        ("account", &party.account),
    ] {
        put(&mut who, key, value);
    }
    who.insert("state".into(), json!(party.state.as_str()));
    if let Some(name) = &party.caller.name {
        who.insert("name".into(), text(name));
    }
    if let Some(number) = &party.caller.number {
        who.insert("number".into(), text(number));
    }
    out.insert("who".into(), Value::Object(who));
    let Message {
        to,
        from,
        body,
        data,
    } = &party.message;
    if run == "message" {
        let headers: Vec<(Text, Text)> = data
            .iter()
            .map(|d| (d.name.clone(), d.value.clone()))
            .collect();
        out.insert(
            "message".into(),
            json!({
                "to": text(to), "from": text(from), "body": text(body), "headers": pairs(&headers),
            }),
        );
    }
    if !entry.variables.is_empty() {
        out.insert("variables".into(), pairs(&entry.variables));
    }
    out
}

pub(super) fn entry_of(map: &Value) -> Option<Entry> {
    let at = place_of(map.get("enters"))?;
    let who = map.get("who")?;
    let unique_id = member(who, "unique_id")?;
    let mut party = Party {
        name: member(who, "channel")?,
        linked_id: unique_id.clone(),
        unique_id,
        technology: member(who, "technology")?,
        state: state_of(who.get("state")?.as_str()?)?,
        caller: Identity {
            name: match who.get("name") {
                Some(name) => Some(bytes(name)?),
                None => None,
            },
            number: match who.get("number") {
                Some(number) => Some(bytes(number)?),
                None => None,
            },
            details: None,
        },
        dialed: member(who, "dialed")?,
        language: member(who, "language")?,
        account: member(who, "account")?,
        ..Party::default()
    };
    let run = match map.get("run")?.as_str()? {
        "call" => Run::Call(at),
        "message" => Run::Message(at),
        _ => return None,
    };
    if let Some(message) = map.get("message") {
        party.message = Message {
            to: member(message, "to")?,
            from: member(message, "from")?,
            body: member(message, "body")?,
            data: pairs_of(message.get("headers"))?
                .into_iter()
                .map(|(name, value)| Datum {
                    name,
                    value,
                    outgoing: false,
                })
                .collect(),
        };
    }
    Some(Entry {
        party,
        variables: pairs_of(map.get("variables"))?,
        run,
    })
}

pub(super) fn reply(reply: &Reply) -> Value {
    let mut out = Map::new();
    let (word, value) = match &reply.answer {
        Answer::Done => ("done", None),
        Answer::Value(value) => ("value", Some(text(value))),
        Answer::Digit(digit) => ("digit", Some(text(&[*digit]))),
        Answer::Stop => ("stop", None),
        Answer::Gone => ("gone", None),
        Answer::Jump(to) => ("jump", Some(place(to))),
        Answer::Unserved => ("unserved", None),
    };
    out.insert(word.into(), value.unwrap_or(json!(true)));
    if !reply.sets.is_empty() {
        out.insert("sets".into(), pairs(&reply.sets));
    }
    if let Some(state) = reply.state {
        out.insert("state".into(), json!(state.as_str()));
    }
    if let Some(cause) = reply.cause {
        out.insert("cause".into(), json!(cause));
    }
    Value::Object(out)
}

pub(super) fn reply_of(map: &Value) -> Option<Reply> {
    let answer = if let Some(value) = map.get("value") {
        Answer::Value(bytes(value)?)
    } else if let Some(digit) = map.get("digit") {
        match bytes(digit)?.as_slice() {
            [digit] => Answer::Digit(*digit),
            _ => return None,
        }
    } else if let Some(to) = map.get("jump") {
        Answer::Jump(place_of(Some(to))?)
    } else {
        let words = [
            ("done", Answer::Done),
            ("stop", Answer::Stop),
            ("gone", Answer::Gone),
            ("unserved", Answer::Unserved),
        ];
        let mut words = words.into_iter();
        words.find(|(word, _)| map.get(*word).is_some())?.1
    };
    Some(Reply {
        answer,
        sets: pairs_of(map.get("sets"))?,
        state: match map.get("state") {
            Some(state) => Some(state_of(state.as_str()?)?),
            None => None,
        },
        cause: number(map.get("cause"))?,
    })
}

/// A small number that may be missing.
fn number(value: Option<&Value>) -> Option<Option<u16>> {
    match value {
        None => Some(None),
        Some(value) => Some(Some(u16::try_from(value.as_u64()?).ok()?)),
    }
}

pub(super) fn interrupt(why: &Interrupt) -> Value {
    match why {
        Interrupt::Hangup { cause } => json!({ "hangs_up": cause }),
        Interrupt::AbsoluteTimeout => json!({ "time_is_over": true }),
        Interrupt::Redirect(to) => json!({ "redirected": place(to) }),
    }
}

pub(super) fn interrupt_of(value: &Value) -> Option<Interrupt> {
    if let Some(cause) = number(value.get("hangs_up"))? {
        return Some(Interrupt::Hangup { cause });
    }
    if let Some(to) = value.get("redirected") {
        return Some(Interrupt::Redirect(place_of(Some(to))?));
    }
    value
        .get("time_is_over")
        .map(|_| Interrupt::AbsoluteTimeout)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_text() -> impl Strategy<Value = Text> {
        prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..12),
            "[ -~]{0,12}".prop_map(String::into_bytes),
        ]
    }

    fn any_place() -> impl Strategy<Value = Place> {
        (any_text(), any_text(), any::<u32>()).prop_map(|(c, e, p)| Place::new(c, e, p))
    }

    fn any_reply() -> impl Strategy<Value = Reply> {
        let answer = prop_oneof![
            Just(Answer::Done),
            Just(Answer::Stop),
            Just(Answer::Gone),
            Just(Answer::Unserved),
            any_text().prop_map(Answer::Value),
            any::<u8>().prop_map(Answer::Digit),
            any_place().prop_map(Answer::Jump),
        ];
        let sets = proptest::collection::vec((any_text(), any_text()), 0..4);
        let state = proptest::option::of(proptest::sample::select(STATES.to_vec()));
        (answer, sets, state, any::<Option<u16>>()).prop_map(|(answer, sets, state, cause)| Reply {
            answer,
            sets,
            state,
            cause,
        })
    }

    fn again(value: &Value) -> Value {
        serde_json::from_str(&value.to_string()).unwrap()
    }

    proptest! {
        #[test]
        fn replies_are_read_as_they_were_written(one in any_reply()) {
            prop_assert_eq!(reply_of(&again(&reply(&one))), Some(one));
        }

        #[test]
        fn entries_are_read_as_they_were_written(
            texts in proptest::collection::vec(any_text(), 10),
            at in any_place(),
            is_message in any::<bool>(),
            name in proptest::option::of(any_text()),
            variables in proptest::collection::vec((any_text(), any_text()), 0..3),
        ) {
            let mut texts = texts.into_iter();
            let mut next = || texts.next().unwrap_or_default();
            let unique_id = next();
            let one = Entry {
                party: Party {
                    name: next(),
                    linked_id: unique_id.clone(),
                    unique_id,
                    technology: next(),
                    state: State::Ring,
                    caller: Identity { name, number: Some(next()), details: None },
                    dialed: next(),
                    language: next(),
                    account: next(),
                    message: if is_message {
                        Message {
                            to: next(),
                            from: next(),
                            body: next(),
                            data: vec![Datum { name: next(), value: b"x".into(), outgoing: false }],
                        }
                    } else {
                        Message::default()
                    },
                    ..Party::default()
                },
                variables,
                run: if is_message { Run::Message(at) } else { Run::Call(at) },
            };
            let value = again(&Value::Object(entry(&one)));
            prop_assert_eq!(entry_of(&value), Some(one));
        }

        #[test]
        fn times_are_read_as_they_were_written(from in 0_i64..4_000_000_000_000_000, span in 0_i64..100_000_000_000_000) {
            let (from, to) = (Time(from), Time(from + span));
            prop_assert_eq!(micros(Some(&again(&seconds(from, to)))), Some(span));
            prop_assert_eq!(time(Some(&moment(to))), Some(to));
        }
    }

    #[test]
    fn interrupts_are_read_as_they_were_written() {
        for one in [
            Interrupt::Hangup { cause: 16 },
            Interrupt::AbsoluteTimeout,
            Interrupt::Redirect(Place::new("a", "b", 3)),
        ] {
            assert_eq!(interrupt_of(&again(&interrupt(&one))), Some(one));
        }
    }
}
