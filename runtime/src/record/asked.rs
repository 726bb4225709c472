//! What an effect asks, as it is written and compared, and in words.

use serde_json::{Map, Value, json};
use strowger_vm::Text;
use strowger_vm::effect::{Effect, Interruptible};

use super::line::{bytes, put, text};
use super::secret;

/// What kind of thing is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Nobody outside notices it: a line of a log.
    Silent,
    /// It only asks; when is of no importance.
    Read,
    /// Somebody notices it: a caller, a phone, who reads the database.
    Deed,
}

/// The class of an effect.
#[must_use]
pub fn class(effect: &Effect) -> Class {
    match effect {
        Effect::Log { .. } | Effect::Verbose { .. } | Effect::Proceeding => Class::Silent,
        Effect::DbGet { .. }
        | Effect::DbKeys { .. }
        | Effect::Random { .. }
        | Effect::ReadFunction { .. } => Class::Read,
        _ => Class::Deed,
    }
}

/// The class of what was asked.
pub(super) fn class_of(asked: &Value) -> Class {
    match asked.get("do").and_then(Value::as_str) {
        None => Class::Silent,
        Some("DbGet" | "DbKeys" | "Random" | "ReadFunction") => Class::Read,
        Some(_) => Class::Deed,
    }
}

fn interruptible(map: &mut Map<String, Value>, by: &Interruptible) {
    match by {
        Interruptible::No => {}
        Interruptible::Any => drop(map.insert("keys".into(), json!("any"))),
        Interruptible::Only(keys) => put(map, "keys", keys),
    }
}

/// What an effect asks. Not told are the place of a Dial and the variables that it hands on: nobody outside hears of them.
#[must_use]
pub fn asked(effect: &Effect) -> Value {
    let mut out = Map::new();
    let mut name = |name: &str| drop(out.insert("do".into(), json!(name)));
    let texts = |list: &[Text]| -> Value { list.iter().map(|one| text(one)).collect() };
    match effect {
        Effect::Log { .. } | Effect::Verbose { .. } | Effect::Proceeding => return Value::Null,
        Effect::Answer { delay_ms } => {
            name("Answer");
            out.insert("ms".into(), json!(delay_ms));
        }
        Effect::Dial(dial) => {
            name("Dial");
            let to = dial.targets.iter();
            let to: Vec<Text> = to
                .map(|t| [t.technology.as_slice(), b"/", &t.resource].concat())
                .collect();
            out.insert("to".into(), texts(&to));
            if let Some(ms) = dial.timeout_ms {
                out.insert("ms".into(), json!(ms));
            }
            if let Some(ms) = dial.progress_timeout_ms {
                out.insert("progress_ms".into(), json!(ms));
            }
            let options = dial.options.iter().map(|(letter, argument)| {
                let mut option = vec![*letter];
                if let Some(argument) = argument {
                    option.extend_from_slice(b"(");
                    option.extend_from_slice(argument);
                    option.extend_from_slice(b")");
                }
                option
            });
            put(&mut out, "options", &options.collect::<Vec<_>>().concat());
            put(&mut out, "url", &dial.url);
            let caller = &dial.caller;
            put(&mut out, "name", caller.name.as_deref().unwrap_or_default());
            put(
                &mut out,
                "number",
                caller.number.as_deref().unwrap_or_default(),
            );
        }
        Effect::Play(play) => {
            name("Play");
            out.insert("files".into(), texts(&play.files));
            if play.answer {
                out.insert("answers".into(), json!(true));
            }
            interruptible(&mut out, &play.interrupt);
            put(&mut out, "language", &play.language);
        }
        Effect::Say { prompts, interrupt } => {
            name("Say");
            out.insert("files".into(), texts(prompts));
            interruptible(&mut out, interrupt);
        }
        Effect::Echo => name("Echo"),
        Effect::Ringing => name("Ringing"),
        Effect::Progress => name("Progress"),
        Effect::Wait { ms } => {
            name("Wait");
            out.insert("ms".into(), json!(ms));
        }
        Effect::Digit { timeout_ms } => {
            name("Key");
            out.insert("ms".into(), json!(timeout_ms));
        }
        Effect::Busy { timeout_ms } => {
            name("Busy");
            out.insert("ms".into(), json!(timeout_ms));
        }
        Effect::Congestion { timeout_ms } => {
            name("Congestion");
            out.insert("ms".into(), json!(timeout_ms));
        }
        Effect::SendMessage(message) => {
            name("SendMessage");
            put(&mut out, "to", &message.destination);
            put(&mut out, "from", &message.from);
            put(&mut out, "header_to", &message.to);
            put(&mut out, "body", &message.message.body);
            let data = message.message.data.iter().filter(|d| d.outgoing);
            let data: Vec<Value> = data
                .map(|d| json!([text(&d.name), text(&d.value)]))
                .collect();
            if !data.is_empty() {
                out.insert("headers".into(), json!(data));
            }
        }
        Effect::SendText { text, content_type } => {
            name("SendText");
            put(&mut out, "body", text);
            put(&mut out, "type", content_type);
        }
        Effect::SetGlobal { name: of, value } => {
            name("SetGlobal");
            put(&mut out, "name", of);
            let hidden = secret::is_name(of);
            let value = value.as_deref().map(|v| if hidden { b"***" } else { v });
            out.insert("value".into(), json!(value.map(text)));
        }
        Effect::DbGet { family, key } => {
            name("DbGet");
            put(&mut out, "family", family);
            put(&mut out, "key", key);
        }
        Effect::DbPut { family, key, value } => {
            name("DbPut");
            put(&mut out, "family", family);
            put(&mut out, "key", key);
            let hidden = secret::is_name(family) || secret::is_name(key);
            put(&mut out, "value", if hidden { b"***" } else { value });
        }
        Effect::DbDelete { family, key, tree } => {
            name("DbDelete");
            put(&mut out, "family", family);
            put(&mut out, "key", key);
            if *tree {
                out.insert("tree".into(), json!(true));
            }
        }
        Effect::DbKeys { prefix } => {
            name("DbKeys");
            put(&mut out, "family", prefix);
        }
        Effect::Random { min, max } => {
            name("Random");
            out.insert("min".into(), json!(min));
            out.insert("max".into(), json!(max));
        }
        Effect::ReadFunction { function, args } => {
            name("ReadFunction");
            put(&mut out, "function", function);
            put(&mut out, "args", args);
        }
        Effect::WriteFunction {
            function,
            args,
            value,
        } => {
            name("WriteFunction");
            put(&mut out, "function", function);
            put(&mut out, "args", args);
            let hidden = secret::is_name(function) || secret::is_name(args);
            put(&mut out, "value", if hidden { b"***" } else { value });
        }
        Effect::Unserved { application, args } => {
            name("Run");
            put(&mut out, "application", application);
            let hidden = secret::is_application(application);
            put(&mut out, "args", if hidden { b"***" } else { args });
        }
    }
    Value::Object(out)
}

