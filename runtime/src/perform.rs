//! The one seam between a dialplan and the world: who performs effects, and how an effect hears what happens meanwhile.
//!
//! [`Perform`] has two implementors, the live exchange and the simulator. An effect is never dropped: it reads its
//! [`Inbox`] itself and finishes after a hang-up, because a hang-up is *latched*: once it came, every later wait returns
//! [`Wake::Gone`] at once.

use crate::limits;
use crate::line::{Event, LineId};
use crate::record::Recording;
use std::collections::VecDeque;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use strowger_vm::{Effect, Inputs, Interrupt, Module, Party, Reply, Time, Trace};
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::sync::watch;
use tokio::time::Instant;

/// What a dialplan's effects do, and what it knows of the world.
pub trait Perform {
    /// Its clock, apart from it: an effect borrows the performer, and is watched meanwhile.
    type Clock: Clock;

    /// The clock by which its effects wait.
    fn clock(&self) -> Self::Clock;

    /// The plan that the channel is to run at this moment: another one than before once it was reloaded.
    fn module(&self) -> Arc<Module>;

    /// The time and the global variables at this moment.
    fn inputs(&self) -> Inputs;

    /// Does what the effect says and answers it. Returns soon once the inbox says [`Wake::Gone`].
    fn perform(&mut self, effect: Effect, inbox: &mut Inbox) -> impl Future<Output = Reply> + Send;

    /// Is shown who is on the channel, before each effect.
    fn knows(&mut self, party: &Party);

    /// Whether anybody wants to be told of steps and of written variables, not only of what went wrong. While nobody does, steps that
    /// only move values run as quick code.
    fn watches(&self) -> bool;

    /// Is told what happened in the dialplan, in order, before the effect that it led to is performed.
    fn saw(&mut self, happened: Trace);

    /// Who writes down what the channel asks and is told; as a rule nobody.
    fn recording(&mut self) -> Option<&mut Recording> {
        None
    }
}

/// What lets time pass.
pub trait Clock: Send + Sync {
    /// Waits so long, counted from when it is first polled.
    fn sleep(&self, span: Duration) -> impl Future<Output = ()> + Send;
}

/// The clock of the machine; it needs a tokio runtime.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wall;

impl Clock for Wall {
    async fn sleep(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }
}

/// What ended a wait.
#[derive(Debug)]
pub enum Wake {
    /// A line has something to say.
    Event(LineId, Event),
    /// The time is up.
    Time,
    /// The channel's own line ended, or somebody sends the channel elsewhere. Every later wait says so again.
    Gone(Interrupt),
}

/// Where one owner hears of its lines.
#[derive(Debug)]
pub struct Inbox {
    sender: mpsc::Sender<(LineId, Event)>,
    receiver: mpsc::Receiver<(LineId, Event)>,
    /// Read already, but meant for whoever waits next.
    returned: VecDeque<(LineId, Event)>,
    hand: Hand,
    latch: watch::Receiver<Option<Interrupt>>,
    main: Option<LineId>,
    /// When `TIMEOUT(absolute)` ends the call; `drive` keeps it. A performer with a clock of its own cuts its waits there.
    pub deadline: Option<Time>,
}

/// Latches an interrupt at an owner from outside: the hang-up of its own line, a drain, a redirect.
#[derive(Clone, Debug)]
pub struct Hand {
    latch: watch::Sender<Option<Interrupt>>,
    held: Arc<AtomicU32>,
}

