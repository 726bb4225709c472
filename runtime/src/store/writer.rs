//! Commits changes in the background, one batch at a time.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Store, StoreError, Write};
use crate::limits;

/// How long changes gather before they are committed.
pub const BATCH: Duration = Duration::from_millis(100);

enum Order {
    Write(Vec<Write>),
    /// Commit now, and say when it is done.
    Flush(SyncSender<()>),
}

/// A thread that owns a store. Dropping it commits what is left.
#[derive(Debug)]
pub struct Writer {
    orders: Option<SyncSender<Order>>,
    thread: Option<JoinHandle<()>>,
}

/// Orders that may wait; each holds the changes of one request or more.
const ORDERS: usize = limits::STORE_QUEUE;

impl Writer {
    /// Gives the store to a thread of its own. `failed` is told about each batch that could not be written; it stays in memory and is lost
    /// at the end.
    pub fn start(
        store: impl Store + 'static,
        failed: impl FnMut(StoreError) + Send + 'static,
    ) -> Writer {
        let (orders, inbox) = mpsc::sync_channel(ORDERS);
        let thread = std::thread::spawn(move || work(store, &inbox, failed));
        Writer {
            orders: Some(orders),
            thread: Some(thread),
        }
    }

    /// Queues changes without waiting. False if the queue is full, or the thread is gone: then they are not kept.
    #[must_use]
    pub fn write(&self, changes: Vec<Write>) -> bool {
        if changes.is_empty() {
            return true;
        }
        let Some(orders) = &self.orders else {
            return false;
        };
        match orders.try_send(Order::Write(changes)) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        }
    }

    /// Waits until everything queued before is committed, or could not be.
    pub fn flush(&self) {
        let (done, wait) = mpsc::sync_channel(1);
        if let Some(orders) = &self.orders
            && orders.send(Order::Flush(done)).is_ok()
        {
            // An error means that the thread has ended, and then nothing is left to wait for.
            let _ = wait.recv();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // A panic in the thread was reported where it happened.
            let _ = thread.join();
        }
    }
}

fn work(mut store: impl Store, inbox: &Receiver<Order>, mut failed: impl FnMut(StoreError)) {
    let mut open = true;
    while open {
        let mut batch = Vec::new();
        let mut waiting = Vec::new();
        match inbox.recv() {
            Ok(Order::Write(changes)) => batch = changes,
            Ok(Order::Flush(done)) => waiting.push(done),
            Err(_) => return,
        }
        let end = Instant::now() + BATCH;
        while waiting.is_empty() && batch.len() < limits::STORE_QUEUE {
            match inbox.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(Order::Write(changes)) => batch.extend(changes),
                Ok(Order::Flush(done)) => waiting.push(done),
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => {
                    open = false;
                    break;
                }
            }
        }
        if !batch.is_empty()
            && let Err(error) = store.commit(&batch)
        {
            failed(error);
        }
        for done in waiting {
            // Nobody waits any more: nothing to tell.
            let _ = done.send(());
        }
    }
}
