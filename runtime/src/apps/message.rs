//! MessageSend: a text outside any call.

use crate::apps::target::{self, Destination};
use crate::live::Live;
use crate::perform::Inbox;
use crate::shard::Order;
use crate::sip::NameAddr;
use crate::sip::command::{Body, Party, Request};
use crate::sip::uri::escape_user;
use bytes::Bytes;
use strowger_vm::effect::{Level, Outgoing, Reply};
use tokio::sync::oneshot;

/// Headers that the stack writes itself, or that must not be forged by a dialplan.
const OURS: [&str; 14] = [
    "via",
    "from",
    "to",
    "call-id",
    "cseq",
    "contact",
    "max-forwards",
    "content-length",
    "content-type",
    "route",
    "record-route",
    "authorization",
    "proxy-authorization",
    "user-agent",
];

/// Sends the text; waits for the far end's final answer, and gives up on it when the channel is hung up.
pub(crate) async fn send(live: &mut Live, message: Outgoing, inbox: &mut Inbox) -> Reply {
    let hand = inbox.hand();
    let status = tokio::select! {
        biased;
        status = try_send(live, message) => status,
        () = hand.gone() => "FAILURE",
    };
    Reply::done().set("MESSAGE_SEND_STATUS", status)
}

async fn try_send(live: &Live, message: Outgoing) -> &'static str {
    let shown = String::from_utf8_lossy(&message.destination).into_owned();
    if message.destination.is_empty() {
        return "INVALID_URI";
    }
    let scheme = message
        .destination
        .split(|b| *b == b':')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    if !matches!(scheme.as_slice(), b"sip" | b"pjsip") {
        live.note(
            Level::Notice,
            "no-technology",
            &format!("MessageSend to `{shown}`: this exchange sends to sip: and pjsip: only"),
        );
        return "INVALID_PROTOCOL";
    }
    let to = match target::for_text(&live.shared, &message.destination).await {
        Ok(to) => to,
        Err(no_way) => {
            live.note(
                Level::Notice,
                no_way.code,
                &format!("MessageSend to `{shown}` fails: {}", no_way.text),
            );
            return "FAILURE";
        }
    };
    if live.hops == 0 {
        live.note(
            Level::Warning,
            "too-many-hops",
            &format!("MessageSend to `{shown}` fails: the text was sent on too often, most likely in a circle"),
        );
        return "FAILURE";
    }
    let Some(request) = request(live, message, to) else {
        return "FAILURE";
    };
    let (answer, answered) = oneshot::channel();
    if live
        .shared
        .orders
        .send(Order::Request {
            request: Box::new(request),
            answer,
        })
        .await
        .is_err()
    {
        return "FAILURE";
    }
    match answered.await {
        Ok(200..300) => "SUCCESS",
        Ok(status) => {
            live.note(
                Level::Notice,
                "text-refused",
                &format!("MessageSend to `{shown}` fails: the far end answered {status}"),
            );
            "FAILURE"
        }
        Err(_) => "FAILURE",
    }
}

fn request(live: &Live, message: Outgoing, to: Destination) -> Option<Request> {
    let flow = to.flows.first()?;
    let account = to.account.as_deref();
    let from = sender(live, &message.from, flow.local.ip());
    let receiver = if message.to.is_empty() {
        target::bare(&to.uri)
    } else {
        address(&message.to).uri
    };
    let headers = message
        .message
        .data
        .into_iter()
        .filter(|d| {
            d.outgoing
                && !OURS
                    .iter()
                    .any(|ours| d.name.eq_ignore_ascii_case(ours.as_bytes()))
        })
        .map(|d| (Bytes::from(d.name), Bytes::from(d.value)))
        .chain([live.max_forwards()])
        .collect();
    Some(Request {
        method: Bytes::from_static(b"MESSAGE"),
        from,
        to: Party {
            display: Bytes::new(),
            uri: receiver,
        },
        headers,
        body: Some(Body {
            kind: Bytes::from_static(b"text/plain;charset=UTF-8"),
            bytes: message.message.body.into(),
        }),
        credentials: account.map(crate::call::credentials).unwrap_or_default(),
        uri: to.uri,
        flows: to.flows,
        ..Request::default()
    })
}

/// `"Name" <sip:user@host>`, `<sip:..>` or `sip:..` as it stands, without `pj`.
fn address(text: &[u8]) -> Party {
    let at = text
        .windows(6)
        .position(|w| w.eq_ignore_ascii_case(b"pjsip:"));
    let text: Vec<u8> = match at {
        Some(at) => [&text[..at], &text[at + 2..]].concat(),
        None => text.to_vec(),
    };
    match NameAddr::parse(&text) {
        Ok(read) => Party {
            display: read.display().into_owned().into(),
            uri: Bytes::copy_from_slice(read.uri_text),
        },
        Err(_) => Party {
            display: Bytes::new(),
            uri: text.into(),
        },
    }
}

/// Who sends: an address, or a bare word, which becomes a user of ours.
fn sender(live: &Live, from: &[u8], near: std::net::IpAddr) -> Party {
    let scheme = from
        .windows(4)
        .any(|w| w.eq_ignore_ascii_case(b"sip:") || w.eq_ignore_ascii_case(b"sips"));
    if scheme {
        return address(from);
    }
    // `"Name" <word>` or `word`.
    let (display, word) = match (
        from.iter().position(|b| *b == b'<'),
        from.iter().rposition(|b| *b == b'>'),
    ) {
        (Some(open), Some(close)) if open < close => (
            from[..open].trim_ascii().trim_ascii_end(),
            &from[open + 1..close],
        ),
        _ => (&b""[..], from),
    };
    let display: Vec<u8> = display.iter().copied().filter(|b| *b != b'"').collect();
    let default = &live.shared.config().sip.default_from_user;
    let word = if word.trim_ascii().is_empty() {
        default.as_slice()
    } else {
        word.trim_ascii()
    };
    let (user, host) = match word.iter().rposition(|b| *b == b'@') {
        Some(at) => (&word[..at], word[at + 1..].to_vec()),
        None => (word, crate::apps::dial::host_text(near)),
    };
    let uri = [b"sip:".as_slice(), &escape_user(user), b"@", &host].concat();
    Party {
        display: display.into(),
        uri: uri.into(),
    }
}
