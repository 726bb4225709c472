//! Texts outside calls: queued per sender, each run through the dialplan on a channel without a line (DL-320 to DL-323).
//!
//! One worker for each hash of the sender keeps the order of one sender's texts; a slow text delays only those that share its worker.

use crate::call;
use crate::channel::{End, drive};
use crate::config::{Account, Technology};
use crate::engine::Shared;
use crate::limits;
use crate::live::Live;
use crate::observe::What;
use crate::perform::Inbox;
use crate::sip::headers::Name;
use crate::sip::uri::{SipUri, write_quoted};
use crate::sip::{Message, Params};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use strowger_vm::effect::Level;
use strowger_vm::{Datum, Entry, Limits, Party, Place, Run, State, Vm};
use tokio::sync::mpsc;
use tracing::Instrument as _;

/// The channel of every text (DL-320).
pub(crate) const CHANNEL: &str = "Message/ast_msg_queue";
/// Headers of a text that `MESSAGE_DATA()` can read.
const HEADERS: usize = 64;

/// A text that came.
#[derive(Debug)]
pub(crate) struct Text {
    context: Vec<u8>,
    /// The user of its Request-URI, or `s`.
    pub(crate) exten: Vec<u8>,
    language: Vec<u8>,
    variables: Vec<(Vec<u8>, Vec<u8>)>,
    message: strowger_vm::Message,
    /// Its Max-Forwards.
    hops: u8,
}

impl Text {
    /// Reads a MESSAGE of somebody whom we let in.
    ///
    /// # Errors
    /// The status to refuse it with: 415 unless it is text/plain.
    pub(crate) fn read(message: &Message, account: &Account) -> Result<Text, u16> {
        if message
            .content_type()
            .is_some_and(|kind| !kind.is("text/plain"))
        {
            return Err(415);
        }
        let from = message.from().map_err(|_| 400_u16)?;
        let to = message.to().map_err(|_| 400_u16)?;
        let bare = |uri: Option<SipUri<'_>>| -> Option<Vec<u8>> {
            Some(
                SipUri {
                    port: None,
                    params: Params::NONE,
                    headers: None,
                    ..uri?
                }
                .to_vec(),
            )
        };
        let mut sender = Vec::new();
        let display = from.display();
        if !display.is_empty() {
            write_quoted(&display, &mut sender);
            sender.push(b' ');
        }
        sender.push(b'<');
        sender.extend_from_slice(&bare(from.sip()).unwrap_or_else(|| from.uri_text.to_vec()));
        sender.push(b'>');
        let mut receiver = bare(to.sip()).unwrap_or_else(|| to.uri_text.to_vec());
        if account.technology == Technology::Pjsip {
            // DL-322: the To URI with `pj` glued on.
            receiver.splice(0..0, *b"pj");
        }
        let data = message
            .headers()
            .filter(|(name, _, _)| {
                !matches!(
                    name,
                    Name::Via
                        | Name::Authorization
                        | Name::ProxyAuthorization
                        | Name::Route
                        | Name::RecordRoute
                )
            })
            .take(HEADERS)
            .map(|(_, name, value)| Datum {
                name: name.to_vec(),
                value: value.to_vec(),
                outgoing: false,
            })
            .collect();
        Ok(Text {
            hops: message.max_forwards().unwrap_or(0),
            context: account.message_context.clone(),
            exten: call::dialled(message),
            language: account.language.clone(),
            variables: account.variables.clone(),
            message: strowger_vm::Message {
                to: receiver,
                from: sender,
                body: message.body().to_vec(),
                data,
            },
        })
    }
}

/// The queue and its workers.
#[derive(Debug)]
pub(crate) struct Messages {
    workers: Vec<mpsc::Sender<Text>>,
    waiting: Arc<AtomicUsize>,
}

/// No room for another text.
#[derive(Debug)]
pub(crate) struct QueueFull;

impl Messages {
    /// Starts the workers; they end with the exchange. Must be called inside a tokio runtime.
    pub(crate) fn start(shared: &Weak<Shared>) -> Messages {
        let waiting = Arc::new(AtomicUsize::new(0));
        let workers = (0..limits::MESSAGE_WORKERS)
            .map(|_| {
                let (sender, receiver) = mpsc::channel(limits::MESSAGES);
                tokio::spawn(work(shared.clone(), receiver, Arc::clone(&waiting)));
                sender
            })
            .collect();
        Messages { workers, waiting }
    }

    /// Texts that wait, those being worked on included.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Queues a text behind the others of its sender.
    pub(crate) fn put(&self, text: Text) -> Result<(), QueueFull> {
        if self.waiting() >= limits::MESSAGES {
            return Err(QueueFull);
        }
        let mut hash = DefaultHasher::new();
        text.message.from.hash(&mut hash);
        let all = self.workers.len().max(1) as u64;
        let worker = usize::try_from(hash.finish() % all).unwrap_or(0);
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let queued = self
            .workers
            .get(worker)
            .is_some_and(|w| w.try_send(text).is_ok());
        if queued {
            Ok(())
        } else {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            Err(QueueFull)
        }
    }
}

async fn work(shared: Weak<Shared>, mut texts: mpsc::Receiver<Text>, waiting: Arc<AtomicUsize>) {
    while let Some(text) = texts.recv().await {
        if let Some(shared) = shared.upgrade() {
            let span = tracing::info_span!("channel", name = CHANNEL);
            run(&shared, text).instrument(span).await;
        }
        waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Runs one text through the dialplan.
async fn run(shared: &Arc<Shared>, text: Text) {
    let name: Arc<str> = CHANNEL.into();
    let mut inbox = Inbox::new(None);
    let Some(_entered) = shared
        .switchboard
        .enter(&name, None, inbox.hand(), limits::CHANNELS)
    else {
        shared.note(
            CHANNEL,
            Level::Warning,
            "channels",
            "no room for another channel: a text is lost",
        );
        return;
    };
    shared.observed.say(
        shared.clock.now(),
        What::Began {
            channel: Arc::clone(&name),
        },
    );
    let now = call::time(shared.clock.now());
    let unique_id = shared.names.unique_id(now.seconds());
    let party = Party {
        name: CHANNEL.into(),
        linked_id: unique_id.clone(),
        unique_id,
        technology: "Message".into(),
        state: State::Up,
        language: call::language(shared, &text.language),
        message: text.message,
        ..Party::default()
    };
    let entry = Entry {
        party,
        variables: text.variables,
        run: Run::Message(Place::new(text.context, text.exten, 1)),
    };
    let mut vm = Vm::new(Limits::default());
    let mut live = Live::new(shared, Arc::clone(&name), None);
    live.hops = text.hops;
    live.recording = shared.recording();
    let end = drive(&mut vm, entry, &mut live, &mut inbox).await;
    if let End::Fault(fault) = &end {
        shared.note(CHANNEL, Level::Error, "fault", &fault.to_string());
    }
    live.hang_up(end.cause()).await;
    shared.observed.say(
        shared.clock.now(),
        What::Ended {
            channel: name,
            cause: end.cause(),
        },
    );
}
