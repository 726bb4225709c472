//! One call that came in: from the INVITE to the last line of the dialplan.

use crate::channel::{End, drive};
use crate::config::{Account, Secret};
use crate::engine::Shared;
use crate::line::{self, Line, LineId};
use crate::live::Live;
use crate::observe::What;
use crate::perform::Inbox;
use crate::sip::command::{Credentials, Incoming};
use crate::sip::flow::{Flow, Now};
use crate::sip::session::{Direction, Session};
use crate::sip::{Message, command};
use crate::switchboard::Entered;
use bytes::Bytes;
use std::net::SocketAddr;
use std::sync::Arc;
use strowger_vm::effect::Level;
use strowger_vm::{Entry, Identity, Limits, Party, Place, Run, State, Text, Time, Vm};
use tracing::Instrument as _;

/// What an INVITE of somebody whom we let in amounts to.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// The channel's name.
    pub(crate) name: Arc<str>,
    pub(crate) line: LineId,
    pub(crate) account: Arc<Account>,
    /// What was dialled.
    pub(crate) exten: Text,
    pub(crate) caller: Identity,
    pub(crate) time: Time,
    flow: Flow,
    offer: Option<Bytes>,
    hops: u8,
}

/// The machine's time of a moment.
pub(crate) fn time(now: Now) -> Time {
    Time(
        i64::try_from(now.unix_ms)
            .unwrap_or(i64::MAX / 1_000)
            .saturating_mul(1_000),
    )
}

/// What answers challenges of this account's far end.
pub(crate) fn credentials(account: &Account) -> Vec<Credentials> {
    account
        .outbound
        .iter()
        .map(|c| {
            let secret = match &c.secret {
                Secret::Password(text) => command::Secret::Plain(Bytes::copy_from_slice(text)),
                Secret::Md5(hash) => command::Secret::Md5(Bytes::copy_from_slice(hash)),
            };
            let realm = c.realm.as_deref().map(Bytes::copy_from_slice);
            Credentials {
                realm,
                username: Bytes::copy_from_slice(&c.username),
                secret,
            }
        })
        .collect()
}

/// The user of the Request-URI: what was dialled; `s` without one.
pub(crate) fn dialled(message: &Message) -> Text {
    let user = message
        .uri()
        .ok()
        .and_then(|uri| uri.sip())
        .and_then(|uri| uri.user_text().map(|u| u.into_owned()));
    user.filter(|u| !u.is_empty())
        .unwrap_or_else(|| b"s".to_vec())
}

impl Arrival {
    /// Reads the INVITE.
    ///
    /// # Errors
    /// The status to refuse it with: 488 when no codec of its offer may be spoken.
    pub(crate) fn read(
        shared: &Arc<Shared>,
        incoming: &Incoming,
        account: &Arc<Account>,
        line: LineId,
    ) -> Result<Arrival, u16> {
        let message = &incoming.message;
        let offer = message.sdp().map(Bytes::copy_from_slice);
        let terms = line::terms(Some(account));
        if terms.codecs.is_empty() {
            let text = format!(
                "{} allows no codec: each of its calls fails with 488; write `allow=` lines",
                account.label()
            );
            shared.note_once(Level::Warning, "no-codec", &text);
            return Err(488);
        }
        if let Some(offer) = &offer {
            // Only to know now whether there is anything to agree on; the real answer is made when the call is answered.
            let near = SocketAddr::new(incoming.flow.local.ip(), 9);
            Session::new(1)
                .answer(offer, &terms, near, Direction::BOTH)
                .map_err(|refused| refused.status())?;
        }
        let from = message.from().map_err(|_| 400_u16)?;
        let user = from
            .sip()
            .and_then(|uri| uri.user_text().map(|u| u.into_owned()));
        let shown = from.display().into_owned();
        let exten = dialled(message);
        let name = shared
            .names
            .channel(&line_name(account, user.as_deref(), &incoming.flow));
        let caller = Identity {
            name: account
                .caller_id
                .name
                .clone()
                .or(Some(shown).filter(|n| !n.is_empty())),
            number: account
                .caller_id
                .number
                .clone()
                .or(user)
                .filter(|n| !n.is_empty()),
            details: None,
        };
        Ok(Arrival {
            name: String::from_utf8_lossy(&name).into(),
            line,
            account: Arc::clone(account),
            exten,
            caller,
            time: time(shared.clock.now()),
            flow: incoming.flow,
            offer,
            hops: message.max_forwards().unwrap_or(0),
        })
    }

    fn party(&self, shared: &Shared) -> Party {
        let unique_id = shared.names.unique_id(self.time.seconds());
        Party {
            name: self.name.as_bytes().to_vec(),
            linked_id: unique_id.clone(),
            unique_id,
            technology: self.account.technology.prefix().into(),
            state: State::Ring,
            caller: self.caller.clone(),
            dialed: self.exten.clone(),
            language: language(shared, &self.account.language),
            account: self.account.account_code.clone(),
            ..Party::default()
        }
    }
}

/// `SIP/61`, and for a guest, who has no name, `SIP/` and where it comes from.
fn line_name(account: &Account, user: Option<&[u8]>, flow: &Flow) -> Text {
    let mut name = format!("{}/", account.technology.prefix()).into_bytes();
    if account.name.is_empty() {
        name.extend_from_slice(
            user.filter(|u| !u.is_empty())
                .unwrap_or(flow.remote.ip().to_string().as_bytes()),
        );
    } else {
        name.extend_from_slice(&account.name);
    }
    name
}

/// The language of an account's channels, or the server's.
pub(crate) fn language(shared: &Shared, account: &[u8]) -> Text {
    if account.is_empty() {
        shared.config().system.language.clone()
    } else {
        account.to_vec()
    }
}

/// Runs the call to its end.
pub(crate) async fn run(shared: Arc<Shared>, arrival: Arrival, mut inbox: Inbox, entered: Entered) {
    let span = tracing::info_span!("channel", name = %arrival.name);
    let work = async {
        shared.observed.say(
            shared.clock.now(),
            What::Began {
                channel: Arc::clone(&arrival.name),
            },
        );
        let party = arrival.party(&shared);
        let at = Place::new(arrival.account.context.clone(), arrival.exten.clone(), 1);
        let entry = Entry {
            party,
            variables: arrival.account.variables.clone(),
            run: Run::Call(at),
        };
        let line = Line::new(
            &shared,
            arrival.line,
            arrival.name.as_bytes().to_vec(),
            Some(Arc::clone(&arrival.account)),
            media_address(&arrival.flow),
            arrival.offer.clone(),
        );
        let mut vm = Vm::new(Limits::default());
        let mut live = Live::new(&shared, Arc::clone(&arrival.name), Some(line));
        live.hops = arrival.hops;
        live.recording = shared.recording();
        let end = drive(&mut vm, entry, &mut live, &mut inbox).await;
        if let End::Fault(fault) = &end {
            shared.note(&arrival.name, Level::Error, "fault", &fault.to_string());
        }
        live.hang_up(end.cause()).await;
        shared.tables().forget(arrival.name.as_bytes());
        shared.observed.say(
            shared.clock.now(),
            What::Ended {
                channel: Arc::clone(&arrival.name),
                cause: end.cause(),
            },
        );
    };
    work.instrument(span).await;
    drop(entered);
}

/// Where audio of a call by this flow is to come: the address of ours that its far end reaches.
pub(crate) fn media_address(flow: &Flow) -> std::net::IpAddr {
    flow.local.ip()
}