/// As long as it is there, an effect may go on after the channel's hang-up.
#[derive(Debug)]
pub struct Hold(Arc<AtomicU32>);

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Hand {
    /// Latches. The first reason stays, but a hang-up takes the place of any other.
    pub fn interrupt(&self, why: Interrupt) {
        self.latch.send_if_modified(|latched| {
            let counts = match latched {
                None => true,
                Some(Interrupt::Hangup { .. }) => false,
                Some(_) => matches!(why, Interrupt::Hangup { .. }),
            };
            if counts {
                *latched = Some(why);
            }
            counts
        });
    }

    /// What is latched. All but a hang-up is thereby done with: the channel goes on elsewhere and may wait again.
    fn take(&self) -> Option<Interrupt> {
        let latched = self.latched();
        if latched.is_some() && !matches!(latched, Some(Interrupt::Hangup { .. })) {
            self.latch.send_if_modified(|now| {
                let same = *now == latched;
                if same {
                    *now = None;
                }
                same
            });
        }
        latched
    }

    /// Why the channel must leave, once it must.
    #[must_use]
    pub fn latched(&self) -> Option<Interrupt> {
        self.latch.borrow().clone()
    }

    /// Lets the present effect go on after a hang-up: another channel, which lives on, runs dialplan inside of it.
    #[must_use]
    pub fn hold(&self) -> Hold {
        self.held.fetch_add(1, Ordering::Relaxed);
        Hold(Arc::clone(&self.held))
    }

    /// Whether it may.
    pub(crate) fn holds(&self) -> bool {
        self.held.load(Ordering::Relaxed) > 0
    }

    /// Waits until the channel must leave.
    pub async fn gone(&self) {
        // The sender lives in `self`, so the wait can only end by the latch.
        let _ = self.latch.subscribe().wait_for(Option::is_some).await;
    }
}

/// Delivers the events of one line to its owner. It holds a reserved place for the last one, so a line's end always arrives.
#[derive(Debug)]
pub struct Address {
    line: LineId,
    sender: mpsc::Sender<(LineId, Event)>,
    last: mpsc::OwnedPermit<(LineId, Event)>,
    hand: Option<Hand>,
}

/// The owner does not read: its line must be ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl Address {
    /// Delivers without waiting.
    ///
    /// # Errors
    /// [`Full`] when the inbox is full or its owner has left.
    pub fn deliver(&self, event: Event) -> Result<(), Full> {
        self.sender
            .try_send((self.line, event))
            .map_err(|fault| match fault {
                TrySendError::Full(_) | TrySendError::Closed(_) => Full,
            })
    }

    /// Delivers the line's last event; the owner of a channel's own line is also latched.
    pub fn end(self, cause: u16, status: Option<u16>) {
        self.last.send((self.line, Event::Ended { cause, status }));
        if let Some(hand) = self.hand {
            hand.interrupt(Interrupt::Hangup { cause });
        }
    }

    /// The line whose events these are.
    #[must_use]
    pub fn line(&self) -> LineId {
        self.line
    }
}

/// Delivers further events of a line, such as those of its audio; it holds no place for a last one.
#[derive(Clone, Debug)]
pub struct Ear {
    line: LineId,
    sender: mpsc::Sender<(LineId, Event)>,
}

impl Ear {
    /// Delivers without waiting; what finds no place is lost.
    pub fn deliver(&self, event: Event) {
        let _ = self.sender.try_send((self.line, event));
    }
}

impl Inbox {
    /// An inbox for a channel whose own line is `main` (none for a text, or for a made-up channel).
    #[must_use]
    pub fn new(main: Option<LineId>) -> Inbox {
        let (sender, receiver) = mpsc::channel(limits::INBOX + limits::TARGETS + 1);
        let (hand, latch) = watch::channel(None);
        Inbox {
            sender,
            receiver,
            returned: VecDeque::new(),
            hand: Hand {
                latch: hand,
                held: Arc::default(),
            },
            latch,
            main,
            deadline: None,
        }
    }

    /// The channel's own line.
    #[must_use]
    pub fn main(&self) -> Option<LineId> {
        self.main
    }

    /// Where the events of this line are to be delivered. `None` when too many lines hold places already.
    #[must_use]
    pub fn address(&self, line: LineId) -> Option<Address> {
        let last = self.sender.clone().try_reserve_owned().ok()?;
        let hand = (self.main == Some(line)).then(|| self.hand.clone());
        Some(Address {
            line,
            sender: self.sender.clone(),
            last,
            hand,
        })
    }

    /// Where further events of this line, such as those of its audio, are to be delivered.
    #[must_use]
    pub fn ear(&self, line: LineId) -> Ear {
        Ear {
            line,
            sender: self.sender.clone(),
        }
    }

    /// The hand by which others interrupt this channel.
    #[must_use]
    pub fn hand(&self) -> Hand {
        self.hand.clone()
    }

    /// Why the channel must leave, once it must.
    #[must_use]
    pub fn latched(&self) -> Option<Interrupt> {
        self.latch.borrow().clone()
    }

