//! Dial: calls others, and when one answers, stays until the bridge ends.

use crate::apps::callee::Callee;
use crate::apps::dialled::Record;
use crate::apps::target::{self, Destination, NoWay};
use crate::apps::wait::until;
use crate::apps::{routine, talk};
use crate::bridge::{self, Over};
use crate::limits;
use crate::line::{Event, Line, LineId};
use crate::live::Live;
use crate::perform::{Inbox, Perform as _, Wake};
use crate::rtp::tone::Tone;
use crate::shard::Order;
use crate::sip::command::{Invite, Party};
use crate::sip::uri::escape_user;
use bytes::Bytes;
use std::collections::BTreeMap;
use strowger_stdlib::status::{Cause, DialStatus};
use strowger_vm::Text;
use strowger_vm::effect::{Answer, Dial, Level, Reply};
use tokio::time::Instant;

/// Exchange routing error (Q.850).
const TOO_MANY_HOPS: u16 = 25;

/// Options that do what they say.
const BUILT: &[u8] = b"gcrRSLoaAbDeFGhHMUi";
/// What is said of a phone that answers a call with 3xx.
pub(crate) const FORWARDS: &str = "the called phone forwards its calls (3xx); following that is not built yet: it counts as unavailable";
/// Cause of lines that another one beat: answered elsewhere.
const ELSEWHERE: u16 = 26;

/// One `Dial` while it runs.
pub(super) struct Calling {
    start: Instant,
    /// Why lines failed.
    failed: Vec<Cause>,
    pub(super) record: Record,
    /// Lines that still may answer, with what was dialled to reach them.
    pub(super) open: Vec<(LineId, Text)>,
    /// The machines of those that have run something.
    pub(super) callees: BTreeMap<LineId, Box<Callee>>,
    /// HANGUPCAUSE: of the line that failed last.
    pub(super) cause: Option<u16>,
    /// No audio of the called lines before the answer (`r`).
    faked: bool,
    /// Whose early media the caller hears.
    heard: Option<LineId>,
}

