//! Functions that only the exchange can answer.

use crate::config::Technology;
use crate::live::Live;
use crate::perform::Inbox;
use crate::states;
use std::time::Duration;
use strowger_vm::effect::Reply;
use tokio::time::Instant;

/// How long LOCK() waits for a lock that another channel holds.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often it looks.
const LOOK: Duration = Duration::from_millis(50);

/// Reads one.
pub(crate) async fn read(live: &Live, function: &[u8], args: &[u8], inbox: &Inbox) -> Reply {
    if function == b"LOCK" {
        return lock(live, args, inbox).await;
    }
    let reply = live
        .shared
        .tables()
        .read(live.name.as_bytes(), function, args);
    if let Some(reply) = reply {
        return reply;
    }
    match function {
        b"DB_KEYCOUNT" => Reply::value(live.shared.database().children(args).len().to_string()),
        b"DEVICE_STATE" => Reply::value(device_state(live, args)),
        b"EXTENSION_STATE" => extension_state(live, args),
        b"CHANNEL_EXISTS" if !args.is_empty() => {
            let names = live.shared.switchboard.names();
            let exists = names.iter().any(|name| name.as_bytes() == args);
            Reply::value(if exists { "1" } else { "0" })
        }
        b"CHANNELS" => Reply::value(live.shared.switchboard.names().join(" ")),
        b"UUID" => {
            let half = || u128::from(live.shared.draw());
            Reply::value(states::uuid(half() << 64 | half()))
        }
        b"ENV" if live.shared.config().options.grants.contains("env") => {
            let name = String::from_utf8_lossy(args).into_owned();
            std::env::var_os(name).map_or_else(Reply::done, |value| {
                Reply::value(value.as_encoded_bytes().to_vec())
            })
        }
        _ => match super::endpoints::read(live, function, args) {
            Some(reply) => reply,
            None => super::unserved_function(live, function),
        },
    }
}

/// Writes one.
pub(crate) fn write(live: &Live, function: &[u8], args: &[u8], value: &[u8]) -> Reply {
    let written = live
        .shared
        .tables()
        .write(live.name.as_bytes(), function, args, value);
    written.unwrap_or_else(|| super::unserved_function(live, function))
}

/// `LOCK(name)`: waits until nobody else holds it, but not for ever.
async fn lock(live: &Live, name: &[u8], inbox: &Inbox) -> Reply {
    let end = Instant::now() + PATIENCE;
    loop {
        if live.shared.tables().lock(live.name.as_bytes(), name) {
            return Reply::value("1");
        }
        let now = Instant::now();
        if now >= end {
            return Reply::value("0");
        }
        // What happens to the line meanwhile waits for who waits next.
        tokio::time::sleep_until(end.min(now + LOOK)).await;
        if inbox.latched().is_some() {
            return Reply::value("0");
        }
    }
}

/// `EXTENSION_STATE(ext[@ctx])`: what the devices of the hint add up to.
fn extension_state(live: &Live, args: &[u8]) -> Reply {
    let (exten, context) = states::extension(args);
    if exten.is_empty() {
        return Reply::done();
    }
    let module = live.shared.module();
    Reply::value(match module.hint(context, exten) {
        Some((devices, _)) => states::of_extension(devices, |device| {
            let custom = live.shared.tables().custom(device);
            custom.unwrap_or_else(|| device_state(live, device).to_owned())
        }),
        None => "UNKNOWN".to_owned(),
    })
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
    if super::endpoints::contacts(live, account).is_empty() {
        "UNAVAILABLE"
    } else {
        "NOT_INUSE"
    }
}