    /// What must be told to the machine before its next step. A hang-up stays latched, anything else is done with.
    #[must_use]
    pub fn take(&mut self) -> Option<Interrupt> {
        self.hand.take()
    }

    /// Leaves an event for whoever waits next. There are as many places as for events that come; what is more is lost.
    pub fn put_back(&mut self, line: LineId, event: Event) {
        if self.returned.len() < limits::INBOX {
            self.returned.push_back((line, event));
        }
    }

    /// Moves what waits of a line to another inbox.
    pub fn hand_over(&mut self, line: LineId, to: &mut Inbox) {
        let mut all: Vec<(LineId, Event)> = self.returned.drain(..).collect();
        while let Ok(event) = self.receiver.try_recv() {
            all.push(event);
        }
        for (from, event) in all {
            if from != line {
                self.returned.push_back((from, event));
                continue;
            }
            if let (Event::Ended { cause, .. }, true) = (&event, to.main == Some(line)) {
                to.hand.interrupt(Interrupt::Hangup { cause: *cause });
            }
            to.returned.push_back((from, event));
        }
    }

    /// Forgets what is latched: it was latched from here, and the line is there still.
    pub fn forget(&mut self) {
        self.hand.latch.send_replace(None);
    }

    /// The next event whatever is latched; those that were put back are not among them.
    pub async fn event(&mut self) -> (LineId, Event) {
        match self.receiver.recv().await {
            Some(event) => event,
            // The inbox holds a sender of its own.
            None => std::future::pending().await,
        }
    }

    /// Waits for the next event, at most until `until`.
    pub async fn next(&mut self, until: Option<Instant>) -> Wake {
        let late = async {
            match until {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        self.next_unless(late).await
    }

    /// Waits for the next event, at most until `late` is ready.
    pub async fn next_unless(&mut self, late: impl Future<Output = ()>) -> Wake {
        if let Some(why) = self.latched() {
            return Wake::Gone(why);
        }
        if let Some((line, event)) = self.returned.pop_front() {
            return Wake::Event(line, event);
        }
        tokio::select! {
            biased;
            latched = self.latch.wait_for(Option::is_some) => {
                Wake::Gone(latched.ok().and_then(|l| l.clone()).unwrap_or(Interrupt::Hangup { cause: 16 }))
            }
            event = self.receiver.recv() => match event {
                Some((line, event)) => Wake::Event(line, event),
                // Our own sender keeps the channel open.
                None => Wake::Time,
            },
            () = late => Wake::Time,
        }
    }

    /// The next event for an owner that tidies up after the latch: only what comes within `patience`.
    pub async fn rest(&mut self, patience: Duration) -> Option<(LineId, Event)> {
        if let Some(returned) = self.returned.pop_front() {
            return Some(returned);
        }
        tokio::time::timeout(patience, self.receiver.recv())
            .await
            .ok()
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_hang_up_is_latched_and_ends_every_later_wait() {
        let mut inbox = Inbox::new(Some(LineId(1)));
        let address = inbox.address(LineId(1)).unwrap();
        address.deliver(Event::Ringing).unwrap();
        assert!(matches!(
            inbox.next(None).await,
            Wake::Event(LineId(1), Event::Ringing)
        ));
        address.end(17, None);
        for _ in 0..2 {
            assert!(matches!(
                inbox.next(None).await,
                Wake::Gone(Interrupt::Hangup { cause: 17 })
            ));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_a_line_arrives_even_when_the_inbox_is_full() {
        let mut inbox = Inbox::new(Some(LineId(1)));
        let other = inbox.address(LineId(2)).unwrap();
        let mut delivered = 0;
        while other.deliver(Event::Ringing).is_ok() {
            delivered += 1;
        }
        assert_eq!(delivered, limits::INBOX + limits::TARGETS);
        other.end(16, None);
        let mut last = None;
        while let Some((_, event)) = inbox.rest(Duration::from_millis(1)).await {
            last = Some(event);
        }
        assert!(matches!(last, Some(Event::Ended { cause: 16, .. })));
        assert!(
            inbox.latched().is_none(),
            "only the channel's own line hangs it up"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_by_its_time() {
        let mut inbox = Inbox::new(None);
        let at = Instant::now() + Duration::from_secs(3);
        assert!(matches!(inbox.next(Some(at)).await, Wake::Time));
        assert_eq!(Instant::now(), at);
    }
}