impl Calling {
    pub(super) fn passed(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn fail(&mut self, cause: u16) {
        self.failed.push(Cause(cause));
        self.cause = Some(cause);
    }

    pub(super) fn reply(&mut self, status: DialStatus, answer: Answer) -> Reply {
        self.record.ended = self.passed();
        let mut reply = self.record.set(Reply::with(answer), status);
        reply.cause = self.cause;
        reply
    }
}

/// Dials.
pub(crate) async fn dial(live: &mut Live, dial: Dial, inbox: &mut Inbox) -> Reply {
    if live.line.is_none() {
        return super::no_audio(live, "Dial").set("DIALSTATUS", DialStatus::ChanUnavail.name());
    }
    report_options(live, &dial);
    let mut calling = Calling {
        start: Instant::now(),
        failed: Vec::new(),
        record: Record::default(),
        open: Vec::new(),
        callees: BTreeMap::new(),
        cause: None,
        faked: dial.option(b'r').is_some() || dial.option(b'm').is_some(),
        heard: None,
    };
    if live.hops == 0 {
        return circle(live, calling, inbox).await;
    }
    if let Some(text) = routine::lost(&dial, &live.module()) {
        live.note(Level::Warning, "dial-option", text);
    }
    // The machine leaves out what is more, and says so.
    let mut ways = Vec::new();
    for target in dial.targets.iter().take(limits::TARGETS) {
        let way = target::resolve(&live.shared, &target.technology, &target.resource).await;
        let way = way.map(|to| {
            let name = live.shared.names.channel(&to.name);
            (to, name)
        });
        ways.push((target, way, None));
    }
    if dial.option(b'b').is_some() {
        // On all of them, and only then the first one is called.
        for (target, way, machine) in &mut ways {
            let Ok((to, name)) = way else { continue };
            let account = to.account.as_deref();
            let mut callee = Callee::new(live, &dial, name, &target.resource, account);
            if let Some(run) = routine::before_call(&dial, &live.module(), &live.inputs()) {
                callee.alone(run, inbox).await;
            }
            *machine = Some(callee);
        }
    }
    for (target, way, callee) in ways {
        let placed = match way {
            Ok((to, name)) => place(live, &dial, to, name, inbox).await,
            Err(no_way) => Err(no_way),
        };
        match placed {
            Ok(line) => {
                calling.open.push((line, target.resource.clone()));
                calling.callees.extend(callee.map(|callee| (line, callee)));
            }
            Err(NoWay { cause, code, text }) => {
                live.note(Level::Notice, code, &text);
                calling.fail(cause);
                if let Some(callee) = callee {
                    callee.over(&dial, inbox).await;
                }
            }
        }
    }
    if calling.faked && !calling.open.is_empty() {
        ring(live, inbox).await;
    }
    let elsewhere = if dial.option(b'c').is_some() {
        ELSEWHERE
    } else {
        0
    };
    let [_, _, mut progress] = routine::keys(&dial);
    let timeout = until(dial.timeout_ms);
    let no_sign = until(dial.progress_timeout_ms);
    loop {
        if calling.open.is_empty() {
            quiet(live);
            let status = DialStatus::of_legs(&calling.failed);
            return calling.reply(status, Answer::Done);
        }
        let signed = calling.record.rang.is_some() || calling.record.progressed.is_some();
        let limit = match (timeout, no_sign.filter(|_| !signed)) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        match live.wait(inbox, limit).await {
            Wake::Gone(_) => {
                end_all(live, &dial, &mut calling, elsewhere, inbox).await;
                return calling.reply(DialStatus::Cancel, Answer::Gone);
            }
            Wake::Time => {
                end_all(live, &dial, &mut calling, elsewhere, inbox).await;
                quiet(live);
                return calling.reply(DialStatus::NoAnswer, Answer::Done);
            }
            Wake::Event(line, event) => {
                let is_progress = matches!(event, Event::Progress { .. });
                let answered = event_of(live, &mut calling, line, event, inbox).await;
                if !live.called.contains_key(&line)
                    && let Some(callee) = calling.callees.remove(&line)
                {
                    callee.over(&dial, inbox).await;
                }
                if is_progress && !progress.is_empty() {
                    // To the first that says so.
                    let beats = std::mem::take(&mut progress);
                    let over = talk::keys(live, &beats, Some(line), line, inbox).await;
                    if let Some(Over::Peer(cause)) = over {
                        let status = None;
                        inbox.put_back(line, Event::Ended { cause, status });
                    }
                }
                if let Some(answered) = answered {
                    end_all(live, &dial, &mut calling, ELSEWHERE, inbox).await;
                    return talk::talk(live, &dial, calling, answered, inbox).await;
                }
            }
        }
    }
}

/// The call was sent on as often as its Max-Forwards allows (RFC 3261 16.3): 483, and the end of a circle of exchanges.
async fn circle(live: &mut Live, mut calling: Calling, inbox: &Inbox) -> Reply {
    let text = "the call was sent on too often, most likely in a circle: refused with 483";
    live.note(Level::Warning, "too-many-hops", text);
    if let Some(line) = &mut live.line {
        line.end(483, TOO_MANY_HOPS, "").await;
    }
    let cause = TOO_MANY_HOPS;
    inbox
        .hand()
        .interrupt(strowger_vm::Interrupt::Hangup { cause });
    calling.fail(cause);
    calling.reply(DialStatus::ChanUnavail, Answer::Gone)
}

/// One event while nobody has answered; the line that does.
async fn event_of(
    live: &mut Live,
    calling: &mut Calling,
    id: LineId,
    event: Event,
    inbox: &mut Inbox,
) -> Option<LineId> {
    if !calling.open.iter().any(|(line, _)| *line == id) {
        return None;
    }
    match event {
        Event::Ringing => {
            calling.record.rang.get_or_insert(calling.passed());
            ring(live, inbox).await;
        }
        Event::Progress { sdp } => {
            calling.record.progressed.get_or_insert(calling.passed());
            if let Some(sdp) = sdp
                && !calling.faked
                && live
                    .called
                    .get_mut(&id)
                    .is_some_and(|line| line.answered(&sdp))
            {
                early_media(live, calling, id, inbox).await;
            }
        }
        Event::Answered { sdp } => {
            let line = live.called.get_mut(&id)?;
            if sdp.is_some_and(|sdp| line.answered(&sdp)) {
                line.up = true;
                let of = |(line, _): &(LineId, Text)| *line == id;
                if let Some(at) = calling.open.iter().position(of) {
                    calling.record.peer = Some((line.name.clone(), calling.open.remove(at).1));
                }
                return Some(id);
            }
            // A 200 without a session that we can serve: it stands already, so it is ended by BYE.
            line.end(488, 58, "").await;
            drop_line(live, calling, id, 58);
        }
        Event::Ended { cause, status } => {
            if matches!(status, Some(300..400)) {
                live.note(Level::Notice, "forward", FORWARDS);
            }
            drop_line(live, calling, id, cause);
        }
        _ => {}
    }
    None
}

fn drop_line(live: &mut Live, calling: &mut Calling, id: LineId, cause: u16) {
    live.called.remove(&id);
    calling.open.retain(|(line, _)| *line != id);
    calling.fail(cause);
    if calling.heard == Some(id) {
        calling.heard = None;
    }
}

/// Tells the caller that it rings: 180, or a tone once it is answered or hears early media.
async fn ring(live: &mut Live, _inbox: &mut Inbox) {
    let Some(line) = &mut live.line else { return };
    if line.up {
        if let Some(stream) = line.stream() {
            stream.tone(Tone::Ringing);
        }
    } else {
        line.ring().await;
    }
}

/// Ends the ringing tone of an answered caller.
pub(super) fn quiet(live: &Live) {
    if let Some(stream) = live
        .line
        .as_ref()
        .filter(|line| line.up)
        .and_then(|line| line.stream())
    {
        stream.stop();
    }
}

/// Lets the caller hear what a called line sends before its answer.
async fn early_media(live: &mut Live, calling: &mut Calling, id: LineId, inbox: &Inbox) {
    let ear = live.ear(inbox);
    let Some(called) = live.called.get(&id) else {
        return;
    };
    let codec = called.codec();
    if let Some(line) = &mut live.line {
        if !line.early
            && !line.up
            && let Some(codec) = codec
        {
            line.prefer(codec);
        }
        // Without a port the caller hears nothing yet; the answer decides.
        let _ = line.progress(called.stream(), ear).await;
    }
    calling.heard = Some(id);
    bridge::connect(live, id);
}

/// Makes the call to one destination.
async fn place(
    live: &mut Live,
    dial: &Dial,
    to: Destination,
    name: Text,
    inbox: &Inbox,
) -> Result<LineId, NoWay> {
    let shared = std::sync::Arc::clone(&live.shared);
    let label = String::from_utf8_lossy(&to.name).into_owned();
    let flow = to.flows.first().copied().ok_or_else(|| NoWay {
        cause: 20,
        code: "bad-address",
        text: format!("no way to {label}"),
    })?;
    let id = LineId(shared.switchboard.number());
    let mut line = Line::new(
        &shared,
        id,
        name,
        to.account.clone(),
        crate::call::media_address(&flow),
        None,
    );
    // What the caller can speak comes first, so that nothing need be converted.
    if let Some(codec) = live.line.as_ref().and_then(Line::wishes) {
        line.prefer(codec);
    }
    let no_port = |_| NoWay {
        cause: 34,
        code: "rtp-ports",
        text: format!("no RTP port is free for the call to {label}"),
    };
    if line.is_speechless() {
        line.over();
        return Err(NoWay {
            cause: 58,
            code: "no-codec",
            text: format!(
                "{label} allows no codec that is built here, so it is not called; write `allow=ulaw` or `allow=alaw`"
            ),
        });
    }
    let own_ear = live.ear(inbox);
    let opened = match &mut live.line {
        // Both streams of a call live in one worker, so the caller's is opened first.
        Some(own) => own
            .open(None, own_ear)
            .and_then(|()| line.open(own.stream(), inbox.ear(id))),
        None => line.open(None, inbox.ear(id)),
    };
    if let Err(fault) = opened {
        line.over();
        return Err(no_port(fault));
    }
    let (Some(offer), Some(address)) = (line.offer(), inbox.address(id)) else {
        line.over();
        return Err(NoWay {
            cause: 34,
            code: "rtp-ports",
            text: format!("no room for the call to {label}"),
        });
    };
    let account = to.account.as_deref();
    let number = dial.caller.number.clone().filter(|n| !n.is_empty());
    let user = account
        .and_then(|a| a.from_user.clone())
        .or(number.clone())
        .unwrap_or_else(|| shared.config().sip.default_from_user.clone());
    let host = account
        .and_then(|a| a.from_domain.clone())
        .unwrap_or_else(|| host_text(flow.local.ip()));
    let display = dial.caller.name.clone().or(number).unwrap_or_default();
    let invite = Invite {
        to: Party {
            display: Bytes::new(),
            uri: target::bare(&to.uri),
        },
        uri: to.uri,
        flows: to.flows,
        from: Party {
            display: display.into(),
            uri: [b"sip:".as_slice(), &escape_user(&user), b"@", &host]
                .concat()
                .into(),
        },
        contact: Bytes::from(escape_user(&user)),
        headers: vec![live.max_forwards()],
        offer: Some(offer),
        credentials: account.map(crate::call::credentials).unwrap_or_default(),
    };
    live.called.insert(id, line);
    // An error only means that the exchange stops; then the address is dropped, and the caller is hung up anyway.
    let _ = shared
        .orders
        .send(Order::Call {
            invite: Box::new(invite),
            address,
        })
        .await;
    Ok(id)
}

/// An address as the host part of a URI.
pub(crate) fn host_text(ip: std::net::IpAddr) -> Text {
    match ip {
        std::net::IpAddr::V4(ip) => ip.to_string().into_bytes(),
        std::net::IpAddr::V6(ip) => format!("[{ip}]").into_bytes(),
    }
}

/// Ends every line that has not answered.
async fn end_all(live: &mut Live, dial: &Dial, calling: &mut Calling, cause: u16, inbox: &Inbox) {
    for (id, _) in std::mem::take(&mut calling.open) {
        if let Some(mut line) = live.called.remove(&id) {
            line.end(0, cause, "").await;
        }
        if let Some(callee) = calling.callees.remove(&id) {
            callee.over(dial, inbox).await;
        }
    }
}

/// The number before the first `:` of `S(x)` and `L(x:y:z)`.
pub(crate) fn seconds(text: &[u8]) -> Option<f64> {
    let first = text.split(|b| *b == b':').next()?;
    std::str::from_utf8(first)
        .ok()?
        .trim()
        .parse()
        .ok()
        .filter(|n: &f64| *n > 0.0 && n.is_finite())
}

/// Says which options were asked for and are not built, or only in part.
fn report_options(live: &Live, dial: &Dial) {
    for (letter, argument) in &dial.options {
        let Some(text) = not_built(*letter, argument.as_deref()) else {
            continue;
        };
        let shown = char::from(*letter);
        live.shared.note_once(Level::Notice, "dial-option", &text);
        tracing::debug!(option = %shown, "this Dial asks for an option that is not built, or only in part");
    }
}

/// What is said of an option that is not built, or only in part.
pub(crate) fn not_built(letter: u8, argument: Option<&[u8]>) -> Option<String> {
    let shown = char::from(letter);
    Some(match letter {
        b'm' => {
            "option m of Dial: music on hold is not built yet; the caller hears ringing instead"
                .to_owned()
        }
        b'L' if argument.is_some_and(|a| a.contains(&b':')) => {
            "option L of Dial: the limit holds, its warnings are not built yet".to_owned()
        }
        letter if BUILT.contains(&letter) => return None,
        b't' | b'T' => format!(
            "option {shown} of Dial: transfers by key are not built yet; the call goes on without"
        ),
        _ => format!("option {shown} of Dial is not built yet; the call goes on without"),
    })
}
