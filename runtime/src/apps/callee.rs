//! A called channel that runs dialplan: before it is called, when it has answered, and behind the call.

use crate::apps::{play, routine};
use crate::channel::{End, drive, drive_again};
use crate::config::Account;
use crate::engine::Shared;
use crate::limits;
use crate::line::{Line, LineId};
use crate::live::Live;
use crate::observe::What;
use crate::perform::{Hand, Inbox};
use crate::shard::Order;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use strowger_vm::effect::{Answer, Dial, Interruptible, Level, Play};
use strowger_vm::{Entry, Interrupt, Limits, Party, Run, State, Text, Vm};
use tokio::sync::oneshot;
use tracing::Instrument as _;

/// The machine of a called channel, and what performs its effects. Its line is there only while something runs.
pub(crate) struct Callee {
    pub(crate) vm: Vm,
    live: Live,
    /// Who is on it, and its variables, until it runs something.
    new: Option<(Party, Vec<(Text, Text)>)>,
}

/// Drives a machine inside of an effect of another one.
fn driven<'a>(
    callee: &'a mut Callee,
    run: Run,
    inbox: &'a mut Inbox,
) -> Pin<Box<dyn Future<Output = End> + Send + 'a>> {
    let span = tracing::info_span!("called", name = %callee.live.name);
    match callee.new.take() {
        Some((party, variables)) => {
            let entry = Entry {
                party,
                variables,
                run,
            };
            let work = drive(&mut callee.vm, entry, &mut callee.live, inbox);
            Box::pin(work.instrument(span))
        }
        None => {
            let work = drive_again(&mut callee.vm, run, &mut callee.live, inbox);
            Box::pin(work.instrument(span))
        }
    }
}

impl Callee {
    /// The machine of a channel of this name, which `number` was dialled for.
    pub(crate) fn new(
        caller: &Live,
        dial: &Dial,
        name: &[u8],
        number: &[u8],
        account: Option<&Account>,
    ) -> Box<Callee> {
        let shared = &caller.shared;
        let seconds = crate::call::time(shared.clock.now()).seconds();
        let unique_id = shared.names.unique_id(seconds);
        let slash = name.iter().position(|b| *b == b'/');
        let technology = &name[..slash.unwrap_or(name.len())];
        let (mut party, variables) =
            routine::channel(dial, name.to_vec(), technology, number, unique_id);
        if let Some(account) = account {
            party.language = crate::call::language(shared, &account.language);
            let own = &account.caller_id;
            if own.number.is_some() {
                party.caller.number.clone_from(&own.number);
                party.caller.name.clone_from(&own.name);
            }
        }
        let shown: Arc<str> = String::from_utf8_lossy(name).into();
        let mut live = Live::called_by(caller, shown);
        live.language.clone_from(&party.language);
        Box::new(Callee {
            vm: Vm::new(Limits::default()),
            live,
            new: Some((party, variables)),
        })
    }

    /// It is answered.
    fn up(&mut self) {
        match &mut self.new {
            Some((party, _)) => party.state = State::Up,
            None => self.vm.party_mut().state = State::Up,
        }
    }

    /// Runs something on it while it has no line.
    pub(crate) async fn alone(&mut self, run: Run, inbox: &Inbox) {
        let mut own = Inbox::new(None);
        let _hold = inbox.hand().hold();
        driven(self, run, &mut own).await;
    }

    /// The last of it: `h` by option `e`, its hangup handlers. Its line has ended.
    pub(crate) async fn over(mut self: Box<Self>, dial: &Dial, inbox: &Inbox) {
        let last = routine::last(dial);
        if self.new.is_none() || last.is_some() {
            let gone = Interrupt::Hangup { cause: 0 };
            let mut own = Inbox::new(None);
            own.hand().interrupt(gone.clone());
            self.vm.interrupt(gone);
            let _hold = inbox.hand().hold();
            driven(&mut self, Run::Over(last.unwrap_or_default()), &mut own).await;
        }
        self.live.shared.tables().forget(self.live.name.as_bytes());
    }
}

/// Lets the events of a line go to another inbox; those that wait already go with it.
async fn give(shared: &Shared, line: &Line, from: &mut Inbox, to: &mut Inbox) {
    let Some(address) = to.address(line.id) else {
        return;
    };
    line.hear(to.ear(line.id));
    let (done, given) = oneshot::channel();
    // An error only means that the exchange stops.
    if shared
        .orders
        .send(Order::Give { address, done })
        .await
        .is_ok()
    {
        let _ = given.await;
    }
    from.hand_over(line.id, to);
}

/// A called channel that has its own line for a while.
struct Lent<'c> {
    callee: &'c mut Callee,
    inbox: Inbox,
}

async fn lend<'c>(
    live: &mut Live,
    callee: &'c mut Callee,
    id: LineId,
    inbox: &mut Inbox,
) -> Option<Lent<'c>> {
    let line = live.called.remove(&id)?;
    let mut own = Inbox::new(Some(id));
    give(&live.shared, &line, inbox, &mut own).await;
    callee.live.line = Some(line);
    callee.up();
    Some(Lent { callee, inbox: own })
}

