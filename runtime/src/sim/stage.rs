//! Where the channels and phones of a made-up world take turns: one thread, a virtual clock, the same order in each run.
//!
//! A task is a future that waits for the clock, for its inbox, or for what comes to its phone. When none is ready the clock goes on to
//! the next moment that somebody waits for. Nothing here knows a dialplan.

use super::World;
use super::report::Cut;
use crate::limits;
use crate::perform::Clock;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use strowger_vm::Time;

/// A channel, or somebody at a phone.
pub(super) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Who comes first when several waits end at the same moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// The end of a patience: of Dial, of a call's absolute timeout.
    Limit,
    /// A wait of the dialplan.
    Plan,
    /// Somebody at a phone.
    Phone,
}

/// The world, and who wants a turn in it.
pub(super) struct Stage {
    world: Mutex<World>,
    ready: Arc<Mutex<VecDeque<u32>>>,
}

impl fmt::Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stage")
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stage {
    pub(super) fn new(world: World) -> Arc<Stage> {
        Arc::new(Stage {
            world: Mutex::new(world),
            ready: Arc::default(),
        })
    }

    /// The world, for a moment: never across a wait.
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    /// Waits until then; at once if that is past.
    pub(super) fn sleep_until(self: &Arc<Stage>, at: Time, rank: Rank) -> Sleep {
        Sleep {
            stage: Arc::clone(self),
            at,
            rank,
            timer: None,
        }
    }

    /// Lets everybody take turns until all are done, or nothing more can happen.
    pub(super) fn run(self: &Arc<Stage>, seats: &mut Seats) {
        let mut turns: u64 = 0;
        let last =
            {
                let world = self.world();
                Time(world.now.0.saturating_add(
                    i64::try_from(limits::SIM_TIME.as_micros()).unwrap_or(i64::MAX),
                ))
            };
        let mut ended = false;
        loop {
            seats.admit(self);
            loop {
                let Some(id) = lock(&self.ready).pop_front() else {
                    break;
                };
                turns += 1;
                if turns > limits::SIM_EVENTS {
                    self.world().run.cut = Some(Cut::Events);
                    return seats.clear(self);
                }
                seats.turn(id);
                seats.admit(self);
            }
            if seats.taken == 0 {
                break;
            }
            let mut world = self.world();
            match world.run.timers.next() {
                Some((at, waker)) if at <= last || ended => {
                    world.now = world.now.max(at);
                    drop(world);
                    waker.wake();
                }
                // What happens now cannot change that they all wait for ever, or far too long.
                _ if ended => break,
                Some(_) => {
                    world.run.cut = Some(Cut::Time);
                    world.end_all(false);
                    ended = true;
                }
                None => {
                    world.stalled = true;
                    world.end_all(true);
                    ended = true;
                }
            }
        }
        seats.clear(self);
    }
}

/// The tasks of a stage.
#[derive(Default)]
pub(super) struct Seats {
    tasks: Vec<Option<Task>>,
    wakers: Vec<(Arc<Bell>, Waker)>,
    free: Vec<u32>,
    taken: usize,
}

impl fmt::Debug for Seats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seats({})", self.taken)
    }
}

impl Seats {
    /// Those who want to come in, in their order.
    fn admit(&mut self, stage: &Stage) {
        let mut world = stage.world();
        let spawned = std::mem::take(&mut world.run.spawned);
        world.run.at_once = self.taken + spawned.len();
        drop(world);
        for task in spawned {
            let id = self.free.pop().unwrap_or_else(|| {
                let id = u32::try_from(self.tasks.len()).unwrap_or(u32::MAX);
                let bell = Arc::new(Bell {
                    id,
                    rung: AtomicBool::new(false),
                    ready: Arc::clone(&stage.ready),
                });
                self.tasks.push(None);
                self.wakers.push((Arc::clone(&bell), Waker::from(bell)));
                id
            });
            self.tasks[id as usize] = Some(task);
            self.taken += 1;
            self.wakers[id as usize].1.wake_by_ref();
        }
    }

