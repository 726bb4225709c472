//! Functions that only the exchange can answer.

use crate::config::{AorName, Technology};
use crate::live::Live;
use strowger_vm::effect::Reply;

/// Reads one.
pub(crate) fn read(live: &Live, function: &[u8], args: &[u8]) -> Reply {
    if let Some(reply) = live
        .shared
        .tables()
        .read(live.name.as_bytes(), function, args)
    {
        return reply;
    }
    match function {
        b"DB_KEYCOUNT" => Reply::value(live.shared.database().below(args).count().to_string()),
        b"DEVICE_STATE" => Reply::value(device_state(live, args)),
        b"ENV" if live.shared.config().options.grants.contains("env") => {
            let name = String::from_utf8_lossy(args).into_owned();
            std::env::var_os(name).map_or_else(Reply::done, |value| {
                Reply::value(value.as_encoded_bytes().to_vec())
            })
        }
        _ => super::unserved_function(live, function),
    }
}

/// Writes one.
pub(crate) fn write(live: &Live, function: &[u8], args: &[u8], value: &[u8]) -> Reply {
    live.shared
        .tables()
        .write(live.name.as_bytes(), function, args, value)
        .unwrap_or_else(|| super::unserved_function(live, function))
}

/// The state of `SIP/61`: in use while it has a channel, not in use while it can be called.
fn device_state(live: &Live, device: &[u8]) -> &'static str {
    let Some(at) = device.iter().position(|b| *b == b'/') else {
        return "INVALID";
    };
    let (technology, name) = (&device[..at], &device[at + 1..]);
    let technology = match technology.to_ascii_uppercase().as_slice() {
        b"SIP" => Technology::Sip,
        b"PJSIP" => Technology::Pjsip,
        _ => return "INVALID",
    };
    let accounts = &live.shared.config().accounts;
    let Some(account) = accounts.find(technology, name) else {
        return "INVALID";
    };
    let base = format!("{}-", account.label());
    if live
        .shared
        .switchboard
        .names()
        .iter()
        .any(|channel| channel.starts_with(&base))
    {
        return "INUSE";
    }
    let now = live.shared.clock.now();
    let registrar = live.shared.registrar();
    let reachable = account
        .aors
        .iter()
        .filter_map(|name: &AorName| accounts.aor(name))
        .any(|aor| !registrar.contacts_for(now, aor).is_empty());
    if reachable {
        "NOT_INUSE"
    } else {
        "UNAVAILABLE"
    }
}