impl Lent<'_> {
    /// Gives the line back; `Err`: the cause with which it ended meanwhile.
    async fn back(mut self, live: &mut Live, inbox: &mut Inbox) -> Result<(), u16> {
        let called = std::mem::take(&mut self.callee.live.called);
        for (_, mut line) in called {
            line.end(0, 16, "").await;
        }
        let Some(mut line) = self.callee.live.line.take() else {
            return Err(16);
        };
        if let Some(Interrupt::Hangup { cause }) = self.inbox.latched() {
            line.over();
            return Err(cause);
        }
        give(&live.shared, &line, &mut self.inbox, inbox).await;
        live.called.insert(line.id, line);
        Ok(())
    }
}

/// Ends what a called channel runs when the exchange stops: its caller has been told so.
async fn stopped(shared: Arc<Shared>, caller: Hand, called: Hand) {
    caller.gone().await;
    if shared.draining() {
        called.interrupt(Interrupt::Hangup { cause: 41 });
    }
    std::future::pending::<()>().await;
}

/// Runs something on a called line that has answered; `Err`: the cause with which it ended meanwhile. The caller may hang up: that is
/// seen afterwards.
pub(crate) async fn run(
    live: &mut Live,
    callee: &mut Callee,
    id: LineId,
    run: Run,
    inbox: &mut Inbox,
) -> Result<(), u16> {
    let Some(mut lent) = lend(live, callee, id, inbox).await else {
        return Err(16);
    };
    let _hold = inbox.hand().hold();
    let stopped = stopped(Arc::clone(&live.shared), inbox.hand(), lent.inbox.hand());
    let mut kept = Vec::new();
    tokio::select! {
        biased;
        _ = driven(lent.callee, run, &mut lent.inbox) => {}
        () = stopped => {}
        () = live.idle(inbox, &mut kept) => {}
    }
    if live.shared.draining() && inbox.latched().is_some() {
        // It was us who broke it off: the line is there still.
        lent.inbox.forget();
    }
    let back = lent.back(live, inbox).await;
    for (line, event) in kept {
        inbox.put_back(line, event);
    }
    back
}

/// `A`: plays something to a called line, and something to the caller meanwhile. `Err`: the cause with which the called line ended; a
/// caller who hangs up is seen by what comes next.
pub(crate) async fn announce(
    live: &mut Live,
    callee: &mut Callee,
    id: LineId,
    (called, calling): (Text, Text),
    inbox: &mut Inbox,
) -> Result<(), u16> {
    let Some(mut lent) = lend(live, callee, id, inbox).await else {
        return Err(16);
    };
    let (far, own) = (lent.inbox.hand(), inbox.hand());
    let file = |file: Text, interrupt| Play {
        files: Some(file).filter(|f| !f.is_empty()).into_iter().collect(),
        interrupt,
        ..Play::default()
    };
    let is_heard = !calling.is_empty();
    let to_called = play::play(
        &mut lent.callee.live,
        file(called, Interruptible::Any),
        &mut lent.inbox,
    );
    let gone = far.clone();
    let to_caller = async {
        let play = play::play(live, file(calling, Interruptible::No), inbox);
        tokio::select! {
            biased;
            _ = play => {}
            () = gone.gone() => {}
        }
    };
    let watch = async {
        own.gone().await;
        far.interrupt(Interrupt::Hangup { cause: 0 });
        std::future::pending::<()>().await;
    };
    let heard = tokio::select! {
        biased;
        (heard, ()) = async { tokio::join!(to_called, to_caller) } => heard.answer,
        () = watch => Answer::Gone,
    };
    if is_heard && let Some(stream) = live.line.as_ref().and_then(Line::stream) {
        stream.stop();
    }
    if let Answer::Digit(digit) = heard {
        let token = live.token();
        if let Some(line) = &live.line {
            line.press(token, digit, KEY_MS).await;
        }
    }
    if own.latched().is_some() {
        // It was us who broke it off.
        lent.inbox.forget();
    }
    lent.back(live, inbox).await
}

/// How long a key of a phone is passed on.
const KEY_MS: u32 = 100;

/// A called line goes on alone, at this place: it is a call of its own from now on.
pub(crate) async fn goes_on(
    live: &mut Live,
    mut callee: Box<Callee>,
    id: LineId,
    run: Run,
    inbox: &mut Inbox,
) {
    let shared = Arc::clone(&live.shared);
    let name = Arc::clone(&callee.live.name);
    let Some(Lent { inbox: mut own, .. }) = lend(live, &mut callee, id, inbox).await else {
        return;
    };
    let entered = shared
        .switchboard
        .enter(&name, Some(id), own.hand(), limits::CHANNELS);
    let Some(entered) = entered else {
        let text = "there are too many channels: the called side is hung up";
        shared.note(&name, Level::Warning, "channels", text);
        callee.live.hang_up(34).await;
        return;
    };
    tokio::spawn(async move {
        let began = What::Began {
            channel: Arc::clone(&name),
        };
        shared.observed.say(shared.clock.now(), began);
        let end = driven(&mut callee, run, &mut own).await;
        if let End::Fault(fault) = &end {
            shared.note(&name, Level::Error, "fault", &fault.to_string());
        }
        callee.live.hang_up(end.cause()).await;
        shared.tables().forget(name.as_bytes());
        let ended = What::Ended {
            channel: name,
            cause: end.cause(),
        };
        shared.observed.say(shared.clock.now(), ended);
        drop(entered);
    });
}
