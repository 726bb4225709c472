//! Functions that choose and test.

use crate::args::{self, Marks};
use crate::pure::{Answer, Input, Pure, plain};
use crate::scan;
use crate::timespec::TimeSpec;
use crate::value::Value;

pub(crate) const FUNCTIONS: &[Pure] = &[
    plain("IF", choose),
    plain("IFTIME", choose_by_time),
    plain("ISNULL", |input| Answer::truth(input.args.is_empty())),
    plain("EXISTS", |input| Answer::truth(!input.args.is_empty())),
    plain("SET", set),
    plain("IFMODULE", |input| {
        let name = input.args.strip_suffix(b".so").unwrap_or(input.args);
        Answer::truth(
            MODULES
                .iter()
                .any(|module| name.eq_ignore_ascii_case(module.as_bytes())),
        )
    }),
];

/// Modules of Asterisk whose applications and functions are served, for plans
/// that ask.
const MODULES: &[&str] = &[
    "app_dial",
    "app_echo",
    "app_exec",
    "app_if",
    "app_messagesend",
    "app_playback",
    "app_sendtext",
    "app_stack",
    "app_verbose",
    "app_while",
    "chan_pjsip",
    "chan_sip",
    "func_base64",
    "func_callerid",
    "func_channel",
    "func_cut",
    "func_db",
    "func_dialplan",
    "func_global",
    "func_iconv",
    "func_json",
    "func_logic",
    "func_math",
    "func_md5",
    "func_rand",
    "func_sha1",
    "func_sprintf",
    "func_strings",
    "func_timeout",
    "func_uri",
    "pbx_config",
];

/// `IF(condition?then:otherwise)` (DL-236).
fn choose(input: &Input<'_>) -> Answer {
    let found = args::branches(input.args, Marks::Remove);
    let condition = scan::trim(&found.condition);
    let has_branch = [&found.then, &found.otherwise]
        .into_iter()
        .any(|branch| branch.as_ref().is_some_and(|text| !text.is_empty()));
    if condition.is_empty() || !has_branch {
        return Answer::failed("Usage: IF(condition?[true][:false]), one branch at least");
    }
    let branch = if input.env.dialect.truth(condition) {
        found.then
    } else {
        found.otherwise
    };
    Answer::value(scan::trim(branch.as_deref().unwrap_or(b"")))
}

/// `IFTIME(times?then:otherwise)`: the whole and the branches may be quoted.
fn choose_by_time(input: &Input<'_>) -> Answer {
    let text = unquote(input.args);
    let mut halves = text.splitn(2, |byte| *byte == b'?');
    let condition = halves.next().unwrap_or(b"");
    let rest = halves.next().unwrap_or(b"");
    let mut branches = rest.splitn(2, |byte| *byte == b':');
    let then = branches.next().unwrap_or(b"");
    let otherwise = branches.next().unwrap_or(b"");
    if condition.is_empty() || (then.is_empty() && otherwise.is_empty()) {
        return Answer::failed("Usage: IFTIME(time?[true][:false])");
    }
    let (spec, troubles) = TimeSpec::read_for(condition, &input.env.dialect);
    let holds = spec.matches(input.env.now, &input.env.zone);
    let answer = Answer::value(unquote(if holds { then } else { otherwise }));
    if troubles.is_empty() {
        answer
    } else {
        answer.warn("IFTIME: a part of the time is not understood")
    }
}

/// Without blanks around, and without the quotes if it begins with one.
fn unquote(text: &[u8]) -> &[u8] {
    let text = scan::trim(text);
    match text {
        [b'"', inner @ .., b'"'] => inner,
        _ => text,
    }
}

/// `SET(variable=value)`.
fn set(input: &Input<'_>) -> Answer {
    let Some((name, value)) = args::assignment(input.args) else {
        return Answer::failed("Usage: SET(variable=value)");
    };
    let (name, value) = (scan::trim(name), scan::trim(value));
    Answer::value(Value::text(value)).set(name, value)
}