    fn turn(&mut self, id: u32) {
        let at = id as usize;
        let Some((bell, waker)) = self.wakers.get(at) else {
            return;
        };
        bell.rung.store(false, Ordering::Relaxed);
        let Some(task) = self.tasks.get_mut(at).and_then(Option::as_mut) else {
            return;
        };
        let done = task.as_mut().poll(&mut Context::from_waker(waker));
        if done.is_ready() {
            self.tasks[at] = None;
            self.free.push(id);
            self.taken -= 1;
        }
    }

    /// Everybody out.
    fn clear(&mut self, stage: &Stage) {
        if self.taken > 0 {
            for (at, task) in self.tasks.iter_mut().enumerate() {
                if task.take().is_some() {
                    self.free.push(u32::try_from(at).unwrap_or(u32::MAX));
                }
            }
            self.taken = 0;
        }
        lock(&stage.ready).clear();
        for (bell, _) in &self.wakers {
            bell.rung.store(false, Ordering::Relaxed);
        }
        let spawned = std::mem::take(&mut stage.world().run.spawned);
        drop(spawned);
    }
}

/// Puts its task in the queue, once.
struct Bell {
    id: u32,
    rung: AtomicBool,
    ready: Arc<Mutex<VecDeque<u32>>>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.rung.swap(true, Ordering::Relaxed) {
            lock(&self.ready).push_back(self.id);
        }
    }
}

/// Who is to be woken when.
#[derive(Debug, Default)]
pub(super) struct Timers {
    /// Moment, rank, serial number, place in `slots`.
    heap: BinaryHeap<Reverse<(Time, Rank, u64, u32)>>,
    slots: Vec<(u64, Option<Waker>)>,
    free: Vec<u32>,
    serial: u64,
}

impl Timers {
    fn set(&mut self, at: Time, rank: Rank, waker: Waker) -> (u32, u64) {
        self.serial += 1;
        let entry = (self.serial, Some(waker));
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = entry;
                slot
            }
            None => {
                self.slots.push(entry);
                u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
            }
        };
        self.heap.push(Reverse((at, rank, self.serial, slot)));
        (slot, self.serial)
    }

    /// The waker of a timer that is still to come.
    fn waker(&mut self, (slot, serial): (u32, u64)) -> Option<&mut Waker> {
        let (own, waker) = self.slots.get_mut(slot as usize)?;
        if *own == serial { waker.as_mut() } else { None }
    }

    fn cancel(&mut self, (slot, serial): (u32, u64)) {
        if let Some((own, waker)) = self.slots.get_mut(slot as usize)
            && *own == serial
            && waker.take().is_some()
        {
            self.free.push(slot);
        }
        // What was cancelled stays in the heap until its moment; it must not outgrow what is awaited.
        let awaited = self.slots.len() - self.free.len();
        if self.heap.len() > 2 * awaited + 64 {
            let slots = &self.slots;
            self.heap.retain(|Reverse((_, _, serial, slot))| {
                let (own, waker) = &slots[*slot as usize];
                own == serial && waker.is_some()
            });
        }
    }

    /// The next moment that somebody waits for, and who.
    fn next(&mut self) -> Option<(Time, Waker)> {
        while let Some(Reverse((at, _, serial, slot))) = self.heap.pop() {
            let (own, waker) = &mut self.slots[slot as usize];
            if *own == serial
                && let Some(waker) = waker.take()
            {
                self.free.push(slot);
                return Some((at, waker));
            }
        }
        None
    }
}

