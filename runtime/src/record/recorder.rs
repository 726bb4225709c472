//! The live side: hands copies of what a call asks and is told to the writer, without ever waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use strowger_vm::{Effect, Entry, Globals, Inputs, Interrupt, Module, Place, Reply, Time};
use tokio::sync::mpsc::{OwnedPermit, Sender};

use crate::channel::End;

/// Something for the writer.
#[derive(Debug)]
pub(super) enum Told {
    /// A call begins.
    Began {
        call: u64,
        module: Arc<Module>,
        /// Global variables as the plan's files leave them.
        base: Arc<Globals>,
        inputs: Inputs,
        entry: Box<Entry>,
    },
    /// It asked something and was answered.
    Turn { call: u64, turn: Box<Turned> },
    /// It was interrupted while it asked nothing.
    Interrupted { call: u64, why: Interrupt },
    /// It is over; `None`: nobody knows how.
    Ended {
        call: u64,
        end: Option<Box<End>>,
        now: Time,
        /// Messages of this call that found no place in the queue.
        dropped: u64,
    },
    /// Nothing comes any more.
    Finish,
}

/// One effect, and what became of it.
#[derive(Debug)]
pub(super) struct Turned {
    pub(super) effect: Effect,
    /// Where the channel stood.
    pub(super) place: Place,
    pub(super) asked: Time,
    pub(super) reply: Reply,
    pub(super) interrupt: Option<Interrupt>,
    pub(super) module: Arc<Module>,
    /// What the plan was given with the reply.
    pub(super) inputs: Inputs,
}

/// Where calls announce themselves.
#[derive(Debug)]
pub(crate) struct Recorder {
    queue: Sender<Told>,
    calls: AtomicU64,
    dropped: Arc<AtomicU64>,
}

impl Recorder {
    pub(super) fn new(queue: Sender<Told>, dropped: Arc<AtomicU64>) -> Recorder {
        Recorder {
            queue,
            calls: AtomicU64::new(0),
            dropped,
        }
    }

    /// A call that is to be written down; `None` if there is no room for it.
    pub(crate) fn call(&self, base: Arc<Globals>) -> Option<Recording> {
        let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let Ok(last) = self.queue.clone().try_reserve_owned() else {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        Some(Recording {
            number,
            base: Some(base),
            queue: self.queue.clone(),
            last: Some(last),
            now: Time(0),
            lost: 0,
            dropped: Arc::clone(&self.dropped),
        })
    }

    /// Tells the writer that nothing comes any more, once there is room to.
    pub(crate) async fn finish(&self) {
        // An error means that it has gone already.
        let _ = self.queue.send(Told::Finish).await;
    }
}

/// One call that is written down. It holds a place in the queue for its end, so that the writer always hears of that.
#[derive(Debug)]
pub struct Recording {
    number: u64,
    base: Option<Arc<Globals>>,
    queue: Sender<Told>,
    last: Option<OwnedPermit<Told>>,
    now: Time,
    /// Once one message found no place, the following make no sense.
    lost: u64,
    dropped: Arc<AtomicU64>,
}

impl Recording {
    fn tell(&mut self, told: impl FnOnce(u64) -> Told) {
        if self.lost > 0 || self.queue.try_send(told(self.number)).is_err() {
            self.lost += 1;
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn begins(&mut self, module: &Arc<Module>, inputs: &Inputs, entry: &Entry) {
        self.now = inputs.now;
        let base = self.base.take().unwrap_or_default();
        self.tell(|call| Told::Began {
            call,
            module: Arc::clone(module),
            base,
            inputs: inputs.clone(),
            entry: Box::new(entry.clone()),
        });
    }

    pub(crate) fn turn(
        &mut self,
        asked: (Effect, Place),
        reply: &Reply,
        interrupt: Option<Interrupt>,
        module: &Arc<Module>,
        inputs: &Inputs,
    ) {
        let (effect, place) = asked;
        let turn = Box::new(Turned {
            effect,
            place,
            asked: self.now,
            reply: reply.clone(),
            interrupt,
            module: Arc::clone(module),
            inputs: inputs.clone(),
        });
        self.now = inputs.now;
        self.tell(|call| Told::Turn { call, turn });
    }

    pub(crate) fn interrupted(&mut self, why: Interrupt) {
        self.tell(|call| Told::Interrupted { call, why });
    }

    pub(crate) fn ends(&mut self, end: &End) {
        self.last_word(Some(end));
    }

    fn last_word(&mut self, end: Option<&End>) {
        if let Some(last) = self.last.take() {
            last.send(Told::Ended {
                call: self.number,
                end: end.cloned().map(Box::new),
                now: self.now,
                dropped: self.lost,
            });
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.last_word(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strowger_vm::{Party, Run};

    fn entry() -> Entry {
        Entry {
            party: Party::default(),
            variables: Vec::new(),
            run: Run::Call(Place::default()),
        }
    }

    /// What finds no place is counted, what comes after it of that call is not sent, and its end always is.
    #[test]
    fn a_full_queue_loses_the_rest_of_a_call_and_says_so() {
        let (queue, mut inbox) = tokio::sync::mpsc::channel(4);
        let dropped = Arc::new(AtomicU64::new(0));
        let recorder = Recorder::new(queue, Arc::clone(&dropped));
        let (module, inputs) = (Arc::default(), Inputs::default());
        let mut calls: Vec<Recording> = (0..2)
            .map(|_| recorder.call(Arc::default()).unwrap())
            .collect();
        for call in &mut calls {
            call.begins(&module, &inputs, &entry());
        }
        let asked = || (Effect::Echo, Place::default());
        for _ in 0..3 {
            calls[0].turn(asked(), &Reply::done(), None, &module, &inputs);
        }
        assert_eq!(dropped.load(Ordering::Relaxed), 3);
        // Nobody else is let in, and the calls end as they should.
        assert!(recorder.call(Arc::default()).is_none());
        drop(calls);
        let mut came = Vec::new();
        while let Ok(told) = inbox.try_recv() {
            came.push(match told {
                Told::Began { call, .. } => format!("{call} begins"),
                Told::Ended { call, dropped, .. } => format!("{call} ends, {dropped} dropped"),
                other => format!("{other:?}"),
            });
        }
        assert_eq!(
            came,
            [
                "1 begins",
                "2 begins",
                "1 ends, 3 dropped",
                "2 ends, 0 dropped"
            ]
        );
        assert_eq!(dropped.load(Ordering::Relaxed), 4);
    }
}
