//! What names of extensions.conf, Python and JavaScript are called here.

use strowger_stdlib::words;

use super::check::world;

/// What stands in the place of an application: a form of the language, or an example of its word.
pub(super) fn form(application: &str) -> Option<&'static str> {
    Some(match application {
        "Goto" => "`goto context.number` or `goto @label`",
        "GotoIf" | "ExecIf" | "If" => "`if condition { ... } else { ... }`",
        "GotoIfTime" | "ExecIfTime" => "`if now in hours(\"mon-fri 09:00-17:00\") { ... }`",
        "Gosub" | "GosubIf" | "Macro" => "a `sub`, called as `name(arguments)`",
        "Set" | "MSet" => "`name = value`; `let` and `var` declare names",
        "While" | "EndWhile" => "`while condition { ... }`",
        "Return" => "`return value`",
        "NoOp" => "`trace(\"...\")`, or a comment: `// ...`",
        _ => return None,
    })
}

/// How a word is written whose arguments are another thing than those of its application.
pub(super) fn example(application: &str) -> Option<&'static str> {
    Some(match application {
        "Dial" => "dial(pjsip(\"61\"), ring: 20s)",
        "Playback" => "playback([\"hello\", \"goodbye\"])",
        "BackGround" => "background(\"main-menu\")",
        "Read" => "let key = read(\"main-menu\", digits: 1, wait: 5s)",
        "VoiceMail" => "voicemail(mailbox(\"61\"), greeting: Busy)",
        "Queue" => "queue_call(\"sales\", wait: 5m)",
        "Wait" => "wait(1s)",
        "WaitExten" => "wait_exten(5s)",
        "Verbose" => "verbose(\"hello\")",
        "Hangup" => "hangup(UserBusy)",
        _ => return None,
    })
}

/// The word of an application, with a line that shows how it is used.
pub(super) fn told(application: &str) -> Option<String> {
    if let Some(form) = form(application) {
        return Some(format!("here: {form}"));
    }
    let word = words::all().iter().find(|w| w.calls == application)?;
    Some(match example(application) {
        Some(example) => format!("here it is `{}`, for example: {example}", word.name),
        None => format!("here it is `{}`", word.name),
    })
}

/// A name that means something elsewhere.
pub(super) struct Meant {
    /// What to do.
    pub(super) help: String,
    /// What may be written in its place.
    pub(super) write: Option<&'static str>,
}

/// What is meant by a name that nothing declares.
pub(super) fn meant(name: &str) -> Option<Meant> {
    let write = |word: &'static str| {
        Some(Meant {
            help: format!("here it is `{word}`"),
            write: Some(word),
        })
    };
    let say = |help: &str| {
        Some(Meant {
            help: help.to_owned(),
            write: None,
        })
    };
    match name {
        "null" | "nil" | "undefined" | "none" | "NULL" | "Null" => write("None"),
        "True" | "TRUE" => write("true"),
        "False" | "FALSE" => write("false"),
        "print" | "puts" | "echo" | "printf" | "console" | "println" | "logger" => write("log"),
        "length" | "strlen" | "size" => write("len"),
        "sleep" | "delay" | "pause" => write("wait"),
        "parseInt" | "Number" => write("int"),
        "range" => say("a number of times: var i = 0, then while i < 3 { ... i = i + 1 }"),
        "str" | "String" | "toString" => say("anything becomes text in a hole: \"{x}\""),
        "EXTEN" => write("exten"),
        "DIALSTATUS" => {
            say("what came of a call is what dial gives: match dial(...) { Busy -> ... }")
        }
        "CONTEXT" | "PRIORITY" => say("where a call stands is known while the plan is written"),
        "STDEXTEN" | "ARG1" | "ARG2" | "ARG3" => {
            say("a `sub` has parameters with names: sub greet(name: Str) { ... }")
        }
        "GOSUB_RETVAL" => say("what a sub returns is the value of its call: let x = name()"),
        "self" | "this" => say("the call has names of its own: `caller`, `channel`, `exten`"),
        name => {
            let field = world::field_by_conf(name)?;
            Some(Meant {
                help: format!("here it is `{field}`"),
                write: Some(field),
            })
        }
    }
}

/// How `${...}` is written, if it has a name: `CALLERID(num)` is `caller.number`.
pub(super) fn variable(inner: &str) -> Option<&'static str> {
    match inner {
        "EXTEN" => Some("exten"),
        inner => world::field_by_conf(inner),
    }
}

/// Whether a name is written as variables of extensions.conf are.
pub(super) fn is_variable(name: &str) -> bool {
    name.len() > 1
        && name.bytes().any(|b| b.is_ascii_uppercase())
        && name
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}