/// A wait for a moment.
pub(super) struct Sleep {
    stage: Arc<Stage>,
    at: Time,
    rank: Rank,
    timer: Option<(u32, u64)>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let sleep = self.get_mut();
        let mut world = sleep.stage.world();
        if world.now >= sleep.at {
            return Poll::Ready(());
        }
        let known = sleep.timer.and_then(|timer| world.run.timers.waker(timer));
        match known {
            Some(waker) => waker.clone_from(context.waker()),
            None => {
                let waker = context.waker().clone();
                sleep.timer = Some(world.run.timers.set(sleep.at, sleep.rank, waker));
            }
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(timer) = self.timer {
            self.stage.world().run.timers.cancel(timer);
        }
    }
}

/// The virtual clock, for the bounds of calls.
#[derive(Clone, Debug)]
pub(super) struct Virtual(pub(super) Arc<Stage>);

impl Clock for Virtual {
    async fn sleep(&self, span: Duration) {
        let at = after(self.0.world().now, span);
        self.0.sleep_until(at, Rank::Limit).await;
    }
}

/// Lets all others who are ready take their turn first.
pub(super) async fn others_first() {
    let mut waited = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// So long after a moment.
pub(super) fn after(at: Time, span: Duration) -> Time {
    Time(at.0.saturating_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs tasks that write down their name and the time after each of their waits.
    fn run(tasks: Vec<(&'static str, Vec<(u64, Rank)>)>) -> Vec<(&'static str, i64)> {
        let stage = Stage::new(World::default());
        stage.world().now = Time(0);
        let seen = Arc::new(Mutex::new(Vec::new()));
        for (name, waits) in tasks {
            let (stage_of, seen) = (Arc::clone(&stage), Arc::clone(&seen));
            let task = async move {
                for (seconds, rank) in waits {
                    let at = after(stage_of.world().now, Duration::from_secs(seconds));
                    stage_of.sleep_until(at, rank).await;
                    let now = stage_of.world().now.seconds();
                    lock(&seen).push((name, now));
                }
            };
            stage.world().run.spawned.push(Box::pin(task));
        }
        stage.run(&mut Seats::default());
        Arc::try_unwrap(seen).unwrap().into_inner().unwrap()
    }

    #[test]
    fn time_goes_to_the_next_moment_that_somebody_waits_for() {
        let plan = Rank::Plan;
        let seen = run(vec![
            ("a", vec![(5, plan), (5, plan)]),
            ("b", vec![(7, plan), (86_400, plan)]),
        ]);
        assert_eq!(seen, [("a", 5), ("b", 7), ("a", 10), ("b", 86_407)]);
    }

    #[test]
    fn at_one_moment_patience_ends_first_then_plans_then_phones() {
        let seen = run(vec![
            ("phone", vec![(5, Rank::Phone)]),
            ("plan", vec![(5, Rank::Plan)]),
            ("limit", vec![(5, Rank::Limit)]),
            ("second plan", vec![(5, Rank::Plan)]),
        ]);
        let order: Vec<_> = seen.iter().map(|(name, _)| *name).collect();
        assert_eq!(order, ["limit", "plan", "second plan", "phone"]);
    }

    #[test]
    fn a_wait_that_was_given_up_moves_no_clock() {
        let stage = Stage::new(World::default());
        stage.world().now = Time(0);
        let own = Arc::clone(&stage);
        let task = async move {
            for _ in 0..1_000 {
                let now = own.world().now;
                let long = own.sleep_until(after(now, Duration::from_secs(1_000)), Rank::Limit);
                let short = own.sleep_until(after(now, Duration::from_secs(1)), Rank::Plan);
                tokio::select! { biased; () = long => unreachable!(), () = short => {} }
            }
        };
        stage.world().run.spawned.push(Box::pin(task));
        stage.run(&mut Seats::default());
        assert_eq!(stage.world().now, Time::from_seconds(1_000));
        assert!(stage.world().run.timers.heap.len() < 200);
    }

    #[test]
    fn who_waits_for_ever_stalls_the_world() {
        let stage = Stage::new(World::default());
        stage
            .world()
            .run
            .spawned
            .push(Box::pin(std::future::pending()));
        stage.run(&mut Seats::default());
        assert!(stage.world().stalled);
    }
}