/// The same for people: `Dial PJSIP/61 for 20 s, options t`.
#[must_use]
pub fn words(asked: &Value) -> String {
    let shown = |value: &Value| {
        let text = bytes(value).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        // One line, and nothing that moves a terminal's cursor.
        text.chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect::<String>()
    };
    let field = |key: &str| asked.get(key).map(shown).unwrap_or_default();
    let list = |key: &str| {
        let list = asked.get(key).and_then(Value::as_array);
        let list: Vec<String> = list.into_iter().flatten().map(shown).collect();
        list.join(", ")
    };
    let within = |none: &str| match asked.get("ms").and_then(Value::as_u64) {
        Some(ms) => format!(" for {} s", ms as f64 / 1e3),
        None => none.to_owned(),
    };
    let called = |word: &str, value: &str| {
        if value.is_empty() {
            String::new()
        } else {
            format!(", {word} {value}")
        }
    };
    let keys = called("keys", &field("keys"));
    match asked.get("do").and_then(Value::as_str).unwrap_or_default() {
        "" => "nothing".to_owned(),
        "Answer" => match asked.get("ms").and_then(Value::as_u64) {
            None | Some(0) => "answer".to_owned(),
            Some(ms) => format!("answer, and wait {} s", ms as f64 / 1e3),
        },
        "Dial" => {
            let caller = match (field("name"), field("number")) {
                (name, number) if name.is_empty() => number,
                (name, number) => format!("\"{name}\" <{number}>"),
            };
            format!(
                "dial {}{}{}{}",
                list("to"),
                within(""),
                called("options", &field("options")),
                called("from", &caller)
            )
        }
        "Play" => format!(
            "play {}{keys}{}{}",
            list("files"),
            called("language", &field("language")),
            asked.get("answers").map_or("", |_| ", answering first")
        ),
        "Say" => format!("say {}{keys}", list("files")),
        "Echo" => "echo".to_owned(),
        "Ringing" => "tell that it rings".to_owned(),
        "Progress" => "open early audio".to_owned(),
        "Wait" => format!("wait{}", within("")),
        "Key" => format!("wait for a key{}", within(" without an end")),
        "Busy" => format!("say busy{}", within("")),
        "Congestion" => format!("say congestion{}", within("")),
        "SendMessage" => format!("send {} the message `{}`", field("to"), field("body")),
        "SendText" => format!("send the text `{}`", field("body")),
        "SetGlobal" => format!("set the global {}={}", field("name"), field("value")),
        "DbGet" => format!("read DB({}/{})", field("family"), field("key")),
        "DbPut" => format!(
            "write DB({}/{})={}",
            field("family"),
            field("key"),
            field("value")
        ),
        "DbDelete" => format!("delete DB({}/{})", field("family"), field("key")),
        "DbKeys" => format!("list the keys below DB({})", field("family")),
        "Random" => {
            let number = |key| asked.get(key).map(Value::to_string).unwrap_or_default();
            format!(
                "a random number from {} to {}",
                number("min"),
                number("max")
            )
        }
        "ReadFunction" => format!("read {}({})", field("function"), field("args")),
        "WriteFunction" => format!(
            "write {}({})={}",
            field("function"),
            field("args"),
            field("value")
        ),
        "Run" => format!("run {}({})", field("application"), field("args")),
        other => other.chars().take(40).filter(|c| !c.is_control()).collect(),
    }
}
